// Why this machine and not that one: the solver's own terms, for people.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "solve/plan.h"
#include "solve/problem.h"

namespace lineshaft::solve {

/// What keeps a vehicle from a job.
enum class Obstacle {
    none,
    skills,         ///< lacks `missing_skills`
    pinned,         ///< the job is reserved for another
    load,           ///< does not fit beside what it carries
    stops,          ///< has all the stops it may have
    no_road,        ///< cannot get there
    window_missed,  ///< would be there `late_s` after the last window, at best
    shift_over,     ///< would be back `late_s` after its shift, at best
    delays_others,  ///< would make `delayed` begin `late_s` too late, at best
};
std::string_view name_of(Obstacle obstacle);

/// One vehicle for one job: the cheapest place in its present route, or the least obstacle.
struct Candidate {
    std::uint32_t vehicle = 0;
    Obstacle obstacle = Obstacle::none;
    // Without an obstacle:
    std::uint32_t position = 0;  ///< the (first) stop becomes the route's call of this index
    std::uint32_t delivery_position = 0;  ///< of a transport, in the route with the pickup in it
    double arrival_s = 0, begin_s = 0;
    double extra_metres = 0, extra_driving_s = 0;
    double extra_fixed = 0, extra_changed = 0;
    double extra_cost = 0;  ///< all of it; what the search compares
    double slack_s = 0;     ///< so much later could it begin without harm to what follows
    // With one:
    std::uint64_t missing_skills = 0;
    double late_s = 0;
    std::optional<Visit> delayed = {};
    // Always: the straight question "how far is it from there".
    double metres_from_start = 0;
};

/// All vehicles for `job`, the possible ones first by cost, then the others by how little is
/// missing; at most `count_max`. The job is taken out of the plan first if it is in it, so the
/// present vehicle is ranked as well.
/// Errors: not_found (no such job), conflict (the job has begun: it is pinned), invalid (the plan does
/// not verify). Time: as one insertion everywhere, and a walk along the route of each unable vehicle.
Result<std::vector<Candidate>> rank(const Problem& problem, const Plan& plan, std::uint32_t job,
                                    std::size_t count_max);

class Prepared;

/// Single questions about one plan, many of them: the plan is checked and laid out once.
class Ranker {
public:
    /// Errors: invalid (the plan does not verify).
    static Result<Ranker> make(const Prepared& prepared, const Plan& plan);
    ~Ranker();
    Ranker(Ranker&&) noexcept;
    Ranker& operator=(Ranker&&) noexcept;

    /// As rank(). Errors: not_found, conflict.
    Result<std::vector<Candidate>> rank(std::uint32_t job, std::size_t count_max) const;
    /// What rank() says of these vehicles, in their order. Errors: as rank; not_found (no such
    /// vehicle). Time: that of copying the plan.
    Result<std::vector<Candidate>> look(std::uint32_t job,
                                        std::span<const std::uint32_t> vehicles) const;

private:
    struct State;
    explicit Ranker(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// How two plans differ, for "what changed and why".
struct Difference {
    struct Move {
        std::uint32_t job = 0;
        std::optional<std::uint32_t> from = {}, to = {};  ///< vehicles; none: left out
        double shift_s = 0;                     ///< begins so much later (earlier when negative)
    };
    std::vector<Move> moves;     ///< jobs of another vehicle, or now in or out; ascending
    std::vector<Move> shifted;   ///< same vehicle, beginning more than a minute later or earlier
    std::size_t kept = 0;        ///< jobs served by the same vehicle in both
    double cost = 0;             ///< of the second minus the first
};
Difference difference(const Plan& before, const Plan& after);

}  // namespace lineshaft::solve
