// Orders: placing, looking, holding; the board; what a customer follows; certificates.
// docs/protocols/orders-api.md.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "api/design_calls.h"
#include "api/design_room.h"
#include "api/order_calls.h"
#include "api/qr.h"
#include "api/render.h"
#include "api/routes.h"
#include "dispatch/orders/book.h"
#include "trust/rights.h"
#include "trust/secrets.h"

namespace lineshaft::api {
namespace {

using orders::Book;
using orders::Touched;

// 80 bits as sixteen letters of Crockford's base32.
std::string new_order_code() {
    static constexpr std::string_view letters = "0123456789abcdefghjkmnpqrstvwxyz";
    const std::string random = trust::random_bytes(16);
    std::string out = "o-";
    for (const char byte : random) out += letters[static_cast<unsigned char>(byte) & 31];
    return out;
}

std::string who(const Call& call) {
    return call.principal->name.empty() ? std::string("customer") : call.principal->name;
}

io::Task<Answer> orders_list(Call call) {
    CO_TRY(const auto limit, limit_of(call.request));
    Book::Search search;
    search.count_max = limit + 1;
    search.text = call.request.asked("q").value_or("");
    if (const auto state = call.request.asked("state")) {
        search.state = orders::order_state_named(*state);
        if (!search.state)
            co_return fail(Code::invalid, "state is new, planned, running, held, done or refused");
    }
    if (const auto cursor = call.request.asked("cursor")) {
        auto number = row_number(*cursor);
        if (!number) co_return fail(Code::invalid, "cursor is not one of ours");
        search.before = *number;
    }
    const auto organisation = call.organisation();
    auto work = [=](catalog::Catalog& catalog) -> Result<std::vector<OrderView>> {
        Book book(catalog);
        TRY(auto found, book.orders(organisation, search));
        std::vector<OrderView> out;
        for (auto& order : found) {
            TRY(auto view, view_of(book, std::move(order)));
            out.push_back(std::move(view));
        }
        return out;
    };
    auto found = co_await call.services->desk.run(std::move(work));
    if (!found) co_return std::unexpected(found.error());
    auto progress = co_await call.services->orders->progress(organisation);
    const bool is_more = found->size() > limit;
    if (is_more) found->resize(limit);
    json::array items;
    const auto catalog = call.services->desk.snapshot();
    for (const auto& view : *found) items.push_back(render(view, progress, *catalog, true));
    const json::value next =
        is_more ? json::value(std::to_string(found->back().order.number)) : json::value(nullptr);
    co_return reply(json::object{{"items", std::move(items)}, {"next", next}});
}

io::Task<Answer> create_order(Call call) {
    CO_TRY(auto body, body_object(call.request, {"design", "design_hash", "quantity", "customer",
                                                 "cloth", "note", "due_at", "priority"}));
    CO_TRY(auto wish, order_wish(body));
    CO_TRY(const std::string design, text_member(body, "design"));
    auto number = row_number(design);
    if (!number) co_return fail(Code::invalid, "\"design\" must be the id of a design");
    wish.design = *number;
    CO_TRY(const auto hash, optional_text(body, "design_hash"));
    if (hash && *hash) wish.design_hash = **hash;
    co_return co_await place_order(std::move(call), std::move(wish), true);
}

io::Task<Answer> one_order(Call call) {
    auto found = co_await found_order(call, false);
    if (!found) co_return std::unexpected(found.error());
    co_return co_await answer_order(std::move(call), std::move(found->view.order),
                                    found->is_viewer);
}

io::Task<Answer> order_verb(Call call) {
    const std::string verb = call.captured(1);
    CO_TRY(auto body, call.request.body.empty() ? Result<json::object>(json::object{})
                                                : body_object(call.request, {"why"}));
    CO_TRY(const auto asked, optional_text(body, "why"));
    const std::string why = asked && *asked ? **asked : std::string();
    if (verb != "hold" && verb != "release" && verb != "refuse")
        co_return fail(Code::not_found, "orders are held, released or refused");
    auto found = co_await found_order(call, true);
    if (!found) co_return std::unexpected(found.error());
    const auto organisation = call.organisation();
    const std::uint64_t number = found->view.order.number;
    auto work = [=, by = who(call)](Book& book, Instant now, Touched& touched) {
        if (verb == "hold") return book.hold(organisation, number, why, by, now, touched);
        if (verb == "release") return book.release(organisation, number, by, now, touched);
        return book.refuse(organisation, number, why, by, now, touched);
    };
    auto done = co_await on_book(call, std::move(work));
    if (!done) co_return std::unexpected(done.error());
    co_return co_await answer_order(std::move(call), std::move(*done), true);
}

io::Task<Answer> change_order(Call call) {
    CO_TRY(auto body, body_object(call.request, {"due_at", "priority", "note"}));
    Book::OrderChange change;
    if (body.contains("due_at")) {
        CO_TRY(change.due_at, due_member(body));
    }
    CO_TRY(change.priority, priority_member(body));
    CO_TRY(const auto note, optional_text(body, "note"));
    if (note) change.note = note->value_or("");
    auto found = co_await found_order(call, true);
    if (!found) co_return std::unexpected(found.error());
    auto work = [change, organisation = call.organisation(), number = found->view.order.number,
                 by = who(call)](Book& book, Instant now, Touched& touched) {
        return book.change(organisation, number, change, by, now, touched);
    };
    auto done = co_await on_book(call, std::move(work));
    if (!done) co_return std::unexpected(done.error());
    co_return co_await answer_order(std::move(call), std::move(*done), true);
}

io::Task<Answer> judge_piece(Call call) {
    CO_TRY(auto body, body_object(call.request, {"quality", "why"}));
    CO_TRY(const std::string word, text_member(body, "quality"));
    CO_TRY(const auto asked, optional_text(body, "why"));
    const auto quality = orders::quality_named(word);
    if (!quality || *quality == orders::Quality::surplus)
        co_return fail(Code::invalid, "\"quality\" is good, rework or scrap");
    CO_TRY(const auto piece, row_number(call.captured(1)));
    auto found = co_await found_order(call, true);
    if (!found) co_return std::unexpected(found.error());
    auto work = [=, organisation = call.organisation(), number = found->view.order.number,
                 by = who(call), why = asked && *asked ? **asked : std::string()](
                    Book& book, Instant now, Touched& touched) {
        return book.judge(organisation, number, static_cast<std::uint32_t>(piece), *quality, why,
                          by, now, touched);
    };
    auto done = co_await on_book(call, std::move(work));
    if (!done) co_return std::unexpected(done.error());
    co_return co_await answer_order(std::move(call), std::move(*done), true);
}

io::Task<Answer> order_history(Call call) {
    CO_TRY(const auto limit, limit_of(call.request));
    std::uint64_t after = 0;
    if (const auto cursor = call.request.asked("cursor")) {
        auto number = row_number(*cursor);
        if (!number) co_return fail(Code::invalid, "cursor is not one of ours");
        after = *number;
    }
    auto found = co_await found_order(call, true);
    if (!found) co_return std::unexpected(found.error());
    auto work = [=, organisation = call.organisation(),
                 number = found->view.order.number](catalog::Catalog& catalog) {
        return Book(catalog).events(organisation, number, after, limit + 1);
    };
    auto events = co_await call.services->desk.run(std::move(work));
    if (!events) co_return std::unexpected(events.error());
    const bool is_more = events->size() > limit;
    if (is_more) events->resize(limit);
    json::array items;
    for (const auto& event : *events) {
        const auto reason = orders::reason_of(event.text);
        items.push_back(
            json::object{{"at", render_time(event.at)},
                         {"kind", event.kind},
                         {"text", orders::sentence_of(reason)},
                         {"reason", reason_json(reason)},
                         {"job", event.job == 0 ? json::value(nullptr)
                                                : json::value(orders::job_text(event.job))},
                         {"by", text_or_null(event.by)}});
    }
    const json::value next =
        is_more ? json::value(std::to_string(events->back().id)) : json::value(nullptr);
    co_return reply(json::object{{"items", std::move(items)}, {"next", next}});
}

io::Task<Answer> order_cost(Call call) {
    auto found = co_await found_order(call, true);
    if (!found) co_return std::unexpected(found.error());
    const auto& order = found->view.order;
    auto work = [organisation = call.organisation(),
                 view = found->view](catalog::Catalog& catalog) -> Result<orders::Cost> {
        Book book(catalog);
        TRY(const auto prices, book.prices(organisation));
        double stops_s = 0;
        for (const auto& job : view.jobs) {
            TRY(const auto stops, book.stops_of(organisation, job.number));
            for (const auto& stop : stops) stops_s += stop.seconds;
        }
        return orders::cost_of(prices, view.order, view.jobs, stops_s);
    };
    auto cost = co_await call.services->desk.run(std::move(work));
    if (!cost) co_return std::unexpected(cost.error());
    json::array items;
    for (const auto& item : cost->items)
        items.push_back(json::object{{"what", item.what},
                                     {"count", item.count},
                                     {"unit", item.unit},
                                     {"amount_minor", item.amount_minor}});
    co_return reply(json::object{{"currency", order.currency},
                                 {"items", std::move(items)},
                                 {"total_minor", cost->total_minor},
                                 {"price_minor", order.total_minor},
                                 {"margin_minor", order.total_minor - cost->total_minor}});
}

std::string qr_svg(std::string_view what) {
    const auto modules = qr_modules(what);
    std::string path;
    for (std::size_t at = 0; at < modules.dark.size(); ++at) {
        if (modules.dark[at] == '1')
            path += fmt::format("M{} {}h1v1h-1z", at % modules.width + 4, at / modules.width + 4);
    }
    return fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {0}\"><path fill=\"#fff\" "
        "d=\"M0 0h{0}v{0}H0z\"/>"
        "<path d=\"{1}\"/></svg>",
        modules.width + 8, path);
}

io::Task<Answer> certificate(Call call) {
    auto found = co_await found_order(call, false);
    if (!found) co_return std::unexpected(found.error());
    const auto& order = found->view.order;
    if (order.state != orders::OrderState::done)
        co_return fail(Code::conflict,
                       fmt::format("the order is {}: it gets its certificate when it is done",
                                   orders::name_of(order.state)));
    auto work = [organisation = order.organisation,
                 number = order.number](catalog::Catalog& catalog) {
        return Book(catalog).pieces(organisation, number);
    };
    auto rows = co_await call.services->desk.run(std::move(work));
    if (!rows) co_return std::unexpected(rows.error());
    const auto catalog = call.services->desk.snapshot();
    json::array pieces, threads;
    std::uint64_t stitches = 0;
    for (const auto& piece : *rows) {
        if (piece.quality != orders::Quality::good) continue;
        stitches += piece.stitches;
        pieces.push_back(json::object{
            {"number", piece.number},
            {"identifier", text_or_null(piece.identifier)},
            {"machine", found->is_viewer ? json::value(piece.machine) : json::value(nullptr)},
            {"machine_name", machine_name(*catalog, order.organisation, piece.machine)},
            {"stitches", piece.stitches},
            {"thread_breaks", piece.breaks},
            {"began_at",
             piece.began_at ? json::value(render_time(*piece.began_at)) : json::value(nullptr)},
            {"done_at", render_time(piece.done_at)},
            {"quality", text(orders::name_of(piece.quality))}});
    }
    for (const auto& thread : order.design.threads) threads.push_back(json::string(thread));
    const std::string base = fmt::format("{}://{}", call.is_secure ? "https" : "http",
                                         call.request.header("host"));
    const std::string resolve =
        order.identifier.empty() ? std::string() : base + "/api/handles/" + order.identifier;
    co_return reply(json::object{
        {"order", order.code},
        {"number", order.number},
        {"name", order.design.name},
        {"identifier", text_or_null(order.identifier)},
        {"resolve", text_or_null(resolve)},
        {"maker", maker_name(*catalog, order.organisation, call.services->node.facts().name)},
        {"cloth",
         {{"fabric", text_or_null(order.design.fabric)}, {"colour", text_or_null(order.cloth)}}},
        {"done_at",
         order.done_at ? json::value(render_time(*order.done_at)) : json::value(nullptr)},
        {"design",
         {{"name", order.design.name},
          {"hash", order.design.hash},
          {"stitches", order.design.stitches},
          {"colours", order.design.colours},
          {"width_mm", order.design.width_mm},
          {"height_mm", order.design.height_mm},
          {"threads", std::move(threads)}}},
        {"quantity", order.quantity},
        {"pieces", std::move(pieces)},
        {"stitches_total", stitches},
        {"qr", qr_svg(resolve.empty() ? base + "/order/" + order.code : resolve)}});
}

io::Task<Answer> order_file(Call call) {
    const std::string format = call.captured(1);
    if (format != "svg" && format != "png" && format != "dst")
        co_return fail(Code::not_found, "files are svg, png and dst");
    auto found = co_await found_order(call, false);
    if (!found) co_return std::unexpected(found.error());
    const auto& order = found->view.order;
    auto work = [organisation = order.organisation, hash = order.design.hash](
                    catalog::Catalog& catalog) { return Book(catalog).file(organisation, hash); };
    auto dst = co_await call.services->desk.run(std::move(work));
    if (!dst) co_return std::unexpected(dst.error());
    catalog::Design design;
    design.name = order.design.name;
    json::array threads;
    for (const auto& thread : order.design.threads)
        threads.push_back(json::object{{"colour", thread}});
    design.facts = json_text(json::object{{"threads", std::move(threads)}});
    auto file = co_await call.services->designs->file(format, std::move(design), std::move(*dst));
    if (!file) co_return std::unexpected(file.error());
    http::Response response;
    response.set("content-type", std::string(media_type_of(format)));
    response.set("etag", "\"" + order.design.hash + "\"");
    response.body = std::move(*file);
    co_return response;
}

io::Task<Answer> chart(Call) {
    co_return reply(json::object{{"items", thread_chart()}, {"next", nullptr}});
}

}  // namespace

