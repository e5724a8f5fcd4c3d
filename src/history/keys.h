#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"

// Where a chunk lies among its kind: docs/formats/chunk.md, "keys".
namespace lineshaft::history {

/// year * 12 + month - 1, UTC. Instants of the years 0..4999 only.
using Month = std::uint16_t;
Month month_of(Instant at);
Instant start_of(Month month);
/// Days since 1970-01-01 UTC, and back.
std::int64_t day_of(Instant at);
Instant start_of_day(std::int64_t day);

/// What history can hold at all: years 0..4999.
inline constexpr Instant instant_min{-62'167'219'200'000'000};
inline constexpr Instant instant_max{95'617'583'999'999'999};

/// Where the first seal puts its chunks, whatever their instants: behind all months, so that few are
/// to be looked through, until they are settled into their months.
inline constexpr Month month_of_fresh = 0xfffe;

/// How far a chunk may reach: a reader begins that much before its window. `days` is no chunk but
/// the month's statistics by day.
enum class Span : std::uint8_t { day = 0, month = 1, days = 2 };

struct ChunkKey {
    Month month = 0;
    SeriesId series;
    Span span = Span::day;
    Instant first;
    std::uint64_t ticket = 0;  ///< of the seal; the higher wins at equal instants
};
std::string to_bytes(const ChunkKey& key);
Result<ChunkKey> parse_chunk_key(std::string_view key);

}  // namespace lineshaft::history
