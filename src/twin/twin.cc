#include "twin/twin.h"

#include <algorithm>
#include <cctype>
#include <cmath>

namespace lineshaft::twin {
namespace {

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    return std::ranges::equal(
        a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

bool is_any_of(std::string_view tag, std::initializer_list<std::string_view> names) {
    return std::ranges::any_of(names, [&](auto name) { return equal_ignoring_case(tag, name); });
}

constexpr double smoothing = 0.1;  // of the usual interval

}  // namespace

std::string_view name_of(Source source) {
    switch (source) {
        case Source::json: return "json";
        case Source::sparkplug: return "sparkplug";
        case Source::other: return "other";
        case Source::influx: return "influx";
        case Source::remote_write: return "remote_write";
        case Source::thingsboard: return "thingsboard";
    }
    std::unreachable();
}

std::optional<Source> source_named(std::string_view name) {
    for (const Source source : {Source::json, Source::sparkplug, Source::other, Source::influx,
                                Source::remote_write, Source::thingsboard}) {
        if (name_of(source) == name) return source;
    }
    return std::nullopt;
}

std::string_view name_of(Connection connection) {
    switch (connection) {
        case Connection::online: return "online";
        case Connection::stale: return "stale";
        case Connection::offline: return "offline";
    }
    std::unreachable();
}

Twin::Twin(OrganisationId organisation, std::string id, Source source) {
    state_.organisation = organisation;
    state_.id = std::move(id);
    state_.source = source;
}

Twin::Role Twin::role_of(std::string_view tag) {
    if (tag.starts_with('$')) return Role::own;
    if (is_any_of(tag, {"state"})) return Role::state;
    if (is_any_of(tag, {"fault", "fault_code"})) return Role::fault;
    if (is_any_of(tag, {"lat", "latitude"})) return Role::latitude;
    if (is_any_of(tag, {"lon", "lng", "longitude"})) return Role::longitude;
    return Role::plain;
}

bool Twin::derive(Role role, const history::Sample& sample, Change& change) {
    if (role == Role::plain || role == Role::own) return false;
    const bool missing = sample.quality == history::Quality::missing;
    if (const auto* text = std::get_if<std::string>(&sample.value)) {
        const std::string now = missing ? std::string() : *text;
        if (role == Role::state && now != state_.state) {
            state_.state = now;
            return true;
        }
        if (role == Role::fault && now != state_.fault) {
            state_.fault = now;
            change.faults.push_back(now);
            return true;
        }
        return false;
    }
    const double number = history::number_of(sample.value);
    if (missing || !std::isfinite(number)) return false;
    if (role == Role::latitude && std::abs(number) <= 90)
        latitude_ = number;
    else if (role == Role::longitude && std::abs(number) <= 180)
        longitude_ = number;
    else
        return false;
    if (!latitude_ || !longitude_) return false;
    const Position now{*latitude_, *longitude_};
    if (state_.position == now) return false;
    state_.position = now;
    return true;
}

std::optional<Twin::Place> Twin::place(std::string_view tag) {
    const auto found = values_.find(tag);
    if (found == values_.end()) return std::nullopt;
    return Place{found->first, &found->second, role_of(found->first)};
}

Twin::Change Twin::hear(Instant heard) {
    Change change;
    if (state_.last_seen.micros != 0 && heard > state_.last_seen) {
        const double gap_s = std::chrono::duration<double>(heard - state_.last_seen).count();
        usual_interval_s_ += smoothing * (std::min(gap_s, 3600.0) - usual_interval_s_);
    }
    state_.last_seen = std::max(state_.last_seen, heard);
    was_heard_ = true;
    change.came_online = state_.connection != Connection::online;
    state_.connection = Connection::online;
    change.summary = change.came_online;
    return change;
}

void Twin::fold(const Place& place, history::Sample sample, Change& change,
                std::vector<std::string>* changed) {
    if (sample.at < place.current->at) return late(sample.at, place.current->at, change);
    *place.current = std::move(sample);
    folded(place, change, changed);
}

void Twin::fold(const Place& place, Instant at, double number, history::Quality quality,
                Change& change, std::vector<std::string>* changed) {
    history::Sample& current = *place.current;
    if (at < current.at) return late(at, current.at, change);
    current.at = at;
    current.quality = quality;
    if (auto* const known = std::get_if<double>(&current.value))
        *known = number;
    else
        current.value = number;
    folded(place, change, changed);
}

void Twin::late(Instant at, Instant known, Change& change) {
    change.newest_late = std::max(change.newest_late, at);
    change.newest_known = std::max(change.newest_known, known);
}

void Twin::folded(const Place& place, Change& change, std::vector<std::string>* changed) {
    if (place.role == Role::own) return;
    change.is_fresh = true;
    if (changed != nullptr) changed->emplace_back(place.tag);
    if (derive(place.role, *place.current, change)) change.summary = true;
}

Twin::Change Twin::fold(const std::vector<history::TagSample>& samples, Instant heard,
                        std::vector<std::string>* changed) {
    Change change = hear(heard);
    for (const auto& [tag, sample] : samples) {
        auto [place, is_new] = values_.try_emplace(tag, sample);
        if (!is_new) {
            if (sample.at < place->second.at) {
                late(sample.at, place->second.at, change);
                continue;
            }
            place->second = sample;
        }
        const Role role = role_of(tag);
        if (role == Role::own) continue;
        change.is_fresh = true;
        if (changed != nullptr) changed->push_back(tag);
        if (derive(role, sample, change)) change.summary = true;
        if (is_new) {
            ++state_.tags;
            change.summary = true;
        }
    }
    return change;
}

void Twin::recall(std::string tag, history::Sample sample, Instant now) {
    if (tag.starts_with('$')) return;
    state_.last_seen =
        std::max(state_.last_seen, std::min(sample.at, now));  // its clock may run ahead
    const auto known = values_.find(tag);
    if (known != values_.end() && known->second.at >= sample.at) return;
    state_.tags += known == values_.end();
    const auto place = values_.insert_or_assign(std::move(tag), std::move(sample)).first;
    Change ignored;
    derive(role_of(place->first), place->second, ignored);
}

Twin::Change Twin::on_presence(Presence presence, Instant at) {
    const Connection before = state_.connection;
    switch (presence) {
        case Presence::born:
            state_.connection = Connection::online;
            state_.last_seen = std::max(state_.last_seen, at);
            was_heard_ = true;
            break;
        case Presence::died: state_.connection = Connection::stale; break;
        case Presence::goodbye: state_.connection = Connection::offline; break;
    }
    return {.summary = before != state_.connection,
            .faults = {},
            .came_online = before != Connection::online && state_.connection == Connection::online,
            .is_fresh = false,
            .newest_late = {},
            .newest_known = {}};
}

void Twin::clock_stepped(std::chrono::microseconds by) {
    if (was_heard_) state_.last_seen = state_.last_seen + by;
}

bool Twin::judge(Instant now, const Limits& limits) {
    using std::chrono::duration;
    const double silent_s = duration<double>(now - state_.last_seen).count();
    // A Sparkplug machine reports by exception: only a death makes it stale.
    const bool reports_by_exception = state_.source == Source::sparkplug;
    const double allowed_s =
        std::max(duration<double>(limits.stale_after_min).count(),
                 static_cast<double>(limits.stale_intervals) * usual_interval_s_);
    const Connection before = state_.connection;
    if (before == Connection::online && !reports_by_exception && silent_s > allowed_s) {
        state_.connection = Connection::stale;
    }
    if (state_.connection == Connection::stale &&
        silent_s > duration<double>(limits.offline_after).count()) {
        state_.connection = Connection::offline;
    }
    return before != state_.connection;
}

}  // namespace lineshaft::twin
