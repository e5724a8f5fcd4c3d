// Signatures of answers, and of values (HS_SIGNATURE and HS_CERT: JSON Web Signatures, Handle.Net
// Technical Manual, chapter 15) up a chain of certificates to a key that is trusted. Pure.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "identity/asker.h"
#include "trust/rsa.h"

namespace lineshaft::identity {

/// Whether `reply` is signed with that key (HS_PUBKEY data). Errors: denied (it is not, or not at
/// all), invalid, unsupported (another kind of key; versions 2.5 and 2.6).
Result<void> check_signature(const Reply& reply, std::string_view public_key);

/// Keys that are trusted without a certificate: fingerprints as fingerprint_of gives them.
using TrustedKeys = std::vector<std::string>;

struct ChainLimits {
    std::size_t links_max = 8;
    std::size_t jws_bytes_max = 64 << 10;
    std::size_t digests_max = 2'048;
};

/// What is said of a signed value set.
struct ValuesSigned {
    handle::Reference by;                ///< the issuer of the signature
    handle::Reference root;              ///< whose key is trusted
    std::vector<std::uint32_t> indexes;  ///< what it covers
};

/// How much a signature of values, or a value under one, is worth.
enum class Worth : std::uint8_t {
    none,       ///< nobody signed it
    valid,      ///< as it was signed, by a key that leads to a trusted one
    untrusted,  ///< as it was signed, but the key leads to none that is trusted
    invalid,    ///< not as it was signed, forged, ended, or not permitted
};
std::string_view name_of(Worth worth);  ///< "unsigned", "valid", "untrusted", "invalid"

/// What stands above a signature.
struct SignatureChain {
    std::vector<std::string> certificates{};  ///< HS_CERT: the issuer's first, then its issuer's...
    std::string root_key{};  ///< HS_PUBKEY data of who issued the last one; empty: not known
};

/// What is to be said of one HS_SIGNATURE.
struct SignatureWorth {
    Worth worth = Worth::invalid;
    std::string why{};                     ///< unless it is valid
    Worth key = Worth::invalid;            ///< of the key alone, whatever became of the values
    handle::Reference by{};                ///< empty: it cannot be read
    handle::Reference root{};              ///< whose key is trusted; empty: nobody's
    std::vector<std::uint32_t> covers{};   ///< values that are as they were signed
    std::vector<std::uint32_t> changed{};  ///< values that are not, or have gone
    /// Of one value under it; none: it is not covered.
    Worth of(std::uint32_t index) const;
};
/// As check_values, and says how much of it holds.
SignatureWorth judge_signature(std::string_view jws, std::string_view handle,
                               const std::vector<handle::Value>& values,
                               const SignatureChain& chain, const TrustedKeys& trusted,
                               std::int64_t now_s, const ChainLimits& limits = {});

/// HS_SIGNATURE: `jws` says that `values` of `handle` are as they were signed, by whoever
/// `certificates` (HS_CERT, the issuer's first, then its issuer's...) lead from to a key of
/// `trusted`. `now_s` within the times they name. The issuer's certificate must permit the handle, each
/// one above it that handle or a prefix which its own is derived from. A value that is covered and
/// has gone or changed, a certificate that does not permit, a broken link: denied. Errors: denied, invalid,
/// unsupported (algorithms other than RS256 and DS256), exhausted (a limit).
Result<ValuesSigned> check_values(std::string_view jws, std::string_view handle,
                                  const std::vector<handle::Value>& values,
                                  const std::vector<std::string>& certificates,
                                  const TrustedKeys& trusted, std::int64_t now_s,
                                  const ChainLimits& limits = {});

/// Where the certificate of a signature's or certificate's issuer may stand, best first; the last one
/// is the issuer itself.
Result<std::vector<handle::Reference>> issuers_of(std::string_view jws,
                                                  const ChainLimits& limits = {});
/// Whether `jws` is a certificate for `subject`.
bool certifies(std::string_view jws, const handle::Reference& subject);
/// HS_PUBKEY data of the key that a certificate is for. Errors: invalid, unsupported, exhausted.
Result<std::string> certified_key(std::string_view jws, const ChainLimits& limits = {});
/// "300:0.NA/88.101".
std::string text_of(const handle::Reference& reference);
/// The way back; the handle may be any text. Nothing: it begins with no number and colon.
std::optional<handle::Reference> reference_in(std::string_view text);
bool is_same_reference(const handle::Reference& a, const handle::Reference& b);

/// What an HS_CERT says of itself; whether that is so, check_jws and judge_signature tell.
struct CertificateTerms {
    handle::Reference subject{}, issuer{};
    std::string public_key{};                ///< HS_PUBKEY data
    std::optional<std::int64_t> since_s{};   ///< nothing: it does not say
    std::optional<std::int64_t> until_s{};   ///< nothing: it does not end
};
/// Errors: invalid, unsupported, exhausted.
Result<CertificateTerms> terms_of(std::string_view jws, const ChainLimits& limits = {});
/// Whether that key (HS_PUBKEY data) signed `jws`. Errors: denied (it did not), invalid, unsupported.
Result<void> check_jws(std::string_view jws, std::string_view public_key,
                       const ChainLimits& limits = {});

/// Whether sign_values covers a value: those that the public may read, but for HS_SIGNATURE. The
/// digest of another one would let people try what it might be.
bool is_signed_value(const handle::Value& value);
/// A signature over those of `values` that are signed. `life_s` 0: it does not end.
std::string sign_values(const trust::RsaKey& key, const handle::Reference& issuer,
                        std::string_view handle, const std::vector<handle::Value>& values,
                        std::int64_t now_s, std::int64_t life_s);

/// What a certificate permits its subject to sign.
struct CertifiedRight {
    enum class Kind : std::uint8_t {
        everything,
        this_handle,
        derived_prefixes,
        handles_under_this_prefix
    };
    Kind kind = Kind::everything;
    std::string handle{};  ///< of the last three: a handle, or a prefix handle (0.NA/...)
};
std::string certify(const trust::RsaKey& key, const handle::Reference& issuer,
                    const handle::Reference& subject, std::string_view public_key,
                    const std::vector<CertifiedRight>& rights, std::int64_t now_s,
                    std::int64_t life_s);

}  // namespace lineshaft::identity
