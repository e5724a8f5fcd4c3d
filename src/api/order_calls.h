#pragma once
#include "api/call.h"
#include "api/order_json.h"
#include "dispatch/orders/book.h"

namespace lineshaft::api {

// What the routes of orders, job orders and shops share.

/// Runs `work(Book&, now, Touched&)` on the catalog's worker, then shows what it touched.
template <class Work>
auto on_book(Call& call, Work work)
    -> io::Task<std::invoke_result_t<Work, orders::Book&, Instant, orders::Touched&>> {
    const Instant now = io::Shard::here().now();
    auto touched = std::make_shared<orders::Touched>();
    auto job = [touched, now, work = std::move(work)](catalog::Catalog& catalog) mutable {
        orders::Book book(catalog);
        return work(book, now, *touched);
    };
    auto done = co_await call.services->desk.run(std::move(job));
    if (done) call.services->orders->changed(call.organisation(), *touched);
    co_return done;
}

/// What a body asks to be sewn. `design`: a number of the catalog, its seal already checked.
struct OrderWish {
    std::uint64_t design = 0;
    std::string design_hash;  ///< empty: whatever it is now
    std::uint32_t quantity = 1;
    std::string customer, contact, note;
    std::optional<Instant> due_at;
    int priority = 50;
    std::uint64_t link = 0;
    std::string cloth{};  ///< its colour
};
/// Members but "design". Errors: invalid.
Result<OrderWish> order_wish(const json::object& body);
/// Once per Idempotency-Key: 201 and the order, on disk.
io::Task<Answer> place_order(Call call, OrderWish wish, bool is_viewer);
io::Task<Answer> quote(Call call, std::uint64_t design, std::uint32_t quantity);

/// The order of the path's first part, with its job orders and pieces, and whether its organisation
/// may see all of it.
struct FoundOrder {
    OrderView view;
    bool is_viewer = false;
};
io::Task<Result<FoundOrder>> found_order(Call& call, bool must_be_viewer);
/// The order as it is now, as JSON.
io::Task<Answer> answer_order(Call call, orders::Order order, bool is_viewer,
                              unsigned status = 200);

/// A part of the orders' routes: the board, and following.
void add_order_live_routes(http::Router& router, Services& services);

Result<std::uint32_t> quantity_member(const json::object& body);
Result<std::optional<Instant>> due_member(const json::object& body);
/// "priority", a whole number of 0 to 100. nothing: not there, or null.
Result<std::optional<int>> priority_member(const json::object& body);

}  // namespace lineshaft::api
