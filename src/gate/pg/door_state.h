// Inside gate/pg: what the door keeps, over all shards and on each.
#pragma once
#include <unordered_map>

#include "gate/pg/door.h"
#include "io/nursery.h"
#include "io/shared_rate.h"

namespace lineshaft::pg {

class Session;

struct Door::OnShard {
    DoorStats stats;
    std::unique_ptr<io::Nursery> nursery = std::make_unique<io::Nursery>("pg");
    std::unordered_map<std::uint32_t, Session*> sessions;  // by process number
    std::uint32_t next = 1;
};

struct Door::State {
    State(Services given, PlainRule rule, Limits limits_given)
        : services(std::move(given)),
          plain(rule),
          limits(limits_given),
          on_shard(services.shards) {
        signed_in.set(static_cast<std::int64_t>(limits.connections_max));
        arriving.set(static_cast<std::int64_t>(limits.arriving_max));
    }
    /// To the shard of `process`, from any.
    void cancel(std::uint32_t process, std::uint32_t key);

    Services services;
    const PlainRule plain;
    const Limits limits;
    io::PerShard<OnShard> on_shard;
    io::SharedCount signed_in, arriving;
};

}  // namespace lineshaft::pg
