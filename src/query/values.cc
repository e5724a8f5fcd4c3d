#include "query/values.h"

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>

#include "base/bytes.h"
#include "calendar/zone.h"

namespace lineshaft::query {
namespace {

using std::chrono::microseconds;

std::string_view trimmed(std::string_view text) {
    const auto from = text.find_first_not_of(" \t\n\r");
    if (from == std::string_view::npos) return {};
    return text.substr(from, text.find_last_not_of(" \t\n\r") - from + 1);
}

bool is_digit(char letter) {
    return letter >= '0' && letter <= '9';
}
bool is_letter(char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z');
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& letter : out) {
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter + 32);
    }
    return out;
}

/// Walks over a text that says a time.
struct Walk {
    std::string_view rest;
    bool take(char letter) {
        if (rest.empty() || rest.front() != letter) return false;
        rest.remove_prefix(1);
        return true;
    }
    /// So many digits, -1 when they are not there.
    int digits(std::size_t least, std::size_t most) {
        std::size_t count = 0;
        int number = 0;
        while (count < most && count < rest.size() && is_digit(rest[count])) {
            number = number * 10 + (rest[count] - '0');
            ++count;
        }
        if (count < least) return -1;
        rest.remove_prefix(count);
        return number;
    }
    /// ".25" in microseconds, what is finer cut off.
    std::int64_t fraction() {
        std::int64_t micros = 0, unit = 100'000;
        while (!rest.empty() && is_digit(rest.front())) {
            micros += (rest.front() - '0') * unit;
            unit /= 10;
            rest.remove_prefix(1);
        }
        return micros;
    }
};

std::unexpected<Failure> no_time(std::string_view text) {
    return refuse("22007",
                  fmt::format("invalid input syntax for type timestamp with time zone: \"{}\"",
                              text.substr(0, 80)),
                  0, "Write it as 2026-11-22 08:15:00+08 or 2026-11-22T00:15:00Z.");
}

/// The zone behind a time: "+08:30", "Z", "Europe/Berlin", or nothing. False: not a zone.
bool take_zone(std::string_view zone, std::string_view usual, Instant local, Instant& out) {
    if (zone.empty()) {
        out = from_local(local, usual);
        return true;
    }
    const std::string name = lower(zone);
    if (name == "z" || name == "utc") {
        out = local;
        return true;
    }
    if (zone.front() == '+' || zone.front() == '-') {
        Walk walk{zone.substr(1)};
        const int hours = walk.digits(1, 2);
        walk.take(':');
        const int minutes = walk.rest.empty() ? 0 : walk.digits(2, 2);
        if (hours < 0 || hours > 15 || minutes < 0 || minutes > 59 || !walk.rest.empty())
            return false;
        const std::int64_t ahead = (hours * 60 + minutes) * 60 * micros_per_second;
        out = {local.micros - (zone.front() == '+' ? ahead : -ahead)};
        return true;
    }
    auto found = calendar::Zone::find(zone);
    if (!found) return false;
    out = found->from_local(local);
    return true;
}

struct SpanUnit {
    std::string_view name;
    std::int64_t months, micros;
};
constexpr std::int64_t minute = 60 * micros_per_second;
constexpr auto span_units = std::to_array<SpanUnit>({
    {"microsecond", 0, 1},
    {"us", 0, 1},
    {"millisecond", 0, 1000},
    {"ms", 0, 1000},
    {"second", 0, micros_per_second},
    {"sec", 0, micros_per_second},
    {"s", 0, micros_per_second},
    {"minute", 0, minute},
    {"min", 0, minute},
    {"m", 0, minute},
    {"hour", 0, micros_per_hour},
    {"hr", 0, micros_per_hour},
    {"h", 0, micros_per_hour},
    {"day", 0, micros_per_day},
    {"d", 0, micros_per_day},
    {"week", 0, 7 * micros_per_day},
    {"w", 0, 7 * micros_per_day},
    {"month", 1, 0},
    {"mon", 1, 0},
    {"quarter", 3, 0},
    {"year", 12, 0},
    {"yr", 12, 0},
    {"y", 12, 0},
});

const SpanUnit* span_unit(std::string_view name) {
    for (const SpanUnit& unit : span_units) {
        if (unit.name == name || (name.size() == unit.name.size() + 1 && name.ends_with('s') &&
                                  name.starts_with(unit.name)))
            return &unit;
    }
    return nullptr;
}

std::unexpected<Failure> no_span(std::string_view text) {
    return refuse("22007",
                  fmt::format("invalid input syntax for type interval: \"{}\"", text.substr(0, 80)),
                  0, "Write it as '1 day', '15 minutes' or '01:30:00'.");
}

