// The server's half of one MQTT connection: bytes in, events out; the broker's answers in, bytes
// out. No sockets, no clock, no threads, so every test is a function call.
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "wire/mqtt/flows.h"
#include "wire/mqtt/packet.h"

namespace lineshaft::mqtt {

/// What the server offers; told in CONNACK when it is less than everything, and enforced.
struct Capabilities {
    Qos qos_max = Qos::exactly_once;       ///< a PUBLISH above it ends the connection with 0x9B
    bool retain = true;                    ///< without it a retained PUBLISH ends with 0x9A
    bool wildcard_subscriptions = true;    ///< without: the broker answers 0xA2 per filter
    bool subscription_identifiers = true;  ///< without: 0xA1
    bool shared_subscriptions = true;      ///< without: the broker answers 0x9E per filter
};

struct Limits {
    std::size_t packet_bytes_before_accept_max = 64 << 10;
    std::size_t packet_bytes_max = 2 << 20;  ///< told in CONNACK
    std::chrono::seconds connect_timeout{10};
    std::chrono::seconds keep_alive_max{0};  ///< for both versions; 0: the client's wish is taken
    std::size_t client_id_bytes_max = 256;
    std::uint16_t receive_maximum = 1024;     ///< inbound QoS 1 and 2 unanswered; told in CONNACK
    std::size_t inbound_held_max = 65535;     ///< QoS 2 ids held, all versions: over it 0x97
    std::uint16_t inflight_max = 1024;        ///< outbound QoS 1 and 2 unanswered
    std::uint16_t inbound_aliases_max = 32;   ///< topic alias maximum told in CONNACK
    std::uint16_t outbound_aliases_max = 32;  ///< of those the client offers
    PacketLimits packet;
    Capabilities offers;
};

// ---- Events, in the order in which they must be handled -------------------------------------

/// Answer with accept or refuse. Bytes behind it are held back until then.
struct ConnectReceived {
    std::unique_ptr<Connect> connect;  ///< rare and large, so not inside the variant
};

/// QoS 0: no answer. QoS 1: puback when it is durable, in order of arrival [MQTT-4.6.0-2].
/// QoS 2: pubrec when message *and* packet id are durable. Duplicates of a held id never get here.
struct PublishReceived {
    Message message = {};  ///< topic alias resolved
    std::optional<std::uint32_t> expiry_s = {};
    Qos qos = Qos::at_most_once;
    bool retain = false;
    bool dup = false;
    std::uint16_t packet_id = 0;
};

/// PUBREL seen: forget the inbound packet id durably, then call pubcomp.
struct ReleaseReceived {
    std::uint16_t packet_id = 0;
};

/// Outbound QoS 2: PUBREC seen. Make "received" durable, then call release.
struct Received {
    std::uint64_t token = 0;
    std::uint16_t packet_id = 0;
};

/// An outbound QoS 1 or 2 flow ended; its id is free and quota came back: publish more.
/// reason: the client's; an error code means that it will not have the message.
struct Acked {
    std::uint64_t token = 0;
    std::uint16_t packet_id = 0;
    Reason reason = Reason::success;
};

/// Answer with suback, one reason per subscription.
struct SubscribeReceived {
    Subscribe subscribe = {};
};
/// Answer with unsuback, one reason per filter.
struct UnsubscribeReceived {
    Unsubscribe unsubscribe = {};
};

/// The client said goodbye; the last event. Close the socket.
struct Disconnected {
    Reason reason = Reason::success;
    bool publish_will = false;                           ///< 5.0 reason 0x04, or any but 0x00
    std::optional<std::uint32_t> session_expiry_s = {};  ///< replaces that of CONNECT
};

/// The client broke a rule; the last event. Write the output, close the socket, publish the will.
/// Before accept there is no session, hence no will.
struct Close {
    Reason reason = Reason::unspecified_error;
    std::string_view why;  ///< a literal
};

using Event = std::variant<ConnectReceived, PublishReceived, ReleaseReceived, Received, Acked,
                           SubscribeReceived, UnsubscribeReceived, Disconnected, Close>;

// ---- The broker's answers --------------------------------------------------------------------

struct Accept {
    bool session_present = false;
    SessionState session = {};            ///< of the resumed session; empty for a new one
    std::string assigned_client_id = {};  ///< 5.0, when the client sent none
    std::optional<std::uint32_t> session_expiry_s =
        {};                                 ///< 5.0, when not what the client asked for
    std::string response_information = {};  ///< sent only to a client that asked for it
    Properties extra = {};                  ///< reason string, user properties, server reference
};

/// Goes into an answer only if it is 5.0, the client wants problem information (in any case in
/// CONNACK and DISCONNECT), and the packet stays under the client's maximum size.
struct Explanation {
    std::string reason_string = {};
    std::vector<std::pair<std::string, std::string>> user = {};
    bool empty() const { return reason_string.empty() && user.empty(); }
};

/// How one message goes to this client.
struct Delivery {
    Qos qos = Qos::at_most_once;  ///< for publish; a flow has its own
    bool retain = false;
    bool dup = false;  ///< set when the id was sent on an earlier connection
    std::optional<std::uint32_t> expiry_s = {};  ///< what remains of the message expiry interval
    std::span<const std::uint32_t> subscription_ids = {};
};

enum class Sent : std::uint8_t {
    sent,
    no_room,    ///< no quota or too many in flight: again after the next Acked
    too_large,  ///< over the client's maximum packet size: treat as delivered; the id is free again
    unknown_id,  ///< the client has ended this flow meanwhile: an Acked was given for it
    closed,      ///< the connection has ended: keep the message for the session
};

/// Owner: one session on one shard. `limits` must outlive it. Ends when an event Disconnected or
/// Close was given, or disconnect or refuse was called; it then ignores every further call, so
/// that late answers need no check. Calls that name an id the client has finished are ignored.
/// Memory: below 130 bytes while idle; flows, aliases and buffers are allocated when first used.
class Connection {
public:
    explicit Connection(const Limits& limits);
    Connection(Connection&&) noexcept;
    Connection& operator=(Connection&&) noexcept;
    ~Connection();

