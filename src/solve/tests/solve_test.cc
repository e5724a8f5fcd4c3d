#include "solve/solve.h"

#include "base/tests/one_in.h"
#include "solve/explain.h"
#include "worlds.h"

namespace lineshaft::solve {
namespace {

using testing::BruteForce;
using testing::random_problem;
using testing::Shape;
using testing::value_of;

Options iterations(std::uint64_t count, std::uint64_t seed = 1) {
    Options options;
    options.seed = seed;
    options.budget.iterations_max = count;
    return options;
}

struct Named {
    const char* name;
    Shape shape;
};
const Named small_worlds[] = {
    {"windows", {.jobs = 5}},
    {"one vehicle", {.vehicles = 1, .jobs = 6}},
    {"optional", {.jobs = 5, .optional_jobs = true}},
    {"skills", {.vehicles = 3, .jobs = 4, .skills = true}},
    {"transports", {.jobs = 4, .transports = true, .windows = false}},
    {"transports in time", {.vehicles = 1, .jobs = 4, .transports = true, .horizon_s = 260}},
    {"stability", {.jobs = 5, .stability = true}},
    {"pins", {.jobs = 5, .pins = true}},
    {"pinned transports", {.jobs = 3, .transports = true, .optional_jobs = true, .pins = true}},
    {"no triangle inequality", {.jobs = 5, .windows = false, .asymmetric = true}},
    {"crowded", {.jobs = 5, .optional_jobs = true, .horizon_s = 90}},
};

TEST(SolveTest, FindsTheBestOfAllPlansOfSmallWorlds) {
    for (const Named& world : small_worlds)
        for (std::uint64_t seed = 1; seed <= 12; seed += one_in(6)) {
            const Problem problem = random_problem(seed, world.shape);
            const BruteForce oracle(problem);
            const auto outcome = solve(problem, iterations(3000));
            ASSERT_TRUE(outcome) << world.name << ' ' << seed << ": " << outcome.error().context;
            const auto found = value_of(outcome->plan);
            EXPECT_EQ(found.first, oracle.best.first) << world.name << ' ' << seed;
            EXPECT_NEAR(found.second, oracle.best.second, 1e-6) << world.name << ' ' << seed;
        }
}

TEST(SolveTest, EveryAnswerOfLargerWorldsStandsTheCheck) {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        const Shape shape{.vehicles = 1 + seed % 9, .jobs = 10 + 2 * seed, .transports = seed % 2 == 0,
                          .windows = seed % 5 != 0, .optional_jobs = seed % 3 == 0, .skills = seed % 4 == 0,
                          .pins = seed % 3 == 1, .stability = seed % 5 == 1, .asymmetric = seed % 7 == 0,
                          .horizon_s = 400};
        const Problem problem = random_problem(seed, shape);
        const auto outcome = solve(problem, iterations(300, seed));
        ASSERT_TRUE(outcome) << seed << ": " << outcome.error().context;
        const auto good = verify(problem, outcome->plan);
        EXPECT_TRUE(good) << seed << ": " << good.error().context;
    }
}

// Beyond 300 jobs only routes near a job are looked at.
TEST(SolveTest, LargeWorldsArePlannedWhollyAndRepeatably) {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        const Shape shape{.vehicles = 60, .jobs = 330, .windows = seed != 3, .optional_jobs = seed == 2, .skills = seed == 4,
                          .pins = seed == 2, .stability = seed == 1, .asymmetric = seed == 4, .horizon_s = 900};
        const Problem problem = random_problem(seed, shape);
        const auto first = solve(problem, iterations(400, seed)), again = solve(problem, iterations(400, seed));
        ASSERT_TRUE(first && again) << seed << ": " << (first ? again : first).error().context;
        EXPECT_EQ(value_of(first->plan), value_of(again->plan)) << seed;
        const auto begun = solve(problem, iterations(0, seed));
        ASSERT_TRUE(begun) << seed;
        EXPECT_LT(value_of(first->plan), value_of(begun->plan)) << seed;
    }
}

TEST(SolveTest, TheSameSeedGivesTheSamePlan) {
    const Problem problem = random_problem(7, {.vehicles = 6, .jobs = 40, .transports = true, .horizon_s = 500});
    const auto first = solve(problem, iterations(500, 3)), again = solve(problem, iterations(500, 3));
    ASSERT_TRUE(first && again);
    EXPECT_EQ(first->iterations, 500u);
    ASSERT_EQ(first->plan.routes.size(), again->plan.routes.size());
    EXPECT_EQ(first->plan.cost.total(), again->plan.cost.total());
    const Difference none = difference(first->plan, again->plan);
    EXPECT_TRUE(none.moves.empty() && none.shifted.empty());
}

