#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <cmath>
#include <map>
#include <set>

#include "app/sim/fleet.h"

namespace lineshaft::sim {
namespace {

using namespace std::chrono_literals;

const Instant morning = Instant::from_millis(1'795'244'400'000);

TEST(Roads, JoinEverySiteToEveryOther) {
    ASSERT_EQ(sites().size(), 6u);
    for (std::size_t from = 0; from < sites().size(); ++from) {
        for (std::size_t to = 0; to < sites().size(); ++to) {
            const auto way = route(from, to);
            if (from == to) {
                EXPECT_TRUE(way.empty());
                continue;
            }
            ASSERT_FALSE(way.empty());
            EXPECT_EQ(way.back(), sites()[to].centre);
            double metres = 0;
            Place at = sites()[from].centre;
            for (const Place& next : way) {
                metres += distance_metres(at, next);
                at = next;
            }
            const double straight = distance_metres(sites()[from].centre, sites()[to].centre);
            EXPECT_GE(metres, straight * 0.999);
            EXPECT_LT(metres, 150'000) << from << " to " << to;
            EXPECT_GT(straight, 10'000);
            EXPECT_LT(straight, 100'000);
        }
    }
}

TEST(Roads, MeasureAsMapsDo) {
    EXPECT_NEAR(distance_metres({0, 0}, {0, 1}), 111'195, 10);
    EXPECT_NEAR(distance_metres({22.3, 113.9}, {23.3, 113.9}), 111'195, 10);
    EXPECT_NEAR(heading_degrees({22, 113}, {23, 113}), 0, 0.01);
    EXPECT_NEAR(heading_degrees({0, 113}, {0, 114}), 90, 0.01);
    EXPECT_NEAR(heading_degrees({23, 113}, {22, 113}), 180, 0.01);
    EXPECT_NEAR(heading_degrees({0, 114}, {0, 113}), 270, 0.01);
    EXPECT_EQ(towards({22, 113}, {22.001, 113}, 1e6), (Place{22.001, 113}));
    EXPECT_NEAR(distance_metres({22, 113}, towards({22, 113}, {22.1, 113.1}, 100)), 100, 0.5);
}

TEST(Roads, SitesHaveRealTimeZones) {
    std::set<std::string_view> zones;
    for (const Site& site : sites()) {
        zones.insert(site.time_zone);
        EXPECT_TRUE(site.time_zone.starts_with("Asia/"));
    }
    EXPECT_GE(zones.size(), 2u);
}

struct Kinds : testing::TestWithParam<Kind> {};

TEST_P(Kinds, MoveBurnAndFailPlausibly) {
    const Ability& ability = ability_of(GetParam());
    const double top = std::max(ability.road_kmh, ability.site_kmh);
    std::map<Activity, int> seconds;
    int faults = 0;
    int refuelled = 0;
    std::set<std::size_t> visited;
    constexpr int seeds = 4;
    constexpr int days = 2;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        FleetMachine machine(Dice(seed * 100 + 5), GetParam(), seed % 6);
        Place place = machine.place();
        double speed = machine.speed_kmh();
        double fuel = machine.fuel_percent();
        double hours = machine.engine_hours();
        std::string fault = machine.fault_code();
        for (int second = 0; second < days * 24 * 3600; ++second) {
            machine.step(1);
            const double moved = distance_metres(place, machine.place());
            ASSERT_LE(moved, machine.speed_kmh() / 3.6 + 3) << "no teleporting";
            ASSERT_LE(moved, top / 3.6 + 0.1);
            ASSERT_GE(machine.speed_kmh(), 0);
            ASSERT_LE(machine.speed_kmh(), top + 1e-9);
            ASSERT_LE(std::abs(machine.speed_kmh() - speed), 3.5 * 3.6) << "braking is not a crash";
            ASSERT_GT(machine.fuel_percent(), 0) << "it never runs dry";
            ASSERT_LE(machine.fuel_percent(), 100);
            ASSERT_LE(std::abs(machine.fuel_percent() - fuel), 0.5);
            if (machine.fuel_percent() > fuel) {
                ASSERT_EQ(machine.activity() == Activity::refuelling || fuel > 96, true);
                ++refuelled;
            }
            ASSERT_GE(machine.engine_hours(), hours);
            ASSERT_LE(machine.engine_hours() - hours, 1.0 / 3600 + 1e-9);
            ASSERT_GE(machine.load_percent(), 0);
            ASSERT_LE(machine.load_percent(), 100);
            ASSERT_GE(machine.heading(), 0);
            ASSERT_LT(machine.heading(), 360);
            if (machine.activity() == Activity::off) {
                ASSERT_EQ(machine.engine_hours(), hours);
            }
            if (machine.activity() == Activity::working && speed < 1) {
                const Site& site = sites()[machine.site()];
                ASSERT_LT(distance_metres(machine.place(), site.centre), site.radius_metres * 1.1);
                visited.insert(machine.site());
            }
            if (fault.empty() && !machine.fault_code().empty()) ++faults;
            ++seconds[machine.activity()];
            place = machine.place();
            speed = machine.speed_kmh();
            fuel = machine.fuel_percent();
            hours = machine.engine_hours();
            fault = machine.fault_code();
        }
    }
    constexpr int all = seeds * days * 24 * 3600;
    EXPECT_GT(seconds[Activity::working], all / 10);
    EXPECT_LT(seconds[Activity::travelling], all * 8 / 10);
    for (const auto activity : {Activity::idle, Activity::travelling, Activity::refuelling,
                                Activity::off, Activity::stopped}) {
        EXPECT_GT(seconds[activity], 0) << name_of(activity);
    }
    EXPECT_GT(refuelled, 0);
    EXPECT_GT(faults, seeds * days);
    EXPECT_LT(faults, seeds * days * 20);
    EXPECT_GE(visited.size(), 3u);
}
INSTANTIATE_TEST_SUITE_P(Fleet, Kinds,
                         testing::Values(Kind::excavator, Kind::wheel_loader, Kind::dump_truck,
                                         Kind::mobile_crane, Kind::bulldozer));

TEST(Fleet, HasItsTwentyFour) {
    const Fleet fleet({}, morning);
    EXPECT_EQ(fleet.machines(), 24u);
    std::set<std::string> ids;
    std::set<std::size_t> at;
    for (std::size_t index = 0; index < fleet.machines(); ++index) {
        ids.insert(fleet.machine_id(index));
        at.insert(fleet.machine(index).site());
    }
    EXPECT_EQ(ids.size(), 24u);
    EXPECT_EQ(at.size(), 6u);
    EXPECT_TRUE(ids.contains("dump-truck-07"));
}

TEST(Fleet, ReportsEveryOneToFiveSeconds) {
    Fleet fleet({}, morning);
    (void)fleet.connected(morning);
    std::map<std::string, int> reports;
    std::set<std::string> kinds;
    for (int second = 1; second <= 60; ++second) {
        for (const Publication& message : fleet.step(morning + std::chrono::seconds(second))) {
            ++reports[message.topic];
            EXPECT_EQ(message.qos, 1);
            EXPECT_FALSE(message.retain);
            const auto json = boost::json::parse(message.payload);
            EXPECT_EQ(json.at("ts").as_int64(), morning.millis() + second * 1000);
            const auto& values = json.at("values").as_object();
            for (const auto* name : {"lat", "lon", "heading_deg", "speed_kmh", "speed_limit",
                                     "fuel_percent", "engine_hours", "load_percent"}) {
                EXPECT_TRUE(values.at(name).is_number()) << name;
            }
            EXPECT_TRUE(values.at("state").is_string());
            EXPECT_TRUE(values.at("fault_code").is_string());
            EXPECT_TRUE(values.contains("site") || values.contains("destination"));
            if (const auto* kind = values.if_contains("kind")) {
                kinds.insert(std::string(kind->as_string()));
            }
        }
    }
    ASSERT_EQ(reports.size(), 24u);
    EXPECT_EQ(kinds.size(), 5u);
    for (const auto& [topic, count] : reports) {
        EXPECT_GE(count, 12) << topic;
        EXPECT_LE(count, 60) << topic;
    }
    EXPECT_EQ(reports["lineshaft/v1/excavator-01/telemetry"], 60);
}

TEST(Fleet, IsTheSameForTheSameSeed) {
    Fleet one({.seed = 3, .backlog_messages_max = 10}, morning);
    Fleet same({.seed = 3, .backlog_messages_max = 10}, morning);
    Fleet other({.seed = 4, .backlog_messages_max = 10}, morning);
    for (Fleet* fleet : {&one, &same, &other}) (void)fleet->connected(morning);
    const auto messages = one.step(morning + 300s);
    EXPECT_EQ(messages, same.step(morning + 300s));
    EXPECT_NE(messages, other.step(morning + 300s));
}

TEST(Fleet, KeepsWhatItCannotSendUpToItsLimit) {
    Fleet fleet({.seed = 1, .backlog_messages_max = 100}, morning);
    (void)fleet.connected(morning);
    fleet.lost();
    EXPECT_TRUE(fleet.step(morning + 5s).empty());
    const auto few = fleet.connected(morning + 5s);
    EXPECT_GE(few.size(), 24u);
    EXPECT_LE(few.size(), 100u);
    EXPECT_EQ(fleet.messages_dropped(), 0u);
    EXPECT_TRUE(few.front().payload.starts_with(
        "{\"ts\":" + std::to_string(morning.millis() + 1000)));  // oldest first, its own time

    fleet.lost();
    (void)fleet.step(morning + 65s);
    EXPECT_EQ(fleet.connected(morning + 65s).size(), 100u);
    EXPECT_GT(fleet.messages_dropped(), 0u);
}

TEST(Fleet, TakesASpeedLimit) {
    Fleet fleet({}, morning);
    (void)fleet.connected(morning);
    const auto say = [&](std::string_view topic, std::string_view text) {
        return fleet.on_message(topic, as_bytes(text), morning);
    };
    const auto answer =
        say("lineshaft/v1/dump-truck-02/command", R"({"id":"7f3a","values":{"speed_limit":40}})");
    ASSERT_EQ(answer.size(), 1u);
    EXPECT_EQ(answer[0].topic, "lineshaft/v1/dump-truck-02/telemetry");
    EXPECT_TRUE(answer[0].payload.contains(R"("speed_limit":40)"));

    const std::string_view topic = "lineshaft/v1/dump-truck-02/command";
    for (const std::string_view bad :
         {"", "{", "[]", R"({"values":3})", R"({"values":{}})", R"({"values":{"speed_limit":"9"}})",
          R"({"values":{"speed_limit":0}})", R"({"values":{"speed_limit":101}})"}) {
        EXPECT_TRUE(say(topic, bad).empty()) << bad;
    }
    EXPECT_TRUE(say("lineshaft/v1/nobody/command", R"({"values":{"speed_limit":9}})").empty());
    EXPECT_TRUE(say("lineshaft/v1/command", R"({"values":{"speed_limit":9}})").empty());
    for (int second = 1; second <= 4 * 3600; ++second) {
        (void)fleet.step(morning + std::chrono::seconds(second));
        for (std::size_t index = 0; index < fleet.machines(); ++index) {
            if (fleet.machine_id(index) != "dump-truck-02") continue;
            ASSERT_LE(fleet.machine(index).speed_kmh(), 40);
        }
    }
}

TEST(Fleet, DrivesToItsOrdersAndWorksThere) {
    Fleet fleet({}, morning);
    (void)fleet.connected(morning);
    std::size_t mine = 0;
    while (fleet.machine_id(mine) != "wheel-loader-02") ++mine;
    const std::string topic = "lineshaft/v1/wheel-loader-02/command";
    const Place goal = sites()[4].centre;
    const auto order = [&](std::string_view request, bool is_taken_back) {
        const std::string text =
            is_taken_back
                ? R"({\"request\":\"9\",\"place\":0,\"is_taken_back\":true})"
                : R"({\"request\":\")" + std::string(request) + R"(\",\"place\":0,\"latitude\":)" +
                      std::to_string(goal.latitude) + R"(,\"longitude\":)" +
                      std::to_string(goal.longitude) + R"(,\"duration_s\":1800})";
        (void)fleet.on_message(
            topic, as_bytes(R"({"id":"1","values":{"order":")" + text + R"("}})"), morning);
    };
    order("7", false);
    order("9", false);
    order("9", true);
    int worked = 0, second = 0;
    for (; second < 12 * 3600 && worked < 1800; ++second) {
        (void)fleet.step(morning + std::chrono::seconds(second));
        const FleetMachine& machine = fleet.machine(mine);
        worked +=
            machine.activity() == Activity::working && distance_metres(machine.place(), goal) < 60;
    }
    EXPECT_GE(worked, 1800) << "it works where it was sent";
    for (const int end = second + 2 * 3600; second < end; ++second)
        (void)fleet.step(morning + std::chrono::seconds(second));
    EXPECT_FALSE(fleet.machine(mine).is_ordered()) << "the order that was taken back is not begun";
}

}  // namespace
}  // namespace lineshaft::sim
