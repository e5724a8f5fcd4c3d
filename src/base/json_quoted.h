#pragma once
#include <string>
#include <string_view>

namespace lineshaft {

/// `text` as a JSON string with its quotes (RFC 8259, 7). UTF-8 in, UTF-8 out.
std::string json_quoted(std::string_view text);
/// The same, behind what is there.
void put_json_quoted(std::string& out, std::string_view text);

}  // namespace lineshaft
