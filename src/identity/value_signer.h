// Signs values as they are registered, with the node's key.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "identity/registry.h"
#include "identity/signature.h"
#include "io/workers.h"

namespace lineshaft::identity {

/// The HS_CERT of a prefix, as its prefix handle keeps it.
struct KeptCertificate {
    std::string jws{};
    CertificateTerms terms{};
    /// When it is made anew, seconds since 1970: a third of its life before its end, at most 30 days.
    /// Nothing: it does not end.
    std::optional<std::int64_t> renew_at_s{};
};
/// For 400 of the prefix handle, whose `values` these are. Nothing: there is none that can be read.
std::optional<KeptCertificate> certificate_in(const std::vector<handle::Value>& values,
                                              std::string_view prefix);

/// Who signs what is under the node's own prefixes. Any shard; outlives the registry's users.
class ValueSigner {
public:
    struct Settings {
        std::vector<std::string> prefixes{};  ///< the node's own, folded; each holds the key, below
        bool signs_all = false;               ///< every change, else those that wish for it
    };
    static constexpr std::uint32_t key_index = 400;          ///< of HS_PUBKEY at a prefix handle
    static constexpr std::uint32_t certificate_index = 410;  ///< of HS_CERT there
    static constexpr std::uint32_t signature_index = 401;    ///< of HS_SIGNATURE, or the next free

    ValueSigner(trust::RsaKey key, io::Workers& workers, Settings settings);

    bool signs_all() const { return settings_.signs_all; }
    /// As whom the values of a handle (canonical) are signed: 400 of its prefix handle. nothing: it
    /// is a prefix handle, or under no prefix of the node.
    std::optional<handle::Reference> issuer_of(std::string_view handle) const;
    /// The own prefix that `prefix` is derived from; empty: none. Not the prefix itself.
    std::string own_above(std::string_view prefix) const;
    /// Whether `jws` was made with this node's key, as it is now.
    bool made(std::string_view jws) const;
    /// HS_PUBKEY data.
    std::string public_key() const;
    /// Whether `value` of `handle` is a signature that this signer made, or would replace.
    bool is_own(const handle::Value& value, std::string_view handle) const;

    struct Wish {
        std::string handle;  ///< issuer_of gives something
        std::vector<handle::Value> values;
    };
    /// The data of HS_SIGNATURE for each, in their order; on a worker. Errors: exhausted (it is busy).
    io::Task<Result<std::vector<std::string>>> sign(std::vector<Wish> wishes);
    /// `values` with that signature, ascending, in place of the one before.
    void put_signature(std::vector<handle::Value>& values, std::string_view handle,
                       std::string jws) const;
    /// Takes away a signature of this node over values that have changed since.
    void drop_stale(std::vector<handle::Value>& values, std::string_view handle) const;

    /// An HS_CERT for 400 of the prefix handle, which may sign the prefix, what is under it and what
    /// is derived from it. `public_key`: HS_PUBKEY data; empty: this node's, which hosts the prefix.
    /// Errors: denied (not derived from an own prefix), invalid, unsupported (neither RSA nor DSA),
    /// exhausted.
    io::Task<Result<handle::Value>> certify_prefix(std::string prefix, std::string public_key,
                                                   std::int64_t life_s);

private:
    trust::RsaKey key_;
    io::Workers& workers_;
    Settings settings_;
};

/// Into the prefix handle, in place of the value with that index.
io::Task<Outcome> put_at_prefix(Registry* registry, std::string prefix, handle::Value value);

/// What a look at all certificates that this node gave found.
struct Renewals {
    std::size_t given = 0;            ///< by this node's key as it is now
    std::size_t in_doubt = 0;         ///< ended, of a former key, or not to be renewed
    std::vector<std::string> renewed{};  ///< prefixes
    std::string why{};                ///< the first that could not be renewed; empty: none
};
/// Asked on the same shard before the certificate of `prefix` is made anew; false: it stays as it is.
using MayRenew = std::function<io::Task<bool>(std::string prefix)>;
/// Makes those anew that are due, for the same key and as long as before. Only what this node's key
/// signed: whoever may write into a prefix handle does not get a certificate by putting another one
/// there. Errors: those of the store.
io::Task<Result<Renewals>> renew_certificates(Registry* registry, ValueSigner* signer,
                                              MayRenew may_renew);

}  // namespace lineshaft::identity
