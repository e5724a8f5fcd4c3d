// Questions: how many samples a second go from append to durable on one shard with a real disk sync
// per round, and how long does a chart over a million samples of one tag take, cold heads and all?
#include <benchmark/benchmark.h>

#include <cmath>

#include "history/tests/rig.h"

namespace lineshaft::history {
namespace {

using testing::now;
using testing::organisation;
using testing::Rig;
using namespace std::chrono_literals;

// `reports` reports of ten tags each in flight before waiting for the disk.
io::Task<Result<void>> append_many(History* history, store::Lane* lane, Report* report, int reports,
                                   std::int64_t* step) {
    for (int index = 0; index < reports; ++index) {
        ++*step;
        for (auto& one : report->samples)
            one.sample.at = now - 86'400s * 5 + std::chrono::milliseconds(*step * 100);
        auto appended = history->append(*report);
        while (!appended && appended.error().code == Code::exhausted) {
            auto sealed = co_await history->seal();
            if (!sealed) co_return sealed;
            appended = history->append(*report);
        }
        if (!appended) co_return std::unexpected(appended.error());
    }
    auto durable = co_await lane->durable();
    co_return durable;
}

void append_durable(benchmark::State& state) {
    Rig rig(1, {}, store::Durability::synced);
    const int reports = static_cast<int>(state.range(0));
    Report report{organisation, "press", {}};
    for (int tag = 0; tag < 10; ++tag) {
        report.samples.push_back(
            {"tag number " + std::to_string(tag), {now, 20.5 + tag, Quality::good}});
    }
    std::int64_t step = 0;
    for (auto _ : state) {
        const auto done = rig->shards().run_blocking(
            ShardIndex(0), append_many(&rig->history(), &rig->lane(0), &report, reports, &step));
        if (!done) state.SkipWithError(done.error().context.c_str());
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * reports * 10);
}
BENCHMARK(append_durable)->Arg(1)->Arg(100)->Arg(1000)->UseRealTime();

Rig& million() {
    static Rig rig(1, {.future_max = std::chrono::seconds(86'400 * 30)});
    static const bool filled = [] {
        for (int block = 0; block < 100; ++block) {
            Report report{organisation, "press", {}};
            for (int index = 0; index < 10'000; ++index) {
                const int step = block * 10'000 + index;
                report.samples.push_back(
                    {"speed",
                     {now - 86'400s * 14 + std::chrono::seconds(step),
                      std::round(std::sin(step / 700.0) * 1000) / 10, Quality::good}});
            }
            CHECK(rig->append(report).has_value());
            if (block % 2 == 1) CHECK(rig->seal().has_value());
        }
        return true;
    }();
    CHECK(filled);
    return rig;
}

void trend_over_a_million(benchmark::State& state) {
    Rig& rig = million();
    const Series series = rig->find("press", "speed");
    const Window window{now - 86'400s * 14, now};
    for (auto _ : state) {
        const auto trend = rig->ask(
            rig->history().trend(series, window, static_cast<std::size_t>(state.range(0))));
        CHECK(trend.has_value() && !trend->is_raw);
    }
}
BENCHMARK(trend_over_a_million)->Arg(20)->Arg(1000)->Unit(benchmark::kMicrosecond)->UseRealTime();

void last_of_a_million(benchmark::State& state) {
    Rig& rig = million();
    const Series series = rig->find("press", "speed");
    for (auto _ : state) CHECK(rig->ask(rig->history().last(series, now))->has_value());
}
BENCHMARK(last_of_a_million)->Unit(benchmark::kMicrosecond)->UseRealTime();

void an_hour_of_a_million(benchmark::State& state) {
    Rig& rig = million();
    const Series series = rig->find("press", "speed");
    const Window window{now - 86'400s * 9, now - 86'400s * 9 + 1h};
    for (auto _ : state)
        CHECK(rig->ask(rig->history().read(series, window, 10'000))->size() == 3600);
}
BENCHMARK(an_hour_of_a_million)->Unit(benchmark::kMicrosecond)->UseRealTime();

}  // namespace
}  // namespace lineshaft::history
