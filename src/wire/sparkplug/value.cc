#include <cmath>
#include <concepts>
#include <limits>

#include "wire/sparkplug/payload.h"

namespace lineshaft::sparkplug {
namespace {

std::unexpected<Error> refuse(DataType type, std::string_view why) {
    return fail(Code::invalid, std::string(name_of(type)) + ": " + std::string(why));
}
std::unexpected<Error> wrong_kind(DataType type) {
    return refuse(type, "a value of another kind");
}
std::unexpected<Error> out_of_range(DataType type) {
    return refuse(type, "out of range");
}

int bits_of(DataType type) {
    switch (type) {
        case DataType::int8:
        case DataType::uint8: return 8;
        case DataType::int16:
        case DataType::uint16: return 16;
        case DataType::int32:
        case DataType::uint32: return 32;
        default: return 64;
    }
}

// An integer as it came: in long_value (wide) or int_value.
struct RawInteger {
    std::uint64_t bits;
    bool wide;
};

std::optional<RawInteger> integer_in(const WireValue& wire) {
    if (const auto* narrow = std::get_if<std::uint32_t>(&wire)) return RawInteger{*narrow, false};
    if (const auto* wide = std::get_if<std::uint64_t>(&wire)) return RawInteger{*wide, true};
    return std::nullopt;
}

// Tahu's Java sends Int8 -1 as 0xFFFFFFFF, its Python as 0xFF. Both are read.
Result<Value> read_signed(const WireValue& wire, DataType type) {
    const auto raw = integer_in(wire);
    if (!raw) return wrong_kind(type);
    const auto value = raw->wide ? static_cast<std::int64_t>(raw->bits)
                                 : static_cast<std::int64_t>(static_cast<std::int32_t>(raw->bits));
    const int bits = bits_of(type);
    if (bits == 64) {
        if (!raw->wide && value < 0) return refuse(type, "ambiguous in int_value");
        return Value(value);
    }
    const std::int64_t half = std::int64_t{1} << (bits - 1);
    if (value >= -half && value < half) return Value(value);
    if (raw->bits >> bits == 0) return Value(static_cast<std::int64_t>(raw->bits) - 2 * half);
    return out_of_range(type);
}

Result<Value> read_unsigned(const WireValue& wire, DataType type) {
    const auto raw = integer_in(wire);
    if (!raw) return wrong_kind(type);
    const int bits = bits_of(type);
    if (bits < 64 && raw->bits >> bits != 0) return out_of_range(type);
    return Value(raw->bits);
}

Result<Value> read_date_time(const WireValue& wire, DataType type) {
    const auto raw = integer_in(wire);
    if (!raw) return wrong_kind(type);
    if (raw->bits > std::uint64_t{std::numeric_limits<std::int64_t>::max()})
        return out_of_range(type);
    return Value(static_cast<std::int64_t>(raw->bits));
}

Result<Value> read_real(const WireValue& wire, DataType type) {
    if (const auto* value = std::get_if<float>(&wire)) return Value(static_cast<double>(*value));
    if (const auto* value = std::get_if<double>(&wire)) return Value(*value);
    return wrong_kind(type);
}

Result<Value> read_boolean(const WireValue& wire, DataType type) {
    if (const auto* value = std::get_if<bool>(&wire)) return Value(*value);
    const auto raw = integer_in(wire);
    if (!raw) return wrong_kind(type);
    if (raw->bits > 1) return out_of_range(type);
    return Value(raw->bits == 1);
}

template <class View>
Result<Value> read_opaque(const WireValue& wire, DataType type) {
    const auto* view = std::get_if<View>(&wire);
    if (view == nullptr) return wrong_kind(type);
    return Value(Opaque{std::string(view->bytes)});
}

// A whole number within int64 or uint64, whatever kind it came in.
struct Whole {
    bool negative;
    std::uint64_t bits;  // two's complement
};

Result<Whole> whole_of(const Value& value, DataType type) {
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
        return Whole{*number < 0, static_cast<std::uint64_t>(*number)};
    }
    if (const auto* number = std::get_if<std::uint64_t>(&value)) return Whole{false, *number};
    const auto* real = std::get_if<double>(&value);
    if (real == nullptr) return wrong_kind(type);
    if (!std::isfinite(*real) || *real != std::trunc(*real))
        return refuse(type, "not a whole number");
    if (*real < -0x1p63 || *real >= 0x1p64) return out_of_range(type);
    if (*real < 0) return Whole{true, static_cast<std::uint64_t>(static_cast<std::int64_t>(*real))};
    return Whole{false, static_cast<std::uint64_t>(*real)};
}

Result<WireValue> write_signed(const Value& value, DataType type) {
    TRY(const Whole whole, whole_of(value, type));
    const auto number = static_cast<std::int64_t>(whole.bits);
    if (!whole.negative && number < 0) return out_of_range(type);
    const int bits = bits_of(type);
    if (bits == 64) return WireValue(whole.bits);
    const std::int64_t half = std::int64_t{1} << (bits - 1);
    if (number < -half || number >= half) return out_of_range(type);
    return WireValue(static_cast<std::uint32_t>(whole.bits));
}

Result<WireValue> write_unsigned(const Value& value, DataType type) {
    TRY(const Whole whole, whole_of(value, type));
    const int bits = bits_of(type);
    if (whole.negative || (bits < 64 && whole.bits >> bits != 0)) return out_of_range(type);
    if (bits == 64) return WireValue(whole.bits);
    return WireValue(static_cast<std::uint32_t>(whole.bits));
}

Result<WireValue> write_date_time(const Value& value, DataType type) {
    TRY(const Whole whole, whole_of(value, type));
    if (static_cast<std::int64_t>(whole.bits) < 0) return out_of_range(type);
    return WireValue(whole.bits);
}

Result<double> real_of(const Value& value, DataType type) {
    if (const auto* real = std::get_if<double>(&value)) return *real;
    TRY(const Whole whole, whole_of(value, type));
    const double real = whole.negative ? static_cast<double>(static_cast<std::int64_t>(whole.bits))
                                       : static_cast<double>(whole.bits);
    if (std::fabs(real) > 0x1p53) return refuse(type, "the integer would lose digits");
    return real;
}

Result<WireValue> write_float(const Value& value, DataType type) {
    TRY(const double real, real_of(value, type));
    if (std::isfinite(real) && std::fabs(real) > std::numeric_limits<float>::max()) {
        return out_of_range(type);
    }
    return WireValue(static_cast<float>(real));
}

template <class Field, class Wire>
Result<WireValue> write_as(const Value& value, DataType type, Wire (*wire)(const Field&)) {
    const auto* field = std::get_if<Field>(&value);
    if (field == nullptr) return wrong_kind(type);
    return WireValue(wire(*field));
}

std::string_view text_of(const std::string& text) {
    return text;
}
bool boolean_of(const bool& value) {
    return value;
}
DataSetView data_set_of(const Opaque& value) {
    return {value.bytes};
}
TemplateView template_of(const Opaque& value) {
    return {value.bytes};
}
BytesView bytes_of(const Opaque& value) {
    return {value.bytes};
}

}  // namespace

