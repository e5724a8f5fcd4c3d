// The Host Application of Sparkplug B 3.0: messages in, events out. No sockets, clock or threads,
// so every test is a function call. One Host follows any number of edge nodes, independently of
// each other; it belongs to one shard. Rules carry their TCK ids in docs/protocols/sparkplug.md.
//
// Order. Births, data and device deaths of a node are numbered 0..255. What comes early is held
// until what is missing arrives or `reorder_timeout` passes; then it is applied as it is, a Gap is
// reported and a rebirth asked for. Data that comes late is still delivered: a gap costs no
// samples.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "wire/sparkplug/limits.h"
#include "wire/sparkplug/topic.h"
#include "wire/sparkplug/types.h"

namespace lineshaft::sparkplug {

/// The name of the metric by which a node is asked to send its births again.
inline constexpr std::string_view rebirth_metric = "Node Control/Rebirth";

/// A metric as its machine's birth defines it.
struct Definition {
    std::string name;
    std::optional<std::uint64_t> alias;
    DataType type = DataType::unknown;
    bool is_transient = false;        ///< the source asks not to store it
    std::string unit;                 ///< property engUnit; empty: none
    std::optional<double> low, high;  ///< properties engLow, engHigh
    bool read_only = false;           ///< property readOnly
    /// All properties in wire order; those of nested sets as "outer/inner", of lists
    /// "outer/0/inner".
    std::vector<std::pair<std::string, Value>> properties;
    bool operator==(const Definition&) const = default;
};

/// What one machine said it would ever report. Immutable; kept by whoever needs it. While a
/// machine's births define the same metrics it stays the same object, so caches may be keyed by its
/// address.
class Birth {
public:
    explicit Birth(std::vector<Definition> metrics);  ///< names and aliases are unique
    Birth(const Birth&) = delete;
    Birth& operator=(const Birth&) = delete;

    const std::vector<Definition>& metrics() const { return metrics_; }
    /// Index in metrics().
    std::optional<std::uint32_t> find(std::string_view name) const;
    std::optional<std::uint32_t> find_alias(std::uint64_t alias) const;

private:
    std::vector<Definition> metrics_;
    std::vector<std::pair<std::uint64_t, std::uint32_t>> by_alias_;    // ascending
    std::vector<std::pair<std::string_view, std::uint32_t>> by_name_;  // ascending, into metrics_
};

struct Sample {
    std::uint32_t metric = 0;  ///< index in the Birth's metrics()
    Quality quality = Quality::good;
    bool is_historical = false;  ///< sent late on purpose: not a current value
    Instant at;  ///< the metric's timestamp, else the payload's, else that of receipt
    Value value;
    bool operator==(const Sample&) const = default;
};

/// A node (machine.is_node()) or device is online; `samples` holds the value of every metric.
struct Born {
    MachineKey machine;
    std::shared_ptr<const Birth> birth;
    bool again = false;  ///< it was online already
    Instant at;          ///< payload timestamp, else receipt
    std::vector<Sample> samples;
};
struct Samples {
    MachineKey machine;
    std::shared_ptr<const Birth> birth;
    std::vector<Sample> samples;  ///< not empty, in wire order
};
enum class DeathCause : std::uint8_t {
    certificate,  ///< its own NDEATH or DDEATH
    node_died,    ///< a device, because its node died
    new_session,  ///< a device of a session that ended without our hearing of it
    not_reborn,   ///< a device its node left out of its births
};
/// Offline since `at`: every metric of `birth` is stale. A device's own death carries the payload's
/// time, a node's death the time of receipt (a will is written before it is needed).
struct Died {
    MachineKey machine;
    std::shared_ptr<const Birth> birth;
    DeathCause cause = DeathCause::certificate;
    Instant at;
};
/// Messages of the node are missing: `missing` of them before the one numbered `arrived`.
struct Gap {
    MachineKey node;
    std::uint8_t expected = 0, arrived = 0;
    std::uint32_t missing = 0;
};
enum class RebirthCause : std::uint8_t { unborn, unknown_device, unknown_metric, gap, asked };
std::string_view name_of(RebirthCause cause);
/// Publish `command` to get the node's births. At most one per node and `rebirth_interval`.
struct RebirthWanted {
    MachineKey node;
    RebirthCause cause = RebirthCause::unborn;
    Publication command;
};
/// A message, or one metric of it, was refused; the rest of it and all other state stand.
struct Malformed {
    std::string topic;
    std::string reason;  ///< for a person: which part and why
};
using Event = std::variant<Born, Samples, Died, Gap, RebirthWanted, Malformed>;

/// Since the Host was made. Nothing is dropped without being counted here.
struct HostCounters {
    std::uint64_t messages = 0;  ///< Sparkplug messages of edge nodes that were handed in
    std::uint64_t samples = 0;   ///< in births and data
    std::uint64_t births = 0, deaths = 0;
    std::uint64_t malformed = 0;  ///< Malformed events
    std::uint64_t unresolved_metrics =
        0;                           ///< dropped: no birth, device or alias to understand them
    std::uint64_t stale_deaths = 0;  ///< NDEATH of another session, ignored
    std::uint64_t gaps = 0, reordered = 0, late = 0;
    std::uint64_t rebirths_wanted = 0;

