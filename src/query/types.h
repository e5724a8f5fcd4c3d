#pragma once
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"

// What goes in and out of a statement. PostgreSQL's names for PostgreSQL's types.
namespace lineshaft::query {

/// `null`: nothing is known of it but that it is NULL; clients are told text.
enum class Type : std::uint8_t { null, boolean, int8, float8, text, timestamptz, bytea };
/// "bool", "int8", "float8", "text", "timestamptz", "bytea"; "text" for null.
std::string_view name_of(Type type);

struct ByteArray {
    std::string bytes;
    bool operator==(const ByteArray&) const = default;
};
/// monostate is NULL. An Instant is a timestamptz; texts are UTF-8.
using Value =
    std::variant<std::monostate, bool, std::int64_t, double, std::string, Instant, ByteArray>;
Type type_of(const Value& value);

/// As PostgreSQL writes it in text format: "t", "42", "1.5", "\x00ff", and instants in the zone:
/// "2026-11-22 08:15:00.25+08". NULL gives nothing written.
void put_text(std::string& out, const Value& value, std::string_view time_zone);
struct Failure;
/// A parameter or literal as people write it; timestamps as PostgreSQL and RFC 3339 do, one without
/// an offset is of the zone. Errors: 22P02, 22007, 22008, 22003.
std::expected<Value, Failure> parse_text(Type type, std::string_view text,
                                         std::string_view time_zone);

struct Column {
    std::string name;
    Type type = Type::text;
    bool operator==(const Column&) const = default;
};

/// What is wrong with a statement, for programs (sqlstate) and people.
struct Failure {
    std::string sqlstate = "XX000";  ///< five letters, PostgreSQL 15, appendix A
    std::string message;
    std::string detail{};
    std::string hint{};
    std::size_t position = 0;  ///< from 1, in characters (not bytes) of the statement; 0: nowhere
    bool operator==(const Failure&) const = default;
};
template <class T>
using Outcome = std::expected<T, Failure>;
[[nodiscard]] std::unexpected<Failure> refuse(std::string_view sqlstate, std::string message,
                                              std::size_t position = 0, std::string hint = {});
/// The same for callers that know codes only: 42xxx and 22xxx are invalid, 57014 is timeout or
/// cancelled, 53xxx and 54xxx exhausted, 42501 denied, 0A000 unsupported.
Error error_of(const Failure& failure);
/// What a module below said.
Failure failure_of(const Error& error);

}  // namespace lineshaft::query
