// Inside app: the node, all its rooms, and the order in which they open and close.
#pragma once
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/design_room.h"
#include "api/services.h"
#include "app/audit_room.h"
#include "app/backup_service.h"
#include "app/certificate_desk.h"
#include "app/clock_watch.h"
#include "app/doors.h"
#include "app/erasures.h"
#include "app/fleet_aemp.h"
#include "app/fleet_room.h"
#include "app/gatekeeper.h"
#include "app/ingest.h"
#include "app/metrics.h"
#include "app/mqtt_view.h"
#include "app/naming.h"
#include "app/orders_room.h"
#include "app/node.h"
#include "app/pg_room.h"
#include "app/principals.h"
#include "app/quotas.h"
#include "app/sql_room.h"
#include "gate/est/door.h"
#include "gate/mqtt/broker.h"
#include "io/clock.h"
#include "io/counter.h"
#include "io/nursery.h"
#include "io/tls.h"
#include "io/tray.h"

namespace lineshaft::app {

class RunningNode final : public Node, public api::Node {
public:
    RunningNode(Settings settings, Options options)
        : settings_(std::move(settings)),
          options_(std::move(options)),
          started_at_(io::Clock::system().now()) {}

    ~RunningNode() override { stop(); }

    Result<void> start();
    const Banner& banner() const override { return banner_; }
    void stop() override;

    api::NodeFacts facts() const override;
    api::Rates rates() const override {
        return on_shard_[io::Shard::here().index().number()].rates;
    }
    bool is_ready() const override;
    io::Task<Result<api::SentCommand>> command(trust::PrincipalPtr by, twin::MachineState machine,
                                               std::string tag, history::Value value) override;
    void tell_attributes(OrganisationId organisation, const std::string& machine,
                         const std::vector<catalog::AttributeChange>& changes) override;
    std::vector<std::pair<std::string, std::string>> settings() const override {
        return app::texts_of(settings_);
    }
    io::Task<std::string> metrics() override;

private:
    Result<void> open_store();
    Result<void> open_rooms();
    Result<void> open_broker();
    Result<void> open_listeners();
    void open_orders();
    Result<void> listen(std::string_view name, std::string_view key, const std::string& address,
                        const io::Listener::OnStream& on_stream,
                        std::shared_ptr<io::TlsServer> tls);
    Result<void> offer_setup();
    void reconcile();
    void watch_rates();
    io::Task<void> sample_rates();
    std::string prefix_of(OrganisationId organisation) const;

    struct OnShard {
        api::Rates rates;
    };

    Settings settings_;
    Options options_;
    Instant started_at_;
    Banner banner_;
    std::string damage_;
    bool stopped_ = false;

    // Bottom up; destroyed top down.
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<catalog::Catalog> catalog_;
    std::unique_ptr<CatalogPrincipals> principals_;
    std::unique_ptr<AuditRoom> audit_room_;
    std::unique_ptr<Quotas> quotas_;
    std::unique_ptr<io::Shards> shards_;
    std::vector<std::unique_ptr<store::Lane>> lanes_;
    std::vector<store::Lane*> lane_pointers_;
    std::unique_ptr<io::Workers> catalog_worker_, password_worker_, sealers_;
    std::unique_ptr<history::History> history_;
    std::unique_ptr<catalog::Desk> desk_;
    io::Tray<catalog::Discovery> discovered_;  // not in the catalog yet
    io::Counter coming_;  // above zero until the catalog's snapshot has them
    std::unique_ptr<trust::Porter> porter_;
    std::unique_ptr<twin::Plant> plant_;
    std::unique_ptr<SqlRoom> sql_;
    std::unique_ptr<CertificateDesk> certificates_;
    std::unique_ptr<est::Door> est_door_;
    std::unique_ptr<PgRoom> pg_;
    std::unique_ptr<NamingRoom> naming_;
    std::unique_ptr<TrustGatekeeper> gatekeeper_;
    std::unique_ptr<broker::Broker> broker_;
    std::unique_ptr<sparkplug::Door> door_;
    std::unique_ptr<TelemetryTap> telemetry_tap_;
    std::unique_ptr<SparkplugTap> sparkplug_tap_;
    std::unique_ptr<MachineWatch> machine_watch_;
    std::unique_ptr<LoadWatch> load_watch_;
    std::unique_ptr<BrokerView> broker_view_;
    std::unique_ptr<BackupService> backups_;
    std::unique_ptr<Erasures> erasures_;
    std::unique_ptr<api::DesignRoom> designs_;
    std::unique_ptr<OrdersRoom> orders_;
    std::unique_ptr<FleetRooms> fleet_;
    std::unique_ptr<FleetAsFeed> fleet_as_feed_;
    std::unique_ptr<aemp::Server> aemp_;
    std::unique_ptr<IngestDoors> ingest_;
    std::unique_ptr<api::Services> services_;
    std::unique_ptr<io::http::Server> http_;
    std::vector<std::unique_ptr<io::Listener>> listeners_;
    std::vector<OnShard> on_shard_;
    io::Wheel::Timer rates_timer_;                // shard 0
    std::unique_ptr<io::Nursery> rates_nursery_;  // shard 0
    std::unique_ptr<ClockWatch> clock_watch_;     // shard 0
    RateMeter meter_;                             // shard 0
};

}  // namespace lineshaft::app
