#pragma once
#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>

// Decimals n / 10^e: correctly rounded, that is the double nearest to the decimal a person wrote,
// whenever |n| <= 2^53 (both operands are exact; IEEE 754 5.4.1).
namespace lineshaft::history::codec {

inline constexpr unsigned exponent_max = 18;
inline constexpr double powers_of_ten[exponent_max + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,
                                                           1e7,  1e8,  1e9,  1e10, 1e11, 1e12, 1e13,
                                                           1e14, 1e15, 1e16, 1e17, 1e18};

/// `exponent` at most exponent_max.
inline double from_decimal(std::int64_t number, unsigned exponent) {
    return static_cast<double>(number) / powers_of_ten[exponent];
}

/// n with from_decimal(n, exponent) == value, bit for bit; nullopt if there is none up to 2^53.
inline std::optional<std::int64_t> to_decimal(double value, unsigned exponent) {
    const double scaled = std::nearbyint(value * powers_of_ten[exponent]);
    if (!(std::fabs(scaled) < 9007199254740992.0)) return std::nullopt;  // NaN too
    const auto number = static_cast<std::int64_t>(scaled);
    const bool is_same = std::bit_cast<std::uint64_t>(from_decimal(number, exponent)) ==
                         std::bit_cast<std::uint64_t>(value);
    return is_same ? std::optional(number) : std::nullopt;
}

}  // namespace lineshaft::history::codec
