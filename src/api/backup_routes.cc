// Backups of the whole node, for admins of `default`.
#include "api/render.h"
#include "api/routes.h"

namespace lineshaft::api {
namespace {

json::object backup_json(const BackupFacts& facts) {
    const auto or_null = [](const std::string& text) {
        return text.empty() ? json::value(nullptr) : json::value(text);
    };
    return {{"id", std::to_string(facts.id)},
            {"state", facts.state},
            {"file", or_null(facts.file)},
            {"bytes_done", facts.bytes_done},
            {"bytes_total", facts.bytes_total},
            {"started_at", render_time(facts.started_at)},
            {"ended_at", facts.ended_at ? json::value(render_time(*facts.ended_at)) : nullptr},
            {"why", or_null(facts.why)}};
}

Result<Backups*> backups_of(const Call& call) {
    if (call.services->backups != nullptr) return call.services->backups;
    return fail(Code::unsupported, "this node makes no backups");
}

io::Task<Answer> start(Call call) {
    CO_TRY(auto* backups, backups_of(call));
    auto started = co_await backups->start();
    if (!started) co_return std::unexpected(started.error());
    co_return reply(backup_json(*started), 202);
}

io::Task<Answer> list_backups(Call call) {
    CO_TRY(auto* backups, backups_of(call));
    auto all = co_await backups->list();
    json::array items;
    for (auto one = all.rbegin(); one != all.rend(); ++one) items.push_back(backup_json(*one));
    co_return reply(json::object{{"items", std::move(items)}, {"next", nullptr}});
}

io::Task<Answer> snapshot(Call call) {
    CO_TRY(auto* backups, backups_of(call));
    auto taken = co_await backups->snapshot();
    if (!taken) co_return std::unexpected(taken.error());
    co_return reply(json::object{{"directory", taken->directory}, {"sequence", taken->sequence}},
                    201);
}

}  // namespace

void add_backup_routes(http::Router& router, Services& services) {
    serve(router, services, "GET", "/api/v1/backups", &list_backups);
    serve(router, services, "POST", "/api/v1/backups", &start);
    serve(router, services, "POST", "/api/v1/backups/snapshot", &snapshot);
}

}  // namespace lineshaft::api
