#pragma once
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "history/dictionary.h"
#include "history/history.h"
#include "history/inbox.h"
#include "history/seal.h"
#include "history/settle.h"
#include "io/counter.h"
#include "io/nursery.h"

namespace lineshaft::history {

/// Past the lanes: for batches that only remove, which a store takes even when it is too full for a
/// round. Errors as Store::submit.
io::Task<Result<void>> submitted(store::Store& store, store::Batch batch);

/// What a part's memory holds of one series: not on disk as chunks yet, or just becoming so. Of
/// equal instants the head's wins.
struct HeadView {
    Columns sealing;
    Columns head;
    bool is_gone = false;  ///< being erased: nothing is to be read of it
    /// There may be chunks that are not settled yet, besides those with what stands here.
    bool may_be_fresh = true;
    Instant from{INT64_MIN};  ///< what is older has expired, chunks too
    std::unique_ptr<HeadView> beside{};  ///< of the series beside this one, if a question has such
};

/// One shard's share of the history: its machines' dictionary, the open round, the heads, and the
/// snapshot being sealed. Owner: History; every call on its shard, except where said otherwise.
/// Life of a sample: append -> the round's inbox record -> durable -> head -> snapshot -> chunk.
/// What is durable waits, in order of arrival, until enough of it has come or somebody looks; then
/// it is folded into heads series by series, which costs a tenth of going to each head for each sample.
/// Ends with close(), after which nothing may be appended.
class Part {
public:
    /// `limits` are the whole node's; a part takes its share. From any thread, before join().
    Part(store::Store& store, io::Shard& shard, std::size_t shards, store::Lane& lane,
         io::Workers& sealers, io::Workers& settlers, Limits limits, OnDamage on_damage);
    Part(const Part&) = delete;

    // At open, before the shard knows of this part; from the opening thread.
    Dictionary& dictionary() { return dictionary_; }
    /// Puts a replayed sample into its head.
    void replay(SeriesEntry& entry, const Columns& samples, std::size_t index);
    void replayed_bytes(std::size_t bytes) {
        inbox_bytes_ += bytes;
        head_bytes_ += bytes;
    }

    void join();
    /// From now on append takes samples: what was replayed is sealed, its records are gone.
    void accept();

    io::Shard& shard() { return shard_; }
    /// From any thread: greater whenever a series has come, has gone, or is of another kind.
    std::int64_t births() const { return births_.value(); }
    Result<Appended> append(Report& report);
    Result<Appended> append(Points& points);
    std::optional<SeriesId> id_of(OrganisationId organisation, std::string_view machine,
                                  std::string_view tag);

    /// The part of a view a reader needs: inside `window`, the first (or last) `count_max` of each.
    HeadView view(SeriesId series, Window window, std::size_t count_max, bool is_descending);

    /// Appends what is known of a series' newest sample without looking at chunks; INT64_MIN as its
    /// instant: nothing. False: chunks may have a newer one.
    bool put_newest(SeriesId series, Columns& into);
    /// What reading found after put_newest() was asked.
    void learn_newest(SeriesId series, const std::optional<Sample>& stored);

    // Erasing (part_erase.cc); decision 0012.
    /// Commits that these machines of this part go, then takes them out of sight in one turn of the
    /// loop, calling `gone` for each in that turn. Errors as Store::submit; then nothing happened.
    io::Task<Result<void>> erase(std::vector<Erasure> machines, History::Gone gone);
    /// Removes every key of what is being erased; done in bounded steps, repeated after a kill.
    /// Errors: cancelled, unavailable, exhausted; what is left is done by the next call.
    io::Task<Result<void>> purge(io::Workers& worker);
    void stop_purging() { is_purge_stopped_ = true; }

    // Retention (part_keep.cc); decision 0019.
    /// From now on these rules hold.
    void adopt(std::shared_ptr<const KeepTable> table);
    History::Keeping keeping(SeriesId series);
    /// Removes what has expired, on `worker`, and thins what is old enough, beside settling.
    /// Errors: cancelled, unavailable, exhausted; what is left is done by the next call.
    io::Task<Result<void>> sweep(io::Workers& worker);
    void stop_sweeping() { is_sweep_stopped_ = true; }
    /// Of which class each series is; "" where no rule fits. Others than in `numbers` are left out.
    using ClassNumbers = std::map<std::pair<OrganisationId, std::string>, std::uint32_t>;
    std::vector<std::pair<SeriesId, std::uint32_t>> classes(const ClassNumbers& numbers);

    /// Waits for a seal under way, then seals every head. `trim`: removes their records too.
    io::Task<Result<void>> seal(bool trim);
    /// Waits for a batch under way, then settles what is due, or `all` that is fresh (settle.h).
    /// Errors: as Store::ingest; what is left is done later.
    io::Task<Result<void>> settle(bool all);
    /// What the last run left fresh.
    void learn_fresh(const std::map<SeriesId, FreshCount>& found);
    void add_to(Stats& stats);
    void add_to(History::Purging& purging) const;
    io::Task<void> close();

private:
    struct Round {
        InboxWriter record;
        std::vector<SeriesEntry*> series;
        Columns samples;
        std::vector<SeriesEntry*> unsure;  // their records may not be on disk
        std::size_t bytes = 0;
        std::uint64_t ticket = 0;
        void clear();
        std::size_t room_samples() const { return series.capacity(); }
    };

