// SCRAM-SHA-256 verifiers (RFC 5802, RFC 7677) as PostgreSQL writes them:
// "SCRAM-SHA-256$4096:salt$StoredKey:ServerKey", parts in base64.
#pragma once
#include <string>
#include <string_view>

#include "trust/secrets.h"

namespace lineshaft::trust {

inline constexpr unsigned scram_iterations = 4096;

struct ScramVerifier {
    unsigned iterations = scram_iterations;
    std::string salt;
    Digest stored_key{};
    Digest server_key{};
    bool operator==(const ScramVerifier&) const = default;
};

/// `password` must be its own SASLprep, which ASCII (a token) is.
ScramVerifier make_scram_verifier(std::string_view password, std::string_view salt,
                                  unsigned iterations = scram_iterations);
std::string format_scram(const ScramVerifier& verifier);
/// Errors: corrupt.
Result<ScramVerifier> parse_scram(std::string_view text);

/// True when `proof` (32 bytes) proves the password for this exchange.
bool scram_proof_holds(const ScramVerifier& verifier, std::string_view auth_message,
                       std::string_view proof);
Digest scram_server_signature(const ScramVerifier& verifier, std::string_view auth_message);

}  // namespace lineshaft::trust
