#include "trust/rights.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "trust/tests/rights_matrix.h"

namespace lineshaft::trust {
namespace {

using testing::rights_matrix;

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

const std::map<Role, std::string> letters = {{Role::viewer, "v"},
                                             {Role::operator_, "o"},
                                             {Role::engineer, "e"},
                                             {Role::admin, "a"},
                                             {Role::auditor, "u"}};

TEST(Rights, Control10EveryRouteForEveryRole) {
    std::set<std::string> seen;
    for (const Route& route : routes()) {
        const std::string name = std::string(route.method) + " " + std::string(route.pattern);
        EXPECT_TRUE(seen.insert(name).second) << name;
        ASSERT_TRUE(rights_matrix.contains(name)) << name;
        const std::string& who = rights_matrix.at(name);
        for (const Role role : all_roles) {
            const Principal principal = with_role(role);
            const bool is_allowed = who.contains(letters.at(role));
            EXPECT_EQ(may_use_route(&principal, route, ""),
                      is_allowed ? Verdict::allowed : Verdict::refused)
                << name << " " << name_of(role);
        }
        const Verdict for_nobody = who.contains('n') ? Verdict::allowed : Verdict::unknown_caller;
        const Principal nobody;
        EXPECT_EQ(may_use_route(nullptr, route, ""), for_nobody) << name;
        EXPECT_EQ(may_use_route(&nobody, route, ""), for_nobody) << name;
        EXPECT_EQ(find_route(route.method, route.pattern), &route);
    }
    EXPECT_EQ(seen.size(), rights_matrix.size());
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
        const std::string name = std::string(route.method) + " " + std::string(route.pattern);
        const bool is_own = rights_matrix.at(name).contains('m');
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
