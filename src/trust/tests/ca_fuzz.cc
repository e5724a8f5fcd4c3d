// Property: whatever arrives as a request or certificate is refused or understood; what is accepted
// as a request can be signed, and the certificate is for that key and for the name we gave.
#include "base/check.h"
#include "trust/ca.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace lineshaft;
    using namespace lineshaft::trust;
    static const Authority authority =
        Authority::create("fuzz", Instant::from_millis(1'795'248'900'000)).value();
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    (void)read_certificate(text);
    (void)certs_only_pkcs7({std::string(text)});
    const auto request = read_request(text);
    if (!request) return 0;
    const auto made = authority.sign_machine(*request, "default", "press-3", std::chrono::hours(24),
                                             Instant::from_millis(1'795'248'900'000));
    CHECK(made.has_value());
    const auto read = read_certificate(made->certificate_der);
    CHECK(read.has_value() && read->common_name == "press-3" && !read->is_authority);
    CHECK(read->key_sha256 == request->key_sha256);
    return 0;
}
