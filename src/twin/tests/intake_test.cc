#include "twin/intake.h"

#include "twin/tests/rig.h"

namespace lineshaft::twin {
namespace {

using testing::home;
using testing::Rig;

io::Task<Intake::Outcome> take(Plant* plant, std::vector<std::string> machines, Instant at) {
    Intake intake(*plant, home, Source::influx);
    for (const auto& machine : machines)
        intake.of(machine).push_back({"speed", {at, 1.0, history::Quality::good}});
    auto first = co_await intake.store();
    auto nothing = co_await intake.store();
    first.add(nothing);
    co_return first;
}

TEST(Intake, HandsOverOneReportAMachineAndWaitsForAll) {
    Rig rig(2);
    const Instant now = io::Clock::system().now();
    const auto outcome =
        rig.run(take(rig.plant.get(), {"press", "lathe", "press", "mill", "saw"}, now));
    EXPECT_FALSE(outcome.failed.has_value());
    EXPECT_EQ(outcome.appended.stored, 5U);
    EXPECT_EQ(outcome.appended.discovered, 4U);
    const auto counters = rig.run(rig.plant->counters());
    EXPECT_EQ(counters.reports, 4U);
    EXPECT_EQ(rig.run(rig.plant->machine(home, "saw"))->source, Source::influx);
}

TEST(Intake, TellsWhatWasRefusedAndWhatFailed) {
    Rig rig(2, Limits{.machines_max = 2});
    const Instant now = io::Clock::system().now();
    const auto old = rig.run(take(rig.plant.get(), {"press"}, Instant{0}));
    EXPECT_EQ(old.appended.stored, 0U);
    EXPECT_EQ(old.appended.refused_time, 1U);
    std::vector<std::string> many;
    for (int index = 0; index < 20; ++index) many.push_back("m" + std::to_string(index));
    const auto past = rig.run(take(rig.plant.get(), many, now));
    ASSERT_TRUE(past.failed.has_value());
    EXPECT_EQ(past.failed->code, Code::exhausted);
    EXPECT_GT(past.appended.stored, 0U) << "the others are stored";
}

TEST(Intake, FindsWhatItHas) {
    Rig rig;
    Intake intake(*rig.plant, home, Source::other);
    EXPECT_EQ(intake.find("press"), nullptr);
    auto& samples = intake.of("press");
    (void)intake.of("lathe");
    EXPECT_EQ(intake.find("press"), &samples);
    EXPECT_EQ(&intake.of("press"), &samples);
    EXPECT_EQ(intake.machines(), 2U);
}

}  // namespace
}  // namespace lineshaft::twin
