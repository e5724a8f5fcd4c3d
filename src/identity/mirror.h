// A mirror: follows another node's identifiers as they change. docs/protocols/handle.md, "mirrors".
#pragma once
#include <atomic>
#include <memory>

#include "identity/registry.h"
#include "identity/session_client.h"
#include "io/nursery.h"
#include "io/pause.h"

namespace lineshaft::identity {

struct MirrorStats {
    std::uint64_t received = 0;  ///< movements
    std::uint64_t failed = 0;    ///< attempts to follow that ended
    std::uint64_t followed = 0;  ///< number of the last transaction that is on disk here
    bool is_following = false;
};

/// Keeps one connection to its origin, in a session, and takes what it pushes: creations, changes
/// and removals, prefixes that are homed; each whole and durable before the next is asked for. Goes
/// on where it stopped; takes the same movement twice without harm. Owner: a thread that is no
/// shard's; runs on shard 0; close() before the registry ends.
class Mirror {
public:
    struct Settings {
        io::Address origin;
        TrustedKeys trusted;    ///< of the origin's key; empty: whoever answers
        handle::Reference who;  ///< where the origin keeps this node's public key
        io::Steady pause{1'000};      ///< between attempts
        io::Steady silence_max{15'000};  ///< of the origin, which says that it is there
    };
    Mirror(Registry& registry, store::Store& store, io::Shards& shards, store::Lane& lane,
           trust::RsaKey key, Settings settings);
    ~Mirror();
    void start();
    void close();
    io::Task<MirrorStats> stats();

private:
    friend struct MirrorSteps;
    Registry& registry_;
    store::Store& store_;
    io::Shards& shards_;
    store::Lane& lane_;
    const trust::RsaKey key_;
    const Settings settings_;
    MirrorStats stats_;  // shard 0's
    SessionClient* session_ = nullptr;
    io::Pause pause_;
    std::unique_ptr<io::Nursery> nursery_;
    bool is_closed_ = false;
};

}  // namespace lineshaft::identity