    /// Takes all of `any_split`. Hostile input ends in Close, never in CHECK.
    std::vector<Event> receive(Bytes any_split);
    /// False: do not read from the socket now: accept is pending, or a 3.1.1 client, which knows no
    /// receive maximum, has so many PUBLISH and PUBREL waiting for *our* answer. (A 5.0 client that
    /// goes so far is closed with 0x93 instead.) Never waits for anything the client must send.
    /// A receive in that state is still safe; before accept it keeps at most
    /// packet_bytes_before_accept_max bytes, then closes.
    bool wants_input() const;
    /// Close the connection when no byte came for so long; nothing: never.
    /// connect_timeout until CONNECT (counted from accepting the socket, whatever arrives), then
    /// 1.5 x keep alive [MQTT-3.1.2-22]. Call timed_out then.
    std::optional<std::chrono::milliseconds> silence_max() const;
    bool closed() const { return phase_ == Phase::closed; }

    // Answers to CONNECT.

    /// CONNACK, then PUBREL for every flow of the session in stage `releasing`. The broker then
    /// sends again what `unsent` names. Returns the events of bytes that came behind CONNECT.
    [[nodiscard]] std::vector<Event> accept(Accept answer);
    /// CONNACK with an error; ends. `extra` may hold reason string, server reference.
    void refuse(Reason reason, const Properties& extra = {});

    // Answers to PUBLISH, PUBREL, SUBSCRIBE, UNSUBSCRIBE.

    /// 3.1.1 has no negative PUBACK: an error reason closes the connection there, unless it is
    /// not sent at all.
    void puback(std::uint16_t packet_id, Reason reason = Reason::success,
                const Explanation& why = {});
    /// An error reason frees the id (5.0); 3.1.1: closes.
    void pubrec(std::uint16_t packet_id, Reason reason = Reason::success,
                const Explanation& why = {});
    void pubcomp(std::uint16_t packet_id);
    void suback(std::uint16_t packet_id, std::span<const Reason> reasons,
                const Explanation& why = {});
    void unsuback(std::uint16_t packet_id, std::span<const Reason> reasons,
                  const Explanation& why = {});

    // Messages towards the client.

