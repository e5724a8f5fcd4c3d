#pragma once
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/hash.h"
#include "base/time.h"
#include "identity/registry.h"
#include "io/per_shard.h"

// What was asked for and what changed, by prefix and hour. Layout: docs/formats/identity.md.
namespace lineshaft::identity {

/// Of one prefix and hour, or a sum of such.
struct Counts {
    std::uint64_t registered = 0, changed = 0, deleted = 0, resolved = 0, not_found = 0;
    Counts& operator+=(const Counts& other);
    bool operator==(const Counts&) const = default;
};

/// Counters of each shard, written every few seconds, so a killed node loses what the last of them
/// counted and nothing else. Any shard counts and asks. Owner: the program; close() before the lanes
/// end.
class Statistics {
public:
    struct Limits {
        std::size_t prefixes_max = 10'000;  ///< of one hour and shard; the others count as "*"
        std::size_t missing_max = 256;      ///< names of one hour and shard
        std::size_t missing_bytes_max = 200;  ///< of one name; longer ones are not remembered
        unsigned hours_kept = 92 * 24;
        std::size_t rows_max = 500'000;  ///< read for one report
        io::Steady write_every{10'000};
        bool counts_foreign = true;  ///< what belongs to no prefix of this node
    };
    static Result<std::unique_ptr<Statistics>> open(store::Store& store, io::Shards& shards,
                                                    std::vector<store::Lane*> lanes, Limits limits);

    // On any shard; quick.
    void asked(std::string_view name, const Lookup& found);
    void shown(std::string_view prefix);  ///< a handle of this node's that is there
    void changed(std::string_view name, Action action);

    struct Query {
        Instant from, until;  ///< whole hours that touch it
        bool by_day = false;  ///< UTC
        std::string prefix{};  ///< empty: all
    };
    struct Period {
        Instant at;  ///< its begin
        Counts counts;
    };
    struct Report {
        Counts totals;
        std::vector<Period> periods;  ///< ascending, without empty ones
        std::vector<std::pair<std::string, Counts>> prefixes;  ///< ascending; "*": the others
    };
    /// Up to this moment. Errors: exhausted (rows_max: ask for less), those of the store.
    io::Task<Result<Report>> report(Query query);
    /// Names that were not there, most wanted first.
    io::Task<Result<std::vector<std::pair<std::string, std::uint64_t>>>> missing(
        Instant from, Instant until, std::size_t count_max);

    /// Writes what is not written. From no shard's thread, while shards and lanes still run.
    void close();

private:
    friend struct StatisticsSteps;
    struct OnShard {
        std::uint32_t hour = 0, forgotten_at = 0;
        std::map<std::string, Counts, std::less<>> prefixes;
        std::unordered_map<std::string, std::uint64_t, StringHash, std::equal_to<>> missing;
        bool is_dirty = false, is_due = false, is_closed = false;
        io::Wheel::Timer timer;
    };
    Statistics(store::Store& store, io::Shards& shards, std::vector<store::Lane*> lanes,
               Limits limits);
    Counts& counts_of(std::string_view prefix);
    void turn_hour(OnShard& shard);
    void miss(OnShard& shard, std::string_view name);
    void seal(OnShard& shard, std::uint32_t index, store::Batch& batch);
    void forget_old(OnShard& shard, store::Batch& batch);
    void tick();
    Result<void> load();

    store::Store& store_;
    io::Shards& shards_;
    std::vector<store::Lane*> lanes_;
    const Limits limits_;
    io::PerShard<OnShard> on_shard_;
};

}  // namespace lineshaft::identity
