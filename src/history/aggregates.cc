// Aggregates: what is asked of the kernel (kernel.h), from any shard.
#include <algorithm>

#include "history/engine.h"

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
    if (!asked.beside.empty()) {
        const bool are_pairs =
            std::ranges::equal(asked.beside, asked.series, [](const Series& a, const Series& b) {
                return a.organisation == b.organisation && a.machine == b.machine;
            });
        if (!are_pairs) return fail(Code::invalid, "beside each series stands one of its machine");
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

// What came back so far of a question, by group.
class Gathering {
public:
    explicit Gathering(const Question& question)
        : groups(question.groups()), buckets_max_(question.buckets_max) {}

    Result<void> join(Found found) {
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
        if (buckets_ <= buckets_max_) return {};
        return fail(Code::exhausted, "more than " + std::to_string(buckets_max_) +
                                         " buckets: choose a longer step or fewer series");
    }

    std::vector<std::vector<Bucket>> groups;

private:
    const std::size_t buckets_max_;
    std::vector<Bucket> scratch_;
    std::size_t buckets_ = 0;
};

}  // namespace

Result<std::shared_ptr<Question>> Engine::question_of(Aggregate asked) const {
    TRY(auto places, places_of(asked, limits_));
    const bool by_days = holds_days(places.grid);
    return std::make_shared<Question>(std::move(asked), std::move(places.grid), places.reachable,
                                      limits_.aggregate_buckets_max, by_days);
}

io::Task<Result<std::vector<std::vector<Bucket>>>> Engine::ask(std::shared_ptr<Question> question) {
    Gathering all(*question);
    if (question->asked.series.empty() || question->reachable.from >= question->reachable.until)
        co_return std::move(all.groups);
    io::Wheel::Timer deadline;
    bool is_late = false;
    if (question->asked.time_max.count() > 0) {
        io::Shard::here().wheel().arm(deadline, question->asked.time_max, [&is_late, question] {
            is_late = true;
            question->ended.request_stop();
        });
    }
    Result<void> outcome;
    auto found = co_await found_here(question);
    bool is_over = found && *found;
    if (!is_over && found) {
        auto asking = std::make_shared<Asking>(question, reader_threads(parts_.size()), false);
        while (outcome && !is_over) {
            auto more = co_await next_found(asking);
            if (more && *more) outcome = all.join(std::move(**more));
            if (!more) outcome = std::unexpected(std::move(more).error());
            is_over = more && !*more;
        }
        question->ended.request_stop();  // nobody wants what is left
    } else if (found) {
        outcome = all.join(std::move(**found));
    } else {
        outcome = std::unexpected(std::move(found).error());
    }
    deadline.disarm();
    if (is_late) co_return fail(Code::timeout, "the question took too long: ask for less");
    if (!outcome) co_return std::unexpected(std::move(outcome).error());
    co_return std::move(all.groups);
}

io::Task<Result<std::vector<std::vector<Bucket>>>> Engine::aggregate(Aggregate asked) {
    auto question = question_of(std::move(asked));
    if (!question) co_return std::unexpected(std::move(question).error());
    auto answer = co_await ask(std::move(*question));
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

}  // namespace lineshaft::history
