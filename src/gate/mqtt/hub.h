#pragma once
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "gate/mqtt/broker.h"
#include "gate/mqtt/directory.h"
#include "gate/mqtt/link_line.h"
#include "gate/mqtt/log_tail.h"
#include "gate/mqtt/message_log.h"
#include "gate/mqtt/recent.h"
#include "gate/mqtt/retained.h"
#include "gate/mqtt/round.h"
#include "gate/mqtt/routes.h"
#include "gate/mqtt/session.h"
#include "io/nursery.h"
#include "io/pace.h"
#include "io/soon.h"

namespace lineshaft::broker {

class Hub;
class Link;
class RetainedFeeder;

/// What all hubs of a broker share and never change after load().
struct Common {
    std::vector<Broker::Place> places;
    store::Store& store;
    Gatekeeper& gatekeeper;
    Limits limits;
    std::vector<Tap*> taps;
    std::vector<Observer*> observers;
    std::vector<std::unique_ptr<Hub>> hubs;
    std::unique_ptr<RetainedBudget> retained_budget;
    trust::PrincipalPtr nobody;   ///< stands for a publisher that is gone
    std::uint64_t run_start = 0;  ///< a ticket: what is older was written by earlier runs
};

/// One shard's part of the broker: its connections, sessions, copy of the routes, its share of the
/// directory and of the retained messages, its log. Owner: the broker; everything here runs on
/// that shard. Other hubs are reached by `post` only.
class Hub {
public:
    Hub(Common& common, std::uint32_t index);
    ~Hub();
    Hub(const Hub&) = delete;

    struct Grant {
        Session* session = nullptr;  ///< the resumed one
        mqtt::Reason reason = mqtt::Reason::success;
    };

    /// Takes part in the lane's rounds and starts timers. After load, before the first connection.
    void start();

    // ---- Sessions (hub_sessions.cc).
    Session* find(SessionNumber number);
    Session& make_session(OrganisationId organisation, std::string_view client_id);
    Session& install(std::unique_ptr<Session> session);
    /// The connection of a session is over. The session sleeps, or ends if it is not durable.
    void detach(Session& session, mqtt::Reason reason, std::string_view why, bool with_will);
    /// Removes the session from everywhere; what it is owed is counted as dropped.
    void end_session(Session& session);
    void yield(const Directory::Claim& claim, SessionNumber number);
    void finish_yield(const Directory::Claim& claim, SessionNumber number);
    void granted(std::uint64_t claim, Grant grant);
    void start_sleeping(Session& session, io::Steady slept, io::Steady will_delay);
    void publish_will(Session& session);
    void set_full(Session& session, bool full);
    /// From now on the session's messages go through the log: it cannot keep up.
    void spill(Session& session);
    /// A pin was taken off; call last, the session may be gone when the loop turns.
    void unpinned(Session& session);
    /// The session has publishes to try again.
    void pause(Session& session);
    /// The session's place on every shard is as it is here; then `then`.
    void announce(Session& session, std::move_only_function<void()> then = {});

    // ---- Publishing (hub_publish.cc, hub_rounds.cc).
    void publish_from(Session& session, mqtt::PublishReceived&& received);
    void publish_draft(Session& session, std::uint16_t packet_id, Publication&& draft);
    void publish_again(Session& session, std::uint16_t packet_id,
                       std::shared_ptr<const Publication> what);
    /// Routes, taps, logs and retains, then answers `origin`. Anything but success: a session or
    /// the retained store is full; nothing was done, `draft` is whole, `origin` is unanswered.
    mqtt::Reason route(Publication&& draft, Origin& origin);
    void deliver(const Recipient& recipient, std::uint32_t home,
                 const std::shared_ptr<const Publication>& what, const Position& position);
    void receive(std::uint32_t from, std::vector<Parcel> parcels);
    bool may_show_retained(const Publication& what);
    std::shared_ptr<const Publication> retained_publication(const RetainedRecord& record) const;
    /// Logs messages for one session (retained ones for a durable subscriber).
    void log_for(Session& session, std::vector<Letter> letters);

