#pragma once
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

namespace lineshaft::history {

/// What a tag can carry. The order is the chunk format's kind byte; never change it.
using Value = std::variant<double, std::int64_t, bool, std::string>;
enum class Kind : std::uint8_t { real = 0, integer = 1, boolean = 2, text = 3 };
std::string_view name_of(Kind kind);  ///< "double", "integer", "boolean", "string"
inline Kind kind_of(const Value& value) {
    return static_cast<Kind>(value.index());
}
/// Booleans as 0 and 1; a string has no number (NaN).
double number_of(const Value& value);

/// How far a value can be believed. `missing`: the source said "null"; the value is a placeholder.
enum class Quality : std::uint8_t { good = 0, uncertain = 1, bad = 2, missing = 3 };
std::string_view name_of(Quality quality);

struct Sample {
    Instant at;
    Value value;
    Quality quality = Quality::good;
    bool operator==(const Sample&) const = default;
};

/// A value under its tag's name, as doors produce them.
struct TagSample {
    std::string tag;
    Sample sample;
};

/// What one machine said at once. `machine` and tag names: docs/formats/store.md, 1..256 bytes
/// UTF-8.
struct Report {
    OrganisationId organisation;
    std::string machine;
    std::vector<TagSample> samples;
};

/// A machine whose past goes: what it said in series that are older than `before`, a store ticket.
struct Erasure {
    OrganisationId organisation;
    std::string machine;
    std::uint64_t before = UINT64_MAX;
};

/// The history of one tag. `kind` is what its newest chunk holds: a tag may change it, and
/// everything it ever was stays readable.
struct Series {
    SeriesId id;
    OrganisationId organisation;
    std::string machine;
    std::string tag;
    Kind kind = Kind::real;
};

/// Aggregates of the samples in [start, start + step). Numbers are over numeric, believable
/// (good or uncertain) samples; `count` counts those, `count_all` every sample.
struct Bucket {
    Instant start;
    std::uint64_t count = 0;
    std::uint64_t count_all = 0;
    double min = 0, max = 0, sum = 0;
    double first = 0, last = 0;
    Instant first_at, last_at;
    /// Each number held until the next one of its series, from first_at to last_at: value x seconds.
    /// Of several series as one: the sum over them. To hold across the bucket's edges, add what lies
    /// before first_at (the bucket before's `last`) and after last_at.
    double integral = 0;
    Instant seen_from, seen_until;  ///< the first and last of `count_all`, both inclusive
    double average() const { return count == 0 ? 0 : sum / static_cast<double>(count); }
};

/// Which samples count, by what they carry.
struct Only {
    bool are_numbers = false;  ///< believable numbers from `low` to `high`; else everything
    double low = -std::numeric_limits<double>::infinity();
    double high = std::numeric_limits<double>::infinity();
    bool is_low_out = false, is_high_out = false;  ///< the bound itself does not count
    std::uint8_t qualities = 0xf;                  ///< bit n: Quality n does
    bool is_everything() const { return !are_numbers && qualities == 0xf; }
    bool takes(double value) const {
        return (is_low_out ? value > low : value >= low) &&
               (is_high_out ? value < high : value <= high);
    }
    bool operator==(const Only&) const = default;
};

/// Which series: of any of these machines with any of these tags; nullopt: of all. `fits`, where
/// there is one, says the rest; it is asked on several threads at once.
struct SeriesChoice {
    OrganisationId organisation;
    std::optional<std::vector<std::string>> machines{}, tags{};
    std::function<bool(std::string_view machine, std::string_view tag)> fits{};
};

/// One question over one series or thousands. Instants between, or steps from, where the window
/// begins; buckets without samples are left out of the answer.
struct Aggregate {
    std::vector<Series> series;
    /// The group each series belongs to, 0..; as long as `series`, or empty: each is its own group,
    /// numbered as in `series`. Groups may leave numbers out.
    std::vector<std::uint32_t> group{};
    Window window{};
    std::chrono::microseconds step{0};  ///< 0: one bucket, the whole window
    std::vector<Instant> edges{};       ///< not empty: instead of window and step, ascending
    Instant steps_from{INT64_MIN};      ///< at or before the window: steps are counted from there
    Only only{};                        ///< others are as if they were not stored
    /// As long as `series`, of the same machines, or empty: a sample counts only where this other
    /// series has one of the same instant, one that `beside_only` takes.
    std::vector<Series> beside{};
    Only beside_only{};
    /// Asked every few thousand samples, from several threads; then the answer is `cancelled`.
    std::stop_token stop{};
    std::chrono::milliseconds time_max{0};  ///< 0: none; over it the answer is `timeout`
};

/// What a chart draws: either the samples themselves (few enough), or one bucket per pixel column.
struct Trend {
    bool is_raw = true;
    std::vector<Sample> samples;  ///< ascending; when raw
    std::vector<Bucket> columns;  ///< ascending, empty columns left out: a gap is a gap
    std::chrono::microseconds step{0};
};

}  // namespace lineshaft::history
