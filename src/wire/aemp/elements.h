// How each element is written: its names, parts and units. Inside of wire/aemp.
#pragma once
#include <optional>
#include <span>
#include <string_view>

#include "wire/aemp/fleet.h"

namespace lineshaft::aemp {

enum class Unit { none, hours, volume, distance, mass, speed };

/// A child that may hold the value, in another measure by `factor`; empty names are unused.
struct Part {
    std::string_view name;
    double factor = 1;
};

struct ElementForm {
    Element element;
    std::string_view name, other_name;  ///< the standard's, and one seen elsewhere
    std::span<const Part> parts;        ///< the standard's first
    std::string_view unit_name, unit_written;
    Unit unit;
    bool is_cumulative;
    double value_max;
};

std::span<const ElementForm> forms();
const ElementForm& form_of(Element element);
bool is_named(const ElementForm& form, std::string_view name);
/// From the unit of that name to ours ("gallon": 3.785...).
std::optional<double> factor_of(Unit unit, std::string_view name);

}  // namespace lineshaft::aemp
