// Properties: whatever stands where a signature should, is read within the limits or refused; nothing
// is believed that no trusted key signed, whatever its claims say.
#include "base/check.h"
#include "identity/signature.h"
#include "trust/secrets.h"

namespace {

using namespace lineshaft;
using namespace lineshaft::identity;

std::string jws_with(std::string_view claims) {
    return trust::to_base64url(R"({"alg":"RS256"})") + "." + trust::to_base64url(claims) + "." +
           trust::to_base64url("signature");
}

void read_all(std::string_view jws) {
    handle::Value value;
    value.index = 1;
    value.type = "URL";
    value.data = "x";
    const std::string text(jws);
    const std::vector<handle::Value> values{value};
    CHECK(!check_values(jws, "88.1/A", values, {}, {std::string(64, '0')}, 1'800'000'000));
    CHECK(!check_values(jws, "88.1/A", values, {text, text}, {std::string(64, '0')}, 1'800'000'000));
    (void)certifies(jws, {"88.1/A", 300});
    if (const auto issuers = issuers_of(jws)) CHECK(issuers->size() <= ChainLimits{}.links_max + 1);
    Reply reply;
    reply.message = text;
    CHECK(!check_signature(reply, jws));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    read_all(input);
    read_all(jws_with(input));
    return 0;
}
