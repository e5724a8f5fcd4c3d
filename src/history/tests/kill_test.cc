// A node that dies at any step of writing, sealing, trimming or starting: what was acknowledged is
// there afterwards, once, and what was not is not. And a disk that is full for a while.
#include <gtest/gtest.h>

#include <future>
#include <map>

#include "history/inbox.h"
#include "history/tests/cut_store.h"
#include "history/tests/rig.h"
#include "store/faulty.h"

namespace lineshaft::history {
namespace {

using namespace std::chrono_literals;
using testing::always;
using testing::CutStore;
using testing::Node;
using testing::now;
using testing::organisation;

using Acknowledged = std::map<std::string, std::map<std::int64_t, double>>;

class Kill : public ::testing::Test {
protected:
    Kill() : clock_(now) {
        auto opened = store::open(dir_.store(), {}, store::Durability::fast);
        EXPECT_TRUE(opened);
        store_ = std::move(opened->store);
    }
    ~Kill() override { store_->close(); }

    // Appends, seals and reopens against `store`; what was acknowledged goes into acknowledged_.
    void live(store::Store& store, unsigned shards) {
        const Limits limits{.chunk_samples_max = 5, .seal_retry = 3600s};
        Node node(store, shards, limits, clock_);
        for (int round = 0; round < 4; ++round) {
            for (int machine = 0; machine < 3; ++machine)
                append(node, "m" + std::to_string(machine), round);
            if (round % 2 == 1) (void)node.seal();  // may be cut
            if (round >= 2) (void)node.settle();    // may be cut
            compare(node, "while it runs");
        }
    }

    // Six samples around a month's end; every other time they overwrite earlier ones.
    void append(Node& node, const std::string& machine, int round) {
        Report report{organisation, machine, {}};
        std::map<std::int64_t, double> written;
        for (int index = 0; index < 6; ++index) {
            const Instant at =
                now - 14 * 86'400s - 12h + std::chrono::seconds(index + round / 2 * 3);
            const double value = ++counter_;
            report.samples.push_back({"speed", {at, value, Quality::good}});
            report.samples.push_back({"speed", {at - 24h * 31, -value, Quality::good}});
            written[at.micros] = value;
            written[(at - 24h * 31).micros] = -value;
        }
        if (!node.append(report)) return;
        for (const auto& [at, value] : written) acknowledged_[machine][at] = value;
    }

    void compare(Node& node, const char* when) {
        for (const auto& [machine, samples] : acknowledged_) {
            std::map<std::int64_t, double> got;
            std::size_t count = 0;
            for (const Sample& sample : node.read(machine, "speed", always)) {
                got[sample.at.micros] = std::get<double>(sample.value);
                ++count;
            }
            EXPECT_EQ(got, samples) << when;
            EXPECT_EQ(count, got.size()) << "a duplicate shows " << when;
        }
    }

    void write(store::Batch batch) {
        std::promise<Result<void>> answer;
        store_->submit(std::move(batch),
                       [&](Result<void> outcome) { answer.set_value(std::move(outcome)); });
        EXPECT_TRUE(answer.get_future().get());
    }

