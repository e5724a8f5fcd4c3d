// What a machine calls itself, as one text (docs/protocols/http-api.md, Machines).
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace lineshaft {

inline constexpr std::size_t machine_id_bytes_max = 256;

/// True when `text` may stand for one level of a topic: not empty, UTF-8, and without '+', '#',
/// '/' and control characters. What is not plain never enters a right (mqtt.md, bug 8).
bool is_plain_level(std::string_view text);

/// Errors: invalid, with the reason: empty, longer than machine_id_bytes_max, or not plain.
Result<void> check_machine_id(std::string_view id);

/// A name of another protocol as a machine id: what an id may not hold, and '%', becomes %XX. Two
/// names never become one. Whether the id is good (length, UTF-8) is for check_machine_id to say.
std::string machine_id_of(std::string_view name);

/// A Sparkplug machine's parts; `device` is empty for the edge node itself.
struct SparkplugName {
    std::string group, node, device;
    bool operator==(const SparkplugName&) const = default;
};

/// "group:node" or "group:node:device"; ':' and '%' inside a part become "%3A" and "%25".
std::string format_machine_id(const SparkplugName& name);

/// The parts of such an id. Nothing when it is not exactly what format_machine_id writes, so one
/// machine has one id. Promise: parse(format(name)) == name for plain parts.
std::optional<SparkplugName> parse_machine_id(std::string_view id);

}  // namespace lineshaft
