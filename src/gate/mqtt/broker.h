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
#include "gate/mqtt/view.h"
#include "io/shard.h"
#include "io/stream.h"
#include "store/lane.h"

namespace lineshaft::broker {

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
    void serve(std::unique_ptr<io::Stream> stream, bool is_websocket = false);

    /// Publishes for the node, with every right. `done`, if any, is called on this shard when the
    /// message is durable wherever it must be. Errors: invalid (topic), exhausted (a session or
    /// the retained store is full; nothing was delivered), unavailable (closed).
    void publish(Outgoing message, Done done = {});

    /// The retained message of `topic`. not_found: none, or hidden by a withdrawn right.
    io::Task<Result<std::shared_ptr<const Publication>>> retained(std::string topic);

    // ---- For operators (broker_view.cc). Cost: a walk over the sessions or departures.

    io::Task<ClientPage> clients(ClientQuery query);
    /// not_found: neither there nor remembered.
    io::Task<Result<ClientDetail>> client(OrganisationId organisation, std::string client_id);
    /// The levels of topics below `prefix` (nothing: the first levels) behind the one named
    /// `after`, as far as `who` may receive them. Retained messages always; others from the first
    /// look on and while looks go on.
    io::Task<TopicPage> topics(trust::PrincipalPtr who, std::optional<std::string> prefix,
                               std::optional<std::string> after, std::size_t count_max);
    /// not_found: no message is known, or `who` may not receive it.
    io::Task<Result<LastMessage>> topic(trust::PrincipalPtr who, std::string topic);

    /// How loaded this shard is.
    LoadLevel load_level_here() const;
    /// Disconnects with 0x98 and, with `forget`, ends the session: what it is owed is counted as
    /// dropped. Errors: not_found.
    io::Task<Result<void>> end_client(OrganisationId organisation, std::string client_id,
                                      bool forget);
    // ---- For erasing a machine.
    /// Ends and forgets the sessions that were opened with one of `references` (Gatekeeper's), also
    /// those that sleep; their wills are not published. Gives how many.
    io::Task<std::size_t> forget_sessions(std::vector<std::string> references);
    /// The topics with a retained message that one of `filters` matches. What the topic browser
    /// remembers of them is forgotten.
    io::Task<std::vector<std::string>> retained_under(std::vector<std::string> filters);
    /// What was removed before is on disk as removed.
    io::Task<Result<void>> settled();

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
