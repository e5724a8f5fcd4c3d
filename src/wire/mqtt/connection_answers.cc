// What the broker answers and sends: every byte towards the client is put here.
#include <algorithm>

#include "wire/mqtt/connection.h"
#include "wire/mqtt/connection_aliases.h"
#include "wire/mqtt/fields.h"
#include "wire/mqtt/publish_writer.h"

namespace lineshaft::mqtt {
namespace {

void add(Properties& properties, const Explanation& why) {
    constexpr std::size_t text_bytes_max = 65535;  // longer has no wire form, and is left out
    if (!why.reason_string.empty() && why.reason_string.size() <= text_bytes_max) {
        properties.add(PropertyId::reason_string, why.reason_string);
    }
    for (const auto& [name, value] : why.user) {
        if (std::max(name.size(), value.size()) <= text_bytes_max) properties.add_user(name, value);
    }
}

void drop_explanation(Properties& properties) {
    properties.remove(PropertyId::reason_string);
    properties.remove(PropertyId::user_property);
}

void tell_offers(const Capabilities& offers, Properties& properties) {
    if (offers.qos_max != Qos::exactly_once) {
        properties.add(PropertyId::maximum_qos, static_cast<std::uint32_t>(offers.qos_max));
    }
    if (!offers.retain) properties.add(PropertyId::retain_available, 0);
    if (!offers.wildcard_subscriptions) {
        properties.add(PropertyId::wildcard_subscription_available, 0);
    }
    if (!offers.subscription_identifiers) {
        properties.add(PropertyId::subscription_identifier_available, 0);
    }
    if (!offers.shared_subscriptions) {
        properties.add(PropertyId::shared_subscription_available, 0);
    }
}

}  // namespace

// ---- CONNACK ---------------------------------------------------------------------------------

Properties Connection::connack_properties(Accept& answer) const {
    Properties properties;
    if (version_ != Version::v5_0) return properties;
    if (answer.session_expiry_s) {
        properties.add(PropertyId::session_expiry_interval, *answer.session_expiry_s);
    }
    if (limits_->receive_maximum != 65535) {
        properties.add(PropertyId::receive_maximum, limits_->receive_maximum);
    }
    if (limits_->packet_bytes_max < remaining_length_max + 5) {
        properties.add(PropertyId::maximum_packet_size,
                       static_cast<std::uint32_t>(limits_->packet_bytes_max));
    }
    if (limits_->inbound_aliases_max != 0) {
        properties.add(PropertyId::topic_alias_maximum, limits_->inbound_aliases_max);
    }
    if (!answer.assigned_client_id.empty()) {
        properties.add(PropertyId::assigned_client_identifier,
                       std::move(answer.assigned_client_id));
    }
    if (keep_alive_overridden_) properties.add(PropertyId::server_keep_alive, keep_alive_s_);
    if (response_information_ && !answer.response_information.empty()) {
        properties.add(PropertyId::response_information, std::move(answer.response_information));
    }
    tell_offers(limits_->offers, properties);
    for (const Property& property : answer.extra.list()) properties.add(property);
    return properties;
}

std::vector<Event> Connection::accept(Accept answer) {
    std::vector<Event> events;
    if (phase_ != Phase::deciding) return events;
    if (answer.session_expiry_s) session_expiry_s_ = *answer.session_expiry_s;
    phase_ = Phase::open;
    for (const std::uint16_t packet_id : answer.session.inbound_qos2) {
        if (packet_id != 0) inbound_.hold(packet_id).recorded = true;
    }
    outbound_.restore(answer.session.outbound);
    const bool fits = put(Connack{.session_present = answer.session_present,
                                  .reason = Reason::success,
                                  .properties = connack_properties(answer)});
    if (!fits) {
        end({Reason::packet_too_large, "CONNACK is over the client's maximum packet size"}, events);
        return events;
    }
    for (const OutboundFlow& flow : outbound_.all()) {
        if (flow.stage == Stage::releasing) put_ack(PacketType::pubrel, flow.packet_id, {}, {});
    }
    const std::string held_back = take_input();
    take_packets(as_bytes(held_back), events);
    return events;
}

void Connection::refuse(Reason reason, const Properties& extra) {
    if (phase_ == Phase::deciding) {
        const Reason told = is_connack_reason(reason) ? reason : Reason::unspecified_error;
        Connack connack{.session_present = false, .reason = told, .properties = {}};
        if (version_ == Version::v5_0) connack.properties = extra;
        put(std::move(connack));
    }
    phase_ = Phase::closed;
    input_.reset();
}

// ---- Acknowledgements ------------------------------------------------------------------------

// Puts a packet that may lose its explanation to stay small. False: too large even so; not put.
template <class P>
bool Connection::put(P packet) {
    const std::size_t before = output_.size();
    encode(packet, version_, output_);
    if (output_.size() - before <= client_packet_bytes_max_) return true;
    output_.resize(before);
    drop_explanation(packet.properties);
    encode(packet, version_, output_);
    if (output_.size() - before <= client_packet_bytes_max_) return true;
    output_.resize(before);
    return false;
}

void Connection::put_ack(PacketType type, std::uint16_t packet_id, Reason reason,
                         const Explanation& why) {
    const bool is_5 = version_ == Version::v5_0;
    const bool explains = is_5 && problem_information_ && !why.empty();
    if (explains) {
        Ack ack{.type = type, .packet_id = packet_id, .reason = reason, .properties = {}};
        add(ack.properties, why);
        put(std::move(ack));
        return;
    }
    const bool says_reason = is_5 && reason != Reason::success;
    const unsigned flags = type == PacketType::pubrel ? 2 : 0;
    output_.push_back(static_cast<char>(static_cast<unsigned>(type) << 4 | flags));
    output_.push_back(says_reason ? 3 : 2);
    put_u16(packet_id, output_);
    if (says_reason) output_.push_back(static_cast<char>(reason));
}

void Connection::puback(std::uint16_t packet_id, Reason reason, const Explanation& why) {
    if (phase_ != Phase::open) return;
    if (version_ != Version::v5_0 && is_error(reason)) return disconnect(reason);
    if (unanswered_ > 0) --unanswered_;
    if (owed_ > 0) --owed_;
    put_ack(PacketType::puback, packet_id, reason, why);
}

void Connection::pubrec(std::uint16_t packet_id, Reason reason, const Explanation& why) {
    if (phase_ != Phase::open) return;
    InboundFlows::Flow* flow = inbound_.find(packet_id);
    if (flow == nullptr || flow->recorded) return;
    if (owed_ > 0) --owed_;
    if (is_error(reason)) {
        if (flow->counted && unanswered_ > 0) --unanswered_;
        inbound_.forget(packet_id);
        if (version_ != Version::v5_0) return disconnect(reason);
    } else {
        flow->recorded = true;
    }
    put_ack(PacketType::pubrec, packet_id, reason, why);
}

void Connection::pubcomp(std::uint16_t packet_id) {
    if (phase_ != Phase::open) return;
    const InboundFlows::Flow* flow = inbound_.find(packet_id);
    if (flow == nullptr || !flow->releasing) return;
    if (owed_ > 0) --owed_;
    if (flow->counted && unanswered_ > 0) --unanswered_;
    inbound_.forget(packet_id);
    put_ack(PacketType::pubcomp, packet_id, Reason::success, {});
}

void Connection::put_suback(PacketType type, std::uint16_t packet_id,
                            std::span<const Reason> reasons, const Explanation& why) {
    if (phase_ != Phase::open) return;
    Suback suback{.type = type,
                  .packet_id = packet_id,
                  .reasons = {reasons.begin(), reasons.end()},
                  .properties = {}};
    if (version_ == Version::v5_0 && problem_information_) add(suback.properties, why);
    if (!put(std::move(suback))) disconnect(Reason::packet_too_large);
}

void Connection::suback(std::uint16_t packet_id, std::span<const Reason> reasons,
                        const Explanation& why) {
    put_suback(PacketType::suback, packet_id, reasons, why);
}

void Connection::unsuback(std::uint16_t packet_id, std::span<const Reason> reasons,
                          const Explanation& why) {
    put_suback(PacketType::unsuback, packet_id, reasons, why);
}

// ---- PUBLISH towards the client --------------------------------------------------------------

Sent Connection::put_publish(const MessageView& message, const Delivery& how, Qos qos,
                             std::uint16_t packet_id) {
    PublishHeader header{.qos = qos,
                         .dup = how.dup && qos != Qos::at_most_once,
                         .retain = how.retain,
                         .topic_is_known = false,
                         .packet_id = packet_id,
                         .topic_alias = {},
                         .expiry_s = how.expiry_s,
                         .subscription_ids = how.subscription_ids};
    // An alias costs three bytes, so shorter topics gain nothing.
    const bool may_alias = client_alias_maximum_ != 0 && message.topic.size() > 3;
    bool new_alias = false;
    if (may_alias) {
        if (!aliases_) aliases_ = std::make_unique<Aliases>();
        const auto& known = aliases_->outbound;
        if (const auto at = known.find(message.topic); at != known.end()) {
            header.topic_alias = at->second;
            header.topic_is_known = true;
        } else if (known.size() < client_alias_maximum_) {
            header.topic_alias = static_cast<std::uint16_t>(known.size() + 1);
            new_alias = true;
        }
    }
    PublishSize size = measure(header, message, version_);
    if (new_alias && size.packet > client_packet_bytes_max_) {
        header.topic_alias.reset();
        new_alias = false;
        size = measure(header, message, version_);
    }
    if (size.packet > client_packet_bytes_max_ || size.remaining > remaining_length_max) {
        return Sent::too_large;
    }
    if (new_alias) aliases_->outbound.emplace(message.topic, *header.topic_alias);
    append_publish(header, message, version_, size, output_);
    return Sent::sent;
}

Sent Connection::publish(const MessageView& message, const Delivery& how) {
    if (phase_ != Phase::open) return Sent::closed;
    return put_publish(message, how, Qos::at_most_once, 0);
}

std::size_t Connection::room() const {
    if (phase_ != Phase::open) return 0;
    const std::size_t in_use = outbound_.counted() + outbound_.resumed_unsent();
    const std::size_t quota =
        client_receive_maximum_ > in_use ? client_receive_maximum_ - in_use : 0;
    const std::size_t ours =
        limits_->inflight_max > outbound_.size() ? limits_->inflight_max - outbound_.size() : 0;
    return std::min(quota, ours);
}

std::optional<std::uint16_t> Connection::assign(Qos qos, std::uint64_t token) {
    if (qos == Qos::at_most_once || room() == 0) return std::nullopt;
    return outbound_.assign(qos, token);
}

Sent Connection::send(std::uint16_t packet_id, const MessageView& message, const Delivery& how) {
    if (phase_ != Phase::open) return Sent::closed;
    OutboundFlows::Flow* flow = outbound_.find(packet_id);
    if (flow == nullptr || flow->stage != Stage::assigned) return Sent::unknown_id;
    if (!flow->counted && outbound_.counted() >= client_receive_maximum_) return Sent::no_room;
    const Sent outcome = put_publish(message, how, flow->qos, packet_id);
    if (outcome == Sent::too_large) {
        outbound_.forget(packet_id);
        return outcome;
    }
    outbound_.count(*flow);
    flow->stage = Stage::sent;
    return outcome;
}

void Connection::release(std::uint16_t packet_id) {
    if (phase_ != Phase::open) return;
    OutboundFlows::Flow* flow = outbound_.find(packet_id);
    if (flow == nullptr || flow->stage != Stage::received) return;
    flow->stage = Stage::releasing;
    put_ack(PacketType::pubrel, packet_id, Reason::success, {});
}

void Connection::abandon(std::uint16_t packet_id) {
    const OutboundFlows::Flow* flow = outbound_.find(packet_id);
    if (flow != nullptr && flow->stage == Stage::assigned) outbound_.forget(packet_id);
}

// ---- The end ---------------------------------------------------------------------------------

void Connection::disconnect(Reason reason, const Explanation& why,
                            std::string_view server_reference) {
    if (phase_ == Phase::deciding) {
        Properties extra;
        add(extra, why);
        if (!server_reference.empty()) {
            extra.add(PropertyId::server_reference, std::string(server_reference));
        }
        return refuse(reason, extra);
    }
    if (phase_ == Phase::open && version_ == Version::v5_0) {
        Disconnect bye{.reason = reason, .properties = {}};
        if (!server_reference.empty()) {
            bye.properties.add(PropertyId::server_reference, std::string(server_reference));
        }
        add(bye.properties, why);
        put(std::move(bye));
    }
    phase_ = Phase::closed;
    input_.reset();
}

SessionState Connection::session() const {
    SessionState state;
    state.inbound_qos2.reserve(inbound_.size());
    for (const InboundFlows::Flow& flow : inbound_.all()) {
        state.inbound_qos2.push_back(flow.packet_id);
    }
    state.outbound = outbound_.all();
    return state;
}

std::string Connection::take_output(std::string spare) {
    spare.clear();
    output_.swap(spare);
    return spare;
}

}  // namespace lineshaft::mqtt
