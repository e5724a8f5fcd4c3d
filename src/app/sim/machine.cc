#include "app/sim/machine.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numbers>

namespace lineshaft::sim {
namespace {

constexpr double fuel_low_percent = 12;  // go and take some
constexpr double fuel_for_the_road_percent = 40;
constexpr double fuel_empty_percent = 3;    // the service truck comes to the road
constexpr double fill_percent_per_s = 0.4;  // 300 litres in four minutes
constexpr double seconds_between_faults = 5 * 3600;

struct Fault {
    std::string_view code;
    bool stops;
};
// SAE J1939 suspect parameter and failure mode, as telematics units write them.
constexpr Fault faults[] = {
    {"SPN 110 FMI 0", true},     // coolant far too hot
    {"SPN 100 FMI 1", true},     // oil pressure far too low
    {"SPN 190 FMI 2", true},     // engine speed erratic
    {"SPN 97 FMI 3", false},     // water in fuel: voltage high
    {"SPN 168 FMI 18", false},   // battery low
    {"SPN 1761 FMI 17", false},  // exhaust fluid low
    {"SPN 3719 FMI 15", false},  // soot filter filling
    {"SPN 107 FMI 0", false},    // air filter blocked
};

}  // namespace

std::string_view name_of(Kind kind) {
    switch (kind) {
        case Kind::excavator: return "excavator";
        case Kind::wheel_loader: return "wheel-loader";
        case Kind::dump_truck: return "dump-truck";
        case Kind::mobile_crane: return "mobile-crane";
        case Kind::bulldozer: return "bulldozer";
    }
    return "excavator";
}

std::string_view name_of(Activity activity) {
    switch (activity) {
        case Activity::working: return "Working";
        case Activity::idle: return "Idle";
        case Activity::travelling: return "Travelling";
        case Activity::refuelling: return "Refuelling";
        case Activity::off: return "Off";
        case Activity::stopped: return "Stopped";
    }
    return "Idle";
}

const Ability& ability_of(Kind kind) {
    static constexpr Ability abilities[] = {
        {60, 5, 9, 0.10},  {38, 15, 10, 0.15}, {50, 25, 12, 0.55},
        {75, 8, 14, 0.30}, {60, 9, 8, 0.10},
    };
    return abilities[static_cast<std::size_t>(kind)];
}

FleetMachine::FleetMachine(Dice dice, Kind kind, std::size_t site)
    : dice_(dice), kind_(kind), site_(site), place_(sites()[site].centre) {
    fuel_ = dice_.between(25, 98);
    engine_s_ = 3600 * dice_.between(300, 9000);
    next_fault_s_ = dice_.exponential(seconds_between_faults);
    wander();
    place_ = way_.back();
    enter(Activity::working, dice_.between(60, 1200));
    if (dice_.chance(0.25)) choose_next();
}

bool FleetMachine::limit_speed(double kmh) {
    if (!(kmh > 0 && kmh <= 100)) return false;
    limit_kmh_ = kmh;
    return true;
}

void FleetMachine::send_to(Place goal, double work_seconds) {
    order_ = Order{goal, work_seconds};
    std::size_t nearest = 0;
    for (std::size_t i = 1; i < sites().size(); ++i)
        if (distance_metres(sites()[i].centre, goal) <
            distance_metres(sites()[nearest].centre, goal))
            nearest = i;
    std::vector<Place> way;
    if (nearest != site_) way = route(site_, nearest);
    way.push_back(goal);
    std::ranges::reverse(way);
    way_ = std::move(way);
    site_ = nearest;
    on_road_ = true;
    if (activity_ != Activity::refuelling && activity_ != Activity::stopped)
        enter(Activity::travelling, 0);
}

void FleetMachine::enter(Activity activity, double seconds) {
    activity_ = activity;
    left_s_ = seconds;
    dwell_s_ = 0;
}

// A spot inside the site to work at.
void FleetMachine::wander() {
    Site site = sites()[site_];
    if (order_) {
        site.centre = order_->goal;
        site.radius_metres = 25;
    }
    const double metres = site.radius_metres * std::sqrt(dice_.unit());
    const double angle = dice_.between(0, 2 * std::numbers::pi);
    const double degree_metres = 111'195;
    const double shrink = std::cos(site.centre.latitude * std::numbers::pi / 180);
    way_ = {{site.centre.latitude + metres * std::cos(angle) / degree_metres,
             site.centre.longitude + metres * std::sin(angle) / (degree_metres * shrink)}};
}

void FleetMachine::choose_next() {
    if (order_ && activity_ == Activity::working) order_.reset();  // done
    if (order_) return send_on();
    if (fuel_ < fuel_low_percent) return enter(Activity::refuelling, 0);
    if (activity_ != Activity::working) {
        return enter(Activity::working, 300 + dice_.exponential(900));
    }
    const double choice = dice_.unit();
    const double moves = ability_of(kind_).moves;
    if (choice < moves && fuel_ < fuel_for_the_road_percent) return enter(Activity::refuelling, 0);
    if (choice < moves) {
        const std::size_t goal = (site_ + 1 + dice_.below(sites().size() - 1)) % sites().size();
        auto way = route(site_, goal);
        std::ranges::reverse(way);
        enter(Activity::travelling, 0);
        way_ = std::move(way);
        site_ = goal;
        on_road_ = true;
    } else if (choice < moves + (1 - moves) * 0.12) {
        enter(Activity::off, dice_.between(300, 1500));
    } else {
        enter(Activity::idle, dice_.between(60, 400));
    }
}

// After a fault or a refill: on to where it was sent, or to work when it is there.
void FleetMachine::send_on() {
    constexpr double there_metres = 40;
    if (distance_metres(place_, order_->goal) < there_metres)
        return enter(Activity::working, order_->work_seconds);
    if (way_.empty()) way_ = {order_->goal};
    on_road_ = true;
    enter(Activity::travelling, 0);
}

double FleetMachine::way_left_metres() const {
    double metres = 0;
    Place from = place_;
    for (auto to = way_.rbegin(); to != way_.rend(); ++to) {
        metres += distance_metres(from, *to);
        from = *to;
    }
    return metres;
}

// Along the way, braking in time for its end; without a way to a standstill.
void FleetMachine::drive(double top_kmh, double seconds) {
    const double top = std::min(top_kmh, limit_kmh_) / 3.6;
    const double left = way_left_metres();
    const double safe = std::sqrt(2 * gain_metres_per_s2 * left);
    const double wanted = way_.empty() ? 0 : std::min(top, std::max(safe, 0.3));
    const double change = gain_metres_per_s2 * seconds;
    speed_ = std::clamp(wanted, std::max(0.0, speed_ - 2 * change), speed_ + change);
    double metres = speed_ * seconds;
    while (!way_.empty() && metres > 0) {
        const Place next = way_.back();
        const double there = distance_metres(place_, next);
        if (there > 0.01) heading_ = heading_degrees(place_, next);
        place_ = towards(place_, next, metres);
        if (there > metres) return;
        metres -= there;
        way_.pop_back();
    }
    if (way_.empty() && left < 5) speed_ = 0;
}

void FleetMachine::burn(double seconds) {
    if (activity_ == Activity::off) {
        load_ = 0;
        return;
    }
    load_left_s_ -= seconds;
    if (load_left_s_ <= 0) {
        load_left_s_ = dice_.between(3, 20);
        switch (activity_) {
            case Activity::working: load_goal_ = dice_.between(35, 95); break;
            case Activity::travelling: load_goal_ = dice_.between(30, 65); break;
            default: load_goal_ = dice_.between(8, 14);
        }
    }
    load_ += (load_goal_ - load_) * std::min(1.0, seconds / 3);
    engine_s_ += seconds;
    const double full_load_s = ability_of(kind_).tank_hours * 3600;
    const double burnt = 100 * seconds / full_load_s * (0.15 + 1.3 * load_ / 100);
    fuel_ = std::max(0.0, fuel_ - burnt);
}

void FleetMachine::suffer(double seconds) {
    if (!fault_.empty()) {
        fault_left_s_ -= seconds;
        if (fault_left_s_ <= 0) fault_.clear();
        return;
    }
    if (activity_ == Activity::off) return;
    next_fault_s_ -= seconds;
    if (next_fault_s_ > 0) return;
    const Fault& fault = faults[dice_.below(std::size(faults))];
    next_fault_s_ = dice_.exponential(seconds_between_faults);
    fault_ = fault.code;
    fault_left_s_ = dice_.between(180, 900);
    // On the road it limps on to its site and is looked at there.
    if (fault.stops && !on_road_) {
        enter(Activity::stopped, fault_left_s_);
    }
}

void FleetMachine::step(double seconds) {
    left_s_ -= seconds;
    switch (activity_) {
        case Activity::travelling:
            drive(ability_of(kind_).road_kmh, seconds);
            if (fuel_ < fuel_empty_percent) {
                enter(Activity::refuelling, 0);
            } else if (way_.empty()) {
                on_road_ = false;
                enter(Activity::working,
                      order_ ? order_->work_seconds : 300 + dice_.exponential(900));
            }
            break;
        case Activity::working:
            if (way_.empty() && dwell_s_ <= 0) {
                wander();
                dwell_s_ = dice_.between(10, 90);
            }
            if (way_.empty()) dwell_s_ -= seconds;
            drive(ability_of(kind_).site_kmh, seconds);
            if (left_s_ <= 0) choose_next();
            break;
        case Activity::refuelling:
            drive(0, seconds);
            fuel_ = std::min(100.0, fuel_ + fill_percent_per_s * seconds);
            if (fuel_ < 97) break;
            if (on_road_) {
                enter(Activity::travelling, 0);
            } else if (order_) {
                send_on();
            } else {
                enter(Activity::working, 300 + dice_.exponential(900));
            }
            break;
        case Activity::idle:
        case Activity::off:
        case Activity::stopped:
            drive(0, seconds);
            if (left_s_ <= 0) choose_next();
            break;
    }
    burn(seconds);
    suffer(seconds);
}

}  // namespace lineshaft::sim