    HostCounters& operator+=(const HostCounters& other);
};

class EdgeSession;   // one node's state, in session.h
struct HostScratch;  // memory reused from message to message, in session.h

class Host {
public:
    explicit Host(Limits limits = {});
    ~Host();
    Host(Host&&) noexcept;
    Host& operator=(Host&&) noexcept;

    /// One message from any topic under spBv1.0/; commands and STATE are ignored. Hostile input
    /// ends in Malformed, never in CHECK. `received`: when it arrived; never goes back.
    std::vector<Event> receive(std::string_view topic, Bytes payload, Instant received);

    /// When `tick` has something to do next; nothing while no timer runs.
    std::optional<Instant> due() const;
    /// Ends reorder windows and sends rebirth requests that were held back. Harmless at any time.
    std::vector<Event> tick(Instant now);

    /// Asks a node for its births, known or not, subject to `rebirth_interval`: use after a start,
    /// for nodes the catalog remembers. exhausted: no room for another node.
    Result<std::vector<Event>> want_rebirth(const MachineKey& node, Instant now);

    /// The NCMD or DCMD that writes `value`, by alias where the birth gave one.
    /// not_found (machine or metric unknown), unavailable (offline), denied (readOnly), invalid
    /// (kind or range disagrees with the born type, or null).
    Result<Publication> write(const MachineKey& machine, std::string_view metric,
                              const Value& value, Instant now) const;

    bool is_online(const MachineKey& machine) const;
    /// The last birth; it stays after a death. nullptr: never born.
    std::shared_ptr<const Birth> birth_of(const MachineKey& machine) const;
    /// Forgets a node and its devices without events, to make room. False: unknown.
    bool forget(const MachineKey& node);

    std::size_t nodes() const;
    const HostCounters& counters() const { return counters_; }

private:
    using NodeKey = std::pair<std::string, std::string>;  // group, node
    EdgeSession* session_of(const MachineKey& machine) const;
    EdgeSession* make_session(const MachineKey& machine);
    void reschedule(const EdgeSession& session, std::optional<Instant> before);

    Limits limits_;
    HostCounters counters_;
    std::unique_ptr<HostScratch> scratch_;
    std::map<NodeKey, std::unique_ptr<EdgeSession>> sessions_;
    std::set<std::pair<Instant, NodeKey>> timers_;  // by name, so that a run can be replayed
};

/// The NCMD that asks `node` for its births.
Publication rebirth_command(const MachineKey& node, Instant now);

}  // namespace lineshaft::sparkplug
