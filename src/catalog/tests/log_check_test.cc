// fault 4 in SQLite's log: what flips and what is cut, told apart; and what SQLite alone makes of
// it.
#include "catalog/log_check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include "base/tests/one_in.h"
#include "catalog/catalog.h"
#include "catalog/sql.h"
#include "catalog/tests/fixtures.h"

namespace lineshaft::catalog {
namespace {

constexpr std::size_t frame_bytes = 24 + 4096;

// A catalog as kill -9 leaves it: its last changes are in the log only.
class LogCheckTest : public testing::Test {
protected:
    void SetUp() override {
        const std::string living = dir_.file("living.db");
        auto catalog = Catalog::open(living, now);
        ASSERT_TRUE(catalog) << catalog.error().context;
        for (int number = 0; number < sites; ++number) {
            NewSite site;
            site.name = "site " + std::to_string(number);
            site.time_zone = "Asia/Shanghai";
            ASSERT_TRUE((*catalog)->create_site(OrganisationId(1), site));
        }
        file_ = content(living);
        log_ = content(living + "-wal");
        ASSERT_GT(log_.size(), 20 * frame_bytes);
    }
    void lay(const std::string& log) const {
        for (const char* ending : {"", "-wal", "-shm"}) std::filesystem::remove(path() + ending);
        write(path(), file_);
        std::filesystem::permissions(path(), std::filesystem::perms(0600));
        write(path() + "-wal", log);
    }
    // What SQLite by itself finds, without a word about what it does not.
    static std::int64_t sites_silently(const std::string& path) {
        auto database = Database::open(path, {});
        if (!database) return -1;
        std::int64_t count = -1;
        auto asked = (*database)->query("SELECT COUNT(*) FROM site", {},
                                        [&](const Row& row) { count = row.integer(0); });
        return asked ? count : 0;  // without the table: even that stood in the log
    }
    std::vector<std::size_t> ends_of_changes() const {
        std::vector<std::size_t> ends;  // frames, from 0
        for (std::size_t at = 32; at + frame_bytes <= log_.size(); at += frame_bytes)
            if (log_.substr(at + 4, 4) != std::string(4, '\0'))
                ends.push_back((at - 32) / frame_bytes);
        return ends;
    }
    std::string path() const { return dir_.file(); }

