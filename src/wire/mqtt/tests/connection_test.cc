// One connection from CONNECT to its end: what is accepted, told, enforced and limited.
#include <gtest/gtest.h>

#include "wire/mqtt/tests/talk.h"

namespace lineshaft::mqtt {
namespace {

using std::chrono::milliseconds;

Connack connack_of(Connection& connection) {
    const std::string bytes = connection.take_output();
    const auto frame = next_frame(as_bytes(bytes), bytes.size());
    CHECK(frame && *frame);
    const auto packet = decode(**frame, connection.version(), {});
    CHECK(packet.has_value());
    return std::get<Connack>(*packet);
}

TEST(Connect, AcceptedIn_3_1_1) {
    const Limits limits;
    Connection connection(limits);
    EXPECT_EQ(connection.silence_max(), milliseconds(10'000)) << "connect timeout";
    const auto events = feed(connection, encoded(connect_of(v3), v3));
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(std::get<ConnectReceived>(events[0]).connect->client_id, "c");
    EXPECT_FALSE(connection.wants_input());
    EXPECT_TRUE(connection.accept({.session_present = true}).empty());
    EXPECT_EQ(said(connection), "20020100");
    EXPECT_TRUE(connection.wants_input());
    EXPECT_EQ(connection.silence_max(), std::nullopt) << "keep alive 0";
}

// 3.2.2.3: what the server offers and has changed.
TEST(Connect, ConnackTellsEverythingThatIsNotTheDefault) {
    Limits limits;
    limits.receive_maximum = 20;
    limits.packet_bytes_max = 5000;
    limits.inbound_aliases_max = 7;
    limits.keep_alive_max = std::chrono::seconds(60);
    limits.offers = {Qos::at_least_once, false, false, false, false};
    Connect connect = connect_of(v5, "");
    connect.keep_alive_s = 61;
    connect.properties.add(PropertyId::request_response_information, 1);
    Connection connection(limits);
    (void)feed(connection, encoded(connect, v5));
    Accept answer;
    answer.assigned_client_id = "named";
    answer.session_expiry_s = 9;
    answer.response_information = "reply/";
    answer.extra.add_user("k", "v");
    (void)connection.accept(std::move(answer));
    const Connack connack = connack_of(connection);
    const auto& told = connack.properties;
    using enum PropertyId;
    EXPECT_EQ(told.number(session_expiry_interval), 9u);
    EXPECT_EQ(told.number(receive_maximum), 20u);
    EXPECT_EQ(told.number(maximum_qos), 1u);
    EXPECT_EQ(told.number(retain_available), 0u);
    EXPECT_EQ(told.number(maximum_packet_size), 5000u);
    EXPECT_EQ(told.text(assigned_client_identifier), "named");
    EXPECT_EQ(told.number(topic_alias_maximum), 7u);
    EXPECT_EQ(told.number(wildcard_subscription_available), 0u);
    EXPECT_EQ(told.number(subscription_identifier_available), 0u);
    EXPECT_EQ(told.number(shared_subscription_available), 0u);
    EXPECT_EQ(told.number(server_keep_alive), 60u);
    EXPECT_EQ(told.text(response_information), "reply/");
    EXPECT_EQ(told.text(user_property), "k");
    EXPECT_EQ(connection.silence_max(), milliseconds(90'000));
}

TEST(Connect, ResponseInformationOnlyWhenAskedFor) {
    const Limits limits;
    Connection connection(limits);
    (void)feed(connection, encoded(connect_of(v5), v5));
    (void)connection.accept({.response_information = "reply/"});
    EXPECT_EQ(connack_of(connection).properties.text(PropertyId::response_information),
              std::nullopt);
}

struct Refusal {
    std::string_view name, sent, answer;
    Reason reason;
};

// What gets a CONNACK and what is just closed.
const Refusal refusals[] = {
    {"MQIsdp, level 3 [3.1.1 MQTT-3.1.2-2]", "10 0f 0006 4d5149736470 03 02 0000 0001 63",
     "20020001", Reason::unsupported_protocol_version},
    {"level 6 [MQTT-3.1.2-2]", "10 0d 0004 4d515454 06 02 0000 0001 63", "2003008400",
     Reason::unsupported_protocol_version},
    {"level 0", "10 0d 0004 4d515454 00 02 0000 0001 63", "20020001",
     Reason::unsupported_protocol_version},
    {"another protocol", "10 0d 0004 41414141 04 02 0000 0001 63", "", Reason::protocol_error},
    {"3.1.1 reserved flag: closed without CONNACK", "10 0d 0004 4d515454 04 03 0000 0001 63", "",
     Reason::malformed_packet},
    {"5.0 reserved flag: 0x81", "10 0e 0004 4d515454 05 03 0000 00 0001 63", "2003008100",
     Reason::malformed_packet},
    {"3.1.1 no client id without clean session [MQTT-3.1.3-8]",
     "10 0c 0004 4d515454 04 00 0000 0000", "20020002", Reason::client_identifier_not_valid},
    {"enhanced authentication (4.12)", "10 12 0004 4d515454 05 02 0000 04 150001 78 0001 63",
     "2003008c00", Reason::bad_authentication_method},
};

TEST(Connect, Refusals) {
    const Limits limits;
    for (const Refusal& each : refusals) {
        Connection connection(limits);
        const auto events = feed(connection, hex(each.sent));
        EXPECT_EQ(closed_with(events), each.reason) << each.name;
        EXPECT_EQ(said(connection), each.answer) << each.name;
        EXPECT_TRUE(connection.closed()) << each.name;
    }
}

TEST(Connect, RefusedByTheBroker) {
    const Limits limits;
    for (const auto& [version, want] : {std::pair{v3, "20020005"}, {v5, "2003008700"}}) {
        Connection connection(limits);
        (void)feed(connection, encoded(connect_of(version), version));
        connection.refuse(Reason::not_authorized);
        EXPECT_EQ(said(connection), want);
        EXPECT_TRUE(connection.closed());
        EXPECT_TRUE(connection.accept({}).empty()) << "late answers are ignored";
        EXPECT_EQ(said(connection), "");
    }
}

// Bug 1: the first byte is enough; nothing is kept for a length that will never come.
TEST(Bug01, FirstPacketIsNotConnectWithAHugeLength) {
    const Limits limits;
    Connection connection(limits);
    EXPECT_EQ(closed_with(feed(connection, hex("32"))), Reason::protocol_error);
    EXPECT_EQ(said(connection), "");
    Connection huge(limits);
    EXPECT_EQ(closed_with(feed(huge, hex("10 ffffff7f"))), Reason::packet_too_large);
}

TEST(Limits, PacketBytesBeforeAndAfterAccept) {
    Limits limits;
    limits.packet_bytes_before_accept_max = 131;
    limits.packet_bytes_max = 300;
    Connect connect = connect_of(v3, std::string(131 - 3 - 12, 'c'));
    EXPECT_EQ(encoded(connect, v3).size(), 131u);
    Connection good(limits);
    EXPECT_EQ(feed(good, encoded(connect, v3)).size(), 1u);
    (void)good.accept({});
    // A header of 300 bytes: 1 + 2 + 297.
    EXPECT_TRUE(feed(good, hex("30 a902")).empty());
    EXPECT_FALSE(good.closed());
    connect.client_id += 'c';
    Connection bad(limits);
    EXPECT_EQ(closed_with(feed(bad, encoded(connect, v3))), Reason::packet_too_large);
    Connection over = opened(limits, v5);
    EXPECT_EQ(closed_with(feed(over, hex("30 aa02"))), Reason::packet_too_large);
    EXPECT_EQ(said(over).substr(0, 2), "e0");
}

TEST(Limits, ClientIdBytes) {
    const Limits limits;
    Connection good(limits), bad(limits);
    EXPECT_EQ(feed(good, encoded(connect_of(v5, std::string(256, 'c')), v5)).size(), 1u);
    EXPECT_EQ(closed_with(feed(bad, encoded(connect_of(v5, std::string(257, 'c')), v5))),
              Reason::client_identifier_not_valid);
    EXPECT_EQ(said(bad), "2003008500");
}

TEST(Limits, WhatComesBehindConnectIsHeldBackAndBounded) {
    Limits limits;
    limits.packet_bytes_before_accept_max = 100;
    const std::string ping = hex("c000");
    Connection connection(limits);
    EXPECT_EQ(feed(connection, encoded(connect_of(v3), v3) + ping).size(), 1u);
    EXPECT_TRUE(feed(connection, encoded(publish_of({"a", "", "x"}), v3)).empty());
    const auto events = connection.accept({});
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(std::get<PublishReceived>(events[0]).message.payload(), "x");
    EXPECT_EQ(said(connection), "20020000d000");

    Connection flooded(limits);
    (void)feed(flooded, encoded(connect_of(v3), v3));
    EXPECT_TRUE(feed(flooded, std::string(100, '\xc0')).empty());
    EXPECT_EQ(closed_with(feed(flooded, "x")), Reason::packet_too_large);
}

// Bug 6: CONNACK, SUBACK, UNSUBACK and PINGRESP come from servers only. The first byte tells.
TEST(Bug06, ClientSendsServerOnlyPackets) {
    const Limits limits;
    for (const Version version : both) {
        for (const std::string_view first : {"20", "90", "b0", "d0"}) {
            Connection connection = opened(limits, version);
            EXPECT_EQ(closed_with(feed(connection, hex(first))), Reason::protocol_error) << first;
            EXPECT_EQ(said(connection).substr(0, 2), version == v5 ? "e0" : "");
        }
    }
}

TEST(Connect, SecondConnectEndsIt) {
    const Limits limits;
    for (const Version version : both) {
        Connection connection = opened(limits, version);
        EXPECT_EQ(closed_with(feed(connection, encoded(connect_of(version), version))),
                  Reason::protocol_error);
    }
}

// Bug 15: a 3.1.1 client cannot be told, but is measured by the maximum all the same.
TEST(Bug15, MaximumKeepAliveAppliesToBothVersions) {
    Limits limits;
    limits.keep_alive_max = std::chrono::seconds(100);
    for (const Version version : both) {
        for (const auto& [asked, want_ms] : {std::pair{0, 150'000},
                                             {100, 150'000},
                                             {101, 150'000},
                                             {65535, 150'000},
                                             {99, 148'500},
                                             {1, 1'500}}) {
            Connect connect = connect_of(version);
            connect.keep_alive_s = static_cast<std::uint16_t>(asked);
            Connection connection = opened(limits, connect);
            EXPECT_EQ(connection.silence_max(), milliseconds(want_ms)) << asked;
        }
    }
}

TEST(Disconnect, BeforeAcceptIsAConnack) {
    const Limits limits;
    for (const auto& [reason, want] : {std::pair{Reason::server_shutting_down, "2003008000"},
                                       {Reason::server_busy, "2003008900"},
                                       {Reason::keep_alive_timeout, "2003008000"}}) {
        Connection connection(limits);
        (void)feed(connection, encoded(connect_of(v5), v5));
        connection.disconnect(reason);
        EXPECT_EQ(said(connection), want);
    }
    Connection silent(limits);
    silent.timed_out();
    EXPECT_EQ(said(silent), "");
    EXPECT_TRUE(silent.closed());
}

TEST(KeepAlive, TimedOutTells_5_0) {
    const Limits limits;
    Connection new_client = opened(limits, v5), old_client = opened(limits, v3);
    new_client.timed_out();
    old_client.timed_out();
    EXPECT_EQ(said(new_client), "e0018d");
    EXPECT_EQ(said(old_client), "");
    EXPECT_TRUE(new_client.closed() && old_client.closed());
}

TEST(Ping, IsAnsweredInside) {
    const Limits limits;
    Connection connection = opened(limits, v3);
    EXPECT_TRUE(feed(connection, hex("c000c000")).empty());
    EXPECT_EQ(said(connection), "d000d000");
}

TEST(Disconnect, Events) {
    const Limits limits;
    Connection old_client = opened(limits, v3);
    EXPECT_EQ(describe(feed(old_client, hex("e000"))), "disconnected success\n");
    EXPECT_TRUE(old_client.closed());
    EXPECT_TRUE(feed(old_client, hex("c000")).empty()) << "nothing after the end";
    Connection with_will = opened(limits, v5);
    EXPECT_EQ(describe(feed(with_will, hex("e00104"))),
              "disconnected disconnect with will message will\n");
}

TEST(Disconnect, SessionExpiryMayNotBeRaisedFromZero) {
    const Limits limits;
    const std::string raise = hex("e0 07 00 05 1100000010");
    Connection zero = opened(limits, v5);
    EXPECT_EQ(closed_with(feed(zero, raise)), Reason::protocol_error);
    Connect connect = connect_of(v5);
    connect.properties.add(PropertyId::session_expiry_interval, 5);
    Connection five = opened(limits, connect);
    EXPECT_EQ(describe(feed(five, raise)), "disconnected success expiry 16\n");
}

TEST(Auth, WithoutMethodIsAProtocolError) {
    const Limits limits;
    Connection connection = opened(limits, v5);
    EXPECT_EQ(closed_with(feed(connection, hex("f000"))), Reason::protocol_error);
    Connection old_client = opened(limits, v3);
    EXPECT_EQ(closed_with(feed(old_client, hex("f000"))), Reason::malformed_packet);
}

TEST(Offers, PublishAboveThemEndsTheConnection) {
    Limits limits;
    limits.offers.qos_max = Qos::at_least_once;
    limits.offers.retain = false;
    limits.offers.subscription_identifiers = false;
    Connection qos = opened(limits, v5);
    EXPECT_EQ(closed_with(feed(qos, publish_of({"a", "", ""}, Qos::exactly_once, 1))),
              Reason::qos_not_supported);
    PublishView retained = publish_of({"a", "", ""});
    retained.retain = true;
    Connection retain = opened(limits, v5);
    EXPECT_EQ(closed_with(feed(retain, retained)), Reason::retain_not_supported);
    Subscribe subscribe{1, {{"a"}}, {}};
    subscribe.properties.add(PropertyId::subscription_identifier, 1);
    Connection identifier = opened(limits, v5);
    EXPECT_EQ(closed_with(feed(identifier, subscribe)),
              Reason::subscription_identifiers_not_supported);
    Connect connect = connect_of(v5);
    connect.will = Will{Message("w", "x"), Qos::exactly_once, false, 0, {}};
    Connection will(limits);
    EXPECT_EQ(closed_with(feed(will, encoded(connect, v5))), Reason::qos_not_supported);
    EXPECT_EQ(said(will), "2003009b00");
}

TEST(Subscribe, AnswersInBothVersions) {
    const Limits limits;
    const Reason reasons[] = {Reason::granted_qos_1, Reason::not_authorized};
    Connection old_client = opened(limits, v3), new_client = opened(limits, v5);
    for (Connection* connection : {&old_client, &new_client}) {
        const auto events = feed(*connection, Subscribe{7, {{"a"}, {"b"}}, {}});
        ASSERT_EQ(events.size(), 1u);
        EXPECT_EQ(std::get<SubscribeReceived>(events[0]).subscribe.subscriptions[1].filter, "b");
        connection->suback(7, reasons);
        connection->unsuback(8, reasons);
    }
    EXPECT_EQ(said(old_client), "900400070180b0020008");
    EXPECT_EQ(said(new_client), "90050007000187b0050008000187");
}

// Bug 4: refused at the 65th, in time linear in what was sent.
TEST(Bug04, ThousandsOfUserProperties) {
    const Limits limits;
    Subscribe subscribe{1, {{"a"}}, {}};
    for (int count = 0; count < 10'000; ++count) subscribe.properties.add_user("", "");
    Connection connection = opened(limits, v5);
    EXPECT_EQ(closed_with(feed(connection, subscribe)), Reason::quota_exceeded);
    EXPECT_EQ(said(connection).substr(0, 2), "e0");
}

// Bug 3: every bad will property ends in a CONNACK and leaves nothing behind (run under ASan).
TEST(Bug03, BadWillPropertiesInConnect) {
    const Limits limits;
    const std::string_view sections[] = {
        "02 0102",       "05 1100000001", "02 2401", "0a 18000000011800000001",
        "04 08 0001 23", "03 010100",     "01 26",   "7f"};
    for (const std::string_view section : sections) {
        const std::string body =
            hex("0004 4d515454 05 06 0000 00 0001 63") + hex(section) + hex("0001 77 0001 78");
        std::string packet = hex("10");
        packet += static_cast<char>(body.size());
        Connection connection(limits);
        const auto events = feed(connection, packet + body);
        EXPECT_TRUE(is_error(closed_with(events))) << section;
        EXPECT_EQ(said(connection).substr(0, 6), "200300") << section;
    }
}

// Bug 5: in both versions a PUBLISH to nothing ends the connection.
TEST(Bug05, ZeroLengthTopic) {
    const Limits limits;
    Connection old_client = opened(limits, v3), new_client = opened(limits, v5);
    EXPECT_EQ(closed_with(feed(old_client, hex("30 02 0000"))), Reason::protocol_error);
    EXPECT_EQ(closed_with(feed(new_client, hex("30 03 0000 00"))), Reason::protocol_error);
}

// Bug 17: invalid UTF-8 anywhere in CONNECT is refused before anything is looked up by it.
TEST(Bug17, InvalidUtf8InConnect) {
    const Limits limits;
    for (const Version version : both) {
        for (const std::string_view bad : {"\xff", "\xed\xa0\x80", "a\xc0\x80"}) {
            Connect user = connect_of(version), id = connect_of(version);
            user.user_name = bad;
            id.client_id = bad;
            for (const Connect& connect : {user, id}) {
                Connection connection(limits);
                EXPECT_EQ(closed_with(feed(connection, encoded(connect, version))),
                          Reason::malformed_packet);
            }
        }
    }
}

// Bug 8 at this layer: wildcards in user name and client id arrive unchanged, for the broker to
// judge with is_plain_level.
TEST(Bug08, WildcardsInNamesReachTheBroker) {
    const Limits limits;
    Connect connect = connect_of(v5, "+/#");
    connect.user_name = "#";
    Connection connection(limits);
    const auto events = feed(connection, encoded(connect, v5));
    const Connect& got = *std::get<ConnectReceived>(events.at(0)).connect;
    EXPECT_FALSE(is_plain_level(got.client_id));
    EXPECT_FALSE(is_plain_level(*got.user_name));
}

TEST(Explanation, OnlyWhenProblemInformationIsWanted) {
    const Limits limits;
    const Explanation why{"no", {{"k", "v"}}};
    Connection asks = opened(limits, v5);
    asks.puback(1, Reason::not_authorized, why);
    EXPECT_EQ(said(asks), "40100001870c1f00026e6f2600016b000176");
    Connect connect = connect_of(v5);
    connect.properties.add(PropertyId::request_problem_information, 0);
    Connection silent = opened(limits, connect);
    silent.puback(1, Reason::not_authorized, why);
    EXPECT_EQ(said(silent), "4003000187");
    Connection old_client = opened(limits, v3);
    old_client.puback(1, Reason::success, why);
    EXPECT_EQ(said(old_client), "40020001");
}

// [MQTT-3.4.2-2] and its like: no explanation that makes the packet larger than the client takes.
TEST(Explanation, IsDroppedWhenThePacketWouldBeTooLarge) {
    const Limits limits;
    Connect connect = connect_of(v5);
    connect.properties.add(PropertyId::maximum_packet_size, 40);
    Connection connection = opened(limits, connect);
    connection.puback(1, Reason::not_authorized, {std::string(100, 'x'), {}});
    EXPECT_EQ(said(connection), "4003000187");
    connection.disconnect(Reason::server_shutting_down, {std::string(100, 'x'), {}}, "other");
    EXPECT_EQ(said(connection), "e00a8b081c00056f74686572");
}

TEST(Disconnect, ServerReference) {
    const Limits limits;
    Connection connection = opened(limits, v5);
    connection.disconnect(Reason::use_another_server, {}, "b");
    EXPECT_EQ(said(connection), "e0069c041c000162");
    EXPECT_EQ(connection.publish({"a", "", ""}, {}), Sent::closed);
    EXPECT_EQ(connection.assign(Qos::at_least_once, 1), std::nullopt);
}

TEST(Memory, AnIdleConnectionIsSmall) {
    EXPECT_LE(sizeof(Connection), 256u);
}

}  // namespace
}  // namespace lineshaft::mqtt
