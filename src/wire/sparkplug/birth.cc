#include <algorithm>
#include <limits>
#include <set>

#include "wire/sparkplug/session.h"

namespace lineshaft::sparkplug {
namespace {

constexpr std::string_view quality_property = "Quality";

std::optional<Instant> instant_of(std::uint64_t millis) {
    if (millis > std::uint64_t{std::numeric_limits<std::int64_t>::max() / 1000})
        return std::nullopt;
    return Instant::from_millis(static_cast<std::int64_t>(millis));
}

// A property's value by its declared type; by its wire kind where the type is missing or untrue.
Value property_value(const Property& property) {
    if (property.is_null) return {};
    WireValue wire;
    std::visit(
        [&wire](const auto& value) {
            if constexpr (std::is_constructible_v<WireValue, decltype(value)>) wire = value;
        },
        property.value);
    if (auto value = value_of(wire, property.type)) return *std::move(value);
    if (const auto* number = std::get_if<std::uint32_t>(&wire)) return std::uint64_t{*number};
    if (const auto* number = std::get_if<std::uint64_t>(&wire)) return *number;
    if (const auto* number = std::get_if<float>(&wire)) return static_cast<double>(*number);
    if (const auto* number = std::get_if<double>(&wire)) return *number;
    if (const auto* flag = std::get_if<bool>(&wire)) return *flag;
    if (const auto* text = std::get_if<std::string_view>(&wire)) return std::string(*text);
    return {};
}

std::optional<double> number_in(const Value& value) {
    if (const auto* number = std::get_if<double>(&value)) return *number;
    if (const auto* number = std::get_if<std::int64_t>(&value)) return static_cast<double>(*number);
    if (const auto* number = std::get_if<std::uint64_t>(&value))
        return static_cast<double>(*number);
    return std::nullopt;
}

// Names the scalars of a set and of the sets inside it; nesting is bounded by the decoder.
void flatten(const Payload& payload, Range set, const std::string& prefix,
             std::vector<std::pair<std::string, Value>>& out) {
    for (const Property& property : payload.properties_of(set)) {
        const std::string name = prefix + std::string(property.key);
        if (const auto* inner = std::get_if<PropertySetView>(&property.value)) {
            flatten(payload, inner->properties, name + "/", out);
        } else if (const auto* list = std::get_if<PropertySetListView>(&property.value)) {
            for (std::uint32_t index = 0; index < list->sets.count; ++index) {
                flatten(payload, payload.property_sets[list->sets.first + index],
                        name + "/" + std::to_string(index) + "/", out);
            }
        } else {
            out.emplace_back(name, property_value(property));
        }
    }
}

void read_properties(const Payload& payload, Range set, Definition& out) {
    flatten(payload, set, "", out.properties);
    // The quality belongs to the value at the moment of birth, not to the metric.
    std::erase_if(out.properties,
                  [](const auto& entry) { return entry.first == quality_property; });
    for (const auto& [name, value] : out.properties) {
        if (name == "engUnit" && std::holds_alternative<std::string>(value)) {
            out.unit = std::get<std::string>(value);
        } else if (name == "engLow") {
            out.low = number_in(value);
        } else if (name == "engHigh") {
            out.high = number_in(value);
        } else if (name == "readOnly" && std::holds_alternative<bool>(value)) {
            out.read_only = std::get<bool>(value);
        }
    }
}

Result<Definition> read_definition(const Payload& payload, const Metric& metric) {
    if (metric.name.empty()) return fail(Code::invalid, "a metric in a birth has no name");
    const auto type =
        metric.datatype > 34 ? DataType::unknown : static_cast<DataType>(metric.datatype);
    if (!is_metric_type(type)) {
        return fail(Code::invalid, std::string(metric.name) + ": no valid data type in the birth");
    }
    Definition definition;
    definition.name = metric.name;
    definition.alias = metric.alias;
    definition.type = type;
    definition.is_transient = metric.is_transient;
    if (metric.properties) read_properties(payload, *metric.properties, definition);
    return definition;
}

Quality quality_of(const Payload& payload, const Metric& metric) {
    if (!metric.properties) return Quality::good;
    for (const Property& property : payload.properties_of(*metric.properties)) {
        if (property.key != quality_property) continue;
        const auto code = number_in(property_value(property));
        return code == 192.0 ? Quality::good : code == 500.0 ? Quality::stale : Quality::bad;
    }
    return Quality::good;
}

}  // namespace

std::string_view name_of(RebirthCause cause) {
    switch (cause) {
        case RebirthCause::unborn: return "unborn";
        case RebirthCause::unknown_device: return "unknown_device";
        case RebirthCause::unknown_metric: return "unknown_metric";
        case RebirthCause::gap: return "gap";
        case RebirthCause::asked: return "asked";
    }
    return "asked";
}

Birth::Birth(std::vector<Definition> metrics) : metrics_(std::move(metrics)) {
    by_name_.reserve(metrics_.size());
    for (std::uint32_t index = 0; index < metrics_.size(); ++index) {
        by_name_.emplace_back(metrics_[index].name, index);
        if (metrics_[index].alias) by_alias_.emplace_back(*metrics_[index].alias, index);
    }
    std::ranges::sort(by_name_);
    std::ranges::sort(by_alias_);
}

std::optional<std::uint32_t> Birth::find(std::string_view name) const {
    const auto at = std::ranges::lower_bound(by_name_, name, {},
                                             &std::pair<std::string_view, std::uint32_t>::first);
    if (at == by_name_.end() || at->first != name) return std::nullopt;
    return at->second;
}

std::optional<std::uint32_t> Birth::find_alias(std::uint64_t alias) const {
    const auto at = std::ranges::lower_bound(by_alias_, alias, {},
                                             &std::pair<std::uint64_t, std::uint32_t>::first);
    if (at == by_alias_.end() || at->first != alias) return std::nullopt;
    return at->second;
}

Instant time_of(const Message& message) {
    if (!message.payload.timestamp) return message.received;
    return instant_of(*message.payload.timestamp).value_or(message.received);
}

void report_malformed(const Message& message, std::string reason, Turn& turn) {
    ++turn.counters.malformed;
    turn.events.push_back(Malformed{std::string(message.topic_text), std::move(reason)});
}

Result<Sample> read_sample(const Message& message, const Metric& metric,
                           const Definition& definition, std::uint32_t index) {
    const auto refuse = [&definition](std::string_view why) {
        return fail(Code::invalid, definition.name + ": " + std::string(why));
    };
    if (metric.datatype != 0 && metric.datatype != static_cast<std::uint32_t>(definition.type)) {
        return refuse("not the data type of the birth");
    }
    Sample sample;
    sample.metric = index;
    sample.is_historical = metric.is_historical;
    sample.at = time_of(message);
    if (metric.timestamp) {
        const auto at = instant_of(*metric.timestamp);
        if (!at) return refuse("the timestamp is out of range");
        sample.at = *at;
    }
    if (!metric.is_null) {
        auto value = value_of(metric.value, definition.type);
        if (!value) return refuse(value.error().context);
        sample.value = *std::move(value);
    }
    const bool is_null = std::holds_alternative<std::monostate>(sample.value);
    sample.quality = is_null ? Quality::bad : quality_of(message.payload, metric);
    return sample;
}

bool read_plain(const Metric& metric, const Definition& definition, std::uint32_t index,
                Instant otherwise, Sample& into) {
    if (definition.type != DataType::float64 && definition.type != DataType::float32) return false;
    const bool is_of_type =
        metric.datatype == 0 || metric.datatype == static_cast<std::uint32_t>(definition.type);
    if (!is_of_type || metric.is_null || metric.properties) return false;
    const auto* wide = std::get_if<double>(&metric.value);
    const auto* narrow = std::get_if<float>(&metric.value);
    if (wide == nullptr && narrow == nullptr) return false;
    if (metric.timestamp) {
        const auto at = instant_of(*metric.timestamp);
        if (!at) return false;
        otherwise = *at;
    }
    into.metric = index;
    into.is_historical = metric.is_historical;
    into.at = otherwise;
    into.value.emplace<double>(wide != nullptr ? *wide : static_cast<double>(*narrow));
    return true;
}

Result<ReadBirth> read_birth(const Message& message, const std::shared_ptr<const Birth>& previous,
                             Turn& turn) {
    const Payload& payload = message.payload;
    if (payload.metrics.size() > turn.limits.metrics_per_machine_max) {
        return fail(Code::exhausted, "more metrics in the birth than a machine may have");
    }
    std::vector<Definition> definitions;
    std::set<std::string_view> names;
    std::set<std::uint64_t> aliases;
    ReadBirth out;
    definitions.reserve(payload.metrics.size());
    out.samples.reserve(payload.metrics.size());
    for (const Metric& metric : payload.metrics) {
        auto definition = read_definition(payload, metric);
        if (!definition) {
            report_malformed(message, definition.error().context, turn);
            continue;
        }
        if (!names.insert(metric.name).second) {
            report_malformed(message, definition->name + ": named twice in the birth", turn);
            continue;
        }
        if (definition->alias && !aliases.insert(*definition->alias).second) {
            report_malformed(message, definition->name + ": its alias belongs to another metric",
                             turn);
            definition->alias.reset();
        }
        auto sample = read_sample(message, metric, *definition,
                                  static_cast<std::uint32_t>(definitions.size()));
        if (sample) {
            out.samples.push_back(*std::move(sample));
        } else {
            report_malformed(message, sample.error().context, turn);
        }
        definitions.push_back(*std::move(definition));
    }
    const bool same = previous && previous->metrics() == definitions;
    out.birth = same ? previous : std::make_shared<const Birth>(std::move(definitions));
    return out;
}

}  // namespace lineshaft::sparkplug
