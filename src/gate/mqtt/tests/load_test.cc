// The overload order, level by level: docs/decisions/0008-overload.md.
#include "rig.h"

namespace lineshaft::broker {
namespace {

using mqtt::Reason;
using std::chrono::milliseconds;

TEST(Gauge, Fault15RisesOneLevelAtATimeAndFallsAfterACalm) {
    const LoadLimits limits;
    LoadGauge gauge(limits);
    const LoadSigns calm, worst{.loop_lag = milliseconds{60'000}};
    milliseconds now{1'000};
    EXPECT_FALSE(gauge.step(calm, now));
    for (int level = 1; level <= 5; ++level) {
        EXPECT_TRUE(gauge.step(worst, now)) << level;
        EXPECT_EQ(static_cast<int>(gauge.level()), level);
        EXPECT_FALSE(gauge.step(worst, now + limits.rise_every - milliseconds{1}));
        now += limits.rise_every;
    }
    EXPECT_FALSE(gauge.step(worst, now)) << "there is no sixth";
    // Below the threshold of the level but not clearly: it stays.
    const LoadSigns edge{.loop_lag = limits.levels[4].loop_lag * 8 / 10};
    for (int each = 0; each < 40; ++each) EXPECT_FALSE(gauge.step(edge, now += milliseconds{250}));
    const milliseconds calm_from = now;
    while (gauge.level() != LoadLevel::normal) gauge.step(calm, now += milliseconds{250});
    EXPECT_LE(now - calm_from, milliseconds{5'000}) << "fault 15: recovered within 5 s";
}

TEST(Gauge, EachSignAsksForItsLevel) {
    const LoadLimits limits;
    const LoadGauge gauge(limits);
    for (std::size_t each = 0; each < limits.levels.size(); ++each) {
        const auto& limit = limits.levels[each];
        const auto level = static_cast<LoadLevel>(each + 1), before = static_cast<LoadLevel>(each);
        EXPECT_EQ(gauge.asked({.loop_lag = limit.loop_lag}), level);
        EXPECT_EQ(gauge.asked({.loop_lag = limit.loop_lag - milliseconds{1}}), before);
        EXPECT_EQ(gauge.asked({.commit_wait = limit.commit_wait}), level);
        EXPECT_EQ(gauge.asked({.lane = limit.lane}), level);
        EXPECT_EQ(gauge.asked({.memory = limit.memory}), level);
        EXPECT_EQ(gauge.asked({.memory = limit.memory - 0.001}), before);
    }
}

// Memory over its limit from the first tick on, which asks for `level` and no more.
Limits loaded_to(LoadLevel level) {
    Limits limits;
    limits.load.memory_bytes_max = 1;
    for (std::size_t each = 0; each < limits.load.levels.size(); ++each) {
        const bool is_reached = each < static_cast<std::size_t>(level);
        limits.load.levels[each] = {milliseconds{1 << 30}, milliseconds{1 << 30}, 2.0,
                                    is_reached ? 1.0 : 1e18};
    }
    return limits;
}

void climb(Rig& rig) {
    for (int each = 0; each < 8; ++each) rig.advance(milliseconds{300});
}

class LoadWatch final : public Observer {
public:
    void connected(const Client&) override {}
    void disconnected(const Client&, Reason, std::string_view) override {}
    void load_changed(LoadLevel from, LoadLevel to, std::string_view cause) override {
        changes.emplace_back(static_cast<int>(from), static_cast<int>(to));
        causes.emplace_back(cause);
    }
    std::vector<std::pair<int, int>> changes;
    std::vector<std::string> causes;
};

TEST(Load, NewSessionsAreRefusedWithAReasonAndSleepingOnesResume) {
    Rig rig(1, loaded_to(LoadLevel::no_sessions));
    TestClient sleeper(rig, {.client_id = "s", .clean = false, .expiry_s = 100}),
        there(rig, {.client_id = "there"});
    sleeper.connect();
    there.connect();
    sleeper.drop();
    climb(rig);
    EXPECT_EQ(rig.stats().load_level, 2u);
    TestClient late(rig, {.client_id = "late"}),
        durable(rig, {.client_id = "d", .clean = false, .expiry_s = 10});
    late.connect();
    ASSERT_EQ(late.connacks.size(), 1u);
    EXPECT_EQ(late.connacks[0].connack.reason, Reason::quota_exceeded);
    durable.connect();
    EXPECT_EQ(durable.connacks.back().connack.reason, Reason::quota_exceeded);
    sleeper.connect();
    EXPECT_EQ(sleeper.connacks.back().connack.reason, Reason::success);
    EXPECT_TRUE(sleeper.connacks.back().connack.session_present);
    EXPECT_EQ(rig.stats().connects_refused_load, 2u);
    there.publish("t", "still served", 1);
    EXPECT_EQ(there.published.size(), 1u);
    EXPECT_EQ(rig.stats().sessions, 2u) << "the refused left nothing behind";
}

TEST(Load, ChangesOfTheLevelAreTold) {
    LoadWatch watch;
    Rig quiet(1);
    Rig rig(2, loaded_to(LoadLevel::delay_acks));
    rig.observers = {&watch};
    rig.restart();
    climb(rig);
    EXPECT_EQ(watch.changes,
              (std::vector<std::pair<int, int>>{{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}}))
        << "once for the node, not for each shard";
    EXPECT_NE(watch.causes.at(0).find("memory"), std::string::npos);
    climb(quiet);
    EXPECT_EQ(quiet.stats().load_level, 0u);
}

TEST(Load, SendersOfQos0AreSlowedDownAndLoseNothing) {
    Rig rig(1, loaded_to(LoadLevel::throttle_qos0));
    TestClient sender(rig, {.client_id = "s"}), reader(rig, {.client_id = "r"});
    sender.connect();
    reader.connect();
    reader.subscribe("t", 0);
    climb(rig);
    for (int each = 0; each < 5; ++each) sender.publish("t", std::to_string(each), 0);
    EXPECT_LT(reader.payloads().size(), 5u) << "the rest waits in the socket";
    climb(rig);
    EXPECT_EQ(reader.payloads(), (std::vector<std::string>{"0", "1", "2", "3", "4"}));
    EXPECT_GT(rig.stats().throttled_qos0, 0u);
    sender.publish("t", "qos 1 is not held", 1);
}

TEST(Load, SlowReadersEndAndTheirDurableMessagesStay) {
    auto limits = loaded_to(LoadLevel::drop_slow);
    limits.output_bytes_max = 64 << 10;
    Rig rig(1, limits);
    TestClient fast(rig, {.client_id = "fast"}), writer(rig, {.client_id = "w"});
    fast.connect();
    fast.subscribe("t", 1);
    writer.connect();
    // A client that never reads: its pipe is full after a kilobyte.
    auto [here, there] = io::memory_streams(1 << 10);
    auto server = std::make_shared<std::unique_ptr<io::Stream>>(std::move(there));
    rig.on(0, [&rig, server] { rig.broker->serve(std::move(*server)); });
    mqtt::Connect hello{.version = mqtt::Version::v5_0,
                        .clean_start = false,
                        .client_id = "slow",
                        .properties = {}};
    hello.properties.add(mqtt::PropertyId::session_expiry_interval, std::uint32_t{100});
    mqtt::Subscribe wish{.packet_id = 1, .subscriptions = {{.filter = "t"}}, .properties = {}};
    wish.subscriptions[0].qos_max = mqtt::Qos::at_least_once;
    std::string bytes;
    mqtt::encode(mqtt::Packet(hello), mqtt::Version::v5_0, bytes);
    mqtt::encode(mqtt::Packet(wish), mqtt::Version::v5_0, bytes);
    ASSERT_TRUE(here->try_write(as_bytes(bytes)).has_value());
    rig.settle();
    for (int each = 0; each < 60; ++each) writer.publish("t", std::string(4'000, 'x'), 1);
    EXPECT_EQ(rig.stats().slow_disconnected, 0u) << "not while the load is normal";
    climb(rig);
    climb(rig);
    EXPECT_EQ(rig.stats().slow_disconnected, 1u);
    EXPECT_EQ(fast.payloads().size(), 60u);
    here->close();
    rig.settle();
    TestClient slow(rig, {.client_id = "slow", .clean = false, .expiry_s = 100});
    slow.connect();
    rig.settle();
    EXPECT_EQ(slow.arrived.size(), 60u) << "nothing acknowledged is lost";
}

TEST(Load, AcknowledgementsWaitForTheTickAndKeepTheirOrder) {
    Rig rig(1, loaded_to(LoadLevel::delay_acks));
    TestClient sender(rig, {.client_id = "s"});
    sender.connect();
    climb(rig);
    for (int each = 0; each < 3; ++each) sender.publish("t", "x", 1);
    EXPECT_EQ(sender.published.size(), 0u);
    rig.advance(milliseconds{300});
    EXPECT_EQ(sender.published.size(), 3u);
    EXPECT_EQ(rig.stats().delayed_answers, 3u);
}

}  // namespace
}  // namespace lineshaft::broker
