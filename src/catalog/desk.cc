#include "catalog/desk.h"

namespace lineshaft::catalog {

Desk::Desk(Catalog& catalog, io::Shards& shards, io::Workers& worker)
    : catalog_(catalog), shards_(shards), worker_(worker), on_shard_(shards.size()) {
    auto now = catalog.snapshot();
    published_ = now->version();
    shards.run_everywhere([&](io::Shard& shard) { on_shard_[shard.index().number()] = now; });
}

std::shared_ptr<const Snapshot> Desk::snapshot() const {
    return on_shard_[io::Shard::here().index().number()];
}

bool Desk::post(std::function<void(Catalog&)> work) {
    return worker_.try_post([this, work = std::move(work)] {
        work(catalog_);
        publish();
    });
}

void Desk::publish() {
    auto now = catalog_.snapshot();
    if (now->version() == published_) return;
    published_ = now->version();
    for (std::size_t index = 0; index < on_shard_.size(); ++index) {
        shards_.at(index).post([this, index, now] { on_shard_[index] = now; });
    }
}

}  // namespace lineshaft::catalog
