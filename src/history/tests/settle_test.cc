// Settling: what is fresh ends in few large chunks in its months, exactly once, the later write
// winning, whatever was settled before; nothing but the room it takes can be seen of it.
#include "history/settle.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <thread>

#include "history/days.h"
#include "history/tests/rig.h"

namespace lineshaft::history {
namespace {

using namespace std::chrono_literals;
using testing::always;
using testing::now;
using testing::organisation;
using testing::Rig;

struct Lie {
    ChunkKey key;
    ChunkHeader header;
    std::size_t bytes = 0;
};

std::vector<Lie> chunks_of(Rig& rig) {
    std::vector<Lie> all;
    const auto cursor = rig.store().scan(store::Family::history_chunks, "", "");
    for (; cursor->is_valid(); cursor->next()) {
        const auto key = parse_chunk_key(cursor->key());
        CHECK(key.has_value());
        if (key->span == Span::days) continue;
        const auto header = parse_chunk_header(as_bytes(cursor->value()));
        CHECK(header.has_value());
        all.push_back({*key, *header, cursor->value().size()});
    }
    return all;
}

std::size_t fresh_in(const std::vector<Lie>& chunks) {
    return static_cast<std::size_t>(std::ranges::count_if(
        chunks, [](const Lie& one) { return one.key.month == month_of_fresh; }));
}

class Settle : public ::testing::Test {
protected:
    // `count` samples from `from` on, a step apart, with values nobody else writes.
    void append(Rig& rig, Instant from, std::chrono::microseconds step, int count) {
        Report report{organisation, "press", {}};
        for (int index = 0; index < count; ++index) {
            const Instant at = from + index * step;
            const double value = ++counter_;
            report.samples.push_back({"speed", {at, value, Quality::good}});
            truth_[at.micros] = value;
        }
        ASSERT_TRUE(rig->append(report));
    }

    void compare(Rig& rig, const char* when) {
        const auto got = rig->read("press", "speed", always);
        ASSERT_EQ(got.size(), truth_.size()) << when;
        auto want = truth_.begin();
        for (const Sample& sample : got) {
            ASSERT_EQ(sample.at.micros, want->first) << when;
            ASSERT_EQ(std::get<double>(sample.value), want->second) << when;
            ++want;
        }
    }

