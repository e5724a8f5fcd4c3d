#include "history/codec/binned.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/check.h"
#include "history/codec/bits.h"
#include "history/pack.h"

namespace lineshaft::history::codec {
namespace {

constexpr unsigned log_min = 5;
constexpr unsigned log_most = 11;   // what encoding uses; decoding takes up to ans_log_max
constexpr unsigned width_bits = 7;  // of a bin's width, 0..64
constexpr unsigned slot_bits = 12;

// More states where there are more numbers to gain from them: one for about 8 to 16. With one for
// each, weights take as much as they save, and making the table a quarter of the time of decoding.
unsigned log_for(std::size_t count) {
    return std::clamp(std::max(width_of(count), 4u) - 4, log_min, log_most);
}

// How many bits numbers have, in one block or in many.
using Lengths = std::array<std::uint32_t, 65>;

double cost_of(const Lengths& lengths, const Lengths& model, double model_count) {
    // A length the model has not met counts as met a little.
    constexpr std::uint64_t fine = 16;
    double bits = 0;
    const double log2_all = log2_of(static_cast<std::uint64_t>(model_count * fine));
    for (unsigned length = 0; length < lengths.size(); ++length) {
        if (lengths[length] == 0) continue;
        const double symbol = log2_all - log2_of(model[length] * fine + 1);
        bits += lengths[length] * (symbol + (length > 1 ? length - 1 : 0));
    }
    return bits;
}

std::uint32_t count_of(const Lengths& lengths) {
    std::uint32_t count = 0;
    for (const std::uint32_t one : lengths) count += one;
    return count;
}

// Parts the blocks of table `table` in two by k-means over their lengths; the bits it would save.
double split(std::span<const Lengths> blocks, std::span<std::uint8_t> selectors, std::uint8_t table,
             std::uint8_t fresh) {
    Lengths all{};
    std::vector<std::pair<double, std::size_t>> members;  // mean length, block
    for (std::size_t block = 0; block < blocks.size(); ++block) {
        if (selectors[block] != table) continue;
        double sum = 0;
        for (unsigned length = 0; length < all.size(); ++length) {
            all[length] += blocks[block][length];
            sum += blocks[block][length] * length;
        }
        members.emplace_back(sum / count_of(blocks[block]), block);
    }
    if (members.size() < 2) return 0;
    std::sort(members.begin(), members.end());
    // Begin at the widest step between neighbours' means, or in the middle.
    std::size_t middle = members.size() / 2;
    double widest = 0;
    for (std::size_t index = 1; index < members.size(); ++index) {
        const double step = members[index].first - members[index - 1].first;
        if (step > widest) {
            widest = step;
            middle = index;
        }
    }
    std::vector<bool> is_second(members.size());
    for (std::size_t index = middle; index < members.size(); ++index) is_second[index] = true;
    double bits = 0;
    for (int round = 0; round < 4; ++round) {
        std::array<Lengths, 2> models{};
        for (std::size_t index = 0; index < members.size(); ++index) {
            for (unsigned length = 0; length < all.size(); ++length) {
                models[is_second[index]][length] += blocks[members[index].second][length];
            }
        }
        const double first_count = count_of(models[0]) + 6.5;
        const double second_count = count_of(models[1]) + 6.5;
        bits = 0;
        for (std::size_t index = 0; index < members.size(); ++index) {
            const Lengths& block = blocks[members[index].second];
            const double first = cost_of(block, models[0], first_count);
            const double second = cost_of(block, models[1], second_count);
            is_second[index] = second < first;
            bits += std::min(first, second);
        }
    }
    const double saved = cost_of(all, all, count_of(all) + 6.5) - bits;
    for (std::size_t index = 0; index < members.size(); ++index) {
        if (is_second[index]) selectors[members[index].second] = fresh;
    }
    return saved;
}

}  // namespace

unsigned Binned::Table::symbol_of(std::uint64_t offset) const {
    const std::size_t slot = offset >> slot_shift;
    unsigned symbol = symbols[slot];
    unsigned last = symbols[slot + 1];
    while (symbol < last) {
        const unsigned middle = (symbol + last + 1) / 2;
        if (offset >= bins[middle].lower) {
            symbol = middle;
        } else {
            last = middle - 1;
        }
    }
    return symbol;
}

// For each slot of numbers the first bin that can hold them, so that most need no search.
void Binned::Table::fill_slots() {
    widths.clear();
    for (const Bin& bin : bins) widths.push_back(static_cast<std::uint8_t>(bin.width()));
    const std::uint64_t end = bins.back().upper;
    slot_shift = width_of(end) > slot_bits ? width_of(end) - slot_bits : 0;
    symbols.clear();
    for (std::size_t symbol = 0; symbol < bins.size(); ++symbol) {
        symbols.resize((bins[symbol].lower >> slot_shift) + 1,
                       static_cast<std::uint8_t>(symbol == 0 ? 0 : symbol - 1));
    }
    symbols.resize((end >> slot_shift) + 2, static_cast<std::uint8_t>(bins.size() - 1));
}

// Chooses how many tables pay, and which block has which.
std::size_t Binned::classify(std::span<const std::int64_t> values) {
    const std::size_t blocks = (values.size() + binned_block - 1) / binned_block;
    selectors_.assign(blocks, 0);
    if (blocks < 8) return 1;
    // First a look at the blocks' sums: mostly nothing tells them apart.
    std::uint32_t least = UINT32_MAX;
    std::uint32_t most = 0;
    for (std::size_t block = 0; block + 1 < blocks; ++block) {
        std::uint32_t sum = 0;
        for (const std::int64_t value : values.subspan(block * binned_block, binned_block)) {
            sum += width_of(zigzag(value));
        }
        least = std::min(least, sum);
        most = std::max(most, sum);
    }
    if (most - least < binned_block) return 1;  // nowhere a bit a number apart
    std::vector<Lengths> lengths(blocks);
    for (std::size_t index = 0; index < values.size(); ++index) {
        ++lengths[index / binned_block][width_of(zigzag(values[index]))];
    }
    constexpr double table_bits = 300;
    std::size_t tables = 1;
    for (std::size_t table = 0; table < tables && tables < tables_max; ++table) {
        const auto before = selectors_;
        const double saved = split(lengths, selectors_, static_cast<std::uint8_t>(table),
                                   static_cast<std::uint8_t>(tables));
        if (saved < table_bits + static_cast<double>(blocks + values.size() / 50)) {
            selectors_ = before;
        } else {
            ++tables;
        }
    }
    return tables;
}

void Binned::fill_tables(std::size_t tables, unsigned log, unsigned lower_bits) {
    for (std::size_t table = 0; table < tables; ++table) {
        std::span<const std::uint64_t> numbers = offsets_;
        if (tables > 1) {
            gathered_.clear();
            for (std::size_t index = 0; index < offsets_.size(); ++index) {
                if (selectors_[index / binned_block] == table) gathered_.push_back(offsets_[index]);
            }
            numbers = gathered_;
        }
        Table& made = tables_[table];
        made.bins.clear();
        if (numbers.empty()) {  // every block moved away: a table nobody chooses
            made.bins.push_back({0, 0, 0});
            made.fill_slots();
            continue;
        }
        const auto bins = chooser_.choose(numbers, lower_bits + width_bits + log);
        made.bins.assign(bins.begin(), bins.end());
        while (made.bins.size() > (std::size_t{1} << log)) {  // few states for few numbers
            made.bins[made.bins.size() - 2].upper = made.bins.back().upper;
            made.bins[made.bins.size() - 2].count += made.bins.back().count;
            made.bins.pop_back();
        }
        std::vector<std::uint32_t> counts;
        for (const Bin& bin : made.bins) counts.push_back(bin.count);
        normalise(counts, log, made.weights);
        made.fill_slots();
    }
}

void Binned::put_tables(std::string& out, std::size_t tables, unsigned log, unsigned lower_bits) {
    for (std::size_t table = 0; table < tables; ++table) {
        Writer(out).put_varint(tables_[table].bins.size());
    }
    BitSink bits(out);
    for (std::size_t table = 0; table < tables; ++table) {
        const Table& made = tables_[table];
        for (std::size_t symbol = 0; symbol < made.bins.size(); ++symbol) {
            bits.put(made.bins[symbol].lower, lower_bits);
            bits.put(made.widths[symbol], width_bits);
            if (!made.is_plain()) bits.put(made.weights[symbol] - 1, log);
        }
    }
    const unsigned selector_bits = tables > 2 ? 2 : static_cast<unsigned>(tables) - 1;
    for (const std::uint8_t one : selectors_) bits.put(one, selector_bits);
    bits.finish();
}

void Binned::put_numbers(std::string& out, std::size_t tables, unsigned log) {
    const std::size_t count = offsets_.size();
    std::array<std::optional<AnsEncoder>, tables_max> encoders;
    bool has_symbols = false;
    for (std::size_t table = 0; table < tables; ++table) {
        if (tables_[table].is_plain()) continue;
        encoders[table].emplace(tables_[table].weights, log);
        has_symbols = true;
    }
    steps_.resize(count);
    widths_.resize(count);
    std::array<std::uint32_t, 4> state;
    state.fill(1u << log);
    for (std::size_t index = count; index-- > 0;) {
        const std::uint8_t selector = selectors_[index / binned_block];
        const Table& table = tables_[selector];
        unsigned symbol = 0;
        if (table.is_plain()) {
            steps_[index] = 0;
        } else {
            symbol = table.symbol_of(offsets_[index]);
            steps_[index] = encoders[selector]->step(state[index % 4], symbol);
        }
        offsets_[index] -= table.bins[symbol].lower;  // now the place in the bin
        widths_[index] = table.widths[symbol];
    }
    bits_.clear();
    if (has_symbols) {
        BitSink bits(bits_);
        for (const std::uint32_t one : state) bits.put(one - (1u << log), log);
        for (const std::uint32_t step : steps_) bits.put(step & 0xffff, step >> 16);
        bits.finish();
    }
    Writer(out).put_varint(bits_.size());
    out += bits_;
    bits_.clear();
    BitSink bits(bits_);
    for (std::size_t index = 0; index < count; ++index) bits.put(offsets_[index], widths_[index]);
    bits.finish();
    Writer(out).put_varint(bits_.size());
    out += bits_;
}

void Binned::put(std::string& out, std::span<const std::int64_t> values) {
    CHECK(!values.empty());
    std::int64_t base = values[0];
    std::int64_t high = base;
    for (const std::int64_t value : values) {
        base = std::min(base, value);
        high = std::max(high, value);
    }
    const unsigned lower_bits =
        width_of(static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(base));
    offsets_.resize(values.size());
    for (std::size_t index = 0; index < values.size(); ++index) {
        offsets_[index] =
            static_cast<std::uint64_t>(values[index]) - static_cast<std::uint64_t>(base);
    }
    for (Table& table : tables_) table.bins.clear();
    const std::size_t tables = classify(values);
    const unsigned log = log_for(values.size() / tables);
    fill_tables(tables, log, lower_bits);
    out.push_back(static_cast<char>(log | (tables - 1) << 4));
    Writer(out).put_varint(zigzag(base));
    out.push_back(static_cast<char>(lower_bits));
    put_tables(out, tables, log, lower_bits);
    put_numbers(out, tables, log);
}

}  // namespace lineshaft::history::codec
