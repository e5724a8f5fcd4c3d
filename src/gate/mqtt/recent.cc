#include "gate/mqtt/recent.h"

namespace lineshaft::broker {
namespace {

constexpr std::size_t kept_overhead_bytes = 256;

// The message with as much of its payload as is kept.
std::shared_ptr<const Publication> shortened(const Publication& what, std::size_t payload_bytes) {
    auto shorter = std::make_shared<Publication>(what);
    shorter->message =
        mqtt::Message(what.message.topic(), what.message.payload().substr(0, payload_bytes),
                      what.message.properties());
    return shorter;
}

}  // namespace

void RecentTopics::look(Instant now, io::Steady steady) {
    if (!is_on_) since_ = now;
    is_on_ = true;
    until_ = steady + limits_.browse_time;
}

void RecentTopics::tick(io::Steady steady) {
    if (!is_on_ || steady < until_) return;
    is_on_ = false;
    forget_all();
}

void RecentTopics::forget_all() {
    tree_ = mqtt::TopicTree<Place>();
    entries_.clear();
    bytes_ = 0;
}

void RecentTopics::note(std::shared_ptr<const Publication> what) {
    const std::size_t payload_bytes = what->message.payload().size();
    if (payload_bytes > limits_.recent_payload_bytes_max)
        what = shortened(*what, limits_.recent_payload_bytes_max);
    const std::string_view topic = what->message.topic();
    const std::size_t bytes = what->message.bytes().size() + kept_overhead_bytes;
    if (const Place* known = tree_.find(topic)) {
        Entry& entry = **known;
        bytes_ += bytes - entry.bytes;
        entry = {{std::move(what), payload_bytes, false}, bytes};
        entries_.splice(entries_.begin(), entries_, *known);
    } else {
        entries_.push_front({{std::move(what), payload_bytes, false}, bytes});
        bytes_ += bytes;
        tree_.insert(entries_.front().last.what->message.topic(), entries_.begin());
    }
    while (entries_.size() > limits_.recent_topics_max || bytes_ > limits_.recent_bytes_max)
        forget_oldest();
}

void RecentTopics::forget_oldest() {
    tree_.erase(entries_.back().last.what->message.topic());
    bytes_ -= entries_.back().bytes;
    entries_.pop_back();
}

LastMessage RecentTopics::find(std::string_view topic) const {
    const Place* known = tree_.find(topic);
    return known == nullptr ? LastMessage{} : (*known)->last;
}

}  // namespace lineshaft::broker
