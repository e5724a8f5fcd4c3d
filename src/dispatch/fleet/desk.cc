#include "dispatch/fleet/desk.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace lineshaft::dispatch {
namespace {

/// Giving a planned job to another machine: what the people who know the plan would pay to avoid it.
constexpr double change_cost = 25;

double seconds_between(Instant from, Instant to) { return std::chrono::duration<double>(to - from).count(); }
Instant after(Instant from, double seconds) { return {from.micros + std::int64_t(std::llround(seconds * 1e6))}; }

bool is_on_earth(solve::Point p) { return std::abs(p.latitude) <= 90 && std::abs(p.longitude) <= 180; }
bool is_cost(double value) { return value >= 0 && value <= 1e6; }
bool is_name(const std::string& text) { return !text.empty() && text.size() <= 256; }

}  // namespace

struct FleetDesk::Draft {
    solve::Problem problem;
    std::vector<std::string> machines;  ///< of a vehicle
    std::vector<PlaceOf> places;        ///< of a job
    std::vector<LeftOut> past;
    std::vector<solve::Order> orders;   ///< the plan in force
};

std::uint64_t FleetDesk::known_skills(const std::string& type, const std::vector<std::string>& attachments) const {
    std::uint64_t bits = 0;
    const auto add = [&](const std::string& name) {
        if (const auto found = skill_bits_.find(name); found != skill_bits_.end()) bits |= found->second;
    };
    add("type " + type);
    for (const std::string& attachment : attachments) add("with " + attachment);
    return bits;
}

Result<std::uint64_t> FleetDesk::skills_of(const std::string& type, const std::vector<std::string>& attachments) {
    std::vector<std::string> names{"type " + type};
    for (const std::string& attachment : attachments) names.push_back("with " + attachment);
    for (const std::string& name : names) {
        if (name.size() > 256) return fail(Code::invalid, "the name of a type or attachment is too long");
        if (skill_bits_.contains(name)) continue;
        if (skill_bits_.size() >= limits_.skills_max)
            return fail(Code::exhausted, fmt::format("more than {} types and attachments", limits_.skills_max));
        skill_bits_.emplace(name, std::uint64_t{1} << skill_bits_.size());
    }
    return known_skills(type, attachments);
}

std::vector<const Allocation*> FleetDesk::of_machine(const std::string& id) const {
    std::vector<const Allocation*> found;
    for (const auto& [place, allocation] : allocations_)
        if (allocation.machine == id && allocation.stage > Stage::requested && allocation.stage < Stage::done)
            found.push_back(&allocation);
    std::ranges::stable_sort(found, [](const Allocation* a, const Allocation* b) {
        const bool a_works = a->stage == Stage::working, b_works = b->stage == Stage::working;
        const bool a_promised = a->stage >= Stage::accepted, b_promised = b->stage >= Stage::accepted;
        return std::tuple(!a_works, !a_promised, a->begin, a->place) < std::tuple(!b_works, !b_promised, b->begin, b->place);
    });
    return found;
}

Result<void> FleetDesk::put_machine(FleetMachine machine) {
    if (!is_name(machine.id)) return fail(Code::invalid, "a machine needs an id of 1..256 bytes");
    if (!is_on_earth(machine.position) || (machine.position.latitude == 0 && machine.position.longitude == 0))
        return fail(Code::invalid, fmt::format("{}: no position to send it from", machine.id));
    if (!is_cost(machine.fixed_cost) || !is_cost(machine.cost_per_km) || !is_cost(machine.cost_per_hour) ||
        !(machine.time_factor >= 0.01 && machine.time_factor <= 100))
        return fail(Code::invalid, fmt::format("{}: a cost or its time factor is no such number", machine.id));
    if (!machines_.contains(machine.id) && machines_.size() >= limits_.machines_max)
        return fail(Code::exhausted, fmt::format("more than {} machines", limits_.machines_max));
    TRY_VOID(skills_of(machine.type, machine.attachments));
    ++version_;
    if (machine.is_broken)
        for (const Allocation* mine : of_machine(machine.id)) {
            Allocation& open = allocations_.at(mine->place);
            open.stage = Stage::requested;
            open.machine.clear();
            pinned_.erase(open.place);
        }
    machines_[machine.id] = std::move(machine);
    return {};
}

