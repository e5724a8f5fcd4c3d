// A person's own account: password, second factor, browser sessions.
#include <fmt/format.h>

#include <algorithm>

#include "api/people.h"
#include "api/routes.h"

namespace lineshaft::api {
namespace {

// Routes here ask only to be known: a person who must set up a second factor gets this far.
io::Task<Result<catalog::Person>> own_row(Call* call) {
    if (call->principal->kind != trust::PrincipalKind::person) {
        co_return fail(Code::not_found, "only people have an account; this is a token's request");
    }
    auto work = [organisation = call->organisation(),
                 id = call->principal->credential](catalog::Catalog& catalog) {
        return catalog.find_person(organisation, PersonId(id));
    };
    auto person = co_await call->services->desk.run(std::move(work));
    co_return person;
}

bool is_required(const Call& call, const catalog::Person& person) {
    const auto& roles = call.services->porter.settings().sessions.totp_required_for;
    const auto role = trust::parse_role(person.role);
    return role && std::ranges::find(roles, *role) != roles.end();
}

// Proves the password again, as only the person who signs in knows it.
io::Task<Result<trust::PersonRecord>> prove(Call* call, std::string password) {
    auto proven = co_await call->services->porter.prove_again(*call->principal, std::move(password),
                                                              call->request.peer.address);
    co_return proven;
}

// Every other session ends, and this one gets a new secret.
io::Task<Answer> renewed(Call* call, catalog::Person person, json::object body) {
    auto& porter = call->services->porter;
    (void)co_await porter.end_person(person.id);
    auto record = record_of(person, call->principal->organisation_name);
    auto session = co_await porter.open_session(std::move(record), origin_of(call->request));
    if (!session) co_return std::unexpected(session.error());
    auto response = body.empty() ? no_content() : reply(body);
    response.set("set-cookie", trust::session_cookie(session->secret, call->is_secure,
                                                     porter.settings().sessions));
    co_return response;
}

io::Task<Answer> get_account(Call call) {
    auto person = co_await own_row(&call);
    if (!person) co_return std::unexpected(person.error());
    const bool is_enabled = person->totp && person->totp->confirmed_at;
    json::object out = person_json(*person);
    out["organisation"] = call.principal->organisation_name;
    out["totp"] = json::object{
        {"enabled", is_enabled},
        {"required", is_required(call, *person)},
        {"recovery_codes", is_enabled ? person->totp->recovery_codes : 0},
    };
    co_return reply(out);
}

io::Task<Answer> change_password(Call call) {
    CO_TRY(auto body, body_object(call.request, {"current", "password"}));
    CO_TRY(auto current, text_member(body, "current"));
    CO_TRY(auto password, text_member(body, "password"));
    CO_TRY_VOID(trust::check_password(password));
    auto proven = co_await prove(&call, std::move(current));
    if (!proven) co_return std::unexpected(proven.error());
    auto hash = co_await call.services->porter.hash(std::move(password));
    if (!hash) co_return std::unexpected(hash.error());
    auto work = [organisation = call.organisation(), id = proven->id,
                 hash = *hash](catalog::Catalog& catalog) -> Result<catalog::Person> {
        TRY_VOID(catalog.change_password(organisation, id, hash));
        return catalog.find_person(organisation, id);
    };
    auto person = co_await call.services->desk.run(std::move(work));
    if (!person) co_return std::unexpected(person.error());
    auto answer = co_await renewed(&call, std::move(*person), {});
    co_return answer;
}

io::Task<Answer> offer_totp(Call call) {
    CO_TRY(auto body, body_object(call.request, {"password"}));
    CO_TRY(auto password, text_member(body, "password"));
    auto proven = co_await prove(&call, std::move(password));
    if (!proven) co_return std::unexpected(proven.error());
    const std::string secret = trust::make_totp_secret();
    CO_TRY(auto sealed, call.services->porter.settings().totp.seal(proven->id, secret));
    auto work = [organisation = call.organisation(), id = proven->id,
                 sealed](catalog::Catalog& catalog) {
        return catalog.offer_totp(organisation, id, sealed);
    };
    auto offered = co_await call.services->desk.run(std::move(work));
    if (!offered) co_return std::unexpected(offered.error());
    const std::string node = call.services->node.facts().name;
    const std::string account = call.organisation() == catalog::default_organisation
                                    ? proven->name
                                    : call.principal->organisation_name + "/" + proven->name;
    co_return reply(json::object{{"secret", trust::to_base32(secret)},
                                 {"uri", trust::totp_uri("Lineshaft " + node, account, secret)}});
}

Result<catalog::Person> confirm(catalog::Catalog& catalog, const trust::TotpVault& vault,
                                OrganisationId organisation, PersonId id, const std::string& code,
                                const std::vector<std::string>& digests, Instant now) {
    TRY(const auto person, catalog.find_person(organisation, id));
    if (!person.totp || person.totp->confirmed_at) {
        return fail(Code::conflict, "no second factor is waiting to be confirmed: begin again");
    }
    TRY(const auto step, vault.match(id, person.totp->sealed, code, now, 0));
    TRY_VOID(catalog.confirm_totp(organisation, id, step, digests, now));
    return catalog.find_person(organisation, id);
}

io::Task<Answer> confirm_totp(Call call) {
    CO_TRY(auto body, body_object(call.request, {"code"}));
    CO_TRY(const auto code, text_member(body, "code"));
    auto own = co_await own_row(&call);
    if (!own) co_return std::unexpected(own.error());
    const auto codes = trust::make_recovery_codes();
    std::vector<std::string> digests;
    for (const auto& each : codes) {
        digests.emplace_back(trust::text_of(trust::recovery_code_digest(each).value()));
    }
    auto work = [vault = &call.services->porter.settings().totp, id = own->id, code, digests,
                 organisation = call.organisation(),
                 now = io::Shard::here().now()](catalog::Catalog& catalog) {
        return confirm(catalog, *vault, organisation, id, code, digests, now);
    };
    auto person = co_await call.services->desk.run(std::move(work));
    if (!person) co_return std::unexpected(person.error());
    json::array shown;
    for (const auto& each : codes) shown.push_back(json::string(each));
    json::object out;
    out["recovery_codes"] = std::move(shown);
    auto answer = co_await renewed(&call, std::move(*person), std::move(out));
    co_return answer;
}

io::Task<Answer> remove_totp(Call call) {
    CO_TRY(auto body, body_object(call.request, {"password"}));
    CO_TRY(auto password, text_member(body, "password"));
    auto proven = co_await prove(&call, std::move(password));
    if (!proven) co_return std::unexpected(proven.error());
    auto work = [organisation = call.organisation(),
                 id = proven->id](catalog::Catalog& catalog) -> Result<catalog::Person> {
        TRY_VOID(catalog.remove_totp(organisation, id));
        return catalog.find_person(organisation, id);
    };
    auto person = co_await call.services->desk.run(std::move(work));
    if (!person) co_return std::unexpected(person.error());
    auto answer = co_await renewed(&call, std::move(*person), {});
    co_return answer;
}

io::Task<Answer> sessions_of_own(Call call) {
    auto person = co_await own_row(&call);
    if (!person) co_return std::unexpected(person.error());
    auto sessions = co_await call.services->porter.sessions_of(person->id);
    co_return reply(
        json::object{{"items", sessions_json(sessions, own_session(call))}, {"next", nullptr}});
}

io::Task<Answer> end_session_of_own(Call call) {
    auto person = co_await own_row(&call);
    if (!person) co_return std::unexpected(person.error());
    auto was_there = co_await call.services->porter.end_listed(person->id, call.captured(0));
    if (!was_there) co_return fail(Code::not_found, "no such session");
    co_return no_content();
}

}  // namespace

void add_account_routes(http::Router& router, Services& services) {
    serve(router, services, "GET", "/api/v1/account", &get_account);
    serve(router, services, "POST", "/api/v1/account/password", &change_password);
    serve(router, services, "POST", "/api/v1/account/totp", &offer_totp);
    serve(router, services, "POST", "/api/v1/account/totp/confirm", &confirm_totp);
    serve(router, services, "DELETE", "/api/v1/account/totp", &remove_totp);
    serve(router, services, "GET", "/api/v1/account/sessions", &sessions_of_own);
    serve(router, services, "DELETE", "/api/v1/account/sessions/{session}", &end_session_of_own);
}

}  // namespace lineshaft::api
