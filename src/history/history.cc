// The front door's implementation: opening, who owns what, erasing. Reads: reads.cc.
#include "history/history.h"

#include <algorithm>
#include <unordered_set>

#include "base/check.h"
#include "base/log.h"
#include "history/engine.h"
#include "history/erase.h"

namespace lineshaft::history {
namespace {

constexpr std::chrono::seconds first_sweep_after{60};

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
io::Task<Result<void>> seal_there(Part* part, store::Lane* lane) {
    auto durable = co_await lane->durable();  // what was appended before is in heads now
    if (!durable) co_return durable;
    auto sealed = co_await part->seal(true);
    co_return sealed;
}
io::Task<Result<void>> seal_replayed_there(Part* part) {
    auto sealed = co_await part->seal(false);
    co_return sealed;
}
io::Task<Result<void>> settle_there(Part* part) {
    auto settled = co_await part->settle(true);
    co_return settled;
}
io::Task<bool> learn_fresh_there(Part* part, std::shared_ptr<std::map<SeriesId, FreshCount>> all) {
    part->learn_fresh(*all);
    co_return true;
}
io::Task<bool> accept_there(Part* part) {
    part->accept();
    co_return true;
}
io::Task<Stats> stats_there(Part* part, Stats so_far) {
    part->add_to(so_far);
    co_return so_far;
}
io::Task<Result<void>> erase_there(Part* part, std::vector<Erasure> machines, History::Gone gone) {
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

}  // namespace

// --- opening and closing -------------------------------------------------------------------------

Result<void> Engine::start() {
    std::vector<Dictionary*> dictionaries;
    std::vector<Part*> parts;
    for (auto& part : parts_) {
        dictionaries.push_back(&part->dictionary());
        parts.push_back(part.get());
    }
    first_ticket_ = store_.ticket();
    TRY_VOID(load_dictionaries(store_, dictionaries));
    TRY(replayed_, replay_inbox(store_, parts));
    TRY(const KeepLoaded loaded, load_keep(store_));
    keep_ = loaded.table;
    swept_day_ = loaded.swept_day;
    shards_.run_everywhere([&](io::Shard& shard) {
        parts_[shard.index().number()]->join();
        if (!keep_->rules.empty()) parts_[shard.index().number()]->adopt(keep_);
    });
    if (store_.is_read_only()) return {};
    shards_.run_everywhere([&](io::Shard& shard) {
        if (shard.index().number() == 0 && !keep_->rules.empty()) arm_sweep(first_sweep_after);
    });
    if (replayed_.is_empty()) {
        shards_.run_everywhere([&](io::Shard& shard) { parts_[shard.index().number()]->accept(); });
        shards_.run_everywhere([&](io::Shard& shard) {
            if (shard.index().number() == 0) begin_to_look();
        });
        return {};
    }
    const auto settled = shards_.run_blocking(ShardIndex(0), seal_replayed());
    if (!settled) {
        log::error("history: sealing what the last run left: {}; appending waits for it",
                   settled.error().context);
        shards_.run_everywhere([&](io::Shard& shard) {
            if (shard.index().number() == 0) retry_replayed();
        });
    }
    return {};
}

// Nothing is taken before the records of the last run are chunks and gone: then the order of
// tickets is the order of writes, whatever number of shards wrote them.
io::Task<Result<void>> Engine::seal_replayed() {
    for (auto& part : parts_) {
        auto sealed = co_await part->shard().call(&seal_replayed_there, part.get());
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
    begin_to_look();
    co_return Result<void>{};
}

io::Task<void> Engine::replay_again(Engine* engine) {
    auto settled = co_await engine->seal_replayed();
    if (settled) {
        log::info("history: what the last run left is sealed, appending goes on");
    } else {
        engine->retry_replayed();
    }
}

void Engine::retry_replayed() {
    if (nursery_.is_closing()) return;
    shards_.at(0).wheel().arm(retry_, limits_.seal_retry,
                              [this] { nursery_.spawn(replay_again(this)); });
}

void Engine::close() {
    if (std::exchange(is_closed_, true)) return;
    shards_.run_everywhere([&](io::Shard& shard) {
        if (shard.index().number() == 0) {
            retry_.disarm();
            sweep_timer_.disarm();
        }
        parts_[shard.index().number()]->stop_sweeping();
    });
    shards_.run_blocking(ShardIndex(0), nursery_.close());
    while (batches_.value() > 0) shards_.run_everywhere([](io::Shard&) {});  // nobody waits for them
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

io::Task<Result<void>> Engine::settle() {
    auto outcome = co_await seal();
    auto is_known = co_await parts_.front()->shard().call(&looked, this);
    CHECK(is_known);
    for (auto& part : parts_) {
        auto settled = co_await part->shard().call(&settle_there, part.get());
        if (!settled && outcome) outcome = std::move(settled);
    }
    if (!outcome) co_return outcome;
    auto merge = [store = &store_] { return merge_fresh(*store); };
    auto merged = co_await settlers_.run(std::move(merge));
    co_return merged;
}

void Engine::begin_to_look() {
    is_looking_ = true;
    nursery_.spawn(look_for_fresh(this));
}

// What the last run left is not counted at start: that would read all of it. What this run seals
// meanwhile is counted by its part, so tickets of this run are passed over.
io::Task<void> Engine::look_for_fresh(Engine* engine) {
    auto look = [store = &engine->store_, until = engine->first_ticket_] {
        return find_fresh(*store, until);
    };
    auto found = co_await engine->settlers_.run(std::move(look));
    if (found) {
        auto all = std::make_shared<std::map<SeriesId, FreshCount>>(std::move(*found));
        for (auto& part : engine->parts_) {
            auto learnt = co_await part->shard().call(&learn_fresh_there, part.get(), all);
            CHECK(learnt);
        }
    } else {
        log::warn("history: look for what is to be settled: {}", found.error().context);
    }
    engine->is_looking_ = false;
    for (auto& wake : std::exchange(engine->waiting_for_look_, {})) wake();
}

io::Task<bool> Engine::looked(Engine* engine) {
    while (engine->is_looking_) {
        co_await io::suspend<bool>([engine](io::Answer<bool> answer) {
            auto kept = std::make_shared<io::Answer<bool>>(std::move(answer));
            engine->waiting_for_look_.push_back([kept] { (*kept)(true); });
        });
    }
    co_return true;
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
