#include "insight/geofence.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace lineshaft::insight {
namespace {

constexpr double earth_radius_metres = 6'371'008.8, radian = std::numbers::pi / 180;

bool is_on_earth(GeoPoint p) {
    return std::abs(p.latitude) <= 90 && std::abs(p.longitude) <= 180;  // false for NaN
}

/// The turn from a to b, -180..180.
double turn(double from, double to) { return std::remainder(to - from, 360.0); }

/// Twice the area of the triangle; positive when c lies left of a to b.
double cross(double ax, double ay, double bx, double by, double cx, double cy) {
    return (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
}

template <class Flat>
double distance_to_side(const Flat& p, const Flat& a, const Flat& b) {
    const double dx = b.x - a.x, dy = b.y - a.y, length = dx * dx + dy * dy;
    const double along = length > 0 ? std::clamp(((p.x - a.x) * dx + (p.y - a.y) * dy) / length, 0.0, 1.0) : 0.0;
    return std::hypot(p.x - a.x - along * dx, p.y - a.y - along * dy);
}

/// Sides that cross or come nearer than a millimetre to each other.
template <class Flat>
bool meet(const Flat& a, const Flat& b, const Flat& c, const Flat& d) {
    const double c_side = cross(a.x, a.y, b.x, b.y, c.x, c.y), d_side = cross(a.x, a.y, b.x, b.y, d.x, d.y);
    const double a_side = cross(c.x, c.y, d.x, d.y, a.x, a.y), b_side = cross(c.x, c.y, d.x, d.y, b.x, b.y);
    if (((c_side > 0) != (d_side > 0)) && ((a_side > 0) != (b_side > 0)) && c_side != 0 && d_side != 0 && a_side != 0 &&
        b_side != 0)
        return true;
    constexpr double touch_metres = 1e-3;
    return distance_to_side(a, c, d) < touch_metres || distance_to_side(b, c, d) < touch_metres ||
           distance_to_side(c, a, b) < touch_metres || distance_to_side(d, a, b) < touch_metres;
}

}  // namespace

double metres_between(GeoPoint a, GeoPoint b) {
    const double up = std::sin((b.latitude - a.latitude) * radian / 2);
    const double across = std::sin((b.longitude - a.longitude) * radian / 2);
    const double h = up * up + std::cos(a.latitude * radian) * std::cos(b.latitude * radian) * across * across;
    return 2 * earth_radius_metres * std::asin(std::sqrt(std::min(1.0, h)));
}

SitePolygon::Flat SitePolygon::flat(GeoPoint where) const {
    return {turn(middle_.longitude, where.longitude) * radian * earth_radius_metres * cosine_,
            (where.latitude - middle_.latitude) * radian * earth_radius_metres};
}

Result<SitePolygon> SitePolygon::create(std::vector<GeoPoint> ring, const GeofenceLimits& limits) {
    if (ring.size() > limits.corners_max + 1)
        return fail(Code::exhausted, fmt::format("{} corners, at most {}", ring.size(), limits.corners_max));
    for (std::size_t i = 0; i < ring.size(); ++i)
        if (!is_on_earth(ring[i]) || std::abs(ring[i].latitude) > limits.latitude_max)
            return fail(Code::invalid, fmt::format("corner {} is no place a site can be", i + 1));
    ring.erase(std::ranges::unique(ring).begin(), ring.end());
    while (ring.size() > 1 && ring.front() == ring.back()) ring.pop_back();
    if (ring.size() < 3) return fail(Code::invalid, "a site has at least three different corners");
    if (ring.size() > limits.corners_max)
        return fail(Code::exhausted, fmt::format("{} corners, at most {}", ring.size(), limits.corners_max));

    SitePolygon site;
    double east = 0, west = 0, north = ring[0].latitude, south = north;
    for (const GeoPoint& corner : ring) {
        east = std::max(east, turn(ring[0].longitude, corner.longitude));
        west = std::min(west, turn(ring[0].longitude, corner.longitude));
        north = std::max(north, corner.latitude);
        south = std::min(south, corner.latitude);
    }
    site.middle_ = {(north + south) / 2, std::remainder(ring[0].longitude + (east + west) / 2, 360.0)};
    site.cosine_ = std::cos(site.middle_.latitude * radian);
    site.ring_ = std::move(ring);
    for (const GeoPoint& corner : site.ring_) site.corners_.push_back(site.flat(corner));
    for (const Flat& corner : site.corners_)
        if (2 * std::hypot(corner.x, corner.y) > limits.extent_metres_max)
            return fail(Code::exhausted, fmt::format("a site wider than {:.0f} km", limits.extent_metres_max / 1000));

    const auto& c = site.corners_;
    const std::size_t n = c.size();
    double twice = 0;
    for (std::size_t i = 0; i < n; ++i) twice += c[i].x * c[(i + 1) % n].y - c[(i + 1) % n].x * c[i].y;
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = i + 1; j < n; ++j) {
            const bool are_neighbours = j == i + 1 || (i == 0 && j == n - 1);
            const Flat &a = c[i], &b = c[(i + 1) % n], &p = c[j], &q = c[(j + 1) % n];
            // Neighbours share a corner; they must not lie on each other.
            const Flat &shared = j == i + 1 ? b : a, &mine = j == i + 1 ? a : b, &theirs = j == i + 1 ? q : p;
            const bool is_fold = are_neighbours && n > 2 &&
                                 (distance_to_side(mine, shared, theirs) < 1e-3 || distance_to_side(theirs, shared, mine) < 1e-3);
            if (is_fold || (!are_neighbours && meet(a, b, p, q)))
                return fail(Code::invalid, fmt::format("side {} crosses side {}", i + 1, j + 1));
        }
    site.area_ = std::abs(twice) / 2;
    if (site.area_ < 1) return fail(Code::invalid, "a site without area");
    return site;
}

