#include "base/json_quoted.h"

namespace lineshaft {

std::string json_quoted(std::string_view text) {
    std::string out;
    put_json_quoted(out, text);
    return out;
}

void put_json_quoted(std::string& out, std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    out += '"';
    std::size_t plain = 0;  // from here on nothing was put yet
    for (std::size_t index = 0; index < text.size(); ++index) {
        const auto byte = static_cast<unsigned char>(text[index]);
        if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
        out.append(text.substr(plain, index - plain));
        plain = index + 1;
        if (byte < 0x20) {
            out += "\\u00";
            out += digits[byte >> 4];
            out += digits[byte & 15];
        } else {
            out += '\\';
            out += text[index];
        }
    }
    out.append(text.substr(plain)) += '"';
}

}  // namespace lineshaft
