// Our client against our server half: both versions, no sockets.
#include "wire/mqtt/client.h"

#include <gtest/gtest.h>

#include "wire/mqtt/tests/talk.h"

namespace lineshaft::mqtt {
namespace {

std::vector<ClientEvent> feed(Client& client, std::string_view bytes) {
    return client.receive(as_bytes(bytes));
}

// Carries bytes both ways until neither side says anything; the server acknowledges at once.
struct Wire {
    Client& client;
    Connection& server;
    std::vector<ClientEvent> heard = {};
    std::vector<Message> arrived = {};

    void answer(std::vector<Event> events) {
        for (std::size_t index = 0; index < events.size(); ++index) {
            if (std::holds_alternative<ConnectReceived>(events[index])) {
                for (Event& later : server.accept({})) events.push_back(std::move(later));
            } else if (auto* publish = std::get_if<PublishReceived>(&events[index])) {
                arrived.push_back(publish->message);
                if (publish->qos == Qos::at_least_once) server.puback(publish->packet_id);
                if (publish->qos == Qos::exactly_once) server.pubrec(publish->packet_id);
            } else if (auto* release = std::get_if<ReleaseReceived>(&events[index])) {
                server.pubcomp(release->packet_id);
            } else if (auto* received = std::get_if<Received>(&events[index])) {
                server.release(received->packet_id);
            } else if (auto* subscribe = std::get_if<SubscribeReceived>(&events[index])) {
                const Reason granted[] = {Reason::granted_qos_2};
                server.suback(subscribe->subscribe.packet_id, granted);
            } else if (auto* un = std::get_if<UnsubscribeReceived>(&events[index])) {
                const Reason gone[] = {Reason::success};
                server.unsuback(un->unsubscribe.packet_id, gone);
            }
        }
    }
    void run() {
        while (client.output_bytes() + server.output_bytes() > 0) {
            const std::string up = client.take_output();
            answer(server.receive(as_bytes(up)));
            const std::string down = server.take_output();
            for (auto& event : client.receive(as_bytes(down))) heard.push_back(std::move(event));
        }
    }
    template <class T>
    int count() const {
        int found = 0;
        for (const auto& event : heard) found += std::holds_alternative<T>(event) ? 1 : 0;
        return found;
    }
};

TEST(Client, SpeaksWithTheServer) {
    Limits limits;
    limits.receive_maximum = 3;
    for (const Version version : both) {
        Client client;
        Connection server(limits);
        Wire wire{client, server};
        Connect connect = connect_of(version, "plant");
        connect.keep_alive_s = 30;
        client.connect(connect);
        EXPECT_FALSE(client.publish({"a", "", ""}, Qos::at_most_once)) << "not before CONNACK";
        EXPECT_TRUE(client.publish({"early", "", "x"}, Qos::at_least_once)) << "waits";
        wire.run();
        ASSERT_TRUE(client.is_connected());
        EXPECT_EQ(client.ping_after(), std::chrono::seconds(30));
        for (int index = 0; index < 10; ++index) {
            for (const Qos qos : {Qos::at_most_once, Qos::at_least_once, Qos::exactly_once}) {
                EXPECT_TRUE(client.publish({"a/b", "", std::to_string(index)}, qos));
            }
        }
        EXPECT_TRUE(client.subscribe({{"x/#", Qos::exactly_once}}));
        EXPECT_TRUE(client.unsubscribe({"x/#"}));
        client.ping();
        wire.run();
        EXPECT_EQ(wire.arrived.size(), 31u);
        EXPECT_EQ(wire.count<Published>(), 21);
        EXPECT_EQ(wire.count<Answered>(), 2);
        EXPECT_EQ(wire.count<Ponged>(), 1);
        EXPECT_EQ(client.unfinished(), 0u);

        for (std::uint64_t token = 1; token <= 3; ++token) {
            const Qos qos = token == 3 ? Qos::exactly_once : Qos::at_least_once;
            (void)server.send(*server.assign(qos, token), {"x/y", "", "down"}, {});
        }
        wire.run();
        EXPECT_EQ(wire.count<Arrived>(), 3);
        EXPECT_TRUE(server.session().empty()) << "all acknowledged";
        client.disconnect();
        wire.run();
        EXPECT_TRUE(server.closed());
    }
}

TEST(Client, SendsUnfinishedMessagesAgain) {
    for (const Version version : both) {
        Client client;
        Connect connect = connect_of(version);
        connect.clean_start = false;
        client.connect(connect);
        (void)client.take_output();
        (void)feed(client, encoded(Connack{}, version));
        const auto one = client.publish({"a", "", "1"}, Qos::at_least_once);
        const auto two = client.publish({"a", "", "2"}, Qos::exactly_once);
        ASSERT_TRUE(one && two);
        (void)client.take_output();
        (void)feed(client, encoded(ack_of(PacketType::pubrec, *two), version));
        client.lost();
        client.connect(connect);
        (void)client.take_output();
        (void)feed(client, encoded(Connack{true, Reason::success, {}}, version));
        const std::string again = to_hex(as_bytes(client.take_output()));
        EXPECT_NE(again.find("62020002"), std::string::npos) << "PUBREL of the second: " << again;
        EXPECT_NE(again.find("3a0"), std::string::npos)
            << "PUBLISH of the first with DUP: " << again;
        client.lost();
        client.connect(connect);
        (void)client.take_output();
        (void)feed(client, encoded(Connack{}, version));
        const std::string fresh = to_hex(as_bytes(client.take_output()));
        EXPECT_EQ(fresh.find("3a0"), std::string::npos) << "no session, so no DUP: " << fresh;
        EXPECT_EQ(client.unfinished(), 2u);
    }
}

TEST(Client, Refusals) {
    Client client(ClientLimits{.inflight_max = 1});
    EXPECT_EQ(client.publish({"a", "", ""}, Qos::at_least_once).error().code, Code::unavailable);
    client.connect(connect_of(v5));
    Connack connack;
    connack.properties.add(PropertyId::maximum_qos, 1);
    connack.properties.add(PropertyId::maximum_packet_size, 30);
    connack.properties.add(PropertyId::retain_available, 0);
    (void)feed(client, encoded(connack, v5));
    EXPECT_EQ(client.publish({"+", "", ""}, Qos::at_most_once).error().code, Code::invalid);
    EXPECT_EQ(client.publish({"a", "", ""}, Qos::exactly_once).error().code, Code::unsupported);
    EXPECT_EQ(client.publish({"a", "", ""}, Qos::at_most_once, true).error().code,
              Code::unsupported);
    EXPECT_EQ(client.publish({"a", "", std::string(30, 'x')}, Qos::at_most_once).error().code,
              Code::unsupported);
    EXPECT_TRUE(client.publish({"a", "", ""}, Qos::at_least_once));
    EXPECT_EQ(client.publish({"a", "", ""}, Qos::at_least_once).error().code, Code::exhausted);
    EXPECT_EQ(client.subscribe({}).error().code, Code::invalid);
    EXPECT_EQ(client.subscribe({{"a/#/b"}}).error().code, Code::invalid);
}

TEST(Client, Endings) {
    Client refused;
    refused.connect(connect_of(v5));
    const auto no = feed(refused, encoded(Connack{false, Reason::not_authorized, {}}, v5));
    EXPECT_EQ(std::get<Connected>(no.at(0)).connack.reason, Reason::not_authorized);
    EXPECT_FALSE(refused.is_connected());

    Client told;
    told.connect(connect_of(v5));
    (void)feed(told, encoded(Connack{}, v5));
    const auto bye = feed(told, encoded(Disconnect{Reason::session_taken_over, {}}, v5));
    EXPECT_EQ(std::get<Ended>(bye.at(0)).reason, Reason::session_taken_over);
    EXPECT_TRUE(std::get<Ended>(bye.at(0)).by_server);

    Client cheated;
    cheated.connect(connect_of(v5));
    const auto early = feed(cheated, hex("d000"));
    EXPECT_EQ(std::get<Ended>(early.at(0)).reason, Reason::protocol_error);
}

TEST(Client, ResolvesTopicAliases) {
    Client client(ClientLimits{.inbound_aliases_max = 2});
    client.connect(connect_of(v5));
    (void)feed(client, encoded(Connack{}, v5));
    PublishView set = publish_of({"long/topic", "", "1"}), use = publish_of({"", "", "2"});
    set.topic_alias = use.topic_alias = 1;
    const auto events = feed(client, encoded(set, v5) + encoded(use, v5));
    ASSERT_EQ(events.size(), 2u);
    EXPECT_EQ(std::get<Arrived>(events[1]).message.topic(), "long/topic");
    use.topic_alias = 2;
    EXPECT_TRUE(std::holds_alternative<Ended>(feed(client, encoded(use, v5)).at(0)));
}

}  // namespace
}  // namespace lineshaft::mqtt
