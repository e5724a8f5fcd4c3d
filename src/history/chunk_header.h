#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "history/columns.h"

// What a chunk says of itself before any column is decoded: enough for most aggregates.
namespace lineshaft::history {

inline constexpr std::size_t chunk_count_max = 65'536;           ///< samples; of the format
inline constexpr std::size_t chunk_column_bytes_max = 32 << 20;  ///< one column, expanded

/// Over the numeric, believable samples: neither bad nor missing, not a text, not NaN.
struct Statistics {
    std::uint32_t count = 0;
    double min = 0, max = 0, sum = 0;  ///< meaningless when count is 0
    double first = 0, last = 0;
    Instant first_at, last_at;
    /// Each value held until the next believable one, from first_at to last_at: value x seconds.
    /// nullopt: a chunk of version 1, or nothing believable.
    std::optional<double> integral{};
    bool operator==(const Statistics&) const = default;
};

struct ChunkHeader {
    Kind kind = Kind::real;
    std::uint32_t count = 0;  ///< 1..chunk_count_max
    Instant first, last;      ///< inclusive
    Statistics numbers;
    bool operator==(const ChunkHeader&) const = default;
};

/// Statistics of samples [from, until) of any kinds.
Statistics statistics_of(const Columns& samples, std::size_t from, std::size_t until);

/// Checks the checksum, reads the header, leaves the columns alone.
/// Errors: corrupt (named), unsupported (a newer version's chunk).
Result<ChunkHeader> parse_chunk_header(Bytes chunk);

/// What a damaged chunk seems to have held, whatever its checksum says: for telling a person what
/// was lost, never for reading. nullopt: not even that can be made out.
std::optional<ChunkHeader> guess_chunk_header(Bytes chunk);

// --- for the codec
// ---------------------------------------------------------------------------------

struct OpenedChunk {
    std::uint8_t version = 0;  ///< 1 or 2
    ChunkHeader header;
    bool has_qualities = false;
    Bytes columns;
};
/// Errors: invalid (damage), unsupported.
Result<OpenedChunk> open_chunk(Bytes chunk);
/// The same errors as callers of the codec see them: corrupt, unsupported.
Error chunk_damage(const Error& found);

/// Appends version, kind, flags and header fields; always version 2.
void put_chunk_header(std::string& out, const ChunkHeader& header, bool has_qualities);
/// Appends the checksum of the chunk that begins at `chunk_at`.
void put_chunk_checksum(std::string& out, std::size_t chunk_at);

}  // namespace lineshaft::history
