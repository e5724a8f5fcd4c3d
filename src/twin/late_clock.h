// A clock that was set back, or right after it stood ahead: what its machine says is older than what
// is known of it, report after report, and would only look like silence. Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace lineshaft::twin {

/// Judges the reports of one machine of which no value was new. Old values that are handed in later
/// (a buffer that is emptied) are told from a clock by their pace: a clock goes on as time does.
class LateClock {
public:
    static constexpr std::int64_t least_s = 300;  ///< less is a value that came late
    static constexpr unsigned reports_min = 3;    ///< in a row: one says nothing

    /// A report came at `heard` whose newest value, of `said`, is older than one known, of `known`.
    /// How many seconds back the clock stands, or, negative, ahead it stood; told once for each time
    /// it is set.
    std::optional<std::int64_t> hear(Instant said, Instant heard, Instant known);
    /// A report with something new in it.
    void fresh() { count_ = 0; }

private:
    Instant said_{}, heard_{};
    unsigned count_ = 0;
};

/// The event of it, kind "clock", as people read it; and the seconds out of such a text. Negative:
/// it stood ahead.
std::string clock_text(std::int64_t seconds_back);
std::optional<std::int64_t> seconds_back(std::string_view text);

}  // namespace lineshaft::twin
