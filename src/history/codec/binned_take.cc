// Binned integers, the way back.
#include <algorithm>
#include <array>

#include "base/check.h"
#include "history/codec/binned.h"
#include "history/codec/bits.h"
#include "history/codec/vectors.h"
#include "history/pack.h"

namespace lineshaft::history::codec {
namespace {

constexpr std::size_t padding = 256;  // over what a block of symbols can take, 128 x 12 bits

struct Cursor {
    const std::byte* bytes;
    std::size_t bit;
};

// Symbols of up to one block: where each number's bin begins, and how many bits its place has.
LINESHAFT_VECTORS
void take_symbols(const AnsState* states, const std::int64_t* lowers, const std::uint8_t* widths,
                  std::array<std::uint32_t, 4>& state, Cursor& from, std::size_t count,
                  std::int64_t* lower, std::uint8_t* width) {
    std::array<std::uint32_t, 4> at = state;
    std::size_t bit = from.bit;
    std::size_t index = 0;
    for (; index + 4 <= count; index += 4) {
        std::uint64_t word = load_word(from.bytes + bit / 8) >> bit % 8;  // 4 x 12 <= 57 bits
        for (unsigned lane = 0; lane < 4; ++lane) {
            const AnsState now = states[at[lane]];
            lower[index + lane] = lowers[now.symbol];
            width[index + lane] = widths[now.symbol];
            at[lane] = now.next + (static_cast<std::uint32_t>(word) & ((1u << now.bits) - 1));
            word >>= now.bits;
            bit += now.bits;
        }
    }
    for (unsigned lane = 0; index < count; ++index, ++lane) {
        const AnsState now = states[at[lane]];
        lower[index] = lowers[now.symbol];
        width[index] = widths[now.symbol];
        const auto word = static_cast<std::uint32_t>(load_word(from.bytes + bit / 8) >> bit % 8);
        at[lane] = now.next + (word & ((1u << now.bits) - 1));
        bit += now.bits;
    }
    state = at;
    from.bit = bit;
}

// Adds the places; no width is over 56.
LINESHAFT_VECTORS
void add_places(const std::byte* bytes, std::size_t bit, const std::uint8_t* width,
                std::span<std::int64_t> values) {
    for (std::size_t index = 0; index < values.size(); ++index) {
        const std::uint64_t word = load_word(bytes + bit / 8) >> bit % 8;
        const std::uint64_t place = word & ((std::uint64_t{1} << width[index]) - 1);
        values[index] =
            static_cast<std::int64_t>(static_cast<std::uint64_t>(values[index]) + place);
        bit += width[index];
    }
}

void add_wide_places(const std::byte* bytes, std::size_t bit, const std::uint8_t* width,
                     std::span<std::int64_t> values) {
    BitSource source(bytes, bit);
    for (std::size_t index = 0; index < values.size(); ++index) {
        values[index] =
            wrapped_plus(values[index], static_cast<std::int64_t>(source.take(width[index])));
    }
}

void copy_padded(Bytes from, std::string& to) {
    to.assign(as_text(from));
    to.append(padding, '\0');
}

}  // namespace

Result<void> Binned::take_tables(Reader& in, std::size_t tables, unsigned log, std::int64_t base,
                                 std::size_t blocks) {
    TRY(const auto lower_bits, in.take_le<std::uint8_t>());
    if (lower_bits > 64) return fail(Code::invalid, "binned: bits of a bin");
    std::array<std::size_t, tables_max> bins{};
    std::size_t bits = 0;
    for (std::size_t table = 0; table < tables; ++table) {
        TRY(const auto count, in.take_varint());
        if (count < 1 || count > bins_max || count > (std::size_t{1} << log)) {
            return fail(Code::invalid, "binned: bins");
        }
        bins[table] = count;
        bits += count * (lower_bits + 7u + (count > 1 ? log : 0));
    }
    const unsigned selector_bits = tables > 2 ? 2 : static_cast<unsigned>(tables) - 1;
    bits += blocks * selector_bits;
    TRY(const Bytes packed, in.take(bytes_of(bits)));
    copy_padded(packed, padded_);
    BitSource source(as_bytes(padded_).data());
    std::vector<std::uint32_t> weights;
    for (std::size_t table = 0; table < tables; ++table) {
        Decoding& made = decoding_[table];
        made.lower.clear();
        made.width.clear();
        made.states.clear();
        weights.clear();
        std::uint64_t sum = 0;
        for (std::size_t symbol = 0; symbol < bins[table]; ++symbol) {
            made.lower.push_back(
                wrapped_plus(base, static_cast<std::int64_t>(source.take(lower_bits))));
            made.width.push_back(static_cast<std::uint8_t>(source.take(7)));
            if (made.width.back() > 64) return fail(Code::invalid, "binned: width over 64");
            if (bins[table] == 1) continue;
            weights.push_back(static_cast<std::uint32_t>(source.take(log)) + 1);
            sum += weights.back();
        }
        if (bins[table] == 1) continue;
        if (sum != std::uint64_t{1} << log) return fail(Code::invalid, "binned: weights");
        make_ans_states(weights, log, made.states);
    }
    selectors_.resize(blocks);
    for (std::uint8_t& one : selectors_) {
        one = static_cast<std::uint8_t>(source.take(selector_bits));
        if (one >= tables) return fail(Code::invalid, "binned: table");
    }
    return {};
}

Result<void> Binned::take_numbers(Reader& in, unsigned log, std::span<std::int64_t> values) {
    TRY(const auto symbol_bytes, in.take_varint());
    TRY(const Bytes symbols, in.take(symbol_bytes));
    TRY(const auto place_bytes, in.take_varint());
    TRY(const Bytes places, in.take(place_bytes));
    copy_padded(symbols, padded_);
    copy_padded(places, padded_places_);
    const std::byte* place_from = as_bytes(padded_places_).data();
    std::size_t place_bit = 0;
    Cursor cursor{as_bytes(padded_).data(), 0};
    std::array<std::uint32_t, 4> state{};
    const auto is_plain = [&](std::uint8_t table) { return decoding_[table].is_plain(); };
    if (!std::all_of(selectors_.begin(), selectors_.end(), is_plain)) {
        BitSource source(cursor.bytes);
        for (std::uint32_t& one : state) one = static_cast<std::uint32_t>(source.take(log));
        cursor.bit = 4 * log;
    }
    std::array<std::uint8_t, binned_block> width;
    for (std::size_t from = 0; from < values.size(); from += binned_block) {
        const Decoding& table = decoding_[selectors_[from / binned_block]];
        const auto block = values.subspan(from, std::min(binned_block, values.size() - from));
        if (table.is_plain()) {
            std::fill(block.begin(), block.end(), table.lower[0]);
            width.fill(table.width[0]);
        } else {
            take_symbols(table.states.data(), table.lower.data(), table.width.data(), state, cursor,
                         block.size(), block.data(), width.data());
            if (cursor.bit > symbols.size() * 8)
                return fail(Code::invalid, "binned: symbols short");
        }
        std::size_t bits = 0;
        unsigned widest = 0;
        for (std::size_t index = 0; index < block.size(); ++index) {
            bits += width[index];
            widest = std::max<unsigned>(widest, width[index]);
        }
        if (place_bit + bits > places.size() * 8)
            return fail(Code::invalid, "binned: places short");
        if (widest > 56) {
            add_wide_places(place_from, place_bit, width.data(), block);
        } else if (widest > 0) {
            add_places(place_from, place_bit, width.data(), block);
        }
        place_bit += bits;
    }
    return {};
}

Result<void> Binned::take(Reader& in, std::span<std::int64_t> values) {
    CHECK(!values.empty());
    TRY(const auto head, in.take_le<std::uint8_t>());
    const unsigned log = head & 15u;
    const std::size_t tables = (head >> 4 & 3u) + 1u;
    if (head >> 6 != 0 || log < 1 || log > ans_log_max) return fail(Code::invalid, "binned: head");
    TRY(const auto base, in.take_varint());
    const std::size_t blocks = (values.size() + binned_block - 1) / binned_block;
    TRY_VOID(take_tables(in, tables, log, unzigzag(base), blocks));
    return take_numbers(in, log, values);
}

}  // namespace lineshaft::history::codec
