// Ways that are kept from plan to plan are those that a plan from nothing would reckon.
#include "dispatch/fleet/ground.h"

#include <gtest/gtest.h>

#include "dispatch/fleet/desk.h"

namespace lineshaft::dispatch {
namespace {

struct Chance {
    std::uint64_t state = 1;
    double next(double low, double high) {
        state = state * 6'364'136'223'846'793'005u + 1'442'695'040'888'963'407u;
        return low + (high - low) * double(state >> 11) * 0x1p-53;
    }
    solve::Point point() { return {next(20, 30), next(100, 115)}; }
};

void expect_same_ways(const Ground& ground, const std::vector<solve::Point>& goals,
                      const std::vector<solve::Point>& starts, const solve::SpeedProfile& speeds,
                      const Ways& ways) {
    const auto check = [&](solve::Point from, std::uint32_t from_place, solve::Point to) {
        const std::vector two{from, to};
        solve::Leg want = solve::great_circle_travel(two, speeds)->leg(0, 1);
        if (const auto way = ways.find({spot_of(from), spot_of(to)});
            way != ways.end() && spot_of(from) != spot_of(to))
            want = way->second;
        const solve::Leg& got = ground.travel()->leg(from_place, ground.goal(to));
        EXPECT_NEAR(got.metres, want.metres, 1e-3 + 1e-9 * want.metres);
        EXPECT_NEAR(got.seconds, want.seconds, 1e-3 + 1e-9 * want.seconds);
    };
    for (const solve::Point& to : goals) {
        for (const solve::Point& from : starts) check(from, ground.start(from), to);
        for (const solve::Point& from : goals) check(from, ground.goal(from), to);
    }
}

TEST(GroundTest, MovingComingAndGoingGivesTheSameAsFromNothing) {
    Chance chance;
    std::vector<solve::Point> goals, starts;
    for (int i = 0; i < 12; ++i) goals.push_back(chance.point()), starts.push_back(chance.point());
    starts[3] = goals[5];                       // stands where it works
    goals.push_back(goals[0]);                  // two jobs at one place
    goals.push_back({goals[1].latitude, 290});  // and one far away
    goals.back().longitude -= 360;
    solve::SpeedProfile speeds;
    auto ways = std::make_shared<Ways>();
    Ground ground;
    for (int round = 0; round < 40; ++round) {
        ASSERT_TRUE(ground.lay(goals, starts, speeds, ways));
        expect_same_ways(ground, goals, starts, speeds, *ways);
        ASSERT_TRUE(ground.lay(goals, starts, speeds, ways));
        EXPECT_EQ(ground.reckoned(), 0u) << "nobody moved";
        starts[std::size_t(chance.next(0, 12))] = chance.point();
        if (round % 3 == 0) goals.push_back(chance.point());
        if (round % 5 == 0) goals.erase(goals.begin() + 2);
        if (round % 7 == 0) speeds.detour += 0.1;
        if (round == 11 || round == 23) {
            ways = std::make_shared<Ways>(*ways);
            (*ways)[{spot_of(goals[0]), spot_of(goals[1])}] = {77'000, 1'234};
            (*ways)[{spot_of(goals[1]), spot_of(goals[0])}] = solve::Travel::closed;
        }
    }
    EXPECT_FALSE(ground.travel()->is_symmetric()) << "one of the ways has a direction";
}

TEST(GroundTest, AWayThatIsKeptAlthoughItIsClosedIsClosedForTheNextPlan) {
    const std::vector<solve::Point> goals{{22, 113}, {22.1, 113}}, starts{{22.2, 113}};
    auto ways = std::make_shared<Ways>();
    (*ways)[{spot_of(goals[0]), spot_of(goals[1])}] = solve::Travel::closed;
    (*ways)[{spot_of(goals[1]), spot_of(goals[0])}] = solve::Travel::closed;
    Ground ground;
    ASSERT_TRUE(ground.lay(goals, starts, {}, ways));
    const auto from = ground.goal(goals[0]), to = ground.goal(goals[1]);
    EXPECT_EQ(ground.travel()->leg(from, to), solve::Travel::closed);
    ASSERT_TRUE(ground.bend(from, to));
    ASSERT_TRUE(ground.bend(from, to)) << "two machines promised the same way";
    EXPECT_NEAR(ground.travel()->leg(from, to).metres,
                2 * 1.3 * solve::great_circle_metres(goals[0], goals[1]), 0.1);
    ASSERT_TRUE(ground.lay(goals, starts, {}, ways));
    EXPECT_EQ(ground.travel()->leg(from, to), solve::Travel::closed);
    EXPECT_TRUE(ground.travel()->is_symmetric());
}

TEST(GroundTest, HoldsWhatASolverHoldsAndNoMore) {
    std::vector<solve::Point> goals, starts;
    const std::size_t most = solve::Limits{}.places_max;
    for (std::size_t i = 0; i + 1 < most; ++i) starts.push_back({20 + 1e-4 * double(i), 100});
    goals.push_back({10, 100});
    Ground ground;
    EXPECT_TRUE(ground.lay(goals, starts, {}, nullptr));
    EXPECT_EQ(ground.travel()->places(), most);
    starts.push_back({19, 100});
    EXPECT_EQ(ground.lay(goals, starts, {}, nullptr).error().code, Code::exhausted);
    starts.resize(10);
    EXPECT_TRUE(ground.lay(goals, starts, {}, nullptr)) << "and goes on";
}

/// The same fleet planned with ways that were kept, and with its own.
TEST(GroundTest, PlansAreTheSameWithKeptWays) {
    Chance chance;
    FleetDesk desk;
    const Instant now = *parse_rfc3339("2026-11-23T00:00:00Z");
    const auto place = [&] { return solve::Point{chance.next(22, 22.5), chance.next(113, 113.5)}; };
    for (int i = 0; i < 20; ++i)
        ASSERT_TRUE(desk.put_machine({.id = "m" + std::to_string(i),
                                      .type = "excavator",
                                      .attachments = {},
                                      .position = place()}));
    Ground ground;
    solve::Options options;
    options.budget.iterations_max = 300;
    for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(desk.add_request({.id = std::to_string(i),
                                      .site = place(),
                                      .type = "excavator",
                                      .attachments = {},
                                      .windows = {},
                                      .duration_s = 3'600}));
        desk.move_machine("m" + std::to_string(i), place());
        Planning kept;
        kept.ground = &ground;
        kept.clock_s = [&chance] { return chance.next(0, 1); };
        const auto with = desk.propose(now, options, kept), without = desk.propose(now, options);
        ASSERT_TRUE(with && without);
        EXPECT_NEAR(with->cost.total(), without->cost.total(), 0.05 * without->cost.total() + 1);
        EXPECT_EQ(with->allocations.size(), std::size_t(i + 1));
        for (const Change& change : with->changes) {
            if (change.from == change.to) continue;
            EXPECT_TRUE(change.to_terms) << "what it costs is told";
            EXPECT_EQ(change.to_terms->machine, change.to);
        }
        ASSERT_TRUE(desk.adopt(*with));
    }
}

}  // namespace
}  // namespace lineshaft::dispatch
