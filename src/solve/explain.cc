#include "solve/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <tuple>

#include "solve/model.h"
#include "solve/routes.h"
#include "solve/solve.h"
#include "solve/verify.h"

namespace lineshaft::solve {
namespace {

struct Sums {
    double metres = 0, seconds = 0;
};
Sums sums_of(const std::vector<Slot>& slots) {
    Sums sums;
    for (const Slot& slot : slots) {
        sums.metres += slot.metres_in;
        sums.seconds += slot.seconds_in;
    }
    return sums;
}

/// The possible place, in numbers: the job is put there, looked at, and taken back.
Candidate possible(const Model& model, Routes& routes, std::uint32_t job, const Insertion& where) {
    Candidate candidate{.vehicle = where.vehicle};
    const Sums before = sums_of(routes.slots(where.vehicle));
    if (routes.is_empty(where.vehicle)) candidate.extra_fixed = model.problem.vehicles[where.vehicle].fixed_cost;
    candidate.extra_changed = routes.change_cost(job, where.vehicle);
    routes.begin();
    routes.insert(job, where);
    const std::vector<Slot>& slots = routes.slots(where.vehicle);
    const Sums after = sums_of(slots);
    candidate.extra_metres = after.metres - before.metres;
    candidate.extra_driving_s = after.seconds - before.seconds;
    candidate.extra_cost = where.cost;
    const std::uint32_t at = routes.position_of(2 * job);
    candidate.position = at - 1;
    candidate.delivery_position = model.is_transport(job) ? routes.position_of(2 * job + 1) - 1 : at - 1;
    candidate.arrival_s = slots[at - 1].leave + slots[at].seconds_in;
    candidate.begin_s = model.begin(model.nodes[2 * job], candidate.arrival_s);
    candidate.slack_s = std::max(0.0, slots[at].latest - candidate.begin_s);
    routes.rollback();
    return candidate;
}

/// What goes wrong first when the job is put before slot `position`, and by how much. A transport
/// is judged with its delivery right behind its pickup.
Candidate try_anyway(const Model& model, const Routes& routes, std::uint32_t job, std::uint32_t vehicle,
                     std::uint32_t position) {
    const Vehicle& who = model.problem.vehicles[vehicle];
    const std::vector<Slot>& slots = routes.slots(vehicle);
    Candidate found{.vehicle = vehicle};
    double now = slots[position - 1].leave;
    std::uint32_t place = slots[position - 1].place;
    const auto go = [&](std::uint32_t next, const Leg* to) {
        const Leg& leg = to[place];
        if (leg.metres >= no_road_m || leg.seconds >= no_road_m) return false;
        now += leg.seconds * who.time_factor;
        place = next;
        return true;
    };
    std::vector<std::uint32_t> nodes{2 * job};
    if (model.is_transport(job)) nodes.push_back(2 * job + 1);
    const std::size_t own = nodes.size();
    for (std::size_t i = position; i + 1 < slots.size(); ++i) nodes.push_back(slots[i].node);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        const Node& node = model.nodes[nodes[i]];
        if (!go(node.place, model.to(nodes[i]))) {
            found.obstacle = Obstacle::no_road;
            return found;
        }
        const double begin = model.begin(node, now);
        if (begin == never) {
            found.obstacle = i < own ? Obstacle::window_missed : Obstacle::delays_others;
            found.late_s = now - node.close;
            if (i >= own) found.delayed = Visit{nodes[i] / 2, nodes[i] % 2 == 1};
            return found;
        }
        now = begin + node.service;
    }
    if (who.end) {
        const Leg& home = model.from(nodes.back())[*who.end];
        if (home.metres >= no_road_m || home.seconds >= no_road_m) {
            found.obstacle = Obstacle::no_road;
            return found;
        }
        now += home.seconds * who.time_factor;
    }
    found.late_s = std::max(0.0, now - who.shift.until_s);
    found.obstacle = found.late_s > 0 ? Obstacle::shift_over : Obstacle::load;
    return found;
}

Candidate obstacle_of(const Model& model, const Routes& routes, std::uint32_t job, std::uint32_t vehicle) {
    const Job& what = model.problem.jobs[job];
    const Vehicle& who = model.problem.vehicles[vehicle];
    Candidate found{.vehicle = vehicle};
    const auto is = [&](Obstacle obstacle) {
        found.obstacle = obstacle;
        return found;
    };
    found.missing_skills = what.skills & ~who.skills;
    if (found.missing_skills != 0) return is(Obstacle::skills);
    if (what.only_vehicle && *what.only_vehicle != vehicle) return is(Obstacle::pinned);
    if (!model.is_able(vehicle, job)) return is(Obstacle::load);
    const std::vector<Slot>& slots = routes.slots(vehicle);
    if (slots.size() - 2 + 1 + model.is_transport(job) > who.stops_max) return is(Obstacle::stops);
    found.obstacle = Obstacle::load;
    bool is_first = true;
    for (std::uint32_t p = routes.first_free(vehicle); p < slots.size(); ++p) {
        const Candidate tried = try_anyway(model, routes, job, vehicle, p);
        if (tried.obstacle == Obstacle::load) return is(Obstacle::load);  // in time, so it is the room
        const bool is_road = tried.obstacle != Obstacle::no_road, had_road = found.obstacle != Obstacle::no_road;
        if (is_first || (is_road && (!had_road || tried.late_s < found.late_s))) found = tried;
        is_first = false;
    }
    return found;
}

int rank_of(Obstacle obstacle) {
    switch (obstacle) {
        case Obstacle::none: return 0;
        case Obstacle::window_missed:
        case Obstacle::shift_over:
        case Obstacle::delays_others: return 1;
        case Obstacle::load: return 2;
        case Obstacle::stops: return 3;
        case Obstacle::pinned: return 4;
        case Obstacle::no_road: return 5;
        case Obstacle::skills: return 6;
    }
    return 6;
}

struct Place {
    std::uint32_t vehicle = 0;
    double begin_s = 0;
};
std::map<std::uint32_t, std::optional<Place>> places_of(const Plan& plan) {
    std::map<std::uint32_t, std::optional<Place>> places;
    for (const Unserved& out : plan.unserved) places[out.job] = std::nullopt;
    for (const Route& route : plan.routes)
        for (const Call& call : route.calls)
            if (!call.visit.is_delivery) places[call.visit.job] = Place{route.vehicle, call.begin_s};
    return places;
}

}  // namespace

