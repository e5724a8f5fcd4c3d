// The console: files of web/dist, part of this program.
#include <algorithm>
#include <array>

#include "api/console_assets.h"
#include "api/routes.h"
#include "base/check.h"

namespace lineshaft::api {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 9> types{{
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".json", "application/json"},
    {".webmanifest", "application/manifest+json"},
    {".txt", "text/plain; charset=utf-8"},
}};

std::string_view type_of(std::string_view path) {
    const auto found =
        std::ranges::find_if(types, [&](const auto& one) { return path.ends_with(one.first); });
    return found == types.end() ? "application/octet-stream" : found->second;
}

const Asset* find_asset(std::string_view path) {
    const auto all = console_assets();
    const auto found = std::ranges::find(all, path, &Asset::path);
    return found == all.end() ? nullptr : &*found;
}

io::Task<http::Response> serve_asset(http::Request request) {
    http::Response response;
    const bool reads = request.method == "GET" || request.method == "HEAD";
    const Asset* asset = reads ? find_asset(request.path) : nullptr;
    // Pages are routes of the app, so an unknown path without a file's name shows the app itself.
    const bool is_page =
        reads && !request.path.starts_with("/api/") && !request.path.starts_with("/assets/");
    if (asset == nullptr && is_page) asset = find_asset("/index.html");
    if (asset == nullptr) {
        response = http::problem(404, "Not found", "Nothing is served under this path.");
    } else {
        response.static_body = asset->content;
        response.set("content-type", std::string(type_of(asset->path)));
        // Names under /assets/ carry a hash of the content.
        if (asset->path.starts_with("/assets/")) {
            response.set("cache-control", "public, max-age=31536000, immutable");
        } else {
            response.set("cache-control", "no-cache");
        }
    }
    secure(response, request.peer.is_encrypted);
    co_return response;
}

}  // namespace

http::Handler console_handler() {
    return &serve_asset;
}

void add_console(http::Router& router) {
    router.set_fallback(&serve_asset);
}

void add_routes(http::Router& router, Services& services) {
    CHECK(services.audit != nullptr);  // what is not recorded is not done
    add_session_routes(router, services);
    add_node_routes(router, services);
    add_machine_routes(router, services);
    add_erasure_routes(router, services);
    add_tag_routes(router, services);
    add_trend_routes(router, services);
    add_retention_routes(router, services);
    add_sql_routes(router, services);
    add_site_routes(router, services);
    add_people_routes(router, services);
    add_account_routes(router, services);
    add_organisation_routes(router, services);
    add_audit_routes(router, services);
    add_export_routes(router, services);
    add_sample_export(router, services);
    add_token_routes(router, services);
    add_certificate_routes(router, services);
    add_design_routes(router, services);
    add_order_routes(router, services);
    add_job_routes(router, services);
    add_performance_routes(router, services);
    add_shop_routes(router, services);
    add_fleet_routes(router, services);
    add_backup_routes(router, services);
    add_connection_routes(router, services);
    add_topic_routes(router, services);
    add_live_routes(router, services);
    add_naming_routes(router, services);
    add_console(router);
}

}  // namespace lineshaft::api
