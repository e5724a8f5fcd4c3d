#include "api/png.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "base/check.h"

namespace lineshaft::api {
namespace {

constexpr auto crc_table = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t at = 0; at < 256; ++at) {
        std::uint32_t value = at;
        for (int bit = 0; bit < 8; ++bit) value = (value & 1) != 0 ? value >> 1 ^ 0xEDB88320U : value >> 1;
        table[at] = value;
    }
    return table;
}();

std::uint32_t crc32_of(std::string_view bytes) {
    std::uint32_t out = 0xffff'ffff;
    for (const char c : bytes) out = crc_table[(out ^ static_cast<unsigned char>(c)) & 0xff] ^ out >> 8;
    return out ^ 0xffff'ffff;
}

std::uint32_t adler32_of(std::string_view bytes) {
    std::uint32_t a = 1, b = 0;
    for (const char c : bytes) {
        a = (a + static_cast<unsigned char>(c)) % 65'521;
        b = (b + a) % 65'521;
    }
    return b << 16 | a;
}

void put_chunk(std::string& out, std::string_view type, std::string_view data) {
    Writer to(out);
    to.put_be(static_cast<std::uint32_t>(data.size()));
    const std::size_t from = out.size();
    out.append(type).append(data);
    const std::uint32_t crc = crc32_of(std::string_view(out).substr(from));
    Writer(out).put_be(crc);
}

// RFC 1950 and 1951: blocks as they are.
std::string stored(std::string_view bytes) {
    std::string out("\x78\x01", 2);
    const std::uint32_t sum = adler32_of(bytes);
    do {
        const auto block = bytes.substr(0, 65'535);
        bytes.remove_prefix(block.size());
        out += bytes.empty() ? '\1' : '\0';
        const auto size = static_cast<std::uint16_t>(block.size());
        for (const unsigned part : {unsigned{size}, unsigned{size} ^ 0xffffU}) {
            out += static_cast<char>(part & 0xff);
            out += static_cast<char>(part >> 8);
        }
        out += block;
    } while (!bytes.empty());
    Writer(out).put_be(sum);
    return out;
}

}  // namespace

std::string black_and_white_png(unsigned size,
                                const std::function<bool(unsigned, unsigned)>& is_dark) {
    CHECK(size >= 1 && size <= 4'096);
    std::string points;
    for (unsigned row = 0; row < size; ++row) {
        points += '\0';  // no filter
        for (unsigned column = 0; column < size; column += 8) {
            unsigned eight = 0;
            for (unsigned bit = 0; bit < 8; ++bit) {
                const bool is_light = column + bit >= size || !is_dark(row, column + bit);
                eight = eight << 1 | (is_light ? 1U : 0U);
            }
            points += static_cast<char>(eight);
        }
    }
    std::string out("\x89PNG\r\n\x1a\n", 8), head;
    Writer to(head);
    to.put_be(static_cast<std::uint32_t>(size));
    to.put_be(static_cast<std::uint32_t>(size));
    head.append("\1\0\0\0\0", 5);  // one bit, greyscale
    put_chunk(out, "IHDR", head);
    put_chunk(out, "IDAT", stored(points));
    put_chunk(out, "IEND", "");
    return out;
}

}  // namespace lineshaft::api
