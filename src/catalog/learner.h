#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/desk.h"

namespace lineshaft::catalog {

/// What machines say they are, on its way into the catalog. A value that the catalog has already
/// costs a look-up; new ones are collected per shard and written together, the first after a quiet
/// time at once, then at most one transaction per `interval`. So a door may tell it with every
/// message. Owner: the program; outlives the shards' loops and the catalog's worker.
class Learner {
public:
    struct Limits {
        std::size_t waiting_max = 20'000;  ///< attributes on one shard; more are refused
        io::Steady interval{1'000};
        /// What is said of a machine that the catalog does not have yet is tried so often.
        unsigned tries_max = 4;
    };
    struct Stats {
        std::uint64_t changed = 0;  ///< attributes written
        std::uint64_t refused = 0;  ///< names, values, past a machine's or the waiting's limit
        std::uint64_t early = 0;    ///< tried again, as their machine was not known yet
    };
    using Done = std::move_only_function<void(Result<void>)>;

    Learner(Desk& desk, io::Shards& shards, Limits limits);
    ~Learner();
    Learner(const Learner&) = delete;

    /// `value` is JSON text. On any shard. The machine has spoken or does so soon: the catalog may
    /// come to know it a moment later. Of one that stays unknown it is refused.
    void note(OrganisationId organisation, std::string_view machine, std::string_view name,
              std::string value);
    /// Calls `done` on this shard once everything noted here before is on disk, or could not be.
    void then(Done done);
    Stats stats() const;  ///< of this shard
    /// Disarms timers; what waits is handed over. From no shard's thread, while the shards run.
    void close();

private:
    struct OnShard;
    struct Waiter {
        Done done;
        unsigned tries = 0;  ///< how often something was noted too early meanwhile
    };
    OnShard& here() const;
    static void keep(OnShard& place, AttributeFact fact);
    void flush_soon(OnShard& place);
    void flush(OnShard& place);
    void flushed(OnShard& place, Result<Catalog::Learned>& outcome, std::vector<Waiter> waiters);
    void try_again(OnShard& place, std::vector<AttributeFact> early, std::vector<Waiter>& waiters);

    Desk& desk_;
    io::Shards& shards_;
    Limits limits_;
    std::vector<std::unique_ptr<OnShard>> on_shard_;
};

}  // namespace lineshaft::catalog
