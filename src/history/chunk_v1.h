#pragma once
#include <span>
#include <vector>

#include "history/chunk_header.h"
#include "history/squeeze.h"

// Chunks of version 1, which are read for ever and no longer written: docs/formats/chunk-1.md.
namespace lineshaft::history {

/// Fills `out`, sized to the header's count, with the columns. `numbers` is working memory.
/// Errors: invalid, unsupported.
Result<void> take_columns_v1(const OpenedChunk& opened, Squeezer& squeezer,
                             std::vector<std::int64_t>& numbers, Columns& out);

// What both versions share.
Result<void> take_qualities(Reader& in, Kind kind, std::span<Mark> mark);
void take_fixed_times(std::int64_t first, std::int64_t step, std::span<std::int64_t> at);
Result<void> check_booleans(std::span<const std::uint64_t> bits);

}  // namespace lineshaft::history
