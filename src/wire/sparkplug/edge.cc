#include "wire/sparkplug/edge.h"

#include <algorithm>

#include "wire/sparkplug/topic.h"

namespace lineshaft::sparkplug {
namespace {

std::uint64_t millis_of(Instant at) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(at.millis(), 0));
}

Metric node_metric(std::string_view name, DataType type, WireValue value, Instant now) {
    Metric metric;
    metric.name = name;
    metric.timestamp = millis_of(now);
    metric.datatype = static_cast<std::uint32_t>(type);
    metric.value = value;
    return metric;
}

Property property_of(std::string_view key, DataType type, WireValue value) {
    Property property;
    property.key = key;
    property.type = type;
    if (const auto* text = std::get_if<std::string_view>(&value)) property.value = *text;
    if (const auto* real = std::get_if<double>(&value)) property.value = *real;
    if (const auto* flag = std::get_if<bool>(&value)) property.value = *flag;
    return property;
}

void add_properties(const Definition& definition, Payload& payload, Metric& metric) {
    std::vector<Property> set;
    if (!definition.unit.empty()) {
        set.push_back(property_of("engUnit", DataType::string, std::string_view(definition.unit)));
    }
    if (definition.low) set.push_back(property_of("engLow", DataType::float64, *definition.low));
    if (definition.high) set.push_back(property_of("engHigh", DataType::float64, *definition.high));
    if (definition.read_only) set.push_back(property_of("readOnly", DataType::boolean, true));
    if (!set.empty()) metric.properties = payload.add(set);
}

// The value was checked against the type when it was taken over; monostate becomes is_null.
void set_value(const Value& value, DataType type, Metric& metric) {
    if (auto wire = wire_value_of(value, type)) metric.value = *wire;
    metric.is_null = std::holds_alternative<std::monostate>(metric.value);
}

}  // namespace

Edge::Edge(std::string group, std::string node, EdgeOptions options, Limits limits)
    : group_(std::move(group)),
      node_(std::move(node)),
      options_(std::move(options)),
      limits_(limits),
      bd_seq_(options_.bd_seq) {
    sources_.try_emplace("");
}

Edge::Source* Edge::find(std::string_view device) {
    const auto at = sources_.find(device);
    return at == sources_.end() ? nullptr : &at->second;
}

Result<void> Edge::define(std::string_view device, EdgeMetric metric) {
    const std::string& name = metric.definition.name;
    if (name.empty() || name.size() > limits_.string_bytes_max || !is_utf8(name)) {
        return fail(Code::invalid, "a metric's name is empty, too long or not UTF-8");
    }
    if (name == bd_seq_metric || (device.empty() && name == rebirth_metric)) {
        return fail(Code::conflict, name + ": the edge node sends it by itself");
    }
    const auto wire = wire_value_of(metric.value, metric.definition.type);
    if (!wire) return std::unexpected(wire.error().in(name));
    if (!device.empty()) {
        TRY_VOID(check_id(device, limits_));
    }
    Source* source = find(device);
    if (source == nullptr) {
        if (sources_.size() > limits_.devices_per_node_max) {
            return fail(Code::exhausted, "more devices than a node may have");
        }
        source = &sources_.try_emplace(std::string(device)).first->second;
    }
    if (source->by_name.contains(name)) return fail(Code::conflict, name + ": defined already");
    // A node's birth carries two metrics more.
    const std::size_t room = limits_.metrics_per_machine_max - (device.empty() ? 2 : 0);
    if (source->metrics.size() >= room) {
        return fail(Code::exhausted, "more metrics than a machine may have");
    }
    if (options_.use_aliases) metric.definition.alias = next_alias_++;
    source->by_name.emplace(name, source->metrics.size());
    source->metrics.push_back(std::move(metric));
    return {};
}

std::uint8_t Edge::next_seq() {
    return seq_++;
}

Publication Edge::publish(MessageType type, std::string_view device, Payload& payload) {
    payload.seq = next_seq();
    return {format_topic(MachineTopic{type, {group_, node_, std::string(device)}}), encode(payload),
            0, false};
}

