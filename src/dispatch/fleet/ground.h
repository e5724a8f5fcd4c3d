// The ways between machines and places of work, kept from one plan to the next: a new plan reckons
// only the ways of who moved.
#pragma once
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "solve/problem.h"

namespace lineshaft::dispatch {

/// A point to a tenth of a metre: what is closer is the same place.
struct SpotKey {
    std::int64_t latitude = 0, longitude = 0;
    auto operator<=>(const SpotKey&) const = default;
};
SpotKey spot_of(solve::Point point);

/// What a road router knows, or what is closed, between two exact points, in that direction.
using Ways = std::map<std::pair<SpotKey, SpotKey>, solve::Leg>;

/// Owner: whoever plans for one fleet, one plan at a time. Memory: 16 bytes for each start and goal
/// at each goal (32 MB for 1,000 machines at 1,000 sites).
class Ground {
public:
    /// Great-circle ways from all starts and goals to all goals, but for those in `ways`.
    /// Errors: exhausted (more places than solve::Limits allows), invalid (a way that is none).
    Result<void> lay(std::span<const solve::Point> goals, std::span<const solve::Point> starts,
                     const solve::SpeedProfile& speeds, std::shared_ptr<const Ways> ways);
    /// The place of a point that was laid. It holds until the next lay().
    std::uint32_t goal(solve::Point point) const { return goals_.slots.at(spot_of(point)); }
    std::uint32_t start(solve::Point point) const { return starts_.slots.at(spot_of(point)); }
    /// A way that is kept although it is closed: twice the straight one, until the next lay().
    Result<void> bend(std::uint32_t from, std::uint32_t to);
    std::shared_ptr<const solve::Travel> travel() const { return travel_; }
    /// Legs reckoned by the last lay().
    std::size_t reckoned() const { return reckoned_; }

private:
    struct Vector {
        double x = 0, y = 0, z = 0;
    };
    /// Places of one kind: who holds which, and which are free.
    struct Side {
        std::map<SpotKey, std::uint32_t> slots;
        std::vector<std::uint32_t> free, fresh;
        std::uint32_t first = 0, count = 0;
        void make(std::uint32_t begin, std::uint32_t size);
        bool take(std::span<const solve::Point> points, std::vector<Vector>& where);
    };
    Result<void> rebuild(std::size_t goals, std::size_t starts);
    Result<void> reckon();
    Result<void> apply_ways();
    solve::Leg leg_of(double metres) const;

    std::shared_ptr<solve::Travel> travel_;
    Side goals_, starts_;
    std::vector<Vector> where_;  ///< of a place, on the unit sphere
    solve::SpeedProfile speeds_;
    std::shared_ptr<const Ways> ways_;
    struct Bent {
        std::uint32_t from = 0, to = 0;
        solve::Leg leg;
    };
    std::vector<Bent> bent_;
    std::size_t reckoned_ = 0;
};

}  // namespace lineshaft::dispatch
