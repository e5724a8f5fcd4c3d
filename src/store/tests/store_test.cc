#include "store/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>
#include <cerrno>

#include <atomic>
#include <fstream>
#include <map>
#include <random>
#include <thread>

#include "store/tests/support.h"

namespace lineshaft::store {
namespace {

using namespace testing_store;
namespace fs = std::filesystem;

class StoreTest : public testing::Test {
protected:
    void open_store(Limits limits = {}, Durability durability = Durability::synced) {
        store_.reset();
        auto opened = open(dir_.path(), limits, durability);
        ASSERT_TRUE(opened) << opened.error().context;
        EXPECT_EQ(opened->recovery.damage, "");
        EXPECT_EQ(opened->recovery.torn_tail_bytes, 0u);
        recovery_ = opened->recovery;
        store_ = std::move(opened->store);
    }
    TempDir dir_;
    Recovery recovery_;
    std::unique_ptr<Store> store_;
};

TEST_F(StoreTest, ReadsWhatWasCommittedAlsoAfterReopening) {
    open_store();
    Batch batch;
    for (std::size_t number = 0; number < family_count; ++number) {
        const auto family = static_cast<Family>(number);
        batch.put(family, "key", name_of(family));
    }
    batch.put(Family::identity, "gone", "x");
    batch.remove(Family::identity, "gone");
    ASSERT_TRUE(submit(*store_, std::move(batch)));
    for (int round = 0; round < 2; ++round) {
        for (std::size_t number = 0; number < family_count; ++number) {
            const auto family = static_cast<Family>(number);
            EXPECT_EQ(get(*store_, family, "key"), name_of(family));
        }
        EXPECT_EQ(get(*store_, Family::identity, "gone"), std::nullopt);
        open_store();
    }
    EXPECT_GT(recovery_.commits, 0u);
}

TEST_F(StoreTest, KeysAndValuesMayBeAnyBytes) {
    open_store();
    const std::string zeros(3, '\0'), high("\xff\xff"), large(3 << 20, 'v');
    Batch batch;
    batch.put(Family::log, zeros, high);
    batch.put(Family::log, "", "empty key");
    batch.put(Family::log, high, "");
    batch.put(Family::log, "large", large);
    ASSERT_TRUE(submit(*store_, std::move(batch)));
    open_store();
    EXPECT_EQ(get(*store_, Family::log, zeros), high);
    EXPECT_EQ(get(*store_, Family::log, ""), "empty key");
    EXPECT_EQ(get(*store_, Family::log, high), "");
    EXPECT_EQ(get(*store_, Family::log, "large"), large);
}

std::string keys_between(Store& store, std::string_view from, std::string_view until) {
    std::string keys;
    auto cursor = store.scan(Family::log, from, until);
    for (; cursor->is_valid(); cursor->next()) keys += cursor->key();
    EXPECT_TRUE(cursor->status());
    return keys;
}

TEST_F(StoreTest, ScansHalfOpenRangesInBothDirections) {
    open_store();
    Batch batch;
    for (const char* key : {"e", "a", "c", "b", "d"}) batch.put(Family::log, key, key);
    batch.put(Family::identity, "bb", "another family");
    ASSERT_TRUE(submit(*store_, std::move(batch)));
    EXPECT_EQ(keys_between(*store_, "", ""), "abcde");
    EXPECT_EQ(keys_between(*store_, "b", "d"), "bc");
    EXPECT_EQ(keys_between(*store_, "b", ""), "bcde");
    EXPECT_EQ(keys_between(*store_, "x", ""), "");
    auto cursor = store_->scan(Family::log, "b", "e");
    cursor->seek_for_previous("d9");
    ASSERT_TRUE(cursor->is_valid());
    EXPECT_EQ(cursor->key(), "d");
    cursor->previous();
    EXPECT_EQ(cursor->value(), "c");
    cursor->seek("a");
    EXPECT_EQ(cursor->key(), "b") << "the lower bound holds";
    cursor->previous();
    EXPECT_FALSE(cursor->is_valid());
}

TEST_F(StoreTest, ACursorSeesOneMoment) {
    open_store();
    ASSERT_TRUE(put(*store_, Family::log, "a", "1"));
    auto cursor = store_->scan(Family::log, "", "");
    ASSERT_TRUE(put(*store_, Family::log, "a", "2"));
    ASSERT_TRUE(put(*store_, Family::log, "b", "2"));
    EXPECT_EQ(cursor->value(), "1");
    cursor->next();
    EXPECT_FALSE(cursor->is_valid());
}

TEST_F(StoreTest, RemovesRanges) {
    open_store();
    Batch batch;
    for (const char* key : {"a", "b", "c", "d"}) batch.put(Family::log, key, key);
    batch.remove_range(Family::log, "b", "d");
    batch.remove_range(Family::log, "z", "a");  // empty
    ASSERT_TRUE(submit(*store_, std::move(batch)));
    EXPECT_EQ(keys_between(*store_, "", ""), "ad");
    open_store();
    EXPECT_EQ(keys_between(*store_, "", ""), "ad");
}

// Random operations against a plain map, reopening now and then.
TEST_F(StoreTest, AgreesWithAMap) {
    const unsigned seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    std::map<std::string, std::string> model;
    const auto key = [&] { return std::to_string(random() % 50); };
    open_store({.write_buffer_bytes = 1 << 20, .log_bytes_max = 1 << 20});
    for (int round = 0; round < 300; ++round) {
        Batch batch;
        for (unsigned count = random() % 8; count > 0; --count) {
            switch (random() % 4) {
                case 0: {
                    const std::string gone = key();
                    batch.remove(Family::log, gone);
                    model.erase(gone);
                    break;
                }
                case 1: {
                    const std::string from = key(), until = key();
                    batch.remove_range(Family::log, from, until);
                    if (from < until)
                        model.erase(model.lower_bound(from), model.lower_bound(until));
                    break;
                }
                default: {
                    const std::string at = key(), value(random() % 20'000, char('a' + round % 26));
                    batch.put(Family::log, at, value);
                    model[at] = value;
                }
            }
        }
        ASSERT_TRUE(submit(*store_, std::move(batch)));
        if (round % 60 == 59) open_store({.write_buffer_bytes = 1 << 20, .log_bytes_max = 1 << 20});
    }
    std::map<std::string, std::string> found;
    for (auto cursor = store_->scan(Family::log, "", ""); cursor->is_valid(); cursor->next()) {
        found.emplace(cursor->key(), cursor->value());
    }
    EXPECT_EQ(found, model);
}

TEST_F(StoreTest, AnswersInTheOrderOfSubmitAndGroupsWhatWaits) {
    open_store();
    std::vector<int> order;
    std::promise<void> last;
    for (int number = 0; number < 500; ++number) {
        Batch batch;
        if (number % 10 != 0) batch.put(Family::log, std::to_string(number), "x");
        store_->submit(std::move(batch), [&, number](Result<void> outcome) {
            EXPECT_TRUE(outcome);
            order.push_back(number);
            if (number == 499) last.set_value();
        });
    }
    last.get_future().wait();
    EXPECT_TRUE(std::ranges::is_sorted(order));
    EXPECT_EQ(order.size(), 500u);
    const Stats stats = store_->stats();
    EXPECT_EQ(stats.batches, 500u);
    EXPECT_LT(stats.commits, 500u);
    EXPECT_GT(stats.bytes_written, 0u);
}

TEST_F(StoreTest, ManyThreadsSubmitAndCloseAnswersAll) {
    open_store();
    std::atomic<int> answered{0};
    {
        std::vector<std::jthread> threads;
        for (int thread = 0; thread < 4; ++thread) {
            threads.emplace_back([&, thread] {
                for (int number = 0; number < 200; ++number) {
                    Batch batch;
                    batch.put(Family::log, std::to_string(thread * 1000 + number), "x");
                    store_->submit(std::move(batch), [&](Result<void> outcome) {
                        EXPECT_TRUE(outcome);
                        answered.fetch_add(1);
                    });
                }
            });
        }
    }
    store_->close();
    EXPECT_EQ(answered.load(), 800);
    EXPECT_EQ(put(*store_, Family::log, "late", "x").error().code, Code::unavailable);
    EXPECT_EQ(store_->get(Family::log, "1").error().code, Code::unavailable);
    EXPECT_FALSE(store_->scan(Family::log, "", "")->status());
    EXPECT_EQ(store_->ingest(Family::log, {}).error().code, Code::unavailable);
    store_->close();
    open_store();
    EXPECT_EQ(get(*store_, Family::log, "3199"), "x");
}

TEST_F(StoreTest, TicketsGrowOverAllRuns) {
    open_store();
    std::uint64_t last = 0;
    for (int run = 0; run < 3; ++run) {
        for (int number = 0; number < 10; ++number) {
            const auto ticket = store_->ticket();
            EXPECT_EQ(ticket, last + 1) << "nothing is wasted by a clean end";
            last = ticket;
        }
        open_store();
    }
}

TEST_F(StoreTest, MoreTicketsThanOneBlockWithoutACommit) {
    open_store();
    std::uint64_t last = 0;
    for (int number = 0; number < 2'200'000; ++number) {
        const auto ticket = store_->ticket();
        ASSERT_EQ(ticket, last + 1);
        last = ticket;
    }
}

TEST_F(StoreTest, LimitsHoldAtTheLimitAndOnePast) {
    Batch one;
    one.put(Family::log, "key", std::string(1000, 'x'));
    const std::size_t bytes = one.size_bytes();
    open_store({.batch_bytes_max = bytes});
    EXPECT_TRUE(submit(*store_, std::move(one)));
    Batch over;
    over.put(Family::log, "key", std::string(1001, 'x'));
    EXPECT_EQ(submit(*store_, std::move(over)).error().code, Code::invalid);
    EXPECT_EQ(get(*store_, Family::log, "key"), std::string(1000, 'x'));
}

TEST_F(StoreTest, AFullQueueRefusesAndForgets) {
    open_store({.queued_bytes_max = 10'000});
    std::promise<void> blocked, go_on, last;
    Batch first;
    first.put(Family::log, "first", "x");
    store_->submit(std::move(first), [&](Result<void>) {
        blocked.set_value();
        go_on.get_future().wait();  // the commit thread is busy until told
    });
    blocked.get_future().wait();
    const auto fill = [&](std::size_t bytes, Store::Done done) {
        Batch batch;
        batch.put(Family::log, "fill", std::string(bytes, 'x'));
        store_->submit(std::move(batch), std::move(done));
    };
    fill(9'000, [&](Result<void> outcome) {
        EXPECT_TRUE(outcome);
        last.set_value();
    });
    bool was_refused = false;
    fill(2'000, [&](Result<void> outcome) {
        was_refused = !outcome && outcome.error().code == Code::exhausted;
    });
    EXPECT_TRUE(was_refused) << "answered before submit returned";
    EXPECT_EQ(store_->stats().refused, 1u);
    go_on.set_value();
    last.get_future().wait();
    EXPECT_TRUE(put(*store_, Family::log, "again", "x")) << "room came back";
}

TEST_F(StoreTest, TwoProcessesDoNotShareADirectory) {
    open_store();
    auto second = open(dir_.path(), {});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Code::conflict);
}

TEST_F(StoreTest, NobodyElseMayReadTheFiles) {
    const mode_t before = ::umask(0);
    open_store();
    ASSERT_TRUE(put(*store_, Family::log, "a", "secret"));
    const std::vector<Entry> entries{{"a", "1"}};
    ASSERT_TRUE(store_->ingest(Family::history_chunks, entries));
    ASSERT_TRUE(store_->checkpoint(dir_.other("copy")));
    open_store();
    ::umask(before);
    struct stat found{};
    for (const std::string& root : {dir_.path(), dir_.other("copy")}) {
        ASSERT_EQ(::stat(root.c_str(), &found), 0);
        EXPECT_EQ(found.st_mode & 0777, 0700u);
        for (const auto& entry : fs::directory_iterator(root)) {
            // The engine removes old files in the background: one that is gone has no mode.
            const int listed = ::stat(entry.path().c_str(), &found);
            if (listed != 0 && errno == ENOENT) continue;
            ASSERT_EQ(listed, 0);
            EXPECT_EQ(found.st_mode & 0777, 0600u) << entry.path();
        }
    }
}

TEST_F(StoreTest, ADirectoryThatCannotBeMadeIsRefused) {
    std::ofstream(dir_.other("file")) << "x";
    auto opened = open(dir_.other("file") + "/store", {});
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().context.find("file"), std::string::npos);
}

TEST_F(StoreTest, FastDurabilityAlsoAnswersAndKeeps) {
    open_store({}, Durability::fast);
    ASSERT_TRUE(put(*store_, Family::log, "a", "1"));
    open_store();
    EXPECT_EQ(get(*store_, Family::log, "a"), "1");
}

TEST_F(StoreTest, ACheckpointIsAStoreOfItsOwn) {
    open_store();
    ASSERT_TRUE(put(*store_, Family::log, "a", "1"));
    const std::vector<Entry> entries{{"k", "v"}};
    ASSERT_TRUE(store_->ingest(Family::history_chunks, entries));
    ASSERT_TRUE(store_->checkpoint(dir_.other("copy")));
    EXPECT_EQ(store_->checkpoint(dir_.other("copy")).error().code, Code::conflict);
    ASSERT_TRUE(put(*store_, Family::log, "a", "2"));
    auto copy = open(dir_.other("copy"), {});
    ASSERT_TRUE(copy) << copy.error().context;
    EXPECT_EQ(copy->recovery.damage, "");
    EXPECT_EQ(get(*copy->store, Family::log, "a"), "1");
    EXPECT_EQ(get(*copy->store, Family::history_chunks, "k"), "v");
    EXPECT_EQ(get(*store_, Family::log, "a"), "2");
}

}  // namespace
}  // namespace lineshaft::store
