// One day of a fleet: how long from an event to a checked plan, how much does it move, and what did not
// knowing the future cost? Wall time, one thread.
#include "solve_online.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "solve/practice.h"
#include "solve/verify.h"

namespace lineshaft::bench {
namespace {

double wall_seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

solve::Options for_seconds(double seconds, std::uint64_t seed) {
    solve::Options options;
    options.seed = seed;
    options.budget.spent = [seconds, begun = wall_seconds()] { return (wall_seconds() - begun) / seconds; };
    return options;
}

double part(const std::vector<double>& ascending, double share) {
    return ascending[std::min(ascending.size() - 1, std::size_t(share * double(ascending.size())))];
}

}  // namespace

bool run_online(const Online& wanted) {
    solve::PracticeDay day = solve::practice_day(wanted.seed, {wanted.vehicles, wanted.jobs, wanted.events});
    solve::Problem problem = day.problem;
    const auto morning = solve::solve(problem, for_seconds(wanted.morning_seconds, wanted.seed));
    if (!morning) {
        fmt::print("failed: {}\n", morning.error().context);
        return false;
    }
    solve::Plan plan = morning->plan;
    fmt::print("seed {}: {} machines, {} jobs; morning plan {:.0f} ({} left out) in {:.0f} s\n", wanted.seed,
               wanted.vehicles, wanted.jobs, plan.cost.total(), plan.unserved.size(), wanted.morning_seconds);
    std::vector<double> took;
    std::set<std::uint32_t> broken;
    std::size_t moved = 0, shifted = 0, kept = 0;
    for (const auto& happening : day.happenings) {
        const double begun = wall_seconds();
        const auto pinned = solve::pin_begun(problem, plan, happening.at_s);
        const auto event = pinned ? solve::event_of(day, happening, problem, plan) : std::nullopt;
        if (!event) continue;
        const auto focus = solve::apply(problem, plan, *event);
        if (!focus) continue;
        const auto next = solve::replan(problem, plan, *focus, for_seconds(wanted.seconds, wanted.seed));
        if (!next || !solve::verify(problem, next->plan)) {
            fmt::print("failed: {}\n", next ? "the check" : next.error().context);
            return false;
        }
        took.push_back(wall_seconds() - begun);
        if (event->kind == solve::Event::Kind::breakdown) broken.insert(event->vehicle);
        moved += next->difference.moves.size();
        shifted += next->difference.shifted.size();
        kept += next->difference.kept;
        plan = next->plan;
    }
    solve::Problem known = problem;  // the same day, known from the morning on; what broke stays as it was
    for (std::uint32_t v = 0; v < known.vehicles.size(); ++v)
        if (!broken.contains(v)) known.vehicles[v].pinned.clear(), known.vehicles[v].free_from_s = 0;
    for (solve::Job& job : known.jobs) job.change_cost = 0;
    solve::Options offline = for_seconds(wanted.offline_seconds, wanted.seed);
    const auto best = solve::solve(known, offline);
    if (!best) {
        fmt::print("failed: {}\n", best.error().context);
        return false;
    }
    std::ranges::sort(took);
    const double cost = plan.cost.total() - plan.cost.changed, least = best->plan.cost.total();
    fmt::print("events {}, each with {:.2f} s to search: to a checked plan p50 {:.3f} s, p99 {:.3f} s, worst {:.3f} s\n",
               took.size(), wanted.seconds, part(took, 0.5), part(took, 0.99), took.back());
    fmt::print("stability: {:.2f} jobs moved and {:.2f} begin over a minute earlier or later per event, {:.2f} % of "
               "{:.0f} stay with their machine\n",
               double(moved) / double(took.size()), double(shifted) / double(took.size()),
               100 * double(kept) / double(kept + moved), double(kept + moved) / double(took.size()));
    fmt::print("regret: the day cost {:.0f} ({} left out), known from the morning on {:.0f} ({} left out): {:.2f} %\n", cost,
               plan.unserved.size(), least, best->plan.unserved.size(), 100 * (cost / least - 1));
    return true;
}

}  // namespace lineshaft::bench
