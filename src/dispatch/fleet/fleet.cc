#include "dispatch/fleet/fleet.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace lineshaft::dispatch {
namespace {

constexpr double left_metres = 300;       // from where it was accepted: it is on its way
constexpr double day_hours_usual = 8;     // a machine whose days are not known works so long
constexpr double worked_share_min = 0.5;  // who leaves after so much of the time is done
constexpr std::int64_t day_micros = 86'400'000'000;

solve::Point point_of(insight::GeoPoint where) {
    return {where.latitude, where.longitude};
}
insight::GeoPoint geo_of(solve::Point where) {
    return {where.latitude, where.longitude};
}

/// All but where it stands.
bool is_same(const FleetMachine& a, const FleetMachine& b) {
    return a.type == b.type && a.attachments == b.attachments &&
           a.available_from == b.available_from && a.available_until == b.available_until &&
           a.is_broken == b.is_broken && a.fixed_cost == b.fixed_cost &&
           a.cost_per_km == b.cost_per_km && a.cost_per_hour == b.cost_per_hour &&
           a.time_factor == b.time_factor && a.until_why == b.until_why &&
           a.drives_itself == b.drives_itself && a.weight_kg == b.weight_kg &&
           a.capacity_kg == b.capacity_kg;
}

template <class Map, class Key>
auto found_in(const Map& map, const Key& key) -> const typename Map::mapped_type* {
    const auto found = map.find(key);
    return found == map.end() ? nullptr : &found->second;
}

}  // namespace

std::string_view name_of(FleetEvent::Kind kind) {
    switch (kind) {
        case FleetEvent::Kind::breakdown: return "breakdown";
        case FleetEvent::Kind::repaired: return "repaired";
        case FleetEvent::Kind::late: return "late";
        case FleetEvent::Kind::takes_longer: return "takes_longer";
        case FleetEvent::Kind::road_closed: return "road_closed";
        case FleetEvent::Kind::road_open: return "road_open";
        case FleetEvent::Kind::rush_job: return "rush_job";
        case FleetEvent::Kind::telemetry: return "telemetry";
        case FleetEvent::Kind::by_hand: return "by_hand";
    }
    return "";
}

std::optional<FleetEvent::Kind> event_named(std::string_view name) {
    for (int i = 0; i <= static_cast<int>(FleetEvent::Kind::by_hand); ++i)
        if (name_of(static_cast<FleetEvent::Kind>(i)) == name)
            return static_cast<FleetEvent::Kind>(i);
    return std::nullopt;
}

std::optional<solve::Point> FleetSite::goal() const {
    if (position) return point_of(*position);
    if (!border) return std::nullopt;
    insight::GeoPoint middle;
    const double first = border->ring().front().longitude;
    for (const insight::GeoPoint& corner : border->ring()) {
        double longitude = corner.longitude;
        if (longitude - first > 180) longitude -= 360;
        if (first - longitude > 180) longitude += 360;
        middle.latitude += corner.latitude, middle.longitude += longitude;
    }
    middle.latitude /= double(border->ring().size()),
        middle.longitude /= double(border->ring().size());
    if (middle.longitude > 180) middle.longitude -= 360;
    if (middle.longitude < -180) middle.longitude += 360;
    return point_of(middle);
}

void Fleet::record(std::string kind, std::string id, std::optional<std::string> body) {
    if (!is_loading_) effects_.records.push_back({std::move(kind), std::move(id), std::move(body)});
}

void Fleet::set_known(std::vector<FleetSite> sites, std::vector<Known> machines) {
    sites_.clear();
    for (FleetSite& site : sites) {
        if (sites_.size() >= limits_.sites_max) break;
        if (const auto drawn = drawn_.find(site.id); drawn != drawn_.end()) {
            site.region = drawn->second.first;
            site.border = drawn->second.second;
        }
        sites_.emplace(site.id, site);
    }
    known_.clear();
    for (Known& one : machines) known_.emplace(one.id, one);
    refresh_sites();
}

void Fleet::refresh_sites() {
    std::vector<FieldSite> all;
    for (const auto& [id, site] : sites_) all.push_back({id, site.position, site.border});
    field_.set_sites(std::move(all));
    refresh_ways();
}

