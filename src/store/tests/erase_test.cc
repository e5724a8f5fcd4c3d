// What was removed is in no file any more: the directory is searched for its bytes.
#include <gtest/gtest.h>

#include <fstream>

#include "store/store.h"
#include "store/tests/support.h"

namespace lineshaft::store {
namespace {

using namespace testing_store;

class Erase : public testing::Test {
protected:
    void SetUp() override { open_store(); }
    void open_store() {
        store_.reset();
        auto opened = open(dir_.path(), {});
        ASSERT_TRUE(opened) << opened.error().context;
        store_ = std::move(opened->store);
    }

    // Names of the files that hold `text`.
    std::string files_with(std::string_view text) const {
        std::string found;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(dir_.path())) {
            std::ifstream in(entry.path(), std::ios::binary);
            const std::string bytes(std::istreambuf_iterator<char>(in), {});
            if (bytes.find(text) != std::string::npos) {
                found += entry.path().filename().string() + " ";
            }
        }
        return found;
    }

    TempDir dir_;
    std::unique_ptr<Store> store_;
};

TEST_F(Erase, WhatWasRemovedIsInNoLogAndNoSortedFile) {
    const Family families[] = {Family::history_series, Family::history_inbox, Family::mqtt_retained,
                               Family::mqtt_messages, Family::mqtt_sessions};
    for (const Family family : families) {
        ASSERT_TRUE(put(*store_, family, "a", noise(300, 1) + "secret-one"));
        ASSERT_TRUE(put(*store_, family, "b", noise(300, 2) + "kept-one"));
    }
    open_store();  // what was in the log is in sorted files now
    for (const Family family : families) {
        ASSERT_TRUE(put(*store_, family, "a", noise(300, 3) + "secret-two"));
    }
    EXPECT_NE(files_with("secret-one"), "");
    EXPECT_NE(files_with("secret-two"), "");
    Batch batch;
    for (const Family family : families) batch.remove(family, "a");
    ASSERT_TRUE(submit(*store_, std::move(batch)));
    ASSERT_TRUE(store_->begin_new_log());
    EXPECT_EQ(files_with("secret-two"), "");
    for (const Family family : families) ASSERT_TRUE(store_->merge_files(family, "", ""));
    EXPECT_EQ(files_with("secret-one"), "");
    EXPECT_EQ(files_with("secret-two"), "");
    EXPECT_NE(files_with("kept-one"), "");
    for (const Family family : families) {
        EXPECT_EQ(get(*store_, family, "a"), std::nullopt);
        EXPECT_EQ(get(*store_, family, "b"), noise(300, 2) + "kept-one");
    }
}

TEST_F(Erase, ARangeOfSortedFilesGoesAndTheirNeighboursStay) {
    for (unsigned file = 0; file < 5; ++file) {
        std::vector<Entry> entries;
        for (const char machine : {'a', 'b', 'c'}) {
            const std::string text(1, machine);
            entries.push_back({"month1" + text + std::to_string(file),
                               noise(5'000, file) + "value of " + text});
        }
        ASSERT_TRUE(store_->ingest(Family::history_chunks, entries));
    }
    Batch batch;
    batch.remove_range(Family::history_chunks, "month1b", "month1c");
    ASSERT_TRUE(submit(*store_, std::move(batch)));
    EXPECT_NE(files_with("value of b"), "") << "the files are shared with others";
    ASSERT_TRUE(store_->begin_new_log());
    ASSERT_TRUE(store_->merge_files(Family::history_chunks, "month1b", "month1c"));
    EXPECT_EQ(files_with("value of b"), "");
    for (unsigned file = 0; file < 5; ++file) {
        for (const char machine : {'a', 'c'}) {
            const std::string text(1, machine);
            EXPECT_EQ(get(*store_, Family::history_chunks,
                          "month1" + text + std::to_string(file)),
                      noise(5'000, file) + "value of " + text);
        }
    }
    ASSERT_TRUE(store_->merge_files(Family::history_chunks, "month1b", "month1c")) << "again";
}

TEST_F(Erase, MergingEndsWhenItIsStopped) {
    store_->stop_merging();
    const auto merged = store_->merge_files(Family::history_chunks, "", "");
    ASSERT_FALSE(merged);
    EXPECT_EQ(merged.error().code, Code::cancelled);
    ASSERT_TRUE(store_->begin_new_log()) << "which is short";
}

}  // namespace
}  // namespace lineshaft::store
