#pragma once
#include <algorithm>
#include <cstdint>

#include "io/clock.h"

namespace lineshaft::io {

/// So many things a second, spread out: however long nothing happened, at most `burst` at once.
/// 0 a second: no limit. Owner: one shard.
class Pace {
public:
    Pace(unsigned per_second, unsigned burst)
        : per_second_(per_second), most_(1'000 * std::max<std::int64_t>(1, burst)) {}

    /// Whether one more may happen at `now`, which never goes back.
    bool has_room(Steady now) {
        if (per_second_ == 0) return true;
        const std::int64_t spent_ms = is_begun_ ? (now - at_).count() : 1'000;
        is_begun_ = true;
        at_ = now;
        credit_ = std::min(most_, credit_ + std::min<std::int64_t>(spent_ms, 1'000) * per_second_);
        return credit_ >= 1'000;
    }
    /// It happened.
    void took() {
        if (per_second_ != 0) credit_ -= 1'000;
    }
    bool take(Steady now) {
        if (!has_room(now)) return false;
        took();
        return true;
    }

private:
    std::int64_t per_second_;
    std::int64_t most_;        // thousandths
    std::int64_t credit_ = 0;  // thousandths
    Steady at_{0};
    bool is_begun_ = false;
};

}  // namespace lineshaft::io
