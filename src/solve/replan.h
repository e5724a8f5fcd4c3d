// When something happens: what has begun is pinned, what happened is written into the problem, and a new
// plan is looked for around it, changing as little as it can.
#pragma once
#include <cstdint>
#include <vector>

#include "base/result.h"
#include "solve/explain.h"
#include "solve/solve.h"

namespace lineshaft::solve {

struct Event {
    enum class Kind {
        job_added,     ///< `job` is new: the last ones of Problem::jobs
        withdrawn,     ///< `job` is not wanted any more
        breakdown,     ///< `vehicle` does nothing more; what it is doing is left as it is
        takes_longer,  ///< `job`, begun, needs `seconds` more
        late,          ///< `vehicle` can do nothing new before `seconds` (an instant)
    };
    Kind kind = Kind::job_added;
    double at_s = 0;
    std::uint32_t job = 0, vehicle = 0;
    double seconds = 0;
};

/// Writes the present into the problem. Of each route, the calls that must have been left for by
/// `now_s` to begin when they do are pinned, in their order; nothing else is driven to before now;
/// every job remembers its vehicle (Job::previous_vehicle), so that a change costs its change_cost.
/// Errors: invalid (the plan names what the problem does not have).
Result<void> pin_begun(Problem& problem, const Plan& plan, double now_s);

/// Writes an event into the problem, after pin_begun at the same instant; says around which jobs to look
/// (Options::focus): the job itself, those of the vehicle, and a few that are near.
/// A withdrawn job keeps its index; nobody has the skill it now needs (bit 63), and leaving it out
/// is free. Errors: invalid (no such job or vehicle), conflict (withdrawing what has begun).
Result<std::vector<std::uint32_t>> apply(Problem& problem, const Plan& plan, const Event& event);

struct Replanned {
    Plan plan;
    Difference difference;
    std::uint64_t iterations = 0;
};

/// solve() from the present plan. The answer keeps every pin, stands verify(), and is no worse than
/// the present plan mended greedily. Errors: those of solve().
Result<Replanned> replan(const Problem& problem, const Plan& plan, std::vector<std::uint32_t> focus, Options options);

}  // namespace lineshaft::solve
