// Slow and plain on purpose: a route is driven call by call from the problem's own numbers. Nothing
// of the search is included here, and nothing of this file in the search.
#include "solve/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace lineshaft::solve {
namespace {

/// Differences below this are rounding: a microsecond or micrometre beside a day, 1e-9 of more.
double rounding(double value) { return 1e-6 + 1e-9 * std::abs(value); }
bool same(double a, double b) { return std::abs(a - b) <= rounding(std::max(std::abs(a), std::abs(b))); }

template <class... Args>
std::unexpected<Error> wrong(fmt::format_string<Args...> format, Args&&... args) {
    return fail(Code::invalid, fmt::format(format, std::forward<Args>(args)...));
}

const Stop& stop_of(const Problem& problem, Visit visit) {
    const Job& job = problem.jobs[visit.job];
    return visit.is_delivery ? *job.then : job.at;
}

/// When a service may begin for somebody who arrives at `arrival`: the next window, or, behind the
/// last one, at once and late.
struct Begin {
    double at = 0, late = 0;
};
Begin begin_of(const Stop& stop, double arrival) {
    if (stop.windows.empty()) return {arrival, 0};
    for (const Span& window : stop.windows)
        if (arrival <= window.until_s) return {std::max(arrival, window.from_s), 0};
    return {arrival, arrival - stop.windows.back().until_s};
}

/// One vehicle driving its visits.
struct Drive {
    Route route;
    double fixed = 0, distance = 0, time = 0, changed = 0;
};

Result<Drive> drive(const Problem& problem, const Order& order) {
    if (order.vehicle >= problem.vehicles.size()) return wrong("there is no vehicle {}", order.vehicle);
    const Vehicle& vehicle = problem.vehicles[order.vehicle];
    if (order.visits.size() < vehicle.pinned.size() ||
        !std::equal(vehicle.pinned.begin(), vehicle.pinned.end(), order.visits.begin()))
        return wrong("its pinned visits are not its first ones");
    Drive driven;
    driven.route.vehicle = order.vehicle;
    if (order.visits.empty()) {
        driven.route.end_s = vehicle.shift.from_s;
        return driven;
    }
    if (order.visits.size() > vehicle.stops_max && order.visits.size() > vehicle.pinned.size())
        return wrong("{} stops, at most {}", order.visits.size(), vehicle.stops_max);
    driven.fixed = vehicle.fixed_cost;
    double now = vehicle.shift.from_s;
    std::uint32_t place = vehicle.start;
    const auto go = [&](std::uint32_t next) -> Result<void> {
        const Leg& leg = problem.travel->leg(place, next);
        if (leg.metres >= no_road_m || leg.seconds >= no_road_m)
            return wrong("no road from place {} to {}", place, next);
        const double seconds = leg.seconds * vehicle.time_factor;
        now += seconds;
        driven.route.driving_s += seconds;
        driven.route.metres += leg.metres;
        driven.time += seconds * vehicle.cost_per_second;
        driven.distance += leg.metres * vehicle.cost_per_metre;
        place = next;
        return {};
    };
    bool is_bound = false;  // to its windows and shift: something that was not promised before is in it
    for (std::size_t i = 0; i < order.visits.size(); ++i) {
        const Visit visit = order.visits[i];
        if (visit.job >= problem.jobs.size()) return wrong("there is no job {}", visit.job);
        const Job& job = problem.jobs[visit.job];
        if (visit.is_delivery && !job.then) return wrong("job {} has no delivery", visit.job);
        const bool is_pinned = i < vehicle.pinned.size();
        const bool is_excused =
            is_pinned || (visit.is_delivery && std::ranges::count(vehicle.pinned, Visit{visit.job, false}) > 0);
        if (!is_pinned && i == vehicle.pinned.size()) now = std::max(now, vehicle.free_from_s);
        if ((vehicle.skills & job.skills) != job.skills) return wrong("lacks the skills of job {}", visit.job);
        if (job.only_vehicle && *job.only_vehicle != order.vehicle)
            return wrong("job {} is reserved for vehicle {}", visit.job, *job.only_vehicle);
        const Stop& stop = stop_of(problem, visit);
        TRY_VOID(go(stop.place));
        Call call{.visit = visit, .arrival_s = now, .pinned = is_pinned};
        const Begin begin = begin_of(stop, now);
        if (begin.late > rounding(now) && !is_excused)
            return wrong("job {} begins {:.3f} s late", visit.job, begin.late);
        is_bound |= !is_excused;
        call.begin_s = begin.at;
        call.late_s = is_excused ? begin.late : 0;
        driven.route.waiting_s += begin.at - now;
        now = call.leave_s = begin.at + stop.service_s;
        driven.route.calls.push_back(call);
        if (!visit.is_delivery && job.previous_vehicle && *job.previous_vehicle != order.vehicle)
            driven.changed += job.change_cost;
    }
    if (order.visits.size() == vehicle.pinned.size()) now = std::max(now, vehicle.free_from_s);
    if (vehicle.end) {
        TRY_VOID(go(*vehicle.end));
    }
    driven.route.end_s = now;
    if (is_bound && now > vehicle.shift.until_s + rounding(now))
        return wrong("its shift ends {:.3f} s before it does", now - vehicle.shift.until_s);
    return driven;
}

/// What is on board at every moment, and that transports are whole and the right way round.
Result<void> check_loads(const Problem& problem, const Order& order) {
    const Vehicle& vehicle = problem.vehicles[order.vehicle];
    Load on_board{};
    std::vector<std::uint32_t> open;
    for (const Visit visit : order.visits)
        if (!problem.jobs[visit.job].then)
            for (std::size_t d = 0; d < on_board.size(); ++d) on_board[d] += problem.jobs[visit.job].load[d];
    const auto fits = [&](std::size_t index) {
        for (std::size_t d = 0; d < on_board.size(); ++d)
            if (on_board[d] > vehicle.capacity[d] && index >= vehicle.pinned.size()) return false;
        return true;
    };
    for (std::size_t i = 0; i < order.visits.size(); ++i) {
        const Visit visit = order.visits[i];
        const Job& job = problem.jobs[visit.job];
        if (job.then && !visit.is_delivery) open.push_back(visit.job);
        if (visit.is_delivery && std::erase(open, visit.job) != 1)
            return wrong("job {} is delivered before it is picked up", visit.job);
        if (job.then)
            for (std::size_t d = 0; d < on_board.size(); ++d)
                on_board[d] += visit.is_delivery ? -job.load[d] : job.load[d];
        if (!visit.is_delivery && !fits(i)) return wrong("cannot carry job {} as well", visit.job);
    }
    if (!open.empty()) return wrong("job {} is picked up and never delivered", open.front());
    return {};
}

bool same_route(const Route& a, const Route& b) {
    if (a.calls.size() != b.calls.size() || !same(a.end_s, b.end_s) || !same(a.metres, b.metres) ||
        !same(a.driving_s, b.driving_s) || !same(a.waiting_s, b.waiting_s))
        return false;
    for (std::size_t i = 0; i < a.calls.size(); ++i) {
        const Call &left = a.calls[i], &right = b.calls[i];
        if (left.visit != right.visit || left.pinned != right.pinned || !same(left.arrival_s, right.arrival_s) ||
            !same(left.begin_s, right.begin_s) || !same(left.leave_s, right.leave_s) ||
            !same(left.late_s, right.late_s))
            return false;
    }
    return true;
}

bool same_cost(const Cost& a, const Cost& b) {
    return same(a.fixed, b.fixed) && same(a.distance, b.distance) && same(a.time, b.time) &&
           same(a.skipped, b.skipped) && same(a.changed, b.changed) && a.missing == b.missing;
}

}  // namespace

