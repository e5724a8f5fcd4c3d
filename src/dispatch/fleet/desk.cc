#include "dispatch/fleet/desk.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace lineshaft::dispatch {
namespace {

Instant after(Instant from, double seconds) {
    return {from.micros + std::int64_t(std::llround(seconds * 1e6))};
}

bool is_on_earth(solve::Point p) {
    return std::abs(p.latitude) <= 90 && std::abs(p.longitude) <= 180;
}
bool is_cost(double value) {
    return value >= 0 && value <= 1e6;
}
bool is_name(const std::string& text) {
    return !text.empty() && text.size() <= 256;
}

}  // namespace

std::uint64_t FleetDesk::known_skills(const std::string& type,
                                      const std::vector<std::string>& attachments) const {
    std::uint64_t bits = 0;
    const auto add = [&](const std::string& name) {
        if (const auto found = skill_bits_.find(name); found != skill_bits_.end())
            bits |= found->second;
    };
    add("type " + type);
    for (const std::string& attachment : attachments) add("with " + attachment);
    return bits;
}

Result<std::uint64_t> FleetDesk::skills_of(const std::string& type,
                                           const std::vector<std::string>& attachments) {
    std::vector<std::string> names{"type " + type};
    for (const std::string& attachment : attachments) names.push_back("with " + attachment);
    for (const std::string& name : names) {
        if (name.size() > 256)
            return fail(Code::invalid, "the name of a type or attachment is too long");
        if (skill_bits_.contains(name)) continue;
        if (skill_bits_.size() >= limits_.skills_max)
            return fail(Code::exhausted,
                        fmt::format("more than {} types and attachments", limits_.skills_max));
        skill_bits_.emplace(name, std::uint64_t{1} << skill_bits_.size());
    }
    return known_skills(type, attachments);
}

std::vector<const Allocation*> FleetDesk::of_machine(const std::string& id) const {
    std::vector<const Allocation*> found;
    for (const auto& [place, allocation] : allocations_)
        if (allocation.machine == id && allocation.stage > Stage::requested &&
            allocation.stage < Stage::done)
            found.push_back(&allocation);
    std::ranges::stable_sort(found, [](const Allocation* a, const Allocation* b) {
        const bool a_works = is_there(a->stage), b_works = is_there(b->stage);
        const bool a_promised = a->stage >= Stage::accepted,
                   b_promised = b->stage >= Stage::accepted;
        return std::tuple(!a_works, !a_promised, a->begin, a->place) <
               std::tuple(!b_works, !b_promised, b->begin, b->place);
    });
    return found;
}

