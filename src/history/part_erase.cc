// How a part forgets machines: the intent is committed, then they vanish in one turn of the loop;
// later, in steps, their chunks, inbox records and names are removed. A kill between any two steps
// leaves the intent, with which the next start hides them again before anybody can ask.
#include <algorithm>

#include "base/check.h"
#include "base/log.h"
#include "history/erase.h"
#include "history/part.h"

namespace lineshaft::history {
namespace {

constexpr std::size_t machines_per_batch = 1'000;  // intents of one commit
constexpr std::size_t series_per_purge = 50'000;   // whose names go with one commit

}  // namespace

bool Part::has_series_before(const Erasure& what) {
    const MachineEntry* known = dictionary_.machine(what.organisation, what.machine);
    return known != nullptr && std::ranges::any_of(known->series, [&](const auto& one) {
               return one.second.id.number() < what.before;
           });
}

// In the turn in which they were condemned.
void Part::drop_condemned_heads() {
    std::erase_if(with_head_, [](SeriesEntry* entry) {
        if (!entry->machine->is_condemned) return false;
        entry->head.reset();
        return true;
    });
}

io::Task<Result<void>> Part::erase(std::vector<Erasure> machines, History::Gone gone) {
    // A series that comes to be from here on is of the machine that speaks again.
    const std::uint64_t now = store_.ticket();
    for (Erasure& one : machines) one.before = std::min(one.before, now);
    for (std::size_t at = 0; at < machines.size();) {
        std::vector<Erasure> some;
        store::Batch batch;
        for (; at < machines.size() && some.size() < machines_per_batch; ++at) {
            Erasure& what = some.emplace_back(std::move(machines[at]));
            if (!has_series_before(what)) continue;
            const Condemned* going = dictionary_.condemned(what.organisation, what.machine);
            if (going != nullptr) what.before = std::max(what.before, going->what.before);
            const std::string key = erasure_key(what);
            announced_.insert(key);
            batch.put(store::Family::history_series, key, erasure_record(what));
            batch.use_reserve();
        }
        Result<void> committed;
        if (!batch.is_empty()) {
            auto outcome = co_await submitted(store_, std::move(batch));
            committed = std::move(outcome);
        }
        for (const Erasure& what : some) {
            if (const auto one = announced_.find(erasure_key(what)); one != announced_.end())
                announced_.erase(one);
        }
        if (!committed) co_return std::unexpected(committed.error().in("erase"));
        std::vector<bool> vanishes;
        for (const Erasure& what : some) {
            vanishes.push_back(has_series_before(what));
            if (vanishes.back()) dictionary_.condemn(what);
        }
        births_.add();
        drop_condemned_heads();
        for (std::size_t index = 0; gone && index < some.size(); ++index) {
            const Erasure& what = some[index];
            const bool is_there = dictionary_.machine(what.organisation, what.machine) != nullptr;
            if (vanishes[index] || !is_there) gone(what, is_there);
        }
    }
    co_return Result<void>{};
}

// A snapshot that is being sealed is the worker's; one that is left over from a failure is ours.
void Part::strip_snapshot(const std::vector<SeriesId>& series) {
    CHECK(!is_sealing_);
    if (snapshot_ == nullptr) return;
    auto left = std::make_shared<Snapshot>();
    left->until_ticket = snapshot_->until_ticket;
    left->inbox_bytes = snapshot_->inbox_bytes;
    for (const Snapshot::One& one : snapshot_->heads) {
        if (std::ranges::binary_search(series, one.series)) continue;
        left->heads.push_back(one);
        left->samples += one.samples.size();
    }
    snapshot_ = std::move(left);
}

io::Task<Result<void>> Part::remove_chunks(std::vector<SeriesId> series, io::Workers& worker) {
    auto sweep = std::make_shared<Sweep>(std::move(series), Sweep::Limits{});
    while (!sweep->is_done()) {
        if (is_purge_stopped_) co_return fail(Code::cancelled, "erase: the node is stopping");
        // Named, then awaited: g++ 12 destroys a closure made inside a co_await expression twice.
        auto work = [sweep, store = &store_] { return sweep->step(*store); };
        auto batch = co_await worker.run(std::move(work));
        if (!batch) co_return std::unexpected(batch.error().in("erase chunks"));
        if (batch->is_empty()) continue;
        batch->use_reserve();
        auto removed = co_await submitted(store_, std::move(*batch));
        if (!removed) co_return std::unexpected(removed.error().in("erase chunks"));
    }
    co_return Result<void>{};
}

io::Task<Result<void>> Part::purge_some(io::Workers& worker) {
    struct Going {
        const Condemned* machine;
        std::uint64_t before;
    };
    std::vector<Going> going;
    std::vector<SeriesId> series;
    dictionary_.each_condemned([&](const Condemned& one) {
        if (!going.empty() && series.size() + one.gone.size() > series_per_purge) return false;
        going.push_back({&one, one.what.before});
        for (const auto& node : one.gone) series.push_back(node.mapped().id);
        return true;
    });
    std::ranges::sort(series);
    // Rounds that carry them have ended then, on disk or not; in heads there is nothing of them.
    auto ended = co_await lane_.durable();
    (void)ended;
    fold_waiting();
    do {
        co_await seal_ended();
    } while (is_sealing_);
    strip_snapshot(series);
    // A batch that was begun before they were condemned may write some of theirs; none does later.
    co_await settling_ended();

    auto chunks = co_await remove_chunks(series, worker);
    if (!chunks) co_return chunks;
    // Their inbox records are full of others' samples: those are sealed, then the records go.
    auto sealed = co_await seal(true);
    if (!sealed) co_return std::unexpected(sealed.error().in("erase"));
    auto scrub = [series, store = &store_]() -> Result<store::Batch> {
        store::Batch batch;
        TRY(const Scrubbed scrubbed, scrub_quarantine(*store, series, batch));
        if (scrubbed.unreadable > 0) {
            log::warn("history: {} unreadable inbox records that were set aside are removed: what "
                      "is being erased may be in them",
                      scrubbed.unreadable);
        }
        return batch;
    };
    auto batch = co_await worker.run(std::move(scrub));
    if (!batch) co_return std::unexpected(batch.error().in("erase"));

    const auto is_whole = [this](const Going& one) {
        return one.machine->what.before == one.before &&
               !announced_.contains(erasure_key(one.machine->what));
    };
    for (const Going& one : going) {
        if (!is_whole(one)) continue;  // erased again meanwhile: the next turn does it all
        for (const auto& node : one.machine->gone)
            batch->remove(store::Family::history_series, series_key(node.mapped().id));
        batch->remove(store::Family::history_series, erasure_key(one.machine->what));
    }
    // Of what was settled before, nothing is to be seen where it was fresh, but its bytes are there.
    const Litter litters[] = {{month_of_families, 0, 0},
                              {month_of_fresh, series.front().number(), series.back().number() + 1}};
    for (const Litter& litter : litters) {
        const std::string key = litter_key(litter, store_.ticket());
        batch->put(store::Family::history_series, key, litter_record(key, litter));
    }
    batch->use_reserve();
    std::erase_if(going, [&](const Going& one) { return !is_whole(one); });
    auto removed = co_await submitted(store_, std::move(*batch));
    if (!removed) co_return std::unexpected(removed.error().in("erase"));
    for (const Going& one : going) {
        const Erasure what = one.machine->what;
        if (what.before == one.before) dictionary_.forget(what.organisation, what.machine);
    }
    co_return Result<void>{};
}

io::Task<Result<void>> Part::purge(io::Workers& worker) {
    while (dictionary_.condemned_machines() > 0) {
        if (is_purge_stopped_) co_return fail(Code::cancelled, "erase: the node is stopping");
        if (!is_accepting_) {
            co_return fail(Code::unavailable, "erase: the inbox of the last run is not sealed yet");
        }
        auto some = co_await purge_some(worker);
        if (!some) co_return some;
    }
    co_return Result<void>{};
}

}  // namespace lineshaft::history
