#pragma once
// Inside history only: what stands behind the front door.
#include <algorithm>
#include <memory>
#include <unordered_set>
#include <vector>

#include "base/check.h"
#include "history/answers.h"
#include "history/asking.h"
#include "history/chunk.h"
#include "history/history.h"
#include "history/kernel.h"
#include "history/merge.h"
#include "history/part.h"
#include "history/replay.h"
#include "history/sinks.h"
#include "io/counter.h"

namespace lineshaft::history {

class Engine final : public History, public Answers {
public:
    Engine(store::Store& store, io::Shards& shards, std::span<store::Lane* const> lanes,
           io::Workers& sealers, Limits limits)
        : store_(store),
          shards_(shards),
          lanes_(lanes.begin(), lanes.end()),
          limits_(limits),
          codecs_(shards.size()),
          lists_(shards.size()),
          readers_("reading", {.threads = reader_threads(shards.size()), .queued_max = 1024}) {
        for (std::size_t index = 0; index < shards.size(); ++index) {
            parts_.push_back(std::make_unique<Part>(
                store, shards.at(index), shards.size(), *lanes_[index], sealers, settlers_, limits,
                [this](std::string_view key, const Error& why) { note_damage(key, why); }));
        }
    }
    ~Engine() override { CHECK(is_closed_); }

    Result<void> start();

    ShardIndex owner(OrganisationId organisation, std::string_view machine) const override {
        return shards_.owner(owner_hash(organisation, machine));
    }
    Result<Appended> append(Report& report) override {
        return part_of(report.organisation, report.machine).append(report);
    }
    Result<Appended> append(Points& points) override {
        return parts_[io::Shard::here().index().number()]->append(points);
    }
    std::optional<SeriesId> id_of(OrganisationId organisation, std::string_view machine,
                                  std::string_view tag) override {
        return part_of(organisation, machine).id_of(organisation, machine, tag);
    }
    io::Task<std::vector<Series>> series_of(OrganisationId organisation,
                                            std::string machine) override;
    io::Task<Result<Series>> find(OrganisationId organisation, std::string machine,
                                  std::string tag) override;
    io::Task<std::vector<Machine>> machines() override;
    io::Task<Result<std::vector<Sample>>> read(Series series, Window window, std::size_t count_max,
                                               Order order) override;
    io::Task<Result<std::optional<Sample>>> last(Series series, Instant at) override;
    io::Task<Result<std::vector<Bucket>>> buckets(Series series, Window window,
                                                  std::chrono::microseconds step) override;
    io::Task<Result<std::vector<Bucket>>> buckets(Series series,
                                                  std::vector<Instant> edges) override;
    io::Task<Result<Trend>> trend(Series series, Window window, std::size_t columns_max) override;
    io::Task<Result<std::vector<std::vector<Bucket>>>> aggregate(Aggregate question) override;
    io::Task<Result<std::vector<std::optional<Sample>>>> newest(
        std::vector<Series> series) override;
    io::Task<Result<Columns>> columns(Series series, Window window, std::size_t count_max) override;
    io::Task<std::vector<Series>> series_of(OrganisationId organisation) override;
    io::Task<std::vector<Series>> chosen(SeriesChoice choice) override;
    io::Task<SeriesListPtr> listed(SeriesChoice choice) override;
    io::Task<Result<Columns>> newest_of(SeriesListPtr list, std::size_t first,
                                        std::size_t until) override;
    Result<std::unique_ptr<BucketPieces>> pieces(Aggregate question) override;
    io::Task<Result<std::optional<Window>>> extent(Series series) override;
    io::Task<Result<void>> erase(std::vector<Erasure> machines, Gone gone) override;
    io::Task<Result<void>> purge() override;
    io::Task<Purging> purging() override;
    void stop_purging() override;
    io::Task<KeepRules> kept(OrganisationId organisation) override;
    io::Task<Result<void>> keep(OrganisationId organisation, KeepRules rules) override;
    io::Task<Result<void>> sweep() override;
    io::Task<Keeping> keeping(Series series) override;
    io::Task<Space> space(OrganisationId organisation) override;
    io::Task<Result<void>> seal() override;
    io::Task<Result<void>> settle() override;
    io::Task<Stats> stats() override;
    void close() override;