Result<void> FleetDesk::remove_machine(const std::string& id) {
    if (!machines_.contains(id)) return fail(Code::not_found, fmt::format("there is no machine {}", id));
    for (const Allocation* mine : of_machine(id))
        if (mine->stage != Stage::planned)
            return fail(Code::conflict, fmt::format("{} is {} for request {}", id, name_of(mine->stage), mine->place.request));
    ++version_;
    for (const Allocation* mine : of_machine(id)) {
        Allocation& open = allocations_.at(mine->place);
        open.stage = Stage::requested;
        open.machine.clear();
    }
    std::erase_if(pinned_, [&](const auto& pin) { return pin.second == id; });
    machines_.erase(id);
    return {};
}

Result<void> FleetDesk::add_request(FleetRequest request) {
    if (!is_name(request.id)) return fail(Code::invalid, "a request needs an id of 1..256 bytes");
    const auto wrong = [&](std::string_view what) { return fail(Code::invalid, fmt::format("request {}: {}", request.id, what)); };
    if (requests_.contains(request.id)) return fail(Code::conflict, fmt::format("there is a request {} already", request.id));
    if (!is_on_earth(request.site)) return wrong("the site is not on the earth");
    if (request.duration_s < 0 || request.duration_s > limits_.duration_s_max) return wrong("its duration is none");
    if (request.count < 1 || request.count > limits_.count_max)
        return wrong(fmt::format("asks for {} machines, 1..{}", request.count, limits_.count_max));
    if (request.priority > 100) return wrong("its priority is above 100");
    if (request.rent_cost && !is_cost(*request.rent_cost)) return wrong("its rent is no such number");
    for (std::size_t i = 0; i < request.windows.size(); ++i) {
        if (request.windows[i].until < request.windows[i].from) return wrong("a window closes before it opens");
        if (i > 0 && request.windows[i].from <= request.windows[i - 1].until) return wrong("its windows overlap or are not ascending");
    }
    if (request.windows.size() > solve::Limits{}.windows_max) return wrong("too many windows");
    const auto open = std::ranges::count_if(allocations_, [](const auto& one) { return one.second.stage < Stage::done; });
    if (std::size_t(open) + request.count > limits_.places_max)
        return fail(Code::exhausted, fmt::format("more than {} machines asked for at once", limits_.places_max));
    TRY_VOID(skills_of(request.type, request.attachments));
    ++version_;
    for (std::uint32_t i = 0; i < request.count; ++i) {
        Allocation allocation;
        allocation.place = {request.id, i};
        allocations_.emplace(allocation.place, allocation);
    }
    requests_.emplace(request.id, std::move(request));
    return {};
}

Result<void> FleetDesk::act(const PlaceOf& place, Action action, Instant now) {
    const auto found = allocations_.find(place);
    if (found == allocations_.end()) return fail(Code::not_found, fmt::format("request {} has no place {}", place.request, place.index));
    Allocation& allocation = found->second;
    if (action == Action::plan) return fail(Code::conflict, "machines are found by a plan: propose and adopt, or pin");
    TRY(const Stage next, next_stage(allocation.stage, action));
    ++version_;
    if (next == Stage::working) {
        allocation.begin = now;
        allocation.end = after(now, double(requests_.at(place.request).duration_s));
    }
    if (next == Stage::done) allocation.end = now;
    if (next == Stage::requested || next == Stage::withdrawn) {
        allocation.machine.clear();
        pinned_.erase(place);
    }
    allocation.stage = next;
    return {};
}

Result<void> FleetDesk::pin(const PlaceOf& place, const std::string& machine) {
    const auto found = allocations_.find(place);
    if (found == allocations_.end() || !machines_.contains(machine))
        return fail(Code::not_found, "there is no such place or machine");
    if (found->second.stage > Stage::planned)
        return fail(Code::conflict, fmt::format("it is {} already", name_of(found->second.stage)));
    ++version_;
    pinned_[place] = machine;
    return {};
}