Result<std::uint32_t> quantity_member(const json::object& body) {
    TRY(const auto found, optional_number(body, "quantity"));
    const double quantity = found && *found ? **found : 1;
    if (!(quantity >= 1 && quantity <= orders::Limits{}.quantity_max &&
          quantity == static_cast<double>(static_cast<std::uint32_t>(quantity))))
        return fail(Code::invalid, fmt::format("\"quantity\" must be a whole number of 1 to {}",
                                               orders::Limits{}.quantity_max));
    return static_cast<std::uint32_t>(quantity);
}

Result<std::optional<Instant>> due_member(const json::object& body) {
    TRY(const auto found, optional_text(body, "due_at"));
    if (!found || !*found) return std::optional<Instant>{};
    auto at = parse_rfc3339(**found);
    if (!at) return std::unexpected(at.error().in("\"due_at\""));
    return std::optional<Instant>{*at};
}

Result<std::optional<int>> priority_member(const json::object& body) {
    TRY(const auto found, optional_number(body, "priority"));
    if (!found || !*found) return std::optional<int>{};
    const double wanted = **found;
    if (!(wanted >= 0 && wanted <= 100 && wanted == std::floor(wanted)))
        return fail(Code::invalid, "\"priority\" must be a whole number of 0 to 100");
    return std::optional<int>{static_cast<int>(wanted)};
}

