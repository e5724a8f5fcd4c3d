#include "calendar/calendar.h"

#include <date/tz.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>

namespace lineshaft::calendar {
namespace {

using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::array<std::string_view, 6> unit_names{"hour", "shift", "day",
                                                     "week", "month", "year"};
constexpr minutes day_length{24 * 60};
constexpr std::size_t shifts_max = 24, name_bytes_max = 64;
// 0000-01-01 and 10000-01-01.
constexpr Instant first_instant{-62'167'219'200'000'000}, last_instant{253'402'300'800'000'000};

bool is_zone_letter(char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '/' || letter == '_' || letter == '+' ||
           letter == '-';
}

const date::time_zone* zone_named(std::string_view name) {
    if (name.empty() || name.size() > 64 || !std::ranges::all_of(name, is_zone_letter))
        return nullptr;
    try {
        return date::locate_zone(name);
    } catch (const std::exception&) {  // the library's way to say no, also when there is no tzdata
        return nullptr;
    }
}

seconds seconds_of(Instant at) {
    return std::chrono::floor<seconds>(microseconds(at.micros));
}

Instant instant_of(date::sys_seconds at) {
    return {std::chrono::microseconds(at.time_since_epoch()).count()};
}

Result<void> check(const Rules& rules) {
    const auto is_of_day = [](minutes at) { return at >= minutes{0} && at < day_length; };
    if (!is_of_day(rules.day_starts))
        return fail(Code::invalid, "a day starts 0 to 1439 minutes after midnight");
    if (rules.week_starts < 1 || rules.week_starts > 7)
        return fail(Code::invalid, "a week starts on a day from 1, Monday, to 7, Sunday");
    if (rules.shifts.size() > shifts_max)
        return fail(Code::invalid, fmt::format("a day has at most {} shifts", shifts_max));
    for (std::size_t index = 0; index < rules.shifts.size(); ++index) {
        const Shift& shift = rules.shifts[index];
        if (shift.name.empty() || shift.name.size() > name_bytes_max)
            return fail(Code::invalid, "a shift's name has 1 to 64 bytes");
        if (!is_of_day(shift.starts))
            return fail(Code::invalid, shift.name + " starts 0 to 1439 minutes after midnight");
        if (index > 0 && shift.starts <= rules.shifts[index - 1].starts)
            return fail(Code::invalid, shift.name + " does not start after the shift before it");
    }
    return {};
}

}  // namespace

bool is_time_zone(std::string_view name) {
    return zone_named(name) != nullptr;
}

Result<Unit> unit_of(std::string_view name) {
    const auto found = std::ranges::find(unit_names, name);
    if (found == unit_names.end())
        return fail(Code::invalid, "a unit is hour, shift, day, week, month or year");
    return static_cast<Unit>(found - unit_names.begin());
}

std::string_view name_of(Unit unit) {
    return unit_names[static_cast<std::size_t>(unit)];
}

/// The zone and the arithmetic of local days in it.
class Calendar::Zone {
public:
    explicit Zone(const date::time_zone* zone) : zone_(zone) {}

