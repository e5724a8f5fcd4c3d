// Idea: a node is a number; its level's text, parent and sibling links stand in one vector, and all
// edges of the whole tree in one hash table keyed by (parent, level). `+` and `#` children are also
// kept by name, because every match asks for them.
// Example: `a/+/c` and `a/b` are five nodes: root, a, +, c, b; looking for topic `a/b/c` asks the
// table for (root, a), (a, b), (+, c) and finds node c through the `+` link.
// Complexity: insert and find are linear in the levels; match_topic visits at most the nodes whose
// path matches a prefix of the topic: 2^depth for subscriptions made to hurt, bounded by nodes.
#include "wire/mqtt/level_tree.h"

#include <utility>

#include "base/hash.h"

namespace lineshaft::mqtt {
namespace {

// Calls visit(level, is_last) until it gives false.
template <class Visit>
void for_each_level(std::string_view path, Visit visit) {
    while (true) {
        const auto slash = path.find('/');
        const bool last = slash == std::string_view::npos;
        if (!visit(path.substr(0, slash), last) || last) return;
        path.remove_prefix(slash + 1);
    }
}

}  // namespace

LevelTree::LevelTree(std::uint64_t seed) : nodes_(1), edges_(16, none), seed_(seed) {}

std::uint32_t LevelTree::edge_hash(Node parent, std::string_view level) const {
    return static_cast<std::uint32_t>(hash64(level, seed_ + parent));
}

LevelTree::Node LevelTree::child(Node parent, std::string_view level) const {
    const std::uint32_t hash = edge_hash(parent, level);
    const std::size_t mask = edges_.size() - 1;
    for (std::size_t at = hash & mask; edges_[at] != none; at = (at + 1) & mask) {
        const Entry& entry = nodes_[edges_[at]];
        if (entry.hash == hash && entry.parent == parent && entry.level == level) return edges_[at];
    }
    return none;
}

void LevelTree::edge_insert(Node node) {
    const std::size_t mask = edges_.size() - 1;
    std::size_t at = nodes_[node].hash & mask;
    while (edges_[at] != none) at = (at + 1) & mask;
    edges_[at] = node;
    ++edge_count_;
}

// Linear probing without tombstones: later members of the run move up when they may.
void LevelTree::edge_erase(Node node) {
    const std::size_t mask = edges_.size() - 1;
    std::size_t hole = nodes_[node].hash & mask;
    while (edges_[hole] != node) hole = (hole + 1) & mask;
    for (std::size_t at = (hole + 1) & mask; edges_[at] != none; at = (at + 1) & mask) {
        const std::size_t home = nodes_[edges_[at]].hash & mask;
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            edges_[hole] = edges_[at];
            hole = at;
        }
    }
    edges_[hole] = none;
    --edge_count_;
}

void LevelTree::grow() {
    const std::vector<Node> before =
        std::exchange(edges_, std::vector<Node>(edges_.size() * 2, none));
    edge_count_ = 0;
    for (const Node node : before) {
        if (node != none) edge_insert(node);
    }
}

LevelTree::Node LevelTree::add_child(Node parent, std::string_view level) {
    if ((edge_count_ + 1) * 4 > edges_.size() * 3) grow();
    Node node = free_head_;
    if (node != none) {
        free_head_ = nodes_[node].next;
        --free_count_;
        nodes_[node] = Entry{};
    } else {
        node = static_cast<Node>(nodes_.size());
        nodes_.emplace_back();
    }
    Entry& entry = nodes_[node];
    entry.level = level;
    entry.hash = edge_hash(parent, level);
    entry.parent = parent;
    entry.next = nodes_[parent].first_child;
    if (entry.next != none) nodes_[entry.next].previous = node;
    nodes_[parent].first_child = node;
    if (level == "+") nodes_[parent].plus = node;
    if (level == "#") nodes_[parent].hash_sign = node;
    edge_insert(node);
    return node;
}

