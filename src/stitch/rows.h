#pragma once
#include <vector>

#include "stitch/geometry.h"

namespace lineshaft::stitch {

/// Where a row lies inside a shape: from <= x < to.
struct Span {
    double from = 0, to = 0;
};

/// Cuts a shape into rows; asked for ascending y it costs what lies on each row.
class RowScan {
public:
    explicit RowScan(const Shape& shape);
    const std::vector<Span>& at(double y);

private:
    struct Side {
        double top, bottom, x, slope;  // x at top
    };
    std::vector<Side> sides_;  // by top
    std::vector<std::size_t> active_;
    std::size_t next_ = 0;
    std::vector<double> crossings_;
    std::vector<Span> spans_;
};

}  // namespace lineshaft::stitch
