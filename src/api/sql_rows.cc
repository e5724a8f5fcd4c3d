#include "api/sql_rows.h"

namespace lineshaft::api {
namespace {

void put_cell(JsonOut& out, const query::Value& value) {
    switch (query::type_of(value)) {
        case query::Type::null: out.null(); return;
        case query::Type::boolean: out.flag(*std::get_if<bool>(&value)); return;
        case query::Type::int8: out.number(*std::get_if<std::int64_t>(&value)); return;
        case query::Type::float8: out.number(*std::get_if<double>(&value)); return;
        case query::Type::timestamptz: out.time(*std::get_if<Instant>(&value)); return;
        case query::Type::text: out.text(*std::get_if<std::string>(&value)); return;
        case query::Type::bytea: break;
    }
    std::string text;
    query::put_text(text, value, "UTC");
    out.text(text);
}

std::size_t size_of(const query::Value& value) {
    const auto* text = std::get_if<std::string>(&value);
    return 16 + (text == nullptr ? 0 : text->size());
}

}  // namespace

void put_rows(JsonOut& out, std::size_t rows, std::size_t columns,
              std::span<const query::Value> values, std::size_t bytes_max, std::size_t& bytes) {
    constexpr std::size_t value_bytes = 20;  // as numbers and instants are written
    out.expect(values.size() * value_bytes + 3 * rows);
    const query::Value* next = values.data();
    for (std::size_t row = 0; row < rows && bytes < bytes_max; ++row) {
        out.array();
        for (std::size_t column = 0; column < columns; ++column, ++next) {
            bytes += size_of(*next);
            put_cell(out, *next);
        }
        out.end_array();
    }
}

}  // namespace lineshaft::api
