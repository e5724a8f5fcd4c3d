#include "app/node_limits.h"

#include "io/resources.h"

namespace lineshaft::app {

store::Limits store_limits(const Settings& settings) {
    store::Limits limits;
    // Names are asked for at random: those of a million identifiers fit.
    if (!settings.handle_listen.empty()) limits.block_cache_bytes = 256 << 20;
    if (settings.store_block_cache_bytes > 0)
        limits.block_cache_bytes = static_cast<std::size_t>(settings.store_block_cache_bytes);
    limits.free_bytes_min = static_cast<std::uint64_t>(settings.store_free_bytes_min);
    return limits;
}

history::Limits history_limits(const Settings& settings) {
    history::Limits limits;
    limits.inbox_bytes_max = static_cast<std::size_t>(settings.history_inbox_bytes_max);
    limits.seal_bytes = limits.inbox_bytes_max / 4;  // memory holds it twice and more while sealing
    limits.seal_age_max = std::chrono::seconds{settings.history_seal_age_max_s};
    limits.settle_samples = static_cast<std::size_t>(settings.history_settle_samples);
    limits.settle_age_max = std::chrono::seconds{settings.history_settle_age_max_s};
    limits.sweep_every = std::chrono::seconds{settings.history_sweep_every_s};
    limits.series_per_machine_max =
        static_cast<std::size_t>(settings.history_series_per_machine_max);
    limits.time_min =
        parse_rfc3339(settings.history_time_min).value();  // a setting is checked when set
    limits.future_max = std::chrono::seconds{settings.history_future_max_s};
    return limits;
}

broker::Limits broker_limits(const Settings& settings) {
    broker::Limits limits;
    limits.wire.packet_bytes_max = static_cast<std::size_t>(settings.mqtt_packet_bytes_max);
    limits.wire.keep_alive_max = std::chrono::seconds{settings.mqtt_keep_alive_max_s};
    limits.wire.connect_timeout = std::chrono::seconds{settings.mqtt_connect_timeout_s};
    limits.wire.inflight_max = static_cast<std::uint16_t>(settings.mqtt_inflight_max);
    limits.wire.receive_maximum = static_cast<std::uint16_t>(settings.mqtt_inflight_max);
    limits.wire.packet.user_properties_max =
        static_cast<std::size_t>(settings.mqtt_user_properties_max);
    limits.wire.packet.topic.levels_max = static_cast<std::size_t>(settings.mqtt_topic_levels_max);
    limits.connects_per_second_per_address =
        static_cast<unsigned>(settings.mqtt_connects_per_second);
    limits.connects_per_second = static_cast<unsigned>(settings.mqtt_accepts_per_second);
    limits.sessions_max = static_cast<std::size_t>(settings.mqtt_sessions_max);
    limits.session_queue_bytes = static_cast<std::uint64_t>(settings.mqtt_session_queue_bytes);
    limits.subscriptions_max = static_cast<std::size_t>(settings.mqtt_subscriptions_max);
    limits.retained_count_max = static_cast<std::size_t>(settings.mqtt_retained_max);
    limits.retained_bytes_max = static_cast<std::size_t>(settings.mqtt_retained_bytes_max);
    limits.load.memory_bytes_max = static_cast<std::size_t>(settings.node_memory_bytes_max);
    return limits;
}

trust::Porter::Settings porter_settings(const Settings& settings) {
    trust::Porter::Settings out;
    out.sessions.idle_max = std::chrono::seconds{settings.trust_session_idle_s};
    out.sessions.age_max = std::chrono::seconds{settings.trust_session_life_s};
    for (const auto& word : list_of(settings.trust_totp_required_for)) {
        if (const auto role = trust::parse_role(word)) {
            out.sessions.totp_required_for.push_back(*role);
        }
    }
    return out;
}

unsigned shard_count(const Settings& settings) {
    if (settings.node_shards > 0) return static_cast<unsigned>(settings.node_shards);
    return io::cores();
}

}  // namespace lineshaft::app
