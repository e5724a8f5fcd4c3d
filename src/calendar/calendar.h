#pragma once
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

// A site's calendar: where its hours, shifts, days, weeks, months and years begin, daylight saving
// included. Time zones are IANA's, from the system's tzdata, through Hinnant's date library.
namespace lineshaft::calendar {

/// 1..64 letters, digits, '/', '_', '+', '-', and known to the system's tzdata.
bool is_time_zone(std::string_view name);

enum class Unit : std::uint8_t { hour, shift, day, week, month, year };
/// "hour" .. "year". Errors: invalid, naming them.
Result<Unit> unit_of(std::string_view name);
std::string_view name_of(Unit unit);

/// Lasts until the next one starts, the day's last until the next day's first.
struct Shift {
    std::string name{};             ///< 1..64 bytes
    std::chrono::minutes starts{};  ///< after local midnight, 0..1439
};

struct Rules {
    std::string time_zone = "UTC";
    std::chrono::minutes day_starts{0};  ///< after local midnight, 0..1439: 360 for a day from six
    unsigned week_starts = 1;            ///< 1 Monday .. 7 Sunday
    std::vector<Shift> shifts{};         ///< in order of their starts, at most 24
};

/// One hour, shift, day... `label` names it within its unit, in local terms: "2026-10-25T02+02:00",
/// "2026-10-25 early", "2026-10-25", "2026-W43" (of the week's fourth day, so ISO 8601 where weeks
/// start on Monday), "2026-10", "2026".
struct Period {
    Window window;
    std::string label;
};

inline constexpr std::size_t periods_max = 100'000;

/// Immutable, may be shared by threads.
///
/// Every instant lies in exactly one period of each unit, and periods follow each other without a
/// hole. A local time that the clock skips stands for the moment of the skip; one that comes twice
/// stands for the first. So a day has 23 or 25 hours where clocks are put on or back, a night shift
/// takes its share of that, and an hour is cut where the clock is turned.
class Calendar {
public:
    /// Errors: invalid (the sentence says what of the rules).
    static Result<Calendar> make(Rules rules);

    /// The period that `at` lies in. Years 0..9999. Without shifts a shift is the whole day.
    Period period_at(Unit unit, Instant at) const;
    /// All periods that overlap `window`, in order; the first and last may stick out of it.
    /// Errors: invalid (window upside down or out of the years 0..9999), exhausted (> count_max).
    Result<std::vector<Period>> periods(Unit unit, Window window,
                                        std::size_t count_max = periods_max) const;

    const Rules& rules() const { return rules_; }

private:
    class Zone;
    explicit Calendar(Rules rules, std::shared_ptr<const Zone> zone)
        : rules_(std::move(rules)), zone_(std::move(zone)) {}

    Rules rules_;
    std::shared_ptr<const Zone> zone_;
};

}  // namespace lineshaft::calendar
