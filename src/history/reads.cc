// Reads: heads asked of their owner first, chunks where the caller is, merged.
#include <algorithm>

#include "base/log.h"
#include "history/engine.h"

namespace lineshaft::history {
namespace {

constexpr std::size_t cost_between_yields = 100'000;  // samples decoded: well under a millisecond
constexpr std::size_t damaged_keys_max = 10'000;

// A free coroutine, so that shards can call it.
io::Task<HeadView> view_there(Part* part, SeriesId series, Window window, std::size_t count_max,
                              bool is_descending) {
    co_return part->view(series, window, count_max, is_descending);
}

}  // namespace

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
    what.window.from = std::max(what.window.from, view.from);
    if (view.is_gone || what.window.from >= what.window.until) co_return;
    const auto cursor = chunk_cursor(store_, what.window);
    const Months months = months_of(*cursor);
    Merge merge(*cursor, months, view.may_be_fresh,
                codecs_[io::Shard::here().index().number()], what.series.id, what.window,
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
    Instant first = reachable.from;
    if (const auto day = std::chrono::days(1); trend.step >= day) {
        // Whole days from midnight on: so most of years is answered by days.
        first = start_of_day(day_of(reachable.from));
        trend.step = step_of({first, reachable.until}, columns_max);
        trend.step = (trend.step + day - std::chrono::microseconds(1)) / day * day;
    }
    Grid steps(first, trend.step);
    auto columns = co_await ask_one(std::move(series), std::move(steps), reachable);
    if (!columns) co_return std::unexpected(columns.error());
    trend.columns = std::move(*columns);
    co_return trend;
}

io::Task<Result<Columns>> Engine::columns(Series series, Window window, std::size_t count_max) {
    if (window.until < window.from)
        co_return fail(Code::invalid, "the window ends before it begins");
    if (count_max > limits_.read_samples_max) {
        co_return fail(Code::invalid,
                       "at most " + std::to_string(limits_.read_samples_max) + " samples");
    }
    ColumnsSink sink(count_max, limits_.read_text_bytes_max);
    Scan what{std::move(series), clamped(window), count_max};
    if (count_max > 0) co_await scan(std::move(what), &sink);
    if (sink.is_overfull()) {
        co_return fail(Code::exhausted, "the strings are over " +
                                            std::to_string(limits_.read_text_bytes_max) +
                                            " bytes: ask for fewer samples");
    }
    co_return std::move(sink.samples());
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

}  // namespace lineshaft::history
