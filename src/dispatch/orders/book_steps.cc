// Rows, and what becomes of an order when something happened to one of its job orders.
#include "dispatch/orders/book_steps.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace lineshaft::orders {

using catalog::Blob;
using catalog::Row;

std::vector<std::string> split_list(std::string_view text) {
    std::vector<std::string> out;
    if (text.empty()) return out;
    while (true) {
        const auto comma = text.find(',');
        out.emplace_back(text.substr(0, comma));
        if (comma == text.npos) return out;
        text.remove_prefix(comma + 1);
    }
}

std::string joined_list(const std::vector<std::string>& items) {
    return fmt::format("{}", fmt::join(items, ","));
}

void Touched::add(const Touched& other) {
    orders.insert(other.orders.begin(), other.orders.end());
    jobs.insert(other.jobs.begin(), other.jobs.end());
    machines.insert(other.machines.begin(), other.machines.end());
    is_plan_due |= other.is_plan_due;
}

namespace {

std::uint32_t small(const Row& row, int column) {
    return static_cast<std::uint32_t>(row.integer(column));
}

std::string breaks_text(const std::vector<std::uint32_t>& breaks) {
    return fmt::format("{}", fmt::join(breaks, ","));
}

std::vector<std::uint32_t> breaks_of(std::string_view text) {
    std::vector<std::uint32_t> out;
    for (const std::string& one : split_list(text)) {
        std::uint32_t value = 0;
        std::from_chars(one.data(), one.data() + one.size(), value);
        out.push_back(value);
    }
    return out;
}

}  // namespace

Order BookSteps::order_of(const Row& row) {
    Order out;
    out.number = static_cast<std::uint64_t>(row.integer(0));
    out.organisation = row.id<OrganisationId>(1);
    out.code = row.text(2);
    out.state = static_cast<OrderState>(row.integer(3));
    out.is_held = row.integer(4) != 0;
    out.why = row.text(5);
    out.design.name = row.text(6);
    out.customer = row.text(7);
    out.contact = row.text(8);
    out.note = row.text(9);
    out.quantity = small(row, 10);
    out.priority = static_cast<int>(row.integer(11));
    out.placed_at = row.instant(12);
    out.due_at = row.instant_or_nothing(13);
    out.done_at = row.instant_or_nothing(14);
    out.design.id = static_cast<std::uint64_t>(row.integer(15));
    out.design.hash = row.text(16);
    out.design.stitches = small(row, 17);
    out.design.colours = small(row, 18);
    out.design.minutes = row.real(19);
    out.design.width_mm = row.real(20);
    out.design.height_mm = row.real(21);
    out.design.thread_m = row.real(22);
    out.design.threads = split_list(row.text(23));
    out.currency = row.text(24);
    out.total_minor = row.integer(25);
    out.link = static_cast<std::uint64_t>(row.integer(26));
    out.identifier = row.text(27);
    out.good = small(row, 28);
    out.rework = small(row, 29);
    out.scrap = small(row, 30);
    out.design.fabric = row.text(31);
    out.cloth = row.text(32);
    return out;
}

