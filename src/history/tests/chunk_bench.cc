// Questions: how many samples a second does one core encode and decode, and what does a sample take
// on disk? Chunks of 8192, time and value together. Real series: NAB (if the data set lies beside
// the repository), as they come, 5 or 60 minutes apart.
#include <benchmark/benchmark.h>

#include <filesystem>
#include <fstream>

#include "history/chunk.h"
#include "history/tests/chunk_samples.h"

namespace lineshaft::history {
namespace {

constexpr std::size_t chunk_samples = 8192;

Columns real_series(const std::string& name) {
    const auto root = std::filesystem::path(__FILE__).parent_path() / "../../../../shared/data/nab";
    std::ifstream file(root / (name + ".csv"));
    Columns columns;
    std::string line;
    while (std::getline(file, line)) {
        const auto comma = line.find(',');
        if (comma == std::string::npos || line[0] < '0' || line[0] > '9') continue;
        std::string stamp = line.substr(0, comma) + "Z";
        stamp[10] = 'T';
        const auto at = parse_rfc3339(stamp);
        if (!at || (!columns.is_empty() && at->micros <= columns.at.back())) continue;
        columns.push(Sample{*at, std::stod(line.substr(comma + 1)), Quality::good});
    }
    return columns;
}

struct Series {
    std::string name;
    Columns columns;
};

std::vector<Series> all_series() {
    std::vector<Series> all;
    for (const auto& shape : testing::shapes()) {
        all.push_back({shape.name, testing::make(shape, 0, chunk_samples, 1)});
    }
    all.push_back({"sensor, jittered", testing::make(testing::shapes()[2], 1, chunk_samples, 1)});
    all.push_back({"sensor, gaps", testing::make(testing::shapes()[2], 2, chunk_samples, 1)});
    all.push_back({"sensor, chunk of 200", testing::make(testing::shapes()[2], 0, 200, 1)});
    for (const char* name : {"ambient_temperature_system_failure", "nyc_taxi"}) {
        Columns columns = real_series(name);
        if (!columns.is_empty()) all.push_back({name, std::move(columns)});
    }
    return all;
}

std::vector<std::string> encode_all(ChunkCodec& codec, const Columns& columns, std::size_t& bytes) {
    std::vector<std::string> chunks;
    bytes = 0;
    for (std::size_t from = 0; from < columns.size(); from += chunk_samples) {
        chunks.emplace_back();
        codec.encode(columns, from, std::min(columns.size(), from + chunk_samples), chunks.back());
        bytes += chunks.back().size();
    }
    return chunks;
}

void encode(benchmark::State& state, const Columns& columns) {
    ChunkCodec codec;
    std::size_t bytes = 0;
    for (auto _ : state) benchmark::DoNotOptimize(encode_all(codec, columns, bytes));
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * columns.size()));
    state.counters["bytes_per_sample"] = double(bytes) / double(columns.size());
}

void decode(benchmark::State& state, const Columns& columns) {
    ChunkCodec codec;
    std::size_t bytes = 0;
    const auto chunks = encode_all(codec, columns, bytes);
    Columns out;
    for (auto _ : state) {
        for (const auto& chunk : chunks) {
            auto header = codec.decode(as_bytes(chunk), out);
            benchmark::DoNotOptimize(header);
        }
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * columns.size()));
}

const bool registered = [] {
    static const auto all = all_series();
    for (const Series& series : all) {
        benchmark::RegisterBenchmark(("encode/" + series.name).c_str(), encode, series.columns);
        benchmark::RegisterBenchmark(("decode/" + series.name).c_str(), decode, series.columns);
    }
    return true;
}();

}  // namespace
}  // namespace lineshaft::history
