#pragma once
#include <memory>
#include <string>
#include <vector>

#include "app/settings.h"
#include "catalog/learner.h"
#include "gate/influx/door.h"
#include "gate/mqtt/broker.h"
#include "gate/remote_write/door.h"
#include "gate/telemetry/http_door.h"
#include "gate/thingsboard/door.h"
#include "io/http/server.h"
#include "trust/porter.h"
#include "twin/plant.h"

namespace lineshaft::app {

/// ThingsBoard's device topics, as the gatekeeper names them inside the node.
class ThingsBoardTap final : public broker::Tap {
public:
    explicit ThingsBoardTap(thingsboard::Door& door) : door_(door) {}
    bool wants(std::string_view topic) const override;
    void take(const std::shared_ptr<const broker::Publication>& publication, Done done) override;

private:
    thingsboard::Door& door_;
};

/// The doors for data besides plain MQTT and Sparkplug, and what machines say they are on its way
/// into the catalog. Outlives the HTTP server and the broker.
class IngestDoors {
public:
    struct Rooms {
        twin::Plant& plant;
        catalog::Desk& desk;
        trust::Porter& porter;
        io::Shards& shards;
        std::optional<trust::Role> loopback_role;
        trust::Audit* audit = nullptr;
    };
    using Publish = std::function<void(OrganisationId, std::string topic, std::string payload,
                                       broker::Broker::Done)>;
    /// `publish`: as the node, topics without the organisation's prefix.
    IngestDoors(Rooms rooms, const Settings& settings, Publish publish);

    void add_routes(io::http::Router& router);
    void add_taps(broker::Broker& broker) { broker.add(thingsboard_tap_); }
    thingsboard::Door& thingsboard() { return thingsboard_; }
    /// Prometheus text of all doors.
    io::Task<std::string> metrics();
    /// From no shard's thread, while the shards run.
    void close() { learner_.close(); }

private:
    catalog::Learner learner_;
    influx::Door influx_;
    remote_write::Door remote_write_;
    telemetry::HttpDoor telemetry_;
    thingsboard::Door thingsboard_;
    ThingsBoardTap thingsboard_tap_;
    io::Shards& shards_;
};

}  // namespace lineshaft::app
