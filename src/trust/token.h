// Tokens: 256 random bits for programs and machines. Checking one is one SHA-256 and one look-up.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "trust/secrets.h"

namespace lineshaft::trust {

inline constexpr std::string_view token_prefix = "ls_";
inline constexpr std::size_t token_bytes = 46;  ///< "ls_" and 43 letters of base64url

/// A new token and what is kept of it. `text` is shown once and never stored.
struct NewTokenSecret {
    std::string text;
    Digest sha256{};
    std::string scram_verifier;  ///< scram.h
};
NewTokenSecret make_token();

/// The digest of a well-formed token; nothing for any other text. Microseconds.
std::optional<Digest> token_digest(std::string_view text);

/// What an HTTP Authorization header carries.
struct Credentials {
    enum class Kind { token, basic } kind = Kind::token;
    std::string user;    ///< of Basic
    std::string secret;  ///< the token, or Basic's password
};
/// `Bearer T`, `Token T`, `Basic base64(user:T)`; scheme in any case (RFC 9110, 11.1). Errors:
/// invalid. At most 1024 bytes.
Result<Credentials> parse_authorization(std::string_view header);

}  // namespace lineshaft::trust
