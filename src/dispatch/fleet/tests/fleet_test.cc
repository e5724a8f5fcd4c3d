#include "dispatch/fleet/fleet.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "dispatch/fleet/codec.h"
#include "dispatch/fleet/csv.h"
#include "dispatch/fleet/words.h"

namespace lineshaft::dispatch {
namespace {

using insight::Use;

const Instant dawn = *parse_rfc3339("2026-11-23T06:00:00Z");
Instant after_s(double seconds) {
    return {dawn.micros + std::int64_t(seconds * 1e6)};
}

/// A fleet in the south: two sites 20 km apart, machines that report what a test says.
struct Yard {
    Fleet fleet;
    double clock_s = 0;

    Yard() {
        std::vector<FleetSite> sites(2);
        sites[0] = {.id = "1",
                    .name = "North",
                    .time_zone = "UTC",
                    .position = insight::GeoPoint{22.6, 113.9},
                    .region = {},
                    .border = {}};
        sites[1] = {.id = "2",
                    .name = "South",
                    .time_zone = "UTC",
                    .position = insight::GeoPoint{22.42, 113.9},
                    .region = {},
                    .border = {}};
        fleet.set_known(std::move(sites),
                        {{"a", "Anna", "excavator", "1"}, {"b", "", "excavator", ""}});
    }
    struct Said {
        double latitude = 22.6, longitude = 113.9;
        double rpm = 800, load = 5, speed = 0;
        std::optional<double> hours = {};
        std::string fault = {}, word = {};
        double clock_off_s = 0;
    };
    void say(const std::string& id, const Said& said, double step_s = 10) {
        clock_s += step_s;
        const Instant at = after_s(clock_s + said.clock_off_s);
        std::vector<FieldValue> values{
            {"lat", at, said.latitude},    {"lon", at, said.longitude},
            {"rpm", at, said.rpm},         {"load_percent", at, said.load},
            {"speed_kmh", at, said.speed}, {"fault_code", at, {}, said.fault},
            {"state", at, {}, said.word}};
        if (said.hours) values.push_back({"engine_hours", at, *said.hours});
        fleet.take(id, values, after_s(clock_s));
    }
    const FieldMachine& heard(const std::string& id) const { return *fleet.field().find(id); }
    Instant now() const { return after_s(clock_s); }

