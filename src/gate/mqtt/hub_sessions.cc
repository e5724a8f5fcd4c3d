// Sessions: made, put to sleep, handed over, ended; their wills.
#include "base/log.h"
#include "gate/mqtt/hub.h"
#include "gate/mqtt/link.h"

namespace lineshaft::broker {

Session* Hub::find(SessionNumber number) {
    const auto at = sessions.find(number);
    return at == sessions.end() || at->second->is_over ? nullptr : at->second.get();
}

Session& Hub::make_session(OrganisationId organisation, std::string_view client_id) {
    return install(
        std::make_unique<Session>(*this, common.store.ticket(), organisation, client_id));
}

Session& Hub::install(std::unique_ptr<Session> session) {
    Session& installed = *session;
    installed.hub = this;
    sessions.insert_or_assign(installed.number, std::move(session));
    if (auto* target = routes.find(installed.number)) target->local = &installed;
    if (std::exchange(installed.is_dirty, false)) progress_soon(installed);
    return installed;
}

void Hub::announce(Session& session, std::move_only_function<void()> then) {
    if (session.subscriptions.empty()) {  // then no shard has a place for it
        if (then) then();
        return;
    }
    broadcast({.kind = RouteChange::Kind::place,
               .logged = session.is_logged,
               .connected = session.link != nullptr,
               .home = index,
               .session = session.number,
               .filters = {}},
              std::move(then));
}

void Hub::set_full(Session& session, bool full) {
    session.is_full = full;
    if (full) {
        log::warn(
            "mqtt: client {} is owed {} bytes, its limit: publishes that match it are refused",
            session.client_id.view(), session.owed_bytes);
    }
    broadcast(
        {.kind = RouteChange::Kind::full, .flag = full, .session = session.number, .filters = {}});
}

void Hub::spill(Session& session) {
    session.is_logged = true;
    announce(session);
}

void Hub::unpinned(Session& session) {
    if (session.pins != 0) return;
    if (!session.is_over && !yielding_.contains(session.number)) return;
    shard.post([this, number = session.number] {
        const auto at = sessions.find(number);
        if (at == sessions.end() || at->second->pins != 0) return;
        if (const auto asked = yielding_.find(number); asked != yielding_.end()) {
            const Directory::Claim claim = asked->second;
            yielding_.erase(asked);
            return finish_yield(claim, number);
        }
        if (at->second->is_over) sessions.erase(at);
    });
}

void Hub::pause(Session& session) {
    if (std::ranges::find(paused_, session.number) == paused_.end())
        paused_.push_back(session.number);
}

// ---- The end of a connection -----------------------------------------------------------------

void Hub::detach(Session& session, mqtt::Reason reason, std::string_view why, bool with_will) {
    Link& link = *session.link;
    for (Observer* observer : common.observers) {
        if (!session.principal) break;
        observer->disconnected(
            {session.client_id, *session.principal, link.stream->peer(), session.version}, reason,
            why);
    }
    const Instant at = now();
    remember(session, {at, reason, why});
    session.changed = at;
    session.last_end = reason;
    session.sleep = std::make_unique<Sleep>();
    session.sleep->flows = link.connection.session();
    session.link = nullptr;
    link.session = nullptr;
    session.forget_deferred();
    session.fold_mail();
    if (!with_will) session.will.reset();
    if (!session.is_durable()) {
        publish_will(session);
        return end_session(session);
    }
    const std::uint32_t will_s =
        session.will ? std::min(session.will->delay_s, session.expiry_s) : 0;
    record_now(session);
    progress_soon(session);
    announce(session);
    start_sleeping(session, io::Steady{0}, std::chrono::seconds(will_s));
}

void Hub::start_sleeping(Session& session, io::Steady slept, io::Steady will_delay) {
    const auto number = session.number;
    if (session.will) {
        if (will_delay.count() == 0) {
            publish_will(session);
        } else {
            shard.wheel().arm(session.sleep->will, will_delay, [this, number] {
                if (Session* late = find(number)) publish_will(*late);
            });
        }
    }
    if (session.expiry_s == mqtt::session_never_expires) return;
    const io::Steady left = std::chrono::seconds(session.expiry_s) - slept;
    shard.wheel().arm(session.sleep->expiry, std::max(left, io::Steady{0}), [this, number] {
        Session* late = find(number);
        if (late == nullptr) return;
        publish_will(*late);  // due at the latest when the session ends
        end_session(*late);
    });
}

void Hub::publish_will(Session& session) {
    const auto will = std::exchange(session.will, nullptr);
    if (!will) return;
    if (session.is_durable()) record_now(session);
    const auto topic = will->message.topic();
    if (!session.principal || !common.gatekeeper.may_publish(*session.principal, topic)) {
        ++stats.publishes_refused_rights;
        return;
    }
    Publication draft{
        .message = std::move(will->message),
        .publisher = session.principal,
        .session = session.number,
        .received = now(),
        .expires = will->expiry_s ? now() + std::chrono::seconds(*will->expiry_s) : Instant{0},
        .qos = will->qos,
        .retain = will->retain};
    Origin origin;
    auto refused = route(std::move(draft), origin);
    if (refused == mqtt::Reason::retain_not_supported) {
        ++stats.publishes_refused_retained;
        draft.retain = false;
        refused = route(std::move(draft), origin);
    }
    if (refused == mqtt::Reason::success) ++stats.wills_published;
}

void Hub::end_session(Session& session) {
    if (session.is_over) return;
    session.is_over = true;
    if (session.owed_messages > 0) {
        stats.dropped_session_ended += static_cast<std::uint64_t>(session.owed_messages);
    }
    session.owed_bytes = session.owed_messages = 0;
    if (auto* target = routes.find(session.number)) target->local = nullptr;
    if (!session.subscriptions.empty()) {
        broadcast({.kind = RouteChange::Kind::forget,
                   .session = session.number,
                   .filters = session.filters()});
    }
    if (session.is_stored) {
        lane.batch().remove(store::Family::mqtt_sessions, session_key(session.number));
        lane.batch().remove(store::Family::mqtt_sessions, progress_key(session.number));
    }
    const auto key = client_key(session.organisation, session.client_id);
    post(owner_of(key),
         [key, number = session.number](Hub& owner) { owner.directory.ended(key, number); });
    session.sleep.reset();
    session.mail.reset();
    unpinned(session);
}

// ---- Hand-over -------------------------------------------------------------------------------

void Hub::yield(const Directory::Claim& claim, SessionNumber number) {
    if (Session* session = find(number); session != nullptr && session->link != nullptr) {
        ++stats.taken_over;
        session->link->end(mqtt::Reason::session_taken_over,
                           "another connection with this client id", true);
        // In a later turn: what observers and taps heard of its end has left for other shards by
        // then, so it comes there before what they hear of the connection that takes over.
        return shard.post([this, claim, number] { yield(claim, number); });
    }
    if (Session* session = find(number); session != nullptr && claim.clean) {
        publish_will(*session);
        end_session(*session);
    }
    Session* session = find(number);
    if (session != nullptr && session->pins != 0) {
        yielding_.emplace(number, claim);
        return;
    }
    finish_yield(claim, number);
}

void Hub::finish_yield(const Directory::Claim& claim, SessionNumber number) {
    Session* session = find(number);
    if (session == nullptr) {
        return post(claim.hub, [claim](Hub& asker) { asker.granted(claim.number, {}); });
    }
    session->sleep->expiry.disarm();
    session->sleep->will.disarm();
    if (claim.hub == index) return granted(claim.number, {.session = session});

    Departed departed;
    for (const auto each : log.logs()) {
        departed.low.push_back(std::min(session->low_ticket(each), heard_[each] + 1));
    }
    departed_.emplace(number, std::move(departed));
    session->advance(heard_);
    auto node = sessions.extract(number);
    if (auto* target = routes.find(number)) target->local = nullptr;
    post(claim.hub, [claim, from = index, moved = std::move(node.mapped())](Hub& asker) mutable {
        Session& arrived = asker.install(std::move(moved));
        asker.post(from, [number = arrived.number](Hub& old) { old.departed_.erase(number); });
        Mail& box = arrived.mailbox();
        box.behind = box.scan_all = box.has_moved = true;
        asker.granted(claim.number, {.session = &arrived});
    });
}

void Hub::granted(std::uint64_t claim, Grant grant) {
    const auto at = claims.find(claim);
    if (at == claims.end()) return;
    auto answer = std::move(at->second);
    claims.erase(at);
    answer(grant);
}

}  // namespace lineshaft::broker
