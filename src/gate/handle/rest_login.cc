#include "gate/handle/rest_login.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/number.h"
#include "base/percent.h"
#include "identity/signature.h"
#include "io/shown_certificate.h"
#include "trust/rsa.h"
#include "trust/secrets.h"
#include "wire/handle/names.h"

namespace lineshaft::handle {
namespace {

constexpr std::size_t nonce_size = 16, id_size = 12;

// "300:0.NA/88.1".
std::optional<Reference> reference_in(std::string_view text) {
    auto out = identity::reference_in(text);
    return out && out->handle.contains('/') ? out : std::nullopt;
}

bool begins_with(std::string_view text, std::string_view scheme) {
    return text.size() > scheme.size() && fold(text.substr(0, scheme.size())) == fold(scheme) &&
           text[scheme.size()] == ' ';
}

struct BasicPair {
    Reference who;
    std::string secret;
};
std::optional<BasicPair> basic_pair(std::string_view header) {
    if (!begins_with(header, "Basic")) return std::nullopt;
    auto bytes = trust::from_base64(header.substr(6));
    if (!bytes) bytes = trust::from_base64(header.substr(6), false);
    if (!bytes) return std::nullopt;
    const auto colon = bytes->find(':');
    if (colon == bytes->npos) return std::nullopt;
    auto who = reference_in(percent_decoded(std::string_view(*bytes).substr(0, colon)));
    if (!who) return std::nullopt;
    return BasicPair{std::move(*who), bytes->substr(colon + 1)};
}

// name="value" or name=value, separated by commas.
std::map<std::string, std::string> parameters(std::string_view text) {
    std::map<std::string, std::string> out;
    while (!text.empty()) {
        const auto begin = text.find_first_not_of(" ,\t");
        if (begin == text.npos) break;
        text.remove_prefix(begin);
        const auto equals = text.find('=');
        if (equals == text.npos) break;
        std::string name(text.substr(0, equals));
        text.remove_prefix(equals + 1);
        const bool is_quoted = text.starts_with('"');
        if (is_quoted) text.remove_prefix(1);
        const auto end = std::min(text.size(), text.find(is_quoted ? '"' : ','));
        out[name] = text.substr(0, end);
        text.remove_prefix(std::min(text.size(), end + 1));
    }
    return out;
}

std::uint32_t whole_of(const std::map<std::string, std::string>& all, const std::string& name) {
    const auto found = all.find(name);
    return found != all.end() ? number_from<std::uint32_t>(found->second).value_or(0) : 0;
}

Result<std::string> bytes_of(const std::map<std::string, std::string>& all, const std::string& name) {
    const auto found = all.find(name);
    if (found == all.end()) return fail(Code::invalid, name + " is missing");
    auto bytes = trust::from_base64(found->second);
    if (!bytes) return fail(Code::invalid, name + " is not base64");
    return bytes;
}

// What the header says, as a proof of the protocol's own form. Errors: invalid.
Result<std::string> proof_of(const std::map<std::string, std::string>& all, std::string_view type) {
    TRY(const auto signature, bytes_of(all, "signature"));
    const auto alg = all.contains("alg") ? all.at("alg") : std::string("SHA1");
    if (type == "HS_PUBKEY") return encode(PublicKeyProof{alg, signature});
    SecretKeyProof proof;
    proof.mac = signature;
    if (fold(alg).starts_with("PBKDF2")) {
        proof.kind = MacKind::pbkdf2_hmac_sha1;
        TRY(proof.salt, bytes_of(all, "salt"));
        proof.iterations = whole_of(all, "iterations");
        proof.key_bits = whole_of(all, "length");
    } else if (alg == "HMAC-SHA256" || alg == "HMACSHA256" || alg == "HmacSHA256") {
        proof.kind = MacKind::hmac_sha256;
    } else if (alg == "HMAC-SHA1" || alg == "HMACSHA1" || alg == "HmacSHA1") {
        proof.kind = MacKind::hmac_sha1;
    } else if (alg == "SHA256" || alg == "SHA-256") {
        proof.kind = MacKind::sha256;
    } else if (alg == "SHA1" || alg == "SHA-1") {
        proof.kind = MacKind::sha1;
    } else {
        return fail(Code::invalid, "alg=" + alg + " is not known");
    }
    return encode(proof);
}

// Whom a certificate names: in its user id (UID), else in its common name.
std::optional<Reference> reference_in_certificate(const io::http::Request& request) {
    const auto* shown = io::shown_certificate(request.peer);
    if (shown == nullptr) return std::nullopt;
    return reference_in(shown->user_id.empty() ? shown->common_name : shown->user_id);
}

bool asks_for_certificate(std::string_view authorization) {
    return begins_with(authorization, "Handle") &&
           parameters(authorization.substr(7))["clientCert"] == "true";
}

// As they stand in the query: a '+' of base64 may have become a space on the way.
std::map<std::string, std::string> proof_parameters(const io::http::Request& request) {
    std::map<std::string, std::string> out;
    for (const auto& field : request.query) {
        std::string value = field.value;
        std::ranges::replace(value, ' ', '+');
        out.try_emplace(field.name, std::move(value));
    }
    return out;
}

// "301:88.1/ADMIN", or the handle alone with ?index=.
std::optional<Reference> reference_asked(const io::http::Request& request) {
    const std::string& path = request.captured.at(0);
    if (auto whole = reference_in(path)) return whole;
    const auto index = request.asked("index");
    if (!index || path.contains(':')) return std::nullopt;
    return reference_in(std::string(*index) + ":" + path);
}

RestLogins::Verdict no_verdict(Answer answer, std::string why) {
    RestLogins::Verdict out;
    out.answer = answer;
    out.why = std::move(why);
    return out;
}

RestLogins::Login refused_login(std::string why) {
    RestLogins::Login out;
    out.why = std::move(why);
    return out;
}

}  // namespace

struct LoginSteps {
    static std::size_t shard_of(const RestLogins& logins, std::string_view id) {
        std::size_t shard = 0;
        const auto dash = id.find('-');
        const auto read = std::from_chars(id.data(), id.data() + std::min(dash, id.size()), shard);
        return read.ec == std::errc() && shard < logins.shards_.size() ? shard : 0;
    }

