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
    std::string message{};  ///< whole: its signature covers that
};

/// Asks over UDP (three times, waiting 0.5, 1 and 1.5 s) or TCP. `message` is a whole request. An
/// answer counts when it carries the request's id. Errors: timeout, unavailable, exhausted (the
/// answer is too long for UDP: ask over TCP), invalid (what came is no answer).
io::Task<Result<Reply>> ask(io::Address server, handle::Transport transport, std::string message);

/// A question for `wanted` of version 2.11, that nobody shall recurse for.
/// `certify`: the answer shall be signed.
std::string resolution_request(const handle::Resolution& wanted, std::uint32_t request_id,
                               bool certify = false);

/// What a server says of itself and its fellows, and how it said so (signed, when it can).
struct SiteReply {
    handle::Site site;
    Reply reply;
};
io::Task<Result<SiteReply>> ask_site(io::Address server, handle::Transport transport);

}  // namespace lineshaft::identity
