// Machines: lists, one with its values, adopting, and what happened to them.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>

#include "api/attributes.h"
#include "api/render.h"
#include "api/routes.h"

namespace lineshaft::api {
namespace {

constexpr std::size_t events_skip_max = 10'000;  // events of one instant over several pages

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(),
                           [](unsigned char letter) { return std::tolower(letter); });
    return out;
}

// What a list was asked for.
struct Filter {
    std::string words, connection, site;
    std::optional<bool> adopted;
    AttributeFilter attributes;

    bool accepts(const json::object& machine) const {
        const auto is = [&](const char* member, const std::string& wanted) {
            const auto& value = machine.at(member);
            return wanted.empty() ||
                   (value.is_string() && std::string_view(value.as_string()) == wanted);
        };
        if (!is("connection", connection) || !is("site", site)) return false;
        if (adopted && machine.at("adopted").as_bool() != *adopted) return false;
        if (words.empty()) return true;
        return std::ranges::any_of(std::array{"id", "name", "kind"}, [&](const char* member) {
            const auto& value = machine.at(member);
            return value.is_string() && lower(std::string_view(value.as_string())).contains(words);
        });
    }
};

Result<Filter> filter_of(const http::Request& request) {
    Filter filter{lower(request.asked("q").value_or("")),
                  std::string(request.asked("connection").value_or("")),
                  std::string(request.asked("site").value_or("")),
                  {},
                  {}};
    const auto adopted = request.asked("adopted");
    if (adopted && *adopted != "true" && *adopted != "false") {
        return fail(Code::invalid, "adopted must be true or false");
    }
    if (adopted) filter.adopted = *adopted == "true";
    TRY(filter.attributes, attribute_filter(request));
    return filter;
}

// Every machine, by id: those that have spoken, and those only the catalog knows.
io::Task<std::map<std::string, json::object>> all_machines(Call& call) {
    auto states = co_await call.services->plant.machines(call.organisation());
    const auto catalog = call.services->desk.snapshot();
    std::map<std::string, json::object> all;
    for (const auto& state : states) {
        all.emplace(state.id, render(state, catalog->machine(call.organisation(), state.id)));
    }
    for (const auto& entry : catalog->machines(call.organisation())) {
        if (!all.contains(entry->machine.id)) all.emplace(entry->machine.id, render(*entry));
    }
    co_return all;
}

io::Task<Answer> list(Call call) {
    CO_TRY(const auto limit, limit_of(call.request));
    CO_TRY(const auto filter, filter_of(call.request));
    const std::string after(call.request.asked("cursor").value_or(""));
    auto all = co_await all_machines(call);
    const auto catalog = call.services->desk.snapshot();
    json::array items;
    json::value next = nullptr;
    std::size_t total = 0;
    for (auto& [id, machine] : all) {
        if (!filter.accepts(machine)) continue;
        if (!filter.attributes.accepts(catalog->machine(call.organisation(), id))) continue;
        ++total;
        if (id <= after) continue;
        if (items.size() < limit)
            items.push_back(std::move(machine));
        else if (next.is_null())
            next = items.back().at("id");
    }
    co_return reply(
        json::object{{"items", std::move(items)}, {"next", std::move(next)}, {"total", total}});
}

io::Task<Answer> one(Call call) {
    const std::string& id = call.captured(0);
    auto state = co_await call.services->plant.machine(call.organisation(), id);
    const auto catalog = call.services->desk.snapshot();
    const auto* entry = catalog->machine(call.organisation(), id);
    if (!state && entry == nullptr) co_return std::unexpected(state.error());
    json::object out = state ? render(*state, entry) : render(*entry);
    json::array values;
    if (state) {
        auto now = co_await call.services->plant.values(call.organisation(), id);
        if (!now) co_return std::unexpected(now.error());
        for (const auto& value : *now)
            values.push_back(render(value, entry ? entry->tag(value.tag) : nullptr));
    }
    out["values"] = std::move(values);
    out["attributes"] = entry ? render(entry->attributes) : json::object();
    out["shared_attributes"] = entry ? render(entry->shared) : json::object();
    co_return reply(out);
}

