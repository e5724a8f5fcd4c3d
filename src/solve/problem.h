// What is to be planned: vehicles (machines under their own wheels, or low-loaders), jobs (work at
// one place, or a transport from one place to another), and how long every way takes.
//
// Times are seconds since the problem's own beginning, ways are metres, costs are in one currency
// of the caller's choice. Vehicles, jobs and places are named by their index in the problem.
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"

namespace lineshaft::solve {

inline constexpr double latest_s = 1e9;   ///< no instant of a problem lies behind it
inline constexpr double no_road_m = 1e11;  ///< a leg this long or longer: there is no way

/// From one place to another.
struct Leg {
    double metres = 0, seconds = 0;
    bool operator==(const Leg&) const = default;
};

struct Limits {
    std::size_t jobs_max = 5'000;
    std::size_t vehicles_max = 5'000;
    std::size_t places_max = 4'000;  ///< legs are kept for every pair: 16 bytes each
    std::size_t windows_max = 16;    ///< of one stop
};

/// The way between any two places. Neither symmetry nor the triangle inequality is required.
/// Legs lie by where they lead, for that is how the search asks for them.
class Travel {
public:
    /// `legs` is row-major, places x places. Errors: invalid (shape, NaN, negative), exhausted
    /// (more than `limits.places_max`).
    static Result<Travel> from_matrix(std::size_t places, std::vector<Leg> legs, Limits limits = {});
    /// Asks `leg(from, to)` once for every pair. Errors: as above.
    static Result<Travel> from_function(std::size_t places,
                                        const std::function<Leg(std::size_t, std::size_t)>& leg,
                                        Limits limits = {});
    /// Nobody ever goes to a place beyond the first `goals`: half the memory for a fleet that
    /// stands anywhere. All legs are nothing until they are set. Errors: as above; invalid (more
    /// goals than places).
    static Result<Travel> to_goals(std::size_t places, std::size_t goals, Limits limits = {});

    std::size_t places() const { return places_; }
    std::size_t goals() const { return goals_; }
    const Leg& leg(std::size_t from, std::size_t to) const {
        return to < goals_ ? legs_[to * (places_ + 1) + from] : closed;
    }
    /// The legs to a goal from every place, and one more of nothing: from nowhere.
    const Leg* to(std::size_t goal) const { return &legs_[goal * (places_ + 1)]; }
    /// Between goals, both directions are the same.
    bool is_symmetric() const { return is_symmetric_; }
    /// Another way between the two; `closed` when there is none any more. Errors: invalid.
    Result<void> set(std::size_t from, std::size_t to, Leg leg);
    /// The same way in both directions, between two goals. Errors: invalid.
    Result<void> set_both(std::size_t a, std::size_t b, Leg leg);
    /// After many set(): whether both directions are the same again. Time: goals squared.
    void look_at_symmetry();
    static constexpr Leg closed{no_road_m, no_road_m};

private:

    std::size_t places_ = 0, goals_ = 0;
    std::vector<Leg> legs_;  ///< goals x (places + 1)
    bool is_symmetric_ = true;
};

/// A point on the earth, degrees (WGS 84).
struct Point {
    double latitude = 0, longitude = 0;
};

/// Great-circle ways, made longer and slower as roads are. The default until a road router is asked.
struct SpeedProfile {
    double detour = 1.3;           ///< road metres per straight metre, >= 1
    double slow_metres = 5'000;    ///< so much of each way goes at `slow_kmh`
    double slow_kmh = 25, fast_kmh = 60;
};
/// Metres between two points on a sphere of 6,371,008.8 m. Source: haversine formula.
double great_circle_metres(Point a, Point b);
Result<Travel> great_circle_travel(std::span<const Point> points, SpeedProfile profile = {},
                                   Limits limits = {});

/// Closed on both sides: a service may begin at `from` and at `until`.
struct Span {
    double from_s = 0, until_s = latest_s;
    bool operator==(const Span&) const = default;
};

/// What must fit at the same time, for example kilograms, centimetres of bed, pieces.
using Load = std::array<std::int64_t, 3>;

/// One thing to do at one place. The service begins inside one of the windows; who comes early waits.
struct Stop {
    std::uint32_t place = 0;
    double service_s = 0;
    std::vector<Span> windows = {};  ///< ascending, apart from each other; none: any time
};

/// Work at `at`, or, with `then`, a transport picked up at `at` and delivered at `then` by the same
/// vehicle. A job is done once, wholly, by one vehicle, or left out.
struct Job {
    Stop at;
    std::optional<Stop> then = {};
    /// A transport takes it between its two stops, other work for the vehicle's whole route.
    Load load{};
    std::uint64_t skills = 0;  ///< the vehicle must have all of these bits
    /// What leaving it out costs: rent, a lost prize. None: it must be done, and only where no
    /// vehicle can is it left out, with the reason.
    std::optional<double> skip_cost = {};
    std::optional<std::uint32_t> only_vehicle = {};  ///< nobody else may (pinned by hand)
    /// Stability: who did it in the plan people know, and what giving it to another costs.
    std::optional<std::uint32_t> previous_vehicle = {};
    double change_cost = 0;
};

/// One of a job's stops: its only or first one, or a transport's delivery.
struct Visit {
    std::uint32_t job = 0;
    bool is_delivery = false;
    bool operator==(const Visit&) const = default;
};

struct Vehicle {
    std::uint32_t start = 0;             ///< where it stands
    std::optional<std::uint32_t> end = {};    ///< where it must be at last; none: it stays where it is
    Span shift = {};                          ///< leaves `start` and ends inside it
    /// What is not pinned is not driven to before this instant: "now" while the plan runs.
    double free_from_s = 0;
    Load capacity{};
    std::uint64_t skills = 0;
    double fixed_cost = 0;       ///< once, when it does anything
    double cost_per_metre = 1, cost_per_second = 0;  ///< of driving
    double time_factor = 1;      ///< seconds it needs for a second of `Travel`
    std::uint32_t stops_max = 1'000'000;
    /// Begun or promised: the route's first visits, in this order. They are kept however late they
    /// are, as is the delivery of what was picked up among them; all others obey their windows.
    std::vector<Visit> pinned = {};
};

struct Problem {
    std::shared_ptr<const Travel> travel;
    std::vector<Vehicle> vehicles;
    std::vector<Job> jobs;
};

/// Says what is wrong with a problem, and where. Jobs nobody can do are not wrong: the plan says so.
/// Errors: exhausted (too many of something), invalid (a number that is not one, windows that
/// overlap or close before they open, an index of nothing, a visit pinned twice or out of order,
/// a pinned visit of somebody without the skills or no road to it).
Result<void> check(const Problem& problem, const Limits& limits = {});

}  // namespace lineshaft::solve
