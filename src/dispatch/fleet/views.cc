// The fleet's things as the API shows them (docs/protocols/fleet-api.md).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "dispatch/fleet/codec.h"
#include "dispatch/fleet/reader.h"
#include "dispatch/fleet/words.h"

namespace lineshaft::dispatch {
namespace {

json::string shown_time(Instant at) {
    return words(to_rfc3339(at));
}
double rounded(double value, double step) {
    const double steps = std::round(1 / step);
    return std::round(value * steps) / steps;
}

const FleetRequest* request_at(const Fleet& fleet, const PlaceOf& place) {
    const auto found = fleet.desk().requests().find(place.request);
    return found != fleet.desk().requests().end() ? &found->second : nullptr;
}

json::object place_object(const Fleet& fleet, const Allocation& one, const LeftOut* out,
                          bool is_chinese) {
    const bool is_placed = one.stage != Stage::requested && one.stage != Stage::withdrawn;
    json::object body{{"index", one.place.index},
                      {"stage", words(name_of(one.stage))},
                      {"machine", or_null(one.machine)},
                      {"arrival", is_placed ? json::value(shown_time(one.arrival)) : nullptr},
                      {"begin", is_placed ? json::value(shown_time(one.begin)) : nullptr},
                      {"end", is_placed ? json::value(shown_time(one.end)) : nullptr},
                      {"is_pinned", fleet.desk().pinned_to(one.place) != nullptr},
                      {"why_not", nullptr},
                      {"why_not_reason", nullptr}};
    if (out != nullptr) {
        const FleetRequest* request = request_at(fleet, one.place);
        const std::string type = request ? request->type : "";
        body["why_not"] = words(sentence_of(*out, type, is_chinese));
        json::object reason{
            {"code", out->is_past ? words("past") : words(solve::name_of(out->why))}};
        if (!type.empty()) reason["text"] = words(type);
        if (out->rent_cost && !out->is_past) reason["rent_cost"] = *out->rent_cost;
        body["why_not_reason"] = std::move(reason);
    }
    return body;
}

const LeftOut* left_out_of(const FleetPlan& plan, const PlaceOf& place) {
    const auto found = std::ranges::lower_bound(plan.left_out, place, {}, &LeftOut::place);
    return found != plan.left_out.end() && found->place == place ? &*found : nullptr;
}

json::object haul_object(const Haul& haul) {
    if (haul.loader.empty())
        return {{"loader", nullptr},
                {"why", words(solve::name_of(haul.why))},
                {"advice", "rent a low-loader"}};
    return {{"loader", words(haul.loader)},
            {"leaves", shown_time(haul.leaves)},
            {"arrives", shown_time(haul.arrives)}};
}

json::value haul_of(const FleetPlan& plan, const PlaceOf& place) {
    const auto found = std::ranges::lower_bound(plan.hauls, place, {}, &Haul::place);
    const bool is_hauled = found != plan.hauls.end() && found->place == place;
    return is_hauled ? json::value(haul_object(*found)) : json::value(nullptr);
}

json::array actions_of(Stage stage) {
    switch (stage) {
        case Stage::planned: return {"accept"};
        case Stage::accepted: return {"depart", "arrive"};
        case Stage::travelling: return {"arrive"};
        case Stage::arrived: return {"begin", "finish"};
        case Stage::working: return {"finish"};
        default: return {};
    }
}

}  // namespace

json::object to_json(const FleetCandidate& one, const FleetCandidate* best, bool is_chinese) {
    const solve::Candidate& terms = one.terms;
    const bool is_possible = terms.obstacle == solve::Obstacle::none;
    json::array missing;
    for (const std::string& word : one.missing) missing.emplace_back(words(word));
    json::object body{
        {"machine", words(one.machine)},
        {"is_possible", is_possible},
        {"arrival", or_null(one.arrival)},
        {"begin", or_null(one.begin)},
        {"distance_m", rounded(terms.metres_from_start, 1)},
        {"extra_cost", is_possible ? json::value(rounded(terms.extra_cost, 0.01)) : nullptr}};
    if (is_possible)
        body["terms"] = json::object{
            {"fixed", terms.extra_fixed},
            {"way", rounded(terms.extra_cost - terms.extra_fixed - terms.extra_changed, 0.01)},
            {"changed", terms.extra_changed},
            {"extra_metres", rounded(terms.extra_metres, 1)},
            {"extra_driving_s", rounded(terms.extra_driving_s, 1)},
            {"slack_s", rounded(std::min(terms.slack_s, 1e9), 1)}};
    else
        body["terms"] = nullptr;
    body["obstacle"] =
        is_possible ? json::value(nullptr) : json::value(words(solve::name_of(terms.obstacle)));
    body["late_s"] =
        is_possible ? json::value(nullptr) : json::value(rounded(std::min(terms.late_s, 1e9), 1));
    body["missing"] = std::move(missing);
    body["delays"] = one.delayed
                         ? json::value(json::object{{"request", words(one.delayed->request)},
                                                    {"place", one.delayed->index}})
                         : json::value(nullptr);
    body["available_until"] = or_null(one.available_until);
    body["until_why"] = or_null(one.until_why);
    body["sentence"] = words(sentence_of(one, best, is_chinese));
    return body;
}

json::array changes_json(const std::vector<Change>& changes, bool is_chinese) {
    json::array all;
    for (const Change& change : changes) {
        json::object terms{
            {"from",
             change.from_terms
                 ? json::value(to_json(*change.from_terms,
                                       change.to_terms ? &*change.to_terms : nullptr, is_chinese))
                 : nullptr},
            {"to", change.to_terms ? json::value(to_json(*change.to_terms, nullptr, is_chinese))
                                   : nullptr}};
        all.push_back(json::object{{"request", words(change.place.request)},
                                   {"place", change.place.index},
                                   {"from", or_null(change.from)},
                                   {"to", or_null(change.to)},
                                   {"shift_s", change.shift_s},
                                   {"sentence", words(sentence_of(change, is_chinese))},
                                   {"terms", std::move(terms)}});
    }
    return all;
}

namespace {

json::object call_json(const Fleet& fleet, const FleetPlan& plan, const Allocation& one) {
    const FleetRequest* request = request_at(fleet, one.place);
    return {{"request", words(one.place.request)},
            {"place", one.place.index},
            {"title", or_null(request ? request->title : "")},
            {"site", or_null(request ? request->site_id : "")},
            {"latitude", request ? json::value(request->site.latitude) : nullptr},
            {"longitude", request ? json::value(request->site.longitude) : nullptr},
            {"stage", words(name_of(one.stage))},
            {"arrival", shown_time(one.arrival)},
            {"begin", shown_time(one.begin)},
            {"end", shown_time(one.end)},
            {"way_metres", rounded(one.way_metres, 1)},
            {"late_s", rounded(one.late_s, 1)},
            {"is_pinned", fleet.desk().pinned_to(one.place) != nullptr},
            {"haul", haul_of(plan, one.place)}};
}

json::array routes_json(const Fleet& fleet, const FleetPlan& plan, bool is_in_force) {
    std::vector<Allocation> present;  // of the plan in force: as they are by now
    if (is_in_force) {
        for (const auto& [place, one] : fleet.desk().allocations())
            if (one.stage > Stage::requested && one.stage < Stage::done) present.push_back(one);
    }
    std::map<std::string, std::vector<const Allocation*>> by_machine;
    for (const Allocation& one : is_in_force ? present : plan.allocations)
        by_machine[one.machine].push_back(&one);
    json::array routes;
    for (auto& [machine, mine] : by_machine) {
        std::ranges::sort(mine, {}, &Allocation::begin);
        json::array calls;
        for (const Allocation* one : mine) calls.push_back(call_json(fleet, plan, *one));
        routes.push_back(json::object{{"machine", words(machine)}, {"calls", std::move(calls)}});
    }
    return routes;
}

json::array left_out_json(const Fleet& fleet, const FleetPlan& plan, bool is_in_force,
                          bool is_chinese) {
    const auto& allocations = fleet.desk().allocations();
    json::array left_out;
    for (const LeftOut& out : plan.left_out) {
        const FleetRequest* request = request_at(fleet, out.place);
        const auto place = allocations.find(out.place);
        if (is_in_force &&
            (place == allocations.end() || place->second.stage != Stage::requested))
            continue;
        left_out.push_back(json::object{
            {"request", words(out.place.request)},
            {"place", out.place.index},
            {"why", out.is_past ? words("past") : words(solve::name_of(out.why))},
            {"rent_cost", or_null(out.rent_cost)},
            {"advice", out.rent_cost && !out.is_past ? json::value("rent") : json::value(nullptr)},
            {"sentence", words(sentence_of(out, request ? request->type : "", is_chinese))}});
    }
    return left_out;
}

json::array tours_json(const Fleet& fleet, const FleetPlan& plan) {
    json::array tours;
    for (const Tour& tour : plan.tours) {
        json::array stops;
        for (const HaulStop& stop : tour.stops) {
            const auto machine = fleet.desk().machines().find(stop.machine);
            stops.push_back(
                json::object{{"kind", stop.is_unload ? "unload" : "load"},
                             {"machine", words(stop.machine)},
                             {"request", words(stop.place.request)},
                             {"place", stop.place.index},
                             {"latitude", stop.where.latitude},
                             {"longitude", stop.where.longitude},
                             {"arrival", shown_time(stop.arrival)},
                             {"begin", shown_time(stop.begin)},
                             {"end", shown_time(stop.end)},
                             {"weight_kg", machine == fleet.desk().machines().end()
                                               ? json::value(nullptr)
                                               : json::value(machine->second.weight_kg)}});
        }
        tours.push_back(json::object{{"loader", words(tour.loader)}, {"stops", std::move(stops)}});
    }
    return tours;
}

}  // namespace

json::object to_json(const Fleet& fleet, const FleetPlan& plan, bool is_in_force, bool is_chinese) {
    const solve::Cost& cost = plan.cost;
    return {{"version", plan.version},
            {"made_at", plan.made_at == Instant{} ? json::value(nullptr)
                                                  : json::value(shown_time(plan.made_at))},
            {"is_in_force", is_in_force},
            {"cost", json::object{{"total", rounded(cost.total(), 0.01)},
                                  {"fixed", cost.fixed},
                                  {"distance", rounded(cost.distance, 0.01)},
                                  {"time", rounded(cost.time, 0.01)},
                                  {"skipped", cost.skipped},
                                  {"changed", cost.changed},
                                  {"missing", cost.missing}}},
            {"is_checked", true},
            {"routes", routes_json(fleet, plan, is_in_force)},
            {"left_out", left_out_json(fleet, plan, is_in_force, is_chinese)},
            {"tours", tours_json(fleet, plan)},
            {"changes", changes_json(plan.changes, is_chinese)}};
}

json::object to_json(const Fleet&, const Decision& one, bool with_changes, bool is_chinese) {
    json::object body{{"id", words(std::to_string(one.id))},
                      {"at", shown_time(one.at)},
                      {"by", words(one.by)},
                      {"cause", to_json(one.cause)},
                      {"version", one.version},
                      {"took_ms", one.took_ms},
                      {"cost_before", rounded(one.cost_before, 0.01)},
                      {"cost_after", rounded(one.cost_after, 0.01)},
                      {"kept", one.kept},
                      {"left_out", one.left_out},
                      {"was_adopted", one.was_adopted},
                      {"why", or_null(sentence_of(one.why, is_chinese))},
                      {"why_reason", to_json(one.why)},
                      {"parts_ms", json::object{{"prepare", rounded(one.took.prepare_s * 1000, 1)},
                                                {"search", rounded(one.took.search_s * 1000, 1)},
                                                {"explain", rounded(one.took.explain_s * 1000, 1)}}},
                      {"proposal", or_null(one.proposal)},
                      {"changes_count", one.changes.size()}};
    if (with_changes) body["changes"] = changes_json(one.changes, is_chinese);
    return body;
}

json::object request_json(const Fleet& fleet, const FleetRequest& request, bool is_chinese) {
    json::object body = to_json(request);
    json::array places;
    for (std::uint32_t i = 0; i < request.count; ++i) {
        const auto found = fleet.desk().allocations().find({request.id, i});
        if (found == fleet.desk().allocations().end()) continue;
        const LeftOut* out = found->second.stage == Stage::requested
                                 ? left_out_of(fleet.plan(), found->first)
                                 : nullptr;
        places.push_back(place_object(fleet, found->second, out, is_chinese));
    }
    body["places"] = std::move(places);
    return body;
}

json::array map_columns() {
    return {"id",      "name",  "type",         "latitude", "longitude",
            "heading", "state", "last_seen_ms", "fault",    "site"};
}

json::array map_row(const Fleet& fleet, const std::string& machine) {
    const FieldMachine* heard = fleet.field().find(machine);
    const Fleet::Known* known = fleet.known(machine);
    json::array row{words(machine), or_null(known ? known->name : ""),
                    or_null(fleet.type_of(machine))};
    if (heard == nullptr) {
        for (json::value one :
             json::array{nullptr, nullptr, nullptr, "silent", nullptr, nullptr, nullptr})
            row.push_back(std::move(one));
        return row;
    }
    row.push_back(heard->fix ? json::value(rounded(heard->fix->where.latitude, 1e-6))
                             : json::value(nullptr));
    row.push_back(heard->fix ? json::value(rounded(heard->fix->where.longitude, 1e-6))
                             : json::value(nullptr));
    row.push_back(heard->heading ? json::value(rounded(*heard->heading, 1)) : json::value(nullptr));
    row.push_back(words(insight::name_of(heard->state)));
    row.push_back(heard->last_seen.millis());
    row.push_back(heard->fault ? json::value(words(heard->fault->code)) : json::value(nullptr));
    row.push_back(heard->sites.empty() ? json::value(nullptr)
                                       : json::value(words(heard->sites.front())));
    return row;
}

json::object counts_json(const Fleet& fleet) {
    std::array<std::int64_t, 5> counts{};
    fleet.field().each(
        [&](const FieldMachine& machine) { ++counts[static_cast<std::size_t>(machine.state)]; });
    json::object body;
    for (std::size_t i = 0; i < counts.size(); ++i)
        body[words(insight::name_of(static_cast<insight::Use>(i)))] = counts[i];
    return body;
}

json::object machine_json(const Fleet& fleet, const std::string& id, Instant now) {
    static const FieldMachine nothing;
    const FieldMachine* found = fleet.field().find(id);
    const FieldMachine& heard = found ? *found : nothing;
    const Fleet::Known* known = fleet.known(id);
    json::value position = nullptr, service = nullptr, job = nullptr;
    if (heard.fix)
        position = json::object{{"latitude", heard.fix->where.latitude},
                                {"longitude", heard.fix->where.longitude},
                                {"accuracy_m", heard.fix->accuracy_metres},
                                {"at", shown_time(heard.fix->at)}};
    if (const auto due = fleet.service_of(id, now))
        service = json::object{{"due_at_h", due->due_at_h},
                               {"due_in_h", rounded(due->due_in_h, 0.01)},
                               {"expected_at", or_null(due->expected_at)}};
    const auto jobs = fleet.desk().of_machine(id);
    if (!jobs.empty())
        job = json::object{{"request", words(jobs.front()->place.request)},
                           {"place", jobs.front()->place.index},
                           {"stage", words(name_of(jobs.front()->stage))}};
    json::array faults, sites;
    if (heard.fault) {
        const auto code = j1939_of(heard.fault->code);
        faults.push_back(json::object{{"code", words(heard.fault->code)},
                                      {"spn", code ? json::value(code->first) : nullptr},
                                      {"fmi", code ? json::value(code->second) : nullptr},
                                      {"at", shown_time(heard.fault->since)},
                                      {"stops", heard.fault_stops}});
    }
    for (const std::string& site : heard.sites) sites.emplace_back(words(site));
    const Reason why_not = fleet.why_not_planned(id, now);
    const Fleet::Guest* guest = fleet.guest(id);
    std::optional<double> per_hour;
    if (heard.fuel_used_l && heard.hours && *heard.hours > 1)
        per_hour = rounded(*heard.fuel_used_l / *heard.hours, 0.01);
    json::object body{
        {"id", words(id)},
        {"name", or_null(known ? known->name : "")},
        {"type", or_null(fleet.type_of(id))},
        {"region", or_null(fleet.region_of(id))},
        {"state", words(insight::name_of(heard.state))},
        {"state_since", found ? json::value(shown_time(heard.state_since)) : nullptr},
        {"state_why", or_null(sentence_of(heard.state_why, false))},
        {"state_reason", to_json(heard.state_why)},
        {"last_seen", found ? json::value(shown_time(heard.last_seen)) : nullptr},
        {"position", std::move(position)},
        {"position_trouble", or_null(heard.position_trouble)},
        {"clock_trouble_s", heard.clock_trouble_s ? json::value(*heard.clock_trouble_s) : nullptr},
        {"heading_deg", or_null(heard.heading)},
        {"speed_kmh", or_null(heard.speed_kmh)},
        {"site",
         heard.sites.empty() ? json::value(nullptr) : json::value(words(heard.sites.front()))},
        {"sites", std::move(sites)},
        {"hours", or_null(heard.hours)},
        {"idle_hours", or_null(heard.idle_hours)},
        {"fuel_percent", or_null(heard.fuel_percent)},
        {"fuel_used_l", or_null(heard.fuel_used_l)},
        {"fuel_l_per_h", or_null(per_hour)},
        {"load_percent", or_null(heard.load_percent)},
        {"rpm", or_null(heard.rpm)},
        {"faults", std::move(faults)},
        {"service", std::move(service)},
        {"job", std::move(job)},
        {"can_be_planned", why_not.empty()},
        {"why_not", or_null(sentence_of(why_not, false))},
        {"why_not_reason", to_json(why_not)},
        {"shared_by", guest ? json::value(words(why_not.text)) : nullptr},
        {"is_shared", fleet.customers_of(id) != nullptr},
        {"facts", to_json(fleet.facts(id))}};
    return body;
}

json::object site_json(const Fleet& fleet, const FleetSite& site) {
    json::array machines, overlaps;
    fleet.field().each([&](const FieldMachine& machine) {
        if (std::ranges::binary_search(machine.sites, site.id))
            machines.emplace_back(words(machine.id));
    });
    for (const std::string& other : fleet.overlaps(site.id)) overlaps.emplace_back(words(other));
    const auto goal = site.goal();
    return {{"id", words(site.id)},
            {"name", words(site.name)},
            {"time_zone", words(site.time_zone)},
            {"latitude", goal ? json::value(goal->latitude) : nullptr},
            {"longitude", goal ? json::value(goal->longitude) : nullptr},
            {"border", site.border ? json::value(to_json(site.border->ring())) : nullptr},
            {"area_m2",
             site.border ? json::value(rounded(site.border->area_square_metres(), 1)) : nullptr},
            {"region", or_null(site.region)},
            {"machines", std::move(machines)},
            {"overlaps", std::move(overlaps)}};
}

json::object cab_json(const Fleet& fleet, const std::string& id, Instant now) {
    const FieldMachine* heard = fleet.field().find(id);
    const Fleet::Known* known = fleet.known(id);
    json::value current = nullptr, position = nullptr;
    json::array next;
    for (const Allocation* one : fleet.desk().of_machine(id)) {
        const FleetRequest& request = fleet.desk().requests().at(one->place.request);
        const auto site = fleet.sites().find(request.site_id);
        json::object job{
            {"request", words(one->place.request)},
            {"place", one->place.index},
            {"title", or_null(request.title)},
            {"site_name", site == fleet.sites().end() ? json::value(nullptr)
                                                      : json::value(words(site->second.name))},
            {"latitude", request.site.latitude},
            {"longitude", request.site.longitude},
            {"stage", words(name_of(one->stage))},
            {"arrival", shown_time(one->arrival)},
            {"begin", shown_time(one->begin)},
            {"end", shown_time(one->end)},
            {"duration_s", request.duration_s},
            {"note", or_null(request.note)},
            {"actions", actions_of(one->stage)},
            {"haul", haul_of(fleet.plan(), one->place)}};
        if (current.is_null() && one->stage >= Stage::accepted)
            current = std::move(job);
        else if (next.size() < 20)
            next.push_back(std::move(job));
    }
    if (heard && heard->fix)
        position = json::object{{"latitude", heard->fix->where.latitude},
                                {"longitude", heard->fix->where.longitude}};
    const auto service = fleet.service_of(id, now);
    const Reason why_not = fleet.why_not_planned(id, now);
    return {{"machine", words(id)},
            {"name", or_null(known ? known->name : "")},
            {"type", or_null(fleet.type_of(id))},
            {"state", words(insight::name_of(heard ? heard->state : insight::Use::silent))},
            {"position", std::move(position)},
            {"now", std::move(current)},
            {"next", std::move(next)},
            {"service_due_in_h", service ? json::value(rounded(service->due_in_h, 0.01)) : nullptr},
            {"why_not", or_null(sentence_of(why_not, false))},
            {"why_not_reason", to_json(why_not)}};
}

}  // namespace lineshaft::dispatch
