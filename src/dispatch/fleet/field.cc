#include "dispatch/fleet/field.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numbers>

namespace lineshaft::dispatch {
namespace {

using insight::Use;

constexpr double cell_degrees = 0.05;           // of the grid that finds sites
constexpr double near_metres = 3'000;           // around a border that is looked at
constexpr std::size_t crossings_max = 100'000;  // waiting to be asked for
constexpr unsigned clock_off_min = 3;           // reports in a row: one late one says nothing

enum class Word {
    latitude,
    longitude,
    accuracy,
    heading,
    speed,
    rpm,
    load,
    hours,
    idle_hours,
    fuel_percent,
    fuel_used,
    running,
    state,
    fault,
    kind
};
struct KnownTag {
    std::string_view name;
    Word word;
};
constexpr KnownTag known_tags[] = {{"accuracy_m", Word::accuracy},
                                   {"engine_hours", Word::hours},
                                   {"engine_load", Word::load},
                                   {"engine_rpm", Word::rpm},
                                   {"engine_running", Word::running},
                                   {"fault", Word::fault},
                                   {"fault_code", Word::fault},
                                   {"fuel_level", Word::fuel_percent},
                                   {"fuel_percent", Word::fuel_percent},
                                   {"fuel_used_l", Word::fuel_used},
                                   {"heading_deg", Word::heading},
                                   {"idle_hours", Word::idle_hours},
                                   {"ignition", Word::running},
                                   {"kind", Word::kind},
                                   {"lat", Word::latitude},
                                   {"latitude", Word::latitude},
                                   {"lng", Word::longitude},
                                   {"load_percent", Word::load},
                                   {"lon", Word::longitude},
                                   {"longitude", Word::longitude},
                                   {"operating_hours", Word::hours},
                                   {"rpm", Word::rpm},
                                   {"speed", Word::speed},
                                   {"speed_kmh", Word::speed},
                                   {"state", Word::state}};

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
    return std::ranges::any_of(words, [&](std::string_view word) {
        return std::ranges::equal(
            text, word, [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
    });
}

insight::SitePolygon circle(insight::GeoPoint middle, double metres) {
    constexpr int corners = 24;
    std::vector<insight::GeoPoint> ring;
    const double up = metres / 111'195.0,
                 aside = up / std::max(0.05, std::cos(middle.latitude * std::numbers::pi / 180));
    for (int i = 0; i < corners; ++i) {
        const double angle = 2 * std::numbers::pi * i / corners;
        ring.push_back(
            {middle.latitude + up * std::sin(angle), middle.longitude + aside * std::cos(angle)});
    }
    return *insight::SitePolygon::create(std::move(ring));
}

/// The numbers the state was judged by.
Reason why_of(Use use, const FieldMachine& now, const insight::Signals& signals,
              const insight::UseRules& rules) {
    const auto said = [&] { return Reason{.code = "says", .text = now.word}; };
    switch (use) {
        case Use::fault:
            return now.fault ? Reason{.code = "fault_code", .text = now.fault->code} : said();
        case Use::off:
            if (signals.rpm) return {.code = "rpm", .now = *signals.rpm, .limit = rules.running_rpm};
            return now.word.empty() ? Reason{.code = "no_sign"} : said();
        case Use::working:
            if (signals.rpm && *signals.rpm >= rules.working_rpm)
                return {.code = "rpm", .now = *signals.rpm, .limit = rules.working_rpm};
            if (signals.load_percent && *signals.load_percent >= rules.working_load_percent)
                return {.code = "load",
                        .now = *signals.load_percent,
                        .limit = rules.working_load_percent};
            if (signals.speed_kmh && *signals.speed_kmh >= rules.working_speed_kmh)
                return {.code = "speed",
                        .now = *signals.speed_kmh,
                        .limit = rules.working_speed_kmh};
            return said();
        case Use::idle: return {.code = "below_work"};
        case Use::silent: break;
    }
    return {};
}

}  // namespace

std::optional<std::pair<std::uint32_t, std::uint32_t>> j1939_of(std::string_view code) {
    std::array<std::uint32_t, 2> found{};
    std::size_t count = 0;
    for (std::size_t i = 0; i < code.size();) {
        if (code[i] < '0' || code[i] > '9') {
            ++i;
            continue;
        }
        if (count == 2) return std::nullopt;
        const auto [end, problem] =
            std::from_chars(code.data() + i, code.data() + code.size(), found[count]);
        if (problem != std::errc()) return std::nullopt;
        ++count;
        i = static_cast<std::size_t>(end - code.data());
    }
    if (count != 2 || found[0] >= (1U << 19) || found[1] >= 32) return std::nullopt;
    return std::pair(found[0], found[1]);
}

Judged judge(insight::Signals signals, std::string_view word, bool has_fault,
             const insight::UseRules& rules) {
    const bool says_stopped = is_one_of(word, {"fault", "stopped", "error", "broken"});
    const bool says_off = is_one_of(word, {"off", "parked", "shut down", "refuelling"});
    const bool says_working = is_one_of(word, {"working", "running", "travelling", "execute"});
    const bool says_idle = is_one_of(word, {"idle", "waiting", "standby"});
    if (!signals.is_running && !signals.rpm && !word.empty())
        signals.is_running = says_working || says_idle;
    const bool runs = signals.is_running.value_or(signals.rpm.value_or(0) >= rules.running_rpm);
    Judged judged;
    judged.stops = signals.has_fault = says_stopped || (has_fault && !runs && !says_off);
    judged.use = insight::use_of(signals, rules);
    const bool tells_work = signals.rpm || signals.load_percent || signals.speed_kmh;
    if (judged.use == Use::idle && says_working && !tells_work) judged.use = Use::working;
    return judged;
}

Field::Cell Field::cell_of(insight::GeoPoint where) {
    return {static_cast<std::int32_t>(std::floor(where.longitude / cell_degrees)),
            static_cast<std::int32_t>(std::floor(where.latitude / cell_degrees))};
}

void Field::set_rules(FieldRules rules) {
    const bool is_another = !(rules.use == rules_.use);
    rules_ = rules;
    if (is_another)
        for (auto& [id, tracked] : machines_) judge(tracked, tracked.now.last_seen);
}

void Field::set_sites(std::vector<FieldSite> sites) {
    std::vector<Fence> fences;
    for (FieldSite& site : sites) {
        if (!site.border && site.position && std::abs(site.position->latitude) < 80)
            site.border = circle(*site.position, rules_.circle_metres);
        if (site.border) fences.push_back({std::move(site.id), std::move(*site.border)});
    }
    std::map<std::string, std::uint32_t> place;
    for (std::uint32_t i = 0; i < fences.size(); ++i) place[fences[i].id] = i;
    for (auto& [id, tracked] : machines_) {
        std::map<std::uint32_t, insight::FenceState> kept;
        for (auto& [old, state] : tracked.fences)
            if (const auto found = place.find(sites_[old].id); found != place.end())
                kept[found->second] = state;
        tracked.fences = std::move(kept);
        std::erase_if(tracked.now.sites,
                      [&](const std::string& site) { return !place.contains(site); });
    }
    sites_ = std::move(fences);
    near_.clear();
    for (std::uint32_t i = 0; i < sites_.size(); ++i) {
        double south = 90, north = -90, west = 400, east = -400;
        const double first = sites_[i].border.ring().front().longitude;
        for (const insight::GeoPoint& corner : sites_[i].border.ring()) {
            double longitude =
                corner.longitude;  // beside the first corner, also across the 180th meridian
            if (longitude - first > 180) longitude -= 360;
            if (first - longitude > 180) longitude += 360;
            south = std::min(south, corner.latitude), north = std::max(north, corner.latitude);
            west = std::min(west, longitude), east = std::max(east, longitude);
        }
        const double up = near_metres / 111'195.0,
                     aside = up / std::max(0.05, std::cos(north * std::numbers::pi / 180));
        const Cell low = cell_of({south - up, west - aside}),
                   high = cell_of({north + up, east + aside});
        for (std::int32_t x = low.x; x <= high.x; ++x)
            for (std::int32_t y = low.y; y <= high.y; ++y) {
                constexpr std::int32_t around = static_cast<std::int32_t>(360 / cell_degrees);
                std::int32_t wrapped = x;
                if (wrapped < -around / 2) wrapped += around;
                if (wrapped >= around / 2) wrapped -= around;
                near_[{wrapped, y}].push_back(i);
            }
    }
}

void Field::was_inside(const std::string& machine, const std::string& site) {
    inside_before_.emplace_back(machine, site);
}

void Field::touch(Tracked& machine) {
    if (std::exchange(machine.is_changed, true)) return;
    changed_.push_back(machine.now.id);
}

void Field::read(Tracked& machine, const FieldValue& value) {
    const auto known = std::ranges::lower_bound(known_tags, value.tag, {}, &KnownTag::name);
    if (known == std::end(known_tags) || known->name != value.tag) return;
    FieldMachine& now = machine.now;
    switch (known->word) {
        case Word::latitude:
            if (value.number) machine.latitude = {value.at, *value.number};
            return;
        case Word::longitude:
            if (value.number) machine.longitude = {value.at, *value.number};
            return;
        case Word::accuracy: machine.accuracy = value.number; return;
        case Word::heading: now.heading = value.number; return;
        case Word::speed: machine.signals.speed_kmh = now.speed_kmh = value.number; return;
        case Word::rpm: machine.signals.rpm = now.rpm = value.number; return;
        case Word::load: machine.signals.load_percent = now.load_percent = value.number; return;
        case Word::hours: now.hours = value.number; return;
        case Word::idle_hours: now.idle_hours = value.number; return;
        case Word::fuel_percent: now.fuel_percent = value.number; return;
        case Word::fuel_used: now.fuel_used_l = value.number; return;
        case Word::running:
            if (value.number) machine.signals.is_running = *value.number != 0;
            return;
        case Word::state:
            if (value.text.size() <= 64) now.word = value.text;
            return;
        case Word::fault:
            if (value.text.empty() || value.text.size() > 256)
                now.fault.reset();
            else if (!now.fault || now.fault->code != value.text)
                now.fault = FieldFault{std::string(value.text), value.at};
            return;
        case Word::kind:
            if (value.text.size() <= 64) now.kind = value.text;
            return;
    }
}

bool Field::take(std::string_view id, std::span<const FieldValue> values, Instant received) {
    auto found = machines_.find(id);
    if (found == machines_.end()) {
        if (machines_.size() >= rules_.machines_max) {
            ++refused_;
            return false;
        }
        found = machines_.emplace(std::string(id), Tracked{}).first;
        found->second.now.id = id;
        found->second.now.state_since = received;
    }
    Tracked& machine = found->second;
    Instant newest{};
    for (const FieldValue& value : values) {
        newest = std::max(newest, value.at);
        read(machine, value);
    }
    machine.now.last_seen = std::max(machine.now.last_seen, received);
    const std::int64_t off_s = (newest.micros - received.micros) / 1'000'000;
    if (!values.empty() && std::abs(off_s) > rules_.clock_s_max) {
        if (++machine.clock_off >= clock_off_min) machine.now.clock_trouble_s = off_s;
    } else if (!values.empty()) {
        machine.clock_off = 0;
        machine.now.clock_trouble_s.reset();
    }
    locate(machine, received);
    judge(machine, received);
    touch(machine);
    return true;
}

void Field::locate(Tracked& machine, Instant received) {
    if (!machine.latitude || !machine.longitude ||
        machine.latitude->first != machine.longitude->first)
        return;
    const Instant said = machine.latitude->first;
    if (said == machine.fix_tried) return;
    machine.fix_tried = said;
    insight::Fix fix{
        said, {machine.latitude->second, machine.longitude->second}, machine.accuracy.value_or(10)};
    if (std::abs(said.micros - received.micros) / 1'000'000 > rules_.clock_s_max) fix.at = received;
    FieldMachine& now = machine.now;
    if (fix.where == insight::GeoPoint{}) {
        now.position_trouble = "zero";
    } else if (!(std::abs(fix.where.latitude) <= 90 && std::abs(fix.where.longitude) <= 180)) {
        now.position_trouble = "nowhere";
        return;
    } else if (!(fix.accuracy_metres >= 0 &&
                 fix.accuracy_metres <= rules_.fence.accuracy_metres_max)) {
        now.position_trouble = "vague";
    } else {
        if (fix.where.latitude != machine.same_latitude ||
            fix.where.longitude != machine.same_longitude ||
            !(now.speed_kmh.value_or(0) > rules_.use.working_speed_kmh)) {
            machine.same_latitude = fix.where.latitude,
            machine.same_longitude = fix.where.longitude;
            machine.same_since = received;
        }
        // Whether it is believed is for one rule to say: that of the borders.
        static const insight::SitePolygon nowhere = circle({0.5, 0.5}, 50);
        const auto before = machine.filter.ignored;
        const bool had = machine.filter.last.has_value();
        if (had && fix.at <= machine.filter.last->at) return;
        (void)insight::observe(nowhere, rules_.fence, machine.filter, fix);
        if (machine.filter.ignored != before) {
            now.position_trouble = "jump";
        } else {
            now.fix = fix;
            const bool is_frozen =
                (received.micros - machine.same_since.micros) / 1'000'000 >= rules_.frozen_after_s;
            now.position_trouble = is_frozen ? "frozen" : "";
        }
    }
    cross(machine, fix);
}

void Field::cross(Tracked& machine, const insight::Fix& fix) {
    const auto here = near_.find(cell_of(fix.where));
    if (!inside_before_.empty() && machine.fences.empty()) {
        for (const auto& [id, site] : inside_before_) {
            if (id != machine.now.id) continue;
            const auto found = std::ranges::find(sites_, site, &Fence::id);
            if (found == sites_.end()) continue;
            machine.fences[static_cast<std::uint32_t>(found - sites_.begin())].is_inside = true;
            machine.now.sites.push_back(site);
        }
        std::erase_if(inside_before_, [&](const auto& one) { return one.first == machine.now.id; });
        std::ranges::sort(machine.now.sites);
    }
    if (here != near_.end())
        for (const std::uint32_t site : here->second) {
            const auto [state, is_new] = machine.fences.try_emplace(site);
            if (is_new && machine.now.fix && machine.now.fix->at < fix.at)
                state->second.last = machine.now.fix;
        }
    for (auto at = machine.fences.begin(); at != machine.fences.end();) {
        insight::FenceState& state = at->second;
        const Fence& site = sites_[at->first];
        const insight::Crossing what = insight::observe(site.border, rules_.fence, state, fix);
        if (what != insight::Crossing::none) {
            const bool is_entered = what == insight::Crossing::entered;
            std::erase(machine.now.sites, site.id);
            if (is_entered)
                machine.now.sites.insert(std::ranges::lower_bound(machine.now.sites, site.id),
                                         site.id);
            if (crossings_.size() < crossings_max)
                crossings_.push_back({state.pending_since, machine.now.id, site.id, is_entered});
        }
        const bool is_far = !state.is_inside && state.pending == 0 &&
                            (here == near_.end() ||
                             std::ranges::find(here->second, at->first) == here->second.end());
        at = is_far ? machine.fences.erase(at) : std::next(at);
    }
}

void Field::judge(Tracked& machine, Instant at) {
    FieldMachine& now = machine.now;
    const insight::UseRules& rules = rules_.use;
    const insight::Signals& signals = machine.signals;
    const Judged judged = dispatch::judge(signals, now.word, now.fault.has_value(), rules);
    now.fault_stops = judged.stops;
    const Use use = judged.use;
    if (use != now.state) {
        now.state = use;
        now.state_since = at;
    }
    now.state_why = why_of(use, now, signals, rules);
}

void Field::look(Instant now) {
    const std::int64_t after = rules_.use.silent_after_s * 1'000'000;
    for (auto& [id, machine] : machines_) {
        if (machine.now.state == Use::silent || now.micros - machine.now.last_seen.micros <= after)
            continue;
        machine.now.state = Use::silent;
        machine.now.state_since = now;
        machine.now.state_why = {.code = "silent", .limit = double(rules_.use.silent_after_s)};
        touch(machine);
    }
}

void Field::clock_stands_back(std::string_view id, std::int64_t seconds, Instant now) {
    const auto found = machines_.find(id);
    if (found == machines_.end()) return;
    Tracked& machine = found->second;
    if (seconds > 0) machine.now.clock_trouble_s = -seconds;
    if (machine.now.state != Use::silent) machine.now.state_since = now;
    machine.now.state = Use::silent;
    machine.now.state_why = {.code = seconds > 0 ? "clock_back" : "clock_was_ahead",
                             .now = double(std::abs(seconds)) / 3600};
    touch(machine);
}

void Field::forget(std::string_view machine) {
    const auto found = machines_.find(machine);
    if (found != machines_.end()) machines_.erase(found);
}

const FieldMachine* Field::find(std::string_view machine) const {
    const auto found = machines_.find(machine);
    return found == machines_.end() ? nullptr : &found->second.now;
}

bool Field::is_inside(std::string_view machine, std::string_view site) const {
    const FieldMachine* found = find(machine);
    return found != nullptr && std::ranges::find(found->sites, site) != found->sites.end();
}

std::vector<std::string> Field::take_changed() {
    for (const std::string& id : changed_)
        if (const auto found = machines_.find(id); found != machines_.end())
            found->second.is_changed = false;
    return std::exchange(changed_, {});
}

std::vector<Crossing> Field::take_crossings() {
    return std::exchange(crossings_, {});
}

}  // namespace lineshaft::dispatch
