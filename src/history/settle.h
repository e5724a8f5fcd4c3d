#pragma once
#include <cstdint>
#include <chrono>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "history/chunk.h"
#include "history/keys.h"
#include "history/plan.h"
#include "store/store.h"

// From fresh chunks to those that stay. A seal writes what memory held, quickly and in small
// pieces, behind all months; settling takes a series' fresh chunks together, joins them with what
// they overlap or what was left small in their months, and writes that once more, as small as it
// gets. Runs on a worker that stands back; decision: docs/decisions/0018-settling.md.
//
// What keeps it right, wherever it is killed: a settled chunk has the highest ticket of what went
// into it, and a series' fresh chunks are taken in the order of their tickets, so whatever is left
// outside is newer and still wins. A month's file puts the new chunks and removes the ones they
// replace at once; the fresh ones are removed afterwards, and until then the same samples are met
// twice, which merging hides. So every step may be repeated.
namespace lineshaft::history {

/// How much of a series waits to be settled.
struct FreshCount {
    std::uint64_t chunks = 0;
    std::uint64_t samples = 0;
    Instant oldest{INT64_MAX};  ///< of what was taken
};

struct SettleLimits {
    std::size_t chunk_samples_max = 8192;
    std::size_t chunk_samples_min = 2000;     ///< smaller settled ones are joined with more
    std::uint64_t days_samples_min = 16'384;  ///< of a month whose days are worth a record (days.h)
    std::size_t series_samples_max = 1 << 20;  ///< of one series at once, unless one seal had more
    std::size_t batch_samples_max = 1 << 19;   ///< then files are written and the batch ends
};

struct Settled {
    std::map<SeriesId, FreshCount> taken;
    std::uint64_t chunks = 0;          ///< written
    std::uint64_t bytes_replaced = 0;  ///< that take room until their files are merged
    std::size_t series_done = 0;       ///< of those asked for; the rest is for the next batch
};

/// Settles what `series` (ascending) have fresh, from the first on. Damaged chunks are reported and
/// left where they are. Errors: as Store::ingest; then some of it may be done. Blocks.
Result<Settled> settle(store::Store& store, std::span<const SeriesId> series,
                       const SettleLimits& limits, const OnDamage& on_damage);

/// One sample for each step is to be left, the last, in [from, until) of a series.
struct ThinAsk {
    SeriesId series;
    Month from = 0;
    Month until = 0;
    std::chrono::microseconds step{0};
};
struct Thinned {
    std::size_t asks_done = 0;  ///< the rest is for the next call, which passes over what is done
    std::uint64_t samples = 0;  ///< that went
    std::set<Month> months;     ///< whose files hold what went
};
/// Thins settled chunks of days that have more samples than steps; a month's file puts the new
/// chunks and removes the old ones at once, so this may be killed and repeated. Beside no settle()
/// of the same series. Errors: as Store::ingest; then some of it may be done. Blocks.
Result<Thinned> thin(store::Store& store, std::span<const ThinAsk> asked,
                     const SettleLimits& limits, const OnDamage& on_damage);

/// What waits in the store, of seals with tickets below `until`. Reads all of it: on a worker.
/// Errors: unavailable, corrupt.
Result<std::map<SeriesId, FreshCount>> find_fresh(store::Store& store, std::uint64_t until);

/// Merges the files of the region of fresh chunks, so that what was settled takes no room there.
/// Errors: as Store::merge_files. Blocks.
Result<void> merge_fresh(store::Store& store);

}  // namespace lineshaft::history
