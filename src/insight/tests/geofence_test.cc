#include "insight/geofence.h"

#include <cmath>
#include <limits>
#include <numbers>

namespace lineshaft::insight {
namespace {

using Ring = std::vector<GeoPoint>;
const double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// Points given in metres east and north of a place.
GeoPoint metres(GeoPoint from, double east, double north) {
    const double degree = std::numbers::pi * 6'371'008.8 / 180;
    return {from.latitude + north / degree,
            std::remainder(from.longitude + east / (degree * std::cos(from.latitude * std::numbers::pi / 180)), 360.0)};
}
Ring ring_of(GeoPoint from, std::vector<std::pair<double, double>> corners) {
    Ring ring;
    for (const auto& [east, north] : corners) ring.push_back(metres(from, east, north));
    return ring;
}
const GeoPoint changsha{28.2282, 112.9388};

SitePolygon site_of(Ring ring) {
    auto site = SitePolygon::create(std::move(ring));
    EXPECT_TRUE(site) << site.error().context;
    return *site;
}

TEST(SitePolygonTest, InsideOutsideAndOnTheBorder) {
    // A U, open to the north: 100 wide, 100 high, the gap 40 wide and 60 deep.
    const std::vector<std::pair<double, double>> u{{0, 0}, {100, 0}, {100, 100}, {70, 100}, {70, 40}, {30, 40}, {30, 100}, {0, 100}};
    struct Case {
        double east, north;
        double distance;
    };
    const Case cases[] = {{50, 20, -20}, {50, 70, 20}, {15, 90, -10}, {85, 90, -10}, {50, 100, 20}, {-10, 0, 10},
                          {-3, -4, 5},   {103, 104, 5}, {0, 0, 0},    {50, 0, 0},    {30, 40, 0},  {50, 40, 0},
                          {-50, 100, 50}, {150, 40, 50}, {-50, 0, 50}};
    for (const GeoPoint from : {changsha, GeoPoint{-33.9, 179.9999}, GeoPoint{60, -179.9995}, GeoPoint{0, 0.0001}})
        for (const bool is_reversed : {false, true}) {
            Ring ring = ring_of(from, u);
            if (is_reversed) std::ranges::reverse(ring);
            const SitePolygon site = site_of(ring);
            EXPECT_NEAR(site.area_square_metres(), 10'000 - 2'400, 5);
            for (const Case& test : cases) {
                const double distance = site.distance_metres(metres(from, test.east, test.north));
                EXPECT_NEAR(distance, test.distance, 0.02) << test.east << ' ' << test.north << " from " << from.latitude;
            }
        }
    const SitePolygon site = site_of(ring_of(changsha, u));
    for (const GeoPoint& corner : site.ring()) EXPECT_TRUE(site.contains(corner));
    EXPECT_FALSE(site.contains({not_a_number, 0}));
    EXPECT_FALSE(site.contains({28.2282, -67}));  // the other side of the earth
}

TEST(SitePolygonTest, AStarAgreesWithARayInEveryDirection) {
    std::vector<std::pair<double, double>> star;
    for (int i = 0; i < 40; ++i) {
        const double angle = i * std::numbers::pi / 20, radius = i % 2 ? 300 : 900;
        star.emplace_back(radius * std::cos(angle), radius * std::sin(angle));
    }
    const SitePolygon site = site_of(ring_of(changsha, star));
    for (int i = 0; i < 40; ++i) {
        const double angle = i * std::numbers::pi / 20, radius = i % 2 ? 300 : 900;
        const auto at = [&](double r) { return site.contains(metres(changsha, r * std::cos(angle), r * std::sin(angle))); };
        EXPECT_TRUE(at(radius - 1)) << i;
        EXPECT_FALSE(at(radius + 1)) << i;
    }
}

TEST(SitePolygonTest, RefusesWhatIsNoSite) {
    const auto refused = [](Ring ring, std::string_view words, Code code = Code::invalid) {
        const auto site = SitePolygon::create(std::move(ring));
        ASSERT_FALSE(site) << words;
        EXPECT_EQ(site.error().code, code);
        EXPECT_NE(site.error().context.find(words), std::string::npos) << site.error().context;
    };
    refused({}, "three different");
    refused({changsha, changsha, changsha, changsha}, "three different");
    refused(ring_of(changsha, {{0, 0}, {10, 0}}), "three different");
    refused(ring_of(changsha, {{0, 0}, {100, 100}, {100, 0}, {0, 100}}), "side 1 crosses side 3");
    refused(ring_of(changsha, {{0, 0}, {100, 0}, {50, 0}}), "crosses");
    refused(ring_of(changsha, {{0, 0}, {100, 0}, {100, 100}, {50, 0}, {0, 100}}), "crosses");  // touches its own side
    refused(ring_of(changsha, {{0, 0}, {0.9, 0}, {0.9, 0.9}, {0, 0.9}}), "without area");
    refused({{28, 113}, {not_a_number, 113}, {28.1, 113.1}}, "corner 2");
    refused({{28, 113}, {91, 113}, {28.1, 113.1}}, "corner 2");
    refused({{28, 113}, {28, 116}, {29, 113}}, "wider", Code::exhausted);
    Ring many;
    for (int i = 0; i < 1'001; ++i) many.push_back(metres(changsha, 500 * std::cos(i * 0.006), 500 * std::sin(i * 0.006)));
    refused(many, "1001 corners", Code::exhausted);
    many.pop_back();
    EXPECT_TRUE(SitePolygon::create(many));
    Ring closed = ring_of(changsha, {{0, 0}, {100, 0}, {0, 100}});
    closed.push_back(closed.front());
    EXPECT_EQ(site_of(closed).ring().size(), 3u);
}

TEST(SitePolygonTest, OverlappingSitesAreFound) {
    const auto box = [](double east, double north, double wide, double high) {
        return site_of(ring_of(changsha, {{east, north}, {east + wide, north}, {east + wide, north + high}, {east, north + high}}));
    };
    const std::vector<SitePolygon> sites{box(0, 0, 100, 100), box(100, 0, 100, 100), box(50, 50, 100, 100), box(10, 10, 5, 5),
                                         box(500, 500, 100, 10), box(540, 450, 10, 100), box(540, 450, 10, 100)};
    const std::vector<std::pair<std::size_t, std::size_t>> want{{0, 2}, {0, 3}, {1, 2}, {4, 5}, {4, 6}, {5, 6}};
    EXPECT_EQ(overlapping(sites), want);
}

/// A machine on a line through a square site of 200 m, seen every 10 s.
struct Walk {
    SitePolygon site = site_of(ring_of(changsha, {{0, 0}, {200, 0}, {200, 200}, {0, 200}}));
    FenceRules rules;
    FenceState state;
    std::int64_t seconds = 0;
    Crossing at(double east, double accuracy = 5, std::int64_t step_s = 10) {
        seconds += step_s;
        return observe(site, rules, state, {{seconds * 1'000'000}, metres(changsha, east, 100), accuracy});
    }
};

TEST(FenceTest, EntersAndLeavesOnceWithTheInstantOfTheFirstFix) {
    Walk walk;
    std::vector<std::pair<double, Crossing>> events;
    for (double east = -100; east <= 300; east += 10)
        if (const Crossing crossing = walk.at(east); crossing != Crossing::none) events.emplace_back(east, crossing);
    ASSERT_EQ(events.size(), 2u);
    EXPECT_EQ(events[0], (std::pair{30.0, Crossing::entered}));  // 20 and 30 are more than 15 inside
    EXPECT_EQ(events[1], (std::pair{230.0, Crossing::left}));
    EXPECT_EQ(walk.state.pending_since.micros, (220 + 110) * 1'000'000);
}

TEST(FenceTest, NoiseAtTheBorderIsNoCrossing) {
    Walk walk;
    std::mt19937 random(1);
    std::normal_distribution<double> noise(0, 5);
    for (int i = 0; i < 2'000; ++i) EXPECT_EQ(walk.at(noise(random)), Crossing::none) << i;
    for (int i = 0; i < 2'000; ++i)  // vague fixes far apart do not count more than they know
        EXPECT_EQ(walk.at(i % 2 ? 60.0 : -60.0, 100), Crossing::none);
}

TEST(FenceTest, OneFixOnTheOtherSideIsNotEnough) {
    Walk walk;
    for (int i = 0; i <= 100; ++i) EXPECT_EQ(walk.at(i % 2 ? 50 : -50), Crossing::none);
    walk.at(50);
    EXPECT_EQ(walk.at(50), Crossing::entered);
}

TEST(FenceTest, WhatIsNoFixIsIgnoredAndCounted) {
    Walk walk;
    walk.at(-50);
    const auto ignored = [&](Fix fix) {
        const auto before = walk.state.ignored;
        EXPECT_EQ(observe(walk.site, walk.rules, walk.state, fix), Crossing::none);
        return walk.state.ignored == before + 1;
    };
    const Instant later{60'000'000}, earlier{1'000'000};
    const GeoPoint inside = metres(changsha, 100, 100);
    EXPECT_TRUE(ignored({later, {0, 0}, 5}));
    EXPECT_TRUE(ignored({later, {not_a_number, 1}, 5}));
    EXPECT_TRUE(ignored({later, {95, 1}, 5}));
    EXPECT_TRUE(ignored({later, inside, 151}));
    EXPECT_TRUE(ignored({later, inside, not_a_number}));
    EXPECT_TRUE(ignored({earlier, inside, 5}));
    EXPECT_TRUE(ignored({walk.state.last->at, inside, 5}));
    EXPECT_TRUE(ignored({later, metres(changsha, 90'000, 100), 5}));  // 90 km in 50 s
    EXPECT_FALSE(ignored({later, inside, 5}));
}

TEST(FenceTest, AJumpThatStaysIsBelieved) {
    Walk walk;
    walk.at(100);
    ASSERT_EQ(walk.at(100), Crossing::entered);
    EXPECT_EQ(walk.at(50'000), Crossing::none);  // one wild fix, then back
    EXPECT_EQ(walk.at(100), Crossing::none);
    EXPECT_TRUE(walk.state.is_inside);
    std::vector<Crossing> seen;
    for (int i = 0; i < 5; ++i) seen.push_back(walk.at(50'000));  // carried away while it was silent
    EXPECT_EQ(std::ranges::count(seen, Crossing::left), 1);
}

}  // namespace
}  // namespace lineshaft::insight
