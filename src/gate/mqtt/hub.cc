#include "gate/mqtt/hub.h"

#include <algorithm>

#include "base/hash.h"
#include "base/log.h"
#include "gate/mqtt/link.h"
#include "gate/mqtt/retained_feed.h"

namespace lineshaft::broker {

namespace {

/// Then the loop's other work has a turn.
constexpr unsigned flushes_per_turn = 32;

// 0 means no limit, which a part of a limit never is.
unsigned part_of(unsigned limit, std::size_t count) {
    return limit == 0 ? 0 : std::max(1u, limit / static_cast<unsigned>(count));
}

}  // namespace

Hub::Hub(Common& its_common, std::uint32_t its_index)
    : common(its_common),
      index(its_index),
      shard(*its_common.places[its_index].shard),
      lane(*its_common.places[its_index].lane),
      directory(
          {.sessions_max =
               std::max<std::size_t>(1, its_common.limits.sessions_max / its_common.places.size()),
           .waiting_max = its_common.limits.claims_waiting_max},
          {.grant_new =
               [this](const Directory::Claim& claim) {
                   post(claim.hub, [claim](Hub& asker) { asker.granted(claim.number, {}); });
               },
           .yield =
               [this](const Directory::Claim& claim, SessionNumber session, std::uint32_t home) {
                   post(home, [claim, session](Hub& hub) { hub.yield(claim, session); });
               },
           .refuse =
               [this](const Directory::Claim& claim, mqtt::Reason reason) {
                   post(claim.hub, [claim, reason](Hub& asker) {
                       asker.granted(claim.number, {.session = nullptr, .reason = reason});
                   });
               },
           .take_place =
               [this](OrganisationId organisation) {
                   return common.gatekeeper.take_session(organisation);
               },
           .give_back =
               [this](OrganisationId organisation) {
                   common.gatekeeper.session_gone(organisation);
               }}),
      retained(*its_common.retained_budget,
               [this](OrganisationId organisation, std::int64_t bytes) {
                   common.gatekeeper.retained_changed(organisation, bytes);
               }),
      feeder(std::make_unique<RetainedFeeder>(*this)),
      log(its_common.store, stats),
      recent(its_common.limits),
      load(its_common.limits.load),
      nursery("mqtt"),
      boxes_(its_common.places.size()),
      connect_pace_(part_of(its_common.limits.connects_per_second, its_common.places.size()),
                    part_of(its_common.limits.connects_per_second, its_common.places.size()) / 25),
      newcomer_pace_(its_common.limits.newcomer_reads_per_second,
                     its_common.limits.newcomer_reads_per_second / 100),
      leaving_pace_(its_common.limits.departures_per_second,
                    its_common.limits.departures_per_second / 100),
      subscribe_pace_(
          part_of(its_common.limits.subscribes_per_second, its_common.places.size()),
          part_of(its_common.limits.subscribes_per_second, its_common.places.size()) / 10),
      attend_soon_(shard),
      qos0_in_flight_(its_common.places.size()),
      levels_(its_common.places.size()) {}

Hub::~Hub() = default;

void Hub::start() {
    lane.join([this](store::Batch& batch) { seal(batch); });
    shard.post([this] {
        start_loaded_sessions();
        arm_tick();
    });
}

// ---- Routes on every shard -------------------------------------------------------------------

void Hub::apply(const RouteChange& change) {
    const bool was_full = change.kind == RouteChange::Kind::full && !change.flag;
    const bool was_slow = !held_.empty() && (change.kind == RouteChange::Kind::forget ||
                                             change.kind == RouteChange::Kind::place ||
                                             change.kind == RouteChange::Kind::slow);
    const int more = routes.apply(change);
    subscription_count += more;
    if (auto* target = routes.find(change.session)) {
        const auto at = sessions.find(change.session);
        target->local = at == sessions.end() || at->second->is_over ? nullptr : at->second.get();
    }
    if (was_full && !paused_.empty()) retry_paused();
    if (was_slow) release_held();
}

void Hub::broadcast(RouteChange change, std::move_only_function<void()> then) {
    struct Countdown {
        std::size_t missing;
        std::move_only_function<void()> then;
    };
    auto countdown = std::make_shared<Countdown>(count(), std::move(then));
    const auto arrived = [countdown] {
        if (--countdown->missing == 0 && countdown->then) countdown->then();
    };
    for (std::uint32_t to = 0; to < count(); ++to) {
        if (to == index) continue;
        post(to, [change, from = index, arrived](Hub& there) {
            there.apply(change);
            there.post(from, [arrived](Hub&) { arrived(); });
        });
    }
    apply(change);
    arrived();
}

// ---- Connections -----------------------------------------------------------------------------

void Hub::serve(std::unique_ptr<io::Stream> stream, bool is_websocket) {
    if (is_closing) return stream->close();
    if (unaccepted >= limits().unaccepted_max) {
        ++stats.connects_refused_unaccepted;
        return stream->close();
    }
    links.push_back(std::make_unique<Link>(*this, std::move(stream), is_websocket));
    nursery.spawn(serve_link(links.back().get()));
}

void Hub::flush_soon(Link& link) {
    if (link.is_flush_due) return;
    link.is_flush_due = true;
    (link.is_young() ? to_flush_late_ : to_flush_).push_back(&link);
    post_flush();
}

void Hub::post_flush() {
    if (std::exchange(flush_posted_, true)) return;
    shard.post([this] {
        flush_posted_ = false;
        flush_links();
    });
}

// A commit may have answers for a thousand newcomers: two milliseconds of writing.
void Hub::flush_links() {
    for (unsigned count = 0; count < flushes_per_turn; ++count) {
        const bool is_late_turn = count % 8 == 7 && !to_flush_late_.empty();
        auto& line = to_flush_.empty() || is_late_turn ? to_flush_late_ : to_flush_;
        if (line.empty()) return;
        if (Link* link = line.pop_front()) link->flush();
    }
    if (!to_flush_.empty() || !to_flush_late_.empty()) post_flush();
}

void Hub::forget(Link& link) {
    for (auto* line : {&to_flush_, &to_flush_late_}) {
        for (std::size_t at = 0; at < line->size(); ++at) {
            if ((*line)[at] == &link) (*line)[at] = nullptr;
        }
    }
    paused_links_.remove(link);
    paused_calm_.remove(link);
    connecting_.remove(link);
    newcomers_.remove(link);
    bulk_.remove(link);
    leaving_.remove(link);
    subscribing_.remove(link);
    held_.remove(link);
    std::erase(throttled_, &link);
    const std::uint32_t place = link.place;
    links.back()->place = place;
    std::swap(links[place], links.back());
    links.pop_back();
}

bool Hub::admit_address(const io::Peer& peer) {
    if (peer.is_loopback || peer.is_node_socket) return true;
    const auto second = shard.clock().steady().count() / 1000;
    if (attempts_.size() >= limits().connect_addresses_max) {
        std::erase_if(attempts_,
                      [second](const auto& each) { return each.second.second != second; });
        // More addresses in one second than we count: nobody new is let in before the next.
        if (attempts_.size() >= limits().connect_addresses_max && !attempts_.contains(peer.address))
            return false;
    }
    Attempts& attempts = attempts_[peer.address];
    if (attempts.second != second) attempts = {second, 0};
    return ++attempts.count <= limits().connects_per_second_per_address;
}

// ---- Now and then ----------------------------------------------------------------------------

void Hub::arm_tick() {
    shard.wheel().arm(tick_timer_, limits().retry_delay, [this] {
        tick();
        if (!is_closing) arm_tick();
    });
}

void Hub::tick() {
    quick_refusals_ = 0;
    repeat_steps();
    retry_paused();
    const auto steady = shard.clock().steady();
    window = static_cast<std::uint32_t>(steady.count() / 1000 / Meter::window_s) + 1;
    recent.tick(steady);
    measure_load(steady);
    if (steady < next_progress_) return;
    next_progress_ = steady + limits().progress_delay;
    write_progress();
    if (retained.has_litter()) lane.touch();
    trim();
    trim_orphans();
}

void Hub::write_progress() {
    for (const SessionNumber number : std::exchange(dirty_, {})) {
        Session* session = find(number);
        if (session != nullptr && session->is_dirty) progress_now(*session);
    }
}

void Hub::retry_paused() {
    for (const SessionNumber number : std::exchange(paused_, {})) {
        if (Session* session = find(number)) session->retry_deferred();
    }
}

// ---- The end ---------------------------------------------------------------------------------

io::Task<void> Hub::close_connections() {
    is_closing = true;
    tick_timer_.disarm();
    connect_timer_.disarm();
    subscribe_timer_.disarm();
    held_timer_.disarm();
    release_throttled();
    release_answers();
    for (std::size_t at = links.size(); at-- > 0;) {
        links[at]->end(mqtt::Reason::server_shutting_down, "the node is stopping", false);
        links[at]->hang_up();
    }
    while (parked_links != 0) {  // each starts what is left of it once it was told
        auto turn = co_await io::suspend<bool>([](io::Answer<bool> answer) { answer(true); });
        (void)turn;
    }
    co_await nursery.close();
    for (auto& [number, session] : sessions) {
        if (!session->sleep) continue;
        session->sleep->expiry.disarm();
        session->sleep->will.disarm();
    }
}

io::Task<void> Hub::close_store() {
    write_progress();
    auto flushed = co_await lane.flush();
    if (!flushed) log::warn("mqtt: at the end: {}", flushed.error().context);
    // Closures posted by the last commit have run when this resumes again.
    auto settled = co_await lane.flush();
    (void)settled;
}

}  // namespace lineshaft::broker
