#include "trust/http_caller.h"

#include "trust/audited.h"
#include "trust/loopback.h"
#include "trust/token.h"

namespace lineshaft::trust {
namespace {

// "localhost:8080", "127.0.0.1", "[::1]:8080".
bool is_loopback_host(std::string_view host) {
    constexpr std::string_view digits = "0123456789";
    const auto name_end =
        host.rfind(']') == host.npos ? host.rfind(':') : host.find(':', host.rfind(']'));
    const std::string_view name = host.substr(0, name_end);
    if (name_end != host.npos && host.find_first_not_of(digits, name_end + 1) != host.npos)
        return false;
    return name == "localhost" || name == "[::1]" ||
           (name.starts_with("127.") && name.find_first_not_of("0123456789.") == name.npos);
}

PrincipalPtr known(Porter& porter, std::string_view token) {
    auto principal = porter.keys().ring()->authenticate(token);
    if (principal) porter.note_use(*principal);
    return principal;
}

}  // namespace

bool is_local(const io::http::Request& request) {
    const bool was_forwarded =
        !request.header("forwarded").empty() || !request.header("x-forwarded-for").empty();
    return request.peer.is_loopback && !was_forwarded && is_loopback_host(request.header("host"));
}

bool is_from_foreign_page(const io::http::Request& request) {
    const std::string_view origin = request.header("origin");
    if (origin.empty()) return false;
    // "https://plant.example:8443" names the same place as the Host header "plant.example:8443".
    const auto scheme_end = origin.find("://");
    return scheme_end == origin.npos || request.header("host").empty() ||
           origin.substr(scheme_end + 3) != request.header("host");
}

HttpCaller program_behind(Porter& porter, const io::http::Request& request,
                          std::optional<Role> loopback_role,
                          std::optional<std::string_view> token_elsewhere) {
    if (request.peer.is_node_socket) return {owner_principal(), false};
    const std::string_view shown = request.header("authorization");
    if (!shown.empty()) {
        const auto credentials = parse_authorization(shown);
        auto principal = credentials ? known(porter, credentials->secret) : nullptr;
        const bool was_refused = principal == nullptr;
        return {std::move(principal), was_refused};
    }
    if (token_elsewhere) {
        auto principal = known(porter, *token_elsewhere);
        const bool was_refused = principal == nullptr;
        return {std::move(principal), was_refused};
    }
    if (request.peer.certificate != nullptr) {
        auto principal = porter.by_certificate(request.peer);
        const bool was_refused = principal == nullptr;
        return {std::move(principal), was_refused};
    }
    return {loopback_principal(loopback_role, is_local(request)), false};
}

HttpAdmission admit_program(Porter& porter, Audit* audit, const io::http::Request& request,
                            const Route& route, std::string_view machine,
                            std::optional<Role> loopback_role,
                            std::optional<std::string_view> token_elsewhere) {
    if (is_from_foreign_page(request))
        return {nullptr, 403, "a page of another address may not write"};
    auto caller = program_behind(porter, request, loopback_role, token_elsewhere);
    const auto refuse = [&](unsigned status, std::string_view why) {
        const bool is_noted = audit != nullptr && (caller.principal || caller.was_refused);
        if (is_noted) note_refusal(*audit, route.pattern, request, caller.principal.get(), why);
        return HttpAdmission{nullptr, status, why};
    };
    if (caller.was_refused) return refuse(401, "unauthorized: the token is not valid");
    switch (may_use_route(caller.principal.get(), route, machine)) {
        case Verdict::allowed: return {std::move(caller.principal), 200, {}};
        case Verdict::unknown_caller:
            return refuse(401, "unauthorized: send a token, Authorization: Bearer TOKEN");
        case Verdict::hidden: return refuse(404, "no such machine");
        case Verdict::refused: break;
    }
    return refuse(403,
                  "this token may not write; a role engineer or admin may, and a machine's own "
                  "token for its machine");
}

void note_refusal(Audit& audit, std::string_view pattern, const io::http::Request& request,
                  const Principal* who, std::string_view why) {
    static const Principal nobody{};
    auto line = audit_of(who ? *who : nobody, request.peer.address, "request.refused",
                         request.method + " " + request.path, why);
    line.outcome = AuditOutcome::refused;
    if (const auto* row = find_audited(request.method, pattern))
        line.detail = std::string(row->action).append(": ").append(why);
    audit.note(std::move(line));
}

}  // namespace lineshaft::trust
