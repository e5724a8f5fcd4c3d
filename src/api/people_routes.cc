// The people of an organisation.
#include <fmt/format.h>

#include "api/render.h"
#include "api/routes.h"

namespace lineshaft::api {
namespace {

json::object person_json(const catalog::Person& person) {
    return {{"id", std::to_string(person.id.number())},
            {"name", person.name},
            {"role", person.role},
            {"created_at", render_time(person.created_at)},
            {"last_seen_at", render_time(person.last_seen_at)}};
}

io::Task<Answer> list(Call call) {
    const auto organisation = call.organisation();
    auto people = co_await call.services->desk.run(
        [=](catalog::Catalog& catalog) { return catalog.people(organisation); });
    if (!people) co_return std::unexpected(people.error());
    json::array items;
    for (const auto& person : *people) items.push_back(person_json(person));
    co_return reply(json::object{{"items", std::move(items)}, {"next", nullptr}});
}

io::Task<Answer> create(Call call) {
    CO_TRY(auto body, body_object(call.request, {"name", "role", "password"}));
    CO_TRY(const auto name, text_member(body, "name"));
    CO_TRY(const auto role, text_member(body, "role"));
    CO_TRY(auto password, text_member(body, "password"));
    if (!trust::parse_role(role)) {
        co_return fail(
            Code::invalid,
            fmt::format("\"{}\" is no role; viewer, operator, engineer, admin or auditor", role));
    }
    CO_TRY_VOID(trust::check_password(password));
    auto hash = co_await call.services->porter.hash(std::move(password));
    if (!hash) co_return std::unexpected(hash.error());
    const auto organisation = call.organisation();
    const Instant now = io::Shard::here().now();
    const catalog::NewPerson person{name, role, *hash};
    auto work = [=](catalog::Catalog& catalog) -> Result<catalog::Answer> {
        TRY(const auto made, catalog.create_person(organisation, person, now));
        return catalog::Answer{201, json_text(person_json(made))};
    };
    co_return co_await write_once(call, std::move(work));
}

io::Task<Answer> remove(Call call) {
    CO_TRY(const auto number, row_number(call.captured(0)));
    const auto organisation = call.organisation();
    auto work = [=](catalog::Catalog& catalog) {
        return catalog.remove_person(organisation, PersonId(number));
    };
    auto done = co_await call.services->desk.run(std::move(work));
    if (!done) co_return std::unexpected(done.error());
    co_await call.services->porter.end_person(PersonId(number));
    co_return no_content();
}

}  // namespace

void add_people_routes(http::Router& router, Services& services) {
    serve(router, services, "GET", "/api/v1/people", &list);
    serve(router, services, "POST", "/api/v1/people", &create);
    serve(router, services, "DELETE", "/api/v1/people/{id}", &remove);
}

}  // namespace lineshaft::api
