// How much a machine works: from its counters, from its signals, and as an index over many. Pure; a
// result can be computed again from the raw data by anybody.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace lineshaft::insight {

/// What an hour meter said.
struct MeterReading {
    Instant at;
    double hours = 0;
};

struct MeterUse {
    double hours = 0;           ///< inside the window
    double covered_share = 0;   ///< of the window that lies between two readings, 0..1
    std::uint32_t resets = 0;   ///< the meter went back: replaced or reset; that step counts nothing
    std::uint32_t clipped = 0;  ///< more hours than time went by (with 2 % of grace): counted as the time
};

/// Hours worked in a window, from ascending readings: each step between two readings is spread evenly
/// over its time, and the part inside the window counts. Readings not later than the one before are
/// left out.
MeterUse hours_worked(std::span<const MeterReading> readings, Window window);

enum class Use : std::uint8_t { working, idle, off, fault, silent };
std::string_view name_of(Use use);

/// What a machine says of itself at one instant; what it does not say is empty.
struct Signals {
    Instant at;
    std::optional<bool> is_running = {};  ///< the engine
    std::optional<double> rpm = {}, load_percent = {}, speed_kmh = {};
    bool has_fault = false;  ///< one that stops it
};

struct UseRules {
    double running_rpm = 400;      ///< the engine runs from here on, when it does not say
    double working_rpm = 1200;     ///< any of these makes a running machine a working one
    double working_load_percent = 25;
    double working_speed_kmh = 2;
    std::int64_t silent_after_s = 900;
    bool operator==(const UseRules&) const = default;
};

/// fault before off before working before idle; off when nothing says that it runs.
Use use_of(const Signals& signals, const UseRules& rules);

/// What a machine does from an instant on.
struct UseFrom {
    Instant at;
    Use use = Use::off;
};

struct UseTimes {
    std::array<double, 5> seconds{};  ///< by Use; their sum is the window's length
    double of(Use use) const { return seconds[static_cast<std::size_t>(use)]; }
    /// Working of what was seen: working / (working + idle + off + fault); empty: silent throughout.
    std::optional<double> utilisation() const;
    /// Idle of running: idle / (working + idle).
    std::optional<double> idle_ratio() const;
};
/// Each lasts until the next, at most `silent_after_s`; then the machine is silent. `spells`
/// ascending, those before the window included as far as they are known.
UseTimes use_times(std::span<const UseFrom> spells, Window window, std::int64_t silent_after_s);

/// One machine on one calendar day of its site.
struct MachineDay {
    std::string machine, type, region;  ///< an empty type or region is "unknown"
    std::int32_t year = 0;
    std::uint8_t month = 1;
    double hours = 0;          ///< worked on that day
    bool is_observed = true;   ///< anything was heard of it; other days do not count
};

/// 开工率: of the days machines were observed, the share on which they worked `hours_min` or more.
struct IndexDefinition {
    double hours_min = 1;              ///< "working on a day"
    std::uint32_t machines_min = 5;    ///< smaller groups are withheld (k of k-anonymity)
    bool operator==(const IndexDefinition&) const = default;
};
/// The definition as it is printed beside the numbers; `language` "zh" or anything else for English.
std::string describe(const IndexDefinition& definition, std::string_view language);

/// One group in one month. Empty type or region: all of them.
struct IndexRow {
    std::int32_t year = 0;
    std::uint8_t month = 1;
    std::string type, region;
    bool is_withheld = false;  ///< then all numbers below are empty or 0
    std::uint32_t machines = 0;
    std::uint64_t observed_days = 0, working_days = 0;
    std::optional<double> index = {};         ///< working / observed, 0..1
    std::optional<double> year_on_year = {};  ///< difference to the same month a year before, in index points
};

/// Every type x region, every type, every region, and all, by month, ascending (year, month, type,
/// region; the sums first). Withheld is each group with fewer than `machines_min` machines, and as
/// many more as it takes that no withheld number is the difference of published ones, nor the sum
/// of withheld ones about fewer machines than that.
/// Errors: invalid (hours that are none or beyond 25 on a day, a month that is none; machines_min 0).
/// Time: n log n in the days, plus months x types x regions.
Result<std::vector<IndexRow>> working_index(std::span<const MachineDay> days, const IndexDefinition& definition);

}  // namespace lineshaft::insight
