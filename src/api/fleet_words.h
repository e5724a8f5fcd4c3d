// Inside api: what the fleet's route files share.
#pragma once
#include <functional>
#include <string>

#include "api/call.h"
#include "api/fleet_room.h"
#include "dispatch/fleet/codec.h"

namespace lineshaft::api {

/// ?name=, empty when it is not asked for.
std::string asked_text(const Call& call, std::string_view name);
/// ?lang=zh, or without lang what Accept-Language asks for first.
bool is_chinese(const Call& call);
/// {"code","texts"} of a sentence of the fleet; null when it has no code.
json::value told_reason(std::string_view english);
/// A fleet's error: its sentence in the language asked for, with its reason beside it.
http::Response fleet_problem(const Error& error, bool is_chinese);
/// Takes a flag out of a body; false when it is not there. Errors: invalid.
Result<bool> taken_flag(json::object& body, std::string_view name);
/// No member that only the node sets. Errors: invalid.
Result<void> only_posted(const json::object& body);
Result<std::uint32_t> place_number(std::string_view text);
json::object fleet_page(json::array items, json::value next);

inline constexpr double event_within_s = 0.7;  ///< to a new plan; adopting, storing it come after
/// What happened is in the fleet: plans again, as the settings say, and gives the Decision.
io::Task<Result<json::object>> decide(Call call, dispatch::FleetEvent cause);
/// Use of the machine's day so far, or null.
io::Task<json::value> use_of_today(Call call, std::string machine);

/// Runs `work` once per Idempotency-Key, where the request carries one; who repeats it while it is
/// being done waits. Errors: the work's (they are not remembered); conflict (the key was used with
/// another body).
io::Task<Answer> answer_once(Call call, Work work);
template <Work work>
io::Task<Answer> once(Call call) {
    auto answer = co_await answer_once(std::move(call), work);
    co_return answer;
}

/// Changes the fleet. Of a POST with an Idempotency-Key, that it was done is kept with the change,
/// and `shown` as it stands after `work`; null: only that it was done. Errors: as FleetRoom::change.
io::Task<Result<void>> change_fleet(Call call, FleetRoom::Change work, const json::object* shown,
                                    int status = 200);
/// Answers what `view` shows of the fleet as it is; what it refers to is the waiting caller's, and
/// so is `call`. Errors: its own.
using FleetView = std::function<Result<json::object>(const dispatch::Fleet&, Instant now)>;
io::Task<Answer> answer_view(const Call& call, FleetView view);
/// The same of a change, once it is on disk. Errors: its own, those of change_fleet.
using FleetChange = std::function<Result<json::object>(dispatch::Fleet&, Instant now)>;
io::Task<Answer> answer_change(const Call& call, FleetChange change, unsigned status = 200);

/// As serve(); on a node without a fleet the route answers 503.
void serve_fleet(http::Router& router, Services& services, std::string_view method,
                 std::string_view pattern, Work work);
void add_fleet_plan_routes(http::Router& router, Services& services);
void add_fleet_settings_routes(http::Router& router, Services& services);
void add_fleet_history_routes(http::Router& router, Services& services);
void add_fleet_use_routes(http::Router& router, Services& services);
void add_fleet_site_routes(http::Router& router, Services& services);
void add_fleet_request_routes(http::Router& router, Services& services);

}  // namespace lineshaft::api
