// Job orders: what people ask, what machines are told and what they report. Every rule about
// counting once is here and in add_pieces.
#include <fmt/format.h>

#include <algorithm>

#include "dispatch/orders/book_steps.h"

namespace lineshaft::orders {
namespace {

using catalog::Row;
using catalog::Transaction;

constexpr std::string_view machine_refused = "machine_refused";

JobSubstate substate_of_method(JobMethod method, JobSubstate now) {
    switch (method) {
        case JobMethod::pause: return JobSubstate::held;
        case JobMethod::stop: return JobSubstate::completed;
        case JobMethod::abort:
        case JobMethod::cancel:
        case JobMethod::resume: return JobSubstate::none;
        case JobMethod::clear: return JobSubstate::closed;
        case JobMethod::store:
        case JobMethod::store_and_start: return JobSubstate::loaded;
        case JobMethod::start:
        case JobMethod::revoke_start:
        case JobMethod::update: return now;
    }
    return now;
}

void move_job(JobOrder& job, JobMethod method, JobState to, Instant now) {
    job.state = to;
    job.substate = substate_of_method(method, job.substate);
    if (is_over(to) && !job.ended_at) job.ended_at = now;
}

template <class Number>
void grow(Number& known, const std::optional<Number>& told) {
    if (told) known = std::max(known, *told);
}

}  // namespace

Result<JobOrder> Book::find_job(OrganisationId organisation, std::uint64_t number) {
    return BookSteps::load_job(*this, organisation, number);
}

Result<std::vector<JobOrder>> Book::jobs_of(OrganisationId organisation, std::uint64_t order) {
    return BookSteps::load_jobs(*this, organisation, order);
}

Result<std::vector<JobOrder>> Book::open_jobs(OrganisationId organisation) {
    std::vector<JobOrder> out;
    TRY_VOID(
        sql_.query("SELECT " JOB_COLUMNS " FROM job_order WHERE organisation = $1 AND state < 4"
                   " ORDER BY machine, position, number",
                   {organisation}, [&](const Row& row) { out.push_back(BookSteps::job_of(row)); }));
    return out;
}

Result<std::vector<JobOrder>> Book::jobs(OrganisationId organisation, const JobSearch& search) {
    std::vector<JobOrder> out;
    const auto end = search.before ? static_cast<std::int64_t>(*search.before) : INT64_MAX;
    const std::int64_t state = search.state ? static_cast<std::int64_t>(*search.state) : -1;
    TRY_VOID(sql_.query(
        "SELECT " JOB_COLUMNS
        " FROM job_order WHERE organisation = $1 AND number < $2"
        " AND ($3 < 0 OR state = $3) AND ($4 = '' OR machine = $4)"
        " ORDER BY number DESC LIMIT $5",
        {organisation, end, state, search.machine, static_cast<std::int64_t>(search.count_max)},
        [&](const Row& row) { out.push_back(BookSteps::job_of(row)); }));
    return out;
}

Result<JobOrder> Book::ask(OrganisationId organisation, std::uint64_t number, JobMethod method,
                           bool is_final, std::string_view why, const std::string& by,
                           bool commands, Instant now, Touched& touched) {
    TRY(auto transaction, Transaction::begin(sql_));
    TRY(auto job, BookSteps::load_job(*this, organisation, number));
    TRY(const auto order, BookSteps::load_order(*this, organisation, job.order));
    TRY(const JobState to, dispatch::after_method(job.state, method));
    const bool ends =
        method == JobMethod::abort || method == JobMethod::cancel || method == JobMethod::stop;
    const bool is_of_machine = method != JobMethod::update && method != JobMethod::clear;
    if (ends) job.is_final = is_final;
    if (!why.empty()) job.why = stored_words(why);
    if (job.is_given() && commands && is_of_machine) {
        job.asked = method;
        ++job.sequence;
        touched.machines.insert(job.machine);
    } else {
        move_job(job, method, to, now);
        if (!is_over(to) && method == JobMethod::start && order.is_held)
            return fail(Code::conflict, "the order is held: release it first");
    }
    TRY_VOID(BookSteps::save_job(*this, job));
    TRY_VOID(BookSteps::note(*this, order, number, std::string("asked ").append(name_of(method)),
                             stored_words(why), by, now));
    TRY_VOID(BookSteps::settle(*this, organisation, job.order, is_over(job.state) ? number : 0, now,
                               touched));
    touched.jobs.insert(number);
    if (!job.machine.empty()) touched.machines.insert(job.machine);
    touched.is_plan_due = true;
    TRY_VOID(transaction.commit());
    return job;
}

Result<JobOrder> Book::pin(OrganisationId organisation, std::uint64_t number,
                           const std::string& machine, std::int64_t position, Instant now,
                           Touched& touched) {
    TRY(auto transaction, Transaction::begin(sql_));
    TRY(auto job, BookSteps::load_job(*this, organisation, number));
    if (job.is_given() || is_over(job.state)) {
        return fail(Code::conflict, fmt::format("{} is {}: its machine has it already",
                                                job_text(number), name_of(job.state)));
    }
    // Behind those that were given, before what stands there now; the planner numbers them anew.
    std::vector<JobOrder> queue;
    TRY_VOID(
        sql_.query("SELECT " JOB_COLUMNS " FROM job_order WHERE organisation = $1 AND machine = $2"
                   " AND state < 2 AND given_at IS NULL AND number <> $3 ORDER BY position, number",
                   {organisation, machine, static_cast<std::int64_t>(number)},
                   [&](const Row& row) { queue.push_back(BookSteps::job_of(row)); }));
    const auto place = static_cast<std::size_t>(
        std::clamp<std::int64_t>(position, 0, static_cast<std::int64_t>(queue.size())));
    if (!job.machine.empty()) touched.machines.insert(job.machine);
    job.machine = machine;
    job.is_pinned = true;
    job.why.clear();
    queue.insert(queue.begin() + static_cast<std::ptrdiff_t>(place), job);
    for (std::size_t index = 0; index < queue.size(); ++index) {
        queue[index].position = static_cast<std::int64_t>(index);
        TRY_VOID(BookSteps::save_job(*this, queue[index]));
    }
    TRY_VOID(BookSteps::settle(*this, organisation, job.order, 0, now, touched));
    TRY_VOID(transaction.commit());
    touched.jobs.insert(number);
    touched.machines.insert(machine);
    touched.is_plan_due = true;
    return queue[place];
}

Result<JobOrder> Book::unpin(OrganisationId organisation, std::uint64_t number, Touched& touched) {
    TRY(auto job, BookSteps::load_job(*this, organisation, number));
    job.is_pinned = false;
    TRY_VOID(BookSteps::save_job(*this, job));
    touched.jobs.insert(number);
    touched.is_plan_due = true;
    return job;
}

Result<void> Book::apply(OrganisationId organisation, const std::vector<Placement>& plan,
                         Instant now, Touched& touched) {
    TRY(auto transaction, Transaction::begin(sql_));
    std::set<std::uint64_t> orders;
    for (const Placement& place : plan) {
        auto job = BookSteps::load_job(*this, organisation, place.job);
        if (!job) continue;
        if (job->is_given() || is_over(job->state)) continue;
        const bool is_same = job->machine == place.machine && job->position == place.position &&
                             job->planned_start == place.start && job->planned_end == place.end &&
                             job->why == place.why;
        if (is_same) continue;
        if (!job->machine.empty()) touched.machines.insert(job->machine);
        if (!place.machine.empty()) touched.machines.insert(place.machine);
        const bool has_moved = job->machine != place.machine || job->why != place.why;
        job->machine = place.machine;
        job->position = place.position;
        job->planned_start = place.start;
        job->planned_end = place.end;
        job->setup_s = place.setup_s;
        job->why = place.why;
        TRY_VOID(BookSteps::save_job(*this, *job));
        touched.jobs.insert(place.job);
        if (has_moved) orders.insert(job->order);
    }
    for (const std::uint64_t order : orders) {
        TRY_VOID(BookSteps::settle(*this, organisation, order, 0, now, touched));
    }
    return transaction.commit();
}

Result<std::optional<PendingCommand>> Book::next_command(OrganisationId organisation,
                                                         const std::string& machine, bool may_give,
                                                         Instant now, Touched& touched) {
    TRY(auto transaction, Transaction::begin(sql_));
    std::vector<JobOrder> jobs;
    TRY_VOID(sql_.query("SELECT " JOB_COLUMNS
                        " FROM job_order WHERE organisation = $1 AND machine = $2"
                        " AND (state < 4 OR asked IS NOT NULL) ORDER BY position, number",
                        {organisation, machine},
                        [&](const Row& row) { jobs.push_back(BookSteps::job_of(row)); }));
    std::optional<JobOrder> chosen;
    bool is_busy = false;
    for (const JobOrder& job : jobs) {
        if (job.asked && !chosen) chosen = job;
        is_busy |= job.is_given() && !is_over(job.state);
    }
    if (!chosen && !is_busy && may_give) {
        const auto next = std::ranges::find_if(jobs, [](const JobOrder& job) {
            return job.state == JobState::allowed_to_start && !job.is_given();
        });
        if (next != jobs.end()) {
            next->given_at = now;
            next->substate = JobSubstate::ready;
            next->asked = JobMethod::store_and_start;
            next->sequence = 1;
            TRY_VOID(BookSteps::save_job(*this, *next));
            TRY(const auto order, BookSteps::load_order(*this, organisation, next->order));
            TRY_VOID(BookSteps::note(*this, order, next->number, "given", stored_words(machine), "",
                                     now));
            touched.jobs.insert(next->number);
            chosen = *next;
        }
    }
    if (!chosen) return std::optional<PendingCommand>{};
    TRY(const auto order, BookSteps::load_order(*this, organisation, chosen->order));
    TRY_VOID(transaction.commit());
    return std::optional<PendingCommand>{
        PendingCommand{*chosen, order.design, *chosen->asked, chosen->sequence, order.cloth}};
}

Result<void> Book::set_file_hash(OrganisationId organisation, std::uint64_t job,
                                 std::string_view hash) {
    TRY_VOID(
        sql_.change("UPDATE job_order SET file_hash = $3 WHERE organisation = $1 AND number = $2",
                    {organisation, static_cast<std::int64_t>(job), hash}));
    return {};
}

Result<void> Book::answered(OrganisationId organisation, const std::string& machine,
                            std::uint64_t number, std::uint32_t sequence, bool is_good,
                            std::string_view why, Instant now, Touched& touched) {
    TRY(auto transaction, Transaction::begin(sql_));
    TRY(auto job, BookSteps::load_job(*this, organisation, number));
    if (job.machine != machine) return fail(Code::denied, "another machine's job order");
    if (!job.asked || sequence != job.sequence) return {};
    TRY(const auto order, BookSteps::load_order(*this, organisation, job.order));
    const JobMethod method = *job.asked;
    job.asked.reset();
    job.answered = sequence;
    const bool is_store = method == JobMethod::store || method == JobMethod::store_and_start;
    std::uint64_t replaces = 0;
    if (is_store && is_good) {
        job.substate = job.substate == JobSubstate::ready ? JobSubstate::loaded : job.substate;
        if (!job.delivered_at) job.delivered_at = now;
    } else if (is_store) {
        // Where reports came first they are believed: a machine that sewed had the file.
        if (!has_begun(job.state) && !is_over(job.state)) {
            const std::string refusal = stored_reason(machine_refused, {machine, why});
            TRY_VOID(BookSteps::end_job(*this, job, refusal, now));
            replaces = number;
        }
    } else if (is_good) {
        const auto to = dispatch::after_method(job.state, method);
        if (to) move_job(job, method, *to, now);
        if (is_over(job.state)) replaces = number;
    } else {
        job.why = stored_reason("method_refused", {name_of(method), why});
    }
    TRY_VOID(BookSteps::save_job(*this, job));
    TRY_VOID(BookSteps::note(*this, order, number, is_good ? "confirmed" : "refused",
                             why.empty() ? stored_reason("method", {name_of(method)})
                                         : stored_reason("method_refused", {name_of(method), why}),
                             machine, now));
    if (is_store && !is_good) {
        TRY(const std::size_t failed,
            BookSteps::count(*this,
                             "SELECT COUNT(*) FROM job_order WHERE order_number = $1 AND state = 5"
                             " AND delivered_at IS NULL AND (why LIKE '% refused it: %' OR why LIKE $2)",
                             {static_cast<std::int64_t>(job.order),
                              stored_reason(machine_refused, {}) + "%"}));
        if (failed >= limits_.failed_deliveries_max && order.state != OrderState::refused) {
            auto stuck = order;
            stuck.is_held = true;
            stuck.why = job.why;
            TRY_VOID(BookSteps::save_order(*this, stuck));
            TRY_VOID(BookSteps::note(*this, order, number, "held", job.why, "", now));
        }
    }
    TRY_VOID(BookSteps::settle(*this, organisation, job.order, replaces, now, touched));
    touched.jobs.insert(number);
    touched.machines.insert(machine);
    touched.is_plan_due |= is_over(job.state);
    return transaction.commit();
}

Result<void> Book::delivered(OrganisationId organisation, std::uint64_t number, Instant now,
                             Touched& touched) {
    TRY(const auto job, BookSteps::load_job(*this, organisation, number));
    return answered(organisation, job.machine, number, job.sequence, true, "", now, touched);
}

Result<JobOrder> Book::report(OrganisationId organisation, const std::string& machine,
                              const Report& report, Instant now, Touched& touched) {
    if (report.stops.size() > limits_.stops_max || report.done.size() > limits_.pieces_max)
        return fail(Code::invalid, "the report is too long");
    TRY(auto transaction, Transaction::begin(sql_));
    TRY(auto job, BookSteps::load_job(*this, organisation, report.job));
    if (job.machine != machine || !job.is_given())
        return fail(Code::denied,
                    fmt::format("{} was not given to {}", job_text(report.job), machine));
    if (report.good.value_or(0) > job.wanted) {
        return fail(Code::invalid,
                    fmt::format("{} pieces of {} that were asked for", *report.good, job.wanted));
    }
    const JobState before = job.state;
    const bool was_over = is_over(before);
    if (report.state && dispatch::may_report(before, *report.state) && *report.state != before) {
        job.state = *report.state;
        if (job.state == JobState::running) job.substate = JobSubstate::none;
        if (job.state == JobState::interrupted && job.asked != JobMethod::pause)
            job.substate = JobSubstate::suspended;
        if (job.state == JobState::ended) job.substate = JobSubstate::completed;
        if (job.state == JobState::aborted) job.substate = JobSubstate::none;
    }
    if ((has_begun(job.state) || job.state == JobState::ended) && !job.began_at)
        job.began_at = report.began.value_or(now);
    if (has_begun(job.state) && !job.delivered_at) job.delivered_at = now;
    if (is_over(job.state) && !job.ended_at) job.ended_at = report.ended.value_or(now);
    grow(job.good, report.good);
    grow(job.rework, report.rework);
    grow(job.scrap, report.scrap);
    grow(job.stitches, report.stitches);
    grow(job.sewing_s, report.sewing_s);
    grow(job.setup_done_s, report.setup_s);
    if (!report.breaks.empty()) job.breaks = report.breaks;
    TRY_VOID(BookSteps::save_job(*this, job));
    TRY_VOID(BookSteps::add_stops(*this, job, report));
    TRY_VOID(BookSteps::add_pieces(*this, job, report, now, touched));
    const bool is_end = is_over(job.state) && !was_over;
    if (job.state != before) {
        TRY(const auto order, BookSteps::load_order(*this, organisation, job.order));
        TRY_VOID(
            BookSteps::note(*this, order, job.number, name_of(job.state), stored_words(machine),
                            machine, now));
    }
    TRY_VOID(
        BookSteps::settle(*this, organisation, job.order, is_end ? job.number : 0, now, touched));
    touched.jobs.insert(job.number);
    if (is_end) {
        touched.machines.insert(machine);
        touched.is_plan_due = true;
    }
    TRY_VOID(transaction.commit());
    return job;
}

Result<bool> Book::ask_clear(OrganisationId organisation, const std::string& machine,
                             std::uint64_t number, Touched& touched) {
    auto job = BookSteps::load_job(*this, organisation, number);
    if (!job || job->machine != machine || !is_over(job->state)) return false;
    if (job->asked == JobMethod::clear) return true;
    job->asked = JobMethod::clear;
    ++job->sequence;
    TRY_VOID(BookSteps::save_job(*this, *job));
    touched.machines.insert(machine);
    return true;
}

Result<void> Book::lose(OrganisationId organisation, const std::string& machine, Instant now,
                        Touched& touched) {
    TRY(auto transaction, Transaction::begin(sql_));
    std::vector<JobOrder> given;
    TRY_VOID(sql_.query("SELECT " JOB_COLUMNS
                        " FROM job_order WHERE organisation = $1 AND machine = $2"
                        " AND state < 4 AND given_at IS NOT NULL",
                        {organisation, machine},
                        [&](const Row& row) { given.push_back(BookSteps::job_of(row)); }));
    for (JobOrder& job : given) {
        job.asked = has_begun(job.state) ? JobMethod::abort : JobMethod::cancel;
        ++job.sequence;
        TRY_VOID(BookSteps::end_job(*this, job, stored_reason("machine_lost", {machine}), now));
        TRY(const auto order, BookSteps::load_order(*this, organisation, job.order));
        TRY_VOID(BookSteps::note(*this, order, job.number, "lost", stored_words(machine), "", now));
        TRY_VOID(BookSteps::settle(*this, organisation, job.order, job.number, now, touched));
        touched.jobs.insert(job.number);
    }
    if (!given.empty()) touched.is_plan_due = true;
    return transaction.commit();
}

Result<std::vector<Piece>> Book::pieces(OrganisationId organisation, std::uint64_t order) {
    std::vector<Piece> out;
    TRY_VOID(sql_.query(
        "SELECT number, job, idx, quality, stitches, breaks, began_at, done_at, machine, identifier"
        " FROM piece WHERE organisation = $1 AND order_number = $2 ORDER BY number",
        {organisation, static_cast<std::int64_t>(order)}, [&](const Row& row) {
            out.push_back({order, static_cast<std::uint32_t>(row.integer(0)),
                           static_cast<std::uint64_t>(row.integer(1)),
                           static_cast<std::uint32_t>(row.integer(2)),
                           static_cast<Quality>(row.integer(3)),
                           static_cast<std::uint32_t>(row.integer(4)),
                           static_cast<std::uint32_t>(row.integer(5)), row.instant_or_nothing(6),
                           row.instant(7), row.text(8), row.text(9)});
        }));
    return out;
}

Result<Order> Book::judge(OrganisationId organisation, std::uint64_t number, std::uint32_t piece,
                          Quality quality, std::string_view why, const std::string& by, Instant now,
                          Touched& touched) {
    TRY(auto transaction, Transaction::begin(sql_));
    TRY(const auto order, BookSteps::load_order(*this, organisation, number));
    std::optional<std::pair<std::uint64_t, Quality>> known;
    TRY_VOID(sql_.query(
        "SELECT job, quality FROM piece WHERE organisation = $1 AND order_number = $2 AND number = "
        "$3",
        {organisation, static_cast<std::int64_t>(number), static_cast<std::int64_t>(piece)},
        [&](const Row& row) {
            known = {static_cast<std::uint64_t>(row.integer(0)),
                     static_cast<Quality>(row.integer(1))};
        }));
    if (!known) return fail(Code::not_found, fmt::format("the order has no piece {}", piece));
    if (known->second == quality) return order;
    TRY_VOID(sql_.change("UPDATE piece SET quality = $3 WHERE order_number = $1 AND number = $2",
                         {static_cast<std::int64_t>(number), static_cast<std::int64_t>(piece),
                          static_cast<std::int64_t>(quality)}));
    if (order.state == OrderState::done && quality != Quality::good) {
        auto open = order;  // settle decides what it is now
        open.state = OrderState::fresh;
        open.done_at.reset();
        TRY_VOID(BookSteps::save_order(*this, open));
    }
    TRY_VOID(BookSteps::note(*this, order, known->first, name_of(quality),
                             why.empty() ? stored_reason("piece", {std::to_string(piece)})
                                         : stored_reason("piece_why", {std::to_string(piece), why}),
                             by, now));
    TRY(auto settled, BookSteps::settle(*this, organisation, number, known->first, now, touched));
    TRY_VOID(transaction.commit());
    touched.is_plan_due = true;
    return settled;
}

Result<std::vector<Book::StopSum>> Book::stop_sums(OrganisationId organisation,
                                                   std::string_view machine, Window window) {
    std::vector<StopSum> out;
    TRY_VOID(sql_.query(
        "SELECT reason, COUNT(*), SUM(seconds) FROM sewing_stop WHERE organisation = $1"
        " AND ($2 = '' OR machine = $2) AND at >= $3 AND at < $4 GROUP BY reason"
        " ORDER BY 3 DESC",
        {organisation, machine, window.from, window.until}, [&](const Row& row) {
            out.push_back({row.text(0), static_cast<std::uint64_t>(row.integer(1)), row.real(2)});
        }));
    return out;
}

Result<std::vector<JobOrder>> Book::jobs_in(OrganisationId organisation, std::string_view machine,
                                            Window window) {
    std::vector<JobOrder> out;
    TRY_VOID(sql_.query("SELECT " JOB_COLUMNS
                        " FROM job_order WHERE organisation = $1 AND ($2 = '' OR"
                        " machine = $2) AND began_at < $4 AND (ended_at IS NULL OR ended_at > $3)",
                        {organisation, machine, window.from, window.until},
                        [&](const Row& row) { out.push_back(BookSteps::job_of(row)); }));
    return out;
}

Result<std::vector<Stop>> Book::stops_of(OrganisationId organisation, std::uint64_t job) {
    std::vector<Stop> out;
    TRY_VOID(
        sql_.query("SELECT reason, at, seconds, stitch, needle, head FROM sewing_stop WHERE"
                   " organisation = $1 AND job = $2 ORDER BY at",
                   {organisation, static_cast<std::int64_t>(job)}, [&](const Row& row) {
                       out.push_back({row.text(0), row.instant(1), row.real(2),
                                      static_cast<std::uint32_t>(row.integer(3)),
                                      static_cast<std::uint32_t>(row.integer(4)),
                                      static_cast<std::uint32_t>(row.integer(5))});
                   }));
    return out;
}

}  // namespace lineshaft::orders
