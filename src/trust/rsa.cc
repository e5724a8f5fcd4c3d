#include "trust/rsa.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <vector>

#include "base/check.h"
#include "trust/octets.h"
#include "trust/secrets.h"

namespace lineshaft::trust {

struct RsaKey::Key {
    explicit Key(EVP_PKEY* key)
        : pkey(key), sha256(EVP_MD_fetch(nullptr, "SHA2-256", nullptr)),
          signing(EVP_PKEY_CTX_new(key, nullptr)) {
        CHECK(sha256 != nullptr && EVP_PKEY_sign_init(signing) == 1 &&
              EVP_PKEY_CTX_set_rsa_padding(signing, RSA_PKCS1_PADDING) == 1 &&
              EVP_PKEY_CTX_set_signature_md(signing, sha256) == 1);
    }
    Key(const Key&) = delete;
    ~Key() {
        EVP_PKEY_CTX_free(signing);
        EVP_MD_free(sha256);
        EVP_PKEY_free(pkey);
    }
    EVP_PKEY* const pkey;  // OpenSSL locks what signing changes in it
    // What every signature with SHA-256 begins with, looked up once; each takes a copy.
    EVP_MD* const sha256;
    EVP_PKEY_CTX* const signing;
};

namespace {

struct RsaContextFree {
    void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(BIGNUM* number) const { BN_free(number); }
    void operator()(OSSL_PARAM_BLD* builder) const { OSSL_PARAM_BLD_free(builder); }
    void operator()(OSSL_PARAM* params) const { OSSL_PARAM_free(params); }
};
template <class T>
using RsaOwned = std::unique_ptr<T, RsaContextFree>;

std::string signed_number(const EVP_PKEY* key, const char* name) {
    BIGNUM* raw = nullptr;
    CHECK(EVP_PKEY_get_bn_param(key, name, &raw) == 1);
    const RsaOwned<BIGNUM> number(raw);
    std::string out(static_cast<std::size_t>(BN_num_bytes(number.get())) + 1, '\0');
    BN_bn2bin(number.get(), octets(out) + 1);
    if ((static_cast<unsigned char>(out[1]) & 0x80u) == 0) out.erase(0, 1);
    return out;
}

const EVP_MD* rsa_md(Hash hash) {
    switch (hash) {
        case Hash::md5: return EVP_md5();
        case Hash::sha1: return EVP_sha1();
        case Hash::sha256: break;
    }
    return EVP_sha256();
}

// A public key of octets and numbers, or null.
RsaOwned<EVP_PKEY> key_of_params(const char* kind, OSSL_PARAM_BLD* builder) {
    const RsaOwned<OSSL_PARAM> params(OSSL_PARAM_BLD_to_param(builder));
    const RsaOwned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr));
    EVP_PKEY* key = nullptr;
    if (params == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
        return nullptr;
    return RsaOwned<EVP_PKEY>(key);
}

// What lies under the key's operation, without its padding. False: it is not so padded.
bool open_block(EVP_PKEY* key, int padding, std::string_view ciphertext, std::string& out) {
    const RsaOwned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new(key, nullptr));
    std::size_t size = out.size();
    if (EVP_PKEY_decrypt_init(context.get()) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(context.get(), padding) != 1 ||
        EVP_PKEY_decrypt(context.get(), octets(out), &size, octets(ciphertext),
                         ciphertext.size()) != 1)
        return false;
    out.resize(size);
    return padding != RSA_NO_PADDING || size == ciphertext.size();
}

std::string_view without_zeros(std::string_view number) {
    while (!number.empty() && number.front() == '\0') number.remove_prefix(1);
    return number;
}

}  // namespace

RsaKey RsaKey::generate(int bits) {
    EVP_PKEY* key = EVP_RSA_gen(static_cast<unsigned>(bits));
    CHECK(key != nullptr);
    return RsaKey(std::make_shared<const Key>(key));
}

Result<RsaKey> RsaKey::from_der(std::string_view der) {
    const unsigned char* at = octets(der);
    EVP_PKEY* key = d2i_PrivateKey(EVP_PKEY_RSA, nullptr, &at, static_cast<long>(der.size()));
    if (key == nullptr) return fail(Code::corrupt, "no RSA key");
    return RsaKey(std::make_shared<const Key>(key));
}

std::string RsaKey::der() const {
    const int size = i2d_PrivateKey(key_->pkey, nullptr);
    CHECK(size > 0);
    std::string out(static_cast<std::size_t>(size), '\0');
    unsigned char* at = octets(out);
    CHECK(i2d_PrivateKey(key_->pkey, &at) == size);
    return out;
}

std::string RsaKey::exponent() const {
    return signed_number(key_->pkey, OSSL_PKEY_PARAM_RSA_E);
}

std::string RsaKey::modulus() const {
    return signed_number(key_->pkey, OSSL_PKEY_PARAM_RSA_N);
}

std::string RsaKey::sign(Hash hash, std::string_view message) const {
    std::size_t size = static_cast<std::size_t>(EVP_PKEY_get_size(key_->pkey));
    std::string out(size, '\0');
    if (hash == Hash::sha256) {
        unsigned char digest[EVP_MAX_MD_SIZE];
        unsigned digest_bytes = 0;
        const RsaOwned<EVP_PKEY_CTX> once(EVP_PKEY_CTX_dup(key_->signing));
        CHECK(once != nullptr &&
              EVP_Digest(message.data(), message.size(), digest, &digest_bytes, key_->sha256,
                         nullptr) == 1 &&
              EVP_PKEY_sign(once.get(), octets(out), &size, digest, digest_bytes) == 1);
        out.resize(size);
        return out;
    }
    const RsaOwned<EVP_MD_CTX> context(EVP_MD_CTX_new());
    CHECK(EVP_DigestSignInit(context.get(), nullptr, rsa_md(hash), nullptr, key_->pkey) == 1);
    CHECK(EVP_DigestSign(context.get(), octets(out), &size, octets(message), message.size()) == 1);
    out.resize(size);
    return out;
}

