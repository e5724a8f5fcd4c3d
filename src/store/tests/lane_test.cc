#include "store/lane.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include <atomic>

#include "io/shard.h"
#include "store/faulty.h"
#include "store/tests/support.h"

namespace lineshaft::store {
namespace {

using namespace testing_store;
using io::Task;

class LaneTest : public testing::Test {
protected:
    void SetUp() override {
        auto opened = open(dir_.path(), {});
        ASSERT_TRUE(opened) << opened.error().context;
        store_ = std::move(opened->store);
    }
    TempDir dir_;
    std::unique_ptr<Store> store_;
};

// One shard, one lane, and what a test wants to know of it.
struct Bench {
    explicit Bench(Store& store, Lane::Limits limits = {}) : lane(store, shards.at(0), limits) {}
    ~Bench() { (void)shards.run_blocking(ShardIndex(0), lane.flush()); }
    io::Shards shards{1};
    Lane lane;
    std::vector<std::string> seen;
};

Task<Result<void>> write_two_and_wait(Bench* bench) {
    bench->lane.batch().put(Family::log, "a", "1");
    bench->lane.then([bench](Result<void> outcome) { bench->seen.push_back(outcome ? "a" : "!"); });
    bench->lane.batch().put(Family::log, "b", "2");
    bench->lane.then([bench](Result<void> outcome) { bench->seen.push_back(outcome ? "b" : "!"); });
    auto outcome = co_await bench->lane.durable();
    bench->seen.push_back("durable");
    co_return outcome;
}

TEST_F(LaneTest, OneTurnIsOneRound) {
    Bench bench(*store_);
    const auto before = store_->stats().commits;
    EXPECT_TRUE(bench.shards.run_blocking(ShardIndex(0), write_two_and_wait(&bench)));
    EXPECT_EQ(bench.seen, (std::vector<std::string>{"a", "b", "durable"}));
    EXPECT_EQ(store_->stats().commits, before + 1);
    EXPECT_EQ(get(*store_, Family::log, "b"), "2");
}

Task<Result<void>> join_and_touch(Bench* bench) {
    bench->lane.join([bench](Batch& batch) {
        bench->seen.push_back("sealed");
        batch.put(Family::history_inbox, "round", "record");
    });
    bench->lane.batch().put(Family::log, "a", "1");
    bench->lane.touch();
    auto first = co_await bench->lane.durable();
    if (!first) co_return first;
    bench->lane.touch();
    auto second = co_await bench->lane.durable();
    co_return second;
}

TEST_F(LaneTest, ParticipantsAddTheirRecordsAtSealingOncePerRound) {
    Bench bench(*store_);
    EXPECT_TRUE(bench.shards.run_blocking(ShardIndex(0), join_and_touch(&bench)));
    EXPECT_EQ(bench.seen, (std::vector<std::string>{"sealed", "sealed"}));
    EXPECT_EQ(get(*store_, Family::history_inbox, "round"), "record");
}

Task<Result<void>> only_wait(Bench* bench) {
    auto first = co_await bench->lane.durable();
    if (!first) co_return first;
    auto second = co_await bench->lane.durable();
    co_return second;
}

TEST_F(LaneTest, ARoundWithoutWritesCostsNoCommit) {
    Bench bench(*store_);
    const auto before = store_->stats().commits;
    EXPECT_TRUE(bench.shards.run_blocking(ShardIndex(0), only_wait(&bench)));
    EXPECT_EQ(store_->stats().commits, before);
}

Task<bool> fill_to_the_limit(Bench* bench) {
    bench->lane.expect(1'000);
    const bool early = bench->lane.is_full();
    Batch& batch = bench->lane.batch();
    batch.put(Family::log, "k", std::string(8'000, 'x'));
    const std::size_t left = 10'000 - 1'000 - batch.size_bytes();
    bench->lane.expect(left - 1);
    const bool one_short = bench->lane.is_full();
    bench->lane.expect(1);
    const bool at_limit = bench->lane.is_full();
    auto outcome = co_await bench->lane.durable();
    co_return outcome.has_value() && !early && !one_short && at_limit && !bench->lane.is_full();
}

TEST_F(LaneTest, IsFullAtItsLimitAndEmptyAgainAfterwards) {
    Bench bench(*store_, {.round_bytes_max = 10'000});
    EXPECT_TRUE(bench.shards.run_blocking(ShardIndex(0), fill_to_the_limit(&bench)));
}

Task<bool> wait_too_often(Bench* bench) {
    bench->lane.then([](Result<void>) {});
    const bool early = bench->lane.is_full();
    bench->lane.then([](Result<void>) {});
    co_return !early && bench->lane.is_full();
}

TEST_F(LaneTest, CallbacksAreCountedToo) {
    Bench bench(*store_, {.waiting_max = 2});
    EXPECT_TRUE(bench.shards.run_blocking(ShardIndex(0), wait_too_often(&bench)));
}

// Each round's callback writes the next: rounds never overlap and keep their order.
struct Chain {
    Lane& lane;
    int left;
    std::atomic<int> done = 0;
    void step() {
        lane.batch().put(Family::log, "chain" + std::to_string(left), "x");
        lane.then([this](Result<void> outcome) {
            EXPECT_TRUE(outcome);
            ++done;
            if (--left > 0) step();
        });
    }
};

TEST_F(LaneTest, ACallbackMayWriteTheNextRound) {
    Bench bench(*store_);
    Chain chain{bench.lane, 20};
    bench.shards.run_everywhere([&](io::Shard&) { chain.step(); });
    (void)bench.shards.run_blocking(ShardIndex(0), bench.lane.flush());
    while (chain.done < 20) (void)bench.shards.run_blocking(ShardIndex(0), bench.lane.flush());
    EXPECT_EQ(get(*store_, Family::log, "chain1"), "x");
}

Task<std::size_t> count_rounds_while_held(Bench* bench, FaultyStore* store) {
    bench->lane.batch().put(Family::log, "first", "x");
    bench->lane.touch();
    co_await io::Shard::here().call(+[]() -> Task<void> { co_return; });
    for (int number = 0; number < 10; ++number) {
        bench->lane.batch().put(Family::log, std::to_string(number), "x");
        bench->lane.then([bench](Result<void>) { bench->seen.push_back("next"); });
        co_await io::Shard::here().call(+[]() -> Task<void> { co_return; });
    }
    co_return store->stats().batches;
}

TEST_F(LaneTest, TheNextRoundGathersWhileOneIsUnderWay) {
    FaultyStore faulty(*store_);
    Bench bench(faulty);
    const auto before = store_->stats().batches;
    faulty.hold_answers();
    const auto during =
        bench.shards.run_blocking(ShardIndex(0), count_rounds_while_held(&bench, &faulty));
    EXPECT_LE(during, before + 1);
    EXPECT_TRUE(bench.seen.empty());
    while (faulty.held() == 0) std::this_thread::yield();
    faulty.release();
    EXPECT_TRUE(bench.shards.run_blocking(ShardIndex(0), bench.lane.flush()));
    EXPECT_EQ(bench.seen.size(), 10u);
    EXPECT_EQ(store_->stats().batches, before + 2);
}

void write_bulk(Bench* bench, std::string key, std::size_t bytes) {
    bench->lane.batch().put(Family::log, key, std::string(bytes, 'x'));
    bench->lane.then([bench, key](Result<void> outcome) {
        bench->seen.push_back(outcome ? key : "!");
        if (key == "first") write_bulk(bench, "joined", 100'000);
    });
}

Task<bool> write_beside(Bench* bench, std::size_t bytes) {
    write_bulk(bench, "first", 100'000);
    co_await io::Shard::here().call(+[]() -> Task<void> { co_return; });
    write_bulk(bench, "second", bytes);
    co_return true;
}

// Who is answered writes again, into the round that waits; a small one does not wait.
TEST_F(LaneTest, BulkStaysOpenForThoseWhoAreAnswered) {
    for (const std::size_t bytes : {100'000, 10}) {
        FaultyStore faulty(*store_);
        Bench bench(faulty);
        const auto before = store_->stats().batches;
        faulty.hold_answers();
        EXPECT_TRUE(bench.shards.run_blocking(ShardIndex(0), write_beside(&bench, bytes)));
        while (faulty.held() == 0) std::this_thread::yield();
        faulty.release();
        while (true) {
            EXPECT_TRUE(bench.shards.run_blocking(ShardIndex(0), bench.lane.flush()));
            if (store_->stats().queued_bytes == 0 && bench.seen.size() == 3) break;
        }
        EXPECT_EQ(bench.seen, (std::vector<std::string>{"first", "second", "joined"}));
        EXPECT_EQ(store_->stats().batches, before + (bytes == 10 ? 3 : 2));
    }
}

TEST_F(LaneTest, AFailedRoundFailsTogetherAndTheNextGoesOn) {
    FaultyStore faulty(*store_);
    Bench bench(faulty);
    faulty.fail_submit(1, {Code::exhausted, "full"});
    auto outcome = bench.shards.run_blocking(ShardIndex(0), write_two_and_wait(&bench));
    EXPECT_EQ(outcome.error().code, Code::exhausted);
    EXPECT_EQ(bench.seen, (std::vector<std::string>{"!", "!", "durable"}));
    EXPECT_EQ(get(*store_, Family::log, "a"), std::nullopt);
    bench.seen.clear();
    EXPECT_TRUE(bench.shards.run_blocking(ShardIndex(0), write_two_and_wait(&bench)));
    faulty.pretend_full(true);
    EXPECT_FALSE(bench.shards.run_blocking(ShardIndex(0), write_two_and_wait(&bench)));
    faulty.pretend_full(false);
    EXPECT_TRUE(bench.shards.run_blocking(ShardIndex(0), write_two_and_wait(&bench)));
}

struct LaneWriter {
    Lane* lane;
    int lane_number;
};

Task<int> write_many(LaneWriter writer) {
    int written = 0;
    for (int number = 0; number < 50; ++number) {
        for (int key = 0; key < 5; ++key) {
            writer.lane->batch().put(
                Family::log, std::to_string(writer.lane_number * 1000 + number * 5 + key), "x");
        }
        auto outcome = co_await writer.lane->durable();
        if (outcome) written += 5;
    }
    auto flushed = co_await writer.lane->flush();
    co_return flushed ? written : -1;
}

TEST_F(LaneTest, ManyShardsShareOneStore) {
    constexpr std::size_t count = 4;
    io::Shards shards(count);
    std::vector<std::unique_ptr<Lane>> lanes;
    std::vector<std::future<int>> written;
    for (std::size_t index = 0; index < count; ++index) {
        lanes.push_back(std::make_unique<Lane>(*store_, shards.at(index), Lane::Limits{}));
    }
    for (std::size_t index = 0; index < count; ++index) {
        written.push_back(boost::asio::co_spawn(shards.at(index).loop(),
                                                write_many({lanes[index].get(), int(index)}),
                                                boost::asio::use_future));
    }
    for (auto& one : written) EXPECT_EQ(one.get(), 250);
    int found = 0;
    for (auto cursor = store_->scan(Family::log, "", ""); cursor->is_valid(); cursor->next())
        ++found;
    EXPECT_EQ(found, 1000);
}

}  // namespace
}  // namespace lineshaft::store