/// Adds `number` units. False: out of range.
bool add(Span& span, double number, std::int64_t months, std::int64_t micros) {
    const double whole = std::trunc(number * static_cast<double>(months));
    const double more = (number * static_cast<double>(months) - whole) * 30 * micros_per_day +
                        number * static_cast<double>(micros);
    const double sum = static_cast<double>(span.micros) + more;
    if (!(std::abs(whole) < 1e6) || !(std::abs(sum) < 9e18)) return false;
    span.months += static_cast<std::int64_t>(whole);
    span.micros += static_cast<std::int64_t>(std::llround(more));
    return true;
}

/// A number at the front, with sign and fraction.
bool take_number(std::string_view& rest, double& number) {
    std::size_t count = 0;
    while (count < rest.size() && (is_digit(rest[count]) || rest[count] == '.' ||
                                   (count == 0 && (rest[count] == '-' || rest[count] == '+'))))
        ++count;
    std::string_view digits = rest.substr(0, count);
    if (digits.starts_with('+')) digits.remove_prefix(1);
    const auto [end, problem] =
        std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (problem != std::errc() || end != digits.data() + digits.size()) return false;
    rest.remove_prefix(count);
    return true;
}

Outcome<Span> parse_iso_span(std::string_view whole) {
    Span span;
    bool is_time = false;
    std::string_view rest = whole.substr(1);
    while (!rest.empty()) {
        if (rest.front() == 'T') {
            is_time = true;
            rest.remove_prefix(1);
            continue;
        }
        double number = 0;
        if (!take_number(rest, number) || rest.empty()) return no_span(whole);
        const char letter = rest.front();
        rest.remove_prefix(1);
        const std::string_view name = letter == 'Y'   ? "year"
                                      : letter == 'W' ? "week"
                                      : letter == 'D' ? "day"
                                      : letter == 'H' ? "hour"
                                      : letter == 'S' ? "second"
                                      : letter == 'M' ? (is_time ? "minute" : "month")
                                                      : "";
        const SpanUnit* unit = span_unit(name);
        if (unit == nullptr || !add(span, number, unit->months, unit->micros))
            return no_span(whole);
    }
    return span;
}

template <class Number>
std::expected<Value, Failure> parse_number(std::string_view whole, std::string_view type) {
    std::string_view text = whole;
    if (text.starts_with('+')) text.remove_prefix(1);
    Number number{};
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem == std::errc::result_out_of_range)
        return refuse("22003", fmt::format("value \"{}\" is out of range for type {}",
                                           whole.substr(0, 80), type));
    if (text.empty() || problem != std::errc() || end != text.data() + text.size())
        return refuse("22P02", fmt::format("invalid input syntax for type {}: \"{}\"", type,
                                           whole.substr(0, 80)));
    return Value(number);
}

std::expected<Value, Failure> parse_boolean(std::string_view text) {
    const std::string word = lower(text);
    for (const std::string_view yes : {"t", "true", "y", "yes", "on", "1"}) {
        if (word == yes) return Value(true);
    }
    for (const std::string_view no : {"f", "false", "n", "no", "off", "0"}) {
        if (word == no) return Value(false);
    }
    return refuse("22P02",
                  fmt::format("invalid input syntax for type boolean: \"{}\"", text.substr(0, 80)));
}

}  // namespace

std::string_view name_of(Type type) {
    switch (type) {
        case Type::boolean: return "bool";
        case Type::int8: return "int8";
        case Type::float8: return "float8";
        case Type::timestamptz: return "timestamptz";
        case Type::bytea: return "bytea";
        case Type::null:
        case Type::text: break;
    }
    return "text";
}

Type type_of(const Value& value) {
    constexpr std::array types{Type::null, Type::boolean,     Type::int8, Type::float8,
                               Type::text, Type::timestamptz, Type::bytea};
    return types[value.index()];
}

std::string text_of_number(double number) {
    if (std::isnan(number)) return "NaN";
    if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
    return fmt::format("{}", number);
}

Instant to_local(Instant at, std::string_view time_zone) {
    auto zone = calendar::Zone::find(time_zone);
    return zone ? at + zone->offset_at(at) : at;
}

Instant from_local(Instant local, std::string_view time_zone) {
    auto zone = calendar::Zone::find(time_zone);
    return zone ? zone->from_local(local) : local;
}

Instant months_later(Instant at, std::int64_t months, std::string_view time_zone) {
    const Instant local = to_local(at, time_zone);
    const auto day = std::chrono::floor<std::chrono::days>(microseconds(local.micros));
    const microseconds rest = microseconds(local.micros) - day;
    std::chrono::year_month_day date{std::chrono::sys_days(day)};
    date += std::chrono::months(months);
    if (!date.ok()) date = date.year() / date.month() / std::chrono::last;
    const microseconds moved = std::chrono::sys_days(date).time_since_epoch() + rest;
    return from_local({moved.count()}, time_zone);
}

