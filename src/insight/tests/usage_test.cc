#include "insight/usage.h"
#include <fmt/format.h>

namespace lineshaft::insight {
namespace {

Instant hour(double h) { return {std::int64_t(h * 3600e6)}; }

TEST(MeterTest, HoursOfAWindow) {
    const std::vector<MeterReading> meter{{hour(0), 100}, {hour(10), 105}, {hour(20), 105}, {hour(24), 109}};
    struct Case {
        double from, until, hours, covered;
    };
    const Case cases[] = {{0, 24, 9, 1},  {0, 10, 5, 1},    {5, 10, 2.5, 1}, {10, 20, 0, 1}, {22, 26, 2, 0.5},
                          {-10, 0, 0, 0}, {30, 40, 0, 0},   {0, 48, 9, 0.5}, {5, 5, 0, 0}};
    for (const Case& test : cases) {
        const MeterUse use = hours_worked(meter, {hour(test.from), hour(test.until)});
        EXPECT_NEAR(use.hours, test.hours, 1e-9) << test.from;
        EXPECT_NEAR(use.covered_share, test.covered, 1e-9) << test.from;
        EXPECT_EQ(use.resets + use.clipped, 0u);
    }
    EXPECT_EQ(hours_worked({}, {hour(0), hour(1)}).covered_share, 0);
    EXPECT_EQ(hours_worked(std::vector<MeterReading>{{hour(0), 5}}, {hour(0), hour(1)}).hours, 0);
}

TEST(MeterTest, MetersThatGoBackRaceOrRepeat) {
    const Window day{hour(0), hour(24)};
    MeterUse use = hours_worked(std::vector<MeterReading>{{hour(0), 900}, {hour(8), 4}, {hour(16), 8}}, day);
    EXPECT_EQ(use.resets, 1u);
    EXPECT_DOUBLE_EQ(use.hours, 4);
    use = hours_worked(std::vector<MeterReading>{{hour(0), 0}, {hour(2), 500}}, day);
    EXPECT_EQ(use.clipped, 1u);
    EXPECT_DOUBLE_EQ(use.hours, 2);
    use = hours_worked(std::vector<MeterReading>{{hour(4), 10}, {hour(4), 10}, {hour(2), 7}, {hour(6), 11}}, day);
    EXPECT_DOUBLE_EQ(use.hours, 1);
}

TEST(UseTest, WhatSignalsMean) {
    const UseRules rules;
    const std::pair<Signals, Use> cases[] = {
        {{.at = {}, .is_running = true, .rpm = 1500}, Use::working},
        {{.at = {}, .is_running = true, .rpm = 800}, Use::idle},
        {{.at = {}, .is_running = true}, Use::idle},
        {{.at = {}, .is_running = true, .load_percent = 60}, Use::working},
        {{.at = {}, .is_running = true, .rpm = 900, .speed_kmh = 5}, Use::working},
        {{.at = {}, .is_running = false, .speed_kmh = 50}, Use::off},  // on a low-loader
        {{.at = {}, .rpm = 700}, Use::idle},
        {{.at = {}, .rpm = 0}, Use::off},
        {{.at = {}}, Use::off},
        {{.at = {}, .is_running = true, .rpm = 1500, .has_fault = true}, Use::fault},
    };
    for (const auto& [signals, want] : cases) EXPECT_EQ(use_of(signals, rules), want) << name_of(want);
}

TEST(UseTest, TimesFillTheWindow) {
    const std::vector<UseFrom> spells{
        {hour(0), Use::working}, {hour(0.2), Use::idle}, {hour(0.3), Use::off}};
    const UseTimes times = use_times(spells, {hour(0.1), hour(1.1)}, 900);
    EXPECT_NEAR(times.of(Use::working), 360, 1e-6);
    EXPECT_NEAR(times.of(Use::idle), 360, 1e-6);
    EXPECT_NEAR(times.of(Use::off), 900, 1e-6);
    EXPECT_NEAR(times.of(Use::silent), 3600 - 360 - 360 - 900, 1e-6);
    EXPECT_NEAR(*times.utilisation(), 360.0 / 1620, 1e-9);
    EXPECT_NEAR(*times.idle_ratio(), 0.5, 1e-9);
    const UseTimes nothing = use_times({}, {hour(0), hour(1)}, 900);
    EXPECT_EQ(nothing.of(Use::silent), 3600);
    EXPECT_FALSE(nothing.utilisation() || nothing.idle_ratio());
}

std::vector<MachineDay> days_of(int machines, const std::string& type, const std::string& region, int year, int worked_of_4) {
    std::vector<MachineDay> days;
    for (int m = 0; m < machines; ++m)
        for (int d = 0; d < 4; ++d)
            days.push_back({fmt::format("{}-{}-{}", type, region, m), type, region, year, 5, d < worked_of_4 ? 6.0 : 0.5, true});
    return days;
}
void add(std::vector<MachineDay>& all, std::vector<MachineDay> more) { all.insert(all.end(), more.begin(), more.end()); }

const IndexRow* row_of(const std::vector<IndexRow>& rows, int year, std::string_view type, std::string_view region) {
    const auto found = std::ranges::find_if(rows, [&](const IndexRow& row) {
        return row.year == year && row.type == type && row.region == region;
    });
    return found == rows.end() ? nullptr : &*found;
}

TEST(IndexTest, SharesOfDaysWithYearOnYear) {
    std::vector<MachineDay> days;
    add(days, days_of(8, "excavator", "Hunan", 2025, 2));
    add(days, days_of(8, "excavator", "Hunan", 2026, 3));
    add(days, days_of(8, "crane", "Hunan", 2026, 1));
    days.push_back({"silent", "crane", "Hunan", 2026, 5, 0, false});
    const auto rows = working_index(days, {});
    ASSERT_TRUE(rows) << rows.error().context;
    const IndexRow* row = row_of(*rows, 2026, "excavator", "Hunan");
    ASSERT_TRUE(row);
    EXPECT_EQ(row->machines, 8u);
    EXPECT_EQ(row->observed_days, 32u);
    EXPECT_EQ(row->working_days, 24u);
    EXPECT_DOUBLE_EQ(*row->index, 0.75);
    EXPECT_DOUBLE_EQ(*row->year_on_year, 0.25);
    row = row_of(*rows, 2026, "", "");
    ASSERT_TRUE(row);
    EXPECT_EQ(row->machines, 16u);
    EXPECT_DOUBLE_EQ(*row->index, 0.5);
    EXPECT_FALSE(row_of(*rows, 2026, "crane", "")->year_on_year);
    const auto strict = working_index(days, {.hours_min = 7});
    EXPECT_DOUBLE_EQ(*row_of(*strict, 2026, "", "")->index, 0);
    EXPECT_NE(describe({}, "zh").find("开工率"), std::string::npos);
    EXPECT_NE(describe({.hours_min = 7}, "en").find("7 hours"), std::string::npos);
}

TEST(IndexTest, SmallGroupsAreWithheldAtTheEdge) {
    std::vector<MachineDay> days = days_of(5, "excavator", "Hunan", 2026, 2);
    EXPECT_FALSE(working_index(days, {})->front().is_withheld);
    days = days_of(4, "excavator", "Hunan", 2026, 2);
    const auto rows = working_index(days, {});
    ASSERT_TRUE(rows);
    for (const IndexRow& row : *rows) {
        EXPECT_TRUE(row.is_withheld);
        EXPECT_EQ(row.machines + row.observed_days + row.working_days, 0u);
        EXPECT_FALSE(row.index);
    }
}

/// The attacker's view: no row or column of a month may have exactly one withheld cell.
TEST(IndexTest, WithheldCellsCannotBeWorkedOut) {
    std::mt19937 random(3);
    std::size_t withheld = 0, published = 0;
    for (int round = 0; round < 200; ++round) {
        std::vector<MachineDay> days;
        const std::vector<std::string> types{"a", "b", "c", "d"}, regions{"x", "y", "z"};
        for (const auto& type : types)
            for (const auto& region : regions) add(days, days_of(int(random() % 14), type, region, 2026, int(random() % 5)));
        const auto rows = working_index(days, {});
        ASSERT_TRUE(rows);
        std::map<std::pair<std::string, std::string>, bool> is_withheld;
        for (const IndexRow& row : *rows) {
            is_withheld[{row.type, row.region}] = row.is_withheld;
            ++(row.is_withheld ? withheld : published);
            EXPECT_TRUE(row.is_withheld || row.machines >= 5);
        }
        const auto count = [&](auto&& is_on_line) {
            return std::ranges::count_if(is_withheld, [&](const auto& cell) { return cell.second && is_on_line(cell.first); });
        };
        for (const std::string& type : {std::string(), types[0], types[1], types[2], types[3]})
            EXPECT_NE(count([&](const auto& cell) { return cell.first == type; }), 1) << round << ' ' << type;
        for (const std::string& region : {std::string(), regions[0], regions[1], regions[2]})
            EXPECT_NE(count([&](const auto& cell) { return cell.second == region; }), 1) << round << ' ' << region;
    }
    EXPECT_GT(withheld, 200u);
    EXPECT_GT(published, 200u);
}

TEST(IndexTest, RefusesDaysThatAreNone) {
    const auto code = [](MachineDay day, IndexDefinition definition = {}) {
        const auto rows = working_index(std::vector{day}, definition);
        return rows ? std::optional<Code>{} : rows.error().code;
    };
    const MachineDay good{"m", "", "", 2026, 5, 6, true};
    EXPECT_EQ(code(good), std::nullopt);
    MachineDay bad = good;
    bad.hours = 25.1;
    EXPECT_EQ(code(bad), Code::invalid);
    bad.hours = -1;
    EXPECT_EQ(code(bad), Code::invalid);
    bad = good;
    bad.month = 13;
    EXPECT_EQ(code(bad), Code::invalid);
    EXPECT_EQ(code(good, {.machines_min = 0}), Code::invalid);
    EXPECT_EQ(code(good, {.hours_min = 25}), Code::invalid);
}

}  // namespace
}  // namespace lineshaft::insight
