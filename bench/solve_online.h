// One day of events on a made-up fleet (src/solve/practice.h).
#pragma once
#include <cstddef>
#include <cstdint>

namespace lineshaft::bench {

struct Online {
    std::uint64_t seed = 1;
    std::size_t vehicles = 1000, jobs = 1000, events = 50;
    double seconds = 0.3;  ///< of search for each event
    double morning_seconds = 10, offline_seconds = 15;
};

/// Prints latency, stability and regret. False when a plan does not stand the check.
bool run_online(const Online& wanted);
/// The same through the fleet's desk, by parts. False when a plan cannot be made.
bool run_desk(const Online& wanted);

}  // namespace lineshaft::bench
