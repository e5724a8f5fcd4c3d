#pragma once
#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/mqtt/level_tree.h"

namespace lineshaft::mqtt {

/// Index of subscriptions: filters (without share prefix) to values, at most one value per filter
/// and key. Answers "who gets a message to this topic". Key: ordered and cheap to copy, for example
/// a session's number; for shared subscriptions use a second tree with the group as key.
/// Owner: one shard. Limits are the caller's: filters are checked (topic.h) before they come here.
/// Memory: about 50 bytes per level that no other filter shares, and an entry; a filter that more
/// than one key has keeps its entries in a list of their own.
template <std::totally_ordered Key, class Value>
class SubscriptionTree {
public:
    /// See LevelTree for the seed.
    explicit SubscriptionTree(std::uint64_t seed = 0) : tree_(seed) {}

    struct Entry {
        Key key;
        Value value;
    };

    /// Adds, or replaces the value of the same filter and key. True: it is new.
    bool insert(std::string_view filter, Key key, Value value) {
        const auto node = tree_.insert(filter);
        places_.grow_to(node + 1);
        Place& place = places_[node];
        const std::span<Entry> there = at(place);
        const auto next = lower_bound(there, key);
        if (next != there.end() && next->key == key) {
            next->value = std::move(value);
            return false;
        }
        Entry entry{std::move(key), std::move(value)};
        ++size_;
        if (place.list == empty) {
            place = {std::move(entry), single};
            return true;
        }
        const auto index = next - there.begin();
        if (place.list == single) open_list(place);
        auto& list = lists_[place.list];
        list.insert(list.begin() + index, std::move(entry));
        return true;
    }

    /// False: there was none.
    bool erase(std::string_view filter, const Key& key) {
        const auto node = tree_.find(filter);
        if (node == LevelTree::none || node >= places_.size()) return false;
        Place& place = places_[node];
        const std::span<Entry> there = at(place);
        const auto found = lower_bound(there, key);
        if (found == there.end() || found->key != key) return false;
        --size_;
        if (place.list != single) {
            auto& list = lists_[place.list];
            list.erase(list.begin() + (found - there.begin()));
            if (list.size() == 1) close_list(place);
            return true;
        }
        place = {};
        tree_.prune(node, [&](auto each) { return is_empty(each); });
        return true;
    }

    const Value* find(std::string_view filter, const Key& key) const {
        const auto node = tree_.find(filter);
        if (node == LevelTree::none || node >= places_.size()) return nullptr;
        const std::span<const Entry> there = at(places_[node]);
        const auto found = lower_bound(there, key);
        return found != there.end() && found->key == key ? &found->value : nullptr;
    }

    /// Calls visit(const Entry&) for every subscription a message to `topic` goes to: one call per
    /// matching filter, so a key with overlapping filters comes more than once. `visit` must not
    /// change the tree.
    template <class Visit>
    void match(std::string_view topic, Visit visit) const {
        found_.clear();
        tree_.match_topic(topic, found_);
        for (const auto node : found_) {
            if (node >= places_.size()) continue;
            for (const Entry& entry : at(places_[node])) visit(entry);
        }
    }

    std::size_t size() const { return size_; }
    std::size_t node_count() const { return tree_.size(); }

private:
    static constexpr std::uint32_t empty = 0xffff'ffff, single = 0xffff'fffe;
    /// A node's entries. Nearly every filter is one client's own: its entry stands here.
    struct Place {
        Entry entry{};
        std::uint32_t list = empty;  // single, or the number of the list that has them
    };

    std::span<Entry> at(Place& place) {
        if (place.list == empty) return {};
        if (place.list == single) return {&place.entry, 1};
        return lists_[place.list];
    }
    std::span<const Entry> at(const Place& place) const {
        return const_cast<SubscriptionTree*>(this)->at(const_cast<Place&>(place));
    }
    void open_list(Place& place) {
        if (free_lists_.empty()) {
            place.list = static_cast<std::uint32_t>(lists_.size());
            lists_.emplace_back();
        } else {
            place.list = free_lists_.back();
            free_lists_.pop_back();
        }
        lists_[place.list].push_back(std::move(place.entry));
    }
    // Of one entry that is left, which then stands in its place again.
    void close_list(Place& place) {
        auto& list = lists_[place.list];
        place.entry = std::move(list.front());
        list = std::vector<Entry>();
        free_lists_.push_back(std::exchange(place.list, single));
    }
    template <class Entries>
    static auto lower_bound(Entries entries, const Key& key) {
        return std::lower_bound(entries.begin(), entries.end(), key,
                                [](const Entry& entry, const Key& k) { return entry.key < k; });
    }
    bool is_empty(LevelTree::Node node) const {
        return node >= places_.size() || places_[node].list == empty;
    }

