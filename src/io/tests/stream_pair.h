#pragma once
// For tests: two joined ends of each kind of stream, both on shard 0.
#include <unistd.h>

#include <filesystem>
#include <string>

#include "io/listener.h"
#include "io/pause.h"
#include "io/shard.h"
#include "io/stream.h"

namespace lineshaft::io {

enum class Transport { memory, tcp, local };

inline std::string name_of(Transport transport) {
    constexpr const char* names[] = {"memory", "tcp", "local"};
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

inline StreamPair make_pair(Shards& shards, Transport transport, const TempDir& dir) {
    StreamPair out;
    if (transport == Transport::memory) {
        std::tie(out.client, out.server) = memory_streams(16 * 1024);
        return out;
    }
    auto arrived = std::make_shared<Arrived>();
    Address address{.host = "127.0.0.1", .port = 0, .path = {}};
    if (transport == Transport::local) address = {.host = {}, .port = 0, .path = dir / "s.sock"};
    auto listener = Listener::open(shards, address, {}, [arrived](std::unique_ptr<Stream> stream) {
        arrived->stream = std::move(stream);
        arrived->pause.wake();
    });
    out.listener = std::move(listener).value();
    if (address.path.empty()) address.port = out.listener->port();
    auto client = shards.run_blocking(ShardIndex(0), connect_and_wait(address, arrived.get()));
    out.client = std::move(client).value();
    out.server = std::move(arrived->stream);
    return out;
}

}  // namespace lineshaft::io