    Instant to_instant(date::local_seconds local) const {
        const auto info = zone_->get_info(local);
        if (info.result == date::local_info::nonexistent) return instant_of(info.second.begin);
        return instant_of(date::sys_seconds(local.time_since_epoch() - info.first.offset));
    }
    Instant to_instant(date::local_days day, minutes after) const {
        return to_instant(date::local_seconds(day) + after);
    }
    /// The last local day that starts, `after` its midnight, at or before `at`.
    date::local_days day_at(Instant at, minutes after) const {
        const date::sys_seconds when{seconds_of(at)};
        const seconds local = when.time_since_epoch() + zone_->get_info(when).offset;
        auto day = date::floor<date::days>(date::local_seconds(local - after));
        while (to_instant(day, after) > at) day -= date::days{1};
        while (to_instant(day + date::days{1}, after) <= at) day += date::days{1};
        return day;
    }
    /// Of the local clock, cut where its offset changes.
    Period hour_at(Instant at) const {
        const date::sys_seconds when{seconds_of(at)};
        const auto info = zone_->get_info(when);
        const date::local_seconds local(when.time_since_epoch() + info.offset);
        const auto hour = date::floor<std::chrono::hours>(local);
        const date::sys_seconds from{date::local_seconds(hour).time_since_epoch() - info.offset};
        const Window window{instant_of(std::max(from, info.begin)),
                            instant_of(std::min(from + std::chrono::hours{1}, info.end))};
        const auto off = std::chrono::duration_cast<minutes>(info.offset);
        const auto size = std::chrono::abs(off);
        return {window, date::format("%FT%H", hour) +
                            fmt::format("{}{:02}:{:02}", off < minutes{0} ? '-' : '+',
                                        size.count() / 60, size.count() % 60)};
    }

private:
    const date::time_zone* zone_;
};

namespace {

date::local_days first_day(Unit unit, unsigned week_starts, date::local_days day) {
    const date::year_month_day date{day};
    switch (unit) {
        case Unit::week: {
            const unsigned weekday = date::weekday{day}.iso_encoding();
            return day - date::days{(weekday + 7 - week_starts) % 7};
        }
        case Unit::month: return date::local_days(date.year() / date.month() / 1);
        case Unit::year: return date::local_days(date.year() / 1 / 1);
        case Unit::hour:
        case Unit::shift:
        case Unit::day: break;
    }
    return day;
}

date::local_days next_first_day(Unit unit, date::local_days first) {
    const date::year_month_day date{first};
    switch (unit) {
        case Unit::week: return first + date::days{7};
        case Unit::month: return date::local_days(date + date::months{1});
        case Unit::year: return date::local_days(date + date::years{1});
        case Unit::hour:
        case Unit::shift:
        case Unit::day: break;
    }
    return first + date::days{1};
}

std::string week_label(date::local_days first) {
    const auto middle = first + date::days{3};
    const auto year = date::year_month_day{middle}.year();
    const auto days = middle - date::local_days(year / 1 / 1);
    return fmt::format("{:04}-W{:02}", int{year}, days.count() / 7 + 1);
}

std::string label_of(Unit unit, date::local_days first) {
    switch (unit) {
        case Unit::week: return week_label(first);
        case Unit::month: return date::format("%Y-%m", first);
        case Unit::year: return date::format("%Y", first);
        case Unit::hour:
        case Unit::shift:
        case Unit::day: break;
    }
    return date::format("%F", first);
}

}  // namespace

Result<Calendar> Calendar::make(Rules rules) {
    TRY_VOID(check(rules));
    const auto* zone = zone_named(rules.time_zone);
    if (zone == nullptr)
        return fail(Code::invalid, "no time zone of IANA's is named '" + rules.time_zone + "'");
    return Calendar(std::move(rules), std::make_shared<const Zone>(zone));
}

Period Calendar::period_at(Unit unit, Instant at) const {
    if (unit == Unit::hour) return zone_->hour_at(at);
    if (unit == Unit::shift && !rules_.shifts.empty()) {
        // The shift that started last, and the next that starts later than it: a start that the
        // clock skips may fall together with the one after it.
        const auto& shifts = rules_.shifts;
        const auto day = zone_->day_at(at, shifts.front().starts);
        std::size_t now = 0;
        for (std::size_t index = 1; index < shifts.size(); ++index) {
            if (zone_->to_instant(day, shifts[index].starts) <= at) now = index;
        }
        const auto until = now + 1 < shifts.size()
                               ? zone_->to_instant(day, shifts[now + 1].starts)
                               : zone_->to_instant(day + date::days{1}, shifts.front().starts);
        return {{zone_->to_instant(day, shifts[now].starts), until},
                date::format("%F ", day) + shifts[now].name};
    }
    const auto day = zone_->day_at(at, rules_.day_starts);
    const auto first = first_day(unit, rules_.week_starts, day);
    return {{zone_->to_instant(first, rules_.day_starts),
             zone_->to_instant(next_first_day(unit, first), rules_.day_starts)},
            label_of(unit, first)};
}

Result<std::vector<Period>> Calendar::periods(Unit unit, Window window,
                                              std::size_t count_max) const {
    if (window.until < window.from) return fail(Code::invalid, "the window ends before it begins");
    if (window.from < first_instant || window.until > last_instant)
        return fail(Code::invalid, "the window is not within the years 0 to 9999");
    std::vector<Period> all;
    for (Instant at = window.from; at < window.until; at = all.back().window.until) {
        if (all.size() == count_max)
            return fail(Code::exhausted,
                        fmt::format("more than {} periods: ask for less", count_max));
        all.push_back(period_at(unit, at));
    }
    return all;
}

}  // namespace lineshaft::calendar
