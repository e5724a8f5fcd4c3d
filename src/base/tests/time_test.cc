#include "base/time.h"

#include <gtest/gtest.h>

namespace lineshaft {
namespace {

struct TimeCase {
    std::string_view text;
    std::int64_t micros;
    std::string_view canonical;
};

class Rfc3339 : public testing::TestWithParam<TimeCase> {};

TEST_P(Rfc3339, ParsesAndPrints) {
    const auto& [text, micros, canonical] = GetParam();
    const auto got = parse_rfc3339(text);
    ASSERT_TRUE(got.has_value()) << text;
    EXPECT_EQ(got->micros, micros) << text;
    EXPECT_EQ(to_rfc3339(*got), canonical);
}
INSTANTIATE_TEST_SUITE_P(
    Base, Rfc3339,
    testing::Values(
        TimeCase{"1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z"},
        TimeCase{"2026-11-21T08:15:00.25Z", 1795248900250000, "2026-11-21T08:15:00.250Z"},
        TimeCase{"2026-11-21T16:15:00.25+08:00", 1795248900250000, "2026-11-21T08:15:00.250Z"},
        TimeCase{"1969-12-31t23:59:59.9999999z", -1, "1969-12-31T23:59:59.999999Z"},
        TimeCase{"2024-02-29 00:00:00-05:30", 1709184600000000, "2024-02-29T05:30:00Z"}));

TEST(Rfc3339, RefusesWhatIsNoTime) {
    for (const auto* text : {"", "2026", "2026-13-01T00:00:00Z", "2025-02-29T00:00:00Z",
                             "2026-01-01T24:00:00Z", "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z",
                             "2026-01-01T00:00:00+25:00", "2026-01-01T00:00:00Zx"}) {
        EXPECT_FALSE(parse_rfc3339(text).has_value()) << text;
    }
}

}  // namespace
}  // namespace lineshaft
