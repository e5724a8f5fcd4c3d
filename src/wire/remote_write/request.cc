// Hand-written protobuf. Every step is checked against the end of its message; a step that fails
// says why in a word, which becomes an Error only at the door of the reader, so that the good path
// carries no strings along.
#include "wire/remote_write/request.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/varint.h"

namespace lineshaft::remote_write {
namespace {

using Why = const char*;  // null: good

constexpr Why is_short = "short: a length beyond the end";
constexpr Why too_many = "too many ";  // the only ones that are limits begin so

enum class WireType : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

struct Tag {
    std::uint64_t field = 0;
    WireType type = WireType::varint;
};

// The bytes of one message, from front to back.
class Message {
public:
    explicit Message(Bytes bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

    bool at_end() const { return at_ == end_; }
    std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
    Bytes rest() const { return {at_, left()}; }

    // At most ten bytes; one nearly always, two for a series' size, six for a time.
    Why take_varint(std::uint64_t& value) {
        if (at_ < end_ && std::to_integer<std::uint8_t>(*at_) < 0x80) {
            value = std::to_integer<std::uint64_t>(*at_++);
            return nullptr;
        }
        std::uint64_t word = 0;
        if (std::endian::native == std::endian::little && left() >= sizeof word) {
            std::memcpy(&word, at_, sizeof word);
            if (const unsigned bytes = join_varint(word, value); bytes != 0) {
                at_ += bytes;
                return nullptr;
            }
        }
        return take_long_varint(value);
    }
    Why take_tag(Tag& tag) {
        std::uint64_t key = 0;
        if (const Why why = take_varint(key)) return why;
        tag = {key >> 3, static_cast<WireType>(key & 7)};
        const bool is_known = tag.type == WireType::varint || tag.type == WireType::fixed64 ||
                              tag.type == WireType::bytes || tag.type == WireType::fixed32;
        return is_known ? nullptr : "a wire type protobuf does not have";
    }
    Why take_bytes(Bytes& bytes) {
        std::uint64_t size = 0;
        if (const Why why = take_varint(size)) return why;
        if (size > left()) return is_short;
        bytes = {at_, static_cast<std::size_t>(size)};
        at_ += size;
        return nullptr;
    }
    Why take_fixed64(std::uint64_t& bits) {
        if (left() < sizeof bits) return is_short;
        std::memcpy(&bits, at_, sizeof bits);
        if constexpr (std::endian::native == std::endian::big) bits = std::byteswap(bits);
        at_ += sizeof bits;
        return nullptr;
    }
    Why pass_over(WireType type) {
        std::uint64_t ignored = 0;
        Bytes passed;
        switch (type) {
            case WireType::varint: return take_varint(ignored);
            case WireType::fixed64: return take_fixed64(ignored);
            case WireType::bytes: return take_bytes(passed);
            case WireType::fixed32:
                if (left() < 4) return is_short;
                at_ += 4;
                return nullptr;
        }
        return is_short;
    }

private:
    Why take_long_varint(std::uint64_t& value) {
        value = 0;
        for (unsigned shift = 0; shift < 70 && at_ < end_; shift += 7) {
            const auto byte = std::to_integer<std::uint64_t>(*at_++);
            if (shift == 63 && byte > 1) return "a varint over 64 bits";
            value |= (byte & 0x7f) << shift;
            if (byte < 0x80) return nullptr;
        }
        return at_ < end_ ? "a varint over 64 bits" : is_short;
    }

    const std::byte* at_;
    const std::byte* end_;
};

std::unexpected<Error> failure(Why why) {
    const bool is_limit = std::string_view(why).starts_with(too_many);
    return fail(is_limit ? Code::exhausted : Code::invalid, why);
}

// message Label { string name = 1; string value = 2; }
Why read_label(Bytes bytes, Label& label) {
    Message in(bytes);
    while (!in.at_end()) {
        Tag tag;
        if (const Why why = in.take_tag(tag)) return why;
        if ((tag.field == 1 || tag.field == 2) && tag.type == WireType::bytes) {
            Bytes part;
            if (const Why why = in.take_bytes(part)) return why;
            (tag.field == 1 ? label.name : label.value) = as_text(part);
        } else if (const Why why = in.pass_over(tag.type)) {
            return why;
        }
    }
    return is_utf8(label.name) && is_utf8(label.value) ? nullptr : "a label is not UTF-8";
}

// message Sample { double value = 1; int64 timestamp = 2; }
Why read_sample(Bytes bytes, Sample& sample) {
    Message in(bytes);
    while (!in.at_end()) {
        Tag tag;
        if (const Why why = in.take_tag(tag)) return why;
        std::uint64_t bits = 0;
        if (tag.field == 1 && tag.type == WireType::fixed64) {
            if (const Why why = in.take_fixed64(bits)) return why;
            sample.value = std::bit_cast<double>(bits);
        } else if (tag.field == 2 && tag.type == WireType::varint) {
            if (const Why why = in.take_varint(bits)) return why;
            sample.millis = std::bit_cast<std::int64_t>(bits);
        } else if (const Why why = in.pass_over(tag.type)) {
            return why;
        }
    }
    return nullptr;
}

// How many bytes of the labels a series begins with; 0 when it is damaged there.
std::size_t size_of_labels(Bytes message) {
    constexpr auto label_key = std::byte{0x0a};  // field 1, bytes
    Message in(message);
    while (!in.at_end() && in.rest().front() == label_key) {
        Tag tag;
        Bytes part;
        if (in.take_tag(tag) != nullptr || in.take_bytes(part) != nullptr) return 0;
    }
    return message.size() - in.left();
}

// What stands behind the labels of nearly every series: one sample, its value first. False: it is
// something else, or damaged.
bool read_only_sample(Bytes tail, Sample& sample) {
    constexpr std::size_t value_at = 3, time_at = 12;
    constexpr std::size_t varint_bytes_max = 10;
    if (tail.size() <= time_at || tail.size() > time_at + varint_bytes_max) return false;
    const auto at = [&](std::size_t index) { return std::to_integer<unsigned>(tail[index]); };
    if (at(0) != 0x12 || at(1) != tail.size() - 2 || at(2) != 0x09 || at(time_at - 1) != 0x10)
        return false;
    Message in(tail.subspan(value_at));
    std::uint64_t value = 0, time = 0;
    if (in.take_fixed64(value) != nullptr) return false;
    const std::size_t time_bytes = tail.size() - time_at;
    if (std::endian::native == std::endian::little && time_bytes <= sizeof time) {
        // What lies before the time is shifted out.
        std::uint64_t word = 0;
        std::memcpy(&word, tail.data() + tail.size() - sizeof word, sizeof word);
        word >>= 8 * (sizeof word - time_bytes);
        if (join_varint(word, time) != time_bytes) return false;
    } else {
        in = Message(tail.subspan(time_at));
        if (in.take_varint(time) != nullptr || !in.at_end()) return false;
    }
    sample = {std::bit_cast<double>(value), std::bit_cast<std::int64_t>(time)};
    return true;
}

struct Series {
    TimeSeries& out;
    Skipped& skipped;
    const Limits& limits;
    bool takes_labels;
    bool has_labels = false;  // among what was read

