// What outlives connections, restarts and crashes.
#include "rig.h"

namespace lineshaft::broker {
namespace {

using Options = TestClient::Options;
using mqtt::Reason;
using mqtt::Version;

Options durable(const std::string& id, Version version = Version::v5_0) {
    return {.client_id = id, .version = version, .clean = false, .expiry_s = 3600};
}

class BothVersions : public testing::TestWithParam<Version> {};
INSTANTIATE_TEST_SUITE_P(Mqtt, BothVersions, testing::Values(Version::v3_1_1, Version::v5_0));

TEST_P(BothVersions, ASleepingSessionGetsEverythingAfterResumption) {
    Rig rig;
    TestClient reader(rig, durable("reader", GetParam())), writer(rig, {.client_id = "writer"});
    reader.connect();
    EXPECT_FALSE(reader.connacks.back().connack.session_present);
    reader.subscribe("a", 2);
    reader.drop();
    writer.connect();
    int next = 0;
    for (int qos : {1, 2, 1, 2})
        writer.publish("a", "q" + std::to_string(qos) + "." + std::to_string(next++), qos);
    writer.publish("a", "q0", 0);
    EXPECT_GT(rig.stats().queued_bytes, 0u);
    reader.connect();
    EXPECT_TRUE(reader.connacks.back().connack.session_present);
    auto got = reader.payloads();  // in order for each QoS [MQTT-4.6.0-6]
    std::ranges::stable_sort(got, {}, [](const std::string& each) { return each[1]; });
    EXPECT_EQ(got, (std::vector<std::string>{"q1.0", "q1.2", "q2.1", "q2.3"}));
    EXPECT_EQ(rig.stats().queued_bytes, 0u);
    reader.connect();
    EXPECT_EQ(reader.arrived.size(), 4u) << "nothing comes twice";
}

TEST_P(BothVersions, ASessionSurvivesARestart) {
    Rig rig;
    TestClient reader(rig, durable("reader", GetParam())), writer(rig, {.client_id = "writer"});
    reader.connect();
    reader.subscribe("a/+", 1);
    reader.drop();
    writer.connect();
    writer.publish("a/x", "before", 1);
    writer.publish("keep", "retained", 1, true);
    writer.drop();
    rig.restart();
    EXPECT_EQ(rig.loaded.sessions, 1u);
    EXPECT_EQ(rig.loaded.retained, 1u);
    writer.connect();
    writer.publish("a/x", "after", 1);
    reader.connect();
    EXPECT_TRUE(reader.connacks.back().connack.session_present);
    EXPECT_EQ(reader.payloads(), (std::vector<std::string>{"before", "after"}));
    reader.subscribe("keep", 1);
    EXPECT_EQ(reader.count("retained"), 1u);
}

TEST_P(BothVersions, WhatWasAcknowledgedSurvivesACrash) {
    Rig rig;
    TestClient reader(rig, durable("reader", GetParam())),
        writer(rig, {.client_id = "writer", .version = GetParam()});
    reader.connect();
    reader.subscribe("a", 1);
    reader.drop();
    writer.connect();
    for (int number = 0; number < 50; ++number)
        writer.publish("a", std::to_string(number), 1 + number % 2);
    EXPECT_EQ(writer.published.size(), 50u);
    auto after = rig.crash();
    TestClient again(*after, durable("reader", GetParam()));
    again.connect();
    EXPECT_TRUE(again.connacks.back().connack.session_present);
    EXPECT_EQ(again.arrived.size(), 50u);
}

TEST(Persistence, NothingIsAcknowledgedBeforeItIsOnDisk) {
    Rig rig;
    TestClient reader(rig, durable("reader")), writer(rig, {.client_id = "writer"});
    reader.connect();
    reader.subscribe("a", 1);
    writer.connect();
    rig.hold();
    writer.publish("a", "x", 1);
    writer.publish("a", "y", 2);
    EXPECT_TRUE(writer.published.empty());
    EXPECT_TRUE(reader.arrived.empty()) << "what may still be refused is not delivered";
    rig.release();
    EXPECT_EQ(writer.published.size(), 2u);
    EXPECT_EQ(reader.arrived.size(), 2u);
}

TEST(Persistence, AMessageForNobodyDurableIsAcknowledgedAtOnce) {
    Rig rig;
    TestClient reader(rig, {.client_id = "reader"}), writer(rig, {.client_id = "writer"});
    reader.connect();
    reader.subscribe("a", 1);
    writer.connect();
    rig.hold();
    writer.publish("a", "x", 1);
    EXPECT_EQ(writer.published.size(), 1u);
    EXPECT_EQ(reader.arrived.size(), 1u);
    rig.release();
}

TEST(Persistence, UnacknowledgedMessagesComeAgainWithDupAndTheirPacketId) {
    Rig rig;
    auto options = durable("reader");
    options.acknowledges = false;
    TestClient reader(rig, options), writer(rig, {.client_id = "writer"});
    reader.connect();
    reader.subscribe("a", 2);
    writer.connect();
    writer.publish("a", "one", 1);
    writer.publish("a", "two", 2);
    ASSERT_EQ(reader.arrived.size(), 2u);
    const auto before = reader.arrived;
    reader.drop();
    reader.connect();
    ASSERT_EQ(reader.arrived.size(), 3u)
        << "the client itself knows the QoS 2 id and keeps it back";
    EXPECT_TRUE(reader.arrived[2].dup);
    EXPECT_EQ(reader.arrived[2].packet_id, before[0].packet_id);
    EXPECT_EQ(reader.arrived[2].message.payload(), "one");
}

TEST(Persistence, CleanStartForgetsTheSession) {
    Rig rig;
    TestClient reader(rig, durable("reader")), writer(rig, {.client_id = "writer"});
    reader.connect();
    reader.subscribe("a", 1);
    reader.drop();
    writer.connect();
    writer.publish("a", "x", 1);
    auto clean = durable("reader");
    clean.clean = true;
    reader.connect(clean);
    EXPECT_FALSE(reader.connacks.back().connack.session_present);
    EXPECT_TRUE(reader.arrived.empty());
    EXPECT_EQ(rig.stats().dropped_session_ended, 1u);
    EXPECT_EQ(rig.stats().subscriptions, 0u);
    rig.restart();
    EXPECT_EQ(rig.loaded.sessions, 1u);
}

TEST(Persistence, SessionExpiryEndsItAlsoAcrossARestart) {
    Rig rig;
    auto options = durable("reader");
    options.expiry_s = 60;
    TestClient reader(rig, options);
    reader.connect();
    reader.subscribe("a", 1);
    reader.drop();
    rig.advance(io::Steady{30'000});
    EXPECT_EQ(rig.stats().sessions, 1u);
    rig.restart();
    EXPECT_EQ(rig.stats().sessions, 1u);
    rig.advance(io::Steady{31'000});
    EXPECT_EQ(rig.stats().sessions, 0u);
    EXPECT_EQ(rig.stats().subscriptions, 0u);
    reader.connect();
    EXPECT_FALSE(reader.connacks.back().connack.session_present);
}

TEST(Persistence, DisconnectMayShortenTheExpiry) {
    Rig rig;
    TestClient reader(rig, durable("reader"));
    reader.connect();
    mqtt::Properties properties;
    properties.add(mqtt::PropertyId::session_expiry_interval, std::uint32_t{0});
    reader.protocol.disconnect(Reason::success, properties);
    reader.go();
    EXPECT_EQ(rig.stats().sessions, 0u);
}

TEST(Persistence, ASlowReaderContinuesFromTheLogAndNothingIsHeldInMemory) {
    Limits limits;
    limits.window_bytes = 4096;
    limits.refill_bytes = 4096;
    Rig rig(1, limits);
    auto options = durable("reader");
    options.receive_maximum = 2;
    options.acknowledges = false;
    TestClient reader(rig, options), writer(rig, {.client_id = "writer"});
    reader.connect();
    reader.subscribe("a", 1);
    writer.connect();
    for (int number = 0; number < 500; ++number) {
        ASSERT_TRUE(writer.protocol
                        .publish(mqtt::Message("a", std::to_string(number) + std::string(50, '.')),
                                 mqtt::Qos::at_least_once)
                        .has_value());
    }
    writer.go();
    EXPECT_EQ(writer.published.size(), 500u) << "the writer does not wait for the reader";
    EXPECT_EQ(reader.arrived.size(), 2u);
    for (std::size_t at = 0; at < reader.arrived.size(); ++at) {
        reader.protocol.acknowledge(reader.arrived[at].packet_id);
        reader.go();
    }
    ASSERT_EQ(reader.arrived.size(), 500u);
    for (int number = 0; number < 500; ++number) {
        EXPECT_TRUE(
            reader.arrived[number].message.payload().starts_with(std::to_string(number) + "."));
    }
    EXPECT_EQ(rig.stats().queued_bytes, 0u);
}

TEST(Persistence, ASlowReaderThatIsNotDurableGetsEverythingToo) {
    Limits limits;
    limits.window_bytes = 4096;
    Rig rig(2, limits);
    TestClient reader(
        rig, {.client_id = "reader", .receive_maximum = 1, .acknowledges = false, .shard = 1}),
        writer(rig, {.client_id = "writer"});
    reader.connect();
    reader.subscribe("a", 1);
    writer.connect();
    for (int number = 0; number < 300; ++number) writer.publish("a", std::to_string(number), 1);
    EXPECT_EQ(writer.published.size(), 300u);
    EXPECT_GT(rig.stats().logged_messages, 100u) << "behind its window it reads from the log";
    for (std::size_t at = 0; at < reader.arrived.size(); ++at) {
        reader.protocol.acknowledge(reader.arrived[at].packet_id);
        reader.go();
    }
    ASSERT_EQ(reader.arrived.size(), 300u);
    for (int number = 0; number < 300; ++number)
        EXPECT_EQ(reader.payloads()[number], std::to_string(number));
}

TEST(Persistence, TheSessionMovesWithItsClientToAnotherShard) {
    Rig rig(2);
    auto options = durable("reader");
    TestClient reader(rig, options), writer(rig, {.client_id = "writer", .shard = 1});
    writer.connect();
    int number = 0;
    for (const std::uint32_t shard : {0u, 1u, 0u, 1u, 1u, 0u}) {
        options.shard = shard;
        reader.connect(options);
        if (number == 0) reader.subscribe("a", 2);
        for (int each = 0; each < 3; ++each) writer.publish("a", std::to_string(number++), 2);
        reader.drop();
        for (int each = 0; each < 3; ++each) writer.publish("a", std::to_string(number++), 2);
    }
    reader.connect(options);
    ASSERT_EQ(reader.arrived.size(), static_cast<std::size_t>(number));
    for (int each = 0; each < number; ++each)
        EXPECT_EQ(reader.payloads()[each], std::to_string(each));
}

TEST(Persistence, FewerShardsThanBeforeStillReadTheOldLogs) {
    Rig rig(3);
    TestClient reader(rig, durable("reader")), writer(rig, {.client_id = "writer", .shard = 2});
    reader.connect();
    reader.subscribe("a", 1);
    reader.drop();
    writer.connect();
    writer.publish("a", "from shard 2", 1);
    const std::string copy = rig.dir.path("fewer");
    ASSERT_TRUE(rig.inner->checkpoint(copy).has_value());
    Rig fewer(1, {}, copy);
    TestClient again(fewer, durable("reader"));
    again.connect();
    EXPECT_EQ(again.payloads(), std::vector<std::string>{"from shard 2"});
    fewer.advance(io::Steady{130'000});
    EXPECT_FALSE(fewer.inner->scan(store::Family::mqtt_messages, {}, {})->is_valid())
        << "the log of a shard that is no more goes when nobody needs it";
}

TEST(Log, IsTrimmedBehindTheSlowestSession) {
    Limits limits;
    limits.trim_bytes = 10'000;
    Rig rig(2, limits);
    TestClient reader(rig, durable("reader")), writer(rig, {.client_id = "writer"});
    reader.connect();
    reader.subscribe("a", 1);
    writer.connect();
    for (int number = 0; number < 200; ++number) {
        writer.publish("a", std::string(500, 'x'), 1);
        if (number % 20 == 0) rig.advance(io::Steady{1100});
    }
    rig.advance(io::Steady{3000});
    EXPECT_LT(rig.stats().log_bytes, 30'000u);
    reader.drop();
    writer.publish("a", "kept", 1);
    for (int number = 0; number < 100; ++number) writer.publish("a", std::string(500, 'y'), 1);
    rig.advance(io::Steady{3000});
    reader.arrived.clear();
    reader.connect();
    EXPECT_EQ(reader.arrived.size(), 101u);
    EXPECT_EQ(reader.count("kept"), 1u);
}

TEST(Log, ASleeperThatIsOwedNothingHoldsNothingAfterARestart) {
    Limits limits;
    limits.trim_bytes = 10'000;
    Rig rig(2, limits);
    TestClient sleeper(rig, durable("sleeper")), reader(rig, durable("reader")),
        writer(rig, {.client_id = "writer"});
    sleeper.connect();
    sleeper.subscribe("rare", 1);
    sleeper.drop();
    reader.connect();
    reader.subscribe("#", 1);
    reader.drop();
    writer.connect();
    writer.publish("rare", "owed", 1);
    reader.connect();
    reader.drop();
    rig.restart();
    TestClient again(rig, durable("reader")), busy(rig, {.client_id = "busy", .shard = 1});
    again.connect();
    busy.connect();
    for (int number = 0; number < 100; ++number) busy.publish("busy", std::string(500, 'x'), 1);
    rig.advance(io::Steady{3000});
    EXPECT_LT(rig.stats().log_bytes, 20'000u) << "what it is owed is in the other shard's log";
    sleeper.connect();
    EXPECT_EQ(sleeper.payloads(), std::vector<std::string>{"owed"});
}

TEST(Log, ATailHeldByOneSleeperIsRewrittenToWhatItIsOwed) {
    Limits limits;
    limits.trim_bytes = 10'000;
    limits.rewrite_bytes = 50'000;
    Rig rig(1, limits);
    TestClient sleeper(rig, durable("sleeper")), reader(rig, durable("reader")),
        writer(rig, {.client_id = "writer"});
    sleeper.connect();
    sleeper.subscribe("rare", 1);
    sleeper.drop();
    reader.connect();
    reader.subscribe("#", 1);
    writer.connect();
    for (int number = 0; number < 400; ++number) {
        if (number % 100 == 0) writer.publish("rare", std::to_string(number), 1);
        writer.publish("busy", std::string(1000, 'x'), 1);
        if (number % 20 == 0) rig.advance(io::Steady{1100});
    }
    rig.advance(io::Steady{3000});
    EXPECT_GT(rig.stats().rewritten_records, 0u);
    EXPECT_LT(rig.stats().log_bytes, 150'000u) << "400 kB were written";
    auto after = rig.crash();
    TestClient again(*after, durable("sleeper"));
    again.connect();
    EXPECT_EQ(again.payloads(), (std::vector<std::string>{"0", "100", "200", "300"}));
}

TEST(Retained, SurvivesACrashAndADeletionToo) {
    Rig rig(2);
    TestClient one(rig, {.client_id = "one"}), two(rig, {.client_id = "two", .shard = 1});
    one.connect();
    two.connect();
    for (int topic = 0; topic < 20; ++topic) {
        one.publish("r/" + std::to_string(topic), "old", 1, true);
        two.publish("r/" + std::to_string(topic), topic % 2 == 0 ? "" : "new", 1, true);
    }
    auto after = rig.crash();
    EXPECT_EQ(after->loaded.retained, 10u);
    TestClient reader(*after, {.client_id = "reader"});
    reader.connect();
    reader.subscribe("r/#", 1);
    EXPECT_EQ(reader.count("new"), 10u);
    EXPECT_EQ(reader.arrived.size(), 10u);
}

TEST(Retained, ARefusedCommitBringsTheOldValueBack) {
    Rig rig;
    TestClient writer(rig, {.client_id = "writer"}), reader(rig, {.client_id = "reader"});
    writer.connect();
    reader.connect();
    writer.publish("r", "stored", 1, true);
    rig.store->pretend_full(true);
    writer.publish("r", "refused", 1, true);
    rig.store->pretend_full(false);
    ASSERT_EQ(writer.published.size(), 2u);
    EXPECT_EQ(writer.published[1].reason, Reason::quota_exceeded);
    reader.subscribe("r", 1);
    EXPECT_EQ(reader.payloads(), std::vector<std::string>{"stored"});
}

TEST(Retained, ADurableSubscriberIsOwedTheRetainedMessageAcrossACrash) {
    Rig rig;
    auto options = durable("reader");
    options.acknowledges = false;
    TestClient writer(rig, {.client_id = "writer"}), reader(rig, options);
    writer.connect();
    writer.publish("r", "value", 1, true);
    reader.connect();
    reader.subscribe("r", 1);
    ASSERT_EQ(reader.arrived.size(), 1u);
    auto after = rig.crash();
    TestClient again(*after, durable("reader"));
    again.connect();
    ASSERT_EQ(again.payloads(), std::vector<std::string>{"value"});
    EXPECT_TRUE(again.arrived[0].retain);
}

TEST(Close, TellsClientsAndKeepsDurableSessions) {
    Rig rig;
    TestClient reader(rig, durable("reader"));
    reader.connect();
    reader.subscribe("a", 1);
    rig.close();
    ASSERT_EQ(reader.ended.size(), 1u);
    EXPECT_EQ(reader.ended[0].reason, Reason::server_shutting_down);
    reader.drop();
}

}  // namespace
}  // namespace lineshaft::broker
