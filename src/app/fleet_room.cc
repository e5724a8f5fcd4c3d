#include "app/fleet_room.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "api/json_text.h"
#include "app/fleet_feeds.h"
#include "base/log.h"
#include "dispatch/fleet/codec.h"
#include "gate/telemetry/telemetry.h"

namespace lineshaft::app {
namespace {

constexpr io::Steady fleet_tick{1'000};
constexpr double replan_seconds = 0.3;        // of search; the whole is to be done within a second
constexpr std::int64_t behind_after_s = 120;  // a planned beginning that has passed by so much
constexpr std::int64_t behind_every_s = 60;
constexpr unsigned adopt_tries = 3;

boost::json::string fleet_text(std::string_view text) {
    return boost::json::string(text.data(), text.size());
}

dispatch::FieldValue field_value(const twin::TagValue& value) {
    dispatch::FieldValue out{value.tag, value.sample.at};
    if (const auto* text = std::get_if<std::string>(&value.sample.value))
        out.text = *text;
    else
        out.number = history::number_of(value.sample.value);
    return out;
}

bool is_believable(const twin::TagValue& value) {
    return value.sample.quality == history::Quality::good ||
           value.sample.quality == history::Quality::uncertain;
}

}  // namespace

struct FleetRooms::Home {
    explicit Home(OrganisationId id) : organisation(id) {}