    static io::Task<std::optional<RestLogins::Session>> find_there(RestLogins* logins,
                                                                   std::string id) {
        auto& sessions = logins->on_shard_.here().sessions;
        const auto found = sessions.find(id);
        if (found == sessions.end()) co_return std::nullopt;
        const io::Steady now = io::Shard::here().clock().steady();
        if (found->second.until <= now) {
            sessions.erase(found);
            co_return std::nullopt;
        }
        found->second.until = now + logins->limits_.session_life;
        co_return found->second.session;
    }
    static io::Task<bool> prove_there(RestLogins* logins, std::string id, Reference who) {
        auto& sessions = logins->on_shard_.here().sessions;
        const auto found = sessions.find(id);
        if (found == sessions.end()) co_return false;
        found->second.session.who = std::move(who);
        found->second.session.nonce = trust::random_bytes(nonce_size);  // each is signed once
        co_return true;
    }
    static io::Task<bool> close_there(RestLogins* logins, std::string id) {
        co_return logins->on_shard_.here().sessions.erase(id) > 0;
    }

    // The key a claim is about, or why there is none.
    static Result<Value> key_of(RestLogins& logins, const Reference& who, std::string_view type) {
        TRY(const auto values, logins.registry_.values_of(who.handle));
        const Value* key = values ? key_for(*values, type, who.index) : nullptr;
        if (key == nullptr) return fail(Code::denied, "no such key is known to this node");
        return *key;
    }

    static io::Task<RestLogins::Login> by_secret(RestLogins* logins, BasicPair pair) {
        const auto key = key_of(*logins, pair.who, "HS_SECKEY");
        if (!key || !trust::same_secret(key->data, pair.secret))
            co_return refused_login("the secret is another, or there is no such key");
        RestLogins::Login out;
        out.who = Reference{pair.who.handle, key->index};
        co_return out;
    }

