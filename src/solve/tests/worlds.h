// Small random problems with everything in them, and the slow way to solve them.
#pragma once
#include <random>

#include "solve/solve.h"
#include "solve/verify.h"

namespace lineshaft::solve::testing {

struct Shape {
    std::size_t vehicles = 2, jobs = 5;
    bool transports = false, windows = true, optional_jobs = false, skills = false, pins = false, stability = false;
    bool asymmetric = false;  ///< and without the triangle inequality
    double horizon_s = 200;
};

inline Problem random_problem(std::uint64_t seed, const Shape& shape) {
    std::mt19937_64 random(seed);
    const auto upto = [&](double most) { return std::uniform_real_distribution<double>(0, most)(random); };
    const auto one_in = [&](int n) { return random() % std::uint64_t(n) == 0; };
    const std::size_t places = shape.vehicles + 2 * shape.jobs;
    std::vector<std::pair<double, double>> points;
    for (std::size_t i = 0; i < places; ++i) points.emplace_back(upto(50), upto(50));
    Problem problem;
    problem.travel = std::make_shared<const Travel>(*Travel::from_function(places, [&](std::size_t a, std::size_t b) {
        double way = std::hypot(points[a].first - points[b].first, points[a].second - points[b].second);
        if (shape.asymmetric && a != b) way = upto(60);
        if (shape.asymmetric && a != b && one_in(12)) return Travel::closed;
        return Leg{way, way};
    }));
    for (std::uint32_t i = 0; i < shape.vehicles; ++i) {
        Vehicle vehicle;
        vehicle.start = i;
        if (!one_in(3)) vehicle.end = std::uint32_t(random() % shape.vehicles);
        vehicle.shift = {upto(20), shape.horizon_s};
        vehicle.capacity = {8, 100, 0};
        vehicle.fixed_cost = one_in(2) ? upto(30) : 0;
        vehicle.cost_per_metre = 1 + upto(1);
        vehicle.cost_per_second = one_in(2) ? 0.3 : 0;
        vehicle.time_factor = one_in(3) ? 1.3 : 1;
        if (shape.skills) vehicle.skills = random() % 4;
        if (one_in(6)) vehicle.stops_max = 4;
        problem.vehicles.push_back(vehicle);
    }
    const auto stop = [&](std::uint32_t place) {
        Stop at{place, upto(8), {}};
        if (!shape.windows || one_in(4)) return at;
        const double from = upto(shape.horizon_s * 0.7), wide = 20 + upto(60);
        at.windows = {{from, from + wide}};
        if (one_in(4)) at.windows.push_back({from + wide + 10, from + wide + 25});
        return at;
    };
    for (std::uint32_t i = 0; i < shape.jobs; ++i) {
        const auto place = std::uint32_t(shape.vehicles + 2 * i);
        Job job;
        job.at = stop(place);
        if (shape.transports && !one_in(3)) job.then = stop(place + 1);
        job.load = {std::int64_t(random() % 5), std::int64_t(random() % 40), 0};
        if (shape.optional_jobs && one_in(2)) job.skip_cost = upto(80);
        if (shape.skills && one_in(2)) job.skills = 1 + random() % 2;
        if (shape.skills && one_in(6)) job.only_vehicle = std::uint32_t(random() % shape.vehicles);
        if (shape.stability) {
            job.previous_vehicle = std::uint32_t(random() % shape.vehicles);
            job.change_cost = upto(25);
        }
        problem.jobs.push_back(std::move(job));
    }
    if (shape.pins)
        for (std::uint32_t i = 0; i < shape.vehicles && i < shape.jobs; ++i) {
            Vehicle& vehicle = problem.vehicles[i];
            Job& job = problem.jobs[i];
            job.only_vehicle.reset();
            job.skills = 0;
            if (shape.asymmetric) continue;  // a road may be missing
            vehicle.pinned.push_back({i, false});
            if (job.then && one_in(2)) vehicle.pinned.push_back({i, true});
            vehicle.free_from_s = upto(40);
        }
    return problem;
}

/// Less is better: missing jobs first.
inline std::pair<std::uint32_t, double> value_of(const Plan& plan) { return {plan.cost.missing, plan.cost.total()}; }

/// Every plan there is, by appending any visit to any vehicle's route; feasible ones judged by the checker.
class BruteForce {
public:
    explicit BruteForce(const Problem& problem) : problem_(problem) {
        orders_.resize(problem.vehicles.size());
        used_.assign(2 * problem.jobs.size(), 0);
        for (std::uint32_t v = 0; v < orders_.size(); ++v) orders_[v].vehicle = v;
        fill(0);
    }
    std::pair<std::uint32_t, double> best{0xffffffff, 0};
    std::size_t plans = 0;

private:
    void fill(std::size_t vehicle) {
        if (vehicle == orders_.size()) {
            ++plans;
            const auto plan = evaluate(problem_, orders_);
            if (plan) best = std::min(best, value_of(*plan));
            return;
        }
        fill(vehicle + 1);
        auto& visits = orders_[vehicle].visits;
        for (std::uint32_t node = 0; node < used_.size(); ++node) {
            const Visit visit{node / 2, node % 2 == 1};
            if (used_[node] || (visit.is_delivery && !problem_.jobs[visit.job].then)) continue;
            if (visit.is_delivery && std::ranges::count(visits, Visit{visit.job, false}) == 0) continue;
            used_[node] = 1;
            visits.push_back(visit);
            fill(vehicle);
            visits.pop_back();
            used_[node] = 0;
        }
    }
    const Problem& problem_;
    std::vector<Order> orders_;
    std::vector<std::uint8_t> used_;
};

}  // namespace lineshaft::solve::testing
