#include "solve/routes.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"

namespace lineshaft::solve {

std::uint64_t Blinks::random() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}
std::uint32_t Blinks::below(std::size_t count) {
    return static_cast<std::uint32_t>(((random() >> 32) * count) >> 32);
}
double Blinks::uniform() { return (double(random() >> 11) + 0.5) * 0x1p-53; }
/// How many positions until the next one is skipped: geometric, mean 100.
std::uint32_t Blinks::draw() { return 1 + std::uint32_t(std::log(uniform()) / std::log(0.99)); }

Routes::Routes(const Model& model) : model_(model) {
    const std::size_t vehicles = model.problem.vehicles.size(), jobs = model.problem.jobs.size();
    routes_.resize(vehicles);
    vehicle_of_.assign(2 * jobs, none);
    position_of_.assign(2 * jobs, none);
    used_at_.assign(vehicles, none);
    empty_at_.assign(vehicles, none);
    absent_at_.assign(jobs, none);
    is_closed_.assign(vehicles, 0);
    is_touched_.assign(vehicles, 0);
    saved_stamp_.assign(vehicles, 0);
    seen_stamp_.assign(vehicles, 0);
    empties_.resize(model.classes.size());
    for (std::uint32_t job = 0; job < jobs; ++job) set_absent(job, true);
    std::vector<std::uint8_t> is_pinned(jobs, 0);
    for (std::uint32_t v = static_cast<std::uint32_t>(vehicles); v-- > 0;) {
        const Vehicle& vehicle = model.problem.vehicles[v];
        RouteState& route = routes_[v];
        route.slots.resize(2);
        route.slots[0].place = vehicle.start;
        route.slots[1].place = vehicle.end ? *vehicle.end : model.no_place;
        route.pinned = static_cast<std::uint32_t>(vehicle.pinned.size());
        std::vector<std::uint32_t> fixed;  // visits, then deliveries still to come in any order
        for (const Visit& visit : vehicle.pinned) fixed.push_back(2 * visit.job + visit.is_delivery);
        for (const Visit& visit : vehicle.pinned)
            if (model.is_transport(visit.job) && std::ranges::count(fixed, 2 * visit.job + 1) == 0)
                fixed.push_back(2 * visit.job + 1);
        for (const std::uint32_t node : fixed) {
            Slot slot;
            slot.node = node;
            slot.place = model.nodes[node].place;
            route.slots.insert(route.slots.end() - 1, slot);
            if (node % 2 == 0) {
                set_absent(node / 2, false);
                cost_ += change_cost(node / 2, v);
            }
        }
        refresh(v);
        note_use(v);
    }
}

double Routes::change_cost(std::uint32_t job, std::uint32_t vehicle) const {
    const Job& what = model_.problem.jobs[job];
    return what.previous_vehicle && *what.previous_vehicle != vehicle ? what.change_cost : 0;
}

std::vector<Order> Routes::orders() const {
    std::vector<Order> all;
    for (std::uint32_t v = 0; v < routes_.size(); ++v) {
        if (is_empty(v)) continue;
        all.push_back({v, {}});
        for (const Slot& slot : routes_[v].slots)
            if (slot.node != none) all.back().visits.push_back({slot.node / 2, slot.node % 2 == 1});
    }
    return all;
}

bool Routes::has_room(std::uint32_t job, const RouteState& route, std::uint32_t vehicle) const {
    const Vehicle& who = model_.problem.vehicles[vehicle];
    if (route.slots.size() - 2 + 1 + model_.is_transport(job) > who.stops_max) return false;
    if (model_.is_transport(job)) return true;  // judged position by position
    const Load& load = model_.problem.jobs[job].load;
    for (std::size_t d = 0; d < load.size(); ++d)
        if (route.peak[d] + load[d] > who.capacity[d]) return false;
    return true;
}

void Routes::try_route(std::uint32_t job, std::uint32_t vehicle, Insertion& best, Blinks* blinks) const {
    const RouteState& route = routes_[vehicle];
    if (!has_room(job, route, vehicle) || !model_.is_able(vehicle, job)) return;
    double extra = change_cost(job, vehicle);
    if (is_empty(vehicle)) {
        if (is_closed_[vehicle]) return;
        extra += model_.problem.vehicles[vehicle].fixed_cost;
        if (extra >= best.cost) return;
    }
    if (model_.is_transport(job)) try_transport(job, vehicle, extra, best, blinks);
    else try_work(job, vehicle, extra, best, blinks);
}

