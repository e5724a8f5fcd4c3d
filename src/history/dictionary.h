#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/hash.h"
#include "history/head.h"
#include "history/keep.h"
#include "history/keys.h"
#include "history/types.h"
#include "store/store.h"

// Which series a machine's tag is. Format of its records: docs/formats/series.md.
namespace lineshaft::history {

/// Whose samples these are, for every number of shards: stable across versions.
inline std::uint64_t owner_hash(OrganisationId organisation, std::string_view machine) {
    return hash64(machine, organisation.number());
}

struct MachineEntry;

/// The newest sample of a series that was folded in this run, or learnt from its chunks.
struct NewestSample {
    std::int64_t at = INT64_MIN;  ///< INT64_MIN: none
    std::uint64_t bits = 0;
    std::unique_ptr<std::string> text;  ///< instead of bits
    Mark mark;
    bool is_known = false;  ///< no chunk has a newer one
};

/// One series on its owner shard. Stays where it is until the dictionary ends. What every sample
/// asks for stands first, side by side.
struct SeriesEntry {
    SeriesId id;
    const MachineEntry* machine = nullptr;
    const KeepRule* rule = nullptr;  ///< null: kept for ever; of the part's table
    Kind kind = Kind::real;          ///< of the newest sample to arrive
    bool is_stored = false;          ///< the record on disk says the same
    Month thinned = 0;               ///< months before are as coarse as `rule` wants them
    /// While its part folds: which of the waiting samples are its own, as a chain.
    struct Chain {
        std::uint32_t first = 0, last = 0, count = 0;
    } chain;
    std::uint32_t usual_head = 0;  ///< samples its head had when it was sealed last, a thousand at most
    std::unique_ptr<Head> head;  ///< null: nothing folded that is not sealed
    NewestSample newest;
    std::uint64_t written_in = 0;  ///< ticket of the last round that carries such a record
    std::string_view tag;          ///< the key in the machine's map
};

/// Series by id. Open addressing: a look-up touches one line of memory, which can be fetched ahead.
class SeriesTable {
public:
    /// Null: not there.
    SeriesEntry* find(SeriesId id) const {
        if (slots_.empty()) return nullptr;
        for (std::size_t at = place_of(id);; at = next(at)) {
            if (slots_[at].entry == nullptr || slots_[at].id == id) return slots_[at].entry;
        }
    }
    /// Where find(id) will look; null: nowhere.
    const void* where(SeriesId id) const {
        return slots_.empty() ? nullptr : &slots_[place_of(id)];
    }
    /// False: it is there already.
    bool add(SeriesId id, SeriesEntry* entry);
    void remove(SeriesId id);
    std::size_t size() const { return size_; }

private:
    struct Slot {
        SeriesId id;
        SeriesEntry* entry = nullptr;  // null: free
    };
    // Ids are tickets, so neighbours: spread over the table by their high bits times a constant.
    std::size_t place_of(SeriesId id) const {
        return (id.number() * 0x9e37'79b9'7f4a'7c15) >> shift_;
    }
    std::size_t next(std::size_t at) const { return (at + 1) & (slots_.size() - 1); }
    void grow();

    std::vector<Slot> slots_;  // a power of two, at most half of them taken
    std::size_t size_ = 0;
    unsigned shift_ = 0;
};

struct MachineEntry {
    OrganisationId organisation;
    std::string_view name;  ///< the key in the dictionary's map
    std::unordered_map<std::string, SeriesEntry, StringHash, std::equal_to<>> series;
    bool is_condemned = false;  ///< nobody finds it by name, nothing of it is kept
};

/// A machine that is being erased, and its series until the last trace of them is off the disk.
struct Condemned {
    Erasure what;
    MachineEntry entry;  ///< without series: theirs are here
    using Node = decltype(MachineEntry::series)::node_type;
    std::vector<Node> gone;
};

/// The series of the machines one shard owns. Looking up allocates nothing. Owner: one part.
class Dictionary {
public:
    MachineEntry* machine(OrganisationId organisation, std::string_view name);
    MachineEntry& machine_or_new(OrganisationId organisation, std::string_view name);
    static SeriesEntry* series(MachineEntry& machine, std::string_view tag);
    SeriesEntry* series(SeriesId id) const { return by_id_.find(id); }
    /// Where series(id) will look, for asking memory for it ahead. (A function that only prefetches
    /// is nothing to g++ 12, which leaves its calls out.)
    const void* where(SeriesId id) const { return by_id_.where(id); }
    /// `id` must be new.
    SeriesEntry& add(MachineEntry& machine, std::string_view tag, SeriesId id, Kind kind);