std::string RsaKey::decrypt(std::string_view ciphertext, std::size_t bytes) const {
    const auto size = static_cast<std::size_t>(EVP_PKEY_get_size(key_->pkey));
    std::string out = random_bytes(bytes);
    std::string block(size, '\0'), oaep(size, '\0');
    if (bytes + 11 > size || !open_block(key_->pkey, RSA_NO_PADDING, ciphertext, block))
        return out;
    // Always both, so that the time tells nothing about the first.
    const bool is_oaep = open_block(key_->pkey, RSA_PKCS1_OAEP_PADDING, ciphertext, oaep);
    if (is_oaep && oaep.size() == bytes) return oaep;
    // 00 02, padding without zeros, 00, what was hidden: its length is known, so are all places.
    unsigned wrong = static_cast<unsigned char>(block[0]);
    wrong |= static_cast<unsigned char>(block[1]) ^ 0x02u;
    for (std::size_t at = 2; at + bytes + 1 < size; ++at) wrong |= block[at] == '\0' ? 1u : 0u;
    wrong |= static_cast<unsigned char>(block[size - bytes - 1]);
    const unsigned random_mask = 0u - (wrong != 0 ? 1u : 0u);
    for (std::size_t at = 0; at < bytes; ++at) {
        const unsigned random = static_cast<unsigned char>(out[at]);
        const unsigned hidden = static_cast<unsigned char>(block[size - bytes + at]);
        out[at] = static_cast<char>((random & random_mask) | (hidden & ~random_mask));
    }
    return out;
}

Result<RsaNumbers> rsa_numbers_of(std::string_view spki_der) {
    const unsigned char* at = octets(spki_der);
    const RsaOwned<EVP_PKEY> key(d2i_PUBKEY(nullptr, &at, static_cast<long>(spki_der.size())));
    if (key == nullptr || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA)
        return fail(Code::invalid, "no RSA key");
    const int bits = EVP_PKEY_get_bits(key.get());
    if (bits < 1'024 || bits > 8'192) return fail(Code::invalid, "an RSA key of 1024 to 8192 bits");
    return RsaNumbers{signed_number(key.get(), OSSL_PKEY_PARAM_RSA_E),
                      signed_number(key.get(), OSSL_PKEY_PARAM_RSA_N)};
}

Result<std::string> encrypt_rsa(std::string_view exponent, std::string_view modulus,
                                std::string_view plain) {
    modulus = without_zeros(modulus);
    if (modulus.size() < 128 || modulus.size() > 1'024 || exponent.size() > 9)
        return fail(Code::invalid, "RSA: the key's length");
    const RsaOwned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
    const RsaOwned<BIGNUM> n(
        BN_bin2bn(octets(modulus), static_cast<int>(modulus.size()), nullptr));
    const RsaOwned<BIGNUM> e(
        BN_bin2bn(octets(exponent), static_cast<int>(exponent.size()), nullptr));
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
    const auto key = key_of_params("RSA", builder.get());
    if (key == nullptr) return fail(Code::invalid, "RSA: no key");
    const RsaOwned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new(key.get(), nullptr));
    std::string out(static_cast<std::size_t>(EVP_PKEY_get_size(key.get())), '\0');
    std::size_t size = out.size();
    if (EVP_PKEY_encrypt_init(context.get()) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) != 1 ||
        EVP_PKEY_encrypt(context.get(), octets(out), &size, octets(plain), plain.size()) != 1)
        return fail(Code::invalid, "RSA: the key cannot be used");
    out.resize(size);
    return out;
}

Result<void> verify_sm2(std::string_view x, std::string_view y, std::string_view message,
                        std::string_view signature) {
    x = without_zeros(x);
    y = without_zeros(y);
    if (x.size() > 32 || y.size() > 32) return fail(Code::invalid, "SM2: the key is too long");
    const std::string point = "\x04" + std::string(32 - x.size(), '\0') + std::string(x) +
                              std::string(32 - y.size(), '\0') + std::string(y);
    const RsaOwned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
    OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "SM2", 0);
    OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                     point.size());
    const EVP_MD* sm3 = EVP_get_digestbyname("SM3");
    if (sm3 == nullptr) return fail(Code::unsupported, "SM2: this OpenSSL has no SM3");
    const auto key = key_of_params("SM2", builder.get());
    if (key == nullptr) return fail(Code::invalid, "SM2: no key");
    const RsaOwned<EVP_MD_CTX> digest(EVP_MD_CTX_new());
    const RsaOwned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new(key.get(), nullptr));
    static constexpr char identity[] = "1234567812345678";
    if (EVP_PKEY_CTX_set1_id(context.get(), identity, sizeof(identity) - 1) != 1)
        return fail(Code::unsupported, "SM2: this OpenSSL has none");
    EVP_MD_CTX_set_pkey_ctx(digest.get(), context.get());
    if (EVP_DigestVerifyInit(digest.get(), nullptr, sm3, nullptr, key.get()) != 1)
        return fail(Code::unsupported, "SM2: this OpenSSL has none");
    if (EVP_DigestVerify(digest.get(), octets(signature), signature.size(), octets(message),
                         message.size()) != 1)
        return fail(Code::denied, "the signature is not the key's");
    return {};
}

}  // namespace lineshaft::trust
