// The node's audit log as shards use it.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/shard.h"
#include "io/workers.h"
#include "trust/audit_log.h"

namespace lineshaft::trust {

struct AuditLimits {
    std::size_t waiting_max = 4'096;  ///< records waiting for the disk; then exhausted
    unsigned notes_per_minute = 60;   ///< of notes, after a first `notes_burst`; more are counted
    unsigned notes_burst = 100;
    std::size_t page_max = 1'000;       ///< records one search gives
    std::size_t scanned_max = 100'000;  ///< records one search looks at; then it says where to go on
};

/// Who did what, when, from where; on disk before it is done. Writes are gathered on shard 0: what
/// arrives while one commit is under way makes the next. Owner: the program; outlives the shards'
/// loops. Ends with close().
class Audit {
public:
    /// `readers`: where searches run. `log` null: it could not be opened; then every record is
    /// refused, and with it what was to be done.
    Audit(io::Shards& shards, store::Store& store, AuditLog* log, io::Workers& readers,
          AuditLimits limits = {});
    ~Audit();
    Audit(const Audit&) = delete;

    /// On disk when it returns without error: only then do what it says. Fills in the times. Any
    /// shard. Errors: those of the store, exhausted (waiting_max); then the action is refused.
    io::Task<Result<void>> record(AuditRecord record);

    /// For refusals, which strangers can cause as fast as they like: written soon if
    /// notes_per_minute allows, else counted in the next note's `left_out`. Any shard.
    void note(AuditRecord record);

    /// Newest first. Empty texts match everything; texts match anywhere, upper and lower ASCII the
    /// same.
    struct Query {
        OrganisationId organisation{1};
        std::string who{}, what{}, text{};  ///< `what`: begins the action; `text`: target or detail
        std::optional<AuditOutcome> outcome{};
        std::optional<Instant> from{}, until{};  ///< half-open
        std::optional<std::uint64_t> before{};   ///< only records with a smaller index
        std::size_t count_max = 100;
    };
    struct Line {
        std::uint64_t index = 0;
        AuditRecord record;
    };
    struct Page {
        std::vector<Line> lines;
        std::optional<std::uint64_t> next{};  ///< go on with before = next; nothing: that was all
    };
    io::Task<Result<Page>> search(Query query);

    /// The last signed checkpoint as text; empty before the first record.
    io::Task<Result<std::string>> checkpoint();
    /// That the log still begins with its first `old_size` records. Errors: invalid (too many).
    struct Consistency {
        std::uint64_t size = 0;
        Digest root{};
        std::vector<Digest> proof;
    };
    io::Task<Result<Consistency>> consistency(std::uint64_t old_size);
    /// Records as they were written, for who checks the whole log.
    io::Task<Result<std::vector<std::string>>> raw(std::uint64_t from, std::size_t count_max);
    std::string verifier() const {
        return log_ ? verifier_key(log_->origin(), log_->public_key()) : std::string();
    }

    struct Stats {
        std::uint64_t records = 0;         ///< in all
        std::uint64_t refused = 0;         ///< could not be written, so their actions were refused
        std::uint64_t notes_left_out = 0;  ///< since start
    };
    io::Task<Stats> stats();

    /// Waits for what is under way. From no shard's thread, while shards and store still run.
    void close();

private:
    struct Waiting;
    friend struct AuditSteps;
    void stamp(AuditRecord& record) const;  // on the caller's shard
    void put(Waiting waiting);              // shard 0
    void pump();                            // shard 0
    void settle(Result<void> done);         // shard 0
    bool take_note();                       // shard 0

    io::Shards& shards_;
    store::Store& store_;
    AuditLog* log_;  // written on shard 0
    io::Workers& readers_;
    const AuditLimits limits_;

    // Shard 0.
    std::vector<Waiting> waiting_, under_way_;
    AuditLog::Staged staged_;
    bool busy_ = false;
    std::optional<std::int64_t> wall_less_steady_ms_;
    std::int64_t note_debt_ms_ = 0;  // a leaky bucket of notes
    std::int64_t noted_at_ms_ = 0;
    std::uint64_t left_out_ = 0;
    Stats stats_;
    std::vector<std::function<void()>> idle_;  // told when nothing is under way
};

}  // namespace lineshaft::trust
