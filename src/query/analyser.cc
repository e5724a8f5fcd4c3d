#include "query/analyser.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/bytes.h"

namespace lineshaft::query {

Type shown_type(T type) {
    switch (type) {
        case T::null: return Type::null;
        case T::boolean: return Type::boolean;
        case T::int8: return Type::int8;
        case T::float8: return Type::float8;
        case T::timestamptz: return Type::timestamptz;
        case T::bytea: return Type::bytea;
        case T::text:
        case T::interval:
        case T::json: break;
    }
    return Type::text;
}

T inner_type(Type type) {
    switch (type) {
        case Type::null: return T::null;
        case Type::boolean: return T::boolean;
        case Type::int8: return T::int8;
        case Type::float8: return T::float8;
        case Type::timestamptz: return T::timestamptz;
        case Type::bytea: return T::bytea;
        case Type::text: break;
    }
    return T::text;
}

std::string_view word_of(T type) {
    switch (type) {
        case T::null: return "unknown";
        case T::boolean: return "boolean";
        case T::int8: return "bigint";
        case T::float8: return "double precision";
        case T::text: return "text";
        case T::timestamptz: return "timestamp with time zone";
        case T::bytea: return "bytea";
        case T::interval: return "interval";
        case T::json: return "json";
    }
    return "unknown";
}

Term made(std::string sql, T type, std::int64_t at) {
    Term term;
    term.sql = std::move(sql);
    term.type = type;
    term.at = at;
    return term;
}

/// `out` is made of `from` too.
void absorb(Term& out, const Term& from) {
    out.is_constant = out.is_constant && from.is_constant;
    out.has_aggregate = out.has_aggregate || from.has_aggregate;
    out.is_bare = out.is_bare || from.is_bare;
    out.has_window = out.has_window || from.has_window;
}

bool is_untyped(const Term& term) {
    return term.literal || term.parameter != 0 || term.type == T::null;
}
bool is_number(T type) {
    return type == T::int8 || type == T::float8;
}

std::string quoted_text(std::string_view text) {
    std::string out = "'";
    for (const char letter : text) {
        if (letter == '\'') out += '\'';
        out += letter;
    }
    return out + "'";
}

std::string quoted_name(std::string_view name) {
    std::string out = "\"";
    for (const char letter : name) {
        if (letter == '"') out += '"';
        out += letter;
    }
    return out + "\"";
}

std::string constant_sql(const Value& value) {
    switch (type_of(value)) {
        case Type::null: return "NULL";
        case Type::boolean: return std::get<bool>(value) ? "1" : "0";
        case Type::int8: {
            const auto number = std::get<std::int64_t>(value);
            // SQLite reads the sign apart from the digits, of which there would be one too many.
            if (number == INT64_MIN) return "(-9223372036854775807 - 1)";
            return number < 0 ? fmt::format("({})", number) : std::to_string(number);
        }
        case Type::float8: {
            const double number = std::get<double>(value);
            if (std::isnan(number)) return "NULL";
            if (std::isinf(number)) return number > 0 ? "9e999" : "(-9e999)";
            std::string text = fmt::format("{}", number);
            if (text.find_first_of(".e") == std::string::npos) text += ".0";
            return number < 0 ? "(" + text + ")" : text;
        }
        case Type::text: return quoted_text(std::get<std::string>(value));
        case Type::timestamptz: return constant_sql(std::get<Instant>(value).micros);
        case Type::bytea: return "x'" + to_hex(as_bytes(std::get<ByteArray>(value).bytes)) + "'";
    }
    return "NULL";
}

Analyser::Analyser(const std::string& sql, const Session& session, std::vector<Type> declared,
                   const EngineLimits& limits)
    : sql_(sql), session_(session), limits_(limits) {
    for (const Type type : declared) {
        parameters_.push_back(type == Type::null ? std::nullopt : std::optional(inner_type(type)));
    }
}

std::unexpected<Failure> Analyser::refuse_at(std::string_view state, std::string message,
                                             std::int64_t byte, std::string hint) const {
    return refuse(state, std::move(message), position_of(sql_, byte), std::move(hint));
}

std::string Analyser::new_name() {
    return "r" + std::to_string(++names_made_);
}

std::span<const TableShape> shown_tables() {
    using enum Type;
    static const std::vector<TableShape> shapes{
        {"public",
         "machines",
         {{"id", text},
          {"name", text},
          {"kind", text},
          {"site", text},
          {"time_zone", text},
          {"connection", text},
          {"state", text},
          {"fault", text},
          {"source", text},
          {"last_seen", timestamptz},
          {"first_seen", timestamptz},
          {"adopted_at", timestamptz},
          {"latitude", float8},
          {"longitude", float8},
          {"attributes", text}}},
        {"public",
         "tags",
         {{"machine", text},
          {"tag", text},
          {"kind", text},
          {"label", text},
          {"unit", text},
          {"low", float8},
          {"high", float8},
          {"writable", boolean}}},
        {"public",
         "latest",
         {{"machine", text},
          {"tag", text},
          {"time", timestamptz},
          {"value", float8},
          {"text", text},
          {"quality", text}}},
        {"public",
         "samples",
         {{"machine", text},
          {"tag", text},
          {"time", timestamptz},
          {"value", float8},
          {"text", text},
          {"quality", text}}},
        {"public",
         "sites",
         {{"name", text}, {"time_zone", text}, {"latitude", float8}, {"longitude", float8}}},
    };
    return shapes;
}

}  // namespace lineshaft::query
