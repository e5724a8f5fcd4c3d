// Erasing a machine with all it ever said, and how far that is.
#include <fmt/format.h>

#include <set>

#include "api/render.h"
#include "api/routes.h"

namespace lineshaft::api {
namespace {

constexpr std::size_t list_max = 100;

json::object erasure_json(const ErasureFacts& facts) {
    return {{"id", std::to_string(facts.id)},
            {"machine", facts.machine},
            {"state", facts.done_at ? "done" : "erasing"},
            {"asked_by", facts.asked_by},
            {"asked_at", render_time(facts.asked_at)},
            {"done_at", facts.done_at ? json::value(render_time(*facts.done_at)) : nullptr},
            {"series_left", facts.series_left},
            {"merges_left", facts.merges_left},
            {"why", facts.why.empty() ? json::value(nullptr) : json::value(facts.why)}};
}

json::object render_all(const std::vector<ErasureFacts>& all) {
    json::array items;
    for (const auto& facts : all) items.push_back(erasure_json(facts));
    return {{"items", std::move(items)}, {"next", nullptr}};
}

Result<Erasures*> erasures_of(const Call& call) {
    if (call.services->erasures != nullptr) return call.services->erasures;
    return fail(Code::unavailable, "this node erases nothing");
}

io::Task<Answer> erase(Call call) {
    const std::string id = call.captured(0);
    auto state = co_await call.services->plant.machine(call.organisation(), id);
    const auto catalog = call.services->desk.snapshot();
    if (!state && catalog->machine(call.organisation(), id) == nullptr)
        co_return std::unexpected(state.error());
    CO_TRY(auto* erasures, erasures_of(call));
    std::vector<std::string> machines{id};
    auto erased =
        co_await erasures->erase(call.organisation(), std::move(machines), call.principal->name);
    if (!erased) co_return std::unexpected(erased.error());
    auto answer = reply(erasure_json(erased->front()), 202);
    answer.set("location", fmt::format("/api/v1/erasures/{}", erased->front().id));
    co_return answer;
}

// Every machine of an organisation that leaves: those that have spoken, and those only the catalog
// knows.
io::Task<Answer> erase_organisation(Call call) {
    CO_TRY(const auto number, row_number(call.captured(0)));
    const auto catalog = call.services->desk.snapshot();
    const OrganisationId organisation(
        static_cast<std::uint32_t>(number <= UINT32_MAX ? number : 0));
    if (catalog->organisation(organisation) == nullptr)
        co_return fail(Code::not_found, "no such organisation");
    CO_TRY(auto* erasures, erasures_of(call));
    auto states = co_await call.services->plant.machines(organisation);
    std::set<std::string> ids;
    for (const auto& state : states) ids.insert(state.id);
    for (const auto& entry : catalog->machines(organisation)) ids.insert(entry->machine.id);
    std::vector<std::string> machines(ids.begin(), ids.end());
    const std::size_t count = machines.size();
    auto erased = co_await erasures->erase(organisation, std::move(machines), call.principal->name);
    if (!erased) co_return std::unexpected(erased.error());
    co_return reply(json::object{{"machines", count}}, 202);
}

io::Task<Answer> list_erasures(Call call) {
    CO_TRY(auto* erasures, erasures_of(call));
    auto all = co_await erasures->list(call.organisation(), list_max);
    if (!all) co_return std::unexpected(all.error());
    co_return reply(render_all(*all));
}

io::Task<Answer> one_erasure(Call call) {
    CO_TRY(const auto number, row_number(call.captured(0)));
    CO_TRY(auto* erasures, erasures_of(call));
    auto found = co_await erasures->find(call.organisation(), number);
    if (!found) co_return std::unexpected(found.error());
    co_return reply(erasure_json(*found));
}

}  // namespace

void add_erasure_routes(http::Router& router, Services& services) {
    serve(router, services, "DELETE", "/api/v1/machines/{machine}", &erase);
    serve(router, services, "DELETE", "/api/v1/organisations/{organisation}/machines",
          &erase_organisation);
    serve(router, services, "GET", "/api/v1/erasures", &list_erasures);
    serve(router, services, "GET", "/api/v1/erasures/{id}", &one_erasure);
}

}  // namespace lineshaft::api
