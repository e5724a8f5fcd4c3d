// What is refused of a problem, and what the checker finds in a plan.
#include <cmath>
#include <limits>

#include "solve/problem.h"
#include "solve/solve.h"
#include "solve/verify.h"
#include "worlds.h"

namespace lineshaft::solve {
namespace {

using testing::random_problem;

const double nan = std::numeric_limits<double>::quiet_NaN();

Problem good() {
    return random_problem(4, {.vehicles = 4, .jobs = 12, .transports = true, .windows = true, .horizon_s = 600});
}

struct Refusal {
    const char* words;
    std::function<void(Problem&)> spoil;
    Code code = Code::invalid;
};

TEST(CheckTest, RefusesWhatIsNoProblem) {
    const Refusal cases[] = {
        {"no ways", [](Problem& p) { p.travel.reset(); }},
        {"job 3: there is no place", [](Problem& p) { p.jobs[3].at.place = 999; }},
        {"job 0: its service time", [](Problem& p) { p.jobs[0].at.service_s = nan; }},
        {"job 0: its service time", [](Problem& p) { p.jobs[0].at.service_s = -1; }},
        {"beyond", [](Problem& p) { p.jobs[0].at.windows = {{nan, 5}}; }},
        {"beyond", [](Problem& p) { p.jobs[0].at.windows = {{0, 2e9}}; }},
        {"closes at 4 s before it opens at 5", [](Problem& p) { p.jobs[0].at.windows = {{5, 4}}; }},
        {"overlap", [](Problem& p) { p.jobs[0].at.windows = {{0, 5}, {5, 9}}; }},
        {"overlap", [](Problem& p) { p.jobs[0].at.windows = {{10, 15}, {0, 5}}; }},
        {"17 windows", [](Problem& p) {
             p.jobs[0].at.windows.clear();
             for (int i = 0; i < 17; ++i) p.jobs[0].at.windows.push_back({i * 10.0, i * 10.0 + 1});
         }, Code::exhausted},
        {"is no load", [](Problem& p) { p.jobs[0].load = {-1, 0, 0}; }},
        {"leaving it out", [](Problem& p) { p.jobs[0].skip_cost = nan; }},
        {"leaving it out", [](Problem& p) { p.jobs[0].skip_cost = -1; }},
        {"cost of a change", [](Problem& p) { p.jobs[0].change_cost = nan; }},
        {"there is no vehicle 4", [](Problem& p) { p.jobs[0].only_vehicle = 4; }},
        {"there is no vehicle 9", [](Problem& p) { p.jobs[0].previous_vehicle = 9; }},
        {"vehicle 2: there is no place", [](Problem& p) { p.vehicles[2].start = 999; }},
        {"vehicle 2: there is no place", [](Problem& p) { p.vehicles[2].end = 999; }},
        {"closes", [](Problem& p) { p.vehicles[2].shift = {9, 8}; }},
        {"a cost", [](Problem& p) { p.vehicles[2].cost_per_metre = nan; }},
        {"time factor", [](Problem& p) { p.vehicles[2].time_factor = 0; }},
        {"free from", [](Problem& p) { p.vehicles[2].free_from_s = nan; }},
        {"pins job 99", [](Problem& p) { p.vehicles[0].pinned = {{99, false}}; }},
        {"vehicle 1: pins job 2, which vehicle 0 has pinned", [](Problem& p) {
             p.vehicles[0].pinned = p.vehicles[1].pinned = {{2, false}};
         }},
        {"pinned already", [](Problem& p) { p.vehicles[0].pinned = {{2, false}, {2, false}}; }},
        {"lacks skills", [](Problem& p) { p.jobs[2].skills = 64, p.vehicles[0].pinned = {{2, false}}; }},
        {"reserved", [](Problem& p) { p.jobs[2].only_vehicle = 1, p.vehicles[0].pinned = {{2, false}}; }},
        {"no delivery", [](Problem& p) { p.jobs[2].then.reset(), p.vehicles[0].pinned = {{2, true}}; }},
        {"not pinned before", [](Problem& p) { p.jobs[2].then = p.jobs[2].at, p.vehicles[0].pinned = {{2, true}}; }},
        {"1000000 jobs in one plan, at most 5000", [](Problem& p) { p.jobs.resize(1'000'000); }, Code::exhausted},
        {"5001 jobs", [](Problem& p) { p.jobs.resize(5'001); }, Code::exhausted},
        {"5001 vehicles", [](Problem& p) { p.vehicles.resize(5'001); }, Code::exhausted},
    };
    for (const Refusal& test : cases) {
        Problem problem = good();
        ASSERT_TRUE(check(problem));
        test.spoil(problem);
        const auto answer = solve(problem, {});
        ASSERT_FALSE(answer) << test.words;
        EXPECT_EQ(answer.error().code, test.code) << test.words;
        EXPECT_NE(answer.error().context.find(test.words), std::string::npos) << answer.error().context;
    }
    Problem most = good();
    most.jobs.assign(5'000, most.jobs[0]);
    EXPECT_TRUE(check(most));
}

TEST(CheckTest, TravelRefusesWhatIsNoWay) {
    const Leg leg{1, 1};
    EXPECT_TRUE(Travel::from_matrix(1, {leg}));
    EXPECT_EQ(Travel::from_matrix(0, {}).error().code, Code::invalid);
    EXPECT_EQ(Travel::from_matrix(2, {leg}).error().code, Code::invalid);
    EXPECT_EQ(Travel::from_matrix(1, {{nan, 1}}).error().code, Code::invalid);
    EXPECT_EQ(Travel::from_matrix(1, {{1, -1}}).error().code, Code::invalid);
    EXPECT_EQ(Travel::from_matrix(1, {{1, 1e12}}).error().code, Code::invalid);
    EXPECT_EQ(Travel::from_matrix(4001, {}).error().code, Code::exhausted);
    EXPECT_EQ(Travel::from_function(4001, [&](auto, auto) { return leg; }).error().code, Code::exhausted);
    Travel travel = *Travel::from_matrix(2, {leg, leg, leg, leg});
    EXPECT_TRUE(travel.set(0, 1, Travel::closed));
    EXPECT_EQ(travel.leg(0, 1), Travel::closed);
    EXPECT_FALSE(travel.is_symmetric());
    EXPECT_TRUE(travel.set(1, 0, Travel::closed));
    travel.look_at_symmetry();
    EXPECT_TRUE(travel.is_symmetric());
    EXPECT_TRUE(travel.set_both(0, 1, {5, 6}));
    EXPECT_EQ(travel.leg(1, 0), (Leg{5, 6}));
    EXPECT_EQ(travel.to(1)[0], (Leg{5, 6}));
    EXPECT_FALSE(travel.set(0, 2, leg));
    // Nobody goes beyond the goals.
    Travel few = *Travel::to_goals(3, 1);
    EXPECT_TRUE(few.set(2, 0, {7, 8}));
    EXPECT_FALSE(few.set(0, 1, leg));
    EXPECT_EQ(few.leg(0, 2), Travel::closed);
    EXPECT_EQ(Travel::to_goals(2, 3).error().code, Code::invalid);
    EXPECT_FALSE(travel.set(0, 0, {nan, 0}));
}

TEST(CheckTest, GreatCircleDistances) {
    EXPECT_NEAR(great_circle_metres({0, 0}, {0, 180}), 20'015'114.4, 1);
    EXPECT_NEAR(great_circle_metres({28.2282, 112.9388}, {31.2304, 121.4737}), 888'000, 3'000);  // Changsha, Shanghai
    EXPECT_NEAR(great_circle_metres({0, 179.99}, {0, -179.99}), 2'223.9, 1);
    EXPECT_EQ(great_circle_metres({45, 45}, {45, 45}), 0);
    const Point points[] = {{28.0, 113.0}, {28.1, 113.0}};
    const auto travel = great_circle_travel(points, {.detour = 1.0, .slow_metres = 1'000, .slow_kmh = 36, .fast_kmh = 72});
    ASSERT_TRUE(travel);
    const double metres = great_circle_metres(points[0], points[1]);
    EXPECT_NEAR(travel->leg(0, 1).seconds, 100 + (metres - 1'000) / 20, 1e-6);
    const Point nowhere[] = {{nan, 0}}, beyond[] = {{91, 0}};
    EXPECT_FALSE(great_circle_travel(nowhere));
    EXPECT_FALSE(great_circle_travel(beyond));
    EXPECT_FALSE(great_circle_travel(points, {.fast_kmh = 0}));
}

/// Every lie about a plan is found, one at a time.
TEST(VerifyTest, FindsEveryLie) {
    const Problem problem = good();
    Options options;
    options.budget.iterations_max = 200;
    const auto outcome = solve(problem, options);
    ASSERT_TRUE(outcome);
    ASSERT_TRUE(verify(problem, outcome->plan));
    ASSERT_FALSE(outcome->plan.routes.empty());
    const std::pair<const char*, std::function<void(Plan&)>> lies[] = {
        {"end", [](Plan& p) { p.routes[0].end_s += 1; }},
        {"arrival", [](Plan& p) { p.routes[0].calls[0].arrival_s -= 0.01; }},
        {"begin", [](Plan& p) { p.routes[0].calls[0].begin_s += 0.01; }},
        {"late", [](Plan& p) { p.routes[0].calls[0].late_s = 1; }},
        {"pinned", [](Plan& p) { p.routes[0].calls[0].pinned = true; }},
        {"metres", [](Plan& p) { p.routes[0].metres *= 0.99; }},
        {"waiting", [](Plan& p) { p.routes[0].waiting_s += 1; }},
        {"distance", [](Plan& p) { p.cost.distance -= 1; }},
        {"fixed", [](Plan& p) { p.cost.fixed += 1; }},
        {"missing", [](Plan& p) { ++p.cost.missing; }},
        {"nan", [](Plan& p) { p.cost.time = nan; }},
        {"a call dropped", [](Plan& p) { p.routes[0].calls.pop_back(); }},
        {"a call twice", [](Plan& p) { p.routes[0].calls.push_back(p.routes[0].calls[0]); }},
        {"a route dropped", [](Plan& p) { p.routes.pop_back(); }},
        {"a route twice", [](Plan& p) { p.routes.push_back(p.routes[0]); }},
        {"no calls", [](Plan& p) { p.routes[0].calls.clear(); }},
        {"no such vehicle", [](Plan& p) { p.routes[0].vehicle = 77; }},
        {"no such job", [](Plan& p) { p.routes[0].calls[0].visit.job = 77; }},
        {"unserved", [](Plan& p) { p.unserved.push_back({0, Why::crowded_out}); }},
    };
    for (const auto& [name, lie] : lies) {
        Plan plan = outcome->plan;
        lie(plan);
        EXPECT_FALSE(verify(problem, plan)) << name;
    }
}

TEST(VerifyTest, FindsBrokenRules) {
    Problem problem;
    problem.travel = std::make_shared<const Travel>(*Travel::from_function(3, [](std::size_t a, std::size_t b) {
        return a == 2 && b == 0 ? Travel::closed : Leg{10, 10};
    }));
    problem.vehicles = {Vehicle{.start = 0, .shift = {0, 100}, .capacity = {3, 0, 0}, .skills = 1, .pinned = {}},
                        Vehicle{.start = 0, .end = 0, .shift = {0, 100}, .capacity = {9, 0, 0}, .skills = 3, .pinned = {}}};
    problem.jobs = {Job{.at = {1, 5, {{0, 20}}}, .then = {}, .load = {2, 0, 0}, .skills = 1},
                    Job{.at = {1, 5, {}}, .then = Stop{2, 5, {{0, 60}}}, .load = {2, 0, 0}, .skills = 1},
                    Job{.at = {1, 70, {}}, .then = {}, .load = {}, .skills = 3}};
    const Visit work{0, false}, pick{1, false}, drop{1, true}, special{2, false};
    const std::pair<const char*, std::vector<Order>> cases[] = {
        {"late", {{1, {special, work}}}},
        {"skills", {{0, {special}}}},
        {"carry", {{0, {work, pick, drop}}}},
        {"before it is picked up", {{1, {drop, pick}}}},
        {"never delivered", {{1, {pick}}}},
        {"never delivered", {{0, {pick}}, {1, {drop}}}},
        {"no road", {{1, {pick, drop}}}},
        {"shift ends", {{1, {work, special, pick}}}},
        {"twice", {{0, {work}}, {1, {work}}}},
        {"two routes", {{0, {work}}, {0, {}}}},
    };
    for (const auto& [words, orders] : cases) {
        const auto plan = evaluate(problem, orders);
        ASSERT_FALSE(plan) << words;
        EXPECT_NE(plan.error().context.find(words), std::string::npos) << plan.error().context;
    }
    EXPECT_TRUE(evaluate(problem, {{0, {pick, drop}}, {1, {work}}}));
    problem.vehicles[0].pinned = {work};
    EXPECT_FALSE(evaluate(problem, {{0, {pick, drop}}}));
    EXPECT_FALSE(evaluate(problem, {}));
    problem.jobs[0].only_vehicle = 1;
    EXPECT_FALSE(evaluate(problem, {{0, {work}}}));
}

}  // namespace
}  // namespace lineshaft::solve
