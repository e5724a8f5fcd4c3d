// Quality without a machine: the artwork and the threads on one raster of 0.1 mm, compared.
#include <algorithm>

#include "stitch/check.h"
#include "stitch/rows.h"

namespace lineshaft::stitch {
namespace {

constexpr double dot_mm = 0.1;
constexpr double rim_mm = 0.45;  // pull compensation of woven cloth, half a thread, and a little

struct Raster {
    int columns = 0, rows = 0;
    Place origin;
    std::vector<std::uint8_t> dots;  // 1: artwork, 2: thread, 4: beside the artwork

    std::uint8_t& at(int column, int row) {
        return dots[static_cast<std::size_t>(row) * static_cast<std::size_t>(columns) +
                    static_cast<std::size_t>(column)];
    }

    void paint(const Shape& shape, std::uint8_t bit) {
        RowScan scan(shape);
        const Box box = box_of(shape.outline);
        const int first = std::max(0, static_cast<int>((box.top - origin.y) / dot_mm)),
                  last = std::min(rows - 1, static_cast<int>((box.bottom - origin.y) / dot_mm) + 1);
        for (int row = first; row <= last; ++row) {
            for (const Span& span : scan.at(origin.y + (row + 0.5) * dot_mm)) {
                const int from =
                    std::max(0, static_cast<int>(std::ceil((span.from - origin.x) / dot_mm - 0.5)));
                const int to = std::min(
                    columns - 1, static_cast<int>(std::floor((span.to - origin.x) / dot_mm - 0.5)));
                for (int column = from; column <= to; ++column) at(column, row) |= bit;
            }
        }
    }

    void sew(Place a, Place b) {
        const double half = thread_mm / 2, size = distance(a, b);
        const Place way = unit(b - a);
        const auto column_of = [&](double x) { return static_cast<int>((x - origin.x) / dot_mm); };
        const auto row_of = [&](double y) { return static_cast<int>((y - origin.y) / dot_mm); };
        for (int row = std::max(0, row_of(std::min(a.y, b.y) - half));
             row <= std::min(rows - 1, row_of(std::max(a.y, b.y) + half)); ++row) {
            for (int column = std::max(0, column_of(std::min(a.x, b.x) - half));
                 column <= std::min(columns - 1, column_of(std::max(a.x, b.x) + half)); ++column) {
                const Place dot{origin.x + (column + 0.5) * dot_mm,
                                origin.y + (row + 0.5) * dot_mm};
                const double along = std::clamp(lineshaft::stitch::dot(dot - a, way), 0.0, size);
                if (distance(dot, a + way * along) <= half) at(column, row) |= 2;
            }
        }
    }
};

}  // namespace

Quality quality_of(const Artwork& artwork, const Digitised& digitised) {
    const Pattern& pattern = digitised.pattern;
    const Place shift = digitised.origin;
    Quality quality;
    const Box box = box_of(artwork);
    constexpr double margin = 3;
    Raster raster;
    raster.origin = {box.left - margin, box.top - margin};
    raster.columns = static_cast<int>((box.width() + 2 * margin) / dot_mm) + 1;
    raster.rows = static_cast<int>((box.height() + 2 * margin) / dot_mm) + 1;
    raster.dots.resize(static_cast<std::size_t>(raster.columns) *
                       static_cast<std::size_t>(raster.rows));
    for (const Element& element : artwork.elements) {
        for (const Shape& shape : element.areas) raster.paint(shape, 1);
        for (const Shape& shape : grown(element.areas, rim_mm)) raster.paint(shape, 4);
        for (const Shape& shape : stroked(element.lines, false, thread_mm / 2, true))
            raster.paint(shape, 1);
        for (const Shape& shape : stroked(element.lines, false, thread_mm / 2 + rim_mm, true))
            raster.paint(shape, 4);
    }
    Place at;
    bool is_first = true;
    std::size_t stitches = 0, shorts = 0;
    for (const Step& step : pattern.steps) {
        const Place here = Place{step.x / 10.0, step.y / 10.0} + shift;
        if (step.act == Act::stitch) {
            if (!is_first) {
                raster.sew(at, here);
                ++stitches;
                if (distance(at, here) < 0.5) ++shorts;
            }
            is_first = false;
        } else if (step.act == Act::jump) {
            quality.jump_mm += distance(at, here);
        } else {
            is_first = true;
        }
        at = here;
    }
    std::size_t art = 0, both = 0, rim = 0, outside = 0;
    for (const std::uint8_t dot : raster.dots) {
        art += dot & 1;
        both += (dot & 3) == 3;
        rim += dot == (2 | 4);
        outside += dot == 2;
    }
    quality.coverage = art > 0 ? static_cast<double>(both) / static_cast<double>(art) : 0;
    quality.rim = art > 0 ? static_cast<double>(rim) / static_cast<double>(art) : 0;
    quality.outside = art > 0 ? static_cast<double>(outside) / static_cast<double>(art) : 0;
    quality.short_share =
        stitches > 0 ? static_cast<double>(shorts) / static_cast<double>(stitches) : 0;
    quality.density_max = density_of(pattern).peak().density;
    return quality;
}

}  // namespace lineshaft::stitch
