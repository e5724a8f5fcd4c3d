#pragma once
#include <cstdint>
#include <span>

#include "base/bytes.h"

// The loops where decoding spends its time, written so that the compiler makes vectors of them,
// once per family of processors (chosen when the program starts).
namespace lineshaft::history::codec {

inline constexpr std::size_t lane_block = 1024;
inline constexpr std::size_t lanes = 16;

/// A block of 1024 numbers, `width` bits each, in 16 lanes: lane l holds numbers l, l + 16, ... one
/// behind the other, and word j of all lanes lies before word j + 1, so that one shift serves
/// sixteen numbers (after FastLanes: Afroozeh & Boncz 2023). 128 x width bytes; width 1..64.
void pack_lanes(std::span<const std::int64_t, lane_block> values, std::int64_t base, unsigned width,
                std::byte* out);
/// `packed`: 128 x width bytes.
void unpack_lanes(const std::byte* packed, std::int64_t base, unsigned width, std::int64_t* out);

/// values[i] += values[i - 1], wrapping, from the second on.
void sum_up(std::span<std::int64_t> values);
/// value = base + value x factor, wrapping.
void scale_up(std::span<std::int64_t> values, std::int64_t base, std::int64_t factor);

/// bits[i] = the double numbers[i] / power. In place is fine.
void numbers_to_doubles(const std::int64_t* numbers, std::size_t count, double power,
                        std::uint64_t* bits);
/// The same rounded to a float and back.
void numbers_to_floats(const std::int64_t* numbers, std::size_t count, double power,
                       std::uint64_t* bits);

/// How far a decimal may be from the double it stands for, in units of the last place; and how
/// large.
inline constexpr std::int64_t near_ulps = std::int64_t{1} << 40;
inline constexpr double near_number = 2251799813685248.0;  // 2^51

/// numbers[i] = round(value x power), misses[i] = bits of the value - bits of numbers[i] / power.
/// True when all misses are 0. Where a value is too large or not a number, numbers[i] is 0.
bool doubles_to_numbers(const std::uint64_t* bits, std::size_t count, double power, bool is_single,
                        std::int64_t* numbers, std::int64_t* misses);

/// Doubles as integers in the same order, -0 apart: sign and magnitude become two's complement.
void doubles_to_order(const std::uint64_t* bits, std::size_t count, std::int64_t* order);
void order_to_doubles(const std::int64_t* order, std::size_t count, std::uint64_t* bits);

}  // namespace lineshaft::history::codec
