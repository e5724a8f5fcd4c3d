// Every queue knows its cost; a change is tried on copies of the queues it touches and taken when the sum falls, or, while it is
// hot, when it does not rise too much (annealing over ruin and recreate, as solve.cc). A queue of twenty jobs is evaluated
// in a microsecond, so no cleverer bookkeeping is needed.
#include "solve/queues.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace lineshaft::solve {
namespace {

using Queue = std::vector<std::uint32_t>;

// splitmix64, as Blinks has it.
class QueueChance {
public:
    explicit QueueChance(std::uint64_t seed) : state_(seed) {}
    std::uint64_t number() {
        std::uint64_t mixed = state_ += 0x9E37'79B9'7F4A'7C15;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58'476D'1CE4'E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D0'49BB'1331'11EB;
        return mixed ^ (mixed >> 31);
    }
    std::size_t below(std::size_t count) { return number() % count; }
    double unit() { return static_cast<double>(number() >> 11) * 0x1p-53; }

private:
    std::uint64_t state_;
};

class QueueSearch {
public:
    QueueSearch(const QueueProblem& problem, const Budget& budget, std::uint64_t seed, const QueueLimits& limits)
        : p_(problem), budget_(budget), chance_(seed), limits_(limits) {
        queues_.resize(p_.machines);
        costs_.assign(p_.machines, 0);
        fixed_.assign(p_.machines, 0);
        machine_of_.assign(p_.jobs, none);
        by_kit_.resize(p_.kits);
    }

    QueuePlan run() {
        load();
        best_ = queues_;
        best_cost_ = cost_;
        if (free_jobs_.size() > 1 || p_.machines > 1) anneal();
        queues_ = best_;
        return plan();
    }

private:
    static constexpr std::uint32_t none = UINT32_MAX;

    double seconds(std::uint32_t job, std::uint32_t machine) const {
        return p_.seconds[std::size_t{job} * p_.machines + machine];
    }
    double setup(std::uint32_t machine, std::uint32_t before, std::uint32_t job) const {
        if (before == none) return p_.first_setup_s[std::size_t{machine} * p_.kits + p_.kit[job]];
        return p_.setup_s[std::size_t{p_.kit[before]} * p_.kits + p_.kit[job]];
    }
    double price(std::uint32_t job, double end, double setup_s) const {
        const double late = end > p_.due_s[job] ? end - p_.due_s[job] : 0;
        return p_.weight[job] * (p_.late_price * late + p_.flow_price * end) + p_.setup_price * setup_s;
    }
    // Of the queue with `extra` standing before position `at`; `extra` none: as it is. Gives up beyond `most`.
    double cost_of(std::uint32_t machine, const Queue& queue, std::uint32_t extra, std::size_t at, double most) const {
        double now = p_.free_from_s[machine], cost = 0;
        std::uint32_t before = none;
        const auto add = [&](std::uint32_t job) {
            const double setting = setup(machine, before, job);
            now += setting + seconds(job, machine);
            cost += price(job, now, setting);
            before = job;
        };
        for (std::size_t index = 0; index < queue.size(); ++index) {
            if (extra != none && index == at) add(extra);
            add(queue[index]);
            if (cost > most) return cost;
        }
        if (extra != none && at >= queue.size()) add(extra);
        return cost;
    }

    void load() {
        std::vector<bool> is_in(p_.jobs, false);
        const auto append = [&](const std::vector<Queue>& all, bool is_fixed) {
            for (std::uint32_t machine = 0; machine < all.size(); ++machine) {
                for (const std::uint32_t job : all[machine]) {
                    if (is_in[job] || !std::isfinite(seconds(job, machine))) continue;
                    is_in[job] = true;
                    queues_[machine].push_back(job);
                    machine_of_[job] = machine;
                    if (is_fixed) ++fixed_[machine];
                    else free_jobs_.push_back(job);
                }
            }
        };
        append(p_.pinned, true);
        append(p_.start, false);
        for (std::uint32_t machine = 0; machine < p_.machines; ++machine) {
            costs_[machine] = cost_of(machine, queues_[machine], none, 0, unable_s);
            cost_ += costs_[machine];
        }
        Queue missing;
        for (std::uint32_t job = 0; job < p_.jobs; ++job) {
            if (!is_in[job]) missing.push_back(job);
        }
        std::ranges::stable_sort(missing, [&](std::uint32_t a, std::uint32_t b) {
            return std::pair(p_.due_s[a], -p_.weight[a]) < std::pair(p_.due_s[b], -p_.weight[b]);
        });
        for (const std::uint32_t job : missing) {
            if (insert(job, 0)) free_jobs_.push_back(job);
            else unable_.push_back(job);
        }
        std::ranges::sort(unable_);
        for (const std::uint32_t job : free_jobs_) by_kit_[p_.kit[job]].push_back(job);
    }