    OrganisationId organisation;
    dispatch::Fleet fleet;
    std::uint64_t catalog_version = 0;
    std::set<std::string> known;  // machines of the catalog
    std::set<std::string, std::less<>> followed,
        coming;  // watched; to be watched from the next tick on
    std::unique_ptr<twin::Watch> watch;
    std::vector<dispatch::FleetEffects::Record> unsaved;
    std::vector<std::size_t> watchers;  // by shard
    bool is_thinking = false, is_found = false;
    Instant behind_at{};
    std::uint64_t samples = 0;
};

struct FleetRooms::Watcher {
    OrganisationId organisation;
    Show show;
};

struct FleetRooms::OnShard {
    std::map<OrganisationId, std::unique_ptr<Home>> homes;
    std::list<Watcher> watchers;
    io::Wheel::Timer timer;
    std::unique_ptr<io::Nursery> nursery;
    bool is_closing = false;
};

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
    for (const auto& entry : catalog->machines(home.organisation)) {
        const auto& machine = entry->machine;
        known.insert(machine.id);
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

// Telemetry.

void FleetRooms::take(Home& home, const twin::LiveBatch& batch) {
    const Instant now = io::Shard::here().now();
    std::vector<dispatch::FieldValue> values;
    for (const auto& machine : batch.values) {
        values.clear();
        for (const auto& value : machine.values)
            if (is_believable(value)) values.push_back(field_value(value));
        home.samples += values.size();
        home.fleet.take(machine.machine, values, now);
    }
    for (const auto& state : batch.machines)
        if (state.position && !home.followed.contains(state.id)) home.coming.insert(state.id);
}

void FleetRooms::follow(Home& home) {
    if (home.watch && home.coming.empty()) return;
    std::vector<std::string> fresh(home.coming.begin(), home.coming.end());
    home.followed.merge(home.coming);
    home.coming.clear();
    auto watch = rooms_.plant.watch(
        home.organisation, {home.followed.begin(), home.followed.end()},
        [this, &home](const std::shared_ptr<const twin::LiveBatch>& batch) { take(home, *batch); });
    if (!watch)
        return log::warn("fleet: as many live streams as allowed are open; the map stands still");
    home.watch = std::move(watch);
    if (!fresh.empty()) here().nursery->spawn(meet(this, home.organisation, std::move(fresh)));
}

// What is known of machines that were not watched until now.
io::Task<void> FleetRooms::meet(FleetRooms* rooms, OrganisationId organisation,
                                std::vector<std::string> machines) {
    for (const std::string& machine : machines) {
        if (rooms->here().is_closing) co_return;
        auto now = co_await rooms->rooms_.plant.machine_now(organisation, machine);
        if (!now) continue;
        std::vector<dispatch::FieldValue> values;
        for (const auto& value : now->values)
            if (is_believable(value)) values.push_back(field_value(value));
        Home& home = rooms->home_of(organisation);
        const auto* known = home.fleet.field().find(machine);
        if (known == nullptr || known->last_seen < now->state.last_seen)
            home.fleet.take(machine, values, now->state.last_seen);
    }
}

io::Task<void> FleetRooms::find_machines(FleetRooms* rooms, OrganisationId organisation) {
    auto states = co_await rooms->rooms_.plant.machines(organisation);
    Home& home = rooms->home_of(organisation);
    for (const auto& state : states)
        if (state.position && !home.followed.contains(state.id)) home.coming.insert(state.id);
}

void FleetRooms::tick() {
    OnShard& part = here();
    if (part.is_closing) return;
    const Instant now = io::Shard::here().now();
    const auto catalog = rooms_.desk.snapshot();
    for (const auto& organisation : catalog->organisations())
        if (&shard_of(organisation.id) == &io::Shard::here()) tick(home_of(organisation.id), now);
    io::Shard::here().wheel().arm(part.timer, fleet_tick, [this] { tick(); });
}

void FleetRooms::tick(Home& home, Instant now) {
    refresh(home);
    if (!home.is_found) {
        home.is_found = true;
        here().nursery->spawn(find_machines(this, home.organisation));
    }
    follow(home);
    home.fleet.tick(now);
    show_changes(home);
    auto effects = home.fleet.take_effects();
    if (!effects.is_empty() || !home.unsaved.empty())
        here().nursery->spawn(settle_later(this, home.organisation, std::move(effects)));
    if (home.is_thinking || now.micros - home.behind_at.micros < 1'000'000) return;
    auto cause = home.fleet.take_cause();
    if (!cause && now.micros - home.behind_at.micros > behind_every_s * 1'000'000) {
        home.behind_at = now;
        for (const auto& [place, one] : home.fleet.desk().allocations()) {
            const bool is_behind = one.stage == dispatch::Stage::planned &&
                                   now.micros - one.begin.micros > behind_after_s * 1'000'000;
            if (!is_behind) continue;
            cause = dispatch::FleetEvent{.kind = dispatch::FleetEvent::Kind::telemetry,
                                         .machine = one.machine,
                                         .from = {},
                                         .to = {},
                                         .text = "what was planned has not begun",
                                         .place = place};
            break;
        }
    }
    if (cause && !home.fleet.desk().allocations().empty())
        here().nursery->spawn(replan(this, home.organisation, std::move(*cause)));
}

void FleetRooms::show(OrganisationId organisation, std::string_view event, std::string json) {
    Home& home = home_of(organisation);
    for (std::size_t i = 0; i < home.watchers.size(); ++i) {
        if (home.watchers[i] == 0) continue;
        rooms_.shards.at(i).post([this, i, organisation, event = std::string(event), json] {
            for (auto& watcher : on_shard_[i]->watchers)
                if (watcher.organisation == organisation) watcher.show(event, json);
        });
    }
}

void FleetRooms::show_changes(Home& home) {
    const auto changed = home.fleet.field().take_changed();
    if (changed.empty() ||
        std::ranges::all_of(home.watchers, [](std::size_t count) { return count == 0; }))
        return;
    boost::json::array rows;
    for (const std::string& machine : changed)
        rows.push_back(dispatch::map_row(home.fleet, machine));
    show(home.organisation, "machines", api::json_text(rows));
    show(home.organisation, "counts", api::json_text(dispatch::counts_json(home.fleet)));
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
                                        std::vector<dispatch::Crossing> crossings) {
    std::vector<catalog::FleetRow> rows;
    for (auto& one : records)
        rows.push_back({organisation, std::move(one.kind), std::move(one.id), std::move(one.body)});
    std::vector<catalog::CrossingRow> crossed;
    for (const auto& one : crossings)
        crossed.push_back({0, organisation, one.at, one.machine, one.site, one.is_entered});
    auto kept = std::make_shared<std::vector<catalog::CrossingRow>>(std::move(crossed));
    auto shared_rows = std::make_shared<std::vector<catalog::FleetRow>>(std::move(rows));
    auto work = [shared_rows, kept](catalog::Catalog& catalog) -> Result<void> {
        if (!shared_rows->empty()) {
            TRY_VOID(catalog::keep_fleet_rows(catalog, *shared_rows));
        }
        if (!kept->empty()) {
            TRY_VOID(catalog::add_crossings(catalog, *kept));
        }
        return {};
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
                                     {"at", fleet_text(to_rfc3339(one.at))},
                                     {"machine", fleet_text(one.machine)},
                                     {"site", fleet_text(one.site)},
                                     {"kind", one.is_entered ? "entered" : "left"}};
        rooms->show(organisation, "crossing", api::json_text(crossing));
    }
    co_return Result<void>{};
}

io::Task<Result<void>> FleetRooms::settle(FleetRooms* rooms, OrganisationId organisation,
                                          dispatch::FleetEffects effects) {
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
    if (!effects.records.empty() || !effects.crossings.empty())
        done = co_await save(rooms, organisation, std::move(effects.records),
                             std::move(effects.crossings));
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
    auto done = co_await settle(rooms, organisation, std::move(effects));
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
                                               Change work) {
    Home& home = rooms->home_of(organisation);
    rooms->refresh(home);
    auto done = work(home.fleet, io::Shard::here().now());
    auto effects = home.fleet.take_effects();
    auto kept = co_await settle(rooms, organisation, std::move(effects));
    if (!done) co_return std::unexpected(done.error());
    co_return kept;
}

io::Task<Result<void>> FleetRooms::change(OrganisationId organisation, Change work) {
    auto done = co_await shard_of(organisation)
                    .call(&FleetRooms::change_here, this, organisation, std::move(work));
    co_return done;
}

// Planning.

io::Task<Result<dispatch::FleetPlan>> FleetRooms::plan_on_worker(
    FleetRooms* rooms, std::shared_ptr<const dispatch::FleetDesk> desk, Instant now, double seconds,
    std::uint64_t seed) {
    const io::Clock* clock = &io::Shard::here().clock();
    auto work = [desk = std::move(desk), now, seconds, seed,
                 clock]() -> Result<dispatch::FleetPlan> {
        solve::Options options;
        options.seed = seed;
        const io::Steady begun = clock->steady();
        options.budget.spent = [clock, begun, seconds] {
            return double((clock->steady() - begun).count()) / 1000 / std::max(seconds, 1e-3);
        };
        return desk->propose(now, options);
    };
    auto plan = co_await rooms->planners_->run(std::move(work));
    co_return plan;
}

io::Task<Result<api::FleetRoom::Thought>> FleetRooms::think_here(FleetRooms* rooms,
                                                                 OrganisationId organisation,
                                                                 Think wanted) {
    const io::Steady begun = io::Shard::here().clock().steady();
    Thought thought;
    dispatch::Decision decision;
    decision.at = io::Shard::here().now();
    decision.by = wanted.by;
    decision.cause = wanted.cause;
    Result<void> outcome;
    for (unsigned attempt = 0; attempt < adopt_tries; ++attempt) {
        if (rooms->here().is_closing) co_return fail(Code::cancelled, "the node ends");
        const Instant now = io::Shard::here().now();
        auto desk =
            std::make_shared<dispatch::FleetDesk>(rooms->home_of(organisation).fleet.desk_now(now));
        if (wanted.imagine) {
            CO_TRY_VOID(wanted.imagine(rooms->home_of(organisation).fleet, *desk, now));
        }
        rooms->home_of(organisation).is_thinking = true;
        auto plan = co_await plan_on_worker(rooms, desk, now, wanted.seconds, wanted.seed);
        Home& home = rooms->home_of(organisation);
        home.is_thinking = false;
        decision.cost_before = home.fleet.plan().cost.total();
        if (!plan) {
            outcome = std::unexpected(plan.error());
            break;
        }
        thought.plan = *plan;
        if (!wanted.is_adopted) {
            thought.proposal = home.fleet.keep_proposal(std::move(*plan), wanted.is_what_if).id;
            outcome = {};
            break;
        }
        outcome = home.fleet.adopt(std::move(*plan));
        if (outcome || outcome.error().code != Code::conflict)
            break;  // else something changed meanwhile
    }
    Home& home = rooms->home_of(organisation);
    decision.took_ms = (io::Shard::here().clock().steady() - begun).count();
    decision.version = thought.plan.version;
    decision.cost_after = thought.plan.cost.total();
    decision.changes = thought.plan.changes;
    decision.left_out = thought.plan.left_out.size();
    decision.kept =
        thought.plan.allocations.size() -
        std::min(thought.plan.allocations.size(),
                 static_cast<std::size_t>(std::ranges::count_if(
                     thought.plan.changes, [](const auto& one) { return one.from != one.to; })));
    decision.was_adopted = outcome && wanted.is_adopted;
    decision.proposal = thought.proposal;
    if (!outcome) decision.why = outcome.error().context;
    dispatch::FleetEffects effects;
    if (!wanted.by.empty()) {
        thought.decision = home.fleet.keep_decision(decision);
        const auto& kept = home.fleet.decisions().back();
        rooms->show(organisation, "decision",
                    api::json_text(dispatch::to_json(home.fleet, kept, false, false)));
        effects.notes.push_back(
            {decision.was_adopted ? "fleet.plan" : "fleet.plan_kept",
             fmt::format("version {}", decision.version),
             fmt::format("{} {}: {} changes, {} left out, cost {:.0f} to {:.0f}{}",
                         dispatch::name_of(wanted.cause.kind), wanted.cause.machine,
                         decision.changes.size(), decision.left_out, decision.cost_before,
                         decision.cost_after, decision.why.empty() ? "" : "; " + decision.why)});
    }
    if (decision.was_adopted)
        rooms->show(organisation, "plan",
                    fmt::format(R"({{"version":{},"made_at":"{}"}})", thought.plan.version,
                                to_rfc3339(thought.plan.made_at)));
    auto more = home.fleet.take_effects();
    more.notes.insert(more.notes.begin(), std::make_move_iterator(effects.notes.begin()),
                      std::make_move_iterator(effects.notes.end()));
    auto kept = co_await settle(rooms, organisation, std::move(more));
    if (!outcome) co_return std::unexpected(outcome.error());
    if (!kept) co_return std::unexpected(kept.error());
    co_return thought;
}

io::Task<Result<api::FleetRoom::Thought>> FleetRooms::think(OrganisationId organisation,
                                                            Think wanted) {
    auto done = co_await shard_of(organisation)
                    .call(&FleetRooms::think_here, this, organisation, std::move(wanted));
    co_return done;
}

io::Task<void> FleetRooms::replan(FleetRooms* rooms, OrganisationId organisation,
                                  dispatch::FleetEvent cause) {
    Think wanted;
    wanted.seconds = replan_seconds;
    wanted.is_adopted = rooms->home_of(organisation).fleet.settings().replans_itself;
    wanted.cause = std::move(cause);
    wanted.by = "node";
    auto done = co_await think_here(rooms, organisation, std::move(wanted));
    if (!done) log::warn("fleet: the last plan stays in force: {}", done.error().context);
}

io::Task<std::string> FleetRooms::metrics() {
    std::size_t machines = 0, watchers = 0;
    std::uint64_t samples = 0;
    struct Counting {
        static io::Task<std::array<std::uint64_t, 3>> run(OnShard* part) {
            std::array<std::uint64_t, 3> sums{};
            for (const auto& [id, home] : part->homes) {
                sums[0] += home->fleet.field().size();
                sums[1] += home->samples;
            }
            sums[2] = part->watchers.size();
            co_return sums;
        }
    };
    for (std::size_t i = 0; i < on_shard_.size(); ++i) {
        auto sums = co_await rooms_.shards.at(i).call(&Counting::run, on_shard_[i].get());
        machines += sums[0], samples += sums[1], watchers += sums[2];
    }
    co_return fmt::format(
        "# TYPE lineshaft_fleet_machines gauge\nlineshaft_fleet_machines {}\n# TYPE "
        "lineshaft_fleet_samples_total counter\nlineshaft_fleet_samples_total {}\n"
        "# TYPE lineshaft_fleet_watchers gauge\nlineshaft_fleet_watchers {}\n",
        machines, samples, watchers);
}

}  // namespace lineshaft::app
