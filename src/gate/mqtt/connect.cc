// From CONNECT to CONNACK: who may come in, and which session it gets.
#include "gate/mqtt/hub.h"
#include "gate/mqtt/link.h"

namespace lineshaft::broker {
namespace {

using Events = std::vector<mqtt::Event>;

Events refuse(Link& link, mqtt::Reason reason, std::string_view why) {
    if (!link.is_over()) {
        if (!link.connection.closed()) link.connection.refuse(reason);
        link.end(reason, why, false);
    }
    return {};
}

Events refuse_for_load(Link& link) {
    ++link.hub.stats.connects_refused_load;
    return refuse(link, mqtt::Reason::quota_exceeded, "the node is overloaded");
}

io::Task<Hub::Grant> claim_session(Hub* hub, std::string key, bool clean) {
    const auto number = hub->next_claim++;
    const Directory::Claim claim{.hub = hub->index, .number = number, .clean = clean};
    auto grant = co_await io::suspend<Hub::Grant>([&](io::Answer<Hub::Grant> answer) {
        hub->claims.emplace(number, std::move(answer));
        hub->post(hub->owner_of(key),
                  [key, claim](Hub& owner) { owner.directory.claim(key, claim); });
    });
    co_return grant;
}

void settle(Hub& hub, const std::string& key, SessionNumber session) {
    hub.post(hub.owner_of(key), [key, session, home = hub.index](Hub& owner) {
        owner.directory.settled(key, session, home);
    });
}

std::uint32_t expiry_for(const mqtt::Connect& connect, const Limits& limits) {
    const auto wish = connect.session_expiry_s();
    const bool is_v5 = connect.version == mqtt::Version::v5_0;
    const auto limit = is_v5 ? limits.session_expiry_max : limits.v3_session_expiry;
    if (wish == 0 || limit.count() == 0) return wish;
    return std::min(wish, static_cast<std::uint32_t>(limit.count()));
}

void set_up(Session& session, mqtt::Connect& connect, trust::PrincipalPtr principal, Hub& hub) {
    session.principal_reference = CompactText(hub.common.gatekeeper.reference(*principal));
    session.principal = std::move(principal);
    session.version = connect.version;
    session.expiry_s = expiry_for(connect, hub.limits());
    session.is_logged = session.is_logged || session.is_durable();
    session.changed = hub.now();
    session.will = connect.will ? std::make_unique<mqtt::Will>(std::move(*connect.will)) : nullptr;
}

// On every shard and on disk, before CONNACK promises it.
io::Task<Result<void>> make_known(Hub* hub, SessionNumber number) {
    Session* session = hub->find(number);
    if (session == nullptr) co_return Result<void>{};
    const bool is_durable = session->is_durable();
    if (is_durable) hub->record_now(*session);
    auto placed = co_await io::suspend<bool>([&](io::Answer<bool> answer) {
        hub->announce(*session, [answer = std::make_shared<io::Answer<bool>>(std::move(answer))] {
            (*answer)(true);
        });
    });
    (void)placed;
    if (!is_durable) co_return Result<void>{};
    auto stored = co_await hub->lane.durable();
    co_return stored;
}

Events accept(Link& link, Session& session, bool is_resumed, bool is_id_assigned,
              std::uint32_t wish_s) {
    Hub& hub = link.hub;
    mqtt::Accept answer;
    answer.session_present = is_resumed;
    if (is_resumed && session.sleep) answer.session = std::move(session.sleep->flows);
    if (is_id_assigned) answer.assigned_client_id = session.client_id.view();
    if (session.version == mqtt::Version::v5_0 && session.expiry_s != wish_s) {
        answer.session_expiry_s = session.expiry_s;
    }
    session.sleep.reset();
    session.link = &link;
    link.session = &session;
    link.is_accepted = true;
    --hub.unaccepted;
    ++hub.stats.connects;
    session.changed = hub.now();
    auto events = link.connection.accept(std::move(answer));
    hub.announce(session);
    if (is_resumed) session.resend_unsent();
    for (Observer* observer : hub.common.observers) {
        observer->connected(
            {session.client_id, *session.principal, link.stream->peer(), session.version});
    }
    return events;
}

// The client went away while its session was prepared, or the store refused: as if it had never
// come. A session that was there sleeps on.
void abandon(Hub& hub, Session& session, bool is_new) {
    session.will.reset();
    if (is_new || !session.is_durable()) return hub.end_session(session);
    session.changed = hub.now();
    hub.record_now(session);
    hub.start_sleeping(session, io::Steady{0}, io::Steady{0});
}

mqtt::Reason will_refusal(Hub& hub, const mqtt::Connect& connect,
                          const trust::Principal& principal) {
    if (!connect.will) return mqtt::Reason::success;
    if (hub.common.gatekeeper.may_publish(principal, connect.will->message.topic())) {
        return mqtt::Reason::success;
    }
    return mqtt::Reason::not_authorized;
}

}  // namespace

io::Task<Events> open_session(Link* link, std::unique_ptr<mqtt::Connect> connect) {
    Hub& hub = link->hub;
    if (!hub.admit_address(link->stream->peer())) {
        ++hub.stats.connects_refused_rate;
        co_return refuse(*link, mqtt::Reason::connection_rate_exceeded, "too many connects");
    }
    if (hub.refuses_sessions() && connect->clean_start) co_return refuse_for_load(*link);
    Credentials shown{.client_id = connect->client_id,
                      .user_name = connect->user_name,
                      .password = connect->password,
                      .peer = link->stream->peer(),
                      .version = connect->version};
    auto admission = co_await hub.common.gatekeeper.admit(std::move(shown));
    if (link->is_over()) co_return Events{};
    if (admission.principal && connect->will) {
        mqtt::Message& will = connect->will->message;
        const auto topic = hub.common.gatekeeper.topic_in(*admission.principal, will.topic());
        if (topic) will = mqtt::Message(*topic, will.payload(), will.properties());
    }
    if (admission.principal) {
        if (const auto why = will_refusal(hub, *connect, *admission.principal);
            mqtt::is_error(why)) {
            admission = {nullptr, why};
        }
    }
    if (!admission.principal) {
        ++hub.stats.connects_refused_rights;
        co_return refuse(*link, admission.reason, "not let in");
    }
    const bool is_id_assigned = connect->client_id.empty();
    if (is_id_assigned)
        connect->client_id = "lineshaft-" + std::to_string(hub.common.store.ticket());
    const auto organisation = admission.principal->organisation;
    const std::string key = client_key(organisation, connect->client_id);
    auto grant = co_await claim_session(&hub, key, connect->clean_start);
    if (mqtt::is_error(grant.reason)) {
        ++hub.stats.connects_refused_sessions;
        co_return refuse(*link, grant.reason, "no room for another session");
    }
    const bool is_resumed = grant.session != nullptr;
    if (!is_resumed && hub.refuses_sessions()) {
        settle(hub, key, 0);
        co_return refuse_for_load(*link);
    }
    Session& session =
        is_resumed ? *grant.session : hub.make_session(organisation, connect->client_id);
    const SessionNumber number = session.number;
    if (!session.sleep) session.sleep = std::make_unique<Sleep>();
    const auto wish_s = connect->session_expiry_s();
    set_up(session, *connect, std::move(admission.principal), hub);
    auto stored = co_await make_known(&hub, number);

    Session* there = hub.find(number);  // an operator may have ended it meanwhile
    // Nor was it asked whether its credential still holds, as it was nobody's connection yet.
    const bool is_revoked =
        there != nullptr &&
        (!there->principal || !hub.common.gatekeeper.still_holds(*there->principal));
    if (there == nullptr || link->is_over() || !stored || is_revoked) {
        if (there != nullptr) abandon(hub, *there, !is_resumed);
        const bool is_left = hub.find(number) != nullptr;
        settle(hub, key, is_left ? number : 0);
        if (!stored) ++hub.stats.publishes_refused_store;
        if (is_revoked) {
            ++hub.stats.connects_refused_rights;
            co_return refuse(*link, mqtt::Reason::not_authorized, "its credential was revoked");
        }
        co_return refuse(*link,
                         stored ? mqtt::Reason::server_unavailable : mqtt::Reason::quota_exceeded,
                         "the session could not be stored");
    }
    auto events = accept(*link, *there, is_resumed,
                         is_id_assigned && connect->version == mqtt::Version::v5_0, wish_s);
    settle(hub, key, number);
    co_return events;
}

}  // namespace lineshaft::broker
