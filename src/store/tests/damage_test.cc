// What a store says when its files are not what they were. Never silent, never a wrong value.
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <thread>

#include "base/tests/one_in.h"
#include "store/faulty.h"
#include "store/tests/support.h"

namespace lineshaft::store {
namespace {

using namespace testing_store;
namespace fs = std::filesystem;

void write_forty_sorted(Store& store) {
    std::vector<Entry> entries;
    Batch batch;
    for (int number = 100; number < 140; ++number) {
        entries.push_back({std::to_string(number), std::string(700, char(number))});
        batch.put(Family::identity, entries.back().key, entries.back().value);
    }
    ASSERT_TRUE(store.ingest(Family::history_chunks, entries));
    ASSERT_TRUE(submit(store, std::move(batch)));
}

class Damage : public testing::Test {
protected:
    std::vector<std::string> files(const std::string& extension) const {
        std::vector<std::string> found;
        for (const auto& entry : fs::directory_iterator(dir_.path())) {
            const bool is_wanted = extension.starts_with('.')
                                       ? entry.path().extension() == extension
                                       : entry.path().filename().string().starts_with(extension);
            if (is_wanted && entry.file_size() > 0) found.push_back(entry.path());
        }
        std::ranges::sort(found);
        return found;
    }
    // The store as a power cut would leave it: a copy of the files of one that is open.
    void image_of(const std::function<void(Store&)>& write, int reopenings = 0) {
        const std::string live = dir_.other("live");
        for (int run = 0; run < reopenings; ++run) ASSERT_TRUE(open(live, {}));
        auto opened = open(live, {});
        ASSERT_TRUE(opened) << opened.error().context;
        write(*opened->store);
        fs::copy(live, dir_.other("image"), fs::copy_options::recursive);
    }
    void image_of_sorted_files() {
        {
            auto opened = open(dir_.other("live"), {});
            ASSERT_TRUE(opened);
            write_forty_sorted(*opened->store);
        }
        ASSERT_TRUE(open(dir_.other("live"), {}));  // replays the log into sorted files
        fs::copy(dir_.other("live"), dir_.other("image"), fs::copy_options::recursive);
        fresh_copy();
    }
    void fresh_copy() {
        fs::remove_all(dir_.path());
        fs::copy(dir_.other("image"), dir_.path(), fs::copy_options::recursive);
    }
    TempDir dir_;
};

void write_letters(Store& store) {
    ASSERT_TRUE(put(store, Family::log, "a", "1"));
    ASSERT_TRUE(put(store, Family::log, "b", "2"));
    ASSERT_TRUE(put(store, Family::log, "c", "3"));
}

TEST_F(Damage, Fault3ATornTailIsCutOffAtEveryByteOfTheLastCommit) {
    image_of(write_letters);
    fresh_copy();
    const std::string log = files(".log").at(0);
    const auto size = fs::file_size(log);
    const std::uint64_t last_bytes = 7 + 45 + 6;  // header, guard, the put of "c"
    for (std::uint64_t cut = 1; cut < last_bytes; ++cut) {
        fresh_copy();
        fs::resize_file(log, size - cut);
        auto opened = open(dir_.path(), {});
        ASSERT_TRUE(opened) << opened.error().context;
        EXPECT_EQ(opened->recovery.damage, "");
        EXPECT_EQ(opened->recovery.torn_tail_bytes, last_bytes - cut);
        EXPECT_EQ(opened->recovery.torn_file, log);
        EXPECT_EQ(get(*opened->store, Family::log, "a"), "1");
        EXPECT_EQ(get(*opened->store, Family::log, "b"), "2");
        EXPECT_EQ(get(*opened->store, Family::log, "c"), std::nullopt);
        ASSERT_TRUE(put(*opened->store, Family::log, "d", "4"));
    }
}

TEST_F(Damage, AFlippedBitInTheLogOpensReadOnlyAndNamesTheByte) {
    image_of(write_letters);
    fresh_copy();
    const std::string log = files(".log").at(0);
    const auto size = fs::file_size(log);
    for (std::uint64_t byte = 0; byte < size; byte += 5) {
        fresh_copy();
        ASSERT_TRUE(flip_bit(log, byte, byte % 8));
        auto opened = open(dir_.path(), {});
        ASSERT_TRUE(opened) << opened.error().context;
        const std::string& damage = opened->recovery.damage;
        EXPECT_NE(damage.find(log + " is damaged at byte " + std::to_string(byte) + ":"),
                  std::string::npos)
            << damage;
        EXPECT_NE(damage.find("lineshaft repair"), std::string::npos) << damage;
        EXPECT_EQ(opened->recovery.torn_tail_bytes, 0u);
        EXPECT_TRUE(opened->store->is_read_only());
        EXPECT_FALSE(opened->store->stats().is_accepting);
        EXPECT_EQ(put(*opened->store, Family::log, "x", "y").error().code, Code::unavailable);
        const std::vector<Entry> entries{{"a", "1"}};
        EXPECT_EQ(opened->store->ingest(Family::log, entries).error().code, Code::unavailable);
        EXPECT_GT(opened->store->ticket(), 0u);
        opened->store.reset();
        EXPECT_EQ(fs::file_size(log), size) << "nothing is cut off";
    }
}

TEST_F(Damage, WhatLiesBeforeAndBehindTheDamageIsReadable) {
    const std::string large(100'000, 'v');
    image_of([&](Store& store) {
        for (const char* key : {"a", "b", "c"}) ASSERT_TRUE(put(store, Family::log, key, large));
    });
    fresh_copy();
    ASSERT_TRUE(flip_bit(files(".log").at(0), 150'000, 3));
    auto opened = open(dir_.path(), {});
    ASSERT_TRUE(opened) << opened.error().context;
    EXPECT_EQ(get(*opened->store, Family::log, "a"), large);
    EXPECT_EQ(get(*opened->store, Family::log, "b"), std::nullopt);
    EXPECT_EQ(get(*opened->store, Family::log, "c"), large);
    EXPECT_EQ(opened->recovery.commits, 4u);
}

TEST_F(Damage, AMissingLogIsNoticed) {
    // Two logs: ingesting into a family with unflushed keys starts the second.
    image_of([](Store& store) {
        write_letters(store);
        const std::vector<Entry> entries{{"a", "5"}};
        ASSERT_TRUE(store.ingest(Family::log, entries));
        ASSERT_TRUE(put(store, Family::log, "d", "4"));
    });
    fresh_copy();
    ASSERT_GE(files(".log").size(), 2u);
    fs::remove(files(".log").at(0));
    auto opened = open(dir_.path(), {});
    ASSERT_TRUE(opened) << opened.error().context;
    EXPECT_NE(opened->recovery.damage, "");
    EXPECT_TRUE(opened->store->is_read_only());
}

TEST_F(Damage, ALogCutShortThoughAnotherFollowsIsDamage) {
    image_of([](Store& store) {
        write_letters(store);
        const std::vector<Entry> entries{{"a", "5"}};
        ASSERT_TRUE(store.ingest(Family::log, entries));
        ASSERT_TRUE(put(store, Family::log, "d", "4"));
    });
    fresh_copy();
    const std::string log = files(".log").at(0);
    fs::resize_file(log, fs::file_size(log) - 3);
    auto opened = open(dir_.path(), {});
    ASSERT_TRUE(opened) << opened.error().context;
    EXPECT_NE(opened->recovery.damage.find(log), std::string::npos) << opened->recovery.damage;
    EXPECT_TRUE(opened->store->is_read_only());
}

// Each key answers with its value or with `corrupt` and the file's name. Returns how many failed.
int check_values(Store& store, const std::string& file) {
    int failed = 0;
    for (int number = 100; number < 140; ++number) {
        const std::string key = std::to_string(number);
        for (const Family family : {Family::history_chunks, Family::identity}) {
            auto found = store.get(family, key);
            if (found) {
                EXPECT_EQ(*found, std::string(700, char(number))) << key;
            } else {
                ++failed;
                EXPECT_EQ(found.error().code, Code::corrupt);
                const std::string name = fs::path(file).filename();
                EXPECT_NE(found.error().context.find(name), std::string::npos)
                    << found.error().context;
            }
        }
    }
    return failed;
}

TEST_F(Damage, AFlippedBitInASortedFileFailsItsReadsOnly) {
    image_of_sorted_files();
    std::mt19937 random(3);
    int failed = 0, trials = 0;
    for (const std::string& file : files(".sst")) {
        for (int trial = 0; trial < 40; ++trial) {
            fresh_copy();
            const std::uint64_t byte = random() % fs::file_size(file);
            SCOPED_TRACE(file + " byte " + std::to_string(byte));
            ASSERT_TRUE(flip_bit(file, byte, random() % 8));
            auto opened = open(dir_.path(), {});
            ASSERT_TRUE(opened) << opened.error().context;
            failed += check_values(*opened->store, file) > 0 || opened->store->is_read_only();
            ++trials;
            if (!opened->recovery.damage.empty()) {
                EXPECT_NE(opened->recovery.damage.find(fs::path(file).filename()),
                          std::string::npos)
                    << opened->recovery.damage;
            }
        }
    }
    EXPECT_GT(failed, trials / 2) << "the trials do hit data";
}

// Footer, list of parts, properties: the engine takes them on trust and stops the process over
// them, so they are looked at before it opens the file.
TEST_F(Damage, NoFlippedBitNearTheEndOfASortedFileStopsTheProcess) {
    image_of_sorted_files();
    const std::string file = files(".sst").at(0);
    const std::uint64_t bits = 8 * fs::file_size(file);
    int refused = 0, trials = 0;
    for (std::uint64_t back = 1; back <= std::min<std::uint64_t>(bits, 8 * 1'500);
         back += static_cast<std::uint64_t>(one_in(5) * (back < 8 * 53 ? 3 : 53))) {
        fresh_copy();
        SCOPED_TRACE(file + " bit -" + std::to_string(back));
        ASSERT_TRUE(flip_bit(file, (bits - back) / 8, (bits - back) % 8));
        auto opened = open(dir_.path(), {});
        ASSERT_TRUE(opened) << opened.error().context;
        ++trials;
        const int failed = check_values(*opened->store, file);
        const bool is_refused = failed > 0 || opened->store->is_read_only();
        refused += is_refused;
        // Version and magic; the padding before them means nothing.
        EXPECT_TRUE(is_refused || back > std::uint64_t{8 * 12});
        if (opened->recovery.damage.empty()) continue;
        EXPECT_NE(opened->recovery.damage.find(fs::path(file).filename()), std::string::npos)
            << opened->recovery.damage;
    }
    EXPECT_GT(refused, trials / 2);
}

TEST_F(Damage, AFlippedBitInTheListOfFilesNeverLosesDataSilently) {
    image_of_sorted_files();
    std::mt19937 random(4);
    for (const char* name : {"MANIFEST", "CURRENT"}) {
        const std::string file = files(name).at(0);
        for (int trial = 0; trial < 40; ++trial) {
            fresh_copy();
            const std::uint64_t byte = random() % fs::file_size(file);
            SCOPED_TRACE(file + " byte " + std::to_string(byte));
            ASSERT_TRUE(flip_bit(file, byte, random() % 8));
            auto opened = open(dir_.path(), {});
            if (!opened) {
                EXPECT_EQ(opened.error().code, Code::corrupt) << opened.error().context;
            } else if (!opened->store->is_read_only()) {
                EXPECT_EQ(check_values(*opened->store, file), 0);
            }
        }
    }
}

TEST_F(Damage, AStoreWithoutItsCurrentFileIsNotOverwritten) {
    image_of(write_letters);
    fresh_copy();
    fs::remove(dir_.path() + "/CURRENT");
    auto opened = open(dir_.path(), {});
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Code::corrupt);
    EXPECT_NE(opened.error().context.find("CURRENT"), std::string::npos);
    EXPECT_EQ(files(".log").size(), 1u);
}

TEST_F(Damage, FoundByAMergeInTheBackgroundStopsWritingAndSaysSo) {
    const std::string live = dir_.path();
    const auto write = [&](const std::string& value) {
        auto opened = open(live, {});
        ASSERT_TRUE(opened);
        Batch batch;
        for (int number = 0; number < 100; ++number) {
            batch.put(Family::history_inbox, std::to_string(number), value + noise(1000, number));
        }
        ASSERT_TRUE(submit(*opened->store, std::move(batch)));
    };
    write("1");
    ASSERT_TRUE(open(live, {}));  // the first sorted file
    for (const std::string& file : files(".sst")) {
        if (fs::file_size(file) < 50'000) continue;
        ASSERT_TRUE(flip_bit(file, 20'000, 1));
    }
    write("2");
    auto opened = open(live, {});  // the second, and the merge of both
    ASSERT_TRUE(opened) << opened.error().context;
    while (!opened->store->is_read_only()) std::this_thread::yield();
    auto refused = put(*opened->store, Family::log, "x", "y");
    EXPECT_EQ(refused.error().code, Code::unavailable);
    EXPECT_NE(opened->store->stats().damage.find(".sst"), std::string::npos);
    EXPECT_EQ(get(*opened->store, Family::history_inbox, "99")->front(), '2');
}

}  // namespace
}  // namespace lineshaft::store
