#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/bytes.h"

// Columns of doubles, bit for bit.
//
// Idea: a sensor's double is nearly always a decimal with few digits, 71.22 or 69.88083514, so n =
// round(d * 10^e) is a small integer and n / 10^e is correctly rounded, that is the very same
// double, whenever |n| <= 2^53 and e <= 22 (both operands exact; IEEE 754 5.4.1). Each value is
// tried; what does not come back bit for bit (NaN, -0, infinities, noise) is listed as exception.
// After ALP (Afroozeh, Kuffo, Boncz 2023), with a division instead of a factor pair: exact for
// every decimal of 15 digits. Values that passed through a float (0.1f) are decimals too, once
// rounded to single precision: `single`.
// Where decimals fail: XOR with the predecessor (Chimp, Liakos et al. 2022), or byte planes, which
// the column's zstd then packs; the caller takes the smaller.
// Complexity: O(count) both ways. Layout: docs/formats/chunk.md.
namespace lineshaft::history {

enum class RealEncoding : std::uint8_t { constant = 0, decimal = 1, xored = 2, planes = 3 };

/// Appends constant or decimal when they fit; nullopt (nothing appended) when decimals do not pay.
std::optional<RealEncoding> put_decimals(std::string& out, std::span<const std::uint64_t> bits);
void put_xored(std::string& out, std::span<const std::uint64_t> bits);
void put_planes(std::string& out, std::span<const std::uint64_t> bits);

/// Errors: invalid, unsupported (an id this version does not know).
Result<void> take_reals(std::uint8_t encoding, Reader& in, std::span<std::uint64_t> bits);

inline constexpr unsigned decimal_exponent_max = 18;
/// n with n / 10^exponent == value, bit for bit; nullopt if there is none up to 2^53.
std::optional<std::int64_t> to_decimal(double value, unsigned exponent);
double from_decimal(std::int64_t number, unsigned exponent);

}  // namespace lineshaft::history
