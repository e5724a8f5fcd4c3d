#pragma once
#include <mutex>
#include <utility>
#include <vector>

namespace lineshaft::io {

/// What many threads hand to one worker that takes it all at once, so that a crowd costs it one
/// transaction. Bounded by whoever hands in. Thread-safe.
template <class T>
class Tray {
public:
    /// True: it was empty, so somebody must be asked to come and take.
    bool put(T item) {
        const std::lock_guard lock(guard_);
        items_.push_back(std::move(item));
        return items_.size() == 1;
    }
    /// In the order of their coming.
    std::vector<T> take() {
        const std::lock_guard lock(guard_);
        return std::exchange(items_, {});
    }

private:
    std::mutex guard_;
    std::vector<T> items_;
};

}  // namespace lineshaft::io