    std::string ask(std::string site, std::int64_t duration_s, std::uint32_t count = 1) {
        NewRequest wanted;
        wanted.request.site_id = site;
        wanted.request.site = *fleet.sites().at(site).goal();
        wanted.request.type = "excavator";
        wanted.request.duration_s = duration_s;
        wanted.request.count = count;
        auto id = fleet.add_request(std::move(wanted), now());
        EXPECT_TRUE(id) << id.error().context;
        return id.value_or("");
    }
    FleetPlan plan() {
        solve::Options options;
        options.budget.iterations_max = 300;
        auto made = fleet.desk_now(now()).propose(now(), options);
        EXPECT_TRUE(made) << made.error().context;
        EXPECT_TRUE(fleet.adopt(*made));
        return *made;
    }
    const Allocation& place(const std::string& request, std::uint32_t index = 0) const {
        return fleet.desk().allocations().at({request, index});
    }
};

TEST(FieldTest, StatesByTheirRulesInOrder) {
    struct Case {
        Yard::Said said;
        Use use;
    };
    const Case cases[] = {{{.rpm = 0, .load = 0}, Use::off},
                          {{.rpm = 399, .load = 0}, Use::off},
                          {{.rpm = 400, .load = 0}, Use::idle},
                          {{.rpm = 1200, .load = 0}, Use::working},
                          {{.rpm = 800, .load = 25}, Use::working},
                          {{.rpm = 800, .load = 0, .speed = 2}, Use::working},
                          {{.rpm = 0, .load = 0, .fault = "SPN 110 FMI 0"}, Use::fault},
                          {{.rpm = 1500, .fault = "SPN 110 FMI 0"}, Use::working},
                          {{.rpm = 1500, .word = "stopped"}, Use::fault},
                          {{.rpm = 0, .load = 0, .fault = "SPN 1 FMI 2", .word = "off"}, Use::off}};
    Yard yard;
    for (const Case& one : cases) {
        yard.say("a", one.said);
        EXPECT_EQ(yard.heard("a").state, one.use)
            << one.said.rpm << ' ' << one.said.word << ' ' << yard.heard("a").state_why.code;
        EXPECT_FALSE(yard.heard("a").state_why.empty());
    }
    yard.fleet.tick(after_s(yard.clock_s + 901));
    EXPECT_EQ(yard.heard("a").state, Use::silent);
    yard.say("a", {.rpm = 0, .load = 0}, 1'000);
    EXPECT_EQ(yard.heard("a").state, Use::off);
}

TEST(FieldTest, BordersAreCrossedOnceWhateverTheNoise) {
    Yard yard;
    const double outside = 22.6 + 0.01,
                 inside = 22.6;  // 1.1 km, and the middle of a circle of 200 m
    yard.say("a", {.latitude = outside});
    for (int i = 0; i < 3; ++i) yard.say("a", {.latitude = inside + 1e-5 * i}, 60);
    auto crossings = yard.fleet.take_effects().crossings;
    ASSERT_EQ(crossings.size(), 1u);
    EXPECT_TRUE(crossings[0].is_entered);
    EXPECT_EQ(crossings[0].site, "1");
    // Shaking on the border, 0/0, off the earth, far away for one fix: nothing happens.
    for (const double offset : {0.0019, 0.0017, 0.0018, 0.00181})
        yard.say("a", {.latitude = inside + offset});
    yard.say("a", {.latitude = 0, .longitude = 0});
    EXPECT_EQ(yard.heard("a").position_trouble, "zero");
    yard.say("a", {.latitude = 122});
    EXPECT_EQ(yard.heard("a").position_trouble, "nowhere");
    yard.say("a", {.latitude = 30});
    EXPECT_EQ(yard.heard("a").position_trouble, "jump");
    EXPECT_NEAR(yard.heard("a").fix->where.latitude, inside, 0.01) << "the last that was believed";
    yard.say("a", {.latitude = inside});
    EXPECT_EQ(yard.heard("a").position_trouble, "");
    EXPECT_TRUE(yard.fleet.field().take_crossings().empty());
    for (int i = 0; i < 3; ++i) yard.say("a", {.latitude = outside}, 60);
    crossings = yard.fleet.field().take_crossings();
    ASSERT_EQ(crossings.size(), 1u);
    EXPECT_FALSE(crossings[0].is_entered);
}

TEST(FieldTest, FrozenPlacesAndWrongClocksAreTold) {
    Yard yard;
    for (int i = 0; i < 40; ++i) yard.say("a", {.speed = 12}, 60);
    EXPECT_EQ(yard.heard("a").position_trouble, "frozen");
    yard.say("a", {.latitude = 22.6001, .speed = 12}, 60);
    EXPECT_EQ(yard.heard("a").position_trouble, "");
    for (int i = 0; i < 2; ++i) yard.say("b", {.clock_off_s = 7'200});
    EXPECT_FALSE(yard.heard("b").clock_trouble_s) << "one or two late reports say nothing";
    yard.say("b", {.clock_off_s = 7'200});
    EXPECT_EQ(yard.heard("b").clock_trouble_s, 7'200);
    EXPECT_EQ(yard.heard("b").fix->at, yard.now()) << "the time of arrival in its place";
    yard.say("b", {});
    EXPECT_FALSE(yard.heard("b").clock_trouble_s);
}

TEST(FieldTest, MoreMachinesThanMayBeFollowedAreCounted) {
    Field field({.use = {}, .fence = {}, .machines_max = 2});
    const std::vector<FieldValue> values{{"rpm", dawn, 900}};
    EXPECT_TRUE(field.take("a", values, dawn));
    EXPECT_TRUE(field.take("b", values, dawn));
    EXPECT_FALSE(field.take("c", values, dawn));
    EXPECT_TRUE(field.take("a", values, dawn));
    EXPECT_EQ(field.refused(), 1u);
    EXPECT_EQ(field.take_changed().size(), 2u);
}

TEST(FleetTest, TelemetryMovesAPromisedJobToItsEnd) {
    Yard yard;
    yard.say("a", {.hours = 100});
    yard.say("b", {.latitude = 22.3, .hours = 50});
    const std::string id = yard.ask("2", 3'600);
    yard.plan();
    EXPECT_EQ(yard.place(id).machine, "b") << "13 km against 20";
    ASSERT_TRUE(yard.fleet.act({id, 0}, Action::accept, yard.now()));
    auto effects = yard.fleet.take_effects();
    ASSERT_EQ(effects.commands.size(), 1u);
    EXPECT_EQ(effects.commands[0].machine, "b");
    EXPECT_TRUE(boost::json::parse(effects.commands[0].order).at("duration_s") == 3'600);
    EXPECT_FALSE(effects.records.empty());
    yard.say("b", {.latitude = 22.305, .speed = 30, .hours = 50.1}, 60);
    EXPECT_EQ(yard.place(id).stage, Stage::travelling);
    for (const double latitude : {22.36, 22.4})
        yard.say("b", {.latitude = latitude, .speed = 50, .hours = 50.2}, 600);
    for (int i = 0; i < 3; ++i) yard.say("b", {.latitude = 22.42, .hours = 50.3}, 60);
    EXPECT_EQ(yard.place(id).stage, Stage::arrived);
    yard.say("b", {.latitude = 22.42, .rpm = 1500, .hours = 50.3}, 60);
    EXPECT_EQ(yard.place(id).stage, Stage::working);
    yard.say("b", {.latitude = 22.42, .rpm = 1500, .hours = 51.2}, 3'000);
    EXPECT_EQ(yard.place(id).stage, Stage::working) << "0.9 h of 1 h by its meter";
    yard.say("b", {.latitude = 22.42, .rpm = 1500, .hours = 51.3}, 300);
    EXPECT_EQ(yard.place(id).stage, Stage::done);
    effects = yard.fleet.take_effects();
    EXPECT_TRUE(effects.commands.empty()) << "what is done is not taken back";
    EXPECT_EQ(effects.notes.size(), 4u) << "depart, arrive, begin, finish";
}

TEST(FleetTest, WhatIsStoredComesBackAsItWas) {
    Yard yard;
    yard.say("a", {});
    yard.say("b", {.latitude = 22.3});
    MachineFacts facts;
    facts.type = "excavator", facts.attachments = {"breaker"}, facts.maker = "XCMG",
    facts.serial = "7", facts.weight_kg = 21'500, facts.service_at = after_s(9e5);
    ASSERT_TRUE(yard.fleet.set_facts("a", facts));
    EXPECT_EQ(yard.fleet.set_facts("b", facts).error().code, Code::conflict)
        << "that serial number is another machine's";
    ASSERT_TRUE(yard.fleet.set_border(
        "1", std::vector<insight::GeoPoint>{
                 {22.59, 113.89}, {22.61, 113.89}, {22.61, 113.91}, {22.59, 113.91}}));
    ASSERT_TRUE(yard.fleet.set_region("1", "north"));
    const std::string id = yard.ask("2", 7'200, 2), other = yard.ask("1", 3'600);
    ASSERT_TRUE(yard.fleet.pin({other, 0}, "a"));
    yard.plan();
    ASSERT_TRUE(yard.fleet.act({other, 0}, Action::accept, yard.now()));
    ASSERT_TRUE(yard.fleet.happen({.kind = FleetEvent::Kind::road_closed,
                                   .machine = {},
                                   .from = "2",
                                   .to = "1",
                                   .text = {},
                                   .place = {}},
                                  yard.now()));
    auto settings = yard.fleet.settings();
    settings.index.hours_min = 2.5;
    settings.replans_itself = false;
    yard.fleet.set_settings(settings);
    Decision decision;
    decision.by = "anna";
    decision.cause.machine = "b";
    (void)yard.fleet.keep_decision(decision);

    Fleet again;
    auto records = yard.fleet.take_effects().records;
    std::ranges::stable_sort(records, {}, [](const auto& one) {
        return one.kind == "settings" ? 0 : one.kind == "place" ? 2 : 1;
    });
    for (const auto& one : records) {
        ASSERT_TRUE(one.body) << one.kind;
        const auto loaded = again.load(one.kind, one.id, *one.body);
        EXPECT_TRUE(loaded) << one.kind << ' ' << loaded.error().context << *one.body;
    }
    std::vector<FleetSite> sites;
    for (const auto& [key, site] : yard.fleet.sites())
        sites.push_back({.id = key,
                         .name = site.name,
                         .time_zone = site.time_zone,
                         .position = site.position,
                         .region = {},
                         .border = {}});
    again.set_known(std::move(sites), {});
    EXPECT_EQ(again.facts("a"), facts);
    EXPECT_EQ(again.sites().at("1").border->ring().size(), 4u);
    EXPECT_EQ(again.region_of("a"), "");
    EXPECT_EQ(again.sites().at("1").region, "north");
    EXPECT_EQ(again.desk().allocations(), yard.fleet.desk().allocations());
    ASSERT_NE(again.desk().pinned_to({other, 0}), nullptr);
    EXPECT_EQ(again.closed_roads().size(), 1u);
    EXPECT_EQ(again.settings().index.hours_min, 2.5);
    EXPECT_FALSE(again.settings().replans_itself);
    EXPECT_EQ(again.decisions().size(), 1u);
    EXPECT_TRUE(again.take_effects().commands.empty()) << "orders were sent before";
    EXPECT_EQ(again.load("place", "9/0", "{}").error().code, Code::corrupt);
    EXPECT_EQ(again.load("machine", "x", "[").error().code, Code::corrupt);
    (void)id;
}

TEST(FleetTest, AFaultThatLastsIsABreakdownAndTakesItsJobAway) {
    Yard yard;
    yard.say("a", {});
    yard.say("b", {.latitude = 22.3});
    const std::string id = yard.ask("1", 3'600);
    yard.plan();
    ASSERT_EQ(yard.place(id).machine, "a");
    ASSERT_TRUE(yard.fleet.act({id, 0}, Action::accept, yard.now()));
    (void)yard.fleet.take_effects();
    yard.say("a", {.rpm = 0, .load = 0, .fault = "SPN 100 FMI 1"});
    yard.fleet.tick(after_s(yard.clock_s + 59));
    EXPECT_FALSE(yard.fleet.take_cause());
    yard.fleet.tick(after_s(yard.clock_s + 60));
    const auto cause = yard.fleet.take_cause();
    ASSERT_TRUE(cause);
    EXPECT_EQ(cause->machine, "a");
    EXPECT_FALSE(yard.fleet.take_cause()) << "asked once";
    const FleetPlan plan = yard.plan();
    for (const Allocation& one : plan.allocations) EXPECT_NE(one.machine, "a");
    EXPECT_EQ(yard.place(id).machine, "b");
    const auto effects = yard.fleet.take_effects();
    ASSERT_EQ(effects.commands.size(), 1u);
    EXPECT_EQ(effects.commands[0].machine, "a");
    EXPECT_TRUE(effects.commands[0].order.contains("taken_back"));
    EXPECT_FALSE(yard.fleet.why_not_planned("a", yard.now()).empty());
    yard.say("a", {.rpm = 900});
    EXPECT_EQ(yard.fleet.take_cause()->kind, FleetEvent::Kind::repaired);
    EXPECT_EQ(yard.fleet.why_not_planned("a", yard.now()).code, "");
}

TEST(FleetTest, WhatIsImpossibleIsSaid) {
    Yard yard;
    yard.say("a", {});
    const auto refusal = [&](auto change) {
        NewRequest wanted;
        wanted.request.site = {22.6, 113.9};
        wanted.request.type = "excavator";
        wanted.request.duration_s = 60;
        change(wanted.request);
        auto added = yard.fleet.add_request(std::move(wanted), yard.now());
        EXPECT_FALSE(added);
        return added ? Error{} : added.error();
    };
    Error error = refusal([](FleetRequest& one) { one.type = "submarine"; });
    EXPECT_EQ(error.code, Code::invalid);
    EXPECT_TRUE(error.context.contains("submarine") && error.context.contains("excavator"))
        << error.context;
    error = refusal([&](FleetRequest& one) { one.windows = {{after_s(-100), after_s(-50)}}; });
    EXPECT_TRUE(error.context.contains("closed")) << error.context;
    EXPECT_EQ(refusal([](FleetRequest& one) { one.count = 1'000'000; }).code, Code::invalid);
    EXPECT_EQ(refusal([](FleetRequest& one) { one.site = {95, 0}; }).code, Code::invalid);
    for (int i = 0; i < 10; ++i) (void)yard.ask("1", 60, 200);
    EXPECT_EQ(refusal([](FleetRequest&) {}).code, Code::invalid) << "more places than may be open";
    EXPECT_EQ(yard.fleet.desk().requests().size(), 10u);
    EXPECT_EQ(yard.fleet.withdraw("77", yard.now()).error().code, Code::not_found);
    EXPECT_EQ(yard.fleet
                  .happen({.kind = FleetEvent::Kind::breakdown,
                           .machine = "ghost",
                           .from = {},
                           .to = {},
                           .text = {},
                           .place = {}},
                          yard.now())
                  .error()
                  .code,
              Code::not_found);
}

TEST(FleetTest, APinnedJobStaysWhateverHappens) {
    Yard yard;
    for (int i = 0; i < 8; ++i) yard.say(fmt::format("m{}", i), {.latitude = 22.4 + 0.03 * i});
    for (int i = 0; i < 8; ++i) {
        MachineFacts facts;
        facts.type = "excavator";
        ASSERT_TRUE(yard.fleet.set_facts(fmt::format("m{}", i), facts));
    }
    std::vector<std::string> ids;
    for (int i = 0; i < 8; ++i) ids.push_back(yard.ask(i % 2 ? "1" : "2", 3'600));
    yard.plan();
    ASSERT_TRUE(yard.fleet.pin({ids[0], 0}, "m7"));
    yard.plan();
    EXPECT_EQ(yard.place(ids[0]).machine, "m7");
    ASSERT_TRUE(yard.fleet.act({ids[1], 0}, Action::accept, yard.now()));
    const std::string promised = yard.place(ids[1]).machine;
    for (int i = 0; i < 20; ++i) {
        const std::string machine = fmt::format("m{}", i % 7);
        if (machine == promised) continue;
        const auto kind = i % 3 == 0   ? FleetEvent::Kind::breakdown
                          : i % 3 == 1 ? FleetEvent::Kind::late
                                       : FleetEvent::Kind::repaired;
        (void)yard.fleet.happen({.kind = kind,
                                 .machine = machine,
                                 .from = {},
                                 .to = {},
                                 .text = {},
                                 .place = {},
                                 .minutes = 90},
                                yard.now());
        if (i % 4 == 0) (void)yard.ask("2", 1'800);
        const FleetPlan plan = yard.plan();
        EXPECT_EQ(yard.place(ids[0]).machine, "m7");
        EXPECT_EQ(yard.place(ids[1]).machine, promised);
        for (const Allocation& one : plan.allocations)
            EXPECT_EQ(yard.fleet.why_not_planned(one.machine, yard.now()).code, "");
    }
}

TEST(FleetTest, LowLoadersCarryWhatTheyCan) {
    Yard yard;
    yard.say("a", {});
    yard.say("b", {.latitude = 22.3});
    yard.say("loader", {.latitude = 22.5});
    MachineFacts heavy, loader;
    heavy.type = "excavator", heavy.drives_itself = false, heavy.weight_kg = 21'000;
    ASSERT_TRUE(yard.fleet.set_facts("a", heavy));
    ASSERT_TRUE(yard.fleet.set_facts("b", heavy));
    loader.type = "low loader", loader.capacity_kg = 25'000;
    ASSERT_TRUE(yard.fleet.set_facts("loader", loader));
    NewRequest wanted;
    wanted.request = {.id = {},
                      .site = {22.42, 113.9},
                      .type = "excavator",
                      .attachments = {},
                      .windows = {{after_s(4 * 3600), after_s(8 * 3600)}},
                      .duration_s = 3'600};
    ASSERT_TRUE(yard.fleet.add_request(wanted, yard.now()));
    FleetPlan plan = yard.plan();
    ASSERT_EQ(plan.tours.size(), 1u);
    ASSERT_EQ(plan.tours[0].stops.size(), 2u);
    EXPECT_FALSE(plan.tours[0].stops[0].is_unload);
    EXPECT_EQ(plan.tours[0].stops[0].machine, plan.allocations[0].machine);
    EXPECT_LE(plan.hauls[0].arrives, plan.allocations[0].begin)
        << "set down before the work begins";
    loader.capacity_kg = 20'000;
    ASSERT_TRUE(yard.fleet.set_facts("loader", loader));
    plan = yard.plan();
    ASSERT_EQ(plan.hauls.size(), 1u);
    EXPECT_EQ(plan.hauls[0].loader, "");
    EXPECT_EQ(plan.hauls[0].why, solve::Why::too_heavy);
    EXPECT_EQ(plan.allocations.size(), 1u) << "it stays in the plan, and is told";
}

TEST(FleetTest, AClosedRoadAndWhatIf) {
    Yard yard;
    yard.say("a", {}), yard.say("a", {.latitude = 22.60001}), yard.say("a", {});
    ASSERT_TRUE(yard.fleet.field().is_inside("a", "1"));
    const std::string id = yard.ask("2", 3'600);
    const FleetPlan open = yard.plan();
    ASSERT_EQ(open.allocations.size(), 1u);
    FleetDesk copy = yard.fleet.desk_now(yard.now());
    ASSERT_TRUE(yard.fleet.imagine(copy,
                                   {.kind = FleetEvent::Kind::road_closed,
                                    .machine = {},
                                    .from = "1",
                                    .to = "2",
                                    .text = {},
                                    .place = {}},
                                   yard.now()));
    solve::Options options;
    options.budget.iterations_max = 100;
    const auto imagined = copy.propose(yard.now(), options);
    ASSERT_TRUE(imagined) << imagined.error().context;
    EXPECT_EQ(imagined->left_out.size(), 1u);
    EXPECT_TRUE(yard.fleet.closed_roads().empty()) << "nothing happened";
    EXPECT_EQ(yard.place(id).stage, Stage::planned);
    ASSERT_TRUE(yard.fleet.happen({.kind = FleetEvent::Kind::road_closed,
                                   .machine = {},
                                   .from = "1",
                                   .to = "2",
                                   .text = {},
                                   .place = {}},
                                  yard.now()));
    EXPECT_EQ(yard.plan().left_out.size(), 1u);
    ASSERT_TRUE(yard.fleet.happen({.kind = FleetEvent::Kind::road_open,
                                   .machine = {},
                                   .from = "2",
                                   .to = "1",
                                   .text = {},
                                   .place = {}},
                                  yard.now()));
    ASSERT_TRUE(yard.fleet.set_travel({{"1", "2", {50'000, 3'600}}}));
    EXPECT_EQ(yard.plan().allocations[0].way_metres, 50'000);
    EXPECT_EQ(yard.fleet.set_travel({{"1", "9", {1, 1}}}).error().code, Code::invalid);
}

TEST(WordsTest, ReasonsAreMadeOfTheTermsThatWereCompared) {
    FleetCandidate best, nearer;
    best.machine = "b";
    best.terms.metres_from_start = 20'000, best.terms.extra_cost = 100;
    nearer.machine = "a";
    nearer.terms.metres_from_start = 8'000;
    nearer.terms.obstacle = solve::Obstacle::shift_over;
    nearer.terms.late_s = 7'200;
    nearer.available_until = *parse_rfc3339("2026-11-26T00:00:00Z");
    nearer.until_why = "service";
    EXPECT_EQ(sentence_of(nearer, &best, false),
              "12 km nearer, but its service falls due on Thursday 2026-11-26, 2.0 h before it "
              "would be done");
    EXPECT_TRUE(sentence_of(nearer, &best, true).contains("周四"));
    nearer.terms.obstacle = solve::Obstacle::skills;
    nearer.missing = {"breaker"};
    EXPECT_EQ(sentence_of(nearer, &best, false), "12 km nearer, but it lacks breaker");
}

TEST(CsvTest, ReadsTablesAsPeopleKeepThem) {
    const auto table = parse_csv(
        "\xef\xbb\xbfMachine; "
        "type;attachments;weight_kg\r\nexc-1;excavator;breaker|auger;21,5\r\n\r\n\"exc;2\";\"a "
        "\"\"big\"\" one\";;x\r\n");
    ASSERT_TRUE(table) << table.error().context;
    ASSERT_EQ(table->rows.size(), 2u);
    const auto first = facts_row(*table, table->rows[0]);
    ASSERT_TRUE(first);
    EXPECT_EQ(boost::json::serialize(*first),
              R"({"type":"excavator","attachments":["breaker","auger"],"weight_kg":2.15E1})");
    EXPECT_EQ(table->cell(table->rows[1], "machine"), "exc;2");
    EXPECT_EQ(table->cell(table->rows[1], "type"), "a \"big\" one");
    EXPECT_EQ(table->rows[1].line, 4u);
    EXPECT_EQ(facts_row(*table, table->rows[1]).error().code, Code::invalid);
    EXPECT_FALSE(parse_csv("a,b\n\"x,y\n"));
    EXPECT_FALSE(parse_csv(""));
}

}  // namespace
}  // namespace lineshaft::dispatch
