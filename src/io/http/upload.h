#pragma once
#include "io/http/server.h"

namespace lineshaft::io::http {

/// The body of a request while it arrives.
class BodyReader {
public:
    /// The next bytes, at least one; empty: the body has ended. Errors: timeout (nothing came for so
    /// long; ask again), unavailable (the client is gone), invalid (no HTTP).
    virtual Task<Result<std::string>> read(Steady patience) = 0;
    virtual ~BodyReader() = default;
};

/// A handler that gets the request before its body, of any length, and may answer while it reads: add
/// it to a Router like any other. The reader lives until the answer has been written, its streamer
/// included; the streamer is not told when the client leaves but by reading and writing. The connection
/// ends with the answer. Body bytes do not count against the server's limits: hold few.
struct Upload {
    std::function<Task<Response>(Request, BodyReader&)> take;
    /// Never called: the server sees that it is an Upload.
    Task<Response> operator()(Request request) const;
};

}  // namespace lineshaft::io::http
