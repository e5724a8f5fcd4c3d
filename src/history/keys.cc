#include "history/keys.h"

#include <chrono>

#include "base/bytes.h"

namespace lineshaft::history {
namespace {

constexpr std::int64_t day_micros = 86'400'000'000;
constexpr std::uint64_t sign_bit = std::uint64_t{1} << 63;  // negative instants sort first

}  // namespace

std::int64_t day_of(Instant at) {
    const std::int64_t day = at.micros / day_micros;
    return at.micros % day_micros < 0 ? day - 1 : day;
}

Instant start_of_day(std::int64_t day) {
    return {day * day_micros};
}

Month month_of(Instant at) {
    const std::chrono::sys_days days{std::chrono::days(day_of(at))};
    const std::chrono::year_month_day date(days);
    return static_cast<Month>(static_cast<int>(date.year()) * 12 +
                              static_cast<int>(static_cast<unsigned>(date.month())) - 1);
}

Instant start_of(Month month) {
    const std::chrono::year_month_day date(
        std::chrono::year(month / 12), std::chrono::month(month % 12u + 1), std::chrono::day(1));
    return start_of_day(std::chrono::sys_days(date).time_since_epoch().count());
}

std::string to_bytes(const ChunkKey& key) {
    std::string bytes;
    bytes.reserve(27);
    Writer write(bytes);
    write.put_be(key.month);
    write.put_be(key.series.number());
    write.put_be(static_cast<std::uint8_t>(key.span));
    write.put_be(static_cast<std::uint64_t>(key.first.micros) ^ sign_bit);
    write.put_be(key.ticket);
    return bytes;
}

Result<ChunkKey> parse_chunk_key(std::string_view bytes) {
    Reader in(as_bytes(bytes));
    ChunkKey key;
    TRY(key.month, in.take_be<std::uint16_t>());
    TRY(const auto series, in.take_be<std::uint64_t>());
    TRY(const auto span, in.take_be<std::uint8_t>());
    TRY(const auto first, in.take_be<std::uint64_t>());
    TRY(key.ticket, in.take_be<std::uint64_t>());
    if (!in.at_end() || span > 2) return fail(Code::corrupt, "chunk key");
    key.series = SeriesId(series);
    key.span = static_cast<Span>(span);
    key.first.micros = static_cast<std::int64_t>(first ^ sign_bit);
    return key;
}

}  // namespace lineshaft::history
