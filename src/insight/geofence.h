// Where a machine is seen from a site's border: a polygon on the earth, and entering and leaving it under
// the noise of real receivers. Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace lineshaft::insight {

/// Degrees, WGS 84.
struct GeoPoint {
    double latitude = 0, longitude = 0;
    bool operator==(const GeoPoint&) const = default;
};

/// Metres on a sphere (haversine).
double metres_between(GeoPoint a, GeoPoint b);

struct GeofenceLimits {
    std::size_t corners_max = 1'000;
    double extent_metres_max = 200'000;  ///< a site is seen as flat; beyond this that is no longer so
    double latitude_max = 85;
};

/// A site's border. Seen flat around its middle (error below 0.1 % within 100 km); may lie across the
/// 180th meridian. Immutable.
class SitePolygon {
public:
    /// `ring` in either direction, closed or not. Errors: invalid, in words for the person who drew it:
    /// fewer than three different corners, no area, sides that cross or touch ("side 2 crosses side
    /// 5", counted from 1), a corner that is nowhere; exhausted (corners, extent).
    static Result<SitePolygon> create(std::vector<GeoPoint> ring, const GeofenceLimits& limits = {});

    /// Metres to the border: negative inside, 0 on it. Time: linear in the corners.
    double distance_metres(GeoPoint where) const;
    /// The border belongs to the site.
    bool contains(GeoPoint where) const { return distance_metres(where) <= 0; }
    double area_square_metres() const { return area_; }
    const std::vector<GeoPoint>& ring() const { return ring_; }

private:
    struct Flat {
        double x = 0, y = 0;
    };
    Flat flat(GeoPoint where) const;

    std::vector<GeoPoint> ring_;
    std::vector<Flat> corners_;
    GeoPoint middle_;
    double cosine_ = 1, area_ = 0;
};

/// Pairs of sites that share ground: (index, index), ascending. What to do is for the caller to say.
std::vector<std::pair<std::size_t, std::size_t>> overlapping(std::span<const SitePolygon> sites);

struct Fix {
    Instant at;
    GeoPoint where;
    double accuracy_metres = 10;  ///< what the receiver says; 68 %
};

struct FenceRules {
    double hysteresis_metres = 15;     ///< so far beyond the border at least, in either direction
    double accuracy_metres_max = 150;  ///< worse fixes say nothing
    std::uint32_t confirmations = 2;   ///< fixes in a row on the other side
    double speed_kmh_max = 160;        ///< faster is a jump, believed only when it stays there
    std::uint32_t jump_confirmations = 3;
};

/// What is remembered of one machine and one site.
struct FenceState {
    bool is_inside = false;
    std::uint32_t pending = 0;  ///< fixes on the other side so far
    Instant pending_since = {};
    std::optional<Fix> last = {};  ///< the last that was believed
    std::optional<Fix> jump = {};  ///< the last that was not, for it was too far
    std::uint32_t jumps = 0;
    std::uint64_t ignored = 0;  ///< no fix, too vague, out of order, jumps
};

enum class Crossing { none, entered, left };

/// One more fix. `left` and `entered` happened at state.pending_since: the first fix that showed it.
/// Ignored: 0/0 and what is not on the earth, vague ones, fixes not later than the last, jumps.
/// A fix counts as beyond the border when it is so by more than max(hysteresis, its accuracy).
Crossing observe(const SitePolygon& site, const FenceRules& rules, FenceState& state, const Fix& fix);

}  // namespace lineshaft::insight
