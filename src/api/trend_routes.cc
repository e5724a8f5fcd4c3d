// Stored samples, as charts, by the calendar and as lists.
#include <fmt/format.h>

#include <algorithm>

#include "api/render.h"
#include "api/routes.h"
#include "base/number.h"
#include "calendar/calendar.h"

namespace lineshaft::api {
namespace {

constexpr std::size_t tags_max = 50;
constexpr std::size_t columns_max = 4000;
constexpr std::size_t periods_max = 4000;
constexpr std::size_t cadence_samples = 257;  // the newest, whose median distance is the cadence

void put_rows(JsonOut& out, const std::vector<history::Sample>& samples) {
    for (const auto& sample : samples) {
        out.array().number(sample.at.millis());
        if (sample.quality == history::Quality::missing)
            out.null();
        else
            put(out, sample.value);
        if (sample.quality != history::Quality::good) out.text(history::name_of(sample.quality));
        out.end_array();
    }
}

void put_rows(JsonOut& out, const std::vector<history::Bucket>& columns) {
    for (const auto& column : columns) {
        if (column.count == 0) continue;
        out.array().number(column.start.millis()).number(column.min).number(column.max);
        out.number(column.average()).number(column.first).number(column.last);
        out.number(column.count).end_array();
    }
}

Result<std::size_t> columns_of(const http::Request& request) {
    const auto asked = request.asked("columns");
    if (!asked) return std::size_t{800};
    const auto columns = number_from<std::size_t>(*asked);
    if (!columns || *columns < 1 || *columns > columns_max)
        return fail(Code::invalid, fmt::format("columns must be 1 to {}", columns_max));
    return *columns;
}

Result<std::vector<std::string>> tags_of(const http::Request& request) {
    std::vector<std::string> tags;
    for (const auto& field : request.query) {
        if (field.name == "tag") tags.push_back(field.value);
    }
    if (tags.empty() || tags.size() > tags_max) {
        return fail(Code::invalid,
                    fmt::format("ask for 1 to {} tags: ?tag=speed&tag=needle", tags_max));
    }
    return tags;
}

// The series of ?tag=.
io::Task<Result<std::vector<history::Series>>> series_asked(Call& call) {
    CO_TRY(const auto tags, tags_of(call.request));
    std::vector<history::Series> all;
    for (const auto& tag : tags) {
        auto series =
            co_await call.services->history.find(call.organisation(), call.captured(0), tag);
        if (!series) co_return std::unexpected(series.error());
        all.push_back(std::move(*series));
    }
    co_return all;
}

// From the oldest sample of all the series, where no `from` was asked.
io::Task<Instant> oldest(Call& call, std::vector<history::Series> all, Instant otherwise) {
    Instant from = otherwise;
    for (const auto& series : all) {
        auto extent = co_await call.services->history.extent(series);
        if (extent && *extent) from = std::min(from, (*extent)->from);
    }
    co_return from;
}

void put_series(JsonOut& out, const history::Series& series, const catalog::Tag* known) {
    out.name("tag").text(series.tag).name("kind").text(history::name_of(series.kind));
    out.name("unit").text_or_null(known ? known->unit.value_or("") : "");
}

void put_trend(JsonOut& out, const history::Series& series, const history::Trend& trend,
               const catalog::Tag* known) {
    put_series(out.object(), series, known);
    out.name("raw").flag(trend.is_raw);
    if (trend.is_raw) {
        put_rows(out.name("samples").array(), trend.samples);
    } else {
        out.name("step_ms").number(static_cast<double>(trend.step.count()) / 1000.0);
        put_rows(out.name("columns").array(), trend.columns);
    }
    out.end_array().end_object();
}

io::Task<Answer> trend(Call call) {
    CO_TRY(const auto columns, columns_of(call.request));
    CO_TRY(const auto asked_from, time_of(call.request, "from"));
    CO_TRY(const auto asked_until, time_of(call.request, "until"));
    auto asked = co_await series_asked(call);
    if (!asked) co_return std::unexpected(asked.error());
    const auto& all = *asked;
    const Instant until = asked_until.value_or(io::Shard::here().now() + std::chrono::seconds{1});
    Instant from = asked_from.value_or(until);
    if (!asked_from) from = co_await oldest(call, all, until - std::chrono::minutes{1});
    if (from >= until) co_return fail(Code::invalid, "from must lie before until");
    const auto catalog = call.services->desk.snapshot();
    JsonOut out;
    out.object().name("from").time(from).name("until").time(until).name("series").array();
    for (const auto& series : all) {
        auto drawn = co_await call.services->history.trend(series, {from, until}, columns);
        if (!drawn) co_return std::unexpected(drawn.error());
        put_trend(out, series, *drawn,
                  catalog->tag(call.organisation(), call.captured(0), series.tag));
    }
    co_return reply_text(out.end_array().end_object().take());
}

// Minutes after local midnight. Errors: invalid.
Result<std::optional<std::chrono::minutes>> day_start_of(const http::Request& request) {
    const auto asked = request.asked("day_starts");
    if (!asked) return std::optional<std::chrono::minutes>();
    const std::string text(*asked);
    const auto two = [&](std::size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); };
    const auto is_digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '9'; };
    if (text.size() != 5 || text[2] != ':' || !is_digit(0) || !is_digit(1) || !is_digit(3) ||
        !is_digit(4) || two(0) > 23 || two(3) > 59) {
        return fail(Code::invalid, "day_starts is a time of day, 06:00 say");
    }
    return std::optional(std::chrono::minutes(60 * two(0) + two(3)));
}

