#include <bit>

#include "base/check.h"
#include "wire/sparkplug/payload.h"
#include "wire/sparkplug/wire.h"

namespace lineshaft::sparkplug {
namespace {

using wire::tag;

// The two passes of an encoder as one piece of code: Sizer counts, Filler writes.
class Sizer {
public:
    void varint(std::uint64_t value) {
        size_ += value == 0 ? 1 : (static_cast<std::size_t>(std::bit_width(value)) + 6) / 7;
    }
    void fixed32(std::uint32_t) { size_ += 4; }
    void fixed64(std::uint64_t) { size_ += 8; }
    void bytes(std::string_view text) { size_ += text.size(); }
    void add(std::size_t bytes) { size_ += bytes; }
    std::size_t size() const { return size_; }

private:
    std::size_t size_ = 0;
};

class Filler {
public:
    explicit Filler(char* at) : at_(at) {}
    void varint(std::uint64_t value) {
        while (value >= 0x80) {
            *at_++ = static_cast<char>(value | 0x80);
            value >>= 7;
        }
        *at_++ = static_cast<char>(value);
    }
    void fixed32(std::uint32_t value) { raw(value); }
    void fixed64(std::uint64_t value) { raw(value); }
    void bytes(std::string_view text) {
        if (text.empty()) return;  // The data of an empty view may be null.
        std::memcpy(at_, text.data(), text.size());
        at_ += text.size();
    }
    const char* at() const { return at_; }

private:
    template <class T>
    void raw(T value) {
        std::memcpy(at_, &value, sizeof(T));
        at_ += sizeof(T);
    }
    char* at_;
};

template <class Out>
void put_number(Out& out, std::uint32_t number, std::uint64_t value) {
    out.varint(tag(number, wire::varint));
    out.varint(value);
}

template <class Out>
void put_text(Out& out, std::uint32_t number, std::string_view text) {
    out.varint(tag(number, wire::length));
    out.varint(text.size());
    out.bytes(text);
}

template <class Out>
void put_text_if(Out& out, std::uint32_t number, std::string_view text) {
    if (!text.empty()) put_text(out, number, text);
}

// A message field: its size first, then `put` once more for the content.
template <class Out, class Put>
void put_message(Out& out, std::uint32_t number, const Put& put) {
    Sizer sizer;
    put(sizer);
    out.varint(tag(number, wire::length));
    out.varint(sizer.size());
    if constexpr (std::is_same_v<Out, Sizer>) {
        out.add(sizer.size());  // Counting again would double the work at every level.
    } else {
        put(out);
    }
}

// The oneof members that metrics (first: 10) and properties (first: 3) share.
template <class Out>
struct PutScalar {
    Out& out;
    std::uint32_t first;

    void operator()(std::monostate) const {}
    void operator()(std::uint32_t value) const { put_number(out, first, value); }
    void operator()(std::uint64_t value) const { put_number(out, first + 1, value); }
    void operator()(float value) const {
        out.varint(tag(first + 2, wire::fixed32));
        out.fixed32(std::bit_cast<std::uint32_t>(value));
    }
    void operator()(double value) const {
        out.varint(tag(first + 3, wire::fixed64));
        out.fixed64(std::bit_cast<std::uint64_t>(value));
    }
    void operator()(bool value) const { put_number(out, first + 4, value ? 1 : 0); }
    void operator()(std::string_view value) const { put_text(out, first + 5, value); }
};

template <class Out>
void put_property_set(Out& out, const Payload& payload, Range set);

template <class Out>
struct PutProperty : PutScalar<Out> {
    using PutScalar<Out>::operator();
    const Payload& payload;

    void operator()(PropertySetView view) const {
        put_message(this->out, 9,
                    [&](auto& inner) { put_property_set(inner, payload, view.properties); });
    }
    void operator()(PropertySetListView view) const {
        put_message(this->out, 10, [&](auto& list) {
            const auto sets = std::span(payload.property_sets);
            for (const Range set : sets.subspan(view.sets.first, view.sets.count)) {
                put_message(list, 1, [&](auto& inner) { put_property_set(inner, payload, set); });
            }
        });
    }
};

template <class Out>
void put_property_set(Out& out, const Payload& payload, Range set) {
    for (const Property& property : payload.properties_of(set)) put_text(out, 1, property.key);
    for (const Property& property : payload.properties_of(set)) {
        put_message(out, 2, [&](auto& inner) {
            using Inner = std::remove_cvref_t<decltype(inner)>;
            if (property.type != DataType::unknown) {
                put_number(inner, 1, static_cast<std::uint64_t>(property.type));
            }
            if (property.is_null) put_number(inner, 2, 1);
            std::visit(PutProperty<Inner>{{inner, 3}, payload}, property.value);
        });
    }
}

template <class Out>
void put_metadata(Out& out, const MetaData& metadata) {
    if (metadata.is_multi_part) put_number(out, 1, 1);
    put_text_if(out, 2, metadata.content_type);
    if (metadata.size_bytes) put_number(out, 3, *metadata.size_bytes);
    if (metadata.sequence) put_number(out, 4, *metadata.sequence);
    put_text_if(out, 5, metadata.file_name);
    put_text_if(out, 6, metadata.file_type);
    put_text_if(out, 7, metadata.md5);
    put_text_if(out, 8, metadata.description);
}

template <class Out>
struct PutValue : PutScalar<Out> {
    using PutScalar<Out>::operator();
    void operator()(BytesView view) const { put_text(this->out, 16, view.bytes); }
    void operator()(DataSetView view) const { put_text(this->out, 17, view.bytes); }
    void operator()(TemplateView view) const { put_text(this->out, 18, view.bytes); }
};

template <class Out>
void put_metric(Out& out, const Payload& payload, const Metric& metric) {
    put_text_if(out, 1, metric.name);
    if (metric.alias) put_number(out, 2, *metric.alias);
    if (metric.timestamp) put_number(out, 3, *metric.timestamp);
    if (metric.datatype != 0) put_number(out, 4, metric.datatype);
    if (metric.is_historical) put_number(out, 5, 1);
    if (metric.is_transient) put_number(out, 6, 1);
    if (metric.is_null) put_number(out, 7, 1);
    if (metric.metadata) {
        CHECK(*metric.metadata < payload.metadata.size());
        put_message(out, 8,
                    [&](auto& inner) { put_metadata(inner, payload.metadata[*metric.metadata]); });
    }
    if (metric.properties) {
        put_message(out, 9,
                    [&](auto& inner) { put_property_set(inner, payload, *metric.properties); });
    }
    std::visit(PutValue<Out>{{out, 10}}, metric.value);
}

template <class Out>
void put_payload(Out& out, const Payload& payload) {
    if (payload.timestamp) put_number(out, 1, *payload.timestamp);
    for (const Metric& metric : payload.metrics) {
        put_message(out, 2, [&](auto& inner) { put_metric(inner, payload, metric); });
    }
    if (payload.seq) put_number(out, 3, *payload.seq);
    put_text_if(out, 4, payload.uuid);
    if (payload.body) put_text(out, 5, *payload.body);
}

}  // namespace

void encode(const Payload& payload, std::string& out) {
    Sizer sizer;
    put_payload(sizer, payload);
    const std::size_t before = out.size();
    out.resize(before + sizer.size());
    Filler filler(out.data() + before);
    put_payload(filler, payload);
    CHECK(filler.at() == out.data() + out.size());
}

std::string encode(const Payload& payload) {
    std::string out;
    encode(payload, out);
    return out;
}

}  // namespace lineshaft::sparkplug
