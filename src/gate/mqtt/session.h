#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/compact_text.h"
#include "gate/mqtt/meter.h"
#include "gate/mqtt/records.h"
#include "gate/mqtt/ring.h"
#include "gate/mqtt/routes.h"
#include "io/wheel.h"
#include "wire/mqtt/connection.h"

namespace lineshaft::broker {

class Hub;
class Link;
struct ClientRow;
struct RetainedFeed;

/// One message owed to one session. QoS 0 only where order behind others must be kept.
struct Letter {
    std::shared_ptr<const Publication> what;
    Position position;  ///< not logged: it exists only here
    mqtt::Qos qos = mqtt::Qos::at_most_once;
    bool retain = false;
    std::vector<std::uint32_t> subscription_ids;

    /// What it counts towards the session's queue.
    std::uint32_t size_bytes() const {
        return static_cast<std::uint32_t>(what->message.bytes().size() + 64);
    }
};

/// How far a session is in one shard's log.
struct LogPlace {
    std::uint16_t log = 0;
    Position cursor;   ///< everything up to here is finished
    Position read;     ///< everything up to here was taken into memory
    Position heard;    ///< the last message for this session that was announced in this run
    Position counted;  ///< the last message of earlier runs that is counted as owed
};

/// The outbound half of a session that has (or had) QoS 1 and 2 messages: made when first needed.
struct Mail {
    struct Outstanding {
        Position position;
        std::uint32_t size_bytes = 0;
        bool finished = false;
    };
    Ring<Letter> waiting;
    std::size_t waiting_bytes = 0;
    std::size_t waiting_qos0 = 0;
    Ring<Outstanding> outstanding;  ///< token = first_token + index; per log in log order
    std::uint64_t first_token = 1;
    std::vector<LogPlace> logs;
    std::vector<mqtt::OutboundFlow> resend;  ///< flows of the resumed session not sent again yet
    std::size_t resent = 0;
    bool behind = false;     ///< new letters stay in the log until this one is read there
    bool scan_all = false;   ///< `heard` is not known: read every log to its end
    bool has_moved = false;  ///< ... because announcements may have been missed on the way here
    bool refill_posted = false;
    std::vector<std::shared_ptr<RetainedFeed>> feeds;  ///< SUBSCRIBEs with more retained messages

    LogPlace& place(std::uint16_t log, SessionNumber session);
};

/// What an unconnected session needs: timers and the flows of its last connection.
struct Sleep {
    mqtt::SessionState flows;
    io::Wheel::Timer expiry;
    io::Wheel::Timer will;
};

/// Inbound QoS 2 ids that are on their way.
struct HeldIds {
    std::vector<std::uint16_t> released;  ///< PUBCOMP waits for its commit
    std::vector<std::uint16_t> tapped;    ///< taps are not done: not kept yet
};

/// A subscription as a session keeps it: small, as there are very many.
struct Subscribed {
    Subscribed(const mqtt::Subscription& wish, std::uint32_t id);

    CompactText filter;  ///< as sent, with share prefix
    std::uint32_t subscription_id = 0;
    mqtt::Qos qos_max = mqtt::Qos::at_most_once;
    mqtt::RetainHandling retain_handling = mqtt::RetainHandling::send;
    bool no_local = false;
    bool retain_as_published = false;

    mqtt::Subscription wish() const;
    RouteChange::Filter route() const;
};

/// One client, connected or asleep. Owner: the hub of the shard its last connection was on; moves
/// to another hub only asleep and unpinned. Ends when its expiry has passed, by a clean start, by
/// an operator, or, when it is not durable, with its connection.
class Session {
public:
    Session(Hub& hub, SessionNumber number, OrganisationId organisation,
            std::string_view client_id);
    ~Session();
    Session(const Session&) = delete;

    bool is_durable() const { return expiry_s != 0; }
    bool is_connected() const { return link != nullptr; }

    // ---- Towards the client (session_out.cc).
    /// QoS 0: now or never.
    void take_qos0(const mqtt::MessageView& message, const Publication& what, bool retain,
                   const std::vector<std::uint32_t>& subscription_ids);
    /// QoS 1 and 2, after its commit. A position heard of before is ignored.
    void take(Letter letter);
    /// A message for this session stands in a log. False: that was known.
    bool hear(const Position& position, std::uint32_t size_bytes);
    /// The same for a message of an earlier run, found after the start.
    void count_old(const Position& position, std::uint32_t size_bytes);
    /// Every log of earlier runs was counted: what it is owed there is known.
    void know_counted(const std::vector<std::uint16_t>& logs);
    /// It is owed nothing up to `heard` (by log): remembers that, so that nobody reads it again.
    void advance(const std::unordered_map<std::uint16_t, std::uint64_t>& heard);
    /// Retained messages for a new subscription that need no log, in order before anything newer.
    void replay(Letter letter);
    /// Sends what there is room for.
    void pump();
    /// Whether the next slice of retained messages may come.
    bool has_room_for(const RetainedFeed& feed) const;
    void on_acked(const mqtt::Acked& acked);
    void on_received(const mqtt::Received& received);
    /// After accept of a resumed session.
    void resend_unsent();
    /// The commit of a QoS 2 packet id is done.
    void transmit(std::uint16_t packet_id, const Letter& letter, std::uint64_t token, bool dup);

