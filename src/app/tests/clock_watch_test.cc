#include "app/clock_watch.h"

#include <gtest/gtest.h>

namespace lineshaft::app {
namespace {

using namespace std::chrono_literals;

TEST(Fault6, EachStepIsTold) {
    io::ManualClock clock(Instant{1'795'248'900'000'000});
    std::vector<std::string> told;
    ClockWatch watch(clock, [&](Instant at, const std::string& text) {
        EXPECT_EQ(at, clock.now());
        told.push_back(text);
    });
    clock.advance(io::Steady{1'000});
    watch.look();
    clock.step_wall(1h);
    watch.look();
    watch.look();
    clock.step_wall(-90s);
    watch.look();
    EXPECT_EQ(watch.steps(), 2u);
    ASSERT_EQ(told.size(), 2u);
    EXPECT_EQ(told[0], "clock stepped: set ahead by 3600.0 s");
    EXPECT_EQ(told[1], "clock stepped: set back by 90.0 s");
}

}  // namespace
}  // namespace lineshaft::app
