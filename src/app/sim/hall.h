#pragma once
#include <string>
#include <vector>

#include "app/sim/client.h"
#include "app/sim/embroidery.h"
#include "wire/sparkplug/edge.h"

namespace lineshaft::sim {

struct HallOptions {
    std::uint64_t seed = 1;
    unsigned machines = 6;    ///< at most 64
    std::uint8_t bd_seq = 0;  ///< the number of the first session
};

/// An embroidery hall behind one Sparkplug B edge node: group `hall`, node `embroidery`, devices
/// `embroidery-1` and so on. Each device reports once a second what has changed; now and then one
/// is switched off for some minutes. Writable: `speed_setpoint`, 0..1000 stitches a minute.
class Hall final : public Client {
public:
    Hall(HallOptions options, Instant start);

    std::string client_id() const override { return "hall-embroidery"; }
    std::optional<Publication> will(Instant now) override { return edge_.will(now); }
    std::vector<std::string> filters() const override { return edge_.filters(); }
    std::vector<Publication> connected(Instant now) override { return edge_.connected(now); }
    void lost() override { edge_.lost(); }
    std::vector<Publication> step(Instant now) override;
    std::vector<Publication> on_message(std::string_view topic, Bytes payload,
                                        Instant now) override;
    std::vector<Publication> goodbye(Instant now) override { return {edge_.disconnect(now)}; }

    static std::string device_id(std::size_t index);
    const EmbroideryMachine& machine(std::size_t index) const { return places_[index].machine; }
    std::size_t machines() const { return places_.size(); }
    bool is_on(std::size_t index) const { return places_[index].off_left_s <= 0; }

private:
    struct Place {
        EmbroideryMachine machine;
        double off_left_s = 0;               // switched off for that long
        double next_off_s = 0;               // until it is switched off again
        std::vector<sparkplug::Value> told;  // the values last published, in the order of metrics
    };
    void tick(Instant at, std::vector<Publication>& out);
    void report(std::size_t index, Instant at, std::vector<Publication>& out);
    void switch_off_and_on(std::size_t index, Instant at, std::vector<Publication>& out);

    Dice dice_;
    sparkplug::Edge edge_;
    std::vector<Place> places_;
    Instant lived_until_;
};

}  // namespace lineshaft::sim
