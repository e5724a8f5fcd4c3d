#include "store/log_scan.h"

#include <gtest/gtest.h>

#include <bit>
#include <random>

#include "store/batch_rep.h"
#include "store/crc32c.h"
#include "store/guard.h"

namespace lineshaft::store {
namespace {

using Verdict = LogScan::Verdict;

// Writes logs as RocksDB does: an independent, straight reading of docs/formats/store.md.
struct LogWriter {
    std::string bytes;
    std::uint64_t run = 0x5eed;
    std::vector<std::size_t> ends;  // of each commit

    void commit(std::uint64_t number, std::string_view payload) {
        std::string batch(batch_header_bytes, '\0');
        append_default_put(batch, guard_key, encode(Guard{run, number, 1000}));
        batch += payload;
        write(batch);
        ends.push_back(bytes.size());
    }
    void write(std::string_view batch) {
        bool is_first = true;
        do {
            std::size_t left = 32768 - bytes.size() % 32768;
            if (left < 7) {
                bytes.append(left, '\0');
                left = 32768;
            }
            const std::string_view part = batch.substr(0, left - 7);
            batch.remove_prefix(part.size());
            const bool is_last = batch.empty();
            const char type = is_first ? (is_last ? 1 : 2) : (is_last ? 4 : 3);
            fragment(type, part);
            is_first = false;
        } while (!batch.empty());
    }
    void fragment(char type, std::string_view part) {
        const std::uint32_t crc = crc32c(as_bytes(std::string(1, type) + std::string(part)));
        Writer out(bytes);
        out.put_le(std::rotr(crc, 15) + 0xa282ead8u);
        out.put_le(static_cast<std::uint16_t>(part.size()));
        bytes += type;
        bytes += part;
    }
};

LogScan scan(const std::string& bytes) {
    return scan_log(as_bytes(bytes));
}

std::string noise(std::size_t size, unsigned seed) {
    std::mt19937 random(seed);
    std::string text(size, '\0');
    for (char& c : text) c = static_cast<char>(random());
    return text;
}

LogWriter small_log() {
    LogWriter log;
    log.commit(10, "first payload");
    log.commit(11, "");
    log.commit(12, noise(120, 1));
    log.commit(13, "last payload, a little longer");
    return log;
}

LogWriter large_log() {
    LogWriter log;
    log.commit(1, noise(100'000, 1));
    log.commit(2, noise(32'768 * 3 - 100, 2));
    log.commit(3, noise(20, 3));
    log.commit(4, noise(90'000, 4));
    return log;
}

TEST(LogScan, CountsWholeCommits) {
    EXPECT_EQ(scan("").verdict, Verdict::whole);
    for (const LogWriter& log : {small_log(), large_log()}) {
        const LogScan found = scan(log.bytes);
        EXPECT_EQ(found.verdict, Verdict::whole) << found.why;
        EXPECT_EQ(found.commits, 4u);
        EXPECT_EQ(found.last_commit, found.first_commit + 3);
        EXPECT_EQ(found.whole_bytes, log.bytes.size());
    }
}

// Every header position near a block's end, where padding starts.
TEST(LogScan, KnowsTheBlocksPadding) {
    for (std::size_t left = 0; left < 80; ++left) {
        LogWriter log;
        log.commit(1, "");
        log.commit(2, noise(32'768 - log.bytes.size() - 7 - guarded_prefix_bytes() - left, 7));
        EXPECT_EQ(log.bytes.size() % 32'768, (32'768 - left) % 32'768);
        log.commit(3, "after");
        log.commit(4, "more");
        const LogScan found = scan(log.bytes);
        EXPECT_EQ(found.verdict, Verdict::whole) << left << " " << found.why;
        EXPECT_EQ(found.last_commit, 4u);
    }
}

TEST(LogScan, ACutAnywhereInTheLastCommitIsATornTail) {
    const LogWriter log = small_log();
    const std::size_t before = log.ends[2];
    for (std::size_t size = before + 1; size < log.bytes.size(); ++size) {
        const LogScan found = scan(log.bytes.substr(0, size));
        EXPECT_EQ(found.verdict, Verdict::torn) << size;
        EXPECT_EQ(found.whole_bytes, before) << size;
        EXPECT_EQ(found.last_commit, 12u) << size;
    }
    EXPECT_EQ(scan(log.bytes.substr(0, before)).verdict, Verdict::whole);
    const LogWriter large = large_log();
    for (std::size_t size = large.ends[2] + 1; size < large.bytes.size(); size += 97) {
        const LogScan found = scan(large.bytes.substr(0, size));
        EXPECT_EQ(found.verdict, Verdict::torn) << size;
        EXPECT_EQ(found.whole_bytes, large.ends[2]) << size;
    }
}

// Never silent: no flipped bit may pass, nor be taken for a torn tail, not even in the last commit.
TEST(LogScan, AnyFlippedBitIsDamage) {
    const LogWriter log = small_log();
    for (std::size_t bit = 0; bit < log.bytes.size() * 8; ++bit) {
        std::string wrong = log.bytes;
        wrong[bit / 8] = static_cast<char>(wrong[bit / 8] ^ (1 << bit % 8));
        const LogScan found = scan(wrong);
        EXPECT_EQ(found.verdict, Verdict::damaged) << "bit " << bit;
        EXPECT_EQ(found.trouble_at, bit / 8) << found.why;
    }
}

TEST(LogScan, AFlippedBitInALargeLogIsNamedToTheByte) {
    LogWriter log = large_log();
    std::mt19937 random(5);
    for (int trial = 0; trial < 400; ++trial) {
        const std::size_t byte = random() % log.bytes.size();
        const char original = log.bytes[byte];
        log.bytes[byte] = static_cast<char>(original ^ (1 << random() % 8));
        const LogScan found = scan(log.bytes);
        EXPECT_EQ(found.verdict, Verdict::damaged) << byte;
        EXPECT_EQ(found.trouble_at, byte) << found.why;
        log.bytes[byte] = original;
    }
}

TEST(LogScan, SectorsLostFromTheLastCommitAreATornTailFromAnEarlierOneDamage) {
    const LogWriter log = large_log();
    for (std::size_t sector = 0; sector * 512 < log.bytes.size(); sector += 3) {
        std::string lost = log.bytes;
        const std::size_t from = sector * 512;
        const std::size_t size = std::min<std::size_t>(512, lost.size() - from);
        lost.replace(from, size, size, '\0');
        // Commit 3 ends and commit 4 starts in one sector: told apart by nobody, see log_scan.cc.
        if (from <= log.ends[2] && from + 512 > log.ends[1]) continue;
        const bool is_in_last = from >= log.ends[2];
        EXPECT_EQ(scan(lost).verdict, is_in_last ? Verdict::torn : Verdict::damaged) << from;
    }
}

TEST(LogScan, TrailingZerosAreATornTail) {
    const LogWriter log = small_log();
    const LogScan found = scan(log.bytes + std::string(5000, '\0'));
    EXPECT_EQ(found.verdict, Verdict::torn);
    EXPECT_EQ(found.whole_bytes, log.bytes.size());
}

TEST(LogScan, AMissingCommitIsDamage) {
    LogWriter log;
    log.commit(1, "a");
    log.commit(3, "b");
    const LogScan found = scan(log.bytes);
    EXPECT_EQ(found.verdict, Verdict::damaged);
    EXPECT_NE(found.why.find("commit 3 follows commit 1"), std::string::npos);
}

TEST(LogScan, ManyBadBytesBeforeALaterCommitAreDamage) {
    const LogWriter log = small_log();
    std::string wrong = log.bytes;
    for (std::size_t at = log.ends[1] + 8; at < log.ends[1] + 40; ++at) wrong[at] = 'X';
    const LogScan found = scan(wrong);
    EXPECT_EQ(found.verdict, Verdict::damaged);
    EXPECT_EQ(found.whole_bytes, log.ends[1]);
    EXPECT_NE(found.why.find("a later commit follows"), std::string::npos) << found.why;
}

// Somebody stores what looks like a later commit, and the power fails while it is written.
TEST(LogScan, BytesPlacedInAValueCannotTurnATornTailIntoDamage) {
    LogWriter fake;
    fake.run = 0xbad;
    fake.commit(99, "looks real");
    LogWriter log;
    log.commit(1, "a");
    log.commit(2, fake.bytes + std::string(300, 'y'));
    for (std::size_t size = log.ends[0] + 1; size < log.bytes.size(); ++size) {
        EXPECT_EQ(scan(log.bytes.substr(0, size)).verdict, Verdict::torn) << size;
    }
}

TEST(LogScan, SalvagesEveryWholeCommitBeforeAndBehindTheDamage) {
    const LogWriter log = large_log();
    EXPECT_EQ(salvage_log(as_bytes(log.bytes)).log, log.bytes) << "a sound log stays as it is";
    LogWriter without_second;
    without_second.commit(1, noise(100'000, 1));
    without_second.commit(3, noise(20, 3));
    without_second.commit(4, noise(90'000, 4));
    for (std::size_t at = log.ends[0]; at < log.ends[1]; at += 1009) {
        std::string wrong = log.bytes;
        wrong[at] = static_cast<char>(wrong[at] ^ 0x11);
        EXPECT_EQ(salvage_log(as_bytes(wrong)).log, without_second.bytes) << at;
    }
    EXPECT_EQ(salvage_log(as_bytes(log.bytes).first(log.ends[2] + 1000)).log,
              log.bytes.substr(0, log.ends[2]));
}

TEST(LogScan, AManifestIsJudgedByItsRecords) {
    LogWriter manifest;
    for (int number = 0; number < 20; ++number) manifest.write(noise(50 + number, number));
    EXPECT_EQ(scan_manifest(as_bytes(manifest.bytes)).verdict, Verdict::whole);
    EXPECT_EQ(scan_manifest(as_bytes(manifest.bytes)).commits, 20u);
    for (std::size_t bit = 0; bit < manifest.bytes.size() * 8; bit += 3) {
        std::string wrong = manifest.bytes;
        wrong[bit / 8] = static_cast<char>(wrong[bit / 8] ^ (1 << bit % 8));
        EXPECT_EQ(scan_manifest(as_bytes(wrong)).verdict, Verdict::damaged) << bit;
    }
    const auto cut = as_bytes(manifest.bytes).first(manifest.bytes.size() - 5);
    EXPECT_EQ(scan_manifest(cut).verdict, Verdict::torn);
}

TEST(LogScan, AForeignBatchIsDamage) {
    LogWriter log;
    log.commit(1, "a");
    log.write("not a batch of ours, but long enough to be one: 0123456789012345678901234567890");
    EXPECT_EQ(scan(log.bytes).verdict, Verdict::damaged);
}

}  // namespace
}  // namespace lineshaft::store
