#pragma once
#include <cstdint>
#include <span>
#include <vector>

// Symbols in as many bits as their frequency says: table-driven asymmetric numeral systems.
//
// Idea (Duda 2009; table layout after Collet's FSE): a state in [2^log, 2^(log+1)) holds fractions
// of bits. Each symbol owns as many states as its weight; encoding moves the state into one of the
// symbol's and hands out the bits that no longer fit; decoding goes back. So encoding runs from the
// last symbol to the first. A symbol of weight w costs about log - log2(w) bits.
namespace lineshaft::history::codec {

inline constexpr unsigned ans_log_max = 12;

/// Weights that sum to 2^log, each at least 1, near the frequencies. counts.size() <= 2^log.
void normalise(std::span<const std::uint32_t> counts, unsigned log,
               std::vector<std::uint32_t>& weights);

class AnsEncoder {
public:
    AnsEncoder(std::span<const std::uint32_t> weights, unsigned log);
    /// Moves `state` over `symbol`; the bits handed out: their number << 16 | the bits.
    std::uint32_t step(std::uint32_t& state, unsigned symbol) const {
        const Move move = moves_[symbol];
        const std::uint32_t count = (state + move.bits) >> 16;
        const std::uint32_t out = count << 16 | (state & ((1u << count) - 1));
        state = states_[static_cast<std::uint32_t>(static_cast<std::int32_t>(state >> count) +
                                                   move.first)];
        return out;
    }

private:
    struct Move {
        std::uint32_t bits;
        std::int32_t first;
    };
    std::vector<std::uint16_t> states_;
    std::vector<Move> moves_;
};

/// What a state means when decoding: its symbol, how many bits to read, and the state before them.
struct AnsState {
    std::uint16_t next;
    std::uint8_t bits;
    std::uint8_t symbol;
};

/// `weights` sum to 2^log. `states`: 2^log of them.
void make_ans_states(std::span<const std::uint32_t> weights, unsigned log,
                     std::vector<AnsState>& states);

}  // namespace lineshaft::history::codec
