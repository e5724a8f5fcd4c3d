#include "io/shared_rate.h"

#include <gtest/gtest.h>

namespace lineshaft::io {
namespace {

constexpr std::int64_t second = 1'000'000;

TEST(SharedRate, GivesABurstOfOneSecondThenItsRate) {
    SharedRate rate;
    rate.set(100);
    std::int64_t now = 50 * second;
    int taken = 0;
    for (int i = 0; i < 1'000; ++i) taken += rate.take(1, now);
    EXPECT_EQ(taken, 100);
    for (int tick = 0; tick < 100; ++tick) {  // ten seconds
        now += second / 10;
        for (int i = 0; i < 50; ++i) taken += rate.take(1, now);
    }
    EXPECT_EQ(taken, 100 + 10 * 100);
    now += 3'600 * second;  // what was not used is not saved up
    taken = 0;
    for (int i = 0; i < 1'000; ++i) taken += rate.take(1, now);
    EXPECT_EQ(taken, 100);
}

TEST(SharedRate, TakesAnythingWithoutALimitAndFollowsItsChange) {
    SharedRate rate;
    for (int i = 0; i < 1'000; ++i) EXPECT_TRUE(rate.take(1'000'000, 0));
    rate.set(1);
    EXPECT_TRUE(rate.take(1, second));
    EXPECT_FALSE(rate.take(1, second));
    rate.set(0);
    EXPECT_TRUE(rate.take(1, second));
}

TEST(SharedRate, OneThatIsLargerThanItsSecondIsTakenWhenNothingIsOwed) {
    SharedRate rate;
    rate.set(10);
    EXPECT_TRUE(rate.take(50, second));  // five seconds' worth
    EXPECT_FALSE(rate.take(1, 2 * second));
    EXPECT_FALSE(rate.take(50, 5 * second));
    EXPECT_TRUE(rate.take(50, 6 * second));
}

TEST(SharedCount, StopsAtItsLimitAndOnePast) {
    SharedCount count;
    count.set(2);
    EXPECT_TRUE(count.take_place());
    EXPECT_TRUE(count.take_place());
    EXPECT_FALSE(count.take_place());
    EXPECT_EQ(count.count(), 2);
    count.add(-1);
    EXPECT_TRUE(count.take_place());
    EXPECT_FALSE(count.has_room(1));
    count.set(0);
    EXPECT_TRUE(count.take_place());
    EXPECT_TRUE(count.has_room(1'000'000));
}

}  // namespace
}  // namespace lineshaft::io