void put_time(std::string& out, Instant at, std::string_view time_zone) {
    std::int64_t off = 0;
    if (time_zone != "UTC") {
        if (const auto zone = calendar::Zone::find(time_zone); zone)
            off = zone->offset_at(at).count();
    }
    const std::size_t begins = out.size();
    put_rfc3339(out, {at.micros + off * micros_per_second});
    out.pop_back();  // Z
    const std::size_t day_ends = out.find('T', begins);
    out[day_ends] = ' ';
    if (out.find('.', day_ends) != std::string::npos) out.erase(out.find_last_not_of('0') + 1);
    if (off == 0) {
        out += "+00";
        return;
    }
    const auto into = std::back_inserter(out);
    const std::int64_t size = std::abs(off) / 60;
    fmt::format_to(into, "{}{:02}", off < 0 ? '-' : '+', size / 60);
    if (size % 60 != 0) fmt::format_to(into, ":{:02}", size % 60);
}

std::optional<std::string> plain_json(std::string_view json) {
    if (json == "null") return {};
    if (json.size() < 2 || json.front() != '"') return std::string(json);
    if (json.find('\\') == json.npos) return std::string(json.substr(1, json.size() - 2));
    boost::json::error_code problem;
    const auto text = boost::json::parse(json, problem);
    if (problem || !text.is_string()) return std::string(json);
    return std::string(text.get_string());
}

