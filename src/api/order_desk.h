#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dispatch/orders/planner.h"
#include "io/task.h"

namespace lineshaft::api {

/// Where a machine is in a job order, as last heard.
struct JobProgress {
    std::uint64_t job = 0;
    std::uint32_t stitch = 0, total = 0, good = 0;
    std::uint32_t colour = 0, needle = 0;
    double rpm = 0;
    std::string stop_reason;
    std::vector<std::uint32_t> breaks;  ///< by head
    Instant at{};
};
using ProgressByJob = std::map<std::uint64_t, JobProgress>;

/// One server-sent event as JSON text, for those with a login and for the customer; empty: not for
/// them.
struct OrderFrame {
    std::string event, viewer, customer;
    std::uint64_t order = 0;  ///< 0: of the whole workshop
};
using OrderFrames = std::vector<OrderFrame>;

/// Somebody who follows orders, on one shard. Destroying it ends it.
class OrderFollower {
public:
    virtual ~OrderFollower() = default;
};

/// What the orders' routes ask of the room that speaks with machines; `app` plugs it. On any shard.
class OrderDesk {
public:
    using Show = std::function<void(const OrderFrames&)>;

    /// Rows changed and are on disk: shows them, tells machines, plans again.
    virtual void changed(OrganisationId organisation, orders::Touched touched) = 0;
    virtual io::Task<ProgressByJob> progress(OrganisationId organisation) = 0;
    /// Plans now. Errors: those of the planner and the catalog.
    virtual io::Task<Result<orders::PlanFacts>> plan_now(OrganisationId organisation) = 0;
    virtual io::Task<orders::PlanFacts> last_plan(OrganisationId organisation) = 0;
    /// When the queues as they are could have it done; nothing: no machine can.
    virtual io::Task<std::optional<Instant>> ready_at(OrganisationId organisation,
                                                      orders::SewnDesign design,
                                                      std::uint32_t quantity) = 0;
    /// `order` 0: everything of the organisation. Null: as many as allowed follow.
    virtual std::unique_ptr<OrderFollower> follow(OrganisationId organisation, std::uint64_t order,
                                                  Show show) = 0;
    /// False: the measure of that name is full. So many an hour, a tenth of them at once.
    virtual io::Task<bool> admit(std::string name, std::int64_t per_hour) = 0;
    /// A text nobody else can make for `purpose` and `text`: 16 letters of base64url.
    virtual std::string seal(std::string_view purpose, std::string_view text) const = 0;
    /// The first of `handle.prefix`; empty: none, so orders have no identifier.
    virtual std::string identifier_prefix() const = 0;
    virtual ~OrderDesk() = default;
};

}  // namespace lineshaft::api
