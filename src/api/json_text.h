#pragma once
#include <boost/json.hpp>
#include <string>

namespace lineshaft::api {

/// Boost.JSON's strings are not made of std::string_view.
inline boost::json::string text(std::string_view from) {
    return boost::json::string(from.data(), from.size());
}

/// JSON text as people read it: numbers in their shortest plain form (812.5), where Boost.JSON 1.81
/// would write 8.125E2. Promise: parsing it gives the value back. For values of ours, which are
/// nested a few levels deep; doubles must be finite.
std::string json_text(const boost::json::value& value);

}  // namespace lineshaft::api
