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
    std::size_t header_bytes_max = 16 * 1024;
    std::size_t body_bytes_max = 16 << 20;        ///< per route it may be less or more
    Steady header_wait_max{10'000};               ///< from connect or the last answer's end: slowloris
    Steady body_wait_max{30'000};                 ///< silence while a body is awaited
    Steady idle_max{75'000};                      ///< keep-alive
    Steady write_wait_max{30'000};
    std::size_t query_fields_max = 64;
    std::size_t headers_max = 100;
};

/// Called on the shard that accepted the connection. A free coroutine bound to its context by
/// value or by a reference that outlives the server.
using Handler = std::function<Task<Response>(Request)>;
/// Takes a connection over after a 101 (WebSocket): the request and the raw stream with what was
/// read too far.
using Upgrade = std::function<Task<void>(Request, std::unique_ptr<Stream>)>;

/// Routes: method and pattern to handler, such as "/api/v1/machines/{machine}/tags/{tag}"; a last
/// part "{rest...}" takes what is left, slashes included. Built at start, then immutable and shared.
/// The most literal pattern wins. HEAD is answered by GET, OPTIONS with Allow; a known path with
/// another method is 405.
class Router {
public:
    Router();
    ~Router();
    struct Options {
        std::size_t body_bytes_max = 1 << 20;
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

private:
    friend class Server;
    struct Table;
    std::shared_ptr<Table> table_;
};

/// HTTP/1.1 over any Listener: keep-alive, pipelining in order, chunked both ways, 100-continue,
/// bounded everything. Malformed requests get 400 and the connection ends.
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

    /// Ends every connection and streaming response; waits. From no shard's thread.
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

}  // namespace lineshaft::io::http
