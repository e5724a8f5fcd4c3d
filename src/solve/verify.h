// The independent checker: it shares no line with the search and believes none of a plan's numbers.
#pragma once
#include "base/result.h"
#include "solve/plan.h"
#include "solve/problem.h"

namespace lineshaft::solve {

/// Drives every route from its vehicle's start, step by step, and compares: pins, order of pickup and
/// delivery, skills, loads, windows, shifts, roads; every job once; every time, way and cost said.
/// Errors: invalid, with the first thing that is wrong ("vehicle 3: job 17 begins 12.5 s late").
/// Every plan that leaves the solver goes through it, in production too. Linear in the plan.
Result<void> verify(const Problem& problem, const Plan& plan);

/// Times and costs of given orders, worked out by the same independent evaluation. What is in no
/// order is unserved with the reason `crowded_out`. Errors: invalid, as verify.
Result<Plan> evaluate(const Problem& problem, const std::vector<Order>& orders);

}  // namespace lineshaft::solve
