// Question: what does finding the subscribers of one topic cost, and what does a subscription
// weigh? Data: N clients, each with the exact filter `plant/line<n mod 50>/machine<n>/cmd`; /1:
// also one in ten with `plant/+/machine<n>/#` and two with `#`.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <string>

#include "wire/mqtt/subscription_tree.h"

namespace lineshaft::mqtt {
namespace {

std::string topic_of(int client) {
    return "plant/line" + std::to_string(client % 50) + "/machine" + std::to_string(client) +
           "/cmd";
}

void match_topic(benchmark::State& state) {
    const int clients = static_cast<int>(state.range(0));
    const std::size_t before = mallinfo2().uordblks;
    SubscriptionTree<std::uint32_t, std::uint32_t> tree;
    for (int client = 0; client < clients; ++client) {
        tree.insert(topic_of(client), static_cast<std::uint32_t>(client), 0);
        if (state.range(1) != 0 && client % 10 == 0) {
            tree.insert("plant/+/machine" + std::to_string(client) + "/#",
                        static_cast<std::uint32_t>(client), 1);
        }
    }
    if (state.range(1) != 0) {
        tree.insert("#", 1, 2);
        tree.insert("#", 2, 2);
    }
    const std::size_t bytes = mallinfo2().uordblks - before;
    int client = 0;
    std::size_t found = 0;
    std::vector<std::string> topics;
    for (int index = 0; index < 1000; ++index) topics.push_back(topic_of(index * 7919 % clients));
    for (auto _ : state) {
        tree.match(topics[static_cast<std::size_t>(client++ % 1000)],
                   [&](const auto& entry) { found += entry.key; });
    }
    benchmark::DoNotOptimize(found);
    state.SetItemsProcessed(std::int64_t(state.iterations()));
    state.counters["bytes_per_subscription"] = double(bytes) / double(tree.size());
}
BENCHMARK(match_topic)->Args({15000, 0})->Args({15000, 1})->Args({100000, 1});

void match_filter(benchmark::State& state) {
    TopicTree<std::uint32_t> tree;
    for (int client = 0; client < 15000; ++client) {
        tree.insert(topic_of(client), static_cast<std::uint32_t>(client));
    }
    std::size_t found = 0;
    for (auto _ : state) {
        tree.match(state.range(0) == 0 ? "plant/line7/+/cmd" : "#",
                   [&](std::uint32_t) { ++found; });
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(found));
}
BENCHMARK(match_filter)->Arg(0)->Arg(1);

}  // namespace
}  // namespace lineshaft::mqtt
