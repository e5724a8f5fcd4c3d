#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "history/dictionary.h"
#include "history/keys.h"
#include "store/store.h"

// Off the disk, in steps that each take milliseconds. Everything here blocks and runs on a worker;
// decision: docs/decisions/0012-erasing.md.
namespace lineshaft::history {

/// Finds the chunks of some series, month by month. Owner: one purge; one step at a time.
class Sweep {
public:
    struct Limits {
        std::size_t seeks_max = 4'096;   ///< of one step
        std::size_t ranges_max = 1'024;  ///< removed by one step
    };
    /// `series`: ascending.
    Sweep(std::vector<SeriesId> series, Limits limits) : series_(std::move(series)), limits_(limits) {}

    /// Removals of what the step found, with the record of what is then to be merged. Empty and
    /// is_done(): nothing is left. Errors: corrupt, unavailable (the store cannot be read).
    Result<store::Batch> step(store::Store& store);
    bool is_done() const { return is_done_; }

private:
    struct Range {
        Month month = 0;
        std::uint64_t from = 0;
        std::uint64_t until = 0;
    };
    store::Batch removals(store::Store& store, const std::vector<Range>& ranges) const;

    const std::vector<SeriesId> series_;
    const Limits limits_;
    Month month_ = 0;
    std::uint64_t next_ = 0;  // series from which on the month is not looked at yet
    bool is_done_ = false;
};

/// Removes those series from the records that replay set aside; records that cannot be read go
/// whole, since nobody can tell whose they were. `batch` gets what is to be written.
/// Errors: unavailable.
struct Scrubbed {
    std::size_t rewritten = 0;
    std::size_t unreadable = 0;  ///< removed
};
Result<Scrubbed> scrub_quarantine(store::Store& store, const std::vector<SeriesId>& series,
                                  store::Batch& batch);

/// Everything that is to be merged. Errors: corrupt (a record; named), unavailable.
struct LitterFound {
    std::string key;
    Litter litter;
};
Result<std::vector<LitterFound>> find_litter(store::Store& store);

/// Merges one stretch, or the small families. Errors as Store::merge_files.
Result<void> merge_litter(store::Store& store, const Litter& litter);

}  // namespace lineshaft::history
