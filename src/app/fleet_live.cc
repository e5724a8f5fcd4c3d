// What machines say, as the fleet's rooms follow it; whom it is told to; and what asks for a plan.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "api/json_text.h"
#include "app/fleet_home.h"
#include "base/log.h"
#include "dispatch/fleet/codec.h"
#include "twin/late_clock.h"

namespace lineshaft::app {
namespace {

constexpr io::Steady fleet_tick{1'000};
constexpr std::int64_t behind_after_s = 120;  // a planned beginning that has passed by so much
constexpr std::int64_t behind_every_s = 60;
constexpr std::int64_t ground_kept_s = 600;  // since the last plan

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

void FleetRooms::take(Home& home, const twin::LiveBatch& batch) {
    const Instant now = io::Shard::here().now();
    std::vector<dispatch::FieldValue> values;
    for (const auto& machine : batch.values) {
        values.clear();
        for (const auto& value : machine.values)
            if (is_believable(value)) values.push_back(field_value(value));
        home.samples += values.size();
        home.fleet.take(machine.machine, values, now);
        tell_customers(home, machine.machine, machine.values);
    }
    for (const auto& event : batch.events) {
        const auto back_s = event.kind == "clock" ? twin::seconds_back(event.text) : std::nullopt;
        if (!back_s) continue;
        if (home.fleet.field().find(event.machine) != nullptr)
            tell_clock(home, event.machine, *back_s, now);
        else if (home.clocks.size() < Home::clocks_max)
            home.clocks[event.machine] = {*back_s, event.at};
    }
    for (const auto& state : batch.machines)
        if (state.position && !home.followed.contains(state.id)) home.coming.insert(state.id);
}

/// A clock that was set back, told to the owner and to those the machine is shared with.
void FleetRooms::tell_clock(Home& home, const std::string& machine, std::int64_t back_s,
                            Instant now) {
    home.fleet.field().clock_stands_back(machine, back_s, now);
    const auto* customers = home.fleet.customers_of(machine);
    const auto catalog = rooms_.desk.snapshot();
    const auto* owner = catalog->organisation(home.organisation);
    if (customers == nullptr || owner == nullptr) return;
    const std::string id = dispatch::Fleet::guest_id_of(owner->name, machine);
    for (const std::uint32_t number : *customers) {
        const OrganisationId customer(number);
        shard_of(customer).post([this, customer, id, back_s, now] {
            if (here().is_closing) return;
            Home& theirs = home_of(customer);
            if (theirs.fleet.guest(id) != nullptr)
                theirs.fleet.field().clock_stands_back(id, back_s, now);
        });
    }
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
    if (fresh.empty()) return;
    ++home.meeting;
    here().nursery->spawn(meet(this, home.organisation, std::move(fresh)));
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
        rooms->tell_customers(home, machine, now->values);
        const auto clock = home.clocks.extract(machine);
        Instant newest{};  // what came since, if anything did, ended it
        for (const auto& value : now->values) newest = std::max(newest, value.sample.at);
        if (!clock.empty() && (clock.mapped().back_s < 0 || newest < clock.mapped().at))
            rooms->tell_clock(home, machine, clock.mapped().back_s, io::Shard::here().now());
    }
    --rooms->home_of(organisation).meeting;
}

io::Task<void> FleetRooms::find_machines(FleetRooms* rooms, OrganisationId organisation) {
    auto states = co_await rooms->rooms_.plant.machines(organisation);
    Home& home = rooms->home_of(organisation);
    for (const auto& state : states)
        if (state.position && !home.followed.contains(state.id)) home.coming.insert(state.id);
    // Those of the stored plan, also when their twins are not loaded yet.
    for (const auto& [place, one] : home.fleet.desk().allocations())
        if (one.stage < dispatch::Stage::done && !one.machine.empty() &&
            !home.followed.contains(one.machine))
            home.coming.insert(one.machine);
    home.is_looked_through = true;
}

// Customers.

/// One of our machines said something: those it is shared with hear it too.
void FleetRooms::tell_customers(Home& home, const std::string& machine,
                                const std::vector<twin::TagValue>& values) {
    const auto* customers = home.fleet.customers_of(machine);
    if (customers == nullptr) return;
    const auto catalog = rooms_.desk.snapshot();
    const auto* owner = catalog->organisation(home.organisation);
    if (owner == nullptr) return;
    auto said = std::make_shared<std::vector<twin::TagValue>>();
    for (const auto& value : values)
        if (is_believable(value)) said->push_back(value);
    const std::string id = dispatch::Fleet::guest_id_of(owner->name, machine);
    for (const std::uint32_t number : *customers) {
        const OrganisationId customer(number);
        shard_of(customer).post([this, customer, id, said] {
            if (here().is_closing) return;
            Home& theirs = home_of(customer);
            if (theirs.fleet.guest(id) == nullptr) return;
            std::vector<dispatch::FieldValue> heard;
            for (const auto& value : *said) heard.push_back(field_value(value));
            theirs.fleet.take(id, heard, io::Shard::here().now());
        });
    }
}

/// Whom our machines are shared with, and what is said of them there, whenever it changed.
void FleetRooms::offer(Home& home) {
    const std::uint64_t version = home.fleet.told_version();
    if (home.offered_version == version) return;
    home.offered_version = version;
    const auto catalog = rooms_.desk.snapshot();
    const auto* owner = catalog->organisation(home.organisation);
    std::map<std::pair<std::uint32_t, std::string>, dispatch::Fleet::Guest> wanted;
    for (const auto& [machine, customers] : home.fleet.shares())
        for (const std::uint32_t customer : customers) {
            if (owner == nullptr || catalog->organisation(OrganisationId(customer)) == nullptr)
                continue;
            const auto* known = home.fleet.known(machine);
            dispatch::Fleet::Guest guest{home.organisation.number(), machine, {},
                                         home.fleet.facts_for_customers(machine)};
            guest.known.name = known ? known->name : "";
            guest.known.kind = guest.facts.type;
            guest.known.id = dispatch::Fleet::guest_id_of(owner->name, machine);
            wanted.emplace(std::pair(customer, machine), std::move(guest));
        }
    std::set<std::string> fresh;
    for (const auto& [key, guest] : wanted) {
        const auto [known, is_new] = home.offered.try_emplace(key, guest);
        if (!is_new && known->second == guest) continue;
        known->second = guest;
        if (is_new) fresh.insert(key.second);
        const OrganisationId customer(key.first);
        shard_of(customer).post([this, customer, guest] {
            if (!here().is_closing) home_of(customer).fleet.put_guest(guest.known.id, guest);
        });
    }
    std::erase_if(home.offered, [&](const auto& one) {
        if (wanted.contains(one.first)) return false;
        const OrganisationId customer(one.first.first);
        shard_of(customer).post([this, customer, id = one.second.known.id] {
            if (here().is_closing) return;
            home_of(customer).fleet.remove_guest(id);
            show(customer, "gap", "{}");
        });
        return true;
    });
    if (fresh.empty()) return;
    ++home.meeting;
    here().nursery->spawn(meet(this, home.organisation, {fresh.begin(), fresh.end()}));
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
    offer(home);
    home.fleet.tick(now);
    show_changes(home);
    auto effects = home.fleet.take_effects();
    if (!effects.is_empty() || !home.unsaved.empty())
        here().nursery->spawn(settle_later(this, home.organisation, std::move(effects)));
    if (home.is_thinking) return;
    if (home.ground && now.micros - home.planned_at.micros > ground_kept_s * 1'000'000)
        home.ground.reset();
    if (!home.is_ready) return resume_when_ready(home);
    auto cause = cause_of_a_new_plan(home, now);
    if (cause && !home.fleet.desk().allocations().empty())
        here().nursery->spawn(replan(this, home.organisation, std::move(*cause)));
}

/// What telemetry told, or that what was planned has not begun.
std::optional<dispatch::FleetEvent> FleetRooms::cause_of_a_new_plan(Home& home, Instant now) {
    if (now.micros - home.behind_at.micros < 1'000'000) return std::nullopt;
    if (auto cause = home.fleet.take_cause()) return cause;
    if (now.micros - home.behind_at.micros <= behind_every_s * 1'000'000) return std::nullopt;
    home.behind_at = now;
    for (const auto& [place, one] : home.fleet.desk().allocations()) {
        const bool is_behind = one.stage == dispatch::Stage::planned &&
                               now.micros - one.begin.micros > behind_after_s * 1'000'000;
        if (!is_behind) continue;
        dispatch::FleetEvent cause;
        cause.kind = dispatch::FleetEvent::Kind::telemetry;
        cause.machine = one.machine;
        cause.place = place;
        cause.why.code = "not_begun";
        return cause;
    }
    return std::nullopt;
}

/// After a start: the machines of the stored plan are heard of again before it is judged.
void FleetRooms::resume_when_ready(Home& home) {
    if (!home.fleet.has_stored_plan()) {
        home.is_ready = true;
        return;
    }
    // Each machine of the plan was asked for by now; who has no twin is not there any more.
    if (!home.is_looked_through || !home.coming.empty() || home.meeting > 0) return;
    home.is_ready = true;
    here().nursery->spawn(resume(this, home.organisation));
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

}  // namespace lineshaft::app
