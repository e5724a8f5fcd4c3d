// Simulated annealing over ruin and recreate; the temperature falls with the budget that is spent, so
// the same search serves half a second and ten minutes. Jobs that must be done and find no place
// are counted each time they stay out; a plan that leaves out jobs with a smaller sum of counts is
// better, whatever it costs (the paper's absence counters, also used to save vehicles).
#include "solve/solve.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/check.h"
#include "solve/answer.h"
#include "solve/model.h"
#include "solve/routes.h"
#include "solve/ruin.h"
#include "solve/verify.h"

namespace lineshaft::solve {
namespace {

constexpr std::uint64_t poll_every = 32;
// Temperatures, in mean legs of the first plan. Large problems see fewer iterations per job and cool sooner.
constexpr double hot_small = 4.0, hot_large = 1.0, warm = 0.15, cold = 0.01;
// What dissolving routes leaves has long ways and full vehicles: it takes more to shake it loose.
constexpr double hot_few = 4.0;

class Search {
public:
    Search(const Model& model, const Options& options)
        : options_(options), model_(model), routes_(model_), chance_(options.seed),
          ruin_(model_, Strength{}) {
        absences_.assign(model.problem.jobs.size(), 0);
        best_visits_.resize(model.problem.vehicles.size());
    }

    Outcome run() {
        routes_.load(options_.start);
        ruin_.mend_all(routes_, chance_);
        keep_best();
        if (!model_.problem.jobs.empty() && !model_.problem.vehicles.empty()) {
            if (options_.objective == Objective::vehicles_then_cost) save_vehicles(0.4);
            anneal();
        }
        Routes best(model_);
        best.load(best_orders());
        return {answer(model_, best), iterations_, is_cancelled_};
    }

private:
    /// Part of the budget that is spent; asked rarely, for a clock is slow.
    bool is_over() {
        if (iterations_ % poll_every == 0) {
            spent_ = double(iterations_) / double(std::max<std::uint64_t>(1, options_.budget.iterations_max));
            if (options_.budget.spent) spent_ = std::max(spent_, options_.budget.spent());
            is_cancelled_ |= options_.budget.cancelled && options_.budget.cancelled();
        }
        return is_cancelled_ || spent_ >= 1 || iterations_ >= options_.budget.iterations_max;
    }

    void anneal() {
        const double legs = double(model_.problem.jobs.size()) + routes_.vehicles_used() + 1;
        const double mean_leg = std::max(1e-9, drive_cost() / legs);
        const bool is_few = options_.objective == Objective::vehicles_then_cost && !model_.is_small;
        const double hot = model_.is_small ? hot_small : is_few ? hot_few : hot_large;
        const double from = mean_leg * (options_.start.empty() ? hot : warm), until = mean_leg * cold;
        double temperature = from;
        const double begun = spent_;
        while (!is_over()) {
            if (iterations_ % poll_every == 0)
                temperature = from * std::pow(until / from, std::clamp((spent_ - begun) / (1 - begun), 0.0, 1.0));
            const double cost = routes_.cost();
            const std::uint64_t absence = absence_sum();
            const std::uint32_t missing = routes_.missing();
            const double limit = cost - temperature * std::log(chance_.uniform());
            if (!step(missing == 0 ? limit : never)) {
                routes_.rollback();
                continue;
            }
            const std::uint64_t absence_now = absence_sum();
            const bool is_taken = absence_now != absence ? absence_now < absence
                                                         : routes_.missing() <= missing && routes_.cost() < limit;
            count_absences();
            if (!is_taken) routes_.rollback();
            else if (is_best()) keep_best();
        }
    }

    /// False: given up, and to be taken back.
    bool step(double limit) {
        ++iterations_;
        routes_.begin();
        ruin_.tear(routes_, chance_, options_.focus);
        return ruin_.mend(routes_, chance_, limit);
    }

    double drive_cost() const {
        double cost = routes_.cost();
        for (const std::uint32_t job : routes_.absent())
            if (!model_.must(job)) cost -= model_.skip_cost(job);
        for (const std::uint32_t vehicle : routes_.used()) cost -= model_.problem.vehicles[vehicle].fixed_cost;
        return cost;
    }