    // message TimeSeries { repeated Label labels = 1; repeated Sample samples = 2;
    //                      repeated Exemplar exemplars = 3; repeated Histogram histograms = 4; }
    Why read(Bytes message) {
        Message in(message);
        while (!in.at_end()) {
            Tag tag;
            if (const Why why = in.take_tag(tag)) return why;
            if ((tag.field == 1 || tag.field == 2) && tag.type == WireType::bytes) {
                Bytes part;
                if (const Why why = in.take_bytes(part)) return why;
                if (const Why why = tag.field == 1 ? take_label(part) : take_sample(part))
                    return why;
                continue;
            }
            skipped.exemplars += tag.field == 3 ? 1 : 0;
            skipped.histograms += tag.field == 4 ? 1 : 0;
            if (const Why why = in.pass_over(tag.type)) return why;
        }
        return nullptr;
    }
    Why take_label(Bytes part) {
        has_labels = true;
        if (!takes_labels) return nullptr;
        if (out.labels.size() >= limits.labels_max) return "too many labels in one series";
        Label label;
        if (const Why why = read_label(part, label)) return why;
        out.labels.push_back(label);
        return nullptr;
    }
    Why take_sample(Bytes part) {
        if (out.samples.size() >= limits.samples_max) return "too many samples in one series";
        Sample sample;
        if (const Why why = read_sample(part, sample)) return why;
        out.samples.push_back(sample);
        return nullptr;
    }
};

}  // namespace

bool is_stale_mark(double value) {
    return std::bit_cast<std::uint64_t>(value) == stale_bits;
}

std::string_view TimeSeries::label(std::string_view name) const {
    for (const Label& each : labels) {
        if (each.name == name) return each.value;
    }
    return {};
}

RequestReader::RequestReader(Bytes request, const Limits& limits)
    : rest_(request), limits_(limits) {}

// message WriteRequest { repeated TimeSeries timeseries = 1; repeated MetricMetadata metadata = 3;
// }
Result<bool> RequestReader::step() {
    Message in(rest_);
    while (!in.at_end()) {
        Tag tag;
        if (const Why why = in.take_tag(tag)) return failure(why);
        if (tag.field == 1 && tag.type == WireType::bytes) {
            if (const Why why = in.take_bytes(message_)) return failure(why);
            rest_ = in.rest();
            if (++count_ > limits_.series_max) return failure("too many series in one request");
            labels_size_ = not_known;
            return true;
        }
        skipped_.metadata += tag.field == 3 ? 1 : 0;
        if (const Why why = in.pass_over(tag.type)) return failure(why);
    }
    rest_ = {};
    return false;
}

Bytes RequestReader::label_bytes() {
    if (labels_size_ == not_known) {
        labels_size_ = size_of_labels(message_);
        tail_size_ = message_.size() - labels_size_;
    }
    return message_.first(labels_size_);
}

std::size_t RequestReader::step_over(std::span<Plain> room) {
    constexpr auto series_key = std::byte{0x0a};  // field 1, bytes
    constexpr std::size_t head_bytes_max = 3;     // key and a size of at most 14 bits
    constexpr std::size_t far = 1'024;            // what memory has so far ahead is asked for
    constexpr std::size_t line = 64;
    if (tail_size_ == 0 || limits_.samples_max == 0) return 0;
    const std::byte* at = rest_.data();
    const std::byte* const end = at + rest_.size();
    const std::size_t most = std::min(room.size(), limits_.series_max - count_);
    std::size_t count = 0;
    for (; count < most; ++count) {
        if (static_cast<std::size_t>(end - at) < head_bytes_max || at[0] != series_key) break;
        auto size = std::to_integer<std::size_t>(at[1]);
        const std::byte* message = at + 2;
        if (size >= 0x80) {
            const auto high = std::to_integer<std::size_t>(*message++);
            if (high >= 0x80) break;
            size = (size & 0x7f) | high << 7;
        }
        if (size > static_cast<std::size_t>(end - message) || size <= tail_size_) break;
        for (std::size_t ahead = 0; ahead < size; ahead += line)
            __builtin_prefetch(message + far + ahead);
        Plain& plain = room[count];
        plain.message = {message, size};
        plain.labels_size = size - tail_size_;
        if (!read_only_sample(plain.message.last(tail_size_), plain.sample)) break;
        at = message + size;
    }
    rest_ = {at, static_cast<std::size_t>(end - at)};
    count_ += count;
    return count;
}

Result<bool> RequestReader::read_samples() {
    series_.labels.clear();
    series_.samples.resize(1);
    const Bytes tail = message_.subspan(label_bytes().size());
    if (limits_.samples_max > 0 && read_only_sample(tail, series_.samples.front())) return true;
    series_.samples.clear();
    Skipped skipped = skipped_;
    Series reading{series_, skipped, limits_, false};
    if (const Why why = reading.read(tail)) return failure(why);
    if (reading.has_labels) return false;
    skipped_ = skipped;
    return true;
}

Result<void> RequestReader::read() {
    series_.labels.clear();
    series_.samples.clear();
    Series reading{series_, skipped_, limits_, true};
    if (const Why why = reading.read(label_bytes())) return failure(why);
    reading.has_labels = false;
    if (const Why why = reading.read(message_.subspan(labels_size_))) return failure(why);
    has_more_labels_ = reading.has_labels;
    return {};
}

Result<bool> RequestReader::next() {
    TRY(const bool is_there, step());
    if (is_there) {
        TRY_VOID(read());
    }
    return is_there;
}

}  // namespace lineshaft::remote_write
