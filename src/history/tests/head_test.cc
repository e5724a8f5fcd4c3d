#include "history/head.h"

#include <gtest/gtest.h>

#include <map>
#include <numeric>
#include <random>
#include <set>

namespace lineshaft::history {
namespace {

Columns one(std::int64_t at, Value value) {
    Columns columns;
    columns.push(Sample{Instant{at}, std::move(value), Quality::good});
    return columns;
}

TEST(Head, AgreesWithAMapInAnyOrderOfArrival) {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        std::mt19937_64 random(seed);
        Head head;
        std::map<std::int64_t, Sample> truth;
        std::uint64_t replaced = 0;
        const std::int64_t spread = seed % 3 == 0 ? 50 : 100'000;
        const bool backwards = seed % 5 == 0;
        for (int index = 0; index < 2000; ++index) {
            const std::int64_t at =
                backwards ? 10'000 - index : static_cast<std::int64_t>(random()) % spread;
            const Value value =
                random() % 2 == 0 ? Value(double(index)) : Value("text " + std::to_string(index));
            const Columns sample = one(at, value);
            replaced += truth.contains(at);
            truth.insert_or_assign(at, sample.sample(0));
            replaced -= head.add(sample, 0);
            if (random() % 300 == 0) {
                ASSERT_EQ(head.settled().size(), truth.size());
            }
        }
        const Columns all = head.take();
        ASSERT_EQ(all.size(), truth.size());
        EXPECT_EQ(head.late_replaced(), replaced) << "every replacement is counted once";
        std::size_t index = 0;
        for (const auto& [at, sample] : truth) ASSERT_EQ(all.sample(index++), sample) << seed;
        EXPECT_EQ(head.size(), 0u);
    }
}

TEST(Head, ManyAtOnceAreAsOneAfterTheOther) {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        std::mt19937_64 random(seed);
        Head one_by_one;
        Head at_once(seed % 2 == 0 ? 0 : 20 * seed);
        std::size_t replaced = 0, replaced_at_once = 0;
        std::int64_t clock = 0;
        for (int round = 0; round < 20; ++round) {
            Columns samples;
            std::vector<std::uint32_t> mine;
            const std::uint64_t count = random() % 60;
            for (std::uint32_t index = 0; index < count; ++index) {
                const bool is_late = random() % (seed % 3 == 0 ? 1000 : 10) == 0;
                clock += static_cast<std::int64_t>(random() % 3);
                const std::int64_t at = is_late ? clock - 40 : clock;
                const bool is_text = seed % 4 == 0 && random() % 9 == 0;
                samples.push(Sample{Instant{at},
                                    is_text ? Value("t" + std::to_string(index)) : Value(static_cast<double>(at)),
                                    Quality::good});
                if (random() % 2 == 0) mine.push_back(index);  // the others are another series'
            }
            for (const std::uint32_t index : mine)
                replaced += one_by_one.add(samples, index) ? 1 : 0;
            replaced_at_once += at_once.add(samples, mine);
            ASSERT_EQ(at_once.size(), one_by_one.size());
        }
        EXPECT_EQ(replaced_at_once, replaced);
        EXPECT_TRUE(same_samples(at_once.take(), one_by_one.take())) << seed;
        EXPECT_EQ(at_once.late_replaced(), one_by_one.late_replaced());
    }
}

TEST(Head, WhoIsAsLongAsBeforeIsMovedOnce) {
    constexpr std::size_t usual = 130;
    Columns samples;
    for (std::int64_t at = 0; at < 260; ++at) samples.push(at, 1, Mark());
    Head head(usual);
    std::set<const void*> places;
    for (std::uint32_t from = 0; from < usual; from += 10) {
        std::vector<std::uint32_t> some(10);
        std::iota(some.begin(), some.end(), from);
        head.add(samples, some);
        places.insert(head.settled().at.data());
    }
    EXPECT_EQ(places.size(), 2u);
    EXPECT_EQ(head.settled().size(), usual);
    EXPECT_LE(head.settled().at.capacity(), usual * 5 / 4);
    std::vector<std::uint32_t> rest(usual);
    std::iota(rest.begin(), rest.end(), std::uint32_t{usual});
    head.add(samples, rest);
    EXPECT_TRUE(same_samples(head.take(), samples));
}

}  // namespace
}  // namespace lineshaft::history
