#pragma once
#include <chrono>

#include "io/clock.h"

namespace lineshaft::io {

/// Notices that somebody set the wall clock (an operator, NTP after a long time without network), so
/// that lifetimes and silences measured with it can be moved along instead of ending all at once.
/// Owner: one shard; `clock` outlives it.
class ClockStep {
public:
    /// Drift and slewing (500 ppm) between two looks stay far below.
    static constexpr std::chrono::seconds tolerance{1};

    explicit ClockStep(const Clock& clock)
        : clock_(clock), wall_(clock.now()), steady_(clock.steady()) {}

    /// How far ahead (negative: back) the clock was set since the last call; zero when it was not.
    std::chrono::microseconds take();

private:
    const Clock& clock_;
    Instant wall_;
    Steady steady_;
};

}  // namespace lineshaft::io
