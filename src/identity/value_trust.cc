#include "identity/value_trust.h"

#include <algorithm>
#include <map>

#include "identity/node_key.h"
#include "identity/resolver.h"
#include "wire/handle/names.h"

namespace lineshaft::identity {
namespace {

using handle::Reference;
using handle::Value;

// A wrong signature outdoes all others, a good one those that nobody vouches for.
Worth stronger(Worth a, Worth b) {
    for (const Worth one : {Worth::invalid, Worth::valid, Worth::untrusted}) {
        if (a == one || b == one) return one;
    }
    return Worth::none;
}

bool is_trusted_key(std::string_view public_key, const TrustedKeys& trusted) {
    const auto fingerprint = fingerprint_of(public_key);
    return fingerprint && std::ranges::find(trusted, *fingerprint) != trusted.end();
}

}  // namespace

/// One handle's search; each other handle is asked for once.
struct TrustSearch {
    ValueSource& source;
    const TrustedKeys& trusted;
    const TrustLimits limits;
    std::map<std::string, std::vector<Value>> known = {};

    // Empty: there are none, or too many handles were asked for already.
    static io::Task<std::vector<Value>> look(TrustSearch* search, std::string handle) {
        const std::string name = handle::canonical(handle, true);
        if (const auto found = search->known.find(name); found != search->known.end())
            co_return found->second;
        std::vector<Value> out;
        if (search->known.size() >= search->limits.lookups_max) co_return out;
        auto values = co_await search->source.values_of(name);
        if (values) out = std::move(*values);
        search->known[name] = out;
        co_return out;
    }

    // The certificate of `wanted` among `values`, that at `index` when there are several; empty: none.
    static std::string certificate_in(const std::vector<Value>& values, const Reference& wanted,
                                      std::uint32_t index) {
        const Value* out = nullptr;
        for (const Value& value : values) {
            if (value.type != "HS_CERT" || !certifies(value.data, wanted)) continue;
            if (out == nullptr || value.index == index) out = &value;
        }
        return out == nullptr ? std::string() : out->data;
    }

    // HS_PUBKEY data at `wanted`, when it is trusted; empty: it is not.
    static std::string trusted_key_in(const TrustSearch& search, const std::vector<Value>& values,
                                      const Reference& wanted) {
        const auto found = std::ranges::find(values, wanted.index, &Value::index);
        const bool is_root = found != values.end() && found->type == "HS_PUBKEY" &&
                             is_trusted_key(found->data, search.trusted);
        return is_root ? found->data : std::string();
    }

    struct Found {
        SignatureChain chain;
        std::vector<Reference> whose;
    };
    // What stands above `jws`, as far up as a trusted key, or as anything can be found.
    static io::Task<Found> climb_from(TrustSearch* search, std::string jws) {
        Found out;
        while (out.chain.certificates.size() < search->limits.chain.links_max) {
            const auto places = issuers_of(jws, search->limits.chain);
            if (!places) break;
            const Reference wanted = places->back();
            std::string certificate;
            for (std::size_t at = 0; at < places->size() && certificate.empty(); ++at) {
                const Reference place = (*places)[at];
                auto values = co_await look(search, place.handle);
                certificate = certificate_in(values, wanted, place.index);
            }
            auto own = co_await look(search, wanted.handle);
            out.chain.root_key = trusted_key_in(*search, own, wanted);
            const bool is_root = !out.chain.root_key.empty();
            if (!is_root && jws == certificate) break;  // it vouches for itself
            if (is_root || !certificate.empty()) out.whose.push_back(wanted);
            if (is_root || certificate.empty()) break;
            jws = std::move(certificate);
            out.chain.certificates.push_back(jws);
            const auto key = certified_key(jws, search->limits.chain);
            if (key && is_trusted_key(*key, search->trusted)) break;
        }
        co_return out;
    }
};

io::Task<Result<std::vector<Value>>> ResolvedValues::values_of(std::string handle) {
    auto found = co_await resolver_.resolve(std::move(handle), nullptr);
    if (!found) co_return std::unexpected(found.error());
    if (found->answer != handle::Answer::success)
        co_return fail(Code::not_found, std::string(handle::words_of(found->answer)));
    co_return std::move(found->values);
}

Worth ValuesTrust::of(std::uint32_t index) const {
    Worth out = Worth::none;
    for (const auto& one : signatures) out = stronger(out, one.worth.of(index));
    return out;
}

Worth ValuesTrust::all() const {
    Worth out = Worth::none;
    for (const auto& one : signatures) out = stronger(out, one.worth.worth);
    return out;
}

io::Task<ValuesTrust> examine_values(ValueSource* source, std::string handle,
                                     std::vector<Value> values, TrustedKeys trusted,
                                     TrustLimits limits) {
    ValuesTrust out;
    TrustSearch search{*source, trusted, limits};
    const std::int64_t now_s = io::Shard::here().now().millis() / 1'000;
    for (std::size_t at = 0; at < values.size(); ++at) {
        const bool is_one = values[at].type == "HS_SIGNATURE";
        if (!is_one || out.signatures.size() >= limits.signatures_max) continue;
        const std::string jws = values[at].data;
        auto found = co_await TrustSearch::climb_from(&search, jws);
        FoundSignature one;
        one.index = values[at].index;
        one.worth = judge_signature(jws, handle, values, found.chain, trusted, now_s, limits.chain);
        one.chain = std::move(found.whose);
        out.signatures.push_back(std::move(one));
    }
    co_return out;
}

}  // namespace lineshaft::identity
