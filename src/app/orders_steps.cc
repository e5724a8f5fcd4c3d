// The room's coroutines on shard 0: watching machines, serving each of them, planning and showing.
#include "app/orders_steps.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "base/log.h"
#include "base/machine_id.h"
#include "trust/principal.h"

namespace lineshaft::app {
namespace {

namespace json = boost::json;
using orders::Book;
using orders::Touched;

constexpr std::string_view sewing_tag = "Job/Command";  // who has it is a machine that sews
constexpr io::Steady forgotten_after{10'000};
constexpr io::Steady searches_apart{3'000};
constexpr std::size_t pieces_shown_max = 20'000;  // orders whose pieces were told; the oldest go

// What a machine did, for the audit log; what people did is there from their requests.
trust::AuditRecord step_of(OrganisationId organisation, const orders::JobOrder& job) {
    auto who = trust::node_principal();
    who.organisation = organisation;
    return trust::audit_of(
        who, "", "job_order.state", orders::job_text(job.number),
        fmt::format("{} on {}, order {}: {} good, {} scrap", dispatch::name_of(job.state),
                    job.machine, job.order, job.good, job.scrap));
}

io::Task<void> write_steps(trust::Audit* audit, std::vector<trust::AuditRecord> steps) {
    for (auto& step : steps) {
        const std::string target = step.target;
        auto written = co_await audit->record(std::move(step));
        if (!written)
            log::warn("orders: the audit log is missing a step of {}: {}", target,
                      written.error().context);
    }
}

}  // namespace

io::Task<bool> identify_order(identity::Registry& registry, std::string identifier,
                              std::string target) {
    identity::Change change;
    change.kind = identity::Change::Kind::replace_values;
    change.handle = std::move(identifier);
    change.values.push_back(handle::value_of(1, "URL", std::move(target)));
    auto done = co_await registry.change(std::move(change), identity::Authority{true, {}});
    co_return done.is_good();
}

io::Task<bool> OrdersSteps::end(OrdersRoom* room) {
    room->is_closing_ = true;
    room->pause_.end();
    for (auto& [organisation, hall] : room->halls_) hall->watch.reset();
    co_await room->nursery_->close();
    co_return true;
}

// Every quarter of a second: new organisations and machines, commands to repeat, machines that are
// gone, folders.
io::Task<void> OrdersSteps::keep_watch(OrdersRoom* room) {
    while (!room->is_closing_) {
        const auto catalog = room->rooms_.desk.snapshot();
        std::vector<Hall*> halls;
        for (const auto& organisation : catalog->organisations())
            halls.push_back(&room->hall(organisation.id));
        for (Hall* hall : halls) {
            if (room->is_closing_) break;
            co_await look_after(room, hall);
        }
        auto whole = co_await room->pause_.wait(room->limits_.tick);
        if (!whole) break;
    }
}

io::Task<void> OrdersSteps::read_hall(OrdersRoom* room, Hall* hall) {
    const auto organisation = hall->organisation;
    auto work = [organisation](catalog::Catalog& catalog) {
        return Book(catalog).machines(organisation);
    };
    auto known = co_await room->rooms_.desk.run(std::move(work));
    if (!known) co_return;
    hall->is_read = true;
    for (const auto& can : *known) (void)room->machine(*hall, can.machine);
    auto states = co_await room->rooms_.plant.machines(organisation);
    for (const auto& state : states) {
        if (!hall->machines.contains(state.id) && state.source == twin::Source::sparkplug)
            hall->to_look_at.insert(state.id);
    }
    room->changed(organisation, {{}, {}, {}, true});
}

io::Task<void> OrdersSteps::look_at(OrdersRoom* room, Hall* hall, std::string id) {
    auto now = co_await room->rooms_.plant.machine_now(hall->organisation, id);
    if (!now) co_return;
    hall->looked_at[id] = now->state.tags;
    const bool is_known = hall->machines.contains(id);
    const bool sews =
        std::ranges::any_of(now->values, [](const auto& value) { return value.tag == sewing_tag; });
    if (!sews && !is_known) co_return;
    Machine& machine = room->machine(*hall, id);
    machine.is_there = now->state.connection == twin::Connection::online;
    if (!machine.is_there && !machine.gone_since)
        machine.gone_since = io::Shard::here().clock().steady();
    room->take(*hall, machine, now->values);
    room->wake(*hall, machine);
}

// A machine that is there, has confirmed a job order and does not speak of it any more was switched
// off meanwhile and does not remember: what it had is lost, as with a machine that is gone.
void OrdersSteps::note_forgotten(const Hall& hall, Machine& machine, io::Steady now) {
    bool has_forgotten = false;
    for (const auto& [number, job] : hall.jobs) {
        if (job.machine != machine.id || !job.is_given() || is_over(job.state) || job.asked)
            continue;
        has_forgotten = machine.is_there && machine.job_now != number &&
                        !machine.results.contains("\"" + orders::job_text(number) + "\"");
    }
    if (!has_forgotten)
        machine.forgot_since.reset();
    else if (!machine.forgot_since)
        machine.forgot_since = now;
}

io::Task<void> OrdersSteps::look_after(OrdersRoom* room, Hall* hall) {
    if (!hall->is_read) co_await read_hall(room, hall);
    if (hall->is_watch_due && !room->is_closing_) {
        hall->is_watch_due = false;
        std::vector<std::string> ids;
        for (const auto& [id, machine] : hall->machines) ids.push_back(id);
        hall->watch.reset();
        hall->watch =
            room->rooms_.plant.watch(hall->organisation, ids,
                                     [room, organisation = hall->organisation](
                                         const std::shared_ptr<const twin::LiveBatch>& batch) {
                                         if (!room->is_closing_)
                                             room->on_batch(organisation, *batch);
                                     });
        // What was said before the watch began.
        for (const auto& id : ids) co_await look_at(room, hall, id);
    }
    const auto now_steady = io::Shard::here().clock().steady();
    if (hall->is_search_due && !hall->is_busy && now_steady - hall->searched_at >= searches_apart) {
        hall->is_search_due = false;
        hall->is_busy = true;
        hall->searched_at = now_steady;
        room->nursery_->spawn(search(room, hall));
    }
    const auto looks = std::exchange(hall->to_look_at, {});
    for (const auto& id : looks) co_await look_at(room, hall, id);
    const auto now = io::Shard::here().clock().steady();
    std::vector<Machine*> machines;
    for (const auto& [id, machine] : hall->machines) machines.push_back(machine.get());
    const bool reads_folders = now - hall->folders_read_at >= io::Steady{1'000};
    if (reads_folders) hall->folders_read_at = now;
    for (Machine* machine : machines) {
        if (room->is_closing_) co_return;
        if (machine->is_show_due) {
            machine->is_show_due = false;
            room->show_progress(*hall, *machine);
        }
        if (machine->sent && now - machine->sent_at >= room->limits_.resend_after) {
            machine->sent.reset();
            room->wake(*hall, *machine);
        }
        if (reads_folders && machine->is_known && machine->can.delivery == orders::Delivery::folder)
            co_await read_folder(room, hall, machine);
        note_forgotten(*hall, *machine, now);
        const auto patience = std::chrono::duration_cast<io::Steady>(room->rooms_.lost_after);
        const bool is_silent =
            machine->gone_since && !machine->is_lost && now - *machine->gone_since >= patience;
        const bool has_forgotten =
            machine->forgot_since && now - *machine->forgot_since >= forgotten_after;
        if (!machine->is_known || machine->can.delivery != orders::Delivery::mqtt ||
            !(is_silent || has_forgotten))
            continue;
        machine->forgot_since.reset();
        machine->is_lost = true;
        auto touched = std::make_shared<Touched>();
        auto work = [=, organisation = hall->organisation, id = machine->id,
                     at = io::Shard::here().now()](catalog::Catalog& catalog) {
            return Book(catalog).lose(organisation, id, at, *touched);
        };
        auto done = co_await room->rooms_.desk.run(std::move(work));
        if (!done)
            machine->is_lost = false;
        else if (!touched->jobs.empty())
            room->changed(hall->organisation, *touched);
    }
}

// --- planning and showing
// -------------------------------------------------------------------------

// Every job order gets its place at once, without a search; a better plan is searched for behind
// it.
io::Task<void> OrdersSteps::tend(OrdersRoom* room, Hall* hall) {
    while (!room->is_closing_ &&
           (hall->is_plan_due || !hall->touched.orders.empty() || !hall->touched.jobs.empty())) {
        if (std::exchange(hall->is_plan_due, false)) {
            auto planned = co_await plan(room, hall, io::Steady{0});
            if (!planned) log::warn("orders: planning failed: {}", planned.error().context);
            hall->is_search_due = planned && hall->plan.jobs > 1;
        }
        co_await show(room, hall);
    }
    hall->is_busy = false;
}

io::Task<void> OrdersSteps::search(OrdersRoom* room, Hall* hall) {
    auto better = co_await plan(room, hall, room->limits_.plan_budget);
    if (!better) log::warn("orders: planning failed: {}", better.error().context);
    co_await show(room, hall);
    hall->is_busy = false;
    if (hall->is_plan_due || !hall->touched.orders.empty() || !hall->touched.jobs.empty())
        room->changed(hall->organisation, {});
}

io::Task<Result<void>> OrdersSteps::plan(OrdersRoom* room, Hall* hall, io::Steady budget) {
    struct Rows {
        std::vector<orders::JobOrder> open;
        std::map<std::uint64_t, orders::Order> all;
        std::vector<orders::SewingMachine> machines;
    };
    const auto organisation = hall->organisation;
    auto load = [organisation](catalog::Catalog& catalog) -> Result<Rows> {
        Book book(catalog);
        Rows out;
        TRY(out.open, book.open_jobs(organisation));
        TRY(out.machines, book.machines(organisation));
        for (const auto& job : out.open) {
            if (out.all.contains(job.order)) continue;
            TRY(auto order, book.find(organisation, job.order));
            out.all.emplace(job.order, std::move(order));
        }
        return out;
    };
    auto rows = co_await room->rooms_.desk.run(std::move(load));
    if (!rows) co_return std::unexpected(rows.error());
    hall->jobs.clear();
    for (const auto& job : rows->open) hall->jobs[job.number] = job;
    hall->orders = rows->all;
    std::vector<orders::PlannedMachine> machines;
    for (const auto& can : rows->machines) {
        const auto known = hall->machines.find(can.machine);
        const bool is_there = can.delivery != orders::Delivery::mqtt ||
                              (known != hall->machines.end() && known->second->is_there);
        machines.push_back({can, is_there});
    }
    const Instant now = io::Shard::here().now();
    // Somebody who waits for a place ends the search for a better one.
    auto stop = std::make_shared<io::StopFlag>();
    if (budget.count() != 0) hall->searching = stop;
    auto solve = [stop, rows = *rows, machines, now, budget,
                  &clock = io::Shard::here().clock()]() -> Result<orders::JobsPlan> {
        const io::Steady began = clock.steady();
        solve::Budget spend;
        spend.iterations_max = budget.count() == 0 ? 0 : 200'000;
        const double all = static_cast<double>(budget.count());
        if (all > 0)
            spend.spent = [&clock, began, all] {
                return static_cast<double>((clock.steady() - began).count()) / all;
            };
        spend.cancelled = [stop] { return stop->is_raised(); };
        auto made = orders::plan_jobs(rows.open, rows.all, machines, now, spend);
        if (made) made->facts.took_ms = static_cast<double>((clock.steady() - began).count());
        return made;
    };
    auto made = co_await room->planners_.run(std::move(solve));
    if (!made) co_return std::unexpected(made.error());
    auto touched = std::make_shared<Touched>();
    auto apply = [=, places = made->places](catalog::Catalog& catalog) {
        return Book(catalog).apply(organisation, places, now, *touched);
    };
    auto applied = co_await room->rooms_.desk.run(std::move(apply));
    if (!applied) co_return applied;
    hall->plan = made->facts;
    hall->free_at = std::move(made->free_at);
    hall->touched.add(*touched);
    // A plan's own changes are no reason for another one.
    for (const auto& can : rows->machines) {
        Machine& machine = room->machine(*hall, can.machine);
        machine.can = can;
        machine.is_known = true;
        if (touched->machines.contains(can.machine)) room->wake(*hall, machine);
    }
    std::string text = api::json_text(api::render(hall->plan));
    room->send_frames(organisation, {{"plan", std::move(text), "", 0}});
    co_return Result<void>{};
}

io::Task<void> OrdersSteps::show(OrdersRoom* room, Hall* hall) {
    auto touched = std::exchange(hall->touched, {});
    if (touched.orders.empty() && touched.jobs.empty()) co_return;
    struct Seen {
        std::vector<api::OrderView> views;
        std::vector<orders::JobOrder> jobs;
    };
    const auto organisation = hall->organisation;
    auto load = [=](catalog::Catalog& catalog) -> Result<Seen> {
        Book book(catalog);
        Seen out;
        auto numbers = touched.orders;
        for (const std::uint64_t number : touched.jobs) {
            auto job = book.find_job(organisation, number);
            if (!job) continue;
            numbers.insert(job->order);
            out.jobs.push_back(std::move(*job));
        }
        for (const std::uint64_t number : numbers) {
            auto order = book.find(organisation, number);
            if (!order) continue;
            TRY(auto view, api::view_of(book, std::move(*order)));
            TRY(view.pieces, book.pieces(organisation, number));
            out.views.push_back(std::move(view));
        }
        return out;
    };
    auto seen = co_await room->rooms_.desk.run(std::move(load));
    if (!seen) co_return;
    const auto catalog = room->rooms_.desk.snapshot();
    api::ProgressByJob progress;
    for (const auto& [id, machine] : hall->machines) {
        if (machine->progress.job != 0) progress[machine->progress.job] = machine->progress;
    }
    api::OrderFrames frames;
    std::vector<trust::AuditRecord> steps;
    for (const auto& job : seen->jobs) {
        const auto known = hall->states.try_emplace(job.number, job.state).first;
        if (std::exchange(known->second, job.state) != job.state && !job.machine.empty()) {
            room->rooms_.plant.record(
                {io::Shard::here().now(), organisation, job.machine, "job",
                 fmt::format("{} {}", orders::job_text(job.number), dispatch::name_of(job.state))});
            steps.push_back(step_of(organisation, job));
        }
        if (is_over(job.state)) hall->states.erase(known);
        hall->jobs[job.number] = job;
        const auto view = std::ranges::find(seen->views, job.order,
                                            [](const auto& one) { return one.order.number; });
        if (view == seen->views.end()) continue;
        hall->orders[job.order] = view->order;
        frames.push_back(
            {"job", api::json_text(api::render(job, view->order, progress, *catalog, true)),
             api::json_text(api::render(job, view->order, progress, *catalog, false)), job.order});
        if (is_over(job.state)) hall->jobs.erase(job.number);
    }
    for (const auto& view : seen->views) {
        const auto [place, is_first] = hall->pieces_shown.try_emplace(view.order.number, 0U);
        auto& shown = place->second;
        // Of an order of an earlier run only what is new is news.
        if (is_first && view.order.state == orders::OrderState::done)
            shown = static_cast<std::uint32_t>(view.pieces.size());
        for (std::size_t index = shown; index < view.pieces.size(); ++index) {
            const auto& piece = view.pieces[index];
            std::string text =
                api::json_text(json::object{{"order", view.order.code},
                                            {"number", piece.number},
                                            {"quality", api::text(orders::name_of(piece.quality))},
                                            {"identifier", piece.identifier},
                                            {"stitches", piece.stitches}});
            frames.push_back({"piece", text, text, view.order.number});
        }
        shown = static_cast<std::uint32_t>(view.pieces.size());
        frames.push_back({"order", api::json_text(api::render(view, progress, *catalog, true)),
                          api::json_text(api::render(view, progress, *catalog, false)),
                          view.order.number});
        if (view.order.state == orders::OrderState::done ||
            view.order.state == orders::OrderState::refused) {
            hall->orders.erase(view.order.number);
        }
        if (view.order.state == orders::OrderState::done && !view.order.identifier.empty() &&
            room->rooms_.identify && !room->is_closing_)
            room->nursery_->spawn(identify(room, hall, view.order));
    }
    while (hall->pieces_shown.size() > pieces_shown_max)
        hall->pieces_shown.erase(hall->pieces_shown.begin());
    room->send_frames(organisation, std::move(frames));
    if (!steps.empty() && !room->is_closing_)
        room->nursery_->spawn(write_steps(&room->rooms_.audit, std::move(steps)));
}

// The order's identifier, and one for each good piece, lead to the certificate.
io::Task<void> OrdersSteps::identify(OrdersRoom* room, Hall* hall, orders::Order order) {
    const std::string target = "/order/" + order.code + "/certificate";  // a page
    auto done = co_await room->rooms_.identify(order.identifier, target);
    auto load = [organisation = hall->organisation,
                 number = order.number](catalog::Catalog& catalog) {
        return Book(catalog).pieces(organisation, number);
    };
    auto pieces = co_await room->rooms_.desk.run(std::move(load));
    if (!pieces) co_return;
    for (const auto& piece : *pieces) {
        if (piece.quality != orders::Quality::good || piece.identifier.empty() || !done ||
            room->is_closing_)
            continue;
        done = co_await room->rooms_.identify(piece.identifier, target);
    }
    if (!done) log::warn("order {}: its identifier could not be registered", order.number);
}

// --- asked from other shards
// ----------------------------------------------------------------------

io::Task<api::ProgressByJob> OrdersSteps::progress(OrdersRoom* room, OrganisationId organisation) {
    api::ProgressByJob out;
    const auto hall = room->halls_.find(organisation);
    if (hall != room->halls_.end()) {
        for (const auto& [id, machine] : hall->second->machines) {
            if (machine->progress.job != 0) out[machine->progress.job] = machine->progress;
        }
    }
    co_return out;
}

io::Task<Result<orders::PlanFacts>> OrdersSteps::plan_now(OrdersRoom* room,
                                                          OrganisationId organisation) {
    Hall* hall = &room->hall(organisation);
    auto done = co_await plan(room, hall, room->limits_.plan_budget);
    if (!done) co_return std::unexpected(done.error());
    room->changed(organisation, {});
    co_return hall->plan;
}

io::Task<orders::PlanFacts> OrdersSteps::last_plan(OrdersRoom* room, OrganisationId organisation) {
    co_return room->hall(organisation).plan;
}

io::Task<std::map<std::string, Instant>> OrdersSteps::free_at(OrdersRoom* room,
                                                              OrganisationId organisation) {
    co_return room->hall(organisation).free_at;
}

// A leaky bucket as one instant for each name, in milliseconds: the generic cell rate algorithm.
io::Task<bool> OrdersSteps::admit(OrdersRoom* room, std::string name, std::int64_t per_hour) {
    if (per_hour <= 0) co_return false;
    const std::int64_t now = io::Shard::here().clock().steady().count();
    auto& measures = room->measures_;
    if (measures.size() >= room->limits_.measures_max)
        std::erase_if(measures, [now](const auto& one) { return one.second <= now * 1'000; });
    if (measures.size() >= room->limits_.measures_max && !measures.contains(name)) co_return false;
    const std::int64_t price = 3'600'000'000 / per_hour;  // microseconds
    const std::int64_t burst = price * std::max<std::int64_t>(5, per_hour / 10);
    auto& paid_until = measures[name];
    const std::int64_t from = std::max(paid_until, now * 1'000);
    if (from + price - now * 1'000 > burst) co_return false;
    paid_until = from + price;
    co_return true;
}

}  // namespace lineshaft::app
