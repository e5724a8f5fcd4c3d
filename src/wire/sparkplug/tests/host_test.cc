#include "wire/sparkplug/host.h"

#include <gtest/gtest.h>

#include <random>

#include "wire/sparkplug/tests/scene.h"

namespace lineshaft::sparkplug {
namespace {

using namespace std::chrono_literals;

TEST(Host, TellsOfTheBirthOfANodeAndItsDevices) {
    Scene scene;
    const auto events = scene.connect();
    const auto born = only<Born>(events);
    ASSERT_EQ(events.size(), 3u);
    ASSERT_EQ(born.size(), 3u);
    EXPECT_EQ(born[0].machine, node_key);
    EXPECT_EQ(born[1].machine, first_key);
    EXPECT_EQ(born[2].machine, second_key);
    EXPECT_FALSE(born[1].again);
    EXPECT_EQ(born[1].at, scene.now);
    ASSERT_EQ(born[1].birth->metrics().size(), 2u);
    const Definition& speed = born[1].birth->metrics()[0];
    EXPECT_EQ(speed.name, "Speed");
    EXPECT_EQ(speed.type, DataType::int16);
    EXPECT_EQ(speed.unit, "stitches/min");
    EXPECT_EQ(speed.low, 0.0);
    EXPECT_EQ(speed.high, 1000.0);
    EXPECT_FALSE(speed.read_only);
    EXPECT_TRUE(born[1].birth->metrics()[1].read_only);
    ASSERT_TRUE(speed.alias);
    EXPECT_EQ(born[1].birth->find_alias(*speed.alias), 0u);
    ASSERT_EQ(born[1].samples.size(), 2u);
    EXPECT_EQ(born[1].samples[0].value, Value(std::int64_t{0}));
    EXPECT_TRUE(scene.host.is_online(first_key));
    EXPECT_EQ(scene.host.birth_of(first_key), born[1].birth);
    EXPECT_EQ(scene.host.counters().births, 3u);
    EXPECT_EQ(scene.host.counters().samples, 7u);  // bdSeq and Rebirth are metrics too
}

TEST(Host, ResolvesDataThroughItsAlias) {
    Scene scene;
    (void)scene.connect();
    scene.now = scene.now + 1s;
    const Publication message = scene.speed(740);
    EXPECT_TRUE(Decoded(message).payload.metrics[0].name.empty());
    const auto samples = only<Samples>(scene.feed(message));
    ASSERT_EQ(samples.size(), 1u);
    EXPECT_EQ(samples[0].machine, first_key);
    ASSERT_EQ(samples[0].samples.size(), 1u);
    const Sample& sample = samples[0].samples[0];
    EXPECT_EQ(samples[0].birth->metrics()[sample.metric].name, "Speed");
    EXPECT_EQ(sample, (Sample{0, Quality::good, false, scene.now, std::int64_t{740}}));
}

TEST(Host, ResolvesDataThroughItsName) {
    Scene scene({}, {.use_aliases = false, .primary_host = {}});
    (void)scene.connect();
    EXPECT_EQ(speeds(scene.feed(scene.speed(5))), std::vector<std::int64_t>{5});
}

// Encodes NDATA or DDATA by hand, for what our own edge would never send.
struct Craft {
    Payload payload;
    std::string bytes;