    static constexpr int sites = 30;
    TempDir dir_;
    std::string file_, log_;
};

TEST_F(LogCheckTest, AWholeLogHasNothingToSay) {
    lay(log_);
    EXPECT_EQ(*check_log(path() + "-wal"), LogReport{});
    EXPECT_EQ(sites_silently(path()), sites);
    EXPECT_EQ(*check_log(dir_.file("nothing")), LogReport{});
    for (const std::size_t size : {0U, 1U, 31U, 32U, 33U}) {
        lay(log_.substr(0, size));
        EXPECT_EQ(*check_log(path() + "-wal"), LogReport{}) << size;
    }
}

TEST_F(LogCheckTest, Fault4AFlippedBitIsFoundAndFlippedBack) {
    std::mt19937 random(7);
    std::vector<std::size_t> bytes;
    for (std::size_t byte = 0; byte < 32 + 24; ++byte) bytes.push_back(byte);  // both headers
    for (std::size_t byte = 0; byte < 24; ++byte)
        bytes.push_back(32 + ends_of_changes().at(9) * frame_bytes + byte);
    for (int trial = 0; trial < 100; ++trial) bytes.push_back(random() % log_.size());
    int not_found = 0;
    for (std::size_t at = 0; at < bytes.size(); at += one_in(5)) {
        const std::size_t byte = bytes[at];
        const unsigned bit = random() % 8;
        std::string wrong = log_;
        wrong[byte] = static_cast<char>(wrong[byte] ^ (1 << bit));
        lay(wrong);
        const auto found = mend_log(path() + "-wal");
        ASSERT_TRUE(found);
        ASSERT_EQ(found->size(), 1u) << byte;
        const LogReport& report = found->front();
        if (report.flipped_bits.empty()) {  // one of several that weigh the same
            const std::size_t in_frame = (byte - 32) % frame_bytes;
            EXPECT_TRUE(8 * (byte % 4) + bit > 22 || (in_frame >= 16 && in_frame < 24)) << byte;
            ASSERT_TRUE(report.broken && report.broken->is_one_bit) << byte;
            EXPECT_EQ(report.broken->frame, (byte - 32) / frame_bytes + 1);
            ++not_found;
            continue;
        }
        EXPECT_EQ(report.flipped_bits, std::vector<std::uint64_t>{8 * byte + bit});
        EXPECT_FALSE(report.broken) << byte;
        EXPECT_TRUE(content(path() + "-wal") == log_) << byte;
    }
    EXPECT_LT(not_found, 60);
}

TEST_F(LogCheckTest, ADamagedPageThatStandsWholeFurtherOnCostsNothing) {
    // Each new site writes the same pages again.
    const std::size_t hit = 32 + ends_of_changes().at(12) * frame_bytes;
    std::string wrong = log_;
    wrong.replace(hit + 1000, 64, 64, '\xa5');
    wrong.replace(hit + 9 * frame_bytes + 2000, 64, 64, '\xa5');
    lay(wrong);
    EXPECT_FALSE(Catalog::open(path(), now));
    const auto found = mend_log(path() + "-wal");
    ASSERT_TRUE(found);
    ASSERT_EQ(found->size(), 2u);
    for (const auto& report : *found) {
        ASSERT_TRUE(report.broken);
        EXPECT_TRUE(report.broken->is_replaced);
        EXPECT_NE(report.broken->page, 0u);
    }
    EXPECT_EQ(*check_log(path() + "-wal"), LogReport{});
    EXPECT_EQ(sites_silently(path()), sites);
    EXPECT_TRUE(Catalog::open(path(), now));
}

TEST_F(LogCheckTest, Fault4WhatSqliteWouldDropInSilenceStopsTheStart) {
    std::string wrong = log_;
    wrong[wrong.size() / 2 / 4 * 4] ^= 1;
    lay(wrong);
    const auto opened = Catalog::open(path(), now);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Code::corrupt);
    EXPECT_NE(opened.error().context.find("catalog.db-wal is damaged: one flipped bit in byte"),
              std::string::npos)
        << opened.error().context;
    EXPECT_NE(opened.error().context.find("lineshaft repair"), std::string::npos);
    // Without the check half of what was acknowledged would be gone without a word.
    const auto silently = sites_silently(path());
    EXPECT_GE(silently, 0);
    EXPECT_LT(silently, sites);
}

TEST_F(LogCheckTest, AHeaderThatCannotBeReadWouldCostTheWholeLog) {
    std::string wrong = log_;
    wrong.replace(0, 12, 12, '\xa5');
    lay(wrong);
    const auto report = check_log(path() + "-wal");
    ASSERT_TRUE(report && report->broken);
    EXPECT_EQ(report->broken->frame, 0u);
    EXPECT_EQ(report->broken->changes_behind, ends_of_changes().size());
    EXPECT_FALSE(Catalog::open(path(), now));
    EXPECT_EQ(sites_silently(path()), 0);
}

TEST_F(LogCheckTest, AStretchInTheMiddleIsToldFromACutTail) {
    const auto ends = ends_of_changes();
    const std::size_t frames = log_.size() / frame_bytes;
    ASSERT_GE(ends.size(), 20u);
    for (std::size_t frame = 0; frame < frames; frame += one_in(5)) {
        std::string wrong = log_;
        wrong.replace(32 + frame * frame_bytes + 1000, 64, 64, '\xa5');
        lay(wrong);
        const auto report = check_log(path() + "-wal");
        ASSERT_TRUE(report);
        ASSERT_TRUE(report->broken) << frame;
        EXPECT_TRUE(report->flipped_bits.empty());
        EXPECT_EQ(report->broken->frame, frame + 1);
        // All changes that end at or behind it, but the last: nothing proves that one.
        const auto behind = static_cast<std::size_t>(
            std::ranges::count_if(ends, [&](std::size_t end) { return end >= frame; }));
        EXPECT_EQ(report->broken->changes_behind, behind - 1) << frame;
        EXPECT_EQ(report->is_damaged(), behind > 1);
        EXPECT_EQ(Catalog::open(path(), now).has_value(), behind == 1) << frame;
    }
}

TEST_F(LogCheckTest, ATailThatWasCutAnywhereIsNoDamage) {
    for (std::size_t cut = 1; cut < 3 * frame_bytes; cut += 211) {
        lay(log_.substr(0, log_.size() - cut));
        const auto report = check_log(path() + "-wal");
        ASSERT_TRUE(report);
        EXPECT_FALSE(report->is_damaged()) << cut;
        EXPECT_FALSE(report->broken) << cut;
    }
}

TEST_F(LogCheckTest, WhatWasTakenBackOrIsOfAnEarlierTurnIsNoDamage) {
    const std::string living = dir_.file("turns.db");
    auto database = Database::open(living, {});
    ASSERT_TRUE(database);
    const auto run = [&](const std::string& sql) { ASSERT_TRUE((*database)->script(sql)) << sql; };
    const auto expect_quiet = [&](const char* when) {
        EXPECT_EQ(*check_log(living + "-wal"), LogReport{}) << when;
    };
    run("CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(60000))");
    run("PRAGMA wal_checkpoint(RESTART)");
    run("INSERT INTO t VALUES (1)");  // over the first turn's frames, whose tail is still there
    ASSERT_GT(std::filesystem::file_size(living + "-wal"), 10 * frame_bytes);
    expect_quiet("an earlier turn");
    run("PRAGMA cache_size = 10");
    run("BEGIN; INSERT INTO t VALUES (zeroblob(900000)); ROLLBACK");  // some of it spilled into the
                                                                      // log
    ASSERT_GT(std::filesystem::file_size(living + "-wal"), 50 * frame_bytes);
    expect_quiet("taken back");
    run("INSERT INTO t VALUES (2)");
    expect_quiet("written over what was taken back");
}

}  // namespace
}  // namespace lineshaft::catalog
