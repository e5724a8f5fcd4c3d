// What the fleet's machines did, replayed from history: by day, and the utilisation index over all.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "api/fleet_past.h"
#include "api/fleet_room.h"
#include "api/fleet_words.h"
#include "api/render.h"
#include "api/routes.h"
#include "base/number.h"
#include "calendar/calendar.h"
#include "dispatch/fleet/field.h"

namespace lineshaft::api {
namespace {

constexpr std::int64_t day_us = 86'400'000'000;
constexpr std::size_t use_days_max = 62, index_months_max = 36, index_batch = 200;
constexpr std::size_t day_samples_max = 200'000;

constexpr Meaning use_tags[] = {Meaning::rpm,     Meaning::load,  Meaning::speed,
                              Meaning::running, Meaning::state, Meaning::fault};

struct UseValue {
    Instant at;
    Meaning word;
    double number;
    std::string text;
};

/// What the machine did, as judged whenever it said something.
std::vector<insight::UseFrom> spells_of(const std::vector<UseValue>& values,
                                        const insight::UseRules& rules) {
    std::vector<insight::UseFrom> spells;
    insight::Signals signals;
    std::string word;
    bool has_fault = false;
    for (std::size_t i = 0; i < values.size();) {
        const Instant at = values[i].at;
        for (; i < values.size() && values[i].at == at; ++i) {
            const UseValue& value = values[i];
            switch (value.word) {
                case Meaning::rpm: signals.rpm = value.number; break;
                case Meaning::load: signals.load_percent = value.number; break;
                case Meaning::speed: signals.speed_kmh = value.number; break;
                case Meaning::running: signals.is_running = value.number != 0; break;
                case Meaning::state: word = value.text; break;
                case Meaning::fault: has_fault = !value.text.empty(); break;
                default: break;
            }
        }
        spells.push_back({at, dispatch::judge(signals, word, has_fault, rules).use});
    }
    return spells;
}

io::Task<Result<std::vector<UseValue>>> use_values(Call call, PastOf past, Window window) {
    std::vector<UseValue> all;
    for (const Meaning tag : use_tags) {
        auto samples = co_await samples_of(call, past, tag, window, day_samples_max);
        if (!samples) co_return std::unexpected(samples.error());
        for (const auto& sample : *samples) {
            if (!is_good(sample)) continue;
            const auto* said = std::get_if<std::string>(&sample.value);
            all.push_back({sample.at, tag, said ? 0 : history::number_of(sample.value),
                           said ? *said : std::string()});
        }
    }
    std::ranges::stable_sort(all, {}, &UseValue::at);
    co_return all;
}

struct DayMeter {
    std::optional<double> hours, litres;
};

std::vector<Instant> edges_of(const std::vector<calendar::Period>& days) {
    std::vector<Instant> edges;
    for (const auto& day : days) edges.push_back(day.window.from);
    edges.push_back(days.back().window.until);
    return edges;
}

/// A day on which a meter was read, and the buckets beside it if it was read there, too.
struct ReadDay {
    std::size_t day;  ///< index
    const history::Bucket *before, *on, *after;
};

std::vector<ReadDay> read_days(const std::vector<history::Bucket>& buckets,
                               const std::vector<Instant>& edges) {
    const auto read_at = [&](std::size_t i) {
        return i < buckets.size() && buckets[i].count > 0 ? &buckets[i] : nullptr;
    };
    std::vector<ReadDay> out;
    for (std::size_t i = 0; i < buckets.size(); ++i) {
        const auto found = std::ranges::upper_bound(edges, buckets[i].start);
        if (buckets[i].count == 0 || found == edges.begin() || found == edges.end()) continue;
        const auto day = static_cast<std::size_t>(found - edges.begin()) - 1;
        out.push_back({day, i > 0 ? read_at(i - 1) : nullptr, &buckets[i], read_at(i + 1)});
    }
    return out;
}

double meter_hours(const ReadDay& read, Window day) {
    std::vector<insight::MeterReading> readings;
    if (read.before) readings.push_back({read.before->last_at, read.before->last});
    readings.push_back({read.on->first_at, read.on->first});
    readings.push_back({read.on->last_at, read.on->last});
    if (read.after) readings.push_back({read.after->first_at, read.after->first});
    return insight::hours_worked(readings, day).hours;
}

io::Task<Result<std::vector<history::Bucket>>> buckets_of(Call call, PastOf past, Meaning what,
                                                          std::vector<Instant> edges) {
    auto series = co_await series_named(call, past, what);
    if (!series) co_return std::unexpected(series.error());
    if (!*series) co_return std::vector<history::Bucket>();
    auto buckets = co_await call.services->history.buckets(**series, std::move(edges));
    co_return buckets;
}

io::Task<Result<std::vector<DayMeter>>> day_meters(Call call, PastOf past,
                                                   std::vector<calendar::Period> days) {
    const std::vector<Instant> edges = edges_of(days);
    auto hours = co_await buckets_of(call, past, Meaning::hours, edges);
    if (!hours) co_return std::unexpected(hours.error());
    auto fuel = co_await buckets_of(call, past, Meaning::fuel, edges);
    if (!fuel) co_return std::unexpected(fuel.error());
    std::vector<DayMeter> meters(days.size());
    for (const ReadDay& read : read_days(*hours, edges))
        meters[read.day].hours = meter_hours(read, days[read.day].window);
    for (const ReadDay& read : read_days(*fuel, edges)) {
        const double from = read.before ? read.before->last : read.on->first;
        meters[read.day].litres = std::max(0.0, read.on->last - from);
    }
    co_return meters;
}

json::value rounded_or_null(std::optional<double> value) {
    return value ? json::value(std::round(*value * 1000) / 1000) : json::value(nullptr);
}

json::object use_json(const std::string& date, const insight::UseTimes& times,
                      const DayMeter& meter) {
    const double running_s = times.of(insight::Use::working) + times.of(insight::Use::idle);
    const double hours = meter.hours.value_or(running_s / 3600);
    std::optional<double> litres_per_hour;
    if (meter.litres && hours > 0.05) litres_per_hour = *meter.litres / hours;
    json::object out{{"date", text(date)}, {"hours", rounded_or_null(hours)}};
    for (std::size_t i = 0; i < times.seconds.size(); ++i)
        out[text(std::string(insight::name_of(static_cast<insight::Use>(i))) + "_s")] =
            std::round(times.seconds[i]);
    out["utilisation"] = rounded_or_null(times.utilisation());
    out["idle_ratio"] = rounded_or_null(times.idle_ratio());
    out["fuel_l"] = rounded_or_null(meter.litres);
    out["fuel_l_per_h"] = rounded_or_null(litres_per_hour);
    return out;
}

/// That of its site.
std::string zone_of(const dispatch::Fleet& fleet, const std::string& machine) {
    const auto* known = fleet.known(machine);
    const auto site = known ? fleet.sites().find(known->site) : fleet.sites().end();
    return site != fleet.sites().end() ? site->second.time_zone : "UTC";
}

struct UseOfMachine {
    insight::UseRules rules;
    std::string time_zone;
    std::optional<PastOf> past;  ///< nothing: there is no such machine
};
io::Task<UseOfMachine> use_rules(Call call, std::string id) {
    UseOfMachine out;
    auto look = [&](const dispatch::Fleet& fleet, Instant) {
        out.rules = fleet.settings().field.use;
        if (!fleet.has_machine(id)) return;
        out.past = past_in(fleet, call.organisation(), id);
        out.time_zone = zone_of(fleet, id);
    };
    co_await call.services->fleet->look(call.organisation(), look);
    co_return out;
}

io::Task<Result<json::array>> use_by_day(Call call, Window window, UseOfMachine how) {
    calendar::Rules rules;
    rules.time_zone = how.time_zone;
    CO_TRY(const auto calendar, calendar::Calendar::make(rules));
    CO_TRY(const auto days, calendar.periods(calendar::Unit::day, window, use_days_max + 2));
    auto meters = co_await day_meters(call, *how.past, days);
    if (!meters) co_return std::unexpected(meters.error());
    const Instant now = io::Shard::here().now();
    json::array out;
    for (std::size_t i = 0; i < days.size(); ++i) {
        Window day = days[i].window;
        day.until = std::min(day.until, now);
        if (day.until <= day.from) break;
        const Window looked{Instant{day.from.micros - how.rules.silent_after_s * 1'000'000},
                            day.until};
        auto values = co_await use_values(call, *how.past, looked);
        if (!values) co_return std::unexpected(values.error());
        const auto times = insight::use_times(spells_of(*values, how.rules), day,
                                              how.rules.silent_after_s);
        out.push_back(use_json(days[i].label, times, (*meters)[i]));
    }
    co_return out;
}

json::object rules_json(const insight::UseRules& rules) {
    dispatch::FleetSettings settings;
    settings.field.use = rules;
    return dispatch::to_json(settings).at("use").get_object();
}

io::Task<Answer> use(Call call) {
    const std::string id = call.captured(0);
    CO_TRY(const auto window,
           asked_window(call, 7 * day_us, static_cast<std::int64_t>(use_days_max) * day_us));
    auto how = co_await use_rules(call, id);
    if (!how.past) co_return no_machine(id);
    auto days = co_await use_by_day(call, window, how);
    if (!days) co_return std::unexpected(days.error());
    co_return reply(json::object{{"rules", rules_json(how.rules)},
                                 {"time_zone", text(how.time_zone)},
                                 {"days", std::move(*days)}});
}

struct Month {
    int year = 0;
    unsigned month = 1;
    int number() const { return year * 12 + static_cast<int>(month) - 1; }
    static Month of(int number) { return {number / 12, static_cast<unsigned>(number % 12) + 1}; }
    std::string label() const { return fmt::format("{:04}-{:02}", year, month); }
};
Result<Month> month_of(const std::string& asked, std::string_view name) {
    if (asked.size() == 7 && asked[4] == '-') {
        const auto year = number_from<int>(asked.substr(0, 4));
        const auto month = number_from<unsigned>(asked.substr(5));
        if (year && month && *year >= 2000 && *year < 2200 && *month >= 1 && *month <= 12)
            return Month{*year, *month};
    }
    return fail(Code::invalid, fmt::format("{} must be a month such as 2026-11", name));
}

struct IndexMachine {
    PastOf past;
    std::string id, type, region;
};

/// The days of machines of one time zone, from the first and last reading of their meters on each.
io::Task<Result<bool>> add_days(Call call, std::string time_zone,
                                std::vector<IndexMachine> machines, Window window,
                                std::vector<insight::MachineDay>* into) {
    calendar::Rules rules;
    rules.time_zone = time_zone;
    CO_TRY(const auto calendar, calendar::Calendar::make(rules));
    CO_TRY(const auto days, calendar.periods(calendar::Unit::day, window, 2'000));
    const std::vector<Instant> edges = edges_of(days);
    for (std::size_t first = 0; first < machines.size(); first += index_batch) {
        history::Aggregate question;
        std::vector<const IndexMachine*> asked;
        for (std::size_t i = first; i < std::min(machines.size(), first + index_batch); ++i) {
            auto series = co_await series_named(call, machines[i].past, Meaning::hours);
            if (!series) co_return std::unexpected(series.error());
            if (!*series) continue;
            question.series.push_back(**series);
            asked.push_back(&machines[i]);
        }
        if (asked.empty()) continue;
        question.edges = edges;
        auto answer = co_await call.services->history.aggregate(std::move(question));
        if (!answer) co_return std::unexpected(answer.error());
        for (std::size_t i = 0; i < answer->size() && i < asked.size(); ++i) {
            for (const ReadDay& read : read_days((*answer)[i], edges)) {
                const calendar::Period& day = days[read.day];
                insight::MachineDay one;
                one.machine = asked[i]->id;
                one.type = asked[i]->type;
                one.region = asked[i]->region;
                one.year = std::atoi(day.label.substr(0, 4).c_str());
                one.month = static_cast<std::uint8_t>(std::atoi(day.label.substr(5, 2).c_str()));
                one.hours = std::min(25.0, meter_hours(read, day.window));
                into->push_back(std::move(one));
            }
        }
    }
    co_return true;
}

json::object index_row(const insight::IndexRow& row) {
    const auto or_nothing = [](const std::optional<double>& value) {
        return value ? json::value(std::round(*value * 1e6) / 1e6) : json::value(nullptr);
    };
    json::object out{{"month", text(Month{row.year, row.month}.label())},
                     {"type", text_or_null(row.type)},
                     {"region", text_or_null(row.region)},
                     {"is_withheld", row.is_withheld},
                     {"index", or_nothing(row.index)},
                     {"year_on_year", or_nothing(row.year_on_year)}};
    out["machines"] = row.is_withheld ? json::value(nullptr) : json::value(row.machines);
    out["working_days"] = row.is_withheld ? json::value(nullptr) : json::value(row.working_days);
    out["observed_days"] = row.is_withheld ? json::value(nullptr) : json::value(row.observed_days);
    return out;
}

struct IndexAsked {
    insight::IndexDefinition definition;
    Month from, until;
    std::map<std::string, std::vector<IndexMachine>> by_zone;
    std::size_t machines = 0;
};

/// Whose index, and how it is defined unless somebody asks otherwise.
void look_for_index(const dispatch::Fleet& fleet, OrganisationId organisation, IndexAsked& into) {
    into.definition = fleet.settings().index;
    for (const std::string& id : fleet.machine_ids()) {
        into.by_zone[zone_of(fleet, id)].push_back(
            {past_in(fleet, organisation, id), id, fleet.type_of(id), fleet.region_of(id)});
        ++into.machines;
    }
}

Result<void> take_months(const Call& call, IndexAsked& into) {
    const std::string until = asked_text(call, "until"), from = asked_text(call, "from");
    const std::string today = to_rfc3339(io::Shard::here().now()).substr(0, 7);
    TRY(into.until, month_of(until.empty() ? today : until, "until"));
    into.from = Month::of(into.until.number() - 11);
    if (!from.empty()) {
        TRY(into.from, month_of(from, "from"));
    }
    const int months = into.until.number() - into.from.number() + 1;
    if (months < 1 || months > static_cast<int>(index_months_max))
        return fail(Code::invalid,
                    fmt::format("from .. until must be 1 to {} months", index_months_max));
    return {};
}

Result<void> take_minima(const Call& call, insight::IndexDefinition& definition) {
    if (const std::string asked = asked_text(call, "hours_min"); !asked.empty()) {
        definition.hours_min = number_from<double>(asked).value_or(-1);
        if (!(definition.hours_min >= 0 && definition.hours_min <= 24))
            return fail(Code::invalid, "hours_min must be 0 to 24");
    }
    if (const std::string asked = asked_text(call, "machines_min"); !asked.empty()) {
        TRY(const auto wanted, row_number(asked));
        if (wanted < definition.machines_min || wanted > 100'000)
            return fail(Code::invalid, fmt::format("machines_min must be at least the setting's {}",
                                                   definition.machines_min));
        definition.machines_min = static_cast<std::uint32_t>(wanted);
    }
    return {};
}

io::Task<Answer> index(Call call) {
    IndexAsked asked;
    auto look = [&](const dispatch::Fleet& fleet, Instant) {
        look_for_index(fleet, call.organisation(), asked);
    };
    co_await call.services->fleet->look(call.organisation(), look);
    CO_TRY_VOID(take_months(call, asked));
    CO_TRY_VOID(take_minima(call, asked.definition));
    const auto& [definition, from, until, by_zone, machines] = asked;
    const Month before = Month::of(from.number() - 12), after = Month::of(until.number() + 1);
    CO_TRY(const auto first, parse_rfc3339(before.label() + "-01T00:00:00Z"));
    CO_TRY(const auto last, parse_rfc3339(after.label() + "-01T00:00:00Z"));
    const Window window{
        first, std::max(Instant{first.micros + day_us}, std::min(last, io::Shard::here().now()))};
    std::vector<insight::MachineDay> days;
    for (const auto& [zone, mine] : by_zone) {
        auto added = co_await add_days(call, zone, mine, window, &days);
        if (!added) co_return std::unexpected(added.error());
    }
    CO_TRY(const auto rows, insight::working_index(days, definition));
    json::array items;
    for (const auto& row : rows) {
        const int number = Month{row.year, row.month}.number();
        if (number >= from.number() && number <= until.number()) items.push_back(index_row(row));
    }
    co_return reply(json::object{
        {"definition",
         json::object{
             {"hours_min", definition.hours_min},
             {"machines_min", definition.machines_min},
             {"sentence", text(insight::describe(definition, is_chinese(call) ? "zh" : "en"))}}},
        {"computed_at", render_time(io::Shard::here().now())},
        {"machines", machines},
        {"rows", std::move(items)}});
}

}  // namespace

io::Task<json::value> use_of_today(Call call, std::string machine) {
    auto how = co_await use_rules(call, machine);
    if (!how.past) co_return nullptr;
    calendar::Rules rules;
    rules.time_zone = how.time_zone;
    const auto calendar = calendar::Calendar::make(rules);
    if (!calendar) co_return nullptr;
    const Instant now = io::Shard::here().now();
    const Window today{calendar->period_at(calendar::Unit::day, now).window.from, now};
    if (today.until <= today.from) co_return nullptr;
    auto days = co_await use_by_day(call, today, how);
    if (!days || days->empty()) co_return nullptr;
    co_return std::move(days->back());
}

void add_fleet_use_routes(http::Router& router, Services& services) {
    serve_fleet(router, services, "GET", "/api/v1/fleet/machines/{machine}/use", &use);
    serve_fleet(router, services, "GET", "/api/v1/fleet/index", &index);
}

}  // namespace lineshaft::api
