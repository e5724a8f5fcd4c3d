#pragma once
// Inside io only: the stream that TLS makes of another one.
#include "io/tls.h"
#include "io/tls_context.h"

namespace lineshaft::io {

/// Shakes hands within `patience` altogether; on success the stream inside. Closes `below` on
/// failure. `bytes_max`: what the peer may send until then.
Task<Result<std::unique_ptr<Stream>>> shake_hands(std::unique_ptr<Stream> below, Ssl ssl,
                                                  Steady patience, std::size_t bytes_max);

}  // namespace lineshaft::io
