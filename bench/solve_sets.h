// Public benchmark sets of vehicle routing, read as problems of src/solve.
#pragma once
#include <string>
#include <vector>

#include "solve/problem.h"

namespace lineshaft::bench {

struct Instance {
    std::string name;
    solve::Problem problem;
    double best_distance = 0;   ///< best known for least distance; 0: not published
    double best_hierarchical = 0;
    std::size_t best_vehicles = 0;
};

/// Solomon's and Gehring & Homberger's format. Distances are Euclidean doubles, time is distance.
Result<solve::Problem> read_solomon(const std::string& text);
/// Li & Lim's pickup-and-delivery format, the same metric.
Result<solve::Problem> read_li_lim(const std::string& text);

/// All of a folder whose name contains `filter`, ascending, with what BKS.json says of them.
/// Errors: not_found, when the folder is not there.
Result<std::vector<Instance>> read_set(const std::string& folder, const std::string& best_known,
                                       const std::string& filter, bool is_li_lim);

}  // namespace lineshaft::bench
