#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

namespace lineshaft::store {

/// Watches the free space of the store's file system: asks it at most four times a second,
/// whoever asks and however often. Thread-safe.
class Space {
public:
    using Probe = std::function<std::uint64_t()>;  ///< free bytes

    Space(std::string directory, std::uint64_t free_bytes_min, Probe probe = {});

    /// False when less than the floor (for removals: half the floor) plus `bytes` is free.
    bool has_room(bool only_removes, std::uint64_t bytes = 0);
    std::uint64_t free_bytes();

private:
    const std::string directory_;
    const std::uint64_t free_bytes_min_;
    const Probe probe_;
    std::atomic<std::uint64_t> free_bytes_{0};
    std::atomic<std::int64_t> ask_again_ms_{0};
    std::atomic<bool> is_short_{false};
};

}  // namespace lineshaft::store
