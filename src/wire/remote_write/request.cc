#include "wire/remote_write/request.h"

#include <bit>

namespace lineshaft::remote_write {
namespace {

enum class WireType : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

struct Tag {
    std::uint64_t field = 0;
    WireType type = WireType::varint;
};

// One byte, nearly always.
Result<std::uint64_t> take_varint(Reader& in) {
    const Bytes rest = in.rest();
    if (!rest.empty() && std::to_integer<std::uint8_t>(rest[0]) < 0x80) {
        TRY(const Bytes one, in.take(1));
        return std::to_integer<std::uint64_t>(one[0]);
    }
    return in.take_varint();
}

Result<Tag> take_tag(Reader& in) {
    TRY(const std::uint64_t key, take_varint(in));
    const auto type = static_cast<WireType>(key & 7);
    switch (type) {
        case WireType::varint:
        case WireType::fixed64:
        case WireType::bytes:
        case WireType::fixed32: return Tag{key >> 3, type};
    }
    return fail(Code::invalid, "a wire type protobuf does not have");
}

Result<Bytes> take_bytes(Reader& in) {
    TRY(const std::uint64_t size, take_varint(in));
    if (size > in.left()) return fail(Code::invalid, "short: a length beyond the end");
    return in.take(static_cast<std::size_t>(size));
}

Result<void> pass_over(Reader& in, WireType type) {
    switch (type) {
        case WireType::varint: {
            TRY(const std::uint64_t ignored, in.take_varint());
            (void)ignored;
            return {};
        }
        case WireType::fixed64: {
            TRY(const Bytes ignored, in.take(8));
            (void)ignored;
            return {};
        }
        case WireType::bytes: {
            TRY(const Bytes ignored, take_bytes(in));
            (void)ignored;
            return {};
        }
        case WireType::fixed32: {
            TRY(const Bytes ignored, in.take(4));
            (void)ignored;
            return {};
        }
    }
    return fail(Code::invalid, "a wire type protobuf does not have");
}

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
Result<bool> RequestReader::next() {
    while (!rest_.at_end()) {
        TRY(const Tag tag, take_tag(rest_));
        if (tag.field == 1 && tag.type == WireType::bytes) {
            TRY(const Bytes message, take_bytes(rest_));
            if (++count_ > limits_.series_max)
                return fail(Code::exhausted, "too many series in one request");
            TRY_VOID(read_series(message));
            return true;
        }
        skipped_.metadata += tag.field == 3 ? 1 : 0;
        TRY_VOID(pass_over(rest_, tag.type));
    }
    return false;
}

// message TimeSeries { repeated Label labels = 1; repeated Sample samples = 2;
//                      repeated Exemplar exemplars = 3; repeated Histogram histograms = 4; }
Result<void> RequestReader::read_series(Bytes message) {
    series_.labels.clear();
    series_.samples.clear();
    Reader in(message);
    while (!in.at_end()) {
        TRY(const Tag tag, take_tag(in));
        if ((tag.field == 1 || tag.field == 2) && tag.type == WireType::bytes) {
            TRY(const Bytes part, take_bytes(in));
            if (tag.field == 1) {
                TRY_VOID(read_label(part));
            } else {
                TRY_VOID(read_sample(part));
            }
            continue;
        }
        skipped_.exemplars += tag.field == 3 ? 1 : 0;
        skipped_.histograms += tag.field == 4 ? 1 : 0;
        TRY_VOID(pass_over(in, tag.type));
    }
    return {};
}

// message Label { string name = 1; string value = 2; }
Result<void> RequestReader::read_label(Bytes message) {
    if (series_.labels.size() >= limits_.labels_max)
        return fail(Code::exhausted, "too many labels in one series");
    Label label;
    Reader in(message);
    while (!in.at_end()) {
        TRY(const Tag tag, take_tag(in));
        if ((tag.field == 1 || tag.field == 2) && tag.type == WireType::bytes) {
            TRY(const Bytes part, take_bytes(in));
            (tag.field == 1 ? label.name : label.value) = as_text(part);
            continue;
        }
        TRY_VOID(pass_over(in, tag.type));
    }
    if (!is_utf8(label.name) || !is_utf8(label.value))
        return fail(Code::invalid, "a label is not UTF-8");
    series_.labels.push_back(label);
    return {};
}

// message Sample { double value = 1; int64 timestamp = 2; }
Result<void> RequestReader::read_sample(Bytes message) {
    if (series_.samples.size() >= limits_.samples_max)
        return fail(Code::exhausted, "too many samples in one series");
    Sample sample;
    Reader in(message);
    while (!in.at_end()) {
        TRY(const Tag tag, take_tag(in));
        if (tag.field == 1 && tag.type == WireType::fixed64) {
            TRY(const std::uint64_t bits, in.take_le<std::uint64_t>());
            sample.value = std::bit_cast<double>(bits);
        } else if (tag.field == 2 && tag.type == WireType::varint) {
            TRY(const std::uint64_t millis, in.take_varint());
            sample.millis = std::bit_cast<std::int64_t>(millis);
        } else {
            TRY_VOID(pass_over(in, tag.type));
        }
    }
    series_.samples.push_back(sample);
    return {};
}

}  // namespace lineshaft::remote_write
