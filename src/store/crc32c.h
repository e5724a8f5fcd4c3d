#pragma once
#include <cstdint>

#include "base/bytes.h"

namespace lineshaft::store {

/// CRC-32C (Castagnoli, RFC 3720 B.4), of `bytes` after data whose checksum is `before`. Uses the
/// processor's instruction where there is one.
std::uint32_t crc32c(Bytes bytes, std::uint32_t before = 0);

/// Which single flipped bit of `length` bytes changes their CRC-32C by `difference` (computed xor
/// wanted): its index, 8 * byte + bit. Negative: none does. Cost: O(length).
std::int64_t flipped_bit(std::uint32_t difference, std::size_t length);

}  // namespace lineshaft::store
