// The fleet's things as JSON: what is stored and what is posted.
#include "dispatch/fleet/codec.h"

#include "dispatch/fleet/reader.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>
#include <iterator>

namespace lineshaft::dispatch {
namespace {

json::array strings(const std::vector<std::string>& all) {
    json::array out;
    for (const std::string& one : all) out.emplace_back(words(one));
    return out;
}

json::array windows_json(const std::vector<Window>& windows) {
    json::array out;
    for (const Window& one : windows)
        out.push_back(json::object{{"from", words(to_rfc3339(one.from))},
                                   {"until", words(to_rfc3339(one.until))}});
    return out;
}

Result<std::vector<Window>> windows_of(const json::value& value) {
    std::vector<Window> all;
    if (value.is_null()) return all;
    if (!value.is_array() || value.get_array().size() > 16)
        return fail(Code::invalid, "\"windows\" must be a list of up to 16");
    for (const json::value& one : value.get_array()) {
        if (!one.is_object())
            return fail(Code::invalid, "a window must be an object with from and until");
        Reader reader(one.get_object());
        std::optional<Instant> from, until;
        reader.time("from", from).time("until", until);
        TRY_VOID(reader.done());
        if (!from || !until) return fail(Code::invalid, "a window needs from and until");
        all.push_back({*from, *until});
    }
    return all;
}

}  // namespace

json::object to_json(const MachineFacts& facts) {
    return {{"type", or_null(facts.type)},
            {"attachments", strings(facts.attachments)},
            {"region", or_null(facts.region)},
            {"maker", or_null(facts.maker)},
            {"model", or_null(facts.model)},
            {"serial", or_null(facts.serial)},
            {"pin", or_null(facts.pin)},
            {"weight_kg", or_null(facts.weight_kg)},
            {"drives_itself",
             facts.drives_itself ? json::value(*facts.drives_itself) : json::value(nullptr)},
            {"capacity_kg", or_null(facts.capacity_kg)},
            {"fixed_cost", or_null(facts.fixed_cost)},
            {"cost_per_km", or_null(facts.cost_per_km)},
            {"cost_per_hour", or_null(facts.cost_per_hour)},
            {"time_factor", or_null(facts.time_factor)},
            {"service_every_h", or_null(facts.service_every_h)},
            {"service_last_h", or_null(facts.service_last_h)},
            {"service_at", or_null(facts.service_at)},
            {"rent_until", or_null(facts.rent_until)},
            {"rent_cost_per_day", or_null(facts.rent_cost_per_day)},
            {"is_out_of_service", facts.is_out_of_service},
            {"note", or_null(facts.note)}};
}

Result<MachineFacts> changed_facts(MachineFacts facts, const json::object& body) {
    Reader reader(body);
    reader.text("type", facts.type, 64)
        .list("attachments", facts.attachments)
        .text("region", facts.region, 64)
        .text("maker", facts.maker)
        .text("model", facts.model)
        .text("serial", facts.serial)
        .text("pin", facts.pin)
        .number("weight_kg", facts.weight_kg, 0, 1e7)
        .flag("drives_itself", facts.drives_itself)
        .number("capacity_kg", facts.capacity_kg, 0, 1e7)
        .number("fixed_cost", facts.fixed_cost, 0, 1e6)
        .number("cost_per_km", facts.cost_per_km, 0, 1e6)
        .number("cost_per_hour", facts.cost_per_hour, 0, 1e6)
        .number("time_factor", facts.time_factor, 0.01, 100)
        .number("service_every_h", facts.service_every_h, 1, 1e5)
        .number("service_last_h", facts.service_last_h, 0, 1e6)
        .time("service_at", facts.service_at)
        .time("rent_until", facts.rent_until)
        .number("rent_cost_per_day", facts.rent_cost_per_day, 0, 1e6)
        .flag("is_out_of_service", facts.is_out_of_service)
        .text("note", facts.note, note_bytes_max);
    TRY_VOID(reader.done());
    return facts;
}

json::object to_json(const FleetRequest& request) {
    return {{"id", words(request.id)},
            {"title", or_null(request.title)},
            {"site", or_null(request.site_id)},
            {"position", json::object{{"latitude", request.site.latitude},
                                      {"longitude", request.site.longitude}}},
            {"type", words(request.type)},
            {"attachments", strings(request.attachments)},
            {"windows", windows_json(request.windows)},
            {"duration_s", request.duration_s},
            {"count", request.count},
            {"priority", request.priority},
            {"rent_cost", or_null(request.rent_cost)},
            {"note", or_null(request.note)},
            {"created_at", words(to_rfc3339(request.created_at))},
            {"created_by", or_null(request.created_by)}};
}

Result<FleetRequest> request_of(const json::object& body,
                                const std::map<std::string, FleetSite>& sites) {
    FleetRequest request;
    Reader reader(body);
    request.duration_s = -1;
    bool is_rush = false;
    reader.text("id", request.id)
        .text("title", request.title)
        .text("site", request.site_id)
        .text("type", request.type, 64)
        .list("attachments", request.attachments)
        .whole("duration_s", request.duration_s, 0, 366 * 86'400)
        .whole("count", request.count, 1, 1'000'000'000)
        .whole("priority", request.priority, 0, 100)
        .number("rent_cost", request.rent_cost, 0, 1e6)
        .text("note", request.note, note_bytes_max)
        .time("created_at", request.created_at)
        .text("created_by", request.created_by)
        .flag("rush", is_rush);
    if (const json::value* windows = reader.take("windows")) {
        TRY(request.windows, windows_of(*windows));
    }
    const json::value* position = reader.take("position");
    TRY_VOID(reader.done());
    if (request.type.empty())
        return fail(Code::invalid, "\"type\" must say which type of machine is asked for");
    if (request.duration_s < 0)
        return fail(Code::invalid, "\"duration_s\" must say how long the work takes, in seconds");
    if (!request.site_id.empty()) {
        const auto site = sites.find(request.site_id);
        const bool is_known = site != sites.end() && site->second.goal();
        if (is_known)
            request.site = *site->second.goal();
        else if (position == nullptr)
            return fail(
                Code::invalid,
                fmt::format("there is no site \"{}\" with a place on the map", request.site_id));
        if (is_known) return request;
    }
    if (position == nullptr || !position->is_object())
        return fail(Code::invalid, "say \"site\" or \"position\"");
    Reader where(position->get_object());
    std::optional<double> latitude, longitude;
    where.number("latitude", latitude, -90, 90).number("longitude", longitude, -180, 180);
    TRY_VOID(where.done());
    if (!latitude || !longitude)
        return fail(Code::invalid, "\"position\" needs latitude and longitude");
    request.site = {*latitude, *longitude};
    return request;
}

Result<FleetRequest> changed_request(FleetRequest request, const json::object& body) {
    Reader reader(body);
    reader.text("title", request.title)
        .whole("duration_s", request.duration_s, 0, 366 * 86'400)
        .whole("priority", request.priority, 0, 100)
        .number("rent_cost", request.rent_cost, 0, 1e6)
        .text("note", request.note, note_bytes_max);
    if (const json::value* windows = reader.take("windows")) {
        TRY(request.windows, windows_of(*windows));
    }
    TRY_VOID(reader.done());
    return request;
}

json::object to_json(const FleetSettings& settings) {
    const auto& use = settings.field.use;
    const auto& fence = settings.field.fence;
    return {{"use", json::object{{"running_rpm", use.running_rpm},
                                 {"working_rpm", use.working_rpm},
                                 {"working_load_percent", use.working_load_percent},
                                 {"working_speed_kmh", use.working_speed_kmh},
                                 {"silent_after_s", use.silent_after_s}}},
            {"fence", json::object{{"hysteresis_m", fence.hysteresis_metres},
                                   {"accuracy_max_m", fence.accuracy_metres_max},
                                   {"confirmations", fence.confirmations},
                                   {"frozen_after_s", settings.field.frozen_after_s}}},
            {"index", json::object{{"hours_min", settings.index.hours_min},
                                   {"machines_min", settings.index.machines_min}}},
            {"speeds", json::object{{"detour", settings.speeds.detour},
                                    {"slow_m", settings.speeds.slow_metres},
                                    {"slow_kmh", settings.speeds.slow_kmh},
                                    {"fast_kmh", settings.speeds.fast_kmh}}},
            {"replan", settings.replans_itself ? "auto" : "ask"},
            {"breakdown_after_s", settings.breakdown_after_s}};
}

Result<FleetSettings> changed_settings(FleetSettings settings, const json::object& body) {
    Reader reader(body);
    static const json::object nothing;
    const auto part = [&](std::string_view name) -> const json::object& {
        const json::value* found = reader.take(name);
        if (found == nullptr) return nothing;
        if (!found->is_object()) reader.wrong(name, "must be an object");
        return found->is_object() ? found->get_object() : nothing;
    };
    Reader use(part("use")), fence(part("fence")), index(part("index")), speeds(part("speeds"));
    auto& rules = settings.field.use;
    use.number("running_rpm", rules.running_rpm, 1, 10'000)
        .number("working_rpm", rules.working_rpm, 1, 10'000)
        .number("working_load_percent", rules.working_load_percent, 0, 100)
        .number("working_speed_kmh", rules.working_speed_kmh, 0, 200)
        .whole("silent_after_s", rules.silent_after_s, 1, 30 * 86'400);
    TRY_VOID(use.done());
    fence.number("hysteresis_m", settings.field.fence.hysteresis_metres, 0, 1'000)
        .number("accuracy_max_m", settings.field.fence.accuracy_metres_max, 1, 10'000)
        .whole("confirmations", settings.field.fence.confirmations, 1, 100)
        .whole("frozen_after_s", settings.field.frozen_after_s, 1, 30 * 86'400);
    TRY_VOID(fence.done());
    index.number("hours_min", settings.index.hours_min, 0, 24)
        .whole("machines_min", settings.index.machines_min, 1, 10'000);
    TRY_VOID(index.done());
    speeds.number("detour", settings.speeds.detour, 1, 5)
        .number("slow_m", settings.speeds.slow_metres, 0, 1e6)
        .number("slow_kmh", settings.speeds.slow_kmh, 1, 200)
        .number("fast_kmh", settings.speeds.fast_kmh, 1, 200);
    TRY_VOID(speeds.done());
    std::string replan = settings.replans_itself ? "auto" : "ask";
    reader.text("replan", replan).whole("breakdown_after_s", settings.breakdown_after_s, 0, 86'400);
    if (replan != "auto" && replan != "ask") reader.wrong("replan", "must be auto or ask");
    settings.replans_itself = replan == "auto";
    TRY_VOID(reader.done());
    return settings;
}

Result<FleetEvent> event_of(const json::object& body) {
    FleetEvent event;
    std::string kind;
    Reader reader(body);
    reader.text("kind", kind)
        .text("machine", event.machine)
        .text("from", event.from)
        .text("to", event.to)
        .text("text", event.text, note_bytes_max)
        .text("request", event.place.request)
        .whole("place", event.place.index, 0, 1'000'000)
        .number("minutes", event.minutes, -10'080, 10'080);
    TRY_VOID(reader.done());
    const auto named = event_named(kind);
    if (!named || *named >= FleetEvent::Kind::telemetry)
        return fail(Code::invalid,
                    "\"kind\" must be breakdown, repaired, late, takes_longer, road_closed, "
                    "road_open or rush_job");
    event.kind = *named;
    return event;
}

json::value to_json(const Reason& reason) {
    if (reason.empty()) return nullptr;
    json::object out{{"code", words(reason.code)}};
    if (reason.now) out["now"] = std::round(*reason.now * 1000) / 1000;
    if (reason.limit) out["limit"] = *reason.limit;
    if (!reason.text.empty()) out["text"] = words(reason.text);
    return out;
}

Reason reason_of(const json::value* said) {
    Reason reason;
    if (said == nullptr || !said->is_object()) return reason;
    Reader part(said->get_object());
    part.text("code", reason.code)
        .number("now", reason.now, -1e15, 1e15)
        .number("limit", reason.limit, -1e15, 1e15)
        .text("text", reason.text, note_bytes_max);
    return reason;
}

json::object to_json(const FleetEvent& cause) {
    json::object out{{"kind", words(name_of(cause.kind))},
                     {"machine", or_null(cause.machine)},
                     {"request", or_null(cause.place.request)},
                     {"text", or_null(cause.text.empty() ? sentence_of(cause.why, false)
                                                         : cause.text)},
                     {"reason", to_json(cause.why)}};
    if (!cause.from.empty()) out["from"] = words(cause.from), out["to"] = words(cause.to);
    if (cause.minutes != 0) out["minutes"] = cause.minutes;
    return out;
}

Result<std::vector<insight::GeoPoint>> ring_of(const json::value& value) {
    if (!value.is_array())
        return fail(Code::invalid, "\"border\" must be a list of [latitude, longitude]");
    if (value.get_array().size() > insight::GeofenceLimits{}.corners_max + 1)
        return fail(Code::invalid, fmt::format("a border has at most {} corners",
                                               insight::GeofenceLimits{}.corners_max));
    std::vector<insight::GeoPoint> ring;
    for (const json::value& corner : value.get_array()) {
        const bool is_pair = corner.is_array() && corner.get_array().size() == 2 &&
                             corner.get_array()[0].is_number() && corner.get_array()[1].is_number();
        if (!is_pair)
            return fail(Code::invalid, "\"border\" must be a list of [latitude, longitude]");
        ring.push_back(
            {corner.get_array()[0].to_number<double>(), corner.get_array()[1].to_number<double>()});
    }
    return ring;
}

json::array to_json(const std::vector<insight::GeoPoint>& ring) {
    json::array out;
    for (const insight::GeoPoint& corner : ring)
        out.push_back(json::array{corner.latitude, corner.longitude});
    return out;
}

}  // namespace lineshaft::dispatch
