#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "query/types.h"

// Times and spans of time as PostgreSQL writes them.
namespace lineshaft::query {

/// A span of time: PostgreSQL keeps months apart, since they are not equally long.
struct Span {
    std::int64_t months = 0;
    std::int64_t micros = 0;  ///< days are 24 hours
    bool operator==(const Span&) const = default;
};
inline constexpr std::int64_t micros_per_second = 1'000'000, micros_per_hour = 3'600'000'000,
                              micros_per_day = 86'400'000'000;

/// "1 day 02:00:00", "90 minutes", "1h", "P1DT2H". Errors: 22007, 22008.
Outcome<Span> parse_span(std::string_view text);
/// "1 day 02:00:00" as PostgreSQL writes it.
std::string text_of_span(std::int64_t micros);

/// As parse_text of a timestamptz. Years 1..9999.
Outcome<Instant> parse_time(std::string_view text, std::string_view time_zone);
/// "2026-11-22 08:15:00.25+08".
void put_time(std::string& out, Instant at, std::string_view time_zone);

/// Of the years 0..9999: what is outside is 22008 wherever a time is looked at.
constexpr bool is_time_in_range(std::int64_t micros) {
    return micros >= -62'167'219'200'000'000 && micros < 253'402'300'800'000'000;
}

/// What the zone's clock shows, as if it were UTC; UTC where nobody knows the zone.
Instant to_local(Instant at, std::string_view time_zone);
Instant from_local(Instant local, std::string_view time_zone);
/// That many months later at the same day of month, or the month's last; of the zone's calendar.
Instant months_later(Instant at, std::int64_t months, std::string_view time_zone);

/// What ->> makes of a JSON value: a text without its quotes, others as they are; nothing of null.
std::optional<std::string> plain_json(std::string_view json);

/// As quote_ident() gives it: in quotes where it needs them.
std::string quoted_identifier(std::string_view name);

/// A double as PostgreSQL writes it.
std::string text_of_number(double number);

}  // namespace lineshaft::query
