#include "gate/telemetry/inlet.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "gate/telemetry/known.h"
#include "io/nursery.h"
#include "twin/channel_cache.h"

namespace lineshaft::telemetry {
namespace {

constexpr std::size_t names_waiting_max = 65'536;  // of one shard, to be asked for

// Names of one organisation that were stored and whose channels are not known yet.
struct Unknown {
    std::vector<Hash128> keys;
    std::vector<twin::Plant::Name> names;
};

Result<void> outcome_of(twin::Told& told) {
    if (told.failed) return std::unexpected(std::move(*told.failed));
    if (told.over_limit) return std::unexpected(std::move(*told.over_limit));
    return {};
}

}  // namespace

struct Inlet::OnShard {
    twin::ChannelCache channels;
    std::map<OrganisationId, Unknown> unknown;
    std::size_t names_waiting = 0;
    bool is_learning = false;
    io::Nursery nursery{"telemetry names"};
};

struct InletSteps {
    using OnShard = Inlet::OnShard;
    using Message = Inlet::Message;
    using Done = Inlet::Done;

    // False: not all of its names are known; nothing was done.
    static bool store_known(Inlet& inlet, OnShard& here, Message& message, Done& done) {
        auto known = parse_known(message.payload, message.received, inlet.limits_, here.channels,
                                 machine_key(message.organisation, message.machine));
        if (!known) return false;
        const auto admitted =
            inlet.plant_.admit(message.organisation, known->points.all.size());
        if (!admitted) {
            done(std::unexpected(admitted.error()));
            return true;
        }
        twin::Sack sack{message.organisation, twin::Source::json, {}, std::move(known->points)};
        inlet.plant_.store(known->owner, std::move(sack),
                           [&inlet, &here, message = std::move(message),
                            done = std::move(done)](twin::Told told) mutable {
                               if (told.failed && told.failed->code == Code::not_found) {
                                   // The machine was erased meanwhile: again, by name.
                                   here.channels.clear();
                                   return store_named(inlet, here, message, std::move(done));
                               }
                               done(outcome_of(told));
                           });
        return true;
    }

    static void store_named(Inlet& inlet, OnShard& here, const Message& message, Done done) {
        auto samples = parse(message.payload, message.received, inlet.limits_);
        const std::string machine(message.machine);
        if (!samples) return done(std::unexpected(samples.error().in("telemetry of " + machine)));
        const auto admitted = inlet.plant_.admit(message.organisation, samples->size());
        if (!admitted) return done(std::unexpected(admitted.error()));
        Unknown unknown = unknown_of(here, message, *samples);
        twin::Sack sack{message.organisation, twin::Source::json, {}, {}};
        sack.reports.push_back({message.organisation, machine, std::move(*samples)});
        inlet.plant_.store(
            inlet.plant_.owner(message.organisation, machine), std::move(sack),
            [&inlet, &here, organisation = message.organisation, unknown = std::move(unknown),
             done = std::move(done)](twin::Told told) mutable {
                if (!told.failed && !told.over_limit)
                    learn_soon(inlet, here, organisation, std::move(unknown));
                done(outcome_of(told));
            });
    }

    static Unknown unknown_of(const OnShard& here, const Message& message,
                              const std::vector<history::TagSample>& samples) {
        Unknown unknown;
        const Hash128 machine = machine_key(message.organisation, message.machine);
        for (const auto& sample : samples) {
            const Hash128 key = channel_key(machine, sample.tag);
            if (here.channels.find(key) != nullptr) continue;
            unknown.keys.push_back(key);
            unknown.names.push_back({std::string(message.machine), sample.tag});
        }
        return unknown;
    }

    static void learn_soon(Inlet& inlet, OnShard& here, OrganisationId organisation,
                           Unknown unknown) {
        if (unknown.names.empty() || here.nursery.is_closing()) return;
        if (here.names_waiting + unknown.names.size() > names_waiting_max) return;
        here.names_waiting += unknown.names.size();
        Unknown& all = here.unknown[organisation];
        std::ranges::move(unknown.keys, std::back_inserter(all.keys));
        std::ranges::move(unknown.names, std::back_inserter(all.names));
        if (std::exchange(here.is_learning, true)) return;
        here.nursery.spawn(learn(&inlet.plant_, &here));
    }

    static io::Task<void> learn(twin::Plant* plant, OnShard* here) {
        while (!here->unknown.empty()) {
            const OrganisationId organisation = here->unknown.begin()->first;
            Unknown some = std::move(here->unknown.begin()->second);
            here->unknown.erase(here->unknown.begin());
            here->names_waiting -= some.names.size();
            auto found = co_await plant->channels(organisation, std::move(some.names));
            for (std::size_t index = 0; index < found.size(); ++index) {
                if (found[index]) here->channels.keep(some.keys[index], *found[index]);
            }
        }
        here->is_learning = false;
    }

    static io::Task<void> close(OnShard* here) { co_await here->nursery.close(); }
};

Inlet::Inlet(twin::Plant& plant, io::Shards& shards, Limits limits)
    : plant_(plant), shards_(shards), limits_(limits), on_shard_(shards) {}

Inlet::~Inlet() = default;

void Inlet::take(Message message, Done done) {
    OnShard& here = on_shard_.here();
    if (InletSteps::store_known(*this, here, message, done)) return;
    InletSteps::store_named(*this, here, message, std::move(done));
}

void Inlet::close() {
    std::vector<OnShard*> all(shards_.size());
    shards_.run_everywhere(
        [&](io::Shard& shard) { all[shard.index().number()] = &on_shard_.here(); });
    for (std::size_t index = 0; index < all.size(); ++index)
        shards_.run_blocking(shards_.at(index).index(), InletSteps::close(all[index]));
}

}  // namespace lineshaft::telemetry
