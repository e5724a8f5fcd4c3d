// The fleet's desk: keeps machines, requests and the plan in force, and makes the next one with src/solve.
//
// A value without I/O and clock: `now` and the budget are given, so the owner decides where it thinks
// (a worker) and what is stored. What if = a copy. Owner: one shard; not thread-safe.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "dispatch/fleet/types.h"
#include "solve/explain.h"
#include "solve/solve.h"

namespace lineshaft::dispatch {

struct FleetLimits {
    std::size_t machines_max = 2'000;
    std::size_t places_max = 2'000;       ///< of machines in open requests
    std::uint32_t count_max = 200;        ///< of one request
    std::size_t skills_max = 60;          ///< different types and attachments
    std::int64_t duration_s_max = 366 * 86'400;
};

/// A candidate with its machine's name; the terms are the solver's.
struct FleetCandidate {
    std::string machine;
    solve::Candidate terms;
    std::optional<Instant> arrival = {}, begin = {};
};

class FleetDesk {
public:
    explicit FleetDesk(solve::SpeedProfile speeds = {}, FleetLimits limits = {}) : speeds_(speeds), limits_(limits) {}

    /// New, or known by its id and changed. A machine that broke gives back what it has not finished.
    /// Errors: invalid (id, place, costs), exhausted (machines, skills).
    Result<void> put_machine(FleetMachine machine);
    /// Errors: not_found; conflict (something is planned for it beyond `planned`).
    Result<void> remove_machine(const std::string& id);
    /// Errors: invalid (id, place, windows, duration, count, priority, rent), conflict (the id is taken),
    /// exhausted (places, skills).
    Result<void> add_request(FleetRequest request);

    /// One step of one place. `accept`, `depart` and `arrive` need the plan in force to have a machine.
    /// Errors: not_found, conflict (next_stage).
    Result<void> act(const PlaceOf& place, Action action, Instant now);
    /// By hand: this machine and no other; kept by every later plan until unplanned. Errors: not_found,
    /// conflict (has begun).
    Result<void> pin(const PlaceOf& place, const std::string& machine);

    /// The best next plan; the desk is not changed. What is accepted keeps its machine and order,
    /// what works goes on. Starts from the plan in force when there is one.
    /// Errors: those of solve(). `options.start` and `focus` are set here.
    Result<FleetPlan> propose(Instant now, solve::Options options) const;
    /// Puts a proposal in force. Errors: conflict (something changed since it was made: propose again).
    Result<void> adopt(const FleetPlan& plan);

    /// Who could do it, best first, then who could not and why.
    /// Errors: not_found; conflict (it has begun or is promised); those of solve::rank.
    Result<std::vector<FleetCandidate>> candidates(const PlaceOf& place, Instant now, std::size_t count_max) const;

    const std::map<std::string, FleetMachine>& machines() const { return machines_; }
    const std::map<std::string, FleetRequest>& requests() const { return requests_; }
    const std::map<PlaceOf, Allocation>& allocations() const { return allocations_; }
    /// Grows with every change; a proposal carries the one it was made for.
    std::uint64_t version() const { return version_; }

private:
    struct Draft;  // a problem with the names of what is in it
    Result<Draft> draft(Instant now) const;
    Result<std::uint64_t> skills_of(const std::string& type, const std::vector<std::string>& attachments);
    std::uint64_t known_skills(const std::string& type, const std::vector<std::string>& attachments) const;
    std::vector<const Allocation*> of_machine(const std::string& id) const;

    solve::SpeedProfile speeds_;
    FleetLimits limits_;
    std::map<std::string, FleetMachine> machines_;
    std::map<std::string, FleetRequest> requests_;
    std::map<PlaceOf, Allocation> allocations_;
    std::map<PlaceOf, std::string> pinned_;
    std::map<std::string, std::uint64_t> skill_bits_;
    std::uint64_t version_ = 1;
};

}  // namespace lineshaft::dispatch
