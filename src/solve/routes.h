// The search's working plan: routes that know at every stop how early and how late they may be, so that
// putting a job anywhere is judged in constant time. Changes can be taken back. Inside of solve.
#pragma once
#include <cstdint>
#include <vector>

#include "solve/model.h"
#include "solve/plan.h"

namespace lineshaft::solve {

inline constexpr std::uint32_t none = 0xffffffff;

/// One entry of a route: its start, a visit, or its end.
/// Forward, `leave` is the earliest departure; backward, `latest` is the last arrival after which
/// all that follows is still in time. A route before and a route behind a new stop are thus each
/// summed up in one number (segment concatenation, Savelsbergh 1992).
struct Slot {
    double leave = 0, latest = 0;
    double metres_in = 0, seconds_in = 0;  ///< of driving to it
    std::uint32_t node = none, place = 0;
    std::uint32_t from = none;  ///< the place that `metres_in` and `seconds_in` are from
};

/// Where a job goes best. `position` is the slot before which its (first) stop is put, `delivery`
/// the slot, counted without the pickup, before which the delivery is put.
struct Insertion {
    double cost = 0;  ///< what the plan's cost grows by
    std::uint32_t vehicle = none, position = 0, delivery = 0;
};

/// Skips one position in a hundred, so that greedy insertion does not repeat itself
/// ("blinks", Christiaens & Vanden Berghe 2020).
class Blinks {
public:
    explicit Blinks(std::uint64_t seed) : state_(seed) {}
    bool next() {
        if (--left_ != 0) return false;
        left_ = draw();
        return true;
    }
    std::uint64_t random();                         ///< 64 bits (splitmix64)
    std::uint32_t below(std::size_t count);         ///< 0 .. count-1
    double uniform();                               ///< 0 < u < 1

private:
    std::uint32_t draw();
    std::uint64_t state_;
    std::uint32_t left_ = 100;
};

class Routes {
public:
    explicit Routes(const Model& model);

    double cost() const { return cost_; }            ///< skipped jobs included
    std::uint32_t missing() const { return missing_; }
    std::uint32_t vehicles_used() const { return static_cast<std::uint32_t>(used_.size()); }
    const std::vector<std::uint32_t>& used() const { return used_; }
    const std::vector<std::uint32_t>& absent() const { return absent_; }
    const std::vector<Slot>& slots(std::uint32_t vehicle) const { return routes_[vehicle].slots; }
    std::uint32_t vehicle_of(std::uint32_t node) const { return vehicle_of_[node]; }
    std::uint32_t position_of(std::uint32_t node) const { return position_of_[node]; }
    bool is_absent(std::uint32_t job) const { return absent_at_[job] != none; }
    bool is_empty(std::uint32_t vehicle) const { return routes_[vehicle].slots.size() == 2; }
    /// The first slot before which something may be put.
    std::uint32_t first_free(std::uint32_t vehicle) const { return routes_[vehicle].pinned + 1; }
    std::vector<Order> orders() const;

    /// The cheapest place in `vehicle`'s route, if cheaper than `best`. Time: its stops, for a
    /// transport their square at worst. `blinks` may be null.
    void try_route(std::uint32_t job, std::uint32_t vehicle, Insertion& best, Blinks* blinks) const;
    /// Over all routes near the job; everywhere, if there is none and it must be done.
    void try_all(std::uint32_t job, Insertion& best, Blinks* blinks);
    /// What putting it there costs, in its parts.
    double change_cost(std::uint32_t job, std::uint32_t vehicle) const;

    void insert(std::uint32_t job, const Insertion& where);
    /// Takes out whole jobs of one vehicle; all are in its route and none is fixed.
    void remove(std::uint32_t vehicle, const std::vector<std::uint32_t>& jobs);
    void remove(std::uint32_t job);
    /// Routes made of these visits as far as they fit; what does not stays absent.
    void load(const std::vector<Order>& orders);

    void begin();     ///< from here on changes can be taken back
    void rollback();  ///< to the last begin()
    /// Vehicles touched since the last call of this.
    std::vector<std::uint32_t> take_touched();

    /// Vehicles that may not be begun anew (fleet minimisation).
    void close(std::uint32_t vehicle, bool is_closed) { is_closed_[vehicle] = is_closed; }

private:
    struct RouteState {
        std::vector<Slot> slots;
        std::vector<Load> loads;  ///< on board behind each slot; only in problems with transports
        Load base{}, peak{};      ///< of work; the most of everything at once
        double cost = 0;          ///< fixed and driving
        std::uint32_t pinned = 0;
    };
    struct Saved {
        std::uint32_t vehicle = 0;
        RouteState state;
    };
    void try_work(std::uint32_t job, std::uint32_t vehicle, double extra, Insertion& best, Blinks*) const;
    void try_transport(std::uint32_t job, std::uint32_t vehicle, double extra, Insertion& best, Blinks*) const;
    void try_deliveries(std::uint32_t job, std::uint32_t vehicle, std::uint32_t position, double lead,
                        Insertion& best, Blinks*) const;
    bool has_room(std::uint32_t job, const RouteState& route, std::uint32_t vehicle) const;
    /// Slots that changed: the first and the last. What is as it was on either side is left alone.
    struct Part {
        std::uint32_t first = 1, last = none;
    };
    void refresh(std::uint32_t vehicle) { refresh(vehicle, Part()); }
    void refresh(std::uint32_t vehicle, Part part);
    void refresh_loads(std::uint32_t vehicle);
    void drive_forward(std::uint32_t vehicle, Part part);
    void look_back(std::uint32_t vehicle, Part part);
    double leave_of(Slot& slot, const Slot& before, const Vehicle& who) const;
    void save(std::uint32_t vehicle);
    void note_use(std::uint32_t vehicle);
    void set_absent(std::uint32_t job, bool is_absent);
    bool fits(std::uint32_t vehicle) const;
    bool load_whole(const Order& order);
    std::uint32_t an_empty_one(std::uint32_t kind) const;

    const Model& model_;
    std::vector<RouteState> routes_;
    std::vector<std::uint32_t> vehicle_of_, position_of_;  ///< of a node
    std::vector<std::uint32_t> used_, used_at_;            ///< vehicles with work, and where in the list
    std::vector<std::uint32_t> absent_, absent_at_;
    std::vector<std::uint8_t> is_closed_;
    std::vector<std::vector<std::uint32_t>> empties_;      ///< of a class
    std::vector<std::uint32_t> empty_at_;
    double cost_ = 0;
    std::uint32_t missing_ = 0;

    std::vector<Saved> saved_;
    std::size_t saved_count_ = 0;
    std::vector<std::uint64_t> saved_stamp_, seen_stamp_;
    std::uint64_t stamp_ = 1, seen_ = 1;
    std::vector<std::uint32_t> saved_absent_;
    double saved_cost_ = 0;
    std::uint32_t saved_missing_ = 0;
    std::vector<std::uint32_t> touched_;
    std::vector<std::uint8_t> is_touched_;
};

}  // namespace lineshaft::solve