Result<void> FleetDesk::adopt(const FleetPlan& plan) {
    if (plan.version != version_) return fail(Code::conflict, "the fleet changed since this plan was made: propose again");
    ++version_;
    for (auto& [place, allocation] : allocations_)
        if (allocation.stage == Stage::planned) {
            allocation.stage = Stage::requested;
            allocation.machine.clear();
        }
    for (const Allocation& planned : plan.allocations) {
        Allocation& mine = allocations_.at(planned.place);
        const Stage stage = mine.stage == Stage::requested ? Stage::planned : mine.stage;
        mine = planned;
        mine.stage = stage;
    }
    return {};
}

Result<FleetDesk::Draft> FleetDesk::draft(Instant now) const {
    Draft draft;
    std::vector<solve::Point> points;
    const auto place_at = [&](solve::Point point) {
        points.push_back(point);
        return static_cast<std::uint32_t>(points.size() - 1);
    };
    const auto horizon = [&](Instant at) { return std::clamp(seconds_between(now, at), 0.0, solve::latest_s); };
    std::map<PlaceOf, std::uint32_t> job_of;
    std::map<std::string, std::uint32_t> vehicle_of;
    std::map<std::string, std::uint32_t> site_of;
    for (const auto& [id, machine] : machines_)
        if (!machine.is_broken) {
            vehicle_of[id] = static_cast<std::uint32_t>(draft.machines.size());
            draft.machines.push_back(id);
        }
    for (const auto& [place, allocation] : allocations_) {
        if (allocation.stage >= Stage::working) continue;
        const FleetRequest& request = requests_.at(place.request);
        solve::Job job;
        for (const Window& window : request.windows)
            if (window.until >= now) job.at.windows.push_back({horizon(window.from), horizon(window.until)});
        const bool is_promised = allocation.stage >= Stage::accepted;
        if (job.at.windows.empty() && !request.windows.empty()) {
            if (!is_promised) {
                draft.past.push_back({place, true, solve::Why::not_in_time, request.rent_cost});
                continue;
            }
            job.at.windows = {{0, 0}};  // promised and late: it is kept, and its lateness told
        }
        if (!site_of.contains(request.id)) site_of[request.id] = place_at(request.site);
        job.at.place = site_of[request.id];
        job.at.service_s = double(request.duration_s);
        job.skills = known_skills(request.type, request.attachments);
        if (request.rent_cost) job.skip_cost = *request.rent_cost * (0.5 + request.priority / 100.0);
        if (const auto pin = pinned_.find(place); pin != pinned_.end() && vehicle_of.contains(pin->second))
            job.only_vehicle = vehicle_of[pin->second];
        if (allocation.stage >= Stage::planned) {
            job.previous_vehicle = vehicle_of[allocation.machine];
            job.change_cost = change_cost;
        }
        job_of[place] = static_cast<std::uint32_t>(draft.places.size());
        draft.places.push_back(place);
        draft.problem.jobs.push_back(std::move(job));
    }
    for (const std::string& id : draft.machines) {
        const FleetMachine& machine = machines_.at(id);
        solve::Vehicle vehicle;
        vehicle.shift = {machine.available_from ? horizon(*machine.available_from) : 0,
                         machine.available_until ? horizon(*machine.available_until) : solve::latest_s};
        solve::Point from = machine.position;
        solve::Order order{vehicle_of[id], {}};
        for (const Allocation* mine : of_machine(id)) {
            if (mine->stage == Stage::working) {  // goes on from there when it is done
                from = requests_.at(mine->place.request).site;
                vehicle.shift.from_s = std::max(vehicle.shift.from_s, horizon(mine->end));
                continue;
            }
            if (!job_of.contains(mine->place)) continue;
            order.visits.push_back({job_of[mine->place], false});
            if (mine->stage >= Stage::accepted) vehicle.pinned.push_back(order.visits.back());
        }
        vehicle.shift.until_s = std::max(vehicle.shift.until_s, vehicle.shift.from_s);
        vehicle.start = place_at(from);
        vehicle.skills = known_skills(machine.type, machine.attachments);
        if (!vehicle.pinned.empty())  // promised by people, whatever it has mounted now
            for (const solve::Visit& visit : vehicle.pinned) {
                vehicle.skills |= draft.problem.jobs[visit.job].skills;
                draft.problem.jobs[visit.job].only_vehicle.reset();
            }
        vehicle.fixed_cost = machine.fixed_cost;
        vehicle.cost_per_metre = machine.cost_per_km / 1000;
        vehicle.cost_per_second = machine.cost_per_hour / 3600;
        vehicle.time_factor = machine.time_factor;
        draft.problem.vehicles.push_back(std::move(vehicle));
        if (!order.visits.empty()) draft.orders.push_back(std::move(order));
    }
    if (points.empty()) points.push_back({1, 1});
    TRY(solve::Travel travel, solve::great_circle_travel(points, speeds_));
    draft.problem.travel = std::make_shared<const solve::Travel>(std::move(travel));
    return draft;
}

