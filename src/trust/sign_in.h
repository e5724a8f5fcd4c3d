// Ways in: a person's password, and the loopback address, the node's socket.
#pragma once
#include <optional>
#include <string_view>

#include "trust/password.h"
#include "trust/principals.h"

namespace lineshaft::trust {

/// Checks "name" (of organisation `default`) or "organisation/name" with a password. Blocking and
/// dear (password.h): on the passwords' worker, after LoginThrottle::wait said zero.
/// denied, always the same sentence and the same time, whether name or password is wrong.
/// unavailable: the rows cannot be read.
Result<PersonRecord> check_login(Principals& principals, std::string_view login,
                                 std::string_view password, const ScryptCost& cost = {});

/// The setting trust.loopback_role: "none" is no role. Errors: invalid, naming what is allowed.
Result<std::optional<Role>> parse_loopback_role(std::string_view text);

/// Who a client without any credentials is: somebody only when the setting names a role and both
/// ends of its connection are loopback (io::Peer::is_loopback). Nothing otherwise. Never asked for
/// a client that shows wrong credentials, nor for a request with `Forwarded` or `X-Forwarded-For`,
/// which a proxy on this machine brought in.
PrincipalPtr loopback_principal(std::optional<Role> setting, bool both_ends_loopback);

/// Whoever comes through DATA/node.sock owns the files: an admin of `default`.
PrincipalPtr owner_principal();

}  // namespace lineshaft::trust
