#include "calendar/calendar.h"

#include <date/tz.h>
#include <gtest/gtest.h>

#include <random>

#include "base/tests/one_in.h"

namespace lineshaft::calendar {
namespace {

Instant at(std::string_view text) {
    return *parse_rfc3339(text);
}

Calendar calendar(const char* zone, int day_starts = 0) {
    return *Calendar::make({.time_zone = zone, .day_starts = std::chrono::minutes(day_starts)});
}

Rules three_shifts(const char* zone) {
    using std::chrono::hours;
    return {.time_zone = zone,
            .shifts = {{"early", hours{6}}, {"late", hours{14}}, {"night", hours{22}}}};
}

struct Case {
    const char* zone;
    Unit unit;
    const char* at;
    const char* from;
    const char* until;
    const char* label;
};

// Turns of the clock as in tzdata, all past, since governments change coming ones: Berlin
// 2026-03-29 and 2026-10-25 at 01:00 UTC; Cairo skips midnight on 2026-04-24; Havana had the hour
// before 01:00 twice on 2024-11-03; Lord Howe turns by half an hour; Apia left out 2011-12-30.
const Case cases[] = {
    {"UTC", Unit::day, "2026-11-22T05:00:00Z", "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z",
     "2026-11-22"},
    {"Asia/Shanghai", Unit::day, "2026-11-22T17:00:00Z", "2026-11-22T16:00:00Z",
     "2026-11-23T16:00:00Z", "2026-11-23"},
    {"Europe/Berlin", Unit::day, "2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z",
     "2026-03-29T22:00:00Z", "2026-03-29"},
    {"Europe/Berlin", Unit::day, "2026-10-25T12:00:00Z", "2026-10-24T22:00:00Z",
     "2026-10-25T23:00:00Z", "2026-10-25"},
    {"Europe/Berlin", Unit::hour, "2026-10-25T00:30:00Z", "2026-10-25T00:00:00Z",
     "2026-10-25T01:00:00Z", "2026-10-25T02+02:00"},
    {"Europe/Berlin", Unit::hour, "2026-10-25T01:30:00Z", "2026-10-25T01:00:00Z",
     "2026-10-25T02:00:00Z", "2026-10-25T02+01:00"},
    {"Europe/Berlin", Unit::week, "2026-10-25T12:00:00Z", "2026-10-18T22:00:00Z",
     "2026-10-25T23:00:00Z", "2026-W43"},
    {"Europe/Berlin", Unit::week, "2021-01-02T12:00:00Z", "2020-12-27T23:00:00Z",
     "2021-01-03T23:00:00Z", "2020-W53"},
    {"Europe/Berlin", Unit::month, "2026-03-05T12:00:00Z", "2026-02-28T23:00:00Z",
     "2026-03-31T22:00:00Z", "2026-03"},
    {"Europe/Berlin", Unit::year, "2025-03-05T12:00:00Z", "2024-12-31T23:00:00Z",
     "2025-12-31T23:00:00Z", "2025"},
    {"Africa/Cairo", Unit::day, "2026-04-24T10:00:00Z", "2026-04-23T22:00:00Z",
     "2026-04-24T21:00:00Z", "2026-04-24"},
    {"America/Havana", Unit::day, "2024-11-03T12:00:00Z", "2024-11-03T04:00:00Z",
     "2024-11-04T05:00:00Z", "2024-11-03"},
    {"America/Havana", Unit::day, "2024-11-03T03:59:00Z", "2024-11-02T04:00:00Z",
     "2024-11-03T04:00:00Z", "2024-11-02"},
    {"Asia/Kolkata", Unit::hour, "2026-11-22T05:45:00Z", "2026-11-22T05:30:00Z",
     "2026-11-22T06:30:00Z", "2026-11-22T11+05:30"},
    {"Australia/Lord_Howe", Unit::hour, "2026-04-04T15:05:00Z", "2026-04-04T15:00:00Z",
     "2026-04-04T15:30:00Z", "2026-04-05T01+10:30"},
    {"Pacific/Apia", Unit::day, "2011-12-30T09:00:00Z", "2011-12-29T10:00:00Z",
     "2011-12-30T10:00:00Z", "2011-12-29"},
    {"Pacific/Apia", Unit::day, "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z",
     "2011-12-31T10:00:00Z", "2011-12-31"},
};

TEST(Calendar, PeriodsAreTheLocalOnes) {
    for (const Case& one : cases) {
        const Period period = calendar(one.zone).period_at(one.unit, at(one.at));
        EXPECT_EQ(to_rfc3339(period.window.from), one.from) << one.zone << " " << one.at;
        EXPECT_EQ(to_rfc3339(period.window.until), one.until) << one.zone << " " << one.at;
        EXPECT_EQ(period.label, one.label) << one.zone << " " << one.at;
    }
}

TEST(Calendar, APlantsDayMayStartAtSix) {
    const auto plant = calendar("Europe/Berlin", 360);
    const Period day = plant.period_at(Unit::day, at("2026-10-25T04:59:00Z"));
    EXPECT_EQ(day.label, "2026-10-24");
    EXPECT_EQ(to_rfc3339(day.window.from), "2026-10-24T04:00:00Z");
    EXPECT_EQ(to_rfc3339(day.window.until), "2026-10-25T05:00:00Z")
        << "25 hours: the night had two";
    EXPECT_EQ(plant.period_at(Unit::month, at("2026-11-01T04:00:00Z")).label, "2026-10");
}

TEST(Calendar, WeeksStartWhereTheRuleSays) {
    const auto sunday = *Calendar::make({.time_zone = "America/Chicago", .week_starts = 7});
    const Period week = sunday.period_at(Unit::week, at("2026-11-22T18:00:00Z"));
    EXPECT_EQ(to_rfc3339(week.window.from), "2026-11-22T06:00:00Z");
    EXPECT_EQ(week.label, "2026-W47");
}

TEST(Calendar, ShiftsTakeTheirShareOfATurnOfTheClock) {
    const auto plant = *Calendar::make(three_shifts("Europe/Berlin"));
    const auto shift = [&](const char* when) { return plant.period_at(Unit::shift, at(when)); };
    EXPECT_EQ(shift("2026-11-22T05:00:00Z").label, "2026-11-22 early");
    EXPECT_EQ(shift("2026-11-22T04:59:59Z").label, "2026-11-21 night");
    const Window shorter = shift("2026-03-29T00:00:00Z").window;
    EXPECT_EQ(shorter.until - shorter.from, std::chrono::hours{7});
    const Window longer = shift("2026-10-25T00:00:00Z").window;
    EXPECT_EQ(longer.until - longer.from, std::chrono::hours{9});
    EXPECT_EQ(calendar("Europe/Berlin").period_at(Unit::shift, at("2026-11-22T05:00:00Z")).label,
              "2026-11-22")
        << "without shifts the day is one";
}

// Over every zone the system knows, every unit, around random instants of two centuries.
TEST(Calendar, PeriodsFollowEachOtherWithoutHolesOrOverlaps) {
    std::mt19937_64 random(7);
    const auto& zones = date::get_tzdb().zones;
    for (std::size_t place = 0; place < zones.size(); place += one_in(5)) {
        const auto& zone = zones[place];
        Rules rules = three_shifts("UTC");
        rules.time_zone = zone.name();
        rules.day_starts = std::chrono::minutes(random() % 2 * (random() % 1'440));
        rules.week_starts = static_cast<unsigned>(1 + random() % 7);
        const auto made = Calendar::make(rules);
        ASSERT_TRUE(made) << made.error().context;
        for (const Unit unit :
             {Unit::hour, Unit::shift, Unit::day, Unit::week, Unit::month, Unit::year}) {
            const Instant from{static_cast<std::int64_t>(random() % 6'300'000'000'000'000) -
                               2'200'000'000'000'000};
            const auto all = made->periods(unit, {from, from + std::chrono::hours{24 * 40}});
            ASSERT_TRUE(all) << all.error().context;
            ASSERT_TRUE(all->front().window.contains(from)) << zone.name();
            for (std::size_t index = 0; index < all->size(); ++index) {
                const Window window = (*all)[index].window;
                ASSERT_LT(window.from, window.until) << zone.name() << " " << (*all)[index].label;
                ASSERT_TRUE(index == 0 || (*all)[index - 1].window.until == window.from);
                ASSERT_EQ(made->period_at(unit, {window.until.micros - 1}).window, window)
                    << zone.name() << " " << (*all)[index].label;
            }
        }
    }
}

TEST(Calendar, WrongRulesAndWindowsAreRefused) {
    const std::pair<Rules, const char*> wrong[] = {
        {{.time_zone = "Mars/Olympus"}, "Mars/Olympus"},
        {{.time_zone = "../../etc/passwd"}, "etc/passwd"},
        {{.day_starts = std::chrono::minutes{1'440}}, "1439"},
        {{.week_starts = 0}, "Monday"},
        {{.shifts = {{"", {}}}}, "64 bytes"},
        {{.shifts = {{"a", std::chrono::minutes{60}}, {"b", std::chrono::minutes{60}}}}, "b does"},
        {{.shifts = std::vector<Shift>(25, Shift{"a", {}})}, "24 shifts"},
    };
    for (const auto& [rules, why] : wrong) {
        const auto made = Calendar::make(rules);
        ASSERT_FALSE(made) << why;
        EXPECT_EQ(made.error().code, Code::invalid);
        EXPECT_NE(made.error().context.find(why), std::string::npos) << made.error().context;
    }
    const auto utc = calendar("UTC");
    EXPECT_EQ(utc.periods(Unit::day, {{1}, {0}}).error().code, Code::invalid);
    EXPECT_EQ(utc.periods(Unit::year, {{0}, {INT64_MAX}}).error().code, Code::invalid);
    const Window ten_days{at("2026-01-01T00:00:00Z"), at("2026-01-11T00:00:00Z")};
    EXPECT_EQ(utc.periods(Unit::day, ten_days, 10)->size(), 10u);
    EXPECT_EQ(utc.periods(Unit::day, ten_days, 9).error().code, Code::exhausted);
    EXPECT_TRUE(utc.periods(Unit::day, {{5}, {5}})->empty());
}

TEST(Calendar, UnitsHaveNames) {
    for (const Unit unit :
         {Unit::hour, Unit::shift, Unit::day, Unit::week, Unit::month, Unit::year}) {
        EXPECT_EQ(*unit_of(name_of(unit)), unit);
    }
    EXPECT_FALSE(unit_of("fortnight"));
}

}  // namespace
}  // namespace lineshaft::calendar
