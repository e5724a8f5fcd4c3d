#include "trust/topic_rights.h"

#include <array>
#include <optional>

#include "base/machine_id.h"
#include "trust/rights.h"

namespace lineshaft::trust {
namespace {

constexpr std::string_view json_prefix = "lineshaft/v1/";
constexpr std::string_view sparkplug = "spBv1.0";
constexpr std::string_view default_name = "default";

std::string_view first_level(std::string_view topic) {
    return topic.substr(0, topic.find('/'));
}

// Takes the first level off; what is left is nothing when it was the last.
std::string_view take_level(std::optional<std::string_view>& rest) {
    const auto slash = rest->find('/');
    const std::string_view level = rest->substr(0, slash);
    rest = slash == rest->npos ? std::nullopt : std::optional(rest->substr(slash + 1));
    return level;
}

// The first levels of a topic, and how many there are in all; enough for every rule below.
struct Levels {
    explicit Levels(std::string_view topic) {
        for (std::optional<std::string_view> rest = topic; rest; ++count) {
            const std::string_view level = take_level(rest);
            if (count < first.size()) first[count] = level;
        }
    }
    std::array<std::string_view, 5> first;
    std::size_t count = 0;
};

bool is_topic(std::string_view topic) {
    return !topic.empty() && topic.find_first_of(std::string_view("+#\0", 3)) == topic.npos;
}

bool is_filter(std::string_view filter) {
    if (filter.empty() || filter.contains('\0')) return false;
    for (std::optional<std::string_view> rest = filter; rest;) {
        const std::string_view level = take_level(rest);
        if (level.contains('+') && level != "+") return false;
        if (level.contains('#') && (level != "#" || rest)) return false;
    }
    return true;
}

bool is_command(const Levels& topic) {
    const auto& level = topic.first;
    if (topic.count >= 4 && level[0] == "lineshaft" && level[1] == "v1" && level[3] == "command") {
        return true;
    }
    return topic.count >= 3 && level[0] == sparkplug && (level[2] == "NCMD" || level[2] == "DCMD");
}

// True when everything `inner` matches is matched by `outer`. Linear.
bool covers(std::string_view outer, std::string_view inner) {
    std::optional<std::string_view> a = outer, b = inner;
    while (a && b) {
        const std::string_view out = take_level(a), in = take_level(b);
        if (out == "#") return true;
        if (in == "#" || (out != "+" && out != in)) return false;
    }
    return (!a && !b) || (a && *a == "#");
}

// True when some topic is matched by both. Linear.
bool overlap(std::string_view one, std::string_view other) {
    std::optional<std::string_view> a = one, b = other;
    while (a && b) {
        const std::string_view x = take_level(a), y = take_level(b);
        if (x == "#" || y == "#") return true;
        if (x != "+" && y != "+" && x != y) return false;
    }
    return (!a && !b) || (a && *a == "#") || (b && *b == "#");
}

bool is_commands_only(std::string_view filter) {
    return covers("lineshaft/v1/+/command/#", filter) || covers("spBv1.0/+/NCMD/#", filter) ||
           covers("spBv1.0/+/DCMD/#", filter);
}

bool is_under_own_id(std::string_view machine, const Levels& topic) {
    return topic.count >= 3 && topic.first[0] == "lineshaft" && topic.first[1] == "v1" &&
           topic.first[2] == machine;
}

// spBv1.0/<own group>/<type>/<own node>[/<own device>]; `letters` is "BIRTH" and so on.
bool is_own_sparkplug(std::string_view machine, const Levels& topic,
                      std::initializer_list<std::string_view> letters) {
    const auto& level = topic.first;
    if (level[0] != sparkplug || level[1] == "STATE" || topic.count < 4 || topic.count > 5) {
        return false;
    }
    const std::string_view type = level[2];
    const bool is_device = type.starts_with('D');
    if ((!is_device && !type.starts_with('N')) || topic.count != (is_device ? 5U : 4U))
        return false;
    bool is_known = false;
    for (const std::string_view word : letters) is_known = is_known || type.substr(1) == word;
    if (!is_known) return false;
    const auto own = parse_machine_id(machine);
    if (!own || own->group != level[1] || own->node != level[3]) return false;
    if (own->device.empty()) return true;
    return is_device && own->device == level[4];
}

bool machine_may_publish(std::string_view machine, const Levels& topic) {
    if (is_under_own_id(machine, topic)) return !is_command(topic);
    return is_own_sparkplug(machine, topic, {"BIRTH", "DATA", "DEATH"});
}

bool machine_may_receive(std::string_view machine, const Levels& topic) {
    if (is_under_own_id(machine, topic)) return true;
    if (topic.first[0] == sparkplug && topic.first[1] == "STATE") return true;
    return is_own_sparkplug(machine, topic, {"CMD"});
}

// What machine_may_receive allows, as filters below `prefix`.
std::vector<std::string> machine_filters(const std::string& prefix, std::string_view machine) {
    std::vector<std::string> filters = {prefix + "spBv1.0/STATE/#"};
    if (is_plain_level(machine)) {
        filters.push_back(prefix + std::string(json_prefix) + std::string(machine) + "/#");
    }
    const auto own = parse_machine_id(machine);
    if (!own || own->group == "STATE") return filters;
    const std::string group = prefix + "spBv1.0/" + own->group;
    if (own->device.empty()) {
        filters.push_back(group + "/NCMD/" + own->node);
        filters.push_back(group + "/DCMD/" + own->node + "/+");
    } else {
        filters.push_back(group + "/DCMD/" + own->node + "/" + own->device);
    }
    return filters;
}

bool is_default(const Principal& principal) {
    return principal.organisation == OrganisationId(1) &&
           principal.organisation_name == default_name;
}

}  // namespace

TopicRights::TopicRights(const std::vector<std::string>& organisations, std::string host_id)
    : state_topic_("spBv1.0/STATE/" + std::move(host_id)) {
    for (const std::string& name : organisations) {
        if (name != default_name) others_.insert(name);
    }
}

bool TopicRights::is_other(std::string_view level) const {
    return !others_.empty() && others_.contains(level);
}

bool TopicRights::is_of_other(const Principal& principal) const {
    return principal.organisation != OrganisationId(1) && is_other(principal.organisation_name);
}

std::string TopicRights::prefix_of(const Principal& principal) {
    return is_default(principal) ? std::string() : principal.organisation_name + "/";
}

std::string_view TopicRights::organisation_of(std::string_view topic) const {
    const std::string_view level = first_level(topic);
    return is_other(level) ? level : default_name;
}

std::optional<std::string_view> TopicRights::own_part(const Principal& principal,
                                                      std::string_view topic) const {
    if (!is_topic(topic)) return std::nullopt;
    const std::string_view level = first_level(topic);
    if (is_default(principal)) return is_other(level) ? std::nullopt : std::optional(topic);
    if (!is_of_other(principal) || level != principal.organisation_name) return std::nullopt;
    if (level.size() + 1 >= topic.size()) return std::nullopt;
    return topic.substr(level.size() + 1);
}

bool TopicRights::may_publish(const Principal& principal, std::string_view topic) const {
    if (principal.kind == PrincipalKind::node) return is_topic(topic);
    const auto own = own_part(principal, topic);
    if (!own || own->starts_with('$') || *own == state_topic_) return false;
    if (principal.is_machine()) {
        return !principal.role && machine_may_publish(principal.machine, Levels(*own));
    }
    if (may(principal, Right::publish)) return true;
    return may(principal, Right::write_tag) && is_command(Levels(*own));
}

bool TopicRights::may_receive(const Principal& principal, std::string_view topic) const {
    if (principal.kind == PrincipalKind::node) return is_topic(topic);
    const auto own = own_part(principal, topic);
    if (!own) return false;
    if (own->starts_with('$')) {
        return own->starts_with("$SYS/") && is_default(principal) && may(principal, Right::read);
    }
    if (principal.is_machine()) {
        return !principal.role && machine_may_receive(principal.machine, Levels(*own));
    }
    if (!may(principal, Right::read)) return false;
    return may(principal, Right::write_tag) || !is_command(Levels(*own));
}

bool TopicRights::may_subscribe(const Principal& principal, std::string_view filter) const {
    if (filter.starts_with("$share/")) {
        const auto slash = filter.find('/', 7);
        if (slash == filter.npos || slash == 7) return false;
        filter = filter.substr(slash + 1);
    }
    if (!is_filter(filter)) return false;
    if (principal.kind == PrincipalKind::node) return true;
    if (principal.is_machine()) return !principal.role && machine_may_subscribe(principal, filter);
    if (!may(principal, Right::read)) return false;

    const std::string_view level = first_level(filter);
    std::string_view own = filter;
    if (is_default(principal)) {
        if (level.starts_with('$')) return level == "$SYS";
        if (is_other(level)) return false;
    } else {
        if (!is_of_other(principal)) return false;
        if (level == "#") return true;
        if (level != "+" && level != principal.organisation_name) return false;
        if (level.size() + 1 >= filter.size()) return false;
        own = filter.substr(level.size() + 1);
        if (own.starts_with('$')) return false;
    }
    return may(principal, Right::write_tag) || !is_commands_only(own);
}

bool TopicRights::machine_may_subscribe(const Principal& principal, std::string_view filter) const {
    if (!is_default(principal) && !is_of_other(principal)) return false;
    for (const std::string& allowed : machine_filters(prefix_of(principal), principal.machine)) {
        if (overlap(allowed, filter)) return true;
    }
    return false;
}

}  // namespace lineshaft::trust