    // ---- Steps that wait for the open round's commit.
    using Step = CommitStep::Step;
    void after_commit(Session& session, Step step, std::uint16_t packet_id, Letter letter = {},
                      std::uint64_t token = 0);
    /// Progress is written with the open round.
    void progress_now(Session& session);
    /// ... or within progress_delay.
    void progress_soon(Session& session);
    /// The session record is written with the open round.
    void record_now(Session& session);

    // ---- Subscriptions (hub_subscribe.cc).
    void subscribe(Session& session, mqtt::SubscribeReceived&& received);
    void unsubscribe(Session& session, mqtt::UnsubscribeReceived&& received);
    void take_back(Session& session, const std::vector<std::string>& filters);

    // ---- Other shards.
    void post(std::uint32_t to, std::move_only_function<void(Hub&)> work);
    std::uint32_t owner_of(std::string_view key) const;
    void broadcast(RouteChange change, std::move_only_function<void()> then = {});
    void apply(const RouteChange& change);
    /// Runs `ask` on every hub and gives all answers, by hub, here. (hub_ask.h)
    template <class T>
    void ask_all(std::function<T(Hub&)> ask, std::move_only_function<void(std::vector<T>)> then);

    // ---- Connections (link.cc, connect.cc).
    void serve(std::unique_ptr<io::Stream> stream, bool is_websocket);
    /// Writes the link's output at the end of this turn of the loop.
    void flush_soon(Link& link);
    /// Ends its life; nothing waits for it any more.
    void forget(Link& link);
    /// The link waits for room: look at it again after each commit, in the order of coming.
    void wait_for_room(Link& link);
    /// Whether a CONNECT may be answered now, which then counts; else it waits in line.
    bool may_connect();
    void wait_to_connect(Link& link);
    /// Newcomers and those that send very much are read in their turn, a few at a time and
    /// newcomers at a pace: nobody who has little to say is behind a crowd of them.
    void attend_later(Link& link);
    void leave_later(Link& link);  ///< its connection broke: it ends in its turn
    /// It subscribed to so many filters: above the pace it is not read for a moment.
    void pace_subscribe(Link& link, std::size_t filters);
    void keep_spare(std::string&& buffer) {
        if (buffer.capacity() <= spare_bytes_max) spare_output = std::move(buffer);
    }
    /// The reader's output is above the mark, or no more: every shard's senders hear of it.
    void set_slow(Session& session, bool slow);
    bool admit_address(const io::Peer& peer);
    /// Ends every connection and waits for it; then the hubs may still answer each other.
    io::Task<void> close_connections();
    /// Everything of this shard is on disk.
    io::Task<void> close_store();

    // ---- What operators see (hub_rows.cc, hub_topics.cc).
    struct Rows {
        std::vector<ClientRow> rows;  ///< in the order asked for
        std::size_t total = 0;
    };
    Rows rows(const ClientQuery& query);
    /// How the last connections of these clients ended here, as far as remembered.
    std::unordered_map<std::string, Ended> endings(OrganisationId organisation,
                                                   const std::vector<std::string>& client_ids);
    std::vector<ClientRow> departed(const ClientQuery& query);
    std::vector<std::string> present(OrganisationId organisation,
                                     const std::vector<std::string>& client_ids);
    Session* find_client(OrganisationId organisation, std::string_view client_id);
    Stats snapshot();

    struct Levels {
        std::vector<TopicLevel> levels;  ///< ascending by name
        bool is_whole = true;
        Instant since;
    };
    /// What `who` may see below `prefix`; behind the level named `after`.
    Levels levels(const trust::Principal& who, const std::optional<std::string>& prefix,
                  const std::optional<std::string>& after, std::size_t count_max);
    LastMessage last_message(const trust::Principal& who, const std::string& topic);

