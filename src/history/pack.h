#pragma once
#include <cstdint>
#include <span>
#include <string>

#include "base/bytes.h"

// Integers in few bits: short columns, and everything in chunks of version 1.
//
// Idea: values of 128 neighbours lie close together, so a block stores its base and what is above
// it in `width` bits each. A few outliers would widen everybody, so they are patched: their low
// bits are packed with the rest, their high bits listed after (PFOR, Zukowski et al. 2006).
// Example: 5 6 5 900 7 -> base 5, width 2, packed 0 1 0 3 2, patch (index 3, high 223).
// Cost: encoding sorts each block, O(128 log 128); decoding is one pass. Fails, that is costs about
// 8.1 bytes a value, on random 64-bit numbers. Byte layout: docs/formats/chunk.md, "blocks".
namespace lineshaft::history {

inline constexpr std::size_t block_values = 128;

inline std::uint64_t zigzag(std::int64_t value) {
    return static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
}
inline std::int64_t unzigzag(std::uint64_t value) {
    return static_cast<std::int64_t>(value >> 1 ^ (0 - (value & 1)));
}

/// Appends `values` as blocks. The count is not stored.
void put_blocks(std::string& out, std::span<const std::int64_t> values);

/// Fills `values` from what put_blocks wrote. Errors: invalid (short, width over 64, bad patch).
Result<void> take_blocks(Reader& in, std::span<std::int64_t> values);

/// Reads bits, lowest first in each byte. Past the end it gives zeros and remembers: ask
/// `is_short`.
class BitReader {
public:
    explicit BitReader(Bytes bytes) : bytes_(bytes) {}
    std::uint64_t take(unsigned width);
    bool is_short() const { return short_; }

private:
    std::uint64_t take_few(unsigned width);  // width 0..32
    Bytes bytes_;
    std::size_t at_bit_ = 0;
    bool short_ = false;
};

/// Values in runs: run i is heads[i], lengths[i] + 1 times. Errors: invalid (they do not fill
/// `values` exactly).
Result<void> fill_runs(std::span<const std::int64_t> lengths, std::span<const std::int64_t> heads,
                       std::span<std::int64_t> values);

// --- columns of integers in chunks of version 1: an encoding id and a payload --------------------

enum class IntegerEncoding : std::uint8_t { constant = 0, blocks = 1, deltas = 2, runs = 3 };

/// Errors: invalid, unsupported (an id this version does not know).
Result<void> take_integers(std::uint8_t encoding, Reader& in, std::span<std::int64_t> values);

/// The same for a column inside a column: id byte, then payload.
Result<void> take_nested_integers(Reader& in, std::span<std::int64_t> values);

}  // namespace lineshaft::history
