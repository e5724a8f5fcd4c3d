#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "history/keep.h"
#include "history/points.h"
#include "history/types.h"
#include "io/shard.h"
#include "io/workers.h"
#include "store/lane.h"
#include "store/store.h"

// Every acknowledged sample, for ever. A sample is written to the inbox in the round that is
// acknowledged, folded into its series' head, later sealed into a compressed columnar chunk in a
// sorted file past the log. Formats: docs/formats/chunk.md, docs/formats/inbox.md.
namespace lineshaft::history {

struct Limits {
    /// Over all shards; then append refuses. A sample counts 12 bytes at least: memory holds it too.
    std::size_t inbox_bytes_max = 64 << 20;
    std::size_t seal_bytes =
        24 << 20;  ///< a shard seals its heads at this much inbox, over all shards; of a node 16
    std::chrono::seconds seal_age_max{600};  ///< or at this age of the oldest unsealed sample
    std::size_t chunk_samples_max = 8192;    ///< 1..65536
    std::size_t chunk_samples_min = 2000;    ///< settled chunks smaller than this are joined with more
    std::size_t days_samples_min = 16'384;   ///< a month of so many keeps its days' statistics
    std::size_t settle_samples = 2048;       ///< a series is settled when so much of it is fresh
    std::size_t settle_chunks_max = 16;      ///< or in so many chunks
    std::chrono::seconds settle_age_max{1800};        ///< everything fresh is settled so often
    std::size_t settle_merge_bytes = 8 << 20;         ///< after so much its room is taken back
    std::chrono::seconds sweep_every{3600};           ///< what has expired is taken off the disk
    std::chrono::hours sweep_patience{24};            ///< a clock that jumped is waited for so long
    std::chrono::seconds space_age_max{600};          ///< then space() counts anew
    std::size_t series_per_machine_max =
        10'000;  ///< cardinality cap: a broken machine cannot flood
    std::size_t series_max = 2'000'000;
    std::size_t name_bytes_max = 256;
    std::size_t text_bytes_max = 64 * 1024;      ///< one string value; at most 16 MiB
    Instant time_min{946'684'800'000'000};       ///< history.time_min, 2000-01-01
    std::chrono::seconds future_max{86'400};     ///< history.future_max
    std::chrono::seconds seal_retry{5};          ///< after a seal that failed, a full disk say
    std::size_t read_samples_max = 1'000'000;    ///< one read
    std::size_t read_text_bytes_max = 64 << 20;  ///< the strings of one read; then exhausted
    std::size_t buckets_max = 100'000;           ///< one answer
    std::size_t aggregate_series_max = 100'000;  ///< of one question to the kernel
    std::size_t aggregate_buckets_max = 500'000;  ///< of all groups of its answer
};

/// What became of a report. Nothing is dropped without being counted here and in Stats.
struct Appended {
    std::uint32_t stored = 0;
    std::uint32_t refused_time = 0;  ///< before time_min, expired, or further than future_max
    std::uint32_t refused_name = 0;
    std::uint32_t refused_cardinality = 0;
    std::uint32_t refused_size = 0;
    std::uint32_t discovered = 0;  ///< series that did not exist before
    std::uint32_t refused() const {
        return refused_time + refused_name + refused_cardinality + refused_size;
    }
};

struct Stats {
    std::uint64_t samples_stored = 0;
    std::uint64_t samples_refused_time = 0, samples_refused_name = 0;
    std::uint64_t samples_refused_cardinality = 0, samples_refused_size = 0;
    std::uint64_t samples_replaced = 0;  ///< the later write of an instant won, before sealing;
                                         ///< replacing a sealed sample shows when reading only
    std::uint64_t series = 0, chunks_sealed = 0;
    std::uint64_t chunks_settled = 0;  ///< written when fresh ones were joined
    std::uint64_t samples_fresh = 0;   ///< in chunks that wait to be settled
    std::uint64_t inbox_bytes = 0, head_samples = 0;
    std::uint64_t damaged_chunks = 0;   ///< found, named in the log, skipped by reads
    std::uint64_t damaged_records = 0;  ///< of the inbox, found at open: named, set aside, skipped
    std::uint64_t inbox_gaps = 0;       ///< records missing between others, found at open
    std::uint64_t seals_failed = 0;     ///< tried again after Limits::seal_retry
    std::uint64_t samples_expired = 0;  ///< taken off the disk because a rule says so
    std::uint64_t samples_thinned = 0;  ///< the same, others of their steps are kept
};

/// Time series of a node. One object; its parts live on the shards. A machine belongs to shard
/// owner(organisation, machine): append there. Reads may be asked from any shard: chunks are read
/// where the caller is, only the head is asked of its owner. A read sees everything that was
/// durable when it began. Instants lie in the years 0..4999, whatever the limits say.
class History {
public:
    /// Loads the dictionary, replays the inbox (<= inbox_bytes_max, so <= 1 s) and seals what it
    /// held. `lanes[i]` is shard i's; the number of shards may differ from the last run's. From no
    /// shard's thread; nothing is appended before it returns. A damaged inbox record is named, set
    /// aside and counted. On a full or read-only disk it opens all the same, for reading.
    /// Errors: corrupt (a dictionary record; named), invalid (limits).
    static Result<std::unique_ptr<History>> open(store::Store& store, io::Shards& shards,
                                                 std::span<store::Lane* const> lanes,
                                                 io::Workers& sealers, Limits limits);

