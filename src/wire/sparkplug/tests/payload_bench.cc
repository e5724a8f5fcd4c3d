// Question: how many payloads a second does one core read and write, beside protobuf with reuse?
// Data: /0 a DDATA of 10 aliased metrics (the usual case), /1 a DBIRTH of 200 metrics with
// properties; host: the whole way from MQTT payload to samples.
#include <benchmark/benchmark.h>

#include "sparkplug_b.pb.h"
#include "wire/sparkplug/edge.h"
#include "wire/sparkplug/host.h"
#include "wire/sparkplug/payload.h"

namespace lineshaft::sparkplug {
namespace {

constexpr Instant noon = Instant::from_millis(1'700'000'000'000);

Edge edge_of(int metrics) {
    Edge edge("hall", "embroidery");
    for (int index = 0; index < metrics; ++index) {
        EdgeMetric metric;
        metric.definition.name = "Machine/Axis " + std::to_string(index) + "/Position";
        metric.definition.type = index % 2 == 0 ? DataType::float64 : DataType::int32;
        metric.definition.unit = "mm";
        metric.definition.low = 0;
        metric.definition.high = 1000;
        metric.value = static_cast<double>(index);
        (void)edge.define("1", metric);
    }
    (void)edge.will(noon);
    return edge;
}

Publication data_of(Edge& edge, int metrics) {
    std::vector<std::string> names;
    for (int index = 0; index < metrics; ++index) {
        names.push_back("Machine/Axis " + std::to_string(index) + "/Position");
    }
    std::vector<Update> updates;
    for (int index = 0; index < metrics; ++index) {
        updates.push_back(
            {names[static_cast<std::size_t>(index)], static_cast<double>(index * 37), noon, false});
    }
    return *edge.data("1", updates, noon);
}

std::string payload_of(std::int64_t which) {
    Edge edge = edge_of(which == 0 ? 10 : 200);
    const auto births = edge.connected(noon);
    return which == 0 ? data_of(edge, 10).payload : births[1].payload;
}

void finish(benchmark::State& state, std::size_t bytes) {
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * bytes));
    state.counters["payloads"] =
        benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

void decode_ours(benchmark::State& state) {
    const std::string encoded = payload_of(state.range(0));
    Payload payload;
    for (auto _ : state) {
        auto result = decode(as_bytes(encoded), payload);
        benchmark::DoNotOptimize(result);
        benchmark::DoNotOptimize(payload.metrics.data());
    }
    finish(state, encoded.size());
}
BENCHMARK(decode_ours)->Arg(0)->Arg(1);

void decode_protobuf(benchmark::State& state) {
    const std::string encoded = payload_of(state.range(0));
    org::eclipse::tahu::protobuf::Payload payload;
    for (auto _ : state) {
        auto result = payload.ParseFromString(encoded);
        benchmark::DoNotOptimize(result);
        benchmark::DoNotOptimize(payload.metrics_size());
    }
    finish(state, encoded.size());
}
BENCHMARK(decode_protobuf)->Arg(0)->Arg(1);

void encode_ours(benchmark::State& state) {
    const std::string encoded = payload_of(state.range(0));
    Payload payload;
    (void)decode(as_bytes(encoded), payload);
    std::string out;
    for (auto _ : state) {
        out.clear();
        encode(payload, out);
        benchmark::DoNotOptimize(out.data());
    }
    finish(state, encoded.size());
}
BENCHMARK(encode_ours)->Arg(0)->Arg(1);

void encode_protobuf(benchmark::State& state) {
    const std::string encoded = payload_of(state.range(0));
    org::eclipse::tahu::protobuf::Payload payload;
    payload.ParseFromString(encoded);
    std::string out;
    for (auto _ : state) {
        out.clear();
        payload.AppendToString(&out);
        benchmark::DoNotOptimize(out.data());
    }
    finish(state, encoded.size());
}
BENCHMARK(encode_protobuf)->Arg(0)->Arg(1);

void host_receive(benchmark::State& state) {
    Edge edge = edge_of(10);
    Host host;
    for (const auto& birth : edge.connected(noon)) {
        (void)host.receive(birth.topic, as_bytes(birth.payload), noon);
    }
    std::vector<Publication> messages;
    for (int index = 0; index < 256; ++index) messages.push_back(data_of(edge, 10));
    std::size_t next = 0;
    for (auto _ : state) {
        const Publication& message = messages[next++ % messages.size()];
        auto events = host.receive(message.topic, as_bytes(message.payload), noon);
        benchmark::DoNotOptimize(events);
    }
    state.counters["samples"] = benchmark::Counter(static_cast<double>(state.iterations() * 10),
                                                   benchmark::Counter::kIsRate);
}
BENCHMARK(host_receive);

}  // namespace
}  // namespace lineshaft::sparkplug
