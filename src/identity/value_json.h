// Values of handles as JSON, in the form of Handle.Net 9 (Technical Manual, chapter 14).
#pragma once
#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "wire/handle/value.h"

namespace lineshaft::handle {

/// {"index","type","data","ttl","timestamp"}, "permissions" and "references" when unusual. The data
/// of HS_SECKEY is never shown.
boost::json::object value_json(const Value& value);
/// Its data alone: {"format","value"}.
boost::json::value data_json(const Value& value);
/// The bytes of a text or of {"format","value"}. Errors: invalid.
Result<std::string> parse_data(const boost::json::value& data);

/// What a PUT carries: an array of values, {"values": [...]} or one value; bare strings as data.
struct ValuesGiven {
    std::string handle;  ///< empty: not named
    std::vector<Value> values;
};
/// Errors: invalid (says which value), exhausted (too many).
Result<ValuesGiven> parse_values(std::string_view body, const Limits& limits);

}  // namespace lineshaft::handle
