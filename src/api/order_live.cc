// The board, and following orders as server-sent events. docs/protocols/orders-api.md.
#include "api/live.h"
#include "api/order_calls.h"
#include "api/render.h"
#include "api/routes.h"
#include "dispatch/orders/book.h"

namespace lineshaft::api {
namespace {

using orders::Book;

constexpr std::size_t board_rows = 50;
constexpr std::size_t early_max = 10'000;  // events while the whole is being read

struct BoardRows {
    std::vector<std::pair<orders::OrderState, std::uint64_t>> counts;
    std::vector<std::vector<OrderView>> columns;
};

io::Task<Result<json::object>> board_of(Services* services, OrganisationId organisation) {
    auto work = [=](catalog::Catalog& catalog) -> Result<BoardRows> {
        Book book(catalog);
        BoardRows out;
        TRY(out.counts, book.counts(organisation));
        for (const auto& [state, count] : out.counts) {
            auto& column = out.columns.emplace_back();
            if (count == 0) continue;
            TRY(auto found, book.orders(organisation, {.state = state, .count_max = board_rows}));
            for (auto& order : found) {
                TRY(auto view, view_of(book, std::move(order)));
                column.push_back(std::move(view));
            }
        }
        return out;
    };
    auto rows = co_await services->desk.run(std::move(work));
    if (!rows) co_return std::unexpected(rows.error());
    auto progress = co_await services->orders->progress(organisation);
    json::array columns;
    const auto catalog = services->desk.snapshot();
    for (std::size_t index = 0; index < rows->counts.size(); ++index) {
        json::array items;
        for (const auto& view : rows->columns[index])
            items.push_back(render(view, progress, *catalog, true));
        columns.push_back(json::object{{"state", text(orders::name_of(rows->counts[index].first))},
                                       {"count", rows->counts[index].second},
                                       {"items", std::move(items)}});
    }
    co_return json::object{{"columns", std::move(columns)}};
}

io::Task<Answer> board(Call call) {
    auto rows = co_await board_of(call.services, call.organisation());
    if (!rows) co_return std::unexpected(rows.error());
    co_return reply(*rows);
}

struct OrderStream : EventStream {
    using EventStream::EventStream;
    std::unique_ptr<OrderFollower> follower{};
    bool has_begun = false;  ///< the whole was sent; what changes before that waits behind it
    std::vector<std::pair<std::string, std::string>> early{};
    bool is_viewer = false;
};
using OrderStreamPtr = std::shared_ptr<OrderStream>;

// The whole first, then what changed while it was read.
void begin_order_stream(OrderStream& stream, std::string_view event, const json::value& whole) {
    stream.queue.push(event, whole);
    stream.has_begun = true;
    for (const auto& [name, data] : std::exchange(stream.early, {}))
        stream.queue.push_text(name, data);
}

Answer order_stream(Call& call, OrganisationId organisation, std::uint64_t order, bool is_viewer,
                    OrderStreamPtr& stream) {
    stream = std::make_shared<OrderStream>(call);
    stream->is_viewer = is_viewer;
    stream->follower = call.services->orders->follow(
        organisation, order, [raw = stream.get()](const OrderFrames& frames) {
            for (const auto& frame : frames) {
                const std::string& data = raw->is_viewer ? frame.viewer : frame.customer;
                if (data.empty()) continue;
                if (raw->has_begun)
                    raw->queue.push_text(frame.event, data);
                else if (raw->early.size() < early_max)
                    raw->early.emplace_back(frame.event, data);
            }
        });
    if (!stream->follower) return fail(Code::exhausted, "as many streams as allowed are open");
    if (is_viewer) end_with_rights(stream);
    return event_stream(stream);
}

io::Task<Answer> follow_order(Call call) {
    auto found = co_await found_order(call, false);
    if (!found) co_return std::unexpected(found.error());
    OrderStreamPtr stream;
    auto response = order_stream(call, found->view.order.organisation, found->view.order.number,
                                 found->is_viewer, stream);
    if (!response) co_return response;
    // Read again now that nothing is missed any more.
    auto again = co_await found_order(call, false);
    if (!again) co_return std::unexpected(again.error());
    auto progress = co_await call.services->orders->progress(again->view.order.organisation);
    const auto catalog = call.services->desk.snapshot();
    begin_order_stream(*stream, "order", render(again->view, progress, *catalog, again->is_viewer));
    co_return response;
}

io::Task<Answer> follow_board(Call call) {
    OrderStreamPtr stream;
    auto response = order_stream(call, call.organisation(), 0, true, stream);
    if (!response) co_return response;
    auto rows = co_await board_of(call.services, call.organisation());
    if (!rows) co_return std::unexpected(rows.error());
    begin_order_stream(*stream, "board", *rows);
    co_return response;
}

}  // namespace

void add_order_live_routes(http::Router& router, Services& services) {
    serve(router, services, "GET", "/api/v1/board", &board);
    serve(router, services, "GET", "/api/v1/board/events", &follow_board);
    serve(router, services, "GET", "/api/v1/orders/{id}/events", &follow_order);
}

}  // namespace lineshaft::api
