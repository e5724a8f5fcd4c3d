// QoS 1 and 2 in both directions, resumption, quotas, packet sizes and topic aliases.
#include <gtest/gtest.h>

#include "wire/mqtt/tests/talk.h"

namespace lineshaft::mqtt {
namespace {

constexpr auto qos0 = Qos::at_most_once;
constexpr auto qos1 = Qos::at_least_once;
constexpr auto qos2 = Qos::exactly_once;
const MessageView hello{"a", "", "hi"};

Packet publish_id(Qos qos, std::uint16_t id, bool dup = false) {
    PublishView publish = publish_of(hello, qos, id);
    publish.dup = dup;
    return publish;
}

TEST(Inbound, Qos1IsAcknowledgedWhenTheBrokerSaysSo) {
    const Limits limits;
    for (const Version version : both) {
        Connection connection = opened(limits, version);
        EXPECT_EQ(feed(connection, publish_id(qos1, 7)).size(), 1u);
        EXPECT_EQ(feed(connection, publish_id(qos1, 8)).size(), 1u) << "received while 7 waits";
        EXPECT_EQ(said(connection), "");
        connection.puback(7);
        connection.puback(8);
        EXPECT_EQ(said(connection), "4002000740020008");
    }
}

TEST(Inbound, NegativePubackClosesA_3_1_1_Client) {
    const Limits limits;
    Connection new_client = opened(limits, v5), old_client = opened(limits, v3);
    (void)feed(new_client, publish_id(qos1, 7));
    (void)feed(old_client, publish_id(qos1, 7));
    new_client.puback(7, Reason::quota_exceeded);
    old_client.puback(7, Reason::quota_exceeded);
    EXPECT_EQ(said(new_client), "4003000797");
    EXPECT_EQ(said(old_client), "");
    EXPECT_TRUE(old_client.closed());
}

TEST(Inbound, Qos2FlowInItsDurableSteps) {
    const Limits limits;
    for (const Version version : both) {
        Connection connection = opened(limits, version);
        EXPECT_EQ(feed(connection, publish_id(qos2, 5)).size(), 1u);
        EXPECT_EQ(said(connection), "") << "PUBREC waits for message and id to be durable";
        connection.pubrec(5);
        EXPECT_EQ(said(connection), "50020005");
        EXPECT_EQ(describe(feed(connection, ack_of(PacketType::pubrel, 5))), "release 5\n");
        EXPECT_EQ(said(connection), "") << "PUBCOMP waits for the removal to be durable";
        EXPECT_EQ(connection.session().inbound_qos2, std::vector<std::uint16_t>{5});
        connection.pubcomp(5);
        EXPECT_EQ(said(connection), "70020005");
        EXPECT_TRUE(connection.session().empty());
    }
}

// Bug 2: a repeated id is answered again, delivered once, and holds one entry, not many.
TEST(Bug02, SameQos2IdRepeated) {
    const Limits limits;
    for (const Version version : both) {
        Connection connection = opened(limits, version);
        EXPECT_EQ(feed(connection, publish_id(qos2, 5)).size(), 1u);
        EXPECT_TRUE(feed(connection, publish_id(qos2, 5, true)).empty());
        EXPECT_EQ(said(connection), "") << "not recorded yet: one PUBREC will answer both";
        connection.pubrec(5);
        connection.pubrec(5);
        EXPECT_EQ(said(connection), "50020005");
        for (int round = 0; round < 5000; ++round) {
            ASSERT_TRUE(feed(connection, publish_id(qos2, 5, true)).empty());
            ASSERT_EQ(said(connection), "50020005");
        }
        EXPECT_EQ(connection.session().inbound_qos2.size(), 1u);
        EXPECT_FALSE(connection.closed());
    }
}

TEST(Inbound, Qos2IdHeldFromAnEarlierConnectionIsNotDeliveredTwice) {
    const Limits limits;
    Accept answer{.session_present = true, .session = {.inbound_qos2 = {5}, .outbound = {}}};
    Connection connection = opened(limits, connect_of(v5), std::move(answer));
    EXPECT_TRUE(feed(connection, publish_id(qos2, 5, true)).empty());
    EXPECT_EQ(said(connection), "50020005");
    EXPECT_EQ(describe(feed(connection, ack_of(PacketType::pubrel, 5))), "release 5\n");
    connection.pubcomp(5);
    EXPECT_EQ(said(connection), "70020005");
}

TEST(Inbound, NegativePubrecFreesTheId) {
    const Limits limits;
    Connection connection = opened(limits, v5);
    (void)feed(connection, publish_id(qos2, 5));
    connection.pubrec(5, Reason::not_authorized);
    EXPECT_EQ(said(connection), "5003000587");
    EXPECT_EQ(feed(connection, publish_id(qos2, 5)).size(), 1u) << "a new message";
}

TEST(Inbound, PubrelOfAnUnknownIdIsAnswered) {
    const Limits limits;
    Connection new_client = opened(limits, v5), old_client = opened(limits, v3);
    EXPECT_TRUE(feed(new_client, ack_of(PacketType::pubrel, 9)).empty());
    EXPECT_TRUE(feed(old_client, ack_of(PacketType::pubrel, 9)).empty());
    EXPECT_EQ(said(new_client), "7003000992");
    EXPECT_EQ(said(old_client), "70020009");
}

TEST(Inbound, PubrelOutOfTurn) {
    const Limits limits;
    Connection connection = opened(limits, v5);
    (void)feed(connection, publish_id(qos2, 5));
    EXPECT_EQ(closed_with(feed(connection, ack_of(PacketType::pubrel, 5))), Reason::protocol_error);
    Connection again = opened(limits, v5);
    (void)feed(again, publish_id(qos2, 5));
    again.pubrec(5);
    (void)feed(again, ack_of(PacketType::pubrel, 5));
    EXPECT_TRUE(feed(again, ack_of(PacketType::pubrel, 5)).empty()) << "one Release is enough";
    EXPECT_EQ(closed_with(feed(again, publish_id(qos2, 5))), Reason::protocol_error);
}

// [MQTT-3.3.4-9]: at the maximum and one past; an acknowledgement makes room.
TEST(Limits, ReceiveMaximumInbound) {
    Limits limits;
    limits.receive_maximum = 3;
    Connection connection = opened(limits, v5);
    (void)feed(connection, publish_id(qos1, 1));
    (void)feed(connection, publish_id(qos2, 2));
    EXPECT_EQ(feed(connection, publish_id(qos1, 3)).size(), 1u);
    EXPECT_TRUE(connection.wants_input()) << "an overrun must be seen";
    EXPECT_TRUE(feed(connection, publish_id(qos2, 2, true)).empty())
        << "a duplicate is not counted";
    connection.puback(1);
    EXPECT_EQ(feed(connection, publish_id(qos1, 1)).size(), 1u);
    EXPECT_EQ(feed(connection, publish_of(hello)).size(), 1u) << "QoS 0 is not counted";
    (void)said(connection);
    EXPECT_EQ(closed_with(feed(connection, publish_id(qos2, 4))), Reason::receive_maximum_exceeded);
    EXPECT_EQ(said(connection).substr(4, 2), "93");
    EXPECT_EQ(connection.session().inbound_qos2, std::vector<std::uint16_t>{2})
        << "the refused message's id is not held";
}

TEST(Limits, A_3_1_1_ClientAheadOfUsIsPausedNotClosed) {
    Limits limits;
    limits.receive_maximum = 2;
    Connection connection = opened(limits, v3);
    for (std::uint16_t id = 1; id <= 5; ++id) {
        EXPECT_EQ(feed(connection, publish_id(qos1, id)).size(), 1u);
    }
    EXPECT_FALSE(connection.wants_input());
    for (std::uint16_t id = 1; id <= 4; ++id) connection.puback(id);
    EXPECT_TRUE(connection.wants_input());
}

// The pause may only wait for us: PUBREL comes over the same socket as what is paused.
TEST(Limits, ThePauseNeverWaitsForTheClient) {
    Limits limits;
    limits.receive_maximum = 2;
    Connection connection = opened(limits, v3);
    for (std::uint16_t id = 1; id <= 3; ++id) (void)feed(connection, publish_id(qos2, id));
    EXPECT_FALSE(connection.wants_input());
    for (std::uint16_t id = 1; id <= 3; ++id) connection.pubrec(id);
    EXPECT_TRUE(connection.wants_input()) << "three ids are held, but PUBREL is the client's turn";
    for (std::uint16_t id = 1; id <= 3; ++id)
        (void)feed(connection, ack_of(PacketType::pubrel, id));
    EXPECT_FALSE(connection.wants_input());
    for (std::uint16_t id = 1; id <= 3; ++id) connection.pubcomp(id);
    EXPECT_TRUE(connection.wants_input());
}

TEST(Limits, HeldQos2Ids) {
    Limits limits;
    limits.inbound_held_max = 2;
    Connection connection = opened(limits, v3);
    (void)feed(connection, publish_id(qos2, 1));
    EXPECT_EQ(feed(connection, publish_id(qos2, 2)).size(), 1u);
    EXPECT_EQ(closed_with(feed(connection, publish_id(qos2, 3))), Reason::quota_exceeded);
}

TEST(Outbound, Qos0And1) {
    const Limits limits;
    for (const Version version : both) {
        const std::string none = version == v5 ? "00" : "";
        const std::string size0 = version == v5 ? "06" : "05", size1 = version == v5 ? "08" : "07";
        Connection connection = opened(limits, version);
        EXPECT_EQ(connection.publish(hello, {.retain = true}), Sent::sent);
        EXPECT_EQ(said(connection), "31" + size0 + "000161" + none + "6869");
        const auto id = connection.assign(qos1, 77);
        ASSERT_EQ(id, 1);
        EXPECT_EQ(connection.unsent().size(), 1u);
        EXPECT_EQ(connection.send(*id, hello, {}), Sent::sent);
        EXPECT_TRUE(connection.unsent().empty());
        EXPECT_EQ(said(connection), "32" + size1 + "0001610001" + none + "6869");
        EXPECT_EQ(connection.send(*id, hello, {}), Sent::unknown_id) << "only once";
        EXPECT_EQ(describe(feed(connection, ack_of(PacketType::puback, 1))),
                  "acked 1 token 77 success\n");
        EXPECT_TRUE(feed(connection, ack_of(PacketType::puback, 1)).empty()) << "again: ignored";
        EXPECT_TRUE(connection.session().empty());
    }
}

TEST(Outbound, Qos2FlowInItsDurableSteps) {
    const Limits limits;
    for (const Version version : both) {
        Connection connection = opened(limits, version);
        const auto id = connection.assign(qos2, 9);
        EXPECT_EQ(connection.output_bytes(), 0u) << "the assignment is made durable first";
        EXPECT_EQ(connection.send(*id, hello, {}), Sent::sent);
        (void)said(connection);
        EXPECT_EQ(describe(feed(connection, ack_of(PacketType::pubrec, 1))),
                  "received 1 token 9\n");
        EXPECT_EQ(said(connection), "") << "PUBREL waits for `received` to be durable";
        EXPECT_TRUE(feed(connection, ack_of(PacketType::pubrec, 1)).empty());
        EXPECT_EQ(said(connection), "");
        connection.release(1);
        EXPECT_EQ(said(connection), "62020001");
        EXPECT_TRUE(feed(connection, ack_of(PacketType::pubrec, 1)).empty());
        EXPECT_EQ(said(connection), "62020001") << "a late PUBREC is answered again";
        EXPECT_EQ(connection.session().outbound.at(0).stage, Stage::releasing);
        EXPECT_EQ(describe(feed(connection, ack_of(PacketType::pubcomp, 1))),
                  "acked 1 token 9 success\n");
        EXPECT_TRUE(connection.session().empty());
    }
}

TEST(Outbound, NegativeAcknowledgementsEndTheFlow) {
    const Limits limits;
    Connection connection = opened(limits, v5);
    (void)connection.send(*connection.assign(qos1, 1), hello, {});
    (void)connection.send(*connection.assign(qos2, 2), hello, {});
    EXPECT_EQ(describe(feed(connection, ack_of(PacketType::puback, 1, Reason::quota_exceeded))),
              "acked 1 token 1 quota exceeded\n");
    EXPECT_EQ(describe(feed(connection, ack_of(PacketType::pubrec, 2, Reason::not_authorized))),
              "acked 2 token 2 not authorized\n");
    EXPECT_TRUE(connection.session().empty());
}

TEST(Outbound, AcknowledgementsThatDoNotFit) {
    const Limits limits;
    struct Case {
        Qos sent;
        PacketType answer;
        Reason want;
    };
    for (const auto& [sent, answer, want] :
         {Case{qos1, PacketType::pubrec, Reason::protocol_error},
          Case{qos1, PacketType::pubcomp, Reason::protocol_error},
          Case{qos2, PacketType::puback, Reason::protocol_error},
          Case{qos2, PacketType::pubcomp, Reason::protocol_error}}) {
        Connection connection = opened(limits, v5);
        (void)connection.send(*connection.assign(sent, 1), hello, {});
        EXPECT_EQ(closed_with(feed(connection, ack_of(answer, 1))), want);
        EXPECT_EQ(connection.session().outbound.size(), 1u) << "the flow is kept for the session";
    }
    Connection connection = opened(limits, v5);
    EXPECT_TRUE(feed(connection, ack_of(PacketType::puback, 4)).empty());
    EXPECT_TRUE(feed(connection, ack_of(PacketType::pubcomp, 4)).empty());
    EXPECT_EQ(said(connection), "");
    EXPECT_TRUE(feed(connection, ack_of(PacketType::pubrec, 4)).empty());
    EXPECT_EQ(said(connection), "6203000492") << "so that the client lets go";
    (void)connection.assign(qos1, 1);
    EXPECT_TRUE(feed(connection, ack_of(PacketType::puback, 1)).empty())
        << "not sent, so not acked";
    EXPECT_EQ(connection.session().outbound.size(), 1u);
}

// 4.4: after resumption PUBREL and PUBLISH are sent again, in their first order.
TEST(Outbound, Resume) {
    const Limits limits;
    for (const Version version : both) {
        Connection first = opened(limits, version);
        for (std::uint64_t token = 1; token <= 4; ++token) {
            (void)first.send(*first.assign(token == 2 ? qos1 : qos2, token), hello, {});
        }
        (void)feed(first, ack_of(PacketType::pubrec, 1));
        first.release(1);
        (void)feed(first, ack_of(PacketType::puback, 2));
        (void)feed(first, ack_of(PacketType::pubrec, 4));
        const SessionState state = first.session();
        ASSERT_EQ(state.outbound.size(), 3u);

        Connection second =
            opened(limits, connect_of(version), {.session_present = true, .session = state});
        // opened() emptied the output; PUBREL stood in it, so ask again to see what is left to do.
        const auto unsent = second.unsent();
        ASSERT_EQ(unsent.size(), 1u);
        EXPECT_EQ(unsent[0].packet_id, 3);
        EXPECT_EQ(unsent[0].token, 3u);
        EXPECT_EQ(second.send(3, hello, {.dup = true}), Sent::sent);
        EXPECT_EQ(said(second).substr(0, 2), "3c");
        EXPECT_EQ(describe(feed(second, ack_of(PacketType::pubcomp, 1))),
                  "acked 1 token 1 success\n");
        EXPECT_EQ(describe(feed(second, ack_of(PacketType::pubcomp, 4))),
                  "acked 4 token 4 success\n");
        EXPECT_EQ(second.session().outbound.size(), 1u);
        EXPECT_NE(second.assign(qos1, 5), 3) << "an id in flight is not given again";
    }
}

TEST(Outbound, ResumePutsPubrelBehindConnack) {
    const Limits limits;
    Connection connection(limits);
    (void)feed(connection, encoded(connect_of(v3), v3));
    SessionState state;
    state.outbound = {{7, qos2, Stage::releasing, 1}, {3, qos2, Stage::received, 2}};
    (void)connection.accept({.session_present = true, .session = state});
    EXPECT_EQ(said(connection),
              "20020100"
              "62020007"
              "62020003");
}

TEST(Limits, ClientsReceiveMaximumIsKept) {
    const Limits limits;
    Connect connect = connect_of(v5);
    connect.properties.add(PropertyId::receive_maximum, 2);
    Connection connection = opened(limits, connect);
    EXPECT_EQ(connection.room(), 2u);
    (void)connection.send(*connection.assign(qos1, 1), hello, {});
    (void)connection.send(*connection.assign(qos2, 2), hello, {});
    EXPECT_EQ(connection.room(), 0u);
    EXPECT_EQ(connection.assign(qos1, 3), std::nullopt);
    EXPECT_EQ(connection.publish(hello, {}), Sent::sent) << "QoS 0 needs no quota";
    (void)feed(connection, ack_of(PacketType::pubrec, 2));
    connection.release(2);
    EXPECT_EQ(connection.room(), 0u) << "until PUBCOMP (4.9)";
    (void)feed(connection, ack_of(PacketType::pubcomp, 2));
    EXPECT_EQ(connection.room(), 1u);
}

TEST(Limits, ResumedFlowsWaitForQuotaToo) {
    const Limits limits;
    Connect connect = connect_of(v5);
    connect.properties.add(PropertyId::receive_maximum, 1);
    SessionState state;
    state.outbound = {
        {1, qos1, Stage::sent, 1}, {2, qos1, Stage::sent, 2}, {3, qos2, Stage::releasing, 3}};
    Connection connection = opened(limits, connect, {.session_present = true, .session = state});
    EXPECT_EQ(connection.room(), 0u);
    EXPECT_EQ(connection.send(1, hello, {.dup = true}), Sent::sent);
    EXPECT_EQ(connection.send(2, hello, {.dup = true}), Sent::no_room);
    (void)feed(connection, ack_of(PacketType::pubcomp, 3));
    EXPECT_EQ(connection.send(2, hello, {.dup = true}), Sent::no_room) << "PUBREL holds no quota";
    (void)feed(connection, ack_of(PacketType::puback, 1));
    EXPECT_EQ(connection.send(2, hello, {.dup = true}), Sent::sent);
}

TEST(Limits, OwnInflightMaximum) {
    Limits limits;
    limits.inflight_max = 2;
    Connection connection = opened(limits, v3);
    EXPECT_TRUE(connection.assign(qos1, 1));
    EXPECT_TRUE(connection.assign(qos1, 2));
    EXPECT_FALSE(connection.assign(qos1, 3));
    connection.abandon(1);
    EXPECT_TRUE(connection.assign(qos1, 3));
}

// [MQTT-3.1.2-24, -25]: dropped as if delivered, at the limit and one past.
TEST(Limits, ClientsMaximumPacketSize) {
    const Limits limits;
    Connect connect = connect_of(v5);
    connect.properties.add(PropertyId::maximum_packet_size, 50);
    Connection connection = opened(limits, connect);
    const std::string fits(50 - 2 - 3 - 1, 'x'), over = fits + "x";
    EXPECT_EQ(connection.publish({"a", "", fits}, {}), Sent::sent);
    EXPECT_EQ(connection.output_bytes(), 50u);
    EXPECT_EQ(connection.publish({"a", "", over}, {}), Sent::too_large);
    EXPECT_EQ(connection.output_bytes(), 50u);
    const auto id = connection.assign(qos2, 1);
    EXPECT_EQ(connection.send(*id, {"a", "", over}, {}), Sent::too_large);
    EXPECT_TRUE(connection.session().empty()) << "the id is free again";
}

TEST(Outbound, DeliveryFieldsOf_5_0) {
    const Limits limits;
    const std::uint32_t ids[] = {1, 300};
    const Delivery how{.qos = qos0, .expiry_s = 4, .subscription_ids = ids};
    Connection new_client = opened(limits, v5), old_client = opened(limits, v3);
    const std::string properties = hex("26 0001 6b 0001 76");
    (void)new_client.publish({"a", properties, "x"}, how);
    (void)old_client.publish({"a", properties, "x"}, how);
    EXPECT_EQ(said(new_client), "30160001611102000000040b010bac022600016b00017678");
    EXPECT_EQ(said(old_client), "300400016178");
}

// User properties end to end, in order, whatever stands between them.
TEST(Message, ForwardedPropertiesPassThroughUnchanged) {
    const Limits limits;
    Connection in = opened(limits, v5), out = opened(limits, v5);
    const std::string kept = hex("26 0001 62 0001 31 030001 74 26 0001 61 0001 32");
    const std::string bytes = hex("30 1f 0001 61 1a 020000000a") +
                              hex("26 0001 62 0001 31 030001 74") + hex("230001") +
                              hex("26 0001 61 0001 32") + hex("78");
    const auto events = feed(in, bytes);
    ASSERT_EQ(events.size(), 1u) << describe(events);
    const auto& publish = std::get<PublishReceived>(events[0]);
    EXPECT_EQ(publish.message.properties(), kept);
    EXPECT_EQ(publish.expiry_s, 10u);
    (void)out.publish(publish.message, {});
    EXPECT_EQ(said(out),
              "3017000161"
              "12" +
                  to_hex(as_bytes(kept)) + "78");
}

PublishView alias_of(std::string_view topic, std::uint16_t alias) {
    PublishView publish = publish_of({topic, "", "x"});
    publish.topic_alias = alias;
    return publish;
}

TEST(TopicAlias, Inbound) {
    Limits limits;
    limits.inbound_aliases_max = 2;
    const auto topic_of = [](const std::vector<Event>& events) {
        return std::string(std::get<PublishReceived>(events.at(0)).message.topic());
    };
    Connection connection = opened(limits, v5);
    EXPECT_EQ(topic_of(feed(connection, alias_of("t/one", 1))), "t/one");
    EXPECT_EQ(topic_of(feed(connection, alias_of("", 1))), "t/one");
    EXPECT_EQ(topic_of(feed(connection, alias_of("t/two", 2))), "t/two");
    EXPECT_EQ(topic_of(feed(connection, alias_of("t/new", 1))), "t/new") << "replaced";
    EXPECT_EQ(topic_of(feed(connection, alias_of("", 1))), "t/new");
    EXPECT_EQ(closed_with(feed(connection, alias_of("t", 3))), Reason::topic_alias_invalid);
    Connection zero = opened(limits, v5);
    EXPECT_EQ(closed_with(feed(zero, alias_of("t", 0))), Reason::topic_alias_invalid);
    Connection unknown = opened(limits, v5);
    EXPECT_EQ(closed_with(feed(unknown, alias_of("", 2))), Reason::protocol_error);
}

TEST(Inbound, SubscriptionIdentifierFromAClientIsAProtocolError) {
    const Limits limits;
    PublishView publish = publish_of(hello);
    publish.subscription_ids = {1};
    Connection connection = opened(limits, v5);
    EXPECT_EQ(closed_with(feed(connection, publish)), Reason::protocol_error);
}

TEST(TopicAlias, Outbound) {
    Limits limits;
    limits.outbound_aliases_max = 2;
    Connect connect = connect_of(v5);
    connect.properties.add(PropertyId::topic_alias_maximum, 10);
    Connection connection = opened(limits, connect);
    EXPECT_EQ(connection.publish({"t/one", "", ""}, {}), Sent::sent);
    EXPECT_EQ(said(connection), "300b0005742f6f6e6503230001");
    (void)connection.publish({"t/one", "", ""}, {});
    EXPECT_EQ(said(connection), "3006000003230001");
    (void)connection.publish({"t/two", "", ""}, {});
    EXPECT_EQ(said(connection), "300b0005742f74776f03230002");
    (void)connection.publish({"third", "", ""}, {});
    EXPECT_EQ(said(connection), "30080005746869726400") << "over our limit: no alias";
    Connection none = opened(limits, v5);
    (void)none.publish({"t/one", "", ""}, {});
    (void)none.publish({"t/one", "", ""}, {});
    EXPECT_EQ(said(none), "30080005742f6f6e650030080005742f6f6e6500") << "the client offers none";
}

TEST(TopicAlias, IsNotSetByAPacketThatIsDropped) {
    const Limits limits;
    Connect connect = connect_of(v5);
    connect.properties.add(PropertyId::topic_alias_maximum, 10);
    connect.properties.add(PropertyId::maximum_packet_size, 60);
    Connection connection = opened(limits, connect);
    EXPECT_EQ(connection.publish({"topic", "", std::string(60, 'x')}, {}), Sent::too_large);
    (void)connection.publish({"topic", "", ""}, {});
    EXPECT_EQ(said(connection), "300b0005746f70696303230001");
}

TEST(Flows, IdsAreReusedOldestFirstAndNeverWhileInFlight) {
    OutboundFlows flows;
    std::vector<bool> taken(65536);
    std::vector<std::uint16_t> in_flight;
    std::uint32_t random = 1;
    for (int step = 0; step < 20'000; ++step) {
        random = random * 1664525 + 1013904223;
        if (in_flight.size() < 100 && (random >> 16) % 2 == 0) {
            const auto id = flows.assign(qos1, 0);
            ASSERT_TRUE(id && *id != 0 && !taken[*id]);
            taken[*id] = true;
            in_flight.push_back(*id);
        } else if (!in_flight.empty()) {
            const std::size_t index = (random >> 8) % in_flight.size();
            flows.forget(in_flight[index]);
            taken[in_flight[index]] = false;
            in_flight.erase(in_flight.begin() + static_cast<std::ptrdiff_t>(index));
        }
        ASSERT_EQ(flows.size(), in_flight.size());
    }
}

// Bug 16 at this layer: a stored state that cannot be is cut down to what can, not trusted.
TEST(Bug16, ImpossibleStoredStateIsTakenWithoutHarm) {
    const Limits limits;
    SessionState state;
    state.inbound_qos2 = {0, 9, 9, 3};
    state.outbound = {{0, qos1, Stage::sent, 1},
                      {5, qos2, Stage::releasing, 2},
                      {5, qos1, Stage::assigned, 3},
                      {6, qos0, Stage::sent, 4},
                      {65535, qos1, Stage::sent, 5}};
    Accept answer;
    answer.session_present = true;
    answer.session = state;
    Connection connection = opened(limits, connect_of(v3), std::move(answer));
    const SessionState got = connection.session();
    EXPECT_EQ(got.inbound_qos2, (std::vector<std::uint16_t>{3, 9}));
    ASSERT_EQ(got.outbound.size(), 2u);
    EXPECT_EQ(got.outbound[0], (OutboundFlow{5, qos2, Stage::releasing, 2}));
    EXPECT_EQ(got.outbound[1], (OutboundFlow{65535, qos1, Stage::assigned, 5}));
    EXPECT_NE(connection.assign(qos1, 6), 5);
}

TEST(Flows, AllIdsTogether) {
    OutboundFlows flows;
    for (int count = 0; count < 65535; ++count) ASSERT_TRUE(flows.assign(qos1, 0));
    EXPECT_FALSE(flows.assign(qos1, 0));
    flows.forget(4711);
    EXPECT_EQ(flows.assign(qos1, 0), 4711);
}

}  // namespace
}  // namespace lineshaft::mqtt