Result<FleetPlan> FleetDesk::propose(Instant now, solve::Options options) const {
    TRY(const Draft drafted, draft(now));
    options.start = drafted.orders;
    TRY(const solve::Outcome outcome, solve::solve(drafted.problem, options));
    FleetPlan plan;
    plan.version = version_;
    plan.made_at = now;
    plan.cost = outcome.plan.cost;
    plan.left_out = drafted.past;
    for (const solve::Unserved& out : outcome.plan.unserved) {
        const PlaceOf& place = drafted.places[out.job];
        plan.left_out.push_back({place, false, out.why, requests_.at(place.request).rent_cost});
    }
    for (const solve::Route& route : outcome.plan.routes) {
        std::uint32_t from = drafted.problem.vehicles[route.vehicle].start;
        for (const solve::Call& call : route.calls) {
            const std::uint32_t to = drafted.problem.jobs[call.visit.job].at.place;
            Allocation one = allocations_.at(drafted.places[call.visit.job]);
            one.stage = std::max(one.stage, Stage::planned);
            one.machine = drafted.machines[route.vehicle];
            one.arrival = after(now, call.arrival_s);
            one.begin = after(now, call.begin_s);
            one.end = after(now, call.leave_s);
            one.way_metres = drafted.problem.travel->leg(from, to).metres;
            plan.allocations.push_back(std::move(one));
            from = to;
        }
    }
    for (const auto& [place, allocation] : allocations_)
        if (allocation.stage == Stage::working) plan.allocations.push_back(allocation);
    std::ranges::sort(plan.allocations, {}, &Allocation::place);
    std::ranges::sort(plan.left_out, {}, &LeftOut::place);
    for (const Allocation& now_planned : plan.allocations) {
        const Allocation& was = allocations_.at(now_planned.place);
        Change change{now_planned.place, was.machine, now_planned.machine, 0};
        if (!was.machine.empty()) change.shift_s = (now_planned.begin.micros - was.begin.micros) / 1'000'000;
        if (change.from != change.to || std::abs(change.shift_s) > 60) plan.changes.push_back(std::move(change));
    }
    for (const LeftOut& out : plan.left_out)
        if (const Allocation& was = allocations_.at(out.place); !was.machine.empty())
            plan.changes.push_back({out.place, was.machine, "", 0});
    return plan;
}

Result<std::vector<FleetCandidate>> FleetDesk::candidates(const PlaceOf& place, Instant now, std::size_t count_max) const {
    if (!allocations_.contains(place)) return fail(Code::not_found, fmt::format("request {} has no place {}", place.request, place.index));
    if (allocations_.at(place).stage > Stage::planned)
        return fail(Code::conflict, fmt::format("it is {} already", name_of(allocations_.at(place).stage)));
    TRY(const Draft drafted, draft(now));
    const auto job = std::ranges::find(drafted.places, place);
    if (job == drafted.places.end()) return fail(Code::conflict, "all its windows have closed");
    solve::Options as_it_is;
    as_it_is.start = drafted.orders;
    as_it_is.budget.iterations_max = 0;
    TRY(const solve::Outcome present, solve::solve(drafted.problem, as_it_is));
    TRY(const auto ranked, solve::rank(drafted.problem, present.plan, std::uint32_t(job - drafted.places.begin()), count_max));
    std::vector<FleetCandidate> found;
    for (const solve::Candidate& terms : ranked) {
        FleetCandidate& one = found.emplace_back();
        one.machine = drafted.machines[terms.vehicle];
        one.terms = terms;
        if (terms.obstacle != solve::Obstacle::none) continue;
        one.arrival = after(now, terms.arrival_s);
        one.begin = after(now, terms.begin_s);
    }
    return found;
}

}  // namespace lineshaft::dispatch
