#pragma once
#include <array>
#include <cstddef>
#include <memory>
#include <vector>

namespace lineshaft::mqtt {

/// A table that grows by pieces: what is in it never moves, so that growing costs one piece however
/// large it is (a vector of a million topics would copy them all, and everybody would wait).
template <class T>
class Pieces {
public:
    std::size_t size() const { return size_; }
    T& operator[](std::size_t index) { return (*pieces_[index / piece])[index % piece]; }
    const T& operator[](std::size_t index) const {
        return (*pieces_[index / piece])[index % piece];
    }
    /// New ones are as T{} makes them. Never less.
    void grow_to(std::size_t size) {
        while (pieces_.size() * piece < size)
            pieces_.push_back(std::make_unique<std::array<T, piece>>());
        if (size > size_) size_ = size;
    }

private:
    static constexpr std::size_t piece = 64;
    std::vector<std::unique_ptr<std::array<T, piece>>> pieces_;
    std::size_t size_ = 0;
};

}  // namespace lineshaft::mqtt
