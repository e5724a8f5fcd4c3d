#include "solve/practice.h"

#include <algorithm>
#include <cmath>

#include "solve/routes.h"

namespace lineshaft::solve {
namespace {

constexpr double hour = 3600, day_s = 12 * hour;
constexpr std::size_t types = 6, yards = 24, towns = 40;

class Dice {
public:
    explicit Dice(std::uint64_t seed) : chance_(seed * 0x2545f4914f6cdd1d + 1) {}
    double between(double low, double high) { return low + (high - low) * chance_.uniform(); }
    std::uint64_t any() { return chance_.random(); }
    std::size_t below(std::size_t count) { return chance_.below(count); }
    bool percent(std::size_t share) { return below(100) < share; }
    /// Near a centre: the sum of three uniform steps, up to `degrees` each way.
    Point around(Point centre, double degrees) {
        const auto step = [&] { return (between(-1, 1) + between(-1, 1) + between(-1, 1)) / 3 * degrees; };
        return {centre.latitude + step(), centre.longitude + step()};
    }

private:
    Blinks chance_;
};

Job job_at(std::uint32_t place, double earliest_s, Dice& dice, double change_cost) {
    Job job;
    job.at.place = place;
    job.at.service_s = std::round(dice.between(1, 4) * 4) / 4 * hour;
    const double width = dice.between(2, 6) * hour;
    const double from = dice.between(earliest_s, std::max(earliest_s + 1, day_s - job.at.service_s - width));
    job.at.windows = {{from, std::min(from + width, day_s - job.at.service_s)}};
    if (job.at.windows[0].until_s < from) job.at.windows[0].until_s = from;
    job.skills = std::uint64_t{1} << dice.below(types);
    if (dice.percent(10)) job.skills |= std::uint64_t{1} << (types + dice.below(2));
    job.skip_cost = std::round(150 + job.at.service_s / hour * dice.between(60, 140));
    job.change_cost = change_cost;
    return job;
}

}  // namespace

PracticeDay practice_day(std::uint64_t seed, const PracticeSize& size) {
    Dice dice(seed);
    PracticeDay day;
    std::vector<Point> yard_at, town_at;
    const Point middle{28.2, 112.9};
    for (std::size_t i = 0; i < yards; ++i) yard_at.push_back(dice.around(middle, 0.9));
    for (std::size_t i = 0; i < towns; ++i) town_at.push_back(dice.around(middle, 0.9));
    for (std::size_t i = 0; i < size.vehicles; ++i) {
        Vehicle vehicle;
        vehicle.start = static_cast<std::uint32_t>(day.places.size());
        day.places.push_back(dice.around(yard_at[dice.below(yards)], 0.02));
        vehicle.shift = {0, day_s};
        vehicle.skills = std::uint64_t{1} << dice.below(types);
        if (dice.percent(35)) vehicle.skills |= std::uint64_t{1} << (types + dice.below(2));
        vehicle.fixed_cost = 40;
        vehicle.cost_per_metre = 0.002;
        vehicle.cost_per_second = 30 / hour;
        vehicle.time_factor = dice.percent(40) ? 1.5 : 1.0;  // on tracks, by low-loader
        day.problem.vehicles.push_back(vehicle);
    }
    const auto place = [&] {
        day.places.push_back(dice.around(town_at[dice.below(towns)], 0.08));
        return static_cast<std::uint32_t>(day.places.size() - 1);
    };
    for (std::size_t i = 0; i < size.jobs; ++i) day.problem.jobs.push_back(job_at(place(), 0, dice, size.change_cost));
    for (std::size_t i = 0; i < size.events; ++i) {
        PracticeDay::Happening what;
        what.at_s = day_s * 0.75 * (double(i) + dice.between(0, 1)) / double(size.events);
        what.pick = dice.any();
        const std::size_t share = dice.below(100);
        using enum Event::Kind;
        what.kind = share < 60 ? job_added : share < 75 ? breakdown : share < 90 ? takes_longer : withdrawn;
        if (what.kind == takes_longer) what.seconds = dice.between(0.5, 2) * hour;
        if (what.kind == job_added) day.rush.push_back(job_at(place(), what.at_s, dice, size.change_cost));
        day.happenings.push_back(what);
    }
    auto travel = great_circle_travel(day.places);
    if (travel) day.problem.travel = std::make_shared<const Travel>(*std::move(travel));
    std::ranges::reverse(day.rush);  // taken from the back
    return day;
}

std::optional<Event> event_of(PracticeDay& day, const PracticeDay::Happening& happening, Problem& problem,
                              const Plan& plan) {
    using enum Event::Kind;
    Event event{.kind = happening.kind, .at_s = happening.at_s, .seconds = happening.seconds};
    if (happening.kind == job_added) {
        if (day.rush.empty()) return std::nullopt;
        problem.jobs.push_back(day.rush.back());
        day.rush.pop_back();
        event.job = static_cast<std::uint32_t>(problem.jobs.size() - 1);
        return event;
    }
    std::vector<Event> able;
    for (const Route& route : plan.routes)
        for (std::size_t i = 0; i < route.calls.size(); ++i) {
            const Call& call = route.calls[i];
            const std::size_t pinned = problem.vehicles[route.vehicle].pinned.size();
            const bool is_running = call.begin_s <= happening.at_s && happening.at_s < call.leave_s;
            const bool is_last = i + 1 == route.calls.size();
            event.job = call.visit.job;
            event.vehicle = route.vehicle;
            if ((happening.kind == takes_longer && is_running) || (happening.kind == withdrawn && i >= pinned) ||
                (happening.kind == breakdown && is_last && call.begin_s > happening.at_s))
                able.push_back(event);
        }
    if (able.empty()) return std::nullopt;
    return able[happening.pick % able.size()];
}

}  // namespace lineshaft::solve
