#include "base/time.h"

#include <fmt/format.h>

namespace lineshaft {
namespace {

// Reads exactly `digits` decimal digits and removes them from `text`.
bool take_number(std::string_view& text, std::size_t digits, int& value) {
    if (text.size() < digits) return false;
    value = 0;
    for (const char letter : text.substr(0, digits)) {
        if (letter < '0' || letter > '9') return false;
        value = value * 10 + (letter - '0');
    }
    text.remove_prefix(digits);
    return true;
}

bool take_letter(std::string_view& text, std::string_view allowed) {
    if (text.empty() || !allowed.contains(text.front())) return false;
    text.remove_prefix(1);
    return true;
}

// ".25" as 250000 microseconds; digits past the sixth are dropped (rounded down).
bool take_fraction(std::string_view& text, std::int64_t& micros) {
    micros = 0;
    if (!take_letter(text, ".")) return true;
    std::int64_t scale = 100'000;
    std::size_t count = 0;
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
        micros += (text.front() - '0') * scale;
        scale /= 10;
        text.remove_prefix(1);
        ++count;
    }
    return count > 0;
}

bool take_offset(std::string_view& text, int& minutes) {
    minutes = 0;
    if (take_letter(text, "Zz")) return true;
    if (text.empty()) return false;
    const int sign = text.front() == '-' ? -1 : 1;
    int hour = 0;
    int minute = 0;
    if (!take_letter(text, "+-") || !take_number(text, 2, hour) || !take_letter(text, ":") ||
        !take_number(text, 2, minute) || hour > 23 || minute > 59) {
        return false;
    }
    minutes = sign * (hour * 60 + minute);
    return true;
}

// Two digits.
void put_two(char* into, std::uint64_t number) {
    into[0] = static_cast<char>('0' + number / 10);
    into[1] = static_cast<char>('0' + number % 10);
}

std::string date_text(std::int64_t day) {
    const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

}  // namespace

Result<Instant> parse_rfc3339(std::string_view text) {
    using namespace std::chrono;
    const auto bad = [&] {
        return fail(Code::invalid, fmt::format("\"{}\" is not an RFC 3339 time such as "
                                               "2026-11-21T08:15:00.250Z",
                                               text.substr(0, 40)));
    };
    std::string_view rest = text;
    int y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0, offset = 0;
    std::int64_t micros = 0;
    const bool shaped =
        take_number(rest, 4, y) && take_letter(rest, "-") && take_number(rest, 2, mo) &&
        take_letter(rest, "-") && take_number(rest, 2, d) && take_letter(rest, "Tt ") &&
        take_number(rest, 2, h) && take_letter(rest, ":") && take_number(rest, 2, mi) &&
        take_letter(rest, ":") && take_number(rest, 2, s) && take_fraction(rest, micros) &&
        take_offset(rest, offset) && rest.empty();
    if (!shaped || h > 23 || mi > 59 || s > 60) return bad();
    const year_month_day date{year{y}, month{static_cast<unsigned>(mo)},
                              day{static_cast<unsigned>(d)}};
    if (!date.ok()) return bad();
    const auto at =
        sys_days{date}.time_since_epoch() + hours{h} + minutes{mi - offset} + seconds{s};
    return Instant{duration_cast<microseconds>(at).count() + micros};
}

std::string to_rfc3339(Instant at) {
    std::string text;
    put_rfc3339(text, at);
    return text;
}

void put_rfc3339(std::string& out, Instant at) {
    constexpr std::int64_t day_micros = 86'400'000'000;
    const std::int64_t into = at.micros % day_micros;
    const std::int64_t day = at.micros / day_micros - (into < 0 ? 1 : 0);
    // Many instants of one day come one after the other.
    thread_local std::int64_t known_day = INT64_MIN;
    thread_local std::string date;
    if (day != known_day) {
        date = date_text(day);
        known_day = day;
    }
    const auto micros = static_cast<std::uint64_t>(into < 0 ? into + day_micros : into);
    const std::uint64_t second = micros / 1'000'000, fraction = micros % 1'000'000;
    char text[] = "T00:00:00.000000";
    put_two(text + 1, second / 3600);
    put_two(text + 4, second / 60 % 60);
    put_two(text + 7, second % 60);
    std::size_t size = 9;
    if (fraction != 0) {
        put_two(text + 10, fraction / 10'000);
        put_two(text + 12, fraction / 100 % 100);
        put_two(text + 14, fraction % 100);
        size = fraction % 1000 != 0 ? 16 : 13;
    }
    out.append(date).append(text, size) += 'Z';
}

}  // namespace lineshaft
