#include <gtest/gtest.h>

#include <map>
#include <set>

#include "app/sim/embroidery.h"

namespace lineshaft::sim {
namespace {

constexpr int day_s = 24 * 3600;

TEST(EmbroideryMachine, StaysWithinWhatAMachineCanDo) {
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        EmbroideryMachine machine(Dice(seed), 1);
        double speed = machine.speed();
        std::uint64_t total = machine.stitches_total();
        std::uint32_t stitches = machine.stitches();
        std::uint32_t breaks = 0;
        std::string order = machine.order();
        for (int second = 0; second < day_s; ++second) {
            machine.step(1, false);
            ASSERT_GE(machine.speed(), 0);
            ASSERT_LE(machine.speed(), EmbroideryMachine::speed_max);
            ASSERT_LE(machine.speed() - speed, EmbroideryMachine::speed_gain_per_s + 1e-9);
            ASSERT_LE(speed - machine.speed(), EmbroideryMachine::speed_loss_per_s + 1e-9);
            ASSERT_GE(machine.stitches_total(), total);
            ASSERT_LE(machine.stitches_total() - total, EmbroideryMachine::speed_max / 60 + 1);
            ASSERT_LE(machine.stitches(), machine.order_stitches());
            if (machine.order() == order) {
                ASSERT_GE(machine.stitches(), stitches) << "in one order the count never falls";
            } else {
                ASSERT_EQ(machine.stitches(), 0u) << "an order begins at nothing";
            }
            ASSERT_GE(machine.needle(), 1u);
            ASSERT_LE(machine.needle(), EmbroideryMachine::needles);
            ASSERT_GE(machine.thread_breaks(), breaks);
            ASSERT_GT(machine.motor_temperature(), 15);
            ASSERT_LT(machine.motor_temperature(), 70);
            ASSERT_EQ(machine.fault().empty(), machine.state() != Stitching::thread_break);
            speed = machine.speed();
            total = machine.stitches_total();
            stitches = machine.stitches();
            breaks = machine.thread_breaks();
            order = machine.order();
        }
    }
}

TEST(EmbroideryMachine, BreaksThreadAsOftenAsOneDoes) {
    std::uint64_t stitches = 0;
    std::uint64_t breaks = 0;
    std::map<Stitching, int> seconds;
    std::set<std::string> orders;
    for (std::uint64_t seed = 0; seed < 6; ++seed) {
        EmbroideryMachine machine(Dice(seed), 1);
        const auto before = machine.stitches_total();
        for (int second = 0; second < day_s; ++second) {
            machine.step(1, false);
            ++seconds[machine.state()];
            orders.insert(machine.order());
        }
        stitches += machine.stitches_total() - before;
        breaks += machine.thread_breaks();
    }
    const double each = static_cast<double>(stitches) / static_cast<double>(breaks);
    EXPECT_GT(each, 5'000);
    EXPECT_LT(each, 20'000);
    EXPECT_GT(orders.size(), 100u);
    EXPECT_GT(seconds[Stitching::running], 6 * day_s / 2);
    for (const auto state : {Stitching::idle, Stitching::changeover, Stitching::thread_break}) {
        EXPECT_GT(seconds[state], 0) << name_of(state);
    }
    const double mending =
        static_cast<double>(seconds[Stitching::thread_break]) / static_cast<double>(breaks);
    EXPECT_GT(mending, 30);
    EXPECT_LT(mending, 300);
}

TEST(EmbroideryMachine, RestsWithTheShift) {
    EmbroideryMachine machine(Dice(3), 1);
    for (int second = 0; second < 3600 && machine.state() != Stitching::running; ++second) {
        machine.step(1, false);
    }
    machine.step(1, true);
    EXPECT_EQ(machine.state(), Stitching::paused);
    for (int second = 0; second < 900; ++second) machine.step(1, true);
    EXPECT_EQ(machine.state(), Stitching::paused);
    EXPECT_EQ(machine.speed(), 0);
    machine.step(1, false);
    EXPECT_EQ(machine.state(), Stitching::running);
}

TEST(EmbroideryMachine, ObeysItsSetPoint) {
    EmbroideryMachine machine(Dice(1), 1);
    EXPECT_FALSE(machine.set_speed(-1));
    EXPECT_FALSE(machine.set_speed(1001));
    EXPECT_TRUE(machine.set_speed(1000));
    EXPECT_TRUE(machine.set_speed(300));
    for (int second = 0; second < 600; ++second) machine.step(1, false);
    for (int second = 0; second < 3600; ++second) {
        machine.step(1, false);
        ASSERT_LE(machine.speed(), 300);
    }
    EXPECT_TRUE(machine.set_speed(0));
    for (int second = 0; second < 1200; ++second) machine.step(1, false);
    EXPECT_EQ(machine.speed(), 0);
    EXPECT_TRUE(machine.state() == Stitching::stopped || machine.state() == Stitching::idle);
    EXPECT_TRUE(machine.set_speed(800));
    for (int second = 0; second < 1200 && machine.speed() < 100; ++second) machine.step(1, false);
    EXPECT_GE(machine.speed(), 100);
}

}  // namespace
}  // namespace lineshaft::sim
