#include "stitch/router.h"

#include <algorithm>
#include <limits>
#include <queue>

#include "stitch/rows.h"

namespace lineshaft::stitch {

Router::Router(const Shape& shape) : outline_(shape), box_(box_of(shape.outline)) {
    cell_ = std::clamp(std::sqrt(box_.width() * box_.height()) / 140, 0.35, 3.0);
    columns_ = static_cast<int>(box_.width() / cell_) + 1;
    rows_ = static_cast<int>(box_.height() / cell_) + 1;
    is_inside_.resize(static_cast<std::size_t>(columns_) * static_cast<std::size_t>(rows_));
    RowScan scan(shape);
    for (int row = 0; row < rows_; ++row) {
        for (const Span& span : scan.at(box_.top + (row + 0.5) * cell_)) {
            const int first =
                std::max(0, static_cast<int>(std::ceil((span.from - box_.left) / cell_ - 0.5)));
            const int last = std::min(
                columns_ - 1, static_cast<int>(std::floor((span.to - box_.left) / cell_ - 0.5)));
            for (int column = first; column <= last; ++column)
                is_inside_[static_cast<std::size_t>(row * columns_ + column)] = true;
        }
    }
}

void Router::cover(Place a, Place b) {
    if (is_covered_.empty()) is_covered_.resize(is_inside_.size());
    const int steps = static_cast<int>(distance(a, b) / (0.5 * cell_)) + 1;
    for (int i = 0; i <= steps; ++i) {
        const Place here = between(a, b, static_cast<double>(i) / steps);
        const int column = static_cast<int>((here.x - box_.left) / cell_);
        const int row = static_cast<int>((here.y - box_.top) / cell_);
        if (column >= 0 && column < columns_ && row >= 0 && row < rows_)
            is_covered_[static_cast<std::size_t>(row * columns_ + column)] = true;
    }
}

// Whether a straight way would be seen: more than the few millimetres beside where it begins and
// ends.
bool Router::is_covered(Place a, Place b) const {
    if (is_covered_.empty()) return false;
    const int steps = static_cast<int>(distance(a, b) / cell_) + 1;
    double seen = 0;
    for (int i = 0; i <= steps; ++i) {
        const Place here = between(a, b, static_cast<double>(i) / steps);
        const int column = static_cast<int>((here.x - box_.left) / cell_);
        const int row = static_cast<int>((here.y - box_.top) / cell_);
        if (column >= 0 && column < columns_ && row >= 0 && row < rows_ &&
            is_covered_[static_cast<std::size_t>(row * columns_ + column)])
            seen += cell_;
    }
    return seen > 2.5;
}

// Inside, or beside a cell that is.
bool Router::is_near(Place place) const {
    const int column = static_cast<int>((place.x - box_.left) / cell_);
    const int row = static_cast<int>((place.y - box_.top) / cell_);
    for (int r = std::max(0, row - 1); r <= std::min(rows_ - 1, row + 1); ++r) {
        for (int c = std::max(0, column - 1); c <= std::min(columns_ - 1, column + 1); ++c) {
            if (is_inside_[static_cast<std::size_t>(r * columns_ + c)]) return true;
        }
    }
    return false;
}

// Rails lie outside the outline, by what the cloth pulls in: a way between two of them may leave
// the shape without crossing anything.
bool Router::is_free(Place a, Place b) const {
    if (outline_.is_crossed(a, b) || is_covered(a, b)) return false;
    if (distance(a, b) < 3 * cell_) return true;
    return is_near(between(a, b, 0.25)) && is_near(between(a, b, 0.5)) &&
           is_near(between(a, b, 0.75));
}

// The nearest cell whose middle is inside; -1 when there is none close by.
int Router::cell_of(Place place) const {
    const int column = static_cast<int>((place.x - box_.left) / cell_),
              row = static_cast<int>((place.y - box_.top) / cell_);
    int best = -1;
    double best_far = 1e9;
    for (int r = std::max(0, row - 3); r <= std::min(rows_ - 1, row + 3); ++r) {
        for (int c = std::max(0, column - 3); c <= std::min(columns_ - 1, column + 3); ++c) {
            const int cell = r * columns_ + c;
            const double far = distance(centre(cell), place);
            if (is_inside_[static_cast<std::size_t>(cell)] && far < best_far)
                best_far = far, best = cell;
        }
    }
    return best;
}

Place Router::centre(int cell) const {
    const int row = cell / columns_, column = cell % columns_;
    return {box_.left + (column + 0.5) * cell_, box_.top + (row + 0.5) * cell_};
}

Line Router::pulled(const Line& line) const {
    Line out{line.front()};
    std::size_t at = 0;
    while (at + 1 < line.size()) {
        std::size_t next = at + 1;
        for (std::size_t i = std::min(line.size() - 1, at + 60); i > at + 1; --i) {
            if (is_free(out.back(), line[i])) {
                next = i;
                break;
            }
        }
        out.push_back(line[next]);
        at = next;
    }
    return out;
}

Line Router::way(Place a, Place b) const {
    if (is_free(a, b)) return {a, b};
    const int start = cell_of(a), goal = cell_of(b);
    if (start < 0 || goal < 0) return {};
    std::vector<float> cost(is_inside_.size(), std::numeric_limits<float>::max());
    std::vector<int> before(is_inside_.size(), -1);
    using Open = std::pair<float, int>;
    std::priority_queue<Open, std::vector<Open>, std::greater<>> open;
    cost[static_cast<std::size_t>(start)] = 0;
    open.push({0.0F, start});
    const Place target = centre(goal);
    while (!open.empty()) {
        const int here = open.top().second;
        const float estimate = open.top().first;
        open.pop();
        if (here == goal) break;
        const float done = cost[static_cast<std::size_t>(here)];
        if (estimate > done + static_cast<float>(distance(centre(here), target)) + 1e-3F) continue;
        const int row = here / columns_, column = here % columns_;
        for (int r = std::max(0, row - 1); r <= std::min(rows_ - 1, row + 1); ++r) {
            for (int c = std::max(0, column - 1); c <= std::min(columns_ - 1, column + 1); ++c) {
                const int next = r * columns_ + c;
                if (next == here || !is_inside_[static_cast<std::size_t>(next)]) continue;
                const bool is_seen =
                    !is_covered_.empty() && is_covered_[static_cast<std::size_t>(next)];
                const float step = static_cast<float>(cell_) * (is_seen ? 6.0F : 1.0F) *
                                   (r != row && c != column ? 1.4142F : 1.0F);
                if (done + step >= cost[static_cast<std::size_t>(next)]) continue;
                cost[static_cast<std::size_t>(next)] = done + step;
                before[static_cast<std::size_t>(next)] = here;
                open.push({done + step + static_cast<float>(distance(centre(next), target)), next});
            }
        }
    }
    if (start != goal && before[static_cast<std::size_t>(goal)] < 0) return {};
    Line line{b};
    for (int cell = goal; cell >= 0; cell = before[static_cast<std::size_t>(cell)])
        line.push_back(centre(cell));
    line.push_back(a);
    std::ranges::reverse(line);
    return pulled(line);
}

}  // namespace lineshaft::stitch