Result<Plan> evaluate(const Problem& problem, const std::vector<Order>& orders) {
    TRY_VOID(check(problem));
    std::vector<std::uint8_t> visited(2 * problem.jobs.size(), 0), driving(problem.vehicles.size(), 0);
    Plan plan;
    for (const Order& order : orders) {
        const std::string who = fmt::format("vehicle {}", order.vehicle);
        auto driven = drive(problem, order);
        if (!driven) return std::unexpected(driven.error().in(who));
        if (driving[order.vehicle]++) return wrong("{} has two routes", who);
        if (auto carried = check_loads(problem, order); !carried)
            return std::unexpected(carried.error().in(who));
        for (const Visit visit : order.visits)
            if (visited[2 * visit.job + visit.is_delivery]++) return wrong("job {} is done twice", visit.job);
        plan.cost.fixed += driven->fixed;
        plan.cost.distance += driven->distance;
        plan.cost.time += driven->time;
        plan.cost.changed += driven->changed;
        if (!order.visits.empty()) plan.routes.push_back(std::move(driven->route));
    }
    for (std::uint32_t i = 0; i < problem.vehicles.size(); ++i)
        if (!driving[i] && !problem.vehicles[i].pinned.empty())
            return wrong("vehicle {}: its pinned visits are left out", i);
    std::ranges::sort(plan.routes, {}, &Route::vehicle);
    for (std::uint32_t i = 0; i < problem.jobs.size(); ++i) {
        if (visited[2 * i]) continue;
        plan.unserved.push_back({i, Why::crowded_out});
        if (problem.jobs[i].skip_cost) plan.cost.skipped += *problem.jobs[i].skip_cost;
        else ++plan.cost.missing;
    }
    return plan;
}

Result<void> verify(const Problem& problem, const Plan& plan) {
    std::vector<Order> orders;
    for (const Route& route : plan.routes) {
        orders.push_back({route.vehicle, {}});
        for (const Call& call : route.calls) orders.back().visits.push_back(call.visit);
        if (route.calls.empty()) return wrong("vehicle {} has a route without calls", route.vehicle);
    }
    TRY(const Plan own, evaluate(problem, orders));
    for (std::size_t i = 0; i < own.routes.size(); ++i) {
        if (own.routes[i].vehicle != plan.routes[i].vehicle) return wrong("the routes are not ascending");
        if (!same_route(own.routes[i], plan.routes[i]))
            return wrong("vehicle {}: its times or ways are not those it drives", own.routes[i].vehicle);
    }
    if (!std::ranges::equal(own.unserved, plan.unserved, {}, &Unserved::job, &Unserved::job))
        return wrong("the jobs said to be left out are not those that are");
    if (!same_cost(own.cost, plan.cost))
        return wrong("it says it costs {:.6f}, but it costs {:.6f}", plan.cost.total(), own.cost.total());
    return {};
}

}  // namespace lineshaft::solve
