// Question: how many stitches a second does one core write to and read from a DST file?
// Data: 200,000 stitches of 0..12.1 mm in any direction, as a large fill has them.
#include <benchmark/benchmark.h>

#include <random>

#include "stitch/files/files.h"

namespace {

using namespace lineshaft;
using namespace lineshaft::stitch;

Pattern large() {
    Pattern pattern;
    PatternBuilder builder(pattern);
    std::mt19937 random(1);
    for (int i = 0; i < 200'000; ++i) {
        const int back_x = builder.x() > 0 ? -1 : 1, back_y = builder.y() > 0 ? -1 : 1;
        builder.stitch(builder.x() + back_x * static_cast<int>(random() % 122),
                       builder.y() + back_y * static_cast<int>(random() % 122));
    }
    return pattern;
}

void encode_dst(benchmark::State& state) {
    const Pattern pattern = large();
    for (auto _ : state) benchmark::DoNotOptimize(write(Format::dst, pattern));
    state.SetItemsProcessed(std::int64_t(state.iterations() * pattern.steps.size()));
}
BENCHMARK(encode_dst);

void decode_dst(benchmark::State& state) {
    const Pattern pattern = large();
    const std::string file = write(Format::dst, pattern).value();
    for (auto _ : state) benchmark::DoNotOptimize(read(Format::dst, as_bytes(file)));
    state.SetItemsProcessed(std::int64_t(state.iterations() * pattern.steps.size()));
}
BENCHMARK(decode_dst);

}  // namespace
