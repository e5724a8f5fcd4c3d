// Bytes and meaning of every packet type in both versions, both ways. Vectors are worked out by
// hand from the clause each one names; those marked "figure" stand in the OASIS text itself.
#include <gtest/gtest.h>

#include "wire/mqtt/tests/talk.h"

namespace lineshaft::mqtt {
namespace {

struct Vector {
    std::string_view name;
    Version version;
    std::string_view bytes;
    Packet want;
};

using enum PropertyId;

Properties with(std::initializer_list<Property> list) {
    Properties properties;
    for (const Property& each : list) properties.add(each);
    return properties;
}

Connect full_connect(Version version) {
    Connect connect;
    connect.version = version;
    connect.clean_start = true;
    connect.keep_alive_s = 10;
    connect.client_id = "dev";
    connect.user_name = "ann";
    connect.password = "\x01\x02";
    Will will;
    will.qos = Qos::at_least_once;
    will.retain = true;
    std::string properties;
    if (version == v5) {
        will.delay_s = 5;
        will.expiry_s = 60;
        append_property(content_type, "t", properties);
        append_user_property("a", "b", properties);
        connect.properties = with({{session_expiry_interval, 100, {}, {}},
                                   {receive_maximum, 20, {}, {}},
                                   {maximum_packet_size, 1000, {}, {}},
                                   {topic_alias_maximum, 3, {}, {}},
                                   {request_response_information, 1, {}, {}},
                                   {request_problem_information, 0, {}, {}},
                                   {user_property, 0, "k", "v"}});
    }
    will.message = Message("w/t", "bye", properties);
    connect.will = will;
    return connect;
}

Connack full_connack() {
    return {true, Reason::success,
            with({{session_expiry_interval, 7, {}, {}},
                  {receive_maximum, 10, {}, {}},
                  {maximum_qos, 1, {}, {}},
                  {retain_available, 0, {}, {}},
                  {maximum_packet_size, 256, {}, {}},
                  {assigned_client_identifier, 0, "x", {}},
                  {topic_alias_maximum, 5, {}, {}},
                  {reason_string, 0, "r", {}},
                  {wildcard_subscription_available, 0, {}, {}},
                  {subscription_identifier_available, 0, {}, {}},
                  {shared_subscription_available, 0, {}, {}},
                  {server_keep_alive, 30, {}, {}},
                  {response_information, 0, "i", {}},
                  {server_reference, 0, "s", {}},
                  {authentication_method, 0, "m", {}},
                  {authentication_data, 0, "d", {}},
                  {user_property, 0, "k", "v"},
                  {user_property, 0, "k", "v"}})};
}

std::vector<Vector> vectors() {
    PublishView figure_3_3 = publish_of({"a/b", "", ""}, Qos::at_least_once, 10);
    PublishView all_flags = publish_of({"a", "", "hi"}, Qos::exactly_once, 258);
    all_flags.dup = all_flags.retain = true;
    const Property user{user_property, 0, "k", "v"};
    return {
        {"CONNECT 3.1.1, smallest (3.1)", v3, "10 0d 0004 4d515454 04 02 0000 0001 63",
         connect_of(v3)},
        {"CONNECT 5.0, smallest (3.1)", v5, "10 0e 0004 4d515454 05 02 0000 00 0001 63",
         connect_of(v5)},
        {"CONNECT 3.1.1, every field (3.1.3)", v3,
         "10 22 0004 4d515454 04 ee 000a 0003 646576 0003 772f74 0003 627965 0003 616e6e 0002 0102",
         full_connect(v3)},
        {"CONNECT 5.0, every field (3.1.2.11, 3.1.3.2)", v5,
         "10 54 0004 4d515454 05 ee 000a 1b 1100000064 210014 27000003e8 220003 1901 1700"
         "26 0001 6b 0001 76 0003 646576 15 1800000005 020000003c 030001 74 26 0001 61 0001 62"
         "0003 772f74 0003 627965 0003 616e6e 0002 0102",
         full_connect(v5)},
        {"CONNACK 3.1.1 accepted, session present (3.2.2)", v3, "20 02 01 00",
         Connack{true, Reason::success, {}}},
        {"CONNACK 3.1.1 not authorized (table 3.1)", v3, "20 02 00 05",
         Connack{false, Reason::not_authorized, {}}},
        {"CONNACK 5.0, plain (3.2)", v5, "20 03 00 00 00", Connack{}},
        {"CONNACK 5.0, every property (3.2.2.3)", v5,
         "20 46 01 00 43 1100000007 21000a 2401 2500 2700000100 120001 78 220005 1f0001 72 2800"
         "2900 2a00 13001e 1a0001 69 1c0001 73 150001 6d 160001 64 26 0001 6b 0001 76"
         "26 0001 6b 0001 76",
         full_connack()},
        {"PUBLISH 3.1.1 QoS 1 (figure 3.11)", v3, "32 07 0003 612f62 000a", figure_3_3},
        {"PUBLISH 5.0 QoS 1 (figure 3-9)", v5, "32 08 0003 612f62 000a 00", figure_3_3},
        {"PUBLISH 3.1.1, all flags (3.3.1)", v3, "3d 07 0001 61 0102 6869", all_flags},
        {"PUBLISH 5.0, all flags (3.3.1)", v5, "3d 08 0001 61 0102 00 6869", all_flags},
        {"PUBLISH QoS 0, empty payload (3.3.3)", v3, "30 03 0001 61", publish_of({"a", "", ""})},
        {"PUBACK 3.1.1 (3.4)", v3, "40 02 0007", ack_of(PacketType::puback, 7)},
        {"PUBREC 3.1.1 (3.5)", v3, "50 02 0007", ack_of(PacketType::pubrec, 7)},
        {"PUBREL 3.1.1, flags 2 (3.6.1)", v3, "62 02 0007", ack_of(PacketType::pubrel, 7)},
        {"PUBCOMP 3.1.1 (3.7)", v3, "70 02 0007", ack_of(PacketType::pubcomp, 7)},
        {"PUBACK 5.0, success left out (3.4.2.1)", v5, "40 02 0007", ack_of(PacketType::puback, 7)},
        {"PUBACK 5.0, reason, no properties (3.4.2.2.1)", v5, "40 03 0007 10",
         ack_of(PacketType::puback, 7, Reason::no_matching_subscribers)},
        {"PUBACK 5.0, reason string and user property", v5,
         "40 0f 0007 97 0b 1f0001 72 26 0001 6b 0001 76",
         Ack{PacketType::puback, 7, Reason::quota_exceeded,
             with({{reason_string, 0, "r", {}}, user})}},
        {"PUBREC 5.0 (3.5)", v5, "50 03 0007 91",
         ack_of(PacketType::pubrec, 7, Reason::packet_identifier_in_use)},
        {"PUBREL 5.0 (3.6)", v5, "62 03 0007 92",
         ack_of(PacketType::pubrel, 7, Reason::packet_identifier_not_found)},
        {"PUBCOMP 5.0 (3.7)", v5, "70 03 0007 92",
         ack_of(PacketType::pubcomp, 7, Reason::packet_identifier_not_found)},
        {"SUBSCRIBE 3.1.1 (figure 3.22)", v3, "82 0e 000a 0003 612f62 01 0003 632f64 02",
         Subscribe{10, {{"a/b", Qos::at_least_once}, {"c/d", Qos::exactly_once}}, {}}},
        {"SUBSCRIBE 5.0, options and identifier (3.8.3.1)", v5, "82 0a 000a 02 0b01 0002 612f 2d",
         Subscribe{10,
                   {{"a/", Qos::at_least_once, true, true, RetainHandling::do_not_send}},
                   with({{subscription_identifier, 1, {}, {}}})}},
        {"SUBSCRIBE 5.0, largest identifier", v5, "82 0c 000a 05 0bffffff7f 0001 23 00",
         Subscribe{10, {{"#"}}, with({{subscription_identifier, 268'435'455, {}, {}}})}},
        {"SUBSCRIBE 5.0, shared (4.8.2)", v5, "82 10 0001 00 000a 2473686172652f672f2b 01",
         Subscribe{1, {{"$share/g/+", Qos::at_least_once}}, {}}},
        {"SUBACK 3.1.1 (figure 3.26)", v3, "90 05 000a 00 02 80",
         Suback{PacketType::suback,
                10,
                {Reason::success, Reason::granted_qos_2, Reason::unspecified_error},
                {}}},
        {"SUBACK 5.0 (3.9.3)", v5, "90 06 000a 00 01 87 8f",
         Suback{PacketType::suback,
                10,
                {Reason::granted_qos_1, Reason::not_authorized, Reason::topic_filter_invalid},
                {}}},
        {"UNSUBSCRIBE 3.1.1 (figure 3.30)", v3, "a2 0c 000a 0003 612f62 0003 632f64",
         Unsubscribe{10, {"a/b", "c/d"}, {}}},
        {"UNSUBSCRIBE 5.0, user property (3.10.2.1)", v5,
         "a2 0f 000a 07 26 0001 6b 0001 76 0003 612f62", Unsubscribe{10, {"a/b"}, with({user})}},
        {"UNSUBACK 3.1.1 (3.11)", v3, "b0 02 000a", Suback{PacketType::unsuback, 10, {}, {}}},
        {"UNSUBACK 5.0 (3.11.3)", v5, "b0 05 000a 00 00 11",
         Suback{PacketType::unsuback, 10, {Reason::success, Reason::no_subscription_existed}, {}}},
        {"PINGREQ 3.1.1 (3.12)", v3, "c0 00", Pingreq{}},
        {"PINGREQ 5.0 (3.12)", v5, "c0 00", Pingreq{}},
        {"PINGRESP 3.1.1 (3.13)", v3, "d0 00", Pingresp{}},
        {"PINGRESP 5.0 (3.13)", v5, "d0 00", Pingresp{}},
        {"DISCONNECT 3.1.1 (3.14)", v3, "e0 00", Disconnect{}},
        {"DISCONNECT 5.0, normal (3.14.2.1)", v5, "e0 00", Disconnect{}},
        {"DISCONNECT 5.0, with will (3.14.2.1)", v5, "e0 01 04",
         Disconnect{Reason::disconnect_with_will, {}}},
        {"DISCONNECT 5.0, session expiry (3.14.2.2.2)", v5, "e0 07 00 05 1100000010",
         Disconnect{Reason::success, with({{session_expiry_interval, 16, {}, {}}})}},
        {"DISCONNECT 5.0, server moved (4.11)", v5, "e0 06 9d 04 1c0001 73",
         Disconnect{Reason::server_moved, with({{server_reference, 0, "s", {}}})}},
        {"AUTH 5.0, success left out (3.15.2.1)", v5, "f0 00", Auth{}},
        {"AUTH 5.0, continue (3.15.2)", v5, "f0 0a 18 08 150001 6d 160001 64",
         Auth{Reason::continue_authentication,
              with({{authentication_method, 0, "m", {}}, {authentication_data, 0, "d", {}}})}},
    };
}

TEST(Golden, BytesAndMeaningAgreeBothWays) {
    for (const Vector& vector : vectors()) {
        const std::string bytes = hex(vector.bytes);
        EXPECT_EQ(to_hex(as_bytes(encoded(vector.want, vector.version))), to_hex(as_bytes(bytes)))
            << vector.name;
        const auto frame = next_frame(as_bytes(bytes), bytes.size());
        ASSERT_TRUE(frame && *frame) << vector.name;
        EXPECT_EQ((*frame)->size_bytes, bytes.size()) << vector.name;
        const auto packet = decode(**frame, vector.version, {});
        ASSERT_TRUE(packet) << vector.name << ": " << packet.error().why;
        EXPECT_TRUE(*packet == vector.want) << vector.name;
    }
}

// Every vector cut at every byte: the packet in its frame is whole, so a short body is a fault, or
// for the few packets with optional tails another valid packet; never a crash or an over-read.
TEST(Golden, EveryCutIsEitherAFaultOrAnotherPacket) {
    for (const Vector& vector : vectors()) {
        const std::string bytes = hex(vector.bytes);
        const auto whole = next_frame(as_bytes(bytes), bytes.size());
        ASSERT_TRUE(whole && *whole);
        for (std::size_t size = 0; size < (*whole)->body.size(); ++size) {
            Frame cut = **whole;
            const std::string body(as_text(cut.body.first(size)));
            cut.body = as_bytes(body);
            const auto packet = decode(cut, vector.version, {});
            EXPECT_FALSE(packet && *packet == vector.want) << vector.name << " cut at " << size;
        }
    }
}

// A property of every kind in a PUBLISH, and which of them travel on (3.3.2.3).
TEST(Golden, PublishProperties) {
    const std::string bytes =
        hex("30 2f 0001 61 29 0101 020000000a 030001 74 080001 72 090001 ff 230002 0b05 0b8001"
            "26 0001 6b 0001 31 26 0001 6b 0001 32 78 79");
    const auto frame = next_frame(as_bytes(bytes), bytes.size());
    ASSERT_TRUE(frame && *frame);
    const auto packet = decode(**frame, v5, {});
    ASSERT_TRUE(packet) << packet.error().why;
    const auto& publish = std::get<PublishView>(*packet);
    EXPECT_EQ(publish.expiry_s, 10u);
    EXPECT_EQ(publish.topic_alias, 2);
    EXPECT_EQ(publish.subscription_ids, (std::vector<std::uint32_t>{5, 128}));
    EXPECT_EQ(publish.message.payload, "xy");
    std::string forwarded;
    append_forwarded(publish.message.properties, forwarded);
    EXPECT_EQ(to_hex(as_bytes(forwarded)),
              to_hex(as_bytes(hex("0101 030001 74 080001 72 090001 ff 26 0001 6b 0001 31"
                                  "26 0001 6b 0001 32"))));
    const auto typed = properties_of({"a", forwarded, ""});
    ASSERT_TRUE(typed);
    EXPECT_EQ(typed->number(payload_format_indicator), 1u);
    EXPECT_EQ(typed->text(content_type), "t");
    EXPECT_EQ(typed->text(response_topic), "r");
    EXPECT_EQ(typed->text(correlation_data), "\xff");
    EXPECT_EQ(typed->list().back().value, "2");
}

}  // namespace
}  // namespace lineshaft::mqtt
