#include "gate/thingsboard/names.h"

#include <fmt/format.h>

namespace lineshaft::thingsboard {
namespace {

constexpr std::string_view device_root = "v1/devices/me/";
constexpr std::string_view node_root = "lineshaft/v1/";
constexpr std::string_view up = "/me/";
constexpr std::string_view down = "/command/me/";
constexpr std::string_view share = "$share/";

}  // namespace

std::optional<std::string> published_topic(const Device& device, std::string_view topic) {
    if (!topic.starts_with(device_root)) return std::nullopt;
    return fmt::format("{}{}{}{}{}", device.prefix, node_root, device.machine, up,
                       topic.substr(device_root.size()));
}

std::optional<std::string> subscribed_filter(const Device& device, std::string_view filter) {
    std::string_view group;
    if (filter.starts_with(share)) {
        const auto slash = filter.find('/', share.size());
        if (slash == filter.npos) return std::nullopt;
        group = filter.substr(0, slash + 1);
        filter.remove_prefix(slash + 1);
    }
    if (!filter.starts_with(device_root)) return std::nullopt;
    return fmt::format("{}{}{}{}{}{}", group, device.prefix, node_root, device.machine, down,
                       filter.substr(device_root.size()));
}

std::optional<std::string> delivered_topic(const Device& device, std::string_view topic) {
    for (const std::string_view part : {device.prefix, node_root, device.machine, down}) {
        if (!topic.starts_with(part)) return std::nullopt;
        topic.remove_prefix(part.size());
    }
    return fmt::format("{}{}", device_root, topic);
}

std::optional<Upward> parse_upward(std::string_view topic) {
    if (!topic.starts_with(node_root)) return std::nullopt;
    topic.remove_prefix(node_root.size());
    const auto slash = topic.find('/');
    if (slash == topic.npos || slash == 0 || !topic.substr(slash).starts_with(up))
        return std::nullopt;
    return Upward{topic.substr(0, slash), topic.substr(slash + up.size())};
}

std::string downward_topic(std::string_view machine, std::string_view rest) {
    return fmt::format("{}{}{}{}", node_root, machine, down, rest);
}

}  // namespace lineshaft::thingsboard
