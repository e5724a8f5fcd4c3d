// Answers owed to one client, and the session as records.
#include <algorithm>
#include <limits>

#include "gate/mqtt/codes.h"
#include "gate/mqtt/hub.h"
#include "gate/mqtt/link.h"
#include "gate/mqtt/session.h"

namespace lineshaft::broker {

// Both are what an idle client has: one byte more would take 32 more of the allocator.
static_assert(sizeof(Session) <= 192);
static_assert(sizeof(Link) <= 192);

Session::Session(Hub& its_hub, SessionNumber its_number, OrganisationId its_organisation,
                 std::string_view its_client_id)
    : hub(&its_hub),
      number(its_number),
      organisation(its_organisation),
      client_id(its_client_id) {}

Session::~Session() = default;

HeldIds& Session::held_ids() {
    if (!held) held = std::make_unique<HeldIds>();
    return *held;
}

// ---- Answers: in the order in which the messages came [MQTT-4.6.0-2, -3] ----------------------

std::uint64_t Session::owe_answer(std::uint16_t packet_id, mqtt::Qos qos) {
    if (!answers) answers = std::make_unique<Answers>();
    answers->ring.push_back({.packet_id = packet_id, .qos = qos, .for_retry = {}});
    ++pins;
    return answers->first + answers->ring.size() - 1;
}

void Session::answer(std::uint64_t sequence, mqtt::Reason reason,
                     std::shared_ptr<const Publication> for_retry) {
    OwedAnswer& owed = answers->ring[sequence - answers->first];
    owed.ready = true;
    owed.reason = reason;
    if (mqtt::is_error(reason)) owed.for_retry = std::move(for_retry);
    if (link != nullptr) {
        const bool is_hammering =
            reason == mqtt::Reason::quota_exceeded && hub->delays_refusal();
        if (is_hammering || hub->delays_answers()) return hub->answer_later(*this);
    }
    give_answers();
}

void Session::give_answers() {
    if (!answers) return;
    while (!answers->ring.empty() && answers->ring.front().ready) {
        OwedAnswer front = answers->ring.pop_front();
        ++answers->first;
        --pins;
        give_answer(front);
    }
    hub->unpinned(*this);
}

void Session::give_answer(OwedAnswer& owed) {
    mqtt::Reason reason = owed.reason;
    if (version == mqtt::Version::v3_1_1 && mqtt::is_error(reason)) {
        if (owed.for_retry && may_succeed_later(reason)) {
            return defer(owed.packet_id, std::move(owed.for_retry));
        }
        reason = mqtt::Reason::success;
    }
    if (link == nullptr) {
        // A refused QoS 2 id must not be held, or the client's next try would look like a repeat.
        if (owed.qos == mqtt::Qos::exactly_once && mqtt::is_error(reason) && sleep) {
            std::erase(sleep->flows.inbound_qos2, owed.packet_id);
            hub->progress_soon(*this);
        }
        return;
    }
    if (owed.qos == mqtt::Qos::at_least_once) {
        link->connection.puback(owed.packet_id, reason);
    } else {
        link->connection.pubrec(owed.packet_id, reason);
    }
    hub->flush_soon(*link);
}

void Session::defer(std::uint16_t packet_id, std::shared_ptr<const Publication> what) {
    if (link == nullptr) {
        if (sleep) std::erase(sleep->flows.inbound_qos2, packet_id);
        return;
    }
    if (!deferred) deferred = std::make_unique<Ring<Deferred>>();
    deferred->push_back({packet_id, std::move(what)});
    hub->pause(*this);
}

void Session::retry_deferred() {
    // Each is tried once; what is refused again goes to the end in the same order.
    auto again = std::exchange(deferred, nullptr);
    if (!again) return;
    while (!again->empty()) {
        Deferred next = again->pop_front();
        hub->publish_again(*this, next.packet_id, std::move(next.what));
    }
    if (link != nullptr) link->wake();
}

std::vector<std::uint16_t> Session::held_inbound() const {
    std::vector<std::uint16_t> ids =
        link != nullptr ? link->connection.session().inbound_qos2
                        : (sleep ? sleep->flows.inbound_qos2 : std::vector<std::uint16_t>{});
    if (held) {
        for (const auto id : held->released) std::erase(ids, id);
    }
    // An id is kept only with its message: one that waits to be published again is not.
    if (deferred) {
        for (std::size_t index = 0; index < deferred->size(); ++index) {
            std::erase(ids, (*deferred)[index].packet_id);
        }
    }
    return ids;
}

void Session::forget_deferred() {
    if (sleep) sleep->flows.inbound_qos2 = held_inbound();
    deferred.reset();
    if (held) held->released = {};
}

// ---- Records ---------------------------------------------------------------------------------

std::uint64_t Session::low_ticket(std::uint16_t log) const {
    constexpr auto none = std::numeric_limits<std::uint64_t>::max();
    if (!mail) return none;
    std::uint64_t low = none;
    bool is_known = false;
    for (const LogPlace& place : mail->logs) {
        if (place.log != log) continue;
        is_known = true;
        if (mail->scan_all || place.heard > place.read) low = place.read.ticket;
    }
    if (!is_known) return mail->scan_all ? number : none;
    for (std::size_t index = 0; index < mail->outstanding.size(); ++index) {
        const auto& each = mail->outstanding[index];
        if (!each.finished && each.position.log == log && each.position.is_logged()) {
            low = std::min(low, each.position.ticket);
        }
    }
    for (std::size_t index = 0; index < mail->waiting.size(); ++index) {
        const Position& position = mail->waiting[index].position;
        if (position.log == log && position.is_logged()) low = std::min(low, position.ticket);
    }
    return low;
}

ProgressRecord Session::progress() const {
    ProgressRecord record;
    record.inbound_qos2 = held_inbound();
    if (held) {
        for (const auto id : held->tapped) std::erase(record.inbound_qos2, id);
    }
    if (!mail) return record;
    for (const LogPlace& place : mail->logs) record.cursors.push_back(place.cursor);
    const auto flows = link != nullptr
                           ? link->connection.session().outbound
                           : (sleep ? sleep->flows.outbound : std::vector<mqtt::OutboundFlow>{});
    for (const auto& flow : flows) {
        const std::uint64_t place = flow.token - mail->first_token;
        if (flow.token < mail->first_token || place >= mail->outstanding.size()) continue;
        record.flows.push_back({.packet_id = flow.packet_id,
                                .qos = flow.qos,
                                .stage = flow.stage,
                                .position = mail->outstanding[place].position});
    }
    for (std::size_t index = 0; index < mail->outstanding.size(); ++index) {
        const auto& each = mail->outstanding[index];
        if (each.finished && each.position.is_logged()) record.done.push_back(each.position);
    }
    return record;
}

void Session::restore(const ProgressRecord& progress) {
    sleep->flows.inbound_qos2 = progress.inbound_qos2;
    Mail& box = mailbox();
    box.behind = true;
    box.scan_all = true;
    std::vector<Mail::Outstanding> known;
    for (const auto& flow : progress.flows) known.push_back({flow.position, 0, false});
    for (const Position& position : progress.done) known.push_back({position, 0, true});
    std::ranges::sort(known, {}, &Mail::Outstanding::position);
    owed_messages += static_cast<std::int64_t>(progress.flows.size());
    for (const Position& cursor : progress.cursors) {
        LogPlace& place = box.place(cursor.log, number);
        place.cursor = place.read = place.heard = place.counted = cursor;
    }
    for (const auto& each : known) {
        if (each.position.is_logged()) {
            LogPlace& place = box.place(each.position.log, number);
            place.read = place.heard = place.counted = std::max(place.read, each.position);
        }
        box.outstanding.push_back(each);
    }
    for (const auto& flow : progress.flows) {
        const auto at = std::ranges::find(known, flow.position, &Mail::Outstanding::position);
        sleep->flows.outbound.push_back(
            {.packet_id = flow.packet_id,
             .qos = flow.qos,
             .stage = flow.stage,
             .token = box.first_token + static_cast<std::uint64_t>(at - known.begin())});
    }
}

SessionRecord Session::record() const {
    SessionRecord record;
    record.organisation = organisation;
    record.client_id = client_id.view();
    record.principal = principal_reference.view();
    record.version = version;
    record.expiry_s = expiry_s;
    record.disconnected = link != nullptr ? Instant{0} : changed;
    for (const Subscribed& each : subscriptions) {
        record.subscriptions.push_back(each.wish());
        record.subscription_ids.push_back(each.subscription_id);
    }
    if (will) record.will = *will;
    return record;
}

std::vector<RouteChange::Filter> Session::filters() const {
    std::vector<RouteChange::Filter> filters;
    for (const Subscribed& each : subscriptions) filters.push_back(each.route());
    return filters;
}

Subscribed::Subscribed(const mqtt::Subscription& wish, std::uint32_t id)
    : filter(wish.filter),
      subscription_id(id),
      qos_max(wish.qos_max),
      retain_handling(wish.retain_handling),
      no_local(wish.no_local),
      retain_as_published(wish.retain_as_published) {}

mqtt::Subscription Subscribed::wish() const {
    return {.filter = std::string(filter.view()),
            .qos_max = qos_max,
            .no_local = no_local,
            .retain_as_published = retain_as_published,
            .retain_handling = retain_handling};
}

RouteChange::Filter Subscribed::route() const {
    const auto parsed = mqtt::parse_filter(filter);
    CHECK(parsed.has_value());
    return {.group = std::string(parsed->group),
            .filter = std::string(parsed->filter),
            .route = {.qos_max = qos_max,
                      .no_local = no_local,
                      .retain_as_published = retain_as_published,
                      .subscription_id = subscription_id}};
}

}  // namespace lineshaft::broker