Publication Edge::death(Instant now) const {
    Payload payload;
    payload.timestamp = millis_of(now);
    payload.metrics.push_back(
        node_metric(bd_seq_metric, DataType::int64, std::uint64_t{bd_seq_}, now));
    return {format_topic(MachineTopic{MessageType::ndeath, {group_, node_, {}}}), encode(payload),
            1, false};
}

Publication Edge::will(Instant now) {
    if (will_made_) ++bd_seq_;
    will_made_ = true;
    connected_ = born_ = false;
    primary_.reset();  // Another server may hold another STATE.
    return death(now);
}

std::vector<std::string> Edge::filters() const {
    std::vector<std::string> filters = {
        format_topic(MachineTopic{MessageType::ncmd, {group_, node_, {}}}),
        format_topic(MachineTopic{MessageType::dcmd, {group_, node_, "+"}})};
    if (!options_.primary_host.empty()) {
        filters.push_back(format_topic(StateTopic{options_.primary_host}));
    }
    return filters;
}

std::vector<Publication> Edge::connected(Instant now) {
    connected_ = true;
    born_ = false;
    const bool waits = !options_.primary_host.empty() && !(primary_ && primary_->online);
    return waits ? std::vector<Publication>{} : births(now);
}

Publication Edge::birth_of(std::string_view device, Source& source, Instant now) {
    Payload payload;
    payload.timestamp = millis_of(now);
    if (device.empty()) {
        payload.metrics.push_back(
            node_metric(bd_seq_metric, DataType::int64, std::uint64_t{bd_seq_}, now));
        payload.metrics.push_back(node_metric(rebirth_metric, DataType::boolean, false, now));
    }
    for (const EdgeMetric& known : source.metrics) {
        Metric metric;
        metric.name = known.definition.name;
        metric.alias = known.definition.alias;
        metric.timestamp = millis_of(known.at);
        metric.datatype = static_cast<std::uint32_t>(known.definition.type);
        metric.is_transient = known.definition.is_transient;
        add_properties(known.definition, payload, metric);
        set_value(known.value, known.definition.type, metric);
        payload.metrics.push_back(metric);
    }
    return publish(device.empty() ? MessageType::nbirth : MessageType::dbirth, device, payload);
}

std::vector<Publication> Edge::births(Instant now) {
    seq_ = 0;
    born_ = true;
    std::vector<Publication> out;
    for (auto& [device, source] : sources_) {  // "" sorts first: the node before its devices.
        if (source.alive) out.push_back(birth_of(device, source, now));
    }
    return out;
}

Result<Publication> Edge::data(std::string_view device, std::vector<Update> updates, Instant now) {
    Source* source = find(device);
    if (source == nullptr) return fail(Code::not_found, std::string(device) + ": no such device");
    std::ranges::stable_sort(updates, {}, &Update::at);
    // All of them are checked before the first one changes anything.
    std::vector<EdgeMetric*> targets;
    for (const Update& update : updates) {
        const auto at = source->by_name.find(update.metric);
        if (at == source->by_name.end()) {
            return fail(Code::not_found, std::string(update.metric) + ": no such metric");
        }
        EdgeMetric& target = source->metrics[at->second];
        const auto wire = wire_value_of(update.value, target.definition.type);
        if (!wire) return std::unexpected(wire.error().in(update.metric));
        targets.push_back(&target);
    }
    Payload payload;
    payload.timestamp = millis_of(now);
    for (std::size_t index = 0; index < updates.size(); ++index) {
        const Update& update = updates[index];
        const Definition& definition = targets[index]->definition;
        Metric metric;
        if (definition.alias)
            metric.alias = definition.alias;
        else
            metric.name = definition.name;
        metric.timestamp = millis_of(update.at);
        metric.is_historical = update.is_historical;
        set_value(update.value, definition.type, metric);
        payload.metrics.push_back(metric);
        if (!update.is_historical) {
            targets[index]->value = update.value;
            targets[index]->at = update.at;
        }
    }
    if (!born_ || !source->alive) return fail(Code::unavailable, "the birth is not published");
    return publish(device.empty() ? MessageType::ndata : MessageType::ddata, device, payload);
}

