#include "history/codec/predict.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "history/codec/bits.h"

namespace lineshaft::history::codec {
namespace {

constexpr std::size_t steps_min = 200;  // fewer do not repay the weights
constexpr double gain_bits_min = 0.03;  // per number
constexpr double weight_limit = 32767.0 / (1 << weight_shift);

// How alike the steps are to themselves some places on; rare jumps are cut off, or they would
// decide.
std::array<double, order_max + 1> correlations(std::span<const std::int64_t> steps) {
    double mean = 0;
    for (const std::int64_t step : steps) mean += std::fabs(static_cast<double>(step));
    const double edge = 6 * mean / static_cast<double>(steps.size());
    std::vector<double> held(steps.size());
    for (std::size_t index = 0; index < steps.size(); ++index) {
        held[index] = std::clamp(static_cast<double>(steps[index]), -edge, edge);
    }
    std::array<double, order_max + 1> sums{};
    for (std::size_t index = order_max; index < held.size(); ++index) {
        for (std::size_t lag = 0; lag <= order_max; ++lag) {
            sums[lag] += held[index] * held[index - lag];
        }
    }
    return sums;
}

inline std::int64_t guess(const std::array<std::uint64_t, order_max>& weights,
                          const std::array<std::uint64_t, order_max>& past) {
    std::uint64_t sum = 0;
    for (std::size_t index = 0; index < order_max; ++index) sum += weights[index] * past[index];
    return static_cast<std::int64_t>(sum) >> weight_shift;
}

std::array<std::uint64_t, order_max> wide(const Predictor& predictor) {
    std::array<std::uint64_t, order_max> weights{};
    for (std::size_t index = 0; index < predictor.order; ++index) {
        weights[index] =
            static_cast<std::uint64_t>(static_cast<std::int64_t>(predictor.weights[index]));
    }
    return weights;
}

inline void remember(std::array<std::uint64_t, order_max>& past, std::int64_t step) {
    for (std::size_t index = order_max - 1; index > 0; --index) past[index] = past[index - 1];
    past[0] = static_cast<std::uint64_t>(step);
}

}  // namespace

// Levinson and Durbin's recursion; the order whose gain repays its weights most.
std::optional<Predictor> make_predictor(std::span<const std::int64_t> steps) {
    if (steps.size() < steps_min) return std::nullopt;
    const auto sums = correlations(steps);
    if (!(sums[0] > 0) || !std::isfinite(sums[0])) return std::nullopt;
    std::array<double, order_max + 1> weights{};
    std::array<double, order_max + 1> before{};
    double error = sums[0] * (1 + 1e-9);
    double best_gain = 0;
    Predictor best;
    for (std::size_t order = 1; order <= order_max; ++order) {
        double rest = sums[order];
        for (std::size_t lag = 1; lag < order; ++lag) rest -= weights[lag] * sums[order - lag];
        const double reflection = rest / error;
        if (!(std::fabs(reflection) < 1)) break;
        before = weights;
        weights[order] = reflection;
        for (std::size_t lag = 1; lag < order; ++lag) {
            weights[lag] = before[lag] - reflection * before[order - lag];
        }
        error *= 1 - reflection * reflection;
        const double gain = static_cast<double>(steps.size()) * 0.5 * std::log2(sums[0] / error) -
                            16.0 * static_cast<double>(order);
        const bool in_range = std::all_of(weights.begin(), weights.end(), [](double weight) {
            return std::fabs(weight) < weight_limit;
        });
        if (gain <= best_gain || !in_range) continue;
        best_gain = gain;
        best.order = order;
        for (std::size_t lag = 1; lag <= order; ++lag) {
            best.weights[lag - 1] =
                static_cast<std::int16_t>(std::lround(weights[lag] * (1 << weight_shift)));
        }
    }
    if (best_gain < gain_bits_min * static_cast<double>(steps.size())) return std::nullopt;
    return best;
}

void predict(const Predictor& predictor, std::span<const std::int64_t> steps,
             std::span<std::int64_t> left) {
    CHECK(left.size() == steps.size());
    const auto weights = wide(predictor);
    std::array<std::uint64_t, order_max> past{};
    for (std::size_t index = 0; index < steps.size(); ++index) {
        left[index] = wrapped_minus(steps[index], guess(weights, past));
        remember(past, steps[index]);
    }
}

void unpredict(const Predictor& predictor, std::span<std::int64_t> values) {
    const auto weights = wide(predictor);
    std::array<std::uint64_t, order_max> past{};
    for (std::int64_t& value : values) {
        value = wrapped_plus(value, guess(weights, past));
        remember(past, value);
    }
}

}  // namespace lineshaft::history::codec
