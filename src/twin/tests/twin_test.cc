// One twin, by tables: which value is the newest, what follows from it, and when it falls silent.
#include "twin/twin.h"

#include "twin/late_clock.h"

#include <gtest/gtest.h>

#include <cmath>

namespace lineshaft::twin {
namespace {

using history::Quality;
using std::chrono::seconds;

constexpr Instant t0{1'768'478'400'000'000};
constexpr OrganisationId plant{1};

history::TagSample said(std::string tag, history::Value value, Instant at = t0,
                        Quality quality = Quality::good) {
    return {std::move(tag), {at, std::move(value), quality}};
}

Twin::Change fold(Twin& twin, std::vector<history::TagSample> samples, Instant heard = t0) {
    std::vector<std::string> changed;
    return twin.fold(samples, heard, &changed);
}

TEST(Twin, KeepsTheNewestByTheSamplesOwnInstant) {
    struct Case {
        std::string_view name;
        seconds second_at;
        double want;
        bool is_told;
    };
    const Case cases[] = {{"later", seconds{1}, 2, true},
                          {"same instant: the later write", seconds{0}, 2, true},
                          {"late", seconds{-1}, 1, false}};
    for (const auto& [name, second_at, want, is_told] : cases) {
        Twin twin(plant, "press", Source::json);
        fold(twin, {said("x", 1.0)});
        std::vector<std::string> changed;
        twin.fold({said("x", 2.0, t0 + second_at)}, t0 + seconds{5}, &changed);
        EXPECT_EQ(std::get<double>(twin.values().at("x").value), want) << name;
        EXPECT_EQ(!changed.empty(), is_told) << name;
        EXPECT_EQ(twin.state().last_seen, t0 + seconds{5})
            << name;  // a late sample is a sign of life too
    }
}

TEST(Twin, RecallsWithoutOverridingWhatIsNewer) {
    Twin twin(plant, "press", Source::json);
    twin.recall("x", {t0, 1.0, Quality::good}, t0 + seconds{9});
    EXPECT_EQ(twin.state().connection, Connection::stale);
    EXPECT_EQ(twin.state().last_seen, t0);
    EXPECT_EQ(twin.state().tags, 1u);
    fold(twin, {said("y", 5.0, t0 + seconds{5}), said("z", 1.0, t0 + seconds{1})});
    twin.recall("y", {t0 + seconds{1}, 4.0, Quality::good}, t0 + seconds{9});
    twin.recall("z", {t0 + seconds{4}, 2.0, Quality::good}, t0 + seconds{9});
    twin.recall("$events", {t0, std::string("birth"), Quality::good}, t0 + seconds{9});
    EXPECT_EQ(std::get<double>(twin.values().at("y").value), 5.0);
    EXPECT_EQ(std::get<double>(twin.values().at("z").value), 2.0);  // a late one had come first
    EXPECT_EQ(twin.state().tags, 3u);
    twin.recall("future", {t0 + seconds{3600}, 1.0, Quality::good}, t0 + seconds{10});
    EXPECT_EQ(twin.state().last_seen,
              t0 + seconds{10});  // a clock that runs ahead is no sign of life
}

TEST(Twin, DerivesStateFaultAndPosition) {
    Twin twin(plant, "press", Source::json);
    EXPECT_TRUE(fold(twin, {said("State", std::string("Running"))}).summary);
    EXPECT_EQ(twin.state().state, "Running");
    EXPECT_FALSE(fold(twin, {said("STATE", std::string("Running"), t0 + seconds{1}),
                             said("State", std::string("Running"), t0 + seconds{1})})
                     .faults.size());
    auto change = fold(twin, {said("fault_code", std::string("E7"))});
    EXPECT_EQ(change.faults, std::vector<std::string>{"E7"});
    EXPECT_TRUE(
        fold(twin, {said("fault_code", std::string("E7"), t0 + seconds{1})}).faults.empty());
    change = fold(twin, {said("fault_code", std::string(), t0 + seconds{2})});
    EXPECT_EQ(change.faults, std::vector<std::string>{""});
    EXPECT_EQ(twin.state().fault, "");
    fold(twin, {said("fault", std::string("jam"), t0 + seconds{3})});
    fold(twin, {said("fault", std::string("jam"), t0 + seconds{4}, Quality::missing)});
    EXPECT_EQ(twin.state().fault, "");  // null clears
    fold(twin, {said("lat", 31.5)});
    EXPECT_FALSE(twin.state().position);
    fold(twin, {said("Longitude", std::int64_t{121})});
    EXPECT_EQ(twin.state().position, (Position{31.5, 121}));
    fold(twin,
         {said("lat", 91.0, t0 + seconds{1}), said("Longitude", std::nan(""), t0 + seconds{1})});
    EXPECT_EQ(twin.state().position, (Position{31.5, 121}));
    fold(twin, {said("$secret", 1.0)});
    EXPECT_EQ(twin.state().tags, 6u);  // State, STATE, fault_code, fault, lat, Longitude
}

TEST(Twin, PresenceDecidesTheConnection) {
    struct Case {
        Presence presence;
        Connection want;
    };
    const Case cases[] = {{Presence::born, Connection::online},
                          {Presence::died, Connection::stale},
                          {Presence::goodbye, Connection::offline}};
    for (const auto& [presence, want] : cases) {
        Twin twin(plant, "press", Source::sparkplug);
        EXPECT_TRUE(fold(twin, {}).came_online);  // a report without samples is a sign of life
        const auto change = twin.on_presence(presence, t0 + seconds{1});
        EXPECT_EQ(twin.state().connection, want);
        EXPECT_EQ(change.summary, want != Connection::online);
        EXPECT_EQ(fold(twin, {}, t0 + seconds{2}).came_online, want != Connection::online);
    }
}

// fault 6: a clock set an hour ahead silences nobody; set back, nobody seems alive for an hour
// more.
TEST(Twin, Fault6AStepOfTheClockIsNoSilence) {
    const Limits limits;
    for (const int step_s : {3600, -3600}) {
        Twin twin(plant, "press", Source::json);
        fold(twin, {});
        twin.clock_stepped(seconds{step_s});
        const Instant then = t0 + seconds{step_s};
        EXPECT_EQ(twin.state().last_seen, then);
        EXPECT_FALSE(twin.judge(then + seconds{30}, limits));
        EXPECT_TRUE(twin.judge(then + seconds{31}, limits));
    }
    Twin from_disk(plant, "old", Source::json);
    from_disk.recall("x", {t0, 1.0, Quality::good}, t0 + seconds{9});
    from_disk.clock_stepped(seconds{3600});
    EXPECT_EQ(from_disk.state().last_seen, t0) << "an instant of another run stays what it was";
}

TEST(Twin, FallsStaleAfterSilenceThenOffline) {
    const Limits limits;
    Twin twin(plant, "press", Source::json);
    fold(twin, {});
    EXPECT_FALSE(twin.judge(t0 + seconds{30}, limits));
    EXPECT_TRUE(twin.judge(t0 + seconds{31}, limits));
    EXPECT_EQ(twin.state().connection, Connection::stale);
    EXPECT_FALSE(twin.judge(t0 + seconds{3600}, limits));
    EXPECT_TRUE(twin.judge(t0 + seconds{3601}, limits));
    EXPECT_EQ(twin.state().connection, Connection::offline);
    EXPECT_FALSE(twin.judge(t0 + seconds{9999}, limits));
}

TEST(Twin, ASlowMachineIsGivenItsUsualIntervals) {
    const Limits limits;
    Twin twin(plant, "meter", Source::json);
    Instant at = t0;
    for (int count = 0; count < 100; ++count) {
        fold(twin, {}, at);
        at = at + seconds{60};
    }
    const Instant last = twin.state().last_seen;
    EXPECT_FALSE(twin.judge(last + seconds{290}, limits));
    EXPECT_TRUE(twin.judge(last + seconds{301}, limits));
}

TEST(Twin, SparkplugIsNotStaleBySilence) {
    const Limits limits;
    Twin twin(plant, "g:n", Source::sparkplug);
    fold(twin, {});
    EXPECT_FALSE(twin.judge(t0 + seconds{86'400}, limits));
    EXPECT_EQ(twin.state().connection, Connection::online);
    twin.on_presence(Presence::died, t0 + seconds{86'400});
    EXPECT_EQ(twin.state().connection, Connection::stale);
}

TEST(LateClock, IsToldFromBuffersThatAreEmptied) {
    struct Case {
        std::string_view name;
        std::int64_t first_back_s, said_step_s, heard_step_s;
        int reports;
        std::optional<std::int64_t> told_s;
    };
    const Case cases[] = {
        {"two hours back, every ten seconds", 7'200, 10, 10, 3, 7'200},
        {"one report too few", 7'200, 10, 10, 2, std::nullopt},
        {"a value that came a little late", 299, 10, 10, 5, std::nullopt},
        {"just as far as a clock must be", 300, 10, 10, 3, 300},
        {"a buffer of ten seconds each, emptied at once", 7'200, 10, 0, 30, std::nullopt},
        {"a buffer, the newest first", 7'200, -10, 0, 30, std::nullopt},
        {"three reports within one second", 3'600, 0, 0, 3, 3'600},
        {"right again after it stood an hour ahead", 0, 10, 10, 3, -3'580},
    };
    for (const Case& one : cases) {
        LateClock clock;
        std::optional<std::int64_t> told;
        int times = 0;
        for (int i = 0; i < one.reports; ++i) {
            const Instant heard = t0 + seconds(i * one.heard_step_s);
            const Instant at = t0 - seconds(one.first_back_s) + seconds(i * one.said_step_s);
            const Instant known = one.first_back_s == 0 ? t0 + seconds(3'600) : t0 - seconds(5);
            if (const auto now = clock.hear(at, heard, known)) told = now, ++times;
        }
        EXPECT_EQ(told, one.told_s) << one.name;
        EXPECT_LE(times, 1) << one.name;
    }
}

TEST(LateClock, BeginsAnewOnceSomethingIsNew) {
    LateClock clock;
    const Instant said = t0 - seconds(4'000), known = t0 - seconds(5);
    for (int i = 0; i < 2; ++i) EXPECT_FALSE(clock.hear(said, t0, known));
    clock.fresh();
    EXPECT_FALSE(clock.hear(said, t0, known));
    EXPECT_FALSE(clock.hear(said, t0, known));
    EXPECT_EQ(clock.hear(said, t0, known), 4'000);
    EXPECT_FALSE(clock.hear(said, t0, known)) << "told once";
}

TEST(LateClock, ItsEventSaysHowFar) {
    EXPECT_EQ(seconds_back(clock_text(7'200)), 7'200);
    EXPECT_EQ(seconds_back(clock_text(-600)), -600);
    EXPECT_EQ(clock_text(7'200),
              "its clock stands 7200 s back (2.0 h): what it says is older than what is known");
    for (const std::string_view other : {"", "its clock stands ", "its clock stands 7 days back",
                                         "clock stepped: set back by 2.0 s"})
        EXPECT_FALSE(seconds_back(other)) << other;
}

TEST(Twin, TellsWhatIsOlderThanWhatIsKnown) {
    Twin twin(plant, "m1", Source::json);
    EXPECT_TRUE(fold(twin, {said("rpm", 800.0)}).is_fresh);
    auto late = fold(twin, {said("rpm", 900.0, t0 - seconds(60)), said("rpm", 1.0, t0 - seconds(50))},
                     t0 + seconds(5));
    EXPECT_FALSE(late.is_fresh);
    EXPECT_EQ(late.newest_late, t0 - seconds(50));
    EXPECT_EQ(late.newest_known, t0);
    late = fold(twin, {said("rpm", 900.0, t0 - seconds(60)), said("oil", 1.0, t0 - seconds(50))});
    EXPECT_TRUE(late.is_fresh) << "a tag nobody knew is new";
}

}  // namespace
}  // namespace lineshaft::twin
