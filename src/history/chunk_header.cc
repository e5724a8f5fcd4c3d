#include "history/chunk_header.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/hash.h"
#include "history/codec/decimals.h"
#include "history/pack.h"
#include "history/real_bytes.h"

namespace lineshaft::history {
namespace {

using codec::exponent_max;
using codec::from_decimal;
using codec::to_decimal;

constexpr std::uint8_t version_now = 2;
constexpr std::uint8_t qualities_flag = 1;  // unknown flags are refused
constexpr std::uint8_t numbers_raw = 0x80;  // in the statistics' form byte
constexpr std::uint8_t sum_raw = 0x40;
constexpr std::uint8_t integral_raw = 0x20;  // else it follows from the sum and the fixed step
constexpr std::size_t chunk_checksum_bytes = 4;

std::uint32_t checksum_of(Bytes bytes) {
    return static_cast<std::uint32_t>(hash64(as_text(bytes)));
}

std::optional<unsigned> shared_exponent(const Statistics& numbers) {
    for (unsigned exponent = 0; exponent <= exponent_max; ++exponent) {
        if (to_decimal(numbers.min, exponent) && to_decimal(numbers.max, exponent) &&
            to_decimal(numbers.first, exponent) && to_decimal(numbers.last, exponent)) {
            return exponent;
        }
    }
    return std::nullopt;
}

// What the integral is when instants are a fixed step apart and everything is believable.
double integral_of_steps(const Statistics& numbers, std::int64_t span_us, std::size_t count) {
    if (count < 2) return 0;
    const double step_us = static_cast<double>(span_us) / static_cast<double>(count - 1);
    return (numbers.sum - numbers.last) * step_us / 1e6;
}

bool is_same_bits(double a, double b) {
    return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

void put_numbers(Writer& write, const ChunkHeader& header) {
    const Statistics& numbers = header.numbers;
    CHECK(numbers.integral);
    const double of_steps =
        integral_of_steps(numbers, (header.last - header.first).count(), header.count);
    const auto integral =
        is_same_bits(*numbers.integral, of_steps) ? std::uint8_t{0} : integral_raw;
    const auto exponent = shared_exponent(numbers);
    if (!exponent) {
        write.put_le(static_cast<std::uint8_t>(numbers_raw | integral));
        for (const double one :
             {numbers.min, numbers.max, numbers.first, numbers.last, numbers.sum}) {
            put_real(write, one);
        }
    } else {
        const auto sum = to_decimal(numbers.sum, *exponent);
        write.put_le(static_cast<std::uint8_t>(*exponent | (sum ? 0u : sum_raw) | integral));
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
    if (integral != 0) put_real(write, *numbers.integral);
}

Result<void> take_numbers(Reader& in, std::uint8_t form, Statistics& numbers) {
    if (form == numbers_raw) {
        for (double* one :
             {&numbers.min, &numbers.max, &numbers.first, &numbers.last, &numbers.sum}) {
            TRY(*one, take_real(in));
        }
        return {};
    }
    const unsigned exponent = form & 0x1fu;
    if ((form & ~(sum_raw | 0x1fu)) != 0 || exponent > exponent_max) {
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

Result<void> take_statistics(Reader& in, std::uint8_t version, ChunkHeader& header) {
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
    TRY(const auto form, in.take_le<std::uint8_t>());
    if (version == 1) return take_numbers(in, form, header.numbers);
    TRY_VOID(take_numbers(in, static_cast<std::uint8_t>(form & ~integral_raw), header.numbers));
    if ((form & integral_raw) != 0) {
        TRY(const double integral, take_real(in));
        header.numbers.integral = integral;
    } else {
        const std::int64_t span_us = (header.last - header.first).count();
        header.numbers.integral = integral_of_steps(header.numbers, span_us, header.count);
    }
    return {};
}

Result<void> take_fields(Reader in, std::uint8_t version, ChunkHeader& header) {
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
    return take_statistics(in, version, header);  // what follows is a later version's
}

Result<OpenedChunk> open_covered(Bytes covered) {
    Reader in(covered);
    OpenedChunk opened;
    TRY(opened.version, in.take_le<std::uint8_t>());
    TRY(const auto kind, in.take_le<std::uint8_t>());
    TRY(const auto flags, in.take_le<std::uint8_t>());
    if (opened.version < 1 || opened.version > version_now || kind > 3 ||
        (flags & ~qualities_flag) != 0) {
        return fail(Code::unsupported, "version, kind or flag of a later program");
    }
    opened.header.kind = static_cast<Kind>(kind);
    opened.has_qualities = (flags & qualities_flag) != 0;
    TRY(const auto bytes, in.take_varint());
    TRY(const Bytes fields, in.take(bytes));
    TRY_VOID(take_fields(Reader(fields), opened.version, opened.header));
    opened.columns = in.rest();
    return opened;
}

}  // namespace

Result<OpenedChunk> open_chunk(Bytes chunk) {
    if (chunk.size() < chunk_checksum_bytes) return fail(Code::invalid, "short");
    const Bytes covered = chunk.first(chunk.size() - chunk_checksum_bytes);
    Reader tail(chunk.last(chunk_checksum_bytes));
    TRY(const auto checksum, tail.take_le<std::uint32_t>());
    if (checksum != checksum_of(covered)) return fail(Code::invalid, "bad checksum");
    return open_covered(covered);
}

// Whatever a decoder finds wrong in stored bytes is damage.
Error chunk_damage(const Error& found) {
    return Error{found.code == Code::unsupported ? Code::unsupported : Code::corrupt,
                 "chunk: " + found.context};
}

void put_chunk_header(std::string& out, const ChunkHeader& header, bool has_qualities) {
    std::string fields;
    Writer write(fields);
    write.put_varint(header.count);
    write.put_le(static_cast<std::uint64_t>(header.first.micros));
    write.put_varint(static_cast<std::uint64_t>((header.last - header.first).count()));
    write.put_varint(header.numbers.count);
    if (header.numbers.count > 0) {
        write.put_varint(
            static_cast<std::uint64_t>((header.numbers.first_at - header.first).count()));
        write.put_varint(
            static_cast<std::uint64_t>((header.last - header.numbers.last_at).count()));
        put_numbers(write, header);
    }
    Writer chunk(out);
    chunk.put_le(version_now);
    chunk.put_le(static_cast<std::uint8_t>(header.kind));
    chunk.put_le(has_qualities ? qualities_flag : std::uint8_t{0});
    chunk.put_varint(fields.size());
    chunk.put(fields);
}

void put_chunk_checksum(std::string& out, std::size_t chunk_at) {
    Writer(out).put_le(checksum_of(as_bytes(std::string_view(out).substr(chunk_at))));
}

Statistics statistics_of(const Columns& samples, std::size_t from, std::size_t until) {
    Statistics numbers;
    double lost = 0;  // Neumaier's compensation: decimals then mostly sum to a decimal
    double held = 0;  // the integral, value x microseconds
    bool is_fixed = true;
    for (std::size_t index = from; index < until; ++index) {
        if (!samples.mark[index].is_believable()) continue;
        const double value = samples.number(index);
        if (std::isnan(value)) continue;
        const std::int64_t at = samples.at[index];
        if (numbers.count++ == 0) {
            numbers.min = numbers.max = numbers.first = value;
            numbers.first_at = {at};
        } else {
            const std::int64_t step = at - numbers.last_at.micros;
            held += numbers.last * static_cast<double>(step);
            is_fixed &= step == samples.at[from + 1] - samples.at[from];
        }
        numbers.min = std::min(numbers.min, value);
        numbers.max = std::max(numbers.max, value);
        numbers.last = value;
        numbers.last_at = {at};
        const double sum = numbers.sum + value;
        lost += std::fabs(numbers.sum) >= std::fabs(value) ? (numbers.sum - sum) + value
                                                           : (value - sum) + numbers.sum;
        numbers.sum = sum;
    }
    if (std::isfinite(lost)) numbers.sum += lost;
    if (numbers.count == 0) return numbers;
    const std::size_t count = until - from;
    numbers.integral =
        is_fixed && numbers.count == count
            ? integral_of_steps(numbers, samples.at[until - 1] - samples.at[from], count)
            : held / 1e6;
    return numbers;
}

Result<ChunkHeader> parse_chunk_header(Bytes chunk) {
    auto opened = open_chunk(chunk);
    if (!opened) return std::unexpected(chunk_damage(opened.error()));
    return opened->header;
}

std::optional<ChunkHeader> guess_chunk_header(Bytes chunk) {
    if (chunk.size() < chunk_checksum_bytes) return std::nullopt;
    const auto opened = open_covered(chunk.first(chunk.size() - chunk_checksum_bytes));
    if (!opened) return std::nullopt;
    return opened->header;
}

}  // namespace lineshaft::history
