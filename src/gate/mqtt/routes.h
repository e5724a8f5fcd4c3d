#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/hash.h"
#include "base/number_table.h"
#include "gate/mqtt/records.h"
#include "wire/mqtt/subscription_tree.h"

namespace lineshaft::broker {

class Session;

/// How one subscription wants its messages.
struct Route {
    mqtt::Qos qos_max = mqtt::Qos::at_most_once;
    bool no_local = false;
    bool retain_as_published = false;
    std::uint32_t subscription_id = 0;  ///< 0: none
};

/// A change that every shard applies, in the order in which the session's shard sends them.
struct RouteChange {
    enum class Kind : std::uint8_t {
        add,     ///< filters with their routes; makes the session known
        remove,  ///< filters
        place,   ///< home, logged, connected of a known session; ignored for an unknown one
        forget,  ///< the session is over; filters: all it has
        full,    ///< `flag`: whether its queue takes no more
        slow,    ///< `flag`: whether its output is above the mark: senders of QoS 0 wait
    };
    struct Filter {
        std::string group;  ///< empty: not shared
        std::string filter;
        Route route;
    };
    Kind kind = Kind::add;
    bool logged = false;  ///< QoS 1 and 2 for it go through the log
    bool connected = false;
    bool flag = false;
    std::uint32_t home = 0;  ///< shard index
    SessionNumber session = 0;
    std::vector<Filter> filters;
};

/// One shard's copy of every subscription of the node. Owner: its hub. Sessions here are slots, so
/// that matching reaches a local session by one index. Limits: those of the sessions' filters.
class Routes {
public:
    using Slot = std::uint32_t;
    struct Target {
        SessionNumber session = 0;
        Session* local = nullptr;  ///< set by the session's own shard
        std::uint32_t home = 0;
        std::uint32_t filters = 0;
        std::uint32_t mark = 0;  // of the match that saw it last
        std::uint32_t mark_index = 0;
        bool logged = false;
        bool connected = false;
        bool full = false;
        bool slow = false;
    };
    /// One copy of a message for one session.
    struct Match {
        Slot slot = 0;
        mqtt::Qos qos_max = mqtt::Qos::at_most_once;
        bool retain_as_published = false;
        std::vector<std::uint32_t> subscription_ids;
    };

    /// Gives how many subscriptions there are more (or fewer) than before.
    int apply(const RouteChange& change);

    /// Who gets a message to `topic` from session `publisher`: one match per session for its own
    /// subscriptions together [MQTT-3.3.4-2..4], one more per shared subscription that chose it.
    /// Valid until the next call. A group chooses in turn, connected members first.
    std::vector<Match>& match(std::string_view topic, SessionNumber publisher);

    /// What match gave last.
    std::vector<Match>& matches() { return matches_; }

    Target& target(Slot slot) { return targets_[slot]; }
    /// Null: the session has no subscription.
    Target* find(SessionNumber session);
    std::size_t size() const { return tree_.size() + shared_size_; }

private:
    struct Member {
        Slot slot;
        Route route;
    };
    struct Group {
        std::vector<Member> members;
        std::size_t turn = 0;
    };

    static std::uint32_t hash_of(SessionNumber session);
    /// NumberTable::none: the session has no subscription.
    Slot slot_of(SessionNumber session) const;
    Slot make_slot(SessionNumber session);
    void release(Slot slot);
    bool add(Slot slot, const RouteChange::Filter& filter);
    bool remove(Slot slot, const RouteChange::Filter& filter);
    void choose(Group& group);
    void add_match(Slot slot, const Route& route, SessionNumber publisher, bool merge);

    mqtt::Pieces<Target> targets_;
    std::vector<Slot> free_slots_;
    NumberTable by_session_;  // slots
    mqtt::SubscriptionTree<Slot, Route> tree_;
    mqtt::SubscriptionTree<std::uint32_t, std::uint32_t> shared_;  // group name's number -> groups_
    struct GroupName {
        std::uint32_t number = 0;
        std::uint32_t filters = 0;
    };
    std::unordered_map<std::string, GroupName, StringHash, std::equal_to<>> group_names_;
    std::uint32_t next_group_name_ = 0;
    std::vector<Group> groups_;
    std::vector<std::uint32_t> free_groups_;
    std::size_t shared_size_ = 0;
    std::vector<Match> matches_;
    std::uint32_t mark_ = 0;
};

}  // namespace lineshaft::broker
