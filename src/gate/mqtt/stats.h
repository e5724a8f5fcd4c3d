#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace lineshaft::broker {

/// Counters since start and gauges (marked), summed over shards by Broker::stats. Nothing is
/// refused or dropped without one of them.
struct Stats {
    // Gauges.
    std::uint64_t connections = 0;
    std::uint64_t sessions = 0;  ///< connected and sleeping
    std::uint64_t durable_sessions = 0;
    std::uint64_t subscriptions = 0;
    std::uint64_t retained_count = 0;
    std::uint64_t retained_bytes = 0;
    std::uint64_t queued_bytes = 0;       ///< owed to sessions, on disk or in memory
    std::uint64_t full_sessions = 0;      ///< at their queue limit
    std::uint64_t paused_publishers = 0;  ///< 3.1.1 clients not read because a session is full
    std::uint64_t log_bytes = 0;          ///< in mqtt.messages, not trimmed
    std::uint64_t load_level = 0;         ///< LoadLevel of the most loaded shard
    std::uint64_t loop_lag_ms = 0;        ///< of the most loaded shard
    std::uint64_t recent_topics = 0;      ///< remembered for the topic browser

    // Traffic.
    std::uint64_t connects = 0;
    std::uint64_t received_qos0 = 0, received_qos1 = 0, received_qos2 = 0;
    std::uint64_t received_bytes = 0;  ///< topics and payloads
    std::uint64_t sent_qos0 = 0, sent_qos1 = 0, sent_qos2 = 0;
    std::uint64_t sent_bytes = 0;
    std::uint64_t logged_messages = 0;
    std::uint64_t logged_bytes = 0;
    std::uint64_t rounds = 0;  ///< log records written
    std::uint64_t rewritten_records = 0;
    std::uint64_t taken_over = 0;
    std::uint64_t wills_published = 0;

    // Refused.
    std::uint64_t connects_refused_rate = 0;        ///< too many from one address
    std::uint64_t connects_refused_unaccepted = 0;  ///< too many sockets without CONNECT
    std::uint64_t connects_refused_rights = 0;
    std::uint64_t connects_refused_sessions = 0;  ///< sessions_max
    std::uint64_t connects_refused_protocol = 0;  ///< broken before CONNECT was accepted
    std::uint64_t connects_refused_silent = 0;    ///< no CONNECT within its time
    std::uint64_t connects_refused_load = 0;      ///< new sessions while overloaded
    std::uint64_t publishes_refused_rights = 0;
    std::uint64_t publishes_refused_queue = 0;     ///< a session is full
    std::uint64_t publishes_refused_quota = 0;     ///< over the organisation's rate
    std::uint64_t publishes_refused_store = 0;     ///< disk floor, store closed
    std::uint64_t publishes_refused_retained = 0;  ///< retained limits
    std::uint64_t publishes_refused_tap = 0;       ///< payload invalid, denied, busy
    std::uint64_t subscriptions_refused_rights = 0;
    std::uint64_t subscriptions_refused_limit = 0;
    std::uint64_t protocol_errors = 0;  ///< connections ended for a broken rule
    std::uint64_t keep_alive_timeouts = 0;
    std::uint64_t write_stalls = 0;
    std::uint64_t revoked = 0;
    std::uint64_t ended_by_operator = 0;
    std::uint64_t throttled_qos0 = 0;     ///< pauses of senders of QoS 0 while overloaded
    std::uint64_t waited_qos0 = 0;        ///< pauses of senders of QoS 0 for a reader's output
    std::uint64_t waited_connects = 0;    ///< CONNECTs that waited for connects_per_second
    std::uint64_t waited_subscribes = 0;  ///< pauses of clients above subscribes_per_second
    std::uint64_t slow_disconnected = 0;  ///< slow readers ended while overloaded
    std::uint64_t delayed_answers = 0;    ///< held back while overloaded, or one of very many refusals

    // Not delivered, with a reason.
    std::uint64_t dropped_slow_qos0 = 0;       ///< reader too slow, QoS 0
    std::uint64_t dropped_rights = 0;          ///< receiver's right withdrawn
    std::uint64_t dropped_expired = 0;         ///< message expiry
    std::uint64_t dropped_too_large = 0;       ///< over the client's maximum packet size
    std::uint64_t dropped_session_ended = 0;   ///< owed to a session that expired or was ended
    std::uint64_t retained_hidden_rights = 0;  ///< publisher's right withdrawn
    std::uint64_t damaged_records = 0;         ///< stored records that could not be understood
    std::uint64_t damaged_messages = 0;  ///< messages a session is owed and that cannot be read

    Stats& operator+=(const Stats& other);
};

/// One counter by name, for /metrics and the console.
struct StatField {
    std::string_view name;  ///< as the member
    std::uint64_t Stats::* member;
    bool is_gauge;
};
std::span<const StatField> stat_fields();

}  // namespace lineshaft::broker
