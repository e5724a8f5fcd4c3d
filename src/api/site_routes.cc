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

Result<std::chrono::minutes> minutes_of(const json::value& value, std::string_view what) {
    const auto wrong = fail(Code::invalid, std::string(what) + " is a time of day, 06:00 say");
    if (!value.is_string()) return wrong;
    const std::string_view text = value.get_string();
    const auto is_digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '9'; };
    if (text.size() != 5 || text[2] != ':' || !is_digit(0) || !is_digit(1) || !is_digit(3) ||
        !is_digit(4))
        return wrong;
    const auto two = [&](std::size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); };
    if (two(0) > 23 || two(3) > 59) return wrong;
    return std::chrono::minutes(60 * two(0) + two(3));
}

Result<std::uint8_t> weekdays_of(const json::value& value) {
    const auto wrong = fail(Code::invalid,
                            "a shift's weekdays are a list of 1 (Monday) to 7 (Sunday); none: a rest");
    if (!value.is_array()) return wrong;
    unsigned weekdays = 0;
    for (const auto& day : value.get_array()) {
        if (!day.is_int64() || day.get_int64() < 1 || day.get_int64() > 7) return wrong;
        weekdays |= 1U << (day.get_int64() - 1);
    }
    return static_cast<std::uint8_t>(weekdays);
}

Result<std::vector<catalog::SiteShift>> shifts_of(const json::value& value) {
    std::vector<catalog::SiteShift> shifts;
    if (!value.is_array()) return fail(Code::invalid, "shifts must be a list");
    for (const auto& one : value.get_array()) {
        const auto* entry = one.if_object();
        const auto* name = entry != nullptr ? entry->if_contains("name") : nullptr;
        const auto* starts = entry != nullptr ? entry->if_contains("starts") : nullptr;
        const auto* days = entry != nullptr ? entry->if_contains("weekdays") : nullptr;
        if (name == nullptr || starts == nullptr || !name->is_string() ||
            entry->size() != (days == nullptr ? 2U : 3U))
            return fail(Code::invalid,
                        R"(a shift is {"name":"early","starts":"06:00","weekdays":[1,2,3,4,5]})");
        TRY(const auto minutes, minutes_of(*starts, "a shift's start"));
        std::uint8_t weekdays = 0x7f;
        if (days != nullptr) {
            TRY(weekdays, weekdays_of(*days));
        }
        shifts.push_back({std::string(name->get_string()), minutes, weekdays});
    }
    std::ranges::sort(shifts, {}, &catalog::SiteShift::starts);
    return shifts;
}

// What the body says of it; the rest stays as it is. False: it says nothing.
Result<bool> read_calendar(const json::object& body, catalog::SiteCalendar& calendar) {
    bool says_something = false;
    if (const auto* day = body.if_contains("day_starts")) {
        TRY(calendar.day_starts, minutes_of(*day, "day_starts"));
        says_something = true;
    }
    if (const auto* week = body.if_contains("week_starts")) {
        if (!week->is_int64() || week->get_int64() < 1 || week->get_int64() > 7)
            return fail(Code::invalid, "week_starts is 1 (Monday) to 7 (Sunday)");
        calendar.week_starts = static_cast<unsigned>(week->get_int64());
        says_something = true;
    }
    if (const auto* shifts = body.if_contains("shifts")) {
        TRY(calendar.shifts, shifts_of(*shifts));
        says_something = true;
    }
    return says_something;
}

io::Task<Answer> create_site(Call call) {
    CO_TRY(auto body, body_object(call.request, {"name", "time_zone", "latitude", "longitude",
                                                 "day_starts", "week_starts", "shifts"}));
    catalog::NewSite site;
    CO_TRY(site.name, text_member(body, "name"));
    CO_TRY(site.time_zone, text_member(body, "time_zone"));
    CO_TRY(const auto position, position_of(body));
    if (position) site.position = *position;
    CO_TRY(const bool has_calendar, read_calendar(body, site.calendar));
    (void)has_calendar;  // without one, days begin at midnight
    const auto organisation = call.organisation();
    auto work = [=](catalog::Catalog& catalog) -> Result<catalog::Answer> {
        TRY(const auto made, catalog.create_site(organisation, site));
        return catalog::Answer{201, json_text(render(made, 0))};
    };
    co_return co_await write_once(call, std::move(work));
}

io::Task<Answer> change_site(Call call) {
    CO_TRY(auto body, body_object(call.request, {"name", "time_zone", "latitude", "longitude",
                                                 "day_starts", "week_starts", "shifts"}));
    CO_TRY(const auto number, row_number(call.captured(0)));
    catalog::SiteChange change;
    CO_TRY(auto name, optional_text(body, "name"));
    if (name && !*name) co_return fail(Code::invalid, "a site needs a name");
    if (name) change.name = *name;
    CO_TRY(auto time_zone, optional_text(body, "time_zone"));
    if (time_zone && !*time_zone) co_return fail(Code::invalid, "a site needs a time zone");
    if (time_zone) change.time_zone = *time_zone;
    CO_TRY(change.position, position_of(body));
    catalog::SiteCalendar calendar;
    const auto before = call.services->desk.snapshot();
    if (const auto* known = before->site(call.organisation(), SiteId(number)))
        calendar = known->calendar;
    CO_TRY(const bool has_calendar, read_calendar(body, calendar));
    if (has_calendar) change.calendar = std::move(calendar);
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
