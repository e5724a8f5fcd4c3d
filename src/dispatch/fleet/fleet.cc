#include "dispatch/fleet/fleet.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "dispatch/fleet/lookup.h"

namespace lineshaft::dispatch {
namespace {

constexpr double left_metres = 300;       // from where it was accepted: it is on its way
constexpr double worked_share_min = 0.5;  // who leaves after so much of the time is done

solve::Point point_of(insight::GeoPoint where) {
    return {where.latitude, where.longitude};
}
insight::GeoPoint geo_of(solve::Point where) {
    return {where.latitude, where.longitude};
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
    for (Known& one : machines) {  // mostly ascending
        const std::string id = one.id;
        known_.emplace_hint(known_.end(), id, std::move(one));
    }
    is_all_stale_ = true;
    ++told_version_;
    refresh_sites();
}

void Fleet::refresh_sites() {
    std::vector<FieldSite> all;
    for (const auto& [id, site] : sites_) all.push_back({id, site.position, site.border});
    field_.set_sites(std::move(all));
    is_all_stale_ = true;
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
    if (const MachineFacts* found = found_in(facts_, machine)) return *found;
    const Guest* one = guest(machine);
    return one ? one->facts : none;
}

const Fleet::Known* Fleet::known(const std::string& machine) const {
    if (const Guest* one = guest(machine)) return &one->known;
    return found_in(known_, machine);
}

bool Fleet::has_machine(const std::string& machine) const {
    return facts_.contains(machine) || known_.contains(machine) || guests_.contains(machine) ||
           field_.find(machine) != nullptr;
}

std::vector<std::string> Fleet::machine_ids() const {
    std::set<std::string> all;
    for (const auto& [id, facts] : facts_) all.insert(id);
    for (const auto& [id, one] : guests_) all.insert(id);
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
    stale(machine);
    ++told_version_;
    record("machine", machine, "");
    return {};
}

void Fleet::forget_machine(const std::string& machine) {
    field_.forget(machine);
    known_.erase(machine);
    if (shares_.erase(machine) > 0) record("share", machine, std::nullopt);
    ++told_version_;
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

// Telemetry.

void Fleet::take(std::string_view machine, std::span<const FieldValue> values, Instant received) {
    if (!field_.take(machine, values, received)) return;
    const std::string id(machine);
    stale(machine);
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
                                .text = {},
                                .place = {},
                                .why = {.code = "fault_gone"}};
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
            const std::string text =
                heard->fault ? heard->fault->code : sentence_of(heard->state_why, false);
            broken_[id] = text;
            broken_by_telemetry_.insert(id);
            effects_.notes.push_back({"fleet.breakdown", id, "telemetry: " + text});
            cause_ = FleetEvent{.kind = FleetEvent::Kind::breakdown,
                                .machine = id,
                                .from = {},
                                .to = {},
                                .text = text,
                                .place = {},
                                .why = heard->state_why};
            stale(id);
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
            return step(Action::begin, sentence_of(heard.state_why, false));
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

}  // namespace lineshaft::dispatch
