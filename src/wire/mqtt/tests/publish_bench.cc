// Question: how many 64-byte messages a second does one core take in, and put out to subscribers?
// Data: topic of 24 bytes; /0 QoS 0, /1 QoS 1 with PUBACK; version 3.1.1 and 5.0 with one user
// property. Receive: a stream of 1000 packets in pieces of 64 KiB.
#include <benchmark/benchmark.h>

#include "wire/mqtt/tests/talk.h"

namespace lineshaft::mqtt {
namespace {

constexpr std::string_view topic = "plant/line3/machine/temp";
const std::string payload(64, 'x');

std::string user_property(Version version) {
    std::string wire;
    if (version == Version::v5_0) append_user_property("unit", "C", wire);
    return wire;
}

void receive_publish(benchmark::State& state) {
    const auto version = state.range(1) == 5 ? Version::v5_0 : Version::v3_1_1;
    const Qos qos = static_cast<Qos>(state.range(0));
    const std::string properties = user_property(version);
    std::string stream;
    for (int count = 0; count < 1000; ++count) {
        const auto id = static_cast<std::uint16_t>(qos == Qos::at_most_once ? 0 : count + 1);
        encode(publish_of({topic, properties, payload}, qos, id), version, stream);
    }
    Limits limits;
    Connection connection = opened(limits, version);
    std::string output;
    for (auto _ : state) {
        for (Bytes rest = as_bytes(stream); !rest.empty();) {
            const Bytes piece = rest.first(std::min<std::size_t>(65536, rest.size()));
            auto events = connection.receive(piece);
            for (const Event& event : events) {
                const auto& publish = std::get<PublishReceived>(event);
                if (publish.qos != Qos::at_most_once) connection.puback(publish.packet_id);
            }
            benchmark::DoNotOptimize(events);
            output = connection.take_output(std::move(output));
            rest = rest.subspan(piece.size());
        }
    }
    state.SetItemsProcessed(std::int64_t(state.iterations()) * 1000);
}
BENCHMARK(receive_publish)->Args({0, 4})->Args({1, 4})->Args({0, 5})->Args({1, 5});

void deliver_publish(benchmark::State& state) {
    const auto version = state.range(1) == 5 ? Version::v5_0 : Version::v3_1_1;
    const Qos qos = static_cast<Qos>(state.range(0));
    const Message message(topic, payload, user_property(version));
    Limits limits;
    Connection connection = opened(limits, version);
    std::string output;
    std::string acks;
    for (auto _ : state) {
        for (int count = 0; count < 100; ++count) {
            if (qos == Qos::at_most_once) {
                (void)connection.publish(message, {});
            } else {
                const auto id = *connection.assign(qos, 1);
                (void)connection.send(id, message, {});
                encode(ack_of(PacketType::puback, id), version, acks);
            }
        }
        benchmark::DoNotOptimize(connection.receive(as_bytes(acks)));
        acks.clear();
        output = connection.take_output(std::move(output));
    }
    state.SetItemsProcessed(std::int64_t(state.iterations()) * 100);
}
BENCHMARK(deliver_publish)->Args({0, 4})->Args({1, 4})->Args({0, 5})->Args({1, 5});

}  // namespace
}  // namespace lineshaft::mqtt