Outcome<Instant> parse_time(std::string_view whole, std::string_view time_zone) {
    Walk walk{trimmed(whole)};
    if (lower(walk.rest) == "epoch") return Instant{};
    const int year = walk.digits(4, 4);
    if (year < 1 || !walk.take('-')) return no_time(whole);
    const int month = walk.digits(1, 2);
    if (month < 0 || !walk.take('-')) return no_time(whole);
    const int day = walk.digits(1, 2);
    if (day < 0) return no_time(whole);
    std::int64_t of_day = 0;
    if (!walk.rest.empty() && (walk.rest.front() == 'T' || walk.rest.front() == ' ')) {
        Walk ahead{trimmed(walk.rest.substr(1))};
        if (!ahead.rest.empty() && is_digit(ahead.rest.front())) {
            const int hours = ahead.digits(1, 2);
            const int minutes = ahead.take(':') ? ahead.digits(2, 2) : -1;
            const int seconds = ahead.take(':') ? ahead.digits(2, 2) : 0;
            if (hours > 24 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 60)
                return no_time(whole);
            of_day = (hours * 3600LL + minutes * 60 + seconds) * micros_per_second;
            if (ahead.take('.')) of_day += ahead.fraction();
            walk = ahead;
        }
    }
    const std::chrono::year_month_day date{std::chrono::year(year),
                                           std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    if (!date.ok() || of_day > micros_per_day) {
        return refuse("22008", fmt::format("date/time field value out of range: \"{}\"",
                                           whole.substr(0, 80)));
    }
    const Instant local{microseconds(std::chrono::sys_days(date).time_since_epoch()).count() +
                        of_day};
    Instant at;
    if (!take_zone(trimmed(walk.rest), time_zone, local, at)) return no_time(whole);
    return at;
}

Outcome<Span> parse_span(std::string_view whole) {
    std::string_view rest = trimmed(whole);
    if (rest.size() > 1 && rest.front() == 'P') return parse_iso_span(rest);
    Span span;
    if (rest.empty()) return no_span(whole);
    while (!rest.empty()) {
        const auto colon = rest.find_first_of(" :");
        if (colon != std::string_view::npos && rest[colon] == ':') {
            Walk walk{rest};
            const bool is_back = walk.take('-');
            const int hours = walk.digits(1, 6), minutes = walk.take(':') ? walk.digits(1, 2) : -1;
            const int seconds = walk.take(':') ? walk.digits(1, 2) : 0;
            if (hours < 0 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 59)
                return no_span(whole);
            std::int64_t micros = (hours * 3600LL + minutes * 60 + seconds) * micros_per_second;
            if (walk.take('.')) micros += walk.fraction();
            span.micros += is_back ? -micros : micros;
            rest = trimmed(walk.rest);
            continue;
        }
        double number = 0;
        if (!take_number(rest, number)) return no_span(whole);
        rest = trimmed(rest);
        std::size_t letters = 0;
        while (letters < rest.size() && is_letter(rest[letters])) ++letters;
        const SpanUnit* unit = span_unit(letters == 0 ? "second" : lower(rest.substr(0, letters)));
        if (unit == nullptr) return no_span(whole);
        if (!add(span, number, unit->months, unit->micros))
            return refuse("22008", "interval out of range");
        rest = trimmed(rest.substr(letters));
    }
    return span;
}

std::string text_of_span(std::int64_t micros) {
    std::string out;
    const std::int64_t days = micros / micros_per_day;
    std::int64_t rest = micros % micros_per_day;
    if (days != 0) out = fmt::format("{} day{}", days, days == 1 ? "" : "s");
    if (rest == 0 && days != 0) return out;
    if (!out.empty()) out += ' ';
    if (rest < 0) out += '-';
    rest = std::abs(rest);
    fmt::format_to(std::back_inserter(out), "{:02}:{:02}:{:02}", rest / micros_per_hour,
                   rest / minute % 60, rest / micros_per_second % 60);
    if (rest % micros_per_second != 0) {
        std::string fraction = fmt::format("{:06}", rest % micros_per_second);
        fraction.erase(fraction.find_last_not_of('0') + 1);
        out += '.' + fraction;
    }
    return out;
}

void put_text(std::string& out, const Value& value, std::string_view time_zone) {
    switch (type_of(value)) {
        case Type::null: return;
        case Type::boolean: out += std::get<bool>(value) ? 't' : 'f'; return;
        case Type::int8: out += std::to_string(std::get<std::int64_t>(value)); return;
        case Type::float8: out += text_of_number(std::get<double>(value)); return;
        case Type::text: out += std::get<std::string>(value); return;
        case Type::timestamptz: put_time(out, std::get<Instant>(value), time_zone); return;
        case Type::bytea: out += "\\x" + to_hex(as_bytes(std::get<ByteArray>(value).bytes)); return;
    }
}

std::expected<Value, Failure> parse_text(Type type, std::string_view text,
                                         std::string_view time_zone) {
    switch (type) {
        case Type::null:
        case Type::text: return Value(std::string(text));
        case Type::boolean: return parse_boolean(trimmed(text));
        case Type::int8: return parse_number<std::int64_t>(trimmed(text), "bigint");
        case Type::float8: {
            const std::string word = lower(trimmed(text));
            if (word == "infinity") return Value(std::numeric_limits<double>::infinity());
            if (word == "-infinity") return Value(-std::numeric_limits<double>::infinity());
            return parse_number<double>(word, "double precision");
        }
        case Type::timestamptz: {
            auto at = parse_time(text, time_zone);
            if (!at) return std::unexpected(at.error());
            return Value(*at);
        }
        case Type::bytea: {
            if (!text.starts_with("\\x")) return Value(ByteArray{std::string(text)});
            auto bytes = from_hex(text.substr(2));
            if (!bytes) return refuse("22P02", "invalid hexadecimal data of type bytea");
            return Value(ByteArray{std::move(*bytes)});
        }
    }
    return refuse("XX000", "no such type");
}

std::unexpected<Failure> refuse(std::string_view sqlstate, std::string message,
                                std::size_t position, std::string hint) {
    return std::unexpected(Failure{.sqlstate = std::string(sqlstate),
                                   .message = std::move(message),
                                   .hint = std::move(hint),
                                   .position = position});
}

Error error_of(const Failure& failure) {
    const std::string_view state = failure.sqlstate;
    Code code = Code::invalid;
    if (state == "0A000") code = Code::unsupported;
    if (state == "42501") code = Code::denied;
    if (state == "57014") code = Code::timeout;
    if (state.starts_with("53") || state.starts_with("54")) code = Code::exhausted;
    if (state.starts_with("57P") || state.starts_with("XX") || state.starts_with("58"))
        code = Code::unavailable;
    return Error{code, failure.message};
}

Failure failure_of(const Error& error) {
    std::string_view state = "XX000";
    switch (error.code) {
        case Code::invalid: state = "22023"; break;
        case Code::not_found: state = "42704"; break;
        case Code::denied: state = "42501"; break;
        case Code::exhausted: state = "54000"; break;
        case Code::timeout:
        case Code::cancelled: state = "57014"; break;
        case Code::unsupported: state = "0A000"; break;
        case Code::corrupt: state = "XX001"; break;
        case Code::conflict:
        case Code::unavailable: state = "58000"; break;
    }
    return Failure{.sqlstate = std::string(state), .message = error.context};
}

std::string quoted_identifier(std::string_view name) {
    const bool is_plain = !name.empty() && std::ranges::all_of(name, [](char letter) {
        return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') ||
               letter == '_';
    });
    if (is_plain) return std::string(name);
    std::string quoted = "\"";
    for (const char letter : name) quoted += letter == '"' ? "\"\"" : std::string(1, letter);
    return quoted + "\"";
}

}  // namespace lineshaft::query
