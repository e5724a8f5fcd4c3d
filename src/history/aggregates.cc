// Aggregates, and the newest of many: what is asked of the kernel (kernel.h), from any shard.
#include <algorithm>
#include <bit>
#include <cstring>
#include <tuple>

#include "history/engine.h"
#include "history/kernel.h"

namespace lineshaft::history {
namespace {

// Days of 23 hours are days.
bool holds_days(const Grid& grid) {
    return grid.typical_step() >= std::chrono::hours(20);
}

struct Places {
    Grid grid;
    Window reachable;
};

Result<Places> places_of(Window window, std::chrono::microseconds step,
                         Instant steps_from = {INT64_MIN}) {
    if (window.until < window.from) return fail(Code::invalid, "the window ends before it begins");
    if (step.count() <= 0)
        return fail(Code::invalid, "the step must be longer than nothing");
    if (steps_from == Instant{INT64_MIN}) steps_from = window.from;
    if (steps_from > window.from)
        return fail(Code::invalid, "steps are counted from a place behind the window's begin");
    // Buckets are counted from there even where nothing can be stored yet.
    Window reachable = clamped(window);
    if (steps_from < reachable.from) {
        const auto ahead = static_cast<std::uint64_t>(reachable.from.micros) -
                           static_cast<std::uint64_t>(steps_from.micros);
        const auto into =
            static_cast<std::int64_t>(ahead % static_cast<std::uint64_t>(step.count()));
        return Places{Grid({reachable.from.micros - into}, step), reachable};
    }
    return Places{Grid(reachable.from, step), reachable};
}

Result<Places> places_between(std::vector<Instant> edges, std::size_t buckets_max) {
    if (edges.size() < 2 || std::ranges::adjacent_find(edges, std::greater_equal{}) != edges.end())
        return fail(Code::invalid, "edges of buckets must ascend, two at least");
    if (edges.size() - 1 > buckets_max) {
        return fail(Code::exhausted, "more than " + std::to_string(buckets_max) +
                                         " buckets: ask for less at once");
    }
    const Window reachable = clamped({edges.front(), edges.back()});
    return Places{Grid(std::move(edges)), reachable};
}

Result<Places> places_of(const Aggregate& asked, const Limits& limits) {
    if (asked.series.size() > limits.aggregate_series_max) {
        return fail(Code::exhausted,
                    "more than " + std::to_string(limits.aggregate_series_max) + " series at once");
    }
    if (!asked.group.empty() &&
        (asked.group.size() != asked.series.size() ||
         *std::ranges::max_element(asked.group) >= limits.aggregate_series_max)) {
        return fail(Code::invalid, "groups: one small number for each series");
    }
    if (!asked.edges.empty()) return places_between(asked.edges, limits.aggregate_buckets_max);
    if (asked.step.count() != 0) return places_of(asked.window, asked.step, asked.steps_from);
    if (asked.window.until < asked.window.from)
        return fail(Code::invalid, "the window ends before it begins");
    // One bucket; an empty window has none.
    const Window reachable = clamped(asked.window);
    if (reachable.from >= reachable.until) return Places{Grid(reachable.from, {}), reachable};
    std::vector<Instant> edges{asked.window.from, asked.window.until};
    return Places{Grid(std::move(edges)), reachable};
}

// Free coroutines, so that shards can call them.
io::Task<std::vector<HeadView>> views_there(Part* part, std::vector<SeriesId> series,
                                            Window window) {
    std::vector<HeadView> views;
    views.reserve(series.size());
    for (const SeriesId id : series) views.push_back(part->view(id, window, SIZE_MAX, false));
    co_return views;
}

// What came back so far of a question. On the asking shard only.
class Gathering {
public:
    explicit Gathering(const std::shared_ptr<Question>& question)
        : groups(question->groups()), question_(question) {}

    void arrived(Result<Found> found) {
        --running;
        if (found && outcome) join(std::move(*found));
        if (!found && outcome) {
            outcome = std::unexpected(found.error());
            question_->ended.request_stop();
        }
        if (wake_) std::exchange(wake_, nullptr)();
    }
    /// Returns when something has come back; one is running.
    io::Task<void> arrival() {
        auto start = [this](io::Answer<bool> answer) {
            auto kept = std::make_shared<io::Answer<bool>>(std::move(answer));
            wake_ = [kept] { (*kept)(true); };
        };
        auto woken = co_await io::suspend<bool>(std::move(start));
        (void)woken;
    }

    std::size_t running = 0;
    Result<void> outcome;
    std::vector<std::vector<Bucket>> groups;

private:
    void join(Found found) {
        for (auto& [group, buckets] : found) {
            std::vector<Bucket>& all = groups[group];
            const std::size_t before = all.size();
            if (before == 0) {
                all = std::move(buckets);
            } else if (!buckets.empty()) {
                join_to(all, buckets, scratch_);
            }
            buckets_ += all.size() - before;
        }
        if (buckets_ <= question_->buckets_max) return;
        outcome = fail(Code::exhausted, "more than " + std::to_string(question_->buckets_max) +
                                            " buckets: choose a longer step or fewer series");
        question_->ended.request_stop();
    }

