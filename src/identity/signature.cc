#include "identity/signature.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <span>

#include "base/number.h"
#include "identity/node_key.h"
#include "trust/secrets.h"
#include "wire/handle/names.h"

namespace lineshaft::identity {
namespace {

namespace json = boost::json;
using handle::Reference;
using handle::Value;

constexpr handle::Limits signature_wire{};
constexpr std::int64_t clock_grace_s = 3'600;  // clocks at plants are wrong

enum class JwsKind : std::uint8_t { rsa, dsa };  // RS256, DS256

struct Jws {
    JwsKind kind = JwsKind::rsa;
    json::object claims;
    std::string covered;  // header and payload, as they are signed
    std::string signature;
};

Result<json::object> object_of(std::string_view base64url) {
    TRY(const auto text, trust::from_base64url(base64url));
    boost::system::error_code bad;
    json::parse_options options;
    options.max_depth = 16;
    const auto value = json::parse(text, bad, {}, options);
    if (bad || !value.is_object()) return fail(Code::invalid, "JWS: no JSON object");
    return value.get_object();
}

std::string text_in(const json::object& from, std::string_view name) {
    const auto* value = from.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string())
                                                  : std::string();
}

Result<Jws> parse_jws(std::string_view text, const ChainLimits& limits) {
    if (text.size() > limits.jws_bytes_max) return fail(Code::exhausted, "JWS: too long");
    const auto first = text.find('.');
    const auto second = first == text.npos ? text.npos : text.find('.', first + 1);
    if (second == text.npos || text.find('.', second + 1) != text.npos)
        return fail(Code::invalid, "JWS: not three parts");
    Jws out;
    TRY(const auto header, object_of(text.substr(0, first)));
    const std::string algorithm = text_in(header, "alg");
    if (algorithm != "RS256" && algorithm != "DS256")
        return fail(Code::unsupported, "JWS: only RS256 and DS256 are read");
    if (algorithm == "DS256") out.kind = JwsKind::dsa;
    TRY(out.claims, object_of(text.substr(first + 1, second - first - 1)));
    TRY(out.signature, trust::from_base64url(text.substr(second + 1)));
    out.covered = text.substr(0, second);
    return out;
}

// "300:0.NA/88.101"; nothing when it is none.
std::optional<Reference> reference_of(std::string_view text) {
    auto out = reference_in(text);
    return out && handle::check_name(out->handle, signature_wire) ? out : std::nullopt;
}

// -1: a number, but no second.
std::optional<std::int64_t> second_in(const json::object& claims, std::string_view name) {
    const auto* value = claims.if_contains(name);
    if (value == nullptr || !value->is_number()) return std::nullopt;
    return value->is_int64() ? value->get_int64() : -1;
}

Result<void> check_times(const json::object& claims, std::int64_t now_s) {
    const auto begins = second_in(claims, "nbf"), ends = second_in(claims, "exp");
    if (begins && *begins > now_s + clock_grace_s) return fail(Code::denied, "not valid yet");
    if (ends && *ends + clock_grace_s < now_s) return fail(Code::denied, "not valid any more");
    return {};
}

// The members of a JWK in the order of HS_PUBKEY's numbers. Empty: another kind of key.
std::span<const std::string_view> jwk_members(std::string_view key_type) {
    static constexpr std::string_view of_rsa[] = {"e", "n"}, of_dsa[] = {"q", "p", "g", "y"};
    if (key_type == "RSA_PUB_KEY") return of_rsa;
    if (key_type == "DSA_PUB_KEY") return of_dsa;
    return {};
}

// JWK of a key: its numbers.
Result<handle::PublicKey> key_in(const json::object& claims) {
    const auto* value = claims.if_contains("publicKey");
    if (value == nullptr || !value->is_object()) return fail(Code::invalid, "HS_CERT: no publicKey");
    const auto& jwk = value->get_object();
    handle::PublicKey out{text_in(jwk, "kty") + "_PUB_KEY", {}};
    const auto members = jwk_members(out.type);
    if (members.empty()) return fail(Code::unsupported, "HS_CERT: only RSA and DSA keys");
    for (const auto name : members) {
        TRY(auto number, trust::from_base64url(text_in(jwk, name)));
        while (number.size() > 1 && number.front() == '\0') number.erase(0, 1);
        if (number.empty()) return fail(Code::invalid, "HS_CERT: an empty number");
        if ((static_cast<unsigned char>(number.front()) & 0x80u) != 0) number.insert(0, 1, '\0');
        out.numbers.push_back(std::move(number));
    }
    return out;
}

// `is_above`: of a certificate that permits others to sign, which counts for what is under the prefixes
// derived from its own as well.
bool permits(const json::object& right, std::string_view handle, bool is_above) {
    const std::string perm = text_in(right, "perm");
    if (perm == "everything") return true;
    const std::string name = handle::canonical(handle, false);
    const std::string given = handle::canonical(text_in(right, "handle"), false);
    if (perm == "thisHandle") return given == name;
    const auto [root, prefix] = handle::split_name(given);
    if (root != "0.NA") return false;
    const auto [own_prefix, own_suffix] = handle::split_name(name);
    if (perm == "handlesUnderThisPrefix") return own_prefix == prefix;
    if (perm != "derivedPrefixes") return false;
    const bool is_prefix = own_prefix == "0.NA";
    const std::string& derived = is_prefix ? own_suffix : own_prefix;
    return (is_prefix || is_above) && derived != prefix && handle::is_under(derived, prefix);
}

bool permits_any(const json::object& claims, std::string_view handle, bool is_above) {
    const auto* rights = claims.if_contains("perms");
    if (rights == nullptr || !rights->is_array()) return false;
    return std::ranges::any_of(rights->get_array(), [=](const json::value& one) {
        return one.is_object() && permits(one.get_object(), handle, is_above);
    });
}

// All but index and timestamp: those may differ at a mirror.
std::string digest_of_value(const Value& value) {
    std::string record;
    handle::put(record, value);
    return trust::hash_of(trust::Hash::sha256, std::string_view(record).substr(8));
}

// Sorts the values that `claims` is about into those that are as they were signed and the others.
// Errors: invalid, unsupported, exhausted.
// Out of line: inlined, g++ 12 believes that a short text is read past its end.
[[gnu::noinline]] Result<void> compare_digests(const json::object& claims,
                                               const std::vector<Value>& values,
                                               const ChainLimits& limits, SignatureWorth& out) {
    const auto* outer = claims.if_contains("digests");
    const auto* list = outer != nullptr && outer->is_object()
                           ? outer->get_object().if_contains("digests")
                           : nullptr;
    if (list == nullptr || !list->is_array()) return fail(Code::invalid, "HS_SIGNATURE: no digests");
    if (text_in(outer->get_object(), "alg") != "SHA-256")
        return fail(Code::unsupported, "HS_SIGNATURE: only SHA-256");
    if (list->get_array().size() > limits.digests_max)
        return fail(Code::exhausted, "HS_SIGNATURE: too many digests");
    for (const auto& one : list->get_array()) {
        const auto* index = one.is_object() ? one.get_object().if_contains("index") : nullptr;
        if (index == nullptr || !index->is_int64() || index->get_int64() < 1 ||
            index->get_int64() > 0x7fff'ffff)
            return fail(Code::invalid, "HS_SIGNATURE: an index");
        const auto number = static_cast<std::uint32_t>(index->get_int64());
        const auto found = std::ranges::find(values, number, &Value::index);
        const auto digest = trust::from_base64(text_in(one.get_object(), "digest"));
        if (found != values.end() && digest && *digest == digest_of_value(*found)) {
            out.covers.push_back(number);
            continue;
        }
        out.changed.push_back(number);
        if (!out.why.empty()) continue;
        out.why = "value " + std::to_string(number) +
                  (found == values.end() ? " was signed and has gone" : " is not as it was signed");
    }
    return {};
}

Result<void> verify_jws(const Jws& jws, const handle::PublicKey& key) {
    const auto& n = key.numbers;
    const bool is_rsa = key.type == "RSA_PUB_KEY";
    if (!is_rsa && key.type != "DSA_PUB_KEY")
        return fail(Code::unsupported, "signatures of " + key.type);
    if (is_rsa != (jws.kind == JwsKind::rsa))
        return fail(Code::denied, "the signature is of another kind than the key");
    if (is_rsa) return trust::verify_rsa(n[0], n[1], trust::Hash::sha256, jws.covered, jws.signature);
    return trust::verify_dsa(n[0], n[1], n[2], n[3], trust::Hash::sha256, jws.covered, jws.signature);
}

std::string make_jws(const trust::RsaKey& key, const json::object& claims) {
    const std::string covered = trust::to_base64url(R"({"alg":"RS256"})") + "." +
                                trust::to_base64url(json::serialize(claims));
    return covered + "." + trust::to_base64url(key.sign(trust::Hash::sha256, covered));
}

json::object claims_of(const Reference& issuer, std::string_view subject, std::int64_t now_s,
                       std::int64_t life_s) {
    json::object out;
    out["iss"] = text_of(issuer);
    out["sub"] = subject;
    out["iat"] = now_s;
    out["nbf"] = now_s;
    if (life_s > 0) out["exp"] = now_s + life_s;
    return out;
}

}  // namespace

Result<void> check_signature(const Reply& reply, std::string_view public_key) {
    TRY(const auto packet, handle::decode_message(as_bytes(reply.message), signature_wire));
    if (packet.credential.empty()) return fail(Code::denied, "the answer is not signed");
    TRY(const auto credential, handle::decode_credential(packet.credential, signature_wire));
    if (credential.type != "HS_SIGNED" && credential.type != "HS_DSAPUBKEY")
        return fail(Code::denied, "the answer is not signed, but has a " + credential.type);
    TRY(const auto covered, handle::signed_bytes(packet, credential.session_counter));
    TRY(const auto key, handle::decode_public_key(as_bytes(public_key)));
    const bool is_old = credential.algorithm == "SHA1" || credential.algorithm == "SHA-1";
    if (!is_old && credential.algorithm != "SHA-256" && credential.algorithm != "SHA256")
        return fail(Code::unsupported, "signatures with " + credential.algorithm);
    const auto hash = is_old ? trust::Hash::sha1 : trust::Hash::sha256;
    const auto& n = key.numbers;
    if (key.type == "RSA_PUB_KEY")
        return trust::verify_rsa(n[0], n[1], hash, covered, credential.signature);
    if (key.type == "DSA_PUB_KEY")
        return trust::verify_dsa(n[0], n[1], n[2], n[3], hash, covered, credential.signature);
    return fail(Code::unsupported, "signatures of " + key.type);
}

namespace {

// Each certificate names the key that must have signed what is below it, up to a trusted key: whose.
// Errors: not_found (there is none), denied, invalid, unsupported, exhausted.
Result<Reference> climb(const Jws& signature, Reference wanted, std::string_view handle,
                        const SignatureChain& chain, const TrustedKeys& trusted,
                        std::int64_t now_s, const ChainLimits& limits) {
    const auto is_trusted = [&trusted](const handle::PublicKey& key) {
        const auto fingerprint = fingerprint_of(handle::encode(key));
        return fingerprint && std::ranges::find(trusted, *fingerprint) != trusted.end();
    };
    Jws below = signature;
    for (const auto& text : chain.certificates) {
        TRY(auto certificate, parse_jws(text, limits));
        const auto subject = reference_of(text_in(certificate.claims, "sub"));
        const auto by = reference_of(text_in(certificate.claims, "iss"));
        if (!subject || !by || !is_same_reference(*subject, wanted))
            return fail(Code::denied, "the chain is broken at " + text_of(wanted));
        TRY_VOID(check_times(certificate.claims, now_s));
        TRY(const auto key, key_in(certificate.claims));
        TRY_VOID(verify_jws(below, key));
        if (!permits_any(certificate.claims, handle, &text != &chain.certificates.front()))
            return fail(Code::denied,
                        text_of(*subject) + " may not sign for " + std::string(handle));
        if (is_trusted(key)) return *subject;
        wanted = *by;
        below = std::move(certificate);
    }
    if (!chain.root_key.empty()) {
        TRY(const auto key, handle::decode_public_key(as_bytes(chain.root_key)));
        TRY_VOID(verify_jws(below, key));
        if (is_trusted(key)) return wanted;
    }
    return fail(Code::not_found,
                "the chain ends at " + text_of(wanted) + ", whose key is not trusted");
}

struct Weighed {
    SignatureWorth worth;
    std::optional<Error> refused{};    // it is no signature of that handle that counts now
    std::optional<Error> key_error{};  // why its key is not trusted
};

// Whose signature of `handle` it is, while it counts. Errors: denied, invalid.
Result<Reference> signer_in(const json::object& claims, std::string_view handle,
                            std::int64_t now_s) {
    auto issuer = reference_of(text_in(claims, "iss"));
    if (!issuer) return fail(Code::invalid, "HS_SIGNATURE: no issuer");
    if (handle::canonical(text_in(claims, "sub"), false) != handle::canonical(handle, false))
        return fail(Code::denied, "HS_SIGNATURE: of another handle");
    TRY_VOID(check_times(claims, now_s));
    return std::move(*issuer);
}

Result<void> check_length(const SignatureChain& chain, const ChainLimits& limits) {
    if (chain.certificates.size() <= limits.links_max) return {};
    return fail(Code::exhausted,
                "a chain of " + std::to_string(chain.certificates.size()) + " links");
}

// Errors: invalid, unsupported, exhausted, denied: nothing is said of any value.
Result<Jws> open_signature(std::string_view jws, std::string_view handle,
                           const std::vector<Value>& values, const SignatureChain& chain,
                           std::int64_t now_s, const ChainLimits& limits, SignatureWorth& out) {
    TRY(auto signature, parse_jws(jws, limits));
    TRY(out.by, signer_in(signature.claims, handle, now_s));
    TRY_VOID(compare_digests(signature.claims, values, limits, out));
    TRY_VOID(check_length(chain, limits));
    return signature;
}

Weighed weigh(std::string_view jws, std::string_view handle, const std::vector<Value>& values,
              const SignatureChain& chain, const TrustedKeys& trusted, std::int64_t now_s,
              const ChainLimits& limits) {
    Weighed out;
    const auto signature = open_signature(jws, handle, values, chain, now_s, limits, out.worth);
    if (!signature) {
        out.worth = {};
        out.refused = signature.error();
        return out;
    }
    const auto root = climb(*signature, out.worth.by, handle, chain, trusted, now_s, limits);
    if (root) {
        out.worth.root = *root;
        out.worth.key = Worth::valid;
    } else {
        out.key_error = root.error();
        out.worth.key = root.error().code == Code::not_found ? Worth::untrusted : Worth::invalid;
    }
    return out;
}

}  // namespace

std::string_view name_of(Worth worth) {
    switch (worth) {
        case Worth::none: return "unsigned";
        case Worth::valid: return "valid";
        case Worth::untrusted: return "untrusted";
        case Worth::invalid: break;
    }
    return "invalid";
}

Worth SignatureWorth::of(std::uint32_t index) const {
    if (std::ranges::find(changed, index) != changed.end()) return Worth::invalid;
    return std::ranges::find(covers, index) != covers.end() ? key : Worth::none;
}

SignatureWorth judge_signature(std::string_view jws, std::string_view handle,
                               const std::vector<Value>& values, const SignatureChain& chain,
                               const TrustedKeys& trusted, std::int64_t now_s,
                               const ChainLimits& limits) {
    auto weighed = weigh(jws, handle, values, chain, trusted, now_s, limits);
    SignatureWorth out = std::move(weighed.worth);
    if (weighed.refused) {
        out.why = std::move(weighed.refused->context);
        return out;
    }
    out.worth = out.changed.empty() ? out.key : Worth::invalid;
    if (out.why.empty() && weighed.key_error) out.why = std::move(weighed.key_error->context);
    return out;
}

Result<ValuesSigned> check_values(std::string_view jws, std::string_view handle,
                                  const std::vector<Value>& values,
                                  const std::vector<std::string>& certificates,
                                  const TrustedKeys& trusted, std::int64_t now_s,
                                  const ChainLimits& limits) {
    auto weighed = weigh(jws, handle, values, {certificates, {}}, trusted, now_s, limits);
    auto& worth = weighed.worth;
    if (weighed.refused) return std::unexpected(std::move(*weighed.refused));
    if (!worth.changed.empty()) return fail(Code::denied, worth.why);
    if (weighed.key_error) {
        const Code code = weighed.key_error->code;
        return fail(code == Code::not_found ? Code::denied : code, weighed.key_error->context);
    }
    return ValuesSigned{std::move(worth.by), std::move(worth.root), std::move(worth.covers)};
}

std::string text_of(const Reference& reference) {
    return std::to_string(reference.index) + ":" + reference.handle;
}

std::optional<Reference> reference_in(std::string_view text) {
    const auto colon = text.find(':');
    const auto index = number_from<std::uint32_t>(text.substr(0, colon));
    if (colon == text.npos || !index) return std::nullopt;
    return Reference{std::string(text.substr(colon + 1)), *index};
}

bool is_same_reference(const Reference& a, const Reference& b) {
    return a.index == b.index &&
           handle::canonical(a.handle, false) == handle::canonical(b.handle, false);
}

Result<std::string> certified_key(std::string_view jws, const ChainLimits& limits) {
    TRY(const auto read, parse_jws(jws, limits));
    TRY(const auto key, key_in(read.claims));
    return handle::encode(key);
}

Result<CertificateTerms> terms_of(std::string_view jws, const ChainLimits& limits) {
    TRY(const auto read, parse_jws(jws, limits));
    const auto subject = reference_of(text_in(read.claims, "sub"));
    const auto issuer = reference_of(text_in(read.claims, "iss"));
    if (!subject || !issuer) return fail(Code::invalid, "HS_CERT: no subject, or no issuer");
    TRY(const auto key, key_in(read.claims));
    CertificateTerms out{*subject, *issuer, handle::encode(key), {}, {}};
    out.since_s = second_in(read.claims, "nbf");
    if (!out.since_s) out.since_s = second_in(read.claims, "iat");
    out.until_s = second_in(read.claims, "exp");
    return out;
}

Result<void> check_jws(std::string_view jws, std::string_view public_key,
                       const ChainLimits& limits) {
    TRY(const auto read, parse_jws(jws, limits));
    TRY(const auto key, handle::decode_public_key(as_bytes(public_key)));
    return verify_jws(read, key);
}

bool is_signed_value(const Value& value) {
    return value.type != "HS_SIGNATURE" && value.type != "HS_SECKEY" &&
           value.is(handle::permission::public_read);
}

Result<std::vector<Reference>> issuers_of(std::string_view jws, const ChainLimits& limits) {
    TRY(const auto read, parse_jws(jws, limits));
    std::vector<Reference> out;
    if (const auto* chain = read.claims.if_contains("chain");
        chain != nullptr && chain->is_array()) {
        for (const auto& one : chain->get_array()) {
            const auto at = one.is_string() ? reference_of(one.get_string()) : std::nullopt;
            if (at && out.size() < limits.links_max) out.push_back(*at);
        }
    }
    const auto issuer = reference_of(text_in(read.claims, "iss"));
    if (!issuer) return fail(Code::invalid, "JWS: no issuer");
    out.push_back(*issuer);
    return out;
}

bool certifies(std::string_view jws, const Reference& subject) {
    const auto read = parse_jws(jws, {});
    if (!read) return false;
    const auto named = reference_of(text_in(read->claims, "sub"));
    return named && is_same_reference(*named, subject);
}

std::string sign_values(const trust::RsaKey& key, const Reference& issuer, std::string_view handle,
                        const std::vector<Value>& values, std::int64_t now_s, std::int64_t life_s) {
    json::object claims = claims_of(issuer, handle, now_s, life_s);
    json::array digests;
    for (const Value& value : values) {
        if (!is_signed_value(value)) continue;
        digests.push_back(json::object{{"index", value.index},
                                       {"digest", trust::to_base64(digest_of_value(value))}});
    }
    claims["digests"] = json::object{{"alg", "SHA-256"}, {"digests", std::move(digests)}};
    return make_jws(key, claims);
}

std::string certify(const trust::RsaKey& key, const Reference& issuer, const Reference& subject,
                    std::string_view public_key, const std::vector<CertifiedRight>& rights,
                    std::int64_t now_s, std::int64_t life_s) {
    json::object claims = claims_of(issuer, text_of(subject), now_s, life_s);
    const auto numbers = handle::decode_public_key(as_bytes(public_key));
    const auto members = numbers ? jwk_members(numbers->type) : std::span<const std::string_view>();
    if (!members.empty()) {
        json::object jwk{{"kty", numbers->type.substr(0, 3)}};
        for (std::size_t at = 0; at < members.size(); ++at)
            jwk[members[at]] = trust::to_base64url(numbers->numbers[at]);
        claims["publicKey"] = std::move(jwk);
    }
    static constexpr std::string_view names[] = {"everything", "thisHandle", "derivedPrefixes",
                                                 "handlesUnderThisPrefix"};
    json::array perms;
    for (const auto& right : rights)
        perms.push_back(json::object{{"perm", names[static_cast<std::size_t>(right.kind)]},
                                     {"handle", right.handle}});
    claims["perms"] = std::move(perms);
    return make_jws(key, claims);
}

}  // namespace lineshaft::identity
