// One pass over a property section; private to this module's codec.
#pragma once
#include <array>
#include <variant>

#include "wire/mqtt/fields.h"
#include "wire/mqtt/properties.h"

namespace lineshaft::mqtt {

enum class WireType : std::uint8_t { none, flag, u16, u32, varint, text, binary, pair };

struct PropertyRule {
    WireType type = WireType::none;
    std::uint16_t sections = 0;  ///< a bit per Section
};

/// Table 2-4 of MQTT 5.0. An unknown id has type none.
PropertyRule rule_of(std::uint32_t id);

struct PropertyView {
    PropertyId id{};
    std::uint32_t number = 0;
    std::string_view text;
    std::string_view value;
    std::string_view wire;  ///< the whole property as it stands
};

/// Reads the next property by its type alone.
Decoded<PropertyView> next_property(Fields& in);

/// Rules on a single property's value that its type does not say.
Decoded<std::monostate> check_value(const PropertyView& property);

/// Visits each property of a section after checking it; see decode_properties for the faults.
template <class Visit>
Decoded<std::monostate> walk_properties(std::string_view wire, Section section,
                                        std::size_t user_properties_max, Visit visit) {
    Fields in(wire);
    std::uint64_t seen = 0;
    std::size_t user_count = 0;
    while (!in.at_end()) {
        TRY(const PropertyView property, next_property(in));
        const auto number = static_cast<unsigned>(property.id);
        const PropertyRule rule = rule_of(number);
        if ((rule.sections >> static_cast<unsigned>(section) & 1) == 0) {
            return violation("property is not allowed in this packet");
        }
        if (property.id == PropertyId::user_property) {
            if (++user_count > user_properties_max) {
                return fault(Reason::quota_exceeded, "too many user properties");
            }
        } else if ((seen >> number & 1) != 0 &&
                   !(property.id == PropertyId::subscription_identifier &&
                     section == Section::publish)) {
            return violation("property comes twice");
        }
        seen |= std::uint64_t{1} << number;
        TRY([[maybe_unused]] const auto checked, check_value(property));
        visit(property);
    }
    constexpr auto bit = [](PropertyId id) {
        return std::uint64_t{1} << static_cast<unsigned>(id);
    };
    if ((seen & bit(PropertyId::authentication_data)) != 0 &&
        (seen & bit(PropertyId::authentication_method)) == 0) {
        return violation("authentication data without a method");
    }
    return std::monostate{};
}

}  // namespace lineshaft::mqtt
