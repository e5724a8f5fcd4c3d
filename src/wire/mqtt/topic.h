// Topic names and filters (MQTT 5.0 4.7 and 4.8; 3.1.1 4.7).
#pragma once
#include <cstddef>
#include <optional>
#include <string_view>

namespace lineshaft::mqtt {

struct TopicLimits {
    std::size_t bytes_max = 1024;
    std::size_t levels_max = 32;  ///< `a/b/c` has three
};

/// UTF-8 as MQTT wants it: well-formed, no surrogates, no U+0000 [MQTT-1.5.4-1, -2].
bool is_mqtt_text(std::string_view text);

/// Levels in a name or filter: one more than it has '/'.
std::size_t count_levels(std::string_view topic);
bool fits(std::string_view topic, const TopicLimits& limits);

/// A name one may publish to: not empty, no `+` or `#` [MQTT-4.7.3-1, 3.3.2-2]. UTF-8 is the
/// caller's to check.
bool is_topic_name(std::string_view topic);

/// A filter without share prefix: not empty, `#` alone in the last level, `+` alone in its level.
bool is_topic_filter(std::string_view filter);
bool has_wildcard(std::string_view filter);

/// True when `text` may stand for one level of a pattern: not empty, and without '+', '#', '/'
/// and U+0000. Check a user name or client id with this before it replaces %u or %c in a right.
bool is_plain_level(std::string_view text);

/// `filter` taken apart; views into it.
struct SharedFilter {
    std::string_view group;  ///< empty: not shared
    std::string_view filter;
    bool is_shared() const { return !group.empty(); }
    bool operator==(const SharedFilter&) const = default;
};

/// Takes `$share/group/filter` apart and checks both parts; a filter without that prefix is
/// returned with an empty group. Nothing: not a valid filter (4.7.1, 4.8.2).
std::optional<SharedFilter> parse_filter(std::string_view filter);

/// True when a message to `topic` goes to a subscription of `filter` (without share prefix).
/// A topic that begins with '$' is not matched by a leading wildcard [MQTT-4.7.2-1].
/// Linear, no recursion. Both must be valid.
bool matches(std::string_view filter, std::string_view topic);

/// True when every topic that `inner` matches is also matched by `outer`: for rights on filters.
/// On the safe side: `+/#` is not said to cover `#`.
bool covers(std::string_view outer, std::string_view inner);

}  // namespace lineshaft::mqtt
