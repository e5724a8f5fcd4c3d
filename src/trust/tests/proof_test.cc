#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/dsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base/bytes.h"
#include "trust/proof.h"

namespace lineshaft::trust {
namespace {

std::string number_of(EVP_PKEY* key, const char* name) {
    BIGNUM* number = nullptr;
    EXPECT_EQ(EVP_PKEY_get_bn_param(key, name, &number), 1);
    std::string out(std::size_t(BN_num_bytes(number)), '\0');
    BN_bn2bin(number, reinterpret_cast<unsigned char*>(out.data()));
    BN_free(number);
    return out;
}

std::string signed_by(EVP_PKEY* key, const EVP_MD* hash, std::string_view message) {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    EXPECT_EQ(EVP_DigestSignInit(context, nullptr, hash, nullptr, key), 1);
    std::size_t size = 1'024;
    std::string out(size, '\0');
    EXPECT_EQ(EVP_DigestSign(context, reinterpret_cast<unsigned char*>(out.data()), &size,
                             reinterpret_cast<const unsigned char*>(message.data()),
                             message.size()),
              1);
    EVP_MD_CTX_free(context);
    out.resize(size);
    return out;
}

std::string unhex(std::string_view hex) {
    return from_hex(hex).value_or("");
}

// The dialog of docs/protocols/handle.md, as captured: secret "s3cret".
TEST(Proof, TheCapturedMacIsReproduced) {
    const auto key = pbkdf2_sha1("s3cret", unhex("67aaf3d5ef7956c19c6919c742614963"), 10'000, 20);
    ASSERT_TRUE(key.has_value());
    const std::string nonce = unhex("3f6748e323cd12958dae55cfecb081fd");
    const std::string digest =
        unhex("13d7d082e412be2038471b0aa4a1659448f41c8d7efbbccc5590176447de90f0");
    EXPECT_EQ(to_hex(as_bytes(hmac_of(Hash::sha1, *key, nonce + digest))),
              "7914c678953d26f61f0f1c942cbc2cb84a67aa40");
    const std::string question = unhex(
        "000000640000000019000000ffff00006b02b5e700000046"
        "0000000d38382e3131312e312f4e45573300000001000000016553f10000000151800e0000000355524c000000"
        "1468747470733a2f2f6578616d706c652e636f6d2f00000000");
    EXPECT_EQ(hash_of(Hash::sha256, question), digest);
}

TEST(Proof, Pbkdf2IsOpensslsForEveryLength) {
    EXPECT_EQ(to_hex(as_bytes(pbkdf2_sha1("password", "salt", 4'096, 20).value_or(""))),
              "4b007901b765489abead49d926f721d065a429c1");  // RFC 6070
    for (const std::size_t secret_bytes : {0, 1, 20, 63, 64, 65, 200}) {
        for (const std::size_t bytes : {1, 19, 20, 21, 40, 64}) {
            for (const std::uint32_t iterations : {1u, 2u, 77u}) {
                const std::string secret(secret_bytes, '\xa7'), salt(bytes, 's');
                std::string wanted(bytes, '\0');
                ASSERT_EQ(PKCS5_PBKDF2_HMAC(secret.c_str(), int(secret.size()),
                                            reinterpret_cast<const unsigned char*>(salt.data()),
                                            int(salt.size()), int(iterations), EVP_sha1(),
                                            int(bytes),
                                            reinterpret_cast<unsigned char*>(wanted.data())),
                          1);
                const auto key = pbkdf2_sha1(secret, salt, iterations, bytes);
                ASSERT_TRUE(key.has_value());
                EXPECT_EQ(to_hex(as_bytes(*key)), to_hex(as_bytes(wanted)))
                    << secret_bytes << " " << bytes << " " << iterations;
            }
        }
    }
    EXPECT_EQ(pbkdf2_sha1({}, {}, 1, 20).value_or("none"), pbkdf2_sha1("", "", 1, 20).value_or(""));
}

TEST(Proof, IterationsAndLengthsAreBounded) {
    EXPECT_TRUE(pbkdf2_sha1("a", "b", 1, 64).has_value());
    EXPECT_TRUE(pbkdf2_sha1("a", "b", pbkdf2_iterations_max, 20).has_value());
    EXPECT_EQ(pbkdf2_sha1("a", "b", pbkdf2_iterations_max + 1, 20).error().code, Code::invalid);
    EXPECT_FALSE(pbkdf2_sha1("a", "b", 0, 20).has_value());
    EXPECT_FALSE(pbkdf2_sha1("a", "b", 1, 0).has_value());
    EXPECT_FALSE(pbkdf2_sha1("a", "b", 1, 65).has_value());
    EXPECT_EQ(to_hex(as_bytes(hash_of(Hash::md5, "abc"))), "900150983cd24fb0d6963f7d28e17f72");
    EXPECT_EQ(to_hex(as_bytes(hash_of(Hash::sha1, "abc"))),
              "a9993e364706816aba3e25717850c26c9cd0d89d");
}

TEST(Proof, RsaSignaturesAreVerified) {
    EVP_PKEY* key = EVP_RSA_gen(2'048);
    ASSERT_NE(key, nullptr);
    const std::string n = number_of(key, OSSL_PKEY_PARAM_RSA_N);
    const std::string e = number_of(key, OSSL_PKEY_PARAM_RSA_E);
    const std::string good = signed_by(key, EVP_sha256(), "message");
    EXPECT_TRUE(verify_rsa(e, n, Hash::sha256, "message", good).has_value());
    EXPECT_TRUE(verify_rsa(e, std::string(1, '\0') + n, Hash::sha256, "message", good));
    EXPECT_TRUE(verify_rsa(e, n, Hash::sha1, "message", signed_by(key, EVP_sha1(), "message")));
    EXPECT_EQ(verify_rsa(e, n, Hash::sha256, "massage", good).error().code, Code::denied);
    EXPECT_EQ(verify_rsa(e, n, Hash::sha1, "message", good).error().code, Code::denied);
    EXPECT_FALSE(verify_rsa(e, n, Hash::sha256, "message", "").has_value());
    EXPECT_FALSE(verify_rsa("", "", Hash::sha256, "message", good).has_value());
    EXPECT_EQ(verify_rsa(e, std::string(1'026, '\xff'), Hash::sha256, "m", good).error().code,
              Code::invalid);
    EXPECT_EQ(verify_rsa(std::string(10, '\xff'), n, Hash::sha256, "m", good).error().code,
              Code::invalid);
    EVP_PKEY_free(key);
}

TEST(Proof, DsaSignaturesAreVerified) {
    EVP_PKEY_CTX* making = EVP_PKEY_CTX_new_from_name(nullptr, "DSA", nullptr);
    ASSERT_EQ(EVP_PKEY_paramgen_init(making), 1);
    EVP_PKEY_CTX_set_dsa_paramgen_bits(making, 1'024);
    EVP_PKEY* parameters = nullptr;
    ASSERT_EQ(EVP_PKEY_paramgen(making, &parameters), 1);
    EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_pkey(nullptr, parameters, nullptr);
    EVP_PKEY* key = nullptr;
    ASSERT_EQ(EVP_PKEY_keygen_init(context), 1);
    ASSERT_EQ(EVP_PKEY_keygen(context, &key), 1);
    const std::string q = number_of(key, OSSL_PKEY_PARAM_FFC_Q);
    const std::string p = number_of(key, OSSL_PKEY_PARAM_FFC_P);
    const std::string g = number_of(key, OSSL_PKEY_PARAM_FFC_G);
    const std::string y = number_of(key, OSSL_PKEY_PARAM_PUB_KEY);
    for (const auto& [hash, md] : {std::pair(Hash::sha1, EVP_sha1()), {Hash::sha256, EVP_sha256()}}) {
        const std::string good = signed_by(key, md, "message");
        EXPECT_TRUE(verify_dsa(q, p, g, y, hash, "message", good).has_value());
        EXPECT_EQ(verify_dsa(q, p, g, y, hash, "massage", good).error().code, Code::denied);
        EXPECT_FALSE(verify_dsa(q, p, g, y, hash, "message", "x").has_value());
    }
    EXPECT_FALSE(verify_dsa(q, std::string(514, '\xff'), g, y, Hash::sha1, "m", "s").has_value());
    EVP_PKEY_free(key);
    EVP_PKEY_free(parameters);
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_CTX_free(making);
}

}  // namespace
}  // namespace lineshaft::trust
