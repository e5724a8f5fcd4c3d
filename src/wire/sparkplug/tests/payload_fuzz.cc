// Properties: no bytes crash the decoder; what it accepts it writes, reads and writes again the
// same; a Host fed with anything keeps its counters and timers consistent.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "wire/sparkplug/edge.h"
#include "wire/sparkplug/host.h"
#include "wire/sparkplug/payload.h"

namespace {

using namespace lineshaft;

void check_codec(Bytes bytes) {
    sparkplug::Payload payload;
    if (!sparkplug::decode(bytes, payload)) return;
    const std::string once = sparkplug::encode(payload);
    sparkplug::Payload again;
    CHECK(sparkplug::decode(as_bytes(once), again).has_value());
    CHECK(sparkplug::encode(again) == once);
    for (const sparkplug::Metric& metric : payload.metrics) {
        const auto type = static_cast<sparkplug::DataType>(metric.datatype & 0xFF);
        const auto value = sparkplug::value_of(metric.value, type);
        if (value) CHECK(sparkplug::wire_value_of(*value, type).has_value());
    }
}

// A script of messages: one byte chooses the topic, one the length of the payload.
void check_host(std::string_view script) {
    sparkplug::Limits limits;
    limits.nodes_max = 2;
    limits.devices_per_node_max = 2;
    limits.metrics_per_machine_max = 4;
    limits.reorder_messages_max = 3;
    sparkplug::Host host(limits);
    sparkplug::Edge edge("g", "n");
    (void)edge.will({});
    (void)edge.connected({});
    Instant now;
    while (script.size() >= 2) {
        static constexpr std::string_view topics[] = {
            "spBv1.0/g/NBIRTH/n",   "spBv1.0/g/NDATA/n",   "spBv1.0/g/NDEATH/n",
            "spBv1.0/g/DBIRTH/n/d", "spBv1.0/g/DDATA/n/d", "spBv1.0/g/DDEATH/n/d",
            "spBv1.0/g/DBIRTH/n/e", "spBv1.0/g/NBIRTH/m",  "spBv1.0/STATE/h",
            "spBv1.0/g/NCMD/n",     "spBv1.0/g/DCMD/n/d"};
        const auto choice = static_cast<unsigned char>(script[0]);
        const auto length = static_cast<unsigned char>(script[1]);
        script.remove_prefix(2);
        const std::string_view payload = script.substr(0, length);
        script.remove_prefix(payload.size());
        const std::string_view topic = topics[choice % std::size(topics)];
        (void)host.receive(topic, as_bytes(payload), now);
        (void)edge.receive(topic, as_bytes(payload), now);
        now = now + std::chrono::milliseconds(choice * 16);
        (void)host.tick(now);
        CHECK(!host.due() || *host.due() > now);
        CHECK(host.nodes() <= limits.nodes_max);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0 || size > 64 * 1024) return 0;
    const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (data[0] % 2 == 0) {
        check_codec(as_bytes(input));
    } else {
        check_host(input);
    }
    return 0;
}
