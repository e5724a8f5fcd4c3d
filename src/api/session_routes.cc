// Signing in and out, and the first start.
#include <fmt/format.h>

#include "api/audited.h"
#include "api/routes.h"
#include "base/log.h"
#include "trust/secrets.h"

namespace lineshaft::api {
namespace {

json::object person_json(const trust::Principal& principal) {
    return {{"person",
             json::object{{"name", principal.name},
                          {"role", principal.role ? trust::name_of(*principal.role) : "machine"},
                          {"organisation", principal.organisation_name},
                          {"totp_missing", principal.is_held}}}};
}

// Where a session came from, for the list a person sees.
http::Response signed_in(Call& call, trust::Porter::SignedIn session) {
    auto response = reply(person_json(*session.principal));
    response.set("set-cookie", trust::session_cookie(session.secret, call.is_secure,
                                                     call.services->porter.settings().sessions));
    return response;
}

io::Task<Answer> get_session(Call call) {
    if (trust::may(*call.principal, trust::Right::be_known))
        co_return reply(person_json(*call.principal));
    auto needed = co_await call.services->desk.run(
        [](catalog::Catalog& catalog) { return catalog.setup_needed(); });
    if (!needed) co_return std::unexpected(needed.error());
    auto response = http::problem(
        401, "Sign in first",
        *needed ? "Nobody has set this node up yet." : "Sign in with name and password.");
    json::object body = json::parse(response.body).as_object();
    body["setup_needed"] = *needed;
    response.body = json_text(body);
    co_return response;
}

// Where a failed attempt is told: its own organisation's log, and the name only when somebody has
// it, because people type passwords into the wrong field.
io::Task<trust::AuditRecord> attempt_line(Services* services, std::string login,
                                          std::string address) {
    const auto slash = login.find('/');
    const std::string organisation = slash == login.npos
                                         ? std::string(catalog::default_organisation_name)
                                         : login.substr(0, slash);
    const std::string name = slash == login.npos ? login : login.substr(slash + 1);
    auto work = [organisation, name](catalog::Catalog& catalog) -> Result<catalog::Person> {
        const auto* found = catalog.snapshot()->organisation(organisation);
        return catalog.find_person(found ? found->id : catalog::default_organisation, name);
    };
    auto person = co_await services->desk.run(std::move(work));
    trust::AuditRecord line;
    line.action = "session.open";
    line.address = std::move(address);
    line.target = person ? person->name : "(no such person)";
    if (person) line.organisation = person->organisation;
    line.outcome = trust::AuditOutcome::refused;
    co_return line;
}

// Tells the log of an attempt that failed, then answers it.
io::Task<Answer> turned_away(Call* call, std::string login, Error why) {
    const std::string address = call->request.peer.address;
    auto line = co_await attempt_line(call->services, login, address);
    line.detail = why.context;
    if (why.code == Code::denied) {
        // Each took a password's hash, so there cannot be many: all are written.
        auto recorded = co_await call->services->audit->record(std::move(line));
        if (!recorded) log::error("a failed sign-in is not recorded");
        auto response = http::problem(401, "Not signed in", "Name or password is wrong.");
        if (why.context.contains("code")) {
            response = http::problem(401, "Not signed in", "The code is wrong, or was used.");
            json::object body = json::parse(response.body).as_object();
            body["code_needed"] = true;
            response.body = json_text(body);
        }
        co_return response;
    }
    call->services->audit->note(std::move(line));
    auto wait = co_await call->services->porter.wait_s(login, address);
    auto response = problem_of(why);
    if (wait > 0) response.set("retry-after", std::to_string(wait));
    co_return response;
}

// Recorded, then opened: nobody is signed in unseen.
io::Task<Answer> open_recorded(Call* call, trust::PersonRecord person, std::string_view action) {
    trust::Principal who;
    who.kind = trust::PrincipalKind::person;
    who.organisation = person.organisation;
    who.name = person.name;
    who.credential = person.id.number();
    auto refused = co_await record_first(
        call->services, trust::audit_of(who, call->request.peer.address, action, person.name,
                                        call->request.header("user-agent").substr(0, 200)));
    if (refused) co_return std::move(*refused);
    std::string previous(trust::session_secret(call->request.header("cookie"), call->is_secure));
    auto session = co_await call->services->porter.open_session(
        std::move(person), origin_of(call->request), std::move(previous));
    if (!session) co_return std::unexpected(session.error());
    const auto seen = [organisation = who.organisation, id = who.credential,
                       now = io::Shard::here().now()](catalog::Catalog& catalog) {
        auto noted = catalog.person_seen(organisation, PersonId(id), now);
        if (!noted) log::warn("last sign-in not noted: {}", noted.error().context);
    };
    (void)call->services->desk.post(seen);  // a later sign-in writes a later time
    co_return signed_in(*call, std::move(*session));
}

io::Task<Answer> sign_in(Call call) {
    CO_TRY(auto body, body_object(call.request, {"name", "password", "code"}));
    CO_TRY(auto name, text_member(body, "name"));
    CO_TRY(auto password, text_member(body, "password"));
    CO_TRY(auto code, optional_text(body, "code"));
    trust::Porter::Attempt attempt{name, std::move(password),
                                   code ? code->value_or("") : std::string(),
                                   call.request.peer.address};
    auto proven = co_await call.services->porter.prove(std::move(attempt));
    if (!proven) {
        auto answer = co_await turned_away(&call, std::move(name), proven.error());
        co_return answer;
    }
    if (proven->needs_code) {
        auto response = http::problem(401, "Code needed",
                                      "Type the code that your phone shows, or a recovery code.");
        json::object out = json::parse(response.body).as_object();
        out["code_needed"] = true;
        response.body = json_text(out);
        co_return response;
    }
    auto answer = co_await open_recorded(&call, std::move(proven->person), "session.open");
    co_return answer;
}

io::Task<Answer> sign_out(Call call) {
    const std::string secret(trust::session_secret(call.request.header("cookie"), call.is_secure));
    if (!secret.empty()) {
        // Somebody who wants to leave is not held back by a full disk.
        auto recorded = co_await call.services->audit->record(trust::audit_of(
            *call.principal, call.request.peer.address, "session.close", call.principal->name));
        if (!recorded) log::error("a sign-out is not recorded");
        (void)co_await call.services->porter.sign_out(secret);
    }
    auto response = no_content();
    response.set("set-cookie", trust::session_cookie("", call.is_secure));
    co_return response;
}

// Guessing is hopeless (100 random bits) and slowed down all the same by the password's hash.
io::Task<Answer> set_up(Call call) {
    CO_TRY(auto body, body_object(call.request, {"secret", "name", "password"}));
    CO_TRY(auto secret, text_member(body, "secret"));
    CO_TRY(auto name, text_member(body, "name"));
    CO_TRY(auto password, text_member(body, "password"));
    CO_TRY_VOID(trust::check_password(password));
    auto hash = co_await call.services->porter.hash(std::move(password));
    if (!hash) co_return std::unexpected(hash.error());
    auto line = trust::audit_of(*call.principal, call.request.peer.address, "node.setup", name);
    auto refused = co_await record_first(call.services, line);
    if (refused) co_return std::move(*refused);
    const Instant now = io::Shard::here().now();
    const std::string digest(trust::text_of(trust::admin_secret_digest(secret)));
    const catalog::NewPerson admin{name, "admin", *hash};
    auto work = [digest, admin, now](catalog::Catalog& catalog) {
        return catalog.set_up(digest, admin, now);
    };
    auto made = co_await call.services->desk.run(std::move(work));
    if (!made) {
        (void)co_await record_failure(call.services, std::move(line), made.error().context);
        co_return std::unexpected(made.error());
    }
    trust::PersonRecord person{made->organisation, std::string(catalog::default_organisation_name),
                               made->id,           made->name,
                               trust::Role::admin, made->password_hash};
    auto answer = co_await open_recorded(&call, std::move(person), "session.open");
    co_return answer;
}

}  // namespace

void add_session_routes(http::Router& router, Services& services) {
    serve(router, services, "GET", "/api/v1/session", &get_session);
    serve(router, services, "POST", "/api/v1/session", &sign_in);
    serve(router, services, "DELETE", "/api/v1/session", &sign_out);
    serve(router, services, "POST", "/api/v1/session/setup", &set_up);
}

}  // namespace lineshaft::api