    // ---- Answers owed to the client (session_in.cc).
    std::uint64_t owe_answer(std::uint16_t packet_id, mqtt::Qos qos);
    /// 3.1.1 has no negative answer: what may succeed later is published again (`for_retry`) while
    /// the client waits; what never can is acknowledged.
    void answer(std::uint64_t sequence, mqtt::Reason reason,
                std::shared_ptr<const Publication> for_retry = {});
    /// Gives those that are ready, up to the first that is not.
    void give_answers();
    void defer(std::uint16_t packet_id, std::shared_ptr<const Publication> what);
    /// Publishes again what a full session or disk kept from being acknowledged (3.1.1).
    void retry_deferred();
    /// Without a connection they are not retried: the client will send them again.
    void forget_deferred();
    bool is_paused() const { return deferred && !deferred->empty(); }

    // ---- The log.
    /// The lowest ticket of `log` that this session may still need; UINT64_MAX: none.
    std::uint64_t low_ticket(std::uint16_t log) const;
    ProgressRecord progress() const;
    SessionRecord record() const;
    void restore(const ProgressRecord& progress);
    /// Forgets what is in memory of logged letters; they will be read again.
    void fold_mail();
    void add_owed(std::int64_t bytes, std::int64_t messages);

    // ---- What operators see (hub_rows.cc).
    Meter& metered();
    void lose(Loss loss) { metered().lost(loss); }
    /// A message of so many bytes went to the client.
    void went(std::size_t bytes);

    Mail& mailbox();
    ClientRow row() const;
    std::vector<RouteChange::Filter> filters() const;

    Hub* hub;
    const SessionNumber number;
    const OrganisationId organisation;
    const CompactText client_id;
    trust::PrincipalPtr principal;  ///< null: its credential is gone; gets nothing
    CompactText principal_reference;
    Link* link = nullptr;
    std::unique_ptr<Mail> mail;
    std::unique_ptr<Sleep> sleep;
    std::unique_ptr<mqtt::Will> will;
    std::vector<Subscribed> subscriptions;  ///< ascending by filter
    std::int64_t owed_bytes = 0;
    std::int64_t owed_messages = 0;
    Instant changed;
    std::uint32_t expiry_s = 0;
    std::uint32_t in_rounds = 0;  ///< of its publishes: waiting for a commit
    std::uint32_t pins = 0;       ///< commits and answers under way that name this object
    mqtt::Version version = mqtt::Version::v3_1_1;
    mqtt::Reason last_end = mqtt::Reason::success;
    bool is_logged = false;  ///< durable, or slow once on this connection
    bool is_full = false;
    bool is_dirty = false;    ///< progress to be written soon
    bool record_due = false;  ///< the session record is to be written in the open round
    bool progress_due = false;
    bool is_over = false;
    bool is_stored = false;         ///< has records
    std::unique_ptr<HeldIds> held;  ///< made when first needed
    HeldIds& held_ids();
    std::unique_ptr<Meter> meter;  ///< null: no message yet

private:
    struct OwedAnswer {
        std::uint16_t packet_id = 0;
        mqtt::Qos qos = mqtt::Qos::at_least_once;
        bool ready = false;
        mqtt::Reason reason = mqtt::Reason::success;
        std::shared_ptr<const Publication> for_retry;
    };
    struct Answers {
        Ring<OwedAnswer> ring;
        std::uint64_t first = 0;
    };
    struct Deferred {
        std::uint16_t packet_id = 0;
        std::shared_ptr<const Publication> what;
    };

    bool can_send() const;
    void send_waiting();
    void end_feeds();
    bool resend_one();
    void send(Letter letter);
    void send_qos0(const Letter& letter);
    void enqueue(Letter letter);
    bool refill();
    void finish(std::uint64_t token);
    bool is_wanted(const Publication& what);
    void drop_too_large();
    mqtt::Delivery delivery(const Letter& letter, bool dup) const;
    mqtt::MessageView as_named(mqtt::MessageView message, std::string& room) const;
    void give_answer(OwedAnswer& owed);
    std::vector<std::uint16_t> held_inbound() const;

    std::unique_ptr<Answers> answers;
    std::unique_ptr<Ring<Deferred>> deferred;
};

}  // namespace lineshaft::broker
