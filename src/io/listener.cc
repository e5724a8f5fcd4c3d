#include "io/listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>

#include "base/check.h"
#include "base/log.h"
#include "io/accept_rate.h"
#include "io/nursery.h"
#include "io/pace.h"
#include "io/pause.h"
#include "io/socket.h"
#include "io/soon.h"
#include "io/tls.h"

namespace lineshaft::io {
namespace {

constexpr int backlog = 4096;
/// Few, because each of them brings work of its own: then the others of the shard have a turn.
constexpr unsigned accepts_per_turn = 2;
constexpr Steady starved_pause{100};
constexpr Steady paced_pause{2};

Result<Fd> bind_socket(const SocketAddress& address, bool shared, bool dual) {
    Fd socket(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket.is_open()) return socket_failure("socket", errno);
    const int yes = 1;
    const int six_only = dual ? 0 : 1;
    ::setsockopt(socket.number(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (shared) ::setsockopt(socket.number(), SOL_SOCKET, SO_REUSEPORT, &yes, sizeof(yes));
    if (address.family() == AF_INET6) {
        ::setsockopt(socket.number(), IPPROTO_IPV6, IPV6_V6ONLY, &six_only, sizeof(six_only));
    }
    if (::bind(socket.number(), address.get(), address.size) != 0) {
        return socket_failure("bind", errno);
    }
    return socket;
}

/// One listening socket per shard on one port.
Result<std::vector<Fd>> listen_tcp(Address address, std::size_t count) {
    const bool dual = address.host == "*";
    TRY(SocketAddress where, to_socket_address(address));
    if (port_of(where) != 0) {
        // With SO_REUSEPORT a second node of the same user would silently share the port: ask
        // without it first.
        auto probe = bind_socket(where, false, dual);
        if (!probe && dual && probe.error().code == Code::invalid) {
            return listen_tcp({.host = "0.0.0.0", .port = address.port, .path = {}}, count);
        }
        if (!probe) return std::unexpected(std::move(probe).error());
    }
    std::vector<Fd> out;
    for (std::size_t index = 0; index < count; ++index) {
        auto socket = bind_socket(where, true, dual);
        if (!socket && dual && socket.error().code == Code::invalid) {
            return listen_tcp({.host = "0.0.0.0", .port = address.port, .path = {}}, count);
        }
        if (!socket) return std::unexpected(std::move(socket).error());
        if (::listen(socket->number(), backlog) != 0) return socket_failure("listen", errno);
        where = local_address_of(socket->number());
        out.push_back(std::move(*socket));
    }
    return out;
}

/// Whether a local socket's file may be replaced: nobody answers behind it.
Result<void> remove_stale(const std::string& path, const SocketAddress& where) {
    struct stat found{};
    if (::lstat(path.c_str(), &found) != 0) return {};
    if (!S_ISSOCK(found.st_mode)) return fail(Code::conflict, "a file that is no socket is there");
    const Fd asking(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (::connect(asking.number(), where.get(), where.size) == 0 || errno == EAGAIN) {
        return fail(Code::conflict, "another process listens there");
    }
    if (errno != ECONNREFUSED) return socket_failure("ask who listens", errno);
    if (::unlink(path.c_str()) != 0) return socket_failure("remove the stale socket", errno);
    return {};
}

Result<std::vector<Fd>> listen_local(const Address& address) {
    TRY(const SocketAddress where, to_socket_address(address));
    TRY_VOID(remove_stale(address.path, where));
    Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket.is_open()) return socket_failure("socket", errno);
    // On Linux the file is created with the socket's mode, so there is no moment of 0755.
    ::fchmod(socket.number(), 0600);
    if (::bind(socket.number(), where.get(), where.size) != 0) return socket_failure("bind", errno);
    if (::chmod(address.path.c_str(), 0600) != 0) return socket_failure("chmod", errno);
    if (::listen(socket.number(), backlog) != 0) return socket_failure("listen", errno);
    std::vector<Fd> out;
    out.push_back(std::move(socket));
    return out;
}

bool is_out_of_resources(int error_number) {
    return error_number == EMFILE || error_number == ENFILE || error_number == ENOBUFS ||
           error_number == ENOMEM;
}

}  // namespace

class SocketListener final : public Listener {
public:
    SocketListener(Shards& shards, Address address, Limits limits, OnStream on_stream,
                   std::shared_ptr<TlsServer> tls)
        : shards_(shards),
          address_(std::move(address)),
          limits_(limits),
          on_stream_(std::move(on_stream)),
          tls_(std::move(tls)),
          rate_(limits.accepts_per_second_per_address) {}
    ~SocketListener() override { close(); }

    void start(std::vector<Fd> sockets) {
        port_ = port_of(local_address_of(sockets[0].number()));
        is_local_ = !address_.path.empty();
        for (std::size_t index = 0; index < sockets.size(); ++index) {
            doors_.push_back(std::make_unique<Door>(shards_.at(index), rate_of_each()));
        }
        accepting_ = doors_.size();
        shards_.run_everywhere([this, &sockets](Shard& shard) {
            const std::size_t index = shard.index().number();
            if (index >= doors_.size()) return;
            Door& door = *doors_[index];
            boost::system::error_code failed;
            door.socket.assign(sockets[index].number(), failed);
            if (failed) {
                accepting_.fetch_sub(1);
                log::error("{}: {}", address_.text(), failed.message());
                return;
            }
            sockets[index].release();
            door.nursery.spawn(accept_all(&door), [&door] {
                boost::system::error_code ignored;  // closed is closed
                door.socket.close(ignored);
                door.pause.end();
            });
        });
    }

    std::uint16_t port() const override { return port_; }
    bool is_accepting() const override {
        return !doors_.empty() && accepting_.load() == doors_.size();
    }
    Stats stats() const override {
        return {.accepted = accepted_,
                .refused_full = refused_full_,
                .refused_often = refused_often_,
                .refused_handshakes = refused_handshakes_,
                .paced = paced_,
                .starved = starved_,
                .connections = census_->alive.load()};
    }

    void close() override {
        if (std::exchange(is_closed_, true)) return;
        for (std::size_t index = 0; index < doors_.size(); ++index) {
            shards_.run_blocking(ShardIndex(std::uint32_t(index)), close_door(doors_[index].get()));
        }
        if (is_local_) ::unlink(address_.path.c_str());
    }

private:
    /// One shard's half of the listener.
    struct Door {
        Door(Shard& shard, unsigned per_second)
            : socket(shard.loop()),
              soon(shard),
              nursery("listener"),
              pace(per_second, per_second / 100) {}
        Descriptor socket;
        Soon soon;
        Nursery nursery;
        Pause pause;
        Pace pace;
    };
    enum class Turn { drained, more, paced, starved };

    unsigned rate_of_each() const {
        if (limits_.accepts_per_second == 0 || !address_.path.empty()) return 0;
        return std::max(1u, limits_.accepts_per_second / static_cast<unsigned>(shards_.size()));
    }

    static Task<void> close_door(Door* door) { co_await door->nursery.close(); }

    Task<void> accept_all(Door* door) {
        bool is_starving = false;
        while (door->socket.is_open()) {
            auto waited = co_await door->socket.async_wait(
                Descriptor::wait_read, boost::asio::as_tuple(boost::asio::deferred));
            if (std::get<0>(waited)) break;
            const Turn turn = accept_ready(*door);
            if (turn == Turn::starved) {
                starved_.fetch_add(1);
                if (!std::exchange(is_starving, true)) {
                    log::error(
                        "{}: no file descriptor left, connections wait; raise the limit "
                        "(ulimit -n)",
                        address_.text());
                }
                (void)co_await door->pause.wait(starved_pause);
            } else {
                is_starving = false;
            }
            if (turn == Turn::paced) {
                paced_.fetch_add(1);
                co_await door->soon.wait(paced_pause);
            }
        }
        accepting_.fetch_sub(1);
    }

    Turn accept_ready(Door& door) {
        for (unsigned count = 0; count < accepts_per_turn && door.socket.is_open(); ++count) {
            if (!door.pace.has_room(Shard::here().clock().steady())) return Turn::paced;
            SocketAddress remote;
            remote.size = sizeof(remote.storage);
            Fd socket(::accept4(door.socket.native_handle(), remote.get(), &remote.size,
                                SOCK_NONBLOCK | SOCK_CLOEXEC));
            if (socket.is_open()) {
                admit(door, std::move(socket), remote);
            } else if (is_out_of_resources(errno)) {
                return Turn::starved;
            } else if (errno == EAGAIN) {
                return Turn::drained;
            }
            // Everything else is one connection that failed before it was accepted.
        }
        return Turn::more;
    }

    void admit(Door& door, Fd socket, const SocketAddress& remote) {
        if (census_->alive.load(std::memory_order_relaxed) >= limits_.connections_max) {
            refused_full_.fetch_add(1);
            return;
        }
        Peer peer = describe_peer(remote, local_address_of(socket.number()));
        peer.is_node_socket = is_local_ && limits_.is_node_socket;
        if (!peer.is_loopback && !rate_.allow(peer.address, Shard::here().clock().steady())) {
            refused_often_.fetch_add(1);
            return;
        }
        if (!is_local_) {
            const int yes = 1;
            ::setsockopt(socket.number(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
        }
        auto stream = adopt_socket(std::move(socket), std::move(peer), census_);
        if (!stream) {
            log::warn("{}: {}", address_.text(), stream.error().context);
            return;
        }
        accepted_.fetch_add(1);
        door.pace.took();
        hand_over(door, std::move(*stream));
    }

    void hand_over(Door& door, std::unique_ptr<Stream> stream) {
        if (!tls_) {
            on_stream_(std::move(stream));
            return;
        }
        auto raw = std::make_shared<Stream*>(stream.get());
        door.nursery.spawn(shake_hands(std::move(stream), raw), [raw] {
            if (*raw != nullptr) (*raw)->close();
        });
    }

    Task<void> shake_hands(std::unique_ptr<Stream> stream, std::shared_ptr<Stream*> raw) {
        auto inside = co_await tls_->accept(std::move(stream), limits_.handshake_max);
        *raw = nullptr;
        if (inside) {
            on_stream_(std::move(*inside));
        } else {
            refused_handshakes_.fetch_add(1);
            log::debug("{}: {}", address_.text(), inside.error().context);
        }
    }

    Shards& shards_;
    const Address address_;
    const Limits limits_;
    const OnStream on_stream_;
    const std::shared_ptr<TlsServer> tls_;
    AcceptRate rate_;
    std::uint16_t port_ = 0;
    bool is_local_ = false;
    bool is_closed_ = false;
    std::vector<std::unique_ptr<Door>> doors_;
    std::atomic<std::size_t> accepting_{0};
    const std::shared_ptr<Census> census_ = std::make_shared<Census>();
    std::atomic<std::uint64_t> accepted_{0}, refused_full_{0}, refused_often_{0},
        refused_handshakes_{0}, paced_{0}, starved_{0};
};

Result<std::unique_ptr<Listener>> Listener::open(Shards& shards, const Address& address,
                                                 Limits limits, OnStream on_stream,
                                                 std::shared_ptr<TlsServer> tls) {
    CHECK(on_stream != nullptr);
    auto sockets =
        address.path.empty() ? listen_tcp(address, shards.size()) : listen_local(address);
    if (!sockets) {
        auto why = sockets.error().in("listen on " + address.text());
        if (why.context.ends_with("in use"))
            why.context += ": another program listens there; choose another port, or 0 for a free one";
        return std::unexpected(std::move(why));
    }
    auto listener = std::make_unique<SocketListener>(shards, address, limits, std::move(on_stream),
                                                     std::move(tls));
    listener->start(std::move(*sockets));
    return listener;
}

}  // namespace lineshaft::io
