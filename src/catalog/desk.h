#pragma once
#include <functional>
#include <memory>
#include <type_traits>
#include <vector>

#include "catalog/catalog.h"
#include "io/shard.h"
#include "io/workers.h"

namespace lineshaft::catalog {

/// The shards' way to the catalog: reads from this shard's snapshot, writes on the catalog's own
/// worker. A write's caller sees its own change in the snapshot when it resumes. Owner: the
/// program; must outlive the shards' loops and the worker.
class Desk {
public:
    /// `worker` has one thread. From no shard's thread.
    Desk(Catalog& catalog, io::Shards& shards, io::Workers& worker);

    /// This shard's, as of the last write it has heard of.
    std::shared_ptr<const Snapshot> snapshot() const;

    /// Runs `work(Catalog&)`, which returns a Result, on the worker. Errors: the work's, exhausted.
    template <class Work>
    io::Task<std::invoke_result_t<Work, Catalog&>> run(Work work) {
        auto job = [this, work = std::move(work)]() mutable {
            auto done = work(catalog_);
            publish();
            return done;
        };
        return worker_.run(std::move(job));
    }
    /// The same without waiting; false when the worker's queue is full. Callable from any thread.
    bool post(std::function<void(Catalog&)> work);

private:
    void publish();  // on the worker: hands a newer snapshot to every shard

    Catalog& catalog_;
    io::Shards& shards_;
    io::Workers& worker_;
    std::uint64_t published_ = 0;
    std::vector<std::shared_ptr<const Snapshot>> on_shard_;  // each touched by its shard only
};

}  // namespace lineshaft::catalog
