#pragma once
#include <array>
#include <functional>
#include <memory>
#include <string>

#include "io/listener.h"

namespace lineshaft::io {

/// Where a datagram came from; as the kernel has it, to be answered without a look-up.
struct Endpoint {
    std::array<std::byte, 28> bytes{};  ///< sockaddr_in or sockaddr_in6
    std::uint8_t size = 0;
    bool is_loopback() const;
    /// The address alone, a mapped IPv4 one as IPv4.
    std::string address() const;
    /// The same as a number to count by; equal for equal addresses.
    std::uint64_t hash() const;
};

/// One shard's UDP socket. Owner: the shard.
class DatagramSocket {
public:
    /// Queues a datagram; everything queued during one turn leaves in one call of the kernel. What
    /// the kernel does not take at once is dropped and counted, as UDP may. At most 65,507 bytes.
    virtual void send(const Endpoint& to, std::string datagram) = 0;
    virtual ~DatagramSocket() = default;
};

/// A UDP port on every shard (SO_REUSEPORT), read and written in batches (recvmmsg, sendmmsg).
/// Owner: the thread that opened it, which is no shard's; close() before destroying.
class DatagramListener {
public:
    struct Limits {
        std::size_t datagram_bytes_max = 2'048;  ///< longer ones are dropped and counted
        unsigned batch = 64;                     ///< read at once
        unsigned batches_per_turn = 4;           ///< then the others of the shard have a turn
        std::size_t queued_max = 4'096;          ///< datagrams of one turn that wait to be sent
        int kernel_buffer_bytes = 4 << 20;       ///< asked of the kernel for each socket
    };
    /// Runs on the shard that received; `datagram` is valid during the call, `here` until close().
    using OnDatagram = std::function<void(DatagramSocket& here, const Endpoint& from, Bytes)>;
    /// Errors: as Listener::open.
    static Result<std::unique_ptr<DatagramListener>> open(Shards& shards, const Address& address,
                                                          Limits limits, OnDatagram on_datagram);
    virtual std::uint16_t port() const = 0;
    virtual bool is_accepting() const = 0;
    struct Stats {
        std::uint64_t received = 0;
        std::uint64_t sent = 0;
        std::uint64_t dropped_long = 0;  ///< longer than datagram_bytes_max
        std::uint64_t dropped_full = 0;  ///< answers the kernel or queued_max had no room for
    };
    virtual Stats stats() const = 0;
    /// Stops reading on every shard and waits. From no shard's thread.
    virtual void close() = 0;
    virtual ~DatagramListener() = default;
};

/// A UDP socket of one's own, connected to one peer: only its datagrams arrive. Owner: one shard;
/// nobody may be waiting when it is destroyed.
class DatagramClient {
public:
    /// Errors: unavailable (the kernel refuses, or nobody listens there).
    virtual Result<void> send(Bytes datagram) = 0;
    /// Errors: timeout, unavailable (nobody listens there).
    virtual Task<Result<std::string>> receive(Steady patience) = 0;
    virtual ~DatagramClient() = default;
};
/// `address`: no name to look up. Errors: invalid, unavailable.
Result<std::unique_ptr<DatagramClient>> open_datagrams(const Address& address);

}  // namespace lineshaft::io
