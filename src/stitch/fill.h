#pragma once
#include "stitch/router.h"
#include "stitch/sewer.h"

namespace lineshaft::stitch {

/// Rows of running stitches back and forth (tatami).
struct FillStyle {
    double angle = 0;  ///< of the rows, radians
    double row_mm = 0.25, stitch_mm = 3.0;
    int stagger = 4;      ///< rows until the needle goes down at the same places again
    double pull_mm = 0;   ///< rows are this much longer at each end
    bool is_seen = true;  ///< not to be crossed afterwards
};

/// The angle, of eight, that needs the fewest sections; a preference for 45 degrees.
double best_angle(const Shape& shape);

/// Sews the shape from where the needle is: sections of rows that lie side by side, each back and
/// forth, the nearest next, ways between them inside the shape.
/// Sections others are reached through come after them, so that ways lie under later rows.
void sew_fill(Sewer& sewer, const Shape& shape, const FillStyle& style, Router& router);

}  // namespace lineshaft::stitch
