// Identifiers, the node's own line about naming, and templates: docs/protocols/naming-api.md.
#include <fmt/format.h>

#include <algorithm>

#include "api/naming.h"
#include "api/render.h"
#include "api/routes.h"
#include "identity/node_key.h"
#include "trust/secrets.h"
#include "wire/handle/names.h"

namespace lineshaft::api {
namespace {

using handle::Value;
using identity::Authority;
using identity::Change;

std::string handle_listener(const Call& call) {
    for (const auto& [name, address] : call.services->node.facts().listeners) {
        if (name == "handle") return address;
    }
    return {};
}

// What others put into handle.trusted_keys, and what is compared before it is certified.
json::value key_of_node(const NamingDesk& desk) {
    if (desk.signer == nullptr) return nullptr;
    const auto fingerprint = identity::fingerprint_of(desk.signer->public_key());
    return fingerprint ? json::value(*fingerprint) : json::value(nullptr);
}

io::Task<Answer> naming_node(Call call) {
    CO_TRY(NamingDesk* const desk, naming_of(call));
    json::array prefixes;
    std::int64_t identifiers = 0;
    for (const auto& prefix : desk->registry.homed_prefixes()) {
        auto count = co_await desk->registry.count(prefix);
        identifiers += count;
    }
    for (const auto& own : desk->own) prefixes.emplace_back(own);
    json::object out{{"role", desk->role},
                     {"handle_listen", handle_listener(call)},
                     {"prefixes", std::move(prefixes)},
                     {"case_sensitive", desk->is_case_sensitive},
                     {"identifiers", identifiers},
                     {"resolves_elsewhere", desk->resolver != nullptr},
                     {"public_url", desk->public_url},
                     {"key", key_of_node(*desk)},
                     {"applications", nullptr},
                     {"machines", nullptr}};
    if (trust::may(*call.principal, trust::Right::decide_names)) {
        const auto waiting = desk->book.waiting();
        out["applications"] =
            json::object{{"applied", waiting.applied}, {"approved", waiting.approved}};
    }
    if (!desk->machine_prefix.empty()) {
        const auto snapshot = call.services->desk.snapshot();
        out["machines"] =
            json::object{{"prefix", desk->machine_prefix},
                         {"count", snapshot->machines(catalog::default_organisation).size()}};
    }
    co_return reply(out);
}

// The prefix a list is of: asked for, or the only one the caller has.
Result<std::string> listed_prefix(const Call& call, NamingDesk& desk) {
    if (const auto asked = call.request.asked("prefix"); asked && !asked->empty())
        return handle::fold(*asked);
    std::vector<std::string> own;
    for (const auto& prefix : desk.registry.homed_prefixes()) {
        if (check_own(call, prefix)) own.push_back(prefix);
    }
    if (own.size() == 1) return own.front();
    return fail(Code::invalid, fmt::format("?prefix= is needed: one of {}", fmt::join(own, ", ")));
}

io::Task<Answer> list_identifiers(Call call) {
    CO_TRY(NamingDesk* const desk, naming_of(call));
    CO_TRY(const std::size_t limit, limit_of(call.request));
    CO_TRY(const auto prefix, listed_prefix(call, *desk));
    CO_TRY_VOID(check_own(call, prefix));
    if (!desk->registry.homes(prefix)) co_return fail(Code::not_found, "no such prefix here");
    const std::string begin = desk->registry.canonical(
        fmt::format("{}/{}", prefix, call.request.asked("q").value_or("")));
    std::string after = begin;
    if (const auto cursor = call.request.asked("cursor"); cursor && !cursor->empty()) {
        auto named = trust::from_base64url(*cursor);
        if (!named || !named->starts_with(begin)) co_return fail(Code::invalid, "no such cursor");
        after = std::move(*named);
    } else {
        after.back() = static_cast<char>(after.back() - 1);  // just before what begins so
        after += '\xff';
    }
    CO_TRY(const auto page, desk->registry.list(prefix, after, limit));
    CO_TRY(const auto viewer, viewer_of(call, prefix));
    const bool with_values = call.request.asked("values").value_or("") == "true";
    json::array items;
    std::string last;
    for (const auto& name : page.names) {
        if (!name.starts_with(begin)) break;
        last = name;
        if (!with_values) {
            items.push_back(json::object{{"handle", name}, {"page", page_path(name)}});
            continue;
        }
        CO_TRY(auto values, desk->registry.values_of(name));
        items.push_back(
            identifier_out(name, shown_to(viewer, std::move(values).value_or(std::vector<Value>())).values));
    }
    const bool is_last = page.is_last || items.size() < page.names.size() || items.empty();
    auto total = co_await desk->registry.count(prefix);
    co_return reply(json::object{
        {"items", std::move(items)},
        {"next", is_last ? json::value(nullptr) : json::value(trust::to_base64url(last))},
        {"total", total}});
}

// Of a handle in a path, that the caller may use as its own.
struct NamedHandle {
    NamingDesk* desk = nullptr;
    std::string handle, prefix;
};
Result<NamedHandle> named_in(const Call& call) {
    NamedHandle out;
    TRY(out.desk, naming_of(call));
    const auto good = handle::check_name(call.captured(0), {});
    if (!good) return std::unexpected(good.error());
    out.handle = out.desk->registry.canonical(call.captured(0));
    out.prefix = prefix_of_handle(out.handle);
    TRY_VOID(check_own(call, out.prefix));
    const bool writes = call.request.method != "GET";
    if (writes) {
        TRY_VOID(check_takes_changes(*out.desk));
    }
    if (writes && out.handle.starts_with("0.NA/")) {
        TRY_VOID(check_own(call, handle::parent_prefix(out.prefix).empty()
                                     ? out.prefix
                                     : handle::parent_prefix(out.prefix)));
    }
    return out;
}

// As whoever calls sees it.
Result<json::object> shown(const Call& call, const NamedHandle& named) {
    TRY(auto values, named.desk->registry.values_of(named.handle));
    TRY(const auto viewer, viewer_of(call, named.prefix));
    return identifier_out(named.handle, shown_to(viewer, std::move(values).value_or(std::vector<Value>())).values);
}

io::Task<Answer> one_identifier(Call call) {
    CO_TRY(const auto named, named_in(call));
    CO_TRY(auto found, named.desk->registry.values_of(named.handle));
    if (!found) co_return fail(Code::not_found, named.handle + " is not registered here");
    CO_TRY(const auto body, shown(call, named));
    co_return reply(body);
}

io::Task<Answer> write_identifier(const Call* call, NamedHandle named, Change change) {
    const Authority by{true, {}};
    auto outcome = co_await named.desk->registry.change(std::move(change), by);
    if (!outcome.is_good()) co_return refusal_of(outcome);
    named.handle = outcome.handle;
    CO_TRY(const auto body, shown(*call, named));
    auto response = reply(body, outcome.is_new ? 201 : 200);
    if (outcome.is_new)
        response.set("location",
                     "/api/v1/naming/identifiers/" + handle_in_path(outcome.handle));
    co_return response;
}

io::Task<Answer> mint_identifier(Call call) {
    NamedHandle named;
    CO_TRY(named.desk, naming_of(call));
    CO_TRY_VOID(check_takes_changes(*named.desk));
    CO_TRY(auto body, body_object(call.request, {"prefix", "suffix", "values"}));
    CO_TRY(const auto prefix, text_member(body, "prefix"));
    CO_TRY(const auto suffix, optional_text(body, "suffix"));
    named.prefix = handle::fold(prefix);
    CO_TRY_VOID(check_own(call, named.prefix));
    if (named.prefix.contains('/')) co_return fail(Code::invalid, "\"prefix\" has a slash");
    Change change;
    change.handle = named.prefix + "/";
    change.mints_suffix = !suffix || !*suffix;
    if (!change.mints_suffix) change.handle += **suffix;
    if (const auto* values = body.if_contains("values")) {
        CO_TRY(change.values, values_in(*values, {}));
    }
    add_admin(change.values, named.prefix);
    auto made = co_await write_identifier(&call, std::move(named), std::move(change));
    co_return made;
}

io::Task<Answer> put_identifier(Call call) {
    CO_TRY(auto named, named_in(call));
    CO_TRY(auto body, body_object(call.request, {"values", "handle", "prefix", "changed_at", "page"}));
    const auto* values = body.if_contains("values");
    if (values == nullptr) co_return fail(Code::invalid, "\"values\" must be an array");
    Change change;
    change.handle = named.handle;
    CO_TRY(change.values, values_in(*values, {}));
    add_admin(change.values, named.prefix);
    const bool only_makes = call.request.asked("only").value_or("") == "create";
    change.kind = only_makes ? Change::Kind::create : Change::Kind::replace_values;
    auto made = co_await write_identifier(&call, std::move(named), std::move(change));
    co_return made;
}

Result<std::vector<std::uint32_t>> indexes_in(const json::value& given) {
    std::vector<std::uint32_t> out;
    const auto* all = given.if_array();
    if (all == nullptr) return fail(Code::invalid, "\"remove\" must be an array of indexes");
    for (const auto& one : *all) {
        const auto* number = one.if_int64();
        if (number == nullptr || *number < 1 || *number > 0x7fff'ffff)
            return fail(Code::invalid, "\"remove\" must be an array of indexes");
        out.push_back(static_cast<std::uint32_t>(*number));
    }
    return out;
}

io::Task<Answer> patch_identifier(Call call) {
    CO_TRY(auto named, named_in(call));
    CO_TRY(auto body, body_object(call.request, {"set", "remove"}));
    CO_TRY(auto there, named.desk->registry.values_of(named.handle));
    if (!there) co_return fail(Code::not_found, named.handle + " is not registered here");
    const auto* set = body.if_contains("set");
    const auto* remove = body.if_contains("remove");
    if ((set == nullptr) == (remove == nullptr))
        co_return fail(Code::invalid, "either \"set\" or \"remove\" is needed");
    Change change;
    change.handle = named.handle;
    if (set != nullptr) {
        change.kind = Change::Kind::add_values;
        change.overwrites = true;
        CO_TRY(change.values, values_in(*set, *there));
    } else {
        change.kind = Change::Kind::remove_values;
        CO_TRY(change.indexes, indexes_in(*remove));
    }
    auto made = co_await write_identifier(&call, std::move(named), std::move(change));
    co_return made;
}

io::Task<Answer> delete_identifier(Call call) {
    CO_TRY(auto named, named_in(call));
    Change change;
    change.handle = named.handle;
    change.kind = Change::Kind::remove;
    const Authority by{true, {}};
    auto outcome = co_await named.desk->registry.change(std::move(change), by);
    if (!outcome.is_good()) co_return refusal_of(outcome);
    co_return no_content();
}

io::Task<Answer> machine_identifier(Call call) {
    CO_TRY(NamingDesk* const desk, naming_of(call));
    const auto snapshot = call.services->desk.snapshot();
    const auto* machine = snapshot->machine(call.organisation(), call.captured(0));
    if (machine == nullptr || desk->machine_prefix.empty() ||
        call.organisation() != catalog::default_organisation)
        co_return fail(Code::not_found, "no such machine, or machines get no identifiers here");
    const auto name = desk->registry.canonical(
        identity::machine_handle(desk->machine_prefix, call.captured(0)));
    co_return reply(json::object{
        {"machine", call.captured(0)}, {"handle", name}, {"page", page_path(name)}});
}

io::Task<Answer> try_template(Call call) {
    CO_TRY(NamingDesk* const desk, naming_of(call));
    CO_TRY(auto body, body_object(call.request, {"template", "handle", "values"}));
    const auto* xml = body.if_contains("template");
    if (xml == nullptr || !xml->is_string())
        co_return fail(Code::invalid, "\"template\" must be a text");
    CO_TRY(const auto name, text_member(body, "handle"));
    auto rule = identity::Template::parse(std::string_view(xml->get_string()));
    if (!rule) co_return fail(Code::invalid, rule.error().context);
    if (!*rule) co_return fail(Code::invalid, "template: the namespace has none");
    const auto split = (*rule)->split(name);
    std::vector<Value> base;
    if (const auto* values = body.if_contains("values")) {
        CO_TRY(base, values_in(*values, {}));
    } else if (split) {
        CO_TRY_VOID(check_own(call, prefix_of_handle(desk->registry.canonical(split->base))));
        CO_TRY(auto known, desk->registry.values_of(split->base));
        base = std::move(known).value_or(std::vector<Value>());
    }
    std::optional<std::vector<Value>> out;
    if (split) {
        auto evaluated = (*rule)->evaluate(*split, base);
        if (!evaluated) co_return fail(Code::invalid, evaluated.error().context);
        out = std::move(*evaluated);
    }
    json::array values;
    for (const Value& value : out.value_or(std::vector<Value>())) values.push_back(value_out(value));
    co_return reply(json::object{{"handle", name},
                                 {"base", split ? json::value(split->base) : json::value(nullptr)},
                                 {"extension", split ? json::value(split->extension) : json::value(nullptr)},
                                 {"found", out.has_value()},
                                 {"values", std::move(values)}});
}

}  // namespace

void add_identifier_routes(http::Router& router, Services& services) {
    serve(router, services, "GET", "/api/v1/naming", &naming_node);
    serve(router, services, "GET", "/api/v1/naming/identifiers", &list_identifiers);
    serve(router, services, "POST", "/api/v1/naming/identifiers", &mint_identifier);
    constexpr std::string_view one = "/api/v1/naming/identifiers/{handle...}";
    serve(router, services, "GET", one, &one_identifier);
    serve(router, services, "PUT", one, &put_identifier);
    serve(router, services, "PATCH", one, &patch_identifier);
    serve(router, services, "DELETE", one, &delete_identifier);
    serve(router, services, "GET", "/api/v1/naming/machines/{machine}", &machine_identifier);
    serve(router, services, "POST", "/api/v1/naming/templates/try", &try_template);
}

void add_naming_routes(http::Router& router, Services& services) {
    add_identifier_routes(router, services);
    add_prefix_routes(router, services);
    add_bulk_routes(router, services);
    add_resolve_routes(router, services);
    add_trust_routes(router, services);
}

}  // namespace lineshaft::api
