// What must be refused, with the code a 5.0 peer is told. One line per rule.
#include <gtest/gtest.h>

#include "wire/mqtt/tests/talk.h"

namespace lineshaft::mqtt {
namespace {

struct MalformedCase {
    std::string_view name;
    Version version;
    std::string_view bytes;
    Reason want;
};

using enum Reason;

const MalformedCase cases[] = {
    // Fixed header (2.1).
    {"type 0", v5, "00 00", malformed_packet},
    {"PUBACK with flags", v5, "41 02 0001", malformed_packet},
    {"PUBREL without flag 2", v5, "60 02 0001", malformed_packet},
    {"SUBSCRIBE without flag 2", v3, "80 06 0001 0001 61 00", malformed_packet},
    {"UNSUBSCRIBE without flag 2", v3, "a0 05 0001 0001 61", malformed_packet},
    {"length over four bytes", v3, "30 ffffffff 01", malformed_packet},
    {"length not shortest, 5.0", v5, "c0 80 00", malformed_packet},
    {"AUTH in 3.1.1", v3, "f0 00", malformed_packet},
    {"PINGREQ with a body", v3, "c0 01 00", malformed_packet},
    // CONNECT (3.1).
    {"level 3 with name MQIsdp", v3, "10 0f 0006 4d5149736470 03 02 0000 0001 63",
     unsupported_protocol_version},
    {"level 6", v3, "10 0d 0004 4d515454 06 02 0000 0001 63", unsupported_protocol_version},
    {"level 0", v3, "10 0d 0004 4d515454 00 02 0000 0001 63", unsupported_protocol_version},
    {"other protocol name", v3, "10 0d 0004 6d717474 04 02 0000 0001 63", protocol_error},
    {"reserved flag", v3, "10 0d 0004 4d515454 04 03 0000 0001 63", malformed_packet},
    {"will QoS 3", v3, "10 13 0004 4d515454 04 1e 0000 0001 63 0001 61 0001 62", malformed_packet},
    {"will QoS without will", v3, "10 0d 0004 4d515454 04 0a 0000 0001 63", malformed_packet},
    {"will retain without will", v3, "10 0d 0004 4d515454 04 22 0000 0001 63", malformed_packet},
    {"3.1.1 password without user", v3, "10 10 0004 4d515454 04 42 0000 0001 63 0001 70",
     malformed_packet},
    {"will topic with wildcard", v3, "10 13 0004 4d515454 04 06 0000 0001 63 0001 23 0001 62",
     malformed_packet},
    {"will topic empty", v3, "10 12 0004 4d515454 04 06 0000 0001 63 0000 0001 62", protocol_error},
    {"cut in the user name", v3, "10 11 0004 4d515454 04 82 0000 0001 63 0003 6162",
     malformed_packet},
    {"bytes behind", v3, "10 0e 0004 4d515454 04 02 0000 0001 63 00", malformed_packet},
    {"client id not UTF-8", v3, "10 0d 0004 4d515454 04 02 0000 0001 ff", malformed_packet},
    {"client id with U+0000", v3, "10 0d 0004 4d515454 04 02 0000 0001 00", malformed_packet},
    {"client id with a surrogate", v3, "10 0f 0004 4d515454 04 02 0000 0003 eda080",
     malformed_packet},
    {"receive maximum 0", v5, "10 11 0004 4d515454 05 02 0000 03 210000 0001 63", protocol_error},
    {"maximum packet size 0", v5, "10 13 0004 4d515454 05 02 0000 05 2700000000 0001 63",
     protocol_error},
    {"session expiry twice", v5, "10 18 0004 4d515454 05 02 0000 0a 1100000001 1100000001 0001 63",
     protocol_error},
    {"request problem information 2", v5, "10 10 0004 4d515454 05 02 0000 02 1702 0001 63",
     protocol_error},
    {"property of CONNACK in CONNECT", v5, "10 10 0004 4d515454 05 02 0000 02 2401 0001 63",
     protocol_error},
    {"unknown property", v5, "10 10 0004 4d515454 05 02 0000 02 7f01 0001 63", malformed_packet},
    {"authentication data alone", v5, "10 12 0004 4d515454 05 02 0000 04 160001 64 0001 63",
     protocol_error},
    {"property length past the end", v5, "10 0e 0004 4d515454 05 02 0000 7f 0001 63",
     malformed_packet},
    {"property cut inside", v5, "10 0f 0004 4d515454 05 02 0000 01 11 0001 63", malformed_packet},
    {"will delay outside the will", v5, "10 13 0004 4d515454 05 02 0000 05 1800000001 0001 63",
     protocol_error},
    // PUBLISH (3.3).
    {"QoS 3", v3, "36 05 0001 61 0001", malformed_packet},
    {"DUP with QoS 0", v3, "38 03 0001 61", malformed_packet},
    {"wildcard + in the topic", v3, "30 03 0001 2b", malformed_packet},
    {"wildcard # in the topic", v5, "30 06 0003 612f23 00", malformed_packet},
    {"empty topic, 3.1.1", v3, "30 02 0000", protocol_error},
    {"empty topic without alias, 5.0", v5, "30 03 0000 00", protocol_error},
    {"packet id 0", v3, "32 05 0001 61 0000", protocol_error},
    {"no packet id", v3, "32 03 0001 61", malformed_packet},
    {"topic not UTF-8", v3, "30 03 0001 c0", malformed_packet},
    {"topic with an overlong form", v3, "30 04 0002 c080", malformed_packet},
    {"response topic with wildcard", v5, "30 08 0001 61 04 080001 2b", protocol_error},
    {"response topic empty", v5, "30 07 0001 61 03 080000", protocol_error},
    {"payload format 2", v5, "30 06 0001 61 02 0102", protocol_error},
    {"topic alias twice", v5, "30 0a 0001 61 06 230001 230001", protocol_error},
    {"subscription identifier 0", v5, "30 06 0001 61 02 0b00", protocol_error},
    {"subscription identifier over four bytes", v5, "30 0a 0001 61 06 0bffffffff01",
     malformed_packet},
    {"reason string in PUBLISH", v5, "30 08 0001 61 04 1f0001 72", protocol_error},
    {"user property value not UTF-8", v5, "30 0b 0001 61 07 26 0001 6b 0001 ff", malformed_packet},
    // Acknowledgements.
    {"PUBACK id 0", v3, "40 02 0000", protocol_error},
    {"PUBACK 3.1.1 with a reason", v3, "40 03 0001 00", malformed_packet},
    {"PUBACK one byte", v5, "40 01 00", malformed_packet},
    {"PUBACK reason of PUBREL", v5, "40 03 0001 92", malformed_packet},
    {"PUBREL reason of PUBACK", v5, "62 03 0001 10", malformed_packet},
    {"PUBCOMP unknown reason", v5, "70 03 0001 01", malformed_packet},
    {"PUBACK property of PUBLISH", v5, "40 06 0001 00 02 0101", protocol_error},
    {"PUBACK bytes behind", v5, "40 05 0001 00 00 00", malformed_packet},
    // SUBSCRIBE and UNSUBSCRIBE (3.8, 3.10).
    {"SUBSCRIBE id 0", v3, "82 06 0000 0001 61 00", protocol_error},
    {"SUBSCRIBE without filter, 3.1.1", v3, "82 02 0001", protocol_error},
    {"SUBSCRIBE without filter, 5.0", v5, "82 03 0001 00", protocol_error},
    {"SUBSCRIBE without options", v3, "82 05 0001 0001 61", malformed_packet},
    {"QoS 3 asked", v3, "82 06 0001 0001 61 03", malformed_packet},
    {"reserved options, 3.1.1", v3, "82 06 0001 0001 61 04", malformed_packet},
    {"reserved options, 5.0", v5, "82 07 0001 00 0001 61 40", malformed_packet},
    {"retain handling 3", v5, "82 07 0001 00 0001 61 30", protocol_error},
    {"no local on a shared filter", v5, "82 10 0001 00 000a 2473686172652f672f61 04",
     protocol_error},
    {"# inside", v3, "82 08 0001 0003 232f61 00", topic_filter_invalid},
    {"# behind text", v3, "82 07 0001 0002 6123 00", topic_filter_invalid},
    {"+ behind text", v5, "82 08 0001 00 0002 612b 00", topic_filter_invalid},
    {"empty filter", v3, "82 05 0001 0000 00", topic_filter_invalid},
    {"share without filter", v5, "82 0e 0001 00 0008 2473686172652f67 00", topic_filter_invalid},
    {"share with wildcard group", v5, "82 10 0001 00 000a 2473686172652f2b2f61 00",
     topic_filter_invalid},
    {"share with empty group", v5, "82 0f 0001 00 0009 2473686172652f2f61 00",
     topic_filter_invalid},
    {"two subscription identifiers", v5, "82 0b 0001 04 0b01 0b02 0001 61 00", protocol_error},
    {"UNSUBSCRIBE without filter", v3, "a2 02 0001", protocol_error},
    {"UNSUBSCRIBE bad filter", v5, "a2 08 0001 00 0003 232f61", topic_filter_invalid},
    // Server packets.
    {"CONNACK reserved flag", v3, "20 02 02 00", malformed_packet},
    {"CONNACK code 6", v3, "20 02 00 06", malformed_packet},
    {"CONNACK session present with error", v3, "20 02 01 05", protocol_error},
    {"CONNACK unknown reason", v5, "20 03 00 01 00", malformed_packet},
    {"SUBACK without reason", v3, "90 02 0001", protocol_error},
    {"SUBACK unknown reason", v3, "90 03 0001 87", malformed_packet},
    {"UNSUBACK 3.1.1 with reason", v3, "b0 03 0001 00", malformed_packet},
    // DISCONNECT and AUTH.
    {"DISCONNECT 3.1.1 with reason", v3, "e0 01 00", malformed_packet},
    {"DISCONNECT unknown reason", v5, "e0 01 01", malformed_packet},
    {"DISCONNECT property of CONNACK", v5, "e0 04 00 02 2401", protocol_error},
    {"AUTH unknown reason", v5, "f0 01 01", malformed_packet},
};

TEST(Malformed, AgreesWithTheTable) {
    for (const MalformedCase& each : cases) {
        const std::string bytes = hex(each.bytes);
        const auto frame = next_frame(as_bytes(bytes), 1 << 20);
        if (!frame) {
            EXPECT_EQ(frame.error().reason, each.want) << each.name;
            continue;
        }
        ASSERT_TRUE(*frame) << each.name << ": the vector's length is wrong";
        ASSERT_EQ((*frame)->size_bytes, bytes.size())
            << each.name << ": the vector's length is wrong";
        const auto packet = decode(**frame, each.version, {});
        ASSERT_FALSE(packet) << each.name;
        EXPECT_EQ(packet.error().reason, each.want) << each.name << ": " << packet.error().why;
        EXPECT_FALSE(packet.error().why.empty()) << each.name;
    }
}

// 3.1.1 says nothing about the shortest form, and small devices write a fixed width.
TEST(Malformed, LongFormOfTheLengthIsTakenIn_3_1_1) {
    const std::string bytes = hex("c0 8000");
    const auto frame = next_frame(as_bytes(bytes), 10);
    ASSERT_TRUE(frame && *frame);
    EXPECT_TRUE(decode(**frame, Version::v3_1_1, {}));
}

Reason reason_of(const Packet& packet, const PacketLimits& limits, Version version = v5) {
    const std::string bytes = encoded(packet, version);
    const auto frame = next_frame(as_bytes(bytes), bytes.size());
    CHECK(frame && *frame);
    const auto decoded = decode(**frame, version, limits);
    return decoded ? success : decoded.error().reason;
}

TEST(PacketLimits, UserPropertiesAtTheLimitAndOnePast) {
    Subscribe subscribe{1, {{"a"}}, {}};
    for (int count = 0; count < 64; ++count) subscribe.properties.add_user("k", "v");
    EXPECT_EQ(reason_of(subscribe, {}), success);
    subscribe.properties.add_user("k", "v");
    EXPECT_EQ(reason_of(subscribe, {}), quota_exceeded);
}

TEST(PacketLimits, FiltersPerPacketAtTheLimitAndOnePast) {
    const PacketLimits limits{.user_properties_max = 64, .filters_max = 3, .topic = {}};
    Subscribe subscribe{1, {{"a"}, {"b"}, {"c"}}, {}};
    Unsubscribe unsubscribe{1, {"a", "b", "c"}, {}};
    EXPECT_EQ(reason_of(subscribe, limits), success);
    EXPECT_EQ(reason_of(unsubscribe, limits), success);
    subscribe.subscriptions.push_back({"d"});
    unsubscribe.filters.push_back("d");
    EXPECT_EQ(reason_of(subscribe, limits), quota_exceeded);
    EXPECT_EQ(reason_of(unsubscribe, limits), quota_exceeded);
}

TEST(PacketLimits, TopicBytesAndLevelsAtTheLimitAndOnePast) {
    std::string deep = "l";
    for (int level = 1; level < 32; ++level) deep += "/l";
    const std::string too_deep = deep + "/l";
    const std::string long_topic(1024, 't'), too_long(1025, 't');
    for (const Version version : {v3, v5}) {
        EXPECT_EQ(reason_of(publish_of({deep, "", ""}), {}, version), success);
        EXPECT_EQ(reason_of(publish_of({too_deep, "", ""}), {}, version), topic_name_invalid);
        EXPECT_EQ(reason_of(publish_of({long_topic, "", ""}), {}, version), success);
        EXPECT_EQ(reason_of(publish_of({too_long, "", ""}), {}, version), topic_name_invalid);
        EXPECT_EQ(reason_of(Subscribe{1, {{deep}}, {}}, {}, version), success);
        EXPECT_EQ(reason_of(Subscribe{1, {{too_deep}}, {}}, {}, version), topic_filter_invalid);
        EXPECT_EQ(reason_of(Subscribe{1, {{too_long}}, {}}, {}, version), topic_filter_invalid);
        EXPECT_EQ(reason_of(Unsubscribe{1, {too_deep}, {}}, {}, version), topic_filter_invalid);
    }
}

TEST(Framing, SizeIsRefusedAsSoonAsItIsKnown) {
    const std::string at_limit = hex("30 7e"), over = hex("30 7f");
    const auto waits = next_frame(as_bytes(at_limit), 128);
    ASSERT_TRUE(waits);
    EXPECT_FALSE(*waits);
    const auto refused = next_frame(as_bytes(over), 128);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason, packet_too_large);
}

}  // namespace
}  // namespace lineshaft::mqtt