    // ---- Load (hub_load.cc).
    /// Under this load it is refused.
    bool refuses_sessions() const { return load.is_at(LoadLevel::no_sessions); }
    bool throttles_qos0() const { return load.is_at(LoadLevel::throttle_qos0); }
    bool delays_answers() const { return load.is_at(LoadLevel::delay_acks); }
    void throttle(Link& link);
    /// Its answers go out with the next tick.
    void answer_later(Session& session);
    /// Whether a refusal waits for the next tick, because there were very many since the last.
    bool delays_refusal() { return ++quick_refusals_ > limits().quick_refusals_max; }

    const Limits& limits() const { return common.limits; }
    std::uint32_t count() const { return static_cast<std::uint32_t>(common.hubs.size()); }
    Instant now() const { return shard.now(); }

    Common& common;
    const std::uint32_t index;
    io::Shard& shard;
    store::Lane& lane;
    Routes routes;
    Directory directory;
    RetainedShelf retained;
    std::unique_ptr<RetainedFeeder> feeder;
    MessageLog log;
    Stats stats;
    RecentTopics recent;
    LoadGauge load;
    LoadSigns signs;           ///< as measured last
    std::uint32_t window = 1;  ///< of the meters
    io::Nursery nursery;
    std::unordered_map<SessionNumber, std::unique_ptr<Session>> sessions;
    std::vector<std::unique_ptr<Link>> links;
    std::size_t parked_links = 0;  ///< those whose stream will call them
    std::string spare_output;
    std::int64_t subscription_count = 0;
    bool is_closing = false;

    std::unordered_map<std::uint64_t, io::Answer<Grant>> claims;
    std::uint64_t next_claim = 1;
    std::size_t unaccepted = 0;

private:
    friend class Loader;
    static constexpr std::size_t spare_bytes_max = 256 << 10;
    Round& open_round();
    void seal(store::Batch& batch);
    void seal_sessions(store::Batch& batch, Round& round);
    void on_commit(const Result<void>& outcome);
    void commit_entry(Round& round, RoundEntry& entry, const Result<void>& outcome);
    void commit_step(CommitStep& step, const Result<void>& outcome);
    std::uint32_t make_join(Origin& origin, std::shared_ptr<const Publication> what);
    void join_done(std::uint32_t join, const Result<void>& outcome);
    mqtt::Reason plan(const Publication& what);
    void put_in_round(const std::shared_ptr<const Publication>& what, std::uint32_t join,
                      Session* keeps_id);
    void after_taps(std::uint32_t join);
    void deliver_directly(const Publication& what);
    void deliver_shared(const std::shared_ptr<const Publication>& what);
    void add_entry(std::shared_ptr<const Publication> what, std::uint32_t join,
                   std::uint64_t version);
    /// Room for one more retained message, taken; nothing: there is none.
    std::optional<RetainedRoom> take_retained_room(const Publication& what);
    void give_back_room(const Publication& what);
    void retain(const std::shared_ptr<const Publication>& what, std::uint64_t version);
    void retained_committed(const std::shared_ptr<const Publication>& what, std::uint64_t version,
                            const Result<void>& outcome);
    void refused_retained(const std::string& topic, std::uint64_t version);
    void flush_links();
    void post_flush();
    void wake_some();
    void let_some_connect();
    void attend_some();
    void let_some_subscribe();
    void note_pressure(const Routes::Target& target);
    void arrived(std::uint32_t at, std::size_t bytes);
    void hold(Link& link, std::uint64_t reason);
    bool still_holds(std::uint64_t reason);
    void release_held();
    void look_at_held();
    void arm_held();
    void send_box(std::uint32_t to);
    void stray(Parcel parcel);
    void tick();
    void arm_tick();
    void repeat_steps();
    void retry_paused();
    void write_progress();
    void start_loaded_sessions();
    void remember(const Session& session, const Ended& ended);

