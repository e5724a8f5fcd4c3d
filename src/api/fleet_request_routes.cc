// What sites ask for (docs/protocols/fleet-api.md).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "api/fleet_room.h"
#include "api/fleet_words.h"
#include "api/render.h"
#include "api/routes.h"

namespace lineshaft::api {
namespace {

using dispatch::Fleet;
using Body = json::object;

bool is_open(const Fleet& fleet, const dispatch::FleetRequest& request) {
    for (std::uint32_t i = 0; i < request.count; ++i)
        if (fleet.desk().allocations().at({request.id, i}).stage < dispatch::Stage::done)
            return true;
    return false;
}

Result<const dispatch::FleetRequest*> request_named(const Fleet& fleet, const std::string& id) {
    const auto found = fleet.desk().requests().find(id);
    if (found == fleet.desk().requests().end())
        return fail(Code::not_found, fmt::format("there is no request {}", id));
    return &found->second;
}

io::Task<Answer> fleet_requests(Call call) {
    CO_TRY(const auto limit, limit_of(call.request));
    const bool only_open = asked_text(call, "open") == "true", zh = is_chinese(call);
    std::uint64_t before = UINT64_MAX;
    if (const std::string cursor = asked_text(call, "cursor"); !cursor.empty()) {
        CO_TRY(before, row_number(cursor));
    }
    json::array items;
    json::value next = nullptr;
    auto look = [&](const Fleet& fleet, Instant) {
        std::vector<std::pair<std::uint64_t, const dispatch::FleetRequest*>> all;
        for (const auto& [id, request] : fleet.desk().requests()) {
            const std::uint64_t number = std::strtoull(id.c_str(), nullptr, 10);
            if (number < before && (!only_open || is_open(fleet, request)))
                all.emplace_back(number, &request);
        }
        std::ranges::sort(all, std::greater<>());
        for (const auto& [number, request] : all) {
            if (items.size() == limit) {
                next = items.back().as_object().at("id");
                break;
            }
            items.push_back(dispatch::request_json(fleet, *request, zh));
        }
    };
    co_await call.services->fleet->look(call.organisation(), look);
    co_return reply(fleet_page(std::move(items), std::move(next)));
}

io::Task<Answer> fleet_request(Call call) {
    FleetView view = [&](const Fleet& fleet, Instant) -> Result<Body> {
        TRY(const auto* request, request_named(fleet, call.captured(0)));
        return dispatch::request_json(fleet, *request, is_chinese(call));
    };
    auto answer = co_await answer_view(call, std::move(view));
    co_return answer;
}

io::Task<Answer> create_fleet_request(Call call) {
    CO_TRY(auto body, any_body(call.request));
    CO_TRY(const bool is_rush, taken_flag(body, "rush"));
    CO_TRY_VOID(only_posted(body));
    Body shown;
    std::string id;
    const bool zh = is_chinese(call);
    auto work = [&](Fleet& fleet, Instant now) -> Result<void> {
        TRY(auto wanted, dispatch::request_of(body, fleet.sites()));
        wanted.created_by = call.principal->name;
        TRY(id, fleet.add_request({std::move(wanted), is_rush}, now));
        shown = dispatch::request_json(fleet, fleet.desk().requests().at(id), zh);
        return {};
    };
    auto done = co_await change_fleet(call, work, &shown, 201);
    if (!done) co_return std::unexpected(done.error());
    if (is_rush) {
        dispatch::FleetEvent cause;
        cause.kind = dispatch::FleetEvent::Kind::rush_job;
        cause.place = {id, 0};
        auto decided = co_await decide(call, std::move(cause));
        if (decided) shown["decision"] = *decided;
        auto look = [&](const Fleet& fleet, Instant) {
            const auto request = request_named(fleet, id);
            if (!request) return;
            auto fresh = dispatch::request_json(fleet, **request, zh);
            shown["places"] = fresh["places"];
        };
        co_await call.services->fleet->look(call.organisation(), look);
    }
    co_return reply(shown, 201);
}

io::Task<Answer> change_fleet_request(Call call) {
    CO_TRY(const auto body, any_body(call.request));
    const std::string id = call.captured(0);
    FleetChange change = [&](Fleet& fleet, Instant) -> Result<Body> {
        TRY(const auto* request, request_named(fleet, id));
        TRY(auto changed, dispatch::changed_request(*request, body));
        TRY_VOID(fleet.change_request(std::move(changed)));
        return dispatch::request_json(fleet, fleet.desk().requests().at(id), is_chinese(call));
    };
    auto answer = co_await answer_change(call, std::move(change));
    co_return answer;
}

io::Task<Answer> withdraw_fleet_request(Call call) {
    const std::string id = call.captured(0);
    auto work = [&id](Fleet& fleet, Instant now) { return fleet.withdraw(id, now); };
    auto done = co_await change_fleet(std::move(call), std::move(work), nullptr);
    if (!done) co_return std::unexpected(done.error());
    co_return no_content();
}

}  // namespace

void add_fleet_request_routes(http::Router& router, Services& services) {
    serve_fleet(router, services, "GET", "/api/v1/fleet/requests", &fleet_requests);
    serve_fleet(router, services, "POST", "/api/v1/fleet/requests", &once<&create_fleet_request>);
    serve_fleet(router, services, "GET", "/api/v1/fleet/requests/{request}", &fleet_request);
    serve_fleet(router, services, "PATCH", "/api/v1/fleet/requests/{request}", &change_fleet_request);
    serve_fleet(router, services, "DELETE", "/api/v1/fleet/requests/{request}",
                &withdraw_fleet_request);
}

}  // namespace lineshaft::api
