#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "wire/sparkplug/payload.h"

namespace lineshaft::sparkplug {
namespace {

using std::uint32_t;
using std::uint64_t;

struct ReadCase {
    DataType type;
    WireValue wire;
    std::optional<Value> want;
};

Value whole(std::int64_t value) {
    return value;
}
Value natural(uint64_t value) {
    return value;
}

const ReadCase reads[] = {
    {DataType::int8, uint32_t{5}, whole(5)},
    {DataType::int8, uint32_t{0xFFFFFF80}, whole(-128)},  // sign extended, as Tahu's Java
    {DataType::int8, uint32_t{0x80}, whole(-128)},        // not extended, as Tahu's Python
    {DataType::int8, uint32_t{0xFF}, whole(-1)},
    {DataType::int8, uint32_t{0x100}, std::nullopt},
    {DataType::int8, uint32_t{0xFFFFFF7F}, std::nullopt},
    {DataType::int16, uint32_t{0xFFFF8000}, whole(-32768)},
    {DataType::int16, uint32_t{0x8000}, whole(-32768)},
    {DataType::int16, uint32_t{0x10000}, std::nullopt},
    {DataType::int32, uint32_t{0xFFFFFFFF}, whole(-1)},
    {DataType::int32, uint64_t{0xFFFFFFFF}, whole(-1)},
    {DataType::int32, uint64_t{0xFFFFFFFFFFFFFFFF}, whole(-1)},
    {DataType::int32, uint64_t{0x100000000}, std::nullopt},
    {DataType::int64, uint64_t{0xFFFFFFFFFFFFFFFE}, whole(-2)},
    {DataType::int64, uint32_t{7}, whole(7)},
    {DataType::int64, uint32_t{0x80000000}, std::nullopt},
    {DataType::uint8, uint32_t{255}, natural(255)},
    {DataType::uint8, uint32_t{256}, std::nullopt},
    {DataType::uint16, uint32_t{65535}, natural(65535)},
    {DataType::uint16, uint32_t{65536}, std::nullopt},
    {DataType::uint32, uint32_t{0xFFFFFFFF}, natural(0xFFFFFFFF)},
    {DataType::uint32, uint64_t{0xFFFFFFFF}, natural(0xFFFFFFFF)},
    {DataType::uint32, uint64_t{0x100000000}, std::nullopt},
    {DataType::uint64, uint64_t{0xFFFFFFFFFFFFFFFF}, natural(0xFFFFFFFFFFFFFFFF)},
    {DataType::float32, 1.5F, Value(1.5)},
    {DataType::float32, 1.5, Value(1.5)},
    {DataType::float64, 0.1, Value(0.1)},
    {DataType::float64, uint32_t{1}, std::nullopt},
    {DataType::boolean, true, Value(true)},
    {DataType::boolean, uint32_t{0}, Value(false)},
    {DataType::boolean, uint32_t{2}, std::nullopt},
    {DataType::boolean, std::string_view("true"), std::nullopt},
    {DataType::string, std::string_view("线"), Value(std::string("线"))},
    {DataType::text, std::string_view(""), Value(std::string())},
    {DataType::uuid, std::string_view("u"), Value(std::string("u"))},
    {DataType::string, uint32_t{1}, std::nullopt},
    {DataType::date_time, uint64_t{1700000000000}, whole(1700000000000)},
    {DataType::date_time, uint64_t{0x8000000000000000}, std::nullopt},
    {DataType::bytes, BytesView{"ab"}, Value(Opaque{"ab"})},
    {DataType::file, BytesView{""}, Value(Opaque{})},
    {DataType::data_set, DataSetView{"ds"}, Value(Opaque{"ds"})},
    {DataType::template_, TemplateView{"t"}, Value(Opaque{"t"})},
    {DataType::data_set, BytesView{"ds"}, std::nullopt},
    {DataType::bytes, DataSetView{"ds"}, std::nullopt},
    {DataType::int32_array, BytesView{"abcd"}, Value(Opaque{"abcd"})},
    {DataType::date_time_array, BytesView{""}, Value(Opaque{})},
    {DataType::int32, WireValue(), Value()},
    {DataType::unknown, uint32_t{1}, std::nullopt},
    {DataType::property_set, uint32_t{1}, std::nullopt},
    {static_cast<DataType>(35), uint32_t{1}, std::nullopt},
};

TEST(ValueOf, AgreesWithTheTable) {
    for (std::size_t index = 0; index < std::size(reads); ++index) {
        const auto& [type, wire, want] = reads[index];
        const auto got = value_of(wire, type);
        ASSERT_EQ(got.has_value(), want.has_value()) << index << " " << name_of(type);
        if (got) {
            EXPECT_EQ(*got, *want) << index << " " << name_of(type);
        } else {
            EXPECT_EQ(got.error().code, Code::invalid);
        }
    }
}

struct WriteCase {
    DataType type;
    Value value;
    std::optional<WireValue> want;
};

const WriteCase writes[] = {
    {DataType::int8, whole(-128), uint32_t{0xFFFFFF80}},
    {DataType::int8, whole(-129), std::nullopt},
    {DataType::int8, whole(127), uint32_t{127}},
    {DataType::int8, whole(128), std::nullopt},
    {DataType::int8, Value(3.0), uint32_t{3}},
    {DataType::int8, Value(3.5), std::nullopt},
    {DataType::int16, natural(32767), uint32_t{32767}},
    {DataType::int16, natural(32768), std::nullopt},
    {DataType::int32, whole(-2147483648), uint32_t{0x80000000}},
    {DataType::int32, whole(-2147483649), std::nullopt},
    {DataType::int64, whole(-1), uint64_t{0xFFFFFFFFFFFFFFFF}},
    {DataType::int64, natural(0x8000000000000000), std::nullopt},
    {DataType::int64, Value(-0x1p63), uint64_t{0x8000000000000000}},
    {DataType::int64, Value(0x1p63), std::nullopt},
    {DataType::uint8, whole(-1), std::nullopt},
    {DataType::uint8, whole(255), uint32_t{255}},
    {DataType::uint8, whole(256), std::nullopt},
    {DataType::uint16, whole(65536), std::nullopt},
    {DataType::uint32, whole(0xFFFFFFFF), uint32_t{0xFFFFFFFF}},
    {DataType::uint32, whole(0x100000000), std::nullopt},
    {DataType::uint64, natural(0xFFFFFFFFFFFFFFFF), uint64_t{0xFFFFFFFFFFFFFFFF}},
    {DataType::uint64, Value(0x1p64), std::nullopt},
    {DataType::uint64, Value(std::nan("")), std::nullopt},
    {DataType::float32, Value(0.1), 0.1F},
    {DataType::float32, Value(1e39), std::nullopt},
    {DataType::float32, whole(3), 3.0F},
    {DataType::float64, whole(3), 3.0},
    {DataType::float64, whole((std::int64_t{1} << 53) + 2), std::nullopt},
    {DataType::float64, Value(true), std::nullopt},
    {DataType::boolean, Value(true), true},
    {DataType::boolean, whole(1), std::nullopt},
    {DataType::date_time, whole(-1), std::nullopt},
    {DataType::date_time, whole(5), uint64_t{5}},
    {DataType::string, Value(std::string("a")), std::string_view("a")},
    {DataType::string, whole(1), std::nullopt},
    {DataType::uint8, Value(std::string("1")), std::nullopt},
    {DataType::bytes, Value(Opaque{"b"}), BytesView{"b"}},
    {DataType::bytes, Value(std::string("b")), std::nullopt},
    {DataType::data_set, Value(Opaque{"b"}), DataSetView{"b"}},
    {DataType::template_, Value(Opaque{"b"}), TemplateView{"b"}},
    {DataType::string_array, Value(Opaque{"b"}), BytesView{"b"}},
    {DataType::int8, Value(), WireValue()},
    {DataType::property_set, whole(1), std::nullopt},
};

TEST(WireValueOf, AgreesWithTheTable) {
    for (std::size_t index = 0; index < std::size(writes); ++index) {
        const auto& [type, value, want] = writes[index];
        const auto got = wire_value_of(value, type);
        ASSERT_EQ(got.has_value(), want.has_value()) << index << " " << name_of(type);
        if (got) {
            EXPECT_EQ(*got, *want) << index << " " << name_of(type);
        } else {
            EXPECT_EQ(got.error().code, Code::invalid);
        }
    }
}

TEST(WireValueOf, IsReadBackForEveryType) {
    for (int number = 1; number <= 34; ++number) {
        const auto type = static_cast<DataType>(number);
        if (!is_metric_type(type)) continue;
        Value value = Opaque{"opaque"};
        if (number <= 4 || type == DataType::date_time)
            value = whole(100);
        else if (number <= 8)
            value = natural(100);
        else if (number <= 10)
            value = 2.5;
        else if (type == DataType::boolean)
            value = true;
        else if (number <= 15)
            value = std::string("text");
        const auto wire = wire_value_of(value, type);
        ASSERT_TRUE(wire) << name_of(type);
        const auto back = value_of(*wire, type);
        ASSERT_TRUE(back) << name_of(type);
        EXPECT_EQ(*back, value) << name_of(type);
    }
}

TEST(DataTypes, HaveTheirNames) {
    EXPECT_EQ(name_of(DataType::int8), "Int8");
    EXPECT_EQ(name_of(DataType::template_), "Template");
    EXPECT_EQ(name_of(DataType::date_time_array), "DateTimeArray");
    EXPECT_EQ(name_of(static_cast<DataType>(35)), "Unknown");
}

}  // namespace
}  // namespace lineshaft::sparkplug
