#include "wire/mqtt/properties.h"

#include <variant>

#include "base/check.h"
#include "wire/mqtt/properties_walk.h"

namespace lineshaft::mqtt {
namespace {

template <class... Sections>
constexpr std::uint16_t in(Sections... sections) {
    return static_cast<std::uint16_t>(((1u << static_cast<unsigned>(sections)) | ... | 0u));
}

constexpr std::array<PropertyRule, 0x2b> make_rules() {
    using enum Section;
    using enum PropertyId;
    std::array<PropertyRule, 0x2b> rules{};
    const auto set = [&](PropertyId id, WireType type, std::uint16_t sections) {
        rules[static_cast<std::size_t>(id)] = {type, sections};
    };
    set(payload_format_indicator, WireType::flag, in(publish, will));
    set(message_expiry_interval, WireType::u32, in(publish, will));
    set(content_type, WireType::text, in(publish, will));
    set(response_topic, WireType::text, in(publish, will));
    set(correlation_data, WireType::binary, in(publish, will));
    set(subscription_identifier, WireType::varint, in(publish, subscribe));
    set(session_expiry_interval, WireType::u32, in(connect, connack, disconnect));
    set(assigned_client_identifier, WireType::text, in(connack));
    set(server_keep_alive, WireType::u16, in(connack));
    set(authentication_method, WireType::text, in(connect, connack, auth));
    set(authentication_data, WireType::binary, in(connect, connack, auth));
    set(request_problem_information, WireType::flag, in(connect));
    set(will_delay_interval, WireType::u32, in(will));
    set(request_response_information, WireType::flag, in(connect));
    set(response_information, WireType::text, in(connack));
    set(server_reference, WireType::text, in(connack, disconnect));
    set(reason_string, WireType::text,
        in(connack, puback, pubrec, pubrel, pubcomp, suback, unsuback, disconnect, auth));
    set(receive_maximum, WireType::u16, in(connect, connack));
    set(topic_alias_maximum, WireType::u16, in(connect, connack));
    set(topic_alias, WireType::u16, in(publish));
    set(maximum_qos, WireType::flag, in(connack));
    set(retain_available, WireType::flag, in(connack));
    set(user_property, WireType::pair,
        in(connect, connack, publish, will, puback, pubrec, pubrel, pubcomp, subscribe, suback,
           unsubscribe, unsuback, disconnect, auth));
    set(maximum_packet_size, WireType::u32, in(connect, connack));
    set(wildcard_subscription_available, WireType::flag, in(connack));
    set(subscription_identifier_available, WireType::flag, in(connack));
    set(shared_subscription_available, WireType::flag, in(connack));
    return rules;
}
constexpr auto rules = make_rules();

}  // namespace

PropertyRule rule_of(std::uint32_t id) {
    return id < rules.size() ? rules[id] : PropertyRule{};
}

Decoded<PropertyView> next_property(Fields& in) {
    const std::string_view start = in.rest();
    TRY(const auto id, in.varint());
    PropertyView property;
    property.id = static_cast<PropertyId>(id);
    switch (rule_of(id).type) {
        case WireType::none: return malformed("unknown property");
        case WireType::flag: {
            TRY(property.number, in.byte());
            break;
        }
        case WireType::u16: {
            TRY(property.number, in.u16());
            break;
        }
        case WireType::u32: {
            TRY(property.number, in.u32());
            break;
        }
        case WireType::varint: {
            TRY(property.number, in.varint());
            break;
        }
        case WireType::text: {
            TRY(property.text, in.text());
            break;
        }
        case WireType::binary: {
            TRY(property.text, in.binary());
            break;
        }
        case WireType::pair: {
            TRY(property.text, in.text());
            TRY(property.value, in.text());
            break;
        }
    }
    property.wire = start.substr(0, start.size() - in.left());
    return property;
}

Decoded<std::monostate> check_value(const PropertyView& property) {
    if (rule_of(static_cast<std::uint32_t>(property.id)).type == WireType::flag &&
        property.number > 1) {
        return violation("property must be 0 or 1");
    }
    switch (property.id) {
        case PropertyId::subscription_identifier:
        case PropertyId::receive_maximum:
        case PropertyId::maximum_packet_size:
            if (property.number == 0) return violation("property must not be 0");
            break;
        case PropertyId::response_topic:
            if (!is_topic_name(property.text)) return violation("response topic [MQTT-3.3.2-14]");
            break;
        default: break;
    }
    return std::monostate{};
}

std::optional<std::uint32_t> Properties::number(PropertyId id) const {
    for (const Property& property : list_) {
        if (property.id == id) return property.number;
    }
    return std::nullopt;
}

std::optional<std::string_view> Properties::text(PropertyId id) const {
    for (const Property& property : list_) {
        if (property.id == id) return property.text;
    }
    return std::nullopt;
}

void Properties::remove(PropertyId id) {
    std::erase_if(list_, [id](const Property& property) { return property.id == id; });
}

Decoded<Properties> decode_properties(std::string_view wire, Section section,
                                      std::size_t user_properties_max) {
    Properties properties;
    TRY([[maybe_unused]] const auto walked,
        walk_properties(wire, section, user_properties_max, [&](const PropertyView& property) {
            properties.add({property.id, property.number, std::string(property.text),
                            std::string(property.value)});
        }));
    return properties;
}

void put_text(std::string_view text, std::string& out) {
    CHECK(text.size() <= 65535);
    put_u16(static_cast<std::uint16_t>(text.size()), out);
    out.append(text);
}

void append_property(PropertyId id, std::uint32_t number, std::string& out) {
    out.push_back(static_cast<char>(id));
    switch (rule_of(static_cast<std::uint32_t>(id)).type) {
        case WireType::flag: out.push_back(static_cast<char>(number)); break;
        case WireType::u16: put_u16(static_cast<std::uint16_t>(number), out); break;
        case WireType::u32: put_u32(number, out); break;
        case WireType::varint: put_varint(number, out); break;
        case WireType::none:
        case WireType::text:
        case WireType::binary:
        case WireType::pair: CHECK(false && "not a number property");
    }
}

void append_property(PropertyId id, std::string_view text, std::string& out) {
    const WireType type = rule_of(static_cast<std::uint32_t>(id)).type;
    CHECK(type == WireType::text || type == WireType::binary);
    out.push_back(static_cast<char>(id));
    put_text(text, out);
}

void append_user_property(std::string_view name, std::string_view value, std::string& out) {
    out.push_back(static_cast<char>(PropertyId::user_property));
    put_text(name, out);
    put_text(value, out);
}

void append_properties(const Properties& properties, std::string& out) {
    for (const Property& property : properties.list()) {
        switch (rule_of(static_cast<std::uint32_t>(property.id)).type) {
            case WireType::pair: append_user_property(property.text, property.value, out); break;
            case WireType::text:
            case WireType::binary:
                append_property(property.id, std::string_view(property.text), out);
                break;
            default: append_property(property.id, property.number, out); break;
        }
    }
}

void append_section(const Properties& properties, std::string& out) {
    put_varint(encoded_size(properties), out);
    append_properties(properties, out);
}

std::size_t encoded_size(const Properties& properties) {
    std::size_t size = 0;
    for (const Property& property : properties.list()) {
        switch (rule_of(static_cast<std::uint32_t>(property.id)).type) {
            case WireType::none: break;
            case WireType::flag: size += 2; break;
            case WireType::u16: size += 3; break;
            case WireType::u32: size += 5; break;
            case WireType::varint: size += 1 + varint_size(property.number); break;
            case WireType::text:
            case WireType::binary: size += 3 + property.text.size(); break;
            case WireType::pair: size += 5 + property.text.size() + property.value.size(); break;
        }
    }
    return size;
}

}  // namespace lineshaft::mqtt