    // TLS has proved that the client has the certificate's key; it must be the handle's.
    static RestLogins::Login by_certificate(RestLogins& logins, const io::http::Request& request) {
        const auto claimed = reference_in_certificate(request);
        if (!claimed)
            return refused_login("no certificate was shown that names INDEX:HANDLE as its UID or CN");
        const auto shown = trust::rsa_numbers_of(io::shown_certificate(request.peer)->key_der);
        if (!shown) return refused_login("certificate: " + shown.error().context);
        const auto key = key_of(logins, *claimed, "HS_PUBKEY");
        const auto numbers =
            key ? decode_public_key(as_bytes(key->data)) : Result<PublicKey>(fail(Code::denied, ""));
        const PublicKey wanted{"RSA_PUB_KEY", {shown->exponent, shown->modulus}};
        if (!numbers || *numbers != wanted)
            return refused_login("the certificate's key is not the one at " +
                                 fmt::format("{}:{}", claimed->index, claimed->handle));
        RestLogins::Login out;
        out.who = Reference{claimed->handle, key->index};
        return out;
    }

    static io::Task<RestLogins::Verdict> verdict_on(RestLogins* logins, Reference who,
                                                    std::map<std::string, std::string> all) {
        const auto values = logins->registry_.values_of(who.handle);
        if (!values) co_return no_verdict(Answer::error, values.error().context);
        if (!*values) co_return no_verdict(Answer::handle_not_found, "");
        const Value* key = key_for(**values, "HS_SECKEY", who.index);
        if (key == nullptr) co_return no_verdict(Answer::values_not_found, "no secret key is there");
        auto proof = proof_of(all, "HS_SECKEY");
        auto nonce = bytes_of(all, "nonce"), cnonce = bytes_of(all, "cnonce");
        const auto* wrong = !proof ? &proof.error() : !nonce ? &nonce.error() : nullptr;
        if (wrong == nullptr && !cnonce) wrong = &cnonce.error();
        if (wrong != nullptr) co_return no_verdict(Answer::protocol_error, wrong->context);
        RestLogins::Verdict out;
        out.who = Reference{who.handle, key->index};
        auto work = [key = *key, proof = std::move(*proof), nonce = std::move(*nonce),
                     cnonce = std::move(*cnonce)]() -> Result<bool> {
            TRY_VOID(check_proof(key, proof, nonce, RequestDigest{DigestKind::sha256, cnonce}));
            return true;
        };
        auto checked = co_await logins->workers_.run(std::move(work));
        out.is_genuine = checked.has_value();
        if (checked || checked.error().code == Code::denied) co_return out;
        const bool is_busy = checked.error().code == Code::exhausted;
        co_return no_verdict(is_busy ? Answer::too_busy : Answer::protocol_error,
                             checked.error().context);
    }

    // What a certificate proves, kept in the session that is named beside it.
    static io::Task<RestLogins::Login> by_certificate_in_session(RestLogins* logins,
                                                                 io::http::Request request) {
        auto out = by_certificate(*logins, request);
        const auto header = request.header("authorization");
        auto all = parameters(header.substr(std::min<std::size_t>(header.size(), 7)));
        const std::string id = all["sessionId"];
        if (!out.who || id.empty()) co_return out;
        auto& shard = logins->shards_.at(shard_of(*logins, id));
        auto kept = co_await shard.call(&prove_there, logins, id, *out.who);
        if (!kept) co_return refused_login("no such session: ask for a challenge first");
        out.session = id;
        co_return out;
    }