std::string_view name_of(Obstacle obstacle) {
    switch (obstacle) {
        case Obstacle::none: return "none";
        case Obstacle::skills: return "skills";
        case Obstacle::pinned: return "pinned";
        case Obstacle::load: return "load";
        case Obstacle::stops: return "stops";
        case Obstacle::no_road: return "no_road";
        case Obstacle::window_missed: return "window_missed";
        case Obstacle::shift_over: return "shift_over";
        case Obstacle::delays_others: return "delays_others";
    }
    return "none";
}

struct Ranker::State {
    Prepared prepared;
    Routes routes;
};

Ranker::Ranker(std::unique_ptr<State> state) : state_(std::move(state)) {}
Ranker::~Ranker() = default;
Ranker::Ranker(Ranker&&) noexcept = default;
Ranker& Ranker::operator=(Ranker&&) noexcept = default;

Result<Ranker> Ranker::make(const Prepared& prepared, const Plan& plan) {
    TRY_VOID(verify(prepared.problem(), plan));
    auto state = std::make_unique<State>(prepared, Routes(prepared.model()));
    state->routes.load(orders_of(plan));
    return Ranker(std::move(state));
}

Result<std::vector<Candidate>> Ranker::look(std::uint32_t job,
                                            std::span<const std::uint32_t> vehicles) const {
    const Model& model = state_->prepared.model();
    const Problem& problem = model.problem;
    if (job >= problem.jobs.size()) return fail(Code::not_found, fmt::format("there is no job {}", job));
    if (model.nodes[2 * job].is_fixed) return fail(Code::conflict, fmt::format("job {} is pinned", job));
    Routes routes = state_->routes;
    if (!routes.is_absent(job)) routes.remove(job);
    std::vector<Candidate> all;
    for (const std::uint32_t v : vehicles) {
        if (v >= problem.vehicles.size()) return fail(Code::not_found, fmt::format("there is no vehicle {}", v));
        Insertion best{.cost = 1e30};
        routes.try_route(job, v, best, nullptr);
        all.push_back(best.vehicle == none ? obstacle_of(model, routes, job, v) : possible(model, routes, job, best));
        all.back().metres_from_start = problem.travel->leg(problem.vehicles[v].start, problem.jobs[job].at.place).metres;
    }
    return all;
}

Result<std::vector<Candidate>> Ranker::rank(std::uint32_t job, std::size_t count_max) const {
    std::vector<std::uint32_t> everyone(state_->prepared.problem().vehicles.size());
    std::iota(everyone.begin(), everyone.end(), 0u);
    TRY(std::vector<Candidate> all, look(job, everyone));
    std::ranges::sort(all, {}, [](const Candidate& c) {
        return std::tuple(rank_of(c.obstacle), c.obstacle == Obstacle::none ? c.extra_cost : c.late_s,
                          c.metres_from_start, c.vehicle);
    });
    all.resize(std::min(all.size(), count_max));
    return all;
}

Result<std::vector<Candidate>> rank(const Problem& problem, const Plan& plan, std::uint32_t job,
                                    std::size_t count_max) {
    const std::shared_ptr<const Problem> borrowed(std::shared_ptr<void>(), &problem);
    TRY(const Prepared prepared, Prepared::make(borrowed));
    if (job >= problem.jobs.size()) return fail(Code::not_found, fmt::format("there is no job {}", job));
    TRY(const Ranker ranker, Ranker::make(prepared, plan));
    return ranker.rank(job, count_max);
}

Difference difference(const Plan& before, const Plan& after) {
    Difference found;
    found.cost = after.cost.total() - before.cost.total();
    auto then = places_of(before);
    const auto now = places_of(after);
    for (const auto& [job, place] : now) {
        const auto was = then[job];  // a job that is new was nowhere
        if (!was && !place) continue;
        Difference::Move move{.job = job};
        if (was) move.from = was->vehicle;
        if (place) move.to = place->vehicle;
        if (was && place) move.shift_s = place->begin_s - was->begin_s;
        if (move.from != move.to) {
            found.moves.push_back(move);
            continue;
        }
        ++found.kept;
        if (std::abs(move.shift_s) > 60) found.shifted.push_back(move);
    }
    return found;
}

}  // namespace lineshaft::solve
