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

// What a command sets; nothing when it is none.
std::optional<boost::json::object> values_in(std::string_view text) {
    if (text.size() > command_bytes_max) return std::nullopt;
    boost::system::error_code error;
    const auto command = boost::json::parse(text, error);
    if (error || !command.is_object()) return std::nullopt;
    const auto* values = command.get_object().if_contains("values");
    if (values == nullptr || !values->is_object()) return std::nullopt;
    return values->get_object();
}

// The speed limit a command asks for; nothing when it asks for nothing we know.
std::optional<double> speed_limit_in(const boost::json::object& values) {
    boost::system::error_code error;
    const auto* limit = values.if_contains("speed_limit");
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

void Fleet::take_order(Unit& unit, std::string_view text) {
    constexpr std::size_t orders_max = 50;
    constexpr double longer_seconds = 120;
    boost::system::error_code error;
    const auto body = boost::json::parse(boost::json::string_view(text.data(), text.size()), error);
    if (error || !body.is_object()) return;
    const auto& order = body.get_object();
    const auto number = [&](std::string_view name) {
        const auto* found = order.if_contains(boost::json::string_view(name.data(), name.size()));
        return found != nullptr && found->is_number() ? found->to_number<double>() : 0.0;
    };
    Unit::Order wanted;
    if (const auto* request = order.if_contains("request");
        request != nullptr && request->is_string())
        wanted.request = std::string(request->get_string());
    wanted.place = static_cast<std::int64_t>(number("place"));
    wanted.goal = {number("latitude"), number("longitude")};
    wanted.seconds = number("duration_s") + longer_seconds;
    const auto is_same = [&](const Unit::Order& one) {
        return one.request == wanted.request && one.place == wanted.place;
    };
    if (!unit.orders.empty() && unit.has_begun && is_same(unit.orders.front())) {
        unit.machine.call_back();
        unit.has_begun = false;
    }
    std::erase_if(unit.orders, is_same);
    const bool is_taken_back = order.contains("is_taken_back");
    if (!is_taken_back && unit.orders.size() < orders_max && wanted.goal != Place{})
        unit.orders.push_back(std::move(wanted));
}

void Fleet::go_on(Unit& unit) {
    if (unit.has_begun && !unit.machine.is_ordered()) {
        unit.orders.pop_front();
        unit.has_begun = false;
    }
    if (unit.has_begun || unit.orders.empty()) return;
    unit.machine.send_to(unit.orders.front().goal, unit.orders.front().seconds);
    unit.has_begun = true;
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
            go_on(unit);
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
    const auto values = values_in(as_text(payload));
    if (!values) return {};
    if (const auto* order = values->if_contains("order"); order != nullptr && order->is_string()) {
        for (Unit& unit : units_)
            if (unit.id == id)
                take_order(
                    unit, std::string_view(order->get_string().data(), order->get_string().size()));
        return {};
    }
    const auto limit = speed_limit_in(*values);
    if (!limit) return {};
    for (Unit& unit : units_) {
        if (unit.id != id || !unit.machine.limit_speed(*limit) || !connected_) continue;
        return {report(unit, now)};
    }
    return {};
}

}  // namespace lineshaft::sim
