#pragma once
#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "history/history.h"
#include "history/merge.h"
#include "history/part.h"
#include "history/sinks.h"

// The query kernel's inside: many series, a batch at a time, on worker threads. Idea: a batch's
// heads are asked of their owners, then one cursor, so one view of the store, serves all its
// series; each series becomes a list of buckets in memory that is used again and again, and is
// joined to its group. What a whole chunk answers is not decoded. Complexity: O(chunks + samples
// of chunks that a bucket's edge cuts + buckets); nothing is allocated per sample.
namespace lineshaft::history {

/// What is asked, and how to end it. Never changes while threads work on it.
struct Question {
    const Aggregate asked;
    const Grid grid;
    const Window reachable;  ///< the part of the window where samples can be
    const std::size_t buckets_max;
    const bool is_by_days;  ///< buckets mostly hold whole days
    std::stop_source ended{};  ///< somebody failed, or time is up

    bool is_to_stop() const { return ended.stop_requested() || asked.stop.stop_requested(); }
    std::uint32_t group_of(std::size_t series) const {
        return asked.group.empty() ? static_cast<std::uint32_t>(series) : asked.group[series];
    }
    std::size_t groups() const {
        if (asked.group.empty()) return asked.series.size();
        return *std::ranges::max_element(asked.group) + std::size_t{1};
    }
    /// Series that a thread takes at once, when there are `threads`: their heads are in memory.
    std::size_t batch(std::size_t threads) const {
        return std::clamp<std::size_t>(asked.series.size() / (4 * threads), 1, 128);
    }
};

/// Buckets of the groups that a batch's series belong to, each group once.
using Found = std::vector<std::pair<std::uint32_t, std::vector<Bucket>>>;

/// Works on series [first, first + heads.size()) of the question; each one's group is there, if only
/// as an empty one, in the order of the series. Blocks: on a worker, or for little on a shard.
/// Nothing: it costs more than `cost_max` (Merge::take_cost). Errors: exhausted, cancelled, and the
/// store's.
Result<std::optional<Found>> work_on(const Question& question, std::size_t first,
                                     std::vector<HeadView> heads, store::Store& store,
                                     ChunkCodec& codec, const OnDamage& on_damage,
                                     std::size_t cost_max = SIZE_MAX);

/// The part of a window in which there can be samples at all.
inline Window clamped(Window window) {
    const Instant end = instant_max + std::chrono::microseconds(1);
    return {std::clamp(window.from, instant_min, end), std::clamp(window.until, instant_min, end)};
}

inline constexpr std::uint64_t head_rank = UINT64_MAX;
inline constexpr std::uint64_t sealing_rank = UINT64_MAX - 1;

}  // namespace lineshaft::history
