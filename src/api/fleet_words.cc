// What the fleet's route files share.
#include "api/fleet_words.h"

#include <fmt/format.h>

#include "api/door.h"

namespace lineshaft::api {

std::string asked_text(const Call& call, std::string_view name) {
    return std::string(call.request.asked(name).value_or(""));
}
bool is_chinese(const Call& call) {
    const auto asked = call.request.asked("lang");
    return asked ? *asked == "zh" : call.request.header("accept-language").starts_with("zh");
}

json::object fleet_page(json::array items, json::value next) {
    return {{"items", std::move(items)}, {"next", std::move(next)}};
}

Result<bool> taken_flag(json::object& body, std::string_view name) {
    const auto found = body.find(json::string_view(name.data(), name.size()));
    if (found == body.end()) return false;
    if (!found->value().is_bool())
        return fail(Code::invalid, fmt::format("\"{}\" must be true or false", name));
    const bool value = found->value().get_bool();
    body.erase(found);
    return value;
}

Result<void> only_posted(const json::object& body) {
    for (const std::string_view name : {"id", "created_at", "created_by", "places"})
        if (body.contains(json::string_view(name.data(), name.size())))
            return fail(
                Code::invalid,
                fmt::format("the body has a member \"{}\", which is the node's to set", name));
    return {};
}

Result<std::uint32_t> place_number(std::string_view text) {
    TRY(const auto number, row_number(text));
    if (number > 1'000'000) return fail(Code::not_found, fmt::format("there is no place {}", text));
    return static_cast<std::uint32_t>(number);
}

namespace {

io::Task<Answer> without_fleet(Call) {
    co_return fail(Code::unavailable, "this node keeps no fleet");
}

}  // namespace

void serve_fleet(http::Router& router, Services& services, std::string_view method,
                 std::string_view pattern, Work work) {
    serve(router, services, method, pattern, services.fleet ? work : &without_fleet);
}

io::Task<Result<json::object>> decide(Call call, dispatch::FleetEvent cause) {
    FleetRoom* room = call.services->fleet;
    const bool zh = is_chinese(call);
    FleetRoom::Think wanted;
    wanted.by = call.principal->name.empty() ? "node" : call.principal->name;
    wanted.cause = std::move(cause);
    wanted.within_s = event_within_s;
    auto mode = [&wanted](const dispatch::Fleet& fleet, Instant) {
        wanted.is_adopted = fleet.settings().replans_itself;
    };
    co_await room->look(call.organisation(), mode);
    auto thought = co_await room->think(call.organisation(), wanted);
    json::object shown;
    // Also when nothing was adopted: then it says why, and the plan in force stays.
    auto look = [&](const dispatch::Fleet& fleet, Instant) {
        if (fleet.decisions().empty()) return;
        const dispatch::Decision* mine = &fleet.decisions().back();
        for (const auto& one : fleet.decisions())
            if (thought && one.id == thought->decision) mine = &one;
        shown = dispatch::to_json(fleet, *mine, true, zh);
    };
    co_await room->look(call.organisation(), look);
    if (!thought && shown.empty()) co_return std::unexpected(thought.error());
    co_return shown;
}

io::Task<Answer> answer_view(const Call& call, FleetView view) {
    Result<json::object> shown;
    auto look = [&](const dispatch::Fleet& fleet, Instant now) { shown = view(fleet, now); };
    co_await call.services->fleet->look(call.organisation(), look);
    if (!shown) co_return std::unexpected(std::move(shown).error());
    co_return reply(*std::move(shown));
}

io::Task<Answer> answer_change(const Call& call, FleetChange change, unsigned status) {
    json::object shown;
    auto work = [&](dispatch::Fleet& fleet, Instant now) -> Result<void> {
        TRY(shown, change(fleet, now));
        return {};
    };
    auto done = co_await change_fleet(call, work, &shown, static_cast<int>(status));
    if (!done) co_return std::unexpected(std::move(done).error());
    co_return reply(std::move(shown), status);
}

}  // namespace lineshaft::api
