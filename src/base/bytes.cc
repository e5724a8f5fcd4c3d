#include "base/bytes.h"

namespace lineshaft {

std::unexpected<Error> Reader::short_by(std::size_t wanted) const {
    return fail(Code::invalid, "short: " + std::to_string(wanted) + " bytes wanted, " +
                                   std::to_string(rest_.size()) + " left");
}

Result<std::uint64_t> Reader::take_varint() {
    std::uint64_t value = 0;
    for (unsigned index = 0; index < 10; ++index) {
        if (index >= rest_.size()) return short_by(index + 1);
        const auto group = std::to_integer<std::uint64_t>(rest_[index]);
        if (index == 9 && group > 1) return fail(Code::invalid, "varint over 64 bits");
        value |= (group & 0x7f) << (7 * index);
        if ((group & 0x80) == 0) {
            rest_ = rest_.subspan(index + 1);
            return value;
        }
    }
    return fail(Code::invalid, "varint over ten bytes");
}

void Writer::put_varint(std::uint64_t value) {
    while (value >= 0x80) {
        out_.push_back(static_cast<char>(value | 0x80));
        value >>= 7;
    }
    out_.push_back(static_cast<char>(value));
}

std::string to_hex(Bytes bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string hex;
    hex.reserve(bytes.size() * 2);
    for (const std::byte byte : bytes) {
        hex.push_back(digits[std::to_integer<unsigned>(byte) >> 4]);
        hex.push_back(digits[std::to_integer<unsigned>(byte) & 15]);
    }
    return hex;
}

namespace {

int digit_of(char letter) {
    if (letter >= '0' && letter <= '9') return letter - '0';
    if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
    if (letter >= 'A' && letter <= 'F') return letter - 'A' + 10;
    return -1;
}

}  // namespace

Result<std::string> from_hex(std::string_view hex) {
    std::string bytes;
    int high = -1;
    for (const char letter : hex) {
        if (letter == ' ') continue;
        const int digit = digit_of(letter);
        if (digit < 0) return fail(Code::invalid, "hex: not a digit");
        if (high < 0) {
            high = digit;
        } else {
            bytes.push_back(static_cast<char>(high * 16 + digit));
            high = -1;
        }
    }
    if (high >= 0) return fail(Code::invalid, "hex: odd number of digits");
    return bytes;
}

namespace {

// Length of the well-formed sequence at the start of `text`, 0 if there is none.
std::size_t sequence_at(std::string_view text) {
    const auto at = [&](std::size_t index) { return static_cast<unsigned char>(text[index]); };
    const unsigned lead = at(0);
    if (lead < 0x80) return 1;
    std::size_t length = 0;
    unsigned low = 0x80;
    unsigned high = 0xBF;
    if (lead >= 0xC2 && lead <= 0xDF)
        length = 2;
    else if (lead >= 0xE0 && lead <= 0xEF)
        length = 3;
    else if (lead >= 0xF0 && lead <= 0xF4)
        length = 4;
    else
        return 0;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
    if (text.size() < length || at(1) < low || at(1) > high) return 0;
    for (std::size_t index = 2; index < length; ++index) {
        if ((at(index) & 0xC0) != 0x80) return 0;
    }
    return length;
}

}  // namespace

bool is_utf8(std::string_view text) {
    constexpr std::uint64_t beyond_ascii = 0x8080'8080'8080'8080;
    while (!text.empty()) {
        // Mostly ASCII: eight bytes at once.
        for (std::uint64_t eight = 0; text.size() >= sizeof eight;) {
            std::memcpy(&eight, text.data(), sizeof eight);
            if ((eight & beyond_ascii) != 0) break;
            text.remove_prefix(sizeof eight);
        }
        if (text.empty()) break;
        const std::size_t length = sequence_at(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

}  // namespace lineshaft
