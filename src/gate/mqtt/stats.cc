#include "gate/mqtt/stats.h"

#include <algorithm>
#include <iterator>

namespace lineshaft::broker {
namespace {

constexpr StatField fields[] = {
    {"connections", &Stats::connections, true},
    {"sessions", &Stats::sessions, true},
    {"durable_sessions", &Stats::durable_sessions, true},
    {"subscriptions", &Stats::subscriptions, true},
    {"retained_count", &Stats::retained_count, true},
    {"retained_bytes", &Stats::retained_bytes, true},
    {"queued_bytes", &Stats::queued_bytes, true},
    {"full_sessions", &Stats::full_sessions, true},
    {"paused_publishers", &Stats::paused_publishers, true},
    {"log_bytes", &Stats::log_bytes, true},
    {"load_level", &Stats::load_level, true},
    {"loop_lag_ms", &Stats::loop_lag_ms, true},
    {"recent_topics", &Stats::recent_topics, true},
    {"connects", &Stats::connects, false},
    {"received_qos0", &Stats::received_qos0, false},
    {"received_qos1", &Stats::received_qos1, false},
    {"received_qos2", &Stats::received_qos2, false},
    {"received_bytes", &Stats::received_bytes, false},
    {"sent_qos0", &Stats::sent_qos0, false},
    {"sent_qos1", &Stats::sent_qos1, false},
    {"sent_qos2", &Stats::sent_qos2, false},
    {"sent_bytes", &Stats::sent_bytes, false},
    {"logged_messages", &Stats::logged_messages, false},
    {"logged_bytes", &Stats::logged_bytes, false},
    {"rounds", &Stats::rounds, false},
    {"rewritten_records", &Stats::rewritten_records, false},
    {"taken_over", &Stats::taken_over, false},
    {"wills_published", &Stats::wills_published, false},
    {"connects_refused_rate", &Stats::connects_refused_rate, false},
    {"connects_refused_unaccepted", &Stats::connects_refused_unaccepted, false},
    {"connects_refused_rights", &Stats::connects_refused_rights, false},
    {"connects_refused_sessions", &Stats::connects_refused_sessions, false},
    {"connects_refused_protocol", &Stats::connects_refused_protocol, false},
    {"connects_refused_silent", &Stats::connects_refused_silent, false},
    {"connects_refused_load", &Stats::connects_refused_load, false},
    {"publishes_refused_rights", &Stats::publishes_refused_rights, false},
    {"publishes_refused_queue", &Stats::publishes_refused_queue, false},
    {"publishes_refused_quota", &Stats::publishes_refused_quota, false},
    {"publishes_refused_store", &Stats::publishes_refused_store, false},
    {"publishes_refused_retained", &Stats::publishes_refused_retained, false},
    {"publishes_refused_tap", &Stats::publishes_refused_tap, false},
    {"subscriptions_refused_rights", &Stats::subscriptions_refused_rights, false},
    {"subscriptions_refused_limit", &Stats::subscriptions_refused_limit, false},
    {"protocol_errors", &Stats::protocol_errors, false},
    {"keep_alive_timeouts", &Stats::keep_alive_timeouts, false},
    {"write_stalls", &Stats::write_stalls, false},
    {"revoked", &Stats::revoked, false},
    {"ended_by_operator", &Stats::ended_by_operator, false},
    {"throttled_qos0", &Stats::throttled_qos0, false},
    {"waited_qos0", &Stats::waited_qos0, false},
    {"waited_connects", &Stats::waited_connects, false},
    {"waited_subscribes", &Stats::waited_subscribes, false},
    {"slow_disconnected", &Stats::slow_disconnected, false},
    {"delayed_answers", &Stats::delayed_answers, false},
    {"dropped_slow_qos0", &Stats::dropped_slow_qos0, false},
    {"dropped_rights", &Stats::dropped_rights, false},
    {"dropped_expired", &Stats::dropped_expired, false},
    {"dropped_too_large", &Stats::dropped_too_large, false},
    {"dropped_session_ended", &Stats::dropped_session_ended, false},
    {"retained_hidden_rights", &Stats::retained_hidden_rights, false},
    {"damaged_records", &Stats::damaged_records, false},
    {"damaged_messages", &Stats::damaged_messages, false},
};
static_assert(sizeof(Stats) == std::size(fields) * sizeof(std::uint64_t), "every counter is named");

}  // namespace

std::span<const StatField> stat_fields() {
    return fields;
}

Stats& Stats::operator+=(const Stats& other) {
    const auto level = std::max(load_level, other.load_level);
    const auto lag = std::max(loop_lag_ms, other.loop_lag_ms);
    for (const StatField& field : fields) this->*field.member += other.*field.member;
    load_level = level;  // the most loaded shard's, not a sum
    loop_lag_ms = lag;
    return *this;
}

}  // namespace lineshaft::broker
