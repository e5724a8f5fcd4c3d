// Sessions of clients (RFC 3652 2.2.5, DO-IRP 3.0): their keys, counters and who stands behind them.
#pragma once
#include <bitset>
#include <map>
#include <optional>
#include <string>

#include "gate/handle/limits.h"
#include "wire/handle/bodies.h"

namespace lineshaft::handle {

struct Session {
    std::string key{};                 ///< empty: the client has still to send it
    std::optional<Reference> who{};    ///< who proved to have that key
    io::Steady idle_max{0};
    io::Steady until{0};
    std::uint32_t challenge = 0;  ///< of a request of this session that waits for its proof
    std::uint32_t newest = 0;     ///< counter of messages
    /// Which of the counters up to `newest` were there, each at its number modulo counters_kept.
    static constexpr std::uint32_t counters_kept = 8'192;
    std::bitset<counters_kept> seen{};

    /// False: a counter that was there already, or is too old to tell. Messages may overtake each
    /// other by counters_kept - 1: over UDP, and over the connections of a pool.
    bool take_counter(std::uint32_t counter);
};

/// One shard's sessions. When there are too many, those in which nobody proved anything give way,
/// the longest idle first; never those of clients that did. Owner: the shard.
class Sessions {
public:
    Sessions(std::uint32_t shard, std::uint32_t shards, const DoorLimits& limits)
        : limits_(limits), shard_(shard), shards_(shards) {}

    /// The id of `session`, which also says on which shard it lives. `wish_s` 0: the usual life.
    /// Nothing: there are too many.
    std::optional<std::uint32_t> add(Session session, std::uint32_t wish_s, io::Steady now);
    /// Which lives on; null: there is none (any more).
    Session* find(std::uint32_t id, io::Steady now);
    void remove(std::uint32_t id) { all_.erase(id); }
    std::size_t size() const { return all_.size(); }

    /// Ids of challenges are below.
    static bool is_id(std::uint32_t id) { return (id >> 30) == 1; }
    static std::uint32_t shard_of(std::uint32_t id, std::size_t shards) {
        return (id & 0x3fff'ffff) % static_cast<std::uint32_t>(shards);
    }

private:
    bool make_room(io::Steady now);
    std::uint32_t free_id() const;

    const DoorLimits limits_;
    const std::uint32_t shard_, shards_;
    std::map<std::uint32_t, Session> all_;
};

}  // namespace lineshaft::handle
