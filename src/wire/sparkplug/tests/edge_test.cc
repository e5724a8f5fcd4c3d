#include "wire/sparkplug/edge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "wire/sparkplug/tests/scene.h"

namespace lineshaft::sparkplug {
namespace {

using namespace std::chrono_literals;

const Instant noon = Instant::from_millis(1'700'000'000'000);
constexpr std::uint64_t noon_ms = 1'700'000'000'000;

TEST(Edge, WillCarriesOnlyItsNumber) {
    Edge edge = hall_edge();
    const Publication will = edge.will(noon);
    EXPECT_EQ(will.topic, "spBv1.0/hall/NDEATH/embroidery");
    EXPECT_EQ(will.qos, 1);
    EXPECT_FALSE(will.retain);
    const Decoded decoded(will);
    EXPECT_FALSE(decoded.payload.seq);
    ASSERT_EQ(decoded.payload.metrics.size(), 1u);
    const Metric& metric = decoded.payload.metrics[0];
    EXPECT_EQ(metric.name, "bdSeq");
    EXPECT_EQ(metric.datatype, static_cast<std::uint32_t>(DataType::int64));
    EXPECT_EQ(metric.value, WireValue(std::uint64_t{0}));
}

TEST(Edge, CountsItsSessionsModulo256) {
    Edge edge = hall_edge({.primary_host = {}, .bd_seq = 254});
    for (const std::uint64_t want : {254u, 255u, 0u, 1u}) {
        const Decoded will(edge.will(noon));
        EXPECT_EQ(will.payload.metrics[0].value, WireValue(want));
        const auto births = edge.connected(noon);
        const Decoded birth(births[0]);
        ASSERT_TRUE(birth.find("bdSeq"));
        EXPECT_EQ(birth.find("bdSeq")->value, WireValue(want));  // as in the will
        EXPECT_EQ(birth.find("bdSeq")->datatype, static_cast<std::uint32_t>(DataType::int64));
    }
}

TEST(Edge, BirthsListEverything) {
    Edge edge = hall_edge();
    (void)edge.will(noon);
    const auto births = edge.connected(noon);
    ASSERT_EQ(births.size(), 3u);
    EXPECT_EQ(births[0].topic, "spBv1.0/hall/NBIRTH/embroidery");
    EXPECT_EQ(births[1].topic, "spBv1.0/hall/DBIRTH/embroidery/machine-1");
    EXPECT_EQ(births[2].topic, "spBv1.0/hall/DBIRTH/embroidery/machine-2");
    std::set<std::uint64_t> aliases;
    for (std::size_t index = 0; index < births.size(); ++index) {
        EXPECT_EQ(births[index].qos, 0);
        EXPECT_FALSE(births[index].retain);
        const Decoded birth(births[index]);
        EXPECT_EQ(birth.payload.seq, index);
        EXPECT_EQ(birth.payload.timestamp, noon_ms);
        for (const Metric& metric : birth.payload.metrics) {
            EXPECT_FALSE(metric.name.empty());
            EXPECT_NE(metric.datatype, 0u);
            EXPECT_TRUE(metric.timestamp);
            EXPECT_NE(metric.value, WireValue());
            if (metric.alias) {
                EXPECT_TRUE(aliases.insert(*metric.alias).second) << metric.name;
            }
        }
    }
    EXPECT_EQ(aliases.size(), 5u);
    const Decoded birth(births[0]);
    const Metric* rebirth = birth.find("Node Control/Rebirth");
    ASSERT_NE(rebirth, nullptr);
    EXPECT_FALSE(rebirth->alias);
    EXPECT_EQ(rebirth->datatype, static_cast<std::uint32_t>(DataType::boolean));
    EXPECT_EQ(rebirth->value, WireValue(false));
    EXPECT_TRUE(birth.find("Load")->alias);
}

TEST(Edge, NullStandsWithoutAValue) {
    Edge edge("g", "n");
    ASSERT_TRUE(edge.define("", metric("x", DataType::int8, Value())));
    (void)edge.will(noon);
    const Decoded birth(edge.connected(noon)[0]);
    EXPECT_TRUE(birth.find("x")->is_null);
    EXPECT_EQ(birth.find("x")->value, WireValue());
}

TEST(Edge, DataIsNumberedOverNodeAndDevices) {
    Scene scene;
    (void)scene.connect();
    std::uint64_t want = 3;
    for (int round = 0; round < 300; ++round) {
        const auto* device = round % 3 == 0 ? "" : round % 3 == 1 ? "machine-1" : "machine-2";
        const auto message = round % 3 == 0 ? scene.data(device, "Load", 0.1 * round)
                                            : scene.data(device, "Speed", std::int64_t{round});
        EXPECT_EQ(message.topic, round % 3 == 0
                                     ? "spBv1.0/hall/NDATA/embroidery"
                                     : "spBv1.0/hall/DDATA/embroidery/" + std::string(device));
        EXPECT_EQ(message.qos, 0);
        EXPECT_FALSE(message.retain);
        const Decoded data(message);
        EXPECT_EQ(data.payload.seq, want);
        EXPECT_TRUE(data.payload.timestamp);
        ASSERT_EQ(data.payload.metrics.size(), 1u);
        EXPECT_TRUE(data.payload.metrics[0].name.empty());
        EXPECT_TRUE(data.payload.metrics[0].alias);
        EXPECT_EQ(data.payload.metrics[0].datatype, 0u);
        EXPECT_TRUE(data.payload.metrics[0].timestamp);
        want = (want + 1) % 256;
    }
}

TEST(Edge, DataIsInTheOrderOfTime) {
    Scene scene;
    (void)scene.connect();
    const auto message = scene.edge.data("machine-1",
                                         {{"Speed", std::int64_t{2}, noon + 2s, false},
                                          {"Speed", std::int64_t{1}, noon + 1s, false}},
                                         noon + 3s);
    ASSERT_TRUE(message);
    const Decoded data(*message);
    EXPECT_EQ(data.payload.metrics[0].timestamp, noon_ms + 1000);
    EXPECT_EQ(data.payload.metrics[1].timestamp, noon_ms + 2000);
    const Decoded birth(scene.edge.connected(noon + 4s)[1]);
    EXPECT_EQ(birth.find("Speed")->value, WireValue(std::uint32_t{2}));
    EXPECT_EQ(birth.find("Speed")->timestamp, noon_ms + 2000);
}

TEST(Edge, HistoryDoesNotReplaceThePresent) {
    Scene scene;
    (void)scene.connect();
    (void)scene.speed(7);
    const auto message =
        scene.edge.data("machine-1", {{"Speed", std::int64_t{1}, noon - 1h, true}}, noon);
    ASSERT_TRUE(message);
    EXPECT_TRUE(Decoded(*message).payload.metrics[0].is_historical);
    const Decoded birth(scene.edge.connected(noon)[1]);
    EXPECT_EQ(birth.find("Speed")->value, WireValue(std::uint32_t{7}));
}

TEST(Edge, NoDataBeforeTheBirth) {
    Edge edge = hall_edge();
    (void)edge.will(noon);
    const auto early = edge.data("machine-1", {{"Speed", std::int64_t{5}, noon, false}}, noon);
    EXPECT_EQ(early.error().code, Code::unavailable);
    const Decoded birth(edge.connected(noon)[1]);
    EXPECT_EQ(birth.find("Speed")->value, WireValue(std::uint32_t{5}));  // kept for the birth
    edge.lost();
    EXPECT_FALSE(edge.is_born());
    EXPECT_FALSE(edge.data("machine-1", {{"Speed", std::int64_t{5}, noon, false}}, noon));
}

TEST(Edge, RefusesWhatWasNeverDefined) {
    Scene scene;
    (void)scene.connect();
    EXPECT_EQ(scene.edge.data("machine-9", {}, noon).error().code, Code::not_found);
    EXPECT_EQ(scene.edge.data("", {{"Speed", 1.0, noon, false}}, noon).error().code,
              Code::not_found);
    const auto partly = scene.edge.data(
        "machine-1",
        {{"Speed", std::int64_t{9}, noon, false}, {"Stitches", std::int64_t{-1}, noon, false}},
        noon);
    EXPECT_EQ(partly.error().code, Code::invalid);
    const Decoded birth(scene.edge.connected(noon)[1]);
    EXPECT_EQ(birth.find("Speed")->value, WireValue(std::uint32_t{0}));  // nothing was changed

    Edge& edge = scene.edge;
    EXPECT_EQ(edge.define("", metric("Load", DataType::int8, Value())).error().code,
              Code::conflict);
    EXPECT_EQ(edge.define("", metric("bdSeq", DataType::int8, Value())).error().code,
              Code::conflict);
    EXPECT_EQ(
        edge.define("", metric("Node Control/Rebirth", DataType::boolean, false)).error().code,
        Code::conflict);
    EXPECT_EQ(edge.define("", metric("", DataType::int8, Value())).error().code, Code::invalid);
    EXPECT_EQ(edge.define("", metric("y", DataType::int8, 300.0)).error().code, Code::invalid);
    EXPECT_EQ(edge.define("a/b", metric("y", DataType::int8, 3.0)).error().code, Code::invalid);
}

TEST(Edge, EndsAtItsLimits) {
    Limits limits;
    limits.devices_per_node_max = 1;
    limits.metrics_per_machine_max = 3;
    Edge edge("g", "n", {}, limits);
    EXPECT_TRUE(edge.define("", metric("a", DataType::int8, 1.0)));
    EXPECT_EQ(edge.define("", metric("b", DataType::int8, 1.0)).error().code, Code::exhausted);
    for (const auto* name : {"a", "b", "c"}) {
        EXPECT_TRUE(edge.define("d1", metric(name, DataType::int8, 1.0)));
    }
    EXPECT_EQ(edge.define("d1", metric("d", DataType::int8, 1.0)).error().code, Code::exhausted);
    EXPECT_EQ(edge.define("d2", metric("a", DataType::int8, 1.0)).error().code, Code::exhausted);
}

TEST(Edge, AnswersARebirthRequestWithAllBirths) {
    Scene scene;
    (void)scene.connect();
    (void)scene.feed(scene.speed(4));
    const auto command = rebirth_command(node_key, noon);
    const auto events = scene.edge.receive(command.topic, as_bytes(command.payload), noon + 1s);
    const auto births = only<Publication>(events);
    ASSERT_EQ(births.size(), 3u);
    const Decoded birth(births[0]);
    EXPECT_EQ(birth.payload.seq, 0u);
    EXPECT_EQ(birth.find("bdSeq")->value, WireValue(std::uint64_t{0}));  // the same session
    EXPECT_EQ(Decoded(births[1]).find("Speed")->value, WireValue(std::uint32_t{4}));
    EXPECT_EQ(Decoded(scene.speed(5)).payload.seq, 3u);
}

TEST(Edge, RefusesBadCommands) {
    Scene scene;
    (void)scene.connect();
    const std::uint64_t speed_alias = *scene.host.birth_of(first_key)->metrics()[0].alias;
    Payload payload;
    const auto add = [&](std::string_view name, WireValue value) {
        Metric command;
        command.name = name;
        command.value = value;
        payload.metrics.push_back(command);
    };
    add("Speed", std::uint32_t{0x10000});  // out of range
    add("Stitches", std::uint32_t{1});     // read-only
    add("Nothing", std::uint32_t{1});      // unknown
    add("Speed", WireValue());             // null
    add("", std::uint32_t{30});            // good, by alias
    payload.metrics.back().alias = speed_alias;
    const auto events = scene.edge.receive("spBv1.0/hall/DCMD/embroidery/machine-1",
                                           as_bytes(encode(payload)), noon);
    EXPECT_EQ(only<Malformed>(events).size(), 4u);
    ASSERT_EQ(only<Write>(events).size(), 1u);
    EXPECT_EQ(only<Write>(events)[0].value, Value(std::int64_t{30}));

    const auto bytes = as_bytes("\x08");
    const auto& edge_topic = "spBv1.0/hall/NCMD/embroidery";
    EXPECT_EQ(only<Malformed>(scene.edge.receive(edge_topic, bytes, noon)).size(), 1u);
    EXPECT_TRUE(scene.edge.receive("spBv1.0/hall/NCMD/other", bytes, noon).empty());
    EXPECT_TRUE(scene.edge.receive("spBv1.0/hall/NDATA/embroidery", bytes, noon).empty());
    EXPECT_EQ(only<Malformed>(scene.edge.receive("spBv1.0/x", bytes, noon)).size(), 1u);
    EXPECT_EQ(only<Malformed>(scene.edge.receive("spBv1.0/hall/DCMD/embroidery/none",
                                                 as_bytes(encode(payload)), noon))
                  .size(),
              1u);
}

TEST(Edge, DeviceDeathsAndBirthsAreNumbered) {
    Scene scene;
    (void)scene.connect();
    const auto death = scene.edge.device_died("machine-2", noon);
    ASSERT_TRUE(death);
    EXPECT_EQ(death->topic, "spBv1.0/hall/DDEATH/embroidery/machine-2");
    EXPECT_EQ(death->qos, 0);
    EXPECT_FALSE(death->retain);
    EXPECT_EQ(Decoded(*death).payload.seq, 3u);
    EXPECT_EQ(Decoded(*death).payload.timestamp, noon_ms);
    EXPECT_EQ(scene.edge.device_died("machine-2", noon).error().code, Code::conflict);
    EXPECT_FALSE(scene.edge.data("machine-2", {}, noon));
    const auto birth = scene.edge.device_born("machine-2", noon);
    ASSERT_TRUE(birth);
    EXPECT_EQ(Decoded(*birth).payload.seq, 4u);
    EXPECT_EQ(scene.edge.device_born("machine-2", noon).error().code, Code::conflict);
    EXPECT_EQ(scene.edge.device_born("machine-9", noon).error().code, Code::not_found);
    EXPECT_EQ(scene.edge.device_died("", noon).error().code, Code::not_found);
    scene.edge.lost();
    EXPECT_EQ(scene.edge.device_died("machine-2", noon).error().code, Code::unavailable);
    EXPECT_EQ(scene.edge.connected(noon).size(), 2u);  // remembered
}

TEST(Edge, SubscribesToItsCommands) {
    EXPECT_EQ(hall_edge().filters(), (std::vector<std::string>{"spBv1.0/hall/NCMD/embroidery",
                                                               "spBv1.0/hall/DCMD/embroidery/+"}));
    EXPECT_EQ(hall_edge({.primary_host = "scada"}).filters().back(), "spBv1.0/STATE/scada");
}

TEST(Edge, PublishesItsDeathBeforeLeaving) {
    Scene scene;
    (void)scene.connect();
    const Publication death = scene.edge.disconnect(noon);
    EXPECT_EQ(death.topic, scene.will.topic);
    EXPECT_EQ(Decoded(death).payload.metrics[0].value,
              Decoded(scene.will).payload.metrics[0].value);
    EXPECT_FALSE(scene.edge.is_born());
    EXPECT_EQ(only<Died>(scene.feed(death)).size(), 3u);
}

struct PrimaryHost : testing::Test {
    Edge edge = hall_edge({.primary_host = "scada"});