    /// QoS 0, at once.
    Sent publish(const MessageView& message, const Delivery& how);
    /// Reserves a packet id and quota for a QoS 1 or 2 message the broker knows as `token`.
    /// For QoS 2 make the assignment durable before `send`. Nothing: no room, or closed.
    std::optional<std::uint16_t> assign(Qos qos, std::uint64_t token);
    /// PUBLISH of a flow made by `assign` or brought back by `accept`.
    Sent send(std::uint16_t packet_id, const MessageView& message, const Delivery& how);
    /// PUBREL, after Received was made durable.
    void release(std::uint16_t packet_id);
    /// The flows whose PUBLISH has not been sent on this connection: those of a resumed session,
    /// in their first order (dup is due for them), and those assigned and not yet sent.
    std::vector<OutboundFlow> unsent() const { return outbound_.unsent(); }
    /// Gives up a flow whose message the broker no longer has (expired, right withdrawn) before it
    /// was sent here: the id is free. Ignored once it was sent.
    void abandon(std::uint16_t packet_id);
    /// QoS 1 and 2 messages that may be assigned now.
    std::size_t room() const;

    // The end.

    /// DISCONNECT with the reason (5.0), then closed. 3.1.1: closed.
    void disconnect(Reason reason, const Explanation& why = {},
                    std::string_view server_reference = {});
    /// For silence_max: 0x8D to 5.0 clients.
    void timed_out() { disconnect(Reason::keep_alive_timeout); }

    /// What the session must keep: inbound QoS 2 ids held (also those whose pubrec was not called
    /// yet) and outbound flows in order of assignment. Valid at any time, also after the end.
    SessionState session() const;

    /// Bytes to write, in order. The caller's `spare` becomes the next buffer: pass one to reuse
    /// its capacity, none to keep an idle connection small.
    std::string take_output(std::string spare = {});
    std::size_t output_bytes() const { return output_.size(); }

    Version version() const { return version_; }  ///< meaningful after ConnectReceived
    std::uint16_t keep_alive_s() const { return keep_alive_s_; }  ///< in force; 0: none

private:
    enum class Phase : std::uint8_t { awaiting_connect, deciding, open, closed };
    struct Aliases;  // both directions; made when the first alias is used

    void take_packets(Bytes stream, std::vector<Event>& events);
    std::string take_input();
    void take_frame(const Frame& frame, std::vector<Event>& events);
    void refuse_undecoded(const Frame& frame, const Fault& fault, std::vector<Event>& events);
    std::optional<Fault> reason_to_refuse(const Connect& connect) const;
    void take(Connect&& connect, std::vector<Event>& events);
    Decoded<std::string_view> resolve_alias(const PublishView& publish);
    Decoded<bool> admit(const PublishView& publish);
    void take(const PublishView& publish, std::vector<Event>& events);
    void take(const Ack& ack, std::vector<Event>& events);
    void take_pubrec(const Ack& ack, OutboundFlows::Flow& flow, std::vector<Event>& events);
    void take_pubrel(const Ack& ack, std::vector<Event>& events);
    void take(Disconnect&& bye, std::vector<Event>& events);
    void end(const Fault& fault, std::vector<Event>& events);

    Properties connack_properties(Accept& answer) const;
    template <class P>
    bool put(P packet);
    void put_ack(PacketType type, std::uint16_t packet_id, Reason reason, const Explanation& why);
    void put_suback(PacketType type, std::uint16_t packet_id, std::span<const Reason> reasons,
                    const Explanation& why);
    Sent put_publish(const MessageView& message, const Delivery& how, Qos qos,
                     std::uint16_t packet_id);
    std::size_t packet_bytes_max() const;

    const Limits* limits_;
    std::unique_ptr<std::string> input_;  // an incomplete packet, or what came behind CONNECT
    std::string output_;
    InboundFlows inbound_;
    OutboundFlows outbound_;
    std::unique_ptr<Aliases> aliases_;
    std::uint32_t client_packet_bytes_max_ = 0xffff'ffff;
    std::uint32_t session_expiry_s_ = 0;
    std::uint32_t unanswered_ = 0;  // inbound PUBLISH of QoS 1 and 2, until PUBACK or PUBCOMP
    std::uint32_t owed_ = 0;        // answers to PUBLISH and PUBREL that the broker has to give
    std::uint16_t keep_alive_s_ = 0;
    std::uint16_t client_receive_maximum_ = 65535;
    std::uint16_t client_alias_maximum_ = 0;
    Version version_ = Version::v3_1_1;
    Phase phase_ = Phase::awaiting_connect;
    bool keep_alive_overridden_ = false;
    bool problem_information_ = true;
    bool response_information_ = false;
};

}  // namespace lineshaft::mqtt
