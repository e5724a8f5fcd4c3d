// Inside gate/influx: what the door keeps on each shard.
#pragma once
#include <unordered_set>

#include "gate/influx/door.h"
#include "twin/channel_cache.h"

namespace lineshaft::influx {

struct Door::OnShard {
    DoorStats stats;
    std::size_t decoded_bytes = 0;            // of bodies in work
    std::unordered_set<std::uint64_t> heads;  // good ones whose tags the catalog has
    std::uint64_t heads_version = 0;          // of the catalog that had them
    twin::ChannelCache channels;              // by head, field and who may use it
};

}  // namespace lineshaft::influx
