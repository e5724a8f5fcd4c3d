#include "app/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "base/time.h"
#include "io/listener.h"
#include "trust/principal.h"

namespace lineshaft::app {
namespace {

// "64M", "15m", "250": a whole number with an optional letter of its unit.
std::optional<std::int64_t> number_of(std::string_view text, std::string_view unit) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end == text.data()) return std::nullopt;
    const std::string_view suffix(end, text.data() + text.size());
    if (suffix.empty()) return value;
    std::int64_t factor = 0;
    if (unit == "bytes") {
        if (suffix == "K") factor = 1 << 10;
        if (suffix == "M") factor = 1 << 20;
        if (suffix == "G") factor = 1 << 30;
    } else if (unit == "seconds") {
        if (suffix == "s") factor = 1;
        if (suffix == "m") factor = 60;
        if (suffix == "h") factor = 3'600;
        if (suffix == "d") factor = 86'400;
    }
    if (factor == 0 || value > std::numeric_limits<std::int64_t>::max() / factor)
        return std::nullopt;
    return value * factor;
}

Key number(std::string_view name, std::int64_t Settings::* field, std::int64_t least,
           std::int64_t most, std::string_view unit, std::string_view sentence) {
    return {name,
            unit,
            fmt::format("{} .. {}", least, most),
            sentence,
            [field](const Settings& settings) { return std::to_string(settings.*field); },
            [field, least, most, unit](Settings& settings, std::string_view text) {
                const auto value = number_of(text, unit);
                if (!value || *value < least || *value > most) return false;
                settings.*field = *value;
                return true;
            }};
}

Key choice(std::string_view name, std::string Settings::* field,
           std::vector<std::string_view> words, std::string_view sentence) {
    return {name,
            "",
            fmt::format("{}", fmt::join(words, ", ")),
            sentence,
            [field](const Settings& settings) { return settings.*field; },
            [field, words](Settings& settings, std::string_view text) {
                if (std::ranges::find(words, text) == words.end()) return false;
                settings.*field = text;
                return true;
            }};
}

Key yes_or_no(std::string_view name, bool Settings::* field, std::string_view sentence) {
    return {name,
            "",
            "true, false",
            sentence,
            [field](const Settings& settings) {
                return std::string(settings.*field ? "true" : "false");
            },
            [field](Settings& settings, std::string_view text) {
                if (text != "true" && text != "false") return false;
                settings.*field = text == "true";
                return true;
            }};
}

using Test = bool (*)(std::string_view);

Key text(std::string_view name, std::string Settings::* field, std::string_view unit,
         std::string_view allowed, Test is_allowed, std::string_view sentence) {
    return {name,
            unit,
            std::string(allowed),
            sentence,
            [field](const Settings& settings) { return settings.*field; },
            [field, is_allowed](Settings& settings, std::string_view value) {
                if (!is_allowed(value)) return false;
                settings.*field = value;
                return true;
            }};
}

bool is_address_or_empty(std::string_view value) {
    return value.empty() || io::parse_address(value).has_value();
}
bool is_any(std::string_view) {
    return true;
}
bool is_name(std::string_view value) {
    return !value.empty() && value.size() <= 64 && value.find_first_of("+#/") == value.npos;
}
bool is_list(std::string_view value) {
    const auto items = list_of(value);
    return !items.empty() && items.size() <= 16 && std::ranges::all_of(items, [](const auto& item) {
        return !item.empty() && item.size() <= 128 && item.find_first_of(" \t") == item.npos;
    });
}
bool is_prefixes(std::string_view value) {
    const auto items = list_of(value);
    return items.size() <= 16 && std::ranges::all_of(items, [](const auto& item) {
        return !item.empty() && item.size() <= 255 && item.find_first_of("/ \t") == item.npos;
    });
}
bool is_addresses(std::string_view value) {
    const auto items = list_of(value);
    return items.size() <= 16 && std::ranges::all_of(items, [](const auto& item) {
        const auto address = io::parse_address(item);
        return address && address->path.empty() && address->host != "*";
    });
}
bool is_references(std::string_view value) {
    const auto items = list_of(value);
    return items.size() <= 16 && std::ranges::all_of(items, [](const auto& item) {
        const auto colon = item.find(':');
        return colon != item.npos && colon > 0 && colon <= 9 && colon + 1 < item.size() &&
               item.find_first_not_of("0123456789") == colon;
    });
}
bool is_url_or_empty(std::string_view value) {
    return value.empty() || ((value.starts_with("http://") || value.starts_with("https://")) &&
                             value.size() > 8 && value.find_first_of(" \"'<>") == value.npos);
}
bool is_fingerprints(std::string_view value) {
    const auto items = list_of(value);
    return items.size() <= 16 && std::ranges::all_of(items, [](const auto& item) {
        return item.size() == 64 && item.find_first_not_of("0123456789abcdef") == item.npos;
    });
}
bool is_roles(std::string_view value) {
    if (value == "none") return true;
    const auto words = list_of(value);
    return !words.empty() && std::ranges::all_of(words, [](const auto& word) {
        return trust::parse_role(word).has_value();
    });
}
bool is_time(std::string_view value) {
    return parse_rfc3339(value).has_value();
}

