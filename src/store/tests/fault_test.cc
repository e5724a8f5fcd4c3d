// Power cuts and failing disks: what was acknowledged comes back, and a failure ends the process.
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include "store/faulty.h"
#include "store/tests/support.h"

namespace lineshaft::store {
namespace {

using namespace testing_store;

// Small memtables and logs, so that flushes, merges and new logs happen within a short run.
const Limits tight{.write_buffer_bytes = 256 << 10, .log_bytes_max = 512 << 10};

struct Journal {
    std::mutex mutex;
    std::set<std::string> acknowledged;
    int refused = 0;
    void note(const std::string& key, const Result<void>& outcome) {
        const std::lock_guard lock(mutex);
        if (outcome) {
            acknowledged.insert(key);
        } else {
            ++refused;
        }
    }
};

std::string value_of(const std::string& key) {
    return key + noise(2'000, unsigned(key.size()) * 31);
}

// Puts, sorted files and range removals of keys nobody checks.
void work(Store& store, Journal& journal, const std::string& name, int rounds) {
    for (int round = 0; round < rounds; ++round) {
        const std::string key = name + "/" + std::to_string(round);
        Batch batch;
        batch.put(Family::log, key, value_of(key));
        batch.put(Family::history_inbox, key, value_of(key));
        if (round % 8 == 7) batch.remove_range(Family::history_inbox, name + "/", name + "0");
        journal.note(key, submit(store, std::move(batch)));
        if (round % 16 == 5) {
            const std::string chunk = "chunk/" + key;
            const std::vector<Entry> entries{{chunk, value_of(chunk)}};
            journal.note(chunk, store.ingest(Family::history_chunks, entries));
        }
    }
}

void expect_all_there(Store& store, const Journal& journal) {
    for (const std::string& key : journal.acknowledged) {
        const Family family = key.starts_with("chunk/") ? Family::history_chunks : Family::log;
        EXPECT_EQ(get(store, family, key), value_of(key)) << key;
    }
}

class PowerCut : public testing::TestWithParam<FaultDisk::Leaves> {};

TEST_P(PowerCut, LosesNothingThatWasAcknowledged) {
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        TempDir dir;
        FaultDisk disk;
        Journal journal;
        {
            auto opened = open_on(disk, dir.path(), tight, Durability::synced, [](const auto&) {});
            ASSERT_TRUE(opened) << opened.error().context;
            ASSERT_TRUE(put(*opened->store, Family::log, "first", value_of("first")));
            journal.note("first", {});
            const std::uint64_t cut_at = disk.operations() + seed * 37;
            std::atomic<int> working{3};
            std::vector<std::jthread> threads;
            for (const char* name : {"a", "b", "c"}) {
                threads.emplace_back([&, name] {
                    work(*opened->store, journal, name, 60);
                    --working;
                });
            }
            while (disk.operations() < cut_at && working > 0) std::this_thread::yield();
            disk.cut_power();
            threads.clear();
            EXPECT_FALSE(put(*opened->store, Family::log, "dark", "x"));
        }
        disk.restore_power(GetParam(), seed);
        auto opened = open_on(disk, dir.path(), tight, Durability::synced, [](const auto&) {});
        ASSERT_TRUE(opened) << opened.error().context;
        EXPECT_EQ(opened->recovery.damage, "");
        expect_all_there(*opened->store, journal);
        EXPECT_TRUE(put(*opened->store, Family::log, "after", "x"));
    }
}
INSTANTIATE_TEST_SUITE_P(Store, PowerCut,
                         testing::Values(FaultDisk::Leaves::nothing, FaultDisk::Leaves::a_prefix,
                                         FaultDisk::Leaves::some_sectors));

class FailingDisk : public testing::TestWithParam<FaultDisk::Fault> {};

// The n-th write or sync fails, for every n a short run has.
TEST_P(FailingDisk, EndsTheProcessAndWhatWasAcknowledgedComesBack) {
    bool was_reached = true;
    for (std::uint64_t nth = 1; was_reached; nth += nth < 60 ? 1 : 7) {
        SCOPED_TRACE("operation " + std::to_string(nth));
        TempDir dir;
        FaultDisk disk;
        Journal journal;
        std::atomic<int> fatal{0};
        const auto on_fatal = [&](const std::string& why) {
            EXPECT_FALSE(why.empty());
            ++fatal;
        };
        disk.fail_from(nth, GetParam());
        {
            auto opened = open_on(disk, dir.path(), tight, Durability::synced, on_fatal);
            if (opened) {
                work(*opened->store, journal, "a", 40);
                if (journal.refused > 0) {
                    EXPECT_GT(fatal.load(), 0);
                    EXPECT_EQ(put(*opened->store, Family::log, "x", "y").error().code,
                              Code::unavailable)
                        << "a failed store never writes again";
                }
            }
            was_reached = disk.operations() >= nth;
        }
        disk.heal();
        auto opened = open_on(disk, dir.path(), tight, Durability::synced, on_fatal);
        ASSERT_TRUE(opened) << opened.error().context;
        EXPECT_EQ(opened->recovery.damage, "");
        expect_all_there(*opened->store, journal);
        EXPECT_TRUE(put(*opened->store, Family::log, "after", "x"));
    }
}
INSTANTIATE_TEST_SUITE_P(Store, FailingDisk,
                         testing::Values(FaultDisk::Fault::io_error, FaultDisk::Fault::no_space));

TEST(FailingDiskDeathTest, WithoutATestsHookTheProcessEndsWithOneSentence) {
    testing::GTEST_FLAG(death_test_style) = "threadsafe";
    // The dying process starts this test anew; it is told the directory, and leaves none behind.
    constexpr const char* variable = "LINESHAFT_STORE_DEATH_TEST";
    std::optional<TempDir> dir;
    if (::getenv(variable) == nullptr) ::setenv(variable, dir.emplace().path().c_str(), 1);
    const std::string path = ::getenv(variable);
    EXPECT_EXIT(
        {
            FaultDisk disk;
            auto opened = open_on(disk, path, {}, Durability::synced, {});
            disk.fail_from(1, FaultDisk::Fault::io_error);
            (void)put(*opened->store, Family::log, "a", "1");
        },
        testing::ExitedWithCode(74), "");
    ::unsetenv(variable);
}

TEST(FreeSpace, BelowTheFloorNothingNewIsTakenAndItResumes) {
    TempDir dir;
    FaultDisk disk;
    const Limits limits{.free_bytes_min = 1'000'000};
    disk.pretend_free_bytes(1'000'000);
    auto opened = open_on(disk, dir.path(), limits, Durability::synced, {});
    ASSERT_TRUE(opened) << opened.error().context;
    Store& store = *opened->store;
    EXPECT_TRUE(put(store, Family::log, "at the floor", "x"));

    disk.pretend_free_bytes(999'999);
    while (store.stats().is_accepting) std::this_thread::yield();
    auto refused = put(store, Family::log, "below", "x");
    EXPECT_EQ(refused.error().code, Code::exhausted);
    EXPECT_NE(refused.error().context.find("store.free_bytes_min"), std::string::npos);
    const std::vector<Entry> entries{{"a", "1"}};
    EXPECT_EQ(store.ingest(Family::history_chunks, entries).error().code, Code::exhausted);
    EXPECT_EQ(get(store, Family::log, "at the floor"), "x") << "reads go on";
    Batch trim;
    trim.remove_range(Family::log, "a", "b");
    EXPECT_TRUE(submit(store, std::move(trim))) << "space can be made";

    Batch audited;
    audited.put(Family::log, "audit", "x");
    audited.use_reserve();
    EXPECT_TRUE(submit(store, std::move(audited))) << "what must be recorded still is";

    disk.pretend_free_bytes(499'999);
    while (store.stats().free_bytes != 499'999) std::this_thread::yield();
    Batch late;
    late.remove(Family::log, "c");
    EXPECT_EQ(submit(store, std::move(late)).error().code, Code::exhausted) << "half the floor";
    Batch unrecorded;
    unrecorded.put(Family::log, "audit", "y");
    unrecorded.use_reserve();
    EXPECT_EQ(submit(store, std::move(unrecorded)).error().code, Code::exhausted);

    disk.pretend_free_bytes(std::nullopt);
    while (!store.stats().is_accepting) std::this_thread::yield();
    EXPECT_TRUE(put(store, Family::log, "again", "x"));
    EXPECT_EQ(get(store, Family::log, "at the floor"), std::nullopt);
}

TEST(FreeSpace, AStoreBelowTheFloorOpensForReading) {
    TempDir dir;
    FaultDisk disk;
    {
        auto opened = open_on(disk, dir.path(), {}, Durability::synced, {});
        ASSERT_TRUE(opened);
        ASSERT_TRUE(put(*opened->store, Family::log, "a", "1"));
    }
    disk.pretend_free_bytes(1000);
    auto opened = open_on(disk, dir.path(), {}, Durability::synced, {});
    ASSERT_TRUE(opened) << opened.error().context;
    EXPECT_EQ(get(*opened->store, Family::log, "a"), "1");
    EXPECT_EQ(put(*opened->store, Family::log, "b", "1").error().code, Code::exhausted);
    EXPECT_FALSE(opened->store->is_read_only());
}

TEST(FaultyStore, SpoilsWhatItIsTold) {
    TempDir dir;
    auto opened = open(dir.path(), {});
    ASSERT_TRUE(opened);
    FaultyStore store(*opened->store);
    store.fail_submit(2, {Code::unavailable, "told so"});
    EXPECT_TRUE(put(store, Family::log, "1", "x"));
    EXPECT_EQ(put(store, Family::log, "2", "x").error().context, "told so");
    EXPECT_TRUE(put(store, Family::log, "3", "x"));
    EXPECT_EQ(get(store, Family::log, "2"), std::nullopt);

    store.hold_answers();
    std::atomic<int> answered{0};
    for (int number = 0; number < 3; ++number) {
        Batch batch;
        batch.put(Family::log, "held", "x");
        store.submit(std::move(batch), [&](Result<void>) { ++answered; });
    }
    while (store.held() < 3) std::this_thread::yield();
    EXPECT_EQ(answered, 0);
    store.release();
    EXPECT_EQ(answered, 3);

    store.pretend_full(true);
    EXPECT_EQ(put(store, Family::log, "4", "x").error().code, Code::exhausted);
    EXPECT_FALSE(store.stats().is_accepting);
    store.pretend_full(false);
    EXPECT_TRUE(put(store, Family::log, "4", "x"));
}

}  // namespace
}  // namespace lineshaft::store
