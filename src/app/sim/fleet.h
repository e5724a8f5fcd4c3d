#pragma once
#include <deque>
#include <string>
#include <vector>

#include "app/sim/client.h"
#include "app/sim/machine.h"

namespace lineshaft::sim {

struct FleetOptions {
    std::uint64_t seed = 1;
    std::size_t backlog_messages_max =
        5000;  ///< kept while the connection is gone; then the oldest go
};

/// 24 construction machines behind one telematics connection, in the JSON of
/// docs/protocols/telemetry.md: each reports every 1 to 5 seconds on
/// `lineshaft/v1/<machine>/telemetry`, QoS 1. What is due while the connection is gone is kept and
/// sent afterwards. Commands: `{"values":{"speed_limit":40}}`, km/h, 1..100;
/// `{"values":{"order":"…"}}` (docs/protocols/fleet-api.md, Cab): it drives there and works, one
/// order after the other.
class Fleet final : public Client {
public:
    Fleet(FleetOptions options, Instant start);

    std::string client_id() const override { return "fleet-telematics"; }
    std::optional<Publication> will(Instant) override { return std::nullopt; }
    std::vector<std::string> filters() const override { return {"lineshaft/v1/+/command"}; }
    std::vector<Publication> connected(Instant now) override;
    void lost() override { connected_ = false; }
    std::vector<Publication> step(Instant now) override;
    std::vector<Publication> on_message(std::string_view topic, Bytes payload,
                                        Instant now) override;
    std::vector<Publication> goodbye(Instant) override { return {}; }

    /// For example "excavator-03".
    const std::string& machine_id(std::size_t index) const { return units_[index].id; }
    const FleetMachine& machine(std::size_t index) const { return units_[index].machine; }
    std::size_t machines() const { return units_.size(); }
    std::size_t messages_dropped() const { return dropped_; }

private:
    struct Unit {
        std::string id;
        FleetMachine machine;
        unsigned period_s;        // 1..5
        bool introduced = false;  // its kind was told in this session
        struct Order {
            std::string request;
            std::int64_t place = 0;
            Place goal;
            double seconds = 0;
        };
        std::deque<Order> orders = {};  // the first is under way when has_begun
        bool has_begun = false;
    };
    static void take_order(Unit& unit, std::string_view text);
    static void go_on(Unit& unit);
    Publication report(Unit& unit, Instant at) const;

    std::vector<Unit> units_;
    std::deque<Publication> backlog_;
    std::size_t backlog_max_, dropped_ = 0;
    bool connected_ = false;
    Instant lived_until_;
    std::uint64_t ticks_ = 0;
};

}  // namespace lineshaft::sim
