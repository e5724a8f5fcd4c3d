#include "history/chunk.h"

#include <algorithm>

#include "base/check.h"
#include "history/chunk_v1.h"

namespace lineshaft::history {
namespace {

enum class TimeForm : std::uint8_t { fixed = 0, numbers = 1 };

bool is_fixed(std::span<const std::int64_t> at) {
    const std::int64_t step = at.size() < 2 ? 0 : at[1] - at[0];
    bool same = true;
    for (std::size_t index = 1; index < at.size(); ++index) {
        CHECK(at[index] > at[index - 1]);
        same &= at[index] - at[index - 1] == step;
    }
    return same;
}

void put_qualities(std::string& out, std::span<const Mark> mark) {
    for (std::size_t from = 0; from < mark.size();) {
        std::size_t until = from + 1;
        while (until < mark.size() && mark[until] == mark[from]) ++until;
        out.push_back(static_cast<char>(mark[from].quality()));
        Writer(out).put_varint(until - from);
        from = until;
    }
}

std::span<const std::int64_t> as_numbers(std::span<const std::uint64_t> bits) {
    return {reinterpret_cast<const std::int64_t*>(bits.data()), bits.size()};
}
std::span<std::int64_t> as_numbers(std::vector<std::uint64_t>& bits) {
    return {reinterpret_cast<std::int64_t*>(bits.data()), bits.size()};
}

}  // namespace

Result<void> take_qualities(Reader& in, Kind kind, std::span<Mark> mark) {
    std::size_t filled = 0;
    while (filled < mark.size()) {
        TRY(const auto quality, in.take_le<std::uint8_t>());
        TRY(const auto run, in.take_varint());
        if (quality > 3 || run < 1 || run > mark.size() - filled) {
            return fail(Code::invalid, "quality");
        }
        std::fill_n(mark.begin() + static_cast<std::ptrdiff_t>(filled), run,
                    Mark(kind, static_cast<Quality>(quality)));
        filled += run;
    }
    return {};
}

void take_fixed_times(std::int64_t first, std::int64_t step, std::span<std::int64_t> at) {
    for (std::size_t index = 0; index < at.size(); ++index) {
        at[index] = first + static_cast<std::int64_t>(index) * step;
    }
}

Result<void> check_booleans(std::span<const std::uint64_t> bits) {
    std::uint64_t all = 0;
    for (const std::uint64_t one : bits) all |= one;
    if (all > 1) return fail(Code::invalid, "boolean over 1");
    return {};
}

void ChunkCodec::put_times(std::string& out, std::span<const std::int64_t> at) {
    if (is_fixed(at)) {
        out.push_back(static_cast<char>(TimeForm::fixed));
        return;
    }
    offsets_.resize(at.size());
    for (std::size_t index = 0; index < at.size(); ++index) offsets_[index] = at[index] - at[0];
    out.push_back(static_cast<char>(TimeForm::numbers));
    column_.clear();
    numbers_.put(column_, offsets_);
    Writer(out).put_varint(column_.size());
    out += column_;
}

void ChunkCodec::encode(const Columns& samples, std::size_t from, std::size_t until,
                        std::string& out) {
    CHECK(from < until && until <= samples.size() && until - from <= chunk_count_max);
    const std::span at = std::span(samples.at).subspan(from, until - from);
    const std::span mark = std::span(samples.mark).subspan(from, until - from);
    const std::span bits = std::span(samples.bits).subspan(from, until - from);
    const Kind kind = mark[0].kind();
    bool all_good = true;
    for (const Mark one : mark) {
        CHECK(one.kind() == kind);
        all_good &= one.quality() == Quality::good;
    }
    const std::size_t chunk_at = out.size();
    put_chunk_header(out,
                     {kind,
                      static_cast<std::uint32_t>(at.size()),
                      {at.front()},
                      {at.back()},
                      statistics_of(samples, from, until)},
                     !all_good);
    put_times(out, at);
    if (!all_good) {
        column_.clear();
        put_qualities(column_, mark);
        Writer(out).put_varint(column_.size());
        out += column_;
    }
    switch (kind) {
        case Kind::real: doubles_.put(out, bits); break;
        case Kind::integer:
        case Kind::boolean: numbers_.put(out, as_numbers(bits)); break;
        case Kind::text: texts_.put(out, samples, bits); break;
    }
    put_chunk_checksum(out, chunk_at);
}

Result<void> ChunkCodec::take_times(Reader& in, const ChunkHeader& header,
                                    std::span<std::int64_t> at) {
    const auto span = static_cast<std::uint64_t>((header.last - header.first).count());
    TRY(const auto form, in.take_le<std::uint8_t>());
    if (form == static_cast<std::uint8_t>(TimeForm::fixed)) {
        const std::uint64_t gaps = at.size() - 1;
        if (gaps > 0 && span % gaps != 0) return fail(Code::invalid, "times: not fixed");
        take_fixed_times(header.first.micros,
                         gaps == 0 ? 0 : static_cast<std::int64_t>(span / gaps), at);
        return {};
    }
    if (form != static_cast<std::uint8_t>(TimeForm::numbers)) {
        return fail(Code::unsupported, "form of times " + std::to_string(form));
    }
    TRY(const auto bytes, in.take_varint());
    TRY(const Bytes column, in.take(bytes));
    Reader numbers(column);
    TRY_VOID(numbers_.take(numbers, at));
    if (!numbers.at_end()) return fail(Code::invalid, "times: bytes left over");
    // From 0 to the span, ascending; so no sum below can wrap.
    bool ascends = at[0] == 0 && static_cast<std::uint64_t>(at.back()) == span;
    for (std::size_t index = 1; index < at.size(); ++index) ascends &= at[index] > at[index - 1];
    if (!ascends) return fail(Code::invalid, "times: order");
    for (std::int64_t& one : at) one += header.first.micros;
    return {};
}

Result<void> ChunkCodec::take_values(Reader& in, Kind kind, Columns& out) {
    if (kind == Kind::real) return doubles_.take(in, out.bits);
    if (kind == Kind::text) return texts_.take(in, out.bits, out.text);
    TRY_VOID(numbers_.take(in, as_numbers(out.bits)));
    if (kind == Kind::boolean) return check_booleans(out.bits);
    return {};
}

Result<void> ChunkCodec::take_columns(const OpenedChunk& opened, Columns& out) {
    Reader in(opened.columns);
    TRY_VOID(take_times(in, opened.header, out.at));
    if (opened.has_qualities) {
        TRY(const auto bytes, in.take_varint());
        TRY(const Bytes column, in.take(bytes));
        Reader qualities(column);
        TRY_VOID(take_qualities(qualities, opened.header.kind, out.mark));
        if (!qualities.at_end()) return fail(Code::invalid, "quality: bytes left over");
    }
    TRY_VOID(take_values(in, opened.header.kind, out));
    if (!in.at_end()) return fail(Code::invalid, "bytes left over");
    return {};
}

Result<ChunkHeader> ChunkCodec::decode(Bytes chunk, Columns& out) {
    auto opened = open_chunk(chunk);
    if (!opened) return std::unexpected(chunk_damage(opened.error()));
    const ChunkHeader& header = opened->header;
    out.clear();
    out.at.resize(header.count);
    out.bits.resize(header.count);
    out.mark.assign(header.count, Mark(header.kind, Quality::good));
    const auto taken = opened->version == 1
                           ? take_columns_v1(*opened, numbers_.squeezer(), offsets_, out)
                           : take_columns(*opened, out);
    if (!taken) return std::unexpected(chunk_damage(taken.error()));
    return header;
}

}  // namespace lineshaft::history