    // For pieces: what the next series in order have; nothing: all was given.
    io::Task<Result<std::optional<Found>>> next_found(std::shared_ptr<Asking> asking);

private:
    // Made by name before it is awaited with: g++ 12 destroys a braced argument of co_await twice.
    struct Scan {
        Series series;
        Window window;
        std::size_t count_max = SIZE_MAX;  // of each source; more are not looked at
        Direction direction = Direction::forward;
    };

    Part& part_of(OrganisationId organisation, std::string_view machine) {
        return *parts_[owner(organisation, machine).number()];
    }
    io::Task<void> scan(Scan what, Sink* sink);
    io::Task<Result<std::vector<Sample>>> collect(Scan what);
    Result<std::shared_ptr<Question>> question_of(Aggregate asked) const;
    io::Task<Result<std::vector<std::vector<Bucket>>>> ask(std::shared_ptr<Question> question);
    io::Task<Result<std::optional<Found>>> found_here(std::shared_ptr<Question> question);
    bool post_batch(const std::shared_ptr<Asking>& asking, const Asking::Batch& batch);
    std::int64_t births() const;
    static io::Task<Result<Columns>> learn_newest(Engine* engine, Part* part,
                                                  std::vector<Series> unknown);
    io::Task<Result<std::vector<Bucket>>> ask_one(Series series, Grid grid, Window reachable);
    io::Task<std::vector<HeadView>> heads_of(std::shared_ptr<Question> question, std::size_t first,
                                             std::size_t until);
    io::Task<Result<void>> seal_replayed();
    static io::Task<void> replay_again(Engine* engine);
    void retry_replayed();
    void begin_to_look();
    static io::Task<void> look_for_fresh(Engine* engine);
    static io::Task<bool> looked(Engine* engine);
    static io::Task<Result<void>> purge_on_first(Engine* engine);
    io::Task<Result<void>> purge_parts();
    io::Task<Result<void>> merge_all();
    void note_damage(std::string_view key, const Error& why);

    // Retention (retention.cc), on shard 0.
    static io::Task<KeepRules> kept_on_first(Engine* engine, OrganisationId organisation);
    static io::Task<Result<void>> keep_on_first(Engine* engine, OrganisationId organisation,
                                                KeepRules rules);
    static io::Task<Result<void>> sweep_on_first(Engine* engine);
    static io::Task<Space> space_on_first(Engine* engine, OrganisationId organisation);
    static io::Task<void> sweep_in_background(Engine* engine);
    static io::Task<void> count_space(Engine* engine);
    io::Task<Result<void>> sweep_parts();
    Result<void> check_clock();
    void arm_sweep(io::Steady after);

    store::Store& store_;
    io::Shards& shards_;
    std::vector<store::Lane*> lanes_;
    const Limits limits_;
    io::Workers settlers_{"settling", {.threads = 1, .queued_max = 64, .nice = 10}};
    std::vector<std::unique_ptr<Part>> parts_;
    std::vector<ChunkCodec> codecs_;  // each shard its own
    struct KeptList {
        std::int64_t births = 0;  // of when it was made
        SeriesChoice choice;
        SeriesListPtr list;
    };
    std::vector<std::vector<KeptList>> lists_;  // each shard its own, the newest by use first
    io::Counter batches_;                       // with the readers
    Replayed replayed_;
    std::uint64_t first_ticket_ = 0;  // of this run
    bool is_closed_ = false;

    // Of shard 0 alone.
    std::unordered_set<std::string> damaged_keys_;
    std::uint64_t damaged_chunks_ = 0;
    io::Wheel::Timer retry_;
    io::Nursery nursery_{"history settling"};
    bool is_looking_ = false;  // for what the last run left fresh
    std::vector<std::function<void()>> waiting_for_look_;
    bool is_purging_ = false;
    std::size_t merges_ = 0;  // stretches left, as of the last look

    std::shared_ptr<const KeepTable> keep_ = std::make_shared<KeepTable>();
    bool is_keeping_ = false;  // rules are being changed
    bool is_sweeping_ = false;
    std::optional<std::int64_t> swept_day_;    // by the clock of the last sweep
    std::optional<io::Steady> clock_doubted_;  // since then
    io::Wheel::Timer sweep_timer_;
    std::map<OrganisationId, Space> space_;
    std::optional<Instant> counted_at_;
    bool is_counting_ = false;

    static unsigned reader_threads(std::size_t shards) {
        return static_cast<unsigned>(std::max<std::size_t>(2, shards));
    }
    io::Workers readers_;
    io::Workers erasers_{"erasing", {.threads = 1, .queued_max = 64}};  // merges last for minutes
};

}  // namespace lineshaft::history
