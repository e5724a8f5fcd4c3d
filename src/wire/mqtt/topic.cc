#include "wire/mqtt/topic.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "base/bytes.h"

namespace lineshaft::mqtt {
namespace {

// True when all eight bytes are in 0x01..0x7f.
bool is_plain_ascii(const char* eight) {
    std::uint64_t word;
    std::memcpy(&word, eight, sizeof(word));
    constexpr std::uint64_t high = 0x8080808080808080, ones = 0x0101010101010101;
    return ((word | (word - ones)) & high) == 0;
}

// Cuts the first level off `rest`. After the last level `more` is false.
std::string_view take_level(std::string_view& rest, bool& more) {
    const auto slash = rest.find('/');
    more = slash != std::string_view::npos;
    const std::string_view level = rest.substr(0, slash);
    rest.remove_prefix(more ? slash + 1 : rest.size());
    return level;
}

}  // namespace

bool is_mqtt_text(std::string_view text) {
    std::size_t at = 0;
    while (at + 8 <= text.size() && is_plain_ascii(text.data() + at)) at += 8;
    std::string_view rest = text.substr(at);
    const bool ascii = std::ranges::all_of(rest, [](char c) { return c > 0; });
    if (ascii) return true;
    return rest.find('\0') == std::string_view::npos && is_utf8(rest);
}

std::size_t count_levels(std::string_view topic) {
    return 1 + static_cast<std::size_t>(std::ranges::count(topic, '/'));
}

bool fits(std::string_view topic, const TopicLimits& limits) {
    return topic.size() <= limits.bytes_max && count_levels(topic) <= limits.levels_max;
}

bool is_topic_name(std::string_view topic) {
    return !topic.empty() && topic.find_first_of("+#") == std::string_view::npos;
}

bool has_wildcard(std::string_view filter) {
    return filter.find_first_of("+#") != std::string_view::npos;
}

bool is_topic_filter(std::string_view filter) {
    if (filter.empty()) return false;
    std::size_t at = 0;
    while ((at = filter.find_first_of("+#", at)) != std::string_view::npos) {
        const bool starts = at == 0 || filter[at - 1] == '/';
        const bool last = at + 1 == filter.size();
        const bool ends = last || (filter[at] == '+' && filter[at + 1] == '/');
        if (!starts || !ends) return false;
        ++at;
    }
    return true;
}

bool is_plain_level(std::string_view text) {
    return !text.empty() &&
           text.find_first_of(std::string_view("+#/\0", 4)) == std::string_view::npos;
}

std::optional<SharedFilter> parse_filter(std::string_view filter) {
    constexpr std::string_view prefix = "$share/";
    SharedFilter parts;
    if (filter.starts_with(prefix)) {
        filter.remove_prefix(prefix.size());
        bool more = false;
        parts.group = take_level(filter, more);
        if (!more || !is_plain_level(parts.group)) return std::nullopt;
    }
    if (!is_topic_filter(filter)) return std::nullopt;
    parts.filter = filter;
    return parts;
}

bool matches(std::string_view filter, std::string_view topic) {
    if (topic.starts_with('$') && (filter.starts_with('+') || filter.starts_with('#'))) {
        return false;
    }
    bool filter_more = true, topic_more = true;
    while (filter_more && topic_more) {
        const std::string_view want = take_level(filter, filter_more);
        if (want == "#") return true;
        const std::string_view have = take_level(topic, topic_more);
        if (want != "+" && want != have) return false;
    }
    if (topic_more) return false;
    return !filter_more || filter == "#";  // `a/#` matches `a` too (4.7.1.2)
}

bool covers(std::string_view outer, std::string_view inner) {
    if (inner.starts_with('$') && (outer.starts_with('+') || outer.starts_with('#'))) return false;
    bool outer_more = true, inner_more = true;
    while (outer_more && inner_more) {
        const std::string_view wide = take_level(outer, outer_more);
        if (wide == "#") return true;
        const std::string_view narrow = take_level(inner, inner_more);
        if (narrow == "#") return false;
        if (wide != "+" && wide != narrow) return false;
    }
    if (inner_more) return false;
    return !outer_more || outer == "#";
}

}  // namespace lineshaft::mqtt
