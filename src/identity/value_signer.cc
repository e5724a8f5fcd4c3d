#include "identity/value_signer.h"

#include <algorithm>

#include "identity/node_key.h"
#include "io/pause.h"
#include "io/shard.h"
#include "wire/handle/names.h"

namespace lineshaft::identity {
namespace {

using handle::Reference;
using handle::Value;

Reference key_reference_of(std::string_view prefix) {
    return {handle::prefix_handle(prefix), ValueSigner::key_index};
}

constexpr std::int64_t renew_before_max_s = 30 * 86'400;
constexpr std::size_t looked_at_once = 200;

std::int64_t signer_now_s() {
    return io::Shard::here().now().millis() / 1'000;
}

}  // namespace

ValueSigner::ValueSigner(trust::RsaKey key, io::Workers& workers, Settings settings)
    : key_(std::move(key)), workers_(workers), settings_(std::move(settings)) {}

std::string ValueSigner::own_above(std::string_view prefix) const {
    std::string out;
    for (const auto& own : settings_.prefixes) {
        const bool is_nearer = own.size() > out.size() && own != prefix;
        if (is_nearer && handle::is_under(prefix, own)) out = own;
    }
    return out;
}

std::optional<Reference> ValueSigner::issuer_of(std::string_view handle) const {
    const auto prefix = handle::split_name(handle).prefix;
    const bool is_own = std::ranges::find(settings_.prefixes, prefix) != settings_.prefixes.end();
    if (!is_own && own_above(prefix).empty()) return std::nullopt;
    return key_reference_of(prefix);
}

bool ValueSigner::made(std::string_view jws) const {
    return check_jws(jws, public_key_of(key_)).has_value();
}

std::string ValueSigner::public_key() const {
    return public_key_of(key_);
}

bool ValueSigner::is_own(const Value& value, std::string_view handle) const {
    if (value.type != "HS_SIGNATURE") return false;
    const auto own = issuer_of(handle);
    const auto issuers = issuers_of(value.data);
    return own && issuers && is_same_reference(issuers->back(), *own);
}

io::Task<Result<std::vector<std::string>>> ValueSigner::sign(std::vector<Wish> wishes) {
    auto work = [this, wishes = std::move(wishes),
                 now_s = signer_now_s()]() -> Result<std::vector<std::string>> {
        std::vector<std::string> out;
        for (const Wish& wish : wishes) {
            const auto issuer = issuer_of(wish.handle);
            if (!issuer) return fail(Code::denied, wish.handle + " is under no prefix of this node");
            out.push_back(sign_values(key_, *issuer, wish.handle, wish.values, now_s, 0));
        }
        return out;
    };
    auto done = co_await workers_.run(std::move(work));
    co_return done;
}

void ValueSigner::put_signature(std::vector<Value>& values, std::string_view handle,
                                std::string jws) const {
    std::uint32_t index = signature_index;
    const auto before = std::ranges::find_if(
        values, [&](const Value& value) { return is_own(value, handle); });
    if (before != values.end()) {
        index = before->index;
        values.erase(before);
    }
    while (std::ranges::find(values, index, &Value::index) != values.end()) ++index;
    Value value = handle::value_of(index, "HS_SIGNATURE", std::move(jws));
    value.timestamp_s = static_cast<std::uint32_t>(signer_now_s());
    const auto place = std::ranges::lower_bound(values, index, {}, &Value::index);
    values.insert(place, std::move(value));
}

void ValueSigner::drop_stale(std::vector<Value>& values, std::string_view handle) const {
    const auto own = std::ranges::find_if(
        values, [&](const Value& value) { return is_own(value, handle); });
    if (own == values.end()) return;
    const auto worth = judge_signature(own->data, handle, values, {}, {}, signer_now_s());
    if (!worth.changed.empty()) values.erase(own);
}

io::Task<Result<Value>> ValueSigner::certify_prefix(std::string prefix, std::string public_key,
                                                    std::int64_t life_s) {
    const std::string above = own_above(prefix);
    if (above.empty())
        co_return fail(Code::denied, prefix + " is not derived from a prefix of this node");
    if (public_key.empty()) public_key = public_key_of(key_);
    const auto numbers = handle::decode_public_key(as_bytes(public_key));
    if (!numbers) co_return std::unexpected(numbers.error());
    if (numbers->type != "RSA_PUB_KEY" && numbers->type != "DSA_PUB_KEY")
        co_return fail(Code::unsupported,
                       "certificates are for RSA and DSA keys, not " + numbers->type);
    auto work = [this, prefix, above, public_key, life_s,
                 now_s = signer_now_s()]() -> Result<std::string> {
        using Kind = CertifiedRight::Kind;
        const std::string own = handle::prefix_handle(prefix);
        return certify(key_, key_reference_of(above), key_reference_of(prefix), public_key,
                       {{Kind::this_handle, own},
                        {Kind::handles_under_this_prefix, own},
                        {Kind::derived_prefixes, own}},
                       now_s, life_s);
    };
    auto jws = co_await workers_.run(std::move(work));
    if (!jws) co_return std::unexpected(jws.error());
    co_return handle::value_of(certificate_index, "HS_CERT", std::move(*jws));
}

std::optional<KeptCertificate> certificate_in(const std::vector<Value>& values,
                                              std::string_view prefix) {
    const Reference subject = key_reference_of(prefix);
    const Value* found = nullptr;
    for (const Value& value : values) {
        if (value.type != "HS_CERT" || !certifies(value.data, subject)) continue;
        if (found == nullptr || value.index == ValueSigner::certificate_index) found = &value;
    }
    if (found == nullptr) return std::nullopt;
    auto terms = terms_of(found->data);
    if (!terms) return std::nullopt;
    KeptCertificate out{found->data, std::move(*terms), {}};
    const auto until = out.terms.until_s;
    if (until) {
        const std::int64_t life = *until - out.terms.since_s.value_or(*until);
        out.renew_at_s = *until - std::clamp<std::int64_t>(life / 3, 0, renew_before_max_s);
    }
    return out;
}

io::Task<Outcome> put_at_prefix(Registry* registry, std::string prefix, Value value) {
    Change change;
    change.kind = Change::Kind::add_values;
    change.handle = handle::prefix_handle(prefix);
    change.overwrites = true;
    change.values.push_back(std::move(value));
    const Authority by{true, {}};
    auto outcome = co_await registry->change(std::move(change), by);
    co_return outcome;
}

namespace {

// Empty: it is done.
io::Task<std::string> renew(Registry* registry, ValueSigner* signer, std::string prefix,
                            CertificateTerms terms) {
    const std::int64_t life_s = *terms.until_s - terms.since_s.value_or(signer_now_s());
    auto made = co_await signer->certify_prefix(prefix, std::move(terms.public_key), life_s);
    if (!made) co_return prefix + ": " + made.error().context;
    auto kept = co_await put_at_prefix(registry, prefix, std::move(*made));
    if (!kept.is_good()) co_return prefix + ": " + kept.message;
    co_return std::string();
}

io::Task<void> look_at_certificate(Registry* registry, ValueSigner* signer, std::string prefix,
                                   MayRenew may_renew, Renewals* out) {
    const auto values = registry->values_of(handle::prefix_handle(prefix));
    if (!values || !*values) co_return;
    auto kept = certificate_in(**values, prefix);
    if (!kept || !is_same_reference(kept->terms.issuer, key_reference_of(signer->own_above(prefix))))
        co_return;
    const bool is_ours = signer->made(kept->jws);
    const bool is_due = kept->renew_at_s && signer_now_s() >= *kept->renew_at_s;
    ++(is_ours ? out->given : out->in_doubt);
    if (!is_ours || !is_due || *kept->terms.until_s <= kept->terms.since_s.value_or(0)) co_return;
    auto may = co_await may_renew(prefix);
    if (!may) co_return;
    auto why = co_await renew(registry, signer, prefix, std::move(kept->terms));
    if (why.empty()) {
        out->renewed.push_back(std::move(prefix));
        co_return;
    }
    ++out->in_doubt;
    if (out->why.empty()) out->why = std::move(why);
}

}  // namespace

io::Task<Result<Renewals>> renew_certificates(Registry* registry, ValueSigner* signer,
                                              MayRenew may_renew) {
    Renewals out;
    std::string after;
    for (bool is_last = false; !is_last;) {
        const auto page = registry->list("0.NA", after, looked_at_once);
        if (!page) co_return std::unexpected(page.error());
        is_last = page->is_last || page->names.empty();
        for (const auto& name : page->names) {
            after = name;
            const std::string prefix(handle::split_name(name).suffix);
            if (signer->own_above(prefix).empty()) continue;
            co_await look_at_certificate(registry, signer, prefix, may_renew, &out);
        }
        co_await io::let_others_run();
    }
    co_return out;
}

}  // namespace lineshaft::identity
