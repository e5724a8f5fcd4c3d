#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "wire/mqtt/properties.h"

namespace lineshaft::mqtt {

/// The parts of a message, owned by somebody else.
/// properties: MQTT 5.0 wire form without length field, holding only what a server forwards
/// unaltered: payload format, content type, response topic, correlation data, user properties.
struct MessageView {
    std::string_view topic;
    std::string_view properties;
    std::string_view payload;
    bool operator==(const MessageView&) const = default;
};

/// An application message in one allocation, the same for every protocol version and subscriber.
/// Its `bytes` and two sizes may be stored as they are. What differs per delivery (QoS, retain,
/// remaining expiry, subscription identifiers, topic alias) is not part of it.
class Message {
public:
    Message() = default;
    Message(std::string_view topic, std::string_view payload, std::string_view properties = {});
    /// Takes over stored `bytes` = topic + properties + payload. CHECKs that the sizes fit.
    Message(std::string bytes, std::uint32_t topic_bytes, std::uint32_t properties_bytes);

    std::string_view topic() const { return std::string_view(bytes_).substr(0, topic_bytes_); }
    std::string_view properties() const {
        return std::string_view(bytes_).substr(topic_bytes_, properties_bytes_);
    }
    std::string_view payload() const {
        return std::string_view(bytes_).substr(topic_bytes_ + properties_bytes_);
    }
    MessageView view() const { return {topic(), properties(), payload()}; }
    operator MessageView() const { return view(); }

    const std::string& bytes() const { return bytes_; }
    std::uint32_t topic_bytes() const { return topic_bytes_; }
    std::uint32_t properties_bytes() const { return properties_bytes_; }
    bool operator==(const Message&) const = default;

private:
    std::string bytes_;
    std::uint32_t topic_bytes_ = 0;
    std::uint32_t properties_bytes_ = 0;
};

/// The forwarded properties of a message, taken apart (for consoles, rules and tests).
/// Faults: as decode_properties; never for a section that came from a Message we decoded.
Decoded<Properties> properties_of(MessageView message);

/// The forwardable part of the PUBLISH or will section `wire`, which must be valid: everything but
/// topic alias, message expiry, will delay and subscription identifiers, in order. Linear.
void append_forwarded(std::string_view wire, std::string& out);

}  // namespace lineshaft::mqtt
