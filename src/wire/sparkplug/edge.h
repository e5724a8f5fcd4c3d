// The Edge Node of Sparkplug B 3.0, pure: what to publish, and what arriving messages ask for.
// Life: define metrics → will(now) → CONNECT with it → subscribe to filters() → connected(now) →
// data, device_* and receive → disconnect(now). Each new CONNECT starts again at will(now).
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "wire/sparkplug/host.h"
#include "wire/sparkplug/limits.h"
#include "wire/sparkplug/payload.h"
#include "wire/sparkplug/state.h"
#include "wire/sparkplug/types.h"

namespace lineshaft::sparkplug {

/// A metric an edge node offers, with its current value. Fill name, type, value and, where they
/// apply, unit, low, high and read_only of the definition; the Edge gives the alias.
struct EdgeMetric {
    Definition definition;
    Value value;
    Instant at;  ///< when the value was taken
};
/// A new value of one metric.
struct Update {
    std::string_view metric;
    Value value;
    Instant at;
    bool is_historical = false;  ///< sent late; does not replace the current value
};

/// A host asks for `value` to be written. The owner acts on it, then reports the outcome with
/// `data`.
struct Write {
    std::string device;  ///< empty: the node itself
    std::string metric;
    Value value;  ///< of the metric's type
};
/// Close the MQTT connection now and start again with will(now), at the next server if there are
/// more.
struct Disconnect {};
using EdgeEvent = std::variant<Publication, Write, Disconnect, Malformed>;

struct EdgeOptions {
    bool use_aliases = true;
    std::string primary_host;  ///< wait for this host to be online; empty: do not wait
    std::uint8_t bd_seq = 0;   ///< the number of the first will; kept by the owner across starts
};

/// One edge node and its devices. Owner: one shard or program thread.
class Edge {
public:
    /// `group`, `node` and device ids: valid by check_id, else the hosts will refuse the topics.
    Edge(std::string group, std::string node, EdgeOptions options = {}, Limits limits = {});

    /// Adds a metric of the node or of a device (made by its first metric). Before connected; later
    /// the next birth carries it. conflict: name taken; invalid: name, type or value; exhausted.
    Result<void> define(std::string_view device, EdgeMetric metric);

    /// The will for the next CONNECT: bdSeq one more than that of the will before, modulo 256.
    Publication will(Instant now);
    /// Topic filters to subscribe to, QoS 1: NCMD, DCMD, and STATE of the primary host.
    std::vector<std::string> filters() const;
    /// The session stands and the subscriptions too: NBIRTH and a DBIRTH per live device; empty
    /// while the primary host is not known to be online.
    std::vector<Publication> connected(Instant now);
    bool is_born() const { return born_; }

    /// NDATA or DDATA with these values, oldest first. unavailable: not born; not_found: a metric
    /// or device; invalid: a value not of the metric's type. Values are kept for births in any
    /// case.
    Result<Publication> data(std::string_view device, std::vector<Update> updates, Instant now);
    /// The device is lost, or back. not_found, unavailable (not born; remembered), conflict
    /// (already).
    Result<Publication> device_died(std::string_view device, Instant now);
    Result<Publication> device_born(std::string_view device, Instant now);

    /// NCMD, DCMD or STATE. A rebirth request yields all births; other commands yield Write; the
    /// primary host going offline yields the NDEATH and Disconnect, coming online the births.
    std::vector<EdgeEvent> receive(std::string_view topic, Bytes payload, Instant now);
    /// NDEATH to publish before leaving on purpose (with MQTT 5 also use reason 0x04 in
    /// DISCONNECT).
    Publication disconnect(Instant now);
    /// The network is gone: nothing may be published until `connected`.
    void lost() { born_ = connected_ = false; }

private:
    struct Source {  // the node, or one device
        std::vector<EdgeMetric> metrics;
        std::map<std::string, std::size_t, std::less<>> by_name;
        bool alive = true;
    };
    Source* find(std::string_view device);
    Publication publish(MessageType type, std::string_view device, Payload& payload);
    Publication birth_of(std::string_view device, Source& source, Instant now);
    std::vector<Publication> births(Instant now);
    void on_command(const MachineTopic& topic, Bytes payload, Instant now,
                    std::vector<EdgeEvent>& events);
    void on_state(const State& state, Instant now, std::vector<EdgeEvent>& events);
    Publication death(Instant now) const;
    std::uint8_t next_seq();

    std::string group_, node_;
    EdgeOptions options_;
    Limits limits_;
    std::map<std::string, Source, std::less<>> sources_;  // "" is the node
    std::uint64_t next_alias_ = 1;
    std::uint8_t bd_seq_ = 0, seq_ = 0;
    bool will_made_ = false, connected_ = false, born_ = false;
    std::optional<State> primary_;
};

}  // namespace lineshaft::sparkplug
