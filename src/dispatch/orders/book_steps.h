#pragma once
// Inside dispatch/orders: rows to values and back, and the steps that several of the book's
// functions take.
#include <string>
#include <string_view>
#include <vector>

#include "catalog/sql.h"
#include "dispatch/orders/book.h"
#include "dispatch/orders/reason.h"

namespace lineshaft::orders {

#define ORDER_COLUMNS                                                                            \
    "number, organisation, code, state, is_held, why, name, customer, contact, note, quantity,"  \
    " priority, placed_at, due_at, done_at, design, hash, stitches, colours, minutes, width_mm," \
    " height_mm, thread_m, threads, currency, total_minor, link, identifier, good, rework, scrap," \
    " fabric, cloth"
// What people said of the machine goes before what it said itself.
#define OF_ITS_MACHINE(column)                                                             \
    " (SELECT " column                                                                     \
    " FROM sewing_machine s WHERE s.organisation = job_order.organisation AND s.machine =" \
    " job_order.machine ORDER BY s.is_told DESC LIMIT 1)"
#define JOB_COLUMNS                                                                             \
    "number, organisation, order_number, machine, position, is_pinned, state, substate, asked," \
    " sequence, answered, wanted, good, rework, scrap, stitches, planned_start, planned_end,"   \
    " given_at, delivered_at, began_at, ended_at, setup_s, sewing_s, setup_done_s, replaces,"   \
    " is_final, file_hash, why, breaks," OF_ITS_MACHINE("dialect") "," OF_ITS_MACHINE("delivery")

std::vector<std::string> split_list(std::string_view text);
std::string joined_list(const std::vector<std::string>& items);

struct BookSteps {
    static Order order_of(const catalog::Row& row);
    static JobOrder job_of(const catalog::Row& row);

    static Result<std::int64_t> next_id(Book& book, std::string_view name);
    static Result<std::size_t> count(Book& book, std::string_view sql,
                                     catalog::Database::Parameters parameters);
    static Result<Order> load_order(Book& book, OrganisationId organisation, std::uint64_t number);
    static Result<JobOrder> load_job(Book& book, OrganisationId organisation, std::uint64_t number);
    static Result<std::vector<JobOrder>> load_jobs(Book& book, OrganisationId organisation,
                                                   std::uint64_t order);
    static Result<void> save_order(Book& book, const Order& order);
    static Result<void> save_job(Book& book, const JobOrder& job);
    static Result<void> add_job(Book& book, const Order& order, std::uint32_t wanted,
                                std::uint64_t replaces, Touched& touched);
    /// The order's counts and state after its job orders changed; makes job orders for what is
    /// missing.
    static Result<Order> settle(Book& book, OrganisationId organisation, std::uint64_t number,
                                std::uint64_t replaces, Instant now, Touched& touched);
    static Result<void> note(Book& book, const Order& order, std::uint64_t job,
                             std::string_view kind, std::string_view text, std::string_view by,
                             Instant now);
    static Result<void> end_job(Book& book, JobOrder& job, std::string_view why, Instant now);
    static Result<void> add_pieces(Book& book, const JobOrder& job, const Report& report,
                                   Instant now, Touched& touched);
    static Result<void> add_stops(Book& book, const JobOrder& job, const Report& report);
};

}  // namespace lineshaft::orders
