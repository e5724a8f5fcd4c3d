// Casts: between types, and of texts that have none yet.
#include <fmt/format.h>

#include <array>

#include "query/analyser.h"
#include "query/pg_catalog.h"

namespace lineshaft::query {
namespace {

struct TypeWord {
    std::string_view name;
    T type;
};
constexpr auto type_words = std::to_array<TypeWord>({
    {"bool", T::boolean},
    {"int2", T::int8},
    {"int4", T::int8},
    {"int8", T::int8},
    {"oid", T::int8},
    {"xid", T::int8},
    {"float4", T::float8},
    {"float8", T::float8},
    {"numeric", T::float8},
    {"text", T::text},
    {"varchar", T::text},
    {"bpchar", T::text},
    {"char", T::text},
    {"name", T::text},
    {"regclass", T::text},
    {"regtype", T::text},
    {"regproc", T::text},
    {"regnamespace", T::text},
    {"information_schema", T::text},
    {"uuid", T::text},
    {"timestamptz", T::timestamptz},
    {"timestamp", T::timestamptz},
    {"date", T::timestamptz},
    {"bytea", T::bytea},
    {"interval", T::interval},
    {"json", T::json},
    {"jsonb", T::json},
});

}  // namespace

Outcome<T> Analyser::type_named(const json::object& type, std::int64_t at) const {
    const std::string_view name = last_name(list_of(type, "names"));
    if (!list_of(type, "arrayBounds").empty())
        return refuse_at("0A000", "arrays are not supported", at);
    for (const TypeWord& word : type_words) {
        if (word.name == name) return word.type;
    }
    return refuse_at("42704", fmt::format("type \"{}\" does not exist", name), at);
}

Outcome<Term> Analyser::cast(const json::object& body, Names& names) {
    const json::object& type =
        member(body, "typeName").is_object() ? member(body, "typeName").get_object() : body;
    const std::int64_t at = number_of(type, "location", -1);
    TRY(const T wanted, type_named(type, at));
    const std::string_view word = last_name(list_of(type, "names"));
    TRY(Term inside, term(member(body, "arg"), names));
    // INTERVAL '1' HOUR: the unit stands behind, as bits.
    if (const auto& units = list_of(type, "typmods");
        wanted == T::interval && inside.literal && !units.empty()) {
        const Node& bits = member(body_of(units.front()), "ival");
        const std::int64_t mask = bits.is_object() ? number_of(bits.get_object(), "ival") : 0;
        const std::string_view unit = mask == 4      ? " year"
                                      : mask == 2    ? " month"
                                      : mask == 8    ? " day"
                                      : mask == 1024 ? " hour"
                                      : mask == 2048 ? " minute"
                                                     : "";
        if (inside.literal->find_first_not_of("0123456789.- ") == std::string::npos)
            *inside.literal += unit;
    }
    std::optional<std::int64_t> relation = wanted == T::int8 ? inside.relation : std::nullopt;
    if (relation) return made(std::to_string(*relation), T::int8, at);
    if (word == "regclass" && inside.literal) relation = relation_number(*inside.literal);
    std::string name = inside.name.empty() ? std::string(word) : inside.name;
    TRY(Term out, cast_to(std::move(inside), wanted, word, at));
    out.name = std::move(name);
    out.relation = relation;
    return out;
}

Outcome<Term> Analyser::cast_to(Term term, T type, std::string_view word, std::int64_t at) {
    if (term.parameter != 0) {
        auto& known = parameters_[term.parameter - 1];
        if (!known) known = type;
        term.parameter = 0;
        term.type = *known;
    }
    const bool is_day = word == "date";
    if (term.literal && type != T::text && type != T::json) {
        Term out = made("", type, term.at);
        if (type == T::interval) {
            auto span = parse_span(*term.literal);
            if (!span)
                return refuse_at(span.error().sqlstate, span.error().message, term.at,
                                 span.error().hint);
            out.span = *span;
            out.sql = std::to_string(span->micros + span->months * 30 * micros_per_day);
            return out;
        }
        auto value = parse_text(shown_type(type), *term.literal, session_.time_zone);
        if (!value)
            return refuse_at(value.error().sqlstate, value.error().message, term.at,
                             value.error().hint);
        out.sql = constant_sql(*value);
        return out;
    }
    if (term.type == T::null || term.type == type || (term.literal && type != T::json)) {
        if (is_day && term.type == T::timestamptz)
            term.sql = fmt::format("ls_trunc('day', {}, ls_zone())", term.sql);
        term.type = type;
        term.literal.reset();
        term.chain = 0;
        return term;
    }
    struct Way {
        T from, to;
        std::string_view sql;
    };
    static constexpr auto ways = std::to_array<Way>({
        {T::boolean, T::text, "CASE {0} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END"},
        {T::int8, T::text, "CAST({0} AS TEXT)"},
        {T::float8, T::text, "ls_number_text({0})"},
        {T::timestamptz, T::text, "ls_time_text({0})"},
        {T::interval, T::text, "ls_span_text({0})"},
        {T::json, T::text, "{0}"},
        {T::bytea, T::text, "ls_bytes_text({0})"},
        {T::text, T::int8, "ls_parse('int8', {0})"},
        {T::float8, T::int8, "ls_whole({0})"},
        {T::boolean, T::int8, "{0}"},
        {T::text, T::float8, "ls_parse('float8', {0})"},
        {T::int8, T::float8, "CAST({0} AS REAL)"},
        {T::json, T::float8, "ls_parse('float8', {0})"},
        {T::json, T::int8, "ls_parse('int8', {0})"},
        {T::json, T::boolean, "ls_parse('bool', {0})"},
        {T::text, T::boolean, "ls_parse('bool', {0})"},
        {T::int8, T::boolean, "({0} <> 0)"},
        {T::text, T::timestamptz, "ls_parse('timestamptz', {0})"},
        {T::text, T::interval, "ls_span({0})"},
        {T::text, T::json, "json({0})"},
        {T::text, T::bytea, "CAST({0} AS BLOB)"},
    });
    for (const Way& way : ways) {
        if (way.from != term.type || way.to != type) continue;
        Term out = made(fmt::format(fmt::runtime(way.sql), term.sql), type, term.at);
        if (is_day) out.sql = fmt::format("ls_trunc('day', {}, ls_zone())", out.sql);
        absorb(out, term);
        return out;
    }
    return refuse_at(
        "42846", fmt::format("cannot cast type {} to {}", word_of(term.type), word_of(type)), at);
}

}  // namespace lineshaft::query
