#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>
#include <map>
#include <random>

#include "history/codec/bits.h"
#include "history/codec/decimals.h"
#include "history/codec/doubles.h"
#include "history/codec/kernels.h"
#include "history/codec/numbers.h"

namespace lineshaft::history::codec {
namespace {

using Integers = std::vector<std::int64_t>;

std::string put(const Integers& values) {
    Numbers numbers;
    std::string bytes;
    numbers.put(bytes, values);
    return bytes;
}

Result<Integers> take(const std::string& bytes, std::size_t count) {
    Numbers numbers;
    Integers values(count);
    Reader in(as_bytes(bytes));
    TRY_VOID(numbers.take(in, values));
    if (!in.at_end()) return fail(Code::invalid, "bytes left over");
    return values;
}

Coder coder_of(const std::string& bytes) {
    return static_cast<Coder>(bytes[0] & 7);
}
Change change_of(const std::string& bytes) {
    return static_cast<Change>(bytes[0] >> 3 & 3);
}

Integers made(std::size_t count, auto value) {
    Integers values;
    for (std::size_t index = 0; index < count; ++index) {
        values.push_back(static_cast<std::int64_t>(value(index)));
    }
    return values;
}

double entropy_bytes(const Integers& values) {
    std::map<std::int64_t, double> counts;
    for (const std::int64_t value : values) ++counts[value];
    double bits = 0;
    for (const auto& [value, count] : counts) {
        bits += count * std::log2(static_cast<double>(values.size()) / count);
    }
    return bits / 8;
}

TEST(Lanes, EveryWidthComesBack) {
    std::mt19937_64 random(1);
    for (unsigned width = 1; width <= 64; ++width) {
        Integers values(lane_block);
        const auto base = static_cast<std::int64_t>(random());
        for (auto& value : values) {
            value = wrapped_plus(base, static_cast<std::int64_t>(random() >> (64 - width)));
        }
        std::string packed(lane_block / 8 * width, '\xee');
        pack_lanes(std::span<const std::int64_t, lane_block>(values), base, width,
                   reinterpret_cast<std::byte*>(packed.data()));
        Integers back(lane_block);
        unpack_lanes(as_bytes(packed).data(), base, width, back.data());
        ASSERT_EQ(back, values) << width;
    }
}

TEST(Numbers, ChooseWhatSuitsThem) {
    std::mt19937_64 random(2);
    std::normal_distribution<double> normal;
    std::int64_t walk = 0;
    double level = 0;
    struct Case {
        const char* name;
        Integers values;
        Coder coder;
        Change change;
        double bytes_max;  // per number
    };
    const Case cases[] = {
        {"all the same", made(5'000, [](auto) { return -7; }), Coder::constant, Change::none,
         0.001},
        {"a ramp", made(5'000, [](auto i) { return 100 + 17 * i; }), Coder::constant, Change::steps,
         0.003},
        {"a fall from the sky", made(5'000, [](auto i) { return i * i; }), Coder::binned,
         Change::steps_of_steps, 0.005},
        {"even noise", made(4'096, [&](auto) { return random() % 1024; }), Coder::packed,
         Change::none, 1.26},
        {"any bits", made(4'096, [&](auto) { return random(); }), Coder::packed, Change::none,
         8.02},
        {"a noisy level", made(8'192, [&](auto) { return 20 * normal(random); }), Coder::binned,
         Change::none, 0.82},
        {"a walk", made(8'192, [&](auto) { return walk += std::lround(20 * normal(random)); }),
         Coder::binned, Change::steps, 0.82},
        {"noise over a wandering level",
         made(8'192,
              [&](auto) { return 1e4 + (level += 3 * normal(random)) + 20 * normal(random); }),
         Coder::binned, Change::predicted, 0.90},
        {"long runs", made(8'192, [](auto i) { return i / 700 % 3; }), Coder::runs, Change::none,
         0.004},
        {"cents", made(4'096, [&](auto) { return 7 + 2500 * (random() % 256); }), Coder::packed,
         Change::none, 1.01},
        {"a cycle that comes again",
         made(8'192, [&](auto i) { return i % 500 * (i % 500) % 7919; }), Coder::squeezed,
         Change::none, 0.4},
        {"a short column with an outlier",
         made(100, [&](auto i) { return i == 60 ? 1 << 30 : random() % 4; }), Coder::patched,
         Change::none, 0.4},
    };
    for (const auto& [name, values, coder, change, bytes_max] : cases) {
        const std::string bytes = put(values);
        const auto back = take(bytes, values.size());
        ASSERT_TRUE(back) << name << ": " << back.error().context;
        EXPECT_EQ(*back, values) << name;
        EXPECT_EQ(coder_of(bytes), coder) << name;
        if (coder != Coder::squeezed && coder != Coder::patched) {
            EXPECT_EQ(change_of(bytes), change) << name;
        }
        EXPECT_LE(static_cast<double>(bytes.size()) / static_cast<double>(values.size()), bytes_max)
            << name;
    }
}

TEST(Numbers, BinsComeNearTheEntropy) {
    std::mt19937_64 random(3);
    std::normal_distribution<double> normal;
    std::geometric_distribution<int> geometric(0.3);
    const Integers cases[] = {
        made(20'000, [&](auto) { return std::lround(3 * normal(random)); }),
        made(20'000, [&](auto) { return geometric(random); }),
        made(20'000, [&](auto) { return random() % 10 == 0 ? 100 + random() % 32 : 0; }),
    };
    for (const Integers& values : cases) {
        EXPECT_LE(static_cast<double>(put(values).size()), entropy_bytes(values) * 1.02 + 80);
    }
}

TEST(Numbers, AMachineThatRestsAndRunsHasTwoTables) {
    std::mt19937_64 random(4);
    const Integers values =
        made(16'384, [&](auto i) { return i / 1500 % 2 == 0 ? 0 : random() % 4096; });
    const std::string bytes = put(values);
    EXPECT_EQ(coder_of(bytes), Coder::binned);
    EXPECT_LE(bytes.size(), 8'384 * 12 / 8 + 600u);
    EXPECT_EQ(take(bytes, values.size()).value(), values);
}

TEST(Numbers, WhateverTheyAreTheyComeBack) {
    const bool holds = rc::check("any integers", [] {
        const auto values = *rc::gen::nonEmpty(rc::gen::arbitrary<Integers>());
        RC_ASSERT(take(put(values), values.size()).value() == values);
    });
    EXPECT_TRUE(holds);
    std::mt19937_64 random(5);
    for (int round = 0; round < 600; ++round) {
        const std::size_t count = 1 + random() % (round % 10 == 0 ? 9'000 : 400);
        const unsigned width = static_cast<unsigned>(random() % 65);
        const unsigned rare = static_cast<unsigned>(1 + random() % 65);
        Integers values(count);
        std::int64_t sum = 0;
        for (auto& value : values) {
            const auto bits = [&](unsigned most) {
                return most == 0 ? 0 : random() >> (64 - most);
            };
            value = static_cast<std::int64_t>(random() % 20 == 0 ? bits(std::min(64u, rare))
                                                                 : bits(width));
            if (round % 3 == 1) value = sum = wrapped_plus(sum, value);
            if (round % 3 == 2)
                value = static_cast<std::int64_t>(static_cast<std::uint64_t>(value) * 250);
        }
        ASSERT_EQ(take(put(values), count).value(), values) << round;
    }
}

TEST(Numbers, RefuseNonsense) {
    struct Case {
        const char* name;
        const char* hex;
        std::size_t count;
        Code code = Code::invalid;
    };
    const Case cases[] = {
        {"nothing", "", 3},
        {"a coder of later", "06 00", 3, Code::unsupported},
        {"a head of later", "40 00", 3, Code::unsupported},
        {"steps of one number", "08 00 00", 1},
        {"predicted by nobody", "18 00 00 00", 300},
        {"predicted by too many", "18 00 09 00", 300},
        {"predictor cut", "18 00 02 0010", 300},
        {"packed: width over 64", "01 41 00", 3},
        {"packed: cut", "01 08 00 01", 3},
        {"binned: head", "02 47 00 00", 40},
        {"binned: no states", "02 00 00 00 01", 40},
        {"binned: too many states", "02 0d 00 00 01", 40},
        {"binned: no bins", "02 05 00 00 00", 40},
        {"binned: more bins than states", "02 01 00 00 03 000000000000000000", 40},
        {"binned: weights", "02 05 00 00 02 000000000000 00 00", 40},
        {"binned: lower over 64 bits", "02 05 00 41 01 00", 40},
        {"binned: width over 64", "02 05 00 00 01 41 00 00", 40},
        {"binned: places short", "02 05 00 00 01 08 00 02 0102", 40},
        {"runs: none", "03 00", 3},
        {"runs: more than numbers", "03 04 00 00 00 00", 3},
        {"runs: too short", "03 01 00 02 00 02", 3},
        {"runs: too long", "03 01 00 06 00 02", 3},
        {"squeezed: three bytes", "04 03 00", 3},
        {"squeezed: no frame", "04 01 02 0000", 3},
    };
    for (const auto& [name, hex, count, code] : cases) {
        const auto got = take(from_hex(hex).value(), count);
        ASSERT_FALSE(got) << name;
        EXPECT_EQ(got.error().code, code) << name;
    }
}

TEST(Numbers, RunsInRunsEnd) {
    std::string bytes;
    for (int depth = 0; depth < 12; ++depth) bytes += from_hex("0303").value();
    bytes.append(64, '\0');
    EXPECT_FALSE(take(bytes, 3));
}

std::vector<std::uint64_t> bits_of(const std::vector<double>& values) {
    std::vector<std::uint64_t> bits;
    for (const double value : values) bits.push_back(std::bit_cast<std::uint64_t>(value));
    return bits;
}

std::string round_trip(const std::vector<std::uint64_t>& bits) {
    Numbers numbers;
    Doubles doubles(numbers);
    std::string bytes;
    doubles.put(bytes, bits);
    std::vector<std::uint64_t> back(bits.size());
    Reader in(as_bytes(bytes));
    const auto taken = doubles.take(in, back);
    EXPECT_TRUE(taken) << taken.error().context;
    EXPECT_TRUE(in.at_end());
    EXPECT_EQ(back, bits);
    return bytes;
}

TEST(Doubles, ADecimalOffByARoundingErrorCostsLittle) {
    std::mt19937_64 random(6);
    std::vector<double> exact;
    std::vector<double> off;
    for (int index = 0; index < 8'192; ++index) {
        const double value = static_cast<double>(random() % 1'000'000) / 1e4;
        exact.push_back(value);
        off.push_back(random() % 20 == 0 ? std::nextafter(value, 1e9) : value);
    }
    const double plain = static_cast<double>(round_trip(bits_of(exact)).size()) / 8'192;
    const double mended = static_cast<double>(round_trip(bits_of(off)).size()) / 8'192;
    EXPECT_LE(plain, 2.53);
    EXPECT_LE(mended - plain, 0.05);
}

TEST(Doubles, FewValuesAreADictionary) {
    std::mt19937_64 random(7);
    std::vector<double> values;
    const double levels[] = {-0.273216, 0.054711, 0.382638, 1.03849, 5.0 / 3};
    for (int index = 0; index < 4'096; ++index) values.push_back(levels[random() % 5]);
    const std::string bytes = round_trip(bits_of(values));
    EXPECT_EQ(static_cast<Form>(bytes[0]), Form::dictionary);
    EXPECT_LE(bytes.size(), 4'096 * 2.4 / 8 + 100);
}

TEST(Doubles, EveryOddOneComesBack) {
    const std::uint64_t odd[] = {0,
                                 0x8000000000000000,  // -0
                                 0x7ff0000000000000,  // infinities
                                 0xfff0000000000000,
                                 0x7ff8000000000000,  // NaN, signalling NaN, NaN with a payload
                                 0x7ff0000000000001,
                                 0xfff8dead0000beef,
                                 1,  // smallest and largest
                                 0x000fffffffffffff,
                                 0x7fefffffffffffff,
                                 0xffefffffffffffff,
                                 0x4340000000000000,  // 2^53 and neighbours
                                 0x4340000000000001,
                                 0xc340000000000000,
                                 0x4320000000000000,  // 2^51
                                 0x4320000000000001};
    for (const std::uint64_t one : odd) {
        round_trip({one});
        for (const std::uint64_t other : odd) round_trip({one, other, one});
    }
    std::mt19937_64 random(8);
    for (int round = 0; round < 300; ++round) {
        std::vector<std::uint64_t> bits(1 + random() % 500);
        for (auto& one : bits) {
            one = random() % 8 == 0 ? odd[random() % std::size(odd)]
                                    : std::bit_cast<std::uint64_t>(
                                          static_cast<double>(random() % 100'000) /
                                          powers_of_ten[static_cast<std::size_t>(round) % 19]);
        }
        round_trip(bits);
    }
}

TEST(Doubles, RefuseNonsense) {
    struct Case {
        const char* name;
        const char* hex;
        Code code = Code::invalid;
    };
    const Case cases[] = {
        {"nothing", ""},
        {"a form of later", "04", Code::unsupported},
        {"constant: cut", "00 01020304"},
        {"decimal: exponent over 18", "01 13 00 00"},
        {"decimal: head of later", "01 80 00 00"},
        {"decimal: misses missing", "01 42 00 00"},
        {"dictionary: empty", "02 00"},
        {"dictionary: more values than doubles", "02 04 01 00 00 00"},
        {"dictionary in a dictionary", "02 01 02 01 01 00 00 00 00 00"},
        {"dictionary: rank", "02 01 01 00 00 02 00 02"},
    };
    for (const auto& [name, hex, code] : cases) {
        Numbers numbers;
        Doubles doubles(numbers);
        std::vector<std::uint64_t> bits(3);
        const std::string bytes = from_hex(hex).value();
        Reader in(as_bytes(bytes));
        const auto taken = doubles.take(in, bits);
        ASSERT_FALSE(taken) << name;
        EXPECT_EQ(taken.error().code, code) << name;
    }
}

}  // namespace
}  // namespace lineshaft::history::codec