    std::uint64_t absence_sum() const {
        if (routes_.missing() == 0) return 0;
        std::uint64_t sum = 0;
        for (const std::uint32_t job : routes_.absent())
            if (model_.must(job)) sum += 1 + absences_[job];
        return sum;
    }
    void count_absences() {
        if (routes_.missing() == 0) return;
        for (const std::uint32_t job : routes_.absent())
            if (model_.must(job)) ++absences_[job];
    }

    bool is_best() const {
        if (routes_.missing() != best_missing_) return routes_.missing() < best_missing_;
        if (options_.objective == Objective::vehicles_then_cost && routes_.vehicles_used() != best_vehicles_)
            return routes_.vehicles_used() < best_vehicles_;
        return routes_.cost() < best_cost_ - 1e-9;
    }

    /// Copies only what was touched since the last best plan.
    void keep_best() {
        for (const std::uint32_t vehicle : routes_.take_touched()) stale_.push_back(vehicle);
        std::ranges::sort(stale_);
        stale_.erase(std::ranges::unique(stale_).begin(), stale_.end());
        if (!has_best_)
            for (std::uint32_t v = 0; v < best_visits_.size(); ++v) copy_visits(v);
        for (const std::uint32_t vehicle : stale_) copy_visits(vehicle);
        stale_.clear();
        has_best_ = true;
        best_cost_ = routes_.cost();
        best_missing_ = routes_.missing();
        best_vehicles_ = routes_.vehicles_used();
        if (options_.progress && (spent_ >= told_ + 0.01 || told_ < 0)) {
            told_ = spent_;
            options_.progress({spent_, iterations_, best_cost_, best_missing_, best_vehicles_});
        }
    }
    void copy_visits(std::uint32_t vehicle) {
        std::vector<Visit>& visits = best_visits_[vehicle];
        visits.clear();
        for (const Slot& slot : routes_.slots(vehicle))
            if (slot.node != none) visits.push_back({slot.node / 2, slot.node % 2 == 1});
    }
    std::vector<Order> best_orders() const {
        std::vector<Order> orders;
        for (std::uint32_t v = 0; v < best_visits_.size(); ++v)
            if (!best_visits_[v].empty()) orders.push_back({v, best_visits_[v]});
        return orders;
    }

    void return_to_best();
    void save_vehicles(double share);
    std::uint32_t vehicles_least() const;
    std::uint32_t lightest() const;

