#include "trust/rights.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/machine_id.h"

namespace lineshaft::trust {
namespace {

using enum Right;

struct Grant {
    Role role;
    Right right;
};

// The whole of it. What is not a line here is refused.
constexpr Grant grants[] = {
    {Role::viewer, read},

    {Role::operator_, read},
    {Role::operator_, write_tag},
    {Role::operator_, end_client},

    {Role::engineer, read},
    {Role::engineer, write_tag},
    {Role::engineer, end_client},
    {Role::engineer, edit_catalog},
    {Role::engineer, publish},
    {Role::engineer, report},

    {Role::admin, read},
    {Role::admin, write_tag},
    {Role::admin, end_client},
    {Role::admin, edit_catalog},
    {Role::admin, publish},
    {Role::admin, report},
    {Role::admin, manage_people},
    {Role::admin, manage_tokens},
    {Role::admin, manage_organisations},
    {Role::admin, read_audit},
    {Role::admin, erase_machine},
    {Role::admin, decide_names},

    {Role::auditor, read},
    {Role::auditor, read_audit},
    {Role::auditor, decide_names},
};

// The same as bits, since deliveries ask a hundred thousand times a second.
constexpr auto rights_of_role = [] {
    std::array<std::uint32_t, std::size(all_roles)> bits{};
    for (const Grant& grant : grants) {
        bits[std::to_underlying(grant.role)] |= 1U << std::to_underlying(grant.right);
    }
    return bits;
}();

constexpr bool gate = true;

constexpr Route route_table[] = {
    {"GET", "/healthz", open},
    {"GET", "/readyz", open},
    {"GET", "/metrics", read, false, true},
    {"GET", "/api/v1/openapi.json", open},

    {"GET", "/api/v1/session", open},
    {"POST", "/api/v1/session", open},
    {"DELETE", "/api/v1/session", be_known},
    {"POST", "/api/v1/session/setup", open},

    {"GET", "/api/v1/node", read},
    {"GET", "/api/v1/overview", read},

    {"GET", "/api/v1/machines", read},
    {"GET", "/api/v1/machines/{machine}", read, true},
    {"PATCH", "/api/v1/machines/{machine}", edit_catalog},
    {"DELETE", "/api/v1/machines/{machine}", erase_machine},
    {"GET", "/api/v1/erasures", erase_machine},
    {"GET", "/api/v1/erasures/{id}", erase_machine},
    {"GET", "/api/v1/retention", read},
    {"PUT", "/api/v1/retention", erase_machine},
    {"GET", "/api/v1/machines/{machine}/trend", read, true},
    {"GET", "/api/v1/machines/{machine}/periods", read, true},
    {"GET", "/api/v1/machines/{machine}/samples", read, true},
    {"GET", "/api/v1/machines/{machine}/events", read, true},
    {"PATCH", "/api/v1/machines/{machine}/tags/{tag}", edit_catalog},
    {"POST", "/api/v1/machines/{machine}/tags/{tag}/write", write_tag},

    {"POST", "/api/v1/sql", be_known},  // a machine's token sees its own machine

    {"GET", "/api/v1/sites", read},
    {"POST", "/api/v1/sites", edit_catalog},
    {"PATCH", "/api/v1/sites/{site}", edit_catalog},
    {"DELETE", "/api/v1/sites/{site}", edit_catalog},

    {"GET", "/api/v1/designs", read},
    {"POST", "/api/v1/designs", edit_catalog},
    {"GET", "/api/v1/designs/{id}", read},
    {"DELETE", "/api/v1/designs/{id}", edit_catalog},
    {"GET", "/api/v1/designs/{id}/files/{format}", read},

    // Whoever knows a link or an order's id, which is its key; the handlers ask the rest.
    {"GET", "/api/v1/thread-chart", open},
    {"GET", "/api/v1/shops/{link}", open},
    {"POST", "/api/v1/shops/{link}/designs", open},
    {"GET", "/api/v1/shops/{link}/designs/{id}", open},
    {"GET", "/api/v1/shops/{link}/designs/{id}/files/{format}", open},
    {"POST", "/api/v1/shops/{link}/quotes", open},
    {"POST", "/api/v1/shops/{link}/orders", open},
    {"GET", "/api/v1/orders/{id}", open},
    {"GET", "/api/v1/orders/{id}/events", open},
    {"GET", "/api/v1/orders/{id}/certificate", open},
    {"GET", "/api/v1/orders/{id}/files/{format}", open},

    {"GET", "/api/v1/shop-links", edit_catalog},
    {"POST", "/api/v1/shop-links", edit_catalog},
    {"DELETE", "/api/v1/shop-links/{id}", edit_catalog},
    {"GET", "/api/v1/prices", read},
    {"PUT", "/api/v1/prices", edit_catalog},
    {"GET", "/api/v1/orders", read},
    {"POST", "/api/v1/orders", write_tag},
    {"PATCH", "/api/v1/orders/{id}", write_tag},
    {"POST", "/api/v1/orders/{id}/{verb}", write_tag},
    {"POST", "/api/v1/orders/{id}/pieces/{number}", write_tag},
    {"GET", "/api/v1/orders/{id}/history", read},
    {"GET", "/api/v1/orders/{id}/cost", read},
    {"GET", "/api/v1/board", read},
    {"GET", "/api/v1/board/events", read},
    {"GET", "/api/v1/job-orders", read},
    {"GET", "/api/v1/job-orders/{id}", read},
    {"POST", "/api/v1/job-orders/{id}/{method}", write_tag},
    {"PUT", "/api/v1/job-orders/{id}/place", write_tag},
    {"DELETE", "/api/v1/job-orders/{id}/place", write_tag},
    {"GET", "/api/v1/queues", read},
    {"POST", "/api/v1/plans", write_tag},
    {"GET", "/api/v1/sewing-machines", read},
    {"PUT", "/api/v1/machines/{machine}/sewing", edit_catalog},
    {"DELETE", "/api/v1/machines/{machine}/sewing", edit_catalog},
    {"GET", "/api/v1/machines/{machine}/files/{barcode}", read, true},
    {"GET", "/api/v1/machines/{machine}/next-job", read, true},
    {"POST", "/api/v1/machines/{machine}/reports", write_tag, true},
    {"GET", "/api/v1/machines/{machine}/oee", read, true},
    {"GET", "/api/v1/oee", read},
    {"GET", "/api/v1/stops", read},

    {"GET", "/api/v1/fleet/map", read},
    {"GET", "/api/v1/fleet/machines", read},
    {"GET", "/api/v1/fleet/machines/{machine}", read, true},
    {"PATCH", "/api/v1/fleet/machines/{machine}", edit_catalog},
    {"POST", "/api/v1/fleet/machines/import", edit_catalog},
    {"GET", "/api/v1/fleet/machines/{machine}/trail", read, true},
    {"GET", "/api/v1/fleet/machines/{machine}/use", read, true},
    {"GET", "/api/v1/fleet/machines/{machine}/faults", read, true},
    {"GET", "/api/v1/fleet/machines/{machine}/shares", manage_organisations},
    {"PUT", "/api/v1/fleet/machines/{machine}/shares", manage_organisations},
    {"GET", "/api/v1/fleet/sites", read},
    {"POST", "/api/v1/fleet/sites", edit_catalog},
    {"POST", "/api/v1/fleet/sites/check", read},
    {"PATCH", "/api/v1/fleet/sites/{site}", edit_catalog},
    {"GET", "/api/v1/fleet/crossings", read},
    {"GET", "/api/v1/fleet/index", read},
    {"GET", "/api/v1/fleet/requests", read},
    {"POST", "/api/v1/fleet/requests", write_tag},
    {"POST", "/api/v1/fleet/requests/import", write_tag},
    {"GET", "/api/v1/fleet/requests/{request}", read},
    {"PATCH", "/api/v1/fleet/requests/{request}", write_tag},
    {"DELETE", "/api/v1/fleet/requests/{request}", write_tag},
    {"GET", "/api/v1/fleet/requests/{request}/candidates", read},
    {"POST", "/api/v1/fleet/requests/{request}/places/{place}/move", edit_catalog},
    {"PUT", "/api/v1/fleet/requests/{request}/places/{place}/pin", edit_catalog},
    {"DELETE", "/api/v1/fleet/requests/{request}/places/{place}/pin", edit_catalog},
    {"POST", "/api/v1/fleet/requests/{request}/places/{place}/actions", write_tag},
    {"GET", "/api/v1/fleet/plan", read},
    {"POST", "/api/v1/fleet/plan/proposals", edit_catalog},
    {"GET", "/api/v1/fleet/plan/proposals/{id}", read},
    {"POST", "/api/v1/fleet/plan/proposals/{id}/adopt", edit_catalog},
    {"POST", "/api/v1/fleet/plan/accept", edit_catalog},
    {"POST", "/api/v1/fleet/events", write_tag},
    {"GET", "/api/v1/fleet/decisions", read},
    {"GET", "/api/v1/fleet/settings", read},
    {"PATCH", "/api/v1/fleet/settings", edit_catalog},
    {"GET", "/api/v1/fleet/travel", read},
    {"PUT", "/api/v1/fleet/travel", edit_catalog},
    {"GET", "/api/v1/fleet/feeds", manage_tokens},
    {"POST", "/api/v1/fleet/feeds", manage_tokens},
    {"DELETE", "/api/v1/fleet/feeds/{feed}", manage_tokens},
    {"POST", "/api/v1/fleet/feeds/{feed}/poll", manage_tokens},
    {"GET", "/api/v1/fleet/cabs/{machine}", read, true},
    {"POST", "/api/v1/fleet/cabs/{machine}/actions", write_tag, true},
    {"GET", "/api/v1/fleet/live", read},

    {"GET", "/api/v1/organisations", manage_organisations},
    {"POST", "/api/v1/organisations", manage_organisations},
    {"GET", "/api/v1/organisations/{organisation}", manage_organisations},
    {"PATCH", "/api/v1/organisations/{organisation}", manage_organisations},
    {"POST", "/api/v1/organisations/{organisation}/people", manage_organisations},
    {"DELETE", "/api/v1/organisations/{organisation}/machines", manage_organisations},

    {"GET", "/api/v1/people", manage_people},
    {"POST", "/api/v1/people", manage_people},
    {"GET", "/api/v1/people/{id}", manage_people},
    {"PATCH", "/api/v1/people/{id}", manage_people},
    {"DELETE", "/api/v1/people/{id}", manage_people},
    {"GET", "/api/v1/people/{id}/sessions", manage_people},
    {"DELETE", "/api/v1/people/{id}/sessions", manage_people},
    {"DELETE", "/api/v1/people/{id}/sessions/{session}", manage_people},

    {"GET", "/api/v1/account", be_known},
    {"POST", "/api/v1/account/password", be_known},
    {"POST", "/api/v1/account/totp", be_known},
    {"POST", "/api/v1/account/totp/confirm", be_known},
    {"DELETE", "/api/v1/account/totp", be_known},
    {"GET", "/api/v1/account/sessions", be_known},
    {"DELETE", "/api/v1/account/sessions/{session}", be_known},

    {"GET", "/api/v1/audit", read_audit},
    {"GET", "/api/v1/audit/export", read_audit},
    {"GET", "/api/v1/audit/checkpoint", read_audit},
    {"GET", "/api/v1/audit/consistency", read_audit},
    {"GET", "/api/v1/audit/raw", manage_organisations},
    {"GET", "/api/v1/export", manage_people},
    {"GET", "/api/v1/export/samples", read},

    {"GET", "/api/v1/certificates", manage_tokens},
    {"POST", "/api/v1/certificates", manage_tokens},
    {"POST", "/api/v1/certificates/{serial}/revoke", manage_tokens},
    {"GET", "/api/v1/certificates/authority", open},
    {"GET", "/api/v1/certificates/crl", be_known},
    {"POST", "/api/v1/machines/{machine}/enrolments", manage_tokens},

    {"GET", "/api/v1/tokens", manage_tokens},
    {"POST", "/api/v1/tokens", manage_tokens},
    {"DELETE", "/api/v1/tokens/{id}", manage_tokens},

    {"GET", "/api/v1/backups", manage_organisations},
    {"POST", "/api/v1/backups", manage_organisations},
    {"POST", "/api/v1/backups/snapshot", manage_organisations},

    {"GET", "/api/v1/broker", read},
    {"GET", "/api/v1/connections", read},
    {"GET", "/api/v1/connections/{id}", read},
    {"DELETE", "/api/v1/connections/{id}", end_client},
    {"GET", "/api/v1/topics", read},
    {"GET", "/api/v1/topics/{topic}", read},

    {"GET", "/api/v1/events", read},
    {"GET", "/api/v1/live", read, true},  // its own ?machine=

    // What the public may see of handles; the rest is for those who may change them.
    {"GET", "/api/handles/{handle...}", open, false, false, gate},
    {"PUT", "/api/handles/{handle...}", edit_catalog, false, false, gate},
    {"DELETE", "/api/handles/{handle...}", edit_catalog, false, false, gate},
    {"GET", "/api/handles", edit_catalog, false, false, gate},
    {"GET", "/api/prefixes", open, false, false, gate},
    {"POST", "/api/prefixes/{prefix}", manage_organisations, false, false, gate},
    {"DELETE", "/api/prefixes/{prefix}", manage_organisations, false, false, gate},
    {"GET", "/api/site", open, false, false, gate},
    {"GET", "/api/verifications/{handle...}", open, false, false, gate},
    // By the session they name, whose challenge was signed.
    {"POST", "/api/sessions", open, false, false, gate},
    {"GET", "/api/sessions/this", open, false, false, gate},
    {"PUT", "/api/sessions/this", open, false, false, gate},
    {"DELETE", "/api/sessions/this", open, false, false, gate},

    {"GET", "/api/v1/naming", read},
    {"GET", "/api/v1/naming/identifiers", read},
    {"POST", "/api/v1/naming/identifiers", edit_catalog},
    {"GET", "/api/v1/naming/identifiers/{handle...}", read},
    {"PUT", "/api/v1/naming/identifiers/{handle...}", edit_catalog},
    {"PATCH", "/api/v1/naming/identifiers/{handle...}", edit_catalog},
    {"DELETE", "/api/v1/naming/identifiers/{handle...}", edit_catalog},
    {"GET", "/api/v1/naming/machines/{machine}", read, true},
    {"POST", "/api/v1/naming/templates/try", edit_catalog},
    {"POST", "/api/v1/naming/bulk", edit_catalog},
    {"GET", "/api/v1/naming/bulk", edit_catalog},
    {"GET", "/api/v1/naming/bulk/{key}", edit_catalog},
    {"GET", "/api/v1/naming/bulk/{key}/refused", edit_catalog},
    {"GET", "/api/v1/naming/export", edit_catalog},
    {"GET", "/api/v1/naming/prefixes", read},
    {"GET", "/api/v1/naming/prefixes/{prefix}", read},
    {"PATCH", "/api/v1/naming/prefixes/{prefix}", manage_organisations},
    {"POST", "/api/v1/naming/prefixes/{prefix}/suspend", manage_organisations},
    {"POST", "/api/v1/naming/prefixes/{prefix}/resume", manage_organisations},
    {"POST", "/api/v1/naming/prefixes/{prefix}/revoke", manage_organisations},
    {"POST", "/api/v1/naming/applications", open},
    {"GET", "/api/v1/naming/applications/status/{ticket}", open},
    {"GET", "/api/v1/naming/applications", decide_names},
    {"GET", "/api/v1/naming/applications/{id}", decide_names},
    {"POST", "/api/v1/naming/applications/{id}/approve", decide_names},
    {"POST", "/api/v1/naming/applications/{id}/refuse", decide_names},
    {"POST", "/api/v1/naming/applications/{id}/allocate", manage_organisations},
    {"POST", "/api/v1/naming/prefixes/{prefix}/certificate", manage_organisations},
    {"GET", "/api/v1/naming/prefixes/{prefix}/key", manage_organisations},
    {"POST", "/api/v1/naming/sign/{handle...}", edit_catalog},
    {"GET", "/api/v1/naming/statistics", read},
    {"GET", "/api/v1/naming/statistics/missing", read},
    {"GET", "/api/v1/naming/resolve/{handle...}", open},
    {"GET", "/api/v1/naming/label/{handle...}", open},
    {"GET", "/h/{handle...}", open},

    {"POST", "/api/v1/telemetry", report, false, false, gate},
    {"POST", "/api/v1/telemetry/{machine}", report, false, false, gate},
    {"POST", "/api/v1/write", report, false, false, gate},
    {"POST", "/api/v2/write", report, false, false, gate},
    {"POST", "/write", report, false, false, gate},
    {"GET", "/query", report, false, false, gate},
    {"POST", "/query", report, false, false, gate},
    {"GET", "/ping", open, false, false, gate},
    {"GET", "/health", open, false, false, gate},
    {"POST", "/aemp/oauth2/token", open, false, false, gate},
    {"GET", "/aemp/Fleet/{page}", read, false, false, gate},
    {"GET", "/aemp/Fleet/Equipment/ID/{id}", read, false, false, gate},
    {"GET", "/aemp/Fleet/Equipment/ID/{id}/{element}/{start}/{end}/{page}", read, false, false, gate},
    {"GET", "/aemp/Fleet/Equipment/MakeModelSerial/{make}/{model}/{serial}", read, false, false, gate},
    {"GET", "/aemp/Fleet/Equipment/MakeModelSerial/{make}/{model}/{serial}/{element}/{start}/{end}/{page}", read, false, false, gate},
    {"GET", "/.well-known/est/cacerts", open, false, false, gate},
    {"GET", "/.well-known/est/csrattrs", open, false, false, gate},
    // By the one-time token of the request, and by the certificate of the connection.
    {"POST", "/.well-known/est/simpleenroll", open, false, false, gate},
    {"POST", "/.well-known/est/simplereenroll", open, false, false, gate},
};

}  // namespace

std::string_view name_of(Right right) {
    switch (right) {
        case open: return "open";
        case be_known: return "be_known";
        case read: return "read";
        case write_tag: return "write_tag";
        case end_client: return "end_client";
        case edit_catalog: return "edit_catalog";
        case publish: return "publish";
        case manage_people: return "manage_people";
        case manage_tokens: return "manage_tokens";
        case manage_organisations: return "manage_organisations";
        case read_audit: return "read_audit";
        case erase_machine: return "erase_machine";
        case report: return "report";
        case decide_names: return "decide_names";
    }
    std::unreachable();
}

bool role_has(Role role, Right right) {
    if (right == open || right == be_known) return true;
    const auto index = std::to_underlying(role);
    if (index >= rights_of_role.size()) return false;
    return (rights_of_role[index] >> std::to_underlying(right) & 1) != 0;
}

bool may(const Principal& principal, Right right) {
    if (right == open) return true;
    if (principal.kind == PrincipalKind::nobody) return false;
    if (principal.kind == PrincipalKind::node) return true;
    if (right == be_known) return principal.role.has_value() || principal.is_machine();
    if (principal.is_held) return false;
    // A principal with both would be a mistake of ours or a broken row: it may nothing.
    if (!principal.role || !principal.machine.empty()) return false;
    const bool is_of_node = right == manage_organisations || right == decide_names;
    if (is_of_node && principal.organisation != OrganisationId(1)) return false;
    return role_has(*principal.role, right);
}

bool is_own_machine(const Principal& principal, std::string_view machine) {
    if (!principal.is_machine()) return false;
    if (machine == principal.machine) return true;
    if (!machine.starts_with(principal.machine)) return false;
    const auto own = parse_machine_id(principal.machine);
    const auto asked = parse_machine_id(machine);
    return own && asked && own->device.empty() && asked->group == own->group &&
           asked->node == own->node;
}

std::span<const Route> routes() {
    return route_table;
}

const Route* find_route(std::string_view method, std::string_view pattern) {
    const auto found = std::ranges::find_if(route_table, [&](const Route& route) {
        return route.method == method && route.pattern == pattern;
    });
    return found == std::end(route_table) ? nullptr : &*found;
}

Verdict may_use_route(const Principal* principal, const Route& route, std::string_view machine,
                      bool from_loopback) {
    if (route.right == open || (route.loopback_open && from_loopback)) return Verdict::allowed;
    if (principal == nullptr || principal->kind == PrincipalKind::nobody) {
        return Verdict::unknown_caller;
    }
    if (principal->is_machine() && !principal->role) {
        if (route.right == be_known) return Verdict::allowed;
        if (route.right == report && machine.empty()) return Verdict::allowed;  // each sample is asked
        if (route.right == report)
            return is_own_machine(*principal, machine) ? Verdict::allowed : Verdict::hidden;
        if (!route.own_machine || machine.empty()) return Verdict::refused;
        return is_own_machine(*principal, machine) ? Verdict::allowed : Verdict::hidden;
    }
    return may(*principal, route.right) ? Verdict::allowed : Verdict::refused;
}

}  // namespace lineshaft::trust
