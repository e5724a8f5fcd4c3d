#pragma once
#include <cmath>
#include <cstdint>

namespace lineshaft::sim {

/// Chance that is the same for the same seed on every machine and library (SplitMix64, Steele
/// 2014).
class Dice {
public:
    explicit Dice(std::uint64_t seed) : state_(seed) {}

    std::uint64_t number() {
        std::uint64_t mixed = state_ += 0x9E37'79B9'7F4A'7C15;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58'476D'1CE4'E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D0'49BB'1331'11EB;
        return mixed ^ (mixed >> 31);
    }
    /// In 0 <= x < 1.
    double unit() { return static_cast<double>(number() >> 11) * 0x1p-53; }
    double between(double low, double high) { return low + (high - low) * unit(); }
    std::uint64_t below(std::uint64_t count) { return number() % count; }
    bool chance(double probability) { return unit() < probability; }
    /// Time to the next of events that happen once in `mean`.
    double exponential(double mean) { return -mean * std::log(1.0 - unit()); }
    /// An independent stream, for one part of the plant.
    Dice fork() { return Dice(number()); }

private:
    std::uint64_t state_;
};

}  // namespace lineshaft::sim
