// The fleet: machines as they are, sites with borders, requests, plans, the cab
// (docs/protocols/fleet-api.md).
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "api/fleet_room.h"
#include "api/fleet_words.h"
#include "api/live.h"
#include "api/render.h"
#include "api/routes.h"
#include "base/machine_id.h"
#include "catalog/fleet_rows.h"

namespace lineshaft::api {
namespace {

using dispatch::Fleet;
using Body = json::object;

json::object fleet_page(json::array items, json::value next) {
    return {{"items", std::move(items)}, {"next", std::move(next)}};
}

// Machines.

io::Task<Answer> fleet_map(Call call) {
    std::string out;
    auto look = [&out](const Fleet& fleet, Instant now) {
        json::array rows;
        for (const std::string& id : fleet.machine_ids())
            rows.push_back(dispatch::map_row(fleet, id));
        out = json_text(json::object{{"at", render_time(now)},
                                     {"version", fleet.desk().version()},
                                     {"counts", dispatch::counts_json(fleet)},
                                     {"columns", dispatch::map_columns()},
                                     {"machines", std::move(rows)}});
    };
    co_await call.services->fleet->look(call.organisation(), look);
    co_return reply_text(std::move(out));
}

struct MachineFilter {
    std::string words, type, state, site, region, after;
    bool is_due = false;
};

bool contains_words(std::string_view text, std::string_view words) {
    const auto same = [](char a, char b) {
        return std::tolower(static_cast<unsigned char>(a)) ==
               std::tolower(static_cast<unsigned char>(b));
    };
    return std::search(text.begin(), text.end(), words.begin(), words.end(), same) != text.end();
}

bool is_wanted(const Fleet& fleet, const std::string& id, const MachineFilter& filter,
               Instant now) {
    if (!filter.type.empty() && fleet.type_of(id) != filter.type) return false;
    if (!filter.region.empty() && fleet.region_of(id) != filter.region) return false;
    const auto* heard = fleet.field().find(id);
    const auto state = heard ? heard->state : insight::Use::silent;
    if (!filter.state.empty() && insight::name_of(state) != filter.state) return false;
    if (!filter.site.empty() && !fleet.field().is_inside(id, filter.site)) return false;
    if (filter.is_due) {
        const auto service = fleet.service_of(id, now);
        if (!service || service->due_in_h > 50) return false;
    }
    if (filter.words.empty() || contains_words(id, filter.words) ||
        contains_words(fleet.type_of(id), filter.words))
        return true;
    const auto* known = fleet.known(id);
    return known != nullptr && contains_words(known->name, filter.words);
}

io::Task<Answer> fleet_machines(Call call) {
    CO_TRY(const auto limit, limit_of(call.request));
    MachineFilter filter{asked_text(call, "q"),
                         asked_text(call, "type"),
                         asked_text(call, "state"),
                         asked_text(call, "site"),
                         asked_text(call, "region"),
                         asked_text(call, "cursor"),
                         asked_text(call, "due") == "true"};
    json::array items;
    json::value next = nullptr;
    std::size_t total = 0;
    auto look = [&](const Fleet& fleet, Instant now) {
        std::string last;
        for (const std::string& id : fleet.machine_ids()) {
            if (!is_wanted(fleet, id, filter, now)) continue;
            ++total;
            if (id <= filter.after && !filter.after.empty()) continue;
            if (items.size() == limit) {
                if (next.is_null()) next = text(last);
                continue;
            }
            items.push_back(dispatch::machine_json(fleet, id, now));
            last = id;
        }
    };
    co_await call.services->fleet->look(call.organisation(), look);
    auto body = fleet_page(std::move(items), std::move(next));
    body["total"] = total;
    co_return reply(body);
}

io::Task<Answer> fleet_machine(Call call) {
    std::optional<Body> found;
    const std::string id = call.captured(0);
    auto look = [&](const Fleet& fleet, Instant now) {
        if (fleet.has_machine(id)) found = dispatch::machine_json(fleet, id, now);
    };
    co_await call.services->fleet->look(call.organisation(), look);
    if (!found) co_return fail(Code::not_found, fmt::format("there is no machine {}", id));
    auto today = co_await use_of_today(call, id);
    (*found)["today"] = std::move(today);
    co_return reply(*found);
}

io::Task<Answer> change_fleet_machine(Call call) {
    CO_TRY(const auto body, any_body(call.request));
    const std::string id = call.captured(0);
    CO_TRY_VOID(check_machine_id(id));
    Body shown;
    auto work = [&](Fleet& fleet, Instant now) -> Result<void> {
        if (!fleet.has_machine(id))
            return fail(Code::not_found, fmt::format("there is no machine {}", id));
        TRY(auto facts, dispatch::changed_facts(fleet.facts(id), body));
        TRY_VOID(fleet.set_facts(id, std::move(facts)));
        shown = dispatch::machine_json(fleet, id, now);
        return {};
    };
    auto done = co_await call.services->fleet->change(call.organisation(), work);
    if (!done) co_return std::unexpected(done.error());
    co_return reply(shown);
}

// Sites.

io::Task<Answer> fleet_sites(Call call) {
    json::array items;
    auto look = [&items](const Fleet& fleet, Instant) {
        for (const auto& [id, site] : fleet.sites())
            items.push_back(dispatch::site_json(fleet, site));
    };
    co_await call.services->fleet->look(call.organisation(), look);
    co_return reply(fleet_page(std::move(items), nullptr));
}

Result<insight::SitePolygon> border_of(const Body& body) {
    const auto* border = body.if_contains("border");
    if (border == nullptr)
        return fail(Code::invalid, "\"border\" must be a list of [latitude, longitude]");
    TRY(auto ring, dispatch::ring_of(*border));
    auto drawn = insight::SitePolygon::create(std::move(ring));
    if (!drawn && drawn.error().code == Code::exhausted)
        return fail(Code::invalid, drawn.error().context);
    return drawn;
}

io::Task<Answer> create_fleet_site(Call call) {
    CO_TRY(const auto body, body_object(call.request, {"name", "time_zone", "border", "region"}));
    catalog::NewSite site;
    CO_TRY(site.name, text_member(body, "name"));
    CO_TRY(site.time_zone, text_member(body, "time_zone"));
    CO_TRY(const auto region, optional_text(body, "region"));
    CO_TRY(const auto border, border_of(body));
    dispatch::FleetSite drawn;
    drawn.border = border;
    site.position = catalog::Position{drawn.goal()->latitude, drawn.goal()->longitude};
    const auto organisation = call.organisation();
    auto make = [organisation, site](catalog::Catalog& catalog) {
        return catalog.create_site(organisation, site);
    };
    auto made = co_await call.services->desk.run(std::move(make));
    if (!made) co_return std::unexpected(made.error());
    const std::string id = std::to_string(made->id.number());
    Body shown;
    auto work = [&](Fleet& fleet, Instant) -> Result<void> {
        TRY_VOID(fleet.set_border(id, border.ring()));
        if (region && *region) {
            TRY_VOID(fleet.set_region(id, **region));
        }
        shown = dispatch::site_json(fleet, fleet.sites().at(id));
        return {};
    };
    auto done = co_await call.services->fleet->change(organisation, work);
    if (!done) co_return std::unexpected(done.error());
    co_return reply(shown, 201);
}

io::Task<Answer> change_fleet_site(Call call) {
    CO_TRY(const auto body, body_object(call.request, {"border", "region", "name"}));
    CO_TRY(const auto number, row_number(call.captured(0)));
    CO_TRY(const auto region, optional_text(body, "region"));
    CO_TRY(const auto name, optional_text(body, "name"));
    const std::string id = std::to_string(number);
    std::optional<std::optional<std::vector<insight::GeoPoint>>> ring;
    if (const auto* border = body.if_contains("border")) {
        ring.emplace();
        if (!border->is_null()) {
            CO_TRY(const auto drawn, border_of(body));
            *ring = drawn.ring();
        }
    }
    const auto organisation = call.organisation();
    if (name && *name) {
        catalog::SiteChange change;
        change.name = **name;
        auto rename = [organisation, number, change](catalog::Catalog& catalog) {
            return catalog.change_site(organisation, SiteId(number), change);
        };
        auto renamed = co_await call.services->desk.run(std::move(rename));
        if (!renamed) co_return std::unexpected(renamed.error());
    }
    Body shown;
    auto work = [&](Fleet& fleet, Instant) -> Result<void> {
        if (!fleet.sites().contains(id))
            return fail(Code::not_found, fmt::format("there is no site {}", id));
        if (ring) {
            TRY_VOID(fleet.set_border(id, *ring));
        }
        if (region) {
            TRY_VOID(fleet.set_region(id, region->value_or("")));
        }
        shown = dispatch::site_json(fleet, fleet.sites().at(id));
        return {};
    };
    auto done = co_await call.services->fleet->change(organisation, work);
    if (!done) co_return std::unexpected(done.error());
    co_return reply(shown);
}

io::Task<Answer> check_fleet_site(Call call) {
    CO_TRY(const auto body, body_object(call.request, {"border", "site"}));
    CO_TRY(const auto mine, optional_text(body, "site"));
    CO_TRY(const auto border, border_of(body));
    json::array overlaps;
    auto look = [&](const Fleet& fleet, Instant) {
        for (const auto& [id, site] : fleet.sites()) {
            if (!site.border || (mine && *mine && **mine == id)) continue;
            const std::vector<insight::SitePolygon> two{border, *site.border};
            if (!insight::overlapping(two).empty()) overlaps.emplace_back(text(id));
        }
    };
    co_await call.services->fleet->look(call.organisation(), look);
    co_return reply(json::object{{"area_m2", std::round(border.area_square_metres())},
                                 {"overlaps", std::move(overlaps)}});
}

io::Task<Answer> fleet_crossings(Call call) {
    CO_TRY(const auto limit, limit_of(call.request));
    CO_TRY(const auto from, time_of(call.request, "from"));
    CO_TRY(const auto until, time_of(call.request, "until"));
    catalog::CrossingQuery query;
    query.machine = asked_text(call, "machine");
    query.site = asked_text(call, "site");
    query.from = from.value_or(Instant{});
    if (until) query.until = *until;
    query.count_max = limit + 1;
    if (const std::string cursor = asked_text(call, "cursor"); !cursor.empty()) {
        CO_TRY(query.before, row_number(cursor));
    }
    const auto organisation = call.organisation();
    auto read = [organisation, query](catalog::Catalog& catalog) {
        return catalog::crossings(catalog, organisation, query);
    };
    auto rows = co_await call.services->desk.run(std::move(read));
    if (!rows) co_return std::unexpected(rows.error());
    json::array items;
    json::value next = nullptr;
    for (const auto& row : *rows) {
        if (items.size() == limit) {
            next = text(std::to_string((*rows)[limit - 1].id));
            break;
        }
        items.push_back(json::object{{"id", text(std::to_string(row.id))},
                                     {"at", render_time(row.at)},
                                     {"machine", text(row.machine)},
                                     {"site", text(row.site)},
                                     {"kind", row.is_entered ? "entered" : "left"}});
    }
    co_return reply(fleet_page(std::move(items), std::move(next)));
}

// Requests.

bool is_open(const Fleet& fleet, const dispatch::FleetRequest& request) {
    for (std::uint32_t i = 0; i < request.count; ++i)
        if (fleet.desk().allocations().at({request.id, i}).stage < dispatch::Stage::done)
            return true;
    return false;
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
    std::optional<Body> found;
    const std::string id = call.captured(0);
    const bool zh = is_chinese(call);
    auto look = [&](const Fleet& fleet, Instant) {
        const auto request = fleet.desk().requests().find(id);
        if (request != fleet.desk().requests().end())
            found = dispatch::request_json(fleet, request->second, zh);
    };
    co_await call.services->fleet->look(call.organisation(), look);
    if (!found) co_return fail(Code::not_found, fmt::format("there is no request {}", id));
    co_return reply(*found);
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
    auto done = co_await call.services->fleet->change(call.organisation(), work);
    if (!done) co_return std::unexpected(done.error());
    if (is_rush) {
        dispatch::FleetEvent cause;
        cause.kind = dispatch::FleetEvent::Kind::rush_job;
        cause.place = {id, 0};
        auto decided = co_await decide(call, std::move(cause));
        if (decided) shown["decision"] = *decided;
        auto look = [&](const Fleet& fleet, Instant) {
            const auto request = fleet.desk().requests().find(id);
            if (request == fleet.desk().requests().end()) return;
            auto fresh = dispatch::request_json(fleet, request->second, zh);
            shown["places"] = fresh["places"];
        };
        co_await call.services->fleet->look(call.organisation(), look);
    }
    co_return reply(shown, 201);
}

io::Task<Answer> change_fleet_request(Call call) {
    CO_TRY(const auto body, any_body(call.request));
    const std::string id = call.captured(0);
    const bool zh = is_chinese(call);
    Body shown;
    auto work = [&](Fleet& fleet, Instant) -> Result<void> {
        const auto found = fleet.desk().requests().find(id);
        if (found == fleet.desk().requests().end())
            return fail(Code::not_found, fmt::format("there is no request {}", id));
        TRY(auto changed, dispatch::changed_request(found->second, body));
        TRY_VOID(fleet.change_request(std::move(changed)));
        shown = dispatch::request_json(fleet, fleet.desk().requests().at(id), zh);
        return {};
    };
    auto done = co_await call.services->fleet->change(call.organisation(), work);
    if (!done) co_return std::unexpected(done.error());
    co_return reply(shown);
}

io::Task<Answer> withdraw_fleet_request(Call call) {
    const std::string id = call.captured(0);
    auto work = [&id](Fleet& fleet, Instant now) { return fleet.withdraw(id, now); };
    auto done = co_await call.services->fleet->change(call.organisation(), work);
    if (!done) co_return std::unexpected(done.error());
    co_return no_content();
}

// The cab.

io::Task<Answer> fleet_cab(Call call) {
    std::optional<Body> found;
    const std::string id = call.captured(0);
    auto look = [&](const Fleet& fleet, Instant now) {
        if (fleet.has_machine(id)) found = dispatch::cab_json(fleet, id, now);
    };
    co_await call.services->fleet->look(call.organisation(), look);
    if (!found) co_return fail(Code::not_found, fmt::format("there is no machine {}", id));
    co_return reply(*found);
}

/// The job the cab means: the one it names, else the first it has.
Result<dispatch::PlaceOf> job_of(const Fleet& fleet, const std::string& machine,
                                 const std::string& request, std::uint32_t place) {
    for (const auto* one : fleet.desk().of_machine(machine))
        if (request.empty() || (one->place.request == request && one->place.index == place))
            return one->place;
    return fail(Code::conflict, fmt::format("{} has no such job", machine));
}

io::Task<Answer> act_in_cab(Call call) {
    CO_TRY(const auto body, body_object(call.request, {"action", "request", "place", "text"}));
    CO_TRY(const auto action, text_member(body, "action"));
    CO_TRY(const auto request, optional_text(body, "request"));
    CO_TRY(const auto words, optional_text(body, "text"));
    CO_TRY(const auto place, optional_number(body, "place"));
    const std::string id = call.captured(0);
    const bool is_event = action == "problem" || action == "fixed";
    const auto known = dispatch::action_of(action);
    if (!is_event && (!known || *known == dispatch::Action::plan ||
                      *known == dispatch::Action::unplan || *known == dispatch::Action::withdraw))
        co_return fail(Code::invalid,
                       "action must be accept, depart, arrive, begin, finish, problem or fixed");
    dispatch::FleetEvent event;
    event.kind = action == "problem" ? dispatch::FleetEvent::Kind::breakdown
                                     : dispatch::FleetEvent::Kind::repaired;
    event.machine = id;
    event.text = words && *words ? **words : "";
    auto work = [&](Fleet& fleet, Instant now) -> Result<void> {
        if (!fleet.has_machine(id))
            return fail(Code::not_found, fmt::format("there is no machine {}", id));
        if (is_event) return fleet.happen(event, now);
        TRY(const auto which, job_of(fleet, id, request ? request->value_or("") : "",
                                     place && *place ? static_cast<std::uint32_t>(**place) : 0));
        return fleet.act(which, *known, now);
    };
    auto done = co_await call.services->fleet->change(call.organisation(), work);
    if (!done) co_return std::unexpected(done.error());
    if (is_event) {
        auto decided = co_await decide(call, event);
        if (!decided) co_return std::unexpected(decided.error());
    }
    auto shown = co_await fleet_cab(std::move(call));
    co_return shown;
}

// The live stream.

struct FleetStream : EventStream {
    using EventStream::EventStream;
    std::unique_ptr<FleetWatch> watch{};
};

io::Task<Answer> fleet_live(Call call) {
    auto stream = std::make_shared<FleetStream>(call);
    stream->watch = call.services->fleet->watch(
        call.organisation(), [raw = stream.get()](std::string_view event, const std::string& data) {
            raw->queue.push_text(event, data);
        });
    if (!stream->watch) co_return fail(Code::exhausted, "as many live streams as allowed are open");
    end_with_rights(stream);
    stream->queue.push_comment();
    co_return event_stream(std::move(stream));
}

}  // namespace

void add_fleet_routes(http::Router& router, Services& services) {
    serve_fleet(router, services, "GET", "/api/v1/fleet/map", &fleet_map);
    serve_fleet(router, services, "GET", "/api/v1/fleet/machines", &fleet_machines);
    serve_fleet(router, services, "GET", "/api/v1/fleet/machines/{machine}", &fleet_machine);
    serve_fleet(router, services, "PATCH", "/api/v1/fleet/machines/{machine}", &change_fleet_machine);
    serve_fleet(router, services, "GET", "/api/v1/fleet/sites", &fleet_sites);
    serve_fleet(router, services, "POST", "/api/v1/fleet/sites", &create_fleet_site);
    serve_fleet(router, services, "PATCH", "/api/v1/fleet/sites/{site}", &change_fleet_site);
    serve_fleet(router, services, "POST", "/api/v1/fleet/sites/check", &check_fleet_site);
    serve_fleet(router, services, "GET", "/api/v1/fleet/crossings", &fleet_crossings);
    serve_fleet(router, services, "GET", "/api/v1/fleet/requests", &fleet_requests);
    serve_fleet(router, services, "POST", "/api/v1/fleet/requests", &create_fleet_request);
    serve_fleet(router, services, "GET", "/api/v1/fleet/requests/{request}", &fleet_request);
    serve_fleet(router, services, "PATCH", "/api/v1/fleet/requests/{request}", &change_fleet_request);
    serve_fleet(router, services, "DELETE", "/api/v1/fleet/requests/{request}", &withdraw_fleet_request);
    serve_fleet(router, services, "GET", "/api/v1/fleet/cabs/{machine}", &fleet_cab);
    serve_fleet(router, services, "POST", "/api/v1/fleet/cabs/{machine}/actions", &act_in_cab);
    serve_fleet(router, services, "GET", "/api/v1/fleet/live", &fleet_live);
    add_fleet_plan_routes(router, services);
    add_fleet_settings_routes(router, services);
    add_fleet_history_routes(router, services);
}

}  // namespace lineshaft::api
