#include "gate/aemp/server.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/check.h"
#include "base/number.h"
#include "base/percent.h"
#include "trust/http_caller.h"
#include "trust/rights.h"
#include "trust/token.h"

namespace lineshaft::aemp {
namespace {

namespace http = io::http;

constexpr std::string_view access_prefix = "lsa_";
constexpr std::string_view access_purpose = "aemp-access";
constexpr std::size_t form_bytes_max = 16 * 1024;

std::string unescaped_form(std::string_view text) {
    std::string spaced(text);
    std::ranges::replace(spaced, '+', ' ');
    return percent_decoded(spaced);
}

std::string form_value(std::string_view form, std::string_view name) {
    while (!form.empty()) {
        const std::string_view pair = form.substr(0, form.find('&'));
        form.remove_prefix(std::min(pair.size() + 1, form.size()));
        const std::size_t equals = std::min(pair.find('='), pair.size());
        if (unescaped_form(pair.substr(0, equals)) == name)
            return equals < pair.size() ? unescaped_form(pair.substr(equals + 1)) : std::string();
    }
    return {};
}

http::Response oauth_problem(unsigned status, std::string_view error, std::string_view what) {
    http::Response response;
    response.status = status;
    response.set("content-type", "application/json").set("cache-control", "no-store");
    if (status == 401) response.set("www-authenticate", "Basic realm=\"aemp\"");
    response.body = fmt::format(R"({{"error":"{}","error_description":"{}"}})", error, what);
    return response;
}

std::optional<std::size_t> page_of(std::string_view text) {
    const auto page = number_from<std::size_t>(text);
    return page && *page >= 1 && *page <= 1'000'000 ? page : std::nullopt;
}

/// Which of the two ways a path names a machine by, and what follows it.
struct Named {
    std::string id, make, model, serial;
    std::string path;      ///< up to and with the machine
    std::size_t rest = 0;  ///< index of the first part behind it
};
Named named_in(const http::Request& request, bool is_by_id) {
    Named named;
    if (is_by_id) {
        named.id = request.captured[0];
        named.path = "/aemp/Fleet/Equipment/ID/" + percent_encoded(named.id);
        named.rest = 1;
        return named;
    }
    named.make = request.captured[0];
    named.model = request.captured[1];
    named.serial = request.captured[2];
    named.path =
        fmt::format("/aemp/Fleet/Equipment/MakeModelSerial/{}/{}/{}", percent_encoded(named.make),
                    percent_encoded(named.model), percent_encoded(named.serial));
    named.rest = 3;
    return named;
}

bool is_that(const Equipment& one, const Named& named) {
    if (!named.id.empty()) return one.equipment_id == named.id;
    Equipment wanted;
    wanted.oem = named.make;
    wanted.serial = named.serial;
    return !one.serial.empty() && identity_of(one) == identity_of(wanted);
}

}  // namespace

struct ServerSteps {
    static trust::HttpAdmission admit(Server& server, const http::Request& request,
                                      const trust::Route& route) {
        auto& services = server.services_;
        const auto shown = trust::parse_authorization(request.header("authorization"));
        if (shown && shown->kind == trust::Credentials::Kind::token &&
            shown->secret.starts_with(access_prefix)) {
            trust::HttpAdmission admission;
            admission.status = 401;
            admission.why = "the access token has ended, or is none";
            const auto raw =
                trust::from_base64url(std::string_view(shown->secret).substr(access_prefix.size()));
            const auto opened = raw ? trust::unseal(server.token_key_, *raw, access_purpose)
                                    : Result<std::string>(fail(Code::corrupt, ""));
            if (!opened) return admission;
            std::uint64_t id = 0;
            std::int64_t ends = 0;
            const std::size_t space = std::min(opened->find(' '), opened->size());
            (void)std::from_chars(opened->data(), opened->data() + space, id);
            if (space < opened->size())
                (void)std::from_chars(opened->data() + space + 1, opened->data() + opened->size(),
                                      ends);
            if (io::Shard::here().now().micros >= ends) return admission;
            admission.principal =
                services.porter.keys().ring()->by_id(TokenId(id));  // null once revoked
            if (!admission.principal) return admission;
            const bool is_allowed = trust::may_use_route(admission.principal.get(), route, "") ==
                                    trust::Verdict::allowed;
            admission.status = is_allowed ? 200 : 403;
            admission.why = "not with that role";
            return admission;
        }
        return trust::admit_program(services.porter, services.audit, request, route, "",
                                    services.loopback_role);
    }

