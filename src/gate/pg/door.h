// PostgreSQL clients: connections of protocol 3.0 over the SQL engine. What is served, clause by
// clause: docs/protocols/postgres.md; how users name tokens: docs/decisions/0017-postgres-door.md.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "gate/pg/gatekeeper.h"
#include "gate/pg/limits.h"
#include "io/per_shard.h"
#include "io/shard.h"
#include "io/stream.h"
#include "io/tls.h"
#include "query/query.h"

namespace lineshaft::pg {

struct DoorStats {
    std::uint64_t connections = 0;  ///< signed in since start
    std::uint64_t refused_login = 0;      ///< wrong password, or nobody by that name
    std::uint64_t refused_throttled = 0;  ///< too many wrong passwords before
    std::uint64_t refused_plain = 0;      ///< without TLS where it is asked for
    std::uint64_t refused_full = 0;       ///< connections_max or arriving_max
    std::uint64_t refused_silent = 0;     ///< login_max
    std::uint64_t protocol_errors = 0;    ///< connections ended for a broken rule
    std::uint64_t statements = 0;         ///< understood and begun
    std::uint64_t failures = 0;           ///< errors told, of statements
    std::uint64_t rows = 0;               ///< sent
    std::uint64_t sent_bytes = 0;
    std::uint64_t cancels = 0;          ///< asked for with the right key
    std::uint64_t cancels_refused = 0;  ///< with a wrong one
    std::uint64_t revoked = 0;          ///< connections ended because their credential has
    std::uint64_t idle_ended = 0;       ///< idle_max
    std::uint64_t write_stalls = 0;     ///< write_stall_max

    DoorStats& operator+=(const DoorStats& other);
};
std::span<const io::StatField<DoorStats>> stat_fields();

/// One door over all shards of a node. Ends with close(); destroying it before is a bug.
class Door {
public:
    struct Services {
        io::Shards& shards;
        query::Engine& engine;
        Gatekeeper& gatekeeper;
        std::shared_ptr<io::TlsServer> tls{};  ///< null: SSLRequest is answered with N
        std::string stranger_key;  ///< secret; makes what strangers are asked look like a token's
    };
    Door(Services services, PlainRule plain, Limits limits);
    ~Door();
    Door(const Door&) = delete;

    /// Takes over a connection accepted on this shard, in plain text as the protocol begins.
    /// Refused (closed) after close() began.
    void serve(std::unique_ptr<io::Stream> stream);

    /// Ends every connection of this shard whose principal no longer holds. Gives how many.
    std::size_t recheck_here();

    io::Task<DoorStats> stats();
    /// Signed in now, over all shards.
    std::size_t open() const;

    /// Tells everybody (57P01), waits until every session has ended. From no shard's thread, while
    /// shards and engine still run.
    void close();

private:
    friend class Session;
    struct OnShard;
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace lineshaft::pg
