#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include "io/clock.h"

namespace lineshaft::io {

/// A shard's timers: a hashed wheel with slots of 16 ms, so arming and disarming cost a few
/// nanoseconds and ten thousand idle connections share one kernel timer. Fires up to one slot
/// late, never early. Owner: one shard.
class Wheel {
public:
    static constexpr Steady slot_width{16};

    explicit Wheel(const Clock& clock);
    Wheel(const Wheel&) = delete;

    /// One armed or idle timer, embedded in its owner. Destroying or re-arming it disarms.
    class Timer {
    public:
        Timer() = default;
        Timer(const Timer&) = delete;
        Timer& operator=(const Timer&) = delete;
        ~Timer() { disarm(); }
        bool is_armed() const { return wheel_ != nullptr; }
        void disarm();

    private:
        friend class Wheel;
        Wheel* wheel_ = nullptr;
        Timer* next_ = nullptr;
        Timer** link_ = nullptr;
        std::int64_t due_slot_ = 0;
        std::function<void()> fire_;
    };

    /// Calls `fire` on this shard once `after` has passed. `fire` may re-arm or destroy the timer.
    void arm(Timer& timer, Steady after, std::function<void()> fire);

    /// Fires what is due. Called by the shard's loop, or by a test after moving a ManualClock.
    void turn();
    std::size_t armed() const { return armed_; }

private:
    static constexpr std::size_t slots = 1024;
    std::int64_t slot_now() const { return clock_.steady() / slot_width; }

    const Clock& clock_;
    std::vector<Timer*> heads_;
    std::int64_t turned_to_;  // every slot up to and including this one has been fired
    std::size_t armed_ = 0;
};

}  // namespace lineshaft::io
