#include "stitch/geometry.h"

#include <algorithm>

namespace lineshaft::stitch {

double area_of(const Contour& contour) {
    double twice = 0;
    for (std::size_t i = 0; i < contour.size(); ++i)
        twice += cross(contour[i], contour[(i + 1) % contour.size()]);
    return twice / 2;
}

double area_of(const Shape& shape) {
    double area = area_of(shape.outline);
    for (const Contour& hole : shape.holes) area += area_of(hole);
    return area;
}

double length_of(const Line& line) {
    double sum = 0;
    for (std::size_t i = 1; i < line.size(); ++i) sum += distance(line[i - 1], line[i]);
    return sum;
}

double perimeter_of(const Shape& shape) {
    const auto round = [](const Contour& contour) {
        return contour.empty() ? 0 : length_of(contour) + distance(contour.back(), contour.front());
    };
    double sum = round(shape.outline);
    for (const Contour& hole : shape.holes) sum += round(hole);
    return sum;
}

Box box_of(const Contour& contour) {
    if (contour.empty()) return {};
    Box box{contour[0].x, contour[0].y, contour[0].x, contour[0].y};
    for (const Place& place : contour) {
        box.left = std::min(box.left, place.x), box.right = std::max(box.right, place.x);
        box.top = std::min(box.top, place.y), box.bottom = std::max(box.bottom, place.y);
    }
    return box;
}

bool is_inside(const Shape& shape, Place place) {
    bool is_odd = false;
    const auto count = [&](const Contour& contour) {
        for (std::size_t i = 0, before = contour.size() - 1; i < contour.size(); before = i++) {
            const Place a = contour[i], b = contour[before];
            if ((a.y > place.y) == (b.y > place.y)) continue;
            if (place.x < (b.x - a.x) * (place.y - a.y) / (b.y - a.y) + a.x) is_odd = !is_odd;
        }
    };
    count(shape.outline);
    for (const Contour& hole : shape.holes) count(hole);
    return is_odd;
}

Place along(const Line& line, double at) {
    if (at <= 0) return line.front();
    for (std::size_t i = 1; i < line.size(); ++i) {
        const double step = distance(line[i - 1], line[i]);
        if (at <= step) return step > 0 ? between(line[i - 1], line[i], at / step) : line[i];
        at -= step;
    }
    return line.back();
}

Line resampled(const Line& line, double step) {
    if (line.size() < 2) return line;
    const double total = length_of(line);
    const auto pieces = static_cast<std::size_t>(std::max(1.0, std::round(total / step)));
    Line out{line.front()};
    out.reserve(pieces + 1);
    double done = 0;
    std::size_t next = 1;
    for (std::size_t i = 1; i < pieces; ++i) {
        const double at = total * static_cast<double>(i) / static_cast<double>(pieces);
        while (next + 1 < line.size() && done + distance(line[next - 1], line[next]) < at) {
            done += distance(line[next - 1], line[next]);
            ++next;
        }
        const double size = distance(line[next - 1], line[next]);
        out.push_back(size > 0 ? between(line[next - 1], line[next], (at - done) / size)
                               : line[next]);
    }
    out.push_back(line.back());
    return out;
}

Line simplified(const Line& line, double tolerance) {
    if (line.size() < 3) return line;
    std::vector<bool> is_kept(line.size());
    is_kept.front() = is_kept.back() = true;
    std::vector<std::pair<std::size_t, std::size_t>> open{{0, line.size() - 1}};
    while (!open.empty()) {
        const auto [first, last] = open.back();
        open.pop_back();
        const Place way = line[last] - line[first];
        const double size = length(way);
        double farthest = tolerance;
        std::size_t chosen = 0;
        for (std::size_t i = first + 1; i < last; ++i) {
            const double far = size > 1e-9 ? std::abs(cross(way, line[i] - line[first])) / size
                                           : distance(line[i], line[first]);
            if (far > farthest) farthest = far, chosen = i;
        }
        if (chosen == 0) continue;
        is_kept[chosen] = true;
        open.push_back({first, chosen});
        open.push_back({chosen, last});
    }
    Line out;
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (is_kept[i]) out.push_back(line[i]);
    }
    return out;
}

