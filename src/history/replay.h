#pragma once
#include <span>
#include <string>
#include <vector>

#include "history/part.h"

// What the last run left in the inbox, back into heads.
namespace lineshaft::history {

struct Replayed {
    std::size_t records = 0;
    std::size_t samples = 0;
    std::size_t gaps = 0;  ///< records missing between others: refused at the time, or lost
    struct Damaged {
        std::uint64_t ticket = 0;
        std::string record;
    };
    std::vector<Damaged> damaged;  ///< unreadable, or of a series nobody knows; at most 64 MiB kept
    bool is_empty() const { return records == 0 && damaged.empty(); }
};

/// Gives every sample of the inbox to the part that owns its machine now, whatever number of shards
/// wrote it: all records of a series are of one shard, so its own order is enough. The dictionaries
/// are loaded. Errors: corrupt, unavailable (the store cannot be read).
Result<Replayed> replay_inbox(store::Store& store, std::span<Part* const> parts);

}  // namespace lineshaft::history