Result<Value> value_of(const WireValue& wire, DataType type) {
    if (!is_metric_type(type)) return fail(Code::invalid, "not a metric's data type");
    if (std::holds_alternative<std::monostate>(wire)) return Value();
    switch (type) {
        case DataType::int8:
        case DataType::int16:
        case DataType::int32:
        case DataType::int64: return read_signed(wire, type);
        case DataType::uint8:
        case DataType::uint16:
        case DataType::uint32:
        case DataType::uint64: return read_unsigned(wire, type);
        case DataType::float32:
        case DataType::float64: return read_real(wire, type);
        case DataType::boolean: return read_boolean(wire, type);
        case DataType::date_time: return read_date_time(wire, type);
        case DataType::string:
        case DataType::text:
        case DataType::uuid:
            if (const auto* text = std::get_if<std::string_view>(&wire)) {
                return Value(std::string(*text));
            }
            return wrong_kind(type);
        case DataType::data_set: return read_opaque<DataSetView>(wire, type);
        case DataType::template_: return read_opaque<TemplateView>(wire, type);
        default: return read_opaque<BytesView>(wire, type);
    }
}

Result<WireValue> wire_value_of(const Value& value, DataType type) {
    if (!is_metric_type(type)) return fail(Code::invalid, "not a metric's data type");
    if (std::holds_alternative<std::monostate>(value)) return WireValue();
    switch (type) {
        case DataType::int8:
        case DataType::int16:
        case DataType::int32:
        case DataType::int64: return write_signed(value, type);
        case DataType::uint8:
        case DataType::uint16:
        case DataType::uint32:
        case DataType::uint64: return write_unsigned(value, type);
        case DataType::date_time: return write_date_time(value, type);
        case DataType::float32: return write_float(value, type);
        case DataType::float64: {
            TRY(const double real, real_of(value, type));
            return WireValue(real);
        }
        case DataType::boolean: return write_as(value, type, boolean_of);
        case DataType::string:
        case DataType::text:
        case DataType::uuid: return write_as(value, type, text_of);
        case DataType::data_set: return write_as(value, type, data_set_of);
        case DataType::template_: return write_as(value, type, template_of);
        default: return write_as(value, type, bytes_of);
    }
}

}  // namespace lineshaft::sparkplug
