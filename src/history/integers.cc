// Columns of integers in chunks of version 1: constant, blocks, deltas or runs.
#include <algorithm>
#include <vector>

#include "base/check.h"
#include "history/pack.h"

namespace lineshaft::history {
namespace {

std::int64_t plus(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
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

Result<void> take_runs(Reader& in, std::span<std::int64_t> values) {
    TRY(const auto runs, in.take_varint());
    if (runs < 1 || runs > values.size()) return fail(Code::invalid, "runs: count");
    std::vector<std::int64_t> both(2 * static_cast<std::size_t>(runs));
    const std::span lengths = std::span(both).first(runs);
    const std::span heads = std::span(both).last(runs);
    TRY_VOID(take_blocks(in, lengths));
    TRY_VOID(take_blocks(in, heads));
    return fill_runs(lengths, heads, values);
}

}  // namespace

Result<void> fill_runs(std::span<const std::int64_t> lengths, std::span<const std::int64_t> heads,
                       std::span<std::int64_t> values) {
    std::size_t filled = 0;
    for (std::size_t run = 0; run < lengths.size(); ++run) {
        const auto extra = static_cast<std::uint64_t>(lengths[run]);
        if (extra >= values.size() - filled) return fail(Code::invalid, "runs: too long");
        std::fill_n(values.begin() + static_cast<std::ptrdiff_t>(filled), extra + 1, heads[run]);
        filled += extra + 1;
        if (filled == values.size() && run + 1 < lengths.size())
            return fail(Code::invalid, "runs: too many");
    }
    if (filled != values.size()) return fail(Code::invalid, "runs: too short");
    return {};
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

Result<void> take_nested_integers(Reader& in, std::span<std::int64_t> values) {
    TRY(const auto encoding, in.take_le<std::uint8_t>());
    return take_integers(encoding, in, values);
}

}  // namespace lineshaft::history
