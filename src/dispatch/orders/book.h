#pragma once
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.h"
#include "dispatch/orders/types.h"

namespace lineshaft::catalog {
class Database;
}

namespace lineshaft::orders {

/// What a change touched, for those who show it or plan anew.
struct Touched {
    std::set<std::uint64_t> orders, jobs;
    std::set<std::string> machines;
    bool is_plan_due = false;
    void add(const Touched& other);
};

/// A command as the node will send it, or send again.
struct PendingCommand {
    JobOrder job;
    SewnDesign design;
    JobMethod method = JobMethod::store_and_start;
    std::uint32_t sequence = 0;
    std::string cloth{};  ///< the order's
};

/// What the planner wants of one job order.
struct Placement {
    std::uint64_t job = 0;
    std::string machine;  ///< empty: nobody can, see `why`
    std::int64_t position = 0;
    std::optional<Instant> start, end;
    double setup_s = 0;
    std::string why;
};

/// Orders, job orders and pieces as rows of the catalog's file (docs/formats/catalog.md): what a
/// function returned from is on disk, each is one transaction, and inside Catalog::once part of
/// that one. Job orders obey dispatch/jobs; an order's state follows from its job orders and
/// pieces. Cheap to make; used on the catalog's worker only, like the Catalog.
///
/// Every function takes the organisation; what belongs to another one is not_found. Errors besides:
/// invalid (a value), conflict (the state), exhausted (Limits), and those of the catalog.
class Book {
public:
    explicit Book(catalog::Catalog& catalog, const Limits& limits = {});

    Result<Prices> prices(OrganisationId);
    Result<void> set_prices(OrganisationId, const Prices&);

    Result<ShopLink> create_link(OrganisationId, ShopLink wanted, Instant now);
    Result<std::vector<ShopLink>> links(OrganisationId);  ///< not revoked, newest first
    /// not_found: expired or revoked, too.
    Result<ShopLink> find_link(std::uint64_t id, Instant now);
    Result<void> revoke_link(OrganisationId, std::uint64_t id, Instant now);

    /// Places an order and makes its job orders, allowed to start.
    Result<Order> place(OrganisationId, const NewOrder& wanted, std::int64_t total_minor,
                        const std::string& currency, Instant now, Touched& touched);
    Result<Order> find(OrganisationId, std::uint64_t number);
    Result<Order> find_code(std::string_view code);  ///< of any organisation: the code is the key
    struct Search {
        std::optional<OrderState> state = {};
        std::string text = {};
        std::optional<std::uint64_t> before = {};
        std::size_t count_max = 100;
    };
    Result<std::vector<Order>> orders(OrganisationId, const Search& search);  ///< newest first
    Result<std::vector<std::pair<OrderState, std::uint64_t>>> counts(OrganisationId);
    Result<Order> hold(OrganisationId, std::uint64_t number, std::string_view why,
                       const std::string& by, Instant now, Touched& touched);
    Result<Order> release(OrganisationId, std::uint64_t number, const std::string& by, Instant now,
                          Touched& touched);
    /// Its job orders are aborted. conflict: it is done.
    Result<Order> refuse(OrganisationId, std::uint64_t number, std::string_view why,
                         const std::string& by, Instant now, Touched& touched);
    struct OrderChange {
        std::optional<std::optional<Instant>> due_at;
        std::optional<int> priority;
        std::optional<std::string> note;
    };
    Result<Order> change(OrganisationId, std::uint64_t number, const OrderChange&,
                         const std::string& by, Instant now, Touched& touched);
    Result<std::string> file(OrganisationId, std::string_view hash);
    Result<std::vector<OrderEvent>> events(OrganisationId, std::uint64_t order, std::uint64_t after,
                                           std::size_t count_max);
    Result<void> set_identifier(OrganisationId, std::uint64_t order, std::string_view identifier);

