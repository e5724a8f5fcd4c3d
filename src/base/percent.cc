#include "base/percent.h"

#include <charconv>

namespace lineshaft {

std::string percent_encoded(std::string_view text, std::string_view also_plain) {
    constexpr std::string_view unreserved =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    out.reserve(text.size());
    for (const char letter : text) {
        if (unreserved.contains(letter) || also_plain.contains(letter)) {
            out += letter;
            continue;
        }
        const auto byte = static_cast<unsigned char>(letter);
        out += {'%', digits[byte >> 4U], digits[byte & 0xFU]};
    }
    return out;
}

std::string percent_decoded(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        unsigned byte = 0;
        const bool is_code = text[at] == '%' && at + 2 < text.size() &&
                             std::from_chars(text.data() + at + 1, text.data() + at + 3, byte, 16)
                                     .ptr == text.data() + at + 3;
        if (is_code) at += 2;
        out += is_code ? static_cast<char>(byte) : text[at];
    }
    return out;
}

}  // namespace lineshaft
