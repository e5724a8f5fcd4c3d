#pragma once
#include <algorithm>
#include <atomic>
#include <functional>
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

/// What the threads of one question share. Outlives them.
struct Question {
    Question(Aggregate question, Grid places, Window window, Limits most, std::size_t threads);

    const Aggregate asked;
    const Grid grid;
    const Window reachable;  ///< the part of the window where samples can be
    const Limits limits;
    const std::size_t batch;  ///< series a thread takes at once
    const std::size_t groups;

    std::atomic<std::size_t> next{0};     ///< series that no thread has taken
    std::atomic<std::size_t> buckets{0};  ///< in all shares
    std::atomic<bool> is_over{false};     ///< somebody failed, or time is up
    std::atomic<std::size_t> running{0};

    /// Each thread's own until it is done.
    struct Share {
        std::vector<std::vector<Bucket>> groups;
        Result<void> outcome;
    };
    std::vector<Share> shares;

    std::uint32_t group_of(std::size_t series) const {
        return asked.group.empty() ? static_cast<std::uint32_t>(series) : asked.group[series];
    }
    bool is_to_stop() const {
        return is_over.load(std::memory_order_relaxed) || asked.stop.stop_requested();
    }
    /// When no thread runs any more: the shares as one. Errors: the first of theirs.
    Result<std::vector<std::vector<Bucket>>> answer();
};

/// Heads of series [first, until) of the question, inside its window.
using HeadsOf = std::function<std::vector<HeadView>(std::size_t first, std::size_t until)>;

/// One thread's part of the work, from the first batch to the last. `heads_of` may block.
void work_on(Question& question, std::size_t share, store::Store& store, const HeadsOf& heads_of,
             const OnDamage& on_damage);

/// The part of a window in which there can be samples at all.
inline Window clamped(Window window) {
    const Instant end = instant_max + std::chrono::microseconds(1);
    return {std::clamp(window.from, instant_min, end), std::clamp(window.until, instant_min, end)};
}

inline constexpr std::uint64_t head_rank = UINT64_MAX;
inline constexpr std::uint64_t sealing_rank = UINT64_MAX - 1;

}  // namespace lineshaft::history
