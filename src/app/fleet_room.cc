#include "app/fleet_room.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "api/json_text.h"
#include "app/fleet_feeds.h"
#include "app/fleet_home.h"
#include "base/log.h"
#include "dispatch/fleet/codec.h"
#include "gate/telemetry/telemetry.h"

namespace lineshaft::app {
namespace {

/// Ends the watch on the shard where it was begun.
template <class Entry, class Ended>
class KeptWatch final : public api::FleetWatch {
public:
    KeptWatch(std::list<Entry>& all, typename std::list<Entry>::iterator place, Ended ended)
        : all_(all), place_(place), ended_(std::move(ended)) {}
    ~KeptWatch() override {
        all_.erase(place_);
        ended_();
    }

private:
    std::list<Entry>& all_;
    typename std::list<Entry>::iterator place_;
    Ended ended_;
};

}  // namespace

FleetRooms::FleetRooms(Rooms rooms, Limits limits) : rooms_(std::move(rooms)), limits_(limits) {
    for (std::size_t i = 0; i < rooms_.shards.size(); ++i)
        on_shard_.push_back(std::make_unique<OnShard>());
    planners_ = std::make_unique<io::Workers>(
        "fleet planning", io::Workers::Limits{.threads = 1, .queued_max = limits_.thinking_max});
    feeds_ = std::make_unique<FleetFeeds>(*this);
}

FleetRooms::~FleetRooms() = default;

Result<std::unique_ptr<FleetRooms>> FleetRooms::open(Rooms rooms) {
    std::unique_ptr<FleetRooms> made(new FleetRooms(std::move(rooms), Limits()));
    TRY(const auto rows, catalog::fleet_rows(made->rooms_.catalog));
    TRY(const auto inside, catalog::insides(made->rooms_.catalog));
    const auto home = [&](OrganisationId organisation) -> Home& {
        auto& slot =
            made->on_shard_[organisation.number() % made->on_shard_.size()]->homes[organisation];
        if (!slot) slot = std::make_unique<Home>(organisation);
        return *slot;
    };
    for (const auto& row : rows) {
        if (row.kind == "feed") {
            made->feeds_->load(row.organisation, row.id, *row.body);
            continue;
        }
        auto loaded = home(row.organisation).fleet.load(row.kind, row.id, *row.body);
        if (!loaded) log::warn("fleet: a row is left out: {}", loaded.error().context);
    }
    for (const auto& one : inside)
        home(one.organisation).fleet.field().was_inside(one.machine, one.site);
    return made;
}

io::Shard& FleetRooms::shard_of(OrganisationId organisation) const {
    return rooms_.shards.at(organisation.number() % rooms_.shards.size());
}
FleetRooms::OnShard& FleetRooms::here() {
    return *on_shard_[io::Shard::here().index().number()];
}

FleetRooms::Home& FleetRooms::home_of(OrganisationId organisation) {
    auto& slot = here().homes[organisation];
    if (!slot) slot = std::make_unique<Home>(organisation);
    slot->watchers.resize(rooms_.shards.size());
    if (slot->catalog_version == 0) refresh(*slot);
    return *slot;
}

void FleetRooms::start() {
    rooms_.shards.run_everywhere([this](io::Shard&) {
        here().nursery = std::make_unique<io::Nursery>("fleet");
        tick();
    });
    feeds_->start();
}

void FleetRooms::close() {
    feeds_->close();
    struct Closing {
        static io::Task<bool> run(OnShard* part) {
            part->is_closing = true;
            part->timer.disarm();
            for (auto& [id, home] : part->homes) home->watch.reset();
            if (part->nursery) co_await part->nursery->close();
            co_return true;
        }
    };
    for (std::size_t i = 0; i < on_shard_.size(); ++i)
        (void)rooms_.shards.run_blocking(ShardIndex(static_cast<std::uint32_t>(i)),
                                         Closing::run(on_shard_[i].get()));
    planners_.reset();
}

// What the catalog knows.
void FleetRooms::refresh(Home& home) {
    const auto catalog = rooms_.desk.snapshot();
    if (home.catalog_version == catalog->version() && home.catalog_version != 0) return;
    home.catalog_version = catalog->version();
    std::vector<dispatch::FleetSite> sites;
    for (const auto& site : catalog->sites(home.organisation)) {
        dispatch::FleetSite one;
        one.id = std::to_string(site.id.number());
        one.name = site.name;
        one.time_zone = site.time_zone;
        if (site.position)
            one.position = insight::GeoPoint{site.position->latitude, site.position->longitude};
        sites.push_back(std::move(one));
    }
    std::vector<dispatch::Fleet::Known> machines;
    std::set<std::string> known;
    const auto entries = catalog->machines(home.organisation);  // ascending
    machines.reserve(entries.size());
    for (const auto& entry : entries) {
        const auto& machine = entry->machine;
        known.insert(known.end(), machine.id);
        machines.push_back({machine.id, machine.name.value_or(""), machine.kind.value_or(""),
                            machine.site ? std::to_string(machine.site->number()) : ""});
    }
    for (const auto& gone : home.known)
        if (!known.contains(gone)) {
            home.fleet.forget_machine(gone);
            home.followed.erase(gone);
        }
    home.known = std::move(known);
    home.fleet.set_known(std::move(sites), std::move(machines));
}

std::unique_ptr<api::FleetWatch> FleetRooms::watch(OrganisationId organisation, Show show) {
    OnShard& part = here();
    if (part.is_closing || part.watchers.size() >= limits_.watchers_max) return nullptr;
    const std::size_t mine = io::Shard::here().index().number();
    const auto count = [this, organisation, mine](std::size_t change) {
        shard_of(organisation).post([this, organisation, mine, change] {
            if (!here().is_closing) home_of(organisation).watchers[mine] += change;
        });
    };
    count(1);
    auto place = part.watchers.insert(part.watchers.end(), {organisation, std::move(show)});
    auto ended = [count] { count(std::size_t(0) - 1); };
    return std::make_unique<KeptWatch<Watcher, decltype(ended)>>(part.watchers, place,
                                                                 std::move(ended));
}

// What is stored, sent and told.

io::Task<Result<void>> FleetRooms::save(FleetRooms* rooms, OrganisationId organisation,
                                        std::vector<dispatch::FleetEffects::Record> records,
                                        std::vector<dispatch::Crossing> crossings, Kept answer) {
    std::vector<catalog::FleetRow> rows;
    for (auto& one : records)
        rows.push_back({organisation, std::move(one.kind), std::move(one.id), std::move(one.body)});
    std::vector<catalog::CrossingRow> crossed;
    for (const auto& one : crossings)
        crossed.push_back({0, organisation, one.at, one.machine, one.site, one.is_entered});
    auto kept = std::make_shared<std::vector<catalog::CrossingRow>>(std::move(crossed));
    auto shared_rows = std::make_shared<std::vector<catalog::FleetRow>>(std::move(rows));
    auto work = [shared_rows, kept, answer = std::move(answer)](catalog::Catalog& catalog) {
        return catalog::keep_fleet_change(catalog, *shared_rows, *kept,
                                          answer ? &*answer : nullptr);
    };
    auto done = co_await rooms->rooms_.desk.run(std::move(work));
    if (!done) {
        log::warn("fleet: not stored yet: {}", done.error().context);
        Home& home = rooms->home_of(organisation);
        for (auto& row : *shared_rows)
            if (home.unsaved.size() < rooms->limits_.unsaved_max)
                home.unsaved.push_back(
                    {std::move(row.kind), std::move(row.id), std::move(row.body)});
        co_return std::unexpected(done.error());
    }
    for (const auto& one : *kept) {
        boost::json::object crossing{{"id", std::to_string(one.id)},
                                     {"at", api::text(to_rfc3339(one.at))},
                                     {"machine", api::text(one.machine)},
                                     {"site", api::text(one.site)},
                                     {"kind", one.is_entered ? "entered" : "left"}};
        rooms->show(organisation, "crossing", api::json_text(crossing));
    }
    co_return Result<void>{};
}

io::Task<Result<void>> FleetRooms::settle(FleetRooms* rooms, OrganisationId organisation,
                                          dispatch::FleetEffects effects, Kept answer) {
    Result<void> done;
    {
        Home& home = rooms->home_of(organisation);
        if (!home.unsaved.empty()) {
            auto records = std::exchange(home.unsaved, {});
            records.insert(records.end(), std::make_move_iterator(effects.records.begin()),
                           std::make_move_iterator(effects.records.end()));
            effects.records = std::move(records);
        }
    }
    if (!effects.records.empty() || !effects.crossings.empty() || answer)
        done = co_await save(rooms, organisation, std::move(effects.records),
                             std::move(effects.crossings), std::move(answer));
    for (auto& note : effects.notes) {
        auto who = trust::node_principal();
        who.organisation = organisation;
        auto line = trust::audit_of(who, "", note.action, note.target, note.detail);
        auto written = co_await rooms->rooms_.audit.record(std::move(line));
        if (!written)
            log::warn("fleet: the audit log is missing {} {}: {}", note.action, note.target,
                      written.error().context);
    }
    for (auto& command : effects.commands) {
        broker::Outgoing out;
        const std::string id = fmt::format("fleet-{}", io::Shard::here().now().micros);
        out.message = mqtt::Message(
            rooms->rooms_.prefix_of(organisation) + telemetry::command_topic(command.machine),
            telemetry::encode_command(id, "order", history::Value(command.order)));
        rooms->rooms_.broker.publish(std::move(out));
    }
    if (rooms->here().is_closing) co_return done;
    Home& home = rooms->home_of(organisation);
    for (const std::string& id : effects.requests) {
        const auto found = home.fleet.desk().requests().find(id);
        if (found != home.fleet.desk().requests().end())
            rooms->show(organisation, "request",
                        api::json_text(dispatch::request_json(home.fleet, found->second, false)));
    }
    co_return done;
}

io::Task<void> FleetRooms::settle_later(FleetRooms* rooms, OrganisationId organisation,
                                        dispatch::FleetEffects effects) {
    auto done = co_await settle(rooms, organisation, std::move(effects), std::nullopt);
    (void)done;  // logged, and tried again
}

io::Task<bool> FleetRooms::look_here(FleetRooms* rooms, OrganisationId organisation, Look look) {
    Home& home = rooms->home_of(organisation);
    rooms->refresh(home);
    look(home.fleet, io::Shard::here().now());
    co_return true;
}

io::Task<void> FleetRooms::look(OrganisationId organisation, Look look) {
    auto done = co_await shard_of(organisation)
                    .call(&FleetRooms::look_here, this, organisation, std::move(look));
    (void)done;
}

io::Task<Result<void>> FleetRooms::change_here(FleetRooms* rooms, OrganisationId organisation,
                                               Change work, std::optional<api::OnceDone> once) {
    Home& home = rooms->home_of(organisation);
    rooms->refresh(home);
    const Instant now = io::Shard::here().now();
    auto done = work(home.fleet, now);
    auto effects = home.fleet.take_effects();
    Kept answer;
    if (done && once) {
        answer.emplace();
        answer->key = std::move(once->key);
        answer->answer.status = once->status;
        answer->answer.body = once->body ? once->body() : std::string(catalog::brief_answer);
        answer->at = now;
    }
    auto kept = co_await settle(rooms, organisation, std::move(effects), std::move(answer));
    if (!done) co_return std::unexpected(done.error());
    co_return kept;
}

io::Task<Result<void>> FleetRooms::change(OrganisationId organisation, Change work,
                                          std::optional<api::OnceDone> once) {
    auto done = co_await shard_of(organisation)
                    .call(&FleetRooms::change_here, this, organisation, std::move(work),
                          std::move(once));
    co_return done;
}

io::Task<std::string> FleetRooms::metrics() {
    struct Sums {
        std::uint64_t machines = 0, samples = 0, watchers = 0;
        Home::Planned planned;
    };
    struct Counting {
        static io::Task<Sums> run(OnShard* part) {
            Sums sums;
            for (const auto& [id, home] : part->homes) {
                sums.machines += home->fleet.field().size();
                sums.samples += home->samples;
                sums.planned.plans += home->planned.plans;
                sums.planned.late += home->planned.late;
                for (std::size_t i = 0; i < home->planned.seconds.size(); ++i)
                    sums.planned.seconds[i] += home->planned.seconds[i];
            }
            sums.watchers = part->watchers.size();
            co_return sums;
        }
    };
    Sums all;
    for (std::size_t i = 0; i < on_shard_.size(); ++i) {
        auto sums = co_await rooms_.shards.at(i).call(&Counting::run, on_shard_[i].get());
        all.machines += sums.machines, all.samples += sums.samples, all.watchers += sums.watchers;
        all.planned.plans += sums.planned.plans, all.planned.late += sums.planned.late;
        for (std::size_t k = 0; k < all.planned.seconds.size(); ++k)
            all.planned.seconds[k] += sums.planned.seconds[k];
    }
    std::string text = fmt::format(
        "# TYPE lineshaft_fleet_machines gauge\nlineshaft_fleet_machines {}\n# TYPE "
        "lineshaft_fleet_samples_total counter\nlineshaft_fleet_samples_total {}\n"
        "# TYPE lineshaft_fleet_watchers gauge\nlineshaft_fleet_watchers {}\n",
        all.machines, all.samples, all.watchers);
    text += fmt::format(
        "# TYPE lineshaft_fleet_plans_total counter\nlineshaft_fleet_plans_total {}\n"
        "# TYPE lineshaft_fleet_plans_late_total counter\nlineshaft_fleet_plans_late_total {}\n"
        "# TYPE lineshaft_fleet_plan_seconds_total counter\n",
        all.planned.plans, all.planned.late);
    constexpr std::string_view parts[] = {"prepare", "search", "explain", "all"};
    for (std::size_t i = 0; i < std::size(parts); ++i)
        text += fmt::format("lineshaft_fleet_plan_seconds_total{{part=\"{}\"}} {:.6f}\n", parts[i],
                            all.planned.seconds[i]);
    co_return text;
}

}  // namespace lineshaft::app