constexpr std::string_view address_rule =
    "host:port, [v6]:port, *:port or empty (off); port 0 picks one";
constexpr std::int64_t gib = std::int64_t{1} << 30;
constexpr std::int64_t year_s = 366 * 86'400;

std::vector<Key> make_keys() {
    using S = Settings;
    return {
        choice("node.role", &S::node_role, {"edge", "enterprise", "secondary", "top", "recursive"},
               "What this node is to others."),
        text("node.name", &S::node_name, "", "1..64 bytes without + # /", is_name,
             "How the node calls itself on its pages."),
        number("node.shards", &S::node_shards, 0, 64, "threads", "Event loops; 0: one per core."),
        number("node.memory_bytes_max", &S::node_memory_bytes_max, 0, 1'024 * gib, "bytes",
               "Resident memory the node may have: from 80 % of it on new connections, then new "
               "sessions are refused, and clients are slowed down; 0: no limit."),

        text("http.listen", &S::http_listen, "address", address_rule, is_address_or_empty,
             "Console, API and MQTT over WebSocket (/mqtt), in plain text: loopback only."),
        number("http.body_bytes_max", &S::http_body_bytes_max, 1'024, gib, "bytes",
               "Largest request body, for InfluxDB, remote write and JSON telemetry also once "
               "decompressed; other routes of the API take at most 1 MiB of it."),
        text("https.listen", &S::https_listen, "address", address_rule, is_address_or_empty,
             "The same over TLS."),
        text("https.certificate", &S::https_certificate, "path", "a PEM file", is_any,
             "Certificate chain of https.listen and mqtt.tls_listen, read again when it changes; "
             "empty: one of the node's own authority."),
        text("https.key", &S::https_key, "path", "a PEM file, not readable by others", is_any,
             "Private key of https.certificate."),

        choice("tls.client_certificates", &S::tls_client_certificates,
               {"off", "optional", "required"},
               "Whether clients of the TLS listeners show a certificate: never asked, may, or must "
               "(then also browsers and EST's first enrolment)."),
        text("tls.client_ca", &S::tls_client_ca, "path", "a PEM file or empty", is_any,
             "Certificate authorities besides the node's own whose client certificates count."),
        text("tls.client_ca_organisation", &S::tls_client_ca_organisation, "",
             "1..64 bytes without + # /", is_name,
             "Organisation of the machines that tls.client_ca names."),
        text("tls.names", &S::tls_names, "", "names and addresses, separated by commas, or empty",
             is_any,
             "What the node's own server certificate is for; empty: host name, localhost and the "
             "machine's addresses."),
        number("tls.machine_life", &S::tls_machine_life_s, 10, 10 * year_s, "seconds",
               "Life of a machine's certificate."),
        number("tls.server_life", &S::tls_server_life_s, 10, 10 * year_s, "seconds",
               "Life of the node's own server certificate; renewed when two thirds are over."),
        number("tls.enrolment_life", &S::tls_enrolment_life_s, 10, 30 * 86'400, "seconds",
               "How long a one-time enrolment token waits to be used."),
        number("tls.handshakes_max", &S::tls_handshakes_max, 1, 100'000, "handshakes",
               "TLS handshakes at once; further connections are closed and counted."),
        number("tls.handshake_timeout", &S::tls_handshake_timeout_s, 1, 300, "seconds",
               "How long a TLS handshake may take altogether."),

        text("mqtt.listen", &S::mqtt_listen, "address", address_rule, is_address_or_empty,
             "MQTT 3.1.1 and 5.0 in plain text: loopback only."),
        text("mqtt.tls_listen", &S::mqtt_tls_listen, "address", address_rule, is_address_or_empty,
             "MQTT over TLS."),
        number("mqtt.packet_bytes_max", &S::mqtt_packet_bytes_max, 1'024, 268'435'455, "bytes",
               "Largest packet after CONNECT was accepted; before that 64 KiB."),
        number("mqtt.keep_alive_max", &S::mqtt_keep_alive_max_s, 0, 65'535, "seconds",
               "Longest keep-alive, for both versions; 0: what the client wishes."),
        number("mqtt.connect_timeout", &S::mqtt_connect_timeout_s, 1, 300, "seconds",
               "How long a connection may take to send CONNECT."),
        number("mqtt.connects_per_second", &S::mqtt_connects_per_second, 1, 1'000'000, "per second",
               "New connections from one address (loopback is not limited)."),
        number("mqtt.accepts_per_second", &S::mqtt_accepts_per_second, 0, 1'000'000, "per second",
               "New connections of all addresses together, over TLS a quarter of it; more wait "
               "their turn, and those that are connected keep their pace. 0: no limit."),
        number("mqtt.sessions_max", &S::mqtt_sessions_max, 1, 10'000'000, "sessions",
               "Sessions, connected or asleep."),
        number(
            "mqtt.session_queue_bytes", &S::mqtt_session_queue_bytes, 65'536, 1'024 * gib, "bytes",
            "What one session may have waiting; then new QoS 1 and 2 messages for it are refused."),
        number("mqtt.subscriptions_max", &S::mqtt_subscriptions_max, 1, 1'000'000, "filters",
               "Subscriptions of one session."),
        number("mqtt.inflight_max", &S::mqtt_inflight_max, 1, 65'535, "messages",
               "Unanswered QoS 1 and 2 messages in each direction of a session."),
        number("mqtt.topic_levels_max", &S::mqtt_topic_levels_max, 1, 1'024, "levels",
               "Levels of a topic or filter."),
        number("mqtt.user_properties_max", &S::mqtt_user_properties_max, 0, 10'000, "properties",
               "User properties of one packet."),
        number("mqtt.retained_max", &S::mqtt_retained_max, 0, 100'000'000, "messages",
               "Retained messages of the node."),
        number("mqtt.retained_bytes_max", &S::mqtt_retained_bytes_max, 0, 1'024 * gib, "bytes",
               "Bytes of all retained messages."),

        text("influx.machine_tags", &S::influx_machine_tags, "tags", "1..16 names, separated by commas",
             is_list,
             "Which tag of an Influx line names its machine: the first that is present, else the "
             "measurement does."),
        text("remote_write.machine_labels", &S::remote_write_machine_labels, "labels",
             "1..16 names, separated by commas", is_list,
             "Which label of a Prometheus series names its machine: the first that is present."),

        number("organisation.machines_max", &S::organisation_machines_max, 0, 10'000'000,
               "machines", "Machines of one organisation that has no limit of its own; 0: no limit."),
        number("organisation.sessions_max", &S::organisation_sessions_max, 0, 10'000'000,
               "sessions", "MQTT sessions of one organisation; 0: no limit."),
        number("organisation.messages_per_s", &S::organisation_messages_per_s, 0, 1'000'000'000,
               "per second", "Messages one organisation may publish; 0: no limit."),
        number("organisation.samples_per_s", &S::organisation_samples_per_s, 0, 1'000'000'000,
               "per second", "Samples one organisation may hand in; 0: no limit."),
        number("organisation.retained_bytes_max", &S::organisation_retained_bytes_max, 0,
               1'024 * gib, "bytes", "Retained messages of one organisation; 0: no limit."),

        text("handle.listen", &S::handle_listen, "address", address_rule, is_address_or_empty,
             "Handle System, UDP and TCP."),
        text("handle.pool_listen", &S::handle_pool_listen, "address", address_rule,
             is_address_or_empty,
             "The same for clients that keep pools of connections and log in on them (opcodes 2000, "
             "2001); what changes something takes a login there."),
        number("handle.pool_requests_per_day", &S::handle_pool_requests_per_day, 0, 1'000'000'000,
               "requests", "Changes of one key on handle.pool_listen in one day (UTC); 0: no limit."),
        text("handle.prefix", &S::handle_prefix, "prefixes", "0..16 prefixes, separated by commas",
             is_prefixes, "Prefixes whose identifiers live on this node, such as 88.101."),
        text("handle.bootstrap", &S::handle_bootstrap, "addresses",
             "0..16 of host:port, separated by commas", is_addresses,
             "Whom to ask first for identifiers of others: a recursive node, and `resolve`."),
        text("handle.public_url", &S::handle_public_url, "URL",
             "empty, or http:// or https:// and a name", is_url_or_empty,
             "Where people reach this node's pages: what QR codes and identifiers of machines lead to, "
             "https://id.example.com say. Empty: the listener's address."),
        yes_or_no("handle.name_machines", &S::handle_name_machines,
                  "Whether every machine gets an identifier under the first prefix that leads to its "
                  "page."),
        text("handle.trusted_keys", &S::handle_trusted_keys, "SHA-256",
             "0..16 of 64 hexadecimal digits, separated by commas", is_fingerprints,
             "Fingerprints of the keys of handle.bootstrap's servers. When there are any, only their "
             "signed answers are believed, and signatures are checked from there down."),
        text("handle.mirrors", &S::handle_mirrors, "keys",
             "0..16 of index:handle, separated by commas", is_references,
             "Keys (HS_PUBKEY values of this node) of those who may follow all changes, secrets "
             "included."),
        text("handle.mirror_of", &S::handle_mirror_of, "address", address_rule, is_address_or_empty,
             "Follows the identifiers of that node and takes no changes from clients. "
             "handle.trusted_keys says which key it must have."),
        text("handle.mirror_key", &S::handle_mirror_key, "key", "0..1 of index:handle",
             is_references,
             "Where the node that handle.mirror_of names keeps this node's key (GET /api/site)."),
        text("handle.site_servers", &S::handle_site_servers, "addresses",
             "0..16 of host:port, separated by commas", is_addresses,
             "All servers of a site, in their order, between which the protocol's hash deals out the "
             "identifiers; the same at each of them. Empty: this node alone."),
        number("handle.site_server", &S::handle_site_server, 0, 15, "position",
               "Which of handle.site_servers this node is, from 0."),
        yes_or_no("handle.sm2", &S::handle_sm2,
                  "Whether keys of GM/T 0003 (SM2 with SM3) may prove who asks."),
        yes_or_no("handle.sign_values", &S::handle_sign_values,
                  "Whether the node signs what everybody may read of an identifier as it is "
                  "registered or changed (HS_SIGNATURE), so that anyone can check it later. Needs "
                  "handle.listen."),
        yes_or_no("handle.client_certificates", &S::handle_client_certificates,
                  "Whether clients of the TLS listeners may show certificates of unknown issuers, "
                  "with which /api/handles knows the key of a handle. Browsers that have "
                  "certificates ask their users for one then."),
        yes_or_no("handle.case_sensitive", &S::handle_case_sensitive,
                  "Whether a/B and a/b are two identifiers; to be decided before the first one."),
        number("handle.udp_answer_datagrams", &S::handle_udp_answer_datagrams, 1, 64, "datagrams",
               "A longer answer is cut to its first datagram, which sends the client to TCP."),
        number("handle.udp_per_second", &S::handle_udp_per_second, 0, 10'000'000, "per second",
               "Questions over UDP from one address (loopback is not limited); more are dropped "
               "and counted. 0: no limit."),
        text("pg.listen", &S::pg_listen, "address", address_rule, is_address_or_empty,
             "PostgreSQL clients, read-only; TLS and plain text on the same port."),
        choice("pg.tls", &S::pg_tls, {"allow", "require"},
               "Whether PostgreSQL clients within this machine may do without TLS (allow). Others may "
               "not, unless trust.plaintext_off_loopback."),
        number("pg.connections_max", &S::pg_connections_max, 1, 10'000, "connections",
               "PostgreSQL clients signed in; one more is told 53300."),
        number("pg.idle_timeout", &S::pg_idle_timeout_s, 0, year_s, "seconds",
               "A PostgreSQL client that says nothing for so long is sent away; 0: never."),

        number("sql.timeout", &S::sql_timeout_s, 1, 3'600, "seconds",
               "Work on one SQL statement; then it ends with 57014."),
        number("sql.memory", &S::sql_memory, 1 << 20, gib * 16, "bytes",
               "Working memory of one SQL statement; then it ends with 53200."),

        text("orders.drop_directory", &S::orders_drop_directory, "path", "a directory or empty (off)",
             is_any, "Folders of machines that read their files from a shared directory lie here."),
        number("orders.lost_after", &S::orders_lost_after_s, 1, 86'400, "seconds",
               "A machine not connected for so long loses its job orders to others."),

        text("sparkplug.host_id", &S::sparkplug_host_id, "", "1..64 bytes without + # /", is_name,
             "Host id in spBv1.0/STATE/<id>."),
        number("sparkplug.reorder", &S::sparkplug_reorder_ms, 0, 60'000, "milliseconds",
               "How long a missing sequence number may come late before a rebirth is asked for."),

        choice(
            "store.durability", &S::store_durability, {"synced", "fast"},
            "synced: acknowledged means on disk. fast: acknowledged before the sync; a power cut "
            "may lose the last moments."),
        number("store.free_bytes_min", &S::store_free_bytes_min, 1 << 20, 1'024 * gib, "bytes",
               "Free disk space below which nothing new is acknowledged."),
        number("store.block_cache_bytes", &S::store_block_cache_bytes, 0, 1'024 * gib, "bytes",
               "Memory for blocks read from disk, taken as they are read; 0: 16 MiB, and 256 MiB "
               "where handle.listen is set. Identifiers: 100 bytes for each that is asked for often, "
               "3 for each of the others."),

        text("backup.directory", &S::backup_directory, "path", "a directory or empty (off)", is_any,
             "Where POST /api/v1/backups puts backups; `lineshaft backup` needs no setting."),
        text("backup.key", &S::backup_key, "path", "a file of `lineshaft backup new-key`, or empty",
             is_any, "Encrypts the backups of backup.directory."),

        text("history.time_min", &S::history_time_min, "RFC 3339", "an RFC 3339 time", is_time,
             "Samples before it are refused and counted."),
        number("history.future_max", &S::history_future_max_s, 0, year_s, "seconds",
               "Samples further ahead of the node's clock are refused and counted."),
        number(
            "history.inbox_bytes_max", &S::history_inbox_bytes_max, 1 << 20, 16 * gib, "bytes",
            "Samples on disk that are not sealed into chunks yet; bounds memory and start time."),
        number("history.seal_age_max", &S::history_seal_age_max_s, 1, 86'400, "seconds",
               "Samples are sealed into chunks at the latest after this time."),
        number("history.settle_samples", &S::history_settle_samples, 1, 1'000'000, "samples",
               "A tag's fresh chunks are joined into large ones once they hold so many."),
        number("history.settle_age_max", &S::history_settle_age_max_s, 1, 604'800, "seconds",
               "All fresh chunks are joined into large ones so often."),
        number("history.sweep_every", &S::history_sweep_every_s, 1, 604'800, "seconds",
               "What has expired by its class (retention) is taken off the disk so often."),
        number("history.series_per_machine_max", &S::history_series_per_machine_max, 1, 1'000'000,
               "series", "Tags of one machine; more are refused and counted."),

        choice("trust.loopback_role", &S::trust_loopback_role,
               {"none", "viewer", "operator", "engineer", "admin", "auditor"},
               "Role of clients without credentials when listener and peer are both loopback."),
        text("trust.totp_required_for", &S::trust_totp_required_for, "roles",
             "none, or viewer, operator, engineer, admin, auditor separated by commas", is_roles,
             "People of these roles may do nothing but set up a second factor until they have one."),
        number("trust.session_idle", &S::trust_session_idle_s, 60, 86'400, "seconds",
               "A browser session ends after this silence."),
        number("trust.session_life", &S::trust_session_life_s, 300, 30 * 86'400, "seconds",
               "A browser session ends after this time in any case."),
        yes_or_no("trust.plaintext_off_loopback", &S::trust_plaintext_off_loopback,
                  "Lets http.listen and mqtt.listen bind other addresses than loopback: passwords "
                  "and data then cross the network readable by anyone on it."),

        choice("log.level", &S::log_level, {"debug", "info", "warn", "error"},
               "From which level on."),
        text("log.file", &S::log_file, "path", "a path or empty (standard error)", is_any,
             "Where the log goes."),
    };
}

}  // namespace

