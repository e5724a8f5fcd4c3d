#include "history/codec/doubles.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/check.h"
#include "history/codec/bits.h"
#include "history/codec/decimals.h"
#include "history/codec/kernels.h"
#include "history/pack.h"

namespace lineshaft::history::codec {
namespace {

constexpr std::uint8_t exponent_mask = 0x1f;
constexpr std::uint8_t single_flag = 0x20;
constexpr std::uint8_t misses_flag = 0x40;
constexpr std::size_t probes_max = 64;

std::uint64_t decimal_bits(std::int64_t number, double power, bool is_single) {
    const double value = static_cast<double>(number) / power;
    return std::bit_cast<std::uint64_t>(is_single ? static_cast<double>(static_cast<float>(value))
                                                  : value);
}

bool is_float(std::uint64_t bits) {
    const double value = std::bit_cast<double>(bits);
    if (!(std::fabs(value) <= 3.4028234663852886e38)) return false;
    return std::bit_cast<std::uint64_t>(static_cast<double>(static_cast<float>(value))) == bits;
}

}  // namespace

// About the bits that the steps between neighbouring probes take as decimals, and their misses.
double Doubles::cost_of(std::span<const std::uint64_t> probes, Decimal decimal) const {
    std::int64_t numbers[probes_max];
    std::int64_t misses[probes_max];
    doubles_to_numbers(probes.data(), probes.size(), powers_of_ten[decimal.exponent],
                       decimal.is_single, numbers, misses);
    double bits = 0;
    for (std::size_t index = 0; index < probes.size(); ++index) {
        if (misses[index] != 0) bits += std::min(72u, 8 + width_of(zigzag(misses[index])));
        if (index == 0) continue;
        bits += width_of(zigzag(wrapped_minus(numbers[index], numbers[index - 1])));
    }
    return bits;
}

Doubles::Decimal Doubles::choose_decimal(std::span<const std::uint64_t> bits) const {
    // Pairs of neighbours from all over the column.
    std::uint64_t probes[probes_max];
    std::size_t count = 0;
    const std::size_t most = numbers_.effort() == Effort::quick ? 16 : probes_max;
    const std::size_t step = std::max<std::size_t>(2, bits.size() / (most / 2));
    for (std::size_t index = 0; index < bits.size() && count + 2 <= most; index += step) {
        probes[count++] = bits[index];
        if (index + 1 < bits.size()) probes[count++] = bits[index + 1];
    }
    const std::span<const std::uint64_t> probed(probes, count);
    Decimal best;
    double best_bits = 1e300;
    const auto consider = [&](Decimal decimal) {
        const double cost = cost_of(probed, decimal);
        if (cost >= best_bits) return;
        best_bits = cost;
        best = decimal;
    };
    if (numbers_.effort() == Effort::quick) {
        for (unsigned exponent = 0; exponent <= 12; ++exponent) {
            // The first that misses nothing has the smallest numbers, as far as seen.
            const double power = powers_of_ten[exponent];
            const bool is_exact = std::all_of(probed.begin(), probed.end(), [&](std::uint64_t one) {
                const double scaled = std::nearbyint(std::bit_cast<double>(one) * power);
                return std::fabs(scaled) < near_number &&
                       std::bit_cast<std::uint64_t>(scaled / power) == one;
            });
            if (is_exact) return {exponent, false};
        }
    }
    for (unsigned exponent = 0; exponent <= exponent_max; ++exponent) consider({exponent, false});
    if (std::all_of(probed.begin(), probed.end(), is_float)) {
        for (unsigned exponent = 1; exponent <= 12; ++exponent) consider({exponent, true});
    }
    return best;
}

void Doubles::to_decimals(std::span<const std::uint64_t> bits, Decimal decimal) {
    const double power = powers_of_ten[decimal.exponent];
    decimals_.resize(bits.size());
    misses_.resize(bits.size());
    has_misses_ = !doubles_to_numbers(bits.data(), bits.size(), power, decimal.is_single,
                                      decimals_.data(), misses_.data());
    if (!has_misses_) return;
    std::int64_t before = decimals_[0];
    for (std::size_t index = 0; index < bits.size(); ++index) {
        if (misses_[index] <= -near_ulps || misses_[index] >= near_ulps) {
            // Too large, or no number: what costs least among its neighbours, and a wide miss.
            const double scaled = std::nearbyint(std::bit_cast<double>(bits[index]) * power);
            const bool is_large = std::fabs(scaled) <= 4 * near_number;
            decimals_[index] = is_large ? static_cast<std::int64_t>(scaled) : before;
            misses_[index] = wrapped_minus(static_cast<std::int64_t>(bits[index]),
                                           static_cast<std::int64_t>(decimal_bits(
                                               decimals_[index], power, decimal.is_single)));
        }
        before = decimals_[index];
    }
}

// False when there are too many values for a dictionary.
bool Doubles::to_ranks(std::span<const std::uint64_t> bits) {
    constexpr std::size_t early = 512;
    const std::size_t most = std::min(dictionary_max, bits.size() / 4);
    const std::size_t slots = std::bit_ceil(4 * most + 16);
    const int shift = 64 - std::countr_zero(slots);
    std::vector<std::uint32_t> slot_of(slots, 0);  // 1 + place in the dictionary
    std::vector<std::uint32_t> met(bits.size());
    dictionary_.clear();
    for (std::size_t index = 0; index < bits.size(); ++index) {
        if (index == early && dictionary_.size() > early * 7 / 8) return false;
        std::size_t slot = bits[index] * 0x9e3779b97f4a7c15 >> shift;
        while (slot_of[slot] != 0 && dictionary_[slot_of[slot] - 1] != bits[index]) {
            slot = (slot + 1) % slots;
        }
        if (slot_of[slot] == 0) {
            if (dictionary_.size() == most) return false;
            dictionary_.push_back(bits[index]);
            slot_of[slot] = static_cast<std::uint32_t>(dictionary_.size());
        }
        met[index] = slot_of[slot] - 1;
    }
    std::vector<std::pair<std::int64_t, std::uint32_t>> sorted(dictionary_.size());
    order_.resize(dictionary_.size());
    doubles_to_order(dictionary_.data(), dictionary_.size(), order_.data());
    for (std::uint32_t index = 0; index < sorted.size(); ++index) {
        sorted[index] = {order_[index], index};
    }
    std::sort(sorted.begin(), sorted.end());
    std::vector<std::int64_t> rank(sorted.size());
    const std::vector<std::uint64_t> values = dictionary_;
    for (std::size_t index = 0; index < sorted.size(); ++index) {
        rank[sorted[index].second] = static_cast<std::int64_t>(index);
        dictionary_[index] = values[sorted[index].second];
    }
    ranks_.resize(bits.size());
    for (std::size_t index = 0; index < bits.size(); ++index) ranks_[index] = rank[met[index]];
    return true;
}

void Doubles::put_decimals(std::string& out, Decimal decimal, const Numbers::Plan& planned) {
    out.push_back(static_cast<char>(Form::decimal));
    out.push_back(static_cast<char>(decimal.exponent | (decimal.is_single ? single_flag : 0u) |
                                    (has_misses_ ? misses_flag : 0u)));
    numbers_.put(out, decimals_, planned);
    if (has_misses_) numbers_.put(out, misses_);
}

void Doubles::put_dictionary(std::string& out) {
    out.push_back(static_cast<char>(Form::dictionary));
    Writer(out).put_varint(dictionary_.size());
    const std::vector<std::uint64_t> entries = dictionary_;
    const Decimal decimal = choose_decimal(entries);
    to_decimals(entries, decimal);
    std::string as_decimals;
    put_decimals(as_decimals, decimal, numbers_.plan(decimals_));
    order_.resize(entries.size());
    doubles_to_order(entries.data(), entries.size(), order_.data());
    std::string as_order(1, static_cast<char>(Form::ordered));
    numbers_.put(as_order, order_);
    out += as_order.size() < as_decimals.size() ? as_order : as_decimals;
    numbers_.put(out, ranks_);
}

void Doubles::put(std::string& out, std::span<const std::uint64_t> bits) {
    CHECK(!bits.empty());
    if (std::all_of(bits.begin(), bits.end(), [&](std::uint64_t one) { return one == bits[0]; })) {
        out.push_back(static_cast<char>(Form::constant));
        Writer(out).put_le(bits[0]);
        return;
    }
    const Decimal decimal = choose_decimal(bits);
    to_decimals(bits, decimal);
    const Numbers::Plan as_decimals = numbers_.plan(decimals_);
    double best = as_decimals.bits + (has_misses_ ? numbers_.plan(misses_).bits : 0);
    Form form = Form::decimal;
    const auto count = static_cast<double>(bits.size());
    Numbers::Plan as_order;
    if (has_misses_ && best > 8 * count) {
        order_.resize(bits.size());
        doubles_to_order(bits.data(), bits.size(), order_.data());
        as_order = numbers_.plan(order_);
        if (as_order.bits < best) {
            best = as_order.bits;
            form = Form::ordered;
        }
    }
    std::string as_dictionary;
    if (numbers_.effort() == Effort::best && bits.size() >= 32 && best > 2 * count &&
        to_ranks(bits)) {
        const double entry_bits = 2 + (best / count) / 2;
        const double ranks_bits = numbers_.plan(ranks_).bits;
        if (ranks_bits + entry_bits * static_cast<double>(dictionary_.size()) < best) {
            put_dictionary(as_dictionary);
            if (form == Form::decimal) to_decimals(bits, decimal);
            if (form == Form::ordered) {
                order_.resize(bits.size());
                doubles_to_order(bits.data(), bits.size(), order_.data());
            }
        }
    }
    const std::size_t from = out.size();
    if (form == Form::decimal) {
        put_decimals(out, decimal, as_decimals);
    } else {
        out.push_back(static_cast<char>(Form::ordered));
        if (order_.size() != bits.size()) {
            order_.resize(bits.size());
            doubles_to_order(bits.data(), bits.size(), order_.data());
        }
        numbers_.put(out, order_, as_order);
    }
    if (!as_dictionary.empty() && as_dictionary.size() < out.size() - from) {
        out.resize(from);
        out += as_dictionary;
    }
}

Result<void> Doubles::take_decimals(Reader& in, std::span<std::uint64_t> bits) {
    TRY(const auto head, in.take_le<std::uint8_t>());
    const unsigned exponent = head & exponent_mask;
    if (exponent > exponent_max || (head & 0x80) != 0) return fail(Code::invalid, "decimal: head");
    decimals_.resize(bits.size());
    TRY_VOID(numbers_.take(in, decimals_));
    if ((head & single_flag) != 0) {
        numbers_to_floats(decimals_.data(), bits.size(), powers_of_ten[exponent], bits.data());
    } else {
        numbers_to_doubles(decimals_.data(), bits.size(), powers_of_ten[exponent], bits.data());
    }
    if ((head & misses_flag) == 0) return {};
    TRY_VOID(numbers_.take(in, decimals_));
    for (std::size_t index = 0; index < bits.size(); ++index) {
        bits[index] += static_cast<std::uint64_t>(decimals_[index]);
    }
    return {};
}

Result<void> Doubles::take_dictionary(Reader& in, std::span<std::uint64_t> bits) {
    TRY(const auto count, in.take_varint());
    if (count < 1 || count > dictionary_max || count > bits.size()) {
        return fail(Code::invalid, "dictionary: values");
    }
    dictionary_.resize(count);
    TRY_VOID(take(in, dictionary_, true));
    ranks_.resize(bits.size());
    TRY_VOID(numbers_.take(in, ranks_));
    for (std::size_t index = 0; index < bits.size(); ++index) {
        const auto rank = static_cast<std::uint64_t>(ranks_[index]);
        if (rank >= count) return fail(Code::invalid, "dictionary: rank");
        bits[index] = dictionary_[rank];
    }
    return {};
}

Result<void> Doubles::take(Reader& in, std::span<std::uint64_t> bits) {
    return take(in, bits, false);
}

Result<void> Doubles::take(Reader& in, std::span<std::uint64_t> bits, bool is_nested) {
    CHECK(!bits.empty());
    TRY(const auto form, in.take_le<std::uint8_t>());
    switch (static_cast<Form>(form)) {
        case Form::constant: {
            TRY(const auto value, in.take_le<std::uint64_t>());
            std::fill(bits.begin(), bits.end(), value);
            return {};
        }
        case Form::decimal: return take_decimals(in, bits);
        case Form::dictionary:
            if (is_nested) return fail(Code::invalid, "dictionary in a dictionary");
            return take_dictionary(in, bits);
        case Form::ordered:
            order_.resize(bits.size());
            TRY_VOID(numbers_.take(in, order_));
            order_to_doubles(order_.data(), bits.size(), bits.data());
            return {};
    }
    return fail(Code::unsupported, "form of doubles " + std::to_string(form));
}

}  // namespace lineshaft::history::codec
