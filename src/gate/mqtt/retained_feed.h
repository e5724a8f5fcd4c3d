// Retained messages on their way to one SUBSCRIBE, a slice at a time: a filter may match a million
// of them, and neither the shard that has them nor the one that sends them stops for others.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "gate/mqtt/retained.h"
#include "gate/mqtt/ring.h"
#include "gate/mqtt/session.h"

namespace lineshaft::broker {

class Hub;

/// A filter that was granted and wants retained messages.
struct RetainedWish {
    std::string filter;
    mqtt::Qos qos_max = mqtt::Qos::at_most_once;
    std::uint32_t subscription_id = 0;
};

/// What one shard found in one step.
struct RetainedSlice {
    struct Found {
        std::shared_ptr<const Publication> what;
        std::uint32_t wish = 0;  ///< index
    };
    std::vector<Found> found;
    bool is_last = true;
};

/// Where one shard is in its shelf for one SUBSCRIBE. Owner: that shard's hub.
class RetainedSearch {
public:
    explicit RetainedSearch(std::vector<RetainedWish> wishes) : wishes_(std::move(wishes)) {}
    /// Bounded in what it looks at and in the bytes it gives.
    RetainedSlice next(Hub& hub);

private:
    std::vector<RetainedWish> wishes_;
    std::uint32_t wish_ = 0;
    std::optional<RetainedShelf::Walk> walk_;
};

/// One SUBSCRIBE from its routes to its last retained message. Owner: the session's hub. What a
/// durable session gets at QoS 1 and 2 is logged before SUBACK; the rest follows SUBACK as there is
/// room for it. Over when the connection is.
struct RetainedFeed {
    SessionNumber session = 0;
    std::uint64_t number = 0;  ///< of the searches, on every hub
    std::uint16_t packet_id = 0;
    std::vector<mqtt::Reason> reasons;
    std::vector<std::string> granted;
    std::vector<RetainedWish> wishes;
    std::vector<Letter> direct;             ///< to be sent behind SUBACK
    std::vector<std::uint32_t> unfinished;  ///< hubs that have more
    bool is_answered = false;
    bool is_asking = false;  ///< a slice or its commit is under way
    bool is_over = false;
};

/// One shard's: answers SUBSCRIBEs with what is retained, and looks through its shelf for those of
/// other shards. Owner: its hub.
class RetainedFeeder {
public:
    using Ptr = std::shared_ptr<RetainedFeed>;
    explicit RetainedFeeder(Hub& hub) : hub_(hub) {}

    /// The routes of the subscriptions are on every shard.
    void begin(const Ptr& feed);
    /// SUBACK and what goes right behind it; `outcome`: of the session's record.
    void answer(const Ptr& feed, const Result<void>& outcome);
    /// Goes on with the first unfinished one of the session, if there is room.
    void go_on(Session& session);
    /// Nothing more of it is looked for.
    void end(RetainedFeed& feed);

private:
    RetainedSlice search_first(std::uint64_t number, const std::vector<RetainedWish>& wishes);
    RetainedSlice search_on(std::uint64_t number);
    void ask(const Ptr& feed, std::uint32_t from);
    void give_one();
    void take_first(const Ptr& feed, std::vector<RetainedSlice> slices);
    void take(const Ptr& feed, RetainedSlice slice);
    void on_disk(const Ptr& feed, const Result<void>& outcome);

    Hub& hub_;
    std::unordered_map<std::uint64_t, std::unique_ptr<RetainedSearch>> searches_;
    struct Asked {
        Ptr feed;
        std::uint32_t from = 0;  // the hub that asks
    };
    Ring<Asked> asked_;
    std::uint64_t next_ = 1;
};

}  // namespace lineshaft::broker
