#include "history/codec/ans.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

namespace lineshaft::history::codec {
namespace {

// Spreads each symbol's states evenly; the step is odd, so every state is met once.
void spread(std::span<const std::uint32_t> weights, unsigned log,
            std::vector<std::uint8_t>& symbols) {
    const std::uint32_t size = 1u << log;
    const std::uint32_t step = ((size >> 1) + (size >> 3) + 3) | 1;
    symbols.resize(size);
    std::uint32_t at = 0;
    for (std::size_t symbol = 0; symbol < weights.size(); ++symbol) {
        for (std::uint32_t left = weights[symbol]; left > 0; --left) {
            symbols[at] = static_cast<std::uint8_t>(symbol);
            at = (at + step) & (size - 1);
        }
    }
}

}  // namespace

void normalise(std::span<const std::uint32_t> counts, unsigned log,
               std::vector<std::uint32_t>& weights) {
    const std::uint64_t size = std::uint64_t{1} << log;
    CHECK(!counts.empty() && counts.size() <= size);
    std::uint64_t total = 0;
    for (const std::uint32_t count : counts) total += count;
    weights.resize(counts.size());
    std::int64_t left = static_cast<std::int64_t>(size);
    for (std::size_t index = 0; index < counts.size(); ++index) {
        const std::uint64_t share = (counts[index] * size + total / 2) / total;
        weights[index] = static_cast<std::uint32_t>(std::max<std::uint64_t>(1, share));
        left -= weights[index];
    }
    // What rounding left over goes to whom it costs least: the heaviest for its count.
    for (; left != 0; left += left < 0 ? 1 : -1) {
        std::size_t best = counts.size();
        double best_pressure = 0;
        for (std::size_t index = 0; index < counts.size(); ++index) {
            if (left < 0 && weights[index] == 1) continue;
            const double pressure = counts[index] / (weights[index] + (left < 0 ? -0.5 : 0.5));
            if (best == counts.size() ||
                (left < 0 ? pressure < best_pressure : pressure > best_pressure)) {
                best = index;
                best_pressure = pressure;
            }
        }
        weights[best] = left < 0 ? weights[best] - 1 : weights[best] + 1;
    }
}

AnsEncoder::AnsEncoder(std::span<const std::uint32_t> weights, unsigned log) {
    CHECK(log >= 1 && log <= ans_log_max);
    const std::uint32_t size = 1u << log;
    std::vector<std::uint8_t> symbols;
    spread(weights, log, symbols);
    states_.resize(size);
    moves_.resize(weights.size());
    std::vector<std::uint32_t> next(weights.size());
    std::uint32_t sum = 0;
    for (std::size_t symbol = 0; symbol < weights.size(); ++symbol) {
        const std::uint32_t weight = weights[symbol];
        next[symbol] = sum;
        // A symbol of weight w takes `bits` or `bits` - 1 bits, by the state it is met in.
        const auto bits =
            log + 1 - static_cast<unsigned>(std::bit_width(weight - 1 + (weight == 1)));
        const unsigned most = weight == 1 ? log : bits;
        moves_[symbol] = {(most << 16) - (weight << most),
                          static_cast<std::int32_t>(sum) - static_cast<std::int32_t>(weight)};
        sum += weight;
    }
    CHECK(sum == size);
    for (std::uint32_t state = 0; state < size; ++state) {
        states_[next[symbols[state]]++] = static_cast<std::uint16_t>(size + state);
    }
}

void make_ans_states(std::span<const std::uint32_t> weights, unsigned log,
                     std::vector<AnsState>& states) {
    const std::uint32_t size = 1u << log;
    std::vector<std::uint8_t> symbols;
    spread(weights, log, symbols);
    std::vector<std::uint32_t> next(weights.begin(), weights.end());
    states.resize(size);
    for (std::uint32_t state = 0; state < size; ++state) {
        const std::uint32_t place = next[symbols[state]]++;
        const auto bits = log + 1 - static_cast<unsigned>(std::bit_width(place));
        states[state] = {static_cast<std::uint16_t>((place << bits) - size),
                         static_cast<std::uint8_t>(bits), symbols[state]};
    }
}

}  // namespace lineshaft::history::codec
