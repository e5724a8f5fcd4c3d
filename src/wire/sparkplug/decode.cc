#include <bit>

#include "wire/sparkplug/payload.h"
#include "wire/sparkplug/wire.h"

namespace lineshaft::sparkplug {
namespace wire {

bool Cursor::skip_group(std::uint32_t field, std::size_t depth) {
    std::uint32_t inner = 0;
    while (take_tag(inner)) {
        if ((inner & 7) == end) return inner >> 3 == field >> 3;
        if (!skip(inner, depth)) return false;
    }
    return false;
}

bool Cursor::skip(std::uint32_t field, std::size_t depth) {
    std::uint64_t number = 0;
    std::uint32_t word = 0;
    std::string_view text;
    switch (field & 7) {
        case varint: return take_varint(number);
        case fixed64: return take_fixed(number);
        case length: return take_text(text);
        case fixed32: return take_fixed(word);
        case start: return depth > 0 && skip_group(field, depth - 1);
        default: return false;
    }
}

}  // namespace wire

namespace {

using wire::Cursor;
using wire::tag;

bool is_text(std::string_view text) {
    std::size_t index = 0;
    for (; index + 8 <= text.size(); index += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data() + index, 8);
        if ((word & 0x8080'8080'8080'8080) != 0) return is_utf8(text.substr(index));
    }
    for (; index < text.size(); ++index) {
        if (static_cast<unsigned char>(text[index]) >= 0x80) return is_utf8(text.substr(index));
    }
    return true;
}

// One decoding run. Every step answers false after putting the reason into `error`.
class Decoder {
public:
    Decoder(Payload& into, const Limits& limits) : into_(into), limits_(limits) {}

    bool payload(std::string_view encoded);
    const Error& error() const { return error_; }

private:
    bool metric(std::string_view encoded);
    bool metric_value(std::uint32_t field, Cursor& in, Metric& out);
    bool property_set(std::string_view encoded, std::size_t depth, Range& out);
    bool count_properties(std::string_view encoded, std::uint32_t& count);
    bool property(std::string_view encoded, std::size_t depth, std::uint32_t index);
    bool property_value(std::uint32_t field, Cursor& in, std::size_t depth, Property& out);
    bool property_set_list(std::string_view encoded, std::size_t depth, Range& out);
    bool metadata(std::string_view encoded);

    bool refuse(Code code, const char* why) {
        error_ = Error{code, why};
        return false;
    }
    bool broken() { return refuse(Code::invalid, "payload: not protobuf"); }
    bool skip(Cursor& in, std::uint32_t field) {
        return in.skip(field, limits_.depth_max) || broken();
    }
    bool text(Cursor& in, std::string_view& out) {
        if (!in.take_text(out)) return broken();
        if (out.size() > limits_.string_bytes_max) {
            return refuse(Code::exhausted, "payload: a text is too long");
        }
        return is_text(out) || refuse(Code::invalid, "payload: a text is not UTF-8");
    }
    bool opaque(Cursor& in, std::string_view& out) {
        if (!in.take_text(out)) return broken();
        return out.size() <= limits_.opaque_bytes_max ||
               refuse(Code::exhausted, "payload: a value has too many bytes");
    }
    bool number(Cursor& in, std::optional<std::uint64_t>& out) {
        std::uint64_t value = 0;
        if (!in.take_varint(value)) return broken();
        out = value;
        return true;
    }
    bool flag(Cursor& in, bool& out) {
        std::uint64_t value = 0;
        if (!in.take_varint(value)) return broken();
        out = value != 0;
        return true;
    }
    // The oneof members shared by metrics and properties: six scalars from field `first` on.
    template <class Variant>
    bool scalar(std::uint32_t index, Cursor& in, Variant& out);

    Payload& into_;
    const Limits& limits_;
    Error error_;
};

template <class Variant>
bool Decoder::scalar(std::uint32_t index, Cursor& in, Variant& out) {
    std::uint64_t number = 0;
    switch (index) {
        case 0:
            if (!in.take_varint(number)) return broken();
            out.template emplace<std::uint32_t>(static_cast<std::uint32_t>(number));
            return true;
        case 1:
            if (!in.take_varint(number)) return broken();
            out.template emplace<std::uint64_t>(number);
            return true;
        case 2: {
            std::uint32_t bits = 0;
            if (!in.take_fixed(bits)) return broken();
            out.template emplace<float>(std::bit_cast<float>(bits));
            return true;
        }
        case 3:
            if (!in.take_fixed(number)) return broken();
            out.template emplace<double>(std::bit_cast<double>(number));
            return true;
        case 4:
            if (!in.take_varint(number)) return broken();
            out.template emplace<bool>(number != 0);
            return true;
        default: {
            std::string_view content;
            if (!text(in, content)) return false;
            out.template emplace<std::string_view>(content);
            return true;
        }
    }
}

bool Decoder::metric_value(std::uint32_t field, Cursor& in, Metric& out) {
    std::string_view content;
    switch (field) {
        case tag(10, wire::varint): return scalar(0, in, out.value);
        case tag(11, wire::varint): return scalar(1, in, out.value);
        case tag(12, wire::fixed32): return scalar(2, in, out.value);
        case tag(13, wire::fixed64): return scalar(3, in, out.value);
        case tag(14, wire::varint): return scalar(4, in, out.value);
        case tag(15, wire::length): return scalar(5, in, out.value);
        case tag(16, wire::length):
            if (!opaque(in, content)) return false;
            out.value = BytesView{content};
            return true;
        case tag(17, wire::length):
            if (!opaque(in, content)) return false;
            if (std::holds_alternative<DataSetView>(out.value)) {
                return refuse(Code::invalid, "payload: a data set stands twice");
            }
            out.value = DataSetView{content};
            return true;
        case tag(18, wire::length):
            if (!opaque(in, content)) return false;
            if (std::holds_alternative<TemplateView>(out.value)) {
                return refuse(Code::invalid, "payload: a template stands twice");
            }
            out.value = TemplateView{content};
            return true;
        default: return skip(in, field);
    }
}

bool Decoder::payload(std::string_view encoded) {
    into_.clear();
    if (encoded.size() > limits_.payload_bytes_max) {
        return refuse(Code::exhausted, "payload: too many bytes");
    }
    Cursor in(encoded);
    std::uint32_t field = 0;
    std::string_view content;
    while (!in.at_end()) {
        if (!in.take_tag(field)) return broken();
        bool good = false;
        switch (field) {
            case tag(1, wire::varint): good = number(in, into_.timestamp); break;
            case tag(2, wire::length):
                good = in.take_text(content) ? metric(content) : broken();
                break;
            case tag(3, wire::varint): good = number(in, into_.seq); break;
            case tag(4, wire::length): good = text(in, into_.uuid); break;
            case tag(5, wire::length):
                good = opaque(in, content);
                into_.body = content;
                break;
            default: good = skip(in, field);
        }
        if (!good) return false;
    }
    return true;
}

bool Decoder::metric(std::string_view encoded) {
    if (into_.metrics.size() >= limits_.metrics_max) {
        return refuse(Code::exhausted, "payload: too many metrics");
    }
    Metric& out = into_.metrics.emplace_back();
    Cursor in(encoded);
    std::uint32_t field = 0;
    std::uint64_t value = 0;
    std::string_view content;
    while (!in.at_end()) {
        if (!in.take_tag(field)) return broken();
        bool good = false;
        switch (field) {
            case tag(1, wire::length): good = text(in, out.name); break;
            case tag(2, wire::varint): good = number(in, out.alias); break;
            case tag(3, wire::varint): good = number(in, out.timestamp); break;
            case tag(4, wire::varint):
                good = in.take_varint(value) || broken();
                out.datatype = static_cast<std::uint32_t>(value);
                break;
            case tag(5, wire::varint): good = flag(in, out.is_historical); break;
            case tag(6, wire::varint): good = flag(in, out.is_transient); break;
            case tag(7, wire::varint): good = flag(in, out.is_null); break;
            case tag(8, wire::length):
                if (out.metadata) return refuse(Code::invalid, "payload: metadata stands twice");
                good = in.take_text(content) ? metadata(content) : broken();
                out.metadata = static_cast<std::uint32_t>(into_.metadata.size() - 1);
                break;
            case tag(9, wire::length):
                if (out.properties) return refuse(Code::invalid, "payload: properties stand twice");
                good = in.take_text(content)
                           ? property_set(content, limits_.depth_max, out.properties.emplace())
                           : broken();
                break;
            default: good = metric_value(field, in, out);
        }
        if (!good) return false;
    }
    return true;
}

bool Decoder::count_properties(std::string_view encoded, std::uint32_t& count) {
    Cursor in(encoded);
    std::uint32_t field = 0;
    std::uint32_t keys = 0;
    std::uint32_t values = 0;
    while (!in.at_end()) {
        if (!in.take_tag(field) || !in.skip(field, limits_.depth_max)) return broken();
        if (field == tag(1, wire::length)) ++keys;
        if (field == tag(2, wire::length)) ++values;
    }
    if (keys != values) {  // [tck-id-payloads-propertyset-keys-array-size]
        return refuse(Code::invalid, "payload: a property set has not as many values as keys");
    }
    count = keys;
    return true;
}

// Two passes, so that a set's own properties lie side by side whatever nests in them.
bool Decoder::property_set(std::string_view encoded, std::size_t depth, Range& out) {
    if (depth == 0) return refuse(Code::exhausted, "payload: property sets nest too deep");
    std::uint32_t count = 0;
    if (!count_properties(encoded, count)) return false;
    const std::size_t first = into_.properties.size();
    if (count > limits_.properties_max - first) {
        return refuse(Code::exhausted, "payload: too many properties");
    }
    into_.properties.resize(first + count);
    out = {static_cast<std::uint32_t>(first), count};
    Cursor in(encoded);
    std::uint32_t field = 0;
    std::uint32_t key = out.first;
    std::uint32_t value = out.first;
    std::string_view content;
    while (!in.at_end()) {
        if (!in.take_tag(field)) return broken();
        if (field == tag(1, wire::length)) {
            if (!text(in, into_.properties[key++].key)) return false;
        } else if (field == tag(2, wire::length)) {
            if (!in.take_text(content)) return broken();
            if (!property(content, depth, value++)) return false;
        } else if (!skip(in, field)) {
            return false;
        }
    }
    return true;
}

bool Decoder::property(std::string_view encoded, std::size_t depth, std::uint32_t index) {
    Property out;  // On the stack: nested sets make the vector move.
    Cursor in(encoded);
    std::uint32_t field = 0;
    std::uint64_t value = 0;
    while (!in.at_end()) {
        if (!in.take_tag(field)) return broken();
        if (field == tag(1, wire::varint)) {
            if (!in.take_varint(value)) return broken();
            const auto type = static_cast<std::uint32_t>(value);
            out.type = type > 34 ? DataType::unknown : static_cast<DataType>(type);
        } else if (field == tag(2, wire::varint)) {
            if (!flag(in, out.is_null)) return false;
        } else if (!property_value(field, in, depth, out)) {
            return false;
        }
    }
    out.key = into_.properties[index].key;
    into_.properties[index] = out;
    return true;
}

bool Decoder::property_value(std::uint32_t field, Cursor& in, std::size_t depth, Property& out) {
    std::string_view content;
    switch (field) {
        case tag(3, wire::varint): return scalar(0, in, out.value);
        case tag(4, wire::varint): return scalar(1, in, out.value);
        case tag(5, wire::fixed32): return scalar(2, in, out.value);
        case tag(6, wire::fixed64): return scalar(3, in, out.value);
        case tag(7, wire::varint): return scalar(4, in, out.value);
        case tag(8, wire::length): return scalar(5, in, out.value);
        case tag(9, wire::length): {
            if (std::holds_alternative<PropertySetView>(out.value)) {
                return refuse(Code::invalid, "payload: a nested property set stands twice");
            }
            if (!in.take_text(content)) return broken();
            Range set;
            if (!property_set(content, depth - 1, set)) return false;
            out.value = PropertySetView{set};
            return true;
        }
        case tag(10, wire::length): {
            if (std::holds_alternative<PropertySetListView>(out.value)) {
                return refuse(Code::invalid, "payload: a property set list stands twice");
            }
            if (!in.take_text(content)) return broken();
            Range sets;
            if (!property_set_list(content, depth - 1, sets)) return false;
            out.value = PropertySetListView{sets};
            return true;
        }
        default: return skip(in, field);
    }
}

bool Decoder::property_set_list(std::string_view encoded, std::size_t depth, Range& out) {
    std::uint32_t field = 0;
    std::uint32_t count = 0;
    for (Cursor in(encoded); !in.at_end();) {
        if (!in.take_tag(field) || !in.skip(field, limits_.depth_max)) return broken();
        if (field == tag(1, wire::length)) ++count;
    }
    const std::size_t first = into_.property_sets.size();
    if (count > limits_.properties_max - first) {
        return refuse(Code::exhausted, "payload: too many property sets");
    }
    into_.property_sets.resize(first + count);
    out = {static_cast<std::uint32_t>(first), count};
    std::string_view content;
    std::uint32_t index = out.first;
    for (Cursor in(encoded); !in.at_end();) {
        if (!in.take_tag(field)) return broken();
        if (field != tag(1, wire::length)) {
            if (!skip(in, field)) return false;
            continue;
        }
        Range set;
        if (!in.take_text(content)) return broken();
        if (!property_set(content, depth, set)) return false;
        into_.property_sets[index++] = set;
    }
    return true;
}

bool Decoder::metadata(std::string_view encoded) {
    MetaData& out = into_.metadata.emplace_back();
    Cursor in(encoded);
    std::uint32_t field = 0;
    while (!in.at_end()) {
        if (!in.take_tag(field)) return broken();
        bool good = false;
        switch (field) {
            case tag(1, wire::varint): good = flag(in, out.is_multi_part); break;
            case tag(2, wire::length): good = text(in, out.content_type); break;
            case tag(3, wire::varint): good = number(in, out.size_bytes); break;
            case tag(4, wire::varint): good = number(in, out.sequence); break;
            case tag(5, wire::length): good = text(in, out.file_name); break;
            case tag(6, wire::length): good = text(in, out.file_type); break;
            case tag(7, wire::length): good = text(in, out.md5); break;
            case tag(8, wire::length): good = text(in, out.description); break;
            default: good = skip(in, field);
        }
        if (!good) return false;
    }
    return true;
}

}  // namespace

void Payload::clear() {
    timestamp.reset();
    seq.reset();
    metrics.clear();
    uuid = {};
    body.reset();
    properties.clear();
    property_sets.clear();
    metadata.clear();
}

Range Payload::add(std::span<const Property> set) {
    const Range range{static_cast<std::uint32_t>(properties.size()),
                      static_cast<std::uint32_t>(set.size())};
    properties.insert(properties.end(), set.begin(), set.end());
    return range;
}

Result<void> decode(Bytes encoded, Payload& into, const Limits& limits) {
    Decoder decoder(into, limits);
    if (!decoder.payload(as_text(encoded))) return std::unexpected(decoder.error());
    return {};
}

}  // namespace lineshaft::sparkplug