TEST(SolveTest, MoreBudgetIsNeverWorseFromTheSameStart) {
    const Problem problem = random_problem(8, {.vehicles = 6, .jobs = 40, .horizon_s = 500});
    const auto rough = solve(problem, iterations(1));
    ASSERT_TRUE(rough);
    Options more = iterations(2000);
    more.start = orders_of(rough->plan);
    const auto fine = solve(problem, more);
    ASSERT_TRUE(fine);
    EXPECT_LE(value_of(fine->plan), value_of(rough->plan));
    more.budget.iterations_max = 0;
    const auto kept = solve(problem, more);
    ASSERT_TRUE(kept);
    EXPECT_NEAR(kept->plan.cost.total(), rough->plan.cost.total(), 1e-6);
    EXPECT_TRUE(difference(rough->plan, kept->plan).moves.empty());
}

TEST(SolveTest, StopsWhenToldAndTellsItsProgress) {
    const Problem problem = random_problem(9, {.vehicles = 6, .jobs = 40, .horizon_s = 500});
    int asked = 0;
    Options options;
    options.budget.cancelled = [&] { return ++asked > 3; };
    auto outcome = solve(problem, options);
    ASSERT_TRUE(outcome);
    EXPECT_TRUE(outcome->was_cancelled);
    EXPECT_LE(outcome->iterations, 200u);
    EXPECT_TRUE(verify(problem, outcome->plan));

    double spent = 0, told = -1;
    std::size_t calls = 0;
    options.budget = {.spent = [&] { return spent += 0.01; }};
    options.progress = [&](const Progress& progress) {
        EXPECT_GE(progress.spent, told);
        told = progress.spent;
        ++calls;
    };
    outcome = solve(problem, options);
    ASSERT_TRUE(outcome);
    EXPECT_FALSE(outcome->was_cancelled);
    EXPECT_GE(calls, 1u);
    EXPECT_LE(calls, 102u);
}

TEST(SolveTest, VehiclesFirstUsesFewer) {
    Problem problem = random_problem(10, {.vehicles = 8, .jobs = 24, .windows = false, .horizon_s = 2000});
    for (Vehicle& vehicle : problem.vehicles) vehicle.fixed_cost = 0, vehicle.end = vehicle.start, vehicle.stops_max = 99;
    for (Job& job : problem.jobs) job.load = {1, 0, 0};
    Options options = iterations(4000);
    const auto cheap = solve(problem, options);
    options.objective = Objective::vehicles_then_cost;
    const auto few = solve(problem, options);
    ASSERT_TRUE(cheap && few);
    EXPECT_EQ(few->plan.cost.missing, 0u);
    EXPECT_EQ(few->plan.routes.size(), 3u);  // 24 pieces, 8 in each
    EXPECT_GE(cheap->plan.routes.size(), few->plan.routes.size());
}

struct Golden {
    const char* name;
    double optimum;
    std::int64_t capacity;
    std::vector<std::array<double, 6>> rows;
};
const Golden goldens[] = {
#include "solomon_25.inc"
};

TEST(SolveTest, ReachesPublishedOptima) {
    for (const Golden& golden : goldens) {
        Problem problem;
        problem.travel = std::make_shared<const Travel>(*Travel::from_function(26, [&](std::size_t a, std::size_t b) {
            const double way = std::hypot(golden.rows[a][0] - golden.rows[b][0], golden.rows[a][1] - golden.rows[b][1]);
            return Leg{std::floor(way * 10) / 10, std::floor(way * 10) / 10};
        }));
        problem.vehicles.assign(25, Vehicle{.end = 0, .shift = {0, golden.rows[0][4]}, .capacity = {golden.capacity, 0, 0}});
        for (std::uint32_t i = 1; i < 26; ++i) {
            const auto& [x, y, demand, ready, due, service] = golden.rows[i];
            problem.jobs.push_back(Job{.at = {i, service, {{ready, due}}}, .load = {std::int64_t(demand), 0, 0}});
        }
        const auto outcome = solve(problem, iterations(8000));
        ASSERT_TRUE(outcome) << golden.name;
        EXPECT_NEAR(outcome->plan.cost.total(), golden.optimum, 1e-6) << golden.name;
    }
}

