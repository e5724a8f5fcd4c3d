// The front door of the optimiser: a problem in, the best plan found in the budget out.
//
// Pure: no clock, no threads, no chance but the seed. The same problem, options and number of
// iterations give the same plan. How it searches: docs/solver.md.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "solve/plan.h"
#include "solve/problem.h"

namespace lineshaft::solve {

enum class Objective {
    cost,                ///< missing jobs, then the plan's cost
    vehicles_then_cost,  ///< missing jobs, then vehicles used, then cost
};

/// When to stop. Both may be given; the first that is reached counts.
struct Budget {
    std::uint64_t iterations_max = 1'000'000'000;
    /// The part of the time that is used up, 0..1, by the caller's clock; 1 stops. Asked every few
    /// dozen iterations. Empty: only iterations count, and the run can be repeated exactly.
    std::function<double()> spent = {};
    /// True: give up what you have. The answer is then still a whole plan.
    std::function<bool()> cancelled = {};
};

struct Progress {
    double spent = 0;  ///< of the budget, 0..1
    std::uint64_t iterations = 0;
    double cost = 0;  ///< of the best plan so far
    std::uint32_t missing = 0, vehicles = 0;
};

struct Options {
    std::uint64_t seed = 1;
    Objective objective = Objective::cost;
    Budget budget;
    /// Called when the best plan became better, at most about a hundred times.
    std::function<void(const Progress&)> progress;
    /// Where to start from: orders of a plan people know. What no longer fits is taken out and
    /// planned anew. Empty: from nothing.
    std::vector<Order> start;
    /// Jobs around which to look first, because something happened to them. With `start` only.
    std::vector<std::uint32_t> focus;
    Limits limits;
};

struct Outcome {
    Plan plan;
    std::uint64_t iterations = 0;
    bool was_cancelled = false;
};

class Model;

/// A problem checked and laid out once, for several questions about it. Immutable, cheap to copy.
class Prepared {
public:
    /// Errors: those of check().
    static Result<Prepared> make(std::shared_ptr<const Problem> problem, const Limits& limits = {});
    const Problem& problem() const { return *problem_; }
    const Model& model() const { return *model_; }  ///< inside of solve

private:
    std::shared_ptr<const Problem> problem_;
    std::shared_ptr<const Model> model_;
};

/// Errors: those of check(problem); invalid (the start names what does not exist). A problem that
/// cannot be served wholly is no error: see Plan::unserved.
/// Cost of an iteration: about ten jobs are taken out and put back, each at its best place among
/// all positions of the routes near it, every position in constant time.
Result<Outcome> solve(const Problem& problem, const Options& options);
/// The same; `options.limits` were those it was prepared with.
Result<Outcome> solve(const Prepared& prepared, const Options& options);

/// The orders of a plan, to start from.
std::vector<Order> orders_of(const Plan& plan);

}  // namespace lineshaft::solve
