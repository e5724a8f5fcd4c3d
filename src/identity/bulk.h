#pragma once
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "identity/registry.h"

// Registering by the million: jobs that can be sent again after a break. Layout:
// docs/formats/identity.md; what a client sees: docs/protocols/naming-api.md, "Bulk".
namespace lineshaft::identity {

/// What became of a row.
enum class RowState : std::uint8_t { made = 1, changed = 2, kept = 3, deleted = 4, refused = 5 };
std::string_view name_of(RowState state);

/// One line of a job, as it was read.
struct BulkRow {
    Change change;        ///< its handle; with mints_suffix: of its prefix, "88.101.7/"
    std::string why;      ///< not empty: refused, it could not be read
    std::uint64_t hash = 0;  ///< of the line
};
struct Receipt {
    std::uint64_t row = 0;  ///< from 1
    RowState state = RowState::made;
    std::string handle, why;
};

/// How far a job is.
struct BulkJob {
    std::uint64_t number = 0;
    std::uint32_t organisation = 1;
    std::string key, by;
    Instant begun_at, changed_at;
    std::uint64_t rows = 0;  ///< done; the next one is rows + 1
    std::uint64_t made = 0, changed = 0, kept = 0, deleted = 0, refused = 0;
    bool is_done = false;
};

struct BulkLimits {
    std::size_t window_rows = 2'048;        ///< changed together
    std::size_t window_bytes = 4 << 20;     ///< of lines
    std::size_t line_bytes_max = 256 << 10;
    std::uint64_t refused_max = 100'000;    ///< then the job stops
    std::size_t jobs_max = 1'000;           ///< of one organisation; the oldest are forgotten
    std::size_t running_max = 8;            ///< at once
};

/// One sending of a job's rows. Lives as long as the request; end it.
struct BulkRun {
    BulkJob job;
    std::uint64_t next_row = 1;
    std::uint64_t chain = 0;  ///< hash of the rows before next_row
};

/// Rows are changed in windows: first the identifiers, then, in a second commit, how far the job is;
/// receipts are given after both. So a job that is sent again does not repeat what it has answered,
/// and repeats what it has not as what it is: kept. Owner: the program, after the registry. Any shard.
class BulkJobs {
public:
    BulkJobs(store::Store& store, io::Shards& shards, store::Lane& lane_0, Registry& registry,
             BulkLimits limits = {})
        : store_(store), shards_(shards), lane_(lane_0), registry_(registry), limits_(limits) {}

    /// Begins or goes on. `from`: the number of the first row that will come. Errors: conflict (that
    /// key is being sent; `from` is neither 1 nor where a window began or the job is), exhausted
    /// (running_max), those of the store.
    io::Task<Result<BulkRun>> begin(std::uint32_t organisation, std::string key, std::string by,
                                    std::uint64_t from);
    /// How many rows to give to the next take(): fewer only when no more come.
    Result<std::size_t> window(const BulkRun& run) const;
    /// Does them, or tells what became of them when they were done before. Errors: conflict (they
    /// are not the rows that were sent before), exhausted (refused_max, the disk), those of the
    /// store. After an error the run is over.
    io::Task<Result<std::vector<Receipt>>> take(BulkRun* run, std::vector<BulkRow> rows);
    /// `is_whole`: the last row came.
    io::Task<Result<BulkJob>> end(BulkRun* run, bool is_whole);

    /// Keys of one organisation's jobs whose rows are being sent now.
    io::Task<std::set<std::string>> running(std::uint32_t organisation);
    Result<BulkJob> job(std::uint32_t organisation, std::string_view key) const;
    /// Newest first.
    Result<std::vector<BulkJob>> jobs(std::uint32_t organisation) const;
    /// Refused rows after `after`, ascending.
    Result<std::vector<Receipt>> refused(const BulkJob& job, std::uint64_t after,
                                         std::size_t count_max) const;
    const BulkLimits& limits() const { return limits_; }

private:
    friend struct BulkSteps;
    struct Window {
        std::uint64_t first = 0, chain_after = 0;
        std::string states;
    };
    Result<std::optional<Window>> window_at(std::uint64_t job, std::uint64_t row) const;

    store::Store& store_;
    io::Shards& shards_;
    store::Lane& lane_;  // of shard 0
    Registry& registry_;
    const BulkLimits limits_;
    std::set<std::string> running_;  // shard 0: keys of the store
};

}  // namespace lineshaft::identity
