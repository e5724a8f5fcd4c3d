#include "solve/ruin.h"

#include <algorithm>
#include <cmath>

namespace lineshaft::solve {

constexpr std::size_t absent_tried_max = 12;  // of those that were absent before

Ruin::Ruin(const Model& model, Strength strength) : model_(model), strength_(strength) {
    torn_route_.assign(model.problem.vehicles.size(), 0);
}

void Ruin::tear(Routes& routes, Blinks& chance, std::span<const std::uint32_t> focus) {
    const std::size_t jobs = model_.problem.jobs.size();
    torn_.clear();
    ++round_;
    const std::size_t served = jobs - routes.absent().size();
    const double mean_length = double(served) / double(std::max<std::uint32_t>(1, routes.vehicles_used()));
    const double longest = std::max(1.0, std::min(double(strength_.string_max), mean_length));
    const double strings_max = 4 * strength_.removed_mean / (1 + longest) - 1;
    auto strings = std::uint32_t(std::max(1.0, std::floor(chance.uniform() * strings_max + 1)));
    const std::uint32_t seed = !focus.empty() && chance.below(8) != 0 ? focus[chance.below(focus.size())]
                                                                      : chance.below(jobs);
    const auto visit = [&](std::uint32_t job) {
        const std::uint32_t vehicle = routes.vehicle_of(2 * job);
        if (vehicle == none || model_.nodes[2 * job].is_fixed || torn_route_[vehicle] == round_) return;
        torn_route_[vehicle] = round_;
        take_string(routes, chance, job, longest);
        --strings;
    };
    visit(seed);
    for (std::size_t i = 0; i < model_.near[seed].size() && strings > 0; ++i) visit(model_.near[seed][i]);
    if (routes.is_absent(seed) && std::ranges::count(torn_, seed) == 0) torn_.push_back(seed);
    for (std::size_t i = 0; i < absent_tried_max && !routes.absent().empty(); ++i) {
        const bool is_all = routes.absent().size() <= torn_.size() + absent_tried_max;
        if (is_all) {
            torn_.assign(routes.absent().begin(), routes.absent().end());
            return;
        }
        const std::uint32_t job = routes.absent()[chance.below(routes.absent().size())];
        if (std::ranges::count(torn_, job) == 0) torn_.push_back(job);
    }
}

/// A string of the job's route with the job in it; or a longer one of which a part in the middle stays.
void Ruin::take_string(Routes& routes, Blinks& chance, std::uint32_t job, double longest) {
    const std::uint32_t vehicle = routes.vehicle_of(2 * job);
    const std::vector<Slot>& slots = routes.slots(vehicle);
    const std::uint32_t first = routes.first_free(vehicle);
    const auto count = std::uint32_t(slots.size() - 1 - first);  // stops that may be taken
    const auto length_max = std::min<double>(count, longest);
    std::uint32_t length = std::uint32_t(std::floor(chance.uniform() * length_max + 1));
    length = std::min(std::max(length, 1u), count);
    std::uint32_t kept = 0;
    if (length > 1 && length < count && chance.uniform() < strength_.split_share) {
        kept = 1;
        while (length + kept < count && chance.uniform() < strength_.split_growth) ++kept;
    }
    const std::uint32_t whole = length + kept;
    const std::uint32_t at = routes.position_of(2 * job);
    const std::uint32_t low = std::max(first, at + 1 >= whole ? at + 1 - whole : 0);
    const auto high = std::min(at, std::uint32_t(slots.size() - 1 - whole));
    const std::uint32_t from = low >= high ? std::min(low, high) : low + chance.below(high - low + 1);
    const std::uint32_t keep_from = kept == 0 ? whole : 1 + chance.below(length - 1);
    string_.clear();
    for (std::uint32_t i = 0; i < whole; ++i) {
        if (i >= keep_from && i < keep_from + kept) continue;
        const std::uint32_t other = slots[from + i].node / 2;
        if (model_.nodes[2 * other].is_fixed || std::ranges::count(string_, other) != 0) continue;
        string_.push_back(other);
    }
    if (string_.empty()) return;
    torn_.insert(torn_.end(), string_.begin(), string_.end());
    routes.remove(vehicle, string_);
}

void Ruin::sort(std::vector<std::uint32_t>& jobs, Blinks& chance) {
    const std::uint32_t order = chance.below(17);
    const auto key = [&](std::uint32_t job) -> double {
        const Node& node = model_.nodes[2 * job];
        const Load& load = model_.problem.jobs[job].load;
        if (order < 4) return chance.uniform();
        if (order < 8) return -double(load[0] + load[1] + load[2]);
        if (order < 10) return -model_.depot_cost[job];
        if (order < 11) return model_.depot_cost[job];
        if (order < 13) return node.close - node.open;
        if (order < 15) return node.open;
        return -node.close;
    };
    keyed_.clear();
    for (const std::uint32_t job : jobs) keyed_.emplace_back(key(job), job);
    std::ranges::sort(keyed_);
    for (std::size_t i = 0; i < jobs.size(); ++i) jobs[i] = keyed_[i].second;
}

bool Ruin::put_back(Routes& routes, Blinks& chance, double limit) {
    sort(torn_, chance);
    double skipped = 0;  // what leaving out the rest would cost: in the plan's cost by now
    for (const std::uint32_t job : torn_)
        if (!model_.must(job)) skipped += model_.skip_cost(job);
    for (const std::uint32_t job : torn_) {
        const double skip = model_.must(job) ? 1e30 : model_.skip_cost(job);
        const double room = limit - (routes.cost() - skipped);
        Insertion best{.cost = std::min(skip, room)};
        routes.try_all(job, best, &chance);
        if (best.vehicle != none) routes.insert(job, best);
        else if (room < skip && limit < never) return false;
        if (!model_.must(job)) skipped -= skip;
    }
    return true;
}

bool Ruin::mend(Routes& routes, Blinks& chance, double limit) {
    return put_back(routes, chance, limit);
}

void Ruin::mend_all(Routes& routes, Blinks& chance) {
    torn_.assign(routes.absent().begin(), routes.absent().end());
    put_back(routes, chance, never);
}

}  // namespace lineshaft::solve
