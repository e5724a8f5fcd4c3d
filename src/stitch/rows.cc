#include "stitch/rows.h"

#include <algorithm>

namespace lineshaft::stitch {

RowScan::RowScan(const Shape& shape) {
    const auto add = [&](const Contour& contour) {
        for (std::size_t i = 0; i < contour.size(); ++i) {
            Place a = contour[i], b = contour[(i + 1) % contour.size()];
            if (a.y == b.y) continue;
            if (a.y > b.y) std::swap(a, b);
            sides_.push_back({a.y, b.y, a.x, (b.x - a.x) / (b.y - a.y)});
        }
    };
    add(shape.outline);
    for (const Contour& hole : shape.holes) add(hole);
    std::ranges::stable_sort(sides_, {}, &Side::top);
}

const std::vector<Span>& RowScan::at(double y) {
    while (next_ < sides_.size() && sides_[next_].top <= y) active_.push_back(next_++);
    std::erase_if(active_, [&](std::size_t i) { return sides_[i].bottom <= y; });
    crossings_.clear();
    for (const std::size_t i : active_)
        crossings_.push_back(sides_[i].x + (y - sides_[i].top) * sides_[i].slope);
    std::ranges::sort(crossings_);
    spans_.clear();
    for (std::size_t i = 0; i + 1 < crossings_.size(); i += 2)
        spans_.push_back({crossings_[i], crossings_[i + 1]});
    return spans_;
}

}  // namespace lineshaft::stitch
