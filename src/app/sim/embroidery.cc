#include "app/sim/embroidery.h"

#include <algorithm>
#include <iterator>

namespace lineshaft::sim {
namespace {

constexpr double stitches_between_breaks = 12'000;
constexpr std::string_view designs[] = {"Peony",  "Crane",   "Lotus", "Monogram",
                                        "Bamboo", "Phoenix", "Logo",  "Plum blossom"};

}  // namespace

std::string_view name_of(Stitching state) {
    switch (state) {
        case Stitching::idle: return "Idle";
        case Stitching::running: return "Running";
        case Stitching::changeover: return "Changeover";
        case Stitching::thread_break: return "Thread break";
        case Stitching::paused: return "Paused";
        case Stitching::stopped: return "Stopped";
    }
    return "Idle";
}

EmbroideryMachine::EmbroideryMachine(Dice dice, unsigned order_number)
    : dice_(dice), order_number_(order_number) {
    total_before_ = 2'000'000 + dice_.below(30'000'000);
    next_break_ = dice_.exponential(stitches_between_breaks);
    next_order();
    // The hall is found in the middle of its work.
    stitches_ = std::floor(order_stitches_ * dice_.between(0.0, 0.8));
    next_colour_ = stitches_ + dice_.between(500, 3000);
    setpoint_ = 750 + 50 * static_cast<std::int64_t>(dice_.below(5));
    ambient_ = dice_.between(22, 26);
    temperature_ = ambient_;
    enter(Stitching::running, 0);
}

void EmbroideryMachine::next_order() {
    total_before_ += stitches();
    stitches_ = 0;
    order_stitches_ = static_cast<std::uint32_t>(6000 + 100 * dice_.below(341));
    order_ =
        std::to_string(order_number_) + " " + std::string(designs[dice_.below(std::size(designs))]);
    order_number_ += 6;
    next_colour_ = dice_.between(800, 5000);
    needle_ = 1 + static_cast<unsigned>(dice_.below(needles));
}

void EmbroideryMachine::enter(Stitching state, double seconds) {
    state_ = state;
    left_s_ = seconds;
}

bool EmbroideryMachine::set_speed(std::int64_t stitches_per_minute) {
    if (stitches_per_minute < 0 || stitches_per_minute > static_cast<std::int64_t>(speed_max)) {
        return false;
    }
    setpoint_ = stitches_per_minute;
    return true;
}

void EmbroideryMachine::change_speed(double target, double seconds) {
    speed_ = target > speed_ ? std::min(target, speed_ + speed_gain_per_s * seconds)
                             : std::max(target, speed_ - speed_loss_per_s * seconds);
}

void EmbroideryMachine::break_thread() {
    ++breaks_;
    next_break_ = dice_.exponential(stitches_between_breaks);
    const double kind = dice_.unit();
    if (kind < 0.75) {
        fault_ = "upper thread, needle " + std::to_string(needle_);
        enter(Stitching::thread_break, 45 + std::min(dice_.exponential(60), 240.0));
    } else if (kind < 0.95) {
        fault_ = "bobbin empty";
        enter(Stitching::thread_break, dice_.between(60, 150));
    } else {
        fault_ = "needle " + std::to_string(needle_) + " broken";
        enter(Stitching::thread_break, dice_.between(180, 480));
    }
}

void EmbroideryMachine::run(double seconds) {
    pace_left_s_ -= seconds;
    if (pace_left_s_ <= 0) {  // Long stitches and corners are sewn slower.
        pace_ = dice_.between(0.82, 1.0);
        pace_left_s_ = dice_.between(10, 40);
    }
    change_speed(pace_ * static_cast<double>(setpoint_), seconds);
    const double sewn = std::min(speed_ / 60 * seconds, order_stitches_ - stitches_);
    stitches_ += sewn;
    next_break_ -= sewn;
    if (stitches_ >= order_stitches_) {
        enter(Stitching::idle, dice_.between(90, 300));  // A new frame is clamped.
    } else if (next_break_ <= 0) {
        break_thread();
    } else if (stitches_ >= next_colour_) {
        next_colour_ = stitches_ + dice_.between(800, 5000);
        needle_ = 1 + static_cast<unsigned>((needle_ + dice_.below(needles - 1)) % needles);
        enter(Stitching::changeover, dice_.between(5, 9));
    }
}

void EmbroideryMachine::step(double seconds, bool at_rest) {
    const double heat = ambient_ + 32 * speed_ / speed_max;
    temperature_ += (heat - temperature_) * seconds / 400 + dice_.between(-0.03, 0.03) * seconds;
    const bool mending = state_ == Stitching::thread_break;
    if (!mending && setpoint_ == 0) {
        if (state_ != Stitching::idle) enter(Stitching::stopped, 0);
    } else if (at_rest && state_ == Stitching::running) {
        enter(Stitching::paused, 0);
    }
    if (state_ == Stitching::running) return run(seconds);

    change_speed(0, seconds);
    if (at_rest) return;  // Nobody is there to mend or to clamp.
    left_s_ -= seconds;
    if (left_s_ > 0 || setpoint_ == 0) return;
    if (state_ == Stitching::idle) next_order();
    fault_.clear();
    enter(Stitching::running, 0);
}

}  // namespace lineshaft::sim
