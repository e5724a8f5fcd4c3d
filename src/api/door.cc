#include "api/door.h"

#include <fmt/format.h>

#include "api/audited.h"
#include "api/fleet_words.h"
#include "base/check.h"
#include "trust/http_caller.h"
#include "trust/loopback.h"
#include "trust/token.h"

namespace lineshaft::api {
namespace {

// What every answer says to browsers; the last only over TLS.
constexpr std::string_view encrypted_fields =
    "content-security-policy: default-src 'self'; script-src 'self'; style-src 'self'; img-src "
    "'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'\r\n"
    "x-content-type-options: nosniff\r\n"
    "referrer-policy: no-referrer\r\n"
    "cross-origin-opener-policy: same-origin\r\n"
    "strict-transport-security: max-age=31536000\r\n";
constexpr std::string_view safe_fields =
    encrypted_fields.substr(0, encrypted_fields.find("strict-transport"));

constexpr std::string_view live_pattern = "/api/v1/live";

// Who calls, and whether that was told by a cookie (then the browser may have been led here).
struct Caller {
    trust::PrincipalPtr principal;
    bool by_cookie = false;
    bool was_refused = false;  // credentials were shown and are wrong
};

io::Task<Caller> identify(Services* services, const http::Request& request) {
    if (request.peer.is_node_socket) co_return Caller{trust::owner_principal(), false, false};
    const std::string_view shown = request.header("authorization");
    if (!shown.empty()) {
        auto credentials = trust::parse_authorization(shown);
        if (!credentials) co_return Caller{nullptr, false, true};
        auto known = services->porter.keys().ring()->authenticate(credentials->secret);
        if (known) services->porter.note_use(*known);
        co_return Caller{known, false, known == nullptr};
    }
    const std::string secret(
        trust::session_secret(request.header("cookie"), request.peer.is_encrypted));
    if (!secret.empty()) {
        auto known = co_await services->porter.by_session(secret);
        if (known) co_return Caller{known, true, false};
    }
    if (request.peer.certificate) {
        auto known = services->porter.by_certificate(request.peer);
        const bool was_refused = known == nullptr;
        co_return Caller{std::move(known), false, was_refused};
    }
    auto local = trust::loopback_principal(services->loopback_role, trust::is_local(request));
    co_return Caller{std::move(local), false, false};
}

bool is_unsafe(std::string_view method) {
    return method != "GET" && method != "HEAD" && method != "OPTIONS";
}

// 403 when a page of another origin could have sent this, else nothing.
std::optional<http::Response> check_origin(const http::Request& request, const Caller& caller) {
    if (!is_unsafe(request.method) || (!caller.by_cookie && request.header("origin").empty()))
        return {};
    // A cookie alone proves nothing: the page must say where it is from.
    if (!request.header("origin").empty() && !trust::is_from_foreign_page(request)) return {};
    return http::problem(
        403, "Foreign origin",
        "This request changes something and came from a page of another address. Open the "
        "console under the address you sign in to.");
}

// The machines a request names: {machine} in its path, and each machine= of the query.
trust::Verdict judge(const trust::Route& route, const http::Request& request,
                     const trust::Principal* principal) {
    std::string_view machine;
    if (route.pattern.find("{machine}") != route.pattern.npos) machine = request.captured.front();
    if (route.pattern == live_pattern) machine = request.asked("machine").value_or("");
    auto verdict = trust::may_use_route(principal, route, machine, trust::is_local(request));
    for (const auto& field : request.query) {
        if (field.name != "machine" || verdict != trust::Verdict::allowed) continue;
        verdict = trust::may_use_route(principal, route, field.value, trust::is_local(request));
    }
    return verdict;
}

http::Response refusal(trust::Verdict verdict, const Caller& caller) {
    switch (verdict) {
        case trust::Verdict::allowed: break;
        case trust::Verdict::unknown_caller: {
            auto response = http::problem(
                401, "Sign in first",
                caller.was_refused
                    ? "These credentials are not valid here."
                    : "Sign in to the console, or send a token: Authorization: Bearer TOKEN.");
            response.set("www-authenticate", "Bearer realm=\"lineshaft\"");
            return response;
        }
        case trust::Verdict::refused:
            return http::problem(403, "Not allowed",
                                 "Your role may not do this. Ask an admin for a role that may.");
        case trust::Verdict::hidden: return http::problem(404, "Not found", "No such machine.");
    }
    return http::problem(500, "Error", "");
}

std::string_view name_of(trust::Verdict verdict) {
    switch (verdict) {
        case trust::Verdict::allowed: return "allowed";
        case trust::Verdict::unknown_caller: return "wrong credentials";
        case trust::Verdict::refused: return "not with that role";
        case trust::Verdict::hidden: return "another machine's";
    }
    return "";
}

// What changes something is in the audit log before it is done, or is not done.
io::Task<http::Response> run_recorded(const trust::Route* route, Work work, Call call) {
    Services* services = call.services;
    auto line = audit_line(*route, call.request, *call.principal);
    if (line) {
        auto refused = co_await record_first(services, *line);
        if (refused) co_return std::move(*refused);
    }
    const bool is_fleet = route->pattern.starts_with("/api/v1/fleet");
    const bool zh = is_fleet && is_chinese(call);
    auto answer = co_await work(std::move(call));
    const std::string why = !answer ? answer.error().context
                            : answer->status >= 400 ? fmt::format("answered {}", answer->status)
                                                    : std::string();
    if (line && !why.empty()) (void)co_await record_failure(services, std::move(*line), why);
    if (!answer && is_fleet) co_return fleet_problem(answer.error(), zh);
    co_return answer ? std::move(*answer) : problem_of(answer.error());
}

io::Task<http::Response> run(Services* services, const trust::Route* route, Work work,
                             http::Request request, http::BodyReader* body = nullptr) {
    const bool is_encrypted = request.peer.is_encrypted;
    auto caller = co_await identify(services, request);
    http::Response response;
    const auto verdict = caller.was_refused && route->right != trust::Right::open
                             ? trust::Verdict::unknown_caller
                             : judge(*route, request, caller.principal.get());
    auto foreign = check_origin(request, caller);
    if (foreign) {
        note_refusal(*services, *route, request, caller.principal.get(), "of a foreign origin");
        response = std::move(*foreign);
    } else if (verdict != trust::Verdict::allowed) {
        if (caller.principal || caller.was_refused) {
            note_refusal(*services, *route, request, caller.principal.get(), name_of(verdict));
        }
        response = refusal(verdict, caller);
    } else {
        if (!caller.principal) caller.principal = std::make_shared<trust::Principal>();
        // Named, then moved in: g++ 12 destroys an aggregate made inside a co_await expression
        // twice.
        Call call{services, std::move(request), caller.principal, is_encrypted, body};
        response = co_await run_recorded(route, work, std::move(call));
    }
    secure(response, is_encrypted);
    co_return response;
}

}  // namespace

http::Response problem_of(const Error& error) {
    if (error.code == Code::invalid) return http::problem(422, "Not acceptable", error.context);
    return http::problem(error);
}

void secure(http::Response& response, bool is_encrypted) {
    response.static_fields = is_encrypted ? encrypted_fields : safe_fields;
    for (const auto& field : response.headers) {
        if (field.name == "cache-control") return;
    }
    response.set("cache-control", "no-store");
}

void serve(http::Router& router, Services& services, std::string_view method,
           std::string_view pattern, Work work, http::Router::Options options) {
    const trust::Route* route = trust::find_route(method, pattern);
    CHECK(route != nullptr);
    router.add(std::string(method), std::string(pattern),
               [services = &services, route, work](http::Request request) {
                   return run(services, route, work, std::move(request));
               },
               options);
}

void serve_upload(http::Router& router, Services& services, std::string_view method,
                  std::string_view pattern, Work work) {
    const trust::Route* route = trust::find_route(method, pattern);
    CHECK(route != nullptr);
    http::Upload upload;
    upload.take = [services = &services, route, work](http::Request request,
                                                      http::BodyReader& body) {
        return run(services, route, work, std::move(request), &body);
    };
    router.add(std::string(method), std::string(pattern), std::move(upload));
}

}  // namespace lineshaft::api
