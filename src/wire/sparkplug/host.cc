#include "wire/sparkplug/host.h"

#include "wire/sparkplug/payload.h"
#include "wire/sparkplug/session.h"

namespace lineshaft::sparkplug {
namespace {

// The payload of a command: no seq [tck-id-payloads-ncmd-seq]. It carries the data type although
// the specification would rather not: common edge libraries cannot read the value without it.
std::string encode_command(std::string_view name, std::optional<std::uint64_t> alias, DataType type,
                           WireValue value, Instant now) {
    const auto millis = static_cast<std::uint64_t>(now.millis());
    Metric metric;
    metric.name = name;
    metric.alias = alias;
    metric.timestamp = millis;
    metric.datatype = static_cast<std::uint32_t>(type);
    metric.value = value;
    Payload payload;
    payload.timestamp = millis;
    payload.metrics.push_back(metric);
    return encode(payload);
}

}  // namespace

Publication rebirth_command(const MachineKey& node, Instant now) {
    return {format_topic(MachineTopic{MessageType::ncmd, node.of_node()}),
            encode_command(rebirth_metric, std::nullopt, DataType::boolean, true, now), 0, false};
}

HostCounters& HostCounters::operator+=(const HostCounters& other) {
    messages += other.messages;
    samples += other.samples;
    births += other.births;
    deaths += other.deaths;
    malformed += other.malformed;
    unresolved_metrics += other.unresolved_metrics;
    stale_deaths += other.stale_deaths;
    gaps += other.gaps;
    reordered += other.reordered;
    late += other.late;
    rebirths_wanted += other.rebirths_wanted;
    return *this;
}

Host::Host(Limits limits) : limits_(limits), scratch_(std::make_unique<HostScratch>()) {}
Host::~Host() = default;
Host::Host(Host&&) noexcept = default;
Host& Host::operator=(Host&&) noexcept = default;

EdgeSession* Host::session_of(const MachineKey& machine) const {
    const auto at = sessions_.find({machine.group, machine.node});
    return at == sessions_.end() ? nullptr : at->second.get();
}

EdgeSession* Host::make_session(const MachineKey& machine) {
    if (EdgeSession* known = session_of(machine)) return known;
    if (sessions_.size() >= limits_.nodes_max) return nullptr;
    auto& session = sessions_[{machine.group, machine.node}];
    session = std::make_unique<EdgeSession>(machine.of_node());
    return session.get();
}

void Host::reschedule(const EdgeSession& session, std::optional<Instant> before) {
    const auto due = session.due();
    if (due == before) return;
    const NodeKey key{session.key().group, session.key().node};
    if (before) timers_.erase({*before, key});
    if (due) timers_.insert({*due, key});
}

std::vector<Event> Host::receive(std::string_view topic, Bytes payload, Instant received) {
    std::vector<Event> events;
    const auto refuse = [&](std::string reason) {
        ++counters_.malformed;
        events.push_back(Malformed{std::string(topic), std::move(reason)});
        return std::move(events);
    };
    ++counters_.messages;
    const auto parsed = parse_topic(topic, limits_);
    if (!parsed) return refuse(parsed.error().context);
    const auto* machine = std::get_if<MachineTopic>(&*parsed);
    if (machine == nullptr || machine->type == MessageType::ncmd ||
        machine->type == MessageType::dcmd) {
        --counters_.messages;
        return events;
    }
    const auto decoded = decode(payload, scratch_->arrived, limits_);
    if (!decoded) return refuse(decoded.error().context);
    if (machine->type == MessageType::ndeath && session_of(machine->machine) == nullptr) {
        ++counters_.stale_deaths;  // The death of a node we never met makes us remember nothing.
        return events;
    }
    EdgeSession* session = make_session(machine->machine);
    if (session == nullptr) return refuse("more edge nodes than this host may follow");

    const auto before = session->due();
    Turn turn{limits_, counters_, *scratch_, events, received};
    session->receive({*machine, topic, scratch_->arrived, payload, received}, turn);
    reschedule(*session, before);
    return events;
}

std::optional<Instant> Host::due() const {
    if (timers_.empty()) return std::nullopt;
    return timers_.begin()->first;
}

std::vector<Event> Host::tick(Instant now) {
    std::vector<Event> events;
    while (!timers_.empty() && timers_.begin()->first <= now) {
        const auto [before, key] = *timers_.begin();
        EdgeSession& session = *sessions_.at(key);
        Turn turn{limits_, counters_, *scratch_, events, now};
        session.tick(turn);
        reschedule(session, before);
    }
    return events;
}

Result<std::vector<Event>> Host::want_rebirth(const MachineKey& node, Instant now) {
    EdgeSession* session = make_session(node);
    if (session == nullptr) {
        return fail(Code::exhausted, "more edge nodes than this host may follow");
    }
    std::vector<Event> events;
    const auto before = session->due();
    Turn turn{limits_, counters_, *scratch_, events, now};
    session->want_rebirth(RebirthCause::asked, turn);
    reschedule(*session, before);
    return events;
}

Result<Publication> Host::write(const MachineKey& machine, std::string_view metric,
                                const Value& value, Instant now) const {
    const EdgeSession* session = session_of(machine);
    const auto* known = session == nullptr ? nullptr : session->find(machine.device);
    if (known == nullptr) return fail(Code::not_found, machine.text() + ": never born");
    const auto index = known->birth->find(metric);
    if (!index) {
        return fail(Code::not_found, machine.text() + ": no metric " + std::string(metric));
    }
    if (!known->online) return fail(Code::unavailable, machine.text() + ": offline");
    const Definition& definition = known->birth->metrics()[*index];
    if (definition.read_only) return fail(Code::denied, definition.name + ": read-only");
    if (std::holds_alternative<std::monostate>(value)) {
        return fail(Code::invalid, definition.name + ": null cannot be written");
    }
    TRY(const WireValue wire, wire_value_of(value, definition.type));
    // Where a birth gave an alias the name stays out [tck-id-payloads-alias-data-cmd-requirement].
    const std::string_view name = definition.alias ? std::string_view{} : definition.name;
    const auto type = machine.is_node() ? MessageType::ncmd : MessageType::dcmd;
    return Publication{format_topic(MachineTopic{type, machine}),
                       encode_command(name, definition.alias, definition.type, wire, now), 0,
                       false};
}

bool Host::is_online(const MachineKey& machine) const {
    const EdgeSession* session = session_of(machine);
    const auto* known = session == nullptr ? nullptr : session->find(machine.device);
    return known != nullptr && known->online;
}

std::shared_ptr<const Birth> Host::birth_of(const MachineKey& machine) const {
    const EdgeSession* session = session_of(machine);
    const auto* known = session == nullptr ? nullptr : session->find(machine.device);
    return known == nullptr ? nullptr : known->birth;
}

bool Host::forget(const MachineKey& node) {
    const EdgeSession* session = session_of(node);
    if (session == nullptr) return false;
    const NodeKey key{node.group, node.node};
    if (const auto due = session->due()) timers_.erase({*due, key});
    return sessions_.erase(key) > 0;
}

std::size_t Host::nodes() const {
    return sessions_.size();
}

}  // namespace lineshaft::sparkplug
