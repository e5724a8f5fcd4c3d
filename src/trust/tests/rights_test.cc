#include "trust/rights.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

namespace lineshaft::trust {
namespace {

Principal with_role(Role role, std::uint32_t organisation = 1) {
    return {PrincipalKind::person,
            OrganisationId(organisation),
            organisation == 1 ? "default" : "acme",
            role,
            {},
            "someone",
            1};
}
Principal machine_token(std::string machine) {
    return {PrincipalKind::token,
            OrganisationId(1),
            "default",
            std::nullopt,
            std::move(machine),
            "t",
            1};
}

// The matrix as docs/protocols/http-api.md says it, written down a second time on purpose: v, o,
// e, a, u (auditor) stand for who may; * for anyone.
const std::map<std::string, std::string> matrix = {
    {"GET /healthz", "*"},
    {"GET /readyz", "*"},
    {"GET /metrics", "voeau"},
    {"GET /api/v1/openapi.json", "*"},
    {"GET /api/v1/session", "*"},
    {"POST /api/v1/session", "*"},
    {"DELETE /api/v1/session", "voeau"},
    {"POST /api/v1/session/setup", "*"},
    {"GET /api/v1/node", "voeau"},
    {"GET /api/v1/overview", "voeau"},
    {"GET /api/v1/machines", "voeau"},
    {"GET /api/v1/machines/{machine}", "voeau"},
    {"PATCH /api/v1/machines/{machine}", "ea"},
    {"GET /api/v1/machines/{machine}/trend", "voeau"},
    {"GET /api/v1/machines/{machine}/periods", "voeau"},
    {"GET /api/v1/machines/{machine}/samples", "voeau"},
    {"GET /api/v1/machines/{machine}/events", "voeau"},
    {"PATCH /api/v1/machines/{machine}/tags/{tag}", "ea"},
    {"POST /api/v1/machines/{machine}/tags/{tag}/write", "oea"},
    {"GET /api/v1/sites", "voeau"},
    {"POST /api/v1/sites", "ea"},
    {"PATCH /api/v1/sites/{site}", "ea"},
    {"DELETE /api/v1/sites/{site}", "ea"},
    {"GET /api/v1/organisations", "a"},
    {"POST /api/v1/organisations", "a"},
    {"GET /api/v1/people", "a"},
    {"POST /api/v1/sql", "voeau"},
    {"GET /api/v1/designs", "voeau"},
    {"POST /api/v1/designs", "ea"},
    {"GET /api/v1/designs/{id}", "voeau"},
    {"DELETE /api/v1/designs/{id}", "ea"},
    {"GET /api/v1/designs/{id}/files/{format}", "voeau"},
    {"GET /api/v1/thread-chart", "*"},
    {"GET /api/v1/shops/{link}", "*"},
    {"POST /api/v1/shops/{link}/designs", "*"},
    {"GET /api/v1/shops/{link}/designs/{id}", "*"},
    {"GET /api/v1/shops/{link}/designs/{id}/files/{format}", "*"},
    {"POST /api/v1/shops/{link}/quotes", "*"},
    {"POST /api/v1/shops/{link}/orders", "*"},
    {"GET /api/v1/shop-links", "ea"},
    {"POST /api/v1/shop-links", "ea"},
    {"DELETE /api/v1/shop-links/{id}", "ea"},
    {"GET /api/v1/prices", "voeau"},
    {"PUT /api/v1/prices", "ea"},
    {"GET /api/v1/orders", "voeau"},
    {"POST /api/v1/orders", "oea"},
    {"GET /api/v1/orders/{id}", "*"},
    {"PATCH /api/v1/orders/{id}", "oea"},
    {"POST /api/v1/orders/{id}/{verb}", "oea"},
    {"POST /api/v1/orders/{id}/pieces/{number}", "oea"},
    {"GET /api/v1/orders/{id}/events", "*"},
    {"GET /api/v1/orders/{id}/history", "voeau"},
    {"GET /api/v1/orders/{id}/cost", "voeau"},
    {"GET /api/v1/orders/{id}/certificate", "*"},
    {"GET /api/v1/orders/{id}/files/{format}", "*"},
    {"GET /api/v1/board", "voeau"},
    {"GET /api/v1/board/events", "voeau"},
    {"GET /api/v1/job-orders", "voeau"},
    {"GET /api/v1/job-orders/{id}", "voeau"},
    {"POST /api/v1/job-orders/{id}/{method}", "oea"},
    {"PUT /api/v1/job-orders/{id}/place", "oea"},
    {"DELETE /api/v1/job-orders/{id}/place", "oea"},
    {"GET /api/v1/queues", "voeau"},
    {"POST /api/v1/plans", "oea"},
    {"GET /api/v1/sewing-machines", "voeau"},
    {"PUT /api/v1/machines/{machine}/sewing", "ea"},
    {"DELETE /api/v1/machines/{machine}/sewing", "ea"},
    {"GET /api/v1/machines/{machine}/files/{barcode}", "voeau"},
    {"GET /api/v1/machines/{machine}/next-job", "voeau"},
    {"POST /api/v1/machines/{machine}/reports", "oea"},
    {"GET /api/v1/machines/{machine}/oee", "voeau"},
    {"GET /api/v1/oee", "voeau"},
    {"GET /api/v1/stops", "voeau"},
    {"POST /api/v1/people", "a"},
    {"DELETE /api/v1/machines/{machine}", "a"},
    {"GET /api/v1/erasures", "a"},
    {"GET /api/v1/erasures/{id}", "a"},
    {"DELETE /api/v1/organisations/{organisation}/machines", "a"},
    {"DELETE /api/v1/people/{id}", "a"},
    {"GET /api/v1/organisations/{organisation}", "a"},
    {"PATCH /api/v1/organisations/{organisation}", "a"},
    {"POST /api/v1/organisations/{organisation}/people", "a"},
    {"GET /api/v1/people/{id}", "a"},
    {"PATCH /api/v1/people/{id}", "a"},
    {"GET /api/v1/people/{id}/sessions", "a"},
    {"DELETE /api/v1/people/{id}/sessions", "a"},
    {"DELETE /api/v1/people/{id}/sessions/{session}", "a"},
    {"GET /api/v1/account", "voeau"},
    {"POST /api/v1/account/password", "voeau"},
    {"POST /api/v1/account/totp", "voeau"},
    {"POST /api/v1/account/totp/confirm", "voeau"},
    {"DELETE /api/v1/account/totp", "voeau"},
    {"GET /api/v1/account/sessions", "voeau"},
    {"DELETE /api/v1/account/sessions/{session}", "voeau"},
    {"GET /api/v1/audit", "au"},
    {"GET /api/v1/audit/export", "au"},
    {"GET /api/v1/audit/checkpoint", "au"},
    {"GET /api/v1/audit/consistency", "au"},
    {"GET /api/v1/audit/raw", "a"},
    {"GET /api/v1/export", "a"},
    {"POST /api/v1/backups/snapshot", "a"},
    {"POST /api/v1/backups", "a"},
    {"GET /api/v1/backups", "a"},
    {"GET /api/v1/certificates", "a"},
    {"POST /api/v1/certificates", "a"},
    {"POST /api/v1/certificates/{serial}/revoke", "a"},
    {"GET /api/v1/certificates/authority", "*"},
    {"GET /api/v1/certificates/crl", "voeau"},
    {"POST /api/v1/machines/{machine}/enrolments", "a"},
    {"GET /.well-known/est/cacerts", "*"},
    {"GET /.well-known/est/csrattrs", "*"},
    {"POST /.well-known/est/simpleenroll", "*"},
    {"POST /.well-known/est/simplereenroll", "*"},
    {"GET /api/v1/tokens", "a"},
    {"POST /api/v1/tokens", "a"},
    {"DELETE /api/v1/tokens/{id}", "a"},
    {"GET /api/v1/broker", "voeau"},
    {"GET /api/v1/connections", "voeau"},
    {"GET /api/v1/connections/{id}", "voeau"},
    {"DELETE /api/v1/connections/{id}", "oea"},
    {"GET /api/v1/topics", "voeau"},
    {"GET /api/v1/topics/{topic}", "voeau"},
    {"GET /api/v1/events", "voeau"},
    {"GET /api/v1/live", "voeau"},
    {"GET /api/handles/{handle...}", "*"},
    {"PUT /api/handles/{handle...}", "ea"},
    {"DELETE /api/handles/{handle...}", "ea"},
    {"GET /api/handles", "ea"},
    {"GET /api/prefixes", "*"},
    {"POST /api/prefixes/{prefix}", "a"},
    {"DELETE /api/prefixes/{prefix}", "a"},
    {"GET /api/site", "*"},
    {"POST /api/sessions", "*"},
    {"GET /api/sessions/this", "*"},
    {"PUT /api/sessions/this", "*"},
    {"DELETE /api/sessions/this", "*"},
    {"GET /api/v1/naming", "voeau"},
    {"GET /api/v1/naming/identifiers", "voeau"},
    {"POST /api/v1/naming/identifiers", "ea"},
    {"GET /api/v1/naming/identifiers/{handle...}", "voeau"},
    {"PUT /api/v1/naming/identifiers/{handle...}", "ea"},
    {"PATCH /api/v1/naming/identifiers/{handle...}", "ea"},
    {"DELETE /api/v1/naming/identifiers/{handle...}", "ea"},
    {"GET /api/v1/naming/machines/{machine}", "voeau"},
    {"POST /api/v1/naming/templates/try", "ea"},
    {"POST /api/v1/naming/bulk", "ea"},
    {"GET /api/v1/naming/bulk", "ea"},
    {"GET /api/v1/naming/bulk/{key}", "ea"},
    {"GET /api/v1/naming/bulk/{key}/refused", "ea"},
    {"GET /api/v1/naming/export", "ea"},
    {"GET /api/v1/naming/prefixes", "voeau"},
    {"GET /api/v1/naming/prefixes/{prefix}", "voeau"},
    {"PATCH /api/v1/naming/prefixes/{prefix}", "a"},
    {"POST /api/v1/naming/prefixes/{prefix}/suspend", "a"},
    {"POST /api/v1/naming/prefixes/{prefix}/resume", "a"},
    {"POST /api/v1/naming/prefixes/{prefix}/revoke", "a"},
    {"POST /api/v1/naming/applications", "*"},
    {"GET /api/v1/naming/applications/status/{ticket}", "*"},
    {"GET /api/v1/naming/applications", "au"},
    {"GET /api/v1/naming/applications/{id}", "au"},
    {"POST /api/v1/naming/applications/{id}/approve", "au"},
    {"POST /api/v1/naming/applications/{id}/refuse", "au"},
    {"POST /api/v1/naming/applications/{id}/allocate", "a"},
    {"GET /api/v1/naming/statistics", "voeau"},
    {"GET /api/v1/naming/statistics/missing", "voeau"},
    {"GET /api/v1/naming/resolve/{handle...}", "*"},
    {"GET /api/v1/naming/label/{handle...}", "*"},
    {"GET /h/{handle...}", "*"},
    {"GET /api/v1/retention", "voeau"},
    {"PUT /api/v1/retention", "a"},
    {"GET /api/v1/export/samples", "voeau"},
    {"POST /api/v1/telemetry", "ea"},
    {"POST /api/v1/telemetry/{machine}", "ea"},
    {"POST /api/v1/write", "ea"},
    {"POST /api/v2/write", "ea"},
    {"POST /write", "ea"},
    {"GET /query", "ea"},
    {"POST /query", "ea"},
    {"GET /ping", "*"},
    {"GET /api/v1/fleet/map", "voeau"},
    {"GET /api/v1/fleet/machines", "voeau"},
    {"GET /api/v1/fleet/machines/{machine}", "voeau"},
    {"PATCH /api/v1/fleet/machines/{machine}", "ea"},
    {"POST /api/v1/fleet/machines/import", "ea"},
    {"GET /api/v1/fleet/machines/{machine}/trail", "voeau"},
    {"GET /api/v1/fleet/machines/{machine}/use", "voeau"},
    {"GET /api/v1/fleet/machines/{machine}/faults", "voeau"},
    {"GET /api/v1/fleet/sites", "voeau"},
    {"POST /api/v1/fleet/sites", "ea"},
    {"POST /api/v1/fleet/sites/check", "voeau"},
    {"PATCH /api/v1/fleet/sites/{site}", "ea"},
    {"GET /api/v1/fleet/crossings", "voeau"},
    {"GET /api/v1/fleet/index", "voeau"},
    {"GET /api/v1/fleet/requests", "voeau"},
    {"POST /api/v1/fleet/requests", "oea"},
    {"POST /api/v1/fleet/requests/import", "oea"},
    {"GET /api/v1/fleet/requests/{request}", "voeau"},
    {"PATCH /api/v1/fleet/requests/{request}", "oea"},
    {"DELETE /api/v1/fleet/requests/{request}", "oea"},
    {"GET /api/v1/fleet/requests/{request}/candidates", "voeau"},
    {"POST /api/v1/fleet/requests/{request}/places/{place}/move", "ea"},
    {"PUT /api/v1/fleet/requests/{request}/places/{place}/pin", "ea"},
    {"DELETE /api/v1/fleet/requests/{request}/places/{place}/pin", "ea"},
    {"POST /api/v1/fleet/requests/{request}/places/{place}/actions", "oea"},
    {"GET /api/v1/fleet/plan", "voeau"},
    {"POST /api/v1/fleet/plan/proposals", "ea"},
    {"GET /api/v1/fleet/plan/proposals/{id}", "voeau"},
    {"POST /api/v1/fleet/plan/proposals/{id}/adopt", "ea"},
    {"POST /api/v1/fleet/plan/accept", "ea"},
    {"POST /api/v1/fleet/events", "oea"},
    {"GET /api/v1/fleet/decisions", "voeau"},
    {"GET /api/v1/fleet/settings", "voeau"},
    {"PATCH /api/v1/fleet/settings", "ea"},
    {"GET /api/v1/fleet/travel", "voeau"},
    {"PUT /api/v1/fleet/travel", "ea"},
    {"GET /api/v1/fleet/feeds", "a"},
    {"POST /api/v1/fleet/feeds", "a"},
    {"DELETE /api/v1/fleet/feeds/{feed}", "a"},
    {"POST /api/v1/fleet/feeds/{feed}/poll", "a"},
    {"GET /api/v1/fleet/cabs/{machine}", "voeau"},
    {"POST /api/v1/fleet/cabs/{machine}/actions", "oea"},
    {"GET /api/v1/fleet/live", "voeau"},
    {"POST /aemp/oauth2/token", "*"},
    {"GET /aemp/Fleet/{page}", "voeau"},
    {"GET /aemp/Fleet/Equipment/ID/{id}", "voeau"},
    {"GET /aemp/Fleet/Equipment/ID/{id}/{element}/{start}/{end}/{page}", "voeau"},
    {"GET /aemp/Fleet/Equipment/MakeModelSerial/{make}/{model}/{serial}", "voeau"},
    {"GET /aemp/Fleet/Equipment/MakeModelSerial/{make}/{model}/{serial}/{element}/{start}/{end}/{page}", "voeau"},
    {"GET /health", "*"},
};
const std::map<Role, std::string> letters = {{Role::viewer, "v"},
                                             {Role::operator_, "o"},
                                             {Role::engineer, "e"},
                                             {Role::admin, "a"},
                                             {Role::auditor, "u"}};

TEST(Rights, EveryRouteForEveryRole) {
    std::set<std::string> seen;
    for (const Route& route : routes()) {
        const std::string name = std::string(route.method) + " " + std::string(route.pattern);
        EXPECT_TRUE(seen.insert(name).second) << name;
        ASSERT_TRUE(matrix.contains(name)) << name;
        const std::string& who = matrix.at(name);
        for (const Role role : all_roles) {
            const Principal principal = with_role(role);
            const bool is_allowed = who == "*" || who.contains(letters.at(role));
            EXPECT_EQ(may_use_route(&principal, route, ""),
                      is_allowed ? Verdict::allowed : Verdict::refused)
                << name << " " << name_of(role);
        }
        const Verdict for_nobody = who == "*" ? Verdict::allowed : Verdict::unknown_caller;
        const Principal nobody;
        EXPECT_EQ(may_use_route(nullptr, route, ""), for_nobody) << name;
        EXPECT_EQ(may_use_route(&nobody, route, ""), for_nobody) << name;
        EXPECT_EQ(find_route(route.method, route.pattern), &route);
    }
    EXPECT_EQ(seen.size(), matrix.size());
    EXPECT_EQ(find_route("PUT", "/api/v1/machines/{machine}"), nullptr);
}

TEST(Rights, OnlyMetricsOpenOnLoopback) {
    for (const Route& route : routes()) {
        const bool is_open = may_use_route(nullptr, route, "", true) == Verdict::allowed;
        EXPECT_EQ(is_open, route.right == Right::open || route.pattern == "/metrics")
            << route.pattern;
    }
}

TEST(Rights, AMachineTokenReachesItsOwnMachineOnly) {
    const Principal press = machine_token("press-7");
    for (const Route& route : routes()) {
        if (route.right == Right::open || route.right == Right::be_known) {
            EXPECT_EQ(may_use_route(&press, route, ""), Verdict::allowed);
            continue;
        }
        if (route.right == Right::report) {
            EXPECT_EQ(may_use_route(&press, route, ""), Verdict::allowed) << route.pattern;
            EXPECT_EQ(may_use_route(&press, route, "press-7"), Verdict::allowed) << route.pattern;
            EXPECT_EQ(may_use_route(&press, route, "press-8"), Verdict::hidden) << route.pattern;
            continue;
        }
        const bool is_own = route.pattern == "/api/v1/fleet/cabs/{machine}/actions" ||
                            route.pattern == "/api/v1/machines/{machine}/reports" ||
                            (route.method == "GET" && (route.pattern.contains("{machine}") ||
                                                       route.pattern == "/api/v1/live"));
        EXPECT_EQ(may_use_route(&press, route, "press-7"),
                  is_own ? Verdict::allowed : Verdict::refused)
            << route.pattern;
        EXPECT_EQ(may_use_route(&press, route, "press-8"),
                  is_own ? Verdict::hidden : Verdict::refused)
            << route.pattern;
        EXPECT_EQ(may_use_route(&press, route, ""), Verdict::refused) << route.pattern;
    }
}

TEST(Rights, AnEdgeNodesTokenCoversItsDevices) {
    const Principal node = machine_token("hall:emb");
    EXPECT_TRUE(is_own_machine(node, "hall:emb"));
    EXPECT_TRUE(is_own_machine(node, "hall:emb:01"));
    for (const char* other :
         {"hall:emb2", "hall:emb2:01", "hall:em", "hall", "", "hall:emb:", "hall:emb:1:2"}) {
        EXPECT_FALSE(is_own_machine(node, other)) << other;
    }
    EXPECT_FALSE(is_own_machine(machine_token("hall"), "hall:emb"));
    EXPECT_FALSE(is_own_machine(machine_token("hall:emb:01"), "hall:emb"));
    EXPECT_FALSE(is_own_machine(with_role(Role::admin), ""));
}

TEST(Rights, OrganisationsAreMadeByAdminsOfDefaultOnly) {
    EXPECT_TRUE(may(with_role(Role::admin), Right::manage_organisations));
    EXPECT_FALSE(may(with_role(Role::admin, 2), Right::manage_organisations));
    EXPECT_TRUE(may(with_role(Role::admin, 2), Right::manage_people));
}

TEST(Rights, BrokenPrincipalsMayNothing) {
    const Principal nobody;
    Principal no_role = with_role(Role::admin);
    no_role.role.reset();
    Principal both = machine_token("m");
    both.role = Role::admin;
    const Principal strange = with_role(static_cast<Role>(99));
    Principal neither = machine_token("");
    for (const Right right : all_rights) {
        if (right == Right::open) continue;
        EXPECT_FALSE(may(nobody, right)) << name_of(right);
        EXPECT_FALSE(may(no_role, right)) << name_of(right);
        EXPECT_FALSE(may(neither, right)) << name_of(right);
        if (right == Right::be_known) continue;
        EXPECT_FALSE(may(both, right)) << name_of(right);
        EXPECT_FALSE(may(strange, right)) << name_of(right);
    }
}

TEST(Roles, HaveNames) {
    for (const Role role : all_roles) EXPECT_EQ(parse_role(name_of(role)), role);
    for (const char* name : {"", "Admin", "operator_", "root"})
        EXPECT_FALSE(parse_role(name)) << name;
}

}  // namespace
}  // namespace lineshaft::trust
