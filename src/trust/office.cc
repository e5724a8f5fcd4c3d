#include "trust/office.h"

namespace lineshaft::trust {
namespace {

constexpr std::string_view enrolment_prefix = "lse_";
constexpr std::size_t enrolment_secret_bytes = 32;

}  // namespace

std::string make_enrolment_token() {
    return std::string(enrolment_prefix) + to_base64url(random_bytes(enrolment_secret_bytes));
}

Result<Digest> enrolment_digest(std::string_view token) {
    if (token.starts_with(enrolment_prefix)) {
        const auto secret = from_base64url(token.substr(enrolment_prefix.size()));
        if (secret && secret->size() == enrolment_secret_bytes) return sha256(token);
    }
    return fail(Code::invalid, "that is no enrolment token");
}

}  // namespace lineshaft::trust
