#include "history/head.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

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

}  // namespace
}  // namespace lineshaft::history
