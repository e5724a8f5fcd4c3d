// Signed answers and signed values, and the many ways in which they are not.
#include "identity/signature.h"

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/dsa.h>
#include <openssl/evp.h>

#include "base/check.h"
#include "identity/node_key.h"
#include "identity/tests/rig.h"
#include "trust/secrets.h"

namespace lineshaft::identity {
namespace {

using handle::Answer;
using handle::Value;
using testing::create;
using testing::typed;
using testing::url;

constexpr std::int64_t now_s = 1'800'000'000;

Reply signed_reply(const trust::RsaKey& key, handle::Version version, trust::Hash hash) {
    handle::Envelope envelope;
    envelope.version = version;
    envelope.request = 7;
    handle::Header header;
    header.answer = Answer::success;
    const std::string plain = handle::encode_message(envelope, header, "body");
    const auto packet = handle::decode_message(as_bytes(plain), {});
    handle::Credential credential;
    credential.algorithm = hash == trust::Hash::sha1 ? "SHA1" : "SHA-256";
    credential.signature = key.sign(hash, *handle::signed_bytes(*packet, 0));
    Reply out;
    out.message = handle::encode_message(packet->envelope, header, "body", handle::encode(credential));
    return out;
}

TEST(SignedAnswers, AreBelievedWhenTheKeyMadeThem) {
    const auto key = trust::RsaKey::generate(), other = trust::RsaKey::generate();
    for (const handle::Version version : {handle::Version{2, 1}, {2, 7}, {2, 11}, {3, 0}}) {
        Reply reply = signed_reply(key, version, trust::Hash::sha256);
        EXPECT_TRUE(check_signature(reply, public_key_of(key)).has_value());
        EXPECT_EQ(check_signature(reply, public_key_of(other)).error().code, Code::denied);
        reply.message[handle::envelope_bytes + handle::header_bytes] ^= 1;
        EXPECT_EQ(check_signature(reply, public_key_of(key)).error().code, Code::denied);
    }
    const Reply old = signed_reply(key, {2, 3}, trust::Hash::sha1);
    EXPECT_TRUE(check_signature(old, public_key_of(key)).has_value());
    // From 2.7 on the request's number is covered: no answer fits another question.
    Reply moved = signed_reply(key, {2, 11}, trust::Hash::sha256);
    moved.message[11] ^= 1;
    EXPECT_EQ(check_signature(moved, public_key_of(key)).error().code, Code::denied);
    Reply bare;
    bare.message = handle::encode_message({}, {}, "body");
    EXPECT_EQ(check_signature(bare, public_key_of(key)).error().code, Code::denied);
    handle::Credential mac;
    mac.type = "HS_MAC";
    bare.message = handle::encode_message({}, {}, "body", handle::encode(mac));
    EXPECT_EQ(check_signature(bare, public_key_of(key)).error().code, Code::denied);
    EXPECT_EQ(check_signature(moved, "no key").error().code, Code::invalid);
}

TEST(NodeKey, IsMadeOnceAndSealed) {
    testing::Rig rig(1);
    const auto seal = trust::SealKey::random();
    const auto key = open_node_key(*rig.store, *rig.shards, *rig.lanes[0], seal);
    ASSERT_TRUE(key.has_value()) << key.error().context;
    rig.reopen(1);
    const auto again = open_node_key(*rig.store, *rig.shards, *rig.lanes[0], seal);
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->modulus(), key->modulus());
    EXPECT_EQ(open_node_key(*rig.store, *rig.shards, *rig.lanes[0], trust::SealKey::random())
                  .error()
                  .code,
              Code::corrupt);
    const auto fingerprint = fingerprint_of(public_key_of(*key));
    ASSERT_TRUE(fingerprint.has_value());
    EXPECT_EQ(fingerprint->size(), 64u);
    EXPECT_EQ(*fingerprint_of(public_key_of(*key) + std::string(4, '\0')), *fingerprint)
        << "spare bytes do not count";
    EXPECT_FALSE(fingerprint_of("").has_value());
}

TEST(Secrets, LieSealedInTheStoreAndOpenOnlyInTheirPlace) {
    Registry::Settings settings;
    settings.seal = trust::SealKey::random();
    testing::Rig rig(1, {}, settings);
    ASSERT_TRUE(rig.change(create("88.1/ADMIN", {typed(301, "HS_SECKEY", "s3cret")})).is_good());
    const auto kept = rig.store->get(store::Family::identity, record_key("88.1/ADMIN"));
    ASSERT_TRUE(kept.has_value() && kept->has_value());
    EXPECT_EQ((*kept)->find("s3cret"), std::string::npos);
    const auto read = rig.registry->values_of("88.1/ADMIN");
    ASSERT_TRUE(read.has_value() && read->has_value());
    EXPECT_EQ((**read)[0].data, "s3cret");
    rig.reopen_as_killed(2);
    EXPECT_EQ((**rig.registry->values_of("88.1/ADMIN"))[0].data, "s3cret");
}

TEST(Secrets, OfEarlierVersionsAreReadAsTheyAre) {
    testing::Rig plain(1);
    ASSERT_TRUE(plain.change(create("88.1/ADMIN", {typed(301, "HS_SECKEY", "s3cret")})).is_good());
    EXPECT_EQ((**plain.registry->values_of("88.1/ADMIN"))[0].data, "s3cret");
}

struct Chain {
    trust::RsaKey root = trust::RsaKey::generate(), issuer = trust::RsaKey::generate();
    handle::Reference root_name{"0.0/0.0", 300}, issuer_name{"0.NA/88.1", 300};
    std::string handle = "88.1/A";
    std::vector<Value> values{url(1, "https://example.com/"), typed(2, "EMAIL", "a@example.com")};
    std::string signature = sign_values(issuer, issuer_name, handle, values, now_s, 3'600 * 24);
    std::string own = certificate({{CertifiedRight::Kind::handles_under_this_prefix, "0.NA/88.1"}});
    std::string top = certify(root, root_name, root_name, public_key_of(root),
                              {{CertifiedRight::Kind::everything, ""}}, now_s, 0);
    TrustedKeys trusted{*fingerprint_of(public_key_of(root))};

    std::string certificate(const std::vector<CertifiedRight>& rights) const {
        return certify(root, root_name, issuer_name, public_key_of(issuer), rights, now_s, 0);
    }
    Result<ValuesSigned> check(std::int64_t at_s = now_s) const {
        return check_values(signature, handle, values, {own, top}, trusted, at_s);
    }
};

TEST(SignedValues, AreBelievedUpAChainToATrustedKey) {
    Chain chain;
    const auto good = chain.check();
    ASSERT_TRUE(good.has_value()) << good.error().context;
    EXPECT_EQ(good->by, chain.issuer_name);
    EXPECT_EQ(good->root, chain.root_name);
    EXPECT_EQ(good->indexes, (std::vector<std::uint32_t>{1, 2}));
    // A later timestamp is none of the signer's business, and values may be added.
    chain.values[0].timestamp_s = 99;
    chain.values.push_back(url(3, "added"));
    EXPECT_TRUE(chain.check().has_value());
    // The issuer's own key may be the trusted one.
    chain.trusted = {*fingerprint_of(public_key_of(chain.issuer))};
    EXPECT_TRUE(check_values(chain.signature, chain.handle, chain.values, {chain.own}, chain.trusted,
                             now_s)
                    .has_value());
    EXPECT_EQ(issuers_of(chain.signature)->front(), chain.issuer_name);
    EXPECT_TRUE(certifies(chain.own, chain.issuer_name));
    EXPECT_FALSE(certifies(chain.own, chain.root_name));
    EXPECT_FALSE(certifies("x.y", chain.root_name));
}

TEST(SignedValues, AreNotBelievedWhenAnythingIsOff) {
    using Certified = CertifiedRight::Kind;
    const Chain good;
    const auto code_of = [](const Result<ValuesSigned>& result) {
        return result ? std::string("believed") : std::string(name_of(result.error().code));
    };
    {
        Chain changed = good;
        changed.values[0].data = "https://evil.example/";
        EXPECT_EQ(code_of(changed.check()), "denied");
        changed.values.erase(changed.values.begin());
        EXPECT_EQ(code_of(changed.check()), "denied") << "a signed value has gone";
        Chain other = good;
        other.handle = "88.1/B";
        EXPECT_EQ(code_of(other.check()), "denied");
        other = good;
        other.trusted.clear();
        EXPECT_EQ(code_of(other.check()), "denied");
        EXPECT_EQ(code_of(good.check(now_s + 3'600 * 26)), "denied") << "has ended";
        EXPECT_EQ(code_of(good.check(now_s - 3'600 * 2)), "denied") << "has not begun";
        EXPECT_EQ(code_of(good.check(now_s - 1'800)), "believed") << "a clock that is a little off";
    }
    for (const auto& rights : std::initializer_list<std::vector<CertifiedRight>>{
             {}, {{Certified::this_handle, "88.1/B"}}, {{Certified::derived_prefixes, "0.NA/88.1"}},
             {{Certified::handles_under_this_prefix, "0.NA/88.11"}},
             {{Certified::handles_under_this_prefix, "88.1/A"}}}) {
        Chain narrow = good;
        narrow.own = narrow.certificate(rights);
        EXPECT_EQ(code_of(narrow.check()), "denied");
    }
    Chain fitting = good;
    fitting.own = fitting.certificate({{Certified::this_handle, "88.1/a"}});
    EXPECT_EQ(code_of(fitting.check()), "believed");
    // A chain with a link left out, turned round, forged, or too long.
    EXPECT_EQ(code_of(check_values(good.signature, good.handle, good.values, {}, good.trusted,
                                   now_s)),
              "denied");
    EXPECT_EQ(code_of(check_values(good.signature, good.handle, good.values, {good.top, good.own},
                                   good.trusted, now_s)),
              "denied");
    const auto impostor = trust::RsaKey::generate();
    const auto forged = certify(impostor, good.root_name, good.issuer_name, public_key_of(impostor),
                                {{Certified::everything, ""}}, now_s, 0);
    const auto forged_signature =
        sign_values(impostor, good.issuer_name, good.handle, good.values, now_s, 0);
    EXPECT_EQ(code_of(check_values(forged_signature, good.handle, good.values, {forged, good.top},
                                   good.trusted, now_s)),
              "denied");
    const std::vector<std::string> long_chain(9, good.own);
    EXPECT_EQ(code_of(check_values(good.signature, good.handle, good.values, long_chain,
                                   good.trusted, now_s)),
              "exhausted");
    // What is no signature at all, or one of an algorithm that anybody can make.
    const auto none = trust::to_base64url(R"({"alg":"none"})") +
                      good.signature.substr(good.signature.find('.'));
    for (const auto& [bad, want] : std::initializer_list<std::pair<std::string, std::string>>{
             {"", "invalid"}, {"a.b", "invalid"}, {"a.b.c.d", "invalid"}, {"!.!.!", "invalid"},
             {none, "unsupported"}, {std::string(70'000, 'a'), "exhausted"},
             {"W10." + good.signature.substr(good.signature.find('.') + 1), "invalid"}})
        EXPECT_EQ(code_of(check_values(bad, good.handle, good.values, {good.own, good.top},
                                       good.trusted, now_s)),
                  want)
            << bad.substr(0, 30);
}

// Handle.Net signs values with DSA keys as well (DS256); nothing of Lineshaft's has one, so a key of
// OpenSSL's makes what is read here.
class DsaSigner {
public:
    DsaSigner() {
        EVP_PKEY_CTX* making = EVP_PKEY_CTX_new_from_name(nullptr, "DSA", nullptr);
        EVP_PKEY* parameters = nullptr;
        CHECK(EVP_PKEY_paramgen_init(making) == 1);
        EVP_PKEY_CTX_set_dsa_paramgen_bits(making, 1'024);
        CHECK(EVP_PKEY_paramgen(making, &parameters) == 1);
        EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_pkey(nullptr, parameters, nullptr);
        CHECK(EVP_PKEY_keygen_init(context) == 1 && EVP_PKEY_keygen(context, &key_) == 1);
        EVP_PKEY_CTX_free(context);
        EVP_PKEY_free(parameters);
        EVP_PKEY_CTX_free(making);
    }
    ~DsaSigner() { EVP_PKEY_free(key_); }
    std::string public_key() const {
        handle::PublicKey out{"DSA_PUB_KEY", {}};
        for (const char* name : {OSSL_PKEY_PARAM_FFC_Q, OSSL_PKEY_PARAM_FFC_P, OSSL_PKEY_PARAM_FFC_G,
                                 OSSL_PKEY_PARAM_PUB_KEY})
            out.numbers.push_back(number(name));
        return handle::encode(out);
    }
    // `jws` again, as this key signs it.
    std::string resigned(std::string_view jws) const {
        const auto payload = jws.substr(jws.find('.') + 1, jws.rfind('.') - jws.find('.') - 1);
        const std::string covered =
            trust::to_base64url(R"({"alg":"DS256"})") + "." + std::string(payload);
        EVP_MD_CTX* context = EVP_MD_CTX_new();
        std::string out(512, '\0');
        std::size_t size = out.size();
        CHECK(EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key_) == 1);
        CHECK(EVP_DigestSign(context, reinterpret_cast<unsigned char*>(out.data()), &size,
                             reinterpret_cast<const unsigned char*>(covered.data()),
                             covered.size()) == 1);
        EVP_MD_CTX_free(context);
        out.resize(size);
        return covered + "." + trust::to_base64url(out);
    }

private:
    std::string number(const char* name) const {
        BIGNUM* value = nullptr;
        CHECK(EVP_PKEY_get_bn_param(key_, name, &value) == 1);
        std::string out(static_cast<std::size_t>(BN_num_bytes(value)), '\0');
        BN_bn2bin(value, reinterpret_cast<unsigned char*>(out.data()));
        BN_free(value);
        if ((static_cast<unsigned char>(out.front()) & 0x80u) != 0) out.insert(0, 1, '\0');
        return out;
    }
    EVP_PKEY* key_ = nullptr;
};

TEST(SignedValues, OfDsaKeysAreBelievedUpToAnRsaKeyAndToADsaKey) {
    const DsaSigner issuer, stranger;
    const auto root = trust::RsaKey::generate();
    const handle::Reference root_name{"0.0/0.0", 300}, issuer_name{"0.NA/88.1", 300};
    const std::vector<Value> values{url(1, "https://example.com/")};
    const std::string plain = sign_values(root, issuer_name, "88.1/A", values, now_s, 0);
    const std::string signature = issuer.resigned(plain);
    const auto own = certify(root, root_name, issuer_name, issuer.public_key(),
                             {{CertifiedRight::Kind::everything, ""}}, now_s, 0);
    EXPECT_EQ(*certified_key(own), issuer.public_key());
    const TrustedKeys of_root{*fingerprint_of(public_key_of(root))};
    const TrustedKeys of_issuer{*fingerprint_of(issuer.public_key())};
    const auto worth = [&](const std::string& jws, const SignatureChain& chain,
                           const TrustedKeys& trusted) {
        return judge_signature(jws, "88.1/A", values, chain, trusted, now_s).worth;
    };
    const SignatureChain certified{{own}, public_key_of(root)}, bare{{}, issuer.public_key()};
    EXPECT_EQ(worth(signature, certified, of_root), Worth::valid);
    EXPECT_EQ(worth(signature, bare, of_issuer), Worth::valid);
    EXPECT_EQ(worth(signature, bare, of_root), Worth::untrusted);
    EXPECT_EQ(worth(stranger.resigned(plain), certified, of_root), Worth::invalid);
    EXPECT_EQ(worth(plain, certified, of_root), Worth::invalid) << "RS256 of another key than it says";
    EXPECT_TRUE(check_jws(signature, issuer.public_key()).has_value());
    EXPECT_EQ(check_jws(signature, stranger.public_key()).error().code, Code::denied);
    EXPECT_EQ(check_jws(signature, public_key_of(root)).error().code, Code::denied);
}

}  // namespace
}  // namespace lineshaft::identity
