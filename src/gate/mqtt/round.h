// What one shard gathers for one commit, and what waits for it.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "gate/mqtt/broker.h"
#include "gate/mqtt/records.h"
#include "gate/mqtt/retained.h"
#include "gate/mqtt/session.h"

namespace lineshaft::broker {

/// Why and for whom something is published.
struct Origin {
    Session* session = nullptr;  ///< owes an answer to packet_id; null: the node, or a will
    std::uint16_t packet_id = 0;
    Broker::Done done;  ///< the node's
};

/// One message for one session of another shard.
struct Parcel {
    SessionNumber session = 0;
    Letter letter;
    bool has_strayed = false;
};

/// One message in a round.
struct RoundEntry {
    std::shared_ptr<const Publication> what;
    std::size_t first = 0;  // of Round::recipients
    std::size_t count = 0;
    std::size_t logged = 0;  // the first so many go through the log
    std::int64_t log_index = -1;
    std::uint32_t join = 0;
    std::uint64_t retained_version = 0;
};
/// Something a session does once the round is on disk.
struct CommitStep {
    enum class Step : std::uint8_t { nothing, transmit, release, pubcomp };
    Session* session = nullptr;
    Step step = Step::nothing;
    std::uint16_t packet_id = 0;
    std::uint64_t token = 0;
    Letter letter;
};
/// What waits for one commit.
struct Round {
    std::vector<RoundEntry> entries;
    std::vector<Recipient> recipients;
    std::vector<std::uint32_t> homes;  // by recipient, as known when it was routed
    std::vector<CommitStep> steps;
    std::vector<SessionNumber> progress;
    std::vector<SessionNumber> records;
    std::uint64_t ticket = 0;
    std::size_t log_bytes = 0;
    std::uint32_t logged_count = 0;
    bool is_open = false;
};
/// What one acknowledgement waits for.
struct Join {
    Session* session = nullptr;
    std::uint64_t sequence = 0;
    std::shared_ptr<const Publication> what;
    Broker::Done done;
    mqtt::Reason success = mqtt::Reason::success;
    std::optional<Error> error;
    std::uint32_t waits = 0;
    std::uint16_t packet_id = 0;                ///< of `tapped`
    std::shared_ptr<const Publication> tapped;  ///< goes into a round once its taps are done
};

/// Who gets the publish being routed. For QoS 0 the routes' matches themselves are used.
struct Plan {
    std::vector<Recipient> logged;  // through the log
    std::vector<Recipient> others;  // QoS 1 and 2 that are not logged, and QoS 0
    std::vector<std::uint32_t> logged_homes;
    std::vector<std::uint32_t> other_homes;
    RetainedRoom retained;   // taken for it
    std::uint64_t taps = 0;  // a bit for each that wants it
    bool is_all_local = true;
};

}  // namespace lineshaft::broker
