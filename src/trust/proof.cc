#include "trust/proof.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>

#include <memory>
#include <vector>

#include "base/check.h"
#include "trust/octets.h"

namespace lineshaft::trust {
namespace {

constexpr std::size_t rsa_bytes_max = 1'024 + 1, dsa_bytes_max = 512 + 1;

template <auto Free>
struct Freed {
    template <class T>
    void operator()(T* what) const {
        Free(what);
    }
};
using BigNumber = std::unique_ptr<BIGNUM, Freed<&BN_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Freed<&OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Freed<&OSSL_PARAM_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freed<&EVP_PKEY_CTX_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<&EVP_PKEY_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freed<&EVP_MD_CTX_free>>;

const EVP_MD* md_of(Hash hash) {
    switch (hash) {
        case Hash::md5: return EVP_md5();
        case Hash::sha1: return EVP_sha1();
        case Hash::sha256: return EVP_sha256();
    }
    return nullptr;
}

struct Number {
    const char* name;
    std::string_view bytes;
};

// A public key of those numbers, or null.
Key public_key(const char* kind, std::initializer_list<Number> numbers) {
    const Builder builder(OSSL_PARAM_BLD_new());
    std::vector<BigNumber> kept;
    for (const Number& number : numbers) {
        kept.emplace_back(
            BN_bin2bn(octets(number.bytes), static_cast<int>(number.bytes.size()), nullptr));
        if (kept.back() == nullptr ||
            OSSL_PARAM_BLD_push_BN(builder.get(), number.name, kept.back().get()) != 1)
            return nullptr;
    }
    const Params params(OSSL_PARAM_BLD_to_param(builder.get()));
    const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr));
    EVP_PKEY* key = nullptr;
    if (params == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
        return nullptr;
    return Key(key);
}

Result<void> verify(const Key& key, Hash hash, std::string_view message,
                    std::string_view signature) {
    const DigestContext context(EVP_MD_CTX_new());
    if (EVP_DigestVerifyInit(context.get(), nullptr, md_of(hash), nullptr, key.get()) != 1)
        return fail(Code::invalid, "the key cannot be used");
    if (EVP_DigestVerify(context.get(), octets(signature), signature.size(), octets(message),
                         message.size()) != 1)
        return fail(Code::denied, "the signature is not the key's");
    return {};
}

}  // namespace

std::string hash_of(Hash hash, std::string_view bytes) {
    std::string out(EVP_MAX_MD_SIZE, '\0');
    unsigned size = 0;
    CHECK(EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(out.data()),
                     &size, md_of(hash), nullptr) == 1);
    out.resize(size);
    return out;
}

std::string hmac_of(Hash hash, std::string_view key, std::string_view bytes) {
    std::string out(EVP_MAX_MD_SIZE, '\0');
    unsigned size = 0;
    CHECK(HMAC(md_of(hash), key.data(), static_cast<int>(key.size()), octets(bytes), bytes.size(),
               reinterpret_cast<unsigned char*>(out.data()), &size) != nullptr);
    out.resize(size);
    return out;
}

Result<std::string> pbkdf2_sha1(std::string_view secret, std::string_view salt,
                                std::uint32_t iterations, std::size_t bytes) {
    if (iterations < 1 || iterations > pbkdf2_iterations_max)
        return fail(Code::invalid, "PBKDF2: iterations, allowed are 1..100000");
    if (bytes < 1 || bytes > 64) return fail(Code::invalid, "PBKDF2: key length");
    std::string out(bytes, '\0');
    CHECK(PKCS5_PBKDF2_HMAC(secret.data(), static_cast<int>(secret.size()), octets(salt),
                            static_cast<int>(salt.size()), static_cast<int>(iterations), EVP_sha1(),
                            static_cast<int>(bytes),
                            reinterpret_cast<unsigned char*>(out.data())) == 1);
    return out;
}

Result<void> verify_rsa(std::string_view exponent, std::string_view modulus, Hash hash,
                        std::string_view message, std::string_view signature) {
    // A long exponent costs as much as a private operation.
    if (modulus.size() > rsa_bytes_max || exponent.size() > 9)
        return fail(Code::invalid, "RSA: the key is too long");
    const Key key =
        public_key("RSA", {{OSSL_PKEY_PARAM_RSA_N, modulus}, {OSSL_PKEY_PARAM_RSA_E, exponent}});
    if (key == nullptr) return fail(Code::invalid, "RSA: no key");
    return verify(key, hash, message, signature);
}

Result<void> verify_dsa(std::string_view q, std::string_view p, std::string_view g,
                        std::string_view y, Hash hash, std::string_view message,
                        std::string_view signature) {
    for (const auto number : {q, p, g, y}) {
        if (number.size() > dsa_bytes_max) return fail(Code::invalid, "DSA: the key is too long");
    }
    const Key key = public_key("DSA", {{OSSL_PKEY_PARAM_FFC_P, p},
                                       {OSSL_PKEY_PARAM_FFC_Q, q},
                                       {OSSL_PKEY_PARAM_FFC_G, g},
                                       {OSSL_PKEY_PARAM_PUB_KEY, y}});
    if (key == nullptr) return fail(Code::invalid, "DSA: no key");
    return verify(key, hash, message, signature);
}

}  // namespace lineshaft::trust
