#pragma once
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "history/history.h"
#include "io/shard.h"
#include "store/lane.h"
#include "twin/types.h"

// Every machine as it is now. A report is made durable (history), folded into the machine's twin on
// its owner shard, then shown to whoever watches.
namespace lineshaft::twin {

struct Limits {
    std::size_t machines_max = 100'000;        ///< per node, in equal shares per shard; a report
                                               ///< of one more is refused
    std::chrono::seconds stale_after_min{30};  ///< silence allowed at least
    unsigned stale_intervals = 5;              ///< or so many of its usual intervals
    std::chrono::seconds offline_after{3600};
    std::size_t events_kept = 2'000;   ///< per shard, in memory; all are in history
    std::size_t watchers_max = 1'000;  ///< per shard
    io::Steady live_interval{50};      ///< values are shown at most this often
};

/// What the plant tells its owner; called on any shard, must not block.
struct Observer {
    std::function<void(OrganisationId, std::string machine, Source, Instant)> discovered;
    /// Asked before a report is taken, and before a machine that nobody has heard of is: an error
    /// refuses it. A machine that may come counts from then on. Empty: everything may.
    std::function<Result<void>(OrganisationId, std::size_t samples)> admits_samples = {};
    std::function<Result<void>(OrganisationId)> admits_machine = {};
    /// A machine that might have come did not: nothing of its first report reached the disk.
    std::function<void(OrganisationId)> missed_machine = {};
    /// A machine speaks through another door than before; at most once a run for each machine and door.
    std::function<void(OrganisationId, std::string machine, Source)> changed_source = {};
    /// Through which door a machine of earlier runs spoke last; asked in `Plant::open` only.
    std::function<std::optional<Source>(OrganisationId, std::string_view machine)> last_source = {};
};

/// One batch for those who watch: shared, immutable.
struct LiveBatch {
    struct Values {
        OrganisationId organisation;
        std::string machine;
        std::vector<TagValue> values;
    };
    std::vector<Values> values;
    std::vector<MachineState> machines;
    std::vector<Event> events;
};

/// Somebody who watches, on one shard. `show` runs there and must not block. Destroying it ends it.
class Watch {
public:
    virtual ~Watch() = default;
};

struct Counters {
    std::uint64_t reports = 0;
    std::uint64_t samples = 0;
    std::uint64_t refused = 0;
};

/// Where the samples of one tag go, for a door that remembers names it has handed over before.
/// Holds for this run; a machine that is erased takes its channels along.
struct Channel {
    ShardIndex owner{};
    std::uint32_t slot = 0;  ///< Point::mine
    SeriesId series{};
};

/// What a batch says, for machines of one shard: reports by name first, then points by channel.
struct Sack {
    OrganisationId organisation;
    Source source = Source::other;
    std::vector<history::Report> reports;
    history::Points points;
};
/// What became of it. All three are possible at once: whatever is good is stored.
struct Told {
    history::Appended appended;
    std::optional<Error> over_limit;  ///< a machine more than organisation or node may have
    std::optional<Error> failed;      ///< come again; not_found: by name, a channel is gone
    void add(const Told& other);
};

struct MachinePage {
    std::vector<MachineState> items;
    std::size_t total = 0;  ///< machines of the organisation that have spoken
};
struct MachineNow {
    MachineState state;
    std::vector<TagValue> values;
};

class Plant {
public:
    using Done = std::move_only_function<void(Result<history::Appended>)>;
    using Show = std::function<void(std::shared_ptr<const LiveBatch>)>;

    /// From no shard's thread. Current values of what history knows are loaded in the background:
    /// a machine answers as soon as it is asked for or speaks.
    static std::unique_ptr<Plant> open(history::History& history, io::Shards& shards,
                                       std::span<store::Lane* const> lanes, Observer observer,
                                       Limits limits);

    /// Stores what a machine said and shows it. Callable on any shard; `done` runs there once the
    /// samples are on disk, in the order of the calls for one machine. A report with no sample in
    /// it still counts as a sign of life. Errors: exhausted (stop reading, try again), invalid
    /// (name).
    virtual void report(history::Report report, Source source, Done done) = 0;

    /// The shard of a machine's twin and series.
    virtual ShardIndex owner(OrganisationId organisation, std::string_view machine) const = 0;
    /// Whether the organisation may hand in so many samples now; what `store` takes is asked here.
    /// Errors: exhausted.
    virtual Result<void> admit(OrganisationId organisation, std::size_t samples) = 0;
    /// report() for a batch of machines that `owner` owns, once admitted: one message there and one
    /// back. `done` runs on this shard once all of it is on disk or refused.
    using StoreDone = std::move_only_function<void(Told)>;
    virtual void store(ShardIndex owner, Sack sack, StoreDone done) = 0;
    /// Channels of tags whose samples were stored, in order; nothing: that tag is not known.
    struct Name {
        std::string machine, tag;
    };
    virtual io::Task<std::vector<std::optional<Channel>>> channels(OrganisationId organisation,
                                                                   std::vector<Name> names) = 0;

    /// A birth, a death or a goodbye; recorded as an event with `text`. Callable on any shard. It
    /// stands in one order with what the same shard reported of the machine: seen after what was
    /// said before it is on disk.
    virtual void presence(OrganisationId organisation, std::string machine, Source source,
                          Presence presence, std::string text) = 0;

    /// Anything else worth remembering about a machine ("write", "rebirth", "adopted").
    virtual void record(Event event) = 0;

    /// The machine's history is erased: its twin and its events in memory go, reports on their way
    /// are not folded any more. `speaks_again`: newer reports have come already. On the machine's
    /// owner shard, in the turn in which its history vanished. True: there was a twin.
    virtual bool forget(OrganisationId organisation, const std::string& machine,
                        bool speaks_again) = 0;

    /// Every machine of an organisation, by id.
    virtual io::Task<std::vector<MachineState>> machines(OrganisationId organisation) = 0;
    /// Errors: not_found.
    virtual io::Task<Result<MachineState>> machine(OrganisationId organisation, std::string id) = 0;
    /// At most `count_max` (> 0) machines whose ids come after `after`, by id. Costs what it gives.
    virtual io::Task<MachinePage> machines_after(OrganisationId organisation, std::string after,
                                                 std::size_t count_max) = 0;
    /// A machine and its values at one moment. Errors: not_found.
    virtual io::Task<Result<MachineNow>> machine_now(OrganisationId organisation,
                                                     std::string id) = 0;
    /// Newest value of every tag, by tag; tags starting with '$' are the node's own and left out.
    virtual io::Task<Result<std::vector<TagValue>>> values(OrganisationId organisation,
                                                           std::string id) = 0;
    /// Newest first, up to `count_max`, at or before `until`; an empty machine: the whole plant
    /// (what memory holds), else that machine's from history.
    virtual io::Task<std::vector<Event>> events(OrganisationId organisation, std::string machine,
                                                Instant until, std::size_t count_max) = 0;

    /// Watches an organisation on this shard: machine changes and events always, values only of
    /// `machines`. nullptr when watchers_max is reached.
    virtual std::unique_ptr<Watch> watch(OrganisationId organisation,
                                         std::vector<std::string> machines, Show show) = 0;

    virtual io::Task<Counters> counters() = 0;
    /// Ends timers and background loading. From no shard's thread, while the shards still run.
    virtual void close() = 0;
    virtual ~Plant() = default;
};

}  // namespace lineshaft::twin