double SitePolygon::distance_metres(GeoPoint where) const {
    if (!is_on_earth(where)) return earth_radius_metres;
    const Flat p = flat(where);
    double nearest = 1e300;
    bool is_inside = false;
    for (std::size_t i = 0, j = corners_.size() - 1; i < corners_.size(); j = i++) {
        const Flat &a = corners_[j], &b = corners_[i];
        nearest = std::min(nearest, distance_to_side(p, a, b));
        // Half-open in y, so a ray through a corner counts it once.
        if ((a.y > p.y) != (b.y > p.y) && p.x < a.x + (p.y - a.y) / (b.y - a.y) * (b.x - a.x)) is_inside = !is_inside;
    }
    if (nearest < 1e-6) return 0;
    return is_inside ? -nearest : nearest;
}

std::vector<std::pair<std::size_t, std::size_t>> overlapping(std::span<const SitePolygon> sites) {
    std::vector<std::pair<std::size_t, std::size_t>> found;
    const auto enters = [](const SitePolygon& a, const SitePolygon& b) {
        for (const GeoPoint& corner : a.ring())
            if (b.distance_metres(corner) < -0.5) return true;
        // No corner inside the other need exist where two sites cross: look along the sides.
        for (std::size_t i = 0; i < a.ring().size(); ++i) {
            const GeoPoint from = a.ring()[i], to = a.ring()[(i + 1) % a.ring().size()];
            for (int step = 1; step < 16; ++step) {
                const double share = step / 16.0;
                if (b.distance_metres({from.latitude + (to.latitude - from.latitude) * share,
                                       std::remainder(from.longitude + turn(from.longitude, to.longitude) * share, 360.0)}) < -0.5)
                    return true;
            }
        }
        return false;
    };
    for (std::size_t i = 0; i < sites.size(); ++i)
        for (std::size_t j = i + 1; j < sites.size(); ++j)
            if (enters(sites[i], sites[j]) || enters(sites[j], sites[i]) || sites[i].ring() == sites[j].ring())
                found.emplace_back(i, j);
    return found;
}

namespace {

/// Whether a fix may be believed; a jump is, when it stays where it jumped to.
bool is_believed(const FenceRules& rules, FenceState& state, const Fix& fix) {
    if (!is_on_earth(fix.where) || (fix.where.latitude == 0 && fix.where.longitude == 0)) return false;
    if (!(fix.accuracy_metres >= 0 && fix.accuracy_metres <= rules.accuracy_metres_max)) return false;
    if (!state.last) return true;
    if (fix.at <= state.last->at) return false;
    const auto is_reachable = [&](const Fix& from) {
        const double seconds = std::chrono::duration<double>(fix.at - from.at).count();
        const double slack = fix.accuracy_metres + from.accuracy_metres;
        return metres_between(from.where, fix.where) <= slack + seconds * rules.speed_kmh_max / 3.6;
    };
    if (is_reachable(*state.last)) {
        state.jumps = 0;
        state.jump.reset();
        return true;
    }
    const bool is_same_jump = state.jump && fix.at > state.jump->at && is_reachable(*state.jump);
    state.jumps = is_same_jump ? state.jumps + 1 : 1;
    state.jump = fix;
    if (state.jumps < rules.jump_confirmations) return false;
    state.jumps = 0;
    state.jump.reset();
    return true;
}

}  // namespace

Crossing observe(const SitePolygon& site, const FenceRules& rules, FenceState& state, const Fix& fix) {
    if (!is_believed(rules, state, fix)) {
        ++state.ignored;
        return Crossing::none;
    }
    state.last = fix;
    const double margin = std::max(rules.hysteresis_metres, fix.accuracy_metres);
    const double distance = site.distance_metres(fix.where);
    const bool is_beyond = state.is_inside ? distance > margin : distance < -margin;
    if (!is_beyond) {
        // Near the border nothing is proved or disproved; well on the known side it was noise.
        if (state.is_inside ? distance <= 0 : distance >= 0) state.pending = 0;
        return Crossing::none;
    }
    if (state.pending++ == 0) state.pending_since = fix.at;
    if (state.pending < rules.confirmations) return Crossing::none;
    state.pending = 0;
    state.is_inside = !state.is_inside;
    return state.is_inside ? Crossing::entered : Crossing::left;
}

}  // namespace lineshaft::insight
