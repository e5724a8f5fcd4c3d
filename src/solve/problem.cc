#include "solve/problem.h"

#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "solve/plan.h"

namespace lineshaft::solve {
namespace {

bool is_amount(double value, double max) { return value >= 0 && value <= max; }  // NaN is none

Result<void> check_leg(const Leg& leg, std::size_t from, std::size_t to) {
    if (!is_amount(leg.metres, no_road_m) || !is_amount(leg.seconds, no_road_m))
        return fail(Code::invalid,
                    fmt::format("the way from place {} to {} is no length and time", from, to));
    return {};
}

Result<void> check_span(const Span& span) {
    if (!is_amount(span.from_s, latest_s) || !is_amount(span.until_s, latest_s))
        return fail(Code::invalid, fmt::format("a window reaches beyond 0..{} s", latest_s));
    if (span.until_s < span.from_s)
        return fail(Code::invalid, fmt::format("a window closes at {} s before it opens at {} s",
                                               span.until_s, span.from_s));
    return {};
}

Result<void> check_stop(const Stop& stop, const Problem& problem, const Limits& limits) {
    if (stop.place >= problem.travel->goals())
        return fail(Code::invalid, fmt::format("there is no place {} to go to", stop.place));
    if (!is_amount(stop.service_s, latest_s))
        return fail(Code::invalid, "its service time is no time");
    if (stop.windows.size() > limits.windows_max)
        return fail(Code::exhausted, fmt::format("{} windows, at most {}", stop.windows.size(),
                                                 limits.windows_max));
    for (std::size_t i = 0; i < stop.windows.size(); ++i) {
        TRY_VOID(check_span(stop.windows[i]));
        if (i > 0 && stop.windows[i].from_s <= stop.windows[i - 1].until_s)
            return fail(Code::invalid, "its windows overlap or are not ascending");
    }
    return {};
}

Result<void> check_load(const Load& load) {
    for (const std::int64_t amount : load)
        if (amount < 0 || amount > 1'000'000'000'000)
            return fail(Code::invalid, fmt::format("{} is no load", amount));
    return {};
}

Result<void> check_job(const Job& job, const Problem& problem, const Limits& limits) {
    TRY_VOID(check_stop(job.at, problem, limits));
    if (job.then) {
        TRY_VOID(check_stop(*job.then, problem, limits));
    }
    TRY_VOID(check_load(job.load));
    if (job.skip_cost && !is_amount(*job.skip_cost, 1e9))
        return fail(Code::invalid, "the cost of leaving it out is no amount up to 1e9");
    if (!is_amount(job.change_cost, 1e9))
        return fail(Code::invalid, "the cost of a change is no amount up to 1e9");
    for (const auto& vehicle : {job.only_vehicle, job.previous_vehicle})
        if (vehicle && *vehicle >= problem.vehicles.size())
            return fail(Code::invalid, fmt::format("there is no vehicle {}", *vehicle));
    return {};
}

Result<void> check_vehicle(const Vehicle& vehicle, const Problem& problem) {
    if (vehicle.start >= problem.travel->places())
        return fail(Code::invalid, fmt::format("there is no place {}", vehicle.start));
    if (vehicle.end && *vehicle.end >= problem.travel->goals())
        return fail(Code::invalid, fmt::format("there is no place {} to go to", *vehicle.end));
    TRY_VOID(check_span(vehicle.shift));
    TRY_VOID(check_load(vehicle.capacity));
    if (!is_amount(vehicle.free_from_s, latest_s))
        return fail(Code::invalid, "the instant it is free from is none");
    if (!is_amount(vehicle.fixed_cost, 1e9) || !is_amount(vehicle.cost_per_metre, 1e6) ||
        !is_amount(vehicle.cost_per_second, 1e6))
        return fail(Code::invalid, "a cost is no amount");
    if (!is_amount(vehicle.time_factor, 1000) || vehicle.time_factor < 0.001)
        return fail(Code::invalid, "its time factor is not in 0.001..1000");
    return {};
}

/// Pins of one vehicle; `pinned_by` tells for each visit (two per job) who pinned it before.
Result<void> check_pins(const Problem& problem, std::uint32_t index,
                        std::vector<std::int64_t>& pinned_by) {
    const Vehicle& vehicle = problem.vehicles[index];
    std::uint32_t place = vehicle.start;
    for (const Visit& visit : vehicle.pinned) {
        if (visit.job >= problem.jobs.size())
            return fail(Code::invalid, fmt::format("pins job {}, which does not exist", visit.job));
        const Job& job = problem.jobs[visit.job];
        const auto says = [&](std::string_view what) {
            return fail(Code::invalid, fmt::format("pins job {}, {}", visit.job, what));
        };
        if (visit.is_delivery && !job.then) return says("which has no delivery");
        std::int64_t& mine = pinned_by[2 * visit.job + visit.is_delivery];
        if (mine >= 0)
            return says(fmt::format("which vehicle {} has pinned already", mine));
        if (visit.is_delivery && pinned_by[2 * visit.job] != index)
            return says("whose pickup it has not pinned before");
        mine = index;
        if ((vehicle.skills & job.skills) != job.skills) return says("for which it lacks skills");
        if (job.only_vehicle && *job.only_vehicle != index) return says("reserved for another");
        const std::uint32_t next = visit.is_delivery ? job.then->place : job.at.place;
        if (problem.travel->leg(place, next).metres >= no_road_m ||
            problem.travel->leg(place, next).seconds >= no_road_m)
            return says("but no road leads there");
        place = next;
    }
    return {};
}

}  // namespace

Result<Travel> Travel::to_goals(std::size_t places, std::size_t goals, Limits limits) {
    if (places > limits.places_max)
        return fail(Code::exhausted, fmt::format("{} places, at most {}", places, limits.places_max));
    if (places == 0 || goals > places)
        return fail(Code::invalid, fmt::format("{} goals among {} places", goals, places));
    Travel travel;
    travel.places_ = places;
    travel.goals_ = goals;
    travel.legs_.resize(goals * (places + 1));
    return travel;
}

Result<Travel> Travel::from_matrix(std::size_t places, std::vector<Leg> legs, Limits limits) {
    if (places <= limits.places_max && legs.size() != places * places)
        return fail(Code::invalid, fmt::format("{} legs are not a matrix of {} places", legs.size(), places));
    const auto leg = [&](std::size_t from, std::size_t to) { return legs[from * places + to]; };
    return from_function(places, leg, limits);
}

Result<Travel> Travel::from_function(std::size_t places,
                                     const std::function<Leg(std::size_t, std::size_t)>& leg,
                                     Limits limits) {
    TRY(Travel travel, to_goals(places, places, limits));
    for (std::size_t from = 0; from < places; ++from)
        for (std::size_t to = 0; to < places; ++to) {
            const Leg one = leg(from, to);
            TRY_VOID(check_leg(one, from, to));
            travel.legs_[to * (places + 1) + from] = one;
        }
    travel.look_at_symmetry();
    return travel;
}

void Travel::look_at_symmetry() {
    is_symmetric_ = true;
    for (std::size_t a = 0; a < goals_ && is_symmetric_; ++a)
        for (std::size_t b = 0; b < a && is_symmetric_; ++b) is_symmetric_ = leg(a, b) == leg(b, a);
}

Result<void> Travel::set(std::size_t from, std::size_t to, Leg leg) {
    if (from >= places_ || to >= goals_)
        return fail(Code::invalid, fmt::format("there is no way from place {} to {}", from, to));
    TRY_VOID(check_leg(leg, from, to));
    legs_[to * (places_ + 1) + from] = leg;
    if (from < goals_) is_symmetric_ = is_symmetric_ && leg == this->leg(to, from);
    return {};
}

Result<void> Travel::set_both(std::size_t a, std::size_t b, Leg leg) {
    if (a >= goals_ || b >= goals_)
        return fail(Code::invalid, fmt::format("there is no way between places {} and {}", a, b));
    TRY_VOID(check_leg(leg, a, b));
    legs_[b * (places_ + 1) + a] = legs_[a * (places_ + 1) + b] = leg;
    return {};
}

double great_circle_metres(Point a, Point b) {
    constexpr double radius_m = 6'371'008.8, radians = std::numbers::pi / 180;
    const double up = std::sin((b.latitude - a.latitude) * radians / 2);
    const double across = std::sin((b.longitude - a.longitude) * radians / 2);
    const double h = up * up + std::cos(a.latitude * radians) * std::cos(b.latitude * radians) *
                                   across * across;
    return 2 * radius_m * std::asin(std::sqrt(std::min(1.0, h)));
}

Result<Travel> great_circle_travel(std::span<const Point> points, SpeedProfile profile, Limits limits) {
    if (!is_amount(profile.detour, 100) || !is_amount(profile.slow_metres, 1e9) ||
        !(profile.slow_kmh > 0 && profile.fast_kmh > 0) || profile.fast_kmh > 1000 ||
        profile.slow_kmh > 1000)
        return fail(Code::invalid, "the speed profile has a number that is none");
    for (std::size_t i = 0; i < points.size(); ++i)
        if (!(std::abs(points[i].latitude) <= 90 && std::abs(points[i].longitude) <= 180))
            return fail(Code::invalid, fmt::format("place {} is not on the earth", i));
    const auto leg = [&](std::size_t from, std::size_t to) {
        const double metres = great_circle_metres(points[from], points[to]) * profile.detour;
        const double slow = std::min(metres, profile.slow_metres);
        return Leg{metres, slow * 3.6 / profile.slow_kmh + (metres - slow) * 3.6 / profile.fast_kmh};
    };
    return Travel::from_function(points.size(), leg, limits);
}

Result<void> check(const Problem& problem, const Limits& limits) {
    if (!problem.travel) return fail(Code::invalid, "the problem has no ways between its places");
    if (problem.jobs.size() > limits.jobs_max)
        return fail(Code::exhausted, fmt::format("{} jobs in one plan, at most {}: plan a region or a "
                                                 "shorter time", problem.jobs.size(), limits.jobs_max));
    if (problem.vehicles.size() > limits.vehicles_max)
        return fail(Code::exhausted, fmt::format("{} vehicles in one plan, at most {}",
                                                 problem.vehicles.size(), limits.vehicles_max));
    for (std::size_t i = 0; i < problem.jobs.size(); ++i)
        if (auto good = check_job(problem.jobs[i], problem, limits); !good)
            return std::unexpected(good.error().in(fmt::format("job {}", i)));
    std::vector<std::int64_t> pinned_by(2 * problem.jobs.size(), -1);
    for (std::uint32_t i = 0; i < problem.vehicles.size(); ++i) {
        auto good = check_vehicle(problem.vehicles[i], problem);
        if (good) good = check_pins(problem, i, pinned_by);
        if (!good) return std::unexpected(good.error().in(fmt::format("vehicle {}", i)));
    }
    return {};
}

std::string_view name_of(Why why) {
    switch (why) {
        case Why::no_skills: return "no_skills";
        case Why::too_heavy: return "too_heavy";
        case Why::not_in_time: return "not_in_time";
        case Why::not_worth_it: return "not_worth_it";
        case Why::crowded_out: return "crowded_out";
    }
    return "crowded_out";
}

}  // namespace lineshaft::solve
