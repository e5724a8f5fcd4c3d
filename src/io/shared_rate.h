// Counters that all shards share: for limits that hold over the whole node, asked at each message.
#pragma once
#include <atomic>
#include <cstdint>

namespace lineshaft::io {

/// So many units a second, with a burst of one second's worth. A leaky bucket as one instant (the
/// generic cell rate algorithm): the time until which what was taken is paid for. Thread-safe; one
/// comparison when there is no limit, else one compare-and-swap.
class SharedRate {
public:
    /// 0: no limit.
    void set(std::int64_t units_per_s) { per_s_.store(units_per_s, std::memory_order_relaxed); }
    std::int64_t units_per_s() const { return per_s_.load(std::memory_order_relaxed); }

    /// True: taken. More units at once than a second allows are taken when nothing is owed, or they
    /// never could be. `now_us` never goes back by much: a steady clock in microseconds.
    bool take(std::int64_t units, std::int64_t now_us) {
        const std::int64_t per_s = units_per_s();
        if (per_s == 0) return true;
        constexpr std::int64_t second_ns = 1'000'000'000;
        const std::int64_t now = now_us * 1'000;
        const std::int64_t price = units * second_ns / per_s;
        std::int64_t paid_until = paid_until_ns_.load(std::memory_order_relaxed);
        for (;;) {
            const std::int64_t from = paid_until > now ? paid_until : now;
            const bool is_over = from - now + price > second_ns && from != now;
            if (is_over) return false;
            if (paid_until_ns_.compare_exchange_weak(paid_until, from + price,
                                                     std::memory_order_relaxed)) {
                return true;
            }
        }
    }

private:
    std::atomic<std::int64_t> per_s_{0};
    std::atomic<std::int64_t> paid_until_ns_{0};
};

/// How many there are, and how many there may be. Thread-safe.
class SharedCount {
public:
    /// 0: no limit. Those there are stay, whatever the limit.
    void set(std::int64_t most) { most_.store(most, std::memory_order_relaxed); }
    std::int64_t most() const { return most_.load(std::memory_order_relaxed); }
    std::int64_t count() const { return count_.load(std::memory_order_relaxed); }

    /// False: there are as many as allowed.
    bool take_place() {
        const std::int64_t most = this->most();
        const std::int64_t before = count_.fetch_add(1, std::memory_order_relaxed);
        if (most == 0 || before < most) return true;
        count_.fetch_sub(1, std::memory_order_relaxed);
        return false;
    }
    /// So many at once, or none of them.
    bool take(std::int64_t more) {
        const std::int64_t most = this->most();
        std::int64_t before = count();
        while (most == 0 || more <= 0 || before + more <= most) {
            if (count_.compare_exchange_weak(before, before + more, std::memory_order_relaxed))
                return true;
        }
        return false;
    }
    /// Without asking: what is there already, or is gone.
    void add(std::int64_t change) { count_.fetch_add(change, std::memory_order_relaxed); }

private:
    std::atomic<std::int64_t> most_{0};
    std::atomic<std::int64_t> count_{0};
};

/// Units that are taken and given back: never more than `most` of them taken. Thread-safe.
class SharedBudget {
public:
    explicit SharedBudget(std::int64_t most) : most_(most) {}
    std::int64_t taken() const { return taken_.load(std::memory_order_relaxed); }

    /// False: there are not so many left; none was taken.
    bool take(std::int64_t units) {
        std::int64_t before = taken_.load(std::memory_order_relaxed);
        while (before + units <= most_) {
            if (taken_.compare_exchange_weak(before, before + units, std::memory_order_relaxed))
                return true;
        }
        return units <= 0;
    }
    /// Without asking: what is there already, or (negative) is given back.
    void add(std::int64_t change) { taken_.fetch_add(change, std::memory_order_relaxed); }

private:
    const std::int64_t most_;
    std::atomic<std::int64_t> taken_{0};
};

/// A count of events. Thread-safe.
class SharedTally {
public:
    void add() { count_.fetch_add(1, std::memory_order_relaxed); }
    std::uint64_t count() const { return count_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> count_{0};
};

}  // namespace lineshaft::io
