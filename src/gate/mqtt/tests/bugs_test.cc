// The twenty bugs of other brokers (specs: "Bugs that really happened in brokers"), one test each.
#include <filesystem>
#include <thread>

#include "rig.h"

namespace lineshaft::broker {
namespace {

using Options = TestClient::Options;
using mqtt::Reason;
using mqtt::Version;
using namespace std::string_view_literals;
using namespace std::string_literals;

// A connection without the client's protocol: raw bytes in.
class Raw : public testing::Test {
protected:
    Rig rig;
    TestClient client{rig, {.client_id = "raw"}};

    void open() {
        auto [here, there] = io::memory_streams(1 << 20);
        stream = std::move(here);
        auto server = std::make_shared<std::unique_ptr<io::Stream>>(std::move(there));
        rig.on(0, [this, server] { rig.broker->serve(std::move(*server)); });
        rig.settle();
    }
    bool send(std::string_view bytes) {
        const auto written = stream->try_write(as_bytes(bytes));
        rig.settle();
        return written.has_value() && *written == bytes.size();
    }
    bool is_alive() {
        rig.advance(io::Steady{1'100});  // the broker lingers for a second
        return stream->try_write(as_bytes("")).has_value();
    }
    void TearDown() override {
        if (stream) rig.on(0, [this] { stream->close(); });
        rig.settle();
    }
    std::unique_ptr<io::Stream> stream;
};

TEST_F(Raw, Bug01_FirstPacketNotConnectWithAHugeLength) {
    open();
    send("\x30\xff\xff\xff\x7f"sv);
    EXPECT_FALSE(is_alive());
    EXPECT_EQ(rig.stats().connects_refused_protocol, 1u);
    open();
    send("\x10\xff\xff\xff\x7f"sv);
    EXPECT_FALSE(is_alive());
}

TEST(Bugs, Bug02_TheSameQosTwoIdAgainAndAgainIsHeldOnceAndDeliveredOnce) {
    Rig rig;
    TestClient reader(rig, {.client_id = "reader"}), writer(rig, {.client_id = "writer"});
    reader.connect();
    reader.subscribe("a", 2);
    writer.connect();
    std::string packet;
    for (int again = 0; again < 1000; ++again) {
        mqtt::encode(mqtt::PublishView{.message = {"a", "", "x"},
                                       .qos = mqtt::Qos::exactly_once,
                                       .dup = again != 0,
                                       .packet_id = 7},
                     Version::v5_0, packet);
    }
    writer.send_raw(packet);
    EXPECT_EQ(reader.arrived.size(), 1u);
    EXPECT_FALSE(writer.is_closed());
}

TEST_F(Raw, Bug03_BadWillPropertiesInConnectLeaveNothingBehind) {
    for (int again = 0; again < 20; ++again) {
        open();
        std::string body = "\0\x04MQTT\x05\x06\0\0\0\0\x01"s + "c"s;
        body += "\x02\x01\x05"s;  // payload format indicator 5
        body += "\0\x01w\0\x01x"s;
        send("\x10"s + static_cast<char>(body.size()) + body);
        EXPECT_FALSE(is_alive());
    }
    EXPECT_EQ(rig.stats().sessions, 0u);
    EXPECT_EQ(rig.stats().connects_refused_protocol, 20u);
}

TEST(Bugs, Bug04_ThousandsOfUserPropertiesAreRefused) {
    Rig rig;
    TestClient writer(rig, {.client_id = "writer"});
    writer.connect();
    std::string properties;
    for (int each = 0; each < 5000; ++each) mqtt::append_user_property("k", "v", properties);
    (void)writer.protocol.publish(mqtt::Message("a", "x", properties), mqtt::Qos::at_least_once);
    writer.go();
    EXPECT_TRUE(writer.is_closed());
    EXPECT_EQ(rig.stats().protocol_errors, 1u);
}

TEST(Bugs, Bug05_ZeroLengthTopic) {
    Rig rig;
    TestClient writer(rig, {.client_id = "writer"});
    writer.connect();
    writer.send_raw("\x30\x04\0\0\0x"sv);
    EXPECT_TRUE(writer.is_closed());
}

TEST(Bugs, Bug06_ServerOnlyPacketsEndTheConnection) {
    for (const auto packet :
         {"\x20\x03\0\0\0"sv, "\x90\x04\0\x01\0\0"sv, "\xb0\x04\0\x01\0\0"sv, "\xd0\0"sv}) {
        Rig rig;
        TestClient client(rig, {.client_id = "c"});
        client.connect();
        client.send_raw(packet);
        EXPECT_TRUE(client.is_closed());
        EXPECT_EQ(rig.stats().protocol_errors, 1u);
    }
}

TEST(Bugs, Bug07_TopicsOfThousandsOfLevels) {
    Limits limits;
    limits.wire.packet.topic = {.bytes_max = 65535, .levels_max = 65535};
    Rig rig(1, limits);
    TestClient client(rig, {.client_id = "c"});
    client.connect();
    const std::string deep(60'000, '/');
    client.subscribe("#", 0);
    client.subscribe(deep, 0);
    client.publish(deep, "deep", 1);
    EXPECT_EQ(client.payloads(), std::vector<std::string>{"deep"});
    Rig usual;
    TestClient other(usual, {.client_id = "c"});
    other.connect();
    std::string packet;
    mqtt::encode(mqtt::PublishView{.message = {std::string(33, '/'), "", "x"}}, Version::v5_0,
                 packet);
    other.send_raw(packet);
    EXPECT_TRUE(other.is_closed()) << "the default limit is 32 levels";
}

TEST(Bugs, Bug08_WildcardsInNamesWidenNoRight) {
    Rig rig;
    rig.gate->no_receive = {{"+", "secret"}};
    TestClient client(rig, {.client_id = "#", .user = "+"});
    client.connect();
    client.subscribe("#", 1);
    client.publish("secret", "x", 1);
    EXPECT_TRUE(client.arrived.empty());
    EXPECT_EQ(rig.stats().dropped_rights, 1u);
}

TEST(Bugs, Bug09_Control13_ARightWithdrawnStopsADurableSubscription) {
    Rig rig;
    TestClient reader(rig, {.client_id = "reader", .clean = false, .expiry_s = 100, .user = "r"}),
        writer(rig, {.client_id = "writer"});
    reader.connect();
    reader.subscribe("a", 1);
    writer.connect();
    writer.publish("a", "allowed", 1);
    rig.gate->no_receive = {{"r", "a"}};
    writer.publish("a", "online", 1);
    reader.drop();
    writer.publish("a", "asleep", 1);
    reader.connect();
    EXPECT_EQ(reader.payloads(), std::vector<std::string>{"allowed"});
    EXPECT_EQ(rig.stats().dropped_rights, 2u);
    EXPECT_EQ(rig.stats().queued_bytes, 0u);
}

TEST(Bugs, Bug10_Control13_AnUnfinishedMessageIsNotResumedWithoutTheRight) {
    Rig rig;
    TestClient reader(rig, {.client_id = "reader",
                            .clean = false,
                            .expiry_s = 100,
                            .user = "r",
                            .acknowledges = false}),
        writer(rig, {.client_id = "writer"});
    reader.connect();
    reader.subscribe("a", 2);
    writer.connect();
    writer.publish("a", "one", 1);
    writer.publish("a", "two", 2);
    EXPECT_EQ(reader.arrived.size(), 2u);
    reader.drop();
    rig.gate->no_receive = {{"r", "a"}};
    reader.connect();
    EXPECT_EQ(reader.arrived.size(), 2u);
    EXPECT_EQ(rig.stats().dropped_rights, 2u);
    rig.gate->no_receive = {};
    reader.connect();
    EXPECT_EQ(reader.arrived.size(), 2u) << "given up, not kept for later";
}

TEST(Bugs, Bug11_Control13_RetainedMessagesOfAWithdrawnPublisherAreHiddenAlsoAfterARestart) {
    Rig rig;
    TestClient writer(rig, {.client_id = "writer", .user = "w"}),
        reader(rig, {.client_id = "reader"});
    writer.connect();
    writer.publish("a", "x", 1, true);
    rig.gate->no_publish = {{"w", "a"}};
    reader.connect();
    reader.subscribe("a", 1);
    EXPECT_TRUE(reader.arrived.empty());
    EXPECT_EQ(rig.stats().retained_hidden_rights, 1u);
    rig.gate->no_publish = {};
    reader.subscribe("a", 1);
    EXPECT_EQ(reader.arrived.size(), 1u);
    rig.gate->revoked = {"w"};
    rig.restart();
    reader.connect();
    reader.subscribe("a", 1);
    EXPECT_EQ(reader.arrived.size(), 1u) << "its publisher is gone";
}

// 12 (an empty file means everything is allowed), 13 (a reload drops security) and 14 (an option
// opens an anonymous listener) have no counterpart here: rights are a Gatekeeper that must exist,
// and one that admits nobody lets nobody in.
TEST(Bugs, Bug12To14_ARefusalOfTheGatekeeperIsFinal) {
    Rig rig;
    rig.gate->refused_users = {"anyone"};
    for (const auto version : {Version::v3_1_1, Version::v5_0}) {
        TestClient client(rig, {.client_id = "c", .version = version});
        client.connect();
        ASSERT_EQ(client.connacks.size(), 1u);
        EXPECT_EQ(client.connacks[0].connack.reason, Reason::bad_user_name_or_password);
        EXPECT_TRUE(client.is_closed());
    }
    EXPECT_EQ(rig.stats().connects_refused_rights, 2u);
}

TEST(Bugs, Bug15_MaximumKeepAliveAppliesToBothVersions) {
    Limits limits;
    limits.wire.keep_alive_max = std::chrono::seconds(10);
    for (const auto version : {Version::v3_1_1, Version::v5_0}) {
        Rig rig(1, limits);
        TestClient client(rig, {.client_id = "c", .version = version, .keep_alive_s = 0});
        client.connect();
        rig.advance(io::Steady{16'000});
        EXPECT_TRUE(client.is_closed());
    }
}

TEST(Bugs, Bug16_DamagedRecordsAreNamedAndSetAsideAndTheRestStarts) {
    Rig rig;
    TestClient good(rig, {.client_id = "good", .clean = false, .expiry_s = 100}),
        bad(rig, {.client_id = "bad", .clean = false, .expiry_s = 100}),
        writer(rig, {.client_id = "writer"});
    good.connect();
    good.subscribe("a", 1);
    good.drop();
    bad.connect();
    bad.drop();
    writer.connect();
    writer.publish("a", "x", 1);
    writer.publish("r", "retained", 1, true);
    writer.drop();
    const std::string copy = rig.dir.path("damaged");
    ASSERT_TRUE(rig.inner->checkpoint(copy).has_value());
    {
        auto opened = store::open(copy, {});
        ASSERT_TRUE(opened.has_value());
        store::Batch batch;
        const auto spoil = [&](store::Family family, std::string_view must_hold) {
            for (auto at = opened->store->scan(family, {}, {}); at->is_valid(); at->next()) {
                if (at->value().find(must_hold) == std::string_view::npos) continue;
                batch.put(family, at->key(),
                          std::string(at->value().substr(0, at->value().size() / 2)));
            }
        };
        spoil(store::Family::mqtt_sessions, "bad");
        spoil(store::Family::mqtt_retained, "retained");
        batch.put(store::Family::mqtt_sessions, "strange key", "?");
        batch.put(store::Family::mqtt_messages, "strange key", "?");
        batch.put(store::Family::mqtt_messages, std::string("\0\0\0\0\0\0\0\0\0\x01", 10),
                  "garbage");
        std::atomic<bool> done{false};
        opened->store->submit(std::move(batch), [&](Result<void>) { done = true; });
        while (!done) std::this_thread::yield();
        opened->store->close();
    }
    Rig after(1, {}, copy);
    EXPECT_EQ(after.loaded.damaged, 4u);
    EXPECT_EQ(after.loaded.damage.size(), 4u);
    EXPECT_EQ(after.loaded.sessions, 1u);
    TestClient again(after, {.client_id = "good", .clean = false, .expiry_s = 100});
    again.connect();
    EXPECT_EQ(again.payloads(), std::vector<std::string>{"x"});
    EXPECT_GE(after.stats().damaged_records, 1u);
    after.restart();
    EXPECT_EQ(after.loaded.damaged, 0u) << "set aside once";
}

TEST_F(Raw, Bug17_InvalidUtf8InNamesIsRefused) {
    open();
    std::string body = "\0\x04MQTT\x05\x82\0\0\0\0\x01"s + "c"s + "\0\x02\xff\xfe"s;
    send("\x10"s + static_cast<char>(body.size()) + body);
    EXPECT_FALSE(is_alive());
    EXPECT_EQ(rig.stats().sessions, 0u);
}

TEST(Bugs, Bug18_SharedAndOrdinarySubscriptionsOfOneFilterAreTwo) {
    Rig rig;
    TestClient client(rig, {.client_id = "c"});
    client.connect();
    client.subscribe("a", 0);
    client.subscribe("$share/g/a", 0);
    EXPECT_EQ(rig.stats().subscriptions, 2u);
    client.unsubscribe("$share/g/a");
    client.publish("a", "x", 0);
    EXPECT_EQ(client.arrived.size(), 1u);
    client.subscribe("$share/g/a", 0);
    client.unsubscribe("a");
    client.publish("a", "y", 0);
    EXPECT_EQ(client.count("y"), 1u);
    client.unsubscribe("$share/h/a");
    EXPECT_EQ(client.answered.back().suback.reasons, std::vector{Reason::no_subscription_existed});
}

TEST(Bugs, Bug19_NoStateFileIsReadableByOthers) {
    Rig rig;
    for (const auto& each : std::filesystem::recursive_directory_iterator(rig.dir.path("store"))) {
        const auto others = std::filesystem::perms::group_all | std::filesystem::perms::others_all;
        EXPECT_EQ(each.status().permissions() & others, std::filesystem::perms::none)
            << each.path();
    }
}

// Two clients that come, subscribe, publish and go in every order leave no trace in the routes.
TEST(Bugs, Bug20_ConcurrentConnectsAndSubscriptionsLeaveTheListsWhole) {
    Limits limits;
    limits.connects_per_second = 0;  // hundreds of them while the clock stands still
    limits.newcomer_reads_per_second = limits.departures_per_second = 0;
    Rig rig(2, limits);
    std::uint32_t seed = 1;
    const auto dice = [&seed](std::uint32_t sides) {
        seed = seed * 1664525u + 1013904223u;
        return (seed >> 16) % sides;
    };
    std::vector<std::unique_ptr<TestClient>> clients;
    for (std::uint32_t number = 0; number < 6; ++number) {
        clients.push_back(
            std::make_unique<TestClient>(rig, Options{.client_id = "c" + std::to_string(number % 4),
                                                      .clean = number % 2 == 0,
                                                      .expiry_s = number % 3 == 0 ? 0u : 100u,
                                                      .shard = number % 2}));
    }
    for (int step = 0; step < 400; ++step) {
        TestClient& client = *clients[dice(6)];
        const std::string filter = (dice(2) == 0 ? "$share/g/t/" : "t/") + std::to_string(dice(3));
        if (client.is_closed()) {
            client.connect();
            continue;
        }
        switch (dice(5)) {
            case 0: client.drop(); break;
            case 1: client.disconnect(); break;
            case 2: client.subscribe(filter, static_cast<int>(dice(3))); break;
            case 3: client.unsubscribe(filter); break;
            default:
                for (int qos = 0; qos < 3; ++qos)
                    client.publish("t/" + std::to_string(dice(3)), "x", qos);
        }
    }
    for (auto& client : clients) client->drop();
    for (std::uint32_t number = 0; number < 4; ++number) {
        TestClient last(rig, {.client_id = "c" + std::to_string(number)});
        last.connect();
        last.disconnect();
    }
    const Stats stats = rig.stats();
    EXPECT_EQ(stats.sessions, 0u);
    EXPECT_EQ(stats.subscriptions, 0u);
    TestClient lonely(rig, {.client_id = "lonely"});
    lonely.connect();
    for (int topic = 0; topic < 3; ++topic) lonely.publish("t/" + std::to_string(topic), "x", 1);
    for (const auto& each : lonely.published)
        EXPECT_EQ(each.reason, Reason::no_matching_subscribers);
}

}  // namespace
}  // namespace lineshaft::broker