JobOrder BookSteps::job_of(const Row& row) {
    JobOrder out;
    out.number = static_cast<std::uint64_t>(row.integer(0));
    out.organisation = row.id<OrganisationId>(1);
    out.order = static_cast<std::uint64_t>(row.integer(2));
    out.machine = row.text(3);
    out.position = row.integer(4);
    out.is_pinned = row.integer(5) != 0;
    out.state = static_cast<JobState>(row.integer(6));
    out.substate = static_cast<JobSubstate>(row.integer(7));
    if (!row.is_null(8)) out.asked = static_cast<JobMethod>(row.integer(8));
    out.sequence = small(row, 9);
    out.answered = small(row, 10);
    out.wanted = small(row, 11);
    out.good = small(row, 12);
    out.rework = small(row, 13);
    out.scrap = small(row, 14);
    out.stitches = static_cast<std::uint64_t>(row.integer(15));
    out.planned_start = row.instant_or_nothing(16);
    out.planned_end = row.instant_or_nothing(17);
    out.given_at = row.instant_or_nothing(18);
    out.delivered_at = row.instant_or_nothing(19);
    out.began_at = row.instant_or_nothing(20);
    out.ended_at = row.instant_or_nothing(21);
    out.setup_s = row.real(22);
    out.sewing_s = row.real(23);
    out.setup_done_s = row.real(24);
    out.replaces = static_cast<std::uint64_t>(row.integer(25));
    out.is_final = row.integer(26) != 0;
    out.file_hash = row.text(27);
    out.why = row.text(28);
    out.breaks = breaks_of(row.text(29));
    if (!row.is_null(30)) out.dialect = row.text(30);
    if (!row.is_null(31)) out.delivery = static_cast<Delivery>(row.integer(31));
    return out;
}

Result<std::int64_t> BookSteps::next_id(Book& book, std::string_view name) {
    std::int64_t id = 0;
    TRY_VOID(
        book.sql_.query("INSERT INTO counter (name, value) VALUES ($1, 1) ON CONFLICT (name)"
                        " DO UPDATE SET value = counter.value + 1 RETURNING value",
                        {name}, [&](const Row& row) { id = row.integer(0); }));
    return id;
}

Result<std::size_t> BookSteps::count(Book& book, std::string_view sql,
                                     catalog::Database::Parameters parameters) {
    std::int64_t found = 0;
    TRY_VOID(book.sql_.query(sql, parameters, [&](const Row& row) { found = row.integer(0); }));
    return static_cast<std::size_t>(found);
}

Result<Order> BookSteps::load_order(Book& book, OrganisationId organisation, std::uint64_t number) {
    std::optional<Order> found;
    TRY_VOID(book.sql_.query("SELECT " ORDER_COLUMNS
                             " FROM customer_order WHERE organisation = $1 AND number = $2",
                             {organisation, static_cast<std::int64_t>(number)},
                             [&](const Row& row) { found = order_of(row); }));
    if (!found) return fail(Code::not_found, "no such order");
    return *std::move(found);
}

Result<JobOrder> BookSteps::load_job(Book& book, OrganisationId organisation,
                                     std::uint64_t number) {
    std::optional<JobOrder> found;
    TRY_VOID(book.sql_.query("SELECT " JOB_COLUMNS
                             " FROM job_order WHERE organisation = $1 AND number = $2",
                             {organisation, static_cast<std::int64_t>(number)},
                             [&](const Row& row) { found = job_of(row); }));
    if (!found)
        return fail(Code::not_found, fmt::format("no such job order: {}", job_text(number)));
    return *std::move(found);
}

Result<std::vector<JobOrder>> BookSteps::load_jobs(Book& book, OrganisationId organisation,
                                                   std::uint64_t order) {
    std::vector<JobOrder> out;
    TRY_VOID(book.sql_.query("SELECT " JOB_COLUMNS " FROM job_order WHERE organisation = $1"
                             " AND order_number = $2 ORDER BY number",
                             {organisation, static_cast<std::int64_t>(order)},
                             [&](const Row& row) { out.push_back(job_of(row)); }));
    return out;
}

Result<void> BookSteps::save_order(Book& book, const Order& order) {
    TRY_VOID(book.sql_.change(
        "UPDATE customer_order SET state = $2, is_held = $3, why = $4, note = $5, priority = $6,"
        " due_at = $7, done_at = $8, good = $9, rework = $10, scrap = $11 WHERE number = $1",
        {static_cast<std::int64_t>(order.number), static_cast<std::int64_t>(order.state),
         order.is_held, order.why, order.note, static_cast<std::int64_t>(order.priority),
         order.due_at, order.done_at, static_cast<std::int64_t>(order.good),
         static_cast<std::int64_t>(order.rework), static_cast<std::int64_t>(order.scrap)}));
    return {};
}

