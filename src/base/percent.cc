#include "base/percent.h"

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

}  // namespace lineshaft
