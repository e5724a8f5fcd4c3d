// How machines that do not drive themselves get to their work: low-loader tours under a plan that
// says who works where and when.
#pragma once
#include <functional>
#include <map>
#include <string>

#include "dispatch/fleet/types.h"

namespace lineshaft::dispatch {

struct HaulRules {
    double near_metres = 300;  ///< so far any machine goes by itself
    double load_s = 1'200;     ///< to drive a machine up and chain it
    double unload_s = 900;
    std::uint64_t iterations =
        3'000;  ///< of the search; a few tenths of a second for 300 transports
    std::function<double()> spent = {};  ///< as solve::Budget::spent: whichever ends first
    std::size_t transports_max = 500;  ///< the first so many by time; others are told `crowded_out`
};

/// Fills plan.tours and plan.hauls. Machines with a capacity that are not broken carry one at a
/// time (up to their capacity in kilograms) those that do not drive themselves: from where each is
/// when it becomes free to where it works next, there before the work is to begin. Without any
/// low-loader nothing is filled: the fleet then moves its machines by other means. What cannot be
/// carried stays in the plan and is told, with why. The solver's answers are checked as all of its
/// answers are.
void plan_hauls(const std::map<std::string, FleetMachine>& machines,
                const std::map<std::string, FleetRequest>& requests, solve::SpeedProfile speeds,
                Instant now, std::uint64_t seed, FleetPlan& plan, const HaulRules& rules = {});

}  // namespace lineshaft::dispatch
