// Plans of the fleet's rooms: made on a worker within their time, adopted, told, and judged again
// after a start.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "api/json_text.h"
#include "app/fleet_home.h"
#include "base/log.h"
#include "dispatch/fleet/codec.h"
#include "io/pause.h"

namespace lineshaft::app {
namespace {

constexpr double replan_seconds = 0.3;  // of search
/// From the event to a plan that can be adopted: a second, less what adopting and storing it take.
constexpr double replan_within_s = 0.7, hauls_within_s = 0.1;
constexpr std::int64_t late_after_ms = 1'000;
constexpr unsigned adopt_tries = 6;  // the later ones search shorter, or not at all: within_s
constexpr io::Steady ready_poll{50}, ready_patience{20'000};

double seconds_of(io::Steady length) {
    return double(length.count()) / 1000;
}

/// The part of the time that is used up when the first of two ends counts: so long from the first
/// question on, and so long from an earlier instant.
std::function<double()> spent_of(const io::Clock* clock, double seconds,
                                 std::optional<io::Steady> until) {
    auto begun = std::make_shared<std::optional<io::Steady>>();
    return [clock, seconds, until, begun] {
        const io::Steady now = clock->steady();
        if (!*begun) *begun = now;
        double length = seconds;
        if (until) length = std::min(length, seconds_of(*until - **begun));
        if (length <= 0) return 1.0;
        return seconds_of(now - **begun) / length;
    };
}

}  // namespace

io::Task<Result<dispatch::FleetPlan>> FleetRooms::plan_on_worker(FleetRooms* rooms,
                                                                 OrganisationId organisation,
                                                                 Search search) {
    Home& home = rooms->home_of(organisation);
    if (!home.ground) home.ground = std::make_shared<dispatch::Ground>();
    home.planned_at = search.now;
    home.is_thinking = true;
    const io::Clock* clock = &io::Shard::here().clock();
    auto work = [search = std::move(search), ground = home.ground,
                 clock]() -> Result<dispatch::FleetPlan> {
        if (search.prepare) {
            TRY_VOID(search.prepare(*search.desk, *ground, search.now));
        }
        std::optional<io::Steady> until, hauls_until;
        if (search.within_s > 0) {
            const auto after = [&](double seconds) {
                return search.asked + io::Steady(static_cast<std::int64_t>(seconds * 1000));
            };
            until = after(search.within_s), hauls_until = after(search.within_s + hauls_within_s);
        }
        solve::Options options;
        options.seed = search.seed;
        if (search.seconds <= 0)
            options.budget.iterations_max = 0;
        else
            options.budget.spent = spent_of(clock, search.seconds, until);
        dispatch::Planning how;
        how.ground = ground.get();
        how.clock_s = [clock] { return seconds_of(clock->steady()); };
        how.hauls_spent = spent_of(clock, std::max(search.seconds, hauls_within_s), hauls_until);
        return search.desk->propose(search.now, options, how);
    };
    auto plan = co_await rooms->planners_->run(std::move(work));
    rooms->home_of(organisation).is_thinking = false;
    co_return plan;
}

/// A stored plan is looked at before anything is planned beside it.
io::Task<void> FleetRooms::be_ready(FleetRooms* rooms, OrganisationId organisation) {
    const io::Steady begun = io::Shard::here().clock().steady();
    while (!rooms->home_of(organisation).is_ready && !rooms->here().is_closing &&
           rooms->home_of(organisation).fleet.has_stored_plan() &&
           io::Shard::here().clock().steady() - begun < ready_patience) {
        io::Pause pause;
        auto waited = co_await pause.wait(ready_poll);
        (void)waited;
    }
}

io::Task<Result<api::FleetRoom::Thought>> FleetRooms::think_here(FleetRooms* rooms,
                                                                 OrganisationId organisation,
                                                                 Think wanted) {
    const io::Steady begun = io::Shard::here().clock().steady();
    co_await be_ready(rooms, organisation);
    Thought thought;
    dispatch::Decision decision;
    decision.at = io::Shard::here().now();
    decision.by = wanted.by;
    decision.cause = wanted.cause;
    Result<void> outcome;
    for (unsigned attempt = 0; attempt < adopt_tries; ++attempt) {
        if (rooms->here().is_closing) co_return fail(Code::cancelled, "the node ends");
        Search search;
        search.now = io::Shard::here().now();
        search.asked = begun;
        search.seconds = wanted.seconds, search.within_s = wanted.within_s;
        search.seed = wanted.seed;
        search.prepare = wanted.prepare;
        Home& before = rooms->home_of(organisation);
        search.desk = std::make_shared<dispatch::FleetDesk>(before.fleet.desk_now(search.now));
        if (wanted.imagine) {
            CO_TRY_VOID(wanted.imagine(before.fleet, *search.desk, search.now));
        }
        auto plan = co_await plan_on_worker(rooms, organisation, std::move(search));
        Home& home = rooms->home_of(organisation);
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
    decision.was_adopted = outcome && wanted.is_adopted;
    if (!outcome)
        decision.why = outcome.error().code == Code::conflict
                           ? dispatch::Reason{.code = "changed_meanwhile"}
                           : dispatch::Reason{.code = "failed", .text = outcome.error().context};
    auto effects = rooms->decided(home, wanted, thought, std::move(decision));
    auto kept = co_await settle(rooms, organisation, std::move(effects), std::nullopt);
    if (!outcome) co_return std::unexpected(outcome.error());
    if (!kept) co_return std::unexpected(kept.error());
    co_return thought;
}

/// The decision's line, and who is told of it.
dispatch::FleetEffects FleetRooms::decided(Home& home, const Think& wanted, Thought& thought,
                                           dispatch::Decision decision) {
    const dispatch::FleetPlan& plan = thought.plan;
    decision.version = plan.version;
    decision.cost_after = plan.cost.total();
    decision.changes = plan.changes;
    decision.left_out = plan.left_out.size();
    decision.took = plan.took;
    const auto moved = static_cast<std::size_t>(std::ranges::count_if(
        plan.changes, [](const auto& one) { return one.from != one.to; }));
    decision.kept = plan.allocations.size() - std::min(plan.allocations.size(), moved);
    decision.proposal = thought.proposal;
    ++home.planned.plans;
    if (wanted.within_s > 0 && decision.took_ms > late_after_ms) ++home.planned.late;
    home.planned.seconds[0] += plan.took.prepare_s;
    home.planned.seconds[1] += plan.took.search_s;
    home.planned.seconds[2] += plan.took.explain_s;
    home.planned.seconds[3] += double(decision.took_ms) / 1000;
    const bool was_adopted = decision.was_adopted;
    std::optional<dispatch::FleetEffects::Note> note;
    if (!wanted.by.empty()) {
        const std::string why = dispatch::sentence_of(decision.why, false);
        note = {was_adopted ? "fleet.plan" : "fleet.plan_kept",
                fmt::format("version {}", decision.version),
                fmt::format("{} {}: {} changes, {} left out, cost {:.0f} to {:.0f}{}",
                            dispatch::name_of(wanted.cause.kind), wanted.cause.machine,
                            decision.changes.size(), decision.left_out, decision.cost_before,
                            decision.cost_after, why.empty() ? "" : "; " + why)};
        thought.decision = home.fleet.keep_decision(std::move(decision));
        show(home.organisation, "decision",
             api::json_text(
                 dispatch::to_json(home.fleet, home.fleet.decisions().back(), false, false)));
    }
    if (was_adopted)
        show(home.organisation, "plan",
             fmt::format(R"({{"version":{},"made_at":"{}"}})", plan.version,
                         to_rfc3339(plan.made_at)));
    auto effects = home.fleet.take_effects();
    if (note) effects.notes.insert(effects.notes.begin(), std::move(*note));
    return effects;
}

io::Task<Result<api::FleetRoom::Thought>> FleetRooms::think(OrganisationId organisation,
                                                            Think wanted) {
    auto done = co_await shard_of(organisation)
                    .call(&FleetRooms::think_here, this, organisation, std::move(wanted));
    co_return done;
}

io::Task<Result<void>> FleetRooms::ponder_here(FleetRooms* rooms, OrganisationId organisation,
                                               Question question) {
    co_await be_ready(rooms, organisation);
    Home& home = rooms->home_of(organisation);
    const Instant now = io::Shard::here().now();
    if (!home.ground) home.ground = std::make_shared<dispatch::Ground>();
    home.planned_at = now;
    auto desk = std::make_shared<const dispatch::FleetDesk>(home.fleet.desk_now(now));
    auto work = [desk, now, ground = home.ground, question = std::move(question)] {
        return question(*desk, *ground, now);
    };
    auto done = co_await rooms->planners_->run(std::move(work));
    co_return done;
}

io::Task<Result<void>> FleetRooms::ponder(OrganisationId organisation, Question question) {
    auto done = co_await shard_of(organisation)
                    .call(&FleetRooms::ponder_here, this, organisation, std::move(question));
    co_return done;
}

io::Task<void> FleetRooms::replan(FleetRooms* rooms, OrganisationId organisation,
                                  dispatch::FleetEvent cause) {
    Think wanted;
    wanted.seconds = replan_seconds;
    wanted.within_s = replan_within_s;
    wanted.is_adopted = rooms->home_of(organisation).fleet.settings().replans_itself;
    wanted.cause = std::move(cause);
    wanted.by = "node";
    auto done = co_await think_here(rooms, organisation, std::move(wanted));
    if (!done) log::warn("fleet: the last plan stays in force: {}", done.error().context);
}

/// The plan that came back from the disk: it goes on where it still stands, and is made again where
/// a machine of it cannot do what it was to do.
io::Task<void> FleetRooms::resume(FleetRooms* rooms, OrganisationId organisation) {
    Search search;
    search.now = io::Shard::here().now();
    search.asked = io::Shard::here().clock().steady();
    search.desk = std::make_shared<dispatch::FleetDesk>(
        rooms->home_of(organisation).fleet.desk_now(search.now));
    auto plan = co_await plan_on_worker(rooms, organisation, std::move(search));
    if (rooms->here().is_closing) co_return;
    dispatch::FleetEvent cause;
    cause.kind = dispatch::FleetEvent::Kind::telemetry;
    cause.why.code = "no_longer_stands";
    if (plan) {
        const auto moved = std::ranges::find_if(
            plan->changes, [](const auto& one) { return one.from != one.to; });
        if (moved == plan->changes.end()) {
            auto adopted = rooms->home_of(organisation).fleet.adopt(std::move(*plan));
            if (adopted) co_return;
        } else {
            cause.machine = moved->from;
            cause.place = moved->place;
            cause.why.text = fmt::format("{}/{} {}", moved->place.request, moved->place.index,
                                         moved->from.empty() ? moved->to : moved->from);
        }
    }
    co_await replan(rooms, organisation, std::move(cause));
}

// One POST at a time with the same key.

io::Task<bool> FleetRooms::hold_here(FleetRooms* rooms, OrganisationId organisation,
                                     std::string key) {
    Home& home = rooms->home_of(organisation);
    if (home.held.size() >= rooms->limits_.held_max) co_return false;
    co_return home.held.insert(std::move(key)).second;
}

io::Task<bool> FleetRooms::hold(OrganisationId organisation, std::string key) {
    auto held = co_await shard_of(organisation)
                    .call(&FleetRooms::hold_here, this, organisation, std::move(key));
    co_return held;
}

void FleetRooms::release(OrganisationId organisation, std::string key) {
    shard_of(organisation).post([this, organisation, key = std::move(key)] {
        home_of(organisation).held.erase(key);
    });
}

}  // namespace lineshaft::app
