// Every limit at its value and one past it, and what a full queue means for publishers.
#include <malloc.h>

#include "rig.h"

namespace lineshaft::broker {
namespace {

using Options = TestClient::Options;
using mqtt::Reason;
using mqtt::Version;

TEST(LimitsOf, SubscriptionsPerClient) {
    Limits limits;
    limits.subscriptions_max = 3;
    Rig rig(1, limits);
    TestClient client(rig, {.client_id = "c"});
    client.connect();
    for (const char* filter : {"a", "b", "c"}) {
        client.subscribe(filter, 0);
        EXPECT_EQ(client.answered.back().suback.reasons, std::vector{Reason::success});
    }
    client.subscribe("d", 0);
    EXPECT_EQ(client.answered.back().suback.reasons, std::vector{Reason::quota_exceeded});
    client.subscribe("c", 1);
    EXPECT_EQ(client.answered.back().suback.reasons, std::vector{Reason::granted_qos_1})
        << "replacing is no more";
    EXPECT_EQ(rig.stats().subscriptions_refused_limit, 1u);
    TestClient old(rig, {.client_id = "old", .version = Version::v3_1_1});
    old.connect();
    for (const char* filter : {"a", "b", "c", "d"}) old.subscribe(filter, 0);
    EXPECT_EQ(old.answered.back().suback.reasons, std::vector{Reason::unspecified_error}) << "0x80";
}

TEST(LimitsOf, Sessions) {
    Limits limits;
    limits.sessions_max = 2;
    Rig rig(1, limits);
    TestClient one(rig, {.client_id = "1", .clean = false, .expiry_s = 10}),
        two(rig, {.client_id = "2"}), three(rig, {.client_id = "3"});
    one.connect();
    two.connect();
    three.connect();
    EXPECT_EQ(three.connacks.back().connack.reason, Reason::quota_exceeded);
    one.drop();
    three.connect();
    EXPECT_EQ(three.connacks.back().connack.reason, Reason::quota_exceeded)
        << "a sleeping session counts";
    two.drop();
    three.connect();
    EXPECT_EQ(three.connacks.back().connack.reason, Reason::success);
    EXPECT_EQ(rig.stats().connects_refused_sessions, 2u);
}

TEST(LimitsOf, ConnectsPerSecondAndAddressLoopbackExcepted) {
    Limits limits;
    limits.connects_per_second_per_address = 2;
    Rig rig(1, limits);
    TestClient client(rig, {.client_id = "c", .is_local = false});
    for (int number = 0; number < 3; ++number) client.connect();
    EXPECT_EQ(client.connacks.back().connack.reason, Reason::connection_rate_exceeded);
    TestClient local(rig, {.client_id = "l"});
    for (int number = 0; number < 5; ++number) local.connect();
    EXPECT_EQ(local.connacks.back().connack.reason, Reason::success);
    rig.advance(io::Steady{1000});
    client.connect();
    EXPECT_EQ(client.connacks.back().connack.reason, Reason::success);
    EXPECT_EQ(rig.stats().connects_refused_rate, 1u);
}

TEST(LimitsOf, SocketsWithoutConnectAndTheirTime) {
    Limits limits;
    limits.unaccepted_max = 2;
    Rig rig(1, limits);
    std::vector<std::unique_ptr<io::Stream>> kept;
    for (int number = 0; number < 3; ++number) {
        auto [here, there] = io::memory_streams();
        kept.push_back(std::move(here));
        auto server = std::make_shared<std::unique_ptr<io::Stream>>(std::move(there));
        rig.on(0, [&rig, server] { rig.broker->serve(std::move(*server)); });
    }
    EXPECT_EQ(rig.stats().connects_refused_unaccepted, 1u);
    EXPECT_TRUE(kept[1]->try_write(as_bytes("\x10")).has_value())
        << "a byte now and then buys no time";
    rig.advance(io::Steady{9'000});
    EXPECT_TRUE(kept[0]->try_write(as_bytes("")).has_value());
    rig.advance(io::Steady{2'500});  // and a second in which the broker lingers
    EXPECT_FALSE(kept[0]->try_write(as_bytes("")).has_value());
    EXPECT_FALSE(kept[1]->try_write(as_bytes("")).has_value());
    EXPECT_EQ(rig.stats().connects_refused_silent, 2u);
    EXPECT_EQ(rig.stats().keep_alive_timeouts, 0u);
    rig.on(0, [&] { kept.clear(); });
}

TEST(LimitsOf, ASocketThatTakesNothingIsClosedWhenItsTimeIsOver) {
    Limits limits;
    limits.write_stall_max = io::Steady{5'000};
    Rig rig(1, limits);
    TestClient reader(rig, {.client_id = "reader", .clean = false, .expiry_s = 1000, .capacity = 4'096});
    TestClient writer(rig, {.client_id = "writer"});
    reader.connect();
    reader.subscribe("a", 1);
    writer.connect();
    reader.stall(true);
    for (int number = 0; number < 20; ++number) writer.publish("a", std::string(1'000, 'x'), 1);
    rig.advance(io::Steady{4'900});
    EXPECT_EQ(rig.stats().write_stalls, 0u);
    EXPECT_EQ(rig.stats().connections, 2u);
    rig.advance(io::Steady{1'200});  // and a second in which the broker lingers
    EXPECT_EQ(rig.stats().write_stalls, 1u);
    EXPECT_EQ(rig.stats().connections, 1u);
    reader.stall(false);
    reader.connect();
    reader.go();
    EXPECT_GE(reader.arrived.size(), 20u) << "what it is owed waits for it";
}

TEST(LimitsOf, RetainedCountAndBytes) {
    Limits limits;
    limits.retained_count_max = 2;
    limits.retained_bytes_max = 100;
    Rig rig(1, limits);
    TestClient client(rig, {.client_id = "c"}),
        old(rig, {.client_id = "old", .version = Version::v3_1_1});
    client.connect();
    old.connect();
    client.publish("a", "1", 1, true);
    client.publish("b", "2", 1, true);
    client.publish("c", "3", 1, true);
    EXPECT_EQ(client.published.back().reason, Reason::quota_exceeded);
    client.publish("b", "replaced", 1, true);
    EXPECT_NE(client.published.back().reason, Reason::quota_exceeded);
    client.publish("b", std::string(100, 'x'), 1, true);
    EXPECT_EQ(client.published.back().reason, Reason::quota_exceeded);
    client.subscribe("#", 0);
    const auto before = client.arrived.size();
    old.publish("d", "4", 1, true);
    EXPECT_EQ(old.published.size(), 1u) << "3.1.1 cannot be told: delivered, not retained, counted";
    EXPECT_EQ(client.arrived.size(), before + 1);
    EXPECT_EQ(rig.stats().publishes_refused_retained, 3u);
    EXPECT_EQ(rig.stats().retained_count, 2u);
}

TEST(Queue, AFullSessionRefusesNewClientsAndPausesOldOnesUntilThereIsRoom) {
    Limits limits;
    limits.session_queue_bytes = 2'000;
    Rig rig(1, limits);
    TestClient reader(rig, {.client_id = "reader", .clean = false, .expiry_s = 1000}),
        writer(rig, {.client_id = "writer"}),
        old(rig, {.client_id = "old", .version = Version::v3_1_1});
    reader.connect();
    reader.subscribe("a", 1);
    reader.drop();
    writer.connect();
    old.connect();
    std::size_t accepted = 0;
    for (int number = 0; number < 40; ++number) {
        writer.publish("a", std::string(100, 'x'), 1 + number % 2);
        accepted += writer.published.back().reason == Reason::success ? 1u : 0u;
    }
    EXPECT_GT(accepted, 8u);
    EXPECT_LT(accepted, 16u);
    EXPECT_EQ(writer.published.back().reason, Reason::quota_exceeded);
    EXPECT_EQ(rig.stats().full_sessions, 1u);
    EXPECT_GT(rig.stats().publishes_refused_queue, 20u);
    for (const auto& row : rig.clients()) EXPECT_EQ(row.is_full, row.client_id == "reader");

    for (int number = 0; number < 5; ++number) old.publish("a", "old " + std::to_string(number), 1);
    writer.publish("b", "elsewhere", 1);
    EXPECT_NE(writer.published.back().reason, Reason::quota_exceeded);
    EXPECT_TRUE(old.published.empty());
    EXPECT_FALSE(old.is_closed());
    EXPECT_EQ(rig.stats().paused_publishers, 1u);
    writer.publish("a", "qos 0 is not promised", 0);

    reader.connect();
    rig.advance(io::Steady{2'000});
    EXPECT_EQ(old.published.size(), 5u);
    EXPECT_EQ(rig.stats().paused_publishers, 0u);
    EXPECT_EQ(rig.stats().full_sessions, 0u);
    EXPECT_EQ(reader.arrived.size(), accepted + 5);
    for (int number = 0; number < 5; ++number) {
        EXPECT_EQ(reader.payloads()[accepted + static_cast<std::size_t>(number)],
                  "old " + std::to_string(number));
    }
}

TEST(Queue, AFullDiskRefusesNewClientsAndPausesOldOnes) {
    Rig rig;
    TestClient reader(rig, {.client_id = "reader", .clean = false, .expiry_s = 1000}),
        writer(rig, {.client_id = "writer"}),
        old(rig, {.client_id = "old", .version = Version::v3_1_1});
    reader.connect();
    reader.subscribe("a", 1);
    writer.connect();
    old.connect();
    rig.store->pretend_full(true);
    writer.publish("a", "new", 1);
    writer.publish("a", "twice", 2);
    ASSERT_EQ(writer.published.size(), 2u);
    EXPECT_EQ(writer.published[0].reason, Reason::quota_exceeded);
    old.publish("a", "old", 1);
    EXPECT_TRUE(old.published.empty());
    EXPECT_FALSE(old.is_closed());
    EXPECT_TRUE(reader.arrived.empty());
    EXPECT_GE(rig.stats().publishes_refused_store, 3u);
    rig.store->pretend_full(false);
    rig.advance(io::Steady{1'000});
    EXPECT_EQ(old.published.size(), 1u);
    EXPECT_EQ(reader.payloads(), std::vector<std::string>{"old"});
}

TEST(Queue, AReaderThatDoesNotReadLosesQosZeroCountedAndNothingElse) {
    Limits limits;
    limits.output_bytes_max = 10'000;
    Rig rig(1, limits);
    TestClient reader(rig, {.client_id = "reader", .capacity = 2048}),
        writer(rig, {.client_id = "writer"});
    reader.connect();
    reader.subscribe("a", 1);
    writer.connect();
    reader.reads(false);
    for (int number = 0; number < 100; ++number) {
        writer.publish("a", std::string(500, '0'), 0);
        writer.publish("a", std::string(500, '1'), 1);
    }
    EXPECT_EQ(writer.published.size(), 100u);
    reader.reads(true);
    for (int turn = 0; turn < 100; ++turn) rig.settle();
    EXPECT_EQ(reader.count(std::string(500, '1')), 100u);
    EXPECT_EQ(reader.count(std::string(500, '0')) + rig.stats().dropped_slow_qos0, 100u);
}

TEST(Queue, AMessageOverTheClientsPacketSizeCountsAsDelivered) {
    Rig rig;
    TestClient reader(
        rig, {.client_id = "reader", .clean = false, .expiry_s = 100, .packet_bytes_max = 200}),
        writer(rig, {.client_id = "writer"});
    reader.connect();
    reader.subscribe("a", 2);
    writer.connect();
    for (int qos = 0; qos < 3; ++qos) writer.publish("a", std::string(300, 'x'), qos);
    writer.publish("a", "small", 1);
    EXPECT_EQ(reader.payloads(), std::vector<std::string>{"small"});
    EXPECT_EQ(rig.stats().dropped_too_large, 3u);
    EXPECT_EQ(rig.stats().queued_bytes, 0u);
}

// Over several shards: as many as allowed are kept and acknowledged, not one more or less.
TEST(LimitsOf, RetainedOverAllShardsExactly) {
    for (const unsigned shards : {1u, 2u, 3u}) {
        Limits limits;
        limits.retained_count_max = 50;
        Rig rig(shards, limits);
        std::vector<std::unique_ptr<TestClient>> clients;
        for (unsigned shard = 0; shard < shards; ++shard) {
            clients.push_back(std::make_unique<TestClient>(
                rig,
                TestClient::Options{.client_id = "c" + std::to_string(shard), .shard = shard}));
            clients.back()->connect();
        }
        for (int topic = 0; topic < 80; ++topic) {
            clients[static_cast<std::size_t>(topic) % shards]->publish(
                "kept/" + std::to_string(topic), "x", 1, true);
        }
        rig.settle();
        std::size_t refused = 0;
        for (const auto& client : clients) {
            for (const auto& answer : client->published)
                refused += answer.reason == Reason::quota_exceeded ? 1 : 0;
        }
        EXPECT_EQ(refused, 30u) << shards;
        EXPECT_EQ(rig.stats().retained_count, 50u) << shards;
        EXPECT_EQ(rig.stats().publishes_refused_retained, 30u) << shards;
        clients[0]->publish("kept/0", "", 1, true);  // deleted: one place is free again
        rig.settle();
        clients[0]->publish("kept/new", "x", 1, true);
        EXPECT_NE(clients[0]->published.back().reason, Reason::quota_exceeded) << shards;
        rig.restart();
        EXPECT_EQ(rig.stats().retained_count, 50u) << shards;
        clients[0]->connect();
        clients[0]->publish("kept/newer", "x", 1, true);
        EXPECT_EQ(clients[0]->published.back().reason, Reason::quota_exceeded)
            << "what was loaded counts, " << shards;
    }
}

// A quota in bytes, asked from every shard at once: never more, and what was taken for nothing comes
// back.
TEST(LimitsOf, RetainedBytesOfAnOrganisationExactly) {
    for (const unsigned shards : {1u, 2u, 3u}) {
        Rig rig(shards);
        constexpr std::size_t each = 2 + 98;  // topic and payload
        rig.gate->retained_bytes.set(20 * each);
        std::vector<std::unique_ptr<TestClient>> clients;
        for (unsigned shard = 0; shard < shards; ++shard) {
            clients.push_back(std::make_unique<TestClient>(
                rig,
                TestClient::Options{.client_id = "c" + std::to_string(shard), .shard = shard}));
            clients.back()->connect();
        }
        const auto publish = [&](int topic, std::size_t bytes) {
            auto& client = *clients[static_cast<std::size_t>(topic) % shards];
            EXPECT_TRUE(client.protocol
                            .publish(mqtt::Message(std::to_string(topic), std::string(bytes, 'x')),
                                     mqtt::Qos::at_least_once, true)
                            .has_value());
        };
        const auto settle = [&] {
            for (const auto& client : clients) client->go();
            rig.settle();
        };
        for (int topic = 10; topic < 40; ++topic) publish(topic, 98);
        settle();
        std::size_t refused = 0;
        for (const auto& client : clients) {
            for (const auto& answer : client->published)
                refused += answer.reason == Reason::quota_exceeded ? 1 : 0;
        }
        const auto bytes = [&rig] { return static_cast<std::size_t>(rig.gate->retained_bytes.count()); };
        EXPECT_EQ(refused, 10u) << shards;
        EXPECT_EQ(rig.stats().retained_count, 20u) << shards;
        EXPECT_EQ(bytes(), rig.stats().retained_bytes) << shards;
        publish(10, 0);  // deleted: one place is free again
        settle();
        EXPECT_EQ(bytes(), 19 * each) << shards;
        publish(50, 98);
        settle();
        EXPECT_EQ(rig.stats().retained_count, 20u) << shards;
        // Refused for another reason after the room was taken: nothing stays taken.
        publish(10, 0);
        settle();
        for (int again = 0; again < 5; ++again) publish(50, 10);
        settle();
        EXPECT_EQ(bytes(), rig.stats().retained_bytes) << shards;
        rig.gate->retained_bytes.set(0);
    }
}

TEST(LimitsOf, SubscribesASecondOthersGoOn) {
    Limits limits;
    limits.subscribes_per_second = 100;  // ten at once
    Rig rig(1, limits);
    TestClient wild(rig, {.client_id = "wild"}), calm(rig, {.client_id = "calm"});
    wild.connect();
    calm.connect();
    for (int number = 0; number < 40; ++number) wild.subscribe("a/" + std::to_string(number), 0);
    const auto begun = wild.answered.size();
    EXPECT_GE(begun, 10u);
    EXPECT_LT(begun, 20u) << "then it is not read";
    EXPECT_GE(rig.stats().waited_subscribes, 1u);
    calm.publish("b", "not held up", 1);
    EXPECT_EQ(calm.published.size(), 1u);
    for (int turn = 0; turn < 60; ++turn) rig.advance(io::Steady{20});
    EXPECT_EQ(wild.answered.size(), 40u) << "all of it, in the end";
}

// Who sends the next message as soon as one is refused gets the refusals four times a second.
TEST(LimitsOf, RefusalsThatAreAnsweredAtOnce) {
    Limits limits;
    limits.quick_refusals_max = 5;
    limits.retained_count_max = 1;
    Rig rig(1, limits);
    TestClient client(rig, {.client_id = "c"});
    client.connect();
    client.publish("kept", "x", 1, true);
    for (int number = 0; number < 10; ++number) client.publish(std::to_string(number), "x", 1, true);
    EXPECT_EQ(client.published.size(), 6u);
    rig.advance(io::Steady{300});
    EXPECT_EQ(client.published.size(), 11u);
    EXPECT_EQ(client.published.back().reason, Reason::quota_exceeded);
}

TEST(LimitsOf, ConnectsASecondOthersWaitTheirTurn) {
    Limits limits;
    limits.connects_per_second = 100;  // four at once
    Rig rig(1, limits);
    std::vector<std::unique_ptr<TestClient>> crowd;
    for (int number = 0; number < 10; ++number) {
        crowd.push_back(std::make_unique<TestClient>(
            rig, TestClient::Options{.client_id = "c" + std::to_string(number)}));
        crowd.back()->connect();
    }
    const auto accepted = [&crowd] {
        std::size_t count = 0;
        while (count < crowd.size() && !crowd[count]->connacks.empty()) ++count;
        for (std::size_t later = count; later < crowd.size(); ++later)
            EXPECT_TRUE(crowd[later]->connacks.empty()) << later << " before " << count;
        return count;
    };
    EXPECT_EQ(accepted(), 4u);
    EXPECT_EQ(rig.stats().waited_connects, 6u);
    crowd[4]->publish("t", "behind its CONNECT", 1);
    crowd[5]->drop();  // leaves the line, and nobody waits for it
    rig.settle();
    crowd.erase(crowd.begin() + 5);
    for (int turn = 0; turn < 20; ++turn) rig.advance(io::Steady{20});
    EXPECT_EQ(accepted(), 9u);
    EXPECT_EQ(crowd[4]->published.size(), 1u);
    EXPECT_EQ(rig.stats().sessions, 9u);
    EXPECT_EQ(rig.stats().connections, 9u);
}

// What a client of many takes once it only listens. 0 under sanitizers, whose allocators do not tell.
double bytes_of_each(unsigned connects_per_second) {
    constexpr std::size_t count = 200;
    Limits limits;
    limits.connects_per_second = connects_per_second;
    Rig rig(1, limits);
    std::vector<std::unique_ptr<TestClient>> crowd;
    for (std::size_t number = 0; number < count; ++number) {
        crowd.push_back(std::make_unique<TestClient>(
            rig, TestClient::Options{.client_id = "c" + std::to_string(number)}));
    }
    const auto held = [] { return static_cast<double>(::mallinfo2().uordblks); };
    const double before = held();
    for (auto& client : crowd) client->connect();
    for (int turn = 0; turn < 100 && crowd.back()->connacks.empty(); ++turn)
        rig.advance(io::Steady{20});
    EXPECT_EQ(rig.stats().waited_connects > 0, connects_per_second > 0);
    EXPECT_EQ(rig.stats().connections, count);
    return (held() - before) / static_cast<double>(count);
}

TEST(LimitsOf, ConnectsLeaveNothingBehindOfWhoWaited) {
    EXPECT_LT(bytes_of_each(500), bytes_of_each(0) + 128);
}

struct SlowReader {
    explicit SlowReader(unsigned shards, std::uint32_t writers_shard)
        : rig(shards, limits()),
          reader(rig, {.client_id = "reader", .capacity = 4 << 10}),
          writer(rig, {.client_id = "writer", .shard = writers_shard}) {
        reader.connect();
        reader.subscribe("a", 0);
        writer.connect();
    }
    static Limits limits() {
        Limits some;
        some.qos0_mark_bytes = 8'000;
        some.output_bytes_max = 20'000;
        return some;
    }
    void write(int count) {
        for (int number = 0; number < count; ++number)
            writer.publish("a", std::string(500, '0'), 0);
    }
    Rig rig;
    TestClient reader, writer;
};

TEST(Queue, QosZeroWaitsForAReaderThatKeepsUpAgainSoon) {
    for (const std::uint32_t shard : {0u, 1u}) {
        SlowReader scene(2, shard);
        scene.reader.stall(true);
        scene.write(60);  // 30 kB: more than is dropped at
        EXPECT_GT(scene.rig.stats().waited_qos0, 0u) << shard;
        EXPECT_EQ(scene.rig.stats().dropped_slow_qos0, 0u) << shard << ": it waits in the socket";
        scene.reader.stall(false);
        for (int turn = 0; turn < 50; ++turn) scene.rig.settle();
        EXPECT_EQ(scene.reader.arrived.size(), 60u) << shard;
        scene.write(10);
        EXPECT_EQ(scene.reader.arrived.size(), 70u) << shard;
        EXPECT_EQ(scene.rig.stats().dropped_slow_qos0, 0u) << shard;
    }
}

TEST(Queue, AStuckReaderIsWaitedForOnceAndThenLosesCounted) {
    for (const std::uint32_t shard : {0u, 1u}) {
        SlowReader scene(2, shard);
        TestClient other(scene.rig, {.client_id = "other"});
        other.connect();
        other.subscribe("b", 0);
        scene.reader.stall(true);
        scene.write(100);
        const auto before = scene.rig.stats().received_qos0;
        EXPECT_LT(before, 100u) << shard;
        for (int turn = 0; turn < 5; ++turn) scene.rig.advance(io::Steady{40});
        const auto waits = scene.rig.stats().waited_qos0;
        EXPECT_EQ(scene.rig.stats().received_qos0, 100u) << shard << ": nobody holds the plant";
        EXPECT_GT(scene.rig.stats().dropped_slow_qos0, 0u) << shard;
        scene.write(100);
        scene.writer.publish("b", "goes on", 0);
        EXPECT_EQ(scene.rig.stats().received_qos0, 201u) << shard << ": at once";
        EXPECT_EQ(scene.rig.stats().waited_qos0, waits) << shard;
        EXPECT_EQ(other.arrived.size(), 1u) << shard;
        // It reads again: it is waited for again.
        scene.reader.stall(false);
        for (int turn = 0; turn < 50; ++turn) scene.rig.settle();
        EXPECT_EQ(scene.reader.arrived.size() + scene.rig.stats().dropped_slow_qos0, 200u) << shard;
        const auto dropped = scene.rig.stats().dropped_slow_qos0;
        scene.reader.stall(true);
        scene.write(60);
        EXPECT_GT(scene.rig.stats().waited_qos0, waits) << shard;
        EXPECT_EQ(scene.rig.stats().dropped_slow_qos0, dropped) << shard;
    }
}

TEST(Queue, AWaitingSenderThatLeavesOrWhoseReaderLeavesHoldsNothing) {
    SlowReader scene(2, 1);
    scene.reader.stall(true);
    scene.write(60);
    const auto taken = scene.rig.stats().received_qos0;
    EXPECT_LT(taken, 60u);
    scene.reader.drop();
    scene.rig.settle();
    EXPECT_EQ(scene.rig.stats().received_qos0, 60u) << "the reader is gone: no more waiting";
    scene.reader.connect();
    scene.reader.subscribe("a", 0);
    scene.reader.stall(true);
    scene.write(60);
    EXPECT_GT(scene.rig.stats().waited_qos0, 1u);
    scene.writer.drop();
    for (int turn = 0; turn < 5; ++turn) scene.rig.advance(io::Steady{300});
    EXPECT_EQ(scene.rig.stats().connections, 1u);
}

TEST(Rights, PublishWithoutRightIsRefusedByReasonOrCountedSilently) {
    Rig rig;
    rig.gate->no_publish = {{"w", "a"}};
    rig.gate->no_subscribe = {{"w", "a"}};
    TestClient five(rig, {.client_id = "5", .user = "w"}),
        old(rig, {.client_id = "3", .version = Version::v3_1_1, .user = "w"});
    five.connect();
    old.connect();
    five.publish("a", "x", 1);
    EXPECT_EQ(five.published.back().reason, Reason::not_authorized);
    five.publish("a", "x", 2);
    EXPECT_EQ(five.published.back().reason, Reason::not_authorized);
    five.subscribe("a", 1);
    EXPECT_EQ(five.answered.back().suback.reasons, std::vector{Reason::not_authorized});
    old.publish("a", "x", 1);
    EXPECT_EQ(old.published.size(), 1u);
    old.publish("a", "x", 0);
    EXPECT_FALSE(old.is_closed());
    EXPECT_EQ(rig.stats().publishes_refused_rights, 4u);
}

TEST(Rights, ARevokedCredentialEndsTheLiveSession) {
    Rig rig;
    TestClient client(rig, {.client_id = "c", .user = "w"}), other(rig, {.client_id = "d"});
    client.connect();
    other.connect();
    rig.gate->revoked = {"w"};
    std::size_t ended = 0;
    rig.on(0, [&] { ended = rig.broker->recheck_here(); });
    rig.settle();
    EXPECT_EQ(ended, 1u);
    ASSERT_EQ(client.ended.size(), 1u);
    EXPECT_EQ(client.ended[0].reason, Reason::not_authorized);
    EXPECT_FALSE(other.is_closed());
}

}  // namespace
}  // namespace lineshaft::broker
