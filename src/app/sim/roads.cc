#include "app/sim/roads.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "base/check.h"

namespace lineshaft::sim {
namespace {

constexpr Site all_sites[] = {
    {"Qianhai Tower", "Asia/Shanghai", {22.5230, 113.8960}, 350},
    {"Nansha Port", "Asia/Shanghai", {22.6450, 113.6800}, 600},
    {"Songshan Lake Park", "Asia/Shanghai", {22.9100, 113.8900}, 450},
    {"Cuiheng New Town", "Asia/Shanghai", {22.5150, 113.5550}, 500},
    {"Tung Chung Extension", "Asia/Hong_Kong", {22.2930, 113.9520}, 400},
    {"Cotai Resort", "Asia/Macau", {22.1420, 113.5660}, 300},
};

// Crossings and bends, behind the sites in one numbering.
constexpr Place bends[] = {
    {22.5050, 113.9450},  // 6  Shenzhen Bay bridge, north end
    {22.4350, 113.9750},  // 7  Shenzhen Bay bridge, south end
    {22.3600, 113.9700},  // 8  Tuen Mun
    {22.7900, 113.6150},  // 9  Humen bridge, west end
    {22.7950, 113.6800},  // 10 Humen bridge, east end
    {22.7600, 113.8200},  // 11 Bao'an, coast road
    {22.3000, 113.5750},  // 12 Zhuhai, north
    {22.2200, 113.5500},  // 13 Gongbei
    {22.2100, 113.5850},  // 14 long bridge, west end
    {22.2850, 113.7900},  // 15 long bridge, tunnel
    {22.3150, 113.9500},  // 16 long bridge, east end
};

constexpr std::size_t site_count = std::size(all_sites);
constexpr std::size_t node_count = site_count + std::size(bends);
constexpr std::size_t roads[][2] = {
    {0, 6},  {6, 7}, {7, 8},  {8, 16},  {16, 4},  {0, 11}, {11, 10}, {10, 9},  {9, 1},  {11, 2},
    {10, 2}, {1, 3}, {3, 12}, {12, 13}, {13, 14}, {13, 5}, {14, 5},  {14, 15}, {15, 16}};

Place place_of(std::size_t node) {
    return node < site_count ? all_sites[node].centre : bends[node - site_count];
}

constexpr double earth_metres = 6'371'000;
double radians(double degrees) {
    return degrees * std::numbers::pi / 180;
}

}  // namespace

std::span<const Site> sites() {
    return all_sites;
}

double distance_metres(Place from, Place to) {
    const double north = std::sin(radians(to.latitude - from.latitude) / 2);
    const double east = std::sin(radians(to.longitude - from.longitude) / 2);
    const double part = north * north + std::cos(radians(from.latitude)) *
                                            std::cos(radians(to.latitude)) * east * east;
    return 2 * earth_metres * std::asin(std::min(1.0, std::sqrt(part)));
}

double heading_degrees(Place from, Place to) {
    const double east = radians(to.longitude - from.longitude);
    const double y = std::sin(east) * std::cos(radians(to.latitude));
    const double x =
        std::cos(radians(from.latitude)) * std::sin(radians(to.latitude)) -
        std::sin(radians(from.latitude)) * std::cos(radians(to.latitude)) * std::cos(east);
    const double degrees = std::atan2(y, x) * 180 / std::numbers::pi;
    return degrees < 0 ? degrees + 360 : degrees;
}

Place towards(Place from, Place to, double metres) {
    const double whole = distance_metres(from, to);
    if (whole <= metres) return to;
    const double part = metres / whole;  // Over these distances degrees are straight enough.
    return {from.latitude + (to.latitude - from.latitude) * part,
            from.longitude + (to.longitude - from.longitude) * part};
}

// Dijkstra with a linear search: the map has seventeen nodes.
std::vector<Place> route(std::size_t from_site, std::size_t to_site) {
    CHECK(from_site < site_count && to_site < site_count);
    std::vector<double> metres(node_count, std::numeric_limits<double>::infinity());
    std::vector<std::size_t> via(node_count, node_count);
    std::vector<bool> done(node_count, false);
    metres[from_site] = 0;
    for (std::size_t round = 0; round < node_count; ++round) {
        std::size_t nearest = node_count;
        for (std::size_t node = 0; node < node_count; ++node) {
            if (!done[node] && (nearest == node_count || metres[node] < metres[nearest])) {
                nearest = node;
            }
        }
        done[nearest] = true;
        for (const auto& [one, other] : roads) {
            if (one != nearest && other != nearest) continue;
            const std::size_t next = one == nearest ? other : one;
            const double there =
                metres[nearest] + distance_metres(place_of(nearest), place_of(next));
            if (there >= metres[next]) continue;
            metres[next] = there;
            via[next] = nearest;
        }
    }
    std::vector<Place> way;
    for (std::size_t node = to_site; node != from_site; node = via[node]) {
        CHECK(node < node_count);  // Every site is joined to every other.
        way.push_back(place_of(node));
    }
    std::ranges::reverse(way);
    return way;
}

}  // namespace lineshaft::sim