    // Positions worth a look: all of a short queue, else beside its own kit, around its due time, the end, some by chance.
    void positions(std::uint32_t job, std::uint32_t machine) {
        const Queue& queue = queues_[machine];
        tries_.clear();
        const std::size_t from = fixed_[machine], until = queue.size();
        if (until - from < limits_.positions_max) {
            for (std::size_t at = from; at <= until; ++at) tries_.push_back(at);
            return;
        }
        const auto due = std::ranges::lower_bound(queue.begin() + static_cast<std::ptrdiff_t>(from), queue.end(),
                                                  p_.due_s[job], {}, [&](std::uint32_t other) { return p_.due_s[other]; });
        const auto middle = static_cast<std::size_t>(due - queue.begin());
        for (std::size_t at = middle > from + 4 ? middle - 4 : from; at <= std::min(until, middle + 4); ++at) tries_.push_back(at);
        tries_.push_back(until);
        for (std::size_t at = from; at < until && tries_.size() < limits_.positions_max * 3 / 4; ++at) {
            if (p_.kit[queue[at]] == p_.kit[job]) tries_.push_back(at), tries_.push_back(at + 1);
        }
        while (tries_.size() < limits_.positions_max) tries_.push_back(from + chance_.below(until - from + 1));
    }

    bool insert(std::uint32_t job, double blink) {
        double best = unable_s;
        std::uint32_t best_machine = none;
        std::size_t best_at = 0;
        for (std::uint32_t machine = 0; machine < p_.machines; ++machine) {
            if (!std::isfinite(seconds(job, machine))) continue;
            // It ends there no sooner than so: a bound that spares most machines.
            if (p_.weight[job] * p_.flow_price * (p_.free_from_s[machine] + seconds(job, machine)) >= best) continue;
            positions(job, machine);
            for (const std::size_t at : tries_) {
                if (blink > 0 && best_machine != none && chance_.unit() < blink) continue;
                const double more = cost_of(machine, queues_[machine], job, at, costs_[machine] + best) - costs_[machine];
                // Among equals whoever came first stays first.
                if (more < best || (more == best && machine == best_machine && at > best_at))
                    best = more, best_machine = machine, best_at = at;
            }
        }
        if (best_machine == none) return false;
        keep(best_machine);
        Queue& queue = queues_[best_machine];
        queue.insert(queue.begin() + static_cast<std::ptrdiff_t>(best_at), job);
        machine_of_[job] = best_machine;
        recost(best_machine);
        return true;
    }

    void recost(std::uint32_t machine) {
        const double now = cost_of(machine, queues_[machine], none, 0, unable_s);
        cost_ += now - costs_[machine];
        costs_[machine] = now;
    }

    // Remembers a queue as it was before this step.
    void keep(std::uint32_t machine) {
        if (!is_stepping_) return;
        for (const Saved& one : saved_) {
            if (one.machine == machine) return;
        }
        saved_.push_back({machine, queues_[machine], costs_[machine]});
    }

    void take_out(std::uint32_t job) {
        const std::uint32_t machine = machine_of_[job];
        if (machine == none) return;
        keep(machine);
        Queue& queue = queues_[machine];
        queue.erase(std::ranges::find(queue, job));
        machine_of_[job] = none;
        recost(machine);
        out_.push_back(job);
    }

    void ruin() {
        const std::uint32_t seed = free_jobs_[chance_.below(free_jobs_.size())];
        const std::size_t count = 1 + chance_.below(std::min<std::size_t>(8, free_jobs_.size()));
        switch (chance_.below(4)) {
            case 0: {  // neighbours in its queue
                const Queue queue = queues_[machine_of_[seed]];
                const std::size_t from = fixed_[machine_of_[seed]];
                const auto at = static_cast<std::size_t>(std::ranges::find(queue, seed) - queue.begin());
                const std::size_t first = std::max(from, at >= count / 2 ? at - count / 2 : 0);
                for (std::size_t index = first; index < std::min(queue.size(), first + count); ++index) take_out(queue[index]);
                return;
            }
            case 1: {  // of its kit
                const Queue& alike = by_kit_[p_.kit[seed]];
                for (std::size_t tries = 0; tries < count; ++tries) take_out(alike[chance_.below(alike.size())]);
                return;
            }
            default:  // anybody, and two in the same place as often
                take_out(seed);
                for (std::size_t tries = 1; tries < std::min<std::size_t>(count, 4); ++tries)
                    take_out(free_jobs_[chance_.below(free_jobs_.size())]);
        }
    }

    void step(double temperature) {
        saved_.clear();
        out_.clear();
        const double before = cost_;
        ruin();
        if (chance_.below(2) == 0) {
            std::ranges::sort(out_, {}, [&](std::uint32_t job) { return std::pair(p_.due_s[job], job); });
        } else {
            for (std::size_t index = out_.size(); index > 1; --index) std::swap(out_[index - 1], out_[chance_.below(index)]);
        }
        for (const std::uint32_t job : out_) (void)insert(job, 0.01);
        if (cost_ <= before - temperature * std::log(1 - chance_.unit())) {
            if (cost_ < best_cost_ - 1e-9) best_ = queues_, best_cost_ = cost_;
            return;
        }
        for (Saved& one : saved_) {
            queues_[one.machine] = std::move(one.queue);
            costs_[one.machine] = one.cost;
            for (const std::uint32_t job : queues_[one.machine]) machine_of_[job] = one.machine;
        }
        cost_ = before;
    }

