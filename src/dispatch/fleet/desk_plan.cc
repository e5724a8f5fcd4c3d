// The best next plan for a fleet, what it changes, and by which terms.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "dispatch/fleet/desk.h"
#include "dispatch/fleet/draft.h"
#include "dispatch/fleet/haul.h"

namespace lineshaft::dispatch {
namespace {

Instant plan_instant(Instant from, double seconds) {
    return {from.micros + std::int64_t(std::llround(seconds * 1e6))};
}

}  // namespace

FleetCandidate FleetDesk::named(const Draft& drafted, const solve::Candidate& terms,
                                Instant now) const {
    FleetCandidate one;
    one.machine = drafted.machines[terms.vehicle];
    one.terms = terms;
    const FleetMachine& machine = machines_.at(one.machine);
    one.available_until = machine.available_until;
    one.until_why = machine.until_why;
    if (terms.obstacle == solve::Obstacle::skills)
        for (const auto& [name, bit] : skill_bits_)
            if (terms.missing_skills & bit) one.missing.push_back(name.substr(name.find(' ') + 1));
    if (terms.delayed) one.delayed = drafted.places[terms.delayed->job];
    if (terms.obstacle == solve::Obstacle::none) {
        one.arrival = plan_instant(now, terms.arrival_s);
        one.begin = plan_instant(now, terms.begin_s);
    }
    return one;
}

void FleetDesk::explain(const Draft& drafted, const solve::Prepared& prepared,
                        const solve::Plan& plan, Instant now, std::size_t count_max,
                        std::vector<Change>& changes) const {
    std::optional<solve::Ranker> ranker;
    for (Change& change : changes) {
        if (change.from == change.to) continue;
        if (count_max == 0) return;
        const auto job = drafted.job_of.find(change.place);
        if (job == drafted.job_of.end()) continue;
        --count_max;
        if (!ranker) {
            auto made = solve::Ranker::make(prepared, plan);
            if (!made) return;
            ranker.emplace(std::move(*made));
        }
        const auto terms_of = [&](const std::string& machine) -> std::optional<FleetCandidate> {
            const auto vehicle = drafted.vehicle_of.find(machine);
            if (vehicle == drafted.vehicle_of.end()) return std::nullopt;
            const auto terms = ranker->look(job->second, std::span(&vehicle->second, 1));
            if (!terms) return std::nullopt;  // promised: there is nothing to compare
            return named(drafted, terms->front(), now);
        };
        change.from_terms = terms_of(change.from);
        change.to_terms = terms_of(change.to);
    }
}

FleetPlan FleetDesk::plan_of(const Draft& drafted, const solve::Plan& found, Instant now) const {
    FleetPlan plan;
    plan.version = version_;
    plan.made_at = now;
    plan.cost = found.cost;
    plan.left_out = drafted.past;
    for (const solve::Unserved& out : found.unserved) {
        const PlaceOf& place = drafted.places[out.job];
        plan.left_out.push_back({place, false, out.why, requests_.at(place.request).rent_cost});
    }
    for (const solve::Route& route : found.routes) {
        std::uint32_t from = drafted.problem->vehicles[route.vehicle].start;
        for (const solve::Call& call : route.calls) {
            const std::uint32_t to = drafted.problem->jobs[call.visit.job].at.place;
            Allocation one = allocations_.at(drafted.places[call.visit.job]);
            one.stage = std::max(one.stage, Stage::planned);
            one.machine = drafted.machines[route.vehicle];
            one.arrival = plan_instant(now, call.arrival_s);
            one.begin = plan_instant(now, call.begin_s);
            one.end = plan_instant(now, call.leave_s);
            one.late_s = call.late_s;
            one.way_metres = drafted.problem->travel->leg(from, to).metres;
            plan.allocations.push_back(std::move(one));
            from = to;
        }
    }
    for (const auto& [place, allocation] : allocations_)
        if (is_there(allocation.stage)) plan.allocations.push_back(allocation);
    std::ranges::sort(plan.allocations, {}, &Allocation::place);
    std::ranges::sort(plan.left_out, {}, &LeftOut::place);
    return plan;
}

/// Beside the plan in force.
void FleetDesk::note_changes(FleetPlan& plan) const {
    for (const Allocation& now_planned : plan.allocations) {
        const Allocation& was = allocations_.at(now_planned.place);
        Change change{now_planned.place, was.machine, now_planned.machine, 0};
        if (!was.machine.empty())
            change.shift_s = (now_planned.begin.micros - was.begin.micros) / 1'000'000;
        if (change.from != change.to || std::abs(change.shift_s) > 60)
            plan.changes.push_back(std::move(change));
    }
    for (const LeftOut& out : plan.left_out)
        if (const Allocation& was = allocations_.at(out.place); !was.machine.empty())
            plan.changes.push_back({out.place, was.machine, "", 0});
}

Result<FleetPlan> FleetDesk::propose(Instant now, solve::Options options,
                                     const Planning& how) const {
    const auto clock = [&how] { return how.clock_s ? how.clock_s() : 0.0; };
    const double begun = clock();
    Ground own;
    TRY(const Draft drafted, draft(now, how.ground ? *how.ground : own));
    TRY(const auto prepared, solve::Prepared::make(drafted.problem, options.limits));
    const double prepared_at = clock();
    options.start = drafted.orders;
    options.focus.clear();
    TRY(const solve::Outcome outcome, solve::solve(prepared, options));
    const double searched_at = clock();
    FleetPlan plan = plan_of(drafted, outcome.plan, now);
    note_changes(plan);
    explain(drafted, prepared, outcome.plan, now, how.explained_max, plan.changes);
    HaulRules rules;
    rules.spent = how.hauls_spent;
    plan_hauls(machines_, requests_, speeds_, now, options.seed, plan, rules);
    plan.took = {prepared_at - begun, searched_at - prepared_at, clock() - searched_at};
    return plan;
}

Result<std::vector<FleetCandidate>> FleetDesk::candidates(const PlaceOf& place, Instant now,
                                                          std::size_t count_max,
                                                          Ground* ground) const {
    if (!allocations_.contains(place))
        return fail(Code::not_found,
                    fmt::format("request {} has no place {}", place.request, place.index));
    if (allocations_.at(place).stage > Stage::planned)
        return fail(Code::conflict,
                    fmt::format("it is {} already", name_of(allocations_.at(place).stage)));
    Ground own;
    TRY(const Draft drafted, draft(now, ground ? *ground : own));
    const auto job = drafted.job_of.find(place);
    if (job == drafted.job_of.end()) return fail(Code::conflict, "all its windows have closed");
    TRY(const auto prepared, solve::Prepared::make(drafted.problem));
    solve::Options as_it_is;
    as_it_is.start = drafted.orders;
    as_it_is.budget.iterations_max = 0;
    TRY(const solve::Outcome present, solve::solve(prepared, as_it_is));
    TRY(const auto ranker, solve::Ranker::make(prepared, present.plan));
    TRY(const auto ranked, ranker.rank(job->second, count_max));
    std::vector<FleetCandidate> all;
    for (const solve::Candidate& terms : ranked) all.push_back(named(drafted, terms, now));
    return all;
}

}  // namespace lineshaft::dispatch
