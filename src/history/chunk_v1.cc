#include "history/chunk_v1.h"

#include <algorithm>

#include "base/check.h"
#include "history/pack.h"
#include "history/reals.h"
#include "history/texts.h"

namespace lineshaft::history {
namespace {

constexpr std::uint8_t is_squeezed = 0x80;  // in a column's encoding byte

enum class TimeEncoding : std::uint8_t { fixed = 0, steps = 1 };

Result<std::uint8_t> open_column(Reader& in, Squeezer& squeezer, Reader& payload) {
    TRY(const auto encoding, in.take_le<std::uint8_t>());
    TRY(const auto bytes, in.take_varint());
    if ((encoding & is_squeezed) == 0) {
        TRY(const Bytes plain, in.take(bytes));
        payload = Reader(plain);
        return encoding;
    }
    TRY(const auto raw_bytes, in.take_varint());
    TRY(const Bytes squeezed, in.take(bytes));
    if (raw_bytes > chunk_column_bytes_max) return fail(Code::invalid, "column too large");
    TRY(const Bytes plain, squeezer.expand(squeezed, raw_bytes));
    payload = Reader(plain);
    return static_cast<std::uint8_t>(encoding & ~is_squeezed);
}

Result<void> take_times(std::uint8_t encoding, Reader& payload, const ChunkHeader& header,
                        std::span<std::int64_t> at) {
    const auto span = static_cast<std::uint64_t>((header.last - header.first).count());
    at[0] = header.first.micros;
    if (encoding == static_cast<std::uint8_t>(TimeEncoding::fixed)) {
        const std::uint64_t gaps = at.size() - 1;
        if (gaps == 0) return {};
        if (span % gaps != 0) return fail(Code::invalid, "times: not fixed");
        take_fixed_times(header.first.micros, static_cast<std::int64_t>(span / gaps), at);
        return {};
    }
    if (encoding != static_cast<std::uint8_t>(TimeEncoding::steps)) {
        return fail(Code::unsupported, "time encoding " + std::to_string(encoding));
    }
    if (at.size() < 2) return fail(Code::invalid, "times: steps of one");
    TRY(const auto unit, payload.take_varint());
    if (unit < 1 || unit > span) return fail(Code::invalid, "times: unit");
    const std::span steps = at.subspan(1);
    TRY_VOID(take_nested_integers(payload, steps));
    const std::uint64_t step_max = span / unit;
    std::uint64_t offset = 0;  // span < 2^63, so a sum of two cannot wrap
    for (std::int64_t& one : steps) {
        const auto step = static_cast<std::uint64_t>(one);
        if (step - 1 >= step_max) return fail(Code::invalid, "times: step");
        offset += step * unit;
        if (offset > span) return fail(Code::invalid, "times: past the end");
        one = header.first.micros + static_cast<std::int64_t>(offset);
    }
    if (offset != span) return fail(Code::invalid, "times: end");
    return {};
}

Result<void> take_values(std::uint8_t encoding, Reader& payload, Kind kind,
                         std::vector<std::int64_t>& numbers, Columns& out) {
    if (kind == Kind::real) return take_reals(encoding, payload, out.bits);
    if (kind == Kind::text) return take_texts(encoding, payload, out.bits, out.text);
    numbers.resize(out.bits.size());
    TRY_VOID(take_integers(encoding, payload, numbers));
    std::copy(numbers.begin(), numbers.end(), out.bits.begin());
    if (kind == Kind::boolean) return check_booleans(out.bits);
    return {};
}

}  // namespace

Result<void> take_columns_v1(const OpenedChunk& opened, Squeezer& squeezer,
                             std::vector<std::int64_t>& numbers, Columns& out) {
    CHECK(out.size() == opened.header.count && out.bits.size() == opened.header.count);
    Reader in(opened.columns);
    Reader payload{Bytes{}};
    {
        TRY(const auto encoding, open_column(in, squeezer, payload));
        TRY_VOID(take_times(encoding, payload, opened.header, out.at));
    }
    if (opened.has_qualities) {
        TRY(const auto encoding, open_column(in, squeezer, payload));
        if (encoding != 0) return fail(Code::unsupported, "quality encoding");
        TRY_VOID(take_qualities(payload, opened.header.kind, out.mark));
    }
    TRY(const auto encoding, open_column(in, squeezer, payload));
    return take_values(encoding, payload, opened.header.kind, numbers, out);
}

}  // namespace lineshaft::history
