// What a shard measures of its load and what it does about it: docs/decisions/0008-overload.md.
#include <algorithm>
#include <bit>

#include "base/log.h"
#include "gate/mqtt/hub.h"
#include "gate/mqtt/link.h"
#include "io/resources.h"

namespace lineshaft::broker {
namespace {

constexpr io::Steady memory_interval{1'000};
constexpr std::size_t slow_ends_per_tick = 16;

}  // namespace

// The time a new task of the loop waits for its turn: what every client waits for at least.
void Hub::probe_loop() {
    if (is_probing_) return;
    is_probing_ = true;
    shard.post([this, asked = shard.clock().steady()] {
        is_probing_ = false;
        lag_ = std::max(lag_, shard.clock().steady() - asked);
    });
}

void Hub::measure_load(io::Steady now) {
    signs.loop_lag = std::exchange(lag_, io::Steady{0});
    signs.commit_wait = opened_rounds_.empty() ? io::Steady{0} : now - opened_rounds_.front();
    lane_looks_ = static_cast<std::uint8_t>(lane_looks_ << 1 | (lane.is_full() ? 1 : 0));
    signs.lane = std::popcount(lane_looks_) / 8.0;
    if (const auto most = limits().load.memory_bytes_max; most != 0 && now >= next_memory_) {
        next_memory_ = now + memory_interval;
        signs.memory = static_cast<double>(io::resident_bytes()) / static_cast<double>(most);
    }
    probe_loop();
    release_throttled();
    release_answers();
    if (load.step(signs, now)) {
        post(0, [from = index, level = load.level(), cause = describe(signs)](Hub& first) {
            first.note_level(from, level, cause);
        });
    }
    if (load.is_at(LoadLevel::drop_slow)) drop_slow_readers();
}

// The node's level is that of its most loaded shard.
void Hub::note_level(std::uint32_t hub, LoadLevel level, const std::string& cause) {
    levels_[hub] = level;
    const LoadLevel highest = *std::ranges::max_element(levels_);
    const LoadLevel before = std::exchange(told_level_, highest);
    if (highest == before) return;
    log::warn("mqtt: load level {} of {}: {} ({})", static_cast<int>(highest), load_levels - 1,
              effect_of(highest), cause);
    for (Observer* observer : common.observers) observer->load_changed(before, highest, cause);
}

void Hub::throttle(Link& link) {
    if (link.is_throttled) return;
    link.is_throttled = true;
    ++stats.throttled_qos0;
    throttled_.push_back(&link);
}

void Hub::release_throttled() {
    for (Link* link : std::exchange(throttled_, {})) {
        link->is_throttled = false;
        link->wake();
    }
}

void Hub::answer_later(Session& session) {
    ++stats.delayed_answers;
    held_answers_.push_back(session.number);
}

void Hub::release_answers() {
    for (const SessionNumber number : std::exchange(held_answers_, {})) {
        const auto at = sessions.find(number);  // also one that is over: it is pinned by them
        if (at == sessions.end()) continue;
        at->second->give_answers();
    }
}

// Twice in a row, so that one large message does not count.
void Hub::drop_slow_readers() {
    std::vector<Link*> slow;
    for (const auto& link : links) {
        const bool is_slow =
            link->session != nullptr && link->backlog_bytes() > limits().output_bytes_max / 2;
        if (is_slow && link->was_slow && slow.size() < slow_ends_per_tick)
            slow.push_back(link.get());
        link->was_slow = is_slow;
    }
    for (Link* link : slow) {
        ++stats.slow_disconnected;
        link->end(mqtt::Reason::quota_exceeded, "it read too slowly while the node was overloaded",
                  true);
    }
}

}  // namespace lineshaft::broker
