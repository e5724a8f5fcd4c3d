#pragma once
#include <cmath>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "history/columns.h"

// Series of every temper, for codec tests and benchmarks. Seeded: the same every time.
namespace lineshaft::history::testing {

struct Shape {
    std::string name;
    std::function<Value(std::size_t, std::mt19937_64&)> value;
};

inline double rounded(double value, double scale) {
    return std::round(value * scale) / scale;
}

inline std::vector<Shape> shapes() {
    using Random = std::mt19937_64;
    const auto unit = [](Random& random) {
        return std::uniform_real_distribution(0.0, 1.0)(random);
    };
    return {
        {"ramp", [](std::size_t i, Random&) -> Value { return static_cast<double>(i) * 0.25; }},
        {"noise", [unit](std::size_t, Random& r) -> Value { return unit(r); }},
        {"sensor",
         [unit](std::size_t i, Random& r) -> Value {
             return rounded(70 + 5 * std::sin(static_cast<double>(i) / 300) + unit(r) / 4, 100);
         }},
        {"float",
         [unit](std::size_t i, Random& r) -> Value {
             const double exact =
                 rounded(20 + std::sin(static_cast<double>(i) / 50) + unit(r) / 9, 10);
             return static_cast<double>(static_cast<float>(exact));
         }},
        {"float noise",
         [unit](std::size_t, Random& r) -> Value {
             return static_cast<double>(static_cast<float>(unit(r)));
         }},
        {"constant", [](std::size_t, Random&) -> Value { return 21.5; }},
        {"steps",
         [](std::size_t i, Random&) -> Value { return rounded(double(i / 97 % 5) * 0.1, 10); }},
        {"spikes",
         [](std::size_t i, Random& r) -> Value { return r() % 50 == 0 ? 1e15 : double(i % 7); }},
        {"any bits", [](std::size_t, Random& r) -> Value { return std::bit_cast<double>(r()); }},
        {"hostile",
         [](std::size_t, Random& r) -> Value {
             constexpr std::uint64_t odd[] = {0,
                                              0x8000000000000000,  // -0
                                              0x7ff0000000000000,  // inf
                                              0xfff0000000000000,  // -inf
                                              0x7ff8000000000000,  // NaN
                                              0x7ff0000000000001,  // signalling NaN
                                              0xfff8dead0000beef,  // NaN with a payload
                                              1,                   // smallest subnormal
                                              0x7fefffffffffffff,  // largest
                                              0x4340000000000000,  // 2^53
                                              0x4340000000000001,
                                              0xc340000000000000};
             return std::bit_cast<double>(odd[r() % std::size(odd)]);
         }},
        {"rarely NaN",
         [](std::size_t i, Random& r) -> Value {
             return r() % 40 == 0 ? std::nan("7") : rounded(double(i % 1000) / 10, 10);
         }},
        {"counter",
         [](std::size_t i, Random& r) -> Value {
             return std::int64_t(1'000'000'000 + i * 17 + r() % 3);
         }},
        {"state", [](std::size_t i, Random&) -> Value { return std::int64_t(i / 211 % 4); }},
        {"any integer",
         [](std::size_t, Random& r) -> Value { return static_cast<std::int64_t>(r()); }},
        {"extremes",
         [](std::size_t, Random& r) -> Value {
             constexpr std::int64_t odd[] = {INT64_MIN, INT64_MAX, 0, -1, 1, INT64_MIN + 1};
             return odd[r() % std::size(odd)];
         }},
        {"switch", [](std::size_t i, Random&) -> Value { return i / 173 % 2 == 1; }},
        {"coin", [](std::size_t, Random& r) -> Value { return r() % 2 == 1; }},
        {"modes",
         [](std::size_t i, Random&) -> Value {
             constexpr const char* modes[] = {"idle", "running", "", "fault: thread break"};
             return std::string(modes[i / 31 % 4]);
         }},
        {"words",
         [](std::size_t, Random& r) -> Value {
             const char letter = char('a' + r() % 26);  // the golden files drew it first
             return std::string(r() % 40, letter);
         }},
        {"numbered",
         [](std::size_t i, Random&) -> Value { return "order 2026-" + std::to_string(i); }},
    };
}

/// How far apart: 0 every second, 1 jittered milliseconds, 2 a cadence with gaps, 3 wild.
inline std::int64_t next_instant(unsigned cadence, std::int64_t at, std::mt19937_64& random) {
    switch (cadence) {
        case 0: return at + 1'000'000;
        case 1: return at + 1'000'000 + static_cast<std::int64_t>(random() % 11) * 1000;
        case 2:
            return at + 10'000'000 *
                            static_cast<std::int64_t>(1 + (random() % 10 == 0 ? random() % 5 : 0));
        default: {
            const std::uint64_t drawn = random();
            return at + 1 + static_cast<std::int64_t>(drawn % (std::uint64_t{1} << random() % 40));
        }
    }
}

inline Columns make(const Shape& shape, unsigned cadence, std::size_t count, std::uint64_t seed,
                    bool all_good = true) {
    std::mt19937_64 random(seed);
    Columns columns;
    std::int64_t at = 1'764'000'000'000'000;
    Quality quality = Quality::good;
    for (std::size_t index = 0; index < count; ++index) {
        if (!all_good && random() % 20 == 0) quality = static_cast<Quality>(random() % 4);
        columns.push(Sample{Instant{at}, shape.value(index, random), quality});
        at = next_instant(cadence, at, random);
    }
    return columns;
}

}  // namespace lineshaft::history::testing
