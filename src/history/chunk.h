#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "history/columns.h"
#include "history/squeeze.h"

// One chunk: samples of one kind of one series, ascending by instant, in columns. Pure: bytes in,
// columns out. Layout, versioning rule and a worked example: docs/formats/chunk.md.
namespace lineshaft::history {

inline constexpr std::size_t chunk_count_max = 65'536;           ///< samples; of the format
inline constexpr std::size_t chunk_column_bytes_max = 32 << 20;  ///< one column, expanded

/// Over the numeric, believable samples: neither bad nor missing, not a text, not NaN.
struct Statistics {
    std::uint32_t count = 0;
    double min = 0, max = 0, sum = 0;  ///< meaningless when count is 0
    double first = 0, last = 0;
    Instant first_at, last_at;
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

/// What a damaged chunk seems to have held, whatever its checksum says: for telling a person what was
/// lost, never for reading. nullopt: not even that can be made out.
std::optional<ChunkHeader> guess_chunk_header(Bytes chunk);

/// Keeps its buffers between calls, so nothing is allocated per sample. Owner: one thread at a
/// time.
class ChunkCodec {
public:
    /// Appends the chunk of samples [from, until): 1..chunk_count_max of them, one kind, strictly
    /// ascending, texts together at most chunk_column_bytes_max / 2. Anything else is a bug.
    void encode(const Columns& samples, std::size_t from, std::size_t until, std::string& out);

    /// Replaces what is in `out`. Errors as parse_chunk_header; then `out` is undefined.
    Result<ChunkHeader> decode(Bytes chunk, Columns& out);

private:
    void put_column(std::string& out, std::uint8_t encoding, bool may_squeeze);
    void put_values(const Columns& samples, std::size_t from, std::size_t until, std::string& out);
    std::uint8_t put_real_values(std::span<const std::uint64_t> bits);
    Result<std::uint8_t> open_column(Reader& in, Reader& payload);
    Result<void> take_times(Reader& in, const ChunkHeader& header, std::span<std::int64_t> at);
    Result<void> take_qualities(Reader& in, Kind kind, std::span<Mark> mark);
    Result<void> take_values(Reader& in, Kind kind, Columns& out);

    Squeezer squeezer_;
    std::string payload_;
    std::string other_;
    std::vector<std::int64_t> numbers_;
};

}  // namespace lineshaft::history
