// The rest of the codec: versions, fragments, credentials, forms that are only tolerated,
// codec_limits.
#include <gtest/gtest.h>

#include "wire/handle/mirrors.h"
#include "wire/handle/names.h"

namespace lineshaft::handle {
namespace {

constexpr Limits codec_limits;

template <class T>
bool reads(const Result<T>& got, const std::type_identity_t<T>& want) {
    return got.has_value() && *got == want;
}

Envelope envelope_of(Version version, Version suggested) {
    Envelope out;
    out.version = version;
    out.suggested = suggested;
    return out;
}

TEST(Versions, AreAnsweredWithWhatBothKnow) {
    struct Case {
        Version version, suggested, want;
    };
    const Case cases[] = {
        {{2, 11}, {2, 11}, {2, 11}}, {{2, 3}, {2, 11}, {2, 11}}, {{2, 10}, {2, 10}, {2, 10}},
        {{2, 1}, {0, 0}, {2, 1}},    {{2, 4}, {2, 5}, {2, 4}},   {{2, 6}, {2, 6}, {2, 4}},
        {{2, 5}, {0, 9}, {2, 4}},    {{3, 0}, {3, 0}, {3, 0}},  {{2, 3}, {2, 13}, {2, 11}},
        {{5, 1}, {0, 0}, {2, 0}},    {{2, 0}, {2, 0}, {2, 0}},   {{2, 11}, {3, 1}, {3, 0}},
    };
    for (const Case& one : cases) {
        const auto got = version_to_answer(envelope_of(one.version, one.suggested));
        EXPECT_EQ(got, one.want) << int(one.version.minor) << " " << int(one.suggested.minor);
    }
}

TEST(Envelope, FlagsAndLimits) {
    Envelope all = envelope_of({2, 8}, {2, 10});
    all.is_compressed = all.is_encrypted = all.is_truncated = true;
    all.session = 7;
    all.request = 0xfffffffe;
    all.sequence = 3;
    all.length = std::uint32_t(codec_limits.message_bytes_max);
    std::string bytes;
    put(bytes, all);
    ASSERT_EQ(bytes.size(), envelope_bytes);
    EXPECT_EQ(std::uint8_t(bytes[2]), 0xe2);
    const auto read = decode_envelope(as_bytes(bytes), codec_limits);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(*read, all);
    all.length += 1;
    bytes.clear();
    put(bytes, all);
    EXPECT_EQ(decode_envelope(as_bytes(bytes), codec_limits).error().code, Code::exhausted);
    EXPECT_EQ(decode_envelope(as_bytes(bytes).first(19), codec_limits).error().code, Code::invalid);
    bytes[0] = 1;
    EXPECT_EQ(decode_envelope(as_bytes(bytes), codec_limits).error().code, Code::unsupported);
    bytes[0] = 4;
    EXPECT_EQ(decode_envelope(as_bytes(bytes), codec_limits).error().code, Code::unsupported);
}

TEST(Packet, EncryptedIsRefusedAndLengthsAreChecked) {
    Header header{.op = Op::delete_handle, .expires_s = 5};
    const std::string body = encode_handle("88.1/A");
    std::string message = encode_message({}, header, body, "seal");
    const auto packet = decode_message(as_bytes(message), codec_limits);
    ASSERT_TRUE(packet.has_value());
    EXPECT_EQ(packet->header, header);
    EXPECT_EQ(as_text(packet->credential), "seal");
    for (std::size_t size = 0; size < message.size(); ++size) {
        const auto cut = decode_message(as_bytes(message).first(size), codec_limits);
        EXPECT_FALSE(cut.has_value()) << size;
    }
    EXPECT_FALSE(decode_message(as_bytes(message + "x"), codec_limits).has_value());
    // Without the credential's length: as the oldest peers write it.
    const auto bare = as_bytes(message).subspan(envelope_bytes, header_bytes + body.size());
    const auto unsigned_packet = decode_packet({}, bare);
    ASSERT_TRUE(unsigned_packet.has_value());
    EXPECT_TRUE(unsigned_packet->credential.empty());
    message[2] |= 0x40;
    EXPECT_EQ(decode_message(as_bytes(message), codec_limits).error().code, Code::unsupported);
}

TEST(Fragments, CarryTheWholeLengthAndCountFromZero) {
    for (const std::size_t body : {0u, 464u, 465u, 3'000u}) {
        const std::string message = encode_message({.request = 9}, {}, std::string(body, 'x'));
        const auto pieces = split_message(message);
        const std::size_t payload = message.size() - envelope_bytes;
        EXPECT_EQ(pieces.size(), (payload + fragment_bytes_max - 1) / fragment_bytes_max);
        std::string whole;
        for (std::size_t at = 0; at < pieces.size(); ++at) {
            EXPECT_LE(pieces[at].size(), datagram_bytes_max);
            const auto envelope = decode_envelope(as_bytes(pieces[at]), codec_limits);
            ASSERT_TRUE(envelope.has_value());
            EXPECT_EQ(envelope->sequence, at);
            EXPECT_EQ(envelope->length, payload);
            EXPECT_EQ(envelope->request, 9u);
            EXPECT_FALSE(envelope->is_truncated);
            whole += pieces[at].substr(envelope_bytes);
        }
        EXPECT_EQ(whole, message.substr(envelope_bytes));
    }
}

TEST(Credentials, AreWrittenAndCoverWhatTheirVersionSays) {
    const Credential want{"", 7, "HS_SIGNED", "SHA-256", "0123456789"};
    const std::string bytes = encode(want);
    const auto read = decode_credential(as_bytes(bytes), codec_limits);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(*read, want);
    // version, reserved, flags, signer, counter, type, section length 8 + 7 + 10
    EXPECT_EQ(to_hex(as_bytes(bytes)).substr(0, 8 + 8 + 8 + 8), "00000000000000000000000700000009");
    const auto signed_by = [](Version version) {
        Envelope envelope;
        envelope.version = version;
        envelope.suggested = {2, 11};
        envelope.session = 1;
        envelope.request = 2;
        const std::string message = encode_message(envelope, {}, "");
        const auto packet = decode_message(as_bytes(message), codec_limits);
        auto covered = signed_bytes(*packet, 3);
        return covered ? to_hex(as_bytes(*covered)).substr(0, 40) : covered.error().context;
    };
    EXPECT_EQ(signed_by({2, 11}), "020b020b00000001000000020000000300000001");
    EXPECT_EQ(signed_by({2, 7}), "0207000000010000000200000003000000010000");
    EXPECT_EQ(signed_by({2, 4}).substr(0, 16), "0000000100000000");
    EXPECT_TRUE(signed_by({2, 5}).contains("2.5"));
}

template <class Body>
using Decode = Result<Body> (*)(Bytes, const Limits&);

// What is written reads the same; nothing shorter and nothing longer reads at all.
template <class Body>
void expect_both_ways(const Body& body, const std::string& bytes, Decode<Body> decode) {
    const auto read = decode(as_bytes(bytes), codec_limits);
    ASSERT_TRUE(read.has_value()) << read.error().context;
    EXPECT_EQ(*read, body);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        const auto cut = decode(as_bytes(bytes).first(size), codec_limits);
        EXPECT_TRUE(!cut || !(*cut == body)) << size;
    }
    EXPECT_FALSE(decode(as_bytes(bytes + "x"), codec_limits).has_value());
}

TEST(Bodies, BothWays) {
    const Value value{.index = 3,
                      .timestamp_s = 1,
                      .is_ttl_absolute = true,
                      .ttl_s = 9,
                      .permissions = 15,
                      .type = "URL",
                      .data = std::string("\0x", 2),
                      .references = {{"88.1/R", 4}}};
    const Resolution resolution{"88.1/A", {1, 2}, {"URL", "HS_SITE."}};
    expect_both_ways<Resolution>(resolution, encode(resolution), &decode_resolution);
    const HandleValues values{"88.1/A", {value, value}};
    expect_both_ways<HandleValues>(values, encode(values), &decode_handle_values);
    const HandleIndexes indexes{"88.1/A", {7, 8}};
    expect_both_ways<HandleIndexes>(indexes, encode(indexes), &decode_handle_indexes);
    expect_both_ways<std::string>("88.1/A", encode_handle("88.1/A"), &decode_handle);
    const std::vector<std::string> names{"88.1/A", "", "88.1/B"};
    expect_both_ways<std::vector<std::string>>(names, encode_names(names), &decode_names);
    const Referral referral{"0.NA/88.1", std::vector<Value>{value}};
    expect_both_ways<Referral>(referral, encode(referral), &decode_referral);
    expect_both_ways<Referral>({"0.NA/88", {}}, encode(Referral{"0.NA/88", {}}), &decode_referral);
    const Refusal refusal{"no", std::vector<std::uint32_t>{1}};
    expect_both_ways<Refusal>(refusal, encode(refusal), &decode_refusal);
    const ChallengeAnswer answer{"HS_PUBKEY", {"0.NA/88.1", 300}, "proof"};
    expect_both_ways<ChallengeAnswer>(answer, encode(answer), &decode_challenge_answer);
    expect_both_ways<Reference>({"88.1/U", 2}, encode_login({"88.1/U", 2}), &decode_login);
    const TransactionsWanted by_state{"{}", true, 0, 0, {2, 3, 1}};
    expect_both_ways<TransactionsWanted>(by_state, encode(by_state), &decode_transactions_wanted);
    const DumpWanted anew{{2, 3, 1}, std::nullopt, 0};
    EXPECT_EQ(encode(anew).size(), 9u);
    expect_both_ways<DumpWanted>(anew, encode(anew), &decode_dump_wanted);
    const DumpWanted going_on{{1, 1, 0}, "88.1/A", 2};
    expect_both_ways<DumpWanted>(going_on, encode(going_on), &decode_dump_wanted);
    const TransactionsWanted by_number{"", true, 17, 18, {1, 2, 0}};
    EXPECT_EQ(encode(by_number).size(), 26u);
    expect_both_ways<TransactionsWanted>(by_number, encode(by_number), &decode_transactions_wanted);
    const TransactionsWanted of_old_peers{"", false, 17, 18, {1, 2, 0}};
    expect_both_ways<TransactionsWanted>(of_old_peers, encode(of_old_peers),
                                         &decode_old_transactions_wanted);
    const SessionSetupAnswer setup{SessionSetup::Mode::diffie_hellman, "key"};
    expect_both_ways<SessionSetupAnswer>(setup, encode(setup), &decode_session_setup_answer);
    for (const auto kind :
         {DigestKind::old_md5, DigestKind::md5, DigestKind::sha1, DigestKind::sha256}) {
        const Challenge challenge{{kind, std::string(size_of(kind), 'd')}, std::string(16, 'n')};
        expect_both_ways<Challenge>(challenge, encode(challenge), &decode_challenge);
    }
    EXPECT_TRUE(
        reads(decode_transaction(as_bytes(encode_transaction(0x123456789aULL))), 0x123456789aULL));
    EXPECT_TRUE(reads(decode_verdict(as_bytes(encode_verdict(true))), true));
    EXPECT_TRUE(reads(decode_verdict(as_bytes(encode_verdict(false))), false));
}

TEST(Bodies, SessionSetupWithAndWithoutTwoSpareBytes) {
    using enum SessionSetup::Mode;
    const SessionSetup setups[] = {
        {client_key, 60, {"88.1/U", 1}, "key", {}},
        {server_key, 60, {"88.1/U", 1}, "", {}},
        {key_in_handle, 60, {"88.1/U", 1}, "", {"88.1/K", 2}},
        {diffie_hellman, 60, {"", 0}, "key", {}},
    };
    for (const SessionSetup& want : setups) {
        const std::string bytes = encode(want);
        EXPECT_TRUE(reads(decode_session_setup(as_bytes(bytes), codec_limits), want));
        const std::string spare = bytes + std::string(2, '\0');
        EXPECT_TRUE(reads(decode_session_setup(as_bytes(spare), codec_limits), want));
        EXPECT_FALSE(decode_session_setup(as_bytes(bytes + "x"), codec_limits).has_value());
    }
}

TEST(Encrypted, TheEnvelopeIsMarkedAndThePayloadReplaced) {
    Envelope envelope = envelope_of({2, 11}, {2, 11});
    envelope.session = 0x40000007;
    envelope.request = 9;
    const std::string plain = encode_message(envelope, Header{}, "body");
    const std::string sealed = encode_encrypted(envelope, "16 bytes and more");
    // Version, flag EC over the suggested major, session, request, sequence, 17 bytes.
    EXPECT_EQ(to_hex(as_bytes(sealed)),
              "020b420b40000007000000090000000000000011"
              "313620627974657320616e64206d6f7265");
    const auto read = decode_envelope(as_bytes(sealed), codec_limits);
    ASSERT_TRUE(read.has_value());
    EXPECT_TRUE(read->is_encrypted);
    EXPECT_EQ(encode_decrypted(*read, std::string_view(plain).substr(envelope_bytes)), plain);
    EXPECT_EQ(decode_message(as_bytes(sealed), codec_limits).error().code, Code::unsupported);
}

TEST(Bodies, KeysOfSessions) {
    const SessionKey key{Cipher::aes, "0123456789abcdef"};
    EXPECT_EQ(to_hex(as_bytes(encode(key))), "0000000330313233343536373839616263646566");
    EXPECT_TRUE(decode_session_key(as_bytes(encode(key))) == key);
    for (const auto* bad : {"", "000000", "00000000", "00000004"})
        EXPECT_FALSE(decode_session_key(as_bytes(*from_hex(bad))).has_value()) << bad;
    EXPECT_EQ(to_hex(as_bytes(encode_exchanged_key("abc"))), "00000003616263");
    EXPECT_TRUE(decode_exchanged_key(as_bytes(encode_exchanged_key("abc"))) == "abc");
    EXPECT_FALSE(decode_exchanged_key(as_bytes(*from_hex("00000004616263"))).has_value());
    EXPECT_FALSE(decode_exchanged_key(as_bytes(*from_hex("0000000261626300"))).has_value());
}

TEST(Bodies, MovementsAreReadInTheirOrderOnly) {
    Value value;
    value.index = 1;
    value.type = "URL";
    value.data = "x";
    const Movements want{4, 9, {{5, "88.1/A", 1, 1'700'000'000'000, {value}}, {9, "88.2", 4, 2, {}}}};
    EXPECT_EQ(to_hex(as_bytes(encode(want))),
              "0000000000000004" "0000000000000009"
              "01" "0000000000000005" "0000000638382e312f41" "01" "0000018bcfe56800" "00000001"
              "0000001e" "00000001" "00000000" "00" "00015180" "0e" "0000000355524c" "0000000178"
              "00000000"
              "01" "0000000000000009" "0000000438382e32" "04" "0000000000000002" "00000000");
    EXPECT_TRUE(reads(decode_movements(as_bytes(encode(want)), codec_limits), want));
    const Movements none{7, 7, {}};
    EXPECT_TRUE(reads(decode_movements(as_bytes(encode(none)), codec_limits), none));
    const auto refused = [](const Movements& bad) {
        return !decode_movements(as_bytes(encode(bad)), codec_limits).has_value();
    };
    EXPECT_TRUE(refused({4, 9, {{9, "a/b", 2, 0, {}}, {5, "a/b", 2, 0, {}}}})) << "backwards";
    EXPECT_TRUE(refused({4, 9, {{5, "a/b", 2, 0, {}}, {5, "a/b", 2, 0, {}}}})) << "twice";
    EXPECT_TRUE(refused({4, 9, {{4, "a/b", 2, 0, {}}}})) << "not after `after`";
    EXPECT_TRUE(refused({4, 9, {{10, "a/b", 2, 0, {}}}})) << "past `until`";
    EXPECT_TRUE(refused({9, 4, {}}));
    EXPECT_TRUE(refused({4, 9, {{5, "a/b", 6, 0, {}}}})) << "no such action";
    EXPECT_TRUE(refused({4, 9, {{5, "a/b", 0, 0, {}}}}));
    const std::string bytes = encode(want);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        const bool is_between = size == 16 || size == 16 + 66;
        EXPECT_EQ(decode_movements(as_bytes(bytes).first(size), codec_limits).has_value(), is_between)
            << size;
    }
}

// The stream behind the answers to 1001 and 1002, as the reference server writes and reads it.
TEST(Pulled, BlocksHaveTheReferenceServersBytes) {
    using namespace pulled;
    const auto hex = [](const std::string& bytes) { return to_hex(as_bytes(bytes)); };
    Value value;
    value.index = 1;
    value.type = "URL";
    value.data = "x";
    const std::string_view record = "0000001e" "00000001" "00000000" "00" "00015180" "0e"
                                    "0000000355524c" "0000000178" "00000000";
    EXPECT_EQ(hex(opening("SHA-256")), "00000000" "000000075348412d323536");
    EXPECT_EQ(hex(signature("sig")), "00000003736967");
    EXPECT_EQ(hex(head(Format::one_queue, Status::transactions)), "0000000100000002");
    EXPECT_EQ(hex(head(Format::named_queues, Status::dump_first)), "0000000200000001");
    EXPECT_EQ(hex(queue_name("0:S")), "02" "00000003303a53");
    EXPECT_EQ(hex(movement({5, "88.1/A", 3, 1'700'000'000'000, {value}})),
              "01" "0000000000000005" "0000000638382e312f41" "03" "0000018bcfe56800" "00000001" +
                  std::string(record));
    EXPECT_EQ(hex(movement({6, "0.NA/88.2", 4, 2, {}})),
              "01" "0000000000000006" "00000009302e4e412f38382e32" "04" "0000000000000002");
    EXPECT_EQ(hex(movement({7, "88.1/A", 2, 2, {}})),
              "01" "0000000000000007" "0000000638382e312f41" "02" "0000000000000002");
    EXPECT_EQ(hex(queue_end(2)), "03" "0000000000000002");
    EXPECT_EQ(hex(end(Format::one_queue, 2)), "00" "0000000000000002");
    EXPECT_EQ(hex(end(Format::named_queues, 2)), "00");
    EXPECT_EQ(hex(dump_head()), "00000002");
    EXPECT_EQ(hex(dump_position(2, 9)), "00" "0000000000000002" "0000000000000009");
    EXPECT_EQ(hex(dump_handle({"88.1/A", {value}})),
              "01" "0000000638382e312f41" "00000001" + std::string(record));
    EXPECT_EQ(hex(dump_prefix("0.NA/88.1")), "02" "00000009302e4e412f38382e31");
    EXPECT_EQ(hex(std::string(dump_end)), "ff");
}

TEST(Keys, Sm2HasAFormOfOurOwnAndSm9None) {
    const PublicKey key{"SM2_PUB_KEY", {std::string(32, 'x'), std::string(32, 'y')}};
    const std::string bytes = encode(key);
    EXPECT_EQ(to_hex(as_bytes(bytes).first(25)),
              "0000000b534d325f5055425f4b45590000" "0000002078787878");
    EXPECT_TRUE(decode_public_key(as_bytes(bytes)) == key);
    const auto sm9 = decode_public_key(as_bytes(encode(PublicKey{"SM9_PUB_KEY", {"k"}})));
    EXPECT_EQ(sm9.error().code, Code::unsupported);
    EXPECT_NE(sm9.error().context.find("SM9_PUB_KEY"), std::string::npos);
}

TEST(Bodies, ProofsInAllTheirForms) {
    for (const auto& [kind, size] :
         {std::pair(MacKind::bare_md5, 16u), std::pair(MacKind::md5, 16u),
          std::pair(MacKind::sha1, 20u), std::pair(MacKind::sha256, 32u),
          std::pair(MacKind::hmac_sha1, 20u), std::pair(MacKind::hmac_sha256, 32u)}) {
        SecretKeyProof want;
        want.kind = kind;
        want.mac = std::string(size, 'm');
        const std::string bytes = encode(want);
        EXPECT_TRUE(reads(decode_secret_key_proof(as_bytes(bytes)), want));
        EXPECT_FALSE(decode_secret_key_proof(as_bytes(bytes + "xy")).has_value());
    }
    EXPECT_FALSE(decode_secret_key_proof({}).has_value());
    EXPECT_FALSE(decode_secret_key_proof(as_bytes("\x33" + std::string(20, 'm'))).has_value());
    const PublicKeyProof proof{"SHA-256", "signature"};
    EXPECT_TRUE(reads(decode_public_key_proof(as_bytes(encode(proof))), proof));
}

TEST(Bodies, VerificationReadsDigestsWithAndWithoutTheirKind) {
    const Verification want{
        {"88.1/K", 301}, "nonce", {DigestKind::sha256, std::string(32, 'd')}, "proof"};
    const std::string bytes = encode(want);
    expect_both_ways<Verification>(want, bytes, &decode_verification);
    std::string with_kind = bytes;
    const auto at = with_kind.find(std::string("\0\0\0\x20", 4));
    with_kind.replace(at, 4, std::string("\0\0\0\x21\x03", 5));
    EXPECT_TRUE(reads(decode_verification(as_bytes(with_kind), codec_limits), want));
}

TEST(Limits, CountsAreCheckedAgainstTheBytesLeftAndTheMaximum) {
    // Four billion values in a body of eight bytes.
    const auto many = *from_hex("00000000 ffffffff");
    EXPECT_EQ(decode_handle_values(as_bytes(many), codec_limits).error().code, Code::invalid);
    EXPECT_EQ(decode_names(as_bytes(*from_hex("ffffffff")), codec_limits).error().code,
              Code::invalid);

    HandleValues full{"88.1/A", {}};
    full.values.resize(codec_limits.values_max, Value{.index = 1, .type = "T"});
    EXPECT_TRUE(decode_handle_values(as_bytes(encode(full)), codec_limits).has_value());
    full.values.emplace_back();
    EXPECT_EQ(decode_handle_values(as_bytes(encode(full)), codec_limits).error().code,
              Code::exhausted);

    const std::string longest(codec_limits.handle_bytes_max, 'h');
    EXPECT_TRUE(decode_handle(as_bytes(encode_handle(longest)), codec_limits).has_value());
    EXPECT_EQ(decode_handle(as_bytes(encode_handle(longest + "h")), codec_limits).error().code,
              Code::exhausted);
    EXPECT_FALSE(decode_handle(as_bytes(encode_handle("\xff")), codec_limits).has_value());

    Limits few;
    few.array_max = 2;
    EXPECT_TRUE(decode_handle_indexes(as_bytes(encode(HandleIndexes{"a", {1, 2}})), few));
    EXPECT_FALSE(decode_handle_indexes(as_bytes(encode(HandleIndexes{"a", {1, 2, 3}})), few));
}

TEST(Types, AreAskedForExactlyOrAsAFamily) {
    const Resolution site{"h", {}, {"HS_SITE."}};
    EXPECT_TRUE(asks_for(site, 1, "HS_SITE"));
    EXPECT_TRUE(asks_for(site, 1, "HS_SITE.6"));
    EXPECT_FALSE(asks_for(site, 1, "HS_SITEX"));
    const Resolution both{"h", {3}, {"URL"}};
    EXPECT_TRUE(asks_for(both, 3, "EMAIL"));
    EXPECT_TRUE(asks_for(both, 4, "URL"));
    EXPECT_FALSE(asks_for(both, 4, "EMAIL"));
    EXPECT_TRUE(asks_for({"h", {}, {}}, 4, "EMAIL"));
}

TEST(Names, SplitFoldAndDerive) {
    EXPECT_EQ(canonical("88.abc/x-yÄ", false), "88.ABC/X-YÄ");
    EXPECT_EQ(canonical("88.abc/x-y", true), "88.ABC/x-y");
    EXPECT_EQ(canonical("0.na/88.a", true), "0.NA/88.A");
    EXPECT_EQ(canonical("88.a", false), "0.NA/88.A");
    EXPECT_EQ(split_name("88.1/a/b").prefix, "88.1");
    EXPECT_EQ(split_name("88.1/a/b").suffix, "a/b");
    EXPECT_EQ(split_name("88.1").prefix, "0.NA");
    EXPECT_EQ(parent_prefix("88.101.7"), "88.101");
    EXPECT_EQ(parent_prefix("88"), "");
    EXPECT_TRUE(is_under("88.101.7", "88.101"));
    EXPECT_TRUE(is_under("88.101", "88.101"));
    EXPECT_FALSE(is_under("88.1012", "88.101"));
    EXPECT_FALSE(is_under("88", "88.101"));
    EXPECT_EQ(prefix_handle("88.x"), "0.NA/88.X");
    EXPECT_TRUE(check_name("88.1/" + std::string(2'043, 's'), codec_limits).has_value());
    EXPECT_FALSE(check_name("88.1/" + std::string(2'044, 's'), codec_limits).has_value());
    for (const std::string_view bad : {"", "/x", "88.1/\n", "88.1/\xff"})
        EXPECT_FALSE(check_name(bad, codec_limits).has_value()) << bad;
}

TEST(Sites, AddressesAndTheServerOfAHandle) {
    for (const std::string_view text : {"127.0.0.1", "192.0.2.7", "2001:db8::1"}) {
        const auto address = parse_address(text);
        ASSERT_TRUE(address.has_value()) << text;
        EXPECT_EQ(address_text(*address), text);
    }
    EXPECT_FALSE(parse_address("example.com").has_value());
    Site site;
    EXPECT_EQ(server_for(site, "88.1/A"), nullptr);
    site.servers.resize(3);
    for (std::uint32_t at = 0; at < 3; ++at) site.servers[at].id = at;
    EXPECT_EQ(server_for(site, "88.111.1/A1")->id, 7'387'990u % 3);
    EXPECT_EQ(server_for(site, "88.111.1/a1")->id, 7'387'990u % 3);
    site.hash = HashOption::prefix;
    EXPECT_EQ(server_for(site, "88.111.1/A1")->id, 431'286'036u % 3);
    site.attributes = {{"desc", "test"}};
    const auto again = decode_site(as_bytes(encode(site)), codec_limits);
    EXPECT_TRUE(reads(again, site));
    std::string bad = encode(site);
    bad[7] = 3;
    EXPECT_FALSE(decode_site(as_bytes(bad), codec_limits).has_value());
}

}  // namespace
}  // namespace lineshaft::handle
