// The pure parts: records as bytes, routes, directory, retained shelf, log tail, codes, ring.
#include <gtest/gtest.h>

#include <set>

#include "base/bytes.h"
#include "gate/mqtt/codes.h"
#include "gate/mqtt/directory.h"
#include "gate/mqtt/log_tail.h"
#include "gate/mqtt/records.h"
#include "gate/mqtt/retained.h"
#include "gate/mqtt/ring.h"
#include "gate/mqtt/routes.h"
#include "gate/mqtt/stats.h"

namespace lineshaft::broker {
namespace {

Publication publication(const std::string& topic, const std::string& payload) {
    Publication what;
    what.message = mqtt::Message(topic, payload);
    what.received = Instant{1'000'000};
    what.qos = mqtt::Qos::at_least_once;
    return what;
}

// The worked example of docs/formats/mqtt.md.
TEST(Records, MessageRecordMatchesTheFormatPage) {
    MessageRecord record;
    record.add(
        0,
        {{.session = 7, .qos = mqtt::Qos::exactly_once, .retain = false, .subscription_ids = {5}}},
        publication("a/b", "hi"));
    EXPECT_EQ(to_hex(as_bytes(record.finish())),
              "01"
              "01"
              "01"
              "01"
              "0700000000000000"
              "02"
              "01"
              "05"
              "00"
              "00"
              "01"
              "40420f0000000000"
              "03"
              "00"
              "05"
              "612f626869");
    EXPECT_EQ(to_hex(as_bytes(message_key(1, 258))), "00010000000000000102");
}

TEST(Records, EqualRecipientsAreStoredOnce) {
    MessageRecord record;
    const std::vector<Recipient> one{{.session = 1}},
        two{{.session = 1}, {.session = 2, .retain = true}};
    record.add(0, one, publication("a", "0"));
    record.add(1, one, publication("a", "1"));
    record.add(4, two, publication("a", "4"));
    const std::string bytes = record.finish();
    const auto view = MessageRecordView::parse(bytes);
    ASSERT_TRUE(view.has_value());
    EXPECT_EQ(view->sets().size(), 2u);
    ASSERT_EQ(view->entries().size(), 3u);
    EXPECT_EQ(view->sets()[view->entries()[2].set], two);
    EXPECT_EQ(view->entries()[2].index, 4u);
    EXPECT_EQ(MessageRecordView::publication(view->entries()[1])->message.payload(), "1");
}

SessionRecord session_record() {
    SessionRecord record;
    record.organisation = OrganisationId(3);
    record.client_id = "client";
    record.principal = "token:9";
    record.version = mqtt::Version::v5_0;
    record.expiry_s = 77;
    record.disconnected = Instant{123};
    record.subscriptions = {{.filter = "$share/g/a/+", .qos_max = mqtt::Qos::exactly_once},
                            {.filter = "b/#",
                             .qos_max = mqtt::Qos::at_least_once,
                             .no_local = true,
                             .retain_as_published = true,
                             .retain_handling = mqtt::RetainHandling::do_not_send}};
    record.subscription_ids = {0, 300};
    record.will = mqtt::Will{.message = mqtt::Message("w", "x"),
                             .qos = mqtt::Qos::at_least_once,
                             .retain = true,
                             .delay_s = 5,
                             .expiry_s = 9};
    return record;
}

ProgressRecord progress_record() {
    return {.cursors = {{.ticket = 10, .index = 2, .log = 0},
                        {.ticket = 1u << 30, .index = 0, .log = 1}},
            .done = {{.ticket = 11, .index = 0, .log = 0}},
            .flows = {{.packet_id = 65535,
                       .qos = mqtt::Qos::exactly_once,
                       .stage = mqtt::Stage::releasing,
                       .position = {.ticket = 12, .index = 1, .log = 0}}},
            .inbound_qos2 = {1, 2, 65535}};
}

RetainedRecord retained_record() {
    return {.publisher = "token:1",
            .received = Instant{5},
            .expires = Instant{6},
            .qos = mqtt::Qos::at_least_once,
            .message = mqtt::Message("r", "value")};
}

TEST(Records, ReadBackWhatWasWritten) {
    EXPECT_EQ(decode_session(encode(session_record())).value(), session_record());
    EXPECT_EQ(decode_progress(encode(progress_record())).value(), progress_record());
    EXPECT_EQ(decode_retained(encode(retained_record())).value(), retained_record());
}

// Cut anywhere: refused. One byte changed anywhere: refused or understood, never worse.
TEST(Records, DamageIsRefusedNeverFatal) {
    MessageRecord messages;
    messages.add(0, {{.session = 7, .subscription_ids = {1, 2}}}, publication("a", "payload"));
    const std::string all[] = {encode(session_record()), encode(progress_record()),
                               encode(retained_record()), messages.finish()};
    const auto is_read = [&](std::size_t kind, std::string_view bytes) {
        switch (kind) {
            case 0: return decode_session(bytes).has_value();
            case 1: return decode_progress(bytes).has_value();
            case 2: return decode_retained(bytes).has_value();
            default: return MessageRecordView::parse(bytes).has_value();
        }
    };
    for (std::size_t kind = 0; kind < std::size(all); ++kind) {
        ASSERT_TRUE(is_read(kind, all[kind]));
        EXPECT_FALSE(is_read(kind, all[kind] + "x"));
        for (std::size_t size = 0; size < all[kind].size(); ++size) {
            EXPECT_FALSE(is_read(kind, std::string_view(all[kind]).substr(0, size)))
                << kind << " cut at " << size;
        }
        for (std::size_t at = 0; at < all[kind].size(); ++at) {
            for (const int change : {1, 0x80, 0xff}) {
                std::string spoilt = all[kind];
                spoilt[at] = static_cast<char>(spoilt[at] ^ change);
                (void)is_read(kind, spoilt);
            }
        }
    }
}

TEST(Records, KeysReadBackAndStrangeOnesAreNoKeys) {
    EXPECT_EQ(parse_message_key(message_key(3, 99)),
              (Position{.ticket = 99, .index = 0, .log = 3}));
    EXPECT_FALSE(parse_message_key("short"));
    EXPECT_EQ(parse_session_key(session_key(5))->session, 5u);
    EXPECT_EQ(parse_session_key(progress_key(5))->kind, SessionKeyKind::progress);
    EXPECT_FALSE(
        parse_session_key("\x03"
                          "12345678"));
    const auto key = retained_key("a/b", 7);
    EXPECT_EQ(parse_retained_key(key)->topic, "a/b");
    EXPECT_EQ(parse_retained_key(key)->version, 7u);
    EXPECT_FALSE(parse_retained_key("no version"));
    EXPECT_LT(retained_key("a", ~0ull), retained_key("a/b", 0))
        << "versions of a topic stand together";
}

RouteChange add(SessionNumber session, const std::string& filter, const std::string& group = {}) {
    return {.kind = RouteChange::Kind::add,
            .logged = false,
            .connected = true,
            .home = 0,
            .session = session,
            .filters = {{group, filter, {.qos_max = mqtt::Qos::at_least_once}}}};
}

RouteChange change(RouteChange::Kind kind, SessionNumber session, const std::string& filter = {},
                   const std::string& group = {}) {
    RouteChange made{.kind = kind, .connected = true, .session = session, .filters = {}};
    if (!filter.empty()) made.filters = {{group, filter, {}}};
    return made;
}

TEST(Routes, ForgetsASessionWithItsLastFilter) {
    Routes routes;
    EXPECT_EQ(routes.apply(add(1, "a")), 1);
    EXPECT_EQ(routes.apply(add(1, "a")), 0);
    EXPECT_EQ(routes.apply(add(1, "b", "g")), 1);
    EXPECT_EQ(routes.apply(change(RouteChange::Kind::remove, 1, "b", "other")), 0);
    EXPECT_EQ(routes.apply(change(RouteChange::Kind::remove, 1, "b", "g")), -1);
    EXPECT_NE(routes.find(1), nullptr);
    EXPECT_EQ(routes.apply(change(RouteChange::Kind::forget, 1, "a")), -1);
    EXPECT_EQ(routes.find(1), nullptr);
    EXPECT_EQ(routes.apply(change(RouteChange::Kind::place, 1)), 0);
    EXPECT_EQ(routes.find(1), nullptr) << "a place for nobody makes nobody";
    EXPECT_EQ(routes.size(), 0u);
    EXPECT_TRUE(routes.match("a", 0).empty());
}

// Sessions are found by number while others come and go; a filter that several have is each one's.
TEST(Routes, KnowsEachOfManySessions) {
    Routes routes;
    const auto own = [](SessionNumber session) { return "own/" + std::to_string(session); };
    constexpr SessionNumber many = 2'000;
    for (SessionNumber session = 1; session <= many; ++session) {
        routes.apply(add(session * 3, own(session)));
        routes.apply(add(session * 3, "all"));
    }
    EXPECT_EQ(routes.size(), 2 * many);
    EXPECT_EQ(routes.match("all", 0).size(), many);
    for (SessionNumber session = 1; session <= many; session += 2)
        routes.apply(change(RouteChange::Kind::remove, session * 3, own(session)));
    for (SessionNumber session = 2; session <= many; session += 2) {
        auto over = change(RouteChange::Kind::forget, session * 3, own(session));
        over.filters.push_back({"", "all", {}});
        routes.apply(over);
    }
    for (SessionNumber session = 1; session <= many; ++session) {
        const bool is_left = session % 2 == 1;
        const auto* target = routes.find(session * 3);
        ASSERT_EQ(target != nullptr, is_left) << session;
        if (is_left) {
            EXPECT_EQ(target->session, session * 3);
        }
        EXPECT_EQ(routes.find(session * 3 + 1), nullptr);
    }
    EXPECT_EQ(routes.match("all", 0).size(), many / 2);
    routes.apply(add(2 * 3, "all"));
    EXPECT_EQ(routes.match("all", 0).size(), many / 2 + 1);
}

TEST(Routes, AGroupPrefersConnectedMembersWithRoom) {
    Routes routes;
    for (SessionNumber session : {1, 2, 3}) routes.apply(add(session, "a", "g"));
    auto asleep = change(RouteChange::Kind::place, 2);
    asleep.connected = false;
    asleep.logged = true;
    routes.apply(asleep);
    auto full = change(RouteChange::Kind::full, 3);
    full.flag = true;
    routes.apply(full);
    const auto chosen = [&] { return routes.target(routes.match("a", 0).at(0).slot).session; };
    for (int again = 0; again < 4; ++again) EXPECT_EQ(chosen(), 1u);
    routes.apply(change(RouteChange::Kind::remove, 1, "a", "g"));
    EXPECT_EQ(chosen(), 2u) << "asleep before full";
    routes.apply(change(RouteChange::Kind::remove, 2, "a", "g"));
    EXPECT_EQ(chosen(), 3u);
}

TEST(Directory, GrantsClaimsOneAfterTheOther) {
    std::vector<std::string> log;
    Directory directory(
        {.sessions_max = 2, .waiting_max = 1},
        {.grant_new =
             [&](const Directory::Claim& claim) {
                 log.push_back("new " + std::to_string(claim.number));
             },
         .yield =
             [&](const Directory::Claim& claim, SessionNumber session, std::uint32_t) {
                 log.push_back("yield " + std::to_string(session) + " to " +
                               std::to_string(claim.number));
             },
         .refuse = [&](const Directory::Claim& claim,
                       mqtt::Reason) { log.push_back("refuse " + std::to_string(claim.number)); }});
    directory.claim("a", {.number = 1});
    directory.claim("a", {.number = 2});
    directory.claim("a", {.number = 3});
    directory.ended("a", 50);
    directory.settled("a", 100, 0);
    directory.settled("a", 0, 0);
    EXPECT_EQ(log, (std::vector<std::string>{"new 1", "refuse 3", "yield 100 to 2"}));
    EXPECT_EQ(directory.size(), 0u);
    directory.claim("b", {.number = 4});
    directory.claim("c", {.number = 5});
    directory.claim("d", {.number = 6});
    EXPECT_EQ(log.back(), "refuse 6");
    directory.settled("b", 7, 1);
    EXPECT_EQ(directory.find("b")->home, 1u);
    directory.ended("b", 8);
    EXPECT_TRUE(directory.find("b").has_value()) << "another session has the id by now";
    directory.ended("b", 7);
    EXPECT_FALSE(directory.find("b").has_value());
}

TEST(Shelf, TheLargestVersionCountsInWhateverOrderTheyCome) {
    RetainedBudget budget(10, 1000);
    RetainedShelf shelf(budget);
    const auto kept = [](const std::string& payload) {
        return std::make_shared<const Publication>(publication("t", payload));
    };
    shelf.set(kept("two"), 2);
    shelf.set(kept("one"), 1);
    EXPECT_EQ(shelf.find("t")->message.payload(), "two");
    EXPECT_EQ(shelf.count(), 1u);
    shelf.set(kept(""), 3);
    EXPECT_EQ(shelf.find("t"), nullptr);
    EXPECT_EQ(shelf.count(), 0u);
    shelf.set(kept("late"), 2);
    EXPECT_EQ(shelf.find("t"), nullptr) << "the deletion is newer";
    shelf.committed("t", 3);
    store::Batch batch;
    EXPECT_TRUE(shelf.has_litter());
    shelf.seal(batch);
    EXPECT_FALSE(batch.is_empty());
    EXPECT_EQ(shelf.bytes(), 0u);
    EXPECT_EQ(budget.count(), 0);
    EXPECT_EQ(budget.bytes(), 0);
}

TEST(Shelf, TwoShelvesShareTheirRoomAndNeverExceedIt) {
    RetainedBudget budget(3, 30);
    RetainedShelf here(budget), there(budget);
    const auto keep = [](RetainedShelf& shelf, const std::string& topic, std::size_t bytes,
                         std::uint64_t version) {
        auto what = std::make_shared<const Publication>(
            publication(topic, std::string(bytes - topic.size(), 'x')));
        const auto room = shelf.take_room(topic, what->message.bytes().size());
        if (!room) return false;
        shelf.set(std::move(what), version, *room);
        return true;
    };
    EXPECT_TRUE(keep(here, "a", 10, 1));
    EXPECT_TRUE(keep(there, "b", 10, 2));
    EXPECT_FALSE(keep(there, "c", 11, 3)) << "bytes";
    EXPECT_TRUE(keep(here, "a", 5, 4)) << "smaller than what it replaces";
    EXPECT_EQ(budget.bytes(), 15);
    EXPECT_TRUE(keep(there, "c", 15, 5)) << "the last place and the last byte";
    EXPECT_FALSE(keep(there, "d", 2, 6)) << "places";
    EXPECT_FALSE(keep(there, "b", 11, 7)) << "replaces, but is larger";
    EXPECT_TRUE(keep(there, "b", 10, 8)) << "replaces";
    // Room that was taken elsewhere for a topic that turns out to be there is given back.
    here.set(std::make_shared<const Publication>(publication("a", "")), 9);
    EXPECT_EQ(budget.count(), 2);
    const auto room = budget.take(RetainedRoom::of(5));
    ASSERT_TRUE(room.has_value());
    EXPECT_FALSE(budget.take(RetainedRoom::of(1)).has_value());
    there.set(std::make_shared<const Publication>(publication("b", "1234")), 10, *room);
    EXPECT_EQ(budget.count(), 2);
    EXPECT_EQ(budget.bytes(), 20);
    there.set(std::make_shared<const Publication>(publication("b", "late")), 3,
              budget.take(RetainedRoom::of(5)).value());
    EXPECT_EQ(budget.count(), 2) << "an older version takes no room";
    EXPECT_EQ(budget.bytes(), 20);
}

TEST(Tail, CountsWhatIsLeft) {
    LogTail tail;
    tail.found(1, 100);
    for (std::uint64_t ticket = 10; ticket < 20; ++ticket) tail.wrote(ticket, 1 << 20);
    EXPECT_EQ(tail.bytes(), 100u + (10u << 20));
    tail.trimmed(12);
    EXPECT_EQ(tail.bytes(), 8u << 20);
    tail.rewritten(17, 500);
    EXPECT_EQ(tail.bytes(), (2u << 20) + 500);
    tail.trimmed(100);
    EXPECT_EQ(tail.bytes(), 0u);
}

TEST(Ring, GrowsKeepsOrderAndGivesMemoryBack) {
    Ring<int> ring;
    int next_in = 0, next_out = 0;
    for (int round = 0; round < 100; ++round) {
        for (int each = 0; each < 7; ++each) ring.push_back(next_in++);
        for (int each = 0; each < 5; ++each) EXPECT_EQ(ring.pop_front(), next_out++);
    }
    EXPECT_EQ(ring.size(), 200u);
    EXPECT_EQ(ring.back(), next_in - 1);
    EXPECT_EQ(ring[1], next_out + 1);
    while (!ring.empty()) EXPECT_EQ(ring.pop_front(), next_out++);
}

TEST(Stats, EveryFieldHasItsOwnName) {
    std::set<std::string_view> names;
    for (const StatField& field : stat_fields()) names.insert(field.name);
    EXPECT_EQ(names.size(), stat_fields().size());
    Stats one, two;
    one.connects = 2;
    two.connects = 3;
    one += two;
    EXPECT_EQ(one.connects, 5u);
}

}  // namespace
}  // namespace lineshaft::broker
