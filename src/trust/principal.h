// Who is asking.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/time.h"

namespace lineshaft::trust {

/// viewer < operator < engineer < admin; auditor reads what a viewer reads, and the audit log.
enum class Role : std::uint8_t { viewer, operator_, engineer, admin, auditor };
inline constexpr Role all_roles[] = {Role::viewer, Role::operator_, Role::engineer, Role::admin,
                                     Role::auditor};
std::string_view name_of(Role role);  ///< "viewer", "operator", ...
std::optional<Role> parse_role(std::string_view name);

enum class PrincipalKind : std::uint8_t { nobody, person, token, loopback, node, certificate };

/// Someone who was let in, with what they may be. Made without arguments it is nobody and may
/// nothing. Immutable once shared; rights are asked in rights.h and topic_rights.h.
struct Principal {
    PrincipalKind kind = PrincipalKind::nobody;
    OrganisationId organisation{};
    std::string organisation_name{};  ///< the prefix of its topics, unless `default`
    std::optional<Role> role{};       ///< nothing for a machine's credential
    std::string machine{};            ///< the one machine of a machine's credential, else empty
    std::string name{};               ///< for people's eyes and the audit log
    std::uint64_t credential = 0;     ///< TokenId, CertificateId or PersonId by kind; 0 otherwise
    Instant expires{};                ///< of a certificate; zero: never
    bool is_held = false;  ///< signed in, but must set up a second factor before anything else

    bool is_machine() const {
        return (kind == PrincipalKind::token || kind == PrincipalKind::certificate) &&
               !machine.empty();
    }
    bool operator==(const Principal&) const = default;
};
using PrincipalPtr = std::shared_ptr<const Principal>;

/// The node itself: what it publishes on its own behalf.
Principal node_principal();

}  // namespace lineshaft::trust
