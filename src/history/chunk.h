#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "history/chunk_header.h"
#include "history/codec/doubles.h"
#include "history/codec/texts.h"
#include "history/columns.h"

// One chunk: samples of one kind of one series, ascending by instant, in columns. Pure: bytes in,
// columns out. Version 2 is written, versions 1 and 2 are read. Layout, versioning rule and a
// worked example: docs/formats/chunk.md; version 1: docs/formats/chunk-1.md.
namespace lineshaft::history {

/// Keeps its buffers between calls, so nothing is allocated per sample. Owner: one thread at a
/// time.
class ChunkCodec {
public:
    explicit ChunkCodec(codec::Effort effort = codec::Effort::best) : numbers_(effort) {}
    ChunkCodec(const ChunkCodec&) = delete;

    /// Appends the chunk of samples [from, until): 1..chunk_count_max of them, one kind, strictly
    /// ascending, texts together at most chunk_column_bytes_max / 2. Anything else is a bug.
    void encode(const Columns& samples, std::size_t from, std::size_t until, std::string& out);

    /// Replaces what is in `out`. Errors as parse_chunk_header; then `out` is undefined.
    Result<ChunkHeader> decode(Bytes chunk, Columns& out);

private:
    void put_times(std::string& out, std::span<const std::int64_t> at);
    Result<void> take_times(Reader& in, const ChunkHeader& header, std::span<std::int64_t> at);
    Result<void> take_values(Reader& in, Kind kind, Columns& out);
    Result<void> take_columns(const OpenedChunk& opened, Columns& out);

    codec::Numbers numbers_;
    codec::Doubles doubles_{numbers_};
    codec::Texts texts_{numbers_};
    std::vector<std::int64_t> offsets_;
    std::string column_;
};

}  // namespace lineshaft::history
