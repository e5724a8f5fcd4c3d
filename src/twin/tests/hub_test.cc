#include "twin/hub.h"

#include <gtest/gtest.h>

#include "twin/tests/rig.h"

namespace lineshaft::twin {
namespace {

using testing::acme, testing::home;

std::shared_ptr<const LiveBatch> batch() {
    LiveBatch all;
    all.values = {
        {home, "press", {{"x", {}}}}, {home, "lathe", {{"x", {}}}}, {acme, "press", {{"x", {}}}}};
    MachineState press, foreign;
    press.organisation = home;
    foreign.organisation = acme;
    all.machines = {press, foreign};
    all.events = {{{}, home, "press", "birth", ""}, {{}, acme, "press", "birth", ""}};
    return std::make_shared<const LiveBatch>(std::move(all));
}

TEST(Hub, GivesEachWatcherItsPart) {
    Hub hub;
    std::vector<LiveBatch> seen_home, seen_acme;
    int seen_elsewhere = 0;
    hub.add({home, {"press"}, [&](auto part) { seen_home.push_back(*part); }});
    hub.add({acme, {}, [&](auto part) { seen_acme.push_back(*part); }});
    hub.add({OrganisationId(3), {"press"}, [&](auto) { ++seen_elsewhere; }});
    hub.show(batch());
    ASSERT_EQ(seen_home.size(), 1u);
    ASSERT_EQ(seen_home[0].values.size(), 1u);
    EXPECT_EQ(seen_home[0].values[0].machine, "press");
    EXPECT_EQ(seen_home[0].values[0].organisation, home);
    EXPECT_EQ(seen_home[0].machines.size(), 1u);
    EXPECT_EQ(seen_home[0].events.size(), 1u);
    ASSERT_EQ(seen_acme.size(), 1u);
    EXPECT_TRUE(seen_acme[0].values.empty());  // named no machine
    EXPECT_EQ(seen_acme[0].events[0].organisation, acme);
    EXPECT_EQ(seen_elsewhere, 0);
}

TEST(Hub, AWatcherMayLeaveWhileItIsShown) {
    Hub hub;
    int first = 0, second = 0;
    Hub::Place place;
    const std::string long_enough_for_the_heap(100, 'x');
    place = hub.add({home, {}, [&, long_enough_for_the_heap](auto) {
                         hub.remove(place);
                         first += long_enough_for_the_heap.size() == 100;
                     }});
    hub.add({home, {}, [&](auto) { ++second; }});
    hub.show(batch());
    hub.show(batch());
    EXPECT_EQ(first, 1);
    EXPECT_EQ(second, 2);
    EXPECT_EQ(hub.size(), 1u);
}

}  // namespace
}  // namespace lineshaft::twin
