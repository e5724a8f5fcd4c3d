// The functions that statements are rewritten to: ls_*.
#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "base/bytes.h"
#include "query/pattern.h"
#include "query/run.h"
#include "query/values.h"

namespace lineshaft::query {
namespace {

using Context = sqlite3_context;
using Values = sqlite3_value**;

Run& run_of(Context* context) {
    return *static_cast<RunSlot*>(sqlite3_user_data(context))->run;
}
bool is_null(sqlite3_value* value) {
    return sqlite3_value_type(value) == SQLITE_NULL;
}
std::int64_t int_of(sqlite3_value* value) {
    return sqlite3_value_int64(value);
}
double real_of(sqlite3_value* value) {
    return sqlite3_value_double(value);
}
void give_text(Context* out, std::string_view text) {
    sqlite3_result_text64(out, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}
void give_failure(Context* out, Failure why) {
    sqlite3_result_error(out, why.message.c_str(), -1);
    run_of(out).fail_with(std::move(why));
}
void give_instant(Context* out, Outcome<Instant> at) {
    if (!at) return give_failure(out, std::move(at).error());
    sqlite3_result_int64(out, at->micros);
}
/// False, and the statement fails, where the argument is no time of the years 0..9999.
bool is_time(Context* out, sqlite3_value* value) {
    if (is_time_in_range(int_of(value))) return true;
    give_failure(out, {.sqlstate = "22008", .message = "timestamp out of range"});
    return false;
}
/// Any NULL argument makes NULL.
bool is_any_null(int count, Values values) {
    return std::any_of(values, values + count, is_null);
}

// Numbers.

void divide(Context* out, int, Values values) {
    const bool are_whole = sqlite3_value_type(values[0]) == SQLITE_INTEGER &&
                           sqlite3_value_type(values[1]) == SQLITE_INTEGER;
    if (are_whole ? int_of(values[1]) == 0 : real_of(values[1]) == 0)
        return give_failure(out, {.sqlstate = "22012", .message = "division by zero"});
    if (!are_whole) return sqlite3_result_double(out, real_of(values[0]) / real_of(values[1]));
    if (int_of(values[1]) == -1 && int_of(values[0]) == INT64_MIN)
        return give_failure(out, {.sqlstate = "22003", .message = "bigint out of range"});
    sqlite3_result_int64(out, int_of(values[0]) / int_of(values[1]));
}
void modulo(Context* out, int, Values values) {
    const bool are_whole = sqlite3_value_type(values[0]) == SQLITE_INTEGER &&
                           sqlite3_value_type(values[1]) == SQLITE_INTEGER;
    if (are_whole ? int_of(values[1]) == 0 : real_of(values[1]) == 0)
        return give_failure(out, {.sqlstate = "22012", .message = "division by zero"});
    if (!are_whole)
        return sqlite3_result_double(out, std::fmod(real_of(values[0]), real_of(values[1])));
    sqlite3_result_int64(out, int_of(values[1]) == -1 ? 0 : int_of(values[0]) % int_of(values[1]));
}
void raise_to_power(Context* out, int, Values values) {
    sqlite3_result_double(out, std::pow(real_of(values[0]), real_of(values[1])));
}
void whole_of(Context* out, int, Values values) {
    const double rounded = std::nearbyint(real_of(values[0]));
    if (!(std::abs(rounded) < 9.2e18))
        return give_failure(out, {.sqlstate = "22003", .message = "bigint out of range"});
    sqlite3_result_int64(out, static_cast<std::int64_t>(rounded));
}
template <int sign>
void extreme(Context* out, int count, Values values) {
    sqlite3_value* found = nullptr;
    for (int index = 0; index < count; ++index) {
        sqlite3_value* value = values[index];
        if (is_null(value)) continue;
        if (found == nullptr) {
            found = value;
            continue;
        }
        const bool are_texts = sqlite3_value_type(value) == SQLITE_TEXT;
        const int order = are_texts ? (text_of(value) < text_of(found) ? -1 : 1)
                          : sqlite3_value_type(value) == SQLITE_INTEGER &&
                                  sqlite3_value_type(found) == SQLITE_INTEGER
                              ? (int_of(value) < int_of(found) ? -1 : 1)
                              : (real_of(value) < real_of(found) ? -1 : 1);
        if (order == sign) found = value;
    }
    if (found != nullptr) sqlite3_result_value(out, found);
}

// Texts.

void like(Context* out, int, Values values) {  // like(pattern, text)
    sqlite3_result_int(out, is_like(text_of(values[1]), text_of(values[0]), false));
}
void ilike(Context* out, int, Values values) {
    sqlite3_result_int(out, is_like(text_of(values[0]), text_of(values[1]), true));
}
void match(Context* out, int, Values values) {
    auto pattern = Pattern::make(text_of(values[1]), int_of(values[2]) != 0);
    if (!pattern) return give_failure(out, std::move(pattern).error());
    sqlite3_result_int(out, pattern->matches(text_of(values[0])));
}
template <char from, int by>
void change_case(Context* out, int, Values values) {
    std::string text(text_of(values[0]));
    for (char& letter : text) {
        if (letter >= from && letter < from + 26) letter = static_cast<char>(letter + by);
    }
    give_text(out, text);
}
void split_part(Context* out, int, Values values) {
    std::string_view text = text_of(values[0]);
    const std::string_view between = text_of(values[1]);
    const std::int64_t wanted = int_of(values[2]);
    if (wanted < 1 || between.empty()) return give_text(out, wanted == 1 ? text : "");
    for (std::int64_t part = 1;; ++part) {
        const auto end = text.find(between);
        if (part == wanted) return give_text(out, text.substr(0, end));
        if (end == std::string_view::npos) return give_text(out, "");
        text.remove_prefix(end + between.size());
    }
}
void concat(Context* out, int count, Values values) {
    std::string text;
    for (int index = 0; index < count; ++index) text += text_of(values[index]);
    give_text(out, text);
}
void concat_with(Context* out, int count, Values values) {
    if (is_null(values[0])) return;
    std::string text;
    bool is_first = true;
    for (int index = 1; index < count; ++index) {
        if (is_null(values[index])) continue;
        if (!is_first) text += text_of(values[0]);
        is_first = false;
        text += text_of(values[index]);
    }
    give_text(out, text);
}
void quote_ident(Context* out, int, Values values) {
    give_text(out, quoted_identifier(text_of(values[0])));
}
/// PostgreSQL's text of an array, {a,"b c"}, as JSON. JSON stays as it is.
void array(Context* out, int, Values values) {
    std::string_view text = text_of(values[0]);
    if (text.starts_with('[')) return give_text(out, text);
    if (!text.starts_with('{') || !text.ends_with('}'))
        return give_failure(out, {.sqlstate = "22P02",
                                  .message = "malformed array literal",
                                  .hint = "Write it as {a,b}."});
    text = text.substr(1, text.size() - 2);
    std::string json_text = "[";
    std::size_t at = 0;
    while (at < text.size()) {
        std::string item;
        if (text[at] == '"') {
            for (++at; at < text.size() && text[at] != '"'; ++at) {
                if (text[at] == '\\' && at + 1 < text.size()) ++at;
                item += text[at];
            }
            at = std::min(text.find(',', at), text.size());
        } else {
            const auto end = std::min(text.find(',', at), text.size());
            item = text.substr(at, end - at);
            at = end;
        }
        if (json_text.size() > 1) json_text += ',';
        json_text += '"';
        for (const char letter : item) {
            if (letter == '"' || letter == '\\') json_text += '\\';
            if (static_cast<unsigned char>(letter) >= 32) json_text += letter;
        }
        json_text += '"';
        ++at;
    }
    give_text(out, json_text + "]");
}

// Times.

void part(Context* out, int, Values values) {
    if (!is_time(out, values[1])) return;
    const std::string_view field = text_of(values[0]);
    const Instant at{int_of(values[1])};
    if (field == "epoch") return sqlite3_result_double(out, static_cast<double>(at.micros) / 1e6);
    const Instant local = to_local(at, run_of(out).session.time_zone);
    const auto day = std::chrono::floor<std::chrono::days>(std::chrono::microseconds(local.micros));
    const std::chrono::year_month_day date{std::chrono::sys_days(day)};
    const std::int64_t rest = local.micros - std::chrono::microseconds(day).count();
    const std::chrono::weekday weekday{std::chrono::sys_days(day)};
    const auto whole = [out](std::int64_t number) {
        sqlite3_result_double(out, static_cast<double>(number));
    };
    if (field == "year") return whole(static_cast<int>(date.year()));
    if (field == "month") return whole(static_cast<unsigned>(date.month()));
    if (field == "quarter") return whole((static_cast<unsigned>(date.month()) + 2) / 3);
    if (field == "day") return whole(static_cast<unsigned>(date.day()));
    if (field == "hour") return whole(rest / micros_per_hour);
    if (field == "minute") return whole(rest / 60'000'000 % 60);
    if (field == "second")
        return sqlite3_result_double(out, static_cast<double>(rest % 60'000'000) / 1e6);
    if (field == "dow") return whole(weekday.c_encoding());
    if (field == "isodow") return whole(weekday.iso_encoding());
    const auto new_year = std::chrono::sys_days(date.year() / std::chrono::January / 1);
    if (field == "doy") return whole((std::chrono::sys_days(day) - new_year).count() + 1);
    if (field == "week") {  // ISO 8601: of the week's Thursday
        const auto thursday = std::chrono::sys_days(day) +
                              std::chrono::days(4 - static_cast<int>(weekday.iso_encoding()));
        const auto year = std::chrono::year_month_day(thursday).year();
        return whole(
            (thursday - std::chrono::sys_days(year / std::chrono::January / 1)).count() / 7 + 1);
    }
    give_failure(out, {.sqlstate = "22023",
                       .message = fmt::format("unit \"{}\" not recognized", field.substr(0, 40))});
}
void span_part(Context* out, int, Values values) {
    const std::string_view field = text_of(values[0]);
    const std::int64_t span = int_of(values[1]);
    if (field == "epoch") return sqlite3_result_double(out, static_cast<double>(span) / 1e6);
    if (field == "day")
        return sqlite3_result_double(out, static_cast<double>(span / micros_per_day));
    if (field == "hour")
        return sqlite3_result_double(out,
                                     static_cast<double>(span % micros_per_day / micros_per_hour));
    if (field == "minute")
        return sqlite3_result_double(out, static_cast<double>(span / 60'000'000 % 60));
    give_failure(out, {.sqlstate = "22023",
                       .message = fmt::format("unit \"{}\" not recognized", field.substr(0, 40))});
}
void to_char(Context* out, int, Values values) {
    if (!is_time(out, values[0])) return;
    const Instant local = to_local({int_of(values[0])}, text_of(values[2]));
    std::string_view format = text_of(values[1]);
    const auto day = std::chrono::floor<std::chrono::days>(std::chrono::microseconds(local.micros));
    const std::chrono::year_month_day date{std::chrono::sys_days(day)};
    const std::int64_t rest = local.micros - std::chrono::microseconds(day).count();
    constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    const auto month = static_cast<unsigned>(date.month());
    const auto hour = rest / micros_per_hour;
    std::string text;
    const auto take = [&](std::string_view word, std::string value) {
        if (!format.starts_with(word)) return false;
        format.remove_prefix(word.size());
        text += value;
        return true;
    };
    while (!format.empty()) {
        if (take("YYYY", fmt::format("{:04}", static_cast<int>(date.year()))) ||
            take("MM", fmt::format("{:02}", month)) ||
            take("Mon", std::string(months[month - 1])) ||
            take("DD", fmt::format("{:02}", static_cast<unsigned>(date.day()))) ||
            take("Dy", std::string(
                           days[std::chrono::weekday{std::chrono::sys_days(day)}.c_encoding()])) ||
            take("HH24", fmt::format("{:02}", hour)) ||
            take("HH12", fmt::format("{:02}", (hour + 11) % 12 + 1)) ||
            take("HH", fmt::format("{:02}", (hour + 11) % 12 + 1)) ||
            take("MI", fmt::format("{:02}", rest / 60'000'000 % 60)) ||
            take("SS", fmt::format("{:02}", rest / 1'000'000 % 60)) ||
            take("MS", fmt::format("{:03}", rest / 1000 % 1000)) ||
            take("US", fmt::format("{:06}", rest % 1'000'000)) ||
            take("AM", hour < 12 ? "AM" : "PM"))
            continue;
        text += format.front();
        format.remove_prefix(1);
    }
    give_text(out, text);
}
void bucket_by_step(Context* out, int, Values values) {
    if (!is_time(out, values[1])) return;
    const std::int64_t step = int_of(values[0]);
    if (step <= 0)
        return give_failure(
            out, {.sqlstate = "22023", .message = "a bucket's width must be longer than nothing"});
    sqlite3_result_int64(out, step_bucket(step, int_of(values[1])));
}
void bucket_by_month(Context* out, int, Values values) {
    if (!is_time(out, values[1])) return;
    sqlite3_result_int64(
        out,
        month_bucket(std::max<std::int64_t>(1, int_of(values[0])), {int_of(values[1])}).micros);
}
void truncate(Context* out, int, Values values) {
    if (!is_time(out, values[1])) return;
    const std::string_view zone = text_of(values[2]);
    if (!calendar::is_time_zone(zone))
        return give_failure(
            out, {.sqlstate = "22023",
                  .message = fmt::format("time zone \"{}\" not recognized", zone.substr(0, 80))});
    give_instant(out, truncated(text_of(values[0]), {int_of(values[1])}, zone));
}
void bucket_of_site(Context* out, int, Values values) {
    if (is_null(values[0]) || is_null(values[1]) || !is_time(out, values[1])) return;
    auto unit = calendar::unit_of(text_of(values[0]));
    if (!unit) return give_failure(out, failure_of(unit.error()));
    Run& run = run_of(out);
    const auto* calendar = run.calendar_of(text_of(values[2]), text_of(values[3]));
    if (calendar == nullptr) return sqlite3_result_error(out, "no such site", -1);
    sqlite3_result_int64(out, calendar->period_at(*unit, {int_of(values[1])}).window.from.micros);
}
void later_by_months(Context* out, int, Values values) {
    if (!is_time(out, values[0])) return;
    constexpr std::int64_t months_max = 240'000;
    const std::int64_t months = int_of(values[1]);
    if (std::abs(months) > months_max)
        return give_failure(out, {.sqlstate = "22008", .message = "interval out of range"});
    const Instant at = months_later({int_of(values[0])}, months, run_of(out).session.time_zone);
    if (!is_time_in_range(at.micros))
        return give_failure(out, {.sqlstate = "22008", .message = "timestamp out of range"});
    sqlite3_result_int64(out,
                         at.micros + std::clamp(int_of(values[2]), -months_max * micros_per_day,
                                                months_max * micros_per_day));
}

// Between types.

void parse_value(Context* out, int, Values values) {
    const std::string_view name = text_of(values[0]);
    Type type = Type::text;
    for (const Type candidate : {Type::boolean, Type::int8, Type::float8, Type::timestamptz}) {
        if (name_of(candidate) == name) type = candidate;
    }
    auto value = parse_text(type, text_of(values[1]), run_of(out).session.time_zone);
    if (!value) return give_failure(out, std::move(value).error());
    give(out, *value);
}
void parse_a_span(Context* out, int, Values values) {
    auto span = parse_span(text_of(values[0]));
    if (!span) return give_failure(out, std::move(span).error());
    sqlite3_result_int64(out, span->micros + span->months * 30 * micros_per_day);
}
void limit(Context* out, int, Values values) {
    if (is_null(values[0])) return sqlite3_result_int64(out, -1);
    if (int_of(values[0]) < 0)
        return give_failure(
            out, {.sqlstate = "2201W", .message = "LIMIT and OFFSET must not be negative"});
    sqlite3_result_int64(out, int_of(values[0]));
}
/// The first of generate_series; NULL where there is none.
void begin_of_series(Context* out, int, Values values) {
    const std::int64_t from = int_of(values[0]), until = int_of(values[1]),
                       step = int_of(values[2]);
    if (step == 0)
        return give_failure(out, {.sqlstate = "22023", .message = "step size cannot equal zero"});
    if (step > 0 ? from <= until : from >= until) sqlite3_result_int64(out, from);
}

// Aggregates.

/// The value at the earliest (sign -1) or latest instant.
template <int sign>
struct Edge {
    struct State {
        sqlite3_value* value;
        std::int64_t at;
    };
    static void step(Context* context, int, Values values) {
        if (is_null(values[0]) || is_null(values[1])) return;
        auto* state = static_cast<State*>(sqlite3_aggregate_context(context, sizeof(State)));
        if (state == nullptr) return sqlite3_result_error_nomem(context);
        const std::int64_t at = int_of(values[1]);
        if (state->value != nullptr && (sign < 0 ? at >= state->at : at < state->at)) return;
        sqlite3_value_free(state->value);
        state->value = sqlite3_value_dup(values[0]);
        state->at = at;
    }
    static void end(Context* context) {
        auto* state = static_cast<State*>(sqlite3_aggregate_context(context, 0));
        if (state == nullptr || state->value == nullptr) return;
        sqlite3_result_value(context, state->value);
        sqlite3_value_free(state->value);
    }
};

/// Welford's running mean and squares.
template <bool is_sample, bool is_root>
struct Spread {
    struct State {
        std::int64_t count;
        double mean, squares;
    };
    static void step(Context* context, int, Values values) {
        if (is_null(values[0])) return;
        auto* state = static_cast<State*>(sqlite3_aggregate_context(context, sizeof(State)));
        if (state == nullptr) return sqlite3_result_error_nomem(context);
        const double value = real_of(values[0]), before = value - state->mean;
        ++state->count;
        state->mean += before / static_cast<double>(state->count);
        state->squares += before * (value - state->mean);
    }
    static void end(Context* context) {
        const auto* state = static_cast<State*>(sqlite3_aggregate_context(context, 0));
        if (state == nullptr || state->count <= (is_sample ? 1 : 0)) return;
        const double variance =
            state->squares / static_cast<double>(state->count - (is_sample ? 1 : 0));
        sqlite3_result_double(context, is_root ? std::sqrt(variance) : variance);
    }
};

template <bool is_between>
struct Percentile {
    struct State {
        std::vector<double>* values;
        double part;
    };
    static void step(Context* context, int, Values values) {
        if (is_null(values[0])) return;
        auto* state = static_cast<State*>(sqlite3_aggregate_context(context, sizeof(State)));
        if (state == nullptr) return sqlite3_result_error_nomem(context);
        if (state->values == nullptr) state->values = new std::vector<double>();
        if (!run_of(context).meter.take(sizeof(double) * 2))
            return sqlite3_result_error_nomem(context);
        state->values->push_back(real_of(values[0]));
        state->part = real_of(values[1]);
    }
    static void end(Context* context) {
        auto* state = static_cast<State*>(sqlite3_aggregate_context(context, 0));
        if (state == nullptr || state->values == nullptr) return;
        const std::unique_ptr<std::vector<double>> kept(state->values);
        state->values = nullptr;
        run_of(context).meter.give_back(kept->size() * sizeof(double) * 2);
        if (!(state->part >= 0 && state->part <= 1))
            return give_failure(context, {.sqlstate = "22003",
                                          .message = "percentile value is not between 0 and 1"});
        std::ranges::sort(*kept);
        const double place = state->part * static_cast<double>(kept->size() - (is_between ? 1 : 0));
        if (!is_between) {
            const auto index = static_cast<std::size_t>(std::max(std::ceil(place) - 1, 0.0));
            return sqlite3_result_double(context, (*kept)[index]);
        }
        const auto low = static_cast<std::size_t>(place);
        const double above = place - static_cast<double>(low);
        const double value = (*kept)[low], next = (*kept)[std::min(low + 1, kept->size() - 1)];
        sqlite3_result_double(context, value + above * (next - value));
    }
};

struct Scalar {
    const char* name;
    int arguments;
    void (*work)(Context*, int, Values);
    bool takes_null = false;
};
constexpr auto scalars = std::to_array<Scalar>({
    {"like", 2, like},
    {"ls_ilike", 2, ilike},
    {"ls_match", 3, match},
    {"ls_div", 2, divide},
    {"ls_mod", 2, modulo},
    {"ls_power", 2, raise_to_power},
    {"ls_whole", 1, whole_of},
    {"ls_least", -1, extreme<-1>, true},
    {"ls_greatest", -1, extreme<1>, true},
    {"ls_lower", 1, change_case<'A', 32>},
    {"ls_upper", 1, change_case<'a', -32>},
    {"ls_split_part", 3, split_part},
    {"ls_concat", -1, concat, true},
    {"ls_concat_ws", -1, concat_with, true},
    {"ls_quote_ident", 1, quote_ident},
    {"ls_array", 1, array},
    {"ls_part", 2, part},
    {"ls_span_part", 2, span_part},
    {"ls_to_char", 3, to_char},
    {"ls_bucket", 2, bucket_by_step},
    {"ls_month_bucket", 2, bucket_by_month},
    {"ls_trunc", 3, truncate},
    {"ls_site_bucket", 4, bucket_of_site, true},
    {"ls_months_later", 3, later_by_months},
    {"ls_parse", 2, parse_value},
    {"ls_span", 1, parse_a_span},
    {"ls_limit", 1, limit, true},
    {"ls_begin", 3, begin_of_series},
    {"ls_now", 0,
     [](Context* out, int, Values) { sqlite3_result_int64(out, run_of(out).now.micros); }},
    {"ls_zone", 0,
     [](Context* out, int, Values) { give_text(out, run_of(out).session.time_zone); }},
    {"ls_user", 0,
     [](Context* out, int, Values) {
         const Run& run = run_of(out);
         give_text(out, run.session.user.empty() ? run.scope.who->name : run.session.user);
     }},
    {"ls_database", 0,
     [](Context* out, int, Values) { give_text(out, run_of(out).session.database); }},
    {"ls_version", 0,
     [](Context* out, int, Values) {
         give_text(out,
                   "PostgreSQL 15.0 (Lineshaft: SQL that reads, over machines and their history)");
     }},
    {"ls_setting", 2,
     [](Context* out, int, Values values) {
         auto found = run_of(out).session.show(text_of(values[0]));
         if (found) return give_text(out, *found);
         if (int_of(values[1]) == 0) give_failure(out, std::move(found).error());
     }},
    {"ls_format_type", 1,
     [](Context* out, int, Values values) {
         for (const Type type : {Type::boolean, Type::int8, Type::float8, Type::text,
                                 Type::timestamptz, Type::bytea}) {
             if (oid_of(type) != int_of(values[0])) continue;
             return give_text(out, type == Type::boolean       ? "boolean"
                                   : type == Type::int8        ? "bigint"
                                   : type == Type::float8      ? "double precision"
                                   : type == Type::timestamptz ? "timestamp with time zone"
                                                               : name_of(type));
         }
         give_text(out, "???");
     }},
    {"ls_plain", 1,
     [](Context* out, int, Values values) {
         if (const auto text = plain_json(text_of(values[0]))) give_text(out, *text);
     }},
    {"ls_attribute", 2,
     [](Context* out, int, Values values) {
         const auto* entry = run_of(out).entry_of(text_of(values[0]));
         if (const auto text = attribute_text(entry, text_of(values[1]))) give_text(out, *text);
     }},
    {"ls_bits", 1,
     [](Context* out, int, Values values) {
         sqlite3_result_int64(out, std::bit_cast<std::int64_t>(real_of(values[0])));
     }},
    {"ls_number_text", 1,
     [](Context* out, int, Values values) { give_text(out, text_of_number(real_of(values[0]))); }},
    {"ls_time_text", 1,
     [](Context* out, int, Values values) {
         if (!is_time(out, values[0])) return;
         std::string text;
         put_time(text, {int_of(values[0])}, run_of(out).session.time_zone);
         give_text(out, text);
     }},
    {"ls_span_text", 1,
     [](Context* out, int, Values values) { give_text(out, text_of_span(int_of(values[0]))); }},
    {"ls_bytes_text", 1,
     [](Context* out, int, Values values) {
         const auto* bytes = static_cast<const char*>(sqlite3_value_blob(values[0]));
         give_text(out, "\\x" + to_hex(as_bytes({bytes, static_cast<std::size_t>(
                                                            sqlite3_value_bytes(values[0]))})));
     }},
});

/// SQLite calls this; a function that does not want NULL is not asked.
template <std::size_t index>
void run_scalar(Context* out, int count, Values values) {
    constexpr const Scalar& scalar = scalars[index];
    if (!scalar.takes_null && is_any_null(count, values)) return sqlite3_result_null(out);
    scalar.work(out, count, values);
}

template <std::size_t... index>
bool add_scalars(sqlite3* connection, RunSlot& slot, std::index_sequence<index...>) {
    return (
        (sqlite3_create_function_v2(connection, scalars[index].name, scalars[index].arguments,
                                    SQLITE_UTF8 | SQLITE_DETERMINISTIC, &slot, &run_scalar<index>,
                                    nullptr, nullptr, nullptr) == SQLITE_OK) &&
        ...);
}

}  // namespace

bool add_functions(sqlite3* connection, RunSlot& slot) {
    const auto aggregate = [&](const char* name, int arguments, auto kind) {
        using Way = decltype(kind);
        return sqlite3_create_function_v2(connection, name, arguments,
                                          SQLITE_UTF8 | SQLITE_DETERMINISTIC, &slot, nullptr,
                                          &Way::step, &Way::end, nullptr) == SQLITE_OK;
    };
    return add_scalars(connection, slot, std::make_index_sequence<scalars.size()>()) &&
           aggregate("ls_first", 2, Edge<-1>{}) && aggregate("ls_last", 2, Edge<1>{}) &&
           aggregate("ls_stddev_samp", 1, Spread<true, true>{}) &&
           aggregate("ls_stddev_pop", 1, Spread<false, true>{}) &&
           aggregate("ls_var_samp", 1, Spread<true, false>{}) &&
           aggregate("ls_var_pop", 1, Spread<false, false>{}) &&
           aggregate("ls_percentile_cont", 2, Percentile<true>{}) &&
           aggregate("ls_percentile_disc", 2, Percentile<false>{});
}

}  // namespace lineshaft::query
