#pragma once
#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace lineshaft {

/// A moment in UTC: microseconds since 1970-01-01, leap seconds not counted. What is finer is
/// rounded down. The site's calendar enters only at the edge of the user interface.
struct Instant {
    std::int64_t micros = 0;

    static constexpr Instant from_millis(std::int64_t millis) { return {millis * 1000}; }
    constexpr std::int64_t millis() const { return micros / 1000; }
    constexpr auto operator<=>(const Instant&) const = default;

    template <class Rep, class Period>
    friend constexpr Instant operator+(Instant at, std::chrono::duration<Rep, Period> by) {
        return {at.micros + std::chrono::duration_cast<std::chrono::microseconds>(by).count()};
    }
    template <class Rep, class Period>
    friend constexpr Instant operator-(Instant at, std::chrono::duration<Rep, Period> by) {
        return {at.micros - std::chrono::duration_cast<std::chrono::microseconds>(by).count()};
    }
    friend constexpr std::chrono::microseconds operator-(Instant a, Instant b) {
        return std::chrono::microseconds(a.micros - b.micros);
    }
};

/// Half-open: from <= t < until.
struct Window {
    Instant from;
    Instant until;
    constexpr bool contains(Instant at) const { return from <= at && at < until; }
    constexpr bool operator==(const Window&) const = default;
};

/// RFC 3339 with 'Z' or an offset; fractions beyond microseconds are rounded down.
/// Errors: invalid. Years 0000..9999.
Result<Instant> parse_rfc3339(std::string_view text);

/// "2026-11-21T08:15:00.250Z"; fraction left out when zero, else 3 or 6 digits.
std::string to_rfc3339(Instant at);
/// The same, behind what is there.
void put_rfc3339(std::string& out, Instant at);

}  // namespace lineshaft
