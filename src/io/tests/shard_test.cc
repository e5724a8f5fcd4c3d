#include "io/shard.h"

#include <gtest/gtest.h>

#include "io/nursery.h"
#include "io/soon.h"
#include "io/workers.h"

namespace lineshaft::io {
namespace {

Task<std::uint32_t> index_here() {
    co_return Shard::here().index().number();
}

Task<std::pair<std::uint32_t, std::uint32_t>> ask_the_other(Shard* other) {
    auto there = co_await other->call(&index_here);
    auto here = Shard::here().index().number();
    co_return std::pair{there, here};
}

TEST(Shard, CallRunsThereAndResumesHere) {
    Shards shards(2);
    const auto [there, here] = shards.run_blocking(ShardIndex(0), ask_the_other(&shards.at(1)));
    EXPECT_EQ(there, 1u);
    EXPECT_EQ(here, 0u);
}

struct Parcel {  // No default, not copied: what crosses needs neither.
    explicit Parcel(int of) : number(of) {}
    Parcel(Parcel&&) = default;
    int number;
};

Task<Parcel> pack(int number) {
    co_return Parcel(number);
}

Task<Parcel> fetch(Shard* other, int number) {
    auto parcel = co_await other->call(&pack, number);
    co_return parcel;
}

TEST(Shard, WhatCrossesIsMoved) {
    Shards shards(2);
    EXPECT_EQ(shards.run_blocking(ShardIndex(0), fetch(&shards.at(1), 7)).number, 7);
}

Task<Result<int>> compute(Workers* workers) {
    auto answer = co_await workers->run([]() -> Result<int> { return 42; });
    co_return answer;
}

TEST(Workers, ResumeTheCallerWithTheAnswer) {
    Shards shards(1);
    Workers workers("sums", {});
    EXPECT_EQ(shards.run_blocking(ShardIndex(0), compute(&workers)).value(), 42);
}

TEST(Workers, RefuseWhenTheQueueIsFull) {
    Shards shards(1);
    Workers workers("none", {.threads = 0, .queued_max = 1});
    EXPECT_TRUE(workers.try_post([] {}));
    EXPECT_FALSE(workers.try_post([] {}));
    const auto refused = shards.run_blocking(ShardIndex(0), compute(&workers));
    EXPECT_EQ(refused.error().code, Code::exhausted);
}

Task<std::vector<int>> fire_three(Shard* shard) {
    std::vector<int> fired;
    Soon soon(*shard);
    auto forgotten = std::make_unique<Soon>(*shard);
    forgotten->arm(Steady{1}, [&fired] { fired.push_back(-1); });
    forgotten.reset();
    soon.arm(Steady{1}, [&fired] { fired.push_back(-2); });
    soon.disarm();
    EXPECT_FALSE(soon.is_armed());
    auto done = co_await suspend<bool>([&](Answer<bool> answer) {
        auto kept = std::make_shared<Answer<bool>>(std::move(answer));
        soon.arm(Steady{1}, [&fired] { fired.push_back(-3); });
        soon.arm(Steady{2}, [&fired, &soon, kept] {  // and again from within
            fired.push_back(1);
            soon.arm(Steady{1}, [&fired, kept] {
                fired.push_back(2);
                (*kept)(true);
            });
        });
    });
    (void)done;
    EXPECT_FALSE(soon.is_armed());
    co_return fired;
}

TEST(Soon, FiresWhatWasArmedLastAndNothingOfWhoIsGone) {
    Shards shards(1);
    const auto fired = shards.run_blocking(ShardIndex(0), fire_three(&shards.at(0)));
    EXPECT_EQ(fired, (std::vector{1, 2}));
}

TEST(Wheel, FiresInOrderNeverEarlyAndOnce) {
    ManualClock clock(Instant{});
    Wheel wheel(clock);
    std::vector<int> fired;
    Wheel::Timer soon, late, never;
    wheel.arm(late, Steady{40'000}, [&] { fired.push_back(2); });
    wheel.arm(soon, Steady{100}, [&] { fired.push_back(1); });
    wheel.arm(never, Steady{100}, [&] { fired.push_back(3); });
    never.disarm();
    clock.advance(Steady{100});
    wheel.turn();
    EXPECT_TRUE(fired.empty()) << "a slot late is allowed, early is not";
    clock.advance(Steady{32});
    wheel.turn();
    EXPECT_EQ(fired, std::vector{1});
    clock.advance(Steady{60'000});
    wheel.turn();
    EXPECT_EQ(fired, (std::vector{1, 2}));
    EXPECT_EQ(wheel.armed(), 0u);
}

// A child that sleeps for an hour unless it is told to stop.
struct Sleeper {
    Wheel::Timer timer;
    std::function<void()> wake;
    bool ended = false;
};

Task<void> sleep_long(Sleeper* sleeper) {
    co_await suspend<bool>([sleeper](Answer<bool> answer) {
        auto kept = std::make_shared<Answer<bool>>(std::move(answer));
        sleeper->wake = [kept] { (*kept)(true); };
        Shard::here().wheel().arm(sleeper->timer, Steady{3'600'000}, sleeper->wake);
    });
    sleeper->ended = true;
}

Task<bool> close_with_a_child_asleep() {
    Nursery nursery("test");
    Sleeper sleeper;
    nursery.spawn(sleep_long(&sleeper), [&sleeper] { sleeper.wake(); });
    co_await Shard::here().call(&index_here);
    co_await nursery.close();
    co_return sleeper.ended&& nursery.size() == 0;
}

TEST(Nursery, CloseStopsItsChildrenAndWaits) {
    Shards shards(1);
    EXPECT_TRUE(shards.run_blocking(ShardIndex(0), close_with_a_child_asleep()));
}

}  // namespace
}  // namespace lineshaft::io
