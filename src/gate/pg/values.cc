#include "gate/pg/values.h"

#include "base/bytes.h"

namespace lineshaft::pg {

using postgres::Format;
using postgres::Oid;
using query::Type;

Oid oid_of(Type type) {
    switch (type) {
        case Type::boolean: return Oid::boolean;
        case Type::int8: return Oid::int8;
        case Type::float8: return Oid::float8;
        case Type::timestamptz: return Oid::timestamptz;
        case Type::bytea: return Oid::bytea;
        case Type::null:
        case Type::text: break;
    }
    return Oid::text;
}

Type type_of(Oid oid) {
    switch (oid) {
        case Oid::boolean: return Type::boolean;
        case Oid::int2:
        case Oid::int4:
        case Oid::int8:
        case Oid::oid: return Type::int8;
        case Oid::float4:
        case Oid::float8:
        case Oid::numeric: return Type::float8;
        case Oid::text:
        case Oid::name:
        case Oid::letter:
        case Oid::json:
        case Oid::bpchar:
        case Oid::varchar: return Type::text;
        case Oid::date:
        case Oid::timestamp:
        case Oid::timestamptz: return Type::timestamptz;
        case Oid::bytea: return Type::bytea;
        case Oid::none:
        case Oid::unknown: break;
    }
    return Type::null;
}

void put_value(postgres::RowWriter& row, std::string& out, const query::Value& value,
               Format format, const std::string& time_zone) {
    if (std::holds_alternative<std::monostate>(value)) return row.put_null();
    if (const auto* text = std::get_if<std::string>(&value)) return row.put_text(*text);
    if (format == Format::text) {
        const auto began = row.begin_value();
        query::put_text(out, value, time_zone);
        return row.end_value(began);
    }
    if (const auto* flag = std::get_if<bool>(&value)) return row.put_binary(*flag);
    if (const auto* whole = std::get_if<std::int64_t>(&value)) return row.put_binary(*whole);
    if (const auto* real = std::get_if<double>(&value)) return row.put_binary(*real);
    if (const auto* at = std::get_if<Instant>(&value)) return row.put_binary(*at);
    row.put_text(std::get<query::ByteArray>(value).bytes);
}

query::Outcome<query::Value> parameter_of(const std::optional<std::string>& sent, Type type,
                                          Oid declared, Format format,
                                          const std::string& time_zone) {
    if (!sent) return query::Value{};
    if (format == Format::text) {
        if (!is_utf8(*sent) || sent->contains('\0')) {
            return query::refuse("22021", "a parameter is not UTF-8 text");
        }
        return query::parse_text(type == Type::null ? Type::text : type, *sent, time_zone);
    }
    auto parsed = postgres::parse_binary(declared, *sent);
    if (!parsed) {
        const bool is_ours = parsed.error().code == Code::unsupported;
        return query::refuse(is_ours ? "0A000" : "22P03", parsed.error().context);
    }
    struct Convert {
        query::Value operator()(std::monostate) const { return {}; }
        query::Value operator()(bool one) const { return one; }
        query::Value operator()(std::int64_t one) const { return one; }
        query::Value operator()(double one) const { return one; }
        query::Value operator()(std::string& one) const { return std::move(one); }
        query::Value operator()(Instant one) const { return one; }
        query::Value operator()(postgres::Blob& one) const {
            return query::ByteArray{std::move(one.bytes)};
        }
    };
    return std::visit(Convert{}, *parsed);
}

std::vector<postgres::Column> columns_of(std::span<const query::Column> columns,
                                         const std::vector<Format>& formats) {
    std::vector<postgres::Column> out;
    out.reserve(columns.size());
    for (std::size_t index = 0; index < columns.size(); ++index) {
        out.push_back({columns[index].name, oid_of(columns[index].type),
                       postgres::format_of(formats, index)});
    }
    return out;
}

postgres::Failure failure_of(const query::Failure& failure) {
    return {.state = failure.sqlstate,
            .message = failure.message,
            .detail = failure.detail,
            .hint = failure.hint,
            .position = static_cast<std::uint32_t>(
                std::min<std::size_t>(failure.position, INT32_MAX))};
}

std::size_t bytes_of(const query::Value& value) {
    if (const auto* text = std::get_if<std::string>(&value)) return sizeof(value) + text->size();
    if (const auto* raw = std::get_if<query::ByteArray>(&value))
        return sizeof(value) + raw->bytes.size();
    return sizeof(value);
}

}  // namespace lineshaft::pg
