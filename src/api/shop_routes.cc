// Shop links: what a customer may do without a login, and the engineers' list of them.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "api/audited.h"
#include "api/design_calls.h"
#include "api/design_room.h"
#include "api/order_calls.h"
#include "api/render.h"
#include "api/routes.h"
#include "dispatch/orders/book.h"
#include "stitch/stitch.h"
#include "trust/audited.h"
#include "trust/http_caller.h"
#include "trust/secrets.h"

namespace lineshaft::api {
namespace {

using orders::Book;
using orders::ShopLink;

constexpr std::int64_t requests_per_hour_of_address = 1'200;
constexpr std::int64_t designs_per_hour_of_address = 300;

std::string link_text(const OrderDesk& desk, std::uint64_t id) {
    const std::string number = std::to_string(id);
    return number + "-" + desk.seal("shop link", number);
}
std::string design_text(const OrderDesk& desk, std::uint64_t link, std::uint64_t design) {
    return fmt::format("{}-{}", design,
                       desk.seal("shop design", fmt::format("{}/{}", link, design)));
}

// The number before the seal, when the seal is ours.
std::optional<std::uint64_t> sealed_number(const OrderDesk& desk, std::string_view purpose,
                                           std::string_view before, std::string_view text) {
    const auto dash = text.find('-');
    if (dash == text.npos || dash > 19) return std::nullopt;
    const auto number = row_number(text.substr(0, dash));
    if (!number) return std::nullopt;
    const std::string good = desk.seal(purpose, fmt::format("{}{}", before, *number));
    if (!trust::same_secret(text.substr(dash + 1), good)) return std::nullopt;
    return *number;
}

Error too_many() {
    return {Code::exhausted,
            "this shop link, or your address, has asked too often: come again in a few minutes"};
}

// Who came through a valid link: from here on the call speaks for the link's organisation. Errors:
// not_found, exhausted.
io::Task<Result<ShopLink>> enter_shop(Call* call) {
    auto& desk = *call->services->orders;
    const auto id = sealed_number(desk, "shop link", "", call->captured(0));
    if (!id) co_return fail(Code::not_found, "this shop link is not valid, or not any more");
    const std::string address = "address " + call->request.peer.address;
    auto may = co_await desk.admit(address, requests_per_hour_of_address);
    if (!may) co_return std::unexpected(too_many());
    const Instant now = io::Shard::here().now();
    auto work = [id = *id, now](catalog::Catalog& catalog) {
        return Book(catalog).find_link(id, now);
    };
    auto link = co_await call->services->desk.run(std::move(work));
    if (!link) co_return link;
    trust::Principal customer;
    customer.organisation = link->organisation;
    customer.name = fmt::format("shop link {}", link->name);
    customer.credential = link->id;
    call->principal = std::make_shared<trust::Principal>(std::move(customer));
    co_return link;
}

io::Task<Answer> shop(Call call) {
    auto link = co_await enter_shop(&call);
    if (!link) co_return std::unexpected(link.error());
    struct Facts {
        std::vector<orders::SewingMachine> machines;
        orders::Prices prices;
    };
    auto work = [organisation = call.organisation()](catalog::Catalog& catalog) -> Result<Facts> {
        Book book(catalog);
        Facts out;
        TRY(out.machines, book.machines(organisation));
        TRY(out.prices, book.prices(organisation));
        return out;
    };
    auto facts = co_await call.services->desk.run(std::move(work));
    if (!facts) co_return std::unexpected(facts.error());
    std::set<std::pair<double, double>> sides;
    for (const auto& machine : facts->machines) {
        if (machine.is_enabled) sides.emplace(machine.hoop_width_mm, machine.hoop_height_mm);
    }
    if (sides.empty()) sides = {{100, 100}, {130, 180}, {360, 360}};
    json::array hoops, fabrics;
    for (const auto& [width, height] : sides)
        hoops.push_back(json::object{{"name", fmt::format("{:.0f} × {:.0f}", width, height)},
                                     {"width_mm", width},
                                     {"height_mm", height}});
    for (const auto& fabric : stitch::fabrics()) fabrics.push_back(text(fabric.name));
    const auto snapshot = call.services->desk.snapshot();
    co_return reply(
        json::object{{"name", link->name},
                     {"organisation", maker_name(*snapshot, call.organisation(),
                                                 call.services->node.facts().name)},
                     {"currency", facts->prices.currency},
                     {"fonts", {"sans", "serif", "script"}},
                     {"fabrics", std::move(fabrics)},
                     {"hoops", std::move(hoops)},
                     {"threads", thread_chart()},
                     {"quantity_max", link->quantity_max},
                     {"expires_at", link->expires_at ? json::value(render_time(*link->expires_at))
                                                     : json::value(nullptr)}});
}

// A design's answer under its sealed name, its files under the shop.
Answer under_seal(const Call& call, const ShopLink& link, const std::string& path, Answer answer) {
    if (!answer || answer->body.empty()) return answer;
    boost::system::error_code problem;
    json::value told = json::parse(answer->body, problem);
    if (problem || !told.is_object() || !told.as_object().contains("id")) return answer;
    json::object& design = told.as_object();
    const auto number = row_number(std::string_view(design["id"].as_string()));
    if (!number) return answer;
    const std::string id = design_text(*call.services->orders, link.id, *number);
    design["id"] = id;
    design.erase("created_by");
    if (design.contains("files")) {
        json::object files;
        for (const std::string_view format : {"svg", "png", "dst"})
            files[format] = fmt::format("/api/v1/shops/{}/designs/{}/files/{}", path, id, format);
        design["files"] = std::move(files);
    }
    answer->body = json_text(told);
    return answer;
}

io::Task<Answer> shop_design(Call call) {
    auto link = co_await enter_shop(&call);
    if (!link) co_return std::unexpected(link.error());
    const std::string name = "designs " + call.request.peer.address;
    auto may = co_await call.services->orders->admit(name, designs_per_hour_of_address);
    if (!may) co_return std::unexpected(too_many());
    const std::string path = call.captured(0);
    Call inner = call;
    auto answer = co_await create_design(std::move(inner));
    co_return under_seal(call, *link, path, std::move(answer));
}

// The path's second part as the design's own number. Errors: not_found.
Result<std::uint64_t> design_of_path(const Call& call, const ShopLink& link,
                                     std::string_view sealed) {
    const auto number =
        sealed_number(*call.services->orders, "shop design", fmt::format("{}/", link.id), sealed);
    if (!number) return fail(Code::not_found, "no such design");
    return *number;
}

io::Task<Answer> shop_one_design(Call call) {
    auto link = co_await enter_shop(&call);
    if (!link) co_return std::unexpected(link.error());
    CO_TRY(const auto number, design_of_path(call, *link, call.captured(1)));
    const std::string path = call.captured(0);
    Call inner = call;
    inner.request.captured = {std::to_string(number)};
    auto answer = co_await one_design(std::move(inner));
    co_return under_seal(call, *link, path, std::move(answer));
}

io::Task<Answer> shop_design_file(Call call) {
    auto link = co_await enter_shop(&call);
    if (!link) co_return std::unexpected(link.error());
    CO_TRY(const auto number, design_of_path(call, *link, call.captured(1)));
    const std::string format = call.captured(2);
    if (format != "svg" && format != "png" && format != "dst")
        co_return fail(Code::not_found, "files are svg, png and dst");
    Call inner = call;
    inner.request.captured = {std::to_string(number), format};
    co_return co_await design_file(std::move(inner));
}

io::Task<Answer> shop_quote(Call call) {
    auto link = co_await enter_shop(&call);
    if (!link) co_return std::unexpected(link.error());
    CO_TRY(const auto body, body_object(call.request, {"design", "quantity"}));
    CO_TRY(const std::string design, text_member(body, "design"));
    CO_TRY(const auto quantity, quantity_member(body));
    CO_TRY(const auto number, design_of_path(call, *link, design));
    co_return co_await quote(std::move(call), number, quantity);
}

io::Task<Answer> shop_order(Call call) {
    auto link = co_await enter_shop(&call);
    if (!link) co_return std::unexpected(link.error());
    CO_TRY(const auto body,
           body_object(call.request,
                       {"design", "quantity", "customer", "cloth", "note", "due_at"}));
    CO_TRY(const std::string design, text_member(body, "design"));
    CO_TRY(auto wish, order_wish(body));
    if (wish.quantity > link->quantity_max)
        co_return fail(Code::invalid,
                       fmt::format("\"quantity\" must be at most {} here", link->quantity_max));
    if (wish.customer.empty()) co_return fail(Code::invalid, "\"customer\" must have a name");
    CO_TRY(wish.design, design_of_path(call, *link, design));
    wish.link = link->id;
    const std::string name = fmt::format("link {}", link->id);
    auto may = co_await call.services->orders->admit(name, link->orders_per_hour);
    if (!may) co_return std::unexpected(too_many());
    auto line = trust::audit_of(*call.principal, call.request.peer.address, "order.place", "",
                                fmt::format("design={}, quantity={}", wish.design, wish.quantity));
    auto refused = co_await record_first(call.services, std::move(line));
    if (refused) co_return std::move(*refused);
    co_return co_await place_order(std::move(call), std::move(wish), false);
}

// --- for engineers
// --------------------------------------------------------------------------------

json::object link_json(const Call& call, const ShopLink& link) {
    return {{"id", std::to_string(link.id)},
            {"name", link.name},
            {"url", "/shop/" + link_text(*call.services->orders, link.id)},
            {"created_at", render_time(link.created_at)},
            {"created_by", link.created_by},
            {"expires_at",
             link.expires_at ? json::value(render_time(*link.expires_at)) : json::value(nullptr)},
            {"orders_per_hour", link.orders_per_hour},
            {"quantity_max", link.quantity_max},
            {"orders", link.orders}};
}

io::Task<Answer> list_links(Call call) {
    auto work = [organisation = call.organisation()](catalog::Catalog& catalog) {
        return Book(catalog).links(organisation);
    };
    auto found = co_await call.services->desk.run(std::move(work));
    if (!found) co_return std::unexpected(found.error());
    json::array items;
    for (const auto& link : *found) items.push_back(link_json(call, link));
    co_return reply(json::object{{"items", std::move(items)}, {"next", nullptr}});
}

Result<std::int64_t> measure_member(const json::object& body, std::string_view name,
                                    std::int64_t usual, std::int64_t most) {
    TRY(const auto found, optional_number(body, name));
    const double value = found && *found ? **found : static_cast<double>(usual);
    if (!(value >= 0 && value <= static_cast<double>(most)))
        return fail(Code::invalid, fmt::format("\"{}\" must be 0 to {}", name, most));
    return static_cast<std::int64_t>(value);
}

io::Task<Answer> create_link(Call call) {
    CO_TRY(const auto body,
           body_object(call.request, {"name", "expires_at", "orders_per_hour", "quantity_max"}));
    ShopLink wanted;
    CO_TRY(wanted.name, text_member(body, "name"));
    CO_TRY(const auto expires, optional_text(body, "expires_at"));
    if (expires && *expires) {
        CO_TRY(wanted.expires_at, parse_rfc3339(**expires));
    }
    CO_TRY(wanted.orders_per_hour, measure_member(body, "orders_per_hour", 60, 1'000'000));
    CO_TRY(wanted.quantity_max,
           measure_member(body, "quantity_max", 100, orders::Limits{}.quantity_max));
    wanted.created_by = call.principal->name;
    const auto organisation = call.organisation();
    const Instant now = io::Shard::here().now();
    auto work = [=](catalog::Catalog& catalog) -> Result<catalog::Answer> {
        TRY(const auto made, Book(catalog).create_link(organisation, wanted, now));
        return catalog::Answer{201, json_text(link_json(call, made))};
    };
    co_return co_await write_once(call, std::move(work));
}

io::Task<Answer> revoke_link(Call call) {
    CO_TRY(const auto id, row_number(call.captured(0)));
    const Instant now = io::Shard::here().now();
    auto work = [=, organisation = call.organisation()](catalog::Catalog& catalog) {
        return Book(catalog).revoke_link(organisation, id, now);
    };
    auto done = co_await call.services->desk.run(std::move(work));
    if (!done) co_return std::unexpected(done.error());
    co_return no_content();
}

io::Task<Answer> get_prices(Call call) {
    auto work = [organisation = call.organisation()](catalog::Catalog& catalog) {
        return Book(catalog).prices(organisation);
    };
    auto found = co_await call.services->desk.run(std::move(work));
    if (!found) co_return std::unexpected(found.error());
    co_return reply(render(*found));
}

io::Task<Answer> put_prices(Call call) {
    CO_TRY(const auto body,
           body_object(call.request,
                       {"currency", "setup_minor", "thousand_stitches_minor", "colour_minor",
                        "piece_min_minor", "machine_hour_minor", "thread_km_minor"}));
    orders::Prices wanted;
    CO_TRY(const auto currency, optional_text(body, "currency"));
    if (currency && *currency) wanted.currency = **currency;
    const bool is_code =
        wanted.currency.size() == 3 &&
        std::ranges::all_of(wanted.currency, [](char c) { return c >= 'A' && c <= 'Z'; });
    if (!is_code) co_return fail(Code::invalid, "\"currency\" must be three letters, like \"CNY\"");
    constexpr std::int64_t most = 100'000'000;
    CO_TRY(wanted.setup_minor, measure_member(body, "setup_minor", wanted.setup_minor, most));
    CO_TRY(wanted.thousand_stitches_minor,
           measure_member(body, "thousand_stitches_minor", wanted.thousand_stitches_minor, most));
    CO_TRY(wanted.colour_minor, measure_member(body, "colour_minor", wanted.colour_minor, most));
    CO_TRY(wanted.piece_min_minor,
           measure_member(body, "piece_min_minor", wanted.piece_min_minor, most));
    CO_TRY(wanted.machine_hour_minor,
           measure_member(body, "machine_hour_minor", wanted.machine_hour_minor, most));
    CO_TRY(wanted.thread_km_minor,
           measure_member(body, "thread_km_minor", wanted.thread_km_minor, most));
    auto work = [=, organisation = call.organisation()](catalog::Catalog& catalog) {
        return Book(catalog).set_prices(organisation, wanted);
    };
    auto done = co_await call.services->desk.run(std::move(work));
    if (!done) co_return std::unexpected(done.error());
    co_return reply(render(wanted));
}

}  // namespace

void add_shop_routes(http::Router& router, Services& services) {
    serve(router, services, "GET", "/api/v1/shops/{link}", &shop);
    serve(router, services, "POST", "/api/v1/shops/{link}/designs", &shop_design);
    serve(router, services, "GET", "/api/v1/shops/{link}/designs/{id}", &shop_one_design);
    serve(router, services, "GET", "/api/v1/shops/{link}/designs/{id}/files/{format}",
          &shop_design_file);
    serve(router, services, "POST", "/api/v1/shops/{link}/quotes", &shop_quote);
    serve(router, services, "POST", "/api/v1/shops/{link}/orders", &shop_order);
    serve(router, services, "GET", "/api/v1/shop-links", &list_links);
    serve(router, services, "POST", "/api/v1/shop-links", &create_link);
    serve(router, services, "DELETE", "/api/v1/shop-links/{id}", &revoke_link);
    serve(router, services, "GET", "/api/v1/prices", &get_prices);
    serve(router, services, "PUT", "/api/v1/prices", &put_prices);
}

}  // namespace lineshaft::api