Result<void> BookSteps::save_job(Book& book, const JobOrder& job) {
    std::optional<std::int64_t> asked;
    if (job.asked) asked = static_cast<std::int64_t>(*job.asked);
    const std::string breaks = breaks_text(job.breaks);
    TRY_VOID(book.sql_.change(
        "UPDATE job_order SET machine = $2, position = $3, is_pinned = $4, state = $5,"
        " substate = $6, asked = $7, sequence = $8, answered = $9, wanted = $10, good = $11,"
        " rework = $12, scrap = $13, stitches = $14, planned_start = $15, planned_end = $16,"
        " given_at = $17, delivered_at = $18, began_at = $19, ended_at = $20, setup_s = $21,"
        " sewing_s = $22, setup_done_s = $23, is_final = $24, file_hash = $25, why = $26,"
        " breaks = $27 WHERE number = $1",
        {static_cast<std::int64_t>(job.number),
         job.machine,
         job.position,
         job.is_pinned,
         static_cast<std::int64_t>(job.state),
         static_cast<std::int64_t>(job.substate),
         asked,
         static_cast<std::int64_t>(job.sequence),
         static_cast<std::int64_t>(job.answered),
         static_cast<std::int64_t>(job.wanted),
         static_cast<std::int64_t>(job.good),
         static_cast<std::int64_t>(job.rework),
         static_cast<std::int64_t>(job.scrap),
         static_cast<std::int64_t>(job.stitches),
         job.planned_start,
         job.planned_end,
         job.given_at,
         job.delivered_at,
         job.began_at,
         job.ended_at,
         job.setup_s,
         job.sewing_s,
         job.setup_done_s,
         job.is_final,
         job.file_hash,
         job.why,
         breaks}));
    return {};
}

Result<void> BookSteps::add_job(Book& book, const Order& order, std::uint32_t wanted,
                                std::uint64_t replaces, Touched& touched) {
    TRY(const std::int64_t number, next_id(book, "job_order"));
    const bool may_start = !order.is_held;
    TRY_VOID(book.sql_.change(
        "INSERT INTO job_order (number, organisation, order_number, machine, position, is_pinned,"
        " state, substate, sequence, answered, wanted, good, rework, scrap, stitches, setup_s,"
        " sewing_s, setup_done_s, replaces, is_final, file_hash, why, breaks) VALUES"
        " ($1, $2, $3, '', 0, 0, $4, $5, 0, 0, $6, 0, 0, 0, 0, 0, 0, 0, $7, 0, '', '', '')",
        {number, order.organisation, static_cast<std::int64_t>(order.number),
         static_cast<std::int64_t>(may_start ? JobState::allowed_to_start
                                             : JobState::not_allowed_to_start),
         static_cast<std::int64_t>(JobSubstate::waiting), static_cast<std::int64_t>(wanted),
         static_cast<std::int64_t>(replaces)}));
    touched.jobs.insert(static_cast<std::uint64_t>(number));
    touched.is_plan_due = true;
    return {};
}

Result<void> BookSteps::note(Book& book, const Order& order, std::uint64_t job,
                             std::string_view kind, std::string_view text, std::string_view by,
                             Instant now) {
    TRY(const std::int64_t id, next_id(book, "order_event"));
    TRY_VOID(book.sql_.change(
        "INSERT INTO order_event (id, organisation, order_number, job, at, kind, text, who)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        {id, order.organisation, static_cast<std::int64_t>(order.number),
         static_cast<std::int64_t>(job), now, kind, text, by}));
    return {};
}

Result<void> BookSteps::end_job(Book& book, JobOrder& job, std::string_view why, Instant now) {
    job.state = JobState::aborted;
    job.substate = JobSubstate::none;
    job.ended_at = now;
    job.why = why;
    return save_job(book, job);
}

