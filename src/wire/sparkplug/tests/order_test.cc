// The sequence of one node's messages: gaps, early and late arrivals, the bounded window.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "wire/sparkplug/tests/scene.h"

namespace lineshaft::sparkplug {
namespace {

using namespace std::chrono_literals;
using Numbers = std::vector<std::int64_t>;

TEST(Order, WrapsAfter255) {
    Scene scene;
    (void)scene.connect();
    for (std::int64_t count = 0; count < 600; ++count) {
        const auto events = scene.feed(scene.speed(count));
        ASSERT_EQ(events.size(), 1u) << count;
        ASSERT_EQ(speeds(events), Numbers{count});
    }
    EXPECT_EQ(scene.host.counters().gaps, 0u);
    EXPECT_FALSE(scene.host.due());
}

TEST(Order, HoldsWhatIsEarlyUntilTheMissingArrives) {
    Scene scene;
    (void)scene.connect();
    const auto first = scene.speed(1);
    const auto second = scene.speed(2);
    const auto third = scene.speed(3);
    EXPECT_TRUE(scene.feed(third).empty());
    EXPECT_EQ(scene.host.due(), scene.now + Limits{}.reorder_timeout);
    EXPECT_TRUE(scene.feed(second).empty());
    EXPECT_EQ(speeds(scene.feed(first)), (Numbers{1, 2, 3}));
    EXPECT_FALSE(scene.host.due());  // the timer is ended
    EXPECT_EQ(scene.host.counters().reordered, 2u);
    EXPECT_EQ(scene.host.counters().gaps, 0u);
    EXPECT_EQ(scene.host.counters().rebirths_wanted, 0u);
}

TEST(Order, AsksForARebirthWhenTheWindowEnds) {
    Scene scene;
    (void)scene.connect();
    const auto lost = scene.speed(1);
    (void)scene.feed(scene.speed(2));
    const Instant due = *scene.host.due();
    scene.now = due - 1ms;
    EXPECT_TRUE(scene.host.tick(scene.now).empty());
    scene.now = due;
    const auto events = scene.host.tick(scene.now);
    const auto gaps = only<Gap>(events);
    ASSERT_EQ(gaps.size(), 1u);
    EXPECT_EQ(gaps[0].expected, 3);
    EXPECT_EQ(gaps[0].arrived, 4);
    EXPECT_EQ(gaps[0].missing, 1u);
    EXPECT_EQ(speeds(events), Numbers{2});  // what did arrive is not lost
    const auto wanted = only<RebirthWanted>(events);
    ASSERT_EQ(wanted.size(), 1u);
    EXPECT_EQ(wanted[0].cause, RebirthCause::gap);
    EXPECT_EQ(speeds(scene.feed(scene.speed(3))), Numbers{3});  // and life goes on

    const auto late = scene.feed(lost);  // data that comes very late is still data
    EXPECT_EQ(speeds(late), Numbers{1});
    EXPECT_EQ(scene.host.counters().late, 1u);
}

TEST(Order, EveryHoleIsReported) {
    Scene scene;
    (void)scene.connect();
    (void)scene.speed(1);
    (void)scene.feed(scene.speed(2));
    (void)scene.speed(3);
    (void)scene.speed(4);
    (void)scene.feed(scene.speed(5));
    const auto events = scene.host.tick(*scene.host.due());
    const auto gaps = only<Gap>(events);
    ASSERT_EQ(gaps.size(), 2u);
    EXPECT_EQ(gaps[1].missing, 2u);
    EXPECT_EQ(speeds(events), (Numbers{2, 5}));
    EXPECT_EQ(only<RebirthWanted>(events).size(), 1u);
}

TEST(Order, HalfOfTheCircleIsAheadTheOtherHalfIsLate) {
    for (const std::int64_t lost : {127, 128}) {
        Scene scene;
        (void)scene.connect();
        for (std::int64_t count = 0; count < lost; ++count) (void)scene.speed(0);
        const auto events = scene.feed(scene.speed(9));
        EXPECT_EQ(speeds(events), lost == 127 ? Numbers{} : Numbers{9});
        EXPECT_EQ(only<RebirthWanted>(events).size(), lost == 127 ? 0u : 1u);
        EXPECT_EQ(scene.host.due().has_value(), lost == 127);
    }
}

TEST(Order, AppliesDuplicatesOnceMoreAsData) {
    Scene scene;
    (void)scene.connect();
    const auto lost = scene.speed(1);
    const auto held = scene.speed(2);
    (void)scene.feed(held);
    EXPECT_EQ(speeds(scene.feed(held)), Numbers{2});
    EXPECT_EQ(speeds(scene.feed(lost)), (Numbers{1, 2}));
    EXPECT_EQ(scene.host.counters().late, 1u);
}

TEST(Order, DeviceBirthsAndDeathsKeepTheirPlace) {
    Scene scene;
    scene.will = scene.edge.will(scene.now);
    const auto births = scene.edge.connected(scene.now);
    (void)scene.feed(births[0]);
    const auto speed = scene.speed(9);
    EXPECT_TRUE(scene.feed(speed).empty());
    EXPECT_TRUE(scene.feed(births[2]).empty());
    const auto events = scene.feed(births[1]);
    EXPECT_EQ(only<Born>(events).size(), 2u);
    EXPECT_EQ(speeds(events), Numbers{9});
    EXPECT_TRUE(only<Died>(events).empty());
}

TEST(Order, AnOutdatedBirthOrDeathChangesNothing) {
    Scene scene;
    (void)scene.connect();
    scene.now = scene.now + 1s;
    const auto old_death = scene.edge.device_died("machine-1", scene.now);
    ASSERT_TRUE(old_death);
    (void)scene.feed(*old_death);
    scene.now = scene.now + 1s;
    (void)scene.feed(*scene.edge.device_born("machine-1", scene.now));
    const auto events = scene.feed(*old_death);
    EXPECT_TRUE(only<Died>(events).empty());
    EXPECT_TRUE(scene.host.is_online(first_key));
}

TEST(Order, TheWindowEndsAtItsCount) {
    Limits limits;
    limits.reorder_messages_max = 3;
    Scene scene(limits);
    (void)scene.connect();
    (void)scene.speed(0);  // lost
    Numbers want;
    for (std::int64_t count = 1; count <= 3; ++count) {
        EXPECT_TRUE(scene.feed(scene.speed(count)).empty()) << count;
        want.push_back(count);
    }
    want.push_back(4);
    const auto events = scene.feed(scene.speed(4));  // one past
    EXPECT_EQ(speeds(events), want);
    EXPECT_EQ(only<Gap>(events).size(), 1u);
    EXPECT_EQ(only<RebirthWanted>(events).size(), 1u);
    EXPECT_FALSE(scene.host.due());
}

TEST(Order, TheFullWindowKeepsTheOrder) {
    Limits limits;
    limits.reorder_messages_max = 2;
    Scene scene(limits);
    (void)scene.connect();
    std::vector<Publication> messages;
    for (std::int64_t count = 0; count < 4; ++count) messages.push_back(scene.speed(count));
    (void)scene.feed(messages[1]);
    (void)scene.feed(messages[3]);
    EXPECT_EQ(speeds(scene.feed(messages[2])), (Numbers{1, 2, 3}));
}

TEST(Order, TheWindowEndsAtItsBytes) {
    Scene probe;
    (void)probe.connect();
    Limits limits;
    limits.reorder_bytes_max = 2 * probe.speed(1).payload.size();
    Scene scene(limits);
    (void)scene.connect();
    (void)scene.speed(0);  // lost
    EXPECT_TRUE(scene.feed(scene.speed(1)).empty());
    EXPECT_TRUE(scene.feed(scene.speed(2)).empty());
    EXPECT_EQ(speeds(scene.feed(scene.speed(3))), (Numbers{1, 2, 3}));
}

TEST(Order, ABirthOrDeathEndsTheWindow) {
    Scene scene;
    (void)scene.connect();
    (void)scene.speed(1);
    (void)scene.feed(scene.speed(2));
    auto events = scene.feed(scene.edge.connected(scene.now));
    EXPECT_EQ(speeds(events), Numbers{2});
    EXPECT_EQ(only<Gap>(events).size(), 1u);
    EXPECT_FALSE(scene.host.due());

    (void)scene.speed(3);
    (void)scene.feed(scene.speed(4));
    events = scene.feed(scene.will);
    EXPECT_EQ(speeds(events), Numbers{4});
    EXPECT_EQ(only<Died>(events).size(), 3u);
    EXPECT_FALSE(scene.host.due());
}

// Whatever the network does inside the window, the host tells the story in order and complete.
TEST(Order, AnyShuffleInsideTheWindowIsUndone) {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        std::mt19937_64 engine(seed);
        Scene scene;
        (void)scene.connect();
        Numbers want;
        Numbers got;
        for (std::int64_t block = 0; block < 40; ++block) {
            std::vector<Publication> messages;
            const auto count = static_cast<std::int64_t>(1 + engine() % 20);
            for (std::int64_t index = 0; index < count; ++index) {
                want.push_back(block * 100 + index);
                messages.push_back(scene.speed(want.back()));
            }
            std::ranges::shuffle(messages, engine);
            const auto part = speeds(scene.feed(messages));
            got.insert(got.end(), part.begin(), part.end());
        }
        ASSERT_EQ(got, want) << "seed " << seed;
        ASSERT_EQ(scene.host.counters().rebirths_wanted, 0u) << "seed " << seed;
    }
}

// Losses, shuffles and duplicates: every message that arrived is delivered, and the host recovers.
TEST(Order, WhatArrivesIsDeliveredWhateverIsLost) {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        std::mt19937_64 engine(seed);
        Scene scene;
        (void)scene.connect();
        Numbers arrived;
        Numbers got;
        const auto take = [&](const std::vector<Event>& events) {
            const auto part = speeds(events);
            got.insert(got.end(), part.begin(), part.end());
        };
        for (std::int64_t block = 0; block < 30; ++block) {
            std::vector<std::pair<std::int64_t, Publication>> messages;
            for (std::int64_t index = 0; index < 10; ++index) {
                messages.emplace_back(block * 100 + index, scene.speed(block * 100 + index));
            }
            std::ranges::shuffle(messages, engine);
            messages.resize(messages.size() - engine() % 4);
            for (const auto& [number, message] : messages) {
                arrived.push_back(number);
                take(scene.feed(message));
            }
            scene.now = scene.now + 3s;
            take(scene.host.tick(scene.now));
        }
        std::ranges::sort(arrived);
        std::ranges::sort(got);
        ASSERT_EQ(got, arrived) << "seed " << seed;
        EXPECT_EQ(scene.host.counters().unresolved_metrics, 0u);
    }
}

}  // namespace
}  // namespace lineshaft::sparkplug
