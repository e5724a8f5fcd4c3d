#pragma once
#include <map>
#include <string>
#include <vector>

#include "dispatch/orders/book.h"
#include "solve/queues.h"

namespace lineshaft::orders {

/// How long things take that are no stitches.
struct SewingTimes {
    double frame_s = 60;   ///< a new piece is clamped
    double thread_s = 90;  ///< one needle is threaded anew
    double job_s = 60;     ///< between any two job orders
    double colour_s = 8, trim_s = 6;
};

/// A machine that may be planned for.
struct PlannedMachine {
    SewingMachine can;
    bool is_there = true;  ///< connected, or one that is never connected; else it gets nothing new
};

struct PlanFacts {
    Instant made_at{};
    std::size_t jobs = 0, machines = 0, late_jobs = 0;
    double late_s = 0, setup_s = 0, took_ms = 0;
    bool is_proven = false;
};
struct JobsPlan {
    std::vector<Placement> places;           ///< of every job order that was not given yet
    std::map<std::string, Instant> free_at;  ///< by machine, when its queue is done
    PlanFacts facts;
};

/// Why a machine cannot sew a design, as a stored reason (reason.h); empty: it can.
std::string obstacle(const SewingMachine& machine, const SewnDesign& design);
/// Seconds for so many pieces on that machine, without setting up.
double sewing_seconds(const SewingMachine& machine, const SewnDesign& design, std::uint32_t pieces,
                      const SewingTimes& times = {});

/// Places every open job order that was not given to its machine: capability (hoop, needles,
/// whether it is there), due time, priority, setting up by the threads that change; pinned ones
/// stay where people put them. Pure: `now` and the budget are given. Errors: those of
/// solve::plan_queues.
Result<JobsPlan> plan_jobs(const std::vector<JobOrder>& open,
                           const std::map<std::uint64_t, Order>& orders,
                           const std::vector<PlannedMachine>& machines, Instant now,
                           const solve::Budget& budget, const SewingTimes& times = {});

}  // namespace lineshaft::orders
