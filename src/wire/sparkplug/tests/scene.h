// A hall with one edge node and two devices, played into a Host. For the tests of this module.
#pragma once
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "wire/sparkplug/edge.h"
#include "wire/sparkplug/host.h"
#include "wire/sparkplug/payload.h"

namespace lineshaft::sparkplug {

inline const MachineKey node_key{"hall", "embroidery", ""};
inline const MachineKey first_key{"hall", "embroidery", "machine-1"};
inline const MachineKey second_key{"hall", "embroidery", "machine-2"};

/// The events of one kind, in order.
template <class Kind>
std::vector<Kind> only(const std::vector<Event>& events) {
    std::vector<Kind> out;
    for (const Event& event : events) {
        if (const auto* kind = std::get_if<Kind>(&event)) out.push_back(*kind);
    }
    return out;
}
template <class Kind>
std::vector<Kind> only(const std::vector<EdgeEvent>& events) {
    std::vector<Kind> out;
    for (const EdgeEvent& event : events) {
        if (const auto* kind = std::get_if<Kind>(&event)) out.push_back(*kind);
    }
    return out;
}

inline EdgeMetric metric(std::string name, DataType type, Value value) {
    EdgeMetric out;
    out.definition.name = std::move(name);
    out.definition.type = type;
    out.value = std::move(value);
    return out;
}

inline EdgeMetric speed_metric() {
    EdgeMetric speed = metric("Speed", DataType::int16, std::int64_t{0});
    speed.definition.unit = "stitches/min";
    speed.definition.low = 0;
    speed.definition.high = 1000;
    return speed;
}

inline EdgeMetric stitches_metric() {
    EdgeMetric stitches = metric("Stitches", DataType::uint32, std::uint64_t{0});
    stitches.definition.read_only = true;
    return stitches;
}

/// The node with "Load", and two devices with "Speed" and "Stitches".
inline Edge hall_edge(EdgeOptions options = {}) {
    Edge edge("hall", "embroidery", std::move(options));
    EXPECT_TRUE(edge.define("", metric("Load", DataType::float64, 0.5)));
    for (const auto* device : {"machine-1", "machine-2"}) {
        EXPECT_TRUE(edge.define(device, speed_metric()));
        EXPECT_TRUE(edge.define(device, stitches_metric()));
    }
    return edge;
}

struct Scene {
    explicit Scene(Limits limits = {}, EdgeOptions options = {})
        : host(limits), edge(hall_edge(std::move(options))) {}

    std::vector<Event> feed(const Publication& message) {
        return host.receive(message.topic, as_bytes(message.payload), now);
    }
    std::vector<Event> feed(const std::vector<Publication>& messages) {
        std::vector<Event> all;
        for (const Publication& message : messages) {
            for (Event& event : feed(message)) all.push_back(std::move(event));
        }
        return all;
    }
    /// A new session of the edge: the will, kept for later, and the births.
    std::vector<Event> connect() {
        will = edge.will(now);
        return feed(edge.connected(now));
    }
    /// One value of a device ("": the node) as the message that carries it.
    Publication data(std::string_view device, std::string_view name, Value value) {
        auto message = edge.data(device, {{name, std::move(value), now, false}}, now);
        EXPECT_TRUE(message) << message.error().context;
        return message ? *message : Publication{};
    }
    Publication speed(std::int64_t value) { return data("machine-1", "Speed", value); }

    Instant now = Instant::from_millis(1'700'000'000'000);
    Host host;
    Edge edge;
    Publication will;
};

/// The speeds among the samples, in order.
inline std::vector<std::int64_t> speeds(const std::vector<Event>& events) {
    std::vector<std::int64_t> out;
    for (const Samples& samples : only<Samples>(events)) {
        for (const Sample& sample : samples.samples) {
            if (samples.birth->metrics()[sample.metric].name != "Speed") continue;
            if (const auto* value = std::get_if<std::int64_t>(&sample.value)) out.push_back(*value);
        }
    }
    return out;
}

/// Decodes, keeping the bytes alive beside the views into them.
struct Decoded {
    explicit Decoded(const Publication& message) : bytes(message.payload) {
        const auto result = decode(as_bytes(bytes), payload);
        EXPECT_TRUE(result) << result.error().context;
    }
    Decoded(const Decoded&) = delete;
    Decoded& operator=(const Decoded&) = delete;
    const Metric* find(std::string_view name) const {
        for (const Metric& metric : payload.metrics) {
            if (metric.name == name) return &metric;
        }
        return nullptr;
    }
    std::string bytes;
    Payload payload;
};

}  // namespace lineshaft::sparkplug