    void anneal() {
        if (free_jobs_.empty()) return;
        is_stepping_ = true;
        const double hot = std::max(1e-9, cost_ / double(free_jobs_.size()) * 0.02), cold = hot * 1e-3;
        double spent = 0, temperature = hot;
        for (; iterations_ < budget_.iterations_max; ++iterations_) {
            if (iterations_ % 16 == 0) {
                spent = double(iterations_) / double(std::max<std::uint64_t>(1, budget_.iterations_max));
                if (budget_.spent) spent = std::max(spent, budget_.spent());
                if (spent >= 1 || (budget_.cancelled && budget_.cancelled())) return;
                temperature = hot * std::pow(cold / hot, spent);
            }
            step(temperature);
        }
    }

    QueuePlan plan() {
        QueuePlan out;
        out.queues = queues_;
        out.unable = unable_;
        out.places.resize(p_.jobs);
        out.iterations = iterations_;
        for (std::uint32_t machine = 0; machine < p_.machines; ++machine) {
            double now = p_.free_from_s[machine];
            std::uint32_t before = none;
            for (const std::uint32_t job : queues_[machine]) {
                const double setting = setup(machine, before, job);
                now += setting;
                out.places[job] = {now, now + seconds(job, machine), setting};
                now = out.places[job].end_s;
                out.cost += price(job, now, setting);
                out.setup_s += setting;
                if (now > p_.due_s[job]) out.late_s += now - p_.due_s[job], ++out.late_jobs;
                before = job;
            }
        }
        return out;
    }

    struct Saved {
        std::uint32_t machine;
        Queue queue;
        double cost;
    };
    const QueueProblem& p_;
    const Budget& budget_;
    QueueChance chance_;
    const QueueLimits& limits_;
    std::vector<Queue> queues_, best_, by_kit_;
    std::vector<double> costs_;
    std::vector<std::size_t> fixed_;  // how many of a queue's first jobs stay
    std::vector<std::uint32_t> machine_of_;
    Queue free_jobs_, unable_, out_;
    std::vector<std::size_t> tries_;
    std::vector<Saved> saved_;
    double cost_ = 0, best_cost_ = 0;
    std::uint64_t iterations_ = 0;
    bool is_stepping_ = false;
};

Result<void> check_queues(const QueueProblem& p, const QueueLimits& limits) {
    if (p.jobs > limits.jobs_max || p.machines > limits.machines_max)
        return fail(Code::exhausted, fmt::format("{} jobs on {} machines are too many", p.jobs, p.machines));
    const std::size_t jobs = p.jobs, machines = p.machines, kits = p.kits;
    const bool has_shape = p.seconds.size() == jobs * machines && p.kit.size() == jobs && p.setup_s.size() == kits * kits &&
                           p.first_setup_s.size() == machines * kits && p.free_from_s.size() == machines &&
                           p.due_s.size() == jobs && p.weight.size() == jobs && p.pinned.size() <= machines &&
                           p.start.size() <= machines;
    if (!has_shape) return fail(Code::invalid, "the queues' problem has another shape than it says");
    const auto is_time = [](double value) { return value >= 0 && value <= latest_s; };
    const bool has_numbers =
        std::ranges::all_of(p.seconds, [&](double s) { return s == unable_s || (is_time(s) && s > 0); }) &&
        std::ranges::all_of(p.setup_s, is_time) && std::ranges::all_of(p.first_setup_s, is_time) &&
        std::ranges::all_of(p.free_from_s, is_time) &&
        std::ranges::all_of(p.due_s, [](double s) { return s == unable_s || (s >= -latest_s && s <= latest_s); }) &&
        std::ranges::all_of(p.weight, [](double w) { return w > 0 && w <= 1e6; }) &&
        std::ranges::all_of(p.kit, [&](std::uint32_t kit) { return kit < kits; });
    if (!has_numbers) return fail(Code::invalid, "the queues' problem has a number that is none");
    std::vector<bool> is_in(jobs, false);
    for (std::size_t machine = 0; machine < p.pinned.size(); ++machine) {
        for (const std::uint32_t job : p.pinned[machine]) {
            if (job >= jobs || is_in[job] || p.seconds[std::size_t{job} * machines + machine] == unable_s)
                return fail(Code::invalid, fmt::format("job {} cannot be pinned to machine {}", job, machine));
            is_in[job] = true;
        }
    }
    for (const Queue& queue : p.start) {
        for (const std::uint32_t job : queue) {
            if (job >= jobs) return fail(Code::invalid, "the start names a job that is none");
        }
    }
    return {};
}

}  // namespace

Result<QueuePlan> plan_queues(const QueueProblem& problem, const Budget& budget, std::uint64_t seed,
                              const QueueLimits& limits) {
    TRY_VOID(check_queues(problem, limits));
    return QueueSearch(problem, budget, seed, limits).run();
}

}  // namespace lineshaft::solve
