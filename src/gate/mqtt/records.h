// What the broker keeps in the store, as values and bytes: docs/formats/mqtt.md. Pure.
#pragma once
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gate/mqtt/tap.h"
#include "wire/mqtt/flows.h"
#include "wire/mqtt/packet.h"

namespace lineshaft::broker {

using SessionNumber = std::uint64_t;  ///< a store ticket, so unique over all runs

/// Where a logged message stands: shard `log` wrote record `ticket`, the message is its `index`th.
/// Positions of one log are ordered as they were written. ticket 0: not in a log.
struct Position {
    std::uint64_t ticket = 0;
    std::uint32_t index = 0;
    std::uint16_t log = 0;

    bool is_logged() const { return ticket != 0; }
    auto operator<=>(const Position&) const = default;
};

/// One session a logged message is for, and how it is to be sent there.
struct Recipient {
    SessionNumber session = 0;
    mqtt::Qos qos = mqtt::Qos::at_most_once;
    bool retain = false;
    std::vector<std::uint32_t> subscription_ids = {};
    bool operator==(const Recipient&) const = default;
};

// ---- mqtt.messages ---------------------------------------------------------------------------

std::string message_key(std::uint16_t log, std::uint64_t ticket);
/// Nothing: not such a key.
std::optional<Position> parse_message_key(std::string_view key);

/// Builds one record of a round.
class MessageRecord {
public:
    void add(std::uint32_t index, const std::vector<Recipient>& recipients,
             const Publication& what);
    /// The same, from a range.
    void add(std::uint32_t index, const Recipient* first, std::size_t count,
             const Publication& what);
    std::size_t count() const { return count_; }
    std::size_t size_bytes() const { return sets_.size() + entries_.size(); }
    std::string finish() const;

private:
    std::string sets_;
    std::string entries_;
    std::string last_set_;
    std::string scratch_;
    std::uint32_t set_count_ = 0;
    std::uint32_t count_ = 0;
};

/// Reads one record. Views into bytes that the caller keeps.
class MessageRecordView {
public:
    struct Entry {
        std::uint32_t index = 0;
        std::uint32_t set = 0;
        mqtt::Qos qos = mqtt::Qos::at_most_once;
        bool retain = false;
        Instant received;
        Instant expires{0};
        std::uint32_t topic_bytes = 0;
        std::uint32_t properties_bytes = 0;
        std::string_view bytes;  ///< topic, properties, payload
    };
    /// corrupt: the first thing that makes no sense.
    static Result<MessageRecordView> parse(std::string_view bytes);

    const std::vector<std::vector<Recipient>>& sets() const { return sets_; }
    const std::vector<Entry>& entries() const { return entries_; }
    static std::shared_ptr<const Publication> publication(const Entry& entry);

private:
    std::vector<std::vector<Recipient>> sets_;
    std::vector<Entry> entries_;
};

// ---- mqtt.sessions ---------------------------------------------------------------------------

std::string session_key(SessionNumber session);
std::string progress_key(SessionNumber session);
std::string damaged_key(std::string_view key);
enum class SessionKeyKind : std::uint8_t { session = 1, progress = 2, damaged = 0xff };
struct SessionKey {
    SessionKeyKind kind;
    SessionNumber session;
};
std::optional<SessionKey> parse_session_key(std::string_view key);

/// Who a durable session belongs to and what it wants. Written when that changes.
struct SessionRecord {
    OrganisationId organisation{1};
    std::string client_id;
    std::string principal;  ///< Gatekeeper::reference
    mqtt::Version version = mqtt::Version::v3_1_1;
    std::uint32_t expiry_s = 0;
    Instant disconnected{0};  ///< zero: connected when written
    std::vector<mqtt::Subscription> subscriptions;
    std::vector<std::uint32_t> subscription_ids;  ///< one per subscription, 0: none
    std::optional<mqtt::Will> will;
    bool operator==(const SessionRecord&) const = default;
};
std::string encode(const SessionRecord& record);
Result<SessionRecord> decode_session(std::string_view bytes);

/// How far it is. Everything at or before a cursor, and every position in `done`, is finished.
struct ProgressRecord {
    struct Flow {
        std::uint16_t packet_id = 0;
        mqtt::Qos qos = mqtt::Qos::at_least_once;
        mqtt::Stage stage = mqtt::Stage::assigned;
        Position position;
        bool operator==(const Flow&) const = default;
    };
    std::vector<Position> cursors;  ///< one per log
    std::vector<Position> done;
    std::vector<Flow> flows;  ///< outbound, in order of assignment
    std::vector<std::uint16_t> inbound_qos2;
    bool operator==(const ProgressRecord&) const = default;
};
std::string encode(const ProgressRecord& record);
Result<ProgressRecord> decode_progress(std::string_view bytes);

// ---- mqtt.retained ---------------------------------------------------------------------------

/// One version of a topic's retained message; the largest version counts. An empty payload is a
/// deletion that has not been cleaned up yet.
struct RetainedRecord {
    std::string publisher;  ///< Gatekeeper::reference; empty: the node
    Instant received;
    Instant expires{0};
    mqtt::Qos qos = mqtt::Qos::at_most_once;
    mqtt::Message message;
    bool operator==(const RetainedRecord&) const = default;
};
std::string retained_key(std::string_view topic, std::uint64_t version);
struct RetainedKey {
    std::string_view topic;
    std::uint64_t version;
};
std::optional<RetainedKey> parse_retained_key(std::string_view key);
std::string encode(const RetainedRecord& record);
Result<RetainedRecord> decode_retained(std::string_view bytes);

}  // namespace lineshaft::broker
