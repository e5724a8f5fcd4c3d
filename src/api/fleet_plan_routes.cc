// Plans of the fleet: proposals, adopting, moving by hand, events, decisions.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "api/fleet_room.h"
#include "api/fleet_words.h"
#include "api/render.h"
#include "api/routes.h"
#include "dispatch/fleet/words.h"

namespace lineshaft::api {

namespace {

using dispatch::Fleet;

constexpr double seconds_least = 0.05, seconds_most = 30, move_seconds = 0.3;

io::Task<Answer> plan_in_force(Call call) {
    FleetView view = [zh = is_chinese(call)](const Fleet& fleet, Instant) {
        return dispatch::to_json(fleet, fleet.plan(), true, zh);
    };
    auto answer = co_await answer_view(call, std::move(view));
    co_return answer;
}

/// Writes what a person imagines into a copy of the desk.
Result<void> imagine_all(const Fleet& fleet, dispatch::FleetDesk& desk, Instant now,
                         const json::object& what_if) {
    for (const auto& member : what_if) {
        const std::string_view name(member.key().data(), member.key().size());
        if (name != "events" && name != "requests" && name != "without")
            return fail(
                Code::invalid,
                fmt::format("what_if has a member \"{}\"; allowed are: events, requests, without",
                            name));
        if (!member.value().is_array() || member.value().get_array().size() > 1'000)
            return fail(Code::invalid,
                        fmt::format("what_if.{} must be a list of up to 1,000", name));
        std::size_t count = 0;
        for (const auto& one : member.value().get_array()) {
            if (name == "without") {
                if (!one.is_string())
                    return fail(Code::invalid, "what_if.without must be a list of machines");
                dispatch::FleetEvent gone;
                gone.machine = std::string(one.get_string());
                TRY_VOID(fleet.imagine(desk, gone, now));
                continue;
            }
            if (!one.is_object())
                return fail(Code::invalid,
                            fmt::format("what_if.{} must be a list of objects", name));
            if (name == "events") {
                TRY(const auto event, dispatch::event_of(one.get_object()));
                TRY_VOID(fleet.imagine(desk, event, now));
                continue;
            }
            TRY(auto request, dispatch::request_of(one.get_object(), fleet.sites()));
            request.id = fmt::format("what-if-{}", ++count);
            request.created_at = now;
            auto added = desk.add_request(std::move(request));
            if (!added) return fail(Code::invalid, added.error().context);
        }
    }
    return {};
}

io::Task<Answer> propose(Call call) {
    CO_TRY(const auto body, body_object(call.request, {"seconds", "what_if", "seed"}));
    CO_TRY(const auto seconds, optional_number(body, "seconds"));
    FleetRoom::Think wanted;
    wanted.seconds = seconds ? seconds->value_or(1) : 1;
    if (!(wanted.seconds >= seconds_least && wanted.seconds <= seconds_most))
        co_return fail(Code::invalid, "seconds must be 0.05 to 30");
    if (const auto* seed = body.if_contains("seed"); seed != nullptr && seed->is_int64())
        wanted.seed = static_cast<std::uint64_t>(seed->get_int64());
    json::object what_if;
    if (const auto* given = body.if_contains("what_if"); given != nullptr && !given->is_null()) {
        if (!given->is_object()) co_return fail(Code::invalid, "what_if must be an object");
        what_if = given->get_object();
        wanted.is_what_if = true;
        wanted.imagine = [&what_if](const Fleet& fleet, dispatch::FleetDesk& desk, Instant now) {
            return imagine_all(fleet, desk, now, what_if);
        };
    }
    auto thought = co_await call.services->fleet->think(call.organisation(), wanted);
    if (!thought) co_return std::unexpected(thought.error());
    json::object shown;
    const bool zh = is_chinese(call);
    auto look = [&](const Fleet& fleet, Instant) {
        shown = dispatch::to_json(fleet, thought->plan, false, zh);
    };
    co_await call.services->fleet->look(call.organisation(), look);
    shown["id"] = text(thought->proposal);
    shown["is_what_if"] = wanted.is_what_if;
    co_return reply(shown, 201);
}

std::unexpected<Error> no_proposal() {
    return fail(Code::not_found, "there is no such proposal any more");
}

io::Task<Answer> proposal(Call call) {
    FleetView view = [&](const Fleet& fleet, Instant) -> Result<json::object> {
        const auto* found = fleet.proposal(call.captured(0));
        if (found == nullptr) return no_proposal();
        auto shown = dispatch::to_json(fleet, found->plan, false, is_chinese(call));
        shown["id"] = text(found->id);
        shown["is_what_if"] = found->is_what_if;
        return shown;
    };
    auto answer = co_await answer_view(call, std::move(view));
    co_return answer;
}

io::Task<Answer> adopt(Call call) {
    FleetChange change = [&](Fleet& fleet, Instant now) -> Result<json::object> {
        const auto* found = fleet.proposal(call.captured(0));
        if (found == nullptr) return no_proposal();
        if (found->is_what_if)
            return fail(Code::conflict, "what if is not what is: propose without it");
        dispatch::Decision decision;
        decision.at = now;
        decision.by = call.principal->name;
        decision.cause.kind = dispatch::FleetEvent::Kind::by_hand;
        decision.cause.why.code = "adopted";
        decision.version = found->plan.version;
        decision.cost_before = fleet.plan().cost.total();
        decision.cost_after = found->plan.cost.total();
        decision.changes = found->plan.changes;
        decision.left_out = found->plan.left_out.size();
        decision.was_adopted = true;
        TRY_VOID(fleet.adopt(found->plan));
        (void)fleet.keep_decision(std::move(decision));
        return dispatch::to_json(fleet, fleet.plan(), true, is_chinese(call));
    };
    auto answer = co_await answer_change(call, std::move(change));
    co_return answer;
}

io::Task<Answer> candidates(Call call) {
    CO_TRY(const auto limit, limit_of(call.request, 10, 1'000));
    CO_TRY(const auto index,
           place_number(asked_text(call, "place").empty() ? "0" : asked_text(call, "place")));
    const bool zh = is_chinese(call);
    const dispatch::PlaceOf place{call.captured(0), index};
    json::array items;
    FleetRoom::Question question = [&](const dispatch::FleetDesk& desk, dispatch::Ground& ground,
                                       Instant now) -> Result<void> {
        TRY(const auto ranked, desk.candidates(place, now, limit, &ground));
        const bool is_any =
            !ranked.empty() && ranked.front().terms.obstacle == solve::Obstacle::none;
        for (const auto& one : ranked)
            items.push_back(dispatch::to_json(one, is_any ? &ranked.front() : nullptr, zh));
        return {};
    };
    auto done = co_await call.services->fleet->ponder(call.organisation(), question);
    if (!done) co_return std::unexpected(done.error());
    co_return reply(fleet_page(std::move(items), nullptr));
}

/// What moving a place to a machine would do.
struct Move {
    dispatch::PlaceOf place;
    std::string machine;
    bool is_chinese = false;
    double cost_before = 0;
    std::string obstacle = {};  ///< in words; empty: none that pinning does not cure
};

/// Pins it in a copy of the desk that is planned with.
Result<void> try_move(Move& move, dispatch::FleetDesk& desk, dispatch::Ground& ground,
                      Instant now) {
    solve::Options as_it_is;
    as_it_is.budget.iterations_max = 0;
    dispatch::Planning how;
    how.explained_max = 0, how.ground = &ground;
    TRY(const auto present, desk.propose(now, as_it_is, how));
    move.cost_before = present.cost.total();
    TRY(const auto ranked, desk.candidates(move.place, now, desk.machines().size(), &ground));
    for (const auto& one : ranked) {
        const auto obstacle = one.terms.obstacle;
        const bool is_cured = obstacle == solve::Obstacle::none ||
                              obstacle == solve::Obstacle::delays_others ||
                              obstacle == solve::Obstacle::pinned;
        if (one.machine == move.machine && !is_cured)
            move.obstacle = dispatch::sentence_of(one, nullptr, move.is_chinese);
    }
    return desk.pin(move.place, move.machine);
}

/// Pins it in the fleet, and plans again around it.
io::Task<Result<void>> keep_move(const Call& call, const Move& move) {
    auto pin = [&](Fleet& fleet, Instant) { return fleet.pin(move.place, move.machine); };
    auto pinned = co_await change_fleet(call, pin, nullptr);
    if (!pinned) co_return pinned;
    FleetRoom::Think again;
    again.seconds = move_seconds;
    again.is_adopted = true;
    again.by = call.principal->name;
    again.cause.kind = dispatch::FleetEvent::Kind::by_hand;
    again.cause.machine = move.machine;
    again.cause.place = move.place;
    again.cause.why.code = "moved";
    again.within_s = event_within_s;
    auto kept = co_await call.services->fleet->think(call.organisation(), again);
    if (!kept) co_return std::unexpected(kept.error());
    co_return Result<void>();
}

io::Task<Answer> move_by_hand(Call call) {
    CO_TRY(const auto body, body_object(call.request, {"machine", "keep"}));
    CO_TRY(const auto machine, text_member(body, "machine"));
    CO_TRY(const auto asked_keep, optional_flag(body, "keep"));
    CO_TRY(const auto index, place_number(call.captured(1)));
    const bool is_kept = asked_keep.value_or(false), zh = is_chinese(call);
    Move move{{call.captured(0), index}, machine, zh};
    FleetRoom::Think wanted;
    wanted.seconds = move_seconds;
    wanted.is_what_if = !is_kept;
    wanted.prepare = [&move](dispatch::FleetDesk& desk, dispatch::Ground& ground, Instant now) {
        return try_move(move, desk, ground, now);
    };
    auto thought = co_await call.services->fleet->think(call.organisation(), wanted);
    if (!thought) co_return std::unexpected(thought.error());
    const auto out =
        std::ranges::find(thought->plan.left_out, move.place, &dispatch::LeftOut::place);
    if (out != thought->plan.left_out.end())
        co_return fail(Code::invalid,
                       fmt::format("{} cannot do it: {}", machine,
                                   move.obstacle.empty() ? "it would be left out" : move.obstacle));
    if (is_kept) {
        auto kept = co_await keep_move(call, move);
        if (!kept) co_return std::unexpected(kept.error());
    }
    FleetView view = [&](const Fleet& fleet, Instant) {
        const double extra = thought->plan.cost.total() - move.cost_before;
        const auto& plan = is_kept ? fleet.plan() : thought->plan;
        return json::object{{"extra_cost", std::round(extra * 100) / 100},
                            {"is_kept", is_kept},
                            {"plan", dispatch::to_json(fleet, plan, is_kept, zh)}};
    };
    auto answer = co_await answer_view(call, std::move(view));
    co_return answer;
}

/// A change of one place, and the request as it is then.
using PlaceStep = std::function<Result<void>(Fleet&, const dispatch::PlaceOf&, Instant)>;
io::Task<Answer> change_place(Call call, PlaceStep step) {
    CO_TRY(const auto index, place_number(call.captured(1)));
    const dispatch::PlaceOf place{call.captured(0), index};
    FleetChange change = [&](Fleet& fleet, Instant now) -> Result<json::object> {
        TRY_VOID(step(fleet, place, now));
        const auto& request = fleet.desk().requests().at(place.request);
        return dispatch::request_json(fleet, request, is_chinese(call));
    };
    auto answer = co_await answer_change(call, std::move(change));
    co_return answer;
}

io::Task<Answer> pin_place(Call call) {
    CO_TRY(const auto body, body_object(call.request, {"machine"}));
    CO_TRY(const auto machine, text_member(body, "machine"));
    PlaceStep step = [machine](Fleet& fleet, const dispatch::PlaceOf& place, Instant) {
        return fleet.pin(place, machine);
    };
    auto answer = co_await change_place(std::move(call), std::move(step));
    co_return answer;
}

io::Task<Answer> unpin_place(Call call) {
    PlaceStep step = [](Fleet& fleet, const dispatch::PlaceOf& place, Instant) {
        return fleet.unpin(place);
    };
    auto answer = co_await change_place(std::move(call), std::move(step));
    co_return answer;
}

io::Task<Answer> act_on_place(Call call) {
    CO_TRY(const auto body, body_object(call.request, {"action"}));
    CO_TRY(const auto name, text_member(body, "action"));
    const auto action = dispatch::action_of(name);
    if (!action || *action == dispatch::Action::plan)
        co_return fail(Code::invalid,
                       "action must be accept, unplan, depart, arrive, begin, finish or withdraw");
    PlaceStep step = [action](Fleet& fleet, const dispatch::PlaceOf& place, Instant now) {
        return fleet.act(place, *action, now);
    };
    auto answer = co_await change_place(std::move(call), std::move(step));
    co_return answer;
}

io::Task<Answer> accept_all(Call call) {
    CO_TRY(const auto body, body_object(call.request, {"until"}));
    CO_TRY(const auto until, optional_text(body, "until"));
    Instant end{INT64_MAX};
    if (until && *until) {
        CO_TRY(end, parse_rfc3339(**until));
    }
    FleetChange change = [end](Fleet& fleet, Instant now) -> Result<json::object> {
        TRY(const auto accepted, fleet.accept_until(end, now));
        return json::object{{"accepted", accepted}};
    };
    auto answer = co_await answer_change(call, std::move(change));
    co_return answer;
}

io::Task<Answer> report_event(Call call) {
    CO_TRY(auto body, any_body(call.request));
    json::object rush;
    const bool is_rush = body.contains("request") && body.at("request").is_object();
    if (is_rush) {
        rush = body.at("request").get_object();
        body.erase("request");
    }
    CO_TRY(auto event, dispatch::event_of(body));
    if (is_rush != (event.kind == dispatch::FleetEvent::Kind::rush_job))
        co_return fail(Code::invalid,
                       "a rush job, and nothing else, needs \"request\" as it would be posted");
    auto work = [&](Fleet& fleet, Instant now) -> Result<void> {
        if (!is_rush) return fleet.happen(event, now);
        TRY_VOID(only_posted(rush));
        TRY(auto wanted, dispatch::request_of(rush, fleet.sites()));
        wanted.created_by = call.principal->name;
        TRY(event.place.request, fleet.add_request({std::move(wanted), true}, now));
        return {};
    };
    auto done = co_await change_fleet(call, work, nullptr);
    if (!done) co_return std::unexpected(done.error());
    auto decided = co_await decide(std::move(call), event);
    if (!decided) co_return std::unexpected(decided.error());
    co_return reply(json::object{{"decision", std::move(*decided)}});
}

io::Task<Answer> decisions(Call call) {
    CO_TRY(const auto limit, limit_of(call.request));
    std::uint64_t before = UINT64_MAX;
    if (const std::string cursor = asked_text(call, "cursor"); !cursor.empty()) {
        CO_TRY(before, row_number(cursor));
    }
    const bool zh = is_chinese(call);
    json::array items;
    json::value next = nullptr;
    auto look = [&](const Fleet& fleet, Instant) {
        for (auto one = fleet.decisions().rbegin(); one != fleet.decisions().rend(); ++one) {
            if (one->id >= before) continue;
            if (items.size() == limit) {
                next = items.back().as_object().at("id");
                break;
            }
            items.push_back(dispatch::to_json(fleet, *one, true, zh));
        }
    };
    co_await call.services->fleet->look(call.organisation(), look);
    co_return reply(fleet_page(std::move(items), std::move(next)));
}

}  // namespace

void add_fleet_plan_routes(http::Router& router, Services& services) {
    serve_fleet(router, services, "GET", "/api/v1/fleet/plan", &plan_in_force);
    serve_fleet(router, services, "POST", "/api/v1/fleet/plan/proposals", &once<&propose>);
    serve_fleet(router, services, "GET", "/api/v1/fleet/plan/proposals/{id}", &proposal);
    serve_fleet(router, services, "POST", "/api/v1/fleet/plan/proposals/{id}/adopt", &once<&adopt>);
    serve_fleet(router, services, "POST", "/api/v1/fleet/plan/accept", &once<&accept_all>);
    serve_fleet(router, services, "GET", "/api/v1/fleet/requests/{request}/candidates", &candidates);
    serve_fleet(router, services, "POST", "/api/v1/fleet/requests/{request}/places/{place}/move",
                &once<&move_by_hand>);
    serve_fleet(router, services, "PUT", "/api/v1/fleet/requests/{request}/places/{place}/pin",
          &pin_place);
    serve_fleet(router, services, "DELETE", "/api/v1/fleet/requests/{request}/places/{place}/pin",
          &unpin_place);
    serve_fleet(router, services, "POST", "/api/v1/fleet/requests/{request}/places/{place}/actions",
                &once<&act_on_place>);
    serve_fleet(router, services, "POST", "/api/v1/fleet/events", &once<&report_event>);
    serve_fleet(router, services, "GET", "/api/v1/fleet/decisions", &decisions);
}

}  // namespace lineshaft::api
