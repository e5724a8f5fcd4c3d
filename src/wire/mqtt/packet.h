// The fifteen packets of MQTT 3.1.1 and 5.0 as values, and the functions between them and bytes.
// Source: OASIS MQTT Version 3.1.1 (2014-10-29) and Version 5.0 (2019-03-07); clauses are named
// [MQTT-x.y.z-n] as there, of 5.0 unless said otherwise.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "wire/mqtt/message.h"
#include "wire/mqtt/properties.h"
#include "wire/mqtt/reason.h"
#include "wire/mqtt/topic.h"

namespace lineshaft::mqtt {

enum class PacketType : std::uint8_t {
    connect = 1,
    connack,
    publish,
    puback,
    pubrec,
    pubrel,
    pubcomp,
    subscribe,
    suback,
    unsubscribe,
    unsuback,
    pingreq,
    pingresp,
    disconnect,
    auth,
};

/// A remaining length has at most four groups of seven bits (1.5.5).
constexpr std::uint32_t remaining_length_max = 268'435'455;
constexpr std::uint32_t session_never_expires = 0xffff'ffff;

struct Will {
    Message message = {};
    Qos qos = Qos::at_most_once;
    bool retain = false;
    std::uint32_t delay_s = 0;
    std::optional<std::uint32_t> expiry_s = {};  ///< message expiry interval
    bool operator==(const Will&) const = default;
};

struct Connect {
    Version version = Version::v5_0;
    bool clean_start = true;  ///< 3.1.1: clean session
    std::uint16_t keep_alive_s = 0;
    std::string client_id = {};  ///< may be empty: the server names the client
    std::optional<Will> will = {};
    std::optional<std::string> user_name = {};
    std::optional<std::string> password = {};  ///< binary
    Properties properties = {};

    /// Seconds the session outlives its connection. 3.1.1: 0 when clean, else never expires.
    std::uint32_t session_expiry_s() const;
    std::uint16_t receive_maximum() const;      ///< default 65535
    std::uint32_t packet_bytes_max() const;     ///< default unlimited: remaining_length_max + 5
    std::uint16_t topic_alias_maximum() const;  ///< default 0
    bool wants_problem_information() const;     ///< default true
    bool wants_response_information() const;    ///< default false
    bool operator==(const Connect&) const = default;
};

struct Connack {
    bool session_present = false;
    Reason reason = Reason::success;  ///< 3.1.1 codes 1..5 arrive as 0x84 0x85 0x88 0x86 0x87
    Properties properties = {};
    bool operator==(const Connack&) const = default;
};

/// PUBLISH over bytes somebody else owns: after decoding, valid as long as the frame.
/// properties: decoded: the whole section as on the wire (also alias, expiry, identifiers);
///             to encode: a message's forwarded properties; the fields below are written before it.
struct PublishView {
    MessageView message = {};
    Qos qos = Qos::at_most_once;
    bool dup = false;
    bool retain = false;
    std::uint16_t packet_id = 0;  ///< 0 for QoS 0
    std::optional<std::uint16_t> topic_alias = {};
    std::optional<std::uint32_t> expiry_s = {};
    std::vector<std::uint32_t> subscription_ids = {};
    bool operator==(const PublishView&) const = default;
};

/// PUBACK, PUBREC, PUBREL or PUBCOMP.
struct Ack {
    PacketType type = PacketType::puback;
    std::uint16_t packet_id = 0;
    Reason reason = Reason::success;
    Properties properties = {};
    bool operator==(const Ack&) const = default;
};

enum class RetainHandling : std::uint8_t { send = 0, send_if_new = 1, do_not_send = 2 };

struct Subscription {
    std::string filter = {};  ///< as sent, with `$share/group/` if shared; valid UTF-8 and syntax
    Qos qos_max = Qos::at_most_once;
    bool no_local = false;
    bool retain_as_published = false;
    RetainHandling retain_handling = RetainHandling::send;
    bool operator==(const Subscription&) const = default;
};

struct Subscribe {
    std::uint16_t packet_id = 0;
    std::vector<Subscription> subscriptions = {};  ///< at least one
    Properties properties = {};                    ///< subscription identifier, user properties

    /// 0: none.
    std::uint32_t subscription_id() const {
        return properties.number_or(PropertyId::subscription_identifier, 0);
    }
    bool operator==(const Subscribe&) const = default;
};

struct Unsubscribe {
    std::uint16_t packet_id = 0;
    std::vector<std::string> filters = {};  ///< at least one
    Properties properties = {};
    bool operator==(const Unsubscribe&) const = default;
};

/// SUBACK or UNSUBACK; one reason per filter, in order. A 3.1.1 UNSUBACK carries none.
struct Suback {
    PacketType type = PacketType::suback;
    std::uint16_t packet_id = 0;
    std::vector<Reason> reasons = {};
    Properties properties = {};
    bool operator==(const Suback&) const = default;
};

struct Pingreq {
    bool operator==(const Pingreq&) const = default;
};
struct Pingresp {
    bool operator==(const Pingresp&) const = default;
};

struct Disconnect {
    Reason reason = Reason::success;
    Properties properties = {};
    bool operator==(const Disconnect&) const = default;
};

struct Auth {
    Reason reason = Reason::success;
    Properties properties = {};
    bool operator==(const Auth&) const = default;
};

using Packet = std::variant<Connect, Connack, PublishView, Ack, Subscribe, Suback, Unsubscribe,
                            Pingreq, Pingresp, Disconnect, Auth>;

struct PacketLimits {
    std::size_t user_properties_max = 64;  ///< per section
    std::size_t filters_max = 1024;        ///< per SUBSCRIBE or UNSUBSCRIBE
    TopicLimits topic;
};

/// One packet cut out of a stream: its first byte, and what follows the remaining length.
struct Frame {
    std::uint8_t first = 0;
    Bytes body;
    std::size_t size_bytes = 0;  ///< of the whole packet

    PacketType type() const { return static_cast<PacketType>(first >> 4); }
};

/// The first whole packet at the start of `stream`, or nothing yet. Looks no further than it must:
/// faults come as soon as the bytes that prove them are there.
/// Faults: malformed_packet (type 0, reserved flags, length over four bytes), packet_too_large.
Decoded<std::optional<Frame>> next_frame(Bytes stream, std::size_t packet_bytes_max);

/// Decodes one packet. CONNECT carries its own version; for all others `version` is what was
/// agreed. Every rule that needs no memory of earlier packets is checked here.
/// Faults: malformed_packet, protocol_error, unsupported_protocol_version (CONNECT),
/// topic_name_invalid, topic_filter_invalid, quota_exceeded (limits).
Decoded<Packet> decode(const Frame& frame, Version version, const PacketLimits& limits);

/// The version to refuse a CONNECT in that cannot be decoded: 5.0 for level 5 and above. Nothing:
/// it does not even begin like MQTT, so it gets no answer.
std::optional<Version> version_to_refuse_in(const Frame& connect);

/// Appends the packet. A Connect is written in its own version. The packet must be one that
/// `decode` would accept; sizes beyond the format (65535, remaining length) are a bug: CHECK.
void encode(const Packet& packet, Version version, std::string& out);
void encode(const PublishView& publish, Version version, std::string& out);

/// The size of what `encode` appends for this PUBLISH, in bytes; may exceed the format's maximum.
std::size_t encoded_size(const PublishView& publish, Version version);

}  // namespace lineshaft::mqtt
