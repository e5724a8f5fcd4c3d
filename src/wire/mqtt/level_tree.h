#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/compact_text.h"
#include "base/number_table.h"
#include "wire/mqtt/pieces.h"

namespace lineshaft::mqtt {

/// A tree of topic levels: the shape under SubscriptionTree and TopicTree, which keep values beside
/// its nodes. Nodes are numbers, edges hash tables over (parent, level), so a node costs about
/// 50 bytes and no walk recurses, however deep the topic. No change costs more with a million nodes
/// than with few: nothing is copied whole.
class LevelTree {
public:
    using Node = std::uint32_t;
    static constexpr Node none = 0xffff'ffff;
    static constexpr Node root = 0;

    /// `seed`: unpredictable where strangers choose the topics, so that they cannot choose levels
    /// whose hashes collide.
    explicit LevelTree(std::uint64_t seed = 0);

    /// The node of `path`, made if it is not there. New nodes may reuse numbers that `prune` freed.
    Node insert(std::string_view path);
    Node find(std::string_view path) const;
    /// Frees `node` and its ancestors as long as they have no child and `is_empty(ancestor)`.
    template <class IsEmpty>
    void prune(Node node, IsEmpty is_empty) {
        while (node != root && nodes_[node].first_child == none && is_empty(node)) {
            node = remove_leaf(node);
        }
    }

    /// The nodes whose path, read as a filter, matches `topic`. Appends to `found`.
    /// Cost: levels x nodes that match so far.
    void match_topic(std::string_view topic, std::vector<Node>& found) const;
    /// The nodes whose path, read as a topic, is matched by `filter`; inner nodes included.
    void match_filter(std::string_view filter, std::vector<Node>& found) const;
    class Walk;

    /// Calls visit(child) for the children of `node` in no particular order, at most `count_max`.
    /// False: there are more.
    template <class Visit>
    bool each_child(Node node, std::size_t count_max, Visit visit) const {
        for (Node child = nodes_[node].first_child; child != none; child = nodes_[child].next) {
            if (count_max-- == 0) return false;
            visit(child);
        }
        return true;
    }
    std::string_view level_of(Node node) const { return nodes_[node].level; }
    bool has_children(Node node) const { return nodes_[node].first_child != none; }

    std::string path_of(Node node) const;
    /// One past the largest node number in use, for tables beside the tree.
    std::size_t capacity() const { return nodes_.size(); }
    std::size_t size() const { return nodes_.size() - free_count_; }

private:
    struct Entry {
        CompactText level;
        std::uint32_t hash = 0;
        Node parent = none;
        Node first_child = none;
        Node next = none;  // sibling, or next free node
        Node previous = none;
        Node plus = none;       // the child `+`, if any
        Node hash_sign = none;  // the child `#`, if any
        mutable std::uint32_t awaited = 0;  // walks that will look at it next
    };
    /// The walks over this tree; a tree that goes or is moved from leaves them at their end.
    struct Walks {
        Walks() = default;
        Walks(Walks&& other) noexcept { other.end_all(); }
        Walks& operator=(Walks&& other) noexcept {
            end_all();
            other.end_all();
            return *this;
        }
        ~Walks() { end_all(); }
        void end_all();
        std::vector<Walk*> list;
    };
    static constexpr unsigned edge_parts_log2 = 6;
    NumberTable& edges_of(std::uint32_t hash) { return edges_[hash >> (32 - edge_parts_log2)]; }
    const NumberTable& edges_of(std::uint32_t hash) const {
        return edges_[hash >> (32 - edge_parts_log2)];
    }
    std::uint32_t edge_hash(Node parent, std::string_view level) const;
    Node child(Node parent, std::string_view level) const;
    Node add_child(Node parent, std::string_view level);
    Node remove_leaf(Node node);  // gives its parent

    Pieces<Entry> nodes_;
    // In parts that grow one at a time: making one table of a million edges twice as large takes
    // tenths of a second.
    std::array<NumberTable, 1 << edge_parts_log2> edges_;
    std::uint64_t seed_;
    Node free_head_ = none;
    std::size_t free_count_ = 0;
    mutable std::vector<Node> frontier_, next_;  // scratch of a match, kept for its capacity
    mutable Walks walks_;
};

/// match_filter some at a time, while the tree may change: what is there from the first step to the
/// last is found exactly once, what comes or goes meanwhile once or not at all. Depth of its memory:
/// the levels of the tree. Ends early when the tree is destroyed or moved from.
class LevelTree::Walk {
public:
    Walk(const LevelTree& tree, std::string filter);
    ~Walk();
    Walk(const Walk&) = delete;

    /// The next node; none: `looks` is zero, or that was all. Takes from `looks` one for each node
    /// looked at.
    Node next(std::size_t& looks);
    bool is_done() const { return frames_.empty(); }

private:
    friend class LevelTree;
    struct Frame {
        Node at = none;  // looked at next
        std::uint32_t level = 0;
        bool is_only = false;  // without its siblings
        bool takes_all = false;
        bool skips_dollar = false;  // [MQTT-4.7.2-1]
    };
    void push(Frame frame);
    void move(Frame& frame, Node to);
    bool descend(Node node, std::uint32_t level);
    void leave(Node node);  // it is about to go

    const LevelTree* tree_;
    const std::string filter_;
    std::vector<std::string_view> levels_;
    std::vector<Frame> frames_;
};

}  // namespace lineshaft::mqtt
