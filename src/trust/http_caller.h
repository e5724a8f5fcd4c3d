// Who sends an HTTP request: programs by token, local clients by the loopback role. Browsers'
// cookies are the API's own affair.
#pragma once
#include <optional>
#include <string_view>

#include "io/http/message.h"
#include "trust/audit.h"
#include "trust/porter.h"
#include "trust/rights.h"

namespace lineshaft::trust {

/// Both ends on this machine, no proxy in between, and asked for under a name of this machine, so
/// that no page of another name that was made to resolve here passes (DNS rebinding).
bool is_local(const io::http::Request& request);

/// True when a page of another origin sent it. What changes something refuses such requests.
bool is_from_foreign_page(const io::http::Request& request);

/// Whom a request stands for, when cookies do not count.
struct HttpCaller {
    PrincipalPtr principal;    ///< null: nobody
    bool was_refused = false;  ///< credentials were shown and are wrong
};
/// In this order: the node's own socket (an admin), Authorization (Bearer, Token, Basic with the
/// token as password), `token_elsewhere` when the protocol has another place for it, the client's
/// certificate, the loopback role. Counts a token's use. On a shard.
HttpCaller program_behind(Porter& porter, const io::http::Request& request,
                          std::optional<Role> loopback_role,
                          std::optional<std::string_view> token_elsewhere = {});

/// The whole question of a door without cookies: may whoever sent this use `route`, for `machine`
/// (empty: not known before the body is read)? 200, or the status and the sentence to refuse with.
struct HttpAdmission {
    PrincipalPtr principal;  ///< never null with 200, unless the route is open
    unsigned status = 200;   ///< 200, 401, 403, 404
    std::string_view why;
};
/// Wrong credentials and missing rights are noted in `audit`, unless it is null.
HttpAdmission admit_program(Porter& porter, Audit* audit, const io::http::Request& request,
                            const Route& route, std::string_view machine,
                            std::optional<Role> loopback_role,
                            std::optional<std::string_view> token_elsewhere = {});

/// Notes a request that was turned away; bounded as Audit::note. `who` null: wrong credentials.
void note_refusal(Audit& audit, std::string_view pattern, const io::http::Request& request,
                  const Principal* who, std::string_view why);

}  // namespace lineshaft::trust
