#include "api/render.h"

#include <fmt/format.h>

#include <cmath>

namespace lineshaft::api {
namespace {

constexpr std::int64_t exact_in_double = std::int64_t{1} << 53;

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

struct PutValue {
    JsonOut& out;
    void operator()(double number) const { out.number(number); }
    void operator()(std::int64_t whole) const {
        if (whole > exact_in_double || whole < -exact_in_double)
            out.text(std::to_string(whole));
        else
            out.number(whole);
    }
    void operator()(bool flag) const { out.flag(flag); }
    void operator()(const std::string& text) const { out.text(text); }
};

void put(JsonOut& out, const std::optional<std::string>& text) {
    if (text)
        out.text(*text);
    else
        out.null();
}
void put(JsonOut& out, const std::optional<double>& number) {
    if (number)
        out.number(*number);
    else
        out.null();
}

void put_value(JsonOut& out, const history::Sample& sample) {
    out.name("value");
    if (sample.quality == history::Quality::missing)
        out.null();
    else
        put(out, sample.value);
    out.name("at").time(sample.at);
    out.name("quality").text(history::name_of(sample.quality));
}

// What the catalog adds to a machine.
void put_catalog(JsonOut& out, const catalog::Machine* machine) {
    static const catalog::Machine nobody;
    const catalog::Machine& known = machine ? *machine : nobody;
    put(out.name("name"), known.name);
    put(out.name("kind"), known.kind);
    out.name("site");
    if (known.site)
        out.text(std::to_string(known.site->number()));
    else
        out.null();
    out.name("adopted").flag(known.adopted_at.has_value());
    out.name("first_seen");
    if (machine)
        out.time(machine->first_seen);
    else
        out.null();
}

void put_rest(JsonOut& out, const twin::MachineState& state, std::string_view source) {
    out.name("connection").text(twin::name_of(state.connection));
    out.name("state").text_or_null(state.state);
    out.name("fault").text_or_null(state.fault);
    out.name("source").text(source);
    out.name("last_seen").time(state.last_seen);
    out.name("tags").number(state.tags);
    out.name("position");
    if (!state.position) {
        out.null();
        return;
    }
    out.object().name("latitude").number(state.position->latitude);
    out.name("longitude").number(state.position->longitude).end_object();
}

}  // namespace

json::value render(const history::Value& value) {
    return std::visit(ValueOf{}, value);
}

json::value render_time(std::optional<Instant> at) {
    if (!at) return nullptr;
    return json::value(render_time(*at));
}

json::object render(const twin::TagValue& value, const catalog::Tag* known) {
    JsonOut out;
    put(out, value, known);
    return json::parse(out.take()).as_object();
}

void put(JsonOut& out, const history::Value& value) {
    std::visit(PutValue{out}, value);
}

void put(JsonOut& out, const twin::TagValue& value, const catalog::Tag* known) {
    out.object();
    put_value(out, value.sample);
    out.name("name").text(value.tag);
    out.name("kind").text(history::name_of(history::kind_of(value.sample.value)));
    static const catalog::Tag nothing;
    const catalog::Tag& said = known ? *known : nothing;
    put(out.name("label"), said.label);
    put(out.name("unit"), said.unit);
    put(out.name("low"), said.low);
    put(out.name("high"), said.high);
    out.name("writable").flag(said.writable.value_or(false));
    out.end_object();
}

void put_brief(JsonOut& out, const twin::TagValue& value) {
    out.object().name("tag").text(value.tag);
    put_value(out, value.sample);
    out.end_object();
}

void put_sample(JsonOut& out, const history::Sample& sample) {
    out.object();
    put_value(out, sample);
    out.end_object();
}

void put_members(JsonOut& out, const twin::MachineState& state,
                 const catalog::MachineEntry* entry) {
    out.name("id").text(state.id);
    put_catalog(out, entry ? &entry->machine : nullptr);
    put_rest(out, state, twin::name_of(state.source));
}

void put_members(JsonOut& out, const catalog::MachineEntry& entry) {
    twin::MachineState silent;
    silent.connection = twin::Connection::offline;
    silent.last_seen = entry.machine.first_seen;
    out.name("id").text(entry.machine.id);
    put_catalog(out, &entry.machine);
    put_rest(out, silent, entry.machine.source);
}

json::object render(const twin::Event& event) {
    return {{"id", event.machine + "@" + std::to_string(event.at.micros)},
            {"at", render_time(event.at)},
            {"machine", text_or_null(event.machine)},
            {"kind", event.kind},
            {"text", event.text}};
}

namespace {
std::string time_of_day(std::chrono::minutes at) {
    return fmt::format("{:02}:{:02}", at.count() / 60, at.count() % 60);
}
}  // namespace

json::object render(const catalog::Site& site, std::size_t machines) {
    json::array shifts;
    for (const auto& shift : site.calendar.shifts) {
        json::object one{{"name", shift.name}, {"starts", time_of_day(shift.starts)}};
        if (shift.weekdays != catalog::SiteShift{}.weekdays) {
            json::array weekdays;
            for (int day = 0; day < 7; ++day) {
                if (((shift.weekdays >> day) & 1) != 0) weekdays.push_back(day + 1);
            }
            one["weekdays"] = std::move(weekdays);
        }
        shifts.push_back(std::move(one));
    }
    return {
        {"id", std::to_string(site.id.number())},
        {"name", site.name},
        {"time_zone", site.time_zone},
        {"latitude", site.position ? json::value(site.position->latitude) : json::value(nullptr)},
        {"longitude", site.position ? json::value(site.position->longitude) : json::value(nullptr)},
        {"day_starts", time_of_day(site.calendar.day_starts)},
        {"week_starts", site.calendar.week_starts},
        {"shifts", std::move(shifts)},
        {"machines", machines}};
}

json::object render(const Rates& rates) {
    return {{"messages_per_s", rates.messages_per_s}, {"samples_per_s", rates.samples_per_s},
            {"messages_total", rates.messages_total}, {"samples_total", rates.samples_total},
            {"refused_total", rates.refused_total},   {"commit_ms", rates.commit_ms}};
}

}  // namespace lineshaft::api
