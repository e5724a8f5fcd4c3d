// Columns of integers: constant, blocks, deltas or runs, whichever is smallest.
#include <algorithm>
#include <vector>

#include "base/check.h"
#include "history/pack.h"

namespace lineshaft::history {
namespace {

std::int64_t minus(std::int64_t a, std::int64_t b) {  // wraps: its inverse does too
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
std::int64_t plus(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

void put_deltas(std::string& out, std::span<const std::int64_t> values) {
    Writer(out).put_varint(zigzag(values[0]));
    std::vector<std::int64_t> deltas(values.size() - 1);
    for (std::size_t index = 1; index < values.size(); ++index) {
        deltas[index - 1] = minus(values[index], values[index - 1]);
    }
    put_blocks(out, deltas);
}

Result<void> take_deltas(Reader& in, std::span<std::int64_t> values) {
    TRY(const auto first, in.take_varint());
    TRY_VOID(take_blocks(in, values.subspan(1)));
    values[0] = unzigzag(first);
    for (std::size_t index = 1; index < values.size(); ++index) {
        values[index] = plus(values[index], values[index - 1]);
    }
    return {};
}

std::size_t runs_in(std::span<const std::int64_t> values) {
    std::size_t runs = 1;
    for (std::size_t index = 1; index < values.size(); ++index) {
        runs += values[index] != values[index - 1];
    }
    return runs;
}

void put_runs(std::string& out, std::span<const std::int64_t> values, std::size_t runs) {
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
    Writer(out).put_varint(runs);
    put_blocks(out, lengths);
    put_blocks(out, heads);
}

Result<void> take_runs(Reader& in, std::span<std::int64_t> values) {
    TRY(const auto runs, in.take_varint());
    if (runs < 1 || runs > values.size()) return fail(Code::invalid, "runs: count");
    std::vector<std::int64_t> both(2 * static_cast<std::size_t>(runs));
    const std::span lengths = std::span(both).first(runs);
    const std::span heads = std::span(both).last(runs);
    TRY_VOID(take_blocks(in, lengths));
    TRY_VOID(take_blocks(in, heads));
    std::size_t filled = 0;
    for (std::size_t run = 0; run < runs; ++run) {
        const auto extra = static_cast<std::uint64_t>(lengths[run]);
        if (extra >= values.size() - filled) return fail(Code::invalid, "runs: too long");
        std::fill_n(values.begin() + static_cast<std::ptrdiff_t>(filled), extra + 1, heads[run]);
        filled += extra + 1;
        if (filled == values.size() && run + 1 < runs) return fail(Code::invalid, "runs: too many");
    }
    if (filled != values.size()) return fail(Code::invalid, "runs: too short");
    return {};
}

}  // namespace

IntegerEncoding put_integers(std::string& out, std::span<const std::int64_t> values) {
    CHECK(!values.empty());
    const std::size_t runs = runs_in(values);
    if (runs == 1) {
        Writer(out).put_varint(zigzag(values[0]));
        return IntegerEncoding::constant;
    }
    const std::size_t from = out.size();
    put_blocks(out, values);
    std::size_t best_bytes = out.size() - from;
    IntegerEncoding best = IntegerEncoding::blocks;
    const auto keep_if_smaller = [&](IntegerEncoding encoding) {
        const std::size_t bytes = out.size() - from - best_bytes;
        if (bytes < best_bytes) {
            out.erase(from, best_bytes);
            best_bytes = bytes;
            best = encoding;
        } else {
            out.resize(from + best_bytes);
        }
    };
    put_deltas(out, values);
    keep_if_smaller(IntegerEncoding::deltas);
    if (runs < values.size() / 2) {
        put_runs(out, values, runs);
        keep_if_smaller(IntegerEncoding::runs);
    }
    return best;
}

Result<void> take_integers(std::uint8_t encoding, Reader& in, std::span<std::int64_t> values) {
    CHECK(!values.empty());
    switch (static_cast<IntegerEncoding>(encoding)) {
        case IntegerEncoding::constant: {
            TRY(const auto value, in.take_varint());
            std::fill(values.begin(), values.end(), unzigzag(value));
            return {};
        }
        case IntegerEncoding::blocks: return take_blocks(in, values);
        case IntegerEncoding::deltas: return take_deltas(in, values);
        case IntegerEncoding::runs: return take_runs(in, values);
    }
    return fail(Code::unsupported, "integer encoding " + std::to_string(encoding));
}

void put_nested_integers(std::string& out, std::span<const std::int64_t> values) {
    const std::size_t id_at = out.size();
    out.push_back(0);
    const IntegerEncoding encoding = put_integers(out, values);
    out[id_at] = static_cast<char>(encoding);
}

Result<void> take_nested_integers(Reader& in, std::span<std::int64_t> values) {
    TRY(const auto encoding, in.take_le<std::uint8_t>());
    return take_integers(encoding, in, values);
}

}  // namespace lineshaft::history