Result<OrderWish> order_wish(const json::object& body) {
    OrderWish wish;
    TRY(wish.quantity, quantity_member(body));
    TRY(wish.due_at, due_member(body));
    TRY(const auto note, optional_text(body, "note"));
    if (note && *note) wish.note = **note;
    TRY(const auto cloth, optional_text(body, "cloth"));
    if (cloth && *cloth) wish.cloth = **cloth;
    TRY(const auto priority, priority_member(body));
    wish.priority = priority.value_or(wish.priority);
    if (const auto* customer = body.if_contains("customer");
        customer != nullptr && !customer->is_null()) {
        if (!customer->is_object())
            return fail(Code::invalid, "\"customer\" must be {\"name\",\"contact\"}");
        TRY(const auto name, optional_text(customer->as_object(), "name"));
        TRY(const auto contact, optional_text(customer->as_object(), "contact"));
        if (name && *name) wish.customer = **name;
        if (contact && *contact) wish.contact = **contact;
    }
    return wish;
}

io::Task<Result<FoundOrder>> found_order(Call& call, bool must_be_viewer) {
    const std::string code = call.captured(0);
    auto work = [code](catalog::Catalog& catalog) -> Result<OrderView> {
        Book book(catalog);
        TRY(auto order, book.find_code(code));
        return view_of(book, std::move(order));
    };
    auto view = co_await call.services->desk.run(std::move(work));
    if (!view) co_return std::unexpected(view.error());
    const bool is_viewer = view->order.organisation == call.organisation() &&
                           trust::may(*call.principal, trust::Right::read);
    if (must_be_viewer && !is_viewer) co_return fail(Code::not_found, "no such order");
    co_return FoundOrder{std::move(*view), is_viewer};
}

