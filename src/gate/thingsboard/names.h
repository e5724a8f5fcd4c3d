// ThingsBoard's device topics inside the node. Every device says "me", so the name is made whole
// where it enters: rights, routing and storage never see a topic that two devices share.
//
//   a device says                        inside the node, below its organisation's prefix
//   publish   v1/devices/me/REST         lineshaft/v1/MACHINE/me/REST
//   subscribe v1/devices/me/REST         lineshaft/v1/MACHINE/command/me/REST
//   receives  v1/devices/me/REST     <-  lineshaft/v1/MACHINE/command/me/REST
//
// The two directions differ, so a device is never sent its own words, and what goes down is a
// command: only who may command machines may publish there (trust/topic_rights.h).
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace lineshaft::thingsboard {

/// Whose topics they are: `prefix` is "" or "acme/".
struct Device {
    std::string_view prefix, machine;
};

/// Nothing: not one of ThingsBoard's, it stands as it is.
std::optional<std::string> published_topic(const Device& device, std::string_view topic);
/// Also with $share/group/ in front.
std::optional<std::string> subscribed_filter(const Device& device, std::string_view filter);
std::optional<std::string> delivered_topic(const Device& device, std::string_view topic);

/// A publish of a device, its organisation's prefix already taken off.
struct Upward {
    std::string_view machine;
    std::string_view rest;  ///< "telemetry", "attributes/request/1"
};
std::optional<Upward> parse_upward(std::string_view topic);
/// Where a device hears `rest`, without prefix.
std::string downward_topic(std::string_view machine, std::string_view rest);

}  // namespace lineshaft::thingsboard
