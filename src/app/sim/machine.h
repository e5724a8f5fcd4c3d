#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/sim/dice.h"
#include "app/sim/roads.h"

namespace lineshaft::sim {

enum class Kind : std::uint8_t { excavator, wheel_loader, dump_truck, mobile_crane, bulldozer };
std::string_view name_of(Kind kind);

enum class Activity : std::uint8_t { working, idle, travelling, refuelling, off, stopped };
std::string_view name_of(Activity activity);

/// What a kind of machine can do.
struct Ability {
    double road_kmh, site_kmh;  ///< top speeds; tracked machines ride on a low loader
    double tank_hours;          ///< of work with a full tank
    double moves;               ///< probability that a spell of work ends in a journey
};
const Ability& ability_of(Kind kind);

/// One construction machine: works around a site, travels to others along the roads, burns fuel and
/// takes it, has faults. Between two steps it moves no further than its speed allows.
class FleetMachine {
public:
    static constexpr double gain_metres_per_s2 = 1.0;  ///< speeding up and braking

    FleetMachine(Dice dice, Kind kind, std::size_t site);

    /// Lives on for `seconds` (at most 1).
    void step(double seconds);
    /// False, and nothing changed, unless 0 < kmh <= 100. Holds until changed again.
    bool limit_speed(double kmh);
    /// Drives there along the roads and works there for so long, a little longer than was asked
    /// for; then lives on as before. Refuelling and faults come in between.
    void send_to(Place goal, double work_seconds);
    void call_back() { order_.reset(); }
    bool is_ordered() const { return order_.has_value(); }

    Kind kind() const { return kind_; }
    Activity activity() const { return activity_; }
    /// Index in sites(); the goal while travelling.
    std::size_t site() const { return site_; }
    Place place() const { return place_; }
    double heading() const { return heading_; }  ///< degrees clockwise from north
    double speed_kmh() const { return speed_ * 3.6; }
    double speed_limit_kmh() const { return limit_kmh_; }
    double fuel_percent() const { return fuel_; }
    double engine_hours() const { return engine_s_ / 3600; }
    double load_percent() const { return load_; }             ///< of the engine's torque
    const std::string& fault_code() const { return fault_; }  ///< "SPN 110 FMI 0"; empty: none

private:
    void choose_next();
    void send_on();
    void enter(Activity activity, double seconds);
    void drive(double top_kmh, double seconds);
    void wander();
    void burn(double seconds);
    void suffer(double seconds);
    double way_left_metres() const;

    struct Order {
        Place goal;
        double work_seconds = 0;
    };

    Dice dice_;
    Kind kind_;
    Activity activity_ = Activity::working;
    double left_s_ = 0;  // of the present activity, where it ends by itself
    std::size_t site_;
    Place place_;
    std::vector<Place> way_;  // what to drive through, the next one last
    double dwell_s_ = 0;      // working on the spot for that long
    bool on_road_ = false;    // between two sites, also while refuelling there
    double heading_ = 0, speed_ = 0, limit_kmh_ = 100;
    double fuel_, engine_s_, load_ = 0, load_goal_ = 0, load_left_s_ = 0;
    double next_fault_s_, fault_left_s_ = 0;
    std::string fault_;
    std::optional<Order> order_;
};

}  // namespace lineshaft::sim
