// The HTTP JSON API of Handle.Net 9 (Technical Manual, chapter 14): /api/handles, /api/prefixes,
// /api/site. Clauses and statuses: docs/protocols/handle.md.
#pragma once
#include "gate/handle/responder.h"
#include "gate/handle/rest_login.h"
#include "io/http/server.h"
#include "trust/audit.h"
#include "trust/porter.h"

namespace lineshaft::handle {

/// Reading is for everybody, what the public may see; changes, and reading the rest, are for tokens
/// of role engineer or above of the organisation `default`, and for keys of handles as far as the
/// handles' HS_ADMIN say; over TLS or loopback. Changes are in the audit log before they are done. Owner: outlives
/// the HTTP server it is added to.
class Rest {
public:
    struct Services {
        identity::Registry& registry;
        Responder& responder;  ///< whose numbers and site it uses
        trust::Porter& porter;
        std::optional<trust::Role> loopback_role;
        trust::Audit* audit = nullptr;  ///< null: nothing is recorded
        io::Shards& shards;
        io::Workers& workers;  ///< for proofs
    };
    Rest(Services services, const DoorLimits& limits)
        : services_(services),
          limits_(limits),
          logins_(services.registry, services.shards, services.workers, LoginLimits{}) {}
    void add_routes(io::http::Router& router);

private:
    friend struct RestSteps;
    Services services_;
    DoorLimits limits_;
    RestLogins logins_;
};

}  // namespace lineshaft::handle
