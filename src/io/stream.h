#pragma once
#include <memory>
#include <string>

#include "base/bytes.h"
#include "io/clock.h"
#include "io/task.h"

namespace lineshaft::io {

/// A patience without an end.
inline constexpr Steady for_ever = Steady::max();

/// A client's certificate that TLS has verified: its chain, its time, and that the client has the
/// key. Whether it was revoked, and what it may do, is for others to say.
struct PeerCertificate {
    std::string sha256;       ///< 32 bytes, of the certificate
    std::string root_sha256;  ///< 32 bytes, of the trusted certificate its chain leads to
    std::string serial;       ///< hexadecimal
    std::string common_name;
    Instant not_after;
};

/// Who is at the other end, as text and as what a rule needs to know.
struct Peer {
    std::string address;  ///< "192.0.2.7", "::1", "" for a local socket
    std::uint16_t port = 0;
    bool is_loopback = false;     ///< both ends of the connection have loopback addresses
    bool is_encrypted = false;    ///< TLS
    bool is_node_socket = false;  ///< came through DATA/node.sock: the owner of the files
    std::shared_ptr<const PeerCertificate> certificate{};  ///< null: showed none
};

/// Whom a stream tells that it may be read. Lives until it was told.
class ReadWaiter {
public:
    virtual void on_readable() = 0;

protected:
    ~ReadWaiter() = default;
};

/// A byte stream: TCP, TLS, a local socket or memory. One type, virtual, because a session
/// templated over transports costs a minute of compilation each. Owner: the session, on one shard.
/// A session that is idle costs one suspended frame: reading waits without a buffer.
/// At most one reader and one writer wait at a time; they may be different coroutines. Nobody may
/// be waiting when the stream is destroyed: close() it and let the waits end first.
class Stream {
public:
    /// What arrives next, in the shard's shared buffer: valid until the next wait of anybody on
    /// this shard, so copy or use it before co_awaiting anything that may wait. Never empty.
    /// Errors: unavailable (closed by the peer, or close() was called), timeout (`patience` over).
    virtual Task<Result<Bytes>> read_some(Steady patience) = 0;

    /// Whether the next three work here. They read without a coroutine, whose frames cost an idle
    /// session more than everything else it has.
    virtual bool can_wait_readable() const { return false; }
    /// Calls `waiter` once, on this shard and not from within, when read_now has something to tell,
    /// and after stop_waiting() or close().
    virtual void wait_readable(Steady patience, ReadWaiter& waiter);
    virtual void stop_waiting() {}
    /// What has arrived, as read_some gives it; empty when nothing has. Errors: as read_some,
    /// `timeout` when the patience of the last wait_readable is over.
    virtual Result<Bytes> read_now();

    /// Writes what the transport takes now without waiting; returns the count, 0 when it is full.
    /// What was not taken must come first in the next call. Errors: unavailable.
    virtual Result<std::size_t> try_write(Bytes bytes) = 0;

    /// Resumes when try_write would take something. Errors: unavailable, timeout.
    virtual Task<Result<void>> wait_writable(Steady patience) = 0;

    /// Says that nothing more will be written: the peer reads the end of the stream after what was
    /// written. Reading goes on. For a last answer that must arrive although the peer still sends.
    virtual void end_writing() = 0;

    /// Ends both directions; pending waits fail with `unavailable`. May be called twice.
    virtual void close() = 0;
    virtual bool is_open() const = 0;

    virtual const Peer& peer() const = 0;
    virtual ~Stream() = default;
};

/// Writes everything, waiting as needed up to `patience` for each step. `bytes` must outlive it.
Task<Result<void>> write_all(Stream& stream, Bytes bytes, Steady patience);

/// Two ends joined in memory, for tests. Each direction holds `capacity` bytes, then pushes back.
/// Both ends live on one shard. Each end sees a loopback peer named "memory", or as `peer` says.
std::pair<std::unique_ptr<Stream>, std::unique_ptr<Stream>> memory_streams(
    std::size_t capacity = 64 * 1024, Peer peer = {.address = "memory", .is_loopback = true});

}  // namespace lineshaft::io
