#include "solve/replan.h"

#include <fmt/format.h>

#include <algorithm>

namespace lineshaft::solve {
namespace {

constexpr std::uint64_t nobodys_skill = std::uint64_t{1} << 63;
constexpr std::size_t neighbours_in_focus = 20;

const Route* route_of(const Plan& plan, std::uint32_t vehicle) {
    const auto found = std::ranges::lower_bound(plan.routes, vehicle, {}, &Route::vehicle);
    return found != plan.routes.end() && found->vehicle == vehicle ? &*found : nullptr;
}

/// Jobs near `job` that somebody does: those who could make room.
void add_near(const Problem& problem, std::uint32_t job, std::vector<std::uint32_t>& focus) {
    std::vector<std::pair<double, std::uint32_t>> near;
    const std::uint32_t here = problem.jobs[job].at.place;
    for (std::uint32_t other = 0; other < problem.jobs.size(); ++other)
        if (other != job) near.emplace_back(problem.travel->leg(here, problem.jobs[other].at.place).seconds, other);
    const std::size_t count = std::min(neighbours_in_focus, near.size());
    std::ranges::partial_sort(near, near.begin() + std::ptrdiff_t(count));
    for (std::size_t i = 0; i < count; ++i) focus.push_back(near[i].second);
}

}  // namespace

Result<void> pin_begun(Problem& problem, const Plan& plan, double now_s) {
    for (Vehicle& vehicle : problem.vehicles) vehicle.free_from_s = std::max(vehicle.free_from_s, now_s);
    for (const Route& route : plan.routes) {
        if (route.vehicle >= problem.vehicles.size())
            return fail(Code::invalid, fmt::format("there is no vehicle {}", route.vehicle));
        Vehicle& vehicle = problem.vehicles[route.vehicle];
        vehicle.pinned.clear();
        std::uint32_t place = vehicle.start;
        bool is_begun = true;
        for (const Call& call : route.calls) {
            if (call.visit.job >= problem.jobs.size() || (call.visit.is_delivery && !problem.jobs[call.visit.job].then))
                return fail(Code::invalid, fmt::format("there is no such stop of job {}", call.visit.job));
            Job& job = problem.jobs[call.visit.job];
            job.previous_vehicle = route.vehicle;
            const std::uint32_t next = call.visit.is_delivery ? job.then->place : job.at.place;
            const double driving_s = problem.travel->leg(place, next).seconds * vehicle.time_factor;
            is_begun &= call.pinned || call.begin_s - driving_s <= now_s;
            if (is_begun) vehicle.pinned.push_back(call.visit);
            place = next;
        }
    }
    return {};
}

Result<std::vector<std::uint32_t>> apply(Problem& problem, const Plan& plan, const Event& event) {
    using enum Event::Kind;
    const bool is_of_job = event.kind == job_added || event.kind == withdrawn || event.kind == takes_longer;
    if (is_of_job ? event.job >= problem.jobs.size() : event.vehicle >= problem.vehicles.size())
        return fail(Code::invalid, "the event is about a job or vehicle that does not exist");
    std::vector<std::uint32_t> focus;
    std::optional<std::uint32_t> vehicle;
    switch (event.kind) {
        case job_added:
            focus.push_back(event.job);
            add_near(problem, event.job, focus);
            break;
        case withdrawn: {
            for (const Vehicle& who : problem.vehicles)
                if (std::ranges::count(who.pinned, event.job, &Visit::job) != 0)
                    return fail(Code::conflict, fmt::format("job {} has begun", event.job));
            Job& job = problem.jobs[event.job];
            vehicle = job.previous_vehicle;
            job.skills |= nobodys_skill;
            job.skip_cost = 0;
            add_near(problem, event.job, focus);
            break;
        }
        case breakdown: {
            vehicle = event.vehicle;
            Vehicle& who = problem.vehicles[event.vehicle];
            const Route* route = route_of(plan, event.vehicle);
            std::size_t done = 0;  // it does not reach what it was on its way to
            while (route && done < who.pinned.size() && done < route->calls.size() &&
                   route->calls[done].begin_s <= event.at_s)
                ++done;
            who.pinned.resize(done);
            who.stops_max = static_cast<std::uint32_t>(done);
            break;
        }
        case takes_longer:
            problem.jobs[event.job].at.service_s += event.seconds;
            vehicle = problem.jobs[event.job].previous_vehicle;
            break;
        case late:
            vehicle = event.vehicle;
            problem.vehicles[event.vehicle].free_from_s =
                std::max(problem.vehicles[event.vehicle].free_from_s, event.seconds);
            break;
    }
    if (const Route* route = vehicle ? route_of(plan, *vehicle) : nullptr)
        for (const Call& call : route->calls)
            if (!call.visit.is_delivery && std::ranges::count(problem.vehicles[*vehicle].pinned, call.visit) == 0) {
                focus.push_back(call.visit.job);
                add_near(problem, call.visit.job, focus);
            }
    std::ranges::sort(focus);
    focus.erase(std::ranges::unique(focus).begin(), focus.end());
    return focus;
}

Result<Replanned> replan(const Problem& problem, const Plan& plan, std::vector<std::uint32_t> focus, Options options) {
    options.start = orders_of(plan);
    options.focus = std::move(focus);
    TRY(Outcome outcome, solve(problem, options));
    Difference changed = difference(plan, outcome.plan);
    return Replanned{std::move(outcome.plan), std::move(changed), outcome.iterations};
}

}  // namespace lineshaft::solve
