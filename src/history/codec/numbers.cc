#include "history/codec/numbers.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "base/check.h"
#include "history/codec/bits.h"
#include "history/codec/kernels.h"
#include "history/pack.h"

namespace lineshaft::history::codec {
namespace {

constexpr std::size_t binned_min = 24;  // numbers; below, tables cost more than they save
constexpr std::size_t patched_most = 512;
constexpr double worth_it = 0.995;     // what takes longer to undo saves more than that
constexpr double packed_slack = 1.02;  // plain bits may be that much longer: they are faster

bool all_equal(std::span<const std::int64_t> values) {
    return std::all_of(values.begin(), values.end(),
                       [&](std::int64_t value) { return value == values[0]; });
}

struct Range {
    std::int64_t low;
    std::int64_t high;
};

// A plain loop: std::minmax_element compares its way through, several times slower.
Range range_of(std::span<const std::int64_t> values) {
    Range range{values[0], values[0]};
    for (const std::int64_t value : values) {
        range.low = std::min(range.low, value);
        range.high = std::max(range.high, value);
    }
    return range;
}

std::size_t runs_in(std::span<const std::int64_t> values) {
    std::size_t runs = 1;
    for (std::size_t index = 1; index < values.size(); ++index) {
        runs += values[index] != values[index - 1];
    }
    return runs;
}

void put_packed(std::string& out, std::span<const std::int64_t> values) {
    for (std::size_t from = 0; from < values.size(); from += lane_block) {
        const auto block = values.subspan(from, std::min(lane_block, values.size() - from));
        const auto [low, high] = range_of(block);
        const unsigned width = width_of(static_cast<std::uint64_t>(wrapped_minus(high, low)));
        out.push_back(static_cast<char>(width));
        Writer(out).put_varint(zigzag(low));
        if (width == 0) continue;
        if (block.size() == lane_block) {
            const std::size_t at = out.size();
            out.resize(at + lane_block / 8 * width);
            pack_lanes(block.first<lane_block>(), low, width,
                       reinterpret_cast<std::byte*>(out.data() + at));
            continue;
        }
        BitSink bits(out);
        for (const std::int64_t value : block) {
            bits.put(static_cast<std::uint64_t>(wrapped_minus(value, low)), width);
        }
        bits.finish();
    }
}

std::size_t packed_bytes(std::span<const std::int64_t> values) {
    std::size_t bytes = 0;
    for (std::size_t from = 0; from < values.size(); from += lane_block) {
        const auto block = values.subspan(from, std::min(lane_block, values.size() - from));
        const auto [low, high] = range_of(block);
        const unsigned width = width_of(static_cast<std::uint64_t>(wrapped_minus(high, low)));
        const unsigned base_bytes = (std::max(1u, width_of(zigzag(low))) + 6) / 7;
        bytes += 1 + base_bytes + bytes_of(block.size() * width);
    }
    return bytes;
}

Result<void> take_packed(Reader& in, std::span<std::int64_t> values) {
    std::array<std::byte, lane_block * 8 + 16> padded;
    for (std::size_t from = 0; from < values.size(); from += lane_block) {
        const auto block = values.subspan(from, std::min(lane_block, values.size() - from));
        TRY(const auto width, in.take_le<std::uint8_t>());
        if (width > 64) return fail(Code::invalid, "packed: width over 64");
        TRY(const auto raw_base, in.take_varint());
        const std::int64_t base = unzigzag(raw_base);
        TRY(const Bytes packed, in.take(bytes_of(block.size() * width)));
        if (width == 0) {
            std::fill(block.begin(), block.end(), base);
        } else if (block.size() == lane_block) {
            unpack_lanes(packed.data(), base, width, block.data());
        } else {
            std::copy(packed.begin(), packed.end(), padded.begin());
            std::fill_n(padded.begin() + static_cast<std::ptrdiff_t>(packed.size()), 16,
                        std::byte{0});
            BitSource bits(padded.data());
            for (std::int64_t& value : block) {
                value = wrapped_plus(base, static_cast<std::int64_t>(bits.take(width)));
            }
        }
    }
    return {};
}

// Whether sequences come back often enough for zstd to be worth a try.
bool repeats_itself(std::span<const std::int64_t> values) {
    constexpr std::size_t length = 4;
    constexpr unsigned table_bits = 12;
    if (values.size() < 4 * length) return false;
    constexpr std::uint64_t factor = 0x9e3779b97f4a7c15;
    constexpr std::uint64_t leaving = factor * factor * factor * factor;
    std::array<std::uint32_t, 1 << table_bits> last{};
    std::size_t matches = 0;
    std::size_t looked = 0;
    std::uint64_t hash = 0;  // of the last four, a polynomial
    for (std::size_t index = 0; index < values.size(); ++index) {
        hash = (hash + static_cast<std::uint64_t>(values[index])) * factor;
        if (index >= length)
            hash -= static_cast<std::uint64_t>(values[index - length]) * leaving * factor;
        if (index + 1 < length || hash >> 62 != 0) continue;  // a quarter, the same ones each time
        ++looked;
        std::uint32_t& slot = last[hash >> (62 - table_bits)];
        if (slot != 0 &&
            std::equal(values.begin() + slot - length, values.begin() + slot,
                       values.begin() + static_cast<std::ptrdiff_t>(index + 1 - length))) {
            ++matches;
        }
        slot = static_cast<std::uint32_t>(index + 1);
    }
    return matches > looked / 4;
}

// Each side and length of a distance is a symbol, the rest plain bits.
double cost_around(std::int64_t center, std::span<const std::int64_t> values) {
    std::array<std::array<std::uint32_t, 130>, 2> lengths{};
    for (std::size_t index = 0; index < values.size(); ++index) {
        const std::int64_t over = wrapped_minus(values[index], center);
        const auto sign = static_cast<std::uint64_t>(over >> 63);
        const unsigned length = width_of((static_cast<std::uint64_t>(over) ^ sign) - sign);
        ++lengths[index % 2][length * 2 + (sign & 1)];
    }
    const double log2_all = log2_of(values.size());
    double bits = 0;
    for (unsigned symbol = 0; symbol < lengths[0].size(); ++symbol) {
        const std::uint32_t met = lengths[0][symbol] + lengths[1][symbol];
        if (met == 0) continue;
        bits += met * (log2_all - log2_of(met) + (symbol > 3 ? symbol / 2 - 1 : 0)) + 12;
    }
    return bits;
}

}  // namespace

// About how many bits a coder needs: by the lengths of the numbers' distances from the least or
// from the mean, or, when few numbers are met again and again, by those.
double Numbers::cost_of(std::span<const std::int64_t> values) {
    double sum = 0;
    for (const std::int64_t value : values) sum += static_cast<double>(value);
    const double mean = sum / static_cast<double>(values.size());
    const auto middle = static_cast<std::int64_t>(std::clamp(mean, -4e18, 4e18));
    const double bits =
        std::min(cost_around(range_of(values).low, values), cost_around(middle, values));
    const double log2_all = log2_of(values.size());
    constexpr std::size_t slots = 512, distinct_max = 128;
    std::array<std::pair<std::int64_t, std::uint32_t>, slots> seen{};
    std::size_t distinct = 0;
    for (const std::int64_t value : values) {
        std::size_t slot = static_cast<std::uint64_t>(value) * 0x9e3779b97f4a7c15 >> 55;
        while (seen[slot].second != 0 && seen[slot].first != value) slot = (slot + 1) % slots;
        if (seen[slot].second == 0 && ++distinct > distinct_max) return bits;
        seen[slot].first = value;
        ++seen[slot].second;
    }
    double exact = 24.0 * static_cast<double>(distinct);
    for (const auto& [value, met] : seen) {
        if (met != 0) exact += met * (log2_all - log2_of(met));
    }
    return std::min(bits, exact);
}

// A common factor: cents, multiples of a quarter, floats widened to doubles.
void Numbers::scale(std::span<const std::int64_t> values, Plan& planned) {
    const auto [low, high] = range_of(values);
    if (wrapped_minus(high, low) < 0) return;  // too far apart to divide differences
    std::uint64_t factor = 0;
    for (const std::int64_t value : values) {
        const std::int64_t over = value - values[0];
        const auto distance = static_cast<std::uint64_t>(over < 0 ? -over : over);
        if (factor == 0) {
            factor = distance;
        } else if (distance % factor != 0) {
            factor = std::gcd(factor, distance);
        }
        if (factor == 1) return;
    }
    planned.factor = static_cast<std::int64_t>(factor);
    planned.base = values[0];
}

// The numbers that are left to code, `planned` applied. Valid until the next call.
std::span<const std::int64_t> Numbers::change(std::span<const std::int64_t> values,
                                              const Plan& planned) {
    if (planned.factor > 1) {
        scaled_.resize(values.size());
        for (std::size_t index = 0; index < values.size(); ++index) {
            scaled_[index] = (values[index] - planned.base) / planned.factor;
        }
        values = scaled_;
    }
    if (planned.change == Change::none) return values;
    steps_.resize(values.size() - 1);
    for (std::size_t index = 1; index < values.size(); ++index) {
        steps_[index - 1] = wrapped_minus(values[index], values[index - 1]);
    }
    if (planned.change == Change::steps) return steps_;
    left_.resize(steps_.size());
    if (planned.change == Change::predicted) {
        predict(planned.predictor, steps_, left_);
        return left_;
    }
    left_[0] = steps_[0];
    for (std::size_t index = 1; index < steps_.size(); ++index) {
        left_[index] = wrapped_minus(steps_[index], steps_[index - 1]);
    }
    return left_;
}

// Puts into left_ what `planned` would leave of the numbers: all, or of a long column some windows.
void Numbers::look(std::span<const std::int64_t> values, const Plan& planned) {
    constexpr std::size_t whole = 1536, windows = 8, window = 129;
    if (values.size() <= whole) {
        const auto left = change(values, planned);
        looked_at_.assign(left.begin(), left.end());
        return;
    }
    looked_at_.clear();
    for (std::size_t at = 0; at < windows; ++at) {
        const std::size_t from = at * (values.size() - window) / (windows - 1);
        const auto left = change(values.subspan(from, window), planned);
        looked_at_.insert(looked_at_.end(), left.begin(), left.end());
    }
}

// By the widths of the numbers above the least, of the steps and of the steps' steps.
void Numbers::plan_quickly(std::span<const std::int64_t> values, Plan& plan) const {
    const auto [low, high] = range_of(values);
    const auto count = static_cast<double>(values.size());
    const auto factor = static_cast<std::uint64_t>(plan.factor);
    const auto width = [factor](std::uint64_t range) { return width_of(factor > 1 ? range / factor : range); };
    std::uint64_t steps = 0, steps_of_steps = 0;
    std::int64_t before = 0;
    for (std::size_t index = 1; index < values.size(); ++index) {
        const std::int64_t step = wrapped_minus(values[index], values[index - 1]);
        steps += width_of(zigzag(step));
        steps_of_steps += width_of(zigzag(wrapped_minus(step, before)));
        before = step;
    }
    const double scaled_away = count * (factor > 1 ? width_of(factor) - 1 : 0);
    plan.bits = count * width(static_cast<std::uint64_t>(wrapped_minus(high, low)));
    // Steps are packed by the widest of them, so they have to be a good deal smaller.
    const double as_steps = 1.25 * (static_cast<double>(steps) - scaled_away) + count;
    const double as_steps_of_steps =
        1.25 * (static_cast<double>(steps_of_steps) - scaled_away) + count;
    if (as_steps < plan.bits) {
        plan.bits = as_steps;
        plan.change = Change::steps;
    }
    if (values.size() > 2 && as_steps_of_steps < plan.bits) {
        plan.bits = as_steps_of_steps;
        plan.change = Change::steps_of_steps;
    }
}

// Plain bits, or blocks with exceptions where few numbers are wide.
void Numbers::put_quickly(std::string& out, std::size_t head_at,
                          std::span<const std::int64_t> left) {
    constexpr std::size_t wide = 12;  // bits
    const std::size_t packed = packed_bytes(left);
    if (packed * 8 > wide * left.size()) {
        trial_.clear();
        put_blocks(trial_, left);
        if (trial_.size() < packed) {
            out[head_at] = static_cast<char>(out[head_at] | static_cast<char>(Coder::patched));
            out += trial_;
            return;
        }
    }
    out[head_at] = static_cast<char>(out[head_at] | static_cast<char>(Coder::packed));
    put_packed(out, left);
}

Numbers::Plan Numbers::plan(std::span<const std::int64_t> values) {
    CHECK(!values.empty());
    Plan best;
    best.runs = runs_in(values);
    if (best.runs == 1) {
        best.is_constant = true;
        return best;
    }
    scale(values, best);
    if (effort_ == Effort::quick) {
        plan_quickly(values, best);
        return best;
    }
    Plan trial = best;
    const auto cost = [&](double extra) {
        return cost_of(looked_at_) * static_cast<double>(values.size()) /
                   static_cast<double>(looked_at_.size()) +
               extra;
    };
    const auto consider = [&](Change kind) {
        trial.change = kind;
        look(values, trial);
        trial.bits = cost(24);
        if (trial.bits < best.bits * worth_it) best = trial;
    };
    look(values, best);
    best.bits = cost(0);
    consider(Change::steps);
    if (values.size() > 2) consider(Change::steps_of_steps);
    trial.change = Change::steps;
    look(values, trial);
    const auto predictor = make_predictor(looked_at_);  // the steps
    if (!predictor) return best;
    left_.resize(looked_at_.size());
    predict(*predictor, looked_at_, left_);
    looked_at_ = left_;
    trial.bits = cost(32 + 16.0 * static_cast<double>(predictor->order));
    trial.change = Change::predicted;
    trial.predictor = *predictor;
    return trial.bits < best.bits * worth_it ? trial : best;
}

void Numbers::put_runs(std::string& out, std::span<const std::int64_t> values, std::size_t runs) {
    std::vector<std::int64_t> heads;
    std::vector<std::int64_t> lengths;
    heads.reserve(runs);
    lengths.reserve(runs);
    for (const std::int64_t value : values) {
        if (heads.empty() || heads.back() != value) {
            heads.push_back(value);
            lengths.push_back(0);
        } else {
            ++lengths.back();  // stored less one
        }
    }
    out.push_back(static_cast<char>(Coder::runs));
    Writer(out).put_varint(runs);
    put(out, lengths);
    put(out, heads);
}

bool Numbers::put_squeezed(std::string& out, std::span<const std::int64_t> left) {
    const auto [low, high] = range_of(left);
    unsigned bytes = 1;
    while (bytes < 8 && (low < -(std::int64_t{1} << (8 * bytes - 1)) ||
                         high >= std::int64_t{1} << (8 * bytes - 1))) {
        bytes *= 2;
    }
    std::string raw;
    raw.reserve(left.size() * bytes);
    for (const std::int64_t value : left) {
        for (unsigned at = 0; at < bytes; ++at) raw.push_back(static_cast<char>(value >> 8 * at));
    }
    const Bytes squeezed = squeezer_.squeeze(as_bytes(raw));
    if (squeezed.empty()) return false;
    out.push_back(static_cast<char>(bytes));
    Writer(out).put_varint(squeezed.size());
    Writer(out).put(squeezed);
    return true;
}

// Tries the coders that may win, keeps the smallest, and notes it in the head.
void Numbers::put_coded(std::string& out, std::size_t head_at, std::span<const std::int64_t> left) {
    const auto note = [&](Coder coder) {
        out[head_at] = static_cast<char>(out[head_at] | static_cast<char>(coder));
    };
    if (all_equal(left)) {
        note(Coder::constant);
        Writer(out).put_varint(zigzag(left[0]));
        return;
    }
    if (effort_ == Effort::quick) return put_quickly(out, head_at, left);
    Coder best = Coder::packed;
    std::size_t best_bytes = packed_bytes(left);  // only written if nothing is smaller
    const auto keep_if_below = [&](Coder coder, double bytes) {
        if (static_cast<double>(trial_.size()) >= bytes) return;
        best = coder;
        best_bytes = trial_.size();
        std::swap(best_, trial_);
    };
    if (left.size() >= binned_min) {
        trial_.clear();
        binned_.put(trial_, left);
        keep_if_below(Coder::binned, static_cast<double>(best_bytes) / packed_slack);
    }
    if (left.size() <= patched_most) {
        trial_.clear();
        put_blocks(trial_, left);
        keep_if_below(Coder::patched, static_cast<double>(best_bytes));
    }
    if (best_bytes > 64 && best_bytes * 16 > left.size() && repeats_itself(left)) {
        trial_.clear();
        if (put_squeezed(trial_, left)) {
            keep_if_below(Coder::squeezed, static_cast<double>(best_bytes) * 0.97);
        }
    }
    note(best);
    if (best == Coder::packed) return put_packed(out, left);
    out += best_;
}

void Numbers::put(std::string& out, std::span<const std::int64_t> values, const Plan& planned) {
    if (planned.is_constant) {
        out.push_back(static_cast<char>(Coder::constant));
        Writer(out).put_varint(zigzag(values[0]));
        return;
    }
    std::string as_runs;
    if (planned.runs <= values.size() / 8) put_runs(as_runs, values, planned.runs);
    const std::size_t head_at = out.size();
    const bool is_scaled = planned.factor > 1;
    Writer write(out);
    write.put_le(static_cast<std::uint8_t>(static_cast<unsigned>(planned.change) << 3 |
                                           (is_scaled ? 0x20u : 0u)));
    if (is_scaled) {
        write.put_varint(static_cast<std::uint64_t>(planned.factor));
        write.put_varint(zigzag(planned.base));
    } else if (planned.change != Change::none) {
        write.put_varint(zigzag(values[0]));  // scaled ones begin with 0
    }
    if (planned.change == Change::predicted) {
        write.put_le(static_cast<std::uint8_t>(planned.predictor.order));
        for (std::size_t index = 0; index < planned.predictor.order; ++index) {
            write.put_le(static_cast<std::uint16_t>(planned.predictor.weights[index]));
        }
    }
    put_coded(out, head_at, change(values, planned));
    if (!as_runs.empty() && as_runs.size() <= out.size() - head_at) {
        out.resize(head_at);
        out += as_runs;
    }
}

Result<void> Numbers::take_runs(Reader& in, std::span<std::int64_t> values, int depth) {
    TRY(const auto runs, in.take_varint());
    if (runs < 1 || runs > values.size()) return fail(Code::invalid, "runs: count");
    std::vector<std::int64_t> both(2 * static_cast<std::size_t>(runs));
    const std::span lengths = std::span(both).first(runs);
    const std::span heads = std::span(both).last(runs);
    TRY_VOID(take(in, lengths, depth + 1));
    TRY_VOID(take(in, heads, depth + 1));
    return fill_runs(lengths, heads, values);
}

Result<void> Numbers::take_squeezed(Reader& in, std::span<std::int64_t> values) {
    TRY(const auto bytes, in.take_le<std::uint8_t>());
    if (bytes != 1 && bytes != 2 && bytes != 4 && bytes != 8) {
        return fail(Code::invalid, "squeezed: bytes of a number");
    }
    TRY(const auto size, in.take_varint());
    TRY(const Bytes squeezed, in.take(size));
    TRY(const Bytes raw, squeezer_.expand(squeezed, values.size() * bytes));
    for (std::size_t index = 0; index < values.size(); ++index) {
        std::uint64_t number = 0;
        for (unsigned at = 0; at < bytes; ++at) {
            number |= std::to_integer<std::uint64_t>(raw[index * bytes + at]) << 8 * at;
        }
        const unsigned unused = 64 - 8 * bytes;
        values[index] = static_cast<std::int64_t>(number << unused) >> unused;
    }
    return {};
}

Result<void> Numbers::take_coded(Coder coder, Reader& in, std::span<std::int64_t> values,
                                 int depth) {
    switch (coder) {
        case Coder::constant: {
            TRY(const auto value, in.take_varint());
            std::fill(values.begin(), values.end(), unzigzag(value));
            return {};
        }
        case Coder::packed: return take_packed(in, values);
        case Coder::binned: return binned_.take(in, values);
        case Coder::runs: return take_runs(in, values, depth);
        case Coder::squeezed: return take_squeezed(in, values);
        case Coder::patched: return take_blocks(in, values);
    }
    return fail(Code::unsupported, "coder " + std::to_string(static_cast<unsigned>(coder)));
}

Result<void> Numbers::take(Reader& in, std::span<std::int64_t> values, int depth) {
    CHECK(!values.empty());
    constexpr int depth_max = 8;  // runs of runs: each has an eighth of the numbers
    if (depth > depth_max) return fail(Code::invalid, "numbers: nested too deep");
    TRY(const auto head, in.take_le<std::uint8_t>());
    if (head >> 6 != 0) return fail(Code::unsupported, "numbers: head of a later program");
    const auto change = static_cast<Change>(head >> 3 & 3);
    const bool is_scaled = (head & 0x20) != 0;
    if (change != Change::none && values.size() < 2)
        return fail(Code::invalid, "numbers: steps of one");
    std::uint64_t factor = 1;
    std::int64_t first = 0;
    if (is_scaled) {
        TRY(factor, in.take_varint());
    }
    if (is_scaled || change != Change::none) {
        TRY(const auto raw, in.take_varint());
        first = unzigzag(raw);
    }
    Predictor predictor;
    if (change == Change::predicted) {
        TRY(const auto order, in.take_le<std::uint8_t>());
        if (order < 1 || order > order_max) return fail(Code::invalid, "numbers: order");
        predictor.order = order;
        for (std::size_t index = 0; index < order; ++index) {
            TRY(const auto weight, in.take_le<std::uint16_t>());
            predictor.weights[index] = static_cast<std::int16_t>(weight);
        }
    }
    const std::span left = change == Change::none ? values : values.subspan(1);
    TRY_VOID(take_coded(static_cast<Coder>(head & 7), in, left, depth));
    if (change != Change::none) {
        values[0] = is_scaled ? 0 : first;
        if (change == Change::steps_of_steps) sum_up(left);
        if (change == Change::predicted) unpredict(predictor, left);
        sum_up(values);
    }
    if (is_scaled) scale_up(values, first, static_cast<std::int64_t>(factor));
    return {};
}

}  // namespace lineshaft::history::codec
