#include "wire/postgres/scram.h"

#include <algorithm>

namespace lineshaft::postgres {
namespace {

bool is_printable(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= 0x21 && c <= 0x7e && c != ','; });
}

/// "r=..." up to the next comma.
Result<std::string_view> take_attribute(std::string_view& rest, char name) {
    if (rest.size() < 2 || rest[0] != name || rest[1] != '=') {
        return fail(Code::invalid, std::string("SCRAM: expected ") + name + "=");
    }
    const auto end = std::min(rest.find(','), rest.size());
    const std::string_view value = rest.substr(2, end - 2);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return value;
}

}  // namespace

Result<ClientFirst> parse_client_first(std::string_view text) {
    ClientFirst first;
    if (text.size() < 3) return fail(Code::invalid, "SCRAM: too short");
    first.binding = text[0];
    if (first.binding != 'n' && first.binding != 'y' && first.binding != 'p') {
        return fail(Code::invalid, "SCRAM: the first letter is n, y or p");
    }
    const auto comma = text.find(',');
    if (comma == text.npos || (first.binding != 'p' && comma != 1)) {
        return fail(Code::invalid, "SCRAM: no comma behind the first letter");
    }
    const auto second = text.find(',', comma + 1);
    if (second == text.npos) return fail(Code::invalid, "SCRAM: no second comma");
    if (second != comma + 1) {
        return fail(Code::unsupported, "SCRAM: an authorization identity is not supported");
    }
    first.header = text.substr(0, second + 1);
    first.bare = text.substr(second + 1);
    std::string_view rest = first.bare;
    if (rest.starts_with("m=")) {
        return fail(Code::unsupported, "SCRAM: an extension that must be understood is not");
    }
    TRY(const auto user, take_attribute(rest, 'n'));
    (void)user;
    TRY(const auto nonce, take_attribute(rest, 'r'));
    if (nonce.empty() || !is_printable(nonce)) return fail(Code::invalid, "SCRAM: a bad nonce");
    first.nonce = nonce;
    return first;
}

Result<ClientFinal> parse_client_final(std::string_view text) {
    ClientFinal last;
    std::string_view rest = text;
    TRY(const auto channel, take_attribute(rest, 'c'));
    TRY(const auto nonce, take_attribute(rest, 'r'));
    const auto proof_at = text.rfind(",p=");
    if (proof_at == text.npos) return fail(Code::invalid, "SCRAM: expected p=");
    last.channel = channel;
    last.nonce = nonce;
    last.proof = text.substr(proof_at + 3);
    last.without_proof = text.substr(0, proof_at);
    return last;
}

}  // namespace lineshaft::postgres
