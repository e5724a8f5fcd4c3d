// fault 3, 4: what repair finds, mends, leaves out, and never loses besides.
#include "store/repair.h"

#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>

#include "base/tests/one_in.h"
#include "store/faulty.h"
#include "store/rescue.h"
#include "store/sorted_file.h"
#include "store/tests/support.h"

namespace lineshaft::store {
namespace {

using namespace testing_store;
namespace fs = std::filesystem;
using Kind = Finding::Kind;

std::string content(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}
std::map<std::string, std::string> all_files(const std::string& directory) {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::directory_iterator(directory)) {
        const std::string name = entry.path().filename();
        if (name != "lineshaft.lock") files[name] = content(entry.path());
    }
    return files;
}
void overwrite(const std::string& path, std::uint64_t at, const std::string& bytes) {
    std::fstream out(path, std::ios::binary | std::ios::in | std::ios::out);
    out.seekp(static_cast<std::streamoff>(at));
    out << bytes;
}

class RepairTest : public testing::Test {
protected:
    // The files of a store as a power cut would leave them.
    void image_of(const std::function<void(Store&)>& write, int reopenings = 0) {
        {
            auto opened = open(dir_.other("live"), {});
            ASSERT_TRUE(opened) << opened.error().context;
            write(*opened->store);
            if (reopenings == 0)
                fs::copy(dir_.other("live"), dir_.other("image"), fs::copy_options::recursive);
        }
        for (int run = 0; run < reopenings; ++run) ASSERT_TRUE(open(dir_.other("live"), {}));
        if (reopenings > 0)
            fs::copy(dir_.other("live"), dir_.other("image"), fs::copy_options::recursive);
    }
    void fresh_copy() {
        for (const auto& entry : fs::directory_iterator(fs::path(dir_.path()).parent_path())) {
            const std::string name = entry.path().filename();
            if (name.starts_with("store")) fs::remove_all(entry.path());
        }
        fs::copy(dir_.other("image"), dir_.path(), fs::copy_options::recursive);
    }
    std::vector<std::string> files(const std::string& ending) const {
        std::vector<std::string> found;
        for (const auto& entry : fs::directory_iterator(dir_.path())) {
            const std::string name = entry.path().filename();
            const bool is_wanted = name.ends_with(ending) || name.starts_with(ending);
            if (is_wanted && entry.file_size() > 0) found.push_back(entry.path());
        }
        std::ranges::sort(found);
        return found;
    }
    RepairReport repaired() {
        auto report = repair(dir_.path(), {.apply = true, .limits = {}});
        EXPECT_TRUE(report) << report.error().context;
        return report ? *std::move(report) : RepairReport{};
    }
    // Opens for writing, shows no damage, and writes.
    std::unique_ptr<Store> sound_store() {
        auto opened = open(dir_.path(), {});
        EXPECT_TRUE(opened) << opened.error().context;
        if (!opened) return nullptr;
        EXPECT_EQ(opened->recovery.damage, "");
        EXPECT_FALSE(opened->store->is_read_only());
        EXPECT_TRUE(put(*opened->store, Family::log, "new", "after the repair"));
        return std::move(opened->store);
    }
    TempDir dir_;
};

void write_three(Store& store) {
    for (const char* key : {"a", "b", "c"}) ASSERT_TRUE(put(store, Family::log, key, key));
}

TEST_F(RepairTest, AWholeStoreIsLeftAlone) {
    image_of(write_three, 1);
    fresh_copy();
    const auto before = all_files(dir_.path());
    const auto report = repaired();
    EXPECT_TRUE(report.findings.empty());
    EXPECT_EQ(report.aside, "");
    EXPECT_EQ(all_files(dir_.path()), before);
}

TEST_F(RepairTest, WithoutApplyNothingChanges) {
    image_of(write_three);
    fresh_copy();
    ASSERT_TRUE(flip_bit(files(".log").at(0), 100, 3));
    const auto before = all_files(dir_.path());
    auto report = repair(dir_.path(), {});
    ASSERT_TRUE(report) << report.error().context;
    ASSERT_EQ(report->findings.size(), 1u);
    EXPECT_EQ(report->findings[0].from_byte, 100u);
    EXPECT_EQ(report->aside, "");
    EXPECT_EQ(all_files(dir_.path()), before);
    for (const auto& entry : fs::directory_iterator(fs::path(dir_.path()).parent_path()))
        EXPECT_EQ(entry.path().string().find("repair"), std::string::npos) << entry.path();
}

TEST_F(RepairTest, OneFlippedBitInALogCostsNothing) {
    image_of(write_three);
    fresh_copy();
    const auto size = fs::file_size(files(".log").at(0));
    for (std::uint64_t byte = 0; byte < size; byte += 7) {
        fresh_copy();
        ASSERT_TRUE(flip_bit(files(".log").at(0), byte, byte % 8));
        const auto report = repaired();
        ASSERT_EQ(report.findings.size(), 1u) << byte;
        EXPECT_EQ(report.findings[0].kind, Kind::mended) << report.findings[0].text;
        EXPECT_EQ(report.findings[0].from_byte, byte);
        EXPECT_TRUE(fs::exists(report.aside)) << "the damaged files are kept";
        const auto store = sound_store();
        ASSERT_TRUE(store);
        for (const char* key : {"a", "b", "c"}) EXPECT_EQ(get(*store, Family::log, key), key);
    }
}

TEST_F(RepairTest, AnUnreadableStretchOfTheLogIsNamedByItsCommits) {
    const std::string large(100'000, 'v');
    image_of([&](Store& store) {
        for (const char* key : {"a", "b", "c", "d"})
            ASSERT_TRUE(put(store, Family::log, key, large));
    });
    fresh_copy();
    overwrite(files(".log").at(0), 150'000, noise(700, 1));  // in "b", the third commit of four
    const auto report = repaired();
    ASSERT_EQ(report.findings.size(), 1u);
    const Finding& lost = report.findings[0];
    EXPECT_EQ(lost.kind, Kind::lost_commits) << lost.text;
    EXPECT_EQ(lost.first_commit, 3u);
    EXPECT_EQ(lost.last_commit, 3u);
    EXPECT_LE(lost.from_byte, 150'000u);
    EXPECT_GE(lost.until_byte, 150'700u);
    const auto store = sound_store();
    ASSERT_TRUE(store);
    EXPECT_EQ(get(*store, Family::log, "a"), large);
    EXPECT_EQ(get(*store, Family::log, "b"), std::nullopt);
    EXPECT_EQ(get(*store, Family::log, "c"), large);
    EXPECT_EQ(get(*store, Family::log, "d"), large);
}

TEST_F(RepairTest, ATornTailIsToldAndCut) {
    image_of(write_three);
    fresh_copy();
    const std::string log = files(".log").at(0);
    fs::resize_file(log, fs::file_size(log) - 3);
    const auto report = repaired();
    ASSERT_EQ(report.findings.size(), 1u);
    EXPECT_EQ(report.findings[0].kind, Kind::torn_tail);
    EXPECT_FALSE(report.findings[0].is_loss());
    const auto store = sound_store();
    ASSERT_TRUE(store);
    EXPECT_EQ(get(*store, Family::log, "b"), "b");
    EXPECT_EQ(get(*store, Family::log, "c"), std::nullopt);
}

TEST_F(RepairTest, AMissingLogIsALossWithNumbers) {
    image_of([](Store& store) {
        write_three(store);
        const std::vector<Entry> entries{{"a", "5"}};
        ASSERT_TRUE(store.ingest(Family::log, entries));
        ASSERT_TRUE(put(store, Family::identity, "d", "4"));
    });
    fresh_copy();
    ASSERT_GE(files(".log").size(), 2u);
    fs::remove(files(".log").at(0));
    const auto report = repaired();
    ASSERT_FALSE(report.findings.empty());
    EXPECT_EQ(report.findings[0].kind, Kind::lost_commits) << report.findings[0].text;
    const auto store = sound_store();
    ASSERT_TRUE(store);
    EXPECT_EQ(get(*store, Family::identity, "d"), "4");
}

void write_sorted_files(Store& store) {
    std::vector<Entry> entries;
    Batch batch;
    for (int number = 100; number < 400; ++number) {
        entries.push_back({std::to_string(number), noise(700, unsigned(number))});
        batch.put(Family::identity, entries.back().key, entries.back().value);
    }
    ASSERT_TRUE(store.ingest(Family::history_chunks, entries));
    ASSERT_TRUE(submit(store, std::move(batch)));
}

TEST_F(RepairTest, OneFlippedBitInASortedFileCostsNothing) {
    image_of(write_sorted_files, 1);
    std::mt19937 random(5);
    fresh_copy();
    for (const std::string& file : files(".sst")) {
        for (int trial = 0; trial < 6; ++trial) {
            fresh_copy();
            const std::uint64_t size = fs::file_size(file);
            const std::uint64_t byte = trial == 0 ? size - 3 : random() % size;
            SCOPED_TRACE(file + " byte " + std::to_string(byte));
            ASSERT_TRUE(flip_bit(file, byte, random() % 8));
            const auto report = repaired();
            for (const auto& finding : report.findings)
                EXPECT_EQ(finding.kind, Kind::mended) << finding.text;
            const auto store = sound_store();
            ASSERT_TRUE(store);
            for (int number = 100; number < 400; ++number) {
                for (const Family family : {Family::history_chunks, Family::identity}) {
                    EXPECT_EQ(get(*store, family, std::to_string(number)),
                              noise(700, unsigned(number)));
                }
            }
        }
    }
}

// The engine stops the process over a footer that makes it read blocks as what they are not.
TEST_F(RepairTest, AnyFlippedBitOfAFooterIsMended) {
    image_of(write_sorted_files, 1);
    fresh_copy();
    const std::string file = files(".sst").at(0);
    const std::uint64_t size = fs::file_size(file);
    for (const std::uint64_t back : {53u, 52u, 51u, 50u, 48u, 45u, 12u, 11u, 9u, 8u, 4u, 1u}) {
        for (unsigned bit = 0; bit < 8; bit += static_cast<unsigned>(3 * one_in(3))) {
            fresh_copy();
            SCOPED_TRACE(file + " bit " + std::to_string(bit) + " of byte -" +
                         std::to_string(back));
            ASSERT_TRUE(flip_bit(file, size - back, bit));
            const auto report = repaired();
            for (const auto& finding : report.findings)
                EXPECT_EQ(finding.kind, Kind::mended) << finding.text;
        }
    }
}

TEST_F(RepairTest, AnUnreadableBlockCostsItsKeysAndNoOthers) {
    image_of(write_sorted_files, 1);
    fresh_copy();
    int trials = 0;
    auto large = files(".sst");
    std::erase_if(large, [](const std::string& file) { return fs::file_size(file) < 100'000; });
    for (const std::string& file : large) {
        for (const std::uint64_t at : {100ul, 60'000ul, 150'000ul}) {
            fresh_copy();
            SCOPED_TRACE(file + " at " + std::to_string(at));
            overwrite(file, at, noise(64, 9));
            overwrite(file, at + 40'000, noise(64, 10));  // a second block, not next to it
            const auto report = repaired();
            EXPECT_TRUE(report.is_rebuilt);
            std::vector<Finding> gaps;
            for (const auto& finding : report.findings) {
                EXPECT_EQ(finding.kind, Kind::lost_keys) << finding.text;
                if (finding.family) gaps.push_back(finding);
            }
            EXPECT_EQ(gaps.size(), 2u);
            const auto store = sound_store();
            ASSERT_TRUE(store);
            int lost = 0;
            for (int number = 100; number < 400; ++number) {
                const std::string key = std::to_string(number);
                for (const Family family : {Family::history_chunks, Family::identity}) {
                    const auto found = get(*store, family, key);
                    const bool is_told = std::ranges::any_of(gaps, [&](const Finding& gap) {
                        return *gap.family == family && gap.from_key < key &&
                               (gap.until_key.empty() || key < gap.until_key);
                    });
                    EXPECT_EQ(found.has_value(), !is_told) << key;
                    if (found) {
                        EXPECT_EQ(*found, noise(700, unsigned(number)));
                    }
                    lost += !found;
                }
            }
            EXPECT_GE(lost, 2);
            EXPECT_LE(lost, 100) << "two blocks of 8 or 16 KiB";
            ++trials;
        }
    }
    EXPECT_GE(trials, 6) << "files of both families";
}

TEST_F(RepairTest, WhatAnUnreadableBlockSeemsToHoldIsShown) {
    image_of(write_sorted_files, 1);
    fresh_copy();
    for (const std::string& file : files(".sst")) {
        if (fs::file_size(file) > 100'000) overwrite(file, 60'000, noise(64, 9));
    }
    const auto report = repaired();
    ASSERT_FALSE(report.legible.empty());
    int right = 0;
    for (const auto& entry : report.legible) {
        const bool is_number = entry.key.size() == 3 && entry.key >= "100" && entry.key < "400";
        if (is_number) right += entry.value == noise(700, unsigned(std::stoi(entry.key)));
    }
    EXPECT_GT(right, 5);
}

TEST_F(RepairTest, TheListOfFilesIsMended) {
    image_of(write_sorted_files, 1);
    fresh_copy();
    const auto size = fs::file_size(files("MANIFEST").at(0));
    for (const std::uint64_t byte : {std::uint64_t{9}, size / 2, size - 2}) {
        fresh_copy();
        ASSERT_TRUE(flip_bit(files("MANIFEST").at(0), byte, 5));
        const auto report = repaired();
        ASSERT_FALSE(report.findings.empty());
        EXPECT_EQ(report.findings[0].kind, Kind::mended) << report.findings[0].text;
        const auto store = sound_store();
        ASSERT_TRUE(store);
        EXPECT_EQ(get(*store, Family::history_chunks, "123"), noise(700, 123));
    }
    for (const std::string text : {"", "MANIFEST-999999\n", "nonsense"}) {
        fresh_copy();
        std::ofstream(files("CURRENT").at(0)) << text;
        (void)repaired();
        const auto store = sound_store();
        ASSERT_TRUE(store);
        EXPECT_EQ(get(*store, Family::history_chunks, "123"), noise(700, 123));
    }
}

TEST_F(RepairTest, AListBeyondMendingIsRebuiltFromTheFiles) {
    image_of(write_sorted_files, 1);
    fresh_copy();
    overwrite(files("MANIFEST").at(0), 20, noise(60, 3));
    const auto report = repaired();
    ASSERT_FALSE(report.findings.empty());
    EXPECT_EQ(report.findings[0].kind, Kind::lost_list) << report.findings[0].text;
    const auto store = sound_store();
    ASSERT_TRUE(store);
    for (int number = 100; number < 400; ++number) {
        EXPECT_EQ(get(*store, Family::history_chunks, std::to_string(number)),
                  noise(700, unsigned(number)));
    }
}

TEST_F(RepairTest, ARunningNodesStoreIsRefused) {
    auto opened = open(dir_.path(), {});
    ASSERT_TRUE(opened);
    EXPECT_EQ(repair(dir_.path(), {}).error().code, Code::conflict);
    EXPECT_EQ(repair(dir_.other("nothing"), {}).error().code, Code::not_found);
}

TEST(KeyBetween, LiesBetweenOrSaysThereIsNothing) {
    EXPECT_EQ(key_between("a", "c"), "b");
    EXPECT_EQ(key_between("a", std::string("a\0", 2)), "a");
    std::mt19937 random(1);
    for (int trial = 0; trial < 1'000; ++trial) {
        std::string low = noise(random() % 4, unsigned(random()));
        std::string high = noise(random() % 4, unsigned(random()));
        if (low == high) continue;
        if (high < low) std::swap(low, high);
        const std::string middle = key_between(low, high);
        EXPECT_TRUE(middle == low || (low < middle && middle < high));
    }
}

TEST(LegibleEntries, AnyBytesAreAllowed) {
    for (unsigned seed = 0; seed < 2'000; ++seed) {
        std::string block = noise(seed % 300, seed);
        if (block.size() > 12) block.replace(block.size() - 4, 4, std::string("\1\0\0\0", 4));
        (void)legible_entries(block);
    }
}

}  // namespace
}  // namespace lineshaft::store
