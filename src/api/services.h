#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "catalog/desk.h"
#include "history/history.h"
#include "io/http/server.h"
#include "trust/porter.h"
#include "trust/rights.h"
#include "twin/plant.h"

namespace lineshaft::api {

/// What does not change, or only by accident, while a node runs.
struct NodeFacts {
    std::string version, name, role;
    Instant started_at;
    std::string durability;  ///< "synced" or "fast"
    bool is_accepting = true, is_read_only = false, is_demo = false;
    std::string damage;
    std::vector<std::pair<std::string, std::string>> listeners;  ///< name, address
    std::size_t shards = 0;
};

/// Throughput over the last second, and totals since start.
struct Rates {
    double messages_per_s = 0, samples_per_s = 0;
    std::uint64_t messages_total = 0, samples_total = 0, refused_total = 0;
    double commit_ms = 0;  ///< mean time of a synced write over the last second
};

/// A command on its way to a machine.
struct SentCommand {
    Instant sent_at;
    std::string topic;
};

/// What the API asks of its neighbours; `app` plugs it. Called on any shard.
class Node {
public:
    virtual NodeFacts facts() const = 0;
    virtual Rates rates() const = 0;
    virtual bool is_ready() const = 0;
    /// Sends a value to a machine. conflict: not connected. invalid: type or range. exhausted.
    virtual io::Task<Result<SentCommand>> command(trust::PrincipalPtr by,
                                                  twin::MachineState machine, std::string tag,
                                                  history::Value value) = 0;
    /// Prometheus text.
    virtual io::Task<std::string> metrics() = 0;
    virtual ~Node() = default;
};

/// Everything a route may use. Outlives the HTTP server.
struct Services {
    catalog::Desk& desk;
    trust::Porter& porter;
    twin::Plant& plant;
    history::History& history;
    Node& node;
    io::Shards& shards;
    std::optional<trust::Role> loopback_role;
};

/// Adds every route of docs/protocols/http-api.md and the console to `router`. `services` must
/// outlive the server.
void add_routes(io::http::Router& router, Services& services);

}  // namespace lineshaft::api
