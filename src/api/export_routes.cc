// Control 39: everything people told the node, in one document without secrets.
#include "api/people.h"
#include "api/routes.h"

namespace lineshaft::api {
namespace {

template <class T>
json::value or_null(const std::optional<T>& value) {
    return value ? json::value(*value) : json::value(nullptr);
}

json::object machine_json(const catalog::MachineEntry& entry) {
    const auto& machine = entry.machine;
    json::array tags;
    for (const auto& tag : entry.tags) {
        tags.push_back(json::object{{"name", tag.name},
                                    {"label", or_null(tag.label)},
                                    {"unit", or_null(tag.unit)},
                                    {"low", or_null(tag.low)},
                                    {"high", or_null(tag.high)},
                                    {"writable", or_null(tag.writable)}});
    }
    return {{"id", machine.id},
            {"name", or_null(machine.name)},
            {"kind", or_null(machine.kind)},
            {"site", machine.site ? json::value(std::to_string(machine.site->number()))
                                  : json::value(nullptr)},
            {"source", machine.source},
            {"adopted_at", render_time(machine.adopted_at)},
            {"first_seen", render_time(machine.first_seen)},
            {"tags", std::move(tags)}};
}

json::array sites_json(const catalog::Snapshot& snapshot, OrganisationId organisation) {
    json::array sites;
    for (const auto& site : snapshot.sites(organisation)) {
        sites.push_back(json::object{
            {"id", std::to_string(site.id.number())},
            {"name", site.name},
            {"time_zone", site.time_zone},
            {"latitude", site.position ? json::value(site.position->latitude) : json::value()},
            {"longitude", site.position ? json::value(site.position->longitude) : json::value()}});
    }
    return sites;
}

struct Rows {
    std::vector<catalog::Person> people;
    std::vector<catalog::Token> tokens;
};

json::array tokens_json(const std::vector<catalog::Token>& tokens) {
    json::array out;
    for (const auto& token : tokens) {
        out.push_back(json::object{{"id", std::to_string(token.id.number())},
                                   {"name", token.name},
                                   {"role", or_null(token.role)},
                                   {"machine", or_null(token.machine)},
                                   {"created_at", render_time(token.created_at)},
                                   {"created_by", token.created_by}});
    }
    return out;
}

io::Task<Answer> inventory(Call call) {
    const auto organisation = call.organisation();
    auto work = [organisation](catalog::Catalog& catalog) -> Result<Rows> {
        Rows rows;
        TRY(rows.people, catalog.people(organisation));
        TRY(rows.tokens, catalog.tokens(organisation));
        return rows;
    };
    auto rows = co_await call.services->desk.run(std::move(work));
    if (!rows) co_return std::unexpected(rows.error());
    const auto snapshot = call.services->desk.snapshot();
    const NodeFacts facts = call.services->node.facts();
    json::array machines, people;
    for (const auto& entry : snapshot->machines(organisation)) {
        machines.push_back(machine_json(*entry));
    }
    for (const auto& person : rows->people) people.push_back(person_json(person));
    json::object out{{"format", "lineshaft-export-1"},
                     {"at", render_time(io::Shard::here().now())},
                     {"node", json::object{{"name", facts.name},
                                           {"role", facts.role},
                                           {"version", facts.version}}},
                     {"organisation", call.principal->organisation_name},
                     {"sites", sites_json(*snapshot, organisation)},
                     {"machines", std::move(machines)},
                     {"people", std::move(people)},
                     {"tokens", tokens_json(rows->tokens)}};
    // The node's settings concern who runs it.
    if (organisation == catalog::default_organisation) {
        json::object settings;
        for (const auto& [key, value] : call.services->node.settings()) {
            settings[json::string(key)] = value;
        }
        out["settings"] = std::move(settings);
    }
    auto response = reply(out);
    response.set("content-disposition", "attachment; filename=\"lineshaft-export.json\"");
    co_return response;
}

}  // namespace

void add_export_routes(http::Router& router, Services& services) {
    serve(router, services, "GET", "/api/v1/export", &inventory);
}

}  // namespace lineshaft::api
