// The desk's plans: what the solver is asked, what its answer means, and why.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "dispatch/fleet/desk.h"
#include "dispatch/fleet/haul.h"

namespace lineshaft::dispatch {
namespace {

/// Giving a planned job to another machine: what the people who know the plan would pay to avoid
/// it.
constexpr double change_cost = 25;

double plan_seconds(Instant from, Instant to) {
    return std::chrono::duration<double>(to - from).count();
}
Instant plan_instant(Instant from, double seconds) {
    return {from.micros + std::int64_t(std::llround(seconds * 1e6))};
}

struct UnitVector {
    double x, y, z;
};
UnitVector unit_of(solve::Point point) {
    const double latitude = point.latitude * std::numbers::pi / 180,
                 longitude = point.longitude * std::numbers::pi / 180;
    return {std::cos(latitude) * std::cos(longitude), std::cos(latitude) * std::sin(longitude),
            std::sin(latitude)};
}

/// As solve::great_circle_metres, from vectors that were made once: a million legs take 30 ms.
double metres_of(const UnitVector& a, const UnitVector& b) {
    const double dx = a.x - b.x, dy = a.y - b.y, dz = a.z - b.z;
    return 2 * 6'371'008.8 * std::asin(std::min(1.0, std::sqrt(dx * dx + dy * dy + dz * dz) / 2));
}

}  // namespace

struct FleetDesk::Draft {
    solve::Problem problem;
    std::vector<std::string> machines;  ///< of a vehicle
    std::vector<PlaceOf> places;        ///< of a job
    std::vector<LeftOut> past;
    std::vector<solve::Order> orders;  ///< the plan in force
    std::vector<solve::Point> points;  ///< of the problem's places
    std::vector<bool> is_site;         ///< somebody may go there
    std::map<SpotKey, std::uint32_t> known;

