#include "trust/scram.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include "base/check.h"
#include "base/number.h"

namespace lineshaft::trust {
namespace {

constexpr std::string_view mechanism = "SCRAM-SHA-256$";
constexpr unsigned iterations_max = 1'000'000;

// Hi() of RFC 5802, 2.2.
Digest salted_password(std::string_view password, std::string_view salt, unsigned iterations) {
    Digest digest;
    CHECK(password.size() <= INT32_MAX && salt.size() <= INT32_MAX);
    CHECK(PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()),
                            reinterpret_cast<const unsigned char*>(salt.data()),
                            static_cast<int>(salt.size()), static_cast<int>(iterations),
                            EVP_sha256(), static_cast<int>(digest.size()),
                            reinterpret_cast<unsigned char*>(digest.data())) == 1);
    return digest;
}

Result<Digest> take_digest(std::string_view text) {
    TRY(const std::string raw, from_base64(text));
    return digest_of(raw);
}

Result<ScramVerifier> parse_parts(std::string_view text) {
    if (!text.starts_with(mechanism)) return fail(Code::invalid, "mechanism");
    text.remove_prefix(mechanism.size());
    const auto colon = text.find(':');
    const auto dollar = text.find('$');
    const auto last_colon = text.rfind(':');
    if (colon == text.npos || dollar == text.npos || colon > dollar || last_colon < dollar) {
        return fail(Code::invalid, "parts");
    }
    ScramVerifier verifier;
    verifier.iterations = number_from<decltype(verifier.iterations)>(text.substr(0, colon)).value_or(0);
    if (verifier.iterations == 0 || verifier.iterations > iterations_max)
        return fail(Code::invalid, "iterations");
    TRY(verifier.salt, from_base64(text.substr(colon + 1, dollar - colon - 1)));
    TRY(verifier.stored_key, take_digest(text.substr(dollar + 1, last_colon - dollar - 1)));
    TRY(verifier.server_key, take_digest(text.substr(last_colon + 1)));
    return verifier;
}

}  // namespace

ScramVerifier make_scram_verifier(std::string_view password, std::string_view salt,
                                  unsigned iterations) {
    const Digest salted = salted_password(password, salt, iterations);
    const Digest client_key = hmac_sha256(text_of(salted), "Client Key");
    return {iterations, std::string(salt), sha256(text_of(client_key)),
            hmac_sha256(text_of(salted), "Server Key")};
}

std::string format_scram(const ScramVerifier& verifier) {
    return fmt::format("{}{}:{}${}:{}", mechanism, verifier.iterations, to_base64(verifier.salt),
                       to_base64(text_of(verifier.stored_key)),
                       to_base64(text_of(verifier.server_key)));
}

Result<ScramVerifier> parse_scram(std::string_view text) {
    auto parsed = parse_parts(text);
    if (!parsed) {
        return fail(Code::corrupt, "a stored SCRAM verifier: " + parsed.error().context);
    }
    return parsed;
}

bool scram_proof_holds(const ScramVerifier& verifier, std::string_view auth_message,
                       std::string_view proof) {
    const Digest signature = hmac_sha256(text_of(verifier.stored_key), auth_message);
    if (proof.size() != signature.size()) return false;
    std::string client_key(proof);
    for (std::size_t i = 0; i < client_key.size(); ++i) {
        client_key[i] = static_cast<char>(static_cast<unsigned char>(client_key[i]) ^
                                          static_cast<unsigned char>(signature[i]));
    }
    return same_secret(text_of(sha256(client_key)), text_of(verifier.stored_key));
}

Digest scram_server_signature(const ScramVerifier& verifier, std::string_view auth_message) {
    return hmac_sha256(text_of(verifier.server_key), auth_message);
}

}  // namespace lineshaft::trust
