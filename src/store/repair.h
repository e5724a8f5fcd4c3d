#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "store/store.h"

// A damaged store made whole again, with an exact account of what that cost. The originals are never
// written to: all work is done on a copy beside them (hard links where nothing changes), which takes
// their place at the very end. Damage and its kinds: docs/formats/store.md.
namespace lineshaft::store {

struct RepairReport;

struct RepairOptions {
    bool apply = false;  ///< false: find out and say, then leave everything as it was
    Limits limits{};
    /// Called with the repaired store, open, before it takes the other's place: for saying what lost
    /// keys meant. May be empty.
    std::function<void(Store&, const RepairReport&)> look{};
};

/// One thing that was wrong.
struct Finding {
    enum class Kind : std::uint8_t {
        torn_tail,     ///< the end of the newest log: never acknowledged
        mended,        ///< exactly one bit was flipped; flipped back, the checksum agrees again
        lost_commits,  ///< a stretch of the log holds nothing that can be read
        lost_keys,     ///< so does a block of a sorted file
        lost_list,     ///< the list of files was rebuilt from the files themselves
    };
    Kind kind = Kind::mended;
    std::string file{};  ///< its name in the store's directory
    std::uint64_t from_byte = 0, until_byte = 0;
    std::uint64_t first_commit = 0, last_commit = 0;  ///< of lost_commits; 0: not known

    /// Of lost_keys: all keys strictly between these two, which could be read. Empty `from_key`: from
    /// the family's first; empty `until_key`: to its last.
    std::optional<Family> family{};
    std::string from_key{}, until_key{};

    std::string text{};  ///< one sentence for a person
    bool is_loss() const {
        return kind == Kind::lost_commits || kind == Kind::lost_keys || kind == Kind::lost_list;
    }
};

struct RepairReport {
    std::vector<Finding> findings;  ///< empty: the store is whole
    /// What stands in unreadable blocks of sorted files, as far as it is legible: only for saying
    /// what was lost, since nothing vouches for it. At most 4,096 entries and 32 MiB.
    std::vector<Entry> legible;
    bool is_rebuilt = false;  ///< what was readable was copied into new files
    std::string aside;        ///< where the damaged files are now; empty: nothing was changed
};

/// Finds all damage in `directory` and, with `apply`, replaces it by a store that opens for writing
/// and holds everything that could be read. Needs room for a copy of it when a sorted file cannot be
/// mended in place. Reads every byte: minutes for many gigabytes. Blocks.
/// Errors: conflict (a node is running on it), not_found, exhausted, corrupt (beyond repair: nothing
/// was changed), unavailable.
Result<RepairReport> repair(const std::string& directory, const RepairOptions& options);

}  // namespace lineshaft::store