void Routes::try_work(std::uint32_t job, std::uint32_t vehicle, double extra, Insertion& best,
                      Blinks* blinks) const {
    const Vehicle& who = model_.problem.vehicles[vehicle];
    const std::vector<Slot>& slots = routes_[vehicle].slots;
    const Node& node = model_.nodes[2 * job];
    const Leg *to = model_.to(2 * job), *from = model_.from(2 * job);
    const double per_metre = who.cost_per_metre, per_second = who.cost_per_second, factor = who.time_factor;
    // Stops may be late by ever more, the further back: those that leave no time for the job are the first ones.
    const double done_first = node.open + node.service - tolerance_s;
    std::uint32_t p = first_free(vehicle);
    for (auto left = static_cast<std::uint32_t>(slots.size()) - p; left > 0;) {
        const std::uint32_t half = left / 2;
        const bool is_too_early = slots[p + half].latest < done_first;
        p += is_too_early ? half + 1 : 0;
        left = is_too_early ? left - half - 1 : half;
    }
    for (; p < slots.size(); ++p) {
        const Slot &before = slots[p - 1], &behind = slots[p];
        if (before.leave > node.close + tolerance_s) break;
        const Leg in = to[before.place], out = from[behind.place];
        const double in_s = in.seconds * factor, out_s = out.seconds * factor;
        const double cost = extra + per_metre * (in.metres + out.metres - behind.metres_in) +
                            per_second * (in_s + out_s - behind.seconds_in);
        if (cost >= best.cost) continue;
        const double begin = model_.begin(node, before.leave + in_s);
        if (begin + node.service + out_s > behind.latest + tolerance_s) continue;
        if (blinks && blinks->next()) continue;
        best = {cost, vehicle, p, p};
    }
}

void Routes::try_transport(std::uint32_t job, std::uint32_t vehicle, double extra, Insertion& best,
                           Blinks* blinks) const {
    const Vehicle& who = model_.problem.vehicles[vehicle];
    const RouteState& route = routes_[vehicle];
    const std::vector<Slot>& slots = route.slots;
    const Node &pick = model_.nodes[2 * job], &drop = model_.nodes[2 * job + 1];
    const Leg *to_pick = model_.to(2 * job), *from_pick = model_.from(2 * job), *from_drop = model_.from(2 * job + 1);
    const Leg between = from_pick[drop.place];
    const double between_s = between.seconds * who.time_factor;
    const Load& load = model_.problem.jobs[job].load;
    for (std::uint32_t p = first_free(vehicle); p < slots.size(); ++p) {
        const Slot &before = slots[p - 1], &behind = slots[p];
        if (before.leave > pick.close + tolerance_s) break;
        bool has_space = true;
        for (std::size_t d = 0; d < load.size(); ++d)
            has_space &= route.loads[p - 1][d] + load[d] <= who.capacity[d];
        if (!has_space) continue;
        const Leg in = to_pick[before.place], out = from_drop[behind.place];
        const double in_s = in.seconds * who.time_factor, out_s = out.seconds * who.time_factor;
        const double begin = model_.begin(pick, before.leave + in_s);
        if (begin == never) continue;
        const double lead = extra + who.cost_per_metre * (in.metres - behind.metres_in) +
                            who.cost_per_second * (in_s - behind.seconds_in);
        const double cost = lead + who.cost_per_metre * (between.metres + out.metres) +
                            who.cost_per_second * (between_s + out_s);
        const double drop_begin = model_.begin(drop, begin + pick.service + between_s);
        if (cost < best.cost && drop_begin + drop.service + out_s <= behind.latest + tolerance_s &&
            !(blinks && blinks->next()))
            best = {cost, vehicle, p, p};
        if (drop_begin != never) try_deliveries(job, vehicle, p, lead, best, blinks);
    }
}

