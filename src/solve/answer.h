// From the search's working plan to the plan people get. Inside of solve.
#pragma once
#include "solve/plan.h"
#include "solve/routes.h"

namespace lineshaft::solve {

/// With every time and cost as the search sees them, and the reason for each job left out.
Plan answer(const Model& model, const Routes& routes);

}  // namespace lineshaft::solve
