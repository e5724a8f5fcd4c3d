// Who shares this node, and how much of it each may take. For admins of `default`.
#include <fmt/format.h>

#include <cmath>

#include "api/people.h"
#include "api/routes.h"

namespace lineshaft::api {
namespace {

using Limits = catalog::OrganisationLimits;

struct Named {
    std::string_view name;
    std::optional<std::int64_t> Limits::* of;
    catalog::Change<std::int64_t> catalog::OrganisationChange::* change;
};
constexpr Named limit_names[] = {
    {"machines_max", &Limits::machines_max, &catalog::OrganisationChange::machines_max},
    {"sessions_max", &Limits::sessions_max, &catalog::OrganisationChange::sessions_max},
    {"messages_per_s", &Limits::messages_per_s, &catalog::OrganisationChange::messages_per_s},
    {"samples_per_s", &Limits::samples_per_s, &catalog::OrganisationChange::samples_per_s},
    {"retained_bytes_max", &Limits::retained_bytes_max,
     &catalog::OrganisationChange::retained_bytes_max},
};
constexpr double limit_max = 9e15;  // exact in every JSON reader

json::object limits_json(const Limits& limits) {
    json::object out;
    for (const Named& one : limit_names) {
        const auto& value = limits.*one.of;
        out[json::string(one.name)] = value ? json::value(*value) : json::value(nullptr);
    }
    return out;
}

json::object organisation_json(const Services& services, const catalog::Organisation& organisation) {
    json::object out{
        {"id", std::to_string(organisation.id.number())},
        {"name", organisation.name},
        {"title", organisation.title ? json::value(*organisation.title) : json::value(nullptr)},
        {"created_at", render_time(organisation.created_at)},
        {"limits", limits_json(organisation.limits)}};
    const OrganisationUse use =
        services.quotas ? services.quotas->use(organisation.id) : OrganisationUse{};
    out["in_force"] = limits_json(use.in_force);
    out["use"] = json::object{{"machines", use.machines},
                              {"sessions", use.sessions},
                              {"retained_bytes", use.retained_bytes}};
    out["refused"] = json::object{{"machines", use.refused_machines},
                                  {"sessions", use.refused_sessions},
                                  {"messages", use.refused_messages},
                                  {"samples", use.refused_samples},
                                  {"retained", use.refused_retained}};
    return out;
}

// The organisation a path names. Errors: not_found.
Result<catalog::Organisation> organisation_in(const Call& call) {
    TRY(const auto number, row_number(call.captured(0)));
    const auto snapshot = call.services->desk.snapshot();
    const auto* found =
        number <= UINT32_MAX
            ? snapshot->organisation(OrganisationId(static_cast<std::uint32_t>(number)))
            : nullptr;
    if (found == nullptr) return fail(Code::not_found, "no such organisation");
    return *found;
}

Result<catalog::OrganisationChange> change_of(const json::object& body) {
    catalog::OrganisationChange change;
    TRY(change.title, optional_text(body, "title"));
    for (const Named& one : limit_names) {
        TRY(const auto number, optional_number(body, one.name));
        if (!number) continue;
        auto& limit = (change.*one.change).emplace();
        if (!*number) continue;
        if (**number < 0 || **number > limit_max || std::floor(**number) != **number) {
            return fail(Code::invalid,
                        fmt::format("\"{}\" must be null or a whole number from 0", one.name));
        }
        limit = static_cast<std::int64_t>(**number);
    }
    return change;
}

io::Task<Answer> list_organisations(Call call) {
    const auto snapshot = call.services->desk.snapshot();
    json::array items;
    for (const auto& one : snapshot->organisations()) {
        items.push_back(organisation_json(*call.services, one));
    }
    co_return reply(json::object{{"items", std::move(items)}, {"next", nullptr}});
}

io::Task<Answer> one_organisation(Call call) {
    CO_TRY(const auto found, organisation_in(call));
    co_return reply(organisation_json(*call.services, found));
}

io::Task<Answer> create_organisation(Call call) {
    CO_TRY(auto body,
           body_object(call.request, {"name", "title", "machines_max", "sessions_max",
                                      "messages_per_s", "samples_per_s", "retained_bytes_max"}));
    CO_TRY(const auto name, text_member(body, "name"));
    CO_TRY(const auto change, change_of(body));
    const Instant now = io::Shard::here().now();
    auto work = [=,
                 services = call.services](catalog::Catalog& catalog) -> Result<catalog::Answer> {
        TRY(const auto made, catalog.create_organisation(name, now));
        TRY(const auto whole, catalog.change_organisation(made.id, change));
        if (services->quotas) services->quotas->changed(whole);
        return catalog::Answer{201, json_text(organisation_json(*services, whole))};
    };
    auto made = co_await write_once(call, std::move(work));
    co_return made;
}

io::Task<Answer> change_organisation(Call call) {
    CO_TRY(const auto found, organisation_in(call));
    CO_TRY(auto body,
           body_object(call.request, {"title", "machines_max", "sessions_max", "messages_per_s",
                                      "samples_per_s", "retained_bytes_max"}));
    CO_TRY(const auto change, change_of(body));
    // Told there, so that of two changes at once the last one written counts.
    auto work = [id = found.id, change, services = call.services](
                    catalog::Catalog& catalog) -> Result<catalog::Organisation> {
        TRY(auto whole, catalog.change_organisation(id, change));
        if (services->quotas) services->quotas->changed(whole);
        return whole;
    };
    auto changed = co_await call.services->desk.run(std::move(work));
    if (!changed) co_return std::unexpected(changed.error());
    co_return reply(organisation_json(*call.services, *changed));
}

// Its first admin has to come from here: nobody of the organisation can sign in before.
io::Task<Answer> add_person(Call call) {
    CO_TRY(const auto found, organisation_in(call));
    auto made = co_await create_person(&call, found.id);
    co_return made;
}

}  // namespace

void add_organisation_routes(http::Router& router, Services& services) {
    serve(router, services, "GET", "/api/v1/organisations", &list_organisations);
    serve(router, services, "POST", "/api/v1/organisations", &create_organisation);
    serve(router, services, "GET", "/api/v1/organisations/{organisation}", &one_organisation);
    serve(router, services, "PATCH", "/api/v1/organisations/{organisation}", &change_organisation);
    serve(router, services, "POST", "/api/v1/organisations/{organisation}/people", &add_person);
}

}  // namespace lineshaft::api