void Fleet::refresh_ways() {
    std::vector<FleetDesk::Way> ways;
    const auto add = [&](const std::string& from, const std::string& to, solve::Leg leg) {
        const FleetSite *a = found_in(sites_, from), *b = found_in(sites_, to);
        if (a == nullptr || b == nullptr || !a->goal() || !b->goal()) return;
        ways.push_back({*a->goal(), *b->goal(), leg});
    };
    for (const SiteLeg& leg : travel_) add(leg.from, leg.to, leg.leg);
    for (const auto& [from, to] : closed_) {
        add(from, to, solve::Travel::closed);
        add(to, from, solve::Travel::closed);
    }
    desk_.set_ways(std::move(ways));
}

// Sites and machines.

std::vector<std::string> Fleet::overlaps(const std::string& site) const {
    std::vector<std::string> found;
    const FleetSite* mine = found_in(sites_, site);
    if (mine == nullptr || !mine->border) return found;
    for (const auto& [id, other] : sites_) {
        if (id == site || !other.border) continue;
        const std::vector<insight::SitePolygon> two{*mine->border, *other.border};
        if (!insight::overlapping(two).empty()) found.push_back(id);
    }
    return found;
}

Result<void> Fleet::set_border(const std::string& site,
                               std::optional<std::vector<insight::GeoPoint>> ring) {
    const auto found = sites_.find(site);
    if (found == sites_.end())
        return fail(Code::not_found, fmt::format("there is no site {}", site));
    std::optional<insight::SitePolygon> border;
    if (ring) {
        TRY(border, insight::SitePolygon::create(std::move(*ring)));
    }
    found->second.border = border;
    drawn_[site] = {found->second.region, border};
    record("site", site, "");
    refresh_sites();
    return {};
}

Result<void> Fleet::set_region(const std::string& site, std::string region) {
    const auto found = sites_.find(site);
    if (found == sites_.end())
        return fail(Code::not_found, fmt::format("there is no site {}", site));
    found->second.region = region;
    drawn_[site] = {std::move(region), found->second.border};
    record("site", site, "");
    return {};
}

const MachineFacts& Fleet::facts(const std::string& machine) const {
    static const MachineFacts none;
    const MachineFacts* found = found_in(facts_, machine);
    return found ? *found : none;
}

const Fleet::Known* Fleet::known(const std::string& machine) const {
    return found_in(known_, machine);
}

bool Fleet::has_machine(const std::string& machine) const {
    return facts_.contains(machine) || known_.contains(machine) || field_.find(machine) != nullptr;
}

std::vector<std::string> Fleet::machine_ids() const {
    std::set<std::string> all;
    for (const auto& [id, facts] : facts_) all.insert(id);
    field_.each([&](const FieldMachine& machine) { all.insert(machine.id); });
    return {all.begin(), all.end()};
}

Result<void> Fleet::set_facts(const std::string& machine, MachineFacts facts) {
    if (!facts_.contains(machine) && facts_.size() >= field_.rules().machines_max)
        return fail(Code::exhausted,
                    fmt::format("more than {} machines", field_.rules().machines_max));
    if (!facts.serial.empty())
        for (const auto& [other, theirs] : facts_)
            if (other != machine && theirs.serial == facts.serial && theirs.maker == facts.maker)
                return fail(Code::conflict,
                            fmt::format("machine {} has that maker and serial number", other));
    facts_[machine] = std::move(facts);
    record("machine", machine, "");
    return {};
}

void Fleet::forget_machine(const std::string& machine) {
    field_.forget(machine);
    known_.erase(machine);
    if (facts_.erase(machine) > 0) record("machine", machine, std::nullopt);
    if (const auto found = desk_.machines().find(machine); found != desk_.machines().end()) {
        FleetMachine gone = found->second;
        gone.is_broken = true;
        (void)desk_.put_machine(gone);  // gives back what it has promised
        (void)desk_.remove_machine(machine);
    }
    broken_.erase(machine);
}

std::string Fleet::type_of(const std::string& machine) const {
    if (const MachineFacts& said = facts(machine); !said.type.empty()) return said.type;
    if (const Known* one = known(machine); one != nullptr && !one->kind.empty()) return one->kind;
    const FieldMachine* heard = field_.find(machine);
    return heard ? heard->kind : std::string();
}

std::string Fleet::region_of(const std::string& machine) const {
    if (const MachineFacts& said = facts(machine); !said.region.empty()) return said.region;
    if (const Known* one = known(machine))
        if (const FleetSite* site = found_in(sites_, one->site)) return site->region;
    return {};
}

