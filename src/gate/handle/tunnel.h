// Messages of the Handle System in HTTP: POST with application/x-hdl-message, as clients behind
// firewalls send them.
#pragma once
#include "gate/handle/responder.h"
#include "io/http/server.h"

namespace lineshaft::handle {

/// A POST whose body is one message gets the answer as its body; a list all its messages. The path
/// says nothing that the message does not. Every other request goes to `otherwise`. The responder
/// outlives the server.
io::http::Handler tunnel(Responder& responder, io::http::Handler otherwise);

}  // namespace lineshaft::handle
