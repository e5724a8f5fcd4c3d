#include "api/audited.h"

#include <fmt/format.h>

#include "base/log.h"
#include "trust/audited.h"
#include "trust/http_caller.h"

namespace lineshaft::api {
namespace {

bool only_reads(std::string_view method) {
    return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

std::string target_of(const http::Request& request) {
    return fmt::format("{}", fmt::join(request.captured, "/"));
}

// "name=press line, role=viewer": of what the row allows, and only of a body that is JSON.
std::string noted(std::string_view names, const http::Request& request) {
    if (names.empty() || request.body.empty()) return {};
    boost::system::error_code problem;
    json::parse_options options;
    options.max_depth = 16;
    const json::value body = json::parse(request.body, problem, {}, options);
    if (problem || !body.is_object()) return {};
    std::string text;
    while (!names.empty()) {
        const auto space = names.find(' ');
        const std::string_view name = names.substr(0, space);
        names.remove_prefix(space == names.npos ? names.size() : space + 1);
        const auto* found =
            body.as_object().if_contains(json::string_view(name.data(), name.size()));
        if (found == nullptr) continue;
        if (!text.empty()) text += ", ";
        text += name;
        text += '=';
        text += found->is_string() ? std::string(found->as_string()) : json::serialize(*found);
    }
    return text;
}

}  // namespace

std::optional<trust::AuditRecord> audit_line(const trust::Route& route,
                                             const http::Request& request,
                                             const trust::Principal& who) {
    if (only_reads(route.method) || trust::records_itself(route.method, route.pattern)) return {};
    const auto* row = trust::find_audited(route.method, route.pattern);
    const std::string action =
        row ? std::string(row->action) : fmt::format("{} {}", route.method, route.pattern);
    return trust::audit_of(who, request.peer.address, action, target_of(request),
                           row ? noted(row->noted, request) : std::string());
}

io::Task<std::optional<http::Response>> record_first(Services* services, trust::AuditRecord line) {
    auto recorded = co_await services->audit->record(std::move(line));
    if (recorded) co_return std::nullopt;
    auto response = http::problem(503, "Not recorded",
                                  "Nothing was done, because " + recorded.error().context +
                                      ". Make room on the disk of the node, then try again.");
    response.set("retry-after", "10");
    co_return response;
}

io::Task<bool> record_failure(Services* services, trust::AuditRecord line, std::string why) {
    line.outcome = trust::AuditOutcome::failed;
    line.detail = std::move(why);
    const std::string action = line.action;
    auto recorded = co_await services->audit->record(std::move(line));
    if (!recorded) log::error("{} failed, which is not recorded", action);
    co_return recorded.has_value();
}

void note_refusal(Services& services, const trust::Route& route, const http::Request& request,
                  const trust::Principal* who, std::string_view why) {
    trust::note_refusal(*services.audit, route.pattern, request, who, why);
}

}  // namespace lineshaft::api