Result<Order> BookSteps::settle(Book& book, OrganisationId organisation, std::uint64_t number,
                                std::uint64_t replaces, Instant now, Touched& touched) {
    TRY(auto order, load_order(book, organisation, number));
    touched.orders.insert(number);
    std::uint32_t counts[4] = {};
    TRY_VOID(book.sql_.query(
        "SELECT quality, COUNT(*) FROM piece WHERE order_number = $1 GROUP BY quality",
        {static_cast<std::int64_t>(number)}, [&](const Row& row) {
            if (row.integer(0) >= 0 && row.integer(0) < 4) counts[row.integer(0)] = small(row, 1);
        }));
    order.good = counts[0], order.rework = counts[1], order.scrap = counts[2];
    TRY(auto jobs, load_jobs(book, organisation, number));
    if (order.state == OrderState::refused) {
        TRY_VOID(save_order(book, order));
        return order;
    }
    if (order.good >= order.quantity) {
        for (JobOrder& job : jobs) {  // what was made anew in vain
            if (is_over(job.state) || job.is_given()) continue;
            TRY_VOID(end_job(book, job, stored_reason("not_needed", {}), now));
            touched.jobs.insert(job.number);
        }
        if (order.state != OrderState::done) {
            order.state = OrderState::done;
            order.done_at = now;
            order.why.clear();
            TRY_VOID(
                note(book, order, 0, "done",
                     stored_reason("good_pieces", {std::to_string(order.good)}), "", now));
        }
        TRY_VOID(save_order(book, order));
        return order;
    }
    std::int64_t missing = std::int64_t{order.quantity} - order.good;
    for (const JobOrder& job : jobs) {
        if (!is_over(job.state)) missing -= job.left();
        if (job.is_final) missing -= job.left();
    }
    // More is on the way than asked: a late report counted. What nobody has begun is made smaller.
    for (auto job = jobs.rbegin(); job != jobs.rend() && missing < 0; ++job) {
        if (is_over(job->state) || job->is_given()) continue;
        const auto less = static_cast<std::uint32_t>(std::min<std::int64_t>(-missing, job->left()));
        job->wanted -= less;
        missing += less;
        touched.jobs.insert(job->number);
        touched.is_plan_due = true;
        if (job->left() == 0) {
            TRY_VOID(end_job(book, *job, stored_reason("not_needed", {}), now));
        } else {
            TRY_VOID(save_job(book, *job));
        }
    }
    while (missing > 0) {
        const auto part = static_cast<std::uint32_t>(
            std::min<std::int64_t>(missing, book.limits_.pieces_per_job_max));
        TRY_VOID(add_job(book, order, part, replaces, touched));
        missing -= part;
    }
    TRY(jobs, load_jobs(book, organisation, number));
    bool is_running = false, is_interrupted = false, is_planned = false, is_open = false;
    std::string why;
    for (const JobOrder& job : jobs) {
        if (is_over(job.state)) continue;
        is_open = true;
        is_running |= job.state == JobState::running;
        is_interrupted |= job.state == JobState::interrupted;
        is_planned |= !job.machine.empty();
        if (job.machine.empty() && !job.why.empty()) why = job.why;
    }
    if (is_running)
        order.state = OrderState::running;
    else if (is_interrupted || order.is_held || !is_open)
        order.state = OrderState::held;
    else
        order.state = is_planned ? OrderState::planned : OrderState::fresh;
    if (!order.is_held) order.why = is_planned || is_running ? std::string() : why;
    TRY_VOID(save_order(book, order));
    return order;
}

