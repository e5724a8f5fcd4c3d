#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace lineshaft::app {

/// Every setting of a node, with its default. One line in settings.cc gives each its key, unit,
/// range and sentence; from there come the file, `--set`, the help and docs/settings.md.
struct Settings {
    std::string node_role = "enterprise";
    std::string node_name = "lineshaft";
    std::int64_t node_shards = 0;
    std::int64_t node_memory_bytes_max = 0;

    std::string http_listen = "127.0.0.1:8080";
    std::string https_listen;
    std::string https_certificate;
    std::string https_key;
    std::int64_t http_body_bytes_max = 16 << 20;

    std::string tls_client_certificates = "optional";
    std::string tls_client_ca;
    std::string tls_client_ca_organisation = "default";
    std::string tls_names;
    std::int64_t tls_machine_life_s = 90 * 86'400;
    std::int64_t tls_server_life_s = 90 * 86'400;
    std::int64_t tls_enrolment_life_s = 86'400;
    std::int64_t tls_handshakes_max = 1'000;
    std::int64_t tls_handshake_timeout_s = 10;

    std::string mqtt_listen = "127.0.0.1:1883";
    std::string mqtt_tls_listen;
    std::int64_t mqtt_packet_bytes_max = 2 << 20;
    std::int64_t mqtt_keep_alive_max_s = 0;
    std::int64_t mqtt_connect_timeout_s = 10;
    std::int64_t mqtt_connects_per_second = 1'000;
    std::int64_t mqtt_accepts_per_second = 4'000;
    std::int64_t mqtt_sessions_max = 100'000;
    std::int64_t mqtt_session_queue_bytes = 256 << 20;
    std::int64_t mqtt_subscriptions_max = 1'000;
    std::int64_t mqtt_inflight_max = 1'024;
    std::int64_t mqtt_topic_levels_max = 32;
    std::int64_t mqtt_user_properties_max = 64;
    std::int64_t mqtt_retained_max = 1'000'000;
    std::int64_t mqtt_retained_bytes_max = 256 << 20;

    std::string influx_machine_tags = "machine,device,name,host";
    std::string remote_write_machine_labels = "machine,device,instance,job";

    std::int64_t organisation_machines_max = 100'000;
    std::int64_t organisation_sessions_max = 100'000;
    std::int64_t organisation_messages_per_s = 0;
    std::int64_t organisation_samples_per_s = 0;
    std::int64_t organisation_retained_bytes_max = 256 << 20;

    std::string handle_listen;
    std::string handle_pool_listen;
    std::string handle_prefix;
    std::string handle_bootstrap;
    std::string handle_public_url;
    bool handle_name_machines = true;
    std::string handle_trusted_keys;
    std::string handle_mirrors;
    std::string handle_mirror_of;
    std::string handle_mirror_key;
    std::string handle_site_servers;
    std::int64_t handle_site_server = 0;
    bool handle_case_sensitive = false;
    bool handle_sm2 = false;
    bool handle_sign_values = false;
    bool handle_client_certificates = false;
    std::int64_t handle_pool_requests_per_day = 0;
    std::int64_t handle_udp_answer_datagrams = 4;
    std::int64_t handle_udp_per_second = 5'000;
    std::string pg_listen;
    std::string pg_tls = "allow";
    std::int64_t pg_connections_max = 100;
    std::int64_t pg_idle_timeout_s = 3'600;

    std::int64_t sql_timeout_s = 30;
    std::int64_t sql_memory = 64 << 20;

    std::string orders_drop_directory;
    std::int64_t orders_lost_after_s = 60;

    std::string sparkplug_host_id = "lineshaft";
    std::int64_t sparkplug_reorder_ms = 2'000;

    std::string store_durability = "synced";
    std::int64_t store_free_bytes_min = 256 << 20;
    std::int64_t store_block_cache_bytes = 0;

    std::string backup_directory;
    std::string backup_key;

    std::string history_time_min = "2000-01-01T00:00:00Z";
    std::int64_t history_future_max_s = 86'400;
    std::int64_t history_inbox_bytes_max = 64 << 20;
    std::int64_t history_seal_age_max_s = 600;
    std::int64_t history_settle_samples = 2048;
    std::int64_t history_settle_age_max_s = 1800;
    std::int64_t history_sweep_every_s = 3600;
    std::int64_t history_series_per_machine_max = 10'000;

    std::string trust_loopback_role = "none";
    std::string trust_totp_required_for = "none";
    std::int64_t trust_session_idle_s = 900;
    std::int64_t trust_session_life_s = 43'200;
    bool trust_plaintext_off_loopback = false;

    std::string log_level = "info";
    std::string log_file;
};

/// One setting as people meet it.
struct Key {
    std::string_view name;  ///< "mqtt.packet_bytes_max"
    std::string_view unit;  ///< "bytes", "seconds", "address"; empty: none
    std::string allowed;    ///< "1024 .. 268435455"
    std::string_view sentence;
    std::function<std::string(const Settings&)> text;  ///< the value as it would be written
    std::function<bool(Settings&, std::string_view text)> assign;  ///< false: not allowed
};

/// All keys, grouped by section, in the order of docs/settings.md.
const std::vector<Key>& keys();

/// Every key with its value as it would be written.
std::vector<std::pair<std::string, std::string>> texts_of(const Settings& settings);

/// Sets one key. Sizes may carry K, M, G (powers of 1024); times s, m, h, d.
/// Errors: not_found (names the nearest key), invalid (names key, value and what is allowed).
Result<void> set(Settings& settings, std::string_view key, std::string_view value);

/// The items of a setting that is a list: "a,b" is {"a", "b"}.
std::vector<std::string> list_of(std::string_view text);

/// Reads a TOML file of sections and keys over what is there. Errors: as set, with the line.
Result<void> read_file(Settings& settings, const std::string& path);

/// What no single key can say: addresses, pairs that belong together, plaintext off loopback.
Result<void> check(const Settings& settings);

/// docs/settings.md, generated.
std::string reference_page();

}  // namespace lineshaft::app
