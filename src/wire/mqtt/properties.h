#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "wire/mqtt/reason.h"

namespace lineshaft::mqtt {

/// MQTT 5.0, table 2-4. The number in the comment is the wire type.
enum class PropertyId : std::uint8_t {
    payload_format_indicator = 0x01,           // byte 0/1
    message_expiry_interval = 0x02,            // u32 seconds
    content_type = 0x03,                       // text
    response_topic = 0x08,                     // text
    correlation_data = 0x09,                   // binary
    subscription_identifier = 0x0b,            // varint 1..268435455
    session_expiry_interval = 0x11,            // u32 seconds
    assigned_client_identifier = 0x12,         // text
    server_keep_alive = 0x13,                  // u16 seconds
    authentication_method = 0x15,              // text
    authentication_data = 0x16,                // binary
    request_problem_information = 0x17,        // byte 0/1
    will_delay_interval = 0x18,                // u32 seconds
    request_response_information = 0x19,       // byte 0/1
    response_information = 0x1a,               // text
    server_reference = 0x1c,                   // text
    reason_string = 0x1f,                      // text
    receive_maximum = 0x21,                    // u16, not 0
    topic_alias_maximum = 0x22,                // u16
    topic_alias = 0x23,                        // u16 (0 is refused by the connection, 0x94)
    maximum_qos = 0x24,                        // byte 0/1
    retain_available = 0x25,                   // byte 0/1
    user_property = 0x26,                      // text pair, may repeat
    maximum_packet_size = 0x27,                // u32, not 0
    wildcard_subscription_available = 0x28,    // byte 0/1
    subscription_identifier_available = 0x29,  // byte 0/1
    shared_subscription_available = 0x2a,      // byte 0/1
};

/// Where a property section stands; decides which properties are allowed there (table 2-4).
enum class Section : std::uint8_t {
    connect,
    connack,
    publish,
    will,
    puback,
    pubrec,
    pubrel,
    pubcomp,
    subscribe,
    suback,
    unsubscribe,
    unsuback,
    disconnect,
    auth,
};

struct Property {
    PropertyId id{};
    std::uint32_t number = 0;  ///< integers of any width
    std::string text = {};     ///< text and binary; the name of a user property
    std::string value = {};    ///< the value of a user property
    bool operator==(const Property&) const = default;
};

/// A property section in the order of the wire. Empty costs three words and no allocation.
class Properties {
public:
    std::optional<std::uint32_t> number(PropertyId id) const;
    std::uint32_t number_or(PropertyId id, std::uint32_t otherwise) const {
        return number(id).value_or(otherwise);
    }
    /// Viewed in place: valid until this object changes.
    std::optional<std::string_view> text(PropertyId id) const;

    void add(PropertyId id, std::uint32_t number) { list_.push_back({id, number, {}, {}}); }
    void add(PropertyId id, std::string text) { list_.push_back({id, 0, std::move(text), {}}); }
    void add_user(std::string name, std::string value) {
        list_.push_back({PropertyId::user_property, 0, std::move(name), std::move(value)});
    }
    void add(Property property) { list_.push_back(std::move(property)); }
    void remove(PropertyId id);

    const std::vector<Property>& list() const { return list_; }
    bool empty() const { return list_.empty(); }
    bool operator==(const Properties&) const = default;

private:
    std::vector<Property> list_;
};

/// Reads one section without its length field. Checks what may stand in `section`, how often, the
/// values, UTF-8, and that at most `user_properties_max` user properties come (more: 0x97 quota
/// exceeded, found without storing them). Cost: linear.
/// Faults: malformed_packet, protocol_error (MQTT 5.0 2.2.2), quota_exceeded.
Decoded<Properties> decode_properties(std::string_view wire, Section section,
                                      std::size_t user_properties_max);

/// Appends the properties without a length field.
void append_properties(const Properties& properties, std::string& out);
/// Appends the length field and the properties.
void append_section(const Properties& properties, std::string& out);
/// What `append_properties` would append.
std::size_t encoded_size(const Properties& properties);

/// Appends one property in wire form.
void append_property(PropertyId id, std::uint32_t number, std::string& out);
void append_property(PropertyId id, std::string_view text, std::string& out);
void append_user_property(std::string_view name, std::string_view value, std::string& out);

}  // namespace lineshaft::mqtt
