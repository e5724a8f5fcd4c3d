#include "wire/aemp/elements.h"

#include "wire/aemp/tree.h"

namespace lineshaft::aemp {
namespace {

constexpr Part hour_parts[] = {{"Hour"}, {"Hours"}, {"Minute", 1.0 / 60}, {"Minutes", 1.0 / 60}};
constexpr Part fuel_parts[] = {{"FuelConsumed"}, {"FuelUsed"}};
constexpr Part odometer_parts[] = {{"Odometer"}, {"Distance"}};
constexpr Part percent_parts[] = {{"Percent"}, {"Percentage"}};
constexpr Part tank_parts[] = {{"FuelTankCapacity"}};
constexpr Part count_parts[] = {{"Count"}};
constexpr Part payload_parts[] = {{"Payload"}};
constexpr Part speed_parts[] = {{"Speed"}, {"MaximumSpeed"}};
constexpr Part running_parts[] = {{"Running"}};

constexpr ElementForm all_forms[] = {
    {Element::operating_hours, "CumulativeOperatingHours", "OperatingHours", hour_parts, "", "", Unit::hours, true, 1e6},
    {Element::idle_hours, "CumulativeIdleHours", "IdleHours", hour_parts, "", "", Unit::hours, true, 1e6},
    {Element::idle_non_operating_hours, "CumulativeIdleNonOperatingHours", "", hour_parts, "", "", Unit::hours, true, 1e6},
    {Element::power_take_off_hours, "CumulativePowerTakeOffHours", "", hour_parts, "", "", Unit::hours, true, 1e6},
    {Element::regeneration_hours, "CumulativeActiveRegenerationHours", "", hour_parts, "", "", Unit::hours, true, 1e6},
    {Element::fuel_used, "FuelUsed", "CumulativeFuelUsed", fuel_parts, "FuelUnits", "litre", Unit::volume, true, 1e9},
    {Element::fuel_used_last_24, "FuelUsedLast24", "FuelUsedInThePreceding24Hours", fuel_parts, "FuelUnits", "litre",
     Unit::volume, false, 1e6},
    {Element::distance, "Distance", "CumulativeDistance", odometer_parts, "OdometerUnits", "kilometre", Unit::distance,
     true, 1e8},
    {Element::fuel_remaining, "FuelRemaining", "FuelRemainingRatio", percent_parts, "", "", Unit::none, false, 100},
    {Element::fuel_tank_capacity, "FuelRemaining", "", tank_parts, "FuelTankCapacityUnits", "litre", Unit::volume, false, 1e6},
    {Element::def_remaining, "DEFRemaining", "", percent_parts, "", "", Unit::none, false, 100},
    {Element::load_factor_last_24, "AverageLoadFactorLast24", "", percent_parts, "", "", Unit::none, false, 100},
    {Element::load_count, "CumulativeLoadCount", "", count_parts, "", "", Unit::none, true, 1e12},
    {Element::payload, "CumulativePayloadTotals", "", payload_parts, "PayloadUnits", "kilogram", Unit::mass, true, 1e15},
    {Element::peak_speed_last_24, "PeakDailySpeedLast24", "MaximumSpeedLast24", speed_parts, "SpeedUnits", "km/h",
     Unit::speed, false, 1000},
    {Element::engine_running, "EngineStatus", "", running_parts, "", "", Unit::none, false, 1},
};
static_assert(std::size(all_forms) == elements_count);

struct UnitName {
    Unit unit;
    std::string_view name;
    double factor;
};
constexpr UnitName unit_names[] = {
    {Unit::volume, "litre", 1},       {Unit::volume, "liter", 1},      {Unit::volume, "litres", 1},
    {Unit::volume, "liters", 1},      {Unit::volume, "l", 1},          {Unit::volume, "gallon", 3.785411784},
    {Unit::volume, "gallons", 3.785411784}, {Unit::volume, "gal", 3.785411784},
    {Unit::volume, "imperial gallon", 4.54609}, {Unit::volume, "cubic metre", 1000},
    {Unit::distance, "kilometre", 1}, {Unit::distance, "kilometer", 1}, {Unit::distance, "kilometres", 1},
    {Unit::distance, "kilometers", 1}, {Unit::distance, "km", 1},      {Unit::distance, "mile", 1.609344},
    {Unit::distance, "miles", 1.609344}, {Unit::distance, "mi", 1.609344}, {Unit::distance, "metre", 0.001},
    {Unit::distance, "meter", 0.001}, {Unit::distance, "m", 0.001},
    {Unit::mass, "kilogram", 1},      {Unit::mass, "kilograms", 1},    {Unit::mass, "kg", 1},
    {Unit::mass, "pound", 0.45359237}, {Unit::mass, "pounds", 0.45359237}, {Unit::mass, "lb", 0.45359237},
    {Unit::mass, "tonne", 1000},      {Unit::mass, "metric ton", 1000}, {Unit::mass, "t", 1000},
    {Unit::mass, "short ton", 907.18474},
    {Unit::speed, "km/h", 1},         {Unit::speed, "kph", 1},         {Unit::speed, "kilometre per hour", 1},
    {Unit::speed, "mph", 1.609344},   {Unit::speed, "miles per hour", 1.609344}, {Unit::speed, "m/s", 3.6},
};

}  // namespace

std::span<const ElementForm> forms() { return all_forms; }
const ElementForm& form_of(Element element) { return all_forms[static_cast<std::size_t>(element)]; }

bool is_named(const ElementForm& form, std::string_view name) {
    return same_name(form.name, name) || (!form.other_name.empty() && same_name(form.other_name, name));
}

std::optional<double> factor_of(Unit unit, std::string_view name) {
    for (const UnitName& known : unit_names)
        if (known.unit == unit && same_name(known.name, name)) return known.factor;
    return std::nullopt;
}

std::string_view name_of(Element element) {
    return element == Element::fuel_tank_capacity ? "FuelTankCapacity" : form_of(element).name;
}

std::optional<Element> element_of(std::string_view name) {
    for (const ElementForm& form : all_forms)
        if (same_name(name_of(form.element), name)) return form.element;
    return std::nullopt;
}

}  // namespace lineshaft::aemp
