// Machines: lists, one with its values, adopting, and what happened to them.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <span>

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

// One machine of a list: it has spoken, or only the catalog knows it.
struct Listed {
    std::string_view id;
    const twin::MachineState* state = nullptr;
    const catalog::MachineEntry* entry = nullptr;

    twin::Connection connection() const {
        return state ? state->connection : twin::Connection::offline;
    }
};

// What a list was asked for.
struct Filter {
    std::string words, connection, site;
    std::optional<bool> adopted;
    AttributeFilter attributes;

    bool is_everything() const {
        return words.empty() && connection.empty() && site.empty() && !adopted &&
               attributes.wanted.empty();
    }
    bool accepts(const Listed& one) const {
        const catalog::Machine* known = one.entry ? &one.entry->machine : nullptr;
        if (!connection.empty() && connection != twin::name_of(one.connection())) return false;
        if (!site.empty() &&
            (known == nullptr || !known->site || site != std::to_string(known->site->number()))) {
            return false;
        }
        if (adopted && *adopted != (known != nullptr && known->adopted_at.has_value()))
            return false;
        return attributes.accepts(one.entry) && has_words(one.id, known);
    }

private:
    bool has_words(std::string_view id, const catalog::Machine* known) const {
        if (words.empty() || lower(id).contains(words)) return true;
        if (known == nullptr) return false;
        return std::ranges::any_of(std::array{known->name, known->kind}, [&](const auto& text) {
            return text && lower(*text).contains(words);
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

using Entries = std::span<const std::shared_ptr<const catalog::MachineEntry>>;

// Both by id, each machine once. Views of both.
std::vector<Listed> merged(const std::vector<twin::MachineState>& states, Entries entries) {
    std::vector<Listed> all;
    all.reserve(std::max(states.size(), entries.size()));
    auto entry = entries.begin();
    for (const auto& state : states) {
        for (; entry != entries.end() && (*entry)->machine.id < state.id; ++entry)
            all.push_back({(*entry)->machine.id, nullptr, entry->get()});
        const bool is_both = entry != entries.end() && (*entry)->machine.id == state.id;
        all.push_back({state.id, &state, is_both ? entry->get() : nullptr});
        if (is_both) ++entry;
    }
    for (; entry != entries.end(); ++entry)
        all.push_back({(*entry)->machine.id, nullptr, entry->get()});
    return all;
}

void put_page(JsonOut& out, std::span<const Listed> page, bool is_more, std::size_t total) {
    out.object().name("items").array();
    for (const Listed& one : page) {
        out.object();
        if (one.state)
            put_members(out, *one.state, one.entry);
        else
            put_members(out, *one.entry);
        out.end_object();
    }
    out.end_array().name("next");
    if (is_more)
        out.text(page.back().id);
    else
        out.null();
    out.name("total").number(total).end_object();
}

// How many machines there are at all, as counted last; nothing: one came, or the catalog changed.
std::optional<std::size_t> known_total(const Call& call, std::size_t spoken) {
    const auto& kept = call.services->totals[io::Shard::here().index().number()];
    const bool is_known = kept.organisation == call.organisation() && kept.spoken == spoken &&
                          kept.version == call.services->desk.snapshot()->version();
    if (!is_known) return {};
    return kept.total;
}

io::Task<std::size_t> counted_total(Call& call) {
    const auto catalog = call.services->desk.snapshot();
    const auto organisation = call.organisation();
    auto states = co_await call.services->plant.machines(organisation);
    const MachineTotal now{organisation, catalog->version(), states.size(),
                           merged(states, catalog->machines(organisation)).size()};
    call.services->totals[io::Shard::here().index().number()] = now;
    co_return now.total;
}

// Those that a filter lets through: all of them are looked at.
io::Task<Answer> list_some(Call call, std::size_t limit, Filter filter, std::string after) {
    auto states = co_await call.services->plant.machines(call.organisation());
    const auto catalog = call.services->desk.snapshot();
    auto all = merged(states, catalog->machines(call.organisation()));
    std::erase_if(all, [&](const Listed& one) { return !filter.accepts(one); });
    const auto first = static_cast<std::size_t>(
        std::ranges::upper_bound(all, std::string_view(after), {}, &Listed::id) - all.begin());
    const std::size_t count = std::min(limit, all.size() - first);
    JsonOut out;
    put_page(out, std::span(all).subspan(first, count), first + count < all.size(), all.size());
    co_return reply_text(out.take());
}

// A page of all machines costs what it shows, however many there are.
io::Task<Answer> list_machines(Call call) {
    CO_TRY(const auto limit, limit_of(call.request));
    CO_TRY(auto filter, filter_of(call.request));
    std::string after(call.request.asked("cursor").value_or(""));
    if (!filter.is_everything()) {
        auto some = co_await list_some(std::move(call), limit, std::move(filter), std::move(after));
        co_return some;
    }
    auto spoken =
        co_await call.services->plant.machines_after(call.organisation(), after, limit + 1);
    auto total = known_total(call, spoken.total);
    if (!total) {
        auto counted = co_await counted_total(call);
        total = counted;
    }
    const auto catalog = call.services->desk.snapshot();
    const Entries entries = catalog->machines(call.organisation());
    const auto first = std::ranges::upper_bound(
        entries, after, {},
        [](const auto& entry) -> const std::string& { return entry->machine.id; });
    const auto behind = static_cast<std::size_t>(entries.end() - first);
    const Entries some(first, first + static_cast<std::ptrdiff_t>(std::min(behind, limit + 1)));
    auto page = merged(spoken.items, some);
    const bool is_more = page.size() > limit;
    if (is_more) page.resize(limit);
    JsonOut out;
    put_page(out, page, is_more, *total);
    co_return reply_text(out.take());
}

io::Task<Answer> one_machine(Call call) {
    const std::string& id = call.captured(0);
    auto now = co_await call.services->plant.machine_now(call.organisation(), id);
    const auto catalog = call.services->desk.snapshot();
    const auto* entry = catalog->machine(call.organisation(), id);
    if (!now && entry == nullptr) co_return std::unexpected(now.error());
    JsonOut out;
    out.object();
    if (now)
        put_members(out, now->state, entry);
    else
        put_members(out, *entry);
    out.name("values").array();
    if (now) {
        for (const auto& value : now->values)
            put(out, value, entry ? entry->tag(value.tag) : nullptr);
    }
    out.end_array().name("attributes");
    static const std::vector<catalog::Attribute> none;
    put(out, entry ? entry->attributes : none);
    put(out.name("shared_attributes"), entry ? entry->shared : none);
    co_return reply_text(out.end_object().take());
}

io::Task<Answer> change_machine(Call call) {
    CO_TRY(auto body,
           body_object(call.request, {"name", "kind", "site", "adopted", "shared_attributes"}));
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
    co_return co_await one_machine(std::move(call));
}

// Where a page of events begins: at or before `until`, behind the `skip` newest of them, which
// share that instant and stood on the page before. As text "2026-11-21T08:15:00Z" or "...Z~3".
struct EventsFrom {
    Instant until;
    std::size_t skip = 0;
};

Result<EventsFrom> events_from(const http::Request& request) {
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
    CO_TRY(const auto from, events_from(call.request));
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
    CO_TRY(const auto from, events_from(call.request));
    auto events = co_await call.services->plant.events(call.organisation(), "", from.until,
                                                       limit + from.skip + 1);
    co_return events_reply(std::move(events), from, limit, since);
}

}  // namespace

void add_machine_routes(http::Router& router, Services& services) {
    serve(router, services, "GET", "/api/v1/machines", &list_machines);
    serve(router, services, "GET", "/api/v1/machines/{machine}", &one_machine);
    serve(router, services, "PATCH", "/api/v1/machines/{machine}", &change_machine);
    serve(router, services, "GET", "/api/v1/machines/{machine}/events", &machine_events);
    serve(router, services, "GET", "/api/v1/events", &plant_events);
}

}  // namespace lineshaft::api
