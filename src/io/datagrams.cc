#include "io/datagrams.h"

#include <netinet/in.h>
#include <netinet/udp.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>

#include "base/hash.h"
#include "base/log.h"
#include "io/nursery.h"
#include "io/socket.h"

namespace lineshaft::io {
namespace {

SocketAddress socket_address_of(const Endpoint& endpoint) {
    SocketAddress out;
    std::memcpy(&out.storage, endpoint.bytes.data(), endpoint.size);
    out.size = endpoint.size;
    return out;
}

Result<Fd> bind_datagrams(const SocketAddress& address, bool shared, bool dual, int buffer_bytes) {
    Fd socket(::socket(address.family(), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket.is_open()) return socket_failure("socket", errno);
    const int yes = 1;
    const int six_only = dual ? 0 : 1;
    if (shared) ::setsockopt(socket.number(), SOL_SOCKET, SO_REUSEPORT, &yes, sizeof(yes));
    if (address.family() == AF_INET6)
        ::setsockopt(socket.number(), IPPROTO_IPV6, IPV6_V6ONLY, &six_only, sizeof(six_only));
    // As much as the system allows; less is no failure.
    ::setsockopt(socket.number(), SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof(buffer_bytes));
    ::setsockopt(socket.number(), SOL_SOCKET, SO_SNDBUF, &buffer_bytes, sizeof(buffer_bytes));
    if (::bind(socket.number(), address.get(), address.size) != 0)
        return socket_failure("bind", errno);
    return socket;
}

Result<std::vector<Fd>> bind_all(Address address, std::size_t count, int buffer_bytes) {
    const bool dual = address.host == "*";
    const Address four{.host = "0.0.0.0", .port = address.port, .path = {}};
    TRY(SocketAddress where, to_socket_address(address));
    std::vector<Fd> out;
    if (port_of(where) != 0) {
        // With SO_REUSEPORT a second node of the same user would share the port: ask first.
        auto probe = bind_datagrams(where, false, dual, buffer_bytes);
        if (!probe && dual && probe.error().code == Code::invalid)
            return bind_all(four, count, buffer_bytes);
        if (!probe) return std::unexpected(std::move(probe).error());
    }
    for (std::size_t index = 0; index < count; ++index) {
        auto socket = bind_datagrams(where, true, dual, buffer_bytes);
        if (!socket && dual && socket.error().code == Code::invalid)
            return bind_all(four, count, buffer_bytes);
        if (!socket) return std::unexpected(std::move(socket).error());
        where = local_address_of(socket->number());
        out.push_back(std::move(*socket));
    }
    return out;
}

/// One shard's socket, its buffers for a batch, and what waits to be sent.
class Post final : public DatagramSocket {
public:
    Post(Shard& shard, const DatagramListener::Limits& limits)
        : socket_(shard.loop()),
          shard_(shard),
          limits_(limits),
          buffer_(limits.batch * (limits.datagram_bytes_max + 1)),
          from_(limits.batch),
          pieces_(limits.batch),
          heads_(limits.batch) {
        const std::size_t room = limits.datagram_bytes_max + 1;
        for (unsigned at = 0; at < limits.batch; ++at) {
            pieces_[at] = {buffer_.data() + at * room, room};
            heads_[at] = {};
            heads_[at].msg_hdr.msg_name = from_[at].bytes.data();
            heads_[at].msg_hdr.msg_namelen = static_cast<socklen_t>(from_[at].bytes.size());
            heads_[at].msg_hdr.msg_iov = &pieces_[at];
            heads_[at].msg_hdr.msg_iovlen = 1;
        }
    }

    Descriptor& socket() { return socket_; }
    Nursery& nursery() { return nursery_; }
    void add_to(DatagramListener::Stats& sum) const {
        sum.received += received_;
        sum.sent += sent_;
        sum.dropped_long += dropped_long_;
        sum.dropped_full += dropped_full_;
    }

    /// True: there may be more.
    bool receive(const DatagramListener::OnDatagram& on_datagram) {
        const int count = ::recvmmsg(socket_.native_handle(), heads_.data(), limits_.batch,
                                     MSG_DONTWAIT, nullptr);
        if (count <= 0) return false;
        received_.fetch_add(static_cast<std::uint64_t>(count), std::memory_order_relaxed);
        is_receiving_ = true;
        for (unsigned at = 0; at < static_cast<unsigned>(count); ++at) {
            msghdr& head = heads_[at].msg_hdr;
            from_[at].size = static_cast<std::uint8_t>(head.msg_namelen);
            head.msg_namelen = static_cast<socklen_t>(from_[at].bytes.size());  // for the next one
            if (heads_[at].msg_len > limits_.datagram_bytes_max) {
                ++dropped_long_;
                continue;
            }
            on_datagram(*this, from_[at],
                        Bytes(static_cast<const std::byte*>(pieces_[at].iov_base),
                              heads_[at].msg_len));
        }
        is_receiving_ = false;
        flush();
        return count == static_cast<int>(limits_.batch);
    }

    void send(const Endpoint& to, std::string datagram) override {
        if (queue_.size() >= limits_.queued_max) {
            ++dropped_full_;
            return;
        }
        queue_.push_back({to, std::move(datagram)});
        if (is_receiving_ || std::exchange(is_flush_posted_, true)) return;
        shard_.post([post = alive_] {
            if (*post != nullptr) (*post)->flush();
        });
    }

    void flush() {
        is_flush_posted_ = false;
        uncut_until_ = 0;
        for (std::size_t sent = 0; sent < queue_.size();) sent += send_some(sent);
        queue_.clear();
    }

    void end() { *alive_ = nullptr; }

private:
    struct Letter {
        Endpoint to;
        std::string datagram;
    };

    static constexpr std::size_t sent_at_once = 64;  // also the most that one segmented send may be

    // How many letters from `first` on, below `until`, are of one length and for one peer.
    std::size_t alike(std::size_t first, std::size_t until) const {
        const Letter& one = queue_[first];
        std::size_t at = first + 1;
        const std::size_t bytes = one.datagram.size();
        if (!segments_ || first < uncut_until_ || bytes == 0 || bytes > segment_bytes_max) return 1;
        while (at < until && queue_[at].datagram.size() == bytes &&
               queue_[at].to.size == one.to.size && queue_[at].to.bytes == one.to.bytes)
            ++at;
        return at - first;
    }

    // The next ones of the queue; what the kernel does not take is dropped. Those alike leave as one
    // message that the kernel cuts (UDP_SEGMENT): it walks through its layers once for all of them.
    std::size_t send_some(std::size_t from) {
        mmsghdr heads[sent_at_once];
        iovec pieces[sent_at_once];
        alignas(cmsghdr) char controls[sent_at_once][CMSG_SPACE(sizeof(std::uint16_t))];
        std::size_t counts[sent_at_once];
        const std::size_t until = from + std::min(sent_at_once, queue_.size() - from);
        unsigned messages = 0;
        for (std::size_t at = from; at < until; at += counts[messages++]) {
            Letter& letter = queue_[at];
            const std::size_t count = counts[messages] = alike(at, until);
            for (std::size_t one = at; one < at + count; ++one)
                pieces[one - from] = {queue_[one].datagram.data(), queue_[one].datagram.size()};
            msghdr& head = heads[messages].msg_hdr;
            head = {};
            head.msg_name = letter.to.bytes.data();
            head.msg_namelen = letter.to.size;
            head.msg_iov = &pieces[at - from];
            head.msg_iovlen = count;
            if (count > 1) cut(head, controls[messages], letter.datagram.size());
        }
        if (!socket_.is_open()) return until - from;
        const int sent = ::sendmmsg(socket_.native_handle(), heads, messages, MSG_DONTWAIT);
        if (sent > 0) {
            std::size_t letters = 0;
            for (int at = 0; at < sent; ++at) letters += counts[at];
            sent_.fetch_add(letters, std::memory_order_relaxed);
            return letters;
        }
        if (errno == EAGAIN || errno == ENOBUFS) {
            dropped_full_ += until - from;
            return until - from;
        }
        if (counts[0] > 1) {  // the way to that peer may be one that cannot cut: each for itself
            segments_ = segments_ && errno != EIO;
            uncut_until_ = from + counts[0];
            return 0;
        }
        ++dropped_full_;  // that one cannot be sent (its address, an earlier ICMP)
        return 1;
    }

    static void cut(msghdr& head, char* control, std::size_t bytes) {
        head.msg_control = control;
        head.msg_controllen = CMSG_SPACE(sizeof(std::uint16_t));
        cmsghdr* wish = CMSG_FIRSTHDR(&head);
        wish->cmsg_level = SOL_UDP;
        wish->cmsg_type = UDP_SEGMENT;
        wish->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
        const auto size = static_cast<std::uint16_t>(bytes);
        std::memcpy(CMSG_DATA(wish), &size, sizeof(size));
    }

    // No datagram of this size is larger than what any way takes in one piece.
    static constexpr std::size_t segment_bytes_max = 512;

    Descriptor socket_;
    Nursery nursery_{"datagrams"};
    Shard& shard_;
    const DatagramListener::Limits limits_;
    std::vector<std::byte> buffer_;
    std::vector<Endpoint> from_;
    std::vector<iovec> pieces_;
    std::vector<mmsghdr> heads_;
    std::vector<Letter> queue_;
    bool is_receiving_ = false;  // what is queued meanwhile leaves at its end
    bool is_flush_posted_ = false;
    bool segments_ = true;
    std::size_t uncut_until_ = 0;  // of the queue
    std::shared_ptr<Post*> alive_ = std::make_shared<Post*>(this);
    // Asked from any thread.
    std::atomic<std::uint64_t> received_{0}, sent_{0}, dropped_long_{0}, dropped_full_{0};
};

class SocketDatagrams final : public DatagramListener {
public:
    SocketDatagrams(Shards& shards, Limits limits, OnDatagram on_datagram)
        : shards_(shards), limits_(limits), on_datagram_(std::move(on_datagram)) {}
    ~SocketDatagrams() override { close(); }

    Result<void> start(std::vector<Fd> sockets) {
        port_ = port_of(local_address_of(sockets[0].number()));
        for (std::size_t index = 0; index < sockets.size(); ++index)
            posts_.push_back(std::make_unique<Post>(shards_.at(index), limits_));
        std::vector<int> failures(sockets.size(), 0);
        shards_.run_everywhere([&](Shard& shard) {
            const auto index = shard.index().number();
            Post& post = *posts_[index];
            boost::system::error_code failed;
            post.socket().assign(sockets[index].number(), failed);
            failures[index] = failed.value();
            if (failed) return;
            sockets[index].release();
            post.nursery().spawn(read_all(&post), [&post] {
                boost::system::error_code ignored;  // closed is closed
                post.socket().close(ignored);
            });
        });
        for (const int failure : failures) {
            if (failure != 0) return socket_failure("watch a socket", failure);
        }
        is_accepting_ = true;
        return {};
    }

    std::uint16_t port() const override { return port_; }
    bool is_accepting() const override { return is_accepting_; }

    Stats stats() const override {
        Stats sum;
        for (const auto& post : posts_) post->add_to(sum);
        return sum;
    }

    void close() override {
        if (std::exchange(is_closed_, true)) return;
        is_accepting_ = false;
        for (std::size_t index = 0; index < posts_.size(); ++index) {
            shards_.run_blocking(ShardIndex(std::uint32_t(index)), close_post(posts_[index].get()));
        }
    }

private:
    static Task<bool> close_post(Post* post) {
        co_await post->nursery().close();
        post->end();
        co_return true;
    }

    Task<void> read_all(Post* post) {
        while (post->socket().is_open()) {
            auto waited = co_await post->socket().async_wait(
                Descriptor::wait_read, boost::asio::as_tuple(boost::asio::deferred));
            if (std::get<0>(waited)) break;
            for (unsigned turn = 0; turn < limits_.batches_per_turn; ++turn) {
                if (!post->socket().is_open() || !post->receive(on_datagram_)) break;
            }
        }
    }

    Shards& shards_;
    const Limits limits_;
    OnDatagram on_datagram_;
    std::vector<std::unique_ptr<Post>> posts_;
    std::uint16_t port_ = 0;
    std::atomic<bool> is_accepting_{false};
    bool is_closed_ = false;
};

class SocketDatagramClient final : public DatagramClient {
public:
    explicit SocketDatagramClient(Shard& shard) : socket_(shard.loop()) {}

    Result<void> open(Fd socket) {
        boost::system::error_code failed;
        socket_.assign(socket.number(), failed);
        if (failed) return socket_failure("watch a socket", failed.value());
        socket.release();
        return {};
    }

    Result<void> send(Bytes datagram) override {
        const auto sent = ::send(socket_.native_handle(), datagram.data(), datagram.size(),
                                 MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent >= 0) return {};
        auto failure = socket_failure("send", errno);
        failure.error().code = Code::unavailable;
        return failure;
    }

    Task<Result<std::string>> receive(Steady patience) override {
        is_late_ = false;
        Shard::here().wheel().arm(deadline_, patience, [this] {
            is_late_ = true;
            boost::system::error_code ignored;  // nothing to cancel is fine
            socket_.cancel(ignored);
        });
        for (;;) {
            const auto buffer = Shard::here().shared_buffer();
            const auto count =
                ::recv(socket_.native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
            if (count >= 0) {
                deadline_.disarm();
                co_return std::string(as_text(Bytes(buffer.data(), std::size_t(count))));
            }
            if (errno != EAGAIN && errno != EINTR) {
                deadline_.disarm();
                auto failure = socket_failure("receive", errno);
                failure.error().code = Code::unavailable;
                co_return failure;
            }
            if (is_late_) co_return fail(Code::timeout, "no answer in time");
            auto waited = co_await socket_.async_wait(Descriptor::wait_read,
                                                      boost::asio::as_tuple(boost::asio::deferred));
            (void)waited;  // readable or cancelled: look
        }
    }

private:
    Descriptor socket_;
    Wheel::Timer deadline_;
    bool is_late_ = false;
};

}  // namespace

// From the bytes alone: it is asked for every datagram.
bool Endpoint::is_loopback() const {
    if (size == sizeof(sockaddr_in)) return bytes[4] == std::byte{127};
    const std::string_view six = as_text(Bytes(bytes).subspan(8, 16));
    static constexpr char alone[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    static constexpr char mapped[13] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '\xff', '\xff', 127};
    return six == std::string_view(alone, sizeof(alone)) ||
           six.starts_with(std::string_view(mapped, sizeof(mapped)));
}

std::string Endpoint::address() const {
    return describe_peer(socket_address_of(*this), {}).address;
}

std::uint64_t Endpoint::hash() const {
    // Behind family and port; IPv6: also behind the flow label, without the scope.
    const bool is_four = size == sizeof(sockaddr_in);
    const Bytes all(bytes);
    return hash64(as_text(is_four ? all.subspan(4, 4) : all.subspan(8, 16)));
}

Result<std::unique_ptr<DatagramListener>> DatagramListener::open(Shards& shards,
                                                                 const Address& address,
                                                                 Limits limits,
                                                                 OnDatagram on_datagram) {
    if (!address.path.empty()) return fail(Code::invalid, "datagrams need a host and a port");
    TRY(auto sockets, bind_all(address, shards.size(), limits.kernel_buffer_bytes));
    auto out = std::make_unique<SocketDatagrams>(shards, limits, std::move(on_datagram));
    TRY_VOID(out->start(std::move(sockets)));
    return out;
}

Result<std::unique_ptr<DatagramClient>> open_datagrams(const Address& address) {
    TRY(const SocketAddress where, to_socket_address(address));
    Fd socket(::socket(where.family(), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket.is_open()) return socket_failure("socket", errno);
    if (::connect(socket.number(), where.get(), where.size) != 0) {
        auto failure = socket_failure("connect", errno);
        failure.error().code = Code::unavailable;
        return failure;
    }
    auto out = std::make_unique<SocketDatagramClient>(Shard::here());
    TRY_VOID(out->open(std::move(socket)));
    return out;
}

}  // namespace lineshaft::io
