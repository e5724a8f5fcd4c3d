#include "app/node.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <thread>

#include "api/services.h"
#include "app/audit_room.h"
#include "app/backup.h"
#include "app/backup_service.h"
#include "app/certificate_desk.h"
#include "app/clock_watch.h"
#include "app/doors.h"
#include "app/gatekeeper.h"
#include "app/ingest.h"
#include "app/metrics.h"
#include "app/mqtt_view.h"
#include "app/node_limits.h"
#include "app/principals.h"
#include "app/quotas.h"
#include "base/log.h"
#include "gate/est/door.h"
#include "gate/mqtt/broker.h"
#include "io/files.h"
#include "io/nursery.h"
#include "io/tls.h"
#include "trust/loopback.h"

namespace lineshaft::app {
namespace {

constexpr io::Steady rates_interval{1'000};

io::Task<bool> close_broker(broker::Broker* broker) {
    co_await broker->close();
    co_return true;
}

io::Task<bool> flush_lane(store::Lane* lane) {
    auto flushed = co_await lane->flush();
    co_return flushed.has_value();
}

io::Task<bool> end_rates(io::Wheel::Timer* timer, io::Nursery* nursery) {
    timer->disarm();
    co_await nursery->close();
    co_return true;
}

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
    std::unique_ptr<trust::Porter> porter_;
    std::unique_ptr<twin::Plant> plant_;
    std::unique_ptr<CertificateDesk> certificates_;
    std::unique_ptr<est::Door> est_door_;
    std::unique_ptr<TrustGatekeeper> gatekeeper_;
    std::unique_ptr<broker::Broker> broker_;
    std::unique_ptr<sparkplug::Door> door_;
    std::unique_ptr<TelemetryTap> telemetry_tap_;
    std::unique_ptr<SparkplugTap> sparkplug_tap_;
    std::unique_ptr<MachineWatch> machine_watch_;
    std::unique_ptr<LoadWatch> load_watch_;
    std::unique_ptr<BrokerView> broker_view_;
    std::unique_ptr<BackupService> backups_;
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

Result<void> RunningNode::open_store() {
    TRY_VOID(io::make_private_dir(options_.data));
    TRY_VOID(check_restored(options_.data));
    const auto durability =
        settings_.store_durability == "fast" ? store::Durability::fast : store::Durability::synced;
    auto opened = store::open(options_.data + "/store", store_limits(settings_), durability);
    if (!opened) return std::unexpected(opened.error().in("data directory " + options_.data));
    store_ = std::move(opened->store);
    damage_ = opened->recovery.damage;
    if (opened->recovery.torn_tail_bytes > 0) {
        banner_.notes.push_back(fmt::format(
            "the last write was cut short: {} bytes that were never acknowledged are gone",
            opened->recovery.torn_tail_bytes));
    }
    if (!damage_.empty()) banner_.notes.push_back(damage_);
    auto catalog = catalog::Catalog::open(options_.data + "/catalog.db", started_at_);
    if (!catalog) return std::unexpected(catalog.error().in("catalog in " + options_.data));
    catalog_ = std::move(*catalog);
    principals_ = std::make_unique<CatalogPrincipals>(*catalog_);
    TRY(audit_room_, AuditRoom::open(*store_, options_.data));
    if (!audit_room_->trouble().empty()) banner_.notes.push_back(audit_room_->trouble());
    return {};
}

Result<void> RunningNode::open_rooms() {
    shards_ = std::make_unique<io::Shards>(shard_count(settings_));
    on_shard_.resize(shards_->size());
    for (std::size_t index = 0; index < shards_->size(); ++index) {
        lanes_.push_back(
            std::make_unique<store::Lane>(*store_, shards_->at(index), store::Lane::Limits{}));
        lane_pointers_.push_back(lanes_.back().get());
    }
    catalog_worker_ = std::make_unique<io::Workers>(
        "catalog", io::Workers::Limits{.threads = 1, .queued_max = 65'536});
    password_worker_ = std::make_unique<io::Workers>(
        "passwords", io::Workers::Limits{.threads = 1, .queued_max = 64});
    sealers_ = std::make_unique<io::Workers>(
        "sealing", io::Workers::Limits{.threads = 1, .queued_max = 1'024});
    TRY(history_, history::History::open(*store_, *shards_, lane_pointers_, *sealers_,
                                         history_limits(settings_)));
    reconcile();
    desk_ = std::make_unique<catalog::Desk>(*catalog_, *shards_, *catalog_worker_);
    audit_room_->start(*shards_, settings_, version());
    auto porter_words = porter_settings(settings_);
    porter_words.totp = trust::TotpVault(audit_room_->key());
    porter_ = std::make_unique<trust::Porter>(*shards_, *catalog_worker_, *password_worker_,
                                              *principals_, std::move(porter_words));
    TRY_VOID(porter_->open());
    quotas_ = std::make_unique<Quotas>(settings_, *catalog_->snapshot());
    twin::Observer observer;
    observer.admits_samples = [this](OrganisationId organisation, std::size_t samples) {
        return quotas_->take_samples(organisation, samples,
                                     io::Shard::here().clock().steady().count() * 1'000);
    };
    observer.admits_machine = [this](OrganisationId organisation) {
        return quotas_->take_machine(organisation);
    };
    observer.discovered = [this](OrganisationId organisation, std::string machine,
                                 twin::Source source, Instant at) {
        catalog::Discovery found{organisation, std::move(machine),
                                 std::string(twin::name_of(source)), at};
        const bool queued = desk_->post([found](catalog::Catalog& catalog) {
            auto known = catalog.discover(found);
            if (!known)
                log::warn("machine {} is not in the catalog: {}", found.machine,
                          known.error().context);
        });
        if (!queued) log::warn("the catalog is busy; a machine is added at the next start");
    };
    plant_ =
        twin::Plant::open(*history_, *shards_, lane_pointers_, std::move(observer), twin::Limits{});
    TRY(certificates_,
        CertificateDesk::open(settings_, options_.data,
                              {*shards_, *catalog_, *desk_, *porter_, *plant_}));
    est_door_ = std::make_unique<est::Door>(*certificates_, *porter_, *shards_, est::Limits{});
    return {};
}

// Machines that history knows and the catalog does not, because the process ended in between.
void RunningNode::reconcile() {
    const auto known = shards_->run_blocking(ShardIndex(0), history_->machines());
    std::vector<catalog::Discovery> all;
    for (const auto& machine : known) {
        all.push_back({machine.organisation, machine.name,
                       machine.name.contains(':') ? "sparkplug" : "json", started_at_});
    }
    auto done = catalog_->ensure_machines(all);
    if (!done) log::warn("catalog not reconciled with history: {}", done.error().context);
}

std::string RunningNode::prefix_of(OrganisationId organisation) const {
    if (organisation == catalog::default_organisation) return {};
    const auto catalog = desk_->snapshot();
    const auto* found = catalog->organisation(organisation);
    return found == nullptr ? std::string() : found->name + "/";
}

Result<void> RunningNode::open_broker() {
    TRY(const auto loopback_role, trust::parse_loopback_role(settings_.trust_loopback_role));
    gatekeeper_ = std::make_unique<TrustGatekeeper>(*porter_, *desk_, loopback_role,
                                                    settings_.sparkplug_host_id, shards_->size());
    gatekeeper_->watch(*quotas_, audit_room_->audit());
    std::vector<broker::Broker::Place> places;
    for (std::size_t index = 0; index < shards_->size(); ++index) {
        places.push_back({&shards_->at(index), lane_pointers_[index]});
    }
    broker_ = std::make_unique<broker::Broker>(std::move(places), *store_, *gatekeeper_,
                                               broker_limits(settings_));
    sparkplug::Outlet outlet;
    outlet.publish = [this](OrganisationId organisation, sparkplug::Publication publication,
                            sparkplug::Outlet::Done done) {
        broker::Outgoing out;
        out.message =
            mqtt::Message(prefix_of(organisation) + publication.topic, publication.payload);
        out.qos = static_cast<mqtt::Qos>(publication.qos);
        out.retain = publication.retain;
        broker_->publish(std::move(out), std::move(done));
    };
    sparkplug::DoorLimits limits;
    limits.wire.reorder_timeout = std::chrono::milliseconds{settings_.sparkplug_reorder_ms};
    door_ = std::make_unique<sparkplug::Door>(*shards_, *plant_, *desk_, std::move(outlet), limits,
                                              settings_.sparkplug_host_id);
    telemetry_tap_ = std::make_unique<TelemetryTap>(*plant_, telemetry::Limits{});
    sparkplug_tap_ = std::make_unique<SparkplugTap>(*door_);
    machine_watch_ = std::make_unique<MachineWatch>(*plant_);
    broker_->add(*telemetry_tap_);
    broker_->add(*sparkplug_tap_);
    broker_->add(*machine_watch_);
    load_watch_ = std::make_unique<LoadWatch>(*plant_);
    broker_->add(*load_watch_);
    broker_view_ = std::make_unique<BrokerView>(*broker_, *plant_);
    ingest_ = std::make_unique<IngestDoors>(
        IngestDoors::Rooms{*plant_, *desk_, *porter_, *shards_, loopback_role}, settings_,
        [this](OrganisationId organisation, const std::string& topic, std::string payload,
               broker::Broker::Done done) {
            broker::Outgoing out;
            out.message = mqtt::Message(prefix_of(organisation) + topic, payload);
            broker_->publish(std::move(out), std::move(done));
        });
    ingest_->add_taps(*broker_);
    gatekeeper_->on_device([this](const trust::Principal& who) {
        ingest_->thingsboard().heard(who.organisation, who.machine);
    });
    auto loaded = broker_->load();
    if (!loaded) return std::unexpected(loaded.error().in("MQTT sessions"));
    for (const auto& sentence : loaded->damage) banner_.notes.push_back(sentence);
    // The connections of a revoked token end at once.
    shards_->run_everywhere([this](io::Shard&) {
        porter_->keys().on_change([this](const trust::Keyring&) {
            const auto ended = broker_->recheck_here();
            if (ended > 0) log::info("{} connections ended: their credential has ended", ended);
        });
    });
    door_->start();
    return {};
}

Result<void> RunningNode::listen(std::string_view name, std::string_view key,
                                 const std::string& address,
                                 const io::Listener::OnStream& on_stream,
                                 std::shared_ptr<io::TlsServer> tls) {
    if (address.empty()) return {};
    TRY(auto parsed, io::parse_address(address));
    io::Listener::Limits limits;
    limits.is_node_socket = !parsed.path.empty();
    limits.handshake_max = std::chrono::seconds{settings_.tls_handshake_timeout_s};
    auto opened = io::Listener::open(*shards_, parsed, limits, on_stream, std::move(tls));
    if (!opened) return std::unexpected(opened.error().in(fmt::format("{} = {}", key, address)));
    if (parsed.path.empty()) {
        parsed.port = (*opened)->port();
        banner_.listeners.emplace_back(name, parsed.text());
    }
    listeners_.push_back(std::move(*opened));
    return {};
}

Result<void> RunningNode::open_listeners() {
    TRY(const auto loopback_role, trust::parse_loopback_role(settings_.trust_loopback_role));
    services_ = std::make_unique<api::Services>(
        api::Services{*desk_, *porter_, *plant_, *history_, *this, *shards_, loopback_role});
    backups_ = std::make_unique<BackupService>(
        *shards_, *store_,
        BackupService::Settings{options_.data, settings_.node_name, settings_.backup_directory,
                                settings_.backup_key});
    services_->audit = &audit_room_->audit();
    services_->quotas = quotas_.get();
    services_->backups = backups_.get();
    services_->mqtt = broker_view_.get();
    auto router = std::make_shared<io::http::Router>();
    services_->office = certificates_.get();
    api::add_routes(*router, *services_);
    ingest_->add_routes(*router);
    est_door_->add_routes(*router);
    router->add_upgrade(
        "/mqtt", "websocket",
        [broker = broker_.get()](io::http::Request request, std::unique_ptr<io::Stream> stream) {
            return serve_websocket(broker, std::move(request), std::move(stream));
        });
    io::http::Limits limits;
    limits.body_bytes_max = static_cast<std::size_t>(settings_.http_body_bytes_max);
    http_ = std::make_unique<io::http::Server>(*shards_, router, limits);
    const auto& tls = certificates_->tls();
    banner_.fingerprint = certificates_->fingerprint();
    if (tls) {
        tls->refuse_while([broker = broker_.get()] {
            return broker->load_level_here() >= broker::LoadLevel::no_tls;
        });
    }
    const auto to_http = http_->on_stream();
    const auto to_mqtt = [broker = broker_.get()](std::unique_ptr<io::Stream> stream) {
        broker->serve(std::move(stream));
    };
    TRY_VOID(
        listen("socket", "node.sock", "unix:" + options_.data + "/node.sock", to_http, nullptr));
    TRY_VOID(listen("http", "http.listen", settings_.http_listen, to_http, nullptr));
    TRY_VOID(listen("https", "https.listen", settings_.https_listen, to_http, tls));
    TRY_VOID(listen("mqtt", "mqtt.listen", settings_.mqtt_listen, to_mqtt, nullptr));
    TRY_VOID(listen("mqtts", "mqtt.tls_listen", settings_.mqtt_tls_listen, to_mqtt, tls));
    return {};
}

// Until somebody has used it, each start prints a new secret and forgets the one before.
Result<void> RunningNode::offer_setup() {
    TRY(const bool needed, catalog_->setup_needed());
    if (!needed) return {};
    banner_.setup_secret = trust::make_admin_secret();
    return catalog_->offer_setup(trust::text_of(trust::admin_secret_digest(banner_.setup_secret)));
}

Result<void> RunningNode::start() {
    TRY_VOID(open_store());
    TRY_VOID(offer_setup());
    TRY_VOID(open_rooms());
    TRY_VOID(open_broker());
    TRY_VOID(open_listeners());
    certificates_->start();
    shards_->run_everywhere([this](io::Shard& shard) {
        if (shard.index() != ShardIndex(0)) return;
        clock_watch_ = std::make_unique<ClockWatch>(shard.clock(), [this](Instant at, auto& text) {
            plant_->record({at, catalog::default_organisation, {}, "clock", text});
        });
        rates_nursery_ = std::make_unique<io::Nursery>("rates");
        watch_rates();
    });
    return {};
}

void RunningNode::watch_rates() {
    io::Shard::here().wheel().arm(rates_timer_, rates_interval, [this] {
        rates_nursery_->spawn(sample_rates());
        clock_watch_->look();
        watch_rates();
    });
}

io::Task<void> RunningNode::sample_rates() {
    auto broker = co_await broker_->stats();
    auto plant = co_await plant_->counters();
    const api::Rates rates =
        meter_.measure(broker, plant, store_->stats(), io::Shard::here().clock().steady());
    for (std::size_t index = 0; index < on_shard_.size(); ++index) {
        shards_->at(index).post([this, index, rates] { on_shard_[index].rates = rates; });
    }
}

api::NodeFacts RunningNode::facts() const {
    const auto stats = store_->stats();
    return {std::string(version()),
            settings_.node_name,
            settings_.node_role,
            started_at_,
            settings_.store_durability,
            stats.is_accepting,
            store_->is_read_only(),
            options_.is_demo,
            damage_,
            banner_.listeners,
            shards_->size()};
}

bool RunningNode::is_ready() const {
    return std::ranges::all_of(listeners_,
                               [](const auto& listener) { return listener->is_accepting(); });
}

io::Task<Result<api::SentCommand>> RunningNode::command(trust::PrincipalPtr,
                                                        twin::MachineState machine, std::string tag,
                                                        history::Value value) {
    if (machine.source == twin::Source::sparkplug) {
        auto sent = co_await door_->write(machine.organisation, machine.id, std::move(tag),
                                          std::move(value));
        if (!sent) co_return std::unexpected(sent.error());
        co_return api::SentCommand{sent->at, std::move(sent->topic)};
    }
    if (machine.source == twin::Source::thingsboard) {
        auto sent = co_await ingest_->thingsboard().set_value(machine.organisation, machine.id,
                                                              std::move(tag), std::move(value));
        if (!sent) co_return std::unexpected(sent.error());
        co_return api::SentCommand{sent->at, prefix_of(machine.organisation) + sent->topic};
    }
    const std::string topic =
        prefix_of(machine.organisation) + telemetry::command_topic(machine.id);
    const std::string id = trust::to_base64url(trust::random_bytes(12));
    broker::Outgoing out;
    out.message = mqtt::Message(topic, telemetry::encode_command(id, tag, value));
    auto published = co_await io::suspend<Result<void>>([&](io::Answer<Result<void>> answer) {
        auto kept = std::make_shared<io::Answer<Result<void>>>(std::move(answer));
        broker_->publish(std::move(out), [kept](Result<void> done) { (*kept)(std::move(done)); });
    });
    if (!published) co_return std::unexpected(published.error());
    co_return api::SentCommand{io::Shard::here().now(), topic};
}

void RunningNode::tell_attributes(OrganisationId organisation, const std::string& machine,
                                  const std::vector<catalog::AttributeChange>& changes) {
    ingest_->thingsboard().tell_attributes(organisation, machine, changes);
}

io::Task<std::string> RunningNode::metrics() {
    auto broker = co_await broker_->stats();
    auto plant = co_await plant_->counters();
    auto history = co_await history_->stats();
    auto sparkplug = co_await door_->counters();
    auto ingest = co_await ingest_->metrics();
    co_return metrics_page(
        {broker, plant, history, sparkplug, store_->stats(), http_->stats(), facts()}) +
        ingest + certificates_->metrics() +
        quotas_->metrics(*desk_->snapshot());
}

void RunningNode::stop() {
    if (std::exchange(stopped_, true)) return;
    // What never came to be is skipped: a start may have failed half-way.
    for (auto& listener : listeners_) listener->close();
    if (rates_nursery_) {
        shards_->run_blocking(ShardIndex(0), end_rates(&rates_timer_, rates_nursery_.get()));
    }
    if (backups_) backups_->stop();
    if (certificates_) certificates_->close();
    if (http_) http_->close();
    if (backups_) backups_->close();
    if (door_ && !listeners_.empty()) door_->close();
    if (broker_) shards_->run_blocking(ShardIndex(0), close_broker(broker_.get()));
    if (ingest_) ingest_->close();
    if (plant_) plant_->close();
    if (porter_) porter_->close();
    if (audit_room_) audit_room_->close();
    if (history_) history_->close();
    for (std::size_t index = 0; index < lanes_.size(); ++index) {
        shards_->run_blocking(shards_->at(index).index(), flush_lane(lane_pointers_[index]));
    }
    catalog_worker_.reset();
    password_worker_.reset();
    sealers_.reset();
    if (shards_) shards_->stop();
    http_.reset();
    broker_.reset();
    history_.reset();
    lanes_.clear();
    if (store_) store_->close();
}

}  // namespace

Result<std::unique_ptr<Node>> Node::start(const Settings& settings, Options options) {
    TRY_VOID(check(settings));
    auto node = std::make_unique<RunningNode>(settings, std::move(options));
    auto started = node->start();
    if (!started) {
        node->stop();
        return std::unexpected(started.error());
    }
    return std::unique_ptr<Node>(std::move(node));
}

std::string_view version() {
    return LINESHAFT_VERSION;
}

}  // namespace lineshaft::app
