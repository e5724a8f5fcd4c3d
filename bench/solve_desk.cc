// The fleet's desk as the node uses it: from an event to a plan that is adopted, by parts, while every
// machine has moved since the last one. Wall time and processor time of one thread.
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "dispatch/fleet/desk.h"
#include "solve_online.h"

namespace lineshaft::bench {
namespace {

using dispatch::FleetDesk;

double desk_wall() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}
double desk_cpu() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return double(now.tv_sec) + double(now.tv_nsec) * 1e-9;
}

struct Chance {
    std::uint64_t state;
    double next(double low, double high) {
        state = state * 6'364'136'223'846'793'005u + 1'442'695'040'888'963'407u;
        return low + (high - low) * double(state >> 11) * 0x1p-53;
    }
    solve::Point point() { return {next(22, 24), next(112, 114)}; }
};

constexpr int kinds = 5;
const Instant day_begin{1'795'000'000'000'000};
Instant after_s(double seconds) { return {day_begin.micros + std::int64_t(seconds * 1e6)}; }

dispatch::FleetRequest asked(const std::string& id, double now_s, Chance& chance) {
    dispatch::FleetRequest one;
    one.id = id;
    one.site = chance.point();
    one.type = fmt::format("kind {}", int(chance.next(0, kinds)));
    const double from = now_s + chance.next(0, 20'000);
    one.windows = {{after_s(from), after_s(from + chance.next(3'600, 30'000))}};
    one.duration_s = std::int64_t(chance.next(1'800, 14'400));
    one.rent_cost = chance.next(300, 2'000);
    return one;
}

struct Numbers {
    std::vector<double> wall, cpu, prepare, search, explain, copy;
};
double share_of(std::vector<double> all, double share) {
    std::ranges::sort(all);
    return all[std::min(all.size() - 1, std::size_t(share * double(all.size())))];
}

/// One event's plan: copied, planned within its time, adopted. False: it failed.
bool replan(FleetDesk& desk, dispatch::Ground& ground, double now_s, double seconds, double within_s,
            Numbers& numbers, std::size_t& moved) {
    const double begun = desk_wall(), cpu = desk_cpu();
    const FleetDesk copy = desk;
    numbers.copy.push_back(desk_wall() - begun);
    solve::Options options;
    options.budget.spent = [&, from = 0.0]() mutable {
        const double now = desk_wall();
        if (from == 0) from = now;
        const double length = std::min(seconds, begun + within_s - from);
        return length <= 0 ? 1.0 : (now - from) / length;
    };
    dispatch::Planning how;
    how.ground = &ground;
    how.clock_s = &desk_wall;
    const auto plan = copy.propose(after_s(now_s), options, how);
    if (!plan || !desk.adopt(*plan)) {
        fmt::print("failed: {}\n", plan ? "adopting" : plan.error().context);
        return false;
    }
    numbers.wall.push_back(desk_wall() - begun);
    numbers.cpu.push_back(desk_cpu() - cpu);
    numbers.prepare.push_back(plan->took.prepare_s);
    numbers.search.push_back(plan->took.search_s);
    numbers.explain.push_back(plan->took.explain_s);
    moved += std::size_t(std::ranges::count_if(
        plan->changes, [](const auto& one) { return !one.from.empty() && one.from != one.to; }));
    return true;
}

}  // namespace

bool run_desk(const Online& wanted) {
    Chance chance{wanted.seed};
    FleetDesk desk;
    std::vector<dispatch::FleetMachine> machines(wanted.vehicles);
    for (std::size_t i = 0; i < machines.size(); ++i) {
        machines[i].id = fmt::format("machine-{}", i);
        machines[i].type = fmt::format("kind {}", i % kinds);
        machines[i].position = chance.point();
        if (!desk.put_machine(machines[i])) return false;
    }
    for (std::size_t i = 0; i < wanted.jobs; ++i)
        if (!desk.add_request(asked(std::to_string(i), 0, chance))) return false;
    dispatch::Ground ground;
    Numbers first, events;
    std::size_t moved = 0;
    if (!replan(desk, ground, 0, wanted.morning_seconds, wanted.morning_seconds, first, moved)) return false;
    moved = 0;
    double now_s = 0;
    for (std::size_t i = 0; i < wanted.events; ++i) {
        now_s += 60;
        for (auto& one : machines) {  // fixes of receivers shake by a few metres
            one.position.latitude += chance.next(-2e-5, 2e-5);
            desk.move_machine(one.id, one.position);
        }
        if (i % 4 != 3) {
            if (!desk.add_request(asked(fmt::format("rush-{}", i), now_s, chance))) return false;
        } else {
            auto& broken = machines[std::size_t(chance.next(0, double(machines.size())))];
            broken.is_broken = true;
            if (!desk.put_machine(broken)) return false;
        }
        if (!replan(desk, ground, now_s, wanted.seconds, 0.7, events, moved)) return false;
    }
    const auto line = [](std::string_view name, const std::vector<double>& all) {
        fmt::print("  {:8} p50 {:.3f} s, p99 {:.3f} s, worst {:.3f} s\n", name, share_of(all, 0.5),
                   share_of(all, 0.99), share_of(all, 1));
    };
    fmt::print("desk, seed {}: {} machines, {} requests, {} events, at most {:.2f} s of search within 0.7 s; {:.2f} of "
               "them change their machine per event; from nothing {:.3f} s of processor\n",
               wanted.seed, wanted.vehicles, wanted.jobs, wanted.events, wanted.seconds,
               double(moved) / double(std::max<std::size_t>(1, wanted.events)), first.cpu.front());
    line("all", events.wall);
    line("its cpu", events.cpu);
    line("copy", events.copy);
    line("prepare", events.prepare);
    line("search", events.search);
    line("explain", events.explain);
    return true;
}

}  // namespace lineshaft::bench
