#pragma once
#include <vector>

#include "stitch/geometry.h"

namespace lineshaft::stitch {

/// The medial axis as a graph, freed of twigs that are only corners of the outline.
struct Axis {
    struct Node {
        Place place;
        double radius = 0;
        std::vector<int> branches;  ///< by index; one that begins and ends here stands twice
    };
    struct Branch {
        int from = 0, to = 0;  ///< nodes
        Line places;           ///< both nodes' places included
        std::vector<double> radius;
        bool is_gone = false;
    };
    std::vector<Node> nodes;
    std::vector<Branch> branches;
};

Axis axis_of(const Shape& shape);

}  // namespace lineshaft::stitch
