// Where fleets live: one for each organisation, on one shard of its own. `app` plugs it.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "catalog/catalog.h"
#include "dispatch/fleet/fleet.h"
#include "io/task.h"

namespace lineshaft::api {

/// A feed that is polled, as people see it: never its secret.
struct FeedFacts {
    std::string id, name, url, auth = "none", user, token_url;
    std::int64_t period_s = 900;
    std::optional<Instant> last_at;
    std::string last_error;
    std::uint64_t machines = 0, samples = 0;
    std::vector<std::string> notes;
};
struct NewFeed {
    std::string name, url, auth = "none", user, secret, token_url;
    std::int64_t period_s = 900;
    std::optional<catalog::OnceKey> once = {};  ///< that it was added is kept with it
};

/// A POST that may come again: that it was done is kept in the transaction that stores what it did,
/// so that no crash between the two lets it be done twice.
struct OnceDone {
    catalog::OnceKey key;
    int status = 200;
    /// The answer as far as it is known once the work was done; asked then, on the fleet's shard.
    /// Empty: only that it was done.
    std::function<std::string()> body = {};
};

/// Somebody who watches one fleet from one shard. Destroying it ends it.
class FleetWatch {
public:
    virtual ~FleetWatch() = default;
};

/// Callable on any shard.
class FleetRoom {
public:
    using Look = std::function<void(const dispatch::Fleet&, Instant now)>;
    using Change = std::function<Result<void>(dispatch::Fleet&, Instant now)>;
    /// Runs `look` on the fleet's shard; what it refers to is the waiting caller's.
    virtual io::Task<void> look(OrganisationId organisation, Look look) = 0;
    /// The same, and what it changed is on disk when it returns, `once` with it; orders are on their
    /// way. Errors: the work's, and those of the catalog.
    virtual io::Task<Result<void>> change(OrganisationId organisation, Change work,
                                          std::optional<OnceDone> once) = 0;

    struct Think {
        double seconds = 0.3;  ///< of search at most; 0: the plan in force as it is now
        /// Wall time from being asked to a plan: the search has what the preparation leaves of it.
        /// 0: `seconds` alone counts.
        double within_s = 0;
        std::uint64_t seed = 1;
        bool is_adopted = false;  ///< else it is kept as a proposal
        bool is_what_if = false;
        dispatch::FleetEvent cause{};
        std::string by{};  ///< for the decision's line; empty: no decision is kept
        /// Changes the copy that is planned with. On the fleet's shard.
        std::function<Result<void>(const dispatch::Fleet&, dispatch::FleetDesk&, Instant now)>
            imagine{};
        /// The same on the worker, for what takes long.
        std::function<Result<void>(dispatch::FleetDesk&, dispatch::Ground&, Instant now)>
            prepare{};
    };
    struct Thought {
        std::string proposal;  ///< its id; empty: adopted
        std::uint64_t decision = 0;
        dispatch::FleetPlan plan;
    };
    /// A new plan, made on a worker. Errors: those of propose and adopt; then the plan in force
    /// stays, and where a decision is kept it says why. exhausted: too many are thinking.
    virtual io::Task<Result<Thought>> think(OrganisationId organisation, Think wanted) = 0;

    using Question =
        std::function<Result<void>(const dispatch::FleetDesk&, dispatch::Ground&, Instant now)>;
    /// Runs `question` on the worker, with the fleet as it is now. Errors: its own, exhausted.
    virtual io::Task<Result<void>> ponder(OrganisationId organisation, Question question) = 0;

    /// One at a time may hold a key: who repeats a POST waits for the first. False: somebody does.
    virtual io::Task<bool> hold(OrganisationId organisation, std::string key) = 0;
    virtual void release(OrganisationId organisation, std::string key) = 0;

    using Show = std::function<void(std::string_view event, const std::string& json)>;
    /// On this shard. Null: as many as allowed are watching.
    virtual std::unique_ptr<FleetWatch> watch(OrganisationId organisation, Show show) = 0;

    virtual io::Task<std::vector<FeedFacts>> feeds(OrganisationId organisation) = 0;
    virtual io::Task<Result<FeedFacts>> add_feed(OrganisationId organisation, NewFeed feed) = 0;
    virtual io::Task<Result<void>> remove_feed(OrganisationId organisation, std::string id) = 0;
    /// One round now. Errors: not_found; what went wrong with the feed is in the facts.
    virtual io::Task<Result<FeedFacts>> poll_feed(OrganisationId organisation, std::string id) = 0;
    virtual ~FleetRoom() = default;
};

}  // namespace lineshaft::api
