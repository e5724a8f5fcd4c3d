// Values between Sparkplug and history.
#include <fmt/format.h>

#include <limits>

#include "gate/sparkplug/door.h"
#include "trust/secrets.h"

namespace lineshaft::sparkplug {
namespace {

history::Quality quality_of(Quality quality) {
    switch (quality) {
        case Quality::good: return history::Quality::good;
        case Quality::bad: return history::Quality::bad;
        case Quality::stale: return history::Quality::uncertain;
    }
    std::unreachable();
}

bool is_unsigned(DataType type) {
    return type >= DataType::uint8 && type <= DataType::uint64;
}
bool is_signed(DataType type) {
    return (type >= DataType::int8 && type <= DataType::int64) || type == DataType::date_time;
}
bool is_real(DataType type) {
    return type == DataType::float32 || type == DataType::float64;
}

// A placeholder of the kind the metric usually has, so that a null does not change the series'
// kind.
history::Value placeholder(DataType type) {
    if (is_real(type)) return 0.0;
    if (is_signed(type) || is_unsigned(type)) return std::int64_t{0};
    if (type == DataType::boolean) return false;
    return std::string();
}

struct ToHistory {
    DataType type;
    history::Value operator()(std::monostate) const { return placeholder(type); }
    history::Value operator()(double number) const { return number; }
    history::Value operator()(std::int64_t whole) const { return whole; }
    history::Value operator()(std::uint64_t whole) const {
        if (whole <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
            return static_cast<std::int64_t>(whole);
        }
        return static_cast<double>(whole);
    }
    history::Value operator()(bool flag) const { return flag; }
    history::Value operator()(const std::string& text) const { return text; }
    history::Value operator()(const Opaque& opaque) const { return trust::to_base64(opaque.bytes); }
};

}  // namespace

std::optional<history::Sample> sample_of(const Sample& sample, DataType type,
                                         std::size_t text_bytes_max) {
    history::Sample out{sample.at, std::visit(ToHistory{type}, sample.value),
                        quality_of(sample.quality)};
    if (std::holds_alternative<std::monostate>(sample.value))
        out.quality = history::Quality::missing;
    const auto* text = std::get_if<std::string>(&out.value);
    if (text != nullptr && text->size() > text_bytes_max) return std::nullopt;
    return out;
}

Result<Value> value_for(const history::Value& value, DataType type) {
    const auto wrong = [&] {
        return fail(Code::invalid,
                    fmt::format("a {} cannot be written to a metric of type {}",
                                history::name_of(history::kind_of(value)), name_of(type)));
    };
    if (const auto* flag = std::get_if<bool>(&value)) {
        if (type == DataType::boolean) return Value{*flag};
        return wrong();
    }
    if (const auto* text = std::get_if<std::string>(&value)) {
        if (type == DataType::string || type == DataType::text || type == DataType::uuid)
            return Value{*text};
        return wrong();
    }
    if (is_real(type)) return Value{history::number_of(value)};
    const auto* whole = std::get_if<std::int64_t>(&value);
    if (whole == nullptr) return wrong();
    if (is_signed(type)) return Value{*whole};
    if (is_unsigned(type) && *whole >= 0) return Value{static_cast<std::uint64_t>(*whole)};
    return wrong();
}

}  // namespace lineshaft::sparkplug
