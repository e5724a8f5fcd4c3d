// A connected socket as a Stream: TCP and local sockets alike. Waiting holds no buffer and no
// timer of the kernel's; reading and writing are direct calls on a non-blocking socket.
#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>

#include "io/shard.h"
#include "io/socket.h"

namespace lineshaft::io {
namespace {

/// Read at once: little, because what is read is handled at once, while all others wait (16 KiB are
/// 200 small messages, a quarter of a millisecond), yet a call is a small part of the work.
constexpr std::size_t slice_bytes = 16 * 1024;
/// After so many full reads the loop gets a turn, so that one fast sender does not hold the shard.
constexpr unsigned char eager_reads_max = 4;

class SocketStream final : public Stream {
public:
    SocketStream(Descriptor socket, Peer peer, std::shared_ptr<Census> census)
        : socket_(std::move(socket)), peer_(std::move(peer)), census_(std::move(census)) {}
    ~SocketStream() override {
        close();
        if (census_) census_->alive.fetch_sub(1, std::memory_order_relaxed);
    }

    Task<Result<Bytes>> read_some(Steady patience) override {
        begin(reading_, patience);
        for (;;) {
            if (!reading_.is_more_there) {
                // `deferred` keeps the operation in this frame; use_awaitable would add a frame.
                auto waited = co_await socket_.async_wait(
                    Descriptor::wait_read, boost::asio::as_tuple(boost::asio::deferred));
                if (std::get<0>(waited) && reading_.is_late) {
                    co_return end(reading_, Result<Bytes>(late("nothing arrived in time")));
                }
                // Else readable, closed, or cancelled by the other direction's deadline: look.
            }
            reading_.is_more_there = false;
            if (!socket_.is_open()) co_return end(reading_, Result<Bytes>(gone("closed")));
            const auto buffer = slice();
            const ssize_t count =
                ::recv(socket_.native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
            if (count > 0) co_return end(reading_, received(buffer, std::size_t(count)));
            if (count == 0) co_return end(reading_, Result<Bytes>(gone("closed by the peer")));
            if (errno == EAGAIN || errno == EINTR) continue;
            co_return end(reading_, Result<Bytes>(broken("read")));
        }
    }

    bool can_wait_readable() const override { return true; }
    void wait_readable(Steady patience, ReadWaiter& waiter) override {
        begin(reading_, patience);
        socket_.async_wait(Descriptor::wait_read,
                           [&waiter](const boost::system::error_code&) { waiter.on_readable(); });
    }
    void stop_waiting() override {
        boost::system::error_code ignored;  // nothing to cancel is fine
        if (socket_.is_open()) socket_.cancel(ignored);
    }
    Result<Bytes> read_now() override {
        reading_.deadline.disarm();
        for (;;) {
            if (!socket_.is_open()) return gone("closed");
            const auto buffer = slice();
            const ssize_t count =
                ::recv(socket_.native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
            if (count > 0) return Bytes(buffer.data(), std::size_t(count));
            if (count == 0) return gone("closed by the peer");
            if (errno == EINTR) continue;
            if (errno != EAGAIN) return broken("read");
            if (reading_.is_late) return late("nothing arrived in time");
            return Bytes{};
        }
    }

    Result<std::size_t> try_write(Bytes bytes) override {
        for (;;) {
            if (!socket_.is_open()) return gone("closed");
            const ssize_t count = ::send(socket_.native_handle(), bytes.data(), bytes.size(),
                                         MSG_NOSIGNAL | MSG_DONTWAIT);
            if (count >= 0) return std::size_t(count);
            if (errno == EAGAIN) return std::size_t{0};
            if (errno != EINTR) return broken("write");
        }
    }

    Task<Result<void>> wait_writable(Steady patience) override {
        if (!writing_) writing_ = std::make_unique<Side>();
        begin(*writing_, patience);
        while (socket_.is_open()) {
            auto waited = co_await socket_.async_wait(Descriptor::wait_write,
                                                      boost::asio::as_tuple(boost::asio::deferred));
            if (!std::get<0>(waited)) break;
            if (writing_->is_late) {
                co_return end(*writing_, Result<void>(late("the peer does not read")));
            }
        }
        if (!socket_.is_open()) co_return end(*writing_, Result<void>(gone("closed")));
        co_return end(*writing_, Result<void>{});
    }

    void end_writing() override {
        if (socket_.is_open()) ::shutdown(socket_.native_handle(), SHUT_WR);
    }

    void close() override {
        boost::system::error_code ignored;  // the descriptor is gone whatever close() says
        if (socket_.is_open()) socket_.close(ignored);
    }
    bool is_open() const override { return socket_.is_open(); }
    const Peer& peer() const override { return peer_; }

private:
    struct Side {
        Wheel::Timer deadline;
        bool is_late = false;
        bool is_more_there = false;  // the last read filled the buffer
        unsigned char eager_reads = 0;
    };

    void begin(Side& side, Steady patience) {
        side.is_late = false;
        if (patience == for_ever) return;
        Shard::here().wheel().arm(side.deadline, patience, [this, &side] {
            side.is_late = true;
            boost::system::error_code ignored;  // nothing to cancel is fine
            if (socket_.is_open()) socket_.cancel(ignored);
        });
    }
    template <class T>
    static Result<T> end(Side& side, Result<T> result) {
        side.deadline.disarm();
        return result;
    }

    static std::span<std::byte> slice() {
        const auto buffer = Shard::here().shared_buffer();
        return buffer.first(std::min(slice_bytes, buffer.size()));
    }

    Result<Bytes> received(std::span<std::byte> buffer, std::size_t count) {
        // A full slice promises more, so the next read does not wait first.
        Side& side = reading_;
        side.is_more_there = count == buffer.size() && ++side.eager_reads < eager_reads_max;
        if (!side.is_more_there) side.eager_reads = 0;
        return Bytes(buffer.data(), count);
    }
    static std::unexpected<Error> gone(const char* why) { return fail(Code::unavailable, why); }
    static std::unexpected<Error> late(const char* why) { return fail(Code::timeout, why); }
    static std::unexpected<Error> broken(const char* doing) {
        auto failure = socket_failure(doing, errno);
        failure.error().code = Code::unavailable;
        return failure;
    }

    Descriptor socket_;
    Side reading_;
    std::unique_ptr<Side> writing_;  // made when the socket was full for the first time
    Peer peer_;
    std::shared_ptr<Census> census_;
};
static_assert(sizeof(SocketStream) <= 192, "as large as the allocator gives at most, for one more");

}  // namespace

Result<std::unique_ptr<Stream>> adopt_socket(Fd socket, Peer peer, std::shared_ptr<Census> census) {
    Descriptor descriptor(Shard::here().loop());
    boost::system::error_code failed;
    descriptor.assign(socket.number(), failed);
    if (failed) return socket_failure("watch a socket", failed.value());
    socket.release();
    if (census) census->alive.fetch_add(1, std::memory_order_relaxed);
    return std::make_unique<SocketStream>(std::move(descriptor), std::move(peer),
                                          std::move(census));
}

}  // namespace lineshaft::io