/// One vehicle at place 0, jobs at 1 and 2; 10 m and 10 s apart on a line.
Problem line() {
    Problem problem;
    problem.travel = std::make_shared<const Travel>(*Travel::from_function(3, [](std::size_t a, std::size_t b) {
        const double way = 10 * std::abs(double(a) - double(b));
        return Leg{way, way};
    }));
    problem.vehicles = {Vehicle{.start = 0, .end = 0, .shift = {0, 1000}, .capacity = {5, 0, 0}, .skills = 1, .pinned = {}}};
    problem.jobs = {Job{.at = {1, 5, {}}, .then = {}, .load = {1, 0, 0}}, Job{.at = {2, 5, {}}, .then = {}, .load = {1, 0, 0}}};
    return problem;
}

TEST(SolveTest, SaysWhyAJobIsLeftOut) {
    struct Case {
        Why why;
        std::function<void(Problem&)> change;
    };
    const Case cases[] = {
        {Why::no_skills, [](Problem& p) { p.jobs[1].skills = 2; }},
        {Why::too_heavy, [](Problem& p) { p.jobs[1].load = {6, 0, 0}; }},
        {Why::not_in_time, [](Problem& p) { p.jobs[1].at.windows = {{0, 19}}; }},
        {Why::not_in_time, [](Problem& p) { p.vehicles[0].free_from_s = 980; p.jobs[0].skip_cost = 0; }},
        {Why::not_worth_it, [](Problem& p) { p.jobs[1].skip_cost = 15, p.jobs[0].skip_cost = 5; }},
        {Why::crowded_out, [](Problem& p) { p.jobs[1].load = {5, 0, 0}, p.jobs[0].at.windows = {{0, 10}}, p.jobs[1].skip_cost = 41; }},
    };
    for (const Case& test : cases) {
        Problem problem = line();
        test.change(problem);
        const auto outcome = solve(problem, iterations(200));
        ASSERT_TRUE(outcome) << outcome.error().context;
        ASSERT_FALSE(outcome->plan.unserved.empty()) << name_of(test.why);
        EXPECT_EQ(outcome->plan.unserved.back().job, 1u);
        EXPECT_EQ(outcome->plan.unserved.back().why, test.why) << name_of(outcome->plan.unserved.back().why);
    }
}

TEST(SolveTest, PinsAreKeptHoweverLateAndNothingIsDrivenBeforeNow) {
    Problem problem = line();
    problem.jobs[1].at.windows = {{0, 5}};  // cannot be met
    problem.vehicles[0].pinned = {{1, false}};
    problem.vehicles[0].free_from_s = 100;
    const auto outcome = solve(problem, iterations(100));
    ASSERT_TRUE(outcome) << outcome.error().context;
    ASSERT_EQ(outcome->plan.routes.size(), 1u);
    const auto& calls = outcome->plan.routes[0].calls;
    ASSERT_EQ(calls.size(), 2u);
    EXPECT_TRUE(calls[0].pinned);
    EXPECT_DOUBLE_EQ(calls[0].late_s, 15);
    EXPECT_DOUBLE_EQ(calls[1].arrival_s, 110);
}

TEST(SolveTest, NothingToDoIsAPlanToo) {
    Problem problem = line();
    problem.jobs.clear();
    auto outcome = solve(problem, iterations(10));
    ASSERT_TRUE(outcome);
    EXPECT_TRUE(outcome->plan.routes.empty());
    problem = line();
    problem.vehicles.clear();
    outcome = solve(problem, iterations(10));
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->plan.cost.missing, 2u);
    EXPECT_EQ(outcome->plan.unserved[0].why, Why::no_skills);
}

TEST(SolveTest, AStartThatNoLongerFitsIsMended) {
    const Problem before = random_problem(11, {.vehicles = 5, .jobs = 25, .transports = true, .horizon_s = 500});
    const auto plan = solve(before, iterations(300));
    ASSERT_TRUE(plan);
    Problem after = before;
    after.vehicles[0].shift.until_s = after.vehicles[0].shift.from_s;  // broken down
    after.vehicles[1].free_from_s = 120;
    Options options = iterations(300);
    options.start = orders_of(plan->plan);
    options.focus = {0, 1, 2};
    const auto again = solve(after, options);
    ASSERT_TRUE(again) << again.error().context;
    for (const Route& route : again->plan.routes) EXPECT_NE(route.vehicle, 0u);
    options.start[0].vehicle = 99;
    EXPECT_EQ(solve(after, options).error().code, Code::invalid);
    options.start[0] = {0, {{99, false}}};
    EXPECT_EQ(solve(after, options).error().code, Code::invalid);
    options.start.clear();
    options.focus = {99};
    EXPECT_EQ(solve(after, options).error().code, Code::invalid);
}

}  // namespace
}  // namespace lineshaft::solve
