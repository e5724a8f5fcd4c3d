// POSTs of the fleet that are repeated with their Idempotency-Key: done once, answered the same.
// And its errors, in the language that was asked for.
#include <fmt/format.h>

#include "api/door.h"
#include "api/fleet_room.h"
#include "api/fleet_words.h"
#include "api/json_text.h"
#include "base/log.h"
#include "catalog/fleet_rows.h"
#include "dispatch/fleet/told.h"
#include "io/pause.h"

namespace lineshaft::api {
namespace {

constexpr io::Steady held_poll{50}, held_patience{30'000};

http::Response response_of(const catalog::Answer& answer) {
    http::Response response;
    response.status = static_cast<unsigned>(answer.status);
    response.body = answer.body;
    if (response.status != 204) response.set("content-type", "application/json");
    return response;
}

/// What was answered before. Code::unsupported: nothing was.
io::Task<Result<catalog::Answer>> answered_before(Services* services, catalog::OnceKey key) {
    const Instant now = io::Shard::here().now();
    auto recall = [key = std::move(key), now](catalog::Catalog& catalog) {
        return catalog.once(key, now, [] {
            return Result<catalog::Answer>(fail(Code::unsupported, "not yet"));
        });
    };
    auto answer = co_await services->desk.run(std::move(recall));
    co_return answer;
}

io::Task<void> remember(Services* services, catalog::OnceKey key, catalog::Answer answer) {
    const catalog::KeptAnswer kept{std::move(key), std::move(answer), io::Shard::here().now()};
    auto keep = [kept](catalog::Catalog& catalog) { return catalog::keep_answer(catalog, kept); };
    auto done = co_await services->desk.run(std::move(keep));
    if (!done)
        log::warn("fleet: an answer is not remembered under its Idempotency-Key: {}",
                  done.error().context);
}

/// Gives the key back, however the work ends.
struct HeldKey {
    FleetRoom* room;
    OrganisationId organisation;
    std::string key;
    HeldKey(FleetRoom* of, OrganisationId whose, std::string what)
        : room(of), organisation(whose), key(std::move(what)) {}
    HeldKey(const HeldKey&) = delete;
    ~HeldKey() { room->release(organisation, std::move(key)); }
};

/// Alone with the key. Errors: conflict (the first is still being done).
io::Task<Result<void>> hold_key(Call call, std::string key) {
    const io::Steady begun = io::Shard::here().clock().steady();
    for (;;) {
        auto is_mine = co_await call.services->fleet->hold(call.organisation(), key);
        if (is_mine) co_return Result<void>();
        if (io::Shard::here().clock().steady() - begun > held_patience)
            co_return fail(Code::conflict,
                           "the first request with this Idempotency-Key is still being done");
        io::Pause pause;
        auto waited = co_await pause.wait(held_poll);
        (void)waited;
    }
}

io::Task<Answer> do_once(Call call, Work work, catalog::OnceKey key) {
    auto before = co_await answered_before(call.services, key);
    if (before) co_return response_of(*before);
    if (before.error().code != Code::unsupported) co_return std::unexpected(before.error());
    Services* services = call.services;
    auto answer = co_await work(std::move(call));
    if (!answer) co_return answer;
    catalog::Answer kept{static_cast<int>(answer->status), answer->body};
    co_await remember(services, std::move(key), std::move(kept));
    co_return answer;
}

}  // namespace

io::Task<Result<void>> change_fleet(Call call, FleetRoom::Change work, const json::object* shown,
                                    int status) {
    std::optional<OnceDone> once;
    if (call.request.method == "POST")
        if (auto key = once_key(call)) {
            once.emplace();
            once->key = *std::move(key);
            once->status = status;
            if (shown != nullptr) once->body = [shown] { return json_text(*shown); };
        }
    auto done = co_await call.services->fleet->change(call.organisation(), std::move(work),
                                                      std::move(once));
    co_return done;
}

json::value told_reason(std::string_view english) {
    const auto found = dispatch::told(english);
    if (!found) return nullptr;
    json::array texts;
    for (const std::string& one : found->texts) texts.emplace_back(text(one));
    return json::object{{"code", text(found->code)}, {"texts", std::move(texts)}};
}

http::Response fleet_problem(const Error& error, bool is_chinese) {
    const json::value reason = told_reason(error.context);
    if (reason.is_null()) return problem_of(error);
    http::Response response =
        problem_of(Error{error.code, dispatch::told_in(error.context, is_chinese)});
    if (response.body.ends_with('}')) {
        response.body.pop_back();
        response.body += ",\"reason\":" + json_text(reason) + "}";
    }
    return response;
}

io::Task<Answer> answer_once(Call call, Work work) {
    auto key = once_key(call);
    if (!key) {
        auto plain = co_await work(std::move(call));
        co_return plain;
    }
    FleetRoom* room = call.services->fleet;
    const OrganisationId organisation = call.organisation();
    std::string held = fmt::format("{}|{}|{}", key->principal, key->route, key->key);
    auto mine = co_await hold_key(call, held);
    if (!mine) co_return std::unexpected(mine.error());
    const HeldKey mine_until_the_end(room, organisation, std::move(held));
    auto answer = co_await do_once(std::move(call), work, *std::move(key));
    co_return answer;
}

}  // namespace lineshaft::api
