#include "twin/plant.h"

#include <algorithm>

#include "twin/part.h"

namespace lineshaft::twin {
namespace {

// Free coroutines for io::Shard::call: they run on the part's own shard.
io::Task<std::vector<MachineState>> machines_on(Part* part, OrganisationId organisation) {
    co_return part->machines(organisation);
}
io::Task<Result<MachineState>> machine_on(Part* part, OrganisationId organisation, std::string id) {
    co_return co_await part->machine(organisation, std::move(id));
}
io::Task<Result<std::vector<TagValue>>> values_on(Part* part, OrganisationId organisation,
                                                  std::string id) {
    co_return co_await part->values(organisation, std::move(id));
}
io::Task<std::vector<std::optional<Channel>>> channels_on(Part* part, OrganisationId organisation,
                                                          std::vector<Plant::Name> names) {
    co_return part->channels(organisation, names);
}
io::Task<MachinePage> machines_after_on(Part* part, OrganisationId organisation, std::string after,
                                        std::size_t count_max) {
    co_return part->machines_after(organisation, after, count_max);
}
io::Task<Result<MachineNow>> machine_now_on(Part* part, OrganisationId organisation,
                                            std::string id) {
    co_return co_await part->machine_now(organisation, std::move(id));
}
io::Task<std::vector<Event>> events_on(Part* part, OrganisationId organisation, Instant until,
                                       std::size_t count_max) {
    co_return part->events(organisation, until, count_max);
}
io::Task<Counters> counters_on(Part* part) {
    co_return part->counters();
}
io::Task<bool> close_on(Part* part) {
    co_await part->close();
    co_return true;
}

class ShardedPlant final : public Plant {
public:
    ShardedPlant(history::History& history, io::Shards& shards, std::span<store::Lane* const> lanes,
                 Observer observer, Limits limits)
        : history_(history), shards_(shards), observer_(std::move(observer)), limits_(limits) {
        for (std::size_t index = 0; index < shards.size(); ++index) {
            parts_.push_back(std::make_unique<Part>(history, shards, shards.at(index),
                                                    *lanes[index], observer_, limits_, parts_));
        }
        for (const auto& machine : shards.run_blocking(ShardIndex(0), history.machines())) {
            std::optional<Source> source;
            if (observer_.last_source)
                source = observer_.last_source(machine.organisation, machine.name);
            part(history.owner(machine.organisation, machine.name))
                .remember(machine.organisation, machine.name, source);
        }
        observer_.last_source = {};
        shards.run_everywhere([this](io::Shard& shard) { part(shard.index()).start(); });
    }

    void report(history::Report report, Source source, Done done) override {
        const ShardIndex here = io::Shard::here().index();
        if (observer_.admits_samples) {
            auto admitted = observer_.admits_samples(report.organisation, report.samples.size());
            if (!admitted) return done(std::unexpected(admitted.error()));
        }
        part(here).send(Letter{std::move(report), source, here, std::move(done)});
    }

    ShardIndex owner(OrganisationId organisation, std::string_view machine) const override {
        return history_.owner(organisation, machine);
    }

    Result<void> admit(OrganisationId organisation, std::size_t samples) override {
        if (!observer_.admits_samples) return {};
        return observer_.admits_samples(organisation, samples);
    }

    void store(ShardIndex owner, Sack sack, StoreDone done) override {
        const ShardIndex here = io::Shard::here().index();
        part(here).send(owner, {std::move(sack), here, std::move(done)});
    }

    io::Task<std::vector<std::optional<Channel>>> channels(OrganisationId organisation,
                                                           std::vector<Name> names) override {
        std::vector<std::optional<Channel>> all(names.size());
        std::vector<ShardIndex> owners;
        for (const Name& name : names) owners.push_back(owner(organisation, name.machine));
        for (std::size_t index = 0; index < parts_.size(); ++index) {
            std::vector<Name> some;
            std::vector<std::size_t> places;
            for (std::size_t at = 0; at < names.size(); ++at) {
                if (owners[at].number() != index) continue;
                some.push_back(std::move(names[at]));
                places.push_back(at);
            }
            if (some.empty()) continue;
            auto found = co_await shards_.at(index).call(&channels_on, parts_[index].get(),
                                                         organisation, std::move(some));
            for (std::size_t at = 0; at < places.size(); ++at) all[places[at]] = found[at];
        }
        co_return all;
    }

    void presence(OrganisationId organisation, std::string machine, Source source,
                  Presence presence, std::string text) override {
        part(io::Shard::here().index())
            .send(Sighting{organisation, std::move(machine), source, presence, std::move(text)});
    }

    void record(Event event) override {
        const auto organisation = event.organisation;
        const std::string machine = event.machine;
        on_owner(organisation, machine,
                 [event = std::move(event)](Part& owner) { owner.record(event); });
    }

    bool forget(OrganisationId organisation, const std::string& machine,
                bool speaks_again) override {
        return part(io::Shard::here().index()).forget(organisation, machine, speaks_again);
    }

    io::Task<std::vector<MachineState>> machines(OrganisationId organisation) override {
        std::vector<MachineState> all;
        for (std::size_t index = 0; index < parts_.size(); ++index) {
            auto some =
                co_await shards_.at(index).call(&machines_on, parts_[index].get(), organisation);
            std::ranges::move(some, std::back_inserter(all));
        }
        std::ranges::sort(all, {}, &MachineState::id);
        co_return all;
    }

    io::Task<Result<MachineState>> machine(OrganisationId organisation, std::string id) override {
        const ShardIndex owner = history_.owner(organisation, id);
        co_return co_await shards_[owner].call(&machine_on, &part(owner), organisation,
                                               std::move(id));
    }

