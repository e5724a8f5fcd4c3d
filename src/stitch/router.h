#pragma once
#include <vector>

#include "stitch/geometry.h"

namespace lineshaft::stitch {

/// Finds ways inside a shape for stitches that later ones hide: the shortest on a grid (A*, Hart
/// 1968), then pulled straight. Same questions, same answers.
class Router {
public:
    explicit Router(const Shape& shape);
    /// From a to b without leaving the shape; empty when there is none.
    Line way(Place a, Place b) const;
    /// What is sewn between these two is there to be seen: ways rather go elsewhere.
    void cover(Place a, Place b);

private:
    int cell_of(Place place) const;
    Place centre(int cell) const;
    Line pulled(const Line& line) const;
    OutlineIndex outline_;
    Box box_;
    double cell_ = 1;
    int columns_ = 0, rows_ = 0;
    bool is_free(Place a, Place b) const;
    bool is_near(Place place) const;
    bool is_covered(Place a, Place b) const;
    std::vector<bool> is_inside_, is_covered_;
};

}  // namespace lineshaft::stitch
