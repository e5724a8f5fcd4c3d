#include "history/chunk.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <filesystem>
#include <fstream>

#include "base/hash.h"
#include "history/tests/chunk_samples.h"

namespace lineshaft::history {
namespace {

using testing::make;
using testing::shapes;

std::string encoded(const Columns& columns) {
    ChunkCodec codec;
    std::string bytes;
    codec.encode(columns, 0, columns.size(), bytes);
    return bytes;
}

// A checksum that fits whatever the bytes say now.
std::string resealed(std::string chunk) {
    chunk.resize(chunk.size() - 4);
    Writer(chunk).put_le(static_cast<std::uint32_t>(hash64(chunk)));
    return chunk;
}

TEST(Chunk, ComesBackBitForBit) {
    ChunkCodec codec;
    Columns back;
    std::string bytes;
    for (const auto& shape : shapes()) {
        for (const std::size_t count : {1u, 2u, 3u, 7u, 127u, 128u, 129u, 130u, 600u, 8192u}) {
            for (unsigned cadence = 0; cadence < 4; ++cadence) {
                const Columns columns =
                    make(shape, cadence, count, count * 31 + cadence, cadence % 2 == 0);
                bytes.clear();
                codec.encode(columns, 0, count, bytes);
                const auto header = codec.decode(as_bytes(bytes), back);
                ASSERT_TRUE(header) << shape.name << " " << count << ": " << header.error().context;
                ASSERT_TRUE(same_samples(columns, back))
                    << shape.name << " " << count << " " << cadence;
                EXPECT_EQ(header->count, count);
                EXPECT_EQ(header->first.micros, columns.at.front());
                EXPECT_EQ(header->last.micros, columns.at.back());
                const Statistics want = statistics_of(columns, 0, count);
                ASSERT_EQ(header->numbers.count, want.count);
                const auto& got = header->numbers;
                if (want.count == 0) continue;
                EXPECT_EQ(std::bit_cast<std::uint64_t>(got.min),
                          std::bit_cast<std::uint64_t>(want.min));
                EXPECT_EQ(got.max, want.max);
                EXPECT_EQ(std::bit_cast<std::uint64_t>(got.sum),
                          std::bit_cast<std::uint64_t>(want.sum));
                EXPECT_EQ(got.first, want.first);
                EXPECT_EQ(got.last, want.last);
                EXPECT_EQ(got.first_at, want.first_at);
                EXPECT_EQ(got.last_at, want.last_at);
                ASSERT_TRUE(got.integral);
                EXPECT_EQ(std::bit_cast<std::uint64_t>(*got.integral),
                          std::bit_cast<std::uint64_t>(*want.integral));
            }
        }
    }
}

TEST(Chunk, EncodesAPartAlone) {
    const Columns all = make(shapes()[17], 1, 300, 5);
    Columns part;
    for (std::size_t index = 100; index < 200; ++index) part.push_from(all, index);
    ChunkCodec codec;
    std::string bytes;
    codec.encode(all, 100, 200, bytes);
    EXPECT_EQ(bytes, encoded(part));
}

TEST(Chunk, StatisticsLeaveOutWhatNobodyBelieves) {
    Columns columns;
    columns.push(Sample{Instant{10}, 900.0, Quality::bad});
    columns.push(Sample{Instant{20}, 2.0, Quality::uncertain});
    columns.push(Sample{Instant{30}, std::nan(""), Quality::good});
    columns.push(Sample{Instant{40}, -3.5, Quality::good});
    columns.push(Sample{Instant{50}, 0.0, Quality::missing});
    const auto header = parse_chunk_header(as_bytes(encoded(columns)));
    ASSERT_TRUE(header);
    EXPECT_EQ(header->count, 5u);
    EXPECT_EQ(header->numbers, (Statistics{2, -3.5, 2.0, -1.5, 2.0, -3.5, Instant{20}, Instant{40},
                                           2.0 * 20 / 1e6}));
}

struct Golden {
    const char* name;
    Columns columns;
    const char* hex;
};

Columns columns_of(std::vector<Sample> samples) {
    Columns columns;
    for (const Sample& sample : samples) columns.push(sample);
    return columns;
}

// docs/formats/chunk.md explains the first one byte by byte.
std::vector<Golden> goldens() {
    constexpr std::int64_t noon = 1'764'000'000'000'000;
    return {
#include "history/tests/chunk_golden.inc"
    };
}

TEST(Chunk, GoldenBytes) {
    for (const auto& golden : goldens()) {
        const std::string want = from_hex(golden.hex).value();
        EXPECT_EQ(to_hex(as_bytes(encoded(golden.columns))), to_hex(as_bytes(want))) << golden.name;
        ChunkCodec codec;
        Columns back;
        ASSERT_TRUE(codec.decode(as_bytes(want), back)) << golden.name;
        EXPECT_TRUE(same_samples(back, golden.columns)) << golden.name;
    }
}

std::string bytes_of_file(const char* name) {
    std::ifstream file(std::filesystem::path(HISTORY_TESTS) / name, std::ios::binary);
    EXPECT_TRUE(file) << HISTORY_TESTS << "/" << name;
    return {std::istreambuf_iterator<char>(file), {}};
}

// chunk_v1.golden, chunk_v2.golden: what a version once wrote of every shape, in this order.
TEST(Chunk, WhatWasWrittenOnceIsReadForEver) {
    ChunkCodec codec;
    Columns back;
    for (const bool is_first : {true, false}) {
        const std::string all = bytes_of_file(is_first ? "chunk_v1.golden" : "chunk_v2.golden");
        Reader in(as_bytes(all));
        for (const auto& shape : shapes()) {
            for (const std::size_t count : {1u, 3u, 130u, 600u}) {
                for (unsigned cadence = 0; cadence < 4; ++cadence) {
                    if ((cadence == 1 || cadence == 2) && count != 130) continue;
                    if (cadence == 3 && count == 600) continue;
                    const Bytes chunk = in.take(in.take_varint().value()).value();
                    const Columns columns =
                        make(shape, cadence, count, count * 31 + cadence, cadence % 2 == 0);
                    const auto header = codec.decode(chunk, back);
                    ASSERT_TRUE(header) << shape.name << " " << count << header.error().context;
                    ASSERT_TRUE(same_samples(columns, back)) << shape.name << " " << count;
                    const Statistics want = statistics_of(columns, 0, count);
                    EXPECT_EQ(header->numbers.count, want.count);
                    EXPECT_EQ(std::bit_cast<std::uint64_t>(header->numbers.sum),
                              std::bit_cast<std::uint64_t>(want.count > 0 ? want.sum : 0));
                    EXPECT_EQ(header->numbers.integral.has_value(), !is_first && want.count > 0);
                }
            }
        }
        EXPECT_TRUE(in.at_end());
    }
}

TEST(Chunk, AnOldVersionUnderDamageNeverCrashes) {
    const std::string all = bytes_of_file("chunk_v1.golden");
    Reader in(as_bytes(all));
    std::mt19937_64 random(12);
    ChunkCodec codec;
    Columns back;
    while (!in.at_end()) {
        const std::string chunk(as_text(in.take(in.take_varint().value()).value()));
        for (int round = 0; round < 40; ++round) {
            std::string bad = chunk;
            for (std::uint64_t flips = 1 + random() % 4; flips > 0; --flips) {
                bad[1 + random() % (bad.size() - 5)] = static_cast<char>(random());
            }
            const auto header = codec.decode(as_bytes(resealed(bad)), back);
            if (header) {
                ASSERT_EQ(back.size(), header->count);
            }
        }
    }
}

// Any doubles, integers, instants, marks and texts whatever come back.
TEST(Chunk, WhateverItIsComesBack) {
    ChunkCodec codec;
    Columns back;
    const bool holds = rc::check("a chunk of anything", [&] {
        const auto kind = static_cast<Kind>(*rc::gen::inRange(0, 4));
        const std::size_t count = *rc::gen::inRange<std::size_t>(1, 700);
        const auto mode = *rc::gen::inRange(0, 6);
        const auto random = *rc::gen::container<std::vector<std::int64_t>>(
            count, rc::gen::arbitrary<std::int64_t>());
        std::mt19937_64 dice(static_cast<std::uint64_t>(random[0]));
        Columns columns;
        std::int64_t at = random[0] / 4;
        for (std::size_t index = 0; index < count; ++index) {
            std::uint64_t bits = static_cast<std::uint64_t>(random[index]);
            switch (mode) {
                case 0: break;
                case 1: bits = dice(); break;
                case 2: bits = dice() >> dice() % 64; break;
                case 3: bits = std::bit_cast<std::uint64_t>(double(dice() % 10'000) / 100); break;
                case 4: bits = dice() % 50 == 0 ? dice() : 7; break;
                default: bits = std::bit_cast<std::uint64_t>(float(dice() % 1'000) / 10.0); break;
            }
            const Mark mark(kind, static_cast<Quality>(mode % 2 == 0 ? 0 : dice() % 8 / 5));
            if (kind == Kind::text) {
                bits = columns.add_text(std::string(bits % 20, char('a' + bits % 26)));
            }
            columns.push(at, kind == Kind::boolean ? bits & 1 : bits, mark);
            at += mode < 3 ? 1 + static_cast<std::int64_t>(dice() % (1u << dice() % 30)) : 250'000;
        }
        std::string bytes;
        codec.encode(columns, 0, columns.size(), bytes);
        const auto header = codec.decode(as_bytes(bytes), back);
        RC_ASSERT(header.has_value());
        RC_ASSERT(same_samples(columns, back));
    });
    EXPECT_TRUE(holds);
}

TEST(Chunk, EveryFlippedBitIsNoticed) {
    std::string bytes = encoded(make(shapes()[2], 1, 200, 9));
    ChunkCodec codec;
    Columns back;
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << bit % 8);
        const auto header = codec.decode(as_bytes(bytes), back);
        ASSERT_FALSE(header);
        EXPECT_EQ(header.error().code, Code::corrupt);
        bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << bit % 8);
    }
    EXPECT_TRUE(codec.decode(as_bytes(bytes), back));
}

TEST(Chunk, EveryCutIsNoticed) {
    const std::string bytes = encoded(make(shapes()[17], 3, 90, 9, false));
    for (std::size_t length = 0; length < bytes.size(); ++length) {
        EXPECT_FALSE(parse_chunk_header(as_bytes(std::string_view(bytes).substr(0, length))));
    }
}

// With a checksum that fits, the decoders themselves stand before every nonsense.
TEST(Chunk, DamageUnderAGoodChecksumNeverCrashes) {
    std::mt19937_64 random(11);
    ChunkCodec codec;
    Columns back;
    for (const auto& shape : shapes()) {
        const std::string bytes = encoded(make(shape, 2, 300, 3, false));
        for (int round = 0; round < 400; ++round) {
            std::string bad = bytes;
            for (std::uint64_t flips = 1 + random() % 4; flips > 0; --flips) {
                bad[random() % (bad.size() - 4)] = static_cast<char>(random());
            }
            const auto header = codec.decode(as_bytes(resealed(bad)), back);
            if (!header) {
                EXPECT_TRUE(header.error().code == Code::corrupt ||
                            header.error().code == Code::unsupported);
                continue;
            }
            ASSERT_EQ(back.size(), header->count);
            EXPECT_TRUE(std::is_sorted(back.at.begin(), back.at.end()));
        }
    }
}

TEST(Chunk, ALaterVersionIsUnsupportedNotDamaged) {
    std::string bytes = encoded(make(shapes()[0], 0, 10, 1));
    bytes[0] = 3;
    EXPECT_EQ(parse_chunk_header(as_bytes(resealed(bytes))).error().code, Code::unsupported);
    bytes[0] = 2;
    bytes[2] = 0x40;
    EXPECT_EQ(parse_chunk_header(as_bytes(resealed(bytes))).error().code, Code::unsupported);
}

TEST(Chunk, TheLargestCount) {
    const Columns columns = make(shapes()[11], 0, chunk_count_max, 1);
    Columns back;
    ChunkCodec codec;
    ASSERT_TRUE(codec.decode(as_bytes(encoded(columns)), back));
    EXPECT_TRUE(same_samples(columns, back));
}

}  // namespace
}  // namespace lineshaft::history
