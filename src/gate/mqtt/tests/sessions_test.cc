// Take-over, wills, keep alive, and the node's own side: taps, publish, introspection.
#include "rig.h"

namespace lineshaft::broker {
namespace {

using Options = TestClient::Options;
using mqtt::Reason;
using mqtt::Version;

mqtt::Will will(const std::string& topic, std::uint32_t delay_s = 0, bool retain = false) {
    return {.message = mqtt::Message(topic, "gone"),
            .qos = mqtt::Qos::at_least_once,
            .retain = retain,
            .delay_s = delay_s,
            .expiry_s = std::nullopt};
}

TEST(TakeOver, EndsTheOlderConnectionAndKeepsItsSessionOnEveryShard) {
    Rig rig(2);
    Options options{.client_id = "same", .clean = false, .expiry_s = 100};
    TestClient first(rig, options), writer(rig, {.client_id = "writer"});
    first.connect();
    first.subscribe("a", 1);
    options.shard = 1;
    TestClient second(rig, options);
    second.connect();
    ASSERT_EQ(first.ended.size(), 1u);
    EXPECT_EQ(first.ended[0].reason, Reason::session_taken_over);
    EXPECT_TRUE(second.connacks.back().connack.session_present);
    writer.connect();
    writer.publish("a", "x", 1);
    EXPECT_EQ(second.payloads(), std::vector<std::string>{"x"});
    EXPECT_TRUE(first.arrived.empty());
    EXPECT_EQ(rig.stats().sessions, 2u);
    EXPECT_EQ(rig.stats().taken_over, 1u);
}

TEST(TakeOver, OfASessionThatIsNotDurableStartsAfresh) {
    Rig rig;
    TestClient first(rig, {.client_id = "same", .version = Version::v3_1_1}),
        second(rig, {.client_id = "same", .clean = false});
    first.connect();
    first.subscribe("a", 1);
    second.connect();
    EXPECT_TRUE(first.is_closed());
    EXPECT_FALSE(second.connacks.back().connack.session_present);
    EXPECT_EQ(rig.stats().subscriptions, 0u);
}

TEST(TakeOver, ClientIdsAreOnePerOrganisation) {
    Rig rig(2);
    TestClient ours(rig, {.client_id = "same", .user = "ours"}),
        theirs(rig, {.client_id = "same", .user = "acme-1", .shard = 1});
    ours.connect();
    theirs.connect();
    EXPECT_FALSE(ours.is_closed());
    EXPECT_EQ(rig.stats().sessions, 2u);
}

TEST(TakeOver, ManyAtOnceLeaveExactlyOne) {
    Rig rig(2);
    std::vector<std::unique_ptr<TestClient>> clients;
    for (std::uint32_t number = 0; number < 8; ++number) {
        clients.push_back(std::make_unique<TestClient>(rig, Options{.client_id = "same",
                                                                    .clean = number % 3 == 0,
                                                                    .expiry_s = 50,
                                                                    .shard = number % 2}));
    }
    for (auto& client : clients) client->connect();
    std::size_t alive = 0;
    for (auto& client : clients) alive += client->is_closed() ? 0 : 1;
    EXPECT_EQ(alive, 1u);
    EXPECT_EQ(rig.stats().sessions, 1u);
}

TEST(Will, IsPublishedWhenTheConnectionBreaksButNotAfterDisconnect) {
    Rig rig;
    TestClient watcher(rig, {.client_id = "watcher"}),
        client(rig, {.client_id = "client", .will = will("w")});
    watcher.connect();
    watcher.subscribe("w", 1);
    client.connect();
    client.disconnect();
    EXPECT_TRUE(watcher.arrived.empty());
    client.connect();
    client.drop();
    EXPECT_EQ(watcher.payloads(), std::vector<std::string>{"gone"});
    client.connect();
    client.disconnect(Reason::disconnect_with_will);
    EXPECT_EQ(watcher.arrived.size(), 2u);
}

TEST(Will, WaitsForItsDelayAndResumptionCancelsIt) {
    Rig rig;
    Options options{.client_id = "client", .clean = false, .expiry_s = 100, .will = will("w", 10)};
    TestClient watcher(rig, {.client_id = "watcher"}), client(rig, options);
    watcher.connect();
    watcher.subscribe("w", 1);
    client.connect();
    client.drop();
    rig.advance(io::Steady{9'000});
    EXPECT_TRUE(watcher.arrived.empty());
    client.connect();
    rig.advance(io::Steady{60'000});
    EXPECT_TRUE(watcher.arrived.empty()) << "cancelled by resumption";
    client.drop();
    rig.advance(io::Steady{11'000});
    EXPECT_EQ(watcher.arrived.size(), 1u);
}

TEST(Will, IsPublishedAtTheLatestWhenTheSessionEnds) {
    Rig rig;
    TestClient watcher(rig, {.client_id = "watcher"}),
        client(rig,
               {.client_id = "client", .clean = false, .expiry_s = 5, .will = will("w", 1000)});
    watcher.connect();
    watcher.subscribe("w", 1);
    client.connect();
    client.drop();
    rig.advance(io::Steady{6'000});
    EXPECT_EQ(watcher.arrived.size(), 1u);
}

TEST(Will, OfADurableSessionSurvivesACrash) {
    Rig rig;
    TestClient client(
        rig, {.client_id = "client", .clean = false, .expiry_s = 1000, .will = will("w", 5)});
    client.connect();
    auto after = rig.crash();
    TestClient watcher(*after, {.client_id = "watcher"});
    watcher.connect();
    watcher.subscribe("w", 1);
    after->advance(io::Steady{31'000});
    EXPECT_EQ(watcher.arrived.size(), 1u);
}

TEST(KeepAlive, EndsASilentConnectionAndPublishesItsWill) {
    Rig rig;
    TestClient watcher(rig, {.client_id = "watcher"}),
        client(rig, {.client_id = "client", .will = will("w"), .keep_alive_s = 10});
    watcher.connect();
    watcher.subscribe("w", 1);
    client.connect();
    rig.advance(io::Steady{14'000});
    EXPECT_FALSE(client.is_closed());
    rig.advance(io::Steady{2'000});
    EXPECT_TRUE(client.is_closed());
    EXPECT_EQ(watcher.arrived.size(), 1u);
    EXPECT_EQ(rig.stats().keep_alive_timeouts, 1u);
}

// ---- The node's side -------------------------------------------------------------------------

class TestTap final : public Tap {
public:
    bool wants(std::string_view topic) const override { return topic.starts_with("tap/"); }
    void take(const std::shared_ptr<const Publication>& publication, Done done) override {
        taken.emplace_back(publication->message.payload());
        if (waits) {
            pending.push_back(std::move(done));
        } else {
            done(outcome);
        }
    }
    std::vector<std::string> taken;
    std::vector<Done> pending;
    Result<void> outcome;
    bool waits = false;
};

class Taps : public testing::Test {
protected:
    void SetUp() override {
        rig.taps.push_back(&tap);
        rig.restart();
        writer.connect();
    }
    TestTap tap;
    Rig rig;
    TestClient writer{rig, {.client_id = "writer"}};
};

TEST_F(Taps, TakeInOrderAndJoinTheAcknowledgement) {
    tap.waits = true;
    writer.publish("tap/a", "1", 1);
    writer.publish("tap/a", "2", 2);
    writer.publish("other", "3", 1);
    EXPECT_EQ(tap.taken, (std::vector<std::string>{"1", "2"}));
    EXPECT_TRUE(writer.published.empty()) << "acknowledgements keep the order of the messages";
    rig.on(0, [&] { tap.pending[1]({}); });
    rig.settle();
    EXPECT_TRUE(writer.published.empty());
    rig.on(0, [&] { tap.pending[0]({}); });
    rig.settle();
    EXPECT_EQ(writer.published.size(), 3u);
}

TEST_F(Taps, ErrorsBecomeReasonCodes) {
    const std::pair<Code, Reason> table[] = {{Code::invalid, Reason::payload_format_invalid},
                                             {Code::denied, Reason::not_authorized},
                                             {Code::exhausted, Reason::quota_exceeded},
                                             {Code::unavailable, Reason::implementation_error},
                                             {Code::timeout, Reason::unspecified_error}};
    for (const auto& [code, reason] : table) {
        tap.outcome = fail(code, "no");
        writer.publish("tap/a", "x", 1);
        ASSERT_FALSE(writer.published.empty());
        EXPECT_EQ(writer.published.back().reason, reason);
    }
    EXPECT_EQ(rig.stats().publishes_refused_tap, std::size(table));
}

TEST_F(Taps, AnOldClientIsAcknowledgedWhatCanNeverBeRightAndWaitsForTheRest) {
    TestClient old(rig, {.client_id = "old", .version = Version::v3_1_1});
    old.connect();
    tap.outcome = fail(Code::invalid, "not JSON");
    old.publish("tap/a", "bad", 1);
    EXPECT_EQ(old.published.size(), 1u);
    tap.outcome = fail(Code::exhausted, "later");
    old.publish("tap/a", "again", 1);
    EXPECT_EQ(old.published.size(), 1u);
    EXPECT_FALSE(old.is_closed());
    EXPECT_EQ(rig.stats().paused_publishers, 1u);
    tap.outcome = {};
    rig.advance(io::Steady{1000});
    EXPECT_EQ(old.published.size(), 2u);
    EXPECT_EQ(rig.stats().paused_publishers, 0u);
}

TEST_F(Taps, ACrashBeforeTheyAreDoneLeavesTheMessageToTheNextTry) {
    std::unique_ptr<Rig> after;  // outlives the clients that move to it
    TestClient sender(rig, {.client_id = "sender", .clean = false, .expiry_s = 100});
    TestClient sleeper(rig, {.client_id = "sleeper", .clean = false, .expiry_s = 100});
    sleeper.connect();
    sleeper.subscribe("tap/#", 2);
    sleeper.drop();
    sender.connect();
    tap.waits = true;
    sender.publish("tap/a", "tapped", 2);
    sender.publish("other", "writes the session's progress", 2);
    rig.advance(io::Steady{3000});
    EXPECT_TRUE(sender.published.empty());
    after = rig.crash();
    tap.waits = false;
    sender.drop();
    sender.move_to(*after);
    sender.connect();
    EXPECT_EQ(sender.published.size(), 2u);
    TestClient again(*after, {.client_id = "sleeper", .clean = false, .expiry_s = 100});
    again.connect();
    EXPECT_EQ(again.payloads(), std::vector<std::string>{"tapped"}) << "not held as a repeat";
}

TEST_F(Taps, WhatTheyHaveTakenGoesToTheOthersOnce) {
    std::unique_ptr<Rig> after;  // outlives the clients that move to it
    TestClient sender(rig, {.client_id = "sender", .clean = false, .expiry_s = 100});
    TestClient reader(rig, {.client_id = "reader", .clean = false, .expiry_s = 100});
    reader.connect();
    reader.subscribe("tap/#", 2);
    sender.connect();
    tap.waits = true;
    sender.publish("tap/a", "1", 2);
    sender.publish("tap/a", "2", 2);
    EXPECT_TRUE(reader.arrived.empty());
    rig.on(0, [&] {
        tap.pending[0]({});
        tap.pending[1](fail(Code::exhausted, "later"));
    });
    rig.settle();
    EXPECT_EQ(reader.payloads(), std::vector<std::string>{"1"});
    ASSERT_EQ(sender.published.size(), 2u);
    EXPECT_EQ(sender.published[0].reason, Reason::quota_exceeded) << "its flow ends with PUBREC";
    EXPECT_EQ(sender.published[1].reason, Reason::success);
    after = rig.crash();
    tap.waits = false;
    sender.drop();
    sender.move_to(*after);
    sender.connect();
    reader.drop();
    reader.move_to(*after);
    reader.connect();
    EXPECT_EQ(reader.arrived.size(), 1u) << "acknowledged once, delivered once";
}

TEST_F(Taps, MayBeDoneAfterTheirPublisherHasGone) {
    TestClient sender(rig, {.client_id = "sender", .clean = false, .expiry_s = 100});
    sender.connect();
    tap.waits = true;
    sender.publish("tap/a", "1", 2);
    sender.drop();
    rig.on(0, [&] { tap.pending[0]({}); });
    rig.settle();
    sender.connect();
    EXPECT_EQ(tap.taken.size(), 1u) << "it was taken: the repeat is only acknowledged";
    EXPECT_EQ(sender.published.size(), 1u);
}

TEST_F(Taps, NotDoneYetKeepTheirPublisherWaitingForConnack) {
    TestClient sender(rig, {.client_id = "sender", .clean = false, .expiry_s = 100});
    sender.connect();
    tap.waits = true;
    sender.publish("tap/a", "1", 2);
    sender.drop();
    sender.connect();
    EXPECT_EQ(sender.connacks.size(), 1u) << "a repeat could not be answered truly yet";
    rig.on(0, [&] { tap.pending[0]({}); });
    rig.settle();
    EXPECT_EQ(sender.connacks.size(), 2u);
    EXPECT_EQ(sender.published.size(), 1u);
}

class EchoTap final : public Tap {
public:
    explicit EchoTap(Rig& rig) : rig_(rig) {}
    bool wants(std::string_view topic) const override { return topic.starts_with("ask/"); }
    void take(const std::shared_ptr<const Publication>& publication, Done done) override {
        rig_.broker->publish({.message = mqtt::Message("answer", publication->message.payload())});
        done({});
    }

private:
    Rig& rig_;
};

TEST(TapsToo, MayPublishWhileTheyTake) {
    Rig rig;
    EchoTap echo(rig);
    TestTap other;
    rig.taps = {&echo, &other};
    rig.restart();
    TestClient client(rig, {.client_id = "c"});
    client.connect();
    client.subscribe("#", 1);
    client.publish("ask/x", "echo", 1);
    EXPECT_EQ(client.count("echo"), 2u);
    EXPECT_EQ(client.published.size(), 1u);
}

TEST_F(Taps, AreAskedAboutQosZeroToo) {
    writer.publish("tap/a", "zero", 0);
    EXPECT_EQ(tap.taken, std::vector<std::string>{"zero"});
}

TEST(Node, PublishesWithADoneThatMeansOnDisk) {
    Rig rig;
    TestClient reader(rig, {.client_id = "reader", .clean = false, .expiry_s = 100});
    reader.connect();
    reader.subscribe("c/#", 1);
    reader.drop();
    rig.hold();
    std::optional<Result<void>> done;
    rig.on(0, [&] {
        rig.broker->publish({.message = mqtt::Message("c/1", "go"),
                             .qos = mqtt::Qos::at_least_once,
                             .retain = true},
                            [&](Result<void> outcome) { done = std::move(outcome); });
    });
    rig.settle();
    EXPECT_FALSE(done.has_value());
    rig.release();
    ASSERT_TRUE(done.has_value());
    EXPECT_TRUE(done->has_value());
    reader.connect();
    EXPECT_EQ(reader.payloads(), std::vector<std::string>{"go"});
    rig.on(0, [&] {
        rig.broker->publish({.message = mqtt::Message("c/+", "x"), .expiry_s = std::nullopt},
                            [&](Result<void> outcome) { done = std::move(outcome); });
    });
    EXPECT_EQ(done->error().code, Code::invalid);
}

class Watch final : public Observer {
public:
    void connected(const Client& client) override {
        lines.push_back("+" + std::string(client.client_id));
    }
    void disconnected(const Client& client, Reason reason, std::string_view) override {
        lines.push_back("-" + std::string(client.client_id) + " " +
                        std::string(mqtt::name_of(reason)));
    }
    std::vector<std::string> lines;
};

TEST(Node, ObserversHearOfEveryConnection) {
    Watch watch;
    Rig rig;
    rig.observers.push_back(&watch);
    rig.restart();
    TestClient first(rig, {.client_id = "c"}), second(rig, {.client_id = "c"});
    first.connect();
    second.connect();
    second.disconnect();
    EXPECT_EQ(watch.lines,
              (std::vector<std::string>{"+c", "-c session taken over", "+c",
                                        "-c " + std::string(mqtt::name_of(Reason::success))}));
}

// What recheck_here() goes through are connections that were let in.
TEST(Node, ACredentialThatEndsWhileItsClientIsLetInLetsNobodyIn) {
    for (const bool was_there : {false, true}) {
        Watch watch;
        Rig rig;
        rig.observers.push_back(&watch);
        rig.restart();
        TestClient client(rig, {.client_id = "c", .clean = false, .expiry_s = 100, .user = "w"});
        if (was_there) {
            client.connect();
            client.drop();
        }
        watch.lines.clear();
        const std::size_t before = client.connacks.size();
        rig.hold();
        client.connect();
        EXPECT_EQ(client.connacks.size(), before) << "it waits for the disk";
        rig.gate->revoked = {"w"};
        rig.on(0, [&] { EXPECT_EQ(rig.broker->recheck_here(), 0u); });
        rig.release();
        EXPECT_TRUE(client.is_closed());
        EXPECT_TRUE(watch.lines.empty()) << watch.lines.front();
        EXPECT_EQ(rig.stats().connections, 0u);
        EXPECT_EQ(rig.stats().connects_refused_rights, 1u);
    }
}

io::Task<Result<void>> end_client(Broker* broker, std::string id, bool forget) {
    auto done = co_await broker->end_client(OrganisationId(1), std::move(id), forget);
    co_return done;
}

io::Task<Result<std::shared_ptr<const Publication>>> ask_retained(Broker* broker,
                                                                  std::string topic) {
    auto found = co_await broker->retained(std::move(topic));
    co_return found;
}

TEST(Node, ListsAndEndsClients) {
    Rig rig(2);
    TestClient one(rig, {.client_id = "one", .clean = false, .expiry_s = 100, .shard = 1}),
        two(rig, {.client_id = "two"});
    one.connect();
    one.subscribe("a", 1);
    two.connect();
    two.publish("a", "x", 1);
    const auto rows = rig.clients();
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0].client_id, "one");
    EXPECT_TRUE(rows[0].state == ClientState::connected && rows[0].is_durable);
    EXPECT_EQ(rows[0].subscriptions, 1u);
    EXPECT_EQ(rows[0].total.messages_out, 1u);
    EXPECT_EQ(rows[1].total.messages_in, 1u);
    EXPECT_TRUE(rig.run(end_client(rig.broker.get(), "one", false)).has_value());
    rig.settle();
    ASSERT_EQ(one.ended.size(), 1u);
    EXPECT_EQ(one.ended[0].reason, Reason::administrative_action);
    EXPECT_EQ(rig.stats().sessions, 2u);
    EXPECT_TRUE(rig.run(end_client(rig.broker.get(), "one", true)).has_value());
    rig.settle();
    EXPECT_EQ(rig.stats().sessions, 1u);
    EXPECT_EQ(rig.run(end_client(rig.broker.get(), "one", true)).error().code, Code::not_found);
    EXPECT_EQ(rig.run(ask_retained(rig.broker.get(), "none")).error().code, Code::not_found);
}

}  // namespace
}  // namespace lineshaft::broker
