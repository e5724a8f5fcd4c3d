#include "api/attributes.h"

#include <algorithm>

namespace lineshaft::api {
namespace {

constexpr std::size_t wanted_max = 16;

json::value parsed(const std::string& text) {
    boost::system::error_code problem;
    auto value = json::parse(text, problem);
    if (problem) return json::value(text);
    return value;
}

// "East" is what "\"East\"" says; 42 and true are said as they stand.
std::string text_of(const std::string& value) {
    if (!value.starts_with('"')) return value;
    const auto text = parsed(value);
    return text.is_string() ? std::string(text.as_string()) : value;
}

// "East" as it stands: quotes around, and nothing inside that had to be escaped.
bool is_plain_text(std::string_view value) {
    if (value.size() < 2 || value.front() != '"' || value.back() != '"') return false;
    return std::ranges::none_of(value.substr(1, value.size() - 2), [](unsigned char letter) {
        return letter < 0x20 || letter == '"' || letter == '\\';
    });
}

bool has(const std::vector<catalog::Attribute>& attributes, const std::string& name,
         const std::string& text) {
    const auto found = std::ranges::find(attributes, name, &catalog::Attribute::name);
    return found != attributes.end() && text_of(found->value) == text;
}

}  // namespace

void put(JsonOut& out, const std::vector<catalog::Attribute>& attributes) {
    out.object();
    for (const auto& attribute : attributes) {
        out.any_name(attribute.name);
        if (is_plain_text(attribute.value))
            out.raw(attribute.value);
        else
            out.raw(json_text(parsed(attribute.value)));
    }
    out.end_object();
}

bool AttributeFilter::accepts(const catalog::MachineEntry* entry) const {
    if (wanted.empty()) return true;
    if (entry == nullptr) return false;
    return std::ranges::all_of(wanted, [&](const auto& one) {
        return has(entry->attributes, one.first, one.second) ||
               has(entry->shared, one.first, one.second);
    });
}

Result<AttributeFilter> attribute_filter(const http::Request& request) {
    AttributeFilter filter;
    for (const auto& field : request.query) {
        if (field.name != "attribute") continue;
        const auto colon = field.value.find(':');
        if (colon == std::string::npos || filter.wanted.size() >= wanted_max) {
            return fail(Code::invalid, "attribute is name:text, at most 16 times");
        }
        filter.wanted.emplace_back(field.value.substr(0, colon), field.value.substr(colon + 1));
    }
    return filter;
}

Result<std::vector<catalog::AttributeChange>> shared_changes(const json::object& body) {
    std::vector<catalog::AttributeChange> changes;
    const json::value* given = body.if_contains("shared_attributes");
    if (given == nullptr) return changes;
    if (!given->is_object()) return fail(Code::invalid, "\"shared_attributes\" must be an object");
    for (const auto& member : given->as_object()) {
        catalog::AttributeChange change{std::string(member.key()), std::nullopt};
        if (!member.value().is_null()) change.value = json_text(member.value());
        changes.push_back(std::move(change));
    }
    return changes;
}

}  // namespace lineshaft::api