    bool is_instant_allowed(Instant at, Instant now) const;
    SeriesEntry* entry_for(MachineEntry*& machine, const Report& report, const TagSample& sample,
                           Appended& appended);
    Result<void> check_room();
    Round& open_round();
    void add_bytes(Round& round, const InboxWriter::Size& before);
    static void make_room(Round& round, std::size_t samples);
    void take(SeriesEntry& entry, const Sample& sample);
    void take(Round& round, SeriesEntry& entry, std::int64_t at, Mark mark, std::uint64_t bits);
    static bool are_usual(std::span<const Point> points, SeriesEntry* const* entries,
                          std::int64_t first, std::int64_t last);
    void take_all(Round& round, std::span<Point> points, SeriesEntry* const* entries);
    bool append_some(std::span<Point> points, const Points& all, Instant now, Appended& appended);
    void count_refused(const Appended& appended);
    void write_round(store::Batch& batch);
    void finish_round(const Result<void>& outcome);
    void wait(Round& round);
    void fold_waiting();
    void fold_waiting(SeriesEntry& entry);
    static void put_in_order(const Columns& samples, std::vector<std::uint32_t>& chain);
    bool has_unsealed() const { return !with_head_.empty() || !waiting_series_.empty(); }
    Head& head_of(SeriesEntry& entry);
    static void note_newest(SeriesEntry& entry, const Columns& samples, std::size_t index);

    void drop_condemned_heads();
    void strip_snapshot(const std::vector<SeriesId>& series);
    bool has_series_before(const Erasure& what);
    io::Task<Result<void>> remove_chunks(std::vector<SeriesId> series, io::Workers& worker);
    io::Task<Result<void>> purge_some(io::Workers& worker);
    io::Task<void> seal_ended();

    std::vector<Expired> expired_by_now();
    io::Task<void> begin_settling();
    void end_settling();
    io::Task<Result<void>> note_litter(std::set<Month> months, SeriesId first, SeriesId last);
    io::Task<Result<void>> expire(Expired what, io::Workers& worker);
    io::Task<Result<void>> thin_all();
    io::Task<Result<void>> thin_batch(std::vector<ThinAsk> asked);

    void take_snapshot();
    io::Task<Result<void>> trim_inbox();
    io::Task<Result<void>> seal_once(bool trim);
    static io::Task<void> seal_in_background(Part* part);
    void start_seal();
    void arm(io::Steady after);

    void note_fresh(SeriesId series, const FreshCount& more);
    void note_fresh(const Snapshot& snapshot);
    void start_settling(bool all);
    void arm_settling(io::Steady after);
    static io::Task<void> settle_in_background(Part* part);
    std::vector<SeriesId> series_to_settle(bool all);
    void note_late(SeriesId series, Instant oldest);
    io::Task<Result<std::size_t>> settle_batch(std::vector<SeriesId> series);
    io::Task<void> settling_ended();
    static constexpr std::size_t series_per_settling = 256;

    store::Store& store_;
    io::Shard& shard_;
    const std::size_t shards_;
    store::Lane& lane_;
    io::Workers& sealers_;
    io::Workers& settlers_;
    const Limits limits_;
    const OnDamage on_damage_;
    const std::size_t inbox_bytes_max_;
    const std::size_t seal_bytes_;

    Dictionary dictionary_;
    io::Counter births_;
    bool is_accepting_ = false;
    std::unique_ptr<Round> open_;
    std::deque<std::unique_ptr<Round>> under_way_;
    std::unique_ptr<Round> spare_;     // its room is used again
    std::uint64_t ticket_before_ = 0;  // of the last record written
    std::uint64_t ticket_folded_ = 0;  // of the last record in a head, or waiting
    std::size_t inbox_bytes_ = 0;      // records open, under way and not trimmed
    std::size_t head_bytes_ = 0;       // of records in heads or waiting, not in the snapshot
    std::vector<SeriesEntry*> with_head_;

    // Durable, in order of arrival, not in heads yet; at most about folded_at_once.
    static constexpr std::size_t folded_at_once = 65'536;
    Columns waiting_;
    std::vector<SeriesEntry*> waiting_series_;
    struct Folding {
        std::vector<std::uint32_t> next;    // in the chain of the same series
        std::vector<std::uint32_t> chain;   // of one series
        std::vector<SeriesEntry*> entries;  // each once
    } folding_;

    std::shared_ptr<const Snapshot> snapshot_;
    std::size_t untrimmed_bytes_ = 0;  // of records whose samples are chunks
    std::uint64_t untrimmed_until_ = 0;
    bool is_sealing_ = false;
    bool is_seal_started_ = false;
    std::vector<std::function<void()>> waiting_for_seal_;
    std::unordered_map<SeriesId, FreshCount> fresh_;  // on disk, not settled
    bool knows_fresh_ = false;                        // those of the last run, too
    std::uint64_t fresh_bytes_removed_ = 0;           // since their files were merged
    bool is_settling_ = false;                        // a batch is with the worker
    bool is_settling_started_ = false;
    bool is_settling_due_ = false;
    bool is_all_due_ = false;
    std::vector<std::function<void()>> waiting_for_settling_;
    io::Nursery nursery_{"history seals"};
    io::Wheel::Timer timer_;
    io::Wheel::Timer settle_timer_;
    bool is_closing_ = false;
    bool is_purge_stopped_ = false;
    bool is_sweep_stopped_ = false;
    std::shared_ptr<const KeepTable> keep_ = std::make_shared<KeepTable>();
    std::multiset<std::string> announced_;  // keys of intents that are being committed
    Stats stats_;
};

}  // namespace lineshaft::history
