#pragma once
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/hash128.h"
#include "twin/plant.h"

namespace lineshaft::twin {

/// Which channel something is that a door has read before, by the 128-bit hash of the bytes it was
/// sent as; whoever may not use what another may hashes with another seed. What it says can only be
/// out of date when a machine was erased, and then the plant answers not_found. Full: forgets all
/// and learns again. Owner: one door's part on one shard. 32 bytes an entry, at most three quarters full: the
/// smaller the table, the more of it is in the processor's caches.
class ChannelCache {
public:
    static constexpr std::size_t usual_entries_max = 262'144;
    explicit ChannelCache(std::size_t entries_max = usual_entries_max)
        : entries_max_(entries_max) {}

    /// Null: not known.
    const Channel* find(const Hash128& key) const {
        if (slots_.empty()) return nullptr;
        for (std::size_t at = key.low & mask();; at = (at + 1) & mask()) {
            const Slot& slot = slots_[at];
            if (slot.key == key && slot.is_used()) return &slot.channel;
            if (!slot.is_used()) return nullptr;
        }
    }
    /// Where find(key) will look, for asking memory for some at a time; null: nowhere. (A function
    /// that only prefetches is nothing to g++ 12, which leaves its calls out.)
    const void* place_of(const Hash128& key) const {
        return slots_.empty() ? nullptr : &slots_[key.low & mask()];
    }
    void keep(const Hash128& key, const Channel& channel);
    void clear();
    std::size_t size() const { return size_; }

private:
    struct Slot {
        Hash128 key;
        Channel channel;
        bool is_used() const { return channel.series != SeriesId{}; }
    };
    std::size_t mask() const { return slots_.size() - 1; }
    void put(const Hash128& key, const Channel& channel);

    std::size_t entries_max_;
    std::size_t size_ = 0;
    std::vector<Slot> slots_;  // a power of two of them
};

/// Names of one round that the cache does not know: once their samples are stored, their channels
/// are asked for and kept. Lives in the frame of one request, on the cache's shard.
class NewChannels {
public:
    explicit NewChannels(ChannelCache& cache) : cache_(cache) {}
    void note(const Hash128& key, std::string_view machine, std::string_view tag);
    io::Task<void> learn(Plant* plant, OrganisationId organisation);
    void drop();

private:
    ChannelCache& cache_;
    std::vector<Hash128> keys_;
    std::vector<Plant::Name> names_;
    std::unordered_set<std::uint64_t> seen_;
};

}  // namespace lineshaft::twin
