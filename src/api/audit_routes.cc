// The audit log: searching it, taking it away, and what a witness needs.
#include <fmt/format.h>

#include "api/render.h"
#include "api/routes.h"
#include "base/number.h"
#include "trust/audit.h"

namespace lineshaft::api {
namespace {

constexpr std::size_t export_max = 10'000;

std::string_view name_of(trust::PrincipalKind kind) {
    switch (kind) {
        case trust::PrincipalKind::nobody: return "nobody";
        case trust::PrincipalKind::person: return "person";
        case trust::PrincipalKind::token: return "token";
        case trust::PrincipalKind::loopback: return "local";
        case trust::PrincipalKind::node: return "node";
        case trust::PrincipalKind::certificate: return "certificate";
    }
    return "nobody";
}

json::object line_json(const trust::Audit::Line& line) {
    const auto& record = line.record;
    return {{"index", line.index},
            {"at", render_time(record.at)},
            {"steady_ms", record.steady_ms},
            {"clock", io::name_of(record.clock)},
            {"stepped_ms", record.stepped_ms},
            {"who", record.who},
            {"kind", name_of(record.who_kind)},
            {"who_id", std::to_string(record.who_id)},
            {"address", record.address},
            {"action", record.action},
            {"target", record.target},
            {"outcome", trust::name_of(record.outcome)},
            {"detail", record.detail},
            {"left_out", record.left_out}};
}

Result<std::uint64_t> number_of(std::string_view name, std::string_view text) {
    const auto number = number_from<std::uint64_t>(text);
    if (!number) return fail(Code::invalid, fmt::format("{} must be a whole number", name));
    return *number;
}

Result<trust::Audit::Query> query_of(const Call& call) {
    const http::Request& request = call.request;
    trust::Audit::Query query;
    query.organisation = call.organisation();
    query.who = request.asked("who").value_or("");
    query.what = request.asked("what").value_or("");
    query.text = request.asked("q").value_or("");
    TRY(query.from, time_of(request, "from"));
    TRY(query.until, time_of(request, "until"));
    if (const auto outcome = request.asked("outcome")) {
        for (const auto one : {trust::AuditOutcome::allowed, trust::AuditOutcome::refused,
                               trust::AuditOutcome::failed}) {
            if (trust::name_of(one) == *outcome) query.outcome = one;
        }
        if (!query.outcome) {
            return fail(Code::invalid, "outcome must be allowed, refused or failed");
        }
    }
    if (const auto cursor = request.asked("cursor")) {
        TRY(query.before, number_of("cursor", *cursor));
    }
    return query;
}

io::Task<Answer> search(Call call) {
    CO_TRY(auto query, query_of(call));
    CO_TRY(query.count_max, limit_of(call.request));
    auto page = co_await call.services->audit->search(std::move(query));
    if (!page) co_return std::unexpected(page.error());
    json::array items;
    for (const auto& line : page->lines) items.push_back(line_json(line));
    co_return reply(json::object{
        {"items", std::move(items)},
        {"next", page->next ? json::value(std::to_string(*page->next)) : json::value(nullptr)}});
}

// RFC 4180. A text that a spreadsheet would take for a formula is kept from being one.
std::string csv_field(std::string_view text) {
    std::string out = "\"";
    if (!text.empty() && std::string_view("=+-@\t\r").contains(text.front())) out += '\'';
    for (const char letter : text) {
        if (letter == '"') out += '"';
        out += letter;
    }
    return out + '"';
}

std::string csv_line(const trust::Audit::Line& line) {
    const auto& record = line.record;
    return fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{}\r\n", line.index,
                       to_rfc3339(record.at), record.steady_ms, io::name_of(record.clock),
                       record.stepped_ms, name_of(record.who_kind), csv_field(record.who),
                       csv_field(record.address), csv_field(record.action),
                       csv_field(record.target), trust::name_of(record.outcome),
                       csv_field(record.detail), record.left_out);
}

constexpr std::string_view csv_head =
    "index,at,steady_ms,clock,stepped_ms,kind,who,address,action,target,outcome,detail,left_out\r\n";

io::Task<Answer> take_away(Call call) {
    CO_TRY(auto query, query_of(call));
    const std::string format(call.request.asked("format").value_or("ndjson"));
    if (format != "ndjson" && format != "csv") {
        co_return fail(Code::invalid, "format must be ndjson or csv");
    }
    CO_TRY(std::size_t left, limit_of(call.request, export_max, export_max));
    const bool is_csv = format == "csv";
    std::string text(is_csv ? csv_head : "");
    for (bool is_over = false; !is_over && left > 0;) {
        query.count_max = left;
        auto page = co_await call.services->audit->search(query);
        if (!page) co_return std::unexpected(page.error());
        for (const auto& line : page->lines) {
            text += is_csv ? csv_line(line) : json_text(line_json(line)) + "\n";
        }
        left -= page->lines.size();
        query.before = page->next;
        is_over = !page->next;
    }
    http::Response response;
    response.set("content-type", is_csv ? "text/csv; charset=utf-8" : "application/x-ndjson");
    response.set("content-disposition", "attachment; filename=\"audit." + format + "\"");
    // Asked for again with cursor=, it goes on there.
    if (query.before) response.set("x-next-cursor", std::to_string(*query.before));
    response.body = std::move(text);
    co_return response;
}

io::Task<Answer> checkpoint(Call call) {
    auto note = co_await call.services->audit->checkpoint();
    if (!note) co_return std::unexpected(note.error());
    co_return reply(
        json::object{{"checkpoint", *note}, {"verifier", call.services->audit->verifier()}});
}

io::Task<Answer> consistency(Call call) {
    CO_TRY(const auto from, number_of("from", call.request.asked("from").value_or("")));
    auto proven = co_await call.services->audit->consistency(from);
    if (!proven) co_return std::unexpected(proven.error());
    json::array hashes;
    for (const auto& hash : proven->proof) {
        hashes.push_back(json::string(trust::to_base64(trust::text_of(hash))));
    }
    co_return reply(json::object{{"from", from},
                                 {"size", proven->size},
                                 {"root", trust::to_base64(trust::text_of(proven->root))},
                                 {"proof", std::move(hashes)}});
}

io::Task<Answer> raw(Call call) {
    CO_TRY(const auto from, number_of("from", call.request.asked("from").value_or("")));
    CO_TRY(const auto limit, limit_of(call.request, 1'000, 10'000));
    auto records = co_await call.services->audit->raw(from, limit);
    if (!records) co_return std::unexpected(records.error());
    json::array items;
    for (const auto& record : *records) items.push_back(json::string(trust::to_base64(record)));
    co_return reply(json::object{{"items", std::move(items)}});
}

}  // namespace

void add_audit_routes(http::Router& router, Services& services) {
    serve(router, services, "GET", "/api/v1/audit", &search);
    serve(router, services, "GET", "/api/v1/audit/export", &take_away);
    serve(router, services, "GET", "/api/v1/audit/checkpoint", &checkpoint);
    serve(router, services, "GET", "/api/v1/audit/consistency", &consistency);
    serve(router, services, "GET", "/api/v1/audit/raw", &raw);
}

}  // namespace lineshaft::api
