#include "api/render.h"

#include <cmath>

namespace lineshaft::api {
namespace {

constexpr std::int64_t exact_in_double = std::int64_t{1} << 53;

json::value text_or_null(const std::optional<std::string>& text) {
    if (!text) return nullptr;
    return json::value(*text);
}
json::value text_or_null(const std::string& text) {
    if (text.empty()) return nullptr;
    return json::value(text);
}
json::value number_or_null(const std::optional<double>& number) {
    if (!number) return nullptr;
    return *number;
}

struct ValueOf {
    json::value operator()(double number) const {
        return std::isfinite(number) ? json::value(number) : json::value(nullptr);
    }
    json::value operator()(std::int64_t whole) const {
        if (whole > exact_in_double || whole < -exact_in_double)
            return json::value(std::to_string(whole));
        return whole;
    }
    json::value operator()(bool flag) const { return flag; }
    json::value operator()(const std::string& text) const { return json::value(text); }
};

// What the catalog adds to a machine.
void add_catalog(json::object& out, const catalog::Machine* machine) {
    out["name"] = machine ? text_or_null(machine->name) : json::value(nullptr);
    out["kind"] = machine ? text_or_null(machine->kind) : json::value(nullptr);
    out["site"] = machine && machine->site ? json::value(std::to_string(machine->site->number()))
                                           : json::value(nullptr);
    out["adopted"] = machine != nullptr && machine->adopted_at.has_value();
    out["first_seen"] =
        machine ? json::value(render_time(machine->first_seen)) : json::value(nullptr);
}

}  // namespace

json::value render(const history::Value& value) {
    return std::visit(ValueOf{}, value);
}

json::value render_time(std::optional<Instant> at) {
    if (!at) return nullptr;
    return json::value(render_time(*at));
}

json::object render_brief(const twin::TagValue& value) {
    const bool missing = value.sample.quality == history::Quality::missing;
    return {{"tag", value.tag},
            {"value", missing ? json::value(nullptr) : render(value.sample.value)},
            {"at", render_time(value.sample.at)},
            {"quality", history::name_of(value.sample.quality)}};
}

json::object render(const twin::TagValue& value, const catalog::Tag* known) {
    json::object out = render_brief(value);
    out.erase("tag");
    out["name"] = value.tag;
    out["kind"] = history::name_of(history::kind_of(value.sample.value));
    out["label"] = known ? text_or_null(known->label) : json::value(nullptr);
    out["unit"] = known ? text_or_null(known->unit) : json::value(nullptr);
    out["low"] = known ? number_or_null(known->low) : json::value(nullptr);
    out["high"] = known ? number_or_null(known->high) : json::value(nullptr);
    out["writable"] = known != nullptr && known->writable.value_or(false);
    return out;
}

json::object render(const twin::MachineState& state, const catalog::MachineEntry* entry) {
    json::object out{{"id", state.id}};
    add_catalog(out, entry ? &entry->machine : nullptr);
    out["connection"] = twin::name_of(state.connection);
    out["state"] = text_or_null(state.state);
    out["fault"] = text_or_null(state.fault);
    out["source"] = twin::name_of(state.source);
    out["last_seen"] = render_time(state.last_seen);
    out["tags"] = state.tags;
    out["position"] = nullptr;
    if (state.position) {
        out["position"] = json::object{{"latitude", state.position->latitude},
                                       {"longitude", state.position->longitude}};
    }
    return out;
}

json::object render(const catalog::MachineEntry& entry) {
    twin::MachineState silent;
    silent.id = entry.machine.id;
    silent.connection = twin::Connection::offline;
    silent.last_seen = entry.machine.first_seen;
    json::object out = render(silent, &entry);
    out["source"] = entry.machine.source;
    return out;
}

json::object render(const twin::Event& event) {
    return {{"id", event.machine + "@" + std::to_string(event.at.micros)},
            {"at", render_time(event.at)},
            {"machine", text_or_null(event.machine)},
            {"kind", event.kind},
            {"text", event.text}};
}

json::object render(const catalog::Site& site, std::size_t machines) {
    return {
        {"id", std::to_string(site.id.number())},
        {"name", site.name},
        {"time_zone", site.time_zone},
        {"latitude", site.position ? json::value(site.position->latitude) : json::value(nullptr)},
        {"longitude", site.position ? json::value(site.position->longitude) : json::value(nullptr)},
        {"machines", machines}};
}

json::object render(const Rates& rates) {
    return {{"messages_per_s", rates.messages_per_s}, {"samples_per_s", rates.samples_per_s},
            {"messages_total", rates.messages_total}, {"samples_total", rates.samples_total},
            {"refused_total", rates.refused_total},   {"commit_ms", rates.commit_ms}};
}

}  // namespace lineshaft::api
