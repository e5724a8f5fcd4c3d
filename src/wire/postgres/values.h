// Types by their numbers, and values in binary format, as PostgreSQL's send and receive functions
// have them. The text format is the query engine's.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "base/time.h"
#include "wire/postgres/message.h"

namespace lineshaft::postgres {

/// Types by PostgreSQL's own numbers (pg_type.dat).
enum class Oid : std::uint32_t {
    none = 0,
    boolean = 16,
    bytea = 17,
    letter = 18,  ///< "char"
    name = 19,
    int8 = 20,
    int2 = 21,
    int4 = 23,
    text = 25,
    oid = 26,
    json = 114,
    float4 = 700,
    float8 = 701,
    unknown = 705,
    bpchar = 1042,
    varchar = 1043,
    date = 1082,
    timestamp = 1114,
    timestamptz = 1184,
    numeric = 1700,
};
/// pg_type.typlen: bytes of the binary form; -1: varies.
std::int16_t size_of(Oid type);
std::string_view name_of(Oid type);  ///< as SQL says it, "double precision"

struct Blob {
    std::string bytes;
    bool operator==(const Blob&) const = default;
};
/// monostate: null. Numbers are int64 or double; times are UTC.
using Parameter =
    std::variant<std::monostate, bool, std::int64_t, double, std::string, Instant, Blob>;

/// A bound value in binary format. Errors: invalid (22P03: no such value), unsupported (a type
/// whose binary form is not read).
Result<Parameter> parse_binary(Oid type, std::string_view value);

/// Binary times count microseconds from 2000-01-01.
inline constexpr std::int64_t epoch_2000_micros = 946'684'800'000'000;

}  // namespace lineshaft::postgres
