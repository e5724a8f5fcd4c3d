#include "dispatch/fleet/ground.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>

namespace lineshaft::dispatch {
namespace {

constexpr double earth_m = 6'371'008.8;  // as solve::great_circle_metres
constexpr std::uint32_t spare_places = 64;

/// Source: Taylor series; below 0.1 (1,270 km) the first left out term is less than 1e-13.
double arc_sine(double x) {
    if (x > 0.1) return std::asin(std::min(1.0, x));
    const double s = x * x;
    return x * (1 + s * (1.0 / 6 + s * (3.0 / 40 + s * (15.0 / 336 + s * (105.0 / 3456)))));
}

}  // namespace

SpotKey spot_of(solve::Point point) {
    return {std::llround(point.latitude * 1e6), std::llround(point.longitude * 1e6)};
}

void Ground::Side::make(std::uint32_t begin, std::uint32_t size) {
    *this = {};
    first = begin;
    count = size;
    for (std::uint32_t i = size; i-- > 0;) free.push_back(begin + i);
}

/// These points and no others hold a place; false: there are not enough.
bool Ground::Side::take(std::span<const solve::Point> points, std::vector<Vector>& where) {
    fresh.clear();
    std::set<SpotKey> wanted;
    for (const solve::Point& point : points) wanted.insert(spot_of(point));
    if (wanted.size() > count) return false;
    std::erase_if(slots, [&](const auto& held) {
        if (wanted.contains(held.first)) return false;
        free.push_back(held.second);
        return true;
    });
    for (const solve::Point& point : points) {
        const auto [held, is_new] = slots.try_emplace(spot_of(point), 0u);
        if (!is_new) continue;
        held->second = free.back();
        free.pop_back();
        fresh.push_back(held->second);
        const double latitude = point.latitude * std::numbers::pi / 180,
                     longitude = point.longitude * std::numbers::pi / 180;
        where[held->second] = {std::cos(latitude) * std::cos(longitude),
                               std::cos(latitude) * std::sin(longitude), std::sin(latitude)};
    }
    std::ranges::sort(fresh);
    return true;
}

solve::Leg Ground::leg_of(double metres) const {
    const double slow = std::min(metres, speeds_.slow_metres);
    return {metres, slow * 3.6 / speeds_.slow_kmh + (metres - slow) * 3.6 / speeds_.fast_kmh};
}

Result<void> Ground::rebuild(std::size_t goals, std::size_t starts) {
    const std::size_t most = solve::Limits{}.places_max;
    if (goals + starts > most)
        return fail(Code::exhausted,
                    fmt::format("{} places in one plan, at most {}", goals + starts, most));
    const std::size_t spare = std::min<std::size_t>(spare_places, (most - goals - starts) / 2);
    TRY(solve::Travel made,
        solve::Travel::to_goals(goals + starts + 2 * spare, goals + spare, solve::Limits{}));
    travel_ = std::make_shared<solve::Travel>(std::move(made));
    goals_.make(0, static_cast<std::uint32_t>(goals + spare));
    starts_.make(goals_.count, static_cast<std::uint32_t>(starts + spare));
    where_.assign(travel_->places(), {});
    return {};
}

Result<void> Ground::reckon() {
    std::vector<std::uint32_t> goals, starts;
    for (const auto& [spot, slot] : goals_.slots) goals.push_back(slot);
    for (const auto& [spot, slot] : starts_.slots) starts.push_back(slot);
    std::vector<std::uint8_t> is_fresh(travel_->places(), 0);
    for (const std::uint32_t goal : goals_.fresh) is_fresh[goal] = 1;
    std::ranges::sort(goals);
    std::ranges::sort(starts);
    const auto leg = [&](std::uint32_t a, std::uint32_t b) {
        const double dx = where_[a].x - where_[b].x, dy = where_[a].y - where_[b].y,
                     dz = where_[a].z - where_[b].z;
        const double chord = std::sqrt(dx * dx + dy * dy + dz * dz);
        return leg_of(2 * earth_m * arc_sine(chord / 2) * speeds_.detour);
    };
    reckoned_ = 0;
    for (const std::uint32_t goal : goals) {
        const auto& from = is_fresh[goal] ? starts : starts_.fresh;
        for (const std::uint32_t start : from) {
            TRY_VOID(travel_->set(start, goal, leg(start, goal)));
        }
        reckoned_ += from.size();
        if (!is_fresh[goal]) continue;
        for (const std::uint32_t other : goals) {
            if (is_fresh[other] && other > goal) continue;  // that one's turn comes
            TRY_VOID(travel_->set_both(goal, other, leg(goal, other)));
        }
        reckoned_ += goals.size();
    }
    return {};
}

Result<void> Ground::apply_ways() {
    if (!ways_ || ways_->empty()) return {};
    for (const auto& [between, leg] : *ways_) {
        const auto to = goals_.slots.find(between.second);
        if (to == goals_.slots.end() || between.first == between.second) continue;
        if (const auto from = goals_.slots.find(between.first); from != goals_.slots.end()) {
            TRY_VOID(travel_->set(from->second, to->second, leg));
        }
        if (const auto from = starts_.slots.find(between.first); from != starts_.slots.end()) {
            TRY_VOID(travel_->set(from->second, to->second, leg));
        }
    }
    travel_->look_at_symmetry();
    return {};
}

Result<void> Ground::lay(std::span<const solve::Point> goals, std::span<const solve::Point> starts,
                         const solve::SpeedProfile& speeds, std::shared_ptr<const Ways> ways) {
    if (!bent_.empty() && travel_) {
        for (std::size_t i = bent_.size(); i-- > 0;) {
            TRY_VOID(travel_->set(bent_[i].from, bent_[i].to, bent_[i].leg));
        }
        travel_->look_at_symmetry();
    }
    bent_.clear();
    const bool is_same = travel_ && speeds.detour == speeds_.detour &&
                         speeds.slow_metres == speeds_.slow_metres &&
                         speeds.slow_kmh == speeds_.slow_kmh &&
                         speeds.fast_kmh == speeds_.fast_kmh && ways == ways_;
    speeds_ = speeds;
    ways_ = std::move(ways);
    if (!is_same || !goals_.take(goals, where_) || !starts_.take(starts, where_)) {
        std::set<SpotKey> goal_spots, start_spots;
        for (const solve::Point& point : goals) goal_spots.insert(spot_of(point));
        for (const solve::Point& point : starts) start_spots.insert(spot_of(point));
        travel_.reset();  // nothing of it is believed if this fails half way
        TRY_VOID(rebuild(std::max<std::size_t>(1, goal_spots.size()),
                         std::max<std::size_t>(1, start_spots.size())));
        (void)goals_.take(goals, where_);
        (void)starts_.take(starts, where_);
    }
    if (auto done = reckon(); !done) return travel_.reset(), done;
    if (goals_.fresh.empty() && starts_.fresh.empty()) return {};
    if (auto done = apply_ways(); !done) return travel_.reset(), done;
    return {};
}

Result<void> Ground::bend(std::uint32_t from, std::uint32_t to) {
    bent_.push_back({from, to, travel_->leg(from, to)});
    const double dx = where_[from].x - where_[to].x, dy = where_[from].y - where_[to].y,
                 dz = where_[from].z - where_[to].z;
    const double chord = std::sqrt(dx * dx + dy * dy + dz * dz);
    const double metres = 4 * earth_m * arc_sine(chord / 2) * speeds_.detour;
    return travel_->set(from, to, {metres, metres * 3.6 / speeds_.slow_kmh});
}

}  // namespace lineshaft::dispatch
