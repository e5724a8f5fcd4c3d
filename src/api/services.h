#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "catalog/desk.h"
#include "history/history.h"
#include "io/http/server.h"
#include "query/query.h"
#include "trust/audit.h"
#include "trust/office.h"
#include "trust/porter.h"
#include "trust/rights.h"
#include "twin/plant.h"

namespace lineshaft::api {

/// What does not change, or only by accident, while a node runs.
struct NodeFacts {
    std::string version, name, role;
    Instant started_at;
    std::string durability;  ///< "synced" or "fast"
    bool is_accepting = true, is_read_only = false, is_demo = false;
    std::string damage;
    std::vector<std::pair<std::string, std::string>> listeners;  ///< name, address
    std::size_t shards = 0;
};

/// Throughput over the last second, and totals since start.
struct Rates {
    double messages_per_s = 0, samples_per_s = 0;
    std::uint64_t messages_total = 0, samples_total = 0, refused_total = 0;
    double commit_ms = 0;  ///< mean time of a synced write over the last second
};

/// A command on its way to a machine.
struct SentCommand {
    Instant sent_at;
    std::string topic;
};

/// What the API asks of its neighbours; `app` plugs it. Called on any shard.
class Node {
public:
    virtual NodeFacts facts() const = 0;
    virtual Rates rates() const = 0;
    virtual bool is_ready() const = 0;
    /// Sends a value to a machine. conflict: not connected. invalid: type or range. exhausted.
    virtual io::Task<Result<SentCommand>> command(trust::PrincipalPtr by,
                                                  twin::MachineState machine, std::string tag,
                                                  history::Value value) = 0;
    /// People told a machine what it is: passes it on where the machine listens for that.
    virtual void tell_attributes(OrganisationId organisation, const std::string& machine,
                                 const std::vector<catalog::AttributeChange>& changes) = 0;
    /// Every setting as it is in force, by key.
    virtual std::vector<std::pair<std::string, std::string>> settings() const { return {}; }
    /// Prometheus text.
    virtual io::Task<std::string> metrics() = 0;
    virtual ~Node() = default;
};

/// One backup of this run of the node.
struct BackupFacts {
    std::uint64_t id = 0;
    std::string state;  ///< "running", "done", "failed"
    std::string file;   ///< in backup.directory; empty until done
    std::uint64_t bytes_done = 0, bytes_total = 0;  ///< written, then read back from the start
    Instant started_at;
    std::optional<Instant> ended_at;
    std::string why;  ///< of a failure
};

/// Copies of the whole node; `app` plugs it. Called on any shard.
class Backups {
public:
    struct Snapshot {
        std::string directory;
        std::uint64_t sequence = 0;  ///< everything acknowledged before has a smaller store ticket
    };
    /// For `lineshaft backup`, which copies and removes it. conflict: there is one already.
    virtual io::Task<Result<Snapshot>> snapshot() = 0;
    /// Into backup.directory. conflict: no such setting, or one is running.
    virtual io::Task<Result<BackupFacts>> start() = 0;
    virtual io::Task<std::vector<BackupFacts>> list() = 0;  ///< oldest first
    virtual ~Backups() = default;
};

/// How far the erasing of a machine is.
struct ErasureFacts {
    std::uint64_t id = 0;
    std::string machine;
    std::string asked_by;
    Instant asked_at;
    std::optional<Instant> done_at;
    /// Of all that is being erased: series whose keys are not removed, stretches of files to merge.
    std::uint64_t series_left = 0, merges_left = 0;
    std::string why;  ///< why the last step failed; it is tried again
};

/// Erases machines from the whole node; `app` plugs it. Called on any shard.
class Erasures {
public:
    /// When it returns, the intent is on disk, and the machines are out of sight unless `why` says
    /// otherwise; the rest goes on by itself. Errors: those of the catalog; then nothing happens.
    virtual io::Task<Result<std::vector<ErasureFacts>>> erase(OrganisationId organisation,
                                                              std::vector<std::string> machines,
                                                              std::string by) = 0;
    /// Newest first.
    virtual io::Task<Result<std::vector<ErasureFacts>>> list(OrganisationId organisation,
                                                             std::size_t count_max) = 0;
    /// Errors: not_found.
    virtual io::Task<Result<ErasureFacts>> find(OrganisationId organisation, std::uint64_t id) = 0;
    virtual ~Erasures() = default;
};

/// What an organisation takes of the node, and what it was refused since the start.
struct OrganisationUse {
    catalog::OrganisationLimits in_force;  ///< its own, else the settings'; nothing: no limit
    std::uint64_t machines = 0, sessions = 0, retained_bytes = 0;
    std::uint64_t refused_machines = 0, refused_sessions = 0, refused_messages = 0;
    std::uint64_t refused_samples = 0, refused_retained = 0;
};

/// Limits of organisations; `app` plugs it. Thread-safe.
class OrganisationQuotas {
public:
    virtual OrganisationUse use(OrganisationId organisation) const = 0;
    /// It is new, or its limits are others now.
    virtual void changed(const catalog::Organisation& organisation) = 0;
    virtual ~OrganisationQuotas() = default;
};

class MqttView;  // mqtt_view.h
class DesignRoom;  // design_room.h
class OrderDesk;  // order_desk.h
class FleetRoom;  // fleet_room.h
struct NamingDesk;  // naming.h

/// How many machines an organisation has, as last counted on one shard.
struct MachineTotal {
    OrganisationId organisation;
    std::uint64_t version = 0;  ///< of the catalog
    std::size_t spoken = 0, total = 0;
};

/// Everything a route may use. Outlives the HTTP server.
struct Services {
    catalog::Desk& desk;
    trust::Porter& porter;
    twin::Plant& plant;
    history::History& history;
    Node& node;
    io::Shards& shards;
    std::optional<trust::Role> loopback_role;
    trust::CertificateOffice* office = nullptr;  ///< null: no certificate authority
    trust::Audit* audit = nullptr;           ///< never null when routes are added
    OrganisationQuotas* quotas = nullptr;    ///< null: nobody is limited
    Backups* backups = nullptr;  ///< null: the node makes none
    Erasures* erasures = nullptr;  ///< never null when routes are added
    query::Engine* sql = nullptr;  ///< null: no SQL
    query::Limits sql_limits{};    ///< of one statement
    DesignRoom* designs = nullptr;  ///< never null when routes are added
    OrderDesk* orders = nullptr;  ///< never null when routes are added
    FleetRoom* fleet = nullptr;  ///< null: the node keeps no fleet
    MqttView* mqtt = nullptr;    ///< null: the node serves no MQTT
    std::vector<MachineTotal> totals{std::vector<MachineTotal>(shards.size())};  ///< by shard
    NamingDesk* naming = nullptr;  ///< null: the node keeps no names
};

/// Adds every route of docs/protocols/http-api.md and the console to `router`. `services` must
/// outlive the server.
void add_routes(io::http::Router& router, Services& services);

}  // namespace lineshaft::api
