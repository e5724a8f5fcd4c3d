#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "app/sim/dice.h"

namespace lineshaft::sim {

enum class Stitching : std::uint8_t { idle, running, changeover, thread_break, paused, stopped };
std::string_view name_of(Stitching state);

/// One embroidery machine with 15 needles: orders of 6,000 to 40,000 stitches in a few colours, a
/// thread break every 12,000 stitches or so that takes minutes to mend, a new frame between orders.
class EmbroideryMachine {
public:
    static constexpr double speed_max = 1000;        ///< stitches a minute
    static constexpr double speed_gain_per_s = 150;  ///< stitches a minute, each second
    static constexpr double speed_loss_per_s = 500;
    static constexpr unsigned needles = 15;

    /// `order_number`: that of its first order; later ones follow in steps of 6.
    EmbroideryMachine(Dice dice, unsigned order_number);

    /// Lives on for `seconds` (at most 1). `at_rest`: the shift has its break.
    void step(double seconds, bool at_rest);
    /// False, and nothing changed, outside 0..1000. 0 stops the machine.
    bool set_speed(std::int64_t stitches_per_minute);

    Stitching state() const { return state_; }
    double speed() const { return speed_; }                    ///< stitches a minute
    std::int64_t speed_setpoint() const { return setpoint_; }  ///< stitches a minute
    std::uint32_t stitches() const {
        return static_cast<std::uint32_t>(stitches_);
    }  ///< of the order
    std::uint32_t order_stitches() const { return order_stitches_; }
    std::uint64_t stitches_total() const { return total_before_ + stitches(); }
    std::uint32_t thread_breaks() const { return breaks_; }  ///< since it was switched on
    unsigned needle() const { return needle_; }              ///< 1..15
    const std::string& order() const { return order_; }
    const std::string& fault() const { return fault_; }        ///< empty: none
    double motor_temperature() const { return temperature_; }  ///< degrees Celsius

private:
    void next_order();
    void enter(Stitching state, double seconds);
    void run(double seconds);
    void break_thread();
    void change_speed(double target, double seconds);

    Dice dice_;
    Stitching state_ = Stitching::idle;
    double left_s_ = 0;  // of the present state, where it ends by itself
    double speed_ = 0, pace_ = 1, pace_left_s_ = 0;
    std::int64_t setpoint_ = 850;
    double stitches_ = 0, next_colour_ = 0,
           next_break_ = 0;  // stitches of the order; until a break
    std::uint32_t order_stitches_ = 0, breaks_ = 0;
    std::uint64_t total_before_ = 0;
    unsigned needle_ = 1, order_number_;
    std::string order_, fault_;
    double temperature_ = 24, ambient_ = 24;
};

}  // namespace lineshaft::sim