std::optional<Fleet::Service> Fleet::service_of(const std::string& machine, Instant now) const {
    const MachineFacts& said = facts(machine);
    const FieldMachine* heard = field_.find(machine);
    if (!said.service_every_h || !heard || !heard->hours) {
        if (!said.service_at) return std::nullopt;
        return Service{0, std::chrono::duration<double>(*said.service_at - now).count() / 3600,
                       said.service_at};
    }
    Service service;
    service.due_at_h = said.service_last_h.value_or(0) + *said.service_every_h;
    service.due_in_h = service.due_at_h - *heard->hours;
    const double days =
        std::max(0.0, service.due_in_h) / heard->hours_per_day.value_or(day_hours_usual);
    // To a whole day: a forecast that moves with every report would make plans of a minute ago old.
    const std::int64_t at = now.micros + std::int64_t(days * double(day_micros));
    service.expected_at =
        Instant{service.due_in_h <= 0 ? now.micros : (at / day_micros + 1) * day_micros};
    if (said.service_at) service.expected_at = std::min(*service.expected_at, *said.service_at);
    return service;
}

std::string Fleet::why_not_planned(const std::string& machine, Instant now) const {
    const FieldMachine* heard = field_.find(machine);
    if (facts(machine).is_out_of_service) return "it is out of service";
    if (const std::string* why = found_in(broken_, machine))
        return "it is broken" + (why->empty() ? "" : ": " + *why);
    if (heard == nullptr) return "nothing was heard of it";
    if (!heard->fix) return "nobody knows where it is";
    if (type_of(machine).empty()) return "nobody said what type it is";
    if (const auto service = service_of(machine, now); service && service->due_in_h <= 0)
        return "its service is overdue";
    if (const auto& until = facts(machine).rent_until; until && *until <= now)
        return "its rent has ended";
    if (!desk_.machines().contains(machine) && desk_.machines().size() >= limits_.desk.machines_max)
        return fmt::format("a plan holds {} machines, and there are more",
                           limits_.desk.machines_max);
    return {};
}

std::optional<FleetMachine> Fleet::as_planned(const FieldMachine& heard, Instant now) const {
    const MachineFacts& said = facts(heard.id);
    FleetMachine one;
    one.id = heard.id;
    one.type = type_of(heard.id);
    if (!heard.fix || one.type.empty()) return std::nullopt;
    one.attachments = said.attachments;
    one.position = point_of(heard.fix->where);
    if (heard.sites.size() == 1)  // inside a site it starts from where the site's ways begin
        if (const FleetSite* site = found_in(sites_, heard.sites.front());
            site != nullptr && site->goal())
            one.position = *site->goal();
    one.is_broken = broken_.contains(heard.id) || said.is_out_of_service;
    one.fixed_cost = said.fixed_cost.value_or(0);
    one.cost_per_km = said.cost_per_km.value_or(2);
    one.cost_per_hour = said.cost_per_hour.value_or(30);
    one.time_factor = said.time_factor.value_or(1);
    one.drives_itself = said.drives_itself.value_or(true);
    one.weight_kg = said.weight_kg.value_or(0);
    one.capacity_kg = said.capacity_kg.value_or(0);
    if (const auto service = service_of(heard.id, now); service && service->expected_at) {
        one.available_until = service->expected_at;
        one.until_why = "service";
        if (service->due_in_h <= 0)
            one.is_broken = true;  // overdue: it does nothing more before that
    }
    if (said.rent_until && (!one.available_until || *said.rent_until < *one.available_until)) {
        one.available_until = said.rent_until;
        one.until_why = "rent";
        if (*said.rent_until <= now) one.is_broken = true;
    }
    if (const Instant* late = found_in(late_, heard.id); late != nullptr && *late > now)
        one.available_from = *late;
    return one;
}

void Fleet::sync(Instant now) {
    field_.each([&](const FieldMachine& heard) {
        auto wanted = as_planned(heard, now);
        if (!wanted) return;
        const FleetMachine* has = found_in(desk_.machines(), heard.id);
        if (has == nullptr && wanted->is_broken) return;
        if (has != nullptr) {
            desk_.move_machine(heard.id, wanted->position);
            if (is_same(*has, *wanted)) return;
        }
        (void)desk_.put_machine(
            std::move(*wanted));  // what does not fit is told by why_not_planned
    });
}

const FleetDesk& Fleet::desk_now(Instant now) {
    sync(now);
    return desk_;
}

// Telemetry.