    virtual ShardIndex owner(OrganisationId organisation, std::string_view machine) const = 0;

    /// Takes the report into the owner shard's open round; it is durable when the lane says so
    /// (lane.then), and readable right after. Per sample: good ones are stored, others counted
    /// and taken out of `report`, so that what is left is what history has.
    /// A second sample of the same series and instant replaces the first. Never suspends. Called on
    /// any other shard it is a bug. If the round fails, nothing of it is stored.
    /// Errors: exhausted (inbox full: stop reading until a round or a seal has ended), unavailable
    /// (the store is read-only); then nothing was taken.
    virtual Result<Appended> append(Report& report) = 0;

    /// The same for series known by id, all of this shard, in one call: each point is told whether
    /// it is stored. Errors: not_found (a series is not there any more, or not of this shard: what
    /// came before it is taken, sending all of it by name stores nothing twice); else as append.
    virtual Result<Appended> append(Points& points) = 0;
    /// On the machine's owner shard. Nothing: no such series. Holds until the machine is erased.
    virtual std::optional<SeriesId> id_of(OrganisationId organisation, std::string_view machine,
                                          std::string_view tag) = 0;

    /// Series of one machine (all its tags), by tag. Empty: nobody by that name ever spoke.
    virtual io::Task<std::vector<Series>> series_of(OrganisationId organisation,
                                                    std::string machine) = 0;
    /// Errors: not_found.
    virtual io::Task<Result<Series>> find(OrganisationId organisation, std::string machine,
                                          std::string tag) = 0;
    /// Every machine name known, with how many series it has. For reconciling the catalog at start.
    struct Machine {
        OrganisationId organisation;
        std::string name;
        std::size_t series = 0;
    };
    virtual io::Task<std::vector<Machine>> machines() = 0;

    /// Samples in the window, ascending (or descending), at most `count_max` (<= read_samples_max).
    /// Fewer than `count_max` means that there are no more. Errors: invalid (window upside down,
    /// count_max), exhausted (strings over read_text_bytes_max: ask for fewer); corrupt never:
    /// damaged chunks are skipped, counted and logged.
    enum class Order : std::uint8_t { ascending, descending };
    virtual io::Task<Result<std::vector<Sample>>> read(Series series, Window window,
                                                       std::size_t count_max,
                                                       Order order = Order::ascending) = 0;
    /// The newest sample at or before `at`.
    virtual io::Task<Result<std::optional<Sample>>> last(Series series, Instant at) = 0;

    /// Aggregates per step, counted from window.from; empty buckets left out, so a long window over
    /// little data is cheap. Whole chunks inside a bucket are answered from their statistics.
    /// Errors: invalid (window, step <= 0), exhausted (> buckets_max of them).
    virtual io::Task<Result<std::vector<Bucket>>> buckets(Series series, Window window,
                                                          std::chrono::microseconds step) = 0;
    /// The same between `edges`, which ascend: a bucket holds [edges[i], edges[i + 1]). For what is
    /// not equally long, days of a calendar say. Errors: invalid (edges), exhausted (> buckets_max).
    virtual io::Task<Result<std::vector<Bucket>>> buckets(Series series,
                                                          std::vector<Instant> edges) = 0;
    /// What a chart of `columns_max` pixels needs: raw samples when they are no more than twice
    /// that, else a bucket per column; of a day or more, columns are whole days from a UTC midnight
    /// on, so the first may begin before the window (nothing before it is in it).
    /// Text and boolean series: changes of value or quality only,
    /// raw; more than twice columns_max of them are thinned to the first and last of each column.
    /// Errors: invalid (window, columns_max not in 1..buckets_max), exhausted as read.
    virtual io::Task<Result<Trend>> trend(Series series, Window window,
                                          std::size_t columns_max) = 0;

    /// The query kernel: aggregates of many series at once, each its own or in groups, `answer[g]`
    /// the buckets of group g, ascending. Exact, whatever came late or twice: equal to reading
    /// every sample. Whole chunks and hours inside a bucket are answered from their statistics,
    /// others are decoded by column on worker threads of history's own; nothing is allocated per
    /// sample. Of a group's buckets first and last are those of the earliest and latest instant; at
    /// one instant of any one of its series. Sums add up in no promised order. Any shard may ask;
    /// erased series count as empty. Memory: the answer (100 bytes a bucket), per thread
    /// the heads of 128 series and the chunks that overlap at one instant.
    /// Errors: invalid (window, step < 0, edges, groups), exhausted (> aggregate_series_max series,
    /// > aggregate_buckets_max buckets in the answer, or too many askers), cancelled, timeout.
    virtual io::Task<Result<std::vector<std::vector<Bucket>>>> aggregate(Aggregate question) = 0;
    /// The newest sample of each, whatever its instant; remembered, so a thousand take well under a
    /// millisecond. nullopt: nothing stored, or erased. The order is that of `series`.
    virtual io::Task<Result<std::vector<std::optional<Sample>>>> newest(
        std::vector<Series> series) = 0;
    /// As read, ascending, in columns: 17 bytes a sample and nothing allocated for each. Go on from
    /// the last instant + 1 us. Errors as read.
    virtual io::Task<Result<Columns>> columns(Series series, Window window,
                                              std::size_t count_max) = 0;
    /// Every series of an organisation, by machine and tag.
    virtual io::Task<std::vector<Series>> series_of(OrganisationId organisation) = 0;
    /// Those chosen, by machine and tag: one look-up for each machine and tag that is named.
    virtual io::Task<std::vector<Series>> chosen(SeriesChoice choice) = 0;

