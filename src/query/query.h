#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/desk.h"
#include "history/history.h"
#include "io/shard.h"
#include "io/stop_flag.h"
#include "query/types.h"
#include "trust/principal.h"

// SQL over catalog and history, read-only, in PostgreSQL's words. Tables and functions:
// docs/howto/sql.md; how it works: README.md.
namespace lineshaft::query {

/// How much one statement may take. Of the settings sql.*.
struct Limits {
    std::size_t rows_max = SIZE_MAX;             ///< after so many rows the answer is truncated
    std::chrono::milliseconds time_max{30'000};  ///< of work, waiting between batches not counted
    std::size_t memory_bytes_max = 64 << 20;     ///< of working memory; past it 53200
};
/// Of the engine.
struct EngineLimits {
    unsigned threads = 2;
    std::size_t queued_max = 64;  ///< batches waiting for a thread; then 53300
    std::size_t sql_bytes_max = 64 << 10;
    std::size_t sql_tokens_max = 4'000;  ///< words and operators: what may nest
    std::size_t parameters_max = 1'000;
    std::size_t cursors_max = 64;  ///< open at once; then 53300
};

/// Who asks, and what that one may see: the machines of its organisation, or one machine's token
/// its own machine and that one's devices. Nothing else exists for it.
struct Scope {
    trust::PrincipalPtr who;
};

/// What a connection keeps between statements. SHOW and current_setting() read it.
struct Session {
    std::string time_zone = "UTC";
    std::string application_name{};
    std::string database = "lineshaft";                        ///< current_database()
    std::string user{};                                        ///< current_user; empty: the scope's
    std::map<std::string, std::string, std::less<>> others{};  ///< by lower-case name
    /// SET: names without regard to case. Unknown names with a dot or that PostgreSQL clients set
    /// on connecting are kept; others are 42704, bad values 22023.
    Outcome<void> set(std::string_view name, std::string_view value);
    Outcome<std::string> show(std::string_view name) const;
};

/// What a statement is. `empty`, `set` and `transaction` are for doors that hold a Session: they do
/// them by themselves; execute() refuses them. Everything that would write is refused by prepare()
/// with 25006 (read_only_sql_transaction).
enum class Kind : std::uint8_t {
    rows,         ///< SELECT, VALUES, WITH, TABLE
    show,         ///< SHOW; has one column
    explain,      ///< EXPLAIN; has one column, "QUERY PLAN"
    set,          ///< SET and RESET: `setting`
    transaction,  ///< BEGIN, START, COMMIT, END, ROLLBACK...: `tag`
    discard,      ///< DISCARD, DEALLOCATE (`setting.name`: of the statement; empty: all), CLOSE
    empty,        ///< nothing but blanks and comments
};

/// A statement that was understood. Immutable; holds for this run, any session, any organisation;
/// may be executed many times, at the same time.
class Prepared {
public:
    virtual ~Prepared() = default;
    virtual Kind kind() const = 0;
    /// The command as PostgreSQL's CommandComplete names it, without a count: "SELECT", "SHOW",
    /// "SET", "BEGIN".
    virtual std::string_view tag() const = 0;
    /// Types of $1..$n, as the statement's context tells; text where it tells nothing.
    virtual std::span<const Type> parameters() const = 0;
    /// Known before anything runs. Empty: the statement gives no rows.
    virtual std::span<const Column> columns() const = 0;
    struct Setting {
        std::string name;
        std::optional<std::string> value{};  ///< nothing: to its default
        bool is_local = false;
    };
    virtual const Setting& setting() const = 0;
    /// Whether aggregates run on history's kernel.
    virtual bool uses_kernel() const = 0;
};
using PreparedPtr = std::shared_ptr<const Prepared>;

/// Rows in row-major order: row r's column c is values[r * columns + c], of the column's type or
/// NULL.
struct Batch {
    std::size_t rows = 0;
    std::vector<Value> values;
    bool is_last = false;       ///< nothing comes after it
    bool is_truncated = false;  ///< of the last: there was more, but for Limits::rows_max
};

/// A statement under way. Owner: one coroutine on one shard; between calls it holds no thread and
/// may be dropped. Not while next() runs: raise the flag and wait for it.
class Cursor {
public:
    virtual ~Cursor() = default;
    virtual std::span<const Column> columns() const = 0;
    /// At most `rows_max` (> 0) more rows. After the last, or a failure, only be destroyed.
    /// Errors, besides those of values (22xxx): 57014 (cancelled, or time_max passed), 53200
    /// (memory), 53300 (too many at once), 57P01 (the node stops).
    virtual io::Task<Outcome<Batch>> next(std::size_t rows_max) = 0;
};

/// What twins know, without their floor: `app` plugs it. Called on any shard.
class Present {
public:
    struct Machine {
        std::string id;
        std::string connection{};  ///< "online", "stale", "offline"
        std::string state{}, fault{}, source{};
        Instant last_seen{};
        std::optional<double> latitude{}, longitude{};
    };
    /// At most `count_max` machines whose ids come after `after`, by id.
    virtual io::Task<std::vector<Machine>> machines_after(OrganisationId organisation,
                                                          std::string after,
                                                          std::size_t count_max) = 0;
    virtual ~Present() = default;
};

/// SQL of a node. Statements run on threads of its own, so they never block a shard; history is
/// read on shards in steps that give way.
class Engine {
public:
    /// Everything given outlives the engine; `shards` run until close() has returned.
    static std::unique_ptr<Engine> make(catalog::Desk& desk, history::History& history,
                                        Present& present, io::Shards& shards,
                                        EngineLimits limits = {});
    virtual ~Engine() = default;

    /// Splits a simple query's text at its semicolons, empty statements left out, each with the
    /// characters before it in `sql` (for positions). Errors: 42601 (a syntax error anywhere).
    struct Piece {
        std::string sql;
        std::size_t offset = 0;
    };
    virtual io::Task<Outcome<std::vector<Piece>>> split(std::string sql) = 0;

    /// Understands one statement: names, types, what runs where. `declared`: types the caller says
    /// $1.. have; null: it does not say. Text literals of timestamps are of the session's zone.
    /// Errors: 42601 (syntax; more than one statement), 42P01, 42703, 42883, 42804 (no such table,
    /// column, function; types), 0A000 (PostgreSQL can, this cannot: named), 25006 (would write),
    /// 54000 and 54001 (too long, too deep).
    virtual io::Task<Outcome<PreparedPtr>> prepare(std::string sql, std::vector<Type> declared,
                                                   Session session) = 0;

    /// Begins; rows come from the cursor. A parameter of another type than was told is converted
    /// where that can be done (texts are parsed). Call on a shard; the cursor stays there. `cancel`
    /// may be raised from any thread at any time; null: nobody will.
    /// Errors: 42501 (`who` may not read), 08P01 (number of parameters), 22xxx, 0A000 (a kind that
    /// the door does by itself), 53300.
    virtual Outcome<std::unique_ptr<Cursor>> execute(PreparedPtr prepared,
                                                     std::vector<Value> parameters, Scope scope,
                                                     Session session, Limits limits,
                                                     io::StopFlagPtr cancel = nullptr) = 0;

    struct Stats {
        std::uint64_t statements = 0, failures = 0, on_kernel = 0, rows = 0;
        std::size_t open = 0;  ///< cursors now
    };
    virtual Stats stats() const = 0;

    /// Ends what is under way with 57P01, waits for it. From no shard's thread, while shards still
    /// run. Nothing is prepared or executed any more.
    virtual void close() = 0;
};

}  // namespace lineshaft::query
