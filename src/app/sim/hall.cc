#include "app/sim/hall.h"

#include <algorithm>
#include <cmath>

namespace lineshaft::sim {
namespace {

using sparkplug::DataType;
using sparkplug::Value;
using namespace std::chrono_literals;

constexpr double hours = 3600;
constexpr double seconds_between_switching_off = 5 * hours;
// After a longer silence the plant goes on from where it stood, instead of living it through.
constexpr auto hall_catch_up_max = 10min;

struct Described {
    std::string_view name;
    DataType type;
    std::string_view unit;
    double high;  // 0: no range
    bool writable;
};

constexpr Described metrics[] = {
    {"speed", DataType::int16, "stitches/min", 1000, false},
    {"speed_setpoint", DataType::int16, "stitches/min", 1000, true},
    {"stitch_count", DataType::uint32, "stitches", 0, false},
    {"order_stitches", DataType::uint32, "stitches", 0, false},
    {"stitch_total", DataType::uint64, "stitches", 0, false},
    {"thread_breaks", DataType::uint32, "", 0, false},
    {"needle", DataType::uint8, "", 15, false},
    {"motor_temperature", DataType::float64, "°C", 90, false},
    {"state", DataType::string, "", 0, false},
    {"order", DataType::string, "", 0, false},
    {"fault", DataType::string, "", 0, false},
};

// In the order of `metrics`.
std::vector<Value> values_of(const EmbroideryMachine& machine) {
    return {std::int64_t(std::lround(machine.speed())),
            machine.speed_setpoint(),
            std::uint64_t{machine.stitches()},
            std::uint64_t{machine.order_stitches()},
            machine.stitches_total(),
            std::uint64_t{machine.thread_breaks()},
            std::uint64_t{machine.needle()},
            std::round(machine.motor_temperature() * 10) / 10,
            std::string(name_of(machine.state())),
            machine.order(),
            machine.fault()};
}

// A quarter of an hour in every four, half of the machines earlier than the others.
bool rests(std::size_t index, Instant at) {
    const auto minute = at.millis() / 60'000 + (index % 2 == 0 ? 0 : 25);
    return minute % 240 >= 225;
}

}  // namespace

std::string Hall::device_id(std::size_t index) {
    return "embroidery-" + std::to_string(index + 1);
}

Hall::Hall(HallOptions options, Instant start)
    : dice_(options.seed),
      edge_("hall", "embroidery",
            {.use_aliases = true, .primary_host = {}, .bd_seq = options.bd_seq}),
      lived_until_(start) {
    for (unsigned index = 0; index < std::min(options.machines, 64u); ++index) {
        places_.push_back({EmbroideryMachine(dice_.fork(), 2041 + index),
                           0,
                           dice_.exponential(seconds_between_switching_off),
                           {}});
        places_.back().told = values_of(places_.back().machine);
        for (std::size_t at = 0; at < std::size(metrics); ++at) {
            sparkplug::EdgeMetric metric;
            metric.definition.name = metrics[at].name;
            metric.definition.type = metrics[at].type;
            metric.definition.unit = metrics[at].unit;
            metric.definition.read_only = !metrics[at].writable;
            if (metrics[at].high > 0) {
                metric.definition.low = 0;
                metric.definition.high = metrics[at].high;
            }
            metric.value = places_.back().told[at];
            metric.at = start;
            (void)edge_.define(device_id(index), std::move(metric));  // The table above is valid.
        }
    }
}

std::vector<Publication> Hall::step(Instant now) {
    std::vector<Publication> out;
    if (now - lived_until_ > hall_catch_up_max) lived_until_ = now - 1s;
    while (lived_until_ + 1s <= now) {
        lived_until_ = lived_until_ + 1s;
        tick(lived_until_, out);
    }
    return out;
}

void Hall::tick(Instant at, std::vector<Publication>& out) {
    for (std::size_t index = 0; index < places_.size(); ++index) {
        switch_off_and_on(index, at, out);
        if (!is_on(index)) continue;
        places_[index].machine.step(1, rests(index, at));
        report(index, at, out);
    }
}

void Hall::switch_off_and_on(std::size_t index, Instant at, std::vector<Publication>& out) {
    Place& place = places_[index];
    if (!is_on(index)) {
        place.off_left_s -= 1;
        if (!is_on(index)) return;
        // The birth carries the values of before; the first report after it the new ones.
        if (auto birth = edge_.device_born(device_id(index), at)) out.push_back(*std::move(birth));
        return;
    }
    place.next_off_s -= 1;
    if (place.next_off_s > 0 || place.machine.state() != Stitching::idle) return;
    place.next_off_s = dice_.exponential(seconds_between_switching_off);
    place.off_left_s = std::ceil(dice_.between(60, 240));
    if (auto death = edge_.device_died(device_id(index), at)) out.push_back(*std::move(death));
}

void Hall::report(std::size_t index, Instant at, std::vector<Publication>& out) {
    Place& place = places_[index];
    auto values = values_of(place.machine);
    std::vector<sparkplug::Update> updates;
    for (std::size_t metric = 0; metric < values.size(); ++metric) {
        if (values[metric] == place.told[metric]) continue;
        updates.push_back({metrics[metric].name, values[metric], at, false});
    }
    if (updates.empty()) return;
    place.told = std::move(values);
    // Unavailable while not connected: the next birth carries the values.
    auto message = edge_.data(device_id(index), std::move(updates), at);
    if (message) out.push_back(*std::move(message));
}

std::vector<Publication> Hall::on_message(std::string_view topic, Bytes payload, Instant now) {
    std::vector<Publication> out;
    for (sparkplug::EdgeEvent& event : edge_.receive(topic, payload, now)) {
        if (auto* answer = std::get_if<Publication>(&event)) out.push_back(std::move(*answer));
        const auto* write = std::get_if<sparkplug::Write>(&event);
        if (write == nullptr || write->metric != "speed_setpoint") continue;
        for (std::size_t index = 0; index < places_.size(); ++index) {
            const auto* value = std::get_if<std::int64_t>(&write->value);
            if (device_id(index) != write->device || value == nullptr) continue;
            if (places_[index].machine.set_speed(*value)) report(index, now, out);
        }
    }
    return out;
}

}  // namespace lineshaft::sim