    std::vector<EdgeEvent> say(bool online, std::int64_t millis, std::string_view host = "scada") {
        return edge.receive("spBv1.0/STATE/" + std::string(host),
                            as_bytes(encode_state({online, millis})), noon);
    }
    void SetUp() override {
        (void)edge.will(noon);
        EXPECT_TRUE(edge.connected(noon).empty());
    }
};

TEST_F(PrimaryHost, IsWaitedFor) {
    EXPECT_FALSE(edge.is_born());
    EXPECT_TRUE(say(true, 1000, "other").empty());
    EXPECT_TRUE(say(false, 1000).empty());
    EXPECT_EQ(only<Malformed>(edge.receive("spBv1.0/STATE/scada", as_bytes("ONLINE"), noon)).size(),
              1u);
    EXPECT_TRUE(say(true, 999).empty());  // older than the last
    EXPECT_FALSE(edge.is_born());
    EXPECT_EQ(only<Publication>(say(true, 1000)).size(), 3u);
    EXPECT_TRUE(edge.is_born());
    EXPECT_TRUE(say(true, 1001).empty());
}

TEST_F(PrimaryHost, EndsTheSessionWhenItGoes) {
    (void)say(true, 1000);
    EXPECT_TRUE(say(false, 999).empty());  // of an older session
    EXPECT_TRUE(edge.is_born());
    const auto events = say(false, 1000);
    ASSERT_EQ(events.size(), 2u);
    EXPECT_EQ(std::get<Publication>(events[0]).topic, "spBv1.0/hall/NDEATH/embroidery");
    EXPECT_TRUE(std::holds_alternative<Disconnect>(events[1]));
    EXPECT_FALSE(edge.is_born());
    (void)edge.will(noon);
    EXPECT_TRUE(edge.connected(noon).empty());
    EXPECT_EQ(say(true, 5).size(), 3u);  // another server has its own timestamps
}

TEST_F(PrimaryHost, MayBeKnownBeforeTheSubscriptionsStand) {
    (void)edge.will(noon);
    EXPECT_TRUE(say(true, 1000).empty());
    EXPECT_EQ(edge.connected(noon).size(), 3u);
}

}  // namespace
}  // namespace lineshaft::sparkplug
