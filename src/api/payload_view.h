#pragma once
#include <string_view>

#include "api/call.h"

namespace lineshaft::api {

/// What a payload is, as people read it: {"text": ... or null, "json": true when the text is one
/// JSON value, "hex": the first bytes, "sparkplug": {...} or null, "cut": true when a view holds
/// less than the payload}. Hostile bytes give nulls. Limits: text 64 KiB, hex 4 KiB, 1,000 metrics.
json::object payload_view(std::string_view topic, std::string_view payload);

/// At most `bytes_max` bytes of readable text for a list; empty when the payload is binary.
std::string preview_of(std::string_view payload, std::size_t bytes_max = 80);

}  // namespace lineshaft::api
