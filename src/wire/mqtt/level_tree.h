#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lineshaft::mqtt {

/// A tree of topic levels: the shape under SubscriptionTree and TopicTree, which keep values beside
/// its nodes. Nodes are numbers, edges one hash table over (parent, level), so a node costs about
/// 80 bytes and no walk recurses, however deep the topic.
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
        std::string level;
        std::uint32_t hash = 0;
        Node parent = none;
        Node first_child = none;
        Node next = none;  // sibling, or next free node
        Node previous = none;
        Node plus = none;       // the child `+`, if any
        Node hash_sign = none;  // the child `#`, if any
    };
    std::uint32_t edge_hash(Node parent, std::string_view level) const;
    Node child(Node parent, std::string_view level) const;
    Node add_child(Node parent, std::string_view level);
    Node remove_leaf(Node node);  // gives its parent
    void collect_below(Node node, bool skip_dollar, std::vector<Node>& found) const;
    void edge_insert(Node node);
    void edge_erase(Node node);
    void grow();

    std::vector<Entry> nodes_;
    std::vector<Node> edges_;  // open addressing, linear probing; size a power of two
    std::size_t edge_count_ = 0;
    std::uint64_t seed_;
    Node free_head_ = none;
    std::size_t free_count_ = 0;
    mutable std::vector<Node> frontier_, next_;  // scratch of a match, kept for its capacity
};

}  // namespace lineshaft::mqtt
