// The words of fleet allocation: machines, requests for them, and what becomes of a request.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "solve/explain.h"
#include "solve/plan.h"
#include "solve/problem.h"

namespace lineshaft::dispatch {

/// A machine that can be sent somewhere.
struct FleetMachine {
    std::string id;
    std::string type;                      ///< "excavator"
    std::vector<std::string> attachments;  ///< what it has on it or can mount
    solve::Point position;                 ///< the last that is believed
    std::optional<Instant> available_from = {},
                           available_until = {};  ///< until: service due, end of rent
    bool is_broken = false;
    double fixed_cost = 0;                       ///< of moving it at all
    double cost_per_km = 2, cost_per_hour = 30;  ///< of the way
    double time_factor = 1;                      ///< a machine on tracks takes longer
    std::string until_why = {};             ///< "service" or "rent": what ends at available_until
    bool drives_itself = true;              ///< else it is carried between sites, when somebody can
    double weight_kg = 0, capacity_kg = 0;  ///< capacity: it carries others, and does nothing else
};

/// A site asks for machines.
struct FleetRequest {
    std::string id;
    solve::Point site;
    std::string type;
    std::vector<std::string> attachments;  ///< all are needed
    std::vector<Window> windows;           ///< work begins inside one; none: any time from now on
    std::int64_t duration_s = 0;
    std::uint32_t count = 1;               ///< so many machines
    std::uint8_t priority = 50;            ///< 0..100
    std::optional<double> rent_cost = {};  ///< of one from outside; none: it must be one of ours
    // For people:
    std::string title = {}, note = {}, created_by = {};
    std::string site_id =
        {};  ///< of the site whose position `site` is; empty: a place without border
    Instant created_at = {};
};

/// What became of one machine's place of a request.
enum class Stage { requested, planned, accepted, travelling, arrived, working, done, withdrawn };
enum class Action {
    plan,    ///< a machine was found for it
    unplan,  ///< it was taken away again, or broke down
    accept,  ///< people promised it: it is not moved any more
    depart,  ///< the machine is on its way
    arrive,  ///< it is there
    begin,   ///< it works
    finish,
    withdraw,  ///< the site does not want it any more
};
std::string_view name_of(Stage stage);
std::string_view name_of(Action action);

/// The only transitions there are. Errors: conflict ("a finished one cannot be withdrawn").
///   requested -plan-> planned -accept-> accepted -depart-> travelling -arrive-> arrived -begin->
///   working -finish-> done planned .. working -unplan-> requested; all before arrived -withdraw->
///   withdrawn; planned -plan-> planned (another machine); steps nobody told of are left out:
///   accepted -arrive, accepted and travelling -begin, arrived -finish.
Result<Stage> next_stage(Stage stage, Action action);
std::optional<Stage> stage_of(std::string_view name);
std::optional<Action> action_of(std::string_view name);
/// The machine stands at the site for it.
constexpr bool is_there(Stage stage) {
    return stage == Stage::arrived || stage == Stage::working;
}

/// One machine's place of a request: `index` in 0..count-1.
struct PlaceOf {
    std::string request;
    std::uint32_t index = 0;
    auto operator<=>(const PlaceOf&) const = default;
};

struct Allocation {
    PlaceOf place;
    Stage stage = Stage::requested;
    std::string machine;  ///< from planned on
    Instant arrival = {}, begin = {},
            end = {};  ///< expected; arrival and begin once they were: when
    double way_metres = 0;
    double late_s = 0;  ///< promised, and so far behind its last window
    bool operator==(const Allocation&) const = default;
};

/// A candidate with its machine's name; the terms are the solver's.
struct FleetCandidate {
    std::string machine;
    solve::Candidate terms;
    std::optional<Instant> arrival = {}, begin = {};
    std::vector<std::string> missing = {};  ///< attachments or the type it lacks
    std::optional<PlaceOf> delayed = {};    ///< whom it would make late
    std::optional<Instant> available_until = {};
    std::string until_why = {};
};

/// Why a place has no machine; `past` is ours, the others are the solver's.
struct LeftOut {
    PlaceOf place;
    bool is_past = false;  ///< all its windows have closed
    solve::Why why = solve::Why::crowded_out;
    std::optional<double> rent_cost = {};  ///< what the advice "rent one" costs
};

/// What a new plan changes for people.
struct Change {
    PlaceOf place;
    std::string from, to;      ///< machines; empty: none
    std::int64_t shift_s = 0;  ///< begins so much later
    /// What either machine would cost beside the new plan; of the first few changes only.
    std::optional<FleetCandidate> from_terms = {}, to_terms = {};
};

/// One stop of a low-loader: it takes `machine` up, or sets it down.
struct HaulStop {
    PlaceOf place;  ///< for whose sake
    std::string machine;
    bool is_unload = false;
    solve::Point where;
    Instant arrival = {}, begin = {}, end = {};
};
struct Tour {
    std::string loader;
    std::vector<HaulStop> stops;
};
/// How a machine that does not drive itself gets to a place of work.
struct Haul {
    PlaceOf place;
    std::string loader;  ///< empty: nobody carries it, and why
    solve::Why why = solve::Why::crowded_out;
    Instant leaves = {}, arrives = {};
};

struct FleetPlan {
    std::uint64_t version = 0;
    Instant made_at = {};
    std::vector<Allocation> allocations;  ///< planned and beyond, ascending by place
    std::vector<LeftOut> left_out;        ///< ascending by place
    std::vector<Change> changes;          ///< beside the plan before it
    std::vector<Tour> tours;              ///< ascending by loader
    std::vector<Haul> hauls;              ///< ascending by place
    solve::Cost cost;
    /// Seconds its parts took, where somebody asked for them.
    struct Took {
        double prepare_s = 0, search_s = 0, explain_s = 0;
    };
    Took took;
};

}  // namespace lineshaft::dispatch
