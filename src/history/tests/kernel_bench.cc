// Questions: how long do the telemetry workload's queries take on warm data? 1,000 trucks of ten
// fields, 2,100 samples each at 10 s with one in ten missing, as they lie after settling.
#include <benchmark/benchmark.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <random>

#include "history/tests/rig.h"

namespace lineshaft::history {
namespace {

using testing::now;
using testing::organisation;
using testing::Rig;
using namespace std::chrono_literals;

constexpr int trucks = 1'000;
constexpr int ticks = 2'333;
constexpr int seal_ticks = 270;  // between two seals
constexpr Instant begin = now - 7h;
constexpr Window everything{now - 24h, now + 1h};

Rig& fleet() {
    static Rig rig(2);
    static const bool filled = [] {
        std::mt19937_64 random(123);
        std::vector<std::array<double, 2>> state(trucks, {50, 20});
        for (int from = 0; from < ticks; from += seal_ticks) {
            for (int truck = 0; truck < trucks; ++truck) {
                auto& [velocity, fuel] = state[truck];
                Report report{organisation, "truck_" + std::to_string(truck), {}};
                for (int tick = from; tick < std::min(ticks, from + seal_ticks); ++tick) {
                    velocity = std::clamp(velocity + double(random() % 21) - 10, 0.0, 100.0);
                    fuel = std::clamp(fuel + double(int(random() % 101) - 50) / 10, 0.0, 50.0);
                    if (random() % 10 == 0) continue;
                    const Instant at = begin + tick * 10s;
                    report.samples.push_back({"velocity", {at, velocity, Quality::good}});
                    report.samples.push_back(
                        {"fuel", {at, std::trunc(fuel * 10) / 10, Quality::good}});
                }
                CHECK(rig->append(std::move(report)).has_value());
            }
            CHECK(rig->seal().has_value());
        }
        CHECK(rig->settle().has_value());
        std::size_t samples = 0;
        for (const Series& one : rig->ask(rig->history().series_of(organisation)))
            samples += rig->ask(rig->history().columns(one, everything, 1'000'000))->size();
        std::printf("%.3f bytes a sample on disk\n",
                    double(rig.store().size_bytes(store::Family::history_chunks)) / double(samples));
        return true;
    }();
    CHECK(filled);
    return rig;
}

std::vector<Series> velocities(Rig& rig, int count) {
    std::vector<Series> all;
    for (int truck = 0; truck < count; ++truck)
        all.push_back(rig->find("truck_" + std::to_string(truck), "velocity"));
    return all;
}

void newest_of_every_truck(benchmark::State& state) {
    Rig& rig = fleet();
    const auto series = velocities(rig, trucks);
    for (auto _ : state) CHECK(rig->ask(rig->history().newest(series)).has_value());
}
BENCHMARK(newest_of_every_truck)->Unit(benchmark::kMicrosecond)->MeasureProcessCPUTime()->UseRealTime();

void hour_of_one(benchmark::State& state) {
    Rig& rig = fleet();
    const auto series = velocities(rig, 1);
    const Window window{begin + 3h, begin + 4h};
    for (auto _ : state)
        CHECK(rig->ask(rig->history().read(series[0], window, 10'000))->size() > 200);
}
BENCHMARK(hour_of_one)->Unit(benchmark::kMicrosecond)->MeasureProcessCPUTime()->UseRealTime();

void minutes_of(benchmark::State& state) {
    Rig& rig = fleet();
    Aggregate asked;
    asked.series = velocities(rig, static_cast<int>(state.range(0)));
    asked.window = everything;
    asked.step = 60s;
    if (state.range(1) == 1) asked.group.assign(asked.series.size(), 0);
    for (auto _ : state) {
        const auto answer = rig->ask(rig->history().aggregate(asked));
        CHECK(answer.has_value() && answer->front().size() > 380);
    }
}
BENCHMARK(minutes_of)->Args({1, 0})->Args({100, 0})->Args({1000, 0})->Args({1000, 1})
    ->Unit(benchmark::kMicrosecond)->MeasureProcessCPUTime()->UseRealTime();

void maximum_by_fleet(benchmark::State& state) {
    Rig& rig = fleet();
    Aggregate asked;
    asked.series = velocities(rig, trucks);
    for (std::uint32_t truck = 0; truck < trucks; ++truck) asked.group.push_back(truck % 4);
    asked.window = everything;
    for (auto _ : state) {
        const auto answer = rig->ask(rig->history().aggregate(asked));
        CHECK(answer.has_value() && answer->size() == 4);
    }
}
BENCHMARK(maximum_by_fleet)->Unit(benchmark::kMicrosecond)->MeasureProcessCPUTime()->UseRealTime();

}  // namespace
}  // namespace lineshaft::history
