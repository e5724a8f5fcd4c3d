// Idea: a node is a number; its level's text, parent and sibling links stand in one table, and all
// edges of the whole tree in hash tables keyed by (parent, level). `+` and `#` children are also
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

LevelTree::LevelTree(std::uint64_t seed) : seed_(seed) {
    nodes_.grow_to(1);
}

std::uint32_t LevelTree::edge_hash(Node parent, std::string_view level) const {
    return static_cast<std::uint32_t>(hash64(level, seed_ + parent));
}

LevelTree::Node LevelTree::child(Node parent, std::string_view level) const {
    const std::uint32_t hash = edge_hash(parent, level);
    return edges_of(hash).find(hash, [&](Node node) {
        const Entry& entry = nodes_[node];
        return entry.hash == hash && entry.parent == parent && entry.level == level;
    });
}

LevelTree::Node LevelTree::add_child(Node parent, std::string_view level) {
    Node node = free_head_;
    if (node != none) {
        free_head_ = nodes_[node].next;
        --free_count_;
        nodes_[node] = Entry{};
    } else {
        node = static_cast<Node>(nodes_.size());
        nodes_.grow_to(nodes_.size() + 1);
    }
    Entry& entry = nodes_[node];
    entry.level = CompactText(level);
    entry.hash = edge_hash(parent, level);
    entry.parent = parent;
    entry.next = nodes_[parent].first_child;
    if (entry.next != none) nodes_[entry.next].previous = node;
    nodes_[parent].first_child = node;
    if (level == "+") nodes_[parent].plus = node;
    if (level == "#") nodes_[parent].hash_sign = node;
    edges_of(entry.hash).insert(entry.hash, node, [this](Node each) { return nodes_[each].hash; });
    return node;
}

LevelTree::Node LevelTree::remove_leaf(Node node) {
    Entry& entry = nodes_[node];
    edges_of(entry.hash).erase(entry.hash, node, [this](Node each) { return nodes_[each].hash; });
    if (entry.awaited != 0) {
        for (Walk* walk : walks_.list) walk->leave(node);
    }
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

void LevelTree::match_filter(std::string_view filter, std::vector<Node>& found) const {
    Walk walk(*this, std::string(filter));
    std::size_t looks = nodes_.size() + 1;
    for (Node node = walk.next(looks); node != none; node = walk.next(looks)) found.push_back(node);
}

std::string LevelTree::path_of(Node node) const {
    std::vector<Node> up;
    for (; node != root && node != none; node = nodes_[node].parent) up.push_back(node);
    std::string path;
    for (std::size_t index = up.size(); index-- > 0;) {
        path.append(nodes_[up[index]].level.view());
        if (index > 0) path.push_back('/');
    }
    return path;
}

// ---- Walks -----------------------------------------------------------------------------------

void LevelTree::Walks::end_all() {
    for (Walk* walk : list) {
        walk->tree_ = nullptr;
        walk->frames_.clear();
    }
    list.clear();
}

LevelTree::Walk::Walk(const LevelTree& tree, std::string filter)
    : tree_(&tree), filter_(std::move(filter)) {
    for_each_level(filter_, [this](std::string_view level, bool) {
        levels_.push_back(level);
        return true;
    });
    tree.walks_.list.push_back(this);
    descend(root, 0);
}

LevelTree::Walk::~Walk() {
    if (tree_ == nullptr) return;
    for (Frame& frame : frames_) move(frame, none);
    std::erase(tree_->walks_.list, this);
}

void LevelTree::Walk::move(Frame& frame, Node to) {
    if (frame.at != none) --tree_->nodes_[frame.at].awaited;
    frame.at = to;
    if (to != none) ++tree_->nodes_[to].awaited;
}

void LevelTree::Walk::push(Frame frame) {
    const Node first = std::exchange(frame.at, none);
    if (first == none) return;
    frames_.push_back(frame);
    move(frames_.back(), first);
}

// Looks below `node` for the filter's level of that number next. True: `node` itself is found, too.
bool LevelTree::Walk::descend(Node node, std::uint32_t level) {
    const std::string_view text = levels_[level];
    const bool is_root = node == root;
    const Node first = tree_->nodes_[node].first_child;
    if (text == "#") {
        push({.at = first, .takes_all = true, .skips_dollar = is_root});
        return !is_root;  // `a/#` matches `a`, too
    }
    if (text == "+") {
        push({.at = first, .level = level, .skips_dollar = is_root});
    } else {
        push({.at = tree_->child(node, text), .level = level, .is_only = true});
    }
    return false;
}

LevelTree::Node LevelTree::Walk::next(std::size_t& looks) {
    while (!frames_.empty() && looks > 0) {
        Frame& top = frames_.back();
        const Node node = top.at;
        if (node == none) {
            frames_.pop_back();
            continue;
        }
        --looks;
        const Entry& entry = tree_->nodes_[node];
        const Frame here = top;
        move(top, here.is_only ? none : entry.next);
        if (here.skips_dollar && entry.level.view().starts_with('$')) continue;
        if (here.takes_all) {
            push({.at = entry.first_child, .takes_all = true});
            return node;
        }
        if (here.level + 1 == levels_.size()) return node;
        if (descend(node, here.level + 1)) return node;
    }
    while (!frames_.empty() && frames_.back().at == none) frames_.pop_back();
    return none;
}

void LevelTree::Walk::leave(Node node) {
    for (Frame& frame : frames_) {
        if (frame.at == node) move(frame, frame.is_only ? none : tree_->nodes_[node].next);
    }
}

}  // namespace lineshaft::mqtt
