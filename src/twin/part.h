#pragma once
#include <array>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/hash.h"
#include "io/clock_step.h"
#include "io/mailbox.h"
#include "io/nursery.h"
#include "twin/hub.h"
#include "twin/late_clock.h"
#include "twin/plant.h"
#include "twin/twin.h"

namespace lineshaft::twin {

/// A report on its way to its owner and back.
struct Letter {
    history::Report report;
    Source source = Source::other;
    ShardIndex origin;
    Plant::Done done;
};

/// A sack on its way to its owner and back.
struct Freight {
    Sack sack;
    ShardIndex origin;
    Plant::StoreDone done;
};

/// A birth, a death or a goodbye on its way to its owner.
struct Sighting {
    OrganisationId organisation;
    std::string machine;
    Source source = Source::other;
    Presence presence = Presence::born;
    std::string text;
};

/// An event as it stands in a machine's `$events` series.
Event event_of(OrganisationId organisation, const std::string& machine,
               const history::Sample& sample);

/// Newest values but the node's own.
std::vector<TagValue> values_of(const Twin& twin);
MachineNow now_of(const Twin& twin);

/// One shard's twins, its watchers, and the events it has seen. Everything here runs on its shard.
class Part {
public:
    Part(history::History& history, io::Shards& shards, io::Shard& shard, store::Lane& lane,
         const Observer& observer, const Limits& limits, std::vector<std::unique_ptr<Part>>& all);

    /// A machine that history knows: it has a twin from the start, its values are loaded later.
    /// Before start().
    void remember(OrganisationId organisation, const std::string& machine,
                  std::optional<Source> source);
    void start();  ///< arms timers, begins to load what history knows
    io::Task<void> close();

    void send(Letter letter);  ///< on the origin shard: to the owner, answered here
    void send(ShardIndex owner, Freight freight);  ///< the same
    void send(Sighting sighting);                  ///< the same, without an answer
    std::vector<std::optional<Channel>> channels(OrganisationId organisation,
                                                 const std::vector<Plant::Name>& names);
    void record(Event event);
    bool forget(OrganisationId organisation, const std::string& machine, bool speaks_again);

    std::vector<MachineState> machines(OrganisationId organisation) const;
    io::Task<Result<MachineState>> machine(OrganisationId organisation, std::string id);
    io::Task<Result<std::vector<TagValue>>> values(OrganisationId organisation, std::string id);
    MachinePage machines_after(OrganisationId organisation, std::string_view after,
                               std::size_t count_max) const;
    /// What is loaded already. Null: nobody by that name, or not loaded yet.
    const Twin* known(OrganisationId organisation, std::string_view id) const;
    io::Task<Result<MachineNow>> machine_now(OrganisationId organisation, std::string id);
    std::vector<Event> events(OrganisationId organisation, Instant until,
                              std::size_t count_max) const;

    Hub& hub() { return hub_; }
    void watched(const std::string& key, int change);
    void audience(ShardIndex shard, int change);
    const Counters& counters() const { return counters_; }

    static std::string key_of(OrganisationId organisation, std::string_view machine);

private:
    struct Entry {
        Entry(OrganisationId organisation, std::string id, Source source)
            : twin(organisation, std::move(id), source) {}
        Twin twin;
        std::set<std::string> changed_tags;
        bool summary_due = false;
        std::set<Source> told_sources;
        bool is_loaded = true;  // false: history knows values that are not here yet
        Instant last_event;
        std::array<std::optional<io::Steady>, 3> refusals_told{};  // by their kind
        LateClock clock;
        std::optional<io::Steady> clock_told{};
        std::uint32_t clients = 0;  // connections that are this machine
    };
    struct Reply {
        Plant::Done done;
        Result<history::Appended> result;
    };
    struct FreightReply {
        Plant::StoreDone done;
        Told told;
    };
    // Where a channel's points are folded into; of a machine that was forgotten: nowhere.
    struct Outlet {
        Entry* entry = nullptr;
        Twin::Place place;
    };

