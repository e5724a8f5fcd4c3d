// Stored samples, as charts and as lists.
#include <fmt/format.h>

#include <charconv>

#include "api/render.h"
#include "api/routes.h"

namespace lineshaft::api {
namespace {

constexpr std::size_t tags_max = 50;
constexpr std::size_t columns_max = 4000;

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
    std::size_t columns = 0;
    const auto [end, problem] =
        std::from_chars(asked->data(), asked->data() + asked->size(), columns);
    if (problem != std::errc() || end != asked->data() + asked->size() || columns < 1 ||
        columns > columns_max) {
        return fail(Code::invalid, fmt::format("columns must be 1 to {}", columns_max));
    }
    return columns;
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

// From the oldest sample of all the series, where no `from` was asked.
io::Task<Instant> oldest(Call& call, std::vector<history::Series> all, Instant otherwise) {
    Instant from = otherwise;
    for (const auto& series : all) {
        auto extent = co_await call.services->history.extent(series);
        if (extent && *extent) from = std::min(from, (*extent)->from);
    }
    co_return from;
}

void put_trend(JsonOut& out, const history::Series& series, const history::Trend& trend,
               const catalog::Tag* known) {
    out.object().name("tag").text(series.tag).name("kind").text(history::name_of(series.kind));
    out.name("unit");
    if (known && known->unit)
        out.text(*known->unit);
    else
        out.null();
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
    CO_TRY(const auto tags, tags_of(call.request));
    CO_TRY(const auto columns, columns_of(call.request));
    CO_TRY(const auto asked_from, time_of(call.request, "from"));
    CO_TRY(const auto asked_until, time_of(call.request, "until"));
    std::vector<history::Series> all;
    for (const auto& tag : tags) {
        auto series =
            co_await call.services->history.find(call.organisation(), call.captured(0), tag);
        if (!series) co_return std::unexpected(series.error());
        all.push_back(std::move(*series));
    }
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

struct Page {
    Window window;
    history::History::Order order = history::History::Order::ascending;
};

// The window a page of samples covers: a cursor continues behind the last one given.
Result<Page> page_of(const http::Request& request) {
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
    CO_TRY(const auto page, page_of(call.request));
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
    serve(router, services, "GET", "/api/v1/machines/{machine}/samples", &samples);
}

}  // namespace lineshaft::api
