#include "gate/pg/scram_login.h"

#include <fmt/format.h>

#include "wire/postgres/scram.h"

namespace lineshaft::pg {

trust::ScramVerifier ScramLogin::of_stranger(std::string_view key, std::string_view user) {
    trust::ScramVerifier verifier;
    verifier.salt = trust::text_of(trust::hmac_sha256(key, user)).substr(0, 16);
    // Nobody knows a password of which this is the hash.
    verifier.stored_key = *trust::digest_of(trust::random_bytes(32));
    verifier.server_key = *trust::digest_of(trust::random_bytes(32));
    return verifier;
}

Result<std::string> ScramLogin::first(std::string_view client_first) {
    TRY(const auto asked, postgres::parse_client_first(client_first));
    if (asked.binding == 'p') {
        return fail(Code::unsupported, "SCRAM: channel binding was not offered");
    }
    header_ = asked.header;
    client_first_bare_ = asked.bare;
    nonce_ = asked.nonce + nonce_;
    server_first_ = fmt::format("r={},s={},i={}", nonce_, trust::to_base64(verifier_.salt),
                                verifier_.iterations);
    return server_first_;
}

Result<std::string> ScramLogin::last(std::string_view client_final) {
    TRY(const auto shown, postgres::parse_client_final(client_final));
    if (shown.channel != trust::to_base64(header_)) {
        return fail(Code::invalid, "SCRAM: the channel is not the one it began with");
    }
    if (shown.nonce != nonce_) return fail(Code::invalid, "SCRAM: another nonce");
    TRY(const auto proof, trust::from_base64(shown.proof));
    const std::string message =
        client_first_bare_ + "," + server_first_ + "," + shown.without_proof;
    if (!trust::scram_proof_holds(verifier_, message, proof)) {
        return fail(Code::denied, "password authentication failed");
    }
    return "v=" + trust::to_base64(trust::text_of(trust::scram_server_signature(verifier_, message)));
}

}  // namespace lineshaft::pg
