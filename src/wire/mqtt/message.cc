#include "wire/mqtt/message.h"

#include "base/check.h"
#include "wire/mqtt/properties_walk.h"

namespace lineshaft::mqtt {

Message::Message(std::string_view topic, std::string_view payload, std::string_view properties)
    : topic_bytes_(static_cast<std::uint32_t>(topic.size())),
      properties_bytes_(static_cast<std::uint32_t>(properties.size())) {
    CHECK(topic.size() <= 65535 && properties.size() < (1u << 28));
    bytes_.reserve(topic.size() + properties.size() + payload.size());
    bytes_.append(topic).append(properties).append(payload);
}

Message::Message(std::string bytes, std::uint32_t topic_bytes, std::uint32_t properties_bytes)
    : bytes_(std::move(bytes)), topic_bytes_(topic_bytes), properties_bytes_(properties_bytes) {
    CHECK(std::size_t{topic_bytes} + properties_bytes <= bytes_.size());
}

Decoded<Properties> properties_of(MessageView message) {
    return decode_properties(message.properties, Section::publish, message.properties.size());
}

void append_forwarded(std::string_view wire, std::string& out) {
    Fields in(wire);
    while (!in.at_end()) {
        const auto property = next_property(in);
        if (!property) return;  // not reached: the section was checked
        switch (property->id) {
            case PropertyId::message_expiry_interval:
            case PropertyId::subscription_identifier:
            case PropertyId::will_delay_interval:
            case PropertyId::topic_alias: break;
            default: out.append(property->wire); break;
        }
    }
}

}  // namespace lineshaft::mqtt
