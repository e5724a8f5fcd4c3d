#include "catalog/sql.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include <fstream>
#include <vector>

#include "catalog/catalog.h"
#include "catalog/migrations.h"
#include "catalog/tests/fixtures.h"

namespace lineshaft::catalog {
namespace {

using namespace std::string_view_literals;
using namespace std::string_literals;

std::unique_ptr<Database> open_database(const std::string& path, int busy_ms_max = 5'000) {
    auto database = Database::open(path, {.busy_ms_max = busy_ms_max, .text_bytes_max = 1 << 20});
    EXPECT_TRUE(database) << database.error().context;
    return std::move(*database);
}

std::int64_t number_of(Database& database, std::string_view sql) {
    std::int64_t number = -1;
    const auto done = database.query(sql, {}, [&](const Row& row) { number = row.integer(0); });
    EXPECT_TRUE(done) << done.error().context;
    return number;
}

TEST(Sql, KeepsWhatItWasGiven) {
    TempDir dir;
    auto database = open_database(dir.file());
    ASSERT_TRUE(
        database->script("CREATE TABLE t (i BIGINT, d DOUBLE PRECISION, s TEXT, b BYTEA, n TEXT)"));
    const std::string hostile = "'; DROP TABLE t; -- $1 %s \" \\ \0 绣"s;
    const std::string bytes = "\0\xFF\x80"s;
    ASSERT_TRUE(database->change(
        "INSERT INTO t VALUES ($1, $2, $3, $4, $5)",
        {std::int64_t{INT64_MIN}, -0.5, hostile, Blob{bytes}, std::optional<std::string>()}));
    const auto rows = database->query("SELECT i, d, s, b, n FROM t WHERE s = $1 AND i < $2",
                                      {hostile, std::int64_t{0}}, [&](const Row& row) {
                                          EXPECT_EQ(row.integer(0), INT64_MIN);
                                          EXPECT_EQ(row.real(1), -0.5);
                                          EXPECT_EQ(row.text(2), hostile);
                                          EXPECT_EQ(row.text(3), bytes);
                                          EXPECT_FALSE(row.text_or_nothing(4));
                                      });
    EXPECT_EQ(rows, 1U);
}

// The same $n twice, and in another order than they are counted.
TEST(Sql, ParametersGoByTheirNumber) {
    TempDir dir;
    auto database = open_database(dir.file());
    std::string text;
    ASSERT_TRUE(database->query("SELECT $2 || $1 || $2", {"a"sv, "b"sv},
                                [&](const Row& row) { text = row.text(0); }));
    EXPECT_EQ(text, "bab");
}

TEST(Sql, TextHasALimit) {
    TempDir dir;
    auto database = open_database(dir.file());
    ASSERT_TRUE(database->script("CREATE TABLE t (s TEXT)"));
    // The limit counts the row, so a little less than all of it is text.
    EXPECT_TRUE(database->change("INSERT INTO t VALUES ($1)", {std::string((1 << 20) - 16, 'x')}));
    const auto too_long =
        database->change("INSERT INTO t VALUES ($1)", {std::string(10'000'000, 'x')});
    ASSERT_FALSE(too_long);
    EXPECT_EQ(too_long.error().code, Code::invalid);
    EXPECT_EQ(number_of(*database, "SELECT COUNT(*) FROM t"), 1);
}

TEST(Sql, WithoutCommitNothingHappened) {
    TempDir dir;
    auto database = open_database(dir.file());
    ASSERT_TRUE(database->script("CREATE TABLE t (i BIGINT)"));
    const std::string_view insert = "INSERT INTO t VALUES (1)";
    {
        auto outer = Transaction::begin(*database);
        ASSERT_TRUE(outer);
        ASSERT_TRUE(database->change(insert));
        {
            auto inner = Transaction::begin(*database);
            ASSERT_TRUE(inner);
            ASSERT_TRUE(database->change(insert));
        }
        EXPECT_EQ(number_of(*database, "SELECT COUNT(*) FROM t"), 1);
        {
            auto inner = Transaction::begin(*database);
            ASSERT_TRUE(inner);
            ASSERT_TRUE(database->change(insert));
            ASSERT_TRUE(inner->commit());
        }
        EXPECT_EQ(number_of(*database, "SELECT COUNT(*) FROM t"), 2);
    }
    EXPECT_FALSE(database->in_transaction());
    EXPECT_EQ(number_of(*database, "SELECT COUNT(*) FROM t"), 0);
}

TEST(Sql, AnotherWriterIsWaitedForThenUnavailable) {
    TempDir dir;
    auto one = open_database(dir.file()), two = open_database(dir.file(), 20);
    ASSERT_TRUE(one->script("CREATE TABLE t (i BIGINT)"));
    auto held = Transaction::begin(*one);
    ASSERT_TRUE(held);
    const auto refused = Transaction::begin(*two);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::unavailable);
    EXPECT_EQ(number_of(*two, "SELECT COUNT(*) FROM t"), 0);  // readers go on
    ASSERT_TRUE(held->commit());
    EXPECT_TRUE(Transaction::begin(*two));
}

TEST(Migrations, EachStepOnceForwardOnly) {
    TempDir dir;
    const std::string_view steps[] = {"CREATE TABLE a (i BIGINT)", "CREATE TABLE b (i BIGINT)",
                                      "INSERT INTO b VALUES (3)"};
    {
        auto database = open_database(dir.file());
        ASSERT_TRUE(migrate(*database, now, std::span(steps).first(1)));
        EXPECT_EQ(schema_version(*database), 1);
    }
    auto database = open_database(dir.file());
    ASSERT_TRUE(migrate(*database, now, steps));
    ASSERT_TRUE(migrate(*database, now, steps));
    EXPECT_EQ(schema_version(*database), 3);
    EXPECT_EQ(number_of(*database, "SELECT COUNT(*) FROM b"), 1);
    const auto older = migrate(*database, now, std::span(steps).first(2));
    ASSERT_FALSE(older);
    EXPECT_EQ(older.error().code, Code::unsupported);
    EXPECT_TRUE(older.error().context.contains("newer Lineshaft (schema 3, this one knows 2)"))
        << older.error().context;
}

TEST(Migrations, AStepThatFailsLeavesTheVersionBefore) {
    TempDir dir;
    auto database = open_database(dir.file());
    const std::string_view broken[] = {"CREATE TABLE a (i BIGINT)",
                                       "CREATE TABLE b (i BIGINT); INSERT INTO nowhere VALUES (1)"};
    EXPECT_FALSE(migrate(*database, now, broken));
    EXPECT_EQ(schema_version(*database), 1);
    EXPECT_EQ(number_of(*database, "SELECT COUNT(*) FROM sqlite_master WHERE name = 'b'"), 0);
    const std::string_view mended[] = {broken[0], "CREATE TABLE b (i BIGINT)"};
    EXPECT_TRUE(migrate(*database, now, mended));
    EXPECT_EQ(schema_version(*database), 2);
}

TEST(Open, MakesAPrivateFileAndRefusesOthers) {
    TempDir dir;
    ASSERT_TRUE(Catalog::open(dir.file(), now));
    struct stat facts{};
    ASSERT_EQ(::stat(dir.file().c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777, 0600U);
    ASSERT_EQ(::chmod(dir.file().c_str(), 0644), 0);
    const auto readable = Catalog::open(dir.file(), now);
    ASSERT_FALSE(readable);
    EXPECT_EQ(readable.error().code, Code::denied);
    EXPECT_TRUE(readable.error().context.contains("chmod 600")) << readable.error().context;
}

TEST(Open, WalFilesArePrivateToo) {
    TempDir dir;
    auto catalog = Catalog::open(dir.file(), now);
    ASSERT_TRUE(catalog);
    for (const char* name : {"catalog.db-wal", "catalog.db-shm"}) {
        struct stat facts{};
        ASSERT_EQ(::stat(dir.file(name).c_str(), &facts), 0) << name;
        EXPECT_EQ(facts.st_mode & 0777, 0600U) << name;
    }
}

TEST(Open, SaysWhatIsWrong) {
    TempDir dir;
    const auto nowhere = Catalog::open(dir.file("no/such/folder.db"), now);
    ASSERT_FALSE(nowhere);
    EXPECT_EQ(nowhere.error().code, Code::unavailable);
    EXPECT_TRUE(nowhere.error().context.starts_with("open catalog ")) << nowhere.error().context;

    std::ofstream(dir.file("garbage.db")) << std::string(8192, 'x');
    ASSERT_EQ(::chmod(dir.file("garbage.db").c_str(), 0600), 0);
    const auto garbage = Catalog::open(dir.file("garbage.db"), now);
    ASSERT_FALSE(garbage);
    EXPECT_EQ(garbage.error().code, Code::corrupt) << garbage.error().context;
}

TEST(Open, RefusesANewerSchema) {
    TempDir dir;
    ASSERT_TRUE(Catalog::open(dir.file(), now));
    ASSERT_TRUE(open_database(dir.file())
                    ->change("INSERT INTO schema_version (version, applied_at) VALUES (99, 0)"));
    const auto newer = Catalog::open(dir.file(), now);
    ASSERT_FALSE(newer);
    EXPECT_EQ(newer.error().code, Code::unsupported);
}

// A copy of the schema as version 1 had it: later programs must open it.
TEST(Open, TakesAVersion1File) {
    TempDir dir;
    {
        auto database = open_database(dir.file());
        ASSERT_TRUE(migrate(*database, now, migrations().first(1)));
        ASSERT_TRUE(database->script(
            "INSERT INTO organisation VALUES (1, 'default', 5);"
            "INSERT INTO counter VALUES ('organisation', 1), ('site', 4);"
            "INSERT INTO site VALUES (1, 4, 'Harbour', 'Asia/Shanghai', 31.2, 121.5);"
            "INSERT INTO machine VALUES (1, 'exc-01', 'Digger', NULL, 4, 7, 'mqtt', 6);"
            "INSERT INTO tag VALUES (1, 'exc-01', 'fuel', NULL, NULL, NULL, NULL, NULL, '%', 0, "
            "100, 0);"));
    }
    ASSERT_EQ(::chmod(dir.file().c_str(), 0600), 0);
    auto catalog = Catalog::open(dir.file(), now);
    ASSERT_TRUE(catalog) << catalog.error().context;
    const auto snapshot = (*catalog)->snapshot();
    ASSERT_NE(snapshot->machine(default_organisation, "exc-01"), nullptr);
    EXPECT_EQ(snapshot->site(default_organisation, SiteId(4))->name, "Harbour");
    EXPECT_EQ(snapshot->tag(default_organisation, "exc-01", "fuel")->unit, "%");
    EXPECT_EQ((*catalog)->create_site(default_organisation, {"Next", "UTC", {}})->id, SiteId(5));
}

// Runs `work` in a process of its own.
template <class Work>
pid_t in_process(Work work) {
    const pid_t child = ::fork();
    if (child != 0) return child;
    work();
    ::_exit(0);
}

int wait_for(pid_t child) {
    int status = 0;
    ::waitpid(child, &status, 0);
    return status;
}

TEST(Processes, ManyOpenAndWriteAtOnce) {
    TempDir dir;
    std::vector<pid_t> children;
    for (int process = 0; process < 4; ++process) {
        children.push_back(in_process([&dir, process] {
            auto catalog = Catalog::open(dir.file(), now);
            if (!catalog) ::_exit(2);
            for (int i = 0; i < 25; ++i) {
                const std::string id = "m" + std::to_string(process) + "-" + std::to_string(i);
                if (!(*catalog)->discover({default_organisation, id, "mqtt", now})) ::_exit(3);
                if (!(*catalog)->create_site(default_organisation, {id, "UTC", {}})) ::_exit(4);
            }
        }));
    }
    for (const pid_t child : children) EXPECT_EQ(wait_for(child), 0);
    auto catalog = Catalog::open(dir.file(), now);
    ASSERT_TRUE(catalog);
    EXPECT_EQ((*catalog)->snapshot()->machines(default_organisation).size(), 100U);
    EXPECT_EQ((*catalog)->snapshot()->sites(default_organisation).size(), 100U);
}

TEST(Processes, WhatAnotherWroteIsTakenInByRefresh) {
    TempDir dir;
    auto mine = Catalog::open(dir.file(), now), theirs = Catalog::open(dir.file(), now);
    ASSERT_TRUE(mine && theirs);
    EXPECT_EQ((*mine)->refresh(), false);
    ASSERT_TRUE((*theirs)->discover({default_organisation, "exc-01", "mqtt", now}));
    EXPECT_EQ((*mine)->snapshot()->machine(default_organisation, "exc-01"), nullptr);
    const auto before = (*mine)->snapshot()->version();
    EXPECT_EQ((*mine)->refresh(), true);
    EXPECT_NE((*mine)->snapshot()->machine(default_organisation, "exc-01"), nullptr);
    EXPECT_GT((*mine)->snapshot()->version(), before);
    EXPECT_EQ((*mine)->refresh(), false);
    EXPECT_EQ((*mine)->discover({default_organisation, "exc-01", "mqtt", now}), false);
}

// A child writes and tells each acknowledged id through a pipe; it is killed while it writes.
// Every id it told must be there, and the file must open.
TEST(Processes, KilledWhileWritingLosesNothingAcknowledged) {
    TempDir dir;
    int told = 0;
    for (int round = 0; round < 8; ++round) {
        int ends[2];
        ASSERT_EQ(::pipe(ends), 0);
        const pid_t child = in_process([&] {
            ::close(ends[0]);
            auto catalog = Catalog::open(dir.file(), now);
            if (!catalog) ::_exit(2);
            for (int i = told;; ++i) {
                const std::string id = "m" + std::to_string(i);
                if (!(*catalog)->discover({default_organisation, id, "mqtt", now})) ::_exit(3);
                if (::write(ends[1], &i, sizeof i) != sizeof i) ::_exit(4);
            }
        });
        ::close(ends[1]);
        // As many acknowledgements as the round is old, then the end at once.
        for (int wanted = 0, id = 0; wanted < 5 + 7 * round; ++wanted) {
            if (::read(ends[0], &id, sizeof id) == sizeof id) told = id + 1;
        }
        ::kill(child, SIGKILL);
        for (int id = 0; ::read(ends[0], &id, sizeof id) == sizeof id;) told = id + 1;
        ::close(ends[0]);
        wait_for(child);

        auto catalog = Catalog::open(dir.file(), now);
        ASSERT_TRUE(catalog) << catalog.error().context;
        const auto snapshot = (*catalog)->snapshot();
        for (int i = 0; i < told; ++i) {
            ASSERT_NE(snapshot->machine(default_organisation, "m" + std::to_string(i)), nullptr)
                << i;
        }
        EXPECT_EQ(number_of(*open_database(dir.file()),
                            "SELECT COUNT(*) FROM pragma_integrity_check"
                            " WHERE integrity_check <> 'ok'"),
                  0);
    }
    EXPECT_GT(told, 100);
}

}  // namespace
}  // namespace lineshaft::catalog