/// The pickup stands before slot `position`; the delivery goes behind that slot or further on.
void Routes::try_deliveries(std::uint32_t job, std::uint32_t vehicle, std::uint32_t position, double lead,
                            Insertion& best, Blinks* blinks) const {
    const Vehicle& who = model_.problem.vehicles[vehicle];
    const RouteState& route = routes_[vehicle];
    const Node &pick = model_.nodes[2 * job], &drop = model_.nodes[2 * job + 1];
    const Leg *from_pick = model_.from(2 * job), *to_drop = model_.to(2 * job + 1), *from_drop = model_.from(2 * job + 1);
    const Load& load = model_.problem.jobs[job].load;
    const double factor = who.time_factor;
    const Slot &before = route.slots[position - 1], &first = route.slots[position];
    if (first.node == none) return;
    double leave = model_.begin(pick, before.leave + model_.to(2 * job)[before.place].seconds * factor) + pick.service;
    const Leg out = from_pick[first.place];
    lead += who.cost_per_metre * out.metres + who.cost_per_second * out.seconds * factor;
    double arrival = leave + out.seconds * factor;
    for (std::uint32_t p = position; p + 1 < route.slots.size(); ++p) {
        const Slot &slot = route.slots[p], &behind = route.slots[p + 1];
        if (arrival > slot.latest + tolerance_s) return;
        for (std::size_t d = 0; d < load.size(); ++d)
            if (route.loads[p][d] + load[d] > who.capacity[d]) return;
        const Node& node = model_.nodes[slot.node];
        leave = model_.begin(node, arrival) + node.service;
        if (leave > drop.close + tolerance_s) return;
        const Leg in = to_drop[slot.place], home = from_drop[behind.place];
        const double in_s = in.seconds * factor, home_s = home.seconds * factor;
        const double cost = lead + who.cost_per_metre * (in.metres + home.metres - behind.metres_in) +
                            who.cost_per_second * (in_s + home_s - behind.seconds_in);
        arrival = leave + behind.seconds_in;
        if (cost >= best.cost) continue;
        const double begin = model_.begin(drop, leave + in_s);
        if (begin + drop.service + home_s > behind.latest + tolerance_s) continue;
        if (blinks && blinks->next()) continue;
        best = {cost, vehicle, position, p + 1};
    }
}

std::uint32_t Routes::an_empty_one(std::uint32_t kind) const {
    for (auto it = empties_[kind].rbegin(); it != empties_[kind].rend(); ++it)
        if (!is_closed_[*it]) return *it;
    return none;
}

void Routes::try_all(std::uint32_t job, Insertion& best, Blinks* blinks) {
    if (model_.is_small) {
        for (const std::uint32_t vehicle : used_) try_route(job, vehicle, best, blinks);
        for (const std::uint32_t kind : model_.classes_near[job])
            if (const std::uint32_t vehicle = an_empty_one(kind); vehicle != none) try_route(job, vehicle, best, blinks);
        return;
    }
    ++seen_;
    const auto once = [&](std::uint32_t vehicle) {
        if (vehicle == none || seen_stamp_[vehicle] == seen_) return;
        seen_stamp_[vehicle] = seen_;
        try_route(job, vehicle, best, blinks);
    };
    for (const std::uint32_t kind : model_.classes_near[job]) {
        once(an_empty_one(kind));
        if (model_.classes[kind].members.size() == 1) once(model_.classes[kind].members.front());
    }
    for (const std::uint32_t other : model_.near[job]) once(vehicle_of_[2 * other]);
    if (best.vehicle != none || !model_.must(job)) return;
    for (const std::uint32_t vehicle : used_) once(vehicle);
}

void Routes::insert(std::uint32_t job, const Insertion& where) {
    save(where.vehicle);
    cost_ += change_cost(job, where.vehicle);
    std::vector<Slot>& slots = routes_[where.vehicle].slots;
    Slot slot;
    if (model_.is_transport(job)) {  // the later one first, so that the positions hold
        slot.node = 2 * job + 1;
        slot.place = model_.nodes[slot.node].place;
        slots.insert(slots.begin() + where.delivery, slot);
    }
    slot.node = 2 * job;
    slot.place = model_.nodes[slot.node].place;
    slots.insert(slots.begin() + where.position, slot);
    set_absent(job, false);
    const bool is_transport = model_.is_transport(job);
    refresh(where.vehicle, {where.position, is_transport ? where.delivery + 1 : where.position});
}

void Routes::remove(std::uint32_t vehicle, const std::vector<std::uint32_t>& jobs) {
    save(vehicle);
    for (const std::uint32_t job : jobs) {
        DCHECK(vehicle_of_[2 * job] == vehicle);
        vehicle_of_[2 * job] = vehicle_of_[2 * job + 1] = none;
        cost_ -= change_cost(job, vehicle);
        set_absent(job, true);
    }
    std::erase_if(routes_[vehicle].slots, [&](const Slot& slot) {
        return slot.node != none && vehicle_of_[slot.node] == none;
    });
    refresh(vehicle);
}

