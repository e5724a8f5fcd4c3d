// Whose turn it is: links that wait for room, CONNECTs that wait for their pace, and senders of
// QoS 0 that wait for a reader (docs/decisions/0013-qos0-waits.md).
#include "gate/mqtt/hub.h"
#include "gate/mqtt/link.h"

namespace lineshaft::broker {
namespace {

/// Then the loop's other work has a turn.
constexpr std::size_t wakes_per_turn = 16;
constexpr unsigned connects_per_turn = 2;
constexpr unsigned newcomers_per_turn = 4;
constexpr unsigned bulk_per_turn = 12;
constexpr unsigned leaving_per_turn = 2;
constexpr io::Steady attend_pause{1};

/// What `hold` is told for QoS 0 on its way to a hub rather than for a session: no session's number
/// comes near.
constexpr std::uint64_t hub_reason(std::uint32_t hub) {
    return ~std::uint64_t{hub};
}
constexpr bool is_hub(std::uint64_t reason) {
    return reason > ~std::uint64_t{0xffff};
}
constexpr std::uint32_t hub_of(std::uint64_t reason) {
    return static_cast<std::uint32_t>(~reason);
}

}  // namespace

// ---- Room in the commit lane -----------------------------------------------------------------

void Hub::wait_for_room(Link& link) {
    if (link.is_held || link.is_throttled || link.is_subscribing) return;  // woken when that is over
    (link.is_bulk ? paused_links_ : paused_calm_).add(link);
    if (lane.is_full()) open_round();  // so that its commit tells us
}

// Every link that was in line is looked at once for each commit, a few at a time: those at the
// front fill the round, and the rest keep their places for the next one.
void Hub::wake_some() {
    wakes_posted_ = false;
    for (std::size_t woken = 0; wakes_left_ > 0 && woken < wakes_per_turn; --wakes_left_) {
        if (lane.is_full() && !is_closing) {
            wakes_left_ = 0;
            open_round();
            return;
        }
        Link* link = paused_calm_.pop();
        if (link == nullptr) link = paused_links_.pop();
        if (link == nullptr) break;
        woken += link->wake() ? 1 : 0;
    }
    if (wakes_left_ == 0 || wakes_posted_) return;
    wakes_posted_ = true;
    shard.post([this] { wake_some(); });
}

// ---- New connections -------------------------------------------------------------------------

bool Hub::may_connect() {
    return connecting_.empty() && connect_pace_.take(shard.clock().steady());
}

void Hub::wait_to_connect(Link& link) {
    ++stats.waited_connects;
    connecting_.add(link);
    if (!connect_timer_.is_armed()) {
        shard.wheel().arm(connect_timer_, io::Wheel::slot_width, [this] { let_some_connect(); });
    }
}

void Hub::let_some_connect() {
    const io::Steady now = shard.clock().steady();
    for (unsigned count = 0; count < connects_per_turn; ++count) {
        if (connecting_.empty()) return;
        if (!connect_pace_.take(now)) {
            return shard.wheel().arm(connect_timer_, io::Wheel::slot_width,
                                     [this] { let_some_connect(); });
        }
        connecting_.pop()->let_connect();
    }
    shard.post([this] {
        if (!connect_timer_.is_armed()) let_some_connect();
    });
}

void Hub::attend_later(Link& link) {
    (link.is_accepted ? bulk_ : newcomers_).add(link);
    if (std::exchange(attending_posted_, true)) return;
    shard.post([this] { attend_some(); });
}

// To learn that a thousand are gone takes two milliseconds, to end them thirty.
void Hub::leave_later(Link& link) {
    leaving_.add(link);
    if (std::exchange(attending_posted_, true)) return;
    shard.post([this] { attend_some(); });
}

// Those who say much wait for their turn only. A crowd that comes or goes waits for its pace, too:
// on a machine of two processors a shard that is busy with nothing else for twenty milliseconds is
// in the way of the commit thread and of everybody's clients.
void Hub::attend_some() {
    attending_posted_ = false;
    for (unsigned count = 0; count < bulk_per_turn; ++count) {
        Link* link = bulk_.pop();
        if (link == nullptr) break;
        link->attend();
    }
    const io::Steady now = shard.clock().steady();
    // True: there are more, and they may come at once.
    const auto attend_paced = [&](LinkLine& line, io::Pace& pace, unsigned count_max) {
        for (unsigned count = 0; count < count_max; ++count) {
            if (line.empty() || !(is_closing || pace.take(now))) return false;
            if (Link* link = line.pop()) link->attend();
        }
        return !line.empty();
    };
    const bool is_any_new = attend_paced(newcomers_, newcomer_pace_, newcomers_per_turn);
    const bool is_any_leaving = attend_paced(leaving_, leaving_pace_, leaving_per_turn);
    if (is_any_new || is_any_leaving || !bulk_.empty()) {
        if (std::exchange(attending_posted_, true)) return;
        return shard.post([this] { attend_some(); });
    }
    const bool is_any_left = !newcomers_.empty() || !leaving_.empty();
    if (is_any_left && !attend_soon_.is_armed())
        attend_soon_.arm(attend_pause, [this] { attend_some(); });
}

// ---- SUBSCRIBE -------------------------------------------------------------------------------

void Hub::pace_subscribe(Link& link, std::size_t filters) {
    const io::Steady now = shard.clock().steady();
    (void)subscribe_pace_.has_room(now);  // what time has brought
    for (std::size_t each = 0; each < filters; ++each) subscribe_pace_.took();
    if (subscribe_pace_.has_room(now) || link.is_over() || is_closing) return;
    if (!link.is_subscribing) ++stats.waited_subscribes;
    link.is_subscribing = true;
    subscribing_.add(link);
    if (!subscribe_timer_.is_armed())
        shard.wheel().arm(subscribe_timer_, io::Wheel::slot_width, [this] { let_some_subscribe(); });
}

// One at a time: it reads in its own turn, which is queued first, and may use up what there is.
void Hub::let_some_subscribe() {
    if (subscribing_.empty() || subscribe_timer_.is_armed()) return;
    if (!is_closing && !subscribe_pace_.has_room(shard.clock().steady())) {
        return shard.wheel().arm(subscribe_timer_, io::Wheel::slot_width,
                                 [this] { let_some_subscribe(); });
    }
    Link* link = subscribing_.pop();
    link->is_subscribing = false;
    link->wake();
    shard.post([this] { let_some_subscribe(); });
}

// ---- QoS 0 for a reader that does not keep up -------------------------------------------------

void Hub::set_slow(Session& session, bool slow) {
    broadcast(
        {.kind = RouteChange::Kind::slow, .flag = slow, .session = session.number, .filters = {}});
}

bool Hub::still_holds(std::uint64_t reason) {
    if (is_hub(reason)) return qos0_in_flight_[hub_of(reason)] > limits().qos0_in_flight_max / 2;
    const auto* target = routes.find(reason);
    return target != nullptr && target->slow;
}

// Notes why the publish being routed should be the sender's last for a moment.
void Hub::note_pressure(const Routes::Target& target) {
    if (target.slow) {
        hold_reason_ = target.session;
    } else if (target.home != index && qos0_in_flight_[target.home] > limits().qos0_in_flight_max) {
        hold_reason_ = hub_reason(target.home);
    }
}

void Hub::hold(Link& link, std::uint64_t reason) {
    if (link.is_held || link.is_over() || limits().qos0_wait.count() == 0) return;
    ++stats.waited_qos0;
    link.is_held = true;
    Link::Busy& busy = link.busy();
    busy.held_for = reason;
    busy.held_until = shard.clock().steady() + limits().qos0_wait;
    held_.add(link);
    arm_held();
}

void Hub::arm_held() {
    if (held_.empty() || held_timer_.is_armed()) return;
    shard.wheel().arm(held_timer_, io::Wheel::slot_width, [this] { look_at_held(); });
}

// A reader that did not get below its mark in time loses the right to be waited for until it does:
// what it cannot take is dropped and counted. Another shard always gets round to what was sent to
// it, so that is waited for however long it takes.
void Hub::look_at_held() {
    const io::Steady now = shard.clock().steady();
    bool is_any_free = false;
    for (std::size_t left = held_.count(); left > 0; --left) {
        Link* link = held_.pop();
        const auto reason = link->busy().held_for;
        if (!is_hub(reason) && now >= link->busy().held_until) {
            if (auto* target = routes.find(reason)) target->slow = false;
        }
        is_any_free = is_any_free || !still_holds(reason);
        held_.add(*link);
    }
    if (is_any_free) release_held();
    arm_held();
}

// One sender at a time: the next one only if the reader still keeps up after it.
void Hub::release_held() {
    if (releases_posted_) return;
    for (std::size_t left = held_.count(); left > 0; --left) {
        Link* link = held_.pop();
        if (!is_closing && still_holds(link->busy().held_for)) {
            held_.add(*link);
            continue;
        }
        link->is_held = false;
        link->wake();
        if (held_.empty()) return;
        releases_posted_ = true;
        return shard.post([this] {
            // The one that was woken reads in its own turn, which was queued first.
            releases_posted_ = false;
            release_held();
        });
    }
}

void Hub::arrived(std::uint32_t at, std::size_t bytes) {
    qos0_in_flight_[at] -= bytes;
    if (!held_.empty() && !still_holds(hub_reason(at))) release_held();
}

}  // namespace lineshaft::broker
