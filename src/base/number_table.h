#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace lineshaft {

/// A hash table of numbers below 2^32 - 1 that name what its owner keeps elsewhere: 4 bytes for each
/// and as much again for room, where a node of std::unordered_map takes 48. Open addressing, linear
/// probing, without tombstones. The owner says what a number's hash is and whether it is the one;
/// hashes are best where their low bits differ.
class NumberTable {
public:
    using Number = std::uint32_t;
    static constexpr Number none = 0xffff'ffff;

    /// The number with this hash for which `is_it(number)`; none: there is none.
    template <class IsIt>
    Number find(std::uint32_t hash, IsIt is_it) const {
        if (slots_.empty()) return none;
        const std::size_t mask = slots_.size() - 1;
        for (std::size_t at = hash & mask; slots_[at] != none; at = (at + 1) & mask) {
            if (is_it(slots_[at])) return slots_[at];
        }
        return none;
    }

    /// The number must not be there. `hash_of(number)` of any number that is, when it grows.
    template <class HashOf>
    void insert(std::uint32_t hash, Number number, HashOf hash_of) {
        if ((count_ + 1) * 4 > slots_.size() * 3) {
            const std::size_t larger = slots_.empty() ? 4 : slots_.size() * 2;
            const auto before = std::exchange(slots_, std::vector<Number>(larger, none));
            for (const Number each : before) {
                if (each != none) put(hash_of(each), each);
            }
        }
        put(hash, number);
        ++count_;
    }

    /// The number must be there.
    template <class HashOf>
    void erase(std::uint32_t hash, Number number, HashOf hash_of) {
        const std::size_t mask = slots_.size() - 1;
        std::size_t hole = hash & mask;
        while (slots_[hole] != number) hole = (hole + 1) & mask;
        // Later members of the run move up when they may.
        for (std::size_t at = (hole + 1) & mask; slots_[at] != none; at = (at + 1) & mask) {
            const std::size_t home = hash_of(slots_[at]) & mask;
            if (((at - home) & mask) >= ((at - hole) & mask)) {
                slots_[hole] = slots_[at];
                hole = at;
            }
        }
        slots_[hole] = none;
        if (--count_ == 0 && slots_.size() > kept) slots_ = std::vector<Number>();
    }

    std::size_t size() const { return count_; }

private:
    static constexpr std::size_t kept = 64;

    void put(std::uint32_t hash, Number number) {
        const std::size_t mask = slots_.size() - 1;
        std::size_t at = hash & mask;
        while (slots_[at] != none) at = (at + 1) & mask;
        slots_[at] = number;
    }

    std::vector<Number> slots_;  // size: zero or a power of two
    std::size_t count_ = 0;
};

}  // namespace lineshaft
