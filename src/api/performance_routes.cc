// How machines that sew did: why they stood, and ISO 22400's figures. docs/protocols/orders-api.md.
#include <fmt/format.h>

#include "api/call.h"
#include "api/order_json.h"
#include "api/render.h"
#include "api/routes.h"
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

json::object oee_json(const MachineRan& ran, Window window, const catalog::Snapshot& catalog) {
    const auto oee = orders::oee_of(ran.jobs, window, ran.machine.rpm_max);
    return {{"machine", ran.machine.machine},
            {"name", machine_name(catalog, ran.machine.organisation, ran.machine.machine)},
            {"from", render_time(window.from)},
            {"until", render_time(window.until)},
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
    if (!only.empty()) co_return reply(oee_json(found->front(), window, *catalog));
    json::array items;
    for (const auto& one : *found) items.push_back(oee_json(one, window, *catalog));
    co_return reply(json::object{{"items", std::move(items)}, {"next", nullptr}});
}

}  // namespace

void add_performance_routes(http::Router& router, Services& services) {
    serve(router, services, "GET", "/api/v1/machines/{machine}/oee", &oee_of_all);
    serve(router, services, "GET", "/api/v1/oee", &oee_of_all);
    serve(router, services, "GET", "/api/v1/stops", &stops);
}

}  // namespace lineshaft::api
