// A fleet as a problem for the solver: what is open, who could do it, and the ways between.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "dispatch/fleet/desk.h"
#include "dispatch/fleet/draft.h"

namespace lineshaft::dispatch {
namespace {

/// Giving a planned job to another machine: what the people who know the plan would pay to avoid
/// it.
constexpr double change_cost = 25;

/// Seconds of the problem, from its beginning at `now`.
double horizon(Instant now, Instant at) {
    return std::clamp(std::chrono::duration<double>(at - now).count(), 0.0, solve::latest_s);
}

}  // namespace

/// Who can be sent, and what is before each of them.
void FleetDesk::draft_jobs(Draft& draft, Instant now) const {
    for (const auto& [id, machine] : machines_)
        if (!machine.is_broken && machine.capacity_kg == 0) {
            draft.vehicle_of[id] = static_cast<std::uint32_t>(draft.machines.size());
            draft.machines.push_back(id);
        }
    for (const auto& [place, allocation] : allocations_) {
        if (allocation.stage > Stage::requested && allocation.stage < Stage::done)
            draft.before[allocation.machine].push_back(&allocation);
        if (is_there(allocation.stage) || allocation.stage >= Stage::done) continue;
        const FleetRequest& request = requests_.at(place.request);
        solve::Job job;
        for (const Window& window : request.windows)
            if (window.until >= now)
                job.at.windows.push_back({horizon(now, window.from), horizon(now, window.until)});
        if (job.at.windows.empty() && !request.windows.empty()) {
            if (allocation.stage < Stage::accepted) {
                draft.past.push_back({place, true, solve::Why::not_in_time, request.rent_cost});
                continue;
            }
            job.at.windows = {{0, 0}};  // promised and late: it is kept, and its lateness told
        }
        job.at.service_s = double(request.duration_s);
        job.skills = known_skills(request.type, request.attachments);
        if (request.rent_cost)
            job.skip_cost = *request.rent_cost * (0.5 + request.priority / 100.0);
        if (const auto pin = pinned_.find(place); pin != pinned_.end())
            if (const auto who = draft.vehicle_of.find(pin->second); who != draft.vehicle_of.end())
                job.only_vehicle = who->second;
        if (const auto had = draft.vehicle_of.find(allocation.machine);
            allocation.stage >= Stage::planned && had != draft.vehicle_of.end()) {
            job.previous_vehicle = had->second;
            job.change_cost = change_cost;
        }
        draft.job_of[place] = static_cast<std::uint32_t>(draft.places.size());
        draft.places.push_back(place);
        draft.goals.push_back(request.site);
        draft.problem->jobs.push_back(std::move(job));
    }
}

void FleetDesk::draft_vehicles(Draft& draft, Instant now) const {
    for (std::uint32_t index = 0; index < draft.machines.size(); ++index) {
        const FleetMachine& machine = machines_.at(draft.machines[index]);
        solve::Vehicle vehicle;
        vehicle.shift = {
            machine.available_from ? horizon(now, *machine.available_from) : 0,
            machine.available_until ? horizon(now, *machine.available_until) : solve::latest_s};
        solve::Point from = machine.position;
        solve::Order order{index, {}};
        auto& mine = draft.before[machine.id];
        std::ranges::sort(mine, [](const Allocation* a, const Allocation* b) {
            return std::tuple(!is_there(a->stage), a->stage < Stage::accepted, a->begin, a->place) <
                   std::tuple(!is_there(b->stage), b->stage < Stage::accepted, b->begin, b->place);
        });
        for (const Allocation* one : mine) {
            if (is_there(one->stage)) {  // goes on from there when it is done
                from = requests_.at(one->place.request).site;
                vehicle.shift.from_s = std::max(vehicle.shift.from_s, horizon(now, one->end));
                continue;
            }
            const auto job = draft.job_of.find(one->place);
            if (job == draft.job_of.end()) continue;
            order.visits.push_back({job->second, false});
            if (one->stage >= Stage::accepted) vehicle.pinned.push_back(order.visits.back());
        }
        vehicle.shift.until_s = std::max(vehicle.shift.until_s, vehicle.shift.from_s);
        vehicle.skills = known_skills(machine.type, machine.attachments);
        for (const solve::Visit& visit :
             vehicle.pinned) {  // promised by people, whatever it has mounted now
            vehicle.skills |= draft.problem->jobs[visit.job].skills;
            draft.problem->jobs[visit.job].only_vehicle.reset();
        }
        vehicle.fixed_cost = machine.fixed_cost;
        vehicle.cost_per_metre = machine.cost_per_km / 1000;
        vehicle.cost_per_second = machine.cost_per_hour / 3600;
        vehicle.time_factor = machine.time_factor;
        draft.starts.push_back(from);
        draft.problem->vehicles.push_back(std::move(vehicle));
        if (!order.visits.empty()) draft.orders.push_back(std::move(order));
    }
}

Result<void> FleetDesk::draft_travel(Draft& draft, Ground& ground) const {
    TRY_VOID(ground.lay(draft.goals, draft.starts, speeds_, ways_));
    auto& [travel, vehicles, jobs] = *draft.problem;
    for (std::size_t i = 0; i < jobs.size(); ++i) jobs[i].at.place = ground.goal(draft.goals[i]);
    for (std::size_t i = 0; i < vehicles.size(); ++i) {
        solve::Vehicle& vehicle = vehicles[i];
        vehicle.start = ground.start(draft.starts[i]);
        // Promised, and the road was closed since: it is kept, by a way twice as long.
        std::uint32_t from = vehicle.start;
        for (const solve::Visit& visit : vehicle.pinned) {
            const std::uint32_t to = jobs[visit.job].at.place;
            if (ground.travel()->leg(from, to).metres >= solve::no_road_m) {
                TRY_VOID(ground.bend(from, to));
            }
            from = to;
        }
    }
    travel = ground.travel();
    return {};
}

Result<FleetDesk::Draft> FleetDesk::draft(Instant now, Ground& ground) const {
    Draft draft;
    draft.problem = std::make_shared<solve::Problem>();
    draft_jobs(draft, now);
    draft_vehicles(draft, now);
    TRY_VOID(draft_travel(draft, ground));
    return draft;
}

}  // namespace lineshaft::dispatch