    testing::TempDir dir_;
    io::ManualClock clock_;
    std::unique_ptr<store::Store> store_;
    Acknowledged acknowledged_;
    double counter_ = 0;
};

TEST_F(Kill, AtEveryStepLosesNothingAcknowledged) {
    bool was_cut = true;
    int writes = 0;
    for (; was_cut; ++writes) {
        ASSERT_LT(writes, 200);
        SCOPED_TRACE("killed after " + std::to_string(writes) + " writes");
        {
            CutStore cut(*store_, writes);
            live(cut, 1 + static_cast<unsigned>(writes) % 3);
            was_cut = cut.is_cut();
        }
        // The next start may be killed as well.
        CutStore start(*store_, writes % 4);
        Node(start, 1 + static_cast<unsigned>(writes) % 2, {.seal_retry = 3600s}, clock_);
        Node node(*store_, 3 - static_cast<unsigned>(writes) % 3, {}, clock_);
        compare(node, "after the restart");
        if (::testing::Test::HasFailure()) return;
    }
    EXPECT_GT(writes, 15) << "too few steps: this test does not test";
}

// The worker stops before and after each sorted file, and the shards are asked and written to.
TEST_F(Kill, ReadsDuringASealSeeEverySampleOnce) {
    CutStore store(*store_, 1'000'000);
    // Only where the test says so: what it does around a file is for one thread.
    const Limits limits{
        .chunk_samples_max = 4, .settle_samples = 1'000'000, .settle_chunks_max = 1'000'000};
    Node node(store, 2, limits, clock_);
    int calls = 0;
    store.around_ingest = [&] {
        SCOPED_TRACE("step " + std::to_string(calls));
        compare(node, "while it seals");
        append(node, "m" + std::to_string(calls % 3), calls);  // lands in the new head
        compare(node, "with a new head");
        ++calls;
    };
    for (int round = 0; round < 3; ++round) {
        for (int machine = 0; machine < 3; ++machine)
            append(node, "m" + std::to_string(machine), round);
        ASSERT_TRUE(node.seal());
        compare(node, "after the seal");
        ASSERT_TRUE(node.settle());
        compare(node, "after settling");
    }
    EXPECT_GE(calls, 3 * (2 + 2 + 4 + 2)) << "a seal, what came meanwhile, two months, fresh ones";
    store.around_ingest = nullptr;
}

TEST_F(Kill, ASealThatFailsIsTriedAgain) {
    CutStore cut(*store_, 1);
    Node node(cut, 1, {}, clock_);
    append(node, "m0", 0);
    EXPECT_FALSE(node.seal());
    compare(node, "with the snapshot left over");
    EXPECT_EQ(node.stats().seals_failed, 1u);
    EXPECT_EQ(node.stats().head_samples, 12u);
    cut.mend();
    append(node, "m0", 2);
    EXPECT_TRUE(node.seal());
    compare(node, "after both");
    EXPECT_EQ(node.stats().inbox_bytes, 0u);
    EXPECT_EQ(node.stats().head_samples, 0u);
}

TEST_F(Kill, AFullDiskRefusesThenGoesOn) {
    store::FaultyStore faulty(*store_);
    Node node(faulty, 2, {}, clock_);
    append(node, "m0", 0);
    faulty.pretend_full(true);
    const Report report{organisation, "new", {{"speed", {now, 1.0, Quality::good}}}};
    EXPECT_EQ(node.append(report).error().code, Code::exhausted);
    compare(node, "while full");
    EXPECT_TRUE(node.read("new", "speed", always).empty()) << "refused, so not there";
    faulty.pretend_full(false);
    // The series' record was refused with the sample; it must be written with the next.
    EXPECT_TRUE(node.append(report));
    EXPECT_EQ(node.read("new", "speed", always).size(), 1u);
    EXPECT_TRUE(node.seal());
    compare(node, "after it");
}

TEST_F(Kill, ASeriesWhoseFirstRoundFailedIsKnownAfterARestart) {
    {
        store::FaultyStore faulty(*store_);
        Node node(faulty, 1, {}, clock_);
        faulty.fail_submit(1, Error{Code::exhausted, "full"});
        const Report report{organisation, "new", {{"speed", {now, 1.0, Quality::good}}}};
        EXPECT_FALSE(node.append(report));
        EXPECT_TRUE(node.append(report));
    }
    Node node(*store_, 1, {}, clock_);
    EXPECT_EQ(node.read("new", "speed", always).size(), 1u);
}

TEST_F(Kill, ADamagedInboxRecordIsSetAsideAndTheRestIsKept) {
    {
        Node node(*store_, 1, {}, clock_);
        for (int round = 0; round < 3; ++round) append(node, "m0", 2 * round);
    }
    std::string key;
    std::string record;
    {
        const auto cursor = store_->scan(store::Family::history_inbox, "", "");
        cursor->next();
        key = cursor->key();
        record = cursor->value();
    }
    record[record.size() / 2] = static_cast<char>(record[record.size() / 2] ^ 1);
    store::Batch batch;
    batch.put(store::Family::history_inbox, key, record);
    write(std::move(batch));
    for (int start = 0; start < 2; ++start) {
        Node node(*store_, 1, {}, clock_);
        EXPECT_EQ(node.stats().damaged_records, start == 0 ? 1u : 0u);
        EXPECT_EQ(node.stats().inbox_gaps, 0u) << "it is there, only damaged";
        EXPECT_GE(node.read("m0", "speed", always).size(), 12u);
        const auto kept = inbox_key(inbox_quarantine, parse_inbox_key(key)->ticket);
        EXPECT_EQ(*store_->get(store::Family::history_inbox, kept), record);
    }
}

TEST_F(Kill, AMissingInboxRecordIsNoticed) {
    {
        Node node(*store_, 1, {}, clock_);
        for (int round = 0; round < 3; ++round) append(node, "m0", round);
    }
    store::Batch batch;
    {
        const auto cursor = store_->scan(store::Family::history_inbox, "", "");
        cursor->next();
        batch.remove(store::Family::history_inbox, cursor->key());
    }
    write(std::move(batch));
    Node node(*store_, 1, {}, clock_);
    EXPECT_EQ(node.stats().inbox_gaps, 1u);
}

TEST_F(Kill, ADamagedChunkIsSkippedCountedOnceAndTheRestIsRead) {
    {
        Node node(*store_, 1, {.chunk_samples_max = 3}, clock_);
        append(node, "m0", 0);
        ASSERT_TRUE(node.seal());
    }
    store::Entry entry;
    {
        const auto cursor = store_->scan(store::Family::history_chunks, "", "");
        entry = {std::string(cursor->key()), std::string(cursor->value())};
    }
    entry.value[entry.value.size() / 2] =
        static_cast<char>(entry.value[entry.value.size() / 2] ^ 1);
    ASSERT_TRUE(store_->ingest(store::Family::history_chunks, std::span(&entry, 1)));
    Node node(*store_, 2, {}, clock_);
    for (int again = 0; again < 2; ++again) {
        EXPECT_EQ(node.read("m0", "speed", always).size(), 9u);
        EXPECT_EQ(node.stats().damaged_chunks, 1u);
    }
}

}  // namespace
}  // namespace lineshaft::history
