#include "wire/sparkplug/payload.h"

#include <gtest/gtest.h>

namespace lineshaft::sparkplug {
namespace {

std::string bytes_of(std::string_view hex) {
    return *from_hex(hex);
}

Error error_of(const std::string& encoded, const Limits& limits = {}) {
    Payload payload;
    const auto result = decode(as_bytes(encoded), payload, limits);
    return result ? Error{Code::unavailable, "it was accepted"} : result.error();
}

// Written by hand from the schema: timestamp 1, metric {name "T", alias 2, timestamp 3, Int32, -1},
// seq 4.
TEST(Payload, DecodesAndEncodesTheGoldenVector) {
    const std::string golden = bytes_of("0801 1212 0a0154 1002 1803 2003 50ffffffff0f 1804");
    const std::string fixed = bytes_of("0801 120f 0a0154 1002 1803 2003 50ffffffff0f 1804");
    EXPECT_EQ(error_of(golden).code, Code::invalid);  // A length that swallows the seq's tag.
    Payload payload;
    ASSERT_TRUE(decode(as_bytes(fixed), payload));
    EXPECT_EQ(payload.timestamp, 1u);
    EXPECT_EQ(payload.seq, 4u);
    ASSERT_EQ(payload.metrics.size(), 1u);
    const Metric& metric = payload.metrics[0];
    EXPECT_EQ(metric.name, "T");
    EXPECT_EQ(metric.alias, 2u);
    EXPECT_EQ(metric.timestamp, 3u);
    EXPECT_EQ(metric.datatype, 3u);
    EXPECT_EQ(metric.value, WireValue(std::uint32_t{0xFFFFFFFF}));
    EXPECT_EQ(encode(payload), fixed);
}

TEST(Payload, DecodesEveryScalarField) {
    Payload payload;
    const std::string encoded = bytes_of(
        "1202 5005"                // int_value 5
        "1203 588001"              // long_value 128
        "1205 650000c03f"          // float_value 1.5
        "1209 69000000000000f83f"  // double_value 1.5
        "1202 7001"                // boolean_value true
        "1204 7a026869"            // string_value "hi"
        "1204 8201 01ff"           // bytes_value
        "1203 8a0100"              // dataset_value, empty
        "1205 9201020801"          // template_value
        "1200");                   // nothing at all
    ASSERT_TRUE(decode(as_bytes(encoded), payload));
    const WireValue want[] = {std::uint32_t{5},
                              std::uint64_t{128},
                              1.5F,
                              1.5,
                              true,
                              std::string_view("hi"),
                              BytesView{"\xff"},
                              DataSetView{},
                              TemplateView{"\x08\x01"},
                              WireValue()};
    ASSERT_EQ(payload.metrics.size(), std::size(want));
    for (std::size_t index = 0; index < std::size(want); ++index) {
        EXPECT_EQ(payload.metrics[index].value, want[index]) << index;
    }
    EXPECT_EQ(encode(payload), encoded);
}

TEST(Payload, PointsIntoItsBytes) {
    const std::string encoded = bytes_of("1204 0a026869");
    Payload payload;
    ASSERT_TRUE(decode(as_bytes(encoded), payload));
    EXPECT_EQ(payload.metrics[0].name.data(), encoded.data() + 4);
}

TEST(Payload, SkipsWhatItDoesNotKnow) {
    Payload payload;
    const std::string encoded = bytes_of(
        "f80601"                         // field 111, varint
        "f906 0102030405060708"          // fixed64
        "fa06 03616263"                  // length
        "fb06 0801 f30610 01 f406 fc06"  // group with a group in it
        "fd06 01020304"                  // fixed32
        "0a0161"                         // timestamp as text: of another wire type
        "1804");
    ASSERT_TRUE(decode(as_bytes(encoded), payload));
    EXPECT_FALSE(payload.timestamp);
    EXPECT_EQ(payload.seq, 4u);
}

TEST(Payload, LastMemberOfTheOneofWins) {
    Payload payload;
    ASSERT_TRUE(decode(as_bytes(bytes_of("1204 5005 7001")), payload));
    EXPECT_EQ(payload.metrics[0].value, WireValue(true));
}

struct Bad {
    std::string_view name, hex, want;
};
const Bad bad[] = {
    {"cut in a tag", "80", "not protobuf"},
    {"cut in a varint", "0880", "not protobuf"},
    {"varint of eleven bytes", "08ffffffffffffffffffff01", "not protobuf"},
    {"field number 0", "0001", "not protobuf"},
    {"wire type 6", "0e", "not protobuf"},
    {"end of a group that never began", "0c", "not protobuf"},
    {"group without end", "0b", "not protobuf"},
    {"group ended by another", "0b14", "not protobuf"},
    {"metric longer than the payload", "120508", "not protobuf"},
    {"length over 64 bits", "12ffffffffffffffffff01", "not protobuf"},
    {"cut in a float", "1203 650000", "not protobuf"},
    {"name is not UTF-8", "1203 0a01ff", "not UTF-8"},
    {"text behind eight letters is not UTF-8", "120c 7a0a 6162636465666768ff61", "not UTF-8"},
    {"metadata twice", "1204 4200 4200", "twice"},
    {"properties twice", "1204 4a00 4a00", "twice"},
    {"data set twice", "1206 8a0100 8a0100", "twice"},
    {"template twice", "1206 920100 920100", "twice"},
    {"more keys than values", "1205 4a03 0a0161", "as many values"},
    {"more values than keys", "1204 4a02 1200", "as many values"},
    {"a broken property", "1208 4a06 0a0161 120108", "not protobuf"},
};

TEST(Payload, RefusesWhatIsBroken) {
    for (const auto& [name, hex, want] : bad) {
        const Error error = error_of(bytes_of(hex));
        EXPECT_EQ(error.code, Code::invalid) << name;
        EXPECT_NE(error.context.find(want), std::string::npos) << name << ": " << error.context;
    }
}

// A property set of one key "k", nested `depth` deep.
std::string nested(std::size_t depth) {
    Payload payload;
    Range inner = payload.add({});
    for (std::size_t level = 1; level < depth; ++level) {
        Property property;
        property.key = "k";
        property.type = DataType::property_set;
        property.value = PropertySetView{inner};
        inner = payload.add(std::span(&property, 1));
    }
    Metric metric;
    metric.properties = inner;
    payload.metrics.push_back(metric);
    return encode(payload);
}

TEST(Payload, EndsAtItsLimits) {
    Limits limits;
    limits.depth_max = 3;
    EXPECT_EQ(error_of(nested(3), limits).code, Code::unavailable);
    EXPECT_EQ(error_of(nested(4), limits).code, Code::exhausted);
    EXPECT_EQ(error_of(bytes_of("0b0b0b0c0c0c"), limits).code, Code::unavailable);
    EXPECT_EQ(error_of(bytes_of("0b0b0b0b0c0c0c0c"), limits).code, Code::invalid);

    limits = {};
    limits.metrics_max = 2;
    EXPECT_EQ(error_of(bytes_of("1200 1200"), limits).code, Code::unavailable);
    EXPECT_EQ(error_of(bytes_of("1200 1200 1200"), limits).code, Code::exhausted);

    limits = {};
    limits.string_bytes_max = 2;
    EXPECT_EQ(error_of(bytes_of("1204 0a026161"), limits).code, Code::unavailable);
    EXPECT_EQ(error_of(bytes_of("1205 0a03616161"), limits).code, Code::exhausted);

    limits = {};
    limits.opaque_bytes_max = 2;
    EXPECT_EQ(error_of(bytes_of("1205 8201026161"), limits).code, Code::unavailable);
    EXPECT_EQ(error_of(bytes_of("1206 820103616161"), limits).code, Code::exhausted);
    EXPECT_EQ(error_of(bytes_of("1206 8a0103616161"), limits).code, Code::exhausted);
    EXPECT_EQ(error_of(bytes_of("1206 920103616161"), limits).code, Code::exhausted);
    EXPECT_EQ(error_of(bytes_of("2a03616161"), limits).code, Code::exhausted);

    limits = {};
    limits.payload_bytes_max = 4;
    EXPECT_EQ(error_of(bytes_of("1200 1200"), limits).code, Code::unavailable);
    EXPECT_EQ(error_of(bytes_of("1200 1200 0801"), limits).code, Code::exhausted);

    limits = {};
    limits.properties_max = 2;
    EXPECT_EQ(error_of(bytes_of("120c 4a0a 0a0161 1200 0a0162 1200"), limits).code,
              Code::unavailable);
    EXPECT_EQ(error_of(bytes_of("1211 4a0f 0a0161 1200 0a0162 1200 0a0163 1200"), limits).code,
              Code::exhausted);
}

TEST(Payload, KeepsNestedPropertiesApart) {
    Payload payload;
    Property inner;
    inner.key = "inner";
    inner.type = DataType::int32;
    inner.value = std::uint32_t{7};
    const Range inner_set = payload.add(std::span(&inner, 1));
    payload.property_sets = {inner_set, inner_set};
    Property outer[3];
    outer[0].key = "set";
    outer[0].type = DataType::property_set;
    outer[0].value = PropertySetView{inner_set};
    outer[1].key = "list";
    outer[1].type = DataType::property_set_list;
    outer[1].value = PropertySetListView{{0, 2}};
    outer[2].key = "null";
    outer[2].type = DataType::string;
    outer[2].is_null = true;
    Metric metric;
    metric.properties = payload.add(outer);
    payload.metrics.push_back(metric);

    const std::string encoded = encode(payload);
    Payload back;
    ASSERT_TRUE(decode(as_bytes(encoded), back));
    const auto set = back.properties_of(*back.metrics[0].properties);
    ASSERT_EQ(set.size(), 3u);
    EXPECT_EQ(set[2], outer[2]);
    const auto* first = std::get_if<PropertySetView>(&set[0].value);
    ASSERT_NE(first, nullptr);
    EXPECT_EQ(back.properties_of(first->properties)[0], inner);
    const auto* list = std::get_if<PropertySetListView>(&set[1].value);
    ASSERT_NE(list, nullptr);
    ASSERT_EQ(list->sets.count, 2u);
    for (std::uint32_t index = 0; index < 2; ++index) {
        const Range range = back.property_sets[list->sets.first + index];
        ASSERT_EQ(range.count, 1u);
        EXPECT_EQ(back.properties_of(range)[0], inner);
    }
    EXPECT_EQ(encode(back), encoded);
}

TEST(Payload, IsReplacedByTheNextDecoding) {
    Payload payload;
    ASSERT_TRUE(decode(as_bytes(bytes_of("0801 1804 2201 75 2a0162 1204 4a00 4200")), payload));
    ASSERT_TRUE(decode({}, payload));
    EXPECT_EQ(payload, Payload());
}

}  // namespace
}  // namespace lineshaft::sparkplug
