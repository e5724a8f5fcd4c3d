#pragma once
#include <charconv>
#include <optional>
#include <string_view>

namespace lineshaft {

/// Of a text that is one number and nothing else: no blanks, no plus sign. Nothing: it is something
/// else, or too large for a Number. A double may also be "inf" or "nan".
template <class Number>
std::optional<Number> number_from(std::string_view text) {
    Number number{};
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, number);
    if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
    return number;
}

}  // namespace lineshaft
