#pragma once
#include <vector>

#include "stitch/geometry.h"

namespace lineshaft::stitch {

/// The middle of a column of satin, from one end to the other, with how far the outline is.
struct Spine {
    Line places;                 ///< about `step` apart
    std::vector<double> radius;  ///< of the largest circle inside the shape, at each place
    bool is_closed = false;      ///< a ring: the last place is the first
    /// What it runs into at its ends: another spine and where on it (an index), or nothing.
    struct End {
        int spine = -1;
        std::size_t place = 0;
    };
    End begin, end;
};

/// The strokes a shape is drawn with: the branches of its medial axis (Blum 1967; from the Voronoi
/// diagram of places on the outline, after Ogniewicz and Kuebler 1995), joined where they run
/// straight through a crossing, freed of twigs that are only corners, drawn out to the outline at
/// free ends. A blob without a direction (the dot of an i) has one straight spine.
/// Cost: O(n log n), n = perimeter / sample.
std::vector<Spine> spines_of(const Shape& shape);

}  // namespace lineshaft::stitch
