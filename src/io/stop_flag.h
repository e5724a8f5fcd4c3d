#pragma once
#include <atomic>
#include <memory>

namespace lineshaft::io {

/// Asks work on another thread to end early. Thread-safe; shared by who asks and who works.
class StopFlag {
public:
    void raise() { raised_.store(true, std::memory_order_relaxed); }
    bool is_raised() const { return raised_.load(std::memory_order_relaxed); }

private:
    std::atomic<bool> raised_{false};
};
using StopFlagPtr = std::shared_ptr<StopFlag>;

}  // namespace lineshaft::io
