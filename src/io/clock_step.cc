#include "io/clock_step.h"

namespace lineshaft::io {

std::chrono::microseconds ClockStep::take() {
    const Instant wall = clock_.now();
    const Steady steady = clock_.steady();
    const std::chrono::microseconds step =
        (wall - wall_) - std::chrono::microseconds(steady - steady_);
    wall_ = wall;
    steady_ = steady;
    const bool is_drift = step < tolerance && step > -tolerance;
    return is_drift ? std::chrono::microseconds{0} : step;
}

}  // namespace lineshaft::io
