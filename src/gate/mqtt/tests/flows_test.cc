// What a client of either version sees: delivery, acknowledgement, subscriptions, retained
// messages.
#include "rig.h"

namespace lineshaft::broker {
namespace {

using Options = TestClient::Options;
using mqtt::Reason;
using mqtt::Version;

struct FlowCase {
    Version version;
    int publish_qos;
    int subscribe_qos;
    bool is_durable;
};

class EveryFlow : public testing::TestWithParam<FlowCase> {};

Options of(const std::string& id, const FlowCase& with) {
    return {.client_id = id,
            .version = with.version,
            .clean = !with.is_durable,
            .expiry_s = with.is_durable ? 3600u : 0u};
}

TEST_P(EveryFlow, DeliversOnceInOrderAtTheLowerQos) {
    Rig rig;
    TestClient reader(rig, of("reader", GetParam())), writer(rig, of("writer", GetParam()));
    reader.connect();
    writer.connect();
    reader.subscribe("a/#", GetParam().subscribe_qos);
    std::vector<std::string> want;
    for (int number = 0; number < 200; ++number) {
        want.push_back(std::to_string(number));
        ASSERT_TRUE(writer.protocol
                        .publish(mqtt::Message("a/b", want.back()),
                                 static_cast<mqtt::Qos>(GetParam().publish_qos))
                        .has_value());
    }
    writer.go();
    EXPECT_EQ(reader.payloads(), want);
    for (const auto& each : reader.arrived) {
        EXPECT_EQ(static_cast<int>(each.qos),
                  std::min(GetParam().publish_qos, GetParam().subscribe_qos));
        EXPECT_FALSE(each.dup);
    }
    EXPECT_EQ(writer.published.size(), GetParam().publish_qos == 0 ? 0u : 200u);
    EXPECT_EQ(rig.stats().queued_bytes, 0u) << "everything was acknowledged by the reader";
}

std::vector<FlowCase> all_flows() {
    std::vector<FlowCase> cases;
    for (const auto version : {Version::v3_1_1, Version::v5_0}) {
        for (int publish = 0; publish < 3; ++publish) {
            for (int subscribe = 0; subscribe < 3; ++subscribe) {
                for (const bool is_durable : {false, true}) {
                    cases.push_back({version, publish, subscribe, is_durable});
                }
            }
        }
    }
    return cases;
}
INSTANTIATE_TEST_SUITE_P(Mqtt, EveryFlow, testing::ValuesIn(all_flows()));

// ---- More retained messages than are found in one step ------------------------------------------

constexpr int kept_count = 3'000;

struct ManyKept {
    explicit ManyKept(Limits limits = {}) : rig(2, limits), writer(rig, {.client_id = "writer"}) {
        writer.connect();
        for (int number = 0; number < kept_count; ++number) {
            EXPECT_TRUE(writer.protocol
                            .publish(mqtt::Message(topic(number), "kept"),
                                     mqtt::Qos::at_least_once, true)
                            .has_value());
            if (number % 500 == 499) writer.go();
        }
        settle();
        EXPECT_EQ(rig.stats().retained_count, std::uint64_t{kept_count});
    }
    static std::string topic(int number) {
        return "kept/" + std::to_string(number % 10) + "/" + std::to_string(number);
    }
    void settle() {
        for (int turn = 0; turn < 100; ++turn) rig.settle();
    }
    Rig rig;
    TestClient writer;
};

TEST(ManyRetained, ComeOnceEachInSlicesForEveryKindOfSession) {
    ManyKept scene;
    for (const bool is_durable : {false, true}) {
        for (const int qos : {0, 1, 2}) {
            TestClient reader(scene.rig, {.client_id = "reader",
                                          .clean = true,
                                          .expiry_s = is_durable ? 1'000u : 0u,
                                          .shard = 1});
            reader.connect();
            reader.subscribe("kept/#", qos, 7);
            scene.settle();
            std::set<std::string> topics;
            for (const auto& each : reader.arrived) {
                topics.insert(std::string(each.message.topic()));
                EXPECT_TRUE(each.retain);
                EXPECT_EQ(each.subscription_ids, std::vector<std::uint32_t>{7});
            }
            EXPECT_EQ(reader.arrived.size(), std::size_t{kept_count}) << qos << is_durable;
            EXPECT_EQ(topics.size(), std::size_t{kept_count}) << qos << is_durable;
            ASSERT_EQ(reader.answered.size(), 1u);
            EXPECT_EQ(static_cast<int>(reader.answered[0].suback.reasons[0]), qos);
            EXPECT_EQ(scene.rig.stats().queued_bytes, 0u) << qos << is_durable;
            reader.disconnect();
        }
    }
}

TEST(ManyRetained, WaitForAReaderThatDoesNotReadAndNobodyWaitsForIt) {
    ManyKept scene;
    TestClient reader(scene.rig, {.client_id = "reader", .receive_maximum = 10});
    reader.connect();
    reader.reads(false);
    for (const char* filter : {"#", "kept/+/+", "+/#"}) reader.subscribe(filter, 1);
    scene.settle();
    EXPECT_LT(scene.rig.stats().queued_bytes, 400'000u) << "not all of it thrice";
    TestClient other(scene.rig, {.client_id = "other"});
    other.connect();
    other.subscribe("kept/3/+", 0);
    scene.settle();
    EXPECT_EQ(other.arrived.size(), std::size_t{kept_count / 10});
    // The tree changes under the walk.
    for (int number = 0; number < 1'000; ++number) {
        scene.writer.publish(ManyKept::topic(number), "", 1, true);
        scene.writer.publish("more/" + std::to_string(number), "kept", 0, true);
    }
    reader.reads(true);
    for (int turn = 0; turn < 20; ++turn) {
        reader.take();
        scene.settle();
    }
    std::map<std::string, int> copies;
    for (const auto& each : reader.arrived) ++copies[std::string(each.message.topic())];
    for (int number = 1'000; number < kept_count; ++number)
        ASSERT_GE(copies[ManyKept::topic(number)], 3) << number;
    EXPECT_EQ(scene.rig.stats().queued_bytes, 0u);
}

TEST(ManyRetained, EndWithTheConnectionAndComeAgainWithTheNext) {
    ManyKept scene;
    for (const std::uint32_t expiry : {0u, 1'000u}) {
        TestClient reader(scene.rig, {.client_id = "reader",
                                      .clean = true,
                                      .expiry_s = expiry,
                                      .receive_maximum = 10});
        reader.connect();
        reader.reads(false);
        reader.subscribe("#", 1);
        reader.subscribe("kept/#", 0);
        reader.drop();
        scene.settle();
        reader.reads(true);
        reader.connect();
        reader.subscribe("kept/#", 0);
        scene.settle();
        EXPECT_GE(reader.arrived.size(), std::size_t{kept_count}) << expiry;
        reader.disconnect();
    }
}

TEST(ManyRetained, ThatDoNotFitADurableQueueAreRefused) {
    Limits limits;
    limits.session_queue_bytes = 100'000;
    ManyKept scene(limits);
    TestClient reader(scene.rig, {.client_id = "reader",
                                  .clean = true,
                                  .expiry_s = 1'000,
                                  .receive_maximum = 10,
                                  .acknowledges = false});
    reader.connect();
    reader.subscribe("kept/#", 1);
    scene.settle();
    ASSERT_EQ(reader.answered.size(), 1u);
    EXPECT_EQ(reader.answered[0].suback.reasons, std::vector{Reason::quota_exceeded});
    EXPECT_EQ(scene.rig.stats().subscriptions_refused_limit, 1u);
    EXPECT_EQ(scene.rig.stats().subscriptions, 0u);
}

TEST(Subscriptions, OverlapGivesOneCopyWithTheHighestQosAndEveryIdentifier) {
    Rig rig;
    TestClient reader(rig, {.client_id = "reader"}), writer(rig, {.client_id = "writer"});
    reader.connect();
    writer.connect();
    reader.subscribe("a/#", 0, 7);
    reader.subscribe("a/+", 2, 9);
    reader.subscribe("b", 2, 11);
    writer.publish("a/x", "once", 2);
    ASSERT_EQ(reader.arrived.size(), 1u);
    EXPECT_EQ(reader.arrived[0].qos, mqtt::Qos::exactly_once);
    auto ids = reader.arrived[0].subscription_ids;
    std::ranges::sort(ids);
    EXPECT_EQ(ids, (std::vector<std::uint32_t>{7, 9}));
}

TEST(Subscriptions, NoLocalKeepsOwnMessagesAway) {
    Rig rig;
    TestClient both(rig, {.client_id = "both"});
    both.connect();
    both.subscribe({.filter = "a", .qos_max = mqtt::Qos::at_least_once, .no_local = true});
    both.publish("a", "mine", 1);
    EXPECT_TRUE(both.arrived.empty());
    ASSERT_EQ(both.published.size(), 1u);
    EXPECT_EQ(both.published[0].reason, Reason::no_matching_subscribers);
}

TEST(Subscriptions, ReplacingChangesOptionsAndUnsubscribingAnswersPerFilter) {
    Rig rig;
    TestClient client(rig, {.client_id = "c"});
    client.connect();
    client.subscribe("a", 0);
    client.subscribe("a", 1);
    EXPECT_EQ(rig.stats().subscriptions, 1u);
    client.publish("a", "x", 1);
    ASSERT_EQ(client.arrived.size(), 1u);
    EXPECT_EQ(client.arrived[0].qos, mqtt::Qos::at_least_once);
    client.unsubscribe("a");
    client.unsubscribe("a");
    ASSERT_EQ(client.answered.size(), 4u);
    EXPECT_EQ(client.answered[2].suback.reasons, std::vector{Reason::success});
    EXPECT_EQ(client.answered[3].suback.reasons, std::vector{Reason::no_subscription_existed});
    client.publish("a", "y", 1);
    EXPECT_EQ(client.arrived.size(), 1u);
}

TEST(Subscriptions, DollarTopicsAreNotMatchedByALeadingWildcard) {
    Rig rig;
    TestClient client(rig, {.client_id = "c"});
    client.connect();
    client.subscribe("#", 0);
    client.subscribe("+/x", 0);
    client.publish("$other/x", "hidden", 0);
    client.publish("plain/x", "seen", 0);
    EXPECT_EQ(client.payloads(), std::vector<std::string>{"seen"});
}

TEST(Shared, EachMessageGoesToOneMemberInTurnAlsoAcrossShards) {
    Rig rig(2);
    TestClient one(rig, {.client_id = "one", .shard = 0}),
        two(rig, {.client_id = "two", .shard = 1}),
        writer(rig, {.client_id = "writer", .shard = 1});
    one.connect();
    two.connect();
    writer.connect();
    one.subscribe("$share/group/a/+", 1);
    two.subscribe("$share/group/a/+", 1);
    for (int number = 0; number < 20; ++number) writer.publish("a/b", std::to_string(number), 1);
    EXPECT_EQ(one.arrived.size(), 10u);
    EXPECT_EQ(two.arrived.size(), 10u);
    one.drop();
    for (int number = 0; number < 10; ++number) writer.publish("a/b", "later", 1);
    EXPECT_EQ(two.count("later"), 10u);
}

TEST(Shared, ASleepingMemberIsPassedOverWhileAnotherIsAwake) {
    Rig rig;
    TestClient asleep(rig, {.client_id = "asleep", .clean = false, .expiry_s = 100}),
        awake(rig, {.client_id = "awake"}), writer(rig, {.client_id = "writer"});
    asleep.connect();
    asleep.subscribe("$share/g/a", 1);
    asleep.drop();
    awake.connect();
    awake.subscribe("$share/g/a", 1);
    writer.connect();
    for (int number = 0; number < 5; ++number) writer.publish("a", "x", 1);
    EXPECT_EQ(awake.arrived.size(), 5u);
    awake.drop();
    writer.publish("a", "for the sleeper", 1);
    asleep.connect();
    EXPECT_EQ(asleep.payloads(), std::vector<std::string>{"for the sleeper"});
}

TEST(Retained, HandlingZeroOneTwoAndDeletion) {
    Rig rig;
    TestClient writer(rig, {.client_id = "writer"}), reader(rig, {.client_id = "reader"});
    writer.connect();
    reader.connect();
    writer.publish("r/a", "first", 1, true);
    writer.publish("r/a", "second", 1, true);
    writer.publish("r/b", "other", 0, true);
    EXPECT_EQ(rig.stats().retained_count, 2u);
    reader.subscribe({.filter = "r/#",
                      .qos_max = mqtt::Qos::exactly_once,
                      .retain_handling = mqtt::RetainHandling::do_not_send});
    EXPECT_TRUE(reader.arrived.empty());
    reader.subscribe({.filter = "r/#",
                      .qos_max = mqtt::Qos::exactly_once,
                      .retain_handling = mqtt::RetainHandling::send_if_new});
    EXPECT_TRUE(reader.arrived.empty()) << "it was subscribed already";
    reader.subscribe({.filter = "r/#", .qos_max = mqtt::Qos::exactly_once});
    ASSERT_EQ(reader.arrived.size(), 2u);
    EXPECT_EQ(reader.count("second"), 1u);
    EXPECT_TRUE(reader.arrived[0].retain && reader.arrived[1].retain);
    writer.publish("r/a", "", 1, true);
    EXPECT_EQ(rig.stats().retained_count, 1u);
    reader.arrived.clear();
    reader.subscribe({.filter = "r/+",
                      .qos_max = mqtt::Qos::at_most_once,
                      .retain_handling = mqtt::RetainHandling::send_if_new});
    EXPECT_EQ(reader.payloads(), std::vector<std::string>{"other"});
}

TEST(Retained, AsPublishedKeepsTheFlagElseItIsCleared) {
    Rig rig;
    TestClient keeps(rig, {.client_id = "keeps"}), clears(rig, {.client_id = "clears"});
    keeps.connect();
    clears.connect();
    keeps.subscribe(
        {.filter = "a", .qos_max = mqtt::Qos::at_least_once, .retain_as_published = true});
    clears.subscribe("a", 1);
    keeps.publish("a", "x", 1, true);
    ASSERT_EQ(keeps.arrived.size(), 1u);
    ASSERT_EQ(clears.arrived.size(), 1u);
    EXPECT_TRUE(keeps.arrived[0].retain);
    EXPECT_FALSE(clears.arrived[0].retain);
}

TEST(Retained, ManyReachASlowQosZeroReaderWhole) {
    Limits limits;
    limits.output_bytes_max = 4096;
    Rig rig(1, limits);
    TestClient writer(rig, {.client_id = "writer"}),
        reader(rig, {.client_id = "reader", .capacity = 1024});
    writer.connect();
    for (int topic = 0; topic < 300; ++topic) {
        ASSERT_TRUE(writer.protocol
                        .publish(mqtt::Message("r/" + std::to_string(topic), std::string(100, 'x')),
                                 mqtt::Qos::at_least_once, true)
                        .has_value());
    }
    writer.go();
    reader.connect();
    reader.subscribe("r/#", 0);
    for (int turn = 0; turn < 100; ++turn) rig.settle();
    EXPECT_EQ(reader.arrived.size(), 300u);
    EXPECT_EQ(rig.stats().dropped_slow_qos0, 0u);
}

TEST(Expiry, IsCountedDownAndThenTheMessageIsDropped) {
    Rig rig;
    TestClient reader(rig, {.client_id = "reader", .clean = false, .expiry_s = 1000}),
        writer(rig, {.client_id = "writer"});
    reader.connect();
    reader.subscribe("a", 1);
    reader.drop();
    writer.connect();
    writer.publish("a", "short", 1, false, 10);
    writer.publish("a", "long", 1, false, 100);
    writer.publish("r", "retained", 1, true, 10);
    rig.advance(io::Steady{30'000});
    reader.connect();
    ASSERT_EQ(reader.payloads(), std::vector<std::string>{"long"});
    EXPECT_EQ(reader.arrived[0].expiry_s, 70u);
    EXPECT_EQ(rig.stats().dropped_expired, 1u);
    reader.subscribe("r", 1);
    EXPECT_EQ(reader.arrived.size(), 1u) << "the retained message expired too";
    EXPECT_EQ(rig.stats().queued_bytes, 0u);
}

TEST(Properties, AreForwardedUnalteredInOrder) {
    Rig rig;
    TestClient reader(rig, {.client_id = "reader"}), writer(rig, {.client_id = "writer"}),
        old(rig, {.client_id = "old", .version = Version::v3_1_1});
    reader.connect();
    writer.connect();
    old.connect();
    reader.subscribe("a", 1);
    old.subscribe("a", 1);
    std::string wire;
    mqtt::append_property(mqtt::PropertyId::response_topic, "answer/here", wire);
    mqtt::append_user_property("k", "1", wire);
    mqtt::append_property(mqtt::PropertyId::correlation_data, "id", wire);
    mqtt::append_user_property("k", "2", wire);
    ASSERT_TRUE(writer.protocol.publish(mqtt::Message("a", "x", wire), mqtt::Qos::at_least_once)
                    .has_value());
    writer.go();
    ASSERT_EQ(reader.arrived.size(), 1u);
    EXPECT_EQ(reader.arrived[0].message.properties(), wire);
    ASSERT_EQ(old.arrived.size(), 1u);
    EXPECT_EQ(old.arrived[0].message.payload(), "x");
}

TEST(Shards, DeliverToEachOtherAtEveryQos) {
    Rig rig(3);
    TestClient reader(rig, {.client_id = "reader", .shard = 2}),
        writer(rig, {.client_id = "writer", .shard = 1}),
        durable(rig, {.client_id = "durable", .clean = false, .expiry_s = 60, .shard = 0});
    reader.connect();
    writer.connect();
    durable.connect();
    reader.subscribe("#", 2);
    durable.subscribe("#", 2);
    for (int qos = 0; qos < 3; ++qos) {
        for (int number = 0; number < 20; ++number) writer.publish("t", std::to_string(qos), qos);
    }
    for (int qos = 0; qos < 3; ++qos) {
        EXPECT_EQ(reader.count(std::to_string(qos)), 20u);
        EXPECT_EQ(durable.count(std::to_string(qos)), 20u);
    }
}

}  // namespace
}  // namespace lineshaft::broker
