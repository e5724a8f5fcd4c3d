#include "trust/rsa.h"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>

#include <memory>

#include "base/bytes.h"
#include "trust/agreement.h"
#include "trust/octets.h"
#include "trust/secrets.h"

namespace lineshaft::trust {
namespace {

TEST(RsaKey, SignsWhatVerifyBelieves) {
    const RsaKey key = RsaKey::generate();
    for (const Hash hash : {Hash::sha1, Hash::sha256}) {
        const std::string signature = key.sign(hash, "an answer");
        EXPECT_EQ(signature.size(), 256u);
        EXPECT_TRUE(verify_rsa(key.exponent(), key.modulus(), hash, "an answer", signature));
        EXPECT_EQ(verify_rsa(key.exponent(), key.modulus(), hash, "another", signature).error().code,
                  Code::denied);
    }
    EXPECT_EQ(to_hex(as_bytes(key.exponent())), "010001");
    EXPECT_EQ(key.modulus().size(), 257u) << "a zero before the top bit";
}

TEST(RsaKey, IsKeptAsDer) {
    const RsaKey key = RsaKey::generate();
    const auto same = RsaKey::from_der(key.der());
    ASSERT_TRUE(same.has_value());
    EXPECT_EQ(same->modulus(), key.modulus());
    EXPECT_EQ(RsaKey::from_der("garbage").error().code, Code::corrupt);
    EXPECT_EQ(RsaKey::from_der("").error().code, Code::corrupt);
}

TEST(RsaKey, OpensWhatWasHiddenForItAndNothingElse) {
    const RsaKey key = RsaKey::generate(), other = RsaKey::generate();
    const std::string secret = "01234567890123456789";
    const auto sealed = encrypt_rsa(key.exponent(), key.modulus(), secret);
    ASSERT_TRUE(sealed.has_value());
    EXPECT_EQ(key.decrypt(*sealed, 20), secret);
    // Wrong in any way: bytes of that length that nobody knows, another time others.
    for (const std::string& wrong :
         {std::string(), std::string(256, '\0'), std::string(256, '\xff'), std::string(10, 'x'),
          *encrypt_rsa(key.exponent(), key.modulus(), "too short"),
          *encrypt_rsa(other.exponent(), other.modulus(), secret)}) {
        const auto once = key.decrypt(wrong, 20), again = key.decrypt(wrong, 20);
        EXPECT_EQ(once.size(), 20u);
        EXPECT_NE(once, secret);
        EXPECT_NE(once, again);
    }
    EXPECT_EQ(encrypt_rsa("\x03", std::string(100, 'a'), secret).error().code, Code::invalid);
    EXPECT_EQ(encrypt_rsa("\x03", std::string(1'025, 'a'), secret).error().code, Code::invalid);
    EXPECT_EQ(encrypt_rsa(key.exponent(), key.modulus(), std::string(246, 'x')).error().code,
              Code::invalid);
}

struct KeyFree {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
    void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
};

TEST(Sm2, SignaturesAreVerified) {
    const std::unique_ptr<EVP_PKEY, KeyFree> key(EVP_PKEY_Q_keygen(nullptr, nullptr, "SM2"));
    ASSERT_NE(key, nullptr);
    std::string point(65, '\0');
    std::size_t size = 0;
    ASSERT_EQ(EVP_PKEY_get_octet_string_param(key.get(), OSSL_PKEY_PARAM_PUB_KEY, octets(point),
                                              point.size(), &size),
              1);
    ASSERT_EQ(size, 65u);
    const std::unique_ptr<EVP_MD_CTX, KeyFree> digest(EVP_MD_CTX_new());
    const std::unique_ptr<EVP_PKEY_CTX, KeyFree> context(EVP_PKEY_CTX_new(key.get(), nullptr));
    ASSERT_EQ(EVP_PKEY_CTX_set1_id(context.get(), "1234567812345678", 16), 1);
    EVP_MD_CTX_set_pkey_ctx(digest.get(), context.get());
    ASSERT_EQ(EVP_DigestSignInit(digest.get(), nullptr, EVP_get_digestbyname("SM3"), nullptr,
                                 key.get()),
              1);
    std::string signature(128, '\0');
    size = signature.size();
    const std::string_view message = "nonce and digest";
    ASSERT_EQ(EVP_DigestSign(digest.get(), octets(signature), &size, octets(message),
                             message.size()),
              1);
    signature.resize(size);
    const std::string x = point.substr(1, 32), y = point.substr(33);
    const auto good = verify_sm2(x, y, message, signature);
    EXPECT_TRUE(good.has_value()) << good.error().context;
    EXPECT_EQ(verify_sm2(x, y, "another", signature).error().code, Code::denied);
    EXPECT_EQ(verify_sm2(y, x, message, signature).error().code, Code::invalid) << "no point";
    EXPECT_EQ(verify_sm2(std::string(33, 'a'), y, message, signature).error().code, Code::invalid);
}

TEST(Agreement, BothSidesHaveTheSameKey) {
    const DhHalf one = make_dh_half();
    const auto two = make_dh_half(one.p, one.g);
    ASSERT_TRUE(two.has_value());
    const auto first = session_key(one, two->own), second = session_key(*two, one.own);
    ASSERT_TRUE(first.has_value() && second.has_value());
    EXPECT_EQ(*first, *second);
    EXPECT_EQ(first->size(), session_key_bytes);
    EXPECT_NE(one.own, two->own);
}

TEST(Agreement, RefusesGroupsAndNumbersThatGiveNothing) {
    const DhHalf half = make_dh_half();
    std::string even = half.p;
    even.back() = '\0';
    const std::string top = half.p.substr(0, half.p.size() - 1) + '\xfe';  // p - 1
    for (const auto& [p, g] : std::initializer_list<std::pair<std::string, std::string>>{
             {"", "\x02"}, {even, "\x02"}, {half.p, ""}, {half.p, "\x01"}, {half.p, half.p},
             {half.p, top}, {std::string(127, '\x7f'), "\x02"}, {std::string(514, '\x7f'), "\x02"}})
        EXPECT_EQ(make_dh_half(p, g).error().code, Code::invalid);
    for (const auto& theirs : {std::string(), std::string(1, '\0'), std::string("\x01"), top, half.p,
                               std::string(514, '\x01')})
        EXPECT_EQ(session_key(half, theirs).error().code, Code::invalid);
}

TEST(Agreement, CbcBothWaysAndRefusesWhatIsNone) {
    const std::string key(16, 'k');
    for (const std::size_t size : {0u, 1u, 15u, 16u, 17u, 4'000u}) {
        const std::string plain(size, 'p');
        const auto sealed = encrypt_cbc(key, plain);
        EXPECT_EQ(sealed.size(), 16 + (size / 16 + 1) * 16);
        EXPECT_EQ(*decrypt_cbc(key, sealed), plain);
        EXPECT_NE(encrypt_cbc(key, plain), sealed) << "another IV";
    }
    // NIST SP 800-38A, F.2.1, its first block, which has no padding.
    const auto vector = from_hex(
        "000102030405060708090a0b0c0d0e0f7649abac8119b246cee98e9b12e9197d");
    const auto raw_key = from_hex("2b7e151628aed2a6abf7158809cf4f3c");
    const auto read = decrypt_cbc(*raw_key, *vector);
    EXPECT_EQ(read.has_value() ? Code::corrupt : read.error().code, Code::invalid)
        << "whatever the last byte says";
    EXPECT_EQ(decrypt_cbc(key, std::string(16, 'x')).error().code, Code::invalid);
    EXPECT_EQ(decrypt_cbc(key, std::string(33, 'x')).error().code, Code::invalid);
    EXPECT_EQ(decrypt_cbc(key, "").error().code, Code::invalid);
}

}  // namespace
}  // namespace lineshaft::trust
