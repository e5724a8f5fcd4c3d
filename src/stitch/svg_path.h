#pragma once
#include <string_view>

#include "base/result.h"
#include "stitch/geometry.h"

namespace lineshaft::stitch {

/// x' = a x + c y + e, y' = b x + d y + f (SVG 1.1, 7.4).
struct Transform {
    double a = 1, b = 0, c = 0, d = 1, e = 0, f = 0;
    Place operator()(Place p) const { return {a * p.x + c * p.y + e, b * p.x + d * p.y + f}; }
    /// First `inner`, then this.
    Transform of(const Transform& inner) const;
    /// By how much lengths grow, in the mean.
    double scale() const { return std::sqrt(std::abs(a * d - b * c)); }
};

/// The `transform` attribute. Errors: invalid.
Result<Transform> parse_transform(std::string_view text);

struct SubPath {
    Line places;
    bool is_closed = false;
};

/// Draws outlines through a transform; curves become lines that stray at most 0.03 from them.
class PathPen {
public:
    PathPen(const Transform& transform, std::size_t places_max)
        : transform_(transform), places_max_(places_max) {}
    void move_to(Place to);
    void line_to(Place to);
    void curve_to(Place first, Place second, Place to);
    void quad_to(Place control, Place to);
    void arc_to(double rx, double ry, double degrees, bool is_large, bool is_sweep, Place to);
    void close();
    bool is_full() const { return count_ > places_max_; }
    Place at() const { return at_; }
    std::vector<SubPath> take() { return std::move(paths_); }

private:
    void add(Place seen);
    Transform transform_;
    std::size_t places_max_, count_ = 0;
    std::vector<SubPath> paths_;
    Place at_, start_;
};

/// The `d` attribute (SVG 1.1, 8.3). What comes before an error is drawn, as the standard wants;
/// returns false then, and when the pen is full.
bool draw_path(PathPen& pen, std::string_view d);

/// Numbers parted by commas or spaces, from the front of `text`. nothing: no number there.
bool take_number(std::string_view& text, double& out);

}  // namespace lineshaft::stitch
