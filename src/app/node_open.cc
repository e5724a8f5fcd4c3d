// How a node opens: store, rooms, doors, listeners. What fails is named; Node::start closes the
// rest.
#include <fmt/format.h>

#include "api/routes.h"
#include "app/backup.h"
#include "app/node_limits.h"
#include "app/running_node.h"
#include "base/log.h"
#include "io/files.h"
#include "trust/loopback.h"

namespace lineshaft::app {

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
    // Before anybody counts machines: what was to be erased when the last run ended.
    if (auto hidden = Erasures::hide(*catalog_, *history_, *shards_); !hidden)
        log::warn("erasing waits: {}", hidden.error().context);
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
    observer.missed_machine = [this](OrganisationId organisation) {
        quotas_->machine_gone(organisation);
    };
    observer.discovered = [this](OrganisationId organisation, std::string machine,
                                 twin::Source source, Instant at) {
        // All that come while the catalog is busy are one transaction: ten thousand machines that
        // are switched on together would keep the disk busy for a minute, each with its own.
        coming_.add();  // before anybody could find it in the tray
        const bool is_first = discovered_.put(
            {organisation, std::move(machine), std::string(twin::name_of(source)), at});
        if (!is_first) return coming_.add(-1);
        const bool queued = desk_->post([this](catalog::Catalog& catalog) {
            const auto found = discovered_.take();
            const auto known = catalog.ensure_machines(found);
            if (!known) {
                log::warn("{} machines are not in the catalog before the next start: {}",
                          found.size(), known.error().context);
            } else if (known->refused > 0) {
                log::warn("{} machines are not in the catalog: no more are allowed",
                          known->refused);
            }
            const auto have_come = [this](catalog::Catalog&) { coming_.add(-1); };
            if (!desk_->post(have_come)) have_come(catalog);
        });
        if (!queued) {
            coming_.add(-1);
            log::warn("the catalog is busy; {} machines are added at the next start",
                      discovered_.take().size());
        }
    };
    observer.changed_source = [this](OrganisationId organisation, const std::string& machine,
                                     twin::Source source) {
        // Lost when the catalog is busy: told again in the next run.
        (void)desk_->post([organisation, machine, source](catalog::Catalog& catalog) {
            auto changed = catalog.change_source(organisation, machine, twin::name_of(source));
            if (!changed && changed.error().code != Code::not_found)
                log::warn("machine {}: {}", machine, changed.error().context);
        });
    };
    observer.last_source = [known = catalog_->snapshot()](OrganisationId organisation,
                                                          std::string_view machine) {
        const auto* entry = known->machine(organisation, machine);
        return entry == nullptr ? std::nullopt : twin::source_named(entry->machine.source);
    };
    plant_ =
        twin::Plant::open(*history_, *shards_, lane_pointers_, std::move(observer), twin::Limits{});
    sql_ = std::make_unique<SqlRoom>(*desk_, *history_, *plant_, *shards_, coming_);
    TRY(certificates_, CertificateDesk::open(settings_, options_.data,
                                             {*shards_, *catalog_, *desk_, *porter_, *plant_}));
    est_door_ = std::make_unique<est::Door>(*certificates_, *porter_, audit_room_->audit(), *shards_,
                                            est::Limits{});
    TRY(const auto loopback_role, trust::parse_loopback_role(settings_.trust_loopback_role));
    TRY(naming_, NamingRoom::open({*store_, *shards_, lane_pointers_, *porter_, loopback_role,
                                   &audit_room_->audit(), &audit_room_->key()},
                                  settings_));
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
    telemetry_tap_ = std::make_unique<TelemetryTap>(*plant_, *shards_, telemetry::Limits{});
    sparkplug_tap_ = std::make_unique<SparkplugTap>(*door_);
    machine_watch_ = std::make_unique<MachineWatch>(*plant_);
    broker_->add(*telemetry_tap_);
    broker_->add(*sparkplug_tap_);
    broker_->add(*machine_watch_);
    load_watch_ = std::make_unique<LoadWatch>(*plant_);
    broker_->add(*load_watch_);
    broker_view_ = std::make_unique<BrokerView>(*broker_, *plant_);
    ingest_ = std::make_unique<IngestDoors>(
        IngestDoors::Rooms{*plant_, *desk_, *porter_, *shards_, loopback_role,
                           &audit_room_->audit()},
        settings_,
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
    if (key.starts_with("mqtt.")) {  // a handshake costs a multiple of what the rest does
        const auto rate = static_cast<unsigned>(settings_.mqtt_accepts_per_second);
        limits.accepts_per_second = tls && rate != 0 ? std::max(1u, rate / 4) : rate;
    }
    auto opened = io::Listener::open(*shards_, parsed, limits, on_stream, std::move(tls));
    if (!opened) return std::unexpected(opened.error().in(fmt::format("{} = {}", key, address)));
    if (parsed.path.empty()) {
        parsed.port = (*opened)->port();
        banner_.listeners.emplace_back(name, parsed.text());
    }
    listeners_.push_back(std::move(*opened));
    return {};
}

void RunningNode::open_orders() {
    const std::string& prefixes = settings_.handle_prefix;
    OrdersRoom::Rooms rooms{
        *shards_, *desk_, *plant_, *this, audit_room_->audit(),
        std::string(audit_room_->key().derive("orders").raw()), settings_.orders_drop_directory,
        prefixes.substr(0, prefixes.find(',')), std::chrono::seconds{settings_.orders_lost_after_s},
        [this](std::string identifier, std::string target) {
            return identify_order(naming_->registry(), std::move(identifier), naming_->url() + target);
        }};
    orders_ = std::make_unique<OrdersRoom>(std::move(rooms));
    services_->orders = orders_.get();
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
    erasures_ = std::make_unique<Erasures>(Erasures::Rooms{
        *shards_, *store_, *history_, *desk_, *porter_, *plant_, *quotas_, audit_room_->audit(),
        *broker_, [this](OrganisationId organisation) { return prefix_of(organisation); }});
    services_->erasures = erasures_.get();
    designs_ = std::make_unique<api::DesignRoom>(*desk_, options_.data + "/fonts", started_at_.micros);
    services_->designs = designs_.get();
    open_orders();
    services_->naming = &naming_->desk();
    TRY(fleet_, FleetRooms::open({*shards_, *catalog_, *desk_, *plant_, *broker_, audit_room_->audit(), audit_room_->key(),
                                  [this](OrganisationId organisation) { return prefix_of(organisation); }}));
    services_->fleet = fleet_.get();
    services_->mqtt = broker_view_.get();
    services_->sql = &sql_->engine();
    services_->sql_limits = sql_limits(settings_);
    auto router = std::make_shared<io::http::Router>();
    services_->office = certificates_.get();
    api::add_routes(*router, *services_);
    ingest_->add_routes(*router);
    est_door_->add_routes(*router);
    fleet_as_feed_ = std::make_unique<FleetAsFeed>(*fleet_, *history_);
    aemp_ = std::make_unique<aemp::Server>(aemp::Server::Services{*fleet_as_feed_, *porter_, *shards_, audit_room_->key(),
                                                                  loopback_role, &audit_room_->audit()},
                                           aemp::ServerLimits{});
    aemp_->add_routes(*router);
    naming_->add_routes(*router);
    router->set_fallback(naming_->tunnel(api::console_handler()));
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
    if (!settings_.pg_listen.empty()) {
        pg_ = std::make_unique<PgRoom>(
            PgRoom::Rooms{*shards_, *desk_, *porter_, sql_->engine(), audit_room_->audit(), tls,
                          loopback_role,
                          std::string(audit_room_->key().derive("pg-strangers").raw())},
            settings_, sql_limits(settings_));
        TRY_VOID(listen("pg", "pg.listen", settings_.pg_listen, pg_->on_stream(), nullptr));
    }
    TRY(const std::string handles, naming_->listen());
    if (!handles.empty()) banner_.listeners.emplace_back("handle", handles);
    TRY(const std::string pools, naming_->listen_for_pools());
    if (!pools.empty()) banner_.listeners.emplace_back("handle-pool", pools);
    const std::string scheme = settings_.http_listen.empty() ? "https" : "http";
    for (const auto& [name, address] : banner_.listeners) {
        if (name == scheme) naming_->name_machines(*desk_, scheme + "://" + address);
    }
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
    erasures_->start();
    orders_->start();
    fleet_->start();
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

}  // namespace lineshaft::app
