#pragma once
#include <bit>
#include <cstddef>
#include <utility>
#include <vector>

#include "base/check.h"

namespace lineshaft::broker {

/// A queue in one block: constant time at both ends, nothing allocated while empty and new (a
/// std::deque takes 600 bytes), given back when it empties after having been large.
template <class T>
class Ring {
public:
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    T& operator[](std::size_t index) { return slots_[(head_ + index) & (slots_.size() - 1)]; }
    const T& operator[](std::size_t index) const {
        return slots_[(head_ + index) & (slots_.size() - 1)];
    }
    T& front() { return (*this)[0]; }
    const T& front() const { return (*this)[0]; }
    T& back() { return (*this)[size_ - 1]; }
    const T& back() const { return (*this)[size_ - 1]; }

    T& push_back(T value) {
        if (size_ == slots_.size()) grow();
        ++size_;
        return back() = std::move(value);
    }
    T pop_front() {
        CHECK(size_ > 0);
        T value = std::exchange(slots_[head_], T{});
        head_ = (head_ + 1) & (slots_.size() - 1);
        --size_;
        if (size_ == 0 && slots_.size() > kept) *this = Ring{};
        return value;
    }
    void clear() { *this = Ring{}; }

private:
    static constexpr std::size_t kept = 64;

    void grow() {
        std::vector<T> larger(slots_.empty() ? 4 : slots_.size() * 2);
        for (std::size_t index = 0; index < size_; ++index)
            larger[index] = std::move((*this)[index]);
        slots_ = std::move(larger);
        head_ = 0;
    }

    std::vector<T> slots_;  // size: zero or a power of two
    std::size_t head_ = 0;
    std::size_t size_ = 0;
};

}  // namespace lineshaft::broker
