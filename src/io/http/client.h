#pragma once
#include <string>
#include <vector>

#include "io/http/message.h"
#include "io/listener.h"

namespace lineshaft::io::http {

struct ClientResponse {
    unsigned status = 0;
    std::vector<Field> headers;  ///< names in lower case
    std::string body;
    std::string_view header(std::string_view name) const;
};

struct ClientRequest {
    std::string method = "GET";
    std::string target = "/";    ///< as it goes on the wire, already escaped
    std::vector<Field> headers;  ///< Host, Content-Length and Connection are added
    std::string body;
};

/// One request on a connection of its own: for the command line, the demo plant and tests.
/// `patience` bounds each wait. Bodies up to 64 MiB.
/// Errors: unavailable (nobody there, cut short), timeout, invalid (no HTTP), exhausted (too
/// large).
Task<Result<ClientResponse>> fetch(Address address, std::string method, std::string target,
                                   std::vector<Field> headers, std::string body, Steady patience);

/// The same over a stream that is already connected (TLS, memory), which may be kept for the next
/// request. One that failed must be closed.
Task<Result<ClientResponse>> fetch_over(Stream& stream, ClientRequest request, std::string host,
                                        Steady patience);

}  // namespace lineshaft::io::http
