#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/hash.h"
#include "history/head.h"
#include "history/types.h"
#include "store/store.h"

// Which series a machine's tag is. Format of its records: docs/formats/series.md.
namespace lineshaft::history {

/// Whose samples these are, for every number of shards: stable across versions.
inline std::uint64_t owner_hash(OrganisationId organisation, std::string_view machine) {
    return hash64(machine, organisation.number());
}

struct MachineEntry;

/// One series on its owner shard. Stays where it is until the dictionary ends.
struct SeriesEntry {
    SeriesId id;
    const MachineEntry* machine = nullptr;
    std::string_view tag;          ///< the key in the machine's map
    Kind kind = Kind::real;        ///< of the newest sample to arrive
    bool is_stored = false;        ///< the record on disk says the same
    std::uint64_t written_in = 0;  ///< ticket of the last round that carries such a record
    std::unique_ptr<Head> head;    ///< null: nothing unsealed
};

struct MachineEntry {
    OrganisationId organisation;
    std::string_view name;  ///< the key in the dictionary's map
    std::unordered_map<std::string, SeriesEntry, StringHash, std::equal_to<>> series;
};

/// The series of the machines one shard owns. Looking up allocates nothing. Owner: one part.
class Dictionary {
public:
    MachineEntry* machine(OrganisationId organisation, std::string_view name);
    MachineEntry& machine_or_new(OrganisationId organisation, std::string_view name);
    static SeriesEntry* series(MachineEntry& machine, std::string_view tag);
    SeriesEntry* series(SeriesId id);
    /// `id` must be new.
    SeriesEntry& add(MachineEntry& machine, std::string_view tag, SeriesId id, Kind kind);

    std::size_t size() const { return by_id_.size(); }
    Series described(const SeriesEntry& entry) const;
    template <class Visit>
    void each_machine(Visit visit) const {
        for (const auto& [key, machine] : machines_) visit(machine);
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
    std::unordered_map<SeriesId, SeriesEntry*> by_id_;
};

std::string series_key(SeriesId id);
std::string series_record(const SeriesEntry& entry);
/// Errors: corrupt, unsupported.
Result<Series> parse_series(std::string_view key, std::string_view record);

/// Fills one dictionary per shard, each machine where its owner is. Errors: corrupt (named).
Result<void> load_dictionaries(store::Store& store, std::span<Dictionary* const> by_shard);

}  // namespace lineshaft::history
