#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "io/shard.h"
#include "io/stream.h"

namespace lineshaft::io {

/// "127.0.0.1:1883", "[::1]:0", "*:8080" (all addresses) or "unix:/path/node.sock".
struct Address {
    std::string host;
    std::uint16_t port = 0;
    std::string path;  ///< not empty: a local socket
    bool is_loopback() const;
    std::string text() const;
};
/// Errors: invalid, naming what is allowed.
Result<Address> parse_address(std::string_view text);

class TlsServer;  // io/tls.h

/// Accepts connections on every shard (SO_REUSEPORT), so a connection lives where the kernel put
/// it; a local socket on shard 0 only. `on_stream` runs on the accepting shard and takes the stream
/// over (usually spawning a session into a nursery of its own). Limits are enforced before anything
/// is read. A local socket's file gets mode 0600, a stale one is replaced, close() removes it.
/// Owner: the thread that opened it, which is no shard's; close() before destroying.
class Listener {
public:
    struct Limits {
        std::size_t connections_max = 100'000;  ///< over all shards; one more is closed at once
        unsigned accepts_per_second_per_address = 1'000;  ///< loopback is not limited
        /// Over all shards, each its part of it; more wait in the kernel's queue, so that those who
        /// are connected keep their share of the shard. Not of local sockets. 0: no limit.
        unsigned accepts_per_second = 10'000;
        Steady handshake_max{10'000};  ///< TLS only
        bool is_node_socket = false;   ///< what its streams' peer says; local only
    };
    using OnStream = std::function<void(std::unique_ptr<Stream>)>;

    /// Binds and starts, from no shard's thread. Port 0 picks one: ask `port()`. `tls` null: plain.
    /// Errors: conflict (the address is taken), denied (no right to it), invalid.
    static Result<std::unique_ptr<Listener>> open(Shards& shards, const Address& address,
                                                  Limits limits, OnStream on_stream,
                                                  std::shared_ptr<TlsServer> tls = nullptr);
    /// The port bound; 0 for a local socket.
    virtual std::uint16_t port() const = 0;
    /// Whether connections are being accepted now.
    virtual bool is_accepting() const = 0;
    struct Stats {
        std::uint64_t accepted = 0;
        std::uint64_t refused_full = 0;   ///< connections_max
        std::uint64_t refused_often = 0;  ///< accepts_per_second_per_address
        std::uint64_t refused_handshakes = 0;
        std::uint64_t paced = 0;      ///< pauses because of accepts_per_second
        std::uint64_t starved = 0;    ///< pauses because the process had no descriptor left
        std::size_t connections = 0;  ///< alive now
    };
    virtual Stats stats() const = 0;

    /// Stops accepting on every shard; what was handed over lives on. Waits. From no shard's
    /// thread.
    virtual void close() = 0;
    virtual ~Listener() = default;
};

/// Connects out (demo plant, load program, tests); names are looked up. Errors: unavailable,
/// timeout, invalid.
Task<Result<std::unique_ptr<Stream>>> connect(Address address, Steady patience);

}  // namespace lineshaft::io
