// Questions: how long does a start with a large catalog take, a write, the next snapshot after it,
// and a shard's look-up?
// Data: 20,000 machines of five described tags each, on this machine's disk.
#include <benchmark/benchmark.h>

#include "catalog/catalog.h"
#include "catalog/tests/fixtures.h"

namespace lineshaft::catalog {
namespace {

constexpr int machines = 20'000;
std::string id_of(int number) {
    return "machine-" + std::to_string(number);
}

const TempDir& filled() {
    static const TempDir dir;
    static const bool is_filled = [] {
        auto catalog = Catalog::open(dir.file(), now);
        std::vector<Discovery> found;
        for (int i = 0; i < machines; ++i)
            found.push_back({default_organisation, id_of(i), "mqtt", now});
        (void)(*catalog)->ensure_machines(found);
        const OnceKey key{default_organisation, "bench", "", "k", std::string(32, 'k')};
        return (*catalog)
            ->once(key, now,
                   [&]() -> Result<Answer> {
                       const TagFacts facts[] = {
                           {"a", "mm"}, {"b", "mm"}, {"c", "mm"}, {"d", "mm"}, {"e", "mm"}};
                       for (int i = 0; i < machines; ++i) {
                           TRY_VOID((*catalog)->learn_tags(default_organisation, id_of(i), facts));
                       }
                       return Answer{200, ""};
                   })
            .has_value();
    }();
    if (!is_filled) std::abort();
    return dir;
}

void open(benchmark::State& state) {
    const std::string path = filled().file();
    for (auto _ : state) benchmark::DoNotOptimize(Catalog::open(path, now));
}
BENCHMARK(open)->Unit(benchmark::kMillisecond);

void write_one(benchmark::State& state) {
    auto catalog = *Catalog::open(filled().file(), now);
    int name = 0;
    for (auto _ : state) {
        auto done = catalog->change_machine(default_organisation, id_of(7),
                                            {.name = "n" + std::to_string(++name)}, now);
        benchmark::DoNotOptimize(done);
    }
}
BENCHMARK(write_one)->Unit(benchmark::kMicrosecond)->UseRealTime();

void write_and_snapshot(benchmark::State& state) {
    auto catalog = *Catalog::open(filled().file(), now);
    int name = 0;
    for (auto _ : state) {
        auto done = catalog->change_machine(default_organisation, id_of(7),
                                            {.name = "n" + std::to_string(++name)}, now);
        benchmark::DoNotOptimize(done);
        benchmark::DoNotOptimize(catalog->snapshot());
    }
}
BENCHMARK(write_and_snapshot)->Unit(benchmark::kMicrosecond)->UseRealTime();

void look_up(benchmark::State& state) {
    const auto snapshot = (*Catalog::open(filled().file(), now))->snapshot();
    const std::string id = id_of(12'345);
    for (auto _ : state) benchmark::DoNotOptimize(snapshot->tag(default_organisation, id, "c"));
}
BENCHMARK(look_up);

}  // namespace
}  // namespace lineshaft::catalog
