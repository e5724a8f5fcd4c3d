#pragma once
#include <memory>

#include "app/settings.h"
#include "io/counter.h"
#include "query/query.h"
#include "twin/plant.h"

namespace lineshaft::app {

query::Limits sql_limits(const Settings& settings);

/// SQL of the node, with what twins know plugged in. Owner: the node; closed from no shard's
/// thread while shards run.
class SqlRoom final : public query::Present {
public:
    /// While `coming` is above zero, machines that have spoken are on their way into the catalog;
    /// statements wait for them, so that they are in `machines` as soon as they are in `samples`.
    SqlRoom(catalog::Desk& desk, history::History& history, twin::Plant& plant, io::Shards& shards,
            const io::Counter& coming);

    query::Engine& engine() { return *engine_; }
    io::Task<std::vector<Machine>> machines_after(OrganisationId organisation, std::string after,
                                                  std::size_t count_max) override;
    /// Prometheus text.
    std::string metrics() const;
    void close() { engine_->close(); }

private:
    twin::Plant& plant_;
    std::unique_ptr<query::Engine> engine_;
};

}  // namespace lineshaft::app
