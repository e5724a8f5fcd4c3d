// fault 6: what a clock that is set does to history: nothing. Order is by the samples' own instants, and
// of one instant by tickets, which no clock touches.
#include <gtest/gtest.h>

#include "history/tests/rig.h"

namespace lineshaft::history {
namespace {

using namespace std::chrono_literals;
using testing::always;
using testing::now;
using testing::Rig;

TEST(Fault6, AClockSetBackOrAheadLosesNoOrder) {
    for (const auto step : {std::chrono::microseconds(-1h), std::chrono::microseconds(1h)}) {
        Rig rig;
        std::vector<Sample> want;
        const auto tell = [&](int second, double value) {
            const auto stored = rig->append("press", "speed", now + std::chrono::seconds(second), value);
            ASSERT_TRUE(stored);
            EXPECT_EQ(stored->stored, 1u);
        };
        for (int second = 0; second < 20; ++second) {
            if (second == 5) rig.step_wall(step);
            if (second == 12) {
                ASSERT_TRUE(rig->seal());
            }
            if (second == 15) rig.step_wall(-step);
            tell(second, second);
            want.push_back({now + std::chrono::seconds(second), double(second), Quality::good});
        }
        tell(7, 70.0);  // the later write of an instant wins, whatever the clock said meanwhile
        want[7].value = 70.0;
        EXPECT_EQ(rig->read("press", "speed", always), want);
        ASSERT_TRUE(rig->seal());
        rig.reopen(1);
        EXPECT_EQ(rig->read("press", "speed", always), want);
    }
}

}  // namespace
}  // namespace lineshaft::history
