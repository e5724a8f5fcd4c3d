#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace lineshaft::stitch {

/// Millimetres, x to the right, y down. Also a direction.
struct Place {
    double x = 0, y = 0;
    bool operator==(const Place&) const = default;
    Place operator+(Place b) const { return {x + b.x, y + b.y}; }
    Place operator-(Place b) const { return {x - b.x, y - b.y}; }
    Place operator*(double k) const { return {x * k, y * k}; }
};
inline double dot(Place a, Place b) {
    return a.x * b.x + a.y * b.y;
}
inline double cross(Place a, Place b) {
    return a.x * b.y - a.y * b.x;
}
inline double length(Place a) {
    return std::sqrt(dot(a, a));
}
inline double distance(Place a, Place b) {
    return length(a - b);
}
inline Place left_of(Place a) {
    return {-a.y, a.x};
}  ///< a quarter turn
inline Place unit(Place a) {
    const double size = length(a);
    return size > 0 ? a * (1 / size) : Place{1, 0};
}
inline Place between(Place a, Place b, double part) {
    return a + (b - a) * part;
}

using Line = std::vector<Place>;
using Contour = std::vector<Place>;  ///< closed; the first place is not repeated

/// One connected area: an outline and its holes. The inside lies on the same side of all of them:
/// area_of(outline) > 0, area_of(hole) < 0.
struct Shape {
    Contour outline;
    std::vector<Contour> holes;
};

struct Box {
    double left = 0, top = 0, right = 0, bottom = 0;
    double width() const { return right - left; }
    double height() const { return bottom - top; }
};

double area_of(const Contour& contour);  ///< signed, mm2
double area_of(const Shape& shape);
double length_of(const Line& line);
double perimeter_of(const Shape& shape);
Box box_of(const Contour& contour);
bool is_inside(const Shape& shape, Place place);
/// The place `at` mm along the line, at its ends outside of it.
Place along(const Line& line, double at);
/// Places about `step` mm apart; keeps both ends.
Line resampled(const Line& line, double step);
/// Without the places whose leaving out moves the line by at most `tolerance` (Douglas, Peucker
/// 1973).
Line simplified(const Line& line, double tolerance);

/// How areas of contours are told from holes.
enum class FillRule { non_zero, even_odd };

/// What a sweep over the contours (Vatti 1992) costs: for each height a corner is at, the sides that cross
/// it. A drawing of people: some millions; a tangle of a hundred thousand long sides: ten thousand millions.
double sweep_work(const std::vector<Contour>& contours);
double sweep_work(const std::vector<Shape>& shapes);

// Areas by Clipper (Vatti 1992), on a grid of 1 um; corners closer than that melt.
/// Connected areas, without crossings, smaller than `area_min` mm2 left out.
std::vector<Shape> areas(const std::vector<Contour>& contours, FillRule rule,
                         double area_min = 0.02);
std::vector<Shape> united(const std::vector<Shape>& shapes);
std::vector<Shape> without(const std::vector<Shape>& shapes, const std::vector<Shape>& taken);
std::vector<Shape> common(const std::vector<Shape>& a, const std::vector<Shape>& b);
/// Grown by `by` mm on all sides, or shrunk; corners round.
std::vector<Shape> grown(const std::vector<Shape>& shapes, double by);
/// The area within `half_width` of a line; ends as `is_round` says.
std::vector<Shape> stroked(const std::vector<Line>& lines, bool is_closed, double half_width,
                           bool is_round);

/// Finds what of an outline is near, by a grid of cells.
class OutlineIndex {
public:
    explicit OutlineIndex(const Shape& shape, double cell_mm = 1.0);
    /// How far from `from` in the direction `way` (of length one) the outline is first met; `most`
    /// when it is not met before.
    double reach(Place from, Place way, double most) const;
    /// Whether the outline is crossed between two places.
    bool is_crossed(Place a, Place b) const;

private:
    struct Side {
        Place a, b;
    };
    template <class Visit>
    void cells_between(Place a, Place b, const Visit& visit) const;
    std::vector<Side> sides_;
    std::vector<std::vector<std::uint32_t>> cells_;
    Box box_;
    double cell_ = 1;
    int columns_ = 1, rows_ = 1;
};

}  // namespace lineshaft::stitch
