#pragma once
#include <memory>
#include <vector>

#include "history/columns.h"
#include "history/history.h"
#include "history/keys.h"
#include "store/store.h"

// From heads to sorted files. Runs on a worker, over an immutable snapshot.
namespace lineshaft::history {

/// A shard's heads at the moment of sealing. Never changes; readers see it until it is on disk.
struct Snapshot {
    struct One {
        SeriesId series;
        Columns samples;  ///< ascending, one per instant
    };
    std::vector<One> heads;          ///< ascending by series
    std::uint64_t until_ticket = 0;  ///< the last inbox record in it
    std::size_t inbox_bytes = 0;
    std::size_t samples = 0;
    const Columns* find(SeriesId series) const;
};

/// The snapshot as chunks: one list per month, ascending by key, ready to ingest.
/// A chunk holds one kind, at most Limits::chunk_samples_max samples and `chunk_text_bytes_max` of
/// texts (or one longer text), and lies in one UTC day; in one month if the days are nearly empty.
std::vector<std::vector<store::Entry>> encode_snapshot(const Snapshot& snapshot,
                                                       std::uint64_t ticket,
                                                       std::size_t chunk_samples_max);
inline constexpr std::size_t chunk_text_bytes_max = 1 << 20;

/// Encodes and ingests, month by month; returns how many chunks. Repeating it after a failure or a
/// kill is harmless: the newer copy hides the older. Errors: as Store::ingest. Blocks.
Result<std::size_t> seal_snapshot(store::Store& store, const Snapshot& snapshot,
                                  std::size_t chunk_samples_max);

}  // namespace lineshaft::history