// In the calendar of the site the machine stands on; without a site in UTC.
Result<calendar::Calendar> calendar_of(const Call& call, const catalog::Snapshot& catalog) {
    calendar::Rules rules;
    TRY(const auto day_starts, day_start_of(call.request));
    const auto* entry = catalog.machine(call.organisation(), call.captured(0));
    const auto* site = entry != nullptr && entry->machine.site
                           ? catalog.site(call.organisation(), *entry->machine.site)
                           : nullptr;
    if (site != nullptr) {
        rules.time_zone = site->time_zone;
        rules.day_starts = site->calendar.day_starts;
        rules.week_starts = site->calendar.week_starts;
        for (const auto& shift : site->calendar.shifts)
            rules.shifts.push_back({shift.name, shift.starts});
    }
    if (day_starts) rules.day_starts = *day_starts;
    return calendar::Calendar::make(std::move(rules));
}

Result<std::vector<calendar::Period>> periods_of(const Call& call,
                                                 const calendar::Calendar& calendar,
                                                 Window window) {
    TRY(const auto unit, calendar::unit_of(call.request.asked("by").value_or("day")));
    if (unit == calendar::Unit::shift && calendar.rules().shifts.empty()) {
        return fail(Code::invalid,
                    "the machine's site has no shifts: set them there, or ask by hour, day or week");
    }
    return calendar.periods(unit, window, periods_max);
}

// What is expected of a series: the median distance of its newest samples; zero: nobody can tell.
io::Task<Result<std::chrono::microseconds>> cadence_of(Call& call, history::Series series,
                                                       Instant until) {
    auto newest =
        co_await call.services->history.read(std::move(series), {Instant{INT64_MIN}, until},
                                             cadence_samples, history::History::Order::descending);
    if (!newest) co_return std::unexpected(newest.error());
    std::vector<std::chrono::microseconds> distances;
    for (std::size_t index = 1; index < newest->size(); ++index)
        distances.push_back((*newest)[index - 1].at - (*newest)[index].at);
    if (distances.size() < 2) co_return std::chrono::microseconds{0};
    const auto middle = distances.begin() + static_cast<std::ptrdiff_t>(distances.size() / 2);
    std::ranges::nth_element(distances, middle);
    co_return *middle;
}

// Of the part of `period` that the series could fill: since its first sample, until now.
// Where all of it is thinned, one sample is expected for each step, once it has been thinned.
std::optional<double> completeness(const history::Bucket& bucket, Window period, Window could,
                                   std::chrono::microseconds cadence,
                                   const history::History::Keeping& keeping) {
    const Instant from = std::max(period.from, could.from);
    const Instant until = std::min(period.until, could.until);
    if (cadence.count() == 0 || from >= until) return std::nullopt;
    auto expected = std::max<std::int64_t>(1, (until - from) / cadence);
    if (until <= keeping.thinned_until && keeping.resolution > cadence) {
        const auto steps = std::max<std::int64_t>(1, (until - from) / keeping.resolution);
        if (static_cast<std::int64_t>(bucket.count_all) <= steps + 1) expected = steps;
    }
    return std::min(1.0, static_cast<double>(bucket.count_all) / static_cast<double>(expected));
}

void put_period(JsonOut& out, const calendar::Period& period, const history::Bucket& bucket,
                std::optional<double> complete) {
    out.object().name("label").text(period.label);
    out.name("from").time(period.window.from).name("until").time(period.window.until);
    out.name("samples").number(bucket.count_all).name("count").number(bucket.count);
    const std::pair<std::string_view, double> numbers[] = {
        {"min", bucket.min}, {"max", bucket.max},     {"average", bucket.average()},
        {"sum", bucket.sum}, {"first", bucket.first}, {"last", bucket.last}};
    for (const auto& [name, value] : numbers) {
        out.name(name);
        bucket.count == 0 ? out.null() : out.number(value);
    }
    out.name("completeness");
    complete ? out.number(*complete) : out.null();
    out.end_object();
}

