#include "trust/running_digest.h"

#include <openssl/evp.h>

#include "base/check.h"

namespace lineshaft::trust {

struct RunningDigest::State {
    State() : context(EVP_MD_CTX_new()) { CHECK(context != nullptr); }
    ~State() { EVP_MD_CTX_free(context); }
    State(const State&) = delete;
    void begin() const { CHECK(EVP_DigestInit_ex(context, EVP_sha256(), nullptr) == 1); }
    EVP_MD_CTX* context;
};

RunningDigest::RunningDigest() : state_(std::make_unique<State>()) {
    state_->begin();
}
RunningDigest::~RunningDigest() = default;
RunningDigest::RunningDigest(RunningDigest&&) noexcept = default;
RunningDigest& RunningDigest::operator=(RunningDigest&&) noexcept = default;

void RunningDigest::add(std::string_view bytes) {
    CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
}

Digest RunningDigest::finish() {
    Digest digest;
    unsigned length = 0;
    CHECK(EVP_DigestFinal_ex(state_->context, reinterpret_cast<unsigned char*>(digest.data()),
                             &length) == 1);
    CHECK(length == digest.size());
    state_->begin();
    return digest;
}

}  // namespace lineshaft::trust
