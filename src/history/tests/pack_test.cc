#include "history/pack.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "history/codec/bits.h"

namespace lineshaft::history {
namespace {

std::vector<std::int64_t> blocks_back(const std::string& bytes, std::size_t count) {
    std::vector<std::int64_t> back(count);
    Reader in(as_bytes(bytes));
    EXPECT_TRUE(take_blocks(in, back));
    EXPECT_TRUE(in.at_end());
    return back;
}

TEST(Blocks, EveryWidthAndEveryLengthComesBack) {
    std::mt19937_64 random(1);
    for (unsigned width = 0; width <= 64; ++width) {
        for (const std::size_t count : {1u, 2u, 9u, 127u, 128u, 129u, 300u}) {
            std::vector<std::int64_t> values(count);
            for (auto& value : values) {
                value = width == 0 ? -7 : static_cast<std::int64_t>(random() >> (64 - width));
            }
            std::string bytes;
            put_blocks(bytes, values);
            ASSERT_EQ(blocks_back(bytes, count), values) << width << " " << count;
            bytes += "something behind, so that the fast path is taken";
            std::vector<std::int64_t> back(count);
            Reader in(as_bytes(bytes));
            ASSERT_TRUE(take_blocks(in, back));
            ASSERT_EQ(back, values) << width << " " << count;
        }
    }
}

TEST(Blocks, OutliersArePatchedNotPaidByAll) {
    std::vector<std::int64_t> values(128, 5);
    for (std::size_t index = 0; index < values.size(); ++index)
        values[index] += static_cast<std::int64_t>(index % 4);
    values[3] = INT64_MAX;
    values[77] = INT64_MIN;
    values[78] = -1000;
    std::string bytes;
    put_blocks(bytes, values);
    EXPECT_EQ(blocks_back(bytes, values.size()), values);
    EXPECT_LT(bytes.size(), 32u + 40u);
}

TEST(Blocks, RefuseNonsense) {
    struct Case {
        const char* name;
        const char* hex;
    };
    const Case cases[] = {
        {"nothing", ""},
        {"width over 64", "41 00 00"},
        {"cut in the base", "01 80"},
        {"cut in the values", "08 00 01"},
        {"patches missing", "88 00 01 02 03"},
        {"too many patches", "88 00 01 02 03 21"},
        {"patch index out of the block", "88 00 01 02 03 01 03 00"},
        {"patches with width 64",
         "c0 00"
         "0102030405060708 0102030405060708 0102030405060708"
         "00"},
    };
    for (const auto& [name, hex] : cases) {
        const std::string bytes = from_hex(hex).value();
        Reader in(as_bytes(bytes));
        std::vector<std::int64_t> values(3);
        EXPECT_FALSE(take_blocks(in, values)) << name;
    }
}

TEST(Bits, ComeBackInOrder) {
    std::mt19937_64 random(2);
    std::vector<std::pair<std::uint64_t, unsigned>> written;
    std::string bytes;
    codec::BitSink out(bytes);
    for (int index = 0; index < 5000; ++index) {
        const unsigned width = static_cast<unsigned>(random() % 65);
        const std::uint64_t value = width == 0 ? 0 : random() >> (64 - width);
        out.put(value, width);
        written.emplace_back(value, width);
    }
    out.finish();
    BitReader in(as_bytes(bytes));
    for (const auto& [value, width] : written) ASSERT_EQ(in.take(width), value) << width;
    EXPECT_FALSE(in.is_short());
    in.take(9);
    EXPECT_TRUE(in.is_short());
}

TEST(Integers, RunsThatDoNotFillTheColumnAreRefused) {
    // Four runs of 25: lengths less one, then 4, 900, 4, 900.
    std::string bytes = from_hex("04").value();
    put_blocks(bytes, std::vector<std::int64_t>{24, 24, 24, 24});
    put_blocks(bytes, std::vector<std::int64_t>{4, 900, 4, 900});
    const auto runs = static_cast<std::uint8_t>(IntegerEncoding::runs);
    for (const std::size_t count : {99u, 101u, 50u, 1u, 100u}) {
        std::vector<std::int64_t> back(count);
        Reader in(as_bytes(bytes));
        EXPECT_EQ(take_integers(runs, in, back).has_value(), count == 100) << count;
    }
    std::vector<std::int64_t> values(100);
    Reader in(as_bytes(bytes));
    EXPECT_EQ(take_integers(4, in, values).error().code, Code::unsupported);
}

}  // namespace
}  // namespace lineshaft::history