Result<void> BookSteps::add_stops(Book& book, const JobOrder& job, const Report& report) {
    // A report without times of its stops: they follow each other from where the job order began.
    const Instant base =
        report.began.value_or(job.began_at.value_or(job.given_at.value_or(Instant{})));
    constexpr Instant earliest{946'684'800'000'000};  // 2000
    for (const Stop& stop : report.stops) {
        const Instant at = stop.at < earliest ? Instant{base.micros + stop.at.micros} : stop.at;
        TRY_VOID(book.sql_.change(
            "INSERT INTO sewing_stop (job, at, reason, organisation, machine, seconds, stitch, "
            "needle,"
            " head) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (job, at, reason) DO"
            " UPDATE SET seconds = CASE WHEN excluded.seconds > sewing_stop.seconds"
            " THEN excluded.seconds ELSE sewing_stop.seconds END",
            {static_cast<std::int64_t>(job.number), at, stop.reason, job.organisation, job.machine,
             stop.seconds, static_cast<std::int64_t>(stop.stitch),
             static_cast<std::int64_t>(stop.needle), static_cast<std::int64_t>(stop.head)}));
    }
    return {};
}

// A row for each piece the report knows and the book does not: (job, index) is unique, so a piece
// counts once. Of a job order that is over, and for which others sew already, it is one too many.
Result<void> BookSteps::add_pieces(Book& book, const JobOrder& job, const Report& report,
                                   Instant now, Touched& touched) {
    const std::uint32_t good = std::min(report.good.value_or(0), job.wanted);
    TRY(const auto order, load_order(book, job.organisation, job.order));
    TRY(const auto jobs, load_jobs(book, job.organisation, job.order));
    std::int64_t needed = std::int64_t{order.quantity};
    TRY(const std::size_t so_far,
        count(book, "SELECT COUNT(*) FROM piece WHERE order_number = $1 AND quality = 0",
              {static_cast<std::int64_t>(job.order)}));
    needed -= static_cast<std::int64_t>(so_far);
    for (const JobOrder& other : jobs) {
        if (other.number != job.number && !is_over(other.state) && other.is_given())
            needed -= other.left();
    }
    for (std::uint32_t index = 1; index <= good; ++index) {
        const auto told = std::ranges::find(report.done, index, &PieceReport::index);
        const bool is_told = told != report.done.end();
        TRY(const std::size_t is_known,
            count(book, "SELECT COUNT(*) FROM piece WHERE job = $1 AND idx = $2",
                  {static_cast<std::int64_t>(job.number), static_cast<std::int64_t>(index)}));
        if (is_known != 0) continue;
        TRY(const std::size_t before,
            count(book, "SELECT COALESCE(MAX(number), 0) FROM piece WHERE order_number = $1",
                  {static_cast<std::int64_t>(job.order)}));
        const Quality quality = needed > 0 ? Quality::good : Quality::surplus;
        needed -= quality == Quality::good;
        const std::string identifier = order.identifier.empty()
                                           ? std::string()
                                           : fmt::format("{}.{}", order.identifier, before + 1);
        std::optional<Instant> began;
        if (is_told) began = told->began;
        TRY_VOID(book.sql_.change(
            "INSERT INTO piece (order_number, number, organisation, job, idx, quality, stitches,"
            " breaks, began_at, done_at, machine, identifier) VALUES"
            " ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            {static_cast<std::int64_t>(job.order), static_cast<std::int64_t>(before + 1),
             job.organisation, static_cast<std::int64_t>(job.number),
             static_cast<std::int64_t>(index), static_cast<std::int64_t>(quality),
             static_cast<std::int64_t>(is_told ? told->stitches : order.design.stitches),
             static_cast<std::int64_t>(is_told ? told->breaks : 0), began,
             is_told && told->at ? *told->at : now, job.machine, identifier}));
        TRY_VOID(note(book, order, job.number, quality == Quality::good ? "piece" : "surplus",
                      stored_reason("piece_on", {std::to_string(before + 1), job.machine}),
                      job.machine, now));
        touched.orders.insert(job.order);
    }
    return {};
}

}  // namespace lineshaft::orders
