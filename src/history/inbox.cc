#include "history/inbox.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/check.h"
#include "base/hash.h"
#include "history/pack.h"

namespace lineshaft::history {
namespace {

constexpr std::uint8_t inbox_version = 2;
constexpr std::size_t inbox_checksum_bytes = 8;
constexpr unsigned truth_bit = 0x10;   // of a boolean
constexpr unsigned dropped_shift = 5;  // of a double: how many low bytes are left out
constexpr unsigned dropped_max = 7;

std::int64_t minus(std::int64_t a, std::int64_t b) {  // wraps
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

// A double's bytes without `dropped` low ones, which are 0.
Result<std::uint64_t> take_double(Reader& in, unsigned dropped) {
    if (dropped == 0) return in.take_le<std::uint64_t>();
    TRY(const Bytes bytes, in.take(8 - dropped));
    std::uint64_t bits = 0;
    for (std::size_t index = bytes.size(); index > 0; --index)
        bits = bits << 8 | std::to_integer<std::uint64_t>(bytes[index - 1]);
    return bits << 8 * dropped;
}

Result<std::uint64_t> take_value(Reader& in, Mark mark, unsigned how, Columns& into) {
    const bool truth = (how & truth_bit) != 0;
    switch (mark.kind()) {
        case Kind::real: return take_double(in, how >> dropped_shift);
        case Kind::integer: {
            TRY(const auto raw, in.take_varint());
            return static_cast<std::uint64_t>(unzigzag(raw));
        }
        case Kind::boolean: return std::uint64_t{truth};
        case Kind::text: break;
    }
    TRY(const auto length, in.take_varint());
    TRY(const Bytes bytes, in.take(length));
    return into.add_text(as_text(bytes));
}

// What stands in bits 4..7 of the mark must be of its kind; version 1 drops nothing.
bool is_mark(std::uint8_t layout, unsigned how) {
    const bool is_real = Mark(static_cast<std::uint8_t>(how & 0x0f)).kind() == Kind::real;
    return how >> dropped_shift == 0 || (layout > 1 && is_real);
}

Result<InboxRecord> parse_inbox_record(std::uint64_t ticket, Bytes bytes) {
    if (bytes.size() < inbox_checksum_bytes) return fail(Code::corrupt, "short");
    const Bytes covered = bytes.first(bytes.size() - inbox_checksum_bytes);
    Reader tail(bytes.last(inbox_checksum_bytes));
    TRY(const auto checksum, tail.take_le<std::uint64_t>());
    if (checksum != hash64(as_text(covered), ticket)) return fail(Code::corrupt, "bad checksum");
    Reader in(covered);
    TRY(const auto layout, in.take_le<std::uint8_t>());
    if (layout < 1 || layout > inbox_version)
        return fail(Code::unsupported, "a later program's record");
    TRY(const auto shard, in.take_varint());
    TRY(const auto shards, in.take_varint());
    TRY(const auto previous, in.take_varint());
    TRY(const auto count, in.take_varint());
    // A sample takes at least three bytes, so a lying count costs no memory.
    if (shards > 0xffff || shard >= shards || count > in.left() / 3 + 1) {
        return fail(Code::corrupt, "header");
    }
    InboxRecord record{{static_cast<std::uint32_t>(shard), static_cast<std::uint32_t>(shards),
                        previous, static_cast<std::uint32_t>(count)},
                       {},
                       {}};
    record.series.reserve(count);
    record.samples.reserve(count);
    std::int64_t at = 0;
    std::uint64_t series = 0;
    for (std::uint64_t left = count; left > 0; --left) {
        TRY(const auto which, in.take_varint());
        TRY(const auto how, in.take_le<std::uint8_t>());
        TRY(const auto step, in.take_varint());
        if (!is_mark(layout, how)) return fail(Code::corrupt, "mark");
        series = layout == 1 ? which : series + static_cast<std::uint64_t>(unzigzag(which));
        at = minus(at, minus(0, unzigzag(step)));
        const Mark mark(how & 0x0f);
        TRY(const auto bits, take_value(in, mark, how, record.samples));
        record.series.push_back(SeriesId(series));
        record.samples.push(at, bits, mark);
    }
    if (!in.at_end()) return fail(Code::corrupt, "bytes behind the last sample");
    return record;
}

}  // namespace

namespace {

char* write_varint(char* at, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) *at++ = static_cast<char>(value | 0x80);
    *at++ = static_cast<char>(value);
    return at;
}

// A sample that is no text takes at most so many bytes.
constexpr std::size_t number_bytes_max = 10;
constexpr std::size_t sample_bytes_max = 3 * number_bytes_max + 1;

// `how` is where its mark stands; a truth and how much of a double is left out go there, too.
char* write_number(char* how, char* end, Mark mark, std::uint64_t bits) {
    if (mark.kind() == Kind::real) {
        const unsigned zeros = static_cast<unsigned>(std::countr_zero(bits)) / 8;
        const unsigned dropped = std::min(zeros, dropped_max);
        *how = static_cast<char>(mark.byte | dropped << dropped_shift);
        bits >>= 8 * dropped;
        if constexpr (std::endian::native == std::endian::big) bits = std::byteswap(bits);
        std::memcpy(end, &bits, sizeof(bits));
        return end + sizeof(bits) - dropped;
    }
    if (mark.kind() == Kind::integer)
        return write_varint(end, zigzag(static_cast<std::int64_t>(bits)));
    if (bits != 0) *how = static_cast<char>(mark.byte | truth_bit);
    return end;
}

}  // namespace

// Grows to twice its size, so that growing costs little for each sample.
void InboxWriter::make_room(std::size_t bytes) {
    constexpr std::size_t bytes_min = 512;
    const std::size_t wanted = std::max({bytes_min, used_ + bytes, 2 * buffer_.size()});
    buffer_.resize_and_overwrite(wanted, [](char*, std::size_t size) { return size; });
}

void InboxWriter::add(SeriesId series, std::int64_t at, Mark mark, std::uint64_t bits,
                      std::string_view text) {
    const std::size_t bytes_most = sample_bytes_max + text.size();
    if (buffer_.size() < used_ + bytes_most) make_room(bytes_most);
    char* const begin = buffer_.data() + used_;
    const std::uint64_t step = series.number() - series_before_;
    char* end = write_varint(begin, zigzag(static_cast<std::int64_t>(step)));
    series_before_ = series.number();
    char* const how = end++;
    *how = static_cast<char>(mark.byte);
    end = write_varint(end, zigzag(minus(at, at_before_)));
    at_before_ = at;
    ++count_;
    if (mark.kind() == Kind::text) {
        end = write_varint(end, text.size());
        end = std::copy(text.begin(), text.end(), end);
    } else {
        end = write_number(how, end, mark, bits);
    }
    used_ += static_cast<std::size_t>(end - begin);
}

// Straight into the buffer, in locals: this runs for every sample there is.
void InboxWriter::add(std::span<const Point> points) {
    const std::size_t bytes_most = sample_bytes_max * points.size();
    if (buffer_.size() < used_ + bytes_most) make_room(bytes_most);
    char* const begin = buffer_.data() + used_;
    char* end = begin;
    std::uint64_t series_before = series_before_;
    std::int64_t at_before = at_before_;
    for (const Point& point : points) {
        const std::uint64_t step = point.series.number() - series_before;
        end = write_varint(end, zigzag(static_cast<std::int64_t>(step)));
        series_before = point.series.number();
        char* const how = end++;
        *how = static_cast<char>(point.mark.byte);
        end = write_varint(end, zigzag(minus(point.at, at_before)));
        at_before = point.at;
        end = write_number(how, end, point.mark, point.bits);
    }
    series_before_ = series_before;
    at_before_ = at_before;
    count_ += static_cast<std::uint32_t>(points.size());
    used_ += static_cast<std::size_t>(end - begin);
}

std::string_view InboxWriter::finish(std::uint32_t shard, std::uint32_t shards,
                                     std::uint64_t ticket, std::uint64_t previous) {
    std::string header;
    Writer write(header);
    write.put_le(inbox_version);
    write.put_varint(shard);
    write.put_varint(shards);
    write.put_varint(previous);
    write.put_varint(count_);
    if (buffer_.size() < used_ + inbox_checksum_bytes) make_room(inbox_checksum_bytes);
    CHECK(header.size() <= head_room);
    const std::size_t begin = head_room - header.size();
    buffer_.replace(begin, header.size(), header);
    const std::size_t covered = used_ - begin;
    std::uint64_t checksum = hash64(std::string_view(buffer_).substr(begin, covered), ticket);
    if constexpr (std::endian::native == std::endian::big) checksum = std::byteswap(checksum);
    std::memcpy(buffer_.data() + used_, &checksum, sizeof(checksum));
    used_ = head_room;
    series_before_ = 0;
    at_before_ = 0;
    count_ = 0;
    return std::string_view(buffer_).substr(begin, covered + sizeof(checksum));
}

Result<InboxRecord> parse_inbox(std::uint64_t ticket, Bytes bytes) {
    auto record = parse_inbox_record(ticket, bytes);
    if (record) return record;
    const Code code = record.error().code == Code::unsupported ? Code::unsupported : Code::corrupt;
    return fail(code, "inbox record " + std::to_string(ticket) + ": " + record.error().context);
}

std::string inbox_key(std::uint32_t shard, std::uint64_t ticket) {
    std::string key;
    Writer write(key);
    write.put_be(shard);
    write.put_be(ticket);
    return key;
}

Result<InboxKey> parse_inbox_key(std::string_view key) {
    Reader in(as_bytes(key));
    InboxKey parsed;
    TRY(parsed.shard, in.take_be<std::uint32_t>());
    TRY(parsed.ticket, in.take_be<std::uint64_t>());
    if (!in.at_end()) return fail(Code::corrupt, "inbox key too long");
    return parsed;
}

}  // namespace lineshaft::history
