#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "io/http/message.h"

namespace lineshaft::io::http {

struct Limits;

/// A request before its body: what routing and refusing need.
struct Head {
    std::string method;
    std::string target;  ///< as sent
    std::vector<Field> headers;
    bool is_http_1_0 = false;
    bool keeps_alive = false;
    bool wants_upgrade = false;  ///< Connection: upgrade and an Upgrade header
    bool expects_continue = false;
    std::uint64_t content_length = 0;  ///< 0 when absent or chunked
};

/// ASCII letters in their small form.
std::string lower(std::string_view text);

/// Bytes in, one request out; no I/O. A stricter shell around Beast's parser (RFC 9112): one Host,
/// no transfer coding but chunked, trailers dropped. Use one per request.
class RequestParser {
public:
    explicit RequestParser(const Limits& limits);
    ~RequestParser();

    enum class State { head, body, done };
    State state() const;

    /// Takes what it can of `bytes` and returns the count; the rest must be given again with what
    /// follows. Stops after the head, so that the body's limit can be set. Errors: invalid and
    /// others; the status to answer is in refusal().
    Result<std::size_t> put(Bytes bytes);
    unsigned refusal() const;  ///< after put failed: 400, 413, 414, 431, 501 or 505

    const Head& head() const;  ///< once state() is not `head`
    Head take_head();
    /// Before the first put of the body. Errors: exhausted (the length announced is larger: 413).
    Result<void> allow_body(std::size_t bytes_max);
    std::size_t body_size() const;
    std::string take_body();  ///< once done, or what has come so far

private:
    struct Sink;
    std::unique_ptr<Sink> sink_;
};

/// The client's half, for responses to `method`.
class ResponseParser {
public:
    ResponseParser(std::string_view method, std::size_t body_bytes_max);
    ~ResponseParser();

    Result<std::size_t> put(Bytes bytes);
    Result<void> put_end();  ///< the connection ended: right for bodies without a length
    bool is_done() const;
    unsigned status() const;
    std::vector<Field> take_headers();
    std::string take_body();

private:
    struct Sink;
    std::unique_ptr<Sink> sink_;
};

}  // namespace lineshaft::io::http
