// Random histories against a std::map: appends in any order, of any kind, seals, reopens with other
// numbers of shards, every read compared. The seed is printed by the failing trace.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "history/tests/chunk_samples.h"
#include "history/tests/rig.h"

namespace lineshaft::history {
namespace {

using testing::organisation;
using testing::Rig;

using Truth = std::map<std::int64_t, Sample>;

// Two months around a month's end, a day around midnight, or one dense minute.
struct Place {
    std::int64_t from;
    std::int64_t length;
};
constexpr std::int64_t second = 1'000'000;
constexpr std::int64_t new_year = 1'767'225'600 * second;  // 2026-01-01T00:00:00Z
constexpr Place places[] = {{new_year - 20 * 86'400 * second, 34 * 86'400 * second},
                            {new_year - 43'200 * second, 86'400 * second},
                            {new_year - 30 * second, 60 * second},
                            {new_year - 365 * 86'400 * second, 3 * 86'400 * second}};

class Story {
public:
    Story(std::uint64_t seed, Limits limits) : random_(seed), rig_(1, limits) {}

    void run(int steps) {
        for (int step = 0; step < steps; ++step) {
            switch (random_() % 12) {
                case 0: ASSERT_TRUE(random_() % 3 == 0 ? rig_->settle() : rig_->seal()); break;
                case 1:
                    if (random_() % 3 == 0) rig_.reopen(1 + static_cast<unsigned>(random_() % 3));
                    break;
                case 2:
                case 3: ask(); break;
                default: append();
            }
            if (::testing::Test::HasFailure()) return;
        }
        for (int index = 0; index < 20; ++index) ask();
    }

private:
    std::string machine() { return "machine " + std::to_string(random_() % 3); }
    std::string tag() { return "tag " + std::to_string(random_() % 2); }

    Sample sample(const testing::Shape& shape, Instant at) {
        const auto quality =
            random_() % 10 == 0 ? static_cast<Quality>(random_() % 4) : Quality::good;
        return {at, shape.value(random_() % 100, random_), quality};
    }

    void append() {
        static const auto shapes = testing::shapes();
        const std::string name = machine();
        const std::string its_tag = tag();
        // Mostly one kind, so that runs exist; sometimes any.
        const auto& shape = shapes[random_() % 4 == 0      ? random_() % shapes.size()
                                   : its_tag.back() == '0' ? 2
                                                           : 11];
        const Place& place = places[random_() % std::size(places)];
        std::int64_t at = place.from + static_cast<std::int64_t>(
                                           random_() % static_cast<std::uint64_t>(place.length));
        const std::int64_t step = random_() % 3 == 0 ? -second : second;
        Report report{organisation, name, {}};
        for (std::uint64_t left = 1 + random_() % 60; left > 0; --left) {
            if (random_() % 20 != 0) at += step;  // else a second value for one instant
            const Instant when{at - at % second};
            const Sample one = sample(shape, when);
            report.samples.push_back({its_tag, one});
            truth_[{name, its_tag}].insert_or_assign(when.micros, one);
        }
        const auto appended = rig_->append(report);
        ASSERT_TRUE(appended) << appended.error().context;
        ASSERT_EQ(appended->stored, report.samples.size());
    }

    Window window() {
        if (random_() % 5 == 0) return testing::always;
        const Place& place = places[random_() % std::size(places)];
        const auto somewhere = [&] {
            return place.from +
                   static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(place.length));
        };
        const std::int64_t a = somewhere();
        const std::int64_t b = somewhere();
        return {{std::min(a, b)}, {std::max(a, b)}};
    }

    void ask() {
        if (truth_.empty()) return;
        auto chosen = truth_.begin();
        std::advance(chosen, random_() % truth_.size());
        const auto& [name, truth] = *chosen;
        const Series series = rig_->find(name.first, name.second);
        const auto shard = static_cast<std::uint32_t>(random_() % rig_->shards().size());
        compare_read(series, truth, window(), shard);
        compare_last(series, truth, window().from, shard);
        compare_buckets(series, truth, shard);
        const auto extent = rig_->ask(rig_->history().extent(series), shard);
        ASSERT_TRUE(extent && extent->has_value());
        EXPECT_EQ((*extent)->from.micros, truth.begin()->first);
        EXPECT_EQ((*extent)->until.micros, truth.rbegin()->first);
    }

    static bool same(const Sample& a, const Sample& b) {  // NaN is itself
        if (a.at != b.at || a.quality != b.quality || a.value.index() != b.value.index())
            return false;
        const auto* x = std::get_if<double>(&a.value);
        const auto* y = std::get_if<double>(&b.value);
        return x == nullptr ? a.value == b.value
                            : std::bit_cast<std::uint64_t>(*x) == std::bit_cast<std::uint64_t>(*y);
    }

