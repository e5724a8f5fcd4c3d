// Random packets: decode(encode(p)) == p; random streams: how they are cut does not matter; random
// bytes: no crash.
#include <gtest/gtest.h>

#include <random>

#include "wire/mqtt/tests/talk.h"

namespace lineshaft::mqtt {
namespace {

class Random {
public:
    explicit Random(unsigned seed) : engine_(seed) {}
    std::uint32_t below(std::uint32_t count) {
        return static_cast<std::uint32_t>(engine_() % count);
    }
    bool chance(std::uint32_t in) { return below(in) == 0; }
    std::uint16_t id() { return static_cast<std::uint16_t>(1 + below(8)); }
    Qos qos() { return static_cast<Qos>(below(3)); }
    std::string text(std::size_t max = 6) {
        std::string out;
        for (auto size = below(static_cast<std::uint32_t>(max)); size > 0; --size) {
            out += chance(6) ? "\xc3\xbc" : std::string(1, static_cast<char>('a' + below(26)));
        }
        return out;
    }
    std::string topic() { return "t/" + text() + (chance(2) ? "/" + text() : ""); }
    std::string bytes(std::uint32_t max) {
        std::string out(below(max), 0);
        for (char& byte : out) byte = static_cast<char>(below(256));
        return out;
    }
    Reason one_of(std::initializer_list<Reason> reasons) {
        return reasons.begin()[below(static_cast<std::uint32_t>(reasons.size()))];
    }

private:
    std::mt19937 engine_;
};

Properties explanation(Random& random, Version version) {
    Properties properties;
    if (version != Version::v5_0) return properties;
    if (random.chance(3)) properties.add(PropertyId::reason_string, random.text());
    while (random.chance(3)) properties.add_user(random.text(), random.text());
    return properties;
}

std::string forwarded(Random& random, Version version) {
    std::string wire;
    if (version != Version::v5_0) return wire;
    while (random.chance(3)) append_user_property(random.text(), random.text(), wire);
    if (random.chance(4)) append_property(PropertyId::response_topic, random.topic(), wire);
    if (random.chance(4)) append_property(PropertyId::correlation_data, random.bytes(9), wire);
    if (random.chance(4))
        append_property(PropertyId::payload_format_indicator, random.below(2), wire);
    while (random.chance(3)) append_user_property(random.text(), random.text(), wire);
    return wire;
}

Connect random_connect(Random& random, Version version) {
    Connect connect = connect_of(version, random.text());
    connect.clean_start = random.chance(2) || connect.client_id.empty();
    connect.keep_alive_s = static_cast<std::uint16_t>(random.below(65536));
    if (random.chance(2)) connect.user_name = random.text();
    if (connect.user_name && random.chance(2)) connect.password = random.bytes(20);
    if (random.chance(2)) {
        connect.will = Will{Message(random.topic(), random.bytes(20), forwarded(random, version)),
                            random.qos(),
                            random.chance(2),
                            0,
                            {}};
        if (version == Version::v5_0) connect.will->delay_s = random.below(3);
    }
    if (version == Version::v5_0) {
        if (random.chance(2)) connect.properties.add(PropertyId::receive_maximum, random.id());
        if (random.chance(2))
            connect.properties.add(PropertyId::topic_alias_maximum, random.below(9));
        while (random.chance(3)) connect.properties.add_user(random.text(), random.text());
    }
    return connect;
}

// A packet that a client may send after CONNECT. Views go into `store`.
Packet random_packet(Random& random, Version version, std::vector<std::string>& store) {
    const bool is_5 = version == Version::v5_0;
    switch (random.below(8)) {
        case 0: {
            Subscribe subscribe{random.id(), {}, {}};
            if (is_5 && random.chance(2)) {
                subscribe.properties.add(PropertyId::subscription_identifier,
                                         1 + random.below(9999));
            }
            do {
                subscribe.subscriptions.push_back({random.topic(), random.qos()});
                if (is_5) subscribe.subscriptions.back().no_local = random.chance(2);
            } while (random.chance(2));
            return subscribe;
        }
        case 1: return Unsubscribe{random.id(), {random.topic(), "a/#"}, {}};
        case 2: return Pingreq{};
        case 3: {
            const auto type = random.chance(2) ? PacketType::puback : PacketType::pubrec;
            const Reason reason =
                is_5 ? random.one_of({Reason::success, Reason::quota_exceeded}) : Reason::success;
            return Ack{type, random.id(), reason, explanation(random, version)};
        }
        case 4:
            return Ack{random.chance(2) ? PacketType::pubrel : PacketType::pubcomp, random.id(),
                       Reason::success, explanation(random, version)};
        default: {
            store.push_back(random.topic());
            const std::string& topic = store.back();
            store.push_back(forwarded(random, version));
            const std::string& properties = store.back();
            store.push_back(random.bytes(40));
            PublishView publish = publish_of({topic, properties, store.back()}, random.qos());
            if (publish.qos != Qos::at_most_once) publish.packet_id = random.id();
            publish.retain = random.chance(3);
            if (is_5 && random.chance(4)) publish.expiry_s = random.below(100);
            if (is_5 && random.chance(4)) publish.topic_alias = random.id();
            return publish;
        }
    }
}

// The decoded view carries the whole section, so compare what is forwarded.
std::string normal(Packet packet) {
    if (auto* publish = std::get_if<PublishView>(&packet)) {
        std::string forwarded;
        append_forwarded(publish->message.properties, forwarded);
        publish->message.properties = forwarded;
        return encoded(packet, Version::v5_0);
    }
    return encoded(packet, Version::v5_0);
}

TEST(Property, WhatIsEncodedIsDecoded) {
    for (unsigned seed = 1; seed <= 4000; ++seed) {
        Random random(seed);
        const Version version = random.chance(2) ? Version::v3_1_1 : Version::v5_0;
        std::vector<std::string> store;
        store.reserve(8);
        const Packet packet = random.chance(5) ? Packet(random_connect(random, version))
                                               : random_packet(random, version, store);
        const std::string bytes = encoded(packet, version);
        const auto frame = next_frame(as_bytes(bytes), bytes.size());
        ASSERT_TRUE(frame && *frame) << "seed " << seed;
        ASSERT_EQ((*frame)->size_bytes, bytes.size());
        const auto again = decode(**frame, version, {});
        ASSERT_TRUE(again) << "seed " << seed << ": " << again.error().why;
        ASSERT_EQ(normal(*again), normal(packet)) << "seed " << seed;
        if (const auto* publish = std::get_if<PublishView>(&packet)) {
            ASSERT_EQ(encoded_size(*publish, version), bytes.size()) << "seed " << seed;
        } else {
            ASSERT_TRUE(*again == packet) << "seed " << seed;
        }
    }
}

// The broker of these tests answers everything at once.
void answer(Connection& connection, std::vector<Event>& events) {
    for (std::size_t index = 0; index < events.size(); ++index) {
        if (std::holds_alternative<ConnectReceived>(events[index])) {
            for (Event& later : connection.accept({})) events.push_back(std::move(later));
        }
    }
}

TEST(Property, HowTheStreamIsCutDoesNotMatter) {
    const Limits limits;
    for (unsigned seed = 1; seed <= 500; ++seed) {
        Random random(seed);
        const Version version = random.chance(2) ? Version::v3_1_1 : Version::v5_0;
        std::string stream = encoded(random_connect(random, version), version);
        for (int count = 0; count < 30; ++count) {
            std::vector<std::string> store;
            store.reserve(8);
            stream += encoded(random_packet(random, version, store), version);
        }
        if (random.chance(3)) stream[random.below(static_cast<std::uint32_t>(stream.size()))] ^= 4;

        Connection whole(limits), pieces(limits);
        auto want = feed(whole, stream);
        answer(whole, want);
        std::vector<Event> got;
        for (std::string_view rest = stream; !rest.empty();) {
            const std::size_t size = std::min<std::size_t>(1 + random.below(40), rest.size());
            auto events = feed(pieces, rest.substr(0, size));
            answer(pieces, events);
            for (Event& event : events) got.push_back(std::move(event));
            rest.remove_prefix(size);
        }
        ASSERT_EQ(describe(got), describe(want)) << "seed " << seed;
        ASSERT_EQ(pieces.take_output(), whole.take_output()) << "seed " << seed;
        ASSERT_EQ(pieces.closed(), whole.closed());
        ASSERT_EQ(pieces.session(), whole.session());
    }
}

TEST(Property, RandomBytesAreNeverABug) {
    const Limits limits;
    for (unsigned seed = 1; seed <= 5000; ++seed) {
        Random random(seed);
        Connection connection = opened(limits, random.chance(2) ? Version::v3_1_1 : Version::v5_0);
        std::string bytes = random.bytes(60);
        if (bytes.size() > 2) bytes[1] = static_cast<char>(bytes.size() - 2);
        (void)feed(connection, bytes);
    }
}

}  // namespace
}  // namespace lineshaft::mqtt