    /// First and last instant stored, both inclusive; nullopt when empty.
    virtual io::Task<Result<std::optional<Window>>> extent(Series series) = 0;

    /// Forgets what these machines said. When it returns, the intent is on disk and nobody finds or
    /// reads their series any more, also after a kill; one that speaks again is new, with series of
    /// its own. `gone` is called for each, on its owner's shard, in the turn in which it vanishes;
    /// for one that is gone already if it has not come back.
    /// Their bytes go with purge(). Errors as Store::submit, of the first shard that failed.
    /// `speaks_again`: the machine has newer series already.
    using Gone = std::function<void(const Erasure&, bool speaks_again)>;
    virtual io::Task<Result<void>> erase(std::vector<Erasure> machines, Gone gone) = 0;
    /// Takes what was erased off the disk: inbox, chunks, dictionary, then their remains in logs and
    /// sorted files, which are merged. In bounded steps beside everything else, on a thread of its
    /// own where it blocks; as long as the files take that hold a part of it. One at a time. After
    /// an error, or a kill, the next call goes on. Errors: conflict (one is under way), cancelled,
    /// unavailable, exhausted.
    virtual io::Task<Result<void>> purge() = 0;
    /// What purge() has still to do. For people.
    struct Purging {
        std::size_t machines = 0;  ///< whose keys are not all removed
        std::size_t series = 0;    ///< theirs
        std::size_t merges = 0;    ///< stretches of files to merge
    };
    virtual io::Task<Purging> purging() = 0;
    /// A purge under way ends soon, with `cancelled`. From no shard's thread, before close().
    virtual void stop_purging() = 0;

    // Retention: keep.h, docs/decisions/0019-retention.md.
    /// An organisation's rules, in order; empty: everything is kept.
    virtual io::Task<KeepRules> kept(OrganisationId organisation) = 0;
    /// Replaces them. When it returns they are on disk and in force: reads find nothing that has
    /// expired, appends of it are refused and counted. Its bytes go with the next sweep, which begins
    /// a second later. Longer rules bring back what no sweep has taken yet. Errors: invalid,
    /// conflict (somebody changes them just now), and as Store::submit.
    virtual io::Task<Result<void>> keep(OrganisationId organisation, KeepRules rules) = 0;
    /// Takes off the disk what has expired, and thins, in bounded steps on threads that stand back.
    /// Goes by itself every Limits::sweep_every. After an error, or a kill, the next one goes on.
    /// Errors: conflict (one is under way), unavailable (the clock is more than a month ahead of the
    /// last sweep's: waits Limits::sweep_patience, in case somebody sets it right; or read-only),
    /// cancelled, exhausted.
    virtual io::Task<Result<void>> sweep() = 0;
    /// What becomes of a series. `from`: what is older has expired; INT64_MIN: nothing.
    struct Keeping {
        std::string rule;  ///< name; empty: none
        Instant from{INT64_MIN};
        Instant thinned_until{INT64_MIN};  ///< what is older is, or soon will be, so coarse:
        std::chrono::seconds resolution{0};
    };
    virtual io::Task<Keeping> keeping(Series series) = 0;
    /// What each class takes in sealed chunks, by its name, in the order of the rules, behind them
    /// under no name what belongs to none. Counted in the background when older than
    /// Limits::space_age_max; until then as counted before.
    struct Space {
        std::vector<std::pair<std::string, ClassSpace>> classes;  ///< empty: not counted yet
        std::optional<Instant> counted_at;
    };
    virtual io::Task<Space> space(OrganisationId organisation) = 0;

    /// Seals now what was appended before and trims the inbox; returns when that is durable.
    /// Errors: of the first shard that failed; it will be tried again.
    virtual io::Task<Result<void>> seal() = 0;
    /// Seals, then settles now all that waits for it in the background, and takes back its room:
    /// what is on disk afterwards is as small as it gets. Errors: as seal.
    virtual io::Task<Result<void>> settle() = 0;
    virtual io::Task<Stats> stats() = 0;

    /// Waits for seals under way; what is unsealed stays in the inbox. Nothing may be appended or
    /// read any more, and no purge is under way. From no shard's thread, while shards, lanes and store still run.
    virtual void close() = 0;
    virtual ~History() = default;
};

}  // namespace lineshaft::history
