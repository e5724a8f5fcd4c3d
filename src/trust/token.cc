#include "trust/token.h"

#include <algorithm>

#include "trust/scram.h"

namespace lineshaft::trust {
namespace {

constexpr std::size_t header_bytes_max = 1024;

bool is_word(std::string_view text, std::string_view lower_word) {
    return std::ranges::equal(text, lower_word, [](char a, char b) {
        return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
    });
}

Result<Credentials> parse_basic(std::string_view encoded) {
    auto pair = from_base64(encoded);
    if (!pair) pair = from_base64(encoded, false);  // some clients leave the padding out
    if (!pair) return fail(Code::invalid, "Authorization: Basic is not base64");
    const auto colon = pair->find(':');
    if (colon == pair->npos) return fail(Code::invalid, "Authorization: Basic without a colon");
    return Credentials{Credentials::Kind::basic, pair->substr(0, colon), pair->substr(colon + 1)};
}

}  // namespace

NewTokenSecret make_token() {
    std::string text(token_prefix);
    text += to_base64url(random_bytes(32));
    const Digest digest = sha256(text);
    std::string verifier = format_scram(make_scram_verifier(text, random_bytes(16)));
    return {std::move(text), digest, std::move(verifier)};
}

std::optional<Digest> token_digest(std::string_view text) {
    if (text.size() != token_bytes || !text.starts_with(token_prefix)) return std::nullopt;
    if (!from_base64url(text.substr(token_prefix.size()))) return std::nullopt;
    return sha256(text);
}

Result<Credentials> parse_authorization(std::string_view header) {
    if (header.size() > header_bytes_max) return fail(Code::invalid, "Authorization is too long");
    const auto space = header.find(' ');
    if (space == header.npos) return fail(Code::invalid, "Authorization: scheme and token");
    const std::string_view scheme = header.substr(0, space);
    std::string_view rest = header.substr(space + 1);
    while (rest.starts_with(' ')) rest.remove_prefix(1);
    while (rest.ends_with(' ')) rest.remove_suffix(1);
    if (rest.empty()) return fail(Code::invalid, "Authorization without a token");
    if (is_word(scheme, "basic")) return parse_basic(rest);
    if (is_word(scheme, "bearer") || is_word(scheme, "token")) {
        return Credentials{Credentials::Kind::token, {}, std::string(rest)};
    }
    return fail(Code::invalid, "Authorization: Bearer, Token or Basic");
}

}  // namespace lineshaft::trust
