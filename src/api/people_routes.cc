// The people of an organisation, as its admins see them.
#include "api/people.h"

#include <fmt/format.h>

#include "api/routes.h"
#include "base/bytes.h"

namespace lineshaft::api {
namespace {

io::Task<Result<catalog::Person>> person_in(Call* call) {
    CO_TRY(const auto number, row_number(call->captured(0)));
    auto work = [organisation = call->organisation(), number](catalog::Catalog& catalog) {
        return catalog.find_person(organisation, PersonId(number));
    };
    auto person = co_await call->services->desk.run(std::move(work));
    co_return person;
}

io::Task<Answer> list_people(Call call) {
    const auto organisation = call.organisation();
    auto people = co_await call.services->desk.run(
        [=](catalog::Catalog& catalog) { return catalog.people(organisation); });
    if (!people) co_return std::unexpected(people.error());
    json::array items;
    for (const auto& person : *people) items.push_back(person_json(person));
    co_return reply(json::object{{"items", std::move(items)}, {"next", nullptr}});
}

io::Task<Answer> create_person(Call call) {
    auto made = co_await create_person(&call, call.organisation());
    co_return made;
}

io::Task<Answer> one_person(Call call) {
    auto person = co_await person_in(&call);
    if (!person) co_return std::unexpected(person.error());
    co_return reply(person_json(*person));
}

struct Change {
    std::optional<std::string> role, password_hash;
    bool removes_totp = false;
};

Result<catalog::Person> apply(catalog::Catalog& catalog, OrganisationId organisation, PersonId id,
                              const Change& change) {
    TRY_VOID(catalog.find_person(organisation, id));
    if (change.role) {
        TRY_VOID(catalog.change_role(organisation, id, *change.role));
    }
    if (change.password_hash) {
        TRY_VOID(catalog.change_password(organisation, id, *change.password_hash));
    }
    if (change.removes_totp) {
        TRY_VOID(catalog.remove_totp(organisation, id));
    }
    return catalog.find_person(organisation, id);
}

// A new role works at the next request; a new password or no second factor ends the sessions.
io::Task<Answer> change_person(Call call) {
    CO_TRY(const auto number, row_number(call.captured(0)));
    CO_TRY(auto body, body_object(call.request, {"role", "password", "totp"}));
    Change change;
    CO_TRY(const auto role, optional_text(body, "role"));
    if (role) change.role = role->value_or("");
    if (change.role) {
        CO_TRY_VOID(check_role_word(*change.role));
    }
    CO_TRY(const auto totp, optional_flag(body, "totp"));
    if (totp && *totp) {
        co_return fail(Code::invalid,
                       "\"totp\" may only become false: people set it up themselves");
    }
    change.removes_totp = totp.has_value();
    CO_TRY(auto password, optional_text(body, "password"));
    if (password) {
        CO_TRY_VOID(trust::check_password(password->value_or("")));
        auto hash = co_await call.services->porter.hash(password->value_or(""));
        if (!hash) co_return std::unexpected(hash.error());
        change.password_hash = std::move(*hash);
    }
    auto work = [change, organisation = call.organisation(), number](catalog::Catalog& catalog) {
        return apply(catalog, organisation, PersonId(number), change);
    };
    auto person = co_await call.services->desk.run(std::move(work));
    if (!person) co_return std::unexpected(person.error());
    if (change.password_hash || change.removes_totp) {
        (void)co_await call.services->porter.end_person(person->id);
    } else {
        auto record = record_of(*person, call.principal->organisation_name);
        (void)co_await call.services->porter.person_changed(std::move(record));
    }
    co_return reply(person_json(*person));
}

io::Task<Answer> remove_person(Call call) {
    CO_TRY(const auto number, row_number(call.captured(0)));
    const auto organisation = call.organisation();
    auto work = [=](catalog::Catalog& catalog) {
        return catalog.remove_person(organisation, PersonId(number));
    };
    auto done = co_await call.services->desk.run(std::move(work));
    if (!done) co_return std::unexpected(done.error());
    (void)co_await call.services->porter.end_person(PersonId(number));
    co_return no_content();
}

io::Task<Answer> sessions_of_person(Call call) {
    auto person = co_await person_in(&call);
    if (!person) co_return std::unexpected(person.error());
    auto sessions = co_await call.services->porter.sessions_of(person->id);
    co_return reply(
        json::object{{"items", sessions_json(sessions, own_session(call))}, {"next", nullptr}});
}

io::Task<Answer> end_sessions(Call call) {
    auto person = co_await person_in(&call);
    if (!person) co_return std::unexpected(person.error());
    (void)co_await call.services->porter.end_person(person->id);
    co_return no_content();
}

io::Task<Answer> end_session_of_person(Call call) {
    auto person = co_await person_in(&call);
    if (!person) co_return std::unexpected(person.error());
    auto was_there = co_await call.services->porter.end_listed(person->id, call.captured(1));
    if (!was_there) co_return fail(Code::not_found, "no such session");
    co_return no_content();
}

}  // namespace

json::object person_json(const catalog::Person& person) {
    const bool has_totp = person.totp && person.totp->confirmed_at;
    return {{"id", std::to_string(person.id.number())},
            {"name", person.name},
            {"role", person.role},
            {"created_at", render_time(person.created_at)},
            {"last_seen_at", render_time(person.last_seen_at)},
            {"totp", has_totp}};
}

json::array sessions_json(const std::vector<trust::SessionRecord>& sessions,
                          const std::string& own_digest_hex) {
    json::array items;
    for (const auto& session : sessions) {
        const std::string id = to_hex(as_bytes(trust::text_of(session.sha256)));
        items.push_back(json::object{{"id", id},
                                     {"created_at", render_time(session.created_at)},
                                     {"last_seen_at", render_time(session.last_seen_at)},
                                     {"origin", session.origin},
                                     {"own", id == own_digest_hex}});
    }
    return items;
}

std::string own_session(const Call& call) {
    const auto secret = trust::session_secret(call.request.header("cookie"), call.is_secure);
    return secret.empty() ? std::string() : to_hex(as_bytes(trust::text_of(trust::sha256(secret))));
}

trust::PersonRecord record_of(const catalog::Person& person, std::string organisation_name) {
    trust::PersonRecord record{
        person.organisation, std::move(organisation_name),   person.id,
        person.name,         trust::parse_role(person.role), person.password_hash};
    if (person.totp && person.totp->confirmed_at) {
        record.totp = trust::PersonRecord::Totp{person.totp->sealed, person.totp->last_step};
    }
    return record;
}

Result<void> check_role_word(std::string_view role) {
    if (trust::parse_role(role)) return {};
    return fail(
        Code::invalid,
        fmt::format("\"{}\" is no role; viewer, operator, engineer, admin or auditor", role));
}

io::Task<Answer> create_person(Call* call, OrganisationId organisation) {
    CO_TRY(auto body, body_object(call->request, {"name", "role", "password"}));
    CO_TRY(const auto name, text_member(body, "name"));
    CO_TRY(const auto role, text_member(body, "role"));
    CO_TRY(auto password, text_member(body, "password"));
    CO_TRY_VOID(check_role_word(role));
    CO_TRY_VOID(trust::check_password(password));
    auto hash = co_await call->services->porter.hash(std::move(password));
    if (!hash) co_return std::unexpected(hash.error());
    const Instant now = io::Shard::here().now();
    const catalog::NewPerson person{name, role, *hash};
    auto work = [=](catalog::Catalog& catalog) -> Result<catalog::Answer> {
        TRY(const auto made, catalog.create_person(organisation, person, now));
        return catalog::Answer{201, json_text(person_json(made))};
    };
    auto made = co_await write_once(*call, std::move(work));
    co_return made;
}

void add_people_routes(http::Router& router, Services& services) {
    serve(router, services, "GET", "/api/v1/people", &list_people);
    serve(router, services, "POST", "/api/v1/people", &create_person);
    serve(router, services, "GET", "/api/v1/people/{id}", &one_person);
    serve(router, services, "PATCH", "/api/v1/people/{id}", &change_person);
    serve(router, services, "DELETE", "/api/v1/people/{id}", &remove_person);
    serve(router, services, "GET", "/api/v1/people/{id}/sessions", &sessions_of_person);
    serve(router, services, "DELETE", "/api/v1/people/{id}/sessions", &end_sessions);
    serve(router, services, "DELETE", "/api/v1/people/{id}/sessions/{session}",
          &end_session_of_person);
}

}  // namespace lineshaft::api
