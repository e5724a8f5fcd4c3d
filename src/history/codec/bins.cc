#include "history/codec/bins.h"

#include <algorithm>
#include <array>
#include <bit>

#include "base/check.h"
#include "history/codec/bits.h"

namespace lineshaft::history::codec {
namespace {

// More cuts to choose from where there are more numbers; heavy numbers may double them.
constexpr std::size_t candidates_least = 24;
constexpr std::size_t candidates_most = bins_max / 2;

std::size_t candidates_for(std::size_t count) {
    return std::clamp(count / 24, candidates_least, candidates_most);
}

}  // namespace

unsigned Bin::width() const {
    return width_of(upper - lower);
}

double log2_of(std::uint64_t value) {
    // The exponent, and a parabola through the mantissa's logarithm.
    const auto bits = std::bit_cast<std::uint64_t>(static_cast<double>(value));
    const auto exponent = static_cast<double>(static_cast<std::int64_t>(bits >> 52) - 1023);
    const double part = std::bit_cast<double>((bits & mask_of(52)) | 0x3ff0000000000000) - 1.0;
    return exponent + part * (1.3465553856 - 0.3465553856 * part);
}

// Least significant digits first; digits that all numbers share are passed over.
void BinChooser::sort(std::span<const std::uint64_t> numbers) {
    sorted_.assign(numbers.begin(), numbers.end());
    std::uint64_t differ = 0;
    for (const std::uint64_t number : numbers) differ |= number ^ numbers[0];
    if (numbers.size() < 256) {
        std::sort(sorted_.begin(), sorted_.end());
        return;
    }
    other_.resize(sorted_.size());
    constexpr unsigned digit = 8;
    for (unsigned shift = 0; shift < 64; shift += digit) {
        if ((differ >> shift & 0xff) == 0) continue;
        std::array<std::uint32_t, 1 << digit> at{};
        for (const std::uint64_t number : sorted_) ++at[number >> shift & 0xff];
        std::uint32_t sum = 0;
        for (std::uint32_t& one : at) one = std::exchange(sum, sum + one);
        for (const std::uint64_t number : sorted_) other_[at[number >> shift & 0xff]++] = number;
        sorted_.swap(other_);
    }
}

// Makes a candidate of the sorted numbers [cut_, until), `until` moved on so that equal numbers
// stay together.
void BinChooser::cut(std::size_t until) {
    until = std::min(until, sorted_.size());
    if (until <= cut_) return;
    while (until < sorted_.size() && sorted_[until] == sorted_[until - 1]) ++until;
    // A number that alone is worth a candidate does not share it with its smaller neighbours.
    std::size_t run = until - 1;
    while (run > cut_ && sorted_[run - 1] == sorted_[until - 1]) --run;
    const std::size_t heavy = sorted_.size() / candidates_for(sorted_.size()) + 1;
    if (run > cut_ && until - run > heavy) {
        candidates_.push_back(
            {sorted_[cut_], sorted_[run - 1], static_cast<std::uint32_t>(run - cut_)});
        cut_ = run;
    }
    candidates_.push_back(
        {sorted_[cut_], sorted_[until - 1], static_cast<std::uint32_t>(until - cut_)});
    cut_ = until;
}

void BinChooser::find_candidates() {
    candidates_.clear();
    cut_ = 0;
    const std::size_t count = sorted_.size();
    const std::size_t usual = candidates_for(count);
    std::size_t distinct = 1;
    for (std::size_t index = 1; index < count && distinct <= usual; ++index) {
        distinct += sorted_[index] != sorted_[index - 1];
    }
    if (distinct <= usual) {
        while (cut_ < count) cut(cut_ + 1);
        return;
    }
    const std::size_t tail = usual < 48 ? 4 : 6;  // 1, 2, 4 ... numbers at either end
    const std::size_t middle = usual - 2 * tail - 1;
    std::size_t at = 0;
    for (std::size_t power = 0; power < tail && at < count / 4; ++power) {
        cut(at += std::size_t{1} << power);
    }
    const std::size_t end = count - ((std::size_t{1} << tail) - 1);
    const std::size_t begin = cut_;
    for (std::size_t step = 1; step <= middle && begin < end; ++step) {
        cut(begin + (end - begin) * step / middle);
    }
    for (std::size_t power = tail; power-- > 0 && cut_ < count;) {
        cut(cut_ + (std::size_t{1} << power));
    }
    cut(count);
}

std::span<const Bin> BinChooser::choose(std::span<const std::uint64_t> numbers, unsigned bin_bits) {
    CHECK(!numbers.empty() && numbers.size() <= UINT32_MAX);
    sort(numbers);
    find_candidates();
    const std::size_t count = candidates_.size();
    CHECK(count <= bins_max);
    const double log2_all = log2_of(numbers.size());
    // best[j]: the fewest bits for the candidates before j, and where its last bin begins.
    std::array<double, bins_max + 1> best;
    std::array<std::uint32_t, bins_max + 1> from;
    best[0] = 0;
    for (std::size_t end = 1; end <= count; ++end) {
        best[end] = 1e300;
        std::uint64_t inside = 0;
        for (std::size_t begin = end; begin-- > 0;) {
            inside += candidates_[begin].count;
            const unsigned width = width_of(candidates_[end - 1].upper - candidates_[begin].lower);
            const double symbol = log2_all - log2_of(inside);
            const double bits =
                best[begin] + bin_bits + static_cast<double>(inside) * (width + symbol);
            if (bits < best[end]) {
                best[end] = bits;
                from[end] = static_cast<std::uint32_t>(begin);
            }
        }
    }
    bins_.clear();
    for (std::size_t end = count; end > 0; end = from[end]) {
        Bin bin{candidates_[from[end]].lower, candidates_[end - 1].upper, 0};
        for (std::size_t index = from[end]; index < end; ++index) {
            bin.count += candidates_[index].count;
        }
        bins_.push_back(bin);
    }
    std::reverse(bins_.begin(), bins_.end());
    return bins_;
}

}  // namespace lineshaft::history::codec
