#include "solve/model.h"

#include <algorithm>
#include <bit>
#include <map>
#include <numeric>
#include <tuple>

namespace lineshaft::solve {
namespace {

constexpr std::size_t near_jobs_max = 120, near_classes_max = 48, small_jobs_max = 300;
/// A job that must be done is worth more than all others together, and the sum still has digits.
constexpr double must_cost = 1e9;

/// How far, and who: one number, because half of preparing a plan is putting these in order. A float
/// is exact enough for "nearer", and those that are not negative are in order as whole numbers.
std::uint64_t by_distance(double far, std::uint32_t index) {
    return std::uint64_t{std::bit_cast<std::uint32_t>(float(far))} << 32 | index;
}

void keep_nearest(std::vector<std::uint64_t>& all, std::size_t count, std::vector<std::uint32_t>& out) {
    count = std::min(count, all.size());
    std::ranges::nth_element(all, all.begin() + std::ptrdiff_t(count));
    std::sort(all.begin(), all.begin() + std::ptrdiff_t(count));
    out.reserve(count);
    for (std::size_t i = 0; i < count; ++i) out.push_back(static_cast<std::uint32_t>(all[i]));
}

}  // namespace

Model::Model(const Problem& problem_in) : problem(problem_in) {
    no_place = static_cast<std::uint32_t>(problem.travel->places());
    stride_ = problem.travel->places() + 1;
    is_small = problem.jobs.size() <= small_jobs_max;
    lay_out_nodes();
    lay_out_rows();
    classify();
    find_neighbours();
}

bool Model::is_able(std::uint32_t vehicle, std::uint32_t job) const {
    const Job& what = problem.jobs[job];
    const Vehicle& who = problem.vehicles[vehicle];
    if ((who.skills & what.skills) != what.skills) return false;
    if (what.only_vehicle && *what.only_vehicle != vehicle) return false;
    for (std::size_t d = 0; d < what.load.size(); ++d)
        if (what.load[d] > who.capacity[d]) return false;
    return true;
}

double Model::begin_past_gaps(const Node& node, double at) const {
    at = std::max(at, node.open);
    for (std::uint32_t i = 0; i < node.gaps; ++i) {
        const Span& gap = gaps[node.gap_from + i];
        if (at > gap.from_s + tolerance_s && at < gap.until_s) return gap.until_s;
    }
    return at;
}

double Model::last_begin(const Node& node, double at) const {
    at = std::min(at, node.close);
    for (std::uint32_t i = node.gaps; i-- > 0;) {
        const Span& gap = gaps[node.gap_from + i];
        if (at > gap.from_s && at < gap.until_s) at = gap.from_s;
    }
    return at >= node.open - tolerance_s ? at : -never;
}

void Model::lay_out_nodes() {
    nodes.resize(2 * problem.jobs.size());
    for (std::uint32_t job = 0; job < problem.jobs.size(); ++job) {
        const Job& what = problem.jobs[job];
        has_transports |= what.then.has_value();
        skip_cost_.push_back(what.skip_cost.value_or(must_cost));
        for (std::uint32_t second = 0; second <= std::uint32_t(what.then.has_value()); ++second) {
            const Stop& stop = second ? *what.then : what.at;
            Node& node = nodes[2 * job + second];
            node.service = stop.service_s;
            node.place = stop.place;
            node.gap_from = static_cast<std::uint32_t>(gaps.size());
            if (stop.windows.empty()) continue;
            node.open = stop.windows.front().from_s;
            node.close = stop.windows.back().until_s;
            for (std::size_t i = 1; i < stop.windows.size(); ++i)
                gaps.push_back({stop.windows[i - 1].until_s, stop.windows[i].from_s});
            node.gaps = static_cast<std::uint32_t>(stop.windows.size() - 1);
        }
    }
    for (const Vehicle& vehicle : problem.vehicles)
        for (const Visit& visit : vehicle.pinned)
            for (std::uint32_t second = visit.is_delivery; second <= std::uint32_t(is_transport(visit.job)); ++second) {
                Node& node = nodes[2 * visit.job + second];
                node.is_excused = node.is_fixed = true;
                node.close = 100 * latest_s;
            }
}

/// Legs from each node, beside those to it, where the two are not the same.
void Model::lay_out_rows() {
    const Travel& travel = *problem.travel;
    if (travel.is_symmetric()) return;
    const std::size_t places = travel.places();
    std::vector<std::int64_t> row_of(places, -1);
    std::vector<std::uint32_t> places_used;
    for (std::uint32_t i = 0; i < nodes.size(); ++i) {
        if (i % 2 == 1 && !is_transport(i / 2)) continue;
        if (row_of[nodes[i].place] < 0) {
            row_of[nodes[i].place] = std::int64_t(places_used.size());
            places_used.push_back(nodes[i].place);
        }
        nodes[i].row = static_cast<std::uint32_t>(row_of[nodes[i].place]);
    }
    from_.resize(places_used.size() * stride_);
    for (std::uint32_t other = 0; other < travel.goals(); ++other)
        for (std::size_t row = 0; row < places_used.size(); ++row)
            from_[row * stride_ + other] = travel.leg(places_used[row], other);
}

void Model::classify() {
    std::map<std::tuple<std::uint32_t, std::int64_t, double, double, double, Load, std::uint64_t, double, double,
                        double, double, std::uint32_t>, std::uint32_t> known;
    std::vector<std::uint8_t> is_named(problem.vehicles.size(), 0);  // by a job: one of its own kind
    for (const Job& job : problem.jobs) {
        if (job.only_vehicle) is_named[*job.only_vehicle] = 1;
        if (job.previous_vehicle && job.change_cost > 0) is_named[*job.previous_vehicle] = 1;
    }
    for (std::uint32_t i = 0; i < problem.vehicles.size(); ++i) {
        const Vehicle& v = problem.vehicles[i];
        auto found = known.end();
        if (v.pinned.empty() && !is_named[i]) {
            const std::tuple key(v.start, v.end ? std::int64_t(*v.end) : -1, v.shift.from_s, v.shift.until_s,
                                 v.free_from_s, v.capacity, v.skills, v.fixed_cost, v.cost_per_metre,
                                 v.cost_per_second, v.time_factor, v.stops_max);
            found = known.try_emplace(key, static_cast<std::uint32_t>(classes.size())).first;
        }
        class_of.push_back(found == known.end() ? static_cast<std::uint32_t>(classes.size()) : found->second);
        if (class_of.back() == classes.size()) classes.emplace_back();
        classes[class_of.back()].members.push_back(i);
    }
}

void Model::find_neighbours() {
    const std::size_t jobs = problem.jobs.size();
    double metre = 0, second = 0;
    for (const Vehicle& vehicle : problem.vehicles) {
        metre += vehicle.cost_per_metre;
        second += vehicle.cost_per_second * vehicle.time_factor;
    }
    if (metre + second <= 0) metre = 1;
    const double count = double(std::max<std::size_t>(1, problem.vehicles.size()));
    const auto price = [&](const Leg& leg) { return (leg.metres * metre + leg.seconds * second) / count; };
    near.resize(jobs);
    classes_near.resize(jobs);
    depot_cost.assign(jobs, 0);
    std::vector<std::uint64_t> all;
    all.reserve(std::max(jobs, classes.size()));
    for (std::uint32_t job = 0; job < jobs; ++job) {
        const std::uint32_t last = 2 * job + std::uint32_t(is_transport(job));
        all.clear();
        for (std::uint32_t other = 0; other < jobs; ++other) {
            if (other == job) continue;
            const std::uint32_t other_last = 2 * other + std::uint32_t(is_transport(other));
            double far = price(to(2 * job)[nodes[2 * other].place]);
            if (has_transports) far += price(to(last)[nodes[other_last].place]);
            all.push_back(by_distance(far, other));
        }
        keep_nearest(all, near_jobs_max, near[job]);
        all.clear();
        for (std::uint32_t kind = 0; kind < classes.size(); ++kind) {
            const std::uint32_t first = classes[kind].members.front();
            if (!is_able(first, job)) continue;
            const Vehicle& v = problem.vehicles[first];
            const bool is_kept = problem.jobs[job].previous_vehicle == first;
            const Leg& leg = to(2 * job)[v.start];
            const double far = leg.metres * v.cost_per_metre + leg.seconds * v.cost_per_second +
                               v.fixed_cost + price(leg) * 1e-3;
            all.push_back(by_distance(is_kept ? 0 : std::max(far, 1e-30), kind));
        }
        keep_nearest(all, is_small ? all.size() : near_classes_max, classes_near[job]);
        if (!classes_near[job].empty())
            depot_cost[job] = price(to(2 * job)[problem.vehicles[classes[classes_near[job][0]].members[0]].start]);
    }
}

}  // namespace lineshaft::solve
