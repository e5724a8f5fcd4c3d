#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "catalog/desk.h"
#include "io/mailbox.h"
#include "io/shard.h"
#include "twin/plant.h"
#include "wire/sparkplug/host.h"
#include "wire/sparkplug/state.h"

// Sparkplug B edge nodes into twins and history, commands back down. The rules are
// wire/sparkplug's; here are the shards, the timers and the names.
namespace lineshaft::sparkplug {

/// What the door needs of a broker; `app` plugs it. `publish` may be called on any shard; the
/// publication's topic is the organisation's own, without prefix.
struct Outlet {
    using Done = std::move_only_function<void(Result<void>)>;
    std::function<void(OrganisationId, Publication, Done)> publish;
};

struct DoorLimits {
    Limits wire;
    std::size_t text_bytes_max = 64 * 1024;  ///< a string value or an opaque one in base64
};

/// The node as Sparkplug Host Application. An edge node and its devices are followed on one shard,
/// hash(organisation, group, node) % shards, by a Host per organisation; what they say goes to the
/// plant. Owner: the program; outlives the shards' loops. Ends with close().
class Door {
public:
    using Done = std::move_only_function<void(Result<void>)>;

    Door(io::Shards& shards, twin::Plant& plant, catalog::Desk& desk, Outlet outlet,
         DoorLimits limits, std::string host_id);
    ~Door();

    /// Announces this host as online (retained STATE). From no shard's thread, once the broker
    /// runs.
    void start();

    /// One message of an edge node. `done` is called on the caller's shard once every sample in it
    /// is on disk. Errors: invalid (malformed, naming why), and those of Plant::report.
    void take(OrganisationId organisation, std::string topic, std::string payload, Instant received,
              Done done);

    /// Sends NCMD or DCMD. Errors: not_found, conflict (offline), denied (read-only), invalid.
    struct Sent {
        Instant at;
        std::string topic;
    };
    io::Task<Result<Sent>> write(OrganisationId organisation, std::string machine, std::string tag,
                                 history::Value value);

    io::Task<HostCounters> counters();

    /// Announces offline and stops timers. From no shard's thread, while the broker still runs.
    void close();

private:
    class Part;
    friend struct DoorSteps;
    ShardIndex owner(OrganisationId organisation, std::string_view group,
                     std::string_view node) const;
    Part& part(ShardIndex index) { return *parts_[index.number()]; }

    io::Shards& shards_;
    Outlet outlet_;
    DoorLimits limits_;
    HostPresence presence_;
    std::vector<std::unique_ptr<Part>> parts_;
};

/// A Sparkplug value as history keeps it; null becomes a `missing` placeholder of the metric's
/// kind. Opaque values become base64 text. nothing: longer than `text_bytes_max`.
std::optional<history::Sample> sample_of(const Sample& sample, DataType type,
                                         std::size_t text_bytes_max);

/// The other way, as the born type wants it. Errors: invalid.
Result<Value> value_for(const history::Value& value, DataType type);

}  // namespace lineshaft::sparkplug
