#pragma once
#include <cstdint>
#include <list>
#include <memory>
#include <string_view>

#include "gate/mqtt/limits.h"
#include "gate/mqtt/view.h"
#include "wire/mqtt/subscription_tree.h"

namespace lineshaft::broker {

/// The last messages that are not retained, by topic, while somebody looks: the topic browser's
/// second source beside the retained ones. Off, it costs one comparison per publish and no memory.
/// Full, it forgets the topic that was silent for longest. Owner: the publishers' hub.
class RecentTopics {
public:
    explicit RecentTopics(const Limits& limits) : limits_(limits) {}

    bool is_on() const { return is_on_; }
    /// Somebody looks now: on for Limits::browse_time.
    void look(Instant now, io::Steady steady);
    /// Off, and everything forgotten, once nobody has looked for so long.
    void tick(io::Steady steady);
    /// When it was switched on.
    Instant since() const { return since_; }

    /// Something in it is to be forgotten; the rest comes again as it is published.
    void forget_all();

    void note(std::shared_ptr<const Publication> what);

    struct Entry {
        LastMessage last;
        std::size_t bytes = 0;
    };
    using Place = std::list<Entry>::iterator;
    const mqtt::TopicTree<Place>& tree() const { return tree_; }
    LastMessage find(std::string_view topic) const;
    std::size_t size() const { return entries_.size(); }
    std::size_t bytes() const { return bytes_; }

private:
    void forget_oldest();

    const Limits& limits_;
    mqtt::TopicTree<Place> tree_;
    std::list<Entry> entries_;  // the newest first
    std::size_t bytes_ = 0;
    io::Steady until_{0};
    Instant since_;
    bool is_on_ = false;
};

}  // namespace lineshaft::broker
