// Functions over texts that clients of PostgreSQL lean on: format(), to_timestamp() by a pattern.
#include <fmt/format.h>
#include <sqlite3.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "query/analyser.h"
#include "query/run.h"
#include "query/values.h"

namespace lineshaft::query {
namespace {

constexpr std::size_t formatted_bytes_max = 1 << 20;

void fail_call(sqlite3_context* out, Failure why) {
    sqlite3_result_error(out, why.message.c_str(), -1);
    static_cast<RunSlot*>(sqlite3_user_data(out))->run->fail_with(std::move(why));
}

/// %s, %I and %L of the arguments one after the other, or %2$s of the second.
void format_call(sqlite3_context* out, int count, sqlite3_value** values) {
    if (sqlite3_value_type(values[0]) == SQLITE_NULL) return sqlite3_result_null(out);
    const std::string_view pattern = text_of(values[0]);
    std::string text;
    int next = 1;
    for (std::size_t at = 0; at < pattern.size(); ++at) {
        if (pattern[at] != '%') {
            text += pattern[at];
            continue;
        }
        std::size_t letter = at + 1;
        int place = 0;
        while (letter < pattern.size() && pattern[letter] >= '0' && pattern[letter] <= '9' &&
               place < 1'000)
            place = place * 10 + (pattern[letter++] - '0');
        const bool is_placed = letter > at + 1 && letter < pattern.size() && pattern[letter] == '$';
        letter = is_placed ? letter + 1 : at + 1;
        const char kind = letter < pattern.size() ? pattern[letter] : '\0';
        at = letter;
        if (kind == '%' && !is_placed) {
            text += '%';
            continue;
        }
        if (kind != 's' && kind != 'I' && kind != 'L')
            return fail_call(out, {.sqlstate = "22023",
                                   .message = "format() takes %s, %I, %L and %% here"});
        const int index = is_placed ? place : next++;
        if (is_placed) next = place + 1;
        if (index < 1 || index >= count)
            return fail_call(out, {.sqlstate = "22023", .message = "too few arguments for format()"});
        const bool is_null = sqlite3_value_type(values[index]) == SQLITE_NULL;
        const std::string value(is_null ? std::string_view() : text_of(values[index]));
        if (kind == 'I' && is_null)
            return fail_call(out, {.sqlstate = "22004",
                                   .message = "null values cannot be formatted as an SQL identifier"});
        text += kind == 's' ? value
                : kind == 'I' ? quoted_identifier(value)
                              : (is_null ? std::string("NULL") : quoted_text(value));
        if (text.size() > formatted_bytes_max)
            return fail_call(out, {.sqlstate = "54000", .message = "format() made too long a text"});
    }
    sqlite3_result_text64(out, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

/// The parts of a time that a pattern names.
struct PatternPart {
    std::string_view word;
    std::size_t digits_max;
    std::size_t part;  ///< year, month, day, hour, minute, second, milliseconds, microseconds
};
constexpr auto pattern_parts = std::to_array<PatternPart>({
    {"YYYY", 4, 0}, {"MM", 2, 1}, {"DD", 2, 2}, {"HH24", 2, 3}, {"MI", 2, 4}, {"SS", 2, 5},
    {"MS", 3, 6}, {"US", 6, 7},
});

/// The text as "2026-03-01 08:00:00.000000". Nothing: it does not fit the pattern.
std::optional<std::string> read_by(std::string_view pattern, std::string_view text,
                                   bool& is_pattern_known) {
    std::array<int, 8> parts{1, 1, 1, 0, 0, 0, 0, 0};
    is_pattern_known = true;
    while (!pattern.empty()) {
        const PatternPart* known = nullptr;
        for (const PatternPart& one : pattern_parts) {
            if (pattern.starts_with(one.word)) known = &one;
        }
        const char letter = pattern.front();
        if (known == nullptr) {
            is_pattern_known = !(letter >= 'A' && letter <= 'Z' && letter != 'T' && letter != 'Z') &&
                               !(letter >= 'a' && letter <= 'z');
            if (!is_pattern_known) return {};
            pattern.remove_prefix(1);
            if (!text.empty()) text.remove_prefix(1);
            continue;
        }
        pattern.remove_prefix(known->word.size());
        int value = 0;
        std::size_t digits = 0;
        while (digits < known->digits_max && !text.empty() && text[0] >= '0' && text[0] <= '9') {
            value = value * 10 + (text[0] - '0');
            text.remove_prefix(1);
            ++digits;
        }
        if (digits == 0) {
            if (!text.empty()) return {};
            continue;  // what is left out of the end is as at the begin
        }
        for (; known->part >= 6 && digits < known->digits_max; ++digits) value *= 10;  // a fraction
        parts[known->part] = value;
    }
    return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:06}", parts[0], parts[1], parts[2],
                       parts[3], parts[4], parts[5], parts[6] * 1'000 + parts[7]);
}

void to_timestamp_call(sqlite3_context* out, int, sqlite3_value** values) {
    const bool is_null = sqlite3_value_type(values[0]) == SQLITE_NULL ||
                         sqlite3_value_type(values[1]) == SQLITE_NULL;
    if (is_null) return sqlite3_result_null(out);
    bool is_pattern_known = true;
    const auto said = read_by(text_of(values[1]), text_of(values[0]), is_pattern_known);
    if (!is_pattern_known)
        return fail_call(out, {.sqlstate = "0A000",
                               .message = "to_timestamp() knows YYYY MM DD HH24 MI SS MS US here"});
    const Run& run = *static_cast<RunSlot*>(sqlite3_user_data(out))->run;
    auto at = said ? parse_text(Type::timestamptz, *said, run.session.time_zone)
                   : Outcome<Value>(refuse("22007", "the text does not fit its pattern"));
    if (!at) return fail_call(out, std::move(at).error());
    sqlite3_result_int64(out, std::get<Instant>(*at).micros);
}

}  // namespace

bool add_text_functions(sqlite3* connection, RunSlot& slot) {
    const auto add = [&](const char* name, int arguments, auto* work) {
        return sqlite3_create_function_v2(connection, name, arguments,
                                          SQLITE_UTF8 | SQLITE_DETERMINISTIC, &slot, work, nullptr,
                                          nullptr, nullptr) == SQLITE_OK;
    };
    return add("ls_format", -1, &format_call) && add("ls_to_timestamp", 2, &to_timestamp_call);
}

}  // namespace lineshaft::query
