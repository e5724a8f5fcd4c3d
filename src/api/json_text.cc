#include "api/json_text.h"

#include <fmt/format.h>

#include <iterator>

namespace lineshaft::api {
namespace {

namespace json = boost::json;

void put(std::string& out, const json::value& value);

void put(std::string& out, const json::array& items) {
    out += '[';
    for (const auto& item : items) {
        if (out.back() != '[') out += ',';
        put(out, item);
    }
    out += ']';
}

void put(std::string& out, const json::object& members) {
    out += '{';
    for (const auto& member : members) {
        if (out.back() != '{') out += ',';
        out += json::serialize(member.key());
        out += ':';
        put(out, member.value());
    }
    out += '}';
}

void put(std::string& out, const json::value& value) {
    switch (value.kind()) {
        case json::kind::array: return put(out, value.get_array());
        case json::kind::object: return put(out, value.get_object());
        case json::kind::double_:
            fmt::format_to(std::back_inserter(out), "{}", value.get_double());
            return;
        case json::kind::string:
        case json::kind::int64:
        case json::kind::uint64:
        case json::kind::bool_:
        case json::kind::null: out += json::serialize(value); return;
    }
}

}  // namespace

std::string json_text(const json::value& value) {
    std::string out;
    put(out, value);
    return out;
}

}  // namespace lineshaft::api
