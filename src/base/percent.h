// Percent encoding of parts of addresses (RFC 3986, 2.1).
#pragma once
#include <string>
#include <string_view>

namespace lineshaft {

/// UTF-8 in, letters that are safe in any part of an address out: all but letters, digits, "-._~"
/// and what is in `also_plain` becomes %XX.
std::string percent_encoded(std::string_view text, std::string_view also_plain = {});
/// The way back. What is no %XX stays as it is.
std::string percent_decoded(std::string_view text);

}  // namespace lineshaft
