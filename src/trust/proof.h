// Proofs that somebody has a key, as the Handle System makes them: old algorithms, which nothing
// else in the node may use. Blocks for microseconds (RSA) to a hundred milliseconds (PBKDF2 at its
// limit): on a worker.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace lineshaft::trust {

enum class Hash : std::uint8_t { md5, sha1, sha256 };
std::string hash_of(Hash hash, std::string_view bytes);
std::string hmac_of(Hash hash, std::string_view key, std::string_view bytes);

inline constexpr std::uint32_t pbkdf2_iterations_max = 100'000;
/// PBKDF2 with HMAC-SHA1. Errors: invalid (no iterations, or more than pbkdf2_iterations_max; not
/// 1..64 bytes).
Result<std::string> pbkdf2_sha1(std::string_view secret, std::string_view salt,
                                std::uint32_t iterations, std::size_t bytes);

/// Whether `signature` is the key's over `message`, PKCS#1 v1.5. Numbers big-endian. Errors: denied
/// (it is not), invalid (no key, over 8192 bits).
Result<void> verify_rsa(std::string_view exponent, std::string_view modulus, Hash hash,
                        std::string_view message, std::string_view signature);
/// The same for DSA, over 4096 bits invalid; the signature as DER.
Result<void> verify_dsa(std::string_view q, std::string_view p, std::string_view g,
                        std::string_view y, Hash hash, std::string_view message,
                        std::string_view signature);

}  // namespace lineshaft::trust
