#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "calendar/calendar.h"
#include "query/query.h"
#include "query/system_tables.h"

struct sqlite3;
struct sqlite3_context;
struct sqlite3_index_info;
struct sqlite3_value;

// One statement under way, as its tables and functions see it. Inside query only.
namespace lineshaft::query {

/// What a statement without a window looks through: years 0 to 4999.
inline constexpr Instant first_instant{-62'167'219'200'000'000},
    end_instant{95'617'584'000'000'000};

/// Memory that SQLite takes for one statement. SQLite asks for memory of the whole process; here
/// what a thread allocates is charged to the statement it runs.
struct Meter {
    std::size_t used = 0, most = SIZE_MAX;
    bool is_refused = false;

    /// Charges this thread's allocations to `meter` while it lives.
    class Charge {
    public:
        explicit Charge(Meter& meter);
        ~Charge();
        Charge(const Charge&) = delete;

    private:
        Meter* before_;
    };
    /// Of memory that is not SQLite's. False: too much.
    bool take(std::size_t bytes);
    void give_back(std::size_t bytes) { used -= std::min(used, bytes); }
};

struct Run {
    Run(history::History& past, Present& now_known, io::Shards& all_shards)
        : history(past), present(now_known), shards(all_shards) {}
    Scope scope;
    Session session;
    std::shared_ptr<const catalog::Snapshot> catalog;
    history::History& history;
    Present& present;
    io::Shards& shards;
    ShardIndex home{};
    std::stop_token stop{};
    io::Steady deadline{};
    Instant now{};
    Meter meter{};
    std::optional<Failure> failure{};  ///< what a table or function says is wrong

    OrganisationId organisation() const { return scope.who->organisation; }
    bool sees(std::string_view machine) const;
    const catalog::MachineEntry* entry_of(std::string_view machine) const {
        return catalog->machine(organisation(), machine);
    }
    /// Asked every now and then. False: cancelled or late, and `failure` says so.
    bool may_go_on();
    std::chrono::milliseconds time_left() const;
    void fail_with(Failure why) {
        if (!failure) failure = std::move(why);
    }

    /// Waits, on the statement's thread, for what a shard does.
    template <class Answer>
    Answer wait(io::Task<Answer> task) {
        return shards.run_blocking(home, std::move(task));
    }
    /// The calendar of a machine's site, or of the site of that name; null: there is none, and
    /// `failure` says so.
    const calendar::Calendar* calendar_of(std::string_view machine, std::string_view site);

private:
    std::vector<std::pair<std::string, calendar::Calendar>> calendars_;  // by zone
};

/// The beginning of the second, minute, hour, day, week, month, quarter or year in the zone.
/// Errors: 22023.
Outcome<Instant> truncated(std::string_view unit, Instant at, std::string_view zone);
Instant month_bucket(std::int64_t months, Instant at);
std::int64_t step_bucket(std::int64_t step, std::int64_t at);
/// Buckets without an origin of their own begin on Monday, 2000-01-03.
inline constexpr std::int64_t bucket_origin = 946'857'600'000'000;

// What a table gives, row after row.
class Scan {
public:
    virtual ~Scan() = default;
    /// Begins, or begins again. `plan`: as best_index chose, with the values it asked for.
    virtual Outcome<void> start(int plan, std::string_view words,
                                std::span<sqlite3_value*> values) = 0;
    virtual bool is_at_end() const = 0;
    virtual Outcome<void> next() = 0;
    virtual void column(sqlite3_context* out, int index) const = 0;
};

class Table {
public:
    virtual ~Table() = default;
    virtual std::string declaration() const = 0;  ///< CREATE TABLE x(...)
    virtual void best_index(sqlite3_index_info& ask) const = 0;
    virtual std::unique_ptr<Scan> open(Run& run) const = 0;
};

/// Which statement a connection serves just now.
struct RunSlot {
    Run* run = nullptr;
};
/// Gives the connection its tables and functions. `slot` outlives it.
bool add_tables(sqlite3* connection, RunSlot& slot);
bool add_functions(sqlite3* connection, RunSlot& slot);
bool add_text_functions(sqlite3* connection, RunSlot& slot);

const Table& machines_table();
const Table& tags_table();
const Table& sites_table();
const Table& samples_table();
const Table& latest_table();
const Table& kernel_table();

void give(sqlite3_context* out, const Value& value);
std::string_view text_of(sqlite3_value* value);
/// LIKE with % and _, and \ before what is meant as it is. Bounded by text times pattern.
bool is_like(std::string_view text, std::string_view pattern, bool ignores_case);
std::string declaration_of(std::span<const Column> columns, std::string_view hidden = {});

/// An attribute as ->> gives it; nothing: there is none, or no such machine.
std::optional<std::string> attribute_text(const catalog::MachineEntry* entry,
                                          std::string_view name);

/// `number` becomes a bound of `only` where it is tighter; `is_out`: it does not count itself.
void tighten(history::Only& only, bool is_low, bool is_high, bool is_out, double number);
/// The bits of qualities by name; unknown names have none.
std::uint8_t qualities_named(std::span<const std::string> names);

/// Which series conditions leave: exact names or patterns; empty: all.
struct SeriesChoice {
    std::optional<std::vector<std::string>> machines{}, tags{};  ///< any of them
    std::vector<std::string> machine_likes{}, tag_likes{};       ///< all of them
};
/// By machine and tag; only what the caller may see.
Outcome<std::vector<history::Series>> series_chosen(Run& run, const SeriesChoice& choice);

}  // namespace lineshaft::query
