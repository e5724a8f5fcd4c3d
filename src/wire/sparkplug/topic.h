// Sparkplug B topics (3.0, chapter 4): spBv1.0/group/TYPE/node[/device] and spBv1.0/STATE/host.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "wire/sparkplug/limits.h"
#include "wire/sparkplug/types.h"

namespace lineshaft::sparkplug {

inline constexpr std::string_view topic_namespace = "spBv1.0";
/// What a Host Application subscribes to: every message, and with it every STATE.
inline constexpr std::string_view topic_filter_all = "spBv1.0/#";

enum class MessageType : std::uint8_t { nbirth, ndata, ndeath, ncmd, dbirth, ddata, ddeath, dcmd };

/// "NBIRTH" and so on.
std::string_view name_of(MessageType type);
/// True for DBIRTH, DDATA, DDEATH and DCMD, whose topics carry a device id.
constexpr bool of_device(MessageType type) {
    return type >= MessageType::dbirth;
}

struct MachineTopic {
    MessageType type = MessageType::nbirth;
    MachineKey machine;  ///< device empty exactly for the N-types
    bool operator==(const MachineTopic&) const = default;
};
struct StateTopic {
    std::string host_id;
    bool operator==(const StateTopic&) const = default;
};
using Topic = std::variant<MachineTopic, StateTopic>;

/// True when MQTT routing should hand the topic to a Host; says nothing about the rest of it.
bool is_sparkplug(std::string_view topic);

/// Errors: invalid: another namespace, an unknown type, a wrong number of levels, an id that is
/// empty, too long, not UTF-8 or contains + or #.
Result<Topic> parse_topic(std::string_view topic, const Limits& limits = {});

/// Promise: parse_topic(format_topic(t)) == t for every topic whose ids are valid.
std::string format_topic(const MachineTopic& topic);
std::string format_topic(const StateTopic& topic);

/// invalid, with the reason: empty, too long, not UTF-8, or one of + / # or NUL is in it.
Result<void> check_id(std::string_view id, const Limits& limits = {});

}  // namespace lineshaft::sparkplug
