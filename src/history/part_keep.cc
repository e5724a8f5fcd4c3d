// How a part keeps to the rules of retention (keep.h): by the clock nobody reads what has expired;
// a sweep then removes it, and thins what is old enough, beside no batch of settling, so that
// neither undoes what the other does.
#include <algorithm>

#include "base/log.h"
#include "history/part.h"

namespace lineshaft::history {

void Part::adopt(std::shared_ptr<const KeepTable> table) {
    dictionary_.each_series([&](SeriesEntry& entry) {
        entry.rule = table->rule_of(entry.machine->organisation, entry.machine->name, entry.tag);
        entry.thinned = 0;
    });
    // Nobody points at the old rules any more: what is being erased keeps none.
    dictionary_.each_condemned([](const Condemned& machine) {
        for (const auto& node : machine.gone)
            node.mapped().rule = nullptr;
        return true;
    });
    keep_ = std::move(table);
}

History::Keeping Part::keeping(SeriesId series) {
    const SeriesEntry* entry = dictionary_.series(series);
    History::Keeping keeping;
    if (entry == nullptr || entry->rule == nullptr) return keeping;
    const Instant now = shard_.now();
    keeping.rule = entry->rule->name;
    keeping.from = kept_from(entry->rule, now);
    keeping.thinned_until = thinned_until(entry->rule, now);
    keeping.resolution = std::chrono::seconds(entry->rule->resolution_s);
    return keeping;
}

std::vector<std::pair<SeriesId, std::uint32_t>> Part::classes(const ClassNumbers& numbers) {
    fold_waiting();  // who asks counts what is in heads, too
    std::vector<std::pair<SeriesId, std::uint32_t>> all;
    dictionary_.each_series([&](const SeriesEntry& entry) {
        if (entry.tag.starts_with('$')) return;  // no tag of the machine's
        const std::string name = entry.rule != nullptr ? entry.rule->name : std::string();
        const auto at = numbers.find({entry.machine->organisation, name});
        if (at != numbers.end()) all.emplace_back(entry.id, at->second);
    });
    return all;
}

// Series that are kept from the same day on go together.
std::vector<Expired> Part::expired_by_now() {
    std::map<Instant, std::vector<SeriesId>> by_day;
    const Instant now = shard_.now();
    dictionary_.each_series([&](const SeriesEntry& entry) {
        const Instant from = kept_from(entry.rule, now);
        if (from.micros != INT64_MIN) by_day[from].push_back(entry.id);
    });
    std::vector<Expired> all;
    for (auto& [from, series] : by_day) {
        std::ranges::sort(series);
        all.push_back({std::move(series), from});
    }
    return all;
}

io::Task<void> Part::begin_settling() {
    do {
        co_await settling_ended();
    } while (is_settling_);
    is_settling_ = true;
}

void Part::end_settling() {
    is_settling_ = false;
    for (auto& wake : std::exchange(waiting_for_settling_, {})) wake();
}

io::Task<Result<void>> Part::expire(Expired what, io::Workers& worker) {
    auto expiry = std::make_shared<Expiry>(std::move(what));
    ExpiredCount counted;
    Result<void> outcome;
    while (outcome && !expiry->is_done()) {
        if (is_sweep_stopped_) co_return fail(Code::cancelled, "retention: the node is stopping");
        co_await begin_settling();
        // Named, then awaited: g++ 12 destroys a closure made inside a co_await expression twice.
        auto work = [expiry, store = &store_] { return expiry->step(*store); };
        auto batch = co_await worker.run(std::move(work));
        if (!batch) outcome = std::unexpected(batch.error().in("retention"));
        if (batch && !batch->is_empty()) {
            auto removed = co_await submitted(store_, std::move(*batch));
            if (!removed) outcome = std::unexpected(removed.error().in("retention"));
        }
        end_settling();
        if (!outcome) break;
        stats_.samples_expired += expiry->count().samples - counted.samples;
        counted = expiry->count();
    }
    co_return outcome;
}

// What goes lies in the files of these months until they are merged.
io::Task<Result<void>> Part::note_litter(std::set<Month> months, SeriesId first, SeriesId last) {
    if (months.empty()) co_return Result<void>{};
    store::Batch batch;
    for (const Month month : months) {
        const Litter litter{month, first.number(), last.number() + 1};
        const std::string key = litter_key(litter, store_.ticket());
        batch.put(store::Family::history_series, key, litter_record(key, litter));
    }
    batch.use_reserve();
    auto noted = co_await submitted(store_, std::move(batch));
    co_return noted;
}

io::Task<Result<void>> Part::thin_batch(std::vector<ThinAsk> asked) {
    auto asks = std::make_shared<std::vector<ThinAsk>>(std::move(asked));
    while (!asks->empty()) {
        if (is_sweep_stopped_) co_return fail(Code::cancelled, "retention: the node is stopping");
        co_await begin_settling();
        std::erase_if(*asks, [this](const ThinAsk& one) {
            const SeriesEntry* entry = dictionary_.series(one.series);
            return entry == nullptr || entry->machine->is_condemned;
        });
        const SettleLimits most{.chunk_samples_max = limits_.chunk_samples_max,
                                .chunk_samples_min = limits_.chunk_samples_min,
                                .days_samples_min = limits_.days_samples_min};
        auto work = [asks, most, store = &store_, on_damage = on_damage_] {
            return thin(*store, *asks, most, on_damage);
        };
        auto thinned = co_await settlers_.run(std::move(work));
        Result<void> outcome;
        if (!thinned) outcome = std::unexpected(thinned.error().in("retention"));
        if (thinned && !asks->empty()) {
            auto noted = co_await note_litter(std::move(thinned->months), asks->front().series,
                                              asks->back().series);
            if (!noted) outcome = std::unexpected(noted.error().in("retention"));
            stats_.samples_thinned += thinned->samples;
        }
        end_settling();
        if (!outcome) co_return outcome;
        for (std::size_t index = 0; index < thinned->asks_done; ++index) {
            const ThinAsk& done = (*asks)[index];
            SeriesEntry* entry = dictionary_.series(done.series);
            if (entry != nullptr && entry->rule != nullptr) entry->thinned = done.until;
        }
        asks->erase(asks->begin(), asks->begin() + static_cast<std::ptrdiff_t>(thinned->asks_done));
    }
    co_return Result<void>{};
}

io::Task<Result<void>> Part::thin_all() {
    const Instant now = shard_.now();
    std::vector<ThinAsk> asked;
    dictionary_.each_series([&](const SeriesEntry& entry) {
        const Instant until = thinned_until(entry.rule, now);
        if (until.micros == INT64_MIN || month_of(until) <= entry.thinned) return;
        asked.push_back({entry.id, entry.thinned, month_of(until),
                         std::chrono::seconds(entry.rule->resolution_s)});
    });
    if (asked.empty()) co_return Result<void>{};
    std::ranges::sort(asked, {}, &ThinAsk::series);
    // What waits to be settled into those months first.
    auto settled = co_await settle(true);
    if (!settled) co_return settled;
    for (std::size_t from = 0; from < asked.size(); from += series_per_settling) {
        const std::size_t until = std::min(asked.size(), from + series_per_settling);
        std::vector<ThinAsk> some(asked.begin() + static_cast<std::ptrdiff_t>(from),
                                  asked.begin() + static_cast<std::ptrdiff_t>(until));
        auto thinned = co_await thin_batch(std::move(some));
        if (!thinned) co_return thinned;
    }
    co_return Result<void>{};
}

io::Task<Result<void>> Part::sweep(io::Workers& worker) {
    if (!is_accepting_)
        co_return fail(Code::unavailable, "retention: the inbox of the last run is not sealed yet");
    const auto table = keep_;  // other rules meanwhile: the next sweep
    std::vector<Expired> all = expired_by_now();
    for (Expired& one : all) {
        auto expired = co_await expire(std::move(one), worker);
        if (!expired) co_return expired;
    }
    auto thinned = co_await thin_all();
    co_return thinned;
}

}  // namespace lineshaft::history
