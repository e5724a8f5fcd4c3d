// Statements against a small plant: what they give, and who sees what.
#include <fmt/format.h>

#include "rig.h"

namespace lineshaft::query::testing {
namespace {

class Sql : public ::testing::Test {
protected:
    static void SetUpTestSuite() { rig_ = small_plant().release(); }
    static void TearDownTestSuite() { delete rig_; }
    static Rig* rig_;
};
Rig* Sql::rig_ = nullptr;

struct Case {
    std::string_view sql, rows;
};

TEST_F(Sql, GivesWhatPostgresqlWouldGive) {
    const Case cases[] = {
        {"SELECT 1, 'a', true, NULL, 1.5, -3", "1|a|t|-|1.5|-3"},
        {"SELECT 7 / 2, 7.0 / 2, 7 % 4, 2 ^ 10, 1 + 2 * 3 - 4", "3|3.5|3|1024|3"},
        {"SELECT 'it''s' || 1 || true", "it's1true"},
        {"VALUES (1, 'a'), (2, 'b')", "1|a;2|b"},
        {"SELECT id, name, site, connection, state FROM machines ORDER BY id",
         "press-1|Press one|Berlin|online|Running;press-2|Press "
         "two|Shanghai|-|-;robot|-|-|stale|-"},
        {"SELECT attributes ->> 'hall', (attributes ->> 'rooms')::int + 1 FROM machines WHERE id = "
         "'press-1'",
         "East|5"},
        {"SELECT id FROM machines WHERE site = 'Berlin' OR name LIKE '%two' ORDER BY 1 DESC",
         "press-2;press-1"},
        {"SELECT machine, tag, kind FROM tags WHERE machine = 'robot' ORDER BY tag",
         "robot|arm|double;robot|is on|boolean;robot|state|string"},
        {"SELECT tag, value, text, quality, time FROM latest WHERE machine = 'robot' ORDER BY tag",
         "arm|7|-|good|2026-03-28 22:01:00+00;is on|1|-|good|2026-03-28 22:00:00+00;"
         "state|-|moving|good|2026-03-28 22:05:00+00"},
        {"SELECT count(*) FROM samples", "405"},
        {"SELECT value FROM samples WHERE machine = 'robot' AND tag = 'arm' ORDER BY time", "-;7"},
        {"SELECT time, value FROM samples WHERE machine = 'press-1' AND tag = 'speed' ORDER BY "
         "time "
         "DESC LIMIT 2",
         "2026-03-28 23:39:00+00|99;2026-03-28 23:38:00+00|98"},
        {"SELECT machine, value FROM samples WHERE tag = 'speed' ORDER BY time, machine LIMIT 3",
         "press-1|0;press-2|1000;press-1|1"},
        {"SELECT value FROM samples WHERE machine IN ('press-1', 'robot') AND tag LIKE 'sp%' AND "
         "time BETWEEN '2026-03-28 22:10' AND '2026-03-28T22:12:00Z' ORDER BY time",
         "10;11;12"},
        {"SELECT machine, count(*), min(value), max(value), avg(value), sum(value) FROM samples "
         "WHERE tag = 'speed' GROUP BY machine ORDER BY machine",
         "press-1|100|0|99|49.5|4950;press-2|100|1000|1099|1049.5|104950"},
        {"SELECT time_bucket('1 hour', time) AS b, count(value), first(value, time), last(value) "
         "FROM samples WHERE machine = 'press-1' AND tag = 'speed' GROUP BY b ORDER BY b",
         "2026-03-28 22:00:00+00|60|0|59;2026-03-28 23:00:00+00|40|60|99"},
        {"SELECT time_bucket('1 hour', time), sum(value) FROM samples WHERE tag = 'count' AND time "
         ">= '2026-03-28 22:58' AND time < '2026-03-28 23:02' AND machine = 'press-1' GROUP BY 1 "
         "ORDER BY 1",
         "2026-03-28 22:00:00+00|117;2026-03-28 23:00:00+00|121"},
        {"SELECT machine, site_bucket('day', time) d, count(*) FROM samples WHERE tag = 'speed' "
         "GROUP BY machine, d ORDER BY 1, 2",
         "press-1|2026-03-27 23:00:00+00|60;press-1|2026-03-28 23:00:00+00|40;"
         "press-2|2026-03-28 16:00:00+00|100"},
        {"SELECT date_trunc('day', time, 'Europe/Berlin'), count(*) FROM samples WHERE tag = "
         "'speed' GROUP BY 1 ORDER BY 1",
         "2026-03-27 23:00:00+00|120;2026-03-28 23:00:00+00|80"},
        {"SELECT m.site, avg(s.value) FROM samples s JOIN machines m ON m.id = s.machine WHERE "
         "s.tag = 'speed' GROUP BY m.site HAVING count(*) > 1 ORDER BY 2 DESC",
         "Shanghai|1049.5;Berlin|49.5"},
        {"SELECT m.id, count(s.value) FROM machines m LEFT JOIN samples s ON s.machine = m.id AND "
         "s.tag = 'speed' GROUP BY m.id ORDER BY 1",
         "press-1|100;press-2|100;robot|0"},
        {"SELECT max(a) - min(a) FROM (SELECT machine, avg(value) a FROM samples WHERE tag = "
         "'speed' GROUP BY machine) q",
         "1000"},
        {"WITH h AS (SELECT machine, time_bucket('30 minutes', time) b, max(value) top FROM "
         "samples "
         "WHERE tag = 'speed' GROUP BY 1, 2) SELECT count(*), sum(top) FROM h WHERE machine = "
         "'press-1'",
         "4|276"},
        {"SELECT count(DISTINCT machine), count(*) FILTER (WHERE value > 1000) FROM samples WHERE "
         "tag = 'speed'",
         "2|99"},
        {"SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY value), stddev_pop(value) FROM "
         "samples "
         "WHERE machine = 'press-1' AND tag = 'speed'",
         "49.5|28.86607004772212"},
        {"SELECT value - lag(value) OVER (ORDER BY time) FROM samples WHERE machine = 'press-1' "
         "AND "
         "tag = 'speed' ORDER BY time LIMIT 3",
         "-;1;1"},
        {"SELECT count(*) FROM samples WHERE false", "0"},
        {"SELECT sum(value), avg(value), count(value) FROM samples WHERE machine = 'nobody'",
         "-|-|0"},
        {"SELECT CASE WHEN max(value) > 50 THEN 'fast' ELSE 'slow' END FROM samples WHERE machine "
         "= "
         "'press-1' AND tag = 'speed'",
         "fast"},
        {"SELECT extract(hour FROM time), to_char(time, 'YYYY-MM-DD HH24:MI', 'Asia/Shanghai') "
         "FROM "
         "samples WHERE machine = 'press-1' AND tag = 'speed' ORDER BY time LIMIT 1",
         "22|2026-03-29 06:00"},
        {"SELECT max(time) - min(time) FROM samples WHERE tag = 'speed'", "01:39:00"},
        {"SELECT '2026-01-31'::timestamptz + interval '1 month', timestamptz '2026-03-29 00:00+00' "
         "- interval '90 minutes'",
         "2026-02-28 00:00:00+00|2026-03-28 22:30:00+00"},
        {"SELECT id FROM machines WHERE id = ANY('{robot,\"press-2\"}') ORDER BY id",
         "press-2;robot"},
        {"SELECT id FROM machines WHERE id = ANY(ARRAY['robot', 'x'])", "robot"},
        {"SELECT id FROM machines m WHERE EXISTS (SELECT 1 FROM latest l WHERE l.machine = m.id "
         "AND "
         "l.text IS NOT NULL)",
         "robot"},
        {"SELECT machine FROM latest WHERE value = (SELECT max(value) FROM latest)", "press-2"},
        {"SELECT id FROM machines WHERE id ~ '^press-[0-9]$' AND name ILIKE '%ONE'", "press-1"},
        {"SELECT coalesce(NULL, 'x'), nullif(1, 1), greatest(1, NULL, 3), least('b', 'a')",
         "x|-|3|a"},
        {"SELECT 1 UNION SELECT 2 UNION ALL SELECT 2 ORDER BY 1", "1;2;2"},
        {"SELECT g FROM generate_series(1, 7, 3) g", "1;4;7"},
        {"WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT "
         "sum(n) FROM t",
         "15"},
        {"SELECT 'abc' IS DISTINCT FROM NULL, NULL IS NOT DISTINCT FROM NULL", "t|t"},
        {"SELECT count(*) FROM samples WHERE time = '2026-03-28 22:00:00+00'", "7"},
        {"SELECT count(*) FROM samples s, sites WHERE s.machine = 'robot'", "10"},
        {"SELECT name FROM sites ORDER BY name", "Berlin;Shanghai"},
        {"SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON "
         "n.oid = c.relnamespace WHERE n.nspname = 'public' ORDER BY 2 LIMIT 2",
         "public|latest;public|machines"},
        {"SELECT column_name FROM information_schema.columns WHERE table_name = 'sites' ORDER BY "
         "ordinal_position LIMIT 2",
         "name;time_zone"},
        {"SHOW TimeZone", "UTC"},
    };
    for (const auto& [sql, rows] : cases) EXPECT_EQ(rig_->rows(std::string(sql)), rows) << sql;
}

TEST_F(Sql, NamesWhatIsWrong) {
    struct Bad {
        std::string_view sql, state;
        std::size_t position;
    };
    const Bad cases[] = {
        {"SELEC 1", "42601", 1},
        {"SELECT 1; SELECT 2", "42601", 0},
        {"SELECT * FROM nowhere", "42P01", 15},
        {"SELECT speed FROM samples", "42703", 8},
        {"SELECT s.value FROM samples", "42P01", 8},
        {"SELECT nofunction(1)", "42883", 8},
        {"SELECT value + text FROM samples", "42883", 14},
        {"SELECT machine FROM samples, latest", "42702", 8},
        {"SELECT machine, count(*) FROM samples", "42803", 8},
        {"SELECT 1 FROM samples WHERE count(*) > 1", "42803", 29},
        {"SELECT * FROM samples WHERE time > 'yesterdayish'", "22007", 36},
        {"SELECT * FROM samples WHERE value", "42804", 29},
        {"SELECT 'ü' = 1 AND nothere", "22P02", 8},
        {"INSERT INTO samples VALUES (1)", "25006", 0},
        {"DELETE FROM machines", "25006", 0},
        {"CREATE TABLE t (a int)", "25006", 0},
        {"SELECT 1 INTO t", "25006", 0},
        {"SELECT 1 FOR UPDATE", "25006", 0},
        {"WITH x AS (DELETE FROM machines RETURNING 1) SELECT 1", "25006", 0},
        {"SELECT DISTINCT ON (machine) * FROM latest", "0A000", 21},
        {"SELECT time AT TIME ZONE 'UTC' FROM latest", "0A000", 13},
        {"SELECT 1 / 0", "22012", 0},
        {"SELECT 'x'::int", "22P02", 8},
        {"SELECT 9223372036854775807::text::int + ('4' || '')::int / 0", "22012", 0},
        {"SELECT date_trunc('fortnight', now())", "22023", 19},
        {"SELECT site_bucket('day', now())", "42883", 8},
        {"SELECT site_bucket('day', now(), 'Atlantis')", "42704", 0},
        {"SELECT id FROM machines WHERE id ~ '('", "2201B", 0},
        {"SHOW nothing_like_it", "42704", 0},
        {"BEGIN", "0A000", 0},
        {"SELECT 1 LIMIT -1", "2201W", 0},
        {"SELECT 9223372036854775807 + 1", "22003", 0},
        {"SELECT to_timestamp(1e300)", "22008", 0},
        {"SELECT site_bucket('day', to_timestamp(9e12), 'Berlin')", "22008", 0},
        {"SELECT date_trunc('month', to_timestamp(-9e12), 'Asia/Shanghai')", "22008", 0},
        {"SELECT now() + interval '30000 years'", "22008", 0},
    };
    for (const auto& [sql, state, position] : cases) {
        const Told told = rig_->ask(std::string(sql));
        EXPECT_EQ(told.state(), state)
            << sql << ": " << (told.failure ? told.failure->message : told.rows);
        if (told.failure) {
            EXPECT_EQ(told.failure->position, position) << sql;
        }
    }
}

// Every statement that the kernel takes gives what reading row by row gives.
TEST_F(Sql, TheKernelAgreesWithTheRows) {
    const std::string_view aggregates =
        "count(*), count(value), count(1), min(value), max(value), sum(value), avg(value), "
        "min(time), max(time), count(*) FILTER (WHERE value > 20 AND quality = 'good'), "
        "max(value) FILTER (WHERE value BETWEEN 3 AND 1040.5)";
    const std::string_view groups[] = {"machine",
                                       "tag",
                                       "machine, tag",
                                       "machine, tag, time_bucket('13 minutes', time)",
                                       "time_bucket('7 minutes', time)",
                                       "machine, date_trunc('hour', time)",
                                       "site_bucket('hour', time)",
                                       "tag, date_trunc('month', time, 'Asia/Shanghai')",
                                       "time_bucket('1 month', time), tag",
                                       "site_bucket('week', time, 'Berlin')"};
    const std::string_view conditions[] = {
        "true",
        "machine LIKE 'press%'",
        "tag = 'speed' AND time > '2026-03-28 22:03:30'",
        "time >= '2026-03-28 22:59' AND time <= '2026-03-28 23:01'",
        "machine IN ('robot', 'press-2') AND tag <> 'count'",
        "'2026-03-28 23:00' > time",
        "value > 30 AND value <= 1070",
        "1.5 >= value",
        "value IS NOT NULL AND tag LIKE '%s%'",
        "quality IN ('bad', 'missing')",
        "value = 7 AND quality = 'good'",
        "value > NULL",
        "time BETWEEN '2026-03-28 22:48' AND '2026-03-28 22:51'"};
    for (const auto group : groups) {
        for (const auto condition : conditions) {
            // Of several series at one instant either may be the first.
            const bool is_one = group.starts_with("machine, tag");
            const std::string all =
                std::string(aggregates) + (is_one ? ", first(value, time), last(value, time)" : "");
            const auto sql = [&](std::string_view table, std::string_view more = "") {
                return fmt::format(
                    "SELECT {0}, {1}{4} FROM {3} WHERE {2} GROUP BY {0} ORDER BY {0}", group, all,
                    condition, table, more);
            };
            const Told fast = rig_->ask(sql("samples"));
            const Told slow = rig_->ask(sql("(SELECT * FROM samples s, (SELECT 1) one) samples"));
            // An expression is SQLite's, over the kernel's rows.
            const Told mixed = rig_->ask(sql("samples", ", 1 + 0"));
            EXPECT_TRUE(mixed.is_on_kernel) << sql("samples");
            if (std::string_view(group).contains("site_bucket('hour'"))
                continue;  // rows have no site there
            ASSERT_FALSE(fast.failure) << sql("samples") << fast.failure->message;
            ASSERT_FALSE(slow.failure) << sql("q") << slow.failure->message;
            EXPECT_TRUE(fast.is_on_kernel) << sql("samples");
            EXPECT_FALSE(slow.is_on_kernel);
            EXPECT_EQ(fast.rows, slow.rows) << sql("samples");
            std::string with_one;
            for (const char letter : fast.rows)
                with_one += letter == ';' ? std::string("|1;") : std::string(1, letter);
            EXPECT_EQ(mixed.rows, with_one + (fast.rows.empty() ? "" : "|1")) << sql("samples");
        }
    }
}

// A second tag that only says which samples count is the kernel's work; the same statement with a
// row more to join is read row by row.
TEST_F(Sql, SamplesBesideSamplesRunOnTheKernel) {
    const std::string_view statements[] = {
        "SELECT f.machine, count(*), count(f.value), sum(f.value), min(f.time), max(v.time) FROM samples f JOIN samples v "
        "ON v.machine = f.machine AND v.time = f.time {}WHERE f.tag = 'count' AND v.tag = 'speed' AND v.value > 20 GROUP BY "
        "f.machine ORDER BY f.machine",
        "SELECT v.tag, avg(v.value) FROM samples f JOIN samples v ON f.machine = v.machine AND v.time = f.time AND f.tag = "
        "'speed' {}WHERE f.value BETWEEN 3 AND 60 AND f.machine LIKE 'press%' GROUP BY v.tag ORDER BY 1",
        "SELECT time_bucket('13 minutes', f.time) b, count(f.value) FILTER (WHERE f.value > 7), last(f.value, f.time) FROM "
        "samples v JOIN samples f USING (machine, time) {}WHERE v.tag = 'speed' AND v.quality = 'good' AND f.tag = 'count' "
        "AND time > '2026-03-28 22:10' AND machine = 'press-1' GROUP BY b ORDER BY b",
        "SELECT m.site, sum(f.value) total FROM samples f JOIN machines m ON m.id = f.machine JOIN samples v ON v.machine = "
        "f.machine AND v.time = f.time {}WHERE v.tag = 'speed' AND v.value < 1050 AND f.tag = 'speed' GROUP BY m.site ORDER BY "
        "total",
        "SELECT count(*) FROM samples f {}JOIN samples v ON v.machine = f.machine AND v.time = f.time WHERE v.tag = 'none' AND "
        "f.tag = 'speed'",
        "SELECT count(*) FROM samples f {}JOIN samples v ON v.machine = f.machine AND v.time = f.time WHERE v.tag = 'speed' "
        "AND v.value > NULL"};
    for (const auto statement : statements) {
        const auto sql = [&](std::string_view more) {
            return fmt::format(fmt::runtime(statement), more);
        };
        const Told fast = rig_->ask(sql(""));
        const Told slow = rig_->ask(sql("JOIN (SELECT 1) one ON f.value >= v.value OR f.value < v.value OR v.value IS NULL "));
        ASSERT_FALSE(fast.failure) << sql("") << fast.failure->message;
        EXPECT_TRUE(fast.is_on_kernel) << sql("");
        if (slow.failure || statement.starts_with("SELECT count(*) FROM samples f {}JOIN")) {
            EXPECT_EQ(fast.rows, "0") << sql("");
            continue;
        }
        EXPECT_FALSE(slow.is_on_kernel) << sql("");
        EXPECT_EQ(fast.rows, slow.rows) << sql("");
    }
}

// What only looks like it keeps the meaning that reading row by row gives it.
TEST_F(Sql, PairsOfSamplesThatOnlyRowsCanTell) {
    const std::string_view pair = "FROM samples f JOIN samples v ON v.machine = f.machine AND v.time = f.time "
                                  "WHERE f.tag = 'count' ";
    const std::pair<std::string_view, std::string_view> statements[] = {
        {"SELECT sum(f.value * v.value) {} AND v.tag = 'speed'", ""},
        {"SELECT sum(v.value) {} AND v.tag = 'speed' AND v.value > f.value", ""},
        {"SELECT count(*) {} AND v.tag IN ('speed', 'count')", ""},
        {"SELECT count(*) {}", ""},
        {"SELECT count(*) {} AND v.tag = 'speed' AND (SELECT count(*) FROM latest v WHERE v.machine = 'robot') > 0", ""},
        {"SELECT avg(value) {} AND v.tag = 'speed'", "42702"},
        {"SELECT f.machine AS tag, count(*) {} AND v.tag = 'speed' GROUP BY tag", ""},
        {"WITH samples AS (SELECT 'a' AS machine, 'count' AS tag, now() AS time, 1 AS value UNION ALL SELECT 'a', "
         "'speed', now(), 2) SELECT count(*) {} AND v.tag = 'speed'", ""},
        {"SELECT count(*) FROM samples f JOIN samples v ON v.machine = f.machine WHERE f.tag = 'count' AND v.tag = 'arm'", ""},
        {"SELECT count(*) FROM samples f LEFT JOIN samples v ON v.machine = f.machine AND v.time = f.time AND v.tag = 'arm' WHERE "
         "f.tag = 'count'", ""}};
    for (const auto& [statement, state] : statements) {
        const std::string sql = fmt::format(fmt::runtime(statement), pair);
        const Told told = rig_->ask(sql);
        EXPECT_EQ(told.state(), state) << sql;
        if (statement.contains("WITH")) {
            EXPECT_EQ(told.rows, "1") << sql;
            continue;
        }
        EXPECT_FALSE(told.is_on_kernel) << sql;
    }
}

// What needs no SQLite gives what SQLite gives: the same statement with an expression more.
TEST_F(Sql, StraightAnswersAgreeWithSqlite) {
    const std::string_view statements[] = {
        "SELECT machine, value{} FROM latest WHERE tag = 'speed' ORDER BY machine",
        "SELECT tag, machine, time, value, text, quality{} FROM latest WHERE machine <> 'x' ORDER BY 1, 2",
        "SELECT tag, machine, time, value, text, quality{} FROM latest ORDER BY 1 DESC, 2",
        "SELECT machine, value{} FROM latest WHERE value > 7 ORDER BY value DESC, machine LIMIT 3",
        "SELECT machine, tag{} FROM latest WHERE quality = 'bad'",
        "SELECT machine, tag{} FROM latest WHERE time < '2026-03-28 22:02' ORDER BY 1, 2",
        "SELECT l.machine, m.name, m.attributes ->> 'hall', l.value{} FROM latest l JOIN machines m ON "
        "m.id = l.machine WHERE l.tag = 'speed' ORDER BY l.machine",
        "SELECT l.machine{} FROM machines m JOIN latest l ON l.machine = m.id WHERE m.attributes ->> "
        "'rooms' = '4' AND l.tag = 'count'",
        "SELECT time, value{} FROM samples WHERE machine = 'press-1' AND tag = 'speed' ORDER BY time",
        "SELECT time, value{} FROM samples WHERE machine = 'press-1' AND tag = 'speed' ORDER BY time "
        "DESC LIMIT 20 OFFSET 3",
        "SELECT time, value{} FROM samples WHERE machine = 'press-1' AND tag = 'speed' AND value >= 40 "
        "AND value < 50.5 AND time > '2026-03-28 22:45' ORDER BY 1",
        "SELECT machine, tag, time, value, text, quality{} FROM samples WHERE machine = 'robot'",
        "SELECT value{} FROM samples WHERE machine IN ('robot', 'press-2') AND tag LIKE '%m' AND "
        "quality <> 'x'",
        "SELECT m.site, s.value{} FROM samples s JOIN machines m ON s.machine = m.id WHERE s.tag = 'arm'",
        "SELECT m.attributes ->> 'hall' AS hall, max(s.value), count(*){} FROM samples s JOIN machines m "
        "ON m.id = s.machine WHERE s.tag = 'speed' GROUP BY hall ORDER BY hall",
        "SELECT m.site, count(*){} FROM samples s JOIN machines m ON m.id = s.machine WHERE m.site = "
        "'Berlin' GROUP BY 1",
        "SELECT machine, max(value) top{} FROM samples WHERE tag = 'speed' GROUP BY machine ORDER BY top "
        "DESC",
        "SELECT machine, avg(value){} FROM samples WHERE tag = 'speed' GROUP BY 1 HAVING avg(value) > 50 "
        "AND count(*) < 101",
        "SELECT machine{} FROM samples GROUP BY machine HAVING 11 > count(value) ORDER BY 1",
        "SELECT time_bucket('10 minutes', time) b, machine, last(value){} FROM samples WHERE tag = 'count' "
        "GROUP BY b, machine ORDER BY b DESC, machine LIMIT 5",
        "SELECT date_trunc('hour', time) h, sum(value){} FROM samples WHERE tag = 'speed' GROUP BY h "
        "ORDER BY h",
        "SELECT DISTINCT machine{} FROM samples ORDER BY machine",
        "SELECT DISTINCT tag{} FROM samples WHERE machine = 'robot' ORDER BY tag",
        "SELECT count(*), avg(value){} FROM samples WHERE machine = 'nobody'",
        "SELECT machine, count(*){} FROM samples WHERE machine = 'nobody' GROUP BY machine",
        "SELECT min(time), max(time){} FROM samples WHERE machine = 'robot'",
        "SELECT count(machine), count(tag), count(time), count(quality), count(text){} FROM samples WHERE "
        "machine = 'robot'",
        "SELECT count(*), count(*) FILTER (WHERE value < 0){} FROM samples"};
    for (const auto statement : statements) {
        const auto sql = [&](std::string_view more) {
            return fmt::format(fmt::runtime(statement), more);
        };
        const Told straight = rig_->ask(sql("")), mixed = rig_->ask(sql(", 1 + 0 AS one"));
        ASSERT_FALSE(straight.failure) << statement << straight.failure->message;
        ASSERT_FALSE(mixed.failure) << statement << mixed.failure->message;
        std::string with_one;
        for (const char letter : straight.rows)
            with_one += letter == ';' ? std::string("|1;") : std::string(1, letter);
        EXPECT_EQ(mixed.rows, with_one + (straight.rows.empty() ? "" : "|1")) << statement;
        EXPECT_EQ(straight.count, mixed.count) << statement;
    }
}

// The same text is understood once for each zone and each list of types.
TEST_F(Sql, WhatWasUnderstoodIsKept) {
    const std::string sql = "SELECT count(*) FROM samples WHERE machine = 'press-1' AND time < '2026-03-28 23:00'";
    for (int turn = 0; turn < 3; ++turn) EXPECT_EQ(rig_->rows(sql), "120");
    rig_->session.time_zone = "Europe/Berlin";
    EXPECT_EQ(rig_->rows(sql), "0");
    rig_->session.time_zone = "UTC";
    EXPECT_EQ(rig_->rows(sql), "120");
    const std::string day = "SELECT date_trunc('day', time) d, count(*) FROM samples WHERE machine = 'press-1' "
                            "AND tag = 'speed' GROUP BY d ORDER BY d";
    EXPECT_EQ(rig_->rows(day), "2026-03-28 00:00:00+00|100");
    rig_->session.time_zone = "Europe/Berlin";
    EXPECT_EQ(rig_->rows(day), "2026-03-28 00:00:00+01|60;2026-03-29 00:00:00+01|40");
    rig_->session.time_zone = "UTC";
    EXPECT_EQ(rig_->rows("SELECT value FROM samples WHERE machine = $1 AND tag = $2 ORDER BY time LIMIT $3",
                         {std::string("press-1"), std::string("speed"), std::int64_t{2}}),
              "0;1");
    EXPECT_EQ(rig_->ask("SELECT value FROM samples WHERE machine = 'press-1' LIMIT $1", {std::int64_t{-1}}).state(),
              "2201W");
    EXPECT_EQ(rig_->rows("SELECT count(*) FROM samples WHERE value > $1", {-1e300}),
              rig_->rows("SELECT count(value) FROM samples"));
}

// Berlin's clocks go from 2 to 3 at 01:00 UTC of the 29th; samples from 22:00 to 23:39 UTC, 23:00 to 00:39 there.
TEST(SqlCalendar, ShiftsAndDaysBeginWhereTheSiteSays) {
    const auto rig = small_plant();
    catalog::SiteCalendar calendar;
    calendar.day_starts = std::chrono::hours(6);
    calendar.shifts = {{"early", std::chrono::hours(6)}, {"late", std::chrono::hours(14)},
                       {"night", std::chrono::hours(22) + std::chrono::minutes(30)}};
    auto change = [&](catalog::Catalog& catalog) {
        return catalog.change_site(home, SiteId(1), {.calendar = calendar});
    };
    ASSERT_TRUE(rig->run(rig->desk->run(std::move(change))));
    const std::string_view froms[] = {"samples", "(SELECT * FROM samples s, (SELECT 1) one) samples"};
    for (const auto from : froms) {
        const auto ask = [&](std::string_view unit) {
            return rig->rows(fmt::format("SELECT site_bucket('{}', time, 'Berlin') b, count(*) FROM {} WHERE "
                                         "tag = 'speed' AND machine = 'press-1' GROUP BY b ORDER BY b",
                                         unit, from));
        };
        EXPECT_EQ(ask("shift"), "2026-03-28 21:30:00+00|100") << from;
        EXPECT_EQ(ask("day"), "2026-03-28 05:00:00+00|100") << from;
    }
    EXPECT_EQ(rig->rows("SELECT machine, site_bucket('shift', time) b, count(*) FROM samples WHERE tag = "
                        "'speed' GROUP BY machine, b ORDER BY machine, b"),
              "press-1|2026-03-28 21:30:00+00|100;press-2|2026-03-28 16:00:00+00|100")
        << "without shifts a shift is the day";
    EXPECT_EQ(rig->rows("SELECT site_bucket('shift', '2026-03-29 02:00Z', 'Berlin') - "
                        "site_bucket('shift', '2026-03-28 20:00Z', 'Berlin')"),
              rig->rows("SELECT interval '8 hours 30 minutes'"));
}

TEST_F(Sql, MachinesAreFoundInAnyOrderByAJoin) {
    const std::string want = "robot|stale;press-2|-;press-1|online";
    EXPECT_EQ(rig_->rows("SELECT DISTINCT t.machine, m.connection FROM tags t JOIN machines m ON m.id = t.machine "
                         "ORDER BY 1 DESC"),
              want);
    EXPECT_EQ(rig_->rows("SELECT l.machine, (SELECT connection FROM machines WHERE id = l.machine) FROM "
                         "(SELECT DISTINCT machine FROM latest) l ORDER BY 1 DESC"),
              want);
}

TEST_F(Sql, SaysWhereItRuns) {
    EXPECT_TRUE(rig_->rows("EXPLAIN SELECT avg(value) FROM samples").starts_with("kernel;"));
    EXPECT_TRUE(rig_->rows("EXPLAIN SELECT avg(value) FROM samples WHERE value > 1")
                    .starts_with("kernel;"));
    EXPECT_TRUE(rig_->rows("EXPLAIN SELECT avg(value) FROM samples WHERE value > 1 OR value < -1")
                    .starts_with("row by row;"));
    EXPECT_TRUE(rig_->rows("EXPLAIN SELECT DISTINCT tag FROM samples").starts_with("kernel;"));
    EXPECT_TRUE(rig_->rows("EXPLAIN SELECT * FROM samples LIMIT 1").starts_with("row by row;"));
}

TEST_F(Sql, KnowsTypesBeforeItRuns) {
    const Told told = rig_->ask(
        "SELECT machine, time, value, value > $1, $2::int, count(*) OVER () FROM samples "
        "WHERE time > $3 AND machine = $4 LIMIT $5",
        {1.0, std::string("7"), std::string("2026-03-28 22:00Z"), std::string("press-1"),
         std::int64_t{1}});
    ASSERT_FALSE(told.failure) << told.failure->message;
    const std::vector<Column> want{{"machine", Type::text}, {"time", Type::timestamptz},
                                   {"value", Type::float8}, {"?column?", Type::boolean},
                                   {"int4", Type::int8},    {"count", Type::int8}};
    EXPECT_EQ(told.columns, want);
    EXPECT_EQ(rig_->ask("SELECT * FROM machines WHERE id = $1", {}).state(), "08P01");
    EXPECT_EQ(rig_->ask("SELECT 1 WHERE 1 = $1", {std::string("x")}).state(), "22P02");
    EXPECT_EQ(rig_->rows("SELECT count(*) FROM samples WHERE machine = $1 AND time < $2",
                         {std::string("press-1"), Value(plant_begins + std::chrono::minutes(2))}),
              "4");
    EXPECT_EQ(rig_->rows("SELECT count(*) FROM samples WHERE machine = $1", {Value()}), "0");
}

// Another organisation's machines do not exist, whatever is asked; a machine's token sees itself.
TEST_F(Sql, EverybodySeesTheirOwn) {
    const std::string_view statements[] = {
        "SELECT count(*) FROM samples WHERE machine = 'secret'",
        "SELECT count(*) FROM samples WHERE value = 666",
        "SELECT count(*) FROM latest WHERE machine LIKE 's%'",
        "SELECT count(*) FROM machines WHERE id = 'secret'",
        "SELECT count(*) FROM tags WHERE machine >= 'se' AND machine < 'sf'",
        "SELECT count(value) FROM samples WHERE machine LIKE 'sec%'",
        "SELECT count(*) FROM machines m JOIN samples s ON s.machine = m.id WHERE m.id = 'secret'"};
    for (const auto sql : statements) EXPECT_EQ(rig_->rows(std::string(sql)), "0") << sql;
    const Scope acme =
        Rig::role(trust::Role::admin, rig_->catalog->snapshot()->organisation("acme")->id);
    EXPECT_EQ(rig_->ask("SELECT machine, value FROM samples", {}, acme).rows, "secret|666");
    EXPECT_EQ(rig_->ask("SELECT count(*), max(value) FROM samples", {}, acme).rows, "1|666");
    EXPECT_EQ(rig_->ask("SELECT count(*) FROM sites", {}, acme).rows, "0");
    const Scope own = Rig::machine("robot");
    for (const std::string table : {"samples", "latest", "tags"})
        EXPECT_EQ(rig_->ask("SELECT DISTINCT machine FROM " + table, {}, own).rows, "robot");
    EXPECT_EQ(rig_->ask("SELECT machine, count(*) FROM samples GROUP BY 1", {}, own).rows,
              "robot|5");
    EXPECT_EQ(rig_->ask("SELECT id FROM machines", {}, own).rows, "robot");
    EXPECT_EQ(rig_->ask("SELECT count(*) FROM samples WHERE machine = 'press-1'", {}, own).rows,
              "0");
    EXPECT_EQ(rig_->ask("SELECT 1", {}, Scope{}).state(), "42501");
    trust::Principal nobody;
    EXPECT_EQ(rig_->ask("SELECT 1", {}, {std::make_shared<const trust::Principal>(nobody)}).state(),
              "42501");
}

TEST_F(Sql, IsBoundedInEverything) {
    const std::string_view endless =
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t";
    const Scope who = Rig::role(trust::Role::viewer);
    const Told late =
        rig_->ask(std::string(endless), {}, who, {.time_max = std::chrono::milliseconds(200)});
    EXPECT_EQ(late.state(), "57014");
    const Told greedy =
        rig_->ask("SELECT string_agg(a.machine || a.time || b.time, ',') FROM samples a, samples b",
                  {}, who, {.memory_bytes_max = 4 << 20});
    EXPECT_EQ(greedy.state(), "53200");
    const Told sorted =
        rig_->ask("SELECT a.time FROM samples a, samples b ORDER BY a.value + b.value", {}, who,
                  {.memory_bytes_max = 4 << 20});
    EXPECT_EQ(sorted.state(), "53200");
    const Told few = rig_->ask("SELECT machine FROM samples", {}, who, {.rows_max = 10});
    EXPECT_EQ(few.count, 10U);
    EXPECT_TRUE(few.is_truncated);
    const Told all = rig_->ask("SELECT 1 UNION ALL SELECT 2", {}, who, {.rows_max = 2});
    EXPECT_EQ(all.count, 2U);
    EXPECT_FALSE(all.is_truncated);
    auto cancel = std::make_shared<io::StopFlag>();
    cancel->raise();
    EXPECT_EQ(rig_->ask(std::string(endless), {}, who, {}, cancel).state(), "57014");
    // Nothing is left behind by those that failed.
    EXPECT_EQ(rig_->rows("SELECT count(*) FROM samples"), "405");
    for (int turn = 0; turn < 100'000 && rig_->engine->stats().open > 0; ++turn)
        rig_->on_shard(0, [] {});  // a thread lets go just after it has answered
    EXPECT_EQ(rig_->engine->stats().open, 0U);
}

TEST_F(Sql, DeepStatementsEndWell) {
    const auto repeated = [](std::string_view text, int count) {
        std::string out;
        for (int index = 0; index < count; ++index) out += text;
        return out;
    };
    EXPECT_EQ(rig_->ask("SELECT " + repeated("(", 10'000) + "1" + repeated(")", 10'000)).state(),
              "54000");
    EXPECT_EQ(rig_->rows("SELECT " + repeated("(", 1'000) + "1" + repeated(")", 1'000)), "1");
    EXPECT_EQ(rig_->ask("SELECT 1" + repeated(" + (1", 900) + repeated(")", 900)).state(), "54001");
    EXPECT_EQ(rig_->rows("SELECT 1" + repeated(" + 1", 60)), "61");
    EXPECT_EQ(rig_->ask("SELECT 1" + repeated(" + 1", 3'000)).state(), "54001");
    EXPECT_EQ(
        rig_->ask(repeated("SELECT * FROM (", 500) + "SELECT 1" + repeated(") q", 500)).state(),
        "54001");
    EXPECT_EQ(rig_->ask("SELECT '" + repeated("x", 70'000) + "'").state(), "54000");
    std::string many = "SELECT count(*) FROM samples WHERE machine IN ('robot'";
    for (int index = 0; index < 3'000; ++index) many += fmt::format(",'m{}'", index);
    EXPECT_EQ(rig_->rows(many + ")"), "5");
}

// More rows than a shard is to be held up for are put in order on a thread.
TEST(SqlEngine, SortsManyRowsElsewhere) {
    Rig rig(1);
    history::Report report{home, "long", {}};
    for (int second = 0; second < 9'000; ++second) {
        const Instant at = plant_begins + std::chrono::seconds(second);
        report.samples.push_back({"v", {at, static_cast<double>(second * 7919 % 9001)}});
    }
    rig.report(std::move(report));
    const std::string inner =
        "SELECT max(value) v, time_bucket('1 second', time) b FROM samples GROUP BY b";
    const std::string order = " ORDER BY v DESC LIMIT 5 OFFSET 2";
    const std::string rows = rig.rows(inner + order);
    EXPECT_EQ(rows, rig.rows("SELECT v, b FROM (" + inner + ") q" + order));
    for (int turn = 0; turn < 100'000 && rig.engine->stats().open > 0; ++turn)
        rig.on_shard(0, [] {});  // a thread lets go just after it has answered
    EXPECT_EQ(rig.engine->stats().open, 0U);
}

TEST(SqlEngine, CountsItsCursors) {
    Rig rig(1, {.threads = 1, .queued_max = 4, .cursors_max = 1});
    PreparedPtr prepared = *rig.run(rig.engine->prepare("SELECT 1", {}, {}));
    rig.on_shard(0, [&] {
        auto first = rig.engine->execute(prepared, {}, Rig::role(trust::Role::viewer), {}, {});
        ASSERT_TRUE(first);
        auto second = rig.engine->execute(prepared, {}, Rig::role(trust::Role::viewer), {}, {});
        ASSERT_FALSE(second);
        EXPECT_EQ(second.error().sqlstate, "53300");
    });
    EXPECT_EQ(rig.rows("SELECT 1"), "1");
}

TEST(SqlSession, RemembersWhatClientsSet) {
    Session session;
    EXPECT_TRUE(session.set("TimeZone", "Asia/Shanghai"));
    EXPECT_EQ(*session.show("timezone"), "Asia/Shanghai");
    EXPECT_EQ(session.set("TIMEZONE", "Nowhere/Else").error().sqlstate, "22023");
    EXPECT_TRUE(session.set("extra_float_digits", "3"));
    EXPECT_TRUE(session.set("client_encoding", "'utf-8'").error().sqlstate == "22023");
    EXPECT_TRUE(session.set("client_encoding", "utf8"));
    EXPECT_TRUE(session.set("my.own", "1"));
    EXPECT_EQ(*session.show("my.OWN"), "1");
    EXPECT_EQ(session.set("nonsense", "1").error().sqlstate, "42704");
}

}  // namespace
}  // namespace lineshaft::query::testing