    static http::Response refused(unsigned status, std::string_view why) {
        auto response = http::problem(status,
                                      status == 401   ? "Unauthorized"
                                      : status == 404 ? "Not Found"
                                                      : "Refused",
                                      why);
        if (status == 401) response.set("www-authenticate", "Bearer");
        return response;
    }

    static http::Response document(const http::Request& request, const auto& what) {
        const Format format = format_for(request.header("accept"));
        http::Response response;
        response.set("content-type",
                     format == Format::xml ? "application/xml" : "application/json");
        response.set("cache-control", "no-store").set("vary", "accept");
        if constexpr (requires { encode_fleet(what, format); })
            response.body = encode_fleet(what, format);
        else
            response.body = encode_series(what, format);
        return response;
    }

    static io::Task<http::Response> token(Server* server, http::Request request) {
        if (form_value(request.body, "grant_type") != "client_credentials")
            co_return oauth_problem(400, "unsupported_grant_type",
                                    "grant_type must be client_credentials");
        std::string id = form_value(request.body, "client_id"),
                    secret = form_value(request.body, "client_secret");
        if (const auto basic = trust::parse_authorization(request.header("authorization"));
            basic && basic->kind == trust::Credentials::Kind::basic) {
            id = basic->user;
            secret = basic->secret;
        }
        const auto principal = server->services_.porter.keys().ring()->authenticate(secret);
        // The id is the token's name: who mixes up two clients' secrets is told, and not let in as
        // the other.
        if (!principal || principal->name != id || principal->is_machine()) {
            if (server->services_.audit != nullptr)
                trust::note_refusal(*server->services_.audit, "/aemp/oauth2/token", request,
                                    nullptr, "wrong client");
            co_return oauth_problem(401, "invalid_client",
                                    "client_id is a token's name, client_secret the token");
        }
        const std::int64_t lasts = server->limits_.token_s;
        const std::int64_t ends = io::Shard::here().now().micros + lasts * 1'000'000;
        const auto sealed = trust::seal(
            server->token_key_, fmt::format("{} {}", principal->credential, ends), access_purpose);
        if (!sealed) co_return oauth_problem(503, "temporarily_unavailable", "try again");
        server->services_.porter.note_use(*principal);
        http::Response response;
        response.set("content-type", "application/json").set("cache-control", "no-store");
        response.body =
            fmt::format(R"({{"access_token":"{}{}","token_type":"Bearer","expires_in":{}}})",
                        access_prefix, trust::to_base64url(*sealed), lasts);
        co_return response;
    }

    static io::Task<http::Response> fleet(Server* server, const trust::Route* route,
                                          http::Request request) {
        const auto admission = admit(*server, request, *route);
        if (admission.status != 200) co_return refused(admission.status, admission.why);
        const auto page = page_of(request.captured[0]);
        if (!page) co_return refused(404, "pages are numbered from 1");
        auto all = co_await server->services_.source.machines(admission.principal->organisation);
        const std::size_t size = server->limits_.page_machines;
        const std::size_t pages = std::max<std::size_t>(1, (all.size() + size - 1) / size);
        if (*page > pages) co_return refused(404, fmt::format("the last page is {}", pages));
        Fleet shown;
        shown.snapshot = io::Shard::here().now();
        const auto link = [](std::size_t number) { return fmt::format("/aemp/Fleet/{}", number); };
        shown.links.self = link(*page);
        shown.links.last = link(pages);
        if (*page > 1) shown.links.prev = link(*page - 1);
        if (*page < pages) shown.links.next = link(*page + 1);
        for (std::size_t i = (*page - 1) * size; i < std::min(all.size(), *page * size); ++i)
            shown.equipment.push_back(std::move(all[i]));
        co_return document(request, shown);
    }

