// Power cuts and failing disks: what was acknowledged comes back, and a failure ends the process.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>

#include <array>
#include <atomic>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <thread>

#include "base/tests/one_in.h"
#include "store/faulty.h"
#include "store/tests/journal.h"

namespace lineshaft::store {
namespace {

using namespace testing_store;

struct Ended {
    int status = -1;  // of the process; -signal where one ended it
    std::set<std::string> acknowledged;
    std::uint64_t operations = 0;  // known where the process came to the end of its work
    std::string said;
};

std::string read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

// Runs fault_process.cc, which stands beside this program, on a store in `dir`.
Ended run_until_fault(const TempDir& dir, std::string trouble, std::uint64_t number) {
    std::string program = std::filesystem::read_symlink("/proc/self/exe").parent_path();
    program += "/store_fault_process";
    std::string directory = dir.path();
    std::string journal = dir.other("journal");
    const std::string output = dir.other("output");
    std::string digits = std::to_string(number);
    std::array<char*, 6> arguments{program.data(), directory.data(), journal.data(),
                                   trouble.data(), digits.data(),    nullptr};
    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    for (const int fd : {STDOUT_FILENO, STDERR_FILENO}) {
        ::posix_spawn_file_actions_addopen(&files, fd, output.c_str(),
                                           O_WRONLY | O_CREAT | O_APPEND, 0600);
    }
    Ended ended;
    pid_t child = 0;
    if (::posix_spawn(&child, program.c_str(), &files, nullptr, arguments.data(), environ) == 0) {
        int status = 0;
        ::waitpid(child, &status, 0);
        ended.status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }
    ::posix_spawn_file_actions_destroy(&files);
    std::istringstream lines(read_file(journal));
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("# ")) {
            ended.operations = std::stoull(line.substr(2));
        } else {
            ended.acknowledged.insert(line);
        }
    }
    ended.said = read_file(output);
    return ended;
}

void expect_all_there(const TempDir& dir, const Ended& ended) {
    auto opened = open(dir.path(), tight);
    ASSERT_TRUE(opened) << opened.error().context << "\n" << ended.said;
    EXPECT_EQ(opened->recovery.damage, "") << ended.said;
    for (const std::string& key : ended.acknowledged) {
        const Family family = key.starts_with(chunk_prefix) ? Family::history_chunks : Family::log;
        EXPECT_EQ(get(*opened->store, family, key), value_of(key)) << key << "\n" << ended.said;
    }
    EXPECT_TRUE(put(*opened->store, Family::log, "after", "x"));
}

class PowerCut : public testing::TestWithParam<const char*> {};

TEST_P(PowerCut, Fault2LosesNothingThatWasAcknowledged) {
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const TempDir dir;
        const Ended ended = run_until_fault(dir, GetParam(), seed);
        EXPECT_EQ(ended.status, 0) << ended.said;
        EXPECT_GT(ended.acknowledged.size(), 0U);
        expect_all_there(dir, ended);
    }
}
INSTANTIATE_TEST_SUITE_P(Store, PowerCut, testing::Values("nothing", "a_prefix", "some_sectors"));

class FailingDisk : public testing::TestWithParam<const char*> {};

// The n-th write or sync fails, for every n a short run has.
TEST_P(FailingDisk, EndsTheProcessAndWhatWasAcknowledgedComesBack) {
    std::map<int, int> ends;
    bool was_reached = true;
    for (std::uint64_t nth = 1; was_reached; nth += static_cast<std::uint64_t>(one_in(5) * (nth < 60 ? 1 : 7))) {
        SCOPED_TRACE("operation " + std::to_string(nth));
        const TempDir dir;
        const Ended ended = run_until_fault(dir, GetParam(), nth);
        ++ends[ended.status];
        switch (ended.status) {
            case 0: was_reached = ended.operations >= nth; break;
            case exit_did_not_open: EXPECT_TRUE(ended.acknowledged.empty()); break;
            default:
                EXPECT_EQ(ended.status, exit_failed) << ended.said;
                EXPECT_NE(ended.said.find("the process ends so that nothing unwritten is taken"),
                          std::string::npos)
                    << ended.said;
        }
        expect_all_there(dir, ended);
    }
    EXPECT_GT(ends[exit_did_not_open], 10 / one_in(5));
    EXPECT_GT(ends[exit_failed], 10 / one_in(5));  // some 20: compactions come when they come
}
INSTANTIATE_TEST_SUITE_P(Store, FailingDisk, testing::Values("io_error", "no_space"));

TEST(FailedStore, NeverWritesAgain) {
    const TempDir dir;
    FaultDisk disk;
    std::atomic<int> fatal{0};
    auto opened = open_on(disk, dir.path(), {}, Durability::synced, [&](const std::string& why) {
        EXPECT_NE(why.find("pretended"), std::string::npos) << why;
        ++fatal;
    });
    ASSERT_TRUE(opened) << opened.error().context;
    disk.fail_from(1, FaultDisk::Fault::io_error);
    EXPECT_FALSE(put(*opened->store, Family::log, "a", "1"));
    EXPECT_EQ(fatal, 1);
    disk.heal();
    EXPECT_EQ(put(*opened->store, Family::log, "b", "1").error().code, Code::unavailable);
}

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
