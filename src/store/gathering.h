// Inside store: for whom the commit thread waits a moment, so that they share one sync.
#pragma once
#include <algorithm>
#include <chrono>
#include <cstddef>

namespace lineshaft::store {

/// Who wrote with the last commit, or while it was under way, is likely to write again just now:
/// shards answer their clients at the same time. Two that take turns, each waiting for the sync of
/// the other, so come to share one. Who writes alone is never waited for, nor is anybody once there
/// are many. Owner: the commit thread.
class Gathering {
public:
    static constexpr std::size_t batches_max = 8;
    static constexpr std::size_t bulk_bytes = 4'096;
    static constexpr std::chrono::microseconds patience_min{60};
    static constexpr std::chrono::microseconds patience_max{500};

    /// A commit of `carried` batches took `spent`; `arrived` came meanwhile.
    void note(std::size_t carried, std::size_t arrived, std::chrono::microseconds spent) {
        expected_ = std::min(carried + arrived, batches_max);
        usual_ += (spent - usual_) / 8;
    }
    /// With so many the next commit goes at once.
    std::size_t expected() const { return expected_; }
    /// Else after so long: half of what a sync takes; more when `bytes` wait, whose senders are not
    /// in a hurry.
    std::chrono::microseconds patience(std::size_t bytes) const {
        if (bytes >= bulk_bytes) return patience_max;
        return std::clamp(usual_ / 2, patience_min, patience_max);
    }

private:
    std::size_t expected_ = 0;
    std::chrono::microseconds usual_{0};
};

}  // namespace lineshaft::store
