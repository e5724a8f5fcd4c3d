#include "wire/sparkplug/topic.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/bytes.h"

namespace lineshaft::sparkplug {
namespace {

constexpr std::array<std::string_view, 8> message_names = {"NBIRTH", "NDATA", "NDEATH", "NCMD",
                                                           "DBIRTH", "DDATA", "DDEATH", "DCMD"};
constexpr std::string_view prefix = "spBv1.0/";

std::optional<MessageType> type_of(std::string_view level) {
    for (std::size_t index = 0; index < message_names.size(); ++index) {
        if (message_names[index] == level) return static_cast<MessageType>(index);
    }
    return std::nullopt;
}

// Cuts the next level off; at the end of the topic what is left is the last level.
std::string_view take_level(std::string_view& rest) {
    const auto slash = rest.find('/');
    const auto level = rest.substr(0, slash);
    rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash + 1);
    return level;
}

Result<Topic> parse_state_topic(std::string_view topic, const Limits& limits) {
    const auto host_id = topic.substr(prefix.size() + std::string_view("STATE/").size());
    TRY_VOID(check_id(host_id, limits));
    return StateTopic{std::string(host_id)};
}

}  // namespace

std::string_view name_of(MessageType type) {
    return message_names[static_cast<std::size_t>(type)];
}

bool is_sparkplug(std::string_view topic) {
    return topic.starts_with(prefix);
}

Result<void> check_id(std::string_view id, const Limits& limits) {
    if (id.empty()) return fail(Code::invalid, "an id is empty");
    if (id.size() > limits.id_bytes_max) return fail(Code::invalid, "an id is too long");
    if (id.find_first_of(std::string_view("+/#\0", 4)) != std::string_view::npos) {
        return fail(Code::invalid, "an id holds one of + / # NUL");
    }
    if (!is_utf8(id)) return fail(Code::invalid, "an id is not UTF-8");
    return {};
}

Result<Topic> parse_topic(std::string_view topic, const Limits& limits) {
    if (!is_sparkplug(topic)) return fail(Code::invalid, "the namespace is not spBv1.0");
    std::string_view rest = topic.substr(prefix.size());
    if (rest.starts_with("STATE/")) return parse_state_topic(topic, limits);

    const auto group = take_level(rest);
    const auto type = type_of(take_level(rest));
    if (!type) return fail(Code::invalid, "no such message type");
    const auto levels_wanted = of_device(*type) ? 1 : 0;
    if (std::ranges::count(rest, '/') != levels_wanted) {
        return fail(Code::invalid, "a device id is missing or out of place");
    }
    const auto node = take_level(rest);
    const auto device = rest;
    TRY_VOID(check_id(group, limits));
    TRY_VOID(check_id(node, limits));
    if (of_device(*type)) {
        TRY_VOID(check_id(device, limits));
    }
    return MachineTopic{*type, {std::string(group), std::string(node), std::string(device)}};
}

std::string format_topic(const MachineTopic& topic) {
    std::string text(prefix);
    text += topic.machine.group;
    text += '/';
    text += name_of(topic.type);
    text += '/';
    text += topic.machine.node;
    if (of_device(topic.type)) {
        text += '/';
        text += topic.machine.device;
    }
    return text;
}

std::string format_topic(const StateTopic& topic) {
    return std::string(prefix) + "STATE/" + topic.host_id;
}

}  // namespace lineshaft::sparkplug
