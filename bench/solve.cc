// How far from the best known, after how long? Public sets, one thread, time of the processor.
//
//   solve_load [solomon|lilim] [--data DIR] [--filter TEXT] [--every N] [--seconds S] [--seeds K]
//              [--seed N] [--vehicles]
//   solve_load days [--filter KIND] [--size N] [--seed N] [--curve S,S,…] [--write DIR] [--vehicles]
//   solve_load online|desk [--size N] [--events N] [--seconds S] [--seed N]
// Objective: distance; with --vehicles, vehicles first, then distance. Without the data it says so
// and succeeds.
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>

#include "solve/solve.h"
#include "solve_days.h"
#include "solve_online.h"
#include "solve_sets.h"

namespace {

using namespace lineshaft;

struct Wanted {
    std::string set = "solomon", data = "../shared/data", filter;
    std::size_t every = 1, seeds = 1;
    std::uint64_t seed = 1;
    double seconds = 0.4;
    bool vehicles = false;
    std::size_t size = 1000, events = 50;
    std::vector<double> curve = {1, 5, 20};
    std::string folder;
};

std::vector<double> numbers_of(std::string_view text) {
    std::vector<double> all;
    for (const char* at = text.data(); *at != '\0';) {
        char* end = nullptr;
        const double number = std::strtod(at, &end);
        if (end == at) break;
        if (number > 0) all.push_back(number);
        at = *end == ',' ? end + 1 : end;
    }
    return all;
}

double cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return double(now.tv_sec) + double(now.tv_nsec) * 1e-9;
}

Wanted parse(int argc, char** argv) {
    Wanted wanted;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        const auto value = [&] { return i + 1 < argc ? argv[++i] : ""; };
        if (word == "--data") wanted.data = value();
        else if (word == "--filter") wanted.filter = value();
        else if (word == "--every") wanted.every = std::max(1ul, std::strtoul(value(), nullptr, 10));
        else if (word == "--seeds") wanted.seeds = std::max(1ul, std::strtoul(value(), nullptr, 10));
        else if (word == "--seed") wanted.seed = std::strtoull(value(), nullptr, 10);
        else if (word == "--seconds") wanted.seconds = std::strtod(value(), nullptr);
        else if (word == "--size") wanted.size = std::max(1ul, std::strtoul(value(), nullptr, 10));
        else if (word == "--events") wanted.events = std::max(1ul, std::strtoul(value(), nullptr, 10));
        else if (word == "--curve") wanted.curve = numbers_of(value());
        else if (word == "--write") wanted.folder = value();
        else if (word == "--vehicles") wanted.vehicles = true;
        else wanted.set = word;
    }
    return wanted;
}

struct Sum {
    double gap = 0, worst = -1e9, seconds = 0, distance = 0;
    std::size_t runs = 0, best = 0, vehicles = 0, best_vehicles = 0;
};

void run(const Wanted& wanted, const bench::Instance& instance, std::uint64_t seed, Sum& sum) {
    solve::Options options;
    options.seed = seed;
    if (wanted.vehicles) options.objective = solve::Objective::vehicles_then_cost;
    const double begun = cpu_seconds();
    options.budget.spent = [&] { return (cpu_seconds() - begun) / wanted.seconds; };
    const auto outcome = solve::solve(instance.problem, options);
    const double seconds = cpu_seconds() - begun;
    if (!outcome) {
        fmt::print("{:8} failed: {}\n", instance.name, outcome.error().context);
        return;
    }
    const bool is_hierarchical = wanted.vehicles || instance.best_distance == 0;
    const double known = is_hierarchical ? instance.best_hierarchical : instance.best_distance;
    const double distance = outcome->plan.cost.distance;
    const double gap = known > 0 ? 100 * (distance / known - 1) : 0;
    fmt::print("{:8} seed {:2}  {:10.2f} with {:3} vehicles  known {:10.2f}  gap {:6.2f} %  {:6.2f} s  {:8} iterations{}\n",
               instance.name, seed, distance, outcome->plan.routes.size(), known, gap, seconds,
               outcome->iterations, outcome->plan.cost.missing ? "  NOT ALL SERVED" : "");
    ++sum.runs;
    sum.gap += gap;
    sum.worst = std::max(sum.worst, gap);
    sum.seconds += seconds;
    sum.distance += distance;
    sum.best += gap < 0.01;
    sum.vehicles += outcome->plan.routes.size();
    sum.best_vehicles += instance.best_vehicles;
}

}  // namespace

int main(int argc, char** argv) {
    const Wanted wanted = parse(argc, argv);
    if (wanted.set == "online")
        return bench::run_online({wanted.seed, wanted.size, wanted.size, wanted.events, wanted.seconds}) ? 0 : 1;
    if (wanted.set == "days")
        return bench::run_days({wanted.filter, wanted.size, wanted.seed, wanted.curve, wanted.folder, wanted.vehicles}) ? 0 : 1;
    if (wanted.set == "desk")
        return bench::run_desk({wanted.seed, wanted.size, wanted.size, wanted.events, wanted.seconds}) ? 0 : 1;
    const bool is_li_lim = wanted.set == "lilim";
    const std::string folder = wanted.data + (is_li_lim ? "/pdptw_lilim/li_lim_100" : "/vrptw_solomon");
    const std::string known = wanted.data + (is_li_lim ? "/pdptw_lilim/BKS.json" : "/vrptw_solomon/BKS.json");
    const auto set = bench::read_set(folder, known, wanted.filter, is_li_lim);
    if (!set) {
        fmt::print("skipped: {} (--data DIR names the folder of the public sets)\n", set.error().context);
        return set.error().code == Code::not_found ? 0 : 1;
    }
    Sum sum;
    for (std::size_t i = 0; i < set->size(); i += wanted.every)
        for (std::size_t seed = 0; seed < wanted.seeds; ++seed) run(wanted, (*set)[i], wanted.seed + seed, sum);
    if (sum.runs == 0) return 1;
    const double runs = double(sum.runs);
    fmt::print("objective {}, {} runs, 1 thread, {:.2f} s each, seeds from {}: mean gap {:.2f} %, worst {:.2f} %, "
               "best known {} times; vehicles {} (known {}), distance {:.2f}\n",
               wanted.vehicles ? "vehicles then distance" : "distance", sum.runs, sum.seconds / runs, wanted.seed,
               sum.gap / runs, sum.worst, sum.best, sum.vehicles, sum.best_vehicles, sum.distance);
    return 0;
}
