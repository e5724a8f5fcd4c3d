// Inside wire/influx: numbers of the line protocol.
#pragma once
#include "wire/influx/line.h"

namespace lineshaft::influx {

/// Reads a float, an integer `1i` or an unsigned `1u` at `at` and moves behind it. What follows is
/// the caller's to check. Null, or what is wrong.
const char* read_number(const char*& at, const char* stop, FieldValue& value);

/// A whole number in units of `precision` as microseconds since 1970, rounded down. Null, or what
/// is wrong.
const char* read_time(const char*& at, const char* stop, Precision precision, std::int64_t& micros);

}  // namespace lineshaft::influx
