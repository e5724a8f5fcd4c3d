#include "solve/explain.h"

#include "solve/solve.h"
#include "worlds.h"

namespace lineshaft::solve {
namespace {

using testing::random_problem;

Plan plan_of(const Problem& problem, std::uint64_t iterations = 300) {
    Options options;
    options.budget.iterations_max = iterations;
    auto outcome = solve(problem, options);
    EXPECT_TRUE(outcome);
    return outcome->plan;
}

/// What rank says of a possible candidate is what the checker says when it is done.
TEST(RankTest, NumbersAreThoseOfThePlanWithTheJobThere) {
    std::size_t tried = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const Problem problem = random_problem(seed, {.vehicles = 5, .jobs = 20, .transports = seed % 2 == 0,
                                                      .skills = true, .stability = true, .horizon_s = 500});
        const Plan plan = plan_of(problem);
        for (const std::uint32_t job : {0u, 7u}) {
            std::vector<Order> without = orders_of(plan);
            for (Order& order : without)
                std::erase_if(order.visits, [&](const Visit& visit) { return visit.job == job; });
            const auto before = evaluate(problem, without);
            ASSERT_TRUE(before);
            const auto ranked = rank(problem, plan, job, 100);
            ASSERT_TRUE(ranked) << ranked.error().context;
            EXPECT_EQ(ranked->size(), 5u);
            for (const Candidate& candidate : *ranked) {
                if (candidate.obstacle != Obstacle::none) continue;
                std::vector<Order> with = without;
                auto found = std::ranges::find(with, candidate.vehicle, &Order::vehicle);
                if (found == with.end()) found = with.insert(with.end(), {candidate.vehicle, {}});
                found->visits.insert(found->visits.begin() + candidate.position, {job, false});
                if (problem.jobs[job].then)
                    found->visits.insert(found->visits.begin() + candidate.delivery_position, {job, true});
                const auto after = evaluate(problem, with);
                ASSERT_TRUE(after) << after.error().context;
                EXPECT_NEAR(after->cost.total() - before->cost.total() + (problem.jobs[job].skip_cost.value_or(0)),
                            candidate.extra_cost, 1e-6);
                const Vehicle& who = problem.vehicles[candidate.vehicle];
                EXPECT_NEAR(candidate.extra_cost,
                            candidate.extra_metres * who.cost_per_metre + candidate.extra_fixed +
                                candidate.extra_driving_s * who.cost_per_second + candidate.extra_changed, 1e-6);
                const auto route = std::ranges::find(after->routes, candidate.vehicle, &Route::vehicle);
                EXPECT_NEAR(route->calls[candidate.position].arrival_s, candidate.arrival_s, 1e-6);
                EXPECT_NEAR(route->calls[candidate.position].begin_s, candidate.begin_s, 1e-6);
                ++tried;
            }
        }
    }
    EXPECT_GT(tried, 40u);
}

/// Asking for one vehicle says what asking for all says of it, and leaves the plan as it was.
TEST(RankTest, SingleQuestionsAgreeWithTheWholeRanking) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        const auto problem = std::make_shared<const Problem>(
            random_problem(seed, {.vehicles = 5, .jobs = 20, .transports = seed % 2 == 0, .skills = true,
                                  .stability = true, .horizon_s = 500}));
        const Plan plan = plan_of(*problem);
        const auto prepared = Prepared::make(problem);
        ASSERT_TRUE(prepared);
        const auto ranker = Ranker::make(*prepared, plan);
        ASSERT_TRUE(ranker) << ranker.error().context;
        for (const std::uint32_t job : {3u, 11u, 3u}) {
            const auto all = rank(*problem, plan, job, 100);
            ASSERT_TRUE(all);
            for (const Candidate& want : *all) {
                const auto one = ranker->look(job, std::span(&want.vehicle, 1));
                ASSERT_TRUE(one);
                EXPECT_EQ(one->front().obstacle, want.obstacle);
                EXPECT_EQ(one->front().extra_cost, want.extra_cost);
                EXPECT_EQ(one->front().late_s, want.late_s);
            }
        }
        const std::uint32_t nobody = 99;
        EXPECT_EQ(ranker->look(0, std::span(&nobody, 1)).error().code, Code::not_found);
        EXPECT_EQ(ranker->rank(20, 1).error().code, Code::not_found);
        Plan lie = plan;
        lie.cost.distance += 1;
        EXPECT_EQ(Ranker::make(*prepared, lie).error().code, Code::invalid);
        Options options;
        options.budget.iterations_max = 300;
        EXPECT_EQ(solve(*prepared, options)->plan.cost.total(), plan.cost.total()) << "prepared or not";
    }
}

/// Vehicle 0 near, 1 far, along a line of places 10 m and 10 s apart; the job stands at place 5.
struct Line {
    Problem problem;
    Line() {
        problem.travel = std::make_shared<const Travel>(*Travel::from_function(12, [](std::size_t a, std::size_t b) {
            const double way = 10 * std::abs(double(a) - double(b));
            return Leg{way, way};
        }));
        problem.vehicles = {Vehicle{.start = 4, .shift = {0, 1000}, .capacity = {5, 0, 0}, .skills = 1, .pinned = {}},
                            Vehicle{.start = 0, .shift = {0, 1000}, .capacity = {5, 0, 0}, .skills = 3, .pinned = {}}};
        problem.jobs = {Job{.at = {5, 20, {}}, .then = {}, .load = {1, 0, 0}}};
    }
    Candidate of(std::uint32_t vehicle) {
        const Plan plan = plan_of(problem, 50);
        const auto ranked = rank(problem, plan, 0, 10);
        EXPECT_TRUE(ranked) << ranked.error().context;
        return *std::ranges::find(*ranked, vehicle, &Candidate::vehicle);
    }
};

