#include "gate/mqtt/records.h"

#include <limits>

#include "base/bytes.h"

namespace lineshaft::broker {
namespace {

constexpr std::uint8_t format_version = 1;
constexpr std::uint32_t count_max = 1 << 24;  // no record of ours comes near it

// Writes keys and values; a thin skin so that the layouts below read as their byte tables.
class Put {
public:
    explicit Put(std::string& out) : out_(out), writer_(out) {}
    void byte(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
    void number(std::uint64_t value) { writer_.put_varint(value); }
    void instant(Instant at) { writer_.put_le(static_cast<std::uint64_t>(at.micros)); }
    void fixed(std::uint64_t value) { writer_.put_le(value); }
    void text(std::string_view value) {
        number(value.size());
        out_.append(value);
    }
    void raw(std::string_view value) { out_.append(value); }
    void position(const Position& at) {
        number(at.log);
        number(at.ticket);
        number(at.index);
    }
    void message(const mqtt::Message& what) {
        number(what.topic_bytes());
        number(what.properties_bytes());
        text(what.bytes());
    }

private:
    std::string& out_;
    Writer writer_;
};

// Reads untrusted stored bytes; after the first failure everything reads as zero and ok() is false.
class Take {
public:
    explicit Take(std::string_view bytes) : reader_(as_bytes(bytes)) {}
    bool ok() const { return ok_; }
    bool at_end() const { return reader_.at_end(); }

    std::uint8_t byte() { return value_of(reader_.take_le<std::uint8_t>()); }
    std::uint64_t fixed() { return value_of(reader_.take_le<std::uint64_t>()); }
    std::uint64_t number(std::uint64_t max = std::numeric_limits<std::uint64_t>::max()) {
        const auto value = value_of(reader_.take_varint());
        if (value > max) ok_ = false;
        return ok_ ? value : 0;
    }
    template <class T>
    T small(std::uint64_t max = std::numeric_limits<T>::max()) {
        return static_cast<T>(number(max));
    }
    /// A count of things that take at least one byte each.
    std::size_t count() {
        const auto value = number(count_max);
        if (value > reader_.left()) ok_ = false;
        return ok_ ? value : 0;
    }
    Instant instant() { return {static_cast<std::int64_t>(fixed())}; }
    std::string_view text() {
        const auto size = number();
        auto bytes = reader_.take(ok_ ? size : 0);
        if (!bytes) ok_ = false;
        return ok_ ? as_text(*bytes) : std::string_view{};
    }
    mqtt::Qos qos() { return static_cast<mqtt::Qos>(small<std::uint8_t>(2)); }
    Position position() {
        Position at;
        at.log = small<std::uint16_t>();
        at.ticket = number();
        at.index = small<std::uint32_t>();
        return at;
    }
    std::optional<mqtt::Message> message() {
        const auto topic = small<std::uint32_t>();
        const auto properties = small<std::uint32_t>();
        const auto bytes = text();
        if (std::uint64_t{topic} + properties > bytes.size()) ok_ = false;
        if (!ok_) return std::nullopt;
        return mqtt::Message(std::string(bytes), topic, properties);
    }
    void expect_version() {
        if (byte() != format_version) ok_ = false;
    }
    void refuse() { ok_ = false; }

private:
    template <class T>
    T value_of(Result<T> read) {
        if (!read) ok_ = false;
        return ok_ ? *read : T{};
    }

