// Messages on their way to one client: a small window in memory, the rest in the log.
#include <algorithm>
#include <limits>

#include "gate/mqtt/hub.h"
#include "gate/mqtt/link.h"
#include "gate/mqtt/retained_feed.h"
#include "gate/mqtt/session.h"

namespace lineshaft::broker {
namespace {

constexpr std::uint32_t message_index_max = 0xffff'ffff;
constexpr std::size_t scan_bytes_per_turn = 4 << 20;
/// Retained messages of QoS 0 that wait for a client whose others are still being logged.
constexpr std::size_t feed_waiting_max = 1'000;

std::optional<std::uint32_t> seconds_left(Instant expires, Instant now) {
    if (expires == Instant{0}) return std::nullopt;
    const auto left = std::max<std::int64_t>(0, (expires - now).count());
    return static_cast<std::uint32_t>((left + 999'999) / 1'000'000);
}

bool is_expired(const Publication& what, Instant now) {
    return what.expires != Instant{0} && what.expires <= now;
}

}  // namespace

LogPlace& Mail::place(std::uint16_t log, SessionNumber session) {
    for (LogPlace& each : logs) {
        if (each.log == log) return each;
    }
    // Nothing older than the session can be for it: its number is a ticket of the same counter.
    const Position start{session, message_index_max, log};
    logs.push_back({log, start, start, start, start});
    return logs.back();
}

Mail& Session::mailbox() {
    if (!mail) mail = std::make_unique<Mail>();
    return *mail;
}

bool Session::is_wanted(const Publication& what) {
    if (is_expired(what, hub->now())) {
        ++hub->stats.dropped_expired;
        lose(Loss::expired);
        return false;
    }
    if (!principal || !hub->common.gatekeeper.may_receive(*principal, what.message.topic())) {
        ++hub->stats.dropped_rights;
        lose(Loss::rights);
        return false;
    }
    return true;
}

mqtt::Delivery Session::delivery(const Letter& letter, bool dup) const {
    return mqtt::Delivery{.qos = letter.qos,
                          .retain = letter.retain,
                          .dup = dup,
                          .expiry_s = seconds_left(letter.what->expires, hub->now()),
                          .subscription_ids = letter.subscription_ids};
}

void Session::drop_too_large() {
    ++hub->stats.dropped_too_large;
    lose(Loss::too_large);
}

// The message under the name this client knows its topic by; `room` keeps that name.
mqtt::MessageView Session::as_named(mqtt::MessageView message, std::string& room) const {
    if (!principal || !principal->is_machine()) return message;
    if (auto topic = hub->common.gatekeeper.topic_out(*principal, message.topic)) {
        room = std::move(*topic);
        message.topic = room;
    }
    return message;
}

// ---- QoS 0 -----------------------------------------------------------------------------------

void Session::take_qos0(const mqtt::MessageView& message, const Publication& what, bool retain,
                        const std::vector<std::uint32_t>& subscription_ids) {
    if (link == nullptr) return;
    if (!is_wanted(what)) return;
    const bool behind_others = mail && mail->waiting_qos0 > 0;
    if (link->backlog_bytes() > hub->limits().output_bytes_max ||
        (behind_others && mail->waiting_bytes > hub->limits().window_bytes)) {
        lose(Loss::slow);
        ++hub->stats.dropped_slow_qos0;
        return;
    }
    if (behind_others) {  // retained messages that came first are still on their way
        return replay(Letter{.what = std::make_shared<const Publication>(what),
                             .position = {},
                             .qos = mqtt::Qos::at_most_once,
                             .retain = retain,
                             .subscription_ids = subscription_ids});
    }
    std::string room;
    const auto sent = link->connection.publish(as_named(message, room),
                                               {.retain = retain,
                                                .expiry_s = seconds_left(what.expires, hub->now()),
                                                .subscription_ids = subscription_ids});
    if (sent == mqtt::Sent::too_large) drop_too_large();
    if (sent != mqtt::Sent::sent) return;
    ++hub->stats.sent_qos0;
    went(message.payload.size() + message.topic.size());
    hub->flush_soon(*link);
    if (!link->is_slow && link->backlog_bytes() > hub->limits().qos0_mark_bytes) {
        link->flush();  // its socket may have room for all that came in this turn
        if (link->backlog_bytes() <= hub->limits().qos0_mark_bytes) return;
        link->is_slow = true;
        hub->set_slow(*this, true);
    }
}

void Session::send_qos0(const Letter& letter) {
    if (!is_wanted(*letter.what)) return;
    std::string room;
    const auto sent =
        link->connection.publish(as_named(letter.what->message, room), delivery(letter, false));
    if (sent == mqtt::Sent::too_large) drop_too_large();
    if (sent != mqtt::Sent::sent) return;
    ++hub->stats.sent_qos0;
    went(letter.what->message.bytes().size());
    hub->flush_soon(*link);
}

// ---- QoS 1 and 2 -----------------------------------------------------------------------------

void Session::add_owed(std::int64_t bytes, std::int64_t messages) {
    owed_bytes += bytes;
    owed_messages += messages;
    const auto limit = static_cast<std::int64_t>(hub->limits().session_queue_bytes);
    if (!is_full && owed_bytes >= limit) hub->set_full(*this, true);
    if (is_full && owed_bytes < limit - limit / 8) hub->set_full(*this, false);
}

bool Session::can_send() const {
    return link != nullptr && (!mail || mail->resent == mail->resend.size()) &&
           link->backlog_bytes() <= hub->limits().output_bytes_max;
}

bool Session::hear(const Position& position, std::uint32_t size_bytes) {
    Mail& box = mailbox();
    LogPlace& place = box.place(position.log, number);
    if (position <= place.heard || position <= place.read) return false;
    place.heard = position;
    if (link == nullptr) box.behind = true;
    add_owed(size_bytes, 1);
    return true;
}

void Session::count_old(const Position& position, std::uint32_t size_bytes) {
    LogPlace& place = mailbox().place(position.log, number);
    if (position <= place.counted || position <= place.read) return;
    place.counted = position;
    add_owed(size_bytes, 1);
}

void Session::know_counted(const std::vector<std::uint16_t>& logs) {
    Mail& box = *mail;
    if (!box.scan_all || box.has_moved) return;
    box.scan_all = false;
    box.behind = false;
    for (const auto log : logs) {
        LogPlace& place = box.place(log, number);
        place.heard = std::max(place.heard, place.counted);
        if (place.heard > place.read) box.behind = true;
    }
}

void Session::advance(const std::unordered_map<std::uint16_t, std::uint64_t>& heard) {
    for (const auto& [log, ticket] : heard) {
        if (low_ticket(log) != std::numeric_limits<std::uint64_t>::max()) continue;
        LogPlace& place = mailbox().place(log, number);
        const Position upto{ticket, message_index_max, log};
        if (place.cursor < upto) place.cursor = place.read = place.heard = place.counted = upto;
    }
}

void Session::take(Letter letter) {
    if (letter.position.is_logged()) {
        if (!hear(letter.position, letter.size_bytes()) || mail->behind) return;
    } else {
        add_owed(letter.size_bytes(), 1);
    }
    Mail& box = mailbox();
    if (box.waiting.empty() && can_send() && link->connection.room() > 0) {
        if (letter.position.is_logged())
            box.place(letter.position.log, number).read = letter.position;
        return send(std::move(letter));
    }
    enqueue(std::move(letter));
}

void Session::enqueue(Letter letter) {
    Mail& box = *mail;
    const bool has_room = box.waiting_bytes + letter.size_bytes() <= hub->limits().window_bytes;
    if (letter.position.is_logged()) {
        if (!has_room) {
            box.behind = true;
            return;
        }
        box.place(letter.position.log, number).read = letter.position;
    } else if (!has_room && !is_logged && letter.qos != mqtt::Qos::at_most_once) {
        hub->spill(*this);
    }
    box.waiting_bytes += letter.size_bytes();
    box.waiting.push_back(std::move(letter));
}

void Session::replay(Letter letter) {
    if (link == nullptr) return;
    Mail& box = mailbox();
    if (letter.qos == mqtt::Qos::at_most_once) {
        ++box.waiting_qos0;
    } else {
        add_owed(letter.size_bytes(), 1);
    }
    box.waiting_bytes += letter.size_bytes();
    box.waiting.push_back(std::move(letter));
}

// A client that reads gets more; one that does not gets no more than this held for it.
bool Session::has_room_for(const RetainedFeed& feed) const {
    if (!mail || link == nullptr) return true;
    if (!feed.is_answered) return mail->waiting_qos0 < feed_waiting_max;
    const std::size_t window = hub->limits().window_bytes;
    return mail->waiting_bytes <= window / 2 &&
           owed_bytes <= static_cast<std::int64_t>(4 * window) &&
           link->backlog_bytes() <= hub->limits().output_bytes_max / 2;
}

void Session::end_feeds() {
    for (const auto& feed : std::exchange(mail->feeds, {})) hub->feeder->end(*feed);
}

void Session::pump() {
    send_waiting();
    if (mail && !mail->feeds.empty()) hub->feeder->go_on(*this);
}

void Session::send_waiting() {
    if (link == nullptr || !mail) return;
    Mail& box = *mail;
    while (box.resent < box.resend.size()) {
        if (!resend_one()) return;
    }
    if (!box.resend.empty()) {
        box.resend = {};
        box.resent = 0;
    }
    while (link != nullptr && can_send()) {
        if (box.waiting.empty()) {
            if (!box.behind || !refill()) return;
            continue;
        }
        const bool is_qos0 = box.waiting.front().qos == mqtt::Qos::at_most_once;
        if (!is_qos0 && link->connection.room() == 0) return;
        Letter letter = box.waiting.pop_front();
        box.waiting_bytes -= letter.size_bytes();
        if (is_qos0) {
            --box.waiting_qos0;
            send_qos0(letter);
        } else {
            send(std::move(letter));
        }
    }
}

// True: something is waiting now.
bool Session::refill() {
    Mail& box = *mail;
    if (box.refill_posted || link->connection.room() == 0) return false;
    std::vector<Letter> letters;
    const bool at_end = hub->log.read({.session = number,
                                       .scan_all = box.scan_all,
                                       .letter_bytes_max = hub->limits().refill_bytes,
                                       .scan_bytes_max = scan_bytes_per_turn},
                                      box, letters);
    if (at_end) {
        box.behind = false;
        box.scan_all = false;
        box.has_moved = false;
    }
    for (Letter& letter : letters) {
        // Found before it was announced or counted: then that will be ignored.
        LogPlace& place = box.place(letter.position.log, number);
        Position& known =
            letter.position.ticket < hub->common.run_start ? place.counted : place.heard;
        if (letter.position > known) {
            known = letter.position;
            add_owed(letter.size_bytes(), 1);
        }
        box.waiting_bytes += letter.size_bytes();
        box.waiting.push_back(std::move(letter));
    }
    if (!box.waiting.empty()) return true;
    if (at_end) return false;
    box.refill_posted = true;
    hub->shard.post([hub = hub, number = number] {
        Session* session = hub->find(number);
        if (session == nullptr || !session->mail) return;
        session->mail->refill_posted = false;
        session->pump();
    });
    return false;
}

void Session::send(Letter letter) {
    Mail& box = *mail;
    const std::uint64_t token = box.first_token + box.outstanding.size();
    box.outstanding.push_back({letter.position, letter.size_bytes(), false});
    if (!is_wanted(*letter.what)) return finish(token);
    const auto packet_id = link->connection.assign(letter.qos, token);
    if (!packet_id) return finish(token);  // room() said there is room
    if (letter.qos == mqtt::Qos::exactly_once && is_durable()) {
        hub->progress_now(*this);
        return hub->after_commit(*this, Hub::Step::transmit, *packet_id, std::move(letter), token);
    }
    transmit(*packet_id, letter, token, false);
}

void Session::transmit(std::uint16_t packet_id, const Letter& letter, std::uint64_t token,
                       bool dup) {
    if (link == nullptr) return;  // the flow stays; it is sent again on resumption
    std::string room;
    switch (link->connection.send(packet_id, as_named(letter.what->message, room),
                                  delivery(letter, dup))) {
        case mqtt::Sent::sent:
            ++(letter.qos == mqtt::Qos::exactly_once ? hub->stats.sent_qos2 : hub->stats.sent_qos1);
            went(letter.what->message.bytes().size());
            break;
        case mqtt::Sent::too_large:
            drop_too_large();
            finish(token);
            break;
        case mqtt::Sent::no_room:
        case mqtt::Sent::unknown_id:
        case mqtt::Sent::closed: break;
    }
    hub->flush_soon(*link);
}

void Session::finish(std::uint64_t token) {
    Mail& box = *mail;
    if (token < box.first_token || token - box.first_token >= box.outstanding.size()) return;
    auto& done = box.outstanding[token - box.first_token];
    if (done.finished) return;
    done.finished = true;
    add_owed(-std::int64_t{done.size_bytes}, -1);
    while (!box.outstanding.empty() && box.outstanding.front().finished) {
        const Position position = box.outstanding.pop_front().position;
        ++box.first_token;
        if (position.is_logged()) box.place(position.log, number).cursor = position;
    }
    if (is_durable()) hub->progress_soon(*this);
}

void Session::on_acked(const mqtt::Acked& acked) {
    if (!mail) return;
    finish(acked.token);
    pump();
}

void Session::on_received(const mqtt::Received& received) {
    if (!is_durable()) {
        link->connection.release(received.packet_id);
        return hub->flush_soon(*link);
    }
    hub->progress_now(*this);
    hub->after_commit(*this, Hub::Step::release, received.packet_id);
}

// ---- Resumption ------------------------------------------------------------------------------

void Session::resend_unsent() {
    Mail& box = mailbox();
    box.resend = link->connection.unsent();
    box.resent = 0;
    pump();
}

// False: no room now.
bool Session::resend_one() {
    Mail& box = *mail;
    const mqtt::OutboundFlow flow = box.resend[box.resent];
    if (link == nullptr || link->backlog_bytes() > hub->limits().output_bytes_max) return false;
    const std::uint64_t place = flow.token - box.first_token;
    const bool is_known = flow.token >= box.first_token && place < box.outstanding.size();
    const Position position = is_known ? box.outstanding[place].position : Position{};
    auto letter = hub->log.read_one(number, position);
    if (!letter || !is_wanted(*letter->what)) {
        if (!letter) {
            ++hub->stats.damaged_messages;
            lose(Loss::damaged);
        }
        link->connection.abandon(flow.packet_id);
        finish(flow.token);
        ++box.resent;
        return true;
    }
    std::string room;
    const auto sent = link->connection.send(flow.packet_id, as_named(letter->what->message, room),
                                            delivery(*letter, true));
    if (sent == mqtt::Sent::no_room || sent == mqtt::Sent::closed) return false;
    ++box.resent;
    if (sent == mqtt::Sent::too_large) {
        drop_too_large();
        finish(flow.token);
    } else {
        went(letter->what->message.bytes().size());
        ++(flow.qos == mqtt::Qos::exactly_once ? hub->stats.sent_qos2 : hub->stats.sent_qos1);
    }
    hub->flush_soon(*link);
    return true;
}

void Session::fold_mail() {
    if (!mail) return;
    end_feeds();
    Mail& box = *mail;
    for (; !box.waiting.empty(); box.waiting.pop_front()) {
        const Letter& letter = box.waiting.front();
        if (letter.qos == mqtt::Qos::at_most_once || letter.position.is_logged()) continue;
        add_owed(-std::int64_t{letter.size_bytes()}, -1);  // its session ends with its connection
    }
    box.waiting_bytes = 0;
    box.waiting_qos0 = 0;
    box.resend = {};
    box.resent = 0;
    for (LogPlace& place : box.logs) {
        // Per log everything not assigned comes after everything that is.
        Position read = place.cursor;
        for (std::size_t index = 0; index < box.outstanding.size(); ++index) {
            const Position& each = box.outstanding[index].position;
            if (each.is_logged() && each.log == place.log) read = std::max(read, each);
        }
        if (place.heard > read) box.behind = true;
        place.read = read;
    }
    // Cursors must outlive this: without them what is finished would be read again.
    if (box.outstanding.empty() && box.logs.empty() && !box.scan_all) mail.reset();
}

}  // namespace lineshaft::broker
