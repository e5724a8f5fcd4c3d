#include "base/check.h"
#include "wire/mqtt/fields.h"
#include "wire/mqtt/packet.h"
#include "wire/mqtt/publish_writer.h"

namespace lineshaft::mqtt {
namespace {

void put_packet(PacketType type, unsigned flags, std::string_view body, std::string& out) {
    CHECK(body.size() <= remaining_length_max);
    out.push_back(static_cast<char>(static_cast<unsigned>(type) << 4 | flags));
    put_varint(body.size(), out);
    out.append(body);
}

void put_section(const Properties& properties, Version version, std::string& out) {
    if (version == Version::v5_0) append_section(properties, out);
}

std::uint8_t connect_flags(const Connect& connect) {
    unsigned flags = connect.clean_start ? 2 : 0;
    if (connect.will) {
        flags |= 4 | static_cast<unsigned>(connect.will->qos) << 3;
        if (connect.will->retain) flags |= 0x20;
    }
    if (connect.password) flags |= 0x40;
    if (connect.user_name) flags |= 0x80;
    return static_cast<std::uint8_t>(flags);
}

void put_will(const Will& will, Version version, std::string& out) {
    if (version == Version::v5_0) {
        std::string section;
        if (will.delay_s != 0) {
            append_property(PropertyId::will_delay_interval, will.delay_s, section);
        }
        if (will.expiry_s) {
            append_property(PropertyId::message_expiry_interval, *will.expiry_s, section);
        }
        section.append(will.message.properties());
        put_varint(section.size(), out);
        out.append(section);
    }
    put_text(will.message.topic(), out);
    put_text(will.message.payload(), out);
}

// 3.1.1 knows one refusal (3.9.3).
std::uint8_t subscribe_code(Reason reason, Version version) {
    const bool collapse = version != Version::v5_0 && is_error(reason);
    return static_cast<std::uint8_t>(collapse ? Reason::unspecified_error : reason);
}

class Encoder {
public:
    Encoder(Version version, std::string& out) : version_(version), out_(out) {}

    void operator()(const Connect& connect) {
        std::string body;
        put_text("MQTT", body);
        body.push_back(static_cast<char>(connect.version));
        body.push_back(static_cast<char>(connect_flags(connect)));
        put_u16(connect.keep_alive_s, body);
        put_section(connect.properties, connect.version, body);
        put_text(connect.client_id, body);
        if (connect.will) put_will(*connect.will, connect.version, body);
        if (connect.user_name) put_text(*connect.user_name, body);
        if (connect.password) put_text(*connect.password, body);
        put_packet(PacketType::connect, 0, body, out_);
    }

    void operator()(const Connack& connack) {
        std::string body;
        body.push_back(connack.session_present ? 1 : 0);
        const auto code =
            is_5() ? static_cast<std::uint8_t>(connack.reason) : connack_code_3_1_1(connack.reason);
        body.push_back(static_cast<char>(code));
        put_section(connack.properties, version_, body);
        put_packet(PacketType::connack, 0, body, out_);
    }

    void operator()(const PublishView& publish) { encode(publish, version_, out_); }

    void operator()(const Ack& ack) {
        std::string body;
        put_u16(ack.packet_id, body);
        put_reason(ack.reason, ack.properties, body);
        put_packet(ack.type, ack.type == PacketType::pubrel ? 2 : 0, body, out_);
    }

    void operator()(const Subscribe& subscribe) {
        std::string body;
        put_u16(subscribe.packet_id, body);
        put_section(subscribe.properties, version_, body);
        for (const Subscription& subscription : subscribe.subscriptions) {
            put_text(subscription.filter, body);
            unsigned options = static_cast<unsigned>(subscription.qos_max);
            if (is_5()) {
                options |= (subscription.no_local ? 4u : 0u) |
                           (subscription.retain_as_published ? 8u : 0u) |
                           static_cast<unsigned>(subscription.retain_handling) << 4;
            }
            body.push_back(static_cast<char>(options));
        }
        put_packet(PacketType::subscribe, 2, body, out_);
    }

    void operator()(const Suback& suback) {
        std::string body;
        put_u16(suback.packet_id, body);
        put_section(suback.properties, version_, body);
        if (is_5() || suback.type == PacketType::suback) {
            for (const Reason reason : suback.reasons) {
                body.push_back(static_cast<char>(subscribe_code(reason, version_)));
            }
        }
        put_packet(suback.type, 0, body, out_);
    }

    void operator()(const Unsubscribe& unsubscribe) {
        std::string body;
        put_u16(unsubscribe.packet_id, body);
        put_section(unsubscribe.properties, version_, body);
        for (const std::string& filter : unsubscribe.filters) put_text(filter, body);
        put_packet(PacketType::unsubscribe, 2, body, out_);
    }

