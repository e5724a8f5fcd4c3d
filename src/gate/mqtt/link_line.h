// Links that wait for the same thing, first come, first served.
#pragma once
#include <cstdint>

#include "gate/mqtt/link.h"
#include "gate/mqtt/ring.h"

namespace lineshaft::broker {

/// Each link is in a line at most once: it knows so by one bit per line. A link leaves its lines
/// before it ends. Owner: the hub.
class LinkLine {
public:
    explicit LinkLine(std::uint8_t bit) : bit_(bit) {}

    void add(Link& link) {
        if ((link.lines & bit_) != 0) return;
        link.lines = static_cast<std::uint8_t>(link.lines | bit_);
        line_.push_back(&link);
        ++count_;
    }
    /// The one that waits longest; null: nobody does.
    Link* pop() {
        while (!line_.empty()) {
            Link* link = line_.pop_front();
            if (link == nullptr) continue;
            out(*link);
            return link;
        }
        return nullptr;
    }
    /// Costs a walk when it is in the line.
    void remove(Link& link) {
        if ((link.lines & bit_) == 0) return;
        for (std::size_t at = 0; at < line_.size(); ++at) {
            if (line_[at] == &link) line_[at] = nullptr;
        }
        out(link);
    }
    std::size_t count() const { return count_; }
    bool empty() const { return count_ == 0; }

private:
    void out(Link& link) {
        link.lines = static_cast<std::uint8_t>(link.lines & ~bit_);
        --count_;
    }

    const std::uint8_t bit_;
    Ring<Link*> line_;
    std::size_t count_ = 0;
};

}  // namespace lineshaft::broker
