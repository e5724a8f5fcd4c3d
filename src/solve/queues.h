// Queues of machines: which job on which machine, in which order, when setting up depends on what was there before.
//
// Unrelated parallel machines with sequence-dependent setups, weighted lateness and weighted completion. Pure: no clock, no
// threads, no chance but the seed. The routing of routes.h has no soft due times; here being late has a price.
#pragma once
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "base/result.h"
#include "solve/solve.h"

namespace lineshaft::solve {

/// How long a job takes on a machine that cannot do it.
inline constexpr double unable_s = std::numeric_limits<double>::infinity();

/// Times are seconds from the problem's own beginning.
struct QueueProblem {
    std::uint32_t machines = 0, jobs = 0, kits = 0;
    std::vector<double> seconds;      ///< jobs x machines, > 0; unable_s
    std::vector<std::uint32_t> kit;   ///< of a job: what must be set up for it, 0..kits-1
    std::vector<double> setup_s;      ///< kits x kits, from one to the next; >= 0
    std::vector<double> first_setup_s;  ///< machines x kits, from what is on the machine now
    std::vector<double> free_from_s;  ///< of a machine
    std::vector<double> due_s;        ///< of a job; unable_s: none
    std::vector<double> weight;       ///< of a job, > 0
    /// The first jobs of each machine, in this order, as people want them. May be empty.
    std::vector<std::vector<std::uint32_t>> pinned;
    /// Queues to start from, without the pinned; what is missing is inserted. May be empty.
    std::vector<std::vector<std::uint32_t>> start;
    double late_price = 100, flow_price = 1, setup_price = 1;  ///< of a second
};

struct QueueLimits {
    std::uint32_t jobs_max = 20'000, machines_max = 2'000;
    std::uint32_t positions_max = 48;  ///< looked at in one queue for one job
};

struct QueuePlace {
    double start_s = 0, end_s = 0, setup_s = 0;  ///< setting up ends where `start_s` begins
};

struct QueuePlan {
    std::vector<std::vector<std::uint32_t>> queues;  ///< by machine, pinned first
    std::vector<std::uint32_t> unable;               ///< jobs no machine can do, ascending
    std::vector<QueuePlace> places;                  ///< by job
    double cost = 0, late_s = 0, setup_s = 0;        ///< late_s and setup_s are sums
    std::uint32_t late_jobs = 0;
    std::uint64_t iterations = 0;
};

/// The best queues found within the budget; at least every job at its best place one after the other, most
/// urgent first. Errors: invalid (shape, numbers, a job pinned twice or where it cannot be done), exhausted.
/// Cost of an iteration: up to eight jobs are taken out and put back, each at its best of `positions_max`
/// positions of every queue. Test: brute force up to 6 jobs on 3 machines.
Result<QueuePlan> plan_queues(const QueueProblem& problem, const Budget& budget, std::uint64_t seed = 1,
                              const QueueLimits& limits = {});

}  // namespace lineshaft::solve
