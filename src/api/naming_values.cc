// Values of identifiers as the product writes them: docs/protocols/naming-api.md, "Identifiers".
#include <fmt/format.h>

#include <algorithm>

#include "api/door.h"
#include "api/naming.h"
#include "api/render.h"
#include "base/percent.h"
#include "identity/signature.h"
#include "identity/value_json.h"
#include "trust/secrets.h"
#include "wire/handle/names.h"

namespace lineshaft::api {
namespace {

using handle::Reference;
using handle::Value;
namespace permission = handle::permission;

constexpr std::string_view organisation_party = "0.ORG/", organisation_words = "organisation:";
constexpr std::uint8_t by_admin = permission::admin_read | permission::admin_write;
constexpr std::size_t parties_max = 32;
constexpr std::int64_t value_index_max = 0x7fff'ffff;

// The form of the Handle JSON that a type's data has; empty: a text.
std::string_view format_of(std::string_view type) {
    if (type == "HS_ADMIN") return "admin";
    if (type == "HS_VLIST") return "vlist";
    if (type == "HS_PUBKEY") return "key";
    if (type == "HS_SITE" || type.starts_with("HS_SITE.")) return "site";
    return {};
}

json::value data_out(const Value& value) {
    if (value.type == "HS_SECKEY") return nullptr;
    if (value.type == "JSON") {
        boost::system::error_code problem;
        json::parse_options options;
        options.max_depth = 32;
        auto parsed = json::parse(value.data, problem, {}, options);
        if (!problem) return parsed;
    }
    const json::value formatted = handle::data_json(value);
    const auto& object = formatted.as_object();
    if (object.at("format").as_string() == "base64")
        return json::object{{"base64", object.at("value")}};
    return object.at("value");
}

std::string party_out(const Reference& party) {
    if (party.handle.starts_with(organisation_party))
        return std::string(organisation_words) + party.handle.substr(organisation_party.size());
    return fmt::format("{}:{}", party.index, party.handle);
}

std::unexpected<Error> wrong(std::string why) {
    return fail(Code::invalid, std::move(why));
}

Result<Reference> party_in(std::string_view text) {
    if (text.starts_with(organisation_words) && text.size() > organisation_words.size() &&
        text.size() < 200)
        return Reference{std::string(organisation_party) +
                             std::string(text.substr(organisation_words.size())),
                         0};
    auto out = identity::reference_in(text);
    if (!out || out->index > value_index_max || !handle::check_name(out->handle, {}))
        return wrong(fmt::format("\"{}\" is no party: INDEX:HANDLE or organisation:NAME", text));
    return *std::move(out);
}

Result<std::string> data_in(const json::value& given, std::string_view type) {
    if (type == "JSON") {
        if (const auto* object = given.if_object(); object && object->contains("base64") && object->size() == 1)
            return wrong("JSON cannot be base64");
        return json::serialize(given);
    }
    if (const auto* text = given.if_string()) return std::string(*text);
    if (const auto* object = given.if_object(); object && object->size() == 1) {
        if (const auto* base64 = object->if_contains("base64"); base64 && base64->is_string()) {
            auto bytes = trust::from_base64(std::string_view(base64->get_string()));
            if (!bytes) return wrong("\"base64\" is not base64");
            return *bytes;
        }
    }
    const auto format = format_of(type);
    if (format.empty()) return wrong("\"data\" must be a text, or {\"base64\": ...}");
    return handle::parse_data(json::object{{"format", format}, {"value", given}});
}

Result<void> read_in(const json::object& from, Value& to) {
    const auto* read = from.if_contains("read");
    const auto* parties = from.if_contains("parties");
    const std::string_view who =
        read == nullptr ? std::string_view("public")
        : read->is_string() ? std::string_view(read->get_string()) : std::string_view();
    if (who != "public" && who != "parties" && who != "admin")
        return wrong("\"read\" must be public, parties or admin");
    to.permissions = who == "public" ? permission::usual : by_admin;
    if ((parties != nullptr) != (who == "parties"))
        return wrong("\"parties\" goes with \"read\": \"parties\"");
    if (parties == nullptr) return {};
    const auto* all = parties->if_array();
    if (all == nullptr || all->empty() || all->size() > parties_max)
        return wrong("\"parties\" must be 1 to 32 texts");
    for (const auto& one : *all) {
        if (!one.is_string()) return wrong("\"parties\" must be 1 to 32 texts");
        TRY(auto party, party_in(std::string_view(one.get_string())));
        to.references.push_back(std::move(party));
    }
    return {};
}

Result<std::uint32_t> whole_in(const json::object& from, std::string_view name,
                               std::int64_t least, std::uint32_t usual) {
    const auto* found = from.if_contains(name);
    if (found == nullptr || found->is_null()) return usual;
    const auto* number = found->if_int64();
    if (number == nullptr || *number < least || *number > value_index_max)
        return wrong(fmt::format("\"{}\" must be a whole number from {}", name, least));
    return static_cast<std::uint32_t>(*number);
}

Result<Value> value_in(const json::value& given) {
    const auto* from = given.if_object();
    if (from == nullptr) return wrong("it must be an object");
    static constexpr std::string_view members[] = {"index", "type",    "data",       "ttl_s",
                                                   "read",  "parties", "changed_at", "until"};
    for (const auto& one : *from) {
        if (std::ranges::find(members, std::string_view(one.key())) == std::end(members))
            return wrong(fmt::format("there is no member \"{}\"", std::string_view(one.key())));
    }
    Value out;
    TRY(out.index, whole_in(*from, "index", 1, 0));
    TRY(out.ttl_s, whole_in(*from, "ttl_s", 0, 86'400));
    TRY(out.type, text_member(*from, "type"));
    const auto* data = from->if_contains("data");
    if (data == nullptr) return wrong("\"data\" is needed");
    TRY(out.data, data_in(*data, out.type));
    if (const auto* until = from->if_contains("until")) {
        if (!until->is_string()) return wrong("\"until\" must be a time");
        TRY(const auto at, parse_rfc3339(std::string_view(until->get_string())));
        out.is_ttl_absolute = true;
        out.ttl_s = static_cast<std::uint32_t>(at.millis() / 1'000);
    }
    TRY_VOID(read_in(*from, out));
    return out;
}

}  // namespace

json::object value_out(const Value& value) {
    json::object out{{"index", value.index}, {"type", value.type}, {"data", data_out(value)}};
    const auto at = [](std::uint32_t seconds) {
        return render_time(Instant{std::int64_t{seconds} * 1'000'000});
    };
    out["ttl_s"] = value.is_ttl_absolute ? json::value(nullptr) : json::value(value.ttl_s);
    if (value.is_ttl_absolute) out["until"] = at(value.ttl_s);
    out["changed_at"] = at(value.timestamp_s);
    const bool is_public = value.is(permission::public_read) && value.type != "HS_SECKEY";
    const bool has_parties = !is_public && !value.references.empty();
    out["read"] = is_public ? "public" : has_parties ? "parties" : "admin";
    if (has_parties) {
        json::array parties;
        for (const Reference& one : value.references) parties.emplace_back(party_out(one));
        out["parties"] = std::move(parties);
    }
    return out;
}

std::string handle_in_path(std::string_view handle) {
    return percent_encoded(handle, "/:@!$&'()*,;=");
}

std::string page_path(std::string_view handle) {
    return "/h/" + handle_in_path(handle);
}

std::string prefix_of_handle(std::string_view canonical) {
    auto [prefix, suffix] = handle::split_name(canonical);
    return prefix == "0.NA" ? suffix : prefix;
}

json::object identifier_out(const std::string& handle, const std::vector<Value>& values) {
    json::array all;
    std::uint32_t newest = 0;
    for (const Value& value : values) {
        all.push_back(value_out(value));
        newest = std::max(newest, value.timestamp_s);
    }
    return {{"handle", handle},
            {"prefix", handle::split_name(handle).prefix},
            {"changed_at", newest == 0 ? json::value(nullptr)
                                       : json::value(render_time(
                                             Instant{std::int64_t{newest} * 1'000'000}))},
            {"page", page_path(handle)},
            {"values", std::move(all)}};
}

Shown shown_to(const Viewer& viewer, std::vector<Value> values) {
    Shown out;
    for (Value& value : values) {
        const bool is_named =
            !viewer.party.empty() && std::ranges::any_of(value.references, [&](const auto& party) {
                return handle::fold(party.handle) == handle::fold(viewer.party);
            });
        const bool is_public = value.is(permission::public_read) && value.type != "HS_SECKEY";
        if (is_public || viewer.sees_all || (is_named && value.type != "HS_SECKEY")) {
            out.values.push_back(std::move(value));
        } else {
            ++out.hidden;
        }
    }
    return out;
}

Result<std::vector<Value>> values_in(const json::value& given, const std::vector<Value>& there) {
    const auto* all = given.if_array();
    if (all == nullptr) return wrong("\"values\" must be an array");
    if (all->size() > handle::Limits{}.values_max) return wrong("\"values\": too many");
    std::vector<Value> out;
    std::vector<std::uint32_t> taken;
    for (const Value& one : there) taken.push_back(one.index);
    for (std::size_t at = 0; at < all->size(); ++at) {
        auto value = value_in((*all)[at]);
        if (!value) return std::unexpected(value.error().in(fmt::format("value {}", at + 1)));
        if (value->index != 0) taken.push_back(value->index);
        out.push_back(std::move(*value));
    }
    std::ranges::sort(taken);
    std::uint32_t next = 1;
    for (Value& value : out) {
        if (value.index != 0) continue;
        while (std::ranges::binary_search(taken, next)) ++next;
        value.index = next++;
    }
    return out;
}

void add_admin(std::vector<Value>& values, std::string_view prefix) {
    const bool has_admin = std::ranges::find(values, "HS_ADMIN", &Value::type) != values.end();
    const bool has_place = std::ranges::find(values, 100u, &Value::index) == values.end();
    if (!has_admin && has_place) values.push_back(identity::default_admin(prefix, 0));
}

Result<NamingDesk*> naming_of(const Call& call) {
    if (call.services->naming != nullptr) return call.services->naming;
    return fail(Code::unavailable, "this node keeps no names");
}

namespace {

bool runs_the_node(const Call& call) {
    const auto& who = *call.principal;
    return who.kind == trust::PrincipalKind::node ||
           (who.kind != trust::PrincipalKind::nobody && who.role &&
            who.organisation == catalog::default_organisation);
}

Result<bool> holds(const Call& call, std::string_view prefix) {
    if (runs_the_node(call)) return true;
    if (call.principal->kind == trust::PrincipalKind::nobody || !call.principal->role) return false;
    TRY(const auto holder, call.services->naming->book.holder_of(prefix));
    return holder && holder->kind != identity::PrefixKind::own &&
           holder->organisation == call.principal->organisation.number();
}

}  // namespace

Result<void> check_own(const Call& call, std::string_view prefix) {
    TRY(const bool is_own, holds(call, prefix));
    if (!is_own) return fail(Code::not_found, "no such prefix here");
    return {};
}

Result<Viewer> viewer_of(const Call& call, std::string_view prefix) {
    Viewer out;
    const auto& who = *call.principal;
    if (who.kind == trust::PrincipalKind::nobody) return out;
    if (!who.organisation_name.empty())
        out.party = std::string(organisation_party) + who.organisation_name;
    if (!trust::may(who, trust::Right::edit_catalog)) return out;
    TRY(out.sees_all, holds(call, prefix));
    return out;
}

Error error_of(const identity::Outcome& outcome) {
    const std::string why = outcome.message.empty()
                                ? std::string(handle::words_of(outcome.answer))
                                : outcome.message;
    switch (outcome.answer) {
        case handle::Answer::handle_not_found:
        case handle::Answer::values_not_found:
        case handle::Answer::not_responsible: return {Code::not_found, why};
        case handle::Answer::handle_exists:
        case handle::Answer::value_exists:
        case handle::Answer::registration_limit: return {Code::conflict, why};
        case handle::Answer::invalid_handle:
        case handle::Answer::invalid_value: return {Code::invalid, why};
        case handle::Answer::not_permitted:
        case handle::Answer::authentication_needed: return {Code::denied, why};
        case handle::Answer::too_busy: return {Code::exhausted, why};
        default: return {Code::unavailable, why};
    }
}

http::Response refusal_of(const identity::Outcome& outcome) {
    if (outcome.answer == handle::Answer::registration_limit)
        return http::problem(409, "Quota reached", outcome.message);
    return problem_of(error_of(outcome));
}

}  // namespace lineshaft::api
