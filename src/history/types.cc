#include "history/types.h"

#include <limits>

namespace lineshaft::history {

std::string_view name_of(Kind kind) {
    switch (kind) {
        case Kind::real: return "double";
        case Kind::integer: return "integer";
        case Kind::boolean: return "boolean";
        case Kind::text: return "string";
    }
    return "unknown";
}

std::string_view name_of(Quality quality) {
    switch (quality) {
        case Quality::good: return "good";
        case Quality::uncertain: return "uncertain";
        case Quality::bad: return "bad";
        case Quality::missing: return "missing";
    }
    return "unknown";
}

double number_of(const Value& value) {
    switch (kind_of(value)) {
        case Kind::real: return *std::get_if<double>(&value);
        case Kind::integer: return static_cast<double>(*std::get_if<std::int64_t>(&value));
        case Kind::boolean: return *std::get_if<bool>(&value) ? 1 : 0;
        case Kind::text: break;
    }
    return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace lineshaft::history
