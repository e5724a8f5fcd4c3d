// What the API shows of the MQTT broker. The broker is a neighbour, so `app` plugs it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "io/task.h"
#include "trust/principal.h"

namespace lineshaft::api {

struct MqttTraffic {
    double messages_in = 0, bytes_in = 0, messages_out = 0, bytes_out = 0;
};

/// How a connection ended.
struct MqttEnd {
    Instant at;
    std::uint8_t code = 0;  ///< reason code of MQTT 5.0
    std::string reason;     ///< its name
    std::string why;        ///< what the node saw, may be empty
};

/// One session: connected, sleeping, or gone not long ago.
struct MqttConnection {
    std::string id;  ///< the client id
    std::string principal, machine, address;
    std::uint16_t port = 0;
    std::string_view state;     ///< "connected", "sleeping", "gone"
    std::string_view listener;  ///< "mqtt", "mqtts", "ws", "wss"; empty while sleeping
    std::string_view protocol;  ///< "3.1.1", "5.0"
    bool is_durable = false, is_full = false, is_paused = false;
    std::uint16_t keep_alive_s = 0;
    std::optional<std::uint32_t> expiry_s;  ///< nothing: never
    Instant since;
    std::size_t subscriptions = 0, in_flight = 0, unanswered = 0;
    std::uint64_t queued_messages = 0, queued_bytes = 0, retained = 0;
    MqttTraffic rates, totals;
    std::vector<std::pair<std::string_view, std::uint64_t>> losses;  ///< by reason
    std::optional<MqttEnd> ended;
};

struct MqttSubscription {
    std::string filter;
    int qos_max = 0;
    bool no_local = false, retain_as_published = false;
};

struct MqttConnectionQuery {
    std::string text;   ///< part of id, principal or address
    std::string state;  ///< "", "connected", "sleeping", "gone"
    std::string order;  ///< "client", "since", "in", "out", "queued", "lost"
    std::string after;
    std::size_t count_max = 100;
};

struct MqttConnectionPage {
    std::vector<MqttConnection> items;
    std::string next;  ///< empty: that was all
    std::size_t total = 0;
};

/// The last message of a topic. The payload may be cut; `size_bytes` says how long it was.
struct MqttMessage {
    std::string topic, payload, publisher, content_type, response_topic;
    std::vector<std::pair<std::string, std::string>> user_properties;
    std::size_t size_bytes = 0;
    int qos = 0;
    bool is_retained = false;
    Instant at;
    std::optional<Instant> expires_at;
};

struct MqttLevel {
    std::string name, topic;
    bool has_more = false;
    std::optional<MqttMessage> last;
};

struct MqttTopicPage {
    std::vector<MqttLevel> levels;
    std::optional<std::string> next;
    bool is_whole = true;
    Instant since;
};

struct MqttLoad {
    int level = 0;            ///< 0 normal … 5
    std::string_view name;    ///< "normal", "no_tls", ...
    std::string_view effect;  ///< what is done at this level, in words
};

struct MqttSummary {
    MqttLoad load;
    std::vector<std::pair<std::string_view, std::uint64_t>> numbers;  ///< as on /metrics
};

/// Called on any shard.
class MqttView {
public:
    virtual io::Task<MqttConnectionPage> connections(OrganisationId organisation,
                                                     MqttConnectionQuery query) = 0;
    /// not_found.
    virtual io::Task<Result<std::pair<MqttConnection, std::vector<MqttSubscription>>>> connection(
        OrganisationId organisation, std::string id) = 0;
    /// Disconnects with 0x98; `forget` also ends a durable session. not_found.
    virtual io::Task<Result<void>> end(trust::PrincipalPtr by, std::string id, bool forget) = 0;
    /// Levels below `prefix` that `who` may see; nothing: the first levels.
    virtual io::Task<MqttTopicPage> topics(trust::PrincipalPtr who,
                                           std::optional<std::string> prefix,
                                           std::optional<std::string> after,
                                           std::size_t count_max) = 0;
    /// not_found: none known, or not for `who`.
    virtual io::Task<Result<MqttMessage>> topic(trust::PrincipalPtr who, std::string topic) = 0;
    virtual io::Task<MqttSummary> summary() = 0;
    virtual ~MqttView() = default;
};

}  // namespace lineshaft::api