Result<void> FleetDesk::put_machine(FleetMachine machine) {
    if (!is_name(machine.id)) return fail(Code::invalid, "a machine needs an id of 1..256 bytes");
    if (!is_on_earth(machine.position) ||
        (machine.position.latitude == 0 && machine.position.longitude == 0))
        return fail(Code::invalid, fmt::format("{}: no position to send it from", machine.id));
    if (!is_cost(machine.fixed_cost) || !is_cost(machine.cost_per_km) ||
        !is_cost(machine.cost_per_hour) ||
        !(machine.time_factor >= 0.01 && machine.time_factor <= 100))
        return fail(Code::invalid,
                    fmt::format("{}: a cost or its time factor is no such number", machine.id));
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
    if (!machines_.contains(id))
        return fail(Code::not_found, fmt::format("there is no machine {}", id));
    for (const Allocation* mine : of_machine(id))
        if (mine->stage != Stage::planned)
            return fail(Code::conflict, fmt::format("{} is {} for request {}", id,
                                                    name_of(mine->stage), mine->place.request));
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

Result<void> FleetDesk::check_request(const FleetRequest& request) const {
    if (!is_name(request.id)) return fail(Code::invalid, "a request needs an id of 1..256 bytes");
    const auto wrong = [&](std::string_view what) {
        return fail(Code::invalid, fmt::format("request {}: {}", request.id, what));
    };
    if (!is_on_earth(request.site)) return wrong("the site is not on the earth");
    if (request.duration_s < 0 || request.duration_s > limits_.duration_s_max)
        return wrong("its duration is none");
    if (request.count < 1 || request.count > limits_.count_max)
        return wrong(fmt::format("asks for {} machines, 1..{}", request.count, limits_.count_max));
    if (request.priority > 100) return wrong("its priority is above 100");
    if (request.rent_cost && !is_cost(*request.rent_cost))
        return wrong("its rent is no such number");
    for (std::size_t i = 0; i < request.windows.size(); ++i) {
        if (request.windows[i].until < request.windows[i].from)
            return wrong("a window closes before it opens");
        if (i > 0 && request.windows[i].from <= request.windows[i - 1].until)
            return wrong("its windows overlap or are not ascending");
    }
    if (request.windows.size() > solve::Limits{}.windows_max) return wrong("too many windows");
    return {};
}

Result<void> FleetDesk::add_request(FleetRequest request) {
    TRY_VOID(check_request(request));
    if (requests_.contains(request.id))
        return fail(Code::conflict, fmt::format("there is a request {} already", request.id));
    const auto open = std::ranges::count_if(
        allocations_, [](const auto& one) { return one.second.stage < Stage::done; });
    if (std::size_t(open) + request.count > limits_.places_max)
        return fail(Code::exhausted,
                    fmt::format("more than {} machines asked for at once", limits_.places_max));
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

Result<void> FleetDesk::change_request(FleetRequest request) {
    TRY_VOID(check_request(request));
    const auto found = requests_.find(request.id);
    if (found == requests_.end())
        return fail(Code::not_found, fmt::format("there is no request {}", request.id));
    const FleetRequest& was = found->second;
    if (was.type != request.type || was.attachments != request.attachments ||
        was.count != request.count || was.site_id != request.site_id ||
        spot_of(was.site) != spot_of(request.site))
        return fail(Code::conflict,
                    "what is asked for and where stays as it is: withdraw it and ask again");
    for (std::uint32_t i = 0; i < was.count; ++i)
        if (is_there(allocations_.at({request.id, i}).stage))
            return fail(Code::conflict, "a machine works on it already");
    ++version_;
    found->second = std::move(request);
    return {};
}

Result<void> FleetDesk::forget_request(const std::string& id) {
    const auto found = requests_.find(id);
    if (found == requests_.end())
        return fail(Code::not_found, fmt::format("there is no request {}", id));
    for (std::uint32_t i = 0; i < found->second.count; ++i)
        if (allocations_.at({id, i}).stage < Stage::done)
            return fail(Code::conflict, "it is not over");
    for (std::uint32_t i = 0; i < found->second.count; ++i) {
        allocations_.erase({id, i});
        pinned_.erase({id, i});
    }
    requests_.erase(found);
    ++version_;
    return {};
}

void FleetDesk::move_machine(const std::string& id, solve::Point position) {
    const auto found = machines_.find(id);
    if (found != machines_.end() && is_on_earth(position)) found->second.position = position;
}

void FleetDesk::set_ways(std::vector<Way> ways) {
    auto fresh = std::make_shared<Ways>();
    for (const Way& way : ways) (*fresh)[{spot_of(way.from), spot_of(way.to)}] = way.leg;
    if (ways_ ? *fresh == *ways_ : fresh->empty()) return;
    ++version_;
    ways_ = std::move(fresh);
}

void FleetDesk::set_speeds(solve::SpeedProfile speeds) {
    ++version_;
    speeds_ = speeds;
}

Result<void> FleetDesk::restore(const Allocation& allocation, const std::string& pinned_to) {
    const auto found = allocations_.find(allocation.place);
    if (found == allocations_.end()) return fail(Code::not_found, "there is no such place");
    ++version_;
    found->second = allocation;
    if (!pinned_to.empty()) pinned_[allocation.place] = pinned_to;
    return {};
}

Result<void> FleetDesk::prolong(const PlaceOf& place, std::int64_t seconds) {
    const auto found = allocations_.find(place);
    if (found == allocations_.end())
        return fail(Code::not_found,
                    fmt::format("request {} has no place {}", place.request, place.index));
    if (!is_there(found->second.stage))
        return fail(Code::conflict, fmt::format("it is {}", name_of(found->second.stage)));
    if (std::abs(seconds) > limits_.duration_s_max)
        return fail(Code::invalid, "longer than a year");
    ++version_;
    found->second.end = after(found->second.end, double(seconds));
    return {};
}

Result<void> FleetDesk::act(const PlaceOf& place, Action action, Instant now) {
    const auto found = allocations_.find(place);
    if (found == allocations_.end())
        return fail(Code::not_found,
                    fmt::format("request {} has no place {}", place.request, place.index));
    Allocation& allocation = found->second;
    if (action == Action::plan)
        return fail(Code::conflict, "machines are found by a plan: propose and adopt, or pin");
    TRY(const Stage next, next_stage(allocation.stage, action));
    ++version_;
    if (next == Stage::arrived) allocation.arrival = now;
    if (is_there(next)) {
        if (allocation.stage < Stage::arrived) allocation.arrival = now;
        allocation.begin = now;
        allocation.end = after(now, double(requests_.at(place.request).duration_s));
    }
    if (next == Stage::done) allocation.end = now;
    if (next == Stage::requested || next == Stage::withdrawn) {
        allocation = {};
        allocation.place = place;
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

Result<void> FleetDesk::unpin(const PlaceOf& place) {
    if (!allocations_.contains(place)) return fail(Code::not_found, "there is no such place");
    if (pinned_.erase(place) > 0) ++version_;
    return {};
}

const std::string* FleetDesk::pinned_to(const PlaceOf& place) const {
    const auto found = pinned_.find(place);
    return found == pinned_.end() ? nullptr : &found->second;
}

Result<void> FleetDesk::adopt(const FleetPlan& plan) {
    if (plan.version != version_)
        return fail(Code::conflict, "the fleet changed since this plan was made: propose again");
    ++version_;
    for (auto& [place, allocation] : allocations_)
        if (allocation.stage == Stage::planned) {
            const PlaceOf mine = place;
            allocation = {};
            allocation.place = mine;
        }
    for (const Allocation& planned : plan.allocations) {
        Allocation& mine = allocations_.at(planned.place);
        const Stage stage = mine.stage == Stage::requested ? Stage::planned : mine.stage;
        mine = planned;
        mine.stage = stage;
    }
    return {};
}

}  // namespace lineshaft::dispatch
