#include <algorithm>
#include <array>
#include <span>

#include "wire/mqtt/fields.h"
#include "wire/mqtt/packet.h"
#include "wire/mqtt/properties_walk.h"

namespace lineshaft::mqtt {
namespace {

struct Context {
    Version version;
    const PacketLimits& limits;
    bool is_5() const { return version == Version::v5_0; }
};

// Length and properties; nothing to read in 3.1.1.
Decoded<Properties> take_section(Fields& in, Section section, const Context& context) {
    if (!context.is_5()) return Properties{};
    TRY(const auto size, in.varint());
    TRY(const auto wire, in.take(size));
    return decode_properties(wire, section, context.limits.user_properties_max);
}

Decoded<std::monostate> at_end(const Fields& in) {
    if (!in.at_end()) return malformed("bytes behind the end of the packet");
    return std::monostate{};
}

Decoded<std::monostate> check_topic(std::string_view topic, const Context& context) {
    if (topic.empty()) return violation("topic is empty [MQTT-4.7.3-1]");
    if (!is_topic_name(topic)) return malformed("wildcard in a topic name [MQTT-3.3.2-2]");
    if (!fits(topic, context.limits.topic)) {
        return fault(Reason::topic_name_invalid, "topic is too long or too deep");
    }
    return std::monostate{};
}

Decoded<SharedFilter> check_filter(std::string_view filter, const Context& context) {
    const auto parts = parse_filter(filter);
    if (!parts) return fault(Reason::topic_filter_invalid, "not a topic filter (4.7.1, 4.8.2)");
    if (!fits(parts->filter, context.limits.topic) ||
        parts->group.size() > context.limits.topic.bytes_max) {
        return fault(Reason::topic_filter_invalid, "filter is too long or too deep");
    }
    return *parts;
}

// ---- CONNECT (3.1) ---------------------------------------------------------------------------

struct ConnectFlags {
    std::uint8_t bits;
    bool has(unsigned bit) const { return (bits >> bit & 1) != 0; }
    unsigned will_qos() const { return bits >> 3 & 3u; }
};

Decoded<std::monostate> check_flags(ConnectFlags flags, const Context& context) {
    if (flags.has(0)) return malformed("reserved connect flag [MQTT-3.1.2-3]");
    if (flags.will_qos() == 3) return malformed("will QoS 3 [MQTT-3.1.2-12]");
    if (!flags.has(2) && (flags.will_qos() != 0 || flags.has(5))) {
        return malformed("will QoS or retain without will [MQTT-3.1.2-11, -13]");
    }
    if (!context.is_5() && flags.has(6) && !flags.has(7)) {
        return malformed("password without user name [3.1.1 MQTT-3.1.2-22]");
    }
    return std::monostate{};
}

Decoded<Will> take_will(Fields& in, ConnectFlags flags, const Context& context) {
    Will will;
    will.qos = static_cast<Qos>(flags.will_qos());
    will.retain = flags.has(5);
    std::string forwarded;
    if (context.is_5()) {
        TRY(const auto size, in.varint());
        TRY(const auto wire, in.take(size));
        TRY([[maybe_unused]] const auto walked,
            walk_properties(wire, Section::will, context.limits.user_properties_max,
                            [&](const PropertyView& property) {
                                if (property.id == PropertyId::will_delay_interval) {
                                    will.delay_s = property.number;
                                } else if (property.id == PropertyId::message_expiry_interval) {
                                    will.expiry_s = property.number;
                                }
                            }));
        append_forwarded(wire, forwarded);
    }
    TRY(const auto topic, in.text());
    TRY([[maybe_unused]] const auto topic_good, check_topic(topic, context));
    TRY(const auto payload, in.binary());
    will.message = Message(topic, payload, forwarded);
    return will;
}

// Protocol name and level (3.1.2.1, 3.1.2.2).
Decoded<Version> take_version(Fields& in) {
    TRY(const auto name, in.binary());
    if (name == "MQIsdp") {
        return fault(Reason::unsupported_protocol_version, "MQTT 3.1 is not spoken");
    }
    if (name != "MQTT") return violation("protocol name is not MQTT [MQTT-3.1.2-1]");
    TRY(const auto level, in.byte());
    if (level != 4 && level != 5) {
        return fault(Reason::unsupported_protocol_version, "protocol level is not 4 or 5");
    }
    return static_cast<Version>(level);
}

Decoded<Packet> decode_connect(Fields in, const PacketLimits& limits) {
    TRY(const auto version, take_version(in));
    const Context context{version, limits};
    Connect connect;
    connect.version = version;
    TRY(const auto bits, in.byte());
    const ConnectFlags flags{bits};
    TRY([[maybe_unused]] const auto flags_good, check_flags(flags, context));
    connect.clean_start = flags.has(1);
    TRY(connect.keep_alive_s, in.u16());
    TRY(connect.properties, take_section(in, Section::connect, context));
    TRY(connect.client_id, in.text());
    if (flags.has(2)) {
        TRY(connect.will, take_will(in, flags, context));
    }
    if (flags.has(7)) {
        TRY(connect.user_name, in.text());
    }
    if (flags.has(6)) {
        TRY(connect.password, in.binary());
    }
    TRY([[maybe_unused]] const auto complete, at_end(in));
    return connect;
}

// ---- CONNACK (3.2) ---------------------------------------------------------------------------

constexpr std::array connack_3_1_1 = {
    Reason::success,
    Reason::unsupported_protocol_version,
    Reason::client_identifier_not_valid,
    Reason::server_unavailable,
    Reason::bad_user_name_or_password,
    Reason::not_authorized,
};

bool is_one_of(std::uint8_t code, std::span<const std::uint8_t> known) {
    return std::ranges::find(known, code) != known.end();
}

Decoded<Packet> decode_connack(Fields in, const Context& context) {
    Connack connack;
    TRY(const auto flags, in.byte());
    if ((flags & 0xfe) != 0) return malformed("reserved connack flag [MQTT-3.2.2-1]");
    connack.session_present = flags != 0;
    TRY(const auto code, in.byte());
    if (context.is_5()) {
        connack.reason = static_cast<Reason>(code);
        if (!is_connack_reason(connack.reason)) return malformed("unknown connack reason");
        TRY(connack.properties, take_section(in, Section::connack, context));
    } else {
        if (code >= connack_3_1_1.size()) return malformed("unknown connack return code");
        connack.reason = connack_3_1_1[code];
    }
    if (connack.session_present && connack.reason != Reason::success) {
        return violation("session present with an error [MQTT-3.2.2-6]");
    }
    TRY([[maybe_unused]] const auto complete, at_end(in));
    return connack;
}

// ---- PUBLISH (3.3) ---------------------------------------------------------------------------

Decoded<std::monostate> take_publish_section(Fields& in, PublishView& publish,
                                             const Context& context) {
    TRY(const auto size, in.varint());
    TRY(publish.message.properties, in.take(size));
    if (size == 0) return std::monostate{};
    return walk_properties(publish.message.properties, Section::publish,
                           context.limits.user_properties_max, [&](const PropertyView& property) {
                               if (property.id == PropertyId::topic_alias) {
                                   publish.topic_alias =
                                       static_cast<std::uint16_t>(property.number);
                               } else if (property.id == PropertyId::message_expiry_interval) {
                                   publish.expiry_s = property.number;
                               } else if (property.id == PropertyId::subscription_identifier) {
                                   publish.subscription_ids.push_back(property.number);
                               }
                           });
}

Decoded<Packet> decode_publish(const Frame& frame, const Context& context) {
    Fields in(as_text(frame.body));
    PublishView publish;
    const unsigned qos = frame.first >> 1 & 3u;
    if (qos == 3) return malformed("QoS 3 [MQTT-3.3.1-4]");
    publish.qos = static_cast<Qos>(qos);
    publish.dup = (frame.first & 8) != 0;
    publish.retain = (frame.first & 1) != 0;
    if (publish.dup && qos == 0) return malformed("DUP with QoS 0 [MQTT-3.3.1-2]");
    TRY(publish.message.topic, in.text());
    if (qos != 0) {
        TRY(publish.packet_id, in.packet_id());
    }
    if (context.is_5()) {
        TRY([[maybe_unused]] const auto walked, take_publish_section(in, publish, context));
    }
    if (publish.message.topic.empty() && publish.topic_alias) {
        publish.message.payload = in.rest();
        return publish;
    }
    TRY([[maybe_unused]] const auto topic_good, check_topic(publish.message.topic, context));
    publish.message.payload = in.rest();
    return publish;
}

// ---- PUBACK, PUBREC, PUBREL, PUBCOMP (3.4 to 3.7) --------------------------------------------

constexpr std::uint8_t publish_ack_codes[] = {0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99};
constexpr std::uint8_t release_codes[] = {0x00, 0x92};

Decoded<Packet> decode_ack(PacketType type, Fields in, const Context& context) {
    Ack ack;
    ack.type = type;
    TRY(ack.packet_id, in.packet_id());
    if (context.is_5() && !in.at_end()) {
        TRY(const auto code, in.byte());
        const bool release = type == PacketType::pubrel || type == PacketType::pubcomp;
        if (!is_one_of(code, release ? std::span<const std::uint8_t>(release_codes)
                                     : std::span<const std::uint8_t>(publish_ack_codes))) {
            return malformed("unknown reason in an acknowledgement");
        }
        ack.reason = static_cast<Reason>(code);
        if (!in.at_end()) {
            const auto offset =
                static_cast<unsigned>(type) - static_cast<unsigned>(PacketType::puback);
            const auto section =
                static_cast<Section>(static_cast<unsigned>(Section::puback) + offset);
            TRY(ack.properties, take_section(in, section, context));
        }
    }
    TRY([[maybe_unused]] const auto complete, at_end(in));
    return ack;
}

// ---- SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK (3.8 to 3.11) ----------------------------------

Decoded<Subscription> take_subscription(Fields& in, const Context& context) {
    Subscription subscription;
    TRY(subscription.filter, in.text());
    TRY(const auto parts, check_filter(subscription.filter, context));
    TRY(const unsigned options, in.byte());
    if ((options & (context.is_5() ? 0xc0u : 0xfcu)) != 0) {
        return malformed("reserved subscription option [MQTT-3.8.3-5]");
    }
    if ((options & 3) == 3) return malformed("QoS 3 in a subscription");
    if ((options >> 4 & 3) == 3) return violation("retain handling 3 (3.8.3.1)");
    subscription.qos_max = static_cast<Qos>(options & 3);
    subscription.no_local = (options & 4) != 0;
    subscription.retain_as_published = (options & 8) != 0;
    subscription.retain_handling = static_cast<RetainHandling>(options >> 4 & 3);
    if (subscription.no_local && parts.is_shared()) {
        return violation("no local on a shared subscription [MQTT-3.8.3-4]");
    }
    return subscription;
}

Decoded<Packet> decode_subscribe(Fields in, const Context& context) {
    Subscribe subscribe;
    TRY(subscribe.packet_id, in.packet_id());
    TRY(subscribe.properties, take_section(in, Section::subscribe, context));
    if (in.at_end()) return violation("no subscription in SUBSCRIBE [MQTT-3.8.3-2]");
    while (!in.at_end()) {
        if (subscribe.subscriptions.size() == context.limits.filters_max) {
            return fault(Reason::quota_exceeded, "too many filters in one packet");
        }
        TRY(auto subscription, take_subscription(in, context));
        subscribe.subscriptions.push_back(std::move(subscription));
    }
    return subscribe;
}

Decoded<Packet> decode_unsubscribe(Fields in, const Context& context) {
    Unsubscribe unsubscribe;
    TRY(unsubscribe.packet_id, in.packet_id());
    TRY(unsubscribe.properties, take_section(in, Section::unsubscribe, context));
    if (in.at_end()) return violation("no filter in UNSUBSCRIBE [MQTT-3.10.3-2]");
    while (!in.at_end()) {
        if (unsubscribe.filters.size() == context.limits.filters_max) {
            return fault(Reason::quota_exceeded, "too many filters in one packet");
        }
        TRY(const auto filter, in.text());
        TRY([[maybe_unused]] const auto parts, check_filter(filter, context));
        unsubscribe.filters.emplace_back(filter);
    }
    return unsubscribe;
}

constexpr std::uint8_t suback_codes[] = {0x00, 0x01, 0x02, 0x80, 0x83, 0x87,
                                         0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2};
constexpr std::uint8_t suback_codes_3_1_1[] = {0x00, 0x01, 0x02, 0x80};
constexpr std::uint8_t unsuback_codes[] = {0x00, 0x11, 0x80, 0x83, 0x87, 0x8f, 0x91};

std::span<const std::uint8_t> codes_of(PacketType type, const Context& context) {
    if (type == PacketType::unsuback) return unsuback_codes;
    if (context.is_5()) return suback_codes;
    return suback_codes_3_1_1;
}

Decoded<Packet> decode_suback(PacketType type, Fields in, const Context& context) {
    Suback suback;
    suback.type = type;
    TRY(suback.packet_id, in.packet_id());
    const bool un = type == PacketType::unsuback;
    TRY(suback.properties, take_section(in, un ? Section::unsuback : Section::suback, context));
    const bool expects_reasons = context.is_5() || !un;
    if (!expects_reasons && !in.at_end()) return malformed("bytes behind the end of the packet");
    if (expects_reasons && in.at_end()) return violation("no reason code");
    const auto known = codes_of(type, context);
    for (const char byte : in.rest()) {
        const auto code = static_cast<std::uint8_t>(byte);
        if (!is_one_of(code, known)) return malformed("unknown reason in SUBACK or UNSUBACK");
        suback.reasons.push_back(static_cast<Reason>(code));
    }
    return suback;
}

// ---- DISCONNECT, AUTH (3.14, 3.15) -----------------------------------------------------------

constexpr std::uint8_t disconnect_codes[] = {
    0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8b, 0x8d, 0x8e, 0x8f, 0x90, 0x93, 0x94,
    0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2};
constexpr std::uint8_t auth_codes[] = {0x00, 0x18, 0x19};

template <class T>
Decoded<Packet> decode_farewell(Fields in, Section section, std::span<const std::uint8_t> known,
                                const Context& context) {
    T packet;
    if (!context.is_5() || in.at_end()) {
        TRY([[maybe_unused]] const auto complete, at_end(in));
        return packet;
    }
    TRY(const auto code, in.byte());
    if (!is_one_of(code, known)) return malformed("unknown reason in DISCONNECT or AUTH");
    packet.reason = static_cast<Reason>(code);
    if (!in.at_end()) {
        TRY(packet.properties, take_section(in, section, context));
    }
    TRY([[maybe_unused]] const auto complete, at_end(in));
    return packet;
}

Decoded<Packet> decode_body(const Frame& frame, const Context& context) {
    const Fields in(as_text(frame.body));
    switch (frame.type()) {
        case PacketType::connect: return decode_connect(in, context.limits);
        case PacketType::connack: return decode_connack(in, context);
        case PacketType::publish: return decode_publish(frame, context);
        case PacketType::puback:
        case PacketType::pubrec:
        case PacketType::pubrel:
        case PacketType::pubcomp: return decode_ack(frame.type(), in, context);
        case PacketType::subscribe: return decode_subscribe(in, context);
        case PacketType::suback:
        case PacketType::unsuback: return decode_suback(frame.type(), in, context);
        case PacketType::unsubscribe: return decode_unsubscribe(in, context);
        case PacketType::pingreq:
        case PacketType::pingresp:
            if (!in.at_end()) return malformed("bytes in a ping");
            if (frame.type() == PacketType::pingreq) return Pingreq{};
            return Pingresp{};
        case PacketType::disconnect:
            return decode_farewell<Disconnect>(in, Section::disconnect, disconnect_codes, context);
        case PacketType::auth:
            if (!context.is_5()) return malformed("packet type 15 in 3.1.1");
            return decode_farewell<Auth>(in, Section::auth, auth_codes, context);
    }
    return malformed("packet type 0");
}

// The flags a first byte must have (2.1.3); PUBLISH has its own rules.
bool has_valid_flags(std::uint8_t first) {
    const unsigned flags = first & 0x0fu;
    switch (static_cast<PacketType>(first >> 4)) {
        case PacketType::publish: return (flags & 6) != 6;
        case PacketType::pubrel:
        case PacketType::subscribe:
        case PacketType::unsubscribe: return flags == 2;
        default: return flags == 0;
    }
}

}  // namespace

Decoded<std::optional<Frame>> next_frame(Bytes stream, std::size_t packet_bytes_max) {
    if (stream.empty()) return std::optional<Frame>{};
    Frame frame;
    frame.first = std::to_integer<std::uint8_t>(stream[0]);
    if (frame.first >> 4 == 0) return malformed("packet type 0");
    if (!has_valid_flags(frame.first)) return malformed("reserved flags [MQTT-2.1.3-1]");
    std::size_t length = 0;
    for (std::size_t index = 0; index < 4; ++index) {
        if (1 + index >= stream.size()) return std::optional<Frame>{};
        const auto group = std::to_integer<std::size_t>(stream[1 + index]);
        length |= (group & 0x7f) << (7 * index);
        if ((group & 0x80) != 0) continue;
        const std::size_t header_bytes = 2 + index;
        frame.size_bytes = header_bytes + length;
        if (frame.size_bytes > packet_bytes_max) {
            return fault(Reason::packet_too_large, "packet is larger than allowed here");
        }
        if (frame.size_bytes > stream.size()) return std::optional<Frame>{};
        frame.body = stream.subspan(header_bytes, length);
        return std::optional<Frame>(frame);
    }
    return malformed("remaining length over four bytes");
}

Decoded<Packet> decode(const Frame& frame, Version version, const PacketLimits& limits) {
    const Context context{version, limits};
    auto packet = decode_body(frame, context);
    if (!packet) return packet;
    // 3.1.1 does not ask for the shortest form, and small clients write fixed widths.
    const auto* connect = std::get_if<Connect>(&*packet);
    const bool is_5 = (connect != nullptr ? connect->version : version) == Version::v5_0;
    if (is_5 && frame.size_bytes != 1 + varint_size(frame.body.size()) + frame.body.size()) {
        return malformed("remaining length is not shortest [MQTT-1.5.5-1]");
    }
    return packet;
}

std::optional<Version> version_to_refuse_in(const Frame& connect) {
    Fields in(as_text(connect.body));
    const auto name = in.binary();
    if (!name) return std::nullopt;
    if (*name == "MQIsdp") return Version::v3_1_1;
    if (*name != "MQTT") return std::nullopt;
    const auto level = in.byte();
    if (!level) return std::nullopt;
    return *level >= 5 ? Version::v5_0 : Version::v3_1_1;
}

}  // namespace lineshaft::mqtt