Result<Publication> Edge::device_died(std::string_view device, Instant now) {
    Source* source = device.empty() ? nullptr : find(device);
    if (source == nullptr) return fail(Code::not_found, std::string(device) + ": no such device");
    if (!source->alive) return fail(Code::conflict, std::string(device) + ": dead already");
    source->alive = false;
    if (!born_) return fail(Code::unavailable, "the node's birth is not published");
    Payload payload;
    payload.timestamp = millis_of(now);
    return publish(MessageType::ddeath, device, payload);
}

Result<Publication> Edge::device_born(std::string_view device, Instant now) {
    Source* source = device.empty() ? nullptr : find(device);
    if (source == nullptr) return fail(Code::not_found, std::string(device) + ": no such device");
    if (source->alive) return fail(Code::conflict, std::string(device) + ": alive already");
    source->alive = true;
    if (!born_) return fail(Code::unavailable, "the node's birth is not published");
    return birth_of(device, *source, now);
}

std::vector<EdgeEvent> Edge::receive(std::string_view topic, Bytes payload, Instant now) {
    std::vector<EdgeEvent> events;
    const auto parsed = parse_topic(topic, limits_);
    if (!parsed) {
        events.push_back(Malformed{std::string(topic), parsed.error().context});
    } else if (const auto* machine = std::get_if<MachineTopic>(&*parsed)) {
        const bool is_command =
            machine->type == MessageType::ncmd || machine->type == MessageType::dcmd;
        const bool is_ours = machine->machine.group == group_ && machine->machine.node == node_;
        if (is_command && is_ours) on_command(*machine, payload, now, events);
    } else if (std::get<StateTopic>(*parsed).host_id == options_.primary_host) {
        const auto state = parse_state(as_text(payload));
        if (state) {
            on_state(*state, now, events);
        } else {
            events.push_back(Malformed{std::string(topic), state.error().context});
        }
    }
    return events;
}

void Edge::on_command(const MachineTopic& topic, Bytes encoded, Instant now,
                      std::vector<EdgeEvent>& events) {
    const auto refuse = [&](std::string reason) {
        events.push_back(Malformed{format_topic(topic), std::move(reason)});
    };
    Payload payload;
    const auto decoded = decode(encoded, payload, limits_);
    if (!decoded) return refuse(decoded.error().context);
    const Source* source = find(topic.machine.device);
    if (source == nullptr) return refuse("no such device");
    bool wants_rebirth = false;
    for (const Metric& metric : payload.metrics) {
        if (topic.machine.is_node() && metric.name == rebirth_metric) {
            const auto value = value_of(metric.value, DataType::boolean);
            wants_rebirth = wants_rebirth || (value && *value == Value(true));
            continue;
        }
        const auto at = std::ranges::find_if(source->metrics, [&](const EdgeMetric& known) {
            return metric.name.empty() ? metric.alias && known.definition.alias == metric.alias
                                       : known.definition.name == metric.name;
        });
        if (at == source->metrics.end()) {
            refuse("a command for a metric that is not there");
            continue;
        }
        const Definition& definition = at->definition;
        auto value = value_of(metric.value, definition.type);
        if (!value) {
            refuse(definition.name + ": " + value.error().context);
        } else if (metric.is_null || std::holds_alternative<std::monostate>(*value)) {
            refuse(definition.name + ": null cannot be written");
        } else if (definition.read_only) {
            refuse(definition.name + ": read-only");
        } else {
            events.push_back(Write{topic.machine.device, definition.name, *std::move(value)});
        }
    }
    if (wants_rebirth && born_) {
        for (Publication& birth : births(now)) events.push_back(std::move(birth));
    }
}

void Edge::on_state(const State& state, Instant now, std::vector<EdgeEvent>& events) {
    if (primary_ && state.timestamp_ms < primary_->timestamp_ms) return;
    primary_ = state;
    if (!connected_) return;
    if (state.online && !born_) {
        for (Publication& birth : births(now)) events.push_back(std::move(birth));
    } else if (!state.online && born_) {
        events.push_back(disconnect(now));
        events.push_back(Disconnect{});
    }
}

Publication Edge::disconnect(Instant now) {
    connected_ = born_ = false;
    return death(now);
}

}  // namespace lineshaft::sparkplug
