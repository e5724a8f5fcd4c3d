#include "app/sim/fleet.h"

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace lineshaft::sim {
namespace {

using namespace std::chrono_literals;

constexpr auto fleet_catch_up_max = 10min;
constexpr std::size_t command_bytes_max = 4096;
constexpr std::string_view topic_prefix = "lineshaft/v1/";
constexpr std::string_view command_suffix = "/command";

struct Group {
    Kind kind;
    unsigned count;
};
constexpr Group groups[] = {{Kind::excavator, 6},
                            {Kind::wheel_loader, 5},
                            {Kind::dump_truck, 7},
                            {Kind::mobile_crane, 3},
                            {Kind::bulldozer, 3}};

// The speed limit a command asks for; nothing when it asks for nothing we know.
std::optional<double> speed_limit_in(std::string_view text) {
    if (text.size() > command_bytes_max) return std::nullopt;
    boost::system::error_code error;
    const auto command = boost::json::parse(text, error);
    if (error || !command.is_object()) return std::nullopt;
    const auto* values = command.get_object().if_contains("values");
    if (values == nullptr || !values->is_object()) return std::nullopt;
    const auto* limit = values->get_object().if_contains("speed_limit");
    if (limit == nullptr || !limit->is_number()) return std::nullopt;
    const auto kmh = limit->to_number<double>(error);
    if (error) return std::nullopt;
    return kmh;
}

}  // namespace

Fleet::Fleet(FleetOptions options, Instant start)
    : backlog_max_(options.backlog_messages_max), lived_until_(start) {
    Dice dice(options.seed);
    for (const auto& [kind, count] : groups) {
        for (unsigned number = 1; number <= count; ++number) {
            const std::size_t site = units_.size() % sites().size();
            units_.push_back({fmt::format("{}-{:02}", name_of(kind), number),
                              FleetMachine(dice.fork(), kind, site),
                              1 + static_cast<unsigned>(units_.size() % 5)});
        }
    }
}

Publication Fleet::report(Unit& unit, Instant at) const {
    const FleetMachine& machine = unit.machine;
    const bool travelling = machine.activity() == Activity::travelling;
    std::string payload = fmt::format(
        R"({{"ts":{},"values":{{"lat":{:.6f},"lon":{:.6f},"heading_deg":{:.0f},"speed_kmh":{:.1f},)"
        R"("speed_limit":{:.0f},"fuel_percent":{:.1f},"engine_hours":{:.2f},"load_percent":{:.0f},)"
        R"("state":"{}","fault_code":"{}","{}":"{}")",
        at.millis(), machine.place().latitude, machine.place().longitude, machine.heading(),
        machine.speed_kmh(), machine.speed_limit_kmh(), machine.fuel_percent(),
        machine.engine_hours(), machine.load_percent(), name_of(machine.activity()),
        machine.fault_code(), travelling ? "destination" : "site", sites()[machine.site()].name);
    if (!unit.introduced) payload += fmt::format(R"(,"kind":"{}")", name_of(machine.kind()));
    unit.introduced = true;
    payload += "}}";
    return {fmt::format("{}{}/telemetry", topic_prefix, unit.id), std::move(payload), 1, false};
}

std::vector<Publication> Fleet::connected(Instant) {
    connected_ = true;
    std::vector<Publication> out(std::make_move_iterator(backlog_.begin()),
                                 std::make_move_iterator(backlog_.end()));
    backlog_.clear();
    for (Unit& unit : units_) unit.introduced = false;
    return out;
}

std::vector<Publication> Fleet::step(Instant now) {
    std::vector<Publication> out;
    if (now - lived_until_ > fleet_catch_up_max) lived_until_ = now - 1s;
    while (lived_until_ + 1s <= now) {
        lived_until_ = lived_until_ + 1s;
        ++ticks_;
        for (std::size_t index = 0; index < units_.size(); ++index) {
            Unit& unit = units_[index];
            unit.machine.step(1);
            if ((ticks_ + index) % unit.period_s == 0) out.push_back(report(unit, lived_until_));
        }
    }
    if (connected_) return out;
    for (Publication& message : out) backlog_.push_back(std::move(message));
    for (; backlog_.size() > backlog_max_; ++dropped_) backlog_.pop_front();
    return {};
}

std::vector<Publication> Fleet::on_message(std::string_view topic, Bytes payload, Instant now) {
    if (!topic.starts_with(topic_prefix) || !topic.ends_with(command_suffix) ||
        topic.size() < topic_prefix.size() + command_suffix.size()) {
        return {};
    }
    const auto id = topic.substr(topic_prefix.size(),
                                 topic.size() - topic_prefix.size() - command_suffix.size());
    const auto limit = speed_limit_in(as_text(payload));
    if (!limit) return {};
    for (Unit& unit : units_) {
        if (unit.id != id || !unit.machine.limit_speed(*limit) || !connected_) continue;
        return {report(unit, now)};
    }
    return {};
}

}  // namespace lineshaft::sim