io::Task<Result<void>> put_periods(JsonOut& out, Call& call, const history::Series& series,
                                   const std::vector<calendar::Period>& periods) {
    std::vector<Instant> edges;
    for (const auto& period : periods) edges.push_back(period.window.from);
    edges.push_back(periods.back().window.until);
    auto& history = call.services->history;
    auto buckets = co_await history.buckets(series, std::move(edges));
    if (!buckets) co_return std::unexpected(buckets.error());
    auto cadence = co_await cadence_of(call, series, periods.back().window.until);
    if (!cadence) co_return std::unexpected(cadence.error());
    auto extent = co_await history.extent(series);
    if (!extent) co_return std::unexpected(extent.error());
    const Instant now = io::Shard::here().now();
    auto keeping = co_await history.keeping(series);
    const Window could{std::max(*extent ? (*extent)->from : now, keeping.from), now};
    put_series(
        out.object(), series,
        call.services->desk.snapshot()->tag(call.organisation(), call.captured(0), series.tag));
    out.name("cadence_ms");
    cadence->count() == 0 ? out.null() : out.number(static_cast<double>(cadence->count()) / 1e3);
    out.name("kept_from");
    keeping.from.micros == INT64_MIN ? out.null() : out.time(keeping.from);
    out.name("periods").array();
    auto bucket = buckets->begin();
    for (const auto& period : periods) {
        const bool is_filled = bucket != buckets->end() && bucket->start == period.window.from;
        const history::Bucket here = is_filled ? *bucket++ : history::Bucket{};
        put_period(out, period, here, completeness(here, period.window, could, *cadence, keeping));
    }
    out.end_array().end_object();
    co_return Result<void>{};
}

io::Task<Answer> periods(Call call) {
    CO_TRY(const auto asked_from, time_of(call.request, "from"));
    CO_TRY(const auto asked_until, time_of(call.request, "until"));
    const Instant until = asked_until.value_or(io::Shard::here().now());
    const Instant from = asked_from.value_or(until - std::chrono::hours{24 * 30});
    if (from >= until) co_return fail(Code::invalid, "from must lie before until");
    CO_TRY(const auto calendar, calendar_of(call, *call.services->desk.snapshot()));
    CO_TRY(const auto all, periods_of(call, calendar, {from, until}));
    auto asked = co_await series_asked(call);
    if (!asked) co_return std::unexpected(asked.error());
    JsonOut out;
    out.object().name("time_zone").text(calendar.rules().time_zone).name("series").array();
    for (const auto& series : *asked) {
        auto put = co_await put_periods(out, call, series, all);
        if (!put) co_return std::unexpected(put.error());
    }
    co_return reply_text(out.end_array().end_object().take());
}

struct Page {
    Window window;
    history::History::Order order = history::History::Order::ascending;
};

// The window a page of samples covers: a cursor continues behind the last one given.
Result<Page> raw_page_of(const http::Request& request) {
    TRY(const auto from, time_of(request, "from"));
    TRY(const auto until, time_of(request, "until"));
    TRY(const auto cursor, time_of(request, "cursor"));
    Page page{{from.value_or(Instant{0}),
               until.value_or(io::Shard::here().now() + std::chrono::hours{24 * 366})}};
    const auto order = request.asked("order").value_or("asc");
    if (order != "asc" && order != "desc") return fail(Code::invalid, "order must be asc or desc");
    if (order == "desc") page.order = history::History::Order::descending;
    if (cursor && order == "asc") page.window.from = *cursor + std::chrono::microseconds{1};
    if (cursor && order == "desc") page.window.until = *cursor;
    return page;
}

io::Task<Answer> samples(Call call) {
    CO_TRY(const auto limit, limit_of(call.request, 1000, 10'000));
    CO_TRY(const auto page, raw_page_of(call.request));
    const auto tag = call.request.asked("tag");
    if (!tag) co_return fail(Code::invalid, "ask for one tag: ?tag=speed");
    auto series = co_await call.services->history.find(call.organisation(), call.captured(0),
                                                       std::string(*tag));
    if (!series) co_return std::unexpected(series.error());
    auto found =
        co_await call.services->history.read(std::move(*series), page.window, limit, page.order);
    if (!found) co_return std::unexpected(found.error());
    JsonOut out;
    out.object().name("items").array();
    for (const auto& sample : *found) put_sample(out, sample);
    out.end_array().name("next");
    if (found->size() == limit)
        out.time(found->back().at);
    else
        out.null();
    co_return reply_text(out.end_object().take());
}

}  // namespace

void add_trend_routes(http::Router& router, Services& services) {
    serve(router, services, "GET", "/api/v1/machines/{machine}/trend", &trend);
    serve(router, services, "GET", "/api/v1/machines/{machine}/periods", &periods);
    serve(router, services, "GET", "/api/v1/machines/{machine}/samples", &samples);
}

}  // namespace lineshaft::api