TEST(RankTest, NearestFirst) {
    Line line;
    const auto ranked = rank(line.problem, plan_of(line.problem), 0, 10);
    ASSERT_TRUE(ranked);
    EXPECT_EQ((*ranked)[0].vehicle, 0u);
    EXPECT_DOUBLE_EQ((*ranked)[0].arrival_s, 10);
    EXPECT_DOUBLE_EQ((*ranked)[0].slack_s, 970);
    EXPECT_DOUBLE_EQ((*ranked)[1].metres_from_start, 50);
    EXPECT_EQ(rank(line.problem, plan_of(line.problem), 0, 1)->size(), 1u);
    EXPECT_EQ(rank(line.problem, plan_of(line.problem), 3, 1).error().code, Code::not_found);
}

TEST(RankTest, EveryObstacleIsNamedWithItsMeasure) {
    {
        Line line;
        line.problem.jobs[0].skills = 6;
        EXPECT_EQ(line.of(0).obstacle, Obstacle::skills);
        EXPECT_EQ(line.of(0).missing_skills, 6u);
        EXPECT_EQ(line.of(1).missing_skills, 4u);
    }
    {
        Line line;
        line.problem.jobs[0].only_vehicle = 1;
        EXPECT_EQ(line.of(0).obstacle, Obstacle::pinned);
    }
    {
        Line line;
        line.problem.vehicles[0].capacity = {};
        EXPECT_EQ(line.of(0).obstacle, Obstacle::load);
    }
    {
        Line line;
        line.problem.vehicles[0].stops_max = 0;
        EXPECT_EQ(line.of(0).obstacle, Obstacle::stops);
    }
    {
        Line line;
        line.problem.jobs[0].at.windows = {{0, 45}};
        EXPECT_EQ(line.of(1).obstacle, Obstacle::window_missed);
        EXPECT_DOUBLE_EQ(line.of(1).late_s, 5);
        EXPECT_EQ(line.of(0).obstacle, Obstacle::none);
    }
    {
        Line line;  // is 1 place away, but is due somewhere else: "its service falls due"
        line.problem.vehicles[0].shift.until_s = 22;
        EXPECT_EQ(line.of(0).obstacle, Obstacle::shift_over);
        EXPECT_DOUBLE_EQ(line.of(0).late_s, 8);
    }
    {
        Line line;
        Travel ways = *line.problem.travel;
        ASSERT_TRUE(ways.set(4, 5, Travel::closed));
        line.problem.travel = std::make_shared<const Travel>(ways);
        EXPECT_EQ(line.of(0).obstacle, Obstacle::no_road);
    }
    {
        Line line;  // vehicle 0 has promised to be at place 3 just in time
        line.problem.jobs[0].at.windows = {{0, 100}};
        line.problem.jobs.push_back(Job{.at = {3, 100, {{10, 10}}}, .then = {}, .only_vehicle = 0});
        const Candidate near = line.of(0);
        EXPECT_EQ(near.obstacle, Obstacle::window_missed);
        EXPECT_DOUBLE_EQ(near.late_s, 30);  // behind the other work: leaves at 110, 20 s away, 100 at the latest
        line.problem.jobs[0].at.windows = {{0, 75}};
        EXPECT_EQ(line.of(0).obstacle, Obstacle::delays_others);
        EXPECT_DOUBLE_EQ(line.of(0).late_s, 40);  // 10 there, 20 work, 20 on: at 50 instead of 10
        EXPECT_EQ(line.of(0).delayed, (Visit{1, false}));
    }
}

TEST(RankTest, APinnedJobHasBegun) {
    Line line;
    line.problem.vehicles[1].pinned = {{0, false}};
    EXPECT_EQ(rank(line.problem, plan_of(line.problem), 0, 10).error().code, Code::conflict);
    EXPECT_EQ(rank(line.problem, Plan{}, 0, 10).error().code, Code::invalid);
}

TEST(DifferenceTest, SaysWhatMoved) {
    Line line;
    line.problem.jobs.push_back(line.problem.jobs[0]);
    line.problem.jobs.push_back(line.problem.jobs[0]);
    const auto before = evaluate(line.problem, {{0, {{0, false}, {1, false}}}});
    const auto after = evaluate(line.problem, {{0, {{1, false}}}, {1, {{2, false}, {0, false}}}});
    ASSERT_TRUE(before && after);
    const Difference found = difference(*before, *after);
    ASSERT_EQ(found.moves.size(), 2u);
    EXPECT_EQ(found.moves[0].job, 0u);
    EXPECT_EQ(found.moves[0].from, 0u);
    EXPECT_EQ(found.moves[0].to, 1u);
    EXPECT_EQ(found.moves[1].from, std::nullopt);
    EXPECT_EQ(found.kept, 1u);
    EXPECT_TRUE(found.shifted.empty());  // 20 s is less than a minute
    EXPECT_DOUBLE_EQ(found.cost, 50);
}

}  // namespace
}  // namespace lineshaft::solve
