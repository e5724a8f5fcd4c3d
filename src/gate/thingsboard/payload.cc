#include "gate/thingsboard/payload.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <cmath>

#include "base/json_quoted.h"

namespace lineshaft::thingsboard {
namespace {

using simdjson::dom::element;

Result<simdjson::dom::object> object_in(Bytes payload, const PayloadLimits& limits) {
    if (payload.size() > limits.bytes_max)
        return fail(Code::invalid, fmt::format("payload over {} bytes", limits.bytes_max));
    thread_local simdjson::dom::parser parser;
    element document;
    const auto problem =
        parser.parse(reinterpret_cast<const std::uint8_t*>(payload.data()), payload.size())
            .get(document);
    if (problem != simdjson::SUCCESS)
        return fail(Code::invalid, fmt::format("not JSON: {}", simdjson::error_message(problem)));
    simdjson::dom::object members;
    if (document.get(members) != simdjson::SUCCESS) return fail(Code::invalid, "not an object");
    return members;
}

// "a,b" is {"a", "b"}. True when the member is there.
bool take_keys(const simdjson::dom::object& from, std::string_view member,
               std::vector<std::string>& keys) {
    std::string_view text;
    if (from.at_key(member).get(text) != simdjson::SUCCESS) return false;
    while (!text.empty()) {
        const auto end = std::min(text.find(','), text.size());
        if (end > 0) keys.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return true;
}

struct ValueText {
    std::string operator()(double number) const {
        return std::isfinite(number) ? fmt::format("{}", number) : "null";
    }
    std::string operator()(std::int64_t whole) const { return fmt::format("{}", whole); }
    std::string operator()(bool flag) const { return flag ? "true" : "false"; }
    std::string operator()(const std::string& text) const { return json_quoted(text); }
};

}  // namespace

Result<std::vector<Member>> parse_members(Bytes payload, const PayloadLimits& limits) {
    TRY(const auto object, object_in(payload, limits));
    std::vector<Member> members;
    for (const auto [name, value] : object) {
        if (members.size() >= limits.members_max)
            return fail(Code::invalid, fmt::format("over {} members", limits.members_max));
        members.push_back({std::string(name), std::string(simdjson::minify(value))});
    }
    return members;
}

Result<AttributesWanted> parse_attributes_request(Bytes payload, const PayloadLimits& limits) {
    AttributesWanted wanted;
    TRY(const auto object, object_in(payload, limits));
    const bool names_client = take_keys(object, "clientKeys", wanted.client);
    const bool names_shared = take_keys(object, "sharedKeys", wanted.shared);
    wanted.everything = !names_client && !names_shared;
    if (wanted.client.size() + wanted.shared.size() > limits.members_max)
        return fail(Code::invalid, fmt::format("over {} keys", limits.members_max));
    return wanted;
}

Result<std::string> parse_method(Bytes payload, const PayloadLimits& limits) {
    TRY(const auto object, object_in(payload, limits));
    std::string_view method;
    if (object.at_key("method").get(method) != simdjson::SUCCESS || method.empty())
        return fail(Code::invalid, "\"method\" is missing");
    return std::string(method);
}

std::string object_of(const std::vector<Member>& members) {
    std::string out = "{";
    for (const Member& member : members) {
        if (out.size() > 1) out += ',';
        out += json_quoted(member.name);
        out += ':';
        out += member.value;
    }
    return out + '}';
}

std::string attributes_answer(const std::vector<Member>& client,
                              const std::vector<Member>& shared) {
    std::vector<Member> parts;
    if (!client.empty()) parts.push_back({"client", object_of(client)});
    if (!shared.empty()) parts.push_back({"shared", object_of(shared)});
    return object_of(parts);
}

std::string set_value(std::string_view tag, const history::Value& value) {
    return fmt::format(R"({{"method":"setValue","params":{{{}:{}}}}})", json_quoted(tag),
                       std::visit(ValueText{}, value));
}

}  // namespace lineshaft::thingsboard
