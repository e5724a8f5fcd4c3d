#include "history/days.h"

#include <algorithm>
#include <bit>

#include "base/hash.h"
#include "history/real_bytes.h"

namespace lineshaft::history {
namespace {

constexpr std::uint8_t day_version_now = 0x81;  // no chunk begins like this
constexpr std::size_t checksum_bytes = 4;

std::uint32_t day_checksum_of(std::string_view bytes) {
    return static_cast<std::uint32_t>(hash64(bytes));
}

Result<ChunkHeader> take_day(Reader& in, Instant midnight) {
    constexpr std::uint64_t day_micros = 86'400'000'000;
    ChunkHeader day;
    TRY(const auto count, in.take_varint());
    TRY(const auto from, in.take_varint());
    TRY(const auto span, in.take_varint());
    if (count < 1 || count > UINT32_MAX || from >= day_micros || span >= day_micros - from)
        return fail(Code::corrupt, "days: count or instants");
    day.count = static_cast<std::uint32_t>(count);
    day.first = {midnight.micros + static_cast<std::int64_t>(from)};
    day.last = {day.first.micros + static_cast<std::int64_t>(span)};
    TRY(const auto believable, in.take_varint());
    if (believable > count) return fail(Code::corrupt, "days: believable over count");
    Statistics& numbers = day.numbers;
    numbers.count = static_cast<std::uint32_t>(believable);
    if (believable == 0) return day;
    TRY(const auto first_after, in.take_varint());
    TRY(const auto last_before, in.take_varint());
    if (first_after > span || last_before > span - first_after)
        return fail(Code::corrupt, "days: believable instants");
    numbers.first_at = {day.first.micros + static_cast<std::int64_t>(first_after)};
    numbers.last_at = {day.last.micros - static_cast<std::int64_t>(last_before)};
    for (double* one : {&numbers.min, &numbers.max, &numbers.first, &numbers.last, &numbers.sum}) {
        TRY(*one, take_real(in));
    }
    TRY(const double integral, take_real(in));
    numbers.integral = integral;
    return day;
}

}  // namespace

std::string days_key(Month month, SeriesId series) {
    return to_bytes(ChunkKey{month, series, Span::days, start_of(month), 0});
}

std::string to_bytes(const Days& days) {
    std::string bytes;
    Writer write(bytes);
    write.put_le(day_version_now);
    write.put_le(days.others);
    write.put_varint(days.days.size());
    for (const auto& [number, day] : days.days) {
        const Statistics& numbers = day.numbers;
        const Instant midnight = start_of_day(day_of(day.first));
        write.put_le(static_cast<std::uint8_t>(number));
        write.put_varint(day.count);
        write.put_varint(static_cast<std::uint64_t>((day.first - midnight).count()));
        write.put_varint(static_cast<std::uint64_t>((day.last - day.first).count()));
        write.put_varint(numbers.count);
        if (numbers.count == 0) continue;
        write.put_varint(static_cast<std::uint64_t>((numbers.first_at - day.first).count()));
        write.put_varint(static_cast<std::uint64_t>((day.last - numbers.last_at).count()));
        for (const double one : {numbers.min, numbers.max, numbers.first, numbers.last, numbers.sum,
                                 numbers.integral.value_or(0)}) {
            put_real(write, one);
        }
    }
    write.put_le(day_checksum_of(bytes));
    return bytes;
}

Result<Days> parse_days(Month month, std::string_view bytes) {
    if (bytes.size() < checksum_bytes) return fail(Code::corrupt, "days: short");
    const std::string_view covered = bytes.substr(0, bytes.size() - checksum_bytes);
    Reader tail(as_bytes(bytes.substr(covered.size())));
    TRY(const auto checksum, tail.take_le<std::uint32_t>());
    if (checksum != day_checksum_of(covered)) return fail(Code::corrupt, "days: bad checksum");
    Reader in(as_bytes(covered));
    TRY(const auto version, in.take_le<std::uint8_t>());
    if (version != day_version_now) return fail(Code::unsupported, "days of a later program");
    Days days;
    TRY(days.others, in.take_le<std::uint32_t>());
    TRY(const auto count, in.take_varint());
    if (count > 31) return fail(Code::corrupt, "days: count");
    const std::int64_t first = day_of(start_of(month));
    for (std::uint64_t left = count; left > 0; --left) {
        TRY(const auto number, in.take_le<std::uint8_t>());
        if (number > 30 || !(days.days.empty() || days.days.rbegin()->first < number))
            return fail(Code::corrupt, "days: order");
        TRY(days.days[number], take_day(in, start_of_day(first + number)));
    }
    if (!in.at_end()) return fail(Code::corrupt, "days: bytes left over");
    return days;
}

std::optional<ChunkHeader> behind(const ChunkHeader& day, const ChunkHeader& chunk) {
    const Statistics& more = chunk.numbers;
    if (more.count > 0 && !more.integral) return std::nullopt;
    if (day.count == 0) return chunk;
    if (chunk.first <= day.last) return std::nullopt;
    ChunkHeader both = day;
    both.count += chunk.count;
    both.last = chunk.last;
    Statistics& numbers = both.numbers;
    if (more.count == 0) return both;
    if (numbers.count == 0) {
        numbers = more;
        return both;
    }
    const double gap = static_cast<double>((more.first_at - numbers.last_at).count()) / 1e6;
    numbers.integral = *numbers.integral + numbers.last * gap + *more.integral;
    numbers.count += more.count;
    numbers.min = std::min(numbers.min, more.min);
    numbers.max = std::max(numbers.max, more.max);
    numbers.sum += more.sum;
    numbers.last = more.last;
    numbers.last_at = more.last_at;
    return both;
}

}  // namespace lineshaft::history
