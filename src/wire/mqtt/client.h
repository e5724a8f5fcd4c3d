// The client's half of an MQTT connection: calls in, bytes out; bytes in, events out. No sockets,
// no clock. Used by the demo plant, the load program, bridges and tests.
#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "wire/mqtt/packet.h"

namespace lineshaft::mqtt {

struct ClientLimits {
    std::size_t packet_bytes_max = 16 << 20;  ///< inbound; told in CONNECT when 5.0
    std::size_t inflight_max = 65535;         ///< outbound QoS 1 and 2 messages kept
    std::uint16_t inbound_aliases_max = 0;    ///< topic alias maximum told in CONNECT
    PacketLimits packet{.user_properties_max = 1024,
                        .filters_max = 65535,
                        .topic = {.bytes_max = 65535, .levels_max = 65535}};
};

/// The server answered CONNECT. An error reason is the last event.
struct Connected {
    Connack connack = {};
};
/// A message came. With automatic acknowledgement nothing is to be done.
struct Arrived {
    Message message = {};
    std::optional<std::uint32_t> expiry_s = {};
    Qos qos = Qos::at_most_once;
    bool retain = false;
    bool dup = false;
    std::uint16_t packet_id = 0;
    std::vector<std::uint32_t> subscription_ids = {};
};
/// A QoS 1 or 2 message of ours is finished.
struct Published {
    std::uint16_t packet_id = 0;
    Reason reason = Reason::success;
};
/// SUBACK or UNSUBACK.
struct Answered {
    Suback suback = {};
};
struct Ponged {};
/// The connection is over: the server's DISCONNECT, or its breach of a rule (`by_server` false).
struct Ended {
    Reason reason = Reason::success;
    std::string why = {};
    bool by_server = false;
    Properties properties = {};
};

using ClientEvent = std::variant<Connected, Arrived, Published, Answered, Ponged, Ended>;

/// Owner: one task. May connect again after its end; unfinished QoS 1 and 2 messages are then sent
/// again if the server still has the session (and as new ones if it has not).
class Client {
public:
    explicit Client(ClientLimits limits = {}, bool acknowledge_automatically = true);

    /// Puts CONNECT. Adds maximum packet size and topic alias maximum if 5.0 and absent.
    void connect(Connect connect);
    std::vector<ClientEvent> receive(Bytes any_split);

    /// Gives the packet id, 0 for QoS 0. A message beyond the server's receive maximum waits inside
    /// until an acknowledgement makes room. Before CONNACK QoS 1 and 2 wait, QoS 0 is unavailable.
    /// Errors: invalid (topic), exhausted (inflight_max), unavailable (not connecting),
    /// unsupported (the server offers no such QoS or no retain, or the packet is too large for it).
    Result<std::uint16_t> publish(const MessageView& message, Qos qos, bool retain = false,
                                  std::optional<std::uint32_t> expiry_s = {});
    /// Errors: invalid (a filter, or none), unavailable.
    Result<std::uint16_t> subscribe(std::vector<Subscription> subscriptions,
                                    Properties properties = {});
    Result<std::uint16_t> unsubscribe(std::vector<std::string> filters, Properties properties = {});
    void ping();
    void disconnect(Reason reason = Reason::success, Properties properties = {});
    /// The socket is gone. Messages are kept for the next connect.
    void lost();

    /// Without automatic acknowledgement: PUBACK or PUBREC for an Arrived.
    void acknowledge(std::uint16_t packet_id, Reason reason = Reason::success);

    /// Send a ping when nothing was sent for so long; nothing: keep alive is off.
    std::optional<std::chrono::seconds> ping_after() const;
    bool is_connected() const { return phase_ == Phase::open; }
    std::size_t unfinished() const { return outbound_.size(); }
    const std::string& client_id() const { return connect_.client_id; }

    std::string take_output(std::string spare = {});
    std::size_t output_bytes() const { return output_.size(); }

private:
    enum class Phase : std::uint8_t { idle, awaiting_connack, open };
    enum class Step : std::uint8_t { waiting, published, releasing };
    struct Outbound {
        Message message;
        std::optional<std::uint32_t> expiry_s;
        Qos qos = Qos::at_least_once;
        bool retain = false;
        bool dup = false;
        Step step = Step::waiting;
        bool counted = false;  // holds a unit of the server's receive maximum
        std::uint64_t order = 0;
    };

    void take_frame(const Frame& frame, std::vector<ClientEvent>& events);
    void take(Connack&& connack, std::vector<ClientEvent>& events);
    void take(const PublishView& publish, std::vector<ClientEvent>& events);
    void take(const Ack& ack, std::vector<ClientEvent>& events);
    void take(Suback&& suback, std::vector<ClientEvent>& events);
    Decoded<std::string> topic_of(const PublishView& publish);
    void end(Ended ended, std::vector<ClientEvent>& events);
    void resume(bool session_present);
    void send_waiting();
    void put_publish(std::uint16_t packet_id, Outbound& outbound);
    void put_ack(PacketType type, std::uint16_t packet_id, Reason reason);
    void finish(std::uint16_t packet_id, Reason reason, std::vector<ClientEvent>& events);
    Result<std::uint16_t> next_id();

    ClientLimits limits_;
    Connect connect_;
    std::string input_;
    std::string output_;
    std::map<std::uint16_t, Outbound> outbound_;
    std::map<std::uint64_t, std::uint16_t> waiting_;  // order to packet id: not sent yet
    std::set<std::uint16_t> requests_;                // SUBSCRIBE and UNSUBSCRIBE without answer
    std::set<std::uint16_t> held_;                    // inbound QoS 2
    std::vector<std::string> aliases_;                // inbound, by alias - 1
    std::uint64_t next_order_ = 0;
    std::size_t quota_ = 65535;
    std::size_t server_packet_bytes_max_ = remaining_length_max + 5;
    Qos server_qos_max_ = Qos::exactly_once;
    bool server_retains_ = true;
    std::uint16_t next_id_ = 0;
    std::uint16_t keep_alive_s_ = 0;
    Phase phase_ = Phase::idle;
    bool automatic_;
};

}  // namespace lineshaft::mqtt