    std::map<std::int64_t, double> truth_;
    double counter_ = 0;
};

TEST_F(Settle, SmallSealsBecomeOneLargeChunk) {
    Rig rig(1, {.settle_samples = 10'000});
    const Instant begin = now - 10h;
    for (int seal = 0; seal < 12; ++seal) {
        append(rig, begin + seal * 270 * 10s, 10s, 270);
        ASSERT_TRUE(rig->seal());
    }
    ASSERT_TRUE(rig->settle());
    const auto chunks = chunks_of(rig);
    ASSERT_EQ(fresh_in(chunks), 0u);
    ASSERT_EQ(chunks.size(), 1u);
    EXPECT_EQ(chunks[0].header.count, 12u * 270);
    EXPECT_EQ(rig->stats().samples_fresh, 0u);
    compare(rig, "settled");
}

TEST_F(Settle, HappensByItselfOnceEnoughWaits) {
    Rig rig(1, {.settle_samples = 1000, .settle_chunks_max = 100});
    for (int seal = 0; seal < 3; ++seal) {
        append(rig, now - 10h + seal * 400s, 1s, 400);
        ASSERT_TRUE(rig->seal());
    }
    while (rig->stats().samples_fresh > 0) std::this_thread::yield();
    EXPECT_EQ(fresh_in(chunks_of(rig)), 0u);
    compare(rig, "settled");
}

TEST_F(Settle, HappensByItselfInTheEndHoweverLittleWaits) {
    Rig rig(1, {.settle_age_max = 600s});
    append(rig, now - 1h, 1s, 5);
    ASSERT_TRUE(rig->seal());
    EXPECT_EQ(fresh_in(chunks_of(rig)), 1u);
    rig.advance(700s);
    while (rig->stats().samples_fresh > 0) std::this_thread::yield();
    EXPECT_EQ(fresh_in(chunks_of(rig)), 0u);
    compare(rig, "settled");
}

TEST_F(Settle, WhatTheLastRunLeftIsFound) {
    Rig rig(2, {.settle_samples = 1000});
    append(rig, now - 2h, 1s, 900);
    ASSERT_TRUE(rig->seal());
    rig.reopen(1);
    append(rig, now - 1h, 1s, 100);
    ASSERT_TRUE(rig->seal());
    while (rig->stats().samples_fresh > 0 || fresh_in(chunks_of(rig)) > 0) std::this_thread::yield();
    compare(rig, "settled");
}

TEST_F(Settle, AMonthOfAFewSamplesIsOneChunkAndStaysOne) {
    Rig rig;
    for (int round = 0; round < 5; ++round) {
        append(rig, now - 13 * 24h + round * 48h, 1h, 40);
        ASSERT_TRUE(rig->settle());
        const auto chunks = chunks_of(rig);
        ASSERT_EQ(chunks.size(), 1u);
        EXPECT_EQ(chunks[0].key.span, Span::month);
        compare(rig, "settled");
    }
}

TEST_F(Settle, LateSamplesAreWrittenIntoTheChunkTheyLieIn) {
    Rig rig;
    append(rig, now - 30h, 2s, 20'000);
    ASSERT_TRUE(rig->settle());
    const auto before = chunks_of(rig);
    append(rig, now - 29h, 1s, 100);  // half of them again, half between
    ASSERT_TRUE(rig->settle());
    const auto after = chunks_of(rig);
    EXPECT_EQ(after.size(), before.size());
    std::size_t same = 0;
    for (const Lie& one : after) {
        same += static_cast<std::size_t>(std::ranges::count_if(before, [&](const Lie& other) {
            return to_bytes(other.key) == to_bytes(one.key);
        }));
    }
    EXPECT_EQ(same, before.size() - 1) << "the others stay as they are";
    compare(rig, "settled");
}

// Chunks of one series' settled samples never overlap, so statistics answer for whole chunks.
TEST_F(Settle, AnythingInAnyOrderIsThereOnceAndApart) {
    std::mt19937_64 random(20261122);
    Rig rig(2, {.chunk_samples_max = 300,
                .chunk_samples_min = 60,
                .settle_samples = 500,
                .future_max = 400 * 24h});
    const auto under = [&](std::uint64_t most) { return static_cast<std::int64_t>(random() % most); };
    for (int step = 0; step < 120; ++step) {
        const Instant from = now - 40 * 24h + std::chrono::seconds(under(40 * 86'400));
        const auto apart = std::chrono::seconds(under(3) == 0 ? 3600 : 1 + under(30));
        append(rig, {from.micros / 1'000'000 * 1'000'000}, apart, static_cast<int>(1 + under(400)));
        if (under(3) == 0) {
            ASSERT_TRUE(rig->seal());
        }
        if (under(12) == 0) {
            ASSERT_TRUE(rig->settle());
        }
        if (under(20) == 0) rig.reopen(1 + static_cast<unsigned>(under(3)));
        if (step % 20 == 0) compare(rig, "while it goes on");
        if (HasFatalFailure()) return;
    }
    ASSERT_TRUE(rig->settle());
    compare(rig, "settled");
    auto chunks = chunks_of(rig);
    EXPECT_EQ(fresh_in(chunks), 0u);
    std::ranges::sort(chunks, {}, [](const Lie& one) { return one.header.first; });
    for (std::size_t index = 1; index < chunks.size(); ++index) {
        if (chunks[index - 1].key.span == Span::month || chunks[index].key.span == Span::month)
            continue;
        EXPECT_LT(chunks[index - 1].header.last, chunks[index].header.first);
    }
}

TEST_F(Settle, ADamagedChunkStaysWhereItIsAndTheRestIsSettled) {
    Rig rig(1, {.chunk_samples_max = 50});
    append(rig, now - 2h, 1s, 150);
    ASSERT_TRUE(rig->seal());
    store::Entry entry;
    {
        const auto cursor = rig.store().scan(store::Family::history_chunks, "", "");
        cursor->next();
        entry = {std::string(cursor->key()), std::string(cursor->value())};
    }
    entry.value[entry.value.size() / 2] =
        static_cast<char>(entry.value[entry.value.size() / 2] ^ 1);
    ASSERT_TRUE(rig.store().ingest(store::Family::history_chunks, std::span(&entry, 1)));
    ASSERT_TRUE(rig->settle());
    EXPECT_EQ(rig->read("press", "speed", always).size(), 100u);
    EXPECT_EQ(rig->stats().damaged_chunks, 1u);
    EXPECT_EQ(*rig.store().get(store::Family::history_chunks, entry.key), entry.value);
}

// Years are drawn from days: no chunk is looked at, and late samples are in all the same.
TEST_F(Settle, DaysTellOfWhatIsSettled) {
    Rig rig(1, {.days_samples_min = 1000, .settle_samples = 1'000'000});
    append(rig, now - 6 * 24h, 60s, 6 * 1440 - 60);
    ASSERT_TRUE(rig->settle());
    const Series series = rig->find("press", "speed");
    const Month month = month_of(now);
    const auto days_now = [&] {
        const auto bytes = rig.store().get(store::Family::history_chunks,
                                           days_key(month, series.id));
        CHECK(bytes.has_value() && bytes->has_value());
        const auto days = parse_days(month, **bytes);
        CHECK(days.has_value());
        EXPECT_EQ(to_bytes(*days), **bytes);
        return *days;
    };
    const Days before = days_now();
    EXPECT_EQ(before.days.size(), 7u);
    EXPECT_EQ(before.others, 0u);
    append(rig, now - 4 * 24h + 30s, 60s, 10);  // between the others
    const auto compare_buckets = [&](const char* when) {
        const Window window{start_of_day(day_of(now)) - 7 * 24h, now};
        const auto got = rig->ask(rig->history().buckets(series, window, 48h));
        ASSERT_TRUE(got);
        std::uint64_t count = 0;
        double sum = 0, want = 0;
        for (const Bucket& bucket : *got) {
            count += bucket.count;
            sum += bucket.sum;
        }
        for (const auto& [at, value] : truth_) want += value;
        EXPECT_EQ(count, truth_.size()) << when;
        EXPECT_EQ(sum, want) << when;
    };
    compare_buckets("with late ones in the head");
    ASSERT_TRUE(rig->seal());
    compare_buckets("with late ones fresh");
    ASSERT_TRUE(rig->settle());
    compare_buckets("with late ones settled");
    const Days after = days_now();
    const unsigned day = static_cast<unsigned>(day_of(now - 4 * 24h) - day_of(start_of(month)));
    EXPECT_EQ(after.days.at(day).count, before.days.at(day).count + 10);
    std::string bytes = to_bytes(after);
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        bytes[at] = static_cast<char>(bytes[at] ^ 4);
        EXPECT_FALSE(parse_days(month, bytes)) << at;
        bytes[at] = static_cast<char>(bytes[at] ^ 4);
    }
    EXPECT_FALSE(parse_days(month, bytes.substr(0, bytes.size() - 1)));
}

// The engine's files: what was replaced takes no room any more.
TEST_F(Settle, TakesItsRoomBack) {
    Rig rig;
    for (int seal = 0; seal < 20; ++seal) {
        append(rig, now - 20h + seal * 1000s, 1s, 1000);
        ASSERT_TRUE(rig->seal());
    }
    ASSERT_TRUE(rig->settle());
    std::size_t bytes = 0;
    for (const Lie& one : chunks_of(rig)) bytes += one.bytes + 27;
    EXPECT_LT(rig.store().size_bytes(store::Family::history_chunks), bytes + 16'000);
}

}  // namespace
}  // namespace lineshaft::history
