// Signing in and out, and the first start.
#include <fmt/format.h>

#include "api/routes.h"
#include "trust/secrets.h"

namespace lineshaft::api {
namespace {

json::object person_json(const trust::Principal& principal) {
    return {{"person",
             json::object{{"name", principal.name},
                          {"role", principal.role ? trust::name_of(*principal.role) : "machine"},
                          {"organisation", principal.organisation_name}}}};
}

// Where a session came from, for the list a person sees.
std::string origin_of(const http::Request& request) {
    return fmt::format("{} {}", request.peer.address, request.header("user-agent").substr(0, 200));
}

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

io::Task<Answer> sign_in(Call call) {
    CO_TRY(auto body, body_object(call.request, {"name", "password"}));
    CO_TRY(auto name, text_member(body, "name"));
    CO_TRY(auto password, text_member(body, "password"));
    std::string previous(trust::session_secret(call.request.header("cookie"), call.is_secure));
    auto& porter = call.services->porter;
    auto session = co_await porter.sign_in(name, password, call.request.peer.address,
                                           origin_of(call.request), std::move(previous));
    if (session) co_return signed_in(call, std::move(*session));
    if (session.error().code == Code::denied) {
        co_return http::problem(401, "Not signed in", "Name or password is wrong.");
    }
    auto wait = co_await porter.wait_s(name, call.request.peer.address);
    auto response = problem_of(session.error());
    if (wait > 0) response.set("retry-after", std::to_string(wait));
    co_return response;
}

io::Task<Answer> sign_out(Call call) {
    const std::string secret(trust::session_secret(call.request.header("cookie"), call.is_secure));
    if (!secret.empty()) co_await call.services->porter.sign_out(secret);
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
    const Instant now = io::Shard::here().now();
    const std::string digest(trust::text_of(trust::admin_secret_digest(secret)));
    const catalog::NewPerson admin{name, "admin", *hash};
    auto work = [digest, admin, now](catalog::Catalog& catalog) {
        return catalog.set_up(digest, admin, now);
    };
    auto made = co_await call.services->desk.run(std::move(work));
    if (!made) co_return std::unexpected(made.error());
    trust::PersonRecord person{made->organisation, std::string(catalog::default_organisation_name),
                               made->id,           made->name,
                               trust::Role::admin, made->password_hash};
    auto session =
        co_await call.services->porter.open_session(std::move(person), origin_of(call.request));
    if (!session) co_return std::unexpected(session.error());
    co_return signed_in(call, std::move(*session));
}

}  // namespace

void add_session_routes(http::Router& router, Services& services) {
    serve(router, services, "GET", "/api/v1/session", &get_session);
    serve(router, services, "POST", "/api/v1/session", &sign_in);
    serve(router, services, "DELETE", "/api/v1/session", &sign_out);
    serve(router, services, "POST", "/api/v1/session/setup", &set_up);
}

}  // namespace lineshaft::api