    static io::Task<http::Response> one(Server* server, const trust::Route* route, bool is_by_id,
                                        http::Request request) {
        const auto admission = admit(*server, request, *route);
        if (admission.status != 200) co_return refused(admission.status, admission.why);
        const Named named = named_in(request, is_by_id);
        auto all = co_await server->services_.source.machines(admission.principal->organisation);
        const auto found =
            std::ranges::find_if(all, [&](const Equipment& one) { return is_that(one, named); });
        if (found == all.end()) co_return refused(404, "there is no such machine");
        Fleet shown;
        shown.snapshot = io::Shard::here().now();
        shown.equipment.push_back(std::move(*found));
        co_return document(request, shown);
    }

    static io::Task<http::Response> series(Server* server, const trust::Route* route, bool is_by_id,
                                           http::Request request) {
        const auto admission = admit(*server, request, *route);
        if (admission.status != 200) co_return refused(admission.status, admission.why);
        const Named named = named_in(request, is_by_id);
        const std::string& what = request.captured[named.rest];
        FeedSource::SeriesQuery query;
        std::string small = what;
        std::ranges::transform(small, small.begin(),
                               [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
        query.element = element_of(what);
        query.is_faults = small == "faults" || small == "faultcodes";
        if (!query.element && !query.is_faults && small != "locations" && small != "location")
            co_return refused(
                404, "there is no such element: Locations, faults, CumulativeOperatingHours, ...");
        const auto from = parse_rfc3339(request.captured[named.rest + 1]),
                   until = parse_rfc3339(request.captured[named.rest + 2]);
        const auto page = page_of(request.captured[named.rest + 3]);
        if (!from || !until || *until <= *from || !page)
            co_return refused(400,
                              "start and end must be times such as 2026-11-22T08:00:00Z, the page "
                              "a number from 1");
        if (until->micros - from->micros > server->limits_.window_days_max * 86'400'000'000)
            co_return refused(
                400, fmt::format("at most {} days at once", server->limits_.window_days_max));
        auto all = co_await server->services_.source.machines(admission.principal->organisation);
        const auto found =
            std::ranges::find_if(all, [&](const Equipment& one) { return is_that(one, named); });
        if (found == all.end()) co_return refused(404, "there is no such machine");
        query.machine = found->equipment_id;
        query.window = {*from, *until};
        query.count_max = server->limits_.page_readings;
        query.skip = (*page - 1) * query.count_max;
        auto got =
            co_await server->services_.source.series(admission.principal->organisation, query);
        if (!got) co_return http::problem(got.error());
        const auto link = [&](std::size_t number) {
            return fmt::format("{}/{}/{}/{}/{}", named.path, percent_encoded(what),
                               to_rfc3339(*from), to_rfc3339(*until), number);
        };
        got->series.element = query.element;
        got->series.links.self = link(*page);
        if (*page > 1) got->series.links.prev = link(*page - 1);
        if (got->is_more) got->series.links.next = link(*page + 1);
        co_return document(request, got->series);
    }
};

Server::Server(Services services, ServerLimits limits)
    : services_(std::move(services)),
      limits_(limits),
      token_key_(services_.key.derive(access_purpose)) {}

void Server::add_routes(http::Router& router) {
    const auto route_of = [](std::string_view method, const std::string& pattern) {
        const trust::Route* route = trust::find_route(method, pattern);
        CHECK(route != nullptr);
        return route;
    };
    router.add(
        "POST", "/aemp/oauth2/token",
        [this](http::Request request) { return ServerSteps::token(this, std::move(request)); },
        http::Router::Options{form_bytes_max});
    router.add("GET", "/aemp/Fleet/{page}",
               [this, route = route_of("GET", "/aemp/Fleet/{page}")](http::Request request) {
                   return ServerSteps::fleet(this, route, std::move(request));
               });
    for (const bool is_by_id : {true, false}) {
        const std::string one =
            is_by_id ? "/aemp/Fleet/Equipment/ID/{id}"
                     : "/aemp/Fleet/Equipment/MakeModelSerial/{make}/{model}/{serial}";
        const std::string many = one + "/{element}/{start}/{end}/{page}";
        router.add("GET", one,
                   [this, is_by_id, route = route_of("GET", one)](http::Request request) {
                       return ServerSteps::one(this, route, is_by_id, std::move(request));
                   });
        router.add("GET", many,
                   [this, is_by_id, route = route_of("GET", many)](http::Request request) {
                       return ServerSteps::series(this, route, is_by_id, std::move(request));
                   });
    }
}

}  // namespace lineshaft::aemp
