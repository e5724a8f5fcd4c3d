#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "io/http/message.h"

namespace lineshaft::io::http {

/// A request target taken apart (RFC 9112 3.2): origin form, absolute form, or "*".
struct Target {
    std::string path;                   ///< decoded, starts with '/', or "*"
    std::vector<std::string> segments;  ///< decoded one by one, so %2F does not split
    std::vector<Field> query;           ///< decoded, '+' is a space
};

/// Errors: invalid (bad escape, NUL, not UTF-8, "." or ".." as a part, too many query fields).
Result<Target> parse_target(std::string_view text, std::size_t query_fields_max);

/// Errors: invalid (bad escape, NUL, not UTF-8).
Result<std::string> percent_decode(std::string_view text, bool plus_is_space);

}  // namespace lineshaft::io::http
