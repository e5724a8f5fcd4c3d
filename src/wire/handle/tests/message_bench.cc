// Question: what do the two halves of a resolution cost one core, without store and sockets?
// Data: the captured question for 88.111.1/A1 and its answer of a URL and an HS_ADMIN.
#include <benchmark/benchmark.h>

#include "wire/handle/bodies.h"
#include "wire/handle/names.h"

namespace {

using namespace lineshaft;
using namespace lineshaft::handle;

constexpr Limits limits{};

HandleValues answer_values() {
    Value url{.index = 1, .type = "URL", .data = "https://www.example.com/item/1"};
    Value admin{.index = 100,
                .type = "HS_ADMIN",
                .data = encode(Admin{right::all, {"0.NA/88.111.1", 300}})};
    return {"88.111.1/A1", {url, admin}};
}

void read_question(benchmark::State& state) {
    const std::string message = encode_message({}, {}, encode(Resolution{"88.111.1/A1", {}, {}}));
    for (auto _ : state) {
        const auto packet = decode_message(as_bytes(message), limits);
        auto body = decode_resolution(packet->body, limits);
        benchmark::DoNotOptimize(body);
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(read_question);

void write_answer(benchmark::State& state) {
    const HandleValues values = answer_values();
    for (auto _ : state) {
        auto message = encode_message({}, {}, encode(values));
        benchmark::DoNotOptimize(message);
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(write_answer);

void read_answer(benchmark::State& state) {
    const std::string body = encode(answer_values());
    for (auto _ : state) {
        auto values = decode_handle_values(as_bytes(body), limits);
        benchmark::DoNotOptimize(values);
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(read_answer);

void hash_name(benchmark::State& state) {
    for (auto _ : state) {
        auto hash = partition_hash("88.608.8899/META_zj02", HashOption::whole);
        benchmark::DoNotOptimize(hash);
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(hash_name);

}  // namespace