LevelTree::Node LevelTree::remove_leaf(Node node) {
    edge_erase(node);
    Entry& entry = nodes_[node];
    const Node parent = entry.parent;
    if (entry.previous != none) {
        nodes_[entry.previous].next = entry.next;
    } else {
        nodes_[parent].first_child = entry.next;
    }
    if (entry.next != none) nodes_[entry.next].previous = entry.previous;
    if (nodes_[parent].plus == node) nodes_[parent].plus = none;
    if (nodes_[parent].hash_sign == node) nodes_[parent].hash_sign = none;
    entry = Entry{};
    entry.next = free_head_;
    free_head_ = node;
    ++free_count_;
    return parent;
}

LevelTree::Node LevelTree::insert(std::string_view path) {
    Node node = root;
    for_each_level(path, [&](std::string_view level, bool) {
        const Node next = child(node, level);
        node = next != none ? next : add_child(node, level);
        return true;
    });
    return node;
}

LevelTree::Node LevelTree::find(std::string_view path) const {
    Node node = root;
    for_each_level(path, [&](std::string_view level, bool) {
        node = child(node, level);
        return node != none;
    });
    return node;
}

void LevelTree::match_topic(std::string_view topic, std::vector<Node>& found) const {
    auto& frontier = frontier_;  // nodes whose path matches the levels so far
    auto& next = next_;
    frontier.assign(1, root);
    bool first = true;
    const bool dollar = topic.starts_with('$');
    for_each_level(topic, [&](std::string_view level, bool last) {
        const bool wild = !(first && dollar);  // [MQTT-4.7.2-1]
        first = false;
        next.clear();
        for (const Node node : frontier) {
            const Entry& entry = nodes_[node];
            if (entry.first_child == none) continue;
            if (wild && entry.hash_sign != none) found.push_back(entry.hash_sign);
            if (wild && entry.plus != none) next.push_back(entry.plus);
            if (const Node exact = child(node, level); exact != none) next.push_back(exact);
        }
        frontier.swap(next);
        if (last) {
            for (const Node node : frontier) {
                found.push_back(node);
                if (nodes_[node].hash_sign != none) found.push_back(nodes_[node].hash_sign);
            }
        }
        return !frontier.empty();
    });
}

// Every node below `node`, without itself; of the first level those that begin with '$' are left
// out if `skip_dollar`.
void LevelTree::collect_below(Node node, bool skip_dollar, std::vector<Node>& found) const {
    std::size_t at = found.size();
    const auto add_children = [&](Node parent, bool skip) {
        for (Node each = nodes_[parent].first_child; each != none; each = nodes_[each].next) {
            if (!(skip && nodes_[each].level.starts_with('$'))) found.push_back(each);
        }
    };
    add_children(node, skip_dollar);
    for (; at < found.size(); ++at) add_children(found[at], false);
}

void LevelTree::match_filter(std::string_view filter, std::vector<Node>& found) const {
    auto& frontier = frontier_;
    auto& next = next_;
    frontier.assign(1, root);
    for_each_level(filter, [&](std::string_view level, bool last) {
        next.clear();
        for (const Node node : frontier) {
            const bool at_root = node == root;
            if (level == "#") {
                if (!at_root) found.push_back(node);  // `a/#` matches `a` too
                collect_below(node, at_root, found);
            } else if (level == "+") {
                for (Node each = nodes_[node].first_child; each != none; each = nodes_[each].next) {
                    if (!(at_root && nodes_[each].level.starts_with('$'))) next.push_back(each);
                }
            } else if (const Node exact = child(node, level); exact != none) {
                next.push_back(exact);
            }
        }
        frontier.swap(next);
        if (last && level != "#") found.insert(found.end(), frontier.begin(), frontier.end());
        return !frontier.empty();
    });
}

std::string LevelTree::path_of(Node node) const {
    std::vector<Node> up;
    for (; node != root && node != none; node = nodes_[node].parent) up.push_back(node);
    std::string path;
    for (std::size_t index = up.size(); index-- > 0;) {
        path.append(nodes_[up[index]].level);
        if (index > 0) path.push_back('/');
    }
    return path;
}

}  // namespace lineshaft::mqtt
