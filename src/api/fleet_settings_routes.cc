// The fleet's settings, ways between sites, tables that are imported, and feeds that are polled.
#include <fmt/format.h>

#include <algorithm>

#include "api/fleet_room.h"
#include "api/fleet_words.h"
#include "api/render.h"
#include "api/routes.h"
#include "base/machine_id.h"
#include "dispatch/fleet/csv.h"
#include "dispatch/fleet/told.h"

namespace lineshaft::api {
namespace {

using dispatch::Fleet;

io::Task<Answer> fleet_settings(Call call) {
    FleetView view = [](const Fleet& fleet, Instant) { return dispatch::to_json(fleet.settings()); };
    auto answer = co_await answer_view(call, std::move(view));
    co_return answer;
}

io::Task<Answer> change_fleet_settings(Call call) {
    CO_TRY(const auto body, any_body(call.request));
    FleetChange change = [&](Fleet& fleet, Instant) -> Result<json::object> {
        TRY(auto settings, dispatch::changed_settings(fleet.settings(), body));
        fleet.set_settings(std::move(settings));
        return dispatch::to_json(fleet.settings());
    };
    auto answer = co_await answer_change(call, std::move(change));
    co_return answer;
}

json::object legs_json(const Fleet& fleet) {
    json::array legs, closed;
    for (const auto& leg : fleet.travel())
        legs.push_back(json::object{{"from", text(leg.from)},
                                    {"to", text(leg.to)},
                                    {"metres", leg.leg.metres},
                                    {"seconds", leg.leg.seconds}});
    for (const auto& [from, to] : fleet.closed_roads())
        closed.push_back(json::object{{"from", text(from)}, {"to", text(to)}});
    return {{"legs", std::move(legs)}, {"closed", std::move(closed)}};
}

io::Task<Answer> fleet_travel(Call call) {
    FleetView view = [](const Fleet& fleet, Instant) { return legs_json(fleet); };
    auto answer = co_await answer_view(call, std::move(view));
    co_return answer;
}

io::Task<Answer> set_fleet_travel(Call call) {
    CO_TRY(const auto body, body_object(call.request, {"legs"}));
    const auto* given = body.if_contains("legs");
    if (given == nullptr || !given->is_array())
        co_return fail(Code::invalid, "\"legs\" must be a list of {from, to, metres, seconds}");
    std::vector<Fleet::SiteLeg> legs;
    for (const auto& one : given->get_array()) {
        if (!one.is_object())
            co_return fail(Code::invalid,
                           "a leg must be an object with from, to, metres and seconds");
        Fleet::SiteLeg leg;
        CO_TRY(leg.from, text_member(one.get_object(), "from"));
        CO_TRY(leg.to, text_member(one.get_object(), "to"));
        CO_TRY(const auto metres, optional_number(one.get_object(), "metres"));
        CO_TRY(const auto seconds, optional_number(one.get_object(), "seconds"));
        if (!metres || !*metres || !seconds || !*seconds)
            co_return fail(Code::invalid, "a leg needs metres and seconds");
        leg.leg = {**metres, **seconds};
        legs.push_back(std::move(leg));
    }
    FleetChange change = [&](Fleet& fleet, Instant) -> Result<json::object> {
        TRY_VOID(fleet.set_travel(std::move(legs)));
        return legs_json(fleet);
    };
    auto answer = co_await answer_change(call, std::move(change));
    co_return answer;
}

// CSV.

json::object refused_line(std::size_t line, std::string_view why, bool zh) {
    return {{"line", line}, {"why", text(dispatch::told_in(why, zh))}, {"reason", told_reason(why)}};
}

io::Task<Answer> import_machines(Call call) {
    CO_TRY(const auto table, dispatch::parse_csv(call.request.body));
    const bool zh = is_chinese(call);
    std::size_t changed = 0;
    json::array refused;
    auto work = [&](Fleet& fleet, Instant) -> Result<void> {
        for (const auto& row : table.rows) {
            const std::string machine(table.cell(row, "machine"));
            auto line = dispatch::facts_row(table, row);
            Result<void> done;
            if (!line)
                done = std::unexpected(line.error());
            else if (auto id = check_machine_id(machine); !id)
                done = std::unexpected(id.error());
            else if (auto facts = dispatch::changed_facts(fleet.facts(machine), *line); !facts)
                done = std::unexpected(facts.error());
            else
                done = fleet.set_facts(machine, std::move(*facts));
            if (done)
                ++changed;
            else if (refused.size() < 1'000)
                refused.push_back(refused_line(row.line, done.error().context, zh));
        }
        return {};
    };
    auto done = co_await change_fleet(call, work, nullptr);
    if (!done) co_return std::unexpected(done.error());
    json::array notes;
    for (const std::string& note : table.notes) notes.emplace_back(text(dispatch::told_in(note, zh)));
    co_return reply(json::object{
        {"changed", changed}, {"refused", std::move(refused)}, {"notes", std::move(notes)}});
}

io::Task<Answer> import_requests(Call call) {
    CO_TRY(const auto table, dispatch::parse_csv(call.request.body));
    const bool zh = is_chinese(call);
    json::array added, refused;
    auto work = [&](Fleet& fleet, Instant now) -> Result<void> {
        for (const auto& row : table.rows) {
            auto body = dispatch::request_row(table, row, fleet.sites());
            Result<std::string> id;
            if (!body)
                id = std::unexpected(body.error());
            else if (auto wanted = dispatch::request_of(*body, fleet.sites()); !wanted)
                id = std::unexpected(wanted.error());
            else {
                wanted->created_by = call.principal->name;
                id = fleet.add_request({std::move(*wanted), false}, now);
            }
            if (id)
                added.emplace_back(text(*id));
            else if (refused.size() < 1'000)
                refused.push_back(refused_line(row.line, id.error().context, zh));
        }
        return {};
    };
    auto done = co_await change_fleet(call, work, nullptr);
    if (!done) co_return std::unexpected(done.error());
    co_return reply(json::object{{"added", std::move(added)}, {"refused", std::move(refused)}});
}

// Feeds.

json::object feed_json(const FeedFacts& feed, bool zh) {
    json::array notes, reasons;
    for (const std::string& note : feed.notes) {
        notes.emplace_back(text(dispatch::told_in(note, zh)));
        reasons.push_back(told_reason(note));
    }
    return {{"id", text(feed.id)},
            {"name", text(feed.name)},
            {"url", text(feed.url)},
            {"period_s", feed.period_s},
            {"auth", text(feed.auth)},
            {"user", text_or_null(feed.user)},
            {"token_url", text_or_null(feed.token_url)},
            {"last_at", render_time(feed.last_at)},
            {"last_error", text_or_null(dispatch::told_in(feed.last_error, zh))},
            {"last_error_reason", told_reason(feed.last_error)},
            {"machines", feed.machines},
            {"samples", feed.samples},
            {"notes", std::move(notes)},
            {"note_reasons", std::move(reasons)}};
}

io::Task<Answer> list_feeds(Call call) {
    auto all = co_await call.services->fleet->feeds(call.organisation());
    json::array items;
    for (const auto& feed : all) items.push_back(feed_json(feed, is_chinese(call)));
    co_return reply(json::object{{"items", std::move(items)}, {"next", nullptr}});
}

io::Task<Answer> create_feed(Call call) {
    CO_TRY(const auto body, body_object(call.request, {"name", "url", "period_s", "auth", "user",
                                                       "secret", "token_url"}));
    NewFeed feed;
    CO_TRY(feed.name, text_member(body, "name"));
    CO_TRY(feed.url, text_member(body, "url"));
    const auto take = [&](std::string_view name, std::string& into) -> Result<void> {
        TRY(const auto given, optional_text(body, name));
        if (given && *given) into = **given;
        return {};
    };
    CO_TRY_VOID(take("auth", feed.auth));
    CO_TRY_VOID(take("user", feed.user));
    CO_TRY_VOID(take("secret", feed.secret));
    CO_TRY_VOID(take("token_url", feed.token_url));
    CO_TRY(const auto period, optional_number(body, "period_s"));
    if (period && *period)
        feed.period_s = static_cast<std::int64_t>(std::clamp(**period, 0.0, 1e9));
    feed.once = once_key(call);
    auto added = co_await call.services->fleet->add_feed(call.organisation(), std::move(feed));
    if (!added) co_return std::unexpected(added.error());
    co_return reply(feed_json(*added, is_chinese(call)), 201);
}

io::Task<Answer> remove_feed(Call call) {
    auto removed =
        co_await call.services->fleet->remove_feed(call.organisation(), call.captured(0));
    if (!removed) co_return std::unexpected(removed.error());
    co_return no_content();
}

io::Task<Answer> poll_feed(Call call) {
    auto polled = co_await call.services->fleet->poll_feed(call.organisation(), call.captured(0));
    if (!polled) co_return std::unexpected(polled.error());
    co_return reply(feed_json(*polled, is_chinese(call)));
}

}  // namespace

void add_fleet_settings_routes(http::Router& router, Services& services) {
    serve_fleet(router, services, "GET", "/api/v1/fleet/settings", &fleet_settings);
    serve_fleet(router, services, "PATCH", "/api/v1/fleet/settings", &change_fleet_settings);
    serve_fleet(router, services, "GET", "/api/v1/fleet/travel", &fleet_travel);
    serve_fleet(router, services, "PUT", "/api/v1/fleet/travel", &set_fleet_travel);
    serve_fleet(router, services, "POST", "/api/v1/fleet/machines/import", &once<&import_machines>);
    serve_fleet(router, services, "POST", "/api/v1/fleet/requests/import", &once<&import_requests>);
    serve_fleet(router, services, "GET", "/api/v1/fleet/feeds", &list_feeds);
    serve_fleet(router, services, "POST", "/api/v1/fleet/feeds", &once<&create_feed>);
    serve_fleet(router, services, "DELETE", "/api/v1/fleet/feeds/{feed}", &remove_feed);
    serve_fleet(router, services, "POST", "/api/v1/fleet/feeds/{feed}/poll", &once<&poll_feed>);
}

}  // namespace lineshaft::api
