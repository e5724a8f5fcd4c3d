// Messages captured from Handle.Net 9.2, both ways: what they mean, and that we write the same.
#include <gtest/gtest.h>

#include "wire/handle/bodies.h"
#include "wire/handle/names.h"

namespace lineshaft::handle {
namespace {

std::string bytes(std::string_view hex) {
    auto out = from_hex(hex);
    EXPECT_TRUE(out.has_value()) << hex;
    return out.value_or("");
}
std::string hex(std::string_view text) {
    return to_hex(as_bytes(text));
}

constexpr std::uint32_t usual_flags = flag::recursive | flag::cache_certify | flag::public_only;
constexpr Limits limits;

// A message read and written again.
Packet read(const std::string& message) {
    const auto packet = decode_message(as_bytes(message), limits);
    EXPECT_TRUE(packet.has_value()) << (packet ? "" : packet.error().context);
    if (!packet) return {};
    EXPECT_EQ(hex(encode_message(packet->envelope, packet->header, as_text(packet->body),
                                 as_text(packet->credential))),
              hex(message));
    return *packet;
}

const std::string_view resolve_question =
    "020b020b00000000420c66530000000000000033 000000010000000019000000ffff00006b02b5e700000017"
    "0000000b38382e3131312e312f41310000000000000000 00000000";
const std::string_view resolve_answer =
    "020b020b00000000420c665300000000000000a3 000000010000000199000000000100006b02b5e700000087"
    "0000000b38382e3131312e312f413100000002"
    "000000010000000000000151800e0000000355524c0000001e68747470733a2f2f7777772e6578616d706c652e636f"
    "6d2f6974656d2f3100000000"
    "000000640000000000000151800e0000000848535f41444d494e000000170fff0000000d302e4e412f38382e313131"
    "2e310000012c00000000 00000000";

TEST(Golden, ResolutionIsAsked) {
    const auto message = bytes(resolve_question);
    const Packet packet = read(message);
    EXPECT_EQ(packet.envelope.version, own_version);
    EXPECT_EQ(packet.envelope.suggested, own_version);
    EXPECT_EQ(packet.envelope.request, 0x420c6653u);
    EXPECT_EQ(packet.envelope.length, 0x33u);
    EXPECT_EQ(packet.header.op, Op::resolution);
    EXPECT_EQ(packet.header.flags, usual_flags);
    EXPECT_EQ(packet.header.site_serial, unknown_site);
    EXPECT_EQ(packet.header.expires_s, 0x6b02b5e7u);
    EXPECT_TRUE(packet.credential.empty());
    const auto body = decode_resolution(packet.body, limits);
    ASSERT_TRUE(body.has_value());
    EXPECT_EQ(*body, (Resolution{"88.111.1/A1", {}, {}}));
    EXPECT_EQ(hex(encode(*body)), hex(as_text(packet.body)));
}

TEST(Golden, ResolutionIsAnswered) {
    const auto message = bytes(resolve_answer);
    const Packet packet = read(message);
    EXPECT_EQ(packet.header.answer, Answer::success);
    EXPECT_EQ(packet.header.flags, flag::authoritative | usual_flags);
    EXPECT_EQ(packet.header.site_serial, 1);
    const auto body = decode_handle_values(packet.body, limits);
    ASSERT_TRUE(body.has_value());
    HandleValues want;
    want.handle = "88.111.1/A1";
    want.values = {{.index = 1, .type = "URL", .data = "https://www.example.com/item/1"},
                   {.index = 100,
                    .type = "HS_ADMIN",
                    .data = encode(Admin{right::all, {"0.NA/88.111.1", 300}})}};
    EXPECT_EQ(*body, want);
    EXPECT_EQ(hex(encode(want)), hex(as_text(packet.body)));
}

TEST(Golden, RefusalsAreShort) {
    const auto empty = decode_refusal(as_bytes(bytes("00000000")), limits);
    ASSERT_TRUE(empty.has_value());
    EXPECT_EQ(*empty, Refusal{});
    const auto foreign = bytes(
        "0000001d 546861742070726566697820646f65736e2774206c6976652068657265");
    const auto refusal = decode_refusal(as_bytes(foreign), limits);
    ASSERT_TRUE(refusal.has_value());
    EXPECT_EQ(refusal->message, "That prefix doesn't live here");
    EXPECT_EQ(hex(encode(*refusal)), hex(foreign));
}

TEST(Golden, WellKnownTypes) {
    const auto admin = bytes("07f30000000d302e4e412f38382e3131312e310000012c");
    const Admin want{0x07f3, {"0.NA/88.111.1", 300}};
    EXPECT_EQ(hex(encode(want)), hex(admin));
    const auto read_admin = decode_admin(as_bytes(admin), limits);
    ASSERT_TRUE(read_admin.has_value());
    EXPECT_EQ(*read_admin, want);
    const auto spare = decode_admin(as_bytes(admin + bytes("0000")), limits);
    ASSERT_TRUE(spare.has_value());
    EXPECT_EQ(*spare, want);
    EXPECT_FALSE(decode_admin(as_bytes(admin + bytes("00")), limits).has_value());

    const auto vlist = bytes("000000010000000e38382e3131312e312f41444d494e0000012c");
    const std::vector<Reference> members{{"88.111.1/ADMIN", 300}};
    EXPECT_EQ(hex(encode_vlist(members)), hex(vlist));
    const auto read_vlist = decode_vlist(as_bytes(vlist), limits);
    ASSERT_TRUE(read_vlist.has_value());
    EXPECT_EQ(*read_vlist, members);

    const auto url = bytes(
        "000000016553f10000000151800e0000000355524c0000001468747470733a2f2f6578616d706c652e636f6d2f"
        "00000000");
    Reader in(as_bytes(url));
    const auto value = take_value(in, limits);
    ASSERT_TRUE(value.has_value());
    EXPECT_EQ(*value, (Value{.index = 1,
                             .timestamp_s = 1'700'000'000,
                             .type = "URL",
                             .data = "https://example.com/"}));
    std::string again;
    put(again, *value);
    EXPECT_EQ(hex(again), hex(url));
}

TEST(Golden, SiteWithTwoInterfacesAndAKeyOf289Bytes) {
    const std::string modulus = std::string(1, '\0') + std::string(256, '\xc5');
    const std::string key = bytes("0000000b5253415f5055425f4b4559 0000 00000003010001 00000101") +
                            modulus + std::string(4, '\0');
    ASSERT_EQ(key.size(), 289u);
    const std::string data =
        bytes("0001 020b 0001 80 02 00000000 00000000 00000001 00000001"
              "0000000000000000000000007f000001 00000121") +
        key + bytes("00000002 03 00 00003161 03 01 00003161");
    const auto site = decode_site(as_bytes(data), limits);
    ASSERT_TRUE(site.has_value());
    Site want;
    want.servers = {{.id = 1,
                     .address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 127, 0, 0, 1},
                     .public_key = key,
                     .interfaces = {{Interface::both, Transport::udp, 12'641},
                                    {Interface::both, Transport::tcp, 12'641}}}};
    EXPECT_EQ(*site, want);
    EXPECT_EQ(hex(encode(want)), hex(data));
    EXPECT_EQ(address_text(site->servers[0].address), "127.0.0.1");
    const auto read_key = decode_public_key(as_bytes(site->servers[0].public_key));
    ASSERT_TRUE(read_key.has_value());
    EXPECT_EQ(*read_key, (PublicKey{"RSA_PUB_KEY", {bytes("010001"), modulus}}));
    EXPECT_EQ(hex(encode(*read_key)), hex(key.substr(0, 285)));
}

constexpr std::string_view create_question =
    "020b020b000000002262d8bd0000000000000062 000000640000000019000000ffff00006b02b5e700000046"
    "0000000d38382e3131312e312f4e45573300000001000000016553f10000000151800e0000000355524c00000014"
    "68747470733a2f2f6578616d706c652e636f6d2f00000000 00000000";
constexpr std::string_view challenge_answer =
    "020b020b000000042262d8bd0000000000000051 000000640000019299800000000100006b02b5e800000035"
    "03 13d7d082e412be2038471b0aa4a1659448f41c8d7efbbccc5590176447de90f0"
    "000000103f6748e323cd12958dae55cfecb081fd 00000000";
constexpr std::string_view proof_message =
    "020b020b0000000461ff0af30000000000000078 000000c80000000019000000ffff00006b02b5e80000005c"
    "0000000948535f5345434b45590000000e38382e3131312e312f41444d494e0000012d"
    "00000035 22 0000001067aaf3d5ef7956c19c6919c742614963 00002710 000000a0"
    "000000147914c678953d26f61f0f1c942cbc2cb84a67aa40 00000000";
constexpr std::string_view created_answer =
    "020b020b0000000061ff0af3000000000000002d 000000640000000199000000000100006b02b5e800000011"
    "0000000d38382e3131312e312f4e455733 00000000";

TEST(Golden, CreationWithASecretKey) {
    const auto question = bytes(create_question);
    const Packet asked = read(question);
    EXPECT_EQ(asked.header.op, Op::create_handle);
    const auto wanted = decode_handle_values(asked.body, limits);
    ASSERT_TRUE(wanted.has_value());
    EXPECT_EQ(wanted->handle, "88.111.1/NEW3");
    ASSERT_EQ(wanted->values.size(), 1u);
    EXPECT_EQ(hex(encode(*wanted)), hex(as_text(asked.body)));
    // What the digest in the challenge covers.
    EXPECT_EQ(asked.header_and_body.size(), header_bytes + 0x46);

    const auto challenged = bytes(challenge_answer);
    const Packet told = read(challenged);
    EXPECT_EQ(told.envelope.session, 4u);
    EXPECT_EQ(told.header.answer, Answer::authentication_needed);
    EXPECT_TRUE(told.header.has(flag::return_digest));
    const auto challenge = decode_challenge(told.body, limits);
    ASSERT_TRUE(challenge.has_value());
    EXPECT_EQ(challenge->digest.kind, DigestKind::sha256);
    EXPECT_EQ(hex(challenge->nonce), "3f6748e323cd12958dae55cfecb081fd");
    EXPECT_EQ(hex(encode(*challenge)), hex(as_text(told.body)));

    const auto proved = bytes(proof_message);
    const Packet answered = read(proved);
    EXPECT_EQ(answered.header.op, Op::challenge_response);
    const auto answer = decode_challenge_answer(answered.body, limits);
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->type, "HS_SECKEY");
    EXPECT_EQ(answer->key, (Reference{"88.111.1/ADMIN", 301}));
    EXPECT_EQ(hex(encode(*answer)), hex(as_text(answered.body)));
    const auto proof = decode_secret_key_proof(as_bytes(answer->proof));
    ASSERT_TRUE(proof.has_value());
    EXPECT_EQ(proof->kind, MacKind::pbkdf2_hmac_sha1);
    EXPECT_EQ(proof->iterations, 10'000u);
    EXPECT_EQ(proof->key_bits, 160u);
    EXPECT_EQ(hex(proof->mac), "7914c678953d26f61f0f1c942cbc2cb84a67aa40");
    EXPECT_EQ(hex(encode(*proof)), hex(answer->proof));

    const auto created = bytes(created_answer);
    const Packet done = read(created);
    EXPECT_EQ(done.header.op, Op::create_handle);
    EXPECT_EQ(done.envelope.session, 0u);
    const auto name = decode_handle(done.body, limits);
    ASSERT_TRUE(name.has_value());
    EXPECT_EQ(*name, "88.111.1/NEW3");
    EXPECT_EQ(hex(encode_handle(*name)), hex(as_text(done.body)));
}

TEST(Golden, PartitionHash) {
    struct Case {
        std::string_view handle;
        std::uint32_t prefix, suffix, whole;
    };
    const Case cases[] = {
        {"88.111.1/A1", 431'286'036, 1'618'663'562, 7'387'990},
        {"88.111.1/a1", 431'286'036, 1'618'663'562, 7'387'990},
        {"10.1000/1", 2'091'615'925, 1'869'972'635, 1'515'935'840},
        {"88.608.8899/META_zj02", 450'717'878, 1'458'782'514, 1'223'281'955},
    };
    for (const Case& one : cases) {
        EXPECT_EQ(partition_hash(one.handle, HashOption::prefix), one.prefix) << one.handle;
        EXPECT_EQ(partition_hash(one.handle, HashOption::suffix), one.suffix) << one.handle;
        EXPECT_EQ(partition_hash(one.handle, HashOption::whole), one.whole) << one.handle;
    }
    EXPECT_EQ(hex(md5("")), "d41d8cd98f00b204e9800998ecf8427e");
    EXPECT_EQ(hex(md5("abc")), "900150983cd24fb0d6963f7d28e17f72");
    EXPECT_EQ(hex(md5("11111111")),
              "1bbd886460827015e5d605ed44252251");
    EXPECT_EQ(hex(md5("12345678901234567890123456789012345678901234567890123456789012345678901234"
                      "567890")),
              "57edf4a22be3c955ac49da2e2107b67a");
}

}  // namespace
}  // namespace lineshaft::handle