void Routes::remove(std::uint32_t job) { remove(vehicle_of_[2 * job], {job}); }

/// Exactly these visits, if the vehicle can. (Without the triangle inequality a part of a possible
/// route need not be possible, so the way through its parts may be blocked.)
bool Routes::load_whole(const Order& order) {
    RouteState& route = routes_[order.vehicle];
    std::size_t fixed = 0;
    for (const Visit& visit : order.visits) {
        const bool is_here = vehicle_of_[2 * visit.job + visit.is_delivery] == order.vehicle;
        fixed += is_here;
        if (!is_here && (!is_absent(visit.job) || !model_.is_able(order.vehicle, visit.job))) return false;
    }
    const auto& pinned = model_.problem.vehicles[order.vehicle].pinned;
    if (fixed + 2 != route.slots.size() || order.visits.size() < pinned.size() ||
        !std::equal(pinned.begin(), pinned.end(), order.visits.begin()))
        return false;
    RouteState kept = route;
    const double cost_before = cost_;
    const std::uint32_t missing_before = missing_;
    route.slots.resize(1);
    std::vector<std::uint32_t> taken;
    for (const Visit& visit : order.visits) {
        Slot slot;
        slot.node = 2 * visit.job + visit.is_delivery;
        slot.place = model_.nodes[slot.node].place;
        route.slots.push_back(slot);
        if (visit.is_delivery || !is_absent(visit.job)) continue;
        taken.push_back(visit.job);
        set_absent(visit.job, false);
        cost_ += change_cost(visit.job, order.vehicle);
    }
    route.slots.push_back(kept.slots.back());
    refresh(order.vehicle);
    std::size_t halves = 0;
    for (const std::uint32_t job : taken) halves += 1 + model_.is_transport(job);
    if (fixed + halves == order.visits.size() && fits(order.vehicle)) return true;
    for (const Visit& visit : order.visits) vehicle_of_[2 * visit.job + visit.is_delivery] = none;
    for (const std::uint32_t job : taken) set_absent(job, true);
    route = std::move(kept);
    refresh(order.vehicle);
    cost_ = cost_before;
    missing_ = missing_before;
    return false;
}

/// Visits are taken over one job after the other, in their order, when the route stays possible.
void Routes::load(const std::vector<Order>& orders) {
    for (const Order& order : orders) {
        if (load_whole(order)) continue;
        RouteState& route = routes_[order.vehicle];
        for (const Visit& first : order.visits) {
            if (first.is_delivery || !is_absent(first.job) || !model_.is_able(order.vehicle, first.job)) continue;
            RouteState kept = route;
            const double cost_before = cost_;
            const bool is_transport = model_.is_transport(first.job);
            Slot slot;
            for (std::uint32_t second = 0; second <= std::uint32_t(is_transport); ++second) {
                slot.node = 2 * first.job + second;
                slot.place = model_.nodes[slot.node].place;
                // Behind those already there that the order has before it.
                std::uint32_t at = first_free(order.vehicle);
                for (const Visit& other : order.visits) {
                    if (other == Visit{first.job, second == 1}) break;
                    const std::uint32_t node = 2 * other.job + other.is_delivery;
                    if (vehicle_of_[node] == order.vehicle) at = std::max(at, position_of_[node] + 1);
                }
                route.slots.insert(route.slots.begin() + at, slot);
                refresh(order.vehicle);
            }
            cost_ += change_cost(first.job, order.vehicle);
            set_absent(first.job, false);
            if (fits(order.vehicle)) continue;
            for (const Slot& gone : route.slots)
                if (gone.node != none) vehicle_of_[gone.node] = none;
            set_absent(first.job, true);
            route = std::move(kept);
            refresh(order.vehicle);
            cost_ = cost_before;
        }
    }
}

bool Routes::fits(std::uint32_t vehicle) const {
    const RouteState& route = routes_[vehicle];
    const Vehicle& who = model_.problem.vehicles[vehicle];
    if (route.slots.size() - 2 > who.stops_max) return false;
    for (std::size_t d = 0; d < route.peak.size(); ++d)
        if (route.peak[d] > who.capacity[d]) return false;
    for (std::size_t i = 1; i < route.slots.size(); ++i)
        if (route.slots[i - 1].leave + route.slots[i].seconds_in > route.slots[i].latest + tolerance_s) return false;
    for (std::size_t i = 1; i + 1 < route.slots.size(); ++i)
        if (route.slots[i].node % 2 == 1 && position_of_[route.slots[i].node - 1] >= i) return false;
    return true;
}

