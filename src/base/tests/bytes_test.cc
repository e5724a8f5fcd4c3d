#include "base/bytes.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "base/number.h"
#include "base/percent.h"
#include "base/varint.h"

namespace lineshaft {
namespace {

TEST(Reader, TakesNumbersInBothOrders) {
    const std::string raw = from_hex("0102 0102 ff").value();
    Reader in(as_bytes(raw));
    EXPECT_EQ(in.take_be<std::uint16_t>().value(), 0x0102);
    EXPECT_EQ(in.take_le<std::uint16_t>().value(), 0x0201);
    EXPECT_EQ(in.left(), 1u);
    const auto missing = in.take_be<std::uint32_t>();
    ASSERT_FALSE(missing.has_value());
    EXPECT_EQ(missing.error().code, Code::invalid);
    EXPECT_EQ(in.left(), 1u) << "a failed take consumes nothing";
}

struct VarintCase {
    std::uint64_t value;
    std::string_view hex;
};

class Varint : public testing::TestWithParam<VarintCase> {};

TEST_P(Varint, AgreesWithTheTableBothWays) {
    const auto& [value, hex] = GetParam();
    std::string out;
    Writer(out).put_varint(value);
    EXPECT_EQ(to_hex(as_bytes(out)), hex);
    Reader in(as_bytes(out));
    EXPECT_EQ(in.take_varint().value(), value);
    EXPECT_TRUE(in.at_end());
}
INSTANTIATE_TEST_SUITE_P(Base, Varint,
                         testing::Values(VarintCase{0, "00"}, VarintCase{127, "7f"},
                                         VarintCase{128, "8001"}, VarintCase{300, "ac02"},
                                         VarintCase{std::numeric_limits<std::uint64_t>::max(),
                                                    "ffffffffffffffffff01"}));

TEST(Varint, RefusesWhatDoesNotFitOrEnd) {
    for (const auto* hex : {"80", "ffffffffffffffffff02", "8080808080808080808001"}) {
        const std::string raw = from_hex(hex).value();
        Reader in(as_bytes(raw));
        EXPECT_FALSE(in.take_varint().has_value()) << hex;
    }
}

TEST(Hex, RefusesOddAndForeignDigits) {
    EXPECT_FALSE(from_hex("abc").has_value());
    EXPECT_FALSE(from_hex("zz").has_value());
    EXPECT_EQ(from_hex("").value(), "");
}

TEST(Utf8, FollowsTableThreeSeven) {
    for (const std::string_view good : {"", "plant", "绣花", "\xF0\x9F\xA7\xB5", "\xED\x9F\xBF"}) {
        EXPECT_TRUE(is_utf8(good)) << good;
    }
    for (const std::string_view bad : {"\x80", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80",
                                       "\xF4\x90\x80\x80", "\xE2\x82", "\xFF"}) {
        EXPECT_FALSE(is_utf8(bad)) << to_hex(as_bytes(bad));
    }
}

TEST(Varint, IsJoinedAsReaderTakesIt) {
    for (unsigned shift = 0; shift < 64; ++shift) {
        for (const std::uint64_t off : {std::uint64_t(-1), std::uint64_t(0), std::uint64_t(1)}) {
            const std::uint64_t number = (std::uint64_t{1} << shift) + off;
            std::string written;
            Writer(written).put_varint(number);
            const std::size_t bytes = written.size();
            for (const char behind : {'\x00', '\x7f', '\xff'}) {
                std::string padded = written + std::string(8, behind);
                std::uint64_t word = 0, joined = 0;
                std::memcpy(&word, padded.data(), sizeof word);
                EXPECT_EQ(join_varint(word, joined), bytes <= 8 ? bytes : 0) << number;
                EXPECT_TRUE(bytes > 8 || joined == number) << number;
            }
        }
    }
}

TEST(Percent, WhatIsNotPlainIsWrittenInBytes) {
    EXPECT_EQ(percent_encoded("aZ09-._~"), "aZ09-._~");
    EXPECT_EQ(percent_encoded("a b/c%+"), "a%20b%2Fc%25%2B");
    EXPECT_EQ(percent_encoded("绣"), "%E7%BB%A3");
    EXPECT_EQ(percent_encoded("88.101/A+B", "/"), "88.101/A%2BB");
    EXPECT_EQ(percent_encoded(""), "");
}

TEST(Percent, WhatIsNoCodeStaysAsItIs) {
    EXPECT_EQ(percent_decoded(percent_encoded("a b/c%+绣")), "a b/c%+绣");
    EXPECT_EQ(percent_decoded("%7e%7E"), "~~");
    for (const std::string_view plain : {"", "%", "%4", "%zz", "%4g", "a+b", "100%"})
        EXPECT_EQ(percent_decoded(plain), plain);
}

TEST(Number, IsTheWholeTextOrNone) {
    EXPECT_EQ(number_from<std::uint8_t>("255"), 255);
    EXPECT_EQ(number_from<std::int64_t>("-9223372036854775808"), INT64_MIN);
    EXPECT_EQ(number_from<double>("1.5e3"), 1500);
    for (const std::string_view bad : {"", "256", "-1", "+1", " 1", "1 ", "1.0", "0x1", "a"})
        EXPECT_EQ(number_from<std::uint8_t>(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace lineshaft
