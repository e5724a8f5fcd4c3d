#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "io/stop_flag.h"
#include "io/stream.h"

namespace lineshaft::io::http {

struct Field {
    std::string name;
    std::string value;
};

/// One parsed request. Owned by its handler.
struct Request {
    std::string method;          ///< "GET"
    std::string path;            ///< percent-decoded UTF-8, "/api/v1/machines/emb-01"
    std::vector<Field> query;    ///< decoded UTF-8, names as sent, in order
    std::vector<Field> headers;  ///< names in lower case, in order
    std::string body;
    std::vector<std::string> captured;  ///< the pattern's {parts}, decoded, in order
    Peer peer;
    bool is_head = false;
    StopFlagPtr gone{};  ///< raised when the client leaves; null unless the route watches

    /// The first value, or empty. Header names in lower case.
    std::string_view header(std::string_view name) const;
    std::optional<std::string_view> asked(std::string_view query_name) const;
    /// The first cookie of that name, or empty.
    std::string_view cookie(std::string_view name) const;
};

/// Writes the body of a streaming response (live stream, downloads) piece by piece, with pushback.
class BodyWriter {
public:
    /// Sends one piece; `piece` must outlive the call. An empty one sends nothing.
    /// Errors: unavailable (the client is gone), timeout (it does not read).
    virtual Task<Result<void>> write(std::string_view piece) = 0;
    virtual bool is_open() const = 0;
    /// Calls `gone` on this shard once when the client leaves or the server closes, even while
    /// nothing is written; never after the streamer has ended. For streams that wait for events:
    /// `gone` wakes them. Already gone: called soon, not from within this call.
    virtual void on_gone(std::function<void()> gone) = 0;
    virtual ~BodyWriter() = default;
};
/// A named coroutine's call, such as [hub](BodyWriter& out) { return follow(hub, out); }. It must
/// end soon after the client has gone. The connection ends with it.
using Streamer = std::move_only_function<Task<void>(BodyWriter&)>;

/// What a handler gives back: a whole body, or a streamer for one whose length is not known.
/// The server adds Date, Content-Length or Transfer-Encoding, and Connection; control characters
/// in header values become spaces.
struct Response {
    unsigned status = 200;
    std::vector<Field> headers;
    std::string body;
    std::string_view static_fields;  ///< more header lines, each with its CRLF; lives for ever
    std::string_view static_body;  ///< used instead of `body` when not empty; lives for ever
    Streamer stream;               ///< when set: chunked, `body` ignored

    /// Replaces the header of that name (lower case by custom), else adds it.
    Response& set(std::string name, std::string value);
};

}  // namespace lineshaft::io::http
