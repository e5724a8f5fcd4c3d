// Job orders, queues and machines that sew. docs/protocols/orders-api.md.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "api/order_calls.h"
#include "api/render.h"
#include "api/routes.h"
#include "base/machine_id.h"
#include "dispatch/orders/book.h"
#include "dispatch/orders/reason.h"
#include "stitch/files/files.h"
#include "trust/rights.h"

namespace lineshaft::api {
namespace {

using orders::Book;
using orders::JobOrder;
using orders::Touched;

Result<std::uint64_t> job_of_path(const Call& call, std::size_t part = 0) {
    const auto number = orders::job_number_of(call.captured(part));
    if (!number) return fail(Code::not_found, "no such job order");
    return *number;
}

struct JobWithOrder {
    JobOrder job;
    orders::Order order;
};

Result<std::vector<JobWithOrder>> with_orders(Book& book, OrganisationId organisation,
                                              std::vector<JobOrder> jobs) {
    std::vector<JobWithOrder> out;
    std::map<std::uint64_t, orders::Order> known;
    for (JobOrder& job : jobs) {
        auto order = known.find(job.order);
        if (order == known.end()) {
            TRY(auto found, book.find(organisation, job.order));
            order = known.emplace(job.order, std::move(found)).first;
        }
        out.push_back({std::move(job), order->second});
    }
    return out;
}

io::Task<Answer> answer_job(Call call, std::uint64_t number) {
    const auto organisation = call.organisation();
    auto work = [=](catalog::Catalog& catalog) -> Result<JobWithOrder> {
        Book book(catalog);
        TRY(auto job, book.find_job(organisation, number));
        TRY(auto order, book.find(organisation, job.order));
        return JobWithOrder{std::move(job), std::move(order)};
    };
    auto found = co_await call.services->desk.run(std::move(work));
    if (!found) co_return std::unexpected(found.error());
    auto progress = co_await call.services->orders->progress(organisation);
    const auto catalog = call.services->desk.snapshot();
    co_return reply(render(found->job, found->order, progress, *catalog, true));
}

io::Task<Answer> one_job(Call call) {
    CO_TRY(const auto number, job_of_path(call));
    co_return co_await answer_job(std::move(call), number);
}

io::Task<Answer> list_jobs(Call call) {
    CO_TRY(const auto limit, limit_of(call.request));
    Book::JobSearch search;
    search.count_max = limit + 1;
    search.machine = call.request.asked("machine").value_or("");
    if (const auto state = call.request.asked("state")) {
        search.state = dispatch::job_state_named(*state);
        if (!search.state) co_return fail(Code::invalid, "state is none of OPC 10031-4");
    }
    if (const auto cursor = call.request.asked("cursor")) {
        auto number = row_number(*cursor);
        if (!number) co_return fail(Code::invalid, "cursor is not one of ours");
        search.before = *number;
    }
    const std::string code(call.request.asked("order").value_or(""));
    const auto organisation = call.organisation();
    auto work = [=](catalog::Catalog& catalog) -> Result<std::vector<JobWithOrder>> {
        Book book(catalog);
        if (code.empty()) {
            TRY(auto jobs, book.jobs(organisation, search));
            return with_orders(book, organisation, std::move(jobs));
        }
        TRY(const auto order, book.find_code(code));
        TRY(auto jobs, book.jobs_of(organisation, order.number));
        return with_orders(book, organisation, std::move(jobs));
    };
    auto found = co_await call.services->desk.run(std::move(work));
    if (!found) co_return std::unexpected(found.error());
    auto progress = co_await call.services->orders->progress(organisation);
    const bool is_more = code.empty() && found->size() > limit;
    if (is_more) found->resize(limit);
    json::array items;
    const auto catalog = call.services->desk.snapshot();
    for (const auto& one : *found)
        items.push_back(render(one.job, one.order, progress, *catalog, true));
    const json::value next =
        is_more ? json::value(std::to_string(found->back().job.number)) : json::value(nullptr);
    co_return reply(json::object{{"items", std::move(items)}, {"next", next}});
}

io::Task<Answer> job_method(Call call) {
    CO_TRY(const auto number, job_of_path(call));
    const auto method = dispatch::job_method_named(call.captured(1));
    if (!method) co_return fail(Code::not_found, "no such method of a job order");
    CO_TRY(auto body, call.request.body.empty()
                          ? Result<json::object>(json::object{})
                          : body_object(call.request, {"why", "final", "priority", "due_at"}));
    CO_TRY(const auto asked, optional_text(body, "why"));
    CO_TRY(const auto is_final, optional_flag(body, "final"));
    Book::OrderChange change;
    CO_TRY(change.priority, priority_member(body));
    CO_TRY(const auto due, due_member(body));
    if (body.contains("due_at")) change.due_at = due;
    const auto organisation = call.organisation();
    const Instant now = io::Shard::here().now();
    auto touched = std::make_shared<Touched>();
    const auto snapshot = call.services->desk.snapshot();
    auto progress = co_await call.services->orders->progress(organisation);
    auto work = [=, method = *method, by = call.principal->name,
                 why = asked && *asked ? **asked : std::string(),
                 is_final = is_final.value_or(false)](
                    catalog::Catalog& catalog) -> Result<catalog::Answer> {
        Book book(catalog);
        TRY(const auto before, book.find_job(organisation, number));
        const auto machine = book.machine(organisation, before.machine);
        const bool commands = machine && machine->delivery == orders::Delivery::mqtt;
        TRY(const auto job,
            book.ask(organisation, number, method, is_final, why, by, commands, now, *touched));
        if (method == dispatch::JobMethod::update && (change.priority || change.due_at)) {
            TRY_VOID(book.change(organisation, job.order, change, by, now, *touched));
        }
        TRY(const auto after, book.find_job(organisation, number));
        TRY(const auto order, book.find(organisation, job.order));
        return catalog::Answer{200, json_text(render(after, order, progress, *snapshot, true))};
    };
    auto answer = co_await write_once(call, std::move(work));
    if (answer && !touched->jobs.empty()) call.services->orders->changed(organisation, *touched);
    co_return answer;
}

io::Task<Answer> place_job(Call call) {
    CO_TRY(const auto number, job_of_path(call));
    CO_TRY(auto body, body_object(call.request, {"machine", "position"}));
    CO_TRY(const std::string machine, text_member(body, "machine"));
    CO_TRY(const auto position, optional_number(body, "position"));
    const auto organisation = call.organisation();
    auto work = [=, place = position && *position
                                ? static_cast<std::int64_t>(std::clamp(**position, 0.0, 1e6))
                                : 0](Book& book, Instant now,
                                     Touched& touched) -> Result<JobOrder> {
        auto can = book.machine(organisation, machine);
        if (!can) return fail(Code::invalid, can.error().context);
        TRY(const auto job, book.find_job(organisation, number));
        TRY(const auto order, book.find(organisation, job.order));
        const std::string why = orders::obstacle(*can, order.design);
        if (!why.empty()) return fail(Code::invalid, orders::sentence_of(orders::reason_of(why)));
        return book.pin(organisation, number, machine, place, now, touched);
    };
    auto done = co_await on_book(call, std::move(work));
    if (!done) co_return std::unexpected(done.error());
    co_return co_await answer_job(std::move(call), number);
}

io::Task<Answer> unplace_job(Call call) {
    CO_TRY(const auto number, job_of_path(call));
    auto work = [=, organisation = call.organisation()](Book& book, Instant, Touched& touched) {
        return book.unpin(organisation, number, touched);
    };
    auto done = co_await on_book(call, std::move(work));
    if (!done) co_return std::unexpected(done.error());
    co_return co_await answer_job(std::move(call), number);
}

struct QueueRows {
    std::vector<orders::SewingMachine> machines;
    std::vector<JobWithOrder> jobs;
};

io::Task<Answer> queues(Call call) {
    const auto organisation = call.organisation();
    auto work = [=](catalog::Catalog& catalog) -> Result<QueueRows> {
        Book book(catalog);
        QueueRows out;
        TRY(out.machines, book.machines(organisation));
        TRY(auto jobs, book.open_jobs(organisation));
        TRY(out.jobs, with_orders(book, organisation, std::move(jobs)));
        return out;
    };
    auto rows = co_await call.services->desk.run(std::move(work));
    if (!rows) co_return std::unexpected(rows.error());
    auto progress = co_await call.services->orders->progress(organisation);
    auto plan = co_await call.services->orders->last_plan(organisation);
    auto states = co_await call.services->plant.machines(organisation);
    const auto catalog = call.services->desk.snapshot();
    json::array machines, unplanned;
    std::set<std::string> known;
    for (const auto& machine : rows->machines) {
        known.insert(machine.machine);
        json::value running = nullptr;
        json::array queue;
        std::optional<Instant> free_at;
        for (const auto& one : rows->jobs) {
            if (one.job.machine != machine.machine) continue;
            if (one.job.planned_end)
                free_at = std::max(free_at.value_or(*one.job.planned_end), *one.job.planned_end);
            auto item = render(one.job, one.order, progress, *catalog, true);
            if (one.job.is_given() && running.is_null())
                running = std::move(item);
            else
                queue.push_back(std::move(item));
        }
        const auto state = std::ranges::find(states, machine.machine, &twin::MachineState::id);
        machines.push_back(json::object{
            {"machine", machine.machine},
            {"name", machine_name(*catalog, organisation, machine.machine)},
            {"connection",
             state == states.end() ? text("offline") : text(twin::name_of(state->connection))},
            {"enabled", machine.is_enabled},
            {"running", std::move(running)},
            {"queue", std::move(queue)},
            {"free_at", free_at ? json::value(render_time(*free_at)) : json::value(nullptr)},
            {"profile", render(machine, *catalog)}});
    }
    for (const auto& one : rows->jobs) {
        if (!known.contains(one.job.machine))
            unplanned.push_back(render(one.job, one.order, progress, *catalog, true));
    }
    co_return reply(json::object{{"machines", std::move(machines)},
                                 {"unplanned", std::move(unplanned)},
                                 {"plan", render(plan)}});
}

io::Task<Answer> plan_again(Call call) {
    auto plan = co_await call.services->orders->plan_now(call.organisation());
    if (!plan) co_return std::unexpected(plan.error());
    co_return reply(render(*plan));
}

// --- machines
// -------------------------------------------------------------------------------------

io::Task<Answer> sewing_machines(Call call) {
    auto work = [organisation = call.organisation()](catalog::Catalog& catalog) {
        return Book(catalog).machines(organisation);
    };
    auto found = co_await call.services->desk.run(std::move(work));
    if (!found) co_return std::unexpected(found.error());
    json::array items;
    const auto catalog = call.services->desk.snapshot();
    for (const auto& machine : *found) items.push_back(render(machine, *catalog));
    co_return reply(json::object{{"items", std::move(items)}, {"next", nullptr}});
}

Result<double> plain_member(const json::object& body, std::string_view name, double usual) {
    TRY(const auto found, optional_number(body, name));
    return found && *found ? **found : usual;
}

// A name below orders.drop_directory: letters, digits, - and _ only, so that it leads nowhere else.
bool is_folder_name(std::string_view name) {
    return name.size() <= 64 &&
           name.find_first_not_of(
               "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == name.npos;
}

Result<orders::SewingMachine> sewing_machine_of_body(const Call& call, orders::SewingMachine out) {
    TRY(const auto body,
        body_object(call.request, {"enabled", "heads", "needles", "hoop_mm", "rpm_max", "dialect",
                                   "delivery", "folder", "threads", "name", "machine", "source"}));
    TRY(const auto is_enabled, optional_flag(body, "enabled"));
    out.is_enabled = is_enabled.value_or(out.is_enabled);
    TRY(const double heads, plain_member(body, "heads", out.heads));
    TRY(const double needles, plain_member(body, "needles", out.needles));
    TRY(out.rpm_max, plain_member(body, "rpm_max", out.rpm_max));
    if (!(heads >= 1 && heads <= 64) || !(needles >= 1 && needles <= 64))
        return fail(Code::invalid, "\"heads\" and \"needles\" must be 1 to 64");
    out.heads = static_cast<std::uint32_t>(heads);
    out.needles = static_cast<std::uint32_t>(needles);
    if (const auto* hoop = body.if_contains("hoop_mm"); hoop != nullptr) {
        const auto* sides = hoop->if_array();
        const bool is_pair = sides != nullptr && sides->size() == 2 && (*sides)[0].is_number() &&
                             (*sides)[1].is_number();
        if (!is_pair)
            return fail(Code::invalid, "\"hoop_mm\" must be two numbers: width and height");
        out.hoop_width_mm = (*sides)[0].to_number<double>();
        out.hoop_height_mm = (*sides)[1].to_number<double>();
    }
    TRY(const auto dialect, optional_text(body, "dialect"));
    if (dialect && *dialect) out.dialect = **dialect;
    if (stitch::dialect_of(out.dialect) == nullptr)
        return fail(Code::invalid, fmt::format("there is no dialect {}", out.dialect));
    TRY(const auto delivery, optional_text(body, "delivery"));
    if (delivery && *delivery) {
        const auto known = orders::delivery_named(**delivery);
        if (!known) return fail(Code::invalid, "\"delivery\" is mqtt, folder or http");
        out.delivery = *known;
    }
    TRY(const auto folder, optional_text(body, "folder"));
    if (folder) out.folder = folder->value_or("");
    if (!is_folder_name(out.folder))
        return fail(Code::invalid, "\"folder\" is a name of letters, digits, - and _");
    if (out.delivery == orders::Delivery::folder && out.folder.empty())
        return fail(Code::invalid, "\"folder\" must be given");
    if (const auto* threads = body.if_contains("threads"); threads != nullptr) {
        const auto* items = threads->if_array();
        if (items == nullptr || items->size() > 64)
            return fail(Code::invalid, "\"threads\" must be a list, one colour for each needle");
        out.threads.clear();
        for (const auto& item : *items) {
            const std::string colour =
                item.is_string() ? std::string(item.as_string()) : std::string();
            const bool is_colour =
                colour.empty() || (colour.size() == 7 && colour[0] == '#' &&
                                   colour.find_first_not_of("0123456789abcdef", 1) == colour.npos);
            if (!is_colour)
                return fail(Code::invalid, "\"threads\" holds colours like \"#a01030\", or null");
            out.threads.push_back(colour);
        }
    }
    return out;
}

io::Task<Answer> put_sewing(Call call) {
    const auto organisation = call.organisation();
    const std::string machine = call.captured(0);
    CO_TRY_VOID(check_machine_id(machine));
    auto find = [=](catalog::Catalog& catalog) {
        return Book(catalog).machine(organisation, machine);
    };
    auto known = co_await call.services->desk.run(std::move(find));
    orders::SewingMachine start;
    if (known) start = *known;
    const bool is_heard_of =
        known || call.services->desk.snapshot()->machine(organisation, machine) != nullptr;
    if (!is_heard_of && !call.request.body.contains("\"delivery\"")) {
        co_return fail(
            Code::invalid,
            "nobody has heard of this machine: \"delivery\" must say how it gets its files");
    }
    start.organisation = organisation;
    start.machine = machine;
    start.is_told = true;
    CO_TRY(const auto wanted, sewing_machine_of_body(call, start));
    auto work = [=](Book& book, Instant, Touched& touched) -> Result<bool> {
        TRY(const bool is_new, book.put_machine(wanted));
        touched.machines.insert(wanted.machine);
        touched.is_plan_due |= is_new;
        return is_new;
    };
    auto done = co_await on_book(call, std::move(work));
    if (!done) co_return std::unexpected(done.error());
    const auto catalog = call.services->desk.snapshot();
    co_return reply(render(wanted, *catalog));
}

io::Task<Answer> forget_sewing(Call call) {
    auto work = [organisation = call.organisation(), machine = call.captured(0)](
                    Book& book, Instant, Touched& touched) -> Result<bool> {
        TRY_VOID(book.forget_told(organisation, machine));
        touched.machines.insert(machine);
        touched.is_plan_due = true;
        return true;
    };
    auto done = co_await on_book(call, std::move(work));
    if (!done) co_return std::unexpected(done.error());
    co_return no_content();
}

io::Task<Answer> job_file(Call call) {
    const auto organisation = call.organisation();
    const std::string machine = call.captured(0);
    CO_TRY(const auto number, job_of_path(call, 1));
    // Who only looks takes nothing: a machine has its job order once it, or an operator, fetched
    // the file.
    const bool is_for_machine = trust::is_own_machine(*call.principal, machine) ||
                                trust::may(*call.principal, trust::Right::write_tag);
    auto work = [=](Book& book, Instant now, Touched& touched) -> Result<MachineFile> {
        TRY(const auto job, book.find_job(organisation, number));
        if (job.machine != machine || dispatch::is_over(job.state))
            return fail(Code::not_found, "no such job order of this machine");
        TRY(const auto can, book.machine(organisation, machine));
        TRY(const auto order, book.find(organisation, job.order));
        TRY(const auto dst, book.file(organisation, order.design.hash));
        TRY(auto file, machine_file(order.design, dst, can, number));
        if (is_for_machine && can.delivery == orders::Delivery::http && !job.delivered_at) {
            TRY(const auto turn, book.next_command(organisation, machine, true, now, touched));
            if (!turn || turn->job.number != number)
                return fail(Code::conflict,
                            "another job order is this machine's turn, or it has one");
            TRY_VOID(book.delivered(organisation, number, now, touched));
        }
        return file;
    };
    auto file = co_await on_book(call, std::move(work));
    if (!file) co_return std::unexpected(file.error());
    http::Response response;
    response.set("content-type", "application/octet-stream");
    response.set("etag", "\"" + file->sha256 + "\"");
    response.set("content-disposition", fmt::format("attachment; filename=\"{}\"", file->name));
    response.body = std::move(file->bytes);
    co_return response;
}

io::Task<Answer> next_job(Call call) {
    const auto organisation = call.organisation();
    const std::string machine = call.captured(0);
    auto work = [=](catalog::Catalog& catalog) -> Result<std::optional<std::uint64_t>> {
        Book book(catalog);
        TRY_VOID(book.machine(organisation, machine));
        TRY(const auto jobs, book.open_jobs(organisation));
        std::optional<std::uint64_t> next;
        for (const auto& job : jobs) {
            if (job.machine != machine) continue;
            if (job.is_given()) return std::optional(job.number);
            if (!next && job.state == dispatch::JobState::allowed_to_start) next = job.number;
        }
        return next;
    };
    auto found = co_await call.services->desk.run(std::move(work));
    if (!found) co_return std::unexpected(found.error());
    if (!*found) co_return no_content();
    const std::uint64_t number = **found;
    co_return co_await answer_job(std::move(call), number);
}

io::Task<Answer> take_report(Call call) {
    boost::system::error_code problem;
    json::parse_options options;
    options.max_depth = 8;
    if (call.request.body.size() > (64 << 10))
        co_return fail(Code::exhausted, "a report has at most 64 KiB");
    const json::value body = json::parse(call.request.body, problem, {}, options);
    if (problem) co_return fail(Code::invalid, "the body is not JSON: " + problem.message());
    CO_TRY(const auto report, report_of(body));
    auto work = [report, organisation = call.organisation(), machine = call.captured(0)](
                    Book& book, Instant now, Touched& touched) {
        return book.report(organisation, machine, report, now, touched);
    };
    auto job = co_await on_book(call, std::move(work));
    if (!job) co_return std::unexpected(job.error());
    co_return reply(json::object{{"job", orders::job_text(job->number)},
                                 {"state", text(dispatch::name_of(job->state))}});
}

}  // namespace

void add_job_routes(http::Router& router, Services& services) {
    serve(router, services, "GET", "/api/v1/job-orders", &list_jobs);
    serve(router, services, "GET", "/api/v1/job-orders/{id}", &one_job);
    serve(router, services, "POST", "/api/v1/job-orders/{id}/{method}", &job_method);
    serve(router, services, "PUT", "/api/v1/job-orders/{id}/place", &place_job);
    serve(router, services, "DELETE", "/api/v1/job-orders/{id}/place", &unplace_job);
    serve(router, services, "GET", "/api/v1/queues", &queues);
    serve(router, services, "POST", "/api/v1/plans", &plan_again);
    serve(router, services, "GET", "/api/v1/sewing-machines", &sewing_machines);
    serve(router, services, "PUT", "/api/v1/machines/{machine}/sewing", &put_sewing);
    serve(router, services, "DELETE", "/api/v1/machines/{machine}/sewing", &forget_sewing);
    serve(router, services, "GET", "/api/v1/machines/{machine}/files/{barcode}", &job_file);
    serve(router, services, "GET", "/api/v1/machines/{machine}/next-job", &next_job);
    serve(router, services, "POST", "/api/v1/machines/{machine}/reports", &take_report);
}

}  // namespace lineshaft::api
