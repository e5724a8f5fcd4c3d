#include "solve/answer.h"

#include <algorithm>

namespace lineshaft::solve {
namespace {

Route route_of(const Model& model, const Routes& routes, std::uint32_t vehicle, Cost& cost) {
    const Vehicle& who = model.problem.vehicles[vehicle];
    const std::vector<Slot>& slots = routes.slots(vehicle);
    Route route;
    route.vehicle = vehicle;
    cost.fixed += who.fixed_cost;
    for (std::size_t i = 1; i < slots.size(); ++i) {
        const Slot& slot = slots[i];
        route.metres += slot.metres_in;
        route.driving_s += slot.seconds_in;
        const double arrival = slots[i - 1].leave + slot.seconds_in;
        if (slot.node == none) {
            route.end_s = arrival;
            break;
        }
        const Node& node = model.nodes[slot.node];
        const Job& job = model.problem.jobs[slot.node / 2];
        const Stop& stop = slot.node % 2 == 1 ? *job.then : job.at;
        Call call;
        call.visit = {slot.node / 2, slot.node % 2 == 1};
        call.arrival_s = arrival;
        call.begin_s = model.begin(node, arrival);
        call.leave_s = call.begin_s + node.service;
        call.pinned = i <= who.pinned.size();
        if (node.is_excused && !stop.windows.empty())
            call.late_s = std::max(0.0, call.begin_s - stop.windows.back().until_s);
        route.waiting_s += call.begin_s - arrival;
        route.calls.push_back(call);
        if (slot.node % 2 == 0) cost.changed += routes.change_cost(slot.node / 2, vehicle);
    }
    cost.distance += route.metres * who.cost_per_metre;
    cost.time += route.driving_s * who.cost_per_second;
    return route;
}

/// Asks what a free fleet could: routes with nothing but the pins.
Why why_absent(const Model& model, const Routes& free, std::uint32_t job) {
    const Job& what = model.problem.jobs[job];
    bool has_skills = false, can_carry = false, is_possible = false;
    double least = never;
    for (std::uint32_t v = 0; v < model.problem.vehicles.size(); ++v) {
        const Vehicle& who = model.problem.vehicles[v];
        if ((who.skills & what.skills) != what.skills || (what.only_vehicle && *what.only_vehicle != v)) continue;
        has_skills = true;
        if (!model.is_able(v, job)) continue;
        can_carry = true;
        Insertion best{.cost = 1e30};
        free.try_route(job, v, best, nullptr);
        if (best.vehicle == none) continue;
        is_possible = true;
        least = std::min(least, best.cost);
    }
    if (!has_skills) return Why::no_skills;
    if (!can_carry) return Why::too_heavy;
    if (!is_possible) return Why::not_in_time;
    return what.skip_cost && least >= *what.skip_cost ? Why::not_worth_it : Why::crowded_out;
}

}  // namespace

Plan answer(const Model& model, const Routes& routes) {
    Plan plan;
    for (std::uint32_t v = 0; v < model.problem.vehicles.size(); ++v)
        if (!routes.is_empty(v)) plan.routes.push_back(route_of(model, routes, v, plan.cost));
    if (routes.absent().empty()) return plan;
    const Routes free(model);
    for (const std::uint32_t job : routes.absent()) {
        plan.unserved.push_back({job, why_absent(model, free, job)});
        if (model.must(job)) ++plan.cost.missing;
        else plan.cost.skipped += model.skip_cost(job);
    }
    std::ranges::sort(plan.unserved, {}, &Unserved::job);
    return plan;
}

}  // namespace lineshaft::solve
