// Question: how many samples a second does one core read, beside protobuf with reuse?
// Data: 2,000 series with 9 labels and one sample each, what Prometheus sends at once.
#include <benchmark/benchmark.h>
#include <snappy.h>

#include "remote.pb.h"
#include "wire/remote_write/block.h"
#include "wire/remote_write/request.h"

namespace lineshaft::remote_write {
namespace {

std::string request_of(int count) {
    prometheus::WriteRequest request;
    for (int index = 0; index < count; ++index) {
        auto* series = request.add_timeseries();
        const std::pair<const char*, std::string> labels[] = {
            {"__name__", "readings_velocity"},
            {"device_version", "v2.3"},
            {"driver", "Trish"},
            {"fleet", "South"},
            {"fuel_capacity", "150"},
            {"instance", "10.0.0.1:9100"},
            {"job", "trucks"},
            {"model", "H-2"},
            {"name", "truck_" + std::to_string(index)}};
        for (const auto& [name, value] : labels) {
            auto* label = series->add_labels();
            label->set_name(name);
            label->set_value(value);
        }
        auto* sample = series->add_samples();
        sample->set_value(index * 0.5);
        sample->set_timestamp(1'700'000'000'000 + index);
    }
    return request.SerializeAsString();
}

void ours(benchmark::State& state) {
    const std::string request = request_of(2'000);
    std::int64_t samples = 0;
    for (auto _ : state) {
        RequestReader reader(as_bytes(request));
        for (auto more = reader.next(); more && *more; more = reader.next())
            samples += static_cast<std::int64_t>(reader.series().samples.size());
    }
    state.SetItemsProcessed(samples);
}
BENCHMARK(ours);

void protobuf(benchmark::State& state) {
    const std::string bytes = request_of(2'000);
    prometheus::WriteRequest request;
    std::int64_t samples = 0;
    for (auto _ : state) {
        request.ParseFromString(bytes);
        samples += request.timeseries_size();
    }
    state.SetItemsProcessed(samples);
}
BENCHMARK(protobuf);

void unpack_block(benchmark::State& state) {
    const std::string request = request_of(2'000);
    std::string packed;
    snappy::Compress(request.data(), request.size(), &packed);
    for (auto _ : state) {
        auto unpacked = unpack(as_bytes(packed), 64 << 20);
        benchmark::DoNotOptimize(unpacked);
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * request.size()));
}
BENCHMARK(unpack_block);

}  // namespace
}  // namespace lineshaft::remote_write
