// What people know about tags, and writing to machines.
#include <fmt/format.h>

#include <cmath>

#include "api/render.h"
#include "api/routes.h"
#include "twin/command.h"

namespace lineshaft::api {
namespace {

io::Task<Answer> change_tag(Call call) {
    CO_TRY(auto body, body_object(call.request, {"unit", "label", "low", "high", "writable"}));
    catalog::TagChange change;
    CO_TRY(change.unit, optional_text(body, "unit"));
    CO_TRY(change.label, optional_text(body, "label"));
    CO_TRY(change.low, optional_number(body, "low"));
    CO_TRY(change.high, optional_number(body, "high"));
    CO_TRY(const auto writable, optional_flag(body, "writable"));
    if (writable) change.writable.emplace(*writable);
    const std::string machine = call.captured(0);
    const std::string tag = call.captured(1);
    const auto organisation = call.organisation();
    auto values = co_await call.services->plant.values(organisation, machine);
    if (!values) co_return std::unexpected(values.error());
    auto work = [=](catalog::Catalog& catalog) {
        return catalog.change_tag(organisation, machine, tag, change);
    };
    auto changed = co_await call.services->desk.run(std::move(work));
    if (!changed) co_return std::unexpected(changed.error());
    for (const auto& value : *values) {
        if (value.tag == tag) co_return reply(render(value, &*changed));
    }
    // Described before it was ever heard: its kind and value are not known yet.
    twin::TagValue unheard{tag, {io::Shard::here().now(), 0.0, history::Quality::missing}};
    json::object out = render(unheard, &*changed);
    out["kind"] = nullptr;
    out["at"] = nullptr;
    co_return reply(out);
}

// The JSON value as the kind of value the tag carries. Errors: invalid, saying what is wanted.
Result<history::Value> value_of(const json::value& given, history::Kind kind) {
    switch (kind) {
        case history::Kind::real:
            if (given.is_number() && std::isfinite(given.to_number<double>())) {
                return history::Value{given.to_number<double>()};
            }
            return fail(Code::invalid, "\"value\" must be a number");
        case history::Kind::integer: {
            if (given.is_int64()) return history::Value{given.as_int64()};
            return fail(Code::invalid, "\"value\" must be a whole number");
        }
        case history::Kind::boolean:
            if (given.is_bool()) return history::Value{given.as_bool()};
            return fail(Code::invalid, "\"value\" must be true or false");
        case history::Kind::text:
            if (given.is_string()) return history::Value{std::string(given.as_string())};
            return fail(Code::invalid, "\"value\" must be a text");
    }
    std::unreachable();
}

io::Task<Answer> write(Call call) {
    CO_TRY(auto body, body_object(call.request, {"value"}));
    const json::value* given = body.if_contains("value");
    if (given == nullptr) co_return fail(Code::invalid, "\"value\" is missing");
    const std::string machine = call.captured(0);
    const std::string tag = call.captured(1);
    const auto organisation = call.organisation();
    auto state = co_await call.services->plant.machine(organisation, machine);
    if (!state) co_return std::unexpected(state.error());
    auto values = co_await call.services->plant.values(organisation, machine);
    if (!values) co_return std::unexpected(values.error());
    const auto current = std::ranges::find(*values, tag, &twin::TagValue::tag);
    if (current == values->end()) {
        co_return fail(Code::not_found, fmt::format("{} has no tag \"{}\"", machine, tag));
    }
    const auto catalog = call.services->desk.snapshot();
    const auto* known = catalog->tag(organisation, machine, tag);
    CO_TRY(auto value, value_of(*given, history::kind_of(current->sample.value)));
    CO_TRY_VOID(twin::check_command(*state, *current, known, value));
    const std::string told = json_text(*given);
    auto sent = co_await call.services->node.command(call.principal, *state, tag, std::move(value));
    if (!sent) co_return std::unexpected(sent.error());
    call.services->plant.record({sent->sent_at, organisation, machine, "write",
                                 fmt::format("{} = {} by {}", tag, told, call.principal->name)});
    co_return reply(json::object{{"sent_at", render_time(sent->sent_at)}, {"topic", sent->topic}},
                    202);
}

}  // namespace

void add_tag_routes(http::Router& router, Services& services) {
    serve(router, services, "PATCH", "/api/v1/machines/{machine}/tags/{tag}", &change_tag);
    serve(router, services, "POST", "/api/v1/machines/{machine}/tags/{tag}/write", &write);
}

}  // namespace lineshaft::api
