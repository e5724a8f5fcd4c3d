#include "wire/sparkplug/session.h"

#include <algorithm>

namespace lineshaft::sparkplug {
namespace {

std::optional<std::uint64_t> bd_seq_in(const Payload& payload) {
    for (const Metric& metric : payload.metrics) {
        if (metric.name != bd_seq_metric || metric.is_null) continue;
        if (const auto* wide = std::get_if<std::uint64_t>(&metric.value)) return *wide;
        if (const auto* narrow = std::get_if<std::uint32_t>(&metric.value)) return *narrow;
    }
    return std::nullopt;
}

// Encoders of protobuf 3 leave a zero out, so an absent number is read as 0.
std::optional<std::uint8_t> seq_in(const Payload& payload) {
    const std::uint64_t seq = payload.seq.value_or(0);
    if (seq > 255) return std::nullopt;
    return static_cast<std::uint8_t>(seq);
}

// As Birth::find and find_alias would say.
bool names(const Metric& metric, const Definition& definition) {
    if (!metric.name.empty()) return metric.name == definition.name;
    return metric.alias && metric.alias == definition.alias;
}

}  // namespace

const EdgeSession::Machine* EdgeSession::find(std::string_view device) const {
    if (device.empty()) return node_.birth ? &node_ : nullptr;
    const auto at = devices_.find(device);
    return at == devices_.end() ? nullptr : &at->second;
}

std::optional<Instant> EdgeSession::due() const {
    std::optional<Instant> due;
    if (!held_.empty()) due = held_until_;
    if (rebirth_pending_ && (!due || rebirth_allowed_ < *due)) due = rebirth_allowed_;
    return due;
}

void EdgeSession::tick(Turn& turn) {
    if (!held_.empty() && held_until_ <= turn.now) {
        give_up(turn);
        want_rebirth(RebirthCause::gap, turn);
    }
    if (rebirth_pending_ && rebirth_allowed_ <= turn.now) want_rebirth(*rebirth_pending_, turn);
}

void EdgeSession::want_rebirth(RebirthCause cause, Turn& turn) {
    if (turn.now < rebirth_allowed_) {
        if (!rebirth_pending_) rebirth_pending_ = cause;
        return;
    }
    rebirth_pending_.reset();
    rebirth_allowed_ = turn.now + turn.limits.rebirth_interval;
    ++turn.counters.rebirths_wanted;
    turn.events.push_back(RebirthWanted{key_, cause, rebirth_command(key_, turn.now)});
}

void EdgeSession::receive(const Message& message, Turn& turn) {
    switch (message.topic.type) {
        case MessageType::nbirth: return on_node_birth(message, turn);
        case MessageType::ndeath: return on_node_death(message, turn);
        default: return on_numbered(message, turn);
    }
}

void EdgeSession::on_node_birth(const Message& message, Turn& turn) {
    const auto seq = seq_in(message.payload);
    if (!seq) return report_malformed(message, "seq is over 255", turn);
    if (!held_.empty()) give_up(turn);  // They were sent before this birth.
    auto read = read_birth(message, node_.birth, turn);
    if (!read) return report_malformed(message, read.error().context, turn);

    const auto bd_seq = bd_seq_in(message.payload);
    const bool again = node_.online;
    if (again && bd_seq != bd_seq_) bury_devices(DeathCause::new_session, false, turn);
    for (auto& [device, machine] : devices_) {
        machine.reborn = !machine.online;
        awaits_devices_ = awaits_devices_ || machine.online;
    }
    node_ = Machine{read->birth, time_of(message), true, true};
    bd_seq_ = bd_seq;
    expected_ = static_cast<std::uint8_t>(*seq + 1);
    rebirth_pending_.reset();
    ++turn.counters.births;
    turn.counters.samples += read->samples.size();
    turn.events.push_back(
        Born{key_, std::move(read->birth), again, node_.born_at, std::move(read->samples)});
}

void EdgeSession::on_node_death(const Message& message, Turn& turn) {
    const auto bd_seq = bd_seq_in(message.payload);
    if (!bd_seq) return report_malformed(message, "a node's death carries no bdSeq", turn);
    if (!node_.online || (bd_seq_ && *bd_seq != *bd_seq_)) {
        ++turn.counters.stale_deaths;
        return;
    }
    if (!held_.empty()) give_up(turn);
    bury_devices(DeathCause::node_died, false, turn);
    bury("", node_, DeathCause::certificate, message.received, turn);
    rebirth_pending_.reset();
}

void EdgeSession::on_numbered(const Message& message, Turn& turn) {
    if (!node_.online) {
        turn.counters.unresolved_metrics += message.payload.metrics.size();
        return want_rebirth(RebirthCause::unborn, turn);
    }
    const auto seq = seq_in(message.payload);
    if (!seq) return report_malformed(message, "seq is over 255", turn);
    const auto ahead = static_cast<std::uint8_t>(*seq - expected_);
    if (ahead >= 128) {
        apply_late(message, turn);
        return want_rebirth(RebirthCause::gap, turn);
    }
    if (ahead > 0) return hold(message, *seq, turn);
    ++expected_;
    apply(message, turn);
    drain(turn);
}

void EdgeSession::hold(const Message& message, std::uint8_t seq, Turn& turn) {
    const auto distance = [this](const Held& held) {
        return static_cast<std::uint8_t>(held.seq - expected_);
    };
    const auto ahead = static_cast<std::uint8_t>(seq - expected_);
    const auto at = std::ranges::lower_bound(held_, ahead, {}, distance);
    if (at != held_.end() && at->seq == seq) return apply_late(message, turn);

    const std::size_t bytes = message.encoded.size();
    if (held_.size() >= turn.limits.reorder_messages_max ||
        bytes > turn.limits.reorder_bytes_max - held_bytes_) {
        // The window is full: what is held goes first if it is older, then this one.
        std::vector<Held> younger(std::make_move_iterator(at),
                                  std::make_move_iterator(held_.end()));
        held_.erase(at, held_.end());
        give_up(turn);
        skip_to(seq, turn);
        apply(message, turn);
        held_ = std::move(younger);
        give_up(turn);
        return want_rebirth(RebirthCause::gap, turn);
    }
    if (held_.empty()) held_until_ = turn.now + turn.limits.reorder_timeout;
    held_bytes_ += bytes;
    ++turn.counters.reordered;
    held_.insert(at, Held{seq, message.topic, std::string(message.topic_text),
                          std::string(as_text(message.encoded)), message.received});
}

void EdgeSession::drain(Turn& turn) {
    while (!held_.empty() && held_.front().seq == expected_) {
        Held next = std::move(held_.front());
        held_.erase(held_.begin());
        ++expected_;
        apply_held(std::move(next), turn);
    }
}

// Accepts that what lies before `seq` is lost.
void EdgeSession::skip_to(std::uint8_t seq, Turn& turn) {
    const auto missing = static_cast<std::uint8_t>(seq - expected_);
    if (missing > 0) {
        ++turn.counters.gaps;
        turn.events.push_back(Gap{key_, expected_, seq, missing});
    }
    expected_ = static_cast<std::uint8_t>(seq + 1);
}

void EdgeSession::give_up(Turn& turn) {
    std::vector<Held> held = std::move(held_);
    held_.clear();
    for (Held& next : held) {
        skip_to(next.seq, turn);
        apply_held(std::move(next), turn);
    }
}

void EdgeSession::apply_held(Held held, Turn& turn) {
    held_bytes_ -= held.encoded.size();
    Payload& payload = turn.scratch.held;
    // It was decoded once already, with the same limits.
    if (!decode(as_bytes(held.encoded), payload, turn.limits)) return;
    apply({held.topic, held.topic_text, payload, as_bytes(held.encoded), held.received}, turn);
}

void EdgeSession::apply(const Message& message, Turn& turn) {
    switch (message.topic.type) {
        case MessageType::dbirth: return on_device_birth(message, turn);
        case MessageType::ddeath: return on_device_death(message, turn);
        default: break;
    }
    // Births come before data [tck-id-payloads-ddata-order]: a device still missing is gone.
    if (awaits_devices_) bury_devices(DeathCause::not_reborn, true, turn);
    on_data(message, turn);
}

// A message from behind the sequence. Data is as good as ever; births and deaths may be outdated.
void EdgeSession::apply_late(const Message& message, Turn& turn) {
    ++turn.counters.late;
    if (message.topic.type == MessageType::ddata || message.topic.type == MessageType::ndata) {
        return on_data(message, turn);
    }
    const Machine* machine = find(message.topic.machine.device);
    if (machine != nullptr && machine->online && time_of(message) < machine->born_at) return;
    apply(message, turn);
}

void EdgeSession::on_device_birth(const Message& message, Turn& turn) {
    const std::string& device = message.topic.machine.device;
    auto at = devices_.find(device);
    if (at == devices_.end() && devices_.size() >= turn.limits.devices_per_node_max) {
        return report_malformed(message, "more devices than a node may have", turn);
    }
    const auto previous = at == devices_.end() ? nullptr : at->second.birth;
    auto read = read_birth(message, previous, turn);
    if (!read) return report_malformed(message, read.error().context, turn);

    if (at == devices_.end()) at = devices_.try_emplace(device).first;
    const bool again = at->second.online;
    at->second = Machine{read->birth, time_of(message), true, true};
    ++turn.counters.births;
    turn.counters.samples += read->samples.size();
    turn.events.push_back(Born{message.topic.machine, std::move(read->birth), again,
                               at->second.born_at, std::move(read->samples)});
}

void EdgeSession::on_device_death(const Message& message, Turn& turn) {
    const auto at = devices_.find(message.topic.machine.device);
    if (at == devices_.end() || !at->second.online) return;
    bury(at->first, at->second, DeathCause::certificate, time_of(message), turn);
}

void EdgeSession::on_data(const Message& message, Turn& turn) {
    const Machine* machine = find(message.topic.machine.device);
    if (machine == nullptr || !machine->online) {
        turn.counters.unresolved_metrics += message.payload.metrics.size();
        return want_rebirth(RebirthCause::unknown_device, turn);
    }
    const Birth& birth = *machine->birth;
    const auto& metrics = birth.metrics();
    Samples out{message.topic.machine, machine->birth, {}};
    out.samples.reserve(message.payload.metrics.size());
    const Instant at = time_of(message);
    bool all_known = true;
    std::uint32_t next = 0;  // metrics mostly come in the order of their birth
    for (const Metric& metric : message.payload.metrics) {
        const auto index = next < metrics.size() && names(metric, metrics[next])
                               ? std::optional(next)
                           : !metric.name.empty() ? birth.find(metric.name)
                           : metric.alias         ? birth.find_alias(*metric.alias)
                                                  : std::nullopt;
        if (!index) {
            ++turn.counters.unresolved_metrics;
            all_known = false;
            continue;
        }
        next = *index + 1 < metrics.size() ? *index + 1 : 0;
        Sample& into = out.samples.emplace_back();
        if (read_plain(metric, metrics[*index], *index, at, into)) continue;
        auto sample = read_sample(message, metric, metrics[*index], *index);
        if (sample) {
            into = *std::move(sample);
        } else {
            out.samples.pop_back();
            report_malformed(message, sample.error().context, turn);
        }
    }
    turn.counters.samples += out.samples.size();
    if (!out.samples.empty()) turn.events.push_back(std::move(out));
    if (!all_known) want_rebirth(RebirthCause::unknown_metric, turn);
}

void EdgeSession::bury(const std::string& device, Machine& machine, DeathCause cause, Instant at,
                       Turn& turn) {
    machine.online = false;
    machine.reborn = true;
    ++turn.counters.deaths;
    turn.events.push_back(Died{{key_.group, key_.node, device}, machine.birth, cause, at});
}

void EdgeSession::bury_devices(DeathCause cause, bool only_not_reborn, Turn& turn) {
    awaits_devices_ = false;
    for (auto& [device, machine] : devices_) {
        if (!machine.online || (only_not_reborn && machine.reborn)) continue;
        bury(device, machine, cause, turn.now, turn);
    }
}

}  // namespace lineshaft::sparkplug
