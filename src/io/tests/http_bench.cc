// Questions: how many small keep-alive requests does one core answer, how many with TLS left out
// but sixteen pipelined, and what does an idle connection cost in memory?
// Data: GET of a 100-byte body over loopback, 32 connections, one shard; CPU time of the shard's
// thread only. Memory: what malloc holds, without the kernel's socket buffers.
#include <benchmark/benchmark.h>
#include <malloc.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>

#include <string>
#include <vector>

#include "io/http/server.h"
#include "io/nursery.h"
#include "io/resources.h"
#include "io/socket.h"

namespace lineshaft::io {
namespace {

Task<http::Response> small(http::Request) {
    http::Response out;
    out.set("content-type", "application/json");
    out.body.assign(100, 'x');
    co_return out;
}

double cpu_seconds_of(Shards& shards) {
    double seconds = 0;
    shards.run_everywhere([&](Shard&) {
        timespec used{};
        ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
        seconds = double(used.tv_sec) + double(used.tv_nsec) * 1e-9;
    });
    return seconds;
}

std::vector<Fd> dial(const Listener& listener, int count) {
    Address address{.host = "127.0.0.1", .port = listener.port(), .path = {}};
    const auto where = to_socket_address(address).value();
    std::vector<Fd> out;
    for (int index = 0; index < count; ++index) {
        Fd socket(::socket(AF_INET, SOCK_STREAM, 0));
        if (::connect(socket.number(), where.get(), where.size) == 0)
            out.push_back(std::move(socket));
    }
    return out;
}

void answer_small_requests(benchmark::State& state) {
    const auto pipelined = std::size_t(state.range(0));
    Shards shards(1);
    auto router = std::make_shared<http::Router>();
    router->add("GET", "/api/v1/machines/{machine}", &small);
    http::Server server(shards, router, {});
    auto listener =
        Listener::open(shards, {.host = "127.0.0.1", .port = 0, .path = {}}, {}, server.on_stream())
            .value();
    const auto sockets = dial(*listener, 32);
    std::string request;
    for (std::size_t count = 0; count < pipelined; ++count) {
        request +=
            "GET /api/v1/machines/emb-01 HTTP/1.1\r\nHost: localhost\r\n"
            "Authorization: Bearer 0123456789abcdef\r\nAccept: application/json\r\n\r\n";
    }
    std::string buffer(64 * 1024, '\0');
    std::size_t answer_bytes = 0;  // of one answer; they are all alike
    const double cpu_before = cpu_seconds_of(shards);
    for (auto _ : state) {
        for (const Fd& socket : sockets) {
            if (::send(socket.number(), request.data(), request.size(), 0) < 0)
                state.SkipWithError("send");
        }
        for (const Fd& socket : sockets) {
            std::size_t got = 0;
            do {
                const auto count = ::recv(socket.number(), buffer.data(), buffer.size(), 0);
                if (count <= 0) return state.SkipWithError("recv");
                if (answer_bytes == 0) answer_bytes = buffer.find("\r\n\r\n") + 4 + 100;
                got += std::size_t(count);
            } while (got < answer_bytes * pipelined);
        }
    }
    const double cpu = cpu_seconds_of(shards) - cpu_before;
    const double requests = double(state.iterations()) * double(sockets.size() * pipelined);
    state.counters["per_wall_second"] = benchmark::Counter(requests, benchmark::Counter::kIsRate);
    state.counters["per_cpu_second"] = requests / cpu;
    listener->close();
    server.close();
}
BENCHMARK(answer_small_requests)->Arg(1)->Arg(16)->UseRealTime();

Task<void> idle(std::unique_ptr<Stream> stream) {
    for (;;) {
        auto bytes = co_await stream->read_some(Steady{3'600'000});
        if (!bytes) co_return;
    }
}

/// /0: a session that awaits read_some; /1: an HTTP connection.
void hold_idle_connections(benchmark::State& state) {
    constexpr std::size_t count = 2000;
    prepare_process();
    Shards shards(1);
    http::Server server(shards, std::make_shared<http::Router>(), {});
    const auto on_stream = server.on_stream();
    std::vector<Fd> others;
    others.reserve(count);
    Nursery nursery("idle");
    for (auto _ : state) {
        double bytes = 0;
        shards.run_everywhere([&](Shard&) {
            const auto before = ::mallinfo2().uordblks;
            for (std::size_t index = 0; index < count; ++index) {
                int ends[2];
                if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return;
                others.emplace_back(ends[1]);
                auto stream = adopt_socket(Fd(ends[0]), {.address = "192.0.2.1"}, {}).value();
                if (state.range(0) == 0) {
                    Stream* const raw = stream.get();
                    nursery.spawn(idle(std::move(stream)), [raw] { raw->close(); });
                } else {
                    on_stream(std::move(stream));
                }
            }
            bytes = -double(before);
        });
        shards.run_everywhere([&](Shard&) { bytes += double(::mallinfo2().uordblks); });
        state.counters["bytes_per_connection"] = bytes / double(count);
    }
    server.close();
    struct Close {
        static Task<void> all(Nursery* nursery) { co_await nursery->close(); }
    };
    shards.run_blocking(ShardIndex(0), Close::all(&nursery));
}
BENCHMARK(hold_idle_connections)->Arg(0)->Arg(1)->Iterations(1);

}  // namespace
}  // namespace lineshaft::io
