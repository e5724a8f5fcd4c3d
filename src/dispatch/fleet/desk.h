// The fleet's desk: keeps machines, requests and the plan in force, and makes the next one with
// src/solve.
//
// A value without I/O and clock: `now` and the budget are given, so the owner decides where it
// thinks (a worker) and what is stored. What if = a copy. Owner: one shard; not thread-safe.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "dispatch/fleet/ground.h"
#include "dispatch/fleet/types.h"
#include "solve/explain.h"
#include "solve/solve.h"

namespace lineshaft::dispatch {

struct FleetLimits {
    std::size_t machines_max = 2'000;
    std::size_t places_max = 2'000;  ///< of machines in open requests
    std::uint32_t count_max = 200;   ///< of one request
    std::size_t skills_max = 60;     ///< different types and attachments
    std::int64_t duration_s_max = 366 * 86'400;
};

/// How a plan is made, beside the search's options.
struct Planning {
    std::size_t explained_max = 10;  ///< so many changes carry terms
    Ground* ground = nullptr;        ///< kept from plan to plan; null: made for this one
    /// The part of the time for low-loaders that is used up, as solve::Budget::spent. Empty: only
    /// HaulRules::iterations counts.
    std::function<double()> hauls_spent = {};
    std::function<double()> clock_s = {};  ///< any; for FleetPlan::took. Empty: it is not told
};

class FleetDesk {
public:
    explicit FleetDesk(solve::SpeedProfile speeds = {}, FleetLimits limits = {})
        : speeds_(speeds), limits_(limits) {}

    /// New, or known by its id and changed. A machine that broke gives back what it has not
    /// finished. Errors: invalid (id, place, costs), exhausted (machines, skills).
    Result<void> put_machine(FleetMachine machine);
    /// Errors: not_found; conflict (something is planned for it beyond `planned`).
    Result<void> remove_machine(const std::string& id);
    /// Errors: invalid (id, place, windows, duration, count, priority, rent), conflict (the id is
    /// taken), exhausted (places, skills).
    Result<void> add_request(FleetRequest request);
    /// Other windows, duration, priority, rent or words. Errors: as add_request; not_found;
    /// conflict (the place, type, attachments or count are others, or a place of it was begun).
    Result<void> change_request(FleetRequest request);
    /// Done and withdrawn ones go, with their places. Errors: not_found, conflict (a place is
    /// open).
    Result<void> forget_request(const std::string& id);
    /// Where it stands now. Changes no proposal's ground: what is proposed meanwhile may be
    /// adopted.
    void move_machine(const std::string& id, solve::Point position);
    /// Ways that a road router knows, or that are closed (solve::Travel::closed), between two exact
    /// points, in that direction.
    struct Way {
        solve::Point from, to;
        solve::Leg leg;
    };
    void set_ways(std::vector<Way> ways);
    void set_speeds(solve::SpeedProfile speeds);
    /// As it was stored: a place of a request that is there. Errors: not_found.
    Result<void> restore(const Allocation& allocation, const std::string& pinned_to);
    /// Work that runs ends so much later. Errors: not_found, conflict (it does not run).
    Result<void> prolong(const PlaceOf& place, std::int64_t seconds);

    /// One step of one place. `accept`, `depart` and `arrive` need the plan in force to have a
    /// machine. Errors: not_found, conflict (next_stage).
    Result<void> act(const PlaceOf& place, Action action, Instant now);
    /// By hand: this machine and no other; kept by every later plan until unplanned. Errors:
    /// not_found, conflict (has begun).
    Result<void> pin(const PlaceOf& place, const std::string& machine);
    Result<void> unpin(const PlaceOf& place);
    /// Null: not pinned.
    const std::string* pinned_to(const PlaceOf& place) const;
    /// What a machine has before it, in the order it does it: at work, promised, planned.
    std::vector<const Allocation*> of_machine(const std::string& id) const;

    /// The best next plan; the desk is not changed. What is accepted keeps its machine and order,
    /// what works goes on. Starts from the plan in force when there is one.
    /// What low-loaders there are carry the others (haul.h).
    /// Errors: those of solve(). `options.start` and `focus` are set here.
    Result<FleetPlan> propose(Instant now, solve::Options options, const Planning& how = {}) const;
    /// Puts a proposal in force. Errors: conflict (something changed since it was made: propose
    /// again).
    Result<void> adopt(const FleetPlan& plan);

    /// Who could do it, best first, then who could not and why.
    /// Errors: not_found; conflict (it has begun or is promised); those of solve::rank.
    Result<std::vector<FleetCandidate>> candidates(const PlaceOf& place, Instant now,
                                                   std::size_t count_max,
                                                   Ground* ground = nullptr) const;

    const std::map<std::string, FleetMachine>& machines() const { return machines_; }
    const std::map<std::string, FleetRequest>& requests() const { return requests_; }
    const std::map<PlaceOf, Allocation>& allocations() const { return allocations_; }
    /// Grows with every change; a proposal carries the one it was made for.
    std::uint64_t version() const { return version_; }

private:
    struct Draft;  // a problem with the names of what is in it
    Result<Draft> draft(Instant now, Ground& ground) const;
    void draft_jobs(Draft& draft, Instant now) const;
    void draft_vehicles(Draft& draft, Instant now) const;
    Result<void> draft_travel(Draft& draft, Ground& ground) const;
    FleetPlan plan_of(const Draft& drafted, const solve::Plan& plan, Instant now) const;
    void note_changes(FleetPlan& plan) const;
    Result<std::uint64_t> skills_of(const std::string& type,
                                    const std::vector<std::string>& attachments);
    std::uint64_t known_skills(const std::string& type,
                               const std::vector<std::string>& attachments) const;
    void explain(const Draft& drafted, const solve::Prepared& prepared, const solve::Plan& plan,
                 Instant now, std::size_t count_max, std::vector<Change>& changes) const;
    FleetCandidate named(const Draft& drafted, const solve::Candidate& terms, Instant now) const;
    Result<void> check_request(const FleetRequest& request) const;

    solve::SpeedProfile speeds_;
    FleetLimits limits_;
    std::map<std::string, FleetMachine> machines_;
    std::map<std::string, FleetRequest> requests_;
    std::map<PlaceOf, Allocation> allocations_;
    std::map<PlaceOf, std::string> pinned_;
    std::map<std::string, std::uint64_t> skill_bits_;
    std::shared_ptr<const Ways> ways_;  ///< shared with copies of the desk, and with Ground
    std::uint64_t version_ = 1;
};

}  // namespace lineshaft::dispatch
