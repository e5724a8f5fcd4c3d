#include "twin/hub.h"

#include <algorithm>

namespace lineshaft::twin {
namespace {

LiveBatch part_for(const Hub::Watcher& watcher, const LiveBatch& all) {
    LiveBatch mine;
    for (const auto& values : all.values) {
        if (values.organisation == watcher.organisation &&
            watcher.machines.contains(values.machine)) {
            mine.values.push_back(values);
        }
    }
    const auto ours = [&](const auto& item) { return item.organisation == watcher.organisation; };
    std::ranges::copy_if(all.machines, std::back_inserter(mine.machines), ours);
    std::ranges::copy_if(all.events, std::back_inserter(mine.events), ours);
    return mine;
}

}  // namespace

void Hub::show(const std::shared_ptr<const LiveBatch>& batch) {
    for (auto at = watchers_.begin(); at != watchers_.end();) {
        const auto watcher = at++;  // `show` may end its own watch
        LiveBatch mine = part_for(*watcher, *batch);
        if (mine.values.empty() && mine.machines.empty() && mine.events.empty()) continue;
        const auto show = watcher->show;  // outlives the watch it may end
        show(std::make_shared<const LiveBatch>(std::move(mine)));
    }
}

}  // namespace lineshaft::twin
