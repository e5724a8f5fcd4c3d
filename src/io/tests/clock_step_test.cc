#include "io/clock_step.h"

#include <gtest/gtest.h>

namespace lineshaft::io {
namespace {

using namespace std::chrono_literals;

TEST(Fault6, AStepIsToldOnceAndDriftIsNone) {
    ManualClock clock(Instant{1'000'000'000});
    ClockStep step(clock);
    clock.advance(Steady{3'600'000});
    EXPECT_EQ(step.take(), 0us) << "time passes";
    clock.step_wall(900ms);
    EXPECT_EQ(step.take(), 0us) << "drift";
    clock.step_wall(1h);
    clock.advance(Steady{5'000});
    EXPECT_EQ(step.take(), 1h);
    EXPECT_EQ(step.take(), 0us) << "once";
    clock.step_wall(-2h);
    EXPECT_EQ(step.take(), -2h);
}

}  // namespace
}  // namespace lineshaft::io
