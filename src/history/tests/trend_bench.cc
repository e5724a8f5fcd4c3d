// Question: how long does a trend of years of one tag at 1 s cadence take, warm, as it lies after
// settling? TREND_DAYS (default 365) days of a sensor with one decimal.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdlib>

#include "history/chunk.h"
#include "history/days.h"
#include "history/tests/rig.h"

namespace lineshaft::history {
namespace {

using testing::now;
using testing::organisation;
using testing::Rig;
using namespace std::chrono_literals;

int days() {
    const char* asked = std::getenv("TREND_DAYS");
    return asked == nullptr ? 365 : std::atoi(asked);
}

// Written as settling would, only faster: chunks of 8,192 samples and the days of each month.
Rig& years() {
    static Rig rig(2);
    static const bool filled = [] {
        const std::int64_t today = day_of(now);
        CHECK(rig->append("press", "speed", now, 1.0).has_value());
        const Series series = rig->find("press", "speed");
        ChunkCodec codec(codec::Effort::quick);
        std::vector<store::Entry> entries;
        Days record;
        const auto write = [&](Month month) {
            entries.push_back({days_key(month, series.id), to_bytes(record)});
            CHECK(rig.store().ingest(store::Family::history_chunks, entries).has_value());
            entries.clear();
            record = {};
        };
        Columns samples;
        for (std::int64_t day = today - days(); day < today; ++day) {
            const Month month = month_of(start_of_day(day));
            samples.clear();
            for (std::int64_t step = 0; step < 86'400; ++step) {
                const double value = std::round(std::sin(static_cast<double>(day * 86'400 + step) / 700) * 1000) / 10;
                samples.push(start_of_day(day).micros + step * 1'000'000, std::bit_cast<std::uint64_t>(value),
                             Mark(Kind::real, Quality::good));
            }
            ChunkHeader whole{};
            for (std::size_t from = 0; from < samples.size(); from += 7'855) {
                const std::size_t until = std::min(samples.size(), from + 7'855);
                std::string chunk;
                codec.encode(samples, from, until, chunk);
                whole = *behind(whole, *parse_chunk_header(as_bytes(chunk)));
                entries.push_back(
                    {to_bytes(ChunkKey{month, series.id, Span::day, {samples.at[from]}, 1}), std::move(chunk)});
            }
            record.days[static_cast<unsigned>(day - day_of(start_of(month)))] = whole;
            if (month_of(start_of_day(day + 1)) != month || day + 1 == today) write(month);
        }
        return true;
    }();
    CHECK(filled);
    return rig;
}

void trend_of(benchmark::State& state) {
    Rig& rig = years();
    const Series series = rig->find("press", "speed");
    const Window window{now - 24h * state.range(0) + 1h + 7s, now + 1s};
    for (auto _ : state) {
        const auto trend = rig->ask(rig->history().trend(series, window, 1000));
        CHECK(trend.has_value() && !trend->is_raw && trend->columns.size() > 300);
    }
}
BENCHMARK(trend_of)->Arg(1)->Arg(30)->Arg(365)->Arg(900)->Arg(3650)->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()->UseRealTime();

}  // namespace
}  // namespace lineshaft::history