    void take(Letter letter);
    void take(Freight freight);
    void take(Sighting sighting);
    Result<history::Appended> append(history::Report& report, bool& is_over_limit);
    /// An event, at most one of a kind an hour, of what history refused.
    void tell_refused(Entry& entry, const history::Appended& appended);
    /// An event when its clock was set back, at most one in ten minutes.
    void judge_clock(Entry& entry, const Twin::Change& change, Instant at);
    void append_reports(Sack& sack, Told& told);
    void append_points(Sack& sack, Told& told);
    void fold(const history::Report& report, Source source);
    void fold(const history::Points& points, Source source);
    void fold(const Sighting& sighting);
    static bool is_one_of_several(Entry& known, Presence presence);
    void show_changed(Entry& entry, std::vector<std::string> changed);
    bool was_forgotten(OrganisationId organisation, const std::string& machine,
                       std::uint64_t taken) const;
    std::size_t machines_max() const;
    Result<void> expect(OrganisationId organisation, const std::string& key);
    void settle(OrganisationId organisation, const std::string& machine);
    Entry* entry(OrganisationId organisation, const std::string& machine, Source source);
    Entry& make(std::string key, OrganisationId organisation, const std::string& machine,
                Source source);
    void speaks_through(Entry& entry, Source source);
    void after(Entry& entry, const Twin::Change& change, Instant at);
    void settle_clock();  // before instants are compared
    void judge_all();
    void judge_some();  // of that round, then the loop's other work has a turn
    void judge(Entry& entry, Instant now);
    void show_changes();
    void arm_live();
    io::Task<void> load();
    io::Task<std::shared_ptr<Entry>> loaded(OrganisationId organisation, std::string machine);
    io::Task<void> load_machine(std::shared_ptr<Entry> entry);
    io::Task<std::vector<Event>> load_events(OrganisationId organisation, std::string machine);
    void merge_events(std::vector<Event> recalled);
    void keep(Event event);

    history::History& history_;
    io::Shards& shards_;
    io::Shard& shard_;
    io::ClockStep clock_step_;
    store::Lane& lane_;
    const Observer& observer_;
    const Limits& limits_;
    std::vector<std::unique_ptr<Part>>& all_;
    /// One box for all, so nothing a machine said is overtaken by its death.
    io::Mailbox<std::variant<Letter, Freight, Sighting>> mail_;
    io::Mailbox<Reply> replies_;
    io::Mailbox<FreightReply> freight_replies_;
    // Shared with who loads one: it may be forgotten meanwhile.
    std::unordered_map<std::string, std::shared_ptr<Entry>, StringHash, std::equal_to<>> twins_;
    std::map<OrganisationId, std::map<std::string_view, Entry*>> by_id_;  // the same, ascending
    // May come: how many of their reports are on their way.
    std::unordered_map<std::string, unsigned, StringHash, std::equal_to<>> expected_;
    std::vector<Outlet> outlets_;  // by Channel::slot
    std::unordered_map<SeriesId, std::uint32_t> slots_;
    std::uint64_t taken_ = 0;  // what came by mail so far
    /// Forgotten just now: letters up to that number are of the one that went.
    std::unordered_map<std::string, std::uint64_t, StringHash, std::equal_to<>> forgotten_;
    std::unordered_map<std::string, unsigned, StringHash, std::equal_to<>> watched_;
    std::vector<unsigned> audience_;  // watchers on each shard
    std::deque<Event> events_;
    LiveBatch pending_;                 // events and machines shown at the next live tick
    std::vector<std::string> changed_;  // keys of twins with changed tags somebody watches
    Hub hub_;
    std::optional<std::pair<OrganisationId, std::string>> judged_to_;  // in this round; by by_id_
    io::Wheel::Timer judge_timer_, live_timer_;
    io::Nursery nursery_{"twin"};
    io::Steady shown_at_{0};  // when the last live batch went out
    Counters counters_;
    bool closing_ = false;
};

}  // namespace lineshaft::twin
