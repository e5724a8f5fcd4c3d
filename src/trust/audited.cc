#include "trust/audited.h"

#include <algorithm>
#include <iterator>

namespace lineshaft::trust {
namespace {

constexpr AuditedRoute rows[] = {
    {"PATCH", "/api/v1/machines/{machine}", "machine.change", "name kind site adopted"},
    {"DELETE", "/api/v1/machines/{machine}", "machine.erase"},
    {"PATCH", "/api/v1/machines/{machine}/tags/{tag}", "tag.change",
     "label unit low high writable"},
    {"POST", "/api/v1/machines/{machine}/tags/{tag}/write", "tag.write", "value"},
    {"POST", "/api/v1/machines/{machine}/enrolments", "enrolment.create"},

    {"POST", "/api/v1/sites", "site.create", "name time_zone"},
    {"PATCH", "/api/v1/sites/{site}", "site.change", "name time_zone"},
    {"DELETE", "/api/v1/sites/{site}", "site.remove"},

    {"PUT", "/api/v1/retention", "retention.change"},

    {"POST", "/api/v1/designs", "design.create", "name fabric hoop_mm"},
    {"DELETE", "/api/v1/designs/{id}", "design.remove"},

    {"POST", "/api/v1/orders", "order.place", "design quantity priority due_at"},
    {"PATCH", "/api/v1/orders/{id}", "order.change", "priority due_at"},
    {"POST", "/api/v1/orders/{id}/{verb}", "order.act", "why"},
    {"POST", "/api/v1/orders/{id}/pieces/{number}", "piece.judge", "quality why"},
    {"POST", "/api/v1/job-orders/{id}/{method}", "job_order.method", "why final priority due_at"},
    {"PUT", "/api/v1/job-orders/{id}/place", "job_order.place", "machine position"},
    {"DELETE", "/api/v1/job-orders/{id}/place", "job_order.unplace"},
    {"POST", "/api/v1/plans", "plan.make"},
    {"PUT", "/api/v1/machines/{machine}/sewing", "sewing_machine.change", "enabled needles hoop_mm delivery folder"},
    {"DELETE", "/api/v1/machines/{machine}/sewing", "sewing_machine.forget"},
    {"POST", "/api/v1/shop-links", "shop_link.create", "name expires_at orders_per_hour quantity_max"},
    {"DELETE", "/api/v1/shop-links/{id}", "shop_link.revoke"},
    {"PUT", "/api/v1/prices", "prices.change"},
    {"POST", "/api/v1/shops/{link}/designs", "shop.design", "name fabric hoop_mm"},

    {"PATCH", "/api/v1/fleet/machines/{machine}", "fleet.machine.change", "type region is_out_of_service"},
    {"POST", "/api/v1/fleet/machines/import", "fleet.machine.import"},
    {"PUT", "/api/v1/fleet/machines/{machine}/shares", "fleet.share", "organisations"},
    {"POST", "/api/v1/fleet/sites", "site.create", "name time_zone region"},
    {"PATCH", "/api/v1/fleet/sites/{site}", "fleet.site.change", "name region"},
    {"POST", "/api/v1/fleet/requests", "fleet.request.create", "title site type count priority rush"},
    {"POST", "/api/v1/fleet/requests/import", "fleet.request.import"},
    {"PATCH", "/api/v1/fleet/requests/{request}", "fleet.request.change", "duration_s priority rent_cost"},
    {"DELETE", "/api/v1/fleet/requests/{request}", "fleet.request.withdraw"},
    {"POST", "/api/v1/fleet/requests/{request}/places/{place}/move", "fleet.move", "machine keep"},
    {"PUT", "/api/v1/fleet/requests/{request}/places/{place}/pin", "fleet.pin", "machine"},
    {"DELETE", "/api/v1/fleet/requests/{request}/places/{place}/pin", "fleet.unpin"},
    {"POST", "/api/v1/fleet/requests/{request}/places/{place}/actions", "fleet.place", "action"},
    {"POST", "/api/v1/fleet/plan/proposals", "fleet.propose", "seconds"},
    {"POST", "/api/v1/fleet/plan/proposals/{id}/adopt", "fleet.adopt"},
    {"POST", "/api/v1/fleet/plan/accept", "fleet.accept", "until"},
    {"POST", "/api/v1/fleet/events", "fleet.event", "kind machine from to minutes"},
    {"PATCH", "/api/v1/fleet/settings", "fleet.settings", "replan breakdown_after_s"},
    {"PUT", "/api/v1/fleet/travel", "fleet.travel"},
    {"POST", "/api/v1/fleet/feeds", "fleet.feed.create", "name url auth period_s"},
    {"DELETE", "/api/v1/fleet/feeds/{feed}", "fleet.feed.remove"},
    {"POST", "/api/v1/fleet/feeds/{feed}/poll", "fleet.feed.poll"},
    {"POST", "/api/v1/fleet/cabs/{machine}/actions", "fleet.cab", "action request place"},

    {"POST", "/api/v1/organisations", "organisation.create", "name title"},
    {"PATCH", "/api/v1/organisations/{organisation}", "organisation.change",
     "title machines_max sessions_max messages_per_s samples_per_s retained_bytes_max"},
    {"POST", "/api/v1/organisations/{organisation}/people", "person.create", "name role"},

    {"DELETE", "/api/v1/organisations/{organisation}/machines", "organisation.erase_machines"},

    {"POST", "/api/v1/people", "person.create", "name role"},
    {"PATCH", "/api/v1/people/{id}", "person.change", "role totp"},
    {"DELETE", "/api/v1/people/{id}", "person.remove"},
    {"DELETE", "/api/v1/people/{id}/sessions", "session.end_all"},
    {"DELETE", "/api/v1/people/{id}/sessions/{session}", "session.end"},

    {"POST", "/api/v1/account/password", "account.password"},
    {"POST", "/api/v1/account/totp", "totp.offer"},
    {"POST", "/api/v1/account/totp/confirm", "totp.enable"},
    {"DELETE", "/api/v1/account/totp", "totp.disable"},
    {"DELETE", "/api/v1/account/sessions/{session}", "session.end"},

    {"POST", "/api/v1/tokens", "token.create", "name role machine"},
    {"DELETE", "/api/v1/tokens/{id}", "token.revoke"},
    {"POST", "/api/v1/certificates", "certificate.issue", "machine"},
    {"POST", "/api/v1/certificates/{serial}/revoke", "certificate.revoke"},

    {"POST", "/api/v1/naming/identifiers", "identifier.create", "prefix suffix"},
    {"PUT", "/api/v1/naming/identifiers/{handle...}", "identifier.write"},
    {"PATCH", "/api/v1/naming/identifiers/{handle...}", "identifier.change", "remove"},
    {"DELETE", "/api/v1/naming/identifiers/{handle...}", "identifier.remove"},
    {"PATCH", "/api/v1/naming/prefixes/{prefix}", "prefix.change", "quota address"},
    {"POST", "/api/v1/naming/prefixes/{prefix}/suspend", "prefix.suspend", "reason"},
    {"POST", "/api/v1/naming/prefixes/{prefix}/resume", "prefix.resume", "reason"},
    {"POST", "/api/v1/naming/prefixes/{prefix}/revoke", "prefix.revoke", "reason"},
    {"POST", "/api/v1/naming/prefixes/{prefix}/certificate", "prefix.certify", "life_days"},
    {"POST", "/api/v1/naming/sign/{handle...}", "identifier.sign"},
    {"POST", "/api/v1/naming/applications/{id}/approve", "prefix.approve", "reason"},
    {"POST", "/api/v1/naming/applications/{id}/refuse", "prefix.refuse", "reason"},
    {"POST", "/api/v1/naming/applications/{id}/allocate", "prefix.allocate",
     "prefix organisation quota"},

    {"DELETE", "/api/v1/connections/{id}", "client.end"},
    {"POST", "/api/v1/backups", "backup.start"},
    {"POST", "/api/v1/backups/snapshot", "backup.snapshot"},
};

constexpr std::string_view own_hand[] = {
    "POST /api/v1/session",
    "DELETE /api/v1/session",
    "POST /api/v1/session/setup",
    "POST /api/v1/telemetry",
    "POST /api/v1/sql",
    "POST /api/v1/shops/{link}/orders",
    "POST /api/v1/shops/{link}/quotes",
    "POST /api/v1/machines/{machine}/reports",
    "POST /api/v1/fleet/sites/check",
    "POST /api/v1/naming/applications",
    "POST /api/v1/naming/bulk",
    "POST /api/v1/naming/templates/try",
};

}  // namespace

const AuditedRoute* find_audited(std::string_view method, std::string_view pattern) {
    const auto found = std::ranges::find_if(rows, [&](const AuditedRoute& row) {
        return row.method == method && row.pattern == pattern;
    });
    return found == std::end(rows) ? nullptr : &*found;
}

bool records_itself(std::string_view method, std::string_view pattern) {
    return std::ranges::any_of(own_hand, [&](std::string_view row) {
        return row.starts_with(method) && row.substr(method.size() + 1) == pattern;
    });
}

}  // namespace lineshaft::trust
