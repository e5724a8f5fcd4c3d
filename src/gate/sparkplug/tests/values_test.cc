// Values between Sparkplug and history, by tables.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "gate/sparkplug/door.h"

namespace lineshaft::sparkplug {
namespace {

constexpr Instant t0{1'768'478'400'000'000};
constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();
constexpr std::uint64_t over_int64 = std::uint64_t{1} << 63;

TEST(Values, FromSparkplugToHistory) {
    struct Case {
        std::string_view name;
        Value value;
        DataType type;
        history::Value want;
        history::Quality quality = history::Quality::good;
        Quality given = Quality::good;
    };
    const auto missing = history::Quality::missing;
    const Case cases[] = {
        {"float", 1.5, DataType::float32, 1.5},
        {"signed", std::int64_t{-7}, DataType::int16, std::int64_t{-7}},
        {"unsigned", std::uint64_t{7}, DataType::uint64, std::int64_t{7}},
        {"largest that fits", std::uint64_t{over_int64 - 1}, DataType::uint64, int64_max},
        {"one more becomes a real", over_int64, DataType::uint64, 9223372036854775808.0},
        {"date", std::int64_t{1'700'000'000'000}, DataType::date_time,
         std::int64_t{1'700'000'000'000}},
        {"boolean", true, DataType::boolean, true},
        {"text", std::string("on"), DataType::string, std::string("on")},
        {"bytes as base64", Opaque{std::string("\0\1\2", 3)}, DataType::bytes, std::string("AAEC")},
        {"null real", {}, DataType::float64, 0.0, missing},
        {"null whole", {}, DataType::uint8, std::int64_t{0}, missing},
        {"null boolean", {}, DataType::boolean, false, missing},
        {"null text", {}, DataType::uuid, std::string(), missing},
        {"null data set", {}, DataType::data_set, std::string(), missing},
        {"bad", 1.5, DataType::float64, 1.5, history::Quality::bad, Quality::bad},
        {"stale", 1.5, DataType::float64, 1.5, history::Quality::uncertain, Quality::stale},
    };
    for (const auto& one : cases) {
        const Sample sample{0, one.given, false, t0, one.value};
        const auto kept = sample_of(sample, one.type, 64);
        ASSERT_TRUE(kept) << one.name;
        EXPECT_EQ(kept->value, one.want) << one.name;
        EXPECT_EQ(kept->quality, one.quality) << one.name;
        EXPECT_EQ(kept->at, t0) << one.name;
    }
}

TEST(Values, TextsHaveALimit) {
    const auto kept = [](Value value, DataType type) {
        return sample_of({0, Quality::good, false, t0, std::move(value)}, type, 8).has_value();
    };
    EXPECT_TRUE(kept(std::string(8, 'x'), DataType::string));
    EXPECT_FALSE(kept(std::string(9, 'x'), DataType::string));
    EXPECT_TRUE(kept(Opaque{std::string(6, 'x')}, DataType::bytes));   // 8 letters
    EXPECT_FALSE(kept(Opaque{std::string(7, 'x')}, DataType::bytes));  // 12
}

TEST(Values, FromHistoryToSparkplug) {
    struct Case {
        history::Value value;
        DataType type;
        std::optional<Value> want;
    };
    const Case cases[] = {
        {1.5, DataType::float64, Value{1.5}},
        {std::int64_t{3}, DataType::float32, Value{3.0}},
        {std::int64_t{-3}, DataType::int8, Value{std::int64_t{-3}}},
        {std::int64_t{3}, DataType::uint8, Value{std::uint64_t{3}}},
        {std::int64_t{-3}, DataType::uint8, std::nullopt},
        {1.5, DataType::int32, std::nullopt},
        {true, DataType::boolean, Value{true}},
        {true, DataType::int8, std::nullopt},
        {std::int64_t{1}, DataType::boolean, std::nullopt},
        {std::string("x"), DataType::text, Value{std::string("x")}},
        {std::string("x"), DataType::float64, std::nullopt},
        {std::string("x"), DataType::data_set, std::nullopt},
        {1.5, DataType::string, std::nullopt},
    };
    for (const auto& [value, type, want] : cases) {
        const auto got = value_for(value, type);
        ASSERT_EQ(got.has_value(), want.has_value()) << name_of(type);
        if (got) {
            EXPECT_EQ(*got, *want) << name_of(type);
        } else {
            EXPECT_EQ(got.error().code, Code::invalid);
        }
    }
}

}  // namespace
}  // namespace lineshaft::sparkplug
