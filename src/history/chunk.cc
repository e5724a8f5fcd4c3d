#include "history/chunk.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/check.h"
#include "base/hash.h"
#include "history/pack.h"
#include "history/reals.h"
#include "history/texts.h"

namespace lineshaft::history {
namespace {

constexpr std::uint8_t version = 1;
constexpr std::uint8_t has_qualities = 1;   // flags; unknown ones are refused
constexpr std::uint8_t is_squeezed = 0x80;  // in a column's encoding byte
constexpr std::uint8_t numbers_raw = 0x80;  // in the statistics' form byte
constexpr std::uint8_t sum_raw = 0x40;
constexpr std::size_t checksum_bytes = 4;
constexpr std::size_t squeeze_bytes_min = 64;

enum class TimeEncoding : std::uint8_t { fixed = 0, steps = 1 };

std::uint32_t checksum_of(Bytes bytes) {
    return static_cast<std::uint32_t>(hash64(as_text(bytes)));
}

std::optional<unsigned> shared_exponent(const Statistics& numbers) {
    for (unsigned exponent = 0; exponent <= decimal_exponent_max; ++exponent) {
        if (to_decimal(numbers.min, exponent) && to_decimal(numbers.max, exponent) &&
            to_decimal(numbers.first, exponent) && to_decimal(numbers.last, exponent)) {
            return exponent;
        }
    }
    return std::nullopt;
}

void put_real(Writer& write, double value) {
    write.put_le(std::bit_cast<std::uint64_t>(value));
}

void put_numbers(Writer& write, const Statistics& numbers) {
    const auto exponent = shared_exponent(numbers);
    if (!exponent) {
        write.put_le(numbers_raw);
        for (const double one :
             {numbers.min, numbers.max, numbers.first, numbers.last, numbers.sum}) {
            put_real(write, one);
        }
        return;
    }
    const auto sum = to_decimal(numbers.sum, *exponent);
    const auto form = static_cast<std::uint8_t>(*exponent | (sum ? 0u : sum_raw));
    write.put_le(form);
    const std::int64_t min = *to_decimal(numbers.min, *exponent);
    write.put_varint(zigzag(min));
    for (const double one : {numbers.max, numbers.first, numbers.last}) {
        write.put_varint(zigzag(*to_decimal(one, *exponent) - min));
    }
    if (sum) {
        write.put_varint(zigzag(*sum));
    } else {
        put_real(write, numbers.sum);
    }
}

Result<double> take_real(Reader& in) {
    TRY(const auto bits, in.take_le<std::uint64_t>());
    return std::bit_cast<double>(bits);
}

Result<void> take_numbers(Reader& in, Statistics& numbers) {
    TRY(const auto form, in.take_le<std::uint8_t>());
    if (form == numbers_raw) {
        for (double* one :
             {&numbers.min, &numbers.max, &numbers.first, &numbers.last, &numbers.sum}) {
            TRY(*one, take_real(in));
        }
        return {};
    }
    const unsigned exponent = form & 0x1fu;
    if ((form & ~(sum_raw | 0x1fu)) != 0 || exponent > decimal_exponent_max) {
        return fail(Code::unsupported, "statistics form");
    }
    TRY(const auto raw_min, in.take_varint());
    const auto min = static_cast<std::uint64_t>(unzigzag(raw_min));
    numbers.min = from_decimal(unzigzag(raw_min), exponent);
    for (double* one : {&numbers.max, &numbers.first, &numbers.last}) {
        TRY(const auto over, in.take_varint());
        const auto number = static_cast<std::uint64_t>(unzigzag(over)) + min;
        *one = from_decimal(static_cast<std::int64_t>(number), exponent);
    }
    if ((form & sum_raw) != 0) {
        TRY(numbers.sum, take_real(in));
    } else {
        TRY(const auto sum, in.take_varint());
        numbers.sum = from_decimal(unzigzag(sum), exponent);
    }
    return {};
}

void put_header(std::string& out, const ChunkHeader& header, bool qualities) {
    std::string fields;
    Writer write(fields);
    write.put_varint(header.count);
    write.put_le(static_cast<std::uint64_t>(header.first.micros));
    write.put_varint(static_cast<std::uint64_t>(header.last.micros) -
                     static_cast<std::uint64_t>(header.first.micros));
    write.put_varint(header.numbers.count);
    if (header.numbers.count > 0) {
        write.put_varint(
            static_cast<std::uint64_t>((header.numbers.first_at - header.first).count()));
        write.put_varint(
            static_cast<std::uint64_t>((header.last - header.numbers.last_at).count()));
        put_numbers(write, header.numbers);
    }
    Writer chunk(out);
    chunk.put_le(version);
    chunk.put_le(static_cast<std::uint8_t>(header.kind));
    chunk.put_le(qualities ? has_qualities : std::uint8_t{0});
    chunk.put_varint(fields.size());
    chunk.put(fields);
}

Result<void> take_statistics(Reader& in, ChunkHeader& header) {
    TRY(const auto count, in.take_varint());
    if (count > header.count) return fail(Code::invalid, "believable over count");
    header.numbers.count = static_cast<std::uint32_t>(count);
    if (count == 0) return {};
    TRY(const auto from, in.take_varint());
    TRY(const auto until, in.take_varint());
    const auto span = static_cast<std::uint64_t>((header.last - header.first).count());
    if (from > span || until > span - from) return fail(Code::invalid, "believable instants");
    header.numbers.first_at = {header.first.micros + static_cast<std::int64_t>(from)};
    header.numbers.last_at = {header.last.micros - static_cast<std::int64_t>(until)};
    return take_numbers(in, header.numbers);
}

Result<void> take_fields(Reader in, ChunkHeader& header) {
    TRY(const auto count, in.take_varint());
    if (count < 1 || count > chunk_count_max) return fail(Code::invalid, "count");
    header.count = static_cast<std::uint32_t>(count);
    TRY(const auto first, in.take_le<std::uint64_t>());
    header.first.micros = static_cast<std::int64_t>(first);
    TRY(const auto span, in.take_varint());
    const std::uint64_t room = static_cast<std::uint64_t>(INT64_MAX) - first;
    if (span > INT64_MAX || span > room || (span < count - 1) || (count == 1 && span != 0)) {
        return fail(Code::invalid, "span");
    }
    header.last.micros = header.first.micros + static_cast<std::int64_t>(span);
    return take_statistics(in, header);  // what follows is a later version's
}

struct Opened {
    ChunkHeader header;
    bool qualities = false;
    Bytes columns;
};

Result<Opened> open_covered(Bytes covered) {
    Reader in(covered);
    TRY(const auto layout, in.take_le<std::uint8_t>());
    TRY(const auto kind, in.take_le<std::uint8_t>());
    TRY(const auto flags, in.take_le<std::uint8_t>());
    if (layout != version || kind > 3 || (flags & ~has_qualities) != 0) {
        return fail(Code::unsupported, "version, kind or flag of a later program");
    }
    Opened opened;
    opened.header.kind = static_cast<Kind>(kind);
    opened.qualities = (flags & has_qualities) != 0;
    TRY(const auto bytes, in.take_varint());
    TRY(const Bytes fields, in.take(bytes));
    TRY_VOID(take_fields(Reader(fields), opened.header));
    opened.columns = in.rest();
    return opened;
}

Result<Opened> open_unnamed(Bytes chunk) {
    if (chunk.size() < checksum_bytes) return fail(Code::invalid, "short");
    const Bytes covered = chunk.first(chunk.size() - checksum_bytes);
    Reader tail(chunk.last(checksum_bytes));
    TRY(const auto checksum, tail.take_le<std::uint32_t>());
    if (checksum != checksum_of(covered)) return fail(Code::invalid, "bad checksum");
    return open_covered(covered);
}

// Whatever a decoder finds wrong in stored bytes is damage.
Error damage(const Error& found) {
    return Error{found.code == Code::unsupported ? Code::unsupported : Code::corrupt,
                 "chunk: " + found.context};
}

}  // namespace

Statistics statistics_of(const Columns& samples, std::size_t from, std::size_t until) {
    Statistics numbers;
    double lost = 0;  // Neumaier's compensation: decimals then mostly sum to a decimal
    for (std::size_t index = from; index < until; ++index) {
        if (!samples.mark[index].is_believable()) continue;
        const double value = samples.number(index);
        if (std::isnan(value)) continue;
        const Instant at{samples.at[index]};
        if (numbers.count++ == 0) {
            numbers.min = numbers.max = numbers.first = value;
            numbers.first_at = at;
        }
        numbers.min = std::min(numbers.min, value);
        numbers.max = std::max(numbers.max, value);
        numbers.last = value;
        numbers.last_at = at;
        const double sum = numbers.sum + value;
        lost += std::fabs(numbers.sum) >= std::fabs(value) ? (numbers.sum - sum) + value
                                                           : (value - sum) + numbers.sum;
        numbers.sum = sum;
    }
    if (std::isfinite(lost)) numbers.sum += lost;
    return numbers;
}

Result<ChunkHeader> parse_chunk_header(Bytes chunk) {
    auto opened = open_unnamed(chunk);
    if (!opened) return std::unexpected(damage(opened.error()));
    return opened->header;
}

std::optional<ChunkHeader> guess_chunk_header(Bytes chunk) {
    if (chunk.size() < checksum_bytes) return std::nullopt;
    const auto opened = open_covered(chunk.first(chunk.size() - checksum_bytes));
    if (!opened) return std::nullopt;
    return opened->header;
}

void ChunkCodec::put_column(std::string& out, std::uint8_t encoding, bool may_squeeze) {
    Writer write(out);
    if (may_squeeze && payload_.size() >= squeeze_bytes_min) {
        const Bytes squeezed = squeezer_.squeeze(as_bytes(payload_));
        if (!squeezed.empty()) {
            write.put_le(static_cast<std::uint8_t>(encoding | is_squeezed));
            write.put_varint(squeezed.size());
            write.put_varint(payload_.size());
            write.put(squeezed);
            return;
        }
    }
    write.put_le(encoding);
    write.put_varint(payload_.size());
    write.put(payload_);
}

namespace {

// The time column's payload: what leads from each instant to the next, in the largest unit all
// steps share, so that milliseconds, seconds and gaps of a fixed cadence are small numbers.
TimeEncoding put_times(std::string& out, std::span<const std::int64_t> at,
                       std::vector<std::int64_t>& steps) {
    steps.resize(at.size() - 1);
    if (steps.empty()) return TimeEncoding::fixed;
    std::int64_t unit = at[1] - at[0];
    bool fixed = true;
    for (std::size_t index = 0; index < steps.size(); ++index) {
        const std::int64_t step = at[index + 1] - at[index];
        CHECK(step > 0);
        fixed &= step == steps[0] || index == 0;
        if (unit != 1 && step % unit != 0) unit = std::gcd(step, unit);
        steps[index] = step;
    }
    if (fixed) return TimeEncoding::fixed;
    for (std::int64_t& step : steps) step /= unit;
    Writer(out).put_varint(static_cast<std::uint64_t>(unit));
    put_nested_integers(out, steps);
    return TimeEncoding::steps;
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

}  // namespace

std::uint8_t ChunkCodec::put_real_values(std::span<const std::uint64_t> bits) {
    if (const auto encoding = put_decimals(payload_, bits))
        return static_cast<std::uint8_t>(*encoding);
    payload_.clear();
    put_xored(payload_, bits);
    other_.clear();
    put_planes(other_, bits);
    const Bytes squeezed = squeezer_.squeeze(as_bytes(other_));
    if (squeezed.empty() || squeezed.size() >= payload_.size()) {
        return static_cast<std::uint8_t>(RealEncoding::xored);
    }
    std::swap(payload_, other_);
    return static_cast<std::uint8_t>(RealEncoding::planes);
}

void ChunkCodec::put_values(const Columns& samples, std::size_t from, std::size_t until,
                            std::string& out) {
    const std::span bits = std::span(samples.bits).subspan(from, until - from);
    payload_.clear();
    switch (samples.mark[from].kind()) {
        case Kind::real: {
            const std::uint8_t encoding = put_real_values(bits);
            put_column(out, encoding, encoding != static_cast<std::uint8_t>(RealEncoding::xored));
            return;
        }
        case Kind::integer:
        case Kind::boolean: {
            numbers_.assign(bits.begin(), bits.end());
            const auto encoding = put_integers(payload_, numbers_);
            put_column(out, static_cast<std::uint8_t>(encoding), true);
            return;
        }
        case Kind::text: {
            const auto encoding = put_texts(payload_, samples, bits);
            CHECK(payload_.size() <= chunk_column_bytes_max);
            put_column(out, static_cast<std::uint8_t>(encoding), true);
            return;
        }
    }
}

void ChunkCodec::encode(const Columns& samples, std::size_t from, std::size_t until,
                        std::string& out) {
    CHECK(from < until && until <= samples.size() && until - from <= chunk_count_max);
    const std::span at = std::span(samples.at).subspan(from, until - from);
    const std::span mark = std::span(samples.mark).subspan(from, until - from);
    bool all_good = true;
    for (const Mark one : mark) {
        CHECK(one.kind() == mark[0].kind());
        all_good &= one.quality() == Quality::good;
    }
    const std::size_t chunk_at = out.size();
    ChunkHeader header{mark[0].kind(),
                       static_cast<std::uint32_t>(at.size()),
                       {at.front()},
                       {at.back()},
                       statistics_of(samples, from, until)};
    put_header(out, header, !all_good);
    payload_.clear();
    const TimeEncoding times = put_times(payload_, at, numbers_);
    put_column(out, static_cast<std::uint8_t>(times), true);
    if (!all_good) {
        payload_.clear();
        put_qualities(payload_, mark);
        put_column(out, 0, true);
    }
    put_values(samples, from, until, out);
    Writer(out).put_le(checksum_of(as_bytes(std::string_view(out).substr(chunk_at))));
}

Result<std::uint8_t> ChunkCodec::open_column(Reader& in, Reader& payload) {
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
    TRY(const Bytes plain, squeezer_.expand(squeezed, raw_bytes));
    payload = Reader(plain);
    return static_cast<std::uint8_t>(encoding & ~is_squeezed);
}

Result<void> ChunkCodec::take_times(Reader& in, const ChunkHeader& header,
                                    std::span<std::int64_t> at) {
    Reader payload{Bytes{}};
    TRY(const auto encoding, open_column(in, payload));
    const auto span = static_cast<std::uint64_t>((header.last - header.first).count());
    at[0] = header.first.micros;
    if (encoding == static_cast<std::uint8_t>(TimeEncoding::fixed)) {
        const std::uint64_t gaps = at.size() - 1;
        if (gaps == 0) return {};
        if (span % gaps != 0) return fail(Code::invalid, "times: not fixed");
        const auto step = static_cast<std::int64_t>(span / gaps);
        for (std::size_t index = 1; index < at.size(); ++index) at[index] = at[index - 1] + step;
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

Result<void> ChunkCodec::take_qualities(Reader& in, Kind kind, std::span<Mark> mark) {
    Reader payload{Bytes{}};
    TRY(const auto encoding, open_column(in, payload));
    if (encoding != 0) return fail(Code::unsupported, "quality encoding");
    std::size_t filled = 0;
    while (filled < mark.size()) {
        TRY(const auto quality, payload.take_le<std::uint8_t>());
        TRY(const auto run, payload.take_varint());
        if (quality > 3 || run < 1 || run > mark.size() - filled)
            return fail(Code::invalid, "quality");
        std::fill_n(mark.begin() + static_cast<std::ptrdiff_t>(filled), run,
                    Mark(kind, static_cast<Quality>(quality)));
        filled += run;
    }
    return {};
}

Result<void> ChunkCodec::take_values(Reader& in, Kind kind, Columns& out) {
    Reader payload{Bytes{}};
    TRY(const auto encoding, open_column(in, payload));
    if (kind == Kind::real) return take_reals(encoding, payload, out.bits);
    if (kind == Kind::text) return take_texts(encoding, payload, out.bits, out.text);
    numbers_.resize(out.bits.size());
    TRY_VOID(take_integers(encoding, payload, numbers_));
    std::copy(numbers_.begin(), numbers_.end(), out.bits.begin());
    if (kind == Kind::boolean &&
        std::any_of(out.bits.begin(), out.bits.end(), [](std::uint64_t one) { return one > 1; })) {
        return fail(Code::invalid, "boolean over 1");
    }
    return {};
}

Result<ChunkHeader> ChunkCodec::decode(Bytes chunk, Columns& out) {
    auto opened = open_unnamed(chunk);
    if (!opened) return std::unexpected(damage(opened.error()));
    const ChunkHeader& header = opened->header;
    out.clear();
    out.at.resize(header.count);
    out.bits.resize(header.count);
    out.mark.assign(header.count, Mark(header.kind, Quality::good));
    Reader in(opened->columns);
    auto taken = take_times(in, header, out.at);
    if (taken && opened->qualities) taken = take_qualities(in, header.kind, out.mark);
    if (taken) taken = take_values(in, header.kind, out);
    if (!taken) return std::unexpected(damage(taken.error()));
    return header;
}

}  // namespace lineshaft::history
