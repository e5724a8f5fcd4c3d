#include "history/history.h"

#include <gtest/gtest.h>

#include "history/tests/rig.h"

namespace lineshaft::history {
namespace {

using namespace std::chrono_literals;
using testing::always;
using testing::now;
using testing::organisation;
using testing::Rig;

Instant at(std::int64_t seconds) {
    return now - 3600s + std::chrono::seconds(seconds);
}

std::vector<Sample> ramp(Rig& rig, const std::string& machine, std::int64_t count) {
    Report report{organisation, machine, {}};
    std::vector<Sample> samples;
    for (std::int64_t index = 0; index < count; ++index) {
        samples.push_back({at(index), static_cast<double>(index) / 4, Quality::good});
        report.samples.push_back({"speed", samples.back()});
    }
    EXPECT_EQ(rig->append(report)->stored, static_cast<std::uint32_t>(count));
    return samples;
}

TEST(History, WhatWasAppendedIsReadBeforeAndAfterSealingAndReopening) {
    Rig rig;
    const auto want = ramp(rig, "press", 100);
    EXPECT_EQ(rig->read("press", "speed", always), want);
    ASSERT_TRUE(rig->seal());
    EXPECT_EQ(rig->read("press", "speed", always), want);
    EXPECT_EQ(rig->stats().inbox_bytes, 0u);
    EXPECT_EQ(rig->stats().head_samples, 0u);
    EXPECT_EQ(rig->stats().chunks_sealed, 1u);
    rig.reopen(1);
    EXPECT_EQ(rig->read("press", "speed", always), want);
}

TEST(History, UnsealedSamplesSurviveAReopenWithAnyNumberOfShards) {
    Rig rig(2);
    const auto want = ramp(rig, "press", 100);
    const auto other = ramp(rig, "loom", 50);
    for (const unsigned shards : {3u, 1u, 2u}) {
        rig.reopen(shards);
        EXPECT_EQ(rig->read("press", "speed", always), want);
        EXPECT_EQ(rig->read("loom", "speed", always), other);
    }
}

TEST(History, TheLaterWriteOfAnInstantWinsWhereverTheEarlierLies) {
    Rig rig;
    ramp(rig, "press", 10);
    EXPECT_TRUE(rig->append("press", "speed", at(9), 90.0));  // the newest, in the head
    EXPECT_TRUE(rig->append("press", "speed", at(3), 30.0));  // a late one, in the head
    ASSERT_TRUE(rig->seal());
    EXPECT_EQ(rig->stats().samples_replaced, 2u);
    EXPECT_TRUE(rig->append("press", "speed", at(4), 40.0));  // over a chunk
    const auto check = [&] {
        const auto samples = rig->read("press", "speed", always);
        ASSERT_EQ(samples.size(), 10u);
        EXPECT_EQ(samples[9].value, Value(90.0));
        EXPECT_EQ(samples[3].value, Value(30.0));
        EXPECT_EQ(samples[4].value, Value(40.0));
        EXPECT_EQ(samples[5].value, Value(1.25));
    };
    check();
    ASSERT_TRUE(rig->seal());
    check();
    EXPECT_TRUE(rig->append("press", "speed", at(3), 31.0));
    ASSERT_TRUE(rig->seal());
    EXPECT_EQ(rig->read("press", "speed", always)[3].value, Value(31.0));
}

TEST(History, ATagMayChangeItsKind) {
    Rig rig;
    EXPECT_TRUE(rig->append("press", "state", at(0), std::int64_t{7}));
    EXPECT_EQ(rig->find("press", "state").kind, Kind::integer);
    EXPECT_TRUE(rig->append("press", "state", at(1), 7.5));
    EXPECT_TRUE(rig->append("press", "state", at(2), true));
    EXPECT_TRUE(rig->append("press", "state", at(3), std::string("stopped")));
    EXPECT_TRUE(rig->append("press", "state", at(4), std::int64_t{8}));
    EXPECT_TRUE(rig->append("press", "state", at(2), std::string("was true")));
    const std::vector<Sample> want = {{at(0), std::int64_t{7}, Quality::good},
                                      {at(1), 7.5, Quality::good},
                                      {at(2), std::string("was true"), Quality::good},
                                      {at(3), std::string("stopped"), Quality::good},
                                      {at(4), std::int64_t{8}, Quality::good}};
    EXPECT_EQ(rig->read("press", "state", always), want);
    ASSERT_TRUE(rig->seal());
    EXPECT_EQ(rig->read("press", "state", always), want);
    rig.reopen(2);
    EXPECT_EQ(rig->read("press", "state", always), want);
    EXPECT_EQ(rig->find("press", "state").kind, Kind::text);  // newest to arrive
    const auto buckets =
        rig->ask(rig->history().buckets(rig->find("press", "state"), {at(0), at(10)}, 10s));
    ASSERT_EQ(buckets->size(), 1u);
    EXPECT_EQ(buckets->front().count, 3u);
    EXPECT_EQ(buckets->front().count_all, 5u);
    EXPECT_EQ(buckets->front().max, 8.0);
}

TEST(History, ReadsStopAtTheWindowAndTheCountInBothDirections) {
    Rig rig;
    const auto all = ramp(rig, "press", 100);
    for (const bool sealed : {false, true}) {
        if (sealed) {
            ASSERT_TRUE(rig->seal());
        }
        const Window window{at(10), at(20)};
        EXPECT_EQ(rig->read("press", "speed", window),
                  std::vector(all.begin() + 10, all.begin() + 20));
        auto down = std::vector(all.begin() + 10, all.begin() + 20);
        std::reverse(down.begin(), down.end());
        EXPECT_EQ(rig->read("press", "speed", window, 100, History::Order::descending), down);
        EXPECT_EQ(rig->read("press", "speed", window, 3),
                  std::vector(all.begin() + 10, all.begin() + 13));
        EXPECT_EQ(rig->read("press", "speed", window, 3, History::Order::descending),
                  std::vector(down.begin(), down.begin() + 3));
        EXPECT_TRUE(rig->read("press", "speed", {at(5), at(5)}).empty());
        EXPECT_TRUE(rig->read("press", "speed", window, 0).empty());
        const Series series = rig->find("press", "speed");
        EXPECT_EQ(rig->ask(rig->history().last(series, at(50)))->value(), all[50]);
        EXPECT_EQ(rig->ask(rig->history().last(series, at(50) + 500ms))->value(), all[50]);
        EXPECT_EQ(rig->ask(rig->history().last(series, Instant{INT64_MAX}))->value(), all[99]);
        EXPECT_FALSE(rig->ask(rig->history().last(series, at(-1)))->has_value());
        EXPECT_EQ(*rig->ask(rig->history().extent(series)), (Window{at(0), at(99)}));
    }
}

TEST(History, QuestionsThatMakeNoSenseAreInvalid) {
    Rig rig(1, {.read_samples_max = 50, .buckets_max = 10});
    ramp(rig, "press", 100);
    const Series series = rig->find("press", "speed");
    auto& history = rig->history();
    EXPECT_EQ(rig->ask(history.read(series, {at(2), at(1)}, 10)).error().code, Code::invalid);
    EXPECT_TRUE(rig->ask(history.read(series, always, 50)));
    EXPECT_EQ(rig->ask(history.read(series, always, 51)).error().code, Code::invalid);
    EXPECT_EQ(rig->ask(history.buckets(series, always, 0us)).error().code, Code::invalid);
    const auto between = [&](std::vector<Instant> edges) {
        return rig->ask(history.buckets(series, std::move(edges)));
    };
    EXPECT_EQ(between({at(0)}).error().code, Code::invalid);
    EXPECT_EQ(between({at(0), at(5), at(5)}).error().code, Code::invalid);
    std::vector<Instant> edges;
    for (int edge = 0; edge <= 10; ++edge) edges.push_back(at(10 * edge));
    EXPECT_EQ(between(edges)->size(), 10u);
    edges.push_back(at(101));
    EXPECT_EQ(between(edges).error().code, Code::exhausted);
    EXPECT_EQ(rig->ask(history.buckets(series, {at(0), at(100)}, 10s))->size(), 10u);
    EXPECT_EQ(rig->ask(history.buckets(series, {at(0), at(100)}, 9s)).error().code,
              Code::exhausted);
    EXPECT_EQ(rig->ask(history.trend(series, always, 11)).error().code, Code::invalid);
    EXPECT_EQ(rig->ask(history.trend(series, always, 0)).error().code, Code::invalid);
    EXPECT_EQ(rig->ask(history.find(organisation, "press", "nothing")).error().code,
              Code::not_found);
    EXPECT_TRUE(rig->ask(history.series_of(organisation, "nobody")).empty());
}

TEST(History, StringsOfOneReadAreBounded) {
    Rig rig(1, {.read_text_bytes_max = 1000});
    for (int index = 0; index < 11; ++index) {
        ASSERT_TRUE(rig->append("press", "log", at(index), std::string(100, 'x')));
    }
    const Series series = rig->find("press", "log");
    EXPECT_EQ(rig->ask(rig->history().read(series, always, 10))->size(), 10u);
    EXPECT_EQ(rig->ask(rig->history().read(series, always, 11)).error().code, Code::exhausted);
}

TEST(History, WhatIsRefusedIsCounted) {
    Rig rig(
        1,
        {.series_per_machine_max = 3, .series_max = 4, .name_bytes_max = 8, .text_bytes_max = 5});
    const Limits limits;
    Report report{organisation, "press", {}};
    const auto add = [&](std::string tag, Instant when, Value value) {
        report.samples.push_back({std::move(tag), {when, std::move(value), Quality::good}});
    };
    add("a", limits.time_min, 1.0);
    add("a", limits.time_min - 1us, 1.0);
    add("a", now + 24h, 1.0);
    add("a", now + 24h + 1us, 1.0);
    add("12345678", at(0), 1.0);
    add("123456789", at(0), 1.0);
    add("", at(0), 1.0);
    add("\xff", at(0), 1.0);
    add("text", at(0), std::string("12345"));
    add("text", at(1), std::string("123456"));
    add("one more", at(0), 1.0);
    const auto appended = rig->append(report);
    ASSERT_TRUE(appended);
    EXPECT_EQ(appended->stored, 4u);
    EXPECT_EQ(appended->refused_time, 2u);
    EXPECT_EQ(appended->refused_name, 3u);
    EXPECT_EQ(appended->refused_size, 1u);
    EXPECT_EQ(appended->refused_cardinality, 1u);
    EXPECT_EQ(appended->discovered, 3u);
    EXPECT_EQ(rig->append("loom", "a", at(0), 1.0)->stored, 1u);
    EXPECT_EQ(rig->append("loom", "b", at(0), 1.0)->refused_cardinality, 1u);  // series_max
    EXPECT_EQ(rig->append("123456789", "a", at(0), 1.0)->refused_name, 1u);
    const Stats stats = rig->stats();
    EXPECT_EQ(stats.samples_stored, 5u);
    EXPECT_EQ(stats.samples_refused_cardinality, 2u);
    EXPECT_EQ(stats.samples_refused_name, 4u);
    EXPECT_EQ(stats.series, 4u);
}

TEST(History, AMachineFullOfTagsHasRoomForNotesOfIt) {
    Rig rig(1, {.series_per_machine_max = 2});
    EXPECT_EQ(rig->append("press", "a", at(0), 1.0)->stored, 1u);
    EXPECT_EQ(rig->append("press", "b", at(0), 1.0)->stored, 1u);
    EXPECT_EQ(rig->append("press", "c", at(0), 1.0)->refused_cardinality, 1u);
    EXPECT_EQ(rig->append("press", "$events", at(0), std::string("refused"))->stored, 1u);
    std::uint32_t refused = 0;
    for (int note = 0; note < 20; ++note)
        refused += rig->append("press", "$" + std::to_string(note), at(0), 1.0)->refused_cardinality;
    EXPECT_EQ(refused, 13u) << "and for no flood of them";
}

TEST(History, AFullInboxRefusesUntilItIsSealed) {
    Rig rig(1, {.inbox_bytes_max = 2000, .seal_bytes = 1 << 30});
    Result<Appended> appended;
    int taken = 0;
    while ((appended = rig->append("press", "speed", at(taken), double(taken)))) ++taken;
    EXPECT_EQ(appended.error().code, Code::exhausted);
    EXPECT_GT(taken, 100);
    ASSERT_TRUE(rig->seal());
    EXPECT_TRUE(rig->append("press", "speed", at(taken), 1.0));
    EXPECT_EQ(rig->read("press", "speed", always).size(), static_cast<std::size_t>(taken) + 1);
}

TEST(History, SealsByItselfWhenTheInboxHasGrown) {
    Rig rig(1, {.seal_bytes = 3000});
    ramp(rig, "press", 1000);
    for (int index = 1000; rig->stats().chunks_sealed == 0; ++index) {
        ASSERT_TRUE(rig->append("press", "speed", at(index), 1.0));
    }
    EXPECT_GE(rig->read("press", "speed", always).size(), 1000u);
}

TEST(History, SealsByItselfWhenTheOldestHasWaitedLong) {
    Rig rig(1, {.seal_age_max = 60s});
    ramp(rig, "press", 10);
    rig.advance(50s);
    EXPECT_EQ(rig->stats().chunks_sealed, 0u);
    rig.advance(20s);
    while (rig->stats().chunks_sealed == 0) {
    }
    while (rig->stats().inbox_bytes != 0) {
    }
    EXPECT_EQ(rig->read("press", "speed", always).size(), 10u);
}

TEST(History, MachinesAndTheirSeriesAreListed) {
    Rig rig(3);
    ramp(rig, "press", 1);
    ramp(rig, "loom", 1);
    EXPECT_TRUE(rig->append("press", "area", at(0), 2.0));
    EXPECT_TRUE(
        rig->append({OrganisationId(2), "press", {{"speed", {at(0), 1.0, Quality::good}}}}));
    rig.reopen(2);
    const auto machines = rig->ask(rig->history().machines());
    ASSERT_EQ(machines.size(), 3u);
    EXPECT_EQ(machines[0].name, "loom");
    EXPECT_EQ(machines[1].series, 2u);
    EXPECT_EQ(machines[2].organisation, OrganisationId(2));
    const auto series = rig->ask(rig->history().series_of(organisation, "press"), 1);
    ASSERT_EQ(series.size(), 2u);
    EXPECT_EQ(series[0].tag, "area");
    EXPECT_EQ(series[1].tag, "speed");
    EXPECT_NE(series[0].id, series[1].id);
}

TEST(Trend, RawWhileFewThenColumns) {
    Rig rig;
    const auto all = ramp(rig, "press", 1000);
    for (const bool sealed : {false, true}) {
        if (sealed) {
            ASSERT_TRUE(rig->seal());
        }
        const Series series = rig->find("press", "speed");
        const Window window{at(0), at(1000)};
        const auto raw = rig->ask(rig->history().trend(series, window, 500));
        EXPECT_TRUE(raw->is_raw);
        EXPECT_EQ(raw->samples, all);
        const auto few = rig->ask(rig->history().trend(series, window, 499));
        EXPECT_FALSE(few->is_raw);
        EXPECT_LE(few->columns.size(), 499u);
        const auto ten = rig->ask(rig->history().trend(series, window, 10));
        ASSERT_EQ(ten->columns.size(), 10u);
        EXPECT_EQ(ten->step, 100s);
        EXPECT_EQ(ten->columns[3].start, at(300));
        EXPECT_EQ(ten->columns[3].count, 100u);
        EXPECT_EQ(ten->columns[3].min, 75.0);
        EXPECT_EQ(ten->columns[3].max, 99.75);
        EXPECT_EQ(ten->columns[3].first_at, at(300));
    }
}

TEST(Trend, ABooleanShowsItsChangesAndThinsThem) {
    Rig rig;
    Report report{organisation, "press", {}};
    for (int index = 0; index < 1000; ++index) {
        report.samples.push_back({"running", {at(index), index / 100 % 2 == 1, Quality::good}});
        report.samples.push_back({"flicker", {at(index), index % 2 == 1, Quality::good}});
    }
    ASSERT_TRUE(rig->append(report));
    ASSERT_TRUE(rig->seal());
    const Window window{at(0), at(1000)};
    const auto running = rig->ask(rig->history().trend(rig->find("press", "running"), window, 5));
    EXPECT_TRUE(running->is_raw);
    ASSERT_EQ(running->samples.size(), 10u);
    EXPECT_EQ(running->samples[7].at, at(700));
    const auto flicker = rig->ask(rig->history().trend(rig->find("press", "flicker"), window, 5));
    ASSERT_EQ(flicker->samples.size(), 10u);
    EXPECT_EQ(flicker->samples[2].at, at(200));
    EXPECT_EQ(flicker->samples[3].at, at(399));
}

}  // namespace
}  // namespace lineshaft::history