    const std::shared_ptr<Question> question_;
    std::function<void()> wake_;
    std::vector<Bucket> scratch_;
    std::size_t buckets_ = 0;
};

io::Task<std::vector<Part::Newest>> newest_there(Part* part, std::vector<SeriesId> series) {
    std::vector<Part::Newest> all;
    all.reserve(series.size());
    for (const SeriesId id : series) all.push_back(part->newest(id));
    co_return all;
}

io::Task<std::vector<Part::Newest>> learn_there(Part* part, std::vector<SeriesId> series,
                                                std::vector<std::optional<Sample>> stored) {
    std::vector<Part::Newest> all;
    all.reserve(series.size());
    for (std::size_t index = 0; index < series.size(); ++index) {
        part->learn_newest(series[index], stored[index]);
        all.push_back(part->newest(series[index]));
    }
    co_return all;
}

io::Task<std::vector<Series>> chosen_there(Part* part, SeriesChoice choice,
                                           std::vector<std::uint32_t> machines,
                                           std::vector<Series> so_far) {
    const Dictionary& dictionary = part->dictionary();
    const auto take = [&](const MachineEntry& machine, const SeriesEntry& entry) {
        if (choice.fits && !choice.fits(machine.name, entry.tag)) return;
        so_far.push_back(dictionary.described(entry));
    };
    const auto look_at = [&](const MachineEntry& machine) {
        if (!choice.tags) {
            for (const auto& [tag, entry] : machine.series) take(machine, entry);
            return;
        }
        for (const std::string& tag : *choice.tags) {
            if (const auto found = machine.series.find(tag); found != machine.series.end())
                take(machine, found->second);
        }
    };
    for (const std::uint32_t index : machines) {
        const auto* machine =
            part->dictionary().machine(choice.organisation, (*choice.machines)[index]);
        if (machine != nullptr) look_at(*machine);
    }
    if (!choice.machines) {
        dictionary.each_machine([&](const MachineEntry& machine) {
            if (machine.organisation == choice.organisation) look_at(machine);
        });
    }
    co_return so_far;
}

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

}  // namespace

// Heads before chunks: what is sealed in between is then met twice, and never missed.
io::Task<std::vector<HeadView>> Engine::heads_of(std::shared_ptr<Question> question,
                                                 std::size_t first, std::size_t until) {
    std::vector<HeadView> all(until - first);
    for (auto& part : parts_) {
        std::vector<SeriesId> ids;
        std::vector<std::size_t> places;
        for (std::size_t index = first; index < until; ++index) {
            const Series& series = question->asked.series[index];
            if (&part_of(series.organisation, series.machine) != part.get()) continue;
            ids.push_back(series.id);
            places.push_back(index - first);
        }
        if (ids.empty()) continue;
        std::vector<HeadView> views;
        if (&part->shard() == &io::Shard::here()) {
            for (const SeriesId id : ids)
                views.push_back(part->view(id, question->reachable, SIZE_MAX, false));
        } else {
            auto there = co_await part->shard().call(&views_there, part.get(), std::move(ids),
                                                     question->reachable);
            views = std::move(there);
        }
        for (std::size_t index = 0; index < views.size(); ++index)
            all[places[index]] = std::move(views[index]);
    }
    co_return all;
}

// Batches are with the workers, two for each thread; what they find comes back to this shard.
io::Task<Result<std::vector<std::vector<Bucket>>>> Engine::ask(std::shared_ptr<Question> question) {
    if (question->asked.series.empty() || question->reachable.from >= question->reachable.until)
        co_return std::vector<std::vector<Bucket>>(question->groups());
    auto gathering = std::make_shared<Gathering>(question);
    io::Wheel::Timer deadline;
    bool is_late = false;
    if (question->asked.time_max.count() > 0) {
        io::Shard::here().wheel().arm(deadline, question->asked.time_max, [&is_late, question] {
            is_late = true;
            question->ended.request_stop();
        });
    }
    const std::size_t threads = reader_threads(parts_.size());
    const std::size_t count = question->asked.series.size();
    const std::size_t batch = question->batch(threads);
    std::size_t next = 0;
    while (gathering->running > 0 || (next < count && gathering->outcome)) {
        if (gathering->running >= 2 * threads || next >= count || !gathering->outcome) {
            co_await gathering->arrival();
            continue;
        }
        const std::size_t first = std::exchange(next, std::min(count, next + batch));
        auto heads = co_await heads_of(question, first, next);
        auto work = [this, gathering, question, first, heads = std::move(heads),
                     shard = &io::Shard::here()]() mutable {
            auto found =
                work_on(*question, first, std::move(heads), store_,
                        [this](std::string_view key, const Error& why) { note_damage(key, why); });
            shard->post([gathering, found = std::move(found)]() mutable {
                gathering->arrived(std::move(found));
            });
        };
        ++gathering->running;
        if (!readers_.try_post(std::move(work)))
            gathering->arrived(fail(Code::exhausted, "too many questions at once, try again"));
    }
    deadline.disarm();
    if (is_late) co_return fail(Code::timeout, "the question took too long: ask for less");
    if (!gathering->outcome) co_return std::unexpected(gathering->outcome.error());
    co_return std::move(gathering->groups);
}

io::Task<Result<std::vector<std::vector<Bucket>>>> Engine::aggregate(Aggregate asked) {
    auto places = places_of(asked, limits_);
    if (!places) co_return std::unexpected(places.error());
    const bool by_days = holds_days(places->grid);
    auto question =
        std::make_shared<Question>(std::move(asked), std::move(places->grid), places->reachable,
                                   limits_.aggregate_buckets_max, by_days);
    auto answer = co_await ask(std::move(question));
    co_return answer;
}

io::Task<Result<std::vector<Bucket>>> Engine::ask_one(Series series, Grid grid, Window reachable) {
    Aggregate asked;
    asked.series.push_back(std::move(series));
    const bool by_days = holds_days(grid);
    auto question = std::make_shared<Question>(std::move(asked), std::move(grid), reachable,
                                               limits_.buckets_max, by_days);
    auto answer = co_await ask(std::move(question));
    if (!answer) co_return std::unexpected(answer.error());
    co_return std::move(answer->front());
}

io::Task<Result<std::vector<Bucket>>> Engine::buckets(Series series, Window window,
                                                      std::chrono::microseconds step) {
    auto places = places_of(window, step);
    if (!places) co_return std::unexpected(places.error());
    auto found = co_await ask_one(std::move(series), std::move(places->grid), places->reachable);
    co_return found;
}

io::Task<Result<std::vector<Bucket>>> Engine::buckets(Series series, std::vector<Instant> edges) {
    auto places = places_between(std::move(edges), limits_.buckets_max);
    if (!places) co_return std::unexpected(places.error());
    auto found = co_await ask_one(std::move(series), std::move(places->grid), places->reachable);
    co_return found;
}

io::Task<Result<std::vector<std::optional<Sample>>>> Engine::newest(std::vector<Series> series) {
    std::vector<std::optional<Sample>> all(series.size());
    for (auto& part : parts_) {
        std::vector<SeriesId> ids;
        std::vector<std::size_t> places;
        for (std::size_t index = 0; index < series.size(); ++index) {
            if (&part_of(series[index].organisation, series[index].machine) != part.get()) continue;
            ids.push_back(series[index].id);
            places.push_back(index);
        }
        if (ids.empty()) continue;
        std::vector<Part::Newest> known;
        if (&part->shard() == &io::Shard::here()) {
            for (const SeriesId id : ids) known.push_back(part->newest(id));
        } else {
            auto there = co_await part->shard().call(&newest_there, part.get(), ids);
            known = std::move(there);
        }
        std::vector<SeriesId> unknown;
        std::vector<std::size_t> theirs;
        std::vector<std::optional<Sample>> stored;
        for (std::size_t index = 0; index < ids.size(); ++index) {
            all[places[index]] = std::move(known[index].sample);
            if (known[index].is_known) continue;
            auto found = co_await last(series[places[index]], instant_max);
            if (!found) co_return std::unexpected(found.error());
            unknown.push_back(ids[index]);
            theirs.push_back(places[index]);
            stored.push_back(std::move(*found));
        }
        if (unknown.empty()) continue;
        auto learnt = co_await part->shard().call(&learn_there, part.get(), std::move(unknown),
                                                  std::move(stored));
        for (std::size_t index = 0; index < learnt.size(); ++index)
            all[theirs[index]] = std::move(learnt[index].sample);
    }
    co_return all;
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
    std::vector<std::vector<std::uint32_t>> by_part(parts_.size());
    const std::size_t named = choice.machines ? choice.machines->size() : 0;
    for (std::size_t index = 0; index < named; ++index) {
        const ShardIndex owns = owner(choice.organisation, (*choice.machines)[index]);
        by_part[owns.number()].push_back(static_cast<std::uint32_t>(index));
    }
    std::vector<Series> all;
    for (std::size_t index = 0; index < parts_.size(); ++index) {
        if (choice.machines && by_part[index].empty()) continue;
        Part* part = parts_[index].get();
        if (&part->shard() == &io::Shard::here()) {
            auto more = co_await chosen_there(part, choice, std::move(by_part[index]),
                                              std::move(all));
            all = std::move(more);
        } else {
            auto more = co_await part->shard().call(&chosen_there, part, choice,
                                                    std::move(by_part[index]), std::move(all));
            all = std::move(more);
        }
    }
    put_in_order(all);
    co_return all;
}

}  // namespace lineshaft::history
