#include "store/crc32c.h"

#include <array>

namespace lineshaft::store {
namespace {

constexpr std::uint32_t polynomial = 0x82f63b78;  // reflected

using Table = std::array<std::uint32_t, 256>;

constexpr Table make_table() {
    Table table{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t crc = byte;
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? polynomial : 0);
        table[byte] = crc;
    }
    return table;
}
constexpr Table crc_table = make_table();

std::uint32_t step(std::uint32_t crc, std::uint8_t byte) {
    return crc_table[(crc ^ byte) & 0xff] ^ (crc >> 8);
}

std::uint32_t extend_portable(std::uint32_t crc, Bytes bytes) {
    for (const std::byte byte : bytes) crc = step(crc, static_cast<std::uint8_t>(byte));
    return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t extend_sse42(std::uint32_t crc, Bytes bytes) {
    std::uint64_t wide = crc;
    std::size_t at = 0;
    for (; at + 8 <= bytes.size(); at += 8) {
        std::uint64_t word;
        std::memcpy(&word, bytes.data() + at, sizeof word);
        wide = __builtin_ia32_crc32di(wide, word);
    }
    crc = static_cast<std::uint32_t>(wide);
    for (; at < bytes.size(); ++at) {
        crc = __builtin_ia32_crc32qi(crc, static_cast<unsigned char>(bytes[at]));
    }
    return crc;
}
const bool has_sse42 = __builtin_cpu_supports("sse4.2") != 0;
#endif

}  // namespace

std::uint32_t crc32c(Bytes bytes, std::uint32_t before) {
#if defined(__x86_64__)
    if (has_sse42) return ~extend_sse42(~before, bytes);
#endif
    return ~extend_portable(~before, bytes);
}

// The checksum is linear: an error of one bit changes it by a value that depends only on the bit
// and on how many bytes follow. So walk from the last byte to the first, for all eight bits.
std::int64_t flipped_bit(std::uint32_t difference, std::size_t length) {
    std::array<std::uint32_t, 8> change;
    for (std::size_t bit = 0; bit < 8; ++bit) change[bit] = crc_table[std::size_t{1} << bit];
    for (std::size_t byte = length; byte-- > 0;) {
        for (std::size_t bit = 0; bit < 8; ++bit) {
            if (change[bit] == difference) return static_cast<std::int64_t>(byte * 8 + bit);
            change[bit] = step(change[bit], 0);
        }
    }
    return -1;
}

}  // namespace lineshaft::store
