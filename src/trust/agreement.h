// Session keys of the Handle System: Diffie-Hellman over numbers, AES-128-CBC. Old constructions,
// which nothing else in the node may use.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

namespace lineshaft::trust {

inline constexpr std::size_t session_key_bytes = 16;

/// One side's half. Numbers big-endian, a zero in front when the top bit is set.
struct DhHalf {
    std::string p, g;
    std::string own;     ///< g^x mod p, for the peer
    std::string secret;  ///< x
};
/// With the group of 2048 bits of RFC 3526. Blocks for some milliseconds.
DhHalf make_dh_half();
/// With the peer's group. Errors: invalid (no odd p of 1024..4096 bits, g not in 2..p-2).
Result<DhHalf> make_dh_half(std::string_view p, std::string_view g);
/// The session key: the first 16 bytes of the secret that both have, without leading zeros. Errors:
/// invalid (`theirs` is not in 2..p-2, the secret is too short).
Result<std::string> session_key(const DhHalf& half, std::string_view theirs);

/// IV and ciphertext, PKCS#7 padding. `key`: 16 bytes.
std::string encrypt_cbc(std::string_view key, std::string_view plain);
/// Errors: invalid (no whole blocks, or the padding is wrong).
Result<std::string> decrypt_cbc(std::string_view key, std::string_view sealed);

}  // namespace lineshaft::trust
