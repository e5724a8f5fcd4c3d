// What concerns many machines of this shard at once: batches, by name or by channel; who fell
// silent; what is shown of them all.
#include <algorithm>
#include <bit>

#include "twin/part.h"

namespace lineshaft::twin {
namespace {

constexpr io::Steady judge_interval{1000};
/// Looked at and shown in one turn of the loop, so that a node of very many machines, or a crowd of
/// new ones, keeps nobody waiting.
constexpr std::size_t judged_at_once = 256;
constexpr std::size_t shown_at_once = 128;

// A few, or a thirty-second part of very many.
template <class T>
std::vector<T> take_some(std::vector<T>& all) {
    const std::size_t count = std::max(shown_at_once, all.size() / 32);
    if (all.size() <= count) return std::exchange(all, {});
    const auto end = all.begin() + static_cast<std::ptrdiff_t>(count);
    std::vector<T> first(std::make_move_iterator(all.begin()), std::make_move_iterator(end));
    all.erase(all.begin(), end);
    return first;
}

history::Sample sample_of(const history::Points& points, const history::Point& point) {
    history::Sample sample{Instant{point.at}, 0.0, point.mark.quality()};
    switch (point.mark.kind()) {
        case history::Kind::real: sample.value = std::bit_cast<double>(point.bits); break;
        case history::Kind::integer: sample.value = static_cast<std::int64_t>(point.bits); break;
        case history::Kind::boolean: sample.value = point.bits != 0; break;
        case history::Kind::text: sample.value = std::string(points.text_of(point)); break;
    }
    return sample;
}

}  // namespace

void Told::add(const Told& other) {
    appended.stored += other.appended.stored;
    appended.refused_time += other.appended.refused_time;
    appended.refused_name += other.appended.refused_name;
    appended.refused_cardinality += other.appended.refused_cardinality;
    appended.refused_size += other.appended.refused_size;
    appended.discovered += other.appended.discovered;
    if (!over_limit) over_limit = other.over_limit;
    if (!failed) failed = other.failed;
}

void Part::send(ShardIndex owner, Freight freight) {
    mail_.send(owner, std::move(freight));
}

void Part::take(Freight freight) {
    Told told;
    append_reports(freight.sack, told);
    append_points(freight.sack, told);
    counters_.samples += told.appended.stored;
    counters_.refused += told.appended.refused();
    lane_.then([this, freight = std::move(freight), told = std::move(told),
                taken = ++taken_](Result<void> durable) mutable {
        if (durable) {
            for (const auto& report : freight.sack.reports) {
                if (was_forgotten(report.organisation, report.machine, taken)) continue;
                fold(report, freight.sack.source);
            }
            fold(freight.sack.points, freight.sack.source);
        } else {
            told.appended = {};
            told.failed = durable.error();
        }
        for (const auto& report : freight.sack.reports)
            settle(report.organisation, report.machine);
        freight_replies_.send(freight.origin, {std::move(freight.done), std::move(told)});
    });
}

// Leaves in the sack what is to be folded: the reports that say something that is believed.
void Part::append_reports(Sack& sack, Told& told) {
    counters_.reports += sack.reports.size();
    std::erase_if(sack.reports, [&](history::Report& report) {
        bool is_over_limit = false;
        const std::size_t count = report.samples.size();
        const auto appended = append(report, is_over_limit);
        if (!appended) {
            counters_.refused += count;
            auto& where = is_over_limit ? told.over_limit : told.failed;
            if (!where) where = appended.error();
            return true;
        }
        told.add({*appended, {}, {}});
        const auto known = twins_.find(key_of(report.organisation, report.machine));
        if (appended->refused() > 0 && known != twins_.end())
            tell_refused(*known->second, *appended);
        const bool is_believable = appended->stored > 0 || appended->refused() == 0;
        if (!is_believable) settle(report.organisation, report.machine);
        return !is_believable;
    });
}

void Part::append_points(Sack& sack, Told& told) {
    auto& points = sack.points;
    if (points.all.empty()) return;
    ++counters_.reports;
    const auto appended = history_.append(points);
    if (appended && appended->refused() > 0) {
        for (const history::Point& point : points.all) {
            Entry* const entry = outlets_[point.mine].entry;
            if (!point.is_stored && entry != nullptr) tell_refused(*entry, *appended);
        }
    }
    if (appended) return told.add({*appended, {}, {}});
    std::erase_if(points.all, [](const history::Point& point) { return !point.is_stored; });
    told.failed = appended.error();
}

std::vector<std::optional<Channel>> Part::channels(OrganisationId organisation,
                                                   const std::vector<Plant::Name>& names) {
    std::vector<std::optional<Channel>> all(names.size());
    for (std::size_t index = 0; index < names.size(); ++index) {
        const auto& [machine, tag] = names[index];
        const auto series = history_.id_of(organisation, machine, tag);
        const auto known = twins_.find(key_of(organisation, machine));
        if (!series || known == twins_.end()) continue;
        const auto place = known->second->twin.place(tag);
        if (!place) continue;
        const auto [slot, is_new] =
            slots_.try_emplace(*series, static_cast<std::uint32_t>(outlets_.size()));
        if (is_new) outlets_.emplace_back();
        outlets_[slot->second] = {known->second.get(), *place};
        all[index] = Channel{shard_.index(), slot->second, *series};
    }
    return all;
}

// Points of one machine mostly stand together: they are as one report.
void Part::fold(const history::Points& points, Source source) {
    if (points.all.empty()) return;
    settle_clock();
    const Instant now = shard_.now();
    constexpr std::ptrdiff_t far = 12, near = 6;  // what memory has of points there is asked for
    auto at = points.all.begin();
    while (at != points.all.end()) {
        if (!at->is_stored || outlets_[at->mine].entry == nullptr) {
            ++at;
            continue;
        }
        Entry& known = *outlets_[at->mine].entry;
        speaks_through(known, source);
        const auto& state = known.twin.state();
        const bool is_watched =
            !watched_.empty() && watched_.contains(key_of(state.organisation, state.id));
        std::vector<std::string> changed;
        auto change = known.twin.hear(now);
        for (; at != points.all.end(); ++at) {
            const auto left = points.all.end() - at;
            if (left > far) __builtin_prefetch(&outlets_[at[far].mine]);
            if (left > near) __builtin_prefetch(outlets_[at[near].mine].place.current);
            const Outlet& outlet = outlets_[at->mine];
            if (!at->is_stored || outlet.entry == nullptr) continue;
            if (outlet.entry != &known) break;
            auto* const shown = is_watched ? &changed : nullptr;
            if (at->mark.kind() == history::Kind::real) {
                known.twin.fold(outlet.place, Instant{at->at}, std::bit_cast<double>(at->bits),
                                at->mark.quality(), change, shown);
            } else {
                known.twin.fold(outlet.place, sample_of(points, *at), change, shown);
            }
        }
        show_changed(known, std::move(changed));
        after(known, change, now);
    }
}

// ---- Now and then ----------------------------------------------------------------------------

void Part::judge_all() {
    judged_to_.reset();
    judge_some();
}

void Part::judge_some() {
    if (closing_) return;
    settle_clock();
    const Instant now = shard_.now();
    std::size_t left = judged_at_once;
    auto home = judged_to_ ? by_id_.lower_bound(judged_to_->first) : by_id_.begin();
    for (; home != by_id_.end(); ++home) {
        const bool is_begun = judged_to_ && judged_to_->first == home->first;
        auto at = is_begun ? home->second.upper_bound(judged_to_->second) : home->second.begin();
        for (; at != home->second.end(); ++at) {
            judge(*at->second, now);
            if (--left > 0) continue;
            judged_to_.emplace(home->first, std::string(at->first));
            return shard_.post([this] { judge_some(); });
        }
    }
    shard_.wheel().arm(judge_timer_, judge_interval, [this] { judge_all(); });
}

void Part::judge(Entry& entry, Instant now) {
    // When it was last heard is not known before its values are loaded.
    if (entry.is_loaded && entry.twin.judge(now, limits_)) {
        const auto& state = entry.twin.state();
        if (state.connection == Connection::stale)
            record({now, state.organisation, state.id, "stale", "silent for longer than usual"});
        entry.summary_due = true;
    }
    if (!std::exchange(entry.summary_due, false)) return;
    pending_.machines.push_back(entry.twin.state());
    arm_live();
}

void Part::arm_live() {
    if (closing_ || live_timer_.is_armed()) return;
    // The first change after a quiet time shows at once; then at most one batch per interval.
    const io::Steady rested = shard_.clock().steady() - shown_at_;
    const io::Steady wait = std::max(io::Steady{0}, limits_.live_interval - rested);
    shard_.wheel().arm(live_timer_, wait, [this] { show_changes(); });
}

void Part::show_changes() {
    shown_at_ = shard_.clock().steady();
    LiveBatch batch{.values = {},
                    .machines = take_some(pending_.machines),
                    .events = take_some(pending_.events)};
    for (const auto& key : take_some(changed_)) {
        const auto found = twins_.find(key);
        if (found == twins_.end()) continue;
        auto& entry = *found->second;
        LiveBatch::Values values{entry.twin.state().organisation, entry.twin.state().id, {}};
        for (const auto& tag : std::exchange(entry.changed_tags, {})) {
            values.values.push_back({tag, entry.twin.values().find(tag)->second});
        }
        batch.values.push_back(std::move(values));
    }
    if (!pending_.machines.empty() || !pending_.events.empty() || !changed_.empty()) {
        shard_.post([this] {
            if (!closing_) show_changes();
        });
    }
    if (batch.values.empty() && batch.machines.empty() && batch.events.empty()) return;
    const auto shared = std::make_shared<const LiveBatch>(std::move(batch));
    for (std::size_t index = 0; index < audience_.size(); ++index) {
        if (audience_[index] == 0) continue;
        // The parts outlive the shards' loops, so the receiving hub is there.
        shards_.at(index).post([shared, hub = &all_[index]->hub()] { hub->show(shared); });
    }
}

}  // namespace lineshaft::twin