    Reader reader_;
    bool ok_ = true;
};

std::unexpected<Error> damaged(const char* what) {
    return fail(Code::corrupt, std::string(what) + " is damaged, or of a newer version");
}

void put_key_number(std::string& key, std::uint64_t number) {
    Writer(key).put_be(number);
}

void put_recipients(const Recipient* first, std::size_t count, std::string& out) {
    Put put(out);
    put.number(count);
    for (const Recipient* each = first; each != first + count; ++each) {
        put.fixed(each->session);
        put.byte(
            static_cast<std::uint8_t>(static_cast<unsigned>(each->qos) | (each->retain ? 4u : 0u)));
        put.number(each->subscription_ids.size());
        for (const auto id : each->subscription_ids) put.number(id);
    }
}

std::vector<Recipient> take_recipients(Take& take) {
    std::vector<Recipient> recipients(take.count());
    for (Recipient& each : recipients) {
        each.session = take.fixed();
        const auto flags = take.byte();
        if ((flags & 3) > 2) take.refuse();
        each.qos = static_cast<mqtt::Qos>(flags & 3);
        each.retain = (flags & 4) != 0;
        each.subscription_ids.resize(take.count());
        for (auto& id : each.subscription_ids) id = take.small<std::uint32_t>();
        if (!take.ok()) return {};
    }
    return recipients;
}

}  // namespace

// ---- mqtt.messages ---------------------------------------------------------------------------

std::string message_key(std::uint16_t log, std::uint64_t ticket) {
    std::string key;
    Writer(key).put_be(log);
    put_key_number(key, ticket);
    return key;
}

std::optional<Position> parse_message_key(std::string_view key) {
    if (key.size() != 10) return std::nullopt;
    Reader reader(as_bytes(key));
    const auto log = reader.take_be<std::uint16_t>();
    const auto ticket = reader.take_be<std::uint64_t>();
    return Position{.ticket = *ticket, .index = 0, .log = *log};
}

void MessageRecord::add(std::uint32_t index, const std::vector<Recipient>& recipients,
                        const Publication& what) {
    add(index, recipients.data(), recipients.size(), what);
}

void MessageRecord::add(std::uint32_t index, const Recipient* first, std::size_t count,
                        const Publication& what) {
    scratch_.clear();
    put_recipients(first, count, scratch_);
    if (set_count_ == 0 || scratch_ != last_set_) {
        sets_.append(scratch_);
        last_set_.swap(scratch_);
        ++set_count_;
    }
    Put put(entries_);
    put.number(index);
    put.number(set_count_ - 1);
    const bool expires = what.expires != Instant{0};
    put.byte(static_cast<std::uint8_t>(static_cast<unsigned>(what.qos) | (what.retain ? 4u : 0u) |
                                       (expires ? 8u : 0u)));
    put.instant(what.received);
    if (expires) put.instant(what.expires);
    put.message(what.message);
    ++count_;
}

std::string MessageRecord::finish() const {
    std::string out;
    out.reserve(sets_.size() + entries_.size() + 16);
    Put put(out);
    put.byte(format_version);
    put.number(set_count_);
    put.number(count_);
    put.raw(sets_);
    put.raw(entries_);
    return out;
}

Result<MessageRecordView> MessageRecordView::parse(std::string_view bytes) {
    Take take(bytes);
    take.expect_version();
    MessageRecordView view;
    const auto set_count = take.count();
    const auto entry_count = take.count();
    view.sets_.reserve(set_count);
    for (std::size_t set = 0; set < set_count && take.ok(); ++set) {
        view.sets_.push_back(take_recipients(take));
    }
    view.entries_.reserve(entry_count);
    for (std::size_t each = 0; each < entry_count && take.ok(); ++each) {
        Entry entry;
        entry.index = take.small<std::uint32_t>();
        entry.set = take.small<std::uint32_t>();
        if (entry.set >= set_count) take.refuse();
        const auto flags = take.byte();
        if ((flags & 3) > 2) take.refuse();
        entry.qos = static_cast<mqtt::Qos>(flags & 3);
        entry.retain = (flags & 4) != 0;
        entry.received = take.instant();
        if ((flags & 8) != 0) entry.expires = take.instant();
        entry.topic_bytes = take.small<std::uint32_t>();
        entry.properties_bytes = take.small<std::uint32_t>();
        entry.bytes = take.text();
        if (std::uint64_t{entry.topic_bytes} + entry.properties_bytes > entry.bytes.size())
            take.refuse();
        view.entries_.push_back(entry);
    }
    if (!take.ok() || !take.at_end()) return damaged("message record");
    return view;
}

std::shared_ptr<const Publication> MessageRecordView::publication(const Entry& entry) {
    auto what = std::make_shared<Publication>();
    what->message =
        mqtt::Message(std::string(entry.bytes), entry.topic_bytes, entry.properties_bytes);
    what->received = entry.received;
    what->expires = entry.expires;
    what->qos = entry.qos;
    what->retain = entry.retain;
    return what;
}

// ---- mqtt.sessions ---------------------------------------------------------------------------

std::string session_key(SessionNumber session) {
    std::string key(1, static_cast<char>(SessionKeyKind::session));
    put_key_number(key, session);
    return key;
}

std::string progress_key(SessionNumber session) {
    std::string key(1, static_cast<char>(SessionKeyKind::progress));
    put_key_number(key, session);
    return key;
}

std::string damaged_key(std::string_view key) {
    return static_cast<char>(SessionKeyKind::damaged) + std::string(key);
}

std::optional<SessionKey> parse_session_key(std::string_view key) {
    if (key.empty()) return std::nullopt;
    const auto kind = static_cast<SessionKeyKind>(static_cast<unsigned char>(key[0]));
    if (kind == SessionKeyKind::damaged) return SessionKey{kind, 0};
    if (key.size() != 9) return std::nullopt;
    if (kind != SessionKeyKind::session && kind != SessionKeyKind::progress) return std::nullopt;
    const auto number = Reader(as_bytes(key.substr(1))).take_be<std::uint64_t>();
    return SessionKey{kind, *number};
}

std::string encode(const SessionRecord& record) {
    std::string out;
    Put put(out);
    put.byte(format_version);
    put.number(record.organisation.number());
    put.text(record.client_id);
    put.text(record.principal);
    put.byte(static_cast<std::uint8_t>(record.version));
    put.number(record.expiry_s);
    put.instant(record.disconnected);
    put.number(record.subscriptions.size());
    for (std::size_t index = 0; index < record.subscriptions.size(); ++index) {
        const mqtt::Subscription& each = record.subscriptions[index];
        put.text(each.filter);
        put.byte(static_cast<std::uint8_t>(static_cast<unsigned>(each.qos_max) |
                                           (each.no_local ? 4u : 0u) |
                                           (each.retain_as_published ? 8u : 0u) |
                                           static_cast<unsigned>(each.retain_handling) << 4));
        put.number(record.subscription_ids[index]);
    }
    put.byte(record.will ? 1 : 0);
    if (record.will) {
        put.byte(static_cast<std::uint8_t>(static_cast<unsigned>(record.will->qos) |
                                           (record.will->retain ? 4u : 0u)));
        put.number(record.will->delay_s);
        put.number(record.will->expiry_s ? std::uint64_t{*record.will->expiry_s} + 1 : 0);
        put.message(record.will->message);
    }
    return out;
}

namespace {

void take_subscriptions(Take& take, SessionRecord& record) {
    const auto count = take.count();
    for (std::size_t index = 0; index < count && take.ok(); ++index) {
        mqtt::Subscription each;
        each.filter = take.text();
        const auto flags = take.byte();
        if ((flags & 3) > 2 || (flags >> 4) > 2) take.refuse();
        if (!mqtt::parse_filter(each.filter)) take.refuse();
        each.qos_max = static_cast<mqtt::Qos>(flags & 3);
        each.no_local = (flags & 4) != 0;
        each.retain_as_published = (flags & 8) != 0;
        each.retain_handling = static_cast<mqtt::RetainHandling>(flags >> 4 & 3);
        record.subscriptions.push_back(std::move(each));
        record.subscription_ids.push_back(take.small<std::uint32_t>());
    }
}

void take_will(Take& take, SessionRecord& record) {
    if (take.small<std::uint8_t>(1) == 0) return;
    mqtt::Will will;
    const auto flags = take.byte();
    if ((flags & 3) > 2) take.refuse();
    will.qos = static_cast<mqtt::Qos>(flags & 3);
    will.retain = (flags & 4) != 0;
    will.delay_s = take.small<std::uint32_t>();
    if (const auto expiry = take.number(std::uint64_t{1} << 32); expiry != 0) {
        will.expiry_s = static_cast<std::uint32_t>(expiry - 1);
    }
    auto message = take.message();
    if (!message) return;
    will.message = std::move(*message);
    record.will = std::move(will);
}

}  // namespace

Result<SessionRecord> decode_session(std::string_view bytes) {
    Take take(bytes);
    take.expect_version();
    SessionRecord record;
    record.organisation = OrganisationId(take.small<std::uint32_t>());
    record.client_id = take.text();
    record.principal = take.text();
    const auto version = take.byte();
    if (version != 4 && version != 5) take.refuse();
    record.version = static_cast<mqtt::Version>(version);
    record.expiry_s = take.small<std::uint32_t>();
    record.disconnected = take.instant();
    take_subscriptions(take, record);
    take_will(take, record);
    if (!take.ok() || !take.at_end()) return damaged("session record");
    return record;
}

std::string encode(const ProgressRecord& record) {
    std::string out;
    Put put(out);
    put.byte(format_version);
    put.number(record.cursors.size());
    for (const Position& each : record.cursors) put.position(each);
    put.number(record.done.size());
    for (const Position& each : record.done) put.position(each);
    put.number(record.flows.size());
    for (const auto& flow : record.flows) {
        put.number(flow.packet_id);
        put.byte(static_cast<std::uint8_t>(static_cast<unsigned>(flow.qos) |
                                           static_cast<unsigned>(flow.stage) << 2));
        put.position(flow.position);
    }
    put.number(record.inbound_qos2.size());
    for (const auto id : record.inbound_qos2) put.number(id);
    return out;
}

Result<ProgressRecord> decode_progress(std::string_view bytes) {
    Take take(bytes);
    take.expect_version();
    ProgressRecord record;
    record.cursors.resize(take.count());
    for (Position& each : record.cursors) each = take.position();
    record.done.resize(take.count());
    for (Position& each : record.done) each = take.position();
    record.flows.resize(take.count());
    for (auto& flow : record.flows) {
        flow.packet_id = take.small<std::uint16_t>();
        const auto flags = take.byte();
        if ((flags & 3) == 0 || (flags & 3) > 2 || flags > 15 || flow.packet_id == 0) take.refuse();
        flow.qos = static_cast<mqtt::Qos>(flags & 3);
        flow.stage = static_cast<mqtt::Stage>(flags >> 2 & 3);
        flow.position = take.position();
    }
    record.inbound_qos2.resize(take.count());
    for (auto& id : record.inbound_qos2) id = take.small<std::uint16_t>();
    if (!take.ok() || !take.at_end()) return damaged("progress record");
    return record;
}

// ---- mqtt.retained ---------------------------------------------------------------------------

std::string retained_key(std::string_view topic, std::uint64_t version) {
    // U+0000 is in no topic, so versions of one topic stand together and before longer topics.
    std::string key(topic);
    key.push_back('\0');
    put_key_number(key, version);
    return key;
}

std::optional<RetainedKey> parse_retained_key(std::string_view key) {
    if (key.size() < 10 || key[key.size() - 9] != '\0') return std::nullopt;
    const auto topic = key.substr(0, key.size() - 9);
    if (!mqtt::is_topic_name(topic)) return std::nullopt;
    const auto version = Reader(as_bytes(key.substr(key.size() - 8))).take_be<std::uint64_t>();
    return RetainedKey{topic, *version};
}

std::string encode(const RetainedRecord& record) {
    std::string out;
    Put put(out);
    put.byte(format_version);
    put.byte(static_cast<std::uint8_t>(record.qos));
    put.text(record.publisher);
    put.instant(record.received);
    put.instant(record.expires);
    put.message(record.message);
    return out;
}

Result<RetainedRecord> decode_retained(std::string_view bytes) {
    Take take(bytes);
    take.expect_version();
    RetainedRecord record;
    const auto qos = take.byte();
    if (qos > 2) take.refuse();
    record.qos = static_cast<mqtt::Qos>(qos);
    record.publisher = take.text();
    record.received = take.instant();
    record.expires = take.instant();
    auto message = take.message();
    if (!take.ok() || !take.at_end() || !message) return damaged("retained message");
    record.message = std::move(*message);
    return record;
}

}  // namespace lineshaft::broker
