#include "dispatch/fleet/desk.h"

#include <fmt/format.h>

namespace lineshaft::dispatch {
namespace {

using enum Action;

const Instant morning = *parse_rfc3339("2026-11-23T00:00:00Z");
Instant at(double hours) { return {morning.micros + std::int64_t(hours * 3600e6)}; }

FleetMachine machine(const std::string& id, double east, const std::string& type = "excavator") {
    return {.id = id, .type = type, .attachments = {}, .position = {28.2, 112.9 + east}};
}
FleetRequest request(const std::string& id, double east, std::vector<Window> windows = {}) {
    return {.id = id, .site = {28.2, 112.9 + east}, .type = "excavator", .attachments = {}, .windows = std::move(windows),
            .duration_s = 7200};
}
solve::Options quick() {
    solve::Options options;
    options.budget.iterations_max = 200;
    return options;
}

/// Three machines on a line, 10 km apart, and a request near each of the first two.
struct Day {
    FleetDesk desk;
    Day() {
        EXPECT_TRUE(desk.put_machine(machine("a", 0)));
        EXPECT_TRUE(desk.put_machine(machine("b", 0.1)));
        EXPECT_TRUE(desk.put_machine(machine("c", 0.2, "crane")));
        EXPECT_TRUE(desk.add_request(request("r1", 0.01)));
        EXPECT_TRUE(desk.add_request(request("r2", 0.11)));
    }
    FleetPlan adopt(double hours) {
        auto plan = desk.propose(at(hours), quick());
        EXPECT_TRUE(plan) << plan.error().context;
        EXPECT_TRUE(desk.adopt(*plan));
        return *plan;
    }
    std::string machine_of(const std::string& id, std::uint32_t index = 0) const { return desk.allocations().at({id, index}).machine; }
    void act(const std::string& id, Action action, double hours) {
        const auto done = desk.act({id, 0}, action, at(hours));
        EXPECT_TRUE(done) << done.error().context;
    }
};

TEST(StageTest, OnlyTheseTransitionsExist) {
    using enum Stage;
    const std::map<std::pair<Stage, Action>, Stage> allowed{
        {{requested, plan}, planned},      {{planned, plan}, planned},        {{planned, unplan}, requested},
        {{accepted, unplan}, requested},   {{travelling, unplan}, requested}, {{working, unplan}, requested},
        {{arrived, unplan}, requested},    {{planned, accept}, accepted},     {{accepted, depart}, travelling},
        {{accepted, arrive}, arrived},     {{travelling, arrive}, arrived},   {{accepted, begin}, working},
        {{travelling, begin}, working},    {{arrived, begin}, working},       {{arrived, finish}, done},
        {{working, finish}, done},         {{requested, withdraw}, withdrawn}, {{planned, withdraw}, withdrawn},
        {{accepted, withdraw}, withdrawn}, {{travelling, withdraw}, withdrawn}};
    for (int s = 0; s < 8; ++s)
        for (int a = 0; a < 8; ++a) {
            const auto stage = static_cast<Stage>(s);
            const auto action = static_cast<Action>(a);
            const auto next = next_stage(stage, action);
            EXPECT_EQ(stage_of(name_of(stage)), stage);
            EXPECT_EQ(action_of(name_of(action)), action);
            const auto want = allowed.find({stage, action});
            ASSERT_EQ(next.has_value(), want != allowed.end()) << name_of(stage) << ' ' << name_of(action);
            if (next) EXPECT_EQ(*next, want->second);
            else EXPECT_EQ(next.error().code, Code::conflict);
        }
}

TEST(DeskTest, TheNearestGoesAndAllAreInTheirStages) {
    Day day;
    const FleetPlan plan = day.adopt(0);
    EXPECT_EQ(day.machine_of("r1"), "a");
    EXPECT_EQ(day.machine_of("r2"), "b");
    EXPECT_TRUE(plan.left_out.empty());
    EXPECT_EQ(plan.changes.size(), 2u);
    EXPECT_EQ(plan.changes[0].from, "");
    EXPECT_GT(plan.allocations[0].way_metres, 900);
    EXPECT_GT(plan.allocations[0].arrival, at(0));
    for (const Action action : {accept, depart, arrive}) day.act("r1", action, 1);
    EXPECT_EQ(day.desk.allocations().at({"r1", 0}).end, at(3));
    day.act("r1", finish, 2.5);
    EXPECT_EQ(day.desk.act({"r1", 0}, withdraw, at(3)).error().code, Code::conflict);
    EXPECT_EQ(day.desk.act({"r9", 0}, accept, at(3)).error().code, Code::not_found);
    EXPECT_EQ(day.desk.act({"r2", 0}, Action::plan, at(3)).error().code, Code::conflict);
    EXPECT_TRUE(day.adopt(3).changes.size() <= 1u);  // r2 shifts to now, and stays with b
    EXPECT_EQ(day.machine_of("r2"), "b");
}

TEST(DeskTest, ABreakdownGivesBackWhatIsNotDone) {
    Day day;
    day.adopt(0);
    day.act("r2", accept, 0.1);
    FleetMachine broken = machine("b", 0.1);
    broken.is_broken = true;
    ASSERT_TRUE(day.desk.put_machine(broken));
    EXPECT_EQ(day.desk.allocations().at({"r2", 0}).stage, Stage::requested);
    const FleetPlan plan = day.adopt(0.2);
    EXPECT_EQ(day.machine_of("r2"), "a");
    for (const Allocation& one : plan.allocations) EXPECT_NE(one.machine, "b");
}

TEST(DeskTest, WhatIsPromisedOrPinnedStays) {
    Day day;
    ASSERT_TRUE(day.desk.pin({"r1", 0}, "b"));
    ASSERT_TRUE(day.desk.pin({"r2", 0}, "a"));
    day.adopt(0);
    EXPECT_EQ(day.machine_of("r1"), "b");
    EXPECT_EQ(day.machine_of("r2"), "a");
    day.act("r1", accept, 0);
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(day.desk.add_request(request(fmt::format("x{}", i), 0.1)));
    day.adopt(0.5);
    EXPECT_EQ(day.machine_of("r1"), "b");
    EXPECT_EQ(day.desk.pin({"r1", 0}, "a").error().code, Code::conflict);
    EXPECT_EQ(day.desk.pin({"r2", 0}, "z").error().code, Code::not_found);
    EXPECT_EQ(day.desk.remove_machine("b").error().code, Code::conflict);
    EXPECT_EQ(day.desk.remove_machine("z").error().code, Code::not_found);
    EXPECT_TRUE(day.desk.remove_machine("c"));
}

TEST(DeskTest, SaysWhatIsLeftOutAndWhy) {
    Day day;
    ASSERT_TRUE(day.desk.add_request(request("past", 0, {{at(-5), at(-1)}})));
    FleetRequest drill = request("drill", 0);
    drill.attachments = {"auger"};
    drill.rent_cost = 500;
    ASSERT_TRUE(day.desk.add_request(drill));
    FleetRequest cheap = request("cheap", 3);  // 300 km away
    cheap.rent_cost = 10;
    ASSERT_TRUE(day.desk.add_request(cheap));
    const FleetPlan plan = day.adopt(0);
    ASSERT_EQ(plan.left_out.size(), 3u);
    EXPECT_EQ(plan.left_out[0].place.request, "cheap");
    EXPECT_EQ(plan.left_out[0].why, solve::Why::not_worth_it);
    EXPECT_EQ(plan.left_out[0].rent_cost, 10);
    EXPECT_EQ(plan.left_out[1].why, solve::Why::no_skills);
    EXPECT_TRUE(plan.left_out[2].is_past);
}

TEST(DeskTest, AnOutdatedProposalIsNotPutInForceAndACopyIsWhatIf) {
    Day day;
    const FleetPlan kept = day.adopt(0);
    const auto stale = day.desk.propose(at(0), quick());
    ASSERT_TRUE(stale);
    FleetDesk what_if = day.desk;
    ASSERT_TRUE(what_if.add_request(request("r3", 0.2)));
    const auto imagined = what_if.propose(at(0), quick());
    ASSERT_TRUE(imagined);
    EXPECT_EQ(imagined->allocations.size(), 3u);
    EXPECT_GT(imagined->cost.total(), kept.cost.total());
    EXPECT_EQ(day.desk.requests().size(), 2u);
    ASSERT_TRUE(day.desk.add_request(request("r4", 0)));
    EXPECT_EQ(day.desk.adopt(*stale).error().code, Code::conflict);
    EXPECT_EQ(day.machine_of("r1"), "a");  // the last good plan stays in force
}

TEST(DeskTest, RanksCandidatesWithReasons) {
    Day day;
    FleetMachine due = machine("d", 0.011);  // the nearest, but its service is due in an hour
    due.available_until = at(1);
    ASSERT_TRUE(day.desk.put_machine(due));
    day.adopt(0);
    const auto ranked = day.desk.candidates({"r1", 0}, at(0), 10);
    ASSERT_TRUE(ranked) << ranked.error().context;
    ASSERT_EQ(ranked->size(), 4u);
    EXPECT_EQ((*ranked)[0].machine, "a");
    EXPECT_TRUE((*ranked)[0].arrival);
    EXPECT_EQ((*ranked)[1].machine, "b");
    EXPECT_EQ((*ranked)[2].machine, "d");
    EXPECT_EQ((*ranked)[2].terms.obstacle, solve::Obstacle::shift_over);
    EXPECT_LT((*ranked)[2].terms.metres_from_start, (*ranked)[0].terms.metres_from_start);
    EXPECT_EQ((*ranked)[3].machine, "c");
    EXPECT_EQ((*ranked)[3].terms.obstacle, solve::Obstacle::skills);
    EXPECT_EQ(day.desk.candidates({"r7", 0}, at(0), 10).error().code, Code::not_found);
    day.act("r1", accept, 0);
    EXPECT_EQ(day.desk.candidates({"r1", 0}, at(0), 10).error().code, Code::conflict);
}

TEST(DeskTest, RefusesWhatCannotBe) {
    FleetDesk desk({}, {.machines_max = 2, .places_max = 3, .count_max = 3, .skills_max = 3});
    const auto machine_code = [&](FleetMachine one) {
        const auto put = desk.put_machine(std::move(one));
        return put ? std::optional<Code>{} : put.error().code;
    };
    const auto request_code = [&](FleetRequest one) {
        const auto put = desk.add_request(std::move(one));
        return put ? std::optional<Code>{} : put.error().code;
    };
    EXPECT_EQ(machine_code(machine("", 0)), Code::invalid);
    FleetMachine lost = machine("m", 0);
    lost.position = {0, 0};
    EXPECT_EQ(machine_code(lost), Code::invalid);
    FleetMachine mad = machine("m", 0);
    mad.cost_per_km = std::numeric_limits<double>::quiet_NaN();
    EXPECT_EQ(machine_code(mad), Code::invalid);
    EXPECT_EQ(machine_code(machine("m1", 0)), std::nullopt);
    EXPECT_EQ(machine_code(machine("m2", 0)), std::nullopt);
    EXPECT_EQ(machine_code(machine("m1", 0.1)), std::nullopt);
    EXPECT_EQ(machine_code(machine("m3", 0)), Code::exhausted);
    EXPECT_EQ(request_code(request("", 0)), Code::invalid);
    EXPECT_EQ(request_code(request("r", 400)), Code::invalid);
    EXPECT_EQ(request_code(request("r", 0, {{at(2), at(1)}})), Code::invalid);
    EXPECT_EQ(request_code(request("r", 0, {{at(0), at(2)}, {at(1), at(3)}})), Code::invalid);
    FleetRequest many = request("r", 0);
    many.count = 4;
    EXPECT_EQ(request_code(many), Code::invalid);
    many.count = 3;
    many.attachments = {"auger", "hammer"};
    EXPECT_EQ(request_code(many), std::nullopt);
    EXPECT_EQ(request_code(many), Code::conflict);
    EXPECT_EQ(request_code(request("r2", 0)), Code::exhausted);
    EXPECT_EQ(machine_code({.id = "m2", .type = "crane", .attachments = {}, .position = {1, 1}}), Code::exhausted);
}

}  // namespace
}  // namespace lineshaft::dispatch
