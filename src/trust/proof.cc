#include "trust/proof.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/sha.h>

#include <array>
#include <bit>
#include <cstring>
#include <memory>
#include <vector>

#include "base/bytes.h"
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

// PBKDF2 is two blocks of SHA-1 a round, and ten thousand rounds. OpenSSL's own copies contexts on
// the heap in each of them, which takes longer than the hashing. So this asks for its block function
// itself, with the states behind HMAC's padded key computed once.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
class HmacRounds {
public:
    using Words = std::array<std::uint32_t, 5>;

    explicit HmacRounds(std::string_view secret) {
        const std::string key =
            secret.size() > block_bytes ? hash_of(Hash::sha1, secret) : std::string(secret);
        inner_ = state_behind(key, 0x36);
        outer_ = state_behind(key, 0x5c);
    }
    HmacRounds(const HmacRounds&) = delete;
    ~HmacRounds() {
        OPENSSL_cleanse(&inner_, sizeof(inner_));
        OPENSSL_cleanse(&outer_, sizeof(outer_));
    }

    /// Of `first`, U_1 of RFC 8018, 5.2: the sum of it and all that follow.
    Words sum(std::string_view first, std::uint32_t rounds) const {
        // A digest, the end mark, and how many bits there are with the key's block before.
        unsigned char block[block_bytes] = {};
        std::memcpy(block, first.data(), digest_bytes);
        block[digest_bytes] = 0x80;
        block[block_bytes - 2] = (block_bytes + digest_bytes) * 8 >> 8;
        block[block_bytes - 1] = (block_bytes + digest_bytes) * 8 & 0xff;
        Words out = words_of(block);
        for (std::uint32_t round = 1; round < rounds; ++round) {
            pass(inner_, block);
            pass(outer_, block);
            const Words more = words_of(block);
            for (std::size_t at = 0; at < out.size(); ++at) out[at] ^= more[at];
        }
        OPENSSL_cleanse(block, sizeof(block));
        return out;
    }
    static constexpr std::size_t digest_bytes = 20;

private:
    static constexpr unsigned block_bytes = 64;

    static SHA_CTX state_behind(std::string_view key, unsigned char pad) {
        unsigned char block[block_bytes];
        std::memset(block, pad, sizeof(block));
        for (std::size_t at = 0; at < key.size(); ++at)
            block[at] = static_cast<unsigned char>(block[at] ^ static_cast<unsigned char>(key[at]));
        SHA_CTX out;
        SHA1_Init(&out);
        SHA1_Transform(&out, block);
        OPENSSL_cleanse(block, sizeof(block));
        return out;
    }
    static Words words_of(const unsigned char* digest) {
        Words out;
        std::memcpy(out.data(), digest, digest_bytes);
        return out;
    }
    // The digest in `block` becomes that of `block`, begun with `from`.
    static void pass(const SHA_CTX& from, unsigned char* block) {
        SHA_CTX state = from;
        SHA1_Transform(&state, block);
        Words words = {state.h0, state.h1, state.h2, state.h3, state.h4};
        if constexpr (std::endian::native == std::endian::little) {
            for (auto& word : words) word = std::byteswap(word);
        }
        std::memcpy(block, words.data(), digest_bytes);
    }

    SHA_CTX inner_, outer_;
};
#pragma GCC diagnostic pop

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
    const HmacRounds rounds(secret);
    std::string out;
    for (std::uint32_t number = 1; out.size() < bytes; ++number) {
        std::string first(salt);
        Writer(first).put_be(number);
        const auto sum = rounds.sum(
            hmac_of(Hash::sha1, secret.empty() ? std::string_view("") : secret, first), iterations);
        out.append(reinterpret_cast<const char*>(sum.data()), HmacRounds::digest_bytes);
    }
    out.resize(bytes);
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
