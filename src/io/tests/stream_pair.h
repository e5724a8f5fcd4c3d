#pragma once
// For tests: two joined ends of each kind of stream, both on shard 0.
#include <unistd.h>

#include <filesystem>
#include <string>

#include "io/listener.h"
#include "io/nursery.h"
#include "io/pause.h"
#include "io/shard.h"
#include "io/stream.h"
#include "io/tls.h"
#include "test_certificate.h"

namespace lineshaft::io {

enum class Transport { memory, tcp, local, tls, tls_over_memory };

inline std::string name_of(Transport transport) {
    constexpr const char* names[] = {"memory", "tcp", "local", "tls", "tls_over_memory"};
    return names[int(transport)];
}

struct StreamPair {
    std::unique_ptr<Stream> client;
    std::unique_ptr<Stream> server;
    std::unique_ptr<Listener> listener;  ///< closed by the test, from its own thread
};

/// A new directory under the system's temporary one, removed at the end.
class TempDir {
public:
    TempDir() {
        std::string name = (std::filesystem::temp_directory_path() / "lineshaft-XXXXXX").string();
        if (::mkdtemp(name.data()) != nullptr) path_ = name;
    }
    ~TempDir() { std::filesystem::remove_all(path_); }
    std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

private:
    std::string path_;
};

struct Arrived {
    std::unique_ptr<Stream> stream;
    Pause pause;
};

inline Task<Result<std::unique_ptr<Stream>>> connect_and_wait(Address address, Arrived* arrived) {
    auto client = co_await connect(address, Steady{10'000});
    if (client && !arrived->stream) (void)co_await arrived->pause.wait(Steady{10'000});
    co_return client;
}

struct TlsPair {
    TestCertificate certificate = make_test_certificate();
    std::shared_ptr<TlsServer> server =
        TlsServer::create(certificate.certificate_pem, certificate.key_pem).value();
    std::shared_ptr<TlsClient> client = TlsClient::create(certificate.certificate_pem).value();
};

inline Task<void> accept_into(std::shared_ptr<TlsServer> tls, std::unique_ptr<Stream> raw,
                              std::unique_ptr<Stream>* out) {
    auto inside = co_await tls->accept(std::move(raw), Steady{10'000});
    if (inside) *out = std::move(*inside);
}

inline Task<Result<std::unique_ptr<Stream>>> shake_in_memory(TlsPair tls,
                                                             std::unique_ptr<Stream>* server) {
    auto ends = memory_streams(64 * 1024);
    Nursery nursery("test");
    nursery.spawn(accept_into(tls.server, std::move(ends.second), server));
    std::vector<std::string> protocols;
    auto client =
        co_await tls.client->connect(std::move(ends.first), "localhost", protocols, Steady{10'000});
    co_await nursery.close();
    co_return client;
}

inline Task<Result<std::unique_ptr<Stream>>> connect_with_tls(TlsPair tls, Address address,
                                                              Arrived* arrived) {
    CO_TRY(auto raw, co_await connect(address, Steady{10'000}));
    std::vector<std::string> protocols{"mqtt"};
    auto client =
        co_await tls.client->connect(std::move(raw), "127.0.0.1", protocols, Steady{10'000});
    if (client && !arrived->stream) (void)co_await arrived->pause.wait(Steady{10'000});
    co_return client;
}

inline StreamPair make_pair(Shards& shards, Transport transport, const TempDir& dir) {
    StreamPair out;
    if (transport == Transport::memory) {
        std::tie(out.client, out.server) = memory_streams(16 * 1024);
        return out;
    }
    if (transport == Transport::tls_over_memory) {
        out.client =
            shards.run_blocking(ShardIndex(0), shake_in_memory(TlsPair{}, &out.server)).value();
        return out;
    }
    const TlsPair tls;
    const bool is_tls = transport == Transport::tls;
    auto arrived = std::make_shared<Arrived>();
    Address address{.host = "127.0.0.1", .port = 0, .path = {}};
    if (transport == Transport::local) address = {.host = {}, .port = 0, .path = dir / "s.sock"};
    auto listener = Listener::open(
        shards, address, {},
        [arrived](std::unique_ptr<Stream> stream) {
            arrived->stream = std::move(stream);
            arrived->pause.wake();
        },
        is_tls ? tls.server : nullptr);
    out.listener = std::move(listener).value();
    if (address.path.empty()) address.port = out.listener->port();
    auto client =
        shards.run_blocking(ShardIndex(0), is_tls ? connect_with_tls(tls, address, arrived.get())
                                                  : connect_and_wait(address, arrived.get()));
    out.client = std::move(client).value();
    out.server = std::move(arrived->stream);
    return out;
}

}  // namespace lineshaft::io