    static io::Task<RestLogins::Login> by_session(RestLogins* logins,
                                                  std::map<std::string, std::string> all) {
        const std::string id = all.contains("sessionId") ? all["sessionId"] : std::string();
        auto session = co_await logins->find(id);
        if (!session) co_return refused_login("no such session: ask for a challenge first");
        RestLogins::Login out;
        out.session = id;
        if (!all.contains("signature")) {
            out.who = session->who;
            if (!out.who) out.why = "the session's challenge is not answered";
            co_return out;
        }
        const auto claimed = reference_in(percent_decoded(all["id"]));
        if (!claimed) co_return refused_login("id= must be INDEX:HANDLE");
        const std::string type = all.contains("type") ? all["type"] : std::string("HS_PUBKEY");
        auto key = key_of(*logins, *claimed, type);
        auto proof = proof_of(all, type);
        auto cnonce = bytes_of(all, "cnonce");
        if (!key) co_return refused_login(key.error().context);
        if (!proof) co_return refused_login(proof.error().context);
        if (!cnonce) co_return refused_login(cnonce.error().context);
        const std::uint32_t index = key->index;
        auto work = [key = std::move(*key), proof = std::move(*proof), nonce = session->nonce,
                     cnonce = std::move(*cnonce)]() -> Result<bool> {
            const RequestDigest covered{DigestKind::sha256, cnonce};
            TRY_VOID(check_proof(key, proof, nonce, covered));
            return true;
        };
        auto checked = co_await logins->workers_.run(std::move(work));
        if (!checked) co_return refused_login(checked.error().context);
        const Reference who{claimed->handle, index};
        auto& shard = logins->shards_.at(shard_of(*logins, id));
        auto kept = co_await shard.call(&prove_there, logins, id, who);
        if (!kept) co_return refused_login("the session has ended");
        out.who = who;
        co_return out;
    }
};

RestLogins::Session RestLogins::open() {
    auto& sessions = on_shard_.here().sessions;
    const io::Steady now = io::Shard::here().clock().steady();
    if (sessions.size() >= limits_.sessions_max) {
        std::erase_if(sessions, [now](const auto& one) { return one.second.until <= now; });
        if (sessions.size() >= limits_.sessions_max)
            sessions.erase(std::ranges::min_element(
                sessions, {}, [](const auto& one) { return one.second.until; }));
    }
    Session out;
    out.id = fmt::format("{}-{}", io::Shard::here().index().number(),
                         to_hex(as_bytes(trust::random_bytes(id_size))));
    out.nonce = trust::random_bytes(nonce_size);
    sessions[out.id] = Kept{out, now + limits_.session_life};
    return out;
}

std::string RestLogins::challenge_of(const Session& session) {
    return fmt::format("Handle sessionId=\"{}\", nonce=\"{}\"", session.id,
                       trust::to_base64(session.nonce));
}

bool RestLogins::is_of_handle(const io::http::Request& request) {
    const auto header = request.header("authorization");
    if (header.empty()) return reference_in_certificate(request).has_value();
    return begins_with(header, "Handle") || basic_pair(header).has_value();
}

io::Task<RestLogins::Login> RestLogins::login(io::http::Request request) {
    const bool may_try = request.peer.is_loopback || request.peer.is_node_socket ||
                         attempts_.allow(request.peer.address, io::Shard::here().clock().steady());
    if (!may_try) co_return refused_login("too many attempts: wait a second");
    const auto header = request.header("authorization");
    auto pair = basic_pair(header);
    if (pair) {
        auto told = co_await LoginSteps::by_secret(this, std::move(*pair));
        co_return told;
    }
    if (header.empty() || asks_for_certificate(header)) {
        auto told = co_await LoginSteps::by_certificate_in_session(this, std::move(request));
        co_return told;
    }
    auto all = parameters(header.substr(std::min<std::size_t>(header.size(), 7)));
    auto told = co_await LoginSteps::by_session(this, std::move(all));
    co_return told;
}

io::Task<RestLogins::Verdict> RestLogins::verify(io::http::Request request) {
    const bool may_try = request.peer.is_loopback || request.peer.is_node_socket ||
                         attempts_.allow(request.peer.address, io::Shard::here().clock().steady());
    if (!may_try) co_return no_verdict(Answer::too_busy, "too many attempts: wait a second");
    auto who = reference_asked(request);
    if (!who) co_return no_verdict(Answer::protocol_error, "/api/verifications/INDEX:HANDLE");
    auto told =
        co_await LoginSteps::verdict_on(this, std::move(*who), proof_parameters(request));
    co_return told;
}

io::Task<std::optional<RestLogins::Session>> RestLogins::find(std::string id) {
    auto& shard = shards_.at(LoginSteps::shard_of(*this, id));
    auto found = co_await shard.call(&LoginSteps::find_there, this, std::move(id));
    co_return found;
}

io::Task<bool> RestLogins::close(std::string id) {
    auto& shard = shards_.at(LoginSteps::shard_of(*this, id));
    auto done = co_await shard.call(&LoginSteps::close_there, this, std::move(id));
    co_return done;
}

}  // namespace lineshaft::handle