io::Task<Answer> answer_order(Call call, orders::Order order, bool is_viewer, unsigned status) {
    auto work = [order](catalog::Catalog& catalog) {
        Book book(catalog);
        return view_of(book, order);
    };
    auto view = co_await call.services->desk.run(std::move(work));
    if (!view) co_return std::unexpected(view.error());
    auto progress = co_await call.services->orders->progress(order.organisation);
    const auto catalog = call.services->desk.snapshot();
    co_return reply(render(*view, progress, *catalog, is_viewer), status);
}

io::Task<Answer> quote(Call call, std::uint64_t design, std::uint32_t quantity) {
    struct Priced {
        orders::SewnDesign design;
        orders::Prices prices;
    };
    const auto organisation = call.organisation();
    auto work = [=](catalog::Catalog& catalog) -> Result<Priced> {
        TRY(const auto row, catalog.find_design(organisation, design));
        TRY(const auto stitches, catalog.design_stitches(organisation, design));
        TRY(auto sewn, sewn_design(row, stitches));
        TRY(auto prices, Book(catalog).prices(organisation));
        return Priced{std::move(sewn), std::move(prices)};
    };
    auto priced = co_await call.services->desk.run(std::move(work));
    if (!priced) co_return std::unexpected(priced.error());
    auto ready = co_await call.services->orders->ready_at(organisation, priced->design, quantity);
    const auto made = orders::quote_of(priced->prices, priced->design, quantity);
    json::array items;
    for (const auto& item : made.items)
        items.push_back(json::object{{"what", item.what},
                                     {"count", item.count},
                                     {"unit_minor", item.unit_minor},
                                     {"amount_minor", item.amount_minor}});
    co_return reply(json::object{
        {"currency", priced->prices.currency},
        {"quantity", quantity},
        {"items", std::move(items)},
        {"piece_minor", made.piece_minor},
        {"total_minor", made.total_minor},
        {"minutes", made.minutes},
        {"ready_at", ready ? json::value(render_time(*ready)) : json::value(nullptr)}});
}

