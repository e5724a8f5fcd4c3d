// What a client's packets mean for its session.
#include "gate/mqtt/hub.h"
#include "gate/mqtt/link.h"

namespace lineshaft::broker {
namespace {

void release(Link& link, const mqtt::ReleaseReceived& released) {
    Session& session = *link.session;
    if (!session.is_durable()) {
        link.connection.pubcomp(released.packet_id);
        return;
    }
    // While the PUBREL waits for its commit the connection still lists the id; the record must not.
    session.held_ids().released.push_back(released.packet_id);
    link.hub.progress_now(session);
    link.hub.after_commit(session, Hub::Step::pubcomp, released.packet_id);
}

void disconnected(Link& link, const mqtt::Disconnected& bye) {
    Session& session = *link.session;
    if (bye.session_expiry_s) {
        const auto wish = *bye.session_expiry_s;
        const auto limit = static_cast<std::uint32_t>(link.hub.limits().session_expiry_max.count());
        session.expiry_s = limit != 0 ? std::min(wish, limit) : wish;
        if (wish == 0) session.expiry_s = 0;
    }
    link.end(bye.reason, "the client disconnected", bye.publish_will);
}

// The node's names for what the client calls otherwise.
void rename(const Gatekeeper& gatekeeper, const Session& session, mqtt::Message& message) {
    if (!session.principal) return;
    const auto topic = gatekeeper.topic_in(*session.principal, message.topic());
    if (topic) message = mqtt::Message(*topic, message.payload(), message.properties());
}

void rename(const Gatekeeper& gatekeeper, const Session& session, std::string& filter) {
    if (!session.principal) return;
    if (auto named = gatekeeper.filter_in(*session.principal, filter)) filter = std::move(*named);
}

}  // namespace

void handle(Link& link, mqtt::Event&& event) {
    if (auto* close = std::get_if<mqtt::Close>(&event)) {
        ++(link.is_accepted ? link.hub.stats.protocol_errors
                            : link.hub.stats.connects_refused_protocol);
        return link.end(close->reason, close->why, true);
    }
    Session* session = link.session;
    if (session == nullptr) return;
    const Gatekeeper& gatekeeper = link.hub.common.gatekeeper;
    if (auto* publish = std::get_if<mqtt::PublishReceived>(&event)) {
        rename(gatekeeper, *session, publish->message);
        link.hub.publish_from(*session, std::move(*publish));
    } else if (auto* acked = std::get_if<mqtt::Acked>(&event)) {
        session->on_acked(*acked);
    } else if (auto* received = std::get_if<mqtt::Received>(&event)) {
        session->on_received(*received);
    } else if (auto* released = std::get_if<mqtt::ReleaseReceived>(&event)) {
        release(link, *released);
    } else if (auto* subscribe = std::get_if<mqtt::SubscribeReceived>(&event)) {
        for (auto& wish : subscribe->subscribe.subscriptions)
            rename(gatekeeper, *session, wish.filter);
        const std::size_t filters = subscribe->subscribe.subscriptions.size();
        link.hub.subscribe(*session, std::move(*subscribe));
        link.hub.pace_subscribe(link, filters);
    } else if (auto* unsubscribe = std::get_if<mqtt::UnsubscribeReceived>(&event)) {
        for (auto& filter : unsubscribe->unsubscribe.filters) rename(gatekeeper, *session, filter);
        link.hub.unsubscribe(*session, std::move(*unsubscribe));
    } else if (auto* bye = std::get_if<mqtt::Disconnected>(&event)) {
        disconnected(link, *bye);
    }
}

}  // namespace lineshaft::broker
