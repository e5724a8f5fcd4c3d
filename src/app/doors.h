#pragma once
#include "catalog/desk.h"
#include "gate/mqtt/broker.h"
#include "gate/mqtt/tap.h"
#include "gate/sparkplug/door.h"
#include "gate/telemetry/inlet.h"
#include "io/http/message.h"
#include "trust/topic_rights.h"
#include "twin/plant.h"

// The node's own consumers of what clients publish: thin adapters between the broker and the rooms
// that understand payloads.
namespace lineshaft::app {

/// JSON telemetry: lineshaft/v1/<machine>/telemetry.
class TelemetryTap final : public broker::Tap {
public:
    TelemetryTap(twin::Plant& plant, io::Shards& shards, telemetry::Limits limits)
        : inlet_(plant, shards, limits) {}
    bool wants(std::string_view topic) const override;
    void take(const std::shared_ptr<const broker::Publication>& publication, Done done) override;
    /// From no shard's thread, before the plant closes.
    void close() { inlet_.close(); }

private:
    telemetry::Inlet inlet_;
};

/// Sparkplug B: everything under spBv1.0/.
class SparkplugTap final : public broker::Tap {
public:
    explicit SparkplugTap(sparkplug::Door& door) : door_(door) {}
    bool wants(std::string_view topic) const override;
    void take(const std::shared_ptr<const broker::Publication>& publication, Done done) override;

private:
    sparkplug::Door& door_;
};

/// Connections of machines with a token of their own are signs of life.
class MachineWatch final : public broker::Observer {
public:
    explicit MachineWatch(twin::Plant& plant) : plant_(plant) {}
    void connected(const Client& client) override;
    void disconnected(const Client& client, mqtt::Reason reason, std::string_view why) override;

private:
    twin::Plant& plant_;
};

/// MQTT over WebSocket is MQTT over another stream. A page of another origin is turned away: where
/// trust.loopback_role lets clients in without credentials, any page could be such a client.
io::Task<void> serve_websocket(broker::Broker* broker, io::http::Request request,
                               std::unique_ptr<io::Stream> stream);

}  // namespace lineshaft::app
