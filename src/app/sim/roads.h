#pragma once
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace lineshaft::sim {

/// WGS 84, degrees.
struct Place {
    double latitude = 0, longitude = 0;
    bool operator==(const Place&) const = default;
};

struct Site {
    std::string_view name, time_zone;  ///< IANA name
    Place centre;
    double radius_metres;
};

/// The six sites of the demo, around the Pearl River estuary: 15 to 70 km apart, three time zones.
std::span<const Site> sites();

/// On the sphere with the earth's mean radius; error below 0.6 %.
double distance_metres(Place from, Place to);
/// Degrees clockwise from north, 0 <= x < 360.
double heading_degrees(Place from, Place to);
/// The place `metres` from `from` on the way to `to`, not beyond it.
Place towards(Place from, Place to, double metres);

/// The bends of the shortest way between two sites, ending at the centre of `to`.
std::vector<Place> route(std::size_t from_site, std::size_t to_site);

}  // namespace lineshaft::sim
