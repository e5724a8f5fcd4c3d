#pragma once
#include <map>
#include <optional>
#include <string>

#include "history/chunk_header.h"
#include "history/keys.h"

// The statistics of a month's settled chunks by UTC day, so that years are drawn without looking at
// any chunk. Written in the same file as the chunks they tell of, so they are never older. Layout:
// docs/formats/chunk.md, "Days".
namespace lineshaft::history {

/// Of one series and month. Fresh chunks and heads are not in it.
struct Days {
    /// By day of the month, 0..30: as if the day were one chunk. `kind` means nothing.
    std::map<unsigned, ChunkHeader> days;
    /// Bit n: chunks touch day n, and `days` does not tell of it.
    std::uint32_t others = 0;
};

std::string days_key(Month month, SeriesId series);
std::string to_bytes(const Days& days);
/// Errors: corrupt, unsupported (of a later program).
Result<Days> parse_days(Month month, std::string_view bytes);

/// Adds a chunk that lies behind all of `day`; nothing when it does not, or tells no integral.
std::optional<ChunkHeader> behind(const ChunkHeader& day, const ChunkHeader& chunk);

}  // namespace lineshaft::history
