// The fleet's past, from history: where a machine was, and its faults.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "api/fleet_past.h"
#include "api/fleet_room.h"
#include "api/fleet_words.h"
#include "api/json_out.h"
#include "api/render.h"
#include "api/routes.h"
#include "dispatch/fleet/field.h"

namespace lineshaft::api {
namespace {

constexpr std::size_t trail_samples_max = 500'000, trail_points_most = 20'000;
constexpr std::int64_t past_day_us = 86'400'000'000;

std::vector<std::string> tags_meaning(Meaning what) {
    switch (what) {
        case Meaning::latitude: return {"lat", "latitude"};
        case Meaning::longitude: return {"lon", "lng", "longitude"};
        case Meaning::speed: return {"speed_kmh", "speed"};
        case Meaning::rpm: return {"rpm", "engine_rpm"};
        case Meaning::load: return {"load_percent", "engine_load"};
        case Meaning::running: return {"engine_running", "ignition"};
        case Meaning::state: return {"state"};
        case Meaning::fault: return {"fault_code", "fault"};
        case Meaning::hours: return {"engine_hours", "operating_hours"};
        case Meaning::fuel: return {"fuel_used_l"};
    }
    return {};
}

}  // namespace

std::unexpected<Error> no_machine(std::string_view id) {
    return fail(Code::not_found, fmt::format("there is no machine {}", id));
}

PastOf past_in(const dispatch::Fleet& fleet, OrganisationId ours, const std::string& machine) {
    const auto* guest = fleet.guest(machine);
    return guest ? PastOf{OrganisationId(guest->owner), guest->machine} : PastOf{ours, machine};
}

io::Task<Result<std::optional<history::Series>>> series_named(Call call, PastOf past,
                                                              Meaning what) {
    const std::vector<std::string> tags = tags_meaning(what);
    for (const std::string& tag : tags) {
        auto found = co_await call.services->history.find(past.organisation, past.machine, tag);
        if (found) co_return std::optional<history::Series>(*found);
        if (found.error().code != Code::not_found) co_return std::unexpected(found.error());
    }
    co_return std::optional<history::Series>();
}

io::Task<Result<std::vector<history::Sample>>> samples_of(Call call, PastOf past, Meaning what,
                                                          Window window, std::size_t count_max) {
    auto series = co_await series_named(call, std::move(past), what);
    if (!series) co_return std::unexpected(series.error());
    if (!*series) co_return std::vector<history::Sample>();
    auto samples = co_await call.services->history.read(**series, window, count_max);
    co_return samples;
}

bool is_good(const history::Sample& sample) {
    return sample.quality == history::Quality::good ||
           sample.quality == history::Quality::uncertain;
}

Result<Window> asked_window(const Call& call, std::int64_t usual_us, std::int64_t most_us) {
    TRY(const auto from, time_of(call.request, "from"));
    TRY(const auto until, time_of(call.request, "until"));
    Window window;
    window.until = until.value_or(io::Shard::here().now());
    window.from = from.value_or(Instant{window.until.micros - usual_us});
    if (window.until <= window.from) return fail(Code::invalid, "until must be after from");
    if (window.until.micros - window.from.micros > most_us)
        return fail(Code::invalid, fmt::format("at most {} days at once", most_us / past_day_us));
    return window;
}

namespace {

/// Errors: not_found.
io::Task<Result<PastOf>> past_of(Call call, std::string machine) {
    std::optional<PastOf> found;
    auto look = [&](const dispatch::Fleet& fleet, Instant) {
        if (fleet.has_machine(machine)) found = past_in(fleet, call.organisation(), machine);
    };
    co_await call.services->fleet->look(call.organisation(), look);
    if (!found) co_return no_machine(machine);
    co_return *found;
}

/// As live: a jump is ignored until it stays there.
void believe(insight::FenceState& filter, Instant at, double latitude, double longitude) {
    static const insight::SitePolygon anywhere =
        *insight::SitePolygon::create({{0.5, 0.5}, {0.5, 0.6}, {0.6, 0.5}});
    (void)insight::observe(anywhere, insight::FenceRules(), filter,
                           insight::Fix{at, {latitude, longitude}, 10});
}

struct TrailPoint {
    std::int64_t ms;
    double latitude, longitude;
    std::optional<double> speed;
};
struct TrailOf {
    std::vector<TrailPoint> points;
    std::int64_t zero = 0, nowhere = 0, jump = 0;  // left out
};

TrailOf trail_of(const std::vector<history::Sample>& latitudes,
                 const std::vector<history::Sample>& longitudes,
                 const std::vector<history::Sample>& speeds) {
    TrailOf found;
    insight::FenceState filter;
    std::size_t b = 0, c = 0;
    for (const auto& latitude : latitudes) {
        while (b < longitudes.size() && longitudes[b].at < latitude.at) ++b;
        if (b == longitudes.size()) break;
        if (longitudes[b].at != latitude.at || !is_good(latitude) || !is_good(longitudes[b]))
            continue;
        const double lat = history::number_of(latitude.value),
                     lon = history::number_of(longitudes[b].value);
        if (lat == 0 && lon == 0) {
            ++found.zero;
            continue;
        }
        if (!(std::abs(lat) <= 90 && std::abs(lon) <= 180)) {
            ++found.nowhere;
            continue;
        }
        const auto ignored = filter.ignored;
        believe(filter, latitude.at, lat, lon);
        if (filter.ignored != ignored) {
            ++found.jump;
            continue;
        }
        while (c + 1 < speeds.size() && speeds[c + 1].at <= latitude.at) ++c;
        const bool has_speed =
            c < speeds.size() && speeds[c].at <= latitude.at && is_good(speeds[c]);
        found.points.push_back(
            {latitude.at.millis(), lat, lon,
             has_speed ? std::optional(history::number_of(speeds[c].value)) : std::nullopt});
    }
    return found;
}

io::Task<Answer> trail(Call call) {
    const std::string id = call.captured(0);
    CO_TRY(const auto window, asked_window(call, past_day_us, 92 * past_day_us));
    std::size_t points_max = 2'000;
    if (const std::string asked = asked_text(call, "points"); !asked.empty()) {
        CO_TRY(points_max, row_number(asked));
        if (points_max < 2 || points_max > trail_points_most)
            co_return fail(Code::invalid, fmt::format("points must be 2 to {}", trail_points_most));
    }
    auto known = co_await past_of(call, id);
    if (!known) co_return std::unexpected(known.error());
    auto latitudes = co_await samples_of(call, *known, Meaning::latitude, window, trail_samples_max);
    if (!latitudes) co_return std::unexpected(latitudes.error());
    auto longitudes = co_await samples_of(call, *known, Meaning::longitude, window, trail_samples_max);
    if (!longitudes) co_return std::unexpected(longitudes.error());
    auto speeds = co_await samples_of(call, *known, Meaning::speed, window, trail_samples_max);
    if (!speeds) co_return std::unexpected(speeds.error());
    const TrailOf found = trail_of(*latitudes, *longitudes, *speeds);
    const bool is_thinned = found.points.size() > points_max || latitudes->size() == trail_samples_max;
    JsonOut out;
    out.object()
        .name("from")
        .time(window.from)
        .name("until")
        .time(window.until)
        .name("points")
        .array();
    const std::size_t shown = std::min(found.points.size(), points_max);
    for (std::size_t i = 0; i < shown; ++i) {
        const std::size_t at = shown < 2 ? i : i * (found.points.size() - 1) / (shown - 1);
        const TrailPoint& point = found.points[at];
        out.array().number(point.ms).number(point.latitude).number(point.longitude);
        if (point.speed)
            out.number(*point.speed);
        else
            out.null();
        out.end_array();
    }
    out.end_array()
        .name("left_out")
        .object()
        .name("zero")
        .number(found.zero)
        .name("nowhere")
        .number(found.nowhere)
        .name("jump")
        .number(found.jump)
        .end_object();
    out.name("is_thinned").flag(is_thinned).end_object();
    co_return reply_text(out.take());
}

io::Task<Answer> faults(Call call) {
    const std::string id = call.captured(0);
    CO_TRY(const auto window, asked_window(call, 30 * past_day_us, 366 * past_day_us));
    auto known = co_await past_of(call, id);
    if (!known) co_return std::unexpected(known.error());
    auto samples = co_await samples_of(call, *known, Meaning::fault, window, 100'000);
    if (!samples) co_return std::unexpected(samples.error());
    json::array items;
    std::string code;
    Instant since{};
    const auto end = [&](std::optional<Instant> until) {
        if (code.empty()) return;
        const auto numbers = dispatch::j1939_of(code);
        items.push_back(json::object{{"at", render_time(since)},
                                     {"until", render_time(until)},
                                     {"code", text(code)},
                                     {"spn", numbers ? json::value(numbers->first) : nullptr},
                                     {"fmi", numbers ? json::value(numbers->second) : nullptr}});
    };
    for (const auto& sample : *samples) {
        const auto* said = std::get_if<std::string>(&sample.value);
        if (said == nullptr || *said == code) continue;
        end(sample.at);
        code = *said;
        since = sample.at;
    }
    end({});
    std::ranges::reverse(items);
    if (items.size() > 1'000) items.resize(1'000);
    co_return reply(json::object{{"items", std::move(items)}, {"next", nullptr}});
}

}  // namespace

void add_fleet_history_routes(http::Router& router, Services& services) {
    serve_fleet(router, services, "GET", "/api/v1/fleet/machines/{machine}/trail", &trail);
    serve_fleet(router, services, "GET", "/api/v1/fleet/machines/{machine}/faults", &faults);
}

}  // namespace lineshaft::api
