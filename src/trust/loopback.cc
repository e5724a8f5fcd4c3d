#include "trust/loopback.h"

#include <fmt/format.h>

namespace lineshaft::trust {
namespace {

PrincipalPtr without_credentials(Role role, std::string_view name) {
    return std::make_shared<const Principal>(Principal{
        PrincipalKind::loopback, OrganisationId(1), "default", role, {}, std::string(name), 0});
}

}  // namespace

Result<std::optional<Role>> parse_loopback_role(std::string_view text) {
    if (text == "none") return std::optional<Role>();
    if (const auto role = parse_role(text)) return role;
    return fail(Code::invalid,
                fmt::format("trust.loopback_role is \"{}\"; allowed: none, viewer, operator, "
                            "engineer, admin, auditor",
                            text.substr(0, 64)));
}

PrincipalPtr loopback_principal(std::optional<Role> setting, bool both_ends_loopback) {
    if (!setting || !both_ends_loopback) return nullptr;
    return without_credentials(*setting, "loopback");
}

PrincipalPtr owner_principal() {
    return without_credentials(Role::admin, "owner");
}

}  // namespace lineshaft::trust
