// When a part has its fresh chunks settled (settle.h): a series once enough of it waits, everything
// now and then, batch by batch on a worker that stands back, so that ingest never waits for it.
#include <algorithm>

#include "base/check.h"
#include "base/log.h"
#include "history/part.h"

namespace lineshaft::history {

namespace {

bool is_due(const FreshCount& count, const Limits& limits) {
    return count.samples >= limits.settle_samples || count.chunks >= limits.settle_chunks_max;
}

}  // namespace

void Part::note_fresh(SeriesId series, const FreshCount& more) {
    const SeriesEntry* entry = dictionary_.series(series);
    if (entry == nullptr || entry->machine->is_condemned) return;
    FreshCount& count = fresh_[series];
    count.chunks += more.chunks;
    count.samples += more.samples;
    is_settling_due_ |= is_due(count, limits_);
    if (!settle_timer_.is_armed() && !is_closing_) arm_settling(limits_.settle_age_max);
}

void Part::note_fresh(const Snapshot& snapshot) {
    for (const Snapshot::One& one : snapshot.heads) {
        const std::size_t samples = one.samples.size();
        note_fresh(one.series, {1 + samples / limits_.chunk_samples_max, samples});
    }
    if (is_settling_due_) start_settling(false);
}

void Part::learn_fresh(const std::map<SeriesId, FreshCount>& found) {
    for (const auto& [series, count] : found) note_fresh(series, count);
    knows_fresh_ = true;
    if (is_settling_due_) start_settling(false);
}

void Part::arm_settling(io::Steady after) {
    shard_.wheel().arm(settle_timer_, after, [this] { start_settling(true); });
}

void Part::start_settling(bool all) {
    is_all_due_ |= all;
    if (is_settling_started_ || is_closing_ || !is_accepting_) return;
    is_settling_started_ = true;
    nursery_.spawn(settle_in_background(this));
}

io::Task<void> Part::settle_in_background(Part* part) {
    for (;;) {
        const bool all = std::exchange(part->is_all_due_, false);
        part->is_settling_due_ = false;
        auto settled = co_await part->settle(all);
        if (!settled) {
            log::warn("history: settle: {}: will be tried again", settled.error().context);
            if (!part->is_closing_) part->arm_settling(part->limits_.settle_age_max);
            break;
        }
        if (part->is_closing_ || !(part->is_all_due_ || part->is_settling_due_)) break;
    }
    part->is_settling_started_ = false;
    if (!part->fresh_.empty() && !part->settle_timer_.is_armed() && !part->is_closing_)
        part->arm_settling(part->limits_.settle_age_max);
}

std::vector<SeriesId> Part::series_to_settle(bool all) {
    std::vector<SeriesId> due;
    std::erase_if(fresh_, [&](const auto& one) {
        const SeriesEntry* entry = dictionary_.series(one.first);
        if (entry == nullptr || entry->machine->is_condemned) return true;
        if (all || is_due(one.second, limits_)) due.push_back(one.first);
        return false;
    });
    std::ranges::sort(due);
    return due;
}

io::Task<void> Part::settling_ended() {
    while (is_settling_) {
        co_await io::suspend<bool>([this](io::Answer<bool> answer) {
            auto kept = std::make_shared<io::Answer<bool>>(std::move(answer));
            waiting_for_settling_.push_back([kept] { (*kept)(true); });
        });
    }
}

// What came late for months that are thinned already is thinned with the next sweep.
void Part::note_late(SeriesId series, Instant oldest) {
    SeriesEntry* entry = dictionary_.series(series);
    if (entry != nullptr) entry->thinned = std::min(entry->thinned, month_of(oldest));
}

// One batch: what it did is known to fresh_ when this returns.
io::Task<Result<std::size_t>> Part::settle_batch(std::vector<SeriesId> series) {
    auto batch = std::make_shared<std::vector<SeriesId>>(std::move(series));
    const SettleLimits most{.chunk_samples_max = limits_.chunk_samples_max,
                            .chunk_samples_min = limits_.chunk_samples_min,
                            .days_samples_min = limits_.days_samples_min};
    // Named, then awaited: g++ 12 destroys a closure made inside a co_await expression twice.
    auto work = [batch, most, store = &store_, on_damage = on_damage_] {
        return history::settle(*store, *batch, most, on_damage);
    };
    auto settled = co_await settlers_.run(std::move(work));
    if (!settled) co_return std::unexpected(settled.error());
    for (std::size_t index = 0; index < settled->series_done; ++index) {
        const auto waiting = fresh_.find((*batch)[index]);
        const auto taken = settled->taken.find((*batch)[index]);
        if (taken != settled->taken.end()) note_late((*batch)[index], taken->second.oldest);
        if (waiting == fresh_.end()) continue;
        // What is counted and not there is damaged or gone: nobody waits for that.
        const bool has_more =
            taken != settled->taken.end() && waiting->second.samples > taken->second.samples;
        if (!has_more) {
            fresh_.erase(waiting);
            continue;
        }
        waiting->second.samples -= taken->second.samples;
        waiting->second.chunks -= std::min(waiting->second.chunks, taken->second.chunks);
        is_settling_due_ |= is_due(waiting->second, limits_);
    }
    stats_.chunks_settled += settled->chunks;
    fresh_bytes_removed_ += settled->bytes_replaced;
    co_return settled->series_done;
}

io::Task<Result<void>> Part::settle(bool all) {
    co_await settling_ended();
    const std::vector<SeriesId> due = series_to_settle(all);
    Result<void> outcome;
    for (std::size_t from = 0; from < due.size() && outcome && !is_closing_;) {
        co_await settling_ended();
        is_settling_ = true;
        std::vector<SeriesId> batch;
        const std::size_t until = std::min(due.size(), from + series_per_settling);
        for (std::size_t index = from; index < until; ++index) {
            // Erased meanwhile: its chunks are the purge's.
            const SeriesEntry* entry = dictionary_.series(due[index]);
            if (entry == nullptr || entry->machine->is_condemned) continue;
            batch.push_back(due[index]);
        }
        auto done = co_await settle_batch(batch);
        is_settling_ = false;
        for (auto& wake : std::exchange(waiting_for_settling_, {})) wake();
        if (!done) {
            outcome = std::unexpected(done.error());
        } else if (*done == batch.size()) {
            from = until;
        } else {
            while (due[from] != batch[*done]) ++from;
        }
    }
    if (outcome && !is_closing_ && fresh_bytes_removed_ >= limits_.settle_merge_bytes) {
        fresh_bytes_removed_ = 0;
        auto merge = [store = &store_] { return merge_fresh(*store); };
        auto merged = co_await settlers_.run(std::move(merge));
        if (!merged) log::debug("history: {}", merged.error().context);
    }
    co_return outcome;
}

}  // namespace lineshaft::history
