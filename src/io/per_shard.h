#pragma once
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "io/shard.h"

namespace lineshaft::io {

/// A counter of a struct of counters, by the name it has in metrics.
template <class Stats>
struct StatField {
    std::string_view name;
    std::uint64_t Stats::* member;
};
template <class Stats>
void add_stats(Stats& to, const Stats& more, std::span<const StatField<Stats>> fields) {
    for (const auto& field : fields) to.*field.member += more.*field.member;
}

/// What somebody keeps on each shard: one T each, made at once, touched only there. Outlives what
/// runs on the shards. T may be incomplete where this is declared.
template <class T>
class PerShard {
public:
    explicit PerShard(Shards& shards) : shards_(shards) {
        for (std::size_t index = 0; index < shards.size(); ++index)
            all_.push_back(std::make_unique<T>());
    }
    T& here() { return *all_[Shard::here().index().number()]; }

    /// The `stats` of all, added up. On a shard.
    template <class Stats>
    Task<Stats> sum() {
        Stats sum;
        for (std::size_t index = 0; index < all_.size(); ++index) {
            auto one = co_await shards_.at(index).call(&stats_of<Stats>, all_[index].get());
            sum += one;
        }
        co_return sum;
    }

private:
    template <class Stats>
    static Task<Stats> stats_of(T* one) {
        co_return one->stats;
    }

    Shards& shards_;
    std::vector<std::unique_ptr<T>> all_;
};

}  // namespace lineshaft::io
