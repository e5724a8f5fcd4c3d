#include "gate/sparkplug/door.h"

#include <latch>

#include "base/hash.h"
#include "base/machine_id.h"
#include "gate/sparkplug/part.h"

namespace lineshaft::sparkplug {

Door::Door(io::Shards& shards, twin::Plant& plant, catalog::Desk& desk, Outlet outlet,
           DoorLimits limits, std::string host_id)
    : shards_(shards), outlet_(std::move(outlet)), limits_(limits), presence_(std::move(host_id)) {
    for (std::size_t index = 0; index < shards.size(); ++index) {
        parts_.push_back(
            std::make_unique<Part>(*this, shards, shards.at(index), plant, desk, outlet_, limits_));
    }
}

Door::~Door() = default;

ShardIndex Door::owner(OrganisationId organisation, std::string_view group,
                       std::string_view node) const {
    return shards_.owner(hash64(node, hash64(group, organisation.number())));
}

void Door::start() {
    (void)presence_.connect(shards_.clock().now());  // the will is ours to publish at close
    shards_.at(0).post([this] {
        const auto snapshot = Publication(presence_.birth());
        outlet_.publish(catalog::default_organisation, snapshot, {});
    });
}

void Door::take(OrganisationId organisation, std::string topic, std::string payload,
                Instant received, Done done) {
    const auto parsed = parse_topic(topic, limits_.wire);
    if (!parsed) {
        done(std::unexpected(parsed.error()));
        return;
    }
    const auto* machine = std::get_if<MachineTopic>(&*parsed);
    if (machine == nullptr || machine->type == MessageType::ncmd ||
        machine->type == MessageType::dcmd) {
        done({});  // STATE and commands are for others
        return;
    }
    const ShardIndex here = io::Shard::here().index();
    const ShardIndex there = owner(organisation, machine->machine.group, machine->machine.node);
    part(here).send({organisation, std::move(topic), std::move(payload), received, here, there,
                     std::move(done)});
}

// What runs on the shard of a part.
struct DoorSteps {
    using Part = Door::Part;
    static io::Task<Result<Door::Sent>> write(Part* part, OrganisationId organisation,
                                              MachineKey machine, std::string tag,
                                              history::Value value) {
        auto sent =
            co_await part->write(organisation, std::move(machine), std::move(tag), std::move(value));
        co_return sent;
    }
    static io::Task<HostCounters> counters(Part* part) { co_return part->counters(); }
    static io::Task<void> close(Part* part) { co_await part->close(); }
};

io::Task<Result<Door::Sent>> Door::write(OrganisationId organisation, std::string machine,
                                         std::string tag, history::Value value) {
    const auto name = parse_machine_id(machine);
    if (!name)
        co_return fail(Code::not_found, "\"" + machine + "\" is not the id of a Sparkplug machine");
    const ShardIndex there = owner(organisation, name->group, name->node);
    MachineKey key{name->group, name->node, name->device};
    co_return co_await shards_[there].call(&DoorSteps::write, &part(there), organisation,
                                           std::move(key), std::move(tag), std::move(value));
}

io::Task<HostCounters> Door::counters() {
    HostCounters sum;
    for (std::size_t index = 0; index < parts_.size(); ++index) {
        auto one = co_await shards_.at(index).call(&DoorSteps::counters, parts_[index].get());
        sum += one;
    }
    co_return sum;
}

void Door::close() {
    auto said = std::make_shared<std::latch>(1);
    shards_.at(0).post([this, said] {
        outlet_.publish(catalog::default_organisation, presence_.death(io::Shard::here().now()),
                        [said](const Result<void>&) { said->count_down(); });
    });
    said->wait();
    for (std::size_t index = 0; index < parts_.size(); ++index)
        shards_.run_blocking(shards_.at(index).index(), DoorSteps::close(parts_[index].get()));
}

}  // namespace lineshaft::sparkplug
