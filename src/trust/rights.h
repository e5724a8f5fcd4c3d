// What roles may do, and which right each HTTP route asks for: the only two tables of their kind.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "trust/principal.h"

namespace lineshaft::trust {

enum class Right : std::uint8_t {
    open,          ///< needs no login
    be_known,      ///< any principal, also a machine's token
    read,          ///< machines, values, sites, events
    write_tag,     ///< send commands to machines
    end_client,    ///< disconnect MQTT clients and end their sessions
    edit_catalog,  ///< adopt, name and place machines; describe tags; sites
    publish,       ///< any topic of the organisation
    manage_people,
    manage_tokens,
    manage_organisations,  ///< only admins of `default`
    read_audit,
    erase_machine,  ///< with all it ever said
    report,  ///< hand in samples over HTTP; a machine's token: of its own machine
    decide_names,  ///< read applications for prefixes, approve and refuse them; only of `default`
};
inline constexpr Right all_rights[] = {
    Right::open,          Right::be_known,      Right::read,
    Right::write_tag,     Right::end_client,    Right::edit_catalog,  Right::publish,
    Right::manage_people, Right::manage_tokens, Right::manage_organisations,
    Right::read_audit,    Right::erase_machine, Right::report,
    Right::decide_names};
std::string_view name_of(Right right);

/// Deny by default: what no line of the table allows is refused.
bool role_has(Role role, Right right);

/// As role_has, for a principal. A machine's token has `read` only where may_use_route says so.
bool may(const Principal& principal, Right right);

/// True when `machine` is the one the token was made for, or a device of that Sparkplug edge node.
bool is_own_machine(const Principal& principal, std::string_view machine);

struct Route {
    std::string_view method;   ///< "GET"
    std::string_view pattern;  ///< "/api/v1/machines/{machine}"
    Right right;
    bool own_machine = false;    ///< a machine's token may use it for its own machine
    bool loopback_open = false;  ///< for anyone whose both ends are loopback (metrics)
    bool is_of_gate = false;     ///< served by a gate in its own dialect, not by api
};
/// Every route of docs/protocols/http-api.md and of the gates. One that is not here cannot be
/// served.
std::span<const Route> routes();
const Route* find_route(std::string_view method, std::string_view pattern);

enum class Verdict : std::uint8_t {
    allowed,
    unknown_caller,  ///< 401: who are you?
    refused,         ///< 403: not with that role
    hidden,          ///< 404: another machine than the token's own
};
/// `principal` null: came without credentials. `machine`: the route's {machine} (or each machine
/// asked for in the query), decoded; empty when the request names none. `from_loopback`:
/// io::Peer::is_loopback, and no proxy's headers.
Verdict may_use_route(const Principal* principal, const Route& route, std::string_view machine,
                      bool from_loopback = false);

}  // namespace lineshaft::trust
