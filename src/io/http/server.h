#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "io/http/message.h"
#include "io/listener.h"
#include "io/shard.h"

namespace lineshaft::io::http {

struct Limits {
    std::size_t header_bytes_max = 16 * 1024;  ///< request line and headers; past it 431
    std::size_t target_bytes_max = 8 * 1024;   ///< past it 414
    std::size_t body_bytes_max = 16 << 20;     ///< any request; a route may take less. Past it 413
    std::size_t bodies_bytes_max = 256 << 20;  ///< held by one shard at once; past it 503
    Steady header_wait_max{10'000};  ///< from connect or a request's first byte: slowloris
    Steady body_wait_max{30'000};    ///< silence while a body is awaited
    std::size_t body_bytes_per_second_min = 512;  ///< on average after body_wait_max; below it 408
    Steady idle_max{75'000};                      ///< keep-alive
    Steady write_wait_max{30'000};                ///< a client that does not read
    /// After the last answer what the client still sends is read and dropped, since closing over
    /// unread bytes resets the connection and the answer with it. Until the client leaves, or:
    Steady linger_silence_max{5'000};         ///< it sends nothing
    Steady linger_max{30'000};                ///< altogether; linger_silence_max after a 408
    std::size_t linger_bytes_max = 64 << 20;  ///< dropped
    Steady close_wait_max{2'000};             ///< for answers in work when the server closes
    std::size_t query_fields_max = 64;
    std::size_t headers_max = 100;
};

/// Called on the shard that accepted the connection. A free coroutine bound to its context by
/// value or by a reference that outlives the server. What it throws is logged and answered 500.
using Handler = std::function<Task<Response>(Request)>;
/// Takes a connection over (WebSocket): the request and the raw stream, which starts with what was
/// read too far. Nothing was answered yet: it writes the 101 itself (accept_websocket does) or a
/// refusal (answer_refusal does). The server waits for it; close() closes the stream under it.
using Upgrade = std::function<Task<void>(Request, std::unique_ptr<Stream>)>;

/// Routes: method and pattern to handler, such as "/api/v1/machines/{machine}/tags/{tag}"; a last
/// part "{rest...}" takes what is left, slashes included. Built at start, then immutable and
/// shared. The most literal pattern wins, decided part by part from the left. HEAD is answered by
/// GET, OPTIONS with Allow; a known path with another method is 405 with Allow. A pattern added
/// twice or misspelt is a bug.
class Router {
public:
    Router();
    ~Router();
    struct Options {
        std::size_t body_bytes_max = 1 << 20;
        bool watches_client = false;  ///< Request::gone is set: for work that nobody may wait for
    };
    void add(std::string method, std::string pattern, Handler handler, Options options);
    void add(std::string method, std::string pattern, Handler handler);
    void add_upgrade(std::string pattern, std::string protocol, Upgrade upgrade);
    /// Answers what no pattern matches; default: 404 problem details.
    void set_fallback(Handler handler);

    struct Listed {
        std::string method;
        std::string pattern;
    };
    std::vector<Listed> listed() const;

    struct Table;  ///< inside io/http

private:
    friend class Server;
    std::shared_ptr<Table> table_;
};

/// HTTP/1.1 over any Listener: keep-alive, pipelining in order, chunked both ways, 100-continue,
/// bounded everything. Malformed requests get 400 and the connection ends. Request bodies arrive
/// whole. Owner: a thread that is no shard's; close() before destroying, and before the shards end.
class Server {
public:
    Server(Shards& shards, std::shared_ptr<const Router> router, Limits limits);
    ~Server();

    /// Give this to Listener::open (several listeners may share a server).
    Listener::OnStream on_stream();

    struct Stats {
        std::uint64_t requests = 0;
        std::uint64_t refused = 0;      ///< malformed, too large, too slow
        std::uint64_t connections = 0;  ///< now
    };
    Stats stats() const;

    /// Ends every connection and streaming response, after the answers in work but at most
    /// close_wait_max later; waits. Connections that come later are dropped. From no shard's
    /// thread.
    void close();

private:
    struct State;
    std::shared_ptr<State> state_;
};

/// RFC 9457 problem details: {"type","title","status","detail"}.
Response problem(unsigned status, std::string_view title, std::string_view detail);
/// The status a failure of ours has on HTTP, the only place that says so.
unsigned status_of(Code code);
Response problem(const Error& error);
/// For an Upgrade that says no: writes `refusal` and ends the stream.
Task<void> answer_refusal(std::unique_ptr<Stream> stream, Response refusal);

}  // namespace lineshaft::io::http
