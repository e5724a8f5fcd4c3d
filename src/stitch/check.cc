#include "stitch/check.h"

#include <fmt/format.h>

#include <algorithm>

namespace lineshaft::stitch {

DensityMap density_of(const Pattern& pattern) {
    const Bounds bounds = bounds_of(pattern);
    DensityMap map;
    map.left = bounds.left / 10.0, map.top = bounds.top / 10.0;
    map.columns = bounds.width() / 10 + 2;
    map.rows = bounds.height() / 10 + 2;
    map.cells.resize(static_cast<std::size_t>(map.columns) * static_cast<std::size_t>(map.rows));
    for (const Step& step : pattern.steps) {
        if (step.act != Act::stitch) continue;
        const int column = (step.x - bounds.left) / 10, row = (step.y - bounds.top) / 10;
        map.cells[static_cast<std::size_t>(row * map.columns + column)] += 1;
    }
    return map;
}

DensityMap::Peak DensityMap::peak() const {
    Peak best;
    const auto cell = [&](int row, int column) {
        return cells[static_cast<std::size_t>(row * columns + column)];
    };
    for (int row = 0; row + 1 < rows; ++row) {
        for (int column = 0; column + 1 < columns; ++column) {
            const double sum = cell(row, column) + cell(row + 1, column) + cell(row, column + 1) +
                               cell(row + 1, column + 1);
            if (sum / 4 > best.density) best = {sum / 4, {left + column + 1, top + row + 1}};
        }
    }
    return best;
}

void check(const Artwork& artwork, const Settings& settings, Digitised& out) {
    const Counts counts = counts_of(out.pattern);
    double thread = 0, moves = 0;
    Place at;
    for (const Step& step : out.pattern.steps) {
        const Place here{step.x / 10.0, step.y / 10.0};
        (step.act == Act::stitch ? thread : moves) += distance(at, here);
        at = here;
    }
    // Needle thread follows the stitches and goes through the cloth at each.
    out.thread_m = (thread + 1.2 * static_cast<double>(counts.stitches)) / 1000;
    out.minutes = static_cast<double>(counts.stitches + counts.jumps) / settings.rpm +
                  (static_cast<double>(counts.trims) * settings.trim_s +
                   static_cast<double>(counts.colours) * settings.colour_s) /
                      60;

    const Bounds bounds = bounds_of(out.pattern);
    if (bounds.width() > settings.hoop_width_mm * 10 ||
        bounds.height() > settings.hoop_height_mm * 10) {
        out.warnings.push_back({"outside_hoop",
                                fmt::format("with what the cloth pulls in, the stitches are {:.1f} "
                                            "x {:.1f} mm: more than the hoop's {:.0f} x {:.0f} mm",
                                            bounds.width() / 10.0, bounds.height() / 10.0,
                                            settings.hoop_width_mm, settings.hoop_height_mm),
                                {bounds.right / 10.0, bounds.bottom / 10.0}});
    }
    const auto peak = density_of(out.pattern).peak();
    if (peak.density > settings.density_max) {
        out.warnings.push_back(
            {"dense",
             fmt::format("{:.0f} stitches in a square millimetre at {:.0f}, {:.0f} mm: the needle "
                         "may cut the cloth; enlarge the design or drop details there",
                         peak.density, peak.at.x, peak.at.y),
             peak.at});
    }
    int thin = 0;
    Place thin_at;
    for (const Element& element : artwork.elements) {
        for (const Shape& shape : element.areas) {
            const double width = 2 * area_of(shape) / std::max(0.01, perimeter_of(shape));
            if (width < 0.5 && ++thin == 1)
                thin_at = {box_of(shape.outline).left, box_of(shape.outline).top};
        }
    }
    if (thin > 0) {
        out.warnings.push_back({"thin",
                                fmt::format("{} shape(s) thinner than 0.5 mm are sewn wider than "
                                            "they are drawn, the first at {:.0f}, {:.0f} mm",
                                            thin, thin_at.x, thin_at.y),
                                thin_at});
    }
    const Box box = box_of(artwork);
    if (artwork.elements.size() > 0 && artwork.elements[0].is_letter && box.height() < 4.5) {
        out.warnings.push_back(
            {"small",
             fmt::format("letters of {:.1f} mm are hard to read in thread; 5 mm and more are safe",
                         box.height()),
             {box.left, box.top}});
    }
}

}  // namespace lineshaft::stitch
