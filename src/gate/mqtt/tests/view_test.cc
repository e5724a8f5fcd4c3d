// What operators see: clients, those that left, topics; and that looking never shows what may not
// be seen.
#include "rig.h"

#include "gate/mqtt/client_order.h"
#include "gate/mqtt/recent.h"

namespace lineshaft::broker {
namespace {

using mqtt::Reason;
using std::chrono::milliseconds;

io::Task<ClientPage> ask(Broker* broker, ClientQuery query) {
    auto page = co_await broker->clients(std::move(query));
    co_return page;
}
io::Task<Result<ClientDetail>> ask_one(Broker* broker, OrganisationId organisation,
                                       std::string client_id) {
    auto detail = co_await broker->client(organisation, std::move(client_id));
    co_return detail;
}
io::Task<TopicPage> ask_topics(Broker* broker, trust::PrincipalPtr who,
                               std::optional<std::string> prefix, std::optional<std::string> after,
                               std::size_t count_max) {
    auto page =
        co_await broker->topics(std::move(who), std::move(prefix), std::move(after), count_max);
    co_return page;
}
io::Task<Result<LastMessage>> ask_topic(Broker* broker, trust::PrincipalPtr who,
                                        std::string topic) {
    auto last = co_await broker->topic(std::move(who), std::move(topic));
    co_return last;
}
io::Task<Result<void>> ask_end(Broker* broker, std::string client_id) {
    auto ended = co_await broker->end_client(OrganisationId(1), std::move(client_id), false);
    co_return ended;
}

std::vector<std::string> ids(const ClientPage& page) {
    std::vector<std::string> out;
    for (const auto& row : page.rows) out.push_back(row.client_id);
    return out;
}

std::vector<std::string> names(const TopicPage& page) {
    std::vector<std::string> out;
    for (const auto& level : page.levels) out.push_back(level.name);
    return out;
}

TEST(MeterOf, CountsAndGivesTheRateOfTheLastWholeWindow) {
    Meter meter;
    for (int each = 0; each < 10; ++each) meter.came(5, 100);
    EXPECT_EQ(meter.rates(5).messages_in, 0) << "the first window is not over";
    EXPECT_EQ(meter.rates(6).messages_in, 5);
    EXPECT_EQ(meter.rates(6).bytes_in, 500);
    EXPECT_EQ(meter.rates(7).messages_in, 0) << "a silent window";
    meter.went(6, 8);
    EXPECT_EQ(meter.rates(6).messages_in, 5);
    EXPECT_EQ(meter.rates(7).messages_out, 0.5);
    EXPECT_EQ(meter.total().bytes_in, 1000u);
    meter.lost(Loss::slow);
    EXPECT_EQ(meter.losses()[static_cast<std::size_t>(Loss::slow)], 1u);
}

TEST(Places, OrderAndRoundTrip) {
    const ClientPlace place = parse_place("17~a~b");
    EXPECT_EQ(place.value, 17u);
    EXPECT_EQ(place.client_id, "a~b");
    EXPECT_EQ(format_place(place), "17~a~b");
    for (const std::string bad : {"", "x", "x~a", "~a", "-1~a"}) {
        EXPECT_TRUE(comes_before(parse_place(bad), place)) << bad;
    }
    EXPECT_TRUE(comes_before({2, "b"}, {1, "a"}));
    EXPECT_TRUE(comes_before({2, "a"}, {2, "b"}));
    EXPECT_TRUE(contains_text("Press-17", "ess-1"));
    EXPECT_TRUE(contains_text("Press-17", "PRESS"));
    EXPECT_FALSE(contains_text("Press", "press-"));
}

TEST(Clients, AreListedPagedAndFound) {
    Rig rig(2);
    std::deque<TestClient> clients;
    for (std::uint32_t each = 0; each < 7; ++each) {
        auto& client =
            clients.emplace_back(rig, TestClient::Options{.client_id = "c" + std::to_string(each),
                                                          .clean = false,
                                                          .expiry_s = 100,
                                                          .user = each == 3 ? "Press" : "anyone",
                                                          .shard = each % 2});
        client.connect();
    }
    TestClient other(rig, {.client_id = "acme-1", .user = "acme"});
    other.connect();
    clients[1].drop();
    const OrganisationId home(1);
    std::vector<std::string> all;
    ClientQuery query{.organisation = home, .count_max = 3};
    for (int page_number = 0; page_number < 4; ++page_number) {
        const auto page = rig.run(ask(rig.broker.get(), query));
        EXPECT_EQ(page.total, 7u);
        for (const auto& id : ids(page)) all.push_back(id);
        if (page.next.empty()) break;
        query.after = page.next;
    }
    EXPECT_EQ(all, (std::vector<std::string>{"c0", "c1", "c2", "c3", "c4", "c5", "c6"}));
    const auto only = [&](ClientQuery wanted) {
        wanted.organisation = home;
        return ids(rig.run(ask(rig.broker.get(), std::move(wanted))));
    };
    EXPECT_EQ(only({.state = ClientState::sleeping}), std::vector<std::string>{"c1"});
    EXPECT_EQ(only({.text = "press"}), std::vector<std::string>{"c3"});
    EXPECT_EQ(only({.text = "C5"}), std::vector<std::string>{"c5"});
    EXPECT_EQ(only({.text = "acme"}), std::vector<std::string>{}) << "another organisation's";
    for (int each = 0; each < 4; ++each) clients[4].publish("t", "x", 1);
    clients[6].publish("t", "x", 1);
    rig.advance(milliseconds{2'500});
    EXPECT_EQ(only({.order = ClientOrder::messages_in, .count_max = 2}),
              (std::vector<std::string>{"c4", "c6"}));
}

TEST(Clients, AreShownWithWhatTheyDidAndWhatWasRefused) {
    Rig rig;
    rig.gate->no_publish.push_back({"anyone", "secret"});
    rig.gate->no_subscribe.push_back({"anyone", "secret"});
    TestClient client(rig, {.client_id = "a/b#?", .clean = false, .expiry_s = 60});
    client.connect();
    client.subscribe("plant/#", 1);
    client.subscribe("secret", 1);
    client.publish("secret", "x", 1);
    client.publish("plant/a", "12345", 1, true);
    auto found = rig.run(ask_one(rig.broker.get(), OrganisationId(1), "a/b#?"));
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->row.total.messages_in, 2u);
    EXPECT_EQ(found->row.total.messages_out, 1u);
    EXPECT_EQ(found->row.retained, 1u);
    EXPECT_EQ(found->row.losses[static_cast<std::size_t>(Loss::refused_rights)], 1u);
    EXPECT_EQ(found->row.losses[static_cast<std::size_t>(Loss::refused_subscriptions)], 1u);
    ASSERT_EQ(found->subscriptions.size(), 1u);
    EXPECT_EQ(found->subscriptions[0].filter, "plant/#");
    EXPECT_EQ(found->row.expiry_s, 60u);
    EXPECT_FALSE(found->row.ended.has_value());
    EXPECT_EQ(rig.run(ask_one(rig.broker.get(), OrganisationId(2), "a/b#?")).error().code,
              Code::not_found);
    client.drop();
    TestClient writer(rig, {.client_id = "writer"});
    writer.connect();
    writer.publish("plant/b", "while away", 1);
    found = rig.run(ask_one(rig.broker.get(), OrganisationId(1), "a/b#?"));
    EXPECT_EQ(found->row.state, ClientState::sleeping);
    EXPECT_EQ(found->row.queued_messages, 1u);
    ASSERT_TRUE(found->row.ended.has_value());
    EXPECT_EQ(found->row.ended->why, "the connection broke");
    client.connect();
    found = rig.run(ask_one(rig.broker.get(), OrganisationId(1), "a/b#?"));
    EXPECT_EQ(found->row.state, ClientState::connected);
    ASSERT_TRUE(found->row.ended.has_value()) << "its last end is still known";
}

TEST(Clients, ThatLeftAreRememberedUpToALimit) {
    Limits limits;
    limits.departures_max = 2;
    Rig rig(1, limits);
    for (const std::string id : {"one", "two", "three"}) {
        TestClient client(rig, {.client_id = id});
        client.connect();
        client.publish("t", "x", 0);
        if (id == "three") {
            EXPECT_TRUE(rig.run(ask_end(rig.broker.get(), "three")).has_value());
            rig.settle();
        }
        client.drop();
    }
    ClientQuery gone{.organisation = OrganisationId(1), .state = ClientState::gone};
    auto page = rig.run(ask(rig.broker.get(), gone));
    EXPECT_EQ(ids(page), (std::vector<std::string>{"three", "two"}));
    EXPECT_EQ(page.total, 2u);
    EXPECT_EQ(page.rows[0].ended->reason, Reason::administrative_action);
    EXPECT_EQ(page.rows[0].total.messages_in, 1u);
    EXPECT_EQ(rig.stats().ended_by_operator, 1u);
    EXPECT_TRUE(rig.run(ask_one(rig.broker.get(), OrganisationId(1), "two")).has_value());
    EXPECT_FALSE(rig.run(ask_one(rig.broker.get(), OrganisationId(1), "one")).has_value());
    TestClient back(rig, {.client_id = "two"});
    back.connect();
    page = rig.run(ask(rig.broker.get(), gone));
    EXPECT_EQ(ids(page), std::vector<std::string>{"three"}) << "who came back is not gone";
    const auto rows = rig.clients();
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_TRUE(rows[0].ended.has_value()) << "though its session is a new one";
}

TEST(Topics, AreATreeOfRetainedAndRecentMessages) {
    Rig rig(2);
    TestClient writer(rig, {.client_id = "w", .user = "one"}),
        other(rig, {.client_id = "o", .user = "two", .shard = 1});
    writer.connect();
    other.connect();
    for (const char* topic : {"a/x", "a/y/z", "b", "/odd", "c/c/c/c"})
        writer.publish(topic, std::string("kept ") + topic, 1, true);
    writer.publish("before", "nobody looks yet", 0);
    const auto who = rig.gate->find("viewer");
    const auto look = [&](std::optional<std::string> prefix, std::optional<std::string> after = {},
                          std::size_t most = 100) {
        return rig.run(
            ask_topics(rig.broker.get(), who, std::move(prefix), std::move(after), most));
    };
    EXPECT_EQ(names(look({})), (std::vector<std::string>{"", "a", "b", "c"}));
    other.publish("a/x", "newer", 0);
    other.publish("live/1", "seen", 0);
    rig.advance(milliseconds{1});
    const auto first = look({});
    EXPECT_EQ(names(first), (std::vector<std::string>{"", "a", "b", "c", "live"}));
    EXPECT_TRUE(first.is_whole);
    EXPECT_TRUE(first.levels[1].has_more);
    EXPECT_FALSE(first.levels[1].last.what);
    EXPECT_EQ(first.levels[2].last.what->message.payload(), "kept b");
    EXPECT_TRUE(first.levels[2].last.is_retained);
    const auto below = look("a");
    ASSERT_EQ(names(below), (std::vector<std::string>{"x", "y"}));
    EXPECT_EQ(below.levels[0].topic, "a/x");
    EXPECT_TRUE(below.levels[1].has_more && !below.levels[1].last.what);
    EXPECT_EQ(names(look("")), std::vector<std::string>{"odd"}) << "an empty first level";
    EXPECT_TRUE(look("none").levels.empty());
    auto page = look({}, {}, 2);
    EXPECT_EQ(names(page), (std::vector<std::string>{"", "a"}));
    page = look({}, page.next, 2);
    EXPECT_EQ(names(page), (std::vector<std::string>{"b", "c"}));
    const auto topic = rig.run(ask_topic(rig.broker.get(), who, "live/1"));
    ASSERT_TRUE(topic.has_value());
    EXPECT_EQ(topic->what->message.payload(), "seen");
    EXPECT_FALSE(topic->is_retained);
    EXPECT_EQ(topic->what->publisher->name, "two");
    rig.advance(rig.limits.browse_time + milliseconds{2'000});
    EXPECT_EQ(rig.stats().recent_topics, 0u) << "nobody looks any more";
    EXPECT_FALSE(rig.run(ask_topic(rig.broker.get(), who, "live/1")).has_value());
}

TEST(Topics, OfOthersAndWithdrawnOnesAreNotShown) {
    Rig rig;
    TestClient writer(rig, {.client_id = "w", .user = "one"});
    writer.connect();
    for (const char* topic : {"acme/a/b", "open/a", "secret"}) writer.publish(topic, "x", 1, true);
    rig.gate->no_receive = {{"viewer", "acme/#"}, {"viewer", "secret"}};
    const auto who = rig.gate->find("viewer");
    const auto look = [&](std::optional<std::string> prefix) {
        return names(
            rig.run(ask_topics(rig.broker.get(), who, std::move(prefix), std::nullopt, 100)));
    };
    EXPECT_EQ(look({}), std::vector<std::string>{"open"});
    EXPECT_TRUE(look("acme").empty());
    EXPECT_FALSE(rig.run(ask_topic(rig.broker.get(), who, "secret")).has_value());
    EXPECT_TRUE(rig.run(ask_topic(rig.broker.get(), who, "open/a")).has_value());
    rig.gate->revoked.insert("one");  // whoever published it is gone
    EXPECT_FALSE(rig.run(ask_topic(rig.broker.get(), who, "open/a")).has_value());
}

TEST(Topics, ManyLevelsAreSaidNotToBeAll) {
    Limits limits;
    limits.browse_levels_max = 3;
    Rig rig(1, limits);
    TestClient writer(rig, {.client_id = "w"});
    writer.connect();
    const auto who = rig.gate->find("viewer");
    for (const char* topic : {"t/1", "t/2", "t/3"}) writer.publish(topic, "x", 1, true);
    EXPECT_TRUE(rig.run(ask_topics(rig.broker.get(), who, "t", std::nullopt, 100)).is_whole);
    writer.publish("t/4", "x", 1, true);
    const auto page = rig.run(ask_topics(rig.broker.get(), who, "t", std::nullopt, 100));
    EXPECT_FALSE(page.is_whole);
    EXPECT_EQ(page.levels.size(), 3u);
}

std::shared_ptr<const Publication> message(const std::string& topic, const std::string& payload) {
    auto what = std::make_shared<Publication>();
    what->message = mqtt::Message(topic, payload);
    return what;
}

TEST(Recent, ForgetsTheTopicSilentForLongestAndCutsLongPayloads) {
    Limits limits;
    limits.recent_topics_max = 2;
    limits.recent_payload_bytes_max = 4;
    RecentTopics recent(limits);
    EXPECT_FALSE(recent.is_on());
    recent.look({}, milliseconds{0});
    recent.note(message("a", "1"));
    recent.note(message("b", "2"));
    recent.note(message("a", "12345"));
    recent.note(message("c", "3"));
    EXPECT_EQ(recent.size(), 2u);
    EXPECT_FALSE(recent.find("b").what);
    EXPECT_EQ(recent.find("a").what->message.payload(), "1234");
    EXPECT_EQ(recent.find("a").payload_bytes, 5u);
    recent.tick(limits.browse_time - milliseconds{1});
    EXPECT_TRUE(recent.is_on());
    recent.tick(limits.browse_time);
    EXPECT_FALSE(recent.is_on());
    EXPECT_EQ(recent.bytes(), 0u);
    limits.recent_bytes_max = 700;
    recent.look({}, milliseconds{0});
    for (const char* topic : {"a", "b", "c"}) recent.note(message(topic, "x"));
    EXPECT_EQ(recent.size(), 2u);
}

}  // namespace
}  // namespace lineshaft::broker
