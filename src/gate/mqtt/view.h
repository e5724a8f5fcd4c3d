// What operators see of the broker: clients, those that left, topics. Values only.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "gate/mqtt/meter.h"
#include "gate/mqtt/tap.h"
#include "wire/mqtt/packet.h"

namespace lineshaft::broker {

enum class ClientState : std::uint8_t {
    connected,
    sleeping,  ///< durable, without a connection
    gone,      ///< ended not long ago: the last `Limits::departures_max` per shard are remembered
};

/// How a connection ended.
struct Ended {
    Instant at;
    mqtt::Reason reason = mqtt::Reason::success;
    std::string_view why;  ///< a literal, "keep alive timeout"
};

/// One client as the console shows it.
struct ClientRow {
    OrganisationId organisation{1};
    std::string client_id;
    std::string principal;
    std::string machine;  ///< of a machine's token, else empty
    std::string address;  ///< "" while sleeping
    std::uint16_t port = 0;
    ClientState state = ClientState::connected;
    bool is_encrypted = false;
    bool is_websocket = false;
    bool is_durable = false;  ///< outlives its connection
    bool is_full = false;     ///< refuses publishes of others
    bool is_paused = false;   ///< its own publishes wait for a full session or the disk
    mqtt::Version version = mqtt::Version::v3_1_1;
    std::uint16_t keep_alive_s = 0;
    std::uint32_t expiry_s = 0;  ///< of the session; 0xffffffff: never
    Instant changed;             ///< connected, or disconnected, since
    std::size_t subscriptions = 0;
    std::uint64_t queued_messages = 0;  ///< owed, on disk or in memory
    std::uint64_t queued_bytes = 0;
    std::size_t in_flight = 0;   ///< sent and not acknowledged, QoS 1 and 2
    std::size_t unanswered = 0;  ///< its publishes that wait for our acknowledgement
    Traffic total;
    TrafficRates rates;
    Losses losses{};
    std::uint32_t retained = 0;  ///< retained messages it published
    std::optional<Ended> ended;  ///< its last connection, while remembered
};

enum class ClientOrder : std::uint8_t { client, since, messages_in, messages_out, queued, lost };

/// Which clients, and how many.
struct ClientQuery {
    std::optional<OrganisationId> organisation = {};  ///< nothing: all
    std::string text = {};                    ///< part of client id, principal or address, any case
    std::optional<ClientState> state = {};    ///< nothing: connected and sleeping
    ClientOrder order = ClientOrder::client;  ///< all but `client` with the largest first
    std::string after = {};                   ///< ClientPage::next of the page before
    std::size_t count_max = 100;
};

struct ClientPage {
    std::vector<ClientRow> rows;
    std::string next;       ///< empty: that was all
    std::size_t total = 0;  ///< how many match, over all pages
};

struct ClientDetail {
    ClientRow row;
    std::vector<mqtt::Subscription> subscriptions;
};

// ---- Topics ----------------------------------------------------------------------------------

/// The last message of a topic.
struct LastMessage {
    std::shared_ptr<const Publication> what;  ///< null: none is known
    std::size_t payload_bytes = 0;  ///< as published; more than `what` has when it was cut
    bool is_retained = false;
};

/// One level below a prefix.
struct TopicLevel {
    std::string name;   ///< the level alone, may be empty
    std::string topic;  ///< from the first level on
    bool has_more = false;
    LastMessage last;
};

struct TopicPage {
    std::vector<TopicLevel> levels;   ///< ascending by name
    std::optional<std::string> next;  ///< nothing: that was all
    bool is_whole = true;             ///< false: too many levels to look at; some are missing
    Instant since;                    ///< messages that are not retained are seen from here on
};

}  // namespace lineshaft::broker
