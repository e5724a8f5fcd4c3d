// The HTTP JSON API of Handle.Net 9 (Technical Manual, chapter 14): /api/handles, /api/prefixes,
// /api/site. Clauses and statuses: docs/protocols/handle.md.
#pragma once
#include "gate/handle/responder.h"
#include "io/http/server.h"
#include "trust/audit.h"
#include "trust/porter.h"

namespace lineshaft::handle {

/// Reading is for everybody, what the public may see; changes, and reading the rest, are for tokens
/// of role engineer or above of the organisation `default`, over TLS or loopback. Owner: outlives
/// the HTTP server it is added to.
class Rest {
public:
    struct Services {
        identity::Registry& registry;
        Responder& responder;  ///< whose numbers and site it uses
        trust::Porter& porter;
        std::optional<trust::Role> loopback_role;
        trust::Audit* audit = nullptr;  ///< where refusals are noted
    };
    Rest(Services services, const DoorLimits& limits) : services_(services), limits_(limits) {}
    void add_routes(io::http::Router& router);

private:
    friend struct RestSteps;
    Services services_;
    DoorLimits limits_;
};

}  // namespace lineshaft::handle