    /// Takes the machine's series that are older than `what.before` out of sight. They stay where
    /// they are, and series(id) knows them, until forget().
    Condemned& condemn(const Erasure& what);
    /// Null: that machine is not being erased.
    Condemned* condemned(OrganisationId organisation, std::string_view machine);
    template <class Visit>
    void each_condemned(Visit visit) const {
        for (const auto& [key, machine] : condemned_) {
            if (!visit(*machine)) return;
        }
    }
    std::size_t condemned_machines() const { return condemned_.size(); }
    std::size_t condemned_series() const { return condemned_series_; }
    /// At load, of a series that is to go: as add.
    SeriesEntry& add_condemned(Condemned& machine, std::string_view tag, SeriesId id, Kind kind);
    void forget(OrganisationId organisation, std::string_view machine);

    std::size_t size() const { return by_id_.size() - condemned_series_; }
    Series described(const SeriesEntry& entry) const;
    template <class Visit>
    void each_machine(Visit visit) const {
        for (const auto& [key, machine] : machines_) visit(machine);
    }
    /// Of every machine that is not going.
    template <class Visit>
    void each_series(Visit visit) {
        for (auto& [key, machine] : machines_) {
            for (auto& [tag, entry] : machine.series) visit(entry);
        }
    }

private:
    struct Key {
        OrganisationId organisation;
        std::string name;
    };
    struct View {
        OrganisationId organisation;
        std::string_view name;
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(const auto& key) const {
            return hash64(key.name, key.organisation.number());
        }
    };
    struct Same {
        using is_transparent = void;
        bool operator()(const auto& a, const auto& b) const {
            return a.organisation == b.organisation && a.name == b.name;
        }
    };
    std::unordered_map<Key, MachineEntry, Hash, Same> machines_;
    SeriesTable by_id_;
    std::unordered_map<Key, std::unique_ptr<Condemned>, Hash, Same> condemned_;
    std::size_t condemned_series_ = 0;
};

std::string series_key(SeriesId id);
std::string series_record(const SeriesEntry& entry);
/// Errors: corrupt, unsupported.
Result<Series> parse_series(std::string_view key, std::string_view record);

/// That a machine is being erased, and what is left to merge: docs/formats/series.md.
std::string erasure_key(const Erasure& what);
std::string erasure_record(const Erasure& what);
/// Errors: corrupt, unsupported.
Result<Erasure> parse_erasure(std::string_view key, std::string_view record);

/// Chunks of `month` with from <= series < until were removed from files that are not merged yet;
/// `month_of_families`: keys of the dictionary and the inbox were.
struct Litter {
    std::uint16_t month = 0;
    std::uint64_t from = 0;
    std::uint64_t until = 0;
};
inline constexpr std::uint16_t month_of_families = 0xffff;
std::string litter_key(const Litter& litter, std::uint64_t ticket);
std::string litter_record(const std::string& key, const Litter& litter);
Result<Litter> parse_litter(std::string_view key, std::string_view record);

/// Where the families' keys that are no series begin.
inline constexpr std::string_view litter_keys = "\xfe";
inline constexpr std::string_view erasure_keys = "\xff";

/// Fills one dictionary per shard, each machine where its owner is; what is being erased is
/// condemned. Errors: corrupt (named).
Result<void> load_dictionaries(store::Store& store, std::span<Dictionary* const> by_shard);

}  // namespace lineshaft::history
