#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gate/mqtt/records.h"
#include "gate/mqtt/tap.h"
#include "io/shared_rate.h"
#include "store/store.h"
#include "wire/mqtt/subscription_tree.h"

namespace lineshaft::broker {

/// Places and bytes of retained messages.
struct RetainedRoom {
    std::int64_t count = 0;
    std::int64_t bytes = 0;
    std::int64_t quota_bytes = 0;  ///< also taken from the quota of the publisher's organisation
    /// What one message takes.
    static RetainedRoom of(std::size_t message_bytes) {
        return {1, static_cast<std::int64_t>(message_bytes), 0};
    }
};

/// What the shelves of all shards together may hold: room is taken before a message is promised to
/// be kept, so the limits are never exceeded. Thread-safe.
class RetainedBudget {
public:
    RetainedBudget(std::size_t count_max, std::size_t bytes_max)
        : count_(static_cast<std::int64_t>(count_max)),
          bytes_(static_cast<std::int64_t>(bytes_max)) {}

    /// The room asked for, taken; nothing: there is not so much.
    std::optional<RetainedRoom> take(RetainedRoom room) {
        if (!count_.take(room.count)) return std::nullopt;
        if (bytes_.take(room.bytes)) return room;
        count_.add(-room.count);
        return std::nullopt;
    }
    void give_back(RetainedRoom room) { add({-room.count, -room.bytes, 0}); }
    /// Without asking: what is there already.
    void add(RetainedRoom room) {
        count_.add(room.count);
        bytes_.add(room.bytes);
    }
    std::int64_t count() const { return count_.taken(); }
    std::int64_t bytes() const { return bytes_.taken(); }

private:
    io::SharedBudget count_, bytes_;
};

/// The retained messages of the topics that hash to one shard. Each change has a version (a store
/// ticket) under a key of its own, so that any shard can write it in the round of the publish; the
/// largest version counts, here and in the store, and the older ones are removed once it is on
/// disk. Owner: that shard's hub.
class RetainedShelf {
    struct Kept {
        std::shared_ptr<const Publication> what;  // empty payload: deleted, not yet on disk
        std::uint64_t version = 0;
        std::vector<std::uint64_t> stale;  // older versions that may be in the store
    };

public:
    /// Told by how many bytes what an organisation has retained grew or shrank.
    using Changed = std::function<void(OrganisationId, std::int64_t bytes)>;
    /// `budget` outlives the shelf.
    explicit RetainedShelf(RetainedBudget& budget, Changed changed = {})
        : budget_(budget), changed_(std::move(changed)) {}

    /// Room for a message of `bytes` for `topic`, which may replace one, taken; nothing: there is
    /// none. Goes to the next set().
    std::optional<RetainedRoom> take_room(std::string_view topic, std::size_t bytes) const;
    /// By how much a message of `bytes` would add to what `organisation` keeps.
    std::int64_t bytes_more(OrganisationId organisation, std::string_view topic,
                            std::size_t bytes) const;
    /// An empty payload deletes. Nothing happens when a newer version is there. `room` was taken
    /// for it; what it does not need is given back.
    void set(std::shared_ptr<const Publication> what, std::uint64_t version,
             RetainedRoom room = {});
    /// `version` of `topic` is on disk: older ones may be removed from there.
    void committed(std::string_view topic, std::uint64_t version);
    /// `version` could not be written: what the store has counts again.
    /// `before` are the older versions found there.
    struct Version {
        std::shared_ptr<const Publication> what;
        std::uint64_t version = 0;
    };
    void refused(std::string_view topic, std::uint64_t version, std::vector<Version> before);
    /// For load(): in the order of the keys.
    void load(std::shared_ptr<const Publication> what, std::uint64_t version);

    /// Null: none.
    std::shared_ptr<const Publication> find(std::string_view topic) const;
    /// The messages of topics that `filter` matches.
    void match(std::string_view filter,
               std::vector<std::shared_ptr<const Publication>>& found) const;

    /// match some at a time, while the shelf may change: see LevelTree::Walk.
    class Walk {
    public:
        Walk(const RetainedShelf& shelf, std::string filter)
            : walk_(shelf.tree_, std::move(filter)) {}
        template <class Visit>
        bool go_on(std::size_t looks, Visit visit) {
            return walk_.go_on(looks, [&visit](const std::shared_ptr<Kept>& kept) {
                if (!kept->what->message.payload().empty()) visit(kept->what);
            });
        }

    private:
        mqtt::TopicTree<std::shared_ptr<Kept>>::Walk walk_;
    };

    /// As TopicTree::each_below, with the message or null.
    template <class Visit>
    bool each_below(const std::optional<std::string>& prefix, std::size_t count_max,
                    Visit visit) const {
        return tree_.each_below(prefix, count_max,
                                [&](std::string_view name, bool has_more, const auto* kept) {
                                    std::shared_ptr<const Publication> what;
                                    if (kept != nullptr) what = (*kept)->what;
                                    if (what && what->message.payload().empty()) what = nullptr;
                                    visit(name, has_more, std::move(what));
                                });
    }

    /// Removes from the store what is not needed any more.
    void seal(store::Batch& batch);
    bool has_litter() const { return !litter_.empty(); }

    std::size_t count() const { return count_; }
    std::size_t bytes() const { return bytes_; }

private:
    void count_in(const Publication& what);
    void count_out(const Publication& what);
    void drop(std::string_view topic, const Kept& kept);

    RetainedBudget& budget_;
    Changed changed_;
    mqtt::TopicTree<std::shared_ptr<Kept>> tree_;
    std::vector<std::string> litter_;  // keys to remove
    std::size_t count_ = 0;
    std::size_t bytes_ = 0;
};

}  // namespace lineshaft::broker
