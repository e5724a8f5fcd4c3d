#pragma once
#include <atomic>
#include <cstdint>

namespace lineshaft::io {

/// A number that any thread may change and read.
class Counter {
public:
    void add(std::int64_t by = 1) { value_.fetch_add(by, std::memory_order_relaxed); }
    std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::int64_t> value_{0};
};

}  // namespace lineshaft::io
