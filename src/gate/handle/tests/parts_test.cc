#include <gtest/gtest.h>

#include "gate/handle/challenges.h"
#include "gate/handle/fragments.h"
#include "identity/value_json.h"
#include "identity/rules.h"
#include "trust/proof.h"

#include <boost/json.hpp>

namespace lineshaft::handle {
namespace {

using io::Steady;

Pending pending_of(std::size_t bytes) {
    return {std::string(bytes, 'm'), "nonce", {}};
}

TEST(Challenges, AreTakenOnceAndInTime) {
    DoorLimits limits;
    limits.challenge_life = Steady{100};
    Challenges challenges(2, 4, limits);
    const auto id = challenges.add(pending_of(3), Steady{0});
    EXPECT_EQ(Challenges::shard_of(id, 4), 2u);
    EXPECT_NE(id, 0u);
    EXPECT_TRUE(challenges.take(id, Steady{99}).has_value());
    EXPECT_FALSE(challenges.take(id, Steady{99}).has_value());
    const auto late = challenges.add(pending_of(3), Steady{0});
    EXPECT_NE(late, id);
    EXPECT_FALSE(challenges.take(late, Steady{100}).has_value());
    EXPECT_FALSE(challenges.take(12'345, Steady{0}).has_value());
    EXPECT_EQ(challenges.size(), 0u);
}

TEST(Challenges, TheOldestGiveWay) {
    DoorLimits limits;
    limits.challenges_max = 2;
    Challenges challenges(0, 1, limits);
    const auto first = challenges.add(pending_of(3), Steady{0});
    const auto second = challenges.add(pending_of(3), Steady{0});
    const auto third = challenges.add(pending_of(3), Steady{0});
    EXPECT_FALSE(challenges.take(first, Steady{0}).has_value());
    EXPECT_TRUE(challenges.take(second, Steady{0}).has_value());
    EXPECT_TRUE(challenges.take(third, Steady{0}).has_value());
    EXPECT_EQ(challenges.lost(), 1u);

    limits.challenges_bytes_max = 100;
    Challenges heavy(0, 1, limits);
    const auto big = heavy.add(pending_of(60), Steady{0});
    const auto bigger = heavy.add(pending_of(61), Steady{0});
    EXPECT_FALSE(heavy.take(big, Steady{0}).has_value());
    EXPECT_TRUE(heavy.take(bigger, Steady{0}).has_value());
}

Value secret_key() {
    Value out;
    out.index = 301;
    out.type = "HS_SECKEY";
    out.data = "s3cret";
    return out;
}

TEST(Proofs, EverySupportedKindOfMac) {
    const RequestDigest digest{DigestKind::sha256, std::string(32, 'd')};
    const std::string covered = "nonce" + digest.bytes;
    const auto check = [&](MacKind kind, std::string mac) {
        SecretKeyProof proof;
        proof.kind = kind;
        proof.mac = std::move(mac);
        const auto done = check_proof(secret_key(), encode(proof), "nonce", digest);
        return done ? std::string("good") : std::string(name_of(done.error().code));
    };
    const std::string wrapped = "s3cret" + covered + "s3cret";
    EXPECT_EQ(check(MacKind::sha1, trust::hash_of(trust::Hash::sha1, wrapped)), "good");
    EXPECT_EQ(check(MacKind::sha256, trust::hash_of(trust::Hash::sha256, wrapped)), "good");
    EXPECT_EQ(check(MacKind::hmac_sha1, trust::hmac_of(trust::Hash::sha1, "s3cret", covered)),
              "good");
    EXPECT_EQ(check(MacKind::hmac_sha256, trust::hmac_of(trust::Hash::sha256, "s3cret", covered)),
              "good");
    EXPECT_EQ(check(MacKind::hmac_sha256, std::string(32, 'x')), "denied");
    EXPECT_EQ(check(MacKind::md5, trust::hash_of(trust::Hash::md5, wrapped)), "unsupported");
    EXPECT_EQ(check(MacKind::bare_md5, trust::hash_of(trust::Hash::md5, wrapped)), "unsupported");
}

TEST(Proofs, KeysAreFoundByIndexOrAny) {
    Value key = secret_key();
    Value other = key;
    other.index = 302;
    other.type = "HS_PUBKEY";
    const std::vector<Value> values{key, other};
    EXPECT_EQ(key_for(values, "HS_SECKEY", 0)->index, 301u);
    EXPECT_EQ(key_for(values, "HS_PUBKEY", 302)->index, 302u);
    EXPECT_EQ(key_for(values, "HS_PUBKEY", 301), nullptr);
    EXPECT_EQ(key_for(values, "URL", 0), nullptr);
    EXPECT_EQ(check_proof(other, "", "n", {}).error().code, Code::invalid);
}

TEST(Fragments, AreJoinedInAnyOrderAndForgotten) {
    DoorLimits limits;
    limits.fragments_max = 2;
    Fragments fragments(limits);
    const std::string message = encode_message({.request = 7}, {}, std::string(1'200, 'x'));
    const auto pieces = split_message(message);
    ASSERT_EQ(pieces.size(), 3u);
    const auto add = [&](std::size_t piece, std::uint64_t sender, Steady now) {
        const auto envelope = decode_envelope(as_bytes(pieces[piece]), {});
        return fragments.add(sender, *envelope, as_bytes(pieces[piece]).subspan(envelope_bytes),
                             now);
    };
    EXPECT_FALSE(add(2, 1, Steady{0}));
    EXPECT_FALSE(add(0, 1, Steady{0}));
    EXPECT_FALSE(add(0, 1, Steady{0}));  // again
    const auto whole = add(1, 1, Steady{0});
    ASSERT_TRUE(whole.has_value());
    EXPECT_EQ(*whole, message);
    EXPECT_EQ(fragments.size(), 0u);
    for (std::uint64_t sender = 1; sender <= 3; ++sender)
        EXPECT_FALSE(add(0, sender, Steady{std::int64_t(sender)}));
    EXPECT_EQ(fragments.size(), 2u);
    EXPECT_FALSE(add(0, 9, Steady{60'000}));
    EXPECT_EQ(fragments.size(), 1u);
    limits.fragment_message_bytes_max = 1'000;
    Fragments small(limits);
    const auto envelope = decode_envelope(as_bytes(pieces[0]), {});
    EXPECT_FALSE(small.add(1, *envelope, as_bytes("x"), Steady{0}));
    EXPECT_EQ(small.size(), 0u);
}

TEST(AddressPace, CountsEachSecond) {
    AddressPace pace(2);
    EXPECT_TRUE(pace.take(5, Steady{0}));
    EXPECT_TRUE(pace.take(5, Steady{999}));
    EXPECT_FALSE(pace.take(5, Steady{999}));
    EXPECT_TRUE(pace.take(6, Steady{999}));
    EXPECT_TRUE(pace.take(5, Steady{1'000}));
    AddressPace open(0);
    for (int number = 0; number < 100; ++number) EXPECT_TRUE(open.take(1, Steady{0}));
}

TEST(RestJson, EveryFormatBothWays) {
    const std::string_view body = R"([
        {"index":1,"type":"URL","data":{"format":"string","value":"https://example.com/"},"ttl":60},
        {"index":2,"type":"X","data":{"format":"base64","value":"AP8="},"permissions":"1100"},
        {"index":3,"type":"X","data":{"format":"hex","value":"00ff"}},
        {"index":100,"type":"HS_ADMIN","data":{"format":"admin","value":
            {"handle":"0.NA/88.1","index":300,"permissions":"011111110011"}}},
        {"index":200,"type":"HS_VLIST","data":{"format":"vlist","value":
            [{"handle":"88.1/A","index":"300"}]}},
        {"index":300,"type":"HS_PUBKEY","data":{"format":"key","value":
            {"kty":"RSA","n":"wQ","e":"AQAB"}}},
        {"index":5,"type":"HS_SITE","data":{"format":"site","value":
            {"serialNumber":7,"primarySite":true,"servers":[{"serverId":1,"address":"127.0.0.1",
            "interfaces":[{"query":true,"admin":false,"protocol":"TCP","port":2641}]}]}}},
        {"index":6,"type":"T","data":"bare","ttl":"2027-01-01T00:00:00Z",
            "references":[{"handle":"88.1/R","index":9}]}])";
    const auto given = parse_values(body, {});
    ASSERT_TRUE(given.has_value()) << given.error().context;
    const auto& values = given->values;
    ASSERT_EQ(values.size(), 8u);
    EXPECT_EQ(values[0].ttl_s, 60u);
    EXPECT_EQ(values[1].data, std::string("\0\xff", 2));
    EXPECT_EQ(values[1].permissions, 0x0c);
    EXPECT_EQ(values[2].data, values[1].data);
    EXPECT_EQ(values[3].data, encode(Admin{0x7f3, {"0.NA/88.1", 300}}));
    EXPECT_EQ(values[4].data, encode_vlist({{"88.1/A", 300}}));
    EXPECT_EQ(values[5].data,
              encode(PublicKey{"RSA_PUB_KEY", {std::string("\1\0\1", 3), std::string("\0\xc1", 2)}}));
    const auto site = decode_site(as_bytes(values[6].data), {});
    ASSERT_TRUE(site.has_value());
    EXPECT_EQ(site->serial, 7);
    EXPECT_EQ(site->servers[0].interfaces[0].serves, Interface::query);
    EXPECT_TRUE(values[7].is_ttl_absolute);
    EXPECT_EQ(values[7].references, (std::vector<Reference>{{"88.1/R", 9}}));
    // What is shown, given again, is the same.
    for (const Value& value : values) {
        const auto again = parse_values(boost::json::serialize(value_json(value)), {});
        ASSERT_TRUE(again.has_value()) << again.error().context;
        ASSERT_EQ(again->values.size(), 1u);
        EXPECT_EQ(again->values[0], value) << value.index;
    }
    const std::string secret = boost::json::serialize(value_json(secret_key()));
    EXPECT_FALSE(secret.contains("s3cret"));
}

TEST(RestJson, RefusesWhatIsNone) {
    for (const std::string_view bad :
         {"", "{", "7", "[7]", R"([{"type":"URL","data":"x"}])", R"([{"index":-1,"type":"U","data":""}])",
          R"([{"index":1,"data":""}])", R"([{"index":1,"type":"U"}])",
          R"([{"index":1,"type":"U","data":{"format":"hex","value":"0"}}])",
          R"([{"index":1,"type":"U","data":{"format":"x","value":{}}}])",
          R"([{"index":1,"type":"U","data":"","permissions":"12"}])",
          R"([{"index":1,"type":"U","data":"","ttl":"soon"}])",
          R"([{"index":1,"type":"U","data":{"format":"admin","value":{"handle":"a"}}}])",
          R"([{"index":1,"type":"U","data":{"format":"key","value":{"kty":"EC"}}}])",
          R"([{"index":1,"type":"U","data":{"format":"site","value":{"serialNumber":1}}}])"}) {
        EXPECT_FALSE(parse_values(bad, {}).has_value()) << bad;
    }
    Limits limits;
    limits.values_max = 1;
    EXPECT_TRUE(parse_values(R"([{"index":1,"type":"U","data":""}])", limits).has_value());
    EXPECT_EQ(parse_values(R"([{"index":1,"type":"U","data":""},{"index":2,"type":"U","data":""}])",
                           limits)
                  .error()
                  .code,
              Code::exhausted);
    std::string deep(100, '[');
    EXPECT_FALSE(parse_values(deep, {}).has_value());
}

}  // namespace
}  // namespace lineshaft::handle
