// The MQTT broker: sessions over wire/mqtt's connections, routed by shards that each hold every
// subscription, durable through the store. Decision: docs/decisions/0007-broker-log.md.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "gate/mqtt/gatekeeper.h"
#include "gate/mqtt/limits.h"
#include "gate/mqtt/stats.h"
#include "gate/mqtt/tap.h"
#include "io/shard.h"
#include "io/stream.h"
#include "store/lane.h"

namespace lineshaft::broker {

/// One client as the console shows it.
struct ClientRow {
    OrganisationId organisation{1};
    std::string client_id;
    std::string principal;
    std::string address;  ///< "" while sleeping
    std::uint16_t port = 0;
    bool is_encrypted = false;
    bool is_connected = false;
    bool is_durable = false;  ///< outlives its connection
    bool is_full = false;     ///< refuses publishes of others
    bool is_paused = false;   ///< its own publishes wait for a full session or the disk
    mqtt::Version version = mqtt::Version::v3_1_1;
    std::uint16_t keep_alive_s = 0;
    Instant changed;  ///< connected, or disconnected, since
    std::size_t subscriptions = 0;
    std::uint64_t queued_bytes = 0;
    std::uint64_t messages_in = 0, messages_out = 0, bytes_in = 0, bytes_out = 0;
    std::uint64_t dropped = 0;  ///< QoS 0, slow reader
    std::string last_end;       ///< why the last connection ended: "keep alive timeout"
};

/// What load() found. Damaged records are left out, set aside under a key of their own, named in
/// the log, and never stop the start.
struct Loaded {
    std::size_t sessions = 0;
    std::size_t retained = 0;
    std::size_t damaged = 0;
    std::vector<std::string> damage;  ///< sentences naming the records, the first hundred
};

/// A message of the node itself. The topic is whole: another organisation's carries its prefix.
struct Outgoing {
    mqtt::Message message;
    mqtt::Qos qos = mqtt::Qos::at_least_once;
    bool retain = false;
    std::optional<std::uint32_t> expiry_s = {};
};

/// One broker over all shards of a node. Every member may be called from any of its shards unless
/// it says otherwise; none blocks. Ends with close(); destroying it before is a bug.
/// What is acknowledged is on disk; order per publisher, topic and QoS is kept.
class Broker {
public:
    /// A shard and its way into the store. Both outlive the broker. Index in the list = shard
    /// index.
    struct Place {
        io::Shard* shard;
        store::Lane* lane;
    };
    using Done = std::move_only_function<void(Result<void>)>;

    /// `gatekeeper` outlives the broker.
    Broker(std::vector<Place> places, store::Store& store, Gatekeeper& gatekeeper, Limits limits);
    ~Broker();
    Broker(const Broker&) = delete;

    /// At start-up, before load(), from one thread, while no shard uses the broker. Taps are asked
    /// in this order; all that want a topic get it. At most 64. Both outlive the broker.
    void add(Tap& tap);
    void add(Observer& observer);

    /// Reads sessions and retained messages and joins the lanes. Once, before the first accept.
    /// Blocks. Errors: corrupt, unavailable (the store cannot be read at all).
    Result<Loaded> load();

    /// Takes over a connection accepted on this shard: a listener's on_stream, or an upgraded
    /// WebSocket. Refused (closed) after close() began.
    void serve(std::unique_ptr<io::Stream> stream);

    /// Publishes for the node, with every right. `done`, if any, is called on this shard when the
    /// message is durable wherever it must be. Errors: invalid (topic), exhausted (a session or
    /// the retained store is full; nothing was delivered), unavailable (closed).
    void publish(Outgoing message, Done done = {});

    /// The retained message of `topic`. not_found: none, or hidden by a withdrawn right.
    io::Task<Result<std::shared_ptr<const Publication>>> retained(std::string topic);

    /// At most `count_max` clients after `after` by client id; all organisations if none is given.
    io::Task<std::vector<ClientRow>> clients(std::optional<OrganisationId> organisation,
                                             std::string after, std::size_t count_max);
    /// Disconnects with 0x98 and, with `forget`, ends the session: what it is owed is counted as
    /// dropped. Errors: not_found.
    io::Task<Result<void>> end_client(OrganisationId organisation, std::string client_id,
                                      bool forget);
    /// Ends with 0x87 every connection of this shard whose principal no longer holds. Gives how
    /// many. Call on each shard when its keyring changes. Durable sessions stay and get nothing
    /// until a principal with rights resumes them.
    std::size_t recheck_here();

    io::Task<Stats> stats();
    const Limits& limits() const;

    /// DISCONNECT 0x8B to everybody, then waits until every session has ended and is on disk.
    io::Task<void> close();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace lineshaft::broker