void Routes::refresh(std::uint32_t vehicle, Part part) {
    cost_ -= routes_[vehicle].cost;
    drive_forward(vehicle, part);
    look_back(vehicle, part);
    refresh_loads(vehicle);
    note_use(vehicle);
    cost_ += routes_[vehicle].cost;
}

void Routes::drive_forward(std::uint32_t vehicle, Part part) {
    RouteState& route = routes_[vehicle];
    std::vector<Slot>& slots = route.slots;
    const Vehicle& who = model_.problem.vehicles[vehicle];
    slots[0].leave = who.shift.from_s;
    if (route.pinned == 0) slots[0].leave = std::max(slots[0].leave, who.free_from_s);
    route.cost = 0;
    if (slots.size() == 2) {
        slots[1].metres_in = slots[1].seconds_in = 0;
        slots[1].from = none;
        slots[1].leave = slots[0].leave;
        return;
    }
    double metres = 0, seconds = 0;
    bool is_settled = false;  // from here on everybody leaves as before
    for (std::uint32_t i = 1; i < slots.size(); ++i) {
        Slot& slot = slots[i];
        if (i >= part.first && !is_settled) {
            const bool is_same_way = slot.from == slots[i - 1].place;
            const double left = std::exchange(slot.leave, leave_of(slot, slots[i - 1], who));
            if (i == route.pinned) slot.leave = std::max(slot.leave, who.free_from_s);
            is_settled = part.last != none && i > part.last && is_same_way && slot.leave == left;
        }
        metres += slot.metres_in;
        seconds += slot.seconds_in;
        if (slot.node == none || i < part.first) continue;
        vehicle_of_[slot.node] = vehicle;
        position_of_[slot.node] = i;
    }
    route.cost = who.fixed_cost + metres * who.cost_per_metre + seconds * who.cost_per_second;
}

double Routes::leave_of(Slot& slot, const Slot& before, const Vehicle& who) const {
    if (slot.from != before.place) {  // legs of large problems are far away in memory
        const Leg& leg = slot.node != none ? model_.to(slot.node)[before.place] : model_.from(before.node)[slot.place];
        slot.metres_in = leg.metres;
        slot.seconds_in = leg.seconds * who.time_factor;
        slot.from = before.place;
    }
    const double arrival = before.leave + slot.seconds_in;
    if (slot.node == none) return arrival;
    const Node& node = model_.nodes[slot.node];
    const double begin = model_.begin(node, arrival);
    return (begin == never ? arrival : begin) + node.service;
}

void Routes::look_back(std::uint32_t vehicle, Part part) {
    std::vector<Slot>& slots = routes_[vehicle].slots;
    slots.back().latest = model_.problem.vehicles[vehicle].shift.until_s;
    const std::size_t last = std::min<std::size_t>(part.last, slots.size() - 2);
    for (std::size_t i = last; i >= 1; --i) {
        const Node& node = model_.nodes[slots[i].node];
        const double latest = model_.last_begin(node, slots[i + 1].latest - slots[i + 1].seconds_in - node.service);
        if (std::exchange(slots[i].latest, latest) == latest && i < part.first) break;
    }
}

void Routes::refresh_loads(std::uint32_t vehicle) {
    RouteState& route = routes_[vehicle];
    Load& base = route.base;
    base = {};
    const auto add = [](Load& sum, const Load& load, std::int64_t sign) {
        for (std::size_t d = 0; d < sum.size(); ++d) sum[d] += sign * load[d];
    };
    for (const Slot& slot : route.slots)
        if (slot.node != none && !model_.is_transport(slot.node / 2)) add(base, model_.problem.jobs[slot.node / 2].load, 1);
    route.peak = base;
    if (!model_.has_transports) return;
    route.loads.resize(route.slots.size());
    Load now = base;
    for (std::size_t i = 0; i < route.slots.size(); ++i) {
        const std::uint32_t node = route.slots[i].node;
        if (node != none && model_.is_transport(node / 2)) add(now, model_.problem.jobs[node / 2].load, node % 2 ? -1 : 1);
        route.loads[i] = now;
        for (std::size_t d = 0; d < now.size(); ++d) route.peak[d] = std::max(route.peak[d], now[d]);
    }
}

}  // namespace lineshaft::solve
