#include "dispatch/fleet/haul.h"

#include <algorithm>
#include <cmath>

#include "solve/solve.h"

namespace lineshaft::dispatch {
namespace {

struct Transport {
    const Allocation* goal;
    solve::Point from, to;
    Instant ready;  ///< it is free to be carried
};

/// What has to be carried, in order of time.
std::vector<Transport> transports_of(const std::map<std::string, FleetMachine>& machines,
                                     const std::map<std::string, FleetRequest>& requests,
                                     Instant now, const FleetPlan& plan, const HaulRules& rules) {
    std::map<std::string, std::vector<const Allocation*>> by_machine;
    for (const Allocation& one : plan.allocations) by_machine[one.machine].push_back(&one);
    std::vector<Transport> all;
    for (auto& [id, mine] : by_machine) {
        const auto machine = machines.find(id);
        if (machine == machines.end() || machine->second.drives_itself) continue;
        std::ranges::sort(mine, [](const Allocation* a, const Allocation* b) {
            return std::tuple(!is_there(a->stage), a->begin) <
                   std::tuple(!is_there(b->stage), b->begin);
        });
        solve::Point where = machine->second.position;
        Instant free = now;
        for (const Allocation* one : mine) {
            const solve::Point site = requests.at(one->place.request).site;
            const bool is_open = one->stage < Stage::travelling;
            if (is_open && solve::great_circle_metres(where, site) > rules.near_metres)
                all.push_back({one, where, site, free});
            where = site;
            free = std::max(now, one->end);
        }
    }
    std::ranges::stable_sort(all, {}, [](const Transport& one) { return one.goal->begin; });
    return all;
}

std::int64_t kilograms(double weight) {
    return std::int64_t(std::ceil(weight));
}

}  // namespace

void plan_hauls(const std::map<std::string, FleetMachine>& machines,
                const std::map<std::string, FleetRequest>& requests, solve::SpeedProfile speeds,
                Instant now, std::uint64_t seed, FleetPlan& plan, const HaulRules& rules) {
    std::vector<const FleetMachine*> loaders;
    for (const auto& [id, machine] : machines)
        if (machine.capacity_kg > 0 && !machine.is_broken) loaders.push_back(&machine);
    if (loaders.empty()) return;
    std::vector<Transport> all = transports_of(machines, requests, now, plan, rules);
    std::vector<solve::Point> points;
    const auto place_at = [&](solve::Point point) {
        points.push_back(point);
        return static_cast<std::uint32_t>(points.size() - 1);
    };
    const auto seconds = [&](Instant at) {
        return std::clamp(std::chrono::duration<double>(at - now).count(), 0.0, solve::latest_s);
    };
    solve::Problem problem;
    for (const FleetMachine* loader : loaders) {
        solve::Vehicle vehicle;
        vehicle.start = place_at(loader->position);
        vehicle.shift = {
            loader->available_from ? seconds(*loader->available_from) : 0,
            loader->available_until ? seconds(*loader->available_until) : solve::latest_s};
        vehicle.shift.until_s = std::max(vehicle.shift.until_s, vehicle.shift.from_s);
        vehicle.capacity = {kilograms(loader->capacity_kg), 1, 0};
        vehicle.cost_per_metre = loader->cost_per_km / 1000;
        vehicle.cost_per_second = loader->cost_per_hour / 3600;
        vehicle.time_factor = loader->time_factor;
        problem.vehicles.push_back(std::move(vehicle));
    }
    const std::size_t carried = std::min(all.size(), rules.transports_max);
    for (std::size_t i = 0; i < carried; ++i) {
        const Transport& one = all[i];
        solve::Job job;
        const double ready = seconds(one.ready);
        job.at = {.place = place_at(one.from),
                  .service_s = rules.load_s,
                  .windows = {{ready, solve::latest_s}}};
        // Set down before the work begins.
        job.then =
            solve::Stop{.place = place_at(one.to),
                        .service_s = rules.unload_s,
                        .windows = {{0, std::max(0.0, seconds(one.goal->begin) - rules.unload_s)}}};
        job.load = {kilograms(machines.at(one.goal->machine).weight_kg), 1, 0};
        problem.jobs.push_back(std::move(job));
    }
    auto travel = solve::great_circle_travel(points, speeds);
    for (const Transport& one : all) plan.hauls.push_back({.place = one.goal->place, .loader = {}});
    if (travel && !problem.jobs.empty()) {
        problem.travel = std::make_shared<const solve::Travel>(std::move(*travel));
        solve::Options options;
        options.seed = seed;
        options.budget.iterations_max = rules.iterations;
        options.budget.spent = rules.spent;
        const auto outcome = solve::solve(problem, options);
        if (outcome) {
            const auto at = [&](double s) {
                return Instant{now.micros + std::int64_t(std::llround(s * 1e6))};
            };
            for (const solve::Unserved& out : outcome->plan.unserved)
                plan.hauls[out.job].why = out.why;
            for (const solve::Route& route : outcome->plan.routes) {
                Tour tour{loaders[route.vehicle]->id, {}};
                for (const solve::Call& call : route.calls) {
                    const Transport& one = all[call.visit.job];
                    Haul& haul = plan.hauls[call.visit.job];
                    haul.loader = tour.loader;
                    (call.visit.is_delivery ? haul.arrives : haul.leaves) = at(call.leave_s);
                    tour.stops.push_back({one.goal->place, one.goal->machine,
                                          call.visit.is_delivery,
                                          call.visit.is_delivery ? one.to : one.from,
                                          at(call.arrival_s), at(call.begin_s), at(call.leave_s)});
                }
                plan.tours.push_back(std::move(tour));
            }
        }
    }
    std::ranges::sort(plan.hauls, {}, &Haul::place);
    std::ranges::sort(plan.tours, {}, &Tour::loader);
}

}  // namespace lineshaft::dispatch
