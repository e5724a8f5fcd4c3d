// Which series are asked for, and the newest of many: from any shard.
#include "history/answers.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <iterator>
#include <tuple>

#include "history/engine.h"
#include "history/errands.h"
#include "io/pause.h"

namespace lineshaft::history {
namespace {

constexpr std::size_t lists_kept_max = 8, list_series_max = 5'000;  // of each shard

// By machine and tag. Names are compared by their first bytes as one number, which mostly decides.
void put_in_order(std::vector<Series>& all) {
    struct Place {
        std::uint64_t begins;
        std::uint32_t index;
    };
    std::vector<Place> places;
    places.reserve(all.size());
    for (const Series& one : all) {
        std::uint64_t begins = 0;
        std::memcpy(&begins, one.machine.data(), std::min(one.machine.size(), sizeof begins));
        places.push_back({std::byteswap(begins), static_cast<std::uint32_t>(places.size())});
    }
    std::sort(places.begin(), places.end(), [&](const Place& a, const Place& b) {
        if (a.begins != b.begins) return a.begins < b.begins;
        const Series &one = all[a.index], &other = all[b.index];
        return std::tie(one.machine, one.tag) < std::tie(other.machine, other.tag);
    });
    std::vector<Series> sorted;
    sorted.reserve(all.size());
    for (const Place& place : places) sorted.push_back(std::move(all[place.index]));
    all = std::move(sorted);
}

void once_each(std::optional<std::vector<std::string>>& names) {
    if (!names) return;
    std::ranges::sort(*names);
    names->erase(std::ranges::unique(*names).begin(), names->end());
}

/// Those of a part; `named`: which of the choice's machines may be there.
std::vector<Series> chosen_in(Part& part, const SeriesChoice& choice,
                              const std::vector<std::uint32_t>& named) {
    Dictionary& dictionary = part.dictionary();
    std::vector<Series> found;
    const auto take = [&](const MachineEntry& machine, const SeriesEntry& entry) {
        if (choice.fits && !choice.fits(machine.name, entry.tag)) return;
        found.push_back(dictionary.described(entry));
    };
    const auto look_at = [&](const MachineEntry& machine) {
        if (!choice.tags) {
            for (const auto& [tag, entry] : machine.series) take(machine, entry);
            return;
        }
        for (const std::string& tag : *choice.tags) {
            if (const auto at = machine.series.find(tag); at != machine.series.end())
                take(machine, at->second);
        }
    };
    for (const std::uint32_t index : named) {
        const auto* machine = dictionary.machine(choice.organisation, (*choice.machines)[index]);
        if (machine != nullptr) look_at(*machine);
    }
    if (!choice.machines) {
        dictionary.each_machine([&](const MachineEntry& machine) {
            if (machine.organisation == choice.organisation) look_at(machine);
        });
    }
    return found;
}

/// The newest of some of a part's series, and which of them are not known without looking at chunks.
struct NewestSeen {
    Columns samples;
    std::vector<std::uint32_t> unknown;
};
NewestSeen newest_in(Part& part, const std::vector<SeriesId>& series) {
    NewestSeen seen;
    seen.samples.reserve(series.size());
    for (std::uint32_t index = 0; index < series.size(); ++index) {
        if (!part.put_newest(series[index], seen.samples)) seen.unknown.push_back(index);
    }
    return seen;
}

/// Series of one part: their ids, and their places in what was asked.
struct OfPart {
    std::vector<SeriesId> ids;
    std::vector<std::uint32_t> places;
};

void put_seen(const Columns& seen, const OfPart& of, Columns& all) {
    for (std::size_t index = 0; index < of.places.size(); ++index) {
        all.at[of.places[index]] = seen.at[index];
        all.replace(of.places[index], seen, index);
    }
}

}  // namespace

std::int64_t Engine::births() const {
    std::int64_t all = 0;
    for (const auto& part : parts_) all += part->births();
    return all;
}

io::Task<std::vector<Series>> Engine::series_of(OrganisationId organisation) {
    SeriesChoice all;
    all.organisation = organisation;
    auto found = co_await chosen(std::move(all));
    co_return found;
}

io::Task<std::vector<Series>> Engine::chosen(SeriesChoice choice) {
    once_each(choice.machines);
    once_each(choice.tags);
    std::vector<std::vector<std::uint32_t>> named(parts_.size());
    const std::size_t count = choice.machines ? choice.machines->size() : 0;
    for (std::size_t index = 0; index < count; ++index) {
        const ShardIndex owns = owner(choice.organisation, (*choice.machines)[index]);
        named[owns.number()].push_back(static_cast<std::uint32_t>(index));
    }
    const std::size_t home = io::Shard::here().index().number();
    const auto asked = std::make_shared<const SeriesChoice>(std::move(choice));
    Errands<std::vector<Series>> errands;
    for (std::size_t index = 0; index < parts_.size(); ++index) {
        if (index == home || (asked->machines && named[index].empty())) continue;
        errands.send(parts_[index]->shard(), index,
                     [part = parts_[index].get(), asked, some = std::move(named[index])] {
                         return chosen_in(*part, *asked, some);
                     });
    }
    std::vector<Series> all = chosen_in(*parts_[home], *asked, named[home]);
    auto others = co_await errands.all();
    for (auto& [index, more] : others) {
        all.insert(all.end(), std::make_move_iterator(more.begin()),
                   std::make_move_iterator(more.end()));
    }
    put_in_order(all);
    co_return all;
}

io::Task<SeriesListPtr> Engine::listed(SeriesChoice choice) {
    choice.fits = nullptr;
    const std::int64_t births_before = births();
    auto& known = lists_[io::Shard::here().index().number()];
    const auto found = std::ranges::find_if(known, [&](const KeptList& kept) {
        return kept.births == births_before && kept.choice.organisation == choice.organisation &&
               kept.choice.machines == choice.machines && kept.choice.tags == choice.tags;
    });
    if (found != known.end()) {
        std::rotate(known.begin(), found, found + 1);
        co_return known.front().list;
    }
    auto series = co_await chosen(choice);
    auto list = std::make_shared<SeriesList>();
    list->series = std::move(series);
    list->owners.reserve(list->series.size());
    for (const Series& one : list->series)
        list->owners.push_back(owner(one.organisation, one.machine));
    const std::size_t names = choice.machines ? choice.machines->size() : 0;
    std::erase_if(known, [&](const KeptList& kept) { return kept.births != births_before; });
    if (list->series.size() + names <= list_series_max) {
        if (known.size() >= lists_kept_max) known.pop_back();
        known.insert(known.begin(), KeptList{births_before, std::move(choice), list});
    }
    co_return list;
}

io::Task<Result<Columns>> Engine::newest_of(SeriesListPtr list, std::size_t first,
                                            std::size_t until) {
    std::vector<OfPart> of(parts_.size());
    for (std::size_t index = first; index < until; ++index) {
        OfPart& part = of[list->owners[index].number()];
        part.ids.push_back(list->series[index].id);
        part.places.push_back(static_cast<std::uint32_t>(index - first));
    }
    Columns all;
    all.at.assign(until - first, INT64_MIN);
    all.bits.assign(until - first, 0);
    all.mark.assign(until - first, Mark());
    const std::size_t home = io::Shard::here().index().number();
    Errands<NewestSeen> errands;
    for (std::size_t index = 0; index < parts_.size(); ++index) {
        if (index == home || of[index].ids.empty()) continue;
        errands.send(parts_[index]->shard(), index,
                     [part = parts_[index].get(), ids = of[index].ids] {
                         return newest_in(*part, ids);
                     });
    }
    std::vector<std::pair<std::size_t, NewestSeen>> seen;
    if (!of[home].ids.empty()) seen.emplace_back(home, newest_in(*parts_[home], of[home].ids));
    auto others = co_await errands.all();
    std::ranges::move(others, std::back_inserter(seen));
    for (std::size_t index = 0; index < seen.size(); ++index) {
        const std::size_t part = seen[index].first;
        const NewestSeen& newest = seen[index].second;
        put_seen(newest.samples, of[part], all);
        if (newest.unknown.empty()) continue;
        OfPart unknown;
        std::vector<Series> asked;
        for (const std::uint32_t row : newest.unknown) {
            unknown.ids.push_back(of[part].ids[row]);
            unknown.places.push_back(of[part].places[row]);
            asked.push_back(list->series[first + of[part].places[row]]);
        }
        auto learnt = co_await parts_[part]->shard().call(&Engine::learn_newest, this,
                                                          parts_[part].get(), std::move(asked));
        if (!learnt) co_return std::unexpected(learnt.error());
        put_seen(*learnt, unknown, all);
    }
    co_return all;
}

// After a start chunks are looked into once, where their series are owned.
io::Task<Result<Columns>> Engine::learn_newest(Engine* engine, Part* part,
                                               std::vector<Series> unknown) {
    constexpr std::size_t between_yields = 16;
    std::vector<SeriesId> ids;
    for (std::size_t index = 0; index < unknown.size(); ++index) {
        if (index % between_yields == between_yields - 1) co_await io::let_others_run();
        auto found = co_await engine->last(unknown[index], instant_max);
        if (!found) co_return std::unexpected(found.error());
        part->learn_newest(unknown[index].id, *found);
        ids.push_back(unknown[index].id);
    }
    co_return newest_in(*part, ids).samples;
}

io::Task<Result<std::vector<std::optional<Sample>>>> Engine::newest(std::vector<Series> series) {
    auto list = std::make_shared<SeriesList>();
    for (const Series& one : series) list->owners.push_back(owner(one.organisation, one.machine));
    list->series = std::move(series);
    const std::size_t count = list->series.size();
    auto found = co_await newest_of(std::move(list), 0, count);
    if (!found) co_return std::unexpected(found.error());
    std::vector<std::optional<Sample>> all(count);
    for (std::size_t index = 0; index < count; ++index) {
        if (found->at[index] != INT64_MIN) all[index] = found->sample(index);
    }
    co_return all;
}

Answers& answers_of(History& history) {
    return static_cast<Engine&>(history);
}

}  // namespace lineshaft::history
