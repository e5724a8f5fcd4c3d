#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

// What is left of a number once its past has been asked.
//
// A step is predicted from the eight steps before it, by weights made for the column (linear
// prediction, as FLAC does for sound): a noisy level and a smooth curve are both told apart from a
// walk. Integers only, wrapping, so it comes back on every machine. Complexity: O(count).
namespace lineshaft::history::codec {

inline constexpr std::size_t order_max = 8;
inline constexpr unsigned weight_shift = 12;

struct Predictor {
    std::size_t order = 0;                          ///< 1..order_max
    std::array<std::int16_t, order_max> weights{};  ///< x 2^-12; the first is of the step before
};

/// The predictor that fits the steps best, if it promises to save much; `steps` in their order.
std::optional<Predictor> make_predictor(std::span<const std::int64_t> steps);

/// left[i] = steps[i] - what was predicted. Steps before the first count as 0.
void predict(const Predictor& predictor, std::span<const std::int64_t> steps,
             std::span<std::int64_t> left);
/// The inverse, in place.
void unpredict(const Predictor& predictor, std::span<std::int64_t> values);

}  // namespace lineshaft::history::codec
