// Signed values: what their signatures are worth, signing what is registered already, certificates for
// the keys that sign under a prefix.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "api/naming.h"
#include "api/render.h"
#include "api/routes.h"
#include "base/log.h"
#include "identity/asker.h"
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

// A prefix hosted here for another company needs a certificate before its signatures are worth
// anything elsewhere.
io::Task<Result<void>> ensure_certificate(NamingDesk* desk, std::string prefix) {
    if (std::ranges::find(desk->own, prefix) != desk->own.end()) co_return Result<void>{};
    CO_TRY(const auto known, desk->registry.values_of(handle::prefix_handle(prefix)));
    if (known && identity::certificate_in(*known, prefix)) co_return Result<void>{};
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

// The key that signs under a prefix: of who was delegated to, as the HS_SITE among its `values` names
// it; empty: that names none. Nothing: the prefix is hosted here.
std::optional<std::string> key_of_delegate(const std::vector<Value>& values) {
    for (const Value& value : values) {
        if (value.type != "HS_SITE" && value.type != "HS_SITE.PREFIX") continue;
        const auto site = handle::decode_site(as_bytes(value.data), {});
        if (site && !site->servers.empty()) return site->servers.front().public_key;
    }
    return std::nullopt;
}

// Empty: this node's own.
Result<std::string> key_to_certify(const NamingDesk& desk, const std::string& prefix) {
    TRY(const auto known, desk.registry.values_of(handle::prefix_handle(prefix)));
    if (!known) return fail(Code::not_found, handle::prefix_handle(prefix) + " is not here");
    auto key = key_of_delegate(*known);
    if (key && key->empty())
        return fail(Code::invalid,
                    "\"public_key\" is needed: HS_SITE of the prefix names no key (GET /api/site there)");
    return std::move(key).value_or(std::string());
}

std::string_view certificate_state(const NamingDesk& desk, const identity::KeptCertificate& kept,
                                   const std::vector<Value>& values) {
    const std::int64_t now_s = io::Shard::here().now().millis() / 1'000;
    if (kept.terms.until_s && *kept.terms.until_s <= now_s) return "ended";
    if (desk.signer == nullptr) return "valid";
    if (!desk.signer->made(kept.jws)) return "not_ours";
    const auto named = key_of_delegate(values).value_or(desk.signer->public_key());
    const auto fingerprint = identity::fingerprint_of(named);
    const auto certified = identity::fingerprint_of(kept.terms.public_key);
    if (fingerprint && certified && *fingerprint != *certified) return "other_key";
    return kept.renew_at_s && *kept.renew_at_s <= now_s ? "due" : "valid";
}

json::value second_or_null(const std::optional<std::int64_t>& second) {
    return second ? json::value(render_time(Instant::from_millis(*second * 1'000)))
                  : json::value(nullptr);
}

struct SigningKey {
    std::string_view source;  // "own": hosted here, "site": as HS_SITE names it, "node": it said so
    std::string bytes{};      // empty: nobody knows it, source "none"
    std::string why{};
};

// As its server says, and proves by signing that it has it.
io::Task<Result<SigningKey>> ask_for_key(std::string address) {
    CO_TRY(const auto server, io::parse_address(address));
    auto told = co_await identity::ask_site(server, handle::Transport::tcp);
    SigningKey out{"none"};
    if (!told) {
        out.why = address + " does not answer: " + told.error().context;
        co_return std::move(out);
    }
    std::string key = told->site.servers.empty() ? "" : told->site.servers.front().public_key;
    const auto proof = identity::check_signature(told->reply, key);
    if (key.empty()) {
        out.why = address + " names no key of its own";
    } else if (!proof) {
        out.why = address + ": " + proof.error().context;
    } else {
        out.source = "node";
        out.bytes = std::move(key);
    }
    co_return std::move(out);
}

io::Task<Result<SigningKey>> signing_key_of(NamingDesk* desk, std::string prefix) {
    CO_TRY(const auto known, desk->registry.values_of(handle::prefix_handle(prefix)));
    if (!known) co_return fail(Code::not_found, handle::prefix_handle(prefix) + " is not here");
    auto named = key_of_delegate(*known);
    if (!named) co_return SigningKey{"own", desk->signer->public_key()};
    if (!named->empty()) co_return SigningKey{"site", std::move(*named)};
    CO_TRY(const auto entry, desk->book.prefix(prefix));
    auto asked = co_await ask_for_key(entry.address);
    co_return asked;
}

// Which key would be certified: to be compared with what its owner says before it is.
io::Task<Answer> show_signing_key(Call call) {
    CO_TRY(NamingDesk* const desk, naming_of(call));
    CO_TRY(ValueSigner* const signer, signer_of(*desk));
    const std::string prefix = handle::fold(call.captured(0));
    if (signer->own_above(prefix).empty())
        co_return fail(Code::not_found, prefix + " is not derived from a prefix of this node");
    auto key = co_await signing_key_of(desk, prefix);
    if (!key) co_return std::unexpected(key.error());
    json::object out{{"prefix", prefix},
                     {"key", nullptr},
                     {"source", key->source},
                     {"public_key", nullptr},
                     {"why", text_or_null(key->why)}};
    if (!key->bytes.empty()) {
        CO_TRY(const auto fingerprint, identity::fingerprint_of(key->bytes));
        out["key"] = fingerprint;
        const auto shown = handle::data_json(handle::value_of(1, "HS_PUBKEY", std::move(key->bytes)));
        out["public_key"] = shown.as_object().at("value");
    }
    co_return reply(out);
}

Result<std::string> key_in_body(const json::object& body, const NamingDesk& desk,
                                const std::string& prefix) {
    const auto* given = body.if_contains("public_key");
    if (given == nullptr || given->is_null()) return key_to_certify(desk, prefix);
    auto data = handle::parse_data(json::object{{"format", "key"}, {"value", *given}});
    if (!data) return fail(Code::invalid, "\"public_key\": " + data.error().context);
    return data;
}

io::Task<Answer> give_certificate(Call call) {
    CO_TRY(NamingDesk* const desk, naming_of(call));
    CO_TRY(ValueSigner* const signer, signer_of(*desk));
    CO_TRY(auto body, body_object(call.request, {"public_key", "life_days"}));
    const std::string prefix = handle::fold(call.captured(0));
    CO_TRY(const auto holder, desk->book.holder_of(prefix));
    if (holder && holder->prefix == prefix && holder->state == identity::PrefixState::revoked)
        co_return fail(Code::conflict, prefix + " is revoked");
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
    auto kept = co_await identity::put_at_prefix(&desk->registry, std::move(prefix), *made);
    if (!kept.is_good()) co_return std::unexpected(error_of(kept));
    co_return made;
}

json::value certificate_out(const NamingDesk& desk, const std::string& prefix,
                            const std::vector<Value>& values) {
    const auto kept = identity::certificate_in(values, prefix);
    if (!kept) return nullptr;
    const auto fingerprint = identity::fingerprint_of(kept->terms.public_key);
    return json::object{{"state", certificate_state(desk, *kept, values)},
                        {"subject", identity::text_of(kept->terms.subject)},
                        {"issuer", identity::text_of(kept->terms.issuer)},
                        {"key", fingerprint.value_or("")},
                        {"since", second_or_null(kept->terms.since_s)},
                        {"until", second_or_null(kept->terms.until_s)},
                        {"renews_at", second_or_null(kept->renew_at_s)}};
}

bool gives_certificate(const NamingDesk& desk, std::string_view prefix) {
    return desk.signer != nullptr && !desk.signer->own_above(prefix).empty();
}

void add_trust_routes(http::Router& router, Services& services) {
    serve(router, services, "POST", "/api/v1/naming/sign/{handle...}", &sign_identifier);
    serve(router, services, "POST", "/api/v1/naming/prefixes/{prefix}/certificate",
          &give_certificate);
    serve(router, services, "GET", "/api/v1/naming/prefixes/{prefix}/key", &show_signing_key);
}

}  // namespace lineshaft::api
