#include "api/json_out.h"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <cmath>

#include "base/json_quoted.h"

namespace lineshaft::api {
namespace {

constexpr double whole_below = 1e15;  // shown as whole numbers, as the shortest form is

}  // namespace

void JsonOut::comma() {
    if (out_.empty()) return;
    const char last = out_.back();
    if (last != '{' && last != '[' && last != ':') out_ += ',';
}

JsonOut& JsonOut::open(char bracket) {
    comma();
    out_ += bracket;
    return *this;
}

JsonOut& JsonOut::close(char bracket) {
    out_ += bracket;
    return *this;
}

JsonOut& JsonOut::name(std::string_view plain) {
    comma();
    out_ += '"';
    out_.append(plain).append("\":");
    return *this;
}

JsonOut& JsonOut::any_name(std::string_view text) {
    comma();
    put_json_quoted(out_, text);
    out_ += ':';
    return *this;
}

JsonOut& JsonOut::text(std::string_view text) {
    comma();
    put_json_quoted(out_, text);
    return *this;
}

JsonOut& JsonOut::number(double value) {
    if (!std::isfinite(value)) return null();
    const bool is_whole = std::abs(value) < whole_below && value == std::trunc(value) &&
                          !(value == 0 && std::signbit(value));
    if (is_whole) return put_whole(static_cast<std::int64_t>(value));
    comma();
    char digits[32];  // of 24 at most
    const char* end = fmt::format_to(digits, FMT_COMPILE("{}"), value);
    out_.append(digits, static_cast<std::size_t>(end - digits));
    return *this;
}

JsonOut& JsonOut::put_whole(std::int64_t value) {
    comma();
    const fmt::format_int digits(value);
    out_.append(digits.data(), digits.size());
    return *this;
}

JsonOut& JsonOut::time(Instant at) {
    comma();
    out_ += '"';
    put_rfc3339(out_, at);
    out_ += '"';
    return *this;
}

JsonOut& JsonOut::raw(std::string_view json) {
    comma();
    out_.append(json);
    return *this;
}

}  // namespace lineshaft::api
