#include "trust/principal.h"

#include <utility>

namespace lineshaft::trust {

std::string_view name_of(Role role) {
    switch (role) {
        case Role::viewer: return "viewer";
        case Role::operator_: return "operator";
        case Role::engineer: return "engineer";
        case Role::admin: return "admin";
        case Role::auditor: return "auditor";
    }
    std::unreachable();
}

std::optional<Role> parse_role(std::string_view name) {
    for (const Role role : all_roles) {
        if (name_of(role) == name) return role;
    }
    return std::nullopt;
}

Principal node_principal() {
    return {.kind = PrincipalKind::node,
            .organisation = OrganisationId(1),
            .organisation_name = "default",
            .role = std::nullopt,
            .machine = {},
            .name = "node",
            .credential = 0};
}

}  // namespace lineshaft::trust