std::vector<std::string> list_of(std::string_view text) {
    std::vector<std::string> items;
    while (!text.empty()) {
        const auto end = std::min(text.find(','), text.size());
        items.emplace_back(text.substr(0, end));
        if (end + 1 == text.size()) items.emplace_back();  // a comma at the end: nothing follows
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return items;
}

namespace {

// Levenshtein distance, for "did you mean": keys are short.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t above = row[j];
            row[j] =
                std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
            diagonal = above;
        }
    }
    return row[b.size()];
}

}  // namespace

std::vector<std::pair<std::string, std::string>> texts_of(const Settings& settings) {
    std::vector<std::pair<std::string, std::string>> texts;
    for (const Key& key : keys()) texts.emplace_back(key.name, key.text(settings));
    return texts;
}

const std::vector<Key>& keys() {
    static const std::vector<Key> all = make_keys();
    return all;
}

Result<void> set(Settings& settings, std::string_view key, std::string_view value) {
    const auto& all = keys();
    const auto found = std::ranges::find(all, key, &Key::name);
    if (found == all.end()) {
        const auto nearest = std::ranges::min_element(
            all, {}, [&](const Key& one) { return distance(one.name, key); });
        return fail(Code::not_found,
                    fmt::format("no setting \"{}\"; did you mean {}? All are listed by "
                                "lineshaft serve --settings",
                                key, nearest->name));
    }
    if (!found->assign(settings, value)) {
        return fail(Code::invalid,
                    fmt::format("{} = \"{}\" is not allowed: {}{}{}", key, value, found->allowed,
                                found->unit.empty() ? "" : " ", found->unit));
    }
    return {};
}

