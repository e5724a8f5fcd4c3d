// Questions: how many commits and megabytes a second go through lanes, with rounds of 1, 4, 16 and
// 64 KiB? How long does one round wait for its answer? What does a sync cost on this disk, what
// does an open, empty store take of memory, and how long does opening take with 64 MiB of log?
// Data: random bytes, so nothing is won by compressing. Directory: TMPDIR, on the disk in question.
#include <benchmark/benchmark.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "io/shard.h"
#include "store/lane.h"
#include "store/tests/support.h"

namespace lineshaft::store {
namespace {

using namespace testing_store;
using io::Task;

double resident_mib() {
    std::ifstream statm("/proc/self/statm");
    long total = 0, resident = 0;
    statm >> total >> resident;
    return double(resident) * double(::sysconf(_SC_PAGESIZE)) / (1 << 20);
}

struct Load {
    Lane* lane;
    std::size_t round_bytes;
    int rounds;
};

Task<std::vector<double>> write_rounds(Load load) {
    const std::string value = noise(load.round_bytes, 1);
    std::vector<double> waited_ms;
    for (int round = 0; round < load.rounds; ++round) {
        const auto start = std::chrono::steady_clock::now();
        // One record per round, replaced by the next: what an inbox that is trimmed looks like.
        load.lane->batch().put(Family::history_inbox, std::to_string(round % 64), value);
        auto outcome = co_await load.lane->durable();
        if (!outcome) break;
        const std::chrono::duration<double, std::milli> waited =
            std::chrono::steady_clock::now() - start;
        waited_ms.push_back(waited.count());
    }
    co_return waited_ms;
}

void report(benchmark::State& state, std::vector<double>& waited, double seconds, std::size_t bytes,
            const Stats& stats) {
    std::ranges::sort(waited);
    if (waited.empty()) return state.SkipWithError("nothing was written");
    state.counters["rounds_per_s"] = double(waited.size()) / seconds;
    state.counters["MB_per_s"] = double(waited.size() * bytes) / seconds / 1e6;
    state.counters["syncs_per_s"] = double(stats.commits) / seconds;
    state.counters["p50_ms"] = waited[waited.size() / 2];
    state.counters["p99_ms"] = waited[waited.size() * 99 / 100];
}

void rounds_through_lanes(benchmark::State& state) {
    const auto shard_count = static_cast<unsigned>(state.range(0));
    const auto bytes = static_cast<std::size_t>(state.range(1)) << 10;
    TempDir dir;
    auto opened = open(dir.path(), {});
    if (!opened) return state.SkipWithError("cannot open the store");
    io::Shards shards(shard_count);
    std::vector<std::unique_ptr<Lane>> lanes;
    for (unsigned index = 0; index < shard_count; ++index) {
        lanes.push_back(std::make_unique<Lane>(*opened->store, shards.at(index), Lane::Limits{}));
    }
    for (auto _ : state) {
        const auto start = std::chrono::steady_clock::now();
        std::vector<std::future<std::vector<double>>> running;
        for (unsigned index = 0; index < shard_count; ++index) {
            running.push_back(boost::asio::co_spawn(shards.at(index).loop(),
                                                    write_rounds({lanes[index].get(), bytes, 500}),
                                                    boost::asio::use_future));
        }
        std::vector<double> waited;
        for (auto& one : running) {
            for (const double ms : one.get()) waited.push_back(ms);
        }
        const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
        report(state, waited, spent.count(), bytes, opened->store->stats());
    }
}
BENCHMARK(rounds_through_lanes)
    ->ArgNames({"shards", "KiB"})
    ->ArgsProduct({{1, 2, 4}, {1, 4, 16, 64}})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

void bare_append_and_fdatasync(benchmark::State& state) {
    const std::string block = noise(static_cast<std::size_t>(state.range(0)) << 10, 1);
    TempDir dir;
    const int fd = ::open(dir.other("log").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    for (auto _ : state) {
        if (::write(fd, block.data(), block.size()) < 0 || ::fdatasync(fd) != 0) {
            state.SkipWithError("cannot write");
        }
    }
    ::close(fd);
}
BENCHMARK(bare_append_and_fdatasync)
    ->Arg(1)
    ->Arg(64)
    ->Iterations(500)
    ->Unit(benchmark::kMicrosecond);

void open_with_64_mib_of_log(benchmark::State& state) {
    TempDir dir;
    {
        auto opened =
            open(dir.other("live"), {.write_buffer_bytes = 256 << 20, .log_bytes_max = 256 << 20});
        if (!opened) return state.SkipWithError("cannot open the store");
        const std::string value = noise(16 << 10, 2);
        for (int number = 0; number < 64 * 64; ++number) {
            Batch batch;
            batch.put(Family::history_inbox, std::to_string(number), value);
            opened->store->submit(std::move(batch), [](Result<void>) {});
        }
        opened->store->close();
    }
    for (auto _ : state) {
        state.PauseTiming();
        std::filesystem::remove_all(dir.path());
        std::filesystem::copy(dir.other("live"), dir.path());
        state.ResumeTiming();
        auto opened = open(dir.path(), {});
        if (!opened) return state.SkipWithError("cannot open the store again");
        state.PauseTiming();
        opened->store.reset();
        state.ResumeTiming();
    }
}
BENCHMARK(open_with_64_mib_of_log)->Iterations(3)->Unit(benchmark::kMillisecond);

void open_empty(benchmark::State& state) {
    TempDir dir;
    {
        (void)open(dir.path(), {});
    }
    for (auto _ : state) {
        const double before = resident_mib();
        auto opened = open(dir.path(), {});
        if (!opened) return state.SkipWithError("cannot open the store");
        state.counters["resident_MiB_more"] = resident_mib() - before;
        state.counters["resident_MiB"] = resident_mib();
        state.PauseTiming();
        opened->store.reset();
        state.ResumeTiming();
    }
}
BENCHMARK(open_empty)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace lineshaft::store
