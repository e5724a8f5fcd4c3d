#pragma once
#include "stitch/stitch.h"

namespace lineshaft::stitch {

/// Adds what a person should know: too dense, too thin, outside the hoop; and minutes and thread.
void check(const Artwork& artwork, const Settings& settings, Digitised& out);

/// Stitches per square millimetre, in cells of 1 mm, of a pattern.
struct DensityMap {
    int columns = 0, rows = 0;
    double left = 0, top = 0;  // mm
    std::vector<float> cells;
    /// The densest 2 x 2 cells: mean per mm2, and the middle of them.
    struct Peak {
        double density = 0;
        Place at;
    };
    Peak peak() const;
};
DensityMap density_of(const Pattern& pattern);

}  // namespace lineshaft::stitch
