#pragma once
#include "api/call.h"
#include "api/json_out.h"

namespace lineshaft::api {

/// The JSON of docs/protocols/http-api.md, each thing in one place.
json::value render(const history::Value& value);  ///< null for what JSON cannot carry
json::object render(const twin::TagValue& value, const catalog::Tag* known);  ///< as a Tag
/// What is asked for all the time goes straight into text.
void put(JsonOut& out, const history::Value& value);
void put(JsonOut& out, const twin::TagValue& value, const catalog::Tag* known);  ///< as a Tag
void put_brief(JsonOut& out, const twin::TagValue& value);  ///< for the live stream
void put_sample(JsonOut& out, const history::Sample& sample);
/// The members of a Machine, inside an object that is open.
void put_members(JsonOut& out, const twin::MachineState& state, const catalog::MachineEntry* entry);
/// A machine of the catalog that has not spoken in history yet, as members too.
void put_members(JsonOut& out, const catalog::MachineEntry& entry);
json::object render(const twin::Event& event);
json::object render(const catalog::Site& site, std::size_t machines);
json::object render(const Rates& rates);
json::value render_time(std::optional<Instant> at);

inline json::value text_or_null(std::string_view text) {
    if (text.empty()) return nullptr;
    return json::value(json::string(text.data(), text.size()));
}

/// A machine's instant for people: RFC 3339.
inline json::string render_time(Instant at) {
    return json::string(to_rfc3339(at));
}

}  // namespace lineshaft::api
