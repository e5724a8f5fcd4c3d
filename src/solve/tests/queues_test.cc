#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <random>
#include <set>

#include "solve/queues.h"

namespace lineshaft::solve {
namespace {

QueueProblem made_up_queues(unsigned seed, std::uint32_t jobs, std::uint32_t machines, std::uint32_t kits) {
    std::mt19937 dice(seed);
    const auto below = [&](unsigned count) { return static_cast<unsigned>(dice() % count); };
    QueueProblem p;
    p.jobs = jobs, p.machines = machines, p.kits = kits;
    for (std::uint32_t job = 0; job < jobs; ++job) {
        const double work = 300 + below(3'000);
        for (std::uint32_t machine = 0; machine < machines; ++machine)
            p.seconds.push_back(below(5) == 0 && machines > 1 ? unable_s : work * (0.8 + 0.1 * (machine % 5)));
        p.kit.push_back(below(kits));
        p.due_s.push_back(below(3) == 0 ? unable_s : 600 + below(600 * (jobs / machines + 1)));
        p.weight.push_back(1 + below(3));
    }
    for (std::uint32_t from = 0; from < kits; ++from) {
        for (std::uint32_t to = 0; to < kits; ++to) p.setup_s.push_back(from == to ? 0 : 60 + below(300));
    }
    for (std::uint32_t machine = 0; machine < machines; ++machine) {
        for (std::uint32_t kit = 0; kit < kits; ++kit) p.first_setup_s.push_back(below(300));
        p.free_from_s.push_back(below(1'000));
    }
    return p;
}

// Slow and obviously right: what the queues cost.
double queue_price(const QueueProblem& p, const std::vector<std::vector<std::uint32_t>>& queues) {
    double cost = 0;
    for (std::uint32_t machine = 0; machine < p.machines; ++machine) {
        double now = p.free_from_s[machine];
        for (std::size_t at = 0; at < queues[machine].size(); ++at) {
            const auto job = queues[machine][at];
            const double setting = at == 0 ? p.first_setup_s[machine * p.kits + p.kit[job]]
                                           : p.setup_s[p.kit[queues[machine][at - 1]] * p.kits + p.kit[job]];
            now += setting + p.seconds[job * p.machines + machine];
            cost += p.weight[job] * (p.late_price * std::max(0.0, now - p.due_s[job]) + p.flow_price * now) +
                    p.setup_price * setting;
        }
    }
    return cost;
}

double cheapest(const QueueProblem& p, std::vector<std::vector<std::uint32_t>>& queues, std::uint32_t job) {
    if (job == p.jobs) return queue_price(p, queues);
    double best = unable_s;
    for (std::uint32_t machine = 0; machine < p.machines; ++machine) {
        if (p.seconds[job * p.machines + machine] == unable_s) continue;
        auto& queue = queues[machine];
        for (std::size_t at = 0; at <= queue.size(); ++at) {
            queue.insert(queue.begin() + static_cast<std::ptrdiff_t>(at), job);
            best = std::min(best, cheapest(p, queues, job + 1));
            queue.erase(queue.begin() + static_cast<std::ptrdiff_t>(at));
        }
    }
    return best;
}

void expect_whole(const QueueProblem& p, const QueuePlan& plan) {
    std::set<std::uint32_t> seen;
    for (std::uint32_t machine = 0; machine < p.machines; ++machine) {
        for (const auto job : plan.queues[machine]) {
            EXPECT_TRUE(seen.insert(job).second) << "job " << job << " stands twice";
            EXPECT_TRUE(std::isfinite(p.seconds[job * p.machines + machine]));
        }
    }
    EXPECT_EQ(seen.size() + plan.unable.size(), p.jobs);
    EXPECT_NEAR(plan.cost, queue_price(p, plan.queues), 1e-6 * plan.cost + 1e-6);
}

TEST(Queues, AreTheBestThereAreOnSmallCases) {
    for (unsigned seed = 1; seed <= 60; ++seed) {
        const auto p = made_up_queues(seed, 1 + seed % 6, 1 + seed % 3, 1 + seed % 4);
        std::vector<std::vector<std::uint32_t>> queues(p.machines);
        const double best = cheapest(p, queues, 0);
        if (!std::isfinite(best)) continue;
        const auto plan = plan_queues(p, {.iterations_max = 4'000}, seed);
        ASSERT_TRUE(plan) << plan.error().context;
        expect_whole(p, *plan);
        EXPECT_NEAR(plan->cost, best, 1e-6 * best) << "seed " << seed;
    }
}

TEST(Queues, KeepWhatIsPinnedAndGroupEqualThreads) {
    QueueProblem p;
    p.jobs = 4, p.machines = 1, p.kits = 2;
    p.seconds = {100, 100, 100, 100};
    p.kit = {0, 1, 0, 1};
    p.setup_s = {0, 600, 600, 0};
    p.first_setup_s = {0, 600};
    p.free_from_s = {0};
    p.due_s.assign(4, unable_s);
    p.weight.assign(4, 1);
    auto plan = plan_queues(p, {.iterations_max = 500});
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->setup_s, 600) << "equal threads stand together";
    p.pinned = {{3}};
    plan = plan_queues(p, {.iterations_max = 500});
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->queues[0].front(), 3U);
    p.due_s[2] = 150;
    p.pinned.clear();
    p.start = {{1, 3, 0, 2}};
    plan = plan_queues(p, {.iterations_max = 500});
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->queues[0].front(), 2U) << "the urgent one first";
    EXPECT_EQ(plan->late_jobs, 0U);
}

TEST(Queues, EqualJobsAreDoneInTheOrderTheyCame) {
    QueueProblem p;
    p.jobs = 5, p.machines = 1, p.kits = 1;
    p.seconds.assign(5, 100.5);
    p.kit.assign(5, 0);
    p.setup_s = {0}, p.first_setup_s = {60}, p.free_from_s = {1'000.25};
    p.due_s.assign(5, unable_s);
    p.weight.assign(5, 1);
    const std::vector<std::uint32_t> as_they_came = {0, 1, 2, 3, 4};
    for (const std::size_t known : {0, 1, 3}) {  // so many have their place already
        p.start = {{as_they_came.begin(), as_they_came.begin() + static_cast<std::ptrdiff_t>(known)}};
        for (const std::uint64_t seed : {1, 2, 3}) {
            const auto plan = plan_queues(p, {.iterations_max = 500}, seed);
            ASSERT_TRUE(plan);
            EXPECT_EQ(plan->queues[0], as_they_came) << known << " known, seed " << seed;
        }
    }
}

TEST(Queues, SayWhatCannotBePlanned) {
    auto p = made_up_queues(1, 3, 2, 2);
    p.seconds = {unable_s, unable_s, 10, 10, 10, unable_s};
    const auto plan = plan_queues(p, {.iterations_max = 100});
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->unable, std::vector<std::uint32_t>{0});
    auto wrong = p;
    wrong.pinned = {{0}};
    EXPECT_EQ(plan_queues(wrong, {}).error().code, Code::invalid) << "pinned where it cannot be done";
    wrong = p;
    wrong.seconds.pop_back();
    EXPECT_EQ(plan_queues(wrong, {}).error().code, Code::invalid);
    wrong = p;
    wrong.weight[0] = 0;
    EXPECT_EQ(plan_queues(wrong, {}).error().code, Code::invalid);
    EXPECT_EQ(plan_queues(p, {}, 1, {.jobs_max = 2}).error().code, Code::exhausted);
    EXPECT_TRUE(plan_queues({}, {.iterations_max = 10}));
}

TEST(Queues, SameSeedSamePlanAndMoreTimeIsNeverWorse) {
    const auto p = made_up_queues(7, 120, 8, 12);
    const auto none = plan_queues(p, {.iterations_max = 0}), some = plan_queues(p, {.iterations_max = 2'000}, 3),
               same = plan_queues(p, {.iterations_max = 2'000}, 3);
    ASSERT_TRUE(none && some && same);
    expect_whole(p, *some);
    EXPECT_EQ(some->queues, same->queues);
    EXPECT_LT(some->cost, none->cost);
}

TEST(Queues, AThousandJobsOnFiftyMachines) {
    const auto p = made_up_queues(11, 1'000, 50, 60);
    const auto began = std::chrono::steady_clock::now();
    const auto elapsed = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count(); };
    const auto first = plan_queues(p, {.iterations_max = 0});
    const double first_s = elapsed();
    const auto plan = plan_queues(p, {.spent = [&] { return (elapsed() - first_s) / 0.7; }});
    ASSERT_TRUE(first && plan);
    expect_whole(p, *plan);
    EXPECT_LE(plan->cost, first->cost);
    RecordProperty("first_ms", static_cast<int>(first_s * 1e3));
    RecordProperty("all_ms", static_cast<int>((elapsed() - first_s) * 1e3));
    RecordProperty("iterations", static_cast<int>(plan->iterations));
    RecordProperty("better_percent", static_cast<int>(100 * (1 - plan->cost / first->cost)));
}

}  // namespace
}  // namespace lineshaft::solve
