#include "solve/replan.h"

#include "solve/practice.h"
#include "solve/verify.h"
#include "worlds.h"

namespace lineshaft::solve {
namespace {

Plan first_plan_of(const Problem& problem, std::uint64_t iterations = 200) {
    Options options;
    options.budget.iterations_max = iterations;
    auto outcome = solve(problem, options);
    EXPECT_TRUE(outcome) << outcome.error().context;
    return outcome->plan;
}

const Route* route_of(const Plan& plan, std::uint32_t vehicle) {
    const auto found = std::ranges::find(plan.routes, vehicle, &Route::vehicle);
    return found == plan.routes.end() ? nullptr : &*found;
}

/// Whole days, event by event: what people were promised stays, and every plan stands the check.
TEST(ReplanTest, DaysOfEventsKeepEveryPromise) {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        PracticeDay day = practice_day(seed, {.vehicles = 40, .jobs = 60, .events = 60});
        Problem problem = day.problem;
        Plan plan = first_plan_of(problem);
        std::vector<std::uint32_t> broken, withdrawn;
        std::size_t events = 0;
        for (const PracticeDay::Happening& happening : day.happenings) {
            ASSERT_TRUE(pin_begun(problem, plan, happening.at_s));
            const auto event = event_of(day, happening, problem, plan);
            if (!event) continue;
            ++events;
            const auto focus = apply(problem, plan, *event);
            ASSERT_TRUE(focus) << focus.error().context;
            EXPECT_TRUE(!focus->empty() ||
                        event->kind == Event::Kind::takes_longer);  // its last work
            const std::vector<Vehicle> pinned = problem.vehicles;
            Options options;
            options.budget.iterations_max = 60;
            options.seed = seed + events;
            const auto next = replan(problem, plan, *focus, options);
            ASSERT_TRUE(next) << next.error().context;
            ASSERT_TRUE(verify(problem, next->plan));
            if (event->kind == Event::Kind::breakdown) broken.push_back(event->vehicle);
            if (event->kind == Event::Kind::withdrawn) withdrawn.push_back(event->job);
            for (const std::uint32_t vehicle : broken) {
                const Route* route = route_of(next->plan, vehicle);
                if (!route) continue;
                for (const Call& call : route->calls) EXPECT_LE(call.begin_s, event->at_s);
            }
            for (const std::uint32_t job : withdrawn)
                EXPECT_EQ(std::ranges::count(next->plan.unserved, job, &Unserved::job), 1);
            for (const auto& move : next->difference.moves)  // who had begun is not moved
                for (const Vehicle& vehicle : pinned)
                    EXPECT_EQ(std::ranges::count(vehicle.pinned, Visit{move.job, false}), 0);
            plan = next->plan;
        }
        EXPECT_GT(events, 40u);
        EXPECT_FALSE(broken.empty());
    }
}

TEST(ReplanTest, ARushJobMovesLittle) {
    PracticeDay day = practice_day(5, {.vehicles = 40, .jobs = 60, .events = 0});
    Problem problem = day.problem;
    const Plan plan = first_plan_of(problem, 3000);
    ASSERT_TRUE(pin_begun(problem, plan, 3600));
    Job rush = problem.jobs[0];
    rush.at.windows = {{3600, 12 * 3600.0 - rush.at.service_s}};
    rush.previous_vehicle.reset();
    problem.jobs.push_back(rush);
    const auto focus = apply(problem, plan, {.kind = Event::Kind::job_added, .job = 60});
    ASSERT_TRUE(focus);
    Options options;
    options.budget.iterations_max = 500;
    const auto next = replan(problem, plan, *focus, options);
    ASSERT_TRUE(next) << next.error().context;
    EXPECT_LE(next->difference.moves.size(), 6u);
    EXPECT_GE(next->difference.kept, 40u);
}

TEST(PinTest, PinsWhatMustHaveBeenLeftFor) {
    Problem problem;
    problem.travel =
        std::make_shared<const Travel>(*Travel::from_function(4, [](std::size_t a, std::size_t b) {
            const double way = 10 * std::abs(double(a) - double(b));
            return Leg{way, way};
        }));
    problem.vehicles = {Vehicle{.start = 0, .shift = {0, 1000}}};
    for (std::uint32_t place = 1; place <= 3; ++place)
        problem.jobs.push_back(Job{.at = {place, 5, {{place * 100.0, place * 100.0 + 50}}}});
    const auto plan = evaluate(problem, {{0, {{0, false}, {1, false}, {2, false}}}});
    ASSERT_TRUE(plan) << plan.error().context;
    const std::pair<double, std::size_t> cases[] = {{0, 0},   {89, 0},  {90, 1},
                                                    {189, 1}, {190, 2}, {1000, 3}};
    for (const auto& [now, count] : cases) {
        Problem then = problem;
        ASSERT_TRUE(pin_begun(then, *plan, now));
        EXPECT_EQ(then.vehicles[0].pinned.size(), count) << now;
        EXPECT_EQ(then.vehicles[0].free_from_s, now);
        EXPECT_EQ(then.jobs[2].previous_vehicle, 0u);
    }
    Problem then = problem;
    ASSERT_TRUE(pin_begun(then, *plan, 100));
    const auto code = [&](Event event) {
        const auto focus = apply(then, *plan, event);
        return focus ? std::optional<Code>{} : focus.error().code;
    };
    using enum Event::Kind;
    EXPECT_EQ(code({.kind = withdrawn, .job = 0}), Code::conflict);
    EXPECT_EQ(code({.kind = withdrawn, .job = 9}), Code::invalid);
    EXPECT_EQ(code({.kind = breakdown, .vehicle = 1}), Code::invalid);
    EXPECT_EQ(code({.kind = withdrawn, .job = 1}), std::nullopt);
    EXPECT_EQ(code({.kind = late, .vehicle = 0, .seconds = 400}), std::nullopt);
    EXPECT_EQ(then.vehicles[0].free_from_s, 400);
    EXPECT_EQ(code({.kind = breakdown, .at_s = 95, .vehicle = 0}), std::nullopt);
    EXPECT_TRUE(then.vehicles[0].pinned.empty());  // it was on its way, and does not arrive
    Plan wrong = *plan;
    wrong.routes[0].calls[0].visit.job = 77;
    EXPECT_EQ(pin_begun(then, wrong, 0).error().code, Code::invalid);
}

TEST(PracticeTest, TheSameSeedGivesTheSameDay) {
    const PracticeDay a = practice_day(3, {.vehicles = 10, .jobs = 20, .events = 10});
    const PracticeDay b = practice_day(3, {.vehicles = 10, .jobs = 20, .events = 10});
    ASSERT_TRUE(check(a.problem));
    EXPECT_EQ(a.problem.jobs[7].at.windows, b.problem.jobs[7].at.windows);
    EXPECT_EQ(a.happenings[3].at_s, b.happenings[3].at_s);
    EXPECT_NE(practice_day(4, {.vehicles = 10, .jobs = 20}).problem.jobs[7].at.windows,
              a.problem.jobs[7].at.windows);
}

}  // namespace
}  // namespace lineshaft::solve
