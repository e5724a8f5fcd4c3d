// The topic browser's view of one shard: retained messages, and recent ones while somebody looks.
#include <algorithm>
#include <map>

#include "gate/mqtt/hub.h"

namespace lineshaft::broker {
namespace {

std::string below(const std::optional<std::string>& prefix, std::string_view level) {
    if (!prefix) return std::string(level);
    return *prefix + "/" + std::string(level);
}

// The newer of the two; a retained one stays marked when it is also the newest.
void prefer(LastMessage& known, LastMessage other) {
    if (!other.what) return;
    if (!known.what || known.what->received < other.what->received) known = std::move(other);
}

}  // namespace

Hub::Levels Hub::levels(const trust::Principal& who, const std::optional<std::string>& prefix,
                        const std::optional<std::string>& after, std::size_t count_max) {
    recent.look(now(), shard.clock().steady());
    struct Seen {
        LastMessage last;
        bool has_more = false;
    };
    std::map<std::string, Seen, std::less<>> seen;
    const auto see = [&](std::string_view name, bool has_more, LastMessage last) {
        if (after && name <= *after) return;
        auto at = seen.find(name);
        if (at == seen.end()) {
            if (seen.size() > count_max && name > seen.rbegin()->first) return;
            at = seen.emplace(std::string(name), Seen{}).first;
        }
        at->second.has_more = at->second.has_more || has_more;
        prefer(at->second.last, std::move(last));
        // The largest goes when there are too many; it will come with a later page.
        if (seen.size() > count_max + 1) seen.erase(std::prev(seen.end()));
    };
    Levels found;
    found.since = recent.since();
    const auto& gate = common.gatekeeper;
    const auto most = limits().browse_levels_max;
    found.is_whole = retained.each_below(
        prefix, most,
        [&](std::string_view name, bool has_more, std::shared_ptr<const Publication> what) {
            if (what &&
                (!gate.may_receive(who, what->message.topic()) || !may_show_retained(*what)))
                what = nullptr;
            // Whether there is anything below that may be seen is asked of a topic made up.
            if (has_more && !gate.may_receive(who, below(prefix, name) + "/x")) has_more = false;
            if (!what && !has_more) return;
            const std::size_t bytes = what ? what->message.payload().size() : 0;
            see(name, has_more, {std::move(what), bytes, true});
        });
    const bool all_recent = recent.tree().each_below(
        prefix, most, [&](std::string_view name, bool has_more, const RecentTopics::Place* place) {
            LastMessage last;
            if (place != nullptr && gate.may_receive(who, (*place)->last.what->message.topic()))
                last = (*place)->last;
            if (has_more && !gate.may_receive(who, below(prefix, name) + "/x")) has_more = false;
            if (last.what || has_more) see(name, has_more, std::move(last));
        });
    found.is_whole = found.is_whole && all_recent;
    for (auto& [name, what] : seen) {
        found.levels.push_back({name, below(prefix, name), what.has_more, std::move(what.last)});
    }
    return found;
}

LastMessage Hub::last_message(const trust::Principal& who, const std::string& topic) {
    recent.look(now(), shard.clock().steady());
    if (!common.gatekeeper.may_receive(who, topic)) return {};
    LastMessage last = recent.find(topic);
    if (owner_of(topic) != index) return last;
    auto kept = retained.find(topic);
    if (!kept || !may_show_retained(*kept)) return last;
    const std::size_t bytes = kept->message.payload().size();
    prefer(last, {std::move(kept), bytes, true});
    return last;
}

}  // namespace lineshaft::broker
