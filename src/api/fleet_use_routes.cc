// What the fleet's machines did, replayed from history: by day, and the utilisation index over all.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "api/fleet_past.h"
#include "api/fleet_room.h"
#include "api/fleet_words.h"
#include "api/render.h"
#include "api/routes.h"
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

/// Seconds in each state inside the window, from what was said in it and shortly before.
std::array<double, 5> seconds_in(const std::vector<UseValue>& values, Window window,
                                 const insight::UseRules& rules) {
    std::array<double, 5> seconds{};
    insight::Signals signals;
    std::string word;
    bool has_fault = false;
    Instant covered = window.from;
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
        const Instant next = i < values.size() ? values[i].at : window.until;
        const Instant until =
            std::min({next, Instant{at.micros + rules.silent_after_s * 1'000'000}, window.until});
        const Instant from = std::max(at, covered);
        if (until <= from) continue;
        const auto use = dispatch::judge(signals, word, has_fault, rules).use;
        seconds[static_cast<std::size_t>(use)] +=
            static_cast<double>(until.micros - from.micros) / 1e6;
        covered = until;
    }
    double told = 0;
    for (const double one : seconds) told += one;
    seconds[static_cast<std::size_t>(insight::Use::silent)] =
        std::max(0.0, static_cast<double>(window.until.micros - window.from.micros) / 1e6 - told);
    return seconds;
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

double meter_hours(const history::Bucket* before, const history::Bucket& day,
                   const history::Bucket* after, Window window) {
    std::vector<insight::MeterReading> readings;
    if (before) readings.push_back({before->last_at, before->last});
    readings.push_back({day.first_at, day.first});
    readings.push_back({day.last_at, day.last});
    if (after) readings.push_back({after->first_at, after->first});
    return insight::hours_worked(readings, window).hours;
}

io::Task<Result<std::vector<DayMeter>>> day_meters(Call call, PastOf past,
                                                   std::vector<calendar::Period> days) {
    std::vector<DayMeter> meters(days.size());
    std::vector<Instant> edges;
    for (const auto& day : days) edges.push_back(day.window.from);
    edges.push_back(days.back().window.until);
    // No list in braces: g++ 12 keeps it on the stack, and it is gone after the first await.
    for (int pass = 0; pass < 2; ++pass) {
        const bool is_fuel = pass == 1;
        const Meaning what = is_fuel ? Meaning::fuel : Meaning::hours;
        auto series = co_await series_named(call, past, what);
        if (!series) co_return std::unexpected(series.error());
        if (!*series) continue;
        auto buckets = co_await call.services->history.buckets(**series, edges);
        if (!buckets) co_return std::unexpected(buckets.error());
        for (std::size_t i = 0; i < buckets->size(); ++i) {
            const auto& bucket = (*buckets)[i];
            if (bucket.count == 0) continue;
            const auto found = std::ranges::upper_bound(edges, bucket.start);
            const auto day = static_cast<std::size_t>(found - edges.begin()) - 1;
            if (day >= days.size()) continue;
            const auto* before =
                i > 0 && (*buckets)[i - 1].count > 0 ? &(*buckets)[i - 1] : nullptr;
            const auto* after = i + 1 < buckets->size() && (*buckets)[i + 1].count > 0
                                    ? &(*buckets)[i + 1]
                                    : nullptr;
            if (is_fuel)
                meters[day].litres =
                    std::max(0.0, bucket.last - (before ? before->last : bucket.first));
            else
                meters[day].hours = meter_hours(before, bucket, after, days[day].window);
        }
    }
    co_return meters;
}

json::object use_json(const std::string& date, const std::array<double, 5>& seconds,
                      const DayMeter& meter) {
    const auto of = [&](insight::Use use) { return seconds[static_cast<std::size_t>(use)]; };
    const double working = of(insight::Use::working), idle = of(insight::Use::idle);
    const double seen = working + idle + of(insight::Use::off) + of(insight::Use::fault);
    const double hours = meter.hours.value_or((working + idle) / 3600);
    const auto rounded = [](double value) { return std::round(value * 1000) / 1000; };
    json::object out{{"date", text(date)}, {"hours", rounded(hours)}};
    for (std::size_t i = 0; i < seconds.size(); ++i)
        out[text(std::string(insight::name_of(static_cast<insight::Use>(i))) + "_s")] =
            std::round(seconds[i]);
    out["utilisation"] = seen > 0 ? json::value(rounded(working / seen)) : json::value(nullptr);
    out["idle_ratio"] =
        working + idle > 0 ? json::value(rounded(idle / (working + idle))) : json::value(nullptr);
    out["fuel_l"] = meter.litres ? json::value(rounded(*meter.litres)) : json::value(nullptr);
    out["fuel_l_per_h"] = meter.litres && hours > 0.05 ? json::value(rounded(*meter.litres / hours))
                                                       : json::value(nullptr);
    return out;
}

