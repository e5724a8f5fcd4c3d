#pragma once
// Inside io only: what streams and listeners share about sockets.
#include <sys/socket.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <memory>
#include <vector>

#include "io/fd.h"
#include "io/listener.h"
#include "io/stream.h"

namespace lineshaft::io {

/// A socket under the shard's loop; the executor's own type keeps it at a third of the size.
using Descriptor =
    boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
    sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
    int family() const { return storage.ss_family; }
};

/// An IP literal, "localhost", "*" or a path. Errors: invalid (a name that must be looked up).
Result<SocketAddress> to_socket_address(const Address& address);
std::uint16_t port_of(const SocketAddress& address);
/// The peer of a connected socket, mapped IPv4 addresses shown as IPv4.
Peer describe_peer(const SocketAddress& remote, const SocketAddress& local);
SocketAddress local_address_of(int socket);

/// How many connections a listener has alive; each stream takes part until it is destroyed.
struct Census {
    std::atomic<std::size_t> alive{0};
};

/// A connected socket as a Stream of the current shard, counted in `census` (may be null) as long
/// as it lives. Errors: unavailable (the kernel cannot watch it).
Result<std::unique_ptr<Stream>> adopt_socket(Fd socket, Peer peer, std::shared_ptr<Census> census);

/// "connect: Connection refused" with the code a caller can act on.
std::unexpected<Error> socket_failure(std::string_view doing, int error_number);

}  // namespace lineshaft::io