    const Options& options_;
    const Model& model_;
    Routes routes_;
    Blinks chance_;
    Ruin ruin_;
    std::vector<std::uint64_t> absences_;
    std::vector<std::vector<Visit>> best_visits_;
    std::vector<std::uint32_t> stale_;
    double best_cost_ = never, spent_ = 0, told_ = -1;
    std::uint32_t best_missing_ = none, best_vehicles_ = none;
    std::uint64_t iterations_ = 0;
    bool is_cancelled_ = false, has_best_ = false;
};

void Search::return_to_best() {
    for (std::uint32_t v = 0; v < best_visits_.size(); ++v) {
        std::vector<std::uint32_t> out;
        for (const Slot& slot : routes_.slots(v))
            if (slot.node != none && slot.node % 2 == 0 && !model_.nodes[slot.node].is_fixed) out.push_back(slot.node / 2);
        if (!out.empty()) routes_.remove(v, out);
    }
    routes_.load(best_orders());
}

/// The route whose jobs were absent least often; none when all have something fixed.
std::uint32_t Search::lightest() const {
    std::uint32_t found = none;
    std::uint64_t least = ~std::uint64_t{0};
    for (const std::uint32_t vehicle : routes_.used()) {
        std::uint64_t sum = 0;
        bool is_fixed = false;
        for (const Slot& slot : routes_.slots(vehicle))
            if (slot.node != none) {
                sum += 1 + absences_[slot.node / 2];
                is_fixed |= model_.nodes[slot.node].is_fixed;
            }
        if (!is_fixed && (sum < least || (sum == least && vehicle < found))) {
            least = sum;
            found = vehicle;
        }
    }
    return found;
}

/// Fewer cannot carry the work that must be done, however it is put together.
std::uint32_t Search::vehicles_least() const {
    std::array<double, std::tuple_size_v<Load>> work{}, most{};
    for (const Job& job : model_.problem.jobs)
        for (std::size_t d = 0; d < work.size(); ++d)
            if (!job.skip_cost && !job.then) work[d] += double(job.load[d]);
    for (const Vehicle& vehicle : model_.problem.vehicles)
        for (std::size_t d = 0; d < most.size(); ++d) most[d] = std::max(most[d], double(vehicle.capacity[d]));
    double least = 1;
    for (std::size_t d = 0; d < work.size(); ++d)
        if (most[d] > 0) least = std::max(least, std::ceil(work[d] / most[d]));
    return std::uint32_t(std::min(least, double(model_.problem.vehicles.size())));
}

/// Dissolves one route after the other while all jobs find a place in the rest.
void Search::save_vehicles(double share) {
    const double until = spent_ + share;
    const std::uint32_t least = vehicles_least();  // then the time is better spent on ways
    while (routes_.vehicles_used() > least && routes_.missing() == 0 && !is_over() && spent_ < until) {
        const std::uint32_t victim = lightest();
        if (victim == none) break;
        for (std::uint32_t v = 0; v < best_visits_.size(); ++v) routes_.close(v, true);
        std::vector<std::uint32_t> jobs;
        for (const Slot& slot : routes_.slots(victim))
            if (slot.node != none && slot.node % 2 == 0) jobs.push_back(slot.node / 2);
        routes_.remove(victim, jobs);
        std::uint64_t absence = absence_sum();
        while (routes_.missing() > 0 && !is_over() && spent_ < until) {
            (void)step(never);
            const std::uint64_t now = absence_sum();
            count_absences();
            if (now > absence || (now == absence && chance_.below(2) == 0)) routes_.rollback();
            absence = absence_sum();
        }
        if (routes_.missing() == 0 && is_best()) keep_best();
    }
    return_to_best();
    for (std::uint32_t v = 0; v < best_visits_.size(); ++v) routes_.close(v, routes_.is_empty(v));
}

Result<void> check_start(const Problem& problem, const Options& options) {
    std::vector<std::uint8_t> seen(problem.vehicles.size(), 0);
    for (const Order& order : options.start) {
        if (order.vehicle >= problem.vehicles.size() || seen[order.vehicle]++)
            return fail(Code::invalid, fmt::format("the start names vehicle {}, which does not exist or twice",
                                                   order.vehicle));
        for (const Visit& visit : order.visits)
            if (visit.job >= problem.jobs.size() || (visit.is_delivery && !problem.jobs[visit.job].then))
                return fail(Code::invalid, fmt::format("the start names a stop of job {}, which does not exist",
                                                       visit.job));
    }
    for (const std::uint32_t job : options.focus)
        if (job >= problem.jobs.size())
            return fail(Code::invalid, fmt::format("the focus names job {}, which does not exist", job));
    return {};
}

}  // namespace

Result<Prepared> Prepared::make(std::shared_ptr<const Problem> problem, const Limits& limits) {
    TRY_VOID(check(*problem, limits));
    Prepared made;
    made.model_ = std::make_shared<const Model>(*problem);
    made.problem_ = std::move(problem);
    return made;
}

Result<Outcome> solve(const Prepared& prepared, const Options& options) {
    TRY_VOID(check_start(prepared.problem(), options));
    Outcome outcome = Search(prepared.model(), options).run();
    const Result<void> good = verify(prepared.problem(), outcome.plan);
    if (!good) return std::unexpected(good.error().in("the plan found does not stand the check (our fault)"));
    return outcome;
}

Result<Outcome> solve(const Problem& problem, const Options& options) {
    const std::shared_ptr<const Problem> borrowed(std::shared_ptr<void>(), &problem);
    TRY(const Prepared prepared, Prepared::make(borrowed, options.limits));
    return solve(prepared, options);
}

std::vector<Order> orders_of(const Plan& plan) {
    std::vector<Order> orders;
    for (const Route& route : plan.routes) {
        orders.push_back({route.vehicle, {}});
        for (const Call& call : route.calls) orders.back().visits.push_back(call.visit);
    }
    return orders;
}

}  // namespace lineshaft::solve
