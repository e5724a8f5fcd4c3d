#include <netinet/in.h>
#include <netinet/tcp.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "io/shard.h"
#include "io/socket.h"

namespace lineshaft::io {
namespace {

/// The addresses a name stands for, in the resolver's order. Runs on Asio's own resolver thread.
Task<Result<std::vector<SocketAddress>>> look_up(Address address, Steady patience) {
    auto literal = to_socket_address(address);
    if (literal || !address.path.empty()) {
        if (!literal) co_return std::unexpected(std::move(literal).error());
        co_return std::vector{*literal};
    }
    boost::asio::ip::tcp::resolver resolver(Shard::here().loop());
    Wheel::Timer deadline;
    Shard::here().wheel().arm(deadline, patience, [&resolver] { resolver.cancel(); });
    auto answer = co_await resolver.async_resolve(address.host, std::to_string(address.port),
                                                  boost::asio::as_tuple(boost::asio::deferred));
    const auto& [failed, entries] = answer;
    if (failed == boost::asio::error::operation_aborted) {
        co_return fail(Code::timeout, "look up " + address.host + ": no answer in time");
    }
    if (failed)
        co_return fail(Code::unavailable, "look up " + address.host + ": " + failed.message());
    std::vector<SocketAddress> out;
    for (const auto& entry : entries) {
        SocketAddress one;
        one.size = socklen_t(entry.endpoint().size());
        std::memcpy(&one.storage, entry.endpoint().data(), one.size);
        out.push_back(one);
    }
    co_return out;
}

Task<Result<std::unique_ptr<Stream>>> connect_one(SocketAddress remote, Steady patience) {
    const int kind = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
    Fd socket(::socket(remote.family(), kind, 0));
    if (!socket.is_open()) co_return socket_failure("socket", errno);
    const int yes = 1;
    if (remote.family() != AF_UNIX) {
        ::setsockopt(socket.number(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    }
    const int number = socket.number();
    const bool is_done = ::connect(number, remote.get(), remote.size) == 0;
    if (!is_done && errno != EINPROGRESS) {
        auto failure = socket_failure("connect", errno);
        failure.error().code = Code::unavailable;
        co_return failure;
    }
    CO_TRY(auto stream,
           adopt_socket(std::move(socket), describe_peer(remote, SocketAddress{}), {}));
    if (!is_done) {
        CO_TRY_VOID(co_await stream->wait_writable(patience));
    }
    int failed = 0;
    socklen_t size = sizeof(failed);
    ::getsockopt(number, SOL_SOCKET, SO_ERROR, &failed, &size);
    if (failed != 0) {
        auto failure = socket_failure("connect", failed);
        failure.error().code = Code::unavailable;
        co_return failure;
    }
    co_return stream;
}

}  // namespace

Task<Result<std::unique_ptr<Stream>>> connect(Address address, Steady patience) {
    if (address.host == "*") co_return fail(Code::invalid, "connect to '*': name one address");
    auto found = co_await look_up(address, patience);
    if (!found) co_return std::unexpected(std::move(found).error());
    Error last{Code::unavailable, address.text() + ": no address"};
    for (const SocketAddress& remote : *found) {
        auto stream = co_await connect_one(remote, patience);
        if (stream) co_return stream;
        last = stream.error().in(address.text());
    }
    co_return std::unexpected(std::move(last));
}

}  // namespace lineshaft::io
