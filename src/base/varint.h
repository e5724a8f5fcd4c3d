#pragma once
#include <bit>
#include <cstdint>

namespace lineshaft {

/// The varint (seven bits a byte, the low ones first) that `word` begins with, eight bytes read
/// little-endian: joined without a loop. How many bytes it has; 0: more than these eight.
inline unsigned join_varint(std::uint64_t word, std::uint64_t& value) {
    const std::uint64_t stops = ~word & 0x8080'8080'8080'8080;
    if (stops == 0) return 0;
    const int bits = std::countr_zero(stops) + 1;  // 8 x the number of bytes
    word &= 0x7F7F'7F7F'7F7F'7F7F & (~std::uint64_t{0} >> (64 - bits));
    word = (word & 0x007F'007F'007F'007F) | (word & 0x7F00'7F00'7F00'7F00) >> 1;
    word = (word & 0x0000'3FFF'0000'3FFF) | (word & 0x3FFF'0000'3FFF'0000) >> 2;
    value = (word & 0x0FFF'FFFF) | (word & 0x0FFF'FFFF'0000'0000) >> 4;
    return static_cast<unsigned>(bits) / 8;
}

}  // namespace lineshaft
