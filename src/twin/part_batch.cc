// Batches: what many machines of this shard say at once, by name or by channel.
#include <algorithm>
#include <bit>

#include "twin/part.h"

namespace lineshaft::twin {
namespace {

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

}  // namespace lineshaft::twin