    // Load (hub_load.cc).
    void measure_load(io::Steady now);
    void probe_loop();
    void note_level(std::uint32_t hub, LoadLevel level, const std::string& cause);
    void drop_slow_readers();
    void release_throttled();
    void release_answers();

    // Trimming (hub_trim.cc).
    struct Owed;
    struct Rewrite;
    struct Count;
    std::vector<Owed> owed_in(std::uint16_t log_number);
    void trim();
    void trim_below(std::uint64_t until, std::vector<Owed> owed);
    void trim_orphans();
    static std::string rewritten(const MessageRecordView& view, std::uint64_t ticket,
                                 const Rewrite& job);
    void rewrite_step(const std::shared_ptr<Rewrite>& job);
    void scan_logs();
    void all_counted();
    void count_step(const std::shared_ptr<Count>& job);

    Plan plan_;  // of the publish being routed; kept for its capacity
    Round open_;
    Ring<Round> sealed_;
    std::vector<Join> joins_;
    std::vector<std::uint32_t> free_joins_;
    std::vector<std::vector<Parcel>> boxes_;
    bool boxes_posted_ = false;
    Ring<Link*> to_flush_, to_flush_late_;  // those who have been here for a while go first
    bool flush_posted_ = false;
    std::vector<SessionNumber> dirty_;
    std::vector<SessionNumber> paused_;
    LinkLine paused_links_{1}, paused_calm_{64};  // those that send much; the others go first
    std::size_t wakes_left_ = 0;  // of the links in line when the last commit came
    bool wakes_posted_ = false;
    LinkLine connecting_{2}, newcomers_{8}, bulk_{32}, leaving_{128}, subscribing_{16};
    io::Pace connect_pace_, newcomer_pace_, leaving_pace_, subscribe_pace_;
    io::Wheel::Timer connect_timer_, subscribe_timer_;
    io::Soon attend_soon_;
    bool attending_posted_ = false;
    LinkLine held_{4};
    std::uint64_t hold_reason_ = 0;  // of the publish being routed: who does not keep up; 0: nobody
    std::vector<std::size_t> qos0_in_flight_;  // bytes, by hub
    io::Wheel::Timer held_timer_;
    bool releases_posted_ = false;
    io::Steady next_progress_{0};
    io::Wheel::Timer tick_timer_;
    std::unordered_map<SessionNumber, Directory::Claim> yielding_;
    struct Departed {
        std::vector<std::uint64_t> low;  // by log index in MessageLog::logs()
    };
    std::unordered_map<SessionNumber, Departed> departed_;
    std::unordered_map<std::uint16_t, std::uint64_t>
        heard_;  // by log: the last ticket announced here
    std::vector<SessionNumber> records_again_;
    std::vector<CommitStep> steps_again_;
    LogTail tail_;
    std::uint64_t trimmed_to_ = 0;  // tickets below were removed from this shard's log in this run
    std::vector<std::uint16_t> orphans_;  // logs of an earlier run's shards, this hub's to remove
    io::Steady next_orphans_{0};
    std::size_t counted_logs_ = 0;
    bool is_trimming_ = false;
    bool is_scanning_ = false;
    struct Attempts {
        std::int64_t second = 0;
        unsigned count = 0;
    };
    std::unordered_map<std::string, Attempts, StringHash, std::equal_to<>> attempts_;
    Ring<ClientRow> departures_;
    std::vector<Link*> throttled_;
    std::vector<SessionNumber> held_answers_;
    unsigned quick_refusals_ = 0;  // since the last tick
    std::vector<io::Steady> opened_rounds_;  // of the rounds not on disk, the oldest first
    io::Steady lag_{0};                      // of the loop, the longest since the last tick
    bool is_probing_ = false;
    std::uint8_t lane_looks_ = 0;  // a bit for each of the last ticks: the lane was full
    io::Steady next_memory_{0};
    std::vector<LoadLevel> levels_;  // by hub; of hub 0 only
    LoadLevel told_level_ = LoadLevel::normal;
};

}  // namespace lineshaft::broker