io::Task<Answer> change(Call call) {
    CO_TRY(auto body, body_object(call.request,
                                  {"name", "kind", "site", "adopted", "shared_attributes"}));
    catalog::MachineChange change;
    CO_TRY(change.name, optional_text(body, "name"));
    CO_TRY(change.kind, optional_text(body, "kind"));
    CO_TRY(change.adopted, optional_flag(body, "adopted"));
    CO_TRY(const auto shared, shared_changes(body));
    CO_TRY(const auto site, optional_text(body, "site"));
    if (site) {
        change.site.emplace();
        if (*site) {
            auto number = row_number(**site);
            if (!number) co_return fail(Code::invalid, "\"site\" is not the id of a site");
            change.site->emplace(*number);
        }
    }
    const std::string id = call.captured(0);
    const Instant now = io::Shard::here().now();
    const auto organisation = call.organisation();
    const auto before = call.services->desk.snapshot();
    const auto* entry_before = before->machine(organisation, id);
    const bool was_adopted =
        entry_before != nullptr && entry_before->machine.adopted_at.has_value();
    if (!shared.empty()) {
        auto share = [=](catalog::Catalog& catalog) {
            return catalog.share_attributes(organisation, id, shared);
        };
        auto told = co_await call.services->desk.run(std::move(share));
        if (!told) co_return std::unexpected(told.error());
        call.services->node.tell_attributes(organisation, id, shared);
    }
    auto work = [=](catalog::Catalog& catalog) {
        return catalog.change_machine(organisation, id, change, now);
    };
    auto changed = co_await call.services->desk.run(std::move(work));
    if (!changed) co_return std::unexpected(changed.error());
    if (!was_adopted && changed->adopted_at) {
        call.services->plant.record(
            {now, organisation, id, "adopted", "by " + call.principal->name});
    }
    co_return co_await one(std::move(call));
}

// Where a page of events begins: at or before `until`, behind the `skip` newest of them, which
// share that instant and stood on the page before. As text "2026-11-21T08:15:00Z" or "...Z~3".
struct EventsFrom {
    Instant until;
    std::size_t skip = 0;
};

Result<EventsFrom> cursor_of(const http::Request& request) {
    const auto text = request.asked("cursor");
    if (!text) return EventsFrom{io::Shard::here().now() + std::chrono::hours{24 * 366}};
    const auto zulu = text->find('Z');
    auto until = parse_rfc3339(text->substr(0, zulu == text->npos ? zulu : zulu + 1));
    if (!until) return fail(Code::invalid, "no cursor of an events page: " + until.error().context);
    EventsFrom from{*until};
    if (zulu != text->npos && zulu + 1 < text->size()) {
        TRY(const auto skip, row_number(text->substr(zulu + 2)));
        if ((*text)[zulu + 1] != '~' || skip > events_skip_max) {
            return fail(Code::invalid, "no cursor of an events page");
        }
        from.skip = skip;
    }
    return from;
}

http::Response events_reply(std::vector<twin::Event> events, EventsFrom from, std::size_t limit,
                            std::optional<Instant> since) {
    std::erase_if(events, [skip = from.skip, until = from.until](const auto& event) mutable {
        return event.at == until && skip > 0 && skip-- > 0;
    });
    const bool is_more = events.size() > limit;
    if (is_more) events.resize(limit);
    json::array items;
    for (const auto& event : events) {
        if (!since || event.at >= *since) items.push_back(render(event));
    }
    json::value next = nullptr;
    if (is_more && items.size() == limit) {
        const Instant last = events.back().at;
        auto shown = static_cast<std::size_t>(std::ranges::count(events, last, &twin::Event::at));
        if (last == from.until) shown += from.skip;
        next = json::value(fmt::format("{}~{}", to_rfc3339(last), shown));
    }
    return reply(json::object{{"items", std::move(items)}, {"next", std::move(next)}});
}

io::Task<Answer> machine_events(Call call) {
    CO_TRY(const auto limit, limit_of(call.request));
    CO_TRY(const auto from, cursor_of(call.request));
    auto state = co_await call.services->plant.machine(call.organisation(), call.captured(0));
    const auto catalog = call.services->desk.snapshot();
    if (!state && catalog->machine(call.organisation(), call.captured(0)) == nullptr) {
        co_return std::unexpected(state.error());
    }
    auto events = co_await call.services->plant.events(call.organisation(), call.captured(0),
                                                       from.until, limit + from.skip + 1);
    co_return events_reply(std::move(events), from, limit, {});
}

io::Task<Answer> plant_events(Call call) {
    CO_TRY(const auto limit, limit_of(call.request));
    CO_TRY(const auto since, time_of(call.request, "since"));
    CO_TRY(const auto from, cursor_of(call.request));
    auto events = co_await call.services->plant.events(call.organisation(), "", from.until,
                                                       limit + from.skip + 1);
    co_return events_reply(std::move(events), from, limit, since);
}

}  // namespace

void add_machine_routes(http::Router& router, Services& services) {
    serve(router, services, "GET", "/api/v1/machines", &list);
    serve(router, services, "GET", "/api/v1/machines/{machine}", &one);
    serve(router, services, "PATCH", "/api/v1/machines/{machine}", &change);
    serve(router, services, "GET", "/api/v1/machines/{machine}/events", &machine_events);
    serve(router, services, "GET", "/api/v1/events", &plant_events);
}

}  // namespace lineshaft::api
