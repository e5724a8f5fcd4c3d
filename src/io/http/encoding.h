#pragma once
#include <string>
#include <string_view>

#include "io/http/message.h"
#include "io/task.h"

namespace lineshaft::io::http {

/// The body as it was before its Content-Encoding: identity, gzip (one or more members) or deflate
/// (zlib). Takes the body out of `request`. At most `bytes_max` come out, whatever goes in; lets
/// others run between pieces. Errors: exhausted (more than bytes_max: 413), unsupported (another
/// coding, or several: 415), invalid (damaged or cut short: 400).
Task<Result<std::string>> decoded_body(Request& request, std::size_t bytes_max);

/// The same for bytes at once; `coding` as the header says it.
Result<std::string> decode(std::string_view coding, std::string body, std::size_t bytes_max);

}  // namespace lineshaft::io::http