    io::Task<Result<std::vector<TagValue>>> values(OrganisationId organisation,
                                                   std::string id) override {
        const ShardIndex owner = history_.owner(organisation, id);
        co_return co_await shards_[owner].call(&values_on, &part(owner), organisation,
                                               std::move(id));
    }

    io::Task<MachinePage> machines_after(OrganisationId organisation, std::string after,
                                         std::size_t count_max) override {
        MachinePage all;
        const ShardIndex here = io::Shard::here().index();
        for (std::size_t index = 0; index < parts_.size(); ++index) {
            MachinePage some;
            if (index == here.number()) {
                some = parts_[index]->machines_after(organisation, after, count_max);
            } else {
                some = co_await shards_.at(index).call(&machines_after_on, parts_[index].get(),
                                                       organisation, after, count_max);
            }
            std::ranges::move(some.items, std::back_inserter(all.items));
            all.total += some.total;
        }
        std::ranges::sort(all.items, {}, &MachineState::id);
        if (all.items.size() > count_max) all.items.resize(count_max);
        co_return all;
    }

    io::Task<Result<MachineNow>> machine_now(OrganisationId organisation,
                                             std::string id) override {
        const ShardIndex owner = history_.owner(organisation, id);
        if (owner == io::Shard::here().index()) {
            if (const Twin* twin = part(owner).known(organisation, id)) co_return now_of(*twin);
        }
        co_return co_await shards_[owner].call(&machine_now_on, &part(owner), organisation,
                                               std::move(id));
    }

    io::Task<std::vector<Event>> events(OrganisationId organisation, std::string machine,
                                        Instant until, std::size_t count_max) override {
        std::vector<Event> all;
        if (!machine.empty()) {
            auto series = co_await history_.find(organisation, machine, "$events");
            if (!series) co_return all;
            const Window window{Instant{0}, until + std::chrono::microseconds{1}};
            auto samples = co_await history_.read(std::move(*series), window, count_max,
                                                  history::History::Order::descending);
            if (!samples) co_return all;
            for (const auto& sample : *samples)
                all.push_back(event_of(organisation, machine, sample));
            co_return all;
        }
        for (std::size_t index = 0; index < parts_.size(); ++index) {
            auto some = co_await shards_.at(index).call(&events_on, parts_[index].get(),
                                                        organisation, until, count_max);
            std::ranges::move(some, std::back_inserter(all));
        }
        std::ranges::stable_sort(all, std::ranges::greater{}, &Event::at);
        if (all.size() > count_max) all.resize(count_max);
        co_return all;
    }

    std::unique_ptr<Watch> watch(OrganisationId organisation, std::vector<std::string> machines,
                                 Show show) override;

    io::Task<Counters> counters() override {
        Counters sum;
        for (std::size_t index = 0; index < parts_.size(); ++index) {
            auto one = co_await shards_.at(index).call(&counters_on, parts_[index].get());
            sum.reports += one.reports;
            sum.samples += one.samples;
            sum.refused += one.refused;
        }
        co_return sum;
    }

    void close() override {
        for (std::size_t index = 0; index < parts_.size(); ++index) {
            shards_.run_blocking(shards_.at(index).index(), close_on(parts_[index].get()));
        }
    }

    Part& part(ShardIndex index) { return *parts_[index.number()]; }

    // Tells every part that the audience on this shard changed, and the owners who is watched.
    void announce(OrganisationId organisation, const std::set<std::string, std::less<>>& machines,
                  int change) {
        const ShardIndex here = io::Shard::here().index();
        for (std::size_t index = 0; index < parts_.size(); ++index) {
            shards_.at(index).post(
                [part = parts_[index].get(), here, change] { part->audience(here, change); });
        }
        for (const auto& machine : machines) {
            on_owner(organisation, machine,
                     [key = Part::key_of(organisation, machine), change](Part& owner) {
                         owner.watched(key, change);
                     });
        }
    }

private:
    template <class Work>
    void on_owner(OrganisationId organisation, const std::string& machine, Work work) {
        const ShardIndex owner = history_.owner(organisation, machine);
        shards_[owner].post(
            [part = &part(owner), work = std::move(work)]() mutable { work(*part); });
    }

    history::History& history_;
    io::Shards& shards_;
    Observer observer_;
    Limits limits_;
    std::vector<std::unique_ptr<Part>> parts_;
};

class HubWatch final : public Watch {
public:
    HubWatch(ShardedPlant& plant, Hub& hub, Hub::Place place)
        : plant_(plant), hub_(hub), place_(place) {
        plant_.announce(place_->organisation, place_->machines, +1);
    }
    ~HubWatch() override {
        plant_.announce(place_->organisation, place_->machines, -1);
        hub_.remove(place_);
    }

private:
    ShardedPlant& plant_;
    Hub& hub_;
    Hub::Place place_;
};

std::unique_ptr<Watch> ShardedPlant::watch(OrganisationId organisation,
                                           std::vector<std::string> machines, Show show) {
    Hub& hub = part(io::Shard::here().index()).hub();
    if (hub.size() >= limits_.watchers_max) return nullptr;
    Hub::Watcher watcher{organisation, {machines.begin(), machines.end()}, std::move(show)};
    return std::make_unique<HubWatch>(*this, hub, hub.add(std::move(watcher)));
}

}  // namespace

std::unique_ptr<Plant> Plant::open(history::History& history, io::Shards& shards,
                                   std::span<store::Lane* const> lanes, Observer observer,
                                   Limits limits) {
    return std::make_unique<ShardedPlant>(history, shards, lanes, std::move(observer), limits);
}

}  // namespace lineshaft::twin
