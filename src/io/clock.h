#pragma once
#include <chrono>
#include <cstdint>
#include <string_view>

#include "base/time.h"

namespace lineshaft::io {

/// Milliseconds that never go back: for deadlines, never shown to a person.
using Steady = std::chrono::milliseconds;

/// Whether the machine's wall clock follows an outside one (NTP, PTP), as the kernel knows.
enum class ClockState : std::uint8_t { unknown, synchronised, unsynchronised };
std::string_view name_of(ClockState state);

/// The only source of time. Thread-safe.
class Clock {
public:
    virtual Instant now() const = 0;
    virtual Steady steady() const = 0;
    virtual ClockState state() const { return ClockState::unknown; }
    virtual ~Clock() = default;

    /// The machine's clocks; lives for ever.
    static const Clock& system();
};

/// A clock that moves only when told, for tests and replays. Set from one thread at a time.
class ManualClock final : public Clock {
public:
    explicit ManualClock(Instant now) : now_(now) {}
    Instant now() const override { return now_; }
    Steady steady() const override { return steady_; }
    void advance(Steady by) {
        now_ = now_ + by;
        steady_ += by;
    }
    void step_wall(std::chrono::microseconds by) { now_ = now_ + by; }

private:
    Instant now_;
    Steady steady_{0};
};

}  // namespace lineshaft::io
