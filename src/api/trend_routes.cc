// Stored samples, as charts and as lists.
#include <fmt/format.h>

#include <charconv>

#include "api/render.h"
#include "api/routes.h"

namespace lineshaft::api {
namespace {

constexpr std::size_t tags_max = 50;
constexpr std::size_t columns_max = 4000;

// Finite numbers only: JSON has no others.
json::value number(double value) {
    return render(history::Value{value});
}

json::array raw_rows(const std::vector<history::Sample>& samples) {
    json::array rows;
    rows.reserve(samples.size());
    for (const auto& sample : samples) {
        const bool missing = sample.quality == history::Quality::missing;
        json::array row{sample.at.millis(), missing ? json::value(nullptr) : render(sample.value)};
        if (sample.quality != history::Quality::good)
            row.push_back(json::value(history::name_of(sample.quality)));
        rows.push_back(std::move(row));
    }
    return rows;
}

json::array column_rows(const std::vector<history::Bucket>& columns) {
    json::array rows;
    rows.reserve(columns.size());
    for (const auto& column : columns) {
        if (column.count == 0) continue;
        rows.push_back(json::array{column.start.millis(), number(column.min), number(column.max),
                                   number(column.average()), number(column.first),
                                   number(column.last), column.count});
    }
    return rows;
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

json::object trend_json(const history::Series& series, const history::Trend& trend,
                        const catalog::Tag* known) {
    json::object out{
        {"tag", series.tag},
        {"kind", history::name_of(series.kind)},
        {"unit", known && known->unit ? json::value(*known->unit) : json::value(nullptr)},
        {"raw", trend.is_raw}};
    if (trend.is_raw) {
        out["samples"] = raw_rows(trend.samples);
    } else {
        out["step_ms"] = static_cast<double>(trend.step.count()) / 1000.0;
        out["columns"] = column_rows(trend.columns);
    }
    return out;
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
    json::array out;
    for (const auto& series : all) {
        auto drawn = co_await call.services->history.trend(series, {from, until}, columns);
        if (!drawn) co_return std::unexpected(drawn.error());
        out.push_back(trend_json(series, *drawn,
                                 catalog->tag(call.organisation(), call.captured(0), series.tag)));
    }
    co_return reply(json::object{
        {"from", render_time(from)}, {"until", render_time(until)}, {"series", std::move(out)}});
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
    json::array items;
    for (const auto& sample : *found) {
        json::object row = render_brief({"", sample});
        row.erase("tag");
        items.push_back(std::move(row));
    }
    json::value next = nullptr;
    if (found->size() == limit) next = render_time(found->back().at);
    co_return reply(json::object{{"items", std::move(items)}, {"next", std::move(next)}});
}

}  // namespace

void add_trend_routes(http::Router& router, Services& services) {
    serve(router, services, "GET", "/api/v1/machines/{machine}/trend", &trend);
    serve(router, services, "GET", "/api/v1/machines/{machine}/samples", &samples);
}

}  // namespace lineshaft::api
