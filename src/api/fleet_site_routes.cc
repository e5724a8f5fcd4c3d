// Sites with their borders, and who crossed them (docs/protocols/fleet-api.md).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "api/fleet_room.h"
#include "api/fleet_words.h"
#include "api/render.h"
#include "api/routes.h"
#include "catalog/fleet_rows.h"

namespace lineshaft::api {
namespace {

using dispatch::Fleet;
using Body = json::object;

io::Task<Answer> fleet_sites(Call call) {
    FleetView view = [](const Fleet& fleet, Instant) {
        json::array items;
        for (const auto& [id, site] : fleet.sites())
            items.push_back(dispatch::site_json(fleet, site));
        return fleet_page(std::move(items), nullptr);
    };
    auto answer = co_await answer_view(call, std::move(view));
    co_return answer;
}

Result<insight::SitePolygon> border_of(const Body& body) {
    const auto* border = body.if_contains("border");
    if (border == nullptr)
        return fail(Code::invalid, "\"border\" must be a list of [latitude, longitude]");
    TRY(auto ring, dispatch::ring_of(*border));
    auto drawn = insight::SitePolygon::create(std::move(ring));
    if (!drawn && drawn.error().code == Code::exhausted)
        return fail(Code::invalid, drawn.error().context);
    return drawn;
}

io::Task<Answer> create_fleet_site(Call call) {
    CO_TRY(const auto body, body_object(call.request, {"name", "time_zone", "border", "region"}));
    catalog::NewSite site;
    CO_TRY(site.name, text_member(body, "name"));
    CO_TRY(site.time_zone, text_member(body, "time_zone"));
    CO_TRY(const auto region, optional_text(body, "region"));
    CO_TRY(const auto border, border_of(body));
    dispatch::FleetSite drawn;
    drawn.border = border;
    site.position = catalog::Position{drawn.goal()->latitude, drawn.goal()->longitude};
    const auto organisation = call.organisation();
    const auto key = once_key(call);
    const Instant now = io::Shard::here().now();
    auto make = [organisation, site, key, now](catalog::Catalog& catalog) -> Result<catalog::Site> {
        if (!key) return catalog.create_site(organisation, site);
        std::optional<catalog::Site> made;
        TRY_VOID(catalog.once(*key, now, [&]() -> Result<catalog::Answer> {
            TRY(made, catalog.create_site(organisation, site));
            return catalog::Answer{201, std::string(catalog::brief_answer)};
        }));
        if (!made) return fail(Code::conflict, "it is being done already");
        return *made;
    };
    auto made = co_await call.services->desk.run(std::move(make));
    if (!made) co_return std::unexpected(made.error());
    const std::string id = std::to_string(made->id.number());
    FleetChange change = [&](Fleet& fleet, Instant) -> Result<Body> {
        TRY_VOID(fleet.set_border(id, border.ring()));
        if (region && *region) {
            TRY_VOID(fleet.set_region(id, **region));
        }
        return dispatch::site_json(fleet, fleet.sites().at(id));
    };
    auto answer = co_await answer_change(call, std::move(change), 201);
    co_return answer;
}

io::Task<Answer> change_fleet_site(Call call) {
    CO_TRY(const auto body, body_object(call.request, {"border", "region", "name"}));
    CO_TRY(const auto number, row_number(call.captured(0)));
    CO_TRY(const auto region, optional_text(body, "region"));
    CO_TRY(const auto name, optional_text(body, "name"));
    const std::string id = std::to_string(number);
    std::optional<std::optional<std::vector<insight::GeoPoint>>> ring;
    if (const auto* border = body.if_contains("border")) {
        ring.emplace();
        if (!border->is_null()) {
            CO_TRY(const auto drawn, border_of(body));
            *ring = drawn.ring();
        }
    }
    const auto organisation = call.organisation();
    if (name && *name) {
        catalog::SiteChange change;
        change.name = **name;
        auto rename = [organisation, number, change](catalog::Catalog& catalog) {
            return catalog.change_site(organisation, SiteId(number), change);
        };
        auto renamed = co_await call.services->desk.run(std::move(rename));
        if (!renamed) co_return std::unexpected(renamed.error());
    }
    FleetChange change = [&](Fleet& fleet, Instant) -> Result<Body> {
        if (!fleet.sites().contains(id))
            return fail(Code::not_found, fmt::format("there is no site {}", id));
        if (ring) {
            TRY_VOID(fleet.set_border(id, *ring));
        }
        if (region) {
            TRY_VOID(fleet.set_region(id, region->value_or("")));
        }
        return dispatch::site_json(fleet, fleet.sites().at(id));
    };
    auto answer = co_await answer_change(call, std::move(change));
    co_return answer;
}

io::Task<Answer> check_fleet_site(Call call) {
    CO_TRY(const auto body, body_object(call.request, {"border", "site"}));
    CO_TRY(const auto mine, optional_text(body, "site"));
    CO_TRY(const auto border, border_of(body));
    FleetView view = [&](const Fleet& fleet, Instant) {
        json::array overlaps;
        for (const auto& [id, site] : fleet.sites()) {
            if (!site.border || (mine && *mine && **mine == id)) continue;
            const std::vector<insight::SitePolygon> two{border, *site.border};
            if (!insight::overlapping(two).empty()) overlaps.emplace_back(text(id));
        }
        return json::object{{"area_m2", std::round(border.area_square_metres())},
                            {"overlaps", std::move(overlaps)}};
    };
    auto answer = co_await answer_view(call, std::move(view));
    co_return answer;
}

io::Task<Answer> fleet_crossings(Call call) {
    CO_TRY(const auto limit, limit_of(call.request));
    CO_TRY(const auto from, time_of(call.request, "from"));
    CO_TRY(const auto until, time_of(call.request, "until"));
    catalog::CrossingQuery query;
    query.machine = asked_text(call, "machine");
    query.site = asked_text(call, "site");
    query.from = from.value_or(Instant{});
    if (until) query.until = *until;
    query.count_max = limit + 1;
    if (const std::string cursor = asked_text(call, "cursor"); !cursor.empty()) {
        CO_TRY(query.before, row_number(cursor));
    }
    const auto organisation = call.organisation();
    auto read = [organisation, query](catalog::Catalog& catalog) {
        return catalog::crossings(catalog, organisation, query);
    };
    auto rows = co_await call.services->desk.run(std::move(read));
    if (!rows) co_return std::unexpected(rows.error());
    json::array items;
    json::value next = nullptr;
    for (const auto& row : *rows) {
        if (items.size() == limit) {
            next = text(std::to_string((*rows)[limit - 1].id));
            break;
        }
        items.push_back(json::object{{"id", text(std::to_string(row.id))},
                                     {"at", render_time(row.at)},
                                     {"machine", text(row.machine)},
                                     {"site", text(row.site)},
                                     {"kind", row.is_entered ? "entered" : "left"}});
    }
    co_return reply(fleet_page(std::move(items), std::move(next)));
}

}  // namespace

void add_fleet_site_routes(http::Router& router, Services& services) {
    serve_fleet(router, services, "GET", "/api/v1/fleet/sites", &fleet_sites);
    serve_fleet(router, services, "POST", "/api/v1/fleet/sites", &once<&create_fleet_site>);
    serve_fleet(router, services, "PATCH", "/api/v1/fleet/sites/{site}", &change_fleet_site);
    serve_fleet(router, services, "POST", "/api/v1/fleet/sites/check", &check_fleet_site);
    serve_fleet(router, services, "GET", "/api/v1/fleet/crossings", &fleet_crossings);
}

}  // namespace lineshaft::api