    LevelTree tree_;
    Pieces<Place> places_;  // by node
    std::vector<std::vector<Entry>> lists_;  // entries ascending by key
    std::vector<std::uint32_t> free_lists_;
    mutable std::vector<LevelTree::Node> found_;  // kept for its capacity
    std::size_t size_ = 0;
};

/// Index of topics, for retained messages: answers "which topics does this filter match".
template <class Value>
class TopicTree {
public:
    explicit TopicTree(std::uint64_t seed = 0) : tree_(seed) {}

    /// Adds or replaces. Gives the value that was there.
    std::optional<Value> insert(std::string_view topic, Value value) {
        const auto node = tree_.insert(topic);
        values_.grow_to(node + 1);
        auto before = std::exchange(values_[node], std::move(value));
        if (!before) ++size_;
        return before;
    }

    std::optional<Value> erase(std::string_view topic) {
        const auto node = tree_.find(topic);
        if (node == LevelTree::none || node >= values_.size()) return std::nullopt;
        auto before = std::exchange(values_[node], std::nullopt);
        if (!before) return before;
        --size_;
        tree_.prune(node, [&](auto n) { return n >= values_.size() || !values_[n]; });
        return before;
    }

    const Value* find(std::string_view topic) const {
        const auto node = tree_.find(topic);
        return node != LevelTree::none && node < values_.size() && values_[node] ? &*values_[node]
                                                                                 : nullptr;
    }

    /// Calls visit(const Value&) for every topic that `filter` (without share prefix) matches,
    /// in no particular order. `visit` must not change the tree. Cost for `#`: the whole tree.
    template <class Visit>
    void match(std::string_view filter, Visit visit) const {
        std::vector<LevelTree::Node> found;
        tree_.match_filter(filter, found);
        for (const auto node : found) {
            if (node < values_.size() && values_[node]) visit(*values_[node]);
        }
    }

    /// match some at a time, while the tree may change: see LevelTree::Walk.
    class Walk {
    public:
        Walk(const TopicTree& topics, std::string filter)
            : topics_(&topics), walk_(topics.tree_, std::move(filter)) {}
        /// Calls visit(const Value&) for what comes next, looking at `looks` levels at most. True:
        /// that was all. `visit` must not change the tree.
        template <class Visit>
        bool go_on(std::size_t looks, Visit visit) {
            for (auto node = walk_.next(looks); node != LevelTree::none; node = walk_.next(looks)) {
                const auto& values = topics_->values_;
                if (node < values.size() && values[node]) visit(*values[node]);
            }
            return walk_.is_done();
        }

    private:
        const TopicTree* topics_;
        LevelTree::Walk walk_;
    };

    /// Calls visit(level, has_more, const Value* or null) for the levels right below `prefix`
    /// (nothing: the first levels), in no particular order, at most `count_max` of them. False:
    /// there are more. `visit` must not change the tree.
    template <class Visit>
    bool each_below(const std::optional<std::string>& prefix, std::size_t count_max,
                    Visit visit) const {
        const auto node = prefix ? tree_.find(*prefix) : LevelTree::root;
        if (node == LevelTree::none) return true;
        return tree_.each_child(node, count_max, [&](LevelTree::Node child) {
            const Value* value =
                child < values_.size() && values_[child] ? &*values_[child] : nullptr;
            visit(tree_.level_of(child), tree_.has_children(child), value);
        });
    }

    std::size_t size() const { return size_; }
    std::size_t node_count() const { return tree_.size(); }

private:
    LevelTree tree_;
    Pieces<std::optional<Value>> values_;  // by node
    std::size_t size_ = 0;
};

}  // namespace lineshaft::mqtt