    std::uint32_t place_at(solve::Point point, bool is_goal) {
        const auto [found, is_new] =
            known.emplace(spot_of(point), static_cast<std::uint32_t>(points.size()));
        if (is_new) {
            points.push_back(point);
            is_site.push_back(false);
        }
        if (is_goal) is_site[found->second] = true;
        return found->second;
    }
};

Result<FleetDesk::Draft> FleetDesk::draft(Instant now) const {
    Draft draft;
    const auto horizon = [&](Instant at) {
        return std::clamp(plan_seconds(now, at), 0.0, solve::latest_s);
    };
    std::map<PlaceOf, std::uint32_t> job_of;
    std::map<std::string, std::uint32_t> vehicle_of;
    for (const auto& [id, machine] : machines_)
        if (!machine.is_broken && machine.capacity_kg == 0) {
            vehicle_of[id] = static_cast<std::uint32_t>(draft.machines.size());
            draft.machines.push_back(id);
        }
    std::map<std::string, std::vector<const Allocation*>> before;  // of a machine, in its order
    for (const auto& [place, allocation] : allocations_) {
        if (allocation.stage > Stage::requested && allocation.stage < Stage::done)
            before[allocation.machine].push_back(&allocation);
        if (is_there(allocation.stage) || allocation.stage >= Stage::done) continue;
        const FleetRequest& request = requests_.at(place.request);
        solve::Job job;
        for (const Window& window : request.windows)
            if (window.until >= now)
                job.at.windows.push_back({horizon(window.from), horizon(window.until)});
        const bool is_promised = allocation.stage >= Stage::accepted;
        if (job.at.windows.empty() && !request.windows.empty()) {
            if (!is_promised) {
                draft.past.push_back({place, true, solve::Why::not_in_time, request.rent_cost});
                continue;
            }
            job.at.windows = {{0, 0}};  // promised and late: it is kept, and its lateness told
        }
        job.at.place = draft.place_at(request.site, true);
        job.at.service_s = double(request.duration_s);
        job.skills = known_skills(request.type, request.attachments);
        if (request.rent_cost)
            job.skip_cost = *request.rent_cost * (0.5 + request.priority / 100.0);
        if (const auto pin = pinned_.find(place);
            pin != pinned_.end() && vehicle_of.contains(pin->second))
            job.only_vehicle = vehicle_of[pin->second];
        if (const auto had = vehicle_of.find(allocation.machine);
            allocation.stage >= Stage::planned && had != vehicle_of.end()) {
            job.previous_vehicle = had->second;
            job.change_cost = change_cost;
        }
        job_of[place] = static_cast<std::uint32_t>(draft.places.size());
        draft.places.push_back(place);
        draft.problem.jobs.push_back(std::move(job));
    }
    for (const std::string& id : draft.machines) {
        const FleetMachine& machine = machines_.at(id);
        solve::Vehicle vehicle;
        vehicle.shift = {
            machine.available_from ? horizon(*machine.available_from) : 0,
            machine.available_until ? horizon(*machine.available_until) : solve::latest_s};
        solve::Point from = machine.position;
        solve::Order order{vehicle_of[id], {}};
        std::vector<const Allocation*> mine_in_order;
        if (const auto found = before.find(id); found != before.end())
            mine_in_order = std::move(found->second);
        std::ranges::sort(mine_in_order, [](const Allocation* a, const Allocation* b) {
            return std::tuple(!is_there(a->stage), a->stage < Stage::accepted, a->begin, a->place) <
                   std::tuple(!is_there(b->stage), b->stage < Stage::accepted, b->begin, b->place);
        });
        for (const Allocation* mine : mine_in_order) {
            if (is_there(mine->stage)) {  // goes on from there when it is done
                from = requests_.at(mine->place.request).site;
                vehicle.shift.from_s = std::max(vehicle.shift.from_s, horizon(mine->end));
                continue;
            }
            if (!job_of.contains(mine->place)) continue;
            order.visits.push_back({job_of[mine->place], false});
            if (mine->stage >= Stage::accepted) vehicle.pinned.push_back(order.visits.back());
        }
        vehicle.shift.until_s = std::max(vehicle.shift.until_s, vehicle.shift.from_s);
        vehicle.start = draft.place_at(from, false);
        vehicle.skills = known_skills(machine.type, machine.attachments);
        for (const solve::Visit& visit :
             vehicle.pinned) {  // promised by people, whatever it has mounted now
            vehicle.skills |= draft.problem.jobs[visit.job].skills;
            draft.problem.jobs[visit.job].only_vehicle.reset();
        }
        vehicle.fixed_cost = machine.fixed_cost;
        vehicle.cost_per_metre = machine.cost_per_km / 1000;
        vehicle.cost_per_second = machine.cost_per_hour / 3600;
        vehicle.time_factor = machine.time_factor;
        draft.problem.vehicles.push_back(std::move(vehicle));
        if (!order.visits.empty()) draft.orders.push_back(std::move(order));
    }
    if (draft.points.empty()) (void)draft.place_at({1, 1}, true);
    const std::size_t places = draft.points.size();
    if (places > solve::Limits{}.places_max)
        return fail(Code::exhausted, fmt::format("{} places in one plan, at most {}", places,
                                                 solve::Limits{}.places_max));
    std::vector<UnitVector> vectors;
    for (const solve::Point& point : draft.points) vectors.push_back(unit_of(point));
    std::vector<solve::Leg> legs(places * places);
    for (std::size_t from = 0; from < places; ++from)
        for (std::size_t to = 0; to < places; ++to) {
            if (!draft.is_site[to] || from == to)
                continue;  // nobody goes back to where a machine happened to stand
            const double metres = metres_of(vectors[from], vectors[to]) * speeds_.detour;
            const double slow = std::min(metres, speeds_.slow_metres);
            legs[from * places + to] = {
                metres, slow * 3.6 / speeds_.slow_kmh + (metres - slow) * 3.6 / speeds_.fast_kmh};
        }
    for (const auto& [between, leg] : ways_) {
        const auto from = draft.known.find(between.first), to = draft.known.find(between.second);
        if (from != draft.known.end() && to != draft.known.end() && from != to)
            legs[from->second * places + to->second] = leg;
    }
    TRY(solve::Travel travel, solve::Travel::from_matrix(places, std::move(legs)));
    for (std::uint32_t v = 0; v < draft.problem.vehicles.size(); ++v) {
        // Promised, and the road was closed since: it is kept, by a way twice as long.
        solve::Vehicle& vehicle = draft.problem.vehicles[v];
        std::uint32_t from = vehicle.start;
        for (const solve::Visit& visit : vehicle.pinned) {
            const std::uint32_t to = draft.problem.jobs[visit.job].at.place;
            if (travel.leg(from, to).metres >= solve::no_road_m) {
                const double metres = 2 * metres_of(vectors[from], vectors[to]) * speeds_.detour;
                TRY_VOID(travel.set(from, to, {metres, metres * 3.6 / speeds_.slow_kmh}));
            }
            from = to;
        }
    }
    draft.problem.travel = std::make_shared<const solve::Travel>(std::move(travel));
    return draft;
}

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

void FleetDesk::explain(const Draft& drafted, const solve::Plan& plan, Instant now,
                        std::size_t count_max, std::vector<Change>& changes) const {
    for (Change& change : changes) {
        if (change.from == change.to || count_max == 0) continue;
        const auto found = std::ranges::lower_bound(drafted.places, change.place);
        if (found == drafted.places.end() || *found != change.place) continue;
        const auto job = static_cast<std::uint32_t>(found - drafted.places.begin());
        --count_max;
        const auto ranked = solve::rank(drafted.problem, plan, job, drafted.machines.size());
        if (!ranked) continue;  // promised: there is nothing to compare
        for (const solve::Candidate& terms : *ranked) {
            const std::string& machine = drafted.machines[terms.vehicle];
            if (machine == change.from) change.from_terms = named(drafted, terms, now);
            if (machine == change.to) change.to_terms = named(drafted, terms, now);
        }
    }
}

Result<FleetPlan> FleetDesk::propose(Instant now, solve::Options options,
                                     std::size_t explained_max) const {
    TRY(const Draft drafted, draft(now));
    options.start = drafted.orders;
    options.focus.clear();
    TRY(const solve::Outcome outcome, solve::solve(drafted.problem, options));
    FleetPlan plan;
    plan.version = version_;
    plan.made_at = now;
    plan.cost = outcome.plan.cost;
    plan.left_out = drafted.past;
    for (const solve::Unserved& out : outcome.plan.unserved) {
        const PlaceOf& place = drafted.places[out.job];
        plan.left_out.push_back({place, false, out.why, requests_.at(place.request).rent_cost});
    }
    for (const solve::Route& route : outcome.plan.routes) {
        std::uint32_t from = drafted.problem.vehicles[route.vehicle].start;
        for (const solve::Call& call : route.calls) {
            const std::uint32_t to = drafted.problem.jobs[call.visit.job].at.place;
            Allocation one = allocations_.at(drafted.places[call.visit.job]);
            one.stage = std::max(one.stage, Stage::planned);
            one.machine = drafted.machines[route.vehicle];
            one.arrival = plan_instant(now, call.arrival_s);
            one.begin = plan_instant(now, call.begin_s);
            one.end = plan_instant(now, call.leave_s);
            one.late_s = call.late_s;
            one.way_metres = drafted.problem.travel->leg(from, to).metres;
            plan.allocations.push_back(std::move(one));
            from = to;
        }
    }
    for (const auto& [place, allocation] : allocations_)
        if (is_there(allocation.stage)) plan.allocations.push_back(allocation);
    std::ranges::sort(plan.allocations, {}, &Allocation::place);
    std::ranges::sort(plan.left_out, {}, &LeftOut::place);
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
    explain(drafted, outcome.plan, now, explained_max, plan.changes);
    plan_hauls(machines_, requests_, speeds_, now, options.seed, plan);
    return plan;
}

Result<std::vector<FleetCandidate>> FleetDesk::candidates(const PlaceOf& place, Instant now,
                                                          std::size_t count_max) const {
    if (!allocations_.contains(place))
        return fail(Code::not_found,
                    fmt::format("request {} has no place {}", place.request, place.index));
    if (allocations_.at(place).stage > Stage::planned)
        return fail(Code::conflict,
                    fmt::format("it is {} already", name_of(allocations_.at(place).stage)));
    TRY(const Draft drafted, draft(now));
    const auto found = std::ranges::find(drafted.places, place);
    if (found == drafted.places.end()) return fail(Code::conflict, "all its windows have closed");
    const auto job = static_cast<std::uint32_t>(found - drafted.places.begin());
    solve::Options as_it_is;
    as_it_is.start = drafted.orders;
    as_it_is.budget.iterations_max = 0;
    TRY(const solve::Outcome present, solve::solve(drafted.problem, as_it_is));
    TRY(const auto ranked, solve::rank(drafted.problem, present.plan, job, count_max));
    std::vector<FleetCandidate> all;
    for (const solve::Candidate& terms : ranked) all.push_back(named(drafted, terms, now));
    return all;
}

}  // namespace lineshaft::dispatch