struct UseOfMachine {
    insight::UseRules rules;
    std::string time_zone = "UTC";
    std::optional<PastOf> past;  ///< nothing: there is no such machine
};
io::Task<UseOfMachine> use_rules(Call call, std::string id) {
    UseOfMachine out;
    auto look = [&](const dispatch::Fleet& fleet, Instant) {
        out.rules = fleet.settings().field.use;
        if (!fleet.has_machine(id)) return;
        const auto* guest = fleet.guest(id);
        out.past = guest ? PastOf{OrganisationId(guest->owner), guest->machine}
                         : PastOf{call.organisation(), id};
        const auto* known = fleet.known(id);
        if (known == nullptr) return;
        const auto site = fleet.sites().find(known->site);
        if (site != fleet.sites().end()) out.time_zone = site->second.time_zone;
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
        out.push_back(use_json(days[i].label, seconds_in(*values, day, how.rules), (*meters)[i]));
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
    if (!how.past) co_return fail(Code::not_found, fmt::format("there is no machine {}", id));
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
    Month month;
    const bool has_shape = asked.size() == 7 && asked[4] == '-';
    if (has_shape) {
        const auto year = std::from_chars(asked.data(), asked.data() + 4, month.year);
        const auto rest = std::from_chars(asked.data() + 5, asked.data() + 7, month.month);
        if (year.ptr == asked.data() + 4 && rest.ptr == asked.data() + 7 && month.year >= 2000 &&
            month.year < 2200 && month.month >= 1 && month.month <= 12)
            return month;
    }
    return fail(Code::invalid, fmt::format("{} must be a month such as 2026-11", name));
}

struct IndexMachine {
    PastOf past;
    std::string id, type, region, time_zone;
};

/// The days of machines of one time zone, from the first and last reading of their meters on each.
io::Task<Result<bool>> add_days(Call call, std::string time_zone,
                                std::vector<IndexMachine> machines, Window window,
                                std::vector<insight::MachineDay>* into) {
    calendar::Rules rules;
    rules.time_zone = time_zone;
    CO_TRY(const auto calendar, calendar::Calendar::make(rules));
    CO_TRY(const auto days, calendar.periods(calendar::Unit::day, window, 2'000));
    std::vector<Instant> edges;
    for (const auto& day : days) edges.push_back(day.window.from);
    edges.push_back(days.back().window.until);
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
            const auto& buckets = (*answer)[i];
            for (std::size_t k = 0; k < buckets.size(); ++k) {
                if (buckets[k].count == 0) continue;
                const auto found = std::ranges::upper_bound(edges, buckets[k].start);
                const auto day = static_cast<std::size_t>(found - edges.begin()) - 1;
                if (day >= days.size()) continue;
                insight::MachineDay one;
                one.machine = asked[i]->id;
                one.type = asked[i]->type;
                one.region = asked[i]->region;
                one.year = std::atoi(days[day].label.substr(0, 4).c_str());
                one.month =
                    static_cast<std::uint8_t>(std::atoi(days[day].label.substr(5, 2).c_str()));
                const auto* before = k > 0 && buckets[k - 1].count > 0 ? &buckets[k - 1] : nullptr;
                const auto* after =
                    k + 1 < buckets.size() && buckets[k + 1].count > 0 ? &buckets[k + 1] : nullptr;
                one.hours =
                    std::min(25.0, meter_hours(before, buckets[k], after, days[day].window));
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

io::Task<Answer> index(Call call) {
    insight::IndexDefinition definition;
    std::vector<IndexMachine> machines;
    auto look = [&](const dispatch::Fleet& fleet, Instant) {
        definition = fleet.settings().index;
        for (const std::string& id : fleet.machine_ids()) {
            IndexMachine one{{call.organisation(), id},
                             id,
                             fleet.type_of(id),
                             fleet.region_of(id),
                             "UTC"};
            if (const auto* guest = fleet.guest(id))
                one.past = {OrganisationId(guest->owner), guest->machine};
            if (const auto* known = fleet.known(id)) {
                const auto site = fleet.sites().find(known->site);
                if (site != fleet.sites().end()) one.time_zone = site->second.time_zone;
            }
            machines.push_back(std::move(one));
        }
    };
    co_await call.services->fleet->look(call.organisation(), look);
    const std::string today = to_rfc3339(io::Shard::here().now()).substr(0, 7);
    const std::string asked_until = asked_text(call, "until"),
                      asked_from = asked_text(call, "from");
    CO_TRY(const auto until, month_of(asked_until.empty() ? today : asked_until, "until"));
    Month from = Month::of(until.number() - 11);
    if (!asked_from.empty()) {
        CO_TRY(from, month_of(asked_from, "from"));
    }
    if (until.number() < from.number() ||
        until.number() - from.number() >= static_cast<int>(index_months_max))
        co_return fail(Code::invalid,
                       fmt::format("from .. until must be 1 to {} months", index_months_max));
    if (const std::string asked = asked_text(call, "hours_min"); !asked.empty()) {
        const auto [end, problem] =
            std::from_chars(asked.data(), asked.data() + asked.size(), definition.hours_min);
        if (problem != std::errc() || end != asked.data() + asked.size() ||
            !(definition.hours_min >= 0 && definition.hours_min <= 24))
            co_return fail(Code::invalid, "hours_min must be 0 to 24");
    }
    if (const std::string asked = asked_text(call, "machines_min"); !asked.empty()) {
        CO_TRY(const auto wanted, row_number(asked));
        if (wanted < definition.machines_min || wanted > 100'000)
            co_return fail(Code::invalid,
                           fmt::format("machines_min must be at least the setting's {}",
                                       definition.machines_min));
        definition.machines_min = static_cast<std::uint32_t>(wanted);
    }
    const Month before = Month::of(from.number() - 12), after = Month::of(until.number() + 1);
    CO_TRY(const auto first, parse_rfc3339(before.label() + "-01T00:00:00Z"));
    CO_TRY(const auto last, parse_rfc3339(after.label() + "-01T00:00:00Z"));
    const Window window{
        first, std::max(Instant{first.micros + day_us}, std::min(last, io::Shard::here().now()))};
    std::map<std::string, std::vector<IndexMachine>> by_zone;
    for (auto& one : machines) by_zone[one.time_zone].push_back(one);
    std::vector<insight::MachineDay> days;
    for (auto& [zone, mine] : by_zone) {
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
        {"machines", machines.size()},
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
