#pragma once
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "api/order_json.h"
#include "api/services.h"
#include "dispatch/orders/book.h"
#include "identity/registry.h"
#include "io/nursery.h"
#include "io/pause.h"
#include "io/per_shard.h"
#include "trust/audit.h"

namespace lineshaft::app {

/// Makes the identifier lead to `target` (a whole URL, as value 1), in place of what it led to.
/// False: refused, or no room.
io::Task<bool> identify_order(identity::Registry& registry, std::string identifier,
                              std::string target);

struct OrdersLimits {
    std::size_t followers_max = 200;     ///< on each shard
    std::size_t measures_max = 100'000;  ///< names whose requests are counted
    io::Steady resend_after{2'000};
    io::Steady tick{250};
    io::Steady plan_budget{400};
};

/// Speaks with machines that sew (docs/protocols/embroidery-machine.md) on behalf of the book of
/// orders: gives them their job orders, takes their reports, plans their queues, and shows whoever
/// follows. Its state is what machines said last; all that counts is in the book, so it may die at
/// any instant. Lives on shard 0; other shards hold its followers. Ends with close().
class OrdersRoom final : public api::OrderDesk {
public:
    /// Leaves an identifier for an order or a piece in the naming system, leading to `target`, a path of this node.
    using Identify = std::function<io::Task<bool>(std::string identifier, std::string target)>;
    struct Rooms {
        io::Shards& shards;
        catalog::Desk& desk;
        twin::Plant& plant;
        api::Node& node;
        trust::Audit& audit;
        std::string seal_key;        ///< 32 bytes
        std::string drop_directory;  ///< empty: no watched folders
        std::string identifier_prefix;
        std::chrono::seconds lost_after{60};
        Identify identify = {};
    };
    explicit OrdersRoom(Rooms rooms, OrdersLimits limits = {});
    ~OrdersRoom() override;

    void start();  ///< from no shard's thread, when everything else runs
    void close();  ///< the same, while everything still runs

    void changed(OrganisationId organisation, orders::Touched touched) override;
    io::Task<api::ProgressByJob> progress(OrganisationId organisation) override;
    io::Task<Result<orders::PlanFacts>> plan_now(OrganisationId organisation) override;
    io::Task<orders::PlanFacts> last_plan(OrganisationId organisation) override;
    io::Task<std::optional<Instant>> ready_at(OrganisationId organisation,
                                              orders::SewnDesign design,
                                              std::uint32_t quantity) override;
    std::unique_ptr<api::OrderFollower> follow(OrganisationId organisation, std::uint64_t order,
                                               Show show) override;
    io::Task<bool> admit(std::string name, std::int64_t per_hour) override;
    std::string seal(std::string_view purpose, std::string_view text) const override;
    std::string identifier_prefix() const override { return rooms_.identifier_prefix; }

private:
    friend struct OrdersSteps;
    struct Machine;
    struct Hall;
    struct Follower;
    struct OnShard;

    Hall& hall(OrganisationId organisation);
    Machine& machine(Hall& hall, const std::string& id);
    void on_batch(OrganisationId organisation, const twin::LiveBatch& batch);
    void take(Hall& hall, Machine& machine, const std::vector<twin::TagValue>& values);
    void wake(Hall& hall, Machine& machine);
    void show_progress(Hall& hall, const Machine& machine);
    void send_frames(OrganisationId organisation, api::OrderFrames frames);

    Rooms rooms_;
    OrdersLimits limits_;
    io::Workers planners_, files_;
    io::PerShard<OnShard> on_shard_;
    // Shard 0's.
    std::map<OrganisationId, std::unique_ptr<Hall>> halls_;
    std::map<std::string, std::int64_t, std::less<>>
        measures_;  // until when what was asked is paid for, ms
    std::unique_ptr<io::Nursery> nursery_;
    io::Pause pause_;
    bool is_closing_ = false;
};

}  // namespace lineshaft::app
