#pragma once
#include <map>
#include <memory>
#include <string>

#include "api/fleet_room.h"
#include "gate/aemp/client.h"
#include "io/nursery.h"
#include "io/wheel.h"
#include "trust/seal.h"

namespace lineshaft::app {

class FleetRooms;

/// AEMP feeds that are polled, on shard 0. Their secrets are stored sealed under the node's key.
/// What they say is reported as if the machine had said it, into the machine of that maker and
/// serial number. Owner: FleetRooms.
class FleetFeeds {
public:
    explicit FleetFeeds(FleetRooms& rooms);
    ~FleetFeeds();

    /// What is stored; before start().
    void load(OrganisationId organisation, const std::string& id, const std::string& body);
    void start();
    /// From no shard's thread, while the shards run.
    void close();

    io::Task<std::vector<api::FeedFacts>> list(OrganisationId organisation);
    io::Task<Result<api::FeedFacts>> add(OrganisationId organisation, api::NewFeed wanted);
    io::Task<Result<void>> remove(OrganisationId organisation, std::string id);
    io::Task<Result<api::FeedFacts>> poll(OrganisationId organisation, std::string id);

private:
    struct Feed;
    using Key = std::pair<OrganisationId, std::string>;

    void tick();
    static io::Task<std::vector<api::FeedFacts>> list_here(FleetFeeds* feeds,
                                                           OrganisationId organisation);
    static io::Task<Result<api::FeedFacts>> add_here(FleetFeeds* feeds, OrganisationId organisation,
                                                     api::NewFeed wanted);
    static io::Task<Result<void>> remove_here(FleetFeeds* feeds, OrganisationId organisation,
                                              std::string id);
    static io::Task<Result<api::FeedFacts>> poll_here(FleetFeeds* feeds,
                                                      OrganisationId organisation, std::string id);
    static io::Task<void> round(FleetFeeds* feeds, std::shared_ptr<Feed> feed);
    static io::Task<Result<void>> hand_in(FleetFeeds* feeds, std::shared_ptr<Feed> feed,
                                          aemp::Harvest harvest);

    FleetRooms& rooms_;
    std::map<Key, std::shared_ptr<Feed>> feeds_;
    std::shared_ptr<io::TlsClient> tls_;
    std::uint64_t next_ = 1;
    io::Wheel::Timer timer_;
    std::unique_ptr<io::Nursery> nursery_;
    bool is_closing_ = false;
};

}  // namespace lineshaft::app
