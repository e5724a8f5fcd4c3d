// Sites and organisations.
#include "api/render.h"
#include "api/routes.h"

namespace lineshaft::api {
namespace {

std::size_t machines_at(const catalog::Snapshot& catalog, const catalog::Site& site) {
    std::size_t count = 0;
    for (const auto& entry : catalog.machines(site.organisation))
        count += entry->machine.site == site.id;
    return count;
}

io::Task<Answer> list_sites(Call call) {
    const auto catalog = call.services->desk.snapshot();
    json::array items;
    for (const auto& site : catalog->sites(call.organisation())) {
        items.push_back(render(site, machines_at(*catalog, site)));
    }
    co_return reply(json::object{{"items", std::move(items)}, {"next", nullptr}});
}

// latitude and longitude together: both numbers, or both null or left out.
Result<catalog::Change<catalog::Position>> position_of(const json::object& body) {
    TRY(const auto latitude, optional_number(body, "latitude"));
    TRY(const auto longitude, optional_number(body, "longitude"));
    if (latitude.has_value() != longitude.has_value()) {
        return fail(Code::invalid, "latitude and longitude belong together");
    }
    if (!latitude) return catalog::Change<catalog::Position>{};
    if (latitude->has_value() != longitude->has_value()) {
        return fail(Code::invalid, "latitude and longitude belong together");
    }
    catalog::Change<catalog::Position> change;
    change.emplace();
    if (*latitude) change->emplace(catalog::Position{**latitude, **longitude});
    return change;
}

io::Task<Answer> create_site(Call call) {
    CO_TRY(auto body, body_object(call.request, {"name", "time_zone", "latitude", "longitude"}));
    catalog::NewSite site;
    CO_TRY(site.name, text_member(body, "name"));
    CO_TRY(site.time_zone, text_member(body, "time_zone"));
    CO_TRY(const auto position, position_of(body));
    if (position) site.position = *position;
    const auto organisation = call.organisation();
    auto work = [=](catalog::Catalog& catalog) -> Result<catalog::Answer> {
        TRY(const auto made, catalog.create_site(organisation, site));
        return catalog::Answer{201, json_text(render(made, 0))};
    };
    co_return co_await write_once(call, std::move(work));
}

io::Task<Answer> change_site(Call call) {
    CO_TRY(auto body, body_object(call.request, {"name", "time_zone", "latitude", "longitude"}));
    CO_TRY(const auto number, row_number(call.captured(0)));
    catalog::SiteChange change;
    CO_TRY(auto name, optional_text(body, "name"));
    if (name && !*name) co_return fail(Code::invalid, "a site needs a name");
    if (name) change.name = *name;
    CO_TRY(auto time_zone, optional_text(body, "time_zone"));
    if (time_zone && !*time_zone) co_return fail(Code::invalid, "a site needs a time zone");
    if (time_zone) change.time_zone = *time_zone;
    CO_TRY(change.position, position_of(body));
    const auto organisation = call.organisation();
    auto work = [=](catalog::Catalog& catalog) {
        return catalog.change_site(organisation, SiteId(number), change);
    };
    auto changed = co_await call.services->desk.run(std::move(work));
    if (!changed) co_return std::unexpected(changed.error());
    const auto catalog = call.services->desk.snapshot();
    co_return reply(render(*changed, machines_at(*catalog, *changed)));
}

io::Task<Answer> remove_site(Call call) {
    CO_TRY(const auto number, row_number(call.captured(0)));
    const auto organisation = call.organisation();
    auto work = [=](catalog::Catalog& catalog) {
        return catalog.remove_site(organisation, SiteId(number));
    };
    auto done = co_await call.services->desk.run(std::move(work));
    if (!done) co_return std::unexpected(done.error());
    co_return no_content();
}

}  // namespace

void add_site_routes(http::Router& router, Services& services) {
    serve(router, services, "GET", "/api/v1/sites", &list_sites);
    serve(router, services, "POST", "/api/v1/sites", &create_site);
    serve(router, services, "PATCH", "/api/v1/sites/{site}", &change_site);
    serve(router, services, "DELETE", "/api/v1/sites/{site}", &remove_site);
}

}  // namespace lineshaft::api
