#include <gtest/gtest.h>

#include <map>

#include "app/sim/hall.h"
#include "base/tests/one_in.h"
#include "wire/sparkplug/host.h"

namespace lineshaft::sim {
namespace {

using namespace std::chrono_literals;
using sparkplug::Born;
using sparkplug::Died;
using sparkplug::Event;
using sparkplug::Samples;

const Instant shift_start = Instant::from_millis(1'795'244'400'000);

// The hall as a real host sees it.
struct Watched {
    explicit Watched(std::uint64_t seed = 1)
        : hall({.seed = seed, .machines = 6, .bd_seq = 0}, shift_start) {
        (void)hall.will(now);
        feed(hall.connected(now));
    }
    void feed(const std::vector<Publication>& messages) {
        for (const Publication& message : messages) {
            for (Event& event : host.receive(message.topic, as_bytes(message.payload), now)) {
                events.push_back(std::move(event));
            }
        }
    }
    void live(std::chrono::seconds time) {
        for (const Instant until = now + time; now < until;) {
            now = now + 1s;
            feed(hall.step(now));
        }
    }
    template <class Kind>
    std::size_t count() const {
        std::size_t count = 0;
        for (const Event& event : events) count += std::holds_alternative<Kind>(event) ? 1 : 0;
        return count;
    }
    sparkplug::Value last(const std::string& device, std::string_view metric) const {
        sparkplug::Value value;
        const auto take = [&](const auto& event) {
            if (event.machine.device != device) return;
            for (const auto& sample : event.samples) {
                if (event.birth->metrics()[sample.metric].name == metric) value = sample.value;
            }
        };
        for (const Event& event : events) {
            if (const auto* born = std::get_if<Born>(&event)) take(*born);
            if (const auto* samples = std::get_if<Samples>(&event)) take(*samples);
        }
        return value;
    }

    Instant now = shift_start;
    Hall hall;
    sparkplug::Host host;
    std::vector<Event> events;
};

TEST(Hall, IsUnderstoodByAHost) {
    Watched watched;
    EXPECT_EQ(watched.count<Born>(), 7u);
    watched.live(2h);
    EXPECT_EQ(watched.count<sparkplug::Malformed>(), 0u);
    EXPECT_EQ(watched.count<sparkplug::Gap>(), 0u);
    EXPECT_EQ(watched.count<sparkplug::RebirthWanted>(), 0u);
    EXPECT_GT(watched.host.counters().samples, 50'000u);
    for (std::size_t index = 0; index < watched.hall.machines(); ++index) {
        if (!watched.hall.is_on(index)) continue;
        const auto& machine = watched.hall.machine(index);
        EXPECT_EQ(watched.last(Hall::device_id(index), "state"),
                  sparkplug::Value(std::string(name_of(machine.state()))));
        EXPECT_EQ(watched.last(Hall::device_id(index), "stitch_total"),
                  sparkplug::Value(machine.stitches_total()));
    }
}

TEST(Hall, IsTheSameForTheSameSeed) {
    Watched one(7);
    Watched same(7);
    Watched other(8);
    for (int second = 0; second < 900; ++second) {
        const Instant now = shift_start + std::chrono::seconds(second + 1);
        const auto messages = one.hall.step(now);
        ASSERT_EQ(messages, same.hall.step(now));
        (void)other.hall.step(now);
    }
    EXPECT_NE(one.hall.machine(0).stitches_total(), other.hall.machine(0).stitches_total());
}

TEST(Hall, DoesNotDependOnHowOftenItIsAsked) {
    Watched often;
    Watched seldom;
    std::vector<Publication> all;
    for (int second = 1; second <= 300; ++second) {
        for (auto& message : often.hall.step(shift_start + std::chrono::seconds(second))) {
            all.push_back(std::move(message));
        }
    }
    EXPECT_EQ(seldom.hall.step(shift_start + 300s), all);
    EXPECT_TRUE(seldom.hall.step(shift_start + 300s).empty());
}

TEST(Hall, SwitchesMachinesOffAndOn) {
    Watched watched;
    watched.live(20h / one_in(4));
    EXPECT_GT(watched.count<Died>(), 3u / one_in(4));
    EXPECT_GT(watched.count<Born>(), 9u);
    EXPECT_EQ(watched.count<sparkplug::Malformed>(), 0u);
    EXPECT_EQ(watched.count<sparkplug::RebirthWanted>(), 0u);
}

TEST(Hall, RestsInTurns) {
    Watched watched;
    std::map<std::string, int> seconds;
    int all_rest = 0;
    for (int second = 0; second < 8 * 3600; ++second) {
        watched.now = watched.now + 1s;
        (void)watched.hall.step(watched.now);
        int resting = 0;
        for (std::size_t index = 0; index < 6; ++index) {
            const auto state = watched.hall.machine(index).state();
            ++seconds[std::string(name_of(state))];
            resting += state == Stitching::paused ? 1 : 0;
        }
        all_rest += resting == 6 ? 1 : 0;
    }
    EXPECT_GT(seconds["Paused"], 6 * 900);
    EXPECT_EQ(all_rest, 0);
}

TEST(Hall, TakesWritesAndRebirthRequests) {
    Watched watched;
    watched.live(60s);
    const sparkplug::MachineKey key{"hall", "embroidery", "embroidery-2"};
    const auto write = watched.host.write(key, "speed_setpoint", 420.0, watched.now);
    ASSERT_TRUE(write);
    const auto answer =
        watched.hall.on_message(write->topic, as_bytes(write->payload), watched.now);
    ASSERT_EQ(answer.size(), 1u);  // the new value, at once
    watched.feed(answer);
    EXPECT_EQ(watched.hall.machine(1).speed_setpoint(), 420);
    EXPECT_EQ(watched.last("embroidery-2", "speed_setpoint"), sparkplug::Value(std::int64_t{420}));
    EXPECT_EQ(watched.host.write(key, "speed", 1.0, watched.now).error().code, Code::denied);

    const auto past = watched.host.write(key, "speed_setpoint", 1001.0, watched.now);
    ASSERT_TRUE(past);
    EXPECT_TRUE(watched.hall.on_message(past->topic, as_bytes(past->payload), watched.now).empty());
    EXPECT_EQ(watched.hall.machine(1).speed_setpoint(), 420);

    const auto rebirth = sparkplug::rebirth_command(key, watched.now);
    EXPECT_EQ(watched.hall.on_message(rebirth.topic, as_bytes(rebirth.payload), watched.now).size(),
              7u);
    EXPECT_TRUE(watched.hall.on_message("junk", {}, watched.now).empty());
}

TEST(Hall, GoesOnAfterASilence) {
    Watched watched;
    watched.live(10s);
    watched.hall.lost();
    const auto before = watched.hall.machine(0).stitches_total();
    EXPECT_TRUE(watched.hall.step(watched.now + 300s).empty());  // it lives, but nobody hears
    watched.now = watched.now + 300s;
    (void)watched.hall.will(watched.now);
    watched.feed(watched.hall.connected(watched.now));
    EXPECT_EQ(watched.count<Died>(), 6u);  // of the session whose end was not heard
    watched.live(10s);
    EXPECT_EQ(watched.count<sparkplug::RebirthWanted>(), 0u);
    EXPECT_GE(watched.hall.machine(0).stitches_total(), before);
    watched.now = watched.now + 1000h;
    EXPECT_LT(watched.hall.step(watched.now).size(), 20u);  // a long gap is not lived through
}

}  // namespace
}  // namespace lineshaft::sim
