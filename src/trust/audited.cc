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