void Fleet::take(std::string_view machine, std::span<const FieldValue> values, Instant received) {
    if (!field_.take(machine, values, received)) return;
    const std::string id(machine);
    const FieldMachine& heard = *field_.find(machine);
    if (heard.state != insight::Use::fault) {
        faulty_since_.erase(id);
        if (broken_by_telemetry_.erase(id) > 0) {
            broken_.erase(id);
            effects_.notes.push_back({"fleet.repaired", id, "telemetry: the fault is gone"});
            cause_ = FleetEvent{.kind = FleetEvent::Kind::repaired,
                                .machine = id,
                                .from = {},
                                .to = {},
                                .text = "telemetry",
                                .place = {}};
        }
    } else {
        faulty_since_.try_emplace(id, received);
    }
    progress(id, received);
}

void Fleet::tick(Instant now) {
    field_.look(now);
    for (auto at = faulty_since_.begin(); at != faulty_since_.end();) {
        const std::string& id = at->first;
        const FieldMachine* heard = field_.find(id);
        if (heard == nullptr || heard->state != insight::Use::fault) {
            at = faulty_since_.erase(at);
            continue;
        }
        if (now.micros - at->second.micros >= settings_.breakdown_after_s * 1'000'000 &&
            !broken_.contains(id)) {
            const std::string text = heard->fault ? heard->fault->code : heard->state_why;
            broken_[id] = text;
            broken_by_telemetry_.insert(id);
            effects_.notes.push_back({"fleet.breakdown", id, "telemetry: " + text});
            cause_ = FleetEvent{.kind = FleetEvent::Kind::breakdown,
                                .machine = id,
                                .from = {},
                                .to = {},
                                .text = text,
                                .place = {}};
            sync(now);
        }
        ++at;
    }
    std::erase_if(late_, [&](const auto& one) { return one.second <= now; });
}

bool Fleet::is_at(const FieldMachine& machine, const FleetRequest& request) const {
    if (!machine.fix) return false;
    if (!request.site_id.empty() && sites_.contains(request.site_id))
        return std::ranges::binary_search(machine.sites, request.site_id);
    return insight::metres_between(machine.fix->where, geo_of(request.site)) <=
           settings_.field.circle_metres;
}

void Fleet::progress(const std::string& machine, Instant now) {
    if (promised_version_ != desk_.version()) {
        promised_.clear();
        for (const auto& [place, allocation] : desk_.allocations())
            if (allocation.stage >= Stage::accepted && allocation.stage < Stage::done)
                promised_[allocation.machine].push_back(place);
        promised_version_ = desk_.version();
    }
    const auto found = promised_.find(machine);
    if (found == promised_.end()) return;
    const auto mine = desk_.of_machine(machine);  // first what it is at, then in order of beginning
    if (mine.empty() || mine.front()->stage < Stage::accepted) return;
    const FieldMachine& heard = *field_.find(machine);
    const PlaceOf place = mine.front()->place;
    const FleetRequest& request = desk_.requests().at(place.request);
    PlaceNote& note = notes_of_[place];
    const bool is_here = is_at(heard, request);
    const auto step = [&](Action action, std::string why) {
        if (!desk_.act(place, action, now)) return;
        effects_.notes.push_back({fmt::format("fleet.{}", name_of(action)),
                                  fmt::format("{}/{}", place.request, place.index),
                                  fmt::format("{}: {}", machine, why)});
    };
    switch (mine.front()->stage) {
        case Stage::accepted:
        case Stage::travelling:
            if (is_here) return step(Action::arrive, "inside the site");
            if (mine.front()->stage == Stage::travelling || !heard.fix) return;
            if (!note.accepted_at) note.accepted_at = heard.fix->where;
            if (insight::metres_between(*note.accepted_at, heard.fix->where) > left_metres)
                step(Action::depart, "it left where it stood");
            return;
        case Stage::arrived:
            if (!is_here || heard.state != insight::Use::working) return;
            note.hours_at_begin = heard.hours;
            return step(Action::begin, heard.state_why);
        case Stage::working: {
            const double clock_s = std::chrono::duration<double>(now - mine.front()->begin).count();
            double worked_s = clock_s;
            if (note.hours_at_begin && heard.hours && *heard.hours >= *note.hours_at_begin)
                worked_s = std::max((*heard.hours - *note.hours_at_begin) * 3600, 0.0);
            const double asked_s = double(request.duration_s);
            if (worked_s >= asked_s)
                return step(Action::finish, fmt::format("worked {:.2f} h of {:.2f} h",
                                                        worked_s / 3600, asked_s / 3600));
            if (!is_here && heard.position_trouble.empty() &&
                worked_s >= worked_share_min * asked_s)
                step(Action::finish, fmt::format("left the site after {:.2f} h of {:.2f} h",
                                                 worked_s / 3600, asked_s / 3600));
            return;
        }
        default: return;
    }
}

