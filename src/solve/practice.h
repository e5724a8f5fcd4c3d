// Made-up days of a fleet of construction machines, from a seed: for tests, benchmarks and the demo.
//
// A region of about 100 km with yards and towns; machines of six types stand at yards, some with an
// attachment (skills). Jobs of one to four hours lie around the towns, ask for a type, now and then an
// attachment, have a window of two to six hours inside a twelve-hour day and cost rent when nobody
// of the own fleet comes. Then things happen: rush jobs, breakdowns, work that takes longer,
// orders withdrawn. The numbers are ours and meant to be plausible, not taken from anywhere.
#pragma once
#include <cstdint>
#include <vector>

#include "solve/problem.h"
#include "solve/replan.h"

namespace lineshaft::solve {

struct PracticeSize {
    std::size_t vehicles = 1'000;
    std::size_t jobs = 1'000;   ///< known in the morning
    std::size_t events = 100;   ///< 60 % rush jobs, 15 % breakdowns, 15 % longer work, 10 % withdrawn
    double change_cost = 25;    ///< of giving a job to another machine
};

struct PracticeDay {
    struct Happening {
        Event::Kind kind = Event::Kind::job_added;
        double at_s = 0;
        std::uint64_t pick = 0;  ///< which of those that qualify then
        double seconds = 0;
    };
    Problem problem;              ///< as known in the morning
    std::vector<Job> rush;        ///< the jobs to be added, in order; their places are in the matrix
    std::vector<Happening> happenings;  ///< ascending
    std::vector<Point> places;
};

/// The same seed and size give the same day. Bounded by Limits (places: vehicles + jobs + events).
PracticeDay practice_day(std::uint64_t seed, const PracticeSize& size = {});

/// The happening as an event of the present plan: picks among jobs that run (longer), that have not
/// begun (withdrawn), or vehicles that still have something to do (breakdown). Adds a rush job to the
/// problem. Nothing, when none qualifies. Call after pin_begun.
std::optional<Event> event_of(PracticeDay& day, const PracticeDay::Happening& happening, Problem& problem,
                              const Plan& plan);

}  // namespace lineshaft::solve