io::Task<Answer> place_order(Call call, OrderWish wish, bool is_viewer) {
    const auto organisation = call.organisation();
    const Instant now = io::Shard::here().now();
    auto touched = std::make_shared<Touched>();
    const auto snapshot = call.services->desk.snapshot();
    auto work = [=, by = who(call), code = new_order_code(),
                 prefix = call.services->orders->identifier_prefix()](
                    catalog::Catalog& catalog) -> Result<catalog::Answer> {
        Book book(catalog);
        TRY(const auto row, catalog.find_design(organisation, wish.design));
        TRY(auto file, catalog.design_stitches(organisation, wish.design));
        TRY(auto design, sewn_design(row, file));
        if (!wish.design_hash.empty() && wish.design_hash != design.hash)
            return fail(Code::conflict, "the design is another now than the one you saw");
        TRY(const auto prices, book.prices(organisation));
        const auto price = orders::quote_of(prices, design, wish.quantity);
        orders::NewOrder wanted{std::move(design),
                                std::move(file),
                                wish.quantity,
                                wish.customer,
                                wish.contact,
                                wish.note,
                                wish.due_at,
                                wish.priority,
                                wish.link,
                                by,
                                code,
                                wish.cloth};
        TRY(auto order,
            book.place(organisation, wanted, price.total_minor, prices.currency, now, *touched));
        if (!prefix.empty()) {
            order.identifier = prefix + "/" + code;
            TRY_VOID(book.set_identifier(organisation, order.number, order.identifier));
        }
        TRY(const auto view, view_of(book, std::move(order)));
        return catalog::Answer{201, json_text(render(view, {}, *snapshot, is_viewer))};
    };
    auto answer = co_await write_once(call, std::move(work));
    if (answer && !touched->orders.empty()) call.services->orders->changed(organisation, *touched);
    co_return answer;
}

void add_order_routes(http::Router& router, Services& services) {
    add_order_live_routes(router, services);
    serve(router, services, "GET", "/api/v1/thread-chart", &chart);
    serve(router, services, "GET", "/api/v1/orders", &orders_list);
    serve(router, services, "POST", "/api/v1/orders", &create_order);
    serve(router, services, "GET", "/api/v1/orders/{id}", &one_order);
    serve(router, services, "PATCH", "/api/v1/orders/{id}", &change_order);
    serve(router, services, "POST", "/api/v1/orders/{id}/{verb}", &order_verb);
    serve(router, services, "GET", "/api/v1/orders/{id}/history", &order_history);
    serve(router, services, "POST", "/api/v1/orders/{id}/pieces/{number}", &judge_piece);
    serve(router, services, "GET", "/api/v1/orders/{id}/cost", &order_cost);
    serve(router, services, "GET", "/api/v1/orders/{id}/certificate", &certificate);
    serve(router, services, "GET", "/api/v1/orders/{id}/files/{format}", &order_file);
}

}  // namespace lineshaft::api
