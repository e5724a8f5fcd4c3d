#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "io/stream.h"

namespace lineshaft::io::http {

struct Field {
    std::string name;   ///< lower case
    std::string value;
};

/// One parsed request. Owned by its handler.
struct Request {
    std::string method;                 ///< "GET"
    std::string path;                   ///< percent-decoded, "/api/v1/machines/emb-01"
    std::vector<Field> query;           ///< decoded, in order
    std::vector<Field> headers;
    std::string body;
    std::vector<std::string> captured;  ///< the pattern's {parts}, decoded, in order
    Peer peer;
    bool is_head = false;

    /// The first value, or empty. Header names in lower case.
    std::string_view header(std::string_view name) const;
    std::optional<std::string_view> asked(std::string_view query_name) const;
    std::string_view cookie(std::string_view name) const;
};

/// Writes the body of a streaming response (live stream, downloads) piece by piece, with pushback.
class BodyWriter {
public:
    /// Errors: unavailable (the client is gone), timeout (it does not read).
    virtual Task<Result<void>> write(std::string_view piece) = 0;
    /// Resumes when the client has gone; for streams that wait for events.
    virtual bool is_open() const = 0;
    /// Calls `gone` on this shard once when the client leaves or the server closes.
    virtual void on_gone(std::function<void()> gone) = 0;
    virtual ~BodyWriter() = default;
};
using Streamer = std::move_only_function<Task<void>(BodyWriter&)>;  ///< a named coroutine's call

/// What a handler gives back: a whole body, or a streamer for one whose length is not known.
struct Response {
    unsigned status = 200;
    std::vector<Field> headers;
    std::string body;
    std::string_view static_body;   ///< used instead of `body` when not empty; lives for ever
    Streamer stream;                ///< when set: chunked, `body` ignored

    Response& set(std::string name, std::string value);
};

}  // namespace lineshaft::io::http
