#include "identity/value_signer.h"

#include <algorithm>

#include "identity/node_key.h"
#include "io/shard.h"
#include "wire/handle/names.h"

namespace lineshaft::identity {
namespace {

using handle::Reference;
using handle::Value;

Reference key_reference_of(std::string_view prefix) {
    return {handle::prefix_handle(prefix), ValueSigner::key_index};
}

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
    if (numbers->type != "RSA_PUB_KEY")
        co_return fail(Code::unsupported, "certificates are for RSA keys, not " + numbers->type);
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

}  // namespace lineshaft::identity
