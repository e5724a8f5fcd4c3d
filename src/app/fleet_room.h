#pragma once
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "api/fleet_room.h"
#include "catalog/desk.h"
#include "catalog/fleet_rows.h"
#include "gate/mqtt/broker.h"
#include "io/nursery.h"
#include "io/wheel.h"
#include "io/workers.h"
#include "trust/audit.h"
#include "trust/seal.h"
#include "twin/plant.h"

namespace lineshaft::app {

class FleetFeeds;

/// The fleets of a node: each organisation's on shard `organisation % shards`, fed by the live
/// values of its machines that say where they are, stored in the catalog, planned on a worker of
/// its own. Owner: the node, after the broker and before it goes.
class FleetRooms final : public api::FleetRoom {
public:
    struct Rooms {
        io::Shards& shards;
        catalog::Catalog& catalog;
        catalog::Desk& desk;
        twin::Plant& plant;
        broker::Broker& broker;
        trust::Audit& audit;
        trust::SealKey key;                                    ///< for the secrets of feeds
        std::function<std::string(OrganisationId)> prefix_of;  ///< of its topics
    };
    struct Limits {
        std::size_t watchers_max = 200;    ///< on one shard
        std::size_t unsaved_max = 50'000;  ///< records that wait for a catalog that fails
        std::size_t thinking_max = 16;     ///< waiting for the worker
        std::size_t held_max = 1'000;      ///< POSTs of one fleet that are being done, by key
    };
    /// Reads what is stored. From no shard's thread, before the shards work.
    static Result<std::unique_ptr<FleetRooms>> open(Rooms rooms);
    ~FleetRooms() override;

    void start();
    /// From no shard's thread, while everything still runs.
    void close();

    io::Task<void> look(OrganisationId organisation, Look look) override;
    io::Task<Result<void>> change(OrganisationId organisation, Change work,
                                  std::optional<api::OnceDone> once) override;
    io::Task<Result<Thought>> think(OrganisationId organisation, Think wanted) override;
    io::Task<Result<void>> ponder(OrganisationId organisation, Question question) override;
    io::Task<bool> hold(OrganisationId organisation, std::string key) override;
    void release(OrganisationId organisation, std::string key) override;
    std::unique_ptr<api::FleetWatch> watch(OrganisationId organisation, Show show) override;
    io::Task<std::vector<api::FeedFacts>> feeds(OrganisationId organisation) override;
    io::Task<Result<api::FeedFacts>> add_feed(OrganisationId organisation,
                                              api::NewFeed feed) override;
    io::Task<Result<void>> remove_feed(OrganisationId organisation, std::string id) override;
    io::Task<Result<api::FeedFacts>> poll_feed(OrganisationId organisation,
                                               std::string id) override;
    /// Prometheus text.
    io::Task<std::string> metrics();

private:
    struct Home;     // one organisation's fleet, on its shard
    struct OnShard;  // of one shard
    struct Watcher;
    friend class FleetFeeds;

    FleetRooms(Rooms rooms, Limits limits);
    io::Shard& shard_of(OrganisationId organisation) const;
    Home& home_of(OrganisationId organisation);  // on its shard
    OnShard& here();
    void tick();
    void tick(Home& home, Instant now);
    void refresh(Home& home);
    void follow(Home& home);
    void take(Home& home, const twin::LiveBatch& batch);
    void tell_clock(Home& home, const std::string& machine, std::int64_t back_s, Instant now);
    void show_changes(Home& home);
    void show(OrganisationId organisation, std::string_view event, std::string json);
    void offer(Home& home);
    void tell_customers(Home& home, const std::string& machine,
                        const std::vector<twin::TagValue>& values);
    void resume_when_ready(Home& home);
    std::optional<dispatch::FleetEvent> cause_of_a_new_plan(Home& home, Instant now);
    static io::Task<void> meet(FleetRooms* rooms, OrganisationId organisation,
                               std::vector<std::string> machines);
    static io::Task<void> find_machines(FleetRooms* rooms, OrganisationId organisation);
    using Kept = std::optional<catalog::KeptAnswer>;
    static io::Task<Result<void>> settle(FleetRooms* rooms, OrganisationId organisation,
                                         dispatch::FleetEffects effects, Kept answer);
    static io::Task<void> settle_later(FleetRooms* rooms, OrganisationId organisation,
                                       dispatch::FleetEffects effects);
    static io::Task<Result<void>> save(FleetRooms* rooms, OrganisationId organisation,
                                       std::vector<dispatch::FleetEffects::Record> records,
                                       std::vector<dispatch::Crossing> crossings, Kept answer);
    static io::Task<bool> look_here(FleetRooms* rooms, OrganisationId organisation, Look look);
    static io::Task<Result<void>> change_here(FleetRooms* rooms, OrganisationId organisation,
                                              Change work, std::optional<api::OnceDone> once);
    static io::Task<Result<Thought>> think_here(FleetRooms* rooms, OrganisationId organisation,
                                                Think wanted);
    struct Search {
        std::shared_ptr<dispatch::FleetDesk> desk;
        Instant now;
        io::Steady asked;  ///< by the shard's clock
        double seconds = 0, within_s = 0;
        std::uint64_t seed = 1;
        std::function<Result<void>(dispatch::FleetDesk&, dispatch::Ground&, Instant)> prepare;
    };
    static io::Task<Result<dispatch::FleetPlan>> plan_on_worker(FleetRooms* rooms,
                                                                OrganisationId organisation,
                                                                Search search);
    static io::Task<Result<void>> ponder_here(FleetRooms* rooms, OrganisationId organisation,
                                              Question question);
    static io::Task<bool> hold_here(FleetRooms* rooms, OrganisationId organisation,
                                    std::string key);
    static io::Task<void> be_ready(FleetRooms* rooms, OrganisationId organisation);
    static io::Task<void> resume(FleetRooms* rooms, OrganisationId organisation);
    dispatch::FleetEffects decided(Home& home, const Think& wanted, Thought& thought,
                                   dispatch::Decision decision);
    static io::Task<void> replan(FleetRooms* rooms, OrganisationId organisation,
                                 dispatch::FleetEvent cause);

    Rooms rooms_;
    Limits limits_;
    std::unique_ptr<io::Workers> planners_;
    std::vector<std::unique_ptr<OnShard>> on_shard_;
    std::unique_ptr<FleetFeeds> feeds_;
};

}  // namespace lineshaft::app
