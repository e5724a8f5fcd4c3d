// Tokens for programs and machines. A token's text is given once, when it is made.
#include <fmt/format.h>

#include "api/render.h"
#include "api/routes.h"
#include "base/machine_id.h"
#include "trust/token.h"

namespace lineshaft::api {
namespace {

json::object token_json(const catalog::Token& token) {
    return {{"id", std::to_string(token.id.number())},
            {"name", token.name},
            {"role", token.role ? json::value(*token.role) : json::value(nullptr)},
            {"machine", token.machine ? json::value(*token.machine) : json::value(nullptr)},
            {"created_at", render_time(token.created_at)},
            {"created_by", token.created_by},
            {"last_used_at", render_time(token.last_used_at)}};
}

io::Task<Answer> list_tokens(Call call) {
    const auto organisation = call.organisation();
    auto tokens = co_await call.services->desk.run(
        [=](catalog::Catalog& catalog) { return catalog.tokens(organisation); });
    if (!tokens) co_return std::unexpected(tokens.error());
    json::array items;
    for (const auto& token : *tokens) items.push_back(token_json(token));
    co_return reply(json::object{{"items", std::move(items)}, {"next", nullptr}});
}

Result<catalog::NewToken> wanted(const json::object& body) {
    catalog::NewToken token;
    TRY(token.name, text_member(body, "name"));
    TRY(const auto role, optional_text(body, "role"));
    TRY(const auto machine, optional_text(body, "machine"));
    if (role) token.role = *role;
    if (machine) token.machine = *machine;
    if (token.role.has_value() == token.machine.has_value()) {
        return fail(Code::invalid,
                    "a token is for a \"role\" or for a \"machine\": give one of them");
    }
    if (token.role && !trust::parse_role(*token.role)) {
        return fail(Code::invalid,
                    fmt::format("\"{}\" is no role; viewer, operator, engineer, admin or auditor",
                                *token.role));
    }
    return token;
}

io::Task<Answer> create_token(Call call) {
    CO_TRY(auto body, body_object(call.request, {"name", "role", "machine"}));
    CO_TRY(auto token, wanted(body));
    // Making the SCRAM verifier costs milliseconds: on the passwords' worker.
    auto secret = co_await call.services->porter.make_token();
    if (!secret) co_return std::unexpected(secret.error());
    token.sha256 = std::string(trust::text_of(secret->sha256));
    token.scram_verifier = secret->scram_verifier;
    token.created_by = call.principal->name;
    const auto organisation = call.organisation();
    const Instant now = io::Shard::here().now();
    // The remembered answer of an Idempotency-Key must not keep the secret: it is added to the
    // first answer only, a repeated one shows the row without it.
    auto is_first = std::make_shared<bool>(false);
    auto work = [=](catalog::Catalog& catalog) -> Result<catalog::Answer> {
        TRY(const auto made, catalog.create_token(organisation, token, now));
        *is_first = true;
        return catalog::Answer{201, json_text(token_json(made))};
    };
    auto answer = co_await write_once(call, std::move(work));
    if (!answer) co_return std::unexpected(answer.error());
    if (*is_first) {
        json::object out = json::parse(answer->body).as_object();
        out["token"] = secret->text;
        answer->body = json_text(out);
    }
    auto known = co_await call.services->porter.reload_tokens();
    if (!known) co_return std::unexpected(known.error());
    co_return std::move(*answer);
}

io::Task<Answer> revoke_token(Call call) {
    CO_TRY(const auto number, row_number(call.captured(0)));
    const auto organisation = call.organisation();
    const Instant now = io::Shard::here().now();
    auto work = [=](catalog::Catalog& catalog) {
        return catalog.revoke_token(organisation, TokenId(number), now);
    };
    auto done = co_await call.services->desk.run(std::move(work));
    if (!done) co_return std::unexpected(done.error());
    auto known = co_await call.services->porter.reload_tokens();
    if (!known) co_return std::unexpected(known.error());
    co_return no_content();
}

}  // namespace

void add_token_routes(http::Router& router, Services& services) {
    serve(router, services, "GET", "/api/v1/tokens", &list_tokens);
    serve(router, services, "POST", "/api/v1/tokens", &create_token);
    serve(router, services, "DELETE", "/api/v1/tokens/{id}", &revoke_token);
}

}  // namespace lineshaft::api