    Result<JobOrder> find_job(OrganisationId, std::uint64_t number);
    Result<std::vector<JobOrder>> jobs_of(OrganisationId, std::uint64_t order);  ///< oldest first
    Result<std::vector<JobOrder>> open_jobs(OrganisationId);  ///< not over, by machine and position
    struct JobSearch {
        std::optional<JobState> state = {};
        std::string machine = {};
        std::optional<std::uint64_t> before = {};
        std::size_t count_max = 100;
    };
    Result<std::vector<JobOrder>> jobs(OrganisationId, const JobSearch& search);

    /// A method people ask. What was given to a machine that takes commands changes once it
    /// confirms; `commands`: whether it does. Errors: conflict (after_method).
    Result<JobOrder> ask(OrganisationId, std::uint64_t job, JobMethod method, bool is_final,
                         std::string_view why, const std::string& by, bool commands, Instant now,
                         Touched& touched);
    /// People put it there; kept by every later plan. conflict: it has been given.
    Result<JobOrder> pin(OrganisationId, std::uint64_t job, const std::string& machine,
                         std::int64_t position, Instant now, Touched& touched);
    Result<JobOrder> unpin(OrganisationId, std::uint64_t job, Touched& touched);
    /// Puts a plan in force; job orders that were given meanwhile stay as they are.
    Result<void> apply(OrganisationId, const std::vector<Placement>& plan, Instant now,
                       Touched& touched);

    /// What a machine must be told next: a method it has not confirmed, else the job order that is
    /// its turn, which is its own for ever from now on. nothing: nothing.
    Result<std::optional<PendingCommand>> next_command(OrganisationId, const std::string& machine,
                                                       bool may_give, Instant now,
                                                       Touched& touched);
    Result<void> set_file_hash(OrganisationId, std::uint64_t job, std::string_view hash);
    /// The machine's answer to a command. A refused Store aborts the job order; after
    /// failed_deliveries_max the order is held.
    Result<void> answered(OrganisationId, const std::string& machine, std::uint64_t job,
                          std::uint32_t sequence, bool is_good, std::string_view why, Instant now,
                          Touched& touched);
    /// Files were put where the machine takes them: as a good answer.
    Result<void> delivered(OrganisationId, std::uint64_t job, Instant now, Touched& touched);
    /// What a machine says. A piece counts once, whoever says it how often; what cannot be is
    /// refused: not_found, denied (another machine's job order), invalid.
    Result<JobOrder> report(OrganisationId, const std::string& machine, const Report& report,
                            Instant now, Touched& touched);
    /// A machine's results were all taken: tells it that it may forget them. False: not known here.
    Result<bool> ask_clear(OrganisationId, const std::string& machine, std::uint64_t job,
                           Touched& touched);
    /// What was given to a machine that is gone is aborted, and made anew for others.
    Result<void> lose(OrganisationId, const std::string& machine, Instant now, Touched& touched);

    Result<std::vector<Piece>> pieces(OrganisationId, std::uint64_t order);
    Result<Order> judge(OrganisationId, std::uint64_t order, std::uint32_t piece, Quality quality,
                        std::string_view why, const std::string& by, Instant now, Touched& touched);

    /// What people said, else what the machine said.
    Result<std::vector<SewingMachine>> machines(OrganisationId);
    Result<SewingMachine> machine(OrganisationId, std::string_view machine);
    /// True when that changed something. invalid: a number no machine has.
    Result<bool> put_machine(const SewingMachine& machine);
    Result<void> forget_told(OrganisationId, std::string_view machine);

    struct StopSum {
        std::string reason;
        std::uint64_t count = 0;
        double seconds = 0;
    };
    Result<std::vector<StopSum>> stop_sums(OrganisationId, std::string_view machine, Window window);
    /// Begun before the window's end and not over before its begin; an empty machine: all.
    Result<std::vector<JobOrder>> jobs_in(OrganisationId, std::string_view machine, Window window);
    Result<std::vector<Stop>> stops_of(OrganisationId, std::uint64_t job);

private:
    friend struct BookSteps;
    catalog::Catalog& catalog_;
    catalog::Database& sql_;
    Limits limits_;
};

}  // namespace lineshaft::orders
