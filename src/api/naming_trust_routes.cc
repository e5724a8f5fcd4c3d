// Signed values: what their signatures are worth, signing what is registered already, certificates for
// the keys that sign under a prefix.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "api/naming.h"
#include "api/render.h"
#include "api/routes.h"
#include "base/log.h"
#include "identity/node_key.h"
#include "identity/value_json.h"
#include "wire/handle/names.h"

namespace lineshaft::api {
namespace {

using handle::Value;
using identity::ValueSigner;

constexpr double certificate_days_usual = 3'650, certificate_days_max = 36'500;

/// What this node has, else what others say.
class DeskValues final : public identity::ValueSource {
public:
    explicit DeskValues(NamingDesk& desk) : desk_(desk) {}
    io::Task<Result<std::vector<Value>>> values_of(std::string handle) override {
        CO_TRY(auto known, desk_.registry.values_of(handle));
        if (known) {
            std::erase_if(*known, [](const Value& value) {
                return !value.is(handle::permission::public_read);
            });
            co_return std::move(*known);
        }
        if (desk_.resolver == nullptr) co_return fail(Code::not_found, handle + " is not here");
        identity::ResolvedValues others(*desk_.resolver);
        auto found = co_await others.values_of(std::move(handle));
        co_return found;
    }

private:
    NamingDesk& desk_;
};

json::value reference_or_null(const handle::Reference& reference) {
    return reference.handle.empty() ? json::value(nullptr)
                                    : json::value(identity::text_of(reference));
}

json::array indexes_out(const std::vector<std::uint32_t>& indexes) {
    json::array out;
    for (const auto index : indexes) out.emplace_back(index);
    return out;
}

Result<ValueSigner*> signer_of(NamingDesk& desk) {
    TRY_VOID(check_takes_changes(desk));
    if (desk.signer != nullptr) return desk.signer;
    return fail(Code::conflict, "this node has no key to sign with: set handle.listen");
}

// Puts a value into the prefix handle.
io::Task<Result<void>> put_at_prefix(NamingDesk* desk, std::string prefix, Value value) {
    identity::Change change;
    change.kind = identity::Change::Kind::add_values;
    change.handle = handle::prefix_handle(prefix);
    change.overwrites = true;
    change.values.push_back(std::move(value));
    const identity::Authority by{true, {}};
    auto outcome = co_await desk->registry.change(std::move(change), by);
    if (!outcome.is_good()) co_return std::unexpected(error_of(outcome));
    co_return Result<void>{};
}

// A prefix hosted here for another company needs a certificate before its signatures are worth
// anything elsewhere.
io::Task<Result<void>> ensure_certificate(NamingDesk* desk, std::string prefix) {
    if (std::ranges::find(desk->own, prefix) != desk->own.end()) co_return Result<void>{};
    CO_TRY(const auto known, desk->registry.values_of(handle::prefix_handle(prefix)));
    const bool is_there = known && std::ranges::any_of(*known, [](const Value& value) {
        return value.type == "HS_CERT" && value.index == ValueSigner::certificate_index;
    });
    if (is_there) co_return Result<void>{};
    auto made = co_await certify_prefix(desk, std::move(prefix), {}, 0);
    if (!made) co_return std::unexpected(made.error());
    co_return Result<void>{};
}

io::Task<Answer> sign_identifier(Call call) {
    CO_TRY(NamingDesk* const desk, naming_of(call));
    CO_TRY(ValueSigner* const signer, signer_of(*desk));
    CO_TRY_VOID(handle::check_name(call.captured(0), {}));
    const std::string name = desk->registry.canonical(call.captured(0));
    const std::string prefix = prefix_of_handle(name);
    CO_TRY_VOID(check_own(call, prefix));
    CO_TRY(const auto known, desk->registry.values_of(name));
    if (!known) co_return fail(Code::not_found, name + " is not registered here");
    if (!signer->issuer_of(name))
        co_return fail(Code::conflict,
                       name + ": this node signs what is under handle.prefix, not prefix handles");
    auto certified = co_await ensure_certificate(desk, prefix);
    if (!certified) co_return std::unexpected(certified.error());
    identity::Change change;
    change.kind = identity::Change::Kind::add_values;
    change.handle = name;
    change.signs = true;
    const identity::Authority by{true, {}};
    auto outcome = co_await desk->registry.change(std::move(change), by);
    if (!outcome.is_good()) co_return refusal_of(outcome);
    CO_TRY(auto values, desk->registry.values_of(name));
    std::vector<Value> now = std::move(values).value_or(std::vector<Value>());
    auto trust = co_await trust_of(desk, name, now);
    CO_TRY(const auto viewer, viewer_of(call, prefix));
    json::object out = identifier_out(name, shown_to(viewer, std::move(now)).values);
    out["signatures"] = signatures_out(trust);
    co_return reply(out);
}

// The key that signs under `prefix`: of who was delegated to, as its HS_SITE names it. Empty: the
// prefix is hosted here.
Result<std::string> key_of_delegate(const NamingDesk& desk, const std::string& prefix) {
    TRY(const auto known, desk.registry.values_of(handle::prefix_handle(prefix)));
    if (!known) return fail(Code::not_found, handle::prefix_handle(prefix) + " is not here");
    for (const Value& value : *known) {
        if (value.type != "HS_SITE" && value.type != "HS_SITE.PREFIX") continue;
        const auto site = handle::decode_site(as_bytes(value.data), {});
        if (!site || site->servers.empty()) continue;
        if (!site->servers.front().public_key.empty()) return site->servers.front().public_key;
        return fail(Code::invalid,
                    "\"public_key\" is needed: HS_SITE of the prefix names no key (GET /api/site there)");
    }
    return std::string();
}

Result<std::string> key_in_body(const json::object& body, const NamingDesk& desk,
                                const std::string& prefix) {
    const auto* given = body.if_contains("public_key");
    if (given == nullptr || given->is_null()) return key_of_delegate(desk, prefix);
    auto data = handle::parse_data(json::object{{"format", "key"}, {"value", *given}});
    if (!data) return fail(Code::invalid, "\"public_key\": " + data.error().context);
    return data;
}

io::Task<Answer> give_certificate(Call call) {
    CO_TRY(NamingDesk* const desk, naming_of(call));
    CO_TRY(ValueSigner* const signer, signer_of(*desk));
    CO_TRY(auto body, body_object(call.request, {"public_key", "life_days"}));
    const std::string prefix = handle::fold(call.captured(0));
    CO_TRY(auto key, key_in_body(body, *desk, prefix));
    CO_TRY(const auto asked, optional_number(body, "life_days"));
    const double days = asked && *asked ? **asked : certificate_days_usual;
    if (days < 1 || days > certificate_days_max || std::floor(days) != days)
        co_return fail(Code::invalid, "\"life_days\" must be a whole number from 1 to 36500");
    const auto life_s = static_cast<std::int64_t>(days) * 86'400;
    const std::string above = signer->own_above(prefix);
    auto made = co_await certify_prefix(desk, prefix, std::move(key), life_s);
    if (!made) co_return std::unexpected(made.error());
    CO_TRY(const auto certified, identity::certified_key(made->data));
    CO_TRY(const auto fingerprint, identity::fingerprint_of(certified));
    const handle::Reference subject{handle::prefix_handle(prefix), ValueSigner::key_index};
    const handle::Reference issuer{handle::prefix_handle(above), ValueSigner::key_index};
    const Instant until = io::Shard::here().now() + std::chrono::seconds(life_s);
    co_return reply(json::object{{"prefix", prefix},
                                 {"subject", identity::text_of(subject)},
                                 {"issuer", identity::text_of(issuer)},
                                 {"key", fingerprint},
                                 {"until", render_time(until)}},
                    201);
}

}  // namespace

Result<void> check_takes_changes(const NamingDesk& desk) {
    if (desk.mirror_of.empty()) return {};
    return fail(Code::conflict,
                "this node is a mirror: changes go to its origin, " + desk.mirror_of);
}

io::Task<identity::ValuesTrust> trust_of(NamingDesk* desk, std::string handle,
                                         std::vector<Value> values) {
    DeskValues source(*desk);
    auto out = co_await identity::examine_values(&source, std::move(handle), std::move(values),
                                                 desk->trusted, identity::TrustLimits{});
    co_return out;
}

json::array signatures_out(const identity::ValuesTrust& trust) {
    json::array out;
    for (const auto& one : trust.signatures) {
        json::array chain;
        for (const auto& link : one.chain) chain.emplace_back(identity::text_of(link));
        out.push_back(json::object{{"index", one.index},
                                   {"state", name_of(one.worth.worth)},
                                   {"by", reference_or_null(one.worth.by)},
                                   {"root", reference_or_null(one.worth.root)},
                                   {"chain", std::move(chain)},
                                   {"covers", indexes_out(one.worth.covers)},
                                   {"changed", indexes_out(one.worth.changed)},
                                   {"why", text_or_null(one.worth.why)}});
    }
    return out;
}

io::Task<Result<Value>> certify_prefix(NamingDesk* desk, std::string prefix,
                                       std::string public_key, std::int64_t life_s) {
    CO_TRY(ValueSigner* const signer, signer_of(*desk));
    auto made = co_await signer->certify_prefix(prefix, std::move(public_key), life_s);
    if (!made) co_return std::unexpected(made.error());
    auto kept = co_await put_at_prefix(desk, std::move(prefix), *made);
    if (!kept) co_return std::unexpected(kept.error());
    co_return made;
}

void add_trust_routes(http::Router& router, Services& services) {
    serve(router, services, "POST", "/api/v1/naming/sign/{handle...}", &sign_identifier);
    serve(router, services, "POST", "/api/v1/naming/prefixes/{prefix}/certificate",
          &give_certificate);
}

}  // namespace lineshaft::api