namespace {

Result<void> check_listener(std::string_view key, const std::string& value, bool plain_allowed) {
    if (value.empty()) return {};
    TRY(const io::Address address, io::parse_address(value));
    if (address.is_loopback() || plain_allowed) return {};
    return fail(
        Code::denied,
        fmt::format("{} = \"{}\" would carry passwords and data in plain text off this machine: "
                    "use the TLS listener, or set trust.plaintext_off_loopback = true",
                    key, value));
}

}  // namespace

Result<void> check(const Settings& settings) {
    const bool plain = settings.trust_plaintext_off_loopback;
    TRY_VOID(check_listener("http.listen", settings.http_listen, plain));
    TRY_VOID(check_listener("mqtt.listen", settings.mqtt_listen, plain));
    if (settings.https_certificate.empty() != settings.https_key.empty()) {
        return fail(Code::invalid,
                    "https.certificate and https.key belong together: set both or none");
    }
    return {};
}

std::string reference_page() {
    std::string page =
        "# Settings\n\nGenerated by `lineshaft serve --settings`; do not edit. One TOML file "
        "(`serve --config FILE`), each key also `--set section.key=value`.\nSizes take K, M, G; "
        "times "
        "in seconds take s, m, h, d.\n";
    std::string_view section;
    const Settings defaults;
    for (const auto& key : keys()) {
        const auto dot = key.name.find('.');
        if (key.name.substr(0, dot) != section) {
            section = key.name.substr(0, dot);
            page += fmt::format(
                "\n## {}\n| key | default | unit | allowed | what |\n|---|---|---|---|---|\n",
                section);
        }
        page += fmt::format("| `{}` | `{}` | {} | {} | {} |\n", key.name, key.text(defaults),
                            key.unit, key.allowed, key.sentence);
    }
    return page;
}

}  // namespace lineshaft::app
