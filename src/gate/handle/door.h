// The Handle System's port, UDP and TCP: one-shot and persistent, pipelined connections.
#pragma once
#include <memory>

#include "gate/handle/responder.h"
#include "io/datagrams.h"
#include "io/listener.h"
#include "io/nursery.h"

namespace lineshaft::handle {

/// Owner: a thread that is no shard's. Ends with close(), before the registry and the shards.
class Door {
public:
    /// `is_pool`: the port of the Chinese extension, on whose connections clients log in.
    Door(Responder& responder, io::Shards& shards, const DoorLimits& limits, bool is_pool = false);
    ~Door();

    /// Both on the same port; port 0 picks one. Errors: as io::Listener::open.
    Result<void> open(const io::Address& address);
    std::uint16_t port() const { return port_; }
    bool is_accepting() const;
    io::DatagramListener::Stats datagram_stats() const;
    /// Ends the listeners, then every connection after the answers in work. Waits.
    void close();

private:
    friend struct DoorSteps;
    struct OnShard;
    OnShard& here();

    Responder& responder_;
    io::Shards& shards_;
    const DoorLimits limits_;
    const bool is_pool_;
    std::vector<std::unique_ptr<OnShard>> on_shard_;
    std::unique_ptr<io::DatagramListener> datagrams_;
    std::unique_ptr<io::Listener> connections_;
    std::uint16_t port_ = 0;
    bool is_closed_ = false;
};

}  // namespace lineshaft::handle
