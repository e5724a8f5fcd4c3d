// Classes of tags: how long and how finely they are kept, and what each takes on disk.
#include "api/json_out.h"
#include "api/routes.h"
#include "history/keep.h"

namespace lineshaft::api {
namespace {

Result<std::vector<std::string>> patterns_of(const json::object& entry, std::string_view name) {
    std::vector<std::string> patterns;
    const auto* list = entry.if_contains(json::string_view(name.data(), name.size()));
    if (list == nullptr || list->is_null()) return patterns;
    const auto wrong = fail(Code::invalid, std::string(name) + " must be a list of texts");
    if (!list->is_array()) return wrong;
    for (const auto& one : list->get_array()) {
        if (!one.is_string()) return wrong;
        patterns.emplace_back(one.get_string());
    }
    return patterns;
}

Result<std::uint32_t> whole_of(const json::object& entry, std::string_view name) {
    const auto* found = entry.if_contains(json::string_view(name.data(), name.size()));
    if (found == nullptr || found->is_null()) return std::uint32_t{0};
    if (!found->is_int64() || found->get_int64() < 0 || found->get_int64() > UINT32_MAX)
        return fail(Code::invalid, std::string(name) + " must be a whole number, 0 or more");
    return static_cast<std::uint32_t>(found->get_int64());
}

// What GET shows may be sent back: what only it tells is passed over.
Result<history::KeepRule> rule_of(const json::value& value) {
    if (!value.is_object()) return fail(Code::invalid, "a class is an object");
    const json::object& entry = value.get_object();
    history::KeepRule rule;
    const auto* name = entry.if_contains("name");
    if (name == nullptr || !name->is_string())
        return fail(Code::invalid, "name must be a text: every class has one");
    rule.name = name->get_string();
    constexpr std::string_view known[] = {"name",      "tags",         "machines", "keep_days",
                                          "full_days", "resolution_s", "series",   "samples",
                                          "bytes",     "kept_from",    "thinned_until"};
    for (const auto& member : entry) {
        if (std::ranges::find(known, std::string_view(member.key())) == std::end(known))
            return fail(Code::invalid, "class " + rule.name + ": unknown member " +
                                           std::string(member.key()));
    }
    const auto in_class = [&](const Error& error) { return error.in("class " + rule.name); };
    auto tags = patterns_of(entry, "tags");
    if (!tags) return std::unexpected(in_class(tags.error()));
    auto machines = patterns_of(entry, "machines");
    if (!machines) return std::unexpected(in_class(machines.error()));
    rule.tags = std::move(*tags);
    rule.machines = std::move(*machines);
    const std::pair<std::string_view, std::uint32_t*> numbers[] = {
        {"keep_days", &rule.keep_days},
        {"full_days", &rule.full_days},
        {"resolution_s", &rule.resolution_s}};
    for (const auto& [member, into] : numbers) {
        auto number = whole_of(entry, member);
        if (!number) return std::unexpected(in_class(number.error()));
        *into = *number;
    }
    return rule;
}

Result<history::KeepRules> rules_of(const http::Request& request) {
    TRY(const auto body, body_object(request, {"classes"}));
    const auto* classes = body.if_contains("classes");
    if (classes == nullptr || !classes->is_array())
        return fail(Code::invalid, "classes must be a list");
    history::KeepRules rules;
    for (const auto& one : classes->get_array()) {
        TRY(auto rule, rule_of(one));
        rules.push_back(std::move(rule));
    }
    TRY_VOID(history::check(rules));
    return rules;
}

void put_texts(JsonOut& out, const std::vector<std::string>& texts) {
    out.array();
    for (const auto& text : texts) out.text(text);
    out.end_array();
}

void put_space(JsonOut& out, const history::ClassSpace* space) {
    const std::pair<std::string_view, std::uint64_t> numbers[] = {
        {"series", space != nullptr ? space->series : 0},
        {"samples", space != nullptr ? space->samples : 0},
        {"bytes", space != nullptr ? space->bytes : 0}};
    for (const auto& [name, number] : numbers) {
        out.name(name);
        space != nullptr ? out.number(number) : out.null();
    }
}

void put_day(JsonOut& out, std::string_view name, Instant at) {
    out.name(name);
    at.micros == INT64_MIN ? out.null() : out.time(at);
}

void put_rule(JsonOut& out, const history::KeepRule& rule, const history::ClassSpace* space) {
    const Instant now = io::Shard::here().now();
    out.object().name("name").text(rule.name);
    put_texts(out.name("tags"), rule.tags);
    put_texts(out.name("machines"), rule.machines);
    const std::pair<std::string_view, std::uint32_t> numbers[] = {
        {"keep_days", rule.keep_days},
        {"full_days", rule.full_days},
        {"resolution_s", rule.resolution_s}};
    for (const auto& [name, number] : numbers) {
        out.name(name);
        number == 0 ? out.null() : out.number(number);
    }
    put_space(out, space);
    put_day(out, "kept_from", history::kept_from(&rule, now));
    put_day(out, "thinned_until", history::thinned_until(&rule, now));
    out.end_object();
}

io::Task<Answer> show_retention(Call call) {
    auto& history = call.services->history;
    auto rules = co_await history.kept(call.organisation());
    auto space = co_await history.space(call.organisation());
    // Of the classes before, if they have changed in between.
    const bool is_counted = space.classes.size() == rules.size() + 1;
    JsonOut out;
    out.object().name("classes").array();
    for (std::size_t index = 0; index < rules.size(); ++index)
        put_rule(out, rules[index], is_counted ? &space.classes[index].second : nullptr);
    out.end_array().name("rest").object();
    put_space(out, is_counted ? &space.classes.back().second : nullptr);
    out.end_object().name("counted_at");
    is_counted && space.counted_at ? out.time(*space.counted_at) : out.null();
    co_return reply_text(out.end_object().take());
}

io::Task<Answer> change_retention(Call call) {
    CO_TRY(auto rules, rules_of(call.request));
    auto kept = co_await call.services->history.keep(call.organisation(), std::move(rules));
    if (!kept) co_return std::unexpected(kept.error());
    auto answer = co_await show_retention(std::move(call));
    co_return answer;
}

}  // namespace

void add_retention_routes(http::Router& router, Services& services) {
    serve(router, services, "GET", "/api/v1/retention", &show_retention);
    serve(router, services, "PUT", "/api/v1/retention", &change_retention);
}

}  // namespace lineshaft::api