    Craft& seq(std::uint64_t value) {
        payload.seq = value;
        return *this;
    }
    Craft& time(std::uint64_t millis) {
        payload.timestamp = millis;
        return *this;
    }
    Metric& add(std::string_view name, DataType type = DataType::unknown, WireValue value = {}) {
        Metric metric;
        metric.name = name;
        metric.datatype = static_cast<std::uint32_t>(type);
        metric.value = value;
        return payload.metrics.emplace_back(metric);
    }
    Publication message(MessageType type, const MachineKey& machine = first_key) const {
        const MachineKey key = of_device(type) ? machine : machine.of_node();
        return {format_topic(MachineTopic{type, key}), encode(payload), 0, false};
    }
};

TEST(Host, TakesTheBestInstantThereIs) {
    Scene scene;
    (void)scene.connect();
    Craft craft;
    craft.seq(3).time(2000);
    craft.add("Speed", DataType::unknown, std::uint32_t{1}).timestamp = 1000;
    craft.add("Speed", DataType::unknown, std::uint32_t{2});
    auto samples = only<Samples>(scene.feed(craft.message(MessageType::ddata)));
    ASSERT_EQ(samples.size(), 1u);
    EXPECT_EQ(samples[0].samples[0].at, Instant::from_millis(1000));
    EXPECT_EQ(samples[0].samples[1].at, Instant::from_millis(2000));

    craft.payload.timestamp.reset();
    samples = only<Samples>(scene.feed(craft.seq(4).message(MessageType::ddata)));
    EXPECT_EQ(samples[0].samples[1].at, scene.now);

    craft.payload.metrics[0].timestamp = 0xFFFFFFFFFFFFFFFF;
    const auto events = scene.feed(craft.seq(5).message(MessageType::ddata));
    EXPECT_EQ(speeds(events), std::vector<std::int64_t>{2});
    EXPECT_EQ(only<Malformed>(events).size(), 1u);
}

// Metrics in the order of their birth, again and again, in any other order, and with others between.
TEST(Host, FindsEachMetricWhateverCameBeforeIt) {
    Scene scene;
    const std::string names[] = {"bdSeq", "a", "b", "c", "d", "e"};
    constexpr DataType types[] = {DataType::int64,   DataType::float64, DataType::float32,
                                  DataType::boolean, DataType::float64, DataType::int8};
    const WireValue values[] = {std::uint64_t{0}, 0.0, 0.0f, false, 0.0, std::uint32_t{0}};
    Craft birth;
    birth.seq(0);
    for (std::uint64_t each = 0; each < std::size(names); ++each)
        birth.add(names[each], types[each], values[each]).alias = 10 * each;
    ASSERT_EQ(only<Born>(scene.feed(birth.message(MessageType::nbirth))).size(), 1u);

    std::mt19937_64 dice(5);
    for (std::uint64_t message = 1; message <= 200; ++message) {
        Craft craft;
        craft.seq(message % 256).time(9'000);
        std::vector<std::pair<std::uint32_t, double>> wanted;
        for (std::uint32_t each = 0; each < 24; ++each) {
            const auto in_order = static_cast<std::uint32_t>(1 + each % 5);
            const auto at = message % 2 == 0 ? in_order : static_cast<std::uint32_t>(1 + dice() % 5);
            const auto number = static_cast<std::uint32_t>(dice() % 2);
            WireValue value = number;
            if (types[at] == DataType::float64) value = static_cast<double>(number);
            if (types[at] == DataType::float32) value = static_cast<float>(number);
            if (types[at] == DataType::boolean) value = number == 1;
            const bool is_named = dice() % 2 == 0;
            Metric& metric = craft.add(is_named ? std::string_view(names[at]) : "",
                                       dice() % 2 == 0 ? types[at] : DataType::unknown, value);
            if (!is_named) metric.alias = 10 * at;
            metric.timestamp = 1'000 + each;
            wanted.emplace_back(at, number);
        }
        const auto samples = only<Samples>(scene.feed(craft.message(MessageType::ndata)));
        ASSERT_EQ(samples.size(), 1u);
        ASSERT_EQ(samples[0].samples.size(), wanted.size());
        for (std::uint32_t each = 0; each < wanted.size(); ++each) {
            const Sample& sample = samples[0].samples[each];
            const auto number = static_cast<std::int64_t>(wanted[each].second);
            Value value = number;
            if (types[wanted[each].first] == DataType::boolean) value = number == 1;
            if (types[wanted[each].first] == DataType::float64) value = wanted[each].second;
            if (types[wanted[each].first] == DataType::float32) value = wanted[each].second;
            EXPECT_EQ(sample, (Sample{wanted[each].first, Quality::good, false,
                                      Instant::from_millis(1'000 + each), value}));
        }
    }
}

// What is no plain number of its birth goes the long way, and no further than it.
TEST(Host, RealsThatAreNotPlainAreJudgedOneByOne) {
    Scene scene;
    (void)scene.connect();
    Craft craft;
    craft.seq(3).time(2'000);
    craft.add("Load", DataType::float32, 1.0f);                     // not the type of the birth
    craft.add("Load", DataType::float64, 1.0).timestamp = ~0ull;    // no instant
    craft.add("Load", DataType::float64, std::uint32_t{1});         // another kind
    craft.add("Load", DataType::unknown, 2.5f);                     // another width
    craft.add("Load", DataType::float64, 3.5).is_null = true;
    craft.add("Load", DataType::float64, 4.5).is_historical = true;
    craft.add("Load", DataType::float64, 5.5);
    const auto events = scene.feed(craft.message(MessageType::ndata));
    EXPECT_EQ(only<Malformed>(events).size(), 3u);
    const auto samples = only<Samples>(events);
    ASSERT_EQ(samples.size(), 1u);
    ASSERT_EQ(samples[0].samples.size(), 4u);
    const auto& all = samples[0].samples;
    EXPECT_EQ(all[0].value, Value(2.5));
    EXPECT_EQ(all[1].value, Value());
    EXPECT_EQ(all[1].quality, Quality::bad);
    EXPECT_TRUE(all[2].is_historical);
    EXPECT_EQ(all[3].value, Value(5.5));
    EXPECT_EQ(all[3].at, Instant::from_millis(2'000));
}

TEST(Host, MarksNullHistoryAndQuality) {
    Scene scene;
    (void)scene.connect();
    Craft craft;
    craft.seq(3);
    craft.add("Speed").is_null = true;
    craft.add("Speed", DataType::unknown, std::uint32_t{7}).is_historical = true;
    for (const std::uint32_t code : {0u, 192u, 500u}) {
        Property quality;
        quality.key = "Quality";
        quality.type = DataType::int32;
        quality.value = code;
        const Range set = craft.payload.add(std::span(&quality, 1));
        craft.add("Speed", DataType::unknown, std::uint32_t{code}).properties = set;
    }
    const auto samples = only<Samples>(scene.feed(craft.message(MessageType::ddata)));
    ASSERT_EQ(samples.size(), 1u);
    const auto& got = samples[0].samples;
    ASSERT_EQ(got.size(), 5u);
    EXPECT_EQ(got[0].value, Value());
    EXPECT_EQ(got[0].quality, Quality::bad);
    EXPECT_FALSE(got[0].is_historical);
    EXPECT_TRUE(got[1].is_historical);
    EXPECT_EQ(got[1].quality, Quality::good);
    EXPECT_EQ(got[2].quality, Quality::bad);
    EXPECT_EQ(got[3].quality, Quality::good);
    EXPECT_EQ(got[4].quality, Quality::stale);
}

TEST(Host, MarksEverythingStaleWhenTheNodeDies) {
    Scene scene;
    (void)scene.connect();
    scene.now = scene.now + 60s;
    const auto events = scene.feed(scene.will);
    const auto died = only<Died>(events);
    ASSERT_EQ(died.size(), 3u);
    EXPECT_EQ(died[0].machine, first_key);
    EXPECT_EQ(died[0].cause, DeathCause::node_died);
    EXPECT_EQ(died[0].birth->metrics().size(), 2u);
    EXPECT_EQ(died[1].machine, second_key);
    EXPECT_EQ(died[2].machine, node_key);
    EXPECT_EQ(died[2].cause, DeathCause::certificate);
    for (const Died& death : died)
        EXPECT_EQ(death.at, scene.now);  // the host's time, not the will's
    EXPECT_FALSE(scene.host.is_online(node_key));
    EXPECT_FALSE(scene.host.is_online(first_key));
    EXPECT_TRUE(scene.host.birth_of(first_key));
    EXPECT_TRUE(scene.feed(scene.will).empty());
}

TEST(Host, IgnoresTheDeathOfAnotherSession) {
    Scene scene;
    (void)scene.connect();
    const Publication old_will = scene.will;
    (void)scene.connect();
    EXPECT_TRUE(scene.feed(old_will).empty());
    EXPECT_TRUE(scene.host.is_online(first_key));
    EXPECT_EQ(scene.host.counters().stale_deaths, 1u);
    EXPECT_EQ(only<Died>(scene.feed(scene.will)).size(), 3u);
}

TEST(Host, RemembersNothingOfADeathAlone) {
    Scene scene;
    EXPECT_TRUE(scene.feed(scene.edge.will(scene.now)).empty());
    EXPECT_EQ(scene.host.nodes(), 0u);
    EXPECT_EQ(scene.host.counters().stale_deaths, 1u);
}

TEST(Host, RefusesADeathWithoutItsNumber) {
    Scene scene;
    (void)scene.connect();
    EXPECT_EQ(only<Malformed>(scene.feed(Craft().message(MessageType::ndeath))).size(), 1u);
    EXPECT_TRUE(scene.host.is_online(node_key));
}

TEST(Host, LetsADeviceDieAndReturn) {
    Scene scene;
    (void)scene.connect();
    scene.now = scene.now + 1s;
    const auto death = scene.edge.device_died("machine-1", scene.now);
    ASSERT_TRUE(death);
    const Instant died_at = scene.now;
    scene.now = scene.now + 5s;
    const auto died = only<Died>(scene.feed(*death));
    ASSERT_EQ(died.size(), 1u);
    EXPECT_EQ(died[0].machine, first_key);
    EXPECT_EQ(died[0].at, died_at);  // the payload's time
    EXPECT_TRUE(scene.host.is_online(second_key));
    EXPECT_FALSE(scene.host.is_online(first_key));
    const auto birth = scene.edge.device_born("machine-1", scene.now);
    ASSERT_TRUE(birth);
    const auto born = only<Born>(scene.feed(*birth));
    ASSERT_EQ(born.size(), 1u);
    EXPECT_FALSE(born[0].again);
    EXPECT_EQ(born[0].birth, died[0].birth);
    EXPECT_EQ(speeds(scene.feed(scene.speed(3))), std::vector<std::int64_t>{3});
}

TEST(Host, KeepsTheBirthObjectWhileTheDefinitionsStand) {
    Scene scene;
    const auto first = only<Born>(scene.connect());
    const auto second = only<Born>(scene.feed(scene.edge.connected(scene.now)));
    ASSERT_EQ(second.size(), 3u);
    for (std::size_t index = 0; index < 3; ++index) {
        EXPECT_TRUE(second[index].again);
        EXPECT_EQ(second[index].birth, first[index].birth);
    }
    ASSERT_TRUE(
        scene.edge.define("machine-1", metric("Needle", DataType::uint8, std::uint64_t{1})));
    const auto third = only<Born>(scene.feed(scene.edge.connected(scene.now)));
    EXPECT_EQ(third[0].birth, first[0].birth);
    EXPECT_NE(third[1].birth, first[1].birth);
    EXPECT_EQ(third[2].birth, first[2].birth);
}

TEST(Host, LetsDevicesOfALostSessionDie) {
    Scene scene;
    (void)scene.connect();
    const auto events = scene.connect();  // The will never came.
    const auto died = only<Died>(events);
    ASSERT_EQ(died.size(), 2u);
    EXPECT_EQ(died[0].cause, DeathCause::new_session);
    EXPECT_EQ(only<Born>(events).size(), 3u);
    EXPECT_TRUE(scene.host.is_online(first_key));
}

TEST(Host, LetsADeviceLeftOutOfARebirthDie) {
    Scene scene;
    (void)scene.connect();
    auto births = scene.edge.connected(scene.now);
    ASSERT_EQ(births.size(), 3u);
    (void)scene.edge.device_died("machine-2", scene.now);
    births = scene.edge.connected(scene.now);
    ASSERT_EQ(births.size(), 2u);
    EXPECT_TRUE(only<Died>(scene.feed(births)).empty());
    const auto died = only<Died>(scene.feed(scene.speed(1)));
    ASSERT_EQ(died.size(), 1u);
    EXPECT_EQ(died[0].machine, second_key);
    EXPECT_EQ(died[0].cause, DeathCause::not_reborn);
}

TEST(Host, AsksUnknownNodesForTheirBirth) {
    Scene scene;
    (void)scene.edge.will(scene.now);
    (void)scene.edge.connected(scene.now);
    const auto wanted = only<RebirthWanted>(scene.feed(scene.speed(1)));
    ASSERT_EQ(wanted.size(), 1u);
    EXPECT_EQ(wanted[0].node, node_key);
    EXPECT_EQ(wanted[0].cause, RebirthCause::unborn);
    EXPECT_EQ(wanted[0].command.topic, "spBv1.0/hall/NCMD/embroidery");
    const Decoded command(wanted[0].command);
    EXPECT_FALSE(command.payload.seq);
    EXPECT_TRUE(command.payload.timestamp);
    ASSERT_EQ(command.payload.metrics.size(), 1u);
    EXPECT_EQ(command.payload.metrics[0].name, rebirth_metric);
    EXPECT_EQ(command.payload.metrics[0].value, WireValue(true));
    EXPECT_EQ(wanted[0].command.qos, 0);
    EXPECT_FALSE(wanted[0].command.retain);
    EXPECT_EQ(scene.host.counters().unresolved_metrics, 1u);

    const auto answer =
        scene.edge.receive(wanted[0].command.topic, as_bytes(wanted[0].command.payload), scene.now);
    EXPECT_EQ(only<Born>(scene.feed(only<Publication>(answer))).size(), 3u);
    EXPECT_EQ(speeds(scene.feed(scene.speed(2))), std::vector<std::int64_t>{2});
}

TEST(Host, AsksForUnknownDevicesAndMetrics) {
    Scene scene;
    (void)scene.connect();
    Craft craft;
    craft.seq(3).add("Speed", DataType::unknown, std::uint32_t{1});
    auto wanted = only<RebirthWanted>(
        scene.feed(craft.message(MessageType::ddata, {"hall", "embroidery", "machine-9"})));
    ASSERT_EQ(wanted.size(), 1u);
    EXPECT_EQ(wanted[0].cause, RebirthCause::unknown_device);

    scene.now = scene.now + Limits{}.rebirth_interval;
    craft.seq(4).add("", DataType::unknown, std::uint32_t{2}).alias = 999;
    const auto events = scene.feed(craft.message(MessageType::ddata));
    wanted = only<RebirthWanted>(events);
    ASSERT_EQ(wanted.size(), 1u);
    EXPECT_EQ(wanted[0].cause, RebirthCause::unknown_metric);
    EXPECT_EQ(speeds(events), std::vector<std::int64_t>{1});  // what is known is not lost
    EXPECT_EQ(scene.host.counters().unresolved_metrics, 2u);
}

TEST(Host, LimitsRequestsPerNodeAndRepeatsThemLater) {
    Scene scene;
    const Limits limits;
    Craft craft;
    craft.seq(9).add("Speed");
    const Publication message = craft.message(MessageType::ddata);
    EXPECT_EQ(only<RebirthWanted>(scene.feed(message)).size(), 1u);
    EXPECT_FALSE(scene.host.due());
    EXPECT_TRUE(scene.feed(message).empty());
    const auto other = craft.message(MessageType::ddata, {"hall", "other", "machine-1"});
    EXPECT_EQ(only<RebirthWanted>(scene.feed(other)).size(), 1u);  // another node

    ASSERT_TRUE(scene.host.due());
    EXPECT_EQ(*scene.host.due(), scene.now + limits.rebirth_interval);
    EXPECT_TRUE(scene.host.tick(scene.now).empty());
    scene.now = scene.now + limits.rebirth_interval;
    EXPECT_EQ(only<RebirthWanted>(scene.host.tick(scene.now)).size(), 1u);
    EXPECT_FALSE(scene.host.due());
    EXPECT_EQ(scene.host.counters().rebirths_wanted, 3u);
}

TEST(Host, CanBeToldToAsk) {
    Scene scene;
    const auto events = scene.host.want_rebirth(node_key, scene.now);
    ASSERT_TRUE(events);
    const auto wanted = only<RebirthWanted>(*events);
    ASSERT_EQ(wanted.size(), 1u);
    EXPECT_EQ(wanted[0].cause, RebirthCause::asked);
    (void)scene.host.want_rebirth(node_key, scene.now);
    EXPECT_TRUE(scene.host.due());
    (void)scene.connect();
    EXPECT_FALSE(scene.host.due());  // the birth came by itself
}

TEST(Host, RefusesBadMetricsAndKeepsTheRest) {
    Scene scene;
    Craft craft;
    craft.seq(0);
    craft.add("bdSeq", DataType::int64, std::uint64_t{0});
    craft.add("good", DataType::int8, std::uint32_t{1}).alias = 1;
    craft.add("", DataType::int8, std::uint32_t{1});
    craft.add("typeless", DataType::unknown, std::uint32_t{1});
    craft.add("set", DataType::property_set, std::uint32_t{1});
    craft.add("good", DataType::int8, std::uint32_t{2});
    craft.add("same alias", DataType::int8, std::uint32_t{3}).alias = 1;
    craft.add("too large", DataType::int8, std::uint32_t{300});
    const auto events = scene.feed(craft.message(MessageType::nbirth));
    const auto born = only<Born>(events);
    ASSERT_EQ(born.size(), 1u);
    EXPECT_EQ(born[0].birth->metrics().size(), 4u);  // bdSeq, good, same alias, too large
    EXPECT_EQ(born[0].samples.size(), 3u);
    EXPECT_EQ(only<Malformed>(events).size(), 6u);
    EXPECT_EQ(scene.host.counters().malformed, 6u);
    EXPECT_EQ(born[0].birth->find_alias(1), born[0].birth->find("good"));

    Craft data;
    data.seq(1);
    data.add("good", DataType::int16, std::uint32_t{5});  // not the type of the birth
    data.add("good", DataType::int8, std::uint32_t{6});
    const auto later = scene.feed(data.message(MessageType::ndata));
    EXPECT_EQ(only<Malformed>(later).size(), 1u);
    ASSERT_EQ(only<Samples>(later).size(), 1u);
    EXPECT_EQ(only<Samples>(later)[0].samples.size(), 1u);
}

TEST(Host, FlattensNestedProperties) {
    Scene scene;
    Craft craft;
    craft.seq(0).add("bdSeq", DataType::int64, std::uint64_t{0});
    Property inner;
    inner.key = "vendor";
    inner.type = DataType::string;
    inner.value = std::string_view("Tajima");
    const Range inner_set = craft.payload.add(std::span(&inner, 1));
    craft.payload.property_sets = {inner_set};
    Property outer[3];
    outer[0].key = "made";
    outer[0].type = DataType::property_set;
    outer[0].value = PropertySetView{inner_set};
    outer[1].key = "list";
    outer[1].type = DataType::property_set_list;
    outer[1].value = PropertySetListView{{0, 1}};
    outer[2].key = "engHigh";
    outer[2].type = DataType::int32;
    outer[2].value = std::uint32_t{40};
    const Range outer_set = craft.payload.add(outer);
    craft.add("x", DataType::int8, std::uint32_t{1}).properties = outer_set;
    const auto born = only<Born>(scene.feed(craft.message(MessageType::nbirth)));
    ASSERT_EQ(born.size(), 1u);
    const Definition& definition = born[0].birth->metrics()[1];
    EXPECT_EQ(definition.high, 40.0);
    const std::vector<std::pair<std::string, Value>> want = {
        {"made/vendor", std::string("Tajima")},
        {"list/0/vendor", std::string("Tajima")},
        {"engHigh", std::int64_t{40}}};
    EXPECT_EQ(definition.properties, want);
}

TEST(Host, KeepsDataSetsAndTemplatesOpaque) {
    Scene scene;
    Craft craft;
    craft.seq(0).add("bdSeq", DataType::int64, std::uint64_t{0});
    craft.add("table", DataType::data_set, DataSetView{"\x08\x01"});
    craft.add("motor", DataType::template_, TemplateView{"\x28\x01"});
    craft.add("curve", DataType::int16_array, BytesView{"abcd"});
    const auto born = only<Born>(scene.feed(craft.message(MessageType::nbirth)));
    ASSERT_EQ(born.size(), 1u);
    EXPECT_EQ(born[0].samples[1].value, Value(Opaque{"\x08\x01"}));
    EXPECT_EQ(born[0].samples[2].value, Value(Opaque{"\x28\x01"}));
    EXPECT_EQ(born[0].samples[3].value, Value(Opaque{"abcd"}));
}

TEST(Host, CountsWhatItCannotRead) {
    Scene scene;
    (void)scene.connect();
    const auto bad_payload =
        scene.host.receive("spBv1.0/hall/DDATA/embroidery/machine-1", as_bytes("\x08"), scene.now);
    ASSERT_EQ(only<Malformed>(bad_payload).size(), 1u);
    EXPECT_EQ(only<Malformed>(bad_payload)[0].topic, "spBv1.0/hall/DDATA/embroidery/machine-1");
    EXPECT_EQ(only<Malformed>(scene.host.receive("spBv1.0/hall/X/y", {}, scene.now)).size(), 1u);
    Craft craft;
    EXPECT_EQ(only<Malformed>(scene.feed(craft.seq(256).message(MessageType::ddata))).size(), 1u);
    EXPECT_EQ(only<Malformed>(scene.feed(craft.seq(256).message(MessageType::nbirth))).size(), 1u);
    EXPECT_EQ(scene.host.counters().malformed, 4u);
    EXPECT_EQ(speeds(scene.feed(scene.speed(8))), std::vector<std::int64_t>{8});  // undisturbed
}

TEST(Host, IgnoresCommandsAndStates) {
    Scene scene;
    EXPECT_TRUE(scene.feed(rebirth_command(node_key, scene.now)).empty());
    EXPECT_TRUE(scene.host.receive("spBv1.0/STATE/scada", as_bytes("junk"), scene.now).empty());
    EXPECT_EQ(scene.host.nodes(), 0u);
    EXPECT_EQ(scene.host.counters().messages, 0u);
}

TEST(Host, FollowsUpToItsLimits) {
    Limits limits;
    limits.nodes_max = 2;
    limits.devices_per_node_max = 2;
    limits.metrics_per_machine_max = 4;
    Scene scene(limits);
    EXPECT_TRUE(only<Malformed>(scene.connect()).empty());
    Craft birth;
    birth.seq(3).add("x", DataType::int8, std::uint32_t{1});
    const auto third = birth.message(MessageType::dbirth, {"hall", "embroidery", "machine-3"});
    EXPECT_EQ(only<Malformed>(scene.feed(third)).size(), 1u);  // one device past the limit

    for (const auto* name : {"a", "b", "c"}) birth.add(name, DataType::int8, std::uint32_t{1});
    EXPECT_EQ(only<Born>(scene.feed(birth.seq(4).message(MessageType::dbirth))).size(), 1u);
    birth.add("d", DataType::int8, std::uint32_t{1});
    const auto refused = scene.feed(birth.seq(5).message(MessageType::dbirth));
    EXPECT_EQ(only<Malformed>(refused).size(), 1u);  // one metric past the limit
    EXPECT_EQ(scene.host.birth_of(first_key)->metrics().size(), 4u);

    Craft node;
    node.seq(0).add("bdSeq", DataType::int64, std::uint64_t{0});
    EXPECT_EQ(only<Born>(scene.feed(node.message(MessageType::nbirth, {"g", "2", ""}))).size(), 1u);
    EXPECT_EQ(only<Malformed>(scene.feed(node.message(MessageType::nbirth, {"g", "3", ""}))).size(),
              1u);
    EXPECT_EQ(scene.host.want_rebirth({"g", "3", ""}, scene.now).error().code, Code::exhausted);
    EXPECT_EQ(scene.host.nodes(), 2u);
    EXPECT_TRUE(scene.host.forget({"g", "2", ""}));
    EXPECT_FALSE(scene.host.forget({"g", "2", ""}));
    EXPECT_EQ(only<Born>(scene.feed(node.message(MessageType::nbirth, {"g", "3", ""}))).size(), 1u);
}

TEST(HostWrite, EncodesCommandsByAlias) {
    Scene scene;
    (void)scene.connect();
    const auto command = scene.host.write(first_key, "Speed", 500.0, scene.now);
    ASSERT_TRUE(command) << command.error().context;
    EXPECT_EQ(command->topic, "spBv1.0/hall/DCMD/embroidery/machine-1");
    EXPECT_EQ(command->qos, 0);
    EXPECT_FALSE(command->retain);
    const Decoded decoded(*command);
    EXPECT_FALSE(decoded.payload.seq);
    EXPECT_EQ(decoded.payload.timestamp, static_cast<std::uint64_t>(scene.now.millis()));
    ASSERT_EQ(decoded.payload.metrics.size(), 1u);
    EXPECT_TRUE(decoded.payload.metrics[0].name.empty());
    EXPECT_EQ(decoded.payload.metrics[0].alias, scene.host.birth_of(first_key)->metrics()[0].alias);
    const auto writes =
        only<Write>(scene.edge.receive(command->topic, as_bytes(command->payload), scene.now));
    ASSERT_EQ(writes.size(), 1u);
    EXPECT_EQ(writes[0].device, "machine-1");
    EXPECT_EQ(writes[0].metric, "Speed");
    EXPECT_EQ(writes[0].value, Value(std::int64_t{500}));

    const auto of_node = scene.host.write(node_key, "Load", 0.25, scene.now);
    ASSERT_TRUE(of_node);
    EXPECT_EQ(of_node->topic, "spBv1.0/hall/NCMD/embroidery");
}

TEST(HostWrite, EncodesCommandsByNameWithoutAliases) {
    Scene scene({}, {.use_aliases = false, .primary_host = {}});
    (void)scene.connect();
    const auto command = scene.host.write(first_key, "Speed", std::int64_t{500}, scene.now);
    ASSERT_TRUE(command);
    EXPECT_TRUE(Decoded(*command).find("Speed"));
}

TEST(HostWrite, RefusesWhatCannotBe) {
    Scene scene;
    const auto code = [&](const MachineKey& machine, std::string_view name, const Value& value) {
        const auto command = scene.host.write(machine, name, value, scene.now);
        return command ? std::string("ok") : std::string(lineshaft::name_of(command.error().code));
    };
    EXPECT_EQ(code(first_key, "Speed", 1.0), "not_found");
    (void)scene.connect();
    EXPECT_EQ(code({"hall", "other", ""}, "Speed", 1.0), "not_found");
    EXPECT_EQ(code({"hall", "embroidery", "machine-3"}, "Speed", 1.0), "not_found");
    EXPECT_EQ(code(first_key, "speed", 1.0), "not_found");
    EXPECT_EQ(code(first_key, "Speed", 32767.0), "ok");
    EXPECT_EQ(code(first_key, "Speed", 32768.0), "invalid");
    EXPECT_EQ(code(first_key, "Speed", 1.5), "invalid");
    EXPECT_EQ(code(first_key, "Speed", std::string("1")), "invalid");
    EXPECT_EQ(code(first_key, "Speed", Value()), "invalid");
    EXPECT_EQ(code(first_key, "Stitches", 1.0), "denied");
    (void)scene.feed(scene.will);
    EXPECT_EQ(code(first_key, "Speed", 1.0), "unavailable");
}

}  // namespace
}  // namespace lineshaft::sparkplug
