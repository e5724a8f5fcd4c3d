// The fleet: machines as they are, sites with borders, requests, plans, the cab
// (docs/protocols/fleet-api.md).
#include <fmt/format.h>

#include <algorithm>

#include "api/fleet_past.h"
#include "api/fleet_room.h"
#include "api/fleet_words.h"
#include "api/live.h"
#include "api/render.h"
#include "api/routes.h"
#include "base/machine_id.h"

namespace lineshaft::api {
namespace {

using dispatch::Fleet;
using Body = json::object;

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
    if (!found) co_return no_machine(id);
    auto today = co_await use_of_today(call, id);
    (*found)["today"] = std::move(today);
    co_return reply(*found);
}

io::Task<Answer> change_fleet_machine(Call call) {
    CO_TRY(const auto body, any_body(call.request));
    const std::string id = call.captured(0);
    FleetChange change = [&](Fleet& fleet, Instant now) -> Result<Body> {
        if (fleet.guest(id) == nullptr) {
            TRY_VOID(check_machine_id(id));
        }
        if (!fleet.has_machine(id)) return no_machine(id);
        TRY(auto facts, dispatch::changed_facts(fleet.facts(id), body));
        TRY_VOID(fleet.set_facts(id, std::move(facts)));
        return dispatch::machine_json(fleet, id, now);
    };
    auto answer = co_await answer_change(call, std::move(change));
    co_return answer;
}

// Customers: other organisations of the node that see single machines of ours.

Body shares_json(const Call& call, const std::string& machine,
                 const std::set<std::uint32_t>& customers) {
    json::array all;
    const auto catalog = call.services->desk.snapshot();
    for (const std::uint32_t number : customers)
        if (const auto* one = catalog->organisation(OrganisationId(number)))
            all.push_back(json::object{{"id", text(std::to_string(number))},
                                       {"name", text(one->name)}});
    return {{"machine", text(machine)}, {"organisations", std::move(all)}};
}

io::Task<Answer> fleet_shares(Call call) {
    const std::string id = call.captured(0);
    std::optional<std::set<std::uint32_t>> customers;
    auto look = [&](const Fleet& fleet, Instant) {
        if (!fleet.has_machine(id)) return;
        const auto* found = fleet.customers_of(id);
        customers = found ? *found : std::set<std::uint32_t>();
    };
    co_await call.services->fleet->look(call.organisation(), look);
    if (!customers) co_return no_machine(id);
    co_return reply(shares_json(call, id, *customers));
}

/// Names or numbers of organisations of this node, but for our own.
Result<std::set<std::uint32_t>> customers_named(const Call& call, const Body& body) {
    const auto* names = body.if_contains("organisations");
    if (names == nullptr || !names->is_array())
        return fail(Code::invalid, "\"organisations\" must be a list of their names or ids");
    std::set<std::uint32_t> customers;
    const auto catalog = call.services->desk.snapshot();
    for (const auto& name : names->get_array()) {
        if (!name.is_string())
            return fail(Code::invalid, "\"organisations\" must be a list of texts");
        const std::string said(name.get_string());
        const catalog::Organisation* found = catalog->organisation(std::string_view(said));
        if (const auto number = row_number(said); found == nullptr && number &&
                                                  *number <= UINT32_MAX)
            found = catalog->organisation(OrganisationId(static_cast<std::uint32_t>(*number)));
        if (found == nullptr)
            return fail(Code::invalid, fmt::format("there is no organisation \"{}\"", said));
        if (found->id == call.organisation())
            return fail(Code::invalid, fmt::format("{} has the machine already", said));
        customers.insert(found->id.number());
    }
    return customers;
}

io::Task<Answer> set_fleet_shares(Call call) {
    CO_TRY(const auto body, body_object(call.request, {"organisations"}));
    CO_TRY(const auto customers, customers_named(call, body));
    const std::string id = call.captured(0);
    auto work = [&](Fleet& fleet, Instant) { return fleet.share(id, customers); };
    auto done = co_await change_fleet(call, work, nullptr);
    if (!done) co_return std::unexpected(done.error());
    co_return reply(shares_json(call, id, customers));
}

// The cab.

io::Task<Answer> fleet_cab(Call call) {
    FleetView view = [id = call.captured(0)](const Fleet& fleet, Instant now) -> Result<Body> {
        if (!fleet.has_machine(id)) return no_machine(id);
        return dispatch::cab_json(fleet, id, now);
    };
    auto answer = co_await answer_view(call, std::move(view));
    co_return answer;
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
        if (!fleet.has_machine(id)) return no_machine(id);
        if (is_event) return fleet.happen(event, now);
        TRY(const auto which, job_of(fleet, id, request ? request->value_or("") : "",
                                     place && *place ? static_cast<std::uint32_t>(**place) : 0));
        return fleet.act(which, *known, now);
    };
    auto done = co_await change_fleet(call, work, nullptr);
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
    serve_fleet(router, services, "GET", "/api/v1/fleet/cabs/{machine}", &fleet_cab);
    serve_fleet(router, services, "POST", "/api/v1/fleet/cabs/{machine}/actions",
                &once<&act_in_cab>);
    serve_fleet(router, services, "GET", "/api/v1/fleet/live", &fleet_live);
    serve_fleet(router, services, "GET", "/api/v1/fleet/machines/{machine}/shares", &fleet_shares);
    serve_fleet(router, services, "PUT", "/api/v1/fleet/machines/{machine}/shares",
                &set_fleet_shares);
    add_fleet_site_routes(router, services);
    add_fleet_request_routes(router, services);
    add_fleet_plan_routes(router, services);
    add_fleet_settings_routes(router, services);
    add_fleet_history_routes(router, services);
    add_fleet_use_routes(router, services);
}

}  // namespace lineshaft::api
