#include "wire/mqtt/client.h"

#include <algorithm>
#include <utility>

namespace lineshaft::mqtt {

Client::Client(ClientLimits limits, bool acknowledge_automatically)
    : limits_(limits), automatic_(acknowledge_automatically) {}

// ---- Calls -----------------------------------------------------------------------------------

void Client::connect(Connect connect) {
    if (connect.version == Version::v5_0) {
        auto& properties = connect.properties;
        if (!properties.number(PropertyId::maximum_packet_size)) {
            properties.add(PropertyId::maximum_packet_size,
                           static_cast<std::uint32_t>(limits_.packet_bytes_max));
        }
        if (limits_.inbound_aliases_max != 0 &&
            !properties.number(PropertyId::topic_alias_maximum)) {
            properties.add(PropertyId::topic_alias_maximum, limits_.inbound_aliases_max);
        }
    }
    if (connect.clean_start) held_.clear();
    connect_ = std::move(connect);
    input_.clear();
    output_.clear();
    aliases_.clear();
    requests_.clear();
    keep_alive_s_ = connect_.keep_alive_s;
    phase_ = Phase::awaiting_connack;
    encode(connect_, connect_.version, output_);
}

Result<std::uint16_t> Client::next_id() {
    if (outbound_.size() >= limits_.inflight_max || outbound_.size() + requests_.size() >= 65535) {
        return fail(Code::exhausted, "mqtt client: too many unfinished messages");
    }
    do {
        if (++next_id_ == 0) next_id_ = 1;
    } while (outbound_.contains(next_id_) || requests_.contains(next_id_));
    return next_id_;
}

Result<std::uint16_t> Client::publish(const MessageView& message, Qos qos, bool retain,
                                      std::optional<std::uint32_t> expiry_s) {
    if (phase_ == Phase::idle) return fail(Code::unavailable, "mqtt client: not connected");
    if (!is_topic_name(message.topic) || !is_mqtt_text(message.topic) ||
        !fits(message.topic, limits_.packet.topic)) {
        return fail(Code::invalid, "mqtt client: not a topic name");
    }
    if (qos == Qos::at_most_once && phase_ != Phase::open) {
        return fail(Code::unavailable, "mqtt client: QoS 0 before CONNACK");
    }
    if (phase_ == Phase::open && (qos > server_qos_max_ || (retain && !server_retains_))) {
        return fail(Code::unsupported, "mqtt client: the server does not offer this QoS or retain");
    }
    PublishView packet{.message = message,
                       .qos = qos,
                       .dup = false,
                       .retain = retain,
                       .packet_id = 0,
                       .topic_alias = {},
                       .expiry_s = expiry_s,
                       .subscription_ids = {}};
    if (encoded_size(packet, connect_.version) > server_packet_bytes_max_) {
        return fail(Code::unsupported, "mqtt client: larger than the server's maximum packet size");
    }
    if (qos == Qos::at_most_once) {
        encode(packet, connect_.version, output_);
        return std::uint16_t{0};
    }
    TRY(const auto id, next_id());
    Outbound& kept = outbound_[id];
    kept.message = Message(message.topic, message.payload, message.properties);
    kept.expiry_s = expiry_s;
    kept.qos = qos;
    kept.retain = retain;
    kept.order = next_order_++;
    waiting_.emplace(kept.order, id);
    if (phase_ == Phase::open) send_waiting();
    return id;
}

Result<std::uint16_t> Client::subscribe(std::vector<Subscription> subscriptions,
                                        Properties properties) {
    if (phase_ != Phase::open) return fail(Code::unavailable, "mqtt client: not connected");
    if (subscriptions.empty()) return fail(Code::invalid, "mqtt client: no filter");
    for (const Subscription& each : subscriptions) {
        if (!is_mqtt_text(each.filter) || each.filter.size() > 65535 ||
            !parse_filter(each.filter)) {
            return fail(Code::invalid, "mqtt client: not a topic filter: " + each.filter);
        }
    }
    TRY(const auto id, next_id());
    requests_.insert(id);
    encode(Subscribe{id, std::move(subscriptions), std::move(properties)}, connect_.version,
           output_);
    return id;
}

Result<std::uint16_t> Client::unsubscribe(std::vector<std::string> filters, Properties properties) {
    if (phase_ != Phase::open) return fail(Code::unavailable, "mqtt client: not connected");
    if (filters.empty()) return fail(Code::invalid, "mqtt client: no filter");
    for (const std::string& filter : filters) {
        if (!is_mqtt_text(filter) || filter.size() > 65535 || !parse_filter(filter)) {
            return fail(Code::invalid, "mqtt client: not a topic filter: " + filter);
        }
    }
    TRY(const auto id, next_id());
    requests_.insert(id);
    encode(Unsubscribe{id, std::move(filters), std::move(properties)}, connect_.version, output_);
    return id;
}

void Client::ping() {
    if (phase_ == Phase::open) encode(Pingreq{}, connect_.version, output_);
}

void Client::disconnect(Reason reason, Properties properties) {
    if (phase_ == Phase::open) {
        encode(Disconnect{reason, std::move(properties)}, connect_.version, output_);
    }
    lost();
}

void Client::lost() {
    phase_ = Phase::idle;
    input_.clear();
}

void Client::acknowledge(std::uint16_t packet_id, Reason reason) {
    if (phase_ != Phase::open) return;
    const bool exactly_once = held_.contains(packet_id);
    if (exactly_once && is_error(reason)) held_.erase(packet_id);
    put_ack(exactly_once ? PacketType::pubrec : PacketType::puback, packet_id, reason);
}

std::optional<std::chrono::seconds> Client::ping_after() const {
    if (keep_alive_s_ == 0) return std::nullopt;
    return std::chrono::seconds(keep_alive_s_);
}

std::string Client::take_output(std::string spare) {
    spare.clear();
    output_.swap(spare);
    return spare;
}

// ---- What the server sends -------------------------------------------------------------------

namespace {

bool is_from_client(PacketType type) {
    return type == PacketType::connect || type == PacketType::subscribe ||
           type == PacketType::unsubscribe || type == PacketType::pingreq;
}

}  // namespace

std::vector<ClientEvent> Client::receive(Bytes any_split) {
    std::vector<ClientEvent> events;
    if (phase_ == Phase::idle || any_split.empty()) return events;
    std::string held = std::exchange(input_, {});
    Bytes stream = any_split;
    if (!held.empty()) {
        held.append(as_text(any_split));
        stream = as_bytes(held);
    }
    while (!stream.empty() && phase_ != Phase::idle) {
        const auto type = static_cast<PacketType>(std::to_integer<unsigned>(stream[0]) >> 4);
        const bool expects_connack = phase_ == Phase::awaiting_connack;
        if (expects_connack != (type == PacketType::connack) || is_from_client(type)) {
            end({Reason::protocol_error, "packet out of place from the server", false, {}}, events);
            return events;
        }
        const auto frame = next_frame(stream, limits_.packet_bytes_max);
        if (!frame) {
            end({frame.error().reason, std::string(frame.error().why), false, {}}, events);
            return events;
        }
        if (!*frame) break;
        take_frame(**frame, events);
        stream = stream.subspan((*frame)->size_bytes);
    }
    if (phase_ != Phase::idle) input_.assign(as_text(stream));
    return events;
}

void Client::take_frame(const Frame& frame, std::vector<ClientEvent>& events) {
    auto packet = decode(frame, connect_.version, limits_.packet);
    if (!packet) {
        return end({packet.error().reason, std::string(packet.error().why), false, {}}, events);
    }
    if (auto* publish = std::get_if<PublishView>(&*packet)) return take(*publish, events);
    if (auto* ack = std::get_if<Ack>(&*packet)) return take(*ack, events);
    if (auto* suback = std::get_if<Suback>(&*packet)) return take(std::move(*suback), events);
    if (auto* connack = std::get_if<Connack>(&*packet)) return take(std::move(*connack), events);
    if (std::holds_alternative<Pingresp>(*packet)) {
        events.emplace_back(Ponged{});
        return;
    }
    if (auto* bye = std::get_if<Disconnect>(&*packet)) {
        const auto why = bye->properties.text(PropertyId::reason_string);
        return end({bye->reason, std::string(why.value_or("")), true, bye->properties}, events);
    }
    end({Reason::protocol_error, "AUTH without an authentication method", false, {}}, events);
}

void Client::take(Connack&& connack, std::vector<ClientEvent>& events) {
    if (is_error(connack.reason)) {
        lost();
        events.emplace_back(Connected{std::move(connack)});
        return;
    }
    const Properties& told = connack.properties;
    quota_ = told.number_or(PropertyId::receive_maximum, 65535);
    server_packet_bytes_max_ =
        told.number_or(PropertyId::maximum_packet_size, remaining_length_max + 5);
    server_qos_max_ = static_cast<Qos>(told.number_or(PropertyId::maximum_qos, 2));
    server_retains_ = told.number_or(PropertyId::retain_available, 1) != 0;
    keep_alive_s_ = static_cast<std::uint16_t>(
        told.number_or(PropertyId::server_keep_alive, connect_.keep_alive_s));
    if (const auto id = told.text(PropertyId::assigned_client_identifier)) connect_.client_id = *id;
    phase_ = Phase::open;
    resume(connack.session_present);
    events.emplace_back(Connected{std::move(connack)});
}

// After CONNACK: PUBREL for what was received, PUBLISH again for the rest, in the first order.
void Client::resume(bool session_present) {
    if (!session_present) held_.clear();
    waiting_.clear();
    for (auto& [id, kept] : outbound_) {
        kept.counted = false;
        if (session_present && kept.step == Step::releasing) {
            put_ack(PacketType::pubrel, id, Reason::success);
            continue;
        }
        kept.dup = session_present && kept.step == Step::published;
        kept.step = Step::waiting;
        waiting_.emplace(kept.order, id);
    }
    send_waiting();
}

void Client::send_waiting() {
    while (quota_ > 0 && !waiting_.empty()) {
        const auto id = waiting_.begin()->second;
        waiting_.erase(waiting_.begin());
        put_publish(id, outbound_.at(id));
    }
}

void Client::put_publish(std::uint16_t packet_id, Outbound& kept) {
    --quota_;
    kept.counted = true;
    kept.step = Step::published;
    encode(PublishView{.message = kept.message,
                       .qos = kept.qos,
                       .dup = kept.dup,
                       .retain = kept.retain,
                       .packet_id = packet_id,
                       .topic_alias = {},
                       .expiry_s = kept.expiry_s,
                       .subscription_ids = {}},
           connect_.version, output_);
}

void Client::put_ack(PacketType type, std::uint16_t packet_id, Reason reason) {
    encode(Ack{.type = type, .packet_id = packet_id, .reason = reason, .properties = {}},
           connect_.version, output_);
}

Decoded<std::string> Client::topic_of(const PublishView& publish) {
    if (!publish.topic_alias) return std::string(publish.message.topic);
    const std::size_t alias = *publish.topic_alias;
    if (alias == 0 || alias > limits_.inbound_aliases_max) {
        return fault(Reason::topic_alias_invalid, "topic alias 0 or over the maximum");
    }
    if (aliases_.size() < alias) aliases_.resize(alias);
    if (!publish.message.topic.empty()) aliases_[alias - 1] = publish.message.topic;
    if (aliases_[alias - 1].empty()) return violation("topic alias was never set");
    return aliases_[alias - 1];
}

void Client::take(const PublishView& publish, std::vector<ClientEvent>& events) {
    const auto topic = topic_of(publish);
    if (!topic) {
        return end({topic.error().reason, std::string(topic.error().why), false, {}}, events);
    }
    if (publish.qos == Qos::exactly_once && !held_.insert(publish.packet_id).second) {
        return put_ack(PacketType::pubrec, publish.packet_id, Reason::success);
    }
    std::string forwarded;
    append_forwarded(publish.message.properties, forwarded);
    events.emplace_back(Arrived{.message = Message(*topic, publish.message.payload, forwarded),
                                .expiry_s = publish.expiry_s,
                                .qos = publish.qos,
                                .retain = publish.retain,
                                .dup = publish.dup,
                                .packet_id = publish.packet_id,
                                .subscription_ids = publish.subscription_ids});
    if (automatic_ && publish.qos != Qos::at_most_once) acknowledge(publish.packet_id);
}

void Client::finish(std::uint16_t packet_id, Reason reason, std::vector<ClientEvent>& events) {
    const auto at = outbound_.find(packet_id);
    if (at == outbound_.end()) return;
    if (at->second.counted) ++quota_;
    waiting_.erase(at->second.order);
    outbound_.erase(at);
    events.emplace_back(Published{packet_id, reason});
    send_waiting();
}

void Client::take(const Ack& ack, std::vector<ClientEvent>& events) {
    if (ack.type == PacketType::pubrel) {
        held_.erase(ack.packet_id);
        return put_ack(PacketType::pubcomp, ack.packet_id, Reason::success);
    }
    const auto at = outbound_.find(ack.packet_id);
    if (ack.type == PacketType::pubrec) {
        if (at == outbound_.end()) {
            return put_ack(PacketType::pubrel, ack.packet_id, Reason::packet_identifier_not_found);
        }
        if (is_error(ack.reason)) return finish(ack.packet_id, ack.reason, events);
        at->second.step = Step::releasing;
        return put_ack(PacketType::pubrel, ack.packet_id, Reason::success);
    }
    if (at == outbound_.end()) return;
    if ((ack.type == PacketType::puback) != (at->second.qos == Qos::at_least_once)) {
        return end({Reason::protocol_error, "acknowledgement of the wrong QoS", false, {}}, events);
    }
    finish(ack.packet_id, ack.reason, events);
}

void Client::take(Suback&& suback, std::vector<ClientEvent>& events) {
    if (requests_.erase(suback.packet_id) == 0) return;
    events.emplace_back(Answered{std::move(suback)});
}

void Client::end(Ended ended, std::vector<ClientEvent>& events) {
    if (!ended.by_server && phase_ == Phase::open && connect_.version == Version::v5_0) {
        encode(Disconnect{ended.reason, {}}, connect_.version, output_);
    }
    lost();
    events.emplace_back(std::move(ended));
}

}  // namespace lineshaft::mqtt