namespace {

void add_heights(const Contour& contour, std::vector<double>& heights) {
    for (const Place& place : contour) heights.push_back(place.y);
}

double sides_across(const Contour& contour, const std::vector<double>& heights) {
    const auto below = [&](double y) {
        return std::ranges::lower_bound(heights, y) - heights.begin();
    };
    double sum = 0;
    for (std::size_t i = 0; i < contour.size(); ++i) {
        const auto here = below(contour[i].y), next = below(contour[(i + 1) % contour.size()].y);
        sum += 1 + static_cast<double>(std::abs(next - here));
    }
    return sum;
}

}  // namespace

double sweep_work(const std::vector<Contour>& contours) {
    std::vector<double> heights;
    for (const Contour& contour : contours) add_heights(contour, heights);
    std::ranges::sort(heights);
    double sum = 0;
    for (const Contour& contour : contours) sum += sides_across(contour, heights);
    return sum;
}

double sweep_work(const std::vector<Shape>& shapes) {
    std::vector<Contour> contours;
    for (const Shape& shape : shapes) {
        contours.push_back(shape.outline);
        contours.insert(contours.end(), shape.holes.begin(), shape.holes.end());
    }
    return sweep_work(contours);
}

OutlineIndex::OutlineIndex(const Shape& shape, double cell_mm) : box_(box_of(shape.outline)) {
    constexpr double cells_max = 250'000;
    cell_ = std::max({cell_mm, std::sqrt(box_.width() * box_.height() / cells_max),
                      box_.width() / 5000, box_.height() / 5000});
    columns_ = static_cast<int>(box_.width() / cell_) + 1;
    rows_ = static_cast<int>(box_.height() / cell_) + 1;
    cells_.resize(static_cast<std::size_t>(columns_) * static_cast<std::size_t>(rows_));
    const auto add = [&](const Contour& contour) {
        for (std::size_t i = 0; i < contour.size(); ++i) {
            const Place a = contour[i], b = contour[(i + 1) % contour.size()];
            const auto number = static_cast<std::uint32_t>(sides_.size());
            sides_.push_back({a, b});
            cells_between(a, b, [&](std::size_t cell) {
                if (cells_[cell].empty() || cells_[cell].back() != number)
                    cells_[cell].push_back(number);
                return true;
            });
        }
    };
    add(shape.outline);
    for (const Contour& hole : shape.holes) add(hole);
}

// Every cell near the line from a to b, in order; a little more than it touches.
template <class Visit>
void OutlineIndex::cells_between(Place a, Place b, const Visit& visit) const {
    const double size = distance(a, b);
    const int steps = static_cast<int>(size / (cell_ * 0.5)) + 1;
    int last_column = -9, last_row = -9;
    for (int i = 0; i <= steps; ++i) {
        const Place here = between(a, b, static_cast<double>(i) / steps);
        const int column = static_cast<int>(std::floor((here.x - box_.left) / cell_));
        const int row = static_cast<int>(std::floor((here.y - box_.top) / cell_));
        if (column == last_column && row == last_row) continue;
        last_column = column, last_row = row;
        for (int r = std::max(0, row - 1); r <= std::min(rows_ - 1, row + 1); ++r) {
            for (int c = std::max(0, column - 1); c <= std::min(columns_ - 1, column + 1); ++c) {
                const bool is_corner = r != row && c != column;
                if (is_corner) continue;
                if (!visit(static_cast<std::size_t>(r) * static_cast<std::size_t>(columns_) +
                           static_cast<std::size_t>(c)))
                    return;
            }
        }
    }
}

double OutlineIndex::reach(Place from, Place way, double most) const {
    double best = most;
    const Place to = from + way * most;
    cells_between(from, to, [&](std::size_t cell) {
        for (const std::uint32_t number : cells_[cell]) {
            const Side& side = sides_[number];
            const Place along_side = side.b - side.a;
            const double steep = cross(way, along_side);
            if (std::abs(steep) < 1e-12) continue;
            const double at = cross(side.a - from, along_side) / steep;
            const double part = cross(side.a - from, way) / steep;
            if (at >= 0 && at < best && part >= -1e-9 && part <= 1 + 1e-9) best = at;
        }
        return true;
    });
    return best;
}

bool OutlineIndex::is_crossed(Place a, Place b) const {
    const double size = distance(a, b);
    return size > 1e-9 && reach(a, (b - a) * (1 / size), size) < size;
}

}  // namespace lineshaft::stitch