// Requests.

Result<std::string> Fleet::add_request(NewRequest wanted, Instant now) {
    FleetRequest& request = wanted.request;
    request.id = std::to_string(next_request_);
    request.created_at = now;
    const bool is_past = !request.windows.empty() && request.windows.back().until <= now;
    if (is_past) return fail(Code::invalid, "all its windows have closed already");
    for (const Window& window : request.windows)
        if (window.until.micros - now.micros > 366 * day_micros)
            return fail(Code::invalid, "a window closes more than a year from now");
    bool is_type_known = false;
    for (const auto& [id, machine] : desk_now(now).machines()) {
        if (machine.type != request.type) continue;
        is_type_known = true;
        break;
    }
    if (!is_type_known) {
        std::set<std::string> types;
        for (const auto& [id, machine] : desk_.machines()) types.insert(machine.type);
        std::string all;
        for (const std::string& type : types) all += (all.empty() ? "" : ", ") + type;
        return fail(Code::invalid, fmt::format("there is no machine of type \"{}\"; there are: {}",
                                               request.type, all.empty() ? "none" : all));
    }
    make_room_for_requests();
    const std::string id = request.id;
    auto added = desk_.add_request(request);
    if (!added) {
        // A request for too much will be too much again: not a matter of trying later.
        if (added.error().code == Code::exhausted)
            return fail(Code::invalid, added.error().context);
        return std::unexpected(added.error());
    }
    ++next_request_;
    record("request", id, "");
    return id;
}

void Fleet::make_room_for_requests() {
    while (desk_.requests().size() >= limits_.requests_kept) {
        const FleetRequest* oldest = nullptr;
        for (const auto& [id, request] : desk_.requests()) {
            bool is_over = true;
            for (std::uint32_t i = 0; i < request.count; ++i)
                is_over &= desk_.allocations().at({id, i}).stage >= Stage::done;
            if (is_over && (oldest == nullptr || request.created_at < oldest->created_at))
                oldest = &request;
        }
        if (oldest == nullptr) return;  // all are open: FleetLimits::places_max refuses
        const std::string id = oldest->id;
        (void)desk_.forget_request(id);
        record("request", id, std::nullopt);
    }
}

Result<void> Fleet::change_request(FleetRequest changed) {
    const std::string id = changed.id;
    TRY_VOID(desk_.change_request(std::move(changed)));
    record("request", id, "");
    effects_.requests.push_back(id);
    return {};
}

Result<void> Fleet::withdraw(const std::string& request, Instant now) {
    const FleetRequest* found = found_in(desk_.requests(), request);
    if (found == nullptr)
        return fail(Code::not_found, fmt::format("there is no request {}", request));
    std::size_t withdrawn = 0;
    for (std::uint32_t i = 0; i < found->count; ++i)
        if (desk_.act({request, i}, Action::withdraw, now)) ++withdrawn;
    if (withdrawn == 0) return fail(Code::conflict, "all of it has begun or is over");
    return {};
}

Result<void> Fleet::act(const PlaceOf& place, Action action, Instant now) {
    const Allocation* was = found_in(desk_.allocations(), place);
    const std::string machine = was ? was->machine : std::string();
    TRY_VOID(desk_.act(place, action, now));
    const FieldMachine* heard = field_.find(machine);
    PlaceNote& note = notes_of_[place];
    if (action == Action::accept) {
        note = {};
        if (heard && heard->fix) note.accepted_at = heard->fix->where;
    }
    if (action == Action::begin && heard) note.hours_at_begin = heard->hours;
    return {};
}

Result<std::size_t> Fleet::accept_until(Instant until, Instant now) {
    std::vector<PlaceOf> places;
    for (const auto& [place, allocation] : desk_.allocations())
        if (allocation.stage == Stage::planned && allocation.begin <= until)
            places.push_back(place);
    for (const PlaceOf& place : places) {
        TRY_VOID(act(place, Action::accept, now));
    }
    return places.size();
}

Result<void> Fleet::pin(const PlaceOf& place, const std::string& machine) {
    return desk_.pin(place, machine);
}
Result<void> Fleet::unpin(const PlaceOf& place) {
    return desk_.unpin(place);
}

}  // namespace lineshaft::dispatch
