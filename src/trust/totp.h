// One-time codes from a phone (RFC 6238 over RFC 4226), and recovery codes for when it is lost.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "trust/seal.h"
#include "trust/secrets.h"

namespace lineshaft::trust {

inline constexpr std::int64_t totp_step_s = 30;
inline constexpr unsigned totp_digits = 6;

/// 160 random bits, as RFC 4226 recommends. Kept sealed (seal.h).
std::string make_totp_secret();

/// RFC 4648 section 6, without padding, upper case: how secrets are typed into a phone.
std::string to_base32(std::string_view bytes);

/// The step an instant lies in: seconds since 1970 / 30.
std::int64_t totp_step(Instant at);

/// HMAC-SHA-1 truncated to `digits` decimal digits (RFC 4226, 5.3).
std::string totp_code(std::string_view secret, std::int64_t step, unsigned digits = totp_digits);

/// The step whose code was typed: this one, the one before or the one after, and later than
/// `last_step`, so a code works once. Nothing: no such code. Spaces in `typed` are ignored; which
/// of the codes matched takes no different time.
std::optional<std::int64_t> match_totp(std::string_view secret, std::string_view typed, Instant now,
                                       std::int64_t last_step);

/// "otpauth://totp/Lineshaft%20hall:li%20wei?secret=…&issuer=…": what the QR code says.
std::string totp_uri(std::string_view issuer, std::string_view account, std::string_view secret);

/// Ten codes of 80 random bits, "K7QF-2M9X-AB3D-0123"; each signs in once. Only digests are kept.
std::vector<std::string> make_recovery_codes(std::size_t count = 10);
/// Reads as secrets.h reads the admin secret: case, spaces and dashes do not matter. Nothing: no
/// recovery code by its form.
std::optional<Digest> recovery_code_digest(std::string_view typed);

/// People's secrets as they are kept: sealed under a key of the node, each for one person.
class TotpVault {
public:
    explicit TotpVault(const SealKey& node_key) : key_(node_key.derive("totp")) {}

    Result<std::string> seal(PersonId person, std::string_view secret) const;
    /// The step of the code that was typed, as match_totp. Errors: denied (not the code), corrupt
    /// (another node's key, or another person's secret).
    Result<std::int64_t> match(PersonId person, std::string_view sealed, std::string_view typed,
                               Instant now, std::int64_t last_step) const;

private:
    SealKey key_;
};

}  // namespace lineshaft::trust
