#pragma once
#include <map>
#include <set>
#include <unordered_map>

#include "gate/sparkplug/door.h"
#include "io/nursery.h"

namespace lineshaft::sparkplug {

/// The edge nodes one shard follows. Everything here runs on its shard.
class Door::Part {
public:
    Part(Door& door, io::Shards& shards, io::Shard& shard, twin::Plant& plant, catalog::Desk& desk,
         const Outlet& outlet, const DoorLimits& limits);

    struct Letter {
        OrganisationId organisation;
        std::string topic, payload;
        Instant received;
        ShardIndex origin, owner;
        Done done;
    };
    void send(Letter letter);  ///< on the origin shard

    io::Task<Result<Sent>> write(OrganisationId organisation, MachineKey machine, std::string tag,
                                 history::Value value);
    HostCounters counters() const;
    io::Task<void> close();

private:
    struct Reply {
        Done done;
        Result<void> result;
    };
    /// Waits for every report one message led to, then answers.
    class Join;

    void take(Letter letter);
    Host& host_of(OrganisationId organisation);
    void act(OrganisationId organisation, std::vector<Event> events,
             const std::shared_ptr<Join>& join);
    void on(OrganisationId organisation, Born& born, const std::shared_ptr<Join>& join);
    void on(OrganisationId organisation, Samples& samples, const std::shared_ptr<Join>& join);
    void on(OrganisationId organisation, Died& died, const std::shared_ptr<Join>& join);
    void on(OrganisationId organisation, Gap& gap, const std::shared_ptr<Join>& join);
    void on(OrganisationId organisation, RebirthWanted& wanted, const std::shared_ptr<Join>& join);
    void on(OrganisationId organisation, Malformed& malformed, const std::shared_ptr<Join>& join);
    /// What a machine said, on its way to the plant.
    struct Said {
        OrganisationId organisation;
        MachineKey machine;
        std::shared_ptr<const Birth> birth;
        std::vector<Sample> samples;
        std::shared_ptr<Join> join;
    };
    void report(Said said);
    bool report_by_channel(Said& said);
    void report_by_name(const Said& said);
    static io::Task<void> learn_channels(Part* part, OrganisationId organisation,
                                         MachineKey machine, std::shared_ptr<const Birth> birth);
    /// Where the metrics of a birth go, once they have been stored: then no name is looked up.
    struct Channels {
        std::weak_ptr<const Birth> birth;
        std::vector<twin::Channel> of_metric;  ///< series 0: not known
        unsigned asked = 0;
        bool is_asking = false;
    };
    Channels& channels_of(const std::shared_ptr<const Birth>& birth);
    void learn(OrganisationId organisation, const MachineKey& machine,
               const std::shared_ptr<const Birth>& birth);
    void arm();
    void tick();

    Door& door_;
    io::Shards& shards_;
    io::Shard& shard_;
    twin::Plant& plant_;
    catalog::Desk& desk_;
    const Outlet& outlet_;
    const DoorLimits& limits_;
    io::Mailbox<Letter> letters_;
    io::Mailbox<Reply> replies_;
    std::map<OrganisationId, Host> hosts_;
    std::map<std::pair<OrganisationId, MachineKey>, std::weak_ptr<const Birth>> learnt_;
    std::unordered_map<const Birth*, Channels> channels_;
    std::size_t channels_swept_ = 0;  // how many there were after the dead had been taken out
    io::Nursery nursery_{"sparkplug channels"};
    io::Wheel::Timer timer_;
    bool closing_ = false;
};

}  // namespace lineshaft::sparkplug
