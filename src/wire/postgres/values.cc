#include "wire/postgres/values.h"

#include <fmt/format.h>

#include <bit>

#include "base/bytes.h"

namespace lineshaft::postgres {
namespace {

constexpr std::int64_t day_micros = 86'400'000'000;

template <class T>
Result<T> take_whole(std::string_view value) {
    Reader in(as_bytes(value));
    TRY(const auto number, in.take_be<T>());
    if (!in.at_end()) return fail(Code::invalid, "too long");
    return number;
}

Result<Instant> instant_from_2000(std::int64_t micros) {
    constexpr std::int64_t most = INT64_MAX - epoch_2000_micros;
    if (micros > most || micros == INT64_MIN) return fail(Code::invalid, "time out of range");
    return Instant{micros + epoch_2000_micros};
}

Result<Parameter> parse_text_form(std::string_view value) {
    if (!is_utf8(value)) return fail(Code::invalid, "not UTF-8");
    if (value.contains('\0')) return fail(Code::invalid, "contains a zero byte");
    return std::string(value);
}

Result<Parameter> parse_binary_form(Oid type, std::string_view value) {
    switch (type) {
        case Oid::boolean: {
            TRY(const auto byte, take_whole<std::uint8_t>(value));
            return byte != 0;
        }
        case Oid::int2: {
            TRY(const auto number, take_whole<std::uint16_t>(value));
            return std::int64_t{static_cast<std::int16_t>(number)};
        }
        case Oid::int4: {
            TRY(const auto number, take_whole<std::uint32_t>(value));
            return std::int64_t{static_cast<std::int32_t>(number)};
        }
        case Oid::oid: {
            TRY(const auto number, take_whole<std::uint32_t>(value));
            return std::int64_t{number};
        }
        case Oid::int8: {
            TRY(const auto number, take_whole<std::uint64_t>(value));
            return static_cast<std::int64_t>(number);
        }
        case Oid::float4: {
            TRY(const auto bits, take_whole<std::uint32_t>(value));
            return double{std::bit_cast<float>(bits)};
        }
        case Oid::float8: {
            TRY(const auto bits, take_whole<std::uint64_t>(value));
            return std::bit_cast<double>(bits);
        }
        case Oid::timestamp:
        case Oid::timestamptz: {
            TRY(const auto micros, take_whole<std::uint64_t>(value));
            TRY(const Instant at, instant_from_2000(static_cast<std::int64_t>(micros)));
            return at;
        }
        case Oid::date: {
            TRY(const auto raw, take_whole<std::uint32_t>(value));
            const std::int64_t days = static_cast<std::int32_t>(raw);
            constexpr std::int64_t most = INT64_MAX / day_micros - 20'000;
            if (days > most || days < -most) return fail(Code::invalid, "date out of range");
            TRY(const Instant at, instant_from_2000(days * day_micros));
            return at;
        }
        case Oid::bytea: return Blob{std::string(value)};
        case Oid::none:
        case Oid::unknown:
        case Oid::text:
        case Oid::name:
        case Oid::letter:
        case Oid::json:
        case Oid::bpchar:
        case Oid::varchar: return parse_text_form(value);
        case Oid::numeric: break;
    }
    return fail(Code::unsupported,
                fmt::format("parameters of type {} are read in text format only", name_of(type)));
}

}  // namespace

std::int16_t size_of(Oid type) {
    switch (type) {
        case Oid::boolean:
        case Oid::letter: return 1;
        case Oid::int2: return 2;
        case Oid::int4:
        case Oid::oid:
        case Oid::date:
        case Oid::float4: return 4;
        case Oid::int8:
        case Oid::float8:
        case Oid::timestamp:
        case Oid::timestamptz: return 8;
        case Oid::name: return 64;
        case Oid::unknown: return -2;
        default: return -1;
    }
}

std::string_view name_of(Oid type) {
    switch (type) {
        case Oid::none:
        case Oid::unknown: return "unknown";
        case Oid::boolean: return "boolean";
        case Oid::bytea: return "bytea";
        case Oid::letter: return "\"char\"";
        case Oid::name: return "name";
        case Oid::int8: return "bigint";
        case Oid::int2: return "smallint";
        case Oid::int4: return "integer";
        case Oid::text: return "text";
        case Oid::oid: return "oid";
        case Oid::json: return "json";
        case Oid::float4: return "real";
        case Oid::float8: return "double precision";
        case Oid::bpchar: return "character";
        case Oid::varchar: return "character varying";
        case Oid::date: return "date";
        case Oid::timestamp: return "timestamp without time zone";
        case Oid::timestamptz: return "timestamp with time zone";
        case Oid::numeric: return "numeric";
    }
    return "a type of another number";  // from outside, any number may come
}

Result<Parameter> parse_binary(Oid type, std::string_view value) {
    auto parsed = parse_binary_form(type, value);
    if (!parsed && parsed.error().code == Code::invalid) {
        return std::unexpected(parsed.error().in(
            fmt::format("invalid binary input for type {}", name_of(type))));
    }
    return parsed;
}

}  // namespace lineshaft::postgres
