#include <gtest/gtest.h>

#include "store/store.h"
#include "store/tests/support.h"

namespace lineshaft::store {
namespace {

using namespace testing_store;

class Ingest : public testing::Test {
protected:
    void SetUp() override { open_store(); }
    void open_store() {
        store_.reset();
        auto opened = open(dir_.path(), {});
        ASSERT_TRUE(opened) << opened.error().context;
        EXPECT_EQ(opened->recovery.damage, "");
        store_ = std::move(opened->store);
    }
    Result<void> take_in(std::vector<Entry> entries, Family family = Family::history_chunks) {
        return store_->ingest(family, entries);
    }
    TempDir dir_;
    std::unique_ptr<Store> store_;
};

TEST_F(Ingest, IsReadAndOutlivesAReopening) {
    ASSERT_TRUE(take_in({{"a", "1"}, {"b", std::string(60'000, 'x')}}));
    EXPECT_EQ(get(*store_, Family::history_chunks, "a"), "1");
    EXPECT_GT(store_->size_bytes(Family::history_chunks), 60'000u);
    open_store();
    EXPECT_EQ(get(*store_, Family::history_chunks, "a"), "1");
    EXPECT_EQ(get(*store_, Family::history_chunks, "b")->size(), 60'000u);
}

TEST_F(Ingest, WinsOverWhatWasThereAlsoUnflushed) {
    ASSERT_TRUE(take_in({{"a", "old"}}));
    ASSERT_TRUE(take_in({{"a", "new"}}));
    EXPECT_EQ(get(*store_, Family::history_chunks, "a"), "new");
    ASSERT_TRUE(put(*store_, Family::log, "a", "unflushed"));
    ASSERT_TRUE(take_in({{"a", "newest"}}, Family::log));
    EXPECT_EQ(get(*store_, Family::log, "a"), "newest");
    ASSERT_TRUE(put(*store_, Family::log, "a", "later"));
    EXPECT_EQ(get(*store_, Family::log, "a"), "later");
    open_store();
    EXPECT_EQ(get(*store_, Family::history_chunks, "a"), "new");
    EXPECT_EQ(get(*store_, Family::log, "a"), "later");
}

TEST_F(Ingest, RefusesWhatIsNotAscendingAndGoesOn) {
    EXPECT_EQ(take_in({}).error().code, Code::invalid);
    EXPECT_EQ(take_in({{"b", "1"}, {"a", "2"}}).error().code, Code::invalid);
    EXPECT_EQ(take_in({{"a", "1"}, {"a", "2"}}).error().code, Code::invalid);
    EXPECT_EQ(get(*store_, Family::history_chunks, "a"), std::nullopt);
    EXPECT_TRUE(take_in({{"a", "1"}}));
    for (const auto& entry : std::filesystem::directory_iterator(dir_.path())) {
        EXPECT_FALSE(entry.path().filename().string().starts_with("ingest-"));
    }
}

TEST_F(Ingest, RemovingARangeDropsWholeFilesAtOnce) {
    for (const char* month : {"01", "02", "03"}) {
        std::vector<Entry> entries;
        for (int number = 100; number < 200; ++number) {
            entries.push_back({month + std::to_string(number), std::string(10'000, 'x')});
        }
        ASSERT_TRUE(take_in(std::move(entries)));
    }
    const auto before = store_->size_bytes(Family::history_chunks);
    EXPECT_GT(before, 2'900'000u);
    Batch batch;
    batch.remove_range(Family::history_chunks, "01", "03");
    ASSERT_TRUE(submit(*store_, std::move(batch)));
    EXPECT_LT(store_->size_bytes(Family::history_chunks), before / 2);
    EXPECT_EQ(get(*store_, Family::history_chunks, "01150"), std::nullopt);
    EXPECT_EQ(get(*store_, Family::history_chunks, "02150"), std::nullopt);
    EXPECT_TRUE(get(*store_, Family::history_chunks, "03150").has_value());
    ASSERT_TRUE(take_in({{"01150", "late"}}));
    open_store();
    EXPECT_EQ(get(*store_, Family::history_chunks, "01150"), "late");
    EXPECT_EQ(get(*store_, Family::history_chunks, "01151"), std::nullopt);
}

TEST_F(Ingest, AQueueThatIsTrimmedDoesNotGrowTheDisk) {
    const std::string value(32'000, 'q');
    for (int number = 0; number < 6'000; ++number) {  // 190 MB through an inbox of 3 MB
        Batch batch;
        char key[16];
        std::snprintf(key, sizeof key, "%08d", number);
        batch.put(Family::history_inbox, key, value);
        if (number % 100 == 99) batch.remove_range(Family::history_inbox, "", key);
        std::promise<void> answered;
        if (number % 100 != 99) {
            store_->submit(std::move(batch), [](Result<void> outcome) { EXPECT_TRUE(outcome); });
        } else {
            ASSERT_TRUE(submit(*store_, std::move(batch)));
        }
    }
    EXPECT_LT(store_->size_bytes(Family::history_inbox), 48u << 20);
    EXPECT_LT(store_->stats().size_bytes, 200u << 20);
    int left = 0;
    for (auto cursor = store_->scan(Family::history_inbox, "", ""); cursor->is_valid();
         cursor->next()) {
        ++left;
    }
    EXPECT_EQ(left, 1);
}

}  // namespace
}  // namespace lineshaft::store