    void operator()(const Pingreq&) { put_packet(PacketType::pingreq, 0, {}, out_); }
    void operator()(const Pingresp&) { put_packet(PacketType::pingresp, 0, {}, out_); }

    void operator()(const Disconnect& bye) {
        std::string body;
        put_reason(bye.reason, bye.properties, body);
        put_packet(PacketType::disconnect, 0, body, out_);
    }

    void operator()(const Auth& auth) {
        std::string body;
        put_reason(auth.reason, auth.properties, body);
        put_packet(PacketType::auth, 0, body, out_);
    }

private:
    bool is_5() const { return version_ == Version::v5_0; }

    // Success without properties is left out, so is an empty section (3.4.2.1, 3.14.2.1).
    void put_reason(Reason reason, const Properties& properties, std::string& body) {
        if (!is_5() || (reason == Reason::success && properties.empty())) return;
        body.push_back(static_cast<char>(reason));
        if (!properties.empty()) append_section(properties, body);
    }

    Version version_;
    std::string& out_;
};

PublishHeader header_of(const PublishView& publish) {
    return {.qos = publish.qos,
            .dup = publish.dup,
            .retain = publish.retain,
            .topic_is_known = false,
            .packet_id = publish.packet_id,
            .topic_alias = publish.topic_alias,
            .expiry_s = publish.expiry_s,
            .subscription_ids = publish.subscription_ids};
}

}  // namespace

PublishSize measure(const PublishHeader& header, const MessageView& message, Version version) {
    PublishSize size;
    size.remaining = 2 + (header.topic_is_known ? 0 : message.topic.size());
    if (header.qos != Qos::at_most_once) size.remaining += 2;
    if (version == Version::v5_0) {
        size.properties = message.properties.size();
        if (header.topic_alias) size.properties += 3;
        if (header.expiry_s) size.properties += 5;
        for (const std::uint32_t id : header.subscription_ids) {
            size.properties += 1 + varint_size(id);
        }
        size.remaining += varint_size(size.properties) + size.properties;
    }
    size.remaining += message.payload.size();
    size.packet = 1 + varint_size(size.remaining) + size.remaining;
    return size;
}

void append_publish(const PublishHeader& header, const MessageView& message, Version version,
                    const PublishSize& size, std::string& out) {
    CHECK(size.remaining <= remaining_length_max);
    const unsigned first = static_cast<unsigned>(PacketType::publish) << 4 |
                           (header.dup ? 8u : 0u) | static_cast<unsigned>(header.qos) << 1 |
                           (header.retain ? 1u : 0u);
    out.push_back(static_cast<char>(first));
    put_varint(size.remaining, out);
    put_text(header.topic_is_known ? std::string_view{} : message.topic, out);
    if (header.qos != Qos::at_most_once) put_u16(header.packet_id, out);
    if (version == Version::v5_0) {
        put_varint(size.properties, out);
        if (header.topic_alias) append_property(PropertyId::topic_alias, *header.topic_alias, out);
        if (header.expiry_s) {
            append_property(PropertyId::message_expiry_interval, *header.expiry_s, out);
        }
        for (const std::uint32_t id : header.subscription_ids) {
            append_property(PropertyId::subscription_identifier, id, out);
        }
        out.append(message.properties);
    }
    out.append(message.payload);
}

void encode(const PublishView& publish, Version version, std::string& out) {
    const PublishHeader header = header_of(publish);
    append_publish(header, publish.message, version, measure(header, publish.message, version),
                   out);
}

void encode(const Packet& packet, Version version, std::string& out) {
    std::visit(Encoder(version, out), packet);
}

std::size_t encoded_size(const PublishView& publish, Version version) {
    return measure(header_of(publish), publish.message, version).packet;
}

std::uint32_t Connect::session_expiry_s() const {
    if (version != Version::v5_0) return clean_start ? 0 : session_never_expires;
    return properties.number_or(PropertyId::session_expiry_interval, 0);
}
std::uint16_t Connect::receive_maximum() const {
    return static_cast<std::uint16_t>(properties.number_or(PropertyId::receive_maximum, 65535));
}
std::uint32_t Connect::packet_bytes_max() const {
    return properties.number_or(PropertyId::maximum_packet_size, remaining_length_max + 5);
}
std::uint16_t Connect::topic_alias_maximum() const {
    return static_cast<std::uint16_t>(properties.number_or(PropertyId::topic_alias_maximum, 0));
}
bool Connect::wants_problem_information() const {
    return properties.number_or(PropertyId::request_problem_information, 1) != 0;
}
bool Connect::wants_response_information() const {
    return properties.number_or(PropertyId::request_response_information, 0) != 0;
}

}  // namespace lineshaft::mqtt
