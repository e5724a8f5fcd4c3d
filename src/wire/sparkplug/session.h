// One edge node as the Host sees it: its births, its sequence, its reorder window. Internal.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/sparkplug/host.h"
#include "wire/sparkplug/payload.h"

namespace lineshaft::sparkplug {

struct HostScratch {
    Payload arrived, held;  // two, because a held message may be applied while another is in hand
};

/// What every step of a session may use; lives for one call of Host.
struct Turn {
    const Limits& limits;
    HostCounters& counters;
    HostScratch& scratch;
    std::vector<Event>& events;
    Instant now;
};

/// A message on its way into a session.
struct Message {
    const MachineTopic& topic;
    std::string_view topic_text;
    const Payload& payload;
    Bytes encoded;  // what `payload` points into
    Instant received;
};

/// What a birth says: its definitions, and the value of each. Bad metrics are left out and
/// reported. exhausted: more than metrics_per_machine_max. `previous` is used again when nothing
/// changed.
struct ReadBirth {
    std::shared_ptr<const Birth> birth;
    std::vector<Sample> samples;
};
Result<ReadBirth> read_birth(const Message& message, const std::shared_ptr<const Birth>& previous,
                             Turn& turn);
/// The value and circumstances of a metric that `definition` (at `index`) describes.
Result<Sample> read_sample(const Message& message, const Metric& metric,
                           const Definition& definition, std::uint32_t index);
/// The same for what most metrics of data are: a real number, good, of its birth's type. False: it
/// is something else, or something is wrong with it; `into` is as it was.
bool read_plain(const Metric& metric, const Definition& definition, std::uint32_t index,
                Instant otherwise, Sample& into);
/// The payload's own time, else that of receipt.
Instant time_of(const Message& message);
void report_malformed(const Message& message, std::string reason, Turn& turn);

class EdgeSession {
public:
    explicit EdgeSession(MachineKey node) : key_(std::move(node)) {}

    void receive(const Message& message, Turn& turn);
    void tick(Turn& turn);
    void want_rebirth(RebirthCause cause, Turn& turn);
    std::optional<Instant> due() const;

    struct Machine {
        std::shared_ptr<const Birth> birth;
        Instant born_at;
        bool online = false;
        bool reborn = true;  // false between its node's birth and its own
    };
    /// nullptr: never born. Device "" is the node.
    const Machine* find(std::string_view device) const;
    const MachineKey& key() const { return key_; }

private:
    struct Held {
        std::uint8_t seq;
        MachineTopic topic;
        std::string topic_text, encoded;
        Instant received;
    };

    void on_node_birth(const Message& message, Turn& turn);
    void on_node_death(const Message& message, Turn& turn);
    void on_numbered(const Message& message, Turn& turn);
    void hold(const Message& message, std::uint8_t seq, Turn& turn);
    void apply(const Message& message, Turn& turn);
    void apply_late(const Message& message, Turn& turn);
    void apply_held(Held held, Turn& turn);
    void drain(Turn& turn);
    void skip_to(std::uint8_t seq, Turn& turn);
    void give_up(Turn& turn);
    void on_device_birth(const Message& message, Turn& turn);
    void on_device_death(const Message& message, Turn& turn);
    void on_data(const Message& message, Turn& turn);
    void bury(const std::string& device, Machine& machine, DeathCause cause, Instant at,
              Turn& turn);
    void bury_devices(DeathCause cause, bool only_not_reborn, Turn& turn);

    MachineKey key_;
    Machine node_;
    std::map<std::string, Machine, std::less<>> devices_;
    std::optional<std::uint64_t> bd_seq_;
    std::uint8_t expected_ = 0;
    bool awaits_devices_ = false;  // some device has reborn == false
    std::vector<Held> held_;       // ascending by distance from expected_
    std::size_t held_bytes_ = 0;
    Instant held_until_;
    Instant rebirth_allowed_;
    std::optional<RebirthCause> rebirth_pending_;
};

}  // namespace lineshaft::sparkplug
