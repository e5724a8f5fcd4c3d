#pragma once
#include <string>
#include <string_view>

#include "base/time.h"
#include "io/http/message.h"

namespace lineshaft::io::http {

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 5.6.7).
std::string http_date(Instant at);
std::string_view reason_of(unsigned status);
/// 1xx, 204 and 304 never have a body.
bool may_have_body(unsigned status);

enum class Framing { length, chunked, until_close };

/// Status line and headers with the blank line after them. The framing's and connection's headers
/// are the server's: the response's own ones of these names are dropped.
/// `behind`: bytes that will be added to it.
std::string serialise_head(const Response& response, Framing framing, std::size_t length,
                           std::string_view date, bool keeps_alive, std::size_t behind = 0);

}  // namespace lineshaft::io::http
