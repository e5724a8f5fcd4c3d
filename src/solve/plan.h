// What the solver answers: who does what when, what it costs, and what is left out, why.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "solve/problem.h"

namespace lineshaft::solve {

/// One visit of a route. Vehicles leave as early as they can and wait on the spot.
struct Call {
    Visit visit;
    double arrival_s = 0, begin_s = 0, leave_s = 0;
    double late_s = 0;  ///< pinned ones only: how far behind their last window they begin
    bool pinned = false;
};

struct Route {
    std::uint32_t vehicle = 0;
    std::vector<Call> calls;
    double end_s = 0;  ///< at its last place
    double metres = 0, driving_s = 0, waiting_s = 0;
};

/// The terms of the objective. All are >= 0.
struct Cost {
    double fixed = 0, distance = 0, time = 0;
    double skipped = 0;  ///< of optional jobs left out
    double changed = 0;  ///< of jobs that went to another vehicle
    std::uint32_t missing = 0;  ///< jobs that must be done and are not: count first, then cost
    double total() const { return fixed + distance + time + skipped + changed; }
};

/// Why a job is left out, from the least curable on.
enum class Why {
    no_skills,     ///< no vehicle has what it needs
    too_heavy,     ///< no such vehicle can carry it, even empty
    not_in_time,   ///< no such vehicle can be there inside the windows and its shift, even if free
    not_worth_it,  ///< a free vehicle could, for more than leaving it out costs
    crowded_out,   ///< every vehicle that could does something else in that time
};
std::string_view name_of(Why why);

struct Unserved {
    std::uint32_t job = 0;
    Why why = Why::crowded_out;
};

struct Plan {
    std::vector<Route> routes;       ///< vehicles that do anything, ascending
    std::vector<Unserved> unserved;  ///< ascending by job
    Cost cost;
};

/// Makes a plan from nothing but orders of visits: times and costs are worked out here.
struct Order {
    std::uint32_t vehicle = 0;
    std::vector<Visit> visits;
};

}  // namespace lineshaft::solve
