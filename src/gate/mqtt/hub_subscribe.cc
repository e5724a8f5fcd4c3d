// SUBSCRIBE and UNSUBSCRIBE: on every shard and on disk before they are answered.
#include <algorithm>

#include "gate/mqtt/hub.h"
#include "gate/mqtt/link.h"

namespace lineshaft::broker {
namespace {

using Found = std::vector<std::shared_ptr<const Publication>>;

/// A filter that was granted and wants retained messages.
struct Wanted {
    std::string filter;
    mqtt::Qos qos_max = mqtt::Qos::at_most_once;
    bool retain_as_published = false;
    std::uint32_t subscription_id = 0;
};

/// One SUBSCRIBE on its way to its SUBACK.
struct Request {
    SessionNumber session = 0;
    std::uint16_t packet_id = 0;
    std::vector<mqtt::Reason> reasons;
    std::vector<std::string> granted;
    std::vector<Wanted> wanted;
    std::vector<Letter> direct;  ///< retained messages that need no log
};

auto place_of(std::vector<Subscribed>& list, std::string_view filter) {
    return std::ranges::lower_bound(list, filter, {}, [](const Subscribed& each) {
        return std::string_view(each.wish.filter);
    });
}

mqtt::Reason refusal(Hub& hub, Session& session, const mqtt::Subscription& wish, bool is_new) {
    const auto parsed = mqtt::parse_filter(wish.filter);
    if (!parsed) return mqtt::Reason::topic_filter_invalid;
    const auto& offers = hub.limits().wire.offers;
    if (parsed->is_shared() && !offers.shared_subscriptions) {
        return mqtt::Reason::shared_subscriptions_not_supported;
    }
    if (!offers.wildcard_subscriptions && mqtt::has_wildcard(parsed->filter)) {
        return mqtt::Reason::wildcard_subscriptions_not_supported;
    }
    if (!session.principal ||
        !hub.common.gatekeeper.may_subscribe(*session.principal, parsed->filter)) {
        ++hub.stats.subscriptions_refused_rights;
        session.lose(Loss::refused_subscriptions);
        return mqtt::Reason::not_authorized;
    }
    if (is_new && session.subscriptions.size() >= hub.limits().subscriptions_max) {
        ++hub.stats.subscriptions_refused_limit;
        session.lose(Loss::refused_subscriptions);
        return mqtt::Reason::quota_exceeded;
    }
    return mqtt::Reason::success;
}

// Takes one wish into the session. Gives its reason for SUBACK.
mqtt::Reason take_wish(Hub& hub, Session& session, const mqtt::Subscription& wish, std::uint32_t id,
                       RouteChange& change, std::vector<Wanted>& wanted) {
    auto at = place_of(session.subscriptions, wish.filter);
    const bool is_new = at == session.subscriptions.end() || at->wish.filter != wish.filter;
    if (const auto why = refusal(hub, session, wish, is_new); mqtt::is_error(why)) return why;
    Subscribed made{wish, id};
    made.wish.qos_max = std::min(wish.qos_max, hub.limits().wire.offers.qos_max);
    const auto route = made.route();
    if (is_new) {
        session.subscriptions.insert(at, made);
    } else {
        *at = made;
    }
    change.filters.push_back(route);
    const bool wants_retained =
        wish.retain_handling == mqtt::RetainHandling::send ||
        (wish.retain_handling == mqtt::RetainHandling::send_if_new && is_new);
    if (wants_retained && route.group.empty()) {
        wanted.push_back({route.filter, made.wish.qos_max, wish.retain_as_published, id});
    }
    return static_cast<mqtt::Reason>(made.wish.qos_max);
}

// The retained messages of this shard that filters of one SUBSCRIBE match, per filter.
std::vector<Found> look_up(Hub& hub, const std::vector<Wanted>& wanted) {
    std::vector<Found> found(wanted.size());
    for (std::size_t each = 0; each < wanted.size(); ++each) {
        hub.retained.match(wanted[each].filter, found[each]);
        std::erase_if(found[each],
                      [&hub](const auto& what) { return !hub.may_show_retained(*what); });
    }
    return found;
}

// The store refused: what was granted is taken back, because it would not outlive a crash.
void take_back(Hub& hub, Session& session, Request& request) {
    RouteChange change{.kind = RouteChange::Kind::remove, .session = session.number, .filters = {}};
    for (const std::string& filter : request.granted) {
        const auto at = place_of(session.subscriptions, filter);
        if (at == session.subscriptions.end() || at->wish.filter != filter) continue;
        change.filters.push_back(at->route());
        session.subscriptions.erase(at);
    }
    for (mqtt::Reason& reason : request.reasons) {
        if (!mqtt::is_error(reason)) reason = mqtt::Reason::quota_exceeded;
    }
    request.direct.clear();
    hub.broadcast(std::move(change));
}

void answer(Hub& hub, const std::shared_ptr<Request>& request, const Result<void>& outcome) {
    Session* session = hub.find(request->session);
    if (session == nullptr) return;
    if (!outcome) take_back(hub, *session, *request);
    if (session->link == nullptr) return;
    session->link->connection.suback(request->packet_id, request->reasons);
    hub.flush_soon(*session->link);
    for (Letter& letter : request->direct) session->replay(std::move(letter));
    session->pump();
}

// Sorts what was found into what the log must hold for a durable session and what is sent at once.
void give_retained(Hub& hub, const std::shared_ptr<Request>& request,
                   std::vector<std::vector<Found>> by_hub) {
    Session* session = hub.find(request->session);
    if (session == nullptr) return;
    std::vector<Letter> logged;
    for (auto& by_filter : by_hub) {
        for (std::size_t each = 0; each < by_filter.size(); ++each) {
            const Wanted& wanted = request->wanted[each];
            for (auto& what : by_filter[each]) {
                const auto qos = std::min(wanted.qos_max, what->qos);
                Letter letter{.what = std::move(what),
                              .position = {},
                              .qos = qos,
                              .retain = true,
                              .subscription_ids = {}};
                if (wanted.subscription_id != 0) letter.subscription_ids = {wanted.subscription_id};
                const bool is_logged = qos != mqtt::Qos::at_most_once && session->is_logged;
                (is_logged ? logged : request->direct).push_back(std::move(letter));
            }
        }
    }
    if (!logged.empty()) hub.log_for(*session, std::move(logged));
    if (!session->is_durable()) return answer(hub, request, {});
    hub.record_now(*session);
    hub.lane.then([&hub, request](const Result<void>& outcome) { answer(hub, request, outcome); });
}

}  // namespace

bool Hub::may_show_retained(const Publication& what) {
    if (what.expires != Instant{0} && what.expires <= now()) return false;
    if (!what.publisher) return true;  // the node's own
    trust::PrincipalPtr who = what.publisher;
    // The certificate it was published under may have been renewed since.
    if (!common.gatekeeper.still_holds(*who)) {
        who = common.gatekeeper.find(common.gatekeeper.reference(*who));
    }
    if (who && common.gatekeeper.may_publish(*who, what.message.topic())) return true;
    ++stats.retained_hidden_rights;
    return false;
}

void Hub::subscribe(Session& session, mqtt::SubscribeReceived&& received) {
    const mqtt::Subscribe& packet = received.subscribe;
    auto request = std::make_shared<Request>();
    request->session = session.number;
    request->packet_id = packet.packet_id;
    RouteChange change{.kind = RouteChange::Kind::add,
                       .logged = session.is_logged,
                       .connected = session.link != nullptr,
                       .home = index,
                       .session = session.number,
                       .filters = {}};
    for (const mqtt::Subscription& wish : packet.subscriptions) {
        const auto reason =
            take_wish(*this, session, wish, packet.subscription_id(), change, request->wanted);
        if (!mqtt::is_error(reason)) request->granted.push_back(wish.filter);
        request->reasons.push_back(reason);
    }
    if (change.filters.empty()) return answer(*this, request, {});
    broadcast(std::move(change), [this, request] {
        // Only now: a publish that missed the subscription has reached its retained shelf by here.
        if (request->wanted.empty()) return give_retained(*this, request, {});
        ask_all<std::vector<Found>>(
            [wanted = request->wanted](Hub& hub) { return look_up(hub, wanted); },
            [this, request](std::vector<std::vector<Found>> found) {
                give_retained(*this, request, std::move(found));
            });
    });
}

void Hub::unsubscribe(Session& session, mqtt::UnsubscribeReceived&& received) {
    auto request = std::make_shared<Request>();
    request->session = session.number;
    request->packet_id = received.unsubscribe.packet_id;
    RouteChange change{.kind = RouteChange::Kind::remove, .session = session.number, .filters = {}};
    for (const std::string& filter : received.unsubscribe.filters) {
        const auto at = place_of(session.subscriptions, filter);
        if (at == session.subscriptions.end() || at->wish.filter != filter) {
            request->reasons.push_back(mqtt::Reason::no_subscription_existed);
            continue;
        }
        change.filters.push_back(at->route());
        session.subscriptions.erase(at);
        request->reasons.push_back(mqtt::Reason::success);
    }
    if (session.subscriptions.empty()) session.subscriptions.shrink_to_fit();
    const auto finish = [this, request](const Result<void>& outcome) {
        Session* there = find(request->session);
        if (there == nullptr || there->link == nullptr) return;
        if (!outcome) std::ranges::fill(request->reasons, mqtt::Reason::implementation_error);
        there->link->connection.unsuback(request->packet_id, request->reasons);
        flush_soon(*there->link);
    };
    if (change.filters.empty()) return finish({});
    const bool is_durable = session.is_durable();
    broadcast(std::move(change), [this, request, finish, is_durable] {
        Session* there = find(request->session);
        if (there == nullptr) return;
        if (!is_durable) return finish({});
        record_now(*there);
        lane.then(finish);
    });
}

}  // namespace lineshaft::broker
