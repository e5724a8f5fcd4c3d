#include "io/shared_rate.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "io/pace.h"

namespace lineshaft::io {
namespace {

TEST(Pace, SpreadsThingsOutWhateverHappenedBefore) {
    Pace pace(1'000, 40);
    Steady now{5'000'000};
    const auto as_many_as_go = [&] {
        int count = 0;
        while (count < 1'000'000 && pace.take(now)) ++count;
        return count;
    };
    EXPECT_EQ(as_many_as_go(), 40);
    now += Steady{1};
    EXPECT_EQ(as_many_as_go(), 1);
    int taken = 0;
    for (int tick = 0; tick < 500; ++tick) {  // ten seconds
        now += Steady{20};
        taken += as_many_as_go();
    }
    EXPECT_EQ(taken, 10'000);
    now += Steady{1'000'000'000};
    EXPECT_EQ(as_many_as_go(), 40) << "what was not used is not saved up";
}

TEST(Pace, AtLeastOneAtATimeAndNoLimitAtNought) {
    Pace slow(2, 0), none(0, 0);
    Steady now{0};
    EXPECT_TRUE(slow.take(now));
    EXPECT_FALSE(slow.take(now));
    EXPECT_FALSE(slow.take(now += Steady{499}));
    EXPECT_TRUE(slow.take(now += Steady{1}));
    for (int each = 0; each < 100'000; ++each) ASSERT_TRUE(none.take(now));
}

TEST(SharedBudget, IsNeverExceededWhoeverTakesAtOnce) {
    constexpr std::int64_t most = 10'000;
    SharedBudget budget(most);
    std::atomic<std::int64_t> got{0}, highest{0};
    std::vector<std::jthread> takers;
    for (int each = 0; each < 4; ++each) {
        takers.emplace_back([&, units = each + 1] {
            for (int turn = 0; turn < 20'000; ++turn) {
                if (budget.take(units)) got += units;
                if (budget.taken() > most) highest = budget.taken();
            }
        });
    }
    takers.clear();
    EXPECT_EQ(highest, 0);
    EXPECT_EQ(got, most) << "and whoever asks for one gets the last";
    EXPECT_FALSE(budget.take(1));
    budget.add(-1);
    EXPECT_FALSE(budget.take(2));
    EXPECT_TRUE(budget.take(1));
}

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
    EXPECT_FALSE(count.take(1));
    count.set(5);
    EXPECT_FALSE(count.take(4)) << "all of them or none";
    EXPECT_EQ(count.count(), 2);
    EXPECT_TRUE(count.take(3));
    EXPECT_TRUE(count.take(-1)) << "less is always taken";
    count.set(0);
    EXPECT_TRUE(count.take_place());
    EXPECT_TRUE(count.take(1'000'000));
    EXPECT_EQ(count.count(), 1'000'005);
}

}  // namespace
}  // namespace lineshaft::io
