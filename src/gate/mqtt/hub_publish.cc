// From a publish to its recipients: rights, match, taps, log or at once.
#include <bit>

#include "gate/mqtt/codes.h"
#include "gate/mqtt/hub.h"
#include "gate/mqtt/link.h"

namespace lineshaft::broker {
namespace {

Instant expiry_of(const std::optional<std::uint32_t>& expiry_s, Instant now) {
    return expiry_s ? now + std::chrono::seconds(*expiry_s) : Instant{0};
}

}  // namespace

void Hub::publish_from(Session& session, mqtt::PublishReceived&& received) {
    const auto size = received.message.bytes().size();
    session.metered().came(window, size);
    stats.received_bytes += size;
    ++(received.qos == mqtt::Qos::at_most_once    ? stats.received_qos0
       : received.qos == mqtt::Qos::at_least_once ? stats.received_qos1
                                                  : stats.received_qos2);
    if (received.qos == mqtt::Qos::at_most_once && throttles_qos0() && session.link != nullptr)
        throttle(*session.link);
    const auto topic = received.message.topic();
    if (!session.principal || !common.gatekeeper.may_publish(*session.principal, topic)) {
        ++stats.publishes_refused_rights;
        session.lose(Loss::refused_rights);
        if (received.qos == mqtt::Qos::at_most_once) return;
        const auto owed = session.owe_answer(received.packet_id, received.qos);
        return session.answer(owed, mqtt::Reason::not_authorized);
    }
    Publication draft{.message = std::move(received.message),
                      .publisher = session.principal,
                      .session = session.number,
                      .received = now(),
                      .expires = expiry_of(received.expiry_s, now()),
                      .qos = received.qos,
                      .retain = received.retain};
    publish_draft(session, received.packet_id, std::move(draft));
}

void Hub::publish_again(Session& session, std::uint16_t packet_id,
                        std::shared_ptr<const Publication> what) {
    if (session.is_paused()) return session.defer(packet_id, std::move(what));
    publish_draft(session, packet_id, Publication(*what));
}

void Hub::publish_draft(Session& session, std::uint16_t packet_id, Publication&& draft) {
    const auto qos = draft.qos;
    if (session.is_paused() && qos != mqtt::Qos::at_most_once) {
        return session.defer(packet_id, std::make_shared<const Publication>(std::move(draft)));
    }
    if (draft.publisher && !common.gatekeeper.take_message(*draft.publisher)) {
        ++stats.publishes_refused_quota;
        session.lose(Loss::refused_quota);
        if (qos == mqtt::Qos::at_most_once) return;
        auto what = std::make_shared<const Publication>(std::move(draft));
        const auto owed = session.owe_answer(packet_id, qos);
        return session.answer(owed, mqtt::Reason::quota_exceeded, std::move(what));
    }
    hold_reason_ = 0;
    Origin origin{.session = qos == mqtt::Qos::at_most_once ? nullptr : &session,
                  .packet_id = packet_id,
                  .done = {}};
    const bool is_retained = draft.retain && !draft.message.payload().empty();
    auto refused = route(std::move(draft), origin);
    if (hold_reason_ != 0 && session.link != nullptr) hold(*session.link, hold_reason_);
    if (refused == mqtt::Reason::success && is_retained) ++session.metered().retained;
    if (refused == mqtt::Reason::quota_exceeded) session.lose(Loss::refused_queue);
    if (refused == mqtt::Reason::retain_not_supported) {
        ++stats.publishes_refused_retained;
        session.lose(Loss::refused_retained);
        if (session.version == mqtt::Version::v5_0 && qos != mqtt::Qos::at_most_once) {
            refused = mqtt::Reason::quota_exceeded;
        } else {  // cannot be told; the message at least goes to those who listen now
            draft.retain = false;
            refused = route(std::move(draft), origin);
        }
    }
    if (refused == mqtt::Reason::success || qos == mqtt::Qos::at_most_once) return;
    auto what = std::make_shared<const Publication>(std::move(draft));
    const auto owed = session.owe_answer(packet_id, qos);
    session.answer(owed, refused, std::move(what));
}

// Who gets it, and whether that can be promised.
mqtt::Reason Hub::plan(const Publication& what) {
    plan_.logged.clear();
    plan_.others.clear();
    plan_.logged_homes.clear();
    plan_.other_homes.clear();
    plan_.retained = {};
    plan_.taps = 0;
    plan_.is_all_local = true;
    const auto topic = what.message.topic();
    if (what.retain && !what.message.payload().empty()) {
        const auto room = take_retained_room(what);
        if (!room) return mqtt::Reason::retain_not_supported;
        plan_.retained = *room;
    }
    auto& matches = routes.match(topic, what.session);
    const bool is_qos0 = what.qos == mqtt::Qos::at_most_once;
    for (Routes::Match& match : matches) {
        const Routes::Target& target = routes.target(match.slot);
        if (target.home != index) plan_.is_all_local = false;
        const auto qos = std::min(match.qos_max, what.qos);
        if (qos == mqtt::Qos::at_most_once) note_pressure(target);
        if (is_qos0) continue;
        const bool is_logged = qos != mqtt::Qos::at_most_once && target.logged;
        if (qos != mqtt::Qos::at_most_once && target.full) {
            ++stats.publishes_refused_queue;
            give_back_room(what);
            return mqtt::Reason::quota_exceeded;
        }
        (is_logged ? plan_.logged : plan_.others)
            .push_back({.session = target.session,
                        .qos = qos,
                        .retain = match.retain_as_published && what.retain,
                        .subscription_ids = std::move(match.subscription_ids)});
        (is_logged ? plan_.logged_homes : plan_.other_homes).push_back(target.home);
    }
    for (std::size_t tap = 0; tap < common.taps.size(); ++tap) {
        if (common.taps[tap]->wants(topic)) plan_.taps |= std::uint64_t{1} << tap;
    }
    return mqtt::Reason::success;
}

// What the topic has there is known here only on its own shard: elsewhere room for a new message is
// taken, and given back when it turns out to replace one. So the limits are never exceeded, and a
// message that replaces one while they are reached may be refused.
std::optional<RetainedRoom> Hub::take_retained_room(const Publication& what) {
    const auto topic = what.message.topic();
    const std::size_t bytes = what.message.bytes().size();
    const auto organisation = what.publisher ? what.publisher->organisation : OrganisationId(1);
    const bool is_here = owner_of(topic) == index;
    const std::int64_t quota_bytes = is_here ? retained.bytes_more(organisation, topic, bytes)
                                             : static_cast<std::int64_t>(bytes);
    if (!common.gatekeeper.take_retained(organisation, quota_bytes)) return std::nullopt;
    auto room = is_here ? retained.take_room(topic, bytes)
                        : common.retained_budget->take(RetainedRoom::of(bytes));
    if (room) {
        room->quota_bytes = quota_bytes;
    } else {
        common.gatekeeper.retained_changed(organisation, -quota_bytes);
    }
    return room;
}

// What plan() took for it and what goes nowhere now.
void Hub::give_back_room(const Publication& what) {
    const RetainedRoom room = std::exchange(plan_.retained, {});
    common.retained_budget->give_back(room);
    if (room.quota_bytes == 0) return;
    common.gatekeeper.retained_changed(
        what.publisher ? what.publisher->organisation : OrganisationId(1), -room.quota_bytes);
}

mqtt::Reason Hub::route(Publication&& draft, Origin& origin) {
    if (const auto refused = plan(draft); refused != mqtt::Reason::success) return refused;
    const bool is_qos0 = draft.qos == mqtt::Qos::at_most_once;
    if (is_qos0 && !draft.retain && plan_.taps == 0 && plan_.is_all_local) {
        if (recent.is_on()) recent.note(std::make_shared<const Publication>(draft));
        deliver_directly(draft);
        if (origin.done) origin.done({});
        return mqtt::Reason::success;
    }
    const auto what = std::make_shared<const Publication>(std::move(draft));
    if (recent.is_on() && !what->retain) recent.note(what);
    Session* session = origin.session;
    const bool keeps_id =
        session != nullptr && what->qos == mqtt::Qos::exactly_once && session->is_durable();
    const bool follows_others = session != nullptr && session->in_rounds > 0;
    const bool in_round = !plan_.logged.empty() || what->retain || keeps_id || follows_others;
    const bool nobody_wants = plan_.logged.empty() && plan_.others.empty() && plan_.taps == 0 &&
                              !what->retain && !is_qos0;
    std::uint64_t taps = plan_.taps;  // a copy: a tap may publish itself
    if (is_qos0) deliver_shared(what);
    std::uint32_t join = 0;
    if (!is_qos0 || origin.done || taps != 0) {
        join = make_join(origin, what);
        joins_[join].success =
            nobody_wants ? mqtt::Reason::no_matching_subscribers : mqtt::Reason::success;
        joins_[join].waits += static_cast<std::uint32_t>(std::popcount(taps));
    }
    if (keeps_id && taps != 0) {
        give_back_room(*what);  // taken again once they are done
        // The id is kept only once the taps are done: a crash before makes the client send again,
        // and the taps must then see the message again.
        joins_[join].tapped = what;
        joins_[join].packet_id = origin.packet_id;
        session->held_ids().tapped.push_back(origin.packet_id);
    } else if (in_round) {
        put_in_round(what, join, keeps_id ? session : nullptr);
    } else {
        for (std::size_t each = 0; each < plan_.others.size(); ++each) {
            deliver(plan_.others[each], plan_.other_homes[each], what, {});
        }
    }
    for (; taps != 0; taps &= taps - 1) {
        Tap& tap = *common.taps[static_cast<std::size_t>(std::countr_zero(taps))];
        tap.take(what, [this, join, from = what->session](Result<void> outcome) {
            if (!outcome) {
                ++stats.publishes_refused_tap;
                if (Session* publisher = find(from)) publisher->lose(Loss::refused_payload);
            }
            join_done(join, outcome);
        });
    }
    if (join != 0) join_done(join, {});
    return mqtt::Reason::success;
}

// Message, retained value and (for `keeps_id`) the publisher's packet id: one commit.
void Hub::put_in_round(const std::shared_ptr<const Publication>& what, std::uint32_t join,
                       Session* keeps_id) {
    const std::uint64_t version = what->retain ? common.store.ticket() : 0;
    if (join != 0) ++joins_[join].waits;
    add_entry(what, join, version);
    if (version != 0) retain(what, version);
    if (keeps_id != nullptr) progress_now(*keeps_id);
}

// The taps have what they wanted of a QoS 2 message; now it goes to the others. Subscriptions may
// have changed meanwhile, so who gets it is decided here.
void Hub::after_taps(std::uint32_t join) {
    const auto what = std::exchange(joins_[join].tapped, nullptr);
    Session* session = joins_[join].session;
    std::erase(session->held_ids().tapped, joins_[join].packet_id);
    joins_[join].waits = 1;
    if (!joins_[join].error) {
        const auto refused = plan(*what);
        if (refused == mqtt::Reason::success) {
            put_in_round(what, join, session);
        } else {
            if (refused == mqtt::Reason::retain_not_supported) ++stats.publishes_refused_retained;
            joins_[join].success = mqtt::Reason::quota_exceeded;
        }
    }
    join_done(join, {});
}

void Hub::deliver_directly(const Publication& what) {
    for (Routes::Match& match : routes.matches()) {
        Session* session = routes.target(match.slot).local;
        if (session == nullptr) continue;
        session->take_qos0(what.message, what, match.retain_as_published && what.retain,
                           match.subscription_ids);
    }
}

void Hub::deliver_shared(const std::shared_ptr<const Publication>& what) {
    for (Routes::Match& match : routes.matches()) {
        const Routes::Target& target = routes.target(match.slot);
        deliver({.session = target.session,
                 .qos = mqtt::Qos::at_most_once,
                 .retain = match.retain_as_published && what->retain,
                 .subscription_ids = std::move(match.subscription_ids)},
                target.home, what, {});
    }
}

// ---- To the session's shard ------------------------------------------------------------------

void Hub::deliver(const Recipient& recipient, std::uint32_t home,
                  const std::shared_ptr<const Publication>& what, const Position& position) {
    if (Session* session = find(recipient.session)) {
        if (recipient.qos == mqtt::Qos::at_most_once) {
            return session->take_qos0(what->message, *what, recipient.retain,
                                      recipient.subscription_ids);
        }
        return session->take(
            {what, position, recipient.qos, recipient.retain, recipient.subscription_ids});
    }
    if (const auto* target = routes.find(recipient.session)) home = target->home;
    Parcel parcel{
        .session = recipient.session,
        .letter = {what, position, recipient.qos, recipient.retain, recipient.subscription_ids}};
    if (home == index) return stray(std::move(parcel));
    if (recipient.qos == mqtt::Qos::at_most_once)
        qos0_in_flight_[home] += parcel.letter.size_bytes();
    boxes_[home].push_back(std::move(parcel));
    if (boxes_posted_) return;
    boxes_posted_ = true;
    shard.post([this] {
        boxes_posted_ = false;
        for (std::uint32_t to = 0; to < count(); ++to) send_box(to);
    });
}

void Hub::send_box(std::uint32_t to) {
    if (boxes_[to].empty()) return;
    common.places[to].shard->post([there = common.hubs[to].get(), from = index,
                                   parcels = std::exchange(boxes_[to], {})]() mutable {
        there->receive(from, std::move(parcels));
    });
}

void Hub::receive(std::uint32_t from, std::vector<Parcel> parcels) {
    std::size_t qos0_bytes = 0;
    for (Parcel& parcel : parcels) {
        Letter& letter = parcel.letter;
        if (letter.qos == mqtt::Qos::at_most_once) qos0_bytes += letter.size_bytes();
        if (letter.position.is_logged()) {
            auto& heard = heard_[letter.position.log];
            heard = std::max(heard, letter.position.ticket);
        }
        Session* session = find(parcel.session);
        if (session == nullptr) {
            if (!parcel.has_strayed) stray(std::move(parcel));
            continue;
        }
        if (letter.qos == mqtt::Qos::at_most_once) {
            session->take_qos0(letter.what->message, *letter.what, letter.retain,
                               letter.subscription_ids);
        } else {
            session->take(std::move(letter));
        }
    }
    if (qos0_bytes == 0) return;
    post(from, [at = index, qos0_bytes](Hub& sender) { sender.arrived(at, qos0_bytes); });
}

// The session moved while the message was on its way: whoever has it now takes what is logged (a
// session that is just arriving reads its log from the start). Others ended with their connection.
void Hub::stray(Parcel parcel) {
    if (!parcel.letter.position.is_logged()) {
        if (parcel.letter.qos != mqtt::Qos::at_most_once) ++stats.dropped_session_ended;
        return;
    }
    for (std::uint32_t to = 0; to < count(); ++to) {
        if (to == index) continue;
        boxes_[to].push_back(parcel);
        boxes_[to].back().has_strayed = true;
        send_box(to);
    }
}

void Hub::post(std::uint32_t to, std::move_only_function<void(Hub&)> work) {
    if (to == index) return work(*this);
    send_box(to);  // what was sent before arrives before
    common.places[to].shard->post(
        [there = common.hubs[to].get(), work = std::move(work)]() mutable { work(*there); });
}

std::uint32_t Hub::owner_of(std::string_view key) const {
    return static_cast<std::uint32_t>(hash64(key) % count());
}

}  // namespace lineshaft::broker
