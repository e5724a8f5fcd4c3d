// The protobuf payload of Sparkplug B (package org.eclipse.tahu.protobuf), read and written by
// hand.
//
// A decoded Payload points into the bytes it was decoded from: it lives no longer than they do.
// Nested parts are kept flat, in vectors of the Payload, and named by ranges, so decoding into the
// same Payload again allocates nothing once the vectors have grown. Data sets and templates stay
// encoded. Unknown fields, and known ones of another wire type, are skipped as protobuf does; one
// difference: a message field that may stand once but stands twice is refused, not merged.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/sparkplug/limits.h"
#include "wire/sparkplug/types.h"

namespace lineshaft::sparkplug {

/// bytes_value, dataset_value and template_value: the field's content, not copied.
template <class Kind>
struct View {
    std::string_view bytes;
    bool operator==(const View&) const = default;
};
using BytesView = View<struct BytesKind>;
using DataSetView = View<struct DataSetKind>;
using TemplateView = View<struct TemplateKind>;

/// The oneof of a metric as it stands on the wire: monostate (absent), int_value, long_value,
/// float_value, double_value, boolean_value, string_value, bytes, data set, template. Signed
/// integers are two's complement inside the unsigned fields; see value_of.
using WireValue = std::variant<std::monostate, std::uint32_t, std::uint64_t, float, double, bool,
                               std::string_view, BytesView, DataSetView, TemplateView>;

/// `count` consecutive entries from `first` in one of the Payload's vectors.
struct Range {
    std::uint32_t first = 0, count = 0;
    bool operator==(const Range&) const = default;
};
struct PropertySetView {
    Range properties;  ///< in Payload::properties
    bool operator==(const PropertySetView&) const = default;
};
struct PropertySetListView {
    Range sets;  ///< in Payload::property_sets
    bool operator==(const PropertySetListView&) const = default;
};

/// One key and its value of a PropertySet.
struct Property {
    std::string_view key;
    DataType type = DataType::unknown;
    bool is_null = false;
    std::variant<std::monostate, std::uint32_t, std::uint64_t, float, double, bool,
                 std::string_view, PropertySetView, PropertySetListView>
        value;
    bool operator==(const Property&) const = default;
};

struct MetaData {
    std::string_view content_type, file_name, file_type, md5, description;
    std::optional<std::uint64_t> size_bytes, sequence;
    bool is_multi_part = false;
    bool operator==(const MetaData&) const = default;
};

struct Metric {
    std::string_view name;  ///< empty: absent
    std::optional<std::uint64_t> alias;
    std::optional<std::uint64_t> timestamp;  ///< milliseconds since 1970 UTC
    std::uint32_t datatype = 0;              ///< as on the wire, so that foreign numbers survive
    bool is_historical = false, is_transient = false, is_null = false;
    std::optional<std::uint32_t> metadata;  ///< index in Payload::metadata
    std::optional<Range> properties;        ///< in Payload::properties
    WireValue value;
    bool operator==(const Metric&) const = default;
};

struct Payload {
    std::optional<std::uint64_t> timestamp;  ///< milliseconds since 1970 UTC
    std::optional<std::uint64_t> seq;        ///< 0..255 by the rules; not checked here
    std::vector<Metric> metrics;
    std::string_view uuid;  ///< empty: absent
    std::optional<std::string_view> body;

    std::vector<Property> properties;  ///< of all sets; a set's own are consecutive
    std::vector<Range> property_sets;  ///< of all property set lists
    std::vector<MetaData> metadata;

    /// Removes everything and keeps the memory.
    void clear();
    /// Adds a set's properties, in order, and names them. Nested sets must have been added before.
    Range add(std::span<const Property> set);
    std::span<const Property> properties_of(Range set) const {
        return std::span(properties).subspan(set.first, set.count);
    }
    bool operator==(const Payload&) const = default;
};

/// Reads `encoded` into `into`, replacing what was there. After a failure `into` holds a part.
/// Errors: invalid (not protobuf, text that is not UTF-8, a property set whose keys and values
/// differ in number), exhausted (past one of the limits; checked before memory is taken).
Result<void> decode(Bytes encoded, Payload& into, const Limits& limits = {});

/// Appends the encoding to `out`: fields in the order of their numbers, absent ones left out, false
/// flags too. Promise: decode(encode(p)) means the same as p.
void encode(const Payload& payload, std::string& out);
std::string encode(const Payload& payload);

/// What `wire` means for a metric of `type` (Sparkplug B 3.0, 6.4.16). Integers may come in either
/// integer field, narrow negative ones with or without sign extension, Float and Double in either
/// float field: encoders in the field differ. Errors: invalid (kind or range disagrees with type).
Result<Value> value_of(const WireValue& wire, DataType type);

/// The field in which a value of `type` travels; views into `value`. monostate gives monostate: the
/// caller sets is_null. Numbers are converted where exact (a double 3.0 may be written to an Int8).
/// Errors: invalid (another kind, out of range, a fraction where an integer is due).
Result<WireValue> wire_value_of(const Value& value, DataType type);

}  // namespace lineshaft::sparkplug
