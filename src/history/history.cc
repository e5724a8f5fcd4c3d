// The front door's implementation: opening, who owns what, and the reads.
#include "history/history.h"

#include <algorithm>
#include <unordered_set>

#include "base/check.h"
#include "base/log.h"
#include "history/chunk.h"
#include "history/erase.h"
#include "history/merge.h"
#include "history/part.h"
#include "history/replay.h"
#include "history/sinks.h"

namespace lineshaft::history {
namespace {

constexpr std::size_t cost_between_yields = 100'000;  // samples decoded: well under a millisecond
constexpr std::size_t damaged_keys_max = 10'000;
constexpr std::uint64_t head_rank = UINT64_MAX;
constexpr std::uint64_t sealing_rank = UINT64_MAX - 1;

Window clamped(Window window) {
    const Instant end = instant_max + std::chrono::microseconds(1);
    return {std::clamp(window.from, instant_min, end), std::clamp(window.until, instant_min, end)};
}

Result<void> check(const Limits& limits) {
    if (limits.chunk_samples_max < 1 || limits.chunk_samples_max > chunk_count_max) {
        return fail(Code::invalid, "history: chunk_samples_max must be 1..65536");
    }
    if (limits.text_bytes_max > 16 << 20)
        return fail(Code::invalid, "history: text_bytes_max is over 16 MiB");
    if (limits.name_bytes_max < 1 || limits.inbox_bytes_max < 1 || limits.seal_bytes < 1) {
        return fail(Code::invalid, "history: a limit is zero");
    }
    return {};
}

// Free coroutines, so that shards can call them.
io::Task<HeadView> view_there(Part* part, SeriesId series, Window window, std::size_t count_max,
                              bool is_descending) {
    co_return part->view(series, window, count_max, is_descending);
}
io::Task<Result<void>> seal_there(Part* part, store::Lane* lane) {
    auto durable = co_await lane->durable();  // what was appended before is in heads now
    if (!durable) co_return durable;
    auto sealed = co_await part->seal(true);
    co_return sealed;
}
io::Task<Result<void>> settle_there(Part* part) {
    auto sealed = co_await part->seal(false);
    co_return sealed;
}
io::Task<bool> accept_there(Part* part) {
    part->accept();
    co_return true;
}
io::Task<Stats> stats_there(Part* part, Stats so_far) {
    part->add_to(so_far);
    co_return so_far;
}
io::Task<Result<void>> erase_there(Part* part, std::vector<Erasure> machines,
                                   History::Gone gone) {
    auto erased = co_await part->erase(std::move(machines), std::move(gone));
    co_return erased;
}
io::Task<Result<void>> purge_there(Part* part, io::Workers* worker) {
    auto purged = co_await part->purge(*worker);
    co_return purged;
}
io::Task<History::Purging> purging_there(Part* part, History::Purging so_far) {
    part->add_to(so_far);
    co_return so_far;
}
io::Task<void> close_there(Part* part) {
    co_await part->close();
}

io::Task<std::vector<Series>> series_there(Part* part, OrganisationId organisation,
                                           std::string machine) {
    std::vector<Series> all;
    const Dictionary& dictionary = part->dictionary();
    if (const MachineEntry* known = part->dictionary().machine(organisation, machine)) {
        for (const auto& [tag, entry] : known->series) all.push_back(dictionary.described(entry));
    }
    std::sort(all.begin(), all.end(),
              [](const Series& a, const Series& b) { return a.tag < b.tag; });
    co_return all;
}

io::Task<Result<Series>> find_there(Part* part, OrganisationId organisation, std::string machine,
                                    std::string tag) {
    MachineEntry* known = part->dictionary().machine(organisation, machine);
    const SeriesEntry* entry = known == nullptr ? nullptr : Dictionary::series(*known, tag);
    if (entry == nullptr) co_return fail(Code::not_found, "no series " + machine + " / " + tag);
    co_return part->dictionary().described(*entry);
}

io::Task<std::vector<History::Machine>> machines_there(Part* part) {
    std::vector<History::Machine> all;
    part->dictionary().each_machine([&](const MachineEntry& machine) {
        all.push_back({machine.organisation, std::string(machine.name), machine.series.size()});
    });
    co_return all;
}

class Engine final : public History {
public:
    Engine(store::Store& store, io::Shards& shards, std::span<store::Lane* const> lanes,
           io::Workers& sealers, Limits limits)
        : store_(store),
          shards_(shards),
          lanes_(lanes.begin(), lanes.end()),
          limits_(limits),
          codecs_(shards.size()) {
        for (std::size_t index = 0; index < shards.size(); ++index) {
            parts_.push_back(std::make_unique<Part>(store, shards.at(index), shards.size(),
                                                    *lanes_[index], sealers, limits));
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
    io::Task<Result<std::optional<Window>>> extent(Series series) override;
    io::Task<Result<void>> erase(std::vector<Erasure> machines, Gone gone) override;
    io::Task<Result<void>> purge() override;
    io::Task<Purging> purging() override;
    void stop_purging() override;
    io::Task<Result<void>> seal() override;
    io::Task<Stats> stats() override;
    void close() override;

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
    io::Task<Result<std::vector<Bucket>>> aggregate(Scan what, BucketOf bucket_of);
    io::Task<Result<void>> settle();
    static io::Task<void> settle_again(Engine* engine);
    void retry_settling();
    static io::Task<Result<void>> purge_on_first(Engine* engine);
    io::Task<Result<void>> purge_parts();
    io::Task<Result<void>> merge_all();
    void note_damage(std::string_view key, const Error& why);

    store::Store& store_;
    io::Shards& shards_;
    std::vector<store::Lane*> lanes_;
    const Limits limits_;
    std::vector<std::unique_ptr<Part>> parts_;
    std::vector<ChunkCodec> codecs_;  // each shard its own
    Replayed replayed_;
    bool is_closed_ = false;

    // Of shard 0 alone.
    std::unordered_set<std::string> damaged_keys_;
    std::uint64_t damaged_chunks_ = 0;
    io::Wheel::Timer retry_;
    io::Nursery nursery_{"history settling"};
    bool is_purging_ = false;
    std::size_t merges_ = 0;  // stretches left, as of the last look

    io::Workers erasers_{"erasing", {.threads = 1, .queued_max = 64}};  // merges last for minutes
};

// --- opening and closing -------------------------------------------------------------------------

Result<void> Engine::start() {
    std::vector<Dictionary*> dictionaries;
    std::vector<Part*> parts;
    for (auto& part : parts_) {
        dictionaries.push_back(&part->dictionary());
        parts.push_back(part.get());
    }
    TRY_VOID(load_dictionaries(store_, dictionaries));
    TRY(replayed_, replay_inbox(store_, parts));
    shards_.run_everywhere([&](io::Shard& shard) { parts_[shard.index().number()]->join(); });
    if (store_.is_read_only()) return {};
    if (replayed_.is_empty()) {
        shards_.run_everywhere([&](io::Shard& shard) { parts_[shard.index().number()]->accept(); });
        return {};
    }
    const auto settled = shards_.run_blocking(ShardIndex(0), settle());
    if (!settled) {
        log::error("history: sealing what the last run left: {}; appending waits for it",
                   settled.error().context);
        shards_.run_everywhere([&](io::Shard& shard) {
            if (shard.index().number() == 0) retry_settling();
        });
    }
    return {};
}

// Nothing is taken before the records of the last run are chunks and gone: then the order of
// tickets is the order of writes, whatever number of shards wrote them.
io::Task<Result<void>> Engine::settle() {
    for (auto& part : parts_) {
        auto sealed = co_await part->shard().call(&settle_there, part.get());
        if (!sealed) co_return sealed;
    }
    store::Batch batch;
    batch.remove_range(store::Family::history_inbox, "", inbox_key(inbox_quarantine, 0));
    for (const auto& damaged : replayed_.damaged) {
        batch.put(store::Family::history_inbox, inbox_key(inbox_quarantine, damaged.ticket),
                  damaged.record);
    }
    auto trimmed = co_await submitted(store_, std::move(batch));
    if (!trimmed) co_return trimmed;
    for (auto& part : parts_) {
        auto accepted = co_await part->shard().call(&accept_there, part.get());
        CHECK(accepted);
    }
    for (auto& damaged : replayed_.damaged) damaged.record = {};
    co_return Result<void>{};
}

io::Task<void> Engine::settle_again(Engine* engine) {
    auto settled = co_await engine->settle();
    if (settled) {
        log::info("history: what the last run left is sealed, appending goes on");
    } else {
        engine->retry_settling();
    }
}

void Engine::retry_settling() {
    if (nursery_.is_closing()) return;
    shards_.at(0).wheel().arm(retry_, limits_.seal_retry,
                              [this] { nursery_.spawn(settle_again(this)); });
}

void Engine::close() {
    if (std::exchange(is_closed_, true)) return;
    shards_.run_everywhere([&](io::Shard& shard) {
        if (shard.index().number() == 0) retry_.disarm();
    });
    shards_.run_blocking(ShardIndex(0), nursery_.close());
    for (auto& part : parts_) {
        shards_.run_blocking(part->shard().index(), close_there(part.get()));
    }
}

// --- asking the owners ---------------------------------------------------------------------------

io::Task<std::vector<Series>> Engine::series_of(OrganisationId organisation, std::string machine) {
    Part& part = part_of(organisation, machine);
    auto all = co_await part.shard().call(&series_there, &part, organisation, machine);
    co_return all;
}

io::Task<Result<Series>> Engine::find(OrganisationId organisation, std::string machine,
                                      std::string tag) {
    Part& part = part_of(organisation, machine);
    auto found = co_await part.shard().call(&find_there, &part, organisation, machine, tag);
    co_return found;
}

io::Task<std::vector<History::Machine>> Engine::machines() {
    std::vector<Machine> all;
    for (auto& part : parts_) {
        auto some = co_await part->shard().call(&machines_there, part.get());
        all.insert(all.end(), std::make_move_iterator(some.begin()),
                   std::make_move_iterator(some.end()));
    }
    std::sort(all.begin(), all.end(), [](const Machine& a, const Machine& b) {
        return std::tie(a.organisation, a.name) < std::tie(b.organisation, b.name);
    });
    co_return all;
}

// --- erasing -------------------------------------------------------------------------------------

io::Task<Result<void>> Engine::erase(std::vector<Erasure> machines, Gone gone) {
    std::vector<std::vector<Erasure>> by_part(parts_.size());
    for (Erasure& one : machines) {
        by_part[owner(one.organisation, one.machine).number()].push_back(std::move(one));
    }
    for (std::size_t index = 0; index < parts_.size(); ++index) {
        if (by_part[index].empty()) continue;
        Part* part = parts_[index].get();
        auto erased =
            co_await part->shard().call(&erase_there, part, std::move(by_part[index]), gone);
        if (!erased) co_return erased;
    }
    co_return Result<void>{};
}

io::Task<Result<void>> Engine::purge() {
    auto purged = co_await shards_.at(0).call(&purge_on_first, this);
    co_return purged;
}

io::Task<Result<void>> Engine::purge_on_first(Engine* engine) {
    if (engine->is_purging_) co_return fail(Code::conflict, "erase: a purge is under way");
    engine->is_purging_ = true;
    auto purged = co_await engine->purge_parts();
    // On a full disk keys cannot be moved, but files that hold removed ones can make room.
    if (purged || purged.error().code == Code::exhausted) {
        auto merged = co_await engine->merge_all();
        if (purged) purged = std::move(merged);
    }
    engine->is_purging_ = false;
    co_return purged;
}

io::Task<Result<void>> Engine::purge_parts() {
    for (auto& part : parts_) {
        auto purged = co_await part->shard().call(&purge_there, part.get(), &erasers_);
        if (!purged) co_return purged;
    }
    co_return Result<void>{};
}

io::Task<Result<void>> Engine::merge_all() {
    auto look = [store = &store_]() -> Result<std::vector<LitterFound>> {
        TRY(auto found, find_litter(*store));
        if (!found.empty()) {
            TRY_VOID(store->begin_new_log());
        }
        return found;
    };
    auto found = co_await erasers_.run(std::move(look));
    if (!found) co_return std::unexpected(found.error());
    merges_ = found->size();
    while (!found->empty()) {
        // Steps of one sweep lie side by side and are merged at once.
        Litter all = found->front().litter;
        store::Batch done;
        while (!found->empty() && found->front().litter.month == all.month) {
            all.from = std::min(all.from, found->front().litter.from);
            all.until = std::max(all.until, found->front().litter.until);
            done.remove(store::Family::history_series, found->front().key);
            found->erase(found->begin());
        }
        auto merge = [store = &store_, all] { return merge_litter(*store, all); };
        auto merged = co_await erasers_.run(std::move(merge));
        if (!merged) co_return std::unexpected(merged.error().in("erase"));
        auto noted = co_await submitted(store_, std::move(done));
        if (!noted) co_return std::unexpected(noted.error().in("erase"));
        merges_ = found->size();
    }
    co_return Result<void>{};
}

io::Task<History::Purging> merges_there(const std::size_t* merges, History::Purging so_far) {
    so_far.merges = *merges;
    co_return so_far;
}

io::Task<History::Purging> Engine::purging() {
    Purging all;
    for (auto& part : parts_) {
        auto more = co_await part->shard().call(&purging_there, part.get(), all);
        all = more;
    }
    auto whole = co_await shards_.at(0).call(&merges_there, &merges_, all);
    co_return whole;
}

void Engine::stop_purging() {
    store_.stop_merging();
    shards_.run_everywhere(
        [this](io::Shard& shard) { parts_[shard.index().number()]->stop_purging(); });
}

io::Task<Result<void>> Engine::seal() {
    Result<void> outcome;
    for (std::size_t index = 0; index < parts_.size(); ++index) {
        Part& part = *parts_[index];
        auto sealed = co_await part.shard().call(&seal_there, &part, lanes_[index]);
        if (!sealed && outcome) outcome = std::move(sealed);
    }
    co_return outcome;
}

io::Task<std::uint64_t> count_there(const std::uint64_t* number) {
    co_return *number;
}

io::Task<Stats> Engine::stats() {
    Stats stats;
    for (auto& part : parts_) {
        auto more = co_await part->shard().call(&stats_there, part.get(), stats);
        stats = more;
    }
    auto damaged = co_await shards_.at(0).call(&count_there, &damaged_chunks_);
    stats.damaged_chunks = damaged;
    stats.damaged_records = replayed_.damaged.size();
    stats.inbox_gaps = replayed_.gaps;
    co_return stats;
}

// --- reading -------------------------------------------------------------------------------------

void Engine::note_damage(std::string_view key, const Error& why) {
    shards_.at(0).post([this, key = std::string(key), why] {
        if (damaged_keys_.size() >= damaged_keys_max || !damaged_keys_.insert(key).second) return;
        ++damaged_chunks_;
        log::error("history: chunk {} is skipped: {}", to_hex(as_bytes(key)), why.context);
    });
}

// Heads first, chunks after: what is sealed in between is then met twice, which merging hides, and
// never missed.
io::Task<void> Engine::scan(Scan what, Sink* sink) {
    Part* part = &part_of(what.series.organisation, what.series.machine);
    const bool is_descending = what.direction == Direction::backward;
    HeadView view;
    if (&part->shard() == &io::Shard::here()) {
        view = part->view(what.series.id, what.window, what.count_max, is_descending);
    } else {
        auto there = co_await part->shard().call(&view_there, part, what.series.id, what.window,
                                                 what.count_max, is_descending);
        view = std::move(there);
    }
    if (view.is_gone) co_return;
    Merge merge(store_, codecs_[io::Shard::here().index().number()], what.series.id, what.window,
                what.direction,
                [this](std::string_view key, const Error& why) { note_damage(key, why); });
    merge.add(std::move(view.sealing), sealing_rank);
    merge.add(std::move(view.head), head_rank);
    std::size_t cost = 0;
    while (merge.step(*sink)) {
        cost += merge.take_cost();
        if (cost < cost_between_yields) continue;
        cost = 0;
        co_await io::suspend<bool>([](io::Answer<bool> answer) { answer(true); });
    }
}

io::Task<Result<std::vector<Sample>>> Engine::collect(Scan what) {
    if (what.count_max == 0 || what.window.from >= what.window.until)
        co_return std::vector<Sample>{};
    SampleSink sink(what.direction, what.count_max, limits_.read_text_bytes_max);
    co_await scan(what, &sink);
    if (sink.is_overfull()) {
        co_return fail(Code::exhausted, "the strings are over " +
                                            std::to_string(limits_.read_text_bytes_max) +
                                            " bytes: ask for fewer samples");
    }
    co_return std::move(sink.samples());
}

io::Task<Result<std::vector<Sample>>> Engine::read(Series series, Window window,
                                                   std::size_t count_max, Order order) {
    if (window.until < window.from)
        co_return fail(Code::invalid, "the window ends before it begins");
    if (count_max > limits_.read_samples_max) {
        co_return fail(Code::invalid,
                       "at most " + std::to_string(limits_.read_samples_max) + " samples");
    }
    const Direction direction =
        order == Order::ascending ? Direction::forward : Direction::backward;
    Scan what{std::move(series), clamped(window), count_max, direction};
    auto samples = co_await collect(std::move(what));
    co_return samples;
}

io::Task<Result<std::optional<Sample>>> Engine::last(Series series, Instant at) {
    const Window window =
        clamped({instant_min, std::min(at, instant_max) + std::chrono::microseconds(1)});
    Scan what{std::move(series), window, 1, Direction::backward};
    auto newest = co_await collect(std::move(what));
    if (!newest) co_return std::unexpected(newest.error());
    if (newest->empty()) co_return std::optional<Sample>();
    co_return std::optional<Sample>(std::move(newest->front()));
}

io::Task<Result<std::vector<Bucket>>> Engine::aggregate(Scan what, BucketOf bucket_of) {
    if (what.window.from >= what.window.until) co_return std::vector<Bucket>{};
    BucketSink sink(std::move(bucket_of), limits_.buckets_max);
    co_await scan(std::move(what), &sink);
    if (sink.is_overfull()) {
        co_return fail(Code::exhausted, "more than " + std::to_string(limits_.buckets_max) +
                                            " buckets: choose a longer step");
    }
    co_return std::move(sink.buckets());
}

io::Task<Result<std::vector<Bucket>>> Engine::buckets(Series series, Window window,
                                                      std::chrono::microseconds step) {
    if (window.until < window.from)
        co_return fail(Code::invalid, "the window ends before it begins");
    if (step.count() <= 0) co_return fail(Code::invalid, "the step must be longer than nothing");
    // Buckets are counted from window.from even where nothing can be stored yet.
    Window reachable = clamped(window);
    if (window.from < reachable.from) {
        const auto ahead = static_cast<std::uint64_t>(reachable.from.micros) -
                           static_cast<std::uint64_t>(window.from.micros);
        const auto into =
            static_cast<std::int64_t>(ahead % static_cast<std::uint64_t>(step.count()));
        reachable.from = {reachable.from.micros - into};
    }
    Scan what{std::move(series), reachable};
    auto steps = steps_from(reachable.from, step);
    auto found = co_await aggregate(std::move(what), std::move(steps));
    co_return found;
}

io::Task<Result<std::vector<Bucket>>> Engine::buckets(Series series, std::vector<Instant> edges) {
    if (edges.size() < 2 || std::ranges::adjacent_find(edges, std::greater_equal{}) != edges.end())
        co_return fail(Code::invalid, "edges of buckets must ascend, two at least");
    if (edges.size() - 1 > limits_.buckets_max) {
        co_return fail(Code::exhausted, "more than " + std::to_string(limits_.buckets_max) +
                                            " buckets: ask for less at once");
    }
    Scan what{std::move(series), clamped({edges.front(), edges.back()})};
    auto parts = between(std::move(edges));
    auto found = co_await aggregate(std::move(what), std::move(parts));
    co_return found;
}

io::Task<Result<Trend>> Engine::trend(Series series, Window window, std::size_t columns_max) {
    if (window.until < window.from)
        co_return fail(Code::invalid, "the window ends before it begins");
    if (columns_max < 1 || columns_max > limits_.buckets_max) {
        co_return fail(Code::invalid, "1 to " + std::to_string(limits_.buckets_max) + " columns");
    }
    Trend trend;
    const Window reachable = clamped(window);
    if (reachable.from >= reachable.until) co_return trend;
    trend.step = step_of(reachable, columns_max);
    if (series.kind == Kind::boolean || series.kind == Kind::text) {
        ChangeSink sink(reachable, columns_max, limits_.read_text_bytes_max);
        Scan what{std::move(series), reachable};
        co_await scan(std::move(what), &sink);
        if (sink.is_overfull())
            co_return fail(Code::exhausted, "the strings are too long for one trend");
        trend.samples = std::move(sink.samples());
        co_return trend;
    }
    Scan few{series, reachable, 2 * columns_max + 1};
    auto samples = co_await collect(std::move(few));
    if (!samples) co_return std::unexpected(samples.error());
    if (samples->size() <= 2 * columns_max) {
        trend.samples = std::move(*samples);
        co_return trend;
    }
    trend.is_raw = false;
    Scan what{std::move(series), reachable};
    auto steps = steps_from(reachable.from, trend.step);
    auto columns = co_await aggregate(std::move(what), std::move(steps));
    if (!columns) co_return std::unexpected(columns.error());
    trend.columns = std::move(*columns);
    co_return trend;
}

io::Task<Result<std::optional<Window>>> Engine::extent(Series series) {
    const Window all = clamped({instant_min, Instant{INT64_MAX}});
    Scan forward{series, all, 1};
    auto first = co_await collect(std::move(forward));
    if (!first) co_return std::unexpected(first.error());
    Scan backward{std::move(series), all, 1, Direction::backward};
    auto last = co_await collect(std::move(backward));
    if (!last) co_return std::unexpected(last.error());
    if (first->empty() || last->empty()) co_return std::optional<Window>();
    co_return std::optional(Window{first->front().at, last->front().at});
}

}  // namespace

Result<std::unique_ptr<History>> History::open(store::Store& store, io::Shards& shards,
                                               std::span<store::Lane* const> lanes,
                                               io::Workers& sealers, Limits limits) {
    CHECK(io::Shard::here_or_null() == nullptr && lanes.size() == shards.size());
    TRY_VOID(check(limits));
    auto engine = std::make_unique<Engine>(store, shards, lanes, sealers, limits);
    const auto started = engine->start();
    if (!started) {
        engine->close();
        return std::unexpected(started.error().in("open history"));
    }
    return std::unique_ptr<History>(std::move(engine));
}

}  // namespace lineshaft::history
