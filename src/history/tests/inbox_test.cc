#include "history/inbox.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "history/dictionary.h"
#include "history/keys.h"
#include "history/tests/chunk_samples.h"

namespace lineshaft::history {
namespace {

using namespace std::chrono_literals;

std::string record_of(const Columns& samples, std::uint64_t ticket) {
    InboxWriter writer;
    for (std::size_t index = 0; index < samples.size(); ++index) {
        const bool is_text = samples.mark[index].kind() == Kind::text;
        writer.add(SeriesId(7 + index % 3), samples.at[index], samples.mark[index],
                   samples.bits[index], is_text ? samples.text_at(index) : std::string_view());
    }
    return std::string(writer.finish(1, 2, ticket, ticket - 1));
}

TEST(Inbox, EveryKindComesBackInOrderOfArrival) {
    for (const auto& shape : testing::shapes()) {
        const Columns samples = testing::make(shape, 3, 300, 4, false);
        const auto back = parse_inbox(99, as_bytes(record_of(samples, 99)));
        ASSERT_TRUE(back) << back.error().context;
        EXPECT_TRUE(same_samples(back->samples, samples)) << shape.name;
        EXPECT_EQ(back->series[4], SeriesId(8));
        EXPECT_EQ(back->header.shard, 1u);
        EXPECT_EQ(back->header.shards, 2u);
        EXPECT_EQ(back->header.previous, 98u);
    }
}

TEST(Inbox, ManyAtOnceAreAsOneAfterTheOther) {
    std::mt19937_64 dice(4);
    std::vector<Point> points;
    for (int index = 0; index < 2'000; ++index) {
        Point point;
        point.series = SeriesId(dice() >> dice() % 64);
        point.mark = Mark(static_cast<Kind>(dice() % 3), static_cast<Quality>(dice() % 4));
        point.at = static_cast<std::int64_t>(dice()) >> dice() % 64;
        point.bits = point.mark.kind() == Kind::boolean ? dice() % 2
                                                        : dice() << dice() % 64 >> dice() % 64;
        points.push_back(point);
    }
    InboxWriter one, many;
    std::span<const Point> left = points;
    while (!left.empty()) {
        const std::size_t some = std::min<std::size_t>(left.size(), dice() % 40);
        for (const Point& point : left.first(some))
            one.add(point.series, point.at, point.mark, point.bits, {});
        many.add(left.first(some));
        left = left.subspan(some);
        EXPECT_EQ(one.size().bytes, many.size().bytes);
        EXPECT_EQ(one.count(), many.count());
    }
    const std::string record(one.finish(0, 1, 7, 6));
    EXPECT_EQ(record, many.finish(0, 1, 7, 6));
    const auto back = parse_inbox(7, as_bytes(record));
    ASSERT_TRUE(back);
    for (std::size_t index = 0; index < points.size(); ++index)
        ASSERT_EQ(back->samples.bits[index], points[index].bits) << index;
}

Columns golden_samples() {
    Columns samples;
    samples.push(Sample{Instant{1'764'000'000'000'000}, 70.5, Quality::good});
    samples.push(Sample{Instant{1'764'000'000'000'000}, true, Quality::uncertain});
    samples.push(Sample{Instant{1'763'999'999'000'000}, std::string("run"), Quality::good});
    return samples;
}

// docs/formats/inbox.md explains these bytes.
TEST(Inbox, GoldenBytes) {
    const std::string record = record_of(golden_samples(), 42);
    EXPECT_EQ(to_hex(as_bytes(record)),
              "02010229030ea080809296a896a206a051400216000203ff887a0372756e3c5645c2d09a4f08");
    EXPECT_TRUE(parse_inbox(42, as_bytes(record)));
    EXPECT_EQ(parse_inbox(43, as_bytes(record)).error().code, Code::corrupt) << "under another key";
}

// What nodes wrote before version 2.
TEST(Inbox, RecordsOfVersionOneAreRead) {
    const auto bytes = from_hex(
        "0101022903070080809296a896a2060000000000a051400816000903ff887a0372756e1c5c3c2615f7e5e8");
    ASSERT_TRUE(bytes);
    const auto back = parse_inbox(42, as_bytes(*bytes));
    ASSERT_TRUE(back) << back.error().context;
    EXPECT_TRUE(same_samples(back->samples, golden_samples()));
    EXPECT_EQ(back->series, (std::vector{SeriesId(7), SeriesId(8), SeriesId(9)}));
    EXPECT_EQ(back->header.previous, 41u);
}

TEST(Inbox, DoublesKeepEveryBitHoweverManyLowBytesAreZero) {
    Columns samples;
    for (unsigned zeros = 0; zeros <= 64; ++zeros) {
        for (const std::uint64_t bits : {~std::uint64_t{0}, std::uint64_t{0x8000'0000'0000'0001}}) {
            const std::uint64_t shifted = zeros == 64 ? 0 : bits << zeros;
            samples.push(-5, shifted, Mark(Kind::real, Quality::bad));
        }
    }
    const std::uint64_t ids[] = {UINT64_MAX, 0, 1, UINT64_MAX - 1, std::uint64_t{1} << 63};
    InboxWriter writer;
    for (std::size_t index = 0; index < samples.size(); ++index) {
        writer.add(SeriesId(ids[index % std::size(ids)]), samples.at[index], samples.mark[index],
                   samples.bits[index], {});
    }
    const auto back = parse_inbox(3, as_bytes(std::string(writer.finish(0, 1, 3, 0))));
    ASSERT_TRUE(back) << back.error().context;
    EXPECT_TRUE(same_samples(back->samples, samples));
    for (std::size_t index = 0; index < samples.size(); ++index)
        EXPECT_EQ(back->series[index], SeriesId(ids[index % std::size(ids)]));
}

TEST(Inbox, EveryFlippedBitAndEveryCutIsNoticed) {
    std::string record = record_of(testing::make(testing::shapes()[17], 2, 20, 1), 5);
    for (std::size_t bit = 0; bit < record.size() * 8; ++bit) {
        record[bit / 8] = static_cast<char>(record[bit / 8] ^ 1 << bit % 8);
        EXPECT_EQ(parse_inbox(5, as_bytes(record)).error().code, Code::corrupt);
        record[bit / 8] = static_cast<char>(record[bit / 8] ^ 1 << bit % 8);
    }
    for (std::size_t length = 0; length < record.size(); ++length) {
        EXPECT_FALSE(parse_inbox(5, as_bytes(std::string_view(record).substr(0, length))));
    }
}

TEST(Inbox, KeysKeepTheOrderOfWriting) {
    EXPECT_LT(inbox_key(0, 256), inbox_key(0, 257));
    EXPECT_LT(inbox_key(0, UINT64_MAX), inbox_key(1, 0));
    EXPECT_EQ(parse_inbox_key(inbox_key(3, 700))->ticket, 700u);
    EXPECT_FALSE(parse_inbox_key("short"));
}

TEST(Series, RecordsComeBackAndDamageIsNoticed) {
    Dictionary dictionary;
    MachineEntry& machine = dictionary.machine_or_new(OrganisationId(3), "press 1");
    const SeriesEntry& entry = dictionary.add(machine, "axis/x", SeriesId(77), Kind::boolean);
    const std::string key = series_key(entry.id);
    std::string record = series_record(entry);
    const auto back = parse_series(key, record);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->id, SeriesId(77));
    EXPECT_EQ(back->organisation, OrganisationId(3));
    EXPECT_EQ(back->machine, "press 1");
    EXPECT_EQ(back->tag, "axis/x");
    EXPECT_EQ(back->kind, Kind::boolean);
    EXPECT_EQ(to_hex(as_bytes(record)), "0102030000000770726573732031617869732f7854de9bbd");
    EXPECT_FALSE(parse_series(series_key(SeriesId(78)), record)) << "under another key";
    for (std::size_t bit = 0; bit < record.size() * 8; ++bit) {
        record[bit / 8] = static_cast<char>(record[bit / 8] ^ 1 << bit % 8);
        EXPECT_EQ(parse_series(key, record).error().code, Code::corrupt);
        record[bit / 8] = static_cast<char>(record[bit / 8] ^ 1 << bit % 8);
    }
}

TEST(SeriesTable, AgreesWithAMapWhateverComesAndGoes) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        std::mt19937_64 random(seed);
        SeriesTable table;
        std::map<SeriesId, SeriesEntry*> truth;
        std::vector<SeriesEntry> entries(400);
        EXPECT_EQ(table.find(SeriesId(1)), nullptr);
        table.remove(SeriesId(1));
        for (int step = 0; step < 4000; ++step) {
            // Neighbours, as tickets are, and far ones.
            const SeriesId id(1 + random() % 300 * (seed % 2 == 0 ? 1 : 0x1'0000'0001));
            if (random() % 5 < 3) {
                SeriesEntry* const entry = &entries[random() % entries.size()];
                EXPECT_EQ(table.add(id, entry), truth.emplace(id, entry).second);
            } else {
                table.remove(id);
                truth.erase(id);
            }
            ASSERT_EQ(table.size(), truth.size());
        }
        for (const auto& [id, entry] : truth) EXPECT_EQ(table.find(id), entry);
        for (std::uint64_t id = 1; id < 400; ++id) {
            const auto known = truth.find(SeriesId(id));
            EXPECT_EQ(table.find(SeriesId(id)), known == truth.end() ? nullptr : known->second);
        }
    }
}

TEST(Keys, MonthsAndDays) {
    struct Case {
        const char* at;
        Month month;
        const char* month_start;
        const char* day_start;
    };
    const Case cases[] = {
        {"1970-01-01T00:00:00Z", 1970 * 12, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"},
        {"1969-12-31T23:59:59Z", 1969 * 12 + 11, "1969-12-01T00:00:00Z", "1969-12-31T00:00:00Z"},
        {"2024-02-29T12:00:00Z", 2024 * 12 + 1, "2024-02-01T00:00:00Z", "2024-02-29T00:00:00Z"},
        {"0000-01-01T00:00:00Z", 0, "0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z"},
        {"4999-12-31T23:59:59.999999Z", 4999 * 12 + 11, "4999-12-01T00:00:00Z",
         "4999-12-31T00:00:00Z"},
    };
    for (const auto& [text, month, month_start, day_start] : cases) {
        const Instant at = parse_rfc3339(text).value();
        EXPECT_EQ(month_of(at), month) << text;
        EXPECT_EQ(to_rfc3339(start_of(month)), month_start);
        EXPECT_EQ(to_rfc3339(start_of_day(day_of(at))), day_start);
    }
    EXPECT_EQ(parse_rfc3339("0000-01-01T00:00:00Z").value(), instant_min);
    EXPECT_EQ(parse_rfc3339("4999-12-31T23:59:59.999999Z").value(), instant_max);
}

TEST(Keys, LieInTheOrderOfMonthSeriesSpanAndInstant) {
    const Instant at{1'764'000'000'000'000};
    const auto key = [&](Month month, std::uint64_t series, Span span, Instant first,
                         std::uint64_t ticket) {
        return to_bytes({month, SeriesId(series), span, first, ticket});
    };
    const std::string base = key(100, 7, Span::day, at, 5);
    EXPECT_EQ(base.size(), 27u);
    EXPECT_LT(base, key(101, 0, Span::day, Instant{}, 0));
    EXPECT_LT(base, key(100, 8, Span::day, Instant{}, 0));
    EXPECT_LT(base, key(100, 7, Span::month, Instant{}, 0));
    EXPECT_LT(base, key(100, 7, Span::day, at + 1us, 0));
    EXPECT_LT(base, key(100, 7, Span::day, at, 6));
    EXPECT_LT(key(100, 7, Span::day, Instant{-1}, 9), key(100, 7, Span::day, Instant{0}, 0));
    EXPECT_EQ(parse_chunk_key(base)->first, at);
    EXPECT_FALSE(parse_chunk_key(base + "x"));
}

}  // namespace
}  // namespace lineshaft::history
