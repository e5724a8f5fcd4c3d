// Identifiers by the million, in and out: docs/protocols/naming-api.md, "Bulk".
#include <fmt/format.h>

#include "api/audited.h"
#include "api/naming.h"
#include "api/render.h"
#include "api/routes.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/number.h"
#include "io/pause.h"
#include "trust/secrets.h"
#include "wire/handle/names.h"

namespace lineshaft::api {
namespace {

using handle::Value;
using identity::BulkRow;
using identity::Change;
using identity::Receipt;
using identity::RowState;

constexpr io::Steady gather_wait{30};   // for more rows of a window that has some
constexpr io::Steady silence_max{60'000};
constexpr std::size_t parse_bytes = 16 << 10;

enum class Receipts : std::uint8_t { all, refused, none };

/// One request's rows on their way; lives in its streamer.
struct Sending {
    Call call;
    NamingDesk* desk = nullptr;
    identity::BulkRun run;
    Receipts receipts = Receipts::all;
    io::Steady begun_at{0};
    std::uint64_t rows_before = 0;

    std::string pending;        // bytes behind the last whole line
    bool skips_line = false;    // the rest of a line that was too long
    bool has_ended = false;
    std::vector<BulkRow> rows;  // of the window that fills
    std::size_t rows_bytes = 0;
    std::size_t wanted = 0;     // rows of the window
    std::map<std::string, bool, std::less<>> own;  // prefixes asked about

    explicit Sending(Call from) : call(std::move(from)) {}

    bool owns(const std::string& prefix) {
        const auto [at, is_new] = own.try_emplace(prefix, false);
        if (is_new) at->second = check_own(call, prefix).has_value();
        if (own.size() > 10'000) own.clear();
        return is_new ? check_own(call, prefix).has_value() : at->second;
    }
};

Result<std::string> row_text(const json::object& from, std::string_view name) {
    const auto* found = from.if_contains(name);
    if (found == nullptr) return std::string();
    if (!found->is_string()) return fail(Code::invalid, fmt::format("\"{}\" must be a text", name));
    return std::string(found->get_string());
}

Result<void> read_name(const json::object& from, Change& to) {
    TRY(to.handle, row_text(from, "handle"));
    TRY(const auto prefix, row_text(from, "prefix"));
    TRY(const auto suffix, row_text(from, "suffix"));
    if (to.handle.empty() == prefix.empty())
        return fail(Code::invalid, "either \"handle\" or \"prefix\" is needed");
    if (prefix.empty()) return {};
    to.handle = prefix + "/" + suffix;
    to.mints_suffix = suffix.empty();
    return {};
}

Result<Change> read_row(std::string_view line, json::storage_ptr memory) {
    boost::system::error_code problem;
    json::parse_options options;
    options.max_depth = 16;
    const json::value body = json::parse(line, problem, std::move(memory), options);
    if (problem || !body.is_object())
        return fail(Code::invalid, problem ? "no JSON: " + problem.message() : "no JSON object");
    const auto& from = body.get_object();
    for (const auto& member : from) {
        const std::string_view name(member.key());
        if (name != "handle" && name != "prefix" && name != "suffix" && name != "values" &&
            name != "delete" && name != "if_exists" && name != "page" && name != "changed_at")
            return fail(Code::invalid, fmt::format("there is no member \"{}\"", name));
    }
    Change out;
    out.keeps_same = true;
    TRY_VOID(read_name(from, out));
    if (const auto* removes = from.if_contains("delete")) {
        if (!removes->is_bool() || !removes->get_bool() || out.mints_suffix)
            return fail(Code::invalid, "\"delete\" must be true, of a whole name");
        out.kind = Change::Kind::remove;
        return out;
    }
    TRY(const auto exists, row_text(from, "if_exists"));
    if (exists == "replace") {
        out.kind = Change::Kind::replace_values;
    } else if (exists == "refuse") {
        out.keeps_same = false;
    } else if (exists != "" && exists != "keep") {
        return fail(Code::invalid, "\"if_exists\" must be keep, refuse or replace");
    }
    if (const auto* values = from.if_contains("values")) {
        TRY(out.values, values_in(*values, {}));
    }
    const auto [prefix, suffix] = handle::split_name(handle::canonical(out.handle, true));
    add_admin(out.values, prefix == "0.NA" ? suffix : prefix);
    return out;
}

void take_line(Sending& sending, std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_not_of(" \t") == line.npos) return;
    BulkRow row;
    row.hash = hash64(line);
    unsigned char buffer[parse_bytes];
    json::monotonic_resource memory(buffer, sizeof buffer);
    auto change = read_row(line, &memory);
    if (!change) {
        row.why = std::move(change.error().context);
    } else {
        row.change = std::move(*change);
        const std::string name = handle::canonical(row.change.handle, true);
        std::string prefix = prefix_of_handle(name);
        // A prefix handle belongs to whom the prefix comes from.
        if (const auto above = handle::parent_prefix(prefix);
            name.starts_with("0.NA/") && !above.empty())
            prefix = std::string(above);
        if (!sending.owns(prefix)) row.why = "no such prefix here";
    }
    sending.rows_bytes += line.size();
    sending.rows.push_back(std::move(row));
}

bool is_full(const Sending& sending, std::size_t bytes_max) {
    const bool is_known = sending.run.next_row <= sending.run.job.rows;
    return sending.rows.size() >= sending.wanted ||
           (!is_known && sending.rows_bytes >= bytes_max);
}

// Whole lines of what has come, until the window is full.
void take_lines(Sending& sending) {
    const auto& limits = sending.desk->jobs.limits();
    std::size_t from = 0;
    while (!is_full(sending, limits.window_bytes)) {
        const auto end = sending.pending.find('\n', from);
        if (end == sending.pending.npos) break;
        const std::string_view line = std::string_view(sending.pending).substr(from, end - from);
        if (sending.skips_line) {
            sending.skips_line = false;
        } else if (line.size() > limits.line_bytes_max) {
            sending.rows.push_back({{}, "the line is too long", hash64("too long")});
        } else {
            take_line(sending, line);
        }
        from = end + 1;
    }
    sending.pending.erase(0, from);
    const bool is_long = sending.pending.size() > limits.line_bytes_max &&
                         sending.pending.find('\n') == sending.pending.npos;
    if (is_long) {
        if (!sending.skips_line)
            sending.rows.push_back({{}, "the line is too long", hash64("too long")});
        sending.skips_line = true;
        sending.pending.clear();
    }
    if (!sending.has_ended || sending.pending.empty() || is_full(sending, limits.window_bytes) ||
        sending.pending.contains('\n'))
        return;
    if (!sending.skips_line) take_line(sending, sending.pending);
    sending.pending.clear();
}

// Until the window is full, the rows have ended, or some wait and no more come for a moment.
io::Task<Result<void>> gather(Sending* sending) {
    const auto& limits = sending->desk->jobs.limits();
    CO_TRY(sending->wanted, sending->desk->jobs.window(sending->run));
    for (;;) {
        take_lines(*sending);
        if (is_full(*sending, limits.window_bytes)) co_return Result<void>{};
        if (sending->has_ended) co_return Result<void>{};
        auto piece = co_await sending->call.body->read(sending->rows.empty() ? silence_max
                                                                             : gather_wait);
        if (!piece && piece.error().code == Code::timeout && !sending->rows.empty())
            co_return Result<void>{};
        if (!piece) co_return std::unexpected(piece.error());
        if (piece->empty()) {
            sending->has_ended = true;
        } else {
            sending->pending += *piece;
        }
    }
}

std::string receipts_text(const std::vector<Receipt>& all, Receipts which) {
    JsonOut out;
    std::string text;
    for (const Receipt& one : all) {
        if (which == Receipts::none) break;
        if (which == Receipts::refused && one.state != RowState::refused) continue;
        JsonOut line;
        line.object().name("row").number(one.row).name("status").text(name_of(one.state));
        if (!one.handle.empty()) line.name("handle").text(one.handle);
        if (!one.why.empty()) line.name("why").text(one.why);
        text += line.end_object().take();
        text += '\n';
    }
    return text;
}

json::object job_out(const identity::BulkJob& job, bool is_running) {
    return {{"key", job.key},
            {"state", is_running ? "running" : job.is_done ? "done" : "stopped"},
            {"by", job.by},
            {"begun_at", render_time(job.begun_at)},
            {"changed_at", render_time(job.changed_at)},
            {"rows", job.rows},
            {"made", job.made},
            {"changed", job.changed},
            {"kept", job.kept},
            {"deleted", job.deleted},
            {"refused", job.refused},
            {"resume_from", job.rows + 1}};
}

std::string done_text(const Sending& sending) {
    const auto took = (io::Shard::here().clock().steady() - sending.begun_at).count();
    json::object line{{"done", true}};
    for (auto& [name, value] : job_out(sending.run.job, false)) {
        if (name != "state" && name != "by" && name != "begun_at" && name != "changed_at")
            line[name] = value;
    }
    line["took_ms"] = took;
    line["rows_per_s"] = took == 0 ? json::value(nullptr)
                                   : json::value(double(sending.run.next_row - sending.rows_before) *
                                                 1'000.0 / double(took));
    return json_text(line) + "\n";
}

// Windows until the rows end; what stopped it is the last line.
io::Task<Result<bool>> send_windows(Sending* sending, http::BodyWriter* out) {
    for (;;) {
        auto gathered = co_await gather(sending);
        if (!gathered) co_return std::unexpected(gathered.error());
        if (sending->rows.empty() && sending->has_ended) co_return true;
        sending->rows_bytes = 0;
        auto rows = std::exchange(sending->rows, {});
        auto told = co_await sending->desk->jobs.take(&sending->run, std::move(rows));
        if (!told) co_return std::unexpected(told.error());
        const std::string text = receipts_text(*told, sending->receipts);
        auto written = co_await out->write(text);
        if (!written) co_return std::unexpected(written.error());
        if (sending->run.job.refused > sending->desk->jobs.limits().refused_max)
            co_return fail(Code::exhausted, "too many rows were refused: mend them first");
    }
}

io::Task<void> send(std::shared_ptr<Sending> sending, http::BodyWriter* out) {
    auto sent = co_await send_windows(sending.get(), out);
    auto ended = co_await sending->desk->jobs.end(&sending->run, sent.has_value());
    const auto& job = sending->run.job;
    auto line = trust::audit_of(
        *sending->call.principal, sending->call.request.peer.address, "identifier.bulk", job.key,
        fmt::format("rows={}, made={}, changed={}, kept={}, deleted={}, refused={}{}", job.rows,
                    job.made, job.changed, job.kept, job.deleted, job.refused,
                    sent ? "" : ": " + sent.error().context));
    auto recorded = co_await sending->call.services->audit->record(std::move(line));
    if (!recorded) log::error("the end of bulk job {} is not recorded", job.key);
    std::string last = done_text(*sending);
    if (!sent || !ended) {
        const auto& why = sent ? ended.error().context : sent.error().context;
        last = json_text(json::object{{"error", why}, {"resume_from", job.rows + 1}}) + "\n";
    }
    (void)co_await out->write(last);
}

Result<std::string> key_of(const http::Request& request) {
    std::string key(request.header("idempotency-key"));
    if (key.empty()) return "job-" + to_hex(as_bytes(trust::random_bytes(8)));
    const bool is_plain = key.size() <= 128 && std::ranges::all_of(key, [](char c) {
        return c > ' ' && c <= '~' && c != '/';
    });
    if (!is_plain) return fail(Code::invalid, "Idempotency-Key: 1 to 128 printable letters, no slash");
    return key;
}

Result<Receipts> receipts_of(const http::Request& request) {
    const auto asked = request.asked("receipts").value_or("all");
    if (asked == "all") return Receipts::all;
    if (asked == "refused") return Receipts::refused;
    if (asked == "none") return Receipts::none;
    return fail(Code::invalid, "receipts= must be all, refused or none");
}

io::Task<Answer> bulk(Call call) {
    CO_TRY(NamingDesk* const desk, naming_of(call));
    CO_TRY_VOID(check_takes_changes(*desk));
    CO_TRY(auto key, key_of(call.request));
    CO_TRY(const auto receipts, receipts_of(call.request));
    std::uint64_t from = 1;
    if (const auto asked = call.request.asked("from")) {
        from = number_from<std::uint64_t>(*asked).value_or(0);
        if (from == 0)
            co_return fail(Code::invalid, "from= must be the number of a row, from 1");
    }
    auto line = trust::audit_of(*call.principal, call.request.peer.address, "identifier.bulk", key,
                                fmt::format("from={}", from));
    auto refused = co_await record_first(call.services, std::move(line));
    if (refused) co_return std::move(*refused);
    auto run = co_await desk->jobs.begin(call.organisation().number(), std::move(key),
                                         call.principal->name, from);
    if (!run) co_return std::unexpected(run.error());
    auto sending = std::make_shared<Sending>(std::move(call));
    sending->desk = desk;
    sending->run = std::move(*run);
    sending->receipts = receipts;
    sending->begun_at = io::Shard::here().clock().steady();
    sending->rows_before = sending->run.next_row;
    http::Response response;
    response.set("content-type", "application/x-ndjson");
    response.set("idempotency-key", sending->run.job.key);
    response.stream = [sending](http::BodyWriter& out) { return send(sending, &out); };
    co_return response;
}

io::Task<Answer> list_bulk_jobs(Call call) {
    CO_TRY(NamingDesk* const desk, naming_of(call));
    const auto organisation = call.organisation().number();
    CO_TRY(const auto jobs, desk->jobs.jobs(organisation));
    auto running = co_await desk->jobs.running(organisation);
    json::array items;
    for (const auto& job : jobs) items.push_back(job_out(job, running.contains(job.key)));
    co_return reply(json::object{{"items", std::move(items)}, {"next", nullptr}});
}

io::Task<Answer> one_bulk_job(Call call) {
    CO_TRY(NamingDesk* const desk, naming_of(call));
    const auto organisation = call.organisation().number();
    CO_TRY(const auto job, desk->jobs.job(organisation, call.captured(0)));
    auto running = co_await desk->jobs.running(organisation);
    co_return reply(job_out(job, running.contains(job.key)));
}

io::Task<Answer> refused_rows(Call call) {
    CO_TRY(NamingDesk* const desk, naming_of(call));
    CO_TRY(const std::size_t limit, limit_of(call.request));
    CO_TRY(const auto job, desk->jobs.job(call.organisation().number(), call.captured(0)));
    std::uint64_t after = 0;
    if (const auto cursor = call.request.asked("cursor"); cursor && !cursor->empty()) {
        CO_TRY(after, row_number(*cursor));
    }
    CO_TRY(const auto rows, desk->jobs.refused(job, after, limit));
    json::array items;
    for (const Receipt& one : rows)
        items.push_back(json::object{{"row", one.row}, {"why", one.why}});
    const bool has_more = rows.size() == limit;
    co_return reply(json::object{
        {"items", std::move(items)},
        {"next", has_more ? json::value(std::to_string(rows.back().row)) : json::value(nullptr)}});
}

io::Task<void> write_export(NamingDesk* desk, std::string prefix, http::BodyWriter* out) {
    std::string after;
    for (bool is_last = false; !is_last;) {
        auto page = desk->registry.list(prefix, after, 500);
        if (!page) {
            log::error("export of {}: {}", prefix, page.error().context);
            break;
        }
        is_last = page->is_last || page->names.empty();
        std::string text;
        for (const auto& name : page->names) {
            auto values = desk->registry.values_of(name);
            if (!values || !*values) continue;  // removed meanwhile
            std::erase_if(**values, [](const Value& value) { return value.type == "HS_SECKEY"; });
            json::array all;
            for (const Value& value : **values) all.push_back(value_out(value));
            text += json_text(json::object{{"handle", name}, {"values", std::move(all)}});
            text += '\n';
        }
        if (!page->names.empty()) after = page->names.back();
        auto written = co_await out->write(text);
        if (!written) break;
        co_await io::let_others_run();
    }
}

io::Task<Answer> export_identifiers(Call call) {
    CO_TRY(NamingDesk* const desk, naming_of(call));
    const std::string prefix = handle::fold(call.request.asked("prefix").value_or(""));
    CO_TRY_VOID(check_own(call, prefix));
    if (!desk->registry.homes(prefix)) co_return fail(Code::not_found, "no such prefix here");
    http::Response response;
    response.set("content-type", "application/x-ndjson");
    response.set("content-disposition", "attachment; filename=\"identifiers.ndjson\"");
    response.stream = [desk, prefix](http::BodyWriter& out) {
        return write_export(desk, prefix, &out);
    };
    co_return response;
}

}  // namespace

void add_bulk_routes(http::Router& router, Services& services) {
    serve_upload(router, services, "POST", "/api/v1/naming/bulk", &bulk);
    serve(router, services, "GET", "/api/v1/naming/bulk", &list_bulk_jobs);
    serve(router, services, "GET", "/api/v1/naming/bulk/{key}", &one_bulk_job);
    serve(router, services, "GET", "/api/v1/naming/bulk/{key}/refused", &refused_rows);
    serve(router, services, "GET", "/api/v1/naming/export", &export_identifiers);
}

}  // namespace lineshaft::api
