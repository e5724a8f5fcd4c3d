// The node itself, the large screen's numbers, and what operators' tools ask.
#include <map>

#include "api/openapi.h"
#include "api/render.h"
#include "api/routes.h"

namespace lineshaft::api {
namespace {

io::Task<Answer> healthz(Call) {
    http::Response response;
    response.body = "ok\n";
    response.set("content-type", "text/plain");
    co_return response;
}

io::Task<Answer> readyz(Call call) {
    http::Response response;
    const bool ready = call.services->node.is_ready();
    response.status = ready ? 200 : 503;
    response.body = ready ? "ready\n" : "not ready: a listener does not accept yet\n";
    response.set("content-type", "text/plain");
    co_return response;
}

io::Task<Answer> metrics(Call call) {
    http::Response response;
    response.body = co_await call.services->node.metrics();
    response.set("content-type", "text/plain; version=0.0.4");
    co_return response;
}

io::Task<Answer> openapi(Call) {
    http::Response response;
    response.static_body = openapi_document();
    response.set("content-type", "application/json");
    co_return response;
}

io::Task<Answer> node(Call call) {
    const NodeFacts facts = call.services->node.facts();
    json::array listeners;
    for (const auto& [name, address] : facts.listeners) {
        listeners.push_back(json::object{{"name", name}, {"address", address}});
    }
    co_return reply(json::object{{"version", facts.version},
                                 {"name", facts.name},
                                 {"role", facts.role},
                                 {"started_at", render_time(facts.started_at)},
                                 {"now", render_time(io::Shard::here().now())},
                                 {"durability", facts.durability},
                                 {"accepting", facts.is_accepting},
                                 {"read_only", facts.is_read_only},
                                 {"damage", facts.damage},
                                 {"listeners", std::move(listeners)},
                                 {"shards", facts.shards},
                                 {"demo", facts.is_demo}});
}

// Counts of one place or of the whole.
struct Tally {
    std::size_t machines = 0, online = 0, stale = 0, offline = 0, faults = 0, discovered = 0;

    void add(const twin::MachineState& state, bool is_adopted) {
        ++machines;
        online += state.connection == twin::Connection::online;
        stale += state.connection == twin::Connection::stale;
        offline += state.connection == twin::Connection::offline;
        faults += !state.fault.empty();
        discovered += !is_adopted;
    }
};

json::array sites_json(const catalog::Snapshot& catalog, OrganisationId organisation,
                       const std::map<SiteId, Tally>& tallies) {
    json::array sites;
    for (const auto& site : catalog.sites(organisation)) {
        const auto found = tallies.find(site.id);
        const Tally tally = found == tallies.end() ? Tally{} : found->second;
        json::object out = render(site, tally.machines);
        out["online"] = tally.online;
        out["faults"] = tally.faults;
        sites.push_back(std::move(out));
    }
    return sites;
}

io::Task<Answer> overview(Call call) {
    auto machines = co_await call.services->plant.machines(call.organisation());
    const auto catalog = call.services->desk.snapshot();
    Tally all;
    std::map<SiteId, Tally> by_site;
    std::map<std::string, std::size_t> states;
    for (const auto& state : machines) {
        const auto* entry = catalog->machine(call.organisation(), state.id);
        const bool is_adopted = entry != nullptr && entry->machine.adopted_at.has_value();
        all.add(state, is_adopted);
        if (entry != nullptr && entry->machine.site)
            by_site[*entry->machine.site].add(state, is_adopted);
        if (!state.state.empty() && state.connection == twin::Connection::online)
            ++states[state.state];
    }
    json::array states_json;
    for (const auto& [state, count] : states) {
        states_json.push_back(json::object{{"state", state}, {"count", count}});
    }
    co_return reply(json::object{{"machines", json::object{{"online", all.online},
                                                           {"stale", all.stale},
                                                           {"offline", all.offline},
                                                           {"discovered", all.discovered},
                                                           {"total", all.machines}}},
                                 {"states", std::move(states_json)},
                                 {"rates", render(call.services->node.rates())},
                                 {"sites", sites_json(*catalog, call.organisation(), by_site)},
                                 {"now", render_time(io::Shard::here().now())}});
}

}  // namespace

void add_node_routes(http::Router& router, Services& services) {
    serve(router, services, "GET", "/healthz", &healthz);
    serve(router, services, "GET", "/readyz", &readyz);
    serve(router, services, "GET", "/metrics", &metrics);
    serve(router, services, "GET", "/api/v1/openapi.json", &openapi);
    serve(router, services, "GET", "/api/v1/node", &node);
    serve(router, services, "GET", "/api/v1/overview", &overview);
}

}  // namespace lineshaft::api
