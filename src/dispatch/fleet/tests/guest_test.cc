// Machines shared with customers, reasons in both languages, and what of a plan is written down.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "dispatch/fleet/codec.h"
#include "dispatch/fleet/fleet.h"

namespace lineshaft::dispatch {
namespace {

const Instant noon = *parse_rfc3339("2026-11-23T12:00:00Z");
Instant past_noon(double seconds) { return {noon.micros + std::int64_t(seconds * 1e6)}; }

void hear(Fleet& fleet, const std::string& id, double seconds, double latitude = 22.6) {
    const Instant at = past_noon(seconds);
    const std::vector<FieldValue> values{{"lat", at, latitude}, {"lon", at, 113.9}, {"rpm", at, 1500}};
    fleet.take(id, values, at);
}

FleetPlan adopt(Fleet& fleet, double seconds) {
    solve::Options options;
    options.budget.iterations_max = 100;
    auto made = fleet.desk_now(past_noon(seconds)).propose(past_noon(seconds), options);
    EXPECT_TRUE(made) << made.error().context;
    EXPECT_TRUE(fleet.adopt(*made));
    return *made;
}

std::string ask(Fleet& fleet, double seconds, double latitude = 22.7) {
    NewRequest wanted;
    wanted.request.site = {latitude, 113.9};
    wanted.request.type = "excavator";
    wanted.request.duration_s = 3'600;
    auto id = fleet.add_request(std::move(wanted), past_noon(seconds));
    EXPECT_TRUE(id) << id.error().context;
    return id.value_or("");
}

TEST(ShareTest, IsKeptAndForgottenWithItsMachine) {
    Fleet fleet;
    fleet.set_known({}, {{"a", "Anna", "excavator", ""}});
    const auto before = fleet.told_version();
    EXPECT_EQ(fleet.share("z", {2}).error().code, Code::not_found);
    ASSERT_TRUE(fleet.share("a", {2, 7}));
    EXPECT_GT(fleet.told_version(), before);
    std::set<std::uint32_t> many;
    for (std::uint32_t i = 2; i < 2 + FleetRoomLimits{}.customers_max; ++i) many.insert(i);
    EXPECT_TRUE(fleet.share("a", many));
    many.insert(1'000);
    EXPECT_EQ(fleet.share("a", many).error().code, Code::invalid);
    ASSERT_TRUE(fleet.share("a", {2, 7}));
    const auto records = fleet.take_effects().records;
    ASSERT_EQ(records.size(), 1u);
    EXPECT_EQ(records[0].kind, "share");
    Fleet again;
    ASSERT_TRUE(again.load("share", "a", *records[0].body));
    ASSERT_NE(again.customers_of("a"), nullptr);
    EXPECT_EQ(*again.customers_of("a"), (std::set<std::uint32_t>{2, 7}));
    again.forget_machine("a");
    EXPECT_EQ(again.customers_of("a"), nullptr);
    const auto gone = again.take_effects().records;
    ASSERT_EQ(gone.size(), 1u);
    EXPECT_FALSE(gone[0].body) << "its row goes as well";
}

TEST(ShareTest, AGuestIsSeenAndNotPlanned) {
    Fleet owner, customer;
    owner.set_known({}, {{"exc-1", "Anna", "excavator", ""}});
    MachineFacts secret;
    secret.type = "excavator", secret.maker = "XCMG", secret.note = "sold below price";
    secret.cost_per_hour = 99, secret.rent_cost_per_day = 5;
    ASSERT_TRUE(owner.set_facts("exc-1", secret));
    const MachineFacts shown = owner.facts_for_customers("exc-1");
    EXPECT_EQ(shown.maker, "XCMG");
    EXPECT_EQ(shown.note, "");
    EXPECT_FALSE(shown.cost_per_hour);
    EXPECT_FALSE(shown.rent_cost_per_day);

    const std::string id = Fleet::guest_id_of("maker", "exc-1");
    customer.put_guest(id, {1, "exc-1", {"", "Anna", "excavator", ""}, shown});
    hear(customer, id, 0);
    hear(customer, "own", 0, 22.61);
    MachineFacts mine;
    mine.type = "excavator";
    ASSERT_TRUE(customer.set_facts("own", mine));
    EXPECT_EQ(customer.machine_ids().size(), 2u);
    EXPECT_EQ(customer.type_of(id), "excavator");
    const auto why = customer.why_not_planned(id, noon);
    EXPECT_EQ(why.code, "shared");
    EXPECT_EQ(why.text, "maker");
    EXPECT_EQ(customer.share(id, {3}).error().code, Code::conflict) << "not theirs to share";
    const std::string request = ask(customer, 1);
    const FleetPlan plan = adopt(customer, 1);
    ASSERT_EQ(plan.allocations.size(), 1u);
    EXPECT_EQ(plan.allocations[0].machine, "own");
    const auto body = machine_json(customer, id, noon);
    EXPECT_EQ(body.at("shared_by"), "maker");
    EXPECT_EQ(body.at("why_not_reason").at("code"), "shared");
    EXPECT_FALSE(boost::json::serialize(body).contains("below price"));
    customer.remove_guest(id);
    EXPECT_FALSE(customer.has_machine(id));
    (void)request;
}

TEST(ReasonTest, EveryReasonIsACodeWithASentenceInBothLanguages) {
    Fleet fleet;
    hear(fleet, "a", 0);
    const Reason working = fleet.field().find("a")->state_why;
    EXPECT_EQ(working, (Reason{.code = "rpm", .now = 1500, .limit = 1200}));
    EXPECT_EQ(sentence_of(working, false), "1500 rpm of 1200");
    EXPECT_EQ(sentence_of(working, true), "转速 1500（界限 1200）");
    EXPECT_EQ(boost::json::serialize(to_json(working)),
              R"({"code":"rpm","now":1.5E3,"limit":1.2E3})");
    EXPECT_EQ(reason_of(nullptr), Reason{});
    const auto stored = to_json(Reason{.code = "broken_by", .text = "oil"});
    EXPECT_EQ(reason_of(&stored), (Reason{.code = "broken_by", .text = "oil"}));
    EXPECT_EQ(sentence_of({.code = "no such code", .text = "as it was"}, true), "as it was");
    EXPECT_TRUE(to_json(Reason{}).is_null());
    EXPECT_EQ(fleet.why_not_planned("a", noon).code, "no_type");
    EXPECT_EQ(fleet.why_not_planned("b", noon).code, "never_heard");
    fleet.tick(past_noon(2'000));
    EXPECT_EQ(sentence_of(fleet.field().find("a")->state_why, false), "nothing heard for 900 s");
}

TEST(StoredPlanTest, AMinuteOfWaitingIsNotWrittenDownAndMoreIs) {
    Fleet fleet;
    hear(fleet, "a", 0);
    MachineFacts facts;
    facts.type = "excavator";
    ASSERT_TRUE(fleet.set_facts("a", facts));
    const std::string id = ask(fleet, 1);
    adopt(fleet, 1);
    const auto places = [&] {
        std::size_t count = 0;
        for (const auto& one : fleet.take_effects().records) count += one.kind == "place";
        return count;
    };
    EXPECT_EQ(places(), 1u);
    adopt(fleet, 31);
    EXPECT_EQ(places(), 0u) << "half a minute later by telemetry that says nothing new";
    adopt(fleet, 58);
    EXPECT_EQ(places(), 0u);
    adopt(fleet, 95);
    EXPECT_EQ(places(), 1u) << "small steps add up";
    ASSERT_TRUE(fleet.act({id, 0}, Action::accept, past_noon(100)));
    EXPECT_EQ(places(), 1u) << "what is promised is written as it is";
}

TEST(StoredPlanTest, ADecisionComesBackWithItsReasons) {
    Fleet fleet, again;
    Decision decision;
    decision.cause.kind = FleetEvent::Kind::telemetry;
    decision.cause.why = {.code = "no_longer_stands", .text = "7/0 exc-1"};
    decision.why = {.code = "changed_meanwhile"};
    (void)fleet.keep_decision(decision);
    const auto records = fleet.take_effects().records;
    ASSERT_EQ(records.size(), 1u);
    ASSERT_TRUE(again.load("decision", records[0].id, *records[0].body));
    EXPECT_EQ(again.decisions().front().cause.why, decision.cause.why);
    EXPECT_EQ(again.decisions().front().why.code, "changed_meanwhile");
    // As it was written before there were codes.
    ASSERT_TRUE(again.load("decision", "9", R"({"at":"2026-11-23T12:00:00Z","why":"too late"})"));
    EXPECT_EQ(sentence_of(again.decisions().back().why, false), "too late");
}

TEST(StoredPlanTest, APlanFromTheDiskIsLookedAtOnce) {
    Fleet fleet;
    EXPECT_FALSE(fleet.has_stored_plan()) << "nothing is asked for";
    hear(fleet, "a", 0);
    MachineFacts facts;
    facts.type = "excavator";
    ASSERT_TRUE(fleet.set_facts("a", facts));
    (void)ask(fleet, 1);
    EXPECT_TRUE(fleet.has_stored_plan());
    adopt(fleet, 1);
    EXPECT_FALSE(fleet.has_stored_plan());
}

TEST(SyncTest, WhatWasSaidOfAMachineIsInTheNextPlan) {
    Fleet fleet;
    hear(fleet, "a", 0);
    hear(fleet, "b", 0, 22.69);
    MachineFacts facts;
    facts.type = "excavator";
    for (const char* id : {"a", "b"}) ASSERT_TRUE(fleet.set_facts(id, facts));
    (void)ask(fleet, 1);
    EXPECT_EQ(adopt(fleet, 1).allocations[0].machine, "b");
    hear(fleet, "b", 2, 22.1);
    hear(fleet, "b", 700, 22.1);
    hear(fleet, "b", 1'400, 22.1);
    hear(fleet, "a", 1'400);
    facts.is_out_of_service = true;
    ASSERT_TRUE(fleet.set_facts("b", facts));
    EXPECT_EQ(adopt(fleet, 1'401).allocations[0].machine, "a");
    // Time alone: its rent ends.
    facts.is_out_of_service = false;
    ASSERT_TRUE(fleet.set_facts("b", facts));
    facts.rent_until = past_noon(1'500);
    ASSERT_TRUE(fleet.set_facts("a", facts));
    (void)fleet.desk_now(past_noon(1'402));
    EXPECT_FALSE(fleet.desk().machines().at("a").is_broken);
    (void)fleet.desk_now(past_noon(1'550));
    EXPECT_TRUE(fleet.desk().machines().at("a").is_broken);
}

// What it says while its service is overdue changes nothing for the plan; plans that were being made were old at once.
TEST(SyncTest, AnOverdueMachineDoesNotOutdatePlansByTalking) {
    Fleet fleet;
    const auto at_hours = [&](double seconds, double hours) {
        hear(fleet, "a", seconds);
        const std::vector<FieldValue> meter{{"engine_hours", past_noon(seconds), hours}};
        fleet.take("a", meter, past_noon(seconds));
    };
    at_hours(0, 990);
    MachineFacts facts;
    facts.type = "excavator";
    facts.service_every_h = 500;
    facts.service_last_h = 500;
    ASSERT_TRUE(fleet.set_facts("a", facts));
    (void)fleet.desk_now(past_noon(1));
    ASSERT_TRUE(fleet.desk().machines().contains("a"));
    at_hours(2, 1'001);
    (void)fleet.desk_now(past_noon(3));
    ASSERT_TRUE(fleet.desk().machines().at("a").is_broken);
    const auto version = fleet.desk().version();
    for (int i = 0; i < 5; ++i) {
        at_hours(10 + i, 1'001 + 0.01 * i);
        (void)fleet.desk_now(past_noon(11 + i));
    }
    EXPECT_EQ(fleet.desk().version(), version);
}

}  // namespace
}  // namespace lineshaft::dispatch
