// SUBSCRIBE and UNSUBSCRIBE: on every shard and on disk before they are answered. What is retained
// for a new subscription: retained_feed.h.
#include <algorithm>

#include "gate/mqtt/hub.h"
#include "gate/mqtt/link.h"
#include "gate/mqtt/retained_feed.h"

namespace lineshaft::broker {
namespace {

auto place_of(std::vector<Subscribed>& list, std::string_view filter) {
    return std::ranges::lower_bound(list, filter, {}, [](const Subscribed& each) {
        return each.filter.view();
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
                       RouteChange& change, std::vector<RetainedWish>& wanted) {
    auto at = place_of(session.subscriptions, wish.filter);
    const bool is_new = at == session.subscriptions.end() || at->filter != wish.filter;
    if (const auto why = refusal(hub, session, wish, is_new); mqtt::is_error(why)) return why;
    Subscribed made(wish, id);
    made.qos_max = std::min(wish.qos_max, hub.limits().wire.offers.qos_max);
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
        wanted.push_back({route.filter, made.qos_max, id});
    }
    return static_cast<mqtt::Reason>(made.qos_max);
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
    auto feed = std::make_shared<RetainedFeed>();
    feed->session = session.number;
    feed->packet_id = packet.packet_id;
    RouteChange change{.kind = RouteChange::Kind::add,
                       .logged = session.is_logged,
                       .connected = session.link != nullptr,
                       .home = index,
                       .session = session.number,
                       .filters = {}};
    for (const mqtt::Subscription& wish : packet.subscriptions) {
        const auto reason =
            take_wish(*this, session, wish, packet.subscription_id(), change, feed->wishes);
        if (!mqtt::is_error(reason)) feed->granted.push_back(wish.filter);
        feed->reasons.push_back(reason);
    }
    if (change.filters.empty()) return feeder->answer(feed, {});
    broadcast(std::move(change), [this, feed] {
        // Only now: a publish that missed the subscription has reached its retained shelf by here.
        feeder->begin(feed);
    });
}

void Hub::take_back(Session& session, const std::vector<std::string>& filters) {
    RouteChange change{.kind = RouteChange::Kind::remove, .session = session.number, .filters = {}};
    for (const std::string& filter : filters) {
        const auto at = place_of(session.subscriptions, filter);
        if (at == session.subscriptions.end() || at->filter != filter) continue;
        change.filters.push_back(at->route());
        session.subscriptions.erase(at);
    }
    broadcast(std::move(change));
    if (session.is_durable()) record_now(session);
}

void Hub::unsubscribe(Session& session, mqtt::UnsubscribeReceived&& received) {
    struct Request {
        SessionNumber session = 0;
        std::uint16_t packet_id = 0;
        std::vector<mqtt::Reason> reasons;
    };
    auto request = std::make_shared<Request>();
    request->session = session.number;
    request->packet_id = received.unsubscribe.packet_id;
    RouteChange change{.kind = RouteChange::Kind::remove, .session = session.number, .filters = {}};
    for (const std::string& filter : received.unsubscribe.filters) {
        const auto at = place_of(session.subscriptions, filter);
        if (at == session.subscriptions.end() || at->filter != filter) {
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
