#pragma once
// Inside app: what OrdersRoom keeps on shard 0 and on every shard, and its coroutines.
#include <list>

#include "app/orders_room.h"
#include "io/stop_flag.h"

namespace lineshaft::app {

struct OrdersRoom::Machine {
    std::string id;
    orders::SewingMachine can;
    bool is_known = false;         // `can` was read from the book
    bool is_profile_stale = true;  // and must be again
    bool is_there = false, is_lost = false;
    std::optional<io::Steady> gone_since, forgot_since;
    std::map<std::string, history::Value> said;  // "Machine/..." not yet in the book
    // As it said last.
    std::uint64_t job_now = 0;
    std::optional<dispatch::JobState> state_now;
    api::JobProgress progress;
    std::string answer, results;
    // What of that is in the book.
    std::string answer_taken, results_taken;
    std::uint64_t job_taken = 0;
    std::optional<dispatch::JobState> state_taken;
    std::uint32_t good_taken = 0;
    std::optional<std::pair<std::uint64_t, std::uint32_t>> sent;  // job order, sequence
    io::Steady sent_at{0}, shown_at{0};
    bool is_due = false, is_busy = false, is_show_due = false;
};

struct OrdersRoom::Hall {
    OrganisationId organisation;
    std::map<std::string, std::unique_ptr<Machine>> machines;
    std::map<std::string, std::size_t> looked_at;  // by tags it had
    std::set<std::string> to_look_at;
    std::unique_ptr<twin::Watch> watch;
    bool is_watch_due = true, is_read = false;
    orders::Touched touched;
    bool is_plan_due = true, is_busy = false, is_search_due = false;
    io::Steady searched_at{0};
    io::StopFlagPtr searching;  // raised by who cannot wait for a better plan
    orders::PlanFacts plan;
    std::map<std::string, Instant> free_at;
    // Of what is open, for rendering progress without the catalog.
    std::map<std::uint64_t, orders::JobOrder> jobs;
    std::map<std::uint64_t, orders::Order> orders;
    std::map<std::uint64_t, std::uint32_t> pieces_shown;
    std::map<std::uint64_t, dispatch::JobState> states;  // as its machine's history has them
    io::Steady folders_read_at{0};
};

struct OrdersRoom::OnShard {
    struct Entry {
        OrganisationId organisation;
        std::uint64_t order = 0;
        api::OrderDesk::Show show;
    };
    std::list<Entry> followers;
};

/// Watched folders; each function blocks. The node writes J0000012.DST by way of J0000012.TM$, and
/// J0000012.INF before it.
Result<void> put_in_folder(const std::string& directory, const api::MachineFile& file,
                           const orders::PendingCommand& command);
struct FolderReport {
    std::string name;
    std::vector<orders::Report> reports;
    std::string why;  ///< not empty: it cannot be read
};
/// What lies whole in REPORT, at most 64 at once.
Result<std::vector<FolderReport>> reports_in_folder(const std::string& directory);
/// To DONE, or with `why` to BAD.
Result<void> put_report_away(const std::string& directory, const std::string& name,
                             const std::string& why);

struct OrdersSteps {
    using Hall = OrdersRoom::Hall;
    using Machine = OrdersRoom::Machine;

    static io::Task<bool> end(OrdersRoom* room);
    static io::Task<void> keep_watch(OrdersRoom* room);
    static io::Task<void> look_after(OrdersRoom* room, Hall* hall);
    static void note_forgotten(const Hall& hall, Machine& machine, io::Steady now);
    static io::Task<void> look_at(OrdersRoom* room, Hall* hall, std::string id);
    static io::Task<void> read_hall(OrdersRoom* room, Hall* hall);
    static io::Task<void> tend(OrdersRoom* room, Hall* hall);
    static io::Task<void> search(OrdersRoom* room, Hall* hall);
    static io::Task<void> show(OrdersRoom* room, Hall* hall);
    static io::Task<Result<void>> plan(OrdersRoom* room, Hall* hall, io::Steady budget);
    static io::Task<void> identify(OrdersRoom* room, Hall* hall, orders::Order order);

    static io::Task<void> serve(OrdersRoom* room, Hall* hall, Machine* machine);
    static io::Task<Result<void>> serve_once(OrdersRoom* room, Hall* hall, Machine* machine);
    static io::Task<Result<void>> take_profile(OrdersRoom* room, Hall* hall, Machine* machine);
    static io::Task<Result<void>> take_answer(OrdersRoom* room, Hall* hall, Machine* machine);
    static io::Task<Result<void>> take_results(OrdersRoom* room, Hall* hall, Machine* machine);
    static io::Task<Result<void>> take_state(OrdersRoom* room, Hall* hall, Machine* machine);
    static io::Task<Result<void>> tell(OrdersRoom* room, Hall* hall, Machine* machine);
    static io::Task<Result<void>> report(OrdersRoom* room, Hall* hall, std::string machine,
                                         orders::Report report);
    static io::Task<void> read_folder(OrdersRoom* room, Hall* hall, Machine* machine);

    static io::Task<api::ProgressByJob> progress(OrdersRoom* room, OrganisationId organisation);
    static io::Task<Result<orders::PlanFacts>> plan_now(OrdersRoom* room,
                                                        OrganisationId organisation);
    static io::Task<orders::PlanFacts> last_plan(OrdersRoom* room, OrganisationId organisation);
    static io::Task<std::map<std::string, Instant>> free_at(OrdersRoom* room,
                                                            OrganisationId organisation);
    static io::Task<bool> admit(OrdersRoom* room, std::string name, std::int64_t per_hour);
};

}  // namespace lineshaft::app
