// What the client sends: framing, the rules that need memory, and events for the broker.
#include "wire/mqtt/connection.h"

#include <algorithm>

#include "base/check.h"
#include "wire/mqtt/connection_aliases.h"
#include "wire/mqtt/fields.h"

namespace lineshaft::mqtt {

static_assert(sizeof(Connection) <= 128, "15,000 idle clients are the normal case");

Connection::Connection(const Limits& limits) : limits_(&limits) {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

namespace {

// Which packet types only a server sends (bug 6).
bool is_from_server(PacketType type) {
    return type == PacketType::connack || type == PacketType::suback ||
           type == PacketType::unsuback || type == PacketType::pingresp;
}

}  // namespace

std::size_t Connection::packet_bytes_max() const {
    return phase_ == Phase::open ? limits_->packet_bytes_max
                                 : limits_->packet_bytes_before_accept_max;
}

bool Connection::wants_input() const {
    if (phase_ == Phase::awaiting_connect) return true;
    if (phase_ != Phase::open) return false;
    return version_ == Version::v5_0 || owed_ < limits_->receive_maximum;
}

std::optional<std::chrono::milliseconds> Connection::silence_max() const {
    if (phase_ != Phase::open) return limits_->connect_timeout;
    if (keep_alive_s_ == 0) return std::nullopt;
    return std::chrono::milliseconds(keep_alive_s_ * 1500LL);
}

std::vector<Event> Connection::receive(Bytes any_split) {
    std::vector<Event> events;
    if (phase_ == Phase::closed || any_split.empty()) return events;
    if (phase_ == Phase::deciding) {
        const std::size_t held = input_ ? input_->size() : 0;
        if (held + any_split.size() > limits_->packet_bytes_before_accept_max) {
            end({Reason::packet_too_large, "too much sent before CONNACK"}, events);
            return events;
        }
        if (!input_) input_ = std::make_unique<std::string>();
        input_->append(as_text(any_split));
        return events;
    }
    if (!input_) {
        take_packets(any_split, events);
        return events;
    }
    std::string stream = take_input();
    stream.append(as_text(any_split));
    take_packets(as_bytes(stream), events);
    return events;
}

// Takes whole packets from the front and keeps the rest in input_.
void Connection::take_packets(Bytes stream, std::vector<Event>& events) {
    while (!stream.empty() && (phase_ == Phase::awaiting_connect || phase_ == Phase::open)) {
        const auto type = static_cast<PacketType>(std::to_integer<unsigned>(stream[0]) >> 4);
        if ((phase_ == Phase::awaiting_connect) != (type == PacketType::connect)) {
            return end({Reason::protocol_error, phase_ == Phase::open
                                                    ? "second CONNECT [MQTT-3.1.0-2]"
                                                    : "not CONNECT first [MQTT-3.1.0-1]"},
                       events);
        }
        if (is_from_server(type)) {
            return end({Reason::protocol_error, "packet that only a server sends"}, events);
        }
        const auto frame = next_frame(stream, packet_bytes_max());
        if (!frame) return end(frame.error(), events);
        if (!*frame) break;
        take_frame(**frame, events);
        stream = stream.subspan((*frame)->size_bytes);
    }
    if (phase_ == Phase::closed) return;
    if (phase_ == Phase::deciding && stream.size() > limits_->packet_bytes_before_accept_max) {
        return end({Reason::packet_too_large, "too much sent before CONNACK"}, events);
    }
    if (!stream.empty()) input_ = std::make_unique<std::string>(as_text(stream));
}

std::string Connection::take_input() {
    const auto held = std::exchange(input_, nullptr);
    return held ? std::move(*held) : std::string();
}

void Connection::take_frame(const Frame& frame, std::vector<Event>& events) {
    auto packet = decode(frame, version_, limits_->packet);
    if (!packet) {
        if (phase_ == Phase::awaiting_connect)
            return refuse_undecoded(frame, packet.error(), events);
        return end(packet.error(), events);
    }
    if (auto* publish = std::get_if<PublishView>(&*packet)) return take(*publish, events);
    if (auto* ack = std::get_if<Ack>(&*packet)) return take(*ack, events);
    if (auto* connect = std::get_if<Connect>(&*packet)) return take(std::move(*connect), events);
    if (auto* bye = std::get_if<Disconnect>(&*packet)) return take(std::move(*bye), events);
    if (std::holds_alternative<Pingreq>(*packet)) return encode(Pingresp{}, version_, output_);
    if (auto* subscribe = std::get_if<Subscribe>(&*packet)) {
        if (subscribe->subscription_id() != 0 && !limits_->offers.subscription_identifiers) {
            return end({Reason::subscription_identifiers_not_supported,
                        "subscription identifier although not offered [MQTT-3.2.2.3.12]"},
                       events);
        }
        events.emplace_back(SubscribeReceived{std::move(*subscribe)});
        return;
    }
    if (auto* unsubscribe = std::get_if<Unsubscribe>(&*packet)) {
        events.emplace_back(UnsubscribeReceived{std::move(*unsubscribe)});
        return;
    }
    // AUTH: no CONNECT with an authentication method gets this far (4.12).
    end({Reason::protocol_error, "AUTH without an authentication method [MQTT-4.12.0-6]"}, events);
}

// ---- CONNECT ---------------------------------------------------------------------------------

// 5.0 is told what is wrong; 3.1.1 has a code for an unknown level only, and is just closed else.
void Connection::refuse_undecoded(const Frame& frame, const Fault& fault,
                                  std::vector<Event>& events) {
    const auto answer_in = version_to_refuse_in(frame);
    const bool says_version = fault.reason == Reason::unsupported_protocol_version;
    if (answer_in && (*answer_in == Version::v5_0 || says_version)) {
        version_ = *answer_in;
        phase_ = Phase::deciding;
        refuse(fault.reason);
    }
    phase_ = Phase::closed;
    events.emplace_back(Close{fault.reason, fault.why});
}

// A rule of CONNECT that decoding does not know, because it depends on what we offer.
std::optional<Fault> Connection::reason_to_refuse(const Connect& connect) const {
    if (connect.client_id.size() > limits_->client_id_bytes_max) {
        return Fault{Reason::client_identifier_not_valid, "client identifier is too long"};
    }
    if (connect.version == Version::v3_1_1 && connect.client_id.empty() && !connect.clean_start) {
        return Fault{Reason::client_identifier_not_valid,
                     "no client identifier without clean session [3.1.1 MQTT-3.1.3-8]"};
    }
    if (connect.properties.text(PropertyId::authentication_method)) {
        return Fault{Reason::bad_authentication_method, "enhanced authentication is not offered"};
    }
    if (connect.will && connect.will->qos > limits_->offers.qos_max) {
        return Fault{Reason::qos_not_supported, "will QoS over the maximum [MQTT-3.2.2-12]"};
    }
    if (connect.will && connect.will->retain && !limits_->offers.retain) {
        return Fault{Reason::retain_not_supported, "retained will [MQTT-3.2.2-13]"};
    }
    return std::nullopt;
}

void Connection::take(Connect&& connect, std::vector<Event>& events) {
    version_ = connect.version;
    client_packet_bytes_max_ = connect.packet_bytes_max();
    client_receive_maximum_ = connect.receive_maximum();
    client_alias_maximum_ = std::min(connect.topic_alias_maximum(), limits_->outbound_aliases_max);
    problem_information_ = connect.wants_problem_information();
    response_information_ = connect.wants_response_information();
    session_expiry_s_ = connect.session_expiry_s();
    const auto max_s = static_cast<std::uint16_t>(
        std::clamp<std::int64_t>(limits_->keep_alive_max.count(), 0, 65535));
    keep_alive_overridden_ =
        max_s != 0 && (connect.keep_alive_s == 0 || connect.keep_alive_s > max_s);
    keep_alive_s_ = keep_alive_overridden_ ? max_s : connect.keep_alive_s;
    phase_ = Phase::deciding;
    if (const auto refusal = reason_to_refuse(connect)) {
        refuse(refusal->reason);
        events.emplace_back(Close{refusal->reason, refusal->why});
        return;
    }
    events.emplace_back(ConnectReceived{std::make_unique<Connect>(std::move(connect))});
}

// ---- PUBLISH ---------------------------------------------------------------------------------

// The topic of a PUBLISH, its alias stored or looked up (3.3.2.3.4).
Decoded<std::string_view> Connection::resolve_alias(const PublishView& publish) {
    const std::string_view topic = publish.message.topic;
    if (!publish.topic_alias) return topic;
    const std::size_t alias = *publish.topic_alias;
    if (alias == 0 || alias > limits_->inbound_aliases_max) {
        return fault(Reason::topic_alias_invalid, "topic alias 0 or over the maximum");
    }
    if (!aliases_) aliases_ = std::make_unique<Aliases>();
    auto& known = aliases_->inbound;
    if (topic.empty()) {
        if (alias > known.size() || known[alias - 1].empty()) {
            return violation("topic alias was never set");
        }
        return std::string_view(known[alias - 1]);
    }
    if (known.size() < alias) known.resize(alias);
    known[alias - 1] = topic;
    return topic;
}

// Duplicates and quota. True: the message is new.
Decoded<bool> Connection::admit(const PublishView& publish) {
    if (publish.qos == Qos::at_most_once) return true;
    bool is_new = true;
    InboundFlows::Flow* flow = nullptr;
    if (publish.qos == Qos::exactly_once) {
        flow = inbound_.find(publish.packet_id);
        is_new = flow == nullptr;
        if (flow != nullptr && flow->releasing) {
            return violation("packet identifier used again before PUBCOMP [MQTT-2.2.1-3]");
        }
        if (flow == nullptr) {
            if (inbound_.size() >= limits_->inbound_held_max) {
                return fault(Reason::quota_exceeded, "too many QoS 2 identifiers held");
            }
            flow = &inbound_.hold(publish.packet_id);
        }
        if (!is_new && flow->recorded) put_ack(PacketType::pubrec, publish.packet_id, {}, {});
        if (flow->counted) return is_new;
        flow->counted = true;
    }
    ++unanswered_;
    if (version_ == Version::v5_0 && unanswered_ > limits_->receive_maximum) {
        // The message was not taken, so the session must not hold its identifier.
        if (flow != nullptr && is_new) inbound_.forget(publish.packet_id);
        return fault(Reason::receive_maximum_exceeded, "more than receive maximum [MQTT-3.3.4-9]");
    }
    return is_new;
}

void Connection::take(const PublishView& publish, std::vector<Event>& events) {
    if (publish.qos > limits_->offers.qos_max) {
        return end({Reason::qos_not_supported, "QoS over the maximum [MQTT-3.2.2-11]"}, events);
    }
    if (publish.retain && !limits_->offers.retain) {
        return end({Reason::retain_not_supported, "retain is not offered [MQTT-3.2.2-14]"}, events);
    }
    if (!publish.subscription_ids.empty()) {
        return end({Reason::protocol_error, "subscription identifier from a client [MQTT-3.3.4-6]"},
                   events);
    }
    const auto topic = resolve_alias(publish);
    if (!topic) return end(topic.error(), events);
    const auto is_new = admit(publish);
    if (!is_new) return end(is_new.error(), events);
    if (!*is_new) return;
    if (publish.qos != Qos::at_most_once) ++owed_;

    PublishReceived event;
    if (publish.topic_alias || publish.expiry_s) {
        std::string forwarded;
        append_forwarded(publish.message.properties, forwarded);
        event.message = Message(*topic, publish.message.payload, forwarded);
    } else {
        event.message = Message(*topic, publish.message.payload, publish.message.properties);
    }
    event.expiry_s = publish.expiry_s;
    event.qos = publish.qos;
    event.retain = publish.retain;
    event.dup = publish.dup;
    event.packet_id = publish.packet_id;
    events.emplace_back(std::move(event));
}

// ---- Acknowledgements ------------------------------------------------------------------------

// Acknowledgements of unknown ids are not an error: the flow may have ended with an earlier
// connection. Those of the wrong kind are.
void Connection::take(const Ack& ack, std::vector<Event>& events) {
    if (ack.type == PacketType::pubrel) return take_pubrel(ack, events);
    OutboundFlows::Flow* flow = outbound_.find(ack.packet_id);
    if (flow == nullptr) {
        if (ack.type == PacketType::pubrec) {
            put_ack(PacketType::pubrel, ack.packet_id, Reason::packet_identifier_not_found, {});
        }
        return;
    }
    if ((ack.type == PacketType::puback) != (flow->qos == Qos::at_least_once)) {
        return end({Reason::protocol_error, "acknowledgement of the wrong QoS"}, events);
    }
    if (flow->stage == Stage::assigned) return;  // not sent on this connection: it will be
    if (ack.type == PacketType::pubrec) return take_pubrec(ack, *flow, events);
    if (ack.type == PacketType::pubcomp && flow->stage != Stage::releasing) {
        return end({Reason::protocol_error, "PUBCOMP before PUBREL"}, events);
    }
    const bool failed = ack.type == PacketType::puback && is_error(ack.reason);
    events.emplace_back(Acked{flow->token, ack.packet_id, failed ? ack.reason : Reason::success});
    outbound_.forget(ack.packet_id);
}

void Connection::take_pubrec(const Ack& ack, OutboundFlows::Flow& flow,
                             std::vector<Event>& events) {
    if (flow.stage == Stage::received) return;  // PUBREL follows when the broker is ready
    if (flow.stage == Stage::releasing) {
        return put_ack(PacketType::pubrel, ack.packet_id, Reason::success, {});
    }
    if (is_error(ack.reason)) {
        events.emplace_back(Acked{flow.token, ack.packet_id, ack.reason});
        outbound_.forget(ack.packet_id);
        return;
    }
    flow.stage = Stage::received;
    events.emplace_back(Received{flow.token, ack.packet_id});
}

void Connection::take_pubrel(const Ack& ack, std::vector<Event>& events) {
    InboundFlows::Flow* flow = inbound_.find(ack.packet_id);
    if (flow == nullptr) {
        return put_ack(PacketType::pubcomp, ack.packet_id, Reason::packet_identifier_not_found, {});
    }
    if (!flow->recorded) {
        return end({Reason::protocol_error, "PUBREL before PUBREC"}, events);
    }
    if (flow->releasing) return;
    flow->releasing = true;
    ++owed_;
    events.emplace_back(ReleaseReceived{ack.packet_id});
}

// ---- The end ---------------------------------------------------------------------------------

void Connection::take(Disconnect&& bye, std::vector<Event>& events) {
    const auto expiry_s = bye.properties.number(PropertyId::session_expiry_interval);
    if (expiry_s && *expiry_s != 0 && session_expiry_s_ == 0) {
        return end({Reason::protocol_error, "session expiry raised from 0 (3.14.2.2.2)"}, events);
    }
    if (bye.properties.text(PropertyId::server_reference)) {
        return end({Reason::protocol_error, "server reference from a client"}, events);
    }
    phase_ = Phase::closed;
    events.emplace_back(Disconnected{bye.reason, bye.reason != Reason::success, expiry_s});
}

void Connection::end(const Fault& fault, std::vector<Event>& events) {
    if (phase_ == Phase::open) {
        Explanation why;
        if (problem_information_) why.reason_string = fault.why;
        disconnect(fault.reason, why);
    }
    phase_ = Phase::closed;
    input_.reset();
    events.emplace_back(Close{fault.reason, fault.why});
}

}  // namespace lineshaft::mqtt
