// How machines that sew did: why they stood, and ISO 22400's figures. docs/protocols/orders-api.md.
#include <fmt/format.h>

#include <charconv>

#include "api/call.h"
#include "api/order_json.h"
#include "api/render.h"
#include "api/routes.h"
#include "calendar/calendar.h"
#include "dispatch/orders/book.h"

namespace lineshaft::api {
namespace {

using orders::Book;
using orders::JobOrder;

Result<Window> window_of(const Call& call) {
    const Instant now = io::Shard::here().now();
    TRY(const auto from, time_of(call.request, "from"));
    TRY(const auto until, time_of(call.request, "until"));
    const Window window{from.value_or(until.value_or(now) - std::chrono::hours{24}),
                        until.value_or(now)};
    if (!(window.from < window.until)) return fail(Code::invalid, "from must be before until");
    return window;
}

io::Task<Answer> stops(Call call) {
    CO_TRY(const auto window, window_of(call));
    auto work = [window, organisation = call.organisation(),
                 machine = std::string(call.request.asked("machine").value_or(""))](
                    catalog::Catalog& catalog) {
        return Book(catalog).stop_sums(organisation, machine, window);
    };
    auto found = co_await call.services->desk.run(std::move(work));
    if (!found) co_return std::unexpected(found.error());
    double all = 0, so_far = 0;
    for (const auto& stop : *found) all += stop.seconds;
    json::array items;
    for (const auto& stop : *found) {
        so_far += stop.seconds;
        items.push_back(json::object{{"reason", stop.reason},
                                     {"count", stop.count},
                                     {"seconds", stop.seconds},
                                     {"share", all > 0 ? stop.seconds / all : 0.0},
                                     {"cumulative", all > 0 ? so_far / all : 0.0}});
    }
    co_return reply(json::object{{"from", render_time(window.from)},
                                 {"until", render_time(window.until)},
                                 {"items", std::move(items)}});
}

struct MachineRan {
    orders::SewingMachine machine;
    std::vector<orders::Ran> jobs;
};

// Weekday of "2026-11-22 3", bit 0 being Monday, and the shift's index behind the date.
std::pair<unsigned, std::size_t> day_and_shift(std::string_view label) {
    int year = 0;
    unsigned month = 0, day = 0;
    std::size_t index = 0;
    std::from_chars(label.data(), label.data() + 4, year);
    std::from_chars(label.data() + 5, label.data() + 7, month);
    std::from_chars(label.data() + 8, label.data() + 10, day);
    std::from_chars(label.data() + 11, label.data() + label.size(), index);
    const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                           std::chrono::day(day)};
    const unsigned weekday = std::chrono::weekday(std::chrono::sys_days(date)).iso_encoding();
    return {1U << (weekday - 1), index};
}

struct Planned {
    std::vector<Window> windows;
    bool is_of_shifts = false;
};

// When a machine is to work: the shifts of its site, by their weekdays; without any all the time,
// as far as it has passed.
Result<Planned> planned_of(const catalog::Snapshot& catalog, const orders::SewingMachine& machine,
                           Window window, Instant now) {
    window.until = std::max(window.from, std::min(window.until, now));
    const auto* entry = catalog.machine(machine.organisation, machine.machine);
    const auto* site = entry == nullptr || !entry->machine.site
                           ? nullptr
                           : catalog.site(machine.organisation, *entry->machine.site);
    if (site == nullptr || site->calendar.shifts.empty()) return Planned{{window}, false};
    calendar::Rules rules;
    rules.time_zone = site->time_zone;
    const auto& shifts = site->calendar.shifts;
    for (std::size_t index = 0; index < shifts.size(); ++index)
        rules.shifts.push_back({std::to_string(index), shifts[index].starts});
    TRY(const auto days, calendar::Calendar::make(std::move(rules)));
    TRY(const auto periods, days.periods(calendar::Unit::shift, window));
    Planned out{{}, true};
    for (const auto& period : periods) {
        const auto [weekday, index] = day_and_shift(period.label);
        if (index >= shifts.size() || (shifts[index].weekdays & weekday) == 0) continue;
        out.windows.push_back({std::max(period.window.from, window.from),
                               std::min(period.window.until, window.until)});
    }
    return out;
}

Result<MachineRan> ran(Book& book, orders::SewingMachine machine, Window window, Instant now) {
    MachineRan out{std::move(machine), {}};
    TRY(const auto jobs, book.jobs_in(out.machine.organisation, out.machine.machine, window));
    for (const JobOrder& job : jobs) {
        if (!job.began_at) continue;
        TRY(const auto order, book.find(out.machine.organisation, job.order));
        TRY(const auto stops_of_job, book.stops_of(out.machine.organisation, job.number));
        orders::Ran one{
            *job.began_at, job.ended_at.value_or(now), job.setup_done_s, 0, job.good, job.rework,
            job.scrap,     order.design.stitches};
        for (const auto& stop : stops_of_job) one.stops_s += stop.seconds;
        out.jobs.push_back(one);
    }
    return out;
}

json::value ratio_or_null(std::optional<double> ratio) {
    return ratio ? json::value(*ratio) : json::value(nullptr);
}

Result<json::object> oee_json(const MachineRan& ran, Window window,
                              const catalog::Snapshot& catalog) {
    TRY(auto planned, planned_of(catalog, ran.machine, window, io::Shard::here().now()));
    const auto oee =
        orders::oee_of(ran.jobs, window, std::move(planned.windows), ran.machine.rpm_max);
    return json::object{
            {"machine", ran.machine.machine},
            {"name", machine_name(catalog, ran.machine.organisation, ran.machine.machine)},
            {"from", render_time(window.from)},
            {"until", render_time(window.until)},
            {"planned", planned.is_of_shifts ? "shifts" : "always"},
            {"times_s",
             {{"PBT", oee.pbt},
              {"AUBT", oee.aubt},
              {"AUPT", oee.aupt},
              {"APT", oee.apt},
              {"ASUT", oee.asut},
              {"ADOT", oee.adot}}},
            {"pieces", {{"PQ", oee.pq}, {"GQ", oee.gq}, {"RQ", oee.rq}, {"SQ", oee.sq}}},
            {"PRU_s", oee.pru},
            {"availability", ratio_or_null(oee.availability())},
            {"effectiveness", ratio_or_null(oee.effectiveness())},
            {"quality_ratio", ratio_or_null(oee.quality())},
            {"oee", ratio_or_null(oee.oee())},
            {"utilisation", ratio_or_null(oee.utilisation())},
            {"setup_rate", ratio_or_null(oee.setup_rate())},
            {"scrap_ratio", ratio_or_null(oee.scrap())},
            {"rework_ratio", ratio_or_null(oee.rework())},
            {"formulas",
             {{"availability", "APT / PBT"},
              {"effectiveness", "PRU · PQ / APT"},
              {"quality_ratio", "GQ / PQ"},
              {"oee", "availability · effectiveness · quality_ratio"},
              {"utilisation", "APT / AUBT"},
              {"setup_rate", "ASUT / AUPT"},
              {"scrap_ratio", "SQ / PQ"},
              {"rework_ratio", "RQ / PQ"}}}};
}

io::Task<Answer> oee_of_all(Call call) {
    CO_TRY(const auto window, window_of(call));
    const Instant now = io::Shard::here().now();
    const std::string only = call.request.captured.empty() ? std::string() : call.captured(0);
    auto work = [=, organisation = call.organisation()](
                    catalog::Catalog& catalog) -> Result<std::vector<MachineRan>> {
        Book book(catalog);
        std::vector<MachineRan> out;
        TRY(auto machines, book.machines(organisation));
        for (auto& machine : machines) {
            if (!only.empty() && machine.machine != only) continue;
            TRY(auto one, ran(book, std::move(machine), window, now));
            out.push_back(std::move(one));
        }
        if (!only.empty() && out.empty())
            return fail(Code::not_found, fmt::format("{} is no machine that sews", only));
        return out;
    };
    auto found = co_await call.services->desk.run(std::move(work));
    if (!found) co_return std::unexpected(found.error());
    const auto catalog = call.services->desk.snapshot();
    json::array items;
    for (const auto& one : *found) {
        CO_TRY(auto item, oee_json(one, window, *catalog));
        if (!only.empty()) co_return reply(item);
        items.push_back(std::move(item));
    }
    co_return reply(json::object{{"items", std::move(items)}, {"next", nullptr}});
}

}  // namespace

void add_performance_routes(http::Router& router, Services& services) {
    serve(router, services, "GET", "/api/v1/machines/{machine}/oee", &oee_of_all);
    serve(router, services, "GET", "/api/v1/oee", &oee_of_all);
    serve(router, services, "GET", "/api/v1/stops", &stops);
}

}  // namespace lineshaft::api
