// Who comes in without credentials.
#pragma once
#include <optional>
#include <string_view>

#include "base/result.h"
#include "trust/principal.h"

namespace lineshaft::trust {

/// The setting trust.loopback_role: "none" is no role. Errors: invalid, naming what is allowed.
Result<std::optional<Role>> parse_loopback_role(std::string_view text);

/// Who a client without any credentials is: somebody of `default` only when the setting names a
/// role and both ends of its connection are loopback (io::Peer::is_loopback). Nothing otherwise.
/// Never asked for a client that shows wrong credentials, nor for a request with `Forwarded` or
/// `X-Forwarded-For`, which a proxy on this machine brought in. A browser is such a client too:
/// unsafe methods need the Origin check, and the Host header must be a loopback name.
PrincipalPtr loopback_principal(std::optional<Role> setting, bool both_ends_loopback);

/// Whoever comes through DATA/node.sock owns the files: an admin of `default`.
PrincipalPtr owner_principal();

}  // namespace lineshaft::trust
