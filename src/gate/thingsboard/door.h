// ThingsBoard's device API over MQTT: telemetry, attributes and remote procedure calls of devices
// whose firmware was written for ThingsBoard. Conformance: docs/protocols/thingsboard.md.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/learner.h"
#include "gate/thingsboard/payload.h"
#include "io/shard.h"
#include "twin/plant.h"

namespace lineshaft::thingsboard {

struct DoorLimits {
    PayloadLimits payload;
    std::size_t calls_kept_max = 10'000;     ///< sent and not answered, per shard; the oldest goes
    std::size_t answer_bytes_max = 1'024;    ///< of a device's answer, shown in its event
    std::size_t packet_bytes_max = 2 << 20;  ///< told to devices that ask for their limits
    std::size_t inflight_max = 1'024;        ///< ditto
};

struct DoorStats {
    std::uint64_t messages = 0;   ///< of devices
    std::uint64_t malformed = 0;  ///< payloads or topics that were refused
    std::uint64_t calls_sent = 0;
    std::uint64_t calls_answered = 0;
    std::uint64_t attribute_requests = 0;

    DoorStats& operator+=(const DoorStats& other);
};
struct StatField {
    std::string_view name;
    std::uint64_t DoorStats::* member;
};
std::span<const StatField> stat_fields();

/// One publish of a device.
struct Arrival {
    OrganisationId organisation;
    std::string_view machine;
    std::string_view rest;  ///< of the topic: "telemetry"
    std::string_view payload;
    Instant received;
};

/// Callable on every shard. Owner: the program; outlives the broker. Topics are the node's own
/// (names.h), without the organisation's prefix.
class Door {
public:
    using Done = std::move_only_function<void(Result<void>)>;
    struct Services {
        io::Shards& shards;
        twin::Plant& plant;
        catalog::Desk& desk;
        catalog::Learner& learner;
        /// The samples of a telemetry payload.
        std::function<Result<std::vector<history::TagSample>>(Bytes, Instant)> parse_samples;
        std::function<void(OrganisationId, std::string topic, std::string payload, Done)> publish;
    };
    Door(Services services, DoorLimits limits);
    ~Door();

    /// `done` is called on this shard once what the message says is on disk, or answered. Errors:
    /// invalid (payload, unknown topic), exhausted, unavailable.
    void take(const Arrival& arrival, Done done);

    /// The device subscribed: it speaks ThingsBoard, and is there.
    void heard(OrganisationId organisation, std::string_view machine);

    /// Calls the device's method setValue; `topic` is where it went, without prefix. Its answer
    /// becomes an event of the machine.
    struct Sent {
        Instant at;
        std::string topic;
    };
    io::Task<Result<Sent>> set_value(OrganisationId organisation, std::string machine,
                                     std::string tag, history::Value value);

    /// Passes changed shared attributes on; nobody listening is no error.
    void tell_attributes(OrganisationId organisation, const std::string& machine,
                         std::span<const catalog::AttributeChange> changes);

    io::Task<DoorStats> stats();

private:
    friend struct DoorSteps;
    struct OnShard;
    OnShard& here() const;
    void take_telemetry(const Arrival& arrival, Done done);
    void take_attributes(const Arrival& arrival, Done done);
    void answer_attributes(const Arrival& arrival, std::string_view id, Done done);
    void answer_call(const Arrival& arrival, std::string_view id, Done done);
    void take_answer(const Arrival& arrival, std::string_view id);
    void remember_call(OrganisationId organisation, const std::string& machine, std::uint32_t id,
                       std::string what);
    OnShard& owner_of(OrganisationId organisation, std::string_view machine, io::Shard*& shard);

    Services services_;
    DoorLimits limits_;
    std::vector<std::unique_ptr<OnShard>> on_shard_;
};

}  // namespace lineshaft::thingsboard
