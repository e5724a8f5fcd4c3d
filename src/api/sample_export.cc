// Everything machines said, as CSV or a JSON object a line: read page by page, sent as it is read.
#include <fmt/format.h>

#include <cmath>

#include "api/json_out.h"
#include "api/render.h"
#include "api/routes.h"
#include "base/log.h"

namespace lineshaft::api {
namespace {

constexpr std::size_t samples_per_page = 10'000;
constexpr std::size_t piece_bytes = 256 * 1024;
constexpr std::string_view sample_csv_head = "machine,tag,time,value,quality\r\n";

struct SampleExport {
    history::History& history;
    std::vector<history::Series> series;
    Window window;
    bool is_csv = false;
};

std::string quoted_field(std::string_view text) {
    if (text.find_first_of(",\"\r\n") == text.npos) return std::string(text);
    std::string out = "\"";
    for (const char letter : text) {
        if (letter == '"') out += '"';
        out += letter;
    }
    return out + "\"";
}

// As PostgreSQL reads them.
void put_number(std::string& out, double value) {
    if (std::isnan(value))
        out += "NaN";
    else if (std::isinf(value))
        out += value > 0 ? "Infinity" : "-Infinity";
    else
        fmt::format_to(std::back_inserter(out), "{}", value);
}

void put_csv_value(std::string& out, const history::Sample& sample) {
    if (sample.quality == history::Quality::missing) return;
    if (const auto* real = std::get_if<double>(&sample.value))
        put_number(out, *real);
    else if (const auto* whole = std::get_if<std::int64_t>(&sample.value))
        fmt::format_to(std::back_inserter(out), "{}", *whole);
    else if (const auto* flag = std::get_if<bool>(&sample.value))
        out += *flag ? "true" : "false";
    else if (const auto& said = std::get<std::string>(sample.value); said.empty())
        out += "\"\"";  // a text without letters, not nothing
    else
        out += quoted_field(said);
}

void put_csv(std::string& out, std::string_view name, const history::Sample& sample) {
    out += name;
    out += to_rfc3339(sample.at);
    out += ',';
    put_csv_value(out, sample);
    out += ',';
    out += history::name_of(sample.quality);
    out += "\r\n";
}

void put_ndjson(std::string& out, const history::Series& series, const history::Sample& sample) {
    JsonOut line;
    line.object().name("machine").text(series.machine).name("tag").text(series.tag);
    line.name("time").time(sample.at).name("value");
    if (sample.quality == history::Quality::missing)
        line.null();
    else
        put(line, sample.value);
    line.name("quality").text(history::name_of(sample.quality)).end_object();
    out += line.take();
    out += '\n';
}

io::Task<Result<void>> send_page(http::BodyWriter& out, const SampleExport& work,
                                 const history::Series& series, const history::Columns& page) {
    const std::string name = quoted_field(series.machine) + "," + quoted_field(series.tag) + ",";
    std::string piece;
    for (std::size_t index = 0; index < page.size(); ++index) {
        if (work.is_csv)
            put_csv(piece, name, page.sample(index));
        else
            put_ndjson(piece, series, page.sample(index));
        if (piece.size() < piece_bytes && index + 1 < page.size()) continue;
        auto sent = co_await out.write(piece);
        if (!sent) co_return sent;
        piece.clear();
    }
    co_return Result<void>{};
}

// A failure ends the answer without its last chunk, so that the client can tell.
io::Task<void> send_samples(std::shared_ptr<SampleExport> work, http::BodyWriter& out) {
    if (work->is_csv) {
        auto sent = co_await out.write(sample_csv_head);
        if (!sent) co_return;
    }
    for (const history::Series& series : work->series) {
        Window left = work->window;
        while (out.is_open() && left.from < left.until) {
            auto page = co_await work->history.columns(series, left, samples_per_page);
            if (!page) log::warn("export of samples: {}", page.error().context);
            const history::Columns& some = page.value();  // else it ends like a broken stream
            if (some.is_empty()) break;
            auto sent = co_await send_page(out, *work, series, some);
            if (!sent) co_return;
            if (some.size() < samples_per_page) break;
            left.from = Instant{some.at.back() + 1};
        }
    }
}

io::Task<Answer> export_samples(Call call) {
    CO_TRY(const auto from, time_of(call.request, "from"));
    CO_TRY(const auto until, time_of(call.request, "until"));
    const auto format = call.request.asked("format").value_or("ndjson");
    if (format != "ndjson" && format != "csv")
        co_return fail(Code::invalid, "format must be ndjson or csv");
    auto& history = call.services->history;
    const Window window{from.value_or(Instant{INT64_MIN}), until.value_or(Instant{INT64_MAX})};
    if (window.until < window.from) co_return fail(Code::invalid, "from must lie before until");
    auto work = std::make_shared<SampleExport>(SampleExport{history, {}, window, format == "csv"});
    work->series = co_await history.series_of(call.organisation());
    // What the node itself writes of a machine is no sample of it.
    std::erase_if(work->series, [](const history::Series& one) { return one.tag.starts_with('$'); });
    for (const char* member : {"machine", "tag"}) {
        const auto wanted = call.request.asked(member);
        if (!wanted) continue;
        std::erase_if(work->series, [&](const history::Series& one) {
            return (member[0] == 'm' ? one.machine : one.tag) != *wanted;
        });
    }
    http::Response response;
    response.set("content-type", work->is_csv ? "text/csv; charset=utf-8" : "application/x-ndjson");
    response.set("content-disposition", fmt::format("attachment; filename=\"samples.{}\"", format));
    response.stream = [work](http::BodyWriter& writer) { return send_samples(work, writer); };
    co_return response;
}

}  // namespace

void add_sample_export(http::Router& router, Services& services) {
    serve(router, services, "GET", "/api/v1/export/samples", &export_samples);
}

}  // namespace lineshaft::api
