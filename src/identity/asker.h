// One question to one server of the Handle System, as its client.
#pragma once
#include <string>

#include "io/listener.h"
#include "wire/handle/bodies.h"

namespace lineshaft::identity {

/// An answer with all its bytes.
struct Reply {
    handle::Envelope envelope;
    handle::Header header;
    std::string body;  ///< without the request digest
};

/// Asks over UDP (three times, waiting 0.5, 1 and 1.5 s) or TCP. `message` is a whole request. An
/// answer counts when it carries the request's id. Errors: timeout, unavailable, exhausted (the
/// answer is too long for UDP: ask over TCP), invalid (what came is no answer).
io::Task<Result<Reply>> ask(io::Address server, handle::Transport transport, std::string message);

/// A question for `wanted` of version 2.11, that nobody shall recurse for.
std::string resolution_request(const handle::Resolution& wanted, std::uint32_t request_id);

}  // namespace lineshaft::identity
