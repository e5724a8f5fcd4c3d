// What the tests and fuzzers of this module share: hex, short ways to speak, events as text.
#pragma once
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/check.h"
#include "wire/mqtt/connection.h"

namespace lineshaft::mqtt {

inline constexpr auto v3 = Version::v3_1_1;
inline constexpr auto v5 = Version::v5_0;
inline constexpr Version both[] = {v3, v5};

inline std::string hex(std::string_view digits) {
    auto bytes = from_hex(digits);
    CHECK(bytes.has_value());
    return *bytes;
}

inline std::string encoded(const Packet& packet, Version version) {
    std::string out;
    encode(packet, version, out);
    return out;
}

inline std::string number(PropertyId id, std::uint32_t value) {
    std::string out;
    append_property(id, value, out);
    return out;
}

inline Connect connect_of(Version version, std::string client_id = "c") {
    Connect connect;
    connect.version = version;
    connect.client_id = std::move(client_id);
    return connect;
}

inline std::vector<Event> feed(Connection& connection, std::string_view bytes) {
    return connection.receive(as_bytes(bytes));
}
inline std::vector<Event> feed(Connection& connection, const Packet& packet) {
    return feed(connection, encoded(packet, connection.version()));
}

/// Everything put since the last call, as hex.
inline std::string said(Connection& connection) {
    return to_hex(as_bytes(connection.take_output()));
}

/// A connection after CONNECT and CONNACK, its output emptied.
inline Connection opened(const Limits& limits, const Connect& connect, Accept answer = {}) {
    Connection connection(limits);
    const auto events = feed(connection, encoded(connect, connect.version));
    CHECK(events.size() == 1 && std::holds_alternative<ConnectReceived>(events[0]));
    CHECK(connection.accept(std::move(answer)).empty());
    (void)connection.take_output();  // the CONNACK
    return connection;
}
inline Connection opened(const Limits& limits, Version version) {
    return opened(limits, connect_of(version));
}

inline PublishView publish_of(MessageView message, Qos qos = Qos::at_most_once,
                              std::uint16_t packet_id = 0) {
    PublishView publish;
    publish.message = message;
    publish.qos = qos;
    publish.packet_id = packet_id;
    return publish;
}

inline Packet ack_of(PacketType type, std::uint16_t packet_id, Reason reason = Reason::success) {
    return Ack{.type = type, .packet_id = packet_id, .reason = reason, .properties = {}};
}

/// An event as text, complete enough that equal text means equal meaning.
struct Describe {
    static std::string n(std::uint64_t value) { return std::to_string(value); }
    static std::string n(Reason reason) { return std::string(name_of(reason)); }
    static std::string properties(const Properties& list) {
        std::string wire;
        append_properties(list, wire);
        return to_hex(as_bytes(wire));
    }
    std::string operator()(const ConnectReceived& e) const {
        return "connect " + to_hex(as_bytes(encoded(*e.connect, e.connect->version)));
    }
    std::string operator()(const PublishReceived& e) const {
        return "publish q" + n(static_cast<unsigned>(e.qos)) + " id " + n(e.packet_id) +
               (e.retain ? " retain" : "") + (e.dup ? " dup" : "") +
               (e.expiry_s ? " expiry " + n(*e.expiry_s) : "") + " " + n(e.message.topic_bytes()) +
               " " + n(e.message.properties_bytes()) + " " + to_hex(as_bytes(e.message.bytes()));
    }
    std::string operator()(const ReleaseReceived& e) const { return "release " + n(e.packet_id); }
    std::string operator()(const Received& e) const {
        return "received " + n(e.packet_id) + " token " + n(e.token);
    }
    std::string operator()(const Acked& e) const {
        return "acked " + n(e.packet_id) + " token " + n(e.token) + " " + n(e.reason);
    }
    std::string operator()(const SubscribeReceived& e) const {
        return "subscribe " + to_hex(as_bytes(encoded(e.subscribe, Version::v5_0)));
    }
    std::string operator()(const UnsubscribeReceived& e) const {
        return "unsubscribe " + to_hex(as_bytes(encoded(e.unsubscribe, Version::v5_0)));
    }
    std::string operator()(const Disconnected& e) const {
        return "disconnected " + n(e.reason) + (e.publish_will ? " will" : "") +
               (e.session_expiry_s ? " expiry " + n(*e.session_expiry_s) : "");
    }
    std::string operator()(const Close& e) const {
        return "close " + n(e.reason) + ": " + std::string(e.why);
    }
};
inline std::string describe(const Event& event) {
    return std::visit(Describe{}, event);
}
inline std::string describe(const std::vector<Event>& events) {
    std::string lines;
    for (const Event& event : events) lines += describe(event) + "\n";
    return lines;
}
/// The reason of the Close that ends `events`; success if they do not end in one.
inline Reason closed_with(const std::vector<Event>& events) {
    if (events.empty()) return Reason::success;
    const auto* close = std::get_if<Close>(&events.back());
    return close != nullptr ? close->reason : Reason::success;
}

}  // namespace lineshaft::mqtt
