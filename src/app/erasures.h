#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/services.h"
#include "app/quotas.h"
#include "gate/mqtt/broker.h"
#include "io/nursery.h"

namespace lineshaft::app {

/// Erases machines from the whole node (docs/decisions/0012-erasing.md). The intent is a row of the
/// catalog; everything after it may be repeated, so it goes on after a failure, and at the next
/// start after a kill. What it knows lives on shard 0, what blocks on a worker of its own. Ends with
/// close().
class Erasures final : public api::Erasures {
public:
    struct Rooms {
        io::Shards& shards;
        store::Store& store;
        history::History& history;
        catalog::Desk& desk;
        trust::Porter& porter;
        twin::Plant& plant;
        Quotas& quotas;
        trust::Audit& audit;
        broker::Broker& broker;
        std::function<std::string(OrganisationId)> prefix_of;  ///< of its topics
    };
    explicit Erasures(Rooms rooms);

    /// What earlier runs were told to erase is out of sight before anybody can ask. Before the
    /// catalog is reconciled with history; from no shard's thread.
    static Result<void> hide(catalog::Catalog& catalog, history::History& history,
                             io::Shards& shards);
    /// Goes on with what earlier runs left. When everything else runs.
    void start();

    io::Task<Result<std::vector<api::ErasureFacts>>> erase(OrganisationId organisation,
                                                           std::vector<std::string> machines,
                                                           std::string by) override;
    io::Task<Result<std::vector<api::ErasureFacts>>> list(OrganisationId organisation,
                                                          std::size_t count_max) override;
    io::Task<Result<api::ErasureFacts>> find(OrganisationId organisation,
                                             std::uint64_t id) override;

    /// What is left is done by the next run. From no shard's thread, while everything still runs.
    void close();

private:
    using Rows = std::vector<catalog::Erasure>;

    // On shard 0.
    void wake();
    static io::Task<void> run(Erasures* erasures);
    io::Task<Result<void>> round();
    static io::Task<std::string> why_of(Erasures* erasures);
    static io::Task<bool> end(Erasures* erasures);

    // On any.
    io::Task<Result<void>> put_out_of_sight(Rows rows);
    io::Task<Result<void>> forget_topics(Rows rows);
    io::Task<Result<void>> merge_broker();
    io::Task<api::ErasureFacts> facts_of(catalog::Erasure row);

    Rooms rooms_;
    std::unique_ptr<io::Workers> worker_;
    // Shard 0's.
    bool is_running_ = false;
    bool is_wanted_ = false;
    bool is_closing_ = false;
    std::string why_;  // of the last failure; empty since the last success
    io::Wheel::Timer retry_;
    std::unique_ptr<io::Nursery> nursery_;
};

}  // namespace lineshaft::app
