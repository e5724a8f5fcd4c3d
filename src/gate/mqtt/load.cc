// What the store holds at start. Damage is named, set aside and passed over, never fatal (bug 16).
#include "gate/mqtt/load.h"

#include <set>

#include "base/log.h"
#include "gate/mqtt/hub.h"

namespace lineshaft::broker {

Loader::Loader(Common& common) : common_(common) {}

void Loader::damage(store::Family family, std::string_view key, std::string_view value,
                    std::string_view why) {
    ++loaded_.damaged;
    const std::string line = "mqtt: " + std::string(store::name_of(family)) + " key " +
                             to_hex(as_bytes(key)) + " is set aside: " + std::string(why);
    if (loaded_.damage.size() < 100) loaded_.damage.push_back(line);
    log::error("{}", line);
    set_aside_.remove(family, key);
    set_aside_.put(store::Family::mqtt_sessions,
                   damaged_key(std::string(store::name_of(family)) + '/' + std::string(key)),
                   value);
}

Result<void> Loader::run() {
    common_.run_start = common_.store.ticket();
    TRY_VOID(load_logs());
    TRY_VOID(load_sessions());
    TRY_VOID(load_retained());
    if (!set_aside_.is_empty()) {
        common_.store.submit(std::move(set_aside_), [](const Result<void>& outcome) {
            if (!outcome) log::warn("mqtt: set damaged records aside: {}", outcome.error().context);
        });
    }
    return {};
}

// Which logs there are: those of today's shards, and those of a run with more of them.
Result<void> Loader::load_logs() {
    std::set<std::uint16_t> logs;
    for (std::size_t hub = 0; hub < common_.hubs.size(); ++hub)
        logs.insert(static_cast<std::uint16_t>(hub));
    const auto cursor = common_.store.scan(store::Family::mqtt_messages, {}, {});
    while (cursor->is_valid()) {
        const auto at = parse_message_key(cursor->key());
        if (!at) {
            damage(store::Family::mqtt_messages, cursor->key(), cursor->value(),
                   "not a message key");
            cursor->next();
            continue;
        }
        logs.insert(at->log);
        cursor->seek(message_key(static_cast<std::uint16_t>(at->log + 1), 0));
    }
    TRY_VOID(cursor->status());
    for (auto& hub : common_.hubs) hub->log.set_logs({logs.begin(), logs.end()});
    return {};
}

Result<void> Loader::load_sessions() {
    std::unordered_map<SessionNumber, SessionRecord> records;
    std::unordered_map<SessionNumber, ProgressRecord> progress;
    const auto cursor = common_.store.scan(store::Family::mqtt_sessions, {}, {});
    for (; cursor->is_valid(); cursor->next()) {
        const auto key = parse_session_key(cursor->key());
        if (key && key->kind == SessionKeyKind::damaged) continue;
        if (!key) {
            damage(store::Family::mqtt_sessions, cursor->key(), cursor->value(),
                   "not a session key");
        } else if (key->kind == SessionKeyKind::session) {
            auto record = decode_session(cursor->value());
            if (record) {
                records.emplace(key->session, std::move(*record));
            } else {
                damage(store::Family::mqtt_sessions, cursor->key(), cursor->value(),
                       record.error().context);
            }
        } else {
            auto record = decode_progress(cursor->value());
            if (record) {
                progress.emplace(key->session, std::move(*record));
            } else {
                damage(store::Family::mqtt_sessions, cursor->key(), cursor->value(),
                       record.error().context);
            }
        }
    }
    TRY_VOID(cursor->status());
    for (auto& [number, record] : records) add_session(number, std::move(record), progress[number]);
    for (const auto& [number, unused] : progress) {
        if (!records.contains(number)) {
            set_aside_.remove(store::Family::mqtt_sessions, progress_key(number));
        }
    }
    return {};
}

void Loader::add_session(SessionNumber number, SessionRecord record,
                         const ProgressRecord& progress) {
    const auto key = client_key(record.organisation, record.client_id);
    Hub& home = *common_.hubs[common_.hubs.front()->owner_of(key)];
    if (!home.directory.load(key, number, home.index)) {
        return damage(store::Family::mqtt_sessions, session_key(number), encode(record),
                      "a second session of the same client");
    }
    common_.gatekeeper.session_loaded(record.organisation);
    auto session = std::make_unique<Session>(home, number, record.organisation, record.client_id);
    session->principal_reference = CompactText(record.principal);
    session->principal = common_.gatekeeper.find(record.principal);
    session->version = record.version;
    session->expiry_s = record.expiry_s;
    session->is_logged = session->is_stored = true;
    session->changed = record.disconnected;
    session->sleep = std::make_unique<Sleep>();
    if (record.will) session->will = std::make_unique<mqtt::Will>(std::move(*record.will));
    for (std::size_t each = 0; each < record.subscriptions.size(); ++each) {
        session->subscriptions.emplace_back(record.subscriptions[each],
                                            record.subscription_ids[each]);
    }
    session->restore(progress);
    RouteChange change{.kind = RouteChange::Kind::add,
                       .logged = true,
                       .connected = false,
                       .home = home.index,
                       .session = number,
                       .filters = session->filters()};
    home.sessions.emplace(number, std::move(session));
    if (!change.filters.empty()) {
        for (auto& hub : common_.hubs) hub->apply(change);
    }
    ++loaded_.sessions;
}

Result<void> Loader::load_retained() {
    const auto cursor = common_.store.scan(store::Family::mqtt_retained, {}, {});
    for (; cursor->is_valid(); cursor->next()) {
        const auto key = parse_retained_key(cursor->key());
        auto record = decode_retained(cursor->value());
        if (!key || !record || record->message.topic() != key->topic) {
            damage(store::Family::mqtt_retained, cursor->key(), cursor->value(),
                   record ? "not a retained key" : record.error().context);
            continue;
        }
        Hub& owner = *common_.hubs[common_.hubs.front()->owner_of(key->topic)];
        owner.retained.load(owner.retained_publication(*record), key->version);
    }
    TRY_VOID(cursor->status());
    for (auto& hub : common_.hubs) loaded_.retained += hub->retained.count();
    return {};
}

// On the session's own shard: timers, and the wills that a crash kept from being published.
void Hub::start_loaded_sessions() {
    std::vector<SessionNumber> numbers;
    for (const auto& [number, session] : sessions) numbers.push_back(number);
    for (const SessionNumber number : numbers) {
        Session& session = *sessions.at(number);
        if (session.changed == Instant{0}) session.changed = now();  // the node ended before it did
        // A clock that was set back must not make a session older than it is.
        const auto slept = std::max<std::int64_t>(0, (now() - session.changed).count() / 1000);
        const auto will_s =
            session.will ? std::chrono::seconds(session.will->delay_s) : std::chrono::seconds(0);
        start_sleeping(session, io::Steady{slept},
                       std::max<io::Steady>(will_s, limits().restart_will_delay));
    }
    scan_logs();
}

}  // namespace lineshaft::broker
