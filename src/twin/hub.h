#pragma once
#include <list>
#include <set>
#include <string>
#include <vector>

#include "twin/plant.h"

namespace lineshaft::twin {

/// Those who watch from one shard. Owner: that shard's part.
class Hub {
public:
    struct Watcher {
        OrganisationId organisation;
        std::set<std::string, std::less<>> machines;
        Plant::Show show;
    };
    using Place = std::list<Watcher>::iterator;

    Place add(Watcher watcher) { return watchers_.insert(watchers_.end(), std::move(watcher)); }
    void remove(Place place) { watchers_.erase(place); }
    std::size_t size() const { return watchers_.size(); }

    /// Gives every watcher its part of the batch; nothing is sent to whom it does not concern.
    void show(const std::shared_ptr<const LiveBatch>& batch);

private:
    std::list<Watcher> watchers_;
};

}  // namespace lineshaft::twin
