#include "wire/remote_write/request.h"

#include <gtest/gtest.h>
#include <snappy.h>

#include <array>
#include <bit>
#include <cmath>
#include <random>

#include "remote.pb.h"
#include "wire/remote_write/block.h"

namespace lineshaft::remote_write {
namespace {

struct Read {
    std::vector<TimeSeries> series;
    Skipped skipped;
    std::optional<Error> failed;
};

Read read(std::string_view request, const Limits& limits = {}) {
    Read out;
    RequestReader reader(as_bytes(request), limits);
    for (;;) {
        const auto more = reader.next();
        if (!more) out.failed = more.error();
        if (!more || !*more) break;
        out.series.push_back(reader.series());
    }
    out.skipped = reader.skipped();
    return out;
}

// The same in steps, the labels left out where their bytes say enough.
Read read_in_steps(std::string_view request, std::size_t& by_bytes) {
    Read out;
    RequestReader reader(as_bytes(request));
    for (;;) {
        const auto more = reader.step();
        if (!more) out.failed = more.error();
        if (!more || !*more) break;
        const auto samples = reader.read_samples();
        if (samples && *samples) {
            ++by_bytes;
        } else {
            const auto all = reader.read();
            if (!all) out.failed = all.error();
            if (!all) break;
            EXPECT_TRUE(reader.has_more_labels() || !samples);
        }
        out.series.push_back(reader.series());
    }
    out.skipped = reader.skipped();
    return out;
}

TEST(Request, StepsGiveTheSameSamples) {
    std::mt19937_64 dice(9);
    std::size_t by_bytes = 0;
    for (int round = 0; round < 2'000; ++round) {
        // Labels, samples and unknown fields in any order, as protobuf allows.
        std::string request;
        for (std::size_t all = dice() % 4; all > 0; --all) {
            std::string series;
            for (std::size_t parts = dice() % 6; parts > 0; --parts) {
                prometheus::TimeSeries part;
                const auto kind = dice() % 5;
                if (kind < 2) {
                    part.add_labels()->set_name("a");
                } else if (kind < 4) {
                    part.add_samples()->set_timestamp(static_cast<std::int64_t>(dice()) >> 9);
                } else {
                    part.add_exemplars()->set_value(1);
                }
                series += part.SerializeAsString();
            }
            Writer write(request);
            write.put_le(std::uint8_t{0x0a});
            write.put_varint(series.size());
            write.put(series);
        }
        if (dice() % 4 == 0) request.resize(dice() % (request.size() + 1));
        const Read whole = read(request);
        const Read steps = read_in_steps(request, by_bytes);
        EXPECT_EQ(whole.failed.has_value(), steps.failed.has_value());
        ASSERT_EQ(whole.series.size(), steps.series.size());
        for (std::size_t index = 0; index < whole.series.size(); ++index)
            EXPECT_EQ(whole.series[index].samples, steps.series[index].samples);
        if (!whole.failed) {
            EXPECT_EQ(whole.skipped, steps.skipped);
        }
    }
    EXPECT_GT(by_bytes, 1'000U);
}

TEST(Request, LabelBytesAreWhatASeriesBeginsWith) {
    prometheus::WriteRequest request;
    auto* series = request.add_timeseries();
    series->add_labels()->set_name("a");
    series->add_labels()->set_name("b");
    series->add_samples()->set_value(1);
    const std::string bytes = request.SerializeAsString();
    RequestReader reader(as_bytes(bytes));
    ASSERT_TRUE(*reader.step());
    EXPECT_EQ(to_hex(reader.label_bytes()), "0a030a01610a030a0162");
    ASSERT_TRUE(reader.read().has_value());
    EXPECT_FALSE(reader.has_more_labels());
    // Another label behind the sample: the bytes in front are another series' too.
    std::string more = bytes + std::string("\x0a\x03\x0a\x01\x63", 5);
    more[1] = static_cast<char>(more[1] + 5);
    RequestReader second(as_bytes(more));
    ASSERT_TRUE(*second.step());
    EXPECT_EQ(to_hex(second.label_bytes()), to_hex(reader.label_bytes()));
    EXPECT_FALSE(*second.read_samples());
    ASSERT_TRUE(second.read().has_value());
    EXPECT_TRUE(second.has_more_labels());
    EXPECT_EQ(second.series().labels.size(), 3U);
}

// Series with labels of several lengths; one with a shorter time, one with two samples.
std::string odd_series(int count, int shorter, int twice) {
    prometheus::WriteRequest request;
    for (int index = 0; index < count; ++index) {
        auto* series = request.add_timeseries();
        auto* label = series->add_labels();
        label->set_name("n" + std::string(static_cast<std::size_t>(index % 3) * 70, 'x'));
        label->set_value("v");
        for (int samples = index == twice ? 2 : 1; samples > 0; --samples) {
            auto* sample = series->add_samples();
            sample->set_value(1.5 + index);
            sample->set_timestamp(index == shorter ? 1 : 1'000'000 + index);
        }
    }
    return request.SerializeAsString();
}

TEST(Request, StepsOverWhatLooksLikeTheSeriesBefore) {
    const std::string bytes = odd_series(40, 11, 20);
    RequestReader walks(as_bytes(bytes)), reader(as_bytes(bytes));
    std::array<RequestReader::Plain, 8> room;
    EXPECT_EQ(reader.step_over(room), 0U) << "nothing was read before";
    std::vector<std::size_t> counts;
    int wrong = 0;
    for (bool is_more = true; is_more;) {
        const std::size_t count = reader.step_over(room);
        counts.push_back(count);
        for (const auto& plain : std::span(room).first(count)) {
            ASSERT_TRUE(*walks.step());
            const bool is_right = to_hex(plain.labels()) == to_hex(walks.label_bytes());
            wrong += is_right ? 0 : 1;  // a sample is no label, which who knows labels will see
            ASSERT_TRUE(*walks.read_samples());
            if (is_right) {
                EXPECT_EQ(std::vector<Sample>{plain.sample}, walks.series().samples);
            }
            reader.go_back(plain.message);
            ASSERT_TRUE(*reader.read_samples());
            EXPECT_EQ(reader.series().samples, walks.series().samples);
        }
        if (count > 0) continue;
        is_more = *reader.step();
        ASSERT_EQ(*walks.step(), is_more);
        if (!is_more) break;
        ASSERT_TRUE(*walks.read_samples());
        ASSERT_TRUE(*reader.read_samples());
        EXPECT_EQ(reader.series().samples, walks.series().samples);
    }
    EXPECT_EQ(counts, (std::vector<std::size_t>{0, 8, 2, 0, 0, 8, 0, 8, 8, 2, 0}));
    EXPECT_EQ(wrong, 1);
}

TEST(Request, StepsOverNoMoreThanItsLimit) {
    const std::string bytes = odd_series(10, -1, -1);
    std::array<RequestReader::Plain, 16> room;
    for (const std::size_t most : {4u, 9u, 10u}) {
        RequestReader reader(as_bytes(bytes), {.series_max = most});
        ASSERT_TRUE(*reader.step());
        ASSERT_FALSE(reader.label_bytes().empty());
        EXPECT_EQ(reader.step_over(room), most - 1);
        const auto more = reader.step();
        if (most == 10) {
            EXPECT_FALSE(*more);
        } else {
            EXPECT_EQ(more.error().code, Code::exhausted);
        }
    }
    for (std::size_t size = 0; size < bytes.size(); ++size) {  // cut anywhere
        RequestReader reader(as_bytes(bytes).first(size));
        const auto first = reader.step();
        if (!first || !*first || reader.label_bytes().empty()) continue;
        std::size_t count = reader.step_over(room);
        for (auto more = reader.step(); more && *more; more = reader.step()) ++count;
        EXPECT_LT(count, 9U) << size;
    }
}

// The bytes of the specification's own shape, written out: one series {__name__="up"} 1 @1000.
TEST(Request, ReadsGoldenBytes) {
    const auto bytes =
        from_hex("0a1e 0a0e 0a085f5f6e616d655f5f 12027570 120c 09000000000000f03f 10e807");
    ASSERT_TRUE(bytes.has_value());
    const Read got = read(*bytes);
    ASSERT_FALSE(got.failed) << got.failed->context;
    ASSERT_EQ(got.series.size(), 1U);
    EXPECT_EQ(got.series[0].labels, (std::vector<Label>{{"__name__", "up"}}));
    EXPECT_EQ(got.series[0].samples, (std::vector<Sample>{{1.0, 1000}}));
    EXPECT_EQ(got.series[0].label("__name__"), "up");
    EXPECT_EQ(got.series[0].label("job"), "");
}

TEST(Request, AgreesWithProtobuf) {
    std::mt19937_64 dice(5);
    const auto word = [&] {
        std::string text;
        for (std::size_t left = dice() % 12; left > 0; --left) text += "abc_\xc3\xa9"[dice() % 4];
        return text;
    };
    for (int round = 0; round < 3'000; ++round) {
        prometheus::WriteRequest request;
        Skipped skipped;
        for (std::size_t all = dice() % 4; all > 0; --all) {
            auto* series = request.add_timeseries();
            for (std::size_t labels = dice() % 5; labels > 0; --labels) {
                auto* label = series->add_labels();
                label->set_name(word());
                label->set_value(word());
            }
            for (std::size_t samples = dice() % 4; samples > 0; --samples) {
                auto* sample = series->add_samples();
                sample->set_value(static_cast<double>(dice() % 1000) / 8);
                sample->set_timestamp(std::bit_cast<std::int64_t>(dice()) >> (dice() % 60));
            }
            if (dice() % 3 == 0) series->add_exemplars()->set_value(7), ++skipped.exemplars;
            if (dice() % 3 == 0) series->add_histograms()->set_sum(7), ++skipped.histograms;
        }
        if (dice() % 2 == 0) request.add_metadata()->set_help(word()), ++skipped.metadata;
        const std::string bytes = request.SerializeAsString();
        const Read got = read(bytes);
        ASSERT_FALSE(got.failed) << got.failed->context;
        EXPECT_EQ(got.skipped, skipped);
        ASSERT_EQ(got.series.size(), static_cast<std::size_t>(request.timeseries_size()));
        for (int index = 0; index < request.timeseries_size(); ++index) {
            const auto& want = request.timeseries(index);
            const TimeSeries& have = got.series[static_cast<std::size_t>(index)];
            ASSERT_EQ(have.labels.size(), static_cast<std::size_t>(want.labels_size()));
            for (int at = 0; at < want.labels_size(); ++at) {
                EXPECT_EQ(have.labels[static_cast<std::size_t>(at)].name, want.labels(at).name());
                EXPECT_EQ(have.labels[static_cast<std::size_t>(at)].value, want.labels(at).value());
            }
            ASSERT_EQ(have.samples.size(), static_cast<std::size_t>(want.samples_size()));
            for (int at = 0; at < want.samples_size(); ++at) {
                EXPECT_EQ(have.samples[static_cast<std::size_t>(at)].value,
                          want.samples(at).value());
                EXPECT_EQ(have.samples[static_cast<std::size_t>(at)].millis,
                          want.samples(at).timestamp());
            }
        }
        // Cut anywhere: a prefix reads as some of the same, or fails; it never crashes.
        const Read cut = read(std::string_view(bytes).substr(0, dice() % (bytes.size() + 1)));
        EXPECT_LE(cut.series.size(), got.series.size());
    }
}

TEST(Request, RefusesWhatIsDamaged) {
    for (const auto hex :
         {"0a", "0a05", "0a02 0a05", "0b", "0a04 0a02 0a01", "0a0a 1208 0900000000",
          "ffffffffffffffffffffff", "0a06 0a04 0a02 c328"}) {
        const auto bytes = from_hex(hex);
        ASSERT_TRUE(bytes.has_value()) << hex;
        const Read got = read(*bytes);
        ASSERT_TRUE(got.failed.has_value()) << hex;
        EXPECT_EQ(got.failed->code, Code::invalid) << hex;
    }
}

TEST(Request, HoldsItsLimits) {
    prometheus::WriteRequest request;
    for (int index = 0; index < 2; ++index) {
        auto* series = request.add_timeseries();
        for (int count = 0; count < 3; ++count) {
            series->add_labels()->set_name("a");
            series->add_samples()->set_value(1);
        }
    }
    const std::string bytes = request.SerializeAsString();
    EXPECT_FALSE(read(bytes, {.labels_max = 3, .samples_max = 3, .series_max = 2}).failed);
    for (const Limits limits : {Limits{2, 3, 2}, Limits{3, 2, 2}, Limits{3, 3, 1}}) {
        const Read got = read(bytes, limits);
        ASSERT_TRUE(got.failed.has_value());
        EXPECT_EQ(got.failed->code, Code::exhausted);
    }
}

TEST(Request, KnowsTheStaleMark) {
    EXPECT_TRUE(is_stale_mark(std::bit_cast<double>(stale_bits)));
    EXPECT_FALSE(is_stale_mark(std::nan("")));
    EXPECT_FALSE(is_stale_mark(0));
}

TEST(Block, UnpacksWithinItsLimit) {
    const std::string text(1000, 'x');
    std::string packed;
    snappy::Compress(text.data(), text.size(), &packed);
    EXPECT_EQ(*unpack(as_bytes(packed), 1000), text);
    EXPECT_EQ(unpack(as_bytes(packed), 999).error().code, Code::exhausted);
    packed.clear();
    snappy::Compress("", 0, &packed);
    EXPECT_EQ(*unpack(as_bytes(packed), 0), "");
}

TEST(Block, UsesTheRoomItIsLent) {
    const std::string text(1000, 'x');
    std::string packed;
    snappy::Compress(text.data(), text.size(), &packed);
    for (const std::size_t size : {0, 10, 999, 1000, 5000}) {
        std::string room(size, 'r');
        const char* const at = room.data();
        const auto unpacked = unpack(as_bytes(packed), 1000, std::move(room));
        ASSERT_TRUE(unpacked);
        EXPECT_EQ(*unpacked, text) << size;
        EXPECT_EQ(unpacked->data() == at, size >= 1000) << size;
    }
}

TEST(Block, RefusesWhatIsDamaged) {
    std::string packed;
    snappy::Compress("hello hello hello hello hello", 29, &packed);
    for (std::size_t size = 0; size < packed.size(); ++size)
        EXPECT_EQ(unpack(as_bytes(packed).first(size), 100).error().code, Code::invalid) << size;
    // Says 64 MB in five bytes.
    const auto bomb = from_hex("8080 8020 00");
    EXPECT_EQ(unpack(as_bytes(*bomb), 1 << 30).error().code, Code::invalid);
    EXPECT_EQ(unpack(as_bytes(*bomb), 1 << 20).error().code, Code::exhausted);
}

// Text as snappy likes it: repeats from near and far, of any length, between noise.
std::string text_of(std::mt19937_64& dice, std::size_t size) {
    std::string text;
    while (text.size() < size) {
        std::size_t length = 1 + dice() % 100;
        const std::size_t far = std::min<std::size_t>(text.size(), 1 + dice() % 70'000);
        const std::size_t offset =
            far == 0 ? 0 : 1 + dice() % (dice() % 2 == 0 ? far : std::min<std::size_t>(far, 80));
        const bool is_noise = offset == 0 || dice() % 3 == 0;
        while (length-- > 0)
            text += is_noise ? static_cast<char>(dice()) : text[text.size() - offset];
    }
    return text;
}

TEST(Block, UnpacksAsTheLibraryDoes) {
    std::mt19937_64 dice(20261122);
    constexpr std::size_t bytes_max = 1 << 20;
    std::size_t damaged = 0;
    for (int round = 0; round < 3'000; ++round) {
        const std::string text = text_of(dice, dice() % (round % 100 == 0 ? 200'000 : 700));
        std::string packed;
        snappy::Compress(text.data(), text.size(), &packed);
        ASSERT_EQ(unpack(as_bytes(packed), bytes_max).value(), text) << round;
        for (int change = 0; change < 4; ++change) {
            std::string changed = packed;
            for (std::size_t left = 1 + dice() % 3; left > 0; --left)
                changed[dice() % changed.size()] = static_cast<char>(dice());
            if (dice() % 8 == 0) changed.resize(dice() % (changed.size() + 1));
            std::size_t size = 0;
            std::string theirs;
            const bool is_good =
                snappy::GetUncompressedLength(changed.data(), changed.size(), &size) &&
                size <= bytes_max && snappy::Uncompress(changed.data(), changed.size(), &theirs);
            const auto ours = unpack(as_bytes(changed), bytes_max);
            ASSERT_EQ(ours.has_value(), is_good) << round;
            if (is_good) {
                ASSERT_EQ(*ours, theirs) << round;
            }
            damaged += is_good ? 0 : 1;
        }
    }
    EXPECT_GT(damaged, 1'000u);
}

// Offsets of four bytes and literals whose size takes one to four bytes: others' encoders write
// them, the library's does not.
TEST(Block, KnowsEveryElement) {
    const std::string abc = "abcdefgh";
    for (const std::string_view size_bytes :
         {std::string_view("\xf0\x07", 2), std::string_view("\xf4\x07\x00", 3),
          std::string_view("\xf8\x07\x00\x00", 4), std::string_view("\xfc\x07\x00\x00\x00", 5)}) {
        std::string packed = "\x10" + std::string(size_bytes) + abc;
        packed += std::string_view("\x1f\x08\x00\x00\x00", 5);  // 8 bytes from 8 bytes ago
        EXPECT_EQ(unpack(as_bytes(packed), 100).value(), abc + abc);
        packed.back() = '\x01';  // from far before the beginning
        EXPECT_EQ(unpack(as_bytes(packed), 100).error().code, Code::invalid);
    }
    const auto nothing_ago = from_hex("02 00 61 0200 00");  // a copy from 0 bytes ago
    EXPECT_EQ(unpack(as_bytes(*nothing_ago), 100).error().code, Code::invalid);
}

}  // namespace
}  // namespace lineshaft::remote_write