    void compare_read(const Series& series, const Truth& truth, Window window,
                      std::uint32_t shard) {
        std::vector<Sample> want;
        for (const auto& [at, sample] : truth) {
            if (window.contains({at})) want.push_back(sample);
        }
        const bool up = random_() % 2 == 0;
        if (!up) std::reverse(want.begin(), want.end());
        const std::size_t count_max = random_() % 2 == 0 ? 100'000 : random_() % 50;
        if (want.size() > count_max) want.resize(count_max);
        const auto got = rig_->ask(
            rig_->history().read(series, window, count_max,
                                 up ? History::Order::ascending : History::Order::descending),
            shard);
        ASSERT_TRUE(got);
        ASSERT_EQ(got->size(), want.size());
        for (std::size_t index = 0; index < want.size(); ++index) {
            ASSERT_TRUE(same((*got)[index], want[index]))
                << to_rfc3339((*got)[index].at) << " " << to_rfc3339(want[index].at);
        }
    }

    void compare_last(const Series& series, const Truth& truth, Instant at, std::uint32_t shard) {
        const auto got = rig_->ask(rig_->history().last(series, at), shard);
        ASSERT_TRUE(got);
        const auto after = truth.upper_bound(at.micros);
        ASSERT_EQ(got->has_value(), after != truth.begin());
        if (*got) {
            EXPECT_TRUE(same(**got, std::prev(after)->second));
        }
    }

    // Two at least, the first where the window begins.
    std::vector<Instant> random_edges(Window where, std::chrono::microseconds step) {
        std::vector<Instant> edges{where.from};
        do {
            edges.push_back({edges.back().micros + 1 +
                             static_cast<std::int64_t>(random_() % (2 * step.count()))});
        } while (edges.back() < where.until && edges.size() < 500);
        return edges;
    }

    void compare_buckets(const Series& series, const Truth& truth, std::uint32_t shard) {
        const Window where = window();
        const std::chrono::microseconds step(
            1 + static_cast<std::int64_t>(random_() % (7 * 86'400)) * second);
        if (where == testing::always) return;
        const std::vector<Instant> edges = random_() % 2 == 0 ? random_edges(where, step)
                                                              : std::vector<Instant>{};
        const Window asked = edges.empty() ? where : Window{edges.front(), edges.back()};
        std::map<std::int64_t, Bucket> want;
        for (const auto& [at, sample] : truth) {
            if (!asked.contains({at})) continue;
            const std::int64_t start =
                edges.empty()
                    ? where.from.micros + (at - where.from.micros) / step.count() * step.count()
                    : std::prev(std::ranges::upper_bound(edges, Instant{at}))->micros;
            Bucket& bucket = want[start];
            bucket.start = {start};
            ++bucket.count_all;
            const double number = number_of(sample.value);
            if (sample.quality >= Quality::bad || std::isnan(number)) continue;
            if (bucket.count++ == 0) {
                bucket.min = bucket.max = bucket.first = number;
                bucket.first_at = sample.at;
            }
            bucket.min = std::min(bucket.min, number);
            bucket.max = std::max(bucket.max, number);
            bucket.sum += number;
            bucket.last = number;
            bucket.last_at = sample.at;
        }
        const auto got = edges.empty()
                             ? rig_->ask(rig_->history().buckets(series, where, step), shard)
                             : rig_->ask(rig_->history().buckets(series, edges), shard);
        ASSERT_TRUE(got) << got.error().context;
        ASSERT_EQ(got->size(), want.size());
        auto expected = want.begin();
        for (const Bucket& bucket : *got) {
            const Bucket& other = (expected++)->second;
            EXPECT_EQ(bucket.start, other.start);
            EXPECT_EQ(bucket.count, other.count);
            EXPECT_EQ(bucket.count_all, other.count_all);
            if (other.count == 0) continue;
            EXPECT_EQ(bucket.min, other.min);
            EXPECT_EQ(bucket.max, other.max);
            EXPECT_EQ(bucket.first, other.first);
            EXPECT_EQ(bucket.last, other.last);
            EXPECT_EQ(bucket.first_at, other.first_at);
            EXPECT_EQ(bucket.last_at, other.last_at);
            if (std::isfinite(other.sum) &&
                std::max(std::fabs(other.min), std::fabs(other.max)) < 1e16) {
                EXPECT_NEAR(bucket.sum, other.sum, 1e-9 * (1 + std::fabs(other.sum)) + 64);
            }
        }
    }

    std::mt19937_64 random_;
    Rig rig_;
    std::map<std::pair<std::string, std::string>, Truth> truth_;
};

class Oracle : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(Oracle, AgreesWithAMap) {
    Limits limits;
    if (GetParam() % 2 == 0) limits.chunk_samples_max = 4;
    if (GetParam() % 3 == 0) limits.seal_bytes = 4000;
    Story story(GetParam(), limits);
    story.run(150);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Oracle, ::testing::Range<std::uint64_t>(1, 13));

}  // namespace
}  // namespace lineshaft::history
