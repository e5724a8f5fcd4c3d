#pragma once
#include <cstdint>
#include <span>
#include <vector>

// Which numbers share a symbol.
//
// Idea (after Loncaric's Pcodec, 2023): cut the sorted numbers into bins; a number is its bin's
// symbol, entropy coded, and its place in the bin, plain bits. A distribution is described well by
// few bins if the cuts are chosen well, so they are chosen by dynamic programming over candidate
// cuts: each distinct number when they are few, else quantiles, finer at both tails. Example:
// mostly 0, sometimes 500..531 -> bins {0, 0 bits}, {500, 5 bits}. Complexity: one radix sort, then
// O(candidates^2), candidates <= 256.
namespace lineshaft::history::codec {

inline constexpr std::size_t bins_max = 256;

struct Bin {
    std::uint64_t lower = 0;  ///< the smallest number in it
    std::uint64_t upper = 0;  ///< the largest that was met
    std::uint32_t count = 0;
    unsigned width() const;  ///< bits for the place inside
};

/// Keeps its buffers. Owner: one thread at a time.
class BinChooser {
public:
    /// Bins for `numbers` (at least one), ascending; `bin_bits`: what describing one bin costs.
    /// Valid until the next call.
    std::span<const Bin> choose(std::span<const std::uint64_t> numbers, unsigned bin_bits);

private:
    void sort(std::span<const std::uint64_t> numbers);
    void find_candidates();
    void cut(std::size_t until);

    std::vector<std::uint64_t> sorted_;
    std::vector<std::uint64_t> other_;
    std::vector<Bin> candidates_;
    std::vector<Bin> bins_;
    std::size_t cut_ = 0;
};

/// About log2(value), value >= 1; within 0.01.
double log2_of(std::uint64_t value);

}  // namespace lineshaft::history::codec
