#pragma once
#include <memory>
#include <vector>

#include "history/columns.h"
#include "history/history.h"
#include "history/keys.h"
#include "store/store.h"

// From heads to a sorted file, as cheaply as may be. Runs on a worker, over an immutable snapshot.
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

/// The snapshot as fresh chunks, ascending by key, ready to ingest: written quickly, to be settled
/// into their months later (settle.h). A chunk holds one kind, at most `chunk_samples_max` samples
/// and `chunk_text_bytes_max` of texts (or one longer text), of any instants.
std::vector<store::Entry> encode_fresh(const Snapshot& snapshot, std::uint64_t ticket,
                                       std::size_t chunk_samples_max);
inline constexpr std::size_t chunk_text_bytes_max = 1 << 20;

/// Where the chunk that begins with sample `from` ends, before `until`: texts may end it early.
std::size_t chunk_end(const Columns& samples, std::size_t from, std::size_t until,
                      std::size_t chunk_samples_max);

/// Samples [from, until) by kind; empty when they are all of one.
std::vector<Columns> by_kind(const Columns& samples, std::size_t from, std::size_t until);

/// Encodes and ingests; returns how many chunks. Repeating it after a failure or a kill is harmless:
/// the newer copy hides the older. Errors: as Store::ingest. Blocks.
Result<std::size_t> seal_snapshot(store::Store& store, const Snapshot& snapshot,
                                  std::size_t chunk_samples_max);

}  // namespace lineshaft::history
