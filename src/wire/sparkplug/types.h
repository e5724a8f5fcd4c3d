// The vocabulary of Sparkplug B 3.0 as the rest of the product sees it: values that own their
// bytes.
#pragma once
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"

namespace lineshaft::sparkplug {

/// The metric that ties a node's death to its birth.
inline constexpr std::string_view bd_seq_metric = "bdSeq";

/// The numbers are those on the wire (Sparkplug B 3.0, 6.4.16).
enum class DataType : std::uint8_t {
    unknown = 0,
    int8 = 1,
    int16 = 2,
    int32 = 3,
    int64 = 4,
    uint8 = 5,
    uint16 = 6,
    uint32 = 7,
    uint64 = 8,
    float32 = 9,
    float64 = 10,
    boolean = 11,
    string = 12,
    date_time = 13,  ///< milliseconds since 1970 UTC
    text = 14,
    uuid = 15,
    data_set = 16,
    bytes = 17,
    file = 18,
    template_ = 19,
    property_set = 20,       ///< of properties only, never of a metric
    property_set_list = 21,  ///< of properties only, never of a metric
    int8_array = 22,
    int16_array = 23,
    int32_array = 24,
    int64_array = 25,
    uint8_array = 26,
    uint16_array = 27,
    uint32_array = 28,
    uint64_array = 29,
    float_array = 30,
    double_array = 31,
    boolean_array = 32,
    string_array = 33,
    date_time_array = 34,
};

/// The specification's spelling, for example "UInt16"; "Unknown" for numbers it does not list.
std::string_view name_of(DataType type);
/// True for the types a metric may have: 1..34 without the two property types.
bool is_metric_type(DataType type);

/// A value kept as the bytes that stood on the wire: data sets, templates, files, bytes, arrays.
/// Data sets and templates are encoded protobuf messages; arrays are packed little-endian.
struct Opaque {
    std::string bytes;
    bool operator==(const Opaque&) const = default;
};

/// What a metric is worth. Int8..Int64 and DateTime arrive as int64 (DateTime: milliseconds since
/// 1970), UInt8..UInt64 as uint64, Float and Double as double, String, Text and UUID as UTF-8 text.
/// monostate: null, the source says it has no value.
using Value =
    std::variant<std::monostate, double, std::int64_t, std::uint64_t, bool, std::string, Opaque>;

/// The `Quality` property of Sparkplug B 3.0, 6.4.13: 192, 0, 500. A null value is always `bad`.
enum class Quality : std::uint8_t { good, bad, stale };

/// One source of metrics: an edge node (device empty) or a device behind it.
struct MachineKey {
    std::string group, node, device;

    bool is_node() const { return device.empty(); }
    MachineKey of_node() const { return {group, node, {}}; }
    /// "group/node" or "group/node/device"; unambiguous, because ids hold no slash.
    std::string text() const;
    auto operator<=>(const MachineKey&) const = default;
    bool operator==(const MachineKey&) const = default;
};

/// One MQTT message to send exactly as it stands here.
struct Publication {
    std::string topic, payload;
    std::uint8_t qos = 0;
    bool retain = false;
    bool operator==(const Publication&) const = default;
};

}  // namespace lineshaft::sparkplug
