#include "stitch/column.h"

#include <algorithm>

namespace lineshaft::stitch {
namespace {

// Places where a rail would run backwards stay where they are: the ribs fan out around them.
void hold_back(Line& rail, const Line& middle) {
    for (std::size_t i = 1; i < rail.size(); ++i) {
        const Place way = middle[std::min(i + 1, middle.size() - 1)] - middle[i - 1];
        if (dot(rail[i] - rail[i - 1], way) < 0) rail[i] = rail[i - 1];
    }
}

void even_out(std::vector<double>& reach, bool is_closed) {
    const auto count = static_cast<std::ptrdiff_t>(reach.size());
    std::vector<double> out = reach;
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        double window[5];
        int used = 0;
        for (std::ptrdiff_t k = i - 2; k <= i + 2; ++k) {
            if (!is_closed && (k < 0 || k >= count)) continue;
            window[used++] = reach[static_cast<std::size_t>(((k % count) + count) % count)];
        }
        std::sort(window, window + used);
        out[static_cast<std::size_t>(i)] = window[used / 2];
    }
    reach = std::move(out);
}

Column column_of(const Spine& spine, const OutlineIndex& outline) {
    const auto count = static_cast<std::ptrdiff_t>(spine.places.size());
    Column column;
    column.is_closed = spine.is_closed;
    column.middle = spine.places;
    column.begin = spine.begin;
    column.end = spine.end;
    std::vector<double> lefts, rights;
    std::vector<Place> normals;
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        const auto place = [&](std::ptrdiff_t k) {
            if (spine.is_closed) k = ((k % (count - 1)) + count - 1) % (count - 1);
            return spine
                .places[static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(k, 0, count - 1))];
        };
        const Place normal = left_of(unit(place(i + 2) - place(i - 2)));
        const double radius = spine.radius[static_cast<std::size_t>(i)];
        const double most = 1.45 * radius + 0.15;
        const auto side = [&](Place way) {
            const double far = outline.reach(spine.places[static_cast<std::size_t>(i)], way, most);
            return far < most ? far : radius;
        };
        normals.push_back(normal);
        lefts.push_back(side(normal));
        rights.push_back(side(normal * -1));
    }
    even_out(lefts, spine.is_closed);
    even_out(rights, spine.is_closed);
    double sum = 0;
    for (std::size_t i = 0; i < normals.size(); ++i) {
        column.left.push_back(spine.places[i] + normals[i] * lefts[i]);
        column.right.push_back(spine.places[i] - normals[i] * rights[i]);
        sum += lefts[i] + rights[i];
        column.width_max = std::max(column.width_max, lefts[i] + rights[i]);
    }
    column.width_mean = sum / static_cast<double>(normals.size());
    hold_back(column.left, column.middle);
    hold_back(column.right, column.middle);
    return column;
}

// The area under a column, in pieces that do not overlap themselves.
void add_area(const Column& column, std::vector<Contour>& out) {
    constexpr std::size_t piece = 12;
    for (std::size_t from = 0; from + 1 < column.left.size(); from += piece) {
        const std::size_t to = std::min(from + piece, column.left.size() - 1);
        Contour contour;
        for (std::size_t i = from; i <= to; ++i) contour.push_back(column.left[i]);
        for (std::size_t i = to + 1; i-- > from;) contour.push_back(column.right[i]);
        if (area_of(contour) < 0) std::ranges::reverse(contour);
        out.push_back(std::move(contour));
    }
}

}  // namespace

std::optional<Columns> columns_of(const Shape& shape, const Settings& settings, bool is_letter) {
    const double area = area_of(shape);
    // Of a long stroke this is its width; of anything rounder a little less than half of it.
    const double width = 2 * area / std::max(0.01, perimeter_of(shape));
    if (width > settings.satin_width_max_mm) return std::nullopt;
    const std::vector<Spine> spines = spines_of(shape);
    if (spines.empty()) return std::nullopt;
    const OutlineIndex outline(shape);
    Columns out;
    std::vector<Contour> covered;
    double wide = 0, whole = 0, sewn = 0;
    for (const Spine& spine : spines) {
        Column column = column_of(spine, outline);
        for (std::size_t i = 0; i < column.left.size(); ++i) {
            whole += 1;
            if (distance(column.left[i], column.right[i]) > settings.satin_width_max_mm) wide += 1;
        }
        sewn += column.width_mean * length_of(column.middle);
        add_area(column, covered);
        out.columns.push_back(std::move(column));
    }
    if (wide > (is_letter ? 0.12 : 0.02) * whole) return std::nullopt;
    // Strokes hardly lie over each other; what looks like them in a star does.
    if (!is_letter && sewn > 1.2 * area) return std::nullopt;
    const auto under = grown(areas(covered, FillRule::non_zero, 0), 0.12);
    for (Shape& left : without({shape}, under)) {
        // Slivers between ribs and outline are not worth a stitch.
        const auto core = grown({left}, -0.14);
        double core_area = 0;
        for (const Shape& one : core) core_area += area_of(one);
        out.rest_area += area_of(left);
        if (core_area < 0.12) continue;
        for (Shape& patch : common(grown(core, 0.5), {shape})) out.rest.push_back(std::move(patch));
    }
    if (out.rest_area > (is_letter ? 0.25 : 0.08) * area) return std::nullopt;
    return out;
}

}  // namespace lineshaft::stitch
